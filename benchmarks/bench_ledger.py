"""Sweeps: size and speed of a ledger with 100,000 results, and what a setting costs beyond its checks.

Usage: `python benchmarks/bench_ledger.py [--results 100000] [--settings 2000] [--jobs 2]`.

The first part writes the results of a real check of `edge-of-chaos`, with other numbers in each setting, into a ledger
as a sweep does, each in a transaction of its own. The second runs a sweep whose checks do next to nothing.
"""

import argparse
import os
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from mfcheck.claims import Check, Claim, Context, Evidence, Kind, Paper, Reading
from mfcheck.claims.setting import parameter, setting_of
from mfcheck.run.store import Identity
from mfcheck.sweep.entries import Kept, New
from mfcheck.sweep.ledger import Ledger
from mfcheck.sweep.merge import merge
from mfcheck.sweep.run import sweep
from mfcheck.sweep.summary import summarise
from mfcheck.sweep.terms import Terms

PER_SETTING = 5
K = parameter("k", 1, "a number", least=0, integer=True)


def _nothing(context: Context) -> Evidence:
    return Evidence(passed=True, slack=1 + float(context.setting["k"]))


paper = Paper(
    id="nothing",
    title="Nothing",
    authors=(),
    source="none",
    parameters=(K,),
    default=setting_of((K,)),
    claims=(
        Claim(
            "nothing",
            title="t",
            statement="s",
            source="q",
            readings=(Reading("stated", "r", checks=(Check("one", Kind.SAMPLED, _nothing),)),),
        ),
    ),
)


def evidence(rng: np.random.Generator) -> dict[str, object]:
    """Return evidence of the size that a certified check of `edge-of-chaos` has."""
    left, right = rng.random(2)
    return {
        "passed": bool(left < right),
        "scope": "cases",
        "lhs": {"lower": repr(left), "upper": repr(left + 1e-13)},
        "rhs": {"lower": repr(right), "upper": repr(right + 1e-13)},
        "slack": right / left,
        "error": 1e-13,
        "cases": 6,
        "domain": "tanh, sigma_b = 3/10; q = q*, and five starts from 1/10 to 10; ball arithmetic at 53 bits",
        "reason": "" if left < right else f"q = {left:.6f}: the slope is {right:.8f}, above 1",
        "notes": [],
        "certificate": None,
    }


def outcome(kept: list[dict[str, object]]) -> dict[str, object]:
    """Return an outcome as a sweep of one claim with so many checks leaves it."""
    names = [f"claim/stated/check-{k}" for k in range(len(kept))]
    parts = ("passed", "lhs", "rhs", "slack")
    checks = [
        {"id": name, **{part: one[part] for part in parts}, "crashed": False}
        for name, one in zip(names, kept, strict=True)
    ]
    reading = {"claim": "claim", "reading": "stated", "verdict": "supported", "check": names[0]}
    reading |= {
        "because": "some check of its truth passed",
        "reason": "",
        "slack": kept[0]["slack"],
    }
    return {"readings": [reading], "checks": checks, "constants": [], "unmet": [], "seconds": 0.5}


def fill(file: Path, start: int, settings: int) -> float:
    """Write settings with their results; return seconds."""
    terms = Terms(Identity("0", "p", "s", "quick", 0), "p", ("k",), ("claim",), ())
    rng = np.random.default_rng(start)
    begun = time.perf_counter()
    with Ledger(file) as ledger:
        ledger.start(terms, {"parameters": {"k": "0"}})
        for first in range(start, start + settings, 200):
            ledger.add([_new(k) for k in range(first, min(first + 200, start + settings))])
            while (item := ledger.take()) is not None:
                kept = [evidence(rng) for _ in range(PER_SETTING)]
                for number, value in enumerate(kept):
                    ledger.save(item.id, f"check.claim/stated/{number}", Kept(0.1, value, "", ""))
                ledger.finish(item.id, outcome(kept))
    return time.perf_counter() - begun


def _new(k: int) -> New:
    values = {"parameters": {"k": str(k), "alpha": str(Fraction(k, 7)), "depth": "100"}}
    return New({"k": str(k)}, f"{k:064x}", {"activation": "tanh", **values}, "")


def storage(results: int, folder: Path) -> None:
    """Measure the ledger alone."""
    settings = results // PER_SETTING
    one, other = folder / "one.sqlite", folder / "other.sqlite"
    seconds = fill(one, 0, settings)
    size = one.stat().st_size
    print(
        f"{results} results of {settings} settings: {size / 2**20:.1f} MiB, {size / results:.0f} bytes each"
    )
    print(f"written in {seconds:.1f} s, {1e3 * seconds / results:.3f} ms each")
    begun = time.perf_counter()
    with Ledger(one, write=False) as ledger:
        summarise(ledger, "title")
    print(f"read and summed up in {time.perf_counter() - begun:.1f} s")
    fill(other, settings, settings // 10)
    begun = time.perf_counter()
    merge([one, other], folder / "both.sqlite")
    print(f"joined with one of a tenth of its size in {time.perf_counter() - begun:.1f} s")


def overhead(settings: int, jobs: int, folder: Path) -> None:
    """Measure a sweep in which the checks take no time."""
    marks: list[tuple[float, float]] = []
    over = [f"k=0..{settings - 1}"]
    found = sweep(
        "bench_ledger:paper",
        over,
        out=folder / f"sweep-{jobs}",
        jobs=jobs,
        watch=lambda _: marks.append((time.perf_counter(), time.process_time())),
    )
    (first, before), (last, after) = marks[len(marks) // 10], marks[-1]
    part = 0.9 * found.finished  # without the start of the workers
    print(
        f"{found.finished} settings with {jobs} workers: {1e3 * (last - first) / part:.2f} ms each, "
        f"{1e3 * (after - before) / part:.2f} ms of processor in the process that keeps the ledger"
    )
    begun = time.perf_counter()
    sweep("bench_ledger:paper", over, out=folder / f"sweep-{jobs}", jobs=jobs)
    print(f"the finished sweep again: {time.perf_counter() - begun:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--settings", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        storage(given.results, Path(name))
        for jobs in sorted({1, given.jobs}):
            overhead(given.settings, jobs, Path(name))


if __name__ == "__main__":
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    main()
