"""The setting of the paper, and a piecewise linear sigma averaged over Gaussian and spherical directions."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray
from scipy import special

from mfcheck.checks import Setting, parameter
from mfcheck.errors import InputError
from mfcheck.gaussian import ramp
from mfcheck.rigor.ball import exact

Array = NDArray[np.float64]

S1 = parameter("s1", "-5/2", "value of sigma up to t1", below=-1)
S2 = parameter("s2", "15/2", "value of sigma from t2 on")
T1 = parameter("t1", "1/2", "first kink of sigma", above=0)
T2 = parameter("t2", "3/2", "second kink of sigma", above=0)
DELTA = parameter("delta", "2/5", "spread Delta of the classes", above=0, below=1)
DELTA_FAIL = parameter("delta_fail", "1/2", "spread Delta in the example of failure", above=0, below=1)
LAM = parameter("lam", "1/2", "ridge lambda", above=0)
BETA = parameter("beta", 4, "inverse temperature", above=0)
DIM = parameter("dim", 40, "dimension d", least=3, most=100_000, integer=True)
KAPPA = parameter("kappa", "4/5", "initial weights are N(0, kappa^2/d)", above=0)
HORIZON = parameter("horizon", 1, "time", least=0, most=100)
PARAMETERS = (S1, S2, T1, T2, DELTA, DELTA_FAIL, LAM, BETA, DIM, KAPPA, HORIZON)
lam, beta = LAM.symbol, BETA.symbol
HALF = sp.Rational(1, 2)


def validate(setting: Setting) -> None:
    """Refuse shapes for which a or b does not exist."""
    if setting["t1"] >= setting["t2"]:
        raise InputError("t2 must be above t1")
    if setting["s1"] + setting["s2"] <= 2:
        raise InputError("(s1 + s2)/2 must be above 1: q takes the value 1 only then")


# --- piecewise linear sigma under Gaussian and spherical averages --------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """The function `start + sum_c jump_c (z - c)_+`, with kinks c >= 0, constant to the left of 0.

    Attributes:
        start: value to the left of all kinks.
        kinks: pairs of place and jump of the slope; the jumps add up to zero.
    """

    start: Fraction
    kinks: tuple[tuple[Fraction, Fraction], ...]

    def knots(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return places and values for interpolation."""
        places = [c for c, _ in self.kinks]
        values = [self.start + sum(m * max(z - c, Fraction(0)) for c, m in self.kinks) for z in places]
        return tuple(map(float, places)), tuple(map(float, values))

    def formula(self, t: sp.Symbol) -> sp.Expr:
        """Return `E sigma(t G)`."""
        return sp.Rational(self.start) + sum(sp.Rational(m) * ramp(t, sp.Rational(c)) for c, m in self.kinks)

    def q(self, t: arb) -> arb:
        """Enclose `E sigma(t G)`, t >= 0."""
        return exact(self.start) + sum((exact(m) * _hull(_ramp, exact(c), t) for c, m in self.kinks), arb(0))

    def dq(self, t: arb) -> arb:
        """Enclose its derivative."""
        return sum((exact(m) * _hull(_bump, exact(c), t) for c, m in self.kinks), arb(0))

    def d2q(self, t: arb) -> arb:
        """Enclose its second derivative, t > 0."""
        return sum((exact(m) * exact(c) ** 2 / t**3 * _hull(_bump, exact(c), t) for c, m in self.kinks), arb(0))

    def gaussian(self, t: Array) -> tuple[Array, Array]:
        """Return `E sigma(t G)` and its derivative in doubles, t > 0."""
        value, slope = np.full_like(t, float(self.start)), np.zeros_like(t)
        for c, m in self.kinks:
            ratio = float(c) / t
            peak = np.exp(-(ratio**2) / 2) / math.sqrt(2 * math.pi)
            value += float(m) * (t * peak - float(c) * special.ndtr(-ratio))
            slope += float(m) * peak
        return value, slope

    def spherical(self, t: Array, dim: int) -> tuple[Array, Array]:
        """Return `E sigma(t S)` and its derivative in doubles, t > 0, S a coordinate of the unit sphere."""
        scale = math.exp(math.lgamma(dim / 2) - math.lgamma((dim - 1) / 2)) / math.sqrt(math.pi) / (dim - 1)
        value, slope = np.full_like(t, float(self.start)), np.zeros_like(t)
        for c, m in self.kinks:
            ratio = np.minimum(float(c) / t, 1.0)
            peak = scale * (1 - ratio**2) ** ((dim - 1) / 2)
            tail_mass = special.betainc((dim - 1) / 2, 0.5, 1 - ratio**2) / 2
            value += float(m) * (t * peak - float(c) * tail_mass)
            slope += float(m) * peak
        return value, slope


def _bump(c: arb, t: arb) -> arb:
    """Enclose phi(c/t), which grows with t."""
    root = (2 * arb.pi()).sqrt()
    if not t > 0:
        return (arb(1) if c == 0 else arb(0)) / root
    return (-((c / t) ** 2) / 2).exp() / root


def _ramp(c: arb, t: arb) -> arb:
    """Enclose E max(t G - c, 0), which grows with t."""
    return arb(0) if not t > 0 else t * _bump(c, t) - c * (c / (t * arb(2).sqrt())).erfc() / 2


def _hull(f: Callable[[arb, arb], arb], c: arb, t: arb) -> arb:
    """Enclose a growing function on a ball from its ends."""
    return f(c, t) if t.is_exact() else f(c, t.lower()).union(f(c, t.upper()))


def shape(setting: Setting) -> Shape:
    """Return sigma of the setting."""
    slope = (setting["s2"] - setting["s1"]) / (setting["t2"] - setting["t1"])
    return Shape(setting["s1"], ((setting["t1"], slope), (setting["t2"], -slope)))


FAILING = Shape(
    Fraction(-5, 2),
    ((Fraction(0), Fraction(-3)), (Fraction(1, 2), Fraction(29, 2)), (Fraction(3, 2), Fraction(-23, 2))),
)
"""Through (0, -5/2), (1/2, -4), (3/2, 15/2), constant outside."""


def risk_of(own: Shape, delta: arb, r: arb) -> arb:
    """Enclose the risk of the point mass at r, d = infinity."""
    return ((1 - own.q((1 + delta) * r)) ** 2 + (1 + own.q((1 - delta) * r)) ** 2) / 2


def force(own: Shape, delta: arb, r: arb) -> arb:
    """Enclose psi'(r) of the point mass at r: half the derivative of its risk."""
    up, down = (1 + delta) * r, (1 - delta) * r
    return ((own.q(up) - 1) * (1 + delta) * own.dq(up) + (own.q(down) + 1) * (1 - delta) * own.dq(down)) / 2


def stiffness(own: Shape, delta: arb, r: arb) -> arb:
    """Enclose the derivative of `force` in r."""
    total = arb(0)
    for y in (1, -1):
        t = (1 + y * delta) * r
        total += (1 + y * delta) ** 2 * (own.dq(t) ** 2 + (own.q(t) - y) * own.d2q(t)) / 2
    return total
