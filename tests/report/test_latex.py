import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck import load_paper, paper_ids
from mfcheck.claims.coverage import coverage
from mfcheck.claims.record import Review
from mfcheck.report.latex import PREAMBLE, render_latex
from mfcheck.report.tex import COMMANDS, code, is_formula, math, plain, words
from mfcheck.report.text import pieces

OURS = {
    "allowbreak",
    "documentclass",
    "usepackage",
    "setlength",
    "parindent",
    "parskip",
    "sloppy",
    "title",
    "author",
    "date",
    "begin",
    "end",
    "maketitle",
    "section",
    "subsection",
    "textbf",
    "texttt",
    "emph",
    "item",
    "textwidth",
    "hline",
    "endhead",
    "quad",
    "nocite",
    "bibliographystyle",
    "bibliography",
    "textbackslash",
    "textbraceleft",
    "textbraceright",
    "textasciicircum",
    "textasciitilde",
    "textasciigrave",
    "textless",
    "textgreater",
    "textbar",
    "textquotesingle",
    "textquotedbl",
    "ldots",
    "checkmark",
    "blacksquare",
}
TOKEN = re.compile(r"\\([A-Za-z]+|.)|(.)", re.DOTALL)
INNER = {"itemize", "enumerate", "longtable", "document"}


def check_document(text: str) -> None:
    """See that braces, dollars, displays and environments are closed, and that every command is one of ours."""
    text = re.sub(
        r"^\\fit\{(.*)\}$", r"\\[ \1 \\]", text.removeprefix(PREAMBLE), flags=re.MULTILINE
    )
    braces, dollar, opened = 0, False, []
    for match in TOKEN.finditer(text):
        name, char = match[1], match[2]
        if char in ("{", "}"):
            braces += 1 if char == "{" else -1
            assert braces >= 0
        elif char == "$":
            dollar = not dollar
        elif char == "%":
            raise AssertionError("a comment")
        elif char in ("#", "~", "&", "^", "_"):
            assert char in ("~", "&") or dollar or opened[-1:] == ["["], char
        elif name == "[":
            opened.append("[")
        elif name == "]":
            assert opened.pop() == "["
        elif name in ("begin", "end"):
            end = re.compile(r"\{([A-Za-z]+)\}").match(text, match.end())
            assert end is not None
            if end[1] in INNER:
                if name == "begin":
                    opened.append(end[1])
                else:
                    assert opened.pop() == end[1]
        elif name is not None and name.isalpha():
            assert name in OURS | COMMANDS, name
    assert (braces, dollar, opened) == (0, False, [])
    assert text.isascii() or all(ord(c) < 0x180 for c in text)


def test_the_document_is_closed_and_complete(review: Review) -> None:
    text = render_latex(review)
    check_document(text)
    for claim in review.claims:
        assert words(claim.title) in text
        assert all(code(check.id) in text for check in claim.checks)
    assert all(code(finding.reproduce) in text for finding in review.findings)
    assert words(coverage(review.claims).sentence()) in text
    kept = [check.certificate for claim in review.claims for check in claim.checks]
    assert all(f"certificate {code(name)}" in text for name in kept if name)
    assert all(code(constant.id) in text for constant in review.constants)
    order = [text.index(rf"\section{{{s}}}") for s in ("Summary", "Soundness", "Findings")]
    assert order == sorted(order)
    assert render_latex(review) == text


def test_an_interrupted_review_says_so(review: Review) -> None:
    text = render_latex(review.but(complete=False, missing=("a_b",)))
    assert rf"did not run: {code('a_b')}." in text


@settings(max_examples=40)
@given(st.data())
def test_hostile_records_reach_no_command(
    hostile: st.SearchStrategy[Review], data: st.DataObject
) -> None:
    check_document(render_latex(data.draw(hostile)))


@given(st.text(max_size=40))
def test_plain_words_hold_no_markup(text: str) -> None:
    check_document(plain(text))
    check_document(code(text))
    check_document(words(text))
    check_document(math(text))


def test_what_is_not_known_is_refused() -> None:
    for good in (r"\lambda_{\min}(G_2) \ge \frac{1}{2}", r"\left(\frac{a}{b}\right)^{2}", r"a'"):
        assert is_formula(good)
        assert math(good) == f"${good}$"
    for bad in (
        r"\input{/etc/passwd}",
        r"\write18{ls}",
        r"\def\x{1}",
        r"\text{\include{x}}",
        r"\begin{verbatim}x\end{verbatim}",
        r"\begin{matrix}x",
        r"\left( x",
        "a % b",
        "x_1_2",
        "}{",
        "x^",
        "\\",
        "é",
        "",
    ):
        assert not is_formula(bad), bad
        check_document(math(bad))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_no_box_is_overfull(audited: Review, tmp_path: Path) -> None:
    long = audited.constants[0].but(latex=r"\sum_{i=1}^{n} x_{i} + " * 20 + "1", id="an_id_" * 12)
    review = audited.but(constants=(*audited.constants, long))
    (tmp_path / "report.tex").write_text(render_latex(review), encoding="utf-8")
    words = ["pdflatex", "-interaction=nonstopmode", "report.tex"]
    subprocess.run(words, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    log = (tmp_path / "report.log").read_text(encoding="latin-1")
    assert "Output written on report.pdf" in log
    assert [line for line in log.splitlines() if line.startswith("Overfull")] == []


@pytest.mark.parametrize("id", paper_ids())
def test_the_formulas_of_the_papers_are_set_as_formulas(id: str) -> None:
    paper = load_paper(id)
    formulas = [f for c in paper.claims for r in c.readings for f in r.formulas.values()]
    latex = [sp.latex(f) for f in formulas] + [sp.latex(c.symbol) for c in paper.constants]
    assert latex
    assert [text for text in latex if len(text) < 4000 and not is_formula(text)] == []
    said = [word for c in paper.claims for word in (c.title, c.statement, c.source)]
    said += [r.text for c in paper.claims for r in c.readings]
    in_words = [p.text for text in said for p in pieces(text) if p.tex]
    assert [text for text in in_words if not is_formula(" ".join(text.split()))] == []


def test_hyphens_and_quotes_stay_as_typed() -> None:
    typed = r"\texttt{a -{}-\allowbreak{}set x=\allowbreak{}\textquotesingle{}1\textquotesingle{}}"
    assert code("a --set x='1'") == typed
    assert code("a-b/c_d") == r"\texttt{a-\allowbreak{}b/\allowbreak{}c\_\allowbreak{}d}"
    assert plain("[0.1, 0.2] ± λ") == r"{[}0.1, 0.2{]} $\pm$ $\lambda$"


def test_the_audit_is_a_list(audited: Review) -> None:
    text = render_latex(audited)
    check_document(text)
    for answer in ("witness", "none", "unknown"):
        assert rf"\textbf{{{answer}}}" in text
        assert f"reason of {answer}" in text
    assert r"\subsection{Needed beyond" in text
    assert r"\texttt{relu}" in text
