"""The first point of a critical line at a bias, found fast: along a geometric grid first, then enclosed."""

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np

from mfcheck.gaussian.length import CriticalPoint, critical_line, critical_point
from mfcheck.symbolic.activation import Activation

LARGEST_Q, GRID, FAR = 1e6, 1.06, 20.0


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
    if guess > FAR:
        near = (Fraction(guess / GRID), Fraction(guess * GRID))
        return critical_point(chosen, bias, digits, near=near)
    return critical_point(chosen, bias, digits, Fraction(guess * GRID) if guess else None)
