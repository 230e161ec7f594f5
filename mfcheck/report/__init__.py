"""Views of a finished review: terminal, HTML, Markdown, LaTeX. Records in, text out; nothing is computed here."""

from mfcheck.report.bibtex import render_bibtex
from mfcheck.report.html import render_html
from mfcheck.report.latex import render_latex
from mfcheck.report.markdown import render_markdown
from mfcheck.report.terminal import (
    print_checks,
    print_constants,
    print_falsification,
    print_findings,
    print_power,
    print_review,
    print_rows,
    print_simulation,
    print_verdicts,
)

__all__ = [
    "print_checks",
    "print_constants",
    "print_falsification",
    "print_findings",
    "print_power",
    "print_review",
    "print_rows",
    "print_simulation",
    "print_verdicts",
    "render_bibtex",
    "render_html",
    "render_latex",
    "render_markdown",
]
