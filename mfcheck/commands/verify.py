"""The command `verify`: certificates, checked by code that shares nothing with what wrote them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

<<<<<<< HEAD
from mfcheck.commands.console import Output
=======
from mfcheck.commands.console import VERDICT_GIVEN, Output
>>>>>>> 10c9689c233a2c07bfea4b386bab60a67cf289f4
from mfcheck.commands.options import command, dump
from mfcheck.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from mfcheck.verify import Verdict


@command("mfcheck verify mfcheck-out/scaled-resnets/certificates")
def verify(
    certificates: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Certificates, or folders.")
    ],
    output: Output,
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on", metavar="rejected", help="For older scripts: it is what happens anyway."
        ),
    ] = "",
) -> None:
    """Check certificates, trusting nothing of what wrote them; a rejected one gives the exit status 1."""
    if fail_on not in ("", "rejected"):
        raise InputError(f"--fail-on: only 'rejected' is possible here, got {fail_on[:60]!r}")
<<<<<<< HEAD
    from mfcheck.verify import verify_paths

    found, status = verify_paths(certificates)
    records = [{"certificate": name, **asdict(verdict)} for name, verdict in found]
    unreadable = [f"{name}: {v.reason}" for name, v in found if v.status == "malformed"]
=======
    found = _verdicts(certificates)
    records = [{"certificate": str(file), **asdict(verdict)} for file, verdict in found]
    unreadable = [f"{file}: {v.reason}" for file, v in found if v.status == "malformed"]
>>>>>>> 10c9689c233a2c07bfea4b386bab60a67cf289f4
    if len(certificates) == 1 and not certificates[0].is_dir():
        if unreadable:
            raise InputError(unreadable[0])
        _give(records[0], [_words(found[0][1])], output)
    else:
<<<<<<< HEAD
        words = [f"{name}: {_words(verdict)}" for name, verdict in found]
        _give({"certificates": records}, words, output)
    if unreadable:
        more = f" and {len(unreadable) - 3} more" if len(unreadable) > 3 else ""
        raise InputError("; ".join(unreadable[:3]) + more)
    raise typer.Exit(status)
=======
        words = [f"{file}: {_words(verdict)}" for file, verdict in found]
        _give({"certificates": records}, words, output)
    if unreadable:
        raise InputError("; ".join(unreadable[:3]) + (" ..." if len(unreadable) > 3 else ""))
    if any(verdict.status == "rejected" for _, verdict in found):
        raise typer.Exit(VERDICT_GIVEN)


def _verdicts(certificates: "list[Path]") -> "list[tuple[Path, Verdict]]":
    """Return the verdict on each file; of a folder, on each JSON file in it.

    Raises:
        InputError: a folder without certificates.
    """
    from mfcheck import verify as checker

    files: list[Path] = []
    for path in certificates:
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise InputError(f"{str(path)!r} holds no certificates (*.json)")
        files += inside
    return [(file, checker.verify(file)) for file in files]
>>>>>>> 10c9689c233a2c07bfea4b386bab60a67cf289f4


def _words(verdict: "Verdict") -> str:
    said = f"{verdict.status}: {verdict.statement or verdict.reason}"
    return f"{said}\nreason: {verdict.reason}" if verdict.status == "rejected" else said


def _give(record: "dict[str, object]", words: "list[str]", output: Output) -> None:
    from mfcheck.report.text import clean

    def show(console: "Console") -> None:
        for text in words:
            shown = "\n".join(clean(part) for part in text.split("\n"))
            console.print(shown, markup=False, soft_wrap=True)

    output.give(dump(record), show)
