"""The console of all commands."""

from typing import NoReturn

from rich.console import Console


class Terminal(Console):
    """A console that leaves it to the program what a reader who goes away means."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise BrokenPipeError, where rich would exit."""
        raise BrokenPipeError
