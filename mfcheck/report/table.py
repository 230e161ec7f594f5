"""Words and tables on a Rich console, where nothing is read as Rich markup."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mfcheck.report.text import clean, one_line

_ASCII = str.maketrans({"±": "+/-", "…": "...", "–": "-", "≥": ">=", "≤": "<=", "·": "-"})


def _unicode(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")


def prose(console: Console, words: object) -> str:
    """Return words on one line, `$...$` in Unicode where the console can write it, and as TeX where not."""
    if "$" not in str(words) or not _unicode(console):
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
    """Print a table: with rules on a terminal, as aligned columns elsewhere."""
    if not console.is_terminal:
        _columns(console, [[Text(head) for head in heads], *rows])
        return
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for head in heads:
        made.add_column(head, overflow="fold")
    for row in rows:
        made.add_row(*row)
    console.print(made)


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
