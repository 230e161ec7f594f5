"""Kernel gradient flow in closed form: against small steps of its equation, the matrix exponential, drawn noise."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_mat
from numpy.typing import NDArray
from scipy.linalg import expm

from mfcheck.kernels import cosine, kernel, rntk
from mfcheck.kernels.flow import (
    LinearFlow,
    enclosed_products,
    enclosed_share_left,
    expected_risk,
    gradient_flow,
    gram,
    losses,
)
from mfcheck.points.data import FOUR
from mfcheck.points.sphere import sphere
from mfcheck.rigor.eigen import FloatMatrix

Array = NDArray[np.float64]


def test_gradient_flow_solves_its_equation() -> None:
    """Against small explicit steps of f' = K(x, X) (y - f)/n, for one label and for several."""
    rng = np.random.default_rng(1)
    X, test = sphere(rng, 6, 3), sphere(rng, 4, 3)
    K, cross = (X @ X.T + 1) ** 2, (test @ X.T + 1) ** 2
    y = rng.standard_normal((6, 2))
    f, g, steps = np.zeros((6, 2)), np.zeros((4, 2)), 20_000
    for _ in range(steps):
        left = (y - f) / 6 / steps
        f, g = f + K @ left, g + cross @ left
    found = gradient_flow(K, y, cross, np.array([0.0, 1.0]))
    assert found[0] == pytest.approx(0)
    assert found[1] == pytest.approx(g, abs=2e-4)
    assert gradient_flow(K, y[:, 0], cross, np.array([1.0]))[0] == pytest.approx(found[1][:, 0])


def _drawn(noise: float, draws: int) -> tuple[float, float, float]:
    """Expected risk, and the mean of risks over drawn noise with its standard error."""
    rng = np.random.default_rng(2)
    X, test = sphere(rng, 12, 3), sphere(rng, 30, 3)
    K, cross = (rntk(cosine(np.clip(Z @ X.T, -1, 1)), 3, 1.0) for Z in (X, test))
    stated = expected_risk(K, cross, X[:, 0], test[:, 0], noise, 25.0)
    y = X[:, :1] + noise * rng.standard_normal((12, draws))
    errors = gradient_flow(K, y, cross, np.array([25.0]))[0] - test[:, :1]
    risks = (errors**2).mean(axis=0)
    return stated, float(risks.mean()), float(risks.std() / np.sqrt(draws))


def test_the_expected_risk_is_the_mean_over_noise() -> None:
    stated, mean, error = _drawn(0.5, 20_000)
    assert abs(stated - mean) < 4 * error < 0.02 * stated
    stated, mean, _ = _drawn(0.0, 2)
    assert stated == pytest.approx(mean, rel=1e-9)


def test_losses_against_the_matrix_exponential_and_errors_that_cover() -> None:
    K, y = gram(FOUR.points, kernel(20, Fraction(1))), FOUR.y
    times = np.array([0.0, 1.0, 30.0])
    value, error = losses(K, y, times)
    middle = np.array([[float(K[i, j].mid()) for j in range(4)] for i in range(4)])
    for t, loss, bar in zip(times, value, error, strict=True):
        left = expm(-t * middle / 4) @ y
        assert loss == pytest.approx(left @ left / 8, rel=1e-9)
        assert bar < 1e-10
    wide = arb_mat([[K[i, j] + arb(0, 1e-6) for j in range(4)] for i in range(4)])
    assert np.all(losses(wide, y, times)[1][1:] > 100 * error[1:])
    moved = arb_mat([[K[i, j] + (1e-6 if i == j else 0) for j in range(4)] for i in range(4)])
    shifted = losses(moved, y, times)[0]
    assert np.all(np.abs(shifted - value) <= losses(wide, y, times)[1])
    floats = FloatMatrix(middle, np.full((4, 4), 1e-6))
    for found, known in zip(losses(floats, y, times), losses(wide, y, times), strict=True):
        assert found == pytest.approx(known, rel=1e-3)


G = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.3], [0.1, -0.3, 0.7]])
START = np.array([1.0, -1.0, 0.5])


def small_steps(end: float, steps: int = 20_000) -> tuple[Array, Array, Array]:
    """e at the end, its integral q, and that of e q^T, by the midpoint rule on matrix exponentials."""
    h = end / steps
    half, whole = expm(-G * h / 2), expm(-G * h)
    e, q, products = START.copy(), np.zeros(3), np.zeros((3, 3))
    for _ in range(steps):
        middle = half @ e
        products += h * np.outer(middle, q + h / 2 * middle)
        q += h * middle
        e = whole @ e
    return e, q, products


@pytest.mark.parametrize("end", [0.3, 5.0, 100.0])
def test_a_linear_flow_is_that_of_small_steps(end: float) -> None:
    flow, (e, q, products) = LinearFlow.of(G, START), small_steps(end)
    assert flow.left(end) == pytest.approx(e, abs=1e-10)
    assert flow.share_left(end) == pytest.approx(e @ e / (START @ START))
    assert flow.weights(end) == pytest.approx(q, rel=1e-4)
    assert flow.products(end) == pytest.approx(products, rel=1e-3, abs=1e-5)


def test_the_limit_of_a_linear_flow_solves_its_equations() -> None:
    flow = LinearFlow.of(G, START)
    assert pytest.approx(START) == G @ flow.weights()
    assert flow.products() == pytest.approx(small_steps(100.0)[2], rel=1e-3, abs=1e-5)


def test_products_over_all_time_are_enclosed() -> None:
    matrix, y = arb_mat(G.tolist()), arb_mat([[v] for v in START])
    found = enclosed_products(matrix, y, arb(0.42))
    for entry, value in zip(
        found.entries(), LinearFlow.of(G, START).products().ravel(), strict=True
    ):
        assert abs(float(entry.mid()) - value) <= float(entry.rad()) + 1e-12
        assert float(entry.rad()) < 1e-12
    unknown = enclosed_products(matrix, y, arb(0, 1))
    assert not any(entry.is_finite() for entry in unknown.entries())


@pytest.mark.parametrize("time", [0.3, 20.0])
def test_what_is_left_is_enclosed(time: float) -> None:
    found = enclosed_share_left(arb_mat(G.tolist()), arb_mat([[v] for v in START]), arb(time))
    expected = LinearFlow.of(G, START).share_left(time)
    assert float(found.mid()) == pytest.approx(expected, rel=1e-9)
    assert float(found.rad()) < 1e-9 * expected
