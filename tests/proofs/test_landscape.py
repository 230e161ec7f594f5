"""Numbers of the paper landscape against independent computations."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import optimize

import mfcheck_proofs.landscape as values
from mfcheck.checks import Budget, Context
from mfcheck.errors import InputError
from mfcheck_proofs.landscape import FINE, Instance, flow_of, paper, radial

OWN = values.sigma_of(paper.default)


def sigma(z):
    """The built-in sigma."""
    return np.interp(z, (0.5, 1.5), (-2.5, 7.5))


def test_transition_by_nodes():
    g, w = (np.arange(200_000) + 0.5) / 100_000 - 1, np.full(200_000, 1e-5)
    g, w = 9 * g, 9 * w * np.exp(-((9 * g) ** 2) / 2) / np.sqrt(2 * np.pi)
    a, b = (optimize.brentq(lambda t, v=v: w @ sigma(t * g) - v, 0.3, 9) for v in (1, -1))
    assert float(values.transition(OWN, 15).mid()) == pytest.approx((a - b) / (a + b), rel=1e-4)


def test_best_point_is_least_on_a_grid():
    delta, r = Fraction(1, 5), np.linspace(0.05, 8, 4000)
    up, down = (OWN.means((1 + y * 0.2) * r)[0] for y in (1, -1))
    risks = ((1 - up) ** 2 + (1 + down) ** 2) / 2
    assert values.risks_of(OWN, 0.2, r) == pytest.approx(risks)
    assert float(values.best_point(OWN, delta, 15).mid()) == pytest.approx(
        r[risks.argmin()], abs=2e-3
    )
    assert values.point_is_optimal(OWN, delta) is True


def test_no_best_point_beyond_the_transition():
    with pytest.raises(InputError, match="below delta_h"):
        values.best_point(OWN, Fraction(1, 2), 15)
    assert values.mixture_is_better(OWN, Fraction(1, 2)) is True


def test_zeros_of_the_force():
    low, high = (float(r.mid()) for r in values.zeros(Fraction(1, 2), 15).values)
    grid = np.linspace(0.01, 6, 20001)
    risk = values.risks_of(values.FAILING, 0.5, grid)
    turns = grid[1:-1][np.diff(np.sign(np.diff(risk))) != 0]
    assert turns == pytest.approx([low, high], abs=1e-3)
    assert len(values.zeros(Fraction(9, 10), 15).values) == 4
    with pytest.raises(InputError, match="more than one stable"):
        values.two_zeros(paper.default.with_values(delta_fail=Fraction(9, 10)))


@pytest.mark.parametrize("dim", [3, 9, 40])
def test_risk_of_a_law_of_radii_by_samples(dim):
    """Two radii with weights, by samples of inputs and, at each, of directions."""
    rng, instance = np.random.default_rng(7), Instance(OWN, 0.6, dim, 0.8)
    r, weights = np.array([0.7, 2.3]), np.array([0.3, 0.7])
    y = rng.choice([-1.0, 1.0], 4000)
    norm = (1 + 0.6 * y) * np.sqrt(rng.chisquare(dim, 4000))
    s = np.linspace(-1, 1, 2001)[1:-1]
    density = (1 - s**2) ** ((dim - 3) / 2)
    f = sum(w * (sigma(a * np.outer(norm, s)) @ density) for a, w in zip(r, weights, strict=True))
    miss = (f / density.sum() - y) ** 2
    found = 1 + flow_of(instance, *FINE[1:3]).energy(r, weights)
    assert abs(found - miss.mean()) < 4 * miss.std() / 4000**0.5


def test_radii_that_reach_zero_stay_there():
    """All initial weights lie in the trap: the risk is that of 0, and no radius is negative."""
    risks, radii = radial(Instance(values.FAILING, 0.5, 320, 0.1), (0.0, 10.0))
    assert abs(risks[-1].value - 7.25) <= risks[-1].error < 1e-5
    assert abs(radii[-1].value) <= radii[-1].error


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


# Risk and mean radius of the radial equation with 480 Gauss nodes in 120 panels, h by its closed form at each pair.
BY_PANELS = ((0.8, 40, 2.0, 3.0, (0.53177, 2.72285), (4e-4, 2e-4)),)
# The table of the sheet, by spectral quadrature.
TABLE = ((0.4, 40, 0.8, 0.2, (0.240879096, 1.322890840), (1e-9, 1e-9)),)
TABLE += ((0.4, 40, 0.8, 2.0, (0.072932689, 1.628322834), (1e-9, 1e-9)),)


@pytest.mark.parametrize(("delta", "dim", "kappa", "end", "wanted", "scatter"), BY_PANELS + TABLE)
def test_motion_of_radii(delta, dim, kappa, end, wanted, scatter):
    """The first: some radii are absorbed at 0, so that the final ones have a step."""
    found = radial(Instance(OWN, delta, dim, kappa), (0.0, end))
    for (_, last), value, unsure in zip(found, wanted, scatter, strict=True):
        assert abs(last.value - value) < last.error + unsure
        assert last.error < 0.1 * value


@pytest.mark.parametrize(("dim", "kappa"), [(3, 0.8), (5, 1.5)])
def test_few_dimensions_by_particles(dim, kappa):
    """Particles in R^d, each with the gradient of V in closed form and U over sampled inputs, by small Euler steps."""
    rng, delta, count = np.random.default_rng(dim), 0.4, 1500
    w = kappa / dim**0.5 * rng.standard_normal((count, dim))
    steps, end = 200, 0.4
    for _ in range(steps):
        y = rng.choice([-1.0, 1.0], 300)
        x = (1 + delta * y)[:, None] * rng.standard_normal((300, dim))
        z = w @ x.T
        miss = sigma(z).mean(axis=0) - y
        slope = np.where((z > 0.5) & (z < 1.5), 10.0, 0.0)
        w = w - 2 * end / steps * (slope * miss) @ x / 300
    found = radial(Instance(OWN, delta, dim, kappa), (0.0, end))[1][-1]
    norms = np.linalg.norm(w, axis=1)
    assert norms.mean() == pytest.approx(found.value, abs=4 * norms.std() / count**0.5 + 0.01)
