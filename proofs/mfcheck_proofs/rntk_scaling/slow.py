"""Theorem 2: for alpha = L^-gamma with gamma < 1/2 the kernel degenerates to 1/4."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.claims import (
    Check,
    Context,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Reading,
)
from mfcheck.kernels.limit import limit_kernel
from mfcheck.statistics.compare import order_evidence
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.rntk_scaling.degeneration import (
    BOUNDS,
    degeneration_steps,
    enclosed,
    largest_distance,
    planted_errors,
    vanishing,
)
from mfcheck_proofs.rntk_scaling.proofs import (
    conclude,
    identical,
    rows,
    table_agrees,
)
from mfcheck_proofs.rntk_scaling.symbols import L, gamma

SCALING = L**-gamma
EXPONENT = 1 - 2 * gamma


def slow_proof(context: Context) -> Evidence:
    """Every step of the derivation; lambda >= L^(1 - 2 gamma)/(6 pi) grows for every gamma in [0, 1/2)."""
    distance = sp.Symbol("eta", positive=True)  # 1/2 - gamma
    exponent = sp.simplify(context["exponent"].subs(gamma, sp.Rational(1, 2) - distance))
    clock = identical({"clock": (exponent, 2 * distance)})
    steps = degeneration_steps(context) + clock + vanishing(context, exponent)
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
    return table_agrees(
        context["table"],
        lambda depth: largest_distance(sp.Rational(1, 4), SCALING, depth, Fraction(1, 4)),
        "gamma = 1/4; largest |r_L - 1/4| over u in -0.9, 0, 0.5, 0.9",
        context.budget.pick(2, 3, 3),
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
slow = assembled(
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
            {**SLOW},
        ),
        Reading(
            "values",
            "The largest |r_L - 1/4| over u in -0.9, 0, 0.5, 0.9 at gamma = 1/4, rounded, at L = 100, 1000, 10000.",
            {"table": rows((100, "0.309"), (1000, "0.1342"), (10_000, "0.0463"))},
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
        Check(SLOW_CHECKS[2], Kind.CERTIFIED, slow_values, reading="values", group="slow"),
        Check(SLOW_CHECKS[3], Kind.SIMULATED, slow_rate, reading="rate"),
    ),
    planted=(
        *planted_errors("theorem-2", *SLOW_CHECKS[:2]),
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
            "values",
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

CLAIMS = (slow,)
