"""Does an activation meet Assumption 3 of 2403.09889, and with which constant?

Assumption 3: `|s0(x)| <= C1 max(|x|, 1)`, `|s0'(x)| <= C1`, `|s0''(x)| <= C1` for all real x.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import sympy as sp
from flint import arb

from mfcheck.rigor.pieces import Piece, pieces
from mfcheck.rigor.suprema import Supremum, suprema, supremum
from mfcheck.symbolic.activation import Activation, X
from mfcheck.symbolic.polynomial import as_polynomial

Answer = Literal["holds", "fails", "unknown"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is certain about one activation.

    Attributes:
        answer: whether Assumption 3 holds; `unknown` where nothing is certified.
        C1: enclosure of the smallest constant that serves; `+inf` unless `answer` is `holds`.
        growth: supremum of `|s0(x)| / max(|x|, 1)`.
        B: suprema of `|s0|`, `|s0'|`, `|s0''|`, `|s0'''|`.
        degree: degree of a polynomial, whose Hermite expansion is finite; None otherwise.
        reasons: each answer in words.
    """

    answer: Answer
    C1: arb
    growth: Supremum
    B: tuple[Supremum, ...]
    degree: int | None
    reasons: tuple[str, ...]

    @property
    def third_derivative_bounded(self) -> bool | None:
        """Whether `s0'''` is bounded, which Assumption 3 does not grant; None if unknown."""
        return {"finite": True, "infinite": False, "undefined": False}.get(self.B[3].state)


@lru_cache(maxsize=128)
def judge(activation: Activation, digits: int = 15) -> Judgement:
    """Judge one activation.

    Raises:
        InputError: its kinks are not understood, or `digits` is out of range.
    """
    parts = pieces(activation.expr)
    growth = _growth(parts, digits)
    B = suprema(activation, digits)
    needed = {"|s0(x)|/max(|x|,1)": growth, "s0'": B[1], "s0''": _second(B, parts)}
    answer = _answer([bound.state for bound in needed.values()])
    C1 = arb.pos_inf()
    if answer == "holds":
        C1 = growth.value.max(B[1].value).max(B[2].value)
    degree = _degree(activation.expr)
    reasons = [
        f"{name}: {bound.reason}" for name, bound in needed.items() if bound.state != "finite"
    ]
    return Judgement(answer, C1, growth, B, degree, (*reasons, *_remarks(B[3], degree)))


def _degree(expr: sp.Expr) -> int | None:
    """Return the degree of a polynomial, 0 for the zero function."""
    if not expr.is_polynomial(X):
        return None
    return 0 if expr == 0 else int(as_polynomial(expr).degree())


def _answer(states: list[str]) -> Answer:
    if "infinite" in states or "undefined" in states:
        return "fails"
    return "unknown" if "unknown" in states else "holds"


def _second(B: Sequence[Supremum], parts: Sequence[Piece]) -> Supremum:
    """A jump of the second derivative itself leaves no value there, though the one-sided ones are bounded."""
    if B[2].state == "finite" and B[3].state == "undefined":
        place = ", ".join(str(part.upper) for part in parts[:-1])
        return Supremum("undefined", arb.pos_inf(), f"it does not exist at x = {place}")
    return B[2]


def _growth(parts: Sequence[Piece], digits: int) -> Supremum:
    inner = [p for part in parts if (p := _clipped(part, sp.Integer(-1), sp.Integer(1), part.expr))]
    left = [p for part in parts if (p := _clipped(part, -sp.oo, sp.Integer(-1), part.expr / X))]
    right = [p for part in parts if (p := _clipped(part, sp.Integer(1), sp.oo, part.expr / X))]
    return supremum([*left, *inner, *right], digits)


def _clipped(part: Piece, lower: sp.Expr, upper: sp.Expr, expr: sp.Expr) -> Piece | None:
    low, high = sp.Max(part.lower, lower), sp.Min(part.upper, upper)
    return Piece(low, high, expr) if low < high else None


def _remarks(third: Supremum, degree: int | None) -> list[str]:
    remarks = []
    if third.state != "finite":
        remarks.append(f"s0''' (not asked by the assumption): {third.reason}")
    if degree is not None:
        remarks.append(
            f"polynomial of degree {degree}: its Hermite expansion is finite, the kernels have finite rank, "
            "and every lower bound on lambda_min is zero once n is large"
        )
    return remarks
