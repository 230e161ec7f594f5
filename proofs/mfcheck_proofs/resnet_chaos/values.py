"""Parameters, constants, long recursions in balls and in doubles, and random networks."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import Estimate, Option, Plot, Setting, Simulated, Trial, constant, curve, evaluate, parameter
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import power_map, power_map_slope, power_moment, sech_averages
from mfcheck.networks import (
    Chain,
    Network,
    Residual,
    at_widths,
    chunked,
    correlation_gap,
    dense,
    iterate,
    log_gradient_norms,
    pairs_of_columns,
    pointwise,
    second_moments,
)
from mfcheck.rigor.ball import exact
from mfcheck.rigor.roots import crossing
from mfcheck.statistics import mean_of
from mfcheck.symbolic.activation import activation

Array = NDArray[np.float64]

SIGMA_W = parameter("sigma_w", 1, "standard deviation of the inner weights times sqrt N", above=0)
SIGMA_V = parameter("sigma_v", 1, "standard deviation of the outer weights times sqrt N", above=0)
SIGMA_B = parameter("sigma_b", 0, "standard deviation of the inner biases", least=0)
SIGMA_A = parameter("sigma_a", 0, "standard deviation of the outer biases", least=0)
P0 = parameter("p0", 1, "E x^2 at the start", above=0)
DEPTH = parameter("depth", 100, "number of layers", least=1, most=100_000, integer=True)
POWER = parameter("power", "3/4", "exponent of the power family max(x, 0)^power", above="1/2", below=1)
WIDTH = parameter("width", 300, "width of simulated networks", least=10, most=20_000, integer=True)
PARAMETERS = (SIGMA_W, SIGMA_V, SIGMA_B, SIGMA_A, P0, DEPTH, POWER, WIDTH)
SIGMAS = ("sigma_w", "sigma_v", "sigma_b", "sigma_a")
sigma_w, sigma_v, sigma_b, sigma_a, p0, L, a, _ = (p.symbol for p in PARAMETERS)

S = sigma_v**2 + sigma_a**2
A = sp.Rational(4, 3) * sp.sqrt(2 / sp.pi) * sigma_v**2 * sigma_w / sp.sqrt(S)
B = 4 * sigma_v**4 / (3 * sp.pi * S**2) - 4 * sigma_v**4 * sigma_w**2 / (9 * sp.pi * S)
GROWTH = 1 + sigma_v**2 * sigma_w**2 / 2
GAP = sp.Rational(9, 2) * sp.pi**2 * (GROWTH / (GROWTH - 1)) ** 2
K1 = (sigma_v**2 * sigma_w ** (2 * a) * power_moment(a) * (1 - a)) ** (1 / (1 - a))
R = a**2 / ((1 - a) * (2 * a - 1))


def require_tanh(setting: Setting) -> None:
    """Refuse other activations."""
    if setting.activation.expr != activation("tanh").expr:
        raise InputError("this law is derived for tanh: other saturating activations need their own integrals")


def for_tanh(formula: sp.Expr) -> Callable[[Setting, int], arb]:
    """The value of a formula that holds for tanh only."""

    def value(setting: Setting, digits: int) -> arb:
        require_tanh(setting)
        return evaluate(formula, None, setting, {p.symbol: setting[p.name] for p in PARAMETERS}, digits)

    return value


@lru_cache(maxsize=64)
def e_star(setting: Setting, digits: int) -> arb:
    """Enclose the stable cosine of tanh, the root in [0, 1) of `e s = sigma_v^2 (2/pi) asin e + sigma_a^2`.

    The difference of both sides is concave, negative at 0 unless sigma_a = 0, zero at 1 and falls to it: there is one.
    """
    require_tanh(setting)
    if setting["sigma_a"] == 0:
        return arb(0)

    def gap(x: arb) -> arb:
        return x * (v + b) - v * 2 / arb.pi() * x.asin() - b

    def slope(x: arb) -> arb:
        return v + b - v * 2 / arb.pi() / (1 - x * x).sqrt()

    with ctx.workdps(2 * digits + 40):
        v, b = exact(setting["sigma_v"] ** 2), exact(setting["sigma_a"] ** 2)
        top = (1 - (2 * v / (arb.pi() * (v + b))) ** 2).sqrt().lower()
        return crossing(gap, slope, (arb(0), top.mid()), digits)


@lru_cache(maxsize=64)
def power_fixed(power: Fraction, digits: int) -> tuple[arb, arb]:
    """Enclose e* of the power family and mu; J is convex with J'(1) > 1, so that exactly one lies in [0, 1)."""

    def gap(x: arb) -> arb:
        return 1 - power_map(power, 1 - x) - x

    def slope(x: arb) -> arb:
        return power_map_slope(power, 1 - x) - 1

    with ctx.workdps(2 * digits + 40):
        low = arb(1) / 2
        while not gap(low) > 0:
            low /= 2
            if low < arb(2) ** -200:
                raise InputError("the fixed cosine is too close to 1 to be told from it")
        x = crossing(gap, slope, (low, (2 * low).min(arb(1))), digits + 5)
        return 1 - x, (1 - power_map_slope(power, 1 - x)) / (1 - exact(power))


@lru_cache(maxsize=64)
def tanh_recursion(net: tuple[Fraction, ...], depth: int, digits: int) -> tuple[arb, arb]:
    """Enclose p and the logarithm of the gradient ratio; `net` holds the four standard deviations and p at the start."""
    working = digits + 8 + len(str(depth))
    with ctx.workprec(math.ceil(working * 3.33) + 40):
        w, v, b, shift = (exact(sigma**2) for sigma in net[:4])
        p, logarithm, product = exact(net[4]), arb(0), w * v
        for _ in range(depth):
            second, fourth = sech_averages(w * p + b, working)
            p += v * (1 - second) + shift
            logarithm += (1 + product * fourth).log()
        return p, logarithm


def at_depth(index: int) -> Callable[[Setting, int], arb]:
    """P, or the logarithm of the gradient ratio, at the depth of the setting."""

    def value(setting: Setting, digits: int) -> arb:
        require_tanh(setting)
        net = tuple(setting[name] for name in (*SIGMAS, "p0"))
        return tanh_recursion(net, setting.integer("depth"), digits)[index]

    return value


OUTER = ("sigma_v", "sigma_a", "activation")
PATH = (*SIGMAS, "p0", "depth", "activation")
E_STAR = constant("e_star", e_star, "stable cosine", source="C3", uses=OUTER)
e = E_STAR.symbol
DELTA = 1 - 2 / sp.pi / sp.sqrt(1 - e**2) * sigma_v**2 / S
POWER_E_STAR = constant(
    "power_e_star", lambda s, digits: power_fixed(s["power"], digits)[0], "stable cosine", source="C7", uses=("power",)
)
POWER_MU = constant(
    "power_mu", lambda s, digits: power_fixed(s["power"], digits)[1], "its exponent", source="C7", uses=("power",)
)
P_DEPTH = constant("p_depth", at_depth(0), "p of the tanh recursion", source="C1", uses=PATH)
LOG_GRAD = constant("log_grad_depth", at_depth(1), "log chi^0/chi^L of the tanh recursion", source="C2", uses=PATH)
CONSTANTS = (
    constant("grad_sqrt", for_tanh(A), "A: log chi^0/chi^L = A sqrt L + ...", source="C2", uses=("sigma_w", *OUTER)),
    constant("grad_log", for_tanh(B), "B: ... + B log L", source="C2", uses=("sigma_w", *OUTER)),
    E_STAR,
    constant("delta_star", DELTA, "its exponent", source="C3"),
    constant("relu_growth", GROWTH, "factor of p and of the gradient in a layer, ReLU", source="C4"),
    constant("relu_gap", GAP, "1 - e goes like this over l^2, ReLU", source="C4"),
    constant("power_p_coefficient", K1, "p goes like this times l^(1/(1-power))", source="C5"),
    constant("power_grad_exponent", R, "chi^0/chi^L goes like L to this power", source="C6"),
    POWER_E_STAR,
    POWER_MU,
    P_DEPTH,
    LOG_GRAD,
)

# --- recursions in doubles -------------------------------------------------------------------------------------------


def tanh_step(state: Array, layer: int) -> None:
    """One layer for p and the logarithm of the gradient ratio; then the four variances.

    The trapezoid rule: its step is 1/10, or less than half a standard deviation where that is smaller.
    """
    variance = state[2] * state[0] + state[4]
    gap = min(0.1, 0.44 * math.sqrt(variance))
    ratio, fall, sech = math.exp(-gap * gap / (2 * variance)), math.exp(-2 * gap), 1.0
    second, fourth, weight, step, square = 0.5, 0.5, 1.0, ratio, ratio * ratio
    for _ in range(220):
        weight *= step
        step *= square
        sech *= fall
        value = 4 * sech / (1 + sech) ** 2
        second += value * weight
        fourth += value * value * weight
    scale = 2 * gap / math.sqrt(2 * math.pi * variance)
    state[0] += state[3] * (1 - scale * second) + state[5]
    state[1] += math.log1p(state[2] * state[3] * scale * fourth)


def cosine_step(state: Array, layer: int) -> None:
    """One layer for p and two cosines, by the expansion at large variance (next order 1/q^2); then the variances."""
    variance = state[3] * state[0] + state[5]
    root = math.sqrt(2 / (math.pi * variance))
    after = state[0] + state[4] * (1 - root) + state[6]
    for k in (1, 2):
        c = (state[3] * state[0] * state[k] + state[5]) / variance
        both = 2 / math.pi * math.asin(c) - math.pi / (6 * variance) * c / math.sqrt(1 - c * c)
        state[k] = (state[0] * state[k] + state[4] * both + state[6]) / after
    state[0] = after


def power_step(state: Array, layer: int) -> None:
    """One layer for p and the gradient of the power family; then the factors of q^a and q^(a-1), a, sigma_w^2."""
    variance = state[5] * state[0]
    state[0] += state[2] * variance ** state[4]
    state[1] += math.log1p(state[3] * variance ** (state[4] - 1))


def squares(setting: Setting) -> list[float]:
    """The four variances in doubles."""
    return [setting.number(name) ** 2 for name in SIGMAS]


@lru_cache(maxsize=8)
def tanh_path(setting: Setting, marks: tuple[int, ...]) -> Array:
    """Return p and the logarithm of the gradient ratio at depths, shape (marks, 2)."""
    return iterate(tanh_step, [setting.number("p0"), 0.0, *squares(setting)], marks)[:, :2]


@lru_cache(maxsize=8)
def cosine_difference(setting: Setting, marks: tuple[int, ...]) -> Array:
    """Return the difference of two cosines that start 1/10 apart at p = 200, at depths."""
    w, *others = squares(setting)
    middle = min(0.85, float(e_star(setting, 15).mid()))
    found = iterate(cosine_step, [200 / min(1.0, w), middle + 0.1, middle, w, *others], marks)
    return found[:, 1] - found[:, 2]


@lru_cache(maxsize=8)
def power_path(setting: Setting, marks: tuple[int, ...]) -> Array:
    """Return p and the logarithm of the gradient ratio of the power family at depths, without biases."""
    (w, v, *_), number = squares(setting), setting.number("power")
    value, slope = (float(power_moment(sp.Float(x, 20))) for x in (number, number - 1))
    start = [setting.number("p0"), 0.0, v * value, v * w * number**2 * slope, number, w]
    return iterate(power_step, start, marks)[:, :2]


# --- random networks -------------------------------------------------------------------------------------------------

PAIRS = 5
"""Pairs of inputs in each network: their fluctuations are nearly independent."""


def layers(setting: Setting, width: int, rng: np.random.Generator, nets: int) -> dict[str, Array]:
    """Return p, cosine and log gradient at every layer, shape (depth + 1, nets); the cosine starts at 1/2."""
    w, v, b, shift = (setting.number(name) for name in SIGMAS)
    tanh = pointwise(activation("tanh"))

    def block() -> Residual:
        inner = dense(rng, nets, width, sigma_w=w, sigma_b=b)
        return Residual(Chain([inner, tanh, dense(rng, nets, width, sigma_w=v, sigma_b=shift)]))

    blocks = [block() for _ in range(setting.integer("depth"))]
    inputs = pairs_of_columns(rng, nets, width, setting.number("p0"), 0.5, PAIRS)
    trace = Network(blocks).run(inputs)
    norms = log_gradient_norms(trace, rng.standard_normal((nets, width, 2 * PAIRS))).mean(axis=2)
    moments = second_moments(trace.states).mean(axis=2)
    cosines = np.stack([1 - correlation_gap(x[..., :PAIRS], x[..., PAIRS:]).mean(axis=1) for x in trace.states])
    return {"p": moments, "e": cosines, "log_grad": norms - norms[-1]}


def at_output(setting: Setting, width: int, rng: np.random.Generator, nets: int) -> dict[str, Array]:
    """Return p and cosine at the output, and the log gradient from there to the input."""
    found = layers(setting, width, rng, nets)
    return {"p": found["p"][-1], "e": found["e"][-1], "log_grad": found["log_grad"][0]}


@lru_cache(maxsize=8)
def limits(setting: Setting, nets: int, seed: int) -> dict[str, Estimate]:
    """Estimates of infinite width."""
    measure = chunked(lambda width, rng, count: at_output(setting, width, rng, count), 16)
    return at_widths(measure, (40, 160), nets, stream(seed, f"residual {setting.integer('depth')}"))


def run(trial: Trial) -> Simulated:
    """Send pairs of inputs of cosine 1/2 through networks of the setting's width, and gradients back."""
    setting, nets = trial.setting, trial.count("nets", 4, 10_000)
    width, depth = setting.integer("width"), setting.integer("depth")
    require_tanh(setting)
    if depth * width**2 > 2 * 10**8:
        raise InputError("depth times width^2 must be at most 2e8: all weights of a network are kept for its gradients")
    rng = trial.rng()
    found = trial.draws("networks", nets, lambda _: layers(setting, width, rng, 1))
    paths = {name: np.stack([f[name][:, 0] for f in found]) for name in ("p", "e", "log_grad")}
    final = {name: mean_of(path[:, 0 if name == "log_grad" else -1]) for name, path in paths.items()}
    from_end = paths["log_grad"].mean(axis=0)[-2::-1]
    plot = Plot(
        id="gradient",
        title="Logarithm of the gradient",
        x_label="layers from the output",
        y_label="log chi",
        curves=(curve("networks", range(1, depth + 1), from_end, "points"),),
    )
    return Simulated(final, plots=(plot,), notes=("Estimates at this width; corrections are of order depth/width.",))


OPTIONS = (Option("nets", "24", "independent networks"),)
