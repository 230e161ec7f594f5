"""What Jupyter shows of claims, constants, verdicts and runs: small views of the same records as in the reports."""

from collections.abc import Iterable, Sequence
from functools import singledispatch

import sympy as sp
from markupsafe import Markup, escape

from mfcheck.claims.model import Claim, Constant, Formulas, Paper
from mfcheck.claims.record import (
    CheckRecord,
    ClaimRecord,
    ConstantRecord,
    ConstantsRecord,
    PowerRecord,
    Review,
    SimulationRecord,
)
from mfcheck.claims.verdict import Verdict
from mfcheck.report import tex, view
from mfcheck.report.html import formula, prose, value
from mfcheck.report.mathml import refused, to_mathml
from mfcheck.report.numbers import number
from mfcheck.report.plots import draw
from mfcheck.report.text import one_line

_COLOURS = {
    Verdict.PROVED: "#14663a",
    Verdict.CERTIFIED: "#14663a",
    Verdict.SUPPORTED: "#0b5394",
    Verdict.INCONCLUSIVE: "#7a4b00",
    Verdict.REFUTED: "#a3161f",
    Verdict.GAP: "#6a2c91",
    Verdict.VACUOUS: "#6a2c91",
    Verdict.UNCHECKED: "#4d5660",
}
_SERIES = ("#0b5394", "#b3490a", "#1b7a43", "#8a2f8f", "#6b5a00", "#b0214a")
_PLOT_STYLE = ";".join(
    ["max-width:34rem;background:#fff;--muted:#59636e;--rule:#dcdfe3"]
    + [f"--s{index}:{colour}" for index, colour in enumerate(_SERIES)]
)


@singledispatch
def html(shown: object) -> str | None:  # noqa: ARG001
    """Return HTML of an object, None for a class without a view."""
    return None


@singledispatch
def latex(shown: object) -> str | None:  # noqa: ARG001
    """Return what an object states as LaTeX, formulas between dollar signs, None where it states nothing."""
    return None


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    line = Markup("<tr>{}</tr>")
    cells = [line.format(Markup("").join(Markup("<th>{}</th>").format(h) for h in heads))]
    for row in rows:
        left = Markup('<td style="text-align:left">{}</td>')
        cells.append(line.format(Markup("").join(left.format(cell) for cell in row)))
    return Markup("<table>{}</table>").format(Markup("").join(cells))


def _verdict(verdict: Verdict) -> Markup:
    return Markup('<b style="color:{}">{} {}</b>').format(
        _COLOURS[verdict], view.SYMBOLS[verdict], verdict.value
    )


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(one_line(text))


@html.register
def _(shown: Verdict) -> str:
    return str(_verdict(shown))


@html.register
def _(shown: Claim) -> str:
    rows = [(r.id, prose(r.text), _formulas(r.formulas)) for r in shown.readings]
    checks = ", ".join(f"{one_line(c.id)} ({c.kind.value})" for c in shown.checks) or "none"
    return str(
        Markup("<p><b>{}</b> ({})</p><p>{}</p>{}<p>Checks: {}</p>").format(
            prose(shown.title),
            prose(shown.source),
            prose(shown.statement),
            _table(("Reading", "Meaning", "Formulas"), rows),
            checks,
        )
    )


@latex.register(Claim)
@latex.register(ClaimRecord)
def _(shown: Claim | ClaimRecord) -> str:
    return tex.words(shown.statement)


def _formulas(formulas: Formulas) -> Markup:
    lines = (Markup("{}: {}").format(id, to_mathml(sp.latex(f))) for id, f in formulas.items())
    return Markup("<br>").join(lines)


@html.register
def _(shown: Paper) -> str:
    rows = [(_code(c.id), prose(c.title), prose(c.source)) for c in shown.claims]
    head = Markup("<p><b>{}</b><br>{}</p>").format(prose(shown.title), ", ".join(shown.authors))
    return str(head + _table(("Claim", "Title", "Where"), rows))


@html.register
def _(shown: Constant) -> str:
    needs = (
        Markup("<br>needs beyond the paper: {}").format(prose(shown.needs)) if shown.needs else ""
    )
    return str(
        Markup("<p>{} ({}): {}{}</p>").format(
            _code(shown.id), prose(shown.source), to_mathml(_equation(shown)), needs
        )
    )


def _equation(shown: Constant) -> str:
    symbol, formula = sp.latex(shown.symbol), sp.latex(shown.formula)
    return symbol if symbol == formula else f"{symbol} = {formula}"


@latex.register
def _(shown: Constant) -> str:
    return f"${_equation(shown)}$"


def _constant_row(shown: ConstantRecord) -> tuple[object, ...]:
    definition = to_mathml(shown.latex)
    if "=" not in shown.latex:
        definition += " = " + formula(shown.formula)
    return (_code(shown.id), value(shown.value), definition, view.orders(shown.orders))


_CONSTANT_HEADS = ("Constant", "Value", "Definition", "Grows like")


@html.register
def _(shown: ConstantRecord) -> str:
    return str(_table(_CONSTANT_HEADS, [_constant_row(shown)]))


@latex.register
def _(shown: ConstantRecord) -> str | None:
    return None if refused(shown.latex) or "$" in shown.latex else f"${one_line(shown.latex)}$"


@html.register
def _(shown: ConstantsRecord) -> str:
    return str(_table(_CONSTANT_HEADS, map(_constant_row, shown.constants)))


def _check_row(shown: CheckRecord) -> tuple[object, ...]:
    said = "; ".join(filter(None, (shown.domain, shown.reason)))
    sides = value(shown.lhs), value(shown.rhs)
    return (
        _code(shown.id),
        shown.kind.value,
        view.answer(shown),
        *sides,
        number(shown.slack),
        prose(said),
    )


_CHECK_HEADS = ("Check", "Kind", "Answer", "Left side", "Right side", "Slack", "What was covered")


@html.register
def _(shown: CheckRecord) -> str:
    return str(_table(_CHECK_HEADS, [_check_row(shown)]))


@html.register
def _(shown: ClaimRecord) -> str:
    readings = [
        (r.id, _verdict(r.verdict), prose(r.text), prose(r.because)) for r in shown.readings
    ]
    return str(
        Markup("<p>{} <b>{}</b> ({})</p><p>{}</p>{}{}").format(
            _verdict(shown.verdict),
            prose(shown.title),
            prose(shown.source),
            prose(shown.statement),
            _table(("Reading", "Verdict", "Meaning", "Because"), readings),
            _table(_CHECK_HEADS, map(_check_row, shown.checks)),
        )
    )


@html.register
def _(shown: Review) -> str:
    rows = [
        (_code(c.id), _verdict(c.verdict), prose(c.title), prose(c.source)) for c in shown.claims
    ]
    findings = [(f.severity, prose(f.text), _code(f.reproduce)) for f in shown.findings]
    head = Markup("<p><b>{}</b><br>{}</p>").format(prose(shown.title), view.sentence(shown))
    body = _table(("Claim", "Verdict", "Title", "Where"), rows)
    return str(head + body + _table(("Severity", "Finding", "Reproduce"), findings))


@html.register
def _(shown: PowerRecord) -> str:
    rows = [
        (_code(p.id), p.kind, "caught" if p.caught else "missed", prose(p.why_false))
        for p in shown.details
    ]
    head = Markup("<p>{} of {} planted errors caught</p>").format(shown.caught, shown.planted)
    return str(head + _table(("Planted error", "Kind", "Result", "Why it is false"), rows))


@html.register
def _(shown: SimulationRecord) -> str:
    rows = [(_code(name), value(end)) for name, end in shown.final.items()]
    title = "Value" if shown.end_time is None else f"At time {number(shown.end_time)}"
    figures = Markup("").join(
        Markup('<figure style="{}"><figcaption>{}</figcaption>{}</figure>').format(
            _PLOT_STYLE, escape(one_line(plot.title)), draw(plot, f"n{index}-").svg
        )
        for index, plot in enumerate(shown.plots)
    )
    return str(_table(("Quantity", title), rows) + figures)
