"""Plots as inline SVG: curves, error bars and scales only; all words stand beside them, as text of the page.

Colours are names that the page's style sheet defines for light, dark and print.
"""

import re
from typing import NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup, escape

from mfcheck.claims.record import Plot
from mfcheck.report.plain import plain_prose
from mfcheck.report.strokes import COLOURS, GRID, INK, drawable

_NAMES = {INK: "var(--muted)", GRID: "var(--rule)"} | {
    colour: f"var(--s{i})" for i, colour in enumerate(COLOURS)
}


class Drawing(NamedTuple):
    """A drawn plot: SVG ("" where nothing could be drawn), and the number of points left out."""

    svg: Markup
    omitted: int


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
