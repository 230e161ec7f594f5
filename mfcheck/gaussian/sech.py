"""`E sech^2` and `E sech^4` of Gaussians at many variances, in balls: what long recursions of tanh need of a layer.

`E tanh^2 = 1 - E sech^2`, and the mean squared slope of tanh is `E sech^4`. The trapezoid rule in x = sqrt(q) z has
fixed nodes: only the Gaussian weights depend on q, and these are powers of one number. On the lines Im x = +-a,
a <= pi/4, `|sech^2| <= 2/cosh(2 Re x)`, whose integral is pi, and `|sech^4| <= 4/cosh(2 Re x)^2`, whose integral is 4;
so the error is at most `2 exp(a^2/(2q)) min(m/sqrt(2 pi q), b)/(exp(2 pi a/h) - 1)` with m the integral, b the bound.
A variance below 1/2 takes nodes that are closer by a power of two.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from flint import arb, ctx

from mfcheck.errors import InputError


@dataclass(frozen=True)
class _Nodes:
    """Nodes k h, k >= 0, for variances from `4^-level / 2`; the values at 0 count half."""

    a: arb
    h: arb
    second: tuple[arb, ...]
    fourth: tuple[arb, ...]


@lru_cache(maxsize=64)
def _nodes(level: int, digits: int, prec: int) -> _Nodes:
    with ctx.workprec(prec):
        scale = arb(2) ** -level
        a = arb.pi() / 4 * scale
        size = (digits + 2) * math.log(10)
        h = (2 * arb.pi() * a / (size + 1)).mid()
        # Beyond the last node either sech^2 or the Gaussian is below the goal.
        reach = size / 2 + 1
        if level:
            reach = min(reach, float(scale) * 2 * math.sqrt(size))
        values = [1 / (k * h).cosh() ** 2 for k in range(math.ceil(reach / float(h)) + 1)]
        fourth = [v * v for v in values]
        values[0], fourth[0] = values[0] / 2, fourth[0] / 2
        return _Nodes(a, h, tuple(values), tuple(fourth))


def sech_averages(q: arb, digits: int) -> tuple[arb, arb]:
    """Enclose `E sech^2` and `E sech^4` at a variance q > 0; precision is the context's, the error about 10^-digits.

    They are computed at the middle of q, and what q leaves open is added: so a long recursion loses no more than its
    slopes ask for.

    Raises:
        InputError: q is not certainly positive.
    """
    if not q > 0:
        raise InputError("a variance must be positive")
    second, fourth = _at_middle(q.mid(), digits)
    change = q.rad() * _steepest(q.lower())
    return second + arb(0, change.upper()), fourth + arb(0, (2 * change).upper())


def _steepest(q: arb) -> arb:
    """Bound the change of `E sech^2`, and half that of `E sech^4`, in the variance, from q on.

    It is `E f''/2`, where |f''| is at most 2, and 4; and it is `E f (x^2/q - 1)/(2q)`, where the integrals of f and of
    x^2 f are at most 2 and pi^2/6.
    """
    far = (2 + arb.pi() ** 2 / (6 * q)) / (2 * q * (2 * arb.pi() * q).sqrt())
    return arb(1).min(far)


def _at_middle(q: arb, digits: int) -> tuple[arb, arb]:
    level = 0 if q >= 0.5 else math.ceil(math.log(0.5 / float(q), 4))
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
    first, last = (
        far + growth * (m / root).min(b) for m, b in ((arb.pi(), arb(2)), (arb(4), arb(4)))
    )
    return second * factor + arb(0, first.upper()), fourth * factor + arb(0, last.upper())
