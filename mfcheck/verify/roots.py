"""Zeros of a formula: a continuous function with different signs at two ends vanishes between them."""

from .formulas import Interval, calls, evaluate, exact, finite, iv
from .inequalities import Known, intervals, read_box
from .kernels import MAX_BITS
from .reading import Bounds, Json, need, number, prove
from .reals import REALS

_FEW = 16


def root(claim: Json, witness: Json, known: Known) -> Bounds:
    """Bounds of a zero of a formula in one variable, for all values of its inputs.

    A formula that has finite bounds on an interval is continuous there: all that is in the grammar is where it is
    defined, integrals by dominated convergence; but for steps, which are refused.
    """
    lower, upper = number(claim["lower"]), number(claim["upper"])
    box, name = read_box(claim["inputs"], known), claim["variable"]
    need(32 <= witness["bits"] <= MAX_BITS, "bits out of range")
    need(name not in box and lower <= upper, "the variable, or the bounds of the zero")
    read_box({name: "0"}, {})
    prove(not calls(claim["formula"], "step"), "what has a step may jump over zero")
    iv.prec = 2 * witness["bits"] + 100
    names = intervals(box)

    def at(low: Interval, high: Interval) -> Interval:
        return evaluate(claim["formula"], {**names, name: iv.mpf([low.a, high.b])}, REALS)

    first, last = exact(lower), exact(upper)
    left, right = at(first, first), at(last, last)
    opposite = (left.b <= 0 and right.a >= 0) or (left.a >= 0 and right.b <= 0)
    prove(opposite, "a change of sign between the bounds is not proved")
    iv.prec = 2 * _FEW + 100  # that it is finite between them takes no accuracy
    finite(at(first, last))
    return lower, upper
