"""Two Runge-Kutta schemes with error estimates: coefficients only.

Bogacki-Shampine 3(2) serves while accuracy limits the step. Once stability would, the second-order
Runge-Kutta-Chebyshev scheme takes over: `s` stages are stable up to `h rho = (2/3) (s^2 - 1)`, for a flow
whose Jacobian has real eigenvalues, as that of a gradient flow has.

References: P. Bogacki, L. F. Shampine, Appl. Math. Lett. 2 (1989) 321-325; B. P. Sommeijer,
L. F. Shampine, J. G. Verwer, J. Comput. Appl. Math. 88 (1998) 315-326, eqs. (2.1)-(2.8).
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sqrt

NODES = ((0.5,), (0.0, 0.75), (2 / 9, 1 / 3, 4 / 9))
"""Bogacki-Shampine: weights of the slopes for each stage; the last is the new state."""
ERROR_WEIGHTS = (-5 / 72, 1 / 12, 1 / 9, -1 / 8)
"""Bogacki-Shampine: third minus second order."""
STABILITY = 2.5
"""Bogacki-Shampine: length of the real stability interval."""
ESTIMATE_ORDER = 3
"""Both error estimates are of this order in the step."""
DAMPING = 2 / 13
MOST_STAGES = 2000


@dataclass(frozen=True)
class Stage:
    """`Y_j = a y + b Y_(j-1) + c Y_(j-2) + h (d F(Y_(j-1)) + e F(y))`."""

    a: float
    b: float
    c: float
    d: float
    e: float


def stage_count(product: float) -> int:
    """Return the Chebyshev stages that are stable for `h rho = product`, at least 2."""
    return max(2, ceil(sqrt(1 + 1.54 * product)))


@lru_cache(maxsize=512)
def chebyshev(stages: int) -> tuple[Stage, ...]:
    """Return the stages `j = 1, ..., stages` of the Runge-Kutta-Chebyshev scheme."""
    w0 = 1 + DAMPING / stages**2
    T, first, second = _polynomials(stages, w0)
    w1 = first[stages] / second[stages]
    b = [0.0, 1 / w0, *(second[j] / first[j] ** 2 for j in range(2, stages + 1))]
    b[0] = b[2]
    result = [Stage(1.0, 0.0, 0.0, 0.0, b[1] * w1)]
    for j in range(2, stages + 1):
        mu, nu = 2 * b[j] * w0 / b[j - 1], -b[j] / b[j - 2]
        slope = 2 * b[j] * w1 / b[j - 1]
        start = -(1 - b[j - 1] * T[j - 1]) * slope
        result.append(Stage(1 - mu - nu, mu, nu, slope, start))
    return tuple(result)


def _polynomials(degree: int, x: float) -> tuple[list[float], list[float], list[float]]:
    """Return the Chebyshev polynomials up to a degree, and their first two derivatives, at `x`."""
    T, first, second = [1.0, x], [0.0, 1.0], [0.0, 0.0]
    for j in range(2, degree + 1):
        T.append(2 * x * T[j - 1] - T[j - 2])
        first.append(2 * T[j - 1] + 2 * x * first[j - 1] - first[j - 2])
        second.append(4 * first[j - 1] + 2 * x * second[j - 1] - second[j - 2])
    return T, first, second
