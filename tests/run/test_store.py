import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.run.store import Identity, Store, require_folder, write_json, write_text
from mfcheck.run.tasks import Result, Task, What

IDENTITY = Identity("0.1", "toy", "digest", "quick", 0)
TASK = Task(What.CHECK, "a/../b", group="g")
RESULT = Result(TASK, 0.5, {"passed": True})


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"x": "é"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"x": "é"}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, float("nan"))
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_folders_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for bad in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nothing")):
        with pytest.raises(InputError, match="cannot write to the folder"):
            require_folder(bad)


def test_results_are_found_again(tmp_path: Path) -> None:
    Store(tmp_path / "out", IDENTITY).open(resume=False)
    Store(tmp_path / "out", IDENTITY).save(RESULT)
    again = Store(tmp_path / "out", IDENTITY)
    again.open(resume=True)
    assert again.load([TASK, Task(What.CHECK, "other")]) == [RESULT]


@given(st.text(min_size=1, max_size=40))
def test_no_id_leaves_the_folder(tmp_path_factory: pytest.TempPathFactory, id: str) -> None:
    out = tmp_path_factory.mktemp("out")
    store = Store(out, IDENTITY)
    store.open(resume=False)
    if any(0xD800 <= ord(c) < 0xE000 for c in id):
        return
    result = Result(Task(What.CHECK, id), 0.0, 1)
    store.save(result)
    assert store.load([result.task]) == [result]
    assert len(list((out / "evidence").iterdir())) == 1


def test_a_crash_is_not_taken_over(tmp_path: Path) -> None:
    store = Store(tmp_path, IDENTITY)
    store.open(resume=False)
    store.save(Result(TASK, 0.5, reason="crashed"))
    assert store.load([TASK]) == []


def test_a_fresh_run_forgets_the_last_one(tmp_path: Path) -> None:
    store = Store(tmp_path, IDENTITY)
    store.open(resume=False)
    store.save(RESULT)
    name = store.save_certificate("c", {"kind": "toy"})
    assert json.loads((tmp_path / name).read_text()) == {"kind": "toy"}
    store.open(resume=False)
    assert store.load([TASK]) == []
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mfcheck": "0.2"}, "the mfcheck of the run in"),
        ({"paper": "other"}, r"is another \(toy, now other\)"),
        ({"setting": "other"}, "the setting of the run in"),
        ({"budget": "thorough"}, r"the budget .* is another \(quick, now thorough\)"),
        ({"seed": 1}, r"the seed .* is another \(0, now 1\)"),
    ],
)
def test_another_run_cannot_be_resumed(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    Store(tmp_path, IDENTITY).open(resume=False)
    with pytest.raises(InputError, match=message):
        Store(tmp_path, replace(IDENTITY, **change)).open(resume=True)


def test_nothing_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to resume"):
        Store(tmp_path / "new", IDENTITY).open(resume=True)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"run": 1}'])
def test_damaged_files_are_not_taken_over(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path, IDENTITY)
    store.open(resume=False)
    store.save(RESULT)
    next((tmp_path / "evidence").iterdir()).write_text(text)
    assert store.load([TASK]) == []
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(InputError, match="cannot resume"):
        store.open(resume=True)


def test_results_of_another_run_are_not_taken_over(tmp_path: Path) -> None:
    Store(tmp_path, IDENTITY).open(resume=False)
    Store(tmp_path, replace(IDENTITY, seed=1)).save(RESULT)
    assert Store(tmp_path, IDENTITY).load([TASK]) == []
