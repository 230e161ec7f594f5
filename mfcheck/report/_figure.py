"""Curves drawn by matplotlib, which is imported here alone: that takes longer than most commands."""

import io
import math
import re
import warnings
from xml.etree import ElementTree

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, NullLocator

from mfcheck.claims.record import Curve, Plot
from mfcheck.report.strokes import COLOURS, DASHES, GRID, INK, Points, Stroke, is_marked, stroke

_BARS = 40
_STYLE = {
    "svg.hashsalt": "mfcheck",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.2,
    "figure.figsize": (4.6, 2.7),
    "xtick.minor.size": 2,
    "ytick.minor.size": 0,
}


_POWER = re.compile(r"\$\\mathdefault\{(?:(-?[\d.]+)\\times)?(-?)10\^\{(-?\d+)\}\}\$")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_THRESHOLDS = (1.5, 0.5)
"""Decades above which minor ticks are left out, and below which all of them have labels."""
_PAD = 4.0
"""Points between labels and the edge of the picture."""


class _Powers(LogFormatterSciNotation):
    """Writes 10⁻³ as plain text, which is laid out many times faster than a formula."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        text = super().__call__(x, pos)
        found = _POWER.fullmatch(text)
        if found is None:
            return text
        factor = f"{found[1]}·" if found[1] else ""
        return f"{factor}{found[2]}10{found[3].translate(_RAISED)}"


class _PlainTicks(LogFormatterSciNotation):
    """Writes 200 for 2 x 10^2 where a logarithmic axis spans handy numbers."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return f"{x:g}" if super().__call__(x, pos) else ""


def _scale(axis: Axis, log: bool) -> None:
    if not log:
        return
    low, high = axis.get_view_interval()
    handy = low >= 1e-2 and high <= 1e5
    axis.set_major_formatter(_PlainTicks() if handy else _Powers())
    if high > low * 10 ** _THRESHOLDS[0]:
        axis.set_minor_locator(NullLocator())
        return
    ticks = _PlainTicks if handy else _Powers
    axis.set_minor_formatter(ticks(minor_thresholds=_THRESHOLDS))


def _floor(plot: Plot, points: list[Points]) -> float:
    """Return where error bars that reach 0 end on a log axis."""
    if not plot.y_log:
        return -math.inf
    return 0.5 * min(
        v for p in points for y, e in zip(p.y, p.error, strict=True) for v in (y, y - e) if v > 0
    )


def _errors(axes: Axes, points: Points, floor: float, colour: str, as_band: bool) -> None:
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


def _curve(axes: Axes, index: int, curve: Curve, points: Points, floor: float) -> None:
    how = stroke(index)
    colour = COLOURS[how.colour]
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
    return (0, (4, 2)) if curve.style == "bound" else DASHES[how.dash]


def _figure(plot: Plot, points: list[Points]) -> Figure:
    figure = Figure()
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_xscale("log" if plot.x_log else "linear")
    axes.set_yscale("log" if plot.y_log else "linear")
    floor = _floor(plot, points)
    for index, (curve, shown) in enumerate(zip(plot.curves, points, strict=True)):
        if shown.x:
            _curve(axes, index, curve, shown, floor)
    axes.grid(visible=False, which="minor")
    _scale(axes.xaxis, plot.x_log)
    _scale(axes.yaxis, plot.y_log)
    _fit(figure, axes, canvas)
    return figure


def _fit(figure: Figure, axes: Axes, canvas: FigureCanvasAgg) -> None:
    """Give the axes all the room that their tick labels leave: one layout, where a layout engine makes four."""
    taken = axes.get_tightbbox(canvas.get_renderer())  # type: ignore[no-untyped-call]
    if taken is None:
        return
    inner, whole, pad = axes.get_window_extent(), figure.bbox, _PAD * figure.dpi / 72
    figure.subplots_adjust(
        left=(inner.x0 - taken.x0 + pad) / whole.width,
        right=1 - (max(0.0, taken.x1 - inner.x1) + pad) / whole.width,
        bottom=(inner.y0 - taken.y0 + pad) / whole.height,
        top=1 - (max(0.0, taken.y1 - inner.y1) + pad) / whole.height,
    )


def _svg(figure: Figure) -> ElementTree.Element:
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


def render(plot: Plot, points: list[Points]) -> ElementTree.Element:
    """Return matplotlib's SVG of a plot, in stand-in colours."""
    with warnings.catch_warnings(), matplotlib.style.context(["default", _STYLE]):
        # Degenerate axes (one point, equal values) are drawn all the same.
        warnings.simplefilter("ignore")
        return _svg(_figure(plot, points))
