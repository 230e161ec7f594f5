"""Planted errors: false variants of a paper's readings, and how many of them its checks reject."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mfcheck.claims.model import Check, Claim, Paper, PlantedError
from mfcheck.claims.record import KindTally, PlantedRecord, PowerRecord


@dataclass(frozen=True)
class Response:
    """What a check answered under a planted error: `passed`, and the reason in words."""

    passed: bool | None
    reason: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        word = {True: "yes", False: "no", None: "undecided"}[self.passed]
        return f"{word}: {self.reason}" if self.reason else word


Answers = Mapping[tuple[str, str], Response]
"""Answers by the ids of planted error and check."""


def trials(paper: Paper) -> Iterator[tuple[PlantedError, Check]]:
    """Yield each planted error with each check that must reject it, in the order of the paper."""
    for claim in paper.claims:
        checks = {check.id: check for check in claim.checks}
        for error in claim.planted:
            for id in error.rejected_by:
                yield error, checks[id]


def unplanted(paper: Paper) -> tuple[str, ...]:
    """Return the ids of the checks that no planted error puts to the test."""
    tested = {check.id for _, check in trials(paper)}
    return tuple(c.id for claim in paper.claims for c in claim.checks if c.id not in tested)


def tally(paper: Paper, seed: int, answers: Answers) -> PowerRecord:
    """Return how many planted errors were caught: rejected by every check that must reject them."""
    details = tuple(
        _record(claim, error, answers) for claim in paper.claims for error in claim.planted
    )
    missed = tuple(record.id for record in details if not record.caught)
    return PowerRecord(
        paper=paper.id,
        seed=seed,
        planted=len(details),
        caught=len(details) - len(missed),
        missed=missed,
        unplanted=unplanted(paper),
        kinds=by_kind(details),
        details=details,
    )


def by_kind(details: Sequence[PlantedRecord]) -> tuple[KindTally, ...]:
    """Return how many of each kind were planted and caught, in the order in which kinds first occur."""
    found: dict[str, list[bool]] = {}
    for record in details:
        found.setdefault(record.kind, []).append(record.caught)
    return tuple(
        KindTally(kind=kind, planted=len(caught), caught=sum(caught))
        for kind, caught in found.items()
    )


def _record(claim: Claim, error: PlantedError, answers: Answers) -> PlantedRecord:
    given = {id: answers[error.id, id] for id in error.rejected_by}
    rejected_by = tuple(id for id, answer in given.items() if answer.passed is False)
    return PlantedRecord(
        id=error.id,
        kind=error.kind,
        claim=claim.id,
        expected=error.rejected_by,
        rejected_by=rejected_by,
        caught=rejected_by == error.rejected_by,
        why_false=error.why_false,
        answers={id: str(answer) for id, answer in given.items()},
    )
