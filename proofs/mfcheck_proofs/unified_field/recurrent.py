"""C4 to C6: the recurrent network fluctuates more, an exact anchor, and the next order in 1/n."""

from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    Plot,
    Reading,
    Setting,
    agree,
    bound,
    curve,
    custom,
    encloses,
    identity,
    noted,
    pictured,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.gaussian import arc_cosine, moment, pair, phi
from mfcheck.rigor.ball import exact
from mfcheck.statistics import mean_of
from mfcheck.symbolic.activation import X
from mfcheck_proofs.unified_field.fluctuations import HANDED, OWN
from mfcheck_proofs.unified_field.kernels import (
    GAIN,
    ONE,
    RELU_MEAN,
    WIDTH,
    K,
    a,
    crossing,
    diagonal,
    fluctuations,
    g2,
    n,
    relu_variance,
    second_moment_of,
    v,
)
from mfcheck_proofs.unified_field.layers import under, wick
from mfcheck_proofs.unified_field.networks import DEPTH, count_many, spread_draws

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
    draws = spread_draws(context.setting, True, context.seed, 5 * count_many(context), (100,))
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
            wrong=[wrong("ten", {"dnn": 10 * relu_variance(RELU_MEAN)}, "Ten times as much as the RNN has here.")],
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
    expr, one, two = setting.activation.expr, diagonal(setting, i, digits), diagonal(setting, j, digits)
    cosine = crossing(setting, max(i, j), min(i, j), digits) / (one * two).sqrt()
    first, second = (second_moment_of(expr, at, digits) for at in (one, two))
    return pair(expr**2, expr**2, one, two, cosine, digits) - first * second


@lru_cache(maxsize=64)
def _slope(setting: Setting, layer: int, digits: int) -> arb:
    """Enclose g^2 d<phi^2>/dK at K_a."""
    at, expr = diagonal(setting, layer, digits), setting.activation.expr
    gap = moment(phi**2 * X**2, expr).enclosed(at, 0, digits) / at - second_moment_of(expr, at, digits)
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
    if layer == 0:
        return fluctuations(setting, 0, digits)
    slope = _slope(setting, layer, digits)
    own = fluctuations(setting, layer, digits) - slope**2 * fluctuations(setting, layer - 1, digits)
    return own + slope**2 * recurrent(setting, layer - 1, digits) + 2 * slope * _lagged(setting, layer, digits)


def _law_at(setting: Setting, k: int) -> dict[Any, Any]:
    return {K: diagonal(setting, k, 25), v: recurrent(setting, k - 1, 25), w: _lagged(setting, k, 25)}


def law_spreads(context: Context) -> list[At]:
    """Values of n Var C_a of random RNNs, infinite width, layers 1 to 3."""
    draws = spread_draws(context.setting, True, context.seed, 2 * count_many(context), (150, 600))
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
    x, laws = range(DEPTH + 1), {"RNN": recurrent, "DNN": fluctuations}
    curves = tuple(curve(name, x, [law(context.setting, k, 25) for k in x]) for name, law in laws.items())
    title = "Fluctuations of the kernel, n Var C_a at infinite width"
    return Plot(id="both", title=title, x_label="layer", y_label="n Var C", curves=curves)


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
                pictured(
                    agree(
                        "networks",
                        "law",
                        law_spreads,
                        domain="random RNNs, widths 150 and 600 (the correction 1/n removed), layers 1 to 3",
                        x_label="layer",
                        y_label="v",
                        resolution=0.3,
                        group="spread",
                    ),
                    both_laws,
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
