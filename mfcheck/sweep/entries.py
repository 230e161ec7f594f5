"""What goes into a ledger, and what comes out of it."""

from typing import Any, NamedTuple

from mfcheck.sweep.points import Point


class Item(NamedTuple):
    """A setting to work on: its number in the ledger, and what describes it."""

    id: int
    described: dict[str, Any]


class Kept(NamedTuple):
    """What a task gave, as in `Result`."""

    seconds: float
    value: Any
    reason: str
    traceback: str


class New(NamedTuple):
    """A point that the ledger does not know yet: its setting, or why the paper refuses it."""

    point: Point
    digest: str
    described: dict[str, Any] | None
    refused: str
