"""Parameters, constants, long recursions in doubles, and random networks."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import Curve, Estimate, Option, Plot, Setting, Simulated, Trial, constant, evaluate, parameter
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian.pairs import even_powers, odd_powers
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
    pointwise,
    second_moments,
)
from mfcheck.rigor.ball import exact
from mfcheck.rigor.roots import crossing
from mfcheck.statistics import mean_of
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.resnet_chaos.recursion import Tanh, tanh_recursion

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
sigma_w, sigma_v, sigma_b, sigma_a, p0, L, a, _ = (p.symbol for p in PARAMETERS)
e, t, q, h = sp.symbols("e t q h", positive=True)
ell = sp.Symbol("l", positive=True)
HALF, ONE = sp.Rational(1, 2), sp.Integer(1)

S = sigma_v**2 + sigma_a**2
A = sp.Rational(4, 3) * sp.sqrt(2 / sp.pi) * sigma_v**2 * sigma_w / sp.sqrt(S)
B = 4 * sigma_v**4 / (3 * sp.pi * S**2) - 4 * sigma_v**4 * sigma_w**2 / (9 * sp.pi * S)
GROWTH = 1 + sigma_v**2 * sigma_w**2 / 2
GAP = sp.Rational(9, 2) * sp.pi**2 * (GROWTH / (GROWTH - 1)) ** 2


def second_moment(power: sp.Expr) -> sp.Expr:
    """E max(z, 0)^(2 power), z standard normal."""
    return 2 ** (power - 1) * sp.gamma(power + HALF) / sp.sqrt(sp.pi)


K1 = (sigma_v**2 * sigma_w ** (2 * a) * second_moment(a) * (1 - a)) ** (1 / (1 - a))
R = a**2 / ((1 - a) * (2 * a - 1))
DELTA = 1 - 2 / sp.pi / sp.sqrt(1 - e**2) * sigma_v**2 / S


def for_tanh(formula: sp.Expr) -> Callable[[Setting, int], arb]:
    """The value of a formula that holds for tanh only."""

    def value(setting: Setting, digits: int) -> arb:
        require_tanh(setting)
        return evaluate(formula, None, setting, {p.symbol: setting[p.name] for p in PARAMETERS}, digits)

    return value


def require_tanh(setting: Setting) -> None:
    """Refuse other activations."""
    if setting.activation.expr != activation("tanh").expr:
        raise InputError("this law is derived for tanh: other saturating activations need their own integrals")


@lru_cache(maxsize=64)
def fixed_cosine(outer: Fraction, shift: Fraction, digits: int) -> arb:
    """Enclose the root in [0, 1) of `e s = sigma_v^2 (2/pi) asin e + sigma_a^2`.

    The difference of both sides is concave, negative at 0 unless sigma_a = 0, zero at 1 and falls to it: there is one.
    """
    if shift == 0:
        return arb(0)

    def gap(x: arb) -> arb:
        return x * (v + b) - v * 2 / arb.pi() * x.asin() - b

    def slope(x: arb) -> arb:
        return v + b - v * 2 / arb.pi() / (1 - x * x).sqrt()

    with ctx.workdps(2 * digits + 40):
        v, b = exact(outer**2), exact(shift**2)
        top = (1 - (2 * v / (arb.pi() * (v + b))) ** 2).sqrt().lower()
        return crossing(gap, slope, (arb(0), top.mid()), digits)


def e_star(setting: Setting, digits: int) -> arb:
    """Enclose the stable cosine of the tanh network."""
    require_tanh(setting)
    return fixed_cosine(setting["sigma_v"], setting["sigma_a"], digits)


def delta_star(setting: Setting, digits: int) -> arb:
    """Enclose its exponent."""
    where = {SIGMA_V.symbol: setting["sigma_v"], SIGMA_A.symbol: setting["sigma_a"], e: e_star(setting, digits + 10)}
    return evaluate(DELTA, None, setting, where, digits)


def power_map(power: Fraction, c: arb) -> arb:
    """Enclose J, the normalised correlation map of max(x, 0)^power; precision is the context's."""
    number = sp.Rational(power.numerator, power.denominator)
    size = even_powers(number, number, arb(1))
    return (even_powers(number, number, c) + odd_powers(number, number, c)) / (2 * size)


def power_slope(power: Fraction, c: arb) -> arb:
    """Enclose J'."""
    number = sp.Rational(power.numerator, power.denominator)
    size, lower = even_powers(number, number, arb(1)), number - 1
    return exact(power) ** 2 * (even_powers(lower, lower, c) + odd_powers(lower, lower, c)) / (2 * size)


@lru_cache(maxsize=64)
def power_fixed(power: Fraction, digits: int) -> tuple[arb, arb]:
    """Enclose e* of the power family and mu; J is convex with J'(1) > 1, so that exactly one lies in [0, 1)."""

    def gap(x: arb) -> arb:
        return 1 - power_map(power, 1 - x) - x

    def slope(x: arb) -> arb:
        return power_slope(power, 1 - x) - 1

    with ctx.workdps(2 * digits + 40):
        low = arb(1) / 2
        while not gap(low) > 0:
            low /= 2
            if low < arb(2) ** -200:
                raise InputError("the fixed cosine is too close to 1 to be told from it")
        x = crossing(gap, slope, (low, (2 * low).min(arb(1))), digits + 5)
        return 1 - x, (1 - power_slope(power, 1 - x)) / (1 - exact(power))


def tanh_net(setting: Setting) -> Tanh:
    """Variances of the setting's network."""
    require_tanh(setting)
    w, v, b, shift = (setting[name] ** 2 for name in ("sigma_w", "sigma_v", "sigma_b", "sigma_a"))
    return Tanh(w, v, b, shift, setting["p0"])


def at_depth(index: int) -> Callable[[Setting, int], arb]:
    """P, or the logarithm of the gradient ratio, at the depth of the setting."""
    return lambda s, digits: tanh_recursion(tanh_net(s), s.integer("depth"), digits)[index]


SIGMAS = ("sigma_w", "sigma_v", "sigma_a", "activation")
PATH = ("sigma_w", "sigma_v", "sigma_b", "sigma_a", "p0", "depth", "activation")
CONSTANTS = (
    constant("grad_sqrt", for_tanh(A), "A: log chi^0/chi^L = A sqrt L + ...", source="C2", uses=SIGMAS),
    constant("grad_log", for_tanh(B), "B: ... + B log L", source="C2", uses=SIGMAS),
    constant("e_star", e_star, "stable cosine", source="C3", uses=("sigma_v", "sigma_a", "activation")),
    constant("delta_star", delta_star, "its exponent", source="C3", uses=("sigma_v", "sigma_a", "activation")),
    constant("relu_growth", GROWTH, "factor of p and of the gradient in a layer, ReLU", source="C4"),
    constant("relu_gap", GAP, "1 - e goes like this over l^2, ReLU", source="C4"),
    constant("power_p_coefficient", K1, "p goes like this times l^(1/(1-power))", source="C5"),
    constant("power_grad_exponent", R, "chi^0/chi^L goes like L to this power", source="C6"),
    constant("power_e_star", lambda s, d: power_fixed(s["power"], d)[0], "stable cosine", source="C7", uses=("power",)),
    constant("power_mu", lambda s, d: power_fixed(s["power"], d)[1], "its exponent", source="C7", uses=("power",)),
    constant("p_depth", at_depth(0), "p of the tanh recursion", source="C1", uses=PATH),
    constant("log_grad_depth", at_depth(1), "log chi^0/chi^L of the tanh recursion", source="C2", uses=PATH),
)

# --- recursions in doubles -------------------------------------------------------------------------------------------


def tanh_step(state: Array, layer: int) -> None:
    """One layer for p and the logarithm of the gradient ratio; then the four variances. Trapezoid of step 1/10."""
    variance = state[2] * state[0] + state[4]
    ratio, fall, sech = math.exp(-0.005 / variance), math.exp(-0.2), 1.0
    second, fourth, weight, step, square = 0.5, 0.5, 1.0, ratio, ratio * ratio
    for _ in range(220):
        weight *= step
        step *= square
        sech *= fall
        value = 4 * sech / (1 + sech) ** 2
        second += value * weight
        fourth += value * value * weight
    scale = 0.2 / math.sqrt(2 * math.pi * variance)
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


def relu_step(state: Array, layer: int) -> None:
    """One layer for 1 - e of the rectifier without biases; then B'."""
    x = state[0]
    angle = 2 * math.asin(math.sqrt(x / 2))
    square = angle * angle
    if angle < 0.1:
        drop = angle * square / 3 * (1 - square / 10 * (1 - square / 28 * (1 - square / 54)))
    else:
        drop = math.sin(angle) - angle * math.cos(angle)
    state[0] = x - state[1] / (1 + state[1]) * drop / math.pi


def power_step(state: Array, layer: int) -> None:
    """One layer for p and the gradient of the power family; then the factors of q^a and q^(a-1), a, sigma_w^2."""
    variance = state[5] * state[0]
    state[0] += state[2] * variance ** state[4]
    state[1] += math.log1p(state[3] * variance ** (state[4] - 1))


def squares(setting: Setting) -> list[float]:
    """The four variances in doubles."""
    return [setting.number(name) ** 2 for name in ("sigma_w", "sigma_v", "sigma_b", "sigma_a")]


@lru_cache(maxsize=8)
def tanh_path(setting: Setting, marks: tuple[int, ...]) -> Array:
    """Return p and the logarithm of the gradient ratio at depths, shape (marks, 2)."""
    w, v, b, shift = squares(setting)
    return iterate(tanh_step, [setting.number("p0"), 0.0, w, v, b, shift], marks)[:, :2]


@lru_cache(maxsize=8)
def cosine_difference(setting: Setting, marks: tuple[int, ...]) -> Array:
    """Return the difference of two cosines that start 1/10 apart at p = 200, at depths."""
    w, v, b, shift = squares(setting)
    middle = min(0.85, float(fixed_cosine(setting["sigma_v"], setting["sigma_a"], 15).mid()))
    found = iterate(cosine_step, [200 / min(1.0, w), middle + 0.1, middle, w, v, b, shift], marks)
    return found[:, 1] - found[:, 2]


@lru_cache(maxsize=8)
def power_path(setting: Setting, marks: tuple[int, ...]) -> Array:
    """Return p and the logarithm of the gradient ratio of the power family at depths, without biases."""
    w, v = setting.number("sigma_w") ** 2, setting.number("sigma_v") ** 2
    number = setting.number("power")
    value, slope = (float(second_moment(sp.Float(x, 20))) for x in (number, number - 1))
    return iterate(power_step, [setting.number("p0"), 0.0, v * value, v * w * number**2 * slope, number, w], marks)[
        :, :2
    ]


# --- random networks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Net:
    """Standard deviations, p0 and depth of a full residual network of tanh units."""

    weight: float
    outer: float
    bias: float
    shift: float
    start: float
    depth: int


def net_of(setting: Setting, depth: int) -> Net:
    """The setting's network with another depth."""
    require_tanh(setting)
    names = ("sigma_w", "sigma_v", "sigma_b", "sigma_a", "p0")
    w, v, b, shift, start = (setting.number(name) for name in names)
    return Net(w, v, b, shift, start, depth)


PAIRS = 5
"""Pairs of inputs in each network: their fluctuations are nearly independent."""


def layers(net: Net, width: int, rng: np.random.Generator, nets: int) -> dict[str, Array]:
    """Return p, cosine and log gradient at every layer, shape (depth + 1, nets); the cosine starts at 1/2."""
    inner = {"sigma_w": net.weight, "sigma_b": net.bias}
    outer = {"sigma_w": net.outer, "sigma_b": net.shift}
    blocks = [
        Residual(
            Chain(
                [
                    dense(rng, nets, width, **inner),  # type: ignore[arg-type]
                    pointwise(activation("tanh")),
                    dense(rng, nets, width, **outer),  # type: ignore[arg-type]
                ]
            )
        )
        for _ in range(net.depth)
    ]
    basis = np.linalg.qr(rng.standard_normal((nets, width, 2 * PAIRS)))[0] * math.sqrt(width * net.start)
    turned = (basis[..., :PAIRS] + math.sqrt(3) * basis[..., PAIRS:]) / 2
    trace = Network(blocks).run(np.concatenate([basis[..., :PAIRS], turned], axis=2))
    norms = log_gradient_norms(trace, rng.standard_normal((nets, width, 2 * PAIRS))).mean(axis=2)
    moments = second_moments(trace.states).mean(axis=2)
    cosines = np.stack([1 - correlation_gap(x[..., :PAIRS], x[..., PAIRS:]).mean(axis=1) for x in trace.states])
    return {"p": moments, "e": cosines, "log_grad": norms - norms[-1]}


def at_output(net: Net, width: int, rng: np.random.Generator, nets: int) -> dict[str, Array]:
    """Return p and cosine at the output, and the log gradient from there to the input."""
    found = layers(net, width, rng, nets)
    return {"p": found["p"][-1], "e": found["e"][-1], "log_grad": found["log_grad"][0]}


@lru_cache(maxsize=8)
def limits(setting: Setting, depth: int, nets: int, seed: int) -> dict[str, Estimate]:
    """Estimates of infinite width."""
    net = net_of(setting, depth)
    measure = chunked(lambda width, rng, count: at_output(net, width, rng, count), 16)
    return at_widths(measure, (40, 160), nets, stream(seed, f"residual {depth}"))


def run(trial: Trial) -> Simulated:
    """Send pairs of inputs of cosine 1/2 through networks of the setting's width, and gradients back."""
    setting, nets = trial.setting, trial.count("nets", 4, 10_000)
    width, depth = setting.integer("width"), setting.integer("depth")
    if depth * width**2 > 2 * 10**8:
        raise InputError("depth times width^2 must be at most 2e8: all weights of a network are kept for its gradients")
    net, rng = net_of(setting, depth), trial.rng()
    found = trial.draws("networks", nets, lambda _: layers(net, width, rng, 1))
    paths = {name: np.stack([f[name][:, 0] for f in found]) for name in ("p", "e", "log_grad")}
    final = {
        "p": mean_of(paths["p"][:, -1]),
        "e": mean_of(paths["e"][:, -1]),
        "log_grad": mean_of(paths["log_grad"][:, 0]),
    }
    from_end = paths["log_grad"].mean(axis=0)
    curve = Curve(
        label="networks",
        x=tuple(map(float, range(1, depth + 1))),
        y=tuple(map(float, from_end[-2::-1])),
        style="points",
    )
    plot = Plot(
        id="gradient",
        title="Logarithm of the gradient",
        x_label="layers from the output",
        y_label="log chi",
        curves=(curve,),
    )
    return Simulated(final, plots=(plot,), notes=("Estimates at this width; corrections are of order depth/width.",))


OPTIONS = (Option("nets", "24", "independent networks"),)
