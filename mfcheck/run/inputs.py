"""What the user brings: data files, activations and parameter values, turned into a setting."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, sqrt
from pathlib import Path

from mfcheck.claims.model import Paper
from mfcheck.claims.setting import Data, Point, Setting, Value, read_exact
from mfcheck.errors import InputError, unknown
from mfcheck.symbolic.activation import activation as read_activation

MAX_BYTES = 4 * 2**20
MAX_POINTS = 2000
NORM_TOLERANCE = Fraction(1, 10**6)

Row = tuple[str, list[str]]
"""Where a row stands in its file, in words, and its fields."""


def build_setting(
    paper: Paper,
    data: Path | None = None,
    activation: str | None = None,
    sets: Sequence[str] = (),
) -> Setting:
    """Return the paper's default setting with the user's choices put in.

    Args:
        paper: the paper that the setting is for.
        data: CSV file with header `x1,...,xd[,y]`.
        activation: a name of the library, or an expression in `x`.
        sets: `name=value` for parameters of the paper.

    Raises:
        InputError: unreadable or unusable input, or a setting that the paper cannot speak about.
    """
    setting = chosen_setting(paper, data, activation, sets)
    paper.validate(setting)
    return setting


def chosen_setting(
    paper: Paper,
    data: Path | None = None,
    activation: str | None = None,
    sets: Sequence[str] = (),
) -> Setting:
    """Return what `build_setting` does, one that the paper cannot speak about too: something of it may change yet."""
    setting = paper.default
    if data is not None and not setting.has_data:
        raise InputError(f"{paper.id} is not about data: it takes no --data")
    if activation is not None and not setting.has_activation:
        raise InputError(f"{paper.id} is not about an activation: it takes no --activation")
    if data is not None:
        setting = replace(setting, data=read_data(data))
    if activation is not None:
        setting = replace(setting, activation=read_activation(activation))
    return setting.with_values(**read_values(paper, sets))


def read_values(paper: Paper, sets: Sequence[str]) -> dict[str, Value]:
    """Return the exact parameter values that `name=value` texts state.

    Raises:
        InputError: not of that form, an unknown name, a name set twice, or a value out of range.
    """
    known = {parameter.name: parameter for parameter in paper.parameters}
    values: dict[str, Value] = {}
    for text in sets:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError(f"--set needs name=value, got {text[:60]!r}")
        if name not in known:
            raise unknown("parameter", name, known, f"{paper.id} has")
        if name in values:
            raise InputError(f"parameter {name} is set twice")
        values[name] = known[name].read(value)
    return values


def read_data(path: Path) -> Data:
    """Return the points and labels of a CSV file with header `x1,...,xd[,y]`.

    Labels alternate between +1 and -1 where there is no column `y`. Rows keep the exact decimals of the file.

    Raises:
        InputError: the file is missing, too large, not UTF-8, not such a table, or has an unusable row.
    """
    raw = read_bytes(path)
    try:
        return _parse(raw, path.name)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None


def read_bytes(path: Path) -> bytes:
    """Return what a file of the user holds.

    Raises:
        InputError: it cannot be read, or is larger than `MAX_BYTES`.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {str(path)!r}: {why}") from None
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path.name}: larger than {MAX_BYTES // 2**20} MiB")
    return raw


def _parse(raw: bytes, name: str) -> Data:
    rows = _rows(raw)
    first = next(rows, None)
    if first is None:
        raise InputError("the file is empty; the header x1,...,xd[,y] is needed")
    d, labelled = _header(first[1])
    points: list[Point] = []
    labels: list[Fraction] = []
    places: dict[Point, str] = {}
    for where, fields in rows:
        numbers = _numbers(where, fields, d + labelled)
        point = numbers[:d]
        _require_unit(where, point)
        _require_new(where, point, places)
        points.append(point)
        labels.append(_label(where, numbers[d]) if labelled else Fraction((-1) ** (len(labels))))
        if len(points) > MAX_POINTS:
            raise InputError(f"more than {MAX_POINTS} points")
    if len(points) < 2:
        raise InputError(f"at least 2 points are needed, got {len(points)}")
    origin = f"file {name}{_rescaled(points)}"
    origin += "" if labelled else "; no column y: labels +1, -1 alternating"
    return Data(tuple(points), tuple(labels), origin, hashlib.sha256(raw).hexdigest())


def _rescaled(points: Sequence[Point]) -> str:
    """Say by how much norms depart from one, if any does: each row is divided by its norm."""
    squares = [sum((v * v for v in point), Fraction(0)) for point in points]
    away = max(abs(square - 1) for square in squares) / (2 - NORM_TOLERANCE)
    return f"; rows divided by their norms, which are 1 up to {_up(away)}" if away else ""


def _up(value: Fraction) -> str:
    """Return a positive number below one with two digits, rounded up."""
    place = 0
    while value * 10**place < 1:
        place += 1
    return f"{ceil(value * 10 ** (place + 1)) / 10:g}e-{place}"


def _rows(raw: bytes) -> Iterator[Row]:
    """Yield the rows that are not blank; the header is row 0."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start})") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield f"row {number} (line {reader.line_num})", fields
                number += 1
    except csv.Error as error:
        raise InputError(f"line {reader.line_num}: {error}") from None


def _header(fields: list[str]) -> tuple[int, bool]:
    names = [field.strip() for field in fields]
    labelled = names[-1] == "y"
    d = len(names) - labelled
    if d < 1 or names[:d] != [f"x{i}" for i in range(1, d + 1)]:
        raise InputError(_wrong_header(names))
    return d, labelled


def _wrong_header(names: Sequence[str]) -> str:
    """Say which header so many columns need: the first line is another, or has numbers, or is no CSV at all."""
    count = len(names)
    if count == 1 and len(re.split(r"[\s;]+", names[0].lstrip("#").strip())) > 1:
        return "the columns must be separated by commas, under the header x1,...,xd[,y]"
    plain = f"{_header_of(count)} (inputs alone)"
    needed = f"{_header_of(count - 1)},y or {plain}" if count > 1 else plain
    if all(map(_is_number, names)):
        return f"the first line has numbers; put a header above it: {needed}"
    return f"the header must be {needed}, got {','.join(names)[:30]!r}"


def _header_of(d: int) -> str:
    return ",".join(f"x{i}" for i in range(1, d + 1)) if d <= 5 else f"x1,...,x{d}"


def _is_number(field: str) -> bool:
    try:
        read_exact(field)
    except InputError:
        return False
    return True


def _numbers(where: str, fields: list[str], width: int) -> Point:
    if len(fields) != width:
        raise InputError(f"{where}: {len(fields)} fields where the header has {width}")
    try:
        return tuple(read_exact(field) for field in fields)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _require_unit(where: str, point: Point) -> None:
    square = sum((v * v for v in point), Fraction(0))
    if not (1 - NORM_TOLERANCE) ** 2 <= square <= (1 + NORM_TOLERANCE) ** 2:
        norm = f"{sqrt(square):.9g}" if square < 10**300 else "above 1e150"
        raise InputError(
            f"{where}: the point is off the unit sphere, its norm is {norm} "
            f"(tolerance {float(NORM_TOLERANCE):.0e})"
        )


def _require_new(where: str, point: Point, places: dict[Point, str]) -> None:
    """Refuse a point in the direction of an earlier one; exact, whatever the rounding of the norms."""
    scale = next(abs(v) for v in point if v)
    direction = tuple(v / scale for v in point)
    if direction in places:
        raise InputError(
            f"{where} repeats the point of {places[direction]}: two equal rows of the Jacobian "
            "make the Gram matrix G singular"
        )
    places[direction] = where


def _label(where: str, y: Fraction) -> Fraction:
    if abs(y) > 1:
        raise InputError(f"{where}: |y| must be at most 1, got {float(y):.9g}")
    return y
