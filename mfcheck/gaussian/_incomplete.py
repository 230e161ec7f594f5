"""Gaussian integrals over one piece in closed form: sums of `x^p exp(a x + b)` on an interval."""

import math
from collections.abc import Sequence

import sympy as sp
from flint import arb, ctx

from mfcheck.rigor.ball import enclose
from mfcheck.rigor.pieces import Piece
from mfcheck.symbolic.activation import X

_MAX_TERMS = 60
Term = tuple[sp.Expr, sp.Expr, sp.Expr]
"""Coefficient, power and rate: `c x^p exp(a x)`."""


def closed_terms(expr: sp.Expr) -> list[Term] | None:
    """Read an expression as a sum of `c x^p exp(a x)`, None if it is not one."""
    expanded = sp.expand(expr)
    if expanded == 0:
        return []
    terms = sp.Add.make_args(expanded)
    if len(terms) > _MAX_TERMS:
        return None
    found = [_term(term) for term in terms]
    return None if any(term is None for term in found) else [t for t in found if t is not None]


def _term(term: sp.Expr) -> Term | None:
    number, rest = term.as_independent(X, as_Add=False)
    power, rate = sp.Integer(0), sp.Integer(0)
    for factor in sp.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if base == X and exponent.is_Rational:
            power += exponent
        elif base == -X and exponent.is_Rational and not exponent.is_Integer:
            return None
        elif (
            isinstance(factor, sp.exp)
            and not sp.diff(factor.args[0], X, 2)
            and factor.args[0].is_polynomial(X)
        ):
            slope = sp.diff(factor.args[0], X)
            rate += slope
            number *= sp.exp(factor.args[0].subs(X, 0))
        elif factor != 1:
            return None
    return number, power, rate


def piece_expectation(piece: Piece, terms: Sequence[Term], q: arb, m: arb) -> arb | None:
    """Enclose `E[f(x); x in the piece]`, x ~ N(m, q); None if a power has no closed form there."""
    total = arb(0)
    for number, power, rate in terms:
        if number == 0:
            continue
        a = enclose(rate, prec=ctx.prec)
        mean, scale = (m, arb(1)) if rate == 0 else (m + a * q, (a * m + a * a * q / 2).exp())
        if power.is_Integer and power >= 0:
            value = _integer_moment(int(power), piece, q, mean)
        else:
            fractional = _real_moment(power, piece, q, mean)
            if fractional is None:
                return None
            value = fractional
        total += enclose(number, prec=ctx.prec) * scale * value
    return total


def _integer_moment(power: int, piece: Piece, q: arb, m: arb) -> arb:
    """`E[(m + sqrt(q) z)^p; lower < x < upper]` from the moments `E[z^k; z > t]`."""
    root = q.sqrt() if q > 0 else arb(0).union(q.upper().sqrt())
    total = arb(0)
    # Where both ends lie above the mean, upper tails do not cancel; mirrored otherwise.
    if _both_below(piece, m):
        tails = [_below(end, q, m, power) for end in (piece.upper, piece.lower)]
    else:
        tails = [_above(end, q, m, power) for end in (piece.lower, piece.upper)]
    for k in range(power + 1):
        total += (
            math.comb(power, k)
            * _power(m, power - k)
            * _power(root, k)
            * (tails[0][k] - tails[1][k])
        )
    return total


def _both_below(piece: Piece, m: arb) -> bool:
    return bool(piece.upper != sp.oo and enclose(piece.upper, prec=ctx.prec) <= m)


def _power(x: arb, k: int) -> arb:
    result = arb(1)
    for _ in range(k):
        result *= x
    return result


def _above(end: sp.Expr, q: arb, m: arb, most: int) -> list[arb]:
    """Enclose `E[z^k; z > t]`, `t = (end - m)/sqrt(q)`, for k up to `most`."""
    if end == sp.oo:
        return [arb(0)] * (most + 1)
    if end == -sp.oo:
        return [
            arb(0) if k % 2 else arb(int(sp.factorial2(k - 1)) if k else 1) for k in range(most + 1)
        ]
    t = _standard(end, q, m)
    density = (-t * t / 2).exp() / (2 * arb.pi()).sqrt()
    values = [(t / arb(2).sqrt()).erfc() / 2, density]
    for k in range(2, most + 1):
        values.append(_power(t, k - 1) * density + (k - 1) * values[k - 2])
    return values[: most + 1]


def _below(end: sp.Expr, q: arb, m: arb, most: int) -> list[arb]:
    """Enclose `E[z^k; z < t]`: `(-1)^k E[z^k; z > -t]`."""
    if end == -sp.oo:
        return [arb(0)] * (most + 1)
    t = -_standard(end, q, m)
    density = (-t * t / 2).exp() / (2 * arb.pi()).sqrt()
    values = [(t / arb(2).sqrt()).erfc() / 2, density]
    for k in range(2, most + 1):
        values.append(_power(t, k - 1) * density + (k - 1) * values[k - 2])
    return [(-1) ** k * value for k, value in enumerate(values[: most + 1])]


def _standard(end: sp.Expr, q: arb, m: arb) -> arb:
    gap = enclose(end, prec=ctx.prec) - m
    return arb(0) if gap.is_zero() else gap / q.sqrt()


def _real_moment(power: sp.Expr, piece: Piece, q: arb, m: arb) -> arb | None:
    """`E[x^p; l < x < u]`, l >= 0, m = 0: `(2q)^(p/2) / (2 sqrt(pi)) Gamma((p+1)/2, t^2/2)` between the ends."""
    if not m.is_zero() or piece.lower == -sp.oo or not piece.lower.is_nonnegative:
        return None
    if not power > -1 and piece.lower == 0:
        return None
    shape = (enclose(power, prec=ctx.prec) + 1) / 2
    parts = []
    for end in (piece.lower, piece.upper):
        t = arb(0) if end == 0 else None if end == sp.oo else _standard(end, q, m)
        if t is None:
            parts.append(arb(0))
        else:
            parts.append(shape.gamma() if t.is_zero() else (t * t / 2).gamma_upper(shape))
    half = enclose(power, prec=ctx.prec) / 2
    scale = arb(0) if q.is_zero() else (half * (2 * q).log()).exp()
    return scale * (parts[0] - parts[1]) / (2 * arb.pi().sqrt())
