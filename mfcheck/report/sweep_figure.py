"""The picture of a sweep: lines over one swept parameter, a heat map over two, panels of them over a third."""

import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from mfcheck.claims.record import Estimate, Interval, Value
from mfcheck.claims.verdict import Verdict
from mfcheck.report import numbers
from mfcheck.report.figures import STYLE
from mfcheck.report.sweep import middle
from mfcheck.report.sweep_pictures import (
    LEFT,
    SLACK,
    VERDICT,
    Target,
    figure_name,
    layout,
    target_of,
)
from mfcheck.run.store import write_bytes
from mfcheck.sweep.record import AxisRecord, Outcome, SettingRecord, SweepRecord

COLOURS: Mapping[Verdict, str] = {
    Verdict.PROVED: "#00543d",
    Verdict.CERTIFIED: "#009e73",
    Verdict.SUPPORTED: "#56b4e9",
    Verdict.INCONCLUSIVE: "#f0e442",
    Verdict.REFUTED: "#d55e00",
    Verdict.GAP: "#cc79a7",
    Verdict.VACUOUS: "#8a5a83",
    Verdict.UNCHECKED: "#bbbbbb",
}
_WIDE = 30.0
"""Ratio of the greatest to the least number beyond which a scale is logarithmic."""
_WORDS, _ROWS = 12, 20
"""Numbers beside each other, and above each other, that can be read in the cells of a heat map."""
_COLUMNS = 3
"""Panels in a row."""
_TICKS = 12
"""Labels of an axis."""
_EMPTY, _DARK = "#f2f2f2", "#888888"


class Shown(NamedTuple):
    """What is shown of one setting: a number with its ends, or a verdict, and the text of its cell."""

    value: float
    low: float
    high: float
    text: str
    verdict: Verdict | None = None


def write_sweep_figures(record: SweepRecord, what: str, folder: Path) -> list[Path]:
    """Draw what `target_of` describes over the swept parameters; return the files, an SVG and a PNG.

    Raises:
        InputError: there is no such thing, or `layout` cannot draw over so many parameters.
    """
    readings = [(summary.claim, summary.reading) for summary in record.readings]
    done = next((s.outcome for s in record.settings if s.outcome is not None), None)
    checks = [check.id for check in done.checks] if done is not None else []
    target = target_of(what, readings, record.constants, checks)
    files = []
    with warnings.catch_warnings(), matplotlib.style.context(["default", STYLE]):
        warnings.simplefilter("ignore")  # degenerate axes are drawn all the same
        figure = _figure(record, target)
        for form in ("svg", "png"):
            path = folder / figure_name(what, form)
            write_bytes(path, _bytes(figure, form))
            files.append(path)
    return files


def _bytes(figure: Figure, form: str) -> bytes:
    buffer = io.BytesIO()
    plain = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
    figure.savefig(buffer, format=form, dpi=160, metadata=plain)
    return buffer.getvalue()


# --- what is shown ---------------------------------------------------------------------------------------------------


def shown(outcome: Outcome, target: Target) -> Shown | None:
    """Return what a picture shows of a setting; None where there is nothing."""
    if target.kind in (SLACK, VERDICT):
        at = next(r for r in outcome.readings if f"{r.claim}/{r.reading}" == target.id)
        if target.kind == VERDICT:
            return Shown(0.0, 0.0, 0.0, at.verdict.value, at.verdict)
        return None if at.slack is None else _plain(at.slack)
    if target.kind == "constant":
        return _number(next(c.value for c in outcome.constants if c.id == target.id))
    check = next(c for c in outcome.checks if c.id == target.id)
    return _number(check.lhs if target.kind == LEFT else check.rhs)


def _plain(value: float) -> Shown | None:
    return Shown(value, value, value, numbers.number(value, 3)) if isfinite(value) else None


def _number(value: Value | None) -> Shown | None:
    centre = middle(value)
    if centre is None or not isfinite(centre):
        return None
    ends = (centre, centre)
    if isinstance(value, Interval):
        ends = (float(value.lower), float(value.upper))
    elif isinstance(value, Estimate):
        ends = (centre - value.error, centre + value.error)
    if not (isfinite(ends[0]) and isfinite(ends[1])):
        return None
    return Shown(centre, *ends, numbers.number(centre, 3))


# --- drawing ---------------------------------------------------------------------------------------------------------


class Cell(NamedTuple):
    """What is drawn of one setting: its point, and what is shown there, or why there is nothing."""

    point: Mapping[str, str]
    shown: Shown | None
    why: str = ""


REFUSED, LEFT_OUT, WITHOUT = "refused by the paper", "not run yet", "no value"
_HATCHES = {REFUSED: "////", LEFT_OUT: "", WITHOUT: "...."}
Found = Sequence[Cell]


def _cell(setting: SettingRecord, target: Target) -> Cell:
    if setting.outcome is None:
        return Cell(setting.point, None, REFUSED if setting.refused else LEFT_OUT)
    one = shown(setting.outcome, target)
    return Cell(setting.point, one, "" if one is not None else WITHOUT)


def _figure(record: SweepRecord, target: Target) -> Figure:
    names = layout([(axis.name, len(axis.values)) for axis in record.axes])
    axes = {axis.name: axis for axis in record.axes}
    over = [axes[name] for name in names.over]
    found = [_cell(setting, target) for setting in record.settings]
    title = target.id if target.kind == "constant" else f"{target.kind} of {target.id}"
    label = f"{target.kind}: right side over left side" if target.kind == SLACK else title
    panels = [""] if names.panels is None else list(axes[names.panels].values)
    figure, places = _panels(len(panels))
    figure.suptitle(f"{record.paper}: {title}", fontsize=10)
    mapped = target.kind == VERDICT or len(over) == 2
    colour = _colours(figure, places, found, label) if mapped else None
    for place, value in zip(places, panels, strict=True):
        here = found
        if names.panels is not None:
            here = [cell for cell in found if cell.point[names.panels] == value]
            place.set_title(f"{names.panels} = {value}", fontsize=9)
        place.set_xlabel(over[0].name)
        place.set_ylabel("" if mapped and len(over) == 1 else over[1].name if mapped else label)
        if colour is None:
            _lines(place, over[0], here)
        else:
            _cells(place, over, here, colour, _WORDS // min(_COLUMNS, len(panels)))
        place.label_outer()
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many panels, a few in a row."""
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    size = (6.4, 4.0) if count == 1 else (max(6.4, 3.2 * columns + 1), 3.0 * rows + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    places = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    for place in places[count:]:
        place.remove()
    return figure, places[:count]


Colour = Callable[[Shown], str]


def _is_wide(values: Sequence[float]) -> bool:
    return bool(values) and min(values) > 0 and max(values) > _WIDE * min(values)


def _lines(axes: Axes, axis: AxisRecord, found: Found) -> None:
    """Draw numbers over one parameter, with their errors; a gap where there is none."""
    order = {value: index for index, value in enumerate(axis.values)}
    place: Callable[[str], float] = (
        (lambda v: float(Fraction(v))) if axis.numeric else order.__getitem__
    )
    by_place = sorted(((place(c.point[axis.name]), c.shown) for c in found), key=lambda p: p[0])
    x = [at for at, _ in by_place]
    y = [float("nan") if one is None else one.value for _, one in by_place]
    error = [
        [0.0 if one is None else max(0.0, one.value - one.low) for _, one in by_place],
        [0.0 if one is None else max(0.0, one.high - one.value) for _, one in by_place],
    ]
    style = "-" if axis.numeric else "none"
    axes.errorbar(x, y, yerr=error, marker="o", linestyle=style, color="#0072b2", capsize=2.5)
    values = [one.value for _, one in by_place if one is not None]
    if axis.numeric:
        axes.set_xscale("log" if _is_wide(x) else "linear")
    else:
        axes.set_xticks(range(len(order)), list(order))
    axes.set_yscale("log" if _is_wide(values) else "linear")
    if not values:
        axes.text(0.5, 0.5, "no value in any setting", transform=axes.transAxes, ha="center")


def _cells(
    axes: Axes, over: Sequence[AxisRecord], found: Found, colour: Colour, labels: int
) -> None:
    """Draw settings as cells, with their numbers if so many fit beside each other; as points where most are empty."""
    sparse = len(over) == 2 and len(over[0].values) * len(over[1].values) > 4 * len(found)
    if sparse and over[0].numeric and over[1].numeric:
        _scatter(axes, over, found, colour)
        return
    _map(axes, over, found, colour)
    rows = len(over[1].values) if len(over) > 1 else 1
    if len(over[0].values) <= labels and rows <= _ROWS:
        _label(axes, over, found, colour)


def _map(axes: Axes, over: Sequence[AxisRecord], found: Found, colour: Colour) -> None:
    """Draw cells at equal distances, one for each combination of values."""
    for (x, y), cell in _placed(over, found):
        face = _EMPTY if cell.shown is None else colour(cell.shown)
        axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=face, edgecolor="white"))
        if hatch := _HATCHES.get(cell.why):
            axes.add_patch(_hatched((x - 0.5, y - 0.5), hatch))
    rows = over[1].values if len(over) > 1 else ()
    axes.set_xlim(-0.5, len(over[0].values) - 0.5)
    axes.set_ylim(-0.5, max(1, len(rows)) - 0.5)
    _ticks(axes.set_xticks, over[0].values)
    _ticks(axes.set_yticks, rows)
    axes.grid(visible=False)


def _label(axes: Axes, over: Sequence[AxisRecord], found: Found, colour: Colour) -> None:
    """Write the number of each cell into it."""
    for (x, y), cell in _placed(over, found):
        if cell.shown is not None and cell.shown.verdict is None:
            ink = _ink(colour(cell.shown))
            axes.text(x, y, cell.shown.text, ha="center", va="center", fontsize=7, color=ink)


def _placed(over: Sequence[AxisRecord], found: Found) -> Iterator[tuple[tuple[int, int], Cell]]:
    """Yield column and row of each cell."""
    orders = [{value: index for index, value in enumerate(axis.values)} for axis in over]
    for cell in found:
        place = [order[cell.point[axis.name]] for order, axis in zip(orders, over, strict=True)]
        yield (place[0], place[1] if len(place) > 1 else 0), cell


def _hatched(corner: tuple[float, float], hatch: str) -> Rectangle:
    return Rectangle(corner, 1, 1, facecolor="none", edgecolor=_DARK, linewidth=0, hatch=hatch)


def _scatter(axes: Axes, over: Sequence[AxisRecord], found: Found, colour: Colour) -> None:
    """Draw a point for each setting: drawn ones have no grid; a cross where there is nothing to show."""
    there = [cell for cell in found if cell.shown is not None]
    for cells, look in (
        (there, {"c": [colour(cell.shown) for cell in there if cell.shown], "marker": "o"}),
        ([cell for cell in found if cell.shown is None], {"c": _DARK, "marker": "x"}),
    ):
        places = [[float(Fraction(cell.point[axis.name])) for cell in cells] for axis in over]
        axes.scatter(places[0], places[1], s=18, linewidths=0.7, **look)
    for axis, scale in zip(over, (axes.set_xscale, axes.set_yscale), strict=True):
        scale("log" if _is_wide([float(Fraction(value)) for value in axis.values]) else "linear")


def _colours(figure: Figure, places: Sequence[Axes], found: Found, label: str) -> Colour:
    """Return the colour of each value, and explain them beside the axes, with what the hatches mean."""
    values = [cell.shown for cell in found if cell.shown is not None]
    present = [v for v in Verdict if any(one.verdict is v for one in values)]
    marks = [Patch(facecolor=COLOURS[v], label=v.value) for v in present]
    marks += [
        Patch(facecolor=_EMPTY, edgecolor=_DARK, linewidth=0, hatch=_HATCHES[why], label=why)
        for why in dict.fromkeys(cell.why for cell in found if cell.why)
    ]
    if present:
        figure.legend(handles=marks, loc="outside right center")
    elif marks:
        figure.legend(handles=marks, loc="outside lower center", ncols=len(marks))
    if present or not values:
        return lambda one: COLOURS[one.verdict or Verdict.UNCHECKED]
    numbers_ = [one.value for one in values]
    ends = (min(numbers_), max(numbers_))
    norm = LogNorm(*ends) if _is_wide(numbers_) else Normalize(*ends)
    shades = matplotlib.colormaps["viridis"]
    figure.colorbar(ScalarMappable(norm, shades), ax=places, label=label)
    return lambda one: to_hex(shades(float(norm(one.value))))


def _ink(face: str) -> str:
    """Return black or white, whichever is read more easily on a colour."""
    red, green, blue = to_rgb(face)
    return "black" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "white"


def _ticks(put: Callable[[Sequence[int], Sequence[str]], object], labels: Sequence[str]) -> None:
    step = max(1, -(-len(labels) // _TICKS))
    put(range(0, len(labels), step), labels[::step])
