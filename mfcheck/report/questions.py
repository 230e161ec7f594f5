"""Questions to the authors: one for each reading and each constant that the review leaves with them."""

from typing import NamedTuple

from mfcheck.claims.record import CheckRecord, ClaimRecord, ReadingRecord, Review
from mfcheck.claims.verdict import Question, Scope, Verdict
from mfcheck.report.view import behind

_GRANTED = "Is this, which the paper does not assume, granted, or can it be avoided?"
_ASKED = {
    Verdict.REFUTED: "An exact or certified check found a counterexample to it. Which reading is meant, and which"
    " hypothesis excludes the counterexample?",
    Verdict.GAP: "It does not follow from what is cited for it. Which further step or hypothesis closes the gap?",
    Verdict.VACUOUS: "Its assumptions cannot be met, or the bound says nothing in its whole regime. For which settings"
    " is it meant?",
    Verdict.INCONCLUSIVE: "A simulated or sampled check denies it, without a certificate. In which regime is it meant"
    " to hold?",
}

_BRIEFLY = {
    Verdict.REFUTED: "There is a counterexample: which hypothesis excludes it, or which reading is meant?",
    Verdict.GAP: "Which further step or hypothesis closes the gap?",
    Verdict.VACUOUS: "For which settings does it say something?",
    Verdict.INCONCLUSIVE: "Simulation or sampling denies it: in which regime is it meant to hold?",
}
_AGAIN = {
    _BRIEFLY[Verdict.REFUTED]: "There is a counterexample to this as well: what excludes it?",
    _BRIEFLY[Verdict.GAP]: "What closes this gap?",
    _BRIEFLY[Verdict.VACUOUS]: "Here too: for which settings?",
    _BRIEFLY[
        Verdict.INCONCLUSIVE
    ]: "Simulation or sampling denies this, too: in which regime is it meant?",
    _GRANTED: "Is it granted?",
}
"""What is asked, in words for one who has been asked the same of something else just before."""


class QuestionToAuthors(NamedTuple):
    """What it is about (words of the record), what is asked (our words), and the checks behind it.

    `subject` is `about` without its place in the paper, `briefly` is `asked` in one line.
    """

    about: str
    quoted: str
    asked: str
    checks: tuple[CheckRecord, ...]
    subject: str
    briefly: str

    @property
    def again(self) -> str:
        """Return `briefly` for one who has been asked the same of something else just before."""
        return _AGAIN[self.briefly]


def _asks(claim: ClaimRecord, reading: ReadingRecord, against: list[CheckRecord]) -> bool:
    """Say whether the verdict leaves a question: a crash, a tie, a defect of a check or an over-reading is ours."""
    if not reading.claimed:
        return False
    if reading.verdict is not Verdict.INCONCLUSIVE:
        return reading.verdict in _ASKED
    proof = any(
        c.passed and c.kind.rigorous and c.scope is Scope.WHOLE and c.question is Question.HOLDS
        for c in claim.checks
        if c.reading == reading.id
    )
    return not proof and any(not c.kind.rigorous for c in against)


def _of_readings(review: Review) -> list[QuestionToAuthors]:
    found = []
    for claim in review.claims:
        for reading in claim.readings:
            checks = behind(claim, reading)
            if _asks(claim, reading, checks):
                about = f"{claim.title} ({claim.source}), reading {reading.id}"
                asked = _ASKED[reading.verdict]
                subject = claim.title
                briefly = _BRIEFLY[reading.verdict]
                found.append(
                    QuestionToAuthors(about, reading.text, asked, tuple(checks), subject, briefly)
                )
    return found


def _of_constants(review: Review) -> list[QuestionToAuthors]:
    return [
        QuestionToAuthors(
            f"Constant {constant.id} ({constant.source})",
            constant.needs,
            "The derivation uses this beyond the paper's assumptions. Is it granted, or can it be avoided?",
            (),
            f"Constant {constant.id}",
            _GRANTED,
        )
        for constant in review.constants
        if constant.needs
    ]


def questions(review: Review) -> list[QuestionToAuthors]:
    """Return the questions in the order of the paper; a check that crashed or could not decide raises none."""
    return [*_of_readings(review), *_of_constants(review)]
