"""The command `check`: the checks of a paper or of one claim."""

from typing import Annotated

import typer

from mfcheck.commands import completion
from mfcheck.commands.console import Output
from mfcheck.commands.options import Chosen, Failing, Folder, Work, command


@command("mfcheck check scaled-resnets:lemma-4-second --budget quick", numbers=True)
def check(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PAPER[:CLAIM]",
            help="A paper, or one claim of it.",
            autocompletion=completion.claims,
        ),
    ],
    chosen: Chosen,
    work: Work,
    failing: Failing,
    output: Output,
    out: Folder = None,
) -> None:
    """Run the checks of a paper or of one claim."""
    from mfcheck.catalog import load, split
    from mfcheck.report import print_review

    paper, claim = split(target)
    claims = [c.id for c in load(paper).claims] if claim is None else [claim]
    result = work.review(paper, chosen, output, out=out, claims=claims)
    output.give(
        result.model_dump_json(indent=1), lambda console: print_review(result, console, checks=True)
    )
    failing.end(result)
