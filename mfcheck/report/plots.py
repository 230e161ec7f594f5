"""Plots as inline SVG: curves, error bars and scales only; all words stand beside them, as text of the page.

Colours are names that the page's style sheet defines for light, dark and print. Each curve also has its own dashes
and marker, so that colour is never the only difference.
"""

import io
import math
import re
import warnings
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup, escape

from mfcheck.claims.record import Curve, Plot
from mfcheck.report.text import one_line

if TYPE_CHECKING:  # importing matplotlib takes longer than most commands
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = 6
"""Number of colours; curves beyond it start again, with other dashes."""

_DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
_MARKERS = "osD^vP"
_MARKED = 25
_BARS = 40
_SMALLEST, _LARGEST = 1e-100, 1e100
_INK, _GRID = "#0a0a01", "#0a0a02"
_COLOURS = tuple(f"#0a0b{i:02x}" for i in range(SERIES))
_NAMES = {_INK: "var(--muted)", _GRID: "var(--rule)"} | {
    colour: f"var(--s{i})" for i, colour in enumerate(_COLOURS)
}
_STYLE = {
    "svg.hashsalt": "mfcheck",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": _INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.2,
    "figure.figsize": (4.6, 2.7),
    "axes.formatter.use_mathtext": True,
    "xtick.minor.size": 2,
    "ytick.minor.size": 0,
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
    turn = (index + index // SERIES) % len(_DASHES)
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


def _floor(plot: Plot, points: list[Points]) -> float:
    """Return where error bars that reach 0 end on a log axis."""
    if not plot.y_log:
        return -math.inf
    return 0.5 * min(
        v for p in points for y, e in zip(p.y, p.error, strict=True) for v in (y, y - e) if v > 0
    )


def _errors(axes: "Axes", points: Points, floor: float, colour: str, as_band: bool) -> None:
    low = [max(y - e, min(floor, y)) for y, e in zip(points.y, points.error, strict=True)]
    high = [y + e for y, e in zip(points.y, points.error, strict=True)]
    if as_band:
        axes.fill_between(points.x, low, high, color=colour, alpha=0.22, linewidth=0)
        return
    bars = [
        [y - v for y, v in zip(points.y, low, strict=True)],
        [v - y for y, v in zip(points.y, high, strict=True)],
    ]
    axes.errorbar(
        points.x,
        points.y,
        yerr=bars,
        fmt="none",
        ecolor=colour,
        elinewidth=1.1,
        capsize=2.5,
        zorder=3,
    )


def _curve(axes: "Axes", index: int, curve: Curve, points: Points, floor: float) -> None:
    how = stroke(index)
    colour = _COLOURS[how.colour]
    marked = is_marked(curve)
    if curve.error is not None:
        _errors(axes, points, floor, colour, len(points.x) > _BARS and curve.style != "points")
    axes.plot(
        points.x,
        points.y,
        color=colour,
        linestyle="none" if curve.style == "points" else _dash(curve, how),
        marker=how.marker if marked else "none",
        markeredgewidth=0,
        zorder=3 if marked else 2,
    )


def _dash(curve: Curve, how: Stroke) -> str | tuple[int, tuple[float, ...]]:
    return (0, (4, 2)) if curve.style == "bound" else _DASHES[how.dash]


def _figure(plot: Plot, points: list[Points]) -> "Figure":
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.set_xscale("log" if plot.x_log else "linear")
    axes.set_yscale("log" if plot.y_log else "linear")
    floor = _floor(plot, points)
    for index, (curve, shown) in enumerate(zip(plot.curves, points, strict=True)):
        if shown.x:
            _curve(axes, index, curve, shown, floor)
    axes.grid(visible=False, which="minor")
    return figure


def _svg(figure: "Figure") -> ElementTree.Element:
    buffer = io.BytesIO()
    figure.savefig(
        buffer,
        format="svg",
        transparent=True,
        metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
    )
    return ElementTree.fromstring(
        buffer.getvalue()
    )  # matplotlib's own output, no foreign text in it


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
    curves = "; ".join(one_line(curve.label) for curve in plot.curves)
    return one_line(f"{plot.title}. {plot.y_label} against {plot.x_label}. Curves: {curves}.")


def draw(plot: Plot, prefix: str) -> Drawing:
    """Draw a plot as one SVG element; every id in it starts with the prefix, so that plots can share a page."""
    import matplotlib.style

    points = [drawable(plot, curve) for curve in plot.curves]
    omitted = sum(p.omitted for p in points)
    if not any(p.x for p in points):
        return Drawing(Markup(""), omitted)
    with warnings.catch_warnings(), matplotlib.style.context(["default", _STYLE]):
        # Degenerate axes (one point, equal values) are drawn all the same.
        warnings.simplefilter("ignore")
        root = _svg(_figure(plot, points))
    inside = "".join(_write(child, prefix) for child in root)
    view = re.sub(r"[^0-9. -]", "", root.get("viewBox", ""))
    head = Markup('<svg class="plot" viewBox="{}" role="img" aria-label="{}">')
    return Drawing(head.format(view, describe(plot)) + Markup(inside + "</svg>"), omitted)
