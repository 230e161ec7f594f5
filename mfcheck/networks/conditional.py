"""Exact laws of the next pre-activations given this layer, without a matrix: for moments of very wide nets.

With fresh Gaussian weights the images of any columns are jointly Gaussian given them; so forward states, and tangents
of any order, of width 1e5 cost no more than their own size. There is no backward pass: it would need the weights.
"""

import math
from collections.abc import Sequence

import numpy as np

from mfcheck.networks.maps import Array
from mfcheck.networks.samplers import symmetric_stable


def gaussian_images(
    rng: np.random.Generator,
    columns: Array,
    *,
    sigma_w: float,
    sigma_b: float = 0.0,
    width: int | None = None,
    biased: Sequence[bool] | None = None,
) -> Array:
    """Return `W x + b` for all columns under one fresh W with entries N(0, sigma_w^2 / fan_in).

    The columns are factored as orthonormal columns times a triangle, and W takes orthonormal columns to independent
    Gaussian ones; small angles between columns keep their digits.

    Args:
        rng: source of randomness.
        columns: shape (nets, fan_in, k); k at most `fan_in`.
        sigma_w: standard deviation of the weights.
        sigma_b: standard deviation of the bias, one number per unit.
        width: number of units of the next layer; `fan_in` if None.
        biased: which columns receive the bias (states do, tangents do not); all if None.

    Returns:
        Array of shape (nets, width, k).
    """
    nets, fan_in, _ = columns.shape
    width = fan_in if width is None else width
    triangle = np.asarray(np.linalg.qr(columns, mode="r"))
    noise = rng.standard_normal((nets, width, triangle.shape[1]))
    images: Array = noise @ (triangle * (sigma_w / math.sqrt(fan_in)))
    if sigma_b:
        bias = sigma_b * rng.standard_normal((nets, width, 1))
        images += bias if biased is None else bias * np.asarray(biased, dtype=float)
    return images


def stable_images(
    rng: np.random.Generator,
    column: Array,
    *,
    alpha: float,
    sigma_w: float,
    sigma_b: float = 0.0,
    width: int | None = None,
) -> Array:
    """Return `W x + b` for one column under fresh stable weights, as in `draws.dense_stable`.

    Given the column the images are independent with `E exp(ith) = exp(-q |t|^alpha / 2)`,
    `q = sigma_w^alpha mean |x|^alpha + sigma_b^alpha`.

    Args:
        rng: source of randomness.
        column: shape (nets, fan_in, 1).
        alpha: index of the law, in (0, 2].
        sigma_w: scale of the weights.
        sigma_b: scale of the bias.
        width: number of units of the next layer; `fan_in` if None.

    Returns:
        Array of shape (nets, width, 1).
    """
    width = column.shape[1] if width is None else width
    q = sigma_w**alpha * np.mean(np.abs(column) ** alpha, axis=1, keepdims=True) + sigma_b**alpha
    scale = (q / 2) ** (1 / alpha)
    return np.asarray(scale * symmetric_stable(rng, alpha, (len(column), width, 1)))


def unit_row_images(
    rng: np.random.Generator, draws: int, fan_in: int, fan_out: int, *, orthogonal: bool = False
) -> Array:
    """Return `R x` for one unit vector x and fresh rows of norm one, as in `draws.weight_norm`.

    Every entry is a coordinate of a uniform point of the sphere: independent ones, or those of one point if the rows
    are orthonormal.

    Args:
        rng: source of randomness.
        draws: number of layers.
        fan_in: dimension of x.
        fan_out: number of rows, at most `fan_in` if they are orthonormal.
        orthogonal: whether they are.

    Returns:
        Array of shape (draws, fan_out).
    """
    u = rng.standard_normal((draws, fan_out))
    free = fan_in - fan_out if orthogonal else fan_in - 1
    shape = (draws, 1) if orthogonal else (draws, fan_out)
    rest = rng.chisquare(free, shape) if free else np.zeros(shape)
    squares = u * u
    total = squares.sum(axis=1, keepdims=True) if orthogonal else squares
    return np.asarray(u / np.sqrt(total + rest))
