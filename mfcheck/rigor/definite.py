"""Certified integrals of an expression that is smooth in pieces, over an interval."""

import math

import sympy as sp
from flint import acb, arb, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.ball import Exact, enclose
from mfcheck.rigor.pieces import Piece, split
from mfcheck.rigor.program import program
from mfcheck.symbolic.activation import X

_EVALUATIONS = 500_000


def definite(
    f: sp.Expr, x: sp.Symbol, lower: arb | Exact, upper: arb | Exact, digits: int = 15
) -> arb:
    """Enclose `int_lower^upper f dx` for an expression in `x` alone, analytic near the interval.

    Between exact ends it may have kinks and jumps, where an argument that is linear in `x` changes sign. The absolute
    accuracy is about `10^-digits` where the integrand allows it; the enclosure holds in any case.

    Raises:
        InputError: no finite enclosure is found, since `f` is not seen to be analytic near some point, or a kink is
            not understood.
    """
    smooth: list[tuple[arb | sp.Expr, arb | sp.Expr, sp.Expr]]
    if isinstance(lower, arb) or isinstance(upper, arb):
        smooth = [(_end(lower), _end(upper), f)]
    else:
        cut = split(Piece(_end(lower), _end(upper), f.subs(x, X)))
        smooth = [(part.lower, part.upper, part.expr.subs(X, x)) for part in cut]
    with ctx.workprec(math.ceil(digits * math.log2(10)) + 32):
        value = sum((_analytic(g, x, a, b, digits) for a, b, g in smooth), arb(0))
        if not value.is_finite():
            raise InputError(f"no enclosure of the integral of {str(f)[:60]} is found")
        return value


def _end(end: arb | Exact) -> arb | sp.Expr:
    return end if isinstance(end, arb) else sp.Rational(str(end))


def _analytic(
    f: sp.Expr, x: sp.Symbol, lower: arb | sp.Expr, upper: arb | sp.Expr, digits: int
) -> arb:
    plain, analytic = program(f, (x,), "complex"), program(f, (x,), "analytic")
    ends = (acb(e if isinstance(e, arb) else enclose(e, {}, ctx.prec)) for e in (lower, upper))
    return acb.integral(
        lambda z, must_be_analytic: analytic(z) if must_be_analytic else plain(z),
        *ends,
        abs_tol=arb(10) ** -digits,
        eval_limit=_EVALUATIONS,
    ).real
