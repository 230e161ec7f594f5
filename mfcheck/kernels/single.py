"""The residual kernel of one pair of inputs, in plain Python: for searches, where arrays of one cost more."""

import math
from collections.abc import Callable
from functools import lru_cache

import sympy as sp

from mfcheck.errors import InputError
from mfcheck.kernels import formulas as f
from mfcheck.kernels.rntk import check_depth, mixing

_SMALL = 0.5
_TERMS = 8
"""The first neglected term of the series is below 1e-18 of the sum for angles up to `_SMALL`."""


@lru_cache(maxsize=1)
def _layer() -> Callable[[float], tuple[float, float]]:
    """Return the function that gives GAP and 1 - HALF_TERM at an angle."""
    whole = sp.lambdify(f.theta, (f.GAP, 1 - f.HALF_TERM), "math", cse=True)
    series = sum(c * f.theta ** (2 * k + 3) for k, c in enumerate(f.gap_series(_TERMS))) / sp.pi
    near = sp.lambdify(f.theta, (sp.N(sp.horner(series)), 1 - f.HALF_TERM), "math", cse=True)

    def at(angle: float) -> tuple[float, float]:
        found: tuple[float, float] = near(angle) if angle < _SMALL else whole(angle)
        return found

    return at


def rntk_of_pair(distance: float, depth: int, alpha: float) -> float:
    """Return the normalised kernel r_L of two unit vectors at that distance; absolute error near 1e-15 a layer.

    Raises:
        InputError: a distance outside [0, 2], depth below 1, or alpha negative or not finite.
    """
    if not 0 <= distance <= 2:
        raise InputError("distances of unit vectors must lie in [0, 2]")
    a, layer = mixing(alpha), _layer()
    v, w, deficit = distance**2 / 2, (2 - distance) * (2 + distance) / 2, 0.0
    for done in range(check_depth(depth)):
        angle = 2 * math.atan2(math.sqrt(v), math.sqrt(w))
        gap, term_missing = layer(angle)
        deficit += a * angle / math.pi * (done - deficit) + term_missing
        v, w = v - a * gap, w + a * gap
    return 1 - deficit / depth
