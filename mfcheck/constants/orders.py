"""Exact orders: the exponent e with which a formula behaves like `p^e` as one symbol p grows, the rest fixed.

An order is the limit of the logarithmic slope `d log f / d log p`; a factor `log p` has order zero. It is derived
from leading terms, and is None wherever that derivation does not decide it: growth faster than every power, a
sum whose leading terms might cancel, a sign that is not known. All symbols are taken to be positive.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add, mul

import sympy as sp

from mfcheck.claims.model import Constant
from mfcheck.constants._puiseux import Puiseux, UndecidedError, is_zero, sign
from mfcheck.constants.graph import sort_constants

SERIES_SIZES = (1, 2, 4, 6)
"""Numbers of terms tried, one after the other, where leading terms cancel."""


@dataclass(frozen=True)
class Leading:
    """The leading term `coefficient * p**power * log(p)**logs` of a formula, `coefficient` not zero."""

    coefficient: sp.Expr
    power: sp.Rational
    logs: sp.Rational = sp.S.Zero

    @property
    def rank(self) -> tuple[sp.Rational, sp.Rational]:
        """Greater rank means faster growth."""
        return self.power, self.logs


def order(expr: sp.Expr, symbol: sp.Symbol, *, at_zero: bool = False) -> sp.Rational | None:
    """Return the exact order of `expr` as `symbol` tends to infinity (or to zero); None if undecided.

    >>> n, a = sp.symbols("n a", positive=True)
    >>> order(sp.sqrt(n**3 + a) / n, n)
    1/2
    >>> order(sp.exp(a / n) - 1, n), order(sp.exp(n), n)
    (-1, None)
    """
    term = leading(expr, symbol, at_zero=at_zero)
    if term is None:
        return None
    return -term.power if at_zero else term.power


def leading(expr: sp.Expr, symbol: sp.Symbol, *, at_zero: bool = False) -> Leading | None:
    """Return the leading term of `expr` in `symbol` (in `1/symbol` at zero); None if undecided."""
    return _derive(_positive(expr), {_positive(symbol): _start(at_zero)})


def orders(
    constants: Iterable[Constant],
    symbols: Iterable[sp.Symbol] | None = None,
    *,
    at_zero: bool = False,
) -> Mapping[str, Mapping[sp.Symbol, sp.Rational | None]]:
    """Return the order of each constant in each symbol, through all constants that its formula uses.

    `symbols` defaults to `base_symbols`. A symbol that a constant does not depend on is left out; the values of
    leaves count as fixed, even where they change with the data.
    """
    nodes = sort_constants(constants)
    chosen = base_symbols(nodes) if symbols is None else tuple(symbols)
    formulas = {c.id: _positive(c.formula) for c in nodes if c.value is None}
    table: dict[str, dict[sp.Symbol, sp.Rational | None]] = {c.id: {} for c in nodes}
    for p in chosen:
        for id, term in _column(nodes, formulas, p, at_zero).items():
            table[id][p] = None if term is None else (-term.power if at_zero else term.power)
    return table


def base_symbols(constants: Iterable[Constant]) -> tuple[sp.Symbol, ...]:
    """Return parameters, leaves, and constants that only choose among leaves, as far as formulas use them."""
    nodes = tuple(constants)
    derived = [c for c in nodes if c.value is None]
    inner = {c.symbol for c in derived}
    names = {c.symbol for c in derived if _only_chooses(c.formula, inner)}
    used = {s for c in derived if c.symbol not in names for s in c.formula.free_symbols}
    return tuple(sorted(used - (inner - names), key=str))


def _only_chooses(formula: sp.Basic, inner: set[sp.Symbol]) -> bool:
    parts = formula.args if isinstance(formula, sp.Max | sp.Min) else (formula,)
    return all(part.is_Symbol and part not in inner for part in parts)


def order_texts(constants: Iterable[Constant]) -> Mapping[str, dict[str, str]]:
    """Return the orders of each constant as text, symbol by symbol.

    One exponent where it is the same at both ends, else both, such as `-2 (to 0), -1 (to oo)`; `?` if undecided.
    """
    nodes = sort_constants(constants)
    far, near = orders(nodes), orders(nodes, at_zero=True)
    return {
        id: {str(p): _text(near[id][p], exponent) for p, exponent in row.items()}
        for id, row in far.items()
    }


def _text(near: sp.Rational | None, far: sp.Rational | None) -> str:
    if near == far:
        return "?" if far is None else str(far)
    ends = ((near, "to 0"), (far, "to oo"))
    return ", ".join(f"{exponent} ({end})" for exponent, end in ends if exponent is not None)


def _column(
    nodes: Iterable[Constant],
    formulas: Mapping[str, sp.Expr],
    p: sp.Symbol,
    at_zero: bool,
) -> dict[str, Leading | None]:
    """Return the leading term in `p` of every node that depends on it."""
    found: dict[str, Leading | None] = {}
    known: dict[sp.Symbol, Leading] = {_positive(p): _start(at_zero)}
    undecided: set[sp.Symbol] = set()
    for node in nodes:
        symbol = _positive(node.symbol)
        if node.symbol == p:
            found[node.id] = known[symbol]
            continue
        used = formulas[node.id].free_symbols if node.id in formulas else set()
        if not used & (undecided | set(known)):
            continue
        term = None if used & undecided else _derive(formulas[node.id], known)
        found[node.id] = term
        if term is None:
            undecided.add(symbol)
        else:
            known[symbol] = Leading(symbol, term.power, term.logs)
    return found


def _start(at_zero: bool) -> Leading:
    return Leading(sp.Integer(1), sp.Integer(-1 if at_zero else 1))


def _positive(expr: sp.Basic) -> sp.Basic:
    return expr.xreplace({s: sp.Symbol(s.name, positive=True) for s in expr.free_symbols})


def _derive(expr: sp.Expr, known: Mapping[sp.Symbol, Leading]) -> Leading | None:
    try:
        return _Calculus(known).term(expr)
    except UndecidedError:
        return None


class _Calculus:
    """Leading terms of formulas in a large p, given those of the symbols that depend on p."""

    def __init__(self, known: Mapping[sp.Symbol, Leading]) -> None:
        self.known = known
        self.found: dict[sp.Expr, Leading] = {}

    def term(self, expr: sp.Expr) -> Leading:
        if expr not in self.found:
            self.found[expr] = self._term(expr)
        return self.found[expr]

    def _term(self, expr: sp.Expr) -> Leading:
        if expr in self.known:
            return self.known[expr]
        if not expr.free_symbols & self.known.keys():
            return _nonzero(expr)
        if expr.is_Add:
            return self._sum(expr)
        if expr.is_Mul:
            return self._product(expr)
        if expr.is_Pow and not isinstance(expr, sp.exp):
            return self._power(expr)
        if isinstance(expr, sp.Max | sp.Min):
            return self._extremum(expr)
        if isinstance(expr, sp.Function) and len(expr.args) == 1:
            return self._function(expr)
        raise UndecidedError

    def _sum(self, expr: sp.Add) -> Leading:
        parts = [self.term(term) for term in expr.args]
        top = max(part.rank for part in parts)
        total = sp.Add(*[part.coefficient for part in parts if part.rank == top])
        if sign(total) != 0:
            return Leading(total, *top)
        if is_zero(total):
            return self._behind(expr)
        raise UndecidedError

    def _product(self, expr: sp.Mul) -> Leading:
        parts = [self.term(factor) for factor in expr.args]
        coefficient = sp.Mul(*[part.coefficient for part in parts])
        return Leading(coefficient, _total(q.power for q in parts), _total(q.logs for q in parts))

    def _power(self, expr: sp.Pow) -> Leading:
        base, e = self.term(expr.base), expr.exp
        if not e.is_Rational or not (e.is_Integer or sign(base.coefficient) > 0):
            raise UndecidedError
        return Leading(base.coefficient**e, base.power * e, base.logs * e)

    def _extremum(self, expr: sp.Expr) -> Leading:
        args = [arg for arg in expr.args if arg != 0]
        parts = [self.term(arg) for arg in args]
        positive = all(sign(part.coefficient) > 0 for part in parts)
        if not positive or (isinstance(expr, sp.Min) and len(args) < len(expr.args)):
            raise UndecidedError
        pick = max if isinstance(expr, sp.Max) else min
        top = pick(part.rank for part in parts)
        return Leading(expr.func(*[q.coefficient for q in parts if q.rank == top]), *top)

    def _function(self, expr: sp.Function) -> Leading:
        """Leading term of g(u): the value of g at the limit of u, or its slope where that value is zero."""
        inner = self.term(expr.args[0])
        if inner.rank > (0, 0):
            return _at_infinity(expr, inner)
        limit = inner.coefficient if inner.rank == (0, 0) else sp.Integer(0)
        value = expr.func(limit)
        if not value.is_zero:
            return _nonzero(value)
        if limit != 0:
            return self._behind(expr)
        u = sp.Dummy("u")
        slope = _nonzero(expr.func(u).diff(u).subs(u, 0)).coefficient
        return Leading(slope * inner.coefficient, *inner.rank)

    def _behind(self, expr: sp.Expr) -> Leading:
        """Look behind leading terms that cancel: the first term that survives in a series, if one does."""
        for size in SERIES_SIZES:
            series = self._series(expr, size)
            if series.terms:
                power, coefficient = series.terms[0]
                return Leading(_nonzero(coefficient).coefficient, -power)
        raise UndecidedError

    def _series(self, expr: sp.Expr, size: int) -> Puiseux:
        """Expand in `t = 1/p`."""
        if expr in self.known:
            term = self.known[expr]
            if term.logs:
                raise UndecidedError
            return Puiseux.monomial(term.coefficient, -term.power, size)
        if not expr.free_symbols & self.known.keys():
            return Puiseux.monomial(expr, sp.S.Zero, size)
        parts = [
            self._series(arg, size) for arg in expr.args if not expr.is_Pow or arg == expr.base
        ]
        if expr.is_Add:
            return reduce(add, parts)
        if expr.is_Mul:
            return reduce(mul, parts)
        if expr.is_Pow and not isinstance(expr, sp.exp) and expr.exp.is_Rational:
            return parts[0].power(expr.exp)
        if isinstance(expr, sp.exp) or (isinstance(expr, sp.Function) and len(parts) == 1):
            return parts[0].apply(expr.func)
        raise UndecidedError


def _total(numbers: Iterable[sp.Rational]) -> sp.Rational:
    return sum(numbers, sp.Integer(0))


def _nonzero(value: sp.Expr) -> Leading:
    if sign(value) == 0:
        raise UndecidedError
    return Leading(value, sp.Integer(0))


def _at_infinity(expr: sp.Function, inner: Leading) -> Leading:
    side = sign(inner.coefficient)
    if isinstance(expr, sp.log) and side > 0 and inner.power != 0:
        return Leading(inner.power, sp.Integer(0), sp.Integer(1))
    if isinstance(expr, sp.Abs) and side != 0:
        return Leading(side * inner.coefficient, *inner.rank)
    if side == 0 or isinstance(expr, sp.exp | sp.log):
        raise UndecidedError
    x = sp.Dummy("x", positive=True)
    value = sp.limit(expr.func(side * x), x, sp.oo)
    if not value.is_finite:
        raise UndecidedError
    return _nonzero(value)
