"""Theorem 3: for alpha = L^-gamma with gamma > 1/2 the kernel tends to that of one hidden layer."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.claims import Check, Context, Evidence, Kind, Note, PlantedError, Reading
from mfcheck.kernels.arccos import cosine, half_term
from mfcheck.kernels.formulas import GAP, HALF_TERM, theta
from mfcheck.kernels.rntk import rntk
from mfcheck.rigor.ball import enclose, exact
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling.orders import corrected_order
from mfcheck_proofs.rntk_scaling.proofs import (
    GRID,
    PREC,
    Step,
    all_below,
    alpha_squared,
    certified,
    conclude,
    identical,
    rows,
    table_agrees,
    value,
)
from mfcheck_proofs.rntk_scaling.symbols import L, T, gamma

SCALING = L**-gamma
EXPONENTS = (Fraction(3, 5), Fraction(3, 4), Fraction(1))
POINTS = (Fraction(-99, 100), *GRID, Fraction(999, 1000))
_slope = sp.diff(HALF_TERM, theta)


def smooth(slope: sp.Expr) -> list[Step]:
    """|dH/dtheta| <= slope and |H| <= 1."""
    return certified(
        {
            "slope of H, above": (slope - _slope, sp.pi, 0),
            "slope of H, below": (slope + _slope, sp.pi, 0),
            "H > -1": (1 + HALF_TERM, sp.pi, 0),
            "H < 1": (1 - HALF_TERM, sp.pi, 1),
        }
    )


def _layer_means() -> list[Step]:
    """Means over the layers l = 1..L of (l-1) and of (l-1)^(1/2), against those of the integrals."""
    x, top = sp.Symbol("x", positive=True), sp.Symbol("L", positive=True)
    return identical(
        {
            "mean of l": (sp.integrate(x, (x, 0, top)) / top, top / 2),
            "mean of the root of l": (
                sp.integrate(sp.sqrt(x), (x, 0, top)) / top,
                sp.Rational(2, 3) * sp.sqrt(top),
            ),
        }
    )


def _order(context: Context, derived: sp.Expr, attained: bool) -> Step:
    """A stated power of L is at least the derived one for every gamma > 1/2; `attained` says that none is smaller."""
    eta = sp.Symbol("eta", positive=True)
    gap = sp.simplify((context["order"] - derived).subs(gamma, sp.Rational(1, 2) + eta))
    below = any(gap.subs(eta, at).is_negative for at in (sp.Rational(1, 1000), 1, 1000))
    reason = f"L^({derived}) is " + ("attained" if attained else "what the argument gives")
    return Step(
        "order in L", True if gap.is_nonnegative else False if attained and below else None, reason
    )


def _matches(stated: sp.Expr, derived: sp.Expr) -> Step:
    same = sp.simplify(stated - derived) == 0
    return Step("formula of the bound", True if same else None, "not the one derived")


def pointwise_proof(context: Context) -> Evidence:
    """1 - B <= a L theta/pi; theta moves by at most pi a l GAP/sin(theta) up to layer l; H has slope at most 2/3.

    From cos(theta_l) - cos(theta) = 2 sin(mean) sin(half difference) and sin(mean) >= sin(theta)/2 (concavity).
    """
    slope = context["slope"]
    derived = theta / sp.pi + slope * sp.pi * GAP / sp.sin(theta) / 2
    steps = [*smooth(slope), *_layer_means(), _matches(context["factor"], derived)]
    steps.append(_order(context, 1 - 2 * gamma, attained=False))
    return conclude(steps, "every alpha, L, and u > -1", "|r_L - r_1|", f"{context['factor']} a L")


def pointwise_enclosed(context: Context) -> Evidence:
    """|r_L - r_1| at finite depths against a L times the factor."""
    cases = []
    for exponent in EXPONENTS:
        for depth in context.budget.pick((10, 300), (10, 100, 1000), (10, 100, 1000, 10_000)):
            for u in POINTS:
                with ctx.workprec(PREC):
                    gap = distance(depth, u, exponent)
                    bound = clock(depth, exponent) * enclose(
                        context["factor"], {theta: exact(u).acos()}, PREC
                    )
                cases.append((f"L = {depth}, u = {u}, gamma = {exponent}", gap, bound))
    return all_below(cases, "gamma = 0.6, 0.75, 1; u from -0.99 to 0.999")


def distance(depth: int, u: Fraction, exponent: Fraction) -> arb:
    """Enclose |r_L(u) - r_1(u)| for alpha = L^-exponent."""
    shallow = enclose(HALF_TERM, {theta: exact(u).acos()}, PREC)
    return abs(value(SCALING, depth, u, exponent) - shallow)


def clock(depth: int, exponent: Fraction) -> arb:
    """Enclose a L for alpha = L^-exponent."""
    square = alpha_squared(SCALING, depth, exponent)
    return depth * square / (1 + square)


def fast_values(context: Context) -> Evidence:
    """The distances at gamma = 3/4, enclosed and rounded; at u = 1 it is zero."""

    def largest(depth: int) -> arb:
        worst = arb(0)
        for u in GRID:
            worst = worst.max(distance(depth, u, Fraction(3, 4)))
        return worst

    return table_agrees(
        context["table"],
        largest,
        "gamma = 3/4; largest |r_L - r_1| over u in -0.9, 0, 0.5, 0.9, 1",
        context.budget.pick(3, 4, 4),
    )


def pointwise_rate(context: Context) -> Evidence:
    """The distance at four cosines against the depth, gamma = 3/4."""
    depths = np.array([2**k for k in range(7, context.budget.pick(12, 13, 14))])
    at = cosine([float(u) for u in GRID])
    gaps = [
        float(np.abs(rntk(at, int(k), float(k) ** -0.75) - half_term(at)).max()) for k in depths
    ]
    return corrected_order(
        depths.astype(float),
        np.array(gaps),
        np.full(len(gaps), 1e-14),
        float(context["order"].subs(gamma, sp.Rational(3, 4))),
        -0.5,
        id="fast-rate",
        x_label="depth L",
        y_label="distance of r_L to r_1, gamma = 3/4",
        domain=f"L = 128..{depths[-1]}; u in -0.9, 0, 0.5, 0.9",
    )


# --- uniformly in u --------------------------------------------------------------------------------------------------

_eta = theta  # the angle from the antipode, pi - arccos u
ANTIPODE = {"-H near u = -1": (-HALF_TERM.subs(theta, sp.pi - _eta) - _eta / 40, sp.pi / 3, 1)}
"""-H >= (pi - theta)/40 for u <= -1/2."""


def uniform_lower(context: Context) -> Evidence:
    """At u = -1 the distance is at least a constant times (a L)^(1/2) while a L <= 1/2: H falls linearly in the angle.

    There `1 + rho_l >= a l GAP(pi/2) = a l/pi` and `B >= 1/2`, so `-r_L(-1) >= (1/2)(1/40) mean (2 a (l-1)/pi)^(1/2)`.
    """
    steps = [
        *certified(ANTIPODE),
        *_layer_means(),
        *_leading_term(),
        _order(context, sp.Rational(1, 2) - gamma, attained=True),
    ]
    text = (
        "Convergence to r_1 is not uniform on the sphere at the rate L^(1-2 gamma): at opposite points (u = -1) the "
        "distance is of exact order L^(1/2-gamma), since arccos has a square root there. Leading term: "
        "r_L(-1) ~ -(2 a L)^(1/2)/(3 pi). The factor of a L in the bound for u > -1 grows like 1/sin(theta) "
        "towards u = -1."
    )
    note = Note(id="not-uniform-at-antipodes", severity="major", text=text)
    found = conclude(
        steps, "u = -1, every gamma > 1/2", "sup |r_L - r_1|", f"O(L^({context['order']}))"
    )
    return found.but(notes=(note,)) if found.passed is False else found


def _leading_term() -> list[Step]:
    """r_L(-1)/(a L)^(1/2) -> -2^(1/2)/(3 pi) as a L -> 0 and L -> oo, and the factor of the bound near opposite points.

    `1 + rho_l` lies between a l GAP(theta_l) and a l, where GAP grows to 1 at pi; pi - theta_l ~ (2 (1 + rho_l))^(1/2);
    H is differentiable with H(pi) = 0; 1 - B <= a L. So r_L(-1) ~ -H'(pi) times the mean of (2 a l)^(1/2).
    """
    mean_root = sp.Rational(2, 3) * sp.sqrt(2 * T)
    near = sp.limit(b.fast_pointwise() * sp.sin(theta), theta, sp.pi)
    return identical(
        {
            "GAP grows": (sp.diff(GAP, theta), theta * sp.sin(theta) / sp.pi),
            "GAP at a right angle": (GAP.subs(theta, sp.pi / 2), 1 / sp.pi),
            "GAP at opposite points": (GAP.subs(theta, sp.pi), sp.Integer(1)),
            "H at opposite points": (HALF_TERM.subs(theta, sp.pi), sp.Integer(0)),
            "leading term": (
                -_slope.subs(theta, sp.pi) * mean_root,
                -sp.sqrt(2 * T) / (3 * sp.pi),
            ),
            "factor near opposite points": (near, sp.pi / 3),
        }
    )


def uniform_proof(context: Context) -> Evidence:
    """1 - B <= a L, and |d theta| <= pi (a l/2)^(1/2) since cos(theta_l) - cos(theta) >= 2 sin^2(d theta/2)."""
    slope = context["slope"]
    derived = T + slope * sp.pi * sp.sqrt(T / 2) * sp.Rational(2, 3)
    steps = [*smooth(slope), *certified(ANTIPODE), *_layer_means()]
    steps += [
        _matches(context["bound"], derived),
        _order(context, sp.Rational(1, 2) - gamma, attained=True),
    ]
    return conclude(steps, "every alpha, L and u", "sup |r_L - r_1|", str(context["bound"]))


def uniform_enclosed(context: Context) -> Evidence:
    """|r_L - r_1| at finite depths against the uniform bound, opposite points first."""
    cases = []
    for exponent in EXPONENTS:
        for depth in context.budget.pick((10, 300), (10, 100, 1000), (10, 100, 1000, 10_000)):
            for u in (Fraction(-1), *POINTS):
                with ctx.workprec(PREC):
                    gap = distance(depth, u, exponent)
                    bound = enclose(context["bound"], {T: clock(depth, exponent)}, PREC)
                cases.append((f"L = {depth}, u = {u}, gamma = {exponent}", gap, bound))
    return all_below(cases, "gamma = 0.6, 0.75, 1; u from -1 to 0.999")


def antipodal_rate(context: Context) -> Evidence:
    """The distance at u = -1 against the depth, gamma = 1."""
    depths = np.array([2**k for k in range(6, 13)])
    at = cosine([-1.0])
    gaps = [abs(float(rntk(at, int(k), 1 / float(k))[0])) for k in depths]
    return corrected_order(
        depths.astype(float),
        np.array(gaps),
        np.full(len(gaps), 1e-14),
        float(context["order"].subs(gamma, sp.Integer(1))),
        -0.5,
        id="antipodal-rate",
        x_label="depth L",
        y_label="|r_L(-1)|, gamma = 1",
        domain="L = 64..4096; opposite points",
    )


CHECKS = (
    "fast-proof",
    "fast-enclosed",
    "fast-values",
    "fast-rate",
    "fast-uniform",
    "fast-uniform-proof",
    "fast-uniform-enclosed",
    "fast-uniform-rate",
)
ORDER, ROOT = 1 - 2 * gamma, sp.Rational(1, 2) - gamma
fast = assembled(
    id="theorem-3-fast",
    title="Theorem 3: alpha = L^-gamma with gamma > 1/2 gives the kernel of one hidden layer",
    statement=(
        "For alpha = L^-gamma with gamma > 1/2, r_L(u) -> r_1(u) = (k1 + u k0)/2, with an error of order L^(1-2 "
        "gamma). "
        "Explicitly |r_L - r_1| <= a L (theta/pi + (1 - theta cot theta)/3), a = alpha^2/(1+alpha^2) <= L^(-2 gamma)."
    ),
    source="2403.04545, Theorem 3",
    readings=(
        Reading(
            "stated",
            "At each u > -1, with an explicit constant.",
            {
                "factor": b.fast_pointwise(),
                "slope": b.ANGLE_SLOPE,
                "order": ORDER,
            },
        ),
        Reading(
            "values",
            "The largest |r_L - r_1| over u in -0.9, 0, 0.5, 0.9, 1 at gamma = 3/4, rounded.",
            {
                "table": rows(
                    (10, "1.48e-2"), (100, "5.36e-3"), (1000, "1.72e-3"), (10_000, "5.47e-4")
                )
            },
        ),
        Reading(
            "uniform", "The same order for the largest error over the sphere.", {"order": ORDER}
        ),
        Reading(
            "repaired",
            "Uniformly on the sphere with half the exponent.",
            {"bound": b.fast_uniform(), "slope": b.ANGLE_SLOPE, "order": ROOT},
        ),
    ),
    checks=(
        Check(CHECKS[0], Kind.CERTIFIED, pointwise_proof),
        Check(CHECKS[1], Kind.CERTIFIED, pointwise_enclosed, group="fast"),
        Check(CHECKS[2], Kind.CERTIFIED, fast_values, reading="values", group="fast"),
        Check(CHECKS[3], Kind.SIMULATED, pointwise_rate),
        Check(CHECKS[4], Kind.CERTIFIED, uniform_lower, reading="uniform"),
        Check(CHECKS[5], Kind.CERTIFIED, uniform_proof, reading="repaired"),
        Check(CHECKS[6], Kind.CERTIFIED, uniform_enclosed, reading="repaired", group="fast"),
        Check(CHECKS[7], Kind.SIMULATED, antipodal_rate, reading="repaired"),
    ),
    planted=(
        PlantedError(
            "fast-order-half",
            "exponent off",
            {"order": ORDER - sp.Rational(1, 2)},
            "The first layers move rho by a l, so the error is of order a L.",
            CHECKS[3:4],
        ),
        PlantedError(
            "fast-order-gamma",
            "factor dropped",
            {"order": -2 * gamma},
            "The error is summed over L layers.",
            CHECKS[3:4],
        ),
        PlantedError(
            "fast-slope-half",
            "constant scaled",
            {"slope": b.ANGLE_SLOPE / 2, "factor": b.fast_pointwise(b.ANGLE_SLOPE / 2)},
            "The slope of H in the angle reaches 0.66.",
            CHECKS[:1],
        ),
        PlantedError(
            "fast-factor-small",
            "constant scaled",
            {"factor": b.fast_pointwise() / 8},
            "At a right angle the error is near 0.17 a L.",
            CHECKS[1:2],
        ),
        PlantedError(
            "fast-factor-sign",
            "sign flipped",
            {"factor": -b.fast_pointwise()},
            "A distance is not negative.",
            CHECKS[1:2],
        ),
        PlantedError(
            "fast-table",
            "constant scaled",
            {"table": rows((10, "1.48e-2"), (100, "5.46e-3"))},
            "The enclosure at L = 100 is 5.36e-3.",
            CHECKS[2:3],
            "values",
        ),
        PlantedError(
            "fast-uniform-faster",
            "exponent off",
            {"order": -2 * gamma},
            "Faster still than what fails.",
            CHECKS[4:5],
            "uniform",
        ),
        PlantedError(
            "fast-repaired-order",
            "exponent off",
            {"order": ORDER},
            "Opposite points are slower.",
            (CHECKS[5], CHECKS[7]),
            "repaired",
        ),
        PlantedError(
            "fast-repaired-linear",
            "exponent off",
            {"bound": T},
            "At u = -1 the distance is of order (a L)^(1/2).",
            CHECKS[6:7],
            "repaired",
        ),
    ),
)

CLAIMS = (fast,)
