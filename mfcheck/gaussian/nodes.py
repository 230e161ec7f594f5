"""Gaussian expectations as SymPy expressions that can stand in formulas, and their evaluation.

`E(dphi**2, variance=q)` is `E[phi'(sqrt(q) z)^2]`, z ~ N(0, 1); `phi`, `dphi`, `d2phi` stand for the activation of a
setting. Derivatives in the variance follow Stein: `dE f/dq = E f''/2`.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp
from flint import arb, ctx

from mfcheck.errors import InputError
from mfcheck.gaussian.expectations import Number
from mfcheck.gaussian.moments import PHI, moment
from mfcheck.gaussian.pairs import pair_expectation, pair_number
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.integrate import check_digits
from mfcheck.symbolic.activation import Activation, X

_KINKS = (sp.Max, sp.Min, sp.Abs, sp.sign, sp.Heaviside, sp.Piecewise)
_ATTEMPTS = 4


class E(sp.Expr):  # type: ignore[misc]
    """`E f(mean + sqrt(variance) z)`, z ~ N(0, 1), for `f` an expression in `X`, `phi`, `dphi`, `d2phi`.

    >>> q = sp.Symbol("q", positive=True)
    >>> sp.diff(E(X**4, variance=q), q)
    6*E(x**2, variance=q)
    """

    is_commutative = True

    def __new__(cls, f: Any, variance: Any, mean: Any = 0) -> Any:
        """Make the node; constant factors come out, a constant is its own expectation."""
        function = f if isinstance(f, sp.Lambda) else sp.Lambda(X, _named_x(sp.sympify(f)))
        number, rest = function.expr.as_independent(*PHI, X, as_Add=False)
        if rest == 1:
            return number
        bound = sp.Lambda(X, rest.subs(function.variables[0], X))
        node = sp.Expr.__new__(cls, bound, sp.sympify(variance), sp.sympify(mean))
        return number * node

    @property
    def function(self) -> sp.Expr:
        """The function averaged, in `X`."""
        return self.args[0].expr

    @property
    def variance(self) -> sp.Expr:
        """The variance of the Gaussian."""
        return self.args[1]

    @property
    def mean(self) -> sp.Expr:
        """The mean of the Gaussian."""
        return self.args[2]

    def _eval_is_extended_real(self) -> bool:
        return True

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.function.is_nonnegative else None

    def _eval_derivative(self, s: sp.Symbol) -> sp.Expr:
        f, v, m = self.function, self.variance, self.mean
        total = E(sp.diff(f, s), v, m) if f.has(s) and s != X else sp.Integer(0)
        dv, dm = sp.diff(v, s), sp.diff(m, s)
        gap = X - m
        if f.has(*_KINKS):
            total += dv * (E(sp.expand(f * gap**2), v, m) / v - E(f, v, m)) / (2 * v)
            return total + dm * E(sp.expand(f * gap), v, m) / v
        if dv != 0:
            total += dv * _sum(sp.diff(f, X, 2), v, m) / 2
        return total + (dm * _sum(sp.diff(f, X), v, m) if dm != 0 else 0)

    def _sympystr(self, printer: Any) -> str:
        mean = "" if self.mean == 0 else f", mean={printer._print(self.mean)}"
        return f"E({printer._print(self.function)}, variance={printer._print(self.variance)}{mean})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        law = printer._print(self.variance)
        if self.mean != 0:
            law = f"{printer._print(self.mean)},{law}"
        body = printer._print(self.function.xreplace(_NAMES))
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\mathbb{{E}}_{{{law}}}\left[{body}\right]{power}"


class E2(sp.Expr):  # type: ignore[misc]
    """`E f(u) g(v)` for centred Gaussians of variances `variance`, `variance2` and a correlation."""

    is_commutative = True

    def __new__(cls, f: Any, g: Any, variance: Any, variance2: Any, correlation: Any) -> Any:
        """Make the node."""
        both = [
            h if isinstance(h, sp.Lambda) else sp.Lambda(X, _named_x(sp.sympify(h))) for h in (f, g)
        ]
        rest = [sp.sympify(value) for value in (variance, variance2, correlation)]
        return sp.Expr.__new__(cls, *both, *rest)

    def _eval_is_extended_real(self) -> bool:
        return True

    def _eval_derivative(self, s: sp.Symbol) -> sp.Expr:
        f, g = self.args[0].expr, self.args[1].expr
        v, w, c = self.args[2:]
        df, dg = sp.diff(f, X), sp.diff(g, X)
        covariance = c * sp.sqrt(v * w)
        return (
            sp.diff(v, s) * _pair_sum(sp.diff(df, X), g, v, w, c) / 2
            + sp.diff(w, s) * _pair_sum(f, sp.diff(dg, X), v, w, c) / 2
            + sp.diff(covariance, s) * _pair_sum(df, dg, v, w, c)
        )

    def _sympystr(self, printer: Any) -> str:
        f, g = printer._print(self.args[0].expr), printer._print(self.args[1].expr)
        return f"E2({f}, {g}, {', '.join(printer._print(a) for a in self.args[2:])})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        u, v = sp.Symbol("u"), sp.Symbol("u'")
        f, g = self.args[0].expr.subs(X, u), self.args[1].expr.subs(X, v)
        law = ",".join(printer._print(a) for a in self.args[2:])
        power = "" if exp is None else f"^{{{exp}}}"
        return (
            rf"\mathbb{{E}}_{{{law}}}\left[{printer._print(f)}\,{printer._print(g)}\right]{power}"
        )


_NAMES = {
    # Braces keep a power apart from the prime.
    name: sp.Symbol(rf"{{\phi{mark}}}" if mark else r"\phi")
    for name, mark in zip(PHI, ("", "'", "''", "'''"), strict=True)
}


def _named_x(f: sp.Expr) -> sp.Expr:
    """Return a function in which the plain symbol `x`, of no assumptions, is `X`: SymPy tells the two apart."""
    return f.xreplace({sp.Symbol(X.name): X})


def _sum(f: sp.Expr, v: sp.Expr, m: sp.Expr) -> sp.Expr:
    """Return the expectation term by term, so that known moments are recognised."""
    return sp.Add(*(E(term, v, m) for term in sp.Add.make_args(sp.expand(f))))


def _pair_sum(f: sp.Expr, g: sp.Expr, v: sp.Expr, w: sp.Expr, c: sp.Expr) -> sp.Expr:
    return sp.Integer(0) if f == 0 or g == 0 else E2(f, g, v, w, c)


def enclosed(
    expr: sp.Expr,
    values: Mapping[sp.Symbol, Number],
    activation: Activation | sp.Expr | None = None,
    digits: int = 15,
) -> arb:
    """Enclose an expression with nodes `E`, `E2` at `values`; the generic activation becomes `activation`.

    With exact values the radius is at most `10^-digits` times the value, or `10^(-2 digits)`; where the result
    cancels so far that this is not reached, the best enclosure is returned. Balls give what their width allows.

    Raises:
        InputError: a symbol has no value, an expectation does not exist, or a function inside an
            expectation has a parameter that is known by a ball only.
    """
    check_digits(digits)
    goal = digits + 5
    for _ in range(_ATTEMPTS):
        with ctx.workprec(math.ceil(goal * math.log2(10)) + 32):
            value = _Walk(values, activation, goal).ball(sp.sympify(expr))
            unit = arb(10) ** -digits
            if value.rad() <= unit * abs(value.mid()) or value.rad() <= unit * unit:
                return value
            if any(isinstance(v, arb) and not v.is_exact() for v in values.values()):
                return value
        goal += digits // 2 + 10
    return value


def numeric(
    expr: sp.Expr, values: Mapping[sp.Symbol, float], activation: Activation | sp.Expr | None = None
) -> float:
    """Return the value of such an expression in double precision, without a guarantee.

    Raises:
        InputError: as for `enclosed`.
    """
    return _float_value(sp.sympify(expr), values, activation)


class _Walk:
    """Replaces nodes by balls, innermost first."""

    def __init__(
        self,
        values: Mapping[sp.Symbol, Number],
        activation: Activation | sp.Expr | None,
        digits: int,
    ) -> None:
        self.activation, self.digits = activation, digits
        self.balls: dict[sp.Symbol, Number] = {
            s: v for s, v in values.items() if isinstance(v, arb)
        }
        self.exact = {s: _rational(v) for s, v in values.items() if not isinstance(v, arb)}

    def ball(self, expr: sp.Expr) -> arb:
        value = self.number(expr)
        return value if isinstance(value, arb) else enclose(_rational(value), prec=ctx.prec)

    def number(self, expr: sp.Expr) -> Number:
        """Return an exact rational where there is one, else a ball."""
        nodes = outermost(expr)
        replaced = {node: sp.Dummy(f"e{k}", real=True) for k, node in enumerate(nodes)}
        plain = expr.xreplace(replaced).xreplace(self.exact) if nodes or self.exact else expr
        if plain.is_Rational:
            return plain
        balls: dict[sp.Symbol, Any] = dict(self.balls)
        balls |= {replaced[node]: self.node(node) for node in nodes}
        used = {s: v for s, v in balls.items() if s in plain.free_symbols}
        return enclose(plain, used, ctx.prec)

    def node(self, node: Any) -> arb:
        if isinstance(node, E):
            f = self.inside(node.function)
            prepared = moment(f, self.activation)
            return prepared.enclosed(
                self.number(node.variance), self.number(node.mean), self.digits
            )
        f, g = (self.inside(part.expr) for part in node.args[:2])
        q1, q2, c = (self.number(part) for part in node.args[2:])
        return pair_expectation(f, g, q1, q2, c, self.digits, self.activation)

    def inside(self, f: sp.Expr) -> sp.Expr:
        result = f.xreplace({s: v for s, v in self.exact.items() if s != X})
        if open_ := result.free_symbols - {X}:
            names = ", ".join(sorted(s.name for s in open_))
            raise InputError(f"inside an expectation {names} must be given exactly")
        return result


def outermost(expr: sp.Expr) -> list[Any]:
    """Return the nodes of an expression that lie in no other node, in a fixed order."""
    if isinstance(expr, E | E2):
        return [expr]
    found: list[Any] = []
    for part in expr.args:
        found += [node for node in outermost(part) if node not in found]
    return found


def _rational(value: Any) -> sp.Rational:
    if isinstance(value, Fraction):
        return sp.Rational(value.numerator, value.denominator)
    return sp.Rational(value)


def _float_value(
    expr: sp.Expr, values: Mapping[sp.Symbol, float], activation: Activation | sp.Expr | None
) -> float:
    nodes, symbols, code = _plan(expr)
    if missing := [s.name for s in symbols if s not in values]:
        raise InputError(f"no value for {', '.join(missing)}")
    found = [_float_node(node, values, activation) for node in nodes]
    return float(code(*(values[s] for s in symbols), *found))


@lru_cache(maxsize=512)
def _plan(expr: sp.Expr) -> tuple[tuple[Any, ...], tuple[sp.Symbol, ...], Callable[..., float]]:
    """Return the outermost nodes, the symbols outside them, and code in these symbols and the nodes' values."""
    nodes = outermost(expr)
    replaced = {node: sp.Dummy(f"e{k}", real=True) for k, node in enumerate(nodes)}
    plain = expr.xreplace(replaced)
    symbols = tuple(sorted(plain.free_symbols - set(replaced.values()), key=str))
    code = sp.lambdify((*symbols, *replaced.values()), plain, ["scipy", "numpy"])
    return tuple(nodes), symbols, code


def _float_node(
    node: Any, values: Mapping[sp.Symbol, float], activation: Activation | sp.Expr | None
) -> float:
    parts = node.args[:1] if isinstance(node, E) else node.args[:2]
    inside = [_with_numbers(part.expr, values) for part in parts]
    rest = [_float_value(part, values, activation) for part in node.args[len(parts) :]]
    if isinstance(node, E):
        return moment(inside[0], activation).number(*rest)
    f, g = inside
    q1, q2, c = rest
    return pair_number(f, g, q1, q2, c, activation)


def _with_numbers(f: sp.Expr, values: Mapping[sp.Symbol, float]) -> sp.Expr:
    used = [s for s in f.free_symbols if s in values and s != X]
    return f.xreplace({s: sp.nsimplify(values[s], rational=True) for s in used}) if used else f
