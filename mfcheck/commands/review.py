"""The command `review`: all checks of a paper, and the reports."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands.console import Output
from mfcheck.commands.options import Chosen, Failing, PaperId, Work, command

if TYPE_CHECKING:
    from mfcheck.claims.record import Review
    from mfcheck.run.folder import OutFolder


@command("mfcheck review scaled-resnets --data points.csv --set beta=64")
def review(
    paper: PaperId,
    chosen: Chosen,
    work: Work,
    failing: Failing,
    output: Output,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show every verdict and finding with its evidence.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the reports.  [default: mfcheck-out/PAPER]"),
    ] = None,
) -> None:
    """Run all checks of a paper and write the reports."""
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


def _write_reports(review: "Review", folder: "OutFolder") -> None:
    from mfcheck.report.files import REPORTS, render

    for form, name in REPORTS.items():
        folder.write(name, render(review, form))
