"""Targets: laws of their labels over many draws, at four standard errors."""

import numpy as np
import pytest

from mfcheck.points.targets import TARGETS

X = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]])
DRAWS = 4000


def draws(name: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([TARGETS[name](X, np.tanh, rng) for _ in range(DRAWS)])


def expected_covariance() -> np.ndarray:
    """E tanh(g_i) tanh(g_j), g of covariance <x_i,x_j> + 1, by Gauss-Hermite quadrature in two dimensions."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    z = np.stack([g.ravel() for g in np.meshgrid(nodes, nodes, indexing="ij")])
    mass = np.outer(weights, weights).ravel() / weights.sum() ** 2
    g = np.tanh(np.linalg.cholesky(X @ X.T + 1) @ z)
    return np.asarray((g * mass) @ g.T)


@pytest.mark.parametrize("name", TARGETS)
def test_means_and_covariances(name: str) -> None:
    found = draws(name)
    angle = np.arccos(0.6)
    covariance = {
        "linear": X @ X.T / 3,
        "sign of a linear map": np.array([[1, 1 - 2 * angle / np.pi], [1 - 2 * angle / np.pi, 1]]),
        "random labels": np.eye(2),
    }.get(name, expected_covariance())
    for i in range(2):
        assert abs(found[:, i].mean()) < 4 * found[:, i].std() / DRAWS**0.5
        for j in range(2):
            products = found[:, i] * found[:, j]
            room = 4 * products.std() / DRAWS**0.5 + 1e-12
            assert abs(products.mean() - covariance[i, j]) < room


@pytest.mark.parametrize("name", ["single neuron", "random features"])
def test_the_activation_counts(name: str) -> None:
    first, second = (TARGETS[name](X, f, np.random.default_rng(0)) for f in (np.tanh, np.sin))
    assert np.abs(first - second).max() > 1e-3
