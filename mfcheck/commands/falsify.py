"""The command `falsify`: a search for settings in which a claim is false."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands import completion
from mfcheck.commands.console import Output
from mfcheck.commands.options import BudgetName, Folder, Jobs, Seed, command, dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mfcheck.claims import Paper


@command("mfcheck falsify scaled-resnets:lemma-4-second --budget quick")
def falsify(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PAPER[:CLAIM]",
            help="A paper, to list what can be attacked, or one claim.",
            autocompletion=completion.claims,
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
    with _kept(out, claim) as own:

        def watch(words: str) -> None:  # first called when the work begins
            own()
            progress.print(words, markup=False, soft_wrap=True)

        result = run_falsify(
            paper,
            claim,
            budget=budget,
            seed=seed,
            planted=planted,
            out=out,
            jobs=jobs or cores(),
            watch=watch,
        )
    output.give(
        result.model_dump_json(indent=1), lambda console: print_falsification(result, console)
    )


@contextmanager
def _kept(out: Path | None, claim: str) -> "Iterator[Callable[[], None]]":
    """Keep other runs out of the folder, and refuse one that holds files of these names from elsewhere.

    What it yields enters these files among those that mfcheck wrote.
    """
    if out is None:
        yield lambda: None
        return
    from mfcheck.falsify.attack import RECORD
    from mfcheck.run.folder import OutFolder

    folder = OutFolder(out)
    with folder.locked():
        folder.require_own((RECORD, claim))
        yield lambda: folder.own((RECORD, claim))


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
