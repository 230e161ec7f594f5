"""Mean field analysis of neural networks: a law of large numbers (arXiv 1805.01053).

The empirical law of the N neurons of a two-layer network under one-pass SGD, step alpha/N and floor(N t) steps, tends
to the solution of a transport equation. On the instance of `mfcheck.dynamics.linear_units` limit and fluctuations are
elementary, and a run of any width costs two multiplications a step.
"""

import math
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import (
    Assumption,
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
    Twin,
    agree,
    ball,
    bound,
    conclude,
    constant,
    custom,
    decide,
    encloses,
    identical,
    identity,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import Answer, stream
from mfcheck.dynamics import linear_units as linear
from mfcheck.dynamics.convention import Convention, Order
from mfcheck.dynamics.linear_units import (
    ALPHA,
    C_MAX,
    FORM,
    HORIZON,
    MINUS,
    NAMES,
    PARAMETERS,
    PLUS,
    SECOND,
    SLOPE,
    W_MAX,
    alpha,
    horizon,
    in_parameters,
    lower,
    noise,
    plus,
    slope,
    upper,
)
from mfcheck.dynamics.two_layer import Network, one_pass
from mfcheck.errors import InputError
from mfcheck.rigor.ball import from_on
from mfcheck.rigor.bounded import bounded_derivatives
from mfcheck.rigor.definite import definite
from mfcheck.statistics import extrapolated, mean_of
from mfcheck.statistics.settled import settled
from mfcheck.symbolic.activation import X, activation
from mfcheck.symbolic.generic import s0, s1

Array = NDArray[np.float64]
HALF = sp.Rational(1, 2)
c, w, e, r, x, y, m = sp.symbols("c w e r x y m", real=True)

# --- constants -------------------------------------------------------------------------------------------------------

INVARIANT = linear.start_mean(linear.c**2 - linear.w**2)
MSE = linear.limit_covariance("m", "m", FORM)
PAIR = MSE - linear.cw_variance(FORM)


@lru_cache(maxsize=32)
def potential_one(setting: Setting, digits: int) -> arb:
    """Enclose H(1), the integral of sigma/sigma' over (0, 1)."""
    chosen = setting.activation
    try:
        return definite(chosen.expr / sp.diff(chosen.expr, X), X, 0, 1, digits + 10)
    except InputError:
        raise InputError(
            f"the potential needs sigma' without zeros on [0, 1]; this is not so, or not seen, for {chosen.name}"
        ) from None


def leaf(id: str, expr: sp.Expr, meaning: str, source: str, leave_out: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    """The constant of a closed form."""
    uses = tuple(n for n in NAMES if n not in leave_out)
    return constant(id, lambda s, d: linear.value(expr, s, d), meaning, source=source, uses=uses)


QUIET = ("noise",)
CONSTANTS = (
    leaf("a_t", (FORM.total + INVARIANT) / 2, "E c^2 at the horizon", "C1", QUIET),
    leaf("m_t", FORM.m, "E cw at the horizon", "C1", QUIET),
    leaf("b_t", (FORM.total - INVARIANT) / 2, "E w^2 at the horizon", "C1", QUIET),
    leaf("tau_t", sp.log(FORM.Z) / 2, "hyperbolic angle at the horizon", "C1", QUIET),
    constant("rate", linear.DECAY, "contraction rate at the fixed point", source="C1"),
    constant("invariant", INVARIANT, "E c^2 - E w^2", source="C1"),
    leaf("mse_m", MSE, "limit of N E(m^N - m)^2", "C2"),
    leaf("pair_cov", PAIR, "limit of N Cov(c_1 w_1, c_2 w_2)", "C3"),
    constant("potential_one", potential_one, "H(1), H' = sigma/sigma'", source="C4", uses=("activation",)),
)

# --- assumptions -----------------------------------------------------------------------------------------------------

SMOOTH = ("tanh", "erf", "sigmoid", "arctan", "sin")


def smooth(setting: Setting) -> Answer:
    """Two bounded derivatives, by certified suprema."""
    return Answer(*bounded_derivatives(setting.activation, 2))


ASSUMPTIONS = (
    Assumption(
        "smooth",
        "Bounded activation with two bounded derivatives",
        r"$\sigma \in C_b^2(\mathbb{R})$.",
        "1805.01053, assumptions (from memory)",
        smooth,
        lambda rng: setting_of(PARAMETERS, activation(str(rng.choice(SMOOTH)))),
        reads=("activation",),
        survey=lambda: {
            name: smooth(setting_of(PARAMETERS, activation(name))) for name in (*SMOOTH, "softplus", "relu")
        },
        beyond={
            "the instance is linear: its orbits stay in a compact set, outside of which sigma may be changed": (
                "law-of-large-numbers",
                "rate",
                "chaos",
            )
        },
    ),
)

# --- runs ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def products(setting: Setting, seed: int, width: int, count: int) -> linear.Runs:
    """Runs of one width, by the two products."""
    return linear.runs(setting, width, count, stream(seed, f"products {width}"))


@lru_cache(maxsize=32)
def neurons(setting: Setting, seed: int, count: int, rule: Convention) -> dict[str, Estimate]:
    """Means of c^2, c w, w^2 at the horizon, neuron by neuron, widths 40 and 160, the correction 1/N removed."""
    values = {name: setting.number(name) for name in NAMES}

    def start(width: int, rng: np.random.Generator) -> tuple[Array, Array]:
        return values["c_max"] * rng.random(width), values["w_max"] * rng.random(width)

    def sampler(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
        x = rng.integers(1, 3, count).astype(float)
        return x, values["slope"] * x + values["noise"] * rng.choice([-1.0, 1.0], count)

    def observe(c: Array, w: Array) -> Array:
        return np.stack([(c * c).mean(1), (c * w[:, 0]).mean(1), (w[:, 0] ** 2).mean(1)], axis=1)

    found = []
    for width in (40, 160):
        rng = stream(seed, f"neurons {width}")
        steps = [rule.steps(values["horizon"], width)]
        own = Network("identity", width)
        out = one_pass(own, rule, partial(start, width), sampler, steps, observe, replicates=count, seed=rng)
        if not np.all(np.isfinite(out)):
            raise InputError(f"steps of this size blow up at width {width}")
        found.append([mean_of(column) for column in out[:, 0].T])
    pairs = zip(("a", "m", "b"), *found, strict=True)
    return {name: extrapolated((40, 160), (one, two)) for name, one, two in pairs}


def seen(order: Order):  # type: ignore[no-untyped-def]
    """The mean of c w over the neurons, under the rule that the reading states."""

    def measure(context: Context) -> Estimate:
        powers = {name: float(context[name]) for name in ("power", "residual", "clock", "sign")}
        rule = Convention(
            step=context.setting.number("alpha"),
            step_power=powers["power"],
            gradient_factor=powers["residual"],
            clock_power=powers["clock"],
            hidden_factor=powers["sign"],
            order=order,
        )
        return neurons(context.setting, context.seed, context.budget.pick(1000, 4000, 20_000), rule)["m"]

    return measure


# --- C1: the law of large numbers ------------------------------------------------------------------------------------


def closed_form(context: Context) -> Evidence:
    """Particles turn by one angle; its exponential solves the Riccati equation of the limit."""
    labels = [(k, slope * k + s * noise) for k in (1, 2) for s in (-1, 1)]
    speed = alpha * sum((t - m * k) * k for k, t in labels) / 4
    slope_here = plus * (upper + lower) / 4
    start = {horizon: 0, linear.fall: 1}
    steps = identical(
        {
            "the velocity averaged over samples": (context["speed"], speed),
            "Z solves its equation": (
                linear.derivative(context["Z"]),
                2 * context["speed"].subs({slope: slope_here, m: context["m"]}) * context["Z"],
            ),
            "Z starts at 1": (context["Z"].subs(start), sp.Integer(1)),
            "m from Z": (context["m"], (plus * context["Z"] + plus * upper * lower / context["Z"]) / 4),
            "the total from Z": (context["total"], (plus * context["Z"] - plus * upper * lower / context["Z"]) / 2),
            "the roots, summed": (in_parameters(upper + lower), 4 * slope / PLUS),
            "the roots, multiplied": (in_parameters(upper * lower), -MINUS / PLUS),
            "the rate": (in_parameters(linear.RATE), context["rate"]),
        }
    )
    note = Note(
        id="lln-instance-not-in-class",
        severity="remark",
        text="The linear unit of the instance is not in $C_b^2$. Boundedness is not used up to a fixed time where the "
        "start has compact support: an orbit stays within $\\prod_k(1+|e_k|)$ of its start.",
    )
    return conclude(steps, "the built-in instance, all parameters, all times", notes=(note,))


def two_products(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """One step of N = 3 neurons, e = (alpha/N)(y - m x) x: sums and differences are multiplied."""
    cs, ws = sp.symbols("c1:4", real=True), sp.symbols("w1:4", real=True)
    mean = sum(a * b for a, b in zip(cs, ws, strict=True)) / 3
    own = alpha / 3 * (y - mean * x) * x
    move = {c: 0, w: 0, e: own}
    pairs = []
    for a, b in zip(cs, ws, strict=True):
        new = [context[name].subs(move | {c: a, w: b}, simultaneous=True) for name in ("c_next", "w_next")]
        pairs += [(new[0], a + alpha / 3 * (y - mean * x) * (b * x)), (new[1], b + alpha / 3 * (y - mean * x) * a * x)]
        pairs += [(new[0] + new[1], (1 + own) * (a + b)), (new[0] - new[1], (1 - own) * (a - b))]
    return pairs


def noisy(setting: Setting) -> None:
    """Refuse instances on which the difference does not drift."""
    if setting["noise"] == 0 or setting["c_max"] == setting["w_max"]:
        raise InputError("the drift of A - B needs noise > 0 and c_max different from w_max")


def forgotten(context: Context) -> Evidence:
    """For N from N_0 on, E|A^N - B^N| falls below any share of its start, while A - B is constant in the limit."""
    setting = context.setting
    theta = 8 / (setting["alpha"] ** 2 * setting["noise"] ** 2)
    power = alpha**2 * noise**2 * SECOND * sp.Rational(theta.numerator, theta.denominator)
    share = linear.value(sp.exp(-power), setting, 15)
    wanted = linear.value(sp.sympify(context["kept"]), setting, 15)
    passed = False if share < wanted else None
    least = least_width(setting)
    note = Note(
        id="lln-not-uniform-in-time",
        severity="minor",
        text=f"The limit is not uniform in time, on the instance with label noise: at every width N >= {least} the "
        rf"step sizes satisfy $|e_k| \le 1$ for ever, so that $E|A^N-B^N|$ falls at least like "
        r"$(1-(\alpha/N)^2\,noise^2\,5/2)^{NT}$, to zero at times of order $N$; in the limit $A-B$ never moves.",
    )
    return Evidence(
        passed=passed,
        lhs=f"{float(share.mid()):.3g} at T = {float(theta):g} N",
        rhs=str(context["kept"]),
        error=float(share.rad()),
        domain=f"all N >= {least}, T = {float(theta):g} N",
        reason=f"E|A^N - B^N| keeps at most {from_on(share, 3)} of its start at T = {float(theta):g} N",
        notes=(note,),
    )


def least_width(setting: Setting) -> int:
    """Return a width from which on all |e_k| <= 1: then |m^N| stays below B, see the docs page."""
    a, s, sigma = setting.number("alpha"), abs(setting.number("slope")), setting.number("noise")
    wide = setting.number("c_max") + setting.number("w_max")
    B = max(setting.number("c_max") * setting.number("w_max"), s + sigma) + 1
    largest = 2 * a * (2 * s + sigma + 2 * B)
    return math.ceil(largest * (1.01 + math.sqrt(4 * B * B + wide**4) + B))


GAP_START = (slope - linear.start_mean(linear.c * linear.w)) ** 2
RULE = {"power": sp.Integer(1), "residual": sp.Integer(1), "clock": sp.Integer(1), "sign": sp.Integer(1)}
law = Claim(
    "law-of-large-numbers",
    title="The empirical law of neurons converges",
    statement=(
        r"$\mu^N \to \bar\mu$ in probability in $D([0,T];\mathcal{M}(\mathbb{R}^{1+d}))$, where $\langle f,\bar\mu_t"
        r"\rangle = \langle f,\mu_0\rangle + \int_0^t\int \alpha(y-\langle c\sigma(w\cdot x),\bar\mu_s\rangle)\langle"
        r"\nabla(c\sigma(w\cdot x))\cdot\nabla f,\bar\mu_s\rangle\,\pi(dx,dy)\,ds$."
    ),
    source="1805.01053, main theorem; 1808.09372, Theorem 1.2",
    known="text read",
    assumptions=("smooth",),
    readings=[
        Reading(
            "strict",
            "For every fixed T: step alpha/N, floor(N t) steps, residual without factor 2, simultaneous updates.",
            {**RULE, "m": in_parameters(FORM.m)},
            checks=[
                agree(
                    "neurons",
                    "m",
                    seen("simultaneous"),
                    resolution=0.05,
                    uses=list(RULE),
                    group="neurons",
                    domain="mean of c w on the instance at the horizon, N = 40 and 160, the correction 1/N removed",
                ),
                agree(
                    "old-or-new",
                    "m",
                    seen("gauss-seidel"),
                    resolution=0.05,
                    uses=list(RULE),
                    group="neurons",
                    domain="the same with w updated from the new c: the same limit",
                ),
            ],
            wrong=[
                wrong("step", {"power": sp.Integer(2)}, "With step alpha/N^2 nothing moves: m stays at its start."),
                wrong("residual", {"residual": sp.Integer(2)}, "The loss has the factor 1/2: this is alpha doubled."),
                wrong("clock", {"clock": sp.Integer(0)}, "After floor(t) steps of size 1/N nothing has moved."),
                wrong(
                    "sign", {"sign": -sp.Integer(1)}, "Both weights descend: c^2 + w^2 would be conserved.", kind="sign"
                ),
            ],
        ),
        Reading(
            "instance",
            "On the instance, in closed form: one hyperbolic angle for all neurons, which solves a Riccati equation.",
            {
                "speed": alpha * SECOND * (slope - m),
                "Z": FORM.Z,
                "m": FORM.m,
                "total": FORM.total,
                "rate": linear.DECAY,
                "gap": (slope - in_parameters(FORM.m)) ** 2,
                "gap_bound": GAP_START * sp.exp(-2 * alpha * SECOND * sp.sqrt(PLUS * MINUS) * horizon),
            },
            checks=[custom("closed-form", ("speed", "Z", "m", "total", "rate"), closed_form, kind=Kind.EXACT)],
            wrong=[
                wrong("residual-twice", {"speed": 2 * alpha * SECOND * (slope - m)}, "The residual has no factor 2."),
                wrong("second-moment", {"speed": alpha * 2 * (slope - m)}, "E x^2 is 5/2 for x uniform on {1, 2}."),
                wrong("decay", {"Z": FORM.Z.subs(linear.fall, linear.fall**2)}, "The Riccati equation has the rate S."),
                wrong("rate-half", {"rate": linear.DECAY / 2}, "At the fixed point A + B = S: alpha q S is the rate."),
                wrong(
                    "too-fast",
                    {"gap_bound": GAP_START * sp.exp(-2 * linear.DECAY * horizon)},
                    "A + B is below S until m reaches the slope.",
                    checks=["slack-contraction"],
                ),
            ],
            attack=[
                bound(
                    "contraction",
                    "gap",
                    "<=",
                    "gap_bound",
                    over={ALPHA: ("1/10", 2), HORIZON: (0, 2), SLOPE: (-2, 3), C_MAX: ("1/10", 3), W_MAX: ("1/10", 3)},
                    text="(slope - m_t)^2 <= (slope - m_0)^2 exp(-2 alpha q sqrt(P M) t), as A + B >= sqrt(P M)",
                )
            ],
        ),
        Reading(
            "finite-width",
            "At every N a step multiplies c + w by 1 + e and c - w by 1 - e, for all neurons at once.",
            {"c_next": c + e * w, "w_next": w + e * c},
            checks=[identity("two-products", ("c_next", "w_next"), two_products, domain="a step of three neurons")],
            wrong=[
                wrong("minus", {"w_next": w - e * c}, "Both weights descend.", kind="sign"),
                wrong("new-c", {"w_next": w + e * (c + e * w)}, "Both weights move from their old values."),
            ],
        ),
        Reading(
            "uniform-in-time",
            "Over-reading, not claimed: uniformly in T. On the instance E|A^N - B^N| would keep its start's value.",
            {"kept": sp.Integer(1)},
            checks=[custom("conserved-difference", "kept", forgotten, kind=Kind.CERTIFIED)],
            needs=noisy,
            wrong=[wrong("most", {"kept": sp.Rational(9, 10)}, "At T = theta N what is left falls to 0 with theta.")],
            claimed=False,
        ),
    ],
)

# --- C2: rate --------------------------------------------------------------------------------------------------------

SIZES = (50, 200, 800)


def squared_errors(context: Context) -> tuple[Array, Array]:
    """Squared distances of m^N from the closed form, one column for each width."""
    count = context.budget.pick(4000, 12_000, 60_000)
    centre = float(linear.value(FORM.m, context.setting, 15).mid())
    found = [products(context.setting, context.seed, n, count).m[:, 0] for n in SIZES]
    return np.array(SIZES, float), np.stack([(f - centre) ** 2 + 1e-300 for f in found], axis=1)


def limit_of(context: Context, values: Callable[[linear.Runs, int], Array]) -> Estimate:
    """The mean of values of runs, from widths 100 and 400, the correction 1/N removed."""
    sizes, count = (100, 400), context.budget.pick(10_000, 40_000, 100_000)
    found = [mean_of(values(products(context.setting, context.seed, n, count), n)) for n in sizes]
    return settled(sizes, found)


def plateau(context: Context) -> Estimate:
    """N times the mean squared error."""
    centre = float(linear.value(FORM.m, context.setting, 15).mid())
    return limit_of(context, lambda found, n: n * (found.m[:, 0] - centre) ** 2)


speed_claim = Claim(
    "rate",
    title="Mean squared error of order 1/N",
    statement=(
        r"$E|\langle f,\mu^N_t\rangle - \langle f,\bar\mu_t\rangle|^2 = O(1/N)$; for $f = cw$, $N$ times it tends to "
        "`mse_m`."
    ),
    source="derived from the proof's martingale bounds",
    known="derived here",
    no_inequality="its constant is the limit itself",
    readings=[
        Reading(
            "stated",
            "The exponent, and the limit of N times the error, at the horizon.",
            {"order": -sp.Integer(1), "mse": in_parameters(MSE)},
            checks=[
                rate(
                    "exponent",
                    "order",
                    squared_errors,
                    x_label="width N",
                    y_label="E (m^N - m)^2",
                    domain="N = 50, 200, 800, runs by the two products",
                    group="products",
                ),
                agree(
                    "plateau", "mse", plateau, domain="N = 100 and 400, the correction 1/N removed", group="products"
                ),
            ],
            wrong=[
                wrong("root", {"order": -HALF}, "The error itself falls like N^(-1/2), its square like 1/N."),
                wrong("square", {"order": -sp.Integer(2)}, "The bias is of that order; the variance is not."),
                wrong(
                    "noise-dropped",
                    {"mse": in_parameters(linear.limit_covariance("m", "m", FORM, 1, 0))},
                    "SGD noise is 98.8 % of it at the defaults.",
                ),
                wrong(
                    "noise-twice",
                    {"mse": in_parameters(linear.limit_covariance("m", "m", FORM, 1, 2))},
                    "The martingale has the factor alpha^2, once.",
                ),
            ],
        )
    ],
)

# --- C3: chaos -------------------------------------------------------------------------------------------------------

N, V_one, limit = sp.symbols("N V limit", positive=True)


def pair_values(found: linear.Runs, width: int) -> Array:
    """Values whose mean is N Cov(c_1 w_1, c_2 w_2), up to O(1/R): all pairs of neurons, centred."""
    m, squares = found.m[:, -1], found.squares[:, -1]
    return np.asarray(width * ((m - m.mean()) ** 2 - (squares - m**2) / (width - 1)))


def pair_covariance(context: Context) -> Evidence:
    """N times the covariance of two neurons."""
    found, limit = limit_of(context, pair_values), ball(context, "pair")
    sign = "negative" if limit < 0 else "positive" if limit > 0 else "zero or too small to tell"
    note = Note(
        id="lln-pairs",
        severity="remark",
        text=f"Neurons are independent in the limit only: the covariance of a pair is of order 1/N, and {sign} here, "
        f"N times it tends to {float(limit.mid()):.5g}.",
    )
    standard = Standard(resolution=0.05, alarm=context.alarm)
    return decide([Case(found, limit)], standard, "N = 100 and 400, the correction 1/N removed", notes=(note,))


def exchangeable(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Var of the mean of N exchangeable numbers is V/N + (1 - 1/N) Cov; solved for Cov, N Cov in the limit."""
    cov = sp.Symbol("Cov", real=True)
    of_mean = (N * V_one + N * (N - 1) * cov) / N**2
    solved = sp.solve(sp.Eq(of_mean, limit / N), cov)[0]
    return [(context["split"], sp.limit(sp.together(N * solved), N, sp.oo))]


chaos = Claim(
    "chaos",
    title="Propagation of chaos",
    statement=(
        r"The law of $k$ neurons tends to $\bar\mu_t^{\otimes k}$; quantitatively "
        r"$N\,\mathrm{Cov}(c_1w_1, c_2w_2) \to$ `mse_m` $- \mathrm{Var}_{\bar\mu_t}(cw)$."
    ),
    source="1805.01053, propagation of chaos (wording from memory)",
    known="from memory",
    assumptions=("smooth",),
    no_inequality="it states limits",
    readings=[
        Reading(
            "pairs",
            "Two neurons: the covariance of c w, times N, at the horizon.",
            {"split": limit - V_one, "pair": in_parameters(PAIR)},
            checks=[
                identity("exchangeable", "split", exchangeable, whole=False, domain="exchangeable numbers"),
                custom("covariance", "pair", pair_covariance, kind=Kind.SIMULATED, group="products"),
            ],
            wrong=[
                wrong(
                    "diagonal",
                    {"pair": in_parameters(MSE), "split": limit},
                    "The variance of a mean holds the diagonal Var/N: neurons correlate negatively here.",
                ),
                wrong(
                    "independent",
                    {"pair": -in_parameters(linear.cw_variance(FORM))},
                    "That would need a mean without fluctuation.",
                ),
            ],
        )
    ],
)

# --- C4: invariant of a particle -------------------------------------------------------------------------------------

POTENTIALS = {
    "tanh": sp.sinh(w) ** 2 / 2,
    "sigmoid": w + sp.exp(w),
    "arctan": (w + w**3 / 3) * sp.atan(w) - w**2 / 6 - sp.log(1 + w**2) / 3,
}


def conserved(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The flow c' = r sigma(w), w' = r c sigma'(w) leaves c^2/2 - H(w) unchanged if H' = sigma/sigma'."""
    pairs = [(c * r * s0(w) - context["slope"] * r * c * s1(w), sp.Integer(0))]
    for name in POTENTIALS:
        shape = activation(name).expr.subs(X, w)
        pairs.append((sp.diff(context[name], w) * sp.diff(shape, w), shape))
    return pairs


def quadratures(context: Context) -> list[At]:
    """H(1) by quadrature, less what the closed form gives."""
    found = []
    for name in POTENTIALS:
        closed = context[name].subs(w, 1) - context[name].subs(w, 0)
        own = potential_one(setting_of(PARAMETERS, activation(name)), 20)
        found.append(At(own - linear.value(closed, context.setting, 20), name))
    return found


invariant = Claim(
    "invariant",
    title="A conserved quantity of each particle",
    statement=r"For $d = 1$ and all data at $x = 1$, $c^2/2 - H(w)$, $H' = \sigma/\sigma'$, is constant in time.",
    source="derived from the limit equation",
    known="derived here",
    no_inequality="it is an identity",
    readings=[
        Reading(
            "stated",
            "For every activation with sigma' > 0; H in closed form for tanh, sigmoid and arctan.",
            {"slope": s0(w) / s1(w), **POTENTIALS, "zero": sp.Integer(0)},
            checks=[
                identity(
                    "flow", ("slope", *POTENTIALS), conserved, domain="every sigma with sigma' > 0; three by name"
                ),
                encloses(
                    "quadrature",
                    "zero",
                    quadratures,
                    digits=15,
                    uses=list(POTENTIALS),
                    domain="H(1) of tanh, sigmoid, arctan by quadrature, less the closed form",
                ),
            ],
            wrong=[
                wrong("sinh", {"tanh": sp.sinh(w) / 2}, "Its slope is not tanh/tanh' = sinh cosh."),
                wrong("log-cosh", {"tanh": sp.log(sp.cosh(w))}, "That is the integral of sigma, not of sigma/sigma'."),
                wrong("inverse", {"slope": s1(w) / s0(w)}, "c' holds sigma and w' holds sigma'.", checks=["flow"]),
            ],
        )
    ],
)

# --- C5: moments in the plane ----------------------------------------------------------------------------------------

A = sp.Symbol("A", real=True)
ms, vs = sp.symbols("m1:3", real=True), sp.symbols("v1:3", real=True)
B = sp.Matrix(2, 2, lambda i, j: sp.Symbol(f"B{min(i, j) + 1}{max(i, j) + 1}", real=True))
mv, vv = sp.Matrix(ms), sp.Matrix(vs)
ENTRIES = ((0, 0), (0, 1), (1, 1))


def symmetric(change: sp.Matrix) -> sp.Tuple:
    """The entries of a symmetric matrix that differ."""
    return sp.Tuple(*(change[i, j] for i, j in ENTRIES))


MOMENTS = {
    "A": 2 * alpha * (mv.T * vv)[0, 0],
    "m": sp.Tuple(*(alpha * (B * vv + A * vv))),
    "B": symmetric(alpha * (mv * vv.T + vv * mv.T)),
}


def moment_system(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Differentiate c^2, c w_i, w_i w_j along c' = alpha v.w, w' = alpha c v, and average term by term."""
    ws = sp.symbols("w1:3", real=True)
    names = {
        c**2: A,
        **{c * u: n for u, n in zip(ws, ms, strict=True)},
        **{ws[i] * ws[j]: B[i, j] for i in (0, 1) for j in (0, 1)},
    }
    moved = {
        c: alpha * sum(a * b for a, b in zip(vs, ws, strict=True)),
        **{u: alpha * c * v for u, v in zip(ws, vs, strict=True)},
    }

    def averaged(quantity: sp.Expr) -> sp.Expr:
        change = sp.expand(sum(sp.diff(quantity, s) * d for s, d in moved.items()))
        poly = sp.Poly(change, c, *ws)
        return sum(
            k * names[sp.prod(g**p for g, p in zip(poly.gens, powers, strict=True))] for powers, k in poly.terms()
        )

    pairs = [(context["A"], averaged(c**2)), (context["A"] - context["B"][0] - context["B"][2], sp.Integer(0))]
    pairs += [(context["m"][i], averaged(c * ws[i])) for i in (0, 1)]
    return pairs + [(context["B"][k], averaged(ws[i] * ws[j])) for k, (i, j) in enumerate(ENTRIES)]


moments = Claim(
    "moments",
    title="Second moments close for linear units",
    statement=(
        r"$A' = 2\alpha\,m\cdot v$, $m' = \alpha(Bv + Av)$, $B' = \alpha(mv^\top + vm^\top)$ with "
        r"$v = E[(y-m\cdot x)x]$; $A - \mathrm{tr}\,B$ is conserved."
    ),
    source="derived from the limit equation",
    known="derived here",
    no_inequality="it is a set of identities",
    readings=[
        Reading(
            "plane",
            "In d = 2, as identities in all moments.",
            MOMENTS,
            checks=[
                identity("derivation", ("A", "m", "B"), moment_system, domain="d = 2, every law of neurons and data")
            ],
            wrong=[
                wrong("no-output", {"m": sp.Tuple(*(alpha * B * vv))}, "c moves as well: A v.", checks=["derivation"]),
                wrong("one-side", {"B": symmetric(2 * alpha * mv * vv.T)}, "B is symmetric."),
                wrong("factor", {"A": alpha * (mv.T * vv)[0, 0]}, "The derivative of c^2 is 2 c c'."),
            ],
        )
    ],
)

# --- simulation ------------------------------------------------------------------------------------------------------

OPTIONS = (
    Option("width", "200", "number of neurons N, at least 2"),
    Option("replicates", "4000", "independent runs, at least 20"),
)


def run(trial: Trial) -> Simulated:
    """Runs by the two products, and their means over time against the limit."""
    width, count = trial.count("width", 2, 100_000), trial.count("replicates", 20, 1_000_000)
    setting, end = trial.setting, trial.setting.number("horizon")
    times = [end * k / 20 for k in range(21)] if end else [0.0]
    drawn = {"runs": Draws(count, lambda rng, n: vars(linear.runs(setting, width, n, rng, times)))}
    found = linear.Runs(**trial.samples(drawn)["runs"])
    limits = [
        float(linear.value(FORM.m, setting.with_values(horizon=setting["horizon"] * k / 20), 15).mid())
        for k in range(len(times))
    ]
    means = [mean_of(column) for column in found.m.T]
    series = Series(value=tuple(v.value for v in means), error=tuple(v.error for v in means))
    final = {f"mean_{name}": mean_of(getattr(found, name)[:, -1]) for name in ("a", "m", "b")}
    final["n_mse_m"] = mean_of(width * (found.m[:, -1] - limits[-1]) ** 2)
    final["n_pair_cov"] = mean_of(pair_values(found, width))
    picture = Plot(
        id="trajectory",
        title=f"Mean of c w, N = {width}, and its limit",
        x_label="time",
        y_label="E c w",
        curves=(
            Curve(label=f"N = {width}", x=tuple(times), y=series.value, error=series.error, style="points"),
            Curve(label="limit", x=tuple(times), y=tuple(limits)),
        ),
    )
    return Simulated(final=final, time=times, series={"m": series}, plots=(picture,))


paper = Paper(
    id="lln",
    title="Mean Field Analysis of Neural Networks: A Law of Large Numbers",
    summary=(
        "As width and number of SGD steps grow together, the empirical law of the neurons of a two-layer "
        "network converges to the solution of a deterministic evolution equation."
    ),
    authors=("Justin Sirignano", "Konstantinos Spiliopoulos"),
    source="https://arxiv.org/abs/1805.01053",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(law, speed_claim, chaos, invariant, moments),
    assumptions=ASSUMPTIONS,
    constants=CONSTANTS,
    simulate=simulation(run, OPTIONS),
    twins=(Twin("mse_m", "clt", "c_mm", {p.name: p.symbol for p in PARAMETERS}),),
    verdicts={
        "law-of-large-numbers/strict": "supported",
        "law-of-large-numbers/instance": "proved",
        "law-of-large-numbers/finite-width": "proved",
        "law-of-large-numbers/uniform-in-time": "refuted",
        "rate/stated": "supported",
        "chaos/pairs": "supported",
        "invariant/stated": "proved",
        "moments/plane": "proved",
    },
    references=(
        "Sirignano, Spiliopoulos: Mean field analysis of neural networks: a law of large numbers. SIAM J. Appl. Math. "
        "80 (2020) 725-752, arXiv:1805.01053",
    ),
)
