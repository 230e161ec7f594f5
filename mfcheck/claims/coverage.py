"""Which *certified* verdicts rest on a certificate, and which on one that a formal checker accepts as well."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mfcheck.claims.record import CheckRecord, ClaimRecord
from mfcheck.claims.verdict import Kind, Question, Scope, Verdict


@dataclass(frozen=True)
class Certified:
    """One reading whose verdict is *certified*, with the files of certificates of the checks behind it."""

    claim: str
    reading: str
    certificates: tuple[str, ...]
    formal: bool

    @property
    def name(self) -> str:
        """`claim` or `claim, reading NAME`."""
        return f"{self.claim}, reading {self.reading}"


@dataclass(frozen=True)
class Coverage:
    """All *certified* readings of a review, in the order of its claims."""

    readings: tuple[Certified, ...]
    asked: bool = True
    """Whether a formal checker was asked."""

    @property
    def with_certificate(self) -> tuple[Certified, ...]:
        """Those whose every check behind the verdict has a certificate."""
        return tuple(r for r in self.readings if r.certificates)

    @property
    def formal(self) -> tuple[Certified, ...]:
        """Those whose every certificate the formal checker accepts."""
        return tuple(r for r in self.with_certificate if r.formal)

    @property
    def without(self) -> tuple[str, ...]:
        """Names of the readings that rest on a check without a certificate."""
        return tuple(r.name for r in self.readings if not r.certificates)

    @property
    def share(self) -> float | None:
        """Share of the readings with a certificate, None if nothing is certified."""
        return len(self.with_certificate) / len(self.readings) if self.readings else None

    @property
    def formal_share(self) -> float | None:
        """Share of the readings with a formally checked certificate, None if nothing is certified."""
        return len(self.formal) / len(self.readings) if self.readings else None

    def sentence(self) -> str:
        """Say it in one line for the report."""
        total = len(self.readings)
        if not total:
            return "No verdict is certified."
        words = f"Certified verdicts: {total}, with a certificate {len(self.with_certificate)}"
        words += f", with one that Rocq accepts too {len(self.formal)}." if self.asked else "."
        return f"{words} Without: {'; '.join(self.without)}." if self.without else words


def coverage(
    claims: Iterable[ClaimRecord], formal: Callable[[str], bool] | None = None
) -> Coverage:
    """Return the *certified* readings of a review and what they rest on.

    Args:
        claims: of a review, as recorded.
        formal: whether the formal checker accepts the certificate of that file; None if it is not asked.
    """
    found = []
    for claim in claims:
        for reading in claim.readings:
            if reading.verdict is Verdict.CERTIFIED:
                files = _certificates(claim.checks, reading.id)
                both = formal is not None and bool(files) and all(map(formal, files))
                found.append(Certified(claim.id, reading.id, files, both))
    return Coverage(tuple(found), formal is not None)


def _certificates(checks: Iterable[CheckRecord], reading: str) -> tuple[str, ...]:
    """Files of the certified checks of the whole reading that passed; none at all if one of them has none."""
    behind = [
        check.certificate
        for check in checks
        if (check.reading, check.kind) == (reading, Kind.CERTIFIED)
        and (check.question, check.scope) == (Question.HOLDS, Scope.WHOLE)
        and check.passed
    ]
    files = tuple(file for file in behind if file is not None)
    return files if len(files) == len(behind) else ()
