"""Theorem 3: for alpha = L^-gamma with gamma > 1/2 the kernel tends to that of one hidden layer."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import (
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    Reading,
    Step,
    Variable,
    custom,
    identical,
    proof,
    rows,
    table,
    wrong,
)
from mfcheck.checks.steps import conclude
from mfcheck.kernels.arccos import Cosine, cosine, half_term
from mfcheck.kernels.formulas import GAP, HALF_TERM, theta
from mfcheck.kernels.rntk import correlation, mixing, rntk
from mfcheck.rigor.ball import exact
from mfcheck.statistics.corrections import corrected_order
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling import pairs as p
from mfcheck_proofs.rntk_scaling.critical import smooth, speeds
from mfcheck_proofs.rntk_scaling.recursion import certified
from mfcheck_proofs.rntk_scaling.setting import DEPTH
from mfcheck_proofs.rntk_scaling.symbols import T, gamma

Array = NDArray[np.float64]
POINTS = (Fraction(-99, 100), *p.GRID, Fraction(999, 1000))
ORDER, ROOT = 1 - 2 * gamma, sp.Rational(1, 2) - gamma

# --- steps -----------------------------------------------------------------------------------------------------------


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


def _matches(stated: sp.Expr, derived: sp.Expr) -> Step:
    same = sp.simplify(stated - derived) == 0
    return Step("formula of the bound", True if same else None, "not the one derived", exact=True)


def pointwise_proof(context: Context) -> list[Step]:
    """1 - B <= a L theta/pi; theta moves by at most pi a l GAP/sin(theta) up to layer l; H has slope at most 2/3.

    From cos(theta_l) - cos(theta) = 2 sin(mean) sin(half difference) and sin(mean) >= sin(theta)/2 (concavity).
    """
    slope = context["slope"]
    derived = theta / sp.pi + slope * sp.pi * GAP / sp.sin(theta) / 2
    order = _order(context, ORDER, attained=False)
    return [*smooth(slope), *_layer_means(), _matches(context["factor"], derived), order]


_eta = theta  # the angle from the antipode, pi - arccos u
ANTIPODE = {"-H near u = -1": (-HALF_TERM.subs(theta, sp.pi - _eta) - _eta / 40, sp.pi / 3, 1)}
"""-H >= (pi - theta)/40 for u <= -1/2."""


def uniform_lower(context: Context) -> Evidence:
    """At u = -1 the distance is at least a constant times (a L)^(1/2) while a L <= 1/2: H falls linearly in the angle.

    There `1 + rho_l >= a l GAP(pi/2) = a l/pi` and `B >= 1/2`, so `-r_L(-1) >= (1/2)(1/40) mean (2 a (l-1)/pi)^(1/2)`.
    """
    steps = [*certified(ANTIPODE), *_layer_means(), *leading_term(), _order(context, ROOT, attained=True)]
    text = (
        "Convergence to r_1 is not uniform on the sphere at the rate L^(1-2 gamma): at opposite points (u = -1) the "
        "distance is of exact order L^(1/2-gamma), since arccos has a square root there. Leading term: "
        "r_L(-1) ~ -(2 a L)^(1/2)/(3 pi). The factor of a L in the bound for u > -1 grows like 1/sin(theta) "
        "towards u = -1."
    )
    note = Note(id="not-uniform-at-antipodes", severity="major", text=text)
    found = conclude(steps, "u = -1, every gamma > 1/2", "sup |r_L - r_1|", f"O(L^({context['order']}))")
    return found.but(notes=(note,)) if found.passed is False else found


def leading_term() -> list[Step]:
    """r_L(-1)/(a L)^(1/2) -> -2^(1/2)/(3 pi) as a L -> 0 and L -> oo, and the factor of the bound near opposite points.

    `1 + rho_l` lies between a l GAP(theta_l) and a l, where GAP grows to 1 at pi; pi - theta_l ~ (2 (1 + rho_l))^(1/2);
    H is differentiable with H(pi) = 0; 1 - B <= a L. So r_L(-1) ~ -H'(pi) times the mean of (2 a l)^(1/2).
    """
    mean_root, end = sp.Rational(2, 3) * sp.sqrt(2 * T), sp.diff(HALF_TERM, theta).subs(theta, sp.pi)
    near = sp.limit(b.fast_pointwise() * sp.sin(theta), theta, sp.pi)
    return identical(
        {
            "GAP grows": (sp.diff(GAP, theta), theta * sp.sin(theta) / sp.pi),
            "GAP at a right angle": (GAP.subs(theta, sp.pi / 2), 1 / sp.pi),
            "GAP at opposite points": (GAP.subs(theta, sp.pi), sp.Integer(1)),
            "H at opposite points": (HALF_TERM.subs(theta, sp.pi), sp.Integer(0)),
            "leading term": (-end * mean_root, -sp.sqrt(2 * T) / (3 * sp.pi)),
            "factor near opposite points": (near, sp.pi / 3),
        }
    )


def uniform_proof(context: Context) -> list[Step]:
    """1 - B <= a L, and |d theta| <= pi (a l/2)^(1/2) since cos(theta_l) - cos(theta) >= 2 sin^2(d theta/2)."""
    slope = context["slope"]
    derived = T + slope * sp.pi * sp.sqrt(T / 2) * sp.Rational(2, 3)
    steps = [*smooth(slope), *certified(ANTIPODE), *_layer_means()]
    return [*steps, _matches(context["bound"], derived), _order(context, ROOT, attained=True)]


# --- finite depths ---------------------------------------------------------------------------------------------------


def pointwise(pair: p.Pair, f: p.Formulas) -> tuple[object, object]:
    """|r_L - r_1| and the bound at that angle."""
    return abs(pair.kernel - pair.one_layer), pair(T) * pair(f["factor"])


def uniform(pair: p.Pair, f: p.Formulas) -> tuple[object, object]:
    """|r_L - r_1| and the bound for every angle."""
    return abs(pair.kernel - pair.one_layer), pair(f["bound"])


def _pairs(context: Context, points: Iterable[Fraction]) -> list[p.Pair]:
    depths = context.budget.pick((10, 300), (10, 100, 1000), (10, 100, 1000, 10_000))
    exponents = (Fraction(3, 5), Fraction(3, 4), Fraction(1))
    return [p.Pair(u, depth, exponent) for exponent in exponents for depth in depths for u in points]


def pointwise_enclosed(context: Context) -> Evidence:
    """|r_L - r_1| at finite depths against a L times the factor."""
    where = "gamma = 0.6, 0.75, 1; u from -0.99 to 0.999"
    return p.below(_pairs(context, POINTS), context.formulas, pointwise, domain=where)


def uniform_enclosed(context: Context) -> Evidence:
    """|r_L - r_1| at finite depths against the uniform bound, opposite points first."""
    where = "gamma = 0.6, 0.75, 1; u from -1 to 0.999"
    return p.below(_pairs(context, (Fraction(-1), *POINTS)), context.formulas, uniform, domain=where)


def largest(_: Context, depth: sp.Integer) -> arb:
    """Enclose the largest |r_L - r_1| over the grid at gamma = 3/4; at u = 1 it is zero."""
    worst = arb(0)
    with ctx.workprec(p.PREC):
        for u in p.GRID:
            pair = p.Pair(u, int(depth), Fraction(3, 4))
            worst = worst.max(abs(pair.kernel - pair.one_layer))
    return worst


def _rate(
    context: Context, at: Cosine, exponent: sp.Expr, depths: list[int], id: str, label: str, where: str
) -> Evidence:
    """The largest |r_L - r_1| at some cosines against the depth, alpha = L^-exponent; corrected by L^(-1/2)."""
    power = float(exponent)
    gaps = np.array([float(np.abs(rntk(at, k, k**-power) - half_term(at)).max()) for k in depths])
    stated = float(context["order"].subs(gamma, exponent))
    words = {"id": id, "x_label": "depth L", "y_label": label, "domain": f"L = {depths[0]}..{depths[-1]}; {where}"}
    return corrected_order(np.array(depths, float), gaps, np.full(len(gaps), 1e-14), stated, -0.5, **words)


def pointwise_rate(context: Context) -> Evidence:
    """The distance at four cosines, gamma = 3/4."""
    depths = [2**k for k in range(7, context.budget.pick(12, 13, 14))]
    label, where = "distance of r_L to r_1, gamma = 3/4", "u in -0.9, 0, 0.5, 0.9"
    at = cosine([float(u) for u in p.GRID])
    return _rate(context, at, sp.Rational(3, 4), depths, "fast-rate", label, where)


def antipodal_rate(context: Context) -> Evidence:
    """The distance at opposite points, gamma = 1."""
    depths, label = [2**k for k in range(6, 13)], "|r_L(-1)|, gamma = 1"
    return _rate(context, cosine([-1.0]), sp.Integer(1), depths, "antipodal-rate", label, "opposite points")


# --- first and last layers trained too -------------------------------------------------------------------------------


def all_trained(x: Cosine, depth: int, alpha: float) -> Array:
    """Return the normalised kernel of all layers in double precision; shape of the cosines."""
    a, factor, at = mixing(alpha), np.ones_like(x.v), x
    for _ in range(depth):
        factor = factor * (1 - a * at.angle / np.pi)
        at = correlation(at, 1, alpha)
    whole = at.u + x.u * factor + 2 * a * depth * rntk(x, depth, alpha)
    return np.asarray(whole / (2 * (1 + a * depth)))


MISSING = Note(
    id="trained-ends-linear-limit",
    severity="major",
    text=(
        "Theorem 3 needs a hypothesis that it does not state: first and last layers are frozen, and the residual blocks "
        "alone are trained. With all layers trained the kernel is, up to a factor, rho_L + u B_1 + 2 a L r_L: the ends "
        "add terms of order one, the blocks one of order a L. For gamma > 1/2 the normalised kernel then tends to the "
        "linear kernel u and not to r_1, |t_L - u| <= 3 a L <= 3 L^(1-2 gamma): a network that deep learns linear "
        "functions only."
    ),
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
    return [
        *speeds(),
        *identical(
            {
                "one at u = 1": ((1 + 1 + 2 * T) / whole, sp.Integer(1)),
                "room of the bound": (3 * T - ends / whole, 3 * T**2 / (1 + T)),
                "leading term": (sp.diff(first, T).subs(T, 0), 2 * (r_1 - u)),
            }
        ),
        Step(
            "limit",
            bool(sp.simplify(context["limit"] - u) == 0) or _apart(context["limit"]),
            "the limit is u",
            exact=True,
        ),
    ]


def _apart(stated: sp.Expr) -> bool | None:
    """False where the stated limit certainly differs from u somewhere, else None."""
    gaps = [abs(p.Pair(u, 1)(sp.sympify(stated)) - exact(u)) for u in p.GRID]
    return False if any(bool(gap > arb(2) ** -40) for gap in gaps) else None


def all_trained_limit(context: Context) -> Evidence:
    """Whether the normalised kernel of all layers tends to the stated limit for every gamma > 1/2."""
    where = "every gamma > 1/2, every u; all layers trained"
    found = conclude(limit_steps(context), where, "lim t_L", str(context["limit"]))
    return found.but(notes=(MISSING,)) if found.passed is False else found


def linear_proof(context: Context) -> list[Step]:
    """The limit, the bound that the steps give, and that its order is attained: the leading term is 2 a L (r_1 - u)."""
    return [*limit_steps(context), _matches(context["bound"], 3 * T), _order(context, ORDER, attained=True)]


def from_linear(pair: p.Pair, f: p.Formulas) -> tuple[object, object]:
    """|t_L - u| and its bound."""
    return abs(pair.all_trained - pair(sp.cos(theta))), pair(f["bound"])


def linear_enclosed(context: Context) -> Evidence:
    """|t_L - u| at finite depths against its bound."""
    where = "gamma = 0.6, 0.75, 1; u from -1 to 0.999; all layers trained"
    return p.below(_pairs(context, (Fraction(-1), *POINTS)), context.formulas, from_linear, domain=where)


def linear_rate(context: Context) -> Evidence:
    """The largest |t_L - u| at four cosines against the depth, gamma = 3/4."""
    at, depths = cosine([float(u) for u in p.GRID]), [2**k for k in range(7, context.budget.pick(12, 13, 14))]
    gaps = np.array([float(np.abs(all_trained(at, k, k**-0.75) - at.u).max()) for k in depths])
    stated = float(context["order"].subs(gamma, sp.Rational(3, 4)))
    domain = f"L = 128..{depths[-1]}; u in -0.9, 0, 0.5, 0.9; all layers trained"
    words = {"id": "linear-rate", "x_label": "depth L", "y_label": "distance to u, gamma = 3/4", "domain": domain}
    return corrected_order(np.array(depths, float), gaps, np.full(len(gaps), 1e-14), stated, -0.5, **words)


# --- the claim -------------------------------------------------------------------------------------------------------

HALVED = b.ANGLE_SLOPE / 2
STATED = {"factor": b.fast_pointwise(), "slope": b.ANGLE_SLOPE, "order": ORDER}
LINEAR = {"limit": sp.cos(theta), "bound": 3 * T, "order": ORDER}
REPAIRED = {"bound": b.fast_uniform(), "slope": b.ANGLE_SLOPE, "order": ROOT}
fast = Claim(
    "theorem-3-fast",
    title="Theorem 3: alpha = L^-gamma with gamma > 1/2 gives the kernel of one hidden layer",
    statement=(
        "For alpha = L^-gamma with gamma > 1/2, r_L(u) -> r_1(u) = (k1 + u k0)/2, with an error of order L^(1-2 "
        "gamma). Explicitly |r_L - r_1| <= a L (theta/pi + (1 - theta cot theta)/3), a = alpha^2/(1+alpha^2) <= L^(-2 "
        "gamma)."
    ),
    source="2403.04545, Theorem 3",
    assumptions=("sphere",),
    readings=[
        Reading(
            "stated",
            "At each u > -1, with an explicit constant.",
            STATED,
            checks=[
                proof(
                    "proof",
                    STATED,
                    pointwise_proof,
                    domain="every alpha, L, and u > -1",
                    lhs="|r_L - r_1|",
                    rhs=lambda context: f"{context['factor']} a L",
                ),
                custom("enclosed", "factor", pointwise_enclosed, kind=Kind.CERTIFIED, group="fast"),
                custom("rate", "order", pointwise_rate, kind=Kind.SIMULATED),
            ],
            wrong=[
                wrong(
                    "order-half",
                    {"order": ORDER - sp.Rational(1, 2)},
                    "The first layers move rho by a l, so the error is of order a L.",
                    checks=["rate"],
                ),
                wrong(
                    "order-gamma",
                    {"order": -2 * gamma},
                    "The error is summed over L layers.",
                    kind="factor dropped",
                    checks=["rate"],
                ),
                wrong(
                    "slope-half",
                    {"slope": HALVED, "factor": b.fast_pointwise(HALVED)},
                    "The slope of H in the angle reaches 0.66.",
                    checks=["proof"],
                ),
                wrong(
                    "factor-small",
                    {"factor": b.fast_pointwise() / 8},
                    "At a right angle the error is near 0.17 a L.",
                    checks=["enclosed", "slack-fast-pointwise"],
                ),
                wrong(
                    "factor-sign", {"factor": -b.fast_pointwise()}, "A distance is not negative.", checks=["enclosed"]
                ),
            ],
            attack=[
                p.attack(
                    "fast-pointwise",
                    "|r_L - r_1| <= a L (theta/pi + (1 - theta cot theta)/3)",
                    pointwise,
                    (Variable("chord", Fraction(1, 100), Fraction(199, 100)), p.DEPTH, p.FAST),
                )
            ],
            regimes=[DEPTH],
        ),
        Reading(
            "values",
            "The largest |r_L - r_1| over u in -0.9, 0, 0.5, 0.9, 1 at gamma = 3/4, rounded.",
            {"table": rows((10, "1.48e-2"), (100, "5.36e-3"), (1000, "1.72e-3"), (10_000, "5.47e-4"))},
            checks=[
                table(
                    "values",
                    "table",
                    largest,
                    domain="gamma = 3/4; largest |r_L - r_1| over u in -0.9, 0, 0.5, 0.9, 1; L = 10, 100, 1000, 10000",
                    group="fast",
                )
            ],
            wrong=[
                wrong(
                    "digit", {"table": rows((10, "1.48e-2"), (100, "5.46e-3"))}, "The enclosure at L = 100 is 5.36e-3."
                )
            ],
            regimes=[DEPTH],
        ),
        Reading(
            "uniform",
            "The same order for the largest error over the sphere.",
            {"order": ORDER},
            checks=[custom("uniform", "order", uniform_lower, kind=Kind.CERTIFIED)],
            wrong=[wrong("faster", {"order": -2 * gamma}, "Faster still than what fails.")],
            regimes=[DEPTH],
        ),
        Reading(
            "repaired",
            "Uniformly on the sphere with half the exponent.",
            REPAIRED,
            checks=[
                proof(
                    "proof",
                    REPAIRED,
                    uniform_proof,
                    domain="every alpha, L and u",
                    lhs="sup |r_L - r_1|",
                    rhs=lambda context: str(context["bound"]),
                ),
                custom("enclosed", "bound", uniform_enclosed, kind=Kind.CERTIFIED, group="fast"),
                custom("rate", "order", antipodal_rate, kind=Kind.SIMULATED),
            ],
            wrong=[
                wrong("order", {"order": ORDER}, "Opposite points are slower."),
                wrong(
                    "linear",
                    {"bound": T},
                    "At u = -1 the distance is of order (a L)^(1/2).",
                    kind="exponent off",
                    checks=["enclosed"],
                ),
                wrong(
                    "squared",
                    {"bound": T**2},
                    "At a right angle the distance is of order a L already.",
                    kind="exponent off",
                    checks=["slack-fast-uniform-bound"],
                ),
            ],
            attack=[
                p.attack(
                    "fast-uniform-bound",
                    "|r_L - r_1| <= a L + ... (a L)^(1/2), opposite points included",
                    uniform,
                    (p.CHORD, p.DEPTH, p.FAST),
                )
            ],
            regimes=[DEPTH],
        ),
        Reading(
            "all-trained",
            "The limit is r_1 if first and last layers are trained too.",
            {"limit": HALF_TERM},
            checks=[custom("limit", "limit", all_trained_limit, kind=Kind.CERTIFIED)],
            wrong=[wrong("quarter", {"limit": sp.Rational(1, 4)}, "The limit is u.", kind="wrong function")],
            regimes=[DEPTH],
        ),
        Reading(
            "linear",
            "With all layers trained the limit is the linear kernel u, with an explicit error of exact order.",
            LINEAR,
            checks=[
                proof(
                    "proof",
                    ["limit", "bound", "order"],
                    linear_proof,
                    domain="every gamma > 1/2, every u, L and alpha for the bound",
                    lhs="|t_L - u|",
                    rhs=lambda context: f"{context['bound']}, T = a L",
                ),
                custom("enclosed", "bound", linear_enclosed, kind=Kind.CERTIFIED, group="fast"),
                custom("rate", "order", linear_rate, kind=Kind.SIMULATED),
            ],
            wrong=[
                wrong(
                    "one-layer", {"limit": HALF_TERM}, "That is the limit for frozen ends.", kind="assumption dropped"
                ),
                wrong("tenth", {"bound": T / 10}, "The leading term is 2 a L (r_1 - u).", checks=["enclosed"]),
                wrong("faster", {"order": -2 * gamma}, "The leading term is 2 a L (r_1 - u)."),
            ],
            regimes=[DEPTH],
        ),
        Reading(
            "linear-values",
            "The kernel of all layers at u = -0.9, gamma = 3/4, rounded.",
            {"table": rows((10_000, "-0.8834"))},
            checks=[
                table(
                    "values",
                    "table",
                    lambda _, depth: p.Pair(p.GRID[0], int(depth), Fraction(3, 4)).all_trained,
                    domain="u = -0.9, gamma = 3/4; L = 10000",
                    group="fast",
                )
            ],
            wrong=[wrong("digit", {"table": rows((10_000, "-0.8934"))}, "It is -0.8834 at L = 10000.")],
            regimes=[DEPTH],
        ),
    ],
)
