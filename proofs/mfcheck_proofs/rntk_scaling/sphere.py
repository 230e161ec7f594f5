"""Eigenvalues of the limit kernel r_1 on the sphere."""

import math
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import acb, arb, ctx

from mfcheck.claims import (
    Check,
    Context,
    Evidence,
    Interval,
    Kind,
    PlantedError,
    Reading,
)
from mfcheck.kernels.formulas import HALF_TERM, theta
from mfcheck.rigor.ball import interval
from mfcheck.rigor.program import program
from mfcheck.statistics.compare import order_evidence
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.rntk_scaling.proofs import PREC
from mfcheck_proofs.rntk_scaling.symbols import d


@lru_cache(maxsize=1024)
def eigenvalue(dim: int, degree: int) -> arb:
    """Enclose the eigenvalue of r_1 of that degree on the unit sphere of R^dim, uniform measure (Funk-Hecke).

    mu_k = int r_1 P_k sin^(dim-2) / int sin^(dim-2) over the angle, P_k the Gegenbauer polynomial with P_k(1) = 1.
    """
    with ctx.workprec(PREC + 8 * degree):
        order = acb(dim - 2) / 2
        code = program(HALF_TERM, (theta,), "complex")

        def integrand(z: acb, _analytic: bool) -> acb:
            return code(z) * z.cos().gegenbauer_c(acb(degree), order) * z.sin() ** (dim - 2)

        top = acb(1).gegenbauer_c(acb(degree), order)
        whole = acb.integral(lambda z, _a: z.sin() ** (dim - 2), acb(0), acb.pi())
        return (acb.integral(integrand, acb(0), acb.pi()) / top / whole).real


def multiplicity(dim: int, degree: int) -> int:
    """Return the dimension of spherical harmonics of that degree in R^dim."""
    if degree < 2:
        return 1 if degree == 0 else dim
    return math.comb(degree + dim - 1, degree) - math.comb(degree + dim - 3, degree - 2)


def decay(context: Context) -> Evidence:
    """Eigenvalues of even degree, enclosed, against the degree: exponent -d in dimension d."""
    worst: Evidence | None = None
    degrees = np.array([2**k for k in range(4, context.budget.pick(7, 8, 9))])
    for dim in (3, 4, 5):
        values = np.array([float(eigenvalue(dim, int(k)).mid()) for k in degrees])
        found = order_evidence(
            degrees.astype(float) + (dim - 2) / 2,
            values,
            1e-15 * values,
            float(context["exponent"].subs(d, dim)),
            id=f"eigenvalues-{dim}",
            x_label="degree k + (d-2)/2",
            y_label=f"eigenvalue of r_1, d = {dim}",
            domain=f"even degrees 16..{degrees[-1]}, d = 3, 4, 5, certified values",
        )
        if worst is None or found.passed is not True:
            worst = found
    assert worst is not None
    return worst


def vanish(context: Context) -> Evidence:
    """Odd degrees from the stated one on: the eigenvalues are zero, and the even ones are positive."""
    first = int(context["first_zero"])
    zeros = [eigenvalue(dim, k) for dim in (3, 4, 5) for k in range(first, first + 8, 2)]
    evens = [eigenvalue(dim, k) for dim in (3, 4, 5) for k in (0, 2, 4, 6, 8)]
    small = all(bool(abs(z) < arb(2) ** -80) for z in zeros)
    positive = all(bool(e > 0) for e in evens)
    large = max(zeros, key=lambda z: float(abs(z).mid()))
    passed = small and positive
    return Evidence(
        passed=passed or (False if any(bool(abs(z) > arb(2) ** -80) for z in zeros) else None),
        lhs=interval(large) if not small else Interval(lower="-1e-24", upper="1e-24"),
        rhs="0",
        error=float(large.rad()),
        cases=len(zeros) + len(evens),
        domain=f"odd degrees {first}..{first + 6}, even degrees 0..8, d = 3, 4, 5",
        reason="" if passed else f"an eigenvalue of odd degree >= {first} is {large.str(6)}",
    )


def trace(context: Context) -> Evidence:
    """Sum N(d, k) mu_k = r_1(1): partial sums stay below and the rest falls like the tail of k^(-2)."""
    total, target = arb(0), arb(float(context["trace"]))
    top = context.budget.pick(24, 40, 80)
    for k in (0, 1, *range(2, top + 1, 2)):
        total = total + multiplicity(3, k) * eigenvalue(3, k)
    last = multiplicity(3, top) * eigenvalue(3, top)
    rest = arb(0).union(
        last * top
    )  # even degrees only: the tail of c/k^2 beyond K in steps of two is below c/K
    passed = bool((total + rest).contains(target))
    return Evidence(
        passed=passed,
        lhs=interval(total),
        rhs=str(context["trace"]),
        error=float(last * top),
        cases=top // 2,
        domain=f"d = 3, degrees up to {top}",
        reason="" if passed else "the eigenvalues do not add up to the trace",
    )


CHECKS = ("spectrum-decay", "spectrum-odd", "spectrum-trace")
spectrum = assembled(
    id="eigenvalue-decay",
    title="Eigenvalue decay of r_1 on the sphere",
    statement=(
        "On the unit sphere of R^d the eigenvalues of r_1 fall like k^(-d) in the even degrees k; in order of size "
        "lambda_j ~ j^(-d/(d-1)). Odd degrees from 3 on have eigenvalue zero."
    ),
    source="2403.04545, Section 4",
    readings=(
        Reading(
            "stated",
            "Power of the degree, first vanishing odd degree, trace.",
            {"exponent": -d, "first_zero": sp.Integer(3), "trace": sp.Integer(1)},
        ),
    ),
    checks=(
        Check(CHECKS[0], Kind.SIMULATED, decay),
        Check(CHECKS[1], Kind.CERTIFIED, vanish),
        Check(CHECKS[2], Kind.SIMULATED, trace),
    ),
    planted=(
        PlantedError(
            "spectrum-exponent-plus",
            "exponent off",
            {"exponent": -d + 1},
            "The singularity of r_1 at u = 1 is a square root: k^(-d).",
            CHECKS[:1],
        ),
        PlantedError(
            "spectrum-exponent-minus",
            "exponent off",
            {"exponent": -d - 1},
            "The singularity of r_1 at u = 1 is a square root: k^(-d).",
            CHECKS[:1],
        ),
        PlantedError(
            "spectrum-linear-zero",
            "index shifted",
            {"first_zero": sp.Integer(1)},
            "The odd part u/2 has degree one.",
            CHECKS[1:2],
        ),
        PlantedError(
            "spectrum-trace-two",
            "constant scaled",
            {"trace": sp.Integer(2)},
            "r_1(1) = 1.",
            CHECKS[2:],
        ),
    ),
)

CLAIMS = (spectrum,)
