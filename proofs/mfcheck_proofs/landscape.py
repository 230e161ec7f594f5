"""A mean field view of the landscape of two-layer neural networks (arXiv 1804.06561).

One-pass SGD follows a transport equation of the law of the weights. For two isotropic Gaussian classes this law stays
spherically symmetric, so that radii alone move: `q(t) = E sigma(t G)` in infinite dimension, `h(t) = E sigma(t S)` with
a coordinate S of the unit sphere in dimension d. Ridges and noise lead to a Gibbs law.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray
from scipy import integrate, optimize, special

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Paper,
    Plot,
    Question,
    Reading,
    Series,
    Setting,
    Simulated,
    Standard,
    Step,
    Trial,
    agree,
    ball,
    bound,
    compared,
    constant,
    curve,
    custom,
    decide,
    encloses,
    identical,
    identity,
    noted,
    number,
    parameter,
    pictured,
    proof,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.convention import Convention
from mfcheck.dynamics.interaction import QuadraticFlow, half_line
from mfcheck.dynamics.two_layer import Network, one_pass
from mfcheck.errors import InputError
from mfcheck.gaussian import PiecewiseLinear, chi_rule, product_variance, ramp
from mfcheck.rigor.ball import compare, exact
from mfcheck.rigor.roots import Roots, all_roots, crossing, largest_at, minimiser, stays_below
from mfcheck.statistics import all_hold, exactly, extrapolated, mean_of
from mfcheck.symbolic.activation import X, activation

Array = NDArray[np.float64]

S1 = parameter("s1", "-5/2", "value of sigma up to t1", below=-1)
S2 = parameter("s2", "15/2", "value of sigma from t2 on")
T1 = parameter("t1", "1/2", "first kink of sigma", above=0)
T2 = parameter("t2", "3/2", "second kink of sigma", above=0)
DELTA = parameter("delta", "2/5", "spread Delta of the classes", above=0, below=1)
DELTA_FAIL = parameter("delta_fail", "1/2", "spread Delta in the example of failure", above=0, below=1)
LAM = parameter("lam", "1/2", "ridge lambda", above=0)
BETA = parameter("beta", 4, "inverse temperature", above=0)
DIM = parameter("dim", 40, "dimension d", least=3, most=100_000, integer=True)
KAPPA = parameter("kappa", "4/5", "initial weights are N(0, kappa^2/d)", above=0)
HORIZON = parameter("horizon", 1, "time", least=0, most=100)
PARAMETERS = (S1, S2, T1, T2, DELTA, DELTA_FAIL, LAM, BETA, DIM, KAPPA, HORIZON)
lam, beta = LAM.symbol, BETA.symbol


def validate(setting: Setting) -> None:
    """Refuse shapes for which a or b does not exist."""
    if setting["t1"] >= setting["t2"]:
        raise InputError("t2 must be above t1")
    if setting["s1"] + setting["s2"] <= 2:
        raise InputError("(s1 + s2)/2 must be above 1: q takes the value 1 only then")


def sigma_of(setting: Setting) -> PiecewiseLinear:
    """Return sigma of the setting."""
    return PiecewiseLinear.through((setting["t1"], setting["s1"]), (setting["t2"], setting["s2"]))


DEFAULT = setting_of(PARAMETERS, activation("tanh"))
OWN = sigma_of(DEFAULT)
FAILING = PiecewiseLinear.through((0, Fraction(-5, 2)), (Fraction(1, 2), -4), (Fraction(3, 2), Fraction(15, 2)))

# --- point masses in infinite dimension, q = E sigma(t G) ------------------------------------------------------------


def risk_of(own: PiecewiseLinear, delta: arb, *radii: arb, weights: Sequence[arb] = (arb(1),)) -> arb:
    """Enclose the risk of weighted point masses."""
    law = tuple(zip(weights, radii, strict=True))
    up, down = (sum((p * own.mean((1 + y * delta) * r) for p, r in law), arb(0)) for y in (1, -1))
    return ((1 - up) ** 2 + (1 + down) ** 2) / 2


def risks_of(own: PiecewiseLinear, delta: float, r: Array, weights: Array | None = None) -> Array:
    """Return in doubles the risk of each point mass, or of one law of weighted ones."""
    up, down = (own.means((1 + y * delta) * r)[0] for y in (1, -1))
    if weights is not None:
        up, down = weights @ up, weights @ down
    return np.asarray(((1 - up) ** 2 + (1 + down) ** 2) / 2)


def force(own: PiecewiseLinear, delta: arb, r: arb) -> arb:
    """Enclose psi'(r) of the point mass at r: half the derivative of its risk."""
    return sum(((own.mean(a * r) - y) * a * own.slope(a * r) for y, a in ((1, 1 + delta), (-1, 1 - delta))), arb(0)) / 2


def stiffness(own: PiecewiseLinear, delta: arb, r: arb) -> arb:
    """Enclose the derivative of `force` in r."""
    total = arb(0)
    for y, a in ((1, 1 + delta), (-1, 1 - delta)):
        total += a**2 * (own.slope(a * r) ** 2 + (own.mean(a * r) - y) * own.curvature(a * r)) / 2
    return total


def transition(own: PiecewiseLinear, digits: int) -> arb:
    """Enclose Delta_h."""
    a, b = own.level(1, digits + 5), own.level(-1, digits + 5)
    with ctx.workdps(digits + 20):
        return (a - b) / (a + b)


@lru_cache(maxsize=64)
def best_point(own: PiecewiseLinear, delta: Fraction, digits: int) -> arb:
    """Enclose the best radius of a point mass, Delta below Delta_h.

    The force is negative below b/(1 - Delta) and positive above a/(1 + Delta).

    Raises:
        InputError: Delta exceeds Delta_h, or two radii are equally good.
    """
    with ctx.workdps(2 * digits + 20):
        spread = exact(delta)
        low, high = own.level(-1, digits + 15) / (1 - spread), own.level(1, digits + 15) / (1 + spread)
        if not low < high:
            raise InputError("delta must be below delta_h: beyond it, no point mass is optimal")
        risk, push, bent = (lambda r, f=f: f(own, spread, r) for f in (risk_of, force, stiffness))
        return minimiser(risk, push, bent, (low.lower(), high.upper()), digits + 3)


@lru_cache(maxsize=64)
def zeros(delta: Fraction, digits: int) -> Roots:
    """Enclose all radii without force on a point mass in the example of failure; near Delta = 1 there are four.

    The level is the greatest one: below it q < -5/2 before q' > 0.
    """
    with ctx.workdps(digits + 20):
        spread = exact(delta)
        push, bent = (lambda r, f=f: f(FAILING, spread, r) for f in (force, stiffness))
        return all_roots(push, bent, (0, (FAILING.level(1, digits + 5) / (1 - spread)).upper()), digits + 3)


def equilibrium(which: int) -> Callable[[Setting, int], arb]:
    """Return the leaf of the first unstable or, after it, the first stable radius in the example of failure.

    Near 0 the force is positive, towards 0, so that an unstable zero comes first.
    """

    def value(setting: Setting, digits: int) -> arb:
        found = zeros(setting["delta_fail"], digits)
        if found.slopes[:2] != ("<", ">"):
            raise InputError("the force on a point mass has no unstable zero that a stable one follows")
        return found.values[which]

    return value


def two_zeros(setting: Setting) -> None:
    """Refuse spreads at which a point mass has more than one stable radius."""
    if len(zeros(setting["delta_fail"], 15).values) != 2:
        raise InputError("at this delta_fail a point mass has more than one stable radius")


# --- radii in dimension d, and SGD beside them -----------------------------------------------------------------------


@dataclass(frozen=True)
class Instance:
    """Two isotropic classes, and what may be wrong in the equation.

    Attributes:
        own: sigma.
        delta: the spread; a wrong sign exchanges the labels.
        dim: dimension.
        kappa: initial weights are N(0, kappa^2/dim).
        speed: the factor in `r' = -speed psi'`.
        spread: whether norms of the inputs vary.
    """

    own: PiecewiseLinear
    delta: float
    dim: int
    kappa: float
    speed: float = 2.0
    spread: bool = True


def flow_of(instance: Instance, terms: int, norms: int) -> QuadraticFlow:
    """Return the motion of radii; the energy of a law is its risk less 1.

    Averaged over the norms of the inputs `h(rR)` and `h(rR) h(r'R)` are smooth in the radii, also in few dimensions, where
    h itself has kinks.
    """
    scale = float(instance.own.kinks[-1][0])
    R, masses = chi_rule(instance.dim, norms)
    if not instance.spread:
        R, masses = np.array([math.sqrt(instance.dim)]), np.ones(1)
    sizes = np.outer(half_line(terms, scale), R)
    up, down = (instance.own.sphere_means((1 + y * instance.delta) * sizes, instance.dim)[0] for y in (1, -1))
    K = ((up * masses) @ up.T + (down * masses) @ down.T) / 2
    return QuadraticFlow((down - up) @ masses / 2, K, scale, instance.speed)


COARSE, FINE = (400, 64, 300, 1e-9), (1000, 96, 400, 1e-10)
"""Initial radii, polynomials, norms of inputs, accuracy of steps."""


@lru_cache(maxsize=64)
def radial(instance: Instance, times: tuple[float, ...]) -> tuple[tuple[Estimate, ...], tuple[Estimate, ...]]:
    """Return risks and mean radii at the times, the error several times the distance to a coarser computation.

    Where some radii are absorbed at 0 and others are not, the final radii have a step, and the error falls like one
    over the number of radii: 2.5 times as many leave less than two thirds of that distance.
    """
    found = []
    for count, terms, inputs, accuracy in (COARSE, FINE):
        radii, weights = chi_rule(instance.dim, count)
        start = instance.kappa / math.sqrt(instance.dim) * radii
        flow = flow_of(instance, terms, inputs)
        path = flow.run(start, weights, times, accuracy)
        found.append(np.array([[1 + flow.energy(r, weights) for r in path.T], weights @ path]))
    rough, fine = found
    if not np.all(np.isfinite(fine)):
        raise InputError("the radial equation left the range of doubles")
    errors = 4 * np.abs(fine - rough) + 10 * FINE[-1] * np.maximum(1, np.abs(fine))
    risks, norms = (tuple(map(exactly, *pair)) for pair in zip(fine.tolist(), errors.tolist(), strict=True))
    return risks, norms


def plain(step: float) -> Convention:
    """The update of the paper, output weights fixed: the square without 1/2, a step that does not depend on N."""
    return Convention(loss_factor=1, step=step, step_power=0, clock=1 / step, clock_power=0, outer_factor=0)


@lru_cache(maxsize=32)
def sgd(instance: Instance, informative: int, width: int, step: float, time: float, count: int, seed: int) -> Array:
    """Return mean norms of the weights, of their informative and of their other part, shape (count, 3)."""
    d, rule = instance.dim, plain(step)
    network = Network("piecewise", width, d, instance.own.knots())
    own = stream(seed, f"sgd {instance.delta} {d} {instance.kappa} {width} {step}")
    scales = instance.delta * (np.arange(d) < informative)

    def start(rng: np.random.Generator) -> tuple[Array, Array]:
        return np.ones(width), instance.kappa / math.sqrt(d) * rng.standard_normal((width, d))

    def sampler(rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        y = rng.choice([-1.0, 1.0], size)
        return (1 + y[:, None] * scales) * rng.standard_normal((size, d)), y

    def observe(_: Array, w: Array) -> Array:
        parts = [np.sqrt((w[:, a:b] ** 2).sum(axis=1)) for a, b in ((0, d), (0, informative), (informative, d))]
        return np.stack([part.mean(axis=1) for part in parts], axis=1)

    steps = [rule.steps(time, width, d)]
    return one_pass(network, rule, start, sampler, steps, observe, replicates=count, seed=own)[:, 0]


# --- C1: SGD follows the equation ------------------------------------------------------------------------------------

K, TIME, WIDTH, EPS, D = sp.symbols("K T N eps D", positive=True)
WORTH = K * sp.exp(K * TIME) * sp.sqrt(1 / WIDTH) * sp.sqrt(D + sp.log(WIDTH / EPS))
SCALE = {WIDTH: 800, EPS: Fraction(1, 10**5), D: 40, K: 5}


def trivial(_: Context) -> list[At]:
    """The greatest possible risk, (1 + max|sigma|)^2, in cases where K is 5 and the time 1 or more."""
    return [At(arb(289) / 4, f"K = 5, T = {t}", where={**SCALE, TIME: t}) for t in (1, 2, 10)]


WIDTHS = (30, 120, 480)
SMALL = Instance(OWN, 0.4, 5, 0.8)


def deviations(context: Context) -> tuple[Array, Array]:
    """Distances of the mean norm from the radial equation at t = 1/20, with steps 1/(50 N)."""
    count = context.budget.pick(500, 1000, 4000)
    exact_radius = radial(SMALL, (0.0, 0.05))[1][-1].value
    found = [sgd(SMALL, 5, n, 1 / (50 * n), 0.05, count, context.seed)[:, 0] for n in WIDTHS]
    return np.array(WIDTHS, float), np.abs(np.array(found).T - exact_radius)


UNKNOWN_K = Note(
    id="landscape.constant",
    severity="major",
    text="$K$ is not given, so that no run can contradict the bound. At $N = 800$, $\\epsilon = 10^{-5}$, $D = 40$ it says "
    "less than $0 \\le R \\le (1+\\max|\\sigma|)^2$ already for $K = 5$ and $T = 1$.",
)
follows = Claim(
    "sgd-follows-equation",
    title="SGD follows the distributional dynamics",
    statement=(
        r"$\sup_{t\le T}|R_N - R(\rho_t)| \le Ke^{KT}\sqrt{\max(1/N,\epsilon)}\,[\sqrt{D+\log(N/\epsilon)}+z]$ with "
        r"probability $1 - e^{-z^2}$."
    ),
    source="1804.06561, Theorem 3 (readers' notes; the sequel of 2019 has the same form)",
    known="follow-up",
    no_inequality="its constant K is not given",
    readings=[
        Reading(
            "strict",
            "For some K that depends on bounds of the data alone.",
            {"bound": WORTH},
            checks=[
                noted(
                    encloses(
                        "worth",
                        "bound",
                        trivial,
                        relation="<=",
                        domain="N = 800, eps = 1e-5, D = 40, K = 5: the trivial bound is better",
                        question=Question.FOLLOWS,
                    ),
                    UNKNOWN_K,
                )
            ],
            wrong=[
                wrong(
                    "no-exponential",
                    {"bound": WORTH / sp.exp(K * TIME)},
                    "Without exp(KT) the bound is 1.4 at K = 5, far below 289/4.",
                    checks=["worth"],
                )
            ],
        ),
        Reading(
            "order",
            "At fixed time and eps of order 1/N the deviation is of order N^(-1/2); seen at the mean norm.",
            {"order": -sp.Rational(1, 2)},
            checks=[
                rate(
                    "width",
                    "order",
                    deviations,
                    x_label="width N",
                    y_label="deviation of the mean norm",
                    domain="d = 5, t = 1/20, eps = 1/(50 N), N = 30 to 480",
                    group="sgd-small",
                )
            ],
            wrong=[
                wrong("one", {"order": -sp.Integer(1)}, "Initial weights are drawn independently: N^(-1/2)."),
                wrong("zero", {"order": sp.Integer(0)}, "The mean over N neurons concentrates."),
            ],
        ),
    ],
)

# --- C2: finite width --------------------------------------------------------------------------------------------------

A_SAME, B_OTHER = sp.symbols("EU_same EU_other", real=True)


def enumerated(context: Context) -> Iterable[Step]:
    """N neurons: N pairs are equal, N(N-1) are independent; and all draws from two and three atoms one by one."""
    counted = (WIDTH * A_SAME + WIDTH * (WIDTH - 1) * B_OTHER) / WIDTH**2 - B_OTHER
    pairs = {"pairs counted": (context["gap"], counted)}
    for atoms, width in ((2, 2), (2, 3), (3, 2)):
        p = sp.symbols(f"p1:{atoms}", positive=True)
        p = sp.Matrix([*p, 1 - sum(p)])
        V = sp.Matrix(sp.symbols(f"V1:{atoms + 1}", real=True))
        U = sp.Matrix(atoms, atoms, lambda i, j: sp.Symbol(f"U{min(i, j)}{max(i, j)}", real=True))
        gap = sp.Integer(0)
        for draw in product(range(atoms), repeat=width):
            shares = sp.Matrix([sp.Rational(draw.count(i), width) for i in range(atoms)])
            gap += sp.prod([p[i] for i in draw]) * (2 * shares.dot(V) + shares.dot(U * shares))
        other, same = p.dot(U * p), sum(p[i] * U[i, i] for i in range(atoms))
        stated = context["gap"].subs({WIDTH: width, A_SAME: same, B_OTHER: other}, simultaneous=True)
        pairs[f"{atoms} atoms, N = {width}"] = (sp.expand(gap - 2 * p.dot(V) - other), sp.expand(stated))
    return identical(pairs)


def drawn_gap(context: Context) -> Estimate:
    """N (E R_N - R) of sigma(th x) by pairs of independent weights at one x: E (sigma(th x) - sigma(th' x))^2/2."""
    count = context.budget.pick(400_000, 2_000_000, 10_000_000)
    rng = stream(context.seed, "gap")
    code = sp.lambdify(X, context.setting.activation.expr, ["scipy", "numpy"])
    th, other, x = rng.standard_normal((3, count))
    with np.errstate(all="ignore"):
        values = (code(th * x) - code(other * x)) ** 2 / 2
    if not np.all(np.isfinite(values)):
        raise InputError("the activation is too large for doubles")
    return mean_of(values)


GAP = (A_SAME - B_OTHER) / WIDTH
width_claim = Claim(
    "width-identity",
    title="The price of finite width",
    statement=(
        r"For $\theta_i$ iid with law $\rho$: $E R_N - R(\rho) = \frac1N(E\,U(\theta,\theta) - E\,U(\theta,\theta'))$; so "
        r"$\inf R_N \le \inf R + K/N$."
    ),
    source="1804.06561, Proposition 1",
    known="derived here",
    no_inequality="it is an identity",
    readings=[
        Reading(
            "stated",
            "The identity for every law with finite E U, and its value for sigma(th x), th and x standard Gaussian.",
            {"gap": GAP, "value": sp.Symbol("prop1_gap", real=True)},
            checks=[
                proof("counting", "gap", enumerated, kind=Kind.EXACT, domain="every N and every law with finite E U"),
                agree("sampled", "value", drawn_gap, kind=Kind.SAMPLED, domain="sigma(th x), the setting's activation"),
            ],
            wrong=[
                wrong("one-term", {"gap": A_SAME / WIDTH}, "A law with one atom has no gap, whatever U is."),
                wrong("squared", {"gap": GAP / WIDTH}, "N of the N^2 pairs are equal."),
                wrong("twice", {"value": 2 * sp.Symbol("prop1_gap", real=True)}, "E (s - s')^2 is twice the variance."),
            ],
        )
    ],
)

# --- C3: radii ---------------------------------------------------------------------------------------------------------

t, place, C_D, dimension = sp.symbols("t c C d", positive=True)


def kink_slopes(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Derivatives of the averages of one kink; the tail P(S > z) has the derivative -C (1 - z^2)^((d-3)/2)."""
    z, mass = sp.symbols("z mass", positive=True)
    value = t * C_D * (1 - z**2) ** ((dimension - 1) / 2) / (dimension - 1) - place * mass
    dz = -place / t**2
    by_z = sp.diff(value, z) + place * C_D * (1 - z**2) ** ((dimension - 3) / 2)
    total = sp.diff(value, t) + by_z * dz
    rest = (total - context["slope"]).subs(place, z * t)
    factor = (1 - z**2) ** ((dimension - 3) / 2)
    return [
        (sp.simplify(sp.powsimp(sp.expand(rest / factor))), sp.Integer(0)),
        (sp.diff(ramp(t, place), t), context["flat_slope"]),
    ]


SLOPE = C_D * (1 - sp.Symbol("z", positive=True) ** 2) ** ((dimension - 1) / 2) / (dimension - 1)
FLAT_SLOPE = sp.exp(-((place / t) ** 2) / 2) / sp.sqrt(2 * sp.pi)
RULE = {"speed": sp.Integer(2), "sign": sp.Integer(1), "spread": sp.Integer(1)}


def as_stated(setting: Setting) -> Instance:
    """Return the classes of a setting at d = 40."""
    return Instance(sigma_of(setting), setting.number("delta"), 40, 0.8)


def classes(context: Context) -> Instance:
    """Return the same with the rule that the reading states."""
    speed, sign, spread = (number(context, name) for name in RULE)
    right = as_stated(context.setting)
    return replace(right, delta=sign * right.delta, speed=speed, spread=bool(spread))


STEPS = (100, 400)


def moved(context: Context) -> list[Case]:
    """Mean norms of SGD at d = 40, t = 1/10 and 1/5, the corrections 1/N and eps removed together."""
    count, times, right = context.budget.pick(24, 64, 200), (0.1, 0.2), as_stated(context.setting)
    stated = radial(classes(context), (0.0, *times))[1][1:]
    runs = [[sgd(right, 40, n, 0.02 / n, t, count, context.seed)[:, 0] for n in STEPS] for t in times]
    found = [extrapolated(STEPS, [mean_of(norms) for norms in pair]) for pair in runs]
    return [Case(one, at, f"t = {t}", t) for one, at, t in zip(found, stated, times, strict=True)]


def sphere_risk(instance: Instance, radius: float, rng: np.random.Generator, count: int) -> Estimate:
    """The risk of the uniform law on a sphere, by samples of x and, at each, 256 samples of weights."""
    many, dim = 256, instance.dim
    y = rng.choice([-1.0, 1.0], count)
    norm = (1 + y * instance.delta) * np.sqrt(rng.chisquare(dim, count))
    g = rng.standard_normal((count, many))
    s = g / np.sqrt(g**2 + rng.chisquare(dim - 1, (count, many)))
    miss = y[:, None] - np.interp(radius * norm[:, None] * s, *instance.own.knots())
    return mean_of((miss.sum(axis=1) ** 2 - (miss**2).sum(axis=1)) / (many * (many - 1)))


def finite_dimension(context: Context) -> list[Case]:
    """The risk of uniform laws on spheres at d = 40, by samples and by the formula."""
    count, rng = context.budget.pick(8000, 30_000, 200_000), stream(context.seed, "spheres")
    formula, cases = flow_of(classes(context), *FINE[1:3]), []
    for radius in (1.2, 1.6):
        found = sphere_risk(as_stated(context.setting), radius, rng, count)
        stated = exactly(1 + formula.energy(np.array([radius]), np.ones(1)), 1e-9)
        cases.append(Case(found, stated, f"r = {radius}", radius))
    return cases


def far_from_flat(context: Context) -> Note:
    """The least risk of a sphere at d = 40 against that of a point mass in infinite dimension."""
    grid, right = np.linspace(0.5, 4, 141), as_stated(context.setting)
    formula = flow_of(right, *FINE[1:3])
    curved = 1 + min(formula.energy(np.array([r]), np.ones(1)) for r in grid)
    return Note(
        id="landscape.dimension",
        severity="remark",
        text=f"At $d = 40$ the least risk of a uniform law on a sphere is {curved:.3g}, against "
        f"{risks_of(right.own, right.delta, grid).min():.3g} in infinite dimension: the norms of the inputs vary.",
    )


reduction = Claim(
    "radial-reduction",
    title="Spherical symmetry reduces the equation to radii",
    statement=(
        r"$r' = -2\psi'(r)$, $\psi'(r) = \frac12\sum_y E_R[(f(R)-y)R\,h'(rR)]$, $f(R) = \int h(rR)\rho(dr)$, "
        r"$h(t) = E\sigma(tS)$, $R \sim (1+y\Delta)\chi_d$."
    ),
    source="1804.06561, isotropic Gaussians",
    known="from memory",
    no_inequality="it is an equation of motion",
    readings=[
        Reading(
            "stated",
            "The closed forms of h and h', the risk of spherical laws, and the motion against SGD.",
            {"slope": SLOPE, "flat_slope": FLAT_SLOPE, **RULE},
            checks=[
                identity("kinks", ("slope", "flat_slope"), kink_slopes, domain="all t > c > 0, d >= 3", whole=False),
                noted(
                    compared(
                        "spheres",
                        ("sign", "spread"),
                        finite_dimension,
                        kind=Kind.SAMPLED,
                        domain="uniform laws on spheres, d = 40",
                    ),
                    far_from_flat,
                ),
                compared(
                    "sgd",
                    tuple(RULE),
                    moved,
                    resolution=0.05,
                    group="sgd",
                    domain="SGD at d = 40, N = 100 and 400, eps = 1/(50 N)",
                ),
            ],
            wrong=[
                wrong("no-two", {"speed": sp.Integer(1)}, "The gradient of the square has the factor 2."),
                wrong("swapped", {"sign": -sp.Integer(1)}, "The labels of the classes are exchanged."),
                wrong("fixed-norm", {"spread": sp.S.Zero}, "At d = 40 norms of x vary by 11 %.", checks=["spheres"]),
                wrong(
                    "no-dimension", {"slope": SLOPE * (dimension - 1)}, "E S 1(S > z) = C (1 - z^2)^((d-1)/2)/(d-1)."
                ),
                wrong("flat", {"flat_slope": FLAT_SLOPE * sp.sqrt(2 * sp.pi)}, "At c = 0: E max(G, 0) = 1/sqrt(2 pi)."),
            ],
        )
    ],
)

# --- C4: the transition ------------------------------------------------------------------------------------------------

a_, b_ = sp.symbols("q_inv_plus q_inv_minus", real=True)
r_, spread_ = sp.symbols("r Delta", real=True)
DELTA_H = (a_ - b_) / (a_ + b_)


def perfect(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """A point mass has risk 0 only where (1 + Delta) r = a and (1 - Delta) r = b; these have one solution."""
    found = sp.solve([(1 + spread_) * r_ - a_, (1 - spread_) * r_ - b_], [spread_, r_], dict=True)
    return [(context["delta_h"], found[0][spread_]), (context["radius"], found[0][r_])] if len(found) == 1 else []


SHARES = tuple(Fraction(part, 20) for part in (4, 10, 16, 19, 21, 24, 30))


@lru_cache(maxsize=64)
def point_is_optimal(own: PiecewiseLinear, delta: Fraction) -> bool | None:
    """Whether psi(r) >= psi(r*) for all r, which suffices since the risk is convex in the law; None if open.

    With u = 1 - q((1+Delta)r*), v = 1 + q((1-Delta)r*) it says that G(r) = u q((1+Delta)r) - v q((1-Delta)r) is largest
    at r*: there G' = 0, and near it G'' < 0; on cells elsewhere G is bounded by the ends, since q grows.
    """
    best = best_point(own, delta, 20)
    with ctx.workprec(80):
        wide, narrow = 1 + exact(delta), 1 - exact(delta)
        u, v = 1 - own.mean(wide * best), 1 + own.mean(narrow * best)
        if not (u > 0 and v > 0):
            return None
        limit = own.mean(arb(2) ** 60) + arb(2) ** -20
        return largest_at(
            lambda low, high: u * own.mean(wide * high) - v * own.mean(narrow * low),
            lambda r: u * wide**2 * own.curvature(wide * r) - v * narrow**2 * own.curvature(narrow * r),
            best,
            lambda r: u * limit - v * own.mean(narrow * r),
        )


@lru_cache(maxsize=64)
def mixture_is_better(own: PiecewiseLinear, delta: Fraction) -> bool | None:
    """Whether two radii with weights have a smaller risk than every point mass; None if not found.

    Below both ends both terms of the risk of a point fall with r, above both they rise: the best point lies between.
    """
    with ctx.workprec(80):
        spread = exact(delta)
        ends = own.level(1, 20) / (1 + spread), own.level(-1, 20) / (1 - spread)
        low, high, p = (exact(Fraction(float(v))) for v in best_mixture(own, float(delta))[0])
        total = risk_of(own, spread, low, high, weights=(p, 1 - p))
        bracket = ends[0].lower().min(ends[1].lower()), ends[0].upper().max(ends[1].upper())
        return stays_below(lambda a, b: -risk_of(own, spread, a.union(b)), -total, [bracket], cells=5000)


@lru_cache(maxsize=64)
def best_mixture(own: PiecewiseLinear, delta: float) -> tuple[Array, float]:
    """Return two radii and the weight of the first that have small risk, and the risk; in doubles, by two starts."""

    def law(x: Any) -> Array:
        return np.array([*np.exp(np.clip(x[:2], -7, 7)), special.expit(x[2])])

    def risk(x: Any) -> float:
        *radii, p = law(x)
        return float(risks_of(own, delta, np.array(radii), np.array([p, 1 - p])))

    options: Any = {"maxiter": 400}
    starts = [(math.log(low), math.log(high), 0.0) for low, high in ((0.3, 3.0), (1.0, 10.0))]
    found = [optimize.minimize(risk, x, method="Nelder-Mead", options=options) for x in starts]
    best = min(found, key=lambda f: float(f.fun))
    return law(best.x), float(best.fun)


def sides(context: Context) -> Iterable[Step]:
    """Cases on both sides of the stated value: shares of it, and the Delta of the setting."""
    own = sigma_of(context.setting)
    stated = Fraction(number(context, "delta_h")).limit_denominator(10**6)
    for delta in (*(s * stated for s in SHARES if s * stated < 1), context.setting["delta"]):
        wins, where = point_wins(own, delta), f"at Delta = {float(delta):.4g}"
        if delta < stated:
            yield Step(f"a point is optimal {where}", wins, "it is not, or it is open")
        else:
            lost = None if wins is None else not wins
            yield Step(f"a mixture is better {where}", lost, "a point mass is optimal, or it is open")


def point_wins(own: PiecewiseLinear, delta: Fraction) -> bool | None:
    """Whether a point is optimal: False where a mixture is certified to be better."""
    if compare(exact(delta), transition(own, 20)) == "<":
        return point_is_optimal(own, delta)
    return False if mixture_is_better(own, delta) else None


def least_risks(context: Context) -> Plot:
    """The best point and the best pair of radii over Delta."""
    own, grid = sigma_of(context.setting), np.linspace(0.2, 6, 2000)
    deltas = np.linspace(0.1, 0.98, 8) * min(1.0, 1.6 * float(transition(own, 10)))
    point = [risks_of(own, delta, grid).min() for delta in deltas]
    pair = [best_mixture(own, float(delta))[1] for delta in deltas]
    return Plot(
        id="transition",
        title="Least risk of a point mass and of two radii, d = infinity",
        x_label="Delta",
        y_label="risk",
        curves=(curve("point mass", deltas, point), curve("two radii", deltas, pair, "points")),
    )


def sharp(context: Context) -> Note:
    """The value at the setting."""
    return Note(
        id="landscape.transition",
        severity="remark",
        text=f"The transition is sharp and has a closed form in the roots of $q(a) = 1$, $q(b) = -1$: "
        f"{float(transition(sigma_of(context.setting), 10)):.6g} for the $\\sigma$ of the setting; the text quotes about "
        "0.47 for its own.",
    )


transition_claim = Claim(
    "transition",
    title="A point mass is optimal up to a critical spread",
    statement=r"In infinite dimension a point mass is optimal iff $\Delta \le \Delta_h = (a-b)/(a+b)$, $q(a)=1$, $q(b)=-1$.",
    source="1804.06561 (about 0.47); formula derived here",
    known="from memory",
    no_inequality="its sides are minima over all laws, which no search evaluates",
    readings=[
        Reading(
            "stated",
            "On both sides of the value, for the sigma of the setting, in cases.",
            {"delta_h": DELTA_H},
            checks=[
                pictured(
                    noted(
                        proof(
                            "sides",
                            "delta_h",
                            sides,
                            domain="multiples of the stated transition on both sides, and the Delta of the setting",
                            whole=False,
                            lhs="optimality of point masses",
                            rhs="below the transition only",
                        ),
                        sharp,
                    ),
                    least_risks,
                )
            ],
            wrong=[
                wrong("over-a", {"delta_h": (a_ - b_) / a_}, "Beyond 0.4742 two radii do better than any point."),
                wrong("ratio", {"delta_h": (a_ / b_ - 1) / 4}, "Below 0.4742 a point mass is optimal; this is 0.451."),
            ],
        ),
        Reading(
            "risk-zero",
            "A point mass has risk 0 at Delta_h alone, at the radius (a + b)/2.",
            {"delta_h": DELTA_H, "radius": (a_ + b_) / 2},
            checks=[identity("roots", ("delta_h", "radius"), perfect, domain="all sigma, q growing through -1 and 1")],
            wrong=[
                wrong("over-a", {"delta_h": (a_ - b_) / a_}, "(1 + Delta) r = a, (1 - Delta) r = b give (a-b)/(a+b)."),
                wrong("ratio", {"delta_h": a_ / b_ - 1}, "The same; this exceeds 1."),
                wrong("radius", {"radius": a_ + b_}, "The two equations add up to 2 r = a + b."),
            ],
        ),
    ],
)

# --- C5: failure -------------------------------------------------------------------------------------------------------


def signs(context: Context) -> Iterable[Step]:
    """The force on a point mass vanishes at both radii; away from 0 beyond the first, and back beyond the second.

    That there are no further zeros comes from `all_roots`, which makes the constants.
    """
    with ctx.workprec(100):
        spread = exact(context.setting["delta_fail"])
        for name, sign in (("low", "<"), ("high", ">")):
            r = ball(context, name)
            vanishes = bool(force(FAILING, spread, r).contains(0))
            yield Step(f"{name}: no force", vanishes, "the force does not vanish there")
            turns = compare(stiffness(FAILING, spread, r), arb(0))
            answer = None if turns == "?" else turns == sign
            yield Step(f"{name}: slope {sign} 0", answer, "the force turns the other way there")


def absorbed_risk(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """sigma(0) is -5/2, so that f = -5/2 for both labels."""
    start = sp.Rational(FAILING.start)
    return [(((1 - start) ** 2 + (1 + start) ** 2) / 2, context["absorbed"])]


def trapped(context: Context) -> list[At]:
    """Initial weights of norm at most 1/10, if these are in the trap: the risk at infinite time is that of 0.

    The trap ends where q turns and begins to rise. Below, q < -5/2, so that f < -1 for both labels, and every law has
    psi' = (1/2) sum (f - y)(1 + y Delta) q' > 0 at each of its radii: it shrinks to 0.
    """
    turning = crossing(FAILING.slope, FAILING.curvature, (Fraction(1, 100), Fraction(1, 2)), 20)
    inside = exact(Fraction(1, 10) * (1 + context.setting["delta_fail"])) < turning
    return [At(exact(Fraction(29, 4)), "law within |w| <= 1/10")] if inside else []


def contrast(context: Context) -> Evidence:
    """Risks at t = 10, Delta = 1/2, in dimension 320: equal to what is stated for small initial weights, below for large."""
    answers, runs = [], ((0.1, "small", Standard("==", resolution=1e-3)), (0.4, "large", Standard("<=")))
    for kappa, name, standard in runs:
        found = radial(Instance(FAILING, 0.5, 320, kappa), (0.0, 10.0))[0][-1]
        case = Case(found, exactly(number(context, name), 1e-6), f"kappa = {kappa}")
        answers.append(decide([case], replace(standard, alarm=context.alarm)))
    passed = all_hold([a.passed for a in answers])
    telling = next((a for a in answers if a.passed is not True), answers[0])
    return telling.but(passed=passed, cases=2, domain="Delta = 1/2, d = 320, kappa = 1/10 and 2/5, t = 10")


low_, high_ = sp.symbols("separatrix stable_radius", real=True)
ABSORBED = sp.Rational(29, 4)
failure = Claim(
    "failure",
    title="A non-monotone sigma traps small initial weights",
    statement=(
        r"For $\sigma$ linear through $(0,-2.5)$, $(0.5,-4)$, $(1.5,7.5)$ the point $w = 0$ absorbs: small $\kappa$ ends at "
        r"risk $1+\sigma(0)^2 = 7.25$, larger $\kappa$ near 0."
    ),
    source="1804.06561, example of failure",
    known="from memory",
    no_inequality="it states values and a contrast",
    readings=[
        Reading(
            "stated",
            "The absorbed risk, the signs of the force on a point mass, and laws from two sizes of initial weights.",
            {"absorbed": ABSORBED, "low": low_, "high": high_, "small": ABSORBED, "large": sp.Rational(1, 2)},
            needs=two_zeros,
            checks=[
                identity("absorbed", "absorbed", absorbed_risk, domain="the point mass at 0", whole=False),
                proof("signs", ("low", "high"), signs, domain="point masses, delta_fail of the setting", whole=False),
                custom("contrast", ("small", "large"), contrast, kind=Kind.SIMULATED, group="failure"),
            ],
            wrong=[
                wrong("no-one", {"absorbed": sp.Rational(25, 4)}, "The label adds 1: E (y - c)^2 = 1 + c^2."),
                wrong("moved", {"low": 2 * low_}, "Between the two zeros the force points outwards."),
                wrong("stable-moved", {"high": 3 * high_ / 4}, "The same."),
                wrong("escapes", {"small": sp.Integer(0)}, "Initial weights of norm 0.1 lie in the trap."),
                wrong("stays", {"large": sp.Integer(0)}, "The risk is never negative, and not 0 at finite time."),
            ],
        ),
        Reading(
            "every-start",
            "Every initial law with support around 0 converges to risk 0.",
            {"limit": sp.Integer(0)},
            checks=[encloses("trap", "limit", trapped, domain="all laws on |w| <= 1/10, full support there included")],
            wrong=[wrong("small", {"limit": sp.Rational(1, 10)}, "The law in the trap ends at 29/4.")],
        ),
    ],
)

# --- C6: anisotropic classes -------------------------------------------------------------------------------------------

r1, r2, y_ = sp.symbols("r1 r2 y", positive=True)
TAU = sp.sqrt((1 + y_ * spread_) ** 2 * r1**2 + r2**2)
FULL, PART = 80, 15
WIDE = Instance(OWN, 0.5, FULL, 0.8)
"""Classes of which `PART` coordinates are informative."""


def two_radii(speed: float, power: float, count: int) -> Array:
    """Return mean r1, r2 of the classes at t = 1/5: a point mass (count 1), or norms spread as chi."""
    scale = WIDE.kappa / math.sqrt(FULL)
    rules = [chi_rule(n, count) if count > 1 else (np.array([math.sqrt(n)]), np.ones(1)) for n in (PART, FULL - PART)]
    start = scale * np.array(list(product(*(nodes for nodes, _ in rules)))).T
    weights = np.outer(*(masses for _, masses in rules)).ravel()

    def push(_: float, flat: Array) -> Array:
        r = flat.reshape(2, -1)
        out = np.zeros_like(r)
        for y in (1, -1):
            tau = np.sqrt((1 + y * WIDE.delta) ** 2 * r[0] ** 2 + r[1] ** 2)
            value, slope = OWN.means(tau)
            pull = speed / 2 * (weights @ value - y) * slope / tau
            out -= pull * np.array([(1 + y * WIDE.delta) ** power * r[0], r[1]])
        return out.ravel()

    found = integrate.solve_ivp(push, (0, 0.2), start.ravel(), "DOP853", rtol=1e-10, atol=1e-12).y[:, -1]
    return np.asarray(found.reshape(2, -1) @ weights)


SIZES = (40, 160)


def gradient_pairs(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The derivative of tau in both radii."""
    force_1 = (1 + y_ * spread_) ** context["power"] * r1 / TAU
    return [(sp.diff(TAU, r1), force_1), (sp.diff(TAU, r2), r2 / TAU)]


def runs_at_eighty(context: Context) -> list[Array]:
    """Mean norms of SGD at t = 1/5, the step falling with the width."""
    count = context.budget.pick(16, 32, 100)
    return [sgd(WIDE, PART, n, 0.008 / n, 0.2, count, context.seed) for n in SIZES]


def anisotropic(context: Context) -> list[Case]:
    """SGD at d = 80, t = 1/5, steps and 1/N removed together, against the two radii."""
    runs = runs_at_eighty(context)
    speed, power = number(context, "speed"), number(context, "power")
    stated, spread = two_radii(speed, power, 1), two_radii(speed, power, 10)
    found = [extrapolated(SIZES, [mean_of(run[:, k]) for run in runs]) for k in (1, 2)]
    sides = map(exactly, stated.tolist(), (2 * np.abs(spread - stated)).tolist())
    return [Case(one, other, f"r{k}") for k, one, other in zip((1, 2), found, sides, strict=True)]


def step_size(context: Context) -> Note:
    """How far SGD lies off the equation at both steps."""
    stated = two_radii(2, 2, 1)
    shifts = [float(run[:, 2].mean() - stated[1]) for run in runs_at_eighty(context)]
    return Note(
        id="landscape.step-size",
        severity="minor",
        text=f"SGD lies off the equation by the step: at $N = 40$, $\\epsilon = 2\\cdot10^{{-4}}$, $d = 80$ the mean of "
        f"$r_2$ is {shifts[0]:+.3f} from it, at four times the width and a quarter of the step {shifts[1]:+.3f}.",
    )


anisotropic_claim = Claim(
    "anisotropic",
    title="Anisotropic classes move two radii",
    statement=(
        r"$r_1' = -\sum_y A_y q'(\tau_y)(1+y\Delta)^2 r_1/\tau_y$, $r_2' = -\sum_y A_y q'(\tau_y) r_2/\tau_y$, "
        r"$\tau_y^2 = (1+y\Delta)^2r_1^2 + r_2^2$, $A_y = \int q(\tau_y)\rho - y$."
    ),
    source="1804.06561, centred anisotropic Gaussians",
    known="from memory",
    no_inequality="it is an equation of motion",
    readings=[
        Reading(
            "stated",
            "The gradient of tau, and SGD in dimension 80.",
            {"speed": sp.Integer(2), "power": sp.Integer(2)},
            checks=[
                identity("gradient", "power", gradient_pairs, domain="all radii", whole=False),
                noted(
                    compared(
                        "sgd",
                        ("speed", "power"),
                        anisotropic,
                        group="sgd-80",
                        domain="d = 80, 15 informative, Delta = 1/2, kappa = 4/5, t = 1/5; the law of norms is in the error",
                    ),
                    step_size,
                ),
            ],
            wrong=[
                wrong("no-two", {"speed": sp.Integer(1)}, "The gradient of the square has the factor 2."),
                wrong("power", {"power": sp.Integer(1)}, "tau contains (1 + y Delta)^2.", checks=["gradient"]),
            ],
        )
    ],
)

# --- C7: noise ---------------------------------------------------------------------------------------------------------

theta, m_ = sp.symbols("theta m", positive=True)


def stationary(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Per step the drift is -2 psi' and the variance c/beta: the flux 2 rho psi' + (c/(2 beta)) rho' vanishes at Gibbs.

    Divided by rho = exp(-k psi), for every potential; then the linear example, whose law is Gaussian.
    """
    psi = sp.Function("psi")(theta)
    noise, k = context["noise"], context["exponent"]
    linear = -theta + theta * m_ + lam * theta**2 / 2
    precision = sp.diff(k * linear, theta, 2)
    fixed = sp.solve(sp.diff(linear, theta).subs(theta, m_), m_)
    return [
        (2 * sp.diff(psi, theta) - noise / (2 * beta) * k * sp.diff(psi, theta), sp.Integer(0)),
        (1 / precision, context["variance"]),
        (fixed[0], context["mean"]),
    ]


@lru_cache(maxsize=8)
def noisy(setting: Setting, factor: float, count: int, seed: int) -> Estimate:
    """The variance of weights of noisy SGD on sigma = th x, y = x = 1 or -1, after it has settled; step removed."""
    ridge, heat, width = setting.number("lam"), setting.number("beta"), 400

    def start(rng: np.random.Generator) -> tuple[Array, Array]:
        return np.ones(width), 1 / (1 + ridge) + rng.standard_normal((width, 1)) / math.sqrt(heat * ridge)

    def sampler(rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        x = rng.choice([-1.0, 1.0], size)
        return x[:, None], x

    def observe(_: Array, w: Array) -> Array:
        return np.asarray(w[:, 0].var(axis=1, ddof=1))

    found = []
    for share in (1, 4):
        step = 0.04 / (1 + ridge) / share
        rule = replace(plain(step), noise_factor=factor, beta=heat, decay=ridge)
        steps, own = [rule.steps(4 / ridge, width)], stream(seed, f"noisy {factor} {step}")
        out = one_pass(Network("identity", width), rule, start, sampler, steps, observe, replicates=count, seed=own)
        found.append(mean_of(out[:, 0, 0]))
    return extrapolated((1, 4), found)


def noisy_variance(context: Context) -> Estimate:
    """The variance of noisy SGD with the stated noise."""
    if not Fraction(1, 20) <= context.setting["lam"] <= 20:
        raise InputError("runs are made for lam from 1/20 to 20")
    return noisy(context.setting, number(context, "noise"), context.budget.pick(24, 64, 200), context.seed)


NOISE_SCALE = Note(
    id="landscape.noise",
    severity="major",
    text="Noise $\\sqrt{c s/\\beta}$ has the stationary law $\\exp(-(4/c)\\beta\\Psi_\\lambda)$: the equation with "
    "$(2\\xi/\\beta)\\Delta\\rho$ belongs to $c = 4$. Noise scale and equation must be read together.",
)
GIBBS = {"exponent": beta, "variance": 1 / (beta * lam), "mean": 1 / (1 + lam)}
STATIONARY = identity("stationary", ("noise", *GIBBS), stationary, domain="all potentials; the linear example")
noise_claim = Claim(
    "noise-scale",
    title="Noisy SGD samples a Gibbs law",
    statement=(
        r"$\theta_i \leftarrow (1-2\lambda s)\theta_i + 2s(\ldots) + \sqrt{cs/\beta}\,g$ follows $\partial_t\rho = "
        r"2\xi\,\mathrm{div}(\rho\nabla\Psi_\lambda) + (2\xi/\beta)\Delta\rho$, with $\rho_* \propto e^{-\beta\Psi_\lambda}$."
    ),
    source="1804.06561, Eqs. 11, 12 (readers' notes); the factor c was not read",
    known="follow-up",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "two",
            "With c = 2, as the wording is remembered; the equation as stated.",
            {"noise": sp.Integer(2), **GIBBS},
            checks=[STATIONARY],
            wrong=[wrong("one", {"noise": sp.Integer(1)}, "Its stationary law is exp(-4 beta psi).")],
        ),
        Reading(
            "four",
            "With c = 4: stationary law for every potential, and the variance of runs of the linear example.",
            {"noise": sp.Integer(4), **GIBBS},
            checks=[
                noted(STATIONARY, NOISE_SCALE),
                agree("runs", "variance", noisy_variance, uses=["noise"], domain="linear example, N = 400, two steps"),
            ],
            wrong=[
                wrong("two", {"noise": sp.Integer(2)}, "The variance is 1/(2 beta lam) with c = 2: a half of it."),
                wrong("quarter", {"variance": 1 / (2 * beta * lam)}, "The Gibbs law has variance 1/(beta lam)."),
                wrong("no-ridge", {"mean": sp.Integer(1)}, "The ridge pulls the mean below 1."),
            ],
        ),
    ],
)


def minima(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Linear example: R = (1 - m)^2, with the ridge lam E th^2; minima over laws are at point masses."""
    m = sp.Symbol("m", real=True)
    ridged = (1 - m) ** 2 + lam * m**2
    at = sp.solve(sp.diff(ridged, m), m)[0]
    return [(ridged.subs(m, at), context["inf_ridged"]), ((1 - 1 / (1 + lam)) ** 2, context["risk"])]


def reached(context: Context) -> sp.Expr:
    """The risk at the optimum of the linear example, exactly."""
    return RISK_AT.subs(lam, sp.Rational(context.setting["lam"]))


def unridged(context: Context) -> list[Step]:
    """It is at most the least risk without ridge."""
    reason = "the risk of the Gibbs law exceeds the least risk, by an amount that beta does not change"
    return [Step("least risk", bool(reached(context) <= context["least"]), reason, exact=True)]


RISK_AT = (lam / (1 + lam)) ** 2
risk_claim = Claim(
    "noisy-risk",
    title="Noisy SGD reaches nearly the least risk",
    statement=r"$R_N \le \inf_\rho R_\lambda(\rho) + a$ with the regularised risk on the right, for $\beta \ge K(a)D$.",
    source="1804.06561, Theorem 5 (readers' notes)",
    known="from memory",
    readings=[
        Reading(
            "regularised",
            "The linear example: risk of the mean of the Gibbs law at most the least regularised risk.",
            {"inf_ridged": lam / (1 + lam), "risk": RISK_AT},
            checks=[identity("minima", ("inf_ridged", "risk"), minima, domain="linear example, all lam", whole=False)],
            wrong=[
                wrong("square-root", {"risk": lam / (1 + lam)}, "1 - 1/(1+lam) is squared."),
                wrong(
                    "no-denominator",
                    {"inf_ridged": RISK_AT / 2},
                    "The least value of (1-m)^2 + lam m^2 is lam/(1+lam).",
                    also=["slack-ridge"],
                ),
            ],
            attack=[
                bound(
                    "ridge",
                    "risk",
                    "<=",
                    "inf_ridged",
                    over={LAM: ("1/100", 100)},
                    text="R(rho*) <= inf R_lambda",
                    log=("lam",),
                )
            ],
        ),
        Reading(
            "unregularised",
            "With the infimum of the risk without ridge on the right.",
            {"least": sp.Integer(0)},
            checks=[
                proof(
                    "linear",
                    "least",
                    unridged,
                    kind=Kind.EXACT,
                    whole=False,
                    domain="linear example, the lam of the setting, every beta",
                    lhs=lambda context: str(reached(context)),
                    rhs=lambda context: str(context["least"]),
                )
            ],
            wrong=[wrong("negative", {"least": -sp.Integer(1)}, "A risk is not negative.")],
        ),
    ],
)

# --- constants and simulation ----------------------------------------------------------------------------------------


def risk_star(setting: Setting, digits: int) -> arb:
    """Enclose the risk of the best point mass."""
    own, delta = sigma_of(setting), setting["delta"]
    with ctx.workdps(2 * digits + 20):
        return risk_of(own, exact(delta), best_point(own, delta, digits))


SHAPE, FAIL = ("s1", "s2", "t1", "t2"), ("delta_fail",)
CONSTANTS = (
    constant("q_inv_plus", lambda s, d: sigma_of(s).level(1, d), "a with q(a) = 1", source="C4", uses=SHAPE),
    constant("q_inv_minus", lambda s, d: sigma_of(s).level(-1, d), "b with q(b) = -1", source="C4", uses=SHAPE),
    constant(
        "delta_h", lambda s, d: transition(sigma_of(s), d), "transition", source="C4", uses=SHAPE, latex=r"\Delta_h"
    ),
    constant(
        "r_star",
        lambda s, d: best_point(sigma_of(s), s["delta"], d),
        "best point mass, d = infinity",
        source="C4",
        uses=("delta", *SHAPE),
    ),
    constant("risk_star", risk_star, "its risk", source="C4", uses=("delta", *SHAPE)),
    constant("separatrix", equilibrium(0), "first unstable radius of a point mass", source="C5", uses=FAIL),
    constant("stable_radius", equilibrium(1), "first stable radius of a point mass", source="C5", uses=FAIL),
    constant("risk_absorbed", 1 + sp.Rational(5, 2) ** 2, "risk of the point mass at 0", source="C5"),
    constant(
        "prop1_gap",
        lambda s, d: product_variance(s.activation.expr, d),
        "N (E R_N - R) for sigma(th x)",
        source="C2",
        uses=("activation",),
    ),
    constant("gibbs_mean", 1 / (1 + lam), "mean of the Gibbs law, linear example", source="C7"),
    constant("gibbs_var", 1 / (beta * lam), "its variance", source="C7"),
)


def simulate(trial: Trial) -> Simulated:
    """The radial equation in the dimension of the setting."""
    setting = trial.setting
    end = setting.number("horizon")
    trial.say(f"the radial equation in dimension {setting.integer('dim')} up to time {end:g}")
    times = tuple(np.linspace(0, end, 21)) if end > 0 else (0.0,)
    instance = Instance(sigma_of(setting), setting.number("delta"), setting.integer("dim"), setting.number("kappa"))
    series, plots = {}, []
    for name, row in zip(("risk", "mean_radius"), radial(instance, times), strict=True):
        series[name] = Series(value=tuple(e.value for e in row), error=tuple(e.error for e in row))
        words = name.replace("_", " ")
        title = f"{words} of the law of the weights".capitalize()
        path = curve("radial equation", times, series[name].value)
        plots.append(Plot(id=name, title=title, x_label="time t", y_label=words, curves=(path,)))
    final = {name: exactly(found.value[-1], found.error[-1]) for name, found in series.items()}
    return Simulated(final, times, series, tuple(plots) if end > 0 else ())


paper = Paper(
    id="landscape",
    title="A Mean Field View of the Landscape of Two-Layer Neural Networks",
    summary=(
        "SGD of a wide two-layer network follows a partial differential equation for the law of its weights; "
        "from it follows convergence to nearly the least risk, in worked examples, and in general if noise is "
        "added."
    ),
    authors=("Song Mei", "Andrea Montanari", "Phan-Minh Nguyen"),
    source="https://arxiv.org/abs/1804.06561",
    parameters=PARAMETERS,
    default=DEFAULT,
    claims=(follows, width_claim, reduction, transition_claim, failure, anisotropic_claim, noise_claim, risk_claim),
    validate=validate,
    constants=CONSTANTS,
    simulate=simulation(simulate),
    verdicts={
        "sgd-follows-equation/strict": "unchecked",
        "sgd-follows-equation/order": "supported",
        "width-identity/stated": "proved",
        "radial-reduction/stated": "supported",
        "transition/stated": "supported",
        "transition/risk-zero": "proved",
        "failure/stated": "supported",
        "failure/every-start": "refuted",
        "anisotropic/stated": "supported",
        "noise-scale/two": "refuted",
        "noise-scale/four": "proved",
        "noisy-risk/regularised": "supported",
        "noisy-risk/unregularised": "refuted",
    },
    references=(
        "Mei, Montanari, Nguyen: A mean field view of the landscape of two-layer neural networks. PNAS 115 (2018), "
        "arXiv:1804.06561",
        "Mei, Misiakiewicz, Montanari: Mean-field theory of two-layers neural networks: dimension-free bounds and kernel "
        "limit. COLT 2019",
    ),
)
