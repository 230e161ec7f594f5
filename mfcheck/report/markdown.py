"""The review in the Markdown and TeX that OpenReview renders, in the order of a review.

OpenReview runs GitHub-flavoured Markdown first and MathJax over its result: text is escaped for both, and TeX is
rewritten so that Markdown finds nothing to change in it.
"""

import re
from collections.abc import Iterable, Sequence

from mfcheck.claims.audit import AssumptionRecord
from mfcheck.claims.coverage import coverage
from mfcheck.claims.record import CheckRecord, ClaimRecord, Finding, ReadingRecord, Review, Value
from mfcheck.report import numbers, view
from mfcheck.report.legend import LEGEND
from mfcheck.report.mathml import refused
from mfcheck.report.questions import QuestionToAuthors, questions
from mfcheck.report.text import clean, one_line, pieces

_MARKUP = re.compile(
    r"([*\[\]|~]|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!?])|&(?=[#\w]))|([\\$`])",
    re.ASCII,
)
"""What may be markup where it stands: a line below between letters, or a sign before a blank, is none."""
_BLOCK = re.compile(r"^(?:(\d+)(?=[.)](?:\s|$))|(?=[-+=](?:[-+=\s]|$))|( ?)(?=[>#]))")
_TEX = {
    r"\{": r"\lbrace ",
    r"\}": r"\rbrace ",
    r"\|": r"\Vert ",
    r"\,": r"\thinspace ",
    r"\:": r"\medspace ",
    r"\;": r"\thickspace ",
    r"\!": r"\negthinspace ",
    r"\ ": r"\quad ",
    r"\\": r"\cr ",
    "_": " _ ",
    "*": r"\ast ",
    "|": r"\vert ",
    "<": r"\lt ",
    ">": r"\gt ",
    "[": r"\lbrack ",
    "]": r"\rbrack ",
    "~": r"\quad ",
    "&": " & ",
    "'": r"\prime ",
}
_PRIMES = re.compile(r"'+")
_TEX_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
_WORDS = re.compile(
    r"\\(?:text[a-z]*|mbox|operatorname)\s*\{[^}]*(?:_|[^\w\s{}:,.-])|\\[A-Za-z]+\*"
)
_UNSAFE = re.compile(r"\\(?![A-Za-z])|[`$#!]")
_BARE_PIPE = re.compile(r"(?<!\\)\|")
_TICKS = re.compile(r"`+")


def code(text: object) -> str:
    """Return text as a code span that Markdown and MathJax leave alone."""
    # In a table no parser can be told a pipe after a backslash.
    words = one_line(text).replace("\\|", "\\ |")
    if not words:  # an empty list item would turn the line above it into a heading
        return "–"
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(words)), default=0))
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def _escaped(match: re.Match[str]) -> str:
    if match[1]:
        return f"\\{match[1]}"
    # A backslash or dollar outside code would reach MathJax whatever Markdown makes of it.
    return "`` ` ``" if match[2] == "`" else f"`{match[2]}`"


def escape(text: object) -> str:
    """Return words on one line in which neither Markdown nor MathJax finds markup."""
    words = _inside(text)
    return _BLOCK.sub(lambda m: f"{m[1] or m[2] or ''}\\", words)


def _inside(text: object) -> str:
    """Return words escaped that stand behind others, where nothing begins a block."""
    return _MARKUP.sub(_escaped, re.sub(r"\s+", " ", clean(text)))


def tex(latex: str) -> str:
    r"""Return a formula between dollar signs, or as code where Markdown would change it.

    >>> print(tex(r"\lambda_{\min}(G_2) \ge 0"))
    $\lambda _ {\min}(G _ 2) \ge 0$
    """
    source = one_line(latex)
    whole = _PRIMES.sub(lambda run: "^{" + r"\prime " * len(run[0]) + "}", source)
    written = "".join(_TEX.get(token, token) for token in _TEX_TOKEN.findall(whole))
    if not source or refused(source) or _WORDS.search(source) or _UNSAFE.search(written):
        return code(latex)
    return f"${' '.join(written.split())}$"


def prose(text: object) -> str:
    """Return words escaped, with `$...$` kept as TeX."""
    parts = list(pieces(text))
    first = "".join(tex(p.text) if p.tex else escape(p.text) for p in parts[:1])
    return (first + "".join(tex(p.text) if p.tex else _inside(p.text) for p in parts[1:])).strip()


def value(side: Value | None) -> str:
    """Return one side of a comparison."""
    if isinstance(side, str):
        return prose(side)
    shown = numbers.show(side)
    width = f" (width {shown.width})" if shown.width not in ("", "0") else ""
    return escape(shown.text + width)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [
        "| " + " | ".join(_BARE_PIPE.sub(r"\|", cell) for cell in line) + " |" for line in lines
    ] + [""]


def _figures(check: CheckRecord) -> str:
    """Return the numbers of a check with their error and seed."""
    parts = [f"{check.kind.value}, answer {view.answer(check)}"]
    parts += [f"left side {value(check.lhs)}"] if check.lhs is not None else []
    parts += [f"right side {value(check.rhs)}"] if check.rhs is not None else []
    parts += [f"slack {numbers.number(check.slack)}"] if check.slack is not None else []
    parts += [f"error {numbers.number(check.error)}"] if check.error is not None else []
    return "; ".join([*parts, f"seed {check.seed}"])


def _interruption(review: Review) -> list[str]:
    if review.complete:
        return []
    missing = ", ".join(code(id) for id in review.missing)
    named = (
        f"Checks that did not run: {missing}."
        if missing
        else "The record does not name the missing checks."
    )
    return [f"> **{view.INCOMPLETE}** {named}", ""]


def _contents(review: Review) -> list[str]:
    """Return the table of contents, without links: OpenReview gives headings no anchors."""
    parts = ["Summary", "Soundness", "Findings", "Questions to the authors", "Details"]
    parts += ["Assumptions"] if review.assumptions else []
    parts += ["Constants"] if review.constants else []
    parts += ["References"] if review.references else []
    return [f"Contents: {', '.join(parts)}.", ""]


def _summary(review: Review) -> list[str]:
    setting = [
        f"- {escape(name)}: {code(text)}" for name, text in view.plain_setting(review.setting)
    ]
    if review.setting.get("sha256") is None:
        setting.append("- sha256: none, no data file was read")
    versions = ", ".join(f"{escape(k)} {escape(v)}" for k, v in sorted(review.versions.items()))
    return [
        "## Summary",
        "",
        f"Paper: {prose(review.title)} ({prose(review.source)}), reviewed as {code(review.paper)}.",
        "",
        *([f"The paper claims: {prose(review.summary)}", ""] if review.summary else []),
        view.sentence(review),
        "",
        escape(coverage(review.claims).sentence()),
        "",
        f"- seed: {review.seed}",
        f"- budget: {escape(review.budget)}",
        *setting,
        f"- versions: mfcheck {escape(review.mfcheck)}{', ' + versions if versions else ''}",
        "",
    ]


def _soundness(review: Review) -> list[str]:
    rows = [
        (prose(c.title), prose(c.source), escape(r.id), f"**{r.verdict.value}**", prose(r.because))
        for c in review.claims
        for r in c.readings
    ]
    return [
        "## Soundness",
        "",
        "The first reading of a claim is the text as it stands and gives the claim's verdict.",
        "",
        *_table(("Claim", "Where", "Reading", "Verdict", "Because"), rows),
    ]


def _finding(review: Review, number: int, finding: Finding) -> list[str]:
    lines = [f"{number}. {prose(finding.text)} (claim {code(finding.claim)})"]
    for id, located in view.evidence(review, finding.evidence):
        lines.append(f"    - {code(id)}{': ' + _figures(located.check) if located else ''}")
    return [*lines, f"    - reproduce: {code(finding.reproduce)}"] if finding.reproduce else lines


def _findings(review: Review) -> list[str]:
    lines = ["## Findings", ""]
    for severity, group in view.by_severity(review.findings):
        lines += [f"### {escape(severity.capitalize())}", ""]
        for number, finding in enumerate(group, 1):
            lines += [*_finding(review, number, finding), ""]
    return lines if review.findings else [*lines, "No findings.", ""]


def _question(number: int, question: QuestionToAuthors) -> list[str]:
    quoted = prose(question.quoted)
    stop = "" if quoted.endswith((".", "?", "!")) else "."
    lines = [f"{number}. **{prose(question.about)}**: {quoted}{stop} {question.asked}"]
    for check in question.checks:
        reason = f"; {prose(check.reason)}" if check.reason else ""
        lines.append(f"    - evidence {code(check.id)}: {_figures(check)}{reason}")
    return lines


def _questions(review: Review) -> list[str]:
    asked = [_question(number, question) for number, question in enumerate(questions(review), 1)]
    body = [line for lines in asked for line in [*lines, ""]]
    return ["## Questions to the authors", "", *(body or ["No questions.", ""])]


def _reading(reading: ReadingRecord) -> list[str]:
    formulas = [f"    - {escape(name)}: {tex(latex)}" for name, latex in reading.formulas.items()]
    return [
        f"- Reading {escape(reading.id)} (**{reading.verdict.value}**): {prose(reading.text)}",
        *formulas,
    ]


def _check(check: CheckRecord) -> tuple[str, ...]:
    notes = [prose(check.domain), prose(check.reason)]
    notes += [f"certificate {code(check.certificate)}"] if check.certificate else []
    notes += [f"it states: {code(check.states)}"] if check.states else []
    return (
        code(check.id),
        check.kind.value,
        f"{escape(check.reading)}: {check.question.value}",
        view.answer(check),
        value(check.lhs),
        value(check.rhs),
        numbers.number(check.slack),
        numbers.number(check.error),
        str(check.cases),
        numbers.number(check.seconds, 3),
        str(check.seed),
        "; ".join(note for note in notes if note),
    )


_CHECK_HEADS = (
    "Check",
    "Kind",
    "Asks",
    "Answer",
    "Left side",
    "Right side",
    "Slack",
    "Error",
    "Cases",
    "Seconds",
)


def _claim(claim: ClaimRecord) -> list[str]:
    readings = [line for reading in claim.readings for line in _reading(reading)]
    under = ", ".join(code(id) for id in claim.assumptions)
    about = [prose(claim.source), f"wording: {claim.known.value}"]
    about += [f"under {under}"] if under else []
    return [
        f"### {prose(claim.title)}",
        "",
        f"{prose(claim.statement)} ({'; '.join(about)})",
        "",
        *readings,
        "",
        *_table((*_CHECK_HEADS, "Seed", "Notes"), map(_check, claim.checks)),
    ]


def _assumptions(review: Review) -> list[str]:
    rows = [
        (prose(a.title), view.met(a.met), prose(a.statement), prose(a.reason))
        for a in review.assumptions
    ]
    table = _table(("Assumption", "This setting", "Statement", "Why"), rows)
    more = [line for assumption in review.assumptions for line in _granted(assumption)]
    return ["### Assumptions", "", *table, *_audits(review), *more] if rows else []


def _audits(review: Review) -> list[str]:
    joint, alone = view.audits(review)
    rows = [
        (
            prose(a.text),
            ", ".join(code(id) for id in a.assumptions),
            f"**{a.answer}** ({prose(view.audited(a))})",
            prose(a.reason) + (f"; certificate {code(a.certificate)}" if a.certificate else ""),
            ", ".join(code(id) for id in a.claims),
            code(a.reproduce),
        )
        for a in (*joint, *alone)
    ]
    means = "; ".join(f"{answer}: {meaning}" for answer, meaning in view.AUDITS.items())
    heads = ("Where", "Assumptions", "Answer", "Why", "Claims", "Reproduce")
    return (
        [f"Can they be met together where the claims speak? {means}.", "", *_table(heads, rows)]
        if rows
        else []
    )


def _granted(assumption: AssumptionRecord) -> list[str]:
    lines = [
        f"- Needed beyond {prose(assumption.title)}: {prose(need)} ({', '.join(map(code, places))})"
        for need, places in assumption.beyond.items()
    ]
    rows = [(code(s.name), view.met(s.met), prose(s.reason)) for s in assumption.survey]
    table = (
        [f"{prose(assumption.title)}:", "", *_table(("Choice", "Met", "Why"), rows)] if rows else []
    )
    return [*lines, "", *table] if lines else table


def _constants(review: Review) -> list[str]:
    rows = [
        (
            code(c.id),
            tex(c.latex),
            value(c.value),
            escape(c.evidence),
            escape(view.orders(c.orders)),
            prose(c.source),
        )
        for c in review.constants
    ]
    table = _table(("Constant", "Definition", "Value", "Evidence", "Grows like", "Source"), rows)
    return ["### Constants", "", *table] if rows else []


def _references(review: Review) -> list[str]:
    lines = [f"{i}. {prose(reference)}" for i, reference in enumerate(review.references, 1)]
    return ["## References", "", *lines, ""] if lines else []


def render_markdown(review: Review) -> str:
    """Return the review as Markdown with TeX; equal records give equal text."""
    details = [line for claim in review.claims for line in _claim(claim)]
    lines = [
        f"# Review of {prose(review.title)}",
        "",
        *_interruption(review),
        *_contents(review),
        *_summary(review),
        *_soundness(review),
        *_findings(review),
        *_questions(review),
        "## Details",
        "",
        escape(" ".join(LEGEND)),
        "",
        *details,
        *_assumptions(review),
        *_constants(review),
        *_references(review),
    ]
    return "\n".join(lines).rstrip() + "\n"
