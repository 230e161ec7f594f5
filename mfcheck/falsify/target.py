"""What a search attacks: an inequality with the formulas under test, in double precision and as enclosures."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from mfcheck.claims.inequality import Case, Inequality, Sample
from mfcheck.claims.model import Assumption, Claim, Paper
from mfcheck.errors import InputError
from mfcheck.falsify import space
from mfcheck.rigor.ball import compare
from mfcheck.symbolic.activation import LIBRARY

Formulas = Mapping[str, sp.Basic]

NOISE = 1e-7
"""Relative violation below which double precision says nothing."""
NOTHING = -2.0
"""Violation where a side is not defined, or the right side is infinite."""


def violation(lhs: float, rhs: float) -> float:
    """Return `(lhs - rhs)/(|lhs| + |rhs|)`, positive where `lhs <= rhs` is false; NOTHING where undefined."""
    if not (np.isfinite(lhs) and np.isfinite(rhs)):
        return NOTHING
    size = abs(lhs) + abs(rhs)
    return (lhs - rhs) / size if size > 0 else 0.0


@dataclass(frozen=True)
class Target:
    """An inequality of a paper with the formulas under attack."""

    paper: Paper
    claim: Claim
    inequality: Inequality
    formulas: Formulas

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """The assumptions that the claim names."""
        return tuple(a for a in self.paper.assumptions if a.id in self.claim.assumptions)

    def admissible(self, case: Case) -> bool:
        """Return whether the paper speaks of the setting, and all assumptions are decided to hold."""
        try:
            self.paper.validate(case.setting)
        except InputError:
            return False
        return all(_holds(a, case) for a in self.assumptions)

    def sides(self, sample: Sample) -> tuple[float, float] | None:
        """Return both sides in double precision; None where they cannot be had."""
        with np.errstate(all="ignore"), suppress(InputError, np.linalg.LinAlgError):
            return self.inequality.fast(sample, self.formulas)
        return None

    def fast(self, sample: Sample) -> float:
        """Return the violation in double precision."""
        sides = self.sides(sample)
        return NOTHING if sides is None else violation(*sides)

    def enclosed(self, case: Case) -> tuple[Any, Any] | None:
        """Return rigorous enclosures of both sides; None where they cannot be had."""
        try:
            return self.inequality.enclosed(case, self.formulas)
        except InputError:
            return None

    def refuted(self, case: Case) -> bool:
        """Return whether a case certainly meets the assumptions and certainly violates the inequality."""
        sides = self.enclosed(case) if self.admissible(case) else None
        return sides is not None and compare(*sides) == ">"

    def default_case(self) -> Case:
        """Return the paper's default setting, the inequality's own variables in the middle of their ranges."""
        own = tuple((v.name, space.rational(v, space.at(v, 0.5))) for v in self.inequality.own)
        return Case(self.paper.default, own)

    def warm(self) -> None:
        """Generate code, and what belongs to the activations of the library alone, before a clock runs."""
        case = self.default_case()
        self.fast(case.sample())
        for activation in LIBRARY.values() if "activation" in self.inequality.varies else ():
            case = replace(case, setting=replace(case.setting, activation=activation))
            self.fast(case.sample())
            self.admissible(case)


def _holds(assumption: Assumption, case: Case) -> bool:
    return assumption.holds(case.setting).met is True
