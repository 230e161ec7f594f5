"""Finite networks: the fast sampler has the law of the slow one, which is the gradient of the network."""

import numpy as np
import pytest
from scipy import stats

from mfcheck.kernels import cosine, rntk
from mfcheck.kernels.empirical import empirical_kernel, empirical_kernels, squared_norms


@pytest.mark.parametrize(
    ("width", "depth", "alpha", "u"), [(12, 4, 0.35, 0.5), (6, 3, 1.0, -0.3), (20, 2, 2.0, 0.9)]
)
def test_both_samplers_have_one_law(width: int, depth: int, alpha: float, u: float) -> None:
    rng = np.random.default_rng(0)
    slow = [empirical_kernel(rng, width, depth, alpha, u) for _ in range(3000)]
    fast = empirical_kernels(rng, 20_000, width, depth, alpha, u)
    assert stats.ks_2samp(slow, fast).pvalue > 1e-3
    wrong = empirical_kernels(rng, 20_000, width, depth, alpha, u - 0.2)
    assert stats.ks_2samp(slow, wrong).pvalue < 1e-3


def test_equal_inputs_and_the_mean() -> None:
    """At u = 1 the columns are equal; the mean over networks is one at every width."""
    found = empirical_kernels(np.random.default_rng(1), 20_000, 16, 4, 0.5, 1.0)
    error = 4 * found.std() / np.sqrt(len(found))
    assert found.mean() == pytest.approx(1, abs=error)
    assert error < 0.05


def test_wide_networks_are_near_the_kernel() -> None:
    found = empirical_kernels(np.random.default_rng(2), 200, 1024, 8, 8**-0.5, 0.5)
    limit = float(rntk(cosine([0.5]), 8, 8**-0.5)[0])
    assert found.mean() == pytest.approx(limit, abs=4 * found.std() / np.sqrt(200))


def test_squared_norms_have_the_law_of_products_of_independent_factors() -> None:
    """Given x a layer multiplies |x|^2 by 1 + 2 a (Q/m)^(1/2) xi + a^2 Q chi/m, chi the square of m normals."""
    width, depth, alpha, count = 5, 3, 0.8, 20_000
    rng = np.random.default_rng(4)
    found, product = squared_norms(rng, count, width, depth, alpha), np.ones(count)
    for _ in range(depth):
        Q = 2 / width * (np.maximum(rng.standard_normal((count, width)), 0) ** 2).sum(axis=1)
        z = rng.standard_normal((count, width))
        cross, size = 2 * alpha * np.sqrt(Q / width) * z[:, 0], alpha**2 * Q / width
        product *= 1 + cross + size * (z**2).sum(axis=1)
    assert stats.ks_2samp(found, product).pvalue > 1e-3
    assert stats.ks_2samp(found, 1.1 * product).pvalue < 1e-3
    assert found.mean() == pytest.approx(
        (1 + alpha**2) ** depth, abs=4 * found.std() / np.sqrt(count)
    )


def test_batches_do_not_change_the_count() -> None:
    assert empirical_kernels(np.random.default_rng(3), 7, 2**12, 1, 1.0, 0.5).shape == (7,)


def test_empirical_kernel_by_finite_differences() -> None:
    """The formula against the gradient of the network, for one small network."""
    width, depth, alpha, u = 5, 3, 0.7, 0.3

    def weights() -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        rng = np.random.default_rng(3)
        A = rng.standard_normal((width, 2))
        layers = [
            rng.standard_normal((2, width, width), dtype=np.float32).astype(float)
            for _ in range(depth)
        ]
        return A, layers, rng.standard_normal((width, 1))[:, 0]

    A, layers, v = weights()
    inputs = np.array([[1, u], [0, np.sqrt(1 - u**2)]])

    def network(flat: np.ndarray, column: int) -> float:
        W_V = flat.reshape(depth, 2, width, width)
        x = A @ inputs[:, column] / np.sqrt(width)
        for W, V in W_V:
            x = x + alpha / np.sqrt(width) * V @ np.maximum(np.sqrt(2 / width) * W @ x, 0)
        return float(v @ x)

    flat = np.array(layers).ravel()
    step = 1e-6
    gradients = [
        np.array(
            [
                (network(flat + step * e, k) - network(flat - step * e, k)) / (2 * step)
                for e in np.eye(flat.size)
            ]
        )
        for k in (0, 1)
    ]
    expected = gradients[0] @ gradients[1] / (2 * depth * alpha**2 * (1 + alpha**2) ** (depth - 1))
    found = empirical_kernel(np.random.default_rng(3), width, depth, alpha, u)
    assert found == pytest.approx(expected, rel=1e-5)
