"""Gradients of a two-layer network that has begun to move, against quadrature over its weights from the definition."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb_mat

from mfcheck.kernels.adjoint import enclosed_gradients, gradients
from mfcheck.symbolic.activation import LIBRARY

POINTS = tuple(
    tuple(map(Fraction, row)) for row in (("1", "0"), ("3/5", "4/5"), ("-7/25", "24/25"))
)
OPPOSITE = ((Fraction(1), Fraction(0)), (Fraction(-1), Fraction(0)))
X = np.array([[float(v) for v in point] for point in POINTS])
M = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0], [2.0, 0.0, 1.5]])


def by_quadrature(name: str, X: np.ndarray) -> np.ndarray:
    """P_ij, shape (n, n, 2), by Gauss-Hermite quadrature over (w, b) of the variation of E[a s0'(w.x_i+b) w]."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    weights = weights / weights.sum()
    w1, w2, b = (g.ravel() for g in np.meshgrid(nodes, nodes, nodes, indexing="ij"))
    mass = np.einsum("i,j,k->ijk", weights, weights, weights).ravel()
    w = np.stack([w1, w2])
    f = [LIBRARY[name].numpy_function(k) for k in range(3)]
    p = X @ w + b
    P = np.empty((len(X), len(X), 2))
    for i in range(len(X)):
        for j in range(len(X)):
            head = f[0](p[j]) * f[1](p[i]) * w  # a moves by s0(p_j)
            inner = f[1](p[j]) * (X[i] @ X[j] + 1) * f[2](p[i]) * w  # p_i moves, E a^2 = 1
            outer = f[1](p[j]) * f[1](p[i]) * X[j][:, None]  # w moves
            P[i, j] = (head + inner + outer) @ mass
    return P


@pytest.mark.parametrize("name", ["tanh", "sin", "sigmoid"])
def test_gradients_by_quadrature(name: str) -> None:
    expected = np.einsum("ij,ijk->ik", M, by_quadrature(name, X))
    assert gradients(M, LIBRARY[name], X) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["tanh", "erf", "gelu"])
@pytest.mark.parametrize("points", [POINTS, OPPOSITE], ids=["three", "opposite"])
def test_balls_hold_the_numbers(name: str, points: tuple[tuple[Fraction, ...], ...]) -> None:
    rows = np.array([[float(v) for v in point] for point in points])
    m = M[: len(points), : len(points)]
    found = enclosed_gradients(arb_mat(m.tolist()), LIBRARY[name], points)
    for ball, number in zip(
        found.entries(), gradients(m, LIBRARY[name], rows).ravel(), strict=True
    ):
        assert abs(float(ball.mid()) - number) <= float(ball.rad()) + 1e-4 * (1 + abs(number))
        assert float(ball.rad()) < 1e-2
