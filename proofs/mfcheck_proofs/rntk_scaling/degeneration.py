"""Theorems 1 and 2: for alpha = L^-gamma with 0 <= gamma < 1/2, and constant alpha, the kernel degenerates to 1/4."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Budget,
    Check,
    Claim,
    Context,
    Inequality,
    Note,
    Plot,
    Reading,
    Step,
    Variable,
    agree,
    certifying,
    curve,
    derived,
    identical,
    pictured,
    proof,
    rate,
    rows,
    smaller,
    table,
    wrong,
)
from mfcheck.claims import PlantedError
from mfcheck.kernels import pairs
from mfcheck.kernels.arccos import cosine
from mfcheck.kernels.formulas import kappa, lam, s_0
from mfcheck.kernels.limit import limit_kernel
from mfcheck.kernels.pairs import Pair
from mfcheck.kernels.rntk import rntk_at_depths
from mfcheck.rigor.ball import exact
from mfcheck.statistics.corrections import coefficient
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling import certificates
from mfcheck_proofs.rntk_scaling.setting import DEPTH, gamma

Array = NDArray[np.float64]
QUARTER = sp.Rational(1, 4)
BOUNDS = {"limit": QUARTER, "upper": b.UPPER, "lower": b.LOWER}

# --- the proof -------------------------------------------------------------------------------------------------------


def _summation_steps(limit: sp.Expr) -> list[Step]:
    """The sums of steps 5 and 6 as identities: mean of the cube, and both bounds put together from their parts."""
    x = sp.Symbol("x", positive=True)
    s_L, E, ell = sp.symbols("s_L E ell", positive=True)
    integral = sp.integrate((1 - kappa * x / s_L) ** 3, (x, 0, s_L / kappa))
    above = kappa / lam + s_L / (4 * lam) - limit
    cube = sp.integrate((s_0 + kappa * x) ** 3, (x, 0, lam / kappa))
    square = sp.integrate((s_0 + kappa * x) ** 2, (x, -s_0 / kappa, lam / kappa))
    below = QUARTER - (1 - (3 * ell + E * (sp.Rational(4, 3) + 8 * kappa)) / lam) / 4
    return identical(
        {
            "limit": (limit, sp.integrate(x ** b.CONSTANTS["power"], (x, 0, 1))),
            "integral of the upper bound": (integral, s_L / (4 * kappa)),
            "upper bound": (above.subs(s_L, s_0 + lam + b.DRIFT), b.UPPER),
            "integral of the cube": (cube, ((s_0 + lam) ** 4 - s_0**4) / (4 * kappa)),
            "integral of the square": (square, (s_0 + lam) ** 3 / (3 * kappa)),
            "lower bound": (below + (sp.Rational(1, 6) + kappa) / lam, b.lower_from(ell, E)),
        }
    )


def degeneration_steps(context: Context) -> list[Step]:
    """Return all steps from the recursion to the two bounds on r_L - 1/4; of other bounds they say nothing."""
    bounds = {"bound from above": (context["upper"], b.UPPER), "bound from below": (context["lower"], b.LOWER)}
    summed = _summation_steps(context["limit"])
    return b.certified(b.inequalities()) + smaller(b.comparisons()) + summed + derived(bounds)


def vanishing(context: Context, exponent: sp.Expr) -> list[Step]:
    """As L grows lambda does, with exponent 1 - 2 gamma > 0, and both bounds tend to zero.

    A symbol in `exponent` stands for any positive number, arbitrarily small ones included.
    """
    tends = sp.limit(context["upper"] + context["lower"], lam, sp.oo) == 0
    least = exponent.subs(dict.fromkeys(exponent.free_symbols, 0))
    grows = True if exponent.is_positive else False if least.is_negative else None
    return [
        Step("bounds vanish as lambda grows", True if tends else None, "the limit is not zero", exact=True),
        Step("lambda grows", grows, f"the exponent {exponent} of L is not positive", exact=True),
    ]


def constant_proof(context: Context) -> list[Step]:
    """Every step of the derivation, for every alpha > 0: lambda = kappa L grows like L."""
    return degeneration_steps(context) + vanishing(context, sp.Integer(1))


def slow_proof(context: Context) -> list[Step]:
    """Every step of the derivation; lambda >= L^(1 - 2 gamma)/(6 pi) grows for every gamma in [0, 1/2)."""
    distance = sp.Symbol("eta", positive=True)  # 1/2 - gamma
    exponent = sp.simplify(context["exponent"].subs(gamma, sp.Rational(1, 2) - distance))
    clock = identical({"clock": (exponent, 2 * distance)})
    return degeneration_steps(context) + clock + vanishing(context, exponent)


# --- finite depths ---------------------------------------------------------------------------------------------------


def above(pair: Pair, f: pairs.Formulas) -> tuple[object, object]:
    """r_L - 1/4 and its bound."""
    return pair.kernel - pair(f["limit"]), pair(f["upper"])


def below(pair: Pair, f: pairs.Formulas) -> tuple[object, object]:
    """1/4 - r_L and its bound."""
    return pair(f["limit"]) - pair.kernel, pair(f["lower"])


def _depths(context: Context) -> tuple[int, ...]:
    return context.budget.pick((100, 10_000), (10, 100, 1000, 10_000), (10, 100, 1000, 10_000, 30_000))


def enclosed(exponents: Sequence[Fraction], group: str) -> Check:
    """The check of both explicit bounds at finite depths; at the greatest ones for u = 1/2 alone."""

    def pairs(context: Context) -> list[Pair]:
        return [
            Pair(u, depth, exponent)
            for exponent in exponents
            for depth in _depths(context)
            for u in (b.COSINES if depth < 10_000 else (Fraction(1, 2),))
        ]

    def where(context: Context) -> str:
        return f"L = {', '.join(map(str, _depths(context)))}; u from -1 to 0.999"

    return b.below(BOUNDS, pairs, above, below, domain=where, group=group)


def distance(pair: Pair) -> arb:
    """Enclose |r_L - 1/4|."""
    return abs(pair.kernel - exact(QUARTER))


def _shared(least: str) -> list[PlantedError]:
    """Return the planted errors of both theorems; `least` names what the distance falls like."""
    too_tight = "Points close together need more layers: at u = 0.999 the distance from 1/4 is far above."
    not_above = "r_L is not that far above 1/4."
    return [
        wrong("third", {"limit": sp.Rational(1, 3)}, "B falls like the third power of l/L, whose mean is 1/4."),
        wrong(
            "no-start",
            {"upper": b.UPPER - s_0 / (4 * lam)},
            too_tight,
            kind="factor dropped",
            checks=["enclosed", f"slack-{least}-upper"],
        ),
        wrong(
            "upper-squared",
            {"upper": b.UPPER**2},
            "The distance falls like 1/lambda.",
            kind="exponent off",
            checks=["enclosed"],
        ),
        wrong("lower-sign", {"lower": -b.LOWER}, not_above, checks=["enclosed", f"slack-{least}-lower"]),
    ]


def _attacks(name: str, own: Variable) -> list[Inequality]:
    variables = (pairs.CHORD, pairs.DEPTH, own)
    return [
        pairs.attack(f"{name}-upper", "r_L - 1/4 <= the upper bound", above, variables),
        pairs.attack(f"{name}-lower", "1/4 - r_L <= the lower bound", below, variables),
    ]


# --- Theorem 1 -------------------------------------------------------------------------------------------------------

ALPHAS_LOG = (1.0, 2.0, 4.0)
U_LOG = 0.5


@lru_cache(maxsize=2)
def scaled_gaps(budget: Budget) -> tuple[Array, dict[float, Array]]:
    """Depths, and L (r_L - 1/4) there for each alpha."""
    depths = np.floor(2 ** (np.arange(18, budget.pick(25, 27, 31)) / 2))
    at, layers = cosine([U_LOG]), [int(k) for k in depths]
    return depths, {alpha: depths * (rntk_at_depths(at, layers, alpha)[:, 0] - 0.25) for alpha in ALPHAS_LOG}


def log_slopes(context: Context) -> list[At]:
    """The slope of L (r_L - 1/4) in log L, the coefficient of log(L)/L, fitted with corrections down to 1/L."""
    L, gaps = scaled_gaps(context.budget)
    columns = [np.log(L), np.ones(len(L)), np.log(L) ** 2 / L, np.log(L) / L, 1 / L]
    return [At(coefficient(scaled, columns), f"alpha = {alpha:g}") for alpha, scaled in gaps.items()]


def log_picture(context: Context) -> Plot:
    """L (r_L - 1/4) against the depth."""
    depths, gaps = scaled_gaps(context.budget)
    return Plot(
        id="log-coefficient",
        title="L (r_L - 1/4) at u = 0.5: slope 3/8 in log L whatever alpha",
        x_label="depth L",
        y_label="L (r_L - 1/4)",
        x_log=True,
        curves=tuple(curve(f"alpha = {alpha:g}", depths, scaled) for alpha, scaled in gaps.items()),
    )


DISTANCES = "largest |r_L - 1/4| over u in -0.9, 0, 0.5, 0.9; L = 100, 1000, 10000"
constant_stated = Reading(
    "stated",
    "Both sides of r_L - 1/4 with explicit constants.",
    BOUNDS,
    checks=[
        proof(
            "proof",
            BOUNDS,
            constant_proof,
            domain="every alpha > 0, every L >= 1, every u < 1",
            lhs="|r_L(u) - 1/4|",
            rhs=lambda context: str(context["upper"]),
            group="degeneration",
        ),
        enclosed((Fraction(0),), "constant"),
    ],
    wrong=_shared("constant"),
    attack=_attacks("constant", pairs.ALPHA),
    regimes=[DEPTH],
)
constant_values = Reading(
    "values",
    "The largest |r_L - 1/4| over u in -0.9, 0, 0.5, 0.9 at alpha = 1, rounded, at L = 100, 1000, 10000.",
    {"table": rows((100, "0.0911"), (1000, "0.01058"), (10_000, "0.001151"))},
    checks=[
        certifying(
            table(
                "values", "table", b.largest(distance, Fraction(0)), domain=f"alpha = 1; {DISTANCES}", group="constant"
            ),
            certificates.largest(Fraction(0), "1/4"),
        )
    ],
    wrong=[wrong("digit", {"table": rows((100, "0.0811"), (1000, "0.01058"))}, "The enclosure at L = 100 is 0.0911.")],
    regimes=[DEPTH],
)
constant_rate = Reading(
    "rate",
    "Extra: r_L - 1/4 ~ (3/8) log(L)/L for every alpha and u, so the upper bound has the sharp leading term.",
    {"coefficient": sp.Rational(3, 8)},
    checks=[
        pictured(
            agree(
                "log",
                "coefficient",
                log_slopes,
                domain=lambda context: f"alpha = 1, 2, 4; u = 0.5; L = 512..{scaled_gaps(context.budget)[0][-1]:.0f}",
            ),
            log_picture,
        )
    ],
    wrong=[
        wrong("no-log", {"coefficient": sp.Integer(0)}, "Without a logarithm L (r_L - 1/4) would settle."),
        wrong("half", {"coefficient": sp.Rational(3, 16)}, "It is 3/8.", kind="constant scaled"),
    ],
    regimes=[DEPTH],
)
constant = Claim(
    "theorem-1-constant",
    title="Theorem 1: constant alpha degenerates",
    statement=(
        "For constant alpha > 0 and u < 1, r_L(u) -> 1/4 as L grows. Explicitly, with c = |x-x'|, s_0 = 1/c and "
        "lambda = L alpha^2/(3 pi (1+alpha^2)), |r_L - 1/4| is at most of order (s_0 + log L)/lambda."
    ),
    source="2403.04545, Theorem 1",
    assumptions=("sphere",),
    readings=[constant_stated, constant_values, constant_rate],
)

# --- Theorem 2 -------------------------------------------------------------------------------------------------------

ANSWERED = Note(
    id="open-question-degeneration",
    severity="remark",
    text=(
        "The open question whether the kernel degenerates for every gamma in (0, 1/2) is answered: it does. For every "
        "alpha, L and u < 1, r_L - 1/4 lies between two explicit functions of lambda = L alpha^2/(3 pi (1+alpha^2)) "
        "and |x-x'| that vanish as lambda grows (inequalities in one variable certified in ball arithmetic, the sums "
        "by exact identities), and lambda >= L^(1-2 gamma)/(6 pi). The case gamma = 1/4 of Theorem 2 is one of them. "
        "The key is B_(l+1) = d rho_L / d rho_l (since k1' = k0), and that 1/|x_l - x_l'| grows by alpha^2/(3 pi "
        "(1+alpha^2)) a layer."
    ),
)


def along_the_clock(context: Context) -> tuple[Array, Array, Array]:
    """The limit along the clock at large times, certified: R(T)/T - 1/4 falls like 1/T, with no logarithm."""
    times = context.budget.pick((30, 100, 300, 1000), (100, 300, 1000, 3000, 10_000), tuple(10**k for k in range(2, 7)))
    gaps = np.array([float((limit_kernel(Fraction(1, 2), T).kernel - arb(1) / 4).mid()) for T in times])
    return np.array(times), gaps, np.full(len(gaps), 1e-15)


SLOW = {**BOUNDS, "exponent": 1 - 2 * gamma}
slow_stated = Reading(
    "stated",
    "Both sides of r_L - 1/4 with explicit constants, for every gamma.",
    SLOW,
    checks=[
        proof(
            "proof",
            SLOW,
            slow_proof,
            domain="every gamma in [0, 1/2), L >= 1, u < 1",
            lhs="|r_L - 1/4|",
            rhs="bounds",
            notes=[ANSWERED],
            group="degeneration",
        ),
        enclosed((Fraction(1, 10), Fraction(1, 4), Fraction(2, 5), Fraction(49, 100)), "slow"),
    ],
    wrong=[
        *_shared("slow"),
        wrong(
            "clock",
            {"exponent": sp.Rational(1, 2) - 2 * gamma},
            "The clock is L alpha^2, which grows for gamma between 1/4 and 1/2 too.",
        ),
    ],
    attack=_attacks("slow", pairs.exponents(Fraction(0), Fraction(49, 100))),
    regimes=[DEPTH],
)
slow_values = Reading(
    "values",
    "The largest |r_L - 1/4| over u in -0.9, 0, 0.5, 0.9 at gamma = 1/4, rounded, at L = 100, 1000, 10000.",
    {"table": rows((100, "0.309"), (1000, "0.1342"), (10_000, "0.0463"))},
    checks=[
        certifying(
            table(
                "values", "table", b.largest(distance, Fraction(1, 4)), domain=f"gamma = 1/4; {DISTANCES}", group="slow"
            ),
            certificates.largest(Fraction(1, 4), "1/4"),
        )
    ],
    wrong=[wrong("digit", {"table": rows((100, "0.309"), (1000, "0.1242"))}, "The enclosure at L = 1000 is 0.1342.")],
    regimes=[DEPTH],
)
slow_rate = Reading(
    "rate",
    "Extra: the limit along the clock approaches 1/4 like 1/T.",
    {"order": sp.Integer(-1)},
    checks=[
        rate(
            "clock",
            "order",
            along_the_clock,
            x_label="clock T = L alpha^2 / (1 + alpha^2)",
            y_label="limit kernel minus 1/4 at u = 0.5",
            domain="certified values of the limit along the clock, u = 0.5",
        )
    ],
    wrong=[
        wrong(
            f"order-{name}",
            {"order": sp.Rational(text)},
            "s grows linearly along the clock, so the distance falls like 1/T.",
        )
        for name, text in (("half", "-1/2"), ("three-halves", "-3/2"))
    ],
    regimes=[DEPTH],
)
slow = Claim(
    "theorem-2-slow",
    title="Theorem 2: alpha = L^-gamma with gamma < 1/2 degenerates",
    statement=(
        "For alpha = L^-gamma with 0 <= gamma < 1/2 (proved in the paper for gamma = 1/4) and u < 1, r_L(u) -> 1/4; "
        "the natural clock is L alpha^2 = L^(1-2 gamma), and the distance is at most of order 1/L^(1-2 gamma) for "
        "gamma > 0."
    ),
    source="2403.04545, Theorem 2",
    assumptions=("sphere",),
    readings=[slow_stated, slow_values, slow_rate],
)
