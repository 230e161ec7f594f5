"""Time and boxes that a search may use."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

CLOCK = time.perf_counter
"""The clock of all budgets; a benchmark on a busy machine may count processor time instead."""


_LOADED = [0.0]


def now() -> float:
    """Return the seconds on the clock of all budgets."""
    return CLOCK() - _LOADED[0]


@contextmanager
def uncounted() -> Iterator[None]:
    """Stop the clock of all budgets, while a library is loaded that only some statements need."""
    start = CLOCK()
    try:
        yield
    finally:
        _LOADED[0] += CLOCK() - start


class SpentError(Exception):
    """The time or the boxes are used up."""


@dataclass
class Budget:
    """Seconds on the clock and boxes; `spend` raises when either is used up.

    `depth` is how many reductions may follow each other; `memory` holds what parts of it have decided already.
    """

    seconds: float = 5.0
    boxes: int = 10_000_000
    used: int = 0
    start: float = field(default_factory=now)
    depth: int = 5
    memory: dict[object, object] = field(default_factory=dict)

    def left(self) -> float:
        """Return the seconds that are left."""
        return self.seconds - (now() - self.start)

    def spend(self, boxes: int = 1) -> None:
        """Count boxes.

        Raises:
            SpentError: nothing is left.
        """
        self.used += boxes
        if self.used > self.boxes or self.left() <= 0:
            raise SpentError

    def share(self, part: float) -> "Budget":
        """Return a budget of a part of what is left."""
        seconds, boxes = max(self.left(), 0.0) * part, max(self.boxes - self.used, 0)
        return Budget(seconds, boxes, depth=self.depth, memory=self.memory)

    def shallow(self, part: float, depth: int) -> "Budget":
        """Return a part of what is left, for fewer reductions in a row."""
        new = self.share(part)
        new.depth = min(depth, self.depth)
        return new
