"""Unified field theoretical approach to deep and recurrent neuronal networks (arXiv 2112.05589).

h^0 = W_in x + xi^0 and h^a = W^a phi(h^(a-1)) + xi^a. A deep network (DNN) draws W^a and xi^a anew in every layer, a
recurrent one (RNN) uses one W and one vector xi, here also in layer 0. K^(ab) is the limit of h^a.h^b/n in the width n,
C_a = |phi(h^a)|^2/n, and v_a the limit of n Var C_a.

W is needed only on the activations, never W^T. On orthonormal directions it is independent Gaussian vectors, also where
a direction depends on earlier images: so W is drawn direction by direction, exactly at every width.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Check,
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
    Reading,
    Setting,
    Simulated,
    Trial,
    agree,
    bound,
    choice,
    constant,
    custom,
    encloses,
    identity,
    noted,
    parameter,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import E2, E, arc_cosine, moment, pair, phi
from mfcheck.networks import gaussian_images, pointwise
from mfcheck.rigor.ball import exact
from mfcheck.statistics import extrapolated, mean_of, variance_of
from mfcheck.symbolic.activation import Activation, X, activation

Array = NDArray[np.float64]

GAIN = parameter("gain_var", "8/5", "variance g^2 of the weights times n", above=0)
NOISE = parameter("noise_var", "1/10", "variance s^2 of the noise xi", least=0)
NORM = parameter("input_norm", 1, "input part X_11 = X_22 of the kernel of layer 0", above=0)
OVERLAP = parameter("overlap", "3/5", "input part X_12, at most input_norm in size")
LAYER = parameter("layer", 4, "layer a", least=0, most=1000, integer=True)
OTHER = parameter("other_layer", 2, "layer b < a of the cross-layer kernel", least=0, most=1000, integer=True)
WIDTH = parameter("width", 100, "width n", least=1, most=10**9, integer=True)
WEIGHTS = choice("weights", ("untied", "tied", "dnn", "rnn"), "what is simulated: untied = dnn, or tied = rnn")
PARAMETERS = (GAIN, NOISE, NORM, OVERLAP, LAYER, OTHER, WIDTH, WEIGHTS)
g2, s2, x11, x12, a, _, n = (p.symbol for p in PARAMETERS[:-1])
K, M, c, v, K_start = sp.symbols("K M c v K_start", positive=True)
ONE = sp.Integer(1)

# --- kernels and constants -------------------------------------------------------------------------------------------


def _second(expr: sp.Expr, q: arb | Fraction, digits: int) -> arb:
    return moment(phi**2, expr).enclosed(q, 0, digits)


@lru_cache(maxsize=256)
def diagonal(setting: Setting, layer: int, digits: int) -> arb:
    """Enclose K^(aa)_11."""
    if layer == 0:
        return exact(setting["input_norm"] + setting["noise_var"])
    before = diagonal(setting, layer - 1, digits)
    return exact(setting["noise_var"]) + exact(setting["gain_var"]) * _second(setting.activation.expr, before, digits)


@lru_cache(maxsize=256)
def overlapping(setting: Setting, layer: int, digits: int) -> arb:
    """Enclose K^(aa)_12."""
    if setting["overlap"] == setting["input_norm"]:
        return diagonal(setting, layer, digits)
    if layer == 0:
        return exact(setting["overlap"] + setting["noise_var"])
    K_11, K_12 = diagonal(setting, layer - 1, digits), overlapping(setting, layer - 1, digits)
    return _image(setting, K_11, K_11, K_12, digits)


@lru_cache(maxsize=512)
def crossing(setting: Setting, layer: int, other: int, digits: int) -> arb:
    """Enclose K^(ab)_11 of the RNN, b <= a."""
    if layer == other:
        return diagonal(setting, layer, digits)
    if other == 0:
        return exact(setting["noise_var"])
    first, second = (diagonal(setting, k - 1, digits) for k in (layer, other))
    return _image(setting, first, second, crossing(setting, layer - 1, other - 1, digits), digits)


def _image(setting: Setting, first: arb, second: arb, joint: arb, digits: int) -> arb:
    f = setting.activation.expr
    value = pair(f, f, first, second, joint / (first * second).sqrt(), digits)
    return exact(setting["noise_var"]) + exact(setting["gain_var"]) * value


@lru_cache(maxsize=256)
def fluctuations(setting: Setting, layer: int, digits: int) -> arb:
    """Enclose v_a of the DNN: own variance, and the square of what the layer before hands on."""
    at, expr = diagonal(setting, layer, digits), setting.activation.expr
    second = _second(expr, at, digits)
    own = moment(phi**4, expr).enclosed(at, 0, digits) - second * second
    if layer == 0:
        return own
    slope = (moment(phi**2 * X**2, expr).enclosed(at, 0, digits) / at - second) / (2 * at)
    return own + (exact(setting["gain_var"]) * slope) ** 2 * fluctuations(setting, layer - 1, digits)


def _cross(setting: Setting, digits: int) -> arb:
    layer, other = setting.integer("layer"), setting.integer("other_layer")
    if other >= layer:
        raise InputError(f"the cross-layer kernel needs other_layer < layer, got {other} and {layer}")
    return _guarded(crossing, setting, layer, other, digits=digits)


def _guarded(compute: Any, setting: Setting, *layers: int, digits: int) -> arb:
    # Layer by layer, so that the memory of a recursion stays small; a few digits are lost in each.
    extra = digits + 8 + layers[0] // 4
    for k in range(layers[0]):
        diagonal(setting, k, extra)
        if compute is not crossing:
            compute(setting, k, extra)
        elif k >= layers[0] - layers[1]:
            crossing(setting, k, k - layers[0] + layers[1], extra)
    value: arb = compute(setting, *layers, extra)
    return value


def relu_variance(mean: sp.Expr) -> sp.Expr:
    """Values of n Var C_a without noise, from the mean of C_a."""
    return n * mean**2 * ((1 + 5 / n) ** (a + 1) - 1)


RELU_MEAN = x11 / 2 * (g2 / 2) ** a
KERNELS = ("gain_var", "noise_var", "input_norm", "layer", "activation")
CONSTANTS = (
    constant(
        "kernel_equal",
        lambda setting, digits: _guarded(overlapping, setting, setting.integer("layer"), digits=digits),
        "K^aa_12 of both networks",
        source="C1",
        uses=(*KERNELS, "overlap"),
    ),
    constant(
        "kernel_diag",
        lambda setting, digits: _guarded(diagonal, setting, setting.integer("layer"), digits=digits),
        "K^aa_11 of both networks",
        source="C1",
        uses=KERNELS,
    ),
    constant("kernel_cross_rnn", _cross, "K^ab_11 of the RNN", source="C2", uses=(*KERNELS, "other_layer")),
    constant(
        "fluctuation",
        lambda setting, digits: _guarded(fluctuations, setting, setting.integer("layer"), digits=digits),
        "v_a of the DNN",
        source="C3",
        uses=KERNELS,
    ),
    constant("relu_variance_exact", relu_variance(RELU_MEAN), "n Var C_a, ReLU DNN without noise", source="C3"),
    constant("linear_dnn_norm", g2**2, "E |W2 W1 x|^2, |x| = 1", source="C5"),
    constant("linear_rnn_norm", g2**2 * (1 + 2 / n**2), "E |W W x|^2, |x| = 1", source="C5"),
)

# --- random networks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Net:
    """What is drawn: variances, kernel of the inputs, layers 0 to `depth`, one or two inputs."""

    activation: Activation
    gain: float
    noise: float
    norm: float
    overlap: float
    depth: int
    tied: bool
    inputs: int = 2


def net_of(setting: Setting, depth: int, tied: bool, inputs: int = 2) -> Net:
    """Return the networks of a setting."""
    gain, noise, norm, overlap = (setting.number(x) for x in ("gain_var", "noise_var", "input_norm", "overlap"))
    return Net(setting.activation, gain, noise, norm, overlap, depth, tied, inputs)


class SharedWeights:
    """One W for each net, entries N(0, gain/n), drawn direction by direction as it is applied.

    Images of orthonormal directions are independent Gaussian vectors, also if a direction depends on earlier images.
    """

    def __init__(self, rng: np.random.Generator, gain: float) -> None:
        self.rng, self.gain = rng, gain
        self.directions: list[Array] = []
        self.images: list[Array] = []

    def image(self, x: Array) -> Array:
        """Return W x for the next columns x, shape (nets, n)."""
        rest, result = x, np.zeros_like(x)
        for _ in range(2):
            for direction, image in zip(self.directions, self.images, strict=True):
                share = np.einsum("rn,rn->r", direction, rest)[:, None]
                rest, result = rest - share * direction, result + share * image
        if len(self.directions) >= x.shape[1]:
            return result
        size = np.sqrt(np.einsum("rn,rn->r", rest, rest))[:, None]
        fresh = self.rng.standard_normal(x.shape) * math.sqrt(self.gain / x.shape[1])
        self.directions.append(rest / np.maximum(size, 1e-300))
        self.images.append(fresh)
        total: Array = result + size * fresh
        return total


def states(net: Net, rng: np.random.Generator, nets: int, width: int) -> list[Array]:
    """Return pre-activations of layers 0 to `depth`, each of shape (nets, n, inputs)."""
    f = pointwise(net.activation)
    noise = math.sqrt(net.noise) * rng.standard_normal((nets, width, 1))
    one, two = rng.standard_normal((2, nets, width))
    angle = net.overlap / net.norm
    both = [one, angle * one + math.sqrt(max(0.0, 1 - angle**2)) * two][: net.inputs]
    h = math.sqrt(net.norm) * np.stack(both, axis=2) + noise
    shared, found = SharedWeights(rng, net.gain), [h]
    for _ in range(net.depth):
        x = f.forward(h)
        if net.tied:
            h = np.stack([shared.image(x[:, :, i]) for i in range(net.inputs)], axis=2) + noise
        else:
            h = gaussian_images(rng, x, sigma_w=math.sqrt(net.gain), sigma_b=math.sqrt(net.noise))
        found.append(h)
    return found


CELLS = 400_000
"""Units of a layer, over nets, that are held at a time."""


def measure(net: Net, rng: np.random.Generator, nets: int, width: int) -> dict[str, Array]:
    """Return values of each net: `C a`, `K a b` (b <= a, one input), `P a` (the pair of inputs), shapes (nets,)."""
    f, parts = pointwise(net.activation), []
    step = max(1, CELLS // width)
    for start in range(0, nets, step):
        layers = states(net, rng, min(step, nets - start), width)
        found = {f"C {k}": np.mean(f.forward(h[:, :, 0]) ** 2, axis=1) for k, h in enumerate(layers)}
        for k, h in enumerate(layers):
            for b in range(k + 1):
                found[f"K {k} {b}"] = np.mean(h[:, :, 0] * layers[b][:, :, 0], axis=1)
            if net.inputs == 2:
                found[f"P {k}"] = np.mean(h[:, :, 0] * h[:, :, 1], axis=1)
        parts.append(found)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


DEPTH = 4


@lru_cache(maxsize=16)
def kernel_draws(setting: Setting, tied: bool, seed: int, nets: int) -> dict[str, Estimate]:
    """Kernels of infinite width from widths 100 and 400; the term 1/n is removed."""
    net = net_of(setting, DEPTH, tied)
    found = [measure(net, stream(seed, f"kernels {tied} {width}"), nets * 400 // width, width) for width in (100, 400)]
    names = [name for name in found[0] if name[0] != "C"]
    sums = {f"S {k} {b}": (f"K {k} {k}", f"K {b} {b}", f"K {k} {b}") for k in range(DEPTH + 1) for b in range(k)}
    result = {}
    for name in [*names, *sums]:
        rows = [
            part[name] if name in part else part[sums[name][0]] + part[sums[name][1]] + 2 * part[sums[name][2]]
            for part in found
        ]
        result[name] = extrapolated((100, 400), [mean_of(row) for row in rows])
    return result


@lru_cache(maxsize=16)
def spread_draws(setting: Setting, tied: bool, seed: int, nets: int, widths: tuple[int, ...]) -> tuple[Estimate, ...]:
    """Values of n Var C_a for a = 0 to 4: of infinite width from two widths, or of one width as it is."""
    net = net_of(setting, DEPTH, tied, 1)
    rows = []
    for width in widths:
        found = measure(net, stream(seed, f"spread {tied} {width}"), nets, width)
        rows.append([variance_of(math.sqrt(width) * found[f"C {k}"]) for k in range(DEPTH + 1)])
    if len(widths) == 1:
        return tuple(rows[0])
    return tuple(extrapolated(widths, pair_of) for pair_of in zip(*rows, strict=True))


def _nets(context: Context) -> int:
    return context.budget.pick(500, 1500, 6000)


def _many(context: Context) -> int:
    return context.budget.pick(4000, 12_000, 40_000)


# --- C1: equal layers ------------------------------------------------------------------------------------------------

DIAG = s2 + g2 * E(phi**2, variance=K)
PAIR = s2 + g2 * E2(phi, phi, K, M, c)
DRAWN: dict[str, Any] = {"x_label": "layer", "group": "kernels", "resolution": 0.1}
NETWORKS = "random networks, widths 100 and 400 (the correction 1/n removed), layers to 4"


def _at(setting: Setting, k: int) -> dict[Any, Any]:
    """Values of K, M and c for the pair of inputs one layer before k."""
    one, both = diagonal(setting, k - 1, 25), overlapping(setting, k - 1, 25)
    return {K: one, M: one, c: both / one}


def equal_layers(name: str) -> Any:
    """Measured kernels of one layer, DNN and RNN, with the kernels of the layer before that the formula needs."""

    def cases(context: Context) -> list[At]:
        found = []
        for tied in (False, True):
            draws = kernel_draws(context.setting, tied, context.seed, _nets(context))
            words = "RNN" if tied else "DNN"
            for k in range(1, DEPTH + 1):
                value = draws[f"K {k} {k}" if name == "diag" else f"P {k}"]
                found.append(At(value, f"{words}, layer {k}", k, _at(context.setting, k)))
        return found

    return cases


def rectified(context: Context) -> list[At]:
    """Kernels of ReLU from the arc-cosine function and halved variances, against the formula's expectations."""
    setting = context.setting
    gain, noise = exact(setting["gain_var"]), exact(setting["noise_var"])
    K_11, K_12 = diagonal(setting, 0, 25), overlapping(setting, 0, 25)
    found = []
    for k in range(1, DEPTH + 1):
        where = {K: K_11, M: K_11, c: K_12 / K_11}
        K_12 = noise + gain * K_11 * arc_cosine(K_12 / K_11) / 2
        K_11 = noise + gain * K_11 / 2
        found.append(At(K_12, f"layer {k}", None, where))
    return found


def under(check: Check, name: str, **values: int) -> Check:
    """Return the check with another activation, and other parameters, than the setting's."""

    def run(context: Context, /) -> Evidence:
        setting = replace(context.setting, activation=activation(name)).with_values(**values)
        return check.run(replace(context, setting=setting))

    return replace(check, run=run)


def wick(tied: bool) -> sp.Expr:
    """E |W2 W1 x|^2 at g = 1 and a unit vector x, by all pairings of four entries of W; powers of n are counted.

    |W W e_1|^2 = sum W_ij W_j1 W_il W_l1. A pairing of entries of one matrix equates rows with rows and columns with
    columns; each free index counts n, each pairing 1/n. Indices: 0 = i, 1 = j, 2 = l, 3 = the fixed one.
    """
    entries, matrices = ((0, 1), (1, 3), (0, 2), (2, 3)), ("W2", "W1", "W2", "W1")
    total = sp.Integer(0)
    for matching in (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))):
        if not tied and any(matrices[p] != matrices[r] for p, r in matching):
            continue
        root = list(range(4))
        for p, r in matching:
            for side in (0, 1):
                one, two = root[entries[p][side]], root[entries[r][side]]
                root = [one if label == two else label for label in root]
        total += n ** (len(set(root)) - 1) / n**2
    return sp.expand(total)


EQUAL_ONLY = Note(
    id="unified.equal-layers-only",
    severity="major",
    text="One field theory holds for the kernels of one layer at leading order. Kernels between layers tell the two "
    "networks apart, unless phi is odd and there is no noise; at finite width the laws differ in any case.",
)
CONVENTION = Note(
    id="unified.noise-of-layer-0",
    severity="minor",
    text="Kernels between layers depend on whether the noise of layer 0 is the one of the later layers: K^(a0) is the "
    "noise variance if it is, and 0 if not. Here it is; the abstract does not say.",
)
equal_claim = Claim(
    "equal-layers",
    title="Deep and recurrent networks have the same kernels",
    statement=(
        r"In the limit of infinite width $K^{aa}_{ij} = s^2 + g^2\langle\phi(h^{a-1}_i)\phi(h^{a-1}_j)\rangle$ for both: "
        "the same Gaussian process."
    ),
    source="2112.05589, abstract",
    known="text read",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "strict",
            "The two networks are equivalent at every width: E |W2 W1 x|^2 of linear networks without noise agrees.",
            {"recurrent": g2**2},
            checks=[identity("linear", "recurrent", lambda k: [(g2**2 * wick(True), k["recurrent"])], domain="all n")],
            wrong=[wrong("zero", {"recurrent": sp.Integer(0)}, "The norm is positive.")],
        ),
        Reading(
            "charitable",
            "Read-outs of one layer, at leading order in 1/n: both networks have the kernels of the recursion.",
            {"diag": DIAG, "pair": PAIR},
            checks=[
                agree("variances", "diag", equal_layers("diag"), domain=NETWORKS, y_label="K_11", **DRAWN),
                noted(
                    agree("overlaps", "pair", equal_layers("pair"), domain=NETWORKS, y_label="K_12", **DRAWN),
                    EQUAL_ONLY,
                ),
                under(
                    encloses("closed", "pair", rectified, domain="ReLU, layers 1 to 4, by the arc-cosine function"),
                    "relu",
                ),
            ],
            wrong=[
                wrong(
                    "gain",
                    {
                        "diag": s2 + sp.sqrt(g2) * E(phi**2, variance=K),
                        "pair": s2 + sp.sqrt(g2) * E2(phi, phi, K, M, c),
                    },
                    "Weights enter by their variance g^2, not by g.",
                ),
                wrong("no-noise", {"diag": DIAG - s2, "pair": PAIR - s2}, "Each layer adds the noise variance."),
                wrong(
                    "linear",
                    {"diag": s2 + g2 * K, "pair": s2 + g2 * c * K},
                    "The activation changes the second moment: ReLU halves it.",
                ),
                wrong(
                    "lag",
                    {"diag": DIAG.subs(K, s2 + g2 * E(phi**2, variance=K))},
                    "One layer too many: the kernel of layer a - 1 enters, not that of layer a.",
                ),
            ],
        ),
    ],
)

# --- C2: different layers --------------------------------------------------------------------------------------------


def _between(setting: Setting, k: int, b: int) -> dict[Any, Any]:
    first, second = diagonal(setting, k - 1, 25), diagonal(setting, b - 1, 25)
    return {K: first, M: second, c: crossing(setting, k - 1, b - 1, 25) / (first * second).sqrt()}


PAIRS = ((2, 1), (3, 1), (3, 2), (4, 2), (4, 3))


def crossed(context: Context) -> list[At]:
    """Measured kernels between layers of the RNN, both at least 1, as K_aa + K_bb + 2 K_ab."""
    draws = kernel_draws(context.setting, True, context.seed, _nets(context))
    sums = {(k, b): sum((diagonal(context.setting, i, 25) for i in (k, b)), arb(0)) for k, b in PAIRS}
    return [
        At(draws[f"S {k} {b}"], f"layers {k}, {b}", None, {**_between(context.setting, k, b), v: sums[k, b]})
        for k, b in PAIRS
    ]


def first_layer(context: Context) -> list[At]:
    """Measured kernels of layers 1 to 4 of the RNN with layer 0."""
    draws = kernel_draws(context.setting, True, context.seed, _nets(context))
    both = diagonal(context.setting, 0, 25)
    return [
        At(draws[f"S {k} 0"], f"layers {k}, 0", None, {v: diagonal(context.setting, k, 25) + both})
        for k in range(1, DEPTH + 1)
    ]


def untied_sums(context: Context) -> list[At]:
    """The same sums in the DNN."""
    draws = kernel_draws(context.setting, False, context.seed, _nets(context))
    return [
        At(
            draws[f"S {k} {b}"],
            f"layers {k}, {b}",
            None,
            {v: diagonal(context.setting, k, 25) + diagonal(context.setting, b, 25)},
        )
        for k, b in PAIRS
    ]


def lag_chain(context: Context) -> list[At]:
    """K^(21) and K^(32) of ReLU at g^2 = 2, s = 0 and unit input: J(0) = 1/pi and J(1/pi)."""
    lag = 1 / arb.pi()
    values: dict[Any, Any] = {g2: sp.Integer(2), s2: sp.Integer(0), K: sp.Integer(1), M: sp.Integer(1)}
    return [
        At(lag, "layers 2, 1", None, {**values, c: sp.Integer(0)}),
        At(arc_cosine(lag), "layers 3, 2", None, {**values, c: lag}),
    ]


def still_nothing(_context: Context) -> list[At]:
    """The covariance 0, at three pairs of variances."""
    pairs = ((ONE / 2, ONE), (ONE, ONE), (ONE, sp.Integer(3)))
    return [At(arb(0), f"variances {one}, {two}", None, {K: one, M: two}) for one, two in pairs]


LAWS = "three pairs of variances"
cross_claim = Claim(
    "cross-layers",
    title="Kernels between layers tell the networks apart",
    statement=(
        r"DNN: $K^{ab} = 0$ for $a \ne b$. RNN: $K^{ab}_{ij} = s^2 + g^2\langle\phi(h^{a-1}_i)\phi(h^{b-1}_j)\rangle$ "
        r"for $a, b \ge 1$, and $K^{a0} = s^2$."
    ),
    source="2112.05589, Section 3",
    known="from memory",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "The noise of layer 0 is the one of the other layers; at leading order in 1/n.",
            {"rnn": v + 2 * PAIR, "first": v + 2 * s2, "dnn": v, "kernel": PAIR},
            checks=[
                agree("recurrent", "rnn", crossed, domain=NETWORKS, resolution=0.1, group="kernels"),
                noted(
                    agree("layer-0", "first", first_layer, domain=NETWORKS, resolution=0.1, group="kernels"), CONVENTION
                ),
                agree("deep", "dnn", untied_sums, domain=NETWORKS, resolution=0.1, group="kernels"),
                under(encloses("relu", "kernel", lag_chain, domain="ReLU, g^2 = 2, no noise, by hand"), "relu"),
            ],
            wrong=[
                wrong(
                    "no-noise", {"first": v, "rnn": v + 2 * (PAIR - s2)}, "The RNN has the same noise in all layers."
                ),
                wrong(
                    "same-as-rnn",
                    {"dnn": v + 2 * s2 + g2 * sp.Rational(3, 10)},
                    "Layers of a DNN have independent weights and noise.",
                ),
                wrong("vanishes", {"rnn": v, "kernel": sp.Integer(0)}, "ReLU has a positive mean, which W maps alike."),
                wrong("own-layer", {"kernel": s2 + g2 * E2(phi, phi, K, M, ONE)}, "The correlation is not 1."),
            ],
        )
    ],
)
vanishing = Claim(
    "cross-layers-vanish",
    title="A later text: no covariance between layers",
    statement=(
        r"In a simple RNN with shared weights and bias the covariance of $h^l$ and $h^m$, $l \ne m$, vanishes at infinite "
        "width."
    ),
    source="1902.04760, Appendix D.6",
    known="text read",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "any",
            "Every activation and noise: ReLU, g^2 = 2, no noise, layers 1 to 3, is an instance.",
            {"covariance": sp.Integer(0)},
            checks=[
                under(
                    encloses("relu", "covariance", lag_chain, domain="ReLU, g^2 = 2, no noise, layers 1 to 3"), "relu"
                )
            ],
            wrong=[wrong("half", {"covariance": ONE / 2}, "It is 1/pi and .494.")],
        ),
        Reading(
            "odd",
            "Odd activations without noise: each step of the lag chain starts with covariance 0 and keeps it.",
            {"covariance": g2 * E2(phi, phi, K, M, 0)},
            checks=[
                under(encloses("erf", "covariance", still_nothing, domain=LAWS), "erf"),
                under(encloses("tanh", "covariance", still_nothing, domain=LAWS), "tanh"),
            ],
            wrong=[
                wrong(
                    "correlated",
                    {"covariance": g2 * E2(phi, phi, K, M, ONE / 2)},
                    "At correlation 1/2 both signs agree more often than not.",
                )
            ],
        ),
    ],
)

# --- C3: fluctuations of the DNN -------------------------------------------------------------------------------------

SQUARE = E(phi**2, variance=K)
OWN = E(phi**4, variance=K) - SQUARE**2
HANDED = g2 * (E(phi**2 * X**2, variance=K) / K - SQUARE) / (2 * K)
"""g^2 times d<phi^2>/dK."""


def _spread_at(setting: Setting, k: int) -> dict[Any, Any]:
    before = fluctuations(setting, k - 1, 25) if k else arb(0)
    return {K: diagonal(setting, k, 25), v: before}


def spreads(context: Context) -> list[At]:
    """Values of n Var C_a of random DNNs, infinite width."""
    draws = spread_draws(context.setting, False, context.seed, _many(context), (100, 400))
    return [At(draws[k], f"layer {k}", k, _spread_at(context.setting, k)) for k in range(DEPTH + 1)]


def halves(context: Context) -> list[At]:
    """v_a of ReLU in rational numbers: 5 K^2/4 + (g^2/2)^2 v."""
    setting, found = context.setting, []
    gain, noise = setting["gain_var"], setting["noise_var"]
    at, spread = setting["input_norm"] + noise, Fraction(0)
    for k in range(DEPTH + 1):
        own = {K: sp.Rational(at.numerator, at.denominator), v: sp.Rational(spread.numerator, spread.denominator)}
        spread = Fraction(5, 4) * at**2 + (gain / 2) ** 2 * spread
        found.append(At(exact(spread), f"layer {k}", None, own))
        at = noise + gain * at / 2
    return found


spread_claim = Claim(
    "fluctuations",
    title="Fluctuations of the kernel of a deep network",
    statement=(
        r"$v_a = \lim n\,\mathrm{Var}\,C_a = \mathrm{Var}_{K_a}\phi^2 + "
        r"(g^2\,\partial\langle\phi^2\rangle/\partial K_a)^2v_{a-1}$, $v_0 = \mathrm{Var}_{K_0}\phi^2$."
    ),
    source="2112.05589, next-to-leading order, DNN",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "The DNN, at leading order in 1/n.",
            {"v": OWN + HANDED**2 * v},
            checks=[
                agree(
                    "networks",
                    "v",
                    spreads,
                    domain="random DNNs, widths 100 and 400 (the correction 1/n removed), layers 0 to 4",
                    x_label="layer",
                    y_label="v",
                    resolution=0.3,
                    group="spread",
                ),
                under(encloses("relu", "v", halves, domain="ReLU, layers 0 to 4, in rational numbers"), "relu"),
            ],
            wrong=[
                wrong("own-only", {"v": OWN}, "Each layer hands its fluctuation on: at g^2 = 2 ReLU adds 5/4 a layer."),
                wrong(
                    "not-squared",
                    {"v": OWN + HANDED * v},
                    "A variance takes the square of the derivative.",
                    checks=["relu"],
                ),
                wrong("gain-once", {"v": OWN + HANDED**2 * v / g2}, "Both factors of the square hold g^2."),
            ],
        )
    ],
)

# --- C3: ReLU at every width -----------------------------------------------------------------------------------------

mean = sp.Symbol("mean", positive=True)
EXCESS = n * ((1 + 5 / n) ** (a + 1) - 1)


def relu_steps(context: Context) -> Iterable[tuple[sp.Expr, sp.Expr]]:
    """C_a = C_(a-1) xi_a, xi_a = (g^2/n) sum relu(z_i)^2 independent of C_(a-1): second moments multiply."""
    weight = sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi)
    two, four = (sp.integrate(X**p * weight, (X, 0, sp.oo)) for p in (2, 4))
    second = (n * four + n * (n - 1) * two**2) / (n * two) ** 2
    small = sp.Symbol("small", positive=True)
    leading = sp.diff((context["growth"].subs(n, 1 / small)) ** (a + 1), small).subs(small, 0)
    return [
        (second, context["growth"]),
        (n * (second ** (a + 1) - 1), context["excess"]),
        (leading, context["leading"]),
    ]


def relu_spreads(context: Context) -> list[At]:
    """Values of n Var C_a over the square of its mean, ReLU DNNs of width 100 without noise."""
    draws = spread_draws(context.setting, False, context.seed, _many(context), (100,))
    found = []
    for k, value in enumerate(draws):
        scale = float(context.setting["input_norm"] / 2 * (context.setting["gain_var"] / 2) ** k) ** -2
        found.append(
            At(value.but(value=value.value * scale, error=value.error * scale), f"layer {k}", k, {n: 100, a: k})
        )
    return found


DEPTH_WIDTH = Note(
    id="unified.width-above-depth",
    severity="minor",
    text="Fluctuations of a ReLU network relative to its kernel are (1+5/n)^(a+1) - 1, about 5(a+1)/n: the limit of "
    "infinite width is one with n far above 5 times the depth.",
)
relu_claim = Claim(
    "relu-fluctuations",
    title="ReLU: fluctuations at every width",
    statement=r"ReLU DNN without noise: $\mathrm{Var}\,C_a = (E\,C_a)^2[(1+5/n)^{a+1} - 1]$, about $5(a+1)/n$.",
    source="derived here",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "Every width n, every layer a, every g^2.",
            {"growth": 1 + 5 / n, "excess": EXCESS, "leading": 5 * (a + 1)},
            checks=[
                noted(identity("moments", ("growth", "excess", "leading"), relu_steps, domain="all n, a"), DEPTH_WIDTH),
                under(
                    agree(
                        "networks",
                        "excess",
                        relu_spreads,
                        domain="random ReLU DNNs of width 100",
                        x_label="layer",
                        y_label="n Var C / (E C)^2",
                        resolution=0.3,
                        group="relu",
                    ),
                    "relu",
                    noise_var=0,
                ),
            ],
            wrong=[
                wrong(
                    "four",
                    {"growth": 1 + 4 / n, "excess": n * ((1 + 4 / n) ** (a + 1) - 1)},
                    "E relu^4 = 3/2 is six times the square of E relu^2 = 1/2.",
                    also=["slack-bernoulli"],
                ),
                wrong(
                    "one-less", {"excess": EXCESS.subs(a, a - 1)}, "Layer 0 fluctuates too.", also=["slack-bernoulli"]
                ),
                wrong("constant", {"leading": sp.Integer(5)}, "It grows with the layer."),
            ],
            attack=[
                bound(
                    "bernoulli",
                    "excess",
                    ">=",
                    "leading",
                    over={WIDTH: (1, 1000), LAYER: (0, 40)},
                    integers=["width", "layer"],
                    text="n ((1+5/n)^(a+1) - 1) >= 5 (a+1)",
                )
            ],
        )
    ],
)

# --- C4: the RNN fluctuates more -------------------------------------------------------------------------------------


def linear_spread(gain: Fraction, noise: Fraction, start: Fraction, depth: int, tied: bool) -> Fraction:
    """The limit of n Var C_a at a = depth for phi(x) = x, by the law of C6 and Wick's formula; rational.

    C^(ab) moves by its own sum over units, of covariance K_ac K_bd + K_ad K_bc, and by g^2 times C^(a-1,b-1).
    """
    kernel: dict[tuple[int, int], Fraction] = {}
    for i, j in product(range(depth + 1), repeat=2):
        if i == j == 0:
            kernel[0, 0] = start + noise
        elif 0 in (i, j):
            kernel[i, j] = noise if tied else Fraction(0)
        elif i == j or tied:
            kernel[i, j] = noise + gain * kernel[i - 1, j - 1]
        else:
            kernel[i, j] = Fraction(0)
    total = Fraction(0)
    for i, j in product(range(depth + 1), repeat=2):
        # C^(aa) = sum over i of g^(2(a-i)) xi^(ii).
        own = 2 * kernel[i, j] ** 2
        total += gain ** (2 * depth - i - j) * own
    return total


def linear_order(context: Context) -> Evidence:
    """Whether v_a of the RNN exceeds that of the DNN for phi(x) = x, no noise, a = 2 and 3: both are rational."""
    factor = Fraction(int(context["factor"]))
    sides = [
        [linear_spread(context.setting["gain_var"], Fraction(0), Fraction(1), k, tied) for k in (2, 3)]
        for tied in (True, False)
    ]
    passed = all(rnn > factor * dnn for rnn, dnn in zip(*sides, strict=True))
    words = [f"layers 2, 3: {side[0]}, {side[1]}" for side in sides]
    return Evidence(
        passed=passed,
        lhs=words[0],
        rhs=words[1],
        error=0.0,
        cases=2,
        domain="linear networks without noise",
        reason="" if passed else "the limits of n Var C_a are the same rational numbers",
    )


def recurrent_spreads(context: Context) -> list[At]:
    """Values of n Var C_a of ReLU RNNs of width 100, layers 2 to 4, no noise."""
    draws = spread_draws(context.setting, True, context.seed, 5 * _many(context), (100,))
    return [At(draws[k], f"layer {k}", k, {n: 100, a: k}) for k in range(2, DEPTH + 1)]


DEPENDS = Note(
    id="unified.difference-depends-on-activation",
    severity="minor",
    text="The difference between RNN and DNN at order 1/n depends on the activation: for ReLU the RNN fluctuates more from "
    "layer 2 on; for odd activations without noise different layers do not covary, and the order 1/n is the same.",
)
larger_claim = Claim(
    "recurrent-fluctuates-more",
    title="Recurrent networks converge more slowly",
    statement="At finite width the kernel of the RNN fluctuates more than that of the DNN.",
    source="2112.05589, numerical section",
    known="from memory",
    no_inequality="its inequality is between limits of simulated variances",
    readings=[
        Reading(
            "any",
            "Every activation, layer 2 or later: the limit of n Var C_a is larger in the RNN.",
            {"factor": ONE},
            checks=[custom("linear", "factor", linear_order, kind=Kind.EXACT)],
            wrong=[wrong("twice", {"factor": sp.Integer(2)}, "Twice as much is more than more.")],
        ),
        Reading(
            "relu",
            "ReLU without noise at width 100, layers 2 to 4: the RNN lies above the exact variance of the DNN.",
            {"dnn": relu_variance(RELU_MEAN)},
            checks=[
                noted(
                    under(
                        agree(
                            "networks",
                            "dnn",
                            recurrent_spreads,
                            relation=">",
                            domain="random ReLU RNNs of width 100, no noise",
                            x_label="layer",
                            y_label="n Var C",
                            group="relu-rnn",
                        ),
                        "relu",
                        noise_var=0,
                        gain_var=2,
                    ),
                    DEPENDS,
                )
            ],
            wrong=[
                wrong("ten", {"dnn": 10 * relu_variance(RELU_MEAN)}, "Ten times as much as the RNN has at this width.")
            ],
        ),
    ],
)

# --- C5: an exact anchor ---------------------------------------------------------------------------------------------


def anchor_draws(context: Context) -> list[At]:
    """|W W x|^2 of explicit matrices, widths 2 to 4."""
    count, found = context.budget.pick(100_000, 200_000, 1_000_000), []
    scale = context.setting.number("gain_var")
    for width in (2, 3, 4):
        W = stream(context.seed, f"linear {width}").standard_normal((count, width, width))
        y = np.einsum("rij,rj->ri", W, W[:, :, 0]) * scale / width
        found.append(At(mean_of(np.sum(y**2, axis=1)), f"n = {width}", width, {n: width}))
    return found


anchor_claim = Claim(
    "linear-anchor",
    title="An exact anchor: linear networks",
    statement=r"$\phi(x) = x$, no noise, $|x| = 1$: $E|W^2W^1x|^2 = g^4$ for the DNN, $g^4(1 + 2/n^2)$ for the RNN.",
    source="derived here",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "Every width n: all pairings of the four entries of W are counted.",
            {"rnn": g2**2 * (1 + 2 / n**2), "dnn": g2**2},
            checks=[
                identity(
                    "wick",
                    ("rnn", "dnn"),
                    lambda k: [(g2**2 * wick(True), k["rnn"]), (g2**2 * wick(False), k["dnn"])],
                    domain="all n, g",
                ),
                agree("matrices", "rnn", anchor_draws, domain="explicit matrices, n = 2, 3, 4", x_label="n"),
            ],
            wrong=[
                wrong("one-over-n", {"rnn": g2**2 * (1 + 1 / n)}, "Both extra pairings fix all indices: 2/n^2."),
                wrong("one-pairing", {"rnn": g2**2 * (1 + 1 / n**2)}, "There are two such pairings."),
                wrong("less", {"rnn": g2**2 * (1 - 2 / n**2)}, "All pairings count positively.", also=["slack-more"]),
                wrong("shared", {"dnn": g2**2 * (1 + 2 / n**2)}, "W1 and W2 are independent.", checks=["wick"]),
            ],
            attack=[
                bound(
                    "more",
                    "dnn",
                    "<=",
                    "rnn",
                    over={WIDTH: (1, 1000), GAIN: ("1/10", 4)},
                    integers=["width"],
                    text="g^4 <= g^4 (1 + 2/n^2)",
                )
            ],
        )
    ],
)

# --- C6: next-to-leading order ---------------------------------------------------------------------------------------

w = sp.Symbol("w", real=True)
LAW = OWN + HANDED**2 * v + 2 * HANDED * w


@lru_cache(maxsize=128)
def _covariance(setting: Setting, i: int, j: int, digits: int) -> arb:
    """Enclose Cov(phi(h^i)^2, phi(h^j)^2) of the RNN."""
    square = setting.activation.expr**2
    one, two = diagonal(setting, i, digits), diagonal(setting, j, digits)
    cosine = crossing(setting, max(i, j), min(i, j), digits) / (one * two).sqrt()
    means = _second(setting.activation.expr, one, digits) * _second(setting.activation.expr, two, digits)
    return pair(square, square, one, two, cosine, digits) - means


@lru_cache(maxsize=64)
def _slope(setting: Setting, layer: int, digits: int) -> arb:
    """Enclose g^2 d<phi^2>/dK at K_a."""
    at, expr = diagonal(setting, layer, digits), setting.activation.expr
    gap = moment(phi**2 * X**2, expr).enclosed(at, 0, digits) / at - _second(expr, at, digits)
    return exact(setting["gain_var"]) * gap / (2 * at)


def _lagged(setting: Setting, layer: int, digits: int) -> arb:
    """Enclose w: the covariance of what C_(a-1) moves by with the own sum of layer a, over lower layers."""
    total = arb(0)
    for i in range(layer):
        total = total * (_slope(setting, i, digits) if i else 1) + _covariance(setting, i, layer, digits)
    return total


@lru_cache(maxsize=64)
def recurrent(setting: Setting, layer: int, digits: int) -> arb:
    """Enclose lim n Var C_a of the RNN: the law with what lower layers hand on."""
    own = fluctuations(setting, 0, digits) if layer == 0 else arb(0)
    if layer == 0:
        return own
    slope = _slope(setting, layer, digits)
    own = fluctuations(setting, layer, digits) - slope**2 * fluctuations(setting, layer - 1, digits)
    return own + slope**2 * recurrent(setting, layer - 1, digits) + 2 * slope * _lagged(setting, layer, digits)


def _law_at(setting: Setting, k: int) -> dict[Any, Any]:
    return {K: diagonal(setting, k, 25), v: recurrent(setting, k - 1, 25), w: _lagged(setting, k, 25)}


def law_spreads(context: Context) -> list[At]:
    """Values of n Var C_a of random RNNs, infinite width, layers 1 to 3."""
    draws = spread_draws(context.setting, True, context.seed, 2 * _many(context), (150, 600))
    return [At(draws[k], f"layer {k}", k, _law_at(context.setting, k)) for k in range(1, DEPTH)]


def law_on_relu(context: Context) -> list[At]:
    """v_a of ReLU at g^2 = 2 without noise, by hand: all slopes are 1, and the covariances arc-cosines of order two."""
    one, found = exact(Fraction(5, 4)), []
    cosines: dict[tuple[int, int], arb] = {}
    total = one
    for k in range(1, DEPTH + 1):
        for i in range(k):
            cosines[k, i] = arb(0) if i == 0 else arc_cosine(cosines[k - 1, i - 1])
        shared = sum((_second_order(cosines[k, i]) - exact(Fraction(1, 4)) for i in range(k)), arb(0))
        before = total
        total = total + one + 2 * shared
        found.append(At(total, f"layer {k}", k, {g2: sp.Integer(2), K: sp.Integer(1), v: before, w: shared}))
    return found


def _second_order(cosine: arb) -> arb:
    """E relu(u)^2 relu(u')^2 at variance 1: (3 sin t cos t + (pi - t)(1 + 2 cos^2 t))/(2 pi)."""
    sine = (1 - cosine * cosine).sqrt()
    return (3 * sine * cosine + (arb.pi() - cosine.acos()) * (1 + 2 * cosine * cosine)) / (2 * arb.pi())


def both_laws(context: Context) -> Plot:
    """v_a of both networks in the setting, layers 0 to 4."""
    x = tuple(map(float, range(DEPTH + 1)))
    curves = [
        Curve(label=name, x=x, y=tuple(float(law(context.setting, k, 25).mid()) for k in range(DEPTH + 1)))
        for name, law in (("RNN", recurrent), ("DNN", fluctuations))
    ]
    title = "Fluctuations of the kernel, n Var C_a at infinite width"
    return Plot(id="both", title=title, x_label="layer", y_label="n Var C", curves=tuple(curves))


def drawn_laws(check: Check) -> Check:
    """Return the check with the picture of both laws."""

    def run(context: Context, /) -> Evidence:
        found = check.run(context)
        return found.but(plots=(*found.plots, both_laws(context)))

    return replace(check, run=run)


order_claim = Claim(
    "next-order",
    title="Fluctuations of the kernel of a recurrent network",
    statement=(
        r"RNN: $v_a = \mathrm{Var}_{K_a}\phi^2 + J_a^2v_{a-1} + 2J_aw_a$, $J_a = g^2\,\partial\langle\phi^2\rangle/\partial K_a$, "
        r"$w_a = \sum_{i<a}J_{i+1}\cdots J_{a-1}\,\mathrm{Cov}(\phi(h^i)^2, \phi(h^a)^2)$."
    ),
    source="2112.05589, next-to-leading order; the printed form was not seen",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "At leading order in 1/n, in the setting; covariances from the kernels between layers.",
            {"law": LAW},
            checks=[
                drawn_laws(
                    agree(
                        "networks",
                        "law",
                        law_spreads,
                        domain="random RNNs, widths 150 and 600 (the correction 1/n removed), layers 1 to 3",
                        x_label="layer",
                        y_label="v",
                        resolution=0.3,
                        group="spread",
                    )
                ),
                under(encloses("relu", "law", law_on_relu, domain="ReLU, g^2 = 2, no noise, layers 1 to 4"), "relu"),
            ],
            wrong=[
                wrong("deep", {"law": LAW.subs(w, 0)}, "The sums of different layers covary: they share W."),
                wrong("own-only", {"law": OWN}, "Layers below hand on what they moved by."),
                wrong("once", {"law": OWN + HANDED**2 * v + HANDED * w}, "A covariance counts twice.", checks=["relu"]),
            ],
        )
    ],
)

# --- the paper -------------------------------------------------------------------------------------------------------


def validate(setting: Setting) -> None:
    """Refuse inputs whose overlap exceeds their norm."""
    if abs(setting["overlap"]) > setting["input_norm"]:
        raise InputError("the overlap of the inputs must be at most input_norm in size")


def simulate(trial: Trial) -> Simulated:
    """Networks of the setting's width: kernels of `layer` and `other_layer`, and n Var C at `layer`."""
    setting, depth, width = trial.setting, trial.setting.integer("layer"), trial.setting.integer("width")
    other, tied = setting.integer("other_layer"), setting.choice("weights") in ("tied", "rnn")
    if width > 20_000 or depth > 100:
        raise InputError("networks are simulated up to width 20000 and layer 100")
    nets = trial.count("replicates", 20, 10**6)
    trial.say(f"{nets} networks of width {width}, {depth} layers, {'one W for all layers' if tied else 'W anew'}")
    one = measure(net_of(setting, depth, tied, 1), trial.rng("spread"), nets, width)
    trial.progress(0.6)
    two = measure(net_of(setting, depth, tied), trial.rng("kernels"), max(20, nets // 5), width)
    final = {"kernel_equal": mean_of(two[f"P {depth}"])}
    notes = ["Means over networks of this width: nothing is extrapolated."]
    if other < depth:
        final["kernel_cross"] = mean_of(one[f"K {depth} {other}"])
    else:
        notes.append("kernel_cross needs other_layer < layer.")
    final["n_var"] = variance_of(math.sqrt(width) * one[f"C {depth}"])
    return Simulated(final, notes=tuple(notes))


OPTIONS = (Option("replicates", "10000", "networks"),)
paper = Paper(
    id="unified-field",
    title="Unified field theoretical approach to deep and recurrent neuronal networks",
    authors=(
        "Kai Segadlo",
        "Bastian Epping",
        "Alexander van Meegen",
        "David Dahmen",
        "Michael Krämer",
        "Moritz Helias",
    ),
    source="https://arxiv.org/abs/2112.05589",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("relu")),
    validate=validate,
    claims=(equal_claim, cross_claim, vanishing, spread_claim, relu_claim, larger_claim, anchor_claim, order_claim),
    constants=CONSTANTS,
    simulate=simulation("unified-field", simulate, OPTIONS),
    simulation_options=OPTIONS,
    verdicts={
        "equal-layers/strict": "refuted",
        "equal-layers/charitable": "supported",
        "cross-layers/stated": "supported",
        "cross-layers-vanish/any": "refuted",
        "cross-layers-vanish/odd": "supported",
        "fluctuations/stated": "supported",
        "relu-fluctuations/stated": "proved",
        "recurrent-fluctuates-more/any": "refuted",
        "recurrent-fluctuates-more/relu": "supported",
        "linear-anchor/stated": "proved",
        "next-order/stated": "supported",
    },
    references=(
        "Segadlo, Epping, van Meegen, Dahmen, Krämer, Helias: Unified field theoretical approach to deep and recurrent "
        "neuronal networks. J. Stat. Mech. 2022, arXiv:2112.05589",
        "Yang: Scaling limits of wide neural networks with weight sharing. arXiv:1902.04760",
    ),
)
