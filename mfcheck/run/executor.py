"""Who does the work: worker processes of this machine, or a cluster; the results are the same bit for bit."""

import os
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from mfcheck.run.tasks import Event, Job, Task


@dataclass(frozen=True)
class Unit:
    """What one process does in one go: tasks of a job, one after the other.

    Args:
        job: what the tasks have in common.
        tasks: in order.
        mark: the caller's, who gets it back with every event; nothing depends on it.
    """

    job: Job
    tasks: tuple[Task, ...]
    mark: str = ""


class Executor(Protocol):
    """Runs units of tasks."""

    def require(self, paper: str) -> None:
        """Refuse, before any work, what cannot run the checks of a paper.

        Args:
            paper: id of an installed paper, or `module:attribute`.

        Raises:
            InputError: a cluster cannot be reached, or its workers have another version of mfcheck or of the paper.
        """
        ...

    def run(self, units: Iterable[Unit], seconds: float) -> Generator[tuple[Unit, Event]]:
        """Run units; yield one `Started` and one `Result` for each task, each with the unit it belongs to.

        Units are drawn one by one, by the thread that draws the events, a few more than are running; nothing is drawn
        any more once the iterator is closed, which ends what is running.

        Args:
            units: what to do; each has at least one task.
            seconds: longest time for one task, which is then ended and says nothing.

        Raises:
            WorkerError: a worker process could not load a paper.
            InputError: a cluster cannot be reached any more.
        """
        ...


def cores() -> int:
    """Return the number of cores that this process may use."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
