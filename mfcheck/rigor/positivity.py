"""Certified positivity of an elementary function on an interval that starts at a zero of known order."""

from collections import deque
from dataclasses import dataclass

import sympy as sp
from flint import arb, ctx

from mfcheck.rigor.ball import Exact, compare, enclose
from mfcheck.rigor.program import Program, program

_PREC = 128
_MAX_BOXES = 20_000
_MIN_START = 2.0**-20


@dataclass(frozen=True)
class Positivity:
    """Whether `f > 0` on the interval: True or False for certain, None undecided, with the reason in words.

    `where` is a point with `f < 0` if there is one, `boxes` the number of intervals that were enclosed.
    """

    holds: bool | None
    reason: str = ""
    where: float | None = None
    boxes: int = 0


def positive(expr: sp.Expr, x: sp.Symbol, upper: sp.Expr | Exact, order: int = 0) -> Positivity:
    """Decide whether `expr > 0` on `(0, upper]`, where `expr` has a zero of that order at 0 (0: none).

    Near the zero the derivative of that order is positive on some interval, so the one before it is, from where that
    one is followed further, and so on down to `expr` itself. That the derivatives vanish at 0 is checked exactly.
    Beyond, intervals are halved until the sign is certain on each.
    """
    with ctx.workprec(_PREC):
        for k in range(order):
            if sp.simplify(sp.diff(expr, x, k).subs(x, 0)) != 0:
                return Positivity(None, f"derivative {k} does not vanish at 0")
        top = enclose(sp.sympify(upper), {}, _PREC).upper()
        found = _near_zero(sp.diff(expr, x, order), x, top)
        if isinstance(found, Positivity):
            return found
        for k in range(order - 1, 0, -1):
            found = _march(program(sp.diff(expr, x, k), (x,)), found, top)
        return _beyond(expr, x, found, top)


def _march(code: Program, start: arb, top: arb) -> arb:
    """Return how far a function, positive up to `start`, is certainly positive by short steps."""
    step = start / 8
    while start < top and step > start / 512:
        end = (start + step).mid().min(top)
        if compare(code(start.union(end)), arb(0)) == ">":
            start, step = end, 2 * step
        else:
            step = step / 2
    return start


def _near_zero(derivative: sp.Expr, x: sp.Symbol, top: arb) -> arb | Positivity:
    """Return the end of an interval [0, end] on which the derivative is positive."""
    code = program(derivative, (x,))
    if code(arb(0)) < 0:
        return Positivity(False, "the leading coefficient at 0 is negative", 0.0, 1)
    end = top
    while float(end) > _MIN_START:
        if compare(code(arb(0).union(end)), arb(0)) == ">":
            return end
        end = (end / 2).mid()
    return Positivity(None, "the leading coefficient at 0 is not certainly positive")


def _beyond(expr: sp.Expr, x: sp.Symbol, start: arb, top: arb) -> Positivity:
    code = program(expr, (x,))
    boxes, count = deque([(start, top)] if start < top else []), 0
    while boxes:
        lower, upper = boxes.popleft()
        count += 1
        if compare(code(lower.union(upper)), arb(0)) == ">":
            continue
        middle = ((lower + upper) / 2).mid()
        if code(middle) < 0:
            where = float(middle)
            return Positivity(False, f"negative at {where:.6g}", where, count)
        if count > _MAX_BOXES:
            return Positivity(None, f"undecided near {float(middle):.6g}", None, count)
        boxes.extend([(lower, middle), (middle, upper)])
    return Positivity(True, "", None, count + 1)
