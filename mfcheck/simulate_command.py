"""The command `simulate`: the dynamics of a paper with errors and bounds; what an early end leaves is kept."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.console import Output
from mfcheck.errors import InputError
from mfcheck.options import (
    ActivationText,
    DataFile,
    Json,
    NoColour,
    PaperId,
    Quiet,
    Seed,
    Sets,
    Wish,
)

if TYPE_CHECKING:
    from mfcheck.claims import Paper
    from mfcheck.claims.record import SimulationRecord, StoppedRecord

RECORD, STOPPED = "simulation.json", "stopped.json"


def simulate(
    paper: PaperId,
    data: DataFile = None,
    activation: ActivationText = None,
    sets: Sets = None,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="NAME=VALUE",
            help="How it is simulated; repeatable. `--option list` lists the names.",
        ),
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the record and a plot of each quantity."),
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """Simulate the dynamics of a paper, with an error for each number and the paper's bounds."""
    from mfcheck.claims import load_paper
    from mfcheck.claims.model import SimulationStopped
    from mfcheck.progress import FractionProgress
    from mfcheck.report import print_simulation

    output = Output(json, quiet, no_colour)
    loaded = load_paper(paper)
    if loaded.simulate is None:
        raise InputError(f"{loaded.id} has nothing to simulate")
    if options == ["list"]:
        _list(loaded, output)
        return
    chosen = _chosen(loaded, options or ())
    setting = Wish(data, activation, sets).setting(loaded)
    _prepare(out)
    console = output.console(stderr=True)
    say = _speaker(console.print)
    with FractionProgress(console, "simulation") as progress:
        try:
            result = loaded.simulate(setting, seed, progress, chosen, say)
        except SimulationStopped as stopped:
            raise InputError(f"{stopped}; {_keep(stopped.record, output, out)}") from None
    _write(result, out)
    output.give(result.model_dump_json(indent=1), lambda console: print_simulation(result, console))
    if out is not None:
        output.console().print(f"Record and plots: {out}", markup=False, soft_wrap=True)


def _speaker(show: Callable[..., None]) -> Callable[[str], None]:
    return lambda words: show(words, markup=False, soft_wrap=True)


def _list(paper: "Paper", output: Output) -> None:
    from mfcheck.options import dump
    from mfcheck.report.terminal import print_rows

    rows = [
        {"name": o.name, "default": o.default, "meaning": o.meaning}
        for o in paper.simulation_options
    ]
    output.give(dump({"paper": paper.id, "options": rows}), lambda shown: print_rows(rows, shown))


def _chosen(paper: "Paper", given: Sequence[str]) -> Mapping[str, str]:
    """Return all options: the defaults, and in their place what `NAME=VALUE` says."""
    found = {option.name: option.default for option in paper.simulation_options}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError(f"--option needs NAME=VALUE, got {text[:60]!r}")
        if name not in found:
            known = ", ".join(found) or "none"
            raise InputError(f"unknown option {name[:60]!r}; {paper.id} has: {known}")
        found[name] = value
    return found


def _prepare(out: Path | None) -> None:
    from mfcheck.run.store import require_folder

    if out is not None:
        require_folder(out)


def _write(result: "SimulationRecord", out: Path | None) -> None:
    from mfcheck.report.figures import write_figure
    from mfcheck.run.store import write_text

    if out is None:
        return
    write_text(out / RECORD, result.model_dump_json(indent=1) + "\n")
    for plot in result.plots:
        write_figure(plot, out / f"{plot.id}.svg")


def _keep(record: "StoppedRecord", output: Output, out: Path | None) -> str:
    """Write what there is, where it was asked for; return where that is, in words."""
    from mfcheck.run.store import write_text

    if not record.time:
        return "nothing had been computed"
    what = f"{len(record.time)} output times up to {record.time[-1]:.6g}, of one run and without errors"
    text = record.model_dump_json(indent=1)
    places = []
    if out is not None:
        write_text(out / STOPPED, text + "\n")
        places.append(str(out / STOPPED))
    if output.json is not None:
        output.give(text, lambda _: None)
        places.append("standard output" if output.json == "-" else output.json)
    if not places:
        return f"{what}, were computed but not kept, for want of --out or --json"
    return f"{what}, are kept in {' and '.join(places)}"
