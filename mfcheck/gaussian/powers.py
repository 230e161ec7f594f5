"""Powers of the rectifier, `r_p(x) = max(x, 0)^p`, under Gaussians: moments, correlation map, its slope.

The map `J_p(c) = E r_p(u) r_p(v) / E r_p(u)^2` of standard Gaussians of correlation c is half the sum of an even and an
odd part, both hypergeometric in c^2. Its slope is `J_p'(1) = p^2/(2p-1)`; for p <= 1/2 it is infinite.
"""

import math
from fractions import Fraction

import sympy as sp
from flint import arb
from scipy.special import hyp2f1

from mfcheck.gaussian.pairs import even_powers, odd_powers
from mfcheck.rigor.ball import exact


def power_moment(p: sp.Expr) -> sp.Expr:
    """Return `E r_p(z)^2` of a standard Gaussian z as a formula, p > -1/2."""
    return 2 ** (p - 1) * sp.gamma(p + sp.Rational(1, 2)) / sp.sqrt(sp.pi)


def power_map(p: Fraction, c: arb) -> arb:
    """Enclose `J_p(c)`, abs(c) <= 1, p > 0; precision is the context's."""
    return _products(p, c) / even_powers(sp.Rational(p), sp.Rational(p), arb(1))


def power_map_slope(p: Fraction, c: arb) -> arb:
    """Enclose `J_p'(c)`, abs(c) < 1, p > 1/2: the covariance of slopes, by Stein's lemma."""
    size = even_powers(sp.Rational(p), sp.Rational(p), arb(1))
    return exact(p) ** 2 * _products(p - 1, c) / size


def power_map_float(p: float, c: float) -> float:
    """Return `J_p(c)` in double precision."""
    even = hyp2f1(-p / 2, -p / 2, 0.5, c * c)
    odd = c * hyp2f1((1 - p) / 2, (1 - p) / 2, 1.5, c * c)
    ratio = math.exp(2 * (math.lgamma((p + 2) / 2) - math.lgamma((p + 1) / 2)))
    return float((even + 2 * ratio * odd) / (2 * hyp2f1(-p / 2, -p / 2, 0.5, 1.0)))


def _products(p: Fraction, c: arb) -> arb:
    """Enclose `2 E r_p(u) r_p(v)`."""
    power = sp.Rational(p)
    return (even_powers(power, power, c) + odd_powers(power, power, c)) / 2
