import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck import load_paper
from mfcheck.claims.record import (
    ConstantsRecord,
    Interval,
    PowerRecord,
    Record,
    Review,
    SimulationRecord,
)
from mfcheck.claims.verdict import Verdict

VOID = {"br", "path", "use", "rect", "line"}


class Tags(HTMLParser):
    """Collects the elements of a fragment, and sees that they are nested properly."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def html(shown: object) -> str:
    text: str | None = shown._repr_html_()  # type: ignore[attr-defined]
    assert text is not None
    Tags(text)
    return text


def test_a_review_shows_verdicts_and_findings(review: Review) -> None:
    text = html(review)
    for claim in review.claims:
        assert claim.id in text
        assert f"{claim.verdict.value}</b>" in text
    assert all(finding.reproduce in re.sub("&#39;", "'", text) for finding in review.findings)


def test_every_part_of_a_review_shows_itself(review: Review) -> None:
    for claim in review.claims:
        assert str(claim._repr_latex_()).count("$") == claim.statement.count("$")
        text = html(claim)
        assert all(reading.verdict.value in text for reading in claim.readings)
        assert all(check.id in text for check in claim.checks)
        assert all(check.id in html(check) for check in claim.checks)
    for constant in review.constants:
        assert constant.id in html(constant)
        assert constant._repr_latex_() == f"${constant.latex}$"


def test_runs_show_themselves(
    power: PowerRecord, simulation: SimulationRecord, constants: ConstantsRecord
) -> None:
    assert f"{power.caught} of {power.planted} planted errors caught" in html(power)
    text = html(simulation)
    assert "KL_tau" in text
    assert text.count("<svg") == len(simulation.plots)
    assert all(constant.id in html(constants) for constant in constants.constants)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_is_a_word_with_a_sign(verdict: Verdict) -> None:
    assert verdict.value in html(verdict)
    assert str(verdict) == verdict.value


def test_a_paper_its_claims_and_constants_show_themselves() -> None:
    paper = load_paper("scaled-resnets")
    assert all(claim.id in html(paper) for claim in paper.claims)
    for claim in paper.claims:
        assert "<table>" in html(claim)
        assert str(claim._repr_latex_()).count("$") == claim.statement.count("$")
    for constant in paper.constants:
        assert constant.id in html(constant)
        assert str(constant._repr_latex_()).startswith("$")
    r_max = next(c for c in paper.constants if c.id == "r_max")
    assert "=" in str(r_max._repr_latex_())


def test_what_has_no_view_is_left_to_text() -> None:
    assert Interval(lower="0", upper="1")._repr_html_() is None
    assert Record()._repr_latex_() is None


@settings(max_examples=25)
@given(st.data())
def test_hostile_records_cannot_inject(
    hostile: st.SearchStrategy[Review], data: st.DataObject
) -> None:
    review = data.draw(hostile)
    for shown in (review, *review.claims, *review.constants):
        tags = Tags(html(shown))
        assert not tags.seen & {"script", "img", "iframe", "style", "object"}
