"""From claims to the tasks that they need, and from the results of these tasks to the records of the claims."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfcheck.claims.audit import AuditRecord
from mfcheck.claims.model import Claim, Paper
from mfcheck.claims.record import CheckRecord, ClaimRecord, Evidence
from mfcheck.claims.verdict import Kind
from mfcheck.errors import unknown
from mfcheck.run import audits, records
from mfcheck.run.tasks import Result, Task, What

_ORDER = (Kind.EXACT, Kind.CERTIFIED, Kind.SAMPLED, Kind.SIMULATED)
"""Strongest first: if the time of a run ends before its work, simulations are what is left out."""


def choose(paper: Paper, ids: Sequence[str] | None) -> tuple[Claim, ...]:
    """Return the claims of these ids in the order of the paper, all of them for None.

    Raises:
        InputError: there is no such claim.
    """
    known = {claim.id: claim for claim in paper.claims}
    for id in ids or ():
        if id not in known:
            raise unknown("claim", id, known, f"{paper.id} has")
    return tuple(claim for claim in paper.claims if ids is None or claim.id in ids)


def tasks_of(paper: Paper, claims: Sequence[Claim], constants: bool) -> list[Task]:
    """Return the tasks that claims need, with the constants if wanted; checks come last, the strongest first."""
    named = {id for claim in claims for id in claim.assumptions}
    tasks = [
        Task(What.ASSUMPTION, a.id, group="assumptions")
        for a in paper.assumptions
        if constants or a.id in named
    ]
    tasks += [Task(What.CONSTANTS)] if constants and paper.constants else []
    tasks += audits.tasks(claims)
    checks = [check for claim in claims for check in claim.checks]
    checks.sort(key=lambda check: _ORDER.index(check.kind))
    return [*tasks, *(Task(What.CHECK, check.id, group=check.group) for check in checks)]


@dataclass(frozen=True)
class Judged:
    """What the results of one job say: evidence by id of the check, the answers of audits, and the claims."""

    evidence: dict[str, Evidence]
    audits: tuple[AuditRecord, ...]
    claims: tuple[ClaimRecord, ...]


def judge(
    paper: Paper,
    claims: Sequence[Claim],
    found: audits.Results,
    seed: int,
    *,
    save: audits.Save = lambda _, __: None,
    command: Callable[[str], str] = lambda _: "",
) -> Judged:
    """Return the records of claims from the results of one job, complete or not.

    Args:
        paper: whose claims they are.
        claims: those that were chosen.
        found: results by the key of their task; a reading with work still to come is not decided.
        seed: of the job.
        save: keeps a certificate under a name and returns the name of its file, None if it is not kept.
        command: of a claim, the command that repeats its audit.
    """
    evidence = {
        result.task.id: records.evidence_of(result)
        for result in found.values()
        if result.task.what is What.CHECK
    }
    ran = {r.id: r for r in _check_records(claims, found, evidence, seed, save)}
    audited = audits.records(paper, claims, found, save, command)
    judged = tuple(records.claim_record(c, ran, _voided(c, found, audited)) for c in claims)
    return Judged(evidence, audited, judged)


def _voided(
    claim: Claim, found: audits.Results, audited: Sequence[AuditRecord]
) -> Mapping[str, AuditRecord | str | None]:
    return {
        reading.id: records.PENDING
        if audits.pending(claim, reading, found)
        else audits.void(claim, reading, audited)
        for reading in claim.readings
    }


def _check_records(
    claims: Sequence[Claim],
    found: Mapping[str, Result],
    evidence: Mapping[str, Evidence],
    seed: int,
    save: Callable[[str, dict[str, Any]], str | None],
) -> Iterator[CheckRecord]:
    """Yield the records of the checks that ran, in the order of the paper; keep their certificates."""
    for check in (check for claim in claims for check in claim.checks):
        if check.id not in evidence:
            continue
        proof = evidence[check.id].certificate
        name = None if proof is None else save(check.id, proof)
        result = found[Task(What.CHECK, check.id).key]
        yield records.check_record(check, evidence[check.id], result, seed, name)
