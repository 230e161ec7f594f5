"""The recursion of tanh residual networks in balls: thousands of layers in seconds.

`E_q sech^2` and `E_q sech^4` by the trapezoid rule in x = sqrt(q) z with fixed nodes: only the Gaussian weights depend
on q, and these are powers of one number. On the lines Im x = +-a, a <= pi/4, `|sech^2| <= 2/cosh(2 Re x)`, whose integral
is pi, and `|sech^4| <= 4/cosh(2 Re x)^2`, whose integral is 4; so the error is at most
`2 exp(a^2/(2q)) min(m/sqrt(2 pi q), b)/(exp(2 pi a/h) - 1)` with m the integral and b the bound. A variance below 1/2 takes nodes that
are closer by a power of two.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from flint import arb, ctx

from mfcheck.rigor.ball import exact


@dataclass(frozen=True)
class Nodes:
    """Nodes k h, k >= 0, for variances from `4^-level / 2`; the values at 0 count half."""

    a: arb
    h: arb
    second: tuple[arb, ...]
    fourth: tuple[arb, ...]


@lru_cache(maxsize=64)
def _nodes(level: int, digits: int, prec: int) -> Nodes:
    with ctx.workprec(prec):
        scale = arb(2) ** -level
        a = arb.pi() / 4 * scale
        size = (digits + 2) * math.log(10)
        h = (2 * arb.pi() * a / (size + 1)).mid()
        # Beyond the last node either sech^2 or the Gaussian is below the goal.
        reach = min(size / 2 + 1, float(scale) * 2 * math.sqrt(size)) if level else size / 2 + 1
        values = [1 / (k * h).cosh() ** 2 for k in range(math.ceil(reach / float(h)) + 1)]
        values[0] /= 2
        fourth = [v * v for v in values]
        fourth[0] *= 2
        return Nodes(a, h, tuple(values), tuple(fourth))


def averages(q: arb, digits: int) -> tuple[arb, arb]:
    """Enclose `E sech^2` and `E sech^4` at a variance q > 0; precision is the context's, the error about 10^-digits."""
    lowest = float(q.lower())
    level = 0 if lowest >= 0.5 else math.ceil(math.log(0.5 / lowest, 4))
    nodes = _nodes(level, digits, ctx.prec)
    ratio = (-nodes.h * nodes.h / (2 * q)).exp()
    square, weight, step = ratio * ratio, arb(1), ratio
    second = fourth = arb(0)
    for f, g in zip(nodes.second, nodes.fourth, strict=True):
        second += f * weight
        fourth += g * weight
        weight *= step
        step *= square
    root = (2 * arb.pi() * q).sqrt()
    factor = 2 * nodes.h / root
    end = (len(nodes.second) - 1) * nodes.h
    far = (4 * (-2 * end).exp() / root).min((end / (2 * q).sqrt()).erfc())
    growth = 2 * (nodes.a**2 / (2 * q)).exp() / ((2 * arb.pi() * nodes.a / nodes.h).exp() - 1)
    first, last = (far + growth * (m / root).min(b) for m, b in ((arb.pi(), arb(2)), (arb(4), arb(4))))
    return second * factor + arb(0, first.upper()), fourth * factor + arb(0, last.upper())


@dataclass(frozen=True)
class Tanh:
    """A full residual network of tanh units: squares of the four standard deviations, and p at the start."""

    weight: Fraction
    outer: Fraction
    bias: Fraction
    shift: Fraction
    start: Fraction


@lru_cache(maxsize=64)
def tanh_recursion(net: Tanh, depth: int, digits: int) -> tuple[arb, arb]:
    """Enclose p and the logarithm of the gradient ratio after `depth` layers."""
    working = digits + 8 + len(str(depth))
    with ctx.workprec(math.ceil(working * 3.33) + 40):
        w, v, b, a, p = (exact(x) for x in (net.weight, net.outer, net.bias, net.shift, net.start))
        logarithm, product = arb(0), w * v
        for _ in range(depth):
            second, fourth = averages(w * p + b, working)
            p += v * (1 - second) + a
            logarithm += (1 + product * fourth).log()
        return p, logarithm
