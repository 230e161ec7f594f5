"""Boxes of exact numbers, ends infinite or not, and points of them. Trusted."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from flint import arb, fmpq, fmpq_mpoly


@dataclass(frozen=True)
class Side:
    """The values of one variable; None is infinite."""

    low: fmpq | None = None
    high: fmpq | None = None
    low_closed: bool = False
    high_closed: bool = False


Box = tuple[Side, ...]


Point = list[fmpq]


Found = Literal[True] | Point
"""Whether a polynomial is nowhere negative, or a point of the closed box at which it is negative."""


class OpenError(Exception):
    """It takes too much work."""


def occurring(p: fmpq_mpoly) -> list[int]:
    """Return the places of the variables that occur."""
    return [k for k, d in enumerate(p.degrees()) if d]


def at(p: fmpq_mpoly, k: int, value: fmpq) -> fmpq_mpoly:
    """Return a polynomial with a number put in for one variable."""
    return p.subs({k: value})


def is_inside(v: fmpq, side: Side) -> bool:
    """Say whether a number is on a side, ends included that belong to it."""
    if side.low is not None and (v < side.low or (v == side.low and not side.low_closed)):
        return False
    return not (
        side.high is not None and (v > side.high or (v == side.high and not side.high_closed))
    )


def middle(box: Box) -> Point:
    """Return a point of short numbers strictly inside a box."""
    return [simplest(s.low, s.high) for s in box]


def corners(box: Box, used: Sequence[int]) -> Iterator[Point]:
    """Yield the corners of a box in the variables that are used, infinite ends left out."""
    ends = [[e for e in (box[k].low, box[k].high) if e is not None] for k in used]
    centre = middle(box)
    for values in itertools.product(*[e or [centre[k]] for k, e in zip(used, ends, strict=True)]):
        point = list(centre)
        for k, v in zip(used, values, strict=True):
            point[k] = v
        yield point


def moved_inside(p: fmpq_mpoly, point: Point, box: Box) -> Point | None:
    """Return a point of the box near one of its closure, the polynomial negative at both."""
    centre = middle(box)
    for n in range(40):
        part = fmpq(0) if not n else fmpq(1, 2**n)
        moved = [
            v if is_inside(v, s) else v + part * (m - v)
            for v, m, s in zip(point, centre, box, strict=True)
        ]
        if all(map(is_inside, moved, box)) and p(*moved) < 0:
            return moved
    return None


def simplest(low: fmpq | None, high: fmpq | None) -> fmpq:
    """Return the number of the smallest denominator strictly between two ends."""
    if (low is None or low < 0) and (high is None or high > 0):
        return fmpq(0)
    if low is None or low < 0:
        return -simplest(-high if high is not None else None, None if low is None else -low)
    whole = fmpq(low.floor())
    if high is None or whole + 1 < high:
        return whole + 1
    if not low < high:
        raise OpenError
    return whole + 1 / simplest(1 / (high - whole), None if low == whole else 1 / (low - whole))


def short(x: arb) -> fmpq:
    """Return a number of 30 binary places near another."""
    return fmpq(round(float(x) * 2**30), 2**30)
