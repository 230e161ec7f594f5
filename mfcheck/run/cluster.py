"""Runs units of tasks on a Dask cluster: whatever happens there, no result is lost, and none counts twice."""

import queue
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

from mfcheck.errors import InputError
from mfcheck.run.executor import Unit
from mfcheck.run.identity import fingerprint
from mfcheck.run.link import SAME, Link, Lost, killed, target_of
from mfcheck.run.remote import Done, OtherCode, Unwanted, perform
from mfcheck.run.tasks import Event, Result, Started, Task

AHEAD = 2
"""Units on the cluster for each thread of its workers: one that runs, and one that waits."""
LOSSES = 10
"""So often may the cluster lose one unit before it counts as crashed."""
DESERTED = 300.0
"""Seconds without any worker after which a run ends."""
_BEAT = 5.0
"""Seconds between two counts of the workers."""


class Cluster:
    """An executor: the workers of a Dask cluster, each with mfcheck and the paper in the same versions as here.

    A task whose process dies is tried once more, in a new one, and has crashed if that dies too. A task that runs
    whenever a Dask worker dies, as often as the scheduler allows, is tried once more when nothing else runs, and has
    crashed if the cluster gives it up again. What is lost otherwise is sent again.

    Args:
        where: address of a scheduler, its file, or `auto`: the scheduler that Dask's configuration names, or else a
            cluster of threads in this process, which like every other hand their tasks to processes.
        jobs: for a cluster in this process, the number of threads; the number of cores if left out.

    Raises:
        InputError: Dask is not installed, or there is no such file.
    """

    def __init__(self, where: str, jobs: int | None = None) -> None:
        self._target = target_of(where, jobs)

    def require(self, paper: str) -> None:
        """Refuse a cluster that cannot be reached, or has other versions; see `Executor`."""
        with closing(Link(self._target)) as link:
            link.require(paper)

    def run(self, units: Iterable[Unit], seconds: float) -> Generator[tuple[Unit, Event]]:
        """Run units; see `Executor`."""
        with closing(Link(self._target)) as link:
            yield from _Run(link, iter(units), seconds).events()


@dataclass(frozen=True)
class _Order:
    """A unit, and which of its tasks were told to have begun."""

    unit: Unit
    begun: set[Task] = field(default_factory=set)

    def begin(self, tasks: Iterable[Task]) -> Generator[tuple[Unit, Event]]:
        """Tell of tasks that have begun, once."""
        for task in tasks:
            if task not in self.begun:
                self.begun.add(task)
                yield self.unit, Started(task)


@dataclass
class _Sent:
    """Tasks of a unit on their way."""

    order: _Order
    tasks: tuple[Task, ...]
    alone: bool = False
    """Whether this is one task whose process has died before; it gets a new one."""
    suspect: bool = False
    """Whether this is one task whose worker has died before; it runs when nothing else does."""
    losses: int = 0
    starts: int = 0
    """How often it is known to have begun to run."""
    future: Any = None


class _Run:
    """One run: what waits to be sent, and what has been sent and not come back."""

    def __init__(self, link: Link, units: Iterator[Unit], seconds: float) -> None:
        self._link = link
        self._units = units
        self._seconds = seconds
        self._again: deque[_Sent] = deque()
        self._suspects: deque[_Sent] = deque()
        self._sent: dict[str, _Sent] = {}
        self._news: queue.SimpleQueue[tuple[str, int | None]] = queue.SimpleQueue()
        self._expected: dict[str, dict[str, str]] = {}
        self._counted = -_BEAT
        self._peopled = time.monotonic()
        self._threads = 1
        link.listen(lambda key, number: self._news.put((key, number)))

    def events(self) -> Generator[tuple[Unit, Event]]:
        """Yield what happens until all units are done."""
        while True:
            try:
                self._count()
                self._fill()
                if not self._sent:
                    return
                ended: dict[str, _Sent] = {}
                for key, number in self._hear():
                    if number is None:
                        ended[key] = self._sent[key]
                    else:
                        yield from self._begin(self._sent[key], number)
                answers = self._link.gather([sent.future for sent in ended.values()])
            except Lost:
                self._link.renew()
                self._resend()
                continue
            for key, answer in zip(ended, answers, strict=True):
                if (
                    answer is None
                ):  # it ended, but the result is gone: the scheduler works it out again
                    self._listen(key)
                else:
                    yield from self._take(self._sent.pop(key), answer)

    def _count(self) -> None:
        """Count the workers now and then.

        Raises:
            InputError: there have been none for too long.
        """
        now = time.monotonic()
        if now - self._counted < _BEAT:
            return
        self._counted = now
        threads = self._link.threads()
        if threads:
            self._peopled, self._threads = now, threads
        elif now - self._peopled > DESERTED:
            raise InputError(f"{self._link.name} has had no worker for {DESERTED:g} s")

    def _fill(self) -> None:
        """Send units as long as the cluster is not busy enough."""
        while len(self._sent) < AHEAD * self._threads and (waiting := self._waiting()):
            self._send(waiting[0])
            waiting.popleft()

    def _waiting(self) -> deque[_Sent]:
        """Return the queue of which the first is to be sent now; an empty one if nothing is."""
        if not self._again and (unit := next(self._units, None)) is not None:
            self._again.append(_Sent(_Order(unit), unit.tasks))
        return self._again if self._again or self._sent else self._suspects

    def _send(self, sent: _Sent) -> None:
        job = sent.order.unit.job
        if job.paper not in self._expected:
            self._expected[job.paper] = fingerprint(job.paper)
        expected = self._expected[job.paper]
        key, sent.future = self._link.submit(
            perform, job, sent.tasks, self._seconds, expected, sent.alone
        )
        self._sent[key] = sent
        self._listen(key)

    def _listen(self, key: str) -> None:
        self._sent[key].future.add_done_callback(lambda _: self._news.put((key, None)))

    def _hear(self) -> Iterator[tuple[str, int | None]]:
        """Yield what has begun, by its number, and what has ended, by None; after a short wait if there is nothing."""
        with suppress(queue.Empty):
            news = self._news.get(timeout=1)
            while True:
                if news[0] in self._sent:
                    yield news
                news = self._news.get_nowait()

    def _begin(self, sent: _Sent, number: int) -> Generator[tuple[Unit, Event]]:
        sent.starts += number == 0
        yield from sent.order.begin([sent.tasks[number]])

    def _resend(self) -> None:
        """Send everything that has not come back once more: nobody knows what became of it."""
        for sent in self._sent.values():
            sent.starts = 0
            (self._suspects if sent.suspect else self._again).append(sent)
        self._sent.clear()

    def _take(self, sent: _Sent, answer: Done | BaseException) -> Generator[tuple[Unit, Event]]:
        """Take in what came of tasks; those that are to be tried again wait."""
        if isinstance(answer, Done):
            yield from self._done(sent, answer)
        elif isinstance(answer, Unwanted):
            sent.starts = 0
            yield from self._lose(sent)
        elif killed(answer):
            yield from self._blame(sent)
        elif isinstance(answer, OtherCode):
            raise InputError(f"a worker of {self._link.name} {answer}: {SAME}")
        elif isinstance(answer, ImportError):
            raise InputError(f"a worker of {self._link.name} cannot run mfcheck: {answer}")
        else:
            raise answer

    def _done(self, sent: _Sent, done: Done) -> Generator[tuple[Unit, Event]]:
        for result in done.results:
            yield from sent.order.begin([result.task])
            yield sent.order.unit, result
        if done.death is not None and sent.alone:
            yield from sent.order.begin(sent.tasks)
            yield sent.order.unit, done.death.crash()
        elif done.death is not None:
            tasks = done.death.tasks
            self._again.extend(_Sent(sent.order, (task,), alone=True) for task in tasks)

    def _blame(self, sent: _Sent) -> Generator[tuple[Unit, Event]]:
        """Find out which task was it over which workers died: that of a neighbour, or one that only waited, was not."""
        if sent.suspect:
            yield from self._give_up(sent, "the workers of the cluster that ran it died")
        elif sent.starts < 2:
            yield from self._lose(sent)
        else:
            self._suspects.extend(_Sent(sent.order, (task,), suspect=True) for task in sent.tasks)

    def _lose(self, sent: _Sent) -> Generator[tuple[Unit, Event]]:
        sent.losses += 1
        if sent.losses < LOSSES:
            (self._suspects if sent.suspect else self._again).append(sent)
        else:
            yield from self._give_up(sent, f"the cluster lost it {LOSSES} times")

    def _give_up(self, sent: _Sent, why: str) -> Generator[tuple[Unit, Event]]:
        yield from sent.order.begin(sent.tasks)
        for task in sent.tasks:
            yield sent.order.unit, Result(task, 0.0, reason=why)
