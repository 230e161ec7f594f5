"""What all commands share: where output goes, and what each ending means for the exit status."""

import errno
import os
import shlex
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from mfcheck.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from mfcheck.claims.record import Review

DONE, VERDICT_GIVEN, WRONG_INPUT, INTERNAL_FAILURE = 0, 1, 2, 3
INTERRUPTED, TERMINATED = 130, 143
DEBUG = "MFCHECK_DEBUG"
PLACE_AT_FAULT = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.ENAMETOOLONG,
        errno.ELOOP,
    }
)
"""Refusals of the system that say something of a file, a folder or a disk, and nothing of this program."""


@dataclass(frozen=True)
class Output:
    """Where a command says what: JSON, tables on standard output, progress on standard error."""

    json: Annotated[
        str | None,
        typer.Option("--json", metavar="PATH", help="Write JSON there; - for standard output."),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no tables.")] = False
    no_colour: Annotated[bool, typer.Option("--no-colour", "--no-color", help="No colours.")] = (
        False
    )

    def __post_init__(self) -> None:
        """Refuse, before any work, a JSON file that cannot be written."""
        if self.json is None or self.json == "-":
            return
        if not self.json:
            raise InputError("--json: the name of a file is empty")
        path = Path(self.json)
        folder = path.parent
        if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
            raise InputError(f"cannot write {self.json!r}")

    def console(self, stderr: bool = False) -> "Console":
        """Return the console for tables, or that for progress; silent where it has to be."""
        from mfcheck.commands.terminal import Terminal

        return Terminal(
            stderr=stderr,
            quiet=self.quiet or (self.json == "-" and not stderr),
            no_color=self.no_colour or None,
            highlight=False,
        )

    def give(self, record: str | Iterable[str], show: Callable[["Console"], None]) -> None:
        """Write the JSON of a result, whole or in pieces, where it is asked for, and show it as tables."""
        pieces = (
            piece.encode()
            for piece in chain([record] if isinstance(record, str) else record, ["\n"])
        )
        if self.json == "-":
            sys.stdout.flush()
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.flush()
            return
        if self.json is not None:
            _write(Path(self.json), pieces)
        if not self.quiet:
            show(self.console())


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    from mfcheck.run.store import write_pieces

    if path.exists() and not path.is_file():  # a device or a pipe cannot be replaced
        with path.open("wb") as file:
            file.writelines(pieces)
    else:
        write_pieces(path.resolve(), pieces)


def run(app: typer.Typer, words: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
        received.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        return _invoke(app, list(words))
    except KeyboardInterrupt as error:
        say(_interrupted(error, words))
        return TERMINATED if received else INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)


def _invoke(app: typer.Typer, words: list[str]) -> int:
    try:
        with typer.main.get_command(app).make_context("mfcheck", words) as context:
            context.command.invoke(context)
    except typer.Exit as exit:
        return exit.exit_code
    except SystemExit as end:  # of the options about completion
        return int(end.code or DONE)
    except InputError as error:
        if os.environ.get(DEBUG) and error.__cause__ is not None:
            sys.stderr.write("".join(traceback.format_exception(error.__cause__)))
        return _refuse(str(error))
    except BrokenPipeError:
        _drop_standard_output()
    except Exception as error:
        if isinstance(error, OSError) and error.errno in PLACE_AT_FAULT and error.filename:
            return _refuse(f"cannot use {str(error.filename)[:200]!r}: {error.strerror}")
        usage = getattr(error, "format_message", None)  # what typer raises for wrong usage
        return _fail(error) if usage is None else _refuse(f"{usage()}  (see mfcheck --help)")
    return DONE


def say(message: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"mfcheck: {' '.join(message.split())}\n")


def _refuse(message: str) -> int:
    say(message)
    return WRONG_INPUT


def _fail(error: Exception) -> int:
    trace = "".join(traceback.format_exception(error))
    if os.environ.get(DEBUG):
        sys.stderr.write(trace)
        where = "traceback above"
    else:
        handle, name = tempfile.mkstemp(prefix="mfcheck-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(trace)
        where = f"traceback in {name}"
    from mfcheck.run.places import place_of

    place = place_of(trace)
    at = f" ({place})" if place else ""
    say(f"internal failure: {type(error).__name__}: {str(error)[:500]}{at}  ({where})")
    return INTERNAL_FAILURE


def _interrupted(error: KeyboardInterrupt, words: Sequence[str]) -> str:
    review: Review | None = getattr(error, "review", None)
    if review is None:
        return " ".join(["interrupted", *map(str, error.args)])
    ran = sum(len(claim.checks) for claim in review.claims)
    again = shlex.join(["mfcheck", *words, *([] if "--resume" in words else ["--resume"])])
    kept = "nothing was kept, for want of --out"
    if getattr(error, "folder", None) is not None:
        kept = f"what finished is kept; continue with: {again}"
    return f"interrupted after {ran} of {ran + len(review.missing)} checks; {kept}"


def _drop_standard_output() -> None:
    """Let the flush at exit go nowhere: the reader of the pipe has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
