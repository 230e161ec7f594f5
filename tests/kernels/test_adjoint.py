"""Gradients of a two-layer network that has begun to move, against quadrature over its weights from the definition."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb_mat

from mfcheck.kernels.adjoint import (
    block_divergence,
    enclosed_block_divergence,
    enclosed_gradients,
    gradients,
)
from mfcheck.kernels.two_layer import kernel_float
from mfcheck.symbolic.activation import LIBRARY, activation

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


LABELS = (Fraction(1), Fraction(-1), Fraction(1, 2))
Y = np.array([float(label) for label in LABELS])


@pytest.mark.parametrize("end", [0.3, 3.0, 40.0])
def test_the_divergence_of_a_block_by_sums_over_time(end: float) -> None:
    """Q at a time, with the integral of e q^T summed by the trapezoidal rule."""
    tanh = LIBRARY["tanh"]
    G2, K = (kernel_float(tanh, X, order) for order in (1, 2))
    values, vectors = np.linalg.eigh(G2)
    s = np.linspace(0, np.log1p(end), 20_001)
    decay = np.exp(-np.multiply.outer(np.expm1(s), values))
    modes = vectors.T @ Y
    e, q = (decay * modes) @ vectors.T, ((1 - decay) / values * modes) @ vectors.T
    integral = np.trapezoid(e[:, :, None] * q[:, None] * np.exp(s)[:, None, None], s, axis=0)
    m = gradients(integral, tanh, X)
    expected = float(np.sum((m @ m.T) * K) / 2)
    assert block_divergence(tanh, X, Y, end) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["tanh", "erf", "gelu"])
@pytest.mark.parametrize("points", [POINTS, OPPOSITE], ids=["three", "opposite"])
def test_the_divergence_of_a_block_is_enclosed(
    name: str, points: tuple[tuple[Fraction, ...], ...]
) -> None:
    n, s0 = len(points), LIBRARY[name]
    rows = np.array([[float(v) for v in point] for point in points])
    value = enclosed_block_divergence(s0, points, LABELS[:n])
    found = block_divergence(s0, rows, Y[:n])
    assert float(value.rad()) < 0.01 * found
    assert abs(float(value.mid()) - found) <= float(value.rad()) + 1e-4 * found


def test_a_divergence_that_rounding_spoils_is_not_given() -> None:
    near = np.array([[1.0, 0.0], [1.0, 1e-7]])
    assert np.isnan(block_divergence(LIBRARY["tanh"], near, np.array([1.0, -1.0])))
    kinked = enclosed_block_divergence(activation("relu(x)"), POINTS, LABELS)
    assert not kinked.is_finite()
