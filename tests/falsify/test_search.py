from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from flint import arb

from mfcheck import load_paper
from mfcheck.claims import (
    Answer,
    Assumption,
    Budget,
    Case,
    Check,
    Claim,
    Evidence,
    Inequality,
    Kind,
    Reading,
    Sample,
    Variable,
)
from mfcheck.errors import InputError
from mfcheck.falsify.search import (
    CONFIDENCE,
    STREAMS,
    Best,
    Found,
    Part,
    Sampled,
    Sizes,
    Unit,
    search,
    work,
)
from mfcheck.falsify.target import NOTHING, Target, violation
from mfcheck.rigor.ball import exact

DEFAULT = load_paper("scaled-resnets")
Formulas = Mapping[str, sp.Basic]
TINY = Sizes(sampled=60, guided=40, optimised=400, max_n=5, max_d=3)


def fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    return sample.values["x"] ** 2, float(formulas["bound"])


def enclosed(case: Case, formulas: Formulas) -> tuple[Any, Any]:
    bound = formulas["bound"]
    return exact(case["x"]) ** 2, arb(int(bound.p)) / int(bound.q)


PEAK = Inequality(
    "square",
    "x^2 <= bound",
    (),
    fast,
    enclosed,
    reading="stated",
    own=(Variable("x", Fraction(-1), Fraction(1)),),
)


def target(bound: sp.Expr, inequality: Inequality = PEAK, met: bool | None = True) -> Target:
    assumption = Assumption(
        "a", "", "", "", lambda setting: Answer(met, ""), lambda rng: DEFAULT.default
    )
    formulas = {"bound": sp.sympify(bound)}
    check = Check("k", Kind.EXACT, lambda context: Evidence(passed=True))
    reading = Reading("stated", "", formulas, checks=(check,), attack=(inequality,))
    claim = Claim("c", "", "", "", (reading,), assumptions=("a",))
    paper = replace(DEFAULT, assumptions=(assumption,), claims=(claim,))
    return Target(paper, claim, inequality, formulas)


def test_violation_is_relative_and_signed() -> None:
    assert violation(3, 1) == 0.5
    assert violation(1, 3) == -0.5
    assert violation(0, 0) == 0
    assert violation(0, 5) == -1 > NOTHING
    assert violation(float("nan"), 1) == violation(1, float("inf")) == NOTHING


def test_a_true_inequality_is_not_refuted() -> None:
    found = search(target(sp.Integer(1)), TINY, 0)
    assert found.case is None
    assert found.sampled == Sampled(60, 0)
    assert found.sampled.upper == pytest.approx(1 - (1 - CONFIDENCE) ** (1 / 60))
    assert found.largest <= 0
    assert set(found.tried) == {"sampled", "guided", "optimised"}
    assert found.rate > 0


def test_a_rare_violation_is_found_by_the_optimiser_and_certified() -> None:
    found = search(target(sp.Rational(99999, 100000)), TINY, 0)
    assert found.sampled.violated == 0
    assert found.case is not None
    assert found.case["x"] ** 2 > Fraction(99999, 100000)


def test_the_order_in_which_units_are_done_does_not_matter() -> None:
    aim = target(sp.Rational(1, 2))
    aim.warm()
    rounds = []

    def backwards(units: Sequence[Unit]) -> list[Part]:
        rounds.append(len(units))
        return [work(aim, TINY, 3, unit) for unit in reversed(units)][::-1]

    known, found = search(aim, TINY, 3), search(aim, TINY, 3, backwards)
    assert rounds[0] == STREAMS
    assert (found.sampled, found.tried, found.largest, found.case) == (
        known.sampled,
        known.tried,
        known.largest,
        known.case,
    )
    assert found.visits == known.visits


def test_a_search_repeats_itself() -> None:
    def run(seed: int) -> tuple[object, ...]:
        found = search(target(sp.Rational(1, 2)), TINY, seed)
        return found.sampled, dict(found.tried), found.largest, found.case

    assert run(5) == run(5)


@pytest.mark.parametrize("met", [False, None])
def test_only_settings_whose_assumptions_are_decided_to_hold_count(met: bool | None) -> None:
    found = search(target(sp.Integer(0), met=met), TINY, 0)
    assert found.case is None
    assert found.sampled == Sampled(0, 0)
    assert found.sampled.upper == 1


def test_a_violation_in_double_precision_alone_is_no_counterexample() -> None:
    def undecided(case: Case, formulas: Formulas) -> tuple[Any, Any]:
        left, right = enclosed(case, formulas)
        return left + arb(0, 5), right

    def unavailable(case: Case, formulas: Formulas) -> tuple[Any, Any]:
        raise InputError("out of reach")

    for function in (undecided, unavailable):
        found = search(target(sp.Integer(0), replace(PEAK, enclosed=function)), TINY, 0)
        assert found.sampled.violated > 0
        assert found.case is None


def test_settings_in_which_a_side_is_undefined_do_not_count() -> None:
    def never(sample: Sample, formulas: Formulas) -> tuple[float, float]:
        return 1.0, float("inf")

    found = search(target(sp.Integer(1), replace(PEAK, fast=never)), TINY, 0)
    assert found.sampled.met == 0
    assert found.largest == NOTHING


def test_the_worst_cases_are_kept_in_order() -> None:
    best = Best()
    for k in range(30):
        score = float((7 * k) % 30)
        best.add(score, lambda: Case(DEFAULT.default))
    assert [score for score, _ in best.cases] == [29, 28, 27, 26, 25, 24, 23, 22]


def test_clopper_pearson_covers() -> None:
    assert Sampled(0, 0).upper == Sampled(3, 3).upper == 1
    # P(at most 2 of 100 | p) is 1 - CONFIDENCE at the bound.
    p = Sampled(100, 2).upper
    mass = sum(float(sp.binomial(100, k)) * p**k * (1 - p) ** (100 - k) for k in range(3))
    assert mass == pytest.approx(1 - CONFIDENCE)


def test_budgets_grow() -> None:
    quick, standard, thorough = (Sizes.of(Budget(b)) for b in ("quick", "standard", "thorough"))
    assert quick.optimised < standard.optimised < thorough.optimised
    assert thorough.max_n == 32


def test_rate_counts_all_ways() -> None:
    found = Found(Sampled(1, 0), {"a": 10, "b": 20}, {"a": 1.0, "b": 2.0}, 0.0, None)
    assert found.rate == 10
    assert Found(Sampled(1, 0), {"a": 30}, {"a": 3.0}, 0.0, None, busy=1.5).rate == 20


def test_each_number_of_points_can_have_a_climb() -> None:
    def spread(sample: Sample, formulas: Formulas) -> tuple[float, float]:
        return float(np.sum(sample.X[0] * sample.X[1])) + 1.5, 3.0

    points = replace(PEAK, varies=("points",), own=(), fast=spread)
    seen: list[int] = []

    def perform(units: Sequence[Unit]) -> list[Part]:
        seen.extend(u.start.setting.data.n for u in units if u.start is not None)
        return [work(aim, sizes, 0, unit) for unit in units]

    aim, sizes = target(sp.Integer(1), points), replace(TINY, every_size=True)
    found = search(aim, sizes, 0, perform)
    assert len(set(seen)) >= 4
    assert found.visits.tightest is not None
    assert found.visits.tightest.slack == pytest.approx(3 / 2.5, rel=1e-3)
