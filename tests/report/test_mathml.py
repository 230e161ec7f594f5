from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.report.mathml import _ATTRIBUTES, _ELEMENTS, refused, to_mathml


class Seen(HTMLParser):
    """Elements and attributes of a fragment; fails where they are not nested."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[str] = []
        self.attributes: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


ATTACKS = [
    r"\text{<script>alert(1)</script>}",
    r"\mbox{</math><img src=x onerror=alert(1)>}",
    r"\operatorname{<img src=x onerror=alert(1)>}",
    r"\href{javascript:alert(1)}{x}",
    r"\style{background:url(http://example.org)}{x}",
    r'\class{a" onclick="alert(1)}{x}',
    r'\color{red" onload="alert(1)}{x}',
    r'\hspace{1em" onclick="x}',
    r"\unicode{x3c}script\unicode{x3e}",
    r"<script>alert(1)</script>",
    r"\tag{<script>}",
    "&lt;script&gt;",
]


@pytest.mark.parametrize("latex", ATTACKS)
def test_attacks_stay_text(latex: str) -> None:
    seen = Seen(to_mathml(latex))
    assert set(seen.elements) <= _ELEMENTS | {"code"}
    assert set(seen.attributes) <= _ATTRIBUTES | {"class"}


@given(
    st.lists(
        st.sampled_from(
            (
                *ATTACKS,
                r"\frac{",
                "}{",
                "}",
                r"\left(",
                r"\right)",
                "_",
                "^",
                "'",
                "x",
                r"\\",
                "&",
                r"\begin{cases}",
                r"\end{cases}",
                "\x00",
                "漢",
            )
        ),
        max_size=8,
    ).map("".join)
    | st.text(max_size=30),
    st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_any_latex_gives_only_known_elements(latex: str, block: bool) -> None:
    seen = Seen(to_mathml(latex, block))
    assert set(seen.elements) <= _ELEMENTS | {"code"}
    assert set(seen.attributes) <= _ATTRIBUTES | {"class"}


@pytest.mark.parametrize(
    "latex",
    [
        "",
        " ",
        r"\frac{1}{",
        r"\nosuchcommand{x}",
        r"\newcommand{\a}{\a\a}\a",
        r"\def\a{\a\a}\a",
        "{" * 5000,
        "x" * 30_000,
        "x_1_2",
    ],
)
def test_what_cannot_be_converted_is_shown_as_code(latex: str) -> None:
    page = to_mathml(latex)
    assert page.startswith('<code class="tex">')
    assert Seen(page).words == latex


def test_formulas_of_the_paper_convert() -> None:
    for latex in (
        r"\lambda_{\min}\left(G_{2}\right) \geq \Lambda{\left(d \right)}",
        r"\sum_{r=0}^{\infty} \mu_{r}^{2} \left(r + 1\right)",
        r"\begin{cases} x & \text{for}\: n \geq 2 \\0 & \text{otherwise} \end{cases}",
        r"\left[\begin{matrix}1 & 2\\3 & 4\end{matrix}\right]",
        r"\int\limits_{0}^{1} e^{- \frac{x^{2}}{2}}\, dx",
        r"\sigma_0'''\left(p\right) + \operatorname{erf}{\left(x \right)}",
        r"\left. \frac{d}{d c} c A{\left(c \right)} \right|_{\substack{ c=x }}",
    ):
        assert to_mathml(latex, True).startswith('<math display="block">'), latex


def test_letters_get_the_style_that_browsers_ignore() -> None:
    assert "𝝎" in to_mathml(r"\boldsymbol{\omega}")
    assert "ℝ" in to_mathml(r"\mathbb{R}")
    assert "ℋ" in to_mathml(r"\mathscr{H}")
    assert "mathvariant" not in to_mathml(r"\boldsymbol{\omega}")


def test_primes_stay_together() -> None:
    shown = to_mathml("f_0'''")
    assert shown.count("<msubsup>") == 1
    assert "<msup>" not in shown
    assert shown.count("′") == 3


def test_a_long_chain_of_relations_may_break_between_them() -> None:
    links = [
        rf"\frac{{a_{{{i}}} + b_{{{i}}}}}{{\lambda_{{\min}}(G)}} (x + y + z)" for i in range(5)
    ]
    chain = r" \le ".join(links)
    parts = to_mathml(chain)
    assert parts.count("<math") == 5
    assert Seen(parts).words == Seen(to_mathml(chain, True)).words
    assert to_mathml(r"a \le b").count("<math") == 1


def test_refused_commands() -> None:
    assert refused(r"\href{a}{b}")
    assert refused(r"\let\a=b")
    assert not refused(r"\left(x\right) \leftarrow \unicorn")
