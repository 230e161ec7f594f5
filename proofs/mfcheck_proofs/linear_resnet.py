"""Global convergence of ResNets: from finite to infinite width using linear parameterization (arXiv 2112.05531).

Residuals v_t lie in a reproducing kernel Hilbert space V of vector fields, z' = v_t(z), and the loss is
L(v) = (1/(2N)) sum |B z_1 - y|^2. With |v|_sup, |Dv|_sup <= kappa |v|_V the flow neither contracts points nor cotangents
by more than exp(-kappa R) for |v| <= R, so that |grad L|^2 >= m(R) L: a local Polyak-Lojasiewicz inequality.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Curve,
    Kind,
    Note,
    Option,
    Paper,
    Plot,
    Reading,
    Setting,
    Simulated,
    Step,
    Trial,
    agree,
    bound,
    constant,
    encloses,
    identical,
    identity,
    monotone,
    noted,
    parameter,
    proof,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.enclosed_ode import enclosed_ode
from mfcheck.dynamics.ode import System
from mfcheck.rigor.ball import enclose, exact
from mfcheck.rigor.roots import crossing
from mfcheck.statistics import exactly, mean_of

Array = NDArray[np.float64]

SEP = parameter("sep", 1, "separation delta of the two points", above=0)
BANDWIDTH = parameter("bandwidth", 1, "width h of the Gaussian kernel", above=0)
RADIUS = parameter("radius", 1, "bound R of |v|", least=0)
SMIN = parameter("smin", 1, "smallest singular value of B^T", above=0)
SMAX = parameter("smax", 1, "largest singular value of B^T", above=0)
LOSS0 = parameter("loss0", "1/100", "loss at the start", above=0)
PARAMETERS = (SEP, BANDWIDTH, RADIUS, SMIN, SMAX, LOSS0)
sep, h, R, smin, smax, loss0 = (p.symbol for p in PARAMETERS)
N = sp.Symbol("N", positive=True)

# --- constants: two points, Gaussian kernel ------------------------------------------------------------------------

KAPPA = sp.Max(1, 1 / h)
FRONT = sp.exp(-2 * KAPPA * R)
LAMBDA = 1 - sp.exp(-(sep**2) * FRONT / (2 * h**2))
LOWER, UPPER = smin**2 * FRONT * LAMBDA, 2 * smax**2 / FRONT


@lru_cache(maxsize=32)
def radius_threshold(setting: Setting, digits: int) -> arb:
    """Enclose the R at which R^2 m(R) is largest.

    The logarithmic derivative 2/R - 2 kappa (1 + u/(e^u - 1)), u = sep^2 e^(-2 kappa R)/(2 h^2), falls strictly, and
    u/(e^u - 1) lies between 0 and 1: one zero, between 1/(2 kappa) and 1/kappa.
    """
    known = {sep: setting["sep"], h: setting["bandwidth"]}
    kappa = max(Fraction(1), 1 / setting["bandwidth"])
    u = sep**2 * sp.exp(-2 * KAPPA * R) / (2 * h**2)
    slope = 2 / R - 2 * KAPPA * (1 + u / (sp.exp(u) - 1))

    def value(r: arb) -> arb:
        return enclose(slope, {**known, R: r}, ctx.prec)

    def change(r: arb) -> arb:
        return enclose(sp.diff(slope.subs(KAPPA, sp.Symbol("k")), R), {**known, R: r, sp.Symbol("k"): kappa}, ctx.prec)

    ends = (exact(1 / (2 * kappa)) * (1 - arb(2) ** -30), exact(1 / kappa) * (1 + arb(2) ** -30))
    return crossing(value, change, ends, digits)  # the only one, as the derivative falls


def loss_threshold(setting: Setting, digits: int) -> arb:
    """Enclose max R^2 m(R)/4, the largest loss from which convergence is guaranteed, from v = 0."""
    best = radius_threshold(setting, digits + 5)
    known = {sep: setting["sep"], h: setting["bandwidth"], smin: setting["smin"], R: best}
    return enclose(R**2 * LOWER / 4, known, int(4 * digits) + 64)


POINT = ("sep", "bandwidth", "smin")
THRESHOLD = constant("loss_threshold", loss_threshold, "guaranteed basin of the loss", source="C4", uses=POINT)
CONSTANTS = (
    constant("kappa", KAPPA, "embedding constant of the Gaussian kernel", source="section 2"),
    constant("lambda_r", LAMBDA, "smallest eigenvalue of two points after the flow", source="C2"),
    constant("pl_lower", LOWER, "m(R)", source="C2"),
    constant("pl_upper", UPPER, "M(R)", source="C2"),
    THRESHOLD,
    constant("radius_threshold", radius_threshold, "R at which it is reached", source="C4", uses=POINT[:2]),
    constant("path_bound", 2 * sp.sqrt(loss0 / LOWER), "bound of the path length", source="C4"),
    constant("pl_scalar", 2 * sp.exp(-2 * R), "scalar oracle at |theta| = R", source="C6"),
)

# --- a network with random features ----------------------------------------------------------------------------------


class Features:
    """v_t(z) = sum_k theta_k(t) phi_k(z), random Fourier features of a Gaussian kernel, in Euler layers.

    Args:
        points: N points (N, d).
        labels: (N, d); B is the identity.
        count: number of features.
        layers: number of layers.
        rng: draws the features.
        width: of the kernel.
    """

    def __init__(
        self, points: Array, labels: Array, count: int, layers: int, rng: np.random.Generator, width: float = 1.0
    ) -> None:
        self.x, self.y, self.layers = points, labels, layers
        self.omega = rng.standard_normal((points.shape[1], count)) / width
        self.shift = rng.uniform(0, 2 * np.pi, count)
        self.scale = np.sqrt(2 / count)

    def phi(self, z: Array) -> Array:
        """Features (N, count)."""
        return np.asarray(self.scale * np.cos(z @ self.omega + self.shift))

    def loss(self, theta: Array) -> float | complex:
        """L of weights (layers, count, d), which may be complex."""
        z = self.x.astype(theta.dtype)
        for weights in theta:
            z = z + self.phi(z) @ weights / self.layers
        return (
            complex(np.sum((z - self.y) ** 2) / (2 * len(self.y)))
            if theta.dtype == complex
            else float(np.sum((z - self.y) ** 2) / (2 * len(self.y)))
        )

    def gradient(self, theta: Array, mean: float) -> tuple[Array, float, float]:
        """Gradient in L2([0,1]; V) (layers, count, d), the loss, and the quadratic form of the kernel.

        `mean` is the factor of the residuals in p_1: 1/N.
        """
        states, features = [self.x], []
        for weights in theta:
            features.append(self.phi(states[-1]))
            states.append(states[-1] + features[-1] @ weights / self.layers)
        rest = states[-1] - self.y
        p, found, form = mean * rest, np.empty_like(theta), 0.0
        for layer in range(self.layers - 1, -1, -1):
            z, phi = states[layer], features[layer]
            found[layer] = phi.T @ p
            form += float(np.sum((phi @ phi.T) * (p @ p.T))) / self.layers
            slope = -self.scale * np.sin(z @ self.omega + self.shift)
            p = p + (slope * (p @ theta[layer].T)) @ self.omega.T / self.layers
        return found, float(np.sum(rest**2)) / (2 * len(rest)), form


def example(rng: np.random.Generator, layers: int = 20, count: int = 300, width: float = 1.0) -> Features:
    """Eight points in R^3 with labels at distance about one."""
    x = rng.standard_normal((8, 3))
    y = x + 0.9 * rng.standard_normal((8, 3)) / np.sqrt(3) * np.sqrt(2)
    return Features(x, y, count, layers, rng, width)


def descent(problem: Features, steps: int) -> tuple[Array, Array, Array]:
    """Losses, |grad L|^2/L and |v| along gradient descent with step 1/2.

    The step is halved for good where the loss falls by less than half of what its slope promises: beyond that bound
    descent oscillates across the valley, and the ratio is no longer that of the flow.
    """
    theta, step = np.zeros((problem.layers, problem.omega.shape[1], 3)), 0.5
    slope, loss, form = problem.gradient(theta, 1 / 8)
    rows = []
    for _ in range(steps):
        rows.append((loss, form / loss, np.sqrt(np.sum(theta**2) / problem.layers)))
        found = problem.gradient(theta - step * slope, 1 / 8)
        while found[1] > loss - step * form / 2 and step > 2**-8:
            step /= 2
            found = problem.gradient(theta - step * slope, 1 / 8)
        theta = theta - step * slope
        slope, loss, form = found
    losses, ratios, norms = np.array(rows).T
    return losses, ratios, norms


# --- C1: gradient ----------------------------------------------------------------------------------------------------


def slope_along_gradient(context: Context) -> list[At]:
    """d/de L(v + e g) at e = 0 by a complex step, for g the gradient of the formula; it is to be |g|^2."""
    mean, cases = float(context["mean"].subs(N, 8)), []
    rng = stream(context.seed, "gradient")
    for number in range(3):
        problem = example(rng, layers=6, count=40)
        theta = rng.standard_normal((6, 40, 3))
        slope, _, form = problem.gradient(theta, mean)
        moved = problem.loss(theta + 1e-30j * slope)
        cases.append(At(exactly(float(np.imag(moved)) * 1e30 / form, 1e-11), f"network {number}"))
    return cases


gradient = Claim(
    "gradient",
    title="The gradient in the space of residuals",
    statement=(
        r"$\nabla L(v)_t = \sum_i K(\cdot, z_t^i)p_t^i$ with $p_1^i = \frac1N B^\top(Bz_1^i - y_i)$, $\dot p = -(Dv_t)^\top p$; "
        r"$|\nabla L|^2 = \int\sum_{ij}K(z^i,z^j)\,p^i\cdot p^j\,dt$."
    ),
    source="2112.05531, Section 3",
    known="from memory",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "For finitely many features and Euler layers: the derivative along the gradient is its squared norm, to rounding.",
            {"mean": 1 / N, "ratio": sp.Integer(1)},
            checks=[
                agree(
                    "complex-step",
                    "ratio",
                    slope_along_gradient,
                    resolution=1e-8,
                    uses=["mean"],
                    domain="three random networks",
                )
            ],
            wrong=[
                wrong("no-mean", {"mean": sp.Integer(1)}, "The loss is a mean over N points."),
                wrong("half", {"ratio": sp.Rational(1, 2)}, "The squared norm has no factor."),
            ],
        )
    ],
)

# --- C2: the PL inequality -------------------------------------------------------------------------------------------

kappa_, lam, r_sum = sp.symbols("kappa lambda r2", positive=True)
"""r2: sum of the squared residuals."""


def pl_steps(context: Context) -> Iterable[Step]:
    """|grad L|^2 >= lambda sum |p_t|^2, |p_t| >= e^(-kappa R)|p_1| (Gronwall), |p_1| >= smin |r|/N, L = r2/(2N)."""
    k = sp.Symbol("k", real=True)
    eigenvalues = sp.Matrix([[1, k], [k, 1]]).eigenvals()
    loss, ends = r_sum / (2 * N), smin**2 * r_sum / N**2
    return [
        *identical(
            {
                "sum |p_1|^2 >= smin^2 (2/N) L": (ends, smin**2 * 2 / N * loss),
                "m(R) is the product": (context["m"], 2 / N * smin**2 * context["front"] * lam),
                "two points have 1 - k": (min(eigenvalues, key=lambda e: e.subs(k, sp.Rational(1, 2))), 1 - k),
                "lambda(R) of two points": (
                    context["lambda"],
                    1 - sp.exp(-((sep * sp.exp(-kappa_ * R)) ** 2) / (2 * h**2)),
                ),
            }
        )
    ]


def scalar_flows(context: Context) -> list[At]:
    """K = z z', one datum: |grad L|^2 = 2 k^2 L with k = e^(int theta); theta = -0.99 R keeps |v| below R."""
    radii = (sp.Rational(1, 2), sp.Integer(1), sp.Integer(3))
    return [At(enclose(sp.exp(-sp.Rational(198, 100) * r), {}), f"R = {r}", float(r), {R: r, kappa_: 1}) for r in radii]


def contracted_pair(context: Context) -> list[At]:
    """lambda_min at t = 1 of +-1/2 under v = a (K(., 1/2) - K(., -1/2)), a < 0, enclosed; |v|^2 = 2 a^2 (1 - e^(-1/2))."""
    x, cases = sp.Symbol("x", real=True), []
    for a in (sp.Rational(-1, 2), sp.Integer(-1)):
        field = a * (sp.exp(-((x - sp.Rational(1, 2)) ** 2) / 2) - sp.exp(-((x + sp.Rational(1, 2)) ** 2) / 2))
        end = enclosed_ode(System((x,), (field,), (sp.Rational(1, 2),)), [1])[0][0]
        size = enclose(abs(a) * sp.sqrt(2 * (1 - sp.exp(-sp.Rational(1, 2)))), {})
        cases.append(At(1 - (-2 * end**2).exp(), f"a = {a}", where={R: size, kappa_: 1, sep: 1, h: 1}))
    return cases


def aligned_residuals(context: Context) -> list[At]:
    """At v = 0 two points at distance d with equal residuals have |grad L|^2/L = 1 + K(d)."""
    return [
        At(1 + enclose(sp.exp(-(d**2) / 2), {}), f"distance {d}", where={R: 0, smax: 1, h: 1})
        for d in (sp.Rational(1, 10), sp.Integer(1))
    ]


BASIN = Note(
    id="pl-inequality.basin",
    severity="major",
    text="The guaranteed basin is tiny: from v = 0 with two points at distance one the loss must be below 0.0039, while gradient "
    "descent on eight points converges from a loss near one, far outside the ball of the theorem.",
)
SEPARATION = Note(
    id="pl-inequality.separation",
    severity="minor",
    text="lambda(R) falls with the squared separation of the points, or faster with more points: the rate in N has to be read "
    "with it. Width enters only through the approximation of the kernel.",
)
FRONT_, LAMBDA_ = sp.exp(-2 * kappa_ * R), 1 - sp.exp(-(sep**2) * sp.exp(-2 * kappa_ * R) / (2 * h**2))
M_ = 2 / N * smin**2 * FRONT_ * lam
pl = Claim(
    "pl-inequality",
    title="Local Polyak-Lojasiewicz inequality",
    statement=(
        r"For $|v| \le R$: $m(R)L \le |\nabla L|^2 \le M(R)L$, $m = \frac2N\sigma_{min}^2e^{-2\kappa R}\lambda(R)$, "
        r"$M = \frac2N\sigma_{max}^2e^{2\kappa R}\Lambda$."
    ),
    source="2112.05531, Proposition on PL",
    known="follow-up",
    readings=[
        Reading(
            "stated",
            "By Gronwall's lemma for points and cotangents; each factor put to the test in flows that nearly attain it.",
            {
                "m": M_,
                "front": FRONT_,
                "lambda": LAMBDA_,
                "upper": 2 * smax**2 * sp.exp(2 * KAPPA * R),
                "pl_lower": LOWER,
                "pl_upper": UPPER,
            },
            checks=[
                noted(
                    proof("chain", ("m", "front", "lambda"), pl_steps, kind=Kind.EXACT, domain="all N, R, kappa"),
                    BASIN,
                    SEPARATION,
                ),
                encloses(
                    "oracle", "front", scalar_flows, relation=">=", domain="scalar oracle, theta = -0.99 R", x_label="R"
                ),
                encloses("contraction", "lambda", contracted_pair, relation=">=", domain="two points drawn together"),
                encloses("aligned", "upper", aligned_residuals, relation="<=", domain="v = 0, equal residuals"),
            ],
            wrong=[
                wrong("front-once", {"front": sp.exp(-kappa_ * R)}, "At theta = -R the scalar oracle has e^(-2R)."),
                wrong("lambda-0", {"lambda": LAMBDA_.subs(R, 0)}, "The flow may draw points together."),
                wrong(
                    "one-over-n",
                    {"upper": smax**2 * sp.exp(2 * KAPPA * R)},
                    "Two near points with equal residuals have 1 + K.",
                ),
                wrong("no-mean", {"m": N * M_}, "The loss is a mean."),
                wrong("crossed", {"pl_lower": 4 * UPPER}, "A lower bound above the upper one.", checks=["slack-order"]),
            ],
            attack=[
                bound(
                    "order",
                    "pl_lower",
                    "<=",
                    "pl_upper",
                    text="m(R) <= M(R) for smin = smax",
                    over={SEP: ("1/10", 10), BANDWIDTH: ("1/5", 5), RADIUS: (0, 5)},
                )
            ],
        )
    ],
)

# --- C3, C4: critical points, convergence ----------------------------------------------------------------------------


def critical_steps(context: Context) -> Iterable[Step]:
    """m(R) > 0 at every R: then grad L = 0 leaves L = 0."""
    m = context["m"]
    positive = sp.simplify(m / (2 * smin**2 / N)).is_positive or m.is_positive
    holds = True if positive else False if m.is_zero or m.is_negative else None
    return [Step("m(R) > 0 for all R, distinct points and smin > 0", holds, f"m(R) = {m}")]


critical = Claim(
    "critical-points",
    title="Every critical point is a global minimiser",
    statement=r"If $\nabla L(v) = 0$ for a $v$ of finite norm, then $L(v) = 0$.",
    source="2112.05531, Corollary",
    known="from memory",
    no_inequality="it follows from the inequality of the claim before",
    readings=[
        Reading(
            "stated",
            "From m(R) L <= |grad L|^2 with m(R) > 0; needs distinct data and smin > 0.",
            {"m": M_},
            checks=[proof("positive", "m", critical_steps, kind=Kind.EXACT, domain="all R, lambda(R) > 0")],
            wrong=[
                wrong("repeated", {"m": M_.subs(lam, 0)}, "Repeated points with other labels have positive least loss.")
            ],
        )
    ],
)

TARGET = sp.Symbol("a", positive=True)
R_HERE = sp.Symbol("R_here", positive=True)


def descent_steps(context: Context) -> Iterable[Step]:
    """D sqrt(L)/ds = -|g|^2/(2 sqrt L), with |g| >= sqrt(m L): the path is at most (2/sqrt m) sqrt(L_0)."""
    g, loss, m = sp.symbols("g L m", positive=True)
    fall = -(g**2) / (2 * sp.sqrt(loss))
    # With g^2 = |g| |g| and |g| = sqrt(m L) at least, per unit of length |g| ds:
    per_length = (fall / g).subs(g, sp.sqrt(m * loss))
    return identical(
        {
            "sqrt(L) falls by sqrt(m)/2 a unit of length": (sp.simplify(per_length), -sp.sqrt(m) / context["factor"]),
            "d log L/ds = -m": (-(g**2) / loss * 1, (-m * loss / loss).subs(m, g**2 / loss)),
        }
    )


def scalar_paths(context: Context) -> list[At]:
    """Scalar oracle from theta = 0 to log a with the largest loss that the condition admits: the path is -log a."""
    cases = []
    for r in (sp.Rational(1, 4), sp.Rational(1, 2), sp.Integer(1)):
        # factor sqrt(L_0) = R sqrt(m), m = 2 e^(-2R), L_0 = (1 - a)^2/2, and a little less.
        a = 1 - sp.Rational(99, 100) * 2 * r * sp.exp(-r) / context["factor"]
        cases.append(At(-enclose(sp.log(a), {}), f"R = {r}", float(r), {R_HERE: r}))
    return cases


convergence = Claim(
    "convergence",
    title="Convergence from a small loss",
    statement=(
        r"If $2\sqrt{L(v_0)} \le R\sqrt{m(|v_0|+R)}$ for some $R$, then $L(s) \le L(v_0)e^{-ms}$, and the path is at most "
        r"$2\sqrt{L(v_0)/m}$ long."
    ),
    source="2112.05531, Theorem",
    known="from memory",
    no_inequality="it is about a flow",
    readings=[
        Reading(
            "stated",
            "From the inequality, for the gradient flow; in the scalar oracle the path stays within R.",
            {"factor": sp.Integer(2), "R": R_HERE},
            checks=[
                proof(
                    "length",
                    "factor",
                    descent_steps,
                    kind=Kind.EXACT,
                    domain="every gradient flow with m L <= |grad L|^2",
                ),
                encloses(
                    "oracle",
                    "R",
                    scalar_paths,
                    relation="<=",
                    uses=["factor"],
                    domain="scalar oracle at the edge of the condition",
                    x_label="R",
                    y_label="length of the path",
                ),
            ],
            wrong=[wrong("factor-lost", {"factor": sp.Integer(1)}, "At R = 1 the path has length 1.33 beyond R.")],
        )
    ],
)

# --- C5: random features ---------------------------------------------------------------------------------------------

COUNTS = (100, 200, 400, 800, 1600)


def kernel_errors(context: Context) -> tuple[Array, Array]:
    """Root mean square error of the kernel between 16 pairs, by number of features, shape (replicates, sizes)."""
    rng, replicates = stream(context.seed, "features"), context.budget.pick(60, 200, 1000)
    x, y = rng.standard_normal((2, 16, 3))
    truth = np.exp(-np.sum((x - y) ** 2, axis=1) / 2)
    found = np.empty((replicates, len(COUNTS)))
    for column, count in enumerate(COUNTS):
        for row in range(replicates):
            omega, shift = rng.standard_normal((3, count)), rng.uniform(0, 2 * np.pi, count)
            value = 2 * np.mean(np.cos(x @ omega + shift) * np.cos(y @ omega + shift), axis=1)
            found[row, column] = np.sqrt(np.mean((value - truth) ** 2))
    return np.array(COUNTS, float), found


random_features = Claim(
    "random-features",
    title="Random features inherit the inequality",
    statement=r"With $r$ features the kernel, and with it the constant, is off by $O(r^{-1/2})$.",
    source="2112.05531, finite width",
    known="from memory",
    no_inequality="it is about a random kernel",
    readings=[
        Reading(
            "stated",
            "The error of the kernel at 16 pairs of points falls like r^(-1/2).",
            {"order": -sp.Rational(1, 2)},
            checks=[
                rate(
                    "kernel",
                    "order",
                    kernel_errors,
                    x_label="features r",
                    y_label="error of the kernel",
                    domain="r = 100 to 1600",
                )
            ],
            wrong=[
                wrong("one", {"order": -sp.Integer(1)}, "A mean over r features spreads like r^(-1/2)."),
                wrong("quarter", {"order": -sp.Rational(1, 4)}, "A mean over r features spreads like r^(-1/2)."),
            ],
        )
    ],
)

# --- C6: the scalar oracle -------------------------------------------------------------------------------------------

k_out = sp.Symbol("k", positive=True)


def scalar_gradient(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """L = (e^I - a)^2/2 with I = int theta: the gradient in L2 is constant in t."""
    total = sp.Symbol("I", real=True)
    loss = (sp.exp(total) - TARGET) ** 2 / 2
    return [((sp.diff(loss, total) ** 2).subs(total, sp.log(k_out)), context["pl"] * loss.subs(total, sp.log(k_out)))]


def infimum(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """m(R) = 2 e^(-2R) of the scalar oracle, R to infinity."""
    return [(sp.limit(2 * sp.exp(-2 * R), R, sp.oo), context["floor"])]


def eigenvalues_by_separation(context: Context) -> list[At]:
    """lambda_min of two points at growing separations."""
    return [
        At(1 - enclose(sp.exp(-(sp.Rational(d) ** 2) / 2), {}), f"separation {d}", float(sp.Rational(d)))
        for d in ("1/2", "1", "2")
    ]


LOCAL = Note(
    id="scalar-oracle.local",
    severity="minor",
    text="'Global' means that every critical point is global. Convergence is local in the loss: in the scalar oracle m(R) tends to 0, "
    "and for targets a <= 0 the flow runs to infinity.",
)
REPORT = Note(
    id="scalar-oracle.report",
    severity="remark",
    text="The first author's report calls lambda non-increasing in the separation of the points; it is increasing. The paper itself "
    "is not at hand.",
)
scalar = Claim(
    "scalar-oracle",
    title="A scalar example: how far the inequality reaches",
    statement=r"For $K(z,z') = zz'$ and one datum $|\nabla L|^2 = 2k^2L$, $k = e^{\int\theta}$.",
    source="derived here",
    known="derived here",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "Exact for every target.",
            {"pl": 2 * k_out**2},
            checks=[noted(identity("gradient", "pl", scalar_gradient, domain="all theta and a"), LOCAL)],
            wrong=[wrong("no-two", {"pl": k_out**2}, "The loss has the factor 1/2.")],
        ),
        Reading(
            "bounded-below",
            "Over-reading: m(R) is bounded below over all R by some c > 0.",
            {"floor": sp.Symbol("c", positive=True)},
            checks=[identity("limit", "floor", infimum, domain="R to infinity", whole=False)],
            wrong=[wrong("two", {"floor": sp.Integer(2)}, "It is 2 at R = 0 only.")],
            claimed=False,
        ),
        Reading(
            "report",
            "As in the author's report: lambda does not increase with the separation.",
            {"direction": -sp.Integer(1)},
            checks=[
                noted(
                    monotone("separation", "direction", eigenvalues_by_separation, domain="1/2, 1, 2"),
                    REPORT,
                    when=False,
                )
            ],
            wrong=[wrong("faster", {"direction": -sp.Integer(2)}, "It increases.")],
        ),
    ],
)


def simulate(trial: Trial) -> Simulated:
    """Gradient descent on eight points with 300 random features in 20 layers."""
    runs, steps = trial.count("runs", 4), trial.count("steps", 10)
    trial.say(f"{runs} runs of {steps} steps")
    streams, width = trial.rng().spawn(runs), trial.setting.number("bandwidth")
    found = trial.draws("runs", runs, lambda k: descent(example(streams[k], width=width), steps))
    final = {
        "log_loss": mean_of([np.log(f[0][-1]) for f in found]),
        "pl_ratio": mean_of([f[1][-1] for f in found]),
        "norm": mean_of([f[2][-1] for f in found]),
    }
    curves = (Curve(label="|grad L|^2/L", x=tuple(map(float, found[0][2])), y=tuple(map(float, found[0][1]))),)
    plot = Plot(
        id="ratio", title="PL ratio along descent", x_label="|v|", y_label="|grad L|^2 / L", y_log=True, curves=curves
    )
    return Simulated(final, plots=(plot,), notes=("Errors cover the draw of data and features.",))


OPTIONS = (Option("runs", "16", "independent runs"), Option("steps", "400", "steps of gradient descent"))
paper = Paper(
    id="linear-resnet",
    title="Global convergence of ResNets: from finite to infinite width using linear parameterization",
    summary=(
        "The loss of residual networks with linearly parameterised blocks obeys a local Polyak-Lojasiewicz "
        "inequality, so that gradient descent converges to a global minimum if the loss at the start is small "
        "enough, at infinite width and at large finite width."
    ),
    authors=("Raphaël Barboni", "Gabriel Peyré", "François-Xavier Vialard"),
    source="https://arxiv.org/abs/2112.05531",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(gradient, pl, critical, convergence, random_features, scalar),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "gradient/stated": "supported",
        "pl-inequality/stated": "proved",
        "critical-points/stated": "proved",
        "convergence/stated": "proved",
        "random-features/stated": "supported",
        "scalar-oracle/stated": "proved",
        "scalar-oracle/bounded-below": "refuted",
        "scalar-oracle/report": "refuted",
    },
    references=(
        "Barboni, Peyré, Vialard: Global convergence of ResNets: from finite to infinite width using linear parameterization. "
        "NeurIPS 2022, arXiv:2112.05531",
    ),
)
