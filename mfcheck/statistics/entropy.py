"""Means under all laws that are close to a given one in relative entropy."""

import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp


def largest_mean(cumulant: Callable[[float], float], radius: float, deviation: float) -> float:
    """Return the supremum of E_Q[f] over all laws Q with KL(Q|P) <= radius, in double precision.

    It is `inf over l > 0 of (radius + log E_P exp(l f))/l` (Donsker and Varadhan), searched within factors e^-6 and
    e^4 of the l that is best where f is Gaussian under P. Each l bounds the supremum from above; where the best is out
    of reach, as for a bounded f whose maximum is within the radius, so does what is returned, a per cent too large.

    Args:
        cumulant: `l -> log E_P exp(l f)`, where E_P[f] = 0; finite for every l.
        radius: positive.
        deviation: standard deviation of f under P.

    >>> round(largest_mean(lambda x: x**2 / 2, 0.18, 1.0), 6)
    0.6
    """

    def dual(log_l: float) -> float:
        scale = math.exp(log_l)
        return (radius + cumulant(scale)) / scale

    centre = math.log(math.sqrt(2 * radius) / deviation)
    found = minimize_scalar(dual, bounds=(centre - 6, centre + 4), method="bounded")
    return float(found.fun)


def largest_gaussian_means(scales: NDArray[np.float64], radii: Iterable[float]) -> list[float]:
    """Return `largest_mean` of f = a V at each radius, a standard Gaussian and independent of V, whose draws are given.

    a is integrated exactly: `log E exp(l f) = log E exp(l^2 V^2/2)`. The mean over draws of V makes that too small, by
    an error that falls like their inverse number.

    Args:
        scales: independent draws of V, shape (draws,), not all zero.
        radii: positive.

    >>> [round(float(v), 6) for v in largest_gaussian_means(np.array([2.0, -2.0]), (0.02, 0.5))]
    [0.4, 2.0]
    """
    squares = scales**2

    def cumulant(scale: float) -> float:
        return float(logsumexp(scale**2 * squares / 2) - math.log(len(squares)))

    deviation = float(np.sqrt(np.mean(squares)))
    return [largest_mean(cumulant, radius, deviation) for radius in radii]
