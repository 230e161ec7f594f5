"""Arc-cosine functions in double precision, accurate to the last digits at both ends of [-1, 1].

A cosine is carried as the pair `v = 1 - u`, `w = 1 + u`: each is small where the other is near 2.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfcheck.errors import InputError
from mfcheck.kernels.formulas import gap_series

Array = NDArray[np.float64]

_SERIES_TERMS = 11
"""The first neglected term is below 1e-20 of the sum for angles up to `_SMALL`."""
_SMALL = 1.0
_ROUNDING = 2.0**-40
"""How far beyond 1 a cosine may lie: a Gram matrix of unit rows in up to 4000 dimensions, rounded."""


class Cosine(NamedTuple):
    """Cosines as `v = 1 - u` and `w = 1 + u`, arrays of one shape."""

    v: Array
    w: Array

    @property
    def angle(self) -> Array:
        """Angle arccos u, accurate at both ends."""
        return 2 * np.arctan2(np.sqrt(self.v), np.sqrt(self.w))

    @property
    def opposite(self) -> Array:
        """Angle pi - arccos u, accurate at both ends."""
        return 2 * np.arctan2(np.sqrt(self.w), np.sqrt(self.v))

    @property
    def u(self) -> Array:
        """The cosine itself."""
        return (self.w - self.v) / 2


def within(u: ArrayLike) -> Array:
    """Return cosines in [-1, 1]; what lies beyond by no more than rounding counts as the end itself.

    The Gram matrix of rows that were normalised in dimension d is off by at most about `(d + 4) 2^-52`.

    Raises:
        InputError: a value lies farther beyond than rounding explains, or is not a number.
    """
    values = np.asarray(u, dtype=float)
    if not np.all(np.abs(values) <= 1 + _ROUNDING):
        raise InputError("cosines must lie in [-1, 1]: are the points on the unit sphere?")
    return np.asarray(np.clip(values, -1.0, 1.0))


def cosine(u: ArrayLike) -> Cosine:
    """Return the pair of a cosine given as such; both differences are exact where they are small.

    Raises:
        InputError: as for `within`.
    """
    values = within(u)
    return Cosine(1 - values, 1 + values)


def from_distance(c: ArrayLike) -> Cosine:
    """Return the pair for two unit vectors at distance `c`.

    Raises:
        InputError: not all within [0, 2].
    """
    chord = np.asarray(c, dtype=float)
    if not np.all((chord >= 0) & (chord <= 2)):
        raise InputError("distances of unit vectors must lie in [0, 2]")
    return Cosine(chord**2 / 2, (2 - chord) * (2 + chord) / 2)


@lru_cache(maxsize=1)
def _series() -> Array:
    return np.array([float(c) for c in gap_series(_SERIES_TERMS)])


def pi_gap(angle: Array, sine: Array, cos: Array) -> Array:
    """Return `sin t - t cos t`, by its series where it cancels."""
    small = np.minimum(angle, _SMALL)
    series = small**3 * np.polynomial.polynomial.polyval(small**2, _series())
    return np.where(angle < _SMALL, series, sine - angle * cos)


def gap(x: Cosine) -> Array:
    """Return `k1(u) - u`."""
    return pi_gap(x.angle, np.sqrt(x.v * x.w), x.u) / np.pi


def k0(x: Cosine) -> Array:
    """Return the arc-cosine function of order 0."""
    return x.opposite / np.pi


def k1(x: Cosine) -> Array:
    """Return the arc-cosine function of order 1."""
    return pi_gap(x.opposite, np.sqrt(x.v * x.w), -x.u) / np.pi


def half_term(x: Cosine) -> Array:
    """Return `(k1 + u k0) / 2`, the kernel r_1; no difference of its terms cancels at the ends."""
    return (k1(x) + x.u * k0(x)) / 2
