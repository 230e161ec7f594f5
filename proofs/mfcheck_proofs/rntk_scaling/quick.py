"""The residual kernel at one pair of points in plain floats, for a search; nothing rests on it but where it looks.

The recursion is that of `mfcheck.kernels.rntk`, whose arrays cost twenty times more for a single number.
"""

from functools import cache
from math import atan2, cos, pi, sin, sqrt

from mfcheck.kernels.formulas import gap_series

_SMALL = 0.5
_TERMS = 9


@cache
def _series() -> tuple[float, ...]:
    return tuple(float(c) for c in reversed(gap_series(_TERMS)))


def _pi_gap(angle: float) -> float:
    """Return `sin t - t cos t`, by its series where it cancels."""
    if angle >= _SMALL:
        return sin(angle) - angle * cos(angle)
    total, square = 0.0, angle * angle
    for coefficient in _series():
        total = total * square + coefficient
    return total * angle * square


def residual(chord: float, depth: int, a: float) -> float:
    """Return r_L for two unit vectors at distance `chord` and the share a = alpha^2/(1 + alpha^2)."""
    v = chord * chord / 2
    deficit = 0.0
    for done in range(depth):
        w = 2 - v
        angle = 2 * atan2(sqrt(v), sqrt(max(w, 0.0)))
        missing, step = angle / pi, _pi_gap(angle) / pi
        term = v + ((1 - v) * missing - step) / 2
        deficit += a * missing * (done - deficit) + term
        v -= a * step
    return 1 - deficit / depth
