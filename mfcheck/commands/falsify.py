"""The command `falsify`: a search for settings in which a claim is false."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands.console import Output
from mfcheck.commands.options import BudgetName, Folder, Jobs, Seed, command, dump

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mfcheck.claims import Paper


@command("mfcheck falsify scaled-resnets:lemma-4-second --budget quick")
def falsify(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PAPER[:CLAIM]", help="A paper, to list what can be attacked, or one claim."
        ),
    ],
    output: Output,
    planted: Annotated[
        str | None, typer.Option("--planted", help="Attack this planted error of the claim.")
    ] = None,
    budget: BudgetName = "standard",
    seed: Seed = 0,
    jobs: Jobs = None,
    out: Folder = None,
) -> None:
    """Search for settings in which a claim is false."""
    from mfcheck.catalog import load, split
    from mfcheck.falsify.attack import falsify as run_falsify
    from mfcheck.report import print_falsification
    from mfcheck.run.executor import cores

    paper, claim = split(target)
    if claim is None:
        _list(load(paper), output)
        return
    progress = output.console(stderr=True)
    with _kept(out, claim):
        result = run_falsify(
            paper,
            claim,
            budget=budget,
            seed=seed,
            planted=planted,
            out=out,
            jobs=jobs or cores(),
            watch=lambda words: progress.print(words, markup=False, soft_wrap=True),
        )
    output.give(
        result.model_dump_json(indent=1), lambda console: print_falsification(result, console)
    )


@contextmanager
def _kept(out: Path | None, claim: str) -> "Iterator[None]":
    """Keep other runs out of the folder, and refuse one that holds files of these names from elsewhere."""
    if out is None:
        yield
        return
    from mfcheck.falsify.attack import RECORD
    from mfcheck.run.folder import OutFolder

    folder, names = OutFolder(out), (RECORD, claim)
    with folder.locked():
        folder.require_own(names)
        yield
        folder.own(name for name in names if (out / name).exists())


def _list(paper: "Paper", output: Output) -> None:
    """Show what can be attacked: the inequalities of each claim."""
    from mfcheck.report.table import print_rows

    rows = [
        {"claim": claim.id, "inequality": q.id, "reading": q.reading, "text": q.text}
        for claim in paper.claims
        for q in claim.inequalities
    ]
    output.give(
        dump({"paper": paper.id, "attackable": rows}), lambda console: print_rows(rows, console)
    )
