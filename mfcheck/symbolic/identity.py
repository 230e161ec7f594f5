"""Exact checks: an identity holds if the difference of its sides simplifies to zero."""

from collections.abc import Iterable

import sympy as sp

from mfcheck.claims.record import Evidence, Note
from mfcheck.claims.verdict import Scope
from mfcheck.symbolic.generic import opaque

Pair = tuple[sp.Expr, sp.Expr]


def difference(lhs: sp.Expr, rhs: sp.Expr) -> sp.Expr:
    """Return `lhs - rhs`, expanded and, where that leaves terms, simplified."""
    rest = lhs - rhs
    if sp.expand(opaque(rest)) == 0:
        return sp.Integer(0)
    plain = sp.expand(rest)
    return plain if plain == 0 else sp.simplify(plain)


def _nonzero(expr: sp.Expr) -> bool | None:
    """Return whether `expr` is certainly not zero somewhere (True), zero (False), or neither (None).

    SymPy's `simplify` can miss a zero, so a remaining difference counts only if it takes a value away from zero, in
    60 digits, at a point of rational numbers.
    """
    if expr == 0:
        return False
    free = sorted(expr.free_symbols, key=str)
    point = {symbol: sp.Rational(7 + 3 * k, 11 + 2 * k) for k, symbol in enumerate(free)}
    value = expr.subs(point).doit()
    if value.is_number:
        size = abs(sp.N(value, 60))
        return True if size > sp.Float("1e-30") else None
    # Undefined functions are left: they are algebraically free, so an expanded remainder is not zero.
    return True if sp.expand(value) != 0 else None


def identities(
    pairs: Iterable[Pair], domain: str, scope: Scope = Scope.CASES, notes: tuple[Note, ...] = ()
) -> Evidence:
    """Return the evidence that each left side equals its right side identically.

    Args:
        pairs: sides to compare; each counts as one case.
        domain: what the symbols range over, in words.
        scope: whether the pairs together are the whole statement.
        notes: sentences for the report, kept if all sides agree.
    """
    sides = list(pairs)
    for lhs, rhs in sides:
        rest = difference(lhs, rhs)
        differs = _nonzero(rest)
        if differs is not False:
            return Evidence(
                passed=False if differs else None,
                scope=scope,
                lhs=_short(lhs),
                rhs=_short(rhs),
                cases=len(sides),
                domain=domain,
                reason=f"the sides differ by {_short(rest)}",
            )
    first = sides[0] if sides else (sp.Integer(0), sp.Integer(0))
    return Evidence(
        passed=bool(sides) or None,
        scope=scope,
        lhs=_short(first[0]),
        rhs=_short(first[1]),
        error=0.0,
        cases=len(sides),
        domain=domain,
        notes=notes,
    )


def _short(expr: sp.Expr, limit: int = 240) -> str:
    text = str(expr)
    return text if len(text) <= limit else text[: limit - 3] + "..."
