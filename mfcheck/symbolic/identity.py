"""Exact checks: an identity holds if the difference of its sides simplifies to zero."""

from collections.abc import Iterable, Sequence

import sympy as sp
from mpmath import mp
from sympy.core.function import AppliedUndef

from mfcheck.claims.record import Evidence, Note
from mfcheck.claims.verdict import Scope
from mfcheck.symbolic.generic import opaque

Pair = tuple[sp.Expr, sp.Expr]


def difference(lhs: sp.Expr, rhs: sp.Expr) -> sp.Expr:
    """Return zero if the sides are equal after expansion or simplification, else a form of `lhs - rhs`."""
    rest = lhs - rhs
    if sp.expand(opaque(rest)) == 0:
        return sp.Integer(0)
    # Simplification can take minutes: it is for differences that no number tells from zero.
    return rest if _differs(rest) else sp.simplify(rest)


_TRIAL = {"s0": mp.sin, "s1": mp.cos, "s2": lambda x: -mp.sin(x), "s3": lambda x: -mp.cos(x)}
"""A definite activation for the generic one: an identity that fails for it is false."""


def _differs(expr: sp.Expr) -> bool:
    """Return whether `expr` takes a value away from zero, in 60 digits, at a rational point."""
    concrete = _define(expr)
    free = sorted(concrete.free_symbols, key=str)
    function = sp.lambdify(free, concrete, modules=[_TRIAL, "mpmath"], cse=True)
    with mp.workdps(60):
        size = abs(function(*(mp.mpf(7 + 3 * k) / (11 + 2 * k) for k in range(len(free)))))
        return bool(mp.isfinite(size)) and bool(size > mp.mpf("1e-30"))


def _define(expr: sp.Expr) -> sp.Expr:
    """Put a definite function for each undefined one, and carry out the derivatives."""
    heads = sorted({call.func for call in expr.atoms(AppliedUndef)}, key=str)
    for k, head in enumerate(heads):
        expr = expr.replace(head, lambda x, k=k: 2 + sp.sin(x + k) + x**2 / (k + 2))
    return expr.doit() if heads else expr


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
