"""A sweep as tables: on the terminal, as Markdown, as CSV and as Parquet."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from mfcheck.claims.record import Estimate, Interval, Value
from mfcheck.errors import InputError, reason
from mfcheck.report import numbers
from mfcheck.report.markdown import escape
from mfcheck.report.table import line, table, text
from mfcheck.sweep.record import ConstantAt, ReadingSummary, SettingRecord, Slice, SweepRecord

SHOWN = 12
"""Values of an axis that the terminal shows, and readings that it shows value by value are `DETAILED` at most."""
DETAILED = 4
CAUTION = "Nothing is said of settings that were not tried."
LISTED = 500
"""Settings that Markdown lists one by one."""

Cell = str | float | None
Row = dict[str, Cell]


# --- all settings ----------------------------------------------------------------------------------------------------


def settings_table(record: SweepRecord) -> list[Row]:
    """Return a row for each setting: the swept values, and verdicts, slacks and constants under names of their own.

    A certified constant has bounds `lower` and `upper` as decimal strings, one from a simulation `value` and `error`.
    """
    rows = [_row(record, setting) for setting in record.settings]
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]


def _row(record: SweepRecord, setting: SettingRecord) -> Row:
    row: Row = {**setting.point, "refused": setting.refused or None, "seconds": None}
    found = setting.outcome
    if found is None:
        return row
    row["seconds"] = round(found.seconds, 6)
    for at in found.readings:
        name = f"{at.claim}/{at.reading}"
        row |= {name: at.verdict.value, f"{name} slack": at.slack, f"{name} reason": at.reason}
    for constant in found.constants:
        row |= {f"{constant.id} {part}": value for part, value in _parts(constant).items()}
    if record.claims:
        row["unmet assumptions"] = ", ".join(found.unmet)
    return row


def _parts(constant: ConstantAt) -> Row:
    value = constant.value
    if isinstance(value, Interval):
        return {"lower": value.lower, "upper": value.upper}
    if isinstance(value, Estimate):
        return {"value": value.value, "error": value.error}
    return {"reason": constant.reason}


def csv_text(record: SweepRecord) -> str:
    """Return all settings as CSV, worked out one by one."""
    names = dict.fromkeys(name for setting in record.settings for name in _row(record, setting))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(names), lineterminator="\n")
    writer.writeheader()
    for setting in record.settings:
        writer.writerow(_row(record, setting))
    return buffer.getvalue()


def write_parquet(record: SweepRecord, path: Path) -> None:
    """Write all settings as a Parquet file.

    Swept numbers, slacks and constants are doubles there, bounds of constants rounded outwards; `NAME (exact)` holds a
    swept number as it was stated.

    Raises:
        InputError: pyarrow is not installed, or the file cannot be written.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise InputError("Parquet needs pyarrow: pip install 'mfcheck[parquet]'") from None
    rows = settings_table(record)
    numeric = [axis.name for axis in record.axes if axis.numeric]
    columns: dict[str, Any] = {}
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        if name in numeric:
            columns[f"{name} (exact)"] = pa.array(values, pa.string())
        columns[name] = _column(pa, name, values, name in numeric)
    try:
        parquet.write_table(pa.table(columns), path)
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {reason(error)}") from None


def _column(pa: Any, name: str, values: Sequence[Cell], numeric: bool) -> Any:
    if numeric:
        return pa.array([float(Fraction(str(v))) for v in values], pa.float64())
    if name.endswith((" lower", " upper")):
        outwards = -math.inf if name.endswith(" lower") else math.inf
        bounds = [None if v is None else _outwards(str(v), outwards) for v in values]
        return pa.array(bounds, pa.float64())
    if name == "seconds" or name.endswith((" slack", " value", " error")):
        return pa.array(values, pa.float64())
    return pa.array(values, pa.string())


def _outwards(decimal: str, side: float) -> float:
    """Return a double that is on that side of a decimal, or equal to it."""
    nearest = float(decimal)
    if not math.isfinite(nearest):
        return nearest
    beyond = (
        (Fraction(nearest) > Fraction(decimal))
        if side < 0
        else (Fraction(nearest) < Fraction(decimal))
    )
    return math.nextafter(nearest, side) if beyond else nearest


# --- summaries -------------------------------------------------------------------------------------------------------


def _point(point: dict[str, str] | None) -> str:
    return "" if point is None else ", ".join(f"{name}={value}" for name, value in point.items())


def _verdicts(counts: dict[str, int]) -> str:
    return ", ".join(f"{verdict} {count}" for verdict, count in counts.items())


def _head(record: SweepRecord) -> str:
    total = record.refused + record.finished + record.left
    words = f"{record.paper}: {total} settings, {record.finished} finished"
    words += f", {record.refused} refused by the paper" if record.refused else ""
    words += f", {record.left} still to run" if record.left else ""
    return f"{words}; budget {record.budget}, seed {record.seed}"


def _summary_rows(record: SweepRecord) -> tuple[list[str], list[list[str]]]:
    heads = ["reading", "verdicts", "least slack", "first failure"]
    rows = []
    for summary in record.readings:
        first = summary.failures[0] if summary.failures else None
        slack = numbers.number(summary.slack)
        rows.append(
            [
                f"{summary.claim}/{summary.reading}",
                _verdicts(summary.verdicts),
                f"{slack} at {_point(summary.point)}" if summary.point else slack,
                "–" if first is None else f"{first.verdict.value} at {_point(first.point)}",
            ]
        )
    return heads, rows


def _doubt(summary: ReadingSummary) -> str:
    """Return why the first setting that was left open was."""
    doubt = summary.doubt
    return "" if doubt is None else f" Open first at {_point(doubt.point)}: {doubt.reason}."


def _slice_rows(slices: Sequence[Slice]) -> tuple[list[str], list[list[str]]]:
    heads = [slices[0].axis if slices else "", "settings", "verdicts", "least slack"]
    rows = [
        [s.value, str(s.settings), _verdicts(s.verdicts), numbers.number(s.slack)] for s in slices
    ]
    return heads, rows


def _axes(summary: ReadingSummary) -> Iterable[tuple[str, list[Slice]]]:
    for name in dict.fromkeys(s.axis for s in summary.slices):
        found = [s for s in summary.slices if s.axis == name]
        if len(found) > 1:
            yield name, found


def middle(value: Value | None) -> float | None:
    """Return the middle of an enclosure, or the value of an estimate; None where there is no number."""
    if isinstance(value, Interval):
        ends = float(value.lower), float(value.upper)
        return ends[0] if ends[0] == ends[1] else ends[0] / 2 + ends[1] / 2
    return value.value if isinstance(value, Estimate) else None


def _constant_rows(record: SweepRecord) -> tuple[list[str], list[list[str]]]:
    """Return the least and the greatest value of each constant, as far as the middles of enclosures tell."""
    found: dict[str, list[tuple[float, str, str]]] = {id: [] for id in record.constants}
    missing = dict.fromkeys(record.constants, 0)
    for setting in record.settings:
        for constant in setting.outcome.constants if setting.outcome is not None else ():
            number = middle(constant.value)
            if number is None or math.isnan(number):
                missing[constant.id] += 1
            else:
                shown = numbers.show(constant.value).text
                found[constant.id].append((number, shown, _point(setting.point)))
    rows = []
    for id, values in found.items():
        ends = [min(values, default=None), max(values, default=None)]
        told = ["–" if end is None else f"{end[1]} at {end[2]}" for end in ends]
        if len({shown for _, shown, _ in values}) == 1:
            told = [f"{values[0][1]} in every setting", ""]
        rows.append([id, *told, str(missing[id])])
    return ["constant", "least", "greatest", "without a value"], rows


def print_sweep(record: SweepRecord, console: Console) -> None:
    """Print what a sweep found."""
    line(console, _head(record))
    if record.readings:
        line(console, "")
        _print(console, *_summary_rows(record))
    if len(record.readings) <= DETAILED:
        for summary in record.readings:
            for name, slices in _axes(summary):
                line(console, "")
                line(console, f"{summary.claim}/{summary.reading} along {name}")
                _print(console, *_slice_rows(slices[:SHOWN]))
                if len(slices) > SHOWN:
                    line(console, f"... and {len(slices) - SHOWN} more values")
    if record.constants:
        line(console, "")
        _print(console, *_constant_rows(record))
    if record.readings:
        line(console, "")
        line(console, f"Where does it hold? {CAUTION}")
    for summary in record.readings:
        line(console, f"- {summary.sentence}{_doubt(summary)}")


def _print(console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    cells: list[list[Text]] = [[text(console, cell) for cell in row] for row in rows]
    table(console, heads, cells)


def render_sweep(record: SweepRecord) -> str:
    """Return what a sweep found as Markdown, with every setting if there are not too many."""
    lines = [f"# {escape(record.title)}", "", f"Sweep of {escape(_head(record))}.", ""]
    if record.readings:
        lines += [f"Where does it hold? {CAUTION}", ""]
        lines += [*(f"- {escape(s.sentence + _doubt(s))}" for s in record.readings), ""]
    lines += _markdown(*_summary_rows(record)) if record.readings else []
    for summary in record.readings:
        for name, slices in _axes(summary):
            lines += [f"## {escape(f'{summary.claim}/{summary.reading} along {name}')}", ""]
            lines += _markdown(*_slice_rows(slices))
    if record.constants:
        lines += ["## Constants", "", *_markdown(*_constant_rows(record))]
    lines += ["## Settings", ""]
    lines += _markdown(*_setting_rows(record))
    if len(record.settings) > LISTED:
        lines += [f"... and {len(record.settings) - LISTED} more; all are in `table.csv`.", ""]
    return "\n".join(lines)


def _setting_rows(record: SweepRecord) -> tuple[list[str], list[list[str]]]:
    """Return the verdicts by setting, each with its slack."""
    names = [f"{summary.claim}/{summary.reading}" for summary in record.readings]
    heads = [*(axis.name for axis in record.axes), *names, *record.constants]
    rows = []
    for setting in record.settings[:LISTED]:
        cells = list(setting.point.values())
        if setting.outcome is None:
            why = f"refused: {setting.refused}" if setting.refused else "not run yet"
            cells += [why, *[""] * (len(heads) - len(cells) - 1)]
        else:
            for at in setting.outcome.readings:
                slack = "" if at.slack is None else f" ({numbers.number(at.slack)})"
                cells.append(f"{at.verdict.value}{slack}")
            cells += [numbers.show(c.value).text for c in setting.outcome.constants]
        rows.append(cells)
    return heads, rows


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    write: Callable[[Sequence[str]], str] = lambda cells: f"| {' | '.join(cells)} |"  # noqa: E731
    lines = [write([escape(head) for head in heads]), write(["---"] * len(heads))]
    return [*lines, *(write([escape(cell) for cell in row]) for row in rows), ""]
