"""Runs tasks in worker processes of this machine: in the same way whatever their number, surviving their death."""

import os
import queue
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from itertools import chain, islice

from mfcheck.run.executor import Unit
from mfcheck.run.process import Death, Place, worker_environment
from mfcheck.run.tasks import Event, Started

AHEAD = 2
"""Units that wait for each process, so that none is idle while the results of another are looked at."""


class Processes:
    """An executor: worker processes of this machine.

    If a worker dies, what its unit still had to do runs again once the rest is done, each task alone in a process of
    its own; the task over which that one dies too has crashed; one that takes too long says nothing, its worker is
    killed.

    Args:
        jobs: number of worker processes.
        warm: keep the processes for the next run, until `close`.
    """

    def __init__(self, jobs: int, *, warm: bool = False) -> None:
        self._jobs = jobs
        self._warm = warm
        self._idle: list[Place] = []
        self._environment: dict[str, str] = {}

    def close(self) -> None:
        """End the processes that were kept."""
        for place in self._idle:
            place.close()
        self._idle = []

    def require(self, paper: str) -> None:
        """Refuse nothing: the processes are of this machine."""

    def run(self, units: Iterable[Unit], seconds: float) -> Generator[tuple[Unit, Event]]:
        """Run units; see `Executor`."""
        todo = iter(units)
        first = list(islice(todo, self._jobs))
        if not first:
            return
        environment = worker_environment(len(first), os.environ)
        again: list[tuple[Unit, Death]] = []
        places = self._places(len(first), environment)
        pool = _Pool(chain(first, todo), places, seconds, self._warm)
        with closing(pool.events()) as events:
            for unit, event in events:
                if isinstance(event, Death):
                    again.append((unit, event))
                else:
                    yield unit, event
        self._idle = [place for place in places if self._warm and not place.stopped]
        for unit, death in again:
            for task in death.tasks:
                for event in _run_alone(Unit(unit.job, (task,)), environment, seconds):
                    if event != Started(death.tasks[0]):  # which has been told before
                        yield unit, event

    def _places(self, count: int, environment: dict[str, str]) -> list[Place]:
        """Return places, those that were kept if they are as many and in the same environment."""
        kept, self._idle = self._idle, []
        if len(kept) == count and environment == self._environment:
            return kept
        for place in kept:
            place.close()
        self._environment = environment
        return [Place(environment) for _ in range(count)]


def _run_alone(unit: Unit, environment: Mapping[str, str], seconds: float) -> Generator[Event]:
    pool = _Pool(iter([unit]), [Place(environment)], seconds)
    with closing(pool.events()) as events:
        for _, event in events:
            yield event.crash() if isinstance(event, Death) else event


_Message = tuple[Unit, Event | Death] | Unit | BaseException
"""What a thread tells the pool: an event, the end of a unit, or an error."""


class _Pool:
    """Threads that hand units to one worker process each."""

    def __init__(
        self, units: Iterator[Unit], places: list[Place], seconds: float, warm: bool = False
    ) -> None:
        self._units = units
        self._seconds = seconds
        self._waiting: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._messages: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._places = places
        self._warm = warm
        self._ended = False
        self._threads = [
            threading.Thread(target=self._serve, args=(place,), daemon=True)
            for place in self._places
        ]

    def events(self) -> Generator[tuple[Unit, Event | Death]]:
        """Yield what happens; leaving early kills every worker, and so does the end unless they are to stay warm."""
        try:
            for thread in self._threads:
                thread.start()
            left = self._draw(AHEAD * len(self._threads))
            while left:
                message = self._next()
                if isinstance(message, BaseException):
                    raise message
                if isinstance(message, Unit):
                    left += self._draw(1) - 1
                else:
                    yield message
            self._close()
            self._ended = True
        finally:
            if not (self._warm and self._ended):
                self._stop()

    def _draw(self, count: int) -> int:
        """Draw as many units; return how many there were."""
        drawn = list(islice(self._units, count))
        for unit in drawn:
            self._waiting.put(unit)
        return len(drawn)

    def _next(self) -> _Message:
        while True:  # a wait without end cannot be interrupted on every system
            with suppress(queue.Empty):
                return self._messages.get(timeout=1)

    def _close(self) -> None:
        """Let every idle thread end; its worker with it."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _stop(self) -> None:
        """End whatever still runs, at once."""
        for place in self._places:
            place.stop()
        with suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _serve(self, place: Place) -> None:
        try:
            while (unit := self._waiting.get()) is not None:
                place.refresh(unit.job.paper)
                for event in place.perform(unit, self._seconds):
                    self._messages.put((unit, event))
                self._messages.put(unit)
        except BaseException as error:
            self._messages.put(error)
        finally:
            if not self._warm or place.stopped:
                place.close()
