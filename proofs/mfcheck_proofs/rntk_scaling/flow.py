"""Kernel gradient flow in closed form, from the eigenvalues of the kernel matrix."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sphere(rng: np.random.Generator, count: int, dim: int) -> Array:
    """Return uniform points of the unit sphere, shape (count, dim)."""
    x = rng.standard_normal((count, dim))
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))


def gradient_flow(K: Array, y: Array, cross: Array, times: Array) -> Array:
    """Return predictions of kernel gradient flow from zero at each time: f_t = k(x, X) K^-1 (1 - exp(-t K/n)) y.

    Args:
        K: kernel matrix of the n training points, shape (n, n).
        y: labels, shape (n,) or (n, classes).
        cross: kernel between tests and training points, shape (m, n).
        times: shape (times,).

    Returns:
        Shape (times, m) or (times, m, classes).
    """
    values, vectors = np.linalg.eigh(K / len(y))
    values = np.maximum(values, 1e-14)
    projected, across = vectors.T @ y, cross @ vectors / len(y)
    filters = -np.expm1(-np.multiply.outer(times, values)) / values
    if y.ndim == 1:
        return np.asarray((filters * projected) @ across.T)
    return np.stack([(across * row) @ projected for row in filters])
