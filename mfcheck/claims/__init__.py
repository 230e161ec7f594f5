"""The words of the charter as plain data: papers, claims, checks, evidence, verdicts.

Each is imported when it is used: a verdict alone needs no arrays and no formulas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfcheck.claims.inequality import Case, Inequality, Sample, Variable
    from mfcheck.claims.model import (
        Answer,
        Assumption,
        Budget,
        Check,
        Claim,
        Constant,
        Context,
        Paper,
        PlantedError,
        Proof,
        Reading,
        Regime,
    )
    from mfcheck.claims.record import Curve, Estimate, Evidence, Interval, Note, Plot, Review
    from mfcheck.claims.setting import Data, Parameter, Setting
    from mfcheck.claims.verdict import Kind, Question, Scope, Verdict, combine

__all__ = [
    "Answer",
    "Assumption",
    "Budget",
    "Case",
    "Check",
    "Claim",
    "Constant",
    "Context",
    "Curve",
    "Data",
    "Estimate",
    "Evidence",
    "Inequality",
    "Interval",
    "Kind",
    "Note",
    "Paper",
    "Parameter",
    "PlantedError",
    "Plot",
    "Proof",
    "Question",
    "Reading",
    "Regime",
    "Review",
    "Sample",
    "Scope",
    "Setting",
    "Variable",
    "Verdict",
    "combine",
]

_WHERE = {
    "Answer": "model",
    "Assumption": "model",
    "Budget": "model",
    "Case": "inequality",
    "Check": "model",
    "Claim": "model",
    "Constant": "model",
    "Context": "model",
    "Curve": "record",
    "Data": "setting",
    "Estimate": "record",
    "Evidence": "record",
    "Inequality": "inequality",
    "Interval": "record",
    "Kind": "verdict",
    "Note": "record",
    "Paper": "model",
    "Parameter": "setting",
    "PlantedError": "model",
    "Plot": "record",
    "Proof": "model",
    "Question": "verdict",
    "Reading": "model",
    "Regime": "model",
    "Review": "record",
    "Sample": "inequality",
    "Scope": "verdict",
    "Setting": "setting",
    "Variable": "inequality",
    "Verdict": "verdict",
    "combine": "verdict",
}
"""The module of what `__all__` lists."""


def __getattr__(name: str) -> Any:
    """Return what `__all__` lists."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    """Return the names for people."""
    return list(__all__)
