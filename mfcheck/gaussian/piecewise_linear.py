"""Piecewise linear functions under Gaussian and spherical averages, in closed form: as balls and as doubles."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray
from scipy import special

from mfcheck.errors import InputError
from mfcheck.rigor.ball import exact
from mfcheck.rigor.roots import crossing

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PiecewiseLinear:
    """The function `f(z) = start + sum_c jump_c (z - c)_+` with kinks c >= 0, constant to the left of 0.

    Its average over a Gaussian of size t is a sum of `E (t G - c)_+ = t phi(c/t) - c Phi(-c/t)`, whose derivative by t
    is `phi(c/t)`.

    Attributes:
        start: value to the left of all kinks.
        kinks: pairs of place and jump of the slope; the averages stay bounded if the jumps add up to zero.
    """

    start: Fraction
    kinks: tuple[tuple[Fraction, Fraction], ...]

    @classmethod
    def through(cls, *points: tuple[Fraction | int, Fraction | int]) -> "PiecewiseLinear":
        """Return the function through points of increasing places >= 0, linear between them and constant outside."""
        slopes = [Fraction(v - u) / (b - a) for (a, u), (b, v) in pairwise(points)]
        jumps = [after - before for before, after in pairwise([Fraction(0), *slopes, Fraction(0)])]
        kinks = tuple((Fraction(z), m) for (z, _), m in zip(points, jumps, strict=True))
        return cls(Fraction(points[0][1]), kinks)

    def knots(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the kinks and the values there, in doubles."""
        places = [c for c, _ in self.kinks]
        values = [
            self.start + sum(m * max(z - c, Fraction(0)) for c, m in self.kinks) for z in places
        ]
        return tuple(map(float, places)), tuple(map(float, values))

    def mean(self, t: arb) -> arb:
        """Enclose `E f(t G)`, G ~ N(0, 1), t >= 0."""
        return exact(self.start) + self._sum(_ramp, t)

    def slope(self, t: arb) -> arb:
        """Enclose the derivative of `mean`."""
        return self._sum(_density, t)

    def curvature(self, t: arb) -> arb:
        """Enclose the second derivative of `mean`, t > 0."""
        bent = ((exact(m) * exact(c) ** 2, c) for c, m in self.kinks)
        return sum((scale * _grown(_density, exact(c), t) for scale, c in bent), arb(0)) / t**3

    def level(self, value: int, digits: int) -> arb:
        """Enclose a size t where `mean` grows through a value; the only one if it grows wherever it takes the value.

        Raises:
            InputError: no such size is in reach of the arithmetic.
        """
        return _level(self, value, digits)

    def _sum(self, f: Callable[[arb, arb], arb], t: arb) -> arb:
        return sum((exact(m) * _grown(f, exact(c), t) for c, m in self.kinks), arb(0))

    def means(self, t: Array) -> tuple[Array, Array]:
        """Return `E f(t G)` and its derivative in doubles, any shape, t > 0."""
        value, slope = np.full_like(t, float(self.start)), np.zeros_like(t)
        for c, m in self.kinks:
            ratio = float(c) / t
            peak = np.exp(-(ratio**2) / 2) / math.sqrt(2 * math.pi)
            value += float(m) * (t * peak - float(c) * special.ndtr(-ratio))
            slope += float(m) * peak
        return value, slope

    def sphere_means(self, t: Array, dimension: int) -> tuple[Array, Array]:
        """Return `E f(t S)` and its derivative in doubles, S a coordinate of a uniform point of the unit sphere in R^d.

        The derivative of `E (t S - c)_+` is `C (1 - z^2)^((d-1)/2)/(d-1)`, z = min(c/t, 1), with
        `C = Gamma(d/2)/(sqrt(pi) Gamma((d-1)/2))`. Any shape, t > 0, d >= 3.
        """
        d = dimension
        log_ratio = math.lgamma(d / 2) - math.lgamma((d - 1) / 2)
        scale = math.exp(log_ratio) / math.sqrt(math.pi) / (d - 1)
        value, slope = np.full_like(t, float(self.start)), np.zeros_like(t)
        for c, m in self.kinks:
            rest = 1 - np.minimum(float(c) / t, 1.0) ** 2
            peak = scale * rest ** ((d - 1) / 2)
            value += float(m) * (t * peak - float(c) * special.betainc((d - 1) / 2, 0.5, rest) / 2)
            slope += float(m) * peak
        return value, slope


@lru_cache(maxsize=64)
def _level(own: PiecewiseLinear, value: int, digits: int) -> arb:
    with ctx.workdps(digits + 20):
        above, steps = arb(1), 0
        while not own.mean(above) > value:
            above, steps = 2 * above, steps + 1
            if steps > 200:
                raise InputError(f"the mean does not reach {value} in reach of the arithmetic")
        below = above / 2
        while not own.mean(below) < value:
            above, below, steps = below, below / 2, steps + 1
            if steps > 400:
                raise InputError(f"the mean is not below {value} in reach of the arithmetic")
    return crossing(lambda t: own.mean(t) - value, own.slope, (below, above), digits)


def _density(c: arb, t: arb) -> arb:
    """Enclose the Gaussian density at c/t, which grows with t."""
    root = (2 * arb.pi()).sqrt()
    if not t > 0:
        return (arb(1) if c == 0 else arb(0)) / root
    return (-((c / t) ** 2) / 2).exp() / root


def _ramp(c: arb, t: arb) -> arb:
    """Enclose `E (t G - c)_+`, which grows with t."""
    return arb(0) if not t > 0 else t * _density(c, t) - c * (c / (t * arb(2).sqrt())).erfc() / 2


def _grown(f: Callable[[arb, arb], arb], c: arb, t: arb) -> arb:
    """Enclose a growing function of t on a ball from its ends."""
    return f(c, t) if t.is_exact() else f(c, t.lower()).union(f(c, t.upper()))
