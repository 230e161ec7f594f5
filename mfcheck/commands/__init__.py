"""The command line: `mfcheck --help`. A file for each command; the work is done below, in `mfcheck.run` and others.

What a command needs is imported when it runs, so that help, listings and usage errors come at once.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from mfcheck.commands.completion import VARIABLE, answer
from mfcheck.commands.console import DEBUG, DONE, run

COMMANDS = (
    "papers",
    "claims",
    "review",
    "atlas",
    "report",
    "check",
    "power",
    "falsify",
    "sweep",
    "constants",
    "simulate",
    "experiment",
    "lemma",
    "eigenvalues",
    "verify",
    "export",
    "new",
)
"""The commands, each a function in the module of that name here, in the order of the help."""

app = typer.Typer(
    help="A referee's workbench for theory papers on mean-field neural networks.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from mfcheck import __version__

        typer.echo(f"mfcheck {__version__}")
        raise typer.Exit(DONE)


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a failure, of a check too.")
    ] = False,
) -> None:
    if debug:
        os.environ[DEBUG] = "1"


for _name in COMMANDS:
    _function = getattr(import_module(f"{__name__}.{_name}"), _name)
    app.command(epilog=f"Example: {_function.example}")(_function)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status; arguments default to those of the process."""
    if VARIABLE in os.environ:
        answer(app)
        return DONE
    return run(app, sys.argv[1:] if arguments is None else arguments)
