"""The words of the charter as plain data: papers, claims, checks, evidence, verdicts."""

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
