"""Inequalities `lhs <= rhs` about one setting, in a form in which counterexamples can be searched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.claims.setting import Setting
from mfcheck.symbolic.activation import Activation

Array = NDArray[np.float64]
Formulas = Mapping[str, sp.Basic]


@dataclass(frozen=True)
class Sample:
    """A setting in double precision, as a search sees it.

    Args:
        X: unit rows, shape (n, d).
        y: labels, shape (n,).
        activation: the activation.
        values: parameters of the paper, and the inequality's own variables, by name.
    """

    X: Array
    y: Array
    activation: Activation
    values: Mapping[str, float]


@dataclass(frozen=True)
class Case:
    """A setting with exact values of the inequality's own variables."""

    setting: Setting
    own: tuple[tuple[str, Fraction], ...] = ()

    def __getitem__(self, name: str) -> Fraction:
        """Return the exact value of one of the inequality's own variables."""
        return dict(self.own)[name]

    def sample(self) -> Sample:
        """Return the case in double precision."""
        named = (*self.setting.values, *self.own)
        values = {name: float(v) for name, v in named if not isinstance(v, str)}
        data = self.setting.data
        return Sample(data.X, data.y, self.setting.activation, values)


@dataclass(frozen=True)
class Variable:
    """A real variable of an inequality that is no part of a setting, with the range to search."""

    name: str
    low: Fraction
    high: Fraction
    log: bool = False
    """Whether to search its logarithm."""
    integer: bool = False
    """Whether it takes whole numbers only."""


Sides = tuple[float, float]
Part = str
"""What a search may vary: `points`, `labels`, `activation`, or the name of a parameter."""


@dataclass(frozen=True)
class Inequality:
    """What a reading asserts of each setting that meets the assumptions: `lhs <= rhs`.

    Both functions take the formulas under test, so that a false variant of a reading is searched with the same code.

    Args:
        id: short name within the reading; the claim makes it `claim/reading/name`.
        reading: id of the reading that it follows from; the claim fills it in.
        text: both sides in words.
        varies: the parts of a setting that the sides depend on.
        fast: `(sample, formulas) -> (lhs, rhs)` in double precision; nan where a side is not defined.
        enclosed: `(case, formulas) -> (lhs, rhs)`, rigorous enclosures (`flint.arb`).
        own: further variables, which belong to no setting.
        ranges: ranges of parameters to search, by name; parameters not named keep their default.
        certificate: `(case, formulas) -> certificate` of a counterexample, None if no kind of certificate covers it.
    """

    id: str
    text: str
    varies: tuple[Part, ...]
    fast: Callable[[Sample, Formulas], Sides]
    enclosed: Callable[[Case, Formulas], tuple[Any, Any]]
    reading: str = ""
    own: tuple[Variable, ...] = ()
    ranges: tuple[Variable, ...] = field(default=())
    certificate: Callable[[Case, Formulas], dict[str, Any] | None] | None = None
