"""Options that several commands share, and what the user wants a run to be like."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mfcheck.console import Output
from mfcheck.errors import InputError

if TYPE_CHECKING:
    from mfcheck.claims import Paper, Setting
    from mfcheck.claims.record import Review

PaperId = Annotated[
    str, typer.Argument(metavar="PAPER", help="Id of a paper, see `mfcheck papers`.")
]
DataFile = Annotated[
    Path | None, typer.Option("--data", help="CSV file with header x1,...,xd[,y].")
]
ActivationText = Annotated[
    str | None, typer.Option("--activation", help="Name of an activation, or an expression in x.")
]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Parameter; repeatable.")
]
BudgetName = Annotated[
    str, typer.Option("--budget", metavar="[quick|standard|thorough]", help="How much work.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of every random choice.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, help="Worker processes.  [default: number of cores]"),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Continue the interrupted run in the output folder.")
]
FailOn = Annotated[
    str, typer.Option("--fail-on", metavar="VERDICT,...", help="Exit with 1 on such a verdict.")
]
Json = Annotated[
    str | None,
    typer.Option("--json", metavar="PATH", help="Write JSON there; - for standard output."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no tables.")]
NoColour = Annotated[bool, typer.Option("--no-colour", "--no-color", help="No colours.")]
OutIfAny = Annotated[
    Path | None, typer.Option("--out", help="Folder to keep evidence and certificates in.")
]


def dump(data: Any) -> str:
    """Return data as JSON."""
    return json.dumps(data, indent=1, ensure_ascii=False)


def verdicts(text: str) -> frozenset[str]:
    """Return the verdicts that a list such as `refuted,gap` names.

    Raises:
        InputError: one is unknown.
    """
    from mfcheck.claims.verdict import Verdict

    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if unknown := sorted(names - set(Verdict)):
        raise InputError(
            f"--fail-on: unknown verdict {unknown[0][:60]!r}; known: {', '.join(Verdict)}"
        )
    return names


@dataclass(frozen=True)
class Wish:
    """What the user asked a run to be like."""

    data: Path | None
    activation: str | None
    sets: list[str] | None
    budget: str = "standard"
    seed: int = 0
    jobs: int | None = None
    out: Path | None = None
    resume: bool = False
    fail_on: str = ""

    def setting(self, paper: "Paper") -> "Setting":
        """Return the setting; errors as in `build_setting`."""
        from mfcheck.run import build_setting

        return build_setting(paper, self.data, self.activation, self.sets or ())

    def review(self, paper: "Paper", output: Output, claims: list[str] | None = None) -> "Review":
        """Run the review with progress on standard error; errors as in `mfcheck.run.review`."""
        from mfcheck.progress import TaskProgress
        from mfcheck.run import review as run_review

        setting = self.setting(paper)
        with TaskProgress(output.console(stderr=True)) as watch:
            return run_review(
                paper.id,
                setting,
                budget=self.budget,
                seed=self.seed,
                jobs=self.jobs,
                out=self.out,
                resume=self.resume,
                claims=claims,
                data_file=None if self.data is None else str(self.data),
                watch=watch,
            )
