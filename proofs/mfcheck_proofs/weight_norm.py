"""How to initialize your network? Robust initialization for WeightNorm & ResNets (arXiv 1906.02341).

A layer maps x in R^n to ReLU(g R x) in R^m, where the rows of R have norm one: independent and uniform on the sphere, or
the first rows of a Haar orthogonal matrix. g = sqrt(2n/m) keeps the mean of the squared norm. A residual block adds
conv2(ReLU(conv1 h)) with g^2 = 2 and 1/B.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Draws,
    Estimate,
    Note,
    Option,
    Paper,
    Reading,
    Setting,
    Simulated,
    Step,
    Trial,
    agree,
    bound,
    constant,
    encloses,
    evaluate,
    identity,
    noted,
    number,
    parameter,
    positive_on,
    proof,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import sphere_area, sphere_moment
from mfcheck.networks import Chain, Network, Residual, chunked, pointwise, squared_norms, unit_row_images, weight_norm
from mfcheck.networks.maps import Array
from mfcheck.statistics import combined, mean_of, mean_of_deviation, relative_deviation_of, variance_of
from mfcheck.symbolic.activation import activation

Images = Mapping[str, Array]

FAN_IN = parameter("fan_in", 300, "inputs n of the layer", least=2, most=10**9, integer=True)
FAN_OUT = parameter("fan_out", 200, "outputs m of the layer", least=1, most=10**9, integer=True)
BLOCKS = parameter("blocks", 5, "residual blocks B of a stage", least=1, most=10**6, integer=True)
STAGES = parameter("stages", 1, "stages of the residual network", least=1, most=1000, integer=True)
DEPTH = parameter("depth", 6, "layers of the plain network", least=1, most=1000, integer=True)
WIDTH = parameter("width", 100, "width of the plain and of the residual network", least=2, most=4000, integer=True)
PARAMETERS = (FAN_IN, FAN_OUT, BLOCKS, STAGES, DEPTH, WIDTH)
n, m, B, K, L, N = (p.symbol for p in PARAMETERS)
HALF, ONE = sp.Rational(1, 2), sp.Integer(1)

# --- constants -------------------------------------------------------------------------------------------------------

WALLIS = sp.sqrt(sp.pi) / 2 * sp.gamma(n / 2) / sp.gamma((n + 1) / 2)
"""int_0^(pi/2) sin^(n-1): the product that is printed with K_n."""
KN_A = sp.gammasimp(2 * sphere_area(n) / sphere_area(n + 1) * WALLIS)
KN_B = sp.gamma(n / 2) ** 2 / (sp.gamma((n - 1) / 2) * sp.gamma((n + 1) / 2))
G = sp.sqrt(2 * n / m)
IID, ORTHOGONAL = (5 * n - 2) / ((n + 2) * m), (5 * n - 2 * m) / ((n + 2) * m)
GROWTH = (1 + 1 / B) ** B


def relative_std_orthogonal(setting: Setting, digits: int) -> arb:
    """Enclose the relative standard deviation for orthonormal rows."""
    rows, columns = setting.integer("fan_out"), setting.integer("fan_in")
    if rows > columns:
        raise InputError(f"fan_out <= fan_in is needed: {rows} orthogonal rows do not fit into {columns} dimensions")
    return evaluate(sp.sqrt(ORTHOGONAL), paper, setting, digits=digits)


CONSTANTS = (
    constant("g_forward", G, "scale that keeps the squared norm forward", source="C1"),
    constant("g_backward", sp.sqrt(2), "scale that keeps the squared norm backward", source="C3"),
    constant("backward_factor", n / m, "growth of squared gradients with g_forward", source="C3"),
    constant("relative_std_iid", sp.sqrt(IID), "spread of the squared norm, independent rows", source="C4"),
    constant(
        "relative_std_orthogonal",
        relative_std_orthogonal,
        "spread of the squared norm, orthonormal rows",
        source="C4",
        uses=("fan_in", "fan_out"),
    ),
    constant("resnet_growth", GROWTH**K, "growth of the squared norm of a residual network", source="C5"),
    constant("resnet_limit", sp.exp(K), "its limit for many blocks", source="C5"),
    constant("kn_a", KN_A, "K_n with S_n the area of the sphere in R^(n+1)", source="C2"),
    constant("kn_b", KN_B, "K_n with S_n the area of the sphere in R^n", source="C2"),
)

# --- random layers ---------------------------------------------------------------------------------------------------

RELU = pointwise(activation("relu"))
CELLS = 4_000_000
"""Weights that are held at a time."""
LARGEST, WHOLE = 20_000_000, 100_000_000
"""Weights of the largest layer, and of the largest network, that are drawn."""


def layer_images(rng: np.random.Generator, draws: int, columns: int, rows: int, orthogonal: bool) -> Images:
    """Return |ReLU(R x)|^2 for a unit vector x, |R^T D y|^2 for Gaussian y over |y|^2, and for equal y, by name."""

    def measure(_: int, rng: np.random.Generator, nets: int) -> Images:
        layer = Chain([weight_norm(rng, nets, columns, rows, gain=1.0, orthogonal=orthogonal), RELU])
        trace = Network([layer]).run(np.full((nets, columns, 1), 1 / math.sqrt(columns)))
        y = np.concatenate([rng.standard_normal((nets, rows, 1)), np.ones((nets, rows, 1))], axis=2)
        back = squared_norms([trace.backward(y)[0]])[0] / np.einsum("rmb,rmb->rb", y, y)
        return {"forward": squared_norms([trace.output])[0][:, 0], "random": back[:, 0], "equal": back[:, 1]}

    return chunked(measure, max(1, CELLS // (columns * rows)))(rows, rng, draws)


def plain_norms(rng: np.random.Generator, nets: int, width: int, depth: int) -> Array:
    """Return squared norms after each layer, shape (depth, nets), from a unit vector; equal widths, independent rows."""
    h = np.full((nets, width, 1), 1 / math.sqrt(width))
    norms = []
    for _ in range(depth):
        h = RELU.forward(weight_norm(rng, nets, width, gain=math.sqrt(2)).forward(h))
        norms.append(squared_norms([h])[0][:, 0])
    return np.stack(norms)


def residual_norms(
    rng: np.random.Generator, nets: int, width: int, blocks: int, stages: int = 1, orthogonal: bool = False
) -> tuple[Array, Array]:
    """Return squared norms at the end from a unit vector, and of the gradient at the start, shapes (nets,)."""

    def block() -> Residual:
        one, two = (
            weight_norm(rng, nets, width, gain=math.sqrt(gain), orthogonal=orthogonal) for gain in (2, 1 / blocks)
        )
        return Residual(Chain([one, RELU, two]))

    network = Network([block() for _ in range(blocks * stages)])
    trace = network.run(np.full((nets, width, 1), 1 / math.sqrt(width)))
    y = rng.standard_normal((nets, width, 1))
    back = squared_norms([trace.backward(y)[0], y])[:, :, 0]
    return squared_norms([trace.output])[0][:, 0], back[0] / back[1]


SHAPES = ((30, 20, False), (20, 40, False), (30, 20, True))


@lru_cache(maxsize=4)
def simulated(seed: int, draws: int) -> dict[tuple[int, int, bool], Images]:
    """Images of all shapes."""
    rng = stream(seed, "layers")
    return {shape: layer_images(rng, draws, *shape) for shape in SHAPES}


def images(context: Context) -> dict[tuple[int, int, bool], Images]:
    """The images that the checks share."""
    return simulated(context.seed, context.budget.pick(6000, 20_000, 80_000))


def label(shape: tuple[int, int, bool]) -> str:
    """The shape in words."""
    return f"n = {shape[0]}, m = {shape[1]}, {'orthogonal' if shape[2] else 'independent'} rows"


def of_images(
    name: str, factor: sp.Expr, estimate: Callable[[Array], Estimate] = mean_of, rows: Sequence[bool] = (False, True)
) -> Callable[[Context], list[At]]:
    """A factor times what is estimated from the images of that name, for each shape; rows orthonormal or not."""

    def measure(context: Context) -> list[At]:
        cases = []
        for shape in (s for s in SHAPES if s[2] in rows):
            where = {n: shape[0], m: shape[1]}
            value = combined([(number(context, factor, where), estimate(images(context)[shape][name]))])
            cases.append(At(value, label(shape), where=where))
        return cases

    return measure


def forward_means(context: Context) -> list[At]:
    """g^2 times the mean of |ReLU(R x)|^2, with the g of the reading."""
    return of_images("forward", context["g"] ** 2)(context)


DRAWN = "random layers of three shapes, up to 40 wide"

# --- C1 and C2: forward ----------------------------------------------------------------------------------------------


def forward_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E (r.x)^2 of a uniform unit row by the beta integral and by exchange of coordinates; m rows, half of them on."""
    square = context["square"]
    return [
        (sphere_moment(n, 2), square),
        (n * square, ONE),
        (m * context["g"] ** 2 * sphere_moment(n, 2) / 2, context["factor"]),
    ]


EXACT = Note(
    id="forward.exact",
    severity="remark",
    text="Forward norms are preserved in expectation at every width, for independent and for orthonormal rows: no limit "
    "is needed. In a network this needs that each layer is drawn independently of its input.",
)
forward = Claim(
    "forward",
    title="The scale that keeps norms forward",
    statement=r"With $g = \sqrt{2n/m}$: $E|\mathrm{ReLU}(g\hat R x)|^2 = |x|^2$.",
    source="1906.02341, theorem on the forward pass",
    known="official code",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "For every n >= 2 and m, and both laws of the rows (m <= n if they are orthonormal): each row is uniform on the "
            "sphere in both cases.",
            {"g": G, "square": 1 / n, "factor": ONE},
            checks=[
                noted(identity("moments", ("g", "square", "factor"), forward_steps, domain="all n, m"), EXACT),
                agree("networks", "factor", forward_means, uses=["g"], resolution=0.02, domain=DRAWN, group="layers"),
            ],
            wrong=[
                wrong(
                    "inverted", {"g": sp.sqrt(2 * m / n)}, "At (300, 200) the mean is 4/9; at n = m nothing is seen."
                ),
                wrong("no-relu", {"g": sp.sqrt(n / m)}, "Half of the units are off."),
                wrong("one", {"g": ONE}, "The mean would be m/(2n)."),
                wrong("columns", {"square": 1 / m, "factor": n / m}, "With unit columns the mean is n/m, not 1."),
                wrong("sphere", {"square": 1 / (n + 2)}, "The coordinates' squares sum to one.", checks=["moments"]),
            ],
        )
    ],
)


def product_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The product obeys P(n+2)/P(n) = n/(n+1) from P(2) = 1, P(3) = pi/4, as the Wallis integral does; then K_n."""
    P = context["product"]
    return [
        (sp.simplify(sp.expand_func(P.subs(n, n + 2) / P)), n / (n + 1)),
        (P.subs(n, 2), ONE),
        (P.subs(n, 3), sp.pi / 4),
        (sp.gammasimp(2 * sphere_area(n) / sphere_area(n + 1) * P), context["K"]),
        (m * (2 * n / m) * sphere_moment(n, 2) / 2, context["K"]),
    ]


def factor_at_two(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The true factor in the plane, by integration over the circle, against K_2 (and K_3)."""
    t = sp.Symbol("t", real=True)
    plane = 2 * sp.integrate(sp.cos(t) ** 2, (t, -sp.pi / 2, sp.pi / 2)) / (2 * sp.pi)
    space = 3 * sp.integrate(t**2, (t, 0, 1)) / 2
    return [(2 * plane, context["K"].subs(n, 2)), (2 * space, context["K"].subs(n, 3))]


PRINTED = Note(
    id="constant.convention",
    severity="minor",
    text="K_n is 1 only if S_n is the area of the unit sphere in R^(n+1). With the area in R^n and the same product it is "
    "Gamma(n/2)^2/(Gamma((n-1)/2) Gamma((n+1)/2)) = 1 - 1/(2n) + ..., 2/pi at n = 2, which is not the true factor. The "
    "wording is from memory.",
)
constant_claim = Claim(
    "constant",
    title="The constant K_n",
    statement=r"$E|v|^2 = K_n|x|^2$, $K_n = (2S_{n-1}/S_n)\,P_n$ with a product $P_n$.",
    source="1906.02341, theorem on the forward pass; wording not verified",
    known="from memory",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "area-above",
            "S_n is the area of the unit sphere in R^(n+1): K_n = 1 for every n.",
            {"product": WALLIS, "K": ONE},
            checks=[noted(identity("wallis", ("product", "K"), product_steps, domain="all n >= 2"), PRINTED)],
            wrong=[
                wrong("other", {"K": KN_B}, "The factor is 1: at n = 2 this is 2/pi."),
                wrong("one-more", {"product": WALLIS * n / (n + 1)}, "It ends with (n-2)/(n-1)."),
            ],
        ),
        Reading(
            "area-in",
            "S_n is the area of the unit sphere in R^n: is K_n the factor?",
            {"K": KN_B},
            checks=[noted(identity("circle", "K", factor_at_two, domain="n = 2, 3"), PRINTED, when=False)],
            wrong=[wrong("twice", {"K": 2 * KN_B}, "The factor at n = 2 is 1, and this is 4/pi.")],
        ),
    ],
)

# --- C3: backward ----------------------------------------------------------------------------------------------------

MEAN = sp.gamma(n / 2) / (2 * sp.sqrt(sp.pi) * sp.gamma((n + 1) / 2))
"""E max(u_1, 0) for a uniform point u of the sphere."""
EQUAL = HALF + (m - 1) * MEAN**2


def backward_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Rows of norm one, on with probability 1/2; the products of three layers."""
    a, b, c, d = sp.symbols("n_0:4", positive=True)
    step = context["step"]
    chain = sp.prod(step.subs({n: x, m: y}, simultaneous=True) for x, y in ((a, b), (b, c), (c, d)))
    return [(G**2 / 2, step), (chain, context["chain"].subs({n: a, m: d}, simultaneous=True))]


def circle(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Two independent rows in the plane, y = (1, 1): E|D_1 r_1 + D_2 r_2|^2/2 = 1/2 + |E D r|^2, by integration."""
    t = sp.Symbol("t", real=True)
    mean = sp.integrate(sp.cos(t), (t, -sp.pi / 2, sp.pi / 2)) / (2 * sp.pi)
    return [(HALF + mean**2, context["half"])]


def half_means(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E max(u, 0) by int cos sin^(n-2); pairs of rows: (sum y)^2 - |y|^2 = m (m-1) for y of ones."""
    wallis = WALLIS.subs(n, n - 1)
    mean = sp.gammasimp(1 / ((n - 1) * wallis)) / 2
    return [(sp.gammasimp(mean**2 / context["mean"] ** 2), ONE), ((m + m * (m - 1) * 2 * MEAN**2) / (2 * m), EQUAL)]


CHANGES = Note(
    id="backward.widths",
    severity="major",
    text="With the scale that preserves norms forward, squared gradients are multiplied by n/m in every layer, n_0/n_L in "
    "all: they are preserved only where widths do not change. Their own scale is sqrt 2.",
)
ALIGNED = Note(
    id="backward.alignment",
    severity="minor",
    text="With independent rows the factor is exact only for gradients with uncorrelated entries, E y_i y_j = 0: units that "
    "are on have rows that lean to x, so that gradients of one sign add up. For y = (1, ..., 1) the factor 1/2 "
    "becomes 1/2 + (m-1) c_n^2, c_n about 1/sqrt(2 pi n): 21 % more at (300, 200). Orthonormal rows have no such term.",
)
backward = Claim(
    "backward",
    title="What the same scale does to gradients",
    statement=r"The same $g$ preserves the norms of gradients: $E|g\hat R^T D y|^2 = |y|^2$.",
    source="1906.02341, theorem on the backward pass",
    known="from memory",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "strict",
            "In the setting, with g = sqrt(2n/m): the factor g^2/2 = n/m is to be 1.",
            {"kept": ONE},
            checks=[
                noted(encloses("factor", "kept", n / m, whole=True, domain="the setting's widths"), CHANGES, when=False)
            ],
            wrong=[wrong("inverse", {"kept": m / n}, "Gradients pass through the transposed matrix: n/m.")],
        ),
        Reading(
            "charitable",
            "If y is independent of R and D, with uncorrelated entries: n/m per layer, n_0/n_L through a network, whatever "
            "its depth.",
            {"step": n / m, "chain": n / m},
            checks=[
                identity("telescope", ("step", "chain"), backward_steps, domain="all widths, three layers"),
                agree(
                    "networks", "step", of_images("random", 2 * n / m), resolution=0.02, domain=DRAWN, group="layers"
                ),
            ],
            wrong=[
                wrong("kept", {"step": ONE}, "Only for n = m."),
                wrong("forward", {"step": m / n}, "A row has norm one: the factor is g^2/2."),
                wrong("no-chain", {"chain": ONE}, "Only the widths between cancel.", checks=["telescope"]),
            ],
        ),
        Reading(
            "every-gradient",
            "For every y that is independent of R: the factor is g^2/2 whatever y is.",
            {"half": HALF},
            checks=[noted(identity("circle", "half", circle, domain="n = m = 2, y = (1, 1)"), ALIGNED, when=False)],
            wrong=[wrong("all-on", {"half": ONE}, "Half of the units are off.")],
        ),
        Reading(
            "equal-gradients",
            "For y = (1, ..., 1) and independent rows: 1/2 + (m-1) c_n^2, c_n = E max(u_1, 0).",
            {"mean": MEAN, "equal": EQUAL},
            checks=[
                identity("mean", "mean", half_means, domain="all n, m"),
                agree(
                    "networks",
                    "equal",
                    of_images("equal", ONE, rows=[False]),
                    resolution=0.02,
                    domain=DRAWN,
                    group="layers",
                ),
            ],
            wrong=[
                wrong("half", {"equal": HALF}, "Rows of units that are on lean to x."),
                wrong("double", {"mean": 2 * MEAN}, "Half of the sphere counts."),
            ],
        ),
    ],
)

# --- C4 and C6: fluctuations -----------------------------------------------------------------------------------------


def fourth_moments(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Variance of sum_i relu(u_i)^2 over its squared mean: E u^4/2 per unit, E u_i^2 u_j^2/4 per pair."""
    mean, fourth = m * sphere_moment(n, 2) / 2, m * sphere_moment(n, 4) / 2
    pairs = m * (m - 1) / 4
    free, joint = pairs * sphere_moment(n, 2) ** 2, pairs * sphere_moment(n, 2, 2)
    found = [(context[k], sp.cancel((fourth + both) / mean**2 - 1)) for k, both in (("iid", free), ("orth", joint))]
    return [*found, (sp.cancel(context["orth"] / context["iid"]), context["ratio"])]


SCALED = 4 * n**2 / m**2
DEEP = (1 + IID.subs(m, n)) ** L - 1
"""Relative variance after L layers of equal width n."""


def deep_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E|h|^4 is multiplied by 1 + v in every layer, v the relative variance of one."""
    deep, step = context["deep"], 1 + IID.subs(m, n)
    return [(deep.subs(L, 1), step - 1), (sp.expand(deep.subs(L, L + 1) + 1), sp.expand(step * (deep + 1)))]


@lru_cache(maxsize=4)
def plain(seed: int, nets: int) -> Array:
    """Squared norms after one to three layers of width 40, shape (3, nets)."""
    return plain_norms(stream(seed, "deep"), nets, 40, 3)


def deep_variances(context: Context) -> list[At]:
    """Relative variances after one to three layers of width 40."""
    found = plain(context.seed, context.budget.pick(8000, 20_000, 60_000))
    return [At(variance_of(v), f"layer {k}", k, {n: 40, L: k}) for k, v in enumerate(found, 1)]


SPREAD = Note(
    id="fluctuations.depth",
    severity="major",
    text="The statement is about an expectation. The squared norm of one layer has the relative variance 5/m, that of L "
    "layers (1 + 5/m)^L - 1: norms are typically preserved only while L is small against m/5.",
)
GAIN = Note(
    id="orthogonal.gain",
    severity="remark",
    text="Orthonormal rows have the relative variance of independent ones times (5n-2m)/(5n-2): at most to 3/5, at n = m; "
    "nothing is gained for m much smaller than n.",
)
fluctuations = Claim(
    "fluctuations",
    title="How far norms fluctuate",
    statement=(
        r"The relative variance of $|\mathrm{ReLU}(g\hat R x)|^2$ is $(5n-2)/((n+2)m)$ for independent, "
        r"$(5n-2m)/((n+2)m)$ for orthonormal rows."
    ),
    source="derived here",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "Exact at finite n and m (m <= n for orthonormal rows); orthonormal rows fluctuate less.",
            {"iid": IID, "orth": ORTHOGONAL, "ratio": (5 * n - 2 * m) / (5 * n - 2)},
            checks=[
                noted(identity("moments", ("iid", "orth", "ratio"), fourth_moments, domain="all n, m"), GAIN),
                agree(
                    "independent",
                    "iid",
                    of_images("forward", SCALED, variance_of, [False]),
                    domain=DRAWN,
                    group="layers",
                ),
                agree(
                    "orthonormal",
                    "orth",
                    of_images("forward", SCALED, variance_of, [True]),
                    domain=DRAWN,
                    group="layers",
                ),
            ],
            wrong=[
                wrong("chi-square", {"iid": 2 / m}, "The ReLU adds the noise of on and off: 5/m."),
                wrong("no-gain", {"orth": IID}, "Squares of orthonormal rows compete: their sum is at most one."),
                wrong("sign", {"orth": (5 * n + 2 * m) / ((n + 2) * m)}, "Negative correlation.", also=["slack-gain"]),
                wrong("none", {"ratio": ONE}, "At (300, 200) it is 0.73.", checks=["moments"]),
            ],
            attack=[
                bound(
                    "gain",
                    "orth",
                    "<=",
                    "iid",
                    over={FAN_IN: (2, 1000), FAN_OUT: (1, 1000)},
                    integers=["fan_in", "fan_out"],
                    log=["fan_in", "fan_out"],
                    text="orthonormal rows fluctuate at most as much",
                )
            ],
        ),
        Reading(
            "deep",
            "Through L layers of width n, independent rows: (1 + (5n-2)/((n+2)n))^L - 1.",
            {"deep": DEEP},
            checks=[
                identity("recursion", "deep", deep_steps, domain="all n, L"),
                agree(
                    "networks",
                    "deep",
                    deep_variances,
                    resolution=0.15,
                    domain="width 40, one to three layers",
                    x_label="layer",
                    y_label="relative variance",
                ),
            ],
            wrong=[
                wrong("linear", {"deep": L * 2 / n}, "A layer adds 5/n."),
                wrong("one-less", {"deep": (1 + IID.subs(m, n)) ** (L - 1) - 1}, "One layer fluctuates already."),
            ],
        ),
        Reading(
            "typical",
            "Preserved in expectation means preserved in a typical network, however deep: relative variance at most 1.",
            {"most": ONE},
            checks=[
                noted(
                    encloses(
                        "hundred", "most", DEEP.subs({n: 100, L: 100}), relation="<=", domain="100 layers of width 100"
                    ),
                    SPREAD,
                    when=False,
                )
            ],
            wrong=[wrong("ten", {"most": sp.Integer(10)}, "It is about 117 for 100 layers of width 100.")],
        ),
    ],
)

# --- C5: residual networks -------------------------------------------------------------------------------------------


def residual_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The branch has mean zero given h (conv2 is symmetric), and squared norm conv2 conv1/2 times that of h."""
    branch = context["conv2"] * context["conv1"] * m * (n / m) * sphere_moment(n, 2) / 2
    return [((1 + branch) ** B, context["growth"])]


s = sp.Symbol("s", positive=True)


def between(context: Context) -> list[Step]:
    """For s = 1/B in (0, 1]: log(1+s) < s, so that growth < e; (log(1+s)/s)' < 0, so that it is least at B = 1: 2."""
    rate = sp.simplify(sp.expand_log(sp.log(context["growth"].subs(B, 1 / s)), force=True))
    found = rate.subs(sp.log(1 / s), -sp.log(s))
    falling = sp.Add(*map(sp.cancel, sp.Add.make_args(sp.expand(-(s**2) * sp.diff(found, s)))))
    return [
        positive_on("growth < e", sp.expand(s - s * found), s, 1, 2),
        positive_on("growth falls in 1/B", falling, s, 1, 2),
        Step("growth at B = 1 is 2", bool(context["growth"].subs(B, 1) == context["least"])),
    ]


@lru_cache(maxsize=4)
def residual(seed: int, nets: int) -> dict[int, tuple[Array, Array]]:
    """Norms of networks of one, two, five and ten blocks, width 60."""
    return {b: residual_norms(stream(seed, f"residual {b}"), nets, 60, b) for b in (1, 2, 5, 10)}


def residual_means(which: int) -> Callable[[Context], list[At]]:
    """Means over networks: forward (0) or backward (1)."""

    def measure(context: Context) -> list[At]:
        found = residual(context.seed, context.budget.pick(400, 1500, 6000))
        return [At(mean_of(v[which]), f"B = {b}", b, {B: b}) for b, v in found.items()]

    return measure


BOUNDED = Note(
    id="residual.bounded",
    severity="minor",
    text="The squared norm of a residual stage is not preserved but grows by (1+1/B)^B, between 2 and e, whatever the number "
    "of blocks; K stages give up to e^K.",
)
WIDE = "networks of width 60"
resnet = Claim(
    "residual",
    title="Residual stages grow by a bounded factor",
    statement=r"With $g^2 = 2$ and $1/B$: $E|h_B|^2 = (1+1/B)^B|h_0|^2$, in $[2, e)$, forward and backward.",
    source="1906.02341, residual networks",
    known="official code",
    readings=[
        Reading(
            "stated",
            "Exact in expectation at every width, layers drawn independently.",
            {"conv1": sp.Integer(2), "conv2": 1 / B, "growth": GROWTH, "least": sp.Integer(2)},
            checks=[
                identity("blocks", ("conv1", "conv2", "growth"), residual_steps, domain="all n, m, B"),
                proof("between", ("growth", "least"), between, domain="1/B in (0, 1]"),
                agree(
                    "forward", "growth", residual_means(0), domain=WIDE, x_label="blocks", y_label="growth", group="res"
                ),
                agree("backward", "growth", residual_means(1), domain=WIDE, group="res"),
            ],
            wrong=[
                wrong("no-scale", {"conv2": ONE}, "Without 1/B a block doubles: 2^B."),
                wrong("gain-one", {"conv1": ONE}, "The ReLU halves."),
                wrong(
                    "doubling",
                    {"growth": 2**B},
                    "The branch is scaled by 1/B.",
                    checks=["blocks", "forward", "backward", "slack-limit"],
                ),
                wrong("three", {"least": sp.Integer(3)}, "One block doubles.", checks=["between"]),
            ],
            attack=[
                bound(
                    "limit",
                    "growth",
                    "<=",
                    sp.E,
                    over={BLOCKS: (1, 1000)},
                    integers=["blocks"],
                    log=["blocks"],
                    text="(1+1/B)^B <= e",
                )
            ],
        ),
        Reading(
            "preserved",
            "The squared norm is preserved: the growth through all stages is 1.",
            {"kept": ONE},
            checks=[
                noted(
                    encloses("growth", "kept", GROWTH**K, whole=True, domain="the setting's blocks"),
                    BOUNDED,
                    when=False,
                )
            ],
            wrong=[wrong("e", {"kept": sp.E}, "e is the limit, and never reached.")],
        ),
    ],
)

# --- the paper -------------------------------------------------------------------------------------------------------


def deviation(expected: float, log_square: float) -> float:
    """Return the standard deviation of x from E x and log of E x^2/(E x)^2; at most 1e300."""
    return min(1e300, expected * math.sqrt(math.expm1(min(log_square, 700.0))))


def log_square_of_block(width: int, blocks: int, orthogonal: bool) -> float:
    """Return log of E|h'|^4/(E|h'|^2)^2 for a residual block, h fixed.

    |h'|^2 = |h|^2 + 2 h.b + |b|^2, where b = conv2 v is symmetric given v, and E (h.b)^2 = |h|^2 |b|^2/N.
    """
    branch = float((ORTHOGONAL if orthogonal else IID).subs({n: width, m: width}))
    rows = 0.0 if orthogonal else (2 * width - 2) / (width * (width + 2))
    fourth = 1 + (2 + 4 / width) / blocks + (1 + branch) * (1 + rows) / blocks**2
    return math.log(fourth) - 2 * math.log1p(1 / blocks)


def simulate(trial: Trial) -> Simulated:
    """One layer of the setting's widths, a residual network, and a plain network of `depth` layers."""
    setting, rows = trial.setting, trial.options["rows"]
    if rows not in ("iid", "orthogonal"):
        raise InputError(f"rows is iid or orthogonal, got {rows[:60]!r}")
    columns, outputs, blocks, stages, depth, width = (setting.integer(p.name) for p in PARAMETERS)
    orthogonal = rows == "orthogonal"
    if orthogonal and outputs > columns:
        raise InputError(f"{outputs} orthogonal rows do not fit into {columns} dimensions")
    if columns * outputs > LARGEST:
        raise InputError(f"a layer of more than {LARGEST} weights is not drawn: choose smaller widths")
    residual_weights, plain_weights = 2 * blocks * stages * width**2, depth * width**2
    if max(residual_weights, plain_weights) > WHOLE:
        raise InputError(f"a network of more than {WHOLE} weights is not drawn: choose fewer layers or a smaller width")
    count = trial.count("replicates", 30)
    work = 10**10 // (columns * outputs**2) if orthogonal else 2 * 10**8 // (columns * outputs)
    draws = min(count, max(8, work))
    trial.say(f"{draws} layers {columns} -> {outputs}, {rows} rows")
    budget = 5 * 10**9 // width if orthogonal else 3 * 10**8
    by_law = partial(unit_row_images, fan_in=columns, fan_out=outputs, orthogonal=orthogonal)
    norms = chunked(lambda _, rng, k: np.sum(RELU.forward(by_law(rng, k)) ** 2, axis=1), max(1, CELLS // outputs))
    kinds = {
        "images": Draws(count, partial(norms, outputs), least=8),
        "layers": Draws(draws, lambda rng, k: layer_images(rng, k, columns, outputs, orthogonal)["random"]),
        "residual networks": Draws(
            max(20, min(count, budget // residual_weights)),
            lambda rng, k: residual_norms(rng, k, width, blocks, stages, orthogonal)[0],
        ),
        "plain networks": Draws(
            max(50, min(count, 10**9 // plain_weights)), lambda rng, k: plain_norms(rng, k, width, depth)[-1]
        ),
    }
    raw, back, residual, plain = trial.samples(kinds).values()
    scale, alive, layers = 2 * columns / outputs, plain[plain > 0], blocks * stages
    residual_spread = deviation((1 + 1 / blocks) ** layers, layers * log_square_of_block(width, blocks, orthogonal))
    plain_spread = deviation(1.0, depth * math.log1p(float(IID.subs({n: width, m: width}))))
    final = {
        "forward_mean": combined([(scale, mean_of(raw))]),
        "forward_relative_std": relative_deviation_of(raw),
        "backward_mean": combined([(scale, mean_of(back))]),
        "resnet_mean": mean_of_deviation(residual, residual_spread),
        "plain_mean": mean_of_deviation(plain, plain_spread),
    }
    if len(alive) > 1:
        final["plain_log_mean"] = mean_of(np.log(alive))
    died = f"In {len(plain) - len(alive)} of {len(plain)} plain networks a whole layer is off: they have no logarithm."
    exact = "Everything is exact at finite width: errors are those of the mean over draws."
    return Simulated(final, notes=(exact, died) if len(alive) < len(plain) else (exact,))


OPTIONS = (
    Option("rows", "iid", "law of the rows: iid or orthogonal"),
    Option("replicates", "1000", "layers and networks that are drawn, fewer of large ones"),
)
paper = Paper(
    id="weight-norm",
    title="How to initialize your network? Robust initialization for WeightNorm & ResNets",
    summary=(
        "Weight-normalised networks and ResNets are to be initialised with a scale in each layer that keeps "
        "the norms of signals in expectation, so that they neither vanish nor explode; residual stages then "
        "grow by a bounded factor."
    ),
    authors=("Devansh Arpit", "Víctor Campos", "Yoshua Bengio"),
    source="https://arxiv.org/abs/1906.02341",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(forward, constant_claim, backward, fluctuations, resnet),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "forward/stated": "proved",
        "constant/area-above": "proved",
        "constant/area-in": "refuted",
        "backward/strict": "refuted",
        "backward/charitable": "proved",
        "backward/every-gradient": "refuted",
        "backward/equal-gradients": "proved",
        "fluctuations/stated": "proved",
        "fluctuations/deep": "proved",
        "fluctuations/typical": "refuted",
        "residual/stated": "proved",
        "residual/preserved": "refuted",
    },
    references=(
        "Arpit, Campos, Bengio: How to initialize your network? Robust initialization for WeightNorm & ResNets. "
        "NeurIPS 2019, arXiv:1906.02341",
    ),
)
