"""The case gamma = 1/2: a limit that is neither constant nor r_1, as an ODE pair with certified values."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks.identity import identities
from mfcheck.claims import (
    Check,
    Context,
    Curve,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Plot,
    Reading,
    Scope,
)
from mfcheck.kernels.arccos import cosine, half_term
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.formulas import GAP, HALF_TERM, theta
from mfcheck.kernels.limit import limit_float, limit_kernel
from mfcheck.kernels.rntk import rntk
from mfcheck.rigor.ball import compare, enclose, exact
from mfcheck.statistics.compare import order_evidence
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling.fast import smooth
from mfcheck_proofs.rntk_scaling.proofs import (
    GRID,
    PREC,
    Step,
    all_below,
    certified,
    conclude,
    identical,
    rows,
    value,
)
from mfcheck_proofs.rntk_scaling.symbols import L, T
from mfcheck_proofs.rntk_scaling.symbols import a as share

SCALING = 1 / sp.sqrt(L)
R = sp.Symbol("R", real=True)


def ode_pair(context: Context) -> Evidence:
    """The closed form solves the pair: along theta' = -GAP/sin, R = GAP int HALF_TERM sin/GAP^2 has that speed."""
    return identities(
        _pair(context).values(), "every angle, every time; the layers are Euler steps of size a"
    )


def _pair(context: Context) -> dict[str, tuple[sp.Expr, sp.Expr]]:
    integral = R / GAP
    turn = context["turn"]
    along = turn * (sp.diff(GAP, theta) * integral - GAP * HALF_TERM * sp.sin(theta) / GAP**2)
    step = sp.Symbol("a", positive=True)
    forward = (1 - step * theta / sp.pi) * R + step * HALF_TERM  # one layer, R scaled by a
    return {
        "closed form": (along, context["R_speed"]),
        "turn": (-sp.sin(theta) * turn, GAP),
        "layers": (sp.diff(forward, step), context["R_speed"]),
    }


def critical_proof(context: Context) -> Evidence:
    """The Euler estimate (see `bounds.clock`): its constants certified, the stated bound that derived, with limit 0.

    That the limit is neither the constant nor r_1 takes one cosine each, where it differs. As T -> 0 the limit along
    the clock tends to R' at R = 0, which is r_1.
    """
    slope = context["slope"]
    steps = [*identical(_pair(context)), *smooth(slope), *_speeds(), *_apart(context)]
    steps += identical({"start of the clock": (context["R_speed"].subs(R, 0), HALF_TERM)})
    for name, derived in (("clock", b.clock(slope)), ("bound", b.critical(slope))):
        same = sp.simplify(context[name] - derived) == 0
        steps.append(Step(name, True if same else None, "not the bound derived"))
    tends = sp.limit(context["bound"], L, sp.oo) == 0
    steps.append(Step("the bound vanishes", True if tends else None, "its limit is not zero"))
    note = Note(
        id="clock-law",
        severity="remark",
        text=(
            "One clock governs gamma >= 1/2: r_L is Euler's method of step a = alpha^2/(1+alpha^2) for the pair "
            "rho' = k1 - rho, R' = (k1 + rho k0)/2 - (1 - k0) R, and at fixed T = L a it is within an explicit "
            "distance of order a^(1/2) of R(T)/T, for every u. T -> 0 gives r_1, T -> 1 the limit at gamma = 1/2."
        ),
    )
    return conclude(
        steps,
        "every u, every L; every clock T for the limit law",
        "|r_L - R(1)|",
        str(b.critical()),
        (note,),
    )


def _speeds() -> list[Step]:
    """0 <= GAP <= 1, so that |rho''| = GAP theta/pi <= 1, and rho'' itself from the chain rule."""
    inside = certified(
        {"GAP > 0": (GAP, sp.pi, 3), "GAP grows": (sp.diff(GAP, theta), sp.pi / 2, 2)}
    )
    second = sp.diff(GAP, theta) * (-GAP / sp.sin(theta))
    ends = {"GAP at pi": (GAP.subs(theta, sp.pi), sp.Integer(1))}
    ends |= {"second derivative": (second, -GAP * theta / sp.pi)}
    return [*inside, *identical(ends)]


def critical_enclosed(context: Context) -> Evidence:
    """Finite depths against the bound, and the limit law at other clocks."""
    cases = []
    for depth in context.budget.pick((3, 100), (3, 10, 100, 1000), (3, 10, 100, 1000, 10_000)):
        for u in (Fraction(-1), *GRID):
            with ctx.workprec(PREC):
                gap = abs(value(SCALING, depth, u) - limit_kernel(u).kernel)
                cases.append(
                    (
                        f"L = {depth}, u = {u}",
                        gap,
                        enclose(context["bound"], {L: exact(depth)}, PREC),
                    )
                )
                cases += _other_clocks(context, depth, u)
    return all_below(cases, "gamma = 1/2, and clocks T = 1/4, 4; u from -1 to 0.9")


def _other_clocks(context: Context, depth: int, u: Fraction) -> list[tuple[str, arb, arb]]:
    cases = []
    for time in (Fraction(1, 4), Fraction(4)):
        step = time / depth
        if step >= 1:
            continue
        finite = kernel(depth, step / (1 - step), 15)(exact(u))
        gap = abs(finite - limit_kernel(u, time).kernel)
        at = {share: exact(step), T: exact(time)}
        cases.append(
            (f"T = {time}, L = {depth}, u = {u}", gap, enclose(context["clock"], at, PREC))
        )
    return cases


def critical_values(context: Context) -> Evidence:
    """The values at L = 10^4 are those printed, and the limit is within three units of the last digit.

    At a smaller depth, which is cheaper, the distance to the limit is allowed for; that covers no stated value.
    """
    depth = context.budget.pick(2500, 10_000, 10_000)
    slack = Fraction(10_000, depth) - 1  # the distance to the limit falls like 1/L
    cases = []
    for label, stated, unit in context["table"]:
        u = Fraction(int(label.p), int(label.q))
        with ctx.workprec(PREC):
            finite, limit = value(SCALING, depth, u), limit_kernel(u).kernel
            allowed = exact(unit) / 2 + abs(finite - limit) * exact(slack)
            cases.append((f"u = {u}", abs(finite - exact(stated)), allowed))
            cases.append((f"limit at u = {u}", abs(limit - exact(stated)), exact(unit) * 3))
    found = all_below(cases, f"L = {depth} and the limit; u in -0.9, 0, 0.5, 0.9")
    return found.but(scope=Scope.CASES if slack else Scope.WHOLE)


def neither(context: Context) -> Evidence:
    """The limit differs from the constant and from the kernel of one hidden layer: certified at four cosines."""
    steps = _apart(context)
    grid = np.linspace(-1, 1, 81)
    curves = [
        Curve(label=label, x=tuple(map(float, grid)), y=tuple(map(float, y)), style=style)
        for label, y, style in (
            ("r_1 (T = 0)", half_term(cosine(grid)), "line"),
            ("T = 1 (gamma = 1/2)", limit_float(cosine(grid), 1.0), "line"),
            ("T = 100", limit_float(cosine(grid), 100.0, 1e-8), "line"),
            ("1/4", np.full(81, 0.25), "bound"),
        )
    ]
    plot = Plot(
        id="clock",
        title="The limit kernel along the clock T = L alpha^2",
        x_label="u",
        y_label="kernel",
        curves=tuple(curves),
    )
    found = conclude(
        steps,
        "u in -0.9, 0, 0.5, 0.9, certified",
        "|limit - 1/4|, |limit - r_1|",
        f"> {context['margin']}",
        scope=Scope.CASES,
    )
    return found.but(plots=(plot,))


def _apart(context: Context) -> list[Step]:
    """The limit is farther than the margin from the constant and from r_1, at each of four cosines."""
    order = {">": True, "<": False, "?": None}
    steps = []
    for u in GRID:
        with ctx.workprec(PREC):
            limit, margin = limit_kernel(u).kernel, exact(context["margin"])
            shallow = enclose(HALF_TERM, {theta: exact(u).acos()}, PREC)
            for name, other in (("constant", exact(context["constant"])), ("r_1", shallow)):
                answer = order[compare(abs(limit - other), margin)]
                steps.append(Step(f"distance to {name} at u = {u}", answer, "within the margin"))
    return steps


def critical_rate(context: Context) -> Evidence:
    """The largest distance of r_L to the limit at five cosines, opposite points among them, against L."""
    depths = np.array([32, 64, 128, 256, 512, 1024])
    points = (Fraction(-1), *GRID)
    limits = np.array([float(limit_kernel(u).kernel.mid()) for u in points])
    at = cosine([float(u) for u in points])
    gaps = [float(np.abs(rntk(at, int(k), float(k) ** -0.5) - limits).max()) for k in depths]
    return order_evidence(
        depths.astype(float),
        np.array(gaps),
        np.full(len(gaps), 1e-13),
        float(context["order"]),
        id="critical-rate",
        x_label="depth L",
        y_label="distance of r_L to the limit at gamma = 1/2",
        domain="L = 32..1024; u in -1, -0.9, 0, 0.5, 0.9; certified limit",
    )


CHECKS = (
    "critical-ode",
    "critical-values",
    "critical-neither",
    "critical-rate",
    "critical-proof",
    "critical-enclosed",
)
TABLE = rows(
    (sp.Rational(-9, 10), "-0.01445"),
    (sp.Integer(0), "0.19284"),
    (sp.Rational(1, 2), "0.43991"),
    (sp.Rational(9, 10), "0.78956"),
)
critical = assembled(
    id="critical-scaling",
    title="gamma = 1/2: a limit of its own",
    statement=(
        "For alpha = L^(-1/2), r_L -> R(1), where rho' = k1 - rho, R' = (k1 + rho k0)/2 - (1 - k0) R, rho(0) = u, "
        "R(0) = 0; "
        "in closed form 1 = int sin/GAP over the angles passed, R(1) = GAP int HALF_TERM sin/GAP^2, uniformly in u and "
        "with an explicit error of order L^(-1/2). It is neither 1/4 nor r_1."
    ),
    source="2403.04545, between Theorems 2 and 3 (gamma = 1/2 is not treated there)",
    readings=(
        Reading(
            "stated",
            "The pair in the angle, the distance of r_L to its solution, the distance of the limit to 1/4 and to r_1 "
            "at u = -0.9, 0, 0.5, 0.9.",
            {
                "turn": -GAP / sp.sin(theta),
                "R_speed": HALF_TERM - theta / sp.pi * R,
                "constant": sp.Rational(1, 4),
                "margin": sp.Rational(1, 100),
                "slope": b.ANGLE_SLOPE,
                "clock": b.clock(),
                "bound": b.critical(),
            },
        ),
        Reading(
            "values",
            "r_L at L = 10000 at u = -0.9, 0, 0.5, 0.9, rounded, and the limit within three units of the last digit.",
            {"table": TABLE},
        ),
        Reading(
            "rate",
            "Extra: the distance to the limit falls like 1/L, faster than the bound.",
            {"order": sp.Integer(-1)},
        ),
    ),
    checks=(
        Check(CHECKS[0], Kind.EXACT, ode_pair),
        Check(CHECKS[1], Kind.CERTIFIED, critical_values, reading="values"),
        Check(CHECKS[2], Kind.CERTIFIED, neither),
        Check(CHECKS[3], Kind.SIMULATED, critical_rate, reading="rate"),
        Check(CHECKS[4], Kind.CERTIFIED, critical_proof),
        Check(CHECKS[5], Kind.CERTIFIED, critical_enclosed),
    ),
    planted=(
        PlantedError(
            "critical-damping-doubled",
            "constant scaled",
            {"R_speed": HALF_TERM - 2 * theta / sp.pi * R},
            "The factor of one layer is 1 - a theta/pi.",
            CHECKS[:1],
        ),
        PlantedError(
            "critical-turn-sign",
            "sign flipped",
            {"turn": GAP / sp.sin(theta)},
            "Correlations grow, so angles shrink.",
            CHECKS[:1],
        ),
        PlantedError(
            "critical-value",
            "constant scaled",
            {"table": rows((sp.Integer(0), "0.19384"))},
            "The enclosed limit is 0.19285.",
            CHECKS[1:2],
            "values",
        ),
        PlantedError(
            "critical-equal",
            "constant scaled",
            {"margin": sp.Rational(1, 2)},
            "The limit is within 1/2 of both.",
            CHECKS[2:3],
        ),
        PlantedError(
            "critical-slope-half",
            "constant scaled",
            {
                "slope": b.ANGLE_SLOPE / 2,
                "clock": b.clock(b.ANGLE_SLOPE / 2),
                "bound": b.critical(b.ANGLE_SLOPE / 2),
            },
            "The slope of H in the angle reaches 0.66.",
            CHECKS[4:5],
        ),
        PlantedError(
            "critical-bound-square",
            "exponent off",
            {"bound": 3 / L**2},
            "The distance falls like 1/L.",
            CHECKS[5:],
        ),
        PlantedError(
            "critical-clock-linear",
            "factor dropped",
            {"clock": share / 8},
            "At opposite points the distance is of order a^(1/2).",
            CHECKS[5:],
        ),
        *(
            PlantedError(
                f"critical-order-{name}",
                "exponent off",
                {"order": sp.Rational(text)},
                "Euler's method has order one.",
                CHECKS[3:4],
                "rate",
            )
            for name, text in (("half", "-1/2"), ("two", "-2"))
        ),
    ),
)

CLAIMS = (critical,)
