"""What every paper has to keep: one suite for all that are installed, and for an author's own.

Each function returns what is wrong, in words; nothing for a paper that conforms.
"""

from collections.abc import Iterator, Sequence

from mfcheck.claims.model import Budget, Check, Claim, Paper
from mfcheck.claims.record import CheckRecord, Estimate, Interval, Value
from mfcheck.claims.verdict import Verdict
from mfcheck.falsify.power import unplanted
from mfcheck.run import records
from mfcheck.run.tasks import Result, Task, What
from mfcheck.run.worker import Bench, answer_of


def faults_in_words(paper: Paper) -> list[str]:
    """Return what is missing from the statements of a paper: words, sources, planted errors, verdicts."""
    return [
        *(f"{id} rejects nothing" for id in unplanted(paper)),
        *(fault for claim in paper.claims for fault in _of_claim(paper, claim)),
        *(
            f"a verdict of {id}, which is no reading"
            for id in set(paper.verdicts) - _readings(paper)
        ),
    ]


def _readings(paper: Paper) -> set[str]:
    return {f"{claim.id}/{reading.id}" for claim in paper.claims for reading in claim.readings}


def _of_claim(paper: Paper, claim: Claim) -> Iterator[str]:
    for name in ("title", "statement", "source"):
        if not getattr(claim, name).strip():
            yield f"{claim.id} has no {name}"
    expected = {paper.verdicts.get(f"{claim.id}/{r.id}") for r in claim.readings}
    if not claim.checks and expected != {Verdict.UNCHECKED}:
        yield f"{claim.id} has no check"
    if not claim.inequalities and not claim.no_inequality:
        yield f"{claim.id} cannot be attacked, and does not say why"
    for reading in claim.readings:
        if f"{claim.id}/{reading.id}" not in paper.verdicts:
            yield f"{claim.id}/{reading.id} has no verdict in the paper's table"
        for error in reading.wrong:
            if not error.why_false.strip():
                yield f"{claim.id}/{reading.id}/{error.id} does not say why it is false"


def wrong_verdicts(paper: Paper, claim: Claim, seed: int = 0) -> list[str]:
    """Return how the quick review of a claim in the default setting departs from the paper's table."""
    bench = Bench(paper, paper.default, Budget.QUICK, seed)
    ran = {check.id: record for check, record in _records(bench, claim)}
    found = records.claim_record(claim, ran)
    faults = [f"{id} crashed: {record.reason}" for id, record in ran.items() if record.crashed]
    faults += [f"{id}: the slack is not that of its sides" for id in ran if _odd_slack(ran[id])]
    for reading in found.readings:
        expected = paper.verdicts[f"{claim.id}/{reading.id}"]
        if reading.verdict is not expected:
            own = [c for c in ran.values() if c.reading == reading.id and c.passed is not True]
            why = "; ".join(f"{c.id}: {c.reason}" for c in own) or reading.because
            faults.append(
                f"{claim.id}/{reading.id} is {reading.verdict}, expected {expected}: {why}"
            )
    return faults


def _odd_slack(record: CheckRecord) -> bool:
    """Whether both sides are positive numbers, and neither quotient of them is the slack shown beside them."""
    sides = [_number(side) for side in (record.lhs, record.rhs)]
    if record.slack is None or not all(side > 0 for side in sides):
        return False
    quotients = sides[0] / sides[1], sides[1] / sides[0]
    return min(abs(record.slack - q) / q for q in quotients) > 0.01


def _number(side: Value | None) -> float:
    """Return the middle of a side; nan where it is none, or words."""
    if isinstance(side, Estimate):
        return side.value
    if isinstance(side, Interval):
        return (float(side.lower) + float(side.upper)) / 2
    return float("nan")


def _records(bench: Bench, claim: Claim) -> Iterator[tuple[Check, CheckRecord]]:
    for check in claim.checks:
        result = answer_of(bench, Task(What.CHECK, check.id))
        evidence = records.evidence_of(result)
        yield check, records.check_record(check, evidence, result, bench.seed, None)


def missed_errors(paper: Paper, claim: Claim, seed: int = 0) -> list[str]:
    """Return the planted errors of a claim that a check which must reject them does not, at the quick budget."""
    bench = Bench(paper, paper.default, Budget.QUICK, seed)
    faults = []
    for error in claim.planted:
        for id in error.rejected_by:
            result = answer_of(bench, Task(What.CHECK, id, error.id))
            if records.evidence_of(result).passed is not False:
                faults.append(f"{error.id} is not rejected by {id}: {_said(result)}")
    return faults


def _said(result: Result) -> str:
    if result.crashed:
        return f"crashed: {result.reason}"
    return f"passed = {result.value['passed']} ({result.value['reason']})"


def all_faults(paper: Paper, claims: Sequence[str] | None = None) -> list[str]:
    """Return everything that is wrong with a paper, or with the named claims of it."""
    chosen = [c for c in paper.claims if claims is None or c.id in claims]
    faults = faults_in_words(paper)
    for claim in chosen:
        faults += wrong_verdicts(paper, claim) + missed_errors(paper, claim)
    return faults
