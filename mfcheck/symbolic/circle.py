"""Rational points of the unit circle, distinct for every n: data sets as large as one likes, exactly."""

from fractions import Fraction

import sympy as sp

k = sp.Symbol("k", nonnegative=True)
CIRCLE = ((1 - k**2) / (1 + k**2), 2 * k / (1 + k**2))
"""A point for each k = 0, 1, 2, ..."""

IDENTITIES = ((CIRCLE[0] ** 2 + CIRCLE[1] ** 2, sp.Integer(1)), (CIRCLE[1] / (1 + CIRCLE[0]), k))
"""The points have norm one, and k is a function of the point: two different k give two different points."""

WORDS = (
    r"for every $n$ the points $(\frac{1 - k^2}{1 + k^2}, \frac{2k}{1 + k^2}, 0, \ldots)$, $k < n$, are distinct unit "
    "points, as $k$ is the second coordinate over one plus the first"
)


def circle_points(n: int, d: int) -> tuple[tuple[Fraction, ...], ...]:
    """Return the points k = 0, ..., n - 1 in dimension d >= 2, the other coordinates zero; shape (n, d).

    >>> circle_points(2, 3)[1]
    (Fraction(0, 1), Fraction(1, 1), Fraction(0, 1))
    """
    rows = []
    for i in range(n):
        x, y = (Fraction(int(v.p), int(v.q)) for v in (c.subs(k, i) for c in CIRCLE))
        rows.append((x, y, *[Fraction(0)] * (d - 2)))
    return tuple(rows)
