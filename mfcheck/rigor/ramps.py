"""Weighted sums of ramps over the directions of the plane: `p(v) = sum_i u_i (v_1 x_i + v_2)_+`.

Each ramp has its kinks at the directions `+-(1, -x_i)`. In the sector between two neighbouring kinks p is linear,
`p(v) = A v_1 + B v_2`, so that among unit vectors |p| is largest at an end, or at `+-(A, B)` with the value |(A, B)| if
that direction lies within.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias, TypeVar

from flint import arb

from mfcheck.rigor.ball import exact

Ball: TypeAlias = tuple[arb, arb]
"""A vector of the plane, enclosed."""
Number = TypeVar("Number", float, arb)


@dataclass(frozen=True)
class Sector:
    """Directions between two neighbouring kinks `first` and `last`, not normed, and the ramps that are active there."""

    first: tuple[Fraction, Fraction]
    last: tuple[Fraction, Fraction]
    active: tuple[int, ...]

    @property
    def sine(self) -> Fraction:
        """The cross product of both ends, which is positive."""
        return self.first[0] * self.last[1] - self.first[1] * self.last[0]

    @property
    def balls(self) -> tuple[Ball, Ball]:
        """Both ends at the working precision."""
        (c, d), (e, f) = self.first, self.last
        return (exact(c), exact(d)), (exact(e), exact(f))

    @cached_property
    def floats(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Both ends in double precision."""
        (c, d), (e, f) = self.first, self.last
        return (float(c), float(d)), (float(e), float(f))


def within(
    ends: tuple[tuple[Number, Number], tuple[Number, Number]], v: tuple[Number, Number]
) -> int | None:
    """Return 1 if a vector points into the sector, -1 if its opposite does, 0 if neither, None where that is open."""
    (c, d), (e, f) = ends
    left, right = c * v[1] - d * v[0], v[0] * f - v[1] * e
    if (left > 0 and right > 0) or (left < 0 and right < 0):
        return 1 if left > 0 else -1
    return 0 if (left > 0 and right < 0) or (left < 0 and right > 0) else None


def length(v: Ball) -> arb:
    """Return the length of a vector, also where its ball holds zero."""
    return (v[0] * v[0] + v[1] * v[1]).nonnegative_part().sqrt()


@dataclass(frozen=True)
class Place:
    """A direction where |p| is largest near by: the first end of a sector, or within it; and the sign of p there."""

    sector: Sector
    inside: bool
    sign: int


@dataclass(frozen=True)
class Ramps:
    """The ramps of distinct points x; weights beyond the length of `u` are zero throughout."""

    x: tuple[Fraction, ...]

    @cached_property
    def sectors(self) -> tuple[Sector, ...]:
        """The circle cut at the kinks, counterclockwise from that of the largest point."""
        order = sorted(range(len(self.x)), key=lambda i: -self.x[i])
        half = [(Fraction(1), -self.x[i]) for i in order]
        ends = half + [(-a, -b) for a, b in half] + half[:1]
        cuts = range(1, len(order) + 1)
        on = [tuple(order[:k]) for k in cuts] + [tuple(order[k:]) for k in cuts]
        return tuple(Sector(ends[k], ends[k + 1], active) for k, active in enumerate(on))

    def linear(self, sector: Sector, u: Sequence[arb]) -> Ball:
        """Return (A, B) of `p(v) = A v_1 + B v_2` in the sector."""
        on = [i for i in sector.active if i < len(u)]
        return sum((u[i] * exact(self.x[i]) for i in on), arb(0)), sum((u[i] for i in on), arb(0))

    def direction(self, place: Place, u: Sequence[arb]) -> Ball:
        """Return the unit vector of a place."""
        A, B = self.linear(place.sector, u) if place.inside else place.sector.balls[0]
        size = length((A, B)) * (place.sign if place.inside else 1)
        return A / size, B / size

    def largest(self, u: Sequence[arb]) -> arb:
        """Enclose the largest |p| over all directions."""
        found = arb(0)
        for sector in self.sectors:
            end, peak, side = self._sizes(sector, u)
            found = found.max(abs(end))
            if side != 0:
                found = found.max(arb(0).union(peak) if side is None else peak)
        return found

    def reaching(self, u: Sequence[arb], bound: arb) -> list[Place]:
        """Return all places where |p| < bound is not certain for some u in the box; signs where they are certain."""
        found = []
        for sector in self.sectors:
            end, peak, side = self._sizes(sector, u)
            if not abs(end) < bound:
                found.append(Place(sector, False, 1 if end > 0 else -1))
            if side != 0 and not peak < bound:
                found.append(Place(sector, True, side or 1))
        return found

    def _sizes(self, sector: Sector, u: Sequence[arb]) -> tuple[arb, arb, int | None]:
        """Return p at the first end, the length of (A, B), and whether that direction lies within."""
        v, ends = self.linear(sector, u), sector.balls
        end = (v[0] * ends[0][0] + v[1] * ends[0][1]) / length(ends[0])
        return end, length(v), within(ends, v)
