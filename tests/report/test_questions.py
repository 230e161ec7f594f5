import pytest

from mfcheck.claims.record import ClaimRecord, ReadingRecord, Review
from mfcheck.claims.verdict import Kind, Scope, Verdict
from mfcheck.report.questions import questions


def about(review: Review, claim: ClaimRecord) -> list[str]:
    alone = review.but(claims=(claim,), constants=())
    return [question.asked for question in questions(alone)]


def with_verdict(claim: ClaimRecord, verdict: Verdict) -> ClaimRecord:
    reading: ReadingRecord = claim.readings[0].but(verdict=verdict)
    return claim.but(readings=(reading,))


def test_each_question_names_the_checks_behind_it(review: Review) -> None:
    found = questions(review)
    assert [[c.id for c in q.checks] for q in found] == [
        ["lemma4.circle-witness"],
        ["theorem6.composition"],
        ["theorem6.random-labels"],
        [],
    ]
    assert "reading repaired" in found[2].about
    assert "C_KL" in found[3].about


@pytest.mark.parametrize(
    "verdict", [Verdict.PROVED, Verdict.CERTIFIED, Verdict.SUPPORTED, Verdict.UNCHECKED]
)
def test_no_question_where_nothing_is_open(review: Review, verdict: Verdict) -> None:
    assert about(review, with_verdict(review.claims[0], verdict)) == []


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.REFUTED, "counterexample"),
        (Verdict.GAP, "closes the gap"),
        (Verdict.VACUOUS, "assumptions cannot be met"),
    ],
)
def test_what_is_asked(review: Review, verdict: Verdict, words: str) -> None:
    (asked,) = about(review, with_verdict(review.claims[0], verdict))
    assert words in asked


def test_our_own_failures_are_no_question_to_the_authors(review: Review) -> None:
    claim = review.claims[3]
    crashed, denied = claim.checks[2], claim.checks[1]
    only = claim.but(readings=(claim.readings[1],))
    assert len(about(review, only.but(checks=(denied,)))) == 1
    assert about(review, only.but(checks=(crashed,))) == []
    undecided = denied.but(passed=None)
    assert about(review, only.but(checks=(undecided,))) == []
    proof = denied.but(id="proof", kind=Kind.EXACT, passed=True, scope=Scope.WHOLE)
    assert about(review, only.but(checks=(denied, proof))) == []


def test_nobody_is_asked_about_an_over_reading(review: Review) -> None:
    refuted = with_verdict(review.claims[0], Verdict.REFUTED)
    assert len(about(review, refuted)) == 1
    over = refuted.but(readings=(refuted.readings[0].but(claimed=False),))
    assert about(review, over) == []
