"""Wasserstein distances of weighted points on the line, by coupling equal quantiles (optimal for every p >= 1)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from mfcheck.errors import InputError

Array = NDArray[np.float64]


def first(
    x: ArrayLike, y: ArrayLike, u: ArrayLike | None = None, v: ArrayLike | None = None
) -> float:
    """Return W1 of points x (n,) with weights u and y (m,) with weights v; equal weights if None."""
    first, second = _pair(x, y)
    weights = _weights(first, u), _weights(second, v)
    return float(stats.wasserstein_distance(first, second, *weights))


def distance(
    x: ArrayLike,
    y: ArrayLike,
    u: ArrayLike | None = None,
    v: ArrayLike | None = None,
    p: float = 2.0,
) -> float:
    """Return Wp of points x (n,) with weights u (n,) and y (m,) with weights v (m,); equal weights if None.

    Raises:
        InputError: p is below 1, a weight is negative, or weights do not fit the points.

    >>> distance([0.0, 1.0], [2.0, 3.0])
    2.0
    """
    if p < 1:
        raise InputError("a Wasserstein distance needs p >= 1")
    mass, left, right = coupling(x, y, u, v)
    return float((mass @ np.abs(left - right) ** p) ** (1 / p))


def coupling(
    x: ArrayLike, y: ArrayLike, u: ArrayLike | None = None, v: ArrayLike | None = None
) -> tuple[Array, Array, Array]:
    """Return masses (k,), and the places (k,) they move from and to, of the coupling of equal quantiles."""
    first, second = _pair(x, y)
    u, v = _weights(first, u), _weights(second, v)
    order, other = np.argsort(first, kind="stable"), np.argsort(second, kind="stable")
    ends, stops = np.cumsum(u[order]), np.cumsum(v[other])
    ends, stops = ends / ends[-1], stops / stops[-1]
    levels = np.unique(np.concatenate([ends, stops]))
    i = np.minimum(np.searchsorted(ends, levels), len(first) - 1)
    j = np.minimum(np.searchsorted(stops, levels), len(second) - 1)
    return np.diff(levels, prepend=0.0), first[order][i], second[other][j]


def _pair(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if first.ndim != 1 or second.ndim != 1 or not first.size or not second.size:
        raise InputError("a distance on the line needs two lists of points")
    return first, second


def _weights(points: Array, weights: ArrayLike | None) -> Array:
    if weights is None:
        return np.full(len(points), 1 / len(points))
    found = np.asarray(weights, dtype=np.float64)
    if found.shape != points.shape or np.any(found < 0) or not found.sum() > 0:
        raise InputError("weights must be as many as the points, not negative, and not all zero")
    return found
