"""Plots as inline SVG: curves, error bars and scales only; all words stand beside them, as text of the page.

Colours are names that the page's style sheet defines for light, dark and print. Each curve also has its own dashes
and marker, so that colour is never the only difference.
"""

import re
from typing import NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup, escape

from mfcheck.claims.record import Curve, Plot
from mfcheck.report.plain import plain_prose

SERIES = 6
"""Number of colours; curves beyond it start again, with other dashes."""

DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
_MARKERS = "osD^vP"
_MARKED = 25
_SMALLEST, _LARGEST = 1e-100, 1e100
INK, GRID = "#0a0a01", "#0a0a02"
COLOURS = tuple(f"#0a0b{i:02x}" for i in range(SERIES))
_NAMES = {INK: "var(--muted)", GRID: "var(--rule)"} | {
    colour: f"var(--s{i})" for i, colour in enumerate(COLOURS)
}


class Stroke(NamedTuple):
    """How a curve is drawn: colour number, dash pattern, marker letter."""

    colour: int
    dash: int
    marker: str


class Points(NamedTuple):
    """The points of a curve that its axes can show; `omitted` counts those that a log axis cannot."""

    x: list[float]
    y: list[float]
    error: list[float]
    omitted: int


class Drawing(NamedTuple):
    """A drawn plot: SVG ("" where nothing could be drawn), and the number of points left out."""

    svg: Markup
    omitted: int


def stroke(index: int) -> Stroke:
    """Return how the curve of that index is drawn."""
    turn = (index + index // SERIES) % len(DASHES)
    return Stroke(index % SERIES, turn, _MARKERS[index % len(_MARKERS)])


def _fits(number: float, log: bool) -> bool:
    """Say whether an axis can hold the number: scales beyond these bounds overflow when ticks are placed."""
    return _SMALLEST <= number <= _LARGEST if log else abs(number) <= _LARGEST


def drawable(plot: Plot, curve: Curve) -> Points:
    """Return the points of a curve that the plot's axes can show."""
    errors = curve.error or (0.0,) * len(curve.y)
    kept = [
        (x, y, e)
        for x, y, e in zip(curve.x, curve.y, errors, strict=True)
        if _fits(x, plot.x_log) and _fits(y, plot.y_log) and e <= _LARGEST
    ]
    x, y, e = (list(column) for column in zip(*kept, strict=True)) if kept else ([], [], [])
    return Points(x, y, e, len(curve.x) - len(kept))


def is_marked(curve: Curve) -> bool:
    """Return whether the curve's points carry markers: few measured values do, formulas do not."""
    few = curve.error is not None and len(curve.x) <= _MARKED
    return curve.style == "points" or (curve.style == "line" and few)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _value(text: str) -> str:
    for colour, name in _NAMES.items():
        text = text.replace(colour, name)
    return text


def _write(element: ElementTree.Element, prefix: str) -> str:
    """Write an element for inlining: ids made unique, no clip paths, style sheets or metadata."""
    tag = _local(element.tag)
    if tag in ("metadata", "style", "clipPath"):
        return ""
    attributes = ""
    for key, value in element.attrib.items():
        name = _local(key)
        if name == "clip-path":
            continue
        if name == "id":
            value = prefix + value
        elif name == "href":
            value = f"#{prefix}{value.removeprefix('#')}"
        attributes += f' {name}="{escape(_value(value))}"'
    inside = "".join(_write(child, prefix) for child in element)
    return f"<{tag}{attributes}>{inside}</{tag}>"


def describe(plot: Plot) -> str:
    """Return what the plot shows, for those who cannot see it."""
    curves = "; ".join(plain_prose(curve.label) for curve in plot.curves)
    return plain_prose(f"{plot.title}. {plot.y_label} against {plot.x_label}. Curves: {curves}.")


def draw(plot: Plot, prefix: str) -> Drawing:
    """Draw a plot as one SVG element; every id in it starts with the prefix, so that plots can share a page."""
    from mfcheck.report._figure import render

    points = [drawable(plot, curve) for curve in plot.curves]
    omitted = sum(p.omitted for p in points)
    if not any(p.x for p in points):
        return Drawing(Markup(""), omitted)
    root = render(plot, points)
    inside = "".join(_write(child, prefix) for child in root)
    view = re.sub(r"[^0-9. -]", "", root.get("viewBox", ""))
    head = Markup('<svg class="plot" viewBox="{}" role="img" aria-label="{}">')
    return Drawing(head.format(view, describe(plot)) + Markup(inside + "</svg>"), omitted)
