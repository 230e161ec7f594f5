"""Whether a formula rises or falls in one input on a box, also where its slope has no bound at an end.

A formula with a derivative here (`slopes.py`) has no maximum and no step in that input, so that it is continuous where
it has values. If it has them on the whole box, and its derivative exists and has one sign between the ends, it is
monotone on the whole box, ends included. A derivative exists where nothing in it is divided by zero: each divisor has a
sign between the ends, though it may be zero at one of them, as 2 sqrt(x) at 0.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .formulas import (
    FUNCTIONS,
    INTERVALS,
    Interval,
    Reader,
    cost,
    cost_of,
    exact,
    finite,
    iv,
    parse,
)
from .reading import UnprovedError, effort, number, prove
from .slopes import slope

_End = Interval | None


@dataclass(frozen=True)
class Sided:
    """Bounds of what a part may be between the ends, None where there is none."""

    low: _End
    high: _End

    @staticmethod
    def of(x: Interval) -> "Sided":
        """Return both bounds of an interval."""
        return Sided(x.a, x.b)

    @property
    def sign(self) -> int:
        """1 if it is nowhere negative, -1 if nowhere positive, 0 if that is open."""
        if self.low is not None and self.low >= 0:
            return 1
        return -1 if self.high is not None and self.high <= 0 else 0

    @property
    def interval(self) -> Interval:
        """Both bounds, which have to be there."""
        if self.low is None or self.high is None:
            raise UnprovedError("a part without bounds near an end")
        return iv.mpf([self.low.a, self.high.b])


def _negative(x: Sided) -> Sided:
    return Sided(None if x.high is None else -x.high, None if x.low is None else -x.low)


def _outwards(low: _End, high: _End) -> Sided:
    return Sided(None if low is None else low.a, None if high is None else high.b)


def _sum(x: _End, y: _End) -> _End:
    return None if x is None or y is None else x + y


def _add(x: Sided, y: Sided) -> Sided:
    return _outwards(_sum(x.low, y.low), _sum(x.high, y.high))


def _product(x: _End, y: _End) -> _End:
    return None if x is None or y is None else x * y


def _multiply(x: Sided, y: Sided) -> Sided:
    """By bounds on both sides, or by signs."""
    if None not in (x.low, x.high, y.low, y.high):
        return Sided.of(x.interval * y.interval)
    if x.sign < 0:
        return _negative(_multiply(_negative(x), y))
    if y.sign < 0:
        return _negative(_multiply(x, _negative(y)))
    prove(x.sign > 0 and y.sign > 0, "a product of what has no bound near an end and no sign")
    return _outwards(_product(x.low, y.low), _product(x.high, y.high))


class Slope:
    """The derivative of a formula in a name between the ends of a box.

    Args:
        formula: what is differentiated.
        name: the input.
        names: intervals of all inputs.
        ends: the two ends of the input, as intervals.
    """

    def __init__(
        self,
        formula: Any,
        name: str,
        names: Mapping[str, Interval],
        ends: tuple[Interval, Interval],
    ) -> None:
        self.name, self.names, self.ends = name, {**FUNCTIONS, **names}, ends
        self.text = slope(formula, name)

    def bounds(self) -> Sided:
        """Return bounds of the derivative between the ends.

        Raises:
            UnprovedError: it is not known to exist.
        """
        return self._of(parse(self.text))

    def _written(self, node: ast.expr) -> str:
        return self.text[node.col_offset : node.end_col_offset]

    def _value(self, node: ast.expr, end: Interval | None = None) -> Interval:
        """A part in intervals, on the box or at an end."""
        effort.spend(cost_of(node, iv.prec))
        names = self.names if end is None else {**self.names, self.name: end}
        return finite(Reader(self.text, names, INTERVALS).value(node))

    def _of(self, node: ast.expr) -> Sided:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _negative(self._of(operand))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _add(self._of(left), self._of(right))
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return _add(self._of(left), _negative(self._of(right)))
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return _multiply(self._of(left), self._of(right))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _multiply(self._of(left), self._inverse(right))
        return Sided.of(self._value(node))

    def _inverse(self, node: ast.expr) -> Sided:
        value = self._of(node)
        if value.sign < 0:
            raise UnprovedError("a divisor that may be negative near an end")
        prove(self._positive(node), "a division by zero is not excluded")
        least, most = value.low, value.high
        low = iv.mpf(0) if most is None else (1 / most).a
        return Sided(low, None if least is None or not least > 0 else (1 / least).b)

    def _positive(self, node: ast.expr) -> bool:
        """Whether a part is positive between the ends; at an end it may be zero."""
        if self._value(node).a > 0:
            return True
        match node:
            case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
                return self._positive(argument)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
                return self._positive(left) and self._positive(right)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant() as right):
                return number(self._written(right)) > 0 and self._positive(left)
        return self._leaves_zero(node)

    def _leaves_zero(self, node: ast.expr) -> bool:
        """Whether a part is not negative at one end, and has a slope that leads away from it."""
        text = slope(self._written(node), self.name)
        effort.spend(cost(text, iv.prec))
        rises = finite(Reader(text, self.names, INTERVALS).value(parse(text)))
        if rises.a > 0:
            return bool(self._value(node, self.ends[0]).a >= 0)
        return bool(rises.b < 0 and self._value(node, self.ends[1]).a >= 0)


def direction(formula: Any, name: str, names: Mapping[str, Interval], ends: Any) -> int:
    """Return 1 if a formula that has values on the box rises in an input, -1 if it falls, 0 if neither is known."""
    low, high = ends
    try:
        found = Slope(formula, name, names, (exact(low), exact(high))).bounds()
    except UnprovedError:
        return 0
    return found.sign
