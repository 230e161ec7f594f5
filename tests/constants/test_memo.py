"""Constants that were worked out before: the same numbers as without, and nothing that is damaged or foreign."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.claims.model import Constant, Paper
from mfcheck.claims.setting import Setting, parameter, setting_of
from mfcheck.constants import memo
from mfcheck.constants.evaluate import evaluate_constants
from mfcheck.errors import InputError

K = parameter("k", 2, "a number")
ROOT, TWICE, NONE = (sp.Symbol(name, real=True) for name in ("root", "twice", "none"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the memo, in which every value is worth keeping."""
    monkeypatch.setenv(memo.FOLDER, str(tmp_path / "memo"))
    monkeypatch.setattr(memo, "WORTH", -1.0)
    return tmp_path / "memo"


@pytest.fixture
def calls() -> list[int]:
    return []


@pytest.fixture
def paper(calls: list[int]) -> Iterator[Paper]:
    """A paper of one leaf, which counts its calls, one formula and one constant that does not exist."""

    def root(setting: Setting, digits: int) -> arb:
        calls.append(digits)
        with ctx.workdps(digits + 5):
            return arb(int(setting["k"])).sqrt()

    def none(setting: Setting, digits: int) -> arb:
        calls.append(-1)
        raise InputError("there is none")

    constants = (
        Constant("root", ROOT, ROOT, "q", root, ("k",)),
        Constant("twice", TWICE, 2 * ROOT, "q"),
        Constant("none", NONE, NONE, "q", none),
    )
    yield Paper(
        id="p/1", title="t", authors=(), source="s", parameters=(K,), default=setting_of((K,)),
        claims=(), constants=constants,
    )  # fmt: skip
    memo.use("none", "", ())


def values(paper: Paper, identity: str = "one", **changes: int) -> dict[str, object]:
    """The constants of the paper as a process of that identity finds them."""
    with memo.used(paper.id, identity, paper.constants):
        found = evaluate_constants(paper, paper.default.with_values(**changes), 15)
    return {record.id: record.value for record in found}


def test_a_value_is_worked_out_once(place: Path, paper: Paper, calls: list[int]) -> None:
    first = values(paper)
    assert [c for c in calls if c > 0] == [20]
    assert values(paper) == first
    assert [c for c in calls if c > 0] == [20]  # what does not exist is asked for each time
    assert calls.count(-1) == 2
    lower, upper = (sp.Rational(getattr(first["root"], end)) for end in ("lower", "upper"))
    assert lower**2 < 2 < upper**2
    assert 0 < upper - lower < sp.Rational(2, 10**14)


def test_it_is_the_value_that_is_found_without_a_memo(place: Path, paper: Paper) -> None:
    with_memo = values(paper)
    again = values(paper)
    assert with_memo == again == values(paper, "")


@pytest.mark.parametrize("identity", ["another code", "", "one "])
def test_another_identity_has_values_of_its_own(
    place: Path, paper: Paper, calls: list[int], identity: str
) -> None:
    values(paper)
    values(paper, identity)
    assert [c for c in calls if c > 0] == [20, 20]


def test_another_setting_or_number_of_digits_has_values_of_its_own(
    place: Path, paper: Paper, calls: list[int]
) -> None:
    assert values(paper)["root"] != values(paper, k=3)["root"]
    with memo.used(paper.id, "one", paper.constants):
        evaluate_constants(paper, paper.default, 30)
    assert [c for c in calls if c > 0] == [20, 20, 35]


def test_constants_of_another_paper_are_not_looked_up(
    place: Path, paper: Paper, calls: list[int]
) -> None:
    """A check may evaluate another paper: the identity is not that paper's."""
    values(paper)
    other = replace(paper, constants=paper.constants[:2])
    with memo.used(paper.id, "one", paper.constants):
        evaluate_constants(other, other.default, 15)
    assert [c for c in calls if c > 0] == [20, 20]


def entry(place: Path) -> Path:
    (file,) = place.rglob("*.sqlite")
    return file


def write(place: Path, statement: str, *given: str) -> None:
    base = sqlite3.connect(entry(place))
    base.execute(statement, given)
    base.commit()
    base.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE memo SET value='3 0 0 0'",  # another number
        "UPDATE memo SET value='nonsense'",
        "UPDATE memo SET value=NULL",
        "UPDATE memo SET digest='0'",
    ],
)
def test_a_damaged_entry_is_ignored_and_said(
    place: Path, paper: Paper, calls: list[int], caplog: pytest.LogCaptureFixture, statement: str
) -> None:
    right = values(paper)
    write(place, statement)
    assert values(paper) == right
    assert "an entry of the memo of constants" in caplog.text
    assert "is damaged and ignored: root" in caplog.text
    caplog.clear()
    assert values(paper) == right  # it was written anew
    assert caplog.text == ""
    assert [c for c in calls if c > 0] == [20, 20]


def test_an_entry_under_another_key_is_ignored(
    place: Path, paper: Paper, caplog: pytest.LogCaptureFixture
) -> None:
    right = values(paper, k=3)
    values(paper, k=2)
    write(place, "UPDATE memo SET value=(SELECT value FROM memo m WHERE m.key<>memo.key), "
                 "digest=(SELECT digest FROM memo m WHERE m.key<>memo.key)")  # fmt: skip
    assert values(paper, k=3) == right
    assert "is damaged and ignored" in caplog.text


def test_a_file_that_is_no_memo_is_ignored_and_begins_anew(
    place: Path, paper: Paper, caplog: pytest.LogCaptureFixture
) -> None:
    right = values(paper)
    entry(place).write_bytes(b"nonsense" * 1000)
    assert values(paper) == right
    assert "is damaged: it is ignored and begins anew" in caplog.text
    caplog.clear()
    assert values(paper) == values(paper) == right
    assert caplog.text == ""


def test_a_place_that_cannot_be_used_costs_the_gain_only(
    tmp_path: Path, paper: Paper, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memo, "WORTH", -1.0)
    (tmp_path / "file").write_text("")
    right = values(paper, "")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none"), Path("off")):
        monkeypatch.setenv(memo.FOLDER, str(folder))
        assert values(paper) == right
    assert [c for c in calls if c > 0] == 5 * [20]
    assert not (tmp_path / "off").exists()


def test_a_full_disk_costs_the_gain_only(
    place: Path, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = memo.Memo._open

    def small(self: memo.Memo) -> None:
        opened(self)
        assert self._base is not None
        self._base.execute("PRAGMA max_page_count=2")

    monkeypatch.setattr(memo.Memo, "_open", small)
    expected = [values(paper, "", k=k) for k in range(2, 60)]
    assert [values(paper, k=k) for k in range(2, 60)] == expected


def test_two_processes_may_write_at_once(place: Path, paper: Paper, calls: list[int]) -> None:
    here = memo.Memo(place / "p-1", "one", paper.constants)
    there = memo.Memo(place / "p-1", "one", paper.constants)
    here.keep("s", "c", 20, "1 0 0 0")
    there.keep("s", "c", 20, "1 0 0 0")
    there.keep("s", "d", 20, "5 -1 1 -3")
    assert here.find("s", "c", 20) == 1
    found = here.find("s", "d", 20)
    assert found is not None
    assert found.contains(arb(5) / 2 - arb(1) / 8)
    assert not found.contains(arb(21) / 8 + arb(1) / 100)
    here.close()
    there.close()


def test_files_of_old_versions_are_removed(place: Path, paper: Paper) -> None:
    for number in range(7):
        values(paper, f"version {number}")
        for age, file in enumerate(
            sorted(place.rglob("*.sqlite"), key=lambda f: f.stat().st_mtime)
        ):
            os.utime(file, (1000 + age, 1000 + age))
    assert len(list(place.rglob("*.sqlite"))) <= memo.KEPT


def test_quick_values_are_not_kept(
    place: Path, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memo, "WORTH", 60.0)
    values(paper)
    base = sqlite3.connect(entry(place))
    assert base.execute("SELECT count(*) FROM memo").fetchone() == (0,)
    base.close()


exact: Callable[..., st.SearchStrategy[int]] = st.integers


@given(
    exact(-(10**40), 10**40), exact(-200, 200), exact(0, 2**29), exact(-300, 200), exact(30, 300)
)
def test_the_ball_of_a_text_holds_the_ball_and_is_hardly_larger(
    middle: int, exponent: int, radius: int, of_radius: int, precision: int
) -> None:
    with ctx.workprec(precision):
        value = arb(arb(middle) * arb(2) ** exponent, arb(radius) * arb(2) ** of_radius)
    found = memo.ball_of(memo.text_of(value))
    assert found.contains(value)
    with ctx.workprec(100):
        assert found.rad() <= value.rad() * arb("1.0000001") or not value.rad()
    assert memo.text_of(memo.ball_of(memo.text_of(value))) == memo.text_of(found)


@pytest.mark.parametrize(
    "text", ["", "1", "1 2 3", "1 0 -1 0", "1 9999999 0 0", "a 0 0 0", "1 0 0 0 0"]
)
def test_what_is_no_ball_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        memo.ball_of(text)
