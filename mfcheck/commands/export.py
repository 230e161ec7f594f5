"""The command `export`: a certificate as a file of a proof assistant."""

from pathlib import Path
from typing import Annotated

import typer

from mfcheck.commands.console import Output
from mfcheck.commands.options import command, dump


@command("mfcheck export certificate.json --rocq certificate.v")
def export(
    certificate: Annotated[Path, typer.Argument(metavar="FILE", help="A certificate.")],
    rocq: Annotated[
        Path, typer.Option("--rocq", metavar="OUT.v", help="File of Rocq (Coq) to write.")
    ],
    output: Output,
) -> None:
    """Write a certificate as a file that the proof assistant Rocq can check."""
    from mfcheck.commands.lemma_certificates import exported
    from mfcheck.report.text import clean

    found = exported(certificate, rocq)
    words = [f"Written: {rocq} ({', '.join(found.lemmas)})"]
    words += [f"taken for granted: {step}" for step in found.uncovered]
    record = {
        "certificate": str(certificate),
        "file": str(rocq),
        "lemmas": list(found.lemmas),
        "uncovered": list(found.uncovered),
    }
    output.give(
        dump(record),
        lambda console: console.print(
            "\n".join(clean(line) for line in words), markup=False, soft_wrap=True
        ),
    )
