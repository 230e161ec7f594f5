"""Gradient flows of laws on the half-line under a quadratic energy, by Chebyshev polynomials.

The energy of a law rho of r >= 0 is `2 int V d rho + int int K d rho d rho`, K symmetric. Each r moves by
`r' = -speed psi'(r)`, `psi(r) = V(r) + int K(r, s) rho(ds)`, which is half of the first variation. V and K are given
at the nodes of `half_line(terms, scale)`, zeros of a Chebyshev polynomial in `x = (r - scale)/(r + scale)`, which cover
the whole half-line; so a step costs what the polynomials do, however hard V and K were to find.
"""

from collections.abc import Sequence

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy import integrate

Array = NDArray[np.float64]


def half_line(terms: int, scale: float) -> Array:
    """Return the nodes, shape (terms,), from large to small."""
    x = np.cos(np.pi * (np.arange(terms) + 0.5) / terms)
    return np.asarray(scale * (1 + x) / (1 - x))


class QuadraticFlow:
    """The flow of one energy.

    Args:
        V: values at the nodes, shape (terms,).
        K: values at pairs of nodes, shape (terms, terms).
        scale: of the nodes.
        speed: factor of the motion.
    """

    def __init__(self, V: Array, K: Array, scale: float, speed: float = 1.0) -> None:
        self.terms, self.scale, self.speed = len(V), scale, speed
        angles = np.pi * (np.arange(self.terms) + 0.5) / self.terms
        expand = 2 / self.terms * np.cos(np.outer(np.arange(self.terms), angles))
        expand[0] /= 2
        self.V, self.K = expand @ V, expand @ K @ expand.T

    def _polynomials(self, r: Array) -> Array:
        return np.asarray(chebyshev.chebvander((r - self.scale) / (r + self.scale), self.terms - 1))

    def energy(self, r: Array, weights: Array) -> float:
        """Return the energy of the law with these weights at the places `r`, shape (n,) each."""
        c = weights @ self._polynomials(r)
        return float(2 * c @ self.V + c @ self.K @ c)

    def velocity(self, r: Array, weights: Array) -> Array:
        """Return the velocity at all places of a law; at 0 and beyond, where they stop, that of 0."""
        r = np.maximum(r, 0)
        basis = self._polynomials(r)
        slopes = chebyshev.chebder(self.V + self.K @ (weights @ basis))
        turned = 2 * self.scale / (r + self.scale) ** 2
        return np.asarray(-self.speed * turned * (basis[:, :-1] @ slopes))

    def run(self, start: Array, weights: Array, times: Sequence[float], accuracy: float) -> Array:
        """Return the places at the times, shape (n, times), from those at time 0; what reaches 0 stays there.

        The times do not decrease. `accuracy` is the tolerance of a step, relative and absolute.
        """
        if times[-1] == 0:
            return np.repeat(start[:, None], len(times), axis=1)

        def push(_: float, r: Array) -> Array:
            return self.velocity(r, weights)

        span = (0.0, times[-1])
        found = integrate.solve_ivp(
            push, span, start, "DOP853", times, rtol=accuracy, atol=accuracy
        )
        return np.maximum(found.y, 0)
