"""Data sets that papers about points of the sphere start from: built in, drawn, on a circle, from rounded numbers."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from mfcheck.claims.setting import Data
from mfcheck.errors import InputError
from mfcheck.points.sphere import sphere
from mfcheck.symbolic.circle import circle_points


def _row(*coordinates: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, coordinates))


FOUR = Data(
    points=(
        _row("1", "0", "0"),
        _row("0", "3/5", "4/5"),
        _row("-2/3", "-2/3", "1/3"),
        _row("2/7", "3/7", "-6/7"),
    ),
    labels=_row("1", "-1", "1", "-1"),
)
"""Four rational points of the sphere, every inner product exact, with labels of both signs."""


def rounded(X: ArrayLike, y: Iterable[float], origin: str, digits: int = 12) -> Data:
    """Return rows X, shape (n, d), with that many decimals, and whole labels y, shape (n,), as exact numbers."""
    points = tuple(tuple(Fraction(f"{v:.{digits}f}") for v in row) for row in np.asarray(X))
    return Data(points, tuple(Fraction(int(label)) for label in y), origin)


def random_data(rng: np.random.Generator, least: int = 2) -> Data:
    """Return `least` to 8 independent uniform points of a sphere of 2 to 6 dimensions, labels +1 and -1."""
    n, d = int(rng.integers(least, 9)), int(rng.integers(2, 7))
    return rounded(sphere(rng, n, d), rng.choice([-1, 1], size=n), "random sphere")


def circle_data(n: int, d: int) -> Data:
    """Return n rational points of a circle in d dimensions, labels +1, -1 alternating.

    Raises:
        InputError: in one dimension there are two unit points only.
    """
    if d == 1:
        raise InputError("the unit sphere of one dimension has two points")
    labels = tuple(Fraction((-1) ** i) for i in range(n))
    return Data(circle_points(n, d), labels, f"{n} rational points of a circle")
