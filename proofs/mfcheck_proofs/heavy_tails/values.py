"""Parameters, the fixed point of the scale in doubles and in balls, and the constants."""

import math
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import acb, acb_series, arb, ctx
from scipy.optimize import brentq

from mfcheck.checks import Estimate, Setting, constant, evaluate, parameter
from mfcheck.errors import InputError
from mfcheck.gaussian import dphi, fixed_points, length_map, moment
from mfcheck.networks import pointwise, rough_places, stable_average
from mfcheck.networks.stable_averages import ORDERS, ROUNDING
from mfcheck.rigor.ball import compare, exact
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.statistics import exactly
from mfcheck.symbolic.activation import Activation, activation

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

# --- the length map in double precision ------------------------------------------------------------------------------


def averaged(chosen: Activation, index: float, scale: float, order: int, slope: bool = False) -> float:
    """Return E (|f(scale z)|/s)^alpha of a bounded activation, f = phi, s = scale, or f = phi', s = 1."""
    f = pointwise(chosen)
    if slope:
        return stable_average(f.slope, index, scale, order, rough_places(chosen, 1))
    return stable_average(f.function, index, scale, order, rough_places(chosen, 0), scale)


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


# --- alpha = 1 in balls ----------------------------------------------------------------------------------------------


def cauchy_mean(at: arb, digits: int, slope: bool) -> arb:
    """Enclose E tanh(q |z|) = (2/pi) int_0^oo tanh(qy/2)/(1 + y^2) dy, z Cauchy of scale 1/2; or E sech(qz)^2.

    y = e^t; the ends of the integral are bounded by hand. Below 1e-30 the expansion of C3 is used, whose rest is between
    0 and q^3 (1 + log(1/q))/pi, and 0 <= 1 - E sech^2 <= E tanh.
    """
    with ctx.workdps(digits + 25):
        if at < arb(10) ** -30:
            rest = at * at * (1 - at.log())
            value = at / arb.pi() * (cauchy_constant(digits + 15) - at.log() + rest.union(arb(0)))
            return 1 - value.union(arb(0)) if slope else value
        low, high = arb(-3 * (digits + 15)), arb(3 * (digits + 15))
        end = (high / at).log()

        def integrand(t: acb, _analytic: bool) -> acb:
            y = t.exp()
            x = acb(at) * y / 2
            return (1 / x.cosh() ** 2 if slope else x.tanh()) * y / (1 + y * y)

        unit = arb(10) ** -(digits + 10)
        floor = unit if slope else unit * at.abs_lower().min(arb(1))
        middle = acb.integral(integrand, acb(low), acb(end.mid()), abs_tol=floor, rel_tol=unit, eval_limit=400_000).real
        start = low.exp() if slope else at * (2 * low).exp() / 4
        rest = (1 / end.mid().exp()).atan()
        far = 4 * (-high + 1).exp()
        outside = rest * arb(0, far.upper()) if slope else rest * (1 - far.union(arb(0)))
        return 2 / arb.pi() * (middle + start.union(arb(0)) + outside)


def cauchy_map(setting: Setting, digits: int) -> arb:
    """Enclose V(q)/sigma_w at alpha = 1."""
    with ctx.workdps(digits + 25):
        return cauchy_mean(exact(setting["q"]), digits, False)


def zeta_slope() -> arb:
    """Enclose zeta'(2); precision is the context's."""
    return acb_series([2, 1], prec=2).zeta()[1].real


def cauchy_constant(digits: int) -> arb:
    """Enclose C = log pi - log(2)/3 - 6 zeta'(2)/pi^2."""
    with ctx.workdps(digits + 15):
        return arb.pi().log() - arb(2).log() / 3 - 6 * zeta_slope() / arb.pi() ** 2


def is_cauchy(setting: Setting) -> bool:
    """Return whether weights are Cauchy and the activation is tanh."""
    return setting["alpha"] == 1 and setting.activation.expr == TANH.expr


@lru_cache(maxsize=64)
def certified_fixed_point(setting: Setting, digits: int) -> arb:
    """Enclose q* at alpha = 1 for tanh: V(q)/q falls, so a change of sign of V - q encloses the only fixed point."""
    with ctx.workdps(digits + 20):
        weight, bias = exact(setting["sigma_w"]), exact(setting["sigma_b"])
        try:
            start, _, slope = log_fixed_point(setting)
            at = arb(start)
        except InputError:
            at = cauchy_constant(digits) - arb.pi() / weight
            slope = float((-weight / arb.pi()).mid())
        for _ in range(2 + digits // 5):
            value = at.exp()
            gap = ((weight * cauchy_mean(value, digits + 8, False) + bias) / value).log()
            at = (at - gap / slope).mid()
            if abs(gap / slope) < arb(10) ** -(digits + 3):
                break
        ends = [(at + sign * arb(10) ** -(digits + 2)).exp() for sign in (-1, 1)]
        orders = [compare(weight * cauchy_mean(x, digits + 8, False) + bias, x) for x in ends]
        if orders != [">", "<"]:
            raise InputError("the fixed point could not be enclosed to so many digits")
        return ends[0].union(ends[1])


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
