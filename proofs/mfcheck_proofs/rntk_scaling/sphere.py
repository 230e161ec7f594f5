"""The limit kernel r_1 on the sphere: parity, positive definiteness, eigenvalues."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import acb, arb, arb_mat, arb_series, ctx

from mfcheck.claims import (
    Check,
    Claim,
    Context,
    Evidence,
    Interval,
    Kind,
    Note,
    PlantedError,
    Reading,
    Scope,
)
from mfcheck.claims.compare import order_evidence
from mfcheck.claims.setting import Point
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.formulas import HALF_TERM, K0_U, K1_U, theta, u
from mfcheck.rigor.dual import half_gram
from mfcheck.rigor.eigen import smallest_eigenvalue
from mfcheck.rigor.program import program
from mfcheck.symbolic.identity import identities
from mfcheck_proofs.rntk_scaling.proofs import PREC, interval
from mfcheck_proofs.rntk_scaling.symbols import d

R_1 = (K1_U + u * K0_U) / 2

# --- positive definiteness -------------------------------------------------------------------------------------------


def odd_part(context: Context) -> Evidence:
    """r_1(u) - r_1(-u), from acos(-u) = pi - acos(u)."""
    mirrored = R_1.subs(u, -u).subs(sp.acos(-u), sp.pi - sp.acos(u))
    return identities([(R_1 - mirrored, context["odd"])], "every u in [-1, 1]", Scope.WHOLE)


def opposite_pairs(context: Context) -> Evidence:
    """Kernel matrix of d+1 pairs x, -x in dimension d: the vector (w, -w) with sum w_i x_i = 0 is in its kernel.

    By the odd part, (w, -w)^T K (w, -w) = 2 sum w_i w_j <x_i, x_j> = 2 |sum w_i x_i|^2 = 0.
    """
    size = 3
    w = sp.Matrix(sp.symbols(f"w:{size}", real=True))
    x = sp.Matrix(2, size, sp.symbols(f"x:{2 * size}", real=True))
    inner = x.T * x
    form = sum(
        2 * w[i] * w[j] * context["odd"].subs(u, inner[i, j])
        for i in range(size)
        for j in range(size)
    )
    square = 2 * (x * w).dot(x * w)
    exact = sp.expand(form - square) == 0
    singular = exact and size > 2  # three vectors of the plane are linearly dependent
    note = Note(
        id="limit-not-positive-definite",
        severity="major",
        text=(
            "The limit kernel r_1 is not strictly positive definite on the whole sphere: its odd part is u/2 "
            "exactly, so on "
            "more than d pairs of opposite points the kernel matrix is singular, and its space holds no odd "
            "function but "
            "linear ones. Eigenvalues of odd degree >= 3 are zero, so the minimax statement for gamma > 1/2 "
            "cannot cover targets with such parts; the kernels r_L with L >= 2 and the limit at gamma = 1/2 are "
            "not affected."
        ),
    )
    return Evidence(
        passed=False if singular else None,
        scope=Scope.WHOLE,
        lhs="lambda_min of r_1 at opposite pairs: 0",
        rhs="> 0",
        error=0.0,
        cases=1,
        domain="three pairs of opposite points of the circle",
        reason="the kernel matrix of three opposite pairs is singular"
        if singular
        else "the form is not the square derived",
        notes=(note,) if singular else (),
    )


def data_definite(context: Context) -> Evidence:
    """Smallest eigenvalue of r_1 and of r_L at L = 2, alpha = 1, on the setting's data: enclosed."""
    rows = context.setting.data.points
    with ctx.workprec(PREC):
        found = {}
        for name, depth in (("r_1", 1), ("r_2", 2)):
            k = kernel(depth, 1, 20)
            found[name] = smallest_eigenvalue(_gram(rows, k))
    floor = arb(float(context["floor"]))
    least = min(found.values(), key=lambda x: float(x.mid()))
    passed = True if least > floor else False if least < floor else None
    return Evidence(
        passed=passed,
        lhs=interval(least),
        rhs=f"> {context['floor']}",
        error=float(least.rad()),
        cases=len(rows),
        domain="the setting's data; r_1 and r_2 with alpha = 1",
        reason="" if passed else "the smallest eigenvalue is not above the floor",
    )


def _gram(points: tuple[Point, ...], k: Callable[[arb], arb]) -> arb_mat:
    cosines = half_gram(points) * 2
    n = cosines.nrows()
    rows = [[arb(1) if i == j else k(cosines[i, j] - 1) for j in range(n)] for i in range(n)]
    return arb_mat(rows)


def taylor_signs(context: Context) -> Evidence:
    """Taylor coefficients of r_L at u = 0, enclosed: all positive from depth 2 on, so that r_L is strictly definite."""
    count = context.budget.pick(24, 40, 60)
    least = None
    with ctx.workprec(4 * PREC):
        for depth in (int(context["depth"]), int(context["depth"]) + 1, 10):
            series = taylor(depth, arb(1) / 2, count)
            for coefficient in series:
                least = coefficient if least is None or coefficient.mid() < least.mid() else least
    assert least is not None
    passed = True if least > 0 else False if least < arb(2) ** -60 else None
    return Evidence(
        passed=passed,
        lhs=interval(least),
        rhs="> 0",
        error=float(least.rad()),
        cases=3 * count,
        domain=f"depths {context['depth']} to 10, alpha = 1, the first {count} coefficients",
        reason="" if passed else "a Taylor coefficient is zero",
    )


def taylor(depth: int, a: arb, count: int) -> list[arb]:
    """Return the first Taylor coefficients of r_L at u = 0."""
    old = ctx.cap
    ctx.cap = count
    try:
        rho, total = arb_series([0, 1]), arb_series([0])
        for _ in range(depth):
            k0 = 1 - _acos(rho) / arb.pi()
            k1 = rho * k0 + (1 - rho * rho).sqrt() / arb.pi()
            total = (1 - a * (1 - k0)) * total + (k1 + rho * k0) / 2
            rho = rho + a * (k1 - rho)
        return [total[k] / depth for k in range(count)]
    finally:
        ctx.cap = old


def _acos(x: arb_series) -> arb_series:
    return arb.pi() / 2 - x.asin()


DEFINITE = ("definite-odd-part", "definite-opposite", "definite-data", "definite-taylor")
definite = Claim(
    id="positive-definite",
    title="Positive definiteness of the limit kernel",
    statement="The kernel r_1 to which r_L converges for gamma > 1/2 is strictly positive definite on the sphere.",
    source="2403.04545, used for uniform convergence and for kernel regression",
    readings=(
        Reading("stated", "For all sets of distinct points of the whole sphere.", {"odd": u}),
        Reading(
            "deeper",
            "r_L for L >= 2: all Taylor coefficients are positive; and both kernels on the setting's data.",
            {"depth": sp.Integer(2), "floor": sp.Integer(0)},
        ),
        Reading("parity", "Lemma: r_1(u) - r_1(-u) = u.", {"odd": u}),
    ),
    checks=(
        Check(DEFINITE[1], Kind.EXACT, opposite_pairs),
        Check(DEFINITE[0], Kind.EXACT, odd_part, "parity"),
        Check(DEFINITE[2], Kind.CERTIFIED, data_definite, "deeper"),
        Check(DEFINITE[3], Kind.CERTIFIED, taylor_signs, "deeper"),
    ),
    planted=(
        PlantedError(
            "definite-odd-half",
            "constant scaled",
            {"odd": u / 2},
            "k1 and u k0 contribute u each, halved once.",
            DEFINITE[:1],
            "parity",
        ),
        PlantedError(
            "definite-shallow",
            "assumption dropped",
            {"depth": sp.Integer(1)},
            "r_1 has no odd coefficient but the first.",
            DEFINITE[3:],
            "deeper",
        ),
        PlantedError(
            "definite-floor",
            "constant scaled",
            {"floor": sp.Integer(2)},
            "The diagonal is one, so lambda_min is at most one.",
            DEFINITE[2:3],
            "deeper",
        ),
        PlantedError(
            "definite-everywhere",
            "assumption dropped",
            {"odd": sp.Integer(1) * u},
            "Three opposite pairs of the circle are a counterexample.",
            DEFINITE[1:2],
        ),
    ),
)

# --- eigenvalues -----------------------------------------------------------------------------------------------------


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
    degrees = np.array([2**k for k in range(3, context.budget.pick(6, 7, 8))])
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
            domain=f"even degrees 8..{degrees[-1]}, d = 3, 4, 5, certified values",
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
spectrum = Claim(
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

CLAIMS = (definite, spectrum)
