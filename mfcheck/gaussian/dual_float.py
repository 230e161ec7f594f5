"""Dual kernels of many points at once: doubles with a-priori bounds of every rounding error.

Notation of Higham, Accuracy and Stability of Numerical Algorithms: `u = 2^-53`, `gamma_k = k u/(1 - k u)`.
An inner product of length d is exact up to `gamma_d` of the sum of absolute products in any order of
summation (3.3), Horner's rule of degree m up to `gamma_2m` of the polynomial of absolute values (5.3).
"""

from collections.abc import Sequence

import numpy as np
from flint import arb, arb_poly, ctx
from numpy.typing import NDArray

from mfcheck.gaussian.dual import DualKernel, exact_rows
from mfcheck.gaussian.series import Block
from mfcheck.rigor.ball import Exact
from mfcheck.rigor.eigen import FloatMatrix

Array = NDArray[np.float64]

_UNIT = 2.0**-53
_ROWS = 64
_SAFETY = 1 + 1e-9
"""Covers the roundings in the evaluation of the bounds themselves."""
_UNDERFLOW = 2.0**-1000
"""Covers what is lost below the normal doubles, at most 2^-1074 an operation."""


def float_kernel(kernel: DualKernel, points: Sequence[Sequence[Exact]], order: int) -> FloatMatrix:
    """Enclose the kernel of order 0, 1 or 2 at `c_ij = (1 + <x_i, x_j>)/2`, shape (n, n), in doubles.

    The diagonal is the exact total; off it the radius is some hundred units of the last place.

    Raises:
        InputError: bad points as for `half_gram`, an infinite diagonal, or too many terms needed.
    """
    c, radius = _half_gram(points)
    n = len(c)
    off = c[~np.eye(n, dtype=bool)]
    largest = min(1.0, float(np.nextafter(off.max(initial=0.0) + radius, 2)))
    block = kernel.series.block(arb(largest), order)
    mid, rad = _on_polynomial(block, order, c, radius)
    rad += float(block.remainder(arb(largest), order).upper()) * _SAFETY
    total = kernel.total(order)
    np.fill_diagonal(mid, float(total.mid()))
    np.fill_diagonal(rad, _gap(total, float(total.mid())))
    return FloatMatrix(mid, rad)


def _half_gram(points: Sequence[Sequence[Exact]]) -> tuple[Array, float]:
    """Return the rounded `c_ij` in [0, 1] and one bound of all their errors.

    A coordinate divided by the norm has a relative error of at most `gamma_(d+6)`: d+2 roundings in the
    squared norm, halved by the root, the root itself, the coordinate, and the quotient. The largest
    coordinate is 1 beforehand, so underflow costs less than the slack in the bound.
    """
    rows = exact_rows(points)
    scaled = np.array([[float(v / max(map(abs, row))) for v in row] for row in rows])
    unit = scaled / np.sqrt((scaled * scaled).sum(axis=1))[:, None]
    upper = np.triu(unit @ unit.T, 1)
    d = unit.shape[1]
    c = np.clip((1 + upper + upper.T) / 2, 0, 1)
    return c, _gamma(3 * d + 16) * _SAFETY


def _on_polynomial(block: Block, order: int, c: Array, radius: float) -> tuple[Array, Array]:
    """Return values of the polynomial at `c`, and bounds of the errors, those of `c` included."""
    exact = block.polynomials[order]
    values, lost = _rounded(exact)
    slopes, slopes_lost = _rounded(exact.derivative())
    mid, rad = np.empty_like(c), np.empty_like(c)
    gamma = _gamma(2 * block.count + 4)
    for first in range(0, len(c), _ROWS):
        part = c[first : first + _ROWS]
        value = _horner(values, part)
        slope = (
            _horner(slopes, np.minimum(np.nextafter(part + radius, 2), 1.0)) * (1 + 2 * gamma)
            + slopes_lost
        )
        mid[first : first + _ROWS] = value
        rad[first : first + _ROWS] = (
            2 * gamma * value + lost + radius * slope
        ) * _SAFETY + _UNDERFLOW
    return mid, rad


def _rounded(polynomial: arb_poly) -> tuple[list[float], float]:
    """Return nonnegative doubles near the coefficients, and a bound of the sum of all differences."""
    rounded = [max(0.0, float(a.mid())) for a in polynomial.coeffs()]
    with ctx.workprec(128):
        lost = sum(
            (_gap(a, value) for a, value in zip(polynomial.coeffs(), rounded, strict=True)), 0.0
        )
    return rounded, lost * _SAFETY


def _gap(a: arb, value: float) -> float:
    """Bound `|a - value|`."""
    with ctx.workprec(128):
        return float(abs(a - arb(value)).upper()) * _SAFETY


def _horner(coefficients: list[float], x: Array) -> Array:
    result = np.zeros_like(x)
    for a in reversed(coefficients):
        result *= x
        result += a
    return result


def _gamma(k: int) -> float:
    return k * _UNIT / (1 - k * _UNIT)
