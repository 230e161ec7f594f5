"""The gap of Proposition 1, N (E R_N - R), for `sigma(theta x)` with any activation: certified by parity, or by nodes."""

import math
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import acb, arb, ctx

from mfcheck.checks import Estimate, Setting, evaluate
from mfcheck.errors import InputError
from mfcheck.rigor.ball import exact
from mfcheck.rigor.germs import Term, UnknownTailError
from mfcheck.rigor.integrate import is_accurate, parity
from mfcheck.rigor.pieces import Piece, pieces, split
from mfcheck.rigor.program import program
from mfcheck.rigor.tails import tail
from mfcheck.statistics import exactly
from mfcheck.symbolic.activation import X


def _product_average(part: sp.Expr, lower: sp.Expr, upper: sp.Expr, digits: int) -> arb:
    """Enclose `int part(z)^2 K_0(z)/pi dz` over a piece of the half-line z > 0."""
    cut = 12 + math.ceil(2.4 * (digits + 12))
    least, most = exact(lower), arb(cut) if upper == sp.oo else exact(upper)
    beyond = arb(0)
    if upper == sp.oo:
        cut = max(cut, math.ceil(float(least)) + 8)
        most = arb(cut)
        size = _growth(part, cut)
        with ctx.workprec(64):
            # K_0(z) <= sqrt(pi/(2z)) exp(-z), and what is left of it is exp(-z/2).
            mass = 2 * size * (arb.pi() / (2 * most)).sqrt() * (-most / 2).exp() / arb.pi()
            beyond = arb(0, mass.upper())
    plain, analytic = program(part, (X,), "complex"), program(part, (X,), "analytic")

    def inside(u: acb, strict: bool) -> acb:
        z = u.exp()
        value = analytic(z) if strict else plain(z)
        return value**2 * z.bessel_k(acb(0)) * z / acb.pi()

    near = arb(0)
    start = least
    if least == 0:
        start = arb(10) ** -(digits + 10)
        size = program(part, (X,))(arb(0).union(start)).abs_upper() ** 2
        # K_0(z) <= 1 - log(z) on (0, 1): its integral to s is at most s (2 - log s).
        near = arb(0, (size * start * (2 - start.log()) / arb.pi()).upper())
    value = acb.integral(
        inside, acb(start.log()), acb(most.log()), abs_tol=arb(10) ** -(digits + 3), eval_limit=100_000
    )
    return value.real + near + beyond


def _growth(part: sp.Expr, cut: int) -> arb:
    """Bound `part(z)^2 exp(-z/2)` for z >= cut.

    Raises:
        InputError: it grows, or is not understood.
    """
    with ctx.workprec(64):
        try:
            germ = tail(part**2, cut)
            return germ.times(germ.of([Term(arb(1), b=-arb(1) / 2)])).range().abs_upper()
        except UnknownTailError as error:
            raise InputError(f"the activation grows too fast, or in a way not understood: {error}") from None


def _square_average(expr: sp.Expr, digits: int) -> arb:
    """Enclose `E expr(th x)^2`, th and x independent N(0, 1)."""
    total = arb(0)
    for half in (expr, expr.subs(X, -X)):
        for part in split(Piece(sp.Integer(0), sp.oo, half)):
            total += _product_average(part.expr, part.lower, part.upper, digits)
    return total


@lru_cache(maxsize=64)
def prop1_gap(setting: Setting, digits: int) -> arb | Estimate:
    """Return E_x Var_th sigma(th x): a ball where the even part of sigma is a constant plus c|z|, else a number."""
    expr = setting.activation.expr
    if parity(expr) == -1:
        return _accurate(expr, arb(0), digits)
    found = _even_line(expr)
    if found is None:
        return _by_nodes(setting)
    shift, slope = found
    with ctx.workdps(digits + 20):
        c = evaluate(slope, None, setting, {}, digits + 10)
        # E (c|th x|)^2 = c^2 and E_x (E_th c|th x|)^2 = 2 c^2/pi; the odd part stands alone.
        rest = c**2 * (1 - 2 / arb.pi())
    return _accurate(expr - shift - slope * sp.Abs(X), rest, digits)


def _even_line(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """Return the numbers s, c if the even part of a function is s + c|z|; None if it is not, or not seen to be."""
    z = sp.Symbol("z", positive=True)
    even = (expr.subs(X, z) + expr.subs(X, -z)) / 2
    values = [complex(even.subs(z, sp.Rational(k, 2)).evalf()) for k in (1, 2, 3)]
    if abs(values[0] + values[2] - 2 * values[1]) > 1e-12:
        return None
    slope = sp.simplify(sp.diff(even, z))
    shift = sp.simplify(even - slope * z)
    return None if slope.free_symbols or shift.free_symbols else (shift, slope)


def _accurate(odd: sp.Expr, rest: arb, digits: int) -> arb:
    for guard in (8, digits + 20):
        # Near |z| = digits the Bessel function loses about as many digits as it asks for.
        with ctx.workdps(3 * (digits + guard) + 40):
            found = _square_average(odd, digits + guard) + rest
        if is_accurate(found, digits):
            return found
    raise InputError("this many digits of the gap are out of reach")


def _by_nodes(setting: Setting) -> Estimate:
    """Return the gap by two Gauss-Legendre rules, the difference of which bounds what is left."""
    ends = pieces(setting.activation.expr)
    for part in (ends[-1].expr, ends[0].expr.subs(X, -X)):
        _growth(part, 30)
    found = [_gap_by(setting, count) for count in (400, 600)]
    if not all(map(math.isfinite, found)):
        raise InputError("the gap is not finite, or the activation too large for doubles")
    return exactly(found[1], 2 * abs(found[1] - found[0]) + 1e-12 * abs(found[1]))


def _gap_by(setting: Setting, count: int) -> float:
    cuts = sorted({float(p.upper) for p in pieces(setting.activation.expr)[:-1]} | {0.0})
    if cuts != [0.0]:
        raise InputError("the gap of an activation with kinks away from 0 is not computed unless it is odd")
    nodes, weights = np.polynomial.legendre.leggauss(count)
    z, w = (nodes + 1) * 10, weights * 10 * np.exp(-(((nodes + 1) * 10) ** 2) / 2) / math.sqrt(2 * math.pi)
    code = sp.lambdify(X, setting.activation.expr, ["scipy", "numpy"])
    both = [np.broadcast_to(np.asarray(code(s * np.outer(z, z)), dtype=float), (count, count)) for s in (1, -1)]
    mean = (both[0] + both[1]) @ w
    square = (both[0] ** 2 + both[1] ** 2) @ w
    return float(2 * (square - mean**2) @ w)
