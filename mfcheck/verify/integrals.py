"""Integrals inside formulas: `normal(x, f)`, the mean of f for a standard normal x, and `integral(x, a, b, f)`.

Gauss-Legendre rules on panels, with the error of an analytic function on an ellipse around the panel; panels are halved
until that is small, or the panel itself is. docs/certificates.md has the proof.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import cos, pi
from typing import Any

from . import trapezoid
from .columns import Column, Columns, columns, dot, is_wide, negative, plus, repeated, wide
from .columns import constant as constant_column
from .columns import exponential as exponential_of
from .columns import hull as hull_of
from .columns import times as times_each
from .formulas import (
    FUNCTIONS,
    Interval,
    Reader,
    cost_of,
    exact,
    finite,
    iv,
    sqrt,
    variable,
)
from .growth import GROWTH, VARIABLE, beyond, constant
from .parity import EVEN, PARITY
from .parity import VARIABLE as ODD
from .reading import UnprovedError, effort, need, prove
from .rectangles import Rectangle, decided, exponential, real, rectangles, times

_exp = FUNCTIONS["exp"]
RHO = 4
"""Sum of the semiaxes of the ellipse, in half-widths of the panel: 17/8 along the line and 15/8 across."""
MAX_PANELS = 1000
_ALONG, _ACROSS = Fraction(17, 8), Fraction(15, 8)


def precision() -> int:
    """What a witness asked for: see `inequality`."""
    return int(iv.prec - 100) // 2


def _legendre(n: int, x: Any) -> tuple[Any, Any]:
    """Return `P_(n-1)` and `P_n` at x."""
    before, here = x**0, x
    for k in range(1, n):
        before, here = here, ((2 * k + 1) * x * here - k * before) / (k + 1)
    return before, here


@lru_cache(maxsize=8)
def rule(n: int, prec: int) -> list[tuple[Interval, Interval]]:
    """Return nodes and weights of Gauss and Legendre on [-1, 1], n even.

    Each positive root is held between two numbers where `P_n` has different signs for certain; the weights are
    `2 (1 - x^2)/(n P_(n-1)(x))^2`. Intervals lose up to 2n bits on the way to `P_n`.
    """
    found, last = [], iv.mpf(1)
    spread = iv.mpf(2) ** (2 * n + 8 - prec)
    for k in range(n // 2):
        x = cos(pi * (k + 0.75) / (n + 0.5))
        for step in range(5 + (prec // 40).bit_length()):
            x = iv.mpf(x) if step == 5 else x
            before, here = _legendre(n, x)
            x = x - here * (1 - x * x) / (n * (before - x * here))
            x = x if step < 5 else x.mid
        node = iv.mpf([(x - spread).a, (x + spread).b])
        prove(node.a > 0 and node.b < last, "the nodes of the rule are not apart")
        ends = _legendre(n, node.a)[1] * _legendre(n, node.b)[1]
        prove(ends < 0, "a node of the rule is not proved")
        last = node.a
        weight = 2 * (1 - node**2) / (n * _legendre(n, node)[0]) ** 2
        found += [(node, weight), (-node, weight)]
    return found


def ellipse(a: Fraction, b: Fraction) -> Rectangle:
    """Return a rectangle around the upper half of the ellipse of a panel."""
    middle, half = (a + b) / 2, (b - a) / 2
    along, across = half * _ALONG, half * _ACROSS
    ends = iv.mpf([exact(middle - along).a, exact(middle + along).b])
    return Rectangle(ends, iv.mpf([0, exact(across).b]))


@dataclass(frozen=True)
class _Integrand:
    """A function on the line, bounds of it on rectangles, and what one value costs."""

    value: Callable[[Interval], Interval]
    many: Callable[[Fraction, Fraction], Column]
    """Its values at the nodes of a panel."""
    around: Callable[[Interval, Rectangle], Rectangle]
    price: float
    narrow: bool
    """Whether the numbers in it are known well enough for columns."""
    crude: Fraction = Fraction(1)
    """The longest panel on which bounds of the function may be enough."""

    def over(self, low: Fraction, high: Fraction) -> Interval:
        """Enclose the integral, panel by panel."""
        tiny = Fraction(1, 1 << precision())
        total, panels = iv.mpf(0), [(low, high)]
        for _ in range(MAX_PANELS):
            if not panels:
                return finite(total)
            a, b = panels.pop()
            error = self.error(a, b)
            if error is not None and error.b <= exact(tiny * (b - a)).a:
                total += self._by_rule(a, b) + iv.mpf([-1, 1]) * error
                continue
            crude = None if error is not None or b - a > self.crude else self._crude(a, b)
            if crude is not None and crude.delta.b <= exact(tiny / 64).a:
                total += crude
            else:
                panels += [(a, (a + b) / 2), ((a + b) / 2, b)]
        raise UnprovedError("the integrand is not known to be bounded, or varies too much")

    def error(self, a: Fraction, b: Fraction) -> Interval | None:
        """`8 M rho^-m/(rho - 1)` times half the width: m = 2n-1, `|f| <= M` on the upper half of the ellipse."""
        effort.spend(5 * self.price)
        try:
            size = self.around(hull(a, b), ellipse(a, b)).size()
        except UnprovedError:
            return None
        return 8 * size * exact((b - a) / 2) / ((RHO - 1) * RHO ** (2 * nodes() - 1))

    def _by_rule(self, a: Fraction, b: Fraction) -> Interval:
        effort.spend(200 * nodes() ** 2, once=("rule", iv.prec))
        half = exact((b - a) / 2)
        if self.narrow:
            try:
                return half * dot(_rule_columns(nodes(), iv.prec)[1], self.many(a, b), iv.prec)
            except UnprovedError:  # numbers of one fixed accuracy may not do
                pass
        effort.spend(nodes() * self.price)
        middle = exact((a + b) / 2)
        return half * sum(
            (w * self.value(middle + half * x) for x, w in rule(nodes(), iv.prec)), iv.mpf(0)
        )

    def _crude(self, a: Fraction, b: Fraction) -> Interval | None:
        try:
            return self.value(hull(a, b)) * exact(b - a)
        except UnprovedError:
            return None


@lru_cache(maxsize=16)
def _rule_columns(n: int, prec: int) -> tuple[Column, Column]:
    """Nodes and weights of the rule, as columns."""
    found = rule(n, prec)
    return columns([x for x, _ in found], prec), columns([w for _, w in found], prec)


def _nodes_on(a: Fraction, b: Fraction) -> Column:
    """The nodes of the rule on a panel."""
    x, prec = _rule_columns(nodes(), iv.prec)[0], iv.prec
    middle, half = (constant_column(exact(y), nodes(), prec) for y in ((a + b) / 2, (b - a) / 2))
    return plus(middle, times_each(half, x, prec))


def nodes() -> int:
    """How many nodes the rule has, by what a witness asked for."""
    return 2 * (precision() // 8 + 2)


def parity(reader: Reader, name: str, body: ast.expr) -> int:
    """Return 1 for what is even in a variable by its form, -1 for what is odd, 0 for all else."""
    even = {key: EVEN for key, x in reader.names.items() if not callable(x)}
    sign: int = reader.over(PARITY, {**even, name: ODD}).value(body).sign
    return sign


def continued(
    reader: Reader, name: str, body: ast.expr, here: Interval, around: Rectangle
) -> Rectangle:
    """Enclose, on a rectangle, the continuation of a formula in one variable from a part of the line in it."""
    numbers, chosen = {k: x for k, x in reader.names.items() if not callable(x)}, list[int]()
    reader.over(decided(chosen), {**numbers, name: here}).value(body)
    lifted = {**{k: real(x) for k, x in numbers.items()}, name: around}
    found: Rectangle = reader.over(rectangles(iter(chosen)), lifted).value(body)
    return found


def hull(a: Fraction, b: Fraction) -> Interval:
    """Return the interval from a to b."""
    return iv.mpf([exact(a).a, exact(b).b])


def normal(reader: Reader, args: list[ast.expr]) -> Interval:
    """The mean of the second argument for a standard normal first one."""
    need(len(args) == 2, "normal takes a variable and a formula")
    name, body = variable(reader, args[0]), args[1]
    numbers = {k: constant(x) for k, x in reader.names.items() if not callable(x)}
    growth = reader.over(GROWTH, {**numbers, name: VARIABLE}).value(body)
    reach, rest = beyond(growth, precision() + 6)
    sign = parity(reader, name, body)
    found = trapezoid.rule(reader, name, body, precision() + 6)
    if found is not None:
        level, error = found
        total = trapezoid.mean(reader, name, body, level, reach, sign)
        return finite(total + iv.mpf([-1, 1]) * (rest + error))
    scale = 1 / sqrt(2 * iv.pi)

    def value(x: Interval) -> Interval:
        return reader.at(name, x).value(body) * _exp(-(x**2) / 2) * scale

    def many(a: Fraction, b: Fraction) -> Column:
        x, prec = _nodes_on(a, b), iv.prec
        place = Columns(reader.at(name, hull(a, b)), prec, name, x, _BINDERS)
        square = times_each(
            x, times_each(x, constant_column(iv.mpf(-0.5), nodes(), prec), prec), prec
        )
        bell = times_each(exponential_of(square, prec), constant_column(scale, nodes(), prec), prec)
        return times_each(place.of(body), bell, prec)

    def around(x: Interval, z: Rectangle) -> Rectangle:
        square = Rectangle((z.im**2 - z.re**2) / 2, -z.re * z.im)
        bell = times(exponential(square), real(scale))
        return times(continued(reader, name, body, x, z), bell)

    known = not wide(reader, body)
    integrand = _Integrand(value, many, around, cost_of(body, iv.prec) + 150, known)
    panels = pairwise(map(Fraction, range(0 if sign == 1 else -reach, reach + 1)))
    total = sum((integrand.over(a, b) for a, b in panels), iv.mpf(0)) * (2 if sign == 1 else 1)
    return finite(total + iv.mpf([-1, 1]) * rest)


def integral(reader: Reader, args: list[ast.expr]) -> Interval:
    """The integral of the last argument over the first one between the two in the middle."""
    need(len(args) == 4, "integral takes a variable, two ends and a formula")
    low, high = (finite(reader.value(end)) for end in args[1:3])
    return _on_line(reader, args, low, high - low).over(Fraction(0), Fraction(1))


def _on_line(reader: Reader, args: list[ast.expr], low: Interval, width: Interval) -> _Integrand:
    """The integrand of an integral over [low, low + width], as a function on [0, 1]."""
    name, body = variable(reader, args[0]), args[3]

    def value(t: Interval) -> Interval:
        return reader.at(name, low + width * t).value(body) * width

    def many(a: Fraction, b: Fraction) -> Column:
        wide = constant_column(width, nodes(), iv.prec)
        place = plus(
            constant_column(low, nodes(), iv.prec), times_each(wide, _nodes_on(a, b), iv.prec)
        )
        here = reader.at(name, low + width * hull(a, b))
        key = (trapezoid.surroundings(reader, name), low._mpi_, width._mpi_, a, b)
        kept = trapezoid.memory.at(key)
        found = Columns(here, iv.prec, name, place, _BINDERS, kept=kept).of(body)
        return times_each(found, wide, iv.prec)

    def around(t: Interval, z: Rectangle) -> Rectangle:
        place = Rectangle(low + width * z.re, width * z.im)
        here = continued(reader, name, body, low + width * t, place)
        return times(here, real(width))

    nested = any(isinstance(x, ast.Name) and x.id == "integral" for x in ast.walk(body))
    crude, known = Fraction(1, 64) if nested else Fraction(1), not wide(reader, body)
    known = known and not (is_wide(low) or is_wide(width))
    return _Integrand(value, many, around, cost_of(body, iv.prec) + 50, known, crude)


MOST_INSIDE = 32
"""Panels of an integral that is taken for many places at once."""


def _inside(place: Columns, args: list[ast.expr]) -> Column:
    """An integral that depends on a name with many values: on panels that do for all of them."""
    need(len(args) == 4, "integral takes a variable, two ends and a formula")
    reader, prec, n = place.reader, iv.prec, nodes()
    name = variable(reader, args[0])
    low, high = (place.of(end) for end in args[1:3])
    width = plus(high, negative(low))
    integrand = _on_line(reader, args, hull_of(low, prec), hull_of(width, prec))
    total, error = constant_column(iv.mpf(0), place.size, prec), iv.mpf(0)
    weights = _rule_columns(n, prec)[1]
    for a, b, bound in _panels(integrand):
        error += bound
        x, (starts, widths) = _nodes_on(a, b), (repeated(y, n) for y in (low, width))
        values = plus(starts, times_each(widths, (x[0] * place.size, x[1] * place.size), prec))
        here = reader.at(name, hull_of(values, prec))
        inner = Columns(here, prec, name, values, _BINDERS, place, n).of(args[3])
        half = constant_column(exact((b - a) / 2), place.size, prec)
        sums = columns(
            [
                dot(weights, (inner[0][k : k + n], inner[1][k : k + n]), prec)
                for k in range(0, n * place.size, n)
            ],
            prec,
        )
        total = plus(total, times_each(half, sums, prec))
    room = constant_column(iv.mpf([-1, 1]) * error, place.size, prec)
    return plus(times_each(total, width, prec), room)


def _panels(integrand: _Integrand) -> list[tuple[Fraction, Fraction, Interval]]:
    """Return panels of [0, 1] with the errors of the rule, all small enough."""
    found: list[tuple[Fraction, Fraction, Interval]] = []
    tiny, panels = Fraction(1, 1 << precision()), [(Fraction(0), Fraction(1))]
    while panels:
        prove(len(panels) + len(found) <= MOST_INSIDE, "an integral inside that needs many panels")
        a, b = panels.pop()
        error = integrand.error(a, b)
        if error is not None and error.b <= exact(tiny * (b - a)).a:
            found.append((a, b, error))
        else:
            panels += [(a, (a + b) / 2), ((a + b) / 2, b)]
    return found


_BINDERS = {"integral": _inside}
