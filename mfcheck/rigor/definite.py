"""Certified integrals of a smooth expression over an interval."""

import math

import sympy as sp
from flint import acb, arb, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.ball import Exact, exact
from mfcheck.rigor.program import program

_EVALUATIONS = 500_000


def definite(
    f: sp.Expr, x: sp.Symbol, lower: arb | Exact, upper: arb | Exact, digits: int = 15
) -> arb:
    """Enclose `int_lower^upper f dx` for an expression in `x` alone, analytic near the interval.

    The absolute accuracy is about `10^-digits` where the integrand allows it; the enclosure holds in any case.

    Raises:
        InputError: no finite enclosure is found, since `f` is not seen to be analytic near some point.
    """
    with ctx.workprec(math.ceil(digits * math.log2(10)) + 32):
        ends = [acb(e if isinstance(e, arb) else exact(e)) for e in (lower, upper)]
        plain, analytic = program(f, (x,), "complex"), program(f, (x,), "analytic")
        value = acb.integral(
            lambda z, must_be_analytic: analytic(z) if must_be_analytic else plain(z),
            *ends,
            abs_tol=arb(10) ** -digits,
            eval_limit=_EVALUATIONS,
        ).real
        if not value.is_finite():
            raise InputError(f"no enclosure of the integral of {str(f)[:60]} is found")
        return value
