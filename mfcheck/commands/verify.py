"""The command `verify`: certificates, checked by code that shares nothing with what wrote them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands.console import Output
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
    from mfcheck.commands.lemma_certificates import verify_all

    found, status = verify_all(certificates)
    records = [{"certificate": name, **asdict(verdict)} for name, verdict in found]
    unreadable = [f"{name}: {v.reason}" for name, v in found if v.status == "malformed"]
    if len(certificates) == 1 and not certificates[0].is_dir():
        if unreadable:
            raise InputError(unreadable[0])
        _give(records[0], [_words(found[0][1])], output)
    else:
        words = [f"{name}: {_words(verdict)}" for name, verdict in found]
        _give({"certificates": records}, words, output)
    if unreadable:
        more = f" and {len(unreadable) - 3} more" if len(unreadable) > 3 else ""
        raise InputError("; ".join(unreadable[:3]) + more)
    raise typer.Exit(status)


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
