"""Odd polynomials near tanh, as hints for the theorems of `planes.v`, and about how near they are by its rules."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from mpmath import mp

_DIGITS = 100


@dataclass(frozen=True)
class Fit:
    """The polynomial `u Q(u^2)` for |u| <= reach, Q in units of 2^-bits, and its distances from tanh and 1 - tanh^2."""

    units: tuple[int, ...]
    bits: int
    reach: Fraction
    of_tanh: float
    of_slope: float


@lru_cache(maxsize=256)
def fitted(reach: Fraction, degree: int, bits: int) -> Fit | None:
    """Return a polynomial whose slope interpolates 1 - tanh^2 by one of an even degree; None if it is no use."""
    with mp.workdps(_DIGITS):
        r = mp.mpf(reach.numerator) / reach.denominator
        slopes = _even(_cosines_of_slope(r, degree), r)
        units = tuple(int(mp.nint(x / (2 * k + 1) * 2**bits)) for k, x in enumerate(slopes))
        q = [mp.mpf(u) / 2**bits for u in units]
        half = r * r / 2
        first, *others = _cosines(q, half)
        if first <= sum(map(abs, others)):
            return None
        square = [mp.mpf(0), *_product(q, q)]
        odds = [(2 * k + 1) * x for k, x in enumerate(q)]
        rest = _sum([mp.mpf(1)], [-x for x in _sum(square, odds)])
        d = sum(map(abs, _cosines(rest, half)))
        e = d * r
        return Fit(units, bits, reach, float(e), float(d + e * (2 + e)))


def _cosines_of_slope(r: Any, degree: int) -> list[Any]:
    """Interpolate 1 - tanh(r x)^2 in x by Chebyshev polynomials; the coefficients of even degrees."""
    n = degree + 1
    angles = [mp.pi * (2 * k + 1) / (2 * n) for k in range(n)]
    values = [mp.sech(r * mp.cos(angle)) ** 2 for angle in angles]
    found = []
    for j in range(0, n, 2):
        total = sum(v * mp.cos(j * angle) for v, angle in zip(values, angles, strict=True))
        found.append(total * (1 if j == 0 else 2) / n)
    return found


def _even(coefficients: list[Any], r: Any) -> list[Any]:
    """Sum c_j T_2j(u/r) as a polynomial in v = u^2: T_2j(x) = T_j(2 x^2 - 1)."""
    slope = 2 / (r * r)
    last, now = [mp.mpf(1)], [mp.mpf(-1), slope]
    total = [coefficients[0] * x for x in last]
    for c in coefficients[1:]:
        total = _sum(total, [c * x for x in now])
        twice = _product([mp.mpf(-2), 2 * slope], now)
        last, now = now, _sum(twice, [-x for x in last])
    return total


def _cosines(p: list[Any], half: Any) -> list[Any]:
    """A polynomial in v = half (1 + cos t) as a sum of cosines."""
    found: list[Any] = []
    for a in reversed(p):
        turned: list[Any] = []
        if found:
            later = [x / 2 for x in found[1:]]
            turned = _sum(later, [mp.mpf(0), found[0], *later])
        found = _sum([a], [half * x for x in _sum(found, turned)])
    return found


def _product(p: list[Any], q: list[Any]) -> list[Any]:
    found = [mp.mpf(0)] * (len(p) + len(q) - 1)
    for i, x in enumerate(p):
        for j, y in enumerate(q):
            found[i + j] += x * y
    return found


def _sum(p: list[Any], q: list[Any]) -> list[Any]:
    if len(p) < len(q):
        p, q = q, p
    return [x + y for x, y in zip(p, q, strict=False)] + p[len(q) :]
