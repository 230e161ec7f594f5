"""How far a sweep is."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Progress:
    """How far a sweep is, with what other processes do: numbers of points."""

    total: int
    refused: int = 0
    finished: int = 0
    running: str = ""
    """A task that runs now."""
    kept: int = 0
    """Of the finished ones, those that had finished before this process began."""
    since: float | None = None
    """When the first task of this process began; later, when its workers had become warm."""

    @property
    def left(self) -> int:
        """Points of which not everything is known."""
        return max(0, self.total - self.refused - self.finished)

    @property
    def rest(self) -> float | None:
        """About how many seconds the rest takes; None as long as nothing has finished."""
        new = self.finished - self.kept
        if new < 1 or self.since is None:
            return None
        return (time.monotonic() - self.since) / new * self.left


Watch = Callable[[Progress], None]
Say = Callable[[str], None]


def duration(seconds: float) -> str:
    """Return a time in words.

    >>> duration(40), duration(100), duration(9000), duration(1e6)
    ('40 s', '1.7 min', '2.5 h', '11.6 days')
    """
    for unit, name, most in ((1, "s", 90), (60, "min", 5400), (3600, "h", 172_800)):
        if seconds < most:
            return f"{seconds / unit:.2g} {name}"
    return f"{seconds / 86_400:.3g} days"
