"""The constants."""

import math
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import Estimate, Setting, constant, evaluate
from mfcheck.errors import InputError
from mfcheck.gaussian import dphi, fixed_points, length_map, moment
from mfcheck.rigor.ball import exact
from mfcheck.statistics import exactly
from mfcheck_proofs.heavy_tails.cauchy import cauchy_constant, cauchy_map, cauchy_mean, certified_fixed_point, is_cauchy
from mfcheck_proofs.heavy_tails.stable import ORDERS, ROUNDING, N, alpha, averaged, log_fixed_point, numbers_of, sigma_w

# --- constants -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def gaussian_fixed_point(setting: Setting, digits: int) -> arb:
    """Enclose the largest stable q* > 0 of the Gaussian theory."""
    chosen = length_map(setting.activation, setting["sigma_w"] ** 2, setting["sigma_b"] ** 2)
    found = [p.value for p in fixed_points(chosen, digits).points if p.order == "<" and p.value > 0]
    if not found:
        raise InputError("at alpha = 2 and sigma_b = 0 there is a fixed point q* > 0 only for sigma_w > 1")
    return found[-1]


def fixed_point(setting: Setting, digits: int) -> arb | Estimate:
    """Return q*: enclosed at alpha = 2 and, for tanh, at alpha = 1; else in double precision with its error."""
    if setting["alpha"] == 2:
        return gaussian_fixed_point(setting, digits)
    if is_cauchy(setting):
        return certified_fixed_point(setting, digits)
    at, error, _ = log_fixed_point(setting)
    return exactly(math.exp(at), math.exp(at) * error)


def naive_slope(setting: Setting, digits: int) -> arb | Estimate:
    """Return chi_naive = sigma_w^alpha E|phi'(h)|^alpha at q*."""
    if setting["alpha"] == 2:
        at = gaussian_fixed_point(setting, digits + 5)
        with ctx.workdps(digits + 20):
            return exact(setting["sigma_w"] ** 2) * moment(dphi**2, setting.activation).enclosed(at, 0, digits)
    if is_cauchy(setting):
        at = certified_fixed_point(setting, digits + 5)
        with ctx.workdps(digits + 20):
            return exact(setting["sigma_w"]) * cauchy_mean(at, digits, True)
    log_q, error, _ = log_fixed_point(setting)
    index, weight, _ = numbers_of(setting)
    f, scale = setting.activation, math.exp(log_q / index)
    values = [averaged(f, index, scale, order, slope=True) for order in ORDERS]
    value = float(np.mean(values))
    moved = averaged(f, index, scale * 1.01, ORDERS[-1], slope=True) - values[-1]
    room = float(np.ptp(values)) + ROUNDING * value + abs(moved) * 100 * error
    return exactly(weight**index * value, weight**index * room)


KAPPA = sp.gamma(alpha) * sp.sin(sp.pi * alpha / 2) / sp.pi


def kappa(setting: Setting, digits: int) -> arb:
    """Enclose kappa; it is 0 at alpha = 2."""
    index = setting["alpha"]
    at = sp.Rational(index.numerator, index.denominator)
    return arb(0) if index == 2 else evaluate(KAPPA, None, setting, {alpha: at}, digits)


POINT = ("alpha", "sigma_w", "sigma_b", "activation")
Q_STAR = constant("q_star", fixed_point, "stable fixed point of V", source="C1", uses=POINT)
CAUCHY = constant("cauchy_constant", lambda _, digits: cauchy_constant(digits), "C at alpha = 1", source="C3")
q_star, C = Q_STAR.symbol, CAUCHY.symbol
COMPLEX, REAL = 1 - sp.log(2) / sp.log(N), 1 - sp.log(3) / sp.log(N)
CONSTANTS = (
    Q_STAR,
    constant("kappa_alpha", kappa, "V(q)/q = sigma_w^alpha kappa log(1/q) (1 + o(1))", source="C2", uses=("alpha",)),
    constant("chi_naive", naive_slope, "sigma_w^alpha E|phi'|^alpha", source="C4", uses=POINT),
    CAUCHY,
    constant("cauchy_q_small", sp.exp(C - sp.pi / sigma_w), "q* at alpha = 1 as sigma_w -> 0", source="C3"),
    constant("cauchy_map", cauchy_map, "V(q)/sigma_w at alpha = 1 for tanh", source="C3", uses=("q",)),
    constant("participation_complex", COMPLEX, "D_2 of Gaussian complex vectors", source="C5"),
    constant("participation_real", REAL, "D_2 of Gaussian real vectors", source="C5"),
)
