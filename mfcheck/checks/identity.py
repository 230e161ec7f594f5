"""Exact checks: both sides of each identity are equal, decided by SymPy."""

from collections.abc import Iterable, Sequence

import sympy as sp

from mfcheck.claims.record import Evidence, Note
from mfcheck.claims.verdict import Scope
from mfcheck.symbolic.identity import Pair, difference, differs


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
                passed=False if differs(rest) else None,
                scope=scope,
                lhs=_short(lhs),
                rhs=_short(rhs),
                cases=len(sides),
                domain=domain,
                reason=f"the sides differ by {_short(rest)}",
            )
    return _equal(sides, domain, scope, notes)


def _equal(
    sides: Sequence[Pair], domain: str, scope: Scope, notes: tuple[Note, ...] = ()
) -> Evidence:
    if not sides:
        return Evidence(passed=None, cases=0, domain=domain, reason="there was nothing to compare")
    lhs, rhs = sides[0]
    return Evidence(
        passed=True,
        scope=scope,
        lhs=_short(lhs),
        rhs=_short(rhs),
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
    return _equal(sides, domain, Scope.WHOLE)


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


def _short(expr: sp.Basic, limit: int = 160) -> str:
    """Return the expression as `$...$`, or its size where it is too long to be read."""
    operations = int(sp.count_ops(expr))
    latex = sp.latex(expr).strip() if operations <= limit else ""
    readable = 0 < len(latex) <= limit and "$" not in latex
    return f"${latex}$" if readable else f"an expression with {operations} operations"
