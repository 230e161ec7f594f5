"""How claims, constants, verdicts and records show themselves in a notebook."""

from importlib import import_module
from typing import cast

VIEWS, SHORT = "mfcheck.report.notebook", "mfcheck.report.short"
"""Named and not imported: what is shown belongs to the reports, which stand above this room."""


def short(shown: object) -> str | None:
    """Return what `print` shows of a record, None where that is the record itself."""
    return cast("str | None", import_module(SHORT).text(shown))


class Displayed:
    """Shows itself in Jupyter if the reports have a view of its class, else as text."""

    def _repr_html_(self) -> str | None:
        """Return HTML, None where there is no view."""
        return cast("str | None", import_module(VIEWS).html(self))

    def _repr_latex_(self) -> str | None:
        """Return LaTeX between dollar signs, None where there is no formula."""
        return cast("str | None", import_module(VIEWS).latex(self))
