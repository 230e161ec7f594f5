"""Theorem 1: for constant alpha the kernel degenerates to 1/4."""

from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.claims import (
    Check,
    Context,
    Curve,
    Estimate,
    Evidence,
    Kind,
    PlantedError,
    Plot,
    Reading,
)
from mfcheck.kernels.arccos import cosine
from mfcheck.kernels.rntk import rntk_at_depths
from mfcheck.statistics.compare import agrees
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
    rows,
    table_agrees,
)

Array = NDArray[np.float64]


def constant_proof(context: Context) -> Evidence:
    """Every step of the derivation, for every alpha > 0: lambda = kappa L grows like L."""
    steps = degeneration_steps(context) + vanishing(context, sp.Integer(1))
    return conclude(
        steps, "every alpha > 0, every L >= 1, every u < 1", "|r_L(u) - 1/4|", str(context["upper"])
    )


def constant_enclosed(context: Context) -> Evidence:
    """Finite depths at alpha = 1."""
    return enclosed(context, sp.Integer(1), (Fraction(0),))


def constant_values(context: Context) -> Evidence:
    """The distances at L = 100, 1000, 10000, enclosed and rounded."""
    return table_agrees(
        context["table"],
        lambda depth: largest_distance(sp.Rational(1, 4), sp.Integer(1), depth, Fraction(0)),
        "alpha = 1; largest |r_L - 1/4| over u in -0.9, 0, 0.5, 0.9",
        context.budget.pick(2, 3, 3),
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
        gaps = rntk_at_depths(cosine([U_LOG]), [int(k) for k in depths], alpha)[:, 0] - 0.25
        scaled = depths * gaps
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
constant = assembled(
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
            {**BOUNDS},
        ),
        Reading(
            "values",
            "The largest |r_L - 1/4| over u in -0.9, 0, 0.5, 0.9 at alpha = 1, rounded, at L = 100, 1000, 10000.",
            {"table": TABLE_1},
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
        Check(
            CONSTANT_CHECKS[2], Kind.CERTIFIED, constant_values, reading="values", group="constant"
        ),
        Check(CONSTANT_CHECKS[3], Kind.SIMULATED, log_coefficient, reading="rate"),
    ),
    planted=(
        *planted_errors("theorem-1", *CONSTANT_CHECKS[:2]),
        PlantedError(
            "theorem-1-table",
            "constant scaled",
            {"table": rows((100, "0.0811"), (1000, "0.01058"))},
            "The enclosure at L = 100 is 0.0911.",
            CONSTANT_CHECKS[2:3],
            "values",
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

CLAIMS = (constant,)
