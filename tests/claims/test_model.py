from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy as sp

from mfcheck.claims import (
    Answer,
    Assumption,
    Budget,
    Check,
    Claim,
    Constant,
    Context,
    Data,
    Evidence,
    Inequality,
    Kind,
    Paper,
    PlantedError,
    Question,
    Reading,
    Regime,
    Setting,
)
from mfcheck.claims.model import ONE_SETTING
from mfcheck.symbolic.activation import activation

SETTING = Setting(Data(((1, 0), (0, 1)), (1, -1)), activation("tanh"), ())


def run(context: Context) -> Evidence:
    return Evidence(passed=True)


CHECK = Check("c", Kind.EXACT, run)
PLANTED = PlantedError("e", "constant", {"f": sp.Integer(2)}, "1 is not 2")
BOUND = Inequality("q", "0 <= 1", (), lambda s, f: (0.0, 1.0), lambda c, f: (0, 1))
STATED = Reading("stated", "a", {"f": sp.Integer(1)}, (CHECK,), (PLANTED,))
OTHER = Reading("other", "b", checks=(replace(CHECK, id="o"),))


def claim(*readings: Reading, **changes: Any) -> Claim:
    parts: dict[str, Any] = {
        "id": "l",
        "title": "L",
        "statement": "s",
        "source": "Lemma 1",
        "readings": readings or (STATED, OTHER),
    }
    return Claim(**parts | changes)


def stated(**changes: Any) -> Reading:
    return replace(STATED, **changes)


def paper(*claims: Claim, **changes: Any) -> Paper:
    parts: dict[str, Any] = {
        "id": "p",
        "title": "P",
        "authors": (),
        "source": "s",
        "parameters": (),
        "default": SETTING,
        "assumptions": (),
        "claims": claims,
        "validate": lambda setting: None,
    }
    return Paper(**parts | changes)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: claim(readings=()), "one reading at least"),
        (lambda: claim(STATED, STATED), "must be unique"),
        (lambda: claim(stated(checks=(CHECK, CHECK))), "share an id"),
        (lambda: claim(stated(attack=(BOUND, BOUND))), "share an id"),
        (lambda: claim(stated(wrong=(PLANTED, PLANTED))), "share an id"),
        (lambda: claim(stated(checks=(replace(CHECK, tests=("g",)),))), "tests no formula"),
        (lambda: claim(stated(checks=())), "no check to reject it"),
        (lambda: claim(stated(wrong=(replace(PLANTED, rejected_by=("x",)),))), "no check"),
        (lambda: claim(stated(wrong=(replace(PLANTED, also=("x",)),))), "no check"),
        (lambda: claim(stated(wrong=(replace(PLANTED, replace={}),))), "an unknown formula"),
        (
            lambda: claim(stated(wrong=(replace(PLANTED, replace={"g": sp.Integer(1)}),))),
            "an unknown formula",
        ),
        (lambda: claim(regimes=()), "needs a regime"),
    ],
)
def test_claims_whose_parts_do_not_fit_are_refused(
    build: Callable[[], Claim], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_readings_that_name_no_regime_have_those_of_their_claim() -> None:
    own, shared = Regime("own", "its own"), Regime("shared", "all others")
    found = claim(stated(regimes=(own,)), OTHER, regimes=[shared])
    assert [r.regimes for r in found.readings] == [(own,), (shared,)]
    assert [r.regimes for r in claim().readings] == [(ONE_SETTING,), (ONE_SETTING,)]


def test_a_claim_finds_its_readings() -> None:
    found = claim()
    assert found.reading("other") is found.readings[1]


def test_ids_are_derived_and_parts_know_their_reading() -> None:
    found = claim(stated(attack=(BOUND,)), OTHER)
    assert [(c.id, c.reading) for c in found.checks] == [
        ("l/stated/c", "stated"),
        ("l/stated/slack-q", "stated"),
        ("l/other/o", "other"),
    ]
    assert [(q.id, q.reading) for q in found.inequalities] == [("l/stated/q", "stated")]
    (error,) = found.planted
    assert (error.id, error.reading, error.rejected_by) == (
        "l/stated/e",
        "stated",
        ("l/stated/c",),
    )


def test_a_planted_error_goes_to_the_checks_of_what_it_replaces() -> None:
    first, second, third = (
        replace(CHECK, id=id, tests=tests)
        for id, tests in [("a", ("f",)), ("b", ("g",)), ("c", None)]
    )
    asking = replace(CHECK, id="d", question=Question.APPLIES)
    reading = stated(
        formulas={"f": sp.Integer(1), "g": sp.Integer(1)},
        checks=(first, second, third, asking),
        attack=(BOUND,),
    )
    assert reading.rejecting(PLANTED) == ("a", "c")
    assert reading.rejecting(replace(PLANTED, also=("slack-q",))) == ("a", "c", "slack-q")
    assert reading.rejecting(replace(PLANTED, rejected_by=("b",))) == ("b",)
    only_asking = replace(reading, checks=(second, replace(asking, tests=("f",))))
    assert only_asking.rejecting(PLANTED) == ("d",)


def test_formulas_cannot_be_changed_from_a_check() -> None:
    context = Context(SETTING, Budget.QUICK, 0, "c", {"f": sp.Integer(1)})
    with pytest.raises(TypeError):
        context.formulas["f"] = sp.Integer(2)  # type: ignore[index]
    with pytest.raises(TypeError):
        STATED.formulas["f"] = sp.Integer(2)  # type: ignore[index]
    with pytest.raises(TypeError):
        PlantedError("e", "", {"f": sp.Integer(2)}, "").replace["f"] = sp.Integer(1)  # type: ignore[index]
    matrix = sp.Matrix([[1, 2], [3, 4]])
    for holder in (
        Context(SETTING, Budget.QUICK, 0, "c", {"m": matrix}).formulas,
        Reading("r", "t", {"m": matrix}).formulas,
        PlantedError("e", "", {"m": matrix}, "").replace,
    ):
        with pytest.raises(TypeError):
            holder["m"][0, 0] = 9


def test_false_alarms_are_shared_by_soft_checks() -> None:
    soft = stated(
        checks=(CHECK, *(replace(CHECK, id=f"s{k}", kind=Kind.SIMULATED) for k in range(4)))
    )
    assert paper(claim(soft)).alarm == pytest.approx(1e-3 / 4)


def assumption(id: str) -> Assumption:
    return Assumption(id, "t", "s", "q", lambda s: Answer(None, ""), lambda rng: SETTING)


CONSTANT = Constant("k", sp.Symbol("k"), sp.Integer(1), "s")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: paper(claim(), claim()), "two claims share an id"),
        (lambda: paper(constants=(CONSTANT, CONSTANT)), "two constants share an id"),
        (lambda: paper(claim(assumptions=("a",))), "l names an unknown assumption"),
    ],
)
def test_papers_with_clashing_ids_are_refused(build: Callable[[], Paper], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_a_paper_finds_its_claims() -> None:
    whole = paper(claim(assumptions=("a",)), assumptions=(assumption("a"),))
    assert whole.claim("l") is whole.claims[0]
    assert whole.claim("m") is None


def draw(check: str, seed: int) -> np.ndarray:
    return Context(SETTING, Budget.QUICK, seed, check).rng().random(4)


def test_random_streams_depend_on_check_and_seed_alone() -> None:
    np.testing.assert_array_equal(draw("a", 0), draw("a", 0))
    assert not np.array_equal(draw("a", 0), draw("b", 0))
    assert not np.array_equal(draw("a", 0), draw("a", 1))


def test_a_context_gives_the_formulas_under_test() -> None:
    context = Context(SETTING, Budget.QUICK, 0, "c", STATED.formulas)
    assert context["f"] == 1
    with pytest.raises(KeyError):
        context["g"]


def test_a_budget_picks_its_choice() -> None:
    assert [budget.pick(1, 2, 3) for budget in Budget] == [1, 2, 3]
