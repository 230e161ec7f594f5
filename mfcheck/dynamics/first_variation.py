"""First variations of functionals of laws, against derivatives along mixtures.

A functional is a function of weighted particles; its first variation `g` satisfies
`d/d eps F((1 - eps) rho + eps delta_theta) = g(theta) - int g d rho` at `eps = 0`. A constant in `g` cannot be seen, so
that every comparison centres `g`. For equal weights `1/N` the gradient of `F` in particle `i` is `grad g(theta_i)/N`.
Derivatives are central differences, extrapolated (Ridders 1982), with an error from the table itself and from rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims.record import Estimate
from mfcheck.statistics import agrees, exactly

Array = NDArray[np.float64]
Functional = Callable[[Array, Array], float]
"""A function of particles `(N, k)` and their weights `(N,)`; weights may be slightly negative."""
Formula = Callable[[Array], Array]
"""Values `(P,)` at points `(P, k)`."""

ROUNDING = 16 * float(np.finfo(np.float64).eps)
_ROWS = 9
_SHRINK = 2.0
_SAFETY = 2.0


@dataclass(frozen=True)
class Comparison:
    """One derivative two ways.

    Attributes:
        measured: the finite difference, with a bound on its error.
        claimed: the value of the formula, with its error.
    """

    measured: Estimate
    claimed: Estimate

    @property
    def distance(self) -> float:
        """Distance of the two values."""
        return abs(self.measured.value - self.claimed.value)

    def holds(self, resolution: float = 1e-6) -> bool | None:
        """Return whether both agree; None where the errors exceed `resolution` times the claimed value."""
        return agrees(self.measured, self.claimed, resolution)


def derivative(
    function: Callable[[float], float],
    step: float = 0.1,
    *,
    one_sided: bool = False,
    relative_error: float = ROUNDING,
) -> Estimate:
    """Return the derivative at 0 by extrapolated differences, from the step whose error is least.

    The error is twice the distance of the last two extrapolations, plus what rounding leaves.

    Args:
        function: smooth near 0; with `one_sided`, defined for nonnegative arguments at least.
        step: the largest step.
        one_sided: use arguments `>= 0` only (weights of a new particle must stay nonnegative in an entropy).
        relative_error: relative error of one value of `function`.

    Raises:
        ValueError: no value of the function is finite.
    """
    order = 1 if one_sided else 2
    value, least = 0.0, float("inf")
    previous: list[float] = []
    previous_noise: list[float] = []
    for row in range(_ROWS):
        h = step / _SHRINK**row
        right, left = function(h), function(0.0 if one_sided else -h)
        width = h if one_sided else 2 * h
        current = [(right - left) / width]
        noise = [relative_error * (abs(right) + abs(left)) / width]
        for column in range(row):
            factor = _SHRINK ** (order * (column + 1))
            current.append((factor * current[column] - previous[column]) / (factor - 1))
            noise.append((factor * noise[column] + previous_noise[column]) / (factor - 1))
            change = max(abs(current[-1] - current[column]), abs(current[-1] - previous[column]))
            error = _SAFETY * change + noise[-1]
            if error < least:
                value, least = current[-1], error
        previous, previous_noise = current, noise
    if not np.isfinite(least):
        raise ValueError("the functional has no finite values near the law")
    return exactly(value, least)


def along_mixture(
    functional: Functional,
    points: Array,
    weights: Array,
    theta: Array,
    step: float = 0.1,
    *,
    one_sided: bool = False,
    relative_error: float = ROUNDING,
) -> Estimate:
    """Return `d/d eps` of the functional along `(1 - eps) rho + eps delta_theta` at `eps = 0`.

    Args:
        functional: of particles `(N + 1, k)` and weights `(N + 1,)`.
        points: particles of `rho`, `(N, k)`.
        weights: their weights `(N,)`, sum one.
        theta: the new point `(k,)`.
        step: the largest `eps`.
        one_sided: keep `eps >= 0`.
        relative_error: relative error of one value of the functional.
    """
    joined = np.vstack([points, np.reshape(theta, (1, -1))])

    def along(eps: float) -> float:
        return float(functional(joined, np.append((1 - eps) * weights, eps)))

    return derivative(along, step, one_sided=one_sided, relative_error=relative_error)


def check_first_variation(
    functional: Functional,
    formula: Formula,
    points: Array,
    weights: Array,
    candidates: Array,
    *,
    step: float = 0.1,
    one_sided: bool = False,
    formula_error: float = 0.0,
    relative_error: float = ROUNDING,
) -> list[Comparison]:
    """Compare a formula for the first variation, centred by its mean, with derivatives along mixtures.

    Args:
        functional: of weighted particles.
        formula: the claimed first variation at `rho`, up to a constant: points `(P, k)` to values `(P,)`.
        points: particles of `rho`, `(N, k)`.
        weights: their weights `(N,)`, sum one.
        candidates: points `(P, k)` where mass is added.
        step: the largest mass that is moved.
        one_sided: never take mass from a candidate.
        formula_error: bound on the error of one value of the formula (a quadrature, say).
        relative_error: relative error of one value of the functional.

    Returns:
        One comparison for each candidate.
    """
    inside = np.asarray(formula(points), dtype=np.float64)
    mean = float(weights @ inside)
    size = float(np.abs(weights) @ np.abs(inside))
    found = []
    for theta, value in zip(candidates, formula(candidates), strict=True):
        error = 2 * formula_error + ROUNDING * (abs(float(value)) + size)
        measured = along_mixture(
            functional, points, weights, theta, step,
            one_sided=one_sided, relative_error=relative_error,
        )  # fmt: skip
        found.append(Comparison(measured, exactly(float(value) - mean, error)))
    return found


def check_particle_gradient(
    functional: Functional,
    gradient: Callable[[Array], Array],
    points: Array,
    weights: Array,
    *,
    particles: int = 3,
    step: float = 0.1,
    relative_error: float = ROUNDING,
) -> list[Comparison]:
    """Compare `w_i grad g(theta_i)` with the derivative of the functional in particle `i`.

    Args:
        functional: of weighted particles.
        gradient: gradients `(P, k)` of the first variation at points `(P, k)`.
        points: particles `(N, k)`.
        weights: their weights `(N,)`; `1/N` each for a network.
        particles: the first so many particles are moved.
        step: the largest displacement.
        relative_error: relative error of one value of the functional.

    Returns:
        One comparison for each moved particle and coordinate, in this order.
    """
    claimed = weights[:, None] * np.asarray(gradient(points))
    found = []
    for i, c in np.ndindex(min(particles, len(points)), points.shape[1]):

        def moved(delta: float, i: int = i, c: int = c) -> float:
            shifted = points.copy()
            shifted[i, c] += delta
            return float(functional(shifted, weights))

        value = float(claimed[i, c])
        measured = derivative(moved, step, relative_error=relative_error)
        found.append(Comparison(measured, exactly(value, ROUNDING * abs(value))))
    return found
