"""The names that a statement declares."""

from dataclasses import dataclass
from typing import Literal

from mfcheck.lemma.terms import Term

Kind = Literal["real", "integer", "gaussian", "vector", "unit", "symmetric", "psd", "matrix"]


@dataclass(frozen=True)
class Variable:
    """A declared name: a number, a Gaussian with mean and variance, or an array of a size."""

    name: str
    kind: Kind = "real"
    size: int = 1
    columns: int = 0
    """Those of a `matrix`; 0 for as many as rows."""


@dataclass(frozen=True)
class Gaussian:
    """Jointly Gaussian names: means and covariance matrix, as terms."""

    names: tuple[str, ...]
    mean: tuple[Term, ...]
    covariance: tuple[tuple[Term, ...], ...]
