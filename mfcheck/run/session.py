"""The main jobs: review a paper, and measure the power of its checks."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mfcheck import __version__
from mfcheck.catalog import load
from mfcheck.claims.model import Budget, Claim, Paper
from mfcheck.claims.record import Finding, PowerRecord, Review
from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError
from mfcheck.falsify.power import Response, tally, trials
from mfcheck.run import findings, records
from mfcheck.run.executor import Executor, Unit
from mfcheck.run.executors import executor_of
from mfcheck.run.folder import OutFolder
from mfcheck.run.identity import identify, signature
from mfcheck.run.inputs import build_setting
from mfcheck.run.judge import Judged, choose, judge, tasks_of
from mfcheck.run.places import located
from mfcheck.run.store import Store, write_text
from mfcheck.run.tasks import Job, Result, Task, Watch, What, named_activation, units

REVIEW = "review.json"
OWN = ("run.json", "evidence", "certificates", REVIEW)
"""What a run writes to its folder."""
SECONDS = {Budget.QUICK: 120.0, Budget.STANDARD: 900.0, Budget.THOROUGH: 7200.0}
"""Longest time for one check, by budget."""
MINUTES = {Budget.QUICK: 10.0, Budget.STANDARD: 60.0, Budget.THOROUGH: 1440.0}
"""Time after which a run begins nothing more and ends what it is at, by budget."""
LARGEST_SEED = 2**32 - 1
"""What the random generators of NumPy, SciPy and Hypothesis all take."""


class Interrupted(KeyboardInterrupt):
    """A review was interrupted; what had finished is in its partial `review`, and kept in `folder` if there is one."""

    def __init__(self, review: Review, folder: Path | None) -> None:
        super().__init__()
        self.review = review
        self.folder = folder


@dataclass
class _Run:
    """One run of tasks, with the results so far by the key of their task."""

    paper: Paper
    setting: Setting
    job: Job
    executor: Executor
    store: Store | None
    seconds: float
    minutes: float
    found: dict[str, Result] = field(default_factory=dict)

    def gather(self, tasks: Sequence[Task], resume: bool, watch: Watch | None) -> None:
        """Run the tasks that have no result yet; an interruption, or the end of the time, leaves the results so far."""
        if self.store is not None:
            if not resume:
                OutFolder(self.store.folder).own(OWN)
            self.store.open(resume)
            if resume:
                self.found = {result.task.key: result for result in self.store.load(tasks)}
        todo = [task for task in tasks if task.key not in self.found]
        work = [Unit(self.job, unit) for unit in units(todo)]
        end = time.monotonic() + 60 * self.minutes
        try:
            with closing(self.executor.run(work, self.seconds)) as events:
                for _, event in events:
                    if isinstance(event, Result):
                        event = located(event)
                        self._keep(event)
                    if watch is not None:
                        watch(event, len(self.found), len(tasks))
                    if time.monotonic() > end:
                        return
        except InputError as error:  # the cluster has gone
            kept = "" if self.store is None else "; what finished is kept, --resume goes on there"
            raise InputError(f"{error}{kept}") from None

    def locked(self) -> AbstractContextManager[None]:
        """Keep other runs out of the folder meanwhile, if there is one."""
        return nullcontext() if self.store is None else OutFolder(self.store.folder).locked()

    def save_certificate(self, name: str, certificate: dict[str, Any]) -> str | None:
        """Keep a certificate and return the name of its file, None if nothing is kept."""
        return None if self.store is None else self.store.save_certificate(name, certificate)

    def _keep(self, result: Result) -> None:
        if self.store is not None:
            self.store.save(result)
        self.found[result.task.key] = result


def read_setting(
    paper: str,
    data: Path | str | None = None,
    activation: str | None = None,
    sets: Sequence[str] = (),
) -> Setting:
    """Return the default setting of a paper with the user's choices put in; see `build_setting`."""
    return build_setting(load(paper), None if data is None else Path(data), activation, sets)


def review(
    paper: str,
    setting: Setting | None = None,
    *,
    budget: str = "standard",
    seed: int = 0,
    jobs: int | None = None,
    cluster: str | None = None,
    out: Path | str | None = None,
    resume: bool = False,
    check_seconds: float | None = None,
    minutes: float | None = None,
    claims: Sequence[str] | None = None,
    data_file: str | None = None,
    watch: Watch | None = None,
    executor: Executor | None = None,
) -> Review:
    """Run the checks of a paper and return verdicts and findings.

    Args:
        paper: id of an installed paper, or `module:attribute` for one that is not installed.
        setting: the setting under review; the paper's default if left out.
        budget: quick, standard or thorough.
        seed: of every random choice; the same seed gives the same review, times apart.
        jobs: number of worker processes; the number of cores if left out.
        cluster: runs the checks in the place of processes of this machine: `auto`, the address of a Dask scheduler, or
            its file.
        out: folder for `review.json`, evidence and certificates; nothing is kept if left out.
        check_seconds: longest time for one check, which is then ended and says nothing; by budget if left out.
        minutes: time after which nothing more is begun, and what is left is named in `missing`; by budget if left out.
        resume: take over what an interrupted run with the same arguments left in `out`.
        claims: ids of the claims to check, without the constants; all of them, with constants, if left out. Claims
            that are named apart have to fit the setting; among all, those that do not are left undecided.
        data_file: how the command line names the data file, for the command that repeats a finding.
        watch: told of the progress.
        executor: that runs the checks, in the place of what `jobs` and `cluster` name; its processes may be warm.

    Raises:
        InputError: unusable arguments, or nothing that could be resumed.
        Interrupted: interrupted from the keyboard; carries the partial review, which is also written to `out`.
    """
    workers = executor or executor_of(jobs, cluster)
    limits = (check_seconds, minutes)
    run = _start(paper, setting, budget, seed, workers, out, resume, limits)
    chosen = choose(run.paper, claims)
    if len(chosen) < len(run.paper.claims):
        _require_needs(chosen, run.setting)
    tasks = tasks_of(run.paper, chosen, constants=claims is None)
    with run.locked():
        try:
            run.gather(tasks, resume, watch)
        except KeyboardInterrupt:
            folder = None if run.store is None else run.store.folder
            raise Interrupted(_finish(run, chosen, tasks, data_file), folder) from None
        return _finish(run, chosen, tasks, data_file)


def power(
    paper: str,
    setting: Setting | None = None,
    *,
    budget: str = "standard",
    seed: int = 0,
    jobs: int | None = None,
    cluster: str | None = None,
    out: Path | str | None = None,
    resume: bool = False,
    check_seconds: float | None = None,
    minutes: float | None = None,
    watch: Watch | None = None,
) -> PowerRecord:
    """Run the checks of a paper on its planted errors and return how many were caught; arguments as in `review`.

    Raises:
        InputError: unusable arguments, or nothing that could be resumed.
    """
    workers = executor_of(jobs, cluster)
    limits = (check_seconds, minutes)
    run = _start(paper, setting, budget, seed, workers, out, resume, limits)
    tasks = {
        (error.id, check.id): Task(What.CHECK, check.id, error.id, check.group)
        for error, check in trials(run.paper)
    }
    with run.locked():
        run.gather(list(tasks.values()), resume, watch)
    answers = {pair: _response(run.found.get(task.key)) for pair, task in tasks.items()}
    return tally(run.paper, seed, answers)


def _response(result: Result | None) -> Response:
    if result is None:
        return Response(None, "left out: the time of the run was over")
    evidence = records.evidence_of(result)
    return Response(evidence.passed, evidence.reason)


def _start(
    reference: str,
    setting: Setting | None,
    budget: str,
    seed: int,
    executor: Executor,
    out: Path | str | None,
    resume: bool,
    limits: tuple[float | None, float | None],
) -> _Run:
    paper = load(reference)
    setting = paper.default if setting is None else setting
    seconds, minutes = limits
    require_work(budget, seed, seconds, minutes)
    if named_activation(paper, setting.activation.name) != setting.activation:
        raise InputError(f"the name {setting.activation.name!r} belongs to another activation")
    paper.validate(setting)
    if resume and out is None:
        raise InputError("resuming needs the folder of the interrupted run")
    store = None
    if out is not None:
        store = Store(Path(out), identify(reference, paper, setting, budget, seed))
        if not resume:
            OutFolder(store.folder).require_own(OWN)
    executor.require(reference)
    job = Job(reference, setting.describe(), budget, seed, signature(reference))
    of = Budget(budget)
    return _Run(
        paper, setting, job, executor, store, seconds or SECONDS[of], minutes or MINUTES[of]
    )


def require_work(
    budget: str, seed: int, seconds: float | None, minutes: float | None = None
) -> None:
    """Refuse a budget, a seed, or a time limit of a check or of all that cannot be used.

    Raises:
        InputError: with what could be.
    """
    if budget not in tuple(Budget):
        raise InputError(f"unknown budget {budget[:60]!r}; choose one of {', '.join(Budget)}")
    if seed < 0:
        raise InputError(f"the seed must be >= 0, got {seed}")
    if seed > LARGEST_SEED:
        raise InputError(f"the seed must be <= {LARGEST_SEED}, got {seed}")
    if seconds is not None and not seconds > 0:
        raise InputError(f"the seconds for a check must be > 0, got {seconds}")
    if minutes is not None and not minutes > 0:
        raise InputError(f"the minutes for a run must be > 0, got {minutes}")


def _require_needs(claims: Sequence[Claim], setting: Setting) -> None:
    """Refuse a setting of which a claim that was asked for by name says nothing."""
    for reading in (reading for claim in claims for reading in claim.readings):
        if reading.needs is not None:
            reading.needs(setting)


def _finish(
    run: _Run, claims: Sequence[Claim], tasks: Sequence[Task], data_file: str | None
) -> Review:
    """Return the review of what has run, and write it."""
    given = findings.setting_options(run.paper, run.setting, data_file)
    options = ("--budget", run.job.budget, "--seed", str(run.job.seed), *given)
    judged = judge(
        run.paper,
        claims,
        run.found,
        run.job.seed,
        save=run.save_certificate,
        command=lambda claim: findings.command(run.job.paper, claim, options),
    )
    ran = {check.id for claim in judged.claims for check in claim.checks}
    result = Review(
        mfcheck=__version__,
        paper=run.paper.id,
        title=run.paper.title,
        source=run.paper.source,
        seed=run.job.seed,
        budget=run.job.budget,
        setting=run.job.setting,
        versions=records.versions(),
        complete=len(run.found) == len(tasks),
        missing=tuple(c.id for claim in claims for c in claim.checks if c.id not in ran),
        assumptions=records.assumption_records(run.paper, run.found),
        claims=judged.claims,
        findings=_findings(run, judged, options, given),
        constants=records.constant_records(run.found.get(What.CONSTANTS)),
        references=run.paper.references,
        audits=judged.audits,
        summary=run.paper.summary,
    )
    if run.store is not None:
        write_text(run.store.folder / REVIEW, result.model_dump_json(indent=1) + "\n")
    return result


def _findings(
    run: _Run, judged: Judged, options: Sequence[str], given: Sequence[str]
) -> tuple[Finding, ...]:
    notes = {id: found.notes for id, found in judged.evidence.items()}
    found = findings.collect(run.job.paper, judged.claims, notes, options, judged.audits)
    constants = run.found.get(What.CONSTANTS)
    if constants is None or not constants.crashed:
        return found
    return (*found, findings.without_constants(run.job.paper, constants.reason, given))
