"""Alpha-stable weights in double precision: density, expectations, and what they do to a layer."""

import math
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import brentq

from mfcheck.checks import Setting, parameter
from mfcheck.errors import InputError
from mfcheck.networks import Pointwise, pointwise
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


@lru_cache(maxsize=64)
def inner_rule(index: float, order: int) -> tuple[Array, Array]:
    """Return nodes on (0, EDGE) and weights times the density: panels halve towards 0, where |phi|^alpha is singular."""
    edges = np.concatenate([[0.0], 2.0 ** np.arange(-40, 0), np.arange(1, 8, 0.5), np.geomspace(8, EDGE, 12)])
    z, weights = _panels(edges, order)
    if index == 1:
        return z, weights / (2 * math.pi * (z * z + 0.25))
    if index == 2:
        return z, weights * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    end = 84 ** (1 / index)
    steps = np.linspace(0.25, end, math.ceil((end - 0.25) / 0.22) + 1)
    t, mass = _panels(np.concatenate([[0.0], 0.25 * 2.0 ** np.arange(-40, 0), steps]), order)
    mass = mass * np.exp(-(t**index) / 2) / math.pi
    density = np.concatenate([np.cos(np.outer(part, t)) @ mass for part in np.array_split(z, 40)])
    return z, weights * density


def averaged(f: Pointwise, index: float, scale: float, order: int, slope: bool = False) -> float:
    """Return E (|f(scale z)|/s)^alpha, s = scale for values and 1 for slopes; `f` bounded."""
    values = f.slope if slope else f.function
    unit = 1.0 if slope else scale
    z, mass = inner_rule(index, order)
    parts = [(z, mass)]
    if index < 2:
        far = max(EDGE * 2, 1e17 / scale)
        x, w = _panels(np.linspace(math.log(EDGE), math.log(far), math.ceil(2 * math.log(far / EDGE)) + 1), order)
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


ORDERS = (16, 22)
ROUNDING = 3e-13
"""Relative error of `averaged` beside the difference of two rules: sums of some 1e4 doubles, and the tail's series."""


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
    mean = averaged(pointwise(setting.activation), index, math.exp(at / index), order)
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
    found = [brentq(lambda x, k=k: log_ratio(setting, x, k), low, top, xtol=1e-14, rtol=1e-14) for k in ORDERS]
    at = found[-1]
    slope = (log_ratio(setting, at + 1e-3, ORDERS[1]) - log_ratio(setting, at - 1e-3, ORDERS[1])) / 2e-3
    if not slope < 0:
        raise InputError("the largest fixed point of V is not certainly stable")
    return at, abs(found[1] - found[0]) + ROUNDING / abs(slope), slope
