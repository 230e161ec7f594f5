"""Intervals of floats that are rounded as those of `recursions.v`, to see beforehand what they will show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import atan, inf, nextafter, pi, sqrt
from typing import TypeAlias

Interval: TypeAlias = tuple[float, float]
Run: TypeAlias = Callable[[Sequence[Interval]], Interval]
Box: TypeAlias = tuple[int, int, int]
"""A number between two quotients: both numerators, and the denominator."""

_WIDER, _SPARE = 1e-14, 4
"""How much atan is off at most, as a share; what part of its length an interval has to spare at its ends."""


@dataclass(frozen=True)
class Formula:
    """A formula in the language of `recursions.v`, and in intervals."""

    text: str
    run: Run


def number(value: int) -> Formula:
    """A whole number."""
    ends = _rounded(Fraction(value))
    return Formula(f"(Recursions.EN ({value}))", lambda _: ends)


def variable(k: int) -> Formula:
    """The k-th number of those that a formula sees."""
    return Formula(f"(Recursions.EV {k})", lambda seen: seen[k])


def binary(operator: str, left: Formula, right: Formula, name: str = "") -> Formula:
    """One of `+ - * /` between two formulas; `name` where the language has one for it and needs the right one alone."""
    own, f, g = _OPERATIONS[operator], left.run, right.run
    label = {"+": "EAdd", "-": "ESub", "*": "EMul", "/": "EDiv"}[operator]
    text = f"{name} {right.text}" if name else f"{label} {left.text} {right.text}"
    return Formula(f"(Recursions.{text})", lambda seen: own(f(seen), g(seen)))


def _outward(low: float, high: float) -> Interval:
    return nextafter(low, -inf), nextafter(high, inf)


def _rounded(value: Fraction) -> Interval:
    x = value.numerator / value.denominator
    return (x, x) if Fraction(x) == value else _outward(x, x)


def _add(x: Interval, y: Interval) -> Interval:
    return _outward(x[0] + y[0], x[1] + y[1])


def _sub(x: Interval, y: Interval) -> Interval:
    return _outward(x[0] - y[1], x[1] - y[0])


def _mul(x: Interval, y: Interval) -> Interval:
    ends = x[0] * y[0], x[0] * y[1], x[1] * y[0], x[1] * y[1]
    return _outward(min(ends), max(ends))


def _div(x: Interval, y: Interval) -> Interval:
    if y[0] <= 0 <= y[1]:
        return -inf, inf
    ends = x[0] / y[0], x[0] / y[1], x[1] / y[0], x[1] / y[1]
    return _outward(min(ends), max(ends))


_OPERATIONS = {"+": _add, "-": _sub, "*": _mul, "/": _div}
_ONE, _TWO, _UNIT = (1.0, 1.0), (2.0, 2.0), (0.0, 1.0)
_THIRD, _FIFTH, _SEVENTH, _NINTH = (_div(_ONE, (x, x)) for x in (3.0, 5.0, 7.0, 9.0))
_LAST = _div(_UNIT, (11.0, 11.0))
_OVER_PI = _div(_ONE, _outward(pi, pi))


def _sqrt(x: Interval) -> Interval:
    return _outward(sqrt(max(x[0], 0.0)), sqrt(max(x[1], 0.0)))


def _at(q: float) -> tuple[Interval, Interval]:
    """Half the angle of 1 - 2q, and pi/2 times what `arc1` adds there."""
    x = (q, q)
    s, c = _sqrt(x), _sqrt(_sub(_ONE, x))
    t = _div(s, c)
    if t[1] < 1 / 64:
        z = _mul(t, t)
        rest = _sub(_SEVENTH, _mul(z, _sub(_NINTH, _mul(z, _LAST))))
        rest = _sub(_THIRD, _mul(z, _sub(_FIFTH, _mul(z, rest))))
        k = _mul(_mul(t, z), rest)
        u = _sub(t, k)
        return u, _add(k, _mul(x, _sub(_mul(_TWO, u), t)))
    u = atan(t[0]) * (1 - _WIDER), atan(t[1]) * (1 + _WIDER)
    return u, _add(_sub(_mul(s, c), u), _mul(_TWO, _mul(u, x)))


def _join(x: Interval, y: Interval) -> Interval:
    return min(x[0], y[0]), max(x[1], y[1])


def _boxed(box: Box) -> Interval:
    low, high, unit = box
    return _rounded(Fraction(low, unit))[0], _rounded(Fraction(high, unit))[1]


def _within(box: Box, least: int, most: int) -> bool:
    low, high, unit = box
    return least * unit <= low and high <= most * unit


class Floats:
    """A correlation x, the first state, that moves by a share of `arc1(x) - x`, and other states that follow it.

    Args:
        steps: of the other states, in arc0(x), arc1(x), the states and the parameters.
        boxes: of the parameters; the first is the share.
        starts: boxes of the states at first.
    """

    def __init__(self, steps: Sequence[Run], boxes: Sequence[Box], starts: Sequence[Box]) -> None:
        self.steps, self.parameters = steps, [_boxed(box) for box in boxes]
        self.fits = _within(boxes[0], 0, 1) and _within(starts[0], -1, 1)
        first = _div(_sub(_ONE, _boxed(starts[0])), _TWO)
        self.q, self.others = self._cut(first), [_boxed(box) for box in starts[1:]]
        self.done = 0

    def decides(self, after: int, formula: Run, ends: tuple[Fraction, Fraction]) -> bool:
        """Whether a formula is seen between bounds, or beyond them, after so many steps, no fewer than before."""
        while self.fits and self.done < after:
            self._step()
        low, high = formula([self._x(), *self.others, *self.parameters])
        spare = (high - low) / _SPARE
        inside = ends[0] < low - spare and high + spare < ends[1]
        return self.fits and (inside or high < ends[0] or ends[1] < low)

    def _cut(self, q: Interval) -> Interval:
        return max(q[0], 0.0), min(q[1], 1.0)

    def _x(self) -> Interval:
        return _sub(_ONE, _mul(_TWO, self.q))

    def _step(self) -> None:
        self.done += 1
        low, high = self.q
        self.fits = high < 1
        if not self.fits:
            return
        (angle, gap), (wider, more) = _at(low), _at(high)
        share = _mul(self.parameters[0], _OVER_PI)
        arc0 = _sub(_ONE, _mul(_TWO, _mul(_OVER_PI, _join(angle, wider))))
        arc1 = _join(self._arc1(low, gap), self._arc1(high, more))
        seen = [arc0, arc1, self._x(), *self.others, *self.parameters]
        self.others = [step(seen) for step in self.steps]
        moved = (_sub((q, q), _mul(share, g)) for q, g in ((low, gap), (high, more)))
        self.q = self._cut(_join(*moved))

    def _arc1(self, q: float, gap: Interval) -> Interval:
        return _add(_sub(_ONE, _mul(_TWO, (q, q))), _mul(_TWO, _mul(_OVER_PI, gap)))
