"""One worker process: it is started when it is needed, and ended when a task takes too long."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mfcheck.claims.record import LATE
from mfcheck.run.executor import Unit, cores
from mfcheck.run.tasks import SEPARATE, Event, Job, Result, Started, Task

LOADING = 600.0
"""Longest time in seconds for a worker to load a paper and a setting."""
JOBS = 1000
"""Jobs after which a process is ended and a new one started: what papers remember of settings may fill the memory."""
PAPERS = 6
"""Papers after which a process that is to load another is ended, and a new one started, for the same reason."""
_LOOK = 0.05
"""Seconds between two looks at whose time is over."""
LEAST = 5.0
"""Seconds that a task has in any case, or the whole limit if that is less, after another of its group was ended."""
_ENDING = 10.0
"""Longest time in seconds for a process to end once its input is closed."""

_COMMAND = "from mfcheck.run.worker import main; main()"
_BLAS_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def worker_environment(jobs: int, outer: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a worker, one of `jobs`.

    Hash seed and BLAS threads are fixed: sums in another order would change last digits with `jobs`.
    """
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    threads = outer.get("NUMBA_NUM_THREADS", str(max(1, cores() // jobs)))
    fixed = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "NUMBA_NUM_THREADS": threads}
    return {**outer, **fixed, **dict.fromkeys(_BLAS_THREADS, "1")}


class WorkerError(RuntimeError):
    """A worker process could not get ready for its job."""


class Worker:
    """One worker process, which keeps its paper loaded from one job to the next."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            encoding="utf-8",
            env=environment,
            start_new_session=True,  # an interrupt from the keyboard is for the parent alone
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._job: Job | None = None
        self._fingerprints: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()
        self._asked = 0
        self._waiting = False
        self.jobs = 0
        """How many it has loaded."""
        self.papers: set[str] = set()
        """Whose jobs these were."""
        self.expired = False
        """Whether it was killed because an answer took too long."""

    def perform(self, job: Job, task: Task, seconds: float) -> Result | None:
        """Return what the task gave, or None if the process died over it, or was killed when the seconds had passed.

        Raises:
            WorkerError: the job cannot be loaded in the process.
        """
        asked = {"task": asdict(task)}
        if job != self._job:
            if self._job is not None and job.paper == self._job.paper:
                asked["job"] = asdict(job)  # its paper is there: one question for both
            elif self._load({"job": asdict(job)}) is None:
                return None
            self._job = job
            self.jobs += 1
            self.papers.add(job.paper)
        answer = self._ask(asked, seconds)
        _require_ready(answer)
        return None if answer is None else Result(task, **answer)

    def fingerprint(self, paper: str) -> dict[str, str] | None:
        """Return all on which results of a paper depend in the process, or None if it died; see `identity.fingerprint`.

        Raises:
            WorkerError: the process failed.
        """
        if paper not in self._fingerprints:
            ready = self._load({"identify": paper})
            if ready is None:
                return None
            self._fingerprints[paper] = ready["found"]
        return self._fingerprints[paper]

    def _load(self, data: dict[str, Any]) -> Any:
        ready = self._ask(data, LOADING)
        if self.expired:
            raise WorkerError(f"a worker process took more than {LOADING:g} s to load its paper")
        _require_ready(ready)
        return ready

    def _ask(self, data: dict[str, Any], seconds: float) -> Any:
        """Return the answer to one line of JSON, or None if the process died over it or was killed for being late."""
        with self._limit(seconds), suppress(BrokenPipeError):
            self._stdin.write(json.dumps(data) + "\n")
            self._stdin.flush()
            line = self._stdout.readline()
            return json.loads(line) if line.endswith("\n") else None
        return None

    @contextmanager
    def _limit(self, seconds: float) -> Generator[None]:
        """Kill the process if the answer takes longer; it need not heed any other signal."""
        self._asked += 1
        question = self._asked

        def expire() -> None:
            with self._lock:
                if self._waiting and self._asked == question:
                    self.expired = True
                    self.kill()

        self._waiting = True
        alarm = alarms.set(seconds, expire)
        try:
            yield
        finally:
            alarms.cancel(alarm)
            with self._lock:
                self._waiting = False

    def end(self) -> tuple[str, str]:
        """End an idle process, or bury a dead one; return how it ended, and the last that it wrote."""
        with suppress(BrokenPipeError):
            self._stdin.close()
        try:
            status = self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._process.wait()
        self._stdout.close()
        with self._stderr as written:
            written.seek(0)
            return _how(status), written.read().decode(errors="replace")[-4000:]

    def kill(self) -> None:
        """Kill the process, with every process that it started."""
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()


def _require_ready(answer: Any) -> None:
    """Refuse a process that could not load its paper or its setting."""
    if answer is not None and answer.get("failed"):
        error = WorkerError(f"a worker process failed to start: {answer['failed']}")
        error.add_note(answer["traceback"])
        raise error


class Alarms:
    """Calls functions once their time is over, within a twentieth of a second: one thread for all, started once."""

    def __init__(self) -> None:
        self._due: dict[int, tuple[float, Callable[[], None]]] = {}
        self._lock = threading.Lock()
        self._number = 0
        self._thread: threading.Thread | None = None

    def set(self, seconds: float, call: Callable[[], None]) -> int:
        """Have a function called after so many seconds; return the number by which that is cancelled."""
        with self._lock:
            self._number += 1
            self._due[self._number] = time.monotonic() + seconds, call
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            return self._number

    def cancel(self, number: int) -> None:
        """Do not call it any more; it may be running."""
        with self._lock:
            self._due.pop(number, None)

    def _run(self) -> None:
        while True:
            time.sleep(_LOOK)
            now = time.monotonic()
            with self._lock:
                over = [n for n, (due, _) in self._due.items() if due <= now]
                calls = [self._due.pop(n)[1] for n in over]
            for call in calls:
                call()


alarms = Alarms()


def _how(status: int) -> str:
    if status >= 0:
        return f"the worker process exited with status {status}"
    name = signal.Signals(-status).name
    hint = " (out of memory?)" if name == "SIGKILL" else ""
    return f"the worker process was killed by {name}{hint}"


@dataclass(frozen=True)
class Death:
    """A worker died over the first of these tasks, with the rest of their unit still to come."""

    tasks: tuple[Task, ...]
    seconds: float
    how: str
    written: str

    def crash(self) -> Result:
        """Return the result of the task over which it died, if that is not to be tried again."""
        return Result(self.tasks[0], self.seconds, reason=self.how, traceback=self.written)


class Place:
    """A place for one worker process: started when it is needed, and again after one that had to be ended."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._worker: Worker | None = None
        self._lock = threading.Lock()
        self.stopped = False
        """Whether it was told to start no process any more."""

    def perform(self, unit: Unit, seconds: float) -> Generator[Event | Death]:
        """Do the tasks of a unit and yield what happens, until the end, the first death, or `stop`.

        The work that they share is lost with a process that is ended: each task after that has a tenth of the limit,
        so that it is not begun again to the end of the limit in one after the other.

        Raises:
            WorkerError: the job cannot be loaded in a process.
        """
        whole, first = seconds, ""
        for number, task in enumerate(unit.tasks):
            worker = self._hire()
            if worker is None:
                return
            yield Started(task)
            start = time.perf_counter()
            try:
                result = worker.perform(unit.job, task, seconds)
            except WorkerError:
                self.stop()
                raise
            if result is not None:
                yield result
                continue
            how, written = self._dismiss(worker)
            passed = time.perf_counter() - start
            if not worker.expired:
                yield Death(unit.tasks[number:], passed, how, written)
                return
            yield Result(task, passed, reason=_late(seconds, first))
            if task.group not in SEPARATE:
                first, seconds = first or task.id, min(whole, max(LEAST, whole / 10))

    def refresh(self, paper: str) -> None:
        """End the process, which must be idle, if it has served many jobs, or many papers other than the next one."""
        worker = self._worker
        if worker is None:
            return
        many = len(worker.papers) >= PAPERS and paper not in worker.papers
        if many or worker.jobs >= JOBS:
            self.close()

    def fingerprint(self, paper: str) -> dict[str, str] | None:
        """Return all on which results of a paper depend in the process; None if it dies over that, or was stopped.

        Raises:
            WorkerError: the process failed.
        """
        worker = self._hire()
        found = None if worker is None else worker.fingerprint(paper)
        if worker is not None and found is None:
            self._dismiss(worker)
        return found

    def _hire(self) -> Worker | None:
        with self._lock:
            if self._worker is None and not self.stopped:
                self._worker = Worker(self._environment)
            return None if self.stopped else self._worker

    def _dismiss(self, worker: Worker) -> tuple[str, str]:
        with self._lock:
            self._worker = None
        return worker.end()

    def stop(self) -> None:
        """Kill the process and start none any more; any thread may call this."""
        with self._lock:
            self.stopped = True
            if self._worker is not None:
                self._worker.kill()

    def close(self) -> None:
        """End the process, which must be idle or dead; the next task gets a new one."""
        if self._worker is not None:
            self._dismiss(self._worker)


def _late(seconds: float, first: str) -> str:
    shared = f", less than others have, as {first} of its group had been ended" if first else ""
    return f"{LATE}, {seconds:g} s{shared}: --check-seconds gives it more"
