"""Theorem 3 and what lies between it and Theorem 2: the limits of the kernel for alpha = L^-gamma, gamma >= 1/2.

At gamma = 1/2 it is the solution of a pair of differential equations, with certified values; above, one hidden layer.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import sympy as sp
from flint import ctx
from numpy.typing import NDArray

from mfcheck.checks import (
    Case,
    Check,
    Claim,
    Context,
    Note,
    Plot,
    Reading,
    Sides,
    Step,
    Variable,
    curve,
    derived,
    identical,
    identity,
    picture,
    pictured,
    proof,
    rate,
    rows,
    wrong,
)
from mfcheck.falsify.variants import of_order
from mfcheck.kernels import certificates, pairs
from mfcheck.kernels.arccos import cosine, half_term
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.formulas import GAP, HALF_TERM, L, T, theta
from mfcheck.kernels.formulas import a as share
from mfcheck.kernels.limit import limit_float, limit_kernel
from mfcheck.kernels.pairs import ALL_LAYERS, DIGITS, KERNEL, LIMIT, PREC, Pair
from mfcheck.rigor.ball import compare, enclose, exact
from mfcheck_proofs.rntk_scaling.degeneration import ANY, GRID, at_most, below, certified, tabulated
from mfcheck_proofs.rntk_scaling.setting import DEPTH, HALF, gamma

Array = NDArray[np.float64]
OPPOSITE_TOO = (Fraction(-1), *GRID)
R = sp.Symbol("R", real=True)

# --- the bounds ------------------------------------------------------------------------------------------------------

M = sp.Symbol("M", positive=True)
"""Bound on |dH/dtheta|."""
SLOPE = sp.Rational(2, 3)
TOO_FLAT, STEEPEST = sp.Rational(3, 5), "The slope of H in the angle reaches 0.66."

POINTWISE = theta / sp.pi + M / 2 * (1 - theta * sp.cos(theta) / sp.sin(theta))
"""Factor of a L in the bound on |r_L - r_1| at an angle theta < pi."""

UNIFORM = T + M * sp.Rational(2, 3) * sp.pi / sp.sqrt(2) * sp.sqrt(T)
"""Bound on |r_L - r_1| for every u; the symbol T stands for the product a L."""

CLOCK = sp.sqrt(share * T) * (sp.pi / 2 * M + T / 2) + share * (sp.pi * M / T + (1 + T) / 2 + 1)
"""Bound on |r_L - R(T)/T| for every u, T = a L, R the solution of the pair of `ode_pair`.

Euler's method of step a. With |rho''| <= 1 and slopes 1 - a theta/pi in [0, 1], rho_l is within a T/2 of rho(l a), so
theta_l within (pi/2) (a T)^(1/2) of theta(l a), since |cos - cos'| >= 2 sin^2(half the difference of angles). R and
a R_l stay below T, |R'| <= 1 + T, and theta decreases along the flow, by at most pi in all. So a R_L is within
`T (a T)^(1/2) (pi M/2 + T/2)` (other angles in H and in the damping) plus `a (pi M + T (1 + T)/2 + T)` (changes of H,
R and theta within the steps) of R(T); all divided by T.
"""

CRITICAL_BOUND = CLOCK.subs({share: 1 / (L + 1), T: L / (L + 1)}) + 3 / L
"""Bound on |r_L - R(1)| for alpha = L^(-1/2): the above at a = 1/(L+1), T = 1 - a, and 3/L.

The last since |d/dT (R/T)| <= (2 + T)/T <= 3/T.
"""


def with_slope(slope: sp.Expr, **bounds: sp.Expr) -> dict[str, sp.Expr]:
    """Return the formulas of bounds with a slope M of H, and that slope."""
    return {"slope": slope, **{name: bound.subs(M, slope) for name, bound in bounds.items()}}


def within(gap: sp.Expr, bound: str, times: sp.Expr = sp.S.One) -> pairs.Sides:
    """Return the sides of |gap| <= times the formula of that name."""
    return lambda f: (sp.Abs(gap), times * f[bound])


# --- gamma = 1/2 -----------------------------------------------------------------------------------------------------


def smooth(slope: sp.Expr) -> list[Step]:
    """|dH/dtheta| <= slope and |H| <= 1."""
    turning = sp.diff(HALF_TERM, theta)
    return certified(
        {
            "slope of H, above": (slope - turning, sp.pi, 0),
            "slope of H, below": (slope + turning, sp.pi, 0),
            "H > -1": (1 + HALF_TERM, sp.pi, 0),
            "H < 1": (1 - HALF_TERM, sp.pi, 1),
        }
    )


def ode_pair(context: Context) -> dict[str, tuple[sp.Expr, sp.Expr]]:
    """The closed form solves the pair: along theta' = -GAP/sin, R = GAP int HALF_TERM sin/GAP^2 has that speed."""
    integral, turn, speed = R / GAP, context["turn"], context["R_speed"]
    along = turn * (sp.diff(GAP, theta) * integral - GAP * HALF_TERM * sp.sin(theta) / GAP**2)
    step = sp.Symbol("a", positive=True)
    forward = (1 - step * theta / sp.pi) * R + step * HALF_TERM  # one layer, R scaled by a
    layers = (sp.diff(forward, step), speed)
    return {"closed form": (along, speed), "turn": (-sp.sin(theta) * turn, GAP), "layers": layers}


CLOCK_LAW = Note(
    id="clock-law",
    severity="remark",
    text="One clock governs gamma >= 1/2: r_L is Euler's method of step a = alpha^2/(1+alpha^2) for the pair "
    "rho' = k1 - rho, R' = (k1 + rho k0)/2 - (1 - k0) R, and at fixed T = L a it is within an explicit distance of "
    "order a^(1/2) of R(T)/T, for every u. T -> 0 gives r_1, T -> 1 the limit at gamma = 1/2.",
)


def critical_proof(context: Context) -> list[Step]:
    """The Euler estimate (see `CLOCK`): its constants certified, the stated bound that derived, with limit 0.

    That the limit is neither the constant nor r_1 takes one cosine each, where it differs. As T -> 0 the limit along
    the clock tends to R' at R = 0, which is r_1.
    """
    slope, bound = context["slope"], context["bound"]
    return [
        *identical({**ode_pair(context), "start of the clock": (context["R_speed"].subs(R, 0), HALF_TERM)}),
        *smooth(slope),
        *speeds(),
        *apart(context),
        *derived({"clock": (context["clock"], CLOCK.subs(M, slope)), "bound": (bound, CRITICAL_BOUND.subs(M, slope))}),
        *derived({"the bound vanishes": (sp.limit(bound, L, sp.oo), sp.Integer(0))}, "its limit is not zero"),
    ]


def speeds() -> list[Step]:
    """0 <= GAP <= 1, so that |rho''| = GAP theta/pi <= 1, and rho'' itself from the chain rule."""
    second = sp.diff(GAP, theta) * (-GAP / sp.sin(theta))
    exact_steps = {
        "GAP grows": (sp.diff(GAP, theta), theta * sp.sin(theta) / sp.pi),
        "GAP at pi": (GAP.subs(theta, sp.pi), sp.Integer(1)),
        "second derivative": (second, -GAP * theta / sp.pi),
    }
    return [*certified({"GAP > 0": (GAP, sp.pi, 3)}), *identical(exact_steps)]


def critical_cases(context: Context) -> list[Case]:
    """Finite depths against the bound, and the limit law at other clocks."""
    cases = []
    depths = context.budget.pick((3, 100), (3, 10, 100, 1000), (3, 10, 100, 1000, 10_000))
    for depth, u in product(depths, OPPOSITE_TOO):
        pair = Pair(u, depth, HALF)
        lhs, rhs = map(pair, FROM_LIMIT(context.formulas))
        cases.append(Case(lhs, rhs, str(pair)))
        for time in (Fraction(1, 4), Fraction(4)):
            if (step := time / depth) < 1:
                with ctx.workprec(PREC):
                    gap = abs(kernel(depth, step / (1 - step), DIGITS)(exact(u)) - limit_kernel(u, time).kernel)
                    bound = enclose(context["clock"], {share: exact(step), T: exact(time)}, PREC)
                cases.append(Case(gap, bound, f"T = {time}, L = {depth}, u = {u}"))
    return cases


def apart(context: Context) -> list[Step]:
    """The limit is farther than the margin from the constant and from r_1, at each of four cosines."""
    order, steps = {">": True, "<": False, "?": None}, []
    for (k, u), (name, other) in product(enumerate(GRID), (("constant", context["constant"]), ("r_1", HALF_TERM))):
        pair, margin = Pair(u, 1), context["margin"]
        distance = LIMIT - other if pair(LIMIT - other) > 0 else other - LIMIT
        answer = order[compare(pair(distance), exact(margin))]
        certify = partial(certificates.at_least, f"{name}_{k}", distance, pair, margin)
        steps.append(Step(f"distance to {name} at u = {u}", answer, "within the margin", certify=certify))
    return steps


def clock_picture(_: Context) -> Plot:
    """The limit along the clock, from r_1 to 1/4."""
    grid = np.linspace(-1, 1, 81)
    at = cosine(grid)
    curves = (
        curve("r_1 (T = 0)", grid, half_term(at)),
        curve("T = 1 (gamma = 1/2)", grid, limit_float(at, 1.0)),
        curve("T = 100", grid, limit_float(at, 100.0, 1e-8)),
        curve("1/4", grid, np.full(81, 0.25), "bound"),
    )
    title = "The limit kernel along the clock T = L alpha^2"
    return picture("clock", title, "u", "kernel", curves)


def critical_values(context: Context) -> list[Case]:
    """The values at L = 10^4 are those printed, and the limit is within three units of the last digit."""
    cases = []
    for label, stated, unit in context["table"]:
        pair = Pair(Fraction(int(label.p), int(label.q)), 10_000, HALF)
        for where, symbol, room in (("", KERNEL, unit / 2), ("limit at ", LIMIT, 3 * unit)):
            formula, enclosed = certificates.written(sp.Abs(symbol - stated), pair)
            sides = Sides(formula, room, enclosed=enclosed)
            cases.append(Case(pair(sp.Abs(symbol - stated)), exact(room), f"{where}u = {pair.u}", sides=sides))
    return cases


def in_depth(
    id: str,
    label: str,
    gap: sp.Expr,
    cosines: Sequence[Fraction],
    power: Fraction,
    reach: tuple[int, int, int, int],
    correction: float | None = None,
) -> Check:
    """The check of the order in L of the largest size of a formula of pairs, enclosed, alpha = L^-power.

    Depths are powers of two, from that of the first exponent to that before the last, which depends on the budget.
    """
    first, *last = reach

    def sizes(context: Context) -> tuple[Array, Array, Array]:
        depths = [2**k for k in range(first, context.budget.pick(*last))]
        found = [max(abs(float(Pair(u, depth, power)(gap).mid())) for u in cosines) for depth in depths]
        return np.array(depths, dtype=float), np.array(found), np.full(len(found), 1e-13)

    return rate(
        id,
        "order",
        sizes,
        x_label="depth L",
        y_label=f"{label}, gamma = {power}",
        domain=lambda c: f"L = {2**first}..{2 ** (c.budget.pick(*last) - 1)}; u in {', '.join(map(str, cosines))}",
        where={gamma: power},
        correction=correction,
    )


FROM_LIMIT = within(KERNEL - LIMIT, "bound")
CRITICAL = {
    "turn": -GAP / sp.sin(theta),
    "R_speed": HALF_TERM - theta / sp.pi * R,
    "constant": sp.Rational(1, 4),
    "margin": sp.Rational(1, 100),
    **with_slope(SLOPE, clock=CLOCK, bound=CRITICAL_BOUND),
}
critical_stated = Reading(
    "stated",
    "The pair in the angle, the distance of r_L to its solution, the distance of the limit to 1/4 and to r_1 "
    "at u = -0.9, 0, 0.5, 0.9.",
    CRITICAL,
    checks=[
        identity(
            "ode", ["turn", "R_speed"], lambda c: ode_pair(c).values(), domain="every angle and time", whole=False
        ),
        pictured(
            proof(
                "neither",
                ["constant", "margin"],
                apart,
                domain="u in -0.9, 0, 0.5, 0.9, certified",
                whole=False,
                lhs="|limit - 1/4|, |limit - r_1|",
                rhs="> {margin}",
            ),
            clock_picture,
        ),
        proof(
            "proof",
            CRITICAL,
            critical_proof,
            domain="every u, L and clock T",
            lhs="|r_L - R(1)|",
            rhs="{bound}",
            notes=[CLOCK_LAW],
        ),
        at_most("enclosed", ["bound", "clock"], critical_cases, domain="clocks T = 1/4, 1, 4; u from -1 to 0.9"),
    ],
    wrong=[
        wrong("damping", {"R_speed": HALF_TERM - theta / 3 * R}, "A layer's factor is 1 - a theta/pi.", checks=["ode"]),
        wrong("turn-sign", {"turn": GAP / sp.sin(theta)}, "Correlations grow, so angles shrink.", checks=["ode"]),
        wrong("equal", {"margin": sp.Rational(1, 2)}, "The limit is within 1/2 of both.", checks=["neither"]),
        wrong("slope", with_slope(TOO_FLAT, clock=CLOCK, bound=CRITICAL_BOUND), STEEPEST, checks=["proof"]),
        wrong("bound-square", {"bound": 3 / L**2}, "It falls like 1/L.", checks=["enclosed", "slack-critical-bound"]),
        wrong("clock-linear", {"clock": share / 8}, "At opposite points it is of order a^(1/2).", checks=["enclosed"]),
    ],
    attack=[pairs.attack("critical-bound", "|r_L - R(1)| <= the bound at alpha = L^(-1/2)", FROM_LIMIT, ANY, HALF)],
)
PRINTED = ((sp.Rational(-9, 10), "-0.01445"), (sp.Integer(0), "0.19284"), (sp.Rational(1, 2), "0.43991"))
critical_printed = Reading(
    "values",
    "r_L at L = 10000 at u = -0.9, 0, 0.5, 0.9, rounded, and the limit within three units of the last digit.",
    {"table": rows(*PRINTED, (sp.Rational(9, 10), "0.78956"))},
    checks=[
        at_most("values", "table", critical_values, whole=True, domain="L = 10000, and the limit; all four cosines")
    ],
    wrong=[wrong("digit", {"table": rows((sp.Integer(0), "0.19384"))}, "The enclosed limit is 0.19285.")],
)
critical_rate = Reading(
    "rate",
    "Extra: the distance to the limit falls like 1/L, faster than the bound.",
    {"order": sp.Integer(-1)},
    checks=[in_depth("depth", "distance of r_L to the limit", KERNEL - LIMIT, OPPOSITE_TOO, HALF, (5, 11, 11, 11))],
    wrong=of_order("order", sp.Integer(-1), 0.5, -1, why="Euler's method has order one."),
)
critical = Claim(
    "critical-scaling",
    title="gamma = 1/2: a limit of its own",
    statement="For alpha = L^(-1/2), r_L -> R(1), where rho' = k1 - rho, R' = (k1 + rho k0)/2 - (1 - k0) R, rho(0) = u, "
    "R(0) = 0; in closed form 1 = int sin/GAP over the angles passed, R(1) = GAP int HALF_TERM sin/GAP^2, "
    "uniformly in u and with an explicit error of order L^(-1/2). It is neither 1/4 nor r_1.",
    source="2403.04545, between Theorems 2 and 3 (gamma = 1/2 is not treated there)",
    known="derived here",
    assumptions=("sphere",),
    readings=[critical_stated, critical_printed, critical_rate],
    regimes=[DEPTH],
)

# --- gamma > 1/2 -----------------------------------------------------------------------------------------------------

THREE_QUARTERS, GREAT = Fraction(3, 4), (7, 12, 13, 14)
POINTS = (Fraction(-99, 100), *GRID, Fraction(999, 1000))
ORDER, ROOT = 1 - 2 * gamma, sp.Rational(1, 2) - gamma


def _layer_means() -> list[Step]:
    """Means over the layers l = 1..L of (l-1) and of (l-1)^(1/2), against those of the integrals."""
    x, top = sp.Symbol("x", positive=True), sp.Symbol("L", positive=True)
    linear, root = (sp.integrate(f, (x, 0, top)) / top for f in (x, sp.sqrt(x)))
    return identical({"mean of l": (linear, top / 2), "mean of the root of l": (root, 2 * sp.sqrt(top) / 3)})


def _order(context: Context, derived: sp.Expr, attained: bool) -> Step:
    """A stated power of L is at least the derived one for every gamma > 1/2; `attained` says that none is smaller."""
    eta = sp.Symbol("eta", positive=True)
    gap = sp.simplify((context["order"] - derived).subs(gamma, sp.Rational(1, 2) + eta))
    below = any(gap.subs(eta, at).is_negative for at in (sp.Rational(1, 1000), 1, 1000))
    reason = f"L^({derived}) is " + ("attained" if attained else "what the argument gives")
    return Step("order in L", True if gap.is_nonnegative else False if attained and below else None, reason, exact=True)


def pointwise_proof(context: Context) -> list[Step]:
    """1 - B <= a L theta/pi; theta moves by at most pi a l GAP/sin(theta) up to layer l; H has slope at most 2/3.

    From cos(theta_l) - cos(theta) = 2 sin(mean) sin(half difference) and sin(mean) >= sin(theta)/2 (concavity).
    """
    slope = context["slope"]
    factor = theta / sp.pi + slope * sp.pi * GAP / sp.sin(theta) / 2
    order = _order(context, ORDER, attained=False)
    return [*smooth(slope), *_layer_means(), *derived({"factor": (context["factor"], factor)}), order]


ANTIPODE = {"-H near u = -1": (-HALF_TERM.subs(theta, sp.pi - theta) - theta / 40, sp.pi / 3, 1)}
"""-H >= (pi - arccos u)/40 for u <= -1/2, in that angle from the opposite point."""

NOT_UNIFORM = Note(
    id="not-uniform-at-antipodes",
    severity="major",
    text="Convergence to r_1 is not uniform on the sphere at the rate L^(1-2 gamma): at opposite points (u = -1) the "
    "distance is of exact order L^(1/2-gamma), since arccos has a square root there. Leading term: "
    "r_L(-1) ~ -(2 a L)^(1/2)/(3 pi). The factor of a L in the bound for u > -1 grows like 1/sin(theta) "
    "towards u = -1.",
)


def uniform_lower(context: Context) -> list[Step]:
    """At u = -1 the distance is at least a constant times (a L)^(1/2) while a L <= 1/2: H falls linearly in the angle.

    There `1 + rho_l >= a l GAP(pi/2) = a l/pi` and `B >= 1/2`, so `-r_L(-1) >= (1/2)(1/40) mean (2 a (l-1)/pi)^(1/2)`.
    """
    return [*certified(ANTIPODE), *_layer_means(), *speeds(), *leading_term(), _order(context, ROOT, attained=True)]


def leading_term() -> list[Step]:
    """r_L(-1)/(a L)^(1/2) -> -2^(1/2)/(3 pi) as a L -> 0 and L -> oo, and the factor of the bound near opposite points.

    `1 + rho_l` lies between a l GAP(theta_l) and a l, where GAP grows to 1 at pi (`speeds`); pi - theta_l is about
    (2 (1 + rho_l))^(1/2); H is differentiable with H(pi) = 0; 1 - B <= a L. So r_L(-1) ~ -H'(pi) times the mean of
    (2 a l)^(1/2).
    """
    mean_root, end = (sp.Rational(2, 3) * sp.sqrt(2 * T), sp.diff(HALF_TERM, theta).subs(theta, sp.pi))
    near = sp.limit(POINTWISE.subs(M, SLOPE) * sp.sin(theta), theta, sp.pi)
    return identical(
        {
            "GAP at a right angle": (GAP.subs(theta, sp.pi / 2), 1 / sp.pi),
            "H at opposite points": (HALF_TERM.subs(theta, sp.pi), sp.Integer(0)),
            "leading term": (-end * mean_root, -sp.sqrt(2 * T) / (3 * sp.pi)),
            "factor near opposite points": (near, sp.pi / 3),
        }
    )


def uniform_proof(context: Context) -> list[Step]:
    """1 - B <= a L, and |d theta| <= pi (a l/2)^(1/2) since cos(theta_l) - cos(theta) >= 2 sin^2(d theta/2)."""
    slope = context["slope"]
    bound = T + slope * sp.pi * sp.sqrt(T / 2) * sp.Rational(2, 3)
    steps = [*smooth(slope), *certified(ANTIPODE), *_layer_means()]
    return [*steps, *derived({"bound": (context["bound"], bound)}), _order(context, ROOT, attained=True)]


def finite(tests: str, sides: pairs.Sides, where: str, *more: Fraction) -> Check:
    """The check of a bound at finite depths, three exponents and many cosines, and some more."""

    def pairs(context: Context) -> list[Pair]:
        depths = context.budget.pick((10, 300), (10, 100, 1000), (10, 100, 1000, 10_000))
        exponents = (Fraction(3, 5), Fraction(3, 4), Fraction(1))
        return [Pair(u, depth, power) for power, depth, u in product(exponents, depths, (*more, *POINTS))]

    return below(tests, pairs, sides, domain=f"gamma = 0.6, 0.75, 1; u from {where}", group="fast")


# --- first and last layers trained too -------------------------------------------------------------------------------

MISSING = Note(
    id="trained-ends-linear-limit",
    severity="major",
    text="Theorem 3 needs a hypothesis that it does not state: first and last layers are frozen, and the residual blocks "
    "alone are trained. With all layers trained the kernel is, up to a factor, rho_L + u B_1 + 2 a L r_L: the ends "
    "add terms of order one, the blocks one of order a L. For gamma > 1/2 the normalised kernel then tends to the "
    "linear kernel u and not to r_1, |t_L - u| <= 3 a L <= 3 L^(1-2 gamma): a network that deep learns linear "
    "functions only.",
)


def limit_steps(context: Context) -> list[Step]:
    """The steps from the kernel of all layers to its distance from u; the limit is the stated one or it is not.

    0 <= rho_L - u <= a L as each layer adds a GAP, 0 <= GAP <= 1; 1 - a L <= B_1 <= 1 as its factors are 1 - a theta/pi
    (Bernoulli); |r_L| <= 1, as its series has no coefficient below 0 and r_L(1) = 1. So the three terms move by at most
    a L, a L and 4 a L, all over 2 (1 + a L).
    """
    u, r_1 = sp.cos(theta), HALF_TERM
    whole, ends = 2 * (1 + T), T + T + 4 * T
    first = (u + T * GAP + u * (1 - T * theta / sp.pi) + 2 * T * r_1) / whole
    exact_steps = {
        "one at u = 1": ((1 + 1 + 2 * T) / whole, sp.Integer(1)),
        "room of the bound": (3 * T - ends / whole, 3 * T**2 / (1 + T)),
        "leading term": (sp.diff(first, T).subs(T, 0), 2 * (r_1 - u)),
        "limit": (context["limit"], u),
    }
    return [*speeds(), *identical(exact_steps)]


def linear_proof(context: Context) -> list[Step]:
    """The limit, the bound that the steps give, and that its order is attained: the leading term is 2 a L (r_1 - u)."""
    bound = derived({"bound": (context["bound"], 3 * T)})
    return [*limit_steps(context), *bound, _order(context, ORDER, attained=True)]


# --- the claim -------------------------------------------------------------------------------------------------------

FAST = {"order": ORDER, **with_slope(SLOPE, factor=POINTWISE)}
LINEAR = {"limit": sp.cos(theta), "bound": 3 * T, "order": ORDER}
REPAIRED = {"order": ROOT, **with_slope(SLOPE, bound=UNIFORM)}
FROM_ONE_LAYER, FROM_LINEAR = KERNEL - HALF_TERM, ALL_LAYERS - sp.cos(theta)
BY_FACTOR, BY_BOUND = within(FROM_ONE_LAYER, "factor", T), within(FROM_ONE_LAYER, "bound")
AWAY = Variable("chord", Fraction(1, 100), Fraction(199, 100))
ABOVE_HALF = pairs.exponents(Fraction(51, 100), Fraction(2))
fast_stated = Reading(
    "stated",
    "At each u > -1, with an explicit constant.",
    FAST,
    checks=[
        proof(
            "proof", FAST, pointwise_proof, domain="every alpha, L, and u > -1", lhs="|r_L - r_1|", rhs="{factor} a L"
        ),
        finite("factor", BY_FACTOR, "-0.99 to 0.999"),
        in_depth("rate", "distance of r_L to r_1", FROM_ONE_LAYER, GRID, THREE_QUARTERS, GREAT, -0.5),
    ],
    wrong=[
        wrong("order-half", {"order": ORDER - sp.Rational(1, 2)}, "rho moves by a l up to layer l.", checks=["rate"]),
        wrong("order-gamma", {"order": -2 * gamma}, "The error is summed over L layers.", checks=["rate"]),
        wrong("slope", with_slope(TOO_FLAT, factor=POINTWISE), STEEPEST, checks=["proof"]),
        wrong(
            "factor-small",
            {"factor": FAST["factor"] / 8},
            "At a right angle the error is near 0.17 a L.",
            checks=["enclosed", "slack-fast-pointwise"],
        ),
        wrong("factor-sign", {"factor": -FAST["factor"]}, "A distance is not negative.", checks=["enclosed"]),
    ],
    attack=[
        pairs.attack(
            "fast-pointwise", "|r_L - r_1| <= a L times the factor", BY_FACTOR, (AWAY, pairs.DEPTH, ABOVE_HALF)
        )
    ],
)
fast_printed = rows((10, "1.48e-2"), (100, "5.36e-3"), (1000, "1.72e-3"), (10_000, "5.47e-4"))
fast_values = tabulated(
    "values", "|r_L - r_1| (0 at u = 1) at gamma = 3/4", fast_printed, sp.Abs(FROM_ONE_LAYER), THREE_QUARTERS, "fast"
)
fast_uniform = Reading(
    "uniform",
    "The same order for the largest error over the sphere.",
    {"order": ORDER},
    checks=[
        proof(
            "uniform",
            "order",
            uniform_lower,
            domain="u = -1, every gamma > 1/2",
            lhs="sup |r_L - r_1|",
            rhs="O(L^({order}))",
            otherwise=[NOT_UNIFORM],
        )
    ],
    wrong=[wrong("faster", {"order": -2 * gamma}, "Faster still than what fails.")],
)
fast_repaired = Reading(
    "repaired",
    "Uniformly on the sphere with half the exponent.",
    REPAIRED,
    checks=[
        proof("proof", REPAIRED, uniform_proof, domain="every alpha, L and u", lhs="sup |r_L - r_1|", rhs="{bound}"),
        finite("bound", BY_BOUND, "-1 to 0.999", Fraction(-1)),
        in_depth("rate", "|r_L(-1)|", FROM_ONE_LAYER, (Fraction(-1),), Fraction(1), (6, 13, 13, 13), -0.5),
    ],
    wrong=[
        wrong("order", {"order": ORDER}, "Opposite points are slower."),
        wrong("linear", {"bound": T}, "At u = -1 the distance is of order (a L)^(1/2).", checks=["enclosed"]),
        wrong("squared", {"bound": T**2}, "At a right angle it is of order a L.", checks=["slack-fast-uniform-bound"]),
    ],
    attack=[pairs.attack("fast-uniform-bound", "|r_L - r_1| <= the bound for every u", BY_BOUND, (*ANY, ABOVE_HALF))],
)
fast_all_trained = Reading(
    "all-trained",
    "The limit is r_1 if first and last layers are trained too.",
    {"limit": HALF_TERM},
    checks=[
        proof(
            "limit",
            "limit",
            limit_steps,
            domain="every gamma > 1/2, every u; all layers trained",
            lhs="lim t_L",
            rhs="{limit}",
            otherwise=[MISSING],
        )
    ],
    wrong=[wrong("quarter", {"limit": sp.Rational(1, 4)}, "The limit is u.")],
)
fast_linear = Reading(
    "linear",
    "With all layers trained the limit is the linear kernel u, with an explicit error of exact order.",
    LINEAR,
    checks=[
        proof(
            "proof",
            LINEAR,
            linear_proof,
            domain="all alpha, L, u, gamma > 1/2",
            lhs="|t_L - u|",
            rhs="{bound}, T = a L",
        ),
        finite("bound", within(FROM_LINEAR, "bound"), "-1 to 0.999; all layers trained", Fraction(-1)),
        in_depth("rate", "distance of all layers' kernel to u", FROM_LINEAR, GRID, THREE_QUARTERS, GREAT, -0.5),
    ],
    wrong=[
        wrong("one-layer", {"limit": HALF_TERM}, "That is the limit for frozen ends.", kind="assumption dropped"),
        wrong("tenth", {"bound": T / 10}, "The leading term is 2 a L (r_1 - u).", checks=["enclosed"]),
        wrong("faster", {"order": -2 * gamma}, "The leading term is 2 a L (r_1 - u)."),
    ],
)
linear_printed, of_all = rows((10_000, "-0.8834")), "kernel t_L of all layers at gamma = 3/4"
fast_linear_values = tabulated(
    "linear-values", of_all, linear_printed, ALL_LAYERS, THREE_QUARTERS, "fast", cosines=GRID[:1]
)
fast = Claim(
    "theorem-3-fast",
    title="Theorem 3: alpha = L^-gamma with gamma > 1/2 gives the kernel of one hidden layer",
    statement="For alpha = L^-gamma with gamma > 1/2, r_L(u) -> r_1(u) = (k1 + u k0)/2, with an error of order L^(1-2 "
    "gamma). Explicitly |r_L - r_1| <= a L (theta/pi + (1 - theta cot theta)/3), a = alpha^2/(1+alpha^2) <= L^(-2 "
    "gamma).",
    source="2403.04545, Theorem 3",
    assumptions=("sphere",),
    readings=[fast_stated, fast_values, fast_uniform, fast_repaired, fast_all_trained, fast_linear, fast_linear_values],
    regimes=[DEPTH],
)
