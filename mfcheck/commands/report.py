"""The command `report`: a finished review in another form."""

from pathlib import Path
from typing import Annotated

import typer

from mfcheck.commands.console import Output
from mfcheck.commands.options import command, dump


@command("mfcheck report mfcheck-out/scaled-resnets --format latex")
def report(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a finished review, or its review.json.")
    ],
    output: Output,
    form: Annotated[
        str,
        typer.Option("--format", metavar="[html|page|openreview|latex|bibtex|json]", help="Which."),
    ] = "html",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="File to write, - for standard output.  [default: beside review.json]"
        ),
    ] = None,
    power_file: Annotated[
        Path | None, typer.Option("--power", help="JSON of `mfcheck power`, to be shown in html.")
    ] = None,
) -> None:
    """Render a finished review again, without computing anything."""
    from mfcheck.report.files import RECORD, read_power, read_review, render, target
    from mfcheck.run.folder import write_output

    review = read_review(run)
    text = render(review, form, None if power_file is None else read_power(power_file))
    if str(out) == "-":
        typer.echo(text, nl=False)
        return
    file = target(run, form, out)
    known = (
        out is not None or file.name == RECORD
    )  # which has just been read as a record of mfcheck
    write_output(file, text, named=known)
    output.give(
        dump({"paper": review.paper, "format": form, "file": str(file)}),
        lambda console: console.print(f"Written: {file}", markup=False, soft_wrap=True),
    )
