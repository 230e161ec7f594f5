"""The command `experiment`: what a paper proposes to measure, run again, with plots."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.console import Output
from mfcheck.options import Json, NoColour, Quiet, Seed, dump

if TYPE_CHECKING:
    from mfcheck.claims import Paper
    from mfcheck.claims.record import ExperimentRecord

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Option of the experiment; repeatable."),
]


def experiment(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PAPER[:EXPERIMENT]", help="A paper, to list its experiments, or one to run."
        ),
    ],
    sets: Sets = None,
    replicates: Annotated[
        int | None, typer.Option("--replicates", min=1, help="Seeds for each point.")
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
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """List the experiments of a paper, or run one: sweeps that resume, with error bars and plots."""
    from mfcheck.claims import load_paper
    from mfcheck.progress import FractionProgress
    from mfcheck.report.terminal import print_experiment
    from mfcheck.run.experiment import run_experiment

    output = Output(json, quiet, no_colour)
    paper, colon, id = target.partition(":")
    loaded = load_paper(paper)
    if not colon:
        _list(loaded, output)
        return
    folder = out or Path("mfcheck-out") / loaded.id / "experiments"
    with FractionProgress(output.console(stderr=True), id) as progress:
        found = run_experiment(
            loaded,
            id,
            sets or (),
            seed=seed,
            replicates=replicates,
            out=folder,
            watch=progress,
        )
    _write(found, folder)
    output.give(found.model_dump_json(indent=1), lambda console: print_experiment(found, console))
    output.console().print(f"Results and plots: {folder}", markup=False, soft_wrap=True)


def _list(paper: "Paper", output: Output) -> None:
    from mfcheck.report.terminal import print_rows

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
        dump({"paper": paper.id, "experiments": full}), lambda console: print_rows(rows, console)
    )


def _write(found: "ExperimentRecord", folder: Path) -> None:
    from mfcheck.report.figures import write_figure
    from mfcheck.run.store import write_text

    write_text(folder / f"{found.experiment}.json", found.model_dump_json(indent=1) + "\n")
    for plot in found.plots:
        write_figure(plot, folder / f"{plot.id}.svg")
