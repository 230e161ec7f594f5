"""The basin by brute force, the PL inequality along random runs, and the gradient by differences."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from mfcheck.claims.randomness import stream
from mfcheck_proofs import linear_resnet as linear


@pytest.mark.parametrize(
    ("sep", "h", "smin"),
    [("1", "1", "1"), ("3", "1/2", "2"), ("1/10", "4", "1/3"), ("1000", "1", "1")],
)
def test_the_basin_by_a_minimiser(sep: str, h: str, smin: str) -> None:
    values = {"sep": Fraction(sep), "bandwidth": Fraction(h), "smin": Fraction(smin)}
    setting = linear.paper.default.with_values(**values)
    d, width, s = (float(v) for v in values.values())
    kappa = max(1.0, 1 / width)

    def m(r: float) -> float:
        shrunk = np.exp(-2 * kappa * r)
        return float(s**2 * shrunk * -np.expm1(-(d**2) * shrunk / (2 * width**2)))

    found = minimize_scalar(
        lambda r: -(r**2) * m(r) / 4, bounds=(0, 3), method="bounded", options={"xatol": 1e-10}
    )
    assert float(linear.loss_threshold(setting, 15).mid()) == pytest.approx(-found.fun, rel=1e-9)
    assert float(linear.radius_threshold(setting, 15).mid()) == pytest.approx(found.x, rel=1e-5)


def test_the_gradient_by_differences() -> None:
    rng = np.random.default_rng(3)
    problem = linear.example(rng, layers=5, count=20)
    theta, direction = rng.standard_normal((2, 5, 20, 3))
    slope, loss, _ = problem.gradient(theta, 1 / 8)
    assert loss == pytest.approx(float(np.real(problem.loss(theta))), rel=1e-12)
    moved = (problem.loss(theta + 1e-5 * direction) - problem.loss(theta - 1e-5 * direction)) / 2e-5
    # In L2([0,1]) a layer stands for 1/5.
    assert float(np.sum(slope * direction)) / 5 == pytest.approx(float(np.real(moved)), rel=1e-7)


def test_the_inequality_holds_along_a_run_with_the_slopes_met_on_the_way() -> None:
    problem = linear.example(np.random.default_rng(5))
    losses, ratios, norms = linear.descent(problem, 200)
    assert losses[-1] < 0.2 * losses[0]
    assert np.all(np.diff(norms) > 0)
    assert np.all(ratios > 0)


def test_descent_does_not_oscillate_where_half_is_too_long_a_step() -> None:
    problem = linear.example(stream(2, "simulate").spawn(16)[4], width=0.7)
    theta = np.zeros((problem.layers, problem.omega.shape[1], 3))
    plain = []
    for _ in range(150):
        slope, loss, _ = problem.gradient(theta, 1 / 8)
        plain.append(loss)
        theta -= slope / 2
    losses, ratios, _ = linear.descent(problem, 150)
    assert np.any(np.diff(plain) > 0)
    assert np.all(np.diff(losses) < 0)
    assert np.all(ratios < 1)


def test_features_have_the_kernel_of_the_width_asked_for() -> None:
    problem = linear.example(np.random.default_rng(2), count=200_000, width=2.0)
    apart = np.sum((problem.x[:, None] - problem.x[None]) ** 2, axis=-1)
    phi = problem.phi(problem.x)
    np.testing.assert_allclose(phi @ phi.T, np.exp(-apart / 8), atol=0.02)


def test_simulations_of_neighbouring_seeds_share_no_run() -> None:
    def ends(seed: int) -> set[float]:
        found = linear.paper.simulate(
            linear.paper.default, seed, options={"runs": "4", "steps": "10"}
        )
        return set(found.plots[0].curves[0].y)

    assert not ends(0) & ends(1)
