"""What executors cost: `python benchmarks/bench_executors.py [TASKS]`; needs the extra `cluster`.

Overhead of a task that does nothing, each in a setting of its own, once the workers are warm: in processes, on a Dask
cluster in this process, and on one of two worker processes. Then the speed-up of two workers over one, with tasks of
50 ms of processor time; and what it costs when a worker process, or a Dask worker, is killed over one of them.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from mfcheck.checks import Claim, Evidence, Kind, Paper, Reading
from mfcheck.claims import Check, Context
from mfcheck.claims.setting import setting_of
from mfcheck.run.executor import Executor, Unit
from mfcheck.run.executors import executor_of
from mfcheck.run.tasks import Job, Result, Started, Task, What

REFERENCE = "bench_executors:paper"
BUSY = 0.05
"""Seconds of processor time."""


def nothing(_: Context) -> Evidence:
    """Pass at once."""
    return Evidence(passed=True)


def busy(_: Context) -> Evidence:
    """Pass after some work; kill a process first where a file says which, once."""
    order = Path(os.environ.get("BENCH_KILL", "/nowhere"))
    if order.exists():
        whom = order.read_text()
        order.unlink()
        os.kill(os.getppid() if whom == "dask" else os.getpid(), signal.SIGKILL)
        time.sleep(60)
    end = time.process_time() + BUSY
    while time.process_time() < end:
        pass
    return Evidence(passed=True)


def _check(name: str) -> Check:
    return Check(name, Kind.SAMPLED, {"nothing": nothing, "busy": busy}[name])


paper = Paper(
    id="bench",
    title="Work of known length",
    authors=("Nobody",),
    source="none",
    parameters=(),
    default=setting_of(()),
    claims=(
        Claim(
            "c",
            title="Work",
            statement="It is done.",
            source="none",
            readings=(Reading("r", "It is done.", {}, checks=(_check("nothing"), _check("busy"))),),
        ),
    ),
)


def units(check: str, count: int) -> Iterator[Unit]:
    """Yield units of one task, each a job of its own."""
    job = paper.default.describe()
    for seed in range(count):
        yield Unit(Job(REFERENCE, job, "quick", seed), (Task(What.CHECK, f"c/r/{check}"),))


def seconds(executor: Executor, check: str, count: int, warm: int) -> float:
    """Return the seconds for `count` tasks, after as many as warm the workers up."""
    done, start = 0, 0.0
    for _, event in executor.run(units(check, warm + count), 60.0):
        if isinstance(event, Result):
            if event.crashed:
                raise RuntimeError(event.reason)
            done += 1
            if done == warm:
                start = time.perf_counter()
    return time.perf_counter() - start


def say(what: str, value: float, unit: str) -> None:
    """Print one line of the table."""
    print(f"{what:66} {value:8.2f} {unit}", flush=True)


def main() -> None:
    """Print the table."""
    from distributed import LocalCluster

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    order = Path(f"/tmp/bench-kill-{os.getpid()}")
    os.environ["BENCH_KILL"] = str(order)
    local = LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging_off()
    )
    cases = {
        "1 process": executor_of(1),
        "2 processes": executor_of(2),
        "Dask in this process, 1 thread": executor_of(1, "auto"),
        "Dask in this process, 2 threads": executor_of(2, "auto"),
        "Dask, 2 workers": executor_of(None, local.scheduler_address),
    }
    for name, executor in cases.items():
        per_task = 1000 * seconds(executor, "nothing", count, 100) / count
        say(f"overhead of a task: {name}", per_task, "ms")
    start, used = 1000, time.process_time()
    seconds(cases["Dask, 2 workers"], "nothing", start, 1)
    say("processor time of client and scheduler for a task", time.process_time() - used, "ms")
    for name in ("1 process", "Dask, 2 workers"):
        begun = time.perf_counter()
        seconds(cases[name], "nothing", 1, 1)
        say(f"from start to end with two tasks: {name}", time.perf_counter() - begun, "s")
    busy_count = max(40, count // 10)
    times = {name: seconds(executor, "busy", busy_count, 20) for name, executor in cases.items()}
    say("speed-up of 2 processes over 1", times["1 process"] / times["2 processes"], "")
    say(
        "speed-up of 2 Dask workers over 1 process",
        times["1 process"] / times["Dask, 2 workers"],
        "",
    )
    for name, whom in (
        ("2 processes", "self"),
        ("Dask, 2 workers", "self"),
        ("Dask, 2 workers", "dask"),
    ):
        start, killed = time.perf_counter(), 0
        for _, event in cases[name].run(units("busy", busy_count), 60.0):
            if isinstance(event, Started) and not killed:
                order.write_text(whom)
                killed = 1
            assert not (isinstance(event, Result) and event.crashed)
        passed = time.perf_counter() - start
        start = time.perf_counter()
        for _ in cases[name].run(units("busy", busy_count), 60.0):
            pass
        extra = passed - (time.perf_counter() - start)
        say(f"cost of a kill: {name}, {'Dask worker' if whom == 'dask' else 'process'}", extra, "s")
    local.close()


def logging_off() -> int:
    """Return the level of logging above all."""
    import logging

    return logging.CRITICAL + 1


if __name__ == "__main__":
    main()
