"""Three-valued truth of formulas from what is known of the signs of their terms. Trusted."""

from collections.abc import Callable
from typing import Final

from flint import arb

from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.terms import Term

NEGATIVE: Final = 1
ZERO: Final = 2
POSITIVE: Final = 4
ANY: Final = 7

Signs = Callable[[Term], int]
"""For a term, the set of the signs that it may take, as a sum of the constants above."""


def of_ball(v: arb) -> int:
    """Return the signs that the numbers of a ball may have."""
    if v > 0:
        return POSITIVE
    if v < 0:
        return NEGATIVE
    if v.is_zero():
        return ZERO
    if v >= 0:
        return ZERO | POSITIVE
    if v <= 0:
        return NEGATIVE | ZERO
    return ANY


def of_bounds(lower: arb, upper: arb) -> int:
    """Return the signs that numbers between two bounds may have; a bound that is nan bounds nothing."""
    if lower > 0:
        return POSITIVE
    if upper < 0:
        return NEGATIVE
    return (ANY if not lower >= 0 else ZERO | POSITIVE) & (
        ANY if not upper <= 0 else NEGATIVE | ZERO
    )


def of_sign(s: int | None) -> int:
    """Return the set that holds one sign, or every sign for None."""
    return ANY if s is None else POSITIVE if s > 0 else NEGATIVE if s < 0 else ZERO


def of_atom(atom: Atom, possible: int) -> bool | None:
    """Return whether a comparison holds, None if that is open."""
    if atom.relation == ">":
        return True if possible == POSITIVE else None if possible & POSITIVE else False
    if atom.relation == ">=":
        return True if not possible & NEGATIVE else False if possible == NEGATIVE else None
    equal = True if possible == ZERO else None if possible & ZERO else False
    if atom.relation == "==":
        return equal
    return None if equal is None else not equal


def truth(formula: Formula, signs: Signs) -> bool | None:
    """Return whether a formula holds, None if that is open."""
    if isinstance(formula, Atom):
        return of_atom(formula, signs(formula.term))
    decisive = formula.connective == "or"
    answer: bool | None = not decisive
    for part in formula.parts:
        t = truth(part, signs)
        if t is decisive:
            return decisive
        if t is None:
            answer = None
    return answer
