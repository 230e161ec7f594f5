"""Random matrices with exact laws: Haar orthogonal, unit rows, symmetric stable, Gaussian."""

import math

import numpy as np

from mfcheck.errors import InputError
from mfcheck.networks.maps import Array
from mfcheck.points.sphere import sphere


def gaussian(rng: np.random.Generator, shape: tuple[int, ...], sigma: float = 1.0) -> Array:
    """Return independent Gaussian numbers of mean 0 and standard deviation `sigma`."""
    values = rng.standard_normal(shape)
    if sigma != 1.0:
        values *= sigma
    return values


def haar(rng: np.random.Generator, nets: int, rows: int, columns: int | None = None) -> Array:
    """Return matrices with orthonormal rows (or columns, if there are more rows), shape (nets, rows, columns).

    They are a corner of a Haar orthogonal matrix: the factor Q of a Gaussian matrix, each column times the sign of the
    diagonal of R, without which the law is not invariant.
    """
    columns = rows if columns is None else columns
    tall = rng.standard_normal((nets, max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.copysign(1.0, np.diagonal(r, axis1=-2, axis2=-1))[:, None, :]
    return np.ascontiguousarray(q.swapaxes(-1, -2)) if columns > rows else np.asarray(q)


def pairs_of_columns(
    rng: np.random.Generator,
    nets: int,
    width: int,
    second_moment: float,
    correlation: float,
    pairs: int = 1,
) -> Array:
    """Return pairs of columns of exact second moment and correlation, in uniform directions: where networks start.

    Columns of different pairs are orthogonal.

    Args:
        rng: source of randomness.
        nets: number of networks.
        width: of each; at least twice the number of pairs.
        second_moment: mean square of the units of a column.
        correlation: of the two columns of a pair.
        pairs: how many pairs.

    Returns:
        Array of shape (nets, width, 2 pairs): first columns of all pairs, then second ones in the same order.
    """
    basis = haar(rng, nets, width, 2 * pairs)
    basis *= math.sqrt(width * second_moment)
    first, other = basis[..., :pairs], basis[..., pairs:]
    second = correlation * first + math.sqrt(1 - correlation**2) * other
    return np.concatenate([first, second], axis=2)


def unit_rows(rng: np.random.Generator, nets: int, rows: int, columns: int) -> Array:
    """Return matrices whose rows are independent and uniform on the sphere, shape (nets, rows, columns)."""
    return sphere(rng, nets * rows, columns).reshape(nets, rows, columns)


def symmetric_stable(rng: np.random.Generator, alpha: float, shape: tuple[int, ...]) -> Array:
    """Return independent symmetric stable numbers: `E exp(itS) = exp(-|t|^alpha)` (Chambers, Mallows and Stuck).

    At `alpha = 2` the variance is 2; at `alpha = 1` the law is Cauchy.

    Raises:
        InputError: `alpha` outside (0, 2].
    """
    if not 0 < alpha <= 2:
        raise InputError("a stable law has an index alpha in (0, 2]")
    if alpha == 2:
        return gaussian(rng, shape, math.sqrt(2))
    angle = rng.uniform(-math.pi / 2, math.pi / 2, shape)
    if alpha == 1:
        return np.tan(angle)
    waiting = rng.standard_exponential(shape)
    values: Array = np.sin(alpha * angle) * np.cos(angle) ** (-1 / alpha)
    values *= (np.cos((1 - alpha) * angle) / waiting) ** ((1 - alpha) / alpha)
    return values
