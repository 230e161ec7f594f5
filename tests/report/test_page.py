import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfcheck.claims.record import ConstantRecord, Finding, Review
from mfcheck.claims.verdict import Known, Verdict
from mfcheck.report.markdown import prose
from mfcheck.report.page import MOST_CHARACTERS, cut, gravest, joined, make_page, render_page


def section(review: Review, title: str) -> list[str]:
    (found,) = (s for s in make_page(review).sections if s.title == title)
    return [item.text for item in found.items]


def finding(review: Review, **changed: object) -> Finding:
    return review.findings[0].but(**changed)


def test_the_parts_of_the_page_come_in_the_order_of_a_review(review: Review) -> None:
    text = render_page(review)
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [
        "What the paper claims",
        "What was checked",
        "Strengths",
        "Findings",
        "Questions to the authors",
        "What was not checked",
    ]
    assert len(text) <= MOST_CHARACTERS
    assert text == render_page(review)


def test_a_review_of_any_length_fits(review: Review) -> None:
    long = "a long sentence with $\\lambda_{\\min}(G_2) \\ge \\lambda_0'$ and * in it " * 200
    claims = tuple(
        claim.but(id=f"claim-{i}", title=long, source=long)
        for i in range(30)
        for claim in review.claims
    )
    many = tuple(finding(review, id=f"f{i}", text=long, claim=f"claim-{i}") for i in range(90))
    text = render_page(review.but(title=long, source=long, claims=claims, findings=many))
    assert len(text) <= MOST_CHARACTERS
    assert "83 findings" in text


def test_hostile_records_fit_and_keep_their_formulas_whole(
    hostile: st.SearchStrategy[Review],
) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(hostile)
    def check(review: Review) -> None:
        text = render_page(review)
        assert len(text) <= MOST_CHARACTERS
        words = re.sub(r"(`+).*?\1", "", text)  # what is code is shown as it is
        assert "<script" not in words.replace("\\<", "")

    check()


@pytest.mark.parametrize("room", [30, 60, 100, 300])
def test_cutting_stays_in_the_room_and_outside_formulas(room: int) -> None:
    sentence = "Where $\\lambda_{\\min} > 0$ the *bound* holds, " * 9
    short = cut(sentence, room)
    assert len(prose(short)) <= room
    assert short.endswith("…")
    assert short.count("$") % 2 == 0
    assert cut("as it is", room) == "as it is"


def test_findings_come_gravest_first(review: Review) -> None:
    refuted, fine = review.claims[0], review.claims[1]
    claims = (
        fine.but(readings=tuple(r.but(verdict=Verdict.PROVED) for r in fine.readings)),
        refuted.but(readings=tuple(r.but(verdict=Verdict.REFUTED) for r in refuted.readings)),
    )
    found = (
        finding(review, id="remark", severity="remark", claim=refuted.id),
        finding(review, id="fine", severity="major", claim=fine.id),
        finding(review, id="false", severity="major", claim=refuted.id),
    )
    order = [f.id for f in gravest(review.but(claims=claims, findings=found))]
    assert order == ["false", "fine", "remark"]


def test_questions_that_repeat_one_hypothesis_are_one(review: Review) -> None:
    def needing(id: str, needs: str) -> ConstantRecord:
        return review.constants[0].but(id=id, needs=needs)

    constants = (*(needing(f"C_{i}", "a bound of the data") for i in range(17)), needing("D", "b"))
    asked = joined(review.but(claims=(), constants=constants))
    assert [count for _, count in asked] == [17, 1]
    assert asked[0][0].subject == "Constant C_0, and 16 more"


def test_what_was_not_checked_is_said(review: Review) -> None:
    claims = (
        review.claims[0].but(verdict=Verdict.UNCHECKED, title="Never looked at"),
        review.claims[1].but(known=Known.TEXT_READ),
    )
    said = section(
        review.but(claims=claims, missing=("check-7",), complete=False), "What was not checked"
    )
    assert "Claims without a verdict: Never looked at." in said
    assert "Checks that did not run: check-7." in said
    assert "interrupted" in make_page(review.but(complete=False)).run


def test_no_strength_is_claimed_without_a_verdict(review: Review) -> None:
    claims = tuple(claim.but(verdict=Verdict.INCONCLUSIVE) for claim in review.claims)
    assert section(review.but(claims=claims), "Strengths") == [
        "No claim was confirmed in this run."
    ]
