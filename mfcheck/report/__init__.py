"""Views of a finished review: terminal, HTML, Markdown, LaTeX. Records in, text out; nothing is computed here."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfcheck.report.bibtex import render_bibtex
    from mfcheck.report.html import render_html
    from mfcheck.report.latex import render_latex
    from mfcheck.report.markdown import render_markdown
    from mfcheck.report.page import render_page
    from mfcheck.report.table import print_rows
    from mfcheck.report.terminal import (
        print_checks,
        print_constants,
        print_falsification,
        print_findings,
        print_page,
        print_power,
        print_review,
        print_simulation,
        print_verdicts,
    )

__all__ = [
    "print_checks",
    "print_constants",
    "print_falsification",
    "print_findings",
    "print_page",
    "print_power",
    "print_review",
    "print_rows",
    "print_simulation",
    "print_verdicts",
    "render_bibtex",
    "render_html",
    "render_latex",
    "render_markdown",
    "render_page",
]

_MODULES = {
    "bibtex": ("render_bibtex",),
    "html": ("render_html",),
    "latex": ("render_latex",),
    "markdown": ("render_markdown",),
    "page": ("render_page",),
    "terminal": (
        "print_checks",
        "print_constants",
        "print_falsification",
        "print_findings",
        "print_page",
        "print_power",
        "print_review",
        "print_simulation",
        "print_verdicts",
    ),
    "table": ("print_rows",),
}
"""Where each name is; imported when it is used, since a list of papers needs neither plots nor HTML."""


def __getattr__(name: str) -> Any:
    """Return what `__all__` names."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
