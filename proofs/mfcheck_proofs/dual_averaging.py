"""Particle Dual Averaging: Optimization of Mean Field Neural Networks with Global Convergence Rate Analysis (2012.15477).

Laws q of neurons minimise L(q) = mean of l(h_q(x), y) + lam1 E|theta|^2 + lam2 E log q, with h_q = E h and
l(z, y) = (z - y)^2/2. In round t the next law is the Gibbs law of the gradients of all rounds, the s-th with weight s.
The instance has one weight, h(theta, x) = act(theta x + 1/2), five points, and starts from N(0, 1).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, arb_mat, ctx
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
    identical,
    noted,
    parameter,
    proof,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.gibbs import Gibbs, line
from mfcheck.dynamics.gibbs_ball import PREC, GibbsEnclosure, GibbsLine, feature_bound
from mfcheck.rigor.ball import exact
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.statistics import exactly, mean_of
from mfcheck.symbolic.activation import Activation, X, activation

Array = NDArray[np.float64]

LAM1 = parameter("lam1", "1/50", "coefficient of E|theta|^2, without 1/2", above=0)
LAM2 = parameter("lam2", "1/10", "coefficient of the entropy", above=0)
ROUNDS = parameter("rounds", 16, "outer rounds", least=1, most=100_000, integer=True)
PARAMETERS = (LAM1, LAM2, ROUNDS)
lam1, lam2, T = (p.symbol for p in PARAMETERS)

POINTS = tuple(map(sp.Rational, ("-2", "-1", "1/2", "3/2", "5/2")))
LABELS = tuple(map(sp.Rational, ("2/5", "-3/10", "1/2", "1/5", "3/5")))
N = len(POINTS)
Z = sp.symbols("z1:6", real=True)
PUSH = tuple((z - y) / N for z, y in zip(Z, LABELS, strict=True))
"""(1/n) l'(z_i, y_i)."""


def features(act: Activation) -> tuple[sp.Expr, ...]:
    """Return h(theta, x_i) with the variable X for theta."""
    return tuple(act.expr.subs(X, X * x + sp.Rational(1, 2)) for x in POINTS)


@lru_cache(maxsize=32)
def optimum(setting: Setting, push: tuple[sp.Expr, ...] = PUSH, curvature: sp.Expr = 2 * lam1) -> GibbsEnclosure:
    """Prove and enclose the fixed point q ~ exp(-(push(z) . h + curvature theta^2/2)/lam2)."""
    bound, act = feature_bound(setting.activation), setting.activation
    given = {p.symbol: sp.Rational(*setting[p.name].as_integer_ratio()) for p in PARAMETERS}
    kappa = sp.sympify(curvature).subs(given)
    problem = GibbsLine(X, features(act), (bound,) * N, Z, push, kappa, given[lam2])
    nodes, weights = line(float(sp.sqrt(90 * given[lam2] / kappa)) + 4, 6001)
    code, slopes = sp.lambdify(Z, push), sp.lambdify(Z, sp.Matrix(push).jacobian(Z))
    h = np.array([act.numpy_function()(nodes * float(x) + 0.5) for x in POINTS])
    law = Gibbs(
        weights,
        float(kappa) / 2 * nodes**2,
        h,
        lambda z: np.array(code(*z), dtype=float),
        lambda z: np.array(slopes(*z), dtype=float),
        float(given[lam2]),
    )
    return problem.enclose(law.solve().z)


# --- constants -------------------------------------------------------------------------------------------------------


def objective(setting: Setting, digits: int) -> arb:
    """Enclose L(q*)."""
    del digits
    found = optimum(setting)
    with ctx.workprec(PREC):
        loss = sum(((z - exact(y)) ** 2 for z, y in zip(found.z, LABELS, strict=True)), arb(0)) / (2 * N)
        ridge = exact(setting["lam1"]) * found.mean(X**2, (arb(1), 2))
        return loss + ridge + exact(setting["lam2"]) * found.entropy


@lru_cache(maxsize=16)
def gap_limit(setting: Setting) -> arb:
    """Enclose the limit of T^2 (L(q^(T)) - L*): the response of q* to a temperature error 2/t."""
    found, lam, ridge = optimum(setting), exact(setting["lam2"]), exact(setting["lam1"])
    h, bound = features(setting.activation), exact(feature_bound(setting.activation))
    with ctx.workprec(PREC):
        z, square = list(found.z), found.mean(X**2, (arb(1), 2))
        K = arb_mat(N, N)
        for i in range(N):
            for j in range(i + 1):
                K[i, j] = K[j, i] = found.mean(h[i] * h[j], (bound**2, 0)) - z[i] * z[j]
        with_square = [found.mean(f * X**2, (bound, 2)) - a * square for f, a in zip(h, z, strict=True)]
        spread = found.mean(X**4, (arb(1), 4)) - square**2
        push = arb_mat(N, 1, found.c)
        b = K * push + ridge * arb_mat(N, 1, with_square)
        identity = arb_mat([[int(i == j) for j in range(N)] for i in range(N)])
        c = (identity + 2 / (N * lam) * K).solve(2 / lam * b)
        # D = d . h - 2 lam1 theta^2.
        d = arb_mat(N, 1, [2 * c[i, 0] / N - 2 * push[i, 0] for i in range(N)])
        mixed = sum((d[i, 0] * with_square[i] for i in range(N)), arb(0))
        variance = (d.transpose() * K * d)[0, 0] - 4 * ridge * mixed + 4 * ridge**2 * spread
        return (c.transpose() * c)[0, 0] / (2 * N) + variance / (2 * lam)


def feature_variance(setting: Setting, digits: int) -> arb:
    """Enclose the variance of h(., x_3) under q*."""
    del digits
    found, bound = optimum(setting), exact(feature_bound(setting.activation))
    with ctx.workprec(PREC):
        return found.mean(features(setting.activation)[2] ** 2, (bound**2, 0)) - found.z[2] ** 2


@dataclass(frozen=True, eq=False)
class Scheme:
    """Weights of the averaged potential: round s has `weight(s)`, their sum is divided by `total(t)`."""

    weight: Any
    total: Any

    @classmethod
    def of(cls, weight: sp.Expr, total: sp.Expr) -> "Scheme":
        """Return the scheme of two formulas."""
        return cls(sp.lambdify(s_round, weight), sp.lambdify(t_round, total))


s_round, t_round = sp.symbols("s t", positive=True)
TOTAL = (t_round + 1) * (t_round + 2) / 2


class Grid:
    """The instance on a trapezoid grid: laws, predictions, and gaps without cancellation."""

    def __init__(self, setting: Setting, step: float = 0.02) -> None:
        self.lam1, self.lam2 = setting.number("lam1"), setting.number("lam2")
        cut = max(12.0, np.sqrt(80 * 3 * self.lam2 / self.lam1))
        step *= min(1.0, np.sqrt(self.lam2 / self.lam1) / 0.3)  # a narrow law needs fine nodes
        self.x, self.logs = line(cut, 2 * int(cut / step) + 1)
        self.h = np.array([setting.activation.numpy_function()(self.x * float(v) + 0.5) for v in POINTS])
        self.y = np.array([float(v) for v in LABELS])
        best = optimum(setting)
        self.z_star = np.array([float(v.mid()) for v in best.z])
        self.log_star = -(self.lam1 * self.x**2 + (self.z_star - self.y) @ self.h / N) / self.lam2
        self.log_star -= float(best.partition.log().mid())

    def law(self, push: Array, ridge: float) -> Array:
        """Return log of the normalised density exp(-(push . h + ridge x^2)/lam2)."""
        exponent = -(ridge * self.x**2 + push @ self.h) / self.lam2
        top = exponent.max()
        return np.asarray(exponent - top - np.log(np.sum(np.exp(exponent - top + self.logs))))

    def gap(self, log_q: Array) -> tuple[float, Array]:
        """Return L(q) - L(q*) = |z - z*|^2/(2n) + lam2 KL(q|q*), and the predictions z."""
        change = log_q - self.log_star
        masses = np.exp(log_q + self.logs)
        z = self.h @ masses
        # q log(q/q*) - q + q*, which is of second order where the laws are close; q may be 0 where q* is not.
        near = np.expm1(-np.maximum(change, -1.0))
        rest = np.where(change > -1, masses * near, np.exp(self.log_star + self.logs) - masses)
        divergence = float(np.sum(masses * change + rest))
        return float(np.sum((z - self.z_star) ** 2)) / (2 * N) + self.lam2 * divergence, z

    def run(self, rounds: int, scheme: Scheme, rng: np.random.Generator | None = None) -> Array:
        """Return the gaps of q^(1), ..., q^(rounds): all points in a round, or one at random."""
        log_q = -(self.x**2) / 2 - np.log(2 * np.pi) / 2
        total, mass, gaps = np.zeros(N), 0.0, np.empty(rounds)
        for t in range(1, rounds + 1):
            gaps[t - 1], z = self.gap(log_q)
            slopes = (z - self.y) / N
            if rng is not None:
                chosen = int(rng.integers(N))
                slopes = np.where(np.arange(N) == chosen, z - self.y, 0.0)
            total += scheme.weight(t) * slopes
            mass += scheme.weight(t)
            log_q = self.law(total / scheme.total(t), self.lam1 * mass / scheme.total(t))
        return gaps


@lru_cache(maxsize=16)
def full_batch(
    setting: Setting, rounds: int, weight: sp.Expr = s_round, total: sp.Expr = TOTAL, step: float = 0.02
) -> Array:
    """Return the gaps of the full-batch scheme, shape (rounds,)."""
    return Grid(setting, step).run(rounds, Scheme.of(weight, total))


def _without_rounds(setting: Setting) -> Setting:
    return setting.with_values(rounds=1)


def last_gap(setting: Setting, digits: int) -> Estimate:
    """Return L(q^(rounds)) - L*, by quadrature; its error is that of rounding and of the grid."""
    del digits
    value, other = (float(gaps[-1]) for gaps in _two_grids(setting))
    return exactly(value, abs(value - other) + 2e-13 * value + 1e-19)


def weighted_gap(setting: Setting, digits: int) -> Estimate:
    """Return 2/(T(T+1)) sum t (L(q^(t)) - L*)."""
    del digits
    value, other = (float(weighted(gaps)[-1]) for gaps in _two_grids(setting))
    return exactly(value, abs(value - other) + 2e-13 * value)


def _two_grids(setting: Setting) -> tuple[Array, Array]:
    """Return the gaps on a grid and on one with half as many nodes."""
    rounds, fixed = setting.integer("rounds"), _without_rounds(setting)
    return full_batch(fixed, rounds), full_batch(fixed, rounds, step=0.04)


def weighted(gaps: Array) -> Array:
    """Return the weighted averages up to each round."""
    t = np.arange(1, gaps.shape[-1] + 1)
    return np.asarray(2 * np.cumsum(t * gaps, axis=-1) / (t * (t + 1)))


LAW, WITH_ROUNDS = ("lam1", "lam2", "activation"), ("lam1", "lam2", "activation", "rounds")
VARIANCE = constant("pred_3_variance", feature_variance, "variance of h at x_3 under q*", source="C4", uses=LAW)
GAP_LIMIT = constant("gap_limit", lambda s, _: gap_limit(s), "limit of T^2 gap_last", source="C2", uses=LAW)
CONSTANTS = (
    constant("objective_star", objective, "least value L(q*)", source="C3", uses=LAW),
    constant("second_moment", lambda s, _: optimum(s).mean(X**2, (arb(1), 2)), "E theta^2", source="C3", uses=LAW),
    constant("mean_star", lambda s, _: optimum(s).mean(X, (arb(1), 1)), "E theta", source="C3", uses=LAW),
    constant("neg_entropy", lambda s, _: optimum(s).entropy, "E log q*", source="C3", uses=LAW),
    constant("pred_1", lambda s, _: optimum(s).z[0], "h at x_1", source="C3", uses=LAW),
    constant("pred_3", lambda s, _: optimum(s).z[2], "h at x_3", source="C3", uses=LAW),
    constant("pred_5", lambda s, _: optimum(s).z[4], "h at x_5", source="C3", uses=LAW),
    constant("gap_last", last_gap, "gap of the last law, full batch", source="C2", uses=WITH_ROUNDS),
    constant("gap_weighted", weighted_gap, "weighted gap, full batch", source="C2", uses=WITH_ROUNDS),
    GAP_LIMIT,
    VARIANCE,
    constant("score_weight", T / (T + 2), "weight of lam1 in round T", source="C1"),
)

# --- C1: the update --------------------------------------------------------------------------------------------------


def update_steps(context: Context) -> Iterable[Step]:
    """Minimise A g q + lam2 W q log q at each point under a fixed mass: log q = -A g/(lam2 W) + constant."""
    q, g, mu = sp.symbols("q g mu", positive=True)
    weight, total = context["weight"], context["total"]
    condition = sp.diff(g * q + lam2 * total * q * sp.log(q) - mu * q, q)
    log_q = -g / (lam2 * total) + mu / (lam2 * total) - 1
    k = sp.Symbol("k", positive=True, integer=True)
    gradients = sp.summation(weight.subs(s_round, k), (k, 1, t_round))
    entropy = sp.summation(weight.subs(s_round, k), (k, 1, t_round + 1))
    return identical(
        {
            "the law is stationary": (condition.subs(q, sp.exp(log_q)).expand(), sp.Integer(0)),
            "the weight of the entropy is that of one round more": (total, sp.factor(entropy)),
            "the score of lam1": (sp.factor(gradients / total), context["score"]),
        }
    )


def update_objective(context: Context) -> list[At]:
    """The score at the setting's rounds, summed."""
    rounds = context.setting.integer("rounds")
    return [At(exact(sp.Rational(sum(range(1, rounds + 1)), sum(range(1, rounds + 2)))))]


update = Claim(
    "update-rule",
    title="Each law minimises the weighted sum of gradients and entropy",
    statement=(
        r"$q^{(t+1)} \propto \exp(-\frac{2}{\lambda_2(t+2)(t+1)}\sum_{s\le t} s\,g^{(s)})$ minimises $\sum_{s \le t} s\,E_q g^{(s)} + "
        r"\lambda_2\frac{(t+1)(t+2)}{2}E_q\log q$."
    ),
    source="2012.15477, Algorithm 1",
    known="from memory",
    no_inequality="it is a first-order condition",
    readings=[
        Reading(
            "stated",
            "Pointwise first-order condition, for all gradients; lam1 enters with weight t/(t+2).",
            {"weight": s_round, "total": TOTAL, "score": t_round / (t_round + 2), "here": T / (T + 2)},
            checks=[
                proof("first-order", ("weight", "total", "score"), update_steps, kind=Kind.EXACT, domain="all t and g"),
                encloses("score", "here", update_objective, digits=12, domain="the setting's rounds"),
            ],
            wrong=[
                wrong(
                    "normalisation",
                    {"total": t_round * (t_round + 1) / 2, "here": sp.Integer(1)},
                    "The entropy has one round more.",
                ),
                wrong(
                    "uniform",
                    {"weight": sp.Integer(1), "total": t_round},
                    "Rounds are weighted by s.",
                    checks=["first-order"],
                ),
                wrong("outside", {"score": sp.Integer(1)}, "lam1 is averaged like the rest: t/(t+2)."),
            ],
        )
    ],
)

# --- C2: rates -------------------------------------------------------------------------------------------------------

MARKS = (16, 32, 64, 128, 256)


@lru_cache(maxsize=4)
def stochastic(setting: Setting, seed: int, runs: int, rounds: int) -> Array:
    """Weighted gaps of runs with one random point a round, shape (runs, rounds)."""
    grid, scheme = Grid(setting, 0.05), Scheme.of(s_round, TOTAL)
    streams = stream(seed, "stochastic").spawn(runs)
    return np.array([weighted(grid.run(rounds, scheme, rng)) for rng in streams])


def stochastic_slope(context: Context) -> Estimate:
    """Exponent of the weighted gap from T = 16 on."""
    gaps = stochastic(_without_rounds(context.setting), context.seed, context.budget.pick(24, 48, 200), MARKS[-1])
    samples = gaps[:, [m - 1 for m in MARKS]]
    means = samples.mean(axis=0)
    # The logarithm of a mean: replicates enter by their share of it.
    x = np.log(np.array(MARKS, float))
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    found = mean_of((samples / means - 1) @ weights)
    return found.but(value=float(np.log(means) @ weights))


def scaled_gap(context: Context) -> Estimate:
    """T^2 gap_last of the full-batch scheme at T = 64 and 128, the next order 1/T removed."""
    gaps = full_batch(_without_rounds(context.setting), 128, context["weight"], context["total"])
    half, whole = 64**2 * float(gaps[63]), 128**2 * float(gaps[127])
    value = 2 * whole - half
    return exactly(value, abs(value - whole) / 4 + 1e-12)


def full_batch_rate(context: Context) -> tuple[Array, Array, Array]:
    """Gaps of the last law at T = 16 to 256."""
    gaps = full_batch(_without_rounds(context.setting), MARKS[-1])
    values = np.array([gaps[m - 1] for m in MARKS])
    return np.array(MARKS, float), values, 1e-9 * values


def gap_steps(context: Context) -> Iterable[Step]:
    """With log q* = -(c . h + lam1 x^2)/lam2 - log Z all but the predictions cancels; one prediction stands for each."""
    z, z_star, y, n = sp.symbols("z z_star y n", real=True)
    left = ((z - y) ** 2 - (z_star - y) ** 2) / (2 * n) - (z_star - y) / n * (z - z_star)
    return identical({"L(q) - L(q*) - lam2 KL": (left, context["gap"].subs({Z[0]: z - z_star, sp.Symbol("n"): n}))})


LAST = Note(
    id="outer-rate.last-law",
    severity="minor",
    text="On this instance the last law of the full-batch scheme is within O(1/T^2) of the optimum, with a constant that comes "
    "from the normalisation (t+1)(t+2) alone; the guarantee O(1/T) is for a weighted average of objective values.",
)
CONSTANTS_EXPLODE = Note(
    id="outer-rate.constants",
    severity="minor",
    text="As we remember the theorem its constants contain exp(c/lam2) and log^2 T: at lam2 = 1/10 already exp(1/lam2) is 22026, "
    "so that the bound says nothing for any number of rounds that can be run.",
)
outer = Claim(
    "outer-rate",
    title="The weighted gap is O(1/T)",
    statement=r"$\frac{2}{T(T+1)}\sum_{t \le T} t\,(E L(q^{(t)}) - L^*) = O(1/T)$.",
    source="2012.15477, Theorem 1",
    known="from memory",
    no_inequality="its constants are not known",
    readings=[
        Reading(
            "stated",
            "Stochastic, one point a round, exact Gibbs laws: the exponent of the weighted gap from T = 16 on is at most -1.",
            {"order": -sp.Integer(1)},
            checks=[
                noted(
                    agree("stochastic", "order", stochastic_slope, relation="<=", domain="T = 16 to 256"),
                    CONSTANTS_EXPLODE,
                )
            ],
            wrong=[wrong("two", {"order": -sp.Integer(2)}, "The noise of the points leaves 1/T.")],
        ),
        Reading(
            "last-law",
            "Derived here: for the full batch T^2 (L(q^(T)) - L*) tends to a constant, by first-order response.",
            {
                "limit": GAP_LIMIT.symbol,
                "order": -sp.Integer(2),
                "weight": s_round,
                "total": TOTAL,
                "gap": Z[0] ** 2 / (2 * sp.Symbol("n")),
            },
            checks=[
                noted(
                    agree(
                        "limit", "limit", scaled_gap, resolution=0.02, uses=["weight", "total"], domain="T = 64, 128"
                    ),
                    LAST,
                ),
                rate(
                    "order",
                    "order",
                    full_batch_rate,
                    x_label="rounds T",
                    y_label="gap of the last law",
                    domain="T = 16 to 256",
                ),
                proof("identity", "gap", gap_steps, kind=Kind.EXACT, domain="every law q", whole=False),
            ],
            wrong=[
                wrong(
                    "normalisation",
                    {"total": t_round * (t_round + 1) / 2},
                    "A consistent scheme, but not this one: it is faster.",
                ),
                wrong(
                    "uniform", {"weight": sp.Integer(1), "total": t_round}, "Another scheme, faster in its last law."
                ),
                wrong("one", {"order": -sp.Integer(1)}, "The temperature error is 2/t, the gap its square."),
                wrong("no-half", {"gap": Z[0] ** 2 / sp.Symbol("n")}, "The loss has the factor 1/2."),
                wrong("limit", {"limit": 2 * GAP_LIMIT.symbol}, "The limit is 0.0833 in the default setting."),
            ],
        ),
    ],
)

# --- C3 and C5: the optimum ------------------------------------------------------------------------------------------


def virial(context: Context) -> list[At]:
    """E theta (mean of l' d_theta h + 2 lam1 theta) under the law of the formulas."""
    setting = context.setting
    found = optimum(setting, tuple(context["push"]), context["curvature"])
    h = features(setting.activation)
    with ctx.workprec(PREC):
        ridge = 2 * exact(setting["lam1"]) * found.mean(X**2, (arb(1), 2))
        slopes = [sp.diff(f, X) for f in h]
        size = max(derivative_supremum(setting.activation, 1).value.upper(), arb(1)) * 4
        pulls = [found.mean(X * f, (size, 1)) for f in slopes]
        push = [(z - exact(y)) / N for z, y in zip(found.z, LABELS, strict=True)]
        value = sum((a * b for a, b in zip(push, pulls, strict=True)), ridge)
    pull = sp.Add(*(p * f for p, f in zip(PUSH, slopes, strict=True)), 2 * lam1 * X)
    return [At(value, formula=found.problem.mean(X * pull), systems=(found.system(),))]


def convex_steps(context: Context) -> Iterable[Step]:
    """The loss is convex in z, the entropy strictly convex in q, the ridge linear: one minimiser."""
    z, y, q = sp.Symbol("z", real=True), sp.Symbol("y", real=True), sp.Symbol("q", positive=True)
    loss = (z - y) ** 2 / 2
    return identical(
        {
            "l'' = 1": (sp.diff(loss, z, 2), sp.Integer(1)),
            "(q log q)'' = 1/q": (sp.diff(q * sp.log(q), q, 2), 1 / q),
            "l' is the push, n times": (sp.diff(loss, z), N * context["push"][0].subs({Z[0]: z}) + LABELS[0] - y),
        }
    )


VIRIAL = {"push": sp.Tuple(*PUSH), "curvature": 2 * lam1, "virial": lam2}
WRONG_LAWS = [
    wrong("half-ridge", {"curvature": lam1}, "The ridge has no factor 1/2."),
    wrong("no-mean", {"push": sp.Tuple(*(N * v for v in PUSH))}, "The loss is a mean over the points."),
    wrong("sign", {"push": sp.Tuple(*(-v for v in PUSH))}, "The law is pushed downhill."),
]
NOT_CONVEX = wrong("no-label", {"push": sp.Tuple(*(z / N for z in Z))}, "The loss compares with labels.")
best = Claim(
    "optimum",
    title="The optimum is a Gibbs law, and the only one",
    statement=r"$q^* \propto \exp(-\frac1{\lambda_2}[\frac1n\sum_i l'(h_{q^*}(x_i), y_i)h(\theta, x_i) + \lambda_1|\theta|^2])$.",
    source="2012.15477, optimality condition",
    known="from memory",
    no_inequality="it states a fixed point",
    readings=[
        Reading(
            "stated",
            "In the setting: a fixed point is enclosed (Krawczyk), it obeys the virial identity, and convexity leaves no other.",
            VIRIAL,
            checks=[
                encloses(
                    "virial",
                    "virial",
                    virial,
                    digits=9,
                    whole=True,
                    uses=["push", "curvature"],
                    domain="the enclosed law",
                ),
                proof("convex", "push", convex_steps, kind=Kind.EXACT, domain="all laws", whole=False),
            ],
            wrong=[*WRONG_LAWS[:1], *(replace(e, rejected_by=("virial",)) for e in WRONG_LAWS[1:]), NOT_CONVEX],
        )
    ],
)
pull = Claim(
    "virial",
    title="Virial identity",
    statement=r"$E_{q^*}[\theta(\frac1n\sum_i l'\,\partial_\theta h(\theta,x_i) + 2\lambda_1\theta)] = \lambda_2$.",
    source="integration by parts",
    known="derived here",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "By parts from the optimum's law, in one dimension; the convention of lam1 shows in it.",
            VIRIAL,
            checks=[
                encloses(
                    "enclosed",
                    "virial",
                    virial,
                    digits=9,
                    whole=True,
                    uses=["push", "curvature"],
                    domain="the enclosed law",
                )
            ],
            wrong=[*WRONG_LAWS, wrong("twice", {"virial": 2 * lam2}, "The entropy has the factor lam2.")],
        )
    ],
)

# --- C4: particles ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def drawn_errors(setting: Setting, seed: int, runs: int) -> tuple[Array, Array]:
    """Squared errors of h_M at x_3 for independent draws from q*, by inversion on the grid, shape (runs, sizes)."""
    grid = Grid(setting)
    cumulative = np.cumsum(np.exp(grid.log_star + grid.logs))
    sizes, rng = np.array([16, 64, 256, 1024]), stream(seed, "particles")
    act = setting.activation.numpy_function()
    found = []
    for m in sizes:
        theta = np.interp(rng.random((runs, m)) * cumulative[-1], cumulative, grid.x)
        found.append((act(theta * 0.5 + 0.5).mean(axis=1) - grid.z_star[2]) ** 2)
    return sizes.astype(float), np.array(found).T


def particle_errors(context: Context) -> tuple[Array, Array]:
    """The same in the setting: so many runs that the exponent is known to a tenth."""
    return drawn_errors(_without_rounds(context.setting), context.seed, context.budget.pick(2000, 4000, 10_000))


def particle_variance(context: Context) -> list[At]:
    """M times the mean squared error."""
    sizes, errors = particle_errors(context)
    return [At(mean_of(m * e), f"M = {m:g}", float(m)) for m, e in zip(sizes, errors.T, strict=True)]


particles = Claim(
    "particles",
    title="Particles replace a law at the price of 1/M",
    statement=r"$E|h_M - h_q|^2 = O(1/M)$.",
    source="2012.15477, discretisation",
    known="from memory",
    no_inequality="it is about a mean over draws",
    readings=[
        Reading(
            "stated",
            "Independent draws from q*, at x_3: M times the mean squared error is the variance of h.",
            {"variance": VARIANCE.symbol, "order": -sp.Integer(1)},
            checks=[
                agree(
                    "value",
                    "variance",
                    particle_variance,
                    resolution=0.3,
                    x_label="M",
                    y_label="M E|h_M - h|^2",
                    log="x",
                ),
                rate("order", "order", particle_errors, x_label="M", y_label="squared error"),
            ],
            wrong=[
                wrong("half", {"variance": VARIANCE.symbol / 2}, "Independent draws have exactly the variance."),
                wrong("root", {"order": -sp.Rational(1, 2)}, "That is the error, not its square."),
            ],
        )
    ],
)
complexity = Claim(
    "complexity",
    title="Total complexity",
    statement=r"$\tilde O(\varepsilon^{-3})$ steps and $O(\varepsilon^{-2})$ particles reach accuracy $\varepsilon$.",
    source="2012.15477, second-hand",
    known="from memory",
    no_inequality="its constants are not known",
    readings=[Reading("stated", "Known second-hand only, without constants: nothing is checked.")],
)


def simulate(trial: Trial) -> Simulated:
    """Stochastic runs with exact Gibbs laws: the weighted gap after the setting's rounds."""
    runs, rounds = trial.count("runs", 8), trial.setting.integer("rounds")
    trial.say(f"{runs} runs of {rounds} rounds")
    grid, scheme = Grid(trial.setting, 0.05), Scheme.of(s_round, TOTAL)
    streams = trial.rng().spawn(runs)
    gaps = np.array(trial.draws("runs", runs, lambda k: grid.run(rounds, scheme, streams[k])))
    final = {"mean_gap_weighted": mean_of(weighted(gaps)[:, -1]), "mean_gap_last": mean_of(gaps[:, -1])}
    notes = (
        "One random point a round, where gap_weighted and gap_last take all; the inner loop is exact.",
        "Errors cover the draw of points.",
    )
    return Simulated(final, notes=notes)


OPTIONS = (Option("runs", "64", "number of runs"),)
paper = Paper(
    id="dual-averaging",
    title="Particle Dual Averaging: Optimization of Mean Field Neural Networks with Global Convergence Rate Analysis",
    summary=(
        "A dual averaging method with an entropic penalty trains two-layer networks in the mean-field regime "
        "to a given accuracy; the numbers of steps and of particles that it needs are bounded, not only its "
        "limit."
    ),
    authors=("Atsushi Nitanda", "Denny Wu", "Taiji Suzuki"),
    source="https://arxiv.org/abs/2012.15477",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(update, outer, best, particles, pull, complexity),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "update-rule/stated": "proved",
        "outer-rate/stated": "supported",
        "outer-rate/last-law": "supported",
        "optimum/stated": "certified",
        "particles/stated": "supported",
        "virial/stated": "certified",
        "complexity/stated": "unchecked",
    },
    references=(
        "Nitanda, Wu, Suzuki: Particle Dual Averaging: Optimization of Mean Field Neural Networks with Global Convergence "
        "Rate Analysis. NeurIPS 2021, arXiv:2012.15477",
    ),
)
