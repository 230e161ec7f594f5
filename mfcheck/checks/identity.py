"""Exact checks: both sides of each identity are equal, decided by `mfcheck.rigor.equality`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy as sp

from mfcheck.claims.record import Evidence, Note
from mfcheck.claims.verdict import Scope
from mfcheck.rigor.equality import equal
from mfcheck.rigor.matrix_equality import equal_matrices
from mfcheck.symbolic.identity import Pair


def identities(
    pairs: Iterable[Pair],
    domain: str,
    scope: Scope = Scope.CASES,
    notes: tuple[Note, ...] = (),
    given: Sequence[Any] = (),
) -> Evidence:
    """Return the evidence that each left side equals its right side identically.

    Args:
        pairs: sides to compare; each counts as one case.
        domain: what the symbols range over, in words.
        scope: whether the pairs together are the whole statement.
        notes: sentences for the report, kept if all sides agree.
        given: conditions on the symbols beyond their assumptions, as SymPy relations: where `domain` is narrower.
    """
    sides = list(pairs)
    undecided: Evidence | None = None
    for lhs, rhs in sides:
        found = equal(lhs, rhs, given)
        if found.holds is True:
            continue
        reason = f"the sides differ by {_short(found.rest)}"
        evidence = Evidence(
            passed=found.holds,
            scope=scope,
            lhs=_short(lhs),
            rhs=_short(rhs),
            cases=len(sides),
            domain=domain,
            reason=f"{reason}: {found.reason}" if found.reason else reason,
        )
        if found.holds is False:
            return evidence
        undecided = undecided or evidence
    return undecided or _equal(sides, domain, scope, notes)


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
    pairs: Iterable[tuple[sp.MatrixExpr, sp.MatrixExpr]],
    domain: str,
    sizes: Mapping[sp.Symbol, int],
) -> Evidence:
    """Return the evidence that matrix expressions of symbolic size are equal, which covers every size.

    Args:
        pairs: sides to compare: sums of matrix products with scalar factors.
        domain: what the symbols range over, in words.
        sizes: small sizes at which unequal sides are told apart by integer matrices.
    """
    sides = list(pairs)
    undecided: Evidence | None = None
    for lhs, rhs in sides:
        holds = equal_matrices(lhs, rhs, sizes)
        if holds is True:
            continue
        told = f"the sides differ for integer matrices of sizes {dict(sizes)}"
        evidence = Evidence(
            passed=holds,
            scope=Scope.WHOLE,
            lhs=_short(lhs),
            rhs=_short(rhs),
            cases=len(sides),
            domain=domain,
            reason=told if holds is False else "whether the sides are equal is open",
        )
        if holds is False:
            return evidence
        undecided = undecided or evidence
    return undecided or _equal(sides, domain, Scope.WHOLE)


def _short(expr: sp.Basic, limit: int = 160) -> str:
    """Return the expression as `$...$`, or its size where it is too long to be read."""
    operations = int(sp.count_ops(expr))
    latex = sp.latex(expr).strip() if operations <= limit else ""
    readable = 0 < len(latex) <= limit and "$" not in latex
    return f"${latex}$" if readable else f"an expression with {operations} operations"
