from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp
from flint import arb

from mfcheck import load_paper
from mfcheck.claims import (
    Budget,
    Check,
    Claim,
    Context,
    Evidence,
    Inequality,
    Interval,
    Kind,
    Paper,
    PlantedError,
    Reading,
    Variable,
)
from mfcheck.rigor.ball import exact

BASE = load_paper("scaled-resnets")
SQUARE = Inequality(
    "square",
    "x <= bound x^2 for x >= 1",
    (),
    lambda s, f: (s.values["x"], float(f["bound"]) * s.values["x"] ** 2),
    lambda c, f: (exact(c["x"]), exact(f["bound"]) * exact(c["x"]) ** 2),
    reading="stated",
    own=(Variable("x", Fraction(1), Fraction(1000), log=True),),
)
FALSE = PlantedError(
    "halved", "constant scaled", {"bound": sp.Rational(1, 2)}, "x = 1", ("slack-square",)
)


def paper(inequality: Inequality = SQUARE) -> Paper:
    known = Check("known", Kind.EXACT, lambda context: Evidence(passed=True))
    stated = Reading(
        "stated", "", {"bound": sp.Integer(1)}, (known,), wrong=(FALSE,), attack=(inequality,)
    )
    claim = Claim("c", "", "", "", (stated,))
    other = Claim("other", "", "", "", (replace(stated, wrong=(), attack=()),))
    return replace(BASE, assumptions=(), claims=(claim, other), verdicts={})


def run(
    inequality: Inequality = SQUARE, bound: sp.Expr = sp.S.One, budget: Budget = Budget.QUICK
) -> Evidence:
    around = paper(inequality)
    check = around.claims[0].checks[-1]
    context = Context(BASE.default, budget, 3, check.id, {"bound": bound}, around)
    return check.run(context)


def test_each_inequality_gets_a_check_and_its_planted_error() -> None:
    claim, other = paper().claims
    assert [c.id for c in claim.checks] == ["c/stated/known", "c/stated/slack-square"]
    assert [(e.id, e.rejected_by) for e in claim.planted] == [
        ("c/stated/halved", ("c/stated/slack-square",))
    ]
    assert [check.id for check in other.checks] == ["other/stated/known"]
    assert other.planted == ()


def test_the_least_slack_is_found_and_plotted() -> None:
    found = run(budget=Budget.STANDARD)
    assert found.passed is True
    assert found.slack == pytest.approx(1, abs=1e-3)
    assert isinstance(found.lhs, Interval)
    assert float(found.lhs.lower) == pytest.approx(1, abs=1e-3)
    assert found.cases == 300
    assert (run().cases, run().plots) == (60, ())
    (plot,) = found.plots
    least = plot.curves[0]
    assert all(y == pytest.approx(x, rel=1e-9) for x, y in zip(least.x, least.y, strict=True))


def test_a_false_variant_is_rejected_with_the_place() -> None:
    found = run(bound=sp.Rational(1, 2))
    assert found.passed is False
    assert found.reason.startswith("certainly false at x = ")


def test_a_violation_that_is_not_certified_is_undecided() -> None:
    vague = replace(SQUARE, enclosed=lambda c, f: (arb(0, 10), arb(0, 10)))
    found = run(vague, sp.Rational(1, 2))
    assert found.passed is None
    assert found.reason


def test_without_a_setting_that_counts_nothing_is_said() -> None:
    nowhere = replace(SQUARE, fast=lambda s, f: (float("nan"), 1.0))
    found = run(nowhere)
    assert found.passed is None
    assert found.cases == 0
    assert found.slack is None


def test_the_same_seed_gives_the_same_evidence() -> None:
    assert run() == run()


def test_a_side_that_cancels_is_shown_enclosed_with_the_slack_of_both_sides() -> None:
    """In double precision the right side is 0 or 1e-16 times noise; it is 2e-20/x, twice the left side."""
    tiny = Fraction(1, 10**20)
    cancelling = replace(
        SQUARE,
        fast=lambda s, f: (1e-20 / s.values["x"], (s.values["x"] + 2e-20) - s.values["x"]),
        enclosed=lambda c, f: (exact(tiny / c["x"]), exact(2 * tiny / c["x"])),
    )
    found = run(cancelling)
    assert isinstance(found.lhs, Interval)
    assert isinstance(found.rhs, Interval)
    left, right = (Fraction(found.lhs.lower), Fraction(found.rhs.upper))
    assert 0 < left < right
    assert float(right / left) == pytest.approx(2, rel=1e-9)
    assert found.slack == pytest.approx(2, rel=1e-9)
    assert found.error is not None
    assert found.error < 1e-30


def test_what_is_shown_of_a_false_inequality_is_its_counterexample() -> None:
    found = run(bound=sp.Rational(1, 2))
    assert isinstance(found.lhs, Interval)
    assert isinstance(found.rhs, Interval)
    x = Fraction(found.reason.removeprefix("certainly false at x = "))
    assert Fraction(found.lhs.lower) <= x <= Fraction(found.lhs.upper)
    assert Fraction(found.rhs.lower) <= x**2 / 2 <= Fraction(found.rhs.upper)
    assert found.slack == pytest.approx(float(x) / 2, rel=1e-9)
    assert found.slack < 1
