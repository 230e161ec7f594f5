"""Universal statistics of Fisher information in deep neural networks: mean field approach (arXiv 1806.01316).

The nonzero eigenvalues of the Fisher matrix are those of the dual matrix K of C T gradients. For M -> infinity at fixed
T and C, K/M is block diagonal with two different entries, so that the whole spectrum has two values: everything follows
from the order parameters kappa_1 (one input) and kappa_2 (two inputs).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache, partial

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Curve,
    Estimate,
    Evidence,
    Kind,
    Note,
    Option,
    Paper,
    Plot,
    Question,
    Reading,
    Scope,
    Setting,
    Simulated,
    Standard,
    Trial,
    agree,
    ball,
    bound,
    constant,
    custom,
    decide,
    encloses,
    identities,
    identity,
    parameter,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import E2, E, J, dphi, expectation, pair, phi
from mfcheck.gaussian.moments import moment, specialised
from mfcheck.networks import (
    Chain,
    Network,
    at_widths,
    chunked,
    dense,
    fisher_eigenvalues,
    gaussian,
    gradient_gram,
    pointwise,
)
from mfcheck.rigor.ball import exact
from mfcheck.statistics import mean_of
from mfcheck.symbolic.activation import Activation, X, activation

Array = NDArray[np.float64]

WEIGHT = parameter("weight_var", 3, "variance of the weights times the width", above=0)
BIAS = parameter("bias_var", "16/25", "variance of the biases", least=0)
DEPTH = parameter("depth", 3, "number L of layers of weights", least=2, most=1000, integer=True)
WIDTH = parameter("width", 500, "width M of all layers but the last", least=2, integer=True)
SAMPLES = parameter("samples", 50, "number T of inputs", least=1, integer=True)
OUTPUTS = parameter("outputs", 2, "number C of outputs", least=1, integer=True)
PARAMETERS = (WEIGHT, BIAS, DEPTH, WIDTH, SAMPLES, OUTPUTS)
weight_var, bias_var, L, M, T, C = (p.symbol for p in PARAMETERS)

# --- order parameters ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """What one hidden layer does to one and to two inputs: forward moments and factors of the backward recursion."""

    q1: arb
    q2: arb
    slope1: arb
    slope2: arb


def _layer(chosen: Activation, s1: arb, s2: arb, digits: int) -> Layer:
    c = arb(0) if s2.is_zero() else (s2 / s1).min(arb(1))
    f, df = chosen.expr, specialised(dphi, chosen)
    return Layer(
        expectation(f**2, s1, 0, digits),
        pair(f, f, s1, s1, c, digits),
        moment(dphi**2, chosen).enclosed(s1, 0, digits),
        pair(df, df, s1, s1, c, digits),
    )


def _kappas(chosen: Activation, weight: Fraction, bias: Fraction, depth: int, digits: int) -> tuple[arb, arb]:
    with ctx.workdps(digits + 20):
        w, b = exact(weight), exact(bias)
        one, two, layers = [arb(1)], [arb(0)], []
        for _ in range(depth - 1):
            layers.append(_layer(chosen, w * one[-1] + b, w * two[-1] + b, digits))
            one.append(layers[-1].q1)
            two.append(layers[-1].q2)
        t1, t2, total1, total2 = arb(1), arb(1), one[-1], two[-1]
        for layer, q1, q2 in zip(reversed(layers), reversed(one[:-1]), reversed(two[:-1]), strict=True):
            t1, t2 = w * t1 * layer.slope1, w * t2 * layer.slope2
            total1, total2 = total1 + t1 * q1, total2 + t2 * q2
        return total1 / (depth - 1), total2 / (depth - 1)


@lru_cache(maxsize=128)
def kappas(chosen: Activation, weight: Fraction, bias: Fraction, depth: int, digits: int) -> tuple[arb, arb]:
    """Enclose both order parameters to a relative accuracy; widths grow with depth, so digits are added as needed.

    Raises:
        InputError: a moment does not exist, or the digits are out of reach at this depth.
    """
    working = digits + 8
    for _ in range(4):
        found = _kappas(chosen, weight, bias, depth, working)
        unit = arb(10) ** -digits
        if all(k.rad() <= unit * abs(k.mid()) or k.rad() <= unit * unit for k in found):
            return found
        working += digits
    raise InputError(f"the order parameters are not enclosed to {digits} digits at depth {depth}")


def order_parameter(index: int) -> Callable[[Setting, int], arb]:
    """kappa_1 or kappa_2 of a setting."""

    def value(s: Setting, digits: int) -> arb:
        return kappas(s.activation, s["weight_var"], s["bias_var"], s.integer("depth"), digits)[index]

    return value


POINT = ("weight_var", "bias_var", "depth", "activation")
KAPPA_1 = constant("kappa_1", order_parameter(0), "order parameter of one input", source="C1", uses=POINT)
KAPPA_2 = constant("kappa_2", order_parameter(1), "order parameter of two inputs", source="C1", uses=POINT)
ALPHA = constant("alpha", L - 1, "number of parameters over M^2", source="C1")
k1, k2, alpha = KAPPA_1.symbol, KAPPA_2.symbol, ALPHA.symbol
MEAN = k1 * C / M
SECOND = alpha * ((T - 1) / T * k2**2 + k1**2 / T) * C
TOP = alpha * ((T - 1) / T * k2 + k1 / T) * M
BULK = alpha * (k1 - k2) * M / T
CONSTANTS = (
    KAPPA_1,
    KAPPA_2,
    ALPHA,
    constant("mean_eigenvalue", MEAN, "mean eigenvalue", source="C1"),
    constant("second_moment", SECOND, "mean squared eigenvalue", source="C2"),
    constant("max_eigenvalue", TOP, "the C largest eigenvalues", source="C3"),
    constant("bulk_eigenvalue", BULK, "the other C (T - 1) nonzero eigenvalues", source="C3"),
    constant("eta_critical", 2 / TOP, "largest step size at a minimum", source="C5"),
)

# --- random networks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """A network with its inputs: activation, variances, depth, outputs, samples."""

    activation: Activation
    weight: float
    bias: float
    depth: int
    outputs: int
    samples: int


def shape_of(setting: Setting, samples: int) -> Shape:
    """The setting's network with so many inputs."""
    numbers = (setting.number("weight_var") ** 0.5, setting.number("bias_var") ** 0.5)
    return Shape(setting.activation, *numbers, setting.integer("depth"), setting.integer("outputs"), samples)


def build(shape: Shape, width: int, nets: int, rng: np.random.Generator) -> Network:
    """Draw the layers."""
    f = pointwise(shape.activation)
    draw = partial(dense, rng, nets, width, sigma_w=shape.weight, sigma_b=shape.bias)
    hidden = [Chain([f, draw()]) for _ in range(shape.depth - 2)]
    return Network([draw(), *hidden, Chain([f, draw(shape.outputs)])])


def gram(shape: Shape, width: int, rng: np.random.Generator, nets: int) -> Array:
    """Return inner products of gradients, shape (nets, C T, C T), inputs running fastest."""
    network = build(shape, width, nets, rng)
    trace = network.run(gaussian(rng, (nets, width, shape.samples)))
    units = np.broadcast_to(
        np.eye(shape.outputs)[:, None, :, None], (shape.outputs, nets, shape.outputs, shape.samples)
    )
    return gradient_gram(trace, list(units))


def of_some(full: Array, outputs: int, samples: int) -> Array:
    """Return the Gram matrix of the first inputs."""
    total = full.shape[1] // outputs
    kept = (np.arange(outputs)[:, None] * total + np.arange(samples)).reshape(-1)
    return full[:, kept][:, :, kept]


def statistics(eigenvalues: Array, shape: Shape, samples: int, width: int) -> dict[str, Array]:
    """Return the four statistics, each times the power of M that gives it a limit; P is alpha M^2."""
    parameters = (shape.depth - 1) * width**2
    found = {
        "mean": eigenvalues.sum(axis=1) / parameters * width,
        "second": (eigenvalues**2).sum(axis=1) / parameters,
        "top": eigenvalues[:, : shape.outputs].mean(axis=1) / width,
    }
    if samples > 1:
        found["bulk"] = eigenvalues[:, shape.outputs :].mean(axis=1) / width
    return found


COUNTS = (3, 6, 12)
"""Numbers of inputs at which the checks look; those of fewer inputs are parts of the largest."""


def measured(shape: Shape, width: int, rng: np.random.Generator, nets: int) -> dict[str, Array]:
    """Return statistics by name and number of inputs, and the order parameters, one value for each net."""
    full = gram(shape, width, rng, nets)
    found: dict[str, Array] = {}
    for count in COUNTS:
        values = fisher_eigenvalues(of_some(full, shape.outputs, count), count)
        found |= {f"{name} {count}": v for name, v in statistics(values, shape, count, width).items()}
    total = shape.samples
    block = full.reshape(nets, shape.outputs, total, shape.outputs, total).diagonal(axis1=1, axis2=3).mean(axis=-1)
    trace = np.trace(block, axis1=1, axis2=2)
    scale = (shape.depth - 1) * width
    found["kappa_1"] = trace / total / scale
    found["kappa_2"] = (block.sum(axis=(1, 2)) - trace) / (total * (total - 1)) / scale
    return found


@lru_cache(maxsize=4)
def limits(setting: Setting, seed: int, nets: int) -> dict[str, Estimate]:
    """Estimates of infinite width."""
    measure = chunked(lambda width, rng, count: measured(shape_of(setting, COUNTS[-1]), width, rng, count), 8)
    return at_widths(measure, (100, 400), nets, stream(seed, "fisher"))


@lru_cache(maxsize=4)
def by_width(setting: Setting, seed: int, nets: int) -> dict[str, Array]:
    """Statistics at three widths with 12 inputs, shape (nets, 3), without the powers of M."""
    widths, count = WIDTHS, COUNTS[-1]
    shape, found = shape_of(setting, count), []
    for width, rng in zip(widths, stream(seed, "scaling").spawn(len(widths)), strict=True):
        values = fisher_eigenvalues(gram(shape, width, rng, nets), count)
        found.append(statistics(values, shape, count, width))
    powers = {"mean": -1, "second": 0, "top": 1, "bulk": 1}
    return {n: np.stack([f[n] * w**p for f, w in zip(found, widths, strict=True)], axis=1) for n, p in powers.items()}


WIDTHS = (64, 128, 256)
NETWORKS = "random networks, widths 100 and 400 (the correction 1/M removed)"


def statistic(name: str) -> Callable[[Context], list[At]]:
    """Measurements of one statistic at several T; M is 1 in the formula, as its power is divided out."""

    def measure(context: Context) -> list[At]:
        found = limits(context.setting, context.seed, context.budget.pick(32, 96, 400))
        return [At(found[f"{name} {t}"], f"T = {t}", t, {T: sp.Integer(t), M: sp.Integer(1)}) for t in COUNTS]

    return measure


def scaling(name: str) -> Callable[[Context], tuple[Array, Array]]:
    """Samples of one statistic at three widths."""

    def measure(context: Context) -> tuple[Array, Array]:
        found = by_width(context.setting, context.seed, context.budget.pick(48, 96, 400))
        return np.array(WIDTHS, float), found[name]

    return measure


LARGEST, ENOUGH = 2 * 10**8, 0.06
"""Most weights of a simulated network, and the relative error above which further networks are drawn."""


def averages(values: Array, shape: Shape, samples: int, width: int) -> dict[str, Estimate]:
    """Return the statistics with their powers of M, from eigenvalues of shape (nets, C T)."""
    powers = {"mean": ("mean_eigenvalue", 1 / width), "second": ("second_moment", 1), "top": ("top_mean", width)}
    powers["bulk"] = ("bulk_mean", width)
    found = statistics(values, shape, samples, width)
    return {powers[name][0]: mean_of(v * powers[name][1]) for name, v in found.items()}


def run(trial: Trial) -> Simulated:
    """Eigenvalues of the Fisher matrix of independent networks of the setting."""
    setting, nets = trial.setting, trial.count("nets", 8, 10_000)
    width, samples, outputs = (setting.integer(name) for name in ("width", "samples", "outputs"))
    if outputs * samples > 4000:
        raise InputError("samples times outputs must be at most 4000: the dual matrix has that many rows")
    if width**2 * setting.integer("depth") > LARGEST:
        raise InputError("depth times width^2 must be at most 2e8: all weights of a network are kept for its gradients")
    shape, rng = shape_of(setting, samples), trial.rng()

    def draw(_: int) -> Array:
        return np.asarray(fisher_eigenvalues(gram(shape, width, rng, 1), samples)[0])

    drawn = trial.draws("networks", nets, draw)
    final = averages(np.array(drawn), shape, samples, width)
    worst = max(found.error / abs(found.value) for found in final.values() if found.value)
    if worst > ENOUGH and not trial.cut:
        most = nets * min(63, max(1, 10**8 // (nets * width**2 * setting.integer("depth"))))
        drawn += trial.draws("further networks", min(most, math.ceil(nets * ((worst / ENOUGH) ** 2 - 1))), draw, 0)
    values = np.array(drawn)
    final = averages(values, shape, samples, width)
    order = tuple(map(float, range(1, values.shape[1] + 1)))
    curve = Curve(
        label="mean over nets", x=order, y=tuple(values.mean(axis=0)), error=tuple(values.std(axis=0)), style="points"
    )
    plot = Plot(
        id="spectrum",
        title="Nonzero eigenvalues of the Fisher matrix",
        x_label="rank",
        y_label="eigenvalue",
        y_log=bool(values.min() > 0),
        curves=(curve,),
    )
    notes = (
        "The number of parameters is counted as alpha M^2.",
        "At the width of the setting; the constants of the same names are the leading order in the width.",
    )
    return Simulated(final, plots=(plot,), notes=notes)


OPTIONS = (Option("nets", "16", "independent networks, each with its own inputs; more are drawn if they scatter"),)

# --- the order parameters as formulas --------------------------------------------------------------------------------


def formula(index: int, shift: int = 1, start: int = 0) -> sp.Expr:
    """Kappa at L = 3 as nested expectations; `shift` and `start` are 1 and 0 in the paper (others are errors)."""
    w, b = weight_var, bias_var
    s1, s2 = w + b, w * start + b
    first, second = [sp.Integer(1)], [sp.Integer(start)]
    slopes1, slopes2 = [], []
    for _ in range(2):
        c = s2 / s1
        first.append(E(phi**2, variance=s1))
        second.append(E2(phi, phi, s1, s1, c))
        slopes1.append(w * E(dphi**2, variance=s1))
        slopes2.append(w * E2(dphi, dphi, s1, s1, c))
        s1, s2 = w * first[-1] + b, w * second[-1] + b
    q, slopes = ((first, slopes1), (second, slopes2))[index]
    t = [slopes[0] * slopes[1], slopes[1], sp.Integer(1)]
    if not shift:
        return sum(a * x for a, x in zip(t[:2], q[1:], strict=True)) / 2
    return sum(a * x for a, x in zip(t, q, strict=True)) / 2


def at_depth_3(index: int) -> Callable[[Context], list[At]]:
    """The recursion at L = 3."""
    return lambda c: [At(order_parameter(index)(c.setting.with_values(depth=3), 18), formula=formula(index))]


def network_kappa(name: str) -> Callable[[Context], Estimate]:
    """The order parameter at L = 3 from the entries of the Gram matrix of random networks."""
    return lambda c: limits(c.setting.with_values(depth=3), c.seed, c.budget.pick(32, 96, 400))[name]


HALF, HERE = sp.Rational(1, 2), "in the setting, L = 3"
RELU_C = (1 + J.subs(next(iter(J.free_symbols)), HALF)) / 2


def rectified(index: int, depth: int = 3) -> Callable[[Context], list[At]]:
    """Kappa of the rectifier with weight_var = 2, bias_var = 1/10."""
    found = {0: ramp_formula, 1: step_formula}[index]() if depth == 3 else None
    return lambda _: [At(kappas(activation("relu"), Fraction(2), Fraction(1, 10), depth, 18)[index], formula=found)]


def ramp_formula() -> sp.Expr:
    """kappa_1 of the rectifier there at L = 3, by expectations; that of its squared slope is 1/2, times weight_var = 1."""
    s1, forward = sp.Rational(21, 10), [sp.Integer(1)]
    for _ in range(2):
        forward.append(E(sp.Max(X, 0) ** 2, variance=s1))
        s1 = 2 * forward[-1] + sp.Rational(1, 10)
    return sum(forward) / 2


def step_formula() -> sp.Expr:
    """kappa_2 of the rectifier there, by expectations over two inputs."""
    b, q1, q2 = sp.Rational(1, 10), sp.Integer(1), sp.Integer(0)
    ramp, up, slopes, forward = sp.Max(X, 0), sp.Heaviside(X), [], [sp.Integer(0)]
    for _ in range(2):
        s1, s2 = 2 * q1 + b, 2 * q2 + b
        q1, q2 = E(ramp**2, variance=s1), E2(ramp, ramp, s1, s1, s2 / s1)
        slopes.append(2 * E2(up, up, s1, s1, s2 / s1))
        forward.append(q2)
    return (slopes[0] * slopes[1] * forward[0] + slopes[1] * forward[1] + forward[2]) / 2


def relu_formula() -> sp.Expr:
    """kappa_2 of the rectifier at L = 3, weight_var = 2, bias_var = 1/10 by the arc-cosine kernel."""
    x, total = next(iter(J.free_symbols)), sp.Integer(0)
    b, q1, q2, slopes, forward = sp.Rational(1, 10), sp.Integer(1), sp.Integer(0), [], [sp.Integer(0)]
    for _ in range(2):
        s1, s2 = 2 * q1 + b, 2 * q2 + b
        q1, q2 = s1 / 2, s1 / 2 * J.subs(x, s2 / s1)
        slopes.append(1 - sp.acos(s2 / s1) / sp.pi)
        forward.append(q2)
    for t, q in zip((slopes[0] * slopes[1], slopes[1], 1), forward, strict=True):
        total += t * q
    return total / 2


order = Claim(
    "order-parameters",
    title="Order parameters by recursions",
    statement=(
        r"$\kappa_1 = \sum_{l=1}^L \frac{\alpha_{l-1}}{\alpha}\tilde q_1^{\,l}\hat q_1^{\,l-1}$, $\kappa_2$ likewise for two inputs, "
        r"with forward moments from $\hat q_1^0 = 1$, $\hat q_2^0 = 0$ and backward ones from $\tilde q^L = 1$."
    ),
    source="1806.01316, Theorem 3 as restated by a follow-up",
    known="follow-up",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "kappa_1 and kappa_2 are the two entries of the dual matrix over alpha M; t of layer l meets q of layer l - 1.",
            {"kappa_1": formula(0), "kappa_2": formula(1)},
            checks=[
                encloses("one-input", "kappa_1", at_depth_3(0), whole=True, domain=HERE),
                encloses("two-inputs", "kappa_2", at_depth_3(1), whole=True, domain=HERE),
                agree("networks-1", "kappa_1", network_kappa("kappa_1"), domain=NETWORKS, group="nets"),
                agree("networks-2", "kappa_2", network_kappa("kappa_2"), domain=NETWORKS, group="nets"),
            ],
            wrong=[
                wrong(
                    "same-layer",
                    {"kappa_1": formula(0, shift=0)},
                    "For phi(x) = x it gives 1.15, not 1.65, at (1, .1).",
                ),
                wrong("identical-inputs", {"kappa_2": formula(1, start=1)}, "Then kappa_2 = kappa_1."),
                wrong("twice", {"kappa_2": 2 * formula(1)}, "alpha = 2 at L = 3."),
            ],
        ),
        Reading(
            "rectifier",
            "For ReLU at weight_var = 2, bias_var = 1/10, L = 3: kappa_1 = 63/40, kappa_2 by the arc-cosine kernel.",
            {"kappa_1": sp.Rational(63, 40), "kappa_2": relu_formula()},
            checks=[
                encloses("one-input", "kappa_1", rectified(0), whole=True, domain="this point"),
                encloses("two-inputs", "kappa_2", rectified(1), whole=True, domain="this point"),
            ],
            wrong=[
                wrong(
                    "across-the-kink",
                    {"kappa_2": sp.Rational("0.40175")},
                    "A quadrature across the kink; it is .401494.",
                ),
                wrong("no-bias", {"kappa_1": sp.Rational(3, 2)}, "Each layer adds bias_var/2."),
            ],
        ),
    ],
)


# --- C1 to C3: the spectrum ------------------------------------------------------------------------------------------


def trace_powers(name: str, power: int) -> Callable[[Context], list[tuple[sp.Expr, sp.Expr]]]:
    """The trace of a power over P = alpha M^2, from C eigenvalues TOP and C (T - 1) eigenvalues BULK."""

    def pairs(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
        return [(sp.expand(C * (TOP**power + (T - 1) * BULK**power) / (alpha * M**2)), sp.expand(context[name]))]

    return pairs


def block_spectrum(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """A block a I + b 11^T of K, a + b = alpha kappa_1 M/T, b = alpha kappa_2 M/T: a + T b on 1, a across it."""
    b = alpha * k2 * M / T
    a = alpha * k1 * M / T - b
    return [
        (sp.expand(a + T * b), sp.expand(context["top"])),
        (sp.expand(a), sp.expand(context["bulk"])),
        (sp.expand(T * (a + b)), sp.expand(context["top"] + (T - 1) * context["bulk"])),
    ]


GIVEN = "all kappa, T, C, M, given that the dual matrix over M converges entry by entry"
mean = Claim(
    "mean",
    title="Mean eigenvalue",
    statement=r"$m_\lambda \sim \kappa_1 C/M$.",
    source="1806.01316, from reading notes; derived here",
    known="follow-up",
    no_inequality="it states an asymptotic equality",
    readings=[
        Reading(
            "limit",
            "Given the limit of the dual matrix: trace over P = alpha M^2.",
            {"mean": MEAN, "order": -sp.Integer(1)},
            checks=[
                identity("trace", "mean", trace_powers("mean", 1), domain=GIVEN),
                agree(
                    "networks", "mean", statistic("mean"), domain=NETWORKS, x_label="T", y_label="mean", group="nets"
                ),
                rate(
                    "scaling",
                    "order",
                    scaling("mean"),
                    x_label="width M",
                    y_label="mean",
                    domain="T = 12",
                    group="scaling",
                ),
            ],
            wrong=[
                wrong("kappa-2", {"mean": k2 * C / M}, "The trace sees single inputs only."),
                wrong("no-outputs", {"mean": k1 / M}, "Each output has its gradients."),
                wrong("constant", {"order": sp.Integer(0)}, "C T eigenvalues of order M over M^2 parameters."),
            ],
        )
    ],
)
second = Claim(
    "second-moment",
    title="Second moment",
    statement=r"$s_\lambda \sim \alpha\left(\frac{T-1}{T}\kappa_2^2 + \frac{\kappa_1^2}{T}\right)C$.",
    source="1806.01316, from reading notes; derived here",
    known="follow-up",
    no_inequality="it states an asymptotic equality",
    readings=[
        Reading(
            "limit",
            "Given the limit of the dual matrix: trace of squares over P = alpha M^2.",
            {"second": SECOND, "order": sp.Integer(0)},
            checks=[
                identity("trace-of-squares", "second", trace_powers("second", 2), domain=GIVEN),
                agree(
                    "networks",
                    "second",
                    statistic("second"),
                    domain=NETWORKS,
                    x_label="T",
                    y_label="second moment",
                    group="nets",
                ),
                rate(
                    "scaling",
                    "order",
                    scaling("second"),
                    x_label="width M",
                    y_label="second moment",
                    domain="T = 12",
                    group="scaling",
                ),
            ],
            wrong=[
                wrong(
                    "mixed",
                    {"second": alpha * ((T - 1) / T * k2 * k1 + k1**2 / T) * C},
                    "It contradicts the trace of squares.",
                ),
                wrong(
                    "exchanged",
                    {"second": alpha * (k2**2 / T + (T - 1) / T * k1**2) * C},
                    "T (T - 1) pairs are different.",
                ),
                wrong("grows", {"order": sp.Integer(1)}, "C eigenvalues of order M squared over M^2."),
            ],
        )
    ],
)

LIMITS = Note(
    id="limits",
    severity="minor",
    text=(
        "T and C are fixed while M goes to infinity. Entries of K/M converge, but for T of order M this does not fix the "
        "spectrum: for independent gradients it would be spread over (1 +- sqrt(T/M))^2."
    ),
)
TRACE = Note(
    id="trace",
    severity="remark",
    text=(
        "At fixed T a maximum of order M follows from the trace alone, since at most C T eigenvalues are not zero: "
        "lambda_max >= alpha kappa_1 M/T. The content of the theorem is kappa_2 > 0, by which it does not fall with T. "
        "Mean, second moment and maximum are one spectrum of two values."
    ),
)


def spectrum(context: Context) -> Evidence:
    """Both values, with what they mean."""
    return identities(block_spectrum(context), GIVEN, Scope.WHOLE, (TRACE,))


def large_samples(context: Context) -> Evidence:
    """kappa_2 of an odd activation without bias, where the two inputs stay uncorrelated: exactly zero."""
    odd = kappas(activation("tanh"), exact_value(context, "weight"), Fraction(0), 3, 15)[1]
    limit = sp.limit(TOP.subs(k2, 0), T, sp.oo)
    zero = odd.is_zero() and limit == 0
    text = "kappa_2 = 0 for tanh without bias: there lambda_max = alpha kappa_1 M/T goes to 0 as T grows"
    note = Note(id="odd", severity="minor", text=f"The statement is not for any activation: {text}.")
    return Evidence(
        passed=False if zero else None,
        lhs=limit.__str__(),
        rhs="alpha kappa_2 M > 0",
        error=0.0,
        domain="tanh, bias_var = 0",
        reason=text,
        notes=(note,),
    )


def exact_value(context: Context, name: str) -> Fraction:
    """A formula that is a rational number."""
    return Fraction(int(context[name].p), int(context[name].q))


def with_many_samples(context: Context) -> Evidence:
    """Mean squared eigenvalue of G G^T/M for T independent rows of M standard normals: Wick's 1 + (T + 1)/M."""
    tau = sp.Symbol("tau", positive=True)
    true = sp.limit((1 + (T + 1) / M).subs(T, tau * M), M, sp.oo)
    found = identities(
        [(true, context["second"])], "a Gram matrix whose entries over M converge to those of 1, T = tau M"
    )
    return found.but(notes=(LIMITS,)) if found.passed is False else found


maximum = Claim(
    "maximum",
    title="Maximum eigenvalue of the order of the width",
    statement=(
        r"$\lambda_{\max} \sim \alpha\left(\frac{T-1}{T}\kappa_2 + \frac{\kappa_1}{T}\right)M$, with the eigenspace spanned by "
        r"$\sum_t \nabla f_k(x_t)$, $k = 1..C$."
    ),
    source="1806.01316, Theorem; from reading notes, derived here",
    known="follow-up",
    readings=[
        Reading(
            "limit",
            "Given the limit of the dual matrix: C eigenvalues of this size, C (T - 1) of alpha (kappa_1 - kappa_2) M/T.",
            {"top": TOP, "bulk": BULK, "order": sp.Integer(1), "least": alpha * k1 * M / T},
            checks=[
                custom("blocks", ("top", "bulk"), spectrum, kind=Kind.EXACT),
                agree(
                    "networks",
                    "top",
                    statistic("top"),
                    domain=NETWORKS,
                    x_label="T",
                    y_label="mean of the C largest over M",
                    group="nets",
                ),
                agree(
                    "networks-bulk",
                    "bulk",
                    statistic("bulk"),
                    domain=NETWORKS,
                    x_label="T",
                    y_label="bulk over M",
                    group="nets",
                ),
                rate(
                    "scaling",
                    "order",
                    scaling("top"),
                    x_label="width M",
                    y_label="mean of the C largest",
                    domain="T = 12",
                    group="scaling",
                ),
            ],
            wrong=[
                wrong(
                    "exchanged",
                    {"top": alpha * (k2 / T + (T - 1) / T * k1) * M},
                    "At the default it is 938.8, not 135.35.",
                ),
                wrong("no-alpha", {"top": TOP / alpha}, "Every layer contributes."),
                wrong("bulk-mean", {"bulk": alpha * k1 * M / T}, "The top eigenvalues take a part of the trace."),
                wrong("root", {"order": HALF}, "The entries of the dual matrix are of order M."),
                wrong(
                    "trace-over-C",
                    {"least": alpha * k1 * M},
                    "There are C T eigenvalues, not C.",
                    checks=["slack-trace"],
                ),
            ],
            attack=[
                bound(
                    "trace",
                    "least",
                    "<=",
                    "top",
                    text="alpha kappa_1 M/T <= lambda_max",
                    over={k1: ("1/100", 10), k2: (0, "1/100"), T: (2, 1000), M: (10, 1000), alpha: (1, 20)},
                    log=["samples", "width"],
                )
            ],
        ),
        Reading(
            "universal",
            "For any activation and depth it does not fall with T.",
            {"weight": sp.Integer(3)},
            checks=[custom("odd", "weight", large_samples, kind=Kind.EXACT)],
            wrong=[
                wrong("other", {"weight": sp.Integer(2)}, "tanh without bias has kappa_2 = 0 for every weight_var.")
            ],
        ),
        Reading(
            "many-samples",
            "For T of order M as well: the entries of K/M fix its spectrum.",
            {"second": sp.Integer(1)},
            checks=[custom("wishart", "second", with_many_samples, kind=Kind.EXACT, question=Question.FOLLOWS)],
            wrong=[wrong("two", {"second": sp.Integer(2)}, "It is 1 + T/M.", checks=["wishart"])],
        ),
    ],
)

# --- C4: eigenvalues near zero ---------------------------------------------------------------------------------------


def rank(context: Context) -> list[At]:
    """Number of eigenvalues of F that are not rounding, from all gradients of small networks, one by one."""
    cases = []
    for outputs, samples, width in ((1, 3, 6), (2, 3, 6), (2, 5, 8)):
        shape = replace(shape_of(context.setting, samples), outputs=outputs)
        rng = stream(context.seed, f"rank {outputs} {samples}")
        trace = build(shape, width, 1, rng).run(gaussian(rng, (1, width, samples)))
        rows = []
        for k in range(outputs):
            for t in range(samples):
                uses: list = []  # type: ignore[type-arg]
                g = np.zeros((1, outputs, samples))
                g[0, k, t] = 1
                trace.backward(g, uses)
                rows.append(np.concatenate([p.ravel() for u in uses for p in (u.weight_gradient(), u.bias_gradient())]))
        jacobian = np.array(rows)
        values = np.linalg.eigvalsh(jacobian.T @ jacobian / samples)
        count = int(np.sum(values > 1e-10 * values[-1]))
        where = {C: sp.Integer(outputs), T: sp.Integer(samples)}
        cases.append(
            At(Estimate(value=count, error=0), f"C = {outputs}, T = {samples}, P = {len(values)}", where=where)
        )
    return cases


zeros = Claim(
    "near-zero",
    title="Most eigenvalues are close to zero",
    statement="Most eigenvalues of the Fisher matrix are close to zero, a few are huge.",
    source="1806.01316, discussion of the theorems",
    known="follow-up",
    no_inequality="it is a count",
    readings=[
        Reading(
            "counting",
            "Of P eigenvalues at most C T are not zero at all: F is a sum of C T matrices of rank one.",
            {"rank": C * T},
            checks=[
                agree("rank", "rank", rank, kind=Kind.SAMPLED, domain="all gradients of networks of width 6 and 8")
            ],
            wrong=[wrong("samples", {"rank": T}, "Each output has gradients of its own.")],
        ),
        Reading(
            "nonzero",
            "Also the nonzero ones, but for C of them, are small against M.",
            {"share": sp.Integer(0)},
            checks=[encloses("bulk", "share", lambda c: ball(c, BULK / M), whole=True, domain="in the setting")],
            wrong=[wrong("negative", {"share": -sp.Integer(1)}, "F is positive semidefinite.")],
        ),
    ],
)

# --- C5: the learning rate -------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def growths(setting: Setting, seed: int, nets: int) -> dict[Fraction, Estimate]:
    """Mean log of the loss after STEPS steps over the loss before, by step size times lambda_max of the formula.

    Gradient descent starts at random weights; labels are the outputs, moved by 1e-4: a minimum is near.
    """
    width, samples, factors = 200, 20, (Fraction(1), Fraction(8, 5), Fraction(5, 2))
    changed = setting.with_values(width=width, samples=samples, outputs=1)
    top = float(ball(Context(changed, None, 0, "", {}, paper), TOP))  # type: ignore[arg-type]
    shape = replace(shape_of(setting, samples), outputs=1)
    found: dict[Fraction, Estimate] = {}
    for factor in factors:
        rng = stream(seed, "descent")
        network = build(shape, width, nets, rng)
        inputs = gaussian(rng, (nets, width, samples))
        labels = network.run(inputs).output + 1e-4 * rng.standard_normal((nets, 1, samples))
        losses = [descend(network, inputs, labels, float(factor) / top) for _ in range(STEPS)]
        found[factor] = mean_of(np.log(losses[-1] / losses[0]))
    return found


STEPS = 15


def descend(network: Network, inputs: Array, labels: Array, eta: float) -> Array:
    """Take one step on (1/2T) sum |y - f|^2 in place, and return the loss before it, shape (nets,)."""
    trace = network.run(inputs)
    error = (trace.output - labels) / inputs.shape[-1]
    uses: list = []  # type: ignore[type-arg]
    trace.backward(error, uses)
    for use in uses:
        owner = use.owner
        owner.weight[...] -= eta * use.weight_gradient()
        if owner.bias is not None:
            owner.bias[...] -= eta * use.bias_gradient()[..., None]
    loss: Array = inputs.shape[-1] / 2 * (error**2).sum(axis=(1, 2))
    return loss


TRANSIENT = Note(
    id="transient",
    severity="remark",
    text=(
        "2/lambda_max is the rule for a quadratic loss, at zero residual. Above it the loss grows near the minimum, which does "
        "not say that it diverges: far away the Hessian is not the Fisher matrix."
    ),
)


def descent(context: Context) -> Evidence:
    """Growth or decay on both sides of the threshold."""
    found = growths(context.setting, context.seed, context.budget.pick(32, 64, 200))
    threshold, cases = exact_value(context, "threshold"), []
    for factor, growth in found.items():
        zero = Estimate(value=0.0, error=0.0)
        sides = (growth, zero) if factor < threshold else (zero, growth)
        cases.append(Case(*sides, f"eta lambda_max = {float(factor)}", float(factor)))
    domain = f"M = 200, T = 20, C = 1, {STEPS} steps from 1e-4 beside a minimum, eta lambda_max = 1, 1.6, 2.5"
    return decide(cases, Standard("<", alarm=context.alarm), domain, notes=(TRANSIENT,))


eta, lam = sp.symbols("eta lambda", positive=True)
learning = Claim(
    "learning-rate",
    title="Largest step size",
    statement=r"Gradient descent converges near a global minimum only for $\eta < 2/\lambda_{\max}$.",
    source="1806.01316, corollary, from memory",
    known="from memory",
    no_inequality="the threshold is exact for the linearised dynamics",
    readings=[
        Reading(
            "linearised",
            "With Hessian F: an error along an eigenvector is multiplied by 1 - eta lambda, below 1 in size iff eta lambda < 2.",
            {"threshold": sp.Integer(2)},
            checks=[
                identity(
                    "factor",
                    "threshold",
                    lambda c: [((1 - eta * lam) ** 2 - 1, eta * lam * (eta * lam - c["threshold"]))],
                    domain="all eta, lambda > 0",
                )
            ],
            wrong=[wrong("one", {"threshold": sp.Integer(1)}, "Between 1 and 2 the error changes sign and shrinks.")],
        ),
        Reading(
            "networks",
            "With lambda_max of the formula, for networks: decay below, growth above.",
            {"threshold": sp.Integer(2)},
            checks=[custom("descent", "threshold", descent, kind=Kind.SIMULATED)],
            wrong=[
                wrong("one", {"threshold": sp.Rational(6, 5)}, "At 1.6 the loss still falls."),
                wrong("four", {"threshold": sp.Integer(4)}, "At 2.5 it grows."),
            ],
        ),
    ],
)

capacity = Claim(
    "capacity",
    title="A norm-based capacity",
    statement="A bound of the Fisher-Rao norm follows from the statistics of the eigenvalues.",
    source="1806.01316, corollary, from memory",
    known="from memory",
    no_inequality="its formula is not known here",
    readings=[Reading("stated", "The formula of the corollary is not known here, so that it is not checked.")],
)

paper = Paper(
    id="fisher",
    title="Universal statistics of Fisher information in deep neural networks: mean field approach",
    summary=(
        "The Fisher information matrix of wide random networks has universal statistics: most eigenvalues are "
        "close to zero, while the largest one is of the order of the width and limits the step size."
    ),
    authors=("Ryo Karakida", "Shotaro Akaho", "Shun-ichi Amari"),
    source="https://arxiv.org/abs/1806.01316",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(order, mean, second, maximum, zeros, learning, capacity),
    constants=CONSTANTS,
    simulate=simulation(run, OPTIONS),
    verdicts={
        "order-parameters/stated": "certified",
        "order-parameters/rectifier": "certified",
        "mean/limit": "proved",
        "second-moment/limit": "proved",
        "maximum/limit": "proved",
        "maximum/universal": "refuted",
        "maximum/many-samples": "gap",
        "near-zero/counting": "supported",
        "near-zero/nonzero": "refuted",
        "learning-rate/linearised": "proved",
        "learning-rate/networks": "supported",
        "capacity/stated": "unchecked",
    },
    references=(
        "Karakida, Akaho, Amari: Universal statistics of Fisher information in deep neural networks: mean field approach. "
        "AISTATS 2019, arXiv:1806.01316",
        "Yang: Scaling limits of wide neural networks with weight sharing. arXiv:1902.04760",
    ),
)
