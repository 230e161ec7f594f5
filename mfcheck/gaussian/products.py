"""Averages of functions of a product of two independent standard Gaussians, whose density is `K_0(|z|)/pi`."""

import math
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import acb, arb, ctx

from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.germs import Term, UnknownTailError
from mfcheck.rigor.integrate import is_accurate, parity
from mfcheck.rigor.pieces import Piece, pieces, split
from mfcheck.rigor.program import program
from mfcheck.rigor.tails import tail
from mfcheck.statistics import exactly
from mfcheck.symbolic.activation import X

_EVALUATIONS = 100_000
_REACH = 20.0
"""Nodes cover (0, 20): the Gaussian mass beyond is below 1e-88."""


def product_mean(f: sp.Expr, digits: int) -> arb:
    """Enclose `E f(u v)`, u and v independent N(0, 1), to about `10^-digits` where the integrand allows it.

    Raises:
        InputError: `f` grows too fast, or in a way not understood.
    """
    halves = (Piece(sp.Integer(0), sp.oo, half) for half in (f, f.subs(X, -X)))
    # Near |z| = digits the Bessel function loses about as many digits as it asks for.
    with ctx.workdps(3 * digits + 40):
        return sum((_on(part, digits) for half in halves for part in split(half)), arb(0))


def _on(part: Piece, digits: int) -> arb:
    """Enclose the integral over a piece of the half-line z > 0, by z = exp(u)."""
    least, beyond = enclose(part.lower, prec=ctx.prec), arb(0)
    if part.upper == sp.oo:
        cut = max(12 + math.ceil(2.4 * (digits + 12)), math.ceil(float(least)) + 8)
        most = arb(cut)
        with ctx.workprec(64):
            # K_0(z) <= sqrt(pi/(2z)) exp(-z), and what the bound leaves of it is exp(-z/2).
            mass = 2 * _bound(part.expr, cut) * (arb.pi() / (2 * most)).sqrt() * (-most / 2).exp()
            beyond = arb(0, (mass / arb.pi()).upper())
    else:
        most = enclose(part.upper, prec=ctx.prec)
    plain, analytic = program(part.expr, (X,), "complex"), program(part.expr, (X,), "analytic")

    def inside(u: acb, strict: bool) -> acb:
        z = u.exp()
        return (analytic if strict else plain)(z) * z.bessel_k(acb(0)) * z / acb.pi()

    near = arb(0)
    if part.lower == 0:
        least = arb(10) ** -(digits + 10)
        size = program(part.expr, (X,))(arb(0).union(least)).abs_upper()
        # K_0(z) <= 1 - log(z) on (0, 1): its integral to s is at most s (2 - log s).
        near = arb(0, (size * least * (2 - least.log()) / arb.pi()).upper())
    ends = acb(least.log()), acb(most.log())
    unit = arb(10) ** -(digits + 3)
    value = acb.integral(inside, *ends, abs_tol=unit, eval_limit=_EVALUATIONS)
    return value.real + near + beyond


def _bound(f: sp.Expr, cut: int) -> arb:
    """Bound `|f(z)| exp(-z/2)` for z >= cut."""
    with ctx.workprec(64):
        try:
            germ = tail(f, cut)
            return germ.times(germ.of([Term(arb(1), b=-arb(1) / 2)])).range().abs_upper()
        except UnknownTailError as error:
            words = "the function grows too fast, or in a way not understood"
            raise InputError(f"{words}: {error}") from None


@lru_cache(maxsize=64)
def product_variance(f: sp.Expr, digits: int) -> arb | Estimate:
    """Return `E_u Var_v f(u v)`, u and v independent N(0, 1).

    A ball where the even part of `f` is `s + c|z|`, whose share is `c^2 (1 - 2/pi)`; else a number with the error of
    its nodes.

    Raises:
        InputError: `f` grows too fast or has kinks away from 0, or the digits are out of reach.
    """
    found = (sp.Integer(0),) * 2 if parity(f) == -1 else _even_line(f)
    if found is None:
        return _by_nodes(f)
    shift, slope = found
    odd = f - shift - slope * sp.Abs(X)
    for guard in (8, digits + 20):
        with ctx.workdps(digits + guard + 20):
            rest = enclose(slope) ** 2 * (1 - 2 / arb.pi())
            value = product_mean(odd**2, digits + guard) + rest
            if is_accurate(value, digits):
                return value
    raise InputError("this many digits of an average over products are out of reach")


def _even_line(f: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """Return the numbers s, c if the even part of a function is s + c|z|; None if it is not, or not seen to be."""
    z = sp.Symbol("z", positive=True)
    even = (f.subs(X, z) + f.subs(X, -z)) / 2
    values = [complex(even.subs(z, sp.Rational(k, 2)).evalf()) for k in (1, 2, 3)]
    if abs(values[0] + values[2] - 2 * values[1]) > 1e-12:
        return None
    slope = sp.simplify(sp.diff(even, z))
    shift = sp.simplify(even - slope * z)
    return None if slope.free_symbols or shift.free_symbols else (shift, slope)


def _by_nodes(f: sp.Expr) -> Estimate:
    """Return the variance by two Gauss-Legendre rules, the difference of which bounds what is left."""
    ends = pieces(f)
    for part in (ends[-1].expr, ends[0].expr.subs(X, -X)):
        _bound(part**2, 30)
    if {float(p.upper) for p in ends[:-1]} | {0.0} != {0.0}:
        raise InputError(
            "an average over products is not computed where a function has kinks away from 0, unless it is odd"
        )
    code = sp.lambdify(X, f, ["scipy", "numpy"])
    found = []
    for count in (400, 600):
        nodes, weights = np.polynomial.legendre.leggauss(count)
        z = (nodes + 1) * _REACH / 2
        w = weights * _REACH / 2 * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
        both = [
            np.broadcast_to(np.asarray(code(s * np.outer(z, z)), dtype=float), (count, count))
            for s in (1, -1)
        ]
        mean, square = ((a + b) @ w for a, b in (both, [v**2 for v in both]))
        found.append(float(2 * (square - mean**2) @ w))
    if not all(map(math.isfinite, found)):
        raise InputError("the average is not finite, or the function too large for doubles")
    return exactly(found[1], 2 * abs(found[1] - found[0]) + 1e-12 * abs(found[1]))
