import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.claims.coverage import coverage
from mfcheck.claims.record import PowerRecord, Review
from mfcheck.claims.verdict import Verdict
from mfcheck.report.html import Anchors, bars, certificate, linked, prose, render_html

VOID = {"meta", "br", "link", "img", "input", "hr"}
ACTIVE = {
    "script",
    "iframe",
    "object",
    "embed",
    "img",
    "link",
    "form",
    "input",
    "base",
    "foreignobject",
}
HEADINGS = ("h1", "h2", "h3", "h4", "h5")


class Page(HTMLParser):
    """What a browser would see; fails where elements are not nested."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def assert_harmless(page: Page) -> None:
    names = [tag for tag, _ in page.tags]
    assert not set(names) & ACTIVE
    assert names.count("style") == 1
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in (
                "src",
                "srcset",
                "data",
                "action",
                "formaction",
                "background",
                "poster",
            )
            if name == "style":
                assert re.fullmatch(r"[\w\s:;.,#%()-]*", value or ""), value
                assert "url" not in (value or "")
            if name == "href":
                assert tag in ("a", "use")
                assert re.match(r"#|https?://|[\w%./-]+$", value or ""), value


@pytest.fixture(scope="module")
def page(review: Review, power: PowerRecord) -> Page:
    return Page(render_html(review, power))


def test_equal_records_give_equal_pages(review: Review, power: PowerRecord) -> None:
    again = Review.model_validate_json(review.model_dump_json())
    assert render_html(review, power) == render_html(again, power)


def test_the_sample_is_harmless(page: Page) -> None:
    assert_harmless(page)


def test_nothing_is_fetched(review: Review) -> None:
    text = render_html(review)
    assert "@import" not in text
    assert "url(" not in text
    assert "Content-Security-Policy" in text
    assert "default-src 'none'" in text


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_no_string_of_a_record_becomes_markup(
    hostile: st.SearchStrategy[Review], data: st.DataObject
) -> None:
    text = render_html(data.draw(hostile))
    text.encode("utf-8")
    assert_harmless(Page(text))


def test_a_payload_in_every_string_stays_text(review: Review, power: PowerRecord) -> None:
    payload = "<script>alert(1)</script>"
    spoilt = _replace(review.model_dump(mode="json"), payload)
    poison = _replace(power.model_dump(mode="json"), payload)
    text = render_html(Review.model_validate(spoilt), PowerRecord.model_validate(poison))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 100
    assert_harmless(Page(text))


ENUMERATED = {
    "exports",
    "kind",
    "known",
    "question",
    "scope",
    "verdict",
    "severity",
    "style",
    "lower",
    "upper",
}


def _replace(data: object, payload: str, key: str = "") -> object:
    if isinstance(data, dict):
        return {k: _replace(v, payload, k) for k, v in data.items()}
    if isinstance(data, list):
        return [_replace(v, payload, key) for v in data]
    if isinstance(data, str) and key not in ENUMERATED:
        return payload
    return data


def test_the_page_is_accessible(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    levels = [HEADINGS.index(tag) + 1 for tag, _ in page.tags if tag in HEADINGS]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(th.get("scope") in ("col", "row") for th in page.all("th"))
    for svg in page.all("svg"):
        assert svg.get("aria-label") or svg.get("aria-hidden") == "true"
    skip = page.all("a")[0]
    assert skip["href"] == "#main"
    assert page.all("main")[0]["id"] == "main"


def test_ids_are_unique_and_links_within_the_page_lead_somewhere(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for attributes in (*page.all("a"), *page.all("use")):
        target = attributes["href"] or ""
        if target.startswith("#"):
            assert target[1:] in ids


def test_verdicts_stand_in_words(review: Review, page: Page) -> None:
    for verdict in Verdict:
        assert verdict.value in page.text
    shown = [a["class"] for a in page.all("span") if "verdict" in (a.get("class") or "")]
    assert len(shown) == 3 + 4 + 4 + 4 + 6 + len(Verdict)


def test_everything_of_the_record_is_there(review: Review, page: Page) -> None:
    text = page.text
    expected = [review.title, review.paper, str(review.seed), review.budget, review.mfcheck]
    expected += [review.setting["sha256"], review.setting["origin"], "python-flint 0.9.0"]
    for claim in review.claims:
        expected += [claim.id, *(r.because for r in claim.readings)]
        for check in claim.checks:
            expected += [check.id, check.kind.value, check.certificate or ""]
            expected += [] if "$" in check.reason else [check.reason]
    expected += [f.reproduce for f in review.findings]
    expected += [a.title for a in review.assumptions]
    expected += [c.value.lower for c in review.constants]
    for words in expected:
        assert words in text, words


def test_every_figure_shows_its_seed_and_its_error(review: Review) -> None:
    text = render_html(review)
    figures = re.findall(r"<figure>.*?</figure>", text, re.DOTALL)
    assert len(figures) == 2
    for figure in figures:
        caption = re.search(r"<figcaption>.*?</figcaption>", figure, re.DOTALL)
        assert caption is not None
        assert f"seed {review.seed}" in caption[0]
        assert "error" in caption[0]
    claims = tuple(
        claim.but(
            checks=tuple(
                check.but(
                    plots=tuple(
                        plot.but(curves=tuple(c.but(error=None) for c in plot.curves))
                        for plot in check.plots
                    )
                )
                for check in claim.checks
            )
        )
        for claim in review.claims
    )
    bare = render_html(review.but(claims=claims))
    assert bare.count("The curves carry no error of their own; error of the check:") == 2


def test_an_interrupted_review_says_so(review: Review, page: Page) -> None:
    assert "interrupted" not in page.text
    partial = review.but(complete=False, missing=("a.b", "c.d"))
    text = Page(render_html(partial)).text
    assert "This review is not complete: it was interrupted, or its time was over" in text
    assert "2 checks did not run: a.b, c.d." in text
    unnamed = review.but(complete=False)
    assert "does not name the checks that are missing" in Page(render_html(unnamed)).text


def test_power_is_shown_where_it_is_given(review: Review, page: Page) -> None:
    assert "1 of 2 planted errors were caught" in page.text
    assert "Planted errors" not in Page(render_html(review)).text


def test_an_empty_review_is_shown(review: Review) -> None:
    empty = review.but(
        **(
            dict.fromkeys(("claims", "findings", "constants", "assumptions", "references"), ())
            | {"setting": {}, "versions": {}}
        )
    )
    page = Page(render_html(empty))
    assert_harmless(page)
    assert "No findings." in page.text
    assert "No claim was reviewed." in page.text


def test_the_slack_chart(review: Review) -> None:
    chart = bars(review)
    assert len(chart) == 6
    ends = [bar.end for bar in chart if bar.end is not None]
    assert ends == sorted(ends)
    assert all(0 <= end <= 100 for end in ends)
    below = [bar for bar in chart if (bar.located.check.slack or 0) < 1]
    assert all(bar.end is not None and bar.end < bar.one for bar in below)
    assert len({bar.one for bar in chart}) == 1


def test_a_slack_that_is_not_positive_has_no_bar(review: Review) -> None:
    claim = review.claims[0]
    odd = claim.checks[0].but(slack=-2.0)
    claims = (claim.but(checks=(odd,)),)
    (bar,) = bars(review.but(claims=claims))
    assert bar.end is None


def test_links() -> None:
    assert 'href="https://arxiv.org/abs/2403.09889"' in linked("arXiv:2403.09889v2"[:16])
    assert 'href="https://doi.org/10.1109/TC.2017.2690633"' in linked(
        "doi:10.1109/TC.2017.2690633."
    )
    assert 'href="https://example.org/a"' in linked("see https://example.org/a, and")
    assert "href" not in linked("javascript:alert(1)")
    assert "<b>" not in linked("https://example.org/<b>")


def test_certificates_are_linked_only_as_files_of_the_run() -> None:
    assert 'href="certificates/lemma4.json"' in certificate("certificates/lemma4.json")
    for name in (
        "../x.json",
        "/etc/passwd",
        "javascript:alert(1)",
        "//host/x",
        "a b",
        "a/../b",
        "",
    ):
        assert "href" not in certificate(name), name


def test_prose_turns_only_tex_into_formulas() -> None:
    shown = prose("for $n$ <b>points</b> & $5")
    assert shown.count("<math") == 1
    assert "&lt;b&gt;" in shown


def test_anchors_are_stable_and_unique() -> None:
    anchor = Anchors()
    assert anchor("claim", "Lemma 4") == "claim-lemma-4"
    assert anchor("claim", "lemma/4") == "claim-lemma-4-2"
    assert anchor("claim", "Lemma 4") == "claim-lemma-4"
    assert anchor("check", "Lemma 4") == "check-lemma-4"
    assert anchor("claim", "") == "claim-x"


def test_the_audit_shows_answers_witness_certificate_survey_and_needs(audited: Review) -> None:
    page = render_html(audited)
    for answer in ("witness", "none", "unknown"):
        assert f"reason of {answer}" in page
        assert f"answer-{answer}" in page
    assert 'href="certificates/none.json"' in page
    assert re.search(r"The witness at .{1,400}, and how to repeat it", page)
    assert "audit-witness" in page
    assert "Each assumption alone" in page
    assert "check-elsewhere" in page
    assert "<code>relu</code>" in page
    assert "<code>C_KL</code>" in page
    identities = re.findall(r' id="([^"]*)"', page)
    assert len(set(identities)) == len(identities)
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(identities)


def test_how_surely_the_wording_is_known_is_said(review: Review) -> None:
    page = render_html(review)
    assert all(f"wording: {claim.known.value} ·" in page for claim in review.claims)
    assert coverage(review.claims).sentence() in page
