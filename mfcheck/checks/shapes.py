"""The shapes of checks: each takes what a paper computes and returns a `Check` that makes whole evidence.

A check names the formulas of its reading that it tests; under a planted error it sees the wrong ones. What a paper
gives is a function of the context, so that nothing is computed before the check runs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import sympy as sp
from flint import arb

from mfcheck.checks.certify import Enclosed, Sides, Zeros
from mfcheck.checks.decide import Case, Relation, Side, Standard, against, certified, course, decide
from mfcheck.checks.identity import identities, matrix_identities
from mfcheck.checks.rates import Words, said
from mfcheck.checks.steps import Step, conclude
from mfcheck.checks.values import Where, ball, number
from mfcheck.claims.model import Check, Context
from mfcheck.claims.record import Estimate, Evidence, Note
from mfcheck.claims.setting import Setting
from mfcheck.claims.verdict import Kind, Question, Scope
from mfcheck.rigor.ball import exact
from mfcheck.rigor.certified_systems import System


@dataclass(frozen=True)
class At:
    """What a paper found in one case, by another way than the formula.

    Args:
        value: a ball, or a number with its error.
        label: the case in words, such as `N = 256`.
        x: where the case is drawn, None if it is not.
        where: values of symbols of the formula that differ from case to case.
        formula: the value as a formula, in parameters, constants and symbols of `where`; it gives a certificate.
        zeros: symbols of `where` that solve an equation, with an expression that vanishes there.
        setting: in which the formula is evaluated, with its constants and its activation; that of the check if None.
        systems: equations of which symbols of the formulas are the solutions, for the certificate.
        digits: to which the certificate states the value at most.
        enclosed: symbols of the formulas that certificates of other kinds enclose, for the certificate.
    """

    value: Side
    label: str = ""
    x: float | None = None
    where: Where = field(default_factory=dict)
    formula: sp.Expr | None = None
    zeros: Zeros = field(default_factory=dict)
    setting: Setting | None = None
    systems: tuple[System, ...] = ()
    digits: int = 8
    enclosed: Enclosed = field(default_factory=dict)

    def sides(self, lhs: sp.Expr | None, rhs: sp.Expr | None) -> Sides:
        """Return a comparison in formulas with what is known here of their symbols."""
        return Sides(
            lhs, rhs, self.where, self.zeros, self.setting, self.systems, self.digits, self.enclosed
        )


Measure = Callable[[Context], Side | Iterable[At]]


def agree(
    id: str,
    formula: str,
    measure: Measure,
    *,
    kind: Kind = Kind.SIMULATED,
    relation: Relation = "==",
    resolution: float = 0.1,
    domain: Words = "",
    x_label: str = "",
    y_label: str = "",
    log: str = "",
    uses: Sequence[str] = (),
    group: str = "",
    question: Question = Question.HOLDS,
) -> Check:
    """Return the check that numbers with errors stand in a relation to the value of a formula.

    Args:
        id: short name of the check.
        formula: name of the formula, the right side.
        measure: `context ->` one number with its error, or cases `At(...)`: the left side.
        kind: simulated, or sampled.
        relation: `==`, `<=`, `>=`, `<`, `>`: of what is measured to the formula.
        resolution: equality counts only if the errors are below this share of the formula's value.
        domain: what was covered, in words.
        x_label: of the picture that cases with an `x` get.
        y_label: of the picture.
        log: its logarithmic axes: `x`, `y`, `xy` or none.
        uses: names of further formulas, which `measure` takes from the context.
        group: of checks that share memoised work.
        question: what the check asks.
    """
    return compared(
        id,
        (formula, *uses),
        _against_formula(formula, measure),
        kind=kind,
        relation=relation,
        resolution=resolution,
        domain=domain,
        drawn=(x_label, y_label or formula, log),
        group=group,
        question=question,
    )


def encloses(
    id: str,
    formula: str,
    compute: Measure | sp.Expr,
    *,
    relation: Relation = "==",
    digits: float = 10,
    whole: bool = False,
    domain: Words = "",
    x_label: str = "",
    y_label: str = "",
    log: str = "",
    uses: Sequence[str] = (),
    group: str = "",
    question: Question = Question.HOLDS,
) -> Check:
    """Return the certified check that balls found in another way stand in a relation to a formula.

    Two balls count as equal if they overlap and are accurate to `digits` digits: equality in cases to that accuracy,
    never a proof of identity. `compute` may be a formula itself, in parameters and constants: its value in the setting.
    `whole` says that the cases are all that the reading speaks about. Other arguments as in `agree`.
    """
    return compared(
        id,
        (formula, *uses),
        _against_formula(formula, compute),
        kind=Kind.CERTIFIED,
        relation=relation,
        digits=digits,
        whole=whole,
        domain=domain,
        drawn=(x_label, y_label or formula, log),
        group=group,
        question=question,
    )


def compared(
    id: str,
    tests: str | Iterable[str],
    cases: Callable[[Context], Iterable[Case]],
    *,
    kind: Kind = Kind.SIMULATED,
    relation: Relation = "==",
    digits: float = 10,
    resolution: float = 0.1,
    whole: bool = False,
    domain: Words = "",
    drawn: tuple[str, str, str] = ("", "", ""),
    group: str = "",
    question: Question = Question.HOLDS,
) -> Check:
    """Return the check that both sides of each case stand in a relation, neither of them the value of a formula.

    Args:
        id: short name of the check.
        tests: names of the formulas that enter.
        cases: `context ->` both sides of each case.
        kind: certified for balls; simulated or sampled for numbers with errors.
        relation: of left to right side.
        digits: accuracy of two balls that count as equal.
        resolution: equality of numbers counts only if the errors are below this share of the right side.
        whole: whether the cases are all that the reading speaks about.
        domain: what was covered, in words.
        drawn: labels of the axes of the picture that cases with an `x` get, and which of them are logarithmic
            (`x`, `y`, `xy` or none); no picture without a label.
        group: of checks that share memoised work.
        question: what the check asks.
    """
    scope = Scope.WHOLE if whole else Scope.CASES
    x_label, y_label, log = drawn

    def run(context: Context, /) -> Evidence:
        found = list(cases(context))
        title = f"{y_label} against {x_label}"
        plot = against(found, id, title, x_label, y_label, log) if x_label else None
        own = Standard(relation, digits, resolution, context.alarm)
        evidence = decide(found, own, said(domain, context), scope, plot)
        return certified(evidence, context, found, own) if kind is Kind.CERTIFIED else evidence

    return Check(id, kind, run, _names(tests), question, group)


def _against_formula(formula: str, measure: Measure | sp.Expr) -> Callable[[Context], list[Case]]:
    """Return the cases of a formula, its value on the right."""

    def cases(context: Context) -> list[Case]:
        stated = context[formula]
        return [
            Case(
                at.value,
                ball(context, formula, at.where, setting=at.setting),
                at.label,
                at.x,
                at.sides(at.formula, stated),
            )
            for at in _cases(context, measure)
        ]

    return cases


def _cases(context: Context, measure: Measure | sp.Expr) -> list[At]:
    if isinstance(measure, sp.Basic):
        return [At(ball(context, measure), formula=measure)]
    found = measure(context)
    # A record can be iterated too, over its fields.
    return [At(found)] if isinstance(found, arb | Estimate) else list(found)


def identity(
    id: str,
    tests: str | Iterable[str],
    pairs: Callable[[Context], Iterable[tuple[sp.Expr, sp.Expr]]],
    *,
    domain: Words,
    whole: bool = True,
    notes: Sequence[Note] = (),
    sizes: Mapping[sp.Symbol, int] | None = None,
    group: str = "",
) -> Check:
    """Return the exact check that both sides of each pair are equal for all values of their symbols.

    Args:
        id: short name.
        tests: names of the formulas that enter.
        pairs: `context ->` pairs of SymPy expressions.
        domain: what the symbols range over, in words.
        whole: whether the pairs together are the whole statement.
        notes: sentences for the report, kept if all sides agree.
        sizes: of sides that are matrices of symbolic size, equal at every size: at these, unequal ones are told apart.
        group: of checks that share memoised work.
    """
    scope = Scope.WHOLE if whole else Scope.CASES

    def run(context: Context, /) -> Evidence:
        if sizes is None:
            return identities(pairs(context), said(domain, context), scope, tuple(notes))
        found = matrix_identities(pairs(context), said(domain, context), sizes)
        return found.but(scope=scope, notes=tuple(notes) if found.passed else ())

    return Check(id, Kind.EXACT, run, _names(tests), group=group)


def _names(tests: str | Iterable[str]) -> tuple[str, ...]:
    return (tests,) if isinstance(tests, str) else tuple(tests)


def proof(
    id: str,
    tests: str | Iterable[str],
    steps: Callable[[Context], Iterable[Step]],
    *,
    domain: Words,
    whole: bool = True,
    kind: Kind = Kind.CERTIFIED,
    lhs: Words = "",
    rhs: Words = "",
    notes: Sequence[Note] = (),
    otherwise: Sequence[Note] = (),
    group: str = "",
) -> Check:
    """Return the check of an argument in steps; `kind` is exact only if every step is an identity.

    `lhs` and `rhs` are the sides that are shown; `otherwise` are sentences for the report if the answer is no. Other
    arguments as in `identity`, with `steps` in place of pairs: see `mfcheck.checks.steps`.
    """
    scope = Scope.WHOLE if whole else Scope.CASES

    def run(context: Context, /) -> Evidence:
        where, left, right = (said(words, context) for words in (domain, lhs, rhs))
        found = conclude(steps(context), where, left, right, tuple(notes), scope)
        return found.but(notes=tuple(otherwise)) if found.passed is False else found

    return Check(id, kind, run, _names(tests), group=group)


def rows(*pairs: tuple[object, str]) -> sp.Tuple:
    """Return a table from labels and decimals as printed; the unit of the last digit is read off the decimal.

    >>> rows((100, "0.0911"))
    ((100, 911/10000, 1/10000),)
    """
    found = []
    for label, text in pairs:
        mantissa, _, exponent = text.partition("e")
        places = len(mantissa.partition(".")[2]) - int(exponent or 0)
        found.append(sp.Tuple(label, sp.Rational(text), sp.Rational(1, 10) ** places))
    return sp.Tuple(*found)


def table(
    id: str,
    formula: str,
    compute: Callable[[Context, sp.Expr], arb | At],
    *,
    domain: Words = "",
    whole: bool = True,
    group: str = "",
) -> Check:
    """Return the certified check that each decimal of a printed table is the rounding of the true value.

    Args:
        id: short name.
        formula: name of the table, made by `rows`.
        compute: `(context, label) ->` the value as a ball, or with its formula as `At(...)`, for a certificate.
        domain: what the rows are, in words.
        whole: whether the reading speaks of these rows alone.
        group: of checks that share memoised work.
    """
    scope = Scope.WHOLE if whole else Scope.CASES

    def run(context: Context, /) -> Evidence:
        cases = [_row(compute(context, label), *row) for label, *row in context[formula]]
        cases = [
            replace(case, label=f"row {row[0]}")
            for case, row in zip(cases, context[formula], strict=True)
        ]
        standard = Standard("<=")
        evidence = decide(cases, standard, said(domain, context), scope)
        return certified(evidence, context, cases, standard)

    return Check(id, Kind.CERTIFIED, run, (formula,), group=group)


def _row(found: arb | At, stated: sp.Rational, unit: sp.Rational) -> Case:
    """The distance of a value to a decimal, against half a unit of its last digit."""
    at = found if isinstance(found, At) else At(found)
    assert isinstance(at.value, arb)
    distance = None if at.formula is None else sp.Abs(at.formula - stated)
    sides = at.sides(distance, unit / 2)
    return Case(abs(at.value - exact(stated)), exact(unit) / 2, sides=sides)


def monotone(
    id: str,
    formula: str,
    values: Callable[[Context], Sequence[At]],
    *,
    kind: Kind = Kind.CERTIFIED,
    domain: Words = "",
    x_label: str = "",
    y_label: str = "",
    log: str = "",
    uses: Sequence[str] = (),
    group: str = "",
) -> Check:
    """Return the check that consecutive values change in the direction that the formula states: 1 up, -1 down.

    Args:
        id: short name.
        formula: name of the direction.
        values: `context ->` cases in order.
        kind: certified for balls; simulated or sampled for numbers with errors.
        domain: what was covered, in words.
        x_label: of the picture; without it there is none.
        y_label: of the picture.
        log: its logarithmic axes: `x`, `y`, `xy` or none.
        uses: names of further formulas, which `values` takes from the context.
        group: of checks that share memoised work.
    """

    def run(context: Context, /) -> Evidence:
        found = values(context)
        up = number(context, formula) > 0
        cases = [
            Case(*((a.value, b.value) if up else (b.value, a.value)), f"{a.label} to {b.label}")
            for a, b in pairwise(found)
        ]
        standard = Standard("<", alarm=context.alarm)
        plot = (
            course([(at.x, at.value) for at in found], id, x_label, y_label, log)
            if x_label
            else None
        )
        return decide(cases, standard, said(domain, context), plot=plot)

    return Check(id, kind, run, (formula, *uses), group=group)


def custom(
    id: str,
    tests: str | Iterable[str],
    run: Callable[[Context], Evidence],
    *,
    kind: Kind,
    question: Question = Question.HOLDS,
    group: str = "",
) -> Check:
    """Return a check of no common shape, whose function makes the evidence itself (see `mfcheck.checks.decide`)."""
    return Check(id, kind, run, _names(tests), question, group)


def presumes(
    id: str, formula: str, assumed: str, stated: str, *, domain: str, reason: str, group: str = ""
) -> Check:
    """Return the exact check that what a reading claims follows without the assumptions that it leaves out.

    The formula is how many assumptions of the theorem it leaves out, as integers count them; the claim follows as it
    stands where that is 0. Else the answer to the question whether it follows is no, which says nothing about whether
    it is true.

    Args:
        id: short name.
        formula: name of the number.
        assumed: what the theorem assumes, in words: the left side that is shown.
        stated: what the reading grants, in words: the right side.
        domain: where the assumptions are found.
        reason: why they are not met by themselves.
        group: of checks that share memoised work.
    """

    def run(context: Context, /) -> Evidence:
        left_out = int(context[formula])
        if left_out < 0:
            raise ValueError("a reading cannot leave out fewer than no assumptions")
        return Evidence(
            passed=left_out == 0,
            lhs=assumed,
            rhs=stated,
            error=0.0,
            domain=domain,
            reason=reason if left_out else "",
        )

    return Check(id, Kind.EXACT, run, (formula,), Question.FOLLOWS, group)


def measured(numbers: Mapping[str, Side]) -> list[At]:
    """Return the cases of numbers by label."""
    return [At(value, label) for label, value in numbers.items()]
