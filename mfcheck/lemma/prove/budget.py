"""Time and boxes that a search may use."""

import time
from dataclasses import dataclass, field


class SpentError(Exception):
    """The time or the boxes are used up."""


@dataclass
class Budget:
    """Seconds on the clock and boxes; `spend` raises when either is used up."""

    seconds: float = 5.0
    boxes: int = 10_000_000
    used: int = 0
    start: float = field(default_factory=time.perf_counter)

    def left(self) -> float:
        """Return the seconds that are left."""
        return self.seconds - (time.perf_counter() - self.start)

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
        return Budget(max(self.left(), 0.0) * part, max(self.boxes - self.used, 0))
