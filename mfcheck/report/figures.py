"""Plots as files of their own: SVG with title, axes and legend in it, readable on a white and on a dark page."""

import io
import warnings
from pathlib import Path

import matplotlib.style
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from mfcheck.claims.record import Curve, Plot
from mfcheck.report.plain import plain_prose

STYLE = {
    "svg.hashsalt": "mfcheck",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.2,
    "figure.facecolor": "white",
    "legend.frameon": False,
}
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_MARKERS = "osD^vPX"
_DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


def write_figure(plot: Plot, path: Path) -> None:
    """Write a plot as an SVG file; equal plots give equal files."""
    from mfcheck.run.store import write_text

    write_text(path, svg(plot))


def svg(plot: Plot) -> str:
    """Return a plot as the text of an SVG file."""
    with warnings.catch_warnings(), matplotlib.style.context(["default", STYLE]):
        warnings.simplefilter("ignore")  # degenerate axes are drawn all the same
        buffer = io.BytesIO()
        metadata = {"Date": None, "Creator": None, "Title": plain_prose(plot.title)}
        _figure(plot).savefig(buffer, format="svg", metadata=metadata)
        lines = buffer.getvalue().decode("utf-8").splitlines()
        return "\n".join(line.rstrip() for line in lines) + "\n"


def _figure(plot: Plot) -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for index, curve in enumerate(plot.curves):
        _draw(axes, index, curve)
    axes.set_xscale("log" if plot.x_log else "linear")
    axes.set_yscale("log" if plot.y_log else "linear")
    axes.set_title(plain_prose(plot.title), fontsize=10)
    axes.set_xlabel(plain_prose(plot.x_label))
    axes.set_ylabel(plain_prose(plot.y_label))
    figure.legend(loc="outside right center")
    return figure


def _draw(axes: matplotlib.axes.Axes, index: int, curve: Curve) -> None:
    colour = _COLOURS[index % len(_COLOURS)]
    bound = curve.style == "bound"
    axes.errorbar(
        curve.x,
        curve.y,
        yerr=curve.error,
        label=plain_prose(curve.label),
        color=colour,
        linestyle="none" if curve.style == "points" else (0, (4, 2)) if bound else _dash(index),
        marker="none" if bound else _MARKERS[index % len(_MARKERS)],
        capsize=2.5,
        elinewidth=1.0,
    )


def _dash(index: int) -> str | tuple[int, tuple[float, ...]]:
    return _DASHES[index // len(_COLOURS) % len(_DASHES)]
