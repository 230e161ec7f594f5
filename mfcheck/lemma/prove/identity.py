"""Goals that hold because their two sides are the same."""

from flint import arb

from mfcheck.lemma.constants import expanded, is_zero
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.pieces import Point, holds


def is_identity(goal: Formula) -> bool:
    """Say whether a goal holds because its left side is a constant after multiplying out."""
    if not isinstance(goal, Atom) or goal.relation == "!=" or not goal.term.free:
        return False
    names = sorted(goal.term.free)
    code = Program([goal.term], names)
    values = [code([arb(s) + arb(k) / 7 for k in range(len(names))])[0] for s in (0.37, 0.41)]
    if not values[0].overlaps(values[1]):
        return False
    if goal.relation != ">" and is_zero(goal.term) is True:
        return True
    wide = expanded(goal.term)
    return not wide.free and holds(Atom(wide, goal.relation), Point({})) is True
