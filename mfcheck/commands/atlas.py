"""The command `atlas`: the reviews of all installed papers as one static site."""

from pathlib import Path
from typing import Annotated

import typer

from mfcheck.commands.console import Output
from mfcheck.commands.options import Work, command, dump

INDEX = "index.html"


@command("mfcheck atlas --out atlas --budget quick")
def atlas(
    work: Work,
    output: Output,
    out: Annotated[Path, typer.Option("--out", help="Folder of the site.")] = Path("mfcheck-atlas"),
    papers: Annotated[
        list[str] | None,
        typer.Option("--paper", metavar="ID", help="Only this paper; repeatable."),
    ] = None,
) -> None:
    """Review all installed papers and write a site that opens from a file; an interrupted run goes on."""
    from mfcheck.catalog import load
    from mfcheck.commands.many import gather, rows
    from mfcheck.constants.twins import compare_twins
    from mfcheck.report.atlas import Entry, render_atlas
    from mfcheck.report.files import REPORTS
    from mfcheck.report.table import print_rows
    from mfcheck.run.folder import OutFolder

    kept = OutFolder(out)
    kept.require_own([INDEX])
    with kept.locked():
        found = gather(work, output, out, papers, INDEX)
        entries = [Entry(review, f"{id}/{REPORTS['html']}") for id, review in found.reviews.items()]
        reviewed = [load(id) for id in found.reviews]
        twins = [twin for paper in reviewed for twin in compare_twins(paper, paper.default, load)]
        kept.write(INDEX, render_atlas(entries, found.failed, twins))
    compared = {"twins": [twin.model_dump() for twin in twins]}
    record = {"index": str(out / INDEX), **found.record(out), **compared}
    output.give(dump(record), lambda console: print_rows(rows(found), console))
    output.console().print(f"Atlas: {out / INDEX}", markup=False, soft_wrap=True)
    found.require_all()
