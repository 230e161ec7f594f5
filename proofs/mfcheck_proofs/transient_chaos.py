"""Exponential expressivity in deep neural networks through transient chaos (arXiv 1606.05340).

A wide random network maps the variance q of a signal by V(q) = sigma_w^2 E_q phi^2 + sigma_b^2 and, at its fixed point
q*, the correlation of two signals by F(c). A curve h(t) grows by F'(1) = chi_1 in squared length in every layer, and is
bent according to F''(1) = q* chi_2.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Case,
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
    Standard,
    Step,
    Trial,
    Twin,
    against,
    agree,
    ball,
    bound,
    constant,
    custom,
    decide,
    encloses,
    identical,
    identity,
    noted,
    parameter,
    proof,
    setting_of,
    simulation,
    wrong,
    zero_of,
)
from mfcheck.checks.certify import counted
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import (
    E2,
    CorrelationMap,
    E,
    critical_line,
    d2phi,
    dphi,
    first_critical_point,
    fixed_points,
    length_map,
    phi,
)
from mfcheck.gaussian.length import FixedPoints
from mfcheck.networks import (
    Chain,
    Network,
    at_widths,
    correlations,
    dense,
    limits,
    log_of,
    pointwise,
    second_moments,
    squared_norms,
)
from mfcheck.rigor.ball import exact
from mfcheck.rigor.certificate import XI, Certificate, series
from mfcheck.statistics import exactly
from mfcheck.symbolic.activation import X, activation

Array = NDArray[np.float64]

SIGMA_W = parameter("sigma_w", "5/2", "standard deviation of the weights times sqrt N", above=0)
SIGMA_B = parameter("sigma_b", "3/10", "standard deviation of the biases", least=0)
DEPTH = parameter("depth", 8, "number of layers", least=1, most=10_000, integer=True)
WIDTH = parameter("width", 200, "width N_1 of the shallow network", least=1, integer=True)
SIGN_CHANGES = parameter("sign_changes", 2, "sign changes s of the derivative of a projection", least=0, integer=True)
VALUE_RANGE = parameter("value_range", 2, "range R of the activation", above=0)
PARAMETERS = (SIGMA_W, SIGMA_B, DEPTH, WIDTH, SIGN_CHANGES, VALUE_RANGE)
sigma_w, sigma_b, L, N_1, s, R = (p.symbol for p in PARAMETERS)
q, chi, c, q_fix, t, r = sp.symbols("q chi c q_fix t r", positive=True)

# --- maps and constants ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def variances(setting: Setting, digits: int) -> FixedPoints:
    """Return all fixed points of V, and the bracket on which they are all."""
    weight, bias = setting["sigma_w"] ** 2, setting["sigma_b"] ** 2
    return fixed_points(length_map(setting.activation, weight, bias), digits)


def stable_variance(setting: Setting, digits: int) -> arb:
    """Enclose q*, the largest stable fixed point of V."""
    found = [p.value for p in variances(setting, digits).points if p.order == "<"]
    if not found:
        raise InputError(f"V has no fixed point that is certainly stable ({variances(setting, digits).statement})")
    return found[-1]


def positive_variance(setting: Setting, digits: int) -> arb:
    """Enclose q* where lengths do not shrink to nothing.

    Raises:
        InputError: q* is not certainly positive, so that there is no length to follow or to divide by.
    """
    value = stable_variance(setting, digits)
    if not value > 0:
        raise InputError("lengths settle at q* = 0 here: there is no positive length to follow")
    return value


@lru_cache(maxsize=64)
def correlation_map(setting: Setting, digits: int) -> CorrelationMap:
    """Return F at q*."""
    weight, bias = setting["sigma_w"] ** 2, setting["sigma_b"] ** 2
    return CorrelationMap(setting.activation, weight, bias, stable_variance(setting, digits + 10))


def stable_correlation(setting: Setting, digits: int) -> arb:
    """Enclose c*, the stable fixed point of F on [0, 1]."""
    return correlation_map(setting, digits).fixed_point(digits).value


def slope_at_correlation(setting: Setting, digits: int) -> arb:
    """Enclose F'(c*)."""
    return correlation_map(setting, digits).fixed_point(digits).slope


def critical_sigma_w(setting: Setting, digits: int) -> arb:
    """Enclose the sigma_w with chi_1 = 1 at this sigma_b."""
    return first_critical_point(setting.activation, setting["sigma_b"] ** 2, digits).sigma_w


def squared_curvature(setting: Setting, digits: int) -> arb:
    """Enclose kappabar^2 after `depth` layers by the recursion, a sum of positive terms."""
    chosen, at = length_map(setting.activation, setting["sigma_w"] ** 2, 0), stable_variance(setting, digits + 10)
    chi_1, chi_2 = chosen.chi_1(at, digits + 10), chosen.chi_2(at, digits + 10)
    value = 1 / at
    for _ in range(setting.integer("depth") - 1):
        value = 3 * chi_2 / chi_1**2 + value / chi_1
    return value


def curvature_limit(setting: Setting, digits: int) -> arb:
    """Enclose the limit of kappabar^2."""
    chosen, at = length_map(setting.activation, setting["sigma_w"] ** 2, 0), stable_variance(setting, digits + 10)
    chi_1, chi_2 = chosen.chi_1(at, digits + 10), chosen.chi_2(at, digits + 10)
    if not chi_1 > 1:
        raise InputError("the curvature has a limit only for chi_1 > 1")
    return 3 * chi_2 / (chi_1 * (chi_1 - 1))


POINT = ("sigma_w", "sigma_b", "activation")
V = sigma_w**2 * E(phi**2, variance=q) + sigma_b**2
Q_STAR = constant(
    "q_star",
    stable_variance,
    "stable fixed point of V",
    source="C1",
    uses=POINT,
    certify=zero_of(q, V - q, stable_variance, PARAMETERS),
)
CHI_1 = constant("chi_1", sigma_w**2 * E(dphi**2, variance=Q_STAR.symbol), "slope of F at 1", source="C2")
CHI_2 = constant("chi_2", sigma_w**2 * E(d2phi**2, variance=Q_STAR.symbol), "F''(1)/q*", source="C4")
V_SLOPE = constant("v_slope", CHI_1.symbol + sigma_w**2 * E(d2phi * phi, variance=Q_STAR.symbol), "V'(q*)", source="C1")
CHI_C = constant("chi_c", slope_at_correlation, "slope of F at c*", source="C2", uses=POINT)
q_star, chi_1, chi_2, v_slope, chi_c = (k.symbol for k in (Q_STAR, CHI_1, CHI_2, V_SLOPE, CHI_C))
CONSTANTS = (
    Q_STAR,
    CHI_1,
    CHI_2,
    V_SLOPE,
    CHI_C,
    constant("xi_q", -1 / sp.log(sp.Abs(v_slope)), "depth scale of q", source="C1"),
    constant("c_star", stable_correlation, "stable fixed point of F", source="C2", uses=POINT),
    constant("xi_c", -1 / sp.log(chi_c), "depth scale of c", source="C2"),
    constant("metric", q_star * chi_1 ** (L - 1), "gbar after depth layers", source="C3"),
    constant("curvature", squared_curvature, "kappabar^2 after depth layers", source="C4", uses=(*POINT, "depth")),
    constant("curvature_limit", curvature_limit, "its limit in depth", source="C4", uses=POINT),
    constant(
        "sigma_w_critical", critical_sigma_w, "sigma_w with chi_1 = 1", source="C2", uses=("sigma_b", "activation")
    ),
    constant("length_bound", N_1 * (1 + s) * R, "bound of the length of a curve, one layer", source="C7"),
)

# --- random networks -------------------------------------------------------------------------------------------------


def _block(setting: Setting, rng: np.random.Generator, nets: int, width: int) -> Chain:
    weights = dense(rng, nets, width, sigma_w=setting.number("sigma_w"), sigma_b=setting.number("sigma_b"))
    return Chain([pointwise(setting.activation), weights])


def pair_through(setting: Setting, width: int, depth: int, nets: int, rng: np.random.Generator) -> list[Array]:
    """Return correlations (nets,) after 0 to `depth` layers of a pair that starts at q* and c = 9/10."""
    radius = np.sqrt(width * float(positive_variance(setting, 15).mid()))
    frames = radius * np.stack([_frame(rng, width) for _ in range(nets)])
    pair = frames @ np.array([[1.0, 0.9], [0.0, np.sqrt(0.19)]])
    states = Network([_block(setting, rng, nets, width) for _ in range(depth)]).states(pair)
    return [found[:, 0, 1] for found in correlations(states)]


def curve_through(setting: Setting, width: int, depth: int, nets: int, rng: np.random.Generator) -> list[Array]:
    """Return gbar, kappabar^2 (layers, nets), and correlations of a pair at c = 9/10 in further layers.

    The curve is a circle of radius sqrt(N q*) in the first layer; averages are over eight of its points. First and
    second derivatives in t go through the network exactly, in forward mode.
    """
    start = float(positive_variance(setting, 15).mid())
    network = Network([_block(setting, rng, nets, width) for _ in range(depth - 1)])
    u0, u1 = (np.stack([_frame(rng, width)[:, k] for _ in range(nets)])[:, :, None] for k in (0, 1))
    angle = 2 * np.pi * np.arange(8) / 8
    radius = np.sqrt(width * start)
    h, v = radius * (u0 * np.cos(angle) + u1 * np.sin(angle)), radius * (u1 * np.cos(angle) - u0 * np.sin(angle))
    trace = network.run(h)
    first, second = trace.curves(v, -h)
    g = squared_norms(first)
    a, b = squared_norms(second), np.stack([np.einsum("rnb,rnb->rb", x, y) for x, y in zip(first, second, strict=True)])
    curvature = width * (a / g - (b / g) ** 2) / g
    return [g.mean(axis=2) / width, curvature.mean(axis=2), second_moments(trace.states).mean(axis=2)]


def _frame(rng: np.random.Generator, width: int) -> Array:
    """Return two orthonormal columns."""
    return np.linalg.qr(rng.standard_normal((width, 2)))[0]


SEEN = 5
"""Layers of the curves that are compared: errors multiply along depth."""


@lru_cache(maxsize=4)
def simulated(setting: Setting, seed: int, nets: int) -> dict[str, Estimate]:
    """Estimates of infinite width, from two widths: `metric 2`, ..., `curvature 2`, ..., `q 2`, ..."""

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        found = curve_through(setting, width, SEEN, count, rng)
        names = ("metric", "curvature", "q")
        return {f"{n} {k + 1}": v[k] for n, v in zip(names, found, strict=True) for k in range(1, SEEN)}

    return at_widths(measure, (125, 500), nets, stream(seed, "curves"))


def layers(name: str, depth: sp.Symbol) -> Callable[[Context], list[At]]:
    """The measurements of one quantity, layer by layer."""

    def measure(context: Context) -> list[At]:
        found = simulated(context.setting, context.seed, context.budget.pick(24, 60, 300))
        return [At(found[f"{name} {k}"], f"layer {k}", k, {depth: k}) for k in range(2, SEEN + 1)]

    return measure


NETWORKS = "random networks, widths 125 and 500 (the correction 1/N removed), layers 2 to 5"

DRAWN: dict[str, Any] = {"domain": NETWORKS, "x_label": "layer", "resolution": 0.2, "group": "curves"}

# --- C1: lengths -----------------------------------------------------------------------------------------------------


def at_fixed_point(context: Context) -> list[At]:
    """q*, where V(q*) is to be q* again."""
    value = stable_variance(context.setting, 25)
    return [At(value, where={q: value}, formula=q, zeros={q: V - q})]


def weighted_slope(context: Context) -> list[At]:
    """V'(q*) without a derivative of phi: dE_q f/dq = E f (x^2/q - 1)/(2q)."""
    at = {q: positive_variance(context.setting, 25)}
    slope = sigma_w**2 * (E(phi**2 * X**2, variance=q) / q - E(phi**2, variance=q)) / (2 * q)
    return [At(ball(context, slope, at), "", None, at, slope, {q: V - q})]


def only_one(context: Context) -> Evidence:
    """All positive fixed points on the bracket; V is bounded there, so that there are no others."""
    found = variances(context.setting, 15)
    stable = [p for p in found.points if p.order == "<"]
    wanted = int(context["count"])
    passed = len(stable) == wanted if all(p.order != "?" for p in found.points) else None
    return Evidence(
        passed=passed,
        certificate=counted_lengths(context) if passed else None,
        lhs=f"{len(stable)} stable fixed points",
        rhs=str(wanted),
        error=0.0,
        scope="whole",
        domain=found.statement,
        reason="" if len(stable) == wanted else f"{len(stable)} are stable",
    )


def counted_lengths(context: Context) -> Certificate | None:
    """For the checker: where there is one fixed point at all, it is the stable one; in s = sqrt q, from the biases on."""
    found = variances(context.setting, 15)
    least = context.setting["sigma_b"] * Fraction(999, 1000)
    if len(found.points) != 1 or not least:
        return None
    size = sp.Symbol("s", positive=True)
    reach = math.ceil(float(found.upper) ** 0.5) + 1
    return counted(context, V.xreplace({q: size**2}) - size**2, size, (least, None), 1, reach)


EVERYWHERE: dict[Any, tuple[Any, Any]] = {SIGMA_W: ("1/10", 5), SIGMA_B: (0, 2), q: ("1/100", 10_000)}
length_claim = Claim(
    "length-map",
    title="Lengths settle at a fixed point",
    statement=(
        r"$q^l = V(q^{l-1})$ has one stable fixed point $q^*$, approached like $e^{-l/\xi_q}$, "
        r"$\xi_q = -1/\log|V'(q^*)|$."
    ),
    source="1606.05340, Section 2.1",
    known="official code",
    readings=[
        Reading(
            "stated",
            "In the setting: V(q*) = q*, the slope there, and no other stable fixed point.",
            {"V": V, "slope": v_slope, "count": sp.Integer(1), "q": q_star},
            checks=[
                encloses("fixed-point", "V", at_fixed_point, digits=12, whole=True, domain="q*, enclosed"),
                encloses("slope", "slope", weighted_slope, digits=10, whole=True, domain="by E phi^2 (x^2/q - 1)"),
                custom("unique", "count", only_one, kind=Kind.CERTIFIED),
                agree(
                    "networks",
                    "q",
                    layers("q", L),
                    resolution=0.1,
                    domain=NETWORKS,
                    x_label="layer",
                    y_label="q",
                    group="curves",
                ),
            ],
            wrong=[
                wrong("no-bias", {"V": V - sigma_b**2}, "The biases add sigma_b^2, which is not zero here."),
                wrong("slope-chi", {"slope": chi_1}, "V' has the second term E phi'' phi, which is negative for tanh."),
                wrong("two", {"count": sp.Integer(2)}, "V is concave for tanh with sigma_b > 0."),
                wrong("power", {"q": q_star / sigma_w}, "Weights enter by their variance."),
                wrong("bias-twice", {"V": V + sigma_b**2}, "Biases add once.", checks=["fixed-point", "slack-bounded"]),
            ],
            attack=[
                bound(
                    "bounded",
                    "V",
                    "<=",
                    sigma_w**2 + sigma_b**2,
                    over=EVERYWHERE,
                    log=["q"],
                    text="V(q) <= sigma_w^2 + sigma_b^2 for |phi| <= 1",
                )
            ],
        )
    ],
)

# --- C2: correlations ------------------------------------------------------------------------------------------------


def diagram(context: Context) -> Plot:
    """The critical line of the setting's activation in the (sigma_b, sigma_w) plane."""
    w, b = critical_line(context.setting.activation, np.geomspace(1e-3, 20, 60))
    keep = np.isfinite(w) & np.isfinite(b)
    line = Curve(label="chi_1 = 1", x=tuple(map(float, b[keep])), y=tuple(map(float, w[keep])))
    title = "Order below, chaos above the critical line"
    return Plot(id="phase-diagram", title=title, x_label="sigma_b", y_label="sigma_w", curves=(line,))


def transition(context: Context) -> Evidence:
    """chi_1 a little below and a little above the critical sigma_w, certified."""
    centre, cases = float(critical_sigma_w(context.setting, 15).mid()), []
    for near in (Fraction(f"{0.99 * centre:.6f}"), Fraction(f"{1.01 * centre:.6f}")):
        slope = ball(replace(context, setting=context.setting.with_values(sigma_w=near)), "chi")
        cases.append(Case(*((slope, arb(1)) if near < centre else (arb(1), slope)), f"sigma_w = {float(near):g}"))
    return decide(cases, Standard("<"), "1 % below and above the critical sigma_w", plot=diagram(context))


GAPS = (Fraction(1, 1000), Fraction(1, 10_000))
"""Distances from c = 1 at which the decay at the critical point is measured."""


def critical_decay(context: Context) -> Evidence:
    """1/(1 - c) grows by q* chi_2/2 a layer at chi_1 = 1, next to c = 1: one layer of the map, to 1 %, certified."""
    centre = critical_sigma_w(context.setting, 20)
    critical = context.setting.with_values(sigma_w=Fraction(f"{float(centre.mid()):.15f}"))
    rate, found = ball(replace(context, setting=critical), "rate"), correlation_map(critical, 15)
    cases = []
    for gap in GAPS:
        step = 1 / (1 - found.F(1 - exact(gap), 25)) - 1 / exact(gap)
        cases.append(Case(abs(step - rate), abs(rate) / 100, f"1 - c = {float(gap):g}"))
    return decide(cases, Standard("<"), "critical sigma_w, one layer from 1 - c = 1/1000 and 1/10000")


def map_slope(context: Context) -> list[At]:
    """F'(1) from the correlation map's own series."""
    f = context.setting.activation.expr.subs(X, sp.sqrt(q_star) * XI)
    value = correlation_map(context.setting, 15).slope(1, 15)
    return [At(value, formula=sigma_w**2 / q_star * series(XI, f), digits=6)]


a_k, k = sp.symbols("a_k k", positive=True)
CURVED = a_k**2 * k * (k - 1) * c ** (k - 2)


def convexity(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """F(c) = sum a_k^2 c^k has F'' >= 0 on [0, 1], term by term."""
    return [(sp.diff(a_k**2 * c**k, c, 2), context["convexity"])]


def at_stable_correlation(context: Context) -> list[At]:
    """c*, where F(c*) is to be c* again."""
    value = stable_correlation(context.setting, 15)
    return [At(value, where={c: value})]


def slope_at_rest(context: Context) -> arb:
    """F'(c*)."""
    return abs(slope_at_correlation(context.setting, 15))


@lru_cache(maxsize=4)
def simulated_pairs(setting: Setting, seed: int, nets: int) -> dict[str, Estimate]:
    """Correlations after 1 to 6 layers, from two widths."""

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        return {f"c {n}": v for n, v in enumerate(pair_through(setting, width, 6, count, rng))}

    return at_widths(measure, (125, 500), nets, stream(seed, "pairs"))


def pairs_of_networks(context: Context) -> Evidence:
    """Correlations of networks against iterates of the map from c = 9/10."""
    found = simulated_pairs(context.setting, context.seed, context.budget.pick(40, 100, 400))
    value, cases = arb(9) / 10, []
    for layer in range(1, 7):
        value = ball(context, "map", {c: value.mid()}).mid()
        cases.append(Case(found[f"c {layer}"], value, f"layer {layer}", layer))
    plot = against(cases, "pairs", "Correlation of two inputs", "layer", "c")
    return decide(cases, Standard(resolution=0.1, alarm=context.alarm), "from c = 9/10; " + NETWORKS, plot=plot)


CRITICAL = Note(
    id="correlation-map.critical-point",
    severity="minor",
    text="At chi_1 = 1 itself there is no depth scale: 1 - c decays like 2/(q* chi_2 l), which xi_c does not cover.",
)
MAP = (sigma_w**2 * E2(phi, phi, q_star, q_star, c) + sigma_b**2) / q_star
correlation_claim = Claim(
    "correlation-map",
    title="Order and chaos are separated by chi_1 = 1",
    statement=(
        r"$c = 1$ is stable iff $\chi_1 < 1$; for $\chi_1 > 1$ there is a stable $c^* < 1$, approached like "
        r"$e^{-l/\xi_c}$, $\xi_c = -1/\log F'(c^*)$."
    ),
    source="1606.05340, Section 2.2",
    known="official code",
    no_inequality="it is about a fixed point, which the search cannot follow",
    readings=[
        Reading(
            "strict",
            "c = 1 becomes unstable exactly at chi_1 = 1: F'(1) = chi_1, on both sides of the critical line.",
            {"chi": chi_1, "convexity": CURVED, "rate": q_star * chi_2 / 2},
            checks=[
                encloses("slope", "chi", map_slope, digits=10, whole=True, domain="F'(1) by Hermite series"),
                noted(custom("critical-decay", "rate", critical_decay, kind=Kind.CERTIFIED), CRITICAL),
                identity("convex", "convexity", convexity, domain="every term of the series", whole=False),
                custom("transition", "chi", transition, kind=Kind.CERTIFIED),
            ],
            wrong=[
                wrong("at-one", {"chi": sigma_w}, "At sigma_b = 3/10 chi_1 is below 1 until sigma_w = 1.3956."),
                wrong("mean-square", {"chi": sigma_w**2 * E(dphi, variance=q_star) ** 2}, "Smaller.", checks=["slope"]),
                wrong("concave", {"convexity": -CURVED}, "The coefficients are squares."),
                wrong("rate", {"rate": q_star * chi_2}, "F(c) = c + F''(1) (1 - c)^2/2 + ..., F''(1) = q* chi_2."),
            ],
        ),
        Reading(
            "charitable",
            "Nearby points separate for chi_1 > 1, towards c* and no further: c* is a fixed point, and attracts.",
            {"fixed": MAP, "map": MAP, "one": sp.Integer(1)},
            checks=[
                encloses("fixed-point", "fixed", at_stable_correlation, digits=8, domain="c* in a pair of Gaussians"),
                encloses("attracts", "one", slope_at_rest, relation="<", domain="F'(c*)"),
                custom("networks", "map", pairs_of_networks, kind=Kind.SIMULATED, group="pairs"),
            ],
            wrong=[
                wrong("no-bias", {"fixed": MAP - sigma_b**2 / q_star}, "F(1) = 1 needs the bias."),
                wrong("half", {"one": sp.Rational(1, 2)}, "F'(c*) is 0.82 here."),
                wrong("identity", {"map": c}, "Correlations change from layer to layer."),
            ],
        ),
    ],
)

# --- C3 to C5: length, curvature, Gauss map of a curve ---------------------------------------------------------------

G, K, gauss = sp.symbols("gbar kappabar2 g_G", positive=True)
first, third = sp.symbols("a b", positive=True)


def composed() -> tuple[sp.Expr, sp.Expr]:
    """Minus second and fourth derivative at 0 of F(f(t)), f(t) = 1 - a t^2/2 + b t^4/24, by the chain rule.

    A stationary curve of covariance q f(t - t') has gbar = q a and squared curvature b/(q a^2); F'' (1) is q* chi_2.
    """
    x = -first * t**2 / 2 + third * t**4 / 24
    after = sp.expand(chi * x + q_fix * r * x**2 / 2)
    return -sp.diff(after, t, 2).subs(t, 0), sp.diff(after, t, 4).subs(t, 0)


def length_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Gbar before and after one layer, and its solution."""
    after, _ = composed()
    metric = context["metric"]
    return [
        (q_fix * after, context["growth"].subs(G, q_fix * first)),
        (metric.subs(L, L + 1), chi * metric),
        (metric.subs(L, 1), q_fix),
    ]


def curvature_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """kappabar^2 before and after one layer; the limit is its fixed point."""
    second, fourth = composed()
    step, limit = context["step"], context["limit"]
    return [(fourth / (q_fix * second**2), step.subs(K, third / (q_fix * first**2))), (step.subs(K, limit), limit)]


def gauss_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """g_G = kappabar^2 gbar, layer by layer."""
    return [((3 * r / chi**2 + K / chi) * chi * G, context["gauss"].subs(gauss, K * G))]


METRIC, BEND = q_fix * chi ** (L - 1), 3 * r / chi**2 + K / chi
CURVATURE = 3 * chi_2 / chi_1**2 * (1 - chi_1 ** (1 - L)) / (1 - 1 / chi_1) + chi_1 ** (1 - L) / q_star
SATURATES = Note(
    id="curvature.saturates",
    severity="remark",
    text="Curvature saturates for chi_1 > 1 while the length of the Gauss map keeps growing like chi_1^(l/2): both "
    "statements are needed. For chi_1 < 1 curvature grows without bound while the curve shrinks, "
    "for chi_1 = 1 its square grows in proportion to depth while the length stays.",
)
GENERIC = "every activation with F twice differentiable at 1, every q* > 0"
metric_claim = Claim(
    "length-growth",
    title="Squared lengths grow by chi_1 in every layer",
    statement=r"$\bar g^l = \chi_1 \bar g^{l-1}$, $\bar g^1 = q^*$.",
    source="1606.05340, Section 3",
    known="official code",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "In the limit of infinite width, by the chain rule at coinciding times.",
            {"growth": chi * G, "metric": METRIC, "simulated": q_star * chi_1 ** (L - 1)},
            checks=[
                identity("chain-rule", ("growth", "metric"), length_steps, domain=GENERIC),
                agree("networks", "simulated", layers("metric", L), y_label="gbar", log="y", **DRAWN),
            ],
            wrong=[
                wrong("one-more", {"simulated": q_star * chi_1**L, "metric": METRIC * chi}, "At depth 1 gbar is q*."),
                wrong("squared", {"growth": chi**2 * G}, "The covariance enters once."),
            ],
        )
    ],
)
curvature_claim = Claim(
    "curvature",
    title="Curvature saturates in the chaotic phase",
    statement=(
        r"$(\bar\kappa^l)^2 = 3\chi_2/\chi_1^2 + (\bar\kappa^{l-1})^2/\chi_1$, $(\bar\kappa^1)^2 = 1/q^*$; for "
        r"$\chi_1 > 1$ the limit is $3\chi_2/(\chi_1(\chi_1-1))$."
    ),
    source="1606.05340, Section 3",
    known="official code",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "In the limit of infinite width, by composition to fourth order.",
            {"step": BEND, "limit": 3 * r / (chi * (chi - 1)), "value": CURVATURE},
            checks=[
                noted(identity("fourth-order", ("step", "limit"), curvature_steps, domain=GENERIC), SATURATES),
                agree("networks", "value", layers("curvature", L), y_label="squared curvature", **DRAWN),
            ],
            wrong=[
                wrong("two", {"step": BEND - r / chi**2}, "Four points have three pairings."),
                wrong("one", {"step": BEND - 2 * r / chi**2}, "Four points have three pairings."),
                wrong("square", {"step": 3 * r / chi**2 + K / chi**2}, "The old bend is stretched once."),
                wrong(
                    "value-two", {"value": CURVATURE.subs(chi_2, 2 * chi_2 / 3)}, "A layer bends by 3 chi_2/chi_1^2."
                ),
            ],
        )
    ],
)
gauss_claim = Claim(
    "gauss-map",
    title="The length of the Gauss map keeps growing",
    statement=r"$g_G = \bar\kappa^2\bar g$ obeys $g_G^l = g_G^{l-1} + 3(\chi_2/\chi_1)\bar g^{l-1}$.",
    source="1606.05340, Section 3",
    known="official code",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "Follows from the growth of length and curvature: an identity.",
            {"gauss": gauss + 3 * r / chi * G},
            checks=[identity("product", "gauss", gauss_steps, domain="all chi_1, chi_2 > 0")],
            wrong=[
                wrong("square", {"gauss": gauss + 3 * r / chi**2 * G}, "The length grows by chi_1 at the same time."),
                wrong("decay", {"gauss": gauss / chi + 3 * r / chi * G}, "What curvature loses the length wins."),
            ],
        )
    ],
)

# --- C6: expressivity ------------------------------------------------------------------------------------------------


def logarithms(context: Context) -> list[At]:
    """Log gbar at infinite width."""
    return [At(log_of(at.value), at.label, at.x, at.where) for at in layers("metric", L)(context)]


ORDER_OF_LIMITS = Note(
    id="expressivity.order-of-limits",
    severity="minor",
    text="Exponential growth in depth is shown for infinite width at a fixed depth. At a finite width it stops where "
    "the curve fills the space, and the abstract does not say at which depth.",
)
LOG = sp.log(q_star) + (L - 1) * sp.log(chi_1)
expressivity = Claim(
    "expressivity",
    title="Lengths are exponential in depth",
    statement=r"The Euclidean length of a curve grows like $\chi_1^{l/2}$.",
    source="1606.05340, abstract",
    known="text read",
    no_inequality="it is about a limit of infinite width",
    readings=[
        Reading(
            "charitable",
            "At fixed depth, with the width to infinity: log gbar grows by log chi_1 in every layer. At a fixed width "
            "the growth stops when gbar reaches the volume scale: that is not tested.",
            {"log": LOG},
            checks=[noted(agree("networks", "log", logarithms, y_label="log gbar", **DRAWN), ORDER_OF_LIMITS)],
            wrong=[
                wrong("half", {"log": (LOG + sp.log(q_star)) / 2}, "The squared length has the whole exponent."),
                wrong(
                    "linear", {"log": sp.log(q_star) + sp.log(1 + (L - 1) * (chi_1 - 1))}, "Smaller from layer 3 on."
                ),
            ],
        )
    ],
)

# --- C7: one layer ---------------------------------------------------------------------------------------------------


def variation_steps(context: Context) -> Iterable[Step]:
    """L_E <= sum over neurons of total variations; a piece on which w.x is monotone has variation R at most."""
    return identical(
        {
            "an open curve with s sign changes has s + 1 monotone pieces": (context["pieces"], s + 1),
            "N_1 neurons, each of variation (pieces) R": (context["bound"], N_1 * context["pieces"] * R),
        }
    )


@lru_cache(maxsize=8)
def shallow_length(scale: float, seed: int) -> Estimate:
    """Length of tanh(scale W x) over the unit circle in 20,000 chords, N_1 = 200.

    The bias is what twice as long chords lose: the chords of a smooth curve lose a quarter at half their length.
    """
    W = stream(seed, f"shallow {scale}").standard_normal((200, 2))
    angle = 2 * np.pi * np.arange(20_001) / 20_000
    h = np.tanh(scale * W @ np.stack([np.cos(angle), np.sin(angle)]))
    fine, coarse = (float(np.sum(np.linalg.norm(np.diff(points, axis=1), axis=0))) for points in (h, h[:, ::2]))
    return exactly(fine, fine - coarse)


def shallow_lengths(context: Context) -> list[At]:
    """Lengths for growing weights; s = 2 and R = 2 as for tanh on a circle."""
    where = {N_1: 200, s: 2, R: 2}
    found = [(scale, shallow_length(scale, context.seed)) for scale in (1.0, 4.0, 50.0, 1000.0)]
    return [At(length, f"weights {scale:g}", scale, where) for scale, length in found]


CLOSED = Note(
    id="shallow-bound.closed-curves",
    severity="remark",
    text="A closed curve has s monotone pieces, not s + 1: for the circle 2 N_1 R suffices; 3 N_1 R is loose by 3/2.",
)
NORMALISED = Note(
    id="shallow-bound.normalisation",
    severity="minor",
    text="The bound for one layer is a sum over N_1 neurons, while the growth with depth is stated per neuron: the "
    "comparison of deep and shallow networks needs one normalisation for both.",
)
SHALLOW = "circle, tanh, N_1 = 200, four scales of the weights"
shallow = Claim(
    "shallow-bound",
    title="One layer: at most linear in the width",
    statement=(
        r"For $\phi$ non-decreasing with range $R$ and a curve whose projections have derivatives that change sign at "
        r"most $s$ times: $L_E \le N_1(1+s)R$."
    ),
    source="1606.05340, Theorem 2",
    known="from memory",
    readings=[
        Reading(
            "stated",
            "Every width, every curve with at most s sign changes in every projection.",
            {"bound": N_1 * (1 + s) * R, "pieces": 1 + s, "closed": N_1 * s * R},
            checks=[
                noted(
                    proof("variation", ("bound", "pieces"), variation_steps, kind=Kind.EXACT, domain="all N_1, s, R"),
                    CLOSED,
                    NORMALISED,
                ),
                agree("circle", "bound", shallow_lengths, relation="<=", domain=SHALLOW, x_label="scale", log="x"),
            ],
            wrong=[
                wrong("no-pieces", {"bound": N_1 * R, "pieces": sp.Integer(1)}, "A circle can have length 751."),
                wrong("half", {"bound": N_1 * s * R / 2}, "A closed curve can need N_1 s R.", also=["slack-closed"]),
            ],
            attack=[
                bound(
                    "closed",
                    "closed",
                    "<=",
                    "bound",
                    integers=["width", "sign_changes"],
                    text="N_1 s R <= N_1 (1+s) R",
                    over={WIDTH: (1, 500), SIGN_CHANGES: (1, 20), VALUE_RANGE: ("1/10", 10)},
                )
            ],
        )
    ],
)

# --- the paper -------------------------------------------------------------------------------------------------------


def simulate(trial: Trial) -> Simulated:
    """A circle through random networks of the setting, and a pair at c = 9/10, to `depth` layers."""
    setting, depth = trial.setting, trial.setting.integer("depth")
    nets, width = trial.count("replicates", 4), trial.count("width", 64, 4000)
    trial.say(f"{nets} networks of width {width} and of {width // 4}, {depth} layers")

    def measure(n: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        g, bend, lengths = (values[-1] for values in curve_through(setting, n, depth, count, rng))
        last = pair_through(setting, n, depth, count, rng)[-1]
        return {"q": lengths, "metric_sim": g, "curvature_sim": bend, "correlation": last}

    found = limits(trial.at_sizes("networks of width", (width // 4, width), nets, measure))
    return Simulated(found, notes=("Errors cover the draw of weights and the correction 1/N, which is removed.",))


HERE = {"sigma_w": sigma_w, "sigma_b": sigma_b}
VARIANCES = {"weight_var": sigma_w**2, "bias_var": sigma_b**2}
UNROLLED = {"cell": "vanilla", "sigma_w": sigma_w, "sigma_v": 1, "input_var": sigma_b**2, "input_corr": 1}
TWINS = (
    *(Twin(id, "cnn-isometry", id, VARIANCES) for id in ("q_star", "chi_1", "c_star", "chi_c")),
    Twin("v_slope", "cnn-isometry", "q_slope", VARIANCES),
    Twin("sigma_w_critical", "edge-of-chaos", "sigma_w_eoc", {"sigma_b": sigma_b}),
    Twin("chi_1", "rnn-isometry", "vanilla_chi", UNROLLED),
    Twin("xi_c", "rnn-isometry", "vanilla_xi", UNROLLED),
    Twin("q_star", "heavy-tails", "q_star", HERE | {"alpha": 2}),
    Twin("chi_1", "heavy-tails", "chi_naive", HERE | {"alpha": 2}),
)
OPTIONS = (Option("replicates", "48", "networks at each width"), Option("width", "400", "larger of the two widths"))
paper = Paper(
    id="transient-chaos",
    title="Exponential expressivity in deep neural networks through transient chaos",
    summary=(
        "In the chaotic phase the image of a curve under a deep random network gets longer exponentially in "
        "the depth, while its curvature saturates; with one hidden layer the length grows at most linearly in "
        "the width."
    ),
    authors=("Ben Poole", "Subhaneil Lahiri", "Maithra Raghu", "Jascha Sohl-Dickstein", "Surya Ganguli"),
    source="https://arxiv.org/abs/1606.05340",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(length_claim, correlation_claim, metric_claim, curvature_claim, gauss_claim, expressivity, shallow),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    twins=TWINS,
    verdicts={
        "length-map/stated": "certified",
        "correlation-map/strict": "certified",
        "correlation-map/charitable": "supported",
        "length-growth/stated": "proved",
        "curvature/stated": "proved",
        "gauss-map/stated": "proved",
        "expressivity/charitable": "supported",
        "shallow-bound/stated": "proved",
    },
    references=(
        "Poole, Lahiri, Raghu, Sohl-Dickstein, Ganguli: Exponential expressivity in deep neural networks through "
        "transient chaos. NIPS 2016, arXiv:1606.05340",
    ),
)
