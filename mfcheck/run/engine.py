"""Runs tasks in worker processes: in parallel, in the same way whatever their number, surviving their death."""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mfcheck.run.tasks import Event, Job, Result, Started, Task, units

_COMMAND = "from mfcheck.run.worker import main; main()"
_BLAS_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def cores() -> int:
    """Return the number of cores that this process may use."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
    """One worker process, ready for the tasks of a job."""

    def __init__(self, job: Job, environment: Mapping[str, str]) -> None:
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
        self._job: Job | None = job
        self._lock = threading.Lock()
        self._task: Task | None = None
        self.expired = False
        """Whether it was killed because a task took too long."""

    def _ask(self, data: dict[str, Any]) -> Any:
        """Return the answer to one line of JSON, or None if the process died over it."""
        with suppress(BrokenPipeError):
            self._stdin.write(json.dumps(data) + "\n")
            self._stdin.flush()
        line = self._stdout.readline()
        return json.loads(line) if line.endswith("\n") else None

    def perform(self, task: Task, seconds: float) -> Result | None:
        """Return what the task gave, or None if the process died over it, or was killed when the seconds had passed.

        Raises:
            WorkerError: the paper cannot be loaded in the process.
        """
        if self._job is not None:
            ready = self._ask(asdict(self._job))
            if ready is None:
                return None
            if ready["failed"]:
                error = WorkerError(f"a worker process failed to start: {ready['failed']}")
                error.add_note(ready["traceback"])
                raise error
            self._job = None
        with self._limit(task, seconds):
            answer = self._ask(asdict(task))
        return None if answer is None else Result(task, **answer)

    @contextmanager
    def _limit(self, task: Task, seconds: float) -> Generator[None]:
        """Kill the process if the task takes longer; it need not heed any other signal."""

        def expire() -> None:
            with self._lock:
                if self._task is task:
                    self.expired = True
                    self.kill()

        self._task = task
        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._task = None

    def end(self) -> tuple[str, str]:
        """End an idle process, or bury a dead one; return how it ended, and the last that it wrote."""
        with suppress(BrokenPipeError):
            self._stdin.close()
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


def _how(status: int) -> str:
    if status >= 0:
        return f"the worker process exited with status {status}"
    name = signal.Signals(-status).name
    hint = " (out of memory?)" if name == "SIGKILL" else ""
    return f"the worker process was killed by {name}{hint}"


@dataclass(frozen=True)
class _Death:
    """A worker died over the first of these tasks, with the rest of its unit still to come."""

    tasks: tuple[Task, ...]
    seconds: float
    how: str
    written: str


_Message = Event | _Death | BaseException | None
"""What a thread tells the pool; None when it ends."""


class _Pool:
    """Threads that hand units of tasks to one worker process each."""

    def __init__(
        self,
        job: Job,
        todo: Sequence[tuple[Task, ...]],
        size: int,
        environment: Mapping[str, str],
        seconds: float,
    ) -> None:
        self._job = job
        self._seconds = seconds
        self._environment = environment
        self._units: deque[tuple[Task, ...]] = deque(todo)
        self._messages: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(size)]
        self._lock = threading.Lock()
        self._alive: set[Worker] = set()
        self._stopped = False

    def events(self) -> Generator[Event | _Death]:
        """Yield what happens; leaving early kills every worker."""
        try:
            for thread in self._threads:
                thread.start()
            left = len(self._threads)
            while left:
                message = self._next()
                if isinstance(message, BaseException):
                    raise message
                if message is None:
                    left -= 1
                else:
                    yield message
        finally:
            self._stop()

    def _next(self) -> _Message:
        while True:  # a wait without end cannot be interrupted on every system
            with suppress(queue.Empty):
                return self._messages.get(timeout=1)

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            self._units.clear()
            for worker in self._alive:
                worker.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for worker in self._alive:
            worker.end()

    def _serve(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._messages.put(error)
        finally:
            self._messages.put(None)

    def _work(self) -> None:
        worker: Worker | None = None
        while (unit := self._take()) is not None:
            worker = worker or self._hire()
            if worker is None or not self._perform(worker, unit):
                worker = None
        if worker is not None:
            self._dismiss(worker)

    def _take(self) -> tuple[Task, ...] | None:
        with self._lock:
            return self._units.popleft() if self._units else None

    def _give_back(self, unit: tuple[Task, ...]) -> None:
        with self._lock:
            if unit and not self._stopped:
                self._units.appendleft(unit)

    def _hire(self) -> Worker | None:
        with self._lock:
            if self._stopped:
                return None
            worker = Worker(self._job, self._environment)
            self._alive.add(worker)
            return worker

    def _dismiss(self, worker: Worker) -> tuple[str, str]:
        ending = worker.end()
        with self._lock:
            self._alive.discard(worker)
        return ending

    def _perform(self, worker: Worker, unit: tuple[Task, ...]) -> bool:
        """Hand over the tasks of a unit; return whether the worker survived them."""
        for number, task in enumerate(unit):
            self._messages.put(Started(task))
            start = time.perf_counter()
            result = worker.perform(task, self._seconds)
            if result is None:
                how, written = self._dismiss(worker)
                seconds = time.perf_counter() - start
                if worker.expired:
                    self._messages.put(Result(task, seconds, reason=_late(self._seconds)))
                    self._give_back(unit[number + 1 :])
                else:
                    self._messages.put(_Death(unit[number:], seconds, how, written))
                return False
            self._messages.put(result)
        return True


def _late(seconds: float) -> str:
    return f"stopped after {seconds:g} s, the longest time for one check (--check-seconds)"


def run_tasks(
    job: Job, tasks: Sequence[Task], jobs: int, seconds: float = 3600.0
) -> Generator[Event]:
    """Run tasks in at most `jobs` worker processes; yield a `Started` and a `Result` for each, in order of time.

    If a worker dies, what its unit still had to do runs again once the rest is done, each task alone in a process
    of its own; the task over which that one dies too has crashed, and so has one that takes longer than `seconds`,
    whose worker is killed. Closing the iterator kills the workers.

    Raises:
        WorkerError: a worker process could not load the paper.
    """
    todo = units(tasks)
    size = max(1, min(jobs, len(todo)))
    environment = worker_environment(size, os.environ)
    again: list[Task] = []
    with closing(_Pool(job, todo, size, environment, seconds).events()) as events:
        for event in events:
            if isinstance(event, _Death):
                again.extend(event.tasks)
            else:
                yield event
    for task in again:
        yield from _run_alone(job, task, environment, seconds)


def _run_alone(
    job: Job, task: Task, environment: Mapping[str, str], seconds: float
) -> Generator[Event]:
    with closing(_Pool(job, [(task,)], 1, environment, seconds).events()) as events:
        for event in events:
            if isinstance(event, _Death):
                yield Result(task, event.seconds, reason=event.how, traceback=event.written)
            else:
                yield event
