"""The setting, points on the edge, the constants, and random networks."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import Estimate, Option, Plot, Setting, Simulated, Trial, constant, curve, evaluate, parameter
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import CriticalPoint, E, d2phi, dphi, first_critical_point, phi
from mfcheck.gaussian.pairs import signed_powers
from mfcheck.networks import correlation_gap, exp_of, gaussian_images, iterate_balls, limits, pairs_of_columns
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import Activation

Array = NDArray[np.float64]

SIGMA_B = parameter("sigma_b", "3/10", "standard deviation of the biases", least=0)
SIGMA_W = parameter("sigma_w", "3/2", "standard deviation of the weights times sqrt N, off the edge", least=0)
SLOPE_POS = parameter("slope_pos", 1, "slope of a rectifier on the right")
SLOPE_NEG = parameter("slope_neg", 0, "slope of a rectifier on the left")
C0 = parameter("c0", 0, "correlation at the start", above=-1, below=1)
DEPTH = parameter("depth", 100, "number of layers", least=1, most=100_000, integer=True)
VARIANCE = parameter("q", "2/5", "variance: of the hard tanh's argument, and at the start of a simulation", above=0)
PARAMETERS = (SIGMA_B, SIGMA_W, SLOPE_POS, SLOPE_NEG, C0, DEPTH, VARIANCE)
sigma_b, sigma_w, slope_pos, slope_neg, _, _, q = (p.symbol for p in PARAMETERS)
ONE = sp.Integer(1)

WEIGHT = 1 / E(dphi**2, variance=q)
BIAS = q - E(phi**2, variance=q) / E(dphi**2, variance=q)
F2 = q * E(d2phi**2, variance=q) / E(dphi**2, variance=q)
SUP = (WEIGHT * E(phi, variance=q) ** 2 + BIAS) / q
VANISHES = {q: BIAS - sigma_b**2}
"""What vanishes at the variance on the edge."""
SLOPE = 1 + WEIGHT * E(phi * d2phi, variance=q)

# --- the edge --------------------------------------------------------------------------------------------------------


def homogeneous(chosen: Activation) -> bool:
    """Whether the activation is linear on both sides of 0."""
    powers = signed_powers(chosen.expr)
    return powers is not None and {term.p for term in powers} == {sp.Integer(1)}


def at_edge(setting: Setting, digits: int) -> CriticalPoint:
    """Enclose the point of the edge in a setting; there is no smaller q, as far as `first_critical_point` tells.

    Raises:
        InputError: there is none, or the activation is linear on both sides of 0 and sigma_b is not 0.
    """
    if setting["sigma_b"] and homogeneous(setting.activation):
        raise InputError("an activation that is linear on both sides of 0 has an edge of chaos at sigma_b = 0 only")
    return first_critical_point(setting.activation, setting["sigma_b"] ** 2, digits)


def edge_variance(setting: Setting, digits: int) -> arb:
    """Enclose q on the edge."""
    if homogeneous(setting.activation) and not setting["sigma_b"]:
        raise InputError("every variance is fixed on the edge of chaos of an activation linear on both sides of 0")
    return at_edge(setting, digits).q


def on_edge(formula: sp.Expr, ends: str = "") -> Callable[[Setting, int], arb]:
    """The value of a formula in q on the edge; `ends` says why there is none at q = 0, if there is none."""

    def value(setting: Setting, digits: int) -> arb:
        if homogeneous(setting.activation) and not setting["sigma_b"]:
            return evaluate(formula, None, setting, {q: ONE}, digits)
        at = at_edge(setting, digits + 10).q
        if at.is_zero() and ends:
            raise InputError(f"at sigma_b = 0 the edge ends in q = 0: {ends}")
        return evaluate(formula, None, setting, {q: at}, digits)

    return value


def leaky(setting: Setting, digits: int) -> arb:
    """Enclose sigma_w of the edge of a rectifier."""
    if not (setting["slope_pos"] or setting["slope_neg"]):
        raise InputError("slope_pos and slope_neg are both zero: chi_1 = 0 for every sigma_w")
    where = {slope_pos: setting["slope_pos"], slope_neg: setting["slope_neg"]}
    return evaluate(LEAKY, None, setting, where, digits)


def drop(e: arb) -> arb:
    """Enclose `f(1 - e) - (1 - e)` of the rectifier."""
    angle = 2 * (e / 2).sqrt().asin()
    return (angle.sin() - angle * angle.cos()) / arb.pi()


@lru_cache(maxsize=64)
def rectifier_gaps(start: Fraction, marks: tuple[int, ...], digits: int) -> tuple[arb, ...]:
    """Enclose 1 - c of the rectifier at rising depths, from a correlation; f increases, so that ends are followed."""
    with ctx.workdps(digits + 30):
        return tuple(iterate_balls(lambda e: e - drop(e), 1 - exact(start), marks))


def relu_gap(setting: Setting, digits: int) -> arb:
    """Enclose 1 - c at the depth of the setting."""
    return rectifier_gaps(setting["c0"], (setting.integer("depth"),), digits)[0]


S = 2 * sp.sqrt(2) / (3 * sp.pi)
RATE = 9 * sp.pi**2 / 2
LEAKY = sp.sqrt(2 / (slope_pos**2 + slope_neg**2))
CLIPPED = 1 - (1 - q) * sp.erf(1 / sp.sqrt(2 * q)) - sp.sqrt(2 * q / sp.pi) * sp.exp(-1 / (2 * q))
INSIDE = sp.erf(1 / sp.sqrt(2 * q))
POINT = ("sigma_b", "activation")
F2_EOC = constant("F2_eoc", on_edge(F2), "f''(1) on the edge", source="C4", uses=POINT)
CONSTANTS = (
    constant("q_eoc", edge_variance, "variance on the edge at sigma_b", source="C3", uses=POINT),
    constant("sigma_w_eoc", lambda s, d: at_edge(s, d).sigma_w, "sigma_w on the edge", source="C3", uses=POINT),
    F2_EOC,
    constant("beta_eoc", on_edge(2 / F2, "f''(1) = 0"), "1 - c goes like beta/l", source="C4", uses=POINT),
    constant("sup_gap_eoc", on_edge(SUP, "no map"), "sup over [0,1] of f(x) - x", source="C5", uses=POINT),
    constant("q_slope_eoc", on_edge(SLOPE), "V'(q) on the edge", source="C6", uses=POINT),
    constant("relu_s", S, "f(1-e) = 1 - e + s e^(3/2) + ...", source="C1"),
    constant("relu_rate", RATE, "1 - c goes like this over l^2 for the rectifier", source="C1"),
    constant("relu_gap", relu_gap, "1 - c of the rectifier at this depth from c0", source="C1", uses=("c0", "depth")),
    constant("leaky_sigma_w", leaky, "sigma_w on a rectifier's edge", source="C2", uses=("slope_pos", "slope_neg")),
    constant("hardtanh_phi2", CLIPPED, "E phi^2 of the hard tanh at variance q", source="C8"),
    constant("hardtanh_dphi2", INSIDE, "E phi'^2 of the hard tanh at variance q", source="C8"),
)

# --- random networks -------------------------------------------------------------------------------------------------


class Net(NamedTuple):
    """Fully connected layers: activation, standard deviations, and the pair that enters."""

    activation: Activation
    weight: float
    bias: float
    variance: float
    correlation: float


def pair_through(net: Net, depth: int, width: int, nets: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return variance (of the first input) and 1 - c, shape (depth + 1, nets), by the exact law of the next layer."""
    f = net.activation.numpy_function(0)
    states = pairs_of_columns(rng, nets, width, net.variance, net.correlation)
    variances, gaps = [], []
    for layer in range(depth + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            if layer:
                states = gaussian_images(rng, f(states), sigma_w=net.weight, sigma_b=net.bias)
            variances.append(np.mean(states[..., 0] ** 2, axis=1))
        if not np.all(variances[-1] < 1e150):
            raise InputError(f"the variance passes 1e150 in layer {layer}: choose a smaller depth or sigma_w")
        gaps.append(correlation_gap(states[..., 0], states[..., 1]))
    return np.array(variances), np.array(gaps)


@lru_cache(maxsize=8)
def simulated(net: Net, marks: tuple[int, ...], widths: tuple[int, int], nets: int, seed: int) -> dict[str, Estimate]:
    """Estimates of infinite width by names `q 1`, `gap 1`, ... at the marked layers."""

    own = zip(widths, stream(seed, "networks").spawn(2), strict=True)
    return limits_of(net, marks, {width: measured(net, marks, width, rng, nets) for width, rng in own})


def measured(net: Net, marks: tuple[int, ...], width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
    """Values of networks by names `q 1`, `gap 1`, ... at the marked layers, shapes (count,)."""
    variances, gaps = pair_through(net, marks[-1], width, count, rng)
    return {f"{name} {m}": values[m] for name, values in (("q", variances), ("gap", gaps)) for m in marks}


def limits_of(net: Net, marks: tuple[int, ...], found: Mapping[int, Mapping[str, Array]]) -> dict[str, Estimate]:
    """Estimates of infinite width from values at two widths."""
    logs = [f"gap {m}" for m in marks] if net.correlation or len(marks) > 3 else []
    return {name: exp_of(e) if name in logs else e for name, e in limits(found, logs=logs).items()}


def run(trial: Trial) -> Simulated:
    """Send a pair of inputs of variance q and correlation c0 through random networks."""
    nets, width = trial.count("nets", 8, 100_000), trial.count("width", 40, 1_000_000)
    setting, depth = trial.setting, trial.setting.integer("depth")
    if not setting["sigma_w"] and not setting["sigma_b"]:
        raise InputError("with sigma_w = sigma_b = 0 all states are zero")
    numbers = [setting.number(name) for name in ("sigma_w", "sigma_b", "q", "c0")]
    net = Net(setting.activation, *numbers)
    marks = tuple(sorted({round(v) for v in np.geomspace(1, depth, 12)}))
    drawn = trial.at_sizes("networks of width", (width // 4, width), nets, partial(measured, net, marks), 8)
    found = limits_of(net, marks, drawn)
    plot = Plot(
        id="gap",
        title="One minus correlation in depth",
        x_label="layer",
        y_label="1 - c",
        x_log=True,
        y_log=True,
        curves=(curve("networks", marks, [found[f"gap {m}"] for m in marks], "points"),),
    )
    return Simulated({"variance": found[f"q {depth}"], "one_minus_c": found[f"gap {depth}"]}, plots=(plot,))


OPTIONS = (
    Option("width", "1000", "the larger of two widths; the other is a quarter"),
    Option("nets", "200", "independent networks at each width"),
)
