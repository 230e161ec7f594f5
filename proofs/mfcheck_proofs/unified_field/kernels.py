"""Kernels of deep and recurrent networks without fluctuations, and the constants."""

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import Setting, choice, constant, parameter
from mfcheck.errors import InputError
from mfcheck.gaussian import moment, pair, phi
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import X

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


def second_moment_of(expr: sp.Expr, q: arb | Fraction, digits: int) -> arb:
    """Enclose E phi^2 at variance q."""
    return moment(phi**2, expr).enclosed(q, 0, digits)


@lru_cache(maxsize=256)
def diagonal(setting: Setting, layer: int, digits: int) -> arb:
    """Enclose K^(aa)_11."""
    if layer == 0:
        return exact(setting["input_norm"] + setting["noise_var"])
    before = diagonal(setting, layer - 1, digits)
    return exact(setting["noise_var"]) + exact(setting["gain_var"]) * second_moment_of(
        setting.activation.expr, before, digits
    )


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
    second = second_moment_of(expr, at, digits)
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
