"""Spherical codes: how many unit vectors have pairwise inner products at most `C_max`, bounded and certified.

2403.09889, Assumption 1 fixes `C_max < 1`; the number of data points is then at most `A(d, arccos C_max)`.

- d = 1 and the circle: exact.
- `C_max <= 0`: R. A. Rankin, Proc. Glasgow Math. Assoc. 2 (1955) 139-144; also exact where a code is known.
- else the linear programme of P. Delsarte, J. M. Goethals, J. J. Seidel, Geom. Dedicata 6 (1977) 363-388: if
  `f = sum_k f_k P_k` with the Gegenbauer polynomials `P_k`, `P_k(1) = 1`, has `f_0 > 0`, `f_k >= 0` and `f <= 0` on
  `[-1, C_max]`, there are at most `f(1)/f_0` points. The floating-point solution is rounded to rational numbers,
  and the conditions are then checked exactly.
- caps of half the angle are disjoint: a volume bound, for `C_max` so near 1 that the programme needs a high degree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import floor, isqrt
from typing import Literal, TypeAlias

import numpy as np
from flint import arb, ctx, fmpq, fmpq_poly
from numpy.polynomial import Chebyshev
from numpy.typing import NDArray
from scipy.optimize import linprog

from mfcheck.errors import InputError

FloatArray: TypeAlias = NDArray[np.float64]
Coefficients: TypeAlias = tuple[Fraction, ...]

DEGREE = 24
_GRID = 600
_ROUNDS = 6


@dataclass(frozen=True)
class Polynomial:
    """`f = sum_k f_k P_k = (t+1)^i (t-C)^j square^2 rest`, `ends = (i, j)`: a proof that `f <= 0` on `[-1, C]`.

    `square` and `rest` list powers of t, constant first. `rest` is positive on `[-1, C]` if j = 1, else negative.
    """

    gegenbauer: Coefficients
    square: Coefficients
    rest: Coefficients
    ends: tuple[int, int]

    @property
    def bound(self) -> Fraction:
        """`f(1)/f_0`, exactly."""
        return sum(self.gegenbauer, Fraction(0)) / self.gegenbauer[0]


@dataclass(frozen=True)
class CodeBound:
    """At most `bound` unit vectors in dimension `dimension` have pairwise inner products at most `cosine`."""

    dimension: int
    cosine: Fraction
    bound: Fraction
    method: Literal["rankin", "circle", "delsarte", "volume"]
    polynomial: Polynomial | None = field(default=None, repr=False)

    @property
    def n_max(self) -> int:
        """The bound as a number of points."""
        return floor(self.bound)


def n_max(dimension: int, C_max: Fraction | int | str, degree: int = DEGREE) -> CodeBound:
    """Bound the number of unit vectors in `R^dimension` with pairwise inner products at most `C_max`.

    Raises:
        InputError: the dimension is not positive, or `C_max` is not in [-1, 1).
    """
    C = Fraction(C_max)
    if not 1 <= dimension <= 10_000:
        raise InputError(f"the dimension of a spherical code must be 1 to 10000, not {dimension}")
    if not -1 <= C < 1:
        raise InputError(f"C_max must be in [-1, 1), not {C}: points may otherwise coincide")
    if C <= 0 or dimension == 1:
        return CodeBound(dimension, C, Fraction(rankin(dimension, C)), "rankin")
    if dimension == 2:
        return CodeBound(2, C, Fraction(circle(C)), "circle")
    volume = CodeBound(dimension, C, Fraction(cap_volume(dimension, C)), "volume")
    polynomial = delsarte(dimension, C, degree)
    if polynomial is None or floor(polynomial.bound) >= volume.bound:
        return volume
    return CodeBound(dimension, C, polynomial.bound, "delsarte", polynomial)


def rankin(d: int, C: Fraction) -> int:
    """Return the exact size for `C <= 0` (or d = 1): `min(d+1, 1 - 1/C)`, and 2d at C = 0 (Rankin 1955)."""
    if d == 1:
        return 2
    return 2 * d if C == 0 else min(d + 1, floor(1 - 1 / C))


def circle(C: Fraction) -> int:
    """Return `floor(2 pi / arccos C)` for 0 < C < 1: N points fit on the circle iff `cos(2 pi/N) <= C`."""
    with ctx.workprec(64):
        estimate = float(2 * arb.pi() / _arb(C).acos())
    size = max(1, floor(estimate) - 1)
    while _fits(size + 1, C):
        size += 1
    return size


def _fits(size: int, C: Fraction) -> bool:
    if Fraction(1, 2) == C:  # cos(2 pi/6); by Niven's theorem the only rational cosine in (0, 1)
        return size <= 6
    prec = 64
    while True:
        with ctx.workprec(prec):
            cosine, limit = arb.cos_pi_fmpq(fmpq(2, size)), _arb(C)
            if cosine < limit:
                return True
            if cosine > limit:
                return False
        prec *= 2


def cap_volume(d: int, C: Fraction) -> int:
    """Return a bound from disjoint caps of angular radius `theta/2`, `cos theta = C`, for d >= 2.

    The cap of radius r has the share `Gamma(x+1/2)/(sqrt(pi) Gamma(x)) int_0^r sin^(d-2)`, `x = (d-1)/2`, at least
    `sqrt(x - 1/4)/sqrt(pi) sin^(d-1)(r)/(d-1)` (G. N. Watson, Proc. Edinburgh Math. Soc. 11 (1959) 7-9), and
    `sin^2(theta/2) = (1-C)/2`. 355/113 exceeds pi.
    """
    return isqrt(
        floor((d - 1) ** 2 * Fraction(355, 113) * 4 / (2 * d - 3) * (2 / (1 - C)) ** (d - 1))
    )


# --- Delsarte's linear programme ---------------------------------------------------------------------


def delsarte(d: int, C: Fraction, degree: int = DEGREE) -> Polynomial | None:
    """Solve the programme in floating point and round it to an exact proof; None if none is found."""
    weights = _solve(d, float(C), degree)
    if weights is None:
        return None
    found = [_touching(d, C, weights), _shifted(d, C, weights)]
    proofs = [polynomial for polynomial in found if polynomial is not None]
    return min(proofs, key=lambda polynomial: polynomial.bound, default=None)


def gegenbauer_values(d: int, degree: int, t: FloatArray) -> FloatArray:
    """`P_k(t)`, k = 0..degree, `P_k(1) = 1`, shape (degree+1, len(t))."""
    values = [np.ones_like(t), t]
    for k in range(1, degree):
        values.append(((2 * k + d - 2) * t * values[k] - k * values[k - 1]) / (k + d - 2))
    return np.array(values[: degree + 1])


def gegenbauer_polynomials(d: int, degree: int) -> list[fmpq_poly]:
    """`P_k`, k = 0..degree, exactly."""
    t = fmpq_poly([0, 1])
    found = [fmpq_poly([1]), t]
    for k in range(1, degree):
        found.append((found[k] * t * (2 * k + d - 2) - found[k - 1] * k) / (k + d - 2))
    return found[: degree + 1]


def _solve(d: int, C: float, degree: int) -> FloatArray | None:
    """Minimise `sum_k f_k`, `f_0 = 1`, `f_k >= 0`, `f <= 0` on a grid that gains the maxima of f."""
    grid = (C - 1) / 2 - (1 + C) / 2 * np.cos(np.linspace(0, np.pi, _GRID))
    weights: FloatArray | None = None
    for _ in range(_ROUNDS):
        values = gegenbauer_values(d, degree, grid)
        limits = -np.ones(len(grid))
        solution = linprog(np.ones(degree), A_ub=values[1:].T, b_ub=limits, method="highs")
        if not solution.success:
            break
        weights = np.array([1.0, *np.asarray(solution.x, dtype=np.float64).clip(min=0.0)])
        peaks = _maxima(d, C, weights)
        heights = weights @ gegenbauer_values(d, degree, peaks)
        if not (heights > 1e-9).any():
            break
        grid = np.concatenate([grid, peaks])
    return weights


def _maxima(d: int, C: float, weights: FloatArray) -> FloatArray:
    """The critical points of f in (-1, C), shape (m,)."""
    degree = len(weights) - 1
    f = Chebyshev.interpolate(
        lambda t: weights @ gegenbauer_values(d, degree, t), degree, domain=[-1, C]
    )
    slope, bend = f.deriv(), f.deriv(2)
    roots = slope.roots()
    real = np.real(roots[np.abs(np.imag(roots)) < 1e-6])
    inside = real[(real > -1) & (real < C)]
    return np.asarray(inside[bend(inside) < 0], dtype=np.float64)


def _touching(d: int, C: Fraction, weights: FloatArray) -> Polynomial | None:
    """Build f from its roots, if those are rational with small denominators: then the optimum is exact."""
    values = weights @ gegenbauer_values(d, len(weights) - 1, np.array([-1.0, float(C)]))
    size = float(weights.sum())
    at_minus_one, at_C = (abs(float(value)) < 1e-6 * size for value in values)
    peaks = _maxima(d, float(C), weights)
    heights = weights @ gegenbauer_values(d, len(weights) - 1, peaks)
    touching = peaks[(heights > -1e-6 * size) & (peaks > -1 + 1e-3) & (peaks < float(C) - 1e-3)]
    square = fmpq_poly([1])
    for root in sorted({Fraction(float(t)).limit_denominator(60) for t in touching}):
        square *= fmpq_poly([_fmpq(-root), 1])
    return _proved(d, C, square, fmpq_poly([1]), (int(at_minus_one), 1)) if at_C else None


def _shifted(d: int, C: Fraction, weights: FloatArray) -> Polynomial | None:
    """Round the coefficients and lower `f_0` until `f < 0` on `[-1, C]` is certain."""
    size = float(weights.sum())
    rounded = [
        Fraction(round(w * 2**44), 2**44) if w > 1e-11 * size else Fraction(0) for w in weights
    ]
    basis = gegenbauer_polynomials(d, len(weights) - 1)
    excess = max(Fraction(0), _excess(d, C, rounded))
    for k in range(11, 3, -1):
        coefficients = [1 - excess - Fraction(1, 10**k), *rounded[1:]]
        f = sum((basis[i] * _fmpq(c) for i, c in enumerate(coefficients)), fmpq_poly([0]))
        polynomial = _proved(d, C, fmpq_poly([1]), f, (0, 0))
        if polynomial is not None:
            return polynomial
    return None


def _excess(d: int, C: Fraction, coefficients: Sequence[Fraction]) -> Fraction:
    """Approximate the largest value of f on [-1, C]."""
    weights = np.array([float(c) for c in coefficients])
    points = np.concatenate([[-1.0, float(C)], _maxima(d, float(C), weights)])
    return Fraction(float((weights @ gegenbauer_values(d, len(weights) - 1, points)).max()))


def _proved(
    d: int, C: Fraction, square: fmpq_poly, rest: fmpq_poly, ends: tuple[int, int]
) -> Polynomial | None:
    """Return `f = (t+1)^i (t-C)^j square^2 rest` if all conditions hold, decided in exact arithmetic."""
    f = fmpq_poly([1, 1]) ** ends[0] * fmpq_poly([_fmpq(-C), 1]) ** ends[1] * square**2 * rest
    coefficients = gegenbauer_coefficients(d, f)
    signed = rest if ends[1] else -rest
    if coefficients[0] <= 0 or min(coefficients) < 0 or not positive_on(signed, Fraction(-1), C):
        return None
    return Polynomial(coefficients, _coefficients(square), _coefficients(rest), ends)


def gegenbauer_coefficients(d: int, f: fmpq_poly) -> Coefficients:
    """Expand a polynomial in the `P_k` of dimension d, exactly."""
    found = []
    for k, basis in reversed(list(enumerate(gegenbauer_polynomials(d, max(1, f.degree()))))):
        found.append(_fraction(f[k] / basis[k]))
        f = f - basis * (f[k] / basis[k])
    return tuple(reversed(found))


def positive_on(f: fmpq_poly, low: Fraction, high: Fraction) -> bool:
    """Decide `f > 0` on `[low, high]` by Sturm's theorem."""
    if f(_fmpq(low)) <= 0 or f(_fmpq(high)) <= 0:
        return False
    chain = list(_sturm_chain(f))
    return _sign_changes(chain, low) == _sign_changes(chain, high)


def _sturm_chain(f: fmpq_poly) -> Iterator[fmpq_poly]:
    before, now = f, f.derivative()
    yield before
    while now.degree() >= 0:
        yield now
        before, now = now, -(before % now)


def _sign_changes(chain: list[fmpq_poly], t: Fraction) -> int:
    values = (f(_fmpq(t)) for f in chain)
    signs = [value > 0 for value in values if value != 0]
    return sum(a != b for a, b in pairwise(signs))


def _fmpq(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _arb(value: Fraction) -> arb:
    return arb(_fmpq(value))


def _coefficients(f: fmpq_poly) -> Coefficients:
    return tuple(_fraction(c) for c in f.coeffs())
