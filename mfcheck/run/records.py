"""From evidence to the records of a review."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

import flint
import sympy as sp

from mfcheck.claims.audit import AssumptionRecord, AuditRecord
from mfcheck.claims.model import Check, Claim, Paper, Reading
from mfcheck.claims.record import (
    CheckRecord,
    ClaimRecord,
    ConstantRecord,
    Evidence,
    ReadingRecord,
)
from mfcheck.claims.verdict import Known, Outcome, Question, Scope, Verdict, combine, explain
from mfcheck.rigor.certificate import exports
from mfcheck.rigor.stated import words
from mfcheck.run.tasks import Result, What

Checks = Mapping[str, CheckRecord]
"""The checks that ran, by id."""

PENDING = "pending"
Audits = Mapping[str, AuditRecord | str | None]
"""By id of a reading: the answer that its assumptions cannot be met, `PENDING` where it may still come, or None."""

LIBRARIES = ("sympy", "mpmath", "numpy", "scipy", "numba", "python-flint", "pydantic")


def evidence_of(result: Result) -> Evidence:
    """Return the evidence of a check; undecided, with the reason, if the check crashed."""
    if result.crashed:
        return Evidence(passed=None, cases=0, reason=result.reason)
    return Evidence.model_validate(result.value)


def check_record(
    check: Check, evidence: Evidence, result: Result, seed: int, certificate: str | None
) -> CheckRecord:
    """Return the record of a check that ran; `certificate` names the file that holds its certificate."""
    shared = {name: getattr(evidence, name) for name in Evidence.model_fields}
    for kept_apart in ("notes", "certificate"):
        del shared[kept_apart]
    kept = evidence.certificate if certificate is not None else None
    return CheckRecord(
        id=check.id,
        kind=check.kind,
        reading=check.reading,
        question=check.question,
        crashed=result.crashed,
        seconds=result.seconds,
        seed=seed,
        certificate=certificate,
        states="" if kept is None else words(kept),
        exports="none" if kept is None else exports(kept),
        **shared,
    )


def _outcome(record: CheckRecord) -> Outcome:
    return Outcome(
        record.kind, record.passed, record.scope, record.question, record.crashed, record.late
    )


def _verdict(claim: Claim, reading: Reading, ran: Checks, audits: Audits) -> tuple[Verdict, str]:
    """Return the verdict and its reason; a reading with work still to come is never decided."""
    void = audits.get(reading.id)
    ids = [check.id for check in claim.checks if check.reading == reading.id]
    outcomes = [_outcome(ran[id]) for id in ids if id in ran]
    if outcomes and len(outcomes) < len(ids):
        because = f"{len(ids) - len(outcomes)} of {len(ids)} checks did not run"
        return Verdict.INCONCLUSIVE, because
    if outcomes and void is PENDING:
        return Verdict.INCONCLUSIVE, "the audit of its assumptions did not run"
    before = combine(outcomes)
    if not isinstance(void, AuditRecord) or void.kind is None or (ids and not outcomes):
        return before, explain(outcomes)
    outcomes.append(Outcome(void.kind, False, Scope.WHOLE, Question.APPLIES))
    after, because = combine(outcomes), explain(outcomes)
    return after, because if after is before else f"{because}: {void.reason}"


@lru_cache(maxsize=4096)
def _latex(formula: sp.Basic) -> str:
    return str(sp.latex(formula))


def _reading_record(claim: Claim, reading: Reading, ran: Checks, audits: Audits) -> ReadingRecord:
    verdict, because = _verdict(claim, reading, ran, audits)
    formulas = {name: _latex(formula) for name, formula in reading.formulas.items()}
    return ReadingRecord(
        id=reading.id,
        text=reading.text,
        verdict=verdict,
        because=because,
        known=Known(claim.known),
        formulas=formulas,
        claimed=reading.claimed,
    )


def claim_record(claim: Claim, ran: Checks, audits: Audits | None = None) -> ClaimRecord:
    """Return the record of a claim from those of its checks that ran, and from what voids its readings."""
    voided = audits or {}
    readings = tuple(_reading_record(claim, reading, ran, voided) for reading in claim.readings)
    return ClaimRecord(
        id=claim.id,
        title=claim.title,
        statement=claim.statement,
        source=claim.source,
        known=Known(claim.known),
        assumptions=tuple(claim.assumptions),
        verdict=readings[0].verdict,
        readings=readings,
        checks=tuple(ran[check.id] for check in claim.checks if check.id in ran),
    )


def assumption_records(paper: Paper, results: Mapping[str, Result]) -> tuple[AssumptionRecord, ...]:
    """Return the records of the assumptions that were tested, by task key."""
    found = []
    for stated in paper.assumptions:
        result = results.get(f"{What.ASSUMPTION}.{stated.id}")
        if result is None:
            continue
        if not result.crashed:
            found.append(AssumptionRecord.model_validate(result.value))
            continue
        found.append(
            AssumptionRecord(
                id=stated.id,
                title=stated.title,
                statement=stated.statement,
                source=stated.source,
                met=None,
                reason=result.reason,
            )
        )
    return tuple(found)


def constant_records(result: Result | None) -> tuple[ConstantRecord, ...]:
    """Return the records of the constants, none if they were not evaluated."""
    if result is None or result.crashed:
        return ()
    return tuple(ConstantRecord.model_validate(value) for value in result.value)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results depend on."""
    found = {"python": python_version(), "flint": flint.__FLINT_VERSION__}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
