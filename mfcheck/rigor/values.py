"""Values of expressions at one exact point: a rational number stays exact, all else becomes a complex ball.

The walk is independent of SymPy's simplification: it asks it for the structure of an expression alone. Powers and
logarithms are principal, as in SymPy. What is not understood, infinite, or on a cut of an inverse function is nan.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import sympy as sp
from flint import acb, fmpq
from sympy.matrices.expressions.matexpr import MatrixElement

from mfcheck.rigor.real_functions import holds
from mfcheck.rigor.value_functions import BALL, CONSTANTS, EXACT, NAN, Value, ball
from mfcheck.symbolic.generic import s0, s1, s2, s3

_X = sp.Dummy("x", real=True)
_MAX_TERMS = 500
_MAX_EXPONENT = 10_000


class NotUnderstoodError(Exception):
    """An expression has a part without a value here; the message names it."""


def is_real(value: Value) -> bool:
    """Say whether the value is certain to be real."""
    return not isinstance(value, acb) or bool(value.imag.is_zero() and value.real.is_finite())


def disjoint(a: Value, b: Value) -> bool:
    """Say whether two values are certain to differ."""
    if isinstance(a, acb) or isinstance(b, acb):
        x, y = ball(a), ball(b)
        return bool(x.is_finite() and y.is_finite() and not x.overlaps(y))
    return bool(a != b)


def is_finite(value: Value) -> bool:
    """Say whether the value is a finite number or ball."""
    return not isinstance(value, acb) or bool(value.is_finite())


def rational_value(number: sp.Rational) -> fmpq:
    """Return an exact rational number."""
    return fmpq(int(number.p), int(number.q))


# An activation and its derivatives that meet every bound of Assumption 3 and satisfy no equation by chance.
_TRIAL = sp.sin(_X) + 2 * sp.tanh(_X / 3) + sp.Rational(1, 7)
_GENERIC = {kind: sp.diff(_TRIAL, _X, order) for order, kind in enumerate((s0, s1, s2, s3))}


@dataclass
class Hidden:
    """Values for the parts that are not understood: equal parts have equal values.

    Entries of arrays are free, so that any values do. All else is `open`: two such parts may be related, so that what
    looks different need not be.
    """

    rng: random.Random
    values: dict[object, Value] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def value(self, key: object, expr: sp.Basic) -> Value:
        """Return a rational number that meets what SymPy knows of the part."""
        if key not in self.values:
            number = fmpq(
                self.rng.randint(1, 60), 1 if expr.is_integer else self.rng.randint(7, 13)
            )
            negative = not expr.is_nonnegative and (expr.is_nonpositive or self.rng.random() < 0.5)
            self.values[key] = -number if negative else number
        return self.values[key]


@dataclass
class Walk:
    """One walk at one point: `point` gives symbols their values, `hidden` the parts that are not understood."""

    point: Mapping[sp.Basic, Value]
    hidden: Hidden | None = None
    inner: bool = False
    known: dict[sp.Basic, Value] = field(default_factory=dict)

    def value(self, expr: sp.Basic) -> Value:
        """Return the value of an expression.

        Raises:
            NotUnderstoodError: a part of it has no value here.
        """
        if expr not in self.known:
            self.known[expr] = self._value(expr)
        return self.known[expr]

    def truth(self, condition: Any) -> bool | None:
        """Return whether a condition holds, None if that is open."""
        if condition in (True, sp.true):
            return True
        if condition in (False, sp.false):
            return False
        if isinstance(condition, sp.And | sp.Or):
            answers = [self.truth(part) for part in condition.args]
            decisive = isinstance(condition, sp.Or)
            return decisive if decisive in answers else None if None in answers else not decisive
        if isinstance(condition, sp.Not):
            answer = self.truth(condition.args[0])
            return None if answer is None else not answer
        if isinstance(condition, sp.core.relational.Relational):
            gap = _plus(self.value(condition.lhs), _times(fmpq(-1), self.value(condition.rhs)))
            return holds(condition.rel_op, ball(gap).real) if is_real(gap) else None
        raise NotUnderstoodError(str(condition))

    def _value(self, expr: sp.Basic) -> Value:
        if expr in self.point:
            return self.point[expr]
        if isinstance(expr, sp.Rational):
            return rational_value(expr)
        if expr in CONSTANTS:
            return CONSTANTS[expr]()
        if isinstance(expr, sp.Add):
            return reduce(_plus, map(self.value, expr.args))
        if isinstance(expr, sp.Mul):
            return reduce(_times, map(self.value, expr.args))
        if isinstance(expr, sp.exp):
            return ball(self.value(expr.args[0])).exp() if expr.args[0] != 0 else fmpq(1)
        if isinstance(expr, sp.Pow):
            return power(self.value(expr.base), self.value(expr.exp))
        if isinstance(expr, sp.Piecewise):
            return self._piecewise(expr)
        if isinstance(expr, sp.Sum | sp.Product):
            return self._series(expr)
        if type(expr) in _GENERIC:
            return Walk({_X: self.value(expr.args[0])}).value(_GENERIC[type(expr)])
        if type(expr) in EXACT or type(expr) in BALL:
            return self._function(expr)
        if isinstance(expr, sp.Indexed | MatrixElement):
            return self._entry(expr)
        return self._unknown(expr)

    def _entry(self, expr: sp.Basic) -> Value:
        indices = [self.value(index) for index in expr.args[1:]]
        if self.hidden is None or any(isinstance(index, acb) for index in indices):
            return self._unknown(expr)
        return self.hidden.value((expr.args[0], tuple(map(str, indices))), expr)

    def _unknown(self, expr: sp.Basic) -> Value:
        """Return the value of a part that is taken as a whole."""
        if self.hidden is None or not isinstance(expr, sp.Expr):
            raise NotUnderstoodError(str(expr)[:60])
        self.hidden.open.add(str(expr.func))
        key: object = expr
        if isinstance(expr, sp.Function):
            operands = [self.value(part) for part in expr.args]
            if not any(isinstance(v, acb) for v in operands):
                key = (expr.func, tuple(map(str, operands)))
        elif (bound := expr.free_symbols & set(self.point)) and self.inner:
            key = (expr, tuple((str(x), str(self.point[x])) for x in sorted(bound, key=str)))
        return self.hidden.value(key, expr)

    def _piecewise(self, expr: sp.Piecewise) -> Value:
        for value, condition in expr.args:
            answer = self.truth(condition)
            if answer is True:
                return self.value(value)
            if answer is None:
                return NAN
        return NAN

    def _series(self, expr: sp.Sum | sp.Product) -> Value:
        if len(expr.limits) != 1 or len(expr.limits[0]) != 3:
            return self._unknown(expr)
        index, low, high = expr.limits[0]
        first, last = self.value(low), self.value(high)
        if not (_is_integer(first) and _is_integer(last) and -1 <= last - first <= _MAX_TERMS):
            return self._unknown(expr)
        start = fmpq(0) if isinstance(expr, sp.Sum) else fmpq(1)
        terms = (
            Walk({**self.point, index: fmpq(k)}, self.hidden, True).value(expr.function)
            for k in range(int(first.p), int(last.p) + 1)
        )
        return reduce(_plus if isinstance(expr, sp.Sum) else _times, terms, start)

    def _function(self, expr: sp.Function) -> Value:
        operands = [self.value(part) for part in expr.args]
        kind = type(expr)
        if kind in EXACT and not any(isinstance(v, acb) for v in operands):
            return EXACT[kind](*operands)
        if kind not in BALL:
            return self._unknown(expr)
        if not all(map(is_finite, operands)):
            return NAN
        return BALL[kind](*map(ball, operands))


def values_of(point: Mapping[sp.Basic, sp.Expr]) -> dict[sp.Basic, Value]:
    """Enclose exact coordinates at the working precision."""
    return {x: Walk({}).value(number) for x, number in point.items()}


def _plus(a: Value, b: Value) -> Value:
    if isinstance(a, acb) or isinstance(b, acb):
        return ball(a) + ball(b)
    return a + b


def _times(a: Value, b: Value) -> Value:
    if isinstance(a, acb) or isinstance(b, acb):
        return ball(a) * ball(b)
    return a * b


def _is_integer(value: Value) -> bool:
    return not isinstance(value, acb) and bool(value.q == 1)


def power(base: Value, exponent: Value) -> Value:
    """Return the principal power; nan for zero to a power whose real part is not positive."""
    if not isinstance(exponent, acb):
        if exponent.q == 1 and abs(exponent.p) <= _MAX_EXPONENT:
            return _integer_power(base, int(exponent.p))
        if exponent.q == 2 and not (isinstance(base, acb) and base.contains(acb(0))):
            return _integer_power(ball(base).sqrt(), int(exponent.p))
    if not isinstance(base, acb) and base == 0:
        return fmpq(0) if ball(exponent).real > 0 else NAN
    found = (ball(exponent) * ball(base).log()).exp()
    positive = is_real(base) and is_real(exponent) and ball(base).real > 0
    return acb(found.real) if positive else found


def _integer_power(base: Value, n: int) -> Value:
    if isinstance(base, acb):
        size = reduce(lambda z, bit: z * z * (base if bit == "1" else 1), f"{abs(n):b}", acb(1))
        return size if n >= 0 else 1 / size
    return NAN if base == 0 and n < 0 else base**n
