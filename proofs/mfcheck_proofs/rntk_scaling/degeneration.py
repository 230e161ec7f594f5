"""Theorems 1 and 2: for alpha = L^-gamma with 0 <= gamma < 1/2, and constant alpha, the kernel degenerates to 1/4.

The explicit bounds and their derivation. Notation: `theta = arccos rho`, chord `c = |x - x'| = 2 sin(theta/2)` and
`s = 1/c`, at layer l after l steps; `kappa = a/(3 pi)` with `a = alpha^2/(1 + alpha^2) < 1`, `lambda = kappa L`,
`t_l = s_0 + kappa l`.

1. `v = 1 - rho = c^2/2` obeys `v+ = v - a g` with `g = k1 - rho = (sin theta - theta cos theta)/pi`. With
   `G = 3 pi g / c^3`: 1 <= G <= 1 + Gamma c^2 (shape), and `s+ = s (1 - 2 kappa c G)^(-1/2)`.
2. `(1 - 2y)^(-1/2) >= 1 + y` gives `s+ - s >= kappa`, so `s_l >= t_l`. On y <= 4/(5 pi) the remainder of
   `((1-2y)^(-1/2) - 1)/y = 1 + 3y/2 + ...` gives `s+ - s <= kappa (1 + (3/2) kappa c + Q c^2)` (increment), so by
   `c_j <= 1/t_j` and the integral test `s_L <= t_L + drift`.
3. B_(l+1) is the product of the slopes `1 - 3 kappa theta`. Since `theta c^2 >= 3 pi g`, a slope is at most
   `(1 - 2 kappa c G)^(3/2) = (s/s+)^3`; and at least `(s/s+)^3 (1 - kappa D c^2)` (slope). So B_(l+1) lies between
   `(s_l/s_L)^3 (1 - D (1 + 2 kappa)/t_l)` and `(s_l/s_L)^3`.
4. `H = (k1 + rho k0)/2` lies between `1 - F c` and 1, and H >= 0 for c <= 3/2 (term).
5. Upper bound: `r_L <= (1/L) sum (s_l/s_L)^3` with `s_l <= s_L - kappa (L - l)`, hence `r_L <= 1/L + s_L/(4 lambda)`.
6. Lower bound: layers with H < 0 have c > 3/2; they are at most `(2/3 - s_0)/kappa + 1`, each worth at least -1. The
   rest is at least `(t_l/s_L)^3 (1 - E/t_l)` with `E = (D + F)(1 + 2 kappa)`; sums against integrals.
"""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial, reduce
from itertools import product

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Budget,
    Case,
    Check,
    Claim,
    Context,
    Kind,
    Note,
    Plot,
    Reading,
    Step,
    Variable,
    agree,
    claim,
    compared,
    curve,
    derived,
    identical,
    picture,
    pictured,
    positive_on,
    proof,
    rate,
    rows,
    smaller,
    table,
    wrong,
)
from mfcheck.claims import PlantedError
from mfcheck.falsify.variants import of_order
from mfcheck.kernels import pairs
from mfcheck.kernels.arccos import cosine
from mfcheck.kernels.certificates import written
from mfcheck.kernels.formulas import GAP, HALF_TERM, c, kappa, lam, s_0, theta
from mfcheck.kernels.limit import limit_kernel
from mfcheck.kernels.pairs import KERNEL, PREC, STRETCH, Pair, Sides
from mfcheck.kernels.rntk import rntk_at_depths
from mfcheck.statistics.corrections import coefficient
from mfcheck_proofs.rntk_scaling.setting import DEPTH, gamma

Array = NDArray[np.float64]
ZERO, QUARTER = sp.S.Zero, sp.Rational(1, 4)
GRID = (Fraction(-9, 10), Fraction(0), Fraction(1, 2), Fraction(9, 10))
"""The cosines at which tables are given."""
COSINES = (Fraction(-1), *GRID, Fraction(999, 1000))

# --- the bounds ------------------------------------------------------------------------------------------------------

CONSTANTS = {
    "power": sp.Integer(3),
    "shape": sp.Rational(1, 20),
    "leading": sp.Rational(3, 2),
    "increment": sp.Rational(1, 4),
    "slope": sp.Rational(5, 2),
    "term": sp.Rational(5, 8),
}
"""Power of s in B; Gamma; coefficients of kappa c and c^2 in the increment of s; D; F."""

EXCESS = sp.Rational(1, 5)
"""theta - c G <= c^2/5, inside the bound on slopes."""

Constants = Mapping[str, sp.Expr]


def increment(k: Constants = CONSTANTS) -> sp.Expr:
    """Return the bound on s+ - s (step 2)."""
    return kappa * (1 + k["leading"] * kappa * c + k["increment"] * c**2)


DRIFT = CONSTANTS["leading"] * kappa * (kappa / s_0 + sp.log(1 + lam / s_0)) + CONSTANTS["increment"] * (
    kappa / s_0**2 + 1 / s_0
)
"""Bound on s_L - s_0 - lambda (step 2)."""

UPPER = (s_0 + DRIFT + 4 * kappa) / (4 * lam)
"""Bound on r_L - 1/4 from above (step 5)."""


def lower_from(ell: sp.Expr, E: sp.Expr) -> sp.Expr:
    """Return the bound on 1/4 - r_L from above (step 6) for a drift `ell` and a loss `E` of a layer's term."""
    negative = 4 * (sp.Rational(1, 6) + kappa)
    return (3 * ell + E * (sp.Rational(4, 3) + 8 * kappa) + negative) / (4 * lam)


LOWER = lower_from(DRIFT, (CONSTANTS["slope"] + CONSTANTS["term"]) * (1 + 2 * kappa))


_chord = 2 * sp.sin(theta / 2)
_cubed = sp.expand(3 * sp.pi * GAP)


def certified(named: Mapping[str, tuple[sp.Expr, sp.Expr, int]]) -> list[Step]:
    """Return the steps that functions of the angle are positive, each up to an end, with the order of its zero at 0."""
    return [positive_on(name, expr, theta, upper, order) for name, (expr, upper, order) in named.items()]


def inequalities(k: Constants = CONSTANTS) -> dict[str, tuple[sp.Expr, sp.Expr, int]]:
    """Return functions of theta, positive on (0, upper], with upper and the order of the zero at 0 (steps 1, 3, 4)."""
    return {
        "shape, lower": (_cubed - _chord**3, sp.pi, 5),
        "shape, upper": (_chord**3 * (1 + k["shape"] * _chord**2) - _cubed, sp.pi, 5),
        "slope, upper": (theta * _chord**2 - _cubed, sp.pi, 5),
        "slope, excess": (EXCESS * _chord**4 - theta * _chord**2 + _cubed, sp.pi, 4),
        "term, upper": (1 - HALF_TERM, sp.pi, 1),
        "term, lower": (k["term"] * _chord - 1 + HALF_TERM, sp.pi, 1),
        "term, sign": (HALF_TERM, 2 * sp.asin(sp.Rational(3, 4)), 0),
    }


def comparisons(k: Constants = CONSTANTS) -> dict[str, tuple[sp.Expr, sp.Expr]]:
    """Return pairs smaller, larger (or equal) of numbers that finish steps 2 and 3.

    Each bounds a power series with coefficients >= 0 by its value at kappa = 1/(3 pi), c = 2, G = 1 + 4 Gamma.
    """
    top_kappa, top_G = 1 / (3 * sp.pi), 1 + 4 * k["shape"]
    y = 2 * top_kappa * top_G
    tail = ((1 - 2 * y) ** sp.Rational(-1, 2) - 1 - y - sp.Rational(3, 2) * y**2) / y**3
    curve = ((1 - 2 * y) ** sp.Rational(3, 2) - 1 + 3 * y) / y**2
    linear = 2 * sp.Rational(3, 2) * top_kappa * (2 * k["shape"] + 4 * k["shape"] ** 2)
    return {
        "increment": (k["shape"] + linear + top_kappa**2 * top_G**3 * tail, k["increment"]),
        "leading": (sp.Rational(3, 2), k["leading"]),
        "slope": (3 * EXCESS + curve * top_kappa * top_G**2, k["slope"] * (1 - 3 * y + curve * y**2)),
    }


# --- inequalities about two inputs -----------------------------------------------------------------------------------


at_most = partial(compared, kind=Kind.CERTIFIED, relation="<=")
"""The certified check that each left side is at most its right side."""


def below(
    tests: str | Iterable[str],
    pairs: Callable[[Context], Iterable[Pair]],
    *sides: Sides,
    domain: str | Callable[[Context], str],
    group: str = "",
) -> Check:
    """Return the certified check `enclosed`: lhs <= rhs for each of the pairs and each of the inequalities."""

    def cases(context: Context) -> list[Case]:
        stated = [side(context.formulas) for side in sides]
        return [Case(pair(lhs), pair(rhs), str(pair)) for pair in pairs(context) for lhs, rhs in stated]

    return at_most("enclosed", tests, cases, domain=domain, group=group)


def tabulated(
    id: str,
    what: str,
    printed: sp.Tuple,
    found: sp.Expr,
    gamma: Fraction,
    group: str,
    cosines: Sequence[Fraction] = GRID,
) -> Reading:
    """Return the reading of a table by depth: the largest value of a formula of pairs over cosines, alpha = L^-gamma.

    Its planted error puts the last digit of the first row off by one.
    """

    def largest(_: Context, depth: sp.Integer) -> At:
        at = [Pair(u, int(depth), gamma) for u in cosines]
        formulas, enclosed = zip(*(written(found, pair) for pair in at), strict=True)
        with ctx.workprec(PREC):
            value = reduce(arb.max, (pair(found) for pair in at))
        return At(value, formula=sp.Max(*formulas), enclosed=ChainMap(*enclosed))

    depths = ", ".join(str(row[0]) for row in printed)
    text = f"The largest {what} over u in {', '.join(map(str, cosines))}, rounded, at L = {depths}."
    label, decimal, unit = printed[0]
    off = sp.Tuple(sp.Tuple(label, decimal + unit, unit), *printed[1:])
    digit = wrong("digit", {"table": off}, f"The enclosure at L = {label} rounds to {float(decimal):g}.")
    return Reading(id, text, {"table": printed}, [table("values", "table", largest, domain=text, group=group)], [digit])


# --- distances of hidden states --------------------------------------------------------------------------------------


def stretched(f: pairs.Formulas) -> tuple[sp.Expr, sp.Expr]:
    """What one layer adds to s = 1/|x - x'|, and the bound."""
    return STRETCH, increment(f)


def at_least(_: pairs.Formulas) -> tuple[sp.Expr, sp.Expr]:
    """What one layer adds to s at least, up to rounding, and what it adds."""
    return kappa * (1 - sp.Rational(1, 2**60)), STRETCH


SCALES, CLOSE = ("1/1000", "1/10", "1/2", "1", "3"), Fraction(10**6 - 1, 10**6)
LAYERS = [Pair(u, 1, scale=Fraction(scale)) for scale, u in product(SCALES, (*COSINES, CLOSE))]
ATTACK, ONE_STEP = "distance-increment", "one layer adds at most kappa (1 + ...) to 1/|x - x'|"
correlation = claim(
    "correlation-to-one",
    title="Distances of hidden states shrink like 1/l",
    statement="With s = 1/|x - x'| for the normalised hidden states and kappa = alpha^2/(3 pi (1 + alpha^2)), each layer "
    "adds between kappa and kappa (1 + (3/2) kappa |x-x'| + |x-x'|^2/4) to s; so 1 - rho_l <= 1/(2 (s_0 + kappa "
    "l)^2).",
    source="2403.04545, the step to Theorem 1",
    known="derived here",
    assumptions=("sphere",),
    text="The constants of the derivation.",
    formulas=CONSTANTS,
    checks=[
        proof(
            "proof",
            CONSTANTS,
            lambda context: certified(inequalities(context.formulas)) + smaller(comparisons(context.formulas)),
            domain="every alpha, every pair of points, every layer",
            lhs="s+ - s",
            rhs="kappa (1 + ...)",
        ),
        below(CONSTANTS, lambda _: LAYERS, stretched, at_least, domain="alpha in 0.001..3, u from -1 to 1 - 1e-6"),
    ],
    wrong=[
        wrong("shape-small", {"shape": sp.Rational(1, 50)}, "Near c = 0 the excess is c^2/40.", checks=["proof"]),
        wrong("term-small", {"term": sp.Rational(1, 2)}, "At a right angle (1 - H)/c is above 0.59.", checks=["proof"]),
        wrong("no-curvature", {"increment": ZERO}, "At u = -1 a layer adds up to 1.18 kappa.", checks=["enclosed"]),
        wrong("leading-sign", {"leading": -sp.Rational(3, 2)}, "The step grows with kappa.", checks=["enclosed"]),
        wrong("linear", {"leading": ZERO, "increment": ZERO}, "It adds more than kappa.", checks=[f"slack-{ATTACK}"]),
    ],
    attack=[pairs.attack(ATTACK, ONE_STEP, stretched, (pairs.CHORD, pairs.ALPHA))],
    regimes=[DEPTH],
)

# --- the degeneration ------------------------------------------------------------------------------------------------

BOUNDS = {"limit": QUARTER, "upper": UPPER, "lower": LOWER}
LAYERS_SEEN = ((100, 10_000), (10, 100, 1000, 10_000), (10, 100, 1000, 10_000, 30_000))
ANY = (pairs.CHORD, pairs.DEPTH)


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
            "limit": (limit, sp.integrate(x ** CONSTANTS["power"], (x, 0, 1))),
            "integral of the upper bound": (integral, s_L / (4 * kappa)),
            "upper bound": (above.subs(s_L, s_0 + lam + DRIFT), UPPER),
            "integral of the cube": (cube, ((s_0 + lam) ** 4 - s_0**4) / (4 * kappa)),
            "integral of the square": (square, (s_0 + lam) ** 3 / (3 * kappa)),
            "lower bound": (below + (sp.Rational(1, 6) + kappa) / lam, lower_from(ell, E)),
        }
    )


def degeneration_steps(context: Context) -> list[Step]:
    """Return all steps from the recursion to the two bounds on r_L - 1/4; of other bounds they say nothing."""
    bounds = {f"bound {name}": (context[name], bound) for name, bound in (("upper", UPPER), ("lower", LOWER))}
    return [*certified(inequalities()), *smaller(comparisons()), *_summation_steps(context["limit"]), *derived(bounds)]


def vanishing(context: Context, exponent: sp.Expr) -> list[Step]:
    """As L grows lambda does, with exponent 1 - 2 gamma > 0, and both bounds tend to zero.

    A symbol in `exponent` stands for any positive number, arbitrarily small ones included.
    """
    limit = sp.limit(context["upper"] + context["lower"], lam, sp.oo)
    least = exponent.subs(dict.fromkeys(exponent.free_symbols, 0))
    grows = True if exponent.is_positive else False if least.is_negative else None
    grown = Step("lambda grows", grows, f"the exponent {exponent} of L is not positive", exact=True)
    return [*derived({"bounds vanish as lambda grows": (limit, sp.S.Zero)}, "the limit is not zero"), grown]


def slow_proof(context: Context) -> list[Step]:
    """Every step of the derivation; lambda >= L^(1 - 2 gamma)/(6 pi) grows for every gamma in [0, 1/2)."""
    distance = sp.Symbol("eta", positive=True)  # 1/2 - gamma
    exponent = sp.simplify(context["exponent"].subs(gamma, sp.Rational(1, 2) - distance))
    clock = identical({"clock": (exponent, 2 * distance)})
    return degeneration_steps(context) + clock + vanishing(context, exponent)


# --- finite depths ---------------------------------------------------------------------------------------------------


def above(f: pairs.Formulas) -> tuple[sp.Expr, sp.Expr]:
    """r_L - 1/4 and its bound."""
    return KERNEL - f["limit"], f["upper"]


def under(f: pairs.Formulas) -> tuple[sp.Expr, sp.Expr]:
    """1/4 - r_L and its bound."""
    return f["limit"] - KERNEL, f["lower"]


def enclosed(exponents: Sequence[Fraction], group: str) -> Check:
    """The check of both explicit bounds at finite depths; at the greatest ones for u = 1/2 alone."""

    def pairs(context: Context) -> list[Pair]:
        each = product(exponents, context.budget.pick(*LAYERS_SEEN), COSINES)
        return [Pair(u, depth, gamma) for gamma, depth, u in each if depth < 10_000 or u == Fraction(1, 2)]

    def where(context: Context) -> str:
        return f"L = {', '.join(map(str, context.budget.pick(*LAYERS_SEEN)))}; u from -1 to 0.999"

    return below(BOUNDS, pairs, above, under, domain=where, group=group)


def degenerating(
    name: str,
    text: str,
    formulas: pairs.Formulas,
    steps: Callable[[Context], list[Step]],
    exponents: Sequence[Fraction],
    own: Variable,
    *more: PlantedError,
    domain: str,
    notes: Sequence[Note] = (),
) -> Reading:
    """Return the first reading of a theorem: its argument, both bounds at finite depths, and what attacks them."""
    upper, lower = (f"slack-{name}-{side}" for side in ("upper", "lower"))
    too_tight = "Points close together need more layers: at u = 0.999 the distance from 1/4 is far above."
    no_start, squared = {"upper": UPPER - s_0 / (4 * lam)}, {"upper": UPPER**2}
    argument = proof(
        "proof", formulas, steps, domain=domain, lhs="r_L - 1/4", rhs="the bounds", notes=notes, group="degeneration"
    )
    return Reading(
        "stated",
        text,
        formulas,
        checks=[argument, enclosed(exponents, name)],
        wrong=[
            wrong("third", {"limit": sp.Rational(1, 3)}, "B falls like the third power of l/L, whose mean is 1/4."),
            wrong("no-start", no_start, too_tight, checks=["enclosed", upper]),
            wrong("upper-squared", squared, "It falls like 1/lambda.", kind="exponent off", checks=["enclosed"]),
            wrong("lower-sign", {"lower": -LOWER}, "r_L is not that far above 1/4.", checks=["enclosed", lower]),
            *more,
        ],
        attack=[
            pairs.attack(f"{name}-upper", "r_L - 1/4 <= the upper bound", above, (*ANY, own)),
            pairs.attack(f"{name}-lower", "1/4 - r_L <= the lower bound", under, (*ANY, own)),
        ],
    )


# --- Theorem 1 -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def scaled_gaps(budget: Budget) -> tuple[Array, dict[str, Array]]:
    """Depths, and L (r_L - 1/4) there for each alpha."""
    depths = np.floor(2 ** (np.arange(18, budget.pick(25, 27, 31)) / 2))
    at, layers = cosine([0.5]), [int(k) for k in depths]
    gaps = {a: depths * (rntk_at_depths(at, layers, a)[:, 0] - 0.25) for a in (1.0, 2.0, 4.0)}
    return depths, {f"alpha = {alpha:g}": gap for alpha, gap in gaps.items()}


def slopes(context: Context) -> list[At]:
    """The slope of L (r_L - 1/4) in log L, the coefficient of log(L)/L, fitted with corrections down to 1/L."""
    L, gaps = scaled_gaps(context.budget)
    columns = [np.log(L), np.ones(len(L)), np.log(L) ** 2 / L, np.log(L) / L, 1 / L]
    return [At(coefficient(scaled, columns), name) for name, scaled in gaps.items()]


def log_picture(context: Context) -> Plot:
    """L (r_L - 1/4) against the depth."""
    depths, gaps = scaled_gaps(context.budget)
    title = "L (r_L - 1/4) at u = 0.5: slope 3/8 in log L whatever alpha"
    curves = [curve(name, depths, scaled) for name, scaled in gaps.items()]
    return picture("log-coefficient", title, "depth L", "L (r_L - 1/4)", curves, "x")


constant_stated = degenerating(
    "constant",
    "Both sides of r_L - 1/4 with explicit constants.",
    BOUNDS,
    lambda context: degeneration_steps(context) + vanishing(context, sp.Integer(1)),
    (Fraction(0),),
    pairs.ALPHA,
    domain="every alpha > 0, every L >= 1, every u < 1",
)
DISTANCE = sp.Abs(KERNEL - QUARTER)
constant_printed = rows((100, "0.0911"), (1000, "0.01058"), (10_000, "0.001151"))
constant_values = tabulated("values", "|r_L - 1/4| at alpha = 1", constant_printed, DISTANCE, Fraction(0), "constant")
constant_rate = Reading(
    "rate",
    "Extra: r_L - 1/4 ~ (3/8) log(L)/L for every alpha and u, so the upper bound has the sharp leading term.",
    {"coefficient": sp.Rational(3, 8)},
    checks=[
        pictured(
            agree("log", "coefficient", slopes, domain=lambda c: f"u = 0.5, L to {scaled_gaps(c.budget)[0][-1]:.0f}"),
            log_picture,
        )
    ],
    wrong=[
        wrong("no-log", {"coefficient": sp.Integer(0)}, "Without a logarithm L (r_L - 1/4) would settle."),
        wrong("half", {"coefficient": sp.Rational(3, 16)}, "It is 3/8."),
    ],
)
constant = Claim(
    "theorem-1-constant",
    title="Theorem 1: constant alpha degenerates",
    statement="For constant alpha > 0 and u < 1, r_L(u) -> 1/4 as L grows. Explicitly, with c = |x-x'|, s_0 = 1/c and "
    "lambda = L alpha^2/(3 pi (1+alpha^2)), |r_L - 1/4| is at most of order (s_0 + log L)/lambda.",
    source="2403.04545, Theorem 1",
    assumptions=("sphere",),
    readings=[constant_stated, constant_values, constant_rate],
    regimes=[DEPTH],
)

# --- Theorem 2 -------------------------------------------------------------------------------------------------------

ANSWERED = Note(
    id="open-question-degeneration",
    severity="remark",
    text="The open question whether the kernel degenerates for every gamma in (0, 1/2) is answered: it does. For every "
    "alpha, L and u < 1, r_L - 1/4 lies between two explicit functions of lambda = L alpha^2/(3 pi (1+alpha^2)) "
    "and |x-x'| that vanish as lambda grows (inequalities in one variable certified in ball arithmetic, the sums "
    "by exact identities), and lambda >= L^(1-2 gamma)/(6 pi). The case gamma = 1/4 of Theorem 2 is one of them. "
    "The key is B_(l+1) = d rho_L / d rho_l (since k1' = k0), and that 1/|x_l - x_l'| grows by alpha^2/(3 pi "
    "(1+alpha^2)) a layer.",
)


def along_the_clock(context: Context) -> tuple[Array, Array, Array]:
    """The limit along the clock at large times, certified: R(T)/T - 1/4 falls like 1/T, with no logarithm."""
    times = context.budget.pick((30, 100, 300, 1000), (100, 300, 1000, 3000, 10_000), tuple(10**k for k in range(2, 7)))
    gaps = np.array([float((limit_kernel(Fraction(1, 2), T).kernel - arb(1) / 4).mid()) for T in times])
    return np.array(times), gaps, np.full(len(gaps), 1e-15)


SLOW = {**BOUNDS, "exponent": 1 - 2 * gamma}
slow_stated = degenerating(
    "slow",
    "Both sides of r_L - 1/4 with explicit constants, for every gamma.",
    SLOW,
    slow_proof,
    (Fraction(1, 10), Fraction(1, 4), Fraction(2, 5), Fraction(49, 100)),
    pairs.exponents(Fraction(0), Fraction(49, 100)),
    wrong("clock", {"exponent": sp.Rational(1, 2) - 2 * gamma}, "L alpha^2 grows for gamma in (1/4, 1/2) too."),
    domain="every gamma in [0, 1/2), L >= 1, u < 1",
    notes=[ANSWERED],
)
slow_printed = rows((100, "0.309"), (1000, "0.1342"), (10_000, "0.0463"))
slow_values = tabulated("values", "|r_L - 1/4| at gamma = 1/4", slow_printed, DISTANCE, Fraction(1, 4), "slow")
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
    wrong=of_order("order", sp.Integer(-1), 0.5, -0.5, why="s grows linearly along the clock."),
)
slow = Claim(
    "theorem-2-slow",
    title="Theorem 2: alpha = L^-gamma with gamma < 1/2 degenerates",
    statement="For alpha = L^-gamma with 0 <= gamma < 1/2 (proved in the paper for gamma = 1/4) and u < 1, r_L(u) -> 1/4; "
    "the natural clock is L alpha^2 = L^(1-2 gamma), and the distance is at most of order 1/L^(1-2 gamma) for "
    "gamma > 0.",
    source="2403.04545, Theorem 2",
    assumptions=("sphere",),
    readings=[slow_stated, slow_values, slow_rate],
    regimes=[DEPTH],
)
