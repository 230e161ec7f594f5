"""Alpha-stable weights in double precision: density, expectations, and what they do to a layer."""

import math
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import brentq

from mfcheck.checks import Setting, parameter
from mfcheck.errors import InputError
from mfcheck.networks import pointwise
from mfcheck.rigor.pieces import pieces
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.symbolic.activation import Activation, activation

Array = NDArray[np.float64]

ALPHA = parameter("alpha", "3/2", "index of the stable law of the weights; 2 is Gaussian", least=1, most=2)
SIGMA_W = parameter("sigma_w", 1, "scale of the weights", above=0, most=1000)
SIGMA_B = parameter("sigma_b", 0, "scale of the biases", least=0, most=1000)
Q = parameter("q", 1, "argument of the Cauchy map", above=0, most=10**6)
WIDTH = parameter("width", 400, "width N", least=2, most=10**9, integer=True)
DEPTH = parameter("depth", 30, "number of layers", least=2, most=10_000, integer=True)
PARAMETERS = (ALPHA, SIGMA_W, SIGMA_B, Q, WIDTH, DEPTH)
alpha, sigma_w, sigma_b, q, N, L = (p.symbol for p in PARAMETERS)
ONE = sp.Integer(1)
TANH = activation("tanh")

# --- the stable law, in double precision -----------------------------------------------------------------------------

EDGE = 60.0
"""Below it the density comes from its Fourier integral, above it from the series of its tail."""


def _panels(edges: Array, order: int) -> tuple[Array, Array]:
    """Return Gauss-Legendre nodes and weights on consecutive panels."""
    x, w = np.polynomial.legendre.leggauss(order)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * x).ravel(), (half * w).ravel()


def tail(z: Array, index: float) -> Array:
    """Return z times the density beyond `EDGE`, by 12 terms of its series."""
    total = np.zeros_like(z)
    for k in range(1, 13):
        size = math.lgamma(index * k + 1) - math.lgamma(k + 1) - k * math.log(2)
        total += (-1) ** (k + 1) * math.sin(math.pi * index * k / 2) * np.exp(size - index * k * np.log(z))
    return total / math.pi


EDGES = np.concatenate([[0.0], 2.0 ** np.arange(-40, 0), np.arange(1, 8, 0.5), np.geomspace(8, EDGE, 12)])
"""Ends of panels on (0, EDGE); they halve towards 0, where |phi|^alpha is singular."""


@lru_cache(maxsize=64)
def _frequencies(index: float, order: int) -> tuple[Array, Array]:
    """Return nodes t and weights exp(-t^alpha/2)/pi of the Fourier integral of the density."""
    end = 84 ** (1 / index)
    steps = np.linspace(0.25, end, math.ceil((end - 0.25) / 0.22) + 1)
    t, mass = _panels(np.concatenate([[0.0], 0.25 * 2.0 ** np.arange(-40, 0), steps]), order)
    return t, mass * np.exp(-(t**index) / 2) / math.pi


def _rule_on(edges: Array, index: float, order: int) -> tuple[Array, Array]:
    """Return nodes and weights times the density on consecutive panels within (0, EDGE)."""
    z, weights = _panels(edges, order)
    if index == 1:
        return z, weights / (2 * math.pi * (z * z + 0.25))
    if index == 2:
        return z, weights * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    t, mass = _frequencies(index, order)
    density = np.concatenate([np.cos(np.outer(part, t)) @ mass for part in np.array_split(z, 40)])
    return z, weights * density


@lru_cache(maxsize=64)
def inner_rule(index: float, order: int) -> tuple[Array, Array]:
    """Return nodes on (0, EDGE) and weights times the density."""
    return _rule_on(EDGES, index, order)


def _inner_parts(cuts: Array, index: float, order: int) -> list[tuple[Array, Array]]:
    """Return `inner_rule`, panels that hold a cut being divided there."""
    z, mass = inner_rule(index, order)
    inside = np.unique(cuts[(cuts > EDGES[1]) & (cuts < EDGE)])
    homes = np.searchsorted(EDGES, inside) - 1
    kept = np.repeat(~np.isin(np.arange(len(EDGES) - 1), homes), order)
    divided = [
        _rule_on(np.concatenate([EDGES[[home]], inside[homes == home], EDGES[[home + 1]]]), index, order)
        for home in np.unique(homes)
    ]
    return [(z[kept], mass[kept]), *divided]


@lru_cache(maxsize=64)
def breaks(chosen: Activation, slope: bool) -> Array:
    """Return |x| > 0 where |phi|^alpha, or |phi'|^alpha, may not be smooth: kinks, and changes of sign for |x| < 30."""
    kinks = [abs(float(part.lower)) for part in pieces(chosen.expr)[1:]]
    f = pointwise(chosen).slope if slope else pointwise(chosen).function
    x = np.linspace(-30, 30, 2402)
    signs = np.sign(f(x))
    crossed = np.flatnonzero(signs[1:] * signs[:-1] < 0)
    zeros = [abs(brentq(lambda at: float(f(np.array([at]))[0]), x[i], x[i + 1], xtol=1e-14)) for i in crossed]
    found = np.array([*kinks, *zeros])
    return found[found > 1e-9]


def averaged(chosen: Activation, index: float, scale: float, order: int, slope: bool = False) -> float:
    """Return E (|f(scale z)|/s)^alpha of a bounded activation, f = phi, s = scale, or f = phi', s = 1."""
    f = pointwise(chosen)
    values = f.slope if slope else f.function
    unit, cuts = 1.0 if slope else scale, breaks(chosen, slope) / scale
    parts = _inner_parts(cuts, index, order)
    if index < 2:
        far = max(EDGE * 2, 1e17 / scale)
        ends = np.linspace(math.log(EDGE), math.log(far), math.ceil(2 * math.log(far / EDGE)) + 1)
        x, w = _panels(np.union1d(ends, np.log(cuts[(cuts > EDGE) & (cuts < far)])), order)
        parts.append((np.exp(x), w * tail(np.exp(x), index)))
    total = 0.0
    for sign in (1.0, -1.0):
        for at, weights in parts:
            total += float(weights @ (np.abs(values(sign * scale * at)) / unit) ** index)
        if index < 2 and not slope:
            # Beyond `far` the value is taken as constant.
            rest = math.gamma(index) * math.sin(math.pi * index / 2) / (2 * math.pi)
            total += rest * float(np.abs(values(np.array([sign * scale * far])))[0] / (unit * far)) ** index
    return total


ORDERS = (16, 18, 20, 22, 24, 26)
"""Rules whose mean is taken; their spread is the error. Waves that go on for ever are sampled by them, not resolved."""
ROUNDING = 3e-13
"""Relative error of `averaged` beside the spread of the rules: sums of some 1e4 doubles, and the tail's series."""


@lru_cache(maxsize=64)
def _bound(chosen: Activation) -> float:
    """Return a bound of |phi|; raises InputError where there is none."""
    found = derivative_supremum(chosen, 0, 3)
    if found.state != "finite":
        raise InputError(f"the length map of stable weights needs a bounded activation, not {chosen.name}")
    return float(found.value.upper())


def numbers_of(setting: Setting) -> tuple[float, float, float]:
    """Return alpha, sigma_w and sigma_b."""
    return setting.number("alpha"), setting.number("sigma_w"), setting.number("sigma_b")


def log_ratio(setting: Setting, at: float, order: int) -> float:
    """Return log(V(q)/q) at log q = `at`."""
    index, weight, bias = numbers_of(setting)
    mean = averaged(setting.activation, index, math.exp(at / index), order)
    return math.log(weight**index * mean + bias**index * math.exp(-at))


LOWEST = -600.0


@lru_cache(maxsize=128)
def log_fixed_point(setting: Setting) -> tuple[float, float, float]:
    """Return log q* of the largest fixed point, its error, and the slope of log(V/q) in log q there."""
    index, weight, bias = numbers_of(setting)
    top = math.log(weight**index * _bound(setting.activation) ** index + bias**index) + 0.1
    low, step = top - 1, 1.0
    while log_ratio(setting, low, ORDERS[0]) < 0:
        low, step = low - step, 2 * step
        if low < LOWEST:
            raise InputError(f"log q* lies below {LOWEST:g}: doubles do not reach it")
    at = brentq(lambda x: log_ratio(setting, x, ORDERS[-1]), low, top, xtol=1e-14, rtol=1e-14)
    slope = (log_ratio(setting, at + 0.01, ORDERS[-1]) - log_ratio(setting, at - 0.01, ORDERS[-1])) / 0.02
    if not slope < 0:
        raise InputError("the largest fixed point of V is not certainly stable")
    moved = [-log_ratio(setting, at, order) / slope for order in ORDERS]
    return at + float(np.mean(moved)), float(np.ptp(moved)) + ROUNDING / abs(slope), slope
