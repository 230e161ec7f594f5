"""The uniform law on the unit sphere."""

import numpy as np
from numpy.typing import NDArray


def sphere(rng: np.random.Generator, n: int, d: int) -> NDArray[np.float64]:
    """Return `n` independent points, uniform on the unit sphere of `d` dimensions, shape (n, d).

    A Gaussian vector over its norm has this law exactly.
    """
    points = rng.standard_normal((n, d))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


def largest_inner(X: NDArray[np.float64]) -> float:
    """Return the largest inner product of two different rows of unit vectors, shape (n, d), n >= 2."""
    gram = X @ X.T
    np.fill_diagonal(gram, -1)
    return float(gram.max())
