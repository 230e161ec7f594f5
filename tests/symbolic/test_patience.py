"""Work that is given up after so many calls."""

import sys

import pytest

from mfcheck.symbolic.patience import within


def _calls(count: int) -> str:
    for _ in range(count):
        (lambda: None)()
    return "done"


def test_work_ends_by_itself_or_after_its_calls() -> None:
    assert within(200, lambda: _calls(100)) == "done"
    assert within(50, lambda: _calls(100)) is None


def test_handlers_of_exceptions_on_the_way_do_not_hold_it() -> None:
    seen = []

    def stubborn() -> str:
        try:
            return _calls(100)
        except Exception:  # as SymPy does in places
            seen.append("held")
            return "held"

    assert within(50, stubborn) is None
    assert seen == []


def test_errors_pass_and_what_was_set_before_is_there_again() -> None:
    seen = []
    before = sys.getprofile()
    sys.setprofile(lambda *event: seen.append(event[1]))
    ours = sys.getprofile()
    try:
        with pytest.raises(ZeroDivisionError):
            within(50, lambda: 1 // 0)
        assert sys.getprofile() is ours
    finally:
        sys.setprofile(before)
