"""The command `simulate`: the dynamics of a paper with errors and bounds; what an early end leaves is kept."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands.console import Output
from mfcheck.commands.options import Chosen, PaperId, Seed, command, dump
from mfcheck.errors import InputError, unknown

if TYPE_CHECKING:
    from mfcheck.claims import Paper, Setting
    from mfcheck.claims.record import SimulationRecord, StoppedRecord
    from mfcheck.run.folder import OutFolder

RECORD, STOPPED = "simulation.json", "stopped.json"


@command("mfcheck simulate scaled-resnets --set beta=64 --out run", numbers=True)
def simulate(
    paper: PaperId,
    chosen: Chosen,
    output: Output,
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
) -> None:
    """Simulate the dynamics of a paper, with an error for each number and the paper's bounds."""
    from mfcheck.catalog import load
    from mfcheck.run.folder import OutFolder

    loaded = load(paper)
    if loaded.simulate is None:
        raise InputError(f"{loaded.id} has nothing to simulate")
    if options == ["list"]:
        _list(loaded, output)
        return
    given = _given(loaded, options or ())
    setting = chosen.setting(loaded)
    if out is None:
        _simulate(loaded, (setting, seed), given, output, None)
        return
    folder = OutFolder(out)
    with folder.locked():
        folder.require_own([RECORD, STOPPED])
        _simulate(loaded, (setting, seed), given, output, folder)
    output.console().print(f"Record and plots: {out}", markup=False, soft_wrap=True)


def _simulate(
    paper: "Paper",
    start: "tuple[Setting, int]",
    options: Mapping[str, str],
    output: Output,
    folder: "OutFolder | None",
) -> None:
    """Simulate from a setting and a seed, and show and keep what was found, also if it is stopped."""
    from mfcheck.claims.trial import SimulationStopped
    from mfcheck.commands.progress import FractionProgress
    from mfcheck.report import print_simulation

    assert paper.simulate is not None
    console = output.console(stderr=True)
    with FractionProgress(console, "simulation") as progress:
        try:
            result = paper.simulate(*start, progress, options, _speaker(console.print))
        except SimulationStopped as stopped:
            kept = _keep(stopped.record, output, folder)
            if isinstance(stopped.__cause__, KeyboardInterrupt):
                raise KeyboardInterrupt(f"{_where(stopped.record)}; {kept}") from None
            raise InputError(f"{stopped}; {kept}") from None
    _write(result, folder)
    output.give(result.model_dump_json(indent=1), lambda shown: print_simulation(result, shown))


def _where(record: "StoppedRecord") -> str:
    if record.time:
        return f"at time {record.reached:.6g}"
    return record.reason.removeprefix("interrupted ")


def _speaker(show: Callable[..., None]) -> Callable[[str], None]:
    return lambda words: show(words, markup=False, soft_wrap=True)


def _list(paper: "Paper", output: Output) -> None:
    from mfcheck.report.table import print_rows

    assert paper.simulate is not None
    rows = [
        {"name": o.name, "default": o.default, "meaning": o.meaning} for o in paper.simulate.options
    ]
    output.give(dump({"paper": paper.id, "options": rows}), lambda shown: print_rows(rows, shown))


def _given(paper: "Paper", given: Sequence[str]) -> Mapping[str, str]:
    """Return all options: the defaults, and in their place what `NAME=VALUE` says."""
    assert paper.simulate is not None
    found = {option.name: option.default for option in paper.simulate.options}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError(f"--option needs NAME=VALUE, got {text[:60]!r}")
        if name not in found:
            raise unknown("option", name, found, f"{paper.id} has")
        found[name] = value
    return found


def _write(result: "SimulationRecord", folder: "OutFolder | None") -> None:
    from mfcheck.report.figures import write_figure

    if folder is None:
        return
    folder.write(RECORD, result.model_dump_json(indent=1) + "\n")
    for plot in result.plots:
        folder.own([f"{plot.id}.svg"])
        write_figure(plot, folder.path / f"{plot.id}.svg")


def _keep(record: "StoppedRecord", output: Output, folder: "OutFolder | None") -> str:
    """Write what there is, where it was asked for; return where that is, in words."""
    if record.final:
        what = f"numbers ({len(record.final)}), with the errors of what was done"
    elif record.time:
        what = f"{len(record.time)} output times up to {record.time[-1]:.6g}, of one run and without errors"
    else:
        what = ""
    text = record.model_dump_json(indent=1)
    places = []
    if folder is not None:
        folder.write(STOPPED, text + "\n")
        places.append(str(folder.path / STOPPED))
    if output.json is not None:
        output.give(text, lambda _: None)
        places.append("standard output" if output.json == "-" else output.json)
    if not what:
        return (
            f"nothing to keep but that, in {' and '.join(places)}" if places else "nothing to keep"
        )
    if not places:
        return f"{what}, were computed but not kept, for want of --out or --json"
    return f"{what}, are kept in {' and '.join(places)}"
