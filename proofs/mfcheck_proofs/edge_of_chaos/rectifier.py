"""C1 and C2: rectifiers of one and of two slopes."""

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Estimate,
    Kind,
    Reading,
    Step,
    agree,
    ball,
    encloses,
    identical,
    identity,
    positive_on,
    proof,
    wrong,
)
from mfcheck.gaussian import J, pair
from mfcheck.networks import depth_exponent, depth_limit, geometric_depths, iterate
from mfcheck.networks import relu_gap as relu_step
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.edge_of_chaos.edge import (
    HALF,
    LEAKY,
    ONE,
    RATE,
    Array,
    S,
    h,
    q,
    rectifier_gaps,
    slope_neg,
    slope_pos,
    t,
    x,
)
from mfcheck_proofs.edge_of_chaos.networks import Net, simulated

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


TO_A_MILLION = "recursion to depth 10^6 from c0 = 0"
NETWORKS = "random networks, widths 250 and 1000"
DEEP = tuple(geometric_depths(1000, 1_000_000, 7))


@lru_cache(maxsize=4)
def deep_gaps(start: float) -> Array:
    """1 - c at the depths DEEP, in doubles; the relative rounding of a million steps stays below 1e-9."""
    return iterate(relu_step, [1 - start], DEEP)[:, 0]


def deep_rate(_: Context) -> Estimate:
    """Limit of (1 - c) l^2 from c0 = 0."""
    return depth_limit(DEEP, deep_gaps(0.0) * np.array(DEEP, float) ** 2).estimate()


def deep_exponent(_: Context) -> Estimate:
    """Limit of the local exponents from c0 = 0."""
    return depth_exponent(DEEP, deep_gaps(0.0)).estimate()


def rectifier_networks(context: Context) -> list[At]:
    """The correlation after each of three layers; the formula gets the true one before."""
    nets = context.budget.pick(200, 1000, 5000)
    net = Net(activation("relu"), math.sqrt(2), 0.0, 1.0, 0.0)
    found = simulated(net, (1, 2, 3), (250, 1000), nets, context.seed)
    before = [arb(0), *(1 - e for e in rectifier_gaps(Fraction(0), (1, 2), 15))]
    gaps = [found[f"gap {m}"] for m in (1, 2, 3)]
    return [
        At(e.but(value=1 - e.value), f"layer {m}", m, {x: c})
        for m, (e, c) in enumerate(zip(gaps, before, strict=True), 1)
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


SLOW = "At depth 100 the gap of a rectifier is a fifth below its law 9 pi^2/(2 l^2): the correction is -3 log(l)/l."
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
                encloses(
                    "deviation", "tolerance", deviation_at_100, relation="<=", whole=True, domain="c0 = 0, depth 100"
                )
            ],
            wrong=[wrong("percent", {"tolerance": sp.Rational(1, 100)}, "e l^2 is 35.77 against 44.41.")],
        ),
        Reading(
            "remainder",
            "1 - c^l = 9 pi^2/(2 l^2) + O(l^-3), as a follow-up prints it: no log(l)/l^3.",
            {"s": S, "log_coefficient": sp.Integer(0)},
            checks=[
                identity(
                    "logarithm", ("s", "log_coefficient"), logarithm, domain="coefficient of log(l)/l in e l^2/rate"
                )
            ],
            wrong=[wrong("other-sign", {"log_coefficient": 3 * ONE}, "e l^2 approaches its limit from below.")],
        ),
        Reading(
            "logarithm",
            "e l^2/rate = 1 - 3 log(l)/l + O(1/l).",
            {"s": S, "log_coefficient": -3 * ONE},
            checks=[
                identity(
                    "logarithm", ("s", "log_coefficient"), logarithm, domain="coefficient of log(l)/l in e l^2/rate"
                ),
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
