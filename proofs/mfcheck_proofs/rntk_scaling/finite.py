"""What is finite: the width of networks (Section 3), and the number of samples in kernel regression (Section 4).

Fluctuations of the hidden state of a random network are exact, those of its kernel sampled; risks of early stopped
gradient flow are those of the Gaussian sequence model, and of drawn data.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from mfcheck.checks import (
    Budget,
    Case,
    Check,
    Claim,
    Context,
    Estimate,
    Growth,
    Kind,
    Note,
    Plot,
    Reading,
    Step,
    agree,
    claim,
    compared,
    curve,
    identical,
    identity,
    number,
    picture,
    pictured,
    proof,
    rate,
    without_signs,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.falsify.variants import of_order
from mfcheck.gaussian.exact import expectation
from mfcheck.kernels.arccos import cosine, half_term
from mfcheck.kernels.empirical import empirical_kernels, squared_norms
from mfcheck.kernels.flow import expected_risk
from mfcheck.kernels.formulas import HALF_TERM, L
from mfcheck.kernels.rntk import rntk
from mfcheck.kernels.sequence_model import SequenceModel, on_sphere
from mfcheck.points.sphere import sphere
from mfcheck.statistics import exactly, mean_of
from mfcheck_proofs.rntk_scaling.experiments import DEPTHS, NOISE, synthetic_risks
from mfcheck_proofs.rntk_scaling.setting import NO_SINGLE, SAMPLES, SECOND, WIDE, WIDTH, alpha, d, gamma, m

Array = NDArray[np.float64]

# --- the empirical kernel --------------------------------------------------------------------------------------------

U = 0.5

SCALINGS = {"L^(-1/2)": -0.5, "1": 0.0, "L^(-1/4)": -0.25, "L^(-3/4)": -0.75}
"""alpha at depth L, by its exponent: the cases of the theorems."""


def _distances(rng: np.random.Generator, count: int, width: int, depth: int, power: float) -> Array:
    """Return distances of empirical kernels to r_L, alpha = L^power, shape (count,)."""
    scale = float(depth) ** power
    limit = float(rntk(cosine([U]), depth, scale)[0])
    return np.asarray(np.abs(empirical_kernels(rng, count, width, depth, scale, U) - limit))


def along(
    id: str,
    x_label: str,
    where: str,
    cell: Callable[[int], tuple[int, int]],
    plans: Sequence[tuple[Sequence[str], int, Sequence[int]]],
    relation: Literal["==", "<="] = "==",
) -> Check:
    """The check of the order of typical distances of empirical kernels to r_L in the width or the depth.

    `where` says what is fixed, `cell` gives width and depth from what grows, and `plans` are, of each budget, the
    scalings, how many networks of each size, and the sizes.
    """

    def measure(context: Context) -> list[Growth]:
        names, count, sizes = context.budget.pick(*plans)
        rng, found = context.rng(), []
        for name in names:
            samples = [_distances(rng, count, *cell(size), SCALINGS[name]) for size in sizes]
            found.append(Growth(np.array(sizes), np.stack(samples, axis=1), label=f"alpha = {name}"))
        return found

    def domain(context: Context) -> str:
        names, count, sizes = context.budget.pick(*plans)
        at = f"{x_label} = {', '.join(map(str, sizes))}, {count} networks each"
        return f"{where}, u = {U}, {at}; alpha = {', '.join(names)}"

    return rate(
        id,
        "order",
        measure,
        x_label=x_label,
        y_label="typical distance to r_L",
        kind=Kind.SAMPLED,
        relation=relation,
        typical=True,
        domain=domain,
    )


ALL, FAST = tuple(SCALINGS), ("L^(-1/2)", "L^(-3/4)")
WIDTHS = ((ALL[:2], 600, (32, 128, 512)), (ALL, 1500, (32, 128, 512)), (ALL, 4000, (32, 128, 512, 2048)))
LENGTHS = ((FAST[:1], 1200, (8, 32, 128)), (FAST, 1200, (8, 32, 128)), (FAST, 3000, (8, 32, 128, 512)))

finite_width = claim(
    "finite-width",
    title="The empirical kernel approaches r_L",
    statement="At fixed depth the tangent kernel of a random network of width m differs from r_L by O(m^(-1/2)).",
    source="2403.04545, Section 3 (limit of infinite width)",
    assumptions=("sphere",),
    no_inequality=NO_SINGLE,
    text="Typical error = O(m^order).",
    formulas={"order": -sp.Rational(1, 2)},
    checks=[along("rate", "width m", "L = 8", lambda width: (width, 8), WIDTHS)],
    wrong=of_order("order", -sp.Rational(1, 2), -0.5, 0.5, why="A mean of m independent terms varies like m^(-1/2)."),
    regimes=[WIDTH],
)

# --- width and depth jointly -----------------------------------------------------------------------------------------


def layer_moments(context: Context) -> dict[str, tuple[sp.Expr, sp.Expr]]:
    """|x_l|^2/|x_(l-1)|^2 = 1 + 2 alpha (Q/m)^(1/2) xi + alpha^2 Q chi/m: independent factors, exact moments.

    Q = (2/m) sum relu(z_i)^2 and chi a chi-square of m degrees: given Q the branch is a Gaussian vector.
    """
    z = sp.Symbol("z", real=True)
    relu_2, relu_4 = (expectation(sp.Max(0, z) ** k, [z]) for k in (2, 4))
    q_1, q_2 = 2 * relu_2, 4 / m**2 * (m * relu_4 + m * (m - 1) * relu_2**2)
    chi_1, chi_2 = m, m * expectation(z**4, [z]) + m * (m - 1)
    mean = 1 + alpha**2 * q_1 * chi_1 / m
    square = 1 + 4 * alpha**2 * q_1 / m + alpha**4 * q_2 * chi_2 / m**2 + 2 * alpha**2 * q_1 * chi_1 / m
    return {"mean": (mean, context["mean"]), "ratio": (square / mean**2, context["ratio"])}


def uniform_in_depth(context: Context) -> list[Step]:
    """Moments of one layer, and: E |x_L|^4/(E |x_L|^2)^2 is bounded in L at fixed m iff gamma >= the stated threshold.

    With q = alpha^2 in (0, 1] the excess e of one layer lies between q/m and (11 + 10/m) q/m. So at q = L^(-2 gamma)
    1 + L^(1-2 gamma)/m <= 1 + L e <= (1 + e)^L <= exp(L e) <= exp((11 + 10/m) L^(1-2 gamma)/m).
    """
    q, t = sp.symbols("q t", positive=True)
    excess = m * (context["ratio"] - 1).subs(alpha, sp.sqrt(q))
    return [
        *identical(layer_moments(context)),
        without_signs("excess, above", (11 + 10 / m) * q - excess, q, m),
        without_signs("excess, below", (excess - q).subs(q, 1 / (1 + t)), t, m),
        *identical({"L^(1 - 2 gamma) is bounded iff gamma >= 1/2": (context["threshold"], sp.Rational(1, 2))}),
    ]


JOINT = Note(
    id="open-question-joint-uniformity",
    severity="remark",
    text="The open question of convergence uniform in width and depth is answered for the second moment of the hidden "
    "state. |x_L|^2 is a product of L independent factors; its relative second moment is exactly (1 + (4 alpha^2 + "
    "alpha^4 (7 + 10/m))/(m (1+alpha^2)^2))^L. At alpha = L^-gamma with gamma >= 1/2 it is at most "
    "exp((11 + 10/m)/m) for every L; with gamma < 1/2 it is at least 1 + L^(1-2 gamma)/m, so that m must grow like "
    "L^(1-2 gamma) to keep it bounded, and faster to bring it near one. That a second moment diverges does not "
    "exclude convergence in a weaker sense. Nothing is proved here of the kernel itself.",
)


NETWORKS = (4000, 16_000, 64_000)


def second_moment(context: Context) -> list[Case]:
    """Second moment of |x_L|^2 over (1 + alpha^2)^L: sampled, and the power of that of one layer."""
    squares = squared_norms(context.rng(), context.budget.pick(*NETWORKS), 16, 6, 0.7) / (1 + 0.7**2) ** 6
    return [Case(mean_of(squares**2), exactly(number(context, "ratio", {alpha: sp.Rational(7, 10), m: 16}) ** 6))]


joint_stated = Reading(
    "stated",
    "Moments of one layer, and the smallest gamma at which the second moment is bounded in L.",
    {"mean": 1 + alpha**2, "ratio": SECOND, "threshold": sp.Rational(1, 2)},
    checks=[
        identity(
            "moments",
            ["mean", "ratio"],
            lambda context: layer_moments(context).values(),
            domain="every alpha and m; the moments of |x_L|^2 are L-th powers",
            whole=False,
        ),
        proof(
            "threshold",
            ["mean", "ratio", "threshold"],
            uniform_in_depth,
            kind=Kind.EXACT,
            domain="every alpha and m; every gamma >= 0 and L",
            lhs="bounded in L",
            rhs="gamma >= {threshold}",
            notes=[JOINT],
        ),
        compared(
            "sampled",
            "ratio",
            second_moment,
            kind=Kind.SAMPLED,
            resolution=0.2,
            domain=lambda context: f"alpha = 0.7, m = 16, L = 6; {context.budget.pick(*NETWORKS)} networks",
        ),
    ],
    wrong=[
        wrong("mean-no-square", {"mean": 1 + alpha}, "The branch has mean square alpha^2.", checks=["moments"]),
        wrong("ratio-doubled", {"ratio": 2 * SECOND - 1}, "The second moment is exact.", checks=["moments", "sampled"]),
        wrong("threshold-quarter", {"threshold": sp.Rational(1, 4)}, "There its logarithm grows like L^(1/2)."),
    ],
)
joint_kernel = Reading(
    "kernel",
    "For gamma >= 1/2 the distance of the empirical kernel to r_L at fixed width stays bounded in L.",
    {"order": sp.Integer(0)},
    checks=[along("depth", "depth L", "m = 64", lambda depth: (64, depth), LENGTHS, "<=")],
    wrong=of_order("order", sp.Integer(0), -0.5, why="At gamma = 1/2 depth does not average fluctuations out."),
)
joint = Claim(
    "width-and-depth",
    title="Width and depth jointly",
    statement="E|x_L|^2 = (1 + alpha^2)^L |x_0|^2, and the relative second moment of |x_L|^2 is the L-th power of "
    "1 + (4 alpha^2 + alpha^4 (7 + 10/m))/(m (1+alpha^2)^2); for alpha = L^-gamma it is bounded in L at fixed m, "
    "by exp((11 + 10/m)/m), iff gamma >= 1/2.",
    source="2403.04545, open question on uniformity in m and L",
    known="derived here",
    no_inequality=NO_SINGLE,
    readings=[joint_stated, joint_kernel],
)

# --- regression: the sequence model ----------------------------------------------------------------------------------

DIMENSION, OTHERS, IN_OTHERS = 3, (2, 5), "risk in two and five dimensions"
TIME_SCALES = {2: 20, 3: 30, 5: 30}
"""Stopping times over n^(d/(2d-1)): the theorem leaves them open, and at these the exponent shows from n = 64 on."""
FAR, NEAR = 40_000, 4000
"""Degrees up to which the models reach: even a time that is too late by n^(1/2) stops far below the first."""
CONTINUED = 1e-2
"""Share of a risk that is open: beyond degree 64 eigenvalues follow their law to half a per cent."""
MODEL = "sequence model, certified eigenvalues to degree 64; unit ball of the space of r_1"
DRAWS = (12, 12, 32)


@lru_cache(maxsize=8)
def model(dimension: int = DIMENSION, top: int = NEAR) -> SequenceModel:
    """Return the sequence model of r_1 on the sphere of R^d: certified to degree 64, then by (k + d/2 - 1)^-d."""
    return on_sphere(HALF_TERM, dimension, [0, 1, *range(2, top, 2)], -dimension, NOISE)


def _power(context: Context, name: str, dimension: int = DIMENSION) -> float:
    return float(context[name].subs(d, dimension))


def _growth(sizes: ArrayLike, values: ArrayLike, dimension: int, label: str, share: float) -> Growth:
    return Growth(np.array(sizes), np.array(values), share * np.array(values), label, {d: dimension})


def in_n(
    id: str, formula: str, label: str, value: Callable[[Context, float], float], *uses: str, share: float = CONTINUED
) -> Check:
    """The check of an exponent in n of a number in the sequence model, of which a share is open."""

    def measure(context: Context) -> list[Growth]:
        sizes = [10.0**k for k in range(3, context.budget.pick(7, 8, 8))]
        return [_growth(sizes, [value(context, n) for n in sizes], DIMENSION, "", share)]

    return rate(id, formula, measure, x_label="n", y_label=label, uses=uses, domain=MODEL)


def stopped_risk(context: Context, n: float) -> float:
    """The risk at the stated stopping time: the exponent is the minimax one of eigenvalues j^(-d/(d-1))."""
    return model().flow_risk(n, n ** _power(context, "time"))


def best_time(context: Context, n: float) -> float:
    """The time that minimises the worst-case risk, on a grid of 241."""
    times = n ** _power(context, "time") * np.geomspace(1e-4, 1e4, 241)
    return float(times[int(np.argmin([model(top=2000).flow_risk(n, t) for t in times]))])


def aligned_sizes(dimension: int) -> Array:
    """Return sizes n at which n^(d/(2d-1)) is the inverse of an eigenvalue, of degree 4, 8, ..., 128.

    The worst bias jumps from one degree to the next; at these sizes it is always at the same place between jumps.
    """
    values = model(dimension, FAR).values
    return np.asarray(values[1 + 2 ** np.arange(1, 7)] ** -((2 * dimension - 1) / dimension))


def other_dimensions(context: Context) -> list[Growth]:
    """Risk at the stated stopping time, and the minimax risk, against n in two and five dimensions."""
    found = []
    for dimension in OTHERS:
        sizes, power, known = aligned_sizes(dimension), _power(context, "time", dimension), model(dimension, FAR)
        worst, least = [known.flow_risk(n, n**power) for n in sizes], [known.minimax_risk(n) for n in sizes]
        for name, risks in (("gradient flow", worst), ("linear estimators", least)):
            found.append(_growth(sizes, risks, dimension, f"{name}, d = {dimension}", CONTINUED))
    return found


# --- minimax rate: drawn data ----------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def drawn_risks(seed: int, check: str, budget: Budget, dimension: int, power: float) -> tuple[Array, Array]:
    """Sizes n, and risks on drawn data, averaged over the noise, shape (draws, sizes)."""
    rng, sizes = stream(seed, check), budget.pick((64, 160, 400), (64, 192, 576), (64, 256, 1024))
    test = sphere(rng, 400, dimension)

    def risk(n: int) -> float:
        X, time = sphere(rng, n, dimension), TIME_SCALES[dimension] * n**power
        K, cross = (half_term(cosine(np.clip(points @ X.T, -1, 1))) for points in (X, test))
        return expected_risk(K, cross, X[:, 0], test[:, 0], NOISE, time)

    return np.array(sizes, dtype=float), np.array([[risk(n) for n in sizes] for _ in range(budget.pick(*DRAWS))])


def sampled(id: str, dimension: int) -> Check:
    """The check on drawn data with a linear target: the exponent of the risk is at most the minimax one."""

    def risks(context: Context) -> tuple[Array, Array]:
        return drawn_risks(context.seed, context.check, context.budget, dimension, _power(context, "time", dimension))

    def where(context: Context) -> str:
        draws, power = context.budget.pick(*DRAWS), _power(context, "time", dimension)
        return f"d = {dimension}, noise {NOISE}, {draws} draws a size, t = {TIME_SCALES[dimension]} n^{power:.3g}"

    label, at = f"risk of early stopped flow on r_1, d = {dimension}", {d: dimension}
    return rate(id, "rate", risks, x_label="n", y_label=label, kind=Kind.SAMPLED, relation="<=", where=at, domain=where)


RATE, TIME = -d / (2 * d - 1), d / (2 * d - 1)
early = claim(
    "early-stopping",
    title="Early stopped kernel regression reaches the minimax rate for gamma > 1/2",
    statement="With eigenvalues j^(-beta), beta = d/(d-1), gradient flow on r_1 stopped at t ~ n^(beta/(beta+1)) has risk "
    "n^(-beta/(beta+1)) = n^(-d/(2d-1)) over balls of the space of r_1, which is the minimax exponent.",
    source="2403.04545, Theorem 4",
    assumptions=("sphere", "wide"),
    no_inequality=NO_SINGLE,
    text="Exponents of n of the risk at the stopping time, of that time, and of the minimax risk, in the Gaussian "
    "sequence model; and on drawn data; of these d = 2, 3, 5 are checked.",
    formulas={"rate": RATE, "time": TIME},
    checks=[
        in_n("rate", "rate", "worst-case risk of gradient flow", stopped_risk, "time"),
        in_n("time", "time", "best stopping time", best_time, share=0.04),
        sampled("sampled", DIMENSION),
        sampled("sampled-2", OTHERS[0]),
        sampled("sampled-5", OTHERS[1]),
        in_n("lower", "rate", "minimax risk of linear estimators", lambda _, n: model().minimax_risk(n)),
        rate("dimensions", "rate", other_dimensions, x_label="n", y_label=IN_OTHERS, uses=["time"], domain=MODEL),
    ],
    wrong=[
        wrong("parametric", {"rate": -sp.Integer(3) / 2}, "No estimator beats n^(-1), and a ball is slower."),
        wrong("time-linear", {"time": TIME + sp.Rational(1, 2)}, "Later stopping fits the noise."),
    ],
    regimes=[SAMPLES],
)

# --- the rate of decay of alpha --------------------------------------------------------------------------------------


def scale_of_kernel(context: Context) -> list[Step]:
    """The kernel before normalisation at u = 1 and alpha = L^-gamma is L^(1-2 gamma) times 2 (1 + x)^(L-1).

    Layer l of L adds 2 alpha^2 times the growth of hidden states before it and of gradients after it. With
    x = L^(-2 gamma) the factor is at least 2, and at most 2 exp(L x) <= 2e for gamma >= 1/2.
    """
    grown, layer = 1 + alpha**2, sp.Symbol("l", positive=True, integer=True)
    sum_of_layers = L * 2 * alpha**2 * grown ** (layer - 1) * grown ** (L - layer)
    at_gamma = context["raw"].subs(alpha, L**-gamma) / L ** context["power"]
    factor = 2 * (1 + L ** (-2 * gamma)) ** (L - 1)
    return identical({"sum over the layers": (context["raw"], sum_of_layers), "power of L": (at_gamma, factor)})


BEST_DECAY = Note(
    id="open-question-best-decay",
    severity="remark",
    text="On the open question of the best decay rate: Theorem 3 has one limit for all gamma > 1/2, so the limit cannot "
    "tell them apart. What does is hidden by the normalisation: at u = 1 the kernel itself is "
    "2 L alpha^2 (1+alpha^2)^(L-1), between 2 and 2e times L^(1-2 gamma) for gamma >= 1/2, so that gradient flow "
    "takes a time longer by L^(2 gamma - 1). It tends to zero for gamma > 1/2 and to infinity for gamma < 1/2.",
)
EXPONENTS = (0.4, 0.6, 0.8)


@lru_cache(maxsize=2)
def best_risks(seed: int, check: str, budget: Budget) -> tuple[Sequence[float], Sequence[int], Array]:
    """Exponents gamma, depths, and best risks along the flow on the linear target, shape (repeats, gammas, depths).

    All cells have equal data.
    """
    repeats, depths = budget.pick((4, DEPTHS[:1]), (8, DEPTHS), (40, DEPTHS))
    gammas = budget.pick(EXPONENTS[::2], EXPONENTS[::2], EXPONENTS)

    def cell(start: int, g: float, depth: int) -> float:
        return synthetic_risks({"gamma": g, "depth": depth}, np.random.default_rng(start))["risk_at_best_time"]

    seeds = stream(seed, check).integers(2**63, size=repeats)
    return gammas, depths, np.array([[[cell(start, g, k) for k in depths] for g in gammas] for start in seeds])


def excess_risk(context: Context) -> Estimate:
    """Mean excess, as a factor, of the risk at gamma = 0.4 over that at 0.8, over the depths."""
    risks = best_risks(context.seed, context.check, context.budget)[2]
    return mean_of((risks[:, 0] / risks[:, -1]).mean(axis=1))


def drawn(context: Context) -> str:
    """Say what was drawn."""
    _, depths, risks = best_risks(context.seed, context.check, context.budget)
    at = f"L = {', '.join(map(str, depths))}; {len(risks)} draws"
    return f"Y = <X, b> + 0.1 noise, d = 10, n = 100; gamma 0.4 against 0.8, {at}"


def by_depth(context: Context) -> Plot:
    """Risks against the depth."""
    gammas, depths, risks = best_risks(context.seed, context.check, context.budget)
    means = [[mean_of(column) for column in risks[:, j].T] for j in range(len(gammas))]
    curves = [curve(f"gamma = {g:g}", depths, mean) for g, mean in zip(gammas, means, strict=True)]
    title = "Linear target: best risk along the flow"
    return picture("synthetic", title, "depth L", "risk", curves, "y")


best_stated = Reading(
    "stated",
    "Ratio of risks on the synthetic linear target, best time along the flow.",
    {"ratio": sp.Integer(1)},
    checks=[
        pictured(agree("synthetic", "ratio", excess_risk, kind=Kind.SAMPLED, relation=">=", domain=drawn), by_depth)
    ],
    wrong=[wrong("tenfold", {"ratio": sp.Integer(10)}, "The kernels at L = 20 differ by a few per cent.")],
)
best_scale = Reading(
    "scale",
    "Extra: the size of the kernel that the normalisation hides.",
    {"raw": 2 * L * alpha**2 * (1 + alpha**2) ** (L - 1), "power": 1 - 2 * gamma},
    checks=[
        proof(
            "scale",
            ["raw", "power"],
            scale_of_kernel,
            kind=Kind.EXACT,
            domain="every alpha and L; every gamma >= 1/2",
            lhs="2 L alpha^2 (1+alpha^2)^(L-1)",
            rhs="order L^({power})",
            notes=[BEST_DECAY],
        )
    ],
    wrong=[wrong("no-layers", {"power": -2 * gamma}, "It is a sum over L layers.")],
)
best = Claim(
    "rapid-decay",
    title="alpha should decay rapidly with depth",
    statement="Kernels with gamma > 1/2 generalise better than slower decay; on a linear target the risk at gamma = 0.4 is "
    "above that at 0.8. The kernel before normalisation is of order L^(1 - 2 gamma) for gamma > 1/2.",
    source="2403.04545, Sections 4 and 5",
    assumptions=("sphere", "wide"),
    no_inequality="it compares risks, which are known by simulation alone",
    readings=[best_stated, best_scale],
    regimes=[WIDE],
)
