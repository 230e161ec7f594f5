"""Numbers of the paper landscape against independent computations."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from flint import arb
from scipy import optimize

from mfcheck.checks import Budget, Context, setting_of
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.landscape import gap, paper, values
from mfcheck_proofs.landscape import shape as shapes
from mfcheck_proofs.landscape import transition as transitions
from mfcheck_proofs.landscape.radial import Instance, Radial, Rule, radial
from mfcheck_proofs.landscape.shape import FAILING

OWN = shapes.shape(paper.default)


def sigma(z):
    """The built-in sigma."""
    return np.interp(z, (0.5, 1.5), (-2.5, 7.5))


def by_quadrature(f, t):
    """E f(t G) of a piecewise linear function, its kinks at 0, 1/2, 3/2."""
    cuts = [-mp.inf, 0, mp.mpf(1) / 2 / t, mp.mpf(3) / 2 / t, mp.inf]
    return mp.quad(lambda g: mp.mpf(float(f(float(t * g)))) * mp.npdf(g), cuts)


@pytest.mark.parametrize("t", [0.3, 1.1, 4.0])
def test_gaussian_averages(t):
    for own, f in ((OWN, sigma), (FAILING, lambda z: np.interp(z, (0, 0.5, 1.5), (-2.5, -4, 7.5)))):
        wanted = float(by_quadrature(f, t))
        assert float(own.q(arb(t)).mid()) == pytest.approx(wanted, abs=1e-8)
        assert own.gaussian(np.array([t]))[0][0] == pytest.approx(wanted, abs=1e-8)


def test_balls_hold_values_between():
    for own in (OWN, FAILING):
        for f in (own.q, own.dq, own.d2q):
            wide = f(arb(1.3, 0.2))
            assert all(wide.contains(f(arb(x)).mid()) for x in (1.11, 1.3, 1.49))


@pytest.mark.parametrize("dim", [3, 8, 41])
def test_spherical_averages(dim):
    s, w = (np.arange(200_000) + 0.5) / 100_000 - 1, np.full(200_000, 1e-5)
    density = (1 - s**2) ** ((dim - 3) / 2)
    for t in (0.4, 2.0, 7.0):
        wanted = (w * density) @ sigma(t * s) / (w @ density)
        value, slope = (v[0] for v in OWN.spherical(np.array([t]), dim))
        assert value == pytest.approx(wanted, abs=1e-5)
        up, down = (OWN.spherical(np.array([t + e]), dim)[0][0] for e in (1e-5, -1e-5))
        assert slope == pytest.approx((up - down) / 2e-5, abs=1e-4)


def test_transition_by_nodes():
    g, w = (np.arange(200_000) + 0.5) / 100_000 - 1, np.full(200_000, 1e-5)
    g, w = 9 * g, 9 * w * np.exp(-((9 * g) ** 2) / 2) / np.sqrt(2 * np.pi)
    a, b = (optimize.brentq(lambda t, v=v: w @ sigma(t * g) - v, 0.3, 9) for v in (1, -1))
    assert float(values.transition(OWN, 15).mid()) == pytest.approx((a - b) / (a + b), rel=1e-4)


def test_best_point_is_least_on_a_grid():
    delta, r = Fraction(1, 5), np.linspace(0.05, 8, 4000)
    up, down = (OWN.gaussian((1 + y * 0.2) * r)[0] for y in (1, -1))
    risks = ((1 - up) ** 2 + (1 + down) ** 2) / 2
    assert float(values.best_point(OWN, delta, 15).mid()) == pytest.approx(
        r[risks.argmin()], abs=2e-3
    )
    assert transitions.point_is_optimal(OWN, delta) is True


def test_no_best_point_beyond_the_transition():
    with pytest.raises(InputError, match="below delta_h"):
        values.best_point(OWN, Fraction(1, 2), 15)
    assert transitions.mixture_is_better(OWN, Fraction(1, 2)) is True


def test_zeros_of_the_force():
    low, high = (float(r.mid()) for r in values.equilibria(Fraction(1, 2), 15))
    grid = np.linspace(0.01, 6, 20001)
    up, down = 1.5 * grid, 0.5 * grid
    risk = ((1 - FAILING.gaussian(up)[0]) ** 2 + (1 + FAILING.gaussian(down)[0]) ** 2) / 2
    turns = grid[1:-1][np.diff(np.sign(np.diff(risk))) != 0]
    assert turns == pytest.approx([low, high], abs=1e-3)
    assert len(values.zeros(Fraction(9, 10), 15).values) == 4
    with pytest.raises(InputError, match="more than one stable"):
        values.two_zeros(paper.default.with_values(delta_fail=Fraction(9, 10)))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("sin", (1 - 1 / 5**0.5) / 2),
        ("relu", 0.5 - 0.5 / np.pi),
        ("x", 1.0),
        ("cos", None),
        ("sigmoid", None),
    ],
)
def test_gap(name, wanted):
    setting = setting_of(shapes.PARAMETERS, activation(name))
    found = gap.prop1_gap(setting, 12)
    value = float(found.mid()) if isinstance(found, arb) else found.value
    if name == "cos":  # E_th cos(th x) = exp(-x^2/2), E cos^2 = (1 + 1/sqrt 5)/2
        wanted = (1 + 1 / 5**0.5) / 2 - 1 / 3**0.5
    if name == "sigmoid":  # a logistic function is 1/2 + tanh(z/2)/2
        wanted = 2 * float(
            mp.quad(lambda z: mp.tanh(z / 2) ** 2 / 4 * mp.besselk(0, z) / mp.pi, [0, 1, 10, 60])
        )
    assert value == pytest.approx(wanted, rel=1e-10)


def test_gap_that_is_infinite_is_refused():
    with pytest.raises(InputError, match="grows"):
        gap.prop1_gap(setting_of(shapes.PARAMETERS, activation("exp(x)")), 12)


def test_radial_velocity_is_the_gradient_of_the_risk():
    model = Radial(Instance(OWN, 0.4, 12, 0.8), Rule(), (9, 40))
    r = model.start.copy()
    for k in (2, 5):
        up, down = (model.risk(r + e * (np.arange(9) == k)) for e in (1e-5, -1e-5))
        # psi is half of the first variation, and the speed is -2 psi'
        assert model.push(0.0, r)[k] == pytest.approx(
            -(up - down) / 2e-5 / model.weights[k], rel=1e-4, abs=1e-7
        )


def test_width_is_chosen_by_the_shape_of_sigma():
    for bad, words in (({"t2": Fraction(2, 5)}, "t2 must"), ({"s2": Fraction(4)}, "above 1")):
        with pytest.raises(InputError, match=words):
            paper.validate(paper.default.with_values(**bad))


def test_linear_noise_by_recursion():
    # variance of th <- (1 - 2 lam s) th + sqrt(c s/beta) g, stationary
    lam, beta, s = 0.5, 4.0, 1e-6
    for c, wanted in ((4, 1 / (beta * lam)), (2, 1 / (2 * beta * lam))):
        assert c * s / beta / (1 - (1 - 2 * lam * s) ** 2) == pytest.approx(wanted, rel=1e-5)
    assert str(paper.verdicts["noise-scale/two"]) == "refuted"


def test_trap_is_reported_with_its_limit():
    check = next(c for c in paper.claim("failure").checks if c.id.endswith("trap"))
    formulas = dict(paper.claim("failure").reading("every-start").formulas)
    found = check.run(Context(paper.default, Budget.QUICK, 0, check.id, formulas, paper))
    assert found.passed is False
    assert "7.25" in found.reason


@pytest.mark.slow
def test_a_step_in_the_radii_is_within_the_error():
    """Some radii are absorbed at 0; the numbers are those of 480 Gauss nodes in 120 panels, written apart."""
    found = radial(Instance(OWN, 0.8, 40, 2.0), Rule(), (0.0, 3.0))
    for (_, last), wanted, scatter in zip(found, (0.53177, 2.72285), (4e-4, 2e-4), strict=True):
        assert abs(last.value - wanted) < last.error + scatter
        assert last.error < 0.1 * wanted
