"""Certified values of a paper's constants: leaves by their own enclosures, formulas by ball arithmetic over them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from time import perf_counter

import sympy as sp
from flint import arb, ctx

from mfcheck.claims.model import Constant, Paper
from mfcheck.claims.record import ConstantRecord, Estimate, Interval
from mfcheck.claims.setting import Parameter, Setting
from mfcheck.constants import memo
from mfcheck.constants.graph import ConstantGraph
from mfcheck.constants.orders import order_texts
from mfcheck.errors import InputError
from mfcheck.gaussian.nodes import E2, E, enclosed
from mfcheck.rigor.ball import bounds, enclose, exact

MAX_DIGITS = 200
GUARD_DIGITS = (5, 15, 30, 60, 120)
"""Working digits beyond those asked for, tried one after the other."""
_BITS_PER_DIGIT = 3.3220


def evaluate_constants(
    paper: Paper,
    setting: Setting,
    digits: int,
    *,
    strict: bool = False,
    only: Collection[str] | None = None,
) -> tuple[ConstantRecord, ...]:
    """Return every constant of the paper, or only those of these ids, each enclosed to `digits` significant digits.

    A constant that is infinite in this setting has both bounds `inf`. One without a value (inf - inf, or a leaf
    that does not exist here) has the value None and the reason. A numerical one has a value with an error, whatever
    `digits` are. Unless `strict`, one that cannot be had to so many digits is given as accurately as it can, and
    `evidence` tells how accurately.

    Raises:
        InputError: `digits` is out of range; or, if `strict`, a constant is in reach to fewer digits only.
        ValueError: the paper's constants do not form a graph (see `ConstantGraph`).
    """
    if not 1 <= digits <= MAX_DIGITS:
        raise InputError(f"digits must be between 1 and {MAX_DIGITS}, got {digits}")
    graph, orders = _known(paper.constants, paper.parameters)
    values = enclose_constants(graph, setting, digits, only)
    for id, found in values.items() if strict else ():
        _require_digits(id, found, digits)
    nodes = [node for node in graph if node.id in values]
    return tuple(_record(graph, node, values[node.id], digits, orders[node.id]) for node in nodes)


@lru_cache(maxsize=32)
def _known(
    constants: tuple[Constant, ...], parameters: tuple[Parameter, ...]
) -> tuple[ConstantGraph, Mapping[str, dict[str, str]]]:
    """Return the graph of constants and their orders of growth, which are the same in all settings."""
    graph = ConstantGraph(constants, parameters)
    return graph, order_texts(graph)


@dataclass(frozen=True)
class Enclosed:
    """An enclosure, the digits that are certain (None if infinite or without a value), and why there are no more."""

    value: arb
    certain: int | None
    reason: str = ""
    estimate: Estimate | None = None
    """The value of a numerical constant, of which nothing is certain."""


def enclose_constants(
    graph: ConstantGraph, setting: Setting, digits: int, only: Collection[str] | None = None
) -> dict[str, Enclosed]:
    """Return an enclosure of each constant by id, to a relative accuracy of `digits` digits where in reach.

    With `only`, the constants of these ids, and no more is worked out than what they depend on.
    """
    attempts = _attempts(graph, setting, digits)
    nodes = [node for node in graph if only is None or node.id in only]
    return {node.id: _best(node.symbol, attempts, digits) for node in nodes}


def enclose_constant(graph: ConstantGraph, setting: Setting, id: str, digits: int) -> arb:
    """Return an enclosure of one constant, `+inf` if it is infinite; only what it depends on is worked out.

    Raises:
        InputError: the constant has no value in this setting, or so many digits are out of reach.
        StopIteration: no constant has that id.
    """
    node = next(node for node in graph if node.id == id)
    found = _best(node.symbol, _attempts(graph, setting, digits), digits)
    _require_digits(id, found, digits)
    if found.certain is None and not _is_infinite(found.value):
        raise InputError(f"{id} has {_evidence(found, digits)}")
    return found.value


def _require_digits(id: str, found: Enclosed, digits: int) -> None:
    if found.certain is not None and 0 < found.certain < digits:
        because = f" ({found.reason})" if found.reason else ""
        raise InputError(
            f"{digits} digits of {id} are out of reach: {found.certain} are certain{because}"
        )


def _attempts(graph: ConstantGraph, setting: Setting, digits: int) -> list["_Attempt"]:
    return [_Attempt(graph, setting, digits + guard) for guard in GUARD_DIGITS]


@dataclass
class _Attempt:
    """Values at one working accuracy, found on demand and kept."""

    graph: ConstantGraph
    setting: Setting
    digits: int
    known: dict[sp.Symbol, arb] = field(default_factory=dict)
    numerical: dict[sp.Symbol, Estimate] = field(default_factory=dict)
    failed: dict[sp.Symbol, str] = field(default_factory=dict)
    """Why a symbol has no finite value, however many digits are used."""

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
        kept = memo.of(self.graph.constants)
        found = None if kept is None else kept.find(self._setting, node.id, self.digits)
        if found is not None:
            return found
        start = perf_counter()
        value = self._formula(node) if node.value is None else self._leaf(node)
        if not value.is_finite():
            return value
        text = memo.text_of(value)
        if kept is not None and perf_counter() - start > memo.WORTH:
            kept.keep(self._setting, node.id, self.digits, text)
        return memo.ball_of(text)

    @cached_property
    def _setting(self) -> str:
        return self.setting.digest()

    def _leaf(self, node: Constant) -> arb:
        assert node.value is not None
        try:
            with ctx.workprec(self.prec):
                found = node.value(self.setting, self.digits)
        except InputError as error:
            self.failed[node.symbol] = str(error)
            return arb.nan()
        if isinstance(found, Estimate):
            self.numerical[node.symbol] = found
            self.failed[node.symbol] = f"{node.id} is known numerically only"
            return arb.nan()
        value = arb(found)
        if _is_infinite(value):
            self.failed[node.symbol] = f"{node.id} is infinite"
        return value

    def _formula(self, node: Constant) -> arb:
        uses = sorted(node.formula.free_symbols, key=str)
        try:
            value = self._enclosed(node.formula, {s: self.value(s) for s in uses})
        except InputError as error:
            self.failed[node.symbol] = str(error)
            return arb.nan()
        if not value.is_finite():
            reason = next((self.failed[s] for s in uses if s in self.failed), "")
            self.failed |= {node.symbol: reason} if reason else {}
        elif value.contains(0) and self._cancels(node.formula):
            return arb(0)
        return value

    def _cancels(self, formula: sp.Expr) -> bool:
        """Whether a formula in parameters alone is zero because some of them are zero, or are equal."""
        named = {p.symbol: self.setting[p.name] for p in self._parameters(formula)}
        if formula.has(E, E2) or len(named) < len(formula.free_symbols):
            return False
        first: dict[object, sp.Basic] = {0: sp.Integer(0)}
        same = {symbol: first.setdefault(value, symbol) for symbol, value in named.items()}
        return bool(sp.expand(formula.xreplace(same)) == 0)

    def _parameters(self, formula: sp.Expr) -> list[Parameter]:
        return [p for p in self.graph.parameters if p.symbol in formula.free_symbols]

    def _enclosed(self, formula: sp.Expr, values: dict[sp.Symbol, arb]) -> arb:
        if not formula.has(E, E2):
            return enclose(formula, values, self.prec)
        if not all(value.is_finite() for value in values.values()):
            return arb.nan()
        activation = self.setting.activation if self.setting.has_activation else None
        return enclosed(formula, values, activation, self.digits)

    def _parameter(self, symbol: sp.Symbol) -> arb:
        name = next(p.name for p in self.graph.parameters if p.symbol == symbol)
        with ctx.workprec(self.prec):
            return exact(self.setting[name])


def _best(symbol: sp.Symbol, attempts: list[_Attempt], digits: int) -> Enclosed:
    """Return the first value that is accurate enough, else the most accurate one."""
    best = Enclosed(arb.nan(), None)
    for attempt in attempts:
        value = attempt.value(symbol)
        reason = attempt.failed.get(symbol, "")
        if symbol in attempt.numerical:
            return Enclosed(value, None, reason, attempt.numerical[symbol])
        certain = _certain_digits(value)
        if certain is not None and (best.certain is None or certain > best.certain):
            best = Enclosed(value, certain)
        if best.certain is not None and best.certain >= digits:
            return best
        if reason:
            return (
                Enclosed(value, None, reason)
                if best.certain is None
                else replace(best, reason=reason)
            )
    return best


def _certain_digits(value: arb) -> int | None:
    """Return k with a radius of at most `10^-k |value|`; None where the value is not finite."""
    if not value.is_finite():
        return None
    return max(0, int(min(value.rel_accuracy_bits(), 10**6) / _BITS_PER_DIGIT))


def _is_infinite(value: arb) -> bool:
    return not value.is_finite() and bool(value > 0) and value.rad().is_finite()


def _evidence(found: Enclosed, digits: int) -> str:
    if found.estimate is not None:
        return f"numerical, not certified: its error holds at a level of {found.estimate.level:g}"
    if _is_infinite(found.value):
        return "certified: infinite"
    if found.certain is None:
        return f"no value: {_why_not(found)}"
    if found.certain >= digits:
        return "certified"
    because = f": {found.reason}" if found.reason else ""
    return f"certified to {found.certain} of {digits} digits{because}"


def _why_not(found: Enclosed) -> str:
    return found.reason or "it is undefined here, or needs more digits than were tried"


def _value(found: Enclosed, digits: int) -> Interval | Estimate | None:
    if found.estimate is not None:
        return found.estimate
    if _is_infinite(found.value):
        return Interval(lower="inf", upper="inf")
    if found.certain is None:
        return None
    lower, upper = bounds(found.value, digits)
    return Interval(lower=lower, upper=upper)


def _record(
    graph: ConstantGraph, node: Constant, found: Enclosed, digits: int, orders: dict[str, str]
) -> ConstantRecord:
    value = _value(found, digits)
    return ConstantRecord(
        id=node.id,
        latex=" = ".join(dict.fromkeys([sp.latex(node.symbol), sp.latex(node.formula)])),
        formula=str(node.formula),
        value=value,
        reason=_why_not(found) if value is None else "",
        evidence=_evidence(found, digits),
        depends_on=graph.depends_on(node),
        source=node.source,
        needs=node.needs,
        orders=orders,
    )
