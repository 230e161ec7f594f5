"""The review as one HTML file: no script, no request, formulas as MathML, plots as SVG."""

import math
import re
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from mfcheck.claims.coverage import coverage
from mfcheck.claims.record import Curve, Plot, PowerRecord, Review, Value
from mfcheck.report import numbers, view
from mfcheck.report.bibtex import render_bibtex
from mfcheck.report.graph import draw_graph
from mfcheck.report.legend import LEGEND
from mfcheck.report.mathml import to_mathml
from mfcheck.report.plots import Drawing, describe, draw
from mfcheck.report.strokes import is_marked, stroke
from mfcheck.report.text import clean, one_line, pieces

_LINK = re.compile(
    r"(?P<url>https?://[^\s<>\"'`|\\^{}]+[^\s<>\"'`|\\^{}.,;:)\]])"
    r"|\barXiv[: ]\s?(?P<arxiv>\d{4}\.\d{4,5}(?:v\d+)?)"
    r"|\bdoi:\s?(?P<doi>10\.\d{4,9}/[\w./()-]*\w)",
    re.IGNORECASE,
)
_FILE = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*")
_ROWS = 24
_POINTS = 50
_COORDINATES = 12


class Bar(NamedTuple):
    """A row of the slack chart: the check, and where its bar ends (0 to 100; 1 is at `one`)."""

    located: view.Located
    end: float | None
    one: float


class Anchors:
    """Stable, unique anchors for the parts of a page."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def __call__(self, kind: str, id: str) -> str:
        """Return the anchor of that part; the same part always has the same one."""
        key = (kind, id)
        if key not in self._known:
            stem = f"{kind}-{view.slug(id)}"
            taken = set(self._known.values())
            tries = (stem if i == 1 else f"{stem}-{i}" for i in range(1, len(taken) + 2))
            self._known[key] = next(name for name in tries if name not in taken)
        return self._known[key]


def prose(text: object) -> Markup:
    """Return words with `$...$` as MathML and everything else escaped."""
    return Markup("").join(
        to_mathml(piece.text) if piece.tex else escape(piece.text) for piece in pieces(text)
    )


def _address(match: re.Match[str]) -> str:
    if match["arxiv"]:
        return f"https://arxiv.org/abs/{match['arxiv']}"
    return f"https://doi.org/{quote(match['doi'], safe='/()')}" if match["doi"] else match["url"]


def linked(text: object) -> Markup:
    """Return prose in which web addresses, arXiv ids and DOIs are links."""
    source, result, start = clean(text), Markup(""), 0
    for match in _LINK.finditer(source):
        link = Markup('<a href="{}" rel="noreferrer">{}</a>').format(_address(match), match[0])
        result += prose(source[start : match.start()]) + link
        start = match.end()
    return result + prose(source[start:])


def formula(text: str) -> Markup:
    """Return a formula that may be LaTeX or a plain expression."""
    return (
        to_mathml(text)
        if re.search(r"[\\{^_]", text)
        else Markup("<code>{}</code>").format(clean(text))
    )


def value(side: Value | None) -> Markup:
    """Return one side of a comparison; its unrounded digits stand in the title."""
    if isinstance(side, str):
        return prose(side)
    shown = numbers.show(side)
    if not shown.full:
        return escape(shown.text)
    text = Markup('<span class="num" title="{}">{}</span>').format(shown.full, shown.text)
    width = Markup(' <small class="width">width {}</small>').format(shown.width)
    return text + width if shown.width not in ("", "0") else text


def certificate(name: str) -> Markup:
    """Return a link to a file of the run, or only its name where that is no plain relative path."""
    if _FILE.fullmatch(name):
        return Markup('<a href="{}">{}</a>').format(quote(name), name)
    return Markup("<code>{}</code>").format(clean(name))


def bars(review: Review) -> list[Bar]:
    """Return the slack chart, on a logarithmic scale that holds 1; no bar for a slack that is not positive."""
    checks = view.with_slack(review)
    logs = [math.log10(c.check.slack) for c in checks if c.check.slack and c.check.slack > 0]
    low, high = min([0.0, *logs]), max([0.0, *logs])
    span = max(high - low, 1e-9)

    def at(log: float) -> float:
        return round(2 + 96 * (log - low) / span, 2)

    return [
        Bar(c, at(math.log10(s)) if (s := c.check.slack or 0.0) > 0 else None, at(0.0))
        for c in checks
    ]


def sample(curve: Curve) -> list[tuple[str, str, str]]:
    """Return points of a curve, evenly chosen, as (x, value with its error, unrounded)."""
    total = len(curve.x)
    chosen = sorted({round(i * (total - 1) / (_ROWS - 1)) for i in range(_ROWS)}) if total else []
    return [(numbers.number(curve.x[i]), *_point(curve, i)) for i in chosen]


def _point(curve: Curve, i: int) -> tuple[str, str]:
    if curve.error is None:
        return numbers.number(curve.y[i], 6), repr(curve.y[i])
    shown = numbers.estimate(curve.y[i], curve.error[i])
    return shown.text, shown.full


class _Pictures:
    """Draws each plot once, with ids of its own."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, plot: Plot) -> Drawing:
        self._count += 1
        return draw(plot, f"p{self._count}-")


def environment() -> Environment:
    """Return what templates are rendered with: everything escaped, and the filters of reports."""
    made = Environment(
        loader=PackageLoader("mfcheck.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "prose": prose,
        "linked": linked,
        "formula": formula,
        "value": value,
        "certificate": certificate,
        "math": to_mathml,
        "num": numbers.number,
        "line": one_line,
        "answer": view.answer,
        "met": view.met,
        "orders": view.orders,
        "audited": view.audited,
        "witnessed": view.witnessed,
        "rows": view.rows,
        "plain_setting": view.plain_setting,
        "stroke": stroke,
        "describe": describe,
    }
    made.tests["marked"] = is_marked
    made.globals |= {
        "symbols": view.SYMBOLS,
        "questions": view.QUESTIONS,
        "answers": view.AUDITS,
        "sample": sample,
        "shown_points": _POINTS,
        "shown_coordinates": _COORDINATES,
    }
    return made


def _model(review: Review, power: PowerRecord | None) -> dict[str, Any]:
    anchor = Anchors()
    return {
        "review": review,
        "power": power,
        "sentence": view.sentence(review),
        "coverage": coverage(review.claims).sentence(),
        "counts": view.counts(review),
        "groups": view.by_severity(review.findings),
        "setting": view.plain_setting(review.setting),
        "points": view.rows(review.setting),
        "bars": bars(review),
        "meanings": view.meanings(),
        "legend": LEGEND,
        "incomplete": view.INCOMPLETE,
        "evidence": lambda ids: view.evidence(review, ids),
        "anchor": anchor,
        "audits": view.audits(review),
        "graph": draw_graph(review.constants, anchor),
        "bibtex": render_bibtex(review),
        "picture": _Pictures(),
    }


def render_html(review: Review, power: PowerRecord | None = None, atlas: str = "") -> str:
    """Return the review as one self-contained HTML page; equal records give equal pages.

    Args:
        review: the finished (or interrupted) review.
        power: what became of the planted errors, if they were run.
        atlas: where the index of the site is, of which the page is a part, if any.
    """
    model = _model(review, power) | {"atlas": atlas}
    return environment().get_template("report.html.j2").render(model)
