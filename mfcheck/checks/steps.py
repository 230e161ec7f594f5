"""Proofs in steps: exact identities, certified inequalities, comparisons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from flint import arb

from mfcheck.checks.identity import identities
from mfcheck.claims.record import Evidence, Note
from mfcheck.claims.verdict import Scope
from mfcheck.rigor.ball import DEFAULT_PREC, Exact, compare, enclose
from mfcheck.rigor.positivity import positive


@dataclass(frozen=True)
class Step:
    """One step of a proof: True for certain, None where the argument does not decide.

    False where the reading is false if all other steps hold.
    """

    name: str
    holds: bool | None
    reason: str = ""


def identical(pairs: Mapping[str, tuple[sp.Expr, sp.Expr]]) -> list[Step]:
    """Return the steps of exact identities: false where a number tells the sides apart, None where nothing does."""
    found = {name: identities([pair], name) for name, pair in pairs.items()}
    return [Step(name, evidence.passed, evidence.reason) for name, evidence in found.items()]


def same_squares(
    pairs: Mapping[str, tuple[sp.Expr, sp.Expr]], at: Mapping[sp.Symbol, Exact]
) -> list[Step]:
    """Return the steps of identities between analytic functions that hold roots, on one connected domain.

    Their squares, rational functions, are equal, so that one is the other up to a sign; and at the point `at` both have
    the same certain sign.
    """
    found = []
    for name, (lhs, rhs) in pairs.items():
        squared = identities(
            [(sp.cancel(sp.together(lhs**2)), sp.cancel(sp.together(rhs**2)))], name
        )
        signs = {
            compare(enclose(side, {s: at[s] for s in side.free_symbols}), arb(0))
            for side in (lhs, rhs)
        }
        agree = None if "?" in signs else len(signs) == 1
        holds = agree if squared.passed else squared.passed
        found.append(Step(name, holds, squared.reason or "the signs differ, or are not certain"))
    return found


def positive_on(
    name: str, expr: sp.Expr, x: sp.Symbol, upper: sp.Expr | Exact, order: int = 0
) -> Step:
    """Return the step that `expr > 0` on `(0, upper]`, where it has a zero of that order at 0 (0: none)."""
    holds, reason = _positive(expr, x, upper, order)
    return Step(name, holds, reason)


@lru_cache(maxsize=256)
def _positive(
    expr: sp.Expr, x: sp.Symbol, upper: sp.Expr | Exact, order: int
) -> tuple[bool | None, str]:
    found = positive(expr, x, upper, order)
    return found.holds, found.reason


def smaller(pairs: Mapping[str, tuple[sp.Expr, sp.Expr]]) -> list[Step]:
    """Return the steps of `smaller <= larger`; a comparison that fails leaves the argument undecided."""
    return [
        Step(name, True if _at_most(*pair) else None, "the constants do not fit")
        for name, pair in pairs.items()
    ]


def _at_most(small: sp.Expr, large: sp.Expr) -> bool:
    """Return whether that is certain; rational numbers are compared exactly, so that they may be equal."""
    if isinstance(small, sp.Rational) and isinstance(large, sp.Rational):
        return bool(small <= large)
    sides = (enclose(side, {}, DEFAULT_PREC) for side in (small, large))
    return compare(*sides) == "<"


def conclude(
    steps: Iterable[Step],
    domain: str,
    lhs: str = "",
    rhs: str = "",
    notes: tuple[Note, ...] = (),
    scope: Scope = Scope.WHOLE,
) -> Evidence:
    """Return the evidence of a proof: undecided if a step is, since a false step is one only if the others hold."""
    done = list(steps)
    failed = [s for s in done if s.holds is None] or [s for s in done if s.holds is False]
    return Evidence(
        passed=(failed[0].holds if failed else True) if done else None,
        scope=scope,
        lhs=lhs or None,
        rhs=rhs or None,
        error=0.0,
        cases=len(done),
        domain=domain,
        reason=f"step {failed[0].name!r}: {failed[0].reason}" if failed else "",
        notes=() if failed else notes,
    )
