"""One point of a critical line, at a bias or at a gain: found fast in double precision first, then enclosed."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np
from flint import arb, ctx, fmpq

from mfcheck.errors import InputError
from mfcheck.gaussian.length import CriticalPoint, EdgeEquation, critical_line, critical_point
from mfcheck.rigor.roots import crossing
from mfcheck.symbolic.activation import Activation

LARGEST_Q, GRID, FAR = 1e6, 1.06, 20.0
SMALLEST_Q = 1e-6


@lru_cache(maxsize=128)
def _guess(chosen: Activation, bias: Fraction) -> float:
    """Return about the smallest q on the edge, from the signs along a geometric grid; 0 where none is seen."""
    qs = float(bias) * (1 + 1e-6) * GRID ** np.arange(200)
    for some in np.split(qs[qs < LARGEST_Q], range(10, np.count_nonzero(qs < LARGEST_Q), 10)):
        above = np.flatnonzero(critical_line(chosen, some)[1] > math.sqrt(float(bias)))
        if len(above):
            return float(some[above[0]])
    return 0.0


@lru_cache(maxsize=128)
def first_critical_point(chosen: Activation, bias: Fraction, digits: int) -> CriticalPoint:
    """Enclose the point of the critical line of smallest q at a bias variance.

    There is no smaller q, which is certain for q <= FAR, and else seen on a geometric grid of ratio GRID.

    Raises:
        InputError: there is none.
    """
    guess = _guess(chosen, bias) if bias else 0.0
    with ctx.workprec(4 * digits + 64):  # what is kept must not depend on who asked first
        if guess > FAR:
            near = (Fraction(guess / GRID), Fraction(guess * GRID))
            return critical_point(chosen, bias, digits, near=near)
        return critical_point(chosen, bias, digits, Fraction(guess * GRID) if guess else None)


@lru_cache(maxsize=128)
def critical_variance(chosen: Activation, weight: Fraction, digits: int) -> arb:
    """Enclose a q with `weight E_q phi'^2 = 1`, where the correlation map has slope 1 at correlation 1.

    Where `E_q phi'^2` decreases, as for tanh, it is the only one; else it is one where the sign changes, the smallest
    that a geometric grid from SMALLEST_Q shows if `weight phi'(0)^2 < 1`.

    Raises:
        InputError: there is none, or the activation has a jump.
    """
    line = EdgeEquation(chosen.expr, 0)
    gain = fmpq(weight.numerator, weight.denominator)

    def gap(q: arb) -> arb:
        wide = not q.is_exact() and q.rel_one_accuracy_bits() < 40
        return (
            arb(gain) * line.second.enclosed(q, 0, 6 if wide else max(8, int(ctx.prec / 3.33))) - 1
        )

    def slope(q: arb) -> arb:
        return arb(gain) * line.second_change(q, 8)

    with ctx.workprec(64):
        at_zero = gap(arb(0))
        bracket = (
            _falling(gap) if at_zero > 0 else _rising(line, float(weight)) if at_zero < 0 else None
        )
    if bracket is None and at_zero > 0:
        raise InputError("no critical point: weight_var E phi'^2 stays above 1 for q up to 10^6")
    if bracket is None:
        raise InputError(
            "no critical point: weight_var > 1/phi'(0)^2 is needed where the slope is largest at 0, "
            "and elsewhere too weight_var E phi'^2 exceeds 1 at no q that was tried"
        )
    return crossing(gap, slope, bracket, digits)


def _falling(gap: Callable[[arb], arb]) -> tuple[arb, arb] | None:
    """Return a bracket of ratio at most 4 for a function that is positive at 0."""
    upper = arb(1)
    while not gap(upper) < 0:
        upper *= 2
        if upper > LARGEST_Q:
            return None
    lower = upper / 2
    while not gap(lower) > 0:
        upper, lower = (lower, lower / 2) if gap(lower) < 0 else (upper, lower / 2)
    return lower, upper


def _rising(line: EdgeEquation, weight: float) -> tuple[Fraction, Fraction] | None:
    """Return the step of a geometric grid on which weight E phi'^2 first exceeds 1."""
    count = math.ceil(math.log(LARGEST_Q / SMALLEST_Q, GRID))
    for q in SMALLEST_Q * GRID ** np.arange(count):
        if weight * line.second.number(float(q)) > 1:
            return Fraction(float(q) / GRID), Fraction(float(q))
    return None
