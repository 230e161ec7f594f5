"""The command `sweep`: the checks and constants of a paper over many settings."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands import completion
from mfcheck.commands.console import VERDICT_GIVEN, Output, say
from mfcheck.commands.options import Chosen, Effort, Failing, command, path
from mfcheck.errors import InputError

if TYPE_CHECKING:
    from mfcheck.claims import Paper, Setting
    from mfcheck.run.folder import OutFolder
    from mfcheck.sweep.record import SweepRecord

TABLE, PAGE, CERTIFICATES = "table.csv", "table.md", "certificates.csv"
MERGE, EXPORT, SHOW = "merge", "export", "show"


@dataclass(frozen=True)
class Swept:
    """What is swept, and what is looked at in each setting."""

    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="NAME=VALUES",
            help="What is swept: 1,2,1/3 or 4..64 or 1..2:1/4 or 10..80:x2; a parameter, activation, data or n.",
        ),
    ] = None
    random: Annotated[
        int | None,
        typer.Option(
            "--random",
            min=1,
            help="Draw so many settings, from ranges such as 0..1 and 1..1e6:log.",
        ),
    ] = None
    claims: Annotated[
        str | None,
        typer.Option(
            "--claims", metavar="ID,...", help="Claims.  [default: all, and all constants]"
        ),
    ] = None
    constants: Annotated[
        str | None,
        typer.Option("--constants", metavar="ID,...", help="Constants; `all` for all of them."),
    ] = None

    def require_none(self, what: str) -> None:
        """Refuse anything here beside a ledger that is there already."""
        if any(getattr(self, field.name) for field in fields(self)):
            raise InputError(
                f"sweep {what} takes a ledger as it is: no --over, --random, --claims, --constants"
            )


Plots = Annotated[
    list[str] | None,
    typer.Option(
        "--plot",
        metavar="WHAT",
        help="Picture: slack, verdict (:CLAIM), a constant, lhs:CHECK or rhs:CHECK; repeatable.  "
        "[default: verdict, or the constants]",
    ),
]
Minutes = Annotated[
    float | None,
    typer.Option(
        "--minutes", min=0.01, help="Time after which it ends with what it has; it can go on."
    ),
]
SweepFolder = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Folder of the ledger, tables and pictures; a sweep that is there goes on.  "
        "[default: mfcheck-out/PAPER/sweep]",
    ),
]


@command(
    "mfcheck sweep edge-of-chaos --over sigma_w=1..2:1/4 --over activation=tanh,erf --claims curve"
)
def sweep(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="PAPER",
            help="Id of a paper or MODULE:ATTRIBUTE; or `merge LEDGER LEDGER...`, `export LEDGER`, `show LEDGER`.",
            autocompletion=completion.papers,
        ),
    ],
    chosen: Chosen,
    swept: Swept,
    effort: Effort,
    failing: Failing,
    output: Output,
    plot: Plots = None,
    minutes: Minutes = None,
    retry: Annotated[
        bool,
        typer.Option(
            "--retry", help="Run again the checks that crashed, or that their time limit ended."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do run more than 100,000 settings.")] = False,
    out: SweepFolder = None,
) -> None:
    """Run the checks of a paper over many settings, and say where its claims hold."""
    if words[0] in (MERGE, EXPORT, SHOW):
        swept.require_none(words[0])
        _kept(words[0], [path(word) for word in words[1:]], plot or (), output, failing, out)
        return
    if len(words) > 1:
        raise InputError(f"one paper at a time; unexpected {words[1][:60]!r}")
    from mfcheck.catalog import load
    from mfcheck.commands.sweep_progress import SweepProgress
    from mfcheck.run.folder import OutFolder
    from mfcheck.run.inputs import chosen_setting
    from mfcheck.sweep.run import sweep as run_sweep

    paper = load(words[0])
    base = chosen_setting(paper, chosen.data, chosen.activation, chosen.sets or ())
    ids = _ids(swept.claims)
    wanted = [c.id for c in paper.constants] if swept.constants == "all" else _ids(swept.constants)
    plots = _plots(paper, base, swept, plot or (), ids, wanted)
    folder = OutFolder(out or Path("mfcheck-out") / paper.id / "sweep")
    folder.require_own(_names(plots))
    with SweepProgress(output.console(stderr=True)) as progress:
        found = run_sweep(
            words[0],
            swept.over or (),
            out=folder.path,
            setting=base,
            claims=ids,
            constants=wanted,
            random=swept.random,
            many=yes,
            taken=_taken(chosen),
            minutes=minutes,
            retry=retry,
            watch=progress,
            say=progress.say,
            **effort.keywords(),
        )
    _give(found, folder, plots, output)
    _end(found, failing)


def _ids(text: str | None) -> list[str] | None:
    return None if text is None else [id.strip() for id in text.split(",") if id.strip()]


def _taken(chosen: Chosen) -> list[str]:
    names = [text.partition("=")[0].strip() for text in chosen.sets or ()]
    return [*names, *(n for n in ("activation", "data") if getattr(chosen, n) is not None)]


def _plots(
    paper: "Paper",
    base: "Setting",
    swept: Swept,
    plot: Sequence[str],
    claims: Sequence[str] | None,
    constants: Sequence[str] | None,
) -> list[str]:
    """Return the pictures that are asked for, one for each claim where none is named; or the usual ones.

    Raises:
        InputError: before any work, a picture of something that is not swept.
    """
    from mfcheck.report.sweep_pictures import MANY, each, layout, target_of, usual
    from mfcheck.sweep.grid import read_grid

    grid = read_grid(paper, base, swept.over or (), random=swept.random, many=True)
    axes = [(axis.name, MANY if axis.between else len(axis)) for axis in grid.axes]
    every = claims is None and constants is None
    shown = [c for c in paper.claims if every or c.id in (claims or ())]
    known = (
        [(claim.id, reading.id) for claim in shown for reading in claim.readings],
        [c.id for c in paper.constants if every or c.id in (constants or ())],
        [check.id for claim in shown for check in claim.checks],
    )
    if not plot:
        return usual(known[0], known[1], axes, grid.count)
    layout(axes)
    plots = each(plot, known[0], known[1])
    for what in plots:
        target_of(what, *known)
    return plots


def _names(plot: Sequence[str]) -> list[str]:
    if not plot:
        return [TABLE, PAGE]
    from mfcheck.report.sweep_pictures import figure_name

    return [TABLE, PAGE, *(figure_name(what, form) for what in plot for form in ("svg", "png"))]


def _give(found: "SweepRecord", folder: "OutFolder", plot: Sequence[str], output: Output) -> None:
    """Write the tables and pictures of a sweep, and show it."""
    from mfcheck.report.sweep import csv_text, print_sweep, render_sweep
    from mfcheck.report.sweep_figure import write_sweep_figures

    folder.own(_names(plot))
    folder.write(TABLE, csv_text(found))
    folder.write(PAGE, render_sweep(found))
    for what in _drawable(found, plot):
        write_sweep_figures(found, what, folder.path)
    output.give(found.json_pieces(), lambda console: print_sweep(found, console))
    output.console().print(f"Tables and ledger: {folder.path}", markup=False, soft_wrap=True)


def _drawable(found: "SweepRecord", plot: Sequence[str]) -> Sequence[str]:
    """Return the pictures, none where a sweep that ended early has too few settings yet."""
    from mfcheck.report.sweep_pictures import layout

    try:
        layout([(axis.name, len(axis.values)) for axis in found.axes])
    except InputError:
        if plot:
            say("no picture yet: one needs settings with two values of a parameter or more")
        return ()
    return plot


def _end(found: "SweepRecord", failing: Failing) -> None:
    if {verdict for reading in found.readings for verdict in reading.verdicts} & failing.verdicts:
        raise typer.Exit(VERDICT_GIVEN)


def _kept(
    what: str,
    paths: Sequence[Path],
    plot: Sequence[str],
    output: Output,
    failing: Failing,
    out: Path | None,
) -> None:
    """Join ledgers, export one, or show one."""
    from mfcheck.report.sweep import print_sweep
    from mfcheck.run.folder import OutFolder
    from mfcheck.run.store import require_folder
    from mfcheck.sweep.ledger import FILE
    from mfcheck.sweep.merge import ledger_file, merge

    if what == MERGE:
        if out is None:
            raise InputError("sweep merge needs --out FOLDER for the new ledger")
        require_folder(out)
        if differing := merge(paths, out / FILE):
            say(f"{differing} results differ in digits between the ledgers; the first is kept")
        paths = [out]
    if len(paths) != 1:
        raise InputError(f"sweep {what} needs one ledger, got {len(paths)}")
    file = ledger_file(paths[0])
    found = _read(file)
    if what == EXPORT:
        _export(file, found, out, output)
    elif what == SHOW and not os.access(file.parent, os.W_OK):
        say(f"{str(file.parent)!r} can only be read: no tables and pictures are written")
        output.give(found.json_pieces(), lambda console: print_sweep(found, console))
    else:
        plots = _pictures(plot, found)
        folder = OutFolder(file.parent)
        folder.require_own(_names(plots))
        _give(found, folder, plots, output)
    _end(found, failing)


def _pictures(plot: Sequence[str], found: "SweepRecord") -> list[str]:
    """Return the pictures of a ledger that are asked for, or the usual ones."""
    from mfcheck.report.sweep_pictures import each, layout, usual

    readings = [(summary.claim, summary.reading) for summary in found.readings]
    axes = [(axis.name, len(axis.values)) for axis in found.axes]
    if plot:
        layout(axes)
        return each(plot, readings, found.constants)
    return usual(readings, found.constants, axes, len(found.settings))


def _read(file: Path) -> "SweepRecord":
    from mfcheck.catalog import described
    from mfcheck.sweep.ledger import Ledger
    from mfcheck.sweep.summary import summarise

    with Ledger(file, write=False) as ledger:
        reference = ledger.meta("reference")
        try:
            title = str(described(reference)["title"])
        except InputError:  # the paper is not installed here
            title = str(reference)
        return summarise(ledger, title)


def _export(file: Path, found: "SweepRecord", out: Path | None, output: Output) -> None:
    """Write the table of a ledger to a file, or its certificates to a folder."""
    from mfcheck.report.sweep import csv_text, write_parquet
    from mfcheck.run.folder import write_output

    if out is None or (out.suffix not in (".csv", ".parquet") and out.is_file()):
        raise InputError(
            "sweep export needs --out FILE.csv, FILE.parquet, or FOLDER for certificates"
        )
    written = f"Written: {out}"
    if out.suffix == ".csv":
        write_output(out, csv_text(found), named=True)
    elif out.suffix == ".parquet":
        write_parquet(found, out)
    else:
        written = _certificates(file, out)
    output.give(
        found.json_pieces(),
        lambda console: console.print(written, markup=False, soft_wrap=True),
    )


def _certificates(file: Path, folder: Path) -> str:
    """Write the certificates of a ledger to a folder, with a table of what each belongs to; say how many there are."""
    import csv
    import io

    from mfcheck.run.folder import OutFolder
    from mfcheck.run.store import require_folder
    from mfcheck.sweep.ledger import Ledger
    from mfcheck.verify.folders import FOLDER as PROOFS

    require_folder(folder / PROOFS)
    own = OutFolder(folder)
    with Ledger(file, write=False) as ledger:
        proofs = {f"{PROOFS}/{digest}.json": proof for digest, proof in ledger.certificates()}
        uses = list(ledger.uses())
    if not proofs:
        raise InputError(f"the ledger {str(file)!r} holds no certificates")
    own.own([*proofs, CERTIFICATES])
    for name, proof in proofs.items():
        own.write(name, json.dumps(proof, indent=1, allow_nan=False) + "\n")
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow([*(uses[0][0] if uses else ()), "task", "certificate"])
    for point, task, digest in uses:
        rows.writerow([*point.values(), task, f"{PROOFS}/{digest}.json"])
    own.write(CERTIFICATES, table.getvalue())
    return f"Written: {len(proofs)} certificates, and of what each is in {CERTIFICATES}: mfcheck verify {folder}"
