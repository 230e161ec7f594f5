"""Closed forms: Hermite coefficients and dual activations of the functions that have them."""

import math
from collections.abc import Callable

import sympy as sp
from flint import arb, ctx

from mfcheck.rigor.ball import enclose
from mfcheck.symbolic.activation import X
from mfcheck.symbolic.polynomial import as_polynomial

_R = sp.Symbol("r", integer=True, nonnegative=True)
C = sp.Symbol("c", real=True)
"""The argument of a dual activation."""

Sequence = list[arb]

_MAX_TERMS = 200


def closed_coefficients(expr: sp.Expr, count: int) -> Sequence | None:
    """Enclose `E[s0(sqrt2 xi) h_r(xi)]`, `r < count`, at the working precision; None if not closed.

    Closed are sums of `x^k`, `x^k exp(ax+b)`, `x^k sin(ax+b)`, `x^k cos(ax+b)` and `x^k erf(ax)`.
    """
    if _expanded_size(expr) > _MAX_TERMS:
        return None
    total = [arb(0)] * count
    for term in sp.Add.make_args(sp.expand(expr)):
        number, factors = term.as_independent(X, as_Add=False)
        coefficients = _closed_term(factors, count)
        if coefficients is None:
            return None
        scale = enclose(number, prec=ctx.prec)
        total = [a + scale * b for a, b in zip(total, coefficients, strict=True)]
    return total


def _expanded_size(expr: sp.Expr) -> int:
    """Bound the number of terms that expansion gives, without expanding."""
    if isinstance(expr, sp.Add):
        return sum(_expanded_size(part) for part in expr.args)
    if isinstance(expr, sp.Mul):
        return math.prod(_expanded_size(part) for part in expr.args)
    if isinstance(expr, sp.Pow) and expr.exp.is_Integer and expr.exp > 0:
        return math.comb(_expanded_size(expr.base) + int(expr.exp) - 1, int(expr.exp))
    return 1


def _closed_term(term: sp.Expr, count: int) -> Sequence | None:
    """Read `x^k g(x)` and apply `k` times the multiplication by `x = sqrt2 xi`."""
    powers = [f for f in sp.Mul.make_args(term) if f.as_base_exp()[0] == X]
    degree = sp.Mul(*powers).as_base_exp()[1] if powers else sp.Integer(0)
    if not (degree.is_Integer and degree >= 0):
        return None
    base = _closed_base(term / X**degree, count + int(degree))
    for _ in range(int(degree)):
        base = None if base is None else _times_x(base)
    return base


def _times_x(mu: Sequence) -> Sequence:
    """Multiply by `sqrt2 xi`: `xi h_r = sqrt(r+1) h_(r+1) + sqrt(r) h_(r-1)`; one coefficient is lost."""
    root = arb(2).sqrt()
    lowered = [arb(0), *(arb(r).sqrt() * mu[r - 1] for r in range(1, len(mu)))]
    return [root * (lowered[r] + arb(r + 1).sqrt() * mu[r + 1]) for r in range(len(mu) - 1)]


def _closed_base(g: sp.Expr, count: int) -> Sequence | None:
    if g == 1:
        return [arb(1), *[arb(0)] * (count - 1)]
    argument = g.args[0] if len(g.args) == 1 else sp.Integer(0)
    slope = sp.diff(argument, X)
    if slope == 0 or slope.free_symbols or type(g) not in _FORMULAS:
        return None
    formula = _FORMULAS[type(g)](
        sp.sqrt(2) * abs(slope), argument.subs(X, 0), 1 if slope > 0 else -1
    )
    if formula is None:
        return None
    return [
        arb(0) if (f := formula(r)) == 0 else enclose(f, {_R: r}, ctx.prec) for r in range(count)
    ]


Formula = Callable[[int], sp.Expr]


def _exponential(a: sp.Expr, b: sp.Expr, sign: int) -> Formula:
    """`mu_r = (sign a)^r exp(a^2/2 + b) / sqrt(r!)` for `exp(sign a xi + b)`."""
    size = sp.exp(a**2 / 2 + b) * a**_R / sp.sqrt(sp.factorial(_R))
    return lambda r: sign**r * size


def _wave(shift: int) -> Callable[[sp.Expr, sp.Expr, int], Formula]:
    """`mu_r = (sign a)^r exp(-a^2/2) sin(b + (r + shift) pi/2) / sqrt(r!)`; shift 1 is the cosine."""

    def formula(a: sp.Expr, b: sp.Expr, sign: int) -> Formula:
        size = sp.exp(-(a**2) / 2) * a**_R / sp.sqrt(sp.factorial(_R))
        phases = [sp.sin(b), sp.cos(b), -sp.sin(b), -sp.cos(b)]
        return lambda r: sign**r * phases[(r + shift) % 4] * size

    return formula


def _error_function(a: sp.Expr, b: sp.Expr, sign: int) -> Formula | None:
    """`mu_(2k+1) = sign (-1)^k sqrt((2/pi) q^(2k+1) C(2k,k) / (4^k (2k+1)))`, `q = 2a^2/(1+2a^2)`."""
    if b != 0:
        return None
    q = 2 * a**2 / (1 + 2 * a**2)
    half = (_R - 1) / 2
    central = sp.factorial(_R - 1) / (sp.factorial(half) ** 2 * 2 ** (_R - 1))
    size = sp.sqrt(2 / sp.pi * q**_R * central / _R)
    return lambda r: sp.Integer(0) if r % 2 == 0 else sign * (-1) ** ((r - 1) // 2) * size


_FORMULAS: dict[type, Callable[[sp.Expr, sp.Expr, int], Formula | None]] = {
    sp.exp: _exponential,
    sp.sin: _wave(0),
    sp.cos: _wave(1),
    sp.erf: _error_function,
}


def closed_dual(expr: sp.Expr) -> sp.Expr | None:
    """Return `A(c) = E[s0(g) s0(g')]` for `g, g'` of variance 2 and covariance 2c, None if not closed.

    Closed are polynomials and multiples of erf(ax), sin(ax), cos(ax), exp(ax), relu, |x|, and the step
    (arc-cosine kernels of order 1 and 0: Cho and Saul, NeurIPS 2009).
    """
    if expr.is_polynomial(X):
        return _polynomial_dual(as_polynomial(expr))
    number, g = expr.as_independent(X, as_Add=False)
    kink = {
        sp.Max(0, X): (sp.sqrt(1 - C**2) + C * (sp.pi - sp.acos(C))) / sp.pi,
        sp.Abs(X): 4 * (sp.sqrt(1 - C**2) + C * sp.asin(C)) / sp.pi,
        sp.Heaviside(X): sp.Rational(1, 4) + sp.asin(C) / (2 * sp.pi),
        sp.sign(X): 2 * sp.asin(C) / sp.pi,
    }.get(g)
    dual = kink if kink is not None else _analytic_dual(g)
    return None if dual is None else number**2 * dual


def _analytic_dual(g: sp.Expr) -> sp.Expr | None:
    slope = g.args[0] / X if len(g.args) == 1 else X
    if slope.free_symbols:
        return None
    a2 = 2 * slope**2
    return {
        sp.erf: 2 * sp.asin(2 * a2 * C / (1 + 2 * a2)) / sp.pi,
        sp.sin: sp.exp(-a2) * sp.sinh(a2 * C),
        sp.cos: sp.exp(-a2) * sp.cosh(a2 * C),
        sp.exp: sp.exp(a2) * sp.exp(a2 * C),
    }.get(type(g))


def _polynomial_dual(polynomial: sp.Poly) -> sp.Expr:
    """Sum `mu_r^2 c^r` with `sqrt(r!) mu_r` the expectation of the r-th derivative of `s0(sqrt2 xi)`."""
    total = sp.Integer(0)
    for r in range(max(polynomial.degree(), 0) + 1):
        derivative = polynomial.diff((X, r)) if r else polynomial
        mean = sum(
            number * sp.sqrt(2) ** k * sp.factorial2(k - 1)
            for (k,), number in derivative.terms()
            if k % 2 == 0
        )
        total += 2**r * sp.expand(mean**2) * C**r / sp.factorial(r)
    return total
