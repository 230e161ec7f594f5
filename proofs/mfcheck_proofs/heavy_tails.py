"""Extended critical regimes of deep neural networks (arXiv 2203.12967).

Weights W_ij = sigma_w (2N)^(-1/alpha) S_ij with S standard symmetric alpha-stable, E exp(itS) = exp(-|t|^alpha). Then
h = q^(1/alpha) z with E exp(itz) = exp(-|t|^alpha/2), and q goes to V(q) = sigma_w^alpha E|phi(h)|^alpha + sigma_b^alpha. At
alpha = 2 this is the Gaussian theory. |phi(rz)|/r falls in r for tanh, so that V(q)/q falls and q* > 0 is unique.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import acb, acb_series, arb, ctx
from numpy.typing import NDArray
from scipy.optimize import brentq

from mfcheck.checks import (
    At,
    Check,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Option,
    Paper,
    Question,
    Reading,
    Setting,
    Simulated,
    Step,
    Trial,
    agree,
    constant,
    custom,
    encloses,
    evaluate,
    identical,
    identity,
    monotone,
    noted,
    number,
    parameter,
    proof,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import dphi, fixed_points, length_map, moment
from mfcheck.networks import Pointwise, dense_stable, pointwise, stable_images, symmetric_stable
from mfcheck.rigor.ball import compare, exact
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.statistics import exactly, mean_of
from mfcheck.symbolic.activation import Activation, activation

Array = NDArray[np.float64]

ALPHA = parameter("alpha", "3/2", "index of the stable law of the weights; 2 is Gaussian", least=1, most=2)
SIGMA_W = parameter("sigma_w", 1, "scale of the weights", above=0, most=1000)
SIGMA_B = parameter("sigma_b", 0, "scale of the biases", least=0, most=1000)
Q = parameter("q", 1, "argument of the Cauchy map", above=0, most=10**6)
WIDTH = parameter("width", 400, "width N", least=2, most=10**9, integer=True)
DEPTH = parameter("depth", 30, "number of layers", least=2, most=10_000, integer=True)
PARAMETERS = (ALPHA, SIGMA_W, SIGMA_B, Q, WIDTH, DEPTH)
alpha, sigma_w, sigma_b, q, N, L = (p.symbol for p in PARAMETERS)
ONE = sp.Integer(1)
TANH = activation("tanh")

# --- the stable law, in double precision -----------------------------------------------------------------------------

EDGE = 60.0
"""Below it the density comes from its Fourier integral, above it from the series of its tail."""


def _panels(edges: Array, order: int) -> tuple[Array, Array]:
    """Return Gauss-Legendre nodes and weights on consecutive panels."""
    x, w = np.polynomial.legendre.leggauss(order)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * x).ravel(), (half * w).ravel()


def tail(z: Array, index: float) -> Array:
    """Return z times the density beyond `EDGE`, by 12 terms of its series."""
    total = np.zeros_like(z)
    for k in range(1, 13):
        size = math.lgamma(index * k + 1) - math.lgamma(k + 1) - k * math.log(2)
        total += (-1) ** (k + 1) * math.sin(math.pi * index * k / 2) * np.exp(size - index * k * np.log(z))
    return total / math.pi


@lru_cache(maxsize=64)
def inner_rule(index: float, order: int) -> tuple[Array, Array]:
    """Return nodes on (0, EDGE) and weights times the density: panels halve towards 0, where |phi|^alpha is singular."""
    edges = np.concatenate([[0.0], 2.0 ** np.arange(-40, 0), np.arange(1, 8, 0.5), np.geomspace(8, EDGE, 12)])
    z, weights = _panels(edges, order)
    if index == 1:
        return z, weights / (2 * math.pi * (z * z + 0.25))
    if index == 2:
        return z, weights * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    end = 84 ** (1 / index)
    steps = np.linspace(0.25, end, math.ceil((end - 0.25) / 0.22) + 1)
    t, mass = _panels(np.concatenate([[0.0], 0.25 * 2.0 ** np.arange(-40, 0), steps]), order)
    mass = mass * np.exp(-(t**index) / 2) / math.pi
    density = np.concatenate([np.cos(np.outer(part, t)) @ mass for part in np.array_split(z, 40)])
    return z, weights * density


def averaged(f: Pointwise, index: float, scale: float, order: int, slope: bool = False) -> float:
    """Return E (|f(scale z)|/s)^alpha, s = scale for values and 1 for slopes; `f` bounded."""
    values = f.slope if slope else f.function
    unit = 1.0 if slope else scale
    z, mass = inner_rule(index, order)
    parts = [(z, mass)]
    if index < 2:
        far = max(EDGE * 2, 1e17 / scale)
        x, w = _panels(np.linspace(math.log(EDGE), math.log(far), math.ceil(2 * math.log(far / EDGE)) + 1), order)
        parts.append((np.exp(x), w * tail(np.exp(x), index)))
    total = 0.0
    for sign in (1.0, -1.0):
        for at, weights in parts:
            total += float(weights @ (np.abs(values(sign * scale * at)) / unit) ** index)
        if index < 2 and not slope:
            # Beyond `far` the value is taken as constant.
            rest = math.gamma(index) * math.sin(math.pi * index / 2) / (2 * math.pi)
            total += rest * float(np.abs(values(np.array([sign * scale * far])))[0] / (unit * far)) ** index
    return total


ORDERS = (16, 22)
ROUNDING = 3e-13
"""Relative error of `averaged` beside the difference of two rules: sums of some 1e4 doubles, and the tail's series."""


@lru_cache(maxsize=64)
def _bound(chosen: Activation) -> float:
    """Return a bound of |phi|; raises InputError where there is none."""
    found = derivative_supremum(chosen, 0, 3)
    if found.state != "finite":
        raise InputError(f"the length map of stable weights needs a bounded activation, not {chosen.name}")
    return float(found.value.upper())


def _numbers(setting: Setting) -> tuple[float, float, float]:
    return setting.number("alpha"), setting.number("sigma_w"), setting.number("sigma_b")


def log_ratio(setting: Setting, at: float, order: int) -> float:
    """Return log(V(q)/q) at log q = `at`."""
    index, weight, bias = _numbers(setting)
    mean = averaged(pointwise(setting.activation), index, math.exp(at / index), order)
    return math.log(weight**index * mean + bias**index * math.exp(-at))


LOWEST = -600.0


@lru_cache(maxsize=128)
def log_fixed_point(setting: Setting) -> tuple[float, float, float]:
    """Return log q* of the largest fixed point, its error, and the slope of log(V/q) in log q there."""
    index, weight, bias = _numbers(setting)
    top = math.log(weight**index * _bound(setting.activation) ** index + bias**index) + 0.1
    low, step = top - 1, 1.0
    while log_ratio(setting, low, ORDERS[0]) < 0:
        low, step = low - step, 2 * step
        if low < LOWEST:
            raise InputError(f"log q* lies below {LOWEST:g}: doubles do not reach it")
    found = [brentq(lambda x, k=k: log_ratio(setting, x, k), low, top, xtol=1e-14, rtol=1e-14) for k in ORDERS]
    at = found[-1]
    slope = (log_ratio(setting, at + 1e-3, ORDERS[1]) - log_ratio(setting, at - 1e-3, ORDERS[1])) / 2e-3
    if not slope < 0:
        raise InputError("the largest fixed point of V is not certainly stable")
    return at, abs(found[1] - found[0]) + ROUNDING / abs(slope), slope


# --- alpha = 1 in balls ----------------------------------------------------------------------------------------------


def _cauchy(at: arb, digits: int, slope: bool) -> arb:
    """Enclose E tanh(q |z|) = (2/pi) int_0^oo tanh(qy/2)/(1 + y^2) dy, z Cauchy of scale 1/2; or E sech(qz)^2.

    y = e^t; the ends of the integral are bounded by hand. Below 1e-30 the expansion of C3 is used, whose rest is between
    0 and q^3 (1 + log(1/q))/pi, and 0 <= 1 - E sech^2 <= E tanh.
    """
    with ctx.workdps(digits + 25):
        if at < arb(10) ** -30:
            rest = at * at * (1 - at.log())
            value = at / arb.pi() * (cauchy_constant(digits + 15) - at.log() + rest.union(arb(0)))
            return 1 - value.union(arb(0)) if slope else value
        low, high = arb(-3 * (digits + 15)), arb(3 * (digits + 15))
        end = (high / at).log()

        def integrand(t: acb, _analytic: bool) -> acb:
            y = t.exp()
            x = acb(at) * y / 2
            return (1 / x.cosh() ** 2 if slope else x.tanh()) * y / (1 + y * y)

        unit = arb(10) ** -(digits + 10)
        floor = unit if slope else unit * at.abs_lower().min(arb(1))
        middle = acb.integral(integrand, acb(low), acb(end.mid()), abs_tol=floor, rel_tol=unit, eval_limit=400_000).real
        start = low.exp() if slope else at * (2 * low).exp() / 4
        rest = (1 / end.mid().exp()).atan()
        far = 4 * (-high + 1).exp()
        outside = rest * arb(0, far.upper()) if slope else rest * (1 - far.union(arb(0)))
        return 2 / arb.pi() * (middle + start.union(arb(0)) + outside)


def cauchy_map(setting: Setting, digits: int) -> arb:
    """Enclose V(q)/sigma_w at alpha = 1."""
    with ctx.workdps(digits + 25):
        return _cauchy(exact(setting["q"]), digits, False)


def cauchy_constant(digits: int) -> arb:
    """Enclose C = log pi - log(2)/3 - 6 zeta'(2)/pi^2."""
    with ctx.workdps(digits + 15):
        slope = acb_series([2, 1], prec=2).zeta()[1].real
        return arb.pi().log() - arb(2).log() / 3 - 6 * slope / arb.pi() ** 2


def _is_cauchy(setting: Setting) -> bool:
    return setting["alpha"] == 1 and setting.activation.expr == TANH.expr


@lru_cache(maxsize=64)
def certified_fixed_point(setting: Setting, digits: int) -> arb:
    """Enclose q* at alpha = 1 for tanh: V(q)/q falls, so a change of sign of V - q encloses the only fixed point."""
    with ctx.workdps(digits + 20):
        weight, bias = exact(setting["sigma_w"]), exact(setting["sigma_b"])
        try:
            start, _, slope = log_fixed_point(setting)
            at = arb(start)
        except InputError:
            at = cauchy_constant(digits) - arb.pi() / weight
            slope = float((-weight / arb.pi()).mid())
        for _ in range(2 + digits // 5):
            value = at.exp()
            gap = ((weight * _cauchy(value, digits + 8, False) + bias) / value).log()
            at = (at - gap / slope).mid()
            if abs(gap / slope) < arb(10) ** -(digits + 3):
                break
        ends = [(at + sign * arb(10) ** -(digits + 2)).exp() for sign in (-1, 1)]
        orders = [compare(weight * _cauchy(x, digits + 8, False) + bias, x) for x in ends]
        if orders != [">", "<"]:
            raise InputError("the fixed point could not be enclosed to so many digits")
        return ends[0].union(ends[1])


# --- constants -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def gaussian_fixed_point(setting: Setting, digits: int) -> arb:
    """Enclose the largest stable q* > 0 of the Gaussian theory."""
    chosen = length_map(setting.activation, setting["sigma_w"] ** 2, setting["sigma_b"] ** 2)
    found = [p.value for p in fixed_points(chosen, digits).points if p.order == "<" and p.value > 0]
    if not found:
        raise InputError("at alpha = 2 and sigma_b = 0 there is a fixed point q* > 0 only for sigma_w > 1")
    return found[-1]


def fixed_point(setting: Setting, digits: int) -> arb | Estimate:
    """Return q*: enclosed at alpha = 2 and, for tanh, at alpha = 1; else in double precision with its error."""
    if setting["alpha"] == 2:
        return gaussian_fixed_point(setting, digits)
    if _is_cauchy(setting):
        return certified_fixed_point(setting, digits)
    at, error, _ = log_fixed_point(setting)
    return exactly(math.exp(at), math.exp(at) * error)


def naive_slope(setting: Setting, digits: int) -> arb | Estimate:
    """Return chi_naive = sigma_w^alpha E|phi'(h)|^alpha at q*."""
    if setting["alpha"] == 2:
        at = gaussian_fixed_point(setting, digits + 5)
        with ctx.workdps(digits + 20):
            return exact(setting["sigma_w"] ** 2) * moment(dphi**2, setting.activation).enclosed(at, 0, digits)
    if _is_cauchy(setting):
        at = certified_fixed_point(setting, digits + 5)
        with ctx.workdps(digits + 20):
            return exact(setting["sigma_w"]) * _cauchy(at, digits, True)
    log_q, error, _ = log_fixed_point(setting)
    index, weight, _ = _numbers(setting)
    f, scale = pointwise(setting.activation), math.exp(log_q / index)
    values = [averaged(f, index, scale, order, slope=True) for order in ORDERS]
    moved = averaged(f, index, scale * 1.001, ORDERS[1], slope=True) - values[1]
    room = abs(values[1] - values[0]) + ROUNDING * values[1] + abs(moved) * 1000 * error
    return exactly(weight**index * values[1], weight**index * room)


KAPPA = sp.gamma(alpha) * sp.sin(sp.pi * alpha / 2) / sp.pi


def kappa(setting: Setting, digits: int) -> arb:
    """Enclose kappa; it is 0 at alpha = 2."""
    index = setting["alpha"]
    at = sp.Rational(index.numerator, index.denominator)
    return arb(0) if index == 2 else evaluate(KAPPA, None, setting, {alpha: at}, digits)


POINT = ("alpha", "sigma_w", "sigma_b", "activation")
Q_STAR = constant("q_star", fixed_point, "stable fixed point of V", source="C1", uses=POINT)
CAUCHY = constant("cauchy_constant", lambda _, digits: cauchy_constant(digits), "C at alpha = 1", source="C3")
q_star, C = Q_STAR.symbol, CAUCHY.symbol
COMPLEX, REAL = 1 - sp.log(2) / sp.log(N), 1 - sp.log(3) / sp.log(N)
CONSTANTS = (
    Q_STAR,
    constant("kappa_alpha", kappa, "V(q)/q = sigma_w^alpha kappa log(1/q) (1 + o(1))", source="C2", uses=("alpha",)),
    constant("chi_naive", naive_slope, "sigma_w^alpha E|phi'|^alpha", source="C4", uses=POINT),
    CAUCHY,
    constant("cauchy_q_small", sp.exp(C - sp.pi / sigma_w), "q* at alpha = 1 as sigma_w -> 0", source="C3"),
    constant("cauchy_map", cauchy_map, "V(q)/sigma_w at alpha = 1 for tanh", source="C3", uses=("q",)),
    constant("participation_complex", COMPLEX, "D_2 of Gaussian complex vectors", source="C5"),
    constant("participation_real", REAL, "D_2 of Gaussian real vectors", source="C5"),
)

# --- random networks -------------------------------------------------------------------------------------------------


def start_of(setting: Setting, rng: np.random.Generator, nets: int, width: int) -> Array:
    """Return pre-activations of the stable law of scale q*, shape (nets, width, 1)."""
    found = fixed_point(setting, 15)
    value = found.value if isinstance(found, Estimate) else float(found.mid())
    index = setting.number("alpha")
    drawn: Array = symmetric_stable(rng, index, (nets, width, 1)) * (value / 2) ** (1 / index)
    return drawn


def scales(setting: Setting, rng: np.random.Generator, nets: int, width: int, depth: int) -> Array:
    """Return q of each next layer, shape (depth, nets), from q* on; given h, the next h is exactly stable."""
    index, weight, bias = _numbers(setting)
    f, h, found = pointwise(setting.activation), start_of(setting, rng, nets, width), []
    for _ in range(depth):
        x = f.forward(h)
        found.append(weight**index * np.mean(np.abs(x) ** index, axis=(1, 2)) + bias**index)
        h = stable_images(rng, x, alpha=index, sigma_w=weight, sigma_b=bias)
    return np.array(found)


def growth(setting: Setting, rng: np.random.Generator, nets: int, width: int, depth: int) -> Array:
    """Return log growth per layer of the alpha-scale of a linear perturbation, shape (nets,).

    The scale of the next perturbation is sigma_w (mean |phi'(h) d|^alpha)^(1/alpha): explicit matrices, which h and the
    perturbation share.
    """
    index, weight, bias = _numbers(setting)
    f, found = pointwise(setting.activation), np.empty(nets)
    for net in range(nets):
        h, d, logs = start_of(setting, rng, 1, width), rng.standard_normal((1, width, 1)), []
        for _ in range(depth + 1):
            local = f.at(h)
            moved = local.slope * d
            scale = weight * np.mean(np.abs(moved) ** index) ** (1 / index)
            logs.append(math.log(scale))
            layer = dense_stable(rng, 1, width, alpha=index, sigma_w=weight, sigma_b=bias)
            h = layer.forward(local.value)
            d = layer.weight @ moved / scale
        found[net] = np.mean(logs[1:])
    return found


def jacobian(setting: Setting, rng: np.random.Generator, width: int) -> Array:
    """Return W diag(phi'(h)), of pre-activations by those before, h of scale q* and independent of W."""
    index, weight, _ = _numbers(setting)
    slopes = pointwise(setting.activation).slope(start_of(setting, rng, 1, width)[0, :, 0])
    drawn: Array = dense_stable(rng, 1, width, alpha=index, sigma_w=weight).weight[0] * slopes
    return drawn


def output_jacobian(setting: Setting, rng: np.random.Generator, width: int) -> Array:
    """Return diag(phi'(W x)) W, of outputs phi(W x) by inputs x of a layer, which shares W with its pre-activations."""
    index, weight, bias = _numbers(setting)
    f = pointwise(setting.activation)
    layer = dense_stable(rng, 1, width, alpha=index, sigma_w=weight, sigma_b=bias)
    h = layer.forward(f.forward(start_of(setting, rng, 1, width)))
    drawn: Array = f.slope(h[0]) * layer.weight[0]
    return drawn


def participation(vectors: Array, power: float = 4.0) -> float:
    """Return the mean D_2 of normalised columns: log sum |v|^4 / (-log N); another `power` is a mistake."""
    return float(np.mean(np.log(np.sum(np.abs(vectors) ** power, axis=0))) / -math.log(len(vectors)))


@lru_cache(maxsize=64)
def participations(setting: Setting, seed: int, width: int, nets: int, power: float = 4.0) -> tuple[Estimate, Estimate]:
    """D_2 of right eigenvectors and right singular vectors of diag(phi'(h)) W^T, the Jacobian of backpropagation."""
    rng, found = stream(seed, f"jacobians {width}"), []
    for _ in range(nets):
        J = jacobian(setting, rng, width).T
        found.append((participation(np.linalg.eig(J)[1], power), participation(np.linalg.svd(J)[2].T, power)))
    right, singular = np.array(found).T
    return mean_of(right), mean_of(singular)


def at_alpha(setting: Setting, index: str, weight: str | None = None) -> Setting:
    """Return the setting with another alpha and, if given, sigma_w."""
    changed = setting.with_values(alpha=Fraction(index))
    return changed if weight is None else changed.with_values(sigma_w=Fraction(weight))


def under_tanh(check: Check) -> Check:
    """Return the check with tanh, whatever the setting's activation."""

    def run(context: Context, /) -> Evidence:
        return check.run(replace(context, setting=replace(context.setting, activation=TANH)))

    return replace(check, run=run)


# --- C1: the length map ----------------------------------------------------------------------------------------------

A = sp.Symbol("A", positive=True)
NEXT = sigma_w**alpha * A + sigma_b**alpha


def map_at_fixed_point(context: Context) -> dict[sp.Symbol, arb]:
    """E|phi(h)|^alpha at q*, with the error of its double precision."""
    setting = context.setting
    found = fixed_point(setting, 20)
    middle, error = (found.value, found.error) if isinstance(found, Estimate) else (float(found.mid()), 0.0)
    index = setting.number("alpha")
    value = middle * averaged(pointwise(setting.activation), index, middle ** (1 / index), ORDERS[1])
    return {A: arb(value, value * (10 * ROUNDING + 2 * error / middle))}


def network_scales(context: Context) -> list[At]:
    """The scale q of networks of width 400 that start at q*, one and three layers on."""
    nets = context.budget.pick(400, 1000, 4000)
    rows = scales(context.setting, context.rng("scales"), nets, 400, 4)
    where = map_at_fixed_point(context)
    return [At(mean_of(rows[k], 2 / 400 * float(np.mean(rows[k]))), f"layer {k + 1}", k + 1, where) for k in (0, 2)]


def matrix_scales(context: Context) -> list[At]:
    """The same after one layer of explicit matrices, width 200."""
    setting, rng, nets = context.setting, context.rng("matrices"), context.budget.pick(100, 300, 1000)
    index, weight, bias = _numbers(setting)
    f, found = pointwise(setting.activation), np.empty(nets)
    for net in range(nets):
        layer = dense_stable(rng, 1, 200, alpha=index, sigma_w=weight, sigma_b=bias)
        h = layer.forward(f.forward(start_of(setting, rng, 1, 200)))
        found[net] = weight**index * np.mean(np.abs(f.forward(h)) ** index) + bias**index
    return [At(mean_of(found, 5 / 200 * float(np.mean(found))), "layer 2", None, map_at_fixed_point(context))]


length_claim = Claim(
    "length-map",
    title="The scale of a stable layer",
    statement=r"$q^{l+1} = V(q^l) = \sigma_w^\alpha E|\phi((q^l)^{1/\alpha}z)|^\alpha + \sigma_b^\alpha$.",
    source="2203.12967, mean field section",
    known="official code",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "In the setting, at q*: networks keep the scale, and the next layer has scale V(q*).",
            {"next": NEXT},
            checks=[
                agree("networks", "next", network_scales, domain="300 nets or more of width 400", x_label="layer"),
                agree("matrices", "next", matrix_scales, domain="explicit matrices of width 200", resolution=0.3),
            ],
            wrong=[
                wrong(
                    "no-two",
                    {"next": NEXT + sigma_w**alpha * A},
                    "(N)^(-1/alpha) in place of (2N)^(-1/alpha) doubles it.",
                ),
                wrong("square", {"next": sigma_w**2 * A**2 + sigma_b**2}, "Stable scales add as powers alpha."),
            ],
        )
    ],
)

# --- C2: no quiescent phase ------------------------------------------------------------------------------------------

TAIL = sp.gamma(alpha + 1) * sp.sin(sp.pi * alpha / 2) / (2 * sp.pi)
x, a = sp.symbols("x a", positive=True)


def quiescent_steps(context: Context) -> Iterable[Step]:
    """V(q)/q = sigma_w^alpha 2 int |phi(rz)/r|^alpha p, and p ~ TAIL z^(-1-alpha): the range 1 < z < 1/r gives the log."""
    kappa, k = context["kappa"], sp.Symbol("k", positive=True)
    yield from identical(
        {
            "both tails, log(1/r) = log(1/q)/alpha": (sp.gammasimp(2 * TAIL / alpha), sp.gammasimp(kappa)),
            "kappa > 0: the sine of an angle above 0, up to pi/2": (
                sp.gamma(alpha) * sp.sin(sp.pi * (2 - alpha) / 2) / sp.pi,
                kappa,
            ),
            "the tail of the Cauchy law of scale 1/2": (
                TAIL.subs(alpha, 1),
                sp.limit(x**2 / (2 * sp.pi * (x**2 + sp.Rational(1, 4))), x, sp.oo),
            ),
        }
    )
    endless = sp.limit(k * sp.log(1 / x), x, 0, "+") == sp.oo
    yield Step("kappa log(1/q) is unbounded for kappa > 0", bool(endless))


def slopes_in_log(context: Context) -> list[At]:
    """Slopes of V(q)/q in log(1/q), far down, at sigma_w = 1 and sigma_b = 0, for three alpha."""
    found = []
    for index in ("11/10", "3/2", "9/5"):
        setting = at_alpha(context.setting, index, "1").with_values(sigma_b=0)
        high, low = (math.exp(log_ratio(setting, k, ORDERS[1])) for k in (-400.0, -300.0))
        found.append(
            At(
                exactly((high - low) / 100, 1e-9),
                f"alpha = {index}",
                float(Fraction(index)),
                {alpha: sp.Rational(index)},
            )
        )
    return found


def small_weights(context: Context) -> list[At]:
    """q* at sigma_w = .3, .5, .8 and alpha = 1, 3/2, without bias."""
    found = []
    for index, weight in (("1", "3/10"), ("1", "1/2"), ("1", "4/5"), ("3/2", "1/2"), ("3/2", "4/5")):
        value = fixed_point(at_alpha(context.setting, index, weight).with_values(sigma_b=0), 15)
        shown = value if isinstance(value, Estimate) else exactly(float(value.mid()), 1e-15 * float(value.mid()))
        found.append(At(shown, f"alpha = {index}, sigma_w = {weight}"))
    return found


def dying(context: Context) -> list[At]:
    """Factor per layer of q at alpha = 1, sigma_w = 1/4, width 1000, from q = 1e-12: q* is 1.5e-5."""
    nets, rng = context.budget.pick(200, 500, 2000), context.rng("dying")
    size = symmetric_stable(rng, 1.0, (nets, 1000)) * 0.5e-12
    return [At(mean_of(np.log(0.25 * np.mean(np.abs(np.tanh(size)), axis=1) / 1e-12)), "log factor")]


INVISIBLE = Note(
    id="heavy-tails.invisible",
    severity="major",
    text="There is no quiescent phase at infinite width, but q* is about exp(-1/(sigma_w^alpha kappa)). At width N the "
    "typical network sees log N for log(1/q): below sigma_w^alpha kappa log N of about 1 its activity dies out.",
)
quiescent_claim = Claim(
    "no-quiescent-phase",
    title="The transition to quiescence disappears",
    statement=(
        r"For $\alpha < 2$: $V(q)/q \sim \sigma_w^\alpha\kappa_\alpha\log(1/q)$, "
        r"$\kappa_\alpha = \Gamma(\alpha)\sin(\pi\alpha/2)/\pi$, so that $q^* > 0$ for every $\sigma_w > 0$."
    ),
    source="2203.12967; constant derived here",
    known="derived here",
    no_inequality="its inequality q* > 0 has no parameters left that a search could vary in a certified way",
    readings=[
        Reading(
            "limit",
            "Infinite width, tanh, sigma_b = 0, given the tail of the stable density.",
            {"kappa": KAPPA, "least": sp.Integer(0)},
            checks=[
                proof(
                    "divergence", "kappa", quiescent_steps, kind=Kind.EXACT, domain="all 1 <= alpha < 2, sigma_w > 0"
                ),
                under_tanh(agree("slope", "kappa", slopes_in_log, domain="q from e^-400 to e^-300", x_label="alpha")),
                under_tanh(agree("fixed-points", "least", small_weights, relation=">", domain="sigma_w below 1")),
            ],
            wrong=[
                wrong("one-tail", {"kappa": KAPPA / 2}, "Both tails of z count."),
                wrong(
                    "bounded", {"kappa": sp.Integer(0)}, "A cut at |z| < 80 leaves V(q)/q bounded: a false threshold."
                ),
                wrong("order-one", {"least": ONE}, "q* is far below 1 for small sigma_w."),
            ],
        ),
        Reading(
            "practice",
            "At width 1000, alpha = 1 and sigma_w = 1/4, where q* = 1.5e-5, a small activity dies out.",
            {"log": sp.Integer(0)},
            checks=[
                noted(
                    agree(
                        "networks",
                        "log",
                        dying,
                        relation="<",
                        domain="tanh, alpha = 1, sigma_w = 1/4, width 1000, q = 1e-12",
                    ),
                    INVISIBLE,
                )
            ],
            wrong=[wrong("fast", {"log": sp.Integer(-3)}, "It shrinks by less than e^-3 in a layer.")],
        ),
    ],
)

# --- C3: Cauchy ------------------------------------------------------------------------------------------------------

ZETA = sp.Symbol("zeta_prime_2", real=True)
CONSTANT = sp.log(sp.pi) - sp.log(2) / 3 - 6 * ZETA / sp.pi**2


def cauchy_pairs(context: Context) -> Iterable[tuple[sp.Expr, sp.Expr]]:
    """One term of tanh x = sum 8x/(a^2 + 4x^2) against the Cauchy density; then sums over a = (2k-1) pi."""
    integrand = 8 * q * x / (a**2 + 4 * q**2 * x**2) / (sp.pi * (x**2 + sp.Rational(1, 4)))
    primitive = 4 * q / (sp.pi * (a**2 - q**2)) * sp.log((x**2 + sp.Rational(1, 4)) / (a**2 + 4 * q**2 * x**2))
    yield sp.simplify(sp.diff(primitive, x) - integrand), sp.Integer(0)
    at_ends = 4 * q / (sp.pi * (a**2 - q**2)) * (-2 * sp.log(2 * q) - 2 * sp.log(sp.Rational(1, 2)) + 2 * sp.log(a))
    yield sp.expand_log(at_ends - q / sp.pi * context["term"], force=True).simplify(), sp.Integer(0)
    # Odd integers: sum (2k-1)^-s = (1 - 2^-s) zeta(s), and minus its derivative at 2 sums log(2k-1)/(2k-1)^2.
    odd = 1 - 2**-x
    square = odd.subs(x, 2) * sp.pi**2 / 6
    logs = -(sp.diff(odd, x).subs(x, 2) * sp.pi**2 / 6 + odd.subs(x, 2) * ZETA)
    yield 8 * square / sp.pi**2, ONE
    yield sp.expand(8 / sp.pi**2 * (sp.log(sp.pi) * square + logs)), sp.expand(context["constant"])


def expansions(context: Context) -> list[At]:
    """Pi V/(sigma_w q) - log(1/q) at q = 1e-12, where the rest is below q^2 (1 + log(1/q)); the integral, not the series."""
    with ctx.workdps(60):
        at = exact(Fraction(1, 10**12))
        rest = at * at * (1 - at.log())
        slope = acb_series([2, 1], prec=2).zeta()[1].real
        value = arb.pi() * _cauchy(at, 30, False) / at + at.log()
        return [At(value - rest.union(arb(0)), "q = 1e-12", None, {ZETA: slope})]


def small_fixed_points(context: Context) -> list[At]:
    """pi/sigma_w + log q*, certified, which tends to C."""
    found = []
    for weight in ("1/5", "1/8", "1/10"):
        value = certified_fixed_point(at_alpha(context.setting, "1", weight).with_values(sigma_b=0), 20)
        with ctx.workdps(40):
            slope = acb_series([2, 1], prec=2).zeta()[1].real
            low = value * value * (1 - value.log())
            found.append(
                At(
                    value.log() + arb.pi() / exact(Fraction(weight)) - low.union(arb(0)),
                    f"sigma_w = {weight}",
                    None,
                    {ZETA: slope},
                )
            )
    return found


cauchy_claim = Claim(
    "cauchy",
    title="Cauchy weights: a series, and the fixed point of small weights",
    statement=(
        r"$\alpha = 1$: $V(q) = \sigma_w\frac q\pi\sum_k\frac{8\log(a_k/q)}{a_k^2 - q^2}$, $a_k = (2k-1)\pi$; "
        r"$q^* \sim \exp(C - \pi/\sigma_w)$, $C = \log\pi - \frac13\log 2 - 6\zeta'(2)/\pi^2$."
    ),
    source="derived here",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "tanh, sigma_b = 0; the rest of the expansion of pi V/(sigma_w q) is between 0 and q^2 (1 + log(1/q)).",
            {"term": 8 * sp.log(a / q) / (a**2 - q**2), "constant": CONSTANT},
            checks=[
                identity("series", ("term", "constant"), cauchy_pairs, domain="all q, a"),
                under_tanh(
                    encloses("expansion", "constant", expansions, digits=15, domain="q = 1e-12, by the integral")
                ),
                under_tanh(encloses("fixed-points", "constant", small_fixed_points, digits=10, domain="three sigma_w")),
            ],
            wrong=[
                wrong(
                    "no-log-2", {"constant": CONSTANT + sp.log(2) / 3}, "Odd integers alone occur: the factor 1 - 2^-s."
                ),
                wrong("log-q", {"term": 8 * sp.log(a) / (a**2 - q**2)}, "At small q it must contain log(1/q)."),
                wrong("all", {"constant": CONSTANT - sp.log(sp.pi) + ONE}, "log pi = 1.14."),
            ],
        )
    ],
)

# --- C4: what grows ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def growths(setting: Setting, seed: int, nets: int, width: int, depth: int) -> Estimate:
    """Log growth per layer of the alpha-scale of a perturbation at one width."""
    return mean_of(growth(setting, stream(seed, f"growth {width}"), nets, width, depth))


def measured_growth(context: Context) -> list[At]:
    """The growth at two widths, alpha = 3/2, sigma_w = 1, and log chi_naive there."""
    setting, found = at_alpha(context.setting, "3/2", "1").with_values(sigma_b=0), []
    chi = naive_slope(setting, 15)
    assert isinstance(chi, Estimate)
    for width, nets in ((100, 60), (200, context.budget.pick(24, 60, 200))):
        value = growths(setting, context.seed, nets, width, 12)
        found.append(At(value, f"N = {width}", width, {A: arb(chi.value, chi.error), alpha: sp.Rational(3, 2)}))
    return found


def squares(context: Context) -> Evidence:
    """Whether E W^k is finite: the tail of W makes its part up to Z grow like Z^(k - alpha)."""
    order, index = int(context["order"]), context.setting["alpha"]
    finite = index == 2 or order < index
    return Evidence(
        passed=finite,
        scope="whole",
        lhs=f"E |W|^{order}",
        rhs="finite",
        error=0.0,
        domain=f"alpha = {index}",
        reason="" if finite else f"the tail z^(-1-alpha) makes the moment of order {order} >= alpha infinite",
    )


NO_SLOPE = Note(
    id="heavy-tails.no-slope",
    severity="major",
    text="For alpha < 2 the classical criterion chi_1 = 1 does not exist: squared Jacobian entries have infinite means. "
    "The naive substitute E|phi'|^alpha factors a product whose factors share their large weights, and predicts decay "
    "where perturbations grow. The measured growth still drifts with N.",
)
slope_claim = Claim(
    "perturbations",
    title="The naive slope is not the growth of a perturbation",
    statement=r"$\chi = \sigma_w^\alpha E|\phi'(h)|^\alpha$ is not the growth of a perturbation for $\alpha < 2$.",
    source="notes of the repository",
    known="official code",
    no_inequality="its inequality is between a simulated and a computed number",
    readings=[
        Reading(
            "stated",
            "alpha = 3/2, sigma_w = 1, widths 100 and 200: the alpha-scale grows by more than chi^(1/alpha) = .94.",
            {"naive": sp.log(A) / alpha},
            checks=[
                noted(
                    under_tanh(
                        agree("networks", "naive", measured_growth, relation=">", domain="12 layers, tanh", x_label="N")
                    ),
                    NO_SLOPE,
                )
            ],
            wrong=[wrong("double", {"naive": sp.log(2 * A)}, "Perturbations do not grow by 1.8 a layer.")],
        ),
        Reading(
            "mean-square",
            "chi_1 = sigma_w^2 E phi'^2 = 1 as a criterion: it needs a mean of squared weights.",
            {"order": sp.Integer(2)},
            checks=[custom("moments", "order", squares, kind=Kind.EXACT, question=Question.APPLIES)],
            wrong=[wrong("cubes", {"order": sp.Integer(3)}, "Neither does E|W|^3 exist.", checks=["moments"])],
        ),
    ],
)

# --- C5: participation -----------------------------------------------------------------------------------------------

SEEN = 150


def _found(context: Context, index: str, weight: str, which: int, power: float = 4.0) -> Estimate:
    setting = at_alpha(context.setting, index, weight).with_values(sigma_b=0)
    nets = context.budget.pick(6, 16, 40)
    return participations(setting, context.seed, SEEN, nets, power)[which]


def below(which: int) -> Callable[[Context], list[At]]:
    """D_2 at alpha = 1 and 3/2, sigma_w = 1 and 2; eigenvectors (0) or singular vectors (1)."""

    def cases(context: Context) -> list[At]:
        pairs = (("1", "1"), ("1", "2"), ("3/2", "1"), ("3/2", "2"))
        return [At(_found(context, i, w, which), f"alpha = {i}, sigma_w = {w}", None, {N: SEEN}) for i, w in pairs]

    return cases


def gaussian_control(context: Context) -> list[At]:
    """D_2 of singular vectors at alpha = 2, sigma_w = 2: within .02 of the law of a Gaussian vector."""
    value = _found(context, "2", "2", 1, float(number(context, "power")))
    return [At(value.but(error=value.error + 0.02, bias=0.02), "alpha = 2", None, {N: SEEN})]


def by_alpha(context: Context) -> list[At]:
    """D_2 of singular vectors as alpha falls."""
    indices = (("9/5", 1.8), ("3/2", 1.5), ("1", 1.0))
    return [At(_found(context, text, "1", 1), f"alpha = {text}", place) for text, place in indices]


ONE_WIDTH = Note(
    id="heavy-tails.one-width",
    severity="minor",
    text="D_2 below 1 at one width shows nothing: Gaussian vectors have 1 - log 2/log N or 1 - log 3/log N. D_2 is below "
    "these at the widths tried; a limit in N is not shown, nor where the extended regime of the paper ends.",
)
multifractal_claim = Claim(
    "multifractal",
    title="Eigenvectors of Jacobians are multifractal",
    statement=r"$D_2$ of eigenvectors and singular vectors of the Jacobian decreases with $\alpha$, in an extended regime.",
    source="2203.12967, abstract",
    known="official code",
    no_inequality="its inequalities are between simulated numbers and references",
    readings=[
        Reading(
            "extended",
            "At N = 150, D_2 below that of Gaussian vectors for alpha = 1 and 3/2 at sigma_w = 1 and 2; falling with alpha.",
            {"complex": COMPLEX, "real": REAL, "direction": sp.Integer(-1), "power": sp.Integer(4)},
            checks=[
                under_tanh(
                    agree("eigenvectors", "complex", below(0), relation="<", domain="N = 150", group="jacobians")
                ),
                noted(
                    under_tanh(agree("singular", "real", below(1), relation="<", domain="N = 150", group="jacobians")),
                    ONE_WIDTH,
                ),
                under_tanh(
                    monotone("falls", "direction", by_alpha, kind=Kind.SIMULATED, domain="N = 150", group="jacobians")
                ),
                under_tanh(
                    agree("gaussian", "real", gaussian_control, uses=["power"], domain="alpha = 2", group="jacobians")
                ),
            ],
            wrong=[
                wrong(
                    "power", {"power": sp.Integer(2)}, "|v|^q in place of |v|^(2q): the sum is 1.", checks=["gaussian"]
                ),
                wrong("rises", {"direction": ONE}, "Heavy tails localise: D_2 falls."),
                wrong("localised", {"complex": COMPLEX / 3, "real": REAL / 3}, "D_2 stays above a third of it."),
            ],
        )
    ],
)

# --- C6, C7: spectrum, circle ----------------------------------------------------------------------------------------


def hill(outputs: bool) -> Callable[[Context], list[At]]:
    """Hill estimates of the tail index of singular values, 20 largest of 200; their bias is about a quarter."""

    def cases(context: Context) -> list[At]:
        nets, found = context.budget.pick(60, 120, 400), []
        draw = output_jacobian if outputs else jacobian
        for index, value in (("6/5", 1.2), ("3/2", 1.5)):
            setting = at_alpha(context.setting, index, "1").with_values(sigma_b=0)
            rng = context.rng(f"hill {index}")
            rows = [np.linalg.svd(draw(setting, rng, 200), compute_uv=False) for _ in range(nets)]
            estimates = [1 / np.mean(np.log(s[:20] / s[20])) for s in rows]
            bias = 0.25 * (value + outputs)
            found.append(At(mean_of(estimates, bias), f"alpha = {index}", value, {alpha: sp.Rational(index)}))
        return found

    return cases


WHICH_JACOBIAN = Note(
    id="heavy-tails.which-jacobian",
    severity="minor",
    text="The tail of the singular values depends on which Jacobian is meant. From pre-activations to the next ones, "
    "W diag(phi'(h)), it is that of the weights. From outputs to outputs, diag(phi'(W x)) W, a large weight saturates its "
    "own unit, and the index is larger by about one.",
)
spectrum_claim = Claim(
    "heavy-spectrum",
    title="Singular values have the tail of the weights",
    statement=r"The density of singular values of the layer Jacobian falls like $s^{-1-\alpha}$.",
    source="derived here",
    known="derived here",
    no_inequality="it states an exponent",
    readings=[
        Reading(
            "stated",
            "The Jacobian W diag(phi'(h)): Hill estimates at N = 200 agree with alpha to a quarter.",
            {"index": alpha},
            checks=[
                under_tanh(agree("hill", "index", hill(False), resolution=0.4, domain="N = 200, tanh", x_label="alpha"))
            ],
            wrong=[
                wrong("square", {"index": alpha / 2}, "That is the tail of squared singular values."),
                wrong("density", {"index": alpha + 1}, "alpha + 1 is the exponent of the density, not of the tail."),
            ],
        ),
        Reading(
            "outputs",
            "The Jacobian diag(phi'(W x)) W: the index is alpha + 1, to a quarter; x small where a weight is large.",
            {"index": alpha + 1},
            checks=[
                noted(
                    under_tanh(
                        agree("hill", "index", hill(True), resolution=0.4, domain="N = 200, tanh", x_label="alpha")
                    ),
                    WHICH_JACOBIAN,
                )
            ],
            wrong=[wrong("weights", {"index": alpha}, "Large weights saturate their own units.")],
        ),
    ],
)


@lru_cache(maxsize=16)
def roughness(setting: Setting, seed: int, nets: int) -> Estimate:
    """CV over the angle of steps |h(t') - h(t)| of a circle, layer 10, width 150, 60 angles."""
    index, weight, _ = _numbers(setting)
    rng, f = stream(seed, f"circle {index}"), pointwise(setting.activation)
    angle, found = 2 * np.pi * np.arange(60) / 60, np.empty(nets)
    for net in range(nets):
        h = np.zeros((1, 150, 60))
        h[0, 0], h[0, 1] = np.cos(angle), np.sin(angle)
        for layer in range(10):
            h = dense_stable(rng, 1, 150, alpha=index, sigma_w=weight).forward(f.forward(h) if layer else h)
        steps = np.linalg.norm(np.diff(h[0], axis=1, append=h[0][:, :1]), axis=0)
        found[net] = np.std(steps) / np.mean(steps)
    return mean_of(found)


def circles(context: Context) -> list[At]:
    """CV at alpha = 2 and 3/2, sigma_w = 3/2."""
    nets = context.budget.pick(40, 80, 300)
    settings = [(i, at_alpha(context.setting, i, "3/2").with_values(sigma_b=0)) for i in ("2", "3/2")]
    return [At(roughness(s, context.seed, nets), f"alpha = {i}", float(Fraction(i))) for i, s in settings]


circle_claim = Claim(
    "circular-manifold",
    title="Heavy tails stretch a circle unevenly",
    statement="The coefficient of variation of consecutive differences along a circle is larger for heavy tails (Eq. 6).",
    source="official code, Eq. 6",
    known="official code",
    no_inequality="it compares two simulated numbers",
    readings=[
        Reading(
            "stated",
            "Layer 10, width 150, sigma_w = 3/2: larger at alpha = 3/2 than for Gaussian weights.",
            {"direction": ONE},
            checks=[
                under_tanh(monotone("circles", "direction", circles, kind=Kind.SIMULATED, domain="tanh, 60 angles"))
            ],
            wrong=[
                wrong("smoother", {"direction": sp.Integer(-1)}, "Gaussian weights stretch a circle nearly evenly.")
            ],
        )
    ],
)

# --- the paper -------------------------------------------------------------------------------------------------------


def simulate(trial: Trial) -> Simulated:
    """Networks of the setting: late q, growth of a perturbation, D_2 of Jacobians; all start at scale q*."""
    setting, width, depth = trial.setting, trial.setting.integer("width"), trial.setting.integer("depth")
    if width > 4000 or depth > 200:
        raise InputError("networks are simulated up to width 4000 and depth 200")
    nets, matrices = trial.count("replicates", 2, 10**5), trial.count("matrices", 2, 1000)
    trial.say(f"{nets} chains and {matrices} matrix networks, width {width}, {depth} layers")
    late = scales(setting, trial.rng("q"), nets, width, depth)[depth // 2 :]
    grown = mean_of(growth(setting, trial.rng("growth"), matrices, width, depth))
    trial.progress(0.7)
    size = min(width, 400)
    right, singular = participations(setting, trial.seed, size, 3)
    factor = math.exp(grown.value)
    final = {
        "q": mean_of(np.mean(late, axis=0)),
        "growth": grown.but(value=factor, error=factor * math.expm1(grown.error)),
        "D2_right": right,
        "D2_singular": singular,
    }
    notes = (
        f"growth is that of the alpha-scale at width {width}: it drifts with the width.",
        f"D_2 is measured at width {size}, where Gaussian vectors have {1 - math.log(2) / math.log(size):.4f} (complex) "
        f"and {1 - math.log(3) / math.log(size):.4f} (real).",
    )
    return Simulated(final, notes=notes)


OPTIONS = (
    Option("replicates", "64", "chains of scales q"),
    Option("matrices", "4", "networks with explicit matrices, for the growth"),
)
paper = Paper(
    id="heavy-tails",
    title="Extended critical regimes of deep neural networks",
    authors=("Cheng Kevin Qu", "Asem Wardak", "Pulin Gong"),
    source="https://arxiv.org/abs/2203.12967",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, TANH),
    claims=(length_claim, quiescent_claim, cauchy_claim, slope_claim, multifractal_claim, spectrum_claim, circle_claim),
    constants=CONSTANTS,
    simulate=simulation("heavy-tails", simulate, OPTIONS),
    simulation_options=OPTIONS,
    verdicts={
        "length-map/stated": "supported",
        "no-quiescent-phase/limit": "proved",
        "no-quiescent-phase/practice": "supported",
        "cauchy/stated": "proved",
        "perturbations/stated": "supported",
        "perturbations/mean-square": "vacuous",
        "multifractal/extended": "supported",
        "heavy-spectrum/stated": "supported",
        "heavy-spectrum/outputs": "supported",
        "circular-manifold/stated": "supported",
    },
    references=(
        "Qu, Wardak, Gong: Extended critical regimes of deep neural networks. arXiv:2203.12967",
        "Zolotarev: One-dimensional stable distributions. 1986 (tail of the density)",
    ),
)
