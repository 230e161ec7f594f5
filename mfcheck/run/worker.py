"""The worker process: reads jobs and tasks as lines of JSON, answers each with one line of JSON.

A job is answered once it is ready, or together with its first task; the tasks that follow are parts of it, until
another job comes. The process ends as soon as its input is closed.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, TextIO

from mfcheck.catalog import load
from mfcheck.claims.audit import AssumptionRecord, SurveyRecord
from mfcheck.claims.model import Budget, Check, Context, Formulas, Paper
from mfcheck.claims.record import Evidence, range_of
from mfcheck.claims.setting import NO_ACTIVATION, Setting
from mfcheck.constants import memo
from mfcheck.constants.evaluate import evaluate_constants
from mfcheck.errors import InputError, LimitError
from mfcheck.rigor.certificate import CertificateError
from mfcheck.rigor.certificate import require_accepted as proved
from mfcheck.rigor.stated import unrelated, words
from mfcheck.run.audit import audit, regimes
from mfcheck.run.identity import fingerprint
from mfcheck.run.tasks import Job, Result, Task, What, named_activation
from mfcheck.symbolic.activation import Activation

DIGITS = 15
"""Digits of the constants in a review."""


@dataclass(frozen=True)
class Bench:
    """A job made ready to work on."""

    paper: Paper
    setting: Setting
    budget: Budget
    seed: int

    @classmethod
    def ready(cls, job: Job) -> "Bench":
        """Load the paper and restore the setting of a job."""
        paper = _paper(job.paper)
        name = job.setting.get("activation", NO_ACTIVATION.name)
        setting = Setting.restore(job.setting, _activation(job.paper, name))
        _share_constants(job.paper, job.identity)
        return cls(paper, setting, Budget(job.budget), job.seed)

    def perform(self, task: Task) -> Any:
        """Return the value of a task as JSON data."""
        if task.what is What.CHECK:
            evidence = self._check(task)
            plain = evidence.model_dump(mode="json", exclude={"certificate"})
            return {**plain, "certificate": evidence.certificate}  # as it is: NaN must be refused
        if task.what is What.ASSUMPTION:
            return self._assumption(task.id).model_dump(mode="json")
        if task.what is What.AUDIT:
            return self._audit(task.id)
        only = task.id.split(",") if task.id else None
        records = evaluate_constants(self.paper, self.setting, DIGITS, only=only)
        return [record.model_dump(mode="json") for record in records]

    def _check(self, task: Task) -> Evidence:
        check, formulas, needs = find_check(self.paper, task.id, task.planted)
        if needs is not None:
            try:
                needs(self.setting)
            except InputError as error:
                return Evidence(passed=None, cases=0, reason=str(error))
        context = Context(
            self.setting, self.budget, self.seed, check.id, formulas, self.paper, self.paper.alarm
        )
        try:
            evidence = check.run(context)
        except InputError as error:  # the check has nothing to say of this setting
            return Evidence(passed=None, cases=0, reason=str(error))
        except LimitError as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return Evidence(passed=None, cases=0, reason=f"too long for this check: {error.what}")
        if not isinstance(evidence, Evidence):
            raise TypeError(f"the check returned {type(evidence).__name__}, not Evidence")
        evidence = Evidence.model_validate(evidence.model_dump(warnings=False))  # it may be altered
        if evidence.certificate is not None:
            require_accepted(evidence.certificate)
            require_related(evidence)
        return evidence.require_kind(check.kind)

    def _assumption(self, id: str) -> AssumptionRecord:
        stated = next(a for a in self.paper.assumptions if a.id == id)
        answer = stated.holds(self.setting)
        return AssumptionRecord(
            id=id,
            title=stated.title,
            statement=stated.statement,
            source=stated.source,
            met=answer.met,
            reason=answer.reason,
            survey=tuple(
                SurveyRecord(name=name, met=found.met, reason=found.reason)
                for name, found in (stated.survey() if stated.survey else {}).items()
            ),
            beyond=dict(stated.beyond),
        )

    def _audit(self, id: str) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
        regime = regimes(self.paper.claims)[id]
        answers = audit(self.paper, regime, self.setting, self.seed)
        return [(found.record.model_dump(mode="json"), found.certificate) for found in answers]


@lru_cache(maxsize=1)
def _share_constants(reference: str, identity: str) -> None:
    """Look up and keep the constants of the paper at hand; one paper at a time, as the last call is remembered."""
    paper = _paper(reference)
    memo.use(paper.id, identity, paper.constants)


@cache
def _paper(reference: str) -> Paper:
    return load(reference)


@cache
def _activation(reference: str, name: str) -> Activation:
    return named_activation(_paper(reference), name)


def require_accepted(certificate: Mapping[str, Any]) -> None:
    """Refuse a certificate that the independent checker does not accept: it counts for nothing.

    Raises:
        ValueError: with the reason.
    """
    try:
        proved(dict(certificate))
    except CertificateError as error:
        said = str(error).removeprefix("the certificate is ")
        raise ValueError(f"the certificate of the check is {said}") from None


def require_related(evidence: Evidence) -> None:
    """Refuse a certificate that speaks of other numbers than both sides of a comparison that holds.

    Raises:
        ValueError: with what it states.
    """
    certificate, sides = evidence.certificate, (evidence.lhs, evidence.rhs)
    numbers = [range_of(side) for side in sides if not isinstance(side, str | None)]
    known = len(numbers) == 2 and all(end.is_finite() for ends in numbers for end in ends)
    if certificate is None or not evidence.passed or not known:
        return
    lhs, rhs = ((Fraction(low), Fraction(high)) for low, high in numbers)
    if unrelated(certificate, lhs, rhs):
        raise ValueError(
            "the certificate of the check is about something else than its sides, their difference or quotient: "
            f"{words(certificate)}"
        )


def find_check(
    paper: Paper, id: str, planted: str = ""
) -> tuple[Check, Formulas, Callable[[Setting], None] | None]:
    """Return a check with the formulas it tests, those of its reading or of a planted error, and what it needs."""
    claim, check = next((c, k) for c in paper.claims for k in c.checks if k.id == id)
    reading = claim.reading(check.reading)
    formulas = reading.formulas
    if planted:
        error = next(e for e in claim.planted if e.id == planted)
        formulas = {**formulas, **error.replace}
    return check, formulas, reading.needs


def answer(bench: Bench, task: Task) -> str:
    """Return one line of JSON: the value of the task, or the reason why there is none."""
    start = time.perf_counter()
    try:
        value = bench.perform(task)
        return _line(start, value=value)
    except BaseException as error:  # a check may raise anything, SystemExit included
        return _line(start, reason=reason(error), traceback=traceback.format_exc())


def answer_of(bench: Bench, task: Task) -> Result:
    """Return what a task gives in this process, as a worker would report it."""
    return Result(task, **json.loads(answer(bench, task)))


def _line(start: float, **reply: Any) -> str:
    return json.dumps({"seconds": time.perf_counter() - start, **reply}, allow_nan=False)


def reason(error: BaseException) -> str:
    """Return one line that says what was raised."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {text[:300]}" if text else name


def _read_lines(source: TextIO, lines: "queue.SimpleQueue[str]") -> None:
    for line in source:
        lines.put(line)
    os._exit(0)  # the parent is gone, or wants no more: a running check must not outlive it


def main() -> None:
    """Serve tasks until the input is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a check or a library prints must not mix with the replies
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_lines, args=(sys.stdin, lines), daemon=True).start()

    def reply(line: str) -> None:
        replies.write(line + "\n")
        replies.flush()

    bench: Bench | None = None
    while True:
        asked = json.loads(lines.get())
        try:
            if "job" in asked:
                bench = Bench.ready(Job(**asked["job"]))
            if "task" not in asked:
                found = fingerprint(asked["identify"]) if "identify" in asked else None
                reply(json.dumps({"failed": None, "found": found}))
        except Exception as error:
            reply(json.dumps({"failed": reason(error), "traceback": traceback.format_exc()}))
            os._exit(1)  # the thread that reads cannot be stopped in an orderly way
        if "task" in asked:
            assert bench is not None
            reply(answer(bench, read_task(asked["task"])))


def read_task(stated: Mapping[str, str]) -> Task:
    """Return the task that JSON data states."""
    return Task(What(stated["what"]), stated["id"], stated["planted"], stated["group"])
