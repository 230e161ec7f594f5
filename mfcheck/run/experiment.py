"""Runs an experiment of a paper: each finished replicate is one line of a file, so that nothing finished is lost."""

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mfcheck.catalog import entries
from mfcheck.claims.experiment import Cell, Experiment, Numbers, Sweep
from mfcheck.claims.model import Paper
from mfcheck.claims.record import Estimate, ExperimentRecord, PointRecord
from mfcheck.errors import InputError, reason, unknown
from mfcheck.run.identity import code_of, code_of_mfcheck
from mfcheck.run.records import versions
from mfcheck.run.store import require_folder

MAX_REPLICATES = 10_000
Watch = Callable[[float], None]


def find(paper: Paper, id: str) -> Experiment:
    """Return an experiment of a paper.

    Raises:
        InputError: there is none of that id.
    """
    found = next((e for e in paper.experiments if e.id == id), None)
    if found is None:
        ids = [e.id for e in paper.experiments]
        raise unknown("experiment", id, ids, f"{paper.id} has")
    return found


def read_options(experiment: Experiment, sets: Sequence[str]) -> dict[str, str]:
    """Return all options as text: the defaults, and in their place what `NAME=VALUE` says.

    Raises:
        InputError: no such form, or an unknown name.
    """
    options = {option.name: option.default for option in experiment.options}
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set needs NAME=VALUE, got {text[:60]!r}")
        if name.strip() not in options:
            raise unknown("option", name, options, f"{experiment.id} has")
        options[name.strip()] = value.strip()
    return options


def run_experiment(
    paper: Paper,
    id: str,
    sets: Sequence[str] = (),
    *,
    seed: int = 0,
    replicates: int | None = None,
    out: Path | None = None,
    watch: Watch | None = None,
) -> ExperimentRecord:
    """Run an experiment, or what is left of it: replicates in the folder `out` are not run again.

    Args:
        paper: the paper.
        id: id of the experiment.
        sets: options as `NAME=VALUE`.
        seed: of all random numbers.
        replicates: seeds for each point; the experiment's own number if None.
        out: folder of the finished replicates, `ID.jsonl`, of which those of the same code count; None keeps nothing.
        watch: is called with the fraction done.

    Raises:
        InputError: unknown experiment or option, a value that cannot be used, or a folder that cannot be written to.
    """
    experiment = find(paper, id)
    options = read_options(experiment, sets)
    count = experiment.replicates if replicates is None else replicates
    if not 1 <= count <= MAX_REPLICATES:
        raise InputError(f"replicates must be from 1 to {MAX_REPLICATES}, got {count}")
    sweep = experiment.prepare(options)
    if out is not None:
        require_folder(out)
    log = Log(None if out is None else out / f"{id}.jsonl")
    sweep = replace(sweep, context=f"{sweep.context} {_code(paper, sweep)}".strip())
    points = _points(sweep, f"{paper.id}:{id}", seed, count, log, watch)
    return ExperimentRecord(
        paper=paper.id,
        experiment=id,
        title=experiment.title,
        text=experiment.text,
        seed=seed,
        options=options,
        points=points,
        plots=sweep.plots(points),
    )


def _code(paper: Paper, sweep: Sweep) -> str:
    """Return a digest of the code that the numbers depend on: replicates of other code are not taken over."""
    module = entries().get(paper.id, sweep.work.__module__).partition(":")[0]
    return _digest([code_of_mfcheck(), *code_of(module), versions()])


class Log:
    """Finished replicates by key, one JSON line each; a last line that was cut off is dropped.

    Raises:
        InputError: the file cannot be read, or another line than the last is damaged.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, Numbers] = {}
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read {str(path)!r}: {reason(error)}") from None
        for number, line in enumerate(lines[:-1], 1):
            self._known.update([_entry(path, number, line)])
        if lines[-1]:  # the writer was stopped within this line
            with path.open("r+b") as file:
                file.truncate(len("\n".join([*lines[:-1], ""]).encode()))

    def get(self, key: str) -> Numbers | None:
        """Return the numbers of a replicate that ran before."""
        return self._known.get(key)

    def add(self, key: str, cell: Cell, replicate: int, numbers: Numbers) -> None:
        """Keep a replicate, on disk before this returns."""
        if self._path is None:
            return
        data = {"key": key, "cell": dict(cell), "replicate": replicate, "numbers": dict(numbers)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(data, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _entry(path: Path, number: int, line: str) -> tuple[str, Numbers]:
    try:
        data = json.loads(line)
        key, numbers = data["key"], data["numbers"]
        if not isinstance(key, str) or not all(map(_is_finite, numbers.values())):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        message = f"{path.name}: line {number} is damaged; remove it to run its replicate again"
        raise InputError(message) from None
    return key, numbers


def _is_finite(value: Any) -> bool:
    return isinstance(value, float | int) and math.isfinite(value)


def _points(
    sweep: Sweep, name: str, seed: int, count: int, log: Log, watch: Watch | None
) -> tuple[PointRecord, ...]:
    points = []
    total = count * len(sweep.cells)
    for index, cell in enumerate(sweep.cells):
        found = []
        for replicate in range(count):
            found.append(_replicate(sweep, cell, name, (seed, replicate), log))
            if watch is not None:
                watch((index * count + replicate + 1) / total)
        points.append(PointRecord(cell=dict(cell), values=_means(found), replicates=count))
    return tuple(points)


def _replicate(sweep: Sweep, cell: Cell, name: str, seeds: tuple[int, int], log: Log) -> Numbers:
    key = _digest([name, dict(cell), *seeds, sweep.context])
    known = log.get(key)
    if known is not None:
        return known
    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype=np.uint32)
    rng = np.random.default_rng(np.random.SeedSequence([*seeds, *map(int, words)]))
    numbers = {key: float(value) for key, value in sweep.work(cell, rng).items()}
    if bad := [name for name, value in numbers.items() if not math.isfinite(value)]:
        raise ValueError(f"{bad[0]} is not finite at {dict(cell)}")
    log.add(key, cell, seeds[1], numbers)
    return numbers


def _digest(parts: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


ONE_SIGMA = 0.6827
"""Probability with which a Gaussian mean lies within one standard error."""


def _means(found: Sequence[Numbers]) -> Mapping[str, Estimate]:
    """Return means with their standard errors; of one replicate nothing is known about the error, which is then 0."""
    values = {}
    for name in found[0]:
        sample = np.array([numbers[name] for numbers in found])
        error = float(sample.std(ddof=1)) / math.sqrt(len(sample)) if len(sample) > 1 else 0.0
        values[name] = Estimate(value=float(sample.mean()), error=error, level=ONE_SIGMA)
    return values
