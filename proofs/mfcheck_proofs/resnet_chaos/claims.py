"""Claims of the paper."""

import math
from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx

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
    Question,
    Reading,
    Standard,
    Step,
    agree,
    ball,
    bound,
    curve,
    custom,
    decide,
    encloses,
    identical,
    identity,
    noted,
    number,
    positive_on,
    proof,
    wrong,
)
from mfcheck.gaussian import expectation, power_map, power_map_float, power_moment, sech_averages
from mfcheck.networks import depth_exponent, depth_limit, geometric_depths, iterate, relu_gap
from mfcheck.statistics import exactly
from mfcheck.symbolic.activation import X
from mfcheck_proofs.resnet_chaos.values import (
    DELTA,
    GAP,
    GROWTH,
    K1,
    LOG_GRAD,
    P_DEPTH,
    POWER,
    POWER_E_STAR,
    POWER_MU,
    A,
    Array,
    B,
    R,
    S,
    a,
    at_depth,
    cosine_difference,
    e,
    e_star,
    limits,
    power_fixed,
    power_path,
    require_tanh,
    sigma_a,
    sigma_v,
    sigma_w,
    tanh_path,
)

MEMORY, DERIVED = "from memory", "1712.08969, from memory; derived here"
HALF, ONE = sp.Rational(1, 2), sp.Integer(1)
t, q, h, ell = sp.symbols("t q h l", positive=True)
KAPPA = 2 * sigma_v**2 * sp.sqrt(2 / sp.pi) / (sigma_w * sp.sqrt(S))
SECOND, FOURTH = 2 / sp.sqrt(2 * sp.pi * q), 4 / (3 * sp.sqrt(2 * sp.pi * q))
INF_WIDTH = Note(
    id="infinite-width",
    severity="minor",
    text="The laws are about infinite depth after infinite width; no proof read covers the limits in the other order.",
)
DEEP = "recursion to depth 80000 or more"

# --- C1, C2: growth and gradient -------------------------------------------------------------------------------------


def large_variance(context: Context) -> list[At]:
    """E sech^2 and E sech^4 at q = 10^8 over their leading terms, which are 1 + O(1/q)."""
    with ctx.workdps(40):
        return [
            At(value / ball(context, name, {q: sp.Integer(10) ** 8}) + arb(0, 1e-7), name)
            for name, value in zip(("second", "fourth"), sech_averages(arb(10) ** 8, 25), strict=True)
        ]


def growth_steps(context: Context) -> Iterable[Step]:
    """P' - p - s = -sigma_v^2 E sech^2 goes to 0 like l^(-1/2); by Stolz (p - s l)/sqrt l has the limit of the ratio."""
    p = context["speed"] * ell
    change = -(sigma_v**2) * context["second"].subs(q, sigma_w**2 * p)
    return identical(
        {
            "integral of sech^2": (2 * sp.limit(sp.tanh(t), t, sp.oo) / sp.sqrt(2 * sp.pi * q), context["second"]),
            "speed": (context["speed"], S),
            "correction": (sp.powsimp(change / sp.diff(sp.sqrt(ell), ell)), -context["kappa"]),
        }
    )


def path(context: Context) -> tuple[Array, Array, Array]:
    """Depths by doubling, p, and the logarithm of the gradient ratio there."""
    depths = tuple(1250 * 2**k for k in range(context.budget.pick(7, 8, 10)))
    return np.array(depths), *tanh_path(context.setting, depths).T


def speed(context: Context) -> Estimate:
    """p/l in the limit of depth."""
    depths, p, _ = path(context)
    return depth_limit(depths, p / depths).in_any_case()


def correction(context: Context) -> Estimate:
    """(s l - p)/sqrt l in the limit of depth."""
    depths, p, _ = path(context)
    return depth_limit(depths, (number(context, S) * depths - p) / np.sqrt(depths)).in_any_case()


def networks(name: str) -> Callable[[Context], list[At]]:
    """What networks of a few depths have in the limit of width, against the recursion in balls."""

    def measure(context: Context) -> list[At]:
        nets = context.budget.pick(32, 120, 400)
        settings = {depth: context.setting.with_values(depth=depth) for depth in (4, 12)}
        found = {depth: limits(setting, nets, context.seed)[name] for depth, setting in settings.items()}
        return [At(found[d], f"depth {d}", d, setting=setting) for d, setting in settings.items()]

    return measure


NETWORKS = "random networks, widths 40 and 160 (the correction 1/N removed), depths 4, 12"
tanh_growth = Claim(
    "tanh-growth",
    title="tanh: the second moment grows linearly",
    statement=r"$p^l = s l - \frac{2\sigma_v^2\sqrt{2/\pi}}{\sigma_w\sqrt s}\sqrt l + O(\log l)$, $s = \sigma_v^2 + \sigma_a^2$.",
    source=DERIVED,
    known=MEMORY,
    no_inequality="it states an asymptotic equality",
    readings=[
        Reading(
            "stated",
            "Speed and first correction.",
            {"speed": S, "kappa": KAPPA, "second": SECOND, "fourth": FOURTH, "ratio": ONE, "p": P_DEPTH.symbol},
            checks=[
                proof(
                    "series",
                    ("speed", "kappa", "second"),
                    growth_steps,
                    kind=Kind.EXACT,
                    domain="all variances, every p0 > 0",
                ),
                encloses("averages", "ratio", large_variance, uses=["second", "fourth"], digits=6, domain="q = 10^8"),
                agree("speed", "speed", speed, resolution=0.02, domain=DEEP),
                agree("correction", "kappa", correction, resolution=0.1, domain=DEEP),
                noted(agree("networks", "p", networks("p"), domain=NETWORKS, group="networks"), INF_WIDTH),
            ],
            wrong=[
                wrong("only-v", {"speed": S + sigma_v**2}, "tanh^2 goes to 1, once."),
                wrong("half", {"kappa": KAPPA / 2}, "The sum of l^(-1/2) is 2 sqrt l."),
                wrong("inverse", {"second": 2 / q}, "The density at 0 is (2 pi q)^(-1/2)."),
                wrong("fourth", {"fourth": SECOND}, "The integral of sech^4 is 4/3.", checks=["averages"]),
                wrong("double", {"p": 2 * P_DEPTH.symbol}, "The recursion is what networks follow."),
            ],
            needs=require_tanh,
        )
    ],
)


def gradient_series(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """log(1 + sigma_v^2 sigma_w^2 E sech^4) at p = s l - kappa sqrt l in h = l^(-1/2): A h/2 + B h^2 + O(h^3 log)."""
    variance = sigma_w**2 * (S - context["kappa"] * h) / h**2
    term = sp.log(1 + sigma_v**2 * sigma_w**2 * context["fourth"].subs(q, variance))
    found = sp.series(sp.powsimp(term, force=True), h, 0, 3).removeO().expand()
    return [(2 * found.coeff(h, 1), context["A"]), (sp.simplify(found.coeff(h, 2)), context["B"])]


def remainder(context: Context) -> Estimate:
    """Slope of log_grad - A sqrt L in log L, from doublings."""
    depths, _, log_grad = path(context)
    rest = log_grad - number(context, A) * np.sqrt(depths)
    return depth_limit(depths[1:], np.diff(rest) / math.log(2)).in_any_case()


def root_law(context: Context) -> Estimate:
    """log_grad/sqrt L without its logarithm, in the limit of depth."""
    depths, _, log_grad = path(context)
    return depth_limit(depths[1:], np.diff(log_grad) / np.diff(np.sqrt(depths))).in_any_case()


def gradient_exponent(context: Context) -> Estimate:
    """Local exponents of log_grad."""
    depths, _, log_grad = path(context)
    return depth_exponent(depths, log_grad).in_any_case()


def gradient_picture(context: Context) -> Evidence:
    """The certified recursion against A sqrt L + B log L: what is left changes by less than a share of A sqrt L."""
    depths = (10, 100, 400, 1600)
    found = [at_depth(1)(context.setting.with_values(depth=depth), 12) for depth in depths]
    laws = [ball(context, context["A"] * sp.sqrt(depth) + context["B"] * sp.log(depth)) for depth in depths]
    curves = curve("recursion", depths, found, "points"), curve("A sqrt L + B log L", depths, laws)
    title = "Logarithm of the gradient in depth"
    plot = Plot(id="gradient", title=title, x_label="L", y_label="log chi", x_log=True, curves=curves)
    before, after = depths[-2:]
    change = abs((found[-1] - laws[-1]) - (found[-2] - laws[-2]))
    share = ball(context, A * (sp.sqrt(after) - sp.sqrt(before)) / 20)
    case = Case(change, share, f"L = {before} to {after}")
    return decide([case], Standard("<"), "change of the rest against a twentieth of that of A sqrt L", plot=plot)


PREFACTOR = Note(
    id="prefactor",
    severity="major",
    text=(
        "The gradient is exp(A sqrt L) times L^B, with B = (4/(3 pi)) sigma_v^4/s^2 - (4/(9 pi)) sigma_v^4 sigma_w^2/s, which changes "
        "sign with sigma_w (reduced network: at sqrt 3). Theta(exp(A sqrt L)) holds only where sigma_w^2 s = 3."
    ),
)


def reduced(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """B of the reduced network, and its zero."""
    return [(B.subs({sigma_v: 1, sigma_a: 0}), context["B"]), (context["B"].subs(sigma_w, context["zero"]), 0 * ONE)]


tanh_gradient = Claim(
    "tanh-gradient",
    title="tanh: gradients grow like exp(A sqrt L) L^B",
    statement=(
        r"$\log(\chi^0/\chi^L) = A\sqrt L + B\log L + O(1)$, $A = \frac43\sqrt{2/\pi}\,\sigma_v^2\sigma_w/\sqrt s$, "
        r"$B = \frac{4\sigma_v^4}{3\pi s^2} - \frac{4\sigma_v^4\sigma_w^2}{9\pi s}$."
    ),
    source=DERIVED,
    known=MEMORY,
    no_inequality="it states an asymptotic equality",
    readings=[
        Reading(
            "theta",
            "The logarithm is of the exact order sqrt L, with the constants A and B.",
            {"A": A, "B": B, "kappa": KAPPA, "fourth": FOURTH, "order": HALF, "log_grad": LOG_GRAD.symbol},
            checks=[
                identity("series", ("A", "B", "kappa", "fourth"), gradient_series, domain="all variances"),
                agree("root", "A", root_law, resolution=0.05, domain=DEEP),
                agree("logarithm", "B", remainder, resolution=0.2, domain=DEEP),
                agree("exponent", "order", gradient_exponent, resolution=0.05, domain=f"local exponents, {DEEP}"),
                custom("rest", ("A", "B"), gradient_picture, kind=Kind.CERTIFIED),
                noted(
                    agree("networks", "log_grad", networks("log_grad"), domain=NETWORKS, group="networks"), INF_WIDTH
                ),
            ],
            wrong=[
                wrong("no-root-s", {"A": A * sp.sqrt(S)}, "At (1, 1.3, .7) it is 1.798 for 1.218.", checks=["series"]),
                wrong("half-A", {"A": A / 2}, "E sech^4 has the integral 4/3."),
                wrong("power-q", {"fourth": 4 / (3 * q)}, "Then the gradient would grow like a power of L only."),
                wrong(
                    "no-forward",
                    {"B": B - 4 * sigma_v**4 / (3 * sp.pi * S**2)},
                    "The sqrt in p counts: -.1415 for .2829.",
                    checks=["series", "logarithm"],
                ),
                wrong("exponential", {"order": ONE}, "log_grad/L falls from .264 to .0108 between 10 and 10^4."),
                wrong("no-kappa", {"kappa": 0 * KAPPA}, "The correction of p enters B."),
                wrong("double", {"log_grad": 2 * LOG_GRAD.symbol}, "The recursion is what networks follow."),
            ],
            needs=require_tanh,
        ),
        Reading(
            "sharp",
            "chi^0/chi^L = Theta(exp(A sqrt L)), without a power of L.",
            {"prefactor": 0 * ONE},
            checks=[noted(encloses("prefactor", "prefactor", B, domain="in the setting"), PREFACTOR, when=False)],
            wrong=[wrong("minus", {"prefactor": -ONE}, "B is .28 in the default setting.")],
            needs=require_tanh,
        ),
        Reading(
            "reduced",
            "Reduced network: B = 4/(3 pi) - 4 sigma_w^2/(9 pi), zero at sigma_w = sqrt 3.",
            {"B": 4 / (3 * sp.pi) - 4 * sigma_w**2 / (9 * sp.pi), "zero": sp.sqrt(3)},
            checks=[identity("special-case", ("B", "zero"), reduced, domain="sigma_v = 1, sigma_a = 0")],
            wrong=[wrong("three", {"zero": 3 * ONE}, "sigma_w^2 = 3.")],
        ),
    ],
)

# --- C3: cosine ------------------------------------------------------------------------------------------------------

ANGLE = 1 - sp.tan(t / 2) / t
"""The exponent at e* = cos t."""


def cosine_steps(context: Context) -> Iterable[Step]:
    """P (e' - e) = sigma_v^2 (2/pi) asin e + sigma_a^2 - s e with p = s l: the slope over s is -delta at the root."""
    right = (sigma_v**2 * 2 / sp.pi * sp.asin(e) + sigma_a**2) / S - e
    # At the root sigma_a^2/sigma_v^2 = (e - (2/pi) asin e)/(1 - e), so that s/sigma_v^2 = (2/pi) acos(e)/(1 - e).
    share = (1 - sp.cos(t)) * sp.pi / (2 * t)
    at_root = context["delta"].subs(sigma_a**2, sigma_v**2 / share - sigma_v**2)
    tangent = at_root.subs(sp.sqrt(1 - e**2), sp.sin(t)).subs(sp.sqrt(1 - sp.cos(t) ** 2), sp.sin(t))
    half = tangent.rewrite(sp.tan).subs(sp.tan(t / 2), h)
    return identical(
        {
            "linearised": (sp.diff(right, e), -context["delta"]),
            "in the angle": (sp.simplify(half), context["angle"].subs(sp.tan(t / 2), h)),
        }
    )


def range_steps(context: Context) -> Iterable[Step]:
    """tan(t/2)/t is between 1/2 and 2/pi on (0, pi/2]."""
    yield positive_on("delta < 1/2", sp.tan(t / 2) - (1 - context["upper"]) * t, t, sp.pi / 2, 3)
    yield from identical({"delta at pi/2": (ANGLE.subs(t, sp.pi / 2), context["lower"])})
    yield positive_on("tan(t/2) is convex", sp.diff(sp.tan(t / 2), t, 2), t, sp.pi / 2, 1)


DRIFT = Note(
    id="drift",
    severity="remark",
    text=(
        "delta* is below 1/2 for all variances, so that the cosine still drifts at practical depth; the correction of p, of "
        "relative order l^(-1/2), decays only a little faster and pollutes exponents read off single trajectories."
    ),
)


def root_case(context: Context) -> list[At]:
    """e* against the other side of its equation, at sigma_a = 1/2."""
    setting = context.setting.with_values(sigma_a=Fraction(1, 2))
    return [At(e_star(setting, 20), setting=setting)]


def difference_exponent(context: Context) -> list[At]:
    """Minus the exponent of the difference of two trajectories with equal p."""
    cases = []
    depths = tuple(geometric_depths(4000, context.budget.pick(256_000, 512_000, 2_000_000), 7))
    for shift in (Fraction(0), Fraction(1, 2), Fraction(1)):
        setting = context.setting.with_values(sigma_a=shift)
        local = depth_exponent(depths, cosine_difference(setting, depths))
        found = local.in_any_case()
        value = exactly(-found.value, found.error + float(np.ptp(local.values[-3:])))
        cases.append(At(value, f"sigma_a = {shift}", float(shift), setting=setting))
    return cases


tanh_cosine = Claim(
    "tanh-cosine",
    title="tanh: the cosine goes to e* like a power",
    statement=(
        r"$e^l \to e^*$, the root in $[0,1)$ of $e s = \sigma_v^2\frac2\pi\arcsin e + \sigma_a^2$, and "
        r"$|e^l - e^*| \sim l^{-\delta^*}$, $\delta^* = 1 - \frac2\pi\frac{\sigma_v^2}{s\sqrt{1-e^{*2}}} \in [1 - \frac2\pi, \frac12)$."
    ),
    source=DERIVED,
    known=MEMORY,
    readings=[
        Reading(
            "difference",
            "Two trajectories with equal p and different cosines approach each other like l^(-delta*).",
            {"delta": DELTA, "angle": ANGLE, "root": (sigma_v**2 * 2 / sp.pi * sp.asin(e) + sigma_a**2) / S},
            checks=[
                proof(
                    "linearisation",
                    ("delta", "angle"),
                    cosine_steps,
                    kind=Kind.EXACT,
                    domain="all variances, e* = cos t",
                ),
                encloses("root", "root", root_case, domain="sigma_a = 1/2"),
                agree(
                    "recursion",
                    "delta",
                    difference_exponent,
                    resolution=0.05,
                    x_label="sigma_a",
                    y_label="exponent",
                    domain="expansion at large variance to depth 256000 or more",
                ),
            ],
            wrong=[
                wrong("one-over-pi", {"delta": (1 + DELTA) / 2}, "At sigma_a = 0 it would be .6817."),
                wrong("constant", {"delta": 1 - 2 / sp.pi}, "It depends on sigma_a: .438 at 1/2."),
                wrong("no-arcsine", {"root": (sigma_v**2 * e + sigma_a**2) / S}, "The kernel of sign is the arcsine."),
            ],
            needs=require_tanh,
        ),
        Reading(
            "range",
            "delta* lies in [1 - 2/pi, 1/2): the cosine still drifts at practical depth.",
            {"lower": 1 - 2 / sp.pi, "upper": HALF, "angle": ANGLE},
            checks=[proof("range", ("lower", "upper"), range_steps, domain="0 < t <= pi/2", notes=(DRIFT,))],
            wrong=[
                wrong("third", {"upper": sp.Rational(1, 3)}, "At sigma_a = 0 it is .363.", checks=["slack-below"]),
                wrong("quarter", {"lower": sp.Rational(2, 5)}, "At sigma_a = 0 it is .363."),
            ],
            attack=[bound("below", "angle", "<=", "upper", over={t: ("1/100", "157/100")}, text="delta* <= 1/2")],
        ),
    ],
)

# --- C4: ReLU --------------------------------------------------------------------------------------------------------

DROP = (sp.sin(t) - t * sp.cos(t)) / sp.pi


def relu_series(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E' = (e + B' J(e))/(1 + B'): the gap loses the share B'/(1 + B') of the drop, s x^(3/2) to first order."""
    growth = context["growth"] - 1
    s = sp.sqrt(sp.limit(DROP**2 / (1 - sp.cos(t)) ** 3, t, 0)) * growth / (1 + growth)
    speed = sp.limit((1 / sp.sqrt(1 - t * h) - 1) / h, h, 0).subs(t, s)
    relu_second = sp.integrate(X**2 * sp.exp(-(X**2) / (2 * q)) / sp.sqrt(2 * sp.pi * q), (X, 0, sp.oo))
    return [
        (sp.simplify(relu_second / q * sigma_v**2 * sigma_w**2), growth),
        (sp.simplify(1 / speed**2 - context["gap"]), sp.Integer(0)),
    ]


def relu_recursion(context: Context) -> Estimate:
    """(1 - e) l^2 in the limit of depth."""
    depths = geometric_depths(2000, context.budget.pick(500_000, 1_000_000, 4_000_000), 7)
    found = iterate(relu_gap, [0.5, number(context, 1 - 1 / GROWTH)], depths)[:, 0]
    return depth_limit(depths, found * np.array(depths, float) ** 2).in_any_case()


EXPONENTIAL = Note(
    id="relu-exponential",
    severity="major",
    text=(
        "Residual connections do not make the dynamics sub-exponential for ReLU: p and the gradient grow by the factor "
        "1 + sigma_v^2 sigma_w^2/2 in every layer. Only the cosine is polynomial."
    ),
)
SUB_EXPONENTIAL = encloses("factor", "factor", GROWTH, relation="<=", domain="in the setting")
relu = Claim(
    "relu",
    title="ReLU: exponential gradients, polynomial cosine",
    statement=(
        r"$p$ and the gradient grow like $(1+B')^l$, $B' = \sigma_v^2\sigma_w^2/2$; "
        r"$1 - e^l \sim \frac{9\pi^2}{2}\left(\frac{1+B'}{B'}\right)^2 l^{-2}$."
    ),
    source=DERIVED,
    known=MEMORY,
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "Without biases: beside the exponential growth of p they are soon negligible.",
            {"growth": GROWTH, "gap": GAP},
            checks=[
                identity("series", ("growth", "gap"), relu_series, domain="all variances"),
                agree("recursion", "gap", relu_recursion, resolution=0.02, domain="recursion to depth 500000 or more"),
            ],
            wrong=[
                wrong(
                    "plain",
                    {"gap": sp.Rational(9, 2) * sp.pi**2},
                    "The skip connection slows it: 399.7 for 44.4 at B' = 1/2.",
                ),
                wrong("no-half", {"growth": 1 + sigma_v**2 * sigma_w**2}, "Half of the inputs are positive."),
            ],
        ),
        Reading(
            "sub-exponential",
            "Residual connections make all dynamics sub-exponential: no factor above 1 in each layer.",
            {"factor": ONE},
            checks=[noted(SUB_EXPONENTIAL, EXPONENTIAL, when=False)],
            wrong=[wrong("half", {"factor": HALF}, "It is 3/2 in the default setting.")],
        ),
    ],
)

# --- C5 to C7: the power family --------------------------------------------------------------------------------------


def second_cases(context: Context) -> list[At]:
    """E relu^(2a) by certified quadrature; at a = 1 it is 1/2."""
    cases = [At(arb(1) / 2, "a = 1", where={a: ONE})]
    for power in (sp.Rational(3, 5), sp.Rational(3, 4), sp.Rational(9, 10)):
        value = expectation(sp.Max(X, 0) ** (2 * power), 1, 0, 15)
        cases.append(At(value, f"a = {power}", float(power), {a: power}))
    return cases


def power_balance(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """P = K l^(1/(1-a)): p' - p is its derivative to first order, sigma_v^2 c_a (sigma_w^2 p)^a; exponents agree."""
    root = sigma_v**2 * sigma_w ** (2 * a) * context["second"] * (1 - a)
    logs = [sp.expand_log(sp.log(side), force=True).expand() for side in (context["K"], root)]
    return [(1 / (1 - a) - 1, sp.simplify(a / (1 - a))), (logs[0], logs[1] / (1 - a))]


ORDERS = Note(
    id="orders",
    severity="remark",
    text="R and mu do not depend on the variances, but K_1 spans more than eleven orders of magnitude from a = .6 to .9.",
)


def coefficient_spread(context: Context) -> list[At]:
    """K_1 at a = 3/5 over K_1 at a = 9/10, sigma_v = sigma_w = 1."""
    ends = [context["K"].subs({sigma_v: 1, sigma_w: 1, a: sp.Rational(k, 10)}) for k in (6, 9)]
    return [At(ball(context, ends[0] / ends[1]), "K_1(.6)/K_1(.9)", formula=ends[0] / ends[1])]


def power_course(context: Context) -> tuple[Array, Array, Array]:
    """Depths, p and the logarithm of the gradient ratio of the power family."""
    depths = geometric_depths(4000, context.budget.pick(1_000_000, 2_000_000, 8_000_000), 7)
    return np.array(depths), *power_path(context.setting, tuple(depths)).T


def power_coefficient(context: Context) -> Estimate:
    """p/l^(1/(1-a)) in the limit of depth, from p^(1-a)/l."""
    (depths, p, _), share = power_course(context), 1 - context.setting.number("power")
    found = depth_limit(depths, p**share / depths).in_any_case()
    value, relative = found.value ** (1 / share), found.error / found.value / share
    return exactly(value, value * math.expm1(relative))


def power_exponent(context: Context) -> Estimate:
    """Slope of the log gradient in log L."""
    depths, _, log_grad = power_course(context)
    return depth_limit(depths[1:], np.diff(log_grad) / np.diff(np.log(depths))).in_any_case()


def gradient_exponents(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """sigma_v^2 sigma_w^2 a^2 c_(a-1) (sigma_w^2 p)^(a-1) = R/l at p = K l^(1/(1-a)): all variances cancel."""
    u = sp.Symbol("u", positive=True)
    ratio = sp.expand_func(power_moment(u - HALF) / power_moment(u + HALF)).subs(u, a - HALF)
    return [
        (sp.simplify(a**2 * ratio / (1 - a) - context["R"]), sp.Integer(0)),
        (sp.simplify(context["R"] - context["least"] - (3 * a - 2) ** 2 / ((1 - a) * (2 * a - 1))), sp.Integer(0)),
    ]


VOID = Note(
    id="half",
    severity="minor",
    text="For powers of at most 1/2 E phi'^2 is infinite: the gradient theory says nothing.",
)


def infinite_slope(context: Context) -> Evidence:
    """E psi'^2 = a^2 int x^(2a-2) density: at x -> 0 the integral of x^(2a-2) is finite iff 2a - 2 > -1."""
    near = sp.integrate(t ** (2 * context["power"] - 2), (t, 0, 1))
    return Evidence(
        passed=near is not sp.oo,
        scope="whole",
        lhs=f"E psi'^2 = {near}",
        rhs="finite",
        error=0.0,
        domain=f"power = {context['power']}",
        reason="the expectation of the squared slope is infinite",
        notes=(VOID,),
    )


def power_difference(context: Context) -> Estimate:
    """Minus the local exponent of the difference of two trajectories with equal p, between the last depths."""
    power, depth = context.setting.number("power"), context.budget.pick(16_384, 32_768, 262_144)
    factor = number(context, sigma_v**2 * sigma_w ** (2 * a) * power_moment(a))
    centre = float(power_fixed(context.setting["power"], 15)[0].mid())
    first, second = centre - (1 - centre) / 1000, centre - (1 - centre) / 500
    p, found = context.setting.number("p0"), {}
    for layer in range(1, depth + 1):
        gain = factor * p**power
        share = gain / (p + gain)
        first, second = (x + share * (power_map_float(power, x) - x) for x in (first, second))
        p += gain
        if layer in (depth // 4, depth // 2, depth):
            found[layer] = math.log(first - second)
    before, last = found[depth // 4] - found[depth // 2], found[depth // 2] - found[depth]
    value = last / math.log(2)
    return exactly(value, 2 * abs(last - before) / math.log(2) + 1e-3 * value)


def linear_power(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """P (e' - e) = (p' - p)(J(e) - e) and p'/p - 1 = 1/((1-a) l): the slope is (J' - 1)/((1-a) l) = -mu/l."""
    return [((J1 - 1) * sp.diff(sp.log(ell) / (1 - a), ell), -context["mu"] / ell)]


def power_root(context: Context) -> arb:
    """J at e*."""
    power = context.setting["power"]
    found = power_fixed(power, 20)[0]
    with ctx.workdps(50):
        return power_map(power, found)


J1 = sp.Symbol("J1", real=True)
BELOW_ONE = {POWER: ("51/100", "99/100")}
power_growth = Claim(
    "power-growth",
    title="Powers: the second moment grows polynomially",
    statement=r"For $\psi_a(x) = \max(x,0)^a$: $p^l \sim K_1 l^{1/(1-a)}$, $K_1 = [\sigma_v^2\sigma_w^{2a}c_a(1-a)]^{1/(1-a)}$.",
    source=DERIVED,
    known=MEMORY,
    no_inequality="it states an asymptotic equality",
    readings=[
        Reading(
            "stated",
            "The coefficient by balance of first order; c_a = E psi_a^2.",
            {"K": K1, "second": power_moment(a), "ratio": sp.Integer(10) ** 11},
            checks=[
                identity("balance", ("K", "second"), power_balance, domain="all variances, 1/2 < a < 1"),
                encloses("moment", "second", second_cases, x_label="a", y_label="c_a", domain="a = 3/5, 3/4, 9/10, 1"),
                noted(
                    encloses("spread", "ratio", coefficient_spread, relation=">=", domain="sigma_v = sigma_w = 1"),
                    ORDERS,
                ),
                agree("recursion", "K", power_coefficient, resolution=0.05, domain="recursion to depth 10^6 or more"),
            ],
            wrong=[
                wrong(
                    "gamma",
                    {"second": 2 ** (a - 1) * sp.gamma(a - HALF) / sp.sqrt(sp.pi)},
                    "At a = 1 it gives 1, not 1/2.",
                ),
                wrong("no-share", {"K": K1 / (1 - a)}, "(1 - a) stands inside the bracket."),
                wrong("thirteen", {"ratio": sp.Integer(10) ** 13}, "It is .0107 against 4.9e-14."),
            ],
        )
    ],
)
power_gradient = Claim(
    "power-gradient",
    title="Powers: gradients grow polynomially",
    statement=r"$\chi^0/\chi^L \sim \mathrm{const}\cdot L^R$, $R = \frac{a^2}{(1-a)(2a-1)}$, least at $a = 2/3$, where $R = 4$.",
    source=DERIVED,
    known=MEMORY,
    readings=[
        Reading(
            "stated",
            "Universal: independent of every variance.",
            {"R": R, "least": 4 * ONE},
            checks=[
                identity("exponent", ("R", "least"), gradient_exponents, domain="1/2 < a < 1"),
                agree("recursion", "R", power_exponent, resolution=0.02, domain="recursion to depth 10^6 or more"),
            ],
            wrong=[
                wrong("plus", {"R": a**2 / ((1 - a) * (2 * a + 1))}, "At a = 3/4 it gives .9, not 4.5."),
                wrong("five", {"least": 5 * ONE}, "At a = 2/3 it is 4.", also=["slack-least"]),
            ],
            attack=[bound("least", "least", "<=", "R", over=BELOW_ONE, text="4 <= R")],
        ),
        Reading(
            "small-powers",
            "The same law at a = 1/2 and below.",
            {"power": HALF},
            checks=[custom("slope", "power", infinite_slope, kind=Kind.EXACT, question=Question.APPLIES)],
            wrong=[
                wrong("third", {"power": sp.Rational(1, 3)}, "The integral diverges there as well.", checks=["slope"])
            ],
        ),
    ],
)
power_cosine = Claim(
    "power-cosine",
    title="Powers: the cosine goes to e* < 1 like a power",
    statement=r"$e^l \to e^* < 1$, the stable fixed point of $J_a$, and $|e^l - e^*| \sim l^{-\mu}$, $\mu = \frac{1 - J_a'(e^*)}{1-a}$.",
    source=DERIVED,
    known=MEMORY,
    readings=[
        Reading(
            "stated",
            "J_a'(1) = a^2/(2a-1) > 1 makes 1 unstable; the exponent by linearisation at e*.",
            {
                "mu": (1 - J1) / (1 - a),
                "power_mu": POWER_MU.symbol,
                "e": POWER_E_STAR.symbol,
                "one": ONE,
                "slope": a**2 / (2 * a - 1),
            },
            checks=[
                identity("linearised", "mu", linear_power, domain="all variances, 1/2 < a < 1"),
                encloses("root", "e", power_root, domain="in the setting, e* by interval Newton"),
                agree("recursion", "power_mu", power_difference, resolution=0.05, domain="differences of trajectories"),
            ],
            wrong=[
                wrong("no-share", {"mu": 1 - J1}, "p grows like l^(1/(1-a)).", checks=["linearised"]),
                wrong("twice", {"power_mu": 2 * POWER_MU.symbol}, "At a = 3/4 it is .1248."),
                wrong("at-one", {"e": ONE}, "1 is the unstable fixed point.", checks=["root"]),
                wrong("flat", {"slope": a**2 / 2}, "It is below 1.", checks=["slack-unstable"]),
            ],
            attack=[bound("unstable", "one", "<=", "slope", over=BELOW_ONE, text="1 <= J_a'(1)")],
        )
    ],
)

CLAIMS = (tanh_growth, tanh_gradient, tanh_cosine, relu, power_growth, power_gradient, power_cosine)
