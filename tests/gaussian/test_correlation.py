from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import arb

from mfcheck.errors import InputError
from mfcheck.gaussian.correlation import CorrelationMap
from mfcheck.gaussian.length import LengthMap, fixed_point
from mfcheck.symbolic.activation import X

T = sp.tanh(X)
HARD = sp.Max(-1, sp.Min(1, X))
BIAS = Fraction(9, 100)


def tanh_map(sigma_w: Fraction) -> CorrelationMap:
    q = fixed_point(LengthMap(T, sigma_w**2, BIAS), 20).value
    return CorrelationMap(T, sigma_w**2, BIAS, q)


@pytest.mark.parametrize(
    ("sigma_w", "c_star", "slope"),
    [
        (Fraction(5, 2), ".12210374730558539396", ".82222917272356448738"),
        (Fraction(4), ".029695921580337721512", ".75974360501218481613"),
    ],
)
def test_fixed_correlation_in_the_chaotic_phase(sigma_w: Fraction, c_star: str, slope: str) -> None:
    found = tanh_map(sigma_w).fixed_point()
    assert abs(found.value - arb(c_star)) < 1e-14
    assert abs(found.slope - arb(slope)) < 1e-13
    assert "exactly one" in found.statement


def test_ordered_phase() -> None:
    found = tanh_map(Fraction(13, 10)).fixed_point()
    assert found.value == 1
    assert abs(found.slope - arb(".93980742868215381932")) < 1e-14


def test_map_by_brute_force() -> None:
    """A product rule of Gauss and Hermite with 120 nodes, independent of series."""
    chosen = tanh_map(Fraction(13, 10))
    q = float(chosen.q.mid())
    z, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / np.sqrt(2 * np.pi)
    for c in (-0.7, 0.0, 0.5, 0.95):
        u = np.sqrt(q) * z[:, None]
        v = np.sqrt(q) * (c * z[:, None] + np.sqrt(1 - c * c) * z[None, :])
        reference = (1.69 * w @ (np.tanh(u) * np.tanh(v)) @ w + 0.09) / q
        assert abs(float(chosen.F(arb(c)).mid()) - reference) < 1e-9
        assert abs(chosen.values(c) - reference) < 1e-9
        derivative = 1.69 * w @ ((1 - np.tanh(u) ** 2) * (1 - np.tanh(v) ** 2)) @ w
        assert abs(float(chosen.slope(arb(c)).mid()) - derivative) < 1e-7


def test_near_one_nothing_cancels() -> None:
    chosen = tanh_map(Fraction(13, 10))
    chi, curvature = chosen.slope(1, 25), chosen.curvature(1)
    eps = Fraction(1, 10**9)
    value = chosen.gap(eps)
    assert value.rad() < value.mid() * 1e-13
    third = arb(10) ** -23
    assert abs(value - (chi * arb(10) ** -9 - curvature * arb(10) ** -18 / 2)) < third
    assert abs(chosen.gaps(1e-9) - float(value.mid())) < 1e-22


def test_relu_gap_over_depth() -> None:
    chosen = CorrelationMap(sp.Max(0, X), 2, 0, 1)
    states = chosen.iterate(1.0, 10_000)
    expected = {
        1: 0.6816901138162093,
        10: 0.12846448397848,
        100: 0.00357685331605239,
        10_000: 4.42519273598e-7,
    }
    for depth, value in expected.items():
        assert abs(states[depth] / value - 1) < 1e-11
    assert abs(chosen.curvature(Fraction(1, 2)) * arb.pi() * (arb(3) / 4).sqrt() - 1) < 1e-14
    with pytest.raises(InputError, match="undecided"):
        chosen.fixed_point()
    assert chosen.fixed_point(critical=True).value == 1


def test_floats_of_kinked_maps() -> None:
    for f in (HARD, sp.Max(X, X / 5), sp.Max(0, X) + sp.Min(1, X)):
        chosen = CorrelationMap(f, 1, 0, 1)
        chi = chosen.slope(1)
        for c in (Fraction(-3, 5), Fraction(1, 2), Fraction(9, 10)):
            gap = float(chosen.gap(1 - c).mid())
            assert abs(float(chosen.gaps(float(1 - c))) - gap) < 1e-10 * float(chi.mid())


def test_odd_activation_without_bias() -> None:
    q = fixed_point(LengthMap(T, 4, 0)).value
    assert CorrelationMap(T, 4, 0, q).fixed_point().value == 0


def test_refuses_a_zero_variance() -> None:
    with pytest.raises(InputError, match="positive"):
        CorrelationMap(T, 1, 0, 0)


def test_part_of_the_bias_is_not_shared() -> None:
    """erf has E phi phi = (2/pi) asin(2 q c/(1 + 2 q)): the fixed point is found again in doubles."""
    erf, weight, bias = sp.erf(X), Fraction(169, 100), Fraction(36, 100)
    found = CorrelationMap(erf, weight, bias, fixed_point(LengthMap(erf, weight, bias), 20).value)
    q = float(found.q)
    for loss in (Fraction(27, 100), Fraction(1, 1000)):
        c = float(found.driven_fixed_point(loss, 15))
        kernel = 2 / np.pi * np.arcsin(2 * q * c / (1 + 2 * q))
        assert q * c == pytest.approx(1.69 * kernel + 0.36 - float(loss), rel=1e-13)
        assert 0 < c < 1
    assert found.driven_fixed_point(bias) == 0
    assert found.driven_fixed_point(Fraction(0)) == found.fixed_point().value
