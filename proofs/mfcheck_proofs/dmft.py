"""Dynamical mean-field theory for SGD in Gaussian mixture classification (arXiv 2006.06098), square loss, two clusters.

With labels absorbed the gradient is `A^T (A w - 1)`, A = 1 u^T-part plus noise: in the direction of the mean of the rows
the matrix `A^T A` has a spike u with |u|^2 = alpha + Delta, and for the rest the Marchenko-Pastur law, independent of u.
In the basis of its orthogonal polynomials all averages over that law are products of vectors: the law is a tridiagonal
matrix J, with diagonal alpha, 1 + alpha, 1 + alpha, ... and sqrt(alpha) beside it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray
from scipy import special

from mfcheck.checks import (
    At,
    Case,
    Check,
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
    Question,
    Reading,
    Setting,
    Simulated,
    Standard,
    Trial,
    ball,
    bound,
    constant,
    custom,
    decide,
    encloses,
    evaluate,
    identity,
    noted,
    parameter,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian.marchenko_pastur import moment_polynomial, mp_expectation
from mfcheck.rigor.ball import enclose, exact
from mfcheck.statistics import extrapolated, mean_of
from mfcheck.symbolic.activation import X

Array = NDArray[np.float64]
Vector = list[arb]

ALPHA = parameter("alpha", 2, "samples per dimension n/d", above=0, most=10_000)
DELTA = parameter("delta", "1/2", "variance Delta within a cluster", above=0)
LAM = parameter("lam", "1/10", "ridge in the gradient", least=0)
ETA = parameter("eta", "1/10", "step", above=0)
R0 = parameter("r0", "1/4", "squared norm of the start over d", least=0)
BATCH = parameter("batch", 1, "probability b that a sample is in a batch", above=0, most=1)
STEPS = parameter("steps", 20, "number of steps", least=0, most=2000, integer=True)
PARAMETERS = (ALPHA, DELTA, LAM, ETA, R0, BATCH, STEPS)
alpha, delta, lam, eta, r0, b, _ = (x.symbol for x in PARAMETERS)

# --- which steps are stable ------------------------------------------------------------------------------------------


def largest(ratio: float, spread: float) -> float:
    """Return the largest eigenvalue of A^T A: the edge of the bulk, or the spike beyond it."""
    edge, spike = spread * (1 + math.sqrt(ratio)) ** 2, ratio + spread
    low, high = edge, edge + spike
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if spike * _resolvent(middle / spread, ratio) / spread > 1 else (low, middle)
    return high


def _resolvent(z: float, ratio: float) -> float:
    """Average of 1/(z - x) over the law, z beyond its edge."""
    s = z + 1 - ratio
    return 2 / (s + math.sqrt(max(s * s - 4 * z, 0.0)))


def validate(setting: Setting) -> None:
    """Refuse steps for which the weights, or their variance over batches, blow up."""
    ratio, spread, ridge, step, batch = (setting.number(n) for n in ("alpha", "delta", "lam", "eta", "batch"))
    top = ridge + batch * largest(ratio, spread)
    if step * top > 2:
        raise InputError(f"the steps blow up: eta must be at most 2/(lam + batch * largest eigenvalue) = {2 / top:.6g}")
    t = np.pi * (np.arange(400) + 0.5) / 400
    x = 1 + ratio + 2 * math.sqrt(ratio) * np.cos(t)
    kept = (1 - step * (ridge + batch * spread * x)) ** 2
    weight = ratio * np.sin(t) ** 2 / x / 200
    growth = step**2 * batch * (1 - batch) / ratio * float(np.sum(weight * (spread * x) ** 2 / (1 - kept)))
    if batch < 1 and not growth < 1:
        raise InputError(f"the variance over batches grows by {growth:.3g} in each generation: eta must be smaller")


# --- the closure -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """What the closure takes from the reading under test.

    Attributes:
        rank: squared length of the spike.
        overlap: factor from the spike's amplitude to m.
        noise: variance of a sample's presence.
        scale: factor of the sum over samples.
    """

    rank: sp.Expr = alpha + delta
    overlap: sp.Expr = sp.sqrt(alpha) / (alpha + delta)
    noise: sp.Expr = b * (1 - b)
    scale: sp.Expr = sp.S.One

    @classmethod
    def of(cls, context: Context) -> "Rule":
        """The right rule with what the reading states."""
        return replace(cls(), **{name: context[name] for name in cls.__annotations__ if name in context.formulas})


@dataclass(frozen=True)
class State:
    """Overlap m, norm C and mean squared residual rho after some steps."""

    m: arb
    c: arb
    rho: arb


def _apply(v: Vector, ratio: arb, root: arb) -> Vector:
    """J v, one entry longer."""
    out, last = [], arb(0)
    for i, entry in enumerate(v):
        after = v[i + 1] if i + 1 < len(v) else 0
        out.append((ratio if i == 0 else 1 + ratio) * entry + root * (last + after))
        last = entry
    return [*out, root * last]


def _dot(v: Vector, w: Vector) -> arb:
    return sum((a * c for a, c in zip(v, w, strict=False)), arb(0))


@lru_cache(maxsize=64)
def closure(setting: Setting, digits: int, rule: Rule = Rule()) -> tuple[State, ...]:
    """Enclose the state after 0, 1, ..., `steps` steps.

    Without noise the weights are a part of the start, `v = g(J)^t e_1`, and a part along the spike, W; residuals of
    earlier steps, drawn at random, add their own decay.
    """
    bits = int(3.33 * digits + 4 * setting.integer("steps")) + 96
    with ctx.workprec(bits):
        given = {p.symbol: exact(setting[p.name]) for p in PARAMETERS}
        ratio, spread, ridge, step, start, batch, _ = given.values()
        rank, overlap, noise, scale = (
            enclose(e, given, bits) for e in (rule.rank, rule.overlap, rule.noise, rule.scale)
        )
        root, mean_step = ratio.sqrt(), step * batch * scale
        v, W = [arb(1)], [arb(0)]
        drawn: list[tuple[arb, arb]] = []
        states: list[State] = []
        for _ in range(setting.integer("steps") + 1):
            Jv, JW = _apply(v, ratio, root), _apply(W, ratio, root)
            amplitude = mean_step * rank * W[0]
            left = root - amplitude
            own, shared = _dot(v, Jv), _dot(W, JW)
            c = start * _dot(v, v) + mean_step**2 * rank * _dot(W, W)
            rho = (left**2 + spread * (start * own + mean_step**2 * rank * shared)) / ratio
            past = list(zip(states, reversed(drawn), strict=True))
            factor = step**2 * scale**2 * noise
            c += factor * sum((s.rho * one for s, (one, _) in past), arb(0))
            rho += factor / ratio * sum((s.rho * two for s, (_, two) in past), arb(0))
            states.append(State(overlap * amplitude, c, rho))
            drawn.append((spread * own, spread**2 * _dot(Jv, Jv)))
            decay = mean_step * spread
            v = [(1 - step * ridge) * a - decay * j for a, j in zip([*v, arb(0)], Jv, strict=True)]
            W = [(1 - step * ridge) * a - decay * j for a, j in zip([*W, arb(0)], JW, strict=True)]
            W[0] += left
        return tuple(states)


def error_of(m: arb, c: arb, spread: arb) -> arb:
    """The test error at an overlap and a norm."""
    return (m / (2 * spread * c).sqrt()).erfc() / 2


def _last(name: str) -> Callable[[Setting, int], arb]:
    def value(setting: Setting, digits: int) -> arb:
        validate(setting)
        state = closure(setting, digits)[-1]
        with ctx.workdps(digits + 15):
            if name == "test":
                if not state.c > 0:
                    raise InputError(
                        "the start is zero and no step was taken: r0 must be positive, or steps at least 1"
                    )
                return error_of(state.m, state.c, exact(setting["delta"]))
            return {"m": state.m, "c": state.c, "train": state.rho / 2}[name]

    return value


# --- the ridge limit -------------------------------------------------------------------------------------------------

shift = lam / delta
STIELTJES = 2 / ((shift + alpha - 1) + sp.sqrt((shift + alpha - 1) ** 2 + 4 * shift))
"""Average of 1/(lam/Delta + x)."""
K1 = STIELTJES / delta
K2 = STIELTJES * (1 + STIELTJES) / (2 * shift * STIELTJES + shift + alpha - 1) / delta**2
F_RIDGE = sp.sqrt(alpha) / (1 + (alpha + delta) * K1)
M_RIDGE = sp.sqrt(alpha) * (sp.sqrt(alpha) - F_RIDGE) / (alpha + delta)
C_RIDGE = F_RIDGE**2 * (alpha + delta) * K2
TEST_RIDGE = sp.erfc(M_RIDGE / sp.sqrt(2 * delta * C_RIDGE)) / 2


def _ridge(expr: sp.Expr) -> Callable[[Setting, int], arb]:
    def value(setting: Setting, digits: int) -> arb:
        if setting["lam"] == 0 and setting["alpha"] <= 1:
            raise InputError("lam must be positive for alpha <= 1: the limit depends on the start otherwise")
        return evaluate(
            expr, None, setting, {alpha: setting["alpha"], delta: setting["delta"], lam: setting["lam"]}, digits
        )

    return value


PATH, LIMIT = ("alpha", "delta", "lam", "eta", "r0", "batch", "steps"), ("alpha", "delta", "lam")
CONSTANTS = (
    constant("m_t", _last("m"), "overlap m after the steps", source="C3, C4", uses=[n for n in PATH if n != "r0"]),
    constant("c_t", _last("c"), "squared norm C after the steps", source="C3, C4", uses=PATH),
    constant("train_t", _last("train"), "mean of (r - c)^2/2", source="C4", uses=PATH),
    constant("test_t", _last("test"), "test error after the steps", source="C2", uses=PATH),
    constant("m_ridge", _ridge(M_RIDGE), "overlap at the ridge solution", source="C5", uses=LIMIT),
    constant("c_ridge", _ridge(C_RIDGE), "squared norm at the ridge solution", source="C5", uses=LIMIT),
    constant("test_ridge", _ridge(TEST_RIDGE), "test error of the ridge solution", source="C5", uses=LIMIT),
)

# --- simulation ------------------------------------------------------------------------------------------------------


Loss = Callable[[Array], tuple[Array, Array, Array]]
"""From c r to the loss, its slope and its curvature."""


def square(r: Array) -> tuple[Array, Array, Array]:
    """(1 - c r)^2/2."""
    return (r - 1) ** 2 / 2, r - 1, np.ones_like(r)


def logistic(r: Array) -> tuple[Array, Array, Array]:
    """log(1 + exp(-c r))."""
    share = special.expit(-r)
    return -special.log_expit(r), -share, share * (1 - share)


def sgd(setting: Setting, d: int, rng: np.random.Generator, marks: Sequence[int], loss: Loss = square) -> Array:
    """Return m, C and the mean loss of one run at some steps, shape (3, marks).

    Labels are absorbed in the samples, and the mean is the first axis times sqrt d; the start is orthogonal to it.
    """
    ratio, spread, ridge, step, start, batch = (setting.number(n) for n in PATH[:-1])
    A = rng.standard_normal((round(ratio * d), d))
    A *= np.sqrt(spread / d)
    A[:, 0] += 1 / np.sqrt(d)
    w = rng.standard_normal(d)
    w[0] = 0
    w *= np.sqrt(start * d) / np.linalg.norm(w)
    found = np.empty((3, len(marks)))
    for t in range(max(marks) + 1):
        paid, force, _ = loss(A @ w)
        for k in [k for k, mark in enumerate(marks) if mark == t]:
            found[:, k] = w[0] / np.sqrt(d), w @ w / d, np.mean(paid)
        if batch < 1:
            force *= rng.random(len(force)) < batch
        w = w - step * (ridge * w + A.T @ force)
    return found


@lru_cache(maxsize=16)
def simulated(
    setting: Setting, seed: int, runs: int, sizes: tuple[int, int], marks: tuple[int, ...], loss: Loss = square
) -> list[dict[str, Estimate]]:
    """Return m, c and train at the marks, the correction 1/d removed from two dimensions."""
    found = []
    for d in sizes:
        rng = stream(seed, f"sgd {d}")
        found.append(np.array([sgd(setting, d, own, marks, loss) for own in rng.spawn(runs)]))
    names = enumerate(("m", "c", "train"))
    rows = [(name, i) for i, name in names]
    return [
        {name: extrapolated(sizes, [mean_of(part[:, i, k]) for part in found]) for name, i in rows}
        for k in range(len(marks))
    ]


MARKS = (1, 5, 10, 20)


def nearby(context: Context, **changes: int | Fraction) -> Setting:
    """The setting under review for 20 steps with some changes; the default one in its place where steps blow up."""
    here = context.setting.with_values(steps=max(MARKS), **changes)
    try:
        validate(here)
    except InputError:
        return paper.default.with_values(steps=max(MARKS), **changes)
    return here


def small_batches(setting: Setting) -> Setting:
    """The setting with batches of 3/10 and twice the step."""
    return setting.with_values(batch=Fraction(3, 10), eta=Fraction(1, 5))


def runs_against(id: str, tests: Sequence[str], batches: bool) -> Check:
    """The check of the closure with the reading's rule against runs of SGD."""

    def run(context: Context) -> Evidence:
        setting = paper.default.with_values(steps=max(MARKS), batch=Fraction(1, 2), eta=Fraction(1, 2))
        if not batches and Fraction(1, 10) <= context.setting["alpha"] <= 20:
            setting = nearby(context, batch=1)
        elif not batches:
            setting = paper.default.with_values(steps=max(MARKS))
        states = closure(setting, 20, Rule.of(context))
        found = simulated(setting, context.seed, context.budget.pick(24, 60, 300), (150, 600), MARKS)
        cases = []
        for mark, estimates in zip(MARKS, found, strict=True):
            state = states[mark]
            for name, stated in {"m": state.m, "c": state.c, "train": state.rho / 2}.items():
                cases.append(Case(estimates[name], stated, f"{name} after {mark} steps"))
        domain = (
            f"d = 150 and 600, correction removed, alpha = 2, Delta = 1/2, {'b = eta = 1/2' if batches else 'b = 1'}"
        )
        return decide(cases, Standard(resolution=0.1, alarm=context.alarm), domain, plot=picture(states, found))

    return custom(id, tests, run, kind=Kind.SIMULATED, group=id)


def said(*settings: Setting) -> str:
    """Settings in words."""
    return "; ".join(", ".join(f"{n} = {setting[n]}" for n in PATH[:-1]) for setting in settings)


def picture(states: Sequence[State], found: Sequence[Mapping[str, Estimate]]) -> Plot:
    """Overlap and training loss along the steps, theory and runs."""
    curves = []
    for name in ("m", "train"):
        values = [float(s.m if name == "m" else s.rho / 2) for s in states]
        curves.append(Curve(label=f"{name}, theory", x=tuple(map(float, range(len(values)))), y=tuple(values)))
        points = [e[name] for e in found]
        y, error = tuple(e.value for e in points), tuple(e.error for e in points)
        curves.append(Curve(label=f"{name}, runs", x=tuple(map(float, MARKS)), y=y, error=error, style="points"))
    return Plot(id="path", title="Theory and runs", x_label="step", y_label="m, training loss", curves=tuple(curves))


# --- C1: the equations of dynamical mean-field theory ----------------------------------------------------------------


def equations(context: Context, setting: Setting, steps: int) -> list[State]:
    """Solve the two-time equations for the square loss, with the coefficients of the reading.

    The one-sample process is linear given the batches, so that its averages close: p = s Lambda' has <p p>, and its
    products with the Gaussian part of Lambda', which a sample has without its own influence. No Monte Carlo is needed.
    """
    ratio, spread, ridge, step, start, batch = (exact(setting[n]) for n in PATH[:-1])
    values = {p.symbol: setting[p.name] for p in PARAMETERS}
    memory, own, extra, square, diagonal = (
        evaluate(context[n], None, setting, values, 60) for n in ("memory", "self", "dlam", "square", "diagonal")
    )
    zero = [[arb(0)] * (steps + 1) for _ in range(steps + 1)]
    G, G0, Q, R = ([list(row) for row in zero] for _ in range(4))
    S, m = [arb(1)], [arb(0)]
    e: Vector = []
    states = []
    for t in range(steps + 1):
        base = []
        for u in range(t + 1):
            field = sum((G0[t][i] * G0[u][j] * Q[i][j] for i in range(t) for j in range(u)), arb(0))
            base.append(
                (m[t] - 1) * (m[u] - 1) + spread * m[t] * m[u] + spread * (start * S[t] * S[u] + ratio * spread * field)
            )
        e.append(m[t] - 1 + spread * m[t] - own * sum((G0[t][u] * batch * e[u] for u in range(t)), arb(0)))
        for u in range(t + 1):
            R[t][u] = batch * (base[u] - own * sum((G0[u][i] * R[t][i] for i in range(u)), arb(0)))
        for u in range(t):
            Q[t][u] = batch * (R[t][u] - own * sum((G0[t][i] * Q[i][u] for i in range(t)), arb(0)))
            Q[u][t] = Q[t][u]
        cross = sum((G0[t][i] * R[t][i] for i in range(t)), arb(0))
        again = sum((G0[t][i] * G0[t][j] * Q[i][j] for i in range(t) for j in range(t)), arb(0))
        rho = base[t] - 2 * own * cross + own**2 * again
        Q[t][t] = diagonal * rho
        field = sum((G0[t][i] * G0[t][j] * Q[i][j] for i in range(t) for j in range(t)), arb(0))
        states.append(State(m[t], start * S[t] ** 2 + ratio * spread * field + square * m[t] ** 2, rho))
        if t == steps:
            break
        for u in range(t + 1):
            kick = step if u == t else arb(0)
            past = [(memory * G[t][i], G[i][u], G0[i][u]) for i in range(u + 1, t)]
            G[t + 1][u] = (
                (1 - step * (ridge + extra + batch * own)) * G[t][u]
                + step * sum((k * g for k, g, _ in past), arb(0))
                + kick
            )
            G0[t + 1][u] = (
                (1 - step * (ridge + extra)) * G0[t][u] + step * sum((k * g for k, _, g in past), arb(0)) + kick
            )
        S.append((1 - step * (ridge + extra)) * S[t] + step * sum((memory * G[t][u] * S[u] for u in range(t)), arb(0)))
        m.append(m[t] - step * (ridge * m[t] + ratio * batch * e[t]))
    return states


def solved(context: Context) -> Evidence:
    """Equations of the reading against the closure: full batch, and batches of 3/10."""
    cases, settings = [], (nearby(context), small_batches(paper.default))
    for setting in settings:
        with ctx.workprec(300):
            found = equations(context, setting, max(MARKS))
        states = closure(setting.with_values(steps=max(MARKS)), 30)
        for mark in MARKS:
            for name in ("m", "c", "rho"):
                label = f"{name} after {mark} steps, b = {setting['batch']}"
                cases.append(Case(getattr(found[mark], name), getattr(states[mark], name), label))
    return decide(cases, Standard(digits=15), f"up to 20 steps: {said(*settings)}")


SOLVER = Note(
    id="solver",
    severity="minor",
    text=(
        "For losses other than the square the equations are solved by Monte Carlo with a response read off "
        "trajectories: no part of that is rigorous. For the square loss they close on second moments, for every batch "
        "size, and agree with random-matrix theory to all digits that were asked for."
    ),
)
mean_field = Claim(
    "mean-field",
    title="The equations of dynamical mean-field theory",
    statement=(
        r"$\mu = \alpha\langle s(c+\sqrt\Delta h_0)\Lambda'\rangle$, $M_C = \alpha\Delta\langle "
        r"ss'\Lambda'\Lambda'\rangle$, $M_R = \alpha\Delta\,\delta\langle s\Lambda'\rangle/\delta Y$, $\delta\lambda "
        r"= \alpha\Delta\langle s\Lambda''\rangle$."
    ),
    source="2006.06098, Section 3",
    no_inequality="it states equations",
    readings=[
        Reading(
            "square-loss",
            "For the square loss: memory alpha Delta^2 b^2 G, self term Delta, shift alpha Delta b, and C with m^2.",
            {
                "memory": alpha * delta**2 * b**2,
                "self": delta,
                "dlam": alpha * delta * b,
                "square": sp.Integer(1),
                "diagonal": b,
            },
            checks=[
                noted(
                    custom(
                        "random-matrix", ("memory", "self", "dlam", "square", "diagonal"), solved, kind=Kind.CERTIFIED
                    ),
                    SOLVER,
                )
            ],
            wrong=[
                wrong("no-memory", {"memory": sp.Integer(0)}, "Right for three steps only."),
                wrong("diagonal", {"diagonal": b**2}, "s^2 = s: the diagonal has b."),
                wrong(
                    "no-self", {"self": sp.Integer(0)}, "A sample acts on itself: the training loss of step 1 is wrong."
                ),
                wrong("no-square", {"square": sp.Integer(0)}, "The overlap is a part of the norm."),
                wrong("sign", {"dlam": -alpha * delta * b}, "The samples hold the weights back."),
                wrong(
                    "memory-b",
                    {"memory": alpha * delta**2 * b},
                    "Both ends of a response need the sample in the batch.",
                ),
            ],
        )
    ],
)

# --- C2: the test error ----------------------------------------------------------------------------------------------

M, C, part = sp.symbols("M C part", positive=True)


def gaussian_tail(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """A new sample has w.x/sqrt d = m + N(0, Delta C) times its label: minus the density, one half at 0, 0 far out."""
    error = context["error"]
    density = sp.exp(-(M**2) / (2 * delta * C)) / sp.sqrt(2 * sp.pi * delta * C)
    return [
        (sp.diff(error, M), -density),
        (error.subs(M, 0), sp.Rational(1, 2)),
        (sp.limit(error.subs({delta: 1, C: 1}), M, sp.oo), sp.Integer(0)),
    ]


def _error(factor: sp.Expr) -> dict[str, sp.Expr]:
    error = sp.erfc(M / sp.sqrt(factor * delta * C)) / 2
    return {"error": error, "aligned": error.subs({M: part, C: 1})}


test_error = Claim(
    "test-error",
    title="Test error",
    statement=r"$\epsilon = \frac12\mathrm{erfc}(m/\sqrt{2\Delta C})$, two clusters.",
    source="2006.06098, Section 2",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "The probability that a new sample is on the wrong side, for all m > 0.",
            _error(sp.Integer(2)),
            checks=[identity("tail", "error", gaussian_tail, domain="all m, C and Delta > 0")],
            wrong=[
                wrong("no-two", _error(sp.Integer(1)), "The variance is Delta C.", also=["slack-best"]),
                wrong("four", _error(sp.Integer(4)), "The variance is Delta C."),
            ],
            attack=[
                bound(
                    "best",
                    "aligned",
                    ">=",
                    sp.erfc(1 / sp.sqrt(2 * delta)) / 2,
                    over={part: ("1/10", 1), DELTA: ("1/10", 10)},
                    text="no test error is below that of the mean direction, since m^2 <= C",
                )
            ],
        )
    ],
)

# --- C3: full batch --------------------------------------------------------------------------------------------------

continuous, at_zero = sp.symbols("continuous at_zero", real=True)


@lru_cache(maxsize=8)
def averages(setting: Setting, most: int, times_x: int) -> list[arb]:
    """Averages of x^times_x (1 - eta (lam + Delta x))^j over the law, j = 0..most, from its integer moments."""
    ratio, spread, ridge, step = (sp.Rational(str(setting[n])) for n in ("alpha", "delta", "lam", "eta"))
    moments = [moment_polynomial(i + times_x, ratio) for i in range(most + 1)]
    stay, out = 1 - step * ridge, -step * spread
    sums = [sum(math.comb(j, i) * stay ** (j - i) * out**i * moments[i] for i in range(j + 1)) for j in range(most + 1)]
    return [exact(v) for v in sums]


def by_moments(context: Context, setting: Setting, steps: int) -> State:
    """The formulas of the claim, double sums over averages of powers."""
    k, k1 = averages(setting, 2 * steps, 0), averages(setting, 2 * steps, 1)
    ratio, spread, _, step, start, *_ = (exact(setting[n]) for n in PATH)
    values = {alpha: setting["alpha"], delta: setting["delta"]}
    rank, overlap = (evaluate(context[n], None, setting, values, 60) for n in ("rank", "overlap"))
    f: Vector = []
    for t in range(steps + 1):
        phi = step * rank * sum((k[t - 1 - s] * f[s] for s in range(t)), arb(0))
        f.append(ratio.sqrt() - phi)
    pairs = [(f[s] * f[u], 2 * steps - 2 - s - u) for s in range(steps) for u in range(steps)]
    weighted = [sum((c * power[j] for c, j in pairs), arb(0)) for power in (k, k1)]
    c, shared = (start * power[2 * steps] + step**2 * rank * w for power, w in zip((k, k1), weighted, strict=True))
    return State(overlap * phi, c, (f[-1] ** 2 + spread * shared) / ratio)


def moments_match(context: Context) -> Evidence:
    """Double sums with integer moments against products of vectors, at two ratios."""
    cases, settings = [], (nearby(context, batch=1), paper.default.with_values(alpha=Fraction(1, 2), steps=max(MARKS)))
    for setting in settings:
        states = closure(setting, 30)
        for mark in MARKS:
            with ctx.workprec(400):
                found = by_moments(context, setting, mark)
            pairs = ((getattr(found, n), getattr(states[mark], n), n) for n in ("m", "c", "rho"))
            cases += [
                Case(one, other, f"{n} after {mark} steps, alpha = {setting['alpha']}") for one, other, n in pairs
            ]
    return decide(cases, Standard(digits=15), f"up to 20 steps, exact moments: {said(*settings)}")


def atoms(_: Context) -> list[At]:
    """Averages of powers at alpha = 1/2: integer moments against the integral over the continuous part and the atom."""
    setting, cases = paper.default.with_values(alpha=Fraction(1, 2)), []
    for j in (1, 4, 9):
        power = (1 - sp.Rational(1, 10) * (sp.Rational(1, 10) + X / 2)) ** j
        stay = exact(power.subs(X, 0))
        rest = mp_expectation(power, setting["alpha"], 20) - stay / 2
        where = {continuous: rest, at_zero: stay, alpha: setting["alpha"]}
        cases.append(At(averages(setting, j, 0)[j], f"j = {j}", where=where))
    return cases


full_batch = Claim(
    "full-batch",
    title="Full batch: random-matrix theory",
    statement=(
        r"$\phi_t = \eta(\alpha+\Delta)\sum_{s<t}k(t-1-s)f_s$, $f_t = \sqrt\alpha - \phi_t$, "
        r"$m_t = \frac{\sqrt\alpha}{\alpha+\Delta}\phi_t$, $k(j) = \int(1-\eta(\lambda+\Delta x))^j\,dMP_\alpha$."
    ),
    source="derived here",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "In the limit of large d at fixed steps, b = 1.",
            {
                "rank": alpha + delta,
                "overlap": sp.sqrt(alpha) / (alpha + delta),
                "scale": sp.Integer(1),
                "k": continuous + (1 - alpha) * at_zero,
            },
            checks=[
                custom("moments", ("rank", "overlap"), moments_match, kind=Kind.CERTIFIED),
                encloses("atom", "k", atoms, digits=12, domain="alpha = 1/2, powers 1, 4 and 9"),
                runs_against("runs", ("rank", "overlap", "scale"), batches=False),
            ],
            wrong=[
                wrong("no-spread", {"rank": alpha}, "The noise of the samples' mean is a part of the spike."),
                wrong(
                    "mean", {"scale": 1 / alpha}, "The sum over samples is not divided by n/d: m(1) = 2/10, not 1/10."
                ),
                wrong("no-atom", {"k": continuous}, "For alpha < 1 the matrix has zero eigenvalues."),
                wrong("overlap", {"overlap": 1 / sp.sqrt(alpha)}, "The spike is not along the mean."),
            ],
        )
    ],
)

# --- C4: batches -----------------------------------------------------------------------------------------------------


def equivalent(context: Context) -> Evidence:
    """Overlaps of SGD against full batch with another step and ridge, exact settings."""
    setting = small_batches(paper.default).with_values(steps=max(MARKS))
    at = {p.symbol: sp.Rational(str(setting[p.name])) for p in PARAMETERS}
    step, ridge = (ETA.read(str(context[n].subs(at))) for n in ("step", "ridge"))
    other = closure(setting.with_values(batch=1, eta=step, lam=ridge), 30)
    states = closure(setting, 30)
    cases = [Case(states[k].m, other[k].m, f"m after {k} steps") for k in MARKS]
    return decide(cases, Standard(digits=20), "alpha = 2, Delta = 1/2, eta = 1/5, b = 3/10 against b = 1")


FLOOR = Note(
    id="floor",
    severity="remark",
    text=(
        "For the square loss batches change the mean dynamics only by eta to b eta and lam to lam/b, and add a floor "
        "of order eta (1 - b) to norm and loss: there is no other effect of the noise to explain."
    ),
)
batches = Claim(
    "batches",
    title="Bernoulli SGD closes exactly",
    statement=(
        r"$m$ is that of full batch at $(b\eta, \lambda/b)$; $\rho_t = \rho^0_t + "
        r"\eta^2b(1-b)\sum_{s<t}\rho_s\frac1\alpha\int(\Delta x)^2g^{2(t-1-s)}$, $C_t = C^0_t + "
        r"\eta^2b(1-b)\sum_{s<t}\rho_s\int\Delta x\,g^{2(t-1-s)}$."
    ),
    source="derived here",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "In the limit of large d at fixed steps; noise b (1-b) per sample.",
            {"noise": b * (1 - b), "step": b * eta, "ridge": lam / b},
            checks=[
                noted(custom("equivalence", ("step", "ridge"), equivalent, kind=Kind.CERTIFIED), FLOOR),
                runs_against("runs", ("noise",), batches=True),
            ],
            wrong=[
                wrong("noise-b", {"noise": b}, "At b = 1 there is no noise.", also=["slack-coin"]),
                wrong("no-noise", {"noise": sp.Integer(0)}, "The norm has a floor.", checks=["runs"]),
                wrong("ridge", {"ridge": lam}, "Only the gradient is thinned, not the ridge."),
                wrong("step", {"step": eta}, "A share b of the samples acts."),
            ],
            attack=[bound("coin", "noise", "<=", sp.Rational(1, 4), over={BATCH: ("1/100", 1)}, text="b (1-b) <= 1/4")],
        )
    ],
)

# --- C5: the ridge limit ---------------------------------------------------------------------------------------------

k_one, k_two, f_inf = sp.symbols("k1 k2 f", positive=True)


def fixed_point(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The part along the spike is f (lam + Delta S)^-1 u, with f = sqrt(alpha) - u.w; nothing is left of the start."""
    f = context["f"]
    rank, overlap = alpha + delta, sp.sqrt(alpha) / (alpha + delta)
    return [
        (sp.simplify(f + rank * k_one * f), sp.sqrt(alpha)),
        (sp.simplify(context["m"].subs(f_inf, f)), sp.simplify(overlap * rank * k_one * f)),
        (context["c"], f_inf**2 * rank * k_two),
    ]


def stieltjes(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """With y = lam/Delta and the average m of 1/(y + x): y m^2 + (y + alpha - 1) m = 1; K2 = -dK1/dlam."""
    m = context["K1"] * delta
    return [
        (sp.simplify(shift * m**2 + (shift + alpha - 1) * m), sp.Integer(1)),
        (sp.simplify(sp.diff(context["K1"], lam) + context["K2"]), sp.Integer(0)),
    ]


def inverse_averages(power: int) -> Callable[[Context], list[At]]:
    """Averages of (lam + Delta x)^-power by integration, with and without an atom."""

    def measure(_: Context) -> list[At]:
        cases = []
        for ratio, ridge in (("2", "1/10"), ("1/2", "1/10"), ("3", "2")):
            expr = (sp.Rational(ridge) + X / 2) ** -power
            where = {alpha: sp.Rational(ratio), lam: sp.Rational(ridge), delta: sp.Rational(1, 2)}
            cases.append(
                At(mp_expectation(expr, ALPHA.read(ratio), 20), f"alpha = {ratio}, lam = {ridge}", where=where)
            )
        return cases

    return measure


def overfits(context: Context) -> Evidence:
    """Test errors along the steps at the default parameters, in the stated order, and the ridge solution last."""
    setting = paper.default.with_values(steps=120)
    spread, states = exact(setting["delta"]), closure(setting, 15)
    errors = [error_of(s.m, s.c, spread) for s in states]
    last = ball(context, "last")
    order = [int(t) for t in context["order"]]
    chain = [*((errors[t], f"{t} steps") for t in order), (last, "ridge")]
    cases = [Case(one, other, f"{here} to {there}") for (one, here), (other, there) in pairwise(chain)]
    best = int(context["best"])
    cases += [Case(errors[best], e, f"{best} to {t} steps") for t, e in enumerate(errors) if t != best]
    steps = tuple(map(float, range(len(errors))))
    curve = Curve(label="test error", x=steps, y=tuple(map(float, errors)))
    limit = Curve(label="ridge", x=(0.0, 120.0), y=(float(last), float(last)), style="bound")
    plot = Plot(id="early", title="Early stopping", x_label="step", y_label="test error", curves=(curve, limit))
    return decide(cases, Standard("<"), "default parameters, b = 1", plot=plot)


EARLY = Note(
    id="early-stopping",
    severity="remark",
    text=(
        "The test error has its least value at 10 steps and then rises to that of the ridge solution: "
        "stopping early is better than converging at this ridge."
    ),
)
AT_DEFAULT = {alpha: 2, delta: sp.Rational(1, 2), lam: sp.Rational(1, 10)}
limit = Claim(
    "ridge-limit",
    title="The limit is ridge regression",
    statement=(
        r"$t\to\infty$, $b = 1$: $f = \sqrt\alpha/(1+(\alpha+\Delta)K_1)$, $m = "
        r"\sqrt\alpha(\sqrt\alpha-f)/(\alpha+\Delta)$, $C = f^2(\alpha+\Delta)K_2$, $K_j = \int(\lambda+\Delta "
        r"x)^{-j}\,dMP_\alpha$."
    ),
    source="derived here",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "For stable steps and lam > 0, or alpha > 1; K1 and K2 in closed form.",
            {
                "f": sp.sqrt(alpha) / (1 + (alpha + delta) * k_one),
                "m": sp.sqrt(alpha) * (sp.sqrt(alpha) - f_inf) / (alpha + delta),
                "c": f_inf**2 * (alpha + delta) * k_two,
                "K1": K1,
                "K2": K2,
                "squared": M_RIDGE**2,
                "norm": C_RIDGE,
            },
            checks=[
                identity("fixed-point", ("f", "m", "c"), fixed_point, domain="all alpha, Delta, K1 and K2"),
                identity("stieltjes", ("K1", "K2"), stieltjes, domain="all alpha, Delta and lam > 0"),
                encloses("K1", "K1", inverse_averages(1), digits=12, domain="three settings, by integration"),
                encloses("K2", "K2", inverse_averages(2), digits=12, domain="three settings, by integration"),
            ],
            wrong=[
                wrong("no-atom", {"K1": K1 - (1 - alpha) / lam}, "For alpha < 1 zero eigenvalues count."),
                wrong("rank", {"f": sp.sqrt(alpha) / (1 + alpha * k_one)}, "The spike has the length alpha + Delta."),
                wrong("overlap", {"m": (sp.sqrt(alpha) - f_inf) / sp.sqrt(alpha)}, "The spike is not along the mean."),
                wrong("square", {"K2": K1**2}, "The law is not a point.", checks=["stieltjes", "K2"]),
                wrong(
                    "no-rank",
                    {"c": f_inf**2 * k_two, "norm": F_RIDGE**2 * K2},
                    "u has the length alpha + Delta.",
                    checks=["fixed-point", "slack-overlap"],
                ),
            ],
            attack=[
                bound(
                    "overlap",
                    "squared",
                    "<=",
                    "norm",
                    log=["lam"],
                    over={ALPHA: ("6/5", 10), DELTA: ("1/10", 4), LAM: ("1/10", 5)},
                    text="m^2 <= C",
                )
            ],
        ),
        Reading(
            "early-stopping",
            "At the default parameters the test error is least at 10 steps, and rises to that of the limit.",
            {"best": sp.Integer(10), "order": sp.Tuple(10, 20, 40, 60, 120), "last": TEST_RIDGE.subs(AT_DEFAULT)},
            checks=[noted(custom("errors", ("best", "order", "last"), overfits, kind=Kind.CERTIFIED), EARLY)],
            wrong=[
                wrong("later", {"best": sp.Integer(15)}, "It has risen again since 10 steps."),
                wrong("falls", {"order": sp.Tuple(5, 20, 60)}, "The test error at 5 steps is above that at 20."),
                wrong("limit", {"last": TEST_RIDGE.subs({**AT_DEFAULT, lam: 5})}, "A large ridge errs less."),
            ],
        ),
    ],
)

# --- C6: what is not checked -----------------------------------------------------------------------------------------

tau = sp.Symbol("tau", positive=True)


def stationary(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Flows into and out of the batch balance at a share b."""
    return [((1 - b) * context["enter"], b * context["leave"])]


LATER = (2, 5, 9)


Factors = tuple[float, float, float]
"""Of memory, self term and shift."""


def sample_process(
    setting: Setting, steps: int, size: int, factors: Factors, rng: np.random.Generator, loss: Loss = logistic
) -> Array:
    """Solve the full-batch equations once, averages over `size` samples; return m, C and the loss, (3, steps + 1).

    The response of a sample to a shift of its field at each earlier step is followed along its trajectory.

    Args:
        setting: the setting.
        steps: number of steps.
        size: of the averages.
        factors: 1 for the equations as they stand.
        rng: of the samples.
        loss: the loss.
    """
    ratio, spread, ridge, step, start, _ = (setting.number(n) for n in PATH[:-1])
    memory, own, extra = factors
    root, h0 = math.sqrt(spread), rng.standard_normal(size)
    h, response = math.sqrt(start) * rng.standard_normal((1, size)), np.zeros((steps + 1, steps + 1, size))
    MR, MC, G = np.zeros((3, steps + 1, steps + 1))
    S, m, shift, forces, xi = np.ones(steps + 1), np.zeros(steps + 1), np.zeros(steps + 1), list[Array](), list[Array]()
    found = np.empty((3, steps + 1))
    for t in range(steps + 1):
        paid, force, curve = loss(root * h[t] + m[t] * (1 + root * h0))
        forces.append(force)
        MC[t, : t + 1] = MC[: t + 1, t] = ratio * spread * np.array([np.mean(force * past) for past in forces])
        MR[t, :t] = memory * ratio * spread * root * (response[t, :t] @ curve) / size
        shift[t] = extra * ratio * spread * float(np.mean(curve))
        found[:, t] = m[t], start * S[t] ** 2 + G[t] @ MC @ G[t] + m[t] ** 2, np.mean(paid)
        if t == steps:
            break
        xi.append(_next_noise(MC[: t + 1, : t + 1], xi, rng, size))
        keep = 1 - step * (ridge + shift[t])
        h = np.vstack([h, keep * h[t] + step * (MR[t, :t] @ h[:t] + xi[t] - own * root * force)])
        kick = np.eye(steps + 1)[t]
        seen = root * response[t] - kick[:, None]
        pulled = np.tensordot(MR[t, :t], response[:t], axes=1)
        response[t + 1] = keep * response[t] + step * (pulled - own * root * curve * seen)
        G[t + 1] = keep * G[t] + step * (MR[t, :t] @ G[:t] + kick)
        S[t + 1] = keep * S[t] + step * MR[t, :t] @ S[:t]
        m[t + 1] = (1 - step * ridge) * m[t] - step * ratio * float(np.mean((1 + root * h0) * force))
    return found


def _next_noise(covariance: Array, before: Sequence[Array], rng: np.random.Generator, size: int) -> Array:
    """Gaussian noise with this covariance, its earlier values given."""
    t = len(before)
    fresh = rng.standard_normal(size)
    if not t:
        return np.asarray(math.sqrt(covariance[0, 0]) * fresh)
    weights = np.linalg.lstsq(covariance[:t, :t], covariance[:t, t], rcond=1e-12)[0]
    rest = max(covariance[t, t] - weights @ covariance[:t, t], 0.0)
    return np.asarray(weights @ np.array(before) + math.sqrt(rest) * fresh)


def logistic_runs(context: Context) -> Evidence:
    """The solver, as the mean over independent solutions, against runs at the same setting."""
    setting = paper.default.with_values(delta=1, eta=1)
    factors = (float(context["memory"]), float(context["self"]), float(context["dlam"]))
    rng, size = stream(context.seed, "solver"), context.budget.pick(4000, 8000, 20_000)
    runs = np.array([sample_process(setting, max(LATER), size, factors, own) for own in rng.spawn(24)])
    found = simulated(setting, context.seed, context.budget.pick(24, 60, 300), (150, 600), LATER, logistic)
    cases = []
    for mark, estimates in zip(LATER, found, strict=True):
        for k, name in enumerate(("m", "c", "train")):
            cases.append(Case(estimates[name], mean_of(runs[:, k, mark]), f"{name} after {mark} steps"))
    domain = f"logistic loss, two clusters, b = 1, up to {max(LATER)} steps, d = 150 and 600: {said(setting)}"
    return decide(cases, Standard(resolution=0.1, alarm=context.alarm), domain)


other_losses = Claim(
    "other-losses",
    title="Logistic loss, three clusters, persistent SGD",
    statement="The same equations hold for the logistic loss, three clusters, and batches that persist for a time tau.",
    source="2006.06098, Sections 2 to 4",
    no_inequality="its equations are solved by Monte Carlo only",
    readings=[
        Reading(
            "stated",
            "Three clusters and persistent batches: nothing but the rates is looked at, which keep a share b in the batch.",
            {"enter": 1 / tau, "leave": (1 - b) / (b * tau)},
            checks=[
                replace(
                    identity("rates", ("enter", "leave"), stationary, domain="all b and tau"), question=Question.APPLIES
                )
            ],
            wrong=[wrong("rates", {"leave": b / ((1 - b) * tau)}, "That keeps a share 1-b.", checks=["rates"])],
        ),
        Reading(
            "logistic",
            "Logistic loss, two clusters, full batch: the solver's averages are those of runs, at some settings.",
            {"memory": sp.Integer(1), "self": sp.Integer(1), "dlam": sp.Integer(1)},
            checks=[custom("runs", ("memory", "self", "dlam"), logistic_runs, kind=Kind.SIMULATED, group="logistic")],
            wrong=[
                wrong("no-self", {"self": sp.Integer(0)}, "A sample acts on itself."),
                wrong("sign", {"dlam": -sp.Integer(1)}, "Convex losses hold the weights back."),
                wrong("no-memory", {"memory": sp.Integer(0)}, "Samples remember the weights."),
            ],
        ),
    ],
)


def simulate(trial: Trial) -> Simulated:
    """Runs of SGD at dimensions d/4 and d, the correction 1/d removed, with the way there."""
    setting, d, runs = trial.setting, trial.count("d", 40, 20_000), trial.count("runs", 4, 10_000)
    validate(setting)
    small, steps = d // 4, setting.integer("steps")
    if setting["alpha"] * small < 1 or setting["alpha"] * d * d > 10**9:
        raise InputError("alpha d must be at least 4, and alpha d^2 at most 10^9, for the samples to be drawn")
    marks = tuple(sorted({round(steps * k / 10) for k in range(11)}))
    found = simulated(setting, trial.seed, runs, (small, d), marks)
    states = closure(setting, 15)
    theory = tuple(float(s.m) for s in states)
    points = Curve(
        label="m, runs",
        x=tuple(map(float, marks)),
        y=tuple(e["m"].value for e in found),
        error=tuple(e["m"].error for e in found),
        style="points",
    )
    lines = (points, Curve(label="m, theory", x=tuple(map(float, range(steps + 1))), y=theory))
    plot = Plot(id="path", title="Theory and runs", x_label="step", y_label="m", curves=lines)
    return Simulated(found[-1], plots=(plot,), notes=("The correction 1/d is removed, from d/4 and d.",))


OPTIONS = (Option("d", "1000", "dimension of the larger runs"), Option("runs", "16", "runs at each dimension"))
paper = Paper(
    id="dmft",
    title="Dynamical mean-field theory for stochastic gradient descent in Gaussian mixture classification",
    authors=("Francesca Mignacco", "Florent Krzakala", "Pierfrancesco Urbani", "Lenka Zdeborová"),
    source="https://arxiv.org/abs/2006.06098",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(mean_field, test_error, full_batch, batches, limit, other_losses),
    validate=validate,
    constants=CONSTANTS,
    simulate=simulation("dmft", simulate, OPTIONS),
    simulation_options=OPTIONS,
    verdicts={
        "mean-field/square-loss": "supported",
        "test-error/stated": "proved",
        "full-batch/stated": "supported",
        "batches/stated": "supported",
        "ridge-limit/stated": "proved",
        "ridge-limit/early-stopping": "supported",
        "other-losses/stated": "unchecked",
        "other-losses/logistic": "supported",
    },
    references=(
        "Mignacco, Krzakala, Urbani, Zdeborová: Dynamical mean-field theory for stochastic gradient descent in "
        "Gaussian mixture classification. NeurIPS 2020, arXiv:2006.06098",
        "Marchenko, Pastur: Distribution of eigenvalues for some sets of random matrices. Mathematics of the USSR 1 (1967)",
    ),
)
