"""Exact orders: the exponent e with which a formula behaves like `p^e` as one symbol p grows, the rest fixed.

An order is the limit of the logarithmic slope `d log f / d log p`; a factor `log p` has order zero. It is derived
from leading terms, and is None wherever that derivation does not decide it: growth faster than every power, a
sum whose leading terms might cancel, a sign that is not known. All symbols are taken to be positive.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import lcm

import sympy as sp

from mfcheck.claims.model import Constant
from mfcheck.symbolic.constants import sort_constants

MAX_SERIES_SIZE = 300
"""Operations in a formula beyond which cancelling leading terms are not looked behind."""


class _UndecidedError(Exception):
    """The leading term cannot be derived."""


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
            sign = -1 if at_zero else 1
            table[id][p] = None if term is None else sign * term.power
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
    except _UndecidedError:
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
        raise _UndecidedError

    def _sum(self, expr: sp.Add) -> Leading:
        parts = [self.term(term) for term in expr.args]
        top = max(part.rank for part in parts)
        total = sp.Add(*[part.coefficient for part in parts if part.rank == top])
        if _sign(total) != 0:
            return Leading(total, *top)
        if sp.simplify(total) == 0:
            return self._series(expr)
        raise _UndecidedError

    def _product(self, expr: sp.Mul) -> Leading:
        parts = [self.term(factor) for factor in expr.args]
        coefficient = sp.Mul(*[part.coefficient for part in parts])
        return Leading(coefficient, _total(q.power for q in parts), _total(q.logs for q in parts))

    def _power(self, expr: sp.Pow) -> Leading:
        base, e = self.term(expr.base), expr.exp
        if not e.is_Rational or not (e.is_Integer or _sign(base.coefficient) > 0):
            raise _UndecidedError
        return Leading(base.coefficient**e, base.power * e, base.logs * e)

    def _extremum(self, expr: sp.Expr) -> Leading:
        args = [arg for arg in expr.args if arg != 0]
        parts = [self.term(arg) for arg in args]
        positive = all(_sign(part.coefficient) > 0 for part in parts)
        if not positive or (isinstance(expr, sp.Min) and len(args) < len(expr.args)):
            raise _UndecidedError
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
            return self._series(expr)
        u = sp.Dummy("u")
        slope = _nonzero(expr.func(u).diff(u).subs(u, 0)).coefficient
        return Leading(slope * inner.coefficient, *inner.rank)

    def _series(self, expr: sp.Expr) -> Leading:
        """Look behind leading terms that cancel, by SymPy's series in `t = p**(-1/q)`."""
        used = {s: term for s, term in self.known.items() if s in expr.free_symbols}
        if expr.count_ops() > MAX_SERIES_SIZE or any(term.logs for term in used.values()):
            raise _UndecidedError
        powers = [term.power for term in used.values()]
        roots = [e.exp for e in expr.atoms(sp.Pow) if e.exp.is_Rational]
        q, t = (
            lcm(*[e.q for e in powers]) * lcm(1, *[e.q for e in roots]),
            sp.Dummy("t", positive=True),
        )
        point = {s: term.coefficient * t ** (-q * term.power) for s, term in used.items()}
        try:
            first = expr.subs(point).as_leading_term(t)
        except (NotImplementedError, ValueError, TypeError, RecursionError):
            raise _UndecidedError from None
        coefficient, power = first.as_coeff_exponent(t)
        if coefficient.has(t) or not power.is_Rational:
            raise _UndecidedError
        return Leading(_nonzero(coefficient).coefficient, -power / q)


def _total(numbers: Iterable[sp.Rational]) -> sp.Rational:
    return sum(numbers, sp.Integer(0))


def _nonzero(value: sp.Expr) -> Leading:
    if _sign(value) == 0:
        raise _UndecidedError
    return Leading(value, sp.Integer(0))


def _sign(value: sp.Expr) -> int:
    """Return 1 or -1 if that is certain, else 0."""
    if value.is_positive:
        return 1
    if value.is_negative:
        return -1
    growth = {e: 1 + sp.Dummy(positive=True) for e in value.atoms(sp.exp) if e.exp.is_positive}
    larger = sp.expand(value.xreplace(growth))
    return 1 if larger.is_positive else -1 if larger.is_negative else 0


def _at_infinity(expr: sp.Function, inner: Leading) -> Leading:
    sign = _sign(inner.coefficient)
    if isinstance(expr, sp.log) and sign > 0 and inner.power != 0:
        return Leading(inner.power, sp.Integer(0), sp.Integer(1))
    if isinstance(expr, sp.Abs) and sign != 0:
        return Leading(sign * inner.coefficient, *inner.rank)
    if sign == 0 or isinstance(expr, sp.exp | sp.log):
        raise _UndecidedError
    x = sp.Dummy("x", positive=True)
    value = sp.limit(expr.func(sign * x), x, sp.oo)
    if not value.is_finite:
        raise _UndecidedError
    return _nonzero(value)
