"""The progress of a sweep: a bar on a terminal, a plain line every ten seconds elsewhere."""

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import MofNCompleteColumn

from mfcheck.commands.progress import ShownBar

if TYPE_CHECKING:
    from mfcheck.sweep import progress as sweep

EVERY = 10.0
"""Seconds between two plain lines."""


class SweepProgress(ShownBar):
    """A context manager that is also the `watch` of a sweep."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, MofNCompleteColumn())
        self._last = time.monotonic()
        self._line = self._bar.add_task("starting", total=None)

    def say(self, words: str) -> None:
        """Show a sentence."""
        self._console.print(words, markup=False, soft_wrap=True)

    def __call__(self, progress: "sweep.Progress") -> None:
        """Show how far the sweep is."""
        done = progress.total - progress.left
        if self._console.is_terminal:
            self._bar.update(
                self._line, completed=done, total=progress.total, description=progress.running
            )
        elif time.monotonic() - self._last > EVERY:
            self._last = time.monotonic()
            rest = "" if progress.rest is None else f", about {progress.rest:.0f} s to go"
            self.say(f"{done} of {progress.total} settings{rest}")
