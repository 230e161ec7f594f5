"""A mean field theory of quantized deep networks: the quantization-depth trade-off (arXiv 1906.00771).

A stair with N levels, its thresholds D apart in units of the pre-activation, maps correlations with slope chi < 1 at 0.
With S1 = E u k(u) and S2 = E k(u)^2, where k is the odd stair of height 1 and u is N(0, 1), chi = S1^2/S2, and D k(u)
misses u by 1 - 2 D S1 + D^2 S2 in mean square. Over positive thresholds x = m D, half of them and N even or odd,
S1 = [n(0)] + 2 sum n(x) and S2 = [1/4] + 4 sum m Q(x): positive terms, n the density and Q = 1 - Psi.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Option,
    Paper,
    Plot,
    Reading,
    Scope,
    Setting,
    Simulated,
    Standard,
    Step,
    Trial,
    agree,
    ball,
    certifying,
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
    rows,
    setting_of,
    simulation,
    table,
    wrong,
)
from mfcheck.checks.certify import counted, ends_of
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import expectation, pair
from mfcheck.gaussian.quantiser import (
    best_quantiser,
    quantiser_error,
    stair_sums,
    stationary_steps,
    step_equation,
    written_sums,
)
from mfcheck.networks import (
    Chain,
    Network,
    at_widths,
    chunked,
    correlations,
    dense,
    gaussian_images,
    limits,
    log_gradient_norms,
    stair,
)
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import exact
from mfcheck.rigor.definite import definite
from mfcheck.statistics import controlled
from mfcheck.symbolic.activation import X
from mfcheck.verify import MAX_WORK

Array = NDArray[np.float64]

LEVELS = parameter("levels", 4, "levels N of the stair", least=2, most=50_000, integer=True)
STEP = parameter("step", 1, "distance of thresholds in units of the pre-activation", above=0, most=100)
STE_CLIP = parameter("ste_clip", 1, "where the surrogate slope ends, in the same units", above=0)
DEPTH = parameter("depth", 10, "layers of the picture of a simulation", least=2, most=1000, integer=True)
WIDTH = parameter("width", 1000, "width of simulated networks", least=20, most=200_000, integer=True)
PARAMETERS = (LEVELS, STEP, STE_CLIP, DEPTH, WIDTH)
N, _, clip, _, _ = (p.symbol for p in PARAMETERS)
D, S1, S2, x, m, L, s, t, a, c = sp.symbols("D S1 S2 x m L s t a c", positive=True)
HALF, ONE = sp.Rational(1, 2), sp.Integer(1)


def density(z: sp.Expr) -> sp.Expr:
    """The standard normal density."""
    return sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)


def beyond(z: sp.Expr) -> sp.Expr:
    """Probability that a standard normal number is above z."""
    return sp.erfc(z / sp.sqrt(2)) / 2


# --- the best step, and constants -------------------------------------------------------------------------------------


def sums_of(levels: int, step: arb) -> dict[sp.Symbol, arb]:
    """Return S1 and S2 of a stair, to some 40 digits."""
    with ctx.workdps(40):
        found = stair_sums(levels, step)
        return {S1: found.first, S2: found.second}


def step_opt(levels: int, digits: int = 20) -> arb:
    """Enclose the best step."""
    return best_quantiser(levels, digits).step


def gap_opt(levels: int, digits: int = 20) -> arb:
    """Enclose 1 - chi at the best step, to `digits` relative digits."""
    return best_quantiser(levels, digits).error


def exponent(levels: int, digits: int = 20) -> arb:
    """Enclose log2(gap(N)/gap(2N))."""
    with ctx.workdps(digits + 15):
        return (gap_opt(levels, digits + 3) / gap_opt(2 * levels, digits + 3)).log() / arb(2).log()


EVEN = tuple(range(4, 63, 2))
RANGES = (EVEN, tuple(range(4, 63)), (*range(3, 64), 125, 128, 255, 256, 512, 515, 1024, 1025))
"""Levels of the regressions: even ones that are plotted, all of these, and those of the notebook."""


def fitted(levels: tuple[int, ...], shift: int, digits: int, steps: bool = False) -> arb:
    """Enclose the least squares slope of log gap (or log step) on log(N + shift)."""
    with ctx.workdps(digits + 15):
        across = [arb(n + shift).log() for n in levels]
        up = [(step_opt if steps else gap_opt)(n, digits + 8).log() for n in levels]
        middle = sum(across, arb(0)) / len(across)
        top = sum(((x - middle) * y for x, y in zip(across, up, strict=True)), arb(0))
        return top / sum(((x - middle) * (x - middle) for x in across), arb(0))


def chi(setting: Setting, digits: int) -> arb:
    """Enclose chi at levels and step."""
    with ctx.workdps(2 * digits + 20):
        found = stair_sums(setting.integer("levels"), exact(setting["step"]))
        return found.first**2 / found.second


def distortion(setting: Setting, digits: int) -> arb:
    """Enclose the mean square error of the quantiser at levels and step."""
    with ctx.workdps(2 * digits + 20):
        return quantiser_error(setting.integer("levels"), exact(setting["step"]))


STAIR = ("levels", "step")
SLOPE = constant("chi", chi, "slope at 0", source="C1", uses=STAIR)
GAP = constant("gap_opt", lambda v, d: gap_opt(v.integer("levels"), d), "1 - chi there", source="C2", uses=("levels",))
CONSTANTS = (
    SLOPE,
    constant("xi", -1 / sp.log(SLOPE.symbol), "depth scale -1/log chi", source="C1"),
    constant("distortion", distortion, "mean square error of the uniform quantiser", source="C2", uses=STAIR),
    constant("step_opt", lambda v, d: step_opt(v.integer("levels"), d), "best step", source="C2", uses=("levels",)),
    GAP,
    constant("xi_opt", -1 / sp.log(1 - GAP.symbol), "depth scale there", source="C2"),
    constant(
        "local_exponent",
        lambda v, d: exponent(v.integer("levels"), d),
        "log2 of gap_opt(N)/gap_opt(2N)",
        source="C3",
        uses=("levels",),
    ),
    constant("fit_slope", lambda _, d: fitted(EVEN, 1, d), "slope of log gap_opt on log(N+1), even N = 4..62"),
    constant("fit_slope_plain", lambda _, d: fitted(EVEN, 0, d), "the same on log N"),
    constant("sign_chi", 2 / sp.pi, "chi of two levels", source="C1"),
    constant("ste_chi", sp.erf(clip / sp.sqrt(2)), "backward factor of the surrogate of slope 1", source="C5"),
)


# --- stairs by other means -------------------------------------------------------------------------------------------


def stair_expression(levels: int, step: sp.Expr) -> sp.Expr:
    """Return the odd stair of height 1 in X."""
    jumps = [sp.Heaviside(X - step * (k - sp.Rational(levels, 2)), HALF) for k in range(1, levels)]
    return sp.Add(*jumps) - sp.Rational(levels - 1, 2)


SHAPES = ((2, "1"), (3, "1"), (4, "1"), (4, "1/2"), (5, "4/5"), (8, "1/2"), (16, "3/10"))


def by_pieces(context: Context) -> list[At]:
    """Corr(k(u), u)^2 by integration of the stair over its pieces; that of the setting too where they are few.

    Against S1, S2 and the uncentred double sum, with as many thresholds as the reading says.
    """
    own, found = (context.setting.integer("levels"), str(context.setting["step"])), []
    for levels, text in dict.fromkeys((*SHAPES, *([own] if own[0] <= 30 else []))):
        step, count = sp.Rational(text), round(number(context, "thresholds", {N: levels}))
        k = stair_expression(levels, step)
        correlation = expectation(X * k, 1, 0, 25) ** 2 / expectation(k**2, 1, 0, 25)
        with ctx.workdps(40):
            places = [exact(step) * (2 * j - count - 1) / 2 for j in range(1, count + 1)]
            raw = sum(((2 * j - 1) * (z / arb(2).sqrt()).erfc() / 2 for j, z in enumerate(places, 1)), arb(0))
            known = sums_of(count + 1, exact(step)) | {a: raw}
        found.append(At(correlation, f"N = {levels}, step {step}", where=known))
    return found


# --- C1: the slope ---------------------------------------------------------------------------------------------------

rho, kappa = sp.symbols("rho kappa", real=True)


def slope_steps(context: Context) -> Iterable[Step]:
    """E u 1(u > t); the covariance of two indicators; and the least error of a multiple of k."""
    lower, upper = sp.symbols("Psi_min Psi_max", positive=True)
    error = 1 - 2 * kappa * S1 + kappa**2 * S2
    best = sp.solve(sp.diff(error, kappa), kappa)[0]
    return identical(
        {
            "E u 1(u > t) = n(t)": (sp.integrate(X * density(X), (X, t, sp.oo)), density(t)),
            "Cov = (1 - Psi(max)) - product": (
                (1 - upper) - (1 - lower) * (1 - upper),
                context["covariance"].subs({s: lower, t: upper}),
            ),
            "Price: d/dc E f(u) g(v) at c = 0 is E u f(u) E v g(v)": (
                sp.diff(density(X) * density((rho - c * X) / sp.sqrt(1 - c**2)) / sp.sqrt(1 - c**2), c).subs(c, 0),
                X * rho * density(X) * density(rho),
            ),
            "least error": (error.subs(kappa, best), 1 - context["chi"]),
        }
    )


def below_one(context: Context) -> list[At]:
    """Chi at the best steps, by the sums."""
    return [At(ball(context, "chi", sums_of(n, step_opt(n))), f"N = {n}") for n in (2, 3, 4, 8, 64, 1024)]


def two_levels(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The sign: the quadrant probabilities give M = (2/pi) asin c."""
    at_zero = sp.diff(2 / sp.pi * sp.asin(rho), rho).subs(rho, 0)
    return [(at_zero, context["chi"].subs({S1: density(sp.Integer(0)), S2: HALF**2}))]


def with_bias(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Two equal inputs stay equal: M(1) = 1 with the variance of the reading."""
    return [((sp.Symbol("w") * sp.Symbol("Q") + sp.Symbol("b")) / context["variance"], ONE)]


CHI, COVARIANCE = S1**2 / S2, s * (1 - t)
slope_claim = Claim(
    "slope",
    title="The slope of the correlation map at 0",
    statement=(
        r"$\chi = \left(\sum_k n(g_k)\right)^2 / \sum_{j,k} \Psi(-\max(g_j,g_k))\Psi(\min(g_j,g_k))$, and $\chi < 1$ for "
        r"every finite number of levels."
    ),
    source="1906.00771, official code",
    known="official code",
    no_inequality="chi < 1 is proved for all stairs by a sum of squares",
    readings=[
        Reading(
            "stated",
            "chi = Corr(k(u), u)^2 for every stair, below 1 since a stair is not affine: 1 - chi is the least value of "
            "E (u - kappa k(u))^2, which is not 0.",
            {"chi": CHI, "thresholds": N - 1, "covariance": COVARIANCE, "one": ONE},
            checks=[
                proof("correlation", ("chi", "covariance"), slope_steps, kind=Kind.EXACT, domain="all N, all steps"),
                identity("sign", "chi", two_levels, domain="N = 2", whole=False),
                encloses("pieces", "chi", by_pieces, uses=["thresholds"], digits=18, domain="N from 2 to 16"),
                encloses("below", "one", below_one, relation="<", uses=["chi"], domain="best steps, N up to 1024"),
            ],
            wrong=[
                wrong("not-centred", {"chi": S1**2 / a}, "At N = 4, step 1 it is .2487.", checks=["pieces"]),
                wrong("off-by-one", {"thresholds": N}, "N levels have N - 1 thresholds."),
                wrong("root", {"chi": sp.sqrt(CHI)}, "At N = 2 it is .798.", checks=["correlation", "sign", "pieces"]),
                wrong("no-product", {"covariance": 1 - t}, "The product of the means is missing."),
                wrong("smaller-bound", {"one": sp.Rational(9, 10)}, "At N = 8 chi reaches .96."),
            ],
        ),
        Reading(
            "biases",
            "With biases: the variance of pre-activations that normalises the map contains sigma_b^2.",
            {"variance": sp.Symbol("w") * sp.Symbol("Q") + sp.Symbol("b")},
            checks=[identity("equal-inputs", "variance", with_bias, domain="all variances")],
            wrong=[wrong("dropped", {"variance": sp.Symbol("w") * sp.Symbol("Q")}, "M(1) would exceed 1.")],
        ),
    ],
)


# --- C2: the best step -----------------------------------------------------------------------------------------------


def termwise(context: Context) -> Iterable[Step]:
    """Slopes of the terms of a pair of thresholds +-mD, which hold for every number of thresholds.

    Then d chi/dD = 2 S1 (S1' S2 - S1 S2'/2)/S2^2 with S1' = -D B and S2' = -2 B, B the sum of m^2 n(mD).
    """
    z, B = m * D, sp.Symbol("B", positive=True)
    one, two = 2 * density(z), 4 * m * beyond(z)
    bend = 2 * m**2 * density(z)
    slope_chi = 2 * S1 * (-D * B) / S2 - S1**2 * (-2 * B) / S2**2
    return identical(
        {
            "S1' = -D B": (sp.diff(one, D), -D * bend),
            "S2' = -2 B": (sp.diff(two, D), -2 * bend),
            "slope of the distortion": (
                sp.diff(D**2 * two - 2 * D * one, D),
                context["slope"].subs({S1: one, S2: two}),
            ),
            "slope of chi": (slope_chi, -context["slope"] * B * S1 / S2**2),
            "1 - chi = distortion where it vanishes": (1 - D * S1, context["gap"].subs(S2, S1 / D)),
        }
    )


def at_optimum(context: Context) -> list[At]:
    """The distortion by integration over cells, at the middle of the enclosed step; the formula with the sums there."""
    found = []
    for levels in (2, 3, 4, 6, 8, 16):
        middle = step_opt(levels, 25).mid()
        mantissa, shift = (int(v) for v in middle.man_exp())
        rational = sp.Integer(mantissa) * sp.Integer(2) ** shift
        error = expectation((X - rational * stair_expression(levels, rational)) ** 2, 1, 0, 25)
        found.append(At(error, f"N = {levels}", levels, sums_of(levels, middle) | {D: middle}))
    return found


UNIQUE = (3, 4, 5, 8)


def only_one(context: Context) -> Evidence:
    """Count the steps at which the slope vanishes."""
    own = context.setting.integer("levels")
    tried = [*UNIQUE, *([own] if 2 < own <= 12 and own not in UNIQUE else [])]
    cases = [Case(arb(len(stationary_steps(n))), ball(context, "count"), f"N = {n}") for n in tried]
    words = f"all steps, N in {tried}; for other N uniqueness is taken over"
    found, (first, *others) = decide(cases, Standard("=="), words, Scope.WHOLE), tried
    more = {f"levels_{n}": certificate.zeros(step_equation(n, D), D.name, (Fraction(1, n), 2), 1) for n in others}
    certified = counted(context, step_equation(first, D), D, (Fraction(1, first), 2), 1, more=more)
    return found.but(certificate=certified) if found.passed else found


TWO_LEVELS = Note(
    id="optimum.two-levels",
    severity="minor",
    text="With two levels chi = 2/pi for every step, so that no step is the best; step_opt is then that of the quantiser. "
    "For N >= 3 the step that maximises chi is the step of the best uniform quantiser of a Gaussian number, and 1 - chi is "
    "its error.",
)
GLOBAL = Note(
    id="optimum.unique",
    severity="remark",
    text="That there is one best step is certified for a few numbers of levels; for others the enclosed step is the only "
    "one near it, and a stationary point elsewhere is not excluded.",
)
best = Claim(
    "optimum",
    title="The best step",
    statement=r"There is one step that maximises $\chi$; $1 - \chi_{\max}$ is the gap.",
    source="1906.00771, official code (maximisation on a grid); the identity with quantisers is derived here",
    known="official code",
    no_inequality="it is about the place of a maximum, which is enclosed",
    readings=[
        Reading(
            "stated",
            "For N >= 3: chi and the distortion are stationary at the same steps, and there one minus chi is the "
            "distortion; the enclosed step is the only one near it.",
            {"slope": 2 * (D * S2 - S1), "gap": 1 - S1**2 / S2},
            checks=[
                noted(
                    proof("termwise", ("slope", "gap"), termwise, kind=Kind.EXACT, domain="all N, all steps"),
                    TWO_LEVELS,
                ),
                encloses(
                    "quantiser", "gap", at_optimum, digits=14, x_label="levels", log="xy", domain="N from 2 to 16"
                ),
            ],
            wrong=[
                wrong("root", {"gap": 1 - S1 / sp.sqrt(S2)}, "Half of it for many levels."),
                wrong("sign", {"slope": 2 * (D * S2 + S1)}, "The error falls for small steps."),
            ],
        ),
        Reading(
            "unique",
            "There is one stationary step for N = 3, 4, 5 and 8, and for the levels of the setting if from 3 to 12.",
            {"count": ONE},
            checks=[noted(custom("unique", "count", only_one, kind=Kind.CERTIFIED), GLOBAL)],
            wrong=[wrong("two", {"count": sp.Integer(2)}, "The slope changes its sign once.")],
        ),
    ],
)


# --- C3: the power law -----------------------------------------------------------------------------------------------

LARGE = sp.Symbol("N", positive=True)
POWER = sp.Symbol("C", positive=True)
OVERLOAD = 2 * density(L) / L**3
"""Bound of int_L^oo (u - L)^2 n(u) du; less 12 n(L)/L^5 it is a lower bound."""
LEVELS_OF = sp.exp(L**2 / 4)
"""N where the half range N D/2 is L = 2 sqrt(log N)."""


def upper_bound(half: sp.Expr, levels: sp.Expr) -> sp.Expr:
    """Bound of the gap from the step 2 L/N: cells up to L, and (u - L + D/2)^2 <= 2 (u - L)^2 + D^2/2 beyond."""
    step = 2 * half / levels
    return step**2 / 12 * (1 + step) + step**2 * density(half) / half + 4 * OVERLOAD.subs(L, half)


def law_steps(context: Context) -> list[Step]:
    """The gap lies between bounds with the same leading term (4/3) log N/N^2; is the stated law that one?

    Upper: L = 2 sqrt(log N). Lower: with L^2 = 4 log N/(1 + d), d > 0, overload alone is of larger order; with a larger L
    the cells alone contribute L^2/(3 N^2) and more.
    """
    y, d = sp.symbols("y d", positive=True)
    cell = sp.integrate(y**2, (y, -D / 2, D / 2)) / D
    true = L**2 / 4 * sp.exp(-(L**2) / 2)
    share = sp.expand(sp.simplify(upper_bound(L, LEVELS_OF) / true))
    short = 2 * (OVERLOAD - 12 * density(L) / L**5)
    lower = sp.simplify(short / (L**2 * (1 + d) / 4 * sp.exp(-(L**2) * (1 + d) / 2)))
    tail = sp.integrate(y**2 * sp.exp(-L * y), (y, 0, sp.oo))
    steps = identical(
        {
            "a cell": (cell, D**2 / 12),
            "cells up to L": (cell.subs(D, 2 * L / LARGE), L**2 / (3 * LARGE**2)),
            "overload, from above": (tail * density(L), OVERLOAD),
            "overload, from below": (
                (tail - sp.integrate(y**4 / 2 * sp.exp(-L * y), (y, 0, sp.oo))) * density(L),
                OVERLOAD - 12 * density(L) / L**5,
            ),
            "upper bound over log N/N^2": (sum(sp.limit(term, L, sp.oo) for term in share.args), sp.Rational(4, 3)),
        }
    )
    grows = sp.limit(lower, L, sp.oo) == sp.oo
    ratio = sp.limit(context["law"] / (sp.Rational(4, 3) * sp.log(LARGE) / LARGE**2), LARGE, sp.oo)
    return [
        *steps,
        Step("a shorter range overloads", True if grows else None, "the order of the overload is open"),
        Step("the stated law", bool(ratio == 1), f"its ratio to (4/3) log N/N^2 tends to {ratio}"),
    ]


def exponents(context: Context) -> list[At]:
    """Local exponents."""
    levels = context.budget.pick((64, 256, 1024, 4096), (16, 64, 256, 1024, 4096), (16, 64, 256, 1024, 4096, 16384))
    return [At(exponent(n, 10), f"N = {n}", n) for n in levels]


def scaled(_: Context) -> list[At]:
    """Gap N^2/log N, certified."""
    return [At(gap_opt(n, 12) * n * n / arb(n).log(), f"N = {n}", n) for n in (64, 256, 1024, 4096, 8192)]


def below_bound(_: Context) -> list[At]:
    """The gap against the explicit bound."""
    return [At(gap_opt(n, 12), f"N = {n}", n, {LARGE: arb(n)}) for n in (8, 64, 512, 4096)]


def gaps_plot(_: Context) -> Plot:
    """Gap against levels: certified values, the fit, and the law."""
    levels, first = (4, 8, 16, 32, 62, 128, 256, 512, 1024, 2048, 4096), float(gap_opt(4))
    curves = (
        curve("certified", levels, [float(gap_opt(n)) for n in levels], "points"),
        curve("(N+1)^-1.82", levels, [first * ((n + 1) / 5) ** -1.82 for n in levels]),
        curve("(4/3) log N/N^2", levels, [4 / 3 * math.log(n) / n**2 for n in levels], "bound"),
    )
    title = "Gap at the best step"
    return Plot(id="gap", title=title, x_label="levels", y_label="1 - chi", x_log=True, y_log=True, curves=curves)


def regressions(table: str) -> Callable[[Context], Mapping[str, certificate.Certificate]]:
    """Certificates of a table: best steps as zeros, gaps 1 - D S1 there, means and squares of log(N + shift), slopes."""

    def parts(context: Context) -> Mapping[str, certificate.Certificate]:
        ranges = {int(row): (RANGES[(int(row) - 1) % 3], value, unit) for row, value, unit in context[table]}
        found: dict[str, certificate.Certificate] = {}
        for n in sorted({n for levels, *_ in ranges.values() for n in levels}):
            first, second = written_sums(n, "D")
            ends = ends_of(step_opt(n, 25), 13)
            found[f"step_{n}"] = certificate.root(f"D*{second} - {first}", "D", *ends, digits=8)
            if table == "gap":
                ends = ends_of(gap_opt(n, 25), 5)
                found[f"gap_{n}"] = certificate.inequality(f"1 - D*{first}", {"D": f"step_{n}"}, *ends, digits=8)
        for row, (levels, value, unit) in ranges.items():
            found |= _regression(
                row, levels, table, round(number(context, "shift")), (value - unit / 2, value + unit / 2)
            )
        return found

    return parts


def _regression(
    row: int, levels: Sequence[int], name: str, shift: int, ends: tuple[sp.Rational, sp.Rational]
) -> dict[str, certificate.Certificate]:
    logs = [f"log({n + shift})" for n in levels]
    mean, across = f"mean_{row}", f"squares_{row}"
    x = [math.log(n + shift) for n in levels]
    middle = sum(x) / len(x)
    top = " + ".join(f"({log} - m)*log({name}_{n})" for log, n in zip(logs, levels, strict=True))
    squares = " + ".join(f"({log} - m)**2" for log in logs)
    known = {"m": mean, "v": across} | {f"{name}_{n}": f"{name}_{n}" for n in levels}
    return {
        mean: certificate.inequality(f"({' + '.join(logs)})/{len(logs)}", {}, *_near(middle, 1e-12)),
        across: certificate.inequality(squares, {"m": mean}, *_near(sum((y - middle) ** 2 for y in x), 1e-9)),
        f"row_{row}": certificate.inequality(f"({top})/v", known, str(ends[0]), str(ends[1])),
    }


def _near(value: float, room: float) -> tuple[str, str]:
    return f"{value - room:.15f}", f"{value + room:.15f}"


def in_table(context: Context, row: sp.Expr) -> arb:
    """The regression of a row: 1, 2, 3 the gap over the three ranges; 4, 5, 6 the step."""
    steps, index = divmod(int(row) - 1, 3)
    return fitted(RANGES[index], round(number(context, "shift")), 12, steps=steps == 1)


FIT = Note(
    id="power-law.fit",
    severity="major",
    text="1.82 is a fit over a finite range, in the variable N + 1: no power law holds. The gap at the best step is "
    "asymptotically (4/3) log N/N^2, so that the depth grows faster than N^1.82, and local exponents rise towards 2: 1.871 "
    "at N = 4096.",
)
VARIABLE = Note(
    id="power-law.variable",
    severity="minor",
    text="The number depends on the regressor N + 1: on log N the same data give slopes from -1.716 to -1.753.",
)
AT_EXPONENT = sp.Rational(91, 50)
power_law_claim = Claim(
    "power-law",
    title="Depth grows like a power of the number of levels",
    statement=r"The maximal trainable depth grows like $N^{1.82}$: the gap is $\approx e^{.71}(N+1)^{-1.8172}$.",
    source="1906.00771, abstract; fit in the official notebook",
    known="text read",
    no_inequality="it is about an asymptotic law and regressions",
    readings=[
        Reading(
            "asymptotic",
            "The gap is equivalent to C N^-1.82, for some C, as N grows.",
            {"law": POWER * LARGE**-AT_EXPONENT, "exponent": AT_EXPONENT},
            checks=[
                noted(proof("bounds", "law", law_steps, kind=Kind.EXACT, domain="N to infinity"), FIT, when=False),
                pictured(encloses("local-exponents", "exponent", exponents, digits=3, domain="certified"), gaps_plot),
            ],
            wrong=[
                wrong("no-logarithm", {"law": POWER * LARGE**-2, "exponent": sp.Integer(2)}, "N^2 gap has no bound."),
                wrong("linear", {"law": POWER / LARGE, "exponent": ONE}, "N gap tends to 0."),
            ],
        ),
        Reading(
            "plotted-range",
            "Over the plotted range, on log(N+1): exponents 1.82 of the gap and .88 of the step, to two decimals, for even "
            "N = 4..62, for all of them, and on the range of the notebook.",
            {
                "gap": rows((1, "-1.82"), (2, "-1.82"), (3, "-1.82")),
                "step": rows((4, "-0.88"), (6, "-0.88")),
                "shift": ONE,
            },
            checks=[
                certifying(table("gap", "gap", in_table, domain="three ranges"), regressions("gap"), work=MAX_WORK),
                certifying(table("step", "step", in_table, domain="two ranges"), regressions("step"), work=MAX_WORK),
            ],
            wrong=[
                wrong("two", {"gap": rows((1, "-2.00"))}, "-1.8246."),
                wrong("one", {"step": rows((4, "-1.00"))}, "-.876."),
            ],
        ),
        Reading(
            "in-levels",
            "Over the plotted range the depth grows like N^1.82 with N itself as the variable.",
            {"gap": rows((1, "-1.82")), "shift": sp.Integer(0)},
            checks=[
                noted(table("gap", "gap", in_table, domain="regression on log N, even N = 4..62"), VARIABLE, when=False)
            ],
            wrong=[wrong("two", {"gap": rows((1, "-2.00"))}, "-1.7163.")],
        ),
        Reading(
            "logarithm",
            "The gap is equivalent to (4/3) log N/N^2, below it for 64 <= N <= 8192, and under an explicit bound.",
            {
                "law": sp.Rational(4, 3) * sp.log(LARGE) / LARGE**2,
                "limit": sp.Rational(4, 3),
                "bound": upper_bound(2 * sp.sqrt(sp.log(LARGE)), LARGE),
            },
            checks=[
                proof("bounds", "law", law_steps, kind=Kind.EXACT, domain="N to infinity"),
                encloses(
                    "below-limit",
                    "limit",
                    scaled,
                    relation="<",
                    x_label="levels",
                    y_label="gap N^2/log N",
                    log="x",
                    domain="N = 64 to 8192",
                ),
                encloses(
                    "explicit",
                    "bound",
                    below_bound,
                    relation="<=",
                    x_label="levels",
                    y_label="gap",
                    log="xy",
                    domain="N = 8 to 4096",
                ),
            ],
            wrong=[
                wrong("constant", {"law": sp.log(LARGE) / LARGE**2, "limit": ONE}, "N^2 gap/log N is 1.08 at 4096."),
                wrong("power", {"law": POWER / LARGE**2}, "There is a logarithm."),
                wrong("half", {"bound": upper_bound(sp.sqrt(2 * sp.log(LARGE)), LARGE) / 20}, "Below the gap."),
            ],
        ),
    ],
)


# --- random networks -------------------------------------------------------------------------------------------------


def pairs_through(
    levels: int, step: float, start: float, depth: int, width: int, nets: int, rng: np.random.Generator
) -> Array:
    """Return correlations after 1..depth layers, given the layer before in expectation, and drawn: shape (depth, 2, nets)."""
    k = stair(levels, step)
    weight = 1 / math.sqrt(float(stair_sums(levels, arb(step)).second))
    z = np.linalg.qr(rng.standard_normal((nets, width, 2)))[0] * math.sqrt(width)
    h = np.stack([z[..., 0], start * z[..., 0] + math.sqrt(1 - start**2) * z[..., 1]], axis=-1)
    found = []
    for _ in range(depth):
        before = k.forward(h)
        h = gaussian_images(rng, before, sigma_w=weight)
        found.append(correlations([before, h])[:, :, 0, 1])
    return np.array(found)


@lru_cache(maxsize=16)
def simulated(levels: int, step: float, start: float, nets: int, seed: int) -> Estimate:
    """Correlation of infinite width after one layer."""

    def measure(width: int, rng: np.random.Generator, count: int) -> Array:
        return np.asarray(pairs_through(levels, step, start, 1, width, count, rng)[0, 1])

    return at_widths(measure, (250, 1000), nets, stream(seed, f"pairs {levels} {step} {start}"))


@lru_cache(maxsize=4)
def backward(levels: int, step: float, edge: float, nets: int, seed: int) -> Estimate:
    """Growth of squared surrogate gradients in one layer, surrogate slope 1, weights of variance 1/width."""
    weight = 1 / math.sqrt(float(stair_sums(levels, arb(step)).second))
    layers = 4

    def measure(width: int, rng: np.random.Generator, count: int) -> Array:
        blocks = [
            Chain([stair(levels, step, clip=edge), dense(rng, count, width, sigma_w=weight)]) for _ in range(layers)
        ]
        trace = Network(blocks).run(rng.standard_normal((count, width, 1)))
        logs = log_gradient_norms(trace, rng.standard_normal((count, width, 1)))[:, :, 0]
        return np.asarray(np.exp((logs[0] - logs[-1]) / layers)) / weight**2

    return at_widths(chunked(measure, 8), (75, 300), nets, stream(seed, "backward"))


def run(trial: Trial) -> Simulated:
    """Send a pair of inputs of correlation c0 through stair networks whose variance is stationary."""
    nets, setting = trial.count("nets", 8, 100_000), trial.setting
    start = _correlation(trial.options["c0"])
    levels, step, depth = setting.integer("levels"), setting.number("step"), setting.integer("depth")
    wide, layers = setting.integer("width"), range(1, depth + 1)
    # Beyond step 2.4 a variance that is low falls further, so that a layer may die out.
    if levels % 2 and math.erfc(step / math.sqrt(8)) * wide < (40 if step < 2 else 1000):
        raise InputError(
            "the step is so large that hardly a unit leaves the level 0; take more width or a smaller step"
        )
    trial.say(f"{nets} networks of widths {wide // 4} and {wide}, {depth} layers")

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        found = pairs_through(levels, step, start, depth, width, count, rng)
        names = ("correlation", "drawn")
        return {f"{name}_{k}": layer[i] for k, layer in enumerate(found, 1) for i, name in enumerate(names)}

    def steadied(values: Mapping[str, Array]) -> dict[str, Array]:
        # What the weights of the last layers add to a correlation has mean zero, and explains most of its noise.
        moved = [values[f"drawn_{k}"] - values[f"correlation_{k}"] for k in layers]
        return {f"correlation_{k}": controlled(values[f"correlation_{k}"], moved[: k - 1][-3:]) for k in layers}

    held = max(1, 20_000_000 // (8 * wide))
    samples = trial.at_sizes("networks of width", (wide // 4, wide), nets, chunked(measure, held))
    found = limits({width: steadied(values) for width, values in samples.items()})
    points = (curve("networks", layers, list(found.values()), "points"),)
    plot = Plot(id="depth", title="Correlation in depth", x_label="layer", y_label="correlation", curves=points)
    return Simulated({k: found[k] for k in ("correlation_1", "correlation_2")}, plots=(plot,))


def _correlation(text: str) -> float:
    try:
        value = float(Fraction(text[:60]))
    except (ValueError, ZeroDivisionError):
        raise InputError(f"c0 must be a number between -1 and 1, got {text[:60]!r}") from None
    if not -1 < value < 1:
        raise InputError(f"c0 must lie strictly between -1 and 1, got {text[:60]!r}")
    return value


OPTIONS = (Option("c0", "9/10", "correlation at the start"), Option("nets", "100", "networks at each width"))


# --- C4: the other fixed point ---------------------------------------------------------------------------------------

u_1, u_2, angle = sp.symbols("g_1 g_2 theta", real=True)
PLACKETT = sp.exp(-(u_1**2 + u_2**2 - 2 * c * u_1 * u_2) / (2 * (1 - c**2))) / (2 * sp.pi * sp.sqrt(1 - c**2))
M = sp.Symbol("M")


def map_by_integral(context: Context) -> list[At]:
    """M by pairs of Gaussian numbers, against the integral of the stated M' from 0."""
    found = []
    for levels, end in ((3, Fraction(1, 2)), (4, Fraction(3, 10)), (4, Fraction(9, 10)), (4, Fraction(99, 100))):
        k = stair_expression(levels, ONE)
        variance = expectation(k**2, 1, 0, 20)
        thresholds = [sp.Integer(j) - sp.Rational(levels, 2) for j in range(1, levels)]
        terms = [context["slope"].subs({u_1: p, u_2: q}) for p in thresholds for q in thresholds]
        inside = sp.Add(*terms).subs(c, sp.sin(angle)) * sp.cos(angle)
        with ctx.workdps(30):
            integral = definite(inside, angle, 0, exact(end).asin(), 18) / variance
        found.append(At(pair(k, k, 1, 1, end, 18) / variance, f"N = {levels}, c = {end}", where={M: integral}))
    return found


def divergence(context: Context) -> Iterable[Step]:
    """Near c = 1 a pair of equal thresholds gives n(g)/sqrt(2 pi) over sqrt(1-c^2), one of different ones nothing."""
    root = sp.sqrt(1 - c**2)
    equal = sp.simplify((PLACKETT * root).subs(u_2, u_1))
    gap = sp.Symbol("h", positive=True)
    return identical(
        {
            "equal thresholds": (sp.limit(equal, c, 1, "-"), density(u_1) / sp.sqrt(2 * sp.pi)),
            "different ones": (sp.limit(sp.exp(-gap / (1 - c**2)) / root, c, 1, "-"), sp.Integer(0)),
            "M' sqrt(1-c^2)": (sp.limit(context["near"] * root, c, 1, "-"), S1 / (sp.sqrt(2 * sp.pi) * S2)),
        }
    )


def networks_map(context: Context) -> list[At]:
    """One layer of random networks, N = 4, step 1, against M of pairs."""
    nets, found = context.budget.pick(60, 200, 1000), []
    k = stair_expression(4, ONE)
    variance = expectation(k**2, 1, 0, 15)
    for n in (3, 6, 9):
        value = pair(k, k, 1, 1, Fraction(n, 10), 15) / variance
        found.append(At(simulated(4, 1.0, n / 10, nets, context.seed), f"c = {n / 10}", n / 10, {M: value}))
    return found


unstable = Claim(
    "no-ordered-phase",
    title="Equal inputs are unstable",
    statement=r"$M'(c) \sim (1-c^2)^{-1/2}$ as $c \to 1$: $c = 1$ is unstable for every stair without biases.",
    source="derived here from the official code",
    known="derived here",
    no_inequality="it states an equality and a divergence",
    readings=[
        Reading(
            "stated",
            "M' is the sum over pairs of thresholds of the density of the pair; near 1 the equal ones diverge.",
            {"slope": PLACKETT, "near": S1 / (sp.sqrt(2 * sp.pi) * S2 * sp.sqrt(1 - c**2)), "map": M},
            checks=[
                proof("divergence", "near", divergence, kind=Kind.EXACT, domain="all N, all steps"),
                encloses(
                    "integral", "map", map_by_integral, uses=["slope"], digits=12, domain="N = 3 and 4, c up to .99"
                ),
                agree(
                    "networks",
                    "map",
                    networks_map,
                    x_label="c",
                    y_label="M(c)",
                    domain="random networks, N = 4, step 1",
                ),
            ],
            wrong=[
                wrong("finite", {"near": S1 / (sp.sqrt(2 * sp.pi) * S2)}, "An ordered phase needs M'(1) < 1."),
                wrong("no-root", {"slope": PLACKETT * sp.sqrt(1 - c**2)}, "It is not a density then."),
                wrong("shifted", {"map": M * sp.Rational(9, 10)}, "M(.9) is .82 at N = 4."),
            ],
        )
    ],
)

# --- C5, C6 ----------------------------------------------------------------------------------------------------------


def inside_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Probability of |u| < T, and the slope with which the factor is one."""
    value = sp.integrate(density(X), (X, -clip, clip))
    return [(context["inside"], value), (context["slope"] ** 2 * value, ONE)]


def backward_networks(context: Context) -> list[At]:
    """Squared surrogate gradients in four layers of N = 4, step 1, with the clip of the setting, kept in [1/2, 5]."""
    nets = context.budget.pick(24, 80, 400)
    edge = min(max(context.setting["ste_clip"], Fraction(1, 2)), Fraction(5))
    return [At(backward(4, 1.0, float(edge), nets, context.seed), f"clip {edge}", where={clip: exact(edge)})]


INSIDE = sp.erf(clip / sp.sqrt(2))
SURROGATE = Note(
    id="straight-through.surrogate",
    severity="remark",
    text="With this slope the norm of the surrogate gradient is constant in depth. The surrogate is not the derivative of "
    "the network, and the depth over which inputs stay apart is unchanged: it depends on chi alone.",
)
straight_through = Claim(
    "straight-through",
    title="The straight-through slope",
    statement=r"$\chi_{back} = (\sigma_w s)^2\,\mathrm{erf}(T/\sqrt{2Q_u})$; $s$ is chosen so that it is one.",
    source="1906.00771, official code",
    known="official code",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "surrogate",
            "About the surrogate gradient, with weights backward independent of those forward; here sigma_w s = 1.",
            {"inside": INSIDE, "slope": 1 / sp.sqrt(INSIDE)},
            checks=[
                noted(identity("integral", ("inside", "slope"), inside_steps, domain="all clips"), SURROGATE),
                agree("networks", "inside", backward_networks, domain="networks of widths 75 and 300, four layers"),
            ],
            wrong=[
                wrong("no-root", {"inside": sp.erf(clip)}, "At T = 1 it is .843."),
                wrong("square", {"slope": 1 / INSIDE}, "The slope enters squared.", checks=["integral"]),
                wrong("half", {"inside": INSIDE / 2}, "Both signs count."),
            ],
        )
    ],
)
times = sp.Symbol("k", positive=True)


def overlay_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """What is left of a small correlation after k depth scales."""
    chi = sp.Symbol("chi", positive=True)
    return [(sp.exp(times * context["scale"].subs(x, chi) * sp.log(chi)), sp.exp(-times))]


def small_correlations(context: Context) -> list[At]:
    """Correlation of first images per correlation of inputs, c = 3/10, N = 4, step 1: M(c)/c, less what is not linear."""
    nets = context.budget.pick(200, 600, 2000)
    first = simulated(4, 1.0, 0.3, nets, context.seed)
    k = stair_expression(4, ONE)
    known = sums_of(4, arb(1))
    curved = float(pair(k, k, 1, 1, Fraction(3, 10), 15) / known[S2]) / 0.3 - float(known[S1] ** 2 / known[S2])
    found = first.but(value=first.value / 0.3 - curved, error=first.error / 0.3, bias=first.bias / 0.3)
    return [At(found, where=known)]


UNSEEN = Note(
    id="trainability.training",
    severity="minor",
    text="That networks can be trained to a few depth scales is seen in training runs, which are not repeated here; the "
    "implicit equation of the text for the largest depth was not seen.",
)
trainability = Claim(
    "trainability",
    title="Networks can be trained to a few depth scales",
    statement=r"Trainability ends at a few $\xi = -1/\log\chi$ (4, 6 and 9 are drawn).",
    source="1906.00771, figure; official code",
    known="official code",
    no_inequality="it is about training runs",
    readings=[
        Reading(
            "training",
            "Training fails beyond these depths: an experiment, which is not repeated.",
            {"scale": -1 / sp.log(x)},
        ),
        Reading(
            "signal",
            "After k depth scales a small correlation has shrunk by e^k, and chi is the factor of a layer.",
            {"scale": -1 / sp.log(x), "factor": CHI},
            checks=[
                noted(identity("scales", "scale", overlay_steps, domain="0 < chi < 1"), UNSEEN),
                agree(
                    "networks",
                    "factor",
                    small_correlations,
                    resolution=0.05,
                    domain="one layer, c = 3/10, N = 4, step 1",
                ),
            ],
            wrong=[
                wrong("half", {"scale": -1 / (2 * sp.log(x))}, "A scale shrinks by e."),
                wrong("root", {"factor": sp.sqrt(CHI)}, "It is .939 against .881."),
            ],
        ),
    ],
)


paper = Paper(
    id="quantized",
    title="A mean field theory of quantized deep networks: the quantization-depth trade-off",
    summary=(
        "Quantised activations limit how deep a signal travels through a random network: there is a best "
        "quantisation step, and with it the depth that can be trained grows like a power of the number $N$ of "
        "levels, about $N^{1.82}$."
    ),
    authors=("Yaniv Blumenfeld", "Dar Gilboa", "Daniel Soudry"),
    source="https://arxiv.org/abs/1906.00771",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(slope_claim, best, power_law_claim, unstable, straight_through, trainability),
    constants=CONSTANTS,
    simulate=simulation(run, OPTIONS),
    verdicts={
        "slope/stated": "proved",
        "slope/biases": "proved",
        "optimum/stated": "proved",
        "optimum/unique": "certified",
        "power-law/asymptotic": "refuted",
        "power-law/plotted-range": "certified",
        "power-law/in-levels": "refuted",
        "power-law/logarithm": "proved",
        "no-ordered-phase/stated": "proved",
        "straight-through/surrogate": "proved",
        "trainability/training": "unchecked",
        "trainability/signal": "proved",
    },
    references=(
        "Blumenfeld, Gilboa, Soudry: A mean field theory of quantized deep networks: the quantization-depth trade-off. "
        "NeurIPS 2019, arXiv:1906.00771",
        "Hui, Neuhoff: Asymptotic analysis of optimal fixed-rate uniform scalar quantization. IEEE Trans. Inf. Theory 47, 2001",
    ),
)
