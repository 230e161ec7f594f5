"""Sweeps from end to end: what they find, what they keep, and what they say."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mfcheck.catalog import load
from mfcheck.errors import InputError
from mfcheck.run import read_setting, review
from mfcheck.sweep.ledger import FILE, Ledger
from mfcheck.sweep.progress import Progress, duration
from mfcheck.sweep.record import SweepRecord
from mfcheck.sweep.run import sweep

REFERENCE = "wide_paper:paper"
FOLDER = Path(__file__).parent / "toy"

OVER = ("beta=10,13,17,20,25,40,-1", "mode=calm,wild")


def verdicts(found: SweepRecord, claim: str = "bound") -> dict[tuple[str, ...], str]:
    return {
        tuple(s.point.values()): at.verdict.value
        for s in found.settings
        if s.outcome is not None
        for at in s.outcome.readings
        if at.claim == claim
    }


def timeless(found: SweepRecord) -> Any:
    def stripped(data: Any) -> Any:
        if isinstance(data, dict):
            return {k: stripped(v) for k, v in data.items() if k not in ("seconds", "ledger")}
        return [stripped(v) for v in data] if isinstance(data, list) else data

    return stripped(found.model_dump(mode="json"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SweepRecord, Path]]:
    """A sweep with one worker, and the folder of its ledger."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        folder = tmp_path_factory.mktemp("sweep")
        yield sweep(REFERENCE, OVER, out=folder, jobs=1), folder


@pytest.fixture
def found(kept: tuple[SweepRecord, Path]) -> SweepRecord:
    return kept[0]


def test_each_setting_has_its_verdict_or_the_reason_why_not(found: SweepRecord) -> None:
    expected = {
        (str(beta), mode): "certified" if beta >= (30 if mode == "wild" else 20) else "refuted"
        for beta in (10, 20, 25, 40)
        for mode in ("calm", "wild")
    }
    crashed = {("17", "calm"): "inconclusive", ("17", "wild"): "inconclusive"}
    assert verdicts(found) == expected | crashed
    assert set(verdicts(found, "draw").values()) == {"supported"}
    refused = {tuple(s.point.values()): s.refused for s in found.settings if s.refused}
    assert refused == {
        ("13", "calm"): "thirteen is not for us",
        ("13", "wild"): "thirteen is not for us",
        ("-1", "calm"): "beta must be > 0, got -1",
        ("-1", "wild"): "beta must be > 0, got -1",
    }
    assert (found.refused, found.finished, found.left) == (4, 10, 0)
    assert found.complete


def test_slack_failures_and_the_sentence(found: SweepRecord) -> None:
    bound = found.readings[0]
    assert bound.slack == pytest.approx(10 / 30)
    assert bound.point == {"beta": "10", "mode": "wild"}
    assert {(f.axis, f.value): f.point for f in bound.failures} == {
        ("beta", "10"): {"beta": "10", "mode": "calm"},
        ("mode", "calm"): {"beta": "10", "mode": "calm"},
    }
    assert bound.failures[0].reason == "beta is 10, below 20"
    assert bound.doubt is not None
    assert bound.doubt.point == {"beta": "17", "mode": "calm"}
    assert bound.doubt.reason.startswith(
        "ZeroDivisionError: nothing at seventeen (wide_paper.py, line "
    )
    at25 = next(s for s in bound.slices if (s.axis, s.value) == ("beta", "25"))
    assert at25.verdicts == {"certified": 1, "refuted": 1}
    assert at25.slack == pytest.approx(25 / 30)
    assert bound.sentence == (
        "bound (stated): certified in 4, inconclusive in 2 and refuted in 4 of the 10 settings tried; "
        "certified or better in every one with beta = 40 (2 settings); the paper refuses 4 more."
    )
    assert [axis.values for axis in found.axes] == [
        ("-1", "10", "13", "17", "20", "25", "40"),
        ("calm", "wild"),
    ]


def test_constants_are_swept_too(wide: str, tmp_path: Path, found: SweepRecord) -> None:
    double = {
        s.point["beta"]: float(c.value.lower)  # type: ignore[union-attr]
        for s in found.settings
        if s.outcome
        for c in s.outcome.constants
        if c.id == "double"
    }
    assert double == {"10": 20, "17": 34, "20": 40, "25": 50, "40": 80}
    only = sweep(wide, ["beta=1..3:1"], constants=["half"], out=tmp_path / "constants", jobs=1)
    assert only.readings == ()
    assert [[c.id for c in s.outcome.constants] for s in only.settings if s.outcome] == [
        ["half"]
    ] * 3


@pytest.mark.parametrize("beta", ["17", "40"])
def test_a_sweep_says_what_a_review_says(found: SweepRecord, wide: str, beta: str) -> None:
    given = read_setting(wide, sets=[f"beta={beta}", "mode=wild"])
    alone = review(wide, given, jobs=1)
    setting = next(s for s in found.settings if s.point == {"beta": beta, "mode": "wild"})
    assert setting.outcome is not None
    assert {(r.claim, r.reading): (r.verdict, r.because) for r in setting.outcome.readings} == {
        (c.id, r.id): (r.verdict, r.because) for c in alone.claims for r in c.readings
    }
    assert [(c.id, c.lhs, c.rhs, c.slack) for c in setting.outcome.checks] == [
        (c.id, c.lhs, c.rhs, c.slack) for claim in alone.claims for c in claim.checks
    ]


def test_jobs_and_ways_of_cutting_change_nothing(
    found: SweepRecord, wide: str, tmp_path: Path
) -> None:
    assert timeless(sweep(wide, OVER, out=tmp_path / "three", jobs=3)) == timeless(found)
    other = sweep(wide, OVER[:1], out=tmp_path / "other", jobs=1, seed=4, claims=["draw"])
    slacks = [
        {s.outcome.readings[-1].slack for s in made.settings if s.outcome}
        for made in (found, other)
    ]
    assert not slacks[0] & slacks[1]


def test_a_finished_sweep_runs_nothing_again_and_a_wider_one_only_what_is_new(
    wide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("WIDE_LOG", str(log))
    first = sweep(wide, ["beta=10,20"], claims=["bound"], out=tmp_path / "out", jobs=1)
    again = sweep(wide, ["beta=10,20"], claims=["bound"], out=tmp_path / "out", jobs=1)
    assert timeless(first) == timeless(again)
    assert len(log.read_text().split()) == 2
    wider = sweep(wide, ["beta=20,30"], claims=["bound"], out=tmp_path / "out", jobs=1)
    assert len(log.read_text().split()) == 3
    assert [s.point["beta"] for s in wider.settings] == ["10", "20", "30"]


def test_a_crash_is_kept_until_it_is_to_run_again(
    wide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("WIDE_LOG", str(log))
    counts = []
    for retry in (False, False, True):
        made = sweep(
            wide, ["beta=17,20"], claims=["bound"], out=tmp_path / "o", jobs=1, retry=retry
        )
        counts.append(len(log.read_text().split()))
        assert set(verdicts(made).values()) == {"inconclusive", "certified"}
    assert counts == [2, 2, 3]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seed": 1}, "its seed was 0, now it is 1; choose another folder"),
        ({"budget": "quick"}, "its budget was standard, now it is quick"),
        ({"claims": ["draw"]}, "its claims was bound, draw, now it is draw"),
        ({"over": ["mode=calm"]}, "its axes was beta, mode, now it is mode"),
        ({"constants": ["half"]}, "its claims was bound, draw, now it is none"),
        ({"claims": ["bound", "draw"]}, "its constants was double, half, now it is none"),
        ({"sets": ["beta=7"], "over": ["mode=calm"]}, "its setting was"),
        ({"paper": "edge-of-chaos", "over": ["sigma_w=1"]}, "its paper was wide"),
    ],
)
def test_the_ledger_of_another_sweep_is_refused(
    wide: str, kept: tuple[SweepRecord, Path], change: dict[str, Any], why: str
) -> None:
    changed: dict[str, Any] = {"paper": wide, "over": OVER, "out": kept[1]} | change
    if sets := changed.pop("sets", None):
        changed["setting"] = read_setting(wide, sets=sets)
    with pytest.raises(InputError, match=why) as caught:
        sweep(**changed, jobs=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("entry", ["mfcheck", "code"])
def test_the_ledger_of_other_code_is_refused(
    wide: str, kept: tuple[SweepRecord, Path], tmp_path: Path, entry: str
) -> None:
    shutil.copy(kept[1] / FILE, tmp_path)
    with Ledger(tmp_path / FILE) as ledger:
        terms = {**ledger.meta("terms"), entry: "0.0.9"}
        ledger._base.execute("UPDATE meta SET value=? WHERE key='terms'", [json.dumps(terms)])
    with pytest.raises(InputError, match=f"its {entry} was 0.0.9, now it is"):
        sweep(wide, OVER, out=tmp_path, jobs=1)


def test_wrong_arguments_are_refused_before_any_work(wide: str, tmp_path: Path) -> None:
    for arguments, why in (
        ({"claims": ["nothing"]}, "unknown claim 'nothing'"),
        ({"constants": ["nothing"]}, "unknown constant 'nothing'; wide has: double, half"),
        ({"budget": "huge"}, "unknown budget"),
        ({"seed": -1}, "seed must be >= 0"),
        ({"jobs": 0}, "jobs must be >= 1"),
        ({"check_seconds": 0}, "must be > 0"),
    ):
        with pytest.raises(InputError, match=why):
            sweep(wide, ["beta=1"], out=tmp_path / "out", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_what_it_takes_is_said_beforehand(wide: str, tmp_path: Path) -> None:
    said: list[str] = []
    seen: list[tuple[int, int]] = []

    def watch(progress: Progress) -> None:
        seen.append((progress.finished, progress.left))

    sweep(wide, ["beta=20..29:1"], out=tmp_path, jobs=1, say=said.append, watch=watch)
    assert said[0].startswith("10 settings of wide, 3 tasks each, budget standard; how long that")
    assert len(said) == 2
    assert re.fullmatch(r"about .* (s|min) for [1-8] other settings?", said[1])
    assert seen[-1] == (10, 0)
    assert [finished for finished, _ in seen] == sorted(finished for finished, _ in seen)
    sweep(wide, ["beta=20..30:1"], out=tmp_path, jobs=1, say=said.append)
    assert "; 10 are finished, at 0." in said[2]
    assert "for the 1 that are left" in said[2]
    assert [duration(v) for v in (3.14159, 300, 1e5)] == ["3.1 s", "5 min", "28 h"]


def test_a_data_file_that_has_changed_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    words: dict[str, Any] = {"out": tmp_path / "out", "jobs": 1}
    paper = "scaled-resnets"
    words["constants"] = [load(paper).constants[0].id]
    file.write_text("x1,x2\n1,0\n0,1\n")
    first = sweep(paper, [f"data={file}"], **words)
    assert sweep(paper, [f"data={file}"], **words).settings == first.settings
    file.write_text("x1,x2\n1,0\n0.6,0.8\n")
    with pytest.raises(InputError, match=r"a\.csv' is not what it was when this sweep began"):
        sweep(paper, [f"data={file}"], **words)


def test_the_time_of_a_sweep_can_be_limited(
    wide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIDE_SLEEP", "0.1")
    words: dict[str, Any] = {"over": ["beta=101..700:1"], "out": tmp_path, "claims": ["bound"]}
    first = sweep(wide, **words, jobs=1, minutes=0.05)
    assert 1 <= first.finished < 600
    assert first.finished + first.left == 600
    assert not first.complete
    again = sweep(wide, **words, jobs=1, minutes=0.05)
    assert again.finished > first.finished
    assert again.finished + again.left == 600


def test_drawn_settings_that_coincide_count_once(wide: str, tmp_path: Path) -> None:
    seen: list[Progress] = []
    found = sweep(
        wide,
        ["beta=20..22:1"],
        random=30,
        claims=["bound"],
        out=tmp_path,
        jobs=1,
        watch=lambda progress: seen.append(replace(progress)),
    )
    assert sorted(s.point["beta"] for s in found.settings) == ["20", "21", "22"]
    assert (found.finished, found.left) == (3, 0)
    assert (seen[-1].total, seen[-1].left) == (3, 0)
