"""Proofs in steps (certified inequalities, comparisons, exact identities), and r_L with its bounds as balls."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import sympy as sp
from flint import arb, ctx

from mfcheck.checks.identity import identities
from mfcheck.claims import Evidence, Note, Scope
from mfcheck.kernels import formulas
from mfcheck.kernels.enclosure import Kernel, kernel
from mfcheck.rigor.ball import Exact, compare, enclose, exact, interval
from mfcheck.rigor.positivity import positive
from mfcheck.statistics.compare import all_hold
from mfcheck_proofs.rntk_scaling.bounds import Inequality
from mfcheck_proofs.rntk_scaling.symbols import L, gamma, kappa, lam, s_0

DIGITS = 15
PREC = 128
GRID = (Fraction(-9, 10), Fraction(0), Fraction(1, 2), Fraction(9, 10))
"""The cosines at which tables are given."""


@dataclass(frozen=True)
class Step:
    """One step of a proof: True for certain, None where the argument does not decide.

    False where the reading is false if all other steps hold.
    """

    name: str
    holds: bool | None
    reason: str = ""


def certified(named: Mapping[str, Inequality]) -> list[Step]:
    """Return the steps of inequalities in the angle."""
    found = {name: _positive(*inequality) for name, inequality in named.items()}
    return [Step(name, holds, reason) for name, (holds, reason) in found.items()]


@lru_cache(maxsize=256)
def _positive(expr: sp.Expr, upper: sp.Expr, order: int) -> tuple[bool | None, str]:
    found = positive(expr, formulas.theta, upper, order)
    return found.holds, found.reason


def compared(pairs: Mapping[str, tuple[sp.Expr, sp.Expr]]) -> list[Step]:
    """Return the steps of `smaller <= larger`; a comparison that fails leaves the argument undecided."""
    return [
        Step(name, True if _at_most(*pair) else None, "the constants do not fit")
        for name, pair in pairs.items()
    ]


def _at_most(smaller: sp.Expr, larger: sp.Expr) -> bool:
    """Return whether that is certain; rational numbers are compared exactly, so that they may be equal."""
    if isinstance(smaller, sp.Rational) and isinstance(larger, sp.Rational):
        return bool(smaller <= larger)
    return compare(enclose(smaller, {}, PREC), enclose(larger, {}, PREC)) == "<"


def identical(pairs: Mapping[str, tuple[sp.Expr, sp.Expr]]) -> list[Step]:
    """Return the steps of exact identities: false where a number tells the sides apart, None where nothing does."""
    found = {name: identities([pair], name) for name, pair in pairs.items()}
    return [Step(name, evidence.passed, evidence.reason) for name, evidence in found.items()]


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
        passed=failed[0].holds if failed else True,
        scope=scope,
        lhs=lhs or None,
        rhs=rhs or None,
        error=0.0,
        cases=len(done),
        domain=domain,
        reason=f"step {failed[0].name!r}: {failed[0].reason}" if failed else "",
        notes=() if failed else notes,
    )


# --- r_L and its bounds as balls -------------------------------------------------------------------------------------


def alpha_squared(scaling: sp.Expr, depth: int, exponent: Exact = 0) -> arb:
    """Enclose alpha(L)^2 for a formula in L and gamma."""
    values = {L: exact(depth), gamma: exact(exponent)}
    used = {s: v for s, v in values.items() if s in scaling.free_symbols}
    return enclose(scaling**2, used, PREC)


@lru_cache(maxsize=4096)
def value(scaling: sp.Expr, depth: int, u: Fraction, exponent: Fraction = Fraction(0)) -> arb:
    """Enclose r_L(u) for alpha = scaling(L, gamma)."""
    with ctx.workprec(PREC):
        return residual(scaling, depth, exponent)(exact(u))


def residual(scaling: sp.Expr, depth: int, exponent: Fraction = Fraction(0)) -> Kernel:
    """Return the certified kernel for alpha = scaling(L, gamma)."""
    with ctx.workprec(PREC):
        return kernel(depth, alpha_squared(scaling, depth, exponent), DIGITS)


def bound_at(
    formula: sp.Expr, scaling: sp.Expr, depth: int, u: Fraction, exponent: Fraction = Fraction(0)
) -> arb:
    """Enclose a bound over kappa, lambda and s_0 at that depth and cosine."""
    with ctx.workprec(PREC):
        square = alpha_squared(scaling, depth, exponent)
        k = square / (1 + square) / (3 * arb.pi())
        values = {kappa: k, lam: k * depth, s_0: 1 / (2 * (1 - exact(u))).sqrt()}
        return enclose(formula, {s: values[s] for s in formula.free_symbols}, PREC)


def all_below(
    cases: Iterable[tuple[str, arb, arb]], domain: str, notes: tuple[Note, ...] = ()
) -> Evidence:
    """Return the evidence that in each case (name, lhs, rhs) lhs <= rhs, with the tightest case as the sides."""
    seen = list(cases)
    order = {"<": True, ">": False, "?": None}
    answers = [order[compare(lhs, rhs)] for _, lhs, rhs in seen]
    passed = all_hold(answers)
    at = (
        answers.index(passed)
        if not passed
        else max(range(len(seen)), key=lambda i: _ratio(*seen[i][1:]))
    )
    name, lhs, rhs = seen[at]
    return Evidence(
        passed=passed,
        lhs=interval(lhs),
        rhs=interval(rhs),
        slack=1 / ratio if (ratio := _ratio(lhs, rhs)) > 0 else None,
        error=float(lhs.rad()) + float(rhs.rad()),
        cases=len(seen),
        domain=domain,
        reason="" if passed else f"{name}: the left side is {lhs.str(8)}, the right {rhs.str(8)}",
        notes=notes if passed else (),
    )


def _ratio(lhs: arb, rhs: arb) -> float:
    return float((lhs / rhs).mid()) if rhs > 0 else 0.0


Table = tuple[tuple[int, str], ...]


def table_agrees(
    table: sp.Tuple, distance: Callable[[int], arb], domain: str, count: int
) -> Evidence:
    """Return the evidence that each stated decimal is the rounding of the certified value.

    Args:
        table: triples of depth, stated value, and unit of its last digit, exactly.
        distance: the certified value by depth.
        domain: what was covered, in words.
        count: how many rows to test; the whole table is covered only if all are.
    """
    cases, tested = [], table[:count]
    for depth, stated, unit in tested:
        with ctx.workprec(PREC):
            error = abs(distance(int(depth)) - exact(stated))
            cases.append((f"L = {depth}", error, exact(unit) / 2))
    where = f"{domain}; L = {', '.join(str(depth) for depth, *_ in tested)}"
    found = all_below(cases, where)
    scope = Scope.WHOLE if len(tested) == len(table) else Scope.CASES
    return found.but(scope=scope)


def rows(*pairs: tuple[object, str]) -> sp.Tuple:
    """Return a table from labels and decimals as printed; the unit of the last digit is read off the decimal."""
    found = []
    for label, text in pairs:
        mantissa, _, exponent = text.partition("e")
        places = len(mantissa.partition(".")[2]) - int(exponent or 0)
        found.append(sp.Tuple(label, sp.Rational(text), sp.Rational(1, 10) ** places))
    return sp.Tuple(*found)
