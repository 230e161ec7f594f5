"""The command line: `mfcheck --help`. Commands only; the work is done in `mfcheck.run`, the views in `mfcheck.report`.

What a command needs is imported when it runs, so that help and usage errors come at once.
"""

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.console import DEBUG, DONE, VERDICT_GIVEN, Output, run
from mfcheck.errors import InputError
from mfcheck.experiment_command import experiment
from mfcheck.options import (
    ActivationText,
    BudgetName,
    DataFile,
    FailOn,
    Jobs,
    Json,
    NoColour,
    OutIfAny,
    PaperId,
    Quiet,
    Resume,
    Seed,
    Sets,
    Wish,
    dump,
    verdicts,
)
from mfcheck.simulate_command import simulate

if TYPE_CHECKING:
    from mfcheck.claims import Paper, Setting
    from mfcheck.claims.record import ConstantRecord, Review

app = typer.Typer(
    help="A referee's workbench for theory papers on mean-field neural networks.",
    add_completion=False,
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
        bool, typer.Option("--debug", help="Show the traceback of an internal failure.")
    ] = False,
) -> None:
    if debug:
        os.environ[DEBUG] = "1"


@app.command(epilog="Example: mfcheck papers")
def papers(json: Json = None, quiet: Quiet = False, no_colour: NoColour = False) -> None:
    """List the installed papers."""
    from mfcheck.claims import load_paper, paper_ids
    from mfcheck.report.terminal import print_rows

    output = Output(json, quiet, no_colour)
    found = [load_paper(id) for id in paper_ids()]
    rows = [
        {"id": p.id, "title": p.title, "source": p.source, "claims": len(p.claims)} for p in found
    ]
    output.give(dump({"papers": rows}), lambda console: print_rows(rows, console))


@app.command(epilog="Example: mfcheck claims scaled-resnets")
def claims(
    paper: PaperId, json: Json = None, quiet: Quiet = False, no_colour: NoColour = False
) -> None:
    """List the claims of a paper."""
    from mfcheck.claims import load_paper
    from mfcheck.report.terminal import print_rows
    from mfcheck.run.records import describe_paper

    output = Output(json, quiet, no_colour)
    described = describe_paper(load_paper(paper))
    rows = [
        {"id": c["id"], "title": c["title"], "source": c["source"], "checks": len(c["checks"])}
        for c in described["claims"]
    ]
    output.give(dump(described), lambda console: print_rows(rows, console))


@app.command(epilog="Example: mfcheck review scaled-resnets --data points.csv --set beta=64")
def review(
    paper: PaperId,
    data: DataFile = None,
    activation: ActivationText = None,
    sets: Sets = None,
    budget: BudgetName = "standard",
    seed: Seed = 0,
    jobs: Jobs = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the reports.  [default: mfcheck-out/PAPER]"),
    ] = None,
    resume: Resume = False,
    fail_on: FailOn = "",
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """Run all checks of a paper and write the reports."""
    from mfcheck.claims import load_paper
    from mfcheck.report import print_review

    output = Output(json, quiet, no_colour)
    failing = verdicts(fail_on)
    loaded = load_paper(paper)
    folder = out or Path("mfcheck-out") / loaded.id
    wish = Wish(data, activation, sets, budget, seed, jobs, folder, resume)
    result = wish.review(loaded, output)
    _write_reports(result, folder)
    output.give(result.model_dump_json(indent=1), lambda console: print_review(result, console))
    output.console().print(f"Reports: {folder}", markup=False, soft_wrap=True)
    _end(result, failing)


def _write_reports(review: "Review", folder: Path) -> None:
    from mfcheck.report.files import REPORTS, render
    from mfcheck.run.store import write_text

    for form, name in REPORTS.items():
        write_text(folder / name, render(review, form))


@app.command(epilog="Example: mfcheck report mfcheck-out/scaled-resnets --format latex")
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a finished review, or its review.json.")],
    form: Annotated[
        str, typer.Option("--format", metavar="[html|openreview|latex|bibtex|json]", help="Which.")
    ] = "html",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="File to write, - for standard output.  [default: beside review.json]"
        ),
    ] = None,
    power_file: Annotated[
        Path | None, typer.Option("--power", help="JSON of `mfcheck power`, to be shown in html.")
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """Render a finished review again, without computing anything."""
    from mfcheck.report.files import read_power, read_review, render, target
    from mfcheck.run.store import require_folder, write_text

    output = Output(json, quiet, no_colour)
    review = read_review(run)
    text = render(review, form, None if power_file is None else read_power(power_file))
    if str(out) == "-":
        typer.echo(text, nl=False)
        return
    file = target(run, form, out)
    require_folder(file.parent)
    write_text(file, text)
    output.give(
        dump({"paper": review.paper, "format": form, "file": str(file)}),
        lambda console: console.print(f"Written: {file}", markup=False, soft_wrap=True),
    )


@app.command(epilog="Example: mfcheck check scaled-resnets:lemma4 --budget quick")
def check(
    target: Annotated[
        str, typer.Argument(metavar="PAPER[:CLAIM]", help="A paper, or one claim of it.")
    ],
    data: DataFile = None,
    activation: ActivationText = None,
    sets: Sets = None,
    budget: BudgetName = "standard",
    seed: Seed = 0,
    jobs: Jobs = None,
    out: OutIfAny = None,
    resume: Resume = False,
    fail_on: FailOn = "",
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """Run the checks of a paper or of one claim."""
    from mfcheck.claims import load_paper
    from mfcheck.report import print_review

    output = Output(json, quiet, no_colour)
    failing = verdicts(fail_on)
    paper, colon, claim = target.partition(":")
    loaded = load_paper(paper)
    wish = Wish(data, activation, sets, budget, seed, jobs, out, resume)
    result = wish.review(loaded, output, [claim] if colon else [c.id for c in loaded.claims])
    output.give(
        result.model_dump_json(indent=1), lambda console: print_review(result, console, checks=True)
    )
    _end(result, failing)


def _end(review: "Review", failing: frozenset[str]) -> None:
    if any(claim.verdict in failing for claim in review.claims):
        raise typer.Exit(VERDICT_GIVEN)


@app.command(epilog="Example: mfcheck power scaled-resnets --budget quick")
def power(
    paper: PaperId,
    data: DataFile = None,
    activation: ActivationText = None,
    sets: Sets = None,
    budget: BudgetName = "standard",
    seed: Seed = 0,
    jobs: Jobs = None,
    out: OutIfAny = None,
    resume: Resume = False,
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """Count the planted errors that the checks reject."""
    from mfcheck.claims import load_paper
    from mfcheck.progress import TaskProgress
    from mfcheck.report import print_power
    from mfcheck.run import power as run_power

    output = Output(json, quiet, no_colour)
    loaded = load_paper(paper)
    setting = Wish(data, activation, sets).setting(loaded)
    with TaskProgress(output.console(stderr=True)) as watch:
        result = run_power(
            loaded.id,
            setting,
            budget=budget,
            seed=seed,
            jobs=jobs,
            out=out,
            resume=resume,
            watch=watch,
        )
    output.give(result.model_dump_json(indent=1), lambda console: print_power(result, console))


@app.command(epilog="Example: mfcheck falsify scaled-resnets:lemma-4-second --budget quick")
def falsify(
    target: Annotated[str, typer.Argument(metavar="PAPER:CLAIM", help="One claim of a paper.")],
    planted: Annotated[
        str | None, typer.Option("--planted", help="Attack this planted error of the claim.")
    ] = None,
    budget: BudgetName = "standard",
    seed: Seed = 0,
    jobs: Jobs = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for counterexamples and certificates.")
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """Search for settings in which a claim is false."""
    from mfcheck.falsify.attack import falsify as run_falsify
    from mfcheck.report import print_falsification
    from mfcheck.run.engine import cores

    output = Output(json, quiet, no_colour)
    paper, _, claim = target.partition(":")
    progress = output.console(stderr=True)
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


@app.command(epilog="Example: mfcheck constants scaled-resnets --set beta=64 --digits 30")
def constants(
    paper: PaperId,
    data: DataFile = None,
    activation: ActivationText = None,
    sets: Sets = None,
    digits: Annotated[
        int, typer.Option("--digits", min=1, max=200, help="Correct digits wanted.")
    ] = 15,
    proof: Annotated[
        Path | None,
        typer.Option("--certificate", help="Write a certificate here, for `mfcheck verify`."),
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """Enclose the constants of a paper."""
    from mfcheck.claims import load_paper
    from mfcheck.claims.record import ConstantsRecord
    from mfcheck.constants.evaluate import evaluate_constants
    from mfcheck.report import print_constants

    output = Output(json, quiet, no_colour)
    loaded = load_paper(paper)
    setting = Wish(data, activation, sets).setting(loaded)
    found = evaluate_constants(loaded, setting, digits)
    if proof is not None:
        _certify(loaded, setting, found, proof, digits)
    result = ConstantsRecord(paper=loaded.id, setting=setting.describe(), constants=found)
    output.give(result.model_dump_json(indent=1), lambda console: print_constants(result, console))


def _certify(
    paper: "Paper",
    setting: "Setting",
    found: "tuple[ConstantRecord, ...]",
    path: Path,
    digits: int,
) -> None:
    """Write the certificate of the constants, and say on standard error what it proves."""
    from mfcheck.constants.certify import CERTIFICATE_DIGITS, certify_constants
    from mfcheck.rigor.certificate import write

    made = certify_constants(paper, setting, found, min(digits, CERTIFICATE_DIGITS))
    try:
        write(made.certificate, path)
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {error.strerror}") from None
    typer.echo(
        f"certificate: {path} proves {len(made.proved)} constants; "
        f"taken as intervals: {', '.join(made.given)}",
        err=True,
    )


app.command(epilog="Example: mfcheck simulate scaled-resnets --set beta=64 --out run")(simulate)
app.command(epilog="Example: mfcheck experiment rntk-scaling:synthetic --replicates 4")(experiment)


@app.command(epilog="Example: mfcheck verify mfcheck-out/scaled-resnets/certificates/NAME.json")
def verify(
    certificate: Annotated[Path, typer.Argument(help="A certificate file.")],
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="rejected", help="Exit with 1 if it is rejected.")
    ] = "",
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """Check a certificate, trusting nothing of what wrote it."""
    from mfcheck.verify import verify as verify_certificate

    output = Output(json, quiet, no_colour)
    if fail_on not in ("", "rejected"):
        raise InputError(f"--fail-on: only 'rejected' is possible here, got {fail_on[:60]!r}")
    verdict = verify_certificate(certificate)
    if verdict.status == "malformed":
        raise InputError(f"{certificate}: {verdict.reason}")
    words = f"{verdict.status}: {verdict.statement}"
    if verdict.status == "rejected":
        words += f"\nreason: {verdict.reason}"
    output.give(
        dump({"certificate": str(certificate), **asdict(verdict)}),
        lambda console: console.print(words, markup=False, soft_wrap=True),
    )
    if verdict.status == fail_on:
        raise typer.Exit(VERDICT_GIVEN)


@app.command(epilog="Example: mfcheck new my-paper")
def new(
    paper: Annotated[str, typer.Argument(metavar="ID", help="Id of the new paper.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to.  [default: ./ID]")
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
    no_colour: NoColour = False,
) -> None:
    """Write a small paper package to start from."""
    from mfcheck.new import create

    output = Output(json, quiet, no_colour)
    folder = out or Path(paper)
    written = [str(path) for path in create(paper, folder)]
    words = f"Written to {folder}:\n  " + "\n  ".join(written)
    words += f"\nNext: pip install -e {shlex.quote(str(folder))} && mfcheck review {paper}"
    output.give(
        dump({"paper": paper, "folder": str(folder), "files": written}),
        lambda console: console.print(words, markup=False, soft_wrap=True),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status; arguments default to those of the process."""
    return run(app, sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
