"""Certified values of a paper's constants: leaves by their own enclosures, formulas by ball arithmetic over them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import sympy as sp
from flint import arb, ctx

from mfcheck.claims.model import Constant, Paper
from mfcheck.claims.record import ConstantRecord, Interval
from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError
from mfcheck.rigor.ball import bounds, enclose, exact
from mfcheck.symbolic.constants import ConstantGraph, constant_graph
from mfcheck.symbolic.orders import order_texts

MAX_DIGITS = 1000
GUARD_DIGITS = 5
ATTEMPTS = 4
"""Each attempt doubles the working digits."""
_BITS_PER_DIGIT = 3.3220


def evaluate_constants(paper: Paper, setting: Setting, digits: int) -> tuple[ConstantRecord, ...]:
    """Return every constant of the paper, each enclosed to `digits` significant digits.

    A constant that is infinite in this setting has both bounds `inf`. One that infinite constants leave without
    a value (inf - inf) has bounds `-inf`, `inf` and says so in `evidence`.

    Raises:
        InputError: `digits` is out of range or out of reach, or a leaf has no value in this setting.
        ValueError: the paper's constants do not form a graph (see `ConstantGraph`).
    """
    if not 1 <= digits <= MAX_DIGITS:
        raise InputError(f"digits must be between 1 and {MAX_DIGITS}, got {digits}")
    graph = constant_graph(paper)
    values = enclose_constants(graph, setting, digits)
    orders = order_texts(graph)
    return tuple(_record(graph, node, values[node.id], digits, orders[node.id]) for node in graph)


def enclose_constants(graph: ConstantGraph, setting: Setting, digits: int) -> dict[str, arb]:
    """Return an enclosure of each constant by id, to a relative accuracy of `digits` digits.

    Raises:
        InputError: as `evaluate_constants`.
    """
    attempts = list(_attempts(graph, setting, digits))
    return {node.id: _accurate(node, attempts, digits) for node in graph}


def enclose_constant(graph: ConstantGraph, setting: Setting, id: str, digits: int) -> arb:
    """Return an enclosure of one constant; only what it depends on is worked out.

    Raises:
        InputError: as `evaluate_constants`.
        StopIteration: no constant has that id.
    """
    node = next(node for node in graph if node.id == id)
    return _accurate(node, list(_attempts(graph, setting, digits)), digits)


@dataclass
class _Attempt:
    """Values at one working accuracy, found on demand and kept."""

    graph: ConstantGraph
    setting: Setting
    digits: int
    known: dict[sp.Symbol, arb] = field(default_factory=dict)

    @property
    def prec(self) -> int:
        return round(self.digits * _BITS_PER_DIGIT) + 32

    def value(self, symbol: sp.Symbol) -> arb:
        if symbol not in self.known:
            self.known[symbol] = self._find(symbol)
        return self.known[symbol]

    def _find(self, symbol: sp.Symbol) -> arb:
        node = self.graph.by_symbol.get(symbol)
        if node is None:
            return self._parameter(symbol)
        if node.value is not None:
            return arb(node.value(self.setting, self.digits))
        inputs = {s: self.value(s) for s in sorted(node.formula.free_symbols, key=str)}
        return enclose(node.formula, inputs, self.prec)

    def _parameter(self, symbol: sp.Symbol) -> arb:
        name = next(p.name for p in self.graph.parameters if p.symbol == symbol)
        with ctx.workprec(self.prec):
            return exact(self.setting[name])


def _attempts(graph: ConstantGraph, setting: Setting, digits: int) -> Iterator[_Attempt]:
    for k in range(ATTEMPTS):
        yield _Attempt(graph, setting, (digits + GUARD_DIGITS) << k)


def _accurate(node: Constant, attempts: list[_Attempt], digits: int) -> arb:
    """Return the value of the first attempt that is accurate enough, or that more digits cannot improve."""
    for attempt in attempts:
        value = attempt.value(node.symbol)
        if _is_accurate(value, digits) or _is_infinite(value) or _lacks_value(node, attempt):
            return value
    good = max(0, int(value.rel_accuracy_bits() / _BITS_PER_DIGIT)) if value.is_finite() else 0
    raise InputError(
        f"{digits} digits of {node.id} are out of reach: {good} were certain with {attempt.digits} working digits"
    )


def _is_accurate(value: arb, digits: int) -> bool:
    """Whether the relative error is below `10^-digits`, or the value is zero beyond any doubt that matters."""
    if not value.is_finite():
        return False
    with ctx.workprec(64):
        small = arb(10) ** -digits
        return value.is_exact() or bool(value.rad() < small * value.abs_lower())


def _is_infinite(value: arb) -> bool:
    return not value.is_finite() and bool(value > 0) and value.rad().is_finite()


def _lacks_value(node: Constant, attempt: _Attempt) -> bool:
    """Whether a formula is undetermined because an infinite or undetermined constant enters it."""
    if node.value is not None or attempt.value(node.symbol).is_finite():
        return False
    return any(not attempt.value(s).is_finite() for s in node.formula.free_symbols)


def _record(
    graph: ConstantGraph, node: Constant, value: arb, digits: int, orders: dict[str, str]
) -> ConstantRecord:
    lower, upper = ("inf", "inf") if _is_infinite(value) else bounds(value, digits)
    determined = value.is_finite() or _is_infinite(value)
    return ConstantRecord(
        id=node.id,
        latex=f"{sp.latex(node.symbol)} = {sp.latex(node.formula)}",
        formula=str(node.formula),
        value=Interval(lower=lower, upper=upper),
        evidence="certified" if determined else "undetermined: an infinite constant enters",
        depends_on=graph.depends_on(node),
        source=node.source,
        needs=node.needs,
        orders=orders,
    )
