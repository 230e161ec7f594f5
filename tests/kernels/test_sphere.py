"""Eigenvalues on the sphere against quadrature, and the sequence model that they make."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import eval_gegenbauer

from mfcheck.kernels.formulas import HALF_TERM, theta
from mfcheck.kernels.sequence_model import SequenceModel, on_sphere
from mfcheck.kernels.sphere import eigenvalue, multiplicity

DEGREES = [0, 1, *range(2, 400, 2)]


def test_eigenvalues_against_quadrature() -> None:
    """Gauss-Legendre in cos(theta), d = 3: r_1 against Legendre polynomials."""
    t, w = np.polynomial.legendre.leggauss(4000)
    theta = np.arccos(t)
    r1 = np.cos(theta) + (np.sin(theta) - 2 * theta * np.cos(theta)) / (2 * np.pi)
    for k in (0, 1, 2, 4, 10):
        expected = float(w @ (r1 * np.polynomial.legendre.Legendre.basis(k)(t)) / 2)
        assert float(eigenvalue(HALF_TERM, 3, k).mid()) == pytest.approx(expected, abs=1e-9)


def test_multiplicities() -> None:
    assert [multiplicity(3, k) for k in range(5)] == [1, 3, 5, 7, 9]
    assert [multiplicity(4, k) for k in range(4)] == [1, 4, 9, 16]


@pytest.mark.parametrize(("degree", "d"), [(0, 2), (1, 2), (4, 2), (8, 2), (0, 5), (2, 5), (6, 5)])
def test_eigenvalues_in_other_dimensions(degree: int, d: int) -> None:
    """Against quadrature with scipy's polynomials: cos(k z) on the circle, Gegenbauer's otherwise."""
    f = sp.lambdify(theta, HALF_TERM)

    def part(z: float) -> float:
        p = np.cos(degree * z)
        if d > 2:
            p = eval_gegenbauer(degree, d / 2 - 1, np.cos(z)) / eval_gegenbauer(
                degree, d / 2 - 1, 1
            )
        return float(f(z) * p * np.sin(z) ** (d - 2))

    whole = quad(lambda z: np.sin(z) ** (d - 2), 0, np.pi)[0]
    found = float(eigenvalue(HALF_TERM, d, degree).mid())
    assert found == pytest.approx(quad(part, 0, np.pi)[0] / whole, rel=1e-9)


def test_spectra_go_on_like_the_power() -> None:
    """Against eigenvalues beyond the degree at which the continuation begins: the law has corrections 1/k^2."""
    model = on_sphere(HALF_TERM, 3, DEGREES, -3, 0.1, 32)
    for degree, error in ((16, 1e-12), (32, 1e-12), (64, 8 / 32**2), (100, 8 / 32**2)):
        place = DEGREES.index(degree)
        exact = float(eigenvalue(HALF_TERM, 3, degree).mid())
        assert model.values[place] == pytest.approx(exact, rel=error)
        assert model.counts[place] == 2 * degree + 1
    assert model.counts @ model.values == pytest.approx(1, abs=2e-3)  # the trace


def test_the_risk_of_the_flow_is_that_of_its_filter() -> None:
    """Worst bias over the ball by brute force, and the variance of the filtered noise."""
    model, n, time = (
        SequenceModel(np.array([1.0, 0.3, 0.1]), np.array([1.0, 2.0, 1.0]), 0.5),
        20.0,
        4.0,
    )
    values = np.repeat(model.values, [1, 2, 1])
    rng = np.random.default_rng(0)
    g = rng.standard_normal((200_000, 4))
    f = g / np.sqrt((g**2 / values).sum(axis=1, keepdims=True))  # on the surface of the ball
    shrunk = np.exp(-time * values)
    bias = (f**2 * shrunk**2).sum(axis=1).max()
    variance = 0.25 / n * np.sum((1 - shrunk) ** 2)
    assert model.flow_risk(n, time) == pytest.approx(bias + variance, rel=1e-2)
    assert model.flow_risk(n, time) >= bias + variance


def test_the_minimax_risk_of_linear_estimators() -> None:
    """Against the filters that minimise worst bias plus variance, found numerically."""
    model, n = SequenceModel(np.array([1.0, 0.3, 0.1]), np.array([1.0, 2.0, 1.0]), 0.7), 5.0

    def worst(filters: np.ndarray) -> float:
        # A linear estimator with filter c_j has worst squared bias max mu_j (1 - c_j)^2.
        bias = float(np.max(model.values * (1 - filters) ** 2))
        return bias + 0.49 / n * float(model.counts @ filters**2)

    best = min(
        minimize(worst, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).fun
        for start in np.random.default_rng(0).uniform(0, 1, (20, 3))
    )
    assert model.minimax_risk(n) == pytest.approx(best, rel=1e-5)


def test_no_time_of_the_flow_beats_the_minimax_risk() -> None:
    model = on_sphere(HALF_TERM, 3, [0, 1, *range(2, 2000, 2)], -3, 0.1)
    for n in (1e3, 1e6):
        best = min(model.flow_risk(n, n**0.6 * c) for c in np.geomspace(1e-2, 1e2, 21))
        assert model.minimax_risk(n) <= best <= 20 * model.minimax_risk(n)
