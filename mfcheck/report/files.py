"""Which files a review leaves, and how they are made again from its record."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from mfcheck.claims.record import PowerRecord, Record, Review
from mfcheck.errors import InputError
from mfcheck.report.bibtex import render_bibtex
from mfcheck.report.html import render_html
from mfcheck.report.latex import BIBLIOGRAPHY, render_latex
from mfcheck.report.markdown import render_markdown
from mfcheck.report.page import render_page

RECORD = "review.json"
REPORTS: Mapping[str, str] = MappingProxyType(
    {
        "page": "review.md",
        "html": "report.html",
        "openreview": "report.md",
        "latex": "report.tex",
        "bibtex": f"{BIBLIOGRAPHY}.bib",
    }
)
"""File of each format; `json` is the record itself."""

_VIEWS: Mapping[str, Callable[[Review], str]] = MappingProxyType(
    {
        "page": render_page,
        "html": render_html,
        "openreview": render_markdown,
        "latex": render_latex,
        "bibtex": render_bibtex,
        "json": lambda review: review.model_dump_json(indent=1) + "\n",
    }
)

MAX_BYTES = 256 * 2**20
R = TypeVar("R", bound=Record)


def render(review: Review, form: str, power: PowerRecord | None = None) -> str:
    """Return a review in a format.

    Raises:
        InputError: unknown format, or planted errors for one that does not show them.
    """
    _require_form(form)
    if power is not None:
        if form != "html":
            raise InputError("planted errors are shown in the format html only")
        if power.paper != review.paper:
            raise InputError(
                f"the planted errors are of {power.paper!r}, the review of {review.paper!r}"
            )
        return render_html(review, power)
    return _VIEWS[form](review)


def target(run: Path, form: str, out: Path | None = None) -> Path:
    """Return the file to write: `out`, or the file of that format beside the record.

    Raises:
        InputError: unknown format, or a folder where a file is needed.
    """
    _require_form(form)
    file = _record(run).with_name(REPORTS.get(form, RECORD)) if out is None else out
    if file.is_dir():
        raise InputError(f"{str(file)!r} is a folder")
    return file


def read_review(run: Path) -> Review:
    """Return the record of a review from its folder or file.

    Raises:
        InputError: there is none, or it is no such record.
    """
    return _read(_record(run), Review)


def read_power(path: Path) -> PowerRecord:
    """Return the record that `mfcheck power --json` wrote; errors as in `read_review`."""
    return _read(path, PowerRecord)


def _require_form(form: str) -> None:
    if form not in _VIEWS:
        raise InputError(f"unknown format {form[:60]!r}; known: {', '.join(_VIEWS)}")


def _record(run: Path) -> Path:
    return run / RECORD if run.is_dir() else run


def _read(path: Path, kind: type[R]) -> R:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    if len(raw) > MAX_BYTES:
        raise InputError(f"{str(path)!r} is larger than {MAX_BYTES // 2**20} MiB")
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(
            f"{str(path)!r} is no {kind.__name__} of this version: {where}: {first['msg']}"
        ) from None
