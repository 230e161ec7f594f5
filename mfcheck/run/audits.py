"""From the answers of an audit to its records, to the verdicts that rest on them, and to findings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mfcheck.claims.audit import AuditRecord
from mfcheck.claims.model import Claim, Paper, Reading
from mfcheck.run.audit import questions, regimes
from mfcheck.run.tasks import Result, Task, What

Results = Mapping[str, Result]
"""What has run, by key of the task."""
Save = Callable[[str, dict[str, Any]], str | None]
"""Keeps a certificate under a name and returns its file, if there is one."""

GROUP = "audit"


def task(regime: str) -> Task:
    """Return the task that audits a regime."""
    return Task(What.AUDIT, regime, group=GROUP)


def tasks(claims: Sequence[Claim]) -> list[Task]:
    """Return the tasks that audit the regimes of claims."""
    return [task(id) for id in regimes(claims)]


def records(
    paper: Paper,
    claims: Sequence[Claim],
    results: Results,
    save: Save,
    command: Callable[[str], str],
) -> tuple[AuditRecord, ...]:
    """Return the answers about the chosen claims, in the order of the paper.

    Args:
        paper: under review.
        claims: those that were chosen.
        results: what has run.
        save: keeps certificates.
        command: of a claim, the command that repeats its audit.
    """
    chosen = {claim.id for claim in claims}
    found = []
    for id in regimes(claims):
        result = results.get(task(id).key)
        for record, certificate in [] if result is None else _answers(paper, id, result):
            about = tuple(claim for claim in record.claims if claim in chosen)
            if not about:
                continue
            file = None if certificate is None else save(f"audit.{id}.{record.answer}", certificate)
            own = {"claims": about, "certificate": file, "reproduce": command(about[0])}
            found.append(record.but(**own))
    return tuple(found)


def _answers(
    paper: Paper, id: str, result: Result
) -> list[tuple[AuditRecord, dict[str, Any] | None]]:
    if not result.crashed:
        return [(AuditRecord.model_validate(r), c) for r, c in result.value]
    regime = regimes(paper.claims)[id]
    reason = f"the audit {result.ending}"
    return [
        (
            AuditRecord(
                id=".".join([id, *ids]),
                regime=id,
                text=regime.text,
                index=regime.index,
                assumptions=ids,
                claims=about,
                joint=joint,
                answer="unknown",
                kind=None,
                reason=reason,
                defect=True,
            ),
            None,
        )
        for ids, (joint, about) in questions(paper, regime).items()
    ]


def void(claim: Claim, reading: Reading, audits: Sequence[AuditRecord]) -> AuditRecord | None:
    """Return an answer that shows a reading to be about nothing; None if one of its regimes may hold a setting."""
    joint = {a.regime: a for a in audits if a.joint and claim.id in a.claims}
    answers = [joint.get(regime.id) for regime in reading.regimes]
    if not all(a is not None and a.answer == "none" for a in answers):
        return None
    return answers[0]


def pending(claim: Claim, reading: Reading, results: Results) -> bool:
    """Whether an audit that could show the reading to be about nothing has still to run."""
    could = [regime.id for regime in reading.regimes if regime.empty is not None]
    return bool(claim.assumptions) and any(task(id).key not in results for id in could)
