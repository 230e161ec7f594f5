"""The command `review`: all checks of a paper, and the reports."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands import completion
from mfcheck.commands.console import Output
from mfcheck.commands.options import Chosen, Failing, Work, command, dump
from mfcheck.errors import InputError

if TYPE_CHECKING:
    from mfcheck.claims.record import Review
    from mfcheck.run.folder import OutFolder


@command("mfcheck review scaled-resnets --data points.csv --set beta=64", numbers=True)
def review(
    chosen: Chosen,
    work: Work,
    failing: Failing,
    output: Output,
    paper: Annotated[
        str | None,
        typer.Argument(
            metavar="PAPER",
            help="Id of a paper, see `mfcheck papers`, or MODULE:ATTRIBUTE.",
            show_default=False,
            autocompletion=completion.papers,
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All installed papers, taking over what is finished.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show every verdict and finding with its evidence.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder for the reports; of the folders of papers with --all.  [default: mfcheck-out/PAPER]",
        ),
    ] = None,
) -> None:
    """Run all checks of a paper, or of all papers, and write the reports."""
    if every:
        if paper is not None or (chosen.data or chosen.activation or chosen.sets):
            raise InputError("--all takes neither PAPER nor --data, --activation and --set")
        _review_all(work, failing, output, out or Path("mfcheck-out"))
        return
    if paper is None:
        raise InputError("Missing argument 'PAPER'.  (see mfcheck --help)")
    from mfcheck.catalog import load
    from mfcheck.report import print_page, print_review
    from mfcheck.report.files import REPORTS
    from mfcheck.run.folder import OutFolder

    folder = out or Path("mfcheck-out") / load(paper).id
    kept = OutFolder(folder)
    kept.require_own(REPORTS.values())
    with kept.locked():
        result = work.review(paper, chosen, output, out=folder)
        _write_reports(result, kept)
    show = print_review if verbose else print_page
    output.give(result.model_dump_json(indent=1), lambda console: show(result, console))
    output.console().print(f"Reports: {folder}", markup=False, soft_wrap=True)
    failing.end(result)


def _review_all(work: Work, failing: Failing, output: Output, folder: Path) -> None:
    from mfcheck.commands.many import gather, rows
    from mfcheck.report.table import print_rows

    found = gather(work, output, folder)
    output.give(dump(found.record(folder)), lambda console: print_rows(rows(found), console))
    found.require_all()
    for review in found.reviews.values():
        failing.end(review)


def _write_reports(review: "Review", folder: "OutFolder") -> None:
    from mfcheck.report.files import REPORTS, render

    for form, name in REPORTS.items():
        folder.write(name, render(review, form))
