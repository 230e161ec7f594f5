import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfcheck.catalog import described, entries
from mfcheck.claims.record import ConstantRecord, Estimate, Finding, Interval, Review
from mfcheck.claims.verdict import Known, Verdict
from mfcheck.report.atlas import Entry, render_atlas
from mfcheck.report.files import render
from mfcheck.report.markdown import prose
from mfcheck.report.page import (
    MOST_CHARACTERS,
    cut,
    gravest,
    joined,
    make_page,
    render_page,
    sentences,
)
from mfcheck.report.text import one_line


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


SENTENCES = (
    "It fails, as eq. (3) shows: $x. Y$ is off (cf. Lemma 2. It says so). The rest holds. No more."
)


@pytest.mark.parametrize(
    ("room", "kept"),
    [
        (len(SENTENCES), SENTENCES),
        (len(SENTENCES) - 1, SENTENCES.removesuffix(" No more.")),
        (80, SENTENCES.removesuffix(" The rest holds. No more.")),
        (50, "It fails, as eq. (3) shows."),
        (20, "It fails, as eq. …"),
    ],
)
def test_a_text_ends_with_a_sentence_where_it_can(room: int, kept: str) -> None:
    assert sentences(SENTENCES, room) == kept


def test_of_a_list_after_a_colon_all_is_left_out_or_nothing() -> None:
    text = "It depends on the target (here: two): linear 1; neuron 2; random labels 3"
    assert sentences(text, 60) == "It depends on the target (here: two)."


@given(st.text("ab.$:; (A", max_size=60), st.integers(30, 60))
def test_what_is_kept_is_from_the_start_and_has_room(text: str, room: int) -> None:
    kept = sentences(text, room)
    assert len(prose(kept)) <= room
    assert one_line(text).startswith(kept.rstrip(".…").rstrip())


def test_the_paper_is_told_in_its_summary_or_by_its_claims(review: Review) -> None:
    said = section(review.but(summary="Depth helps."), "What the paper claims")
    assert said[0] == "Depth helps."
    assert said[1].startswith(f"Reviewed here: {len(review.claims)} statements, ")
    (alone,) = section(review.but(summary=""), "What the paper claims")
    assert review.claims[0].title in alone
    assert "\n- " not in render_page(review).partition("claims\n")[2].partition("## What was")[0]


def test_every_paper_has_a_summary_that_fits() -> None:
    for id in entries():
        summary = described(id)["summary"]
        assert 60 < len(summary) < 340, id
        assert summary.endswith("."), id
        assert sentences(summary, 340) == summary


def test_the_same_question_is_not_asked_twice_in_the_same_words(review: Review) -> None:
    claims = tuple(
        review.claims[0].but(
            id=f"c{i}",
            title=f"Claim {i}",
            readings=tuple(
                r.but(text=f"Reading {i}.", verdict=Verdict.REFUTED)
                for r in review.claims[0].readings
            ),
            checks=tuple(c.but(reason=f"reason {i}") for c in review.claims[0].checks),
        )
        for i in range(4)
    )
    asked = section(review.but(claims=claims, constants=()), "Questions to the authors")
    assert asked[0].endswith("which hypothesis excludes it, or which reading is meant?")
    assert all("as well" in question for question in asked[1:])
    assert all(one.partition(":")[0] != two.partition(":")[0] for one, two in pairwise(asked))


def test_numbers_have_as_many_digits_as_they_mean(review: Review) -> None:
    claim, check = review.claims[0], review.claims[0].checks[0]
    sides = {
        "lhs": Estimate(value=0.4942554125042, error=6e-13),
        "rhs": Interval(lower="0.199999999999", upper="0.200000000001"),
    }
    changed = claim.but(checks=(check.but(passed=False, **sides), *claim.checks[1:]))
    found = finding(review, evidence=(check.id,), claim=claim.id)
    page = make_page(review.but(claims=(changed,), findings=(found,)))
    (item,) = next(s for s in page.sections if s.title == "Findings").items
    assert "0.49426 ± 5e-6 against 0.2 ± 1e-12" in item.evidence


def test_two_equal_formulas_are_no_figures(review: Review) -> None:
    claim, check = review.claims[0], review.claims[0].checks[0]
    for lhs, rhs, shown in (("$a$", "$a$", False), ("$a$", "$b$", True), ("$a$", "x" * 99, False)):
        changed = claim.but(checks=(check.but(passed=False, lhs=lhs, rhs=rhs),))
        found = finding(review, evidence=(check.id,), claim=claim.id)
        page = make_page(review.but(claims=(changed,), findings=(found,)))
        (item,) = next(s for s in page.sections if s.title == "Findings").items
        assert ("$a$ against" in item.evidence) is shown


def test_every_report_and_the_atlas_tell_what_the_paper_claims(review: Review) -> None:
    told = review.but(summary="Depth helps <b>, of order $n^2$.")
    for form in ("page", "html", "openreview", "latex"):
        assert "Depth helps" in render(told, form)
        assert "Depth helps" not in render(review, form)
    site = render_atlas([Entry(told, "one/report.html")])
    assert "<p>Depth helps &lt;b&gt;, of order <math" in site
    assert "depth helps" in site.partition('data-title="')[2].partition('"')[0]
