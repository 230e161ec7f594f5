"""Experiments that resume, keep every finished replicate, and say what is wrong in one line."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfcheck import load_paper
from mfcheck.claims import Paper
from mfcheck.claims.experiment import Cell, Experiment, Option, Sweep
from mfcheck.claims.record import Curve, ExperimentRecord, Plot
from mfcheck.commands.experiment import write as _write
from mfcheck.errors import InputError
from mfcheck.run.experiment import run_experiment
from mfcheck.run.folder import OutFolder


def paper_with(calls: list[Cell], stop_at: int | None = None, broken: bool = False) -> Paper:
    def prepare(options: Mapping[str, str]) -> Sweep:
        scale = float(options["scale"])

        def work(cell: Cell, rng: np.random.Generator) -> Mapping[str, float]:
            if len(calls) == stop_at:
                raise KeyboardInterrupt
            calls.append(cell)
            return {"value": float("nan") if broken else scale * float(rng.random())}

        def plots(points: Any) -> tuple[Plot, ...]:
            y = tuple(p.values["value"].value for p in points)
            curve = Curve(label="a < b", x=tuple(range(len(y))), y=y, error=(0.1,) * len(y))
            return (Plot(id="count", title="T", x_label="x", y_label="y", curves=(curve,)),)

        return Sweep(tuple({"k": k} for k in range(3)), work, plots, options["scale"])

    experiment = Experiment(
        "count", "Counting", "Words.", "nowhere", prepare, (Option("scale", "1", "a factor"),), 2
    )
    return replace(load_paper("rntk-scaling"), experiments=(experiment,))


def values(found: ExperimentRecord) -> list[float]:
    return [p.values["value"].value for p in found.points]


def test_an_interrupted_experiment_resumes(tmp_path: Path) -> None:
    calls: list[Cell] = []
    with pytest.raises(KeyboardInterrupt):
        run_experiment(paper_with(calls, stop_at=3), "count", out=tmp_path)
    assert len((tmp_path / "count.jsonl").read_text().splitlines()) == 3
    seen: list[float] = []
    found = run_experiment(paper_with(calls), "count", out=tmp_path, watch=seen.append)
    assert [c["k"] for c in calls] == [0, 0, 1, 1, 2, 2]
    assert seen[-1] == 1
    assert len(seen) == 6
    anew = run_experiment(paper_with([]), "count")
    assert anew == found
    again: list[Cell] = []
    assert run_experiment(paper_with(again), "count", out=tmp_path) == found
    assert again == []


def test_replicates_share_their_generator_and_other_seeds_do_not() -> None:
    first, other = (run_experiment(paper_with([]), "count", seed=s) for s in (0, 1))
    assert len(set(values(first))) == 1
    assert values(first) != values(other)
    assert first.points[0].values["value"].error > 0
    one = run_experiment(paper_with([]), "count", replicates=1)
    assert one.points[0].values["value"].error == 0


def test_options_are_part_of_the_key(tmp_path: Path) -> None:
    first = run_experiment(paper_with([]), "count", out=tmp_path)
    calls: list[Cell] = []
    doubled = run_experiment(paper_with(calls), "count", ["scale=2"], out=tmp_path)
    assert len(calls) == 6
    assert values(doubled) == pytest.approx([2 * v for v in values(first)])
    assert doubled.options == {"scale": "2"}


def test_a_line_that_was_cut_off_runs_again(tmp_path: Path) -> None:
    found = run_experiment(paper_with([]), "count", out=tmp_path)
    path = tmp_path / "count.jsonl"
    text = path.read_text()
    path.write_text(text[:-20])
    calls: list[Cell] = []
    assert run_experiment(paper_with(calls), "count", out=tmp_path) == found
    assert len(calls) == 1
    assert path.read_text() == text


@pytest.mark.parametrize("line", ["{", "[]", json.dumps({"key": "a", "numbers": {"v": "x"}})])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    run_experiment(paper_with([]), "count", out=tmp_path)
    path = tmp_path / "count.jsonl"
    path.write_text(line + "\n" + path.read_text())
    with pytest.raises(InputError, match=r"count\.jsonl: line 1 is damaged"):
        run_experiment(paper_with([]), "count", out=tmp_path)


def test_numbers_that_are_not_finite_are_an_error() -> None:
    with pytest.raises(ValueError, match="not finite"):
        run_experiment(paper_with([], broken=True), "count")


@pytest.mark.parametrize(
    ("id", "sets", "replicates", "message"),
    [
        ("nothing", [], 1, "unknown experiment 'nothing'; rntk-scaling has: count"),
        ("count", ["scale"], 1, "needs NAME=VALUE"),
        ("count", ["size=2"], 1, "unknown option 'size'; count has: scale"),
        ("count", [], 0, "replicates must be from 1"),
    ],
)
def test_bad_wishes(id: str, sets: list[str], replicates: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_experiment(paper_with([]), id, sets, replicates=replicates)


def test_a_paper_without_experiments_says_so() -> None:
    bare = replace(load_paper("rntk-scaling"), experiments=())
    with pytest.raises(InputError, match="has: none"):
        run_experiment(bare, "count")


def test_results_and_plots_are_files(tmp_path: Path) -> None:
    found = run_experiment(paper_with([]), "count")
    _write(found, OutFolder(tmp_path))
    assert ExperimentRecord.model_validate_json((tmp_path / "count.json").read_text()) == found
    svg = (tmp_path / "count.svg").read_text()
    assert svg.startswith("<?xml")
    _write(found, OutFolder(tmp_path))
    assert (tmp_path / "count.svg").read_text() == svg


def test_experiments_of_a_paper_have_ids_of_their_own() -> None:
    paper = paper_with([])
    with pytest.raises(ValueError, match="two experiments"):
        replace(paper, experiments=paper.experiments * 2)
