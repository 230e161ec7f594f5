"""Exact point sets on the sphere: every inner product is a rational number.

A point of norm one comes from inverse stereographic projection of rational coordinates. The regular simplex and other
codes with equal inner products have no rational rows of norm one; there the rows are multiples of the points by a
rational factor, their norms within 1e-20 of one, and the points themselves (the rows divided by their norms) are exact.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import isqrt

import numpy as np

from mfcheck.claims.inequality import Array
from mfcheck.claims.setting import Point

Points = tuple[Point, ...]
_SCALE = 10**25


def inner(x: Point, y: Point) -> Fraction:
    """Return the inner product."""
    return sum((u * v for u, v in zip(x, y, strict=True)), Fraction(0))


def sphere_point(t: Sequence[Fraction], north: bool = True) -> Point:
    """Return the point of norm one whose stereographic image is `t`, in dimension `len(t) + 1`.

    `north` puts the last coordinate's sign: the image of zero is the pole (0, ..., 0, 1) or its antipode.
    """
    square = sum((v * v for v in t), Fraction(0))
    last = (1 - square) / (1 + square)
    return (*(2 * v / (1 + square) for v in t), last if north else -last)


def near(x: Array, denominator: int) -> Point:
    """Return a rational point of norm one near the unit vector `x`, shape (d,): coordinates of that denominator.

    The projection is from the pole on the other side, so that its coordinates are at most one.
    """
    north = bool(x[-1] >= 0)
    q, scale = denominator, denominator / (1 + abs(float(x[-1])))
    p = [round(float(v) * scale) for v in x[:-1]]
    square = sum(v * v for v in p)
    whole, last = q * q + square, q * q - square
    return (*(Fraction(2 * v * q, whole) for v in p), Fraction(last if north else -last, whole))


def angle(tangent: Fraction) -> tuple[Fraction, Fraction]:
    """Return cosine and sine of the angle whose half has that tangent: `t = 0` gives 0, `t = 1` a right angle."""
    square = tangent * tangent
    return (1 - square) / (1 + square), 2 * tangent / (1 + square)


def half_tangent(cosine: Fraction, denominator: int = 10**6) -> Fraction:
    """Return t such that the cosine of `angle(t)` is at most `cosine`, and near it, for -1 < cosine <= 1."""
    ratio = (1 - cosine) / (1 + cosine)
    square = ratio * denominator**2
    return Fraction(
        isqrt(-(-square.numerator // square.denominator) - 1) + 1 if square else 0, denominator
    )


def circle(n: int, denominator: int = 10**12) -> Points:
    """Return n points of the circle at equal angles, up to rounding of the half-angle's tangent."""
    tangents = np.tan(np.pi * (2 * np.arange(n) - n + 1) / (2 * n))
    return tuple(angle(Fraction(round(float(t) * denominator), denominator)) for t in tangents)


def cross_polytope(d: int) -> Points:
    """Return the 2 d points +-e_i."""
    axes = [tuple(Fraction(int(i == j)) for j in range(d)) for i in range(d)]
    return tuple(point for axis in axes for point in (axis, tuple(-v for v in axis)))


def simplex(n: int) -> Points:
    """Return n >= 2 points of R^n with all inner products -1/(n-1)."""
    return tuple(
        _nearly_unit(tuple(Fraction(int(i == j)) - Fraction(1, n) for j in range(n)))
        for i in range(n)
    )


def equal_inner_products(n: int, shift: Fraction) -> Points:
    """Return the n points `e_i + shift (1, ..., 1)` of R^n, normalised, whose inner products are all equal."""
    return tuple(_nearly_unit(tuple(shift + int(i == j) for j in range(n))) for i in range(n))


def equiangular(n: int, cosine: Fraction) -> Points:
    """Return n points of R^n whose inner products are all equal, and within 1e-24 of `cosine`, 0 <= cosine < 1.

    For `e_i + s (1, ..., 1)` they are `q/(1 + q)` with `q = 2s + n s^2`, so that `n s = (1 + n q)^(1/2) - 1`.
    """
    root = isqrt((1 + n * cosine / (1 - cosine)) * _SCALE**2 // 1)
    return equal_inner_products(n, (Fraction(root, _SCALE) - 1) / n)


def _nearly_unit(row: Point) -> Point:
    square = inner(row, row) * _SCALE**2
    norm = Fraction(isqrt(square.numerator // square.denominator), _SCALE)
    return tuple(v / norm for v in row)


def normalised_inner(x: Point, y: Point) -> tuple[Fraction, Fraction]:
    """Return `<x,y>` and `|x|^2 |y|^2`, from which the cosine between the rows follows."""
    return inner(x, y), inner(x, x) * inner(y, y)


def exceeds(x: Point, y: Point, cosine: Fraction) -> bool:
    """Return whether the cosine between two rows is greater than `cosine`, exactly."""
    product = inner(x, y)
    if product <= 0 <= cosine:
        return False
    return product * abs(product) > cosine * abs(cosine) * inner(x, x) * inner(y, y)


def same_direction(x: Point, y: Point) -> bool:
    """Return whether two rows are the same point of the sphere, exactly."""
    product, squares = normalised_inner(x, y)
    return product > 0 and product * product == squares


def distinct(points: Points) -> bool:
    """Return whether no two rows are the same point of the sphere, exactly."""
    return not any(same_direction(x, y) for x, y in combinations(points, 2))


def separated(points: Sequence[Point], cosine: Fraction) -> Points:
    """Return a greedy choice of the points, in order, in which no pair has a cosine greater than `cosine`."""
    chosen: list[Point] = []
    for point in points:
        if not any(exceeds(point, other, cosine) for other in chosen):
            chosen.append(point)
    return tuple(chosen)


def pair(d: int, tangent: Fraction) -> Points:
    """Return two points of dimension d >= 2 at the angle `angle(tangent)`, whose cosine is rational."""
    cosine, sine = angle(tangent)
    zero = (Fraction(0),) * (d - 2)
    return (Fraction(1), Fraction(0), *zero), (cosine, sine, *zero)


def near_pair(cosine: Fraction) -> Points:
    """Return two points of the plane whose inner product is at least `cosine`, and near it, for -1 < cosine < 1."""
    return pair(2, half_tangent(cosine, _SCALE) - Fraction(1, _SCALE))


def turned(point: Point, tangent: Fraction) -> Point:
    """Return the point turned by `angle(tangent)` in the plane of the first two coordinates, norm kept."""
    cosine, sine = angle(tangent)
    x, y, *rest = point
    return cosine * x - sine * y, sine * x + cosine * y, *rest
