"""Kernels of two-layer networks in double precision, against means over their weights."""

import numpy as np
import pytest

from mfcheck.kernels.two_layer import divergences, full_kernel, totals
from mfcheck.symbolic.activation import LIBRARY, activation

X = np.array([[1.0, 0.0], [0.6, 0.8], [-0.28, 0.96]])
Y = np.array([[1.0, 0.5], [-1.0, 0.5], [0.5, 2.0]])


def quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Hermite nodes of (w, b) in three dimensions, shape (3, m), and their weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(48)
    weights = weights / weights.sum()
    grid = np.stack([g.ravel() for g in np.meshgrid(nodes, nodes, nodes, indexing="ij")])
    return grid, np.einsum("i,j,k->ijk", weights, weights, weights).ravel()


@pytest.mark.parametrize("name", ["tanh", "erf", "sin"])
def test_the_divergence_of_a_displacement(name: str) -> None:
    """The score of the displacement along sum_j q_j grad h(x_j, .) is k = v.z - div v, and KL = E[k^2]/2."""
    grid, mass = quadrature()
    inputs = np.vstack([X.T, np.ones(len(X))])
    f0, f1, f2 = (LIBRARY[name].numpy_function(k)(inputs.T @ grid) for k in range(3))
    gram = inputs.T @ inputs
    # h = a s0(p): grad = (s0, a s0' x~); div of it in (w, b) is a s0'' |x~|^2; p_j = x~_j . (w, b).
    p = inputs.T @ grid
    score = f0 + f1 * p - f2 * np.diag(gram)[:, None]  # over a, whose square has mean one
    K = (score * mass) @ score.T
    G2 = (f0 * mass) @ f0.T + (f1 * mass) @ f1.T * gram
    assert full_kernel(LIBRARY[name], X, 1) == pytest.approx(G2, rel=1e-5)
    assert full_kernel(LIBRARY[name], X, 2) == pytest.approx(K, rel=2e-4)
    Q = np.linalg.solve(G2, Y)
    assert divergences(LIBRARY[name], X, Y) == pytest.approx(
        np.sum(Q * (K @ Q), axis=0) / 2, rel=2e-4
    )


def test_totals_of_a_kink() -> None:
    """E s0(2^(1/2) z)^2 of relu is one, and so is E[s0'^2] times |x|^2 + 1; its third total is infinite."""
    first, second, third = totals(activation("relu(x)"))
    assert (first, second) == pytest.approx((1, 2))
    assert not np.isfinite(third)
