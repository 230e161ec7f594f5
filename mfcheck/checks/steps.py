"""Proofs in steps: exact identities, certified inequalities, comparisons."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache, partial

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.checks.certify import WORK
from mfcheck.checks.identity import identities
from mfcheck.claims.record import Evidence, Note
from mfcheck.claims.verdict import Scope
from mfcheck.errors import InputError
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import DEFAULT_PREC, Exact, compare, decimal_text, enclose, endpoints
from mfcheck.rigor.certificate import Certificate
from mfcheck.rigor.positivity import positive


@dataclass(frozen=True)
class Step:
    """One step of a proof: True for certain, None where the argument does not decide.

    False where the reading is false if all other steps hold.

    Args:
        name: what the step says.
        holds: whether it does.
        reason: why not.
        exact: decided by symbols alone, so that it needs no certificate.
        certify: makes the certificates of the step, by name where one needs another, None if it has none.
    """

    name: str
    holds: bool | None
    reason: str = ""
    exact: bool = False
    certify: Callable[[], Sequence[Certificate] | Mapping[str, Certificate]] | None = None


def identical(pairs: Mapping[str, tuple[sp.Expr, sp.Expr]]) -> list[Step]:
    """Return the steps of exact identities: false where a number tells the sides apart, None where nothing does."""
    found = {name: identities([pair], name) for name, pair in pairs.items()}
    return [
        Step(name, evidence.passed, evidence.reason, exact=True) for name, evidence in found.items()
    ]


def derived(
    pairs: Mapping[str, tuple[sp.Expr, sp.Expr]], reason: str = "not the one derived"
) -> list[Step]:
    """Return the steps that stated formulas are those which the argument gives; it says nothing of another one."""
    return [
        step if step.holds else replace(step, holds=None, reason=reason)
        for step in identical(pairs)
    ]


def without_signs(name: str, expr: sp.Expr, *symbols: sp.Symbol) -> Step:
    """Return the step that a rational function is >= 0 where its symbols are: no coefficient is negative.

    Coefficients may hold further symbols, whose signs are known by assumption.
    """
    parts = (sp.Poly(part, *symbols) for part in sp.fraction(sp.cancel(expr)))
    signs = {c.is_nonnegative for part in parts for c in part.coeffs()}
    return Step(name, True if signs == {True} else None, "a coefficient may be negative", True)


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
        reason = squared.reason or "the signs differ, or are not certain"
        sides = [
            side.xreplace({s: sp.Rational(str(v)) for s, v in at.items()}) for side in (lhs, rhs)
        ]
        signed = [side if enclose(side) > 0 else -side for side in sides] if agree else []
        found.append(Step(name, holds, reason, certify=partial(_all_positive, tuple(signed))))
    return found


def positive_on(
    name: str, expr: sp.Expr, x: sp.Symbol, upper: sp.Expr | Exact, order: int = 0
) -> Step:
    """Return the step that `expr > 0` on `(0, upper]`, where it has a zero of that order at 0 (0: none)."""
    holds, reason = _positive(expr, x, upper, order)
    certify = partial(_positive_certificate, expr, x, upper, order)
    return Step(name, holds, reason, certify=certify)


@lru_cache(maxsize=256)
def _positive(
    expr: sp.Expr, x: sp.Symbol, upper: sp.Expr | Exact, order: int
) -> tuple[bool | None, str]:
    found = positive(expr, x, upper, order)
    return found.holds, found.reason


_SAMPLES = 200
_BISECT, _DIGITS, _BEYOND = 14, 8, 2


@lru_cache(maxsize=256)
def _positive_certificate(
    expr: sp.Expr, x: sp.Symbol, upper: sp.Expr | Exact, order: int
) -> tuple[Certificate, ...]:
    """State `expr >= c x^order` on [0, upper] with c > 0, about a fiftieth of the largest one."""
    top = endpoints(enclose(sp.sympify(upper), {}, DEFAULT_PREC))
    if top is None:
        raise InputError("the interval has no end")
    end = decimal_text(top[1], 15, up=True)
    program = sp.lambdify(x, expr / x**order, "numpy")
    ratios = program(np.linspace(0, float(end), _SAMPLES + 1)[_SAMPLES // 20 :])
    least = float(np.min(ratios))
    if not least > 0:
        raise InputError("the function is not seen to be positive")
    c = sp.Rational(decimal_text(Fraction(least) / 50, 2, up=False))
    formula = _written(expr) - c * x**order
    inputs = {str(x): ("0", end)}
    made = certificate.inequality(
        formula, inputs, "0", digits=_DIGITS, bisect=_BISECT, order=order + _BEYOND
    )
    return (made,)


def _written(expr: sp.Expr) -> sp.Expr:
    """Return the sum with a common factor pi in front, so that zeros of its terms cancel exactly."""
    terms = sp.expand(expr)
    factored = sp.factor_terms(terms)
    return factored if factored.count(sp.pi) <= 1 else terms


def _all_positive(sides: tuple[sp.Expr, ...]) -> tuple[Certificate, ...]:
    return tuple(_at_least(side) for side in sides)


def _difference(small: sp.Expr, large: sp.Expr) -> tuple[Certificate, ...]:
    return (_at_least(sp.sympify(large) - sp.sympify(small)),)


def _at_least(number: sp.Expr) -> Certificate:
    """State a lower bound, not negative, of a number."""
    ends = endpoints(enclose(number, {}, DEFAULT_PREC))
    exact = isinstance(number, sp.Rational) or ends is None or ends[0] <= 0
    lower = "0" if exact or ends is None else decimal_text(ends[0] * Fraction(9, 10), 4, up=False)
    return certificate.inequality(number, {}, lower=lower)


def smaller(pairs: Mapping[str, tuple[sp.Expr, sp.Expr]]) -> list[Step]:
    """Return the steps of `smaller <= larger`; a comparison that fails leaves the argument undecided."""
    return [
        Step(
            name,
            True if _at_most(*pair) else None,
            "the constants do not fit",
            certify=partial(_difference, *pair),
        )
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
        certificate=None if failed or not done else certificate_of(done),
    )


def certificate_of(steps: Sequence[Step]) -> Certificate | None:
    """Return an accepted bundle of the certificates of all steps but the exact ones.

    None if a step has none, if there are exact steps alone, or if the checker does not accept it.
    """
    parts: dict[str, Certificate] = {}
    try:
        for step in steps:
            if step.certify is not None:
                made = step.certify()
                if isinstance(made, Mapping):
                    parts |= made
                    continue
                for part in made:
                    parts[f"step_{len(parts)}"] = part
            elif not step.exact:
                return None
        found = certificate.bundle(parts)
        certificate.require_accepted(found, WORK)
    except (InputError, certificate.CertificateError):
        return None
    return found
