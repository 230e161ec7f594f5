"""The command `verify`: certificates, checked by code that shares nothing with what wrote them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands.console import VERDICT_GIVEN, Output
from mfcheck.commands.options import command, dump
from mfcheck.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from mfcheck.rocq import RocqVerdict
    from mfcheck.verify import Verdict


@command("mfcheck verify mfcheck-out/scaled-resnets/certificates")
def verify(
    certificates: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Certificates, or folders.")
    ],
    output: Output,
    rocq: Annotated[
        bool, typer.Option("--rocq", help="Let Rocq (coqc) build each accepted one too.")
    ] = False,
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
    formal = _by_rocq(certificates, [verdict for _, verdict in found], output) if rocq else []
    records = [{"certificate": name, **asdict(verdict)} for name, verdict in found]
    for record, second in zip(records, formal, strict=rocq):
        record["rocq"] = None if second is None else asdict(second)
    said = [
        _words(verdict) + _formal(formal[i] if rocq else None)
        for i, (_, verdict) in enumerate(found)
    ]
    unreadable = [f"{name}: {v.reason}" for name, v in found if v.status == "malformed"]
    if len(certificates) == 1 and not certificates[0].is_dir():
        if unreadable:
            raise InputError(unreadable[0])
        _give(records[0], said, output)
    else:
        words = [f"{name}: {text}" for (name, _), text in zip(found, said, strict=True)]
        _give({"certificates": records}, words, output)
    if unreadable:
        more = f" and {len(unreadable) - 3} more" if len(unreadable) > 3 else ""
        raise InputError("; ".join(unreadable[:3]) + more)
    denied = any(second is not None and second.status == "rejected" for second in formal)
    raise typer.Exit(max(status, VERDICT_GIVEN) if denied else status)


def _by_rocq(
    paths: "Sequence[Path]", verdicts: "Sequence[Verdict]", output: Output
) -> "list[RocqVerdict | None]":
    """Return what Rocq says of each certificate that was accepted, None for the others; say how far it is.

    Raises:
        InputError: there is no `coqc`.
    """
    from mfcheck.commands.lemma_certificates import rocq_verdict
    from mfcheck.report.text import clean
    from mfcheck.rocq import TIMEOUT, coqc
    from mfcheck.verify.folders import certificates_in

    if coqc() is None:
        raise InputError("--rocq: coqc is not installed (Debian: coq, libcoq-interval)")
    files = [file for path in paths for file in certificates_in(path) or [path]]
    said: list[RocqVerdict | None] = []
    progress = output.console(stderr=True)
    for number, (file, verdict) in enumerate(zip(files, verdicts, strict=True), 1):
        if verdict.status != "accepted":
            said.append(None)
            continue
        place = f"[{number}/{len(files)}] Rocq, at most {TIMEOUT:g} s: {clean(file.name)}"
        progress.print(place, markup=False, soft_wrap=True)
        said.append(rocq_verdict(file))
    return said


def _formal(second: "RocqVerdict | None") -> str:
    """Say what Rocq said, and which steps it took for granted."""
    if second is None:
        return ""
    granted = f"; taken for granted: {'; '.join(second.uncovered)}" if second.uncovered else ""
    return f"\nRocq: {second.status}: {second.reason}{granted}"


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
