"""C1 and C2: equal layers have one kernel in both networks, different layers do not."""

from dataclasses import replace
from typing import Any

import sympy as sp
from flint import arb

from mfcheck.checks import (
    At,
    Check,
    Claim,
    Context,
    Evidence,
    Note,
    Reading,
    Setting,
    agree,
    encloses,
    identity,
    noted,
    wrong,
)
from mfcheck.gaussian import E2, E, arc_cosine, phi
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.unified_field.kernels import ONE, K, M, c, crossing, diagonal, g2, n, overlapping, s2, v
from mfcheck_proofs.unified_field.networks import DEPTH, count_few, kernel_draws

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
            draws = kernel_draws(context.setting, tied, context.seed, count_few(context))
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
    draws = kernel_draws(context.setting, True, context.seed, count_few(context))
    sums = {(k, b): sum((diagonal(context.setting, i, 25) for i in (k, b)), arb(0)) for k, b in PAIRS}
    return [
        At(draws[f"S {k} {b}"], f"layers {k}, {b}", None, {**_between(context.setting, k, b), v: sums[k, b]})
        for k, b in PAIRS
    ]


def first_layer(context: Context) -> list[At]:
    """Measured kernels of layers 1 to 4 of the RNN with layer 0."""
    draws = kernel_draws(context.setting, True, context.seed, count_few(context))
    both = diagonal(context.setting, 0, 25)
    return [
        At(draws[f"S {k} 0"], f"layers {k}, 0", None, {v: diagonal(context.setting, k, 25) + both})
        for k in range(1, DEPTH + 1)
    ]


def untied_sums(context: Context) -> list[At]:
    """The same sums in the DNN."""
    draws = kernel_draws(context.setting, False, context.seed, count_few(context))
    own = [diagonal(context.setting, k, 25) for k in range(DEPTH + 1)]
    return [At(draws[f"S {k} {b}"], f"layers {k}, {b}", None, {v: own[k] + own[b]}) for k, b in PAIRS]


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
