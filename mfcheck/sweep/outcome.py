"""From the results of one setting to what the sweep says of it; verdicts come as they do in a review."""

from collections.abc import Mapping, Sequence
from typing import Any

from mfcheck.claims.model import Claim, Paper
from mfcheck.claims.record import CheckRecord, ClaimRecord, ReadingRecord
from mfcheck.claims.verdict import Question, Verdict
from mfcheck.run.audit import regimes
from mfcheck.run.judge import judge, tasks_of
from mfcheck.run.tasks import Result, Task, What
from mfcheck.sweep.record import CheckAt, ConstantAt, Outcome, ReadingAt

POSITIVE = frozenset({Verdict.PROVED, Verdict.CERTIFIED, Verdict.SUPPORTED})
"""Verdicts that speak for a reading."""
AGAINST = frozenset({Verdict.REFUTED, Verdict.GAP, Verdict.VACUOUS})
"""Verdicts that speak against a reading."""

_STATED = ("latex", "formula", "depends_on", "source", "needs", "orders")
"""What the record of a constant repeats from the paper, in every setting the same."""


def sweep_tasks(paper: Paper, claims: Sequence[Claim], constants: Sequence[str]) -> list[Task]:
    """Return the tasks of each setting: what a review of the claims runs, but for audits that no verdict rests on."""
    voiding = {id for id, regime in regimes(paper.claims).items() if regime.empty is not None}
    tasks = [
        task
        for task in tasks_of(paper, claims, constants=False)
        if task.what is not What.AUDIT or task.id in voiding
    ]
    return [*tasks, Task(What.CONSTANTS, ",".join(constants))] if constants else tasks


def slim(result: Result) -> Any:
    """Return the value of a result without pictures, and without what the paper states in every setting the same."""
    value = result.value
    if result.task.what is What.CHECK and isinstance(value, dict):
        return {name: part for name, part in value.items() if name != "plots"}
    if result.task.what is What.CONSTANTS and isinstance(value, list):
        return [{n: part for n, part in c.items() if n not in _STATED} for c in value]
    return value


def outcome_of(
    paper: Paper, claims: Sequence[Claim], found: Mapping[str, Result], seed: int
) -> Outcome:
    """Return what the results of a setting come to, complete or not.

    Args:
        paper: whose claims they are.
        claims: those that were chosen.
        found: results by the key of their task; a reading with work still to come is not decided.
        seed: of the sweep.
    """
    judged = judge(paper, claims, found, seed)
    return Outcome(
        readings=tuple(_reading(c, r) for c in judged.claims for r in c.readings),
        checks=tuple(_check(check) for claim in judged.claims for check in claim.checks),
        constants=tuple(c for result in found.values() for c in _constants(result)),
        unmet=tuple(
            result.task.id
            for result in found.values()
            if result.task.what is What.ASSUMPTION and (result.value or {}).get("met") is False
        ),
        seconds=sum(result.seconds for result in found.values()),
    )


def _reading(claim: ClaimRecord, reading: ReadingRecord) -> ReadingAt:
    own = [check for check in claim.checks if check.reading == reading.id]
    telling = [c.reason for c in own if c.passed is not True and c.reason]
    measured = [
        (check.slack, check.id)
        for check in own
        if check.slack is not None and check.question is Question.HOLDS
    ]
    slack, check = min(measured, default=(None, ""))
    return ReadingAt(
        claim=claim.id,
        reading=reading.id,
        verdict=reading.verdict,
        because=reading.because,
        reason="; ".join(dict.fromkeys(telling)),
        slack=slack,
        check=check,
    )


def _check(check: CheckRecord) -> CheckAt:
    return CheckAt(
        id=check.id,
        passed=check.passed,
        lhs=check.lhs,
        rhs=check.rhs,
        slack=check.slack,
        crashed=check.crashed,
    )


def _constants(result: Result) -> tuple[ConstantAt, ...]:
    """Return the constants of a result; where they could not be evaluated, each that was asked for, with the reason."""
    if result.task.what is not What.CONSTANTS:
        return ()
    if result.crashed:
        ids = result.task.id.split(",")
        return tuple(ConstantAt(id=id, value=None, reason=result.reason) for id in ids)
    return tuple(
        ConstantAt(id=value["id"], value=value["value"], reason=value.get("reason", ""))
        for value in result.value
    )
