"""Universal mean field upper bound for the generalisation gap of deep neural networks (arXiv 2201.11022).

Least squares on N features, fitted on P samples. Errors have no factor 1/2; `eps_R` is the least population error of a
read-out, the gap is test minus training error, and labels have E y^2 = 1 where the headline 2N/P is compared.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache, partial

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray
from scipy.optimize import brentq

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Draws,
    Estimate,
    Kind,
    Note,
    Option,
    Paper,
    Question,
    Reading,
    Setting,
    Simulated,
    Trial,
    agree,
    bound,
    constant,
    encloses,
    evaluate,
    identity,
    monotone,
    noted,
    parameter,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.rigor.ball import exact
from mfcheck.rigor.roots import crossing
from mfcheck.statistics import extrapolated, mean_of

Array = NDArray[np.float64]

WIDTH = parameter("width", 50, "number N of features", least=1, integer=True)
SAMPLES = parameter("samples", 200, "number P of samples", least=1, integer=True)
LAM = parameter("lam", "1/2", "ridge, added to the sum of squares", above=0)
MODES = parameter("modes", 40, "features of the diagonal model", least=1, most=20_000, integer=True)
DECAY = parameter("decay", 1, "their variances are k^-decay", least=0, most=100)
NOISE2 = parameter("noise2", "3/10", "variance of the label noise", least=0)
PARAMETERS = (WIDTH, SAMPLES, LAM, MODES, DECAY, NOISE2)
N, P, lam, modes, decay, noise2 = (x.symbol for x in PARAMETERS)
alpha, eps, share, m, q = sp.symbols("alpha eps share m q", positive=True)
"""N/P; eps_R; a share of a threshold; degrees of freedom of chi-squared; probability that a sample is active."""

TRAIN, TEST = 1 - N / P, 1 / (1 - N / P)
GAP = (N / P) * (2 - N / P) / (1 - N / P)
HEADLINE = 2 * N / P
TEST_FINITE = 1 + N / (P - N - 1)
CRITICAL = 2 * (1 - N / P) / (2 - N / P)


def spare(setting: Setting, more: int = 0) -> None:
    """Refuse settings in which least squares fits all labels, or its expected error is infinite."""
    if setting["samples"] <= setting["width"] + more:
        need = "width + 1: the expected test error is infinite otherwise" if more else "width: all labels are fitted"
        raise InputError(f"samples must exceed {need}")


def _of(expr: sp.Expr, more: int = 0) -> Callable[[Setting, int], arb]:
    """A leaf with the value of the expression, where there are samples enough."""

    def value(setting: Setting, digits: int) -> arb:
        spare(setting, more)
        return evaluate(expr, None, setting, {N: setting["width"], P: setting["samples"]}, digits)

    return value


# --- ridge: the fixed point ------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def variances(setting: Setting, digits: int) -> tuple[arb, ...]:
    """Enclose the variances e_k = k^-decay of the diagonal model."""
    with ctx.workdps(digits + 15):
        power = exact(setting["decay"])
        return tuple(arb(k) ** -power for k in range(1, setting.integer("modes") + 1))


def sums(setting: Setting, at: arb, digits: int) -> tuple[arb, arb, arb]:
    """Enclose the sums over modes of e/(kappa + P e), e/(kappa + P e)^2 and e^2/(kappa + P e)^2."""
    size, spectrum = setting.integer("samples"), variances(setting, digits)
    low = [1 / (at + size * e) for e in spectrum]
    shares = [e * v for e, v in zip(spectrum, low, strict=True)]
    return (
        sum(shares, arb(0)),
        sum((a * v for a, v in zip(shares, low, strict=True)), arb(0)),
        sum(a * a for a in shares),
    )


def _near(setting: Setting) -> Fraction:
    """Return kappa in double precision, by bisection of its logarithm."""
    ridge, size = setting.number("lam"), setting.integer("samples")
    e = np.arange(1.0, setting.integer("modes") + 1) ** -setting.number("decay")
    low, high = np.log(ridge) - 1, np.log(2 * (ridge + float(np.sum(e))))
    found = brentq(lambda x: ridge * np.exp(-x) + float(np.sum(e / (np.exp(x) + size * e))) - 1, low, high, xtol=1e-13)
    return Fraction(float(np.exp(found)))


@lru_cache(maxsize=64)
def kappa(setting: Setting, digits: int) -> arb:
    """Enclose the positive root of lam/kappa + sum e/(kappa + P e) = 1.

    Each term falls in kappa, from infinity to 0 in all, so that a change of sign encloses the only root.
    """
    more, near = digits + 10, _near(setting)
    with ctx.workdps(more + 15):
        ridge = exact(setting["lam"])
        return crossing(
            lambda at: ridge / at + sums(setting, at, more)[0] - 1,
            lambda at: -ridge / at**2 - sums(setting, at, more)[1],
            (near * Fraction(999_999, 1_000_000), near * Fraction(1_000_001, 1_000_000)),
            digits,
        )


kap, rho, S1, S2, SQ = sp.symbols("kappa shrinkage S1 S2 SQ", positive=True)
"""kappa; lam/kappa; the sums over modes of e/(kappa + P e), e/(kappa + P e)^2, e^2/(kappa + P e)^2."""
TEST_RIDGE = (kap**2 * S2 + noise2) / (1 - P * SQ)
TRAIN_RIDGE = rho**2 * TEST_RIDGE


def known_sums(setting: Setting, digits: int) -> dict[sp.Symbol, arb]:
    """Enclose kappa, lam/kappa and the sums there."""
    with ctx.workdps(digits + 15):
        at = kappa(setting, digits + 5)
        return {
            kap: at,
            rho: exact(setting["lam"]) / at,
            **dict(zip((S1, S2, SQ), sums(setting, at, digits), strict=True)),
        }


def _ridge(expr: sp.Expr) -> Callable[[Setting, int], arb]:
    def value(setting: Setting, digits: int) -> arb:
        where = {**known_sums(setting, digits + 10), P: setting["samples"], noise2: setting["noise2"]}
        return evaluate(expr, None, setting, where, digits)

    return value


PAIR, RIDGE = ("width", "samples"), ("samples", "lam", "modes", "decay")
CONSTANTS = (
    constant("train_ratio", _of(TRAIN), "training error over eps_R: 1 - alpha", source="C2", uses=PAIR),
    constant("test_ratio", _of(TEST), "test error over eps_R: 1/(1 - alpha)", source="C2", uses=PAIR),
    constant("gap_ratio", _of(GAP), "gap over eps_R: alpha (2 - alpha)/(1 - alpha)", source="C2", uses=PAIR),
    constant("headline", HEADLINE, "the bound 2N/P", source="C1"),
    constant("test_finite", _of(TEST_FINITE, 1), "Gaussian design: 1 + N/(P - N - 1)", source="C2", uses=PAIR),
    constant("gap_finite", _of(TEST_FINITE - TRAIN, 1), "Gaussian design: gap over eps_R", source="C2", uses=PAIR),
    constant("eps_critical", _of(CRITICAL), "largest eps_R with gap <= headline", source="C1", uses=PAIR),
    constant("kappa", kappa, "effective ridge", source="C3", uses=RIDGE),
    constant("test_ridge", _ridge(TEST_RIDGE), "test error, noisy test labels", source="C3", uses=(*RIDGE, "noise2")),
    constant("train_ridge", _ridge(TRAIN_RIDGE), "training error per sample", source="C3", uses=(*RIDGE, "noise2")),
)

# --- designs ---------------------------------------------------------------------------------------------------------


def fits(X: Array, residual: Array, *, tests: Array | None = None) -> tuple[Array, Array]:
    """Return what each run's fit adds to the test error, and takes off the training error.

    Args:
        X: features, shape (R, P, N).
        residual: labels minus the best read-out, shape (R, P).
        tests: covariance of the features, (N, N); the identity if None.
    """
    gram, force = np.einsum("rpn,rpm->rnm", X, X), np.einsum("rpn,rp->rn", X, residual)
    moved = np.linalg.solve(gram, force[:, :, None])[:, :, 0]
    added = np.einsum("rn,nm,rm->r", moved, np.eye(X.shape[2]) if tests is None else tests, moved)
    return added, np.einsum("rn,rn->r", moved, force) / X.shape[1]


@lru_cache(maxsize=32)
def gaussian(width: int, samples: int, runs: int, seed: int) -> dict[str, Estimate]:
    """Means of what `designs_of` gives."""
    found = designs_of(width, samples, stream(seed, f"gaussian {width} {samples}"), runs)
    return {name: mean_of(values) for name, values in found.items()}


def designs_of(width: int, samples: int, rng: np.random.Generator, runs: int) -> dict[str, Array]:
    """Test and training error and gap over eps_R, for Gaussian features and residuals; shapes (runs,).

    The training error of the best read-out has the mean eps_R, so that only what the fit changes is noisy.
    """
    found, block = [], max(1, 4_000_000 // (samples * width))
    for start in range(0, runs, block):
        count = min(block, runs - start)
        found.append(fits(rng.standard_normal((count, samples, width)), rng.standard_normal((count, samples))))
    added, taken = (np.concatenate(part) for part in zip(*found, strict=True))
    return {"test": 1 + added, "train": 1 - taken, "gap": added + taken}


DESIGNS = ((4, 14), (8, 24), (20, 60), (50, 200), (50, 400))


def designs(name: str) -> Callable[[Context], list[At]]:
    """Measurements of one quantity at several sizes."""

    def measure(context: Context) -> list[At]:
        runs, cases = context.budget.pick(4000, 20_000, 100_000), []
        for width, samples in DESIGNS:
            count = max(200, min(runs, runs * 300 // (width * width)))
            found = gaussian(width, samples, count, context.seed)[name]
            cases.append(At(found, f"N = {width}, P = {samples}", width / samples, {N: width, P: samples}))
        return cases

    return measure


D = 30
"""Dimension of the inputs of random features."""


def teacher(x: Array) -> Array:
    """A nonlinear teacher with E y^2 = 1: three uncorrelated terms."""
    a, b = x[..., 0], x[..., 1]
    return np.asarray((a + (b**2 - 1) / np.sqrt(2) + a * b) / np.sqrt(3))


@lru_cache(maxsize=8)
def best_errors(seed: int, draws: int) -> dict[int, Estimate]:
    """eps_R of ReLU features at growing N, over draws of the features."""
    sizes, size = (15, 60, 180), 4000
    found: dict[int, list[float]] = {n: [] for n in sizes}
    rng = stream(seed, "random features")
    for _ in range(draws):
        W, x = rng.standard_normal((D, sizes[-1])) / np.sqrt(D), rng.standard_normal((2 * size, D))
        features, labels = np.maximum(x @ W, 0), teacher(x)
        gram, force = features[:size].T @ features[:size], features[:size].T @ labels[:size]
        for n in sizes:
            read = np.linalg.solve(gram[:n, :n], force[:n])
            found[n].append(float(np.mean((labels[size:] - features[size:, :n] @ read) ** 2)))
    return {n: mean_of(values, bias=1.5 * n / size * float(np.mean(values))) for n, values in found.items()}


tau = sp.Symbol("tau", positive=True)
"""tr(Sigma^-1 E eps^2 phi phi^T)/N, with the residual eps of the best read-out; eps_R if that is independent of phi."""
Sampler = Callable[[np.random.Generator, int, int], tuple[Array, Array]]


def relu_features(seed: int) -> tuple[Sampler, Array, float, float]:
    """Twenty ReLU features with the residual of their best read-out: sampler, covariance, tau, eps_R."""
    rng, count = stream(seed, "relu"), 20
    W, x = rng.standard_normal((D, count)) / np.sqrt(D), rng.standard_normal((100_000, D))
    features, labels = np.maximum(x @ W, 0), teacher(x)
    sigma = features.T @ features / len(x)
    read = np.linalg.solve(sigma, features.T @ labels / len(x))
    left = labels - features @ read
    weighted = (features * (left**2)[:, None]).T @ features / len(x)

    def sample(own: np.random.Generator, runs: int, samples: int) -> tuple[Array, Array]:
        z = own.standard_normal((runs, samples, D))
        phi = np.maximum(z @ W, 0)
        return phi, teacher(z) - phi @ read

    return sample, sigma, float(np.trace(np.linalg.solve(sigma, weighted))) / count, float(np.mean(left**2))


def rare_features(active: float) -> tuple[Sampler, Array, float, float]:
    """Twenty features that are all zero except with probability `active`, as are the noisy labels; eps_R = 1."""

    def sample(own: np.random.Generator, runs: int, samples: int) -> tuple[Array, Array]:
        on = (own.random((runs, samples)) < active) / np.sqrt(active)
        return on[:, :, None] * own.standard_normal((runs, samples, 20)), on * own.standard_normal((runs, samples))

    return sample, np.eye(20), 1 / active, 1.0


@lru_cache(maxsize=8)
def slope_of(name: str, seed: int, runs: int) -> tuple[Estimate, float, float]:
    """Gap times P/N as P grows (from P = 400 and 1600), tau and eps_R."""
    sample, sigma, size, best = relu_features(seed) if name == "relu" else rare_features(0.5)
    rng, found = stream(seed, f"slope {name}"), []
    for samples in (400, 1600):
        gaps = []
        for start in range(0, runs, 20):
            added, taken = fits(*sample(rng, min(20, runs - start), samples), tests=sigma)
            gaps.append((added + taken) * samples / len(sigma))
        found.append(mean_of(np.concatenate(gaps), bias=0.01 * size if name == "relu" else 0.0))
    return extrapolated((400, 1600), found), size, best


def slopes(context: Context) -> list[At]:
    """ReLU features, and features that are rarely active."""
    runs, cases = context.budget.pick(160, 800, 4000), []
    for name in ("relu", "rare"):
        found, size, best = slope_of(name, context.seed, runs)
        where = {tau: sp.Rational(str(round(size, 9))), eps: sp.Rational(str(round(best, 9)))}
        cases.append(At(found, f"{name} features", where=where))
    return cases


# --- C1: the headline ------------------------------------------------------------------------------------------------

GAP_ALPHA = alpha * (2 - alpha) / (1 - alpha)
CRITICAL_ALPHA = 2 * (1 - alpha) / (2 - alpha)


def pure_noise(context: Context) -> list[At]:
    """The gap of the setting at eps_R = 1."""
    where = {alpha: context.setting["width"] / context.setting["samples"]}
    return [At(evaluate(GAP_ALPHA, None, context.setting, where), where=where)]


def threshold(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """eps_R gap_ratio - 2 alpha = gap_ratio (eps_R - eps_critical): the sign is that of the bracket."""
    return [
        (eps * GAP_ALPHA - 2 * alpha, GAP_ALPHA * (eps - context["critical"])),
        (sp.factor(GAP.subs(P, N / alpha)), GAP_ALPHA),
    ]


def order(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """gap/alpha as alpha tends to 0, at fixed eps_R."""
    return [(sp.limit(eps * GAP_ALPHA / alpha, alpha, 0), context["limit"])]


def features_help(context: Context) -> list[At]:
    """eps_R of ReLU features as N grows."""
    found = best_errors(context.seed, context.budget.pick(24, 60, 200))
    return [At(value, f"N = {n}", n) for n, value in found.items()]


NO_ORDER = Note(
    id="order",
    severity="major",
    text='"Faster than 2N/P" is no statement of order: for fixed features gap/(N/P) tends to 2 eps_R > 0. For labels of '
    "unit power it is the factor eps_R < 1.",
)
FAILS = Note(
    id="noise",
    severity="major",
    text="gap <= 2N/P fails for teachers that the features cannot fit: labels of pure noise have the gap 2 alpha + "
    "alpha^2/(1 - alpha). With Gaussian features it holds if and only if eps_R <= 2 (1 - alpha)/(2 - alpha), for "
    "labels with E y^2 = 1; the statement needs this normalisation and this condition.",
)
headline = Claim(
    "headline",
    title="The gap approaches zero faster than 2N/P",
    statement=(
        r"For $P, N_{out}$ large, $N_{out} \ll P$, the gap approaches zero faster than $2N_{out}/P$, for every "
        "architecture and teacher."
    ),
    source="2201.11022, abstract",
    known="text read",
    readings=[
        Reading(
            "inequality",
            "gap <= 2N/P for labels with E y^2 = 1, whatever the teacher: pure noise has eps_R = 1.",
            {"gap": eps * GAP_ALPHA, "headline": 2 * alpha},
            checks=[
                noted(
                    encloses(
                        "noise", "headline", pure_noise, relation="<=", domain="labels of pure noise, in the setting"
                    ),
                    FAILS,
                    when=False,
                )
            ],
            wrong=[wrong("once", {"headline": alpha}, "Half the bound is exceeded by more.", also=["slack-gap"])],
            attack=[
                bound(
                    "gap",
                    "gap",
                    "<=",
                    "headline",
                    over={alpha: ("1/100", "9/10"), eps: ("1/100", 1)},
                    text="eps_R gap_ratio <= 2 alpha for 0 < eps_R <= 1",
                )
            ],
            needs=spare,
        ),
        Reading(
            "threshold",
            "With Gaussian features gap <= 2N/P if and only if eps_R <= eps_critical.",
            {"critical": CRITICAL_ALPHA, "gap": share * CRITICAL_ALPHA * GAP_ALPHA},
            checks=[identity("sign", "critical", threshold, domain="all 0 < alpha < 1 and eps_R")],
            wrong=[
                wrong(
                    "one",
                    {"critical": sp.Integer(1), "gap": share * GAP_ALPHA},
                    "Pure noise exceeds the bound.",
                    also=["slack-below"],
                ),
                wrong(
                    "linear",
                    {"critical": 1 - alpha / 3, "gap": share * (1 - alpha / 3) * GAP_ALPHA},
                    "eps_critical is 1 - alpha/2 to first order.",
                    also=["slack-below"],
                ),
            ],
            attack=[
                bound(
                    "below",
                    "gap",
                    "<=",
                    2 * alpha,
                    over={alpha: ("1/100", "9/10"), share: ("1/100", 1)},
                    text="the gap at a share of eps_critical is at most 2 alpha",
                )
            ],
        ),
    ],
)
headline_order = Claim(
    "headline-order",
    title="Faster than 2N/P, as an order",
    statement=r"As $\alpha = N/P \to 0$ the gap is of smaller order than $2N/P$.",
    source="2201.11022, abstract",
    known="text read",
    no_inequality="it is about a limit",
    readings=[
        Reading(
            "order",
            "gap/(N/P) tends to 0.",
            {"limit": sp.Integer(0)},
            checks=[noted(identity("limit", "limit", order, domain="every eps_R > 0"), NO_ORDER, when=False)],
            wrong=[wrong("eps", {"limit": eps}, "Test and training error both change by alpha eps_R.")],
        ),
        Reading(
            "slope",
            "The slope is 2 eps_R, below 2 as soon as the features explain something, and eps_R falls with N.",
            {"limit": 2 * eps, "down": -sp.Integer(1)},
            checks=[
                identity("limit", "limit", order, domain="every eps_R > 0", whole=False),
                monotone(
                    "features",
                    "down",
                    features_help,
                    kind=Kind.SIMULATED,
                    domain="ReLU features of 30 inputs, N = 15, 60, 180, a teacher of second order",
                ),
            ],
            wrong=[
                wrong("one-side", {"limit": eps}, "The training side adds as much."),
                wrong("up", {"down": sp.Integer(1)}, "More features explain more."),
            ],
        ),
    ],
)

# --- C2: ridge-less --------------------------------------------------------------------------------------------------


def wishart(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E 1/chi^2 of m = P - N + 1 degrees, N times; the fit leaves P - N of P dimensions of the residual."""
    density_free = sp.gamma(m / 2 - 1) / (2 * sp.gamma(m / 2))
    inverse = sp.gammasimp(density_free).subs(m, P - N + 1)
    return [(sp.simplify(1 + N * inverse), context["test"]), ((P - N) / P, context["train"])]


def large(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Limits at fixed alpha; the gap is their difference, with slope 2 at alpha = 0."""
    growing = (1 + N / (N / alpha - N - 1)).subs(N, 1 / m)
    return [
        (sp.limit(sp.simplify(growing), m, 0), context["test"]),
        (1 - alpha, context["train"]),
        (1 / (1 - alpha) - (1 - alpha), context["gap"]),
        (sp.diff(context["gap"], alpha).subs(alpha, 0), sp.Integer(2)),
    ]


def rare(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Features and residual share a factor s, s^2 = 1/q with probability q, else 0: 2 E eps^2 s^2 / E s^2."""
    squared = 1 / q
    slope = 2 * (q * (eps * squared) * squared) / (q * squared)
    return [(slope, context["slope"])]


UNIVERSAL = Note(
    id="features",
    severity="major",
    text="The slope 2 eps_R is not universal: in general it is 2 tr(Sigma^-1 E eps^2 phi phi^T)/N with the residual "
    "eps of the best read-out. Features that are active with probability q, together with the label noise, have 2 "
    "eps_R/q: the gap exceeds any multiple of 2N/P, however small eps_R is. The formulas need a residual "
    "independent of the features, as Gaussian equivalence provides.",
)
ridgeless = Claim(
    "ridgeless",
    title="Errors of least squares",
    statement=(
        r"$\epsilon_t = \epsilon_R(1-\alpha)$, $\epsilon_g = \epsilon_R/(1-\alpha)$, gap $= "
        r"\epsilon_R\,\alpha(2-\alpha)/(1-\alpha)$; Gaussian design: $\mathrm{E}\,\epsilon_g = \epsilon_R(1 + "
        r"N/(P-N-1))$."
    ),
    source="2201.11022, replica formula; classical for Gaussian design",
    known="derived here",
    readings=[
        Reading(
            "finite",
            "Gaussian features and residual, every P > N + 1.",
            {"test": TEST_FINITE, "train": TRAIN, "gap": TEST_FINITE - TRAIN},
            checks=[
                identity("wishart", ("test", "train"), wishart, domain="all P > N + 1"),
                *(
                    agree(
                        name,
                        name,
                        designs(name),
                        resolution=0.05,
                        domain="Gaussian designs, N = 4 to 50",
                        x_label="N/P",
                        y_label=f"{words} over eps_R",
                        group="designs",
                    )
                    for name, words in (("test", "test error"), ("gap", "gap"))
                ),
            ],
            wrong=[
                wrong(
                    "no-one", {"test": 1 + N / (P - N), "gap": 1 + N / (P - N) - TRAIN}, "At N = 1 it is 1 + 1/(P - 2)."
                ),
                wrong("train", {"train": (1 - N / P) ** 2}, "The trace of a projection is its rank."),
                wrong("one-side", {"gap": N / (P - N - 1)}, "The training error falls as well."),
            ],
        ),
        Reading(
            "asymptotic",
            "P and N large at fixed alpha = N/P.",
            {"test": 1 / (1 - alpha), "train": 1 - alpha, "gap": GAP_ALPHA},
            checks=[identity("limits", ("test", "train", "gap"), large, domain="all 0 < alpha < 1")],
            wrong=[
                wrong(
                    "double",
                    {"gap": 2 * alpha / (1 - alpha)},
                    "2 alpha eps_g is more than the gap.",
                    also=["slack-below-twice"],
                ),
                wrong("one-side", {"gap": alpha / (1 - alpha)}, "It forgets the training side."),
                wrong("test", {"test": 1 + alpha}, "That is the first order only."),
                wrong("train", {"train": 1 - 2 * alpha}, "The rank of the projection is N."),
            ],
            attack=[
                bound(
                    "below-twice",
                    "gap",
                    "<=",
                    2 * alpha / (1 - alpha) - alpha**2 / 2,
                    over={alpha: ("1/100", "9/10")},
                    text="gap <= 2 alpha/(1 - alpha) - alpha^2/2",
                )
            ],
        ),
    ],
)
feature_maps = Claim(
    "feature-maps",
    title="The slope 2 eps_R is universal",
    statement=r"To first order in $N/P$ the gap is $2\epsilon_R N/P$, for every architecture and teacher.",
    source="2201.11022, abstract, with the replica formula",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "universal",
            "gap = 2 alpha eps_R to first order, for every feature map and teacher: false for rarely active features.",
            {"slope": 2 * eps},
            checks=[noted(identity("rare", "slope", rare, domain="all 0 < q < 1"), UNIVERSAL, when=False)],
            wrong=[wrong("one", {"slope": eps}, "Smaller still.")],
        ),
        Reading(
            "general-slope",
            "To first order gap = 2 (N/P) tr(Sigma^-1 E eps^2 phi phi^T)/N.",
            {"slope": 2 * tau},
            checks=[
                agree(
                    "features",
                    "slope",
                    slopes,
                    resolution=0.15,
                    group="slopes",
                    domain="20 ReLU features; 20 features active with probability 1/2; P = 400 and 1600",
                )
            ],
            wrong=[
                wrong("eps", {"slope": 2 * eps}, "With rarely active features it is twice that."),
                wrong("once", {"slope": tau}, "Test and training error both move."),
            ],
        ),
    ],
)

# --- C3: ridge -------------------------------------------------------------------------------------------------------


def ridge_of(setting: Setting, scale: int, rng: np.random.Generator, runs: int) -> dict[str, Array]:
    """Errors, P over the trace of the resolvent, and the ridge that this gives, with `scale` copies of each mode.

    Variances are divided and samples multiplied by `scale`: the formulas do not change, what they neglect shrinks.
    """
    decay_, ridge, noise = (setting.number(name) for name in ("decay", "lam", "noise2"))
    e = np.repeat(np.arange(1, setting.integer("modes") + 1) ** -decay_ / scale, scale)
    size = scale * setting.integer("samples")
    found = np.empty((4, runs))
    for run in range(runs):
        X = rng.standard_normal((size, len(e))) * np.sqrt(e)
        y = X.sum(axis=1) + np.sqrt(noise) * rng.standard_normal(size)
        values, vectors = np.linalg.eigh(X.T @ X)
        read = vectors @ ((vectors.T @ (X.T @ y)) / (values + ridge))
        trace = (size - len(e)) / ridge + np.sum(1 / (values + ridge))
        at, errors = size / trace, (np.sum(e * (1 - read) ** 2) + noise, np.mean((y - X @ read) ** 2))
        found[:, run] = *errors, at, at * (1 - np.sum(e / (at + size * e)))
    return dict(zip(("test", "train", "kappa", "lam"), found, strict=True))


@lru_cache(maxsize=16)
def ridge_limit(setting: Setting, runs: int, seed: int) -> dict[str, Estimate]:
    """The same without its correction in size, from one and two copies of each mode."""
    return limit_of({k: ridge_of(setting, k, stream(seed, f"ridge {k}"), runs) for k in (1, 2)})


def limit_of(found: Mapping[int, Mapping[str, Array]]) -> dict[str, Estimate]:
    """The limit of what `ridge_of` gives with one and two copies of each mode."""
    return {name: extrapolated((1, 2), [mean_of(found[k][name]) for k in (1, 2)]) for name in found[1]}


def ridge_measured(name: str) -> Callable[[Context], list[At]]:
    """Measurements for the diagonal model of 40 modes at P = 60, where the ridge matters, and runs are cheap."""

    def measure(context: Context) -> list[At]:
        setting, runs = context.setting.with_values(samples=60, modes=40), context.budget.pick(250, 1000, 8000)
        where = {**known_sums(setting, 20), P: setting["samples"]}
        return [At(ridge_limit(setting, runs, context.seed)[name], where=where)]

    return measure


def fixed_point(context: Context) -> list[At]:
    """The ridge kappa (1 - sum e/(kappa + P e)) at the enclosed kappa."""
    at = known_sums(context.setting, 25)
    return [At(at[kap] * (1 - at[S1]))]


DIAGONAL = "40 modes, P = 60 and 120, the correction in size removed"
e1, e2, w1, w2 = sp.symbols("e1 e2 w1 w2", positive=True)
RIDGE_AT = kap * (1 - sum(e / (kap + P * e) for e in (e1, e2)))
"""lam as a function of kappa, for two modes."""


def two_modes(context: Context, name: str) -> sp.Expr:
    """A formula of the reading for two modes of any variances and weights."""
    low = [1 / (kap + P * e) for e in (e1, e2)]
    signal = sum(w**2 * e * v**2 for w, e, v in zip((w1, w2), (e1, e2), low, strict=True))
    own = {S2: signal, SQ: sum((e * v) ** 2 for e, v in zip((e1, e2), low, strict=True)), rho: RIDGE_AT / kap}
    return context[name].subs(own)


def envelope(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The least loss L: L/(lam P) is noise2/kappa + sum w^2 e/(kappa + P e), training error -lam^2 d(L/lam)/dlam/P."""
    least = noise2 / kap + sum(w**2 * e / (kap + P * e) for w, e in ((w1, e1), (w2, e2)))
    slope = sp.diff(RIDGE_AT, kap)
    training = -(RIDGE_AT**2) * sp.diff(least, kap) / slope
    return [
        (sp.cancel(sp.together(two_modes(context, "train"))), sp.cancel(sp.together(training))),
        (
            sp.cancel(sp.together(slope)),
            sp.cancel(sp.together(1 - P * sum((e / (kap + P * e)) ** 2 for e in (e1, e2)))),
        ),
    ]


def no_ridge(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """At kappa = 0, two modes, P > 2: the formulas without ridge, with eps_R = noise2."""
    ratio = sp.Rational(2) / P
    return [
        (sp.simplify(two_modes(context, "test").subs(kap, 0)), noise2 / (1 - ratio)),
        (sp.simplify(sp.cancel(two_modes(context, "train")).subs(kap, 0)), noise2 * (1 - ratio)),
        (sp.limit(RIDGE_AT / kap, kap, 0), 1 - ratio),
    ]


ridge = Claim(
    "ridge",
    title="Errors with a ridge",
    statement=(
        r"$\kappa = \lambda + \kappa\sum_k e_k/(\kappa + Pe_k)$, $g = P\sum_k e_k^2/(\kappa+Pe_k)^2$, "
        r"$\epsilon_g = (\kappa^2\sum_k w_k^2e_k/(\kappa+Pe_k)^2 + \sigma^2)/(1-g)$, "
        r"$\epsilon_t = (\lambda/\kappa)^2\epsilon_g$."
    ),
    source="2201.11022, replica formula",
    known="from memory",
    readings=[
        Reading(
            "stated",
            "Gaussian features of variances k^-decay, weights 1, noisy test labels, P and modes large.",
            {"ridge": lam, "test": TEST_RIDGE, "train": TRAIN_RIDGE},
            checks=[
                encloses(
                    "fixed-point", "ridge", fixed_point, digits=12, domain="the positive root kappa of the setting"
                ),
                identity(
                    "envelope", "train", envelope, domain="two modes, all variances, weights and ridges", whole=False
                ),
                identity("no-ridge", ("test", "train"), no_ridge, domain="two modes, all P > 2", whole=False),
                agree("resolvent", "ridge", ridge_measured("lam"), resolution=0.1, domain=DIAGONAL, group="ridge"),
                agree("test", "test", ridge_measured("test"), resolution=0.1, domain=DIAGONAL, group="ridge"),
                agree("train", "train", ridge_measured("train"), resolution=0.1, domain=DIAGONAL, group="ridge"),
            ],
            wrong=[
                wrong("no-square", {"train": rho * TEST_RIDGE}, "The envelope gives the square."),
                wrong(
                    "no-noise",
                    {"test": kap**2 * S2 / (1 - P * SQ)},
                    "Test labels are noisy.",
                    also=["slack-train-below-test"],
                ),
                wrong("mean", {"ridge": P * lam}, "The ridge is added to the sum, not to the mean."),
                wrong(
                    "twice-e",
                    {"test": (kap**2 * SQ + noise2) / (1 - P * SQ)},
                    "The signal of a mode is w^2 e.",
                    checks=["test"],
                ),
            ],
            attack=[
                bound(
                    "train-below-test",
                    "train",
                    "<=",
                    "test",
                    over={
                        rho: ("1/100", 1),
                        kap: ("1/10", 10),
                        S2: ("1/100", 1),
                        SQ: ("1/100000", "1/1000"),
                        NOISE2: ("1/10", 1),
                    },
                    text="eps_t <= eps_g",
                )
            ],
        )
    ],
)

# --- C4: all layers --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def selected(seed: int, runs: int, fresh: bool) -> Estimate:
    """Gap over eps_R for pure noise, on the 4 of 40 Gaussian features that fit labels best, of this or another sample.

    The features are trained in the sense that they depend on labels; the residual is the label itself.
    """
    rng, samples, kept = stream(seed, f"selected {fresh}"), 60, 4
    gaps = np.empty(runs)
    for run in range(runs):
        X, y = rng.standard_normal((samples, 40)), rng.standard_normal(samples)
        chosen = np.argsort(-np.abs(y @ X))[:kept]
        if fresh:
            X, y = rng.standard_normal((samples, 40)), rng.standard_normal(samples)
        added, taken = fits(X[None, :, chosen], y[None])
        gaps[run] = added[0] + taken[0]
    return mean_of(gaps)


def learned(fresh: bool) -> Callable[[Context], list[At]]:
    """Gap with features trained on the sample itself, or on another one."""
    where = {N: 4, P: 60}
    return lambda c: [At(selected(c.seed, c.budget.pick(2000, 8000, 40_000), fresh), "N = 4, P = 60", where=where)]


DEEP = Note(
    id="deep",
    severity="major",
    text="Fully trained networks are outside the calculation: it averages over samples at fixed features. Features "
    "trained on the same sample have a larger gap: one feature that interpolates labels of pure noise has the gap "
    "1 or more, where 2N/P is 2/P.",
)
deep = Claim(
    "deep",
    title="The bound holds for networks with all layers trained",
    statement="Training all layers gives no larger gap than the bound for the last layer.",
    source="2201.11022, discussion",
    readings=[
        Reading(
            "same-sample",
            "Features are trained on the same sample, as one feature that interpolates labels of pure noise.",
            {"bound": 2 / P, "gap": TEST_FINITE - TRAIN},
            checks=[
                noted(
                    encloses(
                        "interpolating",
                        "bound",
                        lambda _: [At(arb(1))],
                        relation="<=",
                        question=Question.FOLLOWS,
                        domain="training error 0, test error at least E y^2 = 1",
                    ),
                    DEEP,
                    when=False,
                ),
                agree(
                    "selected",
                    "gap",
                    learned(False),
                    relation=">",
                    group="deep",
                    domain="pure noise, 4 of 40 Gaussian features chosen on the same 60 samples: gap above the formula",
                ),
            ],
            wrong=[
                wrong("half", {"bound": 1 / P}, "A smaller bound fails as well.", checks=["interpolating"]),
                wrong("larger", {"gap": sp.Integer(1)}, "Four features cannot fit 60 labels.", checks=["selected"]),
            ],
        ),
        Reading(
            "fresh-sample",
            "Features are trained first, and the read-out on a fresh sample: the formulas hold as for fixed features.",
            {"gap": TEST_FINITE - TRAIN},
            checks=[
                agree(
                    "fresh",
                    "gap",
                    learned(True),
                    resolution=0.1,
                    group="deep",
                    domain="pure noise, 4 of 40 Gaussian features chosen on another sample, P = 60",
                )
            ],
            wrong=[
                wrong("headline", {"gap": N / P}, "Both errors move."),
                wrong("all", {"gap": (TEST_FINITE - TRAIN).subs(N, 40)}, "Only the chosen features are fitted."),
            ],
        ),
    ],
    no_inequality="its text gives no bound for trained features",
)

# --- simulation ------------------------------------------------------------------------------------------------------

MOST = 2000


def simulate(trial: Trial) -> Simulated:
    """Gaussian design at the setting's width and samples; the diagonal model, its correction in size removed."""
    setting, runs = trial.setting, trial.count("runs", 20, 100_000)
    if max(setting["samples"], setting["width"], setting["modes"]) > MOST:
        raise InputError(f"a simulation takes at most {MOST} samples, features and modes")
    spare(setting, 1)
    kinds = {"designs": Draws(runs, partial(designs_of, setting.integer("width"), setting.integer("samples")))}
    kinds |= {f"designs with {k} copies of each mode": Draws(runs, partial(ridge_of, setting, k)) for k in (1, 2)}
    design, *copies = trial.samples(kinds).values()
    names = {"test_finite": "test", "train_ratio": "train", "gap_finite": "gap"}
    final = {id: mean_of(design[name]) for id, name in names.items()}
    limit = limit_of(dict(zip((1, 2), copies, strict=True)))
    notes = ("With a ridge the correction in size is removed, from one and two copies of each mode.",)
    return Simulated(final | {"test_ridge": limit["test"], "train_ridge": limit["train"]}, notes=notes)


OPTIONS = (Option("runs", "400", "independent samples"),)
paper = Paper(
    id="generalization-gap",
    title="Universal mean field upper bound for the generalisation gap of deep neural networks",
    summary=(
        "The gap between test and training error of a network approaches zero faster than $2N/P$, with $N$ "
        "the size of the last layer and $P$ the number of samples, for every architecture and every teacher."
    ),
    authors=("S. Ariosto", "R. Pacelli", "F. Ginelli", "M. Gherardi", "P. Rotondo"),
    source="https://arxiv.org/abs/2201.11022",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(headline, headline_order, ridgeless, feature_maps, ridge, deep),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "headline/inequality": "refuted",
        "headline/threshold": "proved",
        "headline-order/order": "refuted",
        "headline-order/slope": "supported",
        "ridgeless/finite": "proved",
        "ridgeless/asymptotic": "proved",
        "feature-maps/universal": "refuted",
        "feature-maps/general-slope": "supported",
        "ridge/stated": "supported",
        "deep/same-sample": "gap",
        "deep/fresh-sample": "supported",
    },
    references=(
        "Ariosto, Pacelli, Ginelli, Gherardi, Rotondo: Universal mean-field upper bound for the generalization gap of "
        "deep neural networks. Phys. Rev. E 105 (2022), arXiv:2201.11022",
        "Canatar, Bordelon, Pehlevan: Spectral bias and task-model alignment explain generalization in kernel "
        "regression. Nature Communications 12 (2021)",
        "Takeuchi: Distribution of informational statistics and a criterion of model fitting. Suri-Kagaku 153 (1976)",
    ),
)
