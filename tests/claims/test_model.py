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
    Reading,
    Setting,
)
from mfcheck.symbolic.activation import activation

SETTING = Setting(Data(((1, 0), (0, 1)), (1, -1)), activation("tanh"), ())
READINGS = (Reading("stated", "a", {"f": sp.Integer(1)}), Reading("other", "b"))


def run(context: Context) -> Evidence:
    return Evidence(passed=True)


CHECK = Check("c", Kind.EXACT, run)
OTHER = Check("o", Kind.EXACT, run, reading="other")
PLANTED = PlantedError("e", "constant", {"f": sp.Integer(2)}, "1 is not 2", ("c",))


def claim(**changes: Any) -> Claim:
    parts: dict[str, Any] = {
        "id": "l",
        "title": "L",
        "statement": "s",
        "source": "Lemma 1",
        "readings": READINGS,
        "checks": (CHECK, OTHER),
        "planted": (PLANTED,),
    }
    return Claim(**parts | changes)


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
    ("changes", "message"),
    [
        ({"readings": (), "checks": (), "planted": ()}, "one reading at least"),
        ({"readings": (READINGS[0], READINGS[0]), "checks": (CHECK,)}, "must be unique"),
        ({"checks": (CHECK, CHECK)}, "must be unique"),
        ({"checks": (replace(CHECK, reading="third"),)}, "check c tests no reading"),
        ({"planted": (replace(PLANTED, rejected_by=()),)}, "names no reading or no check"),
        ({"planted": (replace(PLANTED, rejected_by=("x",)),)}, "names no reading or no check"),
        ({"planted": (replace(PLANTED, reading="x"),)}, "names no reading or no check"),
        ({"planted": (replace(PLANTED, replace={}),)}, "names no reading or no check"),
        ({"planted": (replace(PLANTED, replace={"g": sp.Integer(1)}),)}, "an unknown formula"),
        ({"planted": (replace(PLANTED, rejected_by=("o",)),)}, "a check of another reading"),
    ],
)
def test_claims_whose_parts_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        claim(**changes)


def test_a_claim_finds_its_readings() -> None:
    assert claim().reading("other") is READINGS[1]


def assumption(id: str) -> Assumption:
    return Assumption(id, "t", "s", "q", lambda s: Answer(None, ""), lambda rng: SETTING)


BOUND = Inequality(
    "q", "0 <= 1", (), lambda s, f: (0.0, 1.0), lambda c, f: (0, 1), reading="stated"
)
CONSTANT = Constant("k", sp.Symbol("k"), sp.Integer(1), "s")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: paper(claim(), claim()), "two claims share an id"),
        (lambda: paper(claim(), claim(id="m")), "two checks share an id"),
        (
            lambda: paper(
                claim(checks=(CHECK,)),
                claim(
                    id="m",
                    checks=(replace(CHECK, id="d"),),
                    planted=(replace(PLANTED, rejected_by=("d",)),),
                ),
            ),
            "two planted errors share an id",
        ),
        (lambda: paper(constants=(CONSTANT, CONSTANT)), "two constants share an id"),
        (lambda: paper(claim(inequalities=(BOUND, BOUND))), "two inequalities share an id"),
        (lambda: claim(inequalities=(replace(BOUND, reading="x"),)), "belongs to no reading"),
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
    context = Context(SETTING, Budget.QUICK, 0, "c", READINGS[0].formulas)
    assert context["f"] == 1
    with pytest.raises(KeyError):
        context["g"]


def test_a_budget_picks_its_choice() -> None:
    assert [budget.pick(1, 2, 3) for budget in Budget] == [1, 2, 3]
