"""Decisions from both sides of a comparison: what is yes, what is no, and what stays open."""

from typing import Any

import pytest
import sympy as sp
from flint import arb

from mfcheck.checks import Case, Context, Kind, Standard, compared, curve, decide, number, picture
from mfcheck.checks.decide import against, as_estimate, course, holds, slack
from mfcheck.claims.model import Budget
from mfcheck.claims.record import Estimate, Note
from mfcheck.claims.setting import setting_of
from mfcheck.errors import InputError

ONE, TWO = arb(1), arb(2)
NEAR = arb(1, 1e-3)
"""A ball around 1."""


def about(value: float, error: float, bias: float = 0.0) -> Estimate:
    return Estimate(value=value, error=error, bias=bias)


BALLS: list[tuple[arb, str, arb, bool | None]] = [
    (ONE, "<", TWO, True),
    (TWO, "<", ONE, False),
    (ONE, "<=", TWO, True),
    (TWO, "<=", ONE, False),
    (ONE, ">", TWO, False),
    (TWO, ">", ONE, True),
    (ONE, ">=", TWO, False),
    (TWO, ">=", ONE, True),
    (ONE, "<=", ONE, True),
    (ONE, ">=", ONE, True),
    (ONE, "<", ONE, None),
    (ONE, ">", ONE, None),
    (ONE, "<=", NEAR, None),
    (NEAR, "<=", NEAR, None),
    (NEAR, ">=", ONE, None),
    (NEAR, "<", ONE, None),
    (ONE, "==", ONE, True),
    (ONE, "==", TWO, False),
    (ONE, "==", NEAR, None),
    (NEAR, "==", TWO, False),
    (arb(1, 1e-12), "==", ONE, True),
    (arb(0, 1e-12), "==", arb(0), None),
    (arb(0, 1e-22), "==", arb(0), True),
    (arb.nan(), "<=", ONE, None),
]


@pytest.mark.parametrize(("lhs", "relation", "rhs", "answer"), BALLS)
def test_balls(lhs: arb, relation: Any, rhs: arb, answer: bool | None) -> None:
    assert holds(Case(lhs, rhs), Standard(relation)) is answer


NUMBERS: list[tuple[Estimate, str, Estimate, bool | None]] = [
    (about(1, 0.1), "<=", about(2, 0.1), True),
    (about(1, 0.6), "<=", about(2, 0.6), None),
    (about(2, 0.1), "<=", about(1, 0.1), False),
    (about(2, 0.1), ">=", about(1, 0.1), True),
    (about(1, 0.1), ">", about(2, 0.1), False),
    (about(1, 0.01), "==", about(1.02, 0), True),
    (about(1, 0.2), "==", about(1, 0), None),
    (about(1, 0.01), "==", about(2, 0.01), False),
]


@pytest.mark.parametrize(("lhs", "relation", "rhs", "answer"), NUMBERS)
def test_numbers_with_errors(
    lhs: Estimate, relation: Any, rhs: Estimate, answer: bool | None
) -> None:
    assert holds(Case(lhs, rhs), Standard(relation)) is answer


def test_a_number_against_a_ball() -> None:
    assert holds(Case(about(1, 0.1), TWO), Standard("<=")) is True
    assert holds(Case(about(1, 0.1), arb.nan()), Standard("<=")) is None
    assert as_estimate(arb.nan()) is None
    found = as_estimate(NEAR)
    assert found is not None
    assert found.error >= 1e-3
    assert found.noise == 0


def test_the_alarm_is_shared_by_the_cases() -> None:
    """4.0 standard errors apart: beyond a false alarm of 1e-4 for one, not for one of a thousand."""
    far, here = about(1.0, 1.96 * 0.1), about(0.59, 0.0)
    standard = Standard("<=", alarm=1e-4)
    assert decide([Case(far, here)], standard).passed is False
    fine = [Case(here, far)] * 999
    assert decide([*fine, Case(far, here)], standard).passed is None


def test_the_case_that_decides_is_shown() -> None:
    good, bad = Case(ONE, TWO, "good"), Case(TWO, ONE, "bad")
    found = decide(
        [good, good, bad], Standard("<"), notes=(Note(id="n", severity="remark", text="t"),)
    )
    assert (found.passed, found.cases, found.notes) == (False, 3, ())
    assert found.reason.startswith("bad: 2")
    open_ = decide([good, Case(ONE, NEAR, "open")], Standard("<"))
    assert open_.passed is None
    assert open_.reason.startswith("open: ")
    tight = decide([Case(ONE, arb(3), "loose"), Case(ONE, TWO, "tight")], Standard("<"))
    assert (tight.passed, tight.slack, tight.reason) == (True, 2.0, "")
    assert decide([], Standard("<")).passed is None


def test_slack_is_larger_over_smaller() -> None:
    assert slack(Case(ONE, TWO), "<=") == 2
    assert slack(Case(TWO, ONE), ">=") == 2
    assert slack(Case(ONE, TWO), "==") is None
    assert slack(Case(arb(-1), TWO), "<=") is None


def test_an_infinite_value_is_no_number() -> None:
    context = Context(setting_of(()), Budget.QUICK, 0, "check", {"f": sp.exp(sp.exp(sp.exp(60)))})
    with pytest.raises(InputError, match="no finite value"):
        number(context, "f")
    assert number(context, sp.Rational(1, 4)) == 0.25


def test_compared_takes_both_sides_from_the_context() -> None:
    """A check whose sides are no formula: the relation decides, and a planted value that it tests turns it."""

    def cases(context: Context) -> list[Case]:
        stated = number(context, "level")
        return [Case(ONE, arb(stated), "first", 1.0), Case(TWO, arb(stated), "second", 2.0)]

    check = compared(
        "both", "level", cases, kind=Kind.CERTIFIED, relation="<=", drawn=("k", "value", "")
    )
    assert check.tests == ("level",)
    for level, passed in ((sp.Integer(3), True), (sp.Rational(3, 2), False)):
        formulas = {"level": level}
        found = check.run(Context(setting_of(()), Budget.QUICK, 0, "check", formulas))
        assert found.passed is passed
        assert [p.id for p in found.plots] == ["both"]


def test_a_curve_has_bars_if_there_are_estimates() -> None:
    bare = curve("values", [1, 2], [0.5, arb(2)], "points")
    assert (bare.x, bare.y, bare.error, bare.style) == ((1.0, 2.0), (0.5, 2.0), None, "points")
    barred = curve("found", [1, 2], [about(3, 0.25), 4])
    assert (barred.y, barred.error) == ((3.0, 4.0), (0.25, 0.0))


def test_a_picture_has_the_logarithmic_axes_that_are_named() -> None:
    drawn = curve("zero at the start", (1, 2), (0, 3))
    made = picture("id", "Title", "$t$", "value", [drawn], "y")
    assert (made.x_log, made.y_log, made.curves) == (False, True, (drawn,))
    assert picture("id", "Title", "$t$", "value", [drawn]).y_log is False


@pytest.mark.parametrize(("least", "logarithmic"), [(0.0, False), (1.0, True)])
def test_cases_with_a_value_that_has_no_logarithm_are_drawn_linearly(
    least: float, logarithmic: bool
) -> None:
    found = [about(least, 0.1), about(2, 0.1)]
    cases = [Case(value, ONE, x=x) for value, x in zip(found, (1.0, 2.0), strict=True)]
    both = against(cases, "id", "Title", "x", "y", "xy")
    alone = course([(1.0, found[0]), (2.0, found[1])], "id", "x", "y", "xy")
    for made in (both, alone):
        assert made is not None
        assert (made.x_log, made.y_log) == (True, logarithmic)
