"""Certified positivity of an elementary function on an interval that starts at a zero of known order."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp
from flint import arb, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.ball import Exact, compare, enclose
from mfcheck.rigor.pieces import pieces
from mfcheck.rigor.program import Program, program
from mfcheck.symbolic.activation import X

_PREC = 128
_MAX_BOXES = 20_000
_MIN_START = 2.0**-20
_MAX_HALVINGS = 1000


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
    one is followed further, and so on down to `expr` itself. That the derivatives vanish at 0 is checked exactly, and
    they are used only up to the first kink or jump, where all of them are seen to be continuous. Beyond, intervals are
    halved until the sign is certain on each, from enclosures of `expr` alone.
    """
    expr = sp.sympify(expr).xreplace({x: X})
    try:
        with ctx.workprec(_PREC):
            top = enclose(sp.sympify(upper), {}, _PREC).upper()
            start = _by_derivatives(expr, order, top) if order > 0 else arb(0)
            return start if isinstance(start, Positivity) else _beyond(expr, start, top)
    except InputError as error:
        return Positivity(None, str(error))


def _by_derivatives(expr: sp.Expr, order: int, top: arb) -> arb | Positivity:
    """Return the end of an interval `(0, end]` on which a function with a zero at 0 is positive."""
    first = next(part for part in pieces(expr) if part.upper == sp.oo or part.upper.is_positive)
    if first.lower != -sp.oo and not first.lower.is_nonpositive:
        return Positivity(None, "the first piece to the right of 0 is not found")
    if first.upper != sp.oo:
        top = enclose(first.upper, {}, _PREC).lower().min(top)
    derivatives = [first.expr]
    for _ in range(order):
        derivatives.append(sp.diff(derivatives[-1], X))
    for k in range(order):
        if sp.simplify(derivatives[k].subs(X, 0)) != 0:
            return Positivity(None, f"derivative {k} does not vanish at 0")
    codes = [program(derivative, (X,)) for derivative in derivatives]
    found = _near_zero(codes, top)
    for k in range(order - 1, 0, -1):
        if isinstance(found, Positivity):
            return found
        found = _continuous(codes[:k], _march(codes[k], found, top))
    return found


def _continuous(codes: Sequence[Program], end: arb) -> arb | Positivity:
    """Return the end again if all functions have finite enclosures on `[0, end]`: they are smooth, so continuous."""
    boxes, count = [(arb(0), end)], 0
    while boxes:
        lower, upper = boxes.pop()
        if all(code(lower.union(upper)).is_finite() for code in codes):
            continue
        count += 1
        if count > _MAX_HALVINGS:
            return Positivity(None, f"continuity is open near {float(lower):.6g}")
        middle = ((lower + upper) / 2).mid()
        boxes += [(lower, middle), (middle, upper)]
    return end


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


def _near_zero(codes: Sequence[Program], top: arb) -> arb | Positivity:
    """Return the end of an interval [0, end] on which the last derivative is positive, the others continuous."""
    *lower, last = codes
    if last(arb(0)) < 0:
        end = top
        while float(end) > _MIN_START:
            if last(arb(0).union(end)) < 0 and not isinstance(_continuous(lower, end), Positivity):
                where = float(end.mid())
                return Positivity(False, "the leading coefficient at 0 is negative", where, 1)
            end = (end / 2).mid()
        return Positivity(None, "the leading coefficient at 0 is negative, the sign near 0 is open")
    end = top
    while float(end) > _MIN_START:
        if compare(last(arb(0).union(end)), arb(0)) == ">":
            return _continuous(lower, end)
        end = (end / 2).mid()
    return Positivity(None, "the leading coefficient at 0 is not certainly positive")


def _beyond(expr: sp.Expr, start: arb, top: arb) -> Positivity:
    code = program(expr, (X,))
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
