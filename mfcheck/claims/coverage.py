"""Which *certified* verdicts rest on a certificate, and on one that can be put to a formal checker as well."""

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
    exports: tuple[str, ...] = ()
    """How much of each can be written for Rocq: whole, part or none."""

    @property
    def name(self) -> str:
        """`claim` or `claim, reading NAME`."""
        return f"{self.claim}, reading {self.reading}"


@dataclass(frozen=True)
class Coverage:
    """All *certified* readings of a review, in the order of its claims."""

    readings: tuple[Certified, ...]
    asked: bool = True
    """Whether a formal checker was asked; else it is said what it can be asked."""

    @property
    def with_certificate(self) -> tuple[Certified, ...]:
        """Those whose every check behind the verdict has a certificate."""
        return tuple(r for r in self.readings if r.certificates)

    @property
    def formal(self) -> tuple[Certified, ...]:
        """Those whose every certificate the formal checker accepts."""
        return tuple(r for r in self.with_certificate if r.formal)

    @property
    def exported(self) -> tuple[Certified, ...]:
        """Those whose every certificate can be written for the formal checker, in part at least."""
        return tuple(r for r in self.with_certificate if "none" not in r.exports)

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
        if not self.readings:
            return "No verdict is certified."
        words = f"{self._kept()}{self._formally()}."
        return f"{words} Without: {'; '.join(self.without)}." if self.without else words

    def _kept(self) -> str:
        total, kept = len(self.readings), len(self.with_certificate)
        if total == 1:
            return f"The one certified verdict has {'a' if kept else 'no'} certificate"
        if kept == total:
            return f"All {total} certified verdicts have certificates"
        if not kept:
            return f"None of the {total} certified verdicts has a certificate"
        have = "1 has a certificate" if kept == 1 else f"{kept} have certificates"
        return f"Of {total} certified verdicts {have}"

    def _formally(self) -> str:
        if not self.with_certificate:
            return ""
        if self.asked:
            return f"; Rocq accepts {self._of_these(len(self.formal))}"
        put = len(self.exported)
        if not put:
            return f"; {self._of_these(0)} can be put to Rocq"
        whole = sum(set(r.exports) == {"whole"} for r in self.exported)
        steps = {0: "in part", put: "with every step"}.get(whole, f"{whole} with every step")
        return f"; mfcheck verify --rocq can put {self._of_these(put)} to Rocq, {steps}"

    def _of_these(self, number: int) -> str:
        kept = len(self.with_certificate)
        if number == kept:
            return "it" if kept == 1 else "all of these"
        return f"{number or 'none'} of these"


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
                behind = _behind(claim.checks, reading.id)
                files = tuple(check.certificate for check in behind if check.certificate)
                files = files if len(files) == len(behind) else ()
                both = formal is not None and bool(files) and all(map(formal, files))
                kinds = tuple(check.exports for check in behind) if files else ()
                found.append(Certified(claim.id, reading.id, files, both, kinds))
    return Coverage(tuple(found), formal is not None)


def _behind(checks: Iterable[CheckRecord], reading: str) -> tuple[CheckRecord, ...]:
    """The certified checks of the whole reading that passed; all of them need a certificate."""
    return tuple(
        check
        for check in checks
        if (check.reading, check.kind) == (reading, Kind.CERTIFIED)
        and (check.question, check.scope) == (Question.HOLDS, Scope.WHOLE)
        and check.passed
    )
