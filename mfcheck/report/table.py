"""Words and tables on a Rich console, where nothing is read as Rich markup."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mfcheck.report.text import clean, one_line

_ASCII = str.maketrans({"±": "+/-", "…": "...", "–": "-", "≥": ">=", "≤": "<=", "·": "-"})


def _unicode(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")


def prose(console: Console, words: object) -> str:
    """Return words on one line, formulas in Unicode where the console can write it, and as TeX where not."""
    if not set("$_") & set(str(words)) or not _unicode(console):
        return one_line(words)
    from mfcheck.report.plain import plain_prose  # reading TeX takes longer than listing papers

    return plain_prose(words)


def text(console: Console, words: object, style: str = "") -> Text:
    """Return words that the console's encoding can write."""
    shown = clean(words)
    if not _unicode(console):
        narrow = shown.translate(_ASCII)
        shown = narrow.encode(console.encoding, errors="replace").decode(console.encoding)
    return Text(shown, style=style)


def line(console: Console, words: object, style: str = "") -> None:
    """Print words.

    On a terminal they are broken into lines; piped lines stay whole, so that they can be searched.
    """
    console.print(text(console, words, style), soft_wrap=not console.is_terminal)


def table(console: Console, heads: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """Print a table: with rules on a terminal, as aligned columns elsewhere.

    On a terminal that is too narrow for it the rows stand below one another instead: no word, and so no id, is broken.
    """
    if not console.is_terminal:
        _columns(console, [[Text(head) for head in heads], *rows])
        return
    widths = _widths(heads, rows)
    if _room(widths.least) > console.width or _room(widths.whole) > _WRAPPED * console.width:
        _stacked(console, heads, rows)
        return
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for head, width in zip(heads, _shared(widths, console.width), strict=True):
        made.add_column(head, width=width, overflow="fold")
    for row in rows:
        made.add_row(*row)
    console.print(made)


_WRAPPED = 2
"""A table whose rows would take more lines than that is printed row by row."""
_SEPARATOR = 3


class _Widths(NamedTuple):
    """Widths of columns: of their longest words, and of their longest cells."""

    least: list[int]
    whole: list[int]


def _widths(heads: Sequence[str], rows: Sequence[Sequence[Text]]) -> _Widths:
    columns = list(zip([Text(head) for head in heads], *rows, strict=True))
    words = [
        [cell_len(word) for cell in column for word in cell.plain.split()] for column in columns
    ]
    return _Widths(
        [max(lengths, default=0) for lengths in words],
        [max(cell.cell_len for cell in column) for column in columns],
    )


def _room(widths: Sequence[int]) -> int:
    return sum(widths) + _SEPARATOR * len(widths) + 1


def _shared(widths: _Widths, width: int) -> list[int]:
    """Return widths of columns that fit: none below its longest word, the rest as each would take more."""
    left = width - _room(widths.least)
    wished = [whole - least for least, whole in zip(widths.least, widths.whole, strict=True)]
    if sum(wished) <= left:
        return widths.whole
    return [
        least + left * wish // sum(wished) for least, wish in zip(widths.least, wished, strict=True)
    ]


def _stacked(console: Console, heads: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """Print each row as its first cell, and below it the others with the names of their columns."""
    for first, *others in rows:
        console.print(first)
        shown = Text("; ").join(
            Text.assemble((f"{head.lower()}: ", "dim"), cell)
            for head, cell in zip(heads[1:], others, strict=True)
            if cell.plain.strip() not in ("", "–", "-")
        )
        if shown.plain:
            console.print(Padding(shown, (0, 0, 0, 4)))
    console.print()


def _columns(console: Console, rows: Sequence[Sequence[Text]]) -> None:
    """Print aligned columns, one line for each row however long."""
    widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = [c.plain + " " * (w - c.cell_len) for c, w in zip(row, widths, strict=True)]
        console.print(Text("  ".join(padded).rstrip()), soft_wrap=True)


def print_rows(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Print rows with equal keys, or "none"."""
    if not rows:
        line(console, "none")
        return
    cells = [[text(console, prose(console, value)) for value in row.values()] for row in rows]
    table(console, tuple(rows[0]), cells)
