"""What runs on the workers of a cluster: each thread of a Dask worker hands its tasks to a process of its own.

So a task can be killed there too: when it takes too long, and as soon as nobody waits for it any more.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mfcheck.run.executor import Unit
from mfcheck.run.process import Death, Place, alarms, worker_environment
from mfcheck.run.tasks import Job, Result, Started, Task

IDLE = 60.0
"""Seconds that an idle process stays, loaded, for the next task."""
_POLL = 0.25
"""Seconds between two looks at whether a task is still wanted."""

Fingerprint = Mapping[str, str]


@dataclass(frozen=True)
class Done:
    """What came of a unit: results, and the death of the process if there was one."""

    results: tuple[Result, ...]
    death: Death | None


class OtherCode(Exception):  # noqa: N818
    """A worker would run other code, or other versions of libraries, than where the work comes from."""


class Unwanted(Exception):  # noqa: N818
    """Nobody waits for the task any more, or the worker is about to end; nothing came of it."""


def perform(
    job: Job,
    tasks: tuple[Task, ...],
    seconds: float,
    expected: Fingerprint,
    fresh: bool,
    topic: str,
) -> Done:
    """Do a unit of tasks in a process of this machine.

    Args:
        job: what the tasks have in common.
        tasks: in order.
        seconds: longest time for one task.
        expected: the fingerprint of the paper where the work comes from.
        fresh: do it in a new process, and end that afterwards.
        topic: of the events that say which task, by number, has begun.

    Raises:
        OtherCode: the fingerprint here is another one.
        Unwanted: the work was cancelled meanwhile.
        WorkerError: the job cannot be loaded.
    """
    from distributed import get_worker

    worker = get_worker()
    place = Place(_environment(worker)) if fresh else _shelf.take(worker)
    found: list[Result] = []
    death: Death | None = None
    try:
        place.refresh(job.paper)
        with _watched(place, _wanted(worker)):
            _require(place, job.paper, expected)
            for event in place.perform(Unit(job, tasks), seconds):
                if isinstance(event, Started):
                    begun = {"key": worker.get_current_task(), "task": tasks.index(event.task)}
                    worker.log_event(topic, begun)
                elif isinstance(event, Result):
                    found.append(event)
                elif isinstance(event, Death):
                    death = event
        if place.stopped:
            raise Unwanted
    except BaseException:
        place.stop()
        raise
    finally:
        if fresh or place.stopped:
            place.close()
        else:
            _shelf.put(place)
    return Done(tuple(found), death)


async def require(paper: str, expected: Fingerprint, dask_worker: Any) -> str:
    """Return how a worker differs from where the work comes from, or nothing; its process is warm then."""
    return await asyncio.to_thread(_difference, paper, expected, dask_worker)


def _difference(paper: str, expected: Fingerprint, worker: Any) -> str:
    place = _shelf.take(worker)
    try:
        _require(place, paper, expected)
    except Exception as error:  # whatever it is, it is told where the work comes from
        place.stop()
        place.close()
        return str(error)
    _shelf.put(place)
    return ""


def _require(place: Place, paper: str, expected: Fingerprint) -> None:
    """Refuse a process that would run other code; one that has been waiting may have become old, and is replaced."""
    found = place.fingerprint(paper)
    if found != expected:
        place.close()
        found = place.fingerprint(paper)
    if place.stopped:
        raise Unwanted
    if found is None:
        raise OtherCode("cannot start a process that loads mfcheck")
    for name in expected:
        if found.get(name) != expected[name]:
            raise OtherCode(f"has another {name} ({found.get(name)}, here {expected[name]})")


def _environment(worker: Any) -> dict[str, str]:
    return worker_environment(max(1, worker.state.nthreads), os.environ)


def _wanted(worker: Any) -> Callable[[], bool]:
    """Return a function that says whether the Dask task of this thread is still wanted."""
    key = worker.get_current_task()

    def wanted() -> bool:
        if worker.status.name in ("closing", "closed", "failed"):
            return False
        task = worker.state.tasks.get(key)
        return task is not None and task.state in ("executing", "long-running")

    return wanted


@contextmanager
def _watched(place: Place, wanted: Callable[[], bool]) -> Generator[None]:
    """Stop the process of a place as soon as its work is not wanted any more."""
    lock, over, alarm = threading.Lock(), False, 0

    def look() -> None:
        nonlocal alarm
        if not wanted():
            place.stop()
            return
        with lock:
            if not over:
                alarm = alarms.set(_POLL, look)

    alarm = alarms.set(_POLL, look)
    try:
        yield
    finally:
        with lock:
            over = True
            alarms.cancel(alarm)


class _Shelf:
    """Idle processes of this Dask worker, kept loaded for a while."""

    def __init__(self) -> None:
        self._idle: dict[Place, threading.Timer] = {}
        self._lock = threading.Lock()

    def take(self, worker: Any) -> Place:
        """Return a place with the process that waited least, or an empty one."""
        with self._lock:
            if self._idle:
                place, timer = self._idle.popitem()
                timer.cancel()
                return place
        return Place(_environment(worker))

    def put(self, place: Place) -> None:
        """Keep a place for the next task."""
        timer = threading.Timer(IDLE, self._drop, (place,))
        timer.daemon = True
        with self._lock:
            self._idle[place] = timer
        timer.start()

    def _drop(self, place: Place) -> None:
        with self._lock:
            if self._idle.pop(place, None) is None:
                return
        place.close()


_shelf = _Shelf()
