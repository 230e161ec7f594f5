"""Sentences for the report around a check."""

import pytest

from mfcheck.checks import Context, Evidence, Kind, Note, custom, noted, setting_of
from mfcheck.claims.model import Budget

NOTE = Note(id="one", severity="minor", text="A sentence.")
CONTEXT = Context(setting_of(()), Budget.QUICK, 0, "check")


@pytest.mark.parametrize("when", [True, False])
@pytest.mark.parametrize("passed", [True, False, None])
def test_a_note_comes_with_its_answer_only(when: bool, passed: bool | None) -> None:
    check = custom("check", "formula", lambda _: Evidence(passed=passed), kind=Kind.EXACT)
    found = noted(check, NOTE, when=when).run(CONTEXT)
    assert found.notes == ((NOTE,) if passed is when else ())
    assert found.passed is passed


def test_notes_of_the_check_itself_stay() -> None:
    own = NOTE.but(id="own")
    check = custom(
        "check", "formula", lambda _: Evidence(passed=True, notes=(own,)), kind=Kind.EXACT
    )
    assert noted(check, NOTE).run(CONTEXT).notes == (own, NOTE)
