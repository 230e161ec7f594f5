"""Certificates that come by themselves: both sides of a comparison as formulas that `mfcheck.verify` can enclose.

Expectations and constants become parts of a bundle, in the order in which they need each other; what is not a formula,
such as the result of a recursion, has no certificate, and the reason is kept.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import sympy as sp
from flint import arb, ctx
from sympy.core.function import AppliedUndef

from mfcheck.checks.values import Where, evaluate
from mfcheck.claims.model import Context, Paper
from mfcheck.claims.setting import Parameter, Setting
from mfcheck.errors import InputError
from mfcheck.gaussian import E2
from mfcheck.gaussian.moments import specialised
from mfcheck.gaussian.nodes import outermost
from mfcheck.rigor import certificate as written
from mfcheck.rigor.ball import Exact, decimal_text, endpoints, rational
from mfcheck.rigor.certificate import Certificate, CertificateError
from mfcheck.rigor.certified_systems import System
from mfcheck.rigor.certified_systems import system as solved
from mfcheck.symbolic.activation import X
from mfcheck.verify import MAX_PARTS

Zeros = Mapping[sp.Symbol, sp.Expr]
"""Symbols whose values solve an equation, with a formula that vanishes there and changes its sign."""

Enclosed = Mapping[sp.Symbol, tuple[Certificate, str]]
"""Symbols that certificates of other kinds enclose, and the name of the value there: empty if it has one alone."""

WORK = 8_000_000
"""Steps of about a microsecond that the checker may spend on a certificate which nobody asked for."""
MOST_DIGITS = 8
_GUARD = 2


class NotStatedError(Exception):
    """Something in a comparison is no formula of the language of certificates; the message says what."""


@dataclass(frozen=True)
class Sides:
    """A comparison in formulas.

    Args:
        lhs: left side; None if it is no formula.
        rhs: right side.
        where: values of symbols in place of parameters and constants.
        zeros: which of them are zeros, and of what.
        setting: in which the formulas are meant; that of the check if None.
        systems: equations of which further symbols are the solutions.
        digits: to which a certificate states the value at most.
        enclosed: further symbols, each with the certificate that encloses it; equal names must be equal numbers.
    """

    lhs: sp.Expr | None
    rhs: sp.Expr | None
    where: Where = field(default_factory=dict)
    zeros: Zeros = field(default_factory=dict)
    setting: Setting | None = None
    systems: tuple[System, ...] = ()
    digits: int = 8
    enclosed: Enclosed = field(default_factory=dict)


@dataclass(frozen=True)
class Writer:
    """The parts of a bundle so far, in a setting of a paper.

    Args:
        paper: whose parameters and constants the formulas hold.
        setting: their values.
        digits: relative accuracy of the sides; parts on the way are two digits more accurate, and zeros four.
        inline: write expectations where they stand, and not as parts.
        spare: digits in which the checker is asked to be more accurate than the bounds of a side need.
    """

    paper: Paper | None
    setting: Setting
    digits: int
    inline: bool = False
    spare: int = 0
    parts: dict[str, Certificate] = field(default_factory=dict)
    names: dict[Any, sp.Symbol] = field(default_factory=dict)
    solved: dict[str, str] = field(default_factory=dict)

    def between(self, name: str, expr: sp.Expr, ends: written.Ends, sides: Sides) -> None:
        """Add the part that the expression lies between the ends."""
        settled = self._settled(expr, sides)
        room = (Fraction(ends[1]) - Fraction(ends[0])) / 2
        self._add(name, settled, *ends, digits=2 - math.ceil(math.log10(room)) + self.spare)

    def at_least(self, name: str, expr: sp.Expr, lower: str, sides: Sides) -> None:
        """Add the part that the expression is at least so much."""
        self._add(name, self._settled(expr, sides), lower, None)

    def _add(
        self,
        name: str,
        settled: sp.Expr,
        lower: str | None,
        upper: str | None,
        digits: int | None = None,
    ) -> None:
        """Add an inequality that the checker works out to so many decimal places."""
        if len(self.parts) >= MAX_PARTS:
            raise NotStatedError(f"more than {MAX_PARTS} parts")
        self.parts[name] = written.inequality(
            settled,
            self._inputs(settled),
            lower,
            upper,
            digits=self.digits + _GUARD + 1 if digits is None else digits,
        )

    def _settled(
        self, expr: sp.Expr, sides: Sides, free: frozenset[sp.Symbol] = frozenset()
    ) -> sp.Expr:
        """Return the expression over exact numbers, names of parts, and the free symbols."""
        expr = sp.sympify(expr)
        nodes = {node: self._expectation(node, sides, free) for node in outermost(expr)}
        expr = expr.xreplace(nodes)
        symbols = expr.free_symbols - free - set(self.names.values())
        bound = {x for f in expr.atoms(sp.Integral) for x in f.variables}
        known = bound | _ours(expr) | {sp.Symbol(name, real=True) for name in self.solved}
        values = {s: self._symbol(s, sides) for s in sorted(symbols - known, key=str)}
        return expr.xreplace(values)

    def _expectation(self, node: Any, sides: Sides, free: frozenset[sp.Symbol]) -> sp.Expr:
        varies = self.inline or bool(node.free_symbols & free)
        where = tuple((str(s), str(sides.where[s])) for s in sorted(sides.where, key=str))
        key = (self.setting, node, where)
        if key not in self.names or varies:
            body = self._mean(node, sides, free)
            if varies:
                return body
            name = sp.Symbol(f"mean_{len(self.names)}", real=True)
            value = evaluate(node, self.paper, self.setting, sides.where, self.digits + _GUARD + 4)
            self._add(name.name, body, *ends_of(value, self.digits + _GUARD))
            self.names[key] = name
        return self.names[key]

    def _mean(self, node: Any, sides: Sides, free: frozenset[sp.Symbol]) -> sp.Expr:
        count = 2 if isinstance(node, E2) else 1
        functions = [
            self._settled(specialised(part.expr, self._activation()), sides, free | {X})
            for part in node.args[:count]
        ]
        finer = replace(self, digits=self.digits + 1)  # what a mean depends on is known better
        rest = [finer._settled(part, sides, free) for part in node.args[count:]]
        if count == 1:
            (f,), (variance, mean) = functions, rest
            return written.normal(
                written.XI, f.xreplace({X: mean + sp.sqrt(variance) * written.XI})
            )
        scaled = [
            f.xreplace({X: sp.sqrt(v) * written.XI})
            for f, v in zip(functions, rest[:2], strict=True)
        ]
        return written.pair(written.XI, rest[2], *scaled)

    def _activation(self) -> Any:
        return self.setting.activation if self.setting.has_activation else None

    def _symbol(self, symbol: sp.Symbol, sides: Sides) -> sp.Expr:
        if symbol in sides.where:
            return self._given(symbol, sides.where[symbol], sides)
        if symbol in sides.enclosed:
            self.parts[symbol.name], output = sides.enclosed[symbol]
            self.solved[symbol.name] = f"{symbol.name}.{output}" if output else symbol.name
            return sp.Symbol(symbol.name, real=True)
        for system in sides.systems:
            if symbol in system.unknowns:
                return self._solution(symbol, system, sides)
            if symbol in system.quantities:
                return self._settled(system.quantities[symbol], sides)
        parameters = self.paper.parameters if self.paper is not None else ()
        for parameter in parameters:
            if parameter.symbol == symbol:
                return _number(self.setting[parameter.name])
        constants = self.paper.constants if self.paper is not None else ()
        for constant in constants:
            if constant.symbol == symbol:
                return self._constant(constant, sides)
        raise NotStatedError(f"{symbol} has no value")

    def _given(self, symbol: sp.Symbol, value: arb | Exact, sides: Sides) -> sp.Expr:
        if not isinstance(value, arb):
            return _number(rational(value))
        if value.is_exact():
            return _number(_fraction(value))
        if symbol not in sides.zeros:
            raise NotStatedError(f"{symbol} is a number without a formula")
        return self.zero(symbol, value, sides.zeros[symbol], sides)

    def zero(self, symbol: sp.Symbol, value: arb, vanishes: sp.Expr, sides: Sides) -> sp.Symbol:
        """Add the part that an expression vanishes between bounds of the value; return its name."""
        key = (self.setting, symbol, value.str(30))
        if key in self.names:
            return self.names[key]
        name = self.names[key] = sp.Symbol(f"zero_{len(self.names)}", real=True)
        rest = {s: v for s, v in sides.where.items() if s != symbol}
        inner = Sides(None, None, rest, sides.zeros)
        # Zeros on which this one depends have to be known better than it.
        finer = replace(self, digits=self.digits + 2 * _GUARD)
        settled = finer._settled(vanishes.xreplace({symbol: name}), inner, frozenset({name}))
        digits = self.digits + 2 * _GUARD
        lower, upper = ends_of(value, digits)
        inputs = {key: part for key, part in self._inputs(settled).items() if key != name.name}
        self.parts[name.name] = written.root(
            settled, name.name, lower, upper, inputs, digits=digits + _GUARD
        )
        return name

    def _solution(self, symbol: sp.Symbol, system: System, sides: Sides) -> sp.Symbol:
        """Add the part that the equations have one solution, once; return the name of an unknown."""
        names = {s: sp.Symbol(s.name, real=True) for s in system.unknowns}
        if symbol.name not in self.solved:
            part = f"system_{len(self.parts)}"
            free, inner = frozenset(names.values()), replace(sides, systems=())
            equations = [self._settled(f.xreplace(names), inner, free) for f in system.equations]
            # To the same digits in all comparisons: what was proved once need not be proved again.
            self.parts[part] = solved(
                equations, tuple(names.values()), system.values, MOST_DIGITS + _GUARD
            )
            self.solved.update({name.name: f"{part}.{name.name}" for name in names.values()})
        return names[symbol]

    def _inputs(self, settled: sp.Expr) -> dict[str, str]:
        free = settled.free_symbols - _ours(settled)
        return {s.name: self.solved.get(s.name, s.name) for s in sorted(free, key=str)}

    def _constant(self, constant: Any, sides: Sides) -> sp.Expr:
        if constant.value is None:
            inner = Sides(None, None, {}, sides.zeros, systems=sides.systems)
            return self._settled(constant.formula, inner)
        key = (self.setting, constant.id)
        if key in self.names:
            return self.names[key]
        part = (
            None
            if constant.certify is None
            else constant.certify(self.setting, self.digits + _GUARD)
        )
        if part is None or not {"lower", "upper"} <= set(part["claim"]):
            raise NotStatedError(f"the constant {constant.id} has no certificate")
        name = sp.Symbol(f"constant_{len(self.names)}", real=True)
        self.parts[name.name] = part
        self.names[key] = name
        return name


def zero_of(
    symbol: sp.Symbol,
    vanishes: sp.Expr,
    value: Callable[[Setting, int], arb],
    parameters: Sequence[Parameter],
) -> Callable[[Setting, int], Certificate | None]:
    """Return what certifies a constant that is a zero: see `certify` of `Constant`.

    Args:
        symbol: of the constant.
        vanishes: an expression in it and in parameters that vanishes there, and changes its sign.
        value: `(setting, digits) ->` the enclosed constant.
        parameters: of the paper.
    """

    def certify(setting: Setting, digits: int) -> Certificate | None:
        writer = Writer(None, setting, digits, inline=True)
        known: dict[sp.Symbol, arb | Exact] = {p.symbol: setting[p.name] for p in parameters}
        try:
            with ctx.workdps(digits + 30):
                at = value(setting, digits + 4 * _GUARD)
                sides = Sides(None, None, {**known, symbol: at}, {symbol: vanishes})
                return writer.parts[writer.zero(symbol, at, vanishes, sides).name]
        except (InputError, NotStatedError):
            return None

    return certify


def counted(
    context: Context,
    expr: sp.Expr,
    symbol: sp.Symbol,
    ends: tuple[Exact, Exact | None],
    count: int,
    reach: Exact | None = None,
    more: Mapping[str, Certificate] = MappingProxyType({}),
) -> Certificate | None:
    """Return an accepted certificate of how many zeros an expression has, None if there is none.

    Args:
        context: of the check.
        expr: smooth in the symbol, in which its expectations may vary; other symbols are parameters of the paper.
        symbol: the variable.
        ends: of the interval; without a second one it is a half-line.
        count: of the zeros.
        reach: of a half-line: a place beyond which bounds exclude a zero.
        more: certificates of what else the count rests on, by name.
    """
    writer = Writer(context.paper, context.setting, MOST_DIGITS, inline=True)
    try:
        settled = writer._settled(expr, Sides(None, None), frozenset({symbol}))
        made = written.zeros(settled, symbol.name, ends, count, reach=reach)
        found = written.bundle({"zeros": made, **more}) if more else made
        written.require_accepted(found, WORK)
    except (InputError, NotStatedError, CertificateError):
        return None
    return found


def _ours(expr: sp.Expr) -> set[sp.Symbol]:
    """The variables that means bind."""
    calls = [f for f in expr.atoms(AppliedUndef) if f.func.__name__ in ("normal", "pair", "series")]
    return {f.args[0] for f in calls}


def _number(value: Any) -> sp.Rational:
    exact = rational(value)
    return sp.Rational(exact.numerator, exact.denominator)


def _fraction(value: arb) -> Fraction:
    mantissa, exponent = (int(x) for x in value.mid().man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def ends_of(value: arb, digits: int) -> written.Ends:
    """Return bounds that leave the checker room: those of the ball, moved outwards by one unit of that digit.

    Raises:
        NotStatedError: the ball is not finite.
    """
    ends = endpoints(value)
    if ends is None:
        raise NotStatedError("a value is not finite")
    room = max(abs(ends[0]), abs(ends[1])) / 10**digits or Fraction(1, 10 ** (2 * digits))
    return tuple(  # type: ignore[return-value]
        decimal_text(end + sign * room, digits + 4, up=sign > 0)
        for end, sign in zip(ends, (-1, 1), strict=True)
    )


# --- comparisons -----------------------------------------------------------------------------------------------------


def comparison(
    context: Context,
    cases: Sequence[tuple[arb, arb, Sides | None]],
    relation: str,
    digits: float,
    work: int = WORK,
) -> Certificate:
    """Return an accepted certificate of comparisons that hold.

    Args:
        context: of the check.
        cases: both sides as balls, and as formulas.
        relation: of left to right: `==` puts both between the same bounds, as far apart as `digits` says.
        digits: relative, for `==`.
        work: steps that the checker may spend.

    Raises:
        NotStatedError: a side is no formula of the language, or the checker does not accept what was written.
    """
    most = min((sides.digits for *_, sides in cases if sides is not None), default=MOST_DIGITS)
    first = min(int(digits), most) if relation == "==" else _digits_of_gap(cases)
    # The sides may cancel, so that more digits are needed on the way.
    second = first if relation == "==" else MOST_DIGITS
    try:
        return _written(context, cases, relation, first, work)
    except CertificateError as error:
        if relation != "==" and first >= MOST_DIGITS:
            raise NotStatedError(str(error)) from None
    try:
        return _written(context, cases, relation, second, work, spare=4)
    except CertificateError as error:
        raise NotStatedError(str(error)) from None


def _written(
    context: Context,
    cases: Sequence[tuple[arb, arb, Sides | None]],
    relation: str,
    digits: int,
    work: int,
    spare: int = 0,
) -> Certificate:
    writer = Writer(context.paper, context.setting, digits, spare=spare)
    try:
        with ctx.workdps(writer.digits + 20):
            for k, (lhs, rhs, sides) in enumerate(cases):
                _compare(writer, k, lhs, rhs, relation, _completed(lhs, rhs, sides))
        found = written.bundle(writer.parts)
    except InputError as error:
        raise NotStatedError(str(error)) from None
    written.require_accepted(found, work)
    return found


def _completed(lhs: arb, rhs: arb, sides: Sides | None) -> Sides:
    """Numbers that are known exactly are formulas."""
    found = sides or Sides(None, None)
    both = [
        _number(_fraction(ball)) if expr is None and ball.is_exact() else expr
        for expr, ball in ((found.lhs, lhs), (found.rhs, rhs))
    ]
    for expr, name in zip(both, ("left", "right"), strict=True):
        if expr is None:
            raise NotStatedError(f"the {name} side is a number without a formula")
    return replace(found, lhs=both[0], rhs=both[1])


def _compare(writer: Writer, k: int, lhs: arb, rhs: arb, relation: str, sides: Sides) -> None:
    left, right = sp.sympify(sides.lhs), sp.sympify(sides.rhs)
    writer = replace(writer, setting=sides.setting or writer.setting)
    if relation == "==":
        ends = ends_of(lhs.union(rhs), writer.digits)
        writer.between(f"left_{k}", left, ends, sides)
        writer.between(f"right_{k}", right, ends, sides)
        return
    upward = "<" in relation
    gap = endpoints(rhs - lhs if upward else lhs - rhs)
    least = gap[0] if gap is not None else Fraction(0)
    lower = "0" if least <= 0 else decimal_text(least * Fraction(9, 10), 4, up=False)
    writer.at_least(f"gap_{k}", right - left if upward else left - right, lower, sides)


def _digits_of_gap(cases: Sequence[tuple[arb, arb, Sides | None]]) -> int:
    """Digits at which both sides of an inequality are apart, and three more."""
    shares = [abs(lhs - rhs) / abs(lhs).max(abs(rhs)) for lhs, rhs, _ in cases]
    least = min((float(share.lower()) for share in shares), default=1.0)
    return min(MOST_DIGITS, 3 + max(0, math.ceil(-math.log10(least)))) if least > 0 else MOST_DIGITS
