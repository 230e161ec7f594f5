"""Limiting fluctuation and trajectorial stability of multilayer networks with mean-field training (arXiv 2110.15954).

Width fluctuations of order 1/sqrt(N) obey a Gaussian limit whose variance at the output gradient descent drives to zero.
On a linear instance with three layers the network closes on eight numbers and four averages of the initial draw, at
every width; the limit variance follows by the delta method.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray
from scipy import integrate, optimize

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Curve,
    Draws,
    Estimate,
    Evidence,
    Kind,
    Note,
    Option,
    Paper,
    Plot,
    Reading,
    Series,
    Setting,
    Simulated,
    Standard,
    Trial,
    against,
    agree,
    bound,
    constant,
    custom,
    decide,
    evaluate,
    identity,
    monotone,
    parameter,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.ode import Solution, System, sensitivity, solve, with_sensitivity
from mfcheck.dynamics.three_layer import Layers, ThreeLayer, train
from mfcheck.errors import InputError
from mfcheck.statistics import exactly, mean_of, variance_of
from mfcheck.statistics.settled import settled

Array = NDArray[np.float64]

LATEST = 10
HORIZON = parameter("horizon", 1, "time", least=0, most=LATEST)
A_MAX = parameter("a_max", 2, "last layer starts uniform on (0, a_max)", above=0)
W_MAX = parameter("w_max", 1, "first layer starts uniform on (0, w_max)", above=0)
MU = parameter("mu", "1/2", "mean of the entries of the middle layer")
LABEL = parameter("label", 1, "label y")
PARAMETERS = (HORIZON, A_MAX, W_MAX, MU, LABEL)
horizon, a_max, w_max, mu, label = (p.symbol for p in PARAMETERS)

# --- closure: a = al1 a0 + al2 1, w = be1 w0 + be2 1, W = (a0, 1) K (w0, 1)^T, e = y - u = e0 exp(-Lambda) -----------

ALPHA, BETA = sp.symbols("alpha1 alpha2", real=True), sp.symbols("beta1 beta2", real=True)
KAPPA = sp.symbols("K11 K12 K21 K22", real=True)
LAMBDA = sp.Symbol("Lambda", real=True)
AVERAGES = sp.symbols("p_a q_a p_w q_w", real=True)
"""Averages of a0^2, a0, w0^2, w0."""
p_a, q_a, p_w, q_w = AVERAGES
al, be, K = sp.Matrix(ALPHA), sp.Matrix(BETA), sp.Matrix(2, 2, KAPPA)
G_A, G_W = sp.Matrix([[p_a, q_a], [q_a, 1]]), sp.Matrix([[p_w, q_w], [q_w, 1]])
E_START = label - mu * q_a * q_w
ERROR = E_START * sp.exp(-LAMBDA)
OUTPUT = (al.T * G_A * K * G_W * be)[0, 0]
_BACK, _FORWARD = K * G_W * be, K.T * G_A * al
SPEED = (
    (_BACK.T * G_A * _BACK)[0, 0]
    + (al.T * G_A * al)[0, 0] * (be.T * G_W * be)[0, 0]
    + (_FORWARD.T * G_W * _FORWARD)[0, 0]
)
"""-e'/e: the sum of the squared gradients of the three layers."""


def closure(error: sp.Expr = ERROR) -> System:
    """The closed equations; the start is a = a0, w = w0, W = mu."""
    right = (*(error * _BACK), *(error * al * be.T), *(error * _FORWARD), SPEED)
    return System((*ALPHA, *KAPPA, *BETA, LAMBDA), right, (1, 0, 0, 0, 0, mu, 1, 0, 0))


MOVED = with_sensitivity(closure(), AVERAGES)
GRADIENT = tuple(sp.exp(-LAMBDA) * (mu * sp.diff(q_a * q_w, p) + E_START * sensitivity(LAMBDA, p)) for p in AVERAGES)
"""Derivatives of the output in the averages; as the error is kept by its logarithm, they keep their digits late."""
SLOPES = sp.symbols("g_1:5", real=True)


def uniform_covariance(top: sp.Symbol, i: int, j: int) -> sp.Expr:
    """Cov(z^i, z^j) for z uniform on (0, top)."""
    return top ** (i + j) * (sp.Rational(1, i + j + 1) - sp.Rational(1, (i + 1) * (j + 1)))


def quadratic(top: sp.Symbol, first: sp.Symbol, second: sp.Symbol, mixed: sp.Expr | int = 1) -> sp.Expr:
    """g^T Cov(z^2, z) g; the off-diagonal entries times `mixed`."""
    own = first**2 * uniform_covariance(top, 2, 2) + second**2 * uniform_covariance(top, 1, 1)
    return own + 2 * mixed * first * second * uniform_covariance(top, 1, 2)


VARIANCE_A, VARIANCE_W = quadratic(a_max, *SLOPES[:2]), quadratic(w_max, *SLOPES[2:])
VARIANCE = VARIANCE_A + VARIANCE_W


def _numbers(setting: Setting) -> dict[sp.Symbol, sp.Expr]:
    a, w = (sp.Rational(v.numerator, v.denominator) for v in (setting["a_max"], setting["w_max"]))
    own = {mu: setting["mu"], label: setting["label"], a_max: setting["a_max"], w_max: setting["w_max"]}
    known = {s: sp.Rational(v.numerator, v.denominator) for s, v in own.items()}
    return {**known, p_a: a**2 / 3, q_a: a / 2, p_w: w**2 / 3, q_w: w / 2}


@lru_cache(maxsize=64)
def path(setting: Setting, times: tuple[float, ...]) -> Solution:
    """The limit with its derivatives in the averages, at these times."""
    return solve(MOVED, times, _numbers(setting))


def at_horizon(setting: Setting) -> Solution:
    """The limit at the horizon."""
    return path(setting, (0.0, setting.number("horizon")))


def filled(expr: sp.Expr) -> sp.Expr:
    """Return a formula in the four slopes as one in the states."""
    return expr.xreplace(dict(zip(SLOPES, GRADIENT, strict=True)))


TINY = 1e-300


def final(expr: sp.Expr):  # type: ignore[no-untyped-def]
    """The leaf of a quantity at the horizon."""

    def value(setting: Setting, digits: int) -> Estimate:
        del digits
        found = at_horizon(setting).final(filled(expr))
        # a variance may be smaller than any float
        return exactly(found.value, found.bias + TINY)

    return value


# --- the peak --------------------------------------------------------------------------------------------------------


V_OF_STATES = filled(VARIANCE)
CHANGE = MOVED.along(V_OF_STATES)


@lru_cache(maxsize=4)
def _code(*quantities: sp.Expr) -> Callable[..., list[Any]]:
    symbols = [*MOVED.states, *AVERAGES, mu, label, a_max, w_max]
    code: Callable[..., list[Any]] = sp.lambdify(symbols, list(quantities), "numpy", cse=True)
    return code


@lru_cache(maxsize=16)
def whole(setting: Setting) -> Callable[[Array], Array]:
    """Return V, V' and the speed on [0, 10] as a function of times, without an error: for searches and pictures."""
    known = _numbers(setting)
    numbers = [float(known[s]) for s in (*AVERAGES, mu, label, a_max, w_max)]
    right = _code(*MOVED.right)
    begin = [float(sp.sympify(e).subs(known)) for e in MOVED.start]
    found = integrate.solve_ivp(
        lambda _, y: right(*y, *numbers),
        (0.0, float(LATEST)),
        begin,
        "DOP853",
        rtol=1e-10,
        atol=1e-12,
        dense_output=True,
    )
    sol = found.sol
    if sol is None or not found.success or not np.all(np.isfinite(found.y)):
        raise InputError(f"the limit cannot be continued beyond t = {found.t[-1]:.4g}")
    read = _code(V_OF_STATES, CHANGE, SPEED)

    def at(times: Array) -> Array:
        rows = read(*sol(times), *numbers)
        return np.stack([np.broadcast_to(r, times.shape) for r in rows])

    return at


@lru_cache(maxsize=16)
def peak(setting: Setting) -> tuple[Estimate, Estimate]:
    """Time and size of the largest V on [0, 10]: a grid, the zero of V' there, and a step of Newton's method."""
    at = whole(setting)
    grid = np.union1d(np.linspace(0.0, float(LATEST), 2001), np.geomspace(1e-9, float(LATEST), 2001))
    values = at(grid)[0]
    best = int(np.argmax(values))
    if values[best] <= 0:
        raise InputError("V is zero for ever: there is no peak (mu or label would have to be other than zero)")
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]

    def slope(t: float) -> float:
        return float(at(np.array([t]))[1, 0])

    place, doubt = float(grid[best]), 0.0
    if slope(left) > 0 > slope(right):
        place = float(optimize.brentq(slope, left, right, xtol=1e-13))
        near = 1e-3 * min(place, 1.0)
        curvature = (slope(place + near) - slope(place - near)) / (2 * near)
        place -= path(setting, (0.0, place)).final(CHANGE).value / curvature
        rest = path(setting, (0.0, place)).final(CHANGE)
        doubt = 2 * (rest.error + abs(rest.value)) / abs(curvature) + 1e-14
    return exactly(place, doubt), path(setting, (0.0, place)).final(V_OF_STATES)


USES = tuple(p.name for p in PARAMETERS)
CONSTANTS = (
    constant("output", final(label - ERROR), "limit of the output at the horizon", source="C3", uses=USES),
    constant("variance", final(VARIANCE), "limit of N Var of the output", source="C3", uses=USES),
    constant("variance_a", final(VARIANCE_A), "part of the last layer", source="C3", uses=USES),
    constant("variance_w", final(VARIANCE_W), "part of the first layer", source="C3", uses=USES),
    constant("variance_start", mu**2 * a_max**2 * w_max**2 / 24, "V(0)", source="C3"),
    constant("peak_time", lambda s, _: peak(s)[0], "where V is largest on [0, 10]", source="C5", uses=USES[1:]),
    constant("peak_variance", lambda s, _: peak(s)[1], "the largest V on [0, 10]", source="C5", uses=USES[1:]),
)

# --- runs ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _right():  # type: ignore[no-untyped-def]
    system = closure()
    symbols = [*system.states, *AVERAGES, mu, label]
    return sp.lambdify(symbols, list(system.right), "numpy", cse=True)


def steps_to(setting: Setting, length: float, start: float = 0.0) -> int:
    """Number of Runge-Kutta steps that resolve the limit's fastest decay from one time to a later one."""
    fastest = float(whole(setting)(np.linspace(0.0, LATEST, 201))[2].max())
    return max(4, math.ceil((length - start) * max(10.0, 5 * fastest)))


def sampled(setting: Setting, averages: Array, times: Sequence[float]) -> Array:
    """Outputs (R, len(times)) of networks with W0 = mu, exact at every width, from averages (R, 4) of their draws."""
    numbers = [setting.number("mu"), setting.number("label")]
    q = averages.T
    state = np.zeros((9, len(averages)))
    state[0], state[5], state[6] = 1.0, numbers[0], 1.0
    begun, now, found = numbers[1] - numbers[0] * q[1] * q[3], 0.0, []

    def right(y: Array) -> Array:
        return np.stack([np.broadcast_to(v, y.shape[1]) for v in _right()(*y, *q, *numbers)])

    for time in times:
        count = steps_to(setting, time, now) if time > now else 0
        h = (time - now) / max(count, 1)
        for _ in range(count):
            k1 = right(state)
            k2 = right(state + h / 2 * k1)
            k3 = right(state + h / 2 * k2)
            state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + right(state + h * k3))
        now = time
        found.append(numbers[1] - begun * np.exp(-state[8]))
    out = np.stack(found, axis=1)
    if not np.all(np.isfinite(out)):
        raise InputError("a sampled network leaves the numbers: a larger width would be needed")
    return out


def draw(setting: Setting, width: int, count: int, rng: np.random.Generator) -> Array:
    """Averages of a0^2, a0, w0^2, w0 over `width` neurons, (count, 4)."""
    parts = []
    for top in (setting.number("a_max"), setting.number("w_max")):
        found = [
            top * rng.random((min(20_000_000 // width, count - k), width)) for k in range(0, count, 20_000_000 // width)
        ]
        parts += [np.concatenate([(z**2).mean(1) for z in found]), np.concatenate([z.mean(1) for z in found])]
    return np.stack(parts, axis=1)


@lru_cache(maxsize=16)
def by_closure(setting: Setting, seed: int, count: int, times: tuple[float, ...]) -> list[Estimate]:
    """N Var of the output at these times, N = 50 and 200, the correction 1/N removed."""
    outs = [sampled(setting, draw(setting, n, count, stream(seed, f"draw {n}")), times) for n in (50, 200)]
    pairs = [[variance_of(math.sqrt(n) * column) for column in out.T] for n, out in zip((50, 200), outs, strict=True)]
    return [settled((50, 200), both) for both in zip(*pairs, strict=True)]


OBSERVED = ("output", "difference", "a2")


@lru_cache(maxsize=32)
def networks(
    setting: Setting, seed: int, count: int, width: int, time: float, spread: float, middle: float = 1, inner: float = 1
) -> Array:
    """Outputs, <a^2> - |W|^2/N^2 and <a^2> at 0 and at a time, neuron by neuron, (count, 2, 3)."""
    a_top, w_top, mean = (setting.number(n) for n in ("a_max", "w_max", "mu"))
    network = ThreeLayer((width, width), middle=middle, inner_power=inner)

    def start(rng: np.random.Generator) -> Layers:
        W = mean + spread * rng.standard_normal((width, width))
        return w_top * rng.random((width, 1)), W, a_top * rng.random(width)

    def observe(layers: Layers) -> Array:
        _, W, a = layers
        own = float(np.mean(a**2))
        return np.array([network.outputs(layers, np.ones((1, 1)))[0], own - float(np.mean(W**2)), own])

    data = np.ones(1), np.array([setting.number("label")])
    step = time / steps_to(setting, time) if time else 0.1
    times = [0.0, time]
    rng = stream(seed, f"networks {width} {spread}")
    out = train(network, start, data, times, observe, replicates=count, seed=rng, step=step)
    if not np.all(np.isfinite(out)):
        raise InputError(f"networks of width {width} leave the numbers")
    return out


EARLY = (Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(3, 2))


def limits(context: Context, name: str) -> list[arb]:
    """A formula in the slopes at the early times."""
    found = []
    for time in EARLY:
        setting = context.setting.with_values(horizon=time)
        slopes = [at_horizon(setting).final(g) for g in GRADIENT]
        where = {s: arb(g.value, g.error) for s, g in zip(SLOPES, slopes, strict=True)}
        found.append(evaluate(context[name], context.paper, setting, where, 15))
    return found


# --- C1, C2: the limit -----------------------------------------------------------------------------------------------


def closure_variances(context: Context) -> Evidence:
    """N Var of sampled closures against the delta method, and the picture of the rise and fall."""
    found = by_closure(
        context.setting, context.seed, context.budget.pick(12_000, 40_000, 200_000), tuple(map(float, EARLY))
    )
    cases = [
        Case(value, limit, f"t = {t}", float(t))
        for value, limit, t in zip(found, limits(context, "V"), EARLY, strict=True)
    ]
    plot = against(cases, "variance", "N Var of the output over time", "time", "N Var")
    standard = Standard(resolution=0.12, alarm=context.alarm)
    return decide(cases, standard, "N = 50 and 200, W0 = mu, the correction 1/N removed; t = 1/4 to 3/2", plot=plot)


def network_variances(context: Context) -> Evidence:
    """N Var of networks trained neuron by neuron, entries of W with and without spread, at time 1/2."""
    count, cases = context.budget.pick(1500, 4000, 20_000), []
    limit = limits(context, "V")[1]
    for spread in (0.0, 1.0):
        inner = float(context["inner"])
        outs = [networks(context.setting, context.seed, count, n, 0.5, spread, inner=inner) for n in (16, 64)]
        pair = [variance_of(math.sqrt(n) * out[:, 1, 0]) for n, out in zip((16, 64), outs, strict=True)]
        cases.append(Case(settled((16, 64), pair), limit, f"entry deviation {spread:g}"))
    standard = Standard(resolution=0.2, alarm=context.alarm)
    return decide(cases, standard, "N = 16 and 64, the correction 1/N removed, t = 1/2")


def mean_output(context: Context) -> Evidence:
    """The mean output of networks against the closure at time 1."""
    middle = float(context["middle"])
    outs = [networks(context.setting, context.seed, 400, n, 1.0, 0.0, middle) for n in (16, 64)]
    found = settled((16, 64), [mean_of(out[:, 1, 0]) for out in outs])
    limit = path(context.setting, (0.0, 1.0)).final(label - ERROR)
    case = Case(found, limit, "t = 1")
    return decide([case], Standard(resolution=0.05, alarm=context.alarm), "N = 16 and 64, the correction 1/N removed")


COMMON = 2 * sum(
    SLOPES[i]
    * SLOPES[2 + j]
    * a_max ** (2 - i)
    * w_max ** (2 - j)
    * (sp.Rational(1, 5 - i - j) - sp.Rational(1, (3 - i) * (3 - j)))
    for i in (0, 1)
    for j in (0, 1)
)
"""What a common sample a0 = a_max z, w0 = w_max z would add."""


def squared_outputs(context: Context) -> tuple[Array, Array]:
    """Squared deviations of the output of networks at time 1/2 from their mean, by width."""
    count = context.budget.pick(2500, 4000, 20_000)
    outs = [networks(context.setting, context.seed, count, n, 0.5, 0.25)[:, 1, 0] for n in (8, 32, 128)]
    return np.array([8.0, 32.0, 128.0]), np.stack([(o - o.mean()) ** 2 + 1e-300 for o in outs], axis=1)


limit_claim = Claim(
    "limit",
    title="Fluctuations have a Gaussian limit",
    statement=(
        r"Joint moments of $\sqrt N(\hat y_N - \hat y)$ at finitely many times and inputs tend to those of a Gaussian "
        r"process from a second-order system, with error $O_T(1/\sqrt N)$."
    ),
    source="2110.15954, Theorems 2, 5 and 6 (abstract)",
    known="from memory",
    no_inequality="it states limits",
    readings=[
        Reading(
            "variance",
            "On the instance: N Var of the output at several times is that of the delta method; the mean is the limit.",
            {"V": VARIANCE, "inner": sp.Integer(1), "middle": sp.Integer(1)},
            checks=[
                custom("closure", "V", closure_variances, kind=Kind.SIMULATED, group="closure"),
                custom("networks", ("V", "inner"), network_variances, kind=Kind.SIMULATED, group="networks"),
                custom("mean", "middle", mean_output, kind=Kind.SIMULATED, group="networks"),
            ],
            wrong=[
                wrong("common-sample", {"V": VARIANCE + COMMON}, "The layers are drawn independently."),
                wrong(
                    "diagonal",
                    {"V": quadratic(a_max, SLOPES[0], SLOPES[1], 0) + quadratic(w_max, SLOPES[2], SLOPES[3], 0)},
                    "z^2 and z are correlated.",
                ),
                wrong(
                    "kernel-scaling",
                    {"inner": sp.Rational(1, 2)},
                    "With 1/sqrt(N) the output at the start is larger by sqrt(N), and so is N Var by N.",
                ),
                wrong("frozen", {"middle": sp.Integer(0)}, "The gradient of the middle layer has the factor N^2."),
            ],
        )
    ],
)

_falls = rate(
    "networks",
    "order",
    squared_outputs,
    x_label="width N",
    y_label="Var of the output",
    domain="N = 8, 32, 128, entry deviation 1/4, t = 1/2",
    group="networks",
)


def falls(context: Context) -> Evidence:
    """The exponent, unless N Var is far from its limit at the largest width."""
    largest = squared_outputs(context)[1][:, 2]
    if 128 * largest.mean() > 2 * path(context.setting, (0.0, 0.5)).final(V_OF_STATES).value:
        return Evidence(passed=None, reason="N Var is far from its limit at N = 128: wider networks would be needed")
    return _falls.run(context)


no_accumulation = Claim(
    "no-accumulation",
    title="Variance does not accumulate over layers",
    statement=r"$N\,\mathrm{Var}(\hat y_N(t,x))$ tends to a finite $V(t,x)$, although layer 2 has $N^2$ weights.",
    source="2110.15954, abstract",
    known="from memory",
    no_inequality="it states a limit",
    readings=[
        Reading(
            "order",
            "With random entries of the middle layer, Var of the output falls like 1/N.",
            {"order": -sp.Integer(1)},
            checks=[custom("networks", "order", falls, kind=Kind.SIMULATED, group="networks")],
            wrong=[
                wrong("none", {"order": sp.Integer(0)}, "The law of large numbers."),
                wrong("square", {"order": -sp.Integer(2)}, "The first and last layers have N weights each."),
            ],
        )
    ],
)

# --- C3: exact closure -----------------------------------------------------------------------------------------------


def network_of(n: int) -> tuple[sp.Matrix, sp.Matrix, dict[sp.Symbol, sp.Expr]]:
    """Draws a0, w0 of n neurons, and the values of the averages in them."""
    a0, w0 = (sp.Matrix(sp.symbols(f"{name}1:{n + 1}", real=True)) for name in "aw")
    values = {p_a: (a0.T * a0)[0] / n, q_a: sum(a0) / n, p_w: (w0.T * w0)[0] / n, q_w: sum(w0) / n}
    return a0, w0, values


def exact_closure(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The network's own equations at N = 2 and 3, in a, w and W of the stated form, e left free."""
    e, pairs = sp.Symbol("e", real=True), []
    for n in (2, 3):
        a0, w0, values = network_of(n)
        one = sp.ones(n, 1)
        rows_a, rows_w = a0.row_join(one), w0.row_join(one)
        a, w, W = rows_a * al, rows_w * be, rows_a * K * rows_w.T
        d_al, d_K, d_be = (sp.Matrix(context[k]) for k in ("d_alpha", "d_K", "d_beta"))
        moved = {"a": rows_a * d_al, "w": rows_w * d_be, "W": rows_a * d_K.reshape(2, 2) * rows_w.T}
        own = {"a": e * W * w / n, "w": e * W.T * a / n, "W": e * a * w.T}
        pairs += [(sp.expand(x.subs(values)), sp.expand(y)) for k in own for x, y in zip(moved[k], own[k], strict=True)]
        output = (a.T * W * w)[0] / n**2
        pairs.append((sp.expand(context["u"].subs(values)), sp.expand(output)))
        squares = [(v.T * v)[0] / n for v in (W * w / n, W.T * a / n)] + [(a.T * a)[0] * (w.T * w)[0] / n**2]
        pairs.append((sp.expand(context["speed"].subs(values)), sp.expand(sum(squares))))
    return pairs


def output_moves(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """U' = e times the speed, so that e = e0 exp(-Lambda); and V(0)."""
    e = sp.Symbol("e", real=True)
    system = closure(e)
    start = dict(zip(system.states, system.start, strict=True)) | {
        p_a: a_max**2 / 3,
        q_a: a_max / 2,
        p_w: w_max**2 / 3,
        q_w: w_max / 2,
    }
    begun = {
        s: sp.diff(OUTPUT.subs(dict(zip(system.states, system.start, strict=True))), p)
        for s, p in zip(SLOPES, AVERAGES, strict=True)
    }
    return [
        (sp.expand(system.along(OUTPUT)), sp.expand(e * context["speed"])),
        (context["V_start"], VARIANCE.subs(begun).subs(start)),
    ]


_e = sp.Symbol("e", real=True)
exact = Claim(
    "closure",
    title="Exact closure of a linear network at every width",
    statement=(
        r"With $a = \alpha_1a_0+\alpha_2\mathbf 1$, $w = \beta_1w_0+\beta_2\mathbf 1$, $W = (a_0,\mathbf 1)K(w_0,\mathbf 1)^"
        r"\top$: $\alpha' = eKG_w\beta$, $K' = e\alpha\beta^\top$, $\beta' = eK^\top G_a\alpha$, $u = \alpha^\top G_aKG_w\beta$."
    ),
    source="derived from the training equations",
    known="derived here",
    no_inequality="it is a set of identities",
    readings=[
        Reading(
            "stated",
            "As identities in all weights, N = 2 and 3; the error decays by the sum of squared gradients.",
            {
                "d_alpha": sp.Tuple(*(_e * _BACK)),
                "d_K": sp.Tuple(*(_e * al * be.T)),
                "d_beta": sp.Tuple(*(_e * _FORWARD)),
                "u": OUTPUT,
                "speed": SPEED,
                "V_start": mu**2 * a_max**2 * w_max**2 / 24,
            },
            checks=[
                identity(
                    "neurons",
                    ("d_alpha", "d_K", "d_beta", "u", "speed"),
                    exact_closure,
                    domain="N = 2 and 3, all weights",
                ),
                identity("error", ("speed", "V_start"), output_moves, domain="all states, all parameters"),
            ],
            wrong=[
                wrong("frozen-middle", {"d_K": sp.Tuple(*[sp.Integer(0)] * 4)}, "W' = e a w^T."),
                wrong("one-gradient", {"speed": (_BACK.T * G_A * _BACK)[0, 0]}, "All three layers learn."),
                wrong("no-gram", {"d_alpha": sp.Tuple(*(_e * K * be))}, "W w averages over neurons: G_w."),
                wrong(
                    "start-half",
                    {"V_start": mu**2 * a_max**2 * w_max**2 / 48},
                    "Two layers, 1/48 each at the defaults.",
                ),
            ],
        )
    ],
)

# --- C4: stability ---------------------------------------------------------------------------------------------------

LATE = (2.0, 4.0, 6.0, 8.0)


def late_variances(context: Context) -> list[At]:
    """V at late times."""
    found = [path(context.setting, (0.0, t)).final(V_OF_STATES) for t in LATE]
    return [At(v, f"t = {t:g}", t) for t, v in zip(LATE, found, strict=True)]


def growth(context: Context) -> Evidence:
    """Second differences of V/e^2 at t = 6 and at t = 8: equal for a polynomial of degree 2."""
    times = (4.0, 6.0, 8.0, 10.0)
    f = [path(context.setting, (0.0, t)).final(V_OF_STATES * sp.exp(2 * LAMBDA)) for t in times]
    second = [f[k].value - 2 * f[k + 1].value + f[k + 2].value for k in (0, 1)]
    error = sum(f[k].error * (1 if k in (0, 3) else 3) for k in range(4))
    left_of_decay = 200 * math.exp(-path(context.setting, (0.0, 4.0)).final(LAMBDA).value)
    if left_of_decay > 0.02 or not abs(second[1]) > 10 * error:
        return Evidence(passed=None, domain="t = 4 to 10", reason="the error has not decayed enough by t = 4 to tell")
    found = exactly(second[0] / second[1], (error * 4 + abs(second[0]) * left_of_decay) / abs(second[1]))
    note = Note(
        id="multilayer-rate-fluctuates",
        severity="remark",
        text="On the instance V falls like $t^2e^2$, not like $e^2$: the rate at which the error e decays depends on the "
        "draw, so that its fluctuation is multiplied by time.",
    )
    case = Case(found, evaluate(context["ratio"], context.paper, context.setting, None, 15), "second differences")
    return decide(
        [case], Standard(resolution=0.02, alarm=context.alarm), "the limit's equations, t = 4 to 10", notes=(note,)
    )


SPEED_START = SPEED.subs(dict(zip(closure().states, closure().start, strict=True)))
MOMENTS = {p_a: a_max**2 / 3, q_a: a_max / 2, p_w: w_max**2 / 3, q_w: w_max / 2}
V_START = mu**2 * a_max**2 * w_max**2 / 24
AT_OPTIMUM = V_START * sp.exp(-2 * horizon * SPEED_START.subs(MOMENTS))


def from_optimum(context: Context) -> list[At]:
    """V where the limit starts at the optimum: the label is its output at the start."""
    cases = []
    for time in (Fraction(1, 4), Fraction(1, 2), Fraction(1)):
        half = context.setting["a_max"] * context.setting["w_max"] / 4
        setting = context.setting.with_values(label=context.setting["mu"] * half, horizon=time)
        value = at_horizon(setting).final(V_OF_STATES)
        cases.append(At(value, f"t = {time}", float(time), {horizon: sp.Rational(time.numerator, time.denominator)}))
    return cases


def started(setting: Setting) -> None:
    """Refuse settings whose limit starts at the optimum."""
    if setting["label"] == setting["mu"] * setting["a_max"] * setting["w_max"] / 4:
        raise InputError("V/e^2 needs a start away from the optimum")


stability = Claim(
    "stability",
    title="The variance of the output vanishes",
    statement=(
        r"If the derivative of the loss along the limit decays fast enough, $V(t) \to 0$; also where the limit starts at a "
        "global optimum."
    ),
    source="2110.15954, abstract; the exponent is from memory",
    known="from memory",
    readings=[
        Reading(
            "trajectory",
            "On the instance V falls at late times, like the square of the error times t^2: V/e^2 has degree 2 in t.",
            {"down": -sp.Integer(1), "ratio": sp.Integer(1)},
            checks=[
                monotone(
                    "late", "down", late_variances, kind=Kind.SIMULATED, domain="t = 2, 4, 6, 8, the limit's equations"
                ),
                custom("growth", "ratio", growth, kind=Kind.SIMULATED),
            ],
            needs=started,
            wrong=[
                wrong("up", {"down": sp.Integer(1)}, "V/e^2 grows like t^2, and e falls exponentially."),
                wrong(
                    "cubic", {"ratio": sp.Rational(3, 4)}, "That is the ratio for degree 3: the gradient grows like t."
                ),
            ],
        ),
        Reading(
            "optimum",
            "Started at the optimum of the limit, V(t) = V(0) exp(-2 s t), s the sum of squared gradients there.",
            {"V": AT_OPTIMUM, "simple": V_START * sp.exp(-2 * horizon * a_max**2 * w_max**2 / 9)},
            checks=[
                agree(
                    "equations",
                    "V",
                    from_optimum,
                    resolution=0.001,
                    domain="t = 1/4, 1/2, 1",
                    x_label="time",
                    y_label="V",
                )
            ],
            wrong=[
                wrong(
                    "half-rate",
                    {"V": V_START * sp.exp(-horizon * SPEED_START.subs(MOMENTS))},
                    "V is the square of what decays at that rate.",
                    checks=["equations"],
                ),
                wrong(
                    "too-fast",
                    {"simple": V_START * sp.exp(-4 * horizon * a_max**2 * w_max**2 / 9)},
                    "At small mu the rate is that of the middle layer alone.",
                    checks=["slack-middle-layer"],
                ),
            ],
            attack=[
                bound(
                    "middle-layer",
                    "V",
                    "<=",
                    "simple",
                    over={HORIZON: (0, 2), A_MAX: ("1/10", 3), W_MAX: ("1/10", 3), MU: (-2, 2)},
                    text="V(t) <= V(0) exp(-2 t a_max^2 w_max^2/9): the middle layer alone",
                )
            ],
        ),
    ],
)

# --- C5: not monotone ------------------------------------------------------------------------------------------------


def slope_at_start() -> sp.Expr:
    """V'(0) in the parameters, exactly."""
    start = dict(zip(MOVED.states, MOVED.start, strict=True))
    gradient = [g.subs(start) for g in GRADIENT]
    change = [MOVED.along(g).subs(start) for g in GRADIENT]
    parts = sum(VARIANCE.diff(s) * d for s, d in zip(SLOPES, change, strict=True))
    return sp.factor(sp.expand(parts.subs(dict(zip(SLOPES, gradient, strict=True))).subs(MOMENTS)))


SLOPE_START = slope_at_start()


def rises(context: Context) -> Evidence:
    """V'(0), exactly, against what a monotone decay would need."""
    known = {
        p.symbol: sp.Rational(context.setting[p.name].numerator, context.setting[p.name].denominator)
        for p in PARAMETERS
    }
    slope = SLOPE_START.subs(known)
    most = sp.sympify(context["most"])
    below = bool(slope <= most)
    top, when = peak(context.setting)[::-1]
    start = float((mu**2 * a_max**2 * w_max**2 / 24).subs(known))
    note = Note(
        id="multilayer-variance-rises-first",
        severity="minor",
        text=f"The variance of the output first rises, from {start:.4g} to {top.value:.4g} at t = {when.value:.4g}, before "
        "it vanishes: stopping early can raise it.",
    )
    grid = np.linspace(0, max(2.0, 3 * when.value), 61)
    values = path(context.setting, tuple(grid)).of(V_OF_STATES)[0]
    curve = Curve(label="V", x=tuple(map(float, grid)), y=tuple(map(float, values)))
    plot = Plot(id="rise", title="V over time", x_label="time", y_label="V", curves=(curve,))
    return Evidence(
        passed=None if below else False,
        lhs=str(slope),
        rhs=str(most),
        error=0.0,
        domain="t = 0, the setting",
        reason=f"V'(0) = {slope}" + (" decides nothing about later times" if below else f" is above {most}"),
        notes=() if below else (note,),
        plots=(plot,),
    )


monotone_claim = Claim(
    "monotone-decay",
    title="Over-reading: the variance falls from the start",
    statement=r"$V'(t) \le 0$ for all $t$ (not claimed by the paper).",
    source="a typical reading of the abstract",
    known="derived here",
    no_inequality="it is refuted by one exact number",
    readings=[
        Reading(
            "from-start",
            "V'(0) <= 0.",
            {"most": sp.Integer(0)},
            checks=[custom("slope", "most", rises, kind=Kind.EXACT)],
            wrong=[wrong("mild", {"most": sp.Rational(1, 10)}, "V'(0) is larger at the defaults.")],
            claimed=False,
        )
    ],
)

# --- C6: conserved quantities ----------------------------------------------------------------------------------------


def conserved(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """d/dt of <a^2> - |W|^2/N^2 and |W|^2/N^2 - <w^2> in the network's own equations, N = 2 and 3."""
    e, pairs = sp.Symbol("e", real=True), []
    for n in (2, 3):
        a, w, _ = network_of(n)
        W = sp.Matrix(n, n, sp.symbols(f"W1:{n * n + 1}", real=True))
        change = {
            "aa": 2 * (a.T * (e * W * w / n))[0] / n,
            "WW": 2 * sum(W.multiply_elementwise(e * a * w.T)) / n**2,
            "ww": 2 * (w.T * (e * W.T * a / n))[0] / n,
        }
        for name in ("first", "second"):
            factors = context[name]
            total = sum(f * change[k] for f, k in zip(factors, ("aa", "WW", "ww"), strict=True))
            pairs.append((sp.expand(total), sp.Integer(0)))
    return pairs


def kept(context: Context) -> Evidence:
    """N Var of <a^2> - |W|^2/N^2 at the start and late, where V has vanished."""
    count = context.budget.pick(1500, 4000, 20_000)
    out = networks(context.setting, context.seed, count, 16, 2.0, 0.0)
    wanted = evaluate(context["kept"], context.paper, context.setting, None, 15)
    cases = [Case(variance_of(4 * out[:, k, 1]), wanted, f"t = {2 * k}", 2.0 * k) for k in (0, 1)]
    note = Note(
        id="multilayer-weights-keep-fluctuating",
        severity="minor",
        text=r"Stability concerns the function, not the weights: $N\,Var(\langle a^2\rangle - |W|_F^2/N^2)$ stays at "
        f"{float(wanted.mid()):.4g} for ever, while V vanishes. The hypothesis on the loss derivative is one on the "
        "trajectory, to be verified along it.",
    )
    domain = "N = 16, W0 = mu, t = 0 and 2"
    return decide(cases, Standard(resolution=0.15, alarm=context.alarm), domain, notes=(note,))


weights = Claim(
    "conserved",
    title="The weights keep their initial fluctuation",
    statement=r"$\langle a^2\rangle - |W|_F^2/N^2$ and $|W|_F^2/N^2 - \langle w^2\rangle$ are constant in time.",
    source="derived from the training equations",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "identities",
            "In the network's own equations, N = 2 and 3, all weights; N Var of the first in runs.",
            {"first": sp.Tuple(1, -1, 0), "second": sp.Tuple(0, 1, -1), "kept": uniform_covariance(a_max, 2, 2)},
            checks=[
                identity("balance", ("first", "second"), conserved, domain="N = 2 and 3, all weights"),
                custom("runs", "kept", kept, kind=Kind.SIMULATED, group="networks"),
            ],
            wrong=[
                wrong("vanishes", {"kept": sp.Integer(0)}, "It never changes, and its start is random."),
                wrong("sum", {"first": sp.Tuple(1, 1, 0)}, "All layers gain by the same amount: differences are kept."),
                wrong("twice", {"second": sp.Tuple(0, 2, -1)}, "|W|^2/N^2 changes as much as <w^2>."),
            ],
        )
    ],
)

# --- simulation ------------------------------------------------------------------------------------------------------

OPTIONS = (
    Option("width", "80", "neurons N of both hidden layers, at least 2"),
    Option("replicates", "4000", "independent draws, at least 100"),
)


def run(trial: Trial) -> Simulated:
    """Networks with W0 = mu by their exact closure: mean and N Var of the output over time, beside V."""
    width, count = trial.count("width", 2, 100_000), trial.count("replicates", 100, 100_000)
    setting, end = trial.setting, trial.setting.number("horizon")
    times = [end * k / 20 for k in range(21)] if end else [0.0]
    drawn = {"networks": Draws(count, lambda rng, n: sampled(setting, draw(setting, width, n, rng), times), least=8)}
    out = trial.samples(drawn)["networks"]
    spread = [variance_of(math.sqrt(width) * column) for column in out.T]
    limit = whole(setting)(np.array(times))[0]
    series = Series(value=tuple(v.value for v in spread), error=tuple(v.error for v in spread))
    plot = Plot(
        id="variance",
        title=f"N Var of the output, N = {width}, and its limit V",
        x_label="time",
        y_label="N Var",
        curves=(
            Curve(label=f"N = {width}", x=tuple(times), y=series.value, error=series.error, style="points"),
            Curve(label="V", x=tuple(times), y=tuple(map(float, limit))),
        ),
    )
    final = {"mean_output": mean_of(out[:, -1]), "n_variance": spread[-1]}
    return Simulated(final=final, time=times, series={"n_variance": series}, plots=(plot,))


paper = Paper(
    id="multilayer-fluctuations",
    title="Limiting Fluctuation and Trajectorial Stability of Multilayer Neural Networks with Mean Field Training",
    summary=(
        r"The fluctuations of multilayer networks around their mean-field limit, of order $1/\sqrt{N}$ in the "
        "width $N$, have a Gaussian limit, and training drives their variance at the output to zero."
    ),
    authors=("Huy Tuan Pham", "Phan-Minh Nguyen"),
    source="https://arxiv.org/abs/2110.15954",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(limit_claim, no_accumulation, exact, stability, monotone_claim, weights),
    constants=CONSTANTS,
    simulate=simulation(run, OPTIONS),
    verdicts={
        "limit/variance": "supported",
        "no-accumulation/order": "supported",
        "closure/stated": "proved",
        "stability/trajectory": "supported",
        "stability/optimum": "supported",
        "monotone-decay/from-start": "refuted",
        "conserved/identities": "proved",
    },
    references=(
        "Pham, Nguyen: Limiting fluctuation and trajectorial stability of multilayer neural networks with mean field "
        "training. NeurIPS 2021, arXiv:2110.15954",
    ),
)
