"""The progress of long work: a bar on a terminal, plain lines elsewhere."""

import os
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mfcheck.commands.console import DEBUG
from mfcheck.run.tasks import Event, Result, Started


class ShownBar:
    """A bar that is there while the work is, on a terminal only."""

    def __init__(self, console: Console, amount: MofNCompleteColumn | TextColumn) -> None:
        self._console = console
        name = TextColumn("{task.description}", markup=False)
        self._bar = Progress(
            BarColumn(30), amount, TimeElapsedColumn(), name, console=console, transient=True
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:  # rich would end even what never began with an empty line
            self._bar.stop()


class TaskProgress(ShownBar):
    """Shows tasks as they finish; a context manager that is also the `watch` of a run."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, MofNCompleteColumn())
        self._running: list[str] = []
        self._line = self._bar.add_task("starting", total=None)

    def __call__(self, event: Event, done: int, total: int) -> None:
        """Show an event; the numbers are those of finished and of all tasks."""
        key = event.task.key
        if isinstance(event, Started):
            self._running.append(key)
        elif key in self._running:
            self._running.remove(key)
        if isinstance(event, Result) and event.traceback and os.environ.get(DEBUG):
            self._console.print(event.traceback, markup=False, soft_wrap=True)
        if self._console.is_terminal:
            now = ", ".join(self._running) or "waiting"
            self._bar.update(self._line, completed=done, total=total, description=now)
        elif isinstance(event, Result):
            width = len(str(total))
            ending = event.ending if event.crashed else f"{event.seconds:.1f} s"
            self._console.print(
                f"[{done:{width}}/{total}] {key}: {ending}", markup=False, soft_wrap=True
            )


class FractionProgress(ShownBar):
    """Shows the fraction done of one long computation; a context manager that is also its `progress`."""

    def __init__(self, console: Console, what: str) -> None:
        super().__init__(console, TextColumn("{task.percentage:>3.0f}%"))
        self._what = what
        self._tenth = 0
        self._line = self._bar.add_task(what, total=1.0)

    def __call__(self, fraction: float) -> None:
        """Show how much is done; plain lines come at every tenth."""
        if self._console.is_terminal:
            self._bar.update(self._line, completed=fraction)
        elif int(10 * fraction) > self._tenth:
            self._tenth = int(10 * fraction)
            self._console.print(f"{self._what}: {10 * self._tenth}%", markup=False, soft_wrap=True)
