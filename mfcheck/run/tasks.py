"""Pieces of work, as plain data that travels between processes as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mfcheck.claims.model import Paper
from mfcheck.claims.record import LATE
from mfcheck.symbolic.activation import Activation, activation


class What(StrEnum):
    """What a task evaluates."""

    CHECK = "check"
    ASSUMPTION = "assumption"
    CONSTANTS = "constants"
    AUDIT = "audit"


@dataclass(frozen=True)
class Task:
    """One piece of work.

    Args:
        what: which part of the paper it evaluates.
        id: of the check, the assumption or the regime; for constants their ids, with commas between, or empty for all.
        planted: id of the planted error under which the check runs, if any.
        group: tasks of one group run one after the other in the same process.
    """

    what: What
    id: str = ""
    planted: str = ""
    group: str = ""

    @property
    def key(self) -> str:
        """Name of the task, unique within a paper."""
        named = f"{self.what}.{self.id}" if self.id else self.what.value
        return f"{named} [{self.planted}]" if self.planted else named


@dataclass(frozen=True)
class Job:
    """All that the tasks of one run have in common.

    `paper` is the id of an installed paper, or `module:attribute` for one that is not installed.
    """

    paper: str
    setting: dict[str, Any]
    budget: str
    seed: int
    identity: str = ""
    """Of the code and the libraries: certified constants are shared with all that has the same; not at all if empty."""


@dataclass(frozen=True)
class Result:
    """What a task gave: its value as JSON data, or the reason why there is none."""

    task: Task
    seconds: float
    value: Any = None
    reason: str = ""
    traceback: str = ""

    @property
    def crashed(self) -> bool:
        """Whether the task failed to give a value."""
        return self.value is None

    @property
    def ending(self) -> str:
        """Why there is no value, in words."""
        return self.reason if self.reason.startswith(LATE) else f"crashed: {self.reason}"


@dataclass(frozen=True)
class Started:
    """A task has begun."""

    task: Task


SEPARATE = frozenset(("slack", "assumptions", "audit"))
"""Groups whose tasks need nothing of each other: one process does them only because it is warm."""


Event = Started | Result
Watch = Callable[[Event, int, int], None]
"""Told of every event, with the numbers of finished and of all tasks."""


def units(tasks: Sequence[Task]) -> list[tuple[Task, ...]]:
    """Return the tasks in units of one process each: groups together, the rest alone, in order."""
    found: dict[str, list[Task]] = {}
    for number, task in enumerate(tasks):
        found.setdefault(f"group {task.group}" if task.group else f"{number}", []).append(task)
    return [tuple(unit) for unit in found.values()]


def named_activation(paper: Paper, name: str) -> Activation:
    """Return the activation of that name: the paper's default, one of the library, or an expression.

    Raises:
        InputError: there is none.
    """
    default = paper.default.activation
    return default if default.name == name else activation(name)
