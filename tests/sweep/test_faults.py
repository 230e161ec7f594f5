"""What a sweep survives: kill -9, a second process, a full disk, files that are no ledger, an interrupted run."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mfcheck.errors import InputError
from mfcheck.sweep.ledger import FILE, Ledger
from mfcheck.sweep.merge import merge
from mfcheck.sweep.record import SweepRecord
from mfcheck.sweep.run import sweep
from mfcheck.sweep.summary import summarise

pytestmark = pytest.mark.slow

LIMIT = 20
"""The claim holds from there on."""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(wide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return a function that starts `mfcheck sweep` on the wide paper, each check of which takes some time."""
    monkeypatch.setenv("WIDE_LOG", str(tmp_path / "log"))
    running: list[subprocess.Popen[str]] = []

    def begin(values: str, sleep: float = 0.1, **more: Any) -> subprocess.Popen[str]:
        words = ["sweep", wide, "--over", f"beta={values}", "--claims", "bound", "--jobs", "2"]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "WIDE_SLEEP": str(sleep),
        }
        command = [sys.executable, "-m", "mfcheck", *words, "--out", str(tmp_path / "out"), "-q"]
        made = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )
        running.append(made)
        return made

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def finished(file: Path) -> int:
    """Return how many settings have finished, as any reader of SQLite can tell."""
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as base:
        try:
            query = "SELECT count(*) FROM settings WHERE outcome IS NOT NULL"
            return int(base.execute(query).fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return 0


def wait_for(file: Path, count: int) -> None:
    end = time.monotonic() + 60
    while finished(file) < count:
        assert time.monotonic() < end, "nothing happens"
        time.sleep(0.05)


def is_whole(file: Path) -> bool:
    with closing(sqlite3.connect(file)) as base:
        return bool(base.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


def read(file: Path) -> SweepRecord:
    with Ledger(file, write=False) as ledger:
        return summarise(ledger, "title")


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit status of a process, and what it said."""
    said = process.communicate(timeout=120)[1]
    return process.returncode, said


def runs(tmp_path: Path) -> list[list[str]]:
    return [line.split("@") for line in (tmp_path / "log").read_text().split()]


def verdicts(found: SweepRecord) -> dict[int, str]:
    return {
        int(s.point["beta"]): s.outcome.readings[0].verdict.value
        for s in found.settings
        if s.outcome is not None
    }


def expected(last: int) -> dict[int, str]:
    return {
        beta: "certified" if beta >= LIMIT else "refuted"
        for beta in range(1, last + 1)
        if beta not in (13, 17)
    } | {17: "inconclusive"}


def test_kill_9_loses_what_was_running_and_nothing_else(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "out" / FILE
    process = start("1..40:1")
    wait_for(file, 6)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert is_whole(file)
    kept = finished(file)
    time.sleep(0.5)  # its workers end by themselves
    began = len(runs(tmp_path))
    assert 6 <= kept < 39
    assert began - kept <= 4  # with two workers: what runs, and what came in the same moment
    assert end(start("1..40:1", sleep=0)) == (0, "")
    assert verdicts(read(file)) == expected(40)
    assert len(runs(tmp_path)) - began == 39 - kept


def test_two_processes_share_the_work(start: Start, tmp_path: Path) -> None:
    both = [start("1..60:1", sleep=0.15) for _ in range(2)]
    for process in both:
        assert end(process) == (0, "")
    assert is_whole(tmp_path / "out" / FILE)
    done = runs(tmp_path)
    assert Counter(beta for _, beta, _ in done) == {
        str(beta): 1 for beta in range(1, 61) if beta != 13
    }
    assert {int(parent) for *_, parent in done} == {process.pid for process in both}
    with Ledger(tmp_path / "out" / FILE) as ledger:
        assert ledger.counts() == (60, 1, 59)


@pytest.mark.parametrize("owner", ["elsewhere:1:abc", f"{os.uname().nodename}:999999999:abc"])
def test_the_lease_of_a_process_that_is_gone_is_taken_over(
    wide: str, tmp_path: Path, owner: str
) -> None:
    sweep(wide, ["beta=10"], claims=["bound"], out=tmp_path, jobs=1)
    with closing(sqlite3.connect(tmp_path / FILE)) as base, base:
        base.execute("DELETE FROM results")
        soon = time.time() + (1 if owner.startswith("elsewhere") else 10_000)
        base.execute("UPDATE settings SET outcome=NULL, owner=?, expires=?", [owner, soon])
    begun = time.monotonic()
    found = sweep(wide, ["beta=10"], claims=["bound"], out=tmp_path, jobs=1)
    assert verdicts(found) == {10: "refuted"}
    assert time.monotonic() - begun < 60


def test_a_lease_that_is_alive_is_respected(tmp_path: Path, wide: str) -> None:
    sweep(wide, ["beta=10"], claims=["bound"], out=tmp_path, jobs=1)
    with Ledger(tmp_path / FILE) as one, Ledger(tmp_path / FILE) as other:
        one.finish(1, None)
        item = one.take()
        assert item is not None
        assert item.described["parameters"] == {"beta": "10"}
        assert other.take() is None
        one._base.execute("UPDATE settings SET expires=?", [time.time() - 1])
        one.renew(one.owner)
        assert other.take() is None
        one.__exit__()
        assert other.take() == item


def test_a_full_disk_ends_in_one_line_and_damages_nothing(start: Start, tmp_path: Path) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    values = "100..2000:1"
    process = start(values, sleep=0, preexec_fn=small)
    status, said = end(process)
    assert status == 2
    assert said.count("\n") == 1
    assert "cannot use the ledger" in said
    assert is_whole(tmp_path / "out" / FILE)
    kept = finished(tmp_path / "out" / FILE)
    assert kept > 10
    assert end(start("100..160:1", sleep=0)) == (0, "")
    with Ledger(tmp_path / "out" / FILE) as ledger:
        assert ledger.left() == 0


def test_a_database_that_can_only_be_read_is_one_line(wide: str, tmp_path: Path) -> None:
    sweep(wide, ["beta=10"], claims=["bound"], out=tmp_path, jobs=1)
    with Ledger(tmp_path / FILE) as ledger:
        ledger._base.execute("PRAGMA query_only=1")
        with pytest.raises(
            InputError, match=r"cannot use the ledger .*readonly database"
        ) as caught:
            ledger.finish(1, None)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="cannot write to the folder '/proc/sweep'"):
        sweep(wide, ["beta=10"], claims=["bound"], out="/proc/sweep", jobs=1)


@pytest.mark.parametrize("content", ["text", "other"])
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(
    wide: str, tmp_path: Path, content: str
) -> None:
    file = tmp_path / FILE
    if content == "text":
        file.write_text("no database, but a long text " * 99)
    else:
        with closing(sqlite3.connect(file)) as base, base:
            base.execute("CREATE TABLE meta(key TEXT, value TEXT)")
    before = file.read_bytes()
    with pytest.raises(InputError, match="is not the ledger of a sweep"):
        sweep(wide, ["beta=10"], claims=["bound"], out=tmp_path, jobs=1)
    assert file.read_bytes() == before


def test_an_interrupted_sweep_says_so_and_goes_on(start: Start, tmp_path: Path) -> None:
    process = start("1..120:1")
    wait_for(tmp_path / "out" / FILE, 3)
    process.send_signal(signal.SIGINT)
    status, said = end(process)
    assert status == 130
    assert said.startswith("mfcheck: interrupted after ")
    assert "the same command goes on from there" in said
    assert end(start("1..120:1", sleep=0)) == (0, "")
    assert verdicts(read(tmp_path / "out" / FILE)) == expected(120)


def test_merged_ledgers_hold_what_one_would(wide: str, tmp_path: Path) -> None:
    parts = ["beta=10,17,20", "beta=17,20,25,13"]
    for number, over in enumerate(parts):
        sweep(wide, [over], out=tmp_path / str(number), jobs=1)
    sweep(wide, ["beta=10,17,20,25,13"], out=tmp_path / "whole", jobs=1)
    target = tmp_path / "joined.sqlite"
    assert merge([tmp_path / "0", tmp_path / "1" / FILE], target) == 0
    with Ledger(target, write=False) as joined, Ledger(tmp_path / "whole" / FILE) as whole:
        assert joined.counts() == whole.counts() == (5, 1, 4)

        def told(ledger: Ledger) -> dict[str, Any]:
            return {
                row.digest: row.outcome and row.outcome.but(seconds=0.0)
                for row in ledger.settings()
            }

        assert told(joined) == told(whole)
        assert len(list(joined.certificates())) == 1
        assert dict(joined.certificates()) == dict(whole.certificates())
        for id in range(1, 5):
            kept = {key: k.value for key, k in joined.kept(id).items()}
            assert kept == {key: k.value for key, k in whole.kept(id).items()}


def test_ledgers_that_do_not_fit_are_not_merged(wide: str, tmp_path: Path) -> None:
    sweep(wide, ["beta=10"], claims=["bound"], out=tmp_path / "a", jobs=1)
    sweep(wide, ["beta=20"], claims=["bound"], out=tmp_path / "b", jobs=1, seed=1)
    sweep(wide, ["beta=10"], claims=["bound"], out=tmp_path / "c", jobs=1)
    target = tmp_path / "new.sqlite"
    for sources, why in (
        (["a"], "two ledgers or more"),
        (["a", "nowhere"], "no ledger of a sweep"),
        (["a", "b"], "its seed was 1, now it is 0"),
    ):
        with pytest.raises(InputError, match=why):
            merge([tmp_path / name for name in sources], target)
    with Ledger(tmp_path / "c" / FILE) as ledger:
        key, kept = next((k, v) for k, v in ledger.kept(1).items() if k.startswith("check"))
        ledger._base.execute("DELETE FROM results")
        ledger.save(1, key, kept._replace(value={**kept.value, "passed": None}))
    with pytest.raises(InputError, match=r"answers check\.bound/stated/direct otherwise"):
        merge([tmp_path / "a", tmp_path / "c"], target)
    assert not list(tmp_path.glob("*new*"))
    target.write_text("")
    with pytest.raises(InputError, match="exists already"):
        merge([tmp_path / "a", tmp_path / "c"], target)
