"""The picture of a sweep: lines over one swept parameter, a heat map over two."""

import io
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
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
from mfcheck.errors import InputError
from mfcheck.report import numbers
from mfcheck.report.figures import STYLE
from mfcheck.report.sweep import middle
from mfcheck.run.store import write_bytes
from mfcheck.sweep.record import AxisRecord, Outcome, SettingRecord, SweepRecord

SLACK, VERDICT, LEFT, RIGHT = "slack", "verdict", "lhs", "rhs"
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
_ANNOTATED = 80
"""Cells of a heat map that are labelled with their numbers."""
_TICKS = 12
"""Labels of an axis."""


class Target(NamedTuple):
    """What a picture shows: the kind (`slack`, `verdict`, `constant`, `lhs`, `rhs`) and whose it is."""

    kind: str
    id: str


class Shown(NamedTuple):
    """What is shown of one setting: a number with its ends, or a verdict, and the text of its cell."""

    value: float
    low: float
    high: float
    text: str
    verdict: Verdict | None = None


def target_of(
    what: str,
    readings: Sequence[tuple[str, str]],
    constants: Collection[str],
    checks: Collection[str],
) -> Target:
    """Return what `--plot` names: `slack` or `verdict`, with `:CLAIM[/READING]`; a constant; `lhs:CHECK`, `rhs:CHECK`.

    Args:
        what: the text.
        readings: claim and reading of all that is swept, in order.
        constants: ids of those that are swept.
        checks: ids of those that run.

    Raises:
        InputError: there is no such thing in the sweep, or several things are meant.
    """
    kind, _, name = what.partition(":")
    claims = list(dict.fromkeys(claim for claim, _ in readings))
    if what in constants:
        return Target("constant", what)
    if kind in (LEFT, RIGHT):
        if name not in checks:
            raise InputError(f"--plot: unknown check {name[:80]!r}; known: {', '.join(checks)}")
        return Target(kind, name)
    if kind not in (SLACK, VERDICT):
        known = ", ".join([SLACK, VERDICT, *constants])
        raise InputError(
            f"--plot: {what[:60]!r} is none of {known}, lhs:CHECK, rhs:CHECK"
            + ("" if constants else "; no constants are swept: name some with --constants")
        )
    if not name and len(claims) != 1:
        listed = ", ".join(f"{kind}:{claim}" for claim in claims) or "none, as no claim is swept"
        raise InputError(f"--plot {kind} needs the name of a claim: {listed}")
    wanted = name or claims[0]
    for claim, reading in readings:
        if wanted in (claim, f"{claim}/{reading}"):
            return Target(kind, f"{claim}/{reading}")
    raise InputError(f"--plot: no claim {wanted[:60]!r} in this sweep; it has: {', '.join(claims)}")


def each(
    plots: Sequence[str], readings: Sequence[tuple[str, str]], constants: Collection[str]
) -> list[str]:
    """Return the pictures that `--plot` names: `slack` and `verdict` without a claim are those of each claim swept.

    >>> each(["slack"], [("bound", "stated"), ("limit", "stated"), ("limit", "strong")], [])
    ['slack:bound', 'slack:limit']
    """
    claims = list(dict.fromkeys(claim for claim, _ in readings))
    found: list[str] = []
    for what in plots:
        many = what in (SLACK, VERDICT) and what not in constants and len(claims) > 1
        found += [f"{what}:{claim}" for claim in claims] if many else [what]
    return list(dict.fromkeys(found))


def swept_names(axes: Sequence[tuple[str, int]]) -> list[str]:
    """Return the names of the parameters that take several values, given each with the number of its values.

    Raises:
        InputError: a picture is over one or two of them.
    """
    names = [name for name, count in axes if count > 1]
    if not 1 <= len(names) <= 2:
        raise InputError(
            f"--plot is over one or two parameters with several values, not {len(names)}"
        )
    return names


def write_sweep_figures(record: SweepRecord, what: str, folder: Path) -> list[Path]:
    """Draw what `target_of` describes over the swept parameters; return the files, an SVG and a PNG.

    Raises:
        InputError: there is no such thing, or not one or two parameters take several values.
    """
    readings = [(summary.claim, summary.reading) for summary in record.readings]
    done = next((s.outcome for s in record.settings if s.outcome is not None), None)
    checks = [check.id for check in done.checks] if done is not None else []
    target = target_of(what, readings, record.constants, checks)
    names = swept_names([(axis.name, len(axis.values)) for axis in record.axes])
    axes = [axis for axis in record.axes if axis.name in names]
    files = []
    with warnings.catch_warnings(), matplotlib.style.context(["default", STYLE]):
        warnings.simplefilter("ignore")  # degenerate axes are drawn all the same
        figure = _figure(record, target, axes)
        for form in ("svg", "png"):
            path = folder / figure_name(what, form)
            write_bytes(path, _bytes(figure, form))
            files.append(path)
    return files


def figure_name(what: str, form: str) -> str:
    """Return the name of the file of a picture."""
    plain = "".join(char if char.isalnum() or char in "-_." else "-" for char in what)
    return f"sweep-{plain}.{form}"


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


def _figure(record: SweepRecord, target: Target, over: Sequence[AxisRecord]) -> Figure:
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    title = target.id if target.kind == "constant" else f"{target.kind} of {target.id}"
    axes.set_title(f"{record.paper}: {title}", fontsize=10)
    axes.set_xlabel(over[0].name)
    found = [
        (s.but(outcome=None), None if s.outcome is None else shown(s.outcome, target))
        for s in record.settings
    ]
    if target.kind == VERDICT or len(over) == 2:
        sparse = len(over) == 2 and len(over[0].values) * len(over[1].values) > 4 * len(found)
        draw = _scatter if sparse and over[0].numeric and over[1].numeric else _map
        draw(figure, axes, over, found)
    else:
        _lines(axes, over[0], found)
        axes.set_ylabel(title)
    return figure


Found = Sequence[tuple[SettingRecord, Shown | None]]


def _is_wide(values: Sequence[float]) -> bool:
    return bool(values) and min(values) > 0 and max(values) > _WIDE * min(values)


def _lines(axes: Axes, axis: AxisRecord, found: Found) -> None:
    """Draw numbers over one parameter, with their errors; a gap where there is none."""
    order = {value: index for index, value in enumerate(axis.values)}
    place: Callable[[str], float] = (
        (lambda v: float(Fraction(v))) if axis.numeric else order.__getitem__
    )
    by_place = sorted(((place(s.point[axis.name]), one) for s, one in found), key=lambda p: p[0])
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


def _map(figure: Figure, axes: Axes, over: Sequence[AxisRecord], found: Found) -> None:
    """Draw cells at equal distances, one for each combination of values; refused ones hatched, others without value."""
    columns = {value: index for index, value in enumerate(over[0].values)}
    lines = (
        {value: index for index, value in enumerate(over[1].values)} if len(over) > 1 else {"": 0}
    )
    colour = _colours(figure, axes, [one for _, one in found if one is not None])
    for setting, one in found:
        x = columns[setting.point[over[0].name]]
        y = lines[setting.point[over[1].name]] if len(over) > 1 else 0
        hatch = "////" if setting.refused else ("...." if one is None else None)
        face = "#f2f2f2" if one is None else colour(one)
        axes.add_patch(
            Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=face, hatch=hatch, edgecolor="white")
        )
        if one is not None and one.verdict is None and len(columns) * len(lines) <= _ANNOTATED:
            axes.text(x, y, one.text, ha="center", va="center", fontsize=7, color=_ink(face))
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(-0.5, len(lines) - 0.5)
    _ticks(axes.set_xticks, list(columns))
    _ticks(axes.set_yticks, list(lines))
    axes.set_ylabel(over[1].name if len(over) > 1 else "")
    axes.grid(visible=False)


def _scatter(figure: Figure, axes: Axes, over: Sequence[AxisRecord], found: Found) -> None:
    """Draw a point for each setting: drawn ones have no grid."""
    colour = _colours(figure, axes, [one for _, one in found if one is not None])
    places = [[float(Fraction(s.point[axis.name])) for s, _ in found] for axis in over]
    faces = ["#f2f2f2" if one is None else colour(one) for _, one in found]
    axes.scatter(places[0], places[1], c=faces, edgecolors="#888888", linewidths=0.3, s=18)
    for values, scale in zip(places, (axes.set_xscale, axes.set_yscale), strict=True):
        scale("log" if _is_wide(values) else "linear")
    axes.set_ylabel(over[1].name)


def _colours(figure: Figure, axes: Axes, values: Sequence[Shown]) -> Callable[[Shown], str]:
    """Return the colour of each value, and explain them beside the axes."""
    present = [v for v in Verdict if any(one.verdict is v for one in values)]
    if present or not values:
        marks = [Patch(facecolor=COLOURS[v], label=v.value) for v in present]
        if marks:
            figure.legend(handles=marks, loc="outside right center")
        return lambda one: COLOURS[one.verdict or Verdict.UNCHECKED]
    numbers_ = [one.value for one in values]
    ends = (min(numbers_), max(numbers_))
    norm = LogNorm(*ends) if _is_wide(numbers_) else Normalize(*ends)
    shades = matplotlib.colormaps["viridis"]
    figure.colorbar(ScalarMappable(norm, shades), ax=axes)
    return lambda one: to_hex(shades(float(norm(one.value))))


def _ink(face: str) -> str:
    """Return black or white, whichever is read more easily on a colour."""
    red, green, blue = to_rgb(face)
    return "black" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "white"


def _ticks(put: Callable[[Sequence[int], Sequence[str]], object], labels: Sequence[str]) -> None:
    step = max(1, -(-len(labels) // _TICKS))
    put(range(0, len(labels), step), labels[::step])
