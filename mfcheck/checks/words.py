"""Planted errors, attacks and sentences for the report, in the form in which a paper states them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace as changed
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import sympy as sp
from flint import arb, ctx

from mfcheck.checks.certify import WORK
from mfcheck.claims.inequality import Case, Inequality, Sample, Variable
from mfcheck.claims.model import (
    ONE_SETTING,
    Check,
    Claim,
    Context,
    Formulas,
    PlantedError,
    Reading,
    Regime,
)
from mfcheck.claims.record import Evidence, Note, Plot
from mfcheck.claims.setting import Parameter, Setting
from mfcheck.claims.verdict import Known
from mfcheck.errors import InputError
from mfcheck.gaussian import E2, E, numeric
from mfcheck.gaussian import enclosed as enclosed_formula
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import exact
from mfcheck.rigor.certificate import Certificate

DIGITS = 20
Range = tuple[int | str | Fraction, int | str | Fraction]


def claim(
    id: str,
    *,
    title: str,
    statement: str,
    source: str,
    text: str,
    formulas: Formulas,
    checks: Sequence[Check],
    wrong: Sequence[PlantedError] = (),
    attack: Sequence[Inequality] = (),
    known: str = Known.FROM_MEMORY,
    assumptions: Sequence[str] = (),
    no_inequality: str = "",
    needs: Callable[[Setting], None] | None = None,
    regimes: Sequence[Regime] = (ONE_SETTING,),
    reading: str = "stated",
) -> Claim:
    """Return a claim with one reading, the text as it stands: `text` is its meaning, in words.

    The parts are those of `Claim` and of `Reading`, side by side; `reading` is the id.
    """
    meaning = Reading(reading, text, formulas, checks, wrong, attack, needs, regimes)
    return Claim(id, title, statement, source, [meaning], known, assumptions, no_inequality)


def wrong(
    id: str,
    replace: Formulas,
    why_false: str,
    *,
    kind: str = "",
    checks: Sequence[str] = (),
    also: Sequence[str] = (),
) -> PlantedError:
    """Return a planted error: a wrong variant that checks must reject.

    Args:
        id: short name within the reading.
        replace: the formulas that are wrong, by name.
        why_false: a reason that a reader can check; the variant must be false, and not merely sharper.
        kind: of mistake, in words; if left out, the claim derives it from the formulas.
        checks: names of the checks that must reject it; if left out, all that test a formula which is replaced.
        also: further ones, such as `slack-NAME` of an attack.
    """
    return PlantedError(id, kind, replace, why_false, tuple(checks), also=tuple(also))


def wrongs(
    name: str,
    variants: Mapping[str, tuple[sp.Basic, str]],
    *,
    kind: str = "",
    checks: Sequence[str] = (),
    also: Sequence[str] = (),
) -> tuple[PlantedError, ...]:
    """Return planted errors of one formula.

    Args:
        name: of the formula in the reading.
        variants: by id, what replaces it, and why that is false.
        kind: as in `wrong`.
        checks: as in `wrong`.
        also: as in `wrong`.
    """
    return tuple(
        wrong(id, {name: formula}, why, kind=kind, checks=checks, also=also)
        for id, (formula, why) in variants.items()
    )


def noted(check: Check, *notes: Note | Callable[[Context], Note], when: bool = True) -> Check:
    """Return the check with sentences for the report, or what makes them, added where its answer is `when`."""

    def run(context: Context, /) -> Evidence:
        found = check.run(context)
        if found.passed is not when:
            return found
        said = (note if isinstance(note, Note) else note(context) for note in notes)
        return found.but(notes=(*found.notes, *said))

    return changed(check, run=run)


def certifying(
    check: Check, parts: Callable[[Context], Mapping[str, Certificate]], work: int = WORK
) -> Check:
    """Return the check with a bundle of certificates, where it holds and the checker accepts it in so many steps."""

    def run(context: Context, /) -> Evidence:
        found = check.run(context)
        if found.passed is not True or found.certificate is not None:
            return found
        try:
            made = certificate.bundle(parts(context))
            certificate.require_accepted(made, work)
        except (InputError, certificate.CertificateError):
            return found
        return found.but(certificate=made)

    return changed(check, run=run)


def pictured(check: Check, draw: Callable[[Context], Plot]) -> Check:
    """Return the check with a picture, whatever its answer is."""

    def run(context: Context, /) -> Evidence:
        found = check.run(context)
        return found.but(plots=(*found.plots, draw(context)))

    return changed(check, run=run)


def bound(
    id: str,
    lhs: str | sp.Expr,
    relation: Literal["<=", ">="],
    rhs: str | sp.Expr,
    *,
    over: Mapping[Parameter | sp.Symbol, Range],
    text: str = "",
    activation: bool = False,
    log: Sequence[str] = (),
    integers: Sequence[str] = (),
) -> Inequality:
    """Return an inequality for the search; both its sides, in double precision and as balls, come from the formulas.

    Args:
        id: short name.
        lhs: name of a formula of the reading, or a SymPy expression in parameters, in the variables of `over`, and
            `E[...]` of the activation.
        relation: `<=` or `>=`.
        rhs: as `lhs`.
        over: what the search varies, with its range: parameters of the paper, or symbols of its own.
        text: both sides in words; their formulas if left out.
        activation: whether the activation varies as well.
        log: names of variables whose logarithm is searched.
        integers: names of variables that take whole numbers only.
    """
    small, large = (lhs, rhs) if relation == "<=" else (rhs, lhs)
    variables = {
        key: Variable(
            _name(key), Fraction(a), Fraction(b), _name(key) in log, _name(key) in integers
        )
        for key, (a, b) in over.items()
    }
    return Inequality(
        id=id,
        text=text or f"{_shown(lhs)} {relation} {_shown(rhs)}",
        varies=("activation",) if activation else (),
        fast=lambda sample, formulas: tuple(
            _float(side, sample, formulas) for side in (small, large)
        ),  # type: ignore[arg-type,return-value]
        enclosed=lambda case, formulas: tuple(
            _ball(side, case, formulas) for side in (small, large)
        ),
        own=tuple(v for key, v in variables.items() if not isinstance(key, Parameter)),
        ranges=tuple(v for key, v in variables.items() if isinstance(key, Parameter)),
    )


def _name(key: Parameter | sp.Symbol) -> str:
    return key.name


def _shown(side: str | sp.Expr) -> str:
    return side if isinstance(side, str) else str(side)


def _formula(side: str | sp.Expr, formulas: Formulas) -> sp.Expr:
    return formulas[side] if isinstance(side, str) else side


def _float(side: str | sp.Expr, sample: Sample, formulas: Formulas) -> float:
    expr = sp.sympify(_formula(side, formulas))
    symbols = _symbols(expr)
    if not expr.has(E, E2):
        return float(_code(expr)(*(sample.values[s.name] for s in symbols)))
    values = {s: sample.values[s.name] for s in symbols}
    return float(numeric(expr, values, sample.activation))


@lru_cache(maxsize=512)
def _code(expr: sp.Expr) -> Callable[..., float]:
    code: Callable[..., float] = sp.lambdify(_symbols(expr), expr, ["scipy", "numpy"], cse=True)
    return code


@lru_cache(maxsize=512)
def _symbols(expr: sp.Expr) -> tuple[sp.Symbol, ...]:
    return tuple(sorted(expr.free_symbols, key=str))


def _ball(side: str | sp.Expr, case: Case, formulas: Formulas) -> arb:
    expr = sp.sympify(_formula(side, formulas))
    known = {**dict(case.setting.values), **dict(case.own)}
    with ctx.workdps(DIGITS + 15):
        values = {s: exact(known[s.name]) for s in _symbols(expr)}
        activation = case.setting.activation if case.setting.has_activation else None
        return enclosed_formula(expr, values, activation, DIGITS)
