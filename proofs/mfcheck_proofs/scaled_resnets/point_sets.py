"""Point sets of the sphere with exactly known inner products."""

from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from mfcheck.claims.setting import Point
from mfcheck.rigor.ball import exact


def circle(size: int) -> tuple[Point, ...]:
    """`size` points of the circle at nearly equal angles, rational and exactly of norm one.

    The half-angle tangent is rounded to 12 digits, so that inner products are exact rationals.
    """
    points = []
    for j in range(size):
        angle = sp.pi * (2 * j - size + 1) / (2 * size)  # half the angle, inside (-pi/2, pi/2)
        tangent = Fraction(str(sp.N(sp.tan(angle), 12)))
        square = tangent**2
        points.append(((1 - square) / (1 + square), 2 * tangent / (1 + square)))
    return tuple(points)


def equal_inner_products(size: int, inner: Fraction) -> tuple[Point, ...]:
    """`size` unit vectors with one pairwise inner product, up to normalisation: `e_i + s (1,...,1)`."""
    # (2s + size s^2) / (1 + 2s + size s^2) = inner
    ratio = inner / (1 - inner)
    root = sp.sqrt(1 + size * sp.Rational(ratio.numerator, ratio.denominator))
    s = Fraction(str(sp.N((root - 1) / size, 25)))
    return tuple(tuple(s + (i == j) for j in range(size)) for i in range(size))


def two_points(cosine: Fraction) -> tuple[Point, ...]:
    """Two unit vectors of the plane whose inner product is at least `cosine`, and close to it."""
    ratio = (1 - cosine) / (1 + cosine)
    half = sp.sqrt(sp.Rational(ratio.numerator, ratio.denominator))
    tangent = Fraction(str(sp.N(half, 20))) * (1 - Fraction(1, 10**15))  # rounded towards the pair
    square = tangent**2
    return ((Fraction(1), Fraction(0)), ((1 - square) / (1 + square), 2 * tangent / (1 + square)))


def largest_cosine(points: tuple[Point, ...]) -> arb:
    """Enclose the largest inner product of two different normalised points."""
    with ctx.workprec(200):
        norms = [sum((exact(x) ** 2 for x in p), arb(0)).sqrt() for p in points]
        best = arb(-1)
        for i, p in enumerate(points):
            for j in range(i):
                inner = sum((exact(a * b) for a, b in zip(p, points[j], strict=True)), arb(0))
                best = best.max(inner / (norms[i] * norms[j]))
        return best
