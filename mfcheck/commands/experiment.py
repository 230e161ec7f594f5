"""The command `experiment`: what a paper proposes to measure, run again, with plots."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands import completion
from mfcheck.commands.console import Output
from mfcheck.commands.options import Seed, command, dump

if TYPE_CHECKING:
    from mfcheck.claims import Paper
    from mfcheck.claims.record import ExperimentRecord
    from mfcheck.run.folder import OutFolder


@command("mfcheck experiment rntk-scaling:synthetic --replicates 4", numbers=True)
def experiment(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PAPER[:EXPERIMENT]",
            help="A paper, to list its experiments, or one to run.",
            autocompletion=completion.papers,
        ),
    ],
    output: Output,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Option of the experiment; repeatable."),
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            "--replicates", min=2, help="Seeds for each point; their spread is the error."
        ),
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder for results and plots; what it holds is not run again.  "
            "[default: mfcheck-out/PAPER/experiments]",
        ),
    ] = None,
) -> None:
    """List the experiments of a paper, or run one: sweeps that resume, with error bars and plots."""
    from mfcheck.catalog import load, split
    from mfcheck.commands.progress import FractionProgress
    from mfcheck.report.terminal import print_experiment
    from mfcheck.run.experiment import find, run_experiment
    from mfcheck.run.folder import OutFolder

    paper, id = split(target)
    loaded = load(paper)
    if id is None:
        _list(loaded, output)
        return
    find(loaded, id)
    folder = OutFolder(out or Path("mfcheck-out") / loaded.id / "experiments")
    with folder.locked():
        folder.own([f"{id}.json", f"{id}.jsonl"])
        with FractionProgress(output.console(stderr=True), id) as progress:
            found = run_experiment(
                loaded,
                id,
                sets or (),
                seed=seed,
                replicates=replicates,
                out=folder.path,
                watch=progress,
            )
        write(found, folder)
    output.give(found.model_dump_json(indent=1), lambda console: print_experiment(found, console))
    output.console().print(f"Results and plots: {folder.path}", markup=False, soft_wrap=True)


def _list(paper: "Paper", output: Output) -> None:
    from mfcheck.report.table import print_rows

    rows = [
        {
            "id": e.id,
            "title": e.title,
            "replicates": e.replicates,
            "options": ", ".join(f"{o.name}={o.default}" for o in e.options) or "-",
        }
        for e in paper.experiments
    ]
    full = [
        {"id": e.id, "title": e.title, "text": e.text, "source": e.source}
        | {
            "options": [
                {"name": o.name, "default": o.default, "meaning": o.meaning} for o in e.options
            ]
        }
        for e in paper.experiments
    ]
    output.give(
        dump({"paper": paper.id, "experiments": full}),
        lambda console: (
            print_rows(rows, console) if rows else console.print(_without(paper), soft_wrap=True)
        ),
    )


def _without(paper: "Paper") -> str:
    """Say that a paper has no experiments, and what it has."""
    simulated = "" if paper.simulate is None else f"; `mfcheck simulate {paper.id}` simulates it"
    return f"{paper.id} has no experiments{simulated}"


def write(found: "ExperimentRecord", folder: "OutFolder") -> None:
    """Write the record of an experiment and its plots."""
    from mfcheck.report.figures import write_figure

    folder.write(f"{found.experiment}.json", found.model_dump_json(indent=1) + "\n")
    for plot in found.plots:
        folder.own([f"{plot.id}.svg"])
        write_figure(plot, folder.path / f"{plot.id}.svg")
