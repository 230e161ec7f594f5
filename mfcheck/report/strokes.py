"""How the curves of a plot are drawn, decided without a drawing library.

Each curve has its own colour, dashes and marker, so that colour is never the only difference.
"""

from typing import NamedTuple

from mfcheck.claims.record import Curve, Plot

SERIES = 6
"""Number of colours; curves beyond it start again, with other dashes."""

DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
_MARKERS = "osD^vP"
_MARKED = 25
_SMALLEST, _LARGEST = 1e-100, 1e100
INK, GRID = "#0a0a01", "#0a0a02"
COLOURS = tuple(f"#0a0b{i:02x}" for i in range(SERIES))


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
