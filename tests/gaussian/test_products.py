"""Averages over a product of two Gaussians against closed forms and quadrature in two variables."""

import mpmath as mp
import pytest
import sympy as sp
from flint import arb

from mfcheck.errors import InputError
from mfcheck.gaussian import product_mean, product_variance
from mfcheck.symbolic.activation import X, activation


@pytest.mark.parametrize(
    ("f", "wanted"),
    [
        (X**2, 1),
        (X**4, 9),
        (sp.Abs(X), 2 / mp.pi),
        (sp.cos(X), 1 / mp.sqrt(2)),
        (X, 0),
    ],
)
def test_means_in_closed_form(f, wanted):
    found = product_mean(f, 15)
    assert found.rad() < 1e-14
    assert float(found.mid()) == pytest.approx(float(wanted), abs=1e-13)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("sin", (1 - 1 / 5**0.5) / 2),
        ("relu", 0.5 - 0.5 / float(mp.pi)),
        ("x", 1.0),
        # E_v cos(u v) = exp(-u^2/2), E cos^2 = (1 + 1/sqrt 5)/2
        ("cos", (1 + 1 / 5**0.5) / 2 - 1 / 3**0.5),
        # a logistic function is 1/2 + tanh(z/2)/2
        (
            "sigmoid",
            2
            * float(
                mp.quad(
                    lambda z: mp.tanh(z / 2) ** 2 / 4 * mp.besselk(0, z) / mp.pi, [0, 1, 10, 60]
                )
            ),
        ),
    ],
)
def test_variances(name, wanted):
    found = product_variance(activation(name).expr, 12)
    value = float(found.mid()) if isinstance(found, arb) else found.value
    assert value == pytest.approx(wanted, rel=1e-10)
    if isinstance(found, arb):
        assert found.rad() < 1e-12 * wanted
    else:
        assert abs(value - wanted) <= found.error


def test_many_digits():
    # E_u Var_v sin(u v) = (1 - 1/sqrt 5)/2
    found = product_variance(activation("sin").expr, 30)
    with mp.workdps(40):
        assert abs(mp.mpf(found.mid().str(40, radius=False)) - (1 - 1 / mp.sqrt(5)) / 2) < 1e-30


def test_what_grows_is_refused():
    with pytest.raises(InputError, match="grows"):
        product_variance(activation("exp(x)").expr, 12)
    with pytest.raises(InputError, match="grows"):
        product_mean(sp.exp(X), 12)


def test_a_kink_at_an_irrational_place():
    f = sp.Max(X - sp.sqrt(2), 0)
    with mp.workdps(25):
        cuts = [mp.sqrt(2), 3, 8, 20, 60]
        wanted = mp.quad(lambda z: (z - mp.sqrt(2)) * mp.besselk(0, z) / mp.pi, cuts)
    found = product_mean(f, 15)
    assert found.rad() < 1e-13
    assert float(found.mid()) == pytest.approx(float(wanted), rel=1e-11)
