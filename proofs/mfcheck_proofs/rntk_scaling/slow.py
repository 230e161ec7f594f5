"""Theorems 1 and 2: for constant alpha, and for alpha = L^-gamma with gamma < 1/2, the kernel degenerates to 1/4."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.claims import (
    Check,
    Claim,
    Context,
    Curve,
    Estimate,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Plot,
    Reading,
)
from mfcheck.claims.compare import agrees, order_evidence
from mfcheck.kernels.arccos import cosine
from mfcheck.kernels.limit import limit_kernel
from mfcheck.kernels.rntk import rntk
from mfcheck.rigor.ball import enclose, exact
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling.proofs import (
    GRID,
    PREC,
    Step,
    all_below,
    bound_at,
    certified,
    compared,
    conclude,
    identical,
    residual,
    rows,
    table_agrees,
    value,
)
from mfcheck_proofs.rntk_scaling.symbols import L, c, gamma, kappa, lam, s_0

Array = NDArray[np.float64]
ALPHAS = (sp.Rational(1, 10), sp.Rational(1, 2), sp.Integer(1), sp.Integer(3))
COSINES = (Fraction(-1), *GRID, Fraction(999, 1000))

# --- the correlation tends to one ------------------------------------------------------------------------------------

LEMMA_CHECKS = ("correlation-proof", "correlation-enclosed")


def correlation_proof(context: Context) -> Evidence:
    """Steps 1 and 2 of the derivation: inequalities in the angle, then comparisons of numbers."""
    constants = {name: context[name] for name in b.CONSTANTS}
    steps = certified(b.inequalities(constants)) + compared(b.comparisons(constants))
    return conclude(
        steps, "every alpha, every pair of points, every layer", "s+ - s", "kappa (1 + ...)"
    )


def _increments(context: Context) -> list[tuple[str, arb, arb]]:
    """One step of the recursion at many alphas and distances, against the bound and from below."""
    cases = []
    for alpha in (sp.Rational(1, 1000), *ALPHAS):
        for u in (*COSINES, Fraction(10**6 - 1, 10**6)):
            with ctx.workprec(PREC):
                k = residual(alpha, 1)
                start = 1 - exact(u)
                before, after = (1 / (2 * v).sqrt() for v in (start, k.correlation_gap(start)))
                size = {kappa: k.a / (3 * arb.pi()), c: 1 / before}
                bound = enclose(b.increment(context.formulas), size, PREC)
                name = f"alpha = {alpha}, u = {u}"
                cases += [
                    (name, after - before, bound),
                    (name + ", from below", size[kappa] * (1 - arb(2) ** -60), after - before),
                ]
    return cases


def correlation_enclosed(context: Context) -> Evidence:
    """The increment of s = 1/|x_l - x_l'| in one layer, enclosed."""
    return all_below(_increments(context), "alpha in 0.001..3, u from -1 to 1 - 1e-6")


correlation = Claim(
    id="correlation-to-one",
    title="Distances of hidden states shrink like 1/l",
    statement=(
        "With s = 1/|x - x'| for the normalised hidden states and kappa = alpha^2/(3 pi (1 + alpha^2)), each layer "
        "adds "
        "between kappa and kappa (1 + (3/2) kappa |x-x'| + |x-x'|^2/4) to s; so 1 - rho_l <= 1/(2 (s_0 + kappa l)^2)."
    ),
    source="2403.04545, the step to Theorem 1",
    readings=(Reading("stated", "The constants of the derivation.", {**b.CONSTANTS}),),
    checks=(
        Check(LEMMA_CHECKS[0], Kind.CERTIFIED, correlation_proof),
        Check(LEMMA_CHECKS[1], Kind.CERTIFIED, correlation_enclosed),
    ),
    planted=(
        PlantedError(
            "correlation-shape-small",
            "constant scaled",
            {"shape": sp.Rational(1, 50)},
            "Near c = 0 the excess is c^2/40.",
            LEMMA_CHECKS[:1],
        ),
        PlantedError(
            "correlation-term-small",
            "constant scaled",
            {"term": sp.Rational(5, 16)},
            "At a right angle (1 - H)/c is above 0.59.",
            LEMMA_CHECKS[:1],
        ),
        PlantedError(
            "correlation-no-curvature",
            "factor dropped",
            {"increment": sp.Integer(0)},
            "For small alpha and opposite points the step is 18 percent above kappa.",
            LEMMA_CHECKS[1:],
        ),
        PlantedError(
            "correlation-leading-sign",
            "sign flipped",
            {"leading": -sp.Rational(3, 2)},
            "The step grows with kappa.",
            LEMMA_CHECKS[1:],
        ),
    ),
)


# --- the proof shared by both theorems -------------------------------------------------------------------------------


def _summation_steps(limit: sp.Expr) -> list[Step]:
    """The sums of steps 5 and 6 as identities: mean of the cube, and both bounds put together from their parts."""
    x = sp.Symbol("x", positive=True)
    s_L, E, ell = sp.symbols("s_L E ell", positive=True)
    integral = sp.integrate((1 - kappa * x / s_L) ** 3, (x, 0, s_L / kappa))
    above = kappa / lam + s_L / (4 * lam) - limit
    cube = sp.integrate((s_0 + kappa * x) ** 3, (x, 0, lam / kappa))
    square = sp.integrate((s_0 + kappa * x) ** 2, (x, -s_0 / kappa, lam / kappa))
    below = sp.Rational(1, 4) - (1 - (3 * ell + E * (sp.Rational(4, 3) + 8 * kappa)) / lam) / 4
    return identical(
        {
            "limit": (limit, b.limit_of(b.CONSTANTS["power"])),
            "integral of the upper bound": (integral, s_L / (4 * kappa)),
            "upper bound": (
                above.subs(s_L, s_0 + lam + b.drift()),
                b.upper(),
            ),
            "integral of the cube": (cube, ((s_0 + lam) ** 4 - s_0**4) / (4 * kappa)),
            "integral of the square": (square, (s_0 + lam) ** 3 / (3 * kappa)),
            "lower bound": (below + (sp.Rational(1, 6) + kappa) / lam, b.lower_from(ell, E)),
        }
    )


def degeneration_steps(context: Context) -> list[Step]:
    """Return all steps from the recursion to the two bounds on r_L - 1/4."""
    steps = certified(b.inequalities()) + compared(b.comparisons())
    return steps + _summation_steps(context["limit"]) + _bounds_match(context)


def _bounds_match(context: Context) -> list[Step]:
    """The stated bounds are those derived; of others the derivation says nothing."""
    pairs = {"above": (context["upper"], b.upper()), "below": (context["lower"], b.lower())}
    return [
        Step(f"bound from {side}", True if stated == derived else None, "not the bound derived")
        for side, (stated, derived) in pairs.items()
    ]


def _vanishing(context: Context, exponent: sp.Expr) -> list[Step]:
    """As L grows lambda does, with exponent 1 - 2 gamma > 0, and both bounds tend to zero."""
    both = context["upper"] + context["lower"]
    tends = sp.limit(both, lam, sp.oo) == 0
    positive = sp.ask(sp.Q.positive(exponent)) or exponent.is_positive
    return [
        Step("bounds vanish as lambda grows", True if tends else None, "the limit is not zero"),
        Step("lambda grows", bool(positive), f"the exponent {exponent} of L is not positive"),
    ]


def enclosed(context: Context, scaling: sp.Expr, exponents: tuple[Fraction, ...]) -> Evidence:
    """Enclose r_L at finite depths against the two explicit bounds."""
    depths = context.budget.pick(
        (100, 10_000), (10, 100, 1000, 10_000), (10, 100, 1000, 10_000, 30_000)
    )
    cases = []
    for exponent in exponents:
        for depth in depths:
            for u in COSINES if depth < 10_000 else (Fraction(1, 2),):
                name = f"L = {depth}, u = {u}, gamma = {exponent}"
                with ctx.workprec(PREC):
                    gap = value(scaling, depth, u, exponent) - exact(context["limit"])
                    above = bound_at(context["upper"], scaling, depth, u, exponent)
                    below = bound_at(context["lower"], scaling, depth, u, exponent)
                cases += [(name, gap, above), (name + ", from below", -gap, below)]
    return all_below(cases, f"L = {', '.join(map(str, depths))}; u from -1 to 0.999")


def largest_distance(limit: sp.Expr, scaling: sp.Expr, depth: int, exponent: Fraction) -> arb:
    """Enclose the largest |r_L(u) - limit| over u in -0.9, 0, 0.5, 0.9."""
    with ctx.workprec(PREC):
        gaps = [abs(value(scaling, depth, u, exponent) - exact(limit)) for u in GRID]
        worst = gaps[0]
        for gap in gaps[1:]:
            worst = worst.max(gap)
        return worst


BOUNDS = {"limit": sp.Rational(1, 4), "upper": b.upper(), "lower": b.lower()}


def _planted(claim: str, proof: str, cases: str) -> tuple[PlantedError, ...]:
    return (
        PlantedError(
            f"{claim}-third",
            "constant scaled",
            {"limit": sp.Rational(1, 3)},
            "B falls like the third power of l/L, whose mean is 1/4.",
            (proof, cases),
        ),
        PlantedError(
            f"{claim}-no-start",
            "factor dropped",
            {"upper": b.upper() - s_0 / (4 * lam)},
            "Points close together need more layers: at u = 0.999 the distance from 1/4 is far above.",
            (cases,),
        ),
        PlantedError(
            f"{claim}-upper-squared",
            "exponent off",
            {"upper": b.upper() ** 2},
            "The distance falls like 1/lambda.",
            (cases,),
        ),
        PlantedError(
            f"{claim}-lower-sign",
            "sign flipped",
            {"lower": -b.lower()},
            "r_L is not that far above 1/4.",
            (cases,),
        ),
    )


# --- Theorem 1: constant alpha ---------------------------------------------------------------------------------------


def constant_proof(context: Context) -> Evidence:
    """Every step of the derivation, for every alpha > 0: lambda = kappa L grows like L."""
    steps = degeneration_steps(context) + _vanishing(context, sp.Integer(1))
    return conclude(
        steps, "every alpha > 0, every L >= 1, every u < 1", "|r_L(u) - 1/4|", str(context["upper"])
    )


def constant_enclosed(context: Context) -> Evidence:
    """Finite depths at alpha = 1."""
    return enclosed(context, sp.Integer(1), (Fraction(0),))


def constant_values(context: Context) -> Evidence:
    """The distances at L = 100, 1000, 10000, enclosed and rounded."""
    table = context["table"][: context.budget.pick(2, 3, 3)]
    return table_agrees(
        table,
        lambda depth: largest_distance(sp.Rational(1, 4), sp.Integer(1), depth, Fraction(0)),
        "alpha = 1; largest |r_L - 1/4| over u in -0.9, 0, 0.5, 0.9",
    )


ALPHAS_LOG = (1.0, 2.0, 4.0)
U_LOG = 0.5


def _log_slope(depths: Array, scaled: Array) -> float:
    """The coefficient of log L in a least-squares fit with corrections down to 1/L."""
    logs, one = np.log(depths), np.ones(len(depths))
    columns = np.column_stack([logs, one, logs**2 / depths, logs / depths, one / depths])
    return float(np.linalg.lstsq(columns, scaled, rcond=None)[0][0])


def log_coefficient(context: Context) -> Evidence:
    """L (r_L - 1/4) against log L: the fitted slope is the coefficient of log(L)/L."""
    steps = np.arange(18, context.budget.pick(25, 27, 31)) / 2
    depths = np.floor(2**steps)
    curves, found, errors = [], [], []
    for alpha in ALPHAS_LOG:
        gaps = [float(rntk(cosine([U_LOG]), int(k), alpha)[0]) - 0.25 for k in depths]
        scaled = depths * np.array(gaps)
        whole, rest = _log_slope(depths, scaled), _log_slope(depths[1:], scaled[1:])
        found.append(whole)
        errors.append(6 * abs(whole - rest))
        x, y = tuple(map(float, depths)), tuple(map(float, scaled))
        curves.append(Curve(label=f"alpha = {alpha:g}", x=x, y=y))
    distance = np.abs(np.array(found) - float(context["coefficient"])) + np.array(errors)
    worst = int(np.argmax(distance))
    lhs = Estimate(value=float(found[worst]), error=float(errors[worst]))
    rhs = Estimate(value=float(context["coefficient"]), error=0.0)
    plot = Plot(
        id="log-coefficient",
        title="L (r_L - 1/4) at u = 0.5: slope 3/8 in log L whatever alpha",
        x_label="depth L",
        y_label="L (r_L - 1/4)",
        x_log=True,
        curves=tuple(curves),
    )
    passed = agrees(lhs, rhs, 0.1)
    return Evidence(
        passed=passed,
        lhs=lhs,
        rhs=rhs,
        error=lhs.error,
        cases=len(ALPHAS_LOG) * len(depths),
        domain=f"alpha = 1, 2, 4; u = 0.5; L = 512..{depths[-1]:.0f}",
        reason="" if passed else "the slope in log L differs from the coefficient",
        plots=(plot,),
    )


CONSTANT_CHECKS = ("constant-proof", "constant-enclosed", "constant-values", "constant-log")
TABLE_1 = rows((100, "0.0911"), (1000, "0.01058"), (10_000, "0.001151"))
constant = Claim(
    id="theorem-1-constant",
    title="Theorem 1: constant alpha degenerates",
    statement=(
        "For constant alpha > 0 and u < 1, r_L(u) -> 1/4 as L grows. Explicitly, with c = |x-x'|, s_0 = 1/c and "
        "lambda = L alpha^2/(3 pi (1+alpha^2)), |r_L - 1/4| is at most of order (s_0 + log L)/lambda."
    ),
    source="2403.04545, Theorem 1",
    readings=(
        Reading(
            "stated",
            "Both sides of r_L - 1/4 with explicit constants.",
            {**BOUNDS, "table": TABLE_1},
        ),
        Reading(
            "rate",
            "Extra: r_L - 1/4 ~ (3/8) log(L)/L for every alpha and u, so the upper bound has the sharp leading term.",
            {"coefficient": sp.Rational(3, 8)},
        ),
    ),
    checks=(
        Check(CONSTANT_CHECKS[0], Kind.CERTIFIED, constant_proof, group="degeneration"),
        Check(CONSTANT_CHECKS[1], Kind.CERTIFIED, constant_enclosed, group="constant"),
        Check(CONSTANT_CHECKS[2], Kind.CERTIFIED, constant_values, group="constant"),
        Check(CONSTANT_CHECKS[3], Kind.SIMULATED, log_coefficient, "rate"),
    ),
    planted=(
        *_planted("theorem-1", *CONSTANT_CHECKS[:2]),
        PlantedError(
            "theorem-1-table",
            "constant scaled",
            {"table": rows((100, "0.0811"), (1000, "0.01058"))},
            "The enclosure at L = 100 is 0.0911.",
            CONSTANT_CHECKS[2:3],
        ),
        PlantedError(
            "theorem-1-no-log",
            "factor dropped",
            {"coefficient": sp.Integer(0)},
            "Without a logarithm L (r_L - 1/4) would settle.",
            CONSTANT_CHECKS[3:],
            "rate",
        ),
        PlantedError(
            "theorem-1-half-log",
            "constant scaled",
            {"coefficient": sp.Rational(3, 16)},
            "The coefficient is 3/8.",
            CONSTANT_CHECKS[3:],
            "rate",
        ),
    ),
)

# --- Theorem 2: alpha = L^-gamma, gamma < 1/2 ------------------------------------------------------------------------

SCALING = L**-gamma
EXPONENT = 1 - 2 * gamma


def slow_proof(context: Context) -> Evidence:
    """Every step of the derivation; lambda >= L^(1 - 2 gamma)/(6 pi) grows for every gamma in [0, 1/2)."""
    distance = sp.Symbol("eta", positive=True)  # 1/2 - gamma
    exponent = sp.simplify(context["exponent"].subs(gamma, sp.Rational(1, 2) - distance))
    clock = identical({"clock": (exponent, 2 * distance)})
    steps = degeneration_steps(context) + clock + _vanishing(context, exponent)
    note = Note(
        id="open-question-degeneration",
        severity="remark",
        text=(
            "The open question whether the kernel degenerates for every gamma in (0, 1/2) is answered: it does. "
            "For every "
            "alpha, L and u < 1, r_L - 1/4 lies between two explicit functions of "
            "lambda = L alpha^2/(3 pi (1+alpha^2)) and |x-x'| that vanish as lambda grows (inequalities in one "
            "variable certified in ball arithmetic, the sums by exact identities), and lambda >= L^(1-2 gamma)/(6 "
            "pi). The case gamma = 1/4 of Theorem 2 is one of them. The key is "
            "B_(l+1) = d rho_L / d rho_l (since k1' = k0), and that 1/|x_l - x_l'| grows by alpha^2/(3 pi "
            "(1+alpha^2)) a layer."
        ),
    )
    return conclude(
        steps, "every gamma in [0, 1/2), L >= 1, u < 1", "|r_L - 1/4|", "bounds", (note,)
    )


def slow_enclosed(context: Context) -> Evidence:
    """Finite depths at several exponents below 1/2."""
    return enclosed(
        context, SCALING, (Fraction(1, 10), Fraction(1, 4), Fraction(2, 5), Fraction(49, 100))
    )


def slow_values(context: Context) -> Evidence:
    """The distances at gamma = 1/4, enclosed and rounded."""
    table = context["table"][: context.budget.pick(2, 3, 3)]
    return table_agrees(
        table,
        lambda depth: largest_distance(sp.Rational(1, 4), SCALING, depth, Fraction(1, 4)),
        "gamma = 1/4; largest |r_L - 1/4| over u in -0.9, 0, 0.5, 0.9",
    )


def slow_rate(context: Context) -> Evidence:
    """The limit along the clock at large times, certified: R(T)/T - 1/4 falls like 1/T, with no logarithm."""
    times = np.array(
        context.budget.pick(
            [30, 100, 300, 1000], [100, 300, 1000, 3000, 10_000], [10**k for k in range(2, 7)]
        )
    )
    gaps = np.array(
        [float((limit_kernel(Fraction(1, 2), int(T)).kernel - arb(1) / 4).mid()) for T in times]
    )
    return order_evidence(
        times.astype(float),
        gaps,
        1e-15 + 0 * gaps,
        float(context["order"]),
        id="slow-rate",
        x_label="clock T = L alpha^2 / (1 + alpha^2)",
        y_label="limit kernel minus 1/4 at u = 0.5",
        domain="certified values of the limit along the clock, u = 0.5",
    )


SLOW_CHECKS = ("slow-proof", "slow-enclosed", "slow-values", "slow-rate")
SLOW = {**BOUNDS, "exponent": EXPONENT}
slow = Claim(
    id="theorem-2-slow",
    title="Theorem 2: alpha = L^-gamma with gamma < 1/2 degenerates",
    statement=(
        "For alpha = L^-gamma with 0 <= gamma < 1/2 (proved in the paper for gamma = 1/4) and u < 1, r_L(u) -> "
        "1/4; the "
        "natural clock is L alpha^2 = L^(1-2 gamma), and the distance is at most of order 1/L^(1-2 gamma) for "
        "gamma > 0."
    ),
    source="2403.04545, Theorem 2",
    readings=(
        Reading(
            "stated",
            "Both sides of r_L - 1/4 with explicit constants, for every gamma.",
            {**SLOW, "table": rows((100, "0.309"), (1000, "0.1342"), (10_000, "0.0463"))},
        ),
        Reading(
            "rate",
            "Extra: the limit along the clock approaches 1/4 like 1/T.",
            {"order": sp.Integer(-1)},
        ),
    ),
    checks=(
        Check(SLOW_CHECKS[0], Kind.CERTIFIED, slow_proof, group="degeneration"),
        Check(SLOW_CHECKS[1], Kind.CERTIFIED, slow_enclosed, group="slow"),
        Check(SLOW_CHECKS[2], Kind.CERTIFIED, slow_values, group="slow"),
        Check(SLOW_CHECKS[3], Kind.SIMULATED, slow_rate, "rate"),
    ),
    planted=(
        *_planted("theorem-2", *SLOW_CHECKS[:2]),
        PlantedError(
            "theorem-2-clock",
            "exponent off",
            {"exponent": sp.Rational(1, 2) - 2 * gamma},
            "The clock is L alpha^2, which grows for gamma between 1/4 and 1/2 too.",
            SLOW_CHECKS[:1],
        ),
        PlantedError(
            "theorem-2-table",
            "constant scaled",
            {"table": rows((100, "0.309"), (1000, "0.1242"))},
            "The enclosure at L = 1000 is 0.1342.",
            SLOW_CHECKS[2:3],
        ),
        *(
            PlantedError(
                f"theorem-2-order-{name}",
                "exponent off",
                {"order": sp.Rational(text)},
                "s grows linearly along the clock, so the distance falls like 1/T.",
                SLOW_CHECKS[3:],
                "rate",
            )
            for name, text in (("half", "-1/2"), ("three-halves", "-3/2"))
        ),
    ),
)

CLAIMS = (correlation, constant, slow)
