"""Certified smallest and largest eigenvalue of a symmetric matrix whose entries are known as (mid, radius).

Two routes, both with a rigorous lower and a rigorous upper bound: floating point (`_eigen_float`), and
ball arithmetic of rising precision (`_eigen_ball`) where rounding errors of doubles hide lambda_min.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.rigor._eigen_ball import Enclosure, enclose_balls
from mfcheck.rigor._eigen_float import enclose_floats

FloatArray: TypeAlias = NDArray[np.float64]
Method: TypeAlias = Literal["auto", "float", "ball"]


BALL_SIZE = 300
"""Largest n for which `auto` goes on in ball arithmetic."""


@dataclass(frozen=True)
class FloatMatrix:
    """All symmetric matrices `A`, shape (n, n), with `|A - mid| <= rad` entry by entry.

    Raises:
        InputError: not square, empty, not finite, a negative radius, or not symmetric.
    """

    mid: FloatArray
    rad: FloatArray

    def __post_init__(self) -> None:
        mid, rad = np.asarray(self.mid, dtype=float), np.asarray(self.rad, dtype=float)
        _check_shape(mid.shape)
        if rad.shape != mid.shape:
            raise InputError(f"radii of shape {rad.shape} do not fit a matrix of shape {mid.shape}")
        if not (np.isfinite(mid).all() and np.isfinite(rad).all()):
            raise InputError("the matrix has an entry that is not finite")
        if (rad < 0).any():
            raise InputError("the matrix has a negative radius")
        if not np.array_equal(mid, mid.T):
            raise InputError("the matrix is not symmetric")
        object.__setattr__(self, "mid", mid)
        object.__setattr__(self, "rad", np.maximum(rad, rad.T))


@dataclass(frozen=True)
class SmallestEigenvalue:
    """A certified enclosure `lower <= lambda_min <= upper` and what limits its width.

    `limit` is "" if the requested relative accuracy was reached, "entries" if the radii of the entries
    prevent it (enclose the entries at a higher precision), "precision" if `max_prec` does.
    `vector` is the test vector of the Rayleigh quotient (exact): a witness of the upper bound.
    """

    lower: arb
    upper: arb
    method: Literal["float", "ball"]
    precision: int
    limit: Literal["", "entries", "precision"]
    vector: tuple[arb, ...]

    @property
    def value(self) -> arb:
        """One ball that contains `[lower, upper]`."""
        with ctx.workprec(max(self.precision, 64)):
            return self.lower.union(self.upper)


def smallest_eigenvalue(matrix: arb_mat | FloatMatrix, rel_bits: int = 20) -> arb:
    """Return a ball that contains lambda_min of every symmetric matrix in `matrix`, shape (n, n).

    Raises:
        InputError: see `certified_lambda_min`.
    """
    return certified_lambda_min(matrix, rel_bits).value


def largest_eigenvalue(matrix: arb_mat | FloatMatrix, rel_bits: int = 20) -> arb:
    """Return a ball that contains lambda_max of every symmetric matrix in `matrix`, shape (n, n).

    It is minus lambda_min of minus the matrix.

    Raises:
        InputError: see `certified_lambda_min`.
    """
    negative = FloatMatrix(-matrix.mid, matrix.rad) if isinstance(matrix, FloatMatrix) else -matrix
    return -smallest_eigenvalue(negative, rel_bits)


def certified_lambda_min(
    matrix: arb_mat | FloatMatrix,
    rel_bits: int = 20,
    max_prec: int = 2048,
    method: Method = "auto",
) -> SmallestEigenvalue:
    """Enclose lambda_min of every symmetric matrix in `matrix`, shape (n, n).

    `auto` works in floating point and falls back to balls of rising precision if the enclosure is wider than
    `2^-rel_bits |lambda_min|` for another reason than the radii of the entries, and n is at most `BALL_SIZE`
    (ball arithmetic costs minutes beyond; ask for `ball` to have it nevertheless).

    Raises:
        InputError: not square, empty, not finite, not symmetric, or `float` asked for but out of range.
    """
    if not isinstance(matrix, FloatMatrix):
        _check_balls(matrix)
    quick = None
    if method != "ball":
        quick = _float_route(matrix, rel_bits)
        if method == "float" and quick is None:
            raise InputError("lambda_min of this matrix cannot be enclosed in floating point")
        if quick is not None and (method == "float" or not _ball_helps(matrix, quick)):
            return quick
    balls = _to_balls(matrix) if isinstance(matrix, FloatMatrix) else matrix
    return _ball_route(balls, rel_bits, max_prec)


def _ball_helps(matrix: arb_mat | FloatMatrix, quick: SmallestEigenvalue) -> bool:
    size = len(matrix.mid) if isinstance(matrix, FloatMatrix) else matrix.nrows()
    return quick.limit == "precision" and size <= BALL_SIZE


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
        raise InputError(f"a square, non-empty matrix is needed, not one of shape {shape}")


def _check_balls(matrix: arb_mat) -> None:
    n = matrix.nrows()
    _check_shape((n, matrix.ncols()))
    if not all(entry.is_finite() for entry in matrix.entries()):
        raise InputError("the matrix has an entry that is not finite")
    if not all(matrix[i, j].overlaps(matrix[j, i]) for i in range(n) for j in range(i)):
        raise InputError("the matrix is not symmetric")


def _limit(found: Enclosure, radii: arb, rel_bits: int) -> Literal["", "entries", "precision"]:
    """Say what keeps `found` from the relative accuracy `2^-rel_bits`, `radii` bounding their part."""
    with ctx.workprec(64):
        width = found.upper - found.lower
        if bool(width <= found.lower.union(found.upper).abs_lower() * arb(2) ** -rel_bits):
            return ""
        return "entries" if bool(width < 8 * radii) else "precision"


def _float_route(matrix: arb_mat | FloatMatrix, rel_bits: int) -> SmallestEigenvalue | None:
    floats = matrix if isinstance(matrix, FloatMatrix) else _to_floats(matrix)
    found = None if floats is None else enclose_floats(floats.mid, floats.rad)
    if found is None:
        return None
    limit = _limit(found, _radii(matrix), rel_bits)
    return SmallestEigenvalue(found.lower, found.upper, "float", 53, limit, found.vector)


def _ball_route(matrix: arb_mat, rel_bits: int, max_prec: int) -> SmallestEigenvalue:
    radii, prec = _radii(matrix), min(128, max_prec)
    while True:
        found = enclose_balls(matrix, radii, rel_bits, prec)
        limit = _limit(found, radii, rel_bits)
        if limit != "precision" or prec >= max_prec:
            lower, upper, vector = found.lower, found.upper, found.vector
            return SmallestEigenvalue(lower, upper, "ball", prec, limit, vector)
        prec = min(2 * prec, max_prec)


def _radii(matrix: arb_mat | FloatMatrix) -> arb:
    """The largest row sum of the radii, which bounds how far they can move lambda_min."""
    with ctx.workprec(64):
        if isinstance(matrix, FloatMatrix):
            return (arb(float(matrix.rad.sum(axis=1).max())) * (1 + arb(2) ** -20)).upper()
        rows = range(matrix.nrows())
        sums = [sum((matrix[i, j].rad() for j in rows), arb(0)).upper() for i in rows]
        return max(sums, key=float)


def _to_balls(matrix: FloatMatrix) -> arb_mat:
    pairs = zip(matrix.mid, matrix.rad, strict=True)
    return arb_mat(
        [[arb(float(m), float(r)) for m, r in zip(*pair, strict=True)] for pair in pairs]
    )


def _to_floats(matrix: arb_mat) -> FloatMatrix | None:
    """Round the midpoints to double; the radii then include that rounding. None if out of range."""
    n = matrix.nrows()
    mid, rad = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            middle = float(matrix[i, j].mid())
            if not math.isfinite(middle):
                return None
            error = float((matrix[i, j] - middle).abs_upper())
            mid[i, j] = mid[j, i] = middle
            rad[i, j] = rad[j, i] = math.nextafter(error, math.inf)
    return FloatMatrix(mid, rad) if np.isfinite(rad).all() else None
