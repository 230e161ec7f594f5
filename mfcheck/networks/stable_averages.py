"""Averages over a symmetric stable number in double precision.

z has the law `E exp(itz) = exp(-|t|^alpha / 2)`, 1 <= alpha <= 2: pre-activations of `dense_stable` layers are such
numbers times a scale. At alpha = 2 it is a standard Gaussian, at alpha = 1 a Cauchy number of scale 1/2. The density
comes from its Fourier integral up to EDGE, and beyond from 12 terms of the series of its tail.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from mfcheck.networks.maps import Array
from mfcheck.networks.pointwise import pointwise
from mfcheck.rigor.pieces import pieces
from mfcheck.symbolic.activation import Activation

EDGE = 60.0
"""Below it the density comes from its Fourier integral, above it from the series of its tail."""

EDGES = np.concatenate(
    [[0.0], 2.0 ** np.arange(-40, 0), np.arange(1, 8, 0.5), np.geomspace(8, EDGE, 12)]
)
"""Ends of panels on (0, EDGE); they halve towards 0, where a power of |f| may be singular."""

ORDERS = (16, 18, 20, 22, 24, 26)
"""Rules whose mean is taken; their spread is the error. Waves that go on for ever are sampled by them, not resolved."""

ROUNDING = 3e-13
"""Relative error beside the spread of the rules: sums of some 1e4 doubles, and the tail's series."""


def stable_average(
    f: Callable[[Array], Array],
    alpha: float,
    scale: float,
    order: int,
    rough: ArrayLike = (),
    unit: float = 1.0,
) -> float:
    """Return `E (|f(scale z)| / unit)^alpha` of a bounded function by a Gauss-Legendre rule on panels.

    Args:
        f: a function of arrays; far out, where z is above 1e17 / scale, it is taken as constant.
        alpha: index of the law.
        scale: of the argument.
        order: nodes on each panel, see ORDERS: the spread of the results is the error, beside ROUNDING.
        rough: places x > 0 where f(x) or f(-x) is not smooth or changes sign: see `rough_places`.
        unit: divides f, so that small scales do not underflow.
    """
    cuts = np.asarray(rough, dtype=np.float64) / scale
    parts = _inner_parts(cuts, alpha, order)
    far = max(EDGE * 2, 1e17 / scale)
    if alpha < 2:
        ends = np.linspace(math.log(EDGE), math.log(far), math.ceil(2 * math.log(far / EDGE)) + 1)
        beyond = np.log(cuts[(cuts > EDGE) & (cuts < far)])
        x, w = _panels(np.union1d(ends, beyond), order)
        parts.append((np.exp(x), w * stable_tail(np.exp(x), alpha)))
    total = 0.0
    for sign in (1.0, -1.0):
        for at, weights in parts:
            total += float(weights @ (np.abs(f(sign * scale * at)) / unit) ** alpha)
        if alpha < 2:
            rest = math.gamma(alpha) * math.sin(math.pi * alpha / 2) / (2 * math.pi)
            last = float(np.abs(f(np.array([sign * scale * far])))[0])
            total += rest * (last / (unit * far)) ** alpha
    return total


@lru_cache(maxsize=64)
def rough_places(activation: Activation, order: int) -> Array:
    """Return the |x| > 0 where a power of |phi| (order 0) or of |phi'| (order 1) may not be smooth.

    These are the kinks, and the changes of sign for |x| < 30.
    """
    kinks = [abs(float(part.lower)) for part in pieces(activation.expr)[1:]]
    f = pointwise(activation).slope if order else pointwise(activation).function
    x = np.linspace(-30, 30, 2402)
    signs = np.sign(f(x))
    crossed = np.flatnonzero(signs[1:] * signs[:-1] < 0)
    zeros = [
        abs(brentq(lambda at: float(f(np.array([at]))[0]), x[i], x[i + 1], xtol=1e-14))
        for i in crossed
    ]
    found = np.array([*kinks, *zeros])
    return found[found > 1e-9]


def stable_tail(z: Array, alpha: float) -> Array:
    """Return z times the density beyond `EDGE`, by 12 terms of its series."""
    total = np.zeros_like(z)
    for k in range(1, 13):
        size = math.lgamma(alpha * k + 1) - math.lgamma(k + 1) - k * math.log(2)
        sine = math.sin(math.pi * alpha * k / 2)
        total += (-1) ** (k + 1) * sine * np.exp(size - alpha * k * np.log(z))
    return total / math.pi


@lru_cache(maxsize=64)
def stable_rule(alpha: float, order: int) -> tuple[Array, Array]:
    """Return nodes on (0, EDGE), and weights times the density."""
    return _rule_on(EDGES, alpha, order)


def _panels(edges: Array, order: int) -> tuple[Array, Array]:
    """Return Gauss-Legendre nodes and weights on consecutive panels."""
    x, w = np.polynomial.legendre.leggauss(order)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * x).ravel(), (half * w).ravel()


@lru_cache(maxsize=64)
def _frequencies(alpha: float, order: int) -> tuple[Array, Array]:
    """Return nodes t and weights exp(-t^alpha/2)/pi of the Fourier integral of the density."""
    end = 84 ** (1 / alpha)
    steps = np.linspace(0.25, end, math.ceil((end - 0.25) / 0.22) + 1)
    t, mass = _panels(np.concatenate([[0.0], 0.25 * 2.0 ** np.arange(-40, 0), steps]), order)
    return t, mass * np.exp(-(t**alpha) / 2) / math.pi


def _rule_on(edges: Array, alpha: float, order: int) -> tuple[Array, Array]:
    """Return nodes and weights times the density on consecutive panels within (0, EDGE)."""
    z, weights = _panels(edges, order)
    if alpha == 1:
        return z, weights / (2 * math.pi * (z * z + 0.25))
    if alpha == 2:
        return z, weights * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    t, mass = _frequencies(alpha, order)
    density = np.concatenate([np.cos(np.outer(part, t)) @ mass for part in np.array_split(z, 40)])
    return z, weights * density


def _inner_parts(cuts: Array, alpha: float, order: int) -> list[tuple[Array, Array]]:
    """Return `stable_rule`, panels that hold a cut being divided there."""
    z, mass = stable_rule(alpha, order)
    inside = np.unique(cuts[(cuts > EDGES[1]) & (cuts < EDGE)])
    homes = np.searchsorted(EDGES, inside) - 1
    kept = np.repeat(~np.isin(np.arange(len(EDGES) - 1), homes), order)
    ends = [
        np.concatenate([EDGES[[home]], inside[homes == home], EDGES[[home + 1]]])
        for home in np.unique(homes)
    ]
    return [(z[kept], mass[kept]), *(_rule_on(edges, alpha, order) for edges in ends)]
