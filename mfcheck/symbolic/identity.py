"""Exact checks: an identity holds if the difference of its sides simplifies to zero."""

from collections.abc import Iterable

import sympy as sp
from sympy.core.function import AppliedUndef

from mfcheck.claims.record import Evidence, Note
from mfcheck.claims.verdict import Scope
from mfcheck.symbolic.generic import opaque, specialise

Pair = tuple[sp.Expr, sp.Expr]


def difference(lhs: sp.Expr, rhs: sp.Expr) -> sp.Expr:
    """Return zero if the sides are equal after expansion or simplification, else a form of `lhs - rhs`."""
    rest = lhs - rhs
    if sp.expand(opaque(rest)) == 0:
        return sp.Integer(0)
    # Simplification can take minutes: it is for differences that no number tells from zero.
    return rest if _differs(rest) else sp.simplify(rest)


def _concrete(expr: sp.Expr) -> sp.Expr:
    """Put a definite function for each undefined one; a generic identity holds for these too."""
    calls = sorted(expr.atoms(AppliedUndef), key=str)
    heads = {call.func: k for k, call in enumerate(calls)}
    for head, k in heads.items():
        expr = expr.replace(
            head, lambda *args, k=k: sp.sin(sum(args) + k) + sum(args) ** 2 / (k + 2)
        )
    return specialise(expr.doit(), sp.sin)


def _differs(expr: sp.Expr) -> bool:
    """Return whether `expr` takes a value away from zero, in 60 digits, at a rational point."""
    concrete = _concrete(expr)
    free = sorted(concrete.free_symbols, key=str)
    point = {x: sp.Rational(7 + 3 * k, 11 + 2 * k).evalf(60) for k, x in enumerate(free)}
    size = abs(sp.N(concrete.xreplace(point), 60))
    return bool(size.is_number) and bool(size > sp.Float("1e-30"))


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
        if rest != 0:
            return Evidence(
                passed=False if _differs(rest) else None,
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


def matrix_identities(
    pairs: Iterable[tuple[sp.MatrixExpr, sp.MatrixExpr]], domain: str, sizes: dict[sp.Symbol, int]
) -> Evidence:
    """Return the evidence that matrix expressions of symbolic size are equal, which covers every size.

    Args:
        pairs: sides to compare; their equality is decided by SymPy's canonical form of matrix products.
        domain: what the symbols range over, in words.
        sizes: small sizes at which unequal sides are told apart by integer matrices.
    """
    sides = list(pairs)
    for lhs, rhs in sides:
        if not getattr((lhs - rhs).doit(), "is_ZeroMatrix", False):
            differs = _example(lhs, sizes) != _example(rhs, sizes)
            return Evidence(
                passed=False if differs else None,
                scope=Scope.WHOLE,
                lhs=_short(lhs),
                rhs=_short(rhs),
                cases=len(sides),
                domain=domain,
                reason=f"the sides differ for integer matrices of sizes {sizes}",
            )
    return Evidence(
        passed=bool(sides) or None,
        scope=Scope.WHOLE,
        lhs=_short(sides[0][0]),
        rhs=_short(sides[0][1]),
        error=0.0,
        cases=len(sides),
        domain=domain,
    )


def _example(expr: sp.MatrixExpr, sizes: dict[sp.Symbol, int]) -> sp.Matrix:
    sized = expr.subs(sizes)
    values = {}
    for k, symbol in enumerate(sorted(sized.atoms(sp.MatrixSymbol), key=str)):
        rows, columns = symbol.shape
        entries = [[(3 * i + 5 * j + k) % 7 + 1 for j in range(columns)] for i in range(rows)]
        values[symbol] = sp.ImmutableMatrix(entries)
    scalars = {
        x: sp.Integer(2 + k)
        for k, x in enumerate(sorted(sized.free_symbols, key=str))
        if x.is_scalar
    }
    return sized.xreplace(values).xreplace(scalars).doit().as_explicit()


def _short(expr: sp.Expr, limit: int = 240) -> str:
    text = str(expr)
    return text if len(text) <= limit else text[: limit - 3] + "..."
