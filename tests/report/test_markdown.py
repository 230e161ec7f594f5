import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mfcheck.claims.coverage import coverage
from mfcheck.claims.record import Review
from mfcheck.report.legend import LEGEND
from mfcheck.report.markdown import code, escape, prose, render_markdown, tex
from mfcheck.report.text import one_line

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SPAN = {"text", "code_inline", "softbreak"}


def inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or [token]


def shown(markdown: str) -> str:
    """What is left for MathJax: words outside code, code as a blank."""
    tokens = inline(PARSER.parse(markdown))
    return "".join(t.content if t.type == "text" else " " for t in tokens if t.type in SPAN)


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_escaped_words_are_only_words(
    hostile_text: st.SearchStrategy[str], data: st.DataObject
) -> None:
    words = data.draw(hostile_text)
    tokens = PARSER.parse(f"- {escape(words)}")
    kinds = {t.type for t in inline(tokens) if not t.nesting}
    assert kinds <= SPAN
    assert {t.type for t in tokens} <= {
        "bullet_list_open",
        "list_item_open",
        "paragraph_open",
        "inline",
        "paragraph_close",
        "list_item_close",
        "bullet_list_close",
    }
    left = "".join(t.content for t in inline(tokens) if t.type == "text")
    assert "$" not in left
    assert "\\" not in left


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_code_keeps_the_words(hostile_text: st.SearchStrategy[str], data: st.DataObject) -> None:
    words = data.draw(hostile_text)
    spans = [t.content for t in inline(PARSER.parse(f"- {code(words)}")) if t.type == "code_inline"]
    if "\\|" not in words:
        assert spans == ([one_line(words)] if one_line(words) else [])


@pytest.mark.parametrize(
    "latex",
    [
        r"\lambda_{\min}(G_2(\tau_0,\nu_0)) \ge \Lambda(d)",
        r"\mathrm{KL}(\tau_t\,\|\,\tau_0) \le \frac{C_{KL}}{\lambda_0^2 \bar\beta^2}",
        r"\sigma_0'''\left(p\right) + a^* b^*",
        r"|x_i| < 1, E[x](y)",
        r"\begin{cases} x & \text{for}\: n \geq 2 \\0 & \text{otherwise} \end{cases}",
        r"\{x\}_{i=1}^n ~ y",
        r"a_1 b_2 c_3 *d* __e__",
        r"\left. A \right|_{\substack{ c=c_{ij} }}",
    ],
)
def test_markdown_changes_nothing_in_a_formula(latex: str) -> None:
    written = tex(latex)
    assert written.startswith("$")
    assert shown(written) == written
    table = PARSER.parse(f"| a |\n| --- |\n| {written} |\n")
    assert [t.content for t in inline(table) if t.type == "text"] == ["a", written]


@given(st.text(alphabet=r"ab12_^{}\$*[]()<>|&~'!#`., ", max_size=30))
@settings(deadline=None, max_examples=500)
def test_any_formula_is_left_alone_or_code(latex: str) -> None:
    written = tex(latex)
    if written.startswith("$"):
        assert shown(f"x {written}") == f"x {written}"
        assert written.count("$") == 2
    else:
        assert "$" not in shown(f"x {written}")


def test_the_formula_stays_the_same() -> None:
    assert tex(r"\|x\|_2 \le \{1,\,2\}") == (
        r"$\Vert x\Vert _ 2 \le \lbrace 1,\thinspace 2\rbrace$"
    )
    assert tex(r"a'' \\ b") == r"$a^{\prime \prime } \cr b$"
    assert tex(r"\text{a_b}") == r"`\text{a_b}`"


def test_sections_come_in_the_order_of_a_review(review: Review) -> None:
    heads = re.findall(r"^## (.*)$", render_markdown(review), re.MULTILINE)
    assert heads == [
        "Summary",
        "Soundness",
        "Findings",
        "Questions to the authors",
        "Details",
        "References",
    ]


def test_it_says_what_error_width_and_slack_are(review: Review) -> None:
    text = render_markdown(review).replace("\\", "")
    for words in LEGEND:
        assert words in text


def test_the_verdict_table(review: Review) -> None:
    text = render_markdown(review)
    for claim in review.claims:
        for reading in claim.readings:
            row = rf"^\| .* \| {reading.id} \| \*\*{reading.verdict.value}\*\* \| .* \|$"
            assert re.search(row, text, re.MULTILINE)


def test_findings_have_numbers_seed_and_command(review: Review) -> None:
    text = render_markdown(review)
    assert "reproduce: `mfcheck check scaled-resnets:lemma4 --seed 20240309`" in text
    evidence = next(line for line in text.splitlines() if "`theorem5.kl-tau.flow`: sim" in line)
    for words in ("0.00235 ± 5e-5", "slack 388.3", "error 4.1e-5", "seed 20240309"):
        assert words in evidence


def test_questions_have_evidence(review: Review) -> None:
    text = render_markdown(review).partition("## Questions")[2].partition("## Details")[0]
    assert text.count("evidence `") == 3
    none = review.but(claims=review.claims[1:3], constants=())
    assert "No questions." in render_markdown(none)


def test_an_interrupted_review_says_so(review: Review) -> None:
    assert "interrupted" not in render_markdown(review)
    partial = review.but(complete=False, missing=("a.b",))
    text = render_markdown(partial)
    assert "This review is not complete: it was interrupted, or its time was over" in text
    assert "Checks that did not run: `a.b`." in text


def test_tables_are_tables(review: Review) -> None:
    tokens = PARSER.parse(render_markdown(review))
    assert sum(t.type == "table_open" for t in tokens) == 1 + len(review.claims) + 2


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_no_string_of_a_record_becomes_markup(
    hostile: st.SearchStrategy[Review], data: st.DataObject
) -> None:
    review = data.draw(hostile)
    text = render_markdown(review)
    text.encode("utf-8")
    tokens = PARSER.parse(text)
    kinds = {t.type for t in inline(tokens)}
    assert not kinds & {
        "html_block",
        "html_inline",
        "link_open",
        "image",
        "fence",
        "code_block",
        "em_open",
    }
    assert sum(t.type == "table_open" for t in tokens) == (
        1
        + len(review.claims)
        + bool(review.assumptions)
        + bool(review.assumptions and review.audits)
        + sum(bool(assumption.survey) for assumption in review.assumptions)
        + bool(review.constants)
    )
    level_two = [t for t in tokens if t.type == "heading_open" and t.tag == "h2"]
    assert len(level_two) == 5 + bool(review.references)


def test_words_and_formulas_mixed() -> None:
    assert prose("for $n_1$ points_x, $5") == "for $n _ 1$ points_x, `$`5"


def test_signs_that_are_no_markup_where_they_stand_are_left_alone() -> None:
    words = "k <= 1 < 2 > 0 & value_range of A & B, #3"
    assert escape(words) == words
    assert shown(escape(words)) == words
    for markup in ("<b>", "_x_", "&amp;", "> a", "# a", "[a](b)", "*a*", "a <!-- b"):
        assert escape(markup) != markup
        assert shown(escape(markup)) == markup
    assert escape("1. x") == r"1\. x"
    assert escape("0.001") == "0.001"
    assert escape("- x") == r"\- x"
    assert escape("-2.5") == "-2.5"


def test_the_audit_is_a_table(audited: Review) -> None:
    text = render_markdown(audited)
    assert "**witness** (certified)" in text
    assert "**none** (certified proof, for $n \\gt 8$)" in text
    assert "**unknown** (no proof)" in text
    assert "certificate `certificates/none.json`" in text
    assert "`mfcheck check audit-unknown`" in text
    assert "Needed beyond" in text
    assert "`relu`" in text


def test_how_surely_the_wording_is_known_is_said(review: Review) -> None:
    text = render_markdown(review)
    assert all(f"; wording: {claim.known.value}" in text for claim in review.claims)
    assert text.index("Contents: Summary, Soundness") < text.index("## Summary")
    assert coverage(review.claims).sentence() in text
