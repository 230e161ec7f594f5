"""lambda_min of a symmetric floating-point matrix with radii, by a-priori rounding error bounds.

Source of the lower bound: S. M. Rump, *Verification of positive definiteness*, BIT 46 (2006) 433-452. If the
floating-point Cholesky factorisation of `A - sI` runs to its end, `lambda_min(A) >= s - e` with `e` known
a priori. The upper bound is a Rayleigh quotient. Radii enter by Weyl's inequality.

What is assumed of the linear algebra library: IEEE doubles rounded to nearest, and sums of products evaluated
in any order, with or without fused operations (so no fast matrix multiplication of Strassen's kind).
"""

from typing import TypeAlias

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray
from scipy.linalg import cho_solve

from mfcheck.rigor._eigen_ball import Enclosure, smallest_estimate

FloatArray: TypeAlias = NDArray[np.float64]

UNIT_ROUNDOFF = 2.0**-53
_PREC = 128  # for the few scalars; any precision is rigorous
_LARGEST = 2.0**400  # entries in this range keep every intermediate result clear of overflow


def enclose_floats(mid: FloatArray, rad: FloatArray) -> Enclosure | None:
    """Enclose lambda_min over all symmetric `A`, shape (n, n), with `|A - mid| <= rad`.

    Returns None if the entries are out of range or no factorisation succeeds: nothing is then known.
    """
    size = max(float(np.abs(mid).max()), float(rad.max()))
    if not 1 / _LARGEST < size < _LARGEST:
        return None
    with ctx.workprec(_PREC):
        estimate = smallest_estimate(mid)
        found = None if estimate is None else _shifted_cholesky(mid, estimate)
        if found is None:
            return None
        bound, factor = found
        vector = _inverse_iteration(factor)
        lower = (bound - _row_sum_norm(rad)).lower()
        upper = rayleigh_upper(mid, rad, vector)
        return Enclosure(lower, upper, tuple(arb(float(x)) for x in vector))


def gamma(k: int) -> arb:
    """`k u / (1 - k u)`: the relative error of k roundings (Higham 2002, Lemma 3.1)."""
    return arb(k) * UNIT_ROUNDOFF / (1 - arb(k) * UNIT_ROUNDOFF)


def _above(computed: float, roundings: int) -> arb:
    """An upper bound of a nonnegative number computed without subtraction in `roundings` roundings."""
    return arb(computed) / (1 - gamma(roundings))


def _row_sum_norm(rad: FloatArray) -> arb:
    """An upper bound of the spectral norm of every symmetric `|E| <= rad`, shape (n, n)."""
    return _above(float(rad.sum(axis=1).max()), rad.shape[0])


def cholesky_bound(diagonal: FloatArray) -> arb:
    """Return `e` with `lambda_min(A - sI) >= -e` if Cholesky of `M = fl(A - sI)` ran to its end.

    `L L^T = M + E` with `|E_ij| <= g/(1-g) sqrt(m_ii m_jj)`, hence `|E|_2 <= g/(1-g) tr M` (Demmel 1989;
    Higham 2002, Theorem 10.3; Rump 2006), here with `g = gamma(n+4)` instead of `gamma(n+1)`, which lets a
    library multiply by rounded reciprocals of the pivots. Added are the rounding of the subtraction, at most
    `u |a_ii - s|` each, and underflow: (n+1) eta max(1, sqrt(m_jj)) for each entry of `E`, eta <= 2^-1022.

    `diagonal`, shape (n,), is that of `M`.
    """
    n = len(diagonal)
    g = gamma(n + 4)
    subtraction = arb(float(np.abs(diagonal).max())) * 2 * UNIT_ROUNDOFF
    return g / (1 - g) * _above(float(np.abs(diagonal).sum()), n) + subtraction + _underflow(n)


def _underflow(n: int) -> arb:
    return arb(2) ** -800 * (n + 1) ** 2


def _shifted_cholesky(mid: FloatArray, estimate: float) -> tuple[arb, FloatArray] | None:
    """Return a lower bound of lambda_min(mid) and the Cholesky factor of the shifted matrix."""
    diagonal = mid.diagonal()
    size = abs(estimate) + float(np.abs(diagonal).max())
    step = 1.5 * float(cholesky_bound(diagonal - estimate).upper()) + 4 * UNIT_ROUNDOFF * size
    for shift in (estimate - step, estimate - 10 * step, estimate - 100 * step):
        shifted = mid.copy()
        np.fill_diagonal(shifted, diagonal - shift)
        try:
            factor = np.asarray(np.linalg.cholesky(shifted), dtype=np.float64)
        except np.linalg.LinAlgError:
            continue
        if np.isfinite(factor).all():
            return arb(shift) - cholesky_bound(shifted.diagonal()), factor
    return None


def _inverse_iteration(factor: FloatArray) -> FloatArray:
    """Approximate the eigenvector of the smallest eigenvalue, shape (n,), largest entry 1."""
    vector: FloatArray = np.random.default_rng(0).uniform(1.0, 2.0, size=(len(factor),))
    for _ in range(3):
        vector = np.asarray(cho_solve((factor, True), vector, check_finite=False))
        vector = vector / np.abs(vector).max()
    return np.asarray(vector, dtype=np.float64)


def rayleigh_upper(mid: FloatArray, rad: FloatArray, vector: FloatArray) -> arb:
    """Return an upper bound of `v^T A v / v^T v` over `|A - mid| <= rad`; `v` has shape (n,), `max|v| = 1`.

    `|fl(v^T (A v)) - v^T A v| <= gamma(2n) |v|^T |A| |v|` in any order of summation (Higham 2002, 3.5).
    """
    n = len(vector)
    size = np.abs(vector)
    spread = _above(float(size @ (np.abs(mid) @ size)), 2 * n + 1)
    radii = _above(float(size @ (rad @ size)), 2 * n + 1)
    numerator = arb(float(vector @ (mid @ vector)))
    numerator += gamma(2 * n) * spread + radii + _underflow(n)
    square = arb(float(vector @ vector)) / (1 + arb(0, 1) * gamma(n))
    return (numerator / (square + arb(0, 1) * _underflow(n))).upper()
