"""Kernel matrices: by the certified interpolant, at one square root and one short polynomial an entry, and in balls."""

from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat, ctx
from numba import njit, prange
from numpy.typing import NDArray

from mfcheck.claims.setting import Point
from mfcheck.errors import InputError
from mfcheck.gaussian.dual import half_gram
from mfcheck.kernels.arccos import Cosine, cosine
from mfcheck.kernels.enclosure import Kernel
from mfcheck.kernels.flow import gram
from mfcheck.kernels.interpolant import SPLIT, TABLE_BINADES, Interpolant, interpolant
from mfcheck.rigor.eigen import FloatMatrix, Method, certified_lambda_min

Array = NDArray[np.float64]

_CLOSE = 1 / 64
"""Where 1 - |u| is smaller, it is computed from the difference (or sum) of the points, not from u."""

NORM_TOLERANCE = 1e-6

_BLOCK = 64

_BIAS = 1022
"""Exponent field of a double in [1/2, 1)."""
_SHIFT = 52 - SPLIT.bit_length() + 1


@njit(cache=True, inline="always")
def _entry(square, side, coefficients, centre, inverse):  # type: ignore[no-untyped-def]
    """Return the polynomial of the panel of `square` > 0 at its root."""
    bits = np.float64(square).view(np.int64)
    index = (_BIAS - (bits >> 52)) * SPLIT + ((bits >> _SHIFT) & (SPLIT - 1))
    if index < 0:  # square = 1, the upper end of the first panel
        index += 2 * SPLIT - 1
    if index >= TABLE_BINADES * SPLIT:
        index = np.int64(TABLE_BINADES * SPLIT - 1)
    t = (np.sqrt(square) - centre[index]) * inverse[index]
    row = coefficients[side, index]
    total = row[0]
    for k in range(1, row.shape[0]):
        total = total * t + row[k]
    return total


@njit(cache=True, inline="always")
def _value(v, w, coefficients, centre, inverse, at_minus_one):  # type: ignore[no-untyped-def]
    if v <= 1:
        return 1.0 if v <= 0 else _entry(v, 0, coefficients, centre, inverse)
    return at_minus_one if w <= 0 else _entry(w, 1, coefficients, centre, inverse)


@njit(cache=True, parallel=True)
def _on_pairs(v, w, out, coefficients, centre, inverse, at_minus_one):  # type: ignore[no-untyped-def]
    for i in prange(v.size):
        out[i] = _value(v[i], w[i], coefficients, centre, inverse, at_minus_one)


@njit(cache=True, parallel=True)
def _far(flat, coefficients, centre, inverse, at_minus_one):  # type: ignore[no-untyped-def]
    """Put values for the cosines that lose no digits, nan for the others."""
    for i in prange(flat.size):
        u = flat[i]
        if abs(u) <= 1 - _CLOSE:
            flat[i] = _value(1 - u, 1 + u, coefficients, centre, inverse, at_minus_one)
        else:
            flat[i] = np.nan


@njit(cache=True, parallel=True)
def _far_symmetric(gram, coefficients, centre, inverse, at_minus_one):  # type: ignore[no-untyped-def]
    """Do the same for a symmetric matrix, in blocks, each value once."""
    n = gram.shape[0]
    for block in prange((n + _BLOCK - 1) // _BLOCK):
        for start in range(0, (block + 1) * _BLOCK, _BLOCK):
            for i in range(block * _BLOCK, min(n, (block + 1) * _BLOCK)):
                for j in range(start, min(start + _BLOCK, i + 1)):
                    u = gram[i, j]
                    value = np.nan
                    if abs(u) <= 1 - _CLOSE:
                        value = _value(1 - u, 1 + u, coefficients, centre, inverse, at_minus_one)
                    gram[i, j] = value
                    gram[j, i] = value


@njit(cache=True, parallel=True)
def _near(gram, X, Y, coefficients, centre, inverse, at_minus_one):  # type: ignore[no-untyped-def]
    """Put values where there is a nan, from the difference and the sum of the two points."""
    for i in prange(gram.shape[0]):
        for j in range(gram.shape[1]):
            if np.isnan(gram[i, j]):
                minus, plus = 0.0, 0.0
                for k in range(X.shape[1]):
                    minus += (X[i, k] - Y[j, k]) ** 2
                    plus += (X[i, k] + Y[j, k]) ** 2
                v, w = minus / 2, plus / 2
                gram[i, j] = _value(v, w, coefficients, centre, inverse, at_minus_one)


@dataclass(frozen=True)
class FastKernel:
    """Applies a certified interpolant to arrays; `error` bounds each value at the cosine given."""

    table: Interpolant

    @property
    def error(self) -> float:
        """Certified bound on the error of a value."""
        return self.table.error

    def __call__(self, u: Array) -> Array:
        """Return r_L at cosines, an array of any shape.

        Raises:
            InputError: not all within [-1, 1], up to rounding.
        """
        return self.at(cosine(u))

    def at(self, x: Cosine) -> Array:
        """Return r_L at cosines given as `1 - u` and `1 + u`; shape of the cosines."""
        v, w = (np.ascontiguousarray(part, dtype=float).ravel() for part in x)
        out, t = np.empty_like(v), self.table
        _on_pairs(v, w, out, t.coefficients, t.centre, t.inverse, t.at_minus_one)
        return out.reshape(np.shape(x.v))

    def matrix(self, X: Array, Y: Array | None = None) -> Array:
        """Return the kernel matrix of unit rows X, shape (n, d), against Y, shape (m, d), or X itself.

        Distances of close and of nearly opposite points are computed from the points, so that no digits are lost.

        Raises:
            InputError: a row is not on the unit sphere.
        """
        X = _unit(X)
        other = X if Y is None else _unit(Y)
        gram = np.ascontiguousarray(X @ other.T)
        t = self.table
        table = (t.coefficients, t.centre, t.inverse, t.at_minus_one)
        if Y is None:
            _far_symmetric(gram, *table)
        else:
            _far(gram.reshape(-1), *table)
        _near(gram, X, other, *table)
        return gram


MOST_LAYERS = 500_000
"""Layers over all pairs of points up to which a matrix is enclosed in balls: seconds."""


def in_balls(n: int, depth: int) -> bool:
    """Whether `enclosed_matrix` of n points works in balls, of any accuracy, and not in double precision."""
    return n * (n - 1) // 2 * depth <= MOST_LAYERS


def enclosed_matrix(points: tuple[Point, ...], k: Kernel, digits: int) -> arb_mat | FloatMatrix:
    """Enclose the matrix of a residual kernel on points given exactly, shape (n, n).

    In balls, with cosines of that many digits, where all pairs have at most `MOST_LAYERS` layers together; else by the
    interpolant, each entry with a bound on its error, near 1e-15.

    Raises:
        InputError: the points are unusable.
    """
    n = len(points)
    if in_balls(n, k.depth):
        with ctx.workprec(k.prec):
            return gram(points, k, digits)
    half, fast = half_gram(points), FastKernel(interpolant(k))
    v, w, off = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    with ctx.workprec(128):
        for i in range(n):
            for j in range(i):
                v[i, j], v_off = _rounded(2 * (1 - half[i, j]))
                w[i, j], w_off = _rounded(2 * half[i, j])
                off[i, j] = v_off if v[i, j] <= 1 else w_off
    below = np.tril_indices(n, -1)
    mid, rad = np.eye(n), np.zeros((n, n))
    mid[below] = fast.at(Cosine(v[below], w[below]))
    # As a function of the root of the smaller of v and w the kernel is at most 1 in a disc of 2^(1/2) - 1 times it.
    rad[below] = 2 * off[below] + fast.error
    return FloatMatrix(mid + np.tril(mid, -1).T, rad + rad.T)


def _rounded(exact: arb) -> tuple[float, float]:
    """Return a number in double precision, and its relative error, rounded up; 0 and 0 for zero."""
    middle = float(exact.mid())
    if middle == 0:
        return (0.0, 0.0) if exact.is_zero() else (0.0, 1.0)
    return middle, 1.01 * float(((exact - middle) / middle).abs_upper())


def smallest_on(points: tuple[Point, ...], k: Kernel, digits: int, rel_bits: int = 20) -> arb:
    """Enclose the smallest eigenvalue of the matrix of a residual kernel on points, as `enclosed_matrix` gives it.

    Raises:
        InputError: the points are unusable.
    """
    return smallest_of(enclosed_matrix(points, k, digits), rel_bits)


def smallest_of(matrix: arb_mat | FloatMatrix, rel_bits: int = 20) -> arb:
    """Enclose lambda_min of an enclosed matrix; one in double precision stays in double precision."""
    method: Method = "float" if isinstance(matrix, FloatMatrix) else "auto"
    return certified_lambda_min(matrix, rel_bits, method=method).value


def _unit(X: Array) -> Array:
    points = np.ascontiguousarray(X, dtype=float)
    norms = np.linalg.norm(points, axis=1)
    off = np.flatnonzero(~(np.abs(norms - 1) <= NORM_TOLERANCE))
    if len(off):
        raise InputError(
            f"row {off[0] + 1} is off the unit sphere: its norm is {norms[off[0]]:.9g}"
        )
    return np.asarray(points / norms[:, None])
