"""The command `new`: a paper package to start from."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mfcheck.commands.console import Output
from mfcheck.commands.options import command, dump


@command("mfcheck new my-paper")
def new(
    paper: Annotated[str, typer.Argument(metavar="ID", help="Id of the new paper.")],
    output: Output,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to.  [default: ./ID]")
    ] = None,
) -> None:
    """Write a small paper package to start from."""
    from mfcheck.new import create

    folder = out or Path(paper)
    written = [str(path) for path in create(paper, folder)]
    words = f"Written to {folder}:\n  " + "\n  ".join(written)
    words += f"\nNext: pip install -e {shlex.quote(str(folder))} && mfcheck review {paper}"
    output.give(
        dump({"paper": paper, "folder": str(folder), "files": written}),
        lambda console: console.print(words, markup=False, soft_wrap=True),
    )
