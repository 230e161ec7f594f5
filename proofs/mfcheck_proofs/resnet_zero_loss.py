"""Overparameterization of deep ResNet: zero loss and mean-field analysis (arXiv 2105.14417).

A network z_(l+1) = z_l + (1/(M L)) sum_m f(z_l, theta_(l,m)) is trained by dTheta/ds = -M L grad E, E = (1/2) E (g(z_L) - y)^2.
In the limit a law rho(theta, t) on depth t in [0, 1] flows along minus the gradient of its first variation. In the scalar
instance f = theta z, data x = +-1, y = a x: all blocks equal give the gain k = e^m with m' = -(k - a) k.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Estimate,
    Kind,
    Note,
    Option,
    Paper,
    Reading,
    Setting,
    Simulated,
    Step,
    Trial,
    agree,
    constant,
    encloses,
    identity,
    noted,
    parameter,
    presumes,
    proof,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.enclosed_ode import enclosed_ode
from mfcheck.dynamics.first_variation import derivative
from mfcheck.dynamics.ode import System, solve
from mfcheck.dynamics.residual import Residual, SquareLoss, train
from mfcheck.dynamics.residual_blocks import LinearBlock, Neurons
from mfcheck.dynamics.scalar_resnet import distance, trained_gain
from mfcheck.errors import InputError
from mfcheck.statistics import exactly, mean_of, variance_of
from mfcheck.symbolic.activation import activation

Array = NDArray[np.float64]

TARGET = parameter("target", 3, "target a", least=-1000, most=1000)
THETA0 = parameter("theta0", 0, "weight of all blocks at the start", least=-20, most=20)
TIME = parameter("s", 1, "training time", least=0, most=100_000)
DEPTH = parameter("depth", 10, "layers L", least=1, most=100_000, integer=True)
WIDTH = parameter("width", 5, "blocks a layer M", least=1, integer=True)
MEAN = parameter("mean", "7/10", "mean of a random weight")
SPREAD = parameter("spread", 2, "variance of a random weight", least=0)
PARAMETERS = (TARGET, THETA0, TIME, DEPTH, WIDTH, MEAN, SPREAD)
a, theta0, s, L, M, mean, spread = (p.symbol for p in PARAMETERS)
m, c, k, t = sp.symbols("m c k t", real=True)

# --- constants -------------------------------------------------------------------------------------------------------


def gain(setting: Setting, digits: int) -> arb:
    """Enclose k(s)."""
    return trained_gain(setting["target"], setting["theta0"], setting["s"], digits)


def loss(setting: Setting, digits: int) -> arb:
    """Enclose (k(s) - a)^2/2."""
    return distance(setting["target"], setting["theta0"], setting["s"], digits)


@lru_cache(maxsize=64)
def _solved(system: System, setting: Setting, quantity: sp.Expr) -> arb | Estimate:
    """Enclose a quantity at time s, or give it with an error where the boxes grow too fast."""
    values = {p.symbol: setting[p.name] for p in PARAMETERS}
    try:
        return enclosed_ode(system, [setting["s"]], values, [quantity])[0][0]
    except InputError:
        numbers = {symbol: float(v) for symbol, v in values.items()}
        return solve(system, [0.0, setting.number("s")], numbers).final(quantity)


GAIN_L = (1 + m / L) ** L
SLOPE_C = (
    -(2 * sp.exp(2 * m) - a * sp.exp(m)) * c + sp.exp(2 * m) * m**2 / 2 + (sp.exp(m) - a) * sp.exp(m) * (m**2 / 2 + m)
)
LAYERS = System((m,), (-(GAIN_L - a) * (1 + m / L) ** (L - 1),), (theta0,))
DEPTHS = System((m, c), (-(sp.exp(m) - a) * sp.exp(m), SLOPE_C), (theta0, sp.Integer(0)))
REGULAR = System((m,), (-(sp.exp(m) - a) * sp.exp(m) - 2 * sp.exp(-t) * m,), (theta0,), t)


def _layered(setting: Setting) -> System:
    depth = setting.integer("depth")
    return System((m,), tuple(e.subs(L, depth) for e in LAYERS.right), LAYERS.start)


PRODUCT_MEAN = (1 + mean / L) ** L
PRODUCT_VAR = ((1 + mean / L) ** 2 + spread / (L**2 * M)) ** L - (1 + mean / L) ** (2 * L)
LINE, DRAWN = ("target", "theta0", "s"), ("mean", "spread", "depth", "width")
PRODUCT = constant("product_var", PRODUCT_VAR, "variance of the random product", source="C2")
LIMIT = constant("product_var_limit", sp.exp(2 * mean) * spread / (L * M), "its leading order", source="C2")
DEPTH_CONST = constant(
    "depth_const",
    lambda v, _: _solved(DEPTHS, v, -sp.exp(m) * (c - m**2 / 2)),
    "lim L (k - k_L)",
    source="C5",
    uses=LINE,
)
K_S = constant("k_s", gain, "gain k(s)", source="C4", uses=LINE)
CONSTANTS = (
    K_S,
    constant("loss_s", loss, "loss at s", source="C4", uses=LINE),
    constant(
        "k_layer",
        lambda v, _: _solved(_layered(v), v, GAIN_L.subs(L, v.integer("depth"))),
        "gain of L equal layers",
        source="C5",
        uses=(*LINE, "depth"),
    ),
    DEPTH_CONST,
    constant("product_mean", PRODUCT_MEAN, "mean of the random product", source="C2"),
    PRODUCT,
    LIMIT,
    constant("reg_theta", lambda v, _: _solved(REGULAR, v, m), "m(s) with e^-s |theta|^2", source="C6", uses=LINE),
    constant(
        "reg_loss",
        lambda v, _: _solved(REGULAR, v, (sp.exp(m) - a) ** 2 / 2 + sp.exp(-s) * m**2),
        "regularised loss at s",
        source="C6",
        uses=LINE,
    ),
)

# --- C1 and C7: first variation and adjoint, two-dimensional tanh blocks --------------------------------------------


@lru_cache(maxsize=4)
def tanh_network(seed: int) -> tuple[Residual, Array]:
    """Twelve data in the plane, 6 layers of 5 blocks u tanh(w.z + b)."""
    rng = stream(seed, "tanh network")
    x = rng.standard_normal((12, 2))
    network = Residual(Neurons.of(activation("tanh")), x, SquareLoss(rng.standard_normal((12, 2))))
    return network, rng.standard_normal((6, 5, 5))


def mass_injection(context: Context) -> list[At]:
    """Derivative of E when a share of the mass of layer l moves to theta, over the formula; constants are not identified.

    `at` 1 takes Z(1) for Z(t) in the formula, `adjoint` -1 lets p start at depth 0.
    """
    network, theta = tanh_network(context.seed)
    weights = np.full((6, 6), 1 / 5)
    weights[:, 5] = 0.0
    rng, cases = stream(context.seed, "candidates"), []
    evaluation = network.evaluate(theta)
    for layer in (1, 3, 5):
        candidate = rng.standard_normal((5, 1))
        wide = np.concatenate([theta, np.repeat(candidate[None], 6, axis=0)], axis=2)

        def energy(share: float, wide: Array = wide, layer: int = layer) -> float:
            mixed = weights.copy()
            mixed[layer] = [*[(1 - share) / 5] * 5, share]
            return float(network.evaluate(wide, mixed).loss)

        z = evaluation.z[-1] if context["at"] == 1 else evaluation.z[layer]
        p = evaluation.p[layer + 1] if context["adjoint"] == 1 else evaluation.p[5 - layer]
        values = np.tanh(
            z @ np.concatenate([theta[layer][2:4], candidate[2:4]], axis=1) + np.append(theta[layer][4], candidate[4])
        )
        outer = np.concatenate([theta[layer][:2], candidate[:2]], axis=1)
        each = np.einsum("id,dm,im->m", p, outer, values)
        claimed = (each[-1] - each[:-1].mean()) / 6
        found = derivative(energy)
        cases.append(At(exactly(found.value / claimed, (found.error + 1e-9) / abs(claimed)), f"layer {layer}"))
    return cases


first_variation = Claim(
    "first-variation",
    title="First variation of the loss",
    statement=(
        r"$\frac{\delta E}{\delta\rho}(\theta,t) = E_\mu[p(t;x)\cdot f(Z(t;x),\theta)]$ with "
        r"$\dot p = -(\int\partial_zf\,\rho)^\top p$, $p(1) = (g-y)\nabla g$."
    ),
    source="2105.14417, Section 3",
    known="text read",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "Mass moved to a point of one layer, two-dimensional tanh blocks, twelve data: the formula at Z(t), p backward.",
            {"ratio": sp.Integer(1), "at": sp.Integer(0), "adjoint": sp.Integer(1)},
            checks=[
                agree(
                    "mass",
                    "ratio",
                    mass_injection,
                    resolution=1e-4,
                    uses=["at", "adjoint"],
                    domain="three layers, one network",
                )
            ],
            wrong=[
                wrong("at-end", {"at": sp.Integer(1)}, "Features move with depth."),
                wrong("forward", {"adjoint": -sp.Integer(1)}, "p is given at depth 1."),
                wrong("twice", {"ratio": sp.Integer(2)}, "E has the factor 1/2."),
            ],
        )
    ],
)


def shrinking_adjoints(context: Context) -> list[At]:
    """|p(0)|/|p(1)| for each datum, over exp(-int |d_z F|)."""
    network, theta = tanh_network(context.seed)
    evaluation, log_bound = network.evaluate(theta), np.zeros(12)
    for layer in range(6):
        u, w, b = theta[layer][:2], theta[layer][2:4], theta[layer][4]
        slope = 1 - np.tanh(evaluation.z[layer] @ w + b) ** 2
        jacobians = np.einsum("dm,im,em->ide", u, slope, w) / 5
        # The Euler layer: |p_l| >= (1 - |J|/L)|p_(l+1)|, and 1 - x is below e^-x: the discrete factor is the honest one.
        log_bound += np.log1p(-np.minimum(np.linalg.norm(jacobians, 2, axis=(1, 2)) / 6, 0.999999))
    ratio = np.linalg.norm(evaluation.p[0], axis=1) / np.linalg.norm(evaluation.p[-1], axis=1)
    exponent = float(context["sign"])
    return [
        At(exactly(float(r / np.exp(exponent * b)), 1e-12), f"datum {i}", i)
        for i, (r, b) in enumerate(zip(ratio, log_bound, strict=True))
    ]


def gronwall(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """d/dt log |p| >= -|d_z F|: the extreme case p' = -J p."""
    J = sp.Symbol("J", positive=True)
    p_end, tau = sp.Symbol("p1", positive=True), sp.Symbol("tau", positive=True)
    extreme = p_end * sp.exp(context["sign"] * -J * tau)
    return [(sp.diff(extreme, tau), -J * extreme)]


adjoint = Claim(
    "adjoint-bound",
    title="The adjoint does not vanish",
    statement=r"$|p(t)| \ge \exp(-\int_t^1|\partial_zF|)\,|p(1)|$.",
    source="2105.14417, Appendix",
    known="text read",
    no_inequality="its sides are norms along a flow",
    readings=[
        Reading(
            "stated",
            "Gronwall's lemma; sampled on a network, with the factor 1 - |J|/L of each Euler layer.",
            {"one": sp.Integer(1), "sign": sp.Integer(1)},
            checks=[
                agree(
                    "sampled",
                    "one",
                    shrinking_adjoints,
                    relation=">=",
                    kind=Kind.SAMPLED,
                    uses=["sign"],
                    domain="twelve data",
                ),
                identity("gronwall", "sign", gronwall, domain="constant |d_z F|", whole=False),
            ],
            wrong=[
                wrong("growing", {"sign": -sp.Integer(1)}, "Cotangents may shrink."),
                wrong("far", {"one": sp.Integer(10**6)}, "Not so far."),
            ],
        )
    ],
)

# --- C2: finite networks ---------------------------------------------------------------------------------------------


def product_variances(context: Context) -> list[At]:
    """Variances of products over layers of 1 + (mean of M weights)/L."""
    rng, cases = stream(context.seed, "products"), []
    count = context.budget.pick(40_000, 200_000, 1_000_000)
    for layers, width in ((5, 2), (10, 5), (20, 10)):
        draws = 0.7 + np.sqrt(2 / width) * rng.standard_normal((count, layers))
        where = {L: layers, M: width, mean: sp.Rational(7, 10), spread: 2}
        cases.append(At(variance_of(np.prod(1 + draws / layers, axis=1)), f"L = {layers}, M = {width}", where=where))
    return cases


def product_variance_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Independent layers: second moments multiply."""
    first, second = 1 + mean / L, (1 + mean / L) ** 2 + spread / (L**2 * M)
    n = sp.Symbol("n", positive=True)
    scaled = sp.limit(n * M * (second**L - first ** (2 * L)).subs(L, n), n, sp.oo)
    return [(second**L - first ** (2 * L), context["variance"]), (scaled, context["limit"] * L * M)]


def width_errors(context: Context) -> tuple[Array, Array]:
    """|k - E k| of iid layers, L = 20, by width, shape (replicates, widths)."""
    rng, sizes = stream(context.seed, "widths"), np.array([4.0, 16.0, 64.0, 256.0])
    found = []
    for width in sizes:
        draws = 0.7 + np.sqrt(2 / width) * rng.standard_normal((400, 20))
        found.append(np.abs(np.prod(1 + draws / 20, axis=1) - (1 + 0.035) ** 20))
    return sizes, np.array(found).T


COUPLING = Note(
    id="finite-networks.coupling",
    severity="minor",
    text="With weights that are independent over layers the error is O(1/L) + O(1/sqrt(L M)): the demand M >= C/(eps^2 eta) loses the "
    "factor L. The rate in M is attained when paths in depth are sampled.",
)
finite = Claim(
    "finite-networks",
    title="Finite networks approach the limit",
    statement=r"$P(|E(\Theta_{L,M}(s)) - E(\rho(s))| \le \varepsilon) \ge 1 - \eta$ if "
    r"$M \ge C/(\varepsilon^2\eta)$ and $L \ge C/\varepsilon$.",
    source="2105.14417, Theorem 6",
    known="text read",
    no_inequality="its constants are not given",
    readings=[
        Reading(
            "start",
            "At the start of training, weights independent over layers: mean and variance of the product, exactly.",
            {"variance": PRODUCT_VAR, "limit": sp.exp(2 * mean) * spread / (L * M), "order": -sp.Rational(1, 2)},
            checks=[
                noted(
                    identity(
                        "independent", ("variance", "limit"), product_variance_steps, domain="all L, M", whole=False
                    ),
                    COUPLING,
                ),
                agree(
                    "products", "variance", product_variances, kind=Kind.SAMPLED, resolution=0.1, domain="three sizes"
                ),
                rate(
                    "width",
                    "order",
                    width_errors,
                    x_label="width M",
                    y_label="|k - E k|",
                    domain="L = 20, M = 4 to 256",
                ),
            ],
            wrong=[
                wrong("em", {"limit": sp.exp(mean) * spread / (L * M)}, "The variance carries the square of e^m."),
                wrong(
                    "no-depth", {"limit": sp.exp(2 * mean) * spread / M, "variance": PRODUCT_VAR * L}, "Layers average."
                ),
                wrong("order", {"order": -sp.Integer(1)}, "A mean over M spreads like M^(-1/2)."),
            ],
        )
    ],
)

# --- C3 and C4: zero loss, implicit solution ------------------------------------------------------------------------


def losses_for_positive_targets(context: Context) -> list[At]:
    """Losses at s = 20 for positive targets."""
    return [At(distance(target, 0, 20), f"a = {target}") for target in (1, 2, 3)]


def stays_above(context: Context) -> Iterable[Step]:
    """K > 0 for all times, since m is real; for a < 0 then E = (k - a)^2/2 > a^2/2."""
    gain_, target = sp.Symbol("k", positive=True), sp.Symbol("a", negative=True)
    excess = sp.factor((gain_ - target) ** 2 / 2 - target**2 / 2)
    floor = target**2 / 2
    holds = bool(excess.is_positive) and sp.simplify(context["limit"] - floor).is_nonnegative
    return [Step("E(s) > a^2/2 for a < 0", bool(holds), "E(s) stays above a^2/2 for a = -1, and does not tend to 0")]


CONDITIONAL = Note(
    id="zero-loss.conditional",
    severity="major",
    text="Zero loss is conditional on the limit: that rho(s) converges and that its limit has full support. A Gaussian start has full "
    "support at every finite time, not at infinity. For a target a <= 0 in one dimension the law escapes and E tends to a^2/2.",
)
zero_loss = Claim(
    "zero-loss",
    title="A limit of full support has zero loss",
    statement=r"If $\rho(s)$ converges to a $\rho_\infty$ of full support, then $E(\rho_\infty) = 0$.",
    source="2105.14417, Theorem 7",
    known="from memory",
    no_inequality="it is about a limit",
    readings=[
        Reading(
            "conditional",
            "With the assumption on the limit: in the scalar instance with a > 0, where the limit exists, the loss vanishes.",
            {"small": sp.Rational(1, 10**8)},
            checks=[
                encloses("scalar", "small", losses_for_positive_targets, relation="<=", domain="a = 1, 2, 3 at s = 20")
            ],
            wrong=[wrong("negative", {"small": -sp.Rational(1, 10**8)}, "A loss is not negative.")],
        ),
        Reading(
            "unconditional",
            "Gradient descent of a wide and deep network finds zero loss: does it follow without an assumption on the limit?",
            {"assumes": sp.Integer(1)},
            checks=[
                noted(
                    presumes(
                        "limit",
                        "assumes",
                        "assumes the limit exists and has full support",
                        "assumes nothing of the limit",
                        domain="target a = -1: m(s) -> -infinity, so that rho(s) does not converge",
                        reason="for a = -1 the law escapes: the hypothesis on the limit fails, and with it the conclusion",
                    ),
                    CONDITIONAL,
                    when=False,
                )
            ],
            wrong=[wrong("twice", {"assumes": sp.Integer(2)}, "It assumes more than the data.", checks=["limit"])],
        ),
        Reading(
            "every-start",
            "Over-reading: E -> 0 for every initial law and target.",
            {"limit": sp.Integer(0)},
            checks=[proof("negative-target", "limit", stays_above, kind=Kind.EXACT, domain="a < 0", whole=False)],
            wrong=[wrong("below", {"limit": -sp.Integer(1)}, "A loss is not negative.")],
            claimed=False,
        ),
    ],
)


def implicit_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """dG/dk times k' = -(k - a) k^2, with the derivative 1/(k - a) of log|k - a|; and k^-2/2 for a = 0."""
    slope = (1 / (k - a) - 1 / k) / a**2 - 1 / (a * k**2)
    return [(sp.cancel(slope * -(k - a) * k**2), context["speed"]), (sp.diff(k**-2 / 2, k) * k**3, context["speed"])]


def gains_by_ode(context: Context) -> list[At]:
    """k(s) by a Taylor integrator in balls, against the implicit solution."""
    system = System((m,), (-(sp.exp(m) - a) * sp.exp(m),), (theta0,))
    values = {p.symbol: context.setting[p.name] for p in PARAMETERS}
    time = min(context.setting["s"], Fraction(2))
    there = context.setting.with_values(s=time)
    found = enclosed_ode(system, [time], values, [sp.exp(m) * context["factor"]])[0][0]
    return [At(found, where={K_S.symbol: gain(there, 20)})]


implicit = Claim(
    "implicit-solution",
    title="The scalar instance solved",
    statement=r"$G(k) = \frac1{a^2}\log|\frac{k-a}k| + \frac1{ak}$ satisfies $G(k(s)) = G(k(0)) - s$.",
    source="derived here",
    known="derived here",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "For a != 0; for a = 0 k^-2 grows by 2 s.",
            {"speed": -sp.Integer(1), "gain": K_S.symbol, "factor": sp.Integer(1)},
            checks=[
                identity("speed", "speed", implicit_steps, domain="k > 0, a != 0"),
                encloses("ode", "gain", gains_by_ode, digits=12, uses=["factor"], domain="the setting, up to s = 2"),
            ],
            wrong=[
                wrong("sign", {"speed": sp.Integer(1)}, "The loss falls."),
                wrong("no-ml", {"factor": sp.Rational(1, 2)}, "Weights move at a speed of order one."),
            ],
        )
    ],
)

# --- C5: finite depth ------------------------------------------------------------------------------------------------

eps = sp.Symbol("eps", positive=True)


def depth_expansion(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """m_L = m + c/L in k_L = (1 + m_L/L)^L and in m_L' to first order in eps = 1/L."""
    shifted = m + eps * c
    log_gain = sp.log(1 + eps * shifted) / eps
    first = sp.series(log_gain, eps, 0, 2).removeO()
    gain_order = sp.diff(sp.exp(first), eps).subs(eps, 0)
    power = sp.series(sp.log(1 + eps * shifted) * (1 / eps - 1), eps, 0, 2).removeO()
    speed = -(sp.exp(first) - a) * sp.exp(power)
    slope = sp.diff(speed, eps).subs(eps, 0)
    return [(sp.expand(-gain_order), sp.expand(context["constant"])), (sp.expand(slope), sp.expand(context["slope"]))]


def finite_depths(context: Context) -> list[At]:
    """L (k - k_L) at L = 200 and 400, the next order removed."""
    values = []
    for layers in (200, 400):
        there = context.setting.with_values(depth=layers, s=min(context.setting["s"], Fraction(2)))
        system = _layered(there)
        numbers = {p.symbol: there.number(p.name) for p in PARAMETERS}
        found = solve(system, [0.0, there.number("s")], numbers).final(GAIN_L.subs(L, layers))
        values.append(layers * (float(gain(there, 20).mid()) - found.value))
    value = 2 * values[1] - values[0]
    return [At(exactly(value, abs(value - values[1]) / 50 + 1e-6))]


CONSTANT_C = -sp.exp(m) * (c - m**2 / 2)
depth = Claim(
    "finite-depth",
    title="The error of finite depth",
    statement=r"$L(k - k_L) \to -e^m(c - m^2/2)$ with $c' = -(2e^{2m} - ae^m)c + e^{2m}\frac{m^2}2 + (e^m-a)e^m(\frac{m^2}2 + m)$.",
    source="derived here",
    known="derived here",
    no_inequality="it states a limit",
    readings=[
        Reading(
            "stated",
            "By expansion in 1/L; and at 200 and 400 layers.",
            {"constant": CONSTANT_C, "slope": SLOPE_C, "limit": DEPTH_CONST.symbol},
            checks=[
                identity("expansion", ("constant", "slope"), depth_expansion, domain="all m, c, a"),
                agree("layers", "limit", finite_depths, resolution=0.02, domain="L = 200, 400"),
            ],
            wrong=[
                wrong("c-zero", {"constant": sp.exp(m) * m**2 / 2}, "The weights differ at order 1/L as well."),
                wrong(
                    "slope",
                    {"slope": SLOPE_C - (sp.exp(m) - a) * sp.exp(m) * m},
                    "One factor of the product is missing in the gradient.",
                ),
                wrong("sign", {"limit": -DEPTH_CONST.symbol}, "k_L is below k here."),
            ],
        )
    ],
)

# --- C6: regularised loss --------------------------------------------------------------------------------------------

E_f = sp.Function("E")
th = sp.Symbol("theta", real=True)


def energy_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """d/ds (E + e^-s theta^2) along both flows, complete squares."""
    g, w = sp.Symbol("g", real=True), sp.exp(-s)
    regular = g * -(g + 2 * w * th) - w * th**2 + 2 * w * th * -(g + 2 * w * th)
    plain = g * -g - w * th**2 + 2 * w * th * -g
    return [
        (sp.expand(regular), sp.expand(context["regular"].subs(sp.Symbol("g"), g))),
        (sp.expand(plain), sp.expand(context["plain"].subs(sp.Symbol("g"), g))),
    ]


g_ = sp.Symbol("g")
REGULAR_RATE = -((g_ + 2 * sp.exp(-s) * th) ** 2) - sp.exp(-s) * th**2
PLAIN_RATE = -((g_ + sp.exp(-s) * th) ** 2) + (sp.exp(-2 * s) - sp.exp(-s)) * th**2
regularised = Claim(
    "regularised-loss",
    title="The regularised loss does not increase",
    statement=r"$E_s = E + e^{-s}\int|\theta|^2$ does not increase along the flow.",
    source="2105.14417, regularisation",
    known="from memory",
    no_inequality="it is an identity with squares",
    readings=[
        Reading(
            "stated",
            "Along the flow of E_s and along that of E alone: complete squares, and e^-2s <= e^-s for s >= 0.",
            {"regular": REGULAR_RATE, "plain": PLAIN_RATE},
            checks=[
                identity("squares", ("regular", "plain"), energy_steps, domain="all gradients g and theta, s >= 0")
            ],
            wrong=[
                wrong("growing", {"plain": PLAIN_RATE.subs(s, -s)}, "With e^(+s) the rest is positive."),
                wrong("no-rest", {"regular": REGULAR_RATE + sp.exp(-s) * th**2}, "The weight e^-s falls."),
            ],
        )
    ],
)


def simulate(trial: Trial) -> Simulated:
    """Linear blocks with independent weights, of mean theta0 and the given spread, trained to s: gain and loss."""
    setting = trial.setting
    runs, layers, width = trial.count("runs", 4), setting.integer("depth"), setting.integer("width")
    if layers * width > 20_000 or setting["s"] > 20:
        raise InputError("simulate needs depth times width up to 20000 and s up to 20")
    trial.say(f"{runs} networks of {layers} layers and {width} blocks")
    target, streams = setting.number("target"), trial.rng().spawn(runs)
    network = Residual(LinearBlock(1), np.ones((1, 1)), SquareLoss(np.array([[target]])))

    def gain(k: int) -> float:
        noise = streams[k].standard_normal((layers, 1, width))
        theta = setting.number("theta0") + np.sqrt(setting.number("spread")) * noise
        end = train(network, theta, [setting.number("s")], tolerance=1e-8)[-1] if setting["s"] > 0 else theta
        return float(network.evaluate(end).z[-1][0, 0])

    found = np.array(trial.draws("networks", runs, gain))
    return Simulated(
        {"mean_k": mean_of(found), "mean_loss": mean_of((found - target) ** 2 / 2)},
        notes=("At the depth and width of the setting; k_s and loss_s are limits. Errors cover the draw of weights.",),
    )


OPTIONS = (Option("runs", "120", "number of networks"),)
paper = Paper(
    id="resnet-zero-loss",
    title="Overparameterization of deep ResNet: zero loss and mean-field analysis",
    summary=(
        "As depth and width grow, gradient descent of a ResNet becomes a gradient flow of a law of "
        "parameters, and under stated assumptions this flow tends to zero loss."
    ),
    authors=("Zhiyan Ding", "Shi Chen", "Qin Li", "Stephen J. Wright"),
    source="https://arxiv.org/abs/2105.14417",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(first_variation, finite, zero_loss, implicit, depth, regularised, adjoint),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "first-variation/stated": "supported",
        "finite-networks/start": "supported",
        "zero-loss/conditional": "supported",
        "zero-loss/unconditional": "gap",
        "zero-loss/every-start": "refuted",
        "implicit-solution/stated": "proved",
        "finite-depth/stated": "proved",
        "regularised-loss/stated": "proved",
        "adjoint-bound/stated": "supported",
    },
    references=(
        "Ding, Chen, Li, Wright: Overparameterization of deep ResNet: zero loss and mean-field analysis. JMLR 23 (2022), "
        "arXiv:2105.14417",
    ),
)
