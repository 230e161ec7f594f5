"""What commands share: each group of options is written once, as a dataclass that a command takes as one parameter."""

import inspect
import json
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import MISSING, Field, dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

from mfcheck.commands import completion
from mfcheck.commands.console import VERDICT_GIVEN, Output
from mfcheck.errors import InputError
from mfcheck.report.legend import LEGEND

if TYPE_CHECKING:
    from mfcheck.claims import Paper, Setting
    from mfcheck.claims.record import Review
    from mfcheck.run.executor import Executor
    from mfcheck.run.tasks import Event

LARGEST_SEED = 2**32 - 1
"""What the random generators of NumPy, SciPy and Hypothesis all take."""

PaperId = Annotated[
    str,
    typer.Argument(
        metavar="PAPER",
        help="Id of a paper, see `mfcheck papers`, or MODULE:ATTRIBUTE.",
        autocompletion=completion.papers,
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=LARGEST_SEED, help="Seed of every random choice.")
]
BudgetName = Annotated[
    str, typer.Option("--budget", metavar="[quick|standard|thorough]", help="How much work.")
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, help="Worker processes.  [default: number of cores]"),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="[auto|tcp://HOST:PORT|FILE.json]",
        help="Dask scheduler whose workers do the work; auto for the one that Dask knows, or for this machine.",
    ),
]
Folder = Annotated[
    Path | None, typer.Option("--out", help="Folder to keep evidence and certificates in.")
]


def command(
    example: str, *, numbers: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function whose parameters are options, arguments, and groups of them.

    Args:
        example: a command line that shows its use.
        numbers: whether it shows numbers, so that its help says what the words beside them mean.
    """

    def made(function: Callable[..., None]) -> Callable[..., None]:
        call = expanded(function)
        if numbers:
            call.__doc__ = "\n\n".join([call.__doc__ or "", *LEGEND])
        call.example = example  # type: ignore[attr-defined]
        return call

    return made


def expanded(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function that takes the fields of each group in the place of the group."""
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, type[Any]] = {}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(function).parameters.items():
        kind = hints[name]
        if _is_group(kind):
            groups[name] = kind
            parameters += [_parameter(field, kind) for field in fields(kind)]
        else:
            own = parameter.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY)
            parameters.append(_of_paths(own))

    @wraps(function)
    def call(**given: Any) -> None:
        made = {
            name: kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            for name, kind in groups.items()
        }
        function(**given, **made)

    del call.__wrapped__
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return call


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")


def _parameter(field: "Field[Any]", kind: type[Any]) -> inspect.Parameter:
    """Return one option of a group as a parameter."""
    default = inspect.Parameter.empty if field.default is MISSING else field.default
    annotation = get_type_hints(kind, include_extras=True)[field.name]
    return _of_paths(
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
    )


def path(given: str) -> Path:
    """Return the path of a file or folder; an empty name would be the current folder, which nobody means by it."""
    if not str(given):
        raise typer.BadParameter("the name of a file or folder is empty")
    return Path(given)


def _of_paths(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return the parameter, read by `path` if it takes paths."""
    kind, *rest = get_args(parameter.annotation) or (parameter.annotation,)
    if rest and Path in (kind, *get_args(kind)):
        read = copy(rest[0])
        read.parser = path
        return parameter.replace(annotation=Annotated[kind, read])
    return parameter


def dump(data: Any) -> str:
    """Return data as JSON."""
    return json.dumps(data, indent=1, ensure_ascii=False)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Chosen:
    """What the user puts in the place of a paper's default setting."""

    data: Annotated[
        Path | None, typer.Option("--data", help="CSV file with header x1,...,xd[,y].")
    ] = None
    activation: Annotated[
        str | None,
        typer.Option("--activation", help="Name of an activation, or an expression in x."),
    ] = None
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Parameter; repeatable.")
    ] = None

    def setting(self, paper: "Paper") -> "Setting":
        """Return the setting; errors as in `mfcheck.run.build_setting`."""
        from mfcheck.run import build_setting

        return build_setting(paper, self.data, self.activation, self.sets or ())


@dataclass(frozen=True)
class Effort:
    """How much work checks may be, and who does it."""

    budget: BudgetName = "standard"
    seed: Seed = 0
    jobs: Jobs = None
    cluster: Cluster = None
    check_seconds: Annotated[
        float | None,
        typer.Option(
            "--check-seconds",
            min=0.1,
            help="Longest time for one check.  [default: 120, 900 or 7200, by budget]",
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """Return the arguments for `mfcheck.run.review`, `power`, or `mfcheck.sweep.sweep`."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Work(Effort):
    """How a run of checks is carried out."""

    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            min=0.01,
            help="Time after which what is left is named and left out.  [default: 10, 60 or 1440, by budget]",
        ),
    ] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the interrupted run in the output folder.")
    ] = False

    def announce(
        self,
        paper: "Paper",
        setting: "Setting",
        output: Output,
        claims: Sequence[str] | None,
        steps: int,
    ) -> None:
        """Say beforehand how much there is to do, and what it takes at most; steps are all that runs."""
        from mfcheck.claims.model import Budget
        from mfcheck.run.session import MINUTES, SECONDS

        of = Budget(self.budget)
        checks = sum(len(c.checks) for c in paper.claims if claims is None or c.id in claims)
        many = f" on {setting.data.n} points" if setting.has_data else ""
        rest = steps - checks
        other = f"{_count(rest, 'other step')} (assumptions, constants, regimes)"
        both = f"{_count(checks, 'check')}{f' and {other}' if rest > 0 else ''}{many}"
        words = (
            f"{both}: each ends after {self.check_seconds or SECONDS[of]:g} s "
            f"(--check-seconds), all after {self.minutes or MINUTES[of]:g} minutes (--minutes); "
            "what is left out then is named"
        )
        output.console(stderr=True).print(words, markup=False, soft_wrap=True)

    def review(
        self,
        reference: str,
        chosen: Chosen,
        output: Output,
        *,
        out: Path | None,
        claims: Sequence[str] | None = None,
        executor: "Executor | None" = None,
    ) -> "Review":
        """Run the review with progress on standard error; errors as in `mfcheck.run.review`."""
        from mfcheck.catalog import load
        from mfcheck.commands.progress import TaskProgress
        from mfcheck.run import review as run_review

        paper = load(reference)
        setting = chosen.setting(paper)
        with TaskProgress(output.console(stderr=True)) as progress:
            told = False

            def watch(event: "Event", done: int, total: int) -> None:
                nonlocal told
                if not told:  # what is refused is refused without it
                    self.announce(paper, setting, output, claims, total)
                told = True
                progress(event, done, total)

            return run_review(
                reference,
                setting,
                out=out,
                claims=claims,
                data_file=None if chosen.data is None else str(chosen.data),
                watch=watch,
                executor=executor,
                **self.keywords(),
            )


@dataclass(frozen=True)
class Failing:
    """Verdicts that end the command with status 1, on any reading of any claim."""

    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="VERDICT,...", help="Exit with 1 on such a verdict.")
    ] = ""

    def __post_init__(self) -> None:
        """Refuse, before any work, a verdict that does not exist."""
        if not self.fail_on:
            return
        from mfcheck.claims.verdict import Verdict

        if unknown := sorted(self.verdicts - set(Verdict)):
            raise InputError(
                f"--fail-on: unknown verdict {unknown[0][:60]!r}; known: {', '.join(Verdict)}"
            )

    @property
    def verdicts(self) -> frozenset[str]:
        """The verdicts that `--fail-on` lists."""
        return frozenset(name.strip() for name in self.fail_on.split(",") if name.strip())

    def end(self, review: "Review") -> None:
        """End with status 1 if a reading has such a verdict."""
        found = {reading.verdict for claim in review.claims for reading in claim.readings}
        if found & self.verdicts:
            raise typer.Exit(VERDICT_GIVEN)
