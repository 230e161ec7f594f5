"""Germs of the expressions of the grammar: what a function does on a whole half-line."""

from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any

import sympy as sp
from flint import arb

from mfcheck.rigor.closed_numbers import closed
from mfcheck.rigor.germs import ARGUMENT, Germ, Term, UnknownTailError, evaluate
from mfcheck.rigor.program import program
from mfcheck.rigor.real_functions import holds
from mfcheck.symbolic.activation import X

_ZERO, _ONE = arb(0), arb(1)
_UNIT = arb(0, 1)
_SMALLEST_START = 8


def tail(expr: sp.Expr, start: int) -> Germ:
    """Enclose `expr` (in `X`) for all `X >= start`; substitute `-X` for the other half-line.

    Raises:
        UnknownTailError: the behaviour there could not be enclosed.
    """
    if start < _SMALLEST_START:
        raise UnknownTailError(f"a tail starts at {_SMALLEST_START} or later")
    return _Walk(Germ(arb(start), ())).visit(expr)


class _Walk:
    """One walk over an expression; `empty` knows the half-line."""

    def __init__(self, empty: Germ) -> None:
        self.empty = empty
        self.known: dict[Any, Germ] = {}

    def visit(self, expr: sp.Expr) -> Germ:
        if expr not in self.known:
            self.known[expr] = self.translate(expr)
        return self.known[expr]

    def translate(self, expr: sp.Expr) -> Germ:
        if not expr.free_symbols:
            return self.empty.number(program(expr, ())(), closed(expr))
        if expr == X:
            return self.empty.of([Term(_ONE, sp.Integer(1))])
        if isinstance(expr, sp.Pow):
            return self.power(expr.base, expr.exp)
        if isinstance(expr, sp.Piecewise):
            return self.piecewise(expr)
        if type(expr) in _COMBINE:
            return reduce(_COMBINE[type(expr)], map(self.visit, expr.args))
        inner = self.visit(expr.args[0])
        if type(expr) in _SPECIAL:
            return _SPECIAL[type(expr)](inner)
        if inner.is_bounded():
            return inner.apply(expr.func(ARGUMENT))
        raise UnknownTailError(f"no enclosure of {expr.func.__name__} of a growing argument")

    def power(self, base: sp.Expr, exponent: sp.Expr) -> Germ:
        if exponent.is_Rational:
            return self.visit(base).power(exponent)
        return self.visit(sp.exp(exponent * sp.log(base)))

    def piecewise(self, expr: sp.Piecewise) -> Germ:
        for value, condition in expr.args:
            if condition in (True, sp.true):
                return self.visit(value)
            if not isinstance(condition, sp.core.relational.Relational):
                break
            sign = self.visit(condition.lhs - condition.rhs).sign()
            answer = None if sign is None else holds(condition.rel_op, arb(sign))
            if answer:
                return self.visit(value)
            if answer is None:
                break
        raise UnknownTailError("no branch is certain to apply")


def _exp(u: Germ) -> Germ:
    """Split the exponent: constants and decaying parts stay below, growing parts give the key."""
    exact = u.exact_constant()
    result = u.number(u.constant().exp(), None if exact is None else closed(sp.exp(exact)))
    decaying = u.of([t for t in u.terms if t.growth() == -1])
    for term in u.terms:
        if term.growth() in (0, -1):
            continue
        result = result.times(u.of([_exp_of_growing(term, u.start)]))
    return result.times(decaying.apply(sp.exp(ARGUMENT)))


def _exp_of_growing(term: Term, start: arb) -> Term:
    plain = term.exact_a == 0 and term.exact_b == 0
    if plain and term.k == 1:
        return Term(_ONE, b=term.c, exact_b=term.exact_c)
    if plain and term.k == 2:
        return Term(_ONE, a=term.c, exact_a=term.exact_c)
    if not term.c < 0:
        raise UnknownTailError("an exponential may grow faster than exp(c x^2)")
    least = term.smallest(start)
    for power in (2, 1):
        if plain and term.k < power:
            continue
        if not plain and not (term.b.lower() + 2 * term.a.lower() * start) * start >= power:
            continue
        # size(x) / x^power increases from `start` on, so the exponent lies below this one.
        rate = (term.c * least / start**power).upper()
        return Term(_ZERO.union(_ONE), b=rate) if power == 1 else Term(_ZERO.union(_ONE), a=rate)
    return Term(_ZERO.union((term.c * least).exp().upper()))


def _orient(u: Germ) -> tuple[int, Germ]:
    """Return the sign of a germ that grows, and its absolute value."""
    sign = u.sign()
    if not sign:
        raise UnknownTailError("the sign of a growing part is open")
    return sign, u if sign > 0 else u.negated()


def _tanh(u: Germ) -> Germ:
    if u.is_bounded():
        return u.apply(sp.tanh(ARGUMENT))
    sign, v = _orient(u)
    small = _exp(v.scaled(arb(-2)))
    weight = (_ONE / (_ONE + small.range().abs_upper())).union(_ONE)
    return u.number(_ONE).plus(small.scaled(-2 * weight)).scaled(arb(sign))


def _erfc(u: Germ) -> Germ:
    """Use `erfc(v) = exp(-v^2)/(v sqrt(pi)) w`, `1 - 1/(2v^2) <= w <= 1` (Abramowitz-Stegun 7.1.13)."""
    if u.is_bounded():
        return u.apply(sp.erfc(ARGUMENT))
    sign, v = _orient(u)
    least = v.lower_bound()
    if not least >= 1:
        raise UnknownTailError("the half-line starts too early for erfc")
    weight = (_ONE - _ONE / (2 * least * least)).lower().union(_ONE) / arb.pi().sqrt()
    small = _exp(v.times(v).negated()).times(v.power(sp.Integer(-1))).scaled(weight)
    return small if sign > 0 else u.number(arb(2)).plus(small.negated())


def _erf(u: Germ) -> Germ:
    if u.is_bounded():
        return u.apply(sp.erf(ARGUMENT))
    return u.number(_ONE).plus(_erfc(u).negated())


def _atan(u: Germ) -> Germ:
    if u.is_bounded():
        return u.apply(sp.atan(ARGUMENT))
    sign, v = _orient(u)
    small = v.power(sp.Integer(-1)).apply(sp.atan(ARGUMENT))
    return u.number(arb.pi() / 2, sp.pi / 2).plus(small.negated()).scaled(arb(sign))


def _log(u: Germ) -> Germ:
    """Use `log T(1+rho) = log c + k log x + b x + a x^2 + rho D`, `D` enclosing `1/(1+theta rho)`."""
    if u.is_bounded() and not u.constant().contains(0):
        return u.apply(sp.log(ARGUMENT))
    term, rho = u.leading()
    slope = evaluate(1 / ARGUMENT, _ONE.union(_ONE + rho.range()))
    exact = term.exact_c if term.exact_c is not None and term.exact_c.is_positive else None
    whole = [
        Term(
            evaluate(sp.log(ARGUMENT), term.c),
            exact_c=None if exact is None else closed(sp.log(exact)),
        ),
        Term(term.b, sp.Integer(1), exact_c=term.exact_b),
        Term(term.a, sp.Integer(2), exact_c=term.exact_a),
    ]
    if term.k != 0:
        # log(x)/sqrt(x) decreases for x >= e^2.
        span = _ZERO.union((u.start.log() / u.start.sqrt()).upper())
        whole.append(Term(span * int(term.k.p) / int(term.k.q), sp.Rational(1, 2)))
    return u.of(whole).plus(rho.scaled(slope))


def _asinh(u: Germ) -> Germ:
    if u.is_bounded():
        return u.apply(sp.asinh(ARGUMENT))
    sign, v = _orient(u)
    root = v.times(v).plus(u.number(_ONE)).power(sp.Rational(1, 2))
    return _log(v.plus(root)).scaled(arb(sign))


def _cosh(u: Germ) -> Germ:
    return _exp(u).plus(_exp(u.negated())).scaled(arb(0.5))


def _sinh(u: Germ) -> Germ:
    return _exp(u).plus(_exp(u.negated()).negated()).scaled(arb(0.5))


def _oscillating(function: Callable[[sp.Expr], sp.Expr]) -> Callable[[Germ], Germ]:
    def germ(u: Germ) -> Germ:
        return u.apply(function(ARGUMENT)) if u.is_bounded() else u.number(_UNIT)

    return germ


def _abs(u: Germ) -> Germ:
    sign = u.sign()
    if sign is not None:
        return u.scaled(arb(sign))
    return u.of([t.with_coefficient(_ZERO.union(t.c.abs_upper())) for t in u.terms])


def _sign(u: Germ) -> Germ:
    sign = u.sign()
    return u.number(_UNIT if sign is None else arb(sign))


def _maximum(u: Germ, v: Germ) -> Germ:
    return u.plus(v).plus(_abs(u.plus(v.negated()))).scaled(arb(0.5))


def _minimum(u: Germ, v: Germ) -> Germ:
    return _maximum(u.negated(), v.negated()).negated()


def _heaviside(u: Germ, at_zero: Germ) -> Germ:
    sign = u.sign()
    if sign is None:
        return u.number(_ZERO.union(_ONE).union(at_zero.range()))
    return at_zero if sign == 0 else u.number(arb(max(sign, 0)))


_COMBINE: Mapping[Any, Callable[[Germ, Germ], Germ]] = MappingProxyType(
    {
        sp.Add: Germ.plus,
        sp.Mul: Germ.times,
        sp.Max: _maximum,
        sp.Min: _minimum,
        sp.Heaviside: _heaviside,
    }
)

_SPECIAL: Mapping[Any, Callable[[Germ], Germ]] = MappingProxyType(
    {
        sp.exp: _exp,
        sp.log: _log,
        sp.tanh: _tanh,
        sp.erf: _erf,
        sp.erfc: _erfc,
        sp.atan: _atan,
        sp.asinh: _asinh,
        sp.sinh: _sinh,
        sp.cosh: _cosh,
        sp.sin: _oscillating(sp.sin),
        sp.cos: _oscillating(sp.cos),
        sp.Abs: _abs,
        sp.sign: _sign,
    }
)
