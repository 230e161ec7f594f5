"""Claims of the paper. Near c = 1 the state is e = 1 - c."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Plot,
    Reading,
    Setting,
    Standard,
    Step,
    agree,
    ball,
    bound,
    compared,
    curve,
    custom,
    decide,
    encloses,
    identical,
    identity,
    monotone,
    noted,
    number,
    positive_on,
    proof,
    wrong,
)
from mfcheck.checks.decide import Side
from mfcheck.errors import InputError
from mfcheck.gaussian import CorrelationMap, E, J, LengthMap, critical_line, d2phi, dphi, fixed_points, pair, phi
from mfcheck.networks import depth_exponent, depth_limit, geometric_depths, iterate, relu_gap
from mfcheck.rigor.ball import exact
from mfcheck.rigor.pieces import pieces
from mfcheck.symbolic.activation import X, activation
from mfcheck_proofs.edge_of_chaos.values import (
    BIAS,
    CLIPPED,
    F2,
    F2_EOC,
    INSIDE,
    LEAKY,
    ONE,
    RATE,
    SLOPE,
    SUP,
    VANISHES,
    VARIANCE,
    WEIGHT,
    Array,
    Net,
    S,
    at_edge,
    q,
    rectifier_gaps,
    sigma_b,
    sigma_w,
    simulated,
    slope_neg,
    slope_pos,
)

HALF, FIFTH = sp.Rational(1, 2), sp.Rational(1, 5)
x, t, h, k = sp.symbols("x t h k", positive=True)

# --- C1: the rectifier -----------------------------------------------------------------------------------------------

RELU_MAP = (x * sp.asin(x) + sp.sqrt(1 - x**2)) / sp.pi + x / 2
DROP = (sp.sin(t) - t * sp.cos(t)) / sp.pi
CHORD = 1 - sp.cos(t)


def increments(context: Context) -> sp.Expr:
    """Change of e^(-1/2) in a layer to second order in h = sqrt(e), where e' = e - s h^3 + O(h^5)."""
    return sp.series(1 / (h * sp.sqrt(1 - context["s"] * h)) - 1 / h, h, 0, 2).removeO()


def rectifier_series(context: Context) -> Iterable[Step]:
    """J in the angle, its expansion, and the law of u = e^(-1/2): u' - u has the limit s/2, so u ~ s l/2 (Stolz)."""
    c = next(iter(J.free_symbols))
    power = sp.degree(sp.series(DROP, t, 0, 4).removeO(), t) * HALF
    return identical(
        {
            "f is the arc-cosine kernel": (J.subs(c, x).rewrite(sp.asin), context["f"]),
            "f in the angle": (
                J.subs(sp.acos(c), t).subs(sp.sqrt(1 - c**2), sp.sin(t)).subs(c, sp.cos(t)),
                1 - CHORD + DROP,
            ),
            "s": (sp.limit(DROP**2 / CHORD**3, t, 0), context["s"] ** 2),
            "order of the drop": (power, sp.Rational(3, 2)),
            "order of the law": (context["order"], -1 / (power - 1)),
            "rate": (context["rate"], 1 / increments(context).subs(h, 0) ** 2),
        }
    )


def goes_to_one(context: Context) -> list[Step]:
    """The gap e decreases and stays positive, so that it goes to a fixed point, and 0 is the only one."""
    sign = context["sign"]
    return [
        positive_on("0 < f(x) - x", sign * DROP * sp.pi, t, sp.pi, 3),
        positive_on("f(x) < 1", CHORD - DROP, t, sp.pi, 2),
    ]


AT_100 = "c0 = 0, depth 100"
TO_A_MILLION = "recursion to depth 10^6 from c0 = 0"
NETWORKS = "random networks, widths 250 and 1000"
DEEP = tuple(geometric_depths(1000, 1_000_000, 7))


@lru_cache(maxsize=1)
def deep_gaps() -> Array:
    """1 - c from c0 = 0 at the depths DEEP, in doubles; the relative rounding of a million steps stays below 1e-9."""
    return iterate(relu_gap, [1.0], DEEP)[:, 0]


def deep_rate(_: Context) -> Estimate:
    """Limit of (1 - c) l^2 from c0 = 0."""
    return depth_limit(DEEP, deep_gaps() * np.array(DEEP, float) ** 2).estimate()


def deep_exponent(_: Context) -> Estimate:
    """Limit of the local exponents from c0 = 0."""
    return depth_exponent(DEEP, deep_gaps()).estimate()


def rectifier_networks(context: Context) -> list[At]:
    """The correlation after each of three layers; the formula gets the true one before."""
    nets = context.budget.pick(200, 1000, 5000)
    net = Net(activation("relu"), math.sqrt(2), 0.0, 1.0, 0.0)
    found = simulated(net, (1, 2, 3), (250, 1000), nets, context.seed)
    before = [arb(0), *(1 - e for e in rectifier_gaps(Fraction(0), (1, 2), 15))]
    return [
        At(gap.but(value=1 - gap.value), f"layer {m}", m, {x: c})
        for m, c in enumerate(before, 1)
        for gap in [found[f"gap {m}"]]
    ]


def kernel_cases(_: Context) -> list[At]:
    """2 E relu(u) relu(v) by the house's hypergeometric form."""
    relu = activation("relu").expr
    return [
        At(2 * pair(relu, relu, 1, 1, Fraction(k, 8)), f"x = {k}/8", k / 8, {x: sp.Rational(k, 8)}) for k in range(1, 8)
    ]


def deviation_at_100(context: Context) -> arb:
    """Relative distance of e l^2 from its limit at depth 100, c0 = 0."""
    return abs(rectifier_gaps(Fraction(0), (100,), 20)[0] * 10**4 / ball(context, RATE) - 1)


def logarithm(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """As u' - u = s/2 + (3/8) s^2 h + ..., h ~ 2/(s l): u = (s l/2)(1 + w log l/l + O(1/l)), e = u^(-2)."""
    first, second = (increments(context).coeff(h, n) for n in (0, 1))
    w = second * (2 / context["s"]) / first
    return [(context["log_coefficient"], -2 * w)]


def measured_logarithm(_: Context) -> Estimate:
    """Slope of l (e l^2/rate - 1) in log l from doublings, in the limit of depth."""
    depths = [2**n for n in range(7, 15)]
    gaps = np.array([float(e) for e in rectifier_gaps(Fraction(0), tuple(depths), 20)])
    scaled = np.array(depths) * (gaps * np.array(depths) ** 2 / float(RATE) - 1)
    return depth_limit(depths[1:], np.diff(scaled) / math.log(2), corrections=(1.0, 0.5)).estimate()


SLOW = Note(
    id="slow",
    severity="minor",
    text="At depth 100 a rectifier's gap is a fifth below its law 9 pi^2/(2 l^2): the correction is -3 log(l)/l.",
)
LOGARITHM = identity("logarithm", ("s", "log_coefficient"), logarithm, domain="coefficient of log(l)/l in e l^2/rate")
rectifier_claim = Claim(
    "relu-rate",
    title="Rectifier: correlations go to 1 like 1/l^2",
    statement=r"On the edge of ReLU $1 - c^l \sim \frac{9\pi^2}{2 l^2}$; $f(1-e) = 1 - e + s e^{3/2} + O(e^{5/2})$.",
    source="1805.08266, Proposition 3; text read without displayed equations, formulas derived here",
    known="text read",
    no_inequality="it states an asymptotic equality",
    readings=[
        Reading(
            "asymptotic",
            "e^l l^2 goes to 9 pi^2/2 from every start with |c0| < 1.",
            {"f": RELU_MAP, "s": S, "rate": RATE, "order": -2 * ONE, "sign": ONE},
            checks=[
                proof(
                    "series",
                    ("f", "s", "rate", "order"),
                    rectifier_series,
                    kind=Kind.EXACT,
                    domain="all starts in (-1, 1)",
                ),
                proof("convergence", "sign", goes_to_one, domain="0 < t <= pi, cos t = c"),
                encloses("kernel", "f", kernel_cases, x_label="x", y_label="f(x)", domain="x = 1/8, ..., 7/8"),
                agree("recursion", "rate", deep_rate, resolution=0.01, domain=TO_A_MILLION),
                agree("exponent", "order", deep_exponent, resolution=0.01, domain=TO_A_MILLION),
                agree("networks", "f", rectifier_networks, x_label="layer", domain=NETWORKS),
            ],
            wrong=[
                wrong("quarter", {"rate": 9 * sp.pi**2 / 4}, "At depth 10^4 e l^2 is 44.25."),
                wrong("no-pi", {"s": 2 * sp.sqrt(2) / 3}, "4/s^2 would be 4.5."),
                wrong("first-order", {"order": -ONE}, "e l falls from .0044 at 10^4 to .00044 at 10^5."),
                wrong("half-map", {"f": RELU_MAP - x / 2}, "f(1) would be 1/2."),
                wrong("below", {"sign": -ONE}, "f(0) = 1/pi is above 0."),
            ],
        ),
        Reading(
            "at-depth-100",
            "The law is accurate to 5 % at depth 100.",
            {"tolerance": sp.Rational(1, 20)},
            checks=[
                noted(
                    encloses("deviation", "tolerance", deviation_at_100, relation="<=", whole=True, domain=AT_100),
                    SLOW,
                    when=False,
                )
            ],
            wrong=[wrong("percent", {"tolerance": sp.Rational(1, 100)}, "e l^2 is 35.77 against 44.41.")],
        ),
        Reading(
            "remainder",
            "1 - c^l = 9 pi^2/(2 l^2) + O(l^-3), as a follow-up prints it: no log(l)/l^3.",
            {"s": S, "log_coefficient": sp.Integer(0)},
            checks=[LOGARITHM],
            wrong=[wrong("other-sign", {"log_coefficient": 3 * ONE}, "e l^2 approaches its limit from below.")],
        ),
        Reading(
            "logarithm",
            "e l^2/rate = 1 - 3 log(l)/l + O(1/l).",
            {"s": S, "log_coefficient": -3 * ONE},
            checks=[
                LOGARITHM,
                agree("recursion", "log_coefficient", measured_logarithm, resolution=0.05, domain="to depth 16384"),
            ],
            wrong=[wrong("half", {"log_coefficient": -3 * HALF}, "e = u^(-2) doubles the relative correction of u.")],
        ),
    ],
)

# --- C2: two slopes --------------------------------------------------------------------------------------------------

DENSITY = sp.exp(-(x**2) / (2 * q)) / sp.sqrt(2 * sp.pi * q)


@lru_cache(maxsize=8)
def half_line(power: int) -> sp.Expr:
    """Integral of x^power over the positive half of N(0, q)."""
    return sp.integrate(x**power * DENSITY, (x, 0, sp.oo))


def two_slopes(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """chi_1 = 1 fixes sigma_w; then V(q) = q + sigma_b^2, which has a fixed point at sigma_b = 0 only."""
    squares = slope_pos**2 + slope_neg**2
    weight = context["sigma_w"] ** 2
    length = weight * squares * half_line(2) + context["sigma_b"] ** 2
    return [(weight * squares * half_line(0), ONE), (length - q, sp.Integer(0))]


rectifiers = Claim(
    "two-slopes",
    title="Rectifiers: the edge is one point",
    statement=(
        r"For $\phi(x) = \lambda x$ ($x > 0$), $\beta x$ ($x < 0$) the edge of chaos is "
        r"$(\sigma_b, \sigma_w) = (0, \sqrt{2/(\lambda^2 + \beta^2)})$; there $V(q) = q$ for every $q$."
    ),
    source="1805.08266, Proposition 2; text read without displayed equations",
    known="text read",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "chi_1 = 1 and V(q) = q for every q there, and with chi_1 = 1 for no other sigma_b.",
            {"sigma_w": LEAKY, "sigma_b": sp.Integer(0)},
            checks=[
                identity("integrals", ("sigma_w", "sigma_b"), two_slopes, domain="all slopes not both zero, all q > 0")
            ],
            wrong=[
                wrong("one-slope", {"sigma_w": sp.sqrt(2) / sp.Abs(slope_pos)}, "The left slope counts as well."),
                wrong("with-bias", {"sigma_b": ONE / 10}, "V(q) = q + sigma_b^2 has no fixed point."),
            ],
        )
    ],
)

# --- C3: the curve ---------------------------------------------------------------------------------------------------

QS = tuple(sp.Rational(n, 20) for n in (1, 4, 10, 20, 40, 100))


def needs_point(setting: Setting) -> None:
    """Refuse settings without a point of the edge at q > 0."""
    if not at_edge(setting, 10).q > 0:
        raise InputError("at sigma_b = 0 the edge ends in q = 0, where there is no map of correlations")


def at_its_q(found: Callable[[Context], Side] | str) -> Callable[[Context], list[At]]:
    """A measurement, or a formula by its name, where the formula it is compared with takes the variance of the edge."""

    def cases(context: Context) -> list[At]:
        at = {q: at_edge(context.setting, 20).q}
        if isinstance(found, str):
            return [At(ball(context, found, at), where=at, formula=context[found], zeros=VANISHES)]
        return [At(found(context), where=at, zeros=VANISHES)]

    return cases


def along(name: str) -> Callable[[Context], list[At]]:
    """A coordinate of the curve at rising q."""
    return lambda c: [At(ball(c, name, {q: value}), f"q = {value}") for value in QS]


def phase_diagram(context: Context) -> Plot:
    """The edge of the setting's activation, of Swish and of erf, with the certified point."""
    qs = np.geomspace(1e-3, 60, 60)
    at = at_edge(context.setting, 10)
    curves = [curve("certified", [context.setting.number("sigma_b")], [at.sigma_w], "points")]
    for chosen in (context.setting.activation, activation("silu"), activation("erf")):
        w, b = critical_line(chosen, qs)
        keep = np.isfinite(b) & (b < 1.5)
        if keep.any() and chosen.name not in [c.label for c in curves]:
            curves.insert(-1, curve(chosen.name, b[keep], w[keep]))
    title = "Edges of chaos: order below, chaos above"
    return Plot(id="edge", title=title, x_label="sigma_b", y_label="sigma_w", curves=tuple(curves))


def on_curve(context: Context) -> Evidence:
    """chi_1 = 1 and V(q) = q by the length map, at the point that the formulas give."""
    at = at_edge(context.setting, 15)
    own = LengthMap(context.setting.activation, ball(context, "weight", {q: at.q}), context.setting["sigma_b"] ** 2)
    cases = [Case(own.chi_1(at.q, 15), arb(1), "chi_1"), Case(own.V(at.q, 15), at.q, "V(q)")]
    return decide(cases, Standard(digits=10), "in the setting", plot=phase_diagram(context))


def small(order: int) -> list[sp.Expr]:
    """E phi, E phi^2 and E phi'^2 for phi = a1 x + a2 x^2 + a3 x^3, up to the power of q that counts as q -> 0."""
    f = A1 * X + A2 * X**2 + A3 * X**3
    found = []
    for g in (f, f**2, sp.diff(f, X) ** 2):
        terms = sp.Poly(sp.expand(g), X).terms()
        total = sum(number * sp.factorial2(n - 1) * q ** (n // 2) for (n,), number in terms if n % 2 == 0)
        found.append(sum(total.coeff(q, n) * q**n for n in range(order + 1)))
    return found


A1, A2, A3 = sp.symbols("a1 a2 a3", positive=True)


def leading(expr: sp.Expr, order: int) -> sp.Expr:
    """Taylor polynomial in q at 0."""
    return sp.series(sp.together(expr), q, 0, order + 1).removeO()


def small_bias(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """sigma_w^2 and sigma_b^2 to the orders q^0 and q^2 by Taylor's formula for phi."""
    _, second, slope = small(2)
    return [(leading(1 / slope, 0), context["weight"]), (leading(q - second / slope, 2), context["bias"])]


equations = Claim(
    "curve",
    title="The edge of a smooth activation is a curve",
    statement=(
        r"The edge is $\sigma_w^2 = 1/E_q[{\phi'}^2]$, $\sigma_b^2 = q - E_q[\phi^2]/E_q[{\phi'}^2]$, with parameter $q$; "
        r"as $\sigma_b \to 0$: $q \to 0$, $\sigma_w \to 1/|\phi'(0)|$."
    ),
    source="official code of the follow-up 1905.13654, which iterates q <- sigma_b^2 + E phi^2/E phi'^2",
    known="official code",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "In the setting: chi_1 = 1 and V(q) = q at the point of the formulas.",
            {"weight": WEIGHT, "bias": BIAS, "bias_var": sigma_b**2},
            checks=[
                custom("length-map", "weight", on_curve, kind=Kind.CERTIFIED),
                encloses("bias", "bias_var", at_its_q("bias"), uses=["bias"], whole=True, domain="in the setting"),
            ],
            wrong=[
                wrong("no-square", {"bias_var": sigma_b}, "Variances add, not standard deviations."),
                wrong("mean-slope", {"weight": 1 / E(dphi, variance=q) ** 2}, "chi_1 holds E phi'^2."),
                wrong("no-ratio", {"bias": q - E(phi**2, variance=q)}, "Weights multiply E phi^2."),
            ],
            needs=needs_point,
        ),
        Reading(
            "end",
            "For smooth phi with phi(0) = 0 != phi'(0): sigma_w -> 1/|phi'(0)| and sigma_b -> 0 as q -> 0.",
            {"weight": 1 / A1**2, "bias": A2**2 * q**2 / A1**2},
            checks=[
                identity(
                    "taylor", ("weight", "bias"), small_bias, domain="phi with three derivatives of polynomial growth"
                )
            ],
            wrong=[
                wrong("first-power", {"weight": 1 / A1}, "sigma_w^2 is the square."),
                wrong("first-order", {"bias": A2**2 * q / A1**2}, "E phi^2 is phi'(0)^2 q to first order."),
            ],
        ),
        Reading(
            "monotone",
            "sigma_w and sigma_b grow together along the curve (true of tanh and erf; false of Swish and GELU).",
            {"weight": WEIGHT, "bias": BIAS, "up": ONE},
            checks=[
                monotone("weight", "up", along("weight"), uses=["weight"], domain="q = 1/20, ..., 5"),
                monotone("bias", "up", along("bias"), uses=["bias"], domain="q = 1/20, ..., 5"),
            ],
            wrong=[wrong("down", {"up": -ONE}, "At q = 1/20 and 5 sigma_w^2 is 1.10 and 4.1.")],
        ),
    ],
)


def needs_smooth(setting: Setting) -> None:
    """Refuse kinks, and the end of the edge."""
    if len(pieces(setting.activation.expr)) > 1:
        raise InputError("the activation has a kink: E phi''^2 is infinite, and correlations go to 1 like 1/l^2")
    needs_point(setting)


# --- C4: smooth activations ------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def map_on_edge(setting: Setting) -> CorrelationMap:
    """The correlation map on the edge."""
    at = at_edge(setting, 20)
    return CorrelationMap(setting.activation, at.sigma_w**2, setting["sigma_b"] ** 2, at.q)


@lru_cache(maxsize=16)
def edge_gaps(setting: Setting, depth: int) -> Array:
    """1 - c on the edge from c = 0, layer by layer."""
    return map_on_edge(setting).iterate(1.0, depth)


def smooth_depths(context: Context) -> list[int]:
    """A geometric grid of depths, from where the correction log(l)/l is small."""
    first = max(20, round(50 * number(context, F2_EOC.symbol) ** -1 * 2))
    return geometric_depths(first, context.budget.pick(40, 80, 160) * first, 7)


def smooth_rate(context: Context) -> Estimate:
    """Limit of (1 - c) l."""
    depths = smooth_depths(context)
    return depth_limit(depths, edge_gaps(context.setting, depths[-1])[depths] * depths).in_any_case()


def smooth_order(context: Context) -> Estimate:
    """Limit of the local exponents."""
    depths = smooth_depths(context)
    return depth_exponent(depths, edge_gaps(context.setting, depths[-1])[depths]).in_any_case()


def smooth_series(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """As e' = e - F e^2/2 + O(e^3), 1/e grows by F/2 in the limit, so that 1/e ~ F l/2 (Stolz); F = f''(1)."""
    F = F2_EOC.symbol
    change = sp.series(1 / (h * (1 - F * h / 2)) - 1 / h, h, 0, 1).removeO()
    return [(1 / change, context["beta"]), (context["order"], -ONE / (2 - 1))]


WIDTH_FIRST = Note(
    id="width-first",
    severity="minor",
    text="The rates are those of infinite width at fixed depth; the other order of limits is not covered.",
)


def hermite_curvature(context: Context) -> list[At]:
    """Enclose f''(1) by 2 (e - gap)/e^2 at e = 10^-6, short of it by f''' e/3 at a place in [1 - e, 1]."""
    at, chosen = at_edge(context.setting, 25), map_on_edge(context.setting)
    e = arb(10) ** -6
    quotient = 2 * (e - chosen.gap(e, 18)) / e**2
    slope = sp.diff(context.setting.activation.expr, X, 3)
    third = at.q**2 * at.sigma_w**2 * ball(context, E(slope**2, variance=q), {q: at.q}, 6)
    return [At(quotient + (third * e / 3) * (arb(1) + arb(0, 1)) / 2, where={q: at.q})]


smooth_claim = Claim(
    "smooth-rate",
    title="Smooth activations: correlations go to 1 like 1/l",
    statement=(
        r"On the edge of chaos of a smooth activation $1 - c^l \sim \beta_q/l$, "
        r"$\beta_q = 2/f''(1) = 2 E_q[{\phi'}^2]/(q E_q[{\phi''}^2])$."
    ),
    source="follow-up 1905.13654, Appendix B, text read; derived here",
    known="follow-up",
    no_inequality="it states an asymptotic equality",
    readings=[
        Reading(
            "stated",
            "From every start in (-1, 1), in infinite width at the fixed variance.",
            {"beta": 2 / F2_EOC.symbol, "F2": F2, "order": -ONE},
            checks=[
                noted(
                    identity("series", ("beta", "order"), smooth_series, domain="every smooth f, f'(1) = 1"),
                    WIDTH_FIRST,
                ),
                encloses(
                    "curvature", "F2", hermite_curvature, digits=5, domain="f by its Hermite series at 1 - c = 10^-6"
                ),
                agree("recursion", "beta", at_its_q(smooth_rate), resolution=0.02, domain="map from c = 0"),
                agree("exponent", "order", smooth_order, resolution=0.02, domain="map from c = 0"),
            ],
            wrong=[
                wrong("half", {"beta": 1 / F2_EOC.symbol}, "The Taylor coefficient is f''(1)/2."),
                wrong("first-derivative", {"beta": 2 / q}, "f'' brings phi'', not phi'.", checks=["recursion"]),
                wrong("no-q", {"F2": F2 / q}, "u has variance q, so each derivative in c brings sqrt(q) twice."),
                wrong("like-relu", {"order": -2 * ONE}, "f''(1) is finite."),
            ],
            needs=needs_smooth,
        ),
        Reading(
            "slower",
            "A smooth activation is slower than a rectifier: exponents -1 and -2.",
            {"smooth": -ONE, "rectifier": -2 * ONE},
            checks=[
                identity(
                    "orders",
                    ("smooth", "rectifier"),
                    lambda c: [(c["smooth"], -1 / sp.Integer(2 - 1)), (c["rectifier"], -1 / (sp.Rational(3, 2) - 1))],
                    domain="e' = e - const e^m gives e ~ l^(-1/(m-1)); m = 2 and 3/2",
                )
            ],
            wrong=[wrong("equal", {"rectifier": -ONE}, "m = 3/2 for a kink.")],
        ),
    ],
)


# --- C5: closeness to the identity -----------------------------------------------------------------------------------


def falling(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """As sum k w_k = f'(1) = 1, f' - 1 = -sum k w_k (1 - x^(k-1)), w_k >= 0: no term is positive on [0, 1]."""
    return [(sp.diff(x**k, x) - sp.diff(x**k, x).subs(x, 1), context["sign"] * k * (1 - x ** (k - 1)))]


FORM = Note(
    id="exact-form",
    severity="remark",
    text="The closeness to the identity has an exact form: on the edge the supremum of f(x) - x over [0, 1] is f(0).",
)


def at_zero(context: Context) -> arb:
    """f(0) from the pair expectation at correlation 0, without the product of means."""
    return map_on_edge(context.setting).F(0, 15)


def one_layer(context: Context) -> Estimate:
    """Correlation after one layer from c = 0 at the variance of the edge."""
    at = at_edge(context.setting, 15)
    net = Net(context.setting.activation, float(at.sigma_w), context.setting.number("sigma_b"), float(at.q), 0.0)
    found = simulated(net, (1,), (250, 1000), context.budget.pick(400, 1500, 6000), context.seed)["gap 1"]
    return found.but(value=1 - found.value)


def vanishing(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """f(0) to first order in q."""
    mean, second, slope = small(2)
    return [(leading((mean**2 + q * slope - second) / (q * slope), 1), context["leading"])]


FALLING = identity("falling", "sign", falling, domain="every term of the Hermite series, f'(1) = 1")
BY_PAIRS = "in the setting, f(0) by the pair expectation"
closeness = Claim(
    "closeness",
    title="Near sigma_b = 0 the map is close to the identity",
    statement=r"As $\sigma_b \to 0$ along the edge, $\sup_{[0,1]} |f(x) - x| \to 0$.",
    source="1805.08266, Proposition 4; text read without displayed equations",
    known="text read",
    readings=[
        Reading(
            "stated",
            "For smooth phi with phi(0) = 0 != phi'(0): the supremum is f(0), of order q at most, and q -> 0.",
            {"leading": 2 * A2**2 * q / A1**2, "sign": -ONE, "up": ONE, "sup": SUP},
            checks=[
                identity("small-q", "leading", vanishing, domain="phi with three derivatives of polynomial growth"),
                FALLING,
                monotone("supremum", "up", along("sup"), uses=["sup"], domain="q = 1/20, ..., 5"),
            ],
            wrong=[
                wrong("constant", {"leading": 2 * A2**2 / A1**2}, "E phi^2 = phi'(0)^2 q to first order."),
                wrong("rising", {"sign": ONE}, "f is convex and f'(1) = 1, so f' <= 1."),
                wrong("grows-back", {"up": -ONE}, "f(0) grows with q for tanh."),
            ],
            needs=needs_smooth,
        ),
        Reading(
            "exact-form",
            "In the setting: the supremum is f(0) = (sigma_w^2 (E phi)^2 + sigma_b^2)/q.",
            {"sup": SUP, "half_curvature": F2 / 2, "sign": -ONE},
            checks=[
                noted(FALLING, FORM),
                encloses("at-zero", "sup", at_its_q(at_zero), whole=True, domain=BY_PAIRS),
                agree("networks", "sup", at_its_q(one_layer), resolution=0.1, domain=NETWORKS),
            ],
            wrong=[
                wrong("rising", {"sign": ONE}, "f is convex and f'(1) = 1, so f' <= 1."),
                wrong("no-division", {"sup": SUP * q}, "Correlations are divided by q."),
                wrong("eighth", {"half_curvature": F2 / 8}, "At q = .763: .058 < .118.", checks=["slack-curvature"]),
            ],
            attack=[
                bound(
                    "curvature",
                    "sup",
                    "<=",
                    "half_curvature",
                    over={VARIANCE: ("1/100", 20)},
                    log=["q"],
                    text="f(0) <= f''(1)/2",
                )
            ],
            needs=needs_smooth,
        ),
        Reading(
            "separates",
            "For a rectifier the supremum is fixed, 1/pi: the claim separates the classes.",
            {"sup": 1 / sp.pi, "f": RELU_MAP},
            checks=[
                identity(
                    "rectifier", ("sup", "f"), lambda c: [(c["f"].subs(x, 0), c["sup"])], domain="its edge, one point"
                )
            ],
            wrong=[wrong("half", {"sup": HALF}, "f(0) = 1/pi.")],
        ),
    ],
)

# --- C6: is the edge made of limits? ---------------------------------------------------------------------------------


def on_edges(
    context: Context, formula: str | sp.Expr, places: Mapping[str, Sequence[Fraction | sp.Rational]]
) -> list[At]:
    """A formula with other activations at variances q; what it is compared with takes both."""
    cases = []
    for name, variances in places.items():
        setting = replace(context.setting, activation=activation(name))
        for at in variances:
            value = ball(context, formula, {q: at}, setting=setting)
            cases.append(At(value, f"{name}, q = {float(at):.9g}", where={q: at}, setting=setting))
    return cases


UNSTABLE = Note(
    id="unstable-edge",
    severity="major",
    text=(
        "The edge of chaos is defined by the limit of the variance, but on the edge of Swish the variance is an "
        "unstable fixed point for sigma_b below about .745 (GELU: .416): V'(q) > 1, so that no open set of inputs has "
        "it as its limit. It does not follow that Swish trains badly: inputs of exactly this variance keep it for "
        "log(1/deviation)/log V'(q) layers."
    ),
)


def attracting(context: Context) -> list[At]:
    """V'(q) at one point on the edges of tanh, Swish and GELU."""
    return on_edges(context, "slope", {"tanh": [HALF + FIFTH], "silu": [HALF + FIFTH], "gelu": [FIFTH]})


def weighted(context: Context) -> list[At]:
    """The slope without derivatives of phi: dE_q f/dq = E f (x^2/q - 1)/(2q)."""
    direct = WEIGHT * E(phi**2 * (X**2 / q - 1), variance=q) / (2 * q)
    return on_edges(context, direct, dict.fromkeys(("tanh", "silu", "gelu"), (FIFTH, HALF + FIFTH, 2 * ONE)))


def swish_starts(context: Context) -> list[Case]:
    """V at both sides of the unstable variance q = .68945 of Swish; V increases, which gives the rest."""
    setting = replace(context.setting, activation=activation("silu"))
    setting = setting.with_values(sigma_b=Fraction(1, 5), sigma_w=Fraction(167953160, 10**8))
    up, cases = context["up"] > 0, []
    for start, grows in ((Fraction(68, 100), False), (Fraction(70, 100), True)):
        before, after = exact(start), ball(context, "V", {q: start}, setting=setting)
        cases.append(Case(*((before, after) if grows == up else (after, before)), f"q0 = {start}"))
    return cases


def sign_change(context: Context) -> list[Case]:
    """E_q phi'' phi on both sides of its zero, and at places below."""
    cases, unit = [], sp.Rational(1, 10**7)
    for name in ("silu", "gelu"):
        zero = context[name]
        below = [zero - unit, *(zero * n / 8 for n in range(1, 8))]
        *low, above = on_edges(context, E(phi * d2phi, variance=q), {name: [*below, zero + unit]})
        cases += [Case(arb(0), at.value, at.label) for at in low] + [Case(above.value, arb(0), above.label)]
    return cases


ON_EDGES = "one point on each edge, given by its q"
STARTS = "Swish at sigma_b = 1/5, sigma_w = 1.67953160: q0 = .68 falls, .70 grows"
V = sigma_w**2 * E(phi**2, variance=q) + sigma_b**2
stability = Claim(
    "limit-variance",
    title="The edge is made of limits of the variance",
    statement=r"The edge is the set of $(\sigma_b, \sigma_w)$ for which $q^l$ has a finite limit and $\chi_1 = 1$.",
    source="1805.08266, definition of the edge; its stability derived here",
    known="text read",
    no_inequality="counterexamples are given",
    readings=[
        Reading(
            "strict",
            "For the activations of the text the q of the edge is a limit from an open set of inputs: V'(q) <= 1.",
            {"slope": SLOPE, "limit": ONE},
            checks=[
                noted(
                    encloses("attracting", "limit", attracting, relation="<", uses=["slope"], domain=ON_EDGES),
                    UNSTABLE,
                    when=False,
                )
            ],
            wrong=[wrong("half", {"limit": HALF}, "On the edge of Swish at q = 7/10 the slope is 1.099.")],
        ),
        Reading(
            "setting",
            "In the setting V'(q) < 1: the variance is a limit.",
            {"slope": SLOPE},
            checks=[
                encloses(
                    "attracting", "slope", at_its_q(lambda _: arb(1)), relation=">", whole=True, domain="in the setting"
                )
            ],
            wrong=[wrong("opposite", {"slope": 2 - SLOPE}, "E phi'' phi is negative for tanh.")],
            needs=needs_point,
        ),
        Reading(
            "normalised",
            "Inputs of exactly this variance keep it; a deviation grows by V'(q) = 1 + sigma_w^2 E phi'' phi a layer.",
            {"slope": SLOPE},
            checks=[encloses("weighted", "slope", weighted, digits=8, domain="three activations, q = 1/5, 7/10, 2")],
            wrong=[wrong("chi", {"slope": ONE}, "V' is chi_1 + sigma_w^2 E phi'' phi.")],
        ),
        Reading(
            "swish",
            "Swish at sigma_b = 1/5: the variance .68945 repels on both sides.",
            {"V": V, "up": ONE},
            checks=[compared("starts", ("V", "up"), swish_starts, kind=Kind.CERTIFIED, relation="<", domain=STARTS)],
            wrong=[
                wrong("attracts", {"up": -ONE}, "V(.70) > .70."),
                wrong("no-bias", {"V": V - sigma_b**2}, "V(.70) would be .663."),
            ],
        ),
        Reading(
            "range",
            "The edge is unstable for q < 14.320173618 (Swish), q < 3.5615528 (GELU): the zeros of E phi'' phi.",
            {"silu": sp.Rational("14.320173618"), "gelu": sp.Rational("3.5615528")},
            checks=[
                compared(
                    "sign",
                    ("silu", "gelu"),
                    sign_change,
                    kind=Kind.CERTIFIED,
                    relation="<",
                    domain="both sides of the zero, 1e-7 apart, and seven places below",
                )
            ],
            wrong=[
                wrong("silu", {"silu": sp.Rational("14.32018")}, "The zero is at 14.3201736."),
                wrong("gelu", {"gelu": sp.Rational("3.562")}, "The zero is at 3.5615528."),
            ],
        ),
    ],
)

# --- C7: a domain of convergence -------------------------------------------------------------------------------------


def stein(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """dE_q f/dq = E f''/2 for f = phi^2, by parts in the density."""
    density = sp.exp(-(X**2) / (2 * q)) / sp.sqrt(2 * sp.pi * q)
    heat = sp.diff(density, q) - sp.diff(density, X, 2) / 2
    g = sp.Function("g")(X)
    return [
        (sp.simplify(heat), sp.Integer(0)),
        (sp.expand(sp.diff(g**2, X, 2) / 2), sp.expand(context["inner"].subs(sp.Symbol("g"), g).doit())),
    ]


G = sp.Function("g")(X)
INNER = sp.diff(G, X) ** 2 + sp.diff(G, X, 2) * G


# For ReLU phi'^2 + phi'' phi is the indicator of x > 0 (phi'' is a mass at 0, where phi = 0).
HALF_LINE = identity("half-line", "M", lambda c: [(half_line(0), c["M"])], domain="ReLU, every q")


def beyond_domain(context: Context) -> Evidence:
    """Fixed points of V for tanh where sigma_w^2 M > 1: with one of them an increasing bounded V converges to it."""
    weight, tanh = context["weight"], activation("tanh")
    found = fixed_points(LengthMap(tanh, Fraction(int(weight.p), int(weight.q)), Fraction(9, 100)), 8)
    single = len(found.points) == 1 and found.points[0].order == "<"
    note = Note(
        id="sufficient",
        severity="remark",
        text=(
            "The domain sigma_w^2 M < 1 is sufficient, far from necessary: for tanh it is sigma_w < 1, while the "
            "variance converges from every start also beyond."
        ),
    )
    return Evidence(
        passed=False if single and weight > 1 else None,
        lhs=f"sigma_w^2 = {weight}",
        rhs="diverges",
        error=0.0,
        domain=found.statement,
        reason=f"V has one fixed point, {found.points[0].value.str(8)}, and it is stable",
        notes=(note,),
    )


domain = Claim(
    "variance-domain",
    title="A domain where the variance converges",
    statement=(
        r"If $\sigma_w^2 M_\phi < 1$, $M_\phi = \sup_x E|\phi'(xZ)^2 + \phi''(xZ)\phi(xZ)|$, the variance converges "
        r"from every start, for every $\sigma_b$."
    ),
    source="1805.08266, Proposition 1; the definition of M_phi from a text without displayed equations",
    known="text read",
    readings=[
        Reading(
            "stated",
            "V is a contraction: |V'(q)| = sigma_w^2 |E_q[phi'^2 + phi'' phi]| <= sigma_w^2 M; M = 1 for tanh.",
            {"inner": INNER, "slope": E(sp.diff(sp.tanh(X) ** 2, X, 2) / 2, variance=q), "M": ONE},
            checks=[identity("stein", "inner", stein, domain="all smooth phi of polynomial growth, all q > 0")],
            wrong=[
                wrong("chi-only", {"inner": sp.diff(G, X) ** 2}, "(phi^2)''/2 has the term phi'' phi."),
                wrong("half", {"M": HALF}, "At q = 0 it is phi'(0)^2 = 1.", checks=["slack-contraction"]),
            ],
            attack=[
                bound(
                    "contraction",
                    "slope",
                    "<=",
                    "M",
                    over={VARIANCE: ("1/1000", 50)},
                    text="V'(q) <= sigma_w^2 M",
                    log=["q"],
                )
            ],
        ),
        Reading(
            "rectifier",
            "M = 1/2 for ReLU: the domain is sigma_w^2 < 2.",
            {"M": HALF},
            checks=[HALF_LINE],
            wrong=[wrong("two", {"M": 2 * ONE}, "It is the probability of x > 0.")],
        ),
        Reading(
            "remark",
            "M = 2 for ReLU, as a remark has it (1/M is meant).",
            {"M": 2 * ONE},
            checks=[HALF_LINE],
            wrong=[wrong("one", {"M": ONE}, "It is the probability of x > 0.")],
        ),
        Reading(
            "necessary",
            "Beyond the domain the variance need not converge: it diverges for tanh at sigma_w^2 = 9/4.",
            {"weight": sp.Rational(9, 4)},
            checks=[custom("tanh", "weight", beyond_domain, kind=Kind.CERTIFIED)],
            wrong=[wrong("four", {"weight": 4 * ONE}, "V is bounded, increasing and has one fixed point.")],
            claimed=False,
        ),
    ],
)

# --- C8: hard tanh ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def inside_integrals() -> tuple[sp.Expr, sp.Expr]:
    """Integrals of 1 and x^2 over [-1, 1] by SymPy."""
    return 2 * sp.integrate(DENSITY, (x, 0, 1)), 2 * sp.integrate(x**2 * DENSITY, (x, 0, 1))


def clipped_integrals(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The integrals; outside [-1, 1] phi^2 = 1."""
    inside, square = inside_integrals()
    return [(inside, context["slope"]), (sp.expand(square + 1 - inside), sp.expand(context["square"]))]


def clipped_cases(_: Context) -> list[At]:
    """E phi^2 by certified quadrature over the pieces."""
    clip = activation("hardtanh")
    return [
        At(LengthMap(clip, 1, 0).V(v, 15), f"q = {v}", float(v), {q: sp.Rational(v.numerator, v.denominator)})
        for v in (Fraction(1, 10), Fraction(2, 5), Fraction(1), Fraction(2), Fraction(10))
    ]


hard = Claim(
    "hard-tanh",
    title="Hard tanh in closed form",
    statement=(
        r"For $\phi = \min(\max(x, -1), 1)$: "
        r"$E_q\phi^2 = 1 - (1-q)\,\mathrm{erf}(1/\sqrt{2q}) - \sqrt{2q/\pi}\,e^{-1/(2q)}$, "
        r"$E_q{\phi'}^2 = \mathrm{erf}(1/\sqrt{2q})$."
    ),
    source="derived here: an anchor for kinks",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "For every q > 0.",
            {"square": CLIPPED, "slope": INSIDE},
            checks=[
                identity("integrals", ("square", "slope"), clipped_integrals, domain="q > 0"),
                encloses(
                    "quadrature", "square", clipped_cases, x_label="q", y_label="E phi^2", domain="q = 1/10, ..., 10"
                ),
            ],
            wrong=[
                wrong("no-tail", {"square": CLIPPED - 1 + INSIDE}, "Outside [-1, 1] phi^2 = 1."),
                wrong("erf-argument", {"slope": sp.erf(1 / sp.sqrt(q))}, "P(|x| < 1) = erf(1/sqrt(2q))."),
            ],
        )
    ],
)
CLAIMS = (rectifier_claim, rectifiers, equations, smooth_claim, closeness, stability, domain, hard)
