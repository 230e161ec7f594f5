"""Terms as straight-line programs over balls and over Taylor series with ball coefficients. Trusted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

from flint import arb, arb_series, ctx

from mfcheck.lemma import balls
from mfcheck.lemma.terms import Term, body_of, order

Value: TypeAlias = Any
"""A ball where the variable of the series does not occur, else a series."""


@dataclass(frozen=True, slots=True)
class Step:
    """One node: how its ball and its series come from those of its arguments."""

    args: tuple[int, ...]
    natural: Callable[[list[arb]], arb]
    series: Callable[[list[Value], arb], Value]
    free: frozenset[str]


class Program:
    """Encloses terms at balls for the variables; made for the working precision of that moment."""

    def __init__(self, roots: Sequence[Term], variables: Sequence[str]) -> None:
        self.variables = tuple(variables)
        self.prec = ctx.prec
        nodes = order(roots)
        place = {node: k for k, node in enumerate(nodes)}
        self.roots = [place[r] for r in roots]
        self.inputs: dict[int, int] = {}
        self.steps = [self._step(node, place) for node in nodes]

    def _step(self, node: Term, place: dict[Term, int]) -> Step:
        args = tuple(place[a] for a in node.args)
        if node.op == "var":
            self.inputs[place[node]] = self.variables.index(str(node.data))
            return Step((), _whole_line, _unused, node.free)
        if not node.free and node.op in ("num", "pi"):
            value = balls.ball(node.value()) if node.op == "num" else arb.pi()
            return Step((), partial(_constant, value), _unused, node.free)
        natural_of, series_of = _operations(node)
        return Step(
            args,
            partial(_applied, natural_of, args),
            partial(_applied_series, series_of, args),
            node.free,
        )

    def naturals(self, inputs: Sequence[arb]) -> list[arb]:
        """Enclose every node."""
        values: list[arb] = []
        for k, step in enumerate(self.steps):
            values.append(step.natural(values) if k not in self.inputs else inputs[self.inputs[k]])
        return values

    def __call__(self, inputs: Sequence[arb]) -> list[arb]:
        """Enclose the roots."""
        values = self.naturals(inputs)
        return [values[k] for k in self.roots]

    def series(
        self, inputs: Sequence[arb], name: str, length: int, naturals: Sequence[arb] | None = None
    ) -> list[list[arb]]:
        """Enclose, for each root, its first Taylor coefficients in one variable, all over the box."""
        known = self.naturals(inputs) if naturals is None else naturals
        values: list[Value] = []
        for k, step in enumerate(self.steps):
            if name not in step.free:
                values.append(known[k])
            elif not step.args:
                values.append(arb_series([known[k], balls.ONE], length))
            else:
                values.append(step.series(values, known[k]))
        return [_coefficients(values[k], length) for k in self.roots]


def _whole_line(_: list[arb]) -> arb:
    return balls.LINE


def _constant(value: arb, _: list[arb]) -> arb:
    return value


def _unused(_: list[Value], known: arb) -> Value:
    return known


def _applied(f: Callable[..., arb], args: tuple[int, ...], values: list[arb]) -> arb:
    return f(*[values[k] for k in args])


def _applied_series(
    f: Callable[..., Value], args: tuple[int, ...], values: list[Value], known: arb
) -> Value:
    return f(known, *[values[k] for k in args])


def _coefficients(value: Value, length: int) -> list[arb]:
    if isinstance(value, arb):
        return [value] + [balls.ZERO] * (length - 1)
    return balls.coefficients(value, length)


def _operations(node: Term) -> tuple[Callable[..., arb], Callable[..., Value]]:
    if node.op == "add":
        c = [balls.ball(k) for k in node.coefficients()]
        return partial(_sum, c), partial(_sum_series, c)
    if node.op == "mul":
        return partial(_product, node.exponents()), partial(_product_series, node.exponents())
    if node.op in ("min", "max"):
        sign = 1 if node.op == "max" else -1
        return (partial(_extreme, sign), partial(_extreme_series, sign))
    if node.op == "gauss":
        return partial(_expectation, body_of(node)), partial(_expectation_series, body_of(node))
    return balls.FUNCTIONS[node.op], partial(_function_series, balls.SERIES[node.op])


def _sum(c: list[arb], *values: arb) -> arb:
    total = c[0]
    for k, v in zip(c[1:], values, strict=True):
        total = total + k * v
    return total


def _sum_series(c: list[arb], _: arb, *values: Value) -> Value:
    total: Value = c[0]
    for k, v in zip(c[1:], values, strict=True):
        total = v * k + total
    return total


def _product(exponents: tuple[Fraction, ...], *values: arb) -> arb:
    total = balls.ONE
    for v, e in zip(values, exponents, strict=True):
        total = total * (v if e == 1 else balls.rational_power(v, e))
    return total


def _product_series(exponents: tuple[Fraction, ...], known: arb, *values: Value) -> Value:
    total: Value = balls.ONE
    for v, e in zip(values, exponents, strict=True):
        if isinstance(v, arb):
            factor: Value = v if e == 1 else balls.rational_power(v, e)
        else:
            factor = v if e == 1 else balls.series_power(v, e)
        total = factor * total
    if isinstance(total, arb):
        return known
    return balls.with_constant(total, known)


def _extreme(sign: int, *values: arb) -> arb:
    total = values[0]
    for v in values[1:]:
        total = total.max(v) if sign > 0 else total.min(v)
    return total


def _extreme_series(sign: int, known: arb, *values: Value) -> Value:
    """Return the series of the argument that is certainly the extreme one; a ball is what does not vary."""
    for k, v in enumerate(values):
        first = v if isinstance(v, arb) else v[0]
        others = [w if isinstance(w, arb) else w[0] for j, w in enumerate(values) if j != k]
        if all(first > w if sign > 0 else first < w for w in others):
            return v
    lengths = [v.prec for v in values if not isinstance(v, arb)]
    if not lengths:  # what varied in the arguments was never the extreme one
        return known
    return arb_series([known] + [balls.NAN] * (lengths[0] - 1), lengths[0])


def _function_series(f: Callable[[arb_series, arb], arb_series], known: arb, value: Value) -> Value:
    return known if isinstance(value, arb) else f(value, known)


def _expectation(body: Term, *values: arb) -> arb:
    from mfcheck.lemma.expectations import enclose

    return enclose(body, values)


def _expectation_series(body: Term, known: arb, *values: Value) -> Value:
    """Compose with the derivatives under the expectation; only one argument may move beyond the first order."""
    from mfcheck.lemma.expectations import derivative_bodies, enclose

    at = [v if isinstance(v, arb) else v[0] for v in values]
    moving = [k for k, v in enumerate(values) if not isinstance(v, arb)]
    length = values[moving[0]].prec
    order_kept = length if len(moving) == 1 else min(length, 2)
    total = arb_series([known] + [balls.ZERO] * (length - 1), length)
    for k in moving:
        v = balls.with_constant(values[k], balls.ZERO)
        power, factorial = v, 1
        for j, derived in enumerate(derivative_bodies(body, f"_p{k}", order_kept)[1:], start=1):
            factorial *= j
            total = total + power * (enclose(derived, at) / factorial)
            power = power * v
    c = _coefficients(total, length)
    return arb_series(c[:order_kept] + [balls.NAN] * (length - order_kept), length)
