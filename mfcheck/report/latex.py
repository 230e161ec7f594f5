"""The review as LaTeX for authors, with its references as BibTeX beside it; compiles with any engine of today."""

from collections.abc import Iterable, Iterator, Sequence

from mfcheck.claims.audit import AssumptionRecord
from mfcheck.claims.coverage import coverage
from mfcheck.claims.record import CheckRecord, ClaimRecord, Review, Value
from mfcheck.report import numbers, view
from mfcheck.report.legend import LEGEND
from mfcheck.report.questions import QuestionToAuthors, questions
from mfcheck.report.tex import code, is_formula, plain, words
from mfcheck.report.text import one_line

BIBLIOGRAPHY = "references"
"""Name of the BibTeX file that the document reads, without its suffix."""

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern}
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath,amssymb}
\usepackage{longtable}
\usepackage{graphicx}
\usepackage{url}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\sloppy
\emergencystretch=3em
\newsavebox{\fitbox}
\newcommand{\fit}[1]{\sbox{\fitbox}{$\displaystyle #1$}%
  \ifdim\wd\fitbox>\linewidth\[\resizebox{\linewidth}{!}{\usebox{\fitbox}}\]\else\[\usebox{\fitbox}\]\fi}
"""
_LONG = 700


def _value(side: Value | None) -> str:
    if isinstance(side, str):
        return words(side)
    shown = numbers.show(side)
    return plain(shown.text) + (f" (width {plain(shown.width)})" if shown.width else "")


def _items(items: Iterable[str], kind: str = "itemize") -> list[str]:
    lines = [rf"\item {{}}{item}" for item in items]
    return [rf"\begin{{{kind}}}", *lines, rf"\end{{{kind}}}"] if lines else []


def _table(columns: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = [" & ".join(row) + r" \\" for row in rows]
    if not body:
        return []
    head = " & ".join(rf"\textbf{{{plain(h)}}}" for h in heads) + r" \\ \hline \endhead"
    return [rf"\begin{{longtable}}{{{columns}}}", head, *body, r"\end{longtable}"]


def _figures(check: CheckRecord) -> str:
    parts = [f"{check.kind.value}, answer {view.answer(check)}"]
    parts += [f"left side {_value(check.lhs)}"] if check.lhs is not None else []
    parts += [f"right side {_value(check.rhs)}"] if check.rhs is not None else []
    parts += [f"slack {plain(numbers.number(check.slack))}"] if check.slack is not None else []
    parts += [f"error {plain(numbers.number(check.error))}"] if check.error is not None else []
    parts += [f"certificate {code(check.certificate)}"] if check.certificate else []
    parts += [f"which states {code(check.states)}"] if check.states else []
    return "; ".join([*parts, f"seed {check.seed}"])


def _head(review: Review) -> Iterator[str]:
    yield PREAMBLE
    yield rf"\title{{Review of {words(review.title)}}}"
    yield rf"\author{{mfcheck {plain(review.mfcheck)}}}"
    yield r"\date{}"
    yield r"\begin{document}"
    yield r"\maketitle"


def _summary(review: Review) -> Iterator[str]:
    yield r"\section{Summary}"
    if not review.complete:
        missing = ", ".join(map(code, review.missing)) or "not named in the record"
        yield rf"\textbf{{{view.INCOMPLETE}}} Checks that did not run: {missing}."
        yield ""
    yield rf"Paper: {words(review.title)} ({words(review.source)}). {plain(view.sentence(review))}"
    yield ""
    if review.summary:
        yield rf"The paper claims: {words(review.summary)}"
        yield ""
    yield words(coverage(review.claims).sentence())
    setting = [f"{plain(name)}: {code(text)}" for name, text in view.plain_setting(review.setting)]
    versions = ", ".join(f"{plain(k)} {plain(v)}" for k, v in sorted(review.versions.items()))
    first = [f"seed: {review.seed}", f"budget: {plain(review.budget)}"]
    yield from _items([*first, *setting, f"versions: {versions}"])


def _soundness(review: Review) -> Iterator[str]:
    yield r"\section{Soundness}"
    yield "The first reading of a claim is the text as it stands and gives the claim's verdict."
    rows = [
        (words(c.title), words(c.source), plain(r.id), rf"\textbf{{{r.verdict.value}}}")
        for c in review.claims
        for r in c.readings
    ]
    heads = ("Claim", "Where", "Reading", "Verdict")
    yield from _table(r"p{0.35\textwidth}p{0.24\textwidth}p{0.14\textwidth}l", heads, rows)


def _findings(review: Review) -> Iterator[str]:
    yield r"\section{Findings}"
    if not review.findings:
        yield "No findings."
    for severity, group in view.by_severity(review.findings):
        yield rf"\subsection*{{{severity.capitalize()}}}"
        items = []
        for finding in group:
            behind = [
                code(id) + (f": {_figures(located.check)}" if located else "")
                for id, located in view.evidence(review, finding.evidence)
            ]
            behind += [f"reproduce: {code(finding.reproduce)}"] if finding.reproduce else []
            head = f"{words(finding.text)} (claim {code(finding.claim)})"
            items.append("\n".join([head, *_items(behind)]))
        yield from _items(items, "enumerate")


def _question(question: QuestionToAuthors) -> str:
    quoted = words(question.quoted).rstrip(".")
    head = rf"\textbf{{{words(question.about)}}}: {quoted}. {plain(question.asked)}"
    evidence = [
        f"evidence {code(check.id)}: {_figures(check)}"
        + (f"; {words(check.reason)}" if check.reason else "")
        for check in question.checks
    ]
    return "\n".join([head, *_items(evidence)])


def _questions(review: Review) -> Iterator[str]:
    yield r"\section{Questions to the authors}"
    found = _items(map(_question, questions(review)), "enumerate")
    yield from found or ["No questions."]


def _formula(name: str, latex: str) -> list[str]:
    source = one_line(latex)
    named = f"{plain(name)}: " if name else ""
    if len(source) > _LONG or not is_formula(source):
        return [f"{named}a long formula, see {code('review.json')}."]
    return [named.strip(), rf"\fit{{{source}}}"]


def _claim(claim: ClaimRecord) -> Iterator[str]:
    yield rf"\subsection{{{words(claim.title)}}}"
    where = f"{words(claim.source)}; wording: {claim.known.value}"
    yield rf"{words(claim.statement)} ({where}) \quad\textbf{{{claim.verdict.value}}}"
    for reading in claim.readings:
        yield ""
        yield rf"Reading \emph{{{plain(reading.id)}}} (\textbf{{{reading.verdict.value}}}): {words(reading.text)}"
        for name, latex in reading.formulas.items():
            yield from _formula(name, latex)
    yield from _items(
        f"{code(c.id)}: {_figures(c)}"
        + "".join(f"; {words(said)}" for said in (c.domain, c.reason) if said)
        for c in claim.checks
    )


def _audits(review: Review) -> Iterator[str]:
    joint, alone = view.audits(review)
    if not joint:
        return
    means = "; ".join(f"{answer}: {meaning}" for answer, meaning in view.AUDITS.items())
    yield rf"\subsection{{Can they be met?}} {plain(means)}."
    yield from _items(
        rf"{words(a.text)}; {', '.join(map(code, a.assumptions))}: \textbf{{{a.answer}}} ({words(view.audited(a))}); "
        + words(a.reason)
        + (f"; certificate {code(a.certificate)}" if a.certificate else "")
        + f" (claims {', '.join(map(code, a.claims))}; reproduce: {code(a.reproduce)})"
        for a in (*joint, *alone)
    )


def _granted(assumption: AssumptionRecord) -> Iterator[str]:
    if assumption.beyond:
        yield rf"\subsection{{Needed beyond {words(assumption.title)}}}"
        yield from _items(
            f"{words(need)} ({', '.join(map(code, places))})"
            for need, places in assumption.beyond.items()
        )
    rows = [(code(s.name), view.met(s.met), words(s.reason)) for s in assumption.survey]
    yield from _table(
        r"p{0.16\textwidth}p{0.12\textwidth}p{0.6\textwidth}", ("Choice", "Met", "Why"), rows
    )


def _tables(review: Review) -> Iterator[str]:
    if review.assumptions:
        yield r"\section{Assumptions}"
        rows = [
            (words(a.title), view.met(a.met), words(a.statement), words(a.reason))
            for a in review.assumptions
        ]
        widths = r"p{0.17\textwidth}p{0.12\textwidth}p{0.36\textwidth}p{0.22\textwidth}"
        yield from _table(widths, ("Assumption", "Setting", "Statement", "Why"), rows)
        yield from _audits(review)
        for assumption in review.assumptions:
            yield from _granted(assumption)
    if review.constants:
        yield r"\section{Constants}"
        yield from _items(
            "\n".join(
                [f"{code(c.id)}: {_value(c.value)}; {words(c.source)}", *_formula("", c.latex)]
            )
            for c in review.constants
        )


def render_latex(review: Review) -> str:
    """Return the review as a LaTeX document; equal records give equal text.

    It reads `references.bib` (see `render_bibtex`) if that stands beside it.
    """
    lines = [
        *_head(review),
        *_summary(review),
        *_soundness(review),
        *_findings(review),
        *_questions(review),
        r"\section{Details}",
        *(line for claim in review.claims for line in _claim(claim)),
        *_tables(review),
        r"\section{Numbers}",
        *_items(plain(text) for text in LEGEND),
        r"\nocite{*}",
        r"\bibliographystyle{plain}",
        rf"\bibliography{{{BIBLIOGRAPHY}}}",
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"
