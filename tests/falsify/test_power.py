from dataclasses import replace

import pytest
import sympy as sp

from mfcheck import load_paper, paper_ids
from mfcheck.claims import (
    Check,
    Claim,
    Context,
    Data,
    Evidence,
    Kind,
    Paper,
    PlantedError,
    Reading,
    Setting,
)
from mfcheck.falsify.power import Response, tally, trials, unplanted
from mfcheck.symbolic.activation import activation


def run(context: Context) -> Evidence:
    return Evidence(passed=True)


def error(id: str, *checks: str) -> PlantedError:
    return PlantedError(id, "constant", {"f": sp.Integer(2)}, "1 is not 2", checks)


READING = Reading(
    "stated",
    "a",
    {"f": sp.Integer(1)},
    checks=tuple(Check(id, Kind.EXACT, run) for id in ("a", "b", "c")),
    wrong=(error("one", "a", "b"), error("two", "b")),
)


def claim(reading: Reading = READING) -> Claim:
    return Claim("lemma", "L", "s", "Lemma 1", (reading,))


def full(*names: str) -> tuple[str, ...]:
    return tuple(f"lemma/stated/{name}" for name in names)


def answers(said: dict[tuple[str, str], Response]) -> dict[tuple[str, str], Response]:
    return {full(*pair): response for pair, response in said.items()}  # type: ignore[misc]


PAPER = Paper(
    id="p",
    title="P",
    authors=(),
    source="s",
    parameters=(),
    default=Setting(Data(((1, 0), (0, 1)), (1, -1)), activation("tanh"), ()),
    assumptions=(),
    claims=(claim(),),
    validate=lambda setting: None,
)
NO, YES, UNDECIDED = Response(False, "2 > 1"), Response(True), Response(None, "crashed")


def test_every_check_that_must_reject_an_error_is_tried() -> None:
    tried = [full(*pair) for pair in (("one", "a"), ("one", "b"), ("two", "b"))]
    assert [(e.id, c.id) for e, c in trials(PAPER)] == tried


def test_checks_without_planted_errors_are_named() -> None:
    assert unplanted(PAPER) == full("c")


@pytest.mark.parametrize("other", [YES, UNDECIDED])
def test_an_error_is_caught_only_if_all_its_checks_say_no(other: Response) -> None:
    said = answers({("one", "a"): NO, ("one", "b"): other, ("two", "b"): NO})
    record = tally(PAPER, 7, said)
    assert (record.planted, record.caught, record.missed) == (2, 1, full("one"))
    assert (record.seed, record.unplanted) == (7, full("c"))
    assert record.details[0].rejected_by == full("a")
    assert record.details[0].answers == dict(
        zip(full("a", "b"), ("no: 2 > 1", str(other)), strict=True)
    )
    assert record.details[1].caught


def test_errors_are_counted_by_kind() -> None:
    other = replace(error("three", "c"), kind="sign")
    more = replace(READING, wrong=(*READING.wrong, other))
    paper = replace(PAPER, claims=(claim(more),))
    said = {("one", "a"): NO, ("one", "b"): YES, ("two", "b"): NO, ("three", "c"): NO}
    kinds = [(k.kind, k.planted, k.caught) for k in tally(paper, 0, answers(said)).kinds]
    assert kinds == [("constant", 2, 1), ("sign", 1, 1)]


def test_all_caught() -> None:
    said = answers({("one", "a"): NO, ("one", "b"): NO, ("two", "b"): NO})
    record = tally(PAPER, 0, said)
    assert (record.caught, record.missed) == (2, ())


def test_a_paper_without_planted_errors_has_none_to_catch() -> None:
    bare = replace(PAPER, claims=(claim(replace(READING, wrong=())),))
    record = tally(bare, 0, {})
    assert (record.planted, record.caught, record.unplanted) == (0, 0, full("a", "b", "c"))


@pytest.mark.parametrize("id", paper_ids())
def test_every_check_of_every_paper_has_a_planted_error(id: str) -> None:
    assert unplanted(load_paper(id)) == ()
