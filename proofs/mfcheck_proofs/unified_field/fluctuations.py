"""C3: the kernel of the deep network fluctuates by a recursion, for ReLU exactly at every width."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb

from mfcheck.checks import At, Claim, Context, Note, Reading, Setting, agree, bound, encloses, identity, noted, wrong
from mfcheck.gaussian import E, phi
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import X
from mfcheck_proofs.unified_field.kernels import LAYER, WIDTH, K, a, diagonal, fluctuations, g2, n, v
from mfcheck_proofs.unified_field.layers import under
from mfcheck_proofs.unified_field.networks import DEPTH, count_many, spread_draws

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
    draws = spread_draws(context.setting, False, context.seed, count_many(context), (100, 400))
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
                wrong("not-squared", {"v": OWN + HANDED * v}, "A variance takes the square.", checks=["relu"]),
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
    excess = n * (second ** (a + 1) - 1)
    return [(second, context["growth"]), (excess, context["excess"]), (leading, context["leading"])]


def relu_spreads(context: Context) -> list[At]:
    """Values of n Var C_a over the square of its mean, ReLU DNNs of width 100 without noise."""
    draws = spread_draws(context.setting, False, context.seed, count_many(context), (100,))
    found = []
    for k, value in enumerate(draws):
        scale = float(context.setting["input_norm"] / 2 * (context.setting["gain_var"] / 2) ** k) ** -2
        relative = value.but(value=value.value * scale, error=value.error * scale)
        found.append(At(relative, f"layer {k}", k, {n: 100, a: k}))
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
                wrong("one-less", {"excess": EXCESS.subs(a, a - 1)}, "Layer 0 counts.", also=["slack-bernoulli"]),
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
