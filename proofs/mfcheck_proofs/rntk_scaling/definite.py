"""The limit kernel r_1 on the sphere: parity and positive definiteness."""

from collections.abc import Callable

import sympy as sp
from flint import arb, arb_mat, arb_series, ctx

from mfcheck.checks.identity import identities
from mfcheck.claims import (
    Check,
    Context,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Reading,
    Scope,
)
from mfcheck.claims.setting import Point
from mfcheck.gaussian.dual import half_gram
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.formulas import K0_U, K1_U, u
from mfcheck.rigor.ball import compare, exact, interval
from mfcheck.rigor.eigen import smallest_eigenvalue
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.rntk_scaling.kernel import RECURSION
from mfcheck_proofs.rntk_scaling.proofs import PREC, Step, conclude, identical
from mfcheck_proofs.rntk_scaling.symbols import alpha, k0, k1, rho

R_1 = (K1_U + u * K0_U) / 2


def _odd(kernel_of_u: sp.Expr) -> sp.Expr:
    """Return f(u) - f(-u), from acos(-u) = pi - acos(u)."""
    mirrored = kernel_of_u.subs(u, -u).subs(sp.acos(-u), sp.pi - sp.acos(u))
    return sp.expand(kernel_of_u - mirrored)


def odd_part(context: Context) -> Evidence:
    """r_1(u) - r_1(-u)."""
    return identities([(_odd(R_1), context["odd"])], "every u in [-1, 1]", Scope.WHOLE)


def opposite_pairs(context: Context) -> Evidence:
    """Kernel matrix of d+1 pairs x, -x in dimension d: the vector (w, -w) with sum w_i x_i = 0 is in its kernel.

    If f(u) - f(-u) = b u, then (w, -w)^T K (w, -w) = 2 b sum w_i w_j <x_i, x_j> = 2 b |sum w_i x_i|^2 = 0.
    """
    size = 3
    odd = _odd(context["kernel"])
    slope = sp.expand(odd).coeff(u)
    w = sp.Matrix(sp.symbols(f"w:{size}", real=True))
    x = sp.Matrix(2, size, sp.symbols(f"x:{2 * size}", real=True))
    inner = x.T * x
    form = sum(2 * w[i] * w[j] * slope * inner[i, j] for i in range(size) for j in range(size))
    square = 2 * slope * (x * w).dot(x * w)
    exact = sp.simplify(odd - slope * u) == 0 and sp.expand(form - square) == 0
    singular = exact and size > 2  # three vectors of the plane are linearly dependent
    note = Note(
        id="limit-not-positive-definite",
        severity="major",
        text=(
            "The limit kernel r_1 is not strictly positive definite on the whole sphere: its odd part is u/2 "
            "exactly, so on more than d pairs of opposite points the kernel matrix is singular, and its space holds "
            "no odd function but linear ones. Eigenvalues of odd degree >= 3 are zero, so the minimax statement for "
            "gamma > 1/2 cannot cover targets with such parts. The paper should state its domain."
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
    """Smallest eigenvalue of r_L at L = 2, alpha = 1, on the setting's data: enclosed."""
    rows = context.setting.data.points
    with ctx.workprec(PREC):
        least, floor = smallest_eigenvalue(gram(rows, kernel(2, 1, 20))), exact(context["floor"])
    passed = {">": True, "<": False, "?": None}[compare(least, floor)]
    return Evidence(
        passed=passed,
        lhs=interval(least),
        rhs=f"> {context['floor']}",
        error=float(least.rad()),
        cases=len(rows),
        domain="the setting's data; r_2 with alpha = 1",
        reason="" if passed else "the smallest eigenvalue is not above the floor",
    )


def gram(points: tuple[Point, ...], k: Callable[[arb], arb]) -> arb_mat:
    """Enclose the matrix of a kernel with k(1) = 1 on the points, shape (n, n)."""
    cosines = half_gram(points) * 2
    n = cosines.nrows()
    rows = [[arb(1) if i == j else k(cosines[i, j] - 1) for j in range(n)] for i in range(n)]
    return arb_mat(rows)


def taylor_signs(context: Context) -> Evidence:
    """Taylor coefficients of r_L at u = 0, enclosed: all positive from depth 2 on, so that r_L is strictly definite."""
    count, first = context.budget.pick(24, 40, 60), int(context["depth"])
    depths = (first, first + 1, 10)
    with ctx.workprec(4 * PREC):
        found = [c for depth in depths for c in taylor(depth, arb(1) / 2, count)]
        least = min(found, key=lambda c: float(c.lower()))
        negative = any(bool(c < 0) for c in found)
    zero = first == 1 and _odd(R_1) == u  # exactly: r_1 has no odd coefficient but the first
    passed = True if bool(least > 0) else False if negative or zero else None
    return Evidence(
        passed=passed,
        lhs=interval(least),
        rhs="> 0",
        error=float(least.rad()),
        cases=3 * count,
        domain=f"depths {', '.join(map(str, depths))}, alpha = 1, the first {count} coefficients",
        reason="" if passed else "a Taylor coefficient is not certainly positive",
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


# --- no two opposite points ------------------------------------------------------------------------------------------

k = sp.Symbol("k", nonnegative=True)
_x = sp.Symbol("x", real=True)
scale = sp.Symbol("alpha", positive=True)


def _series_steps() -> list[Step]:
    """Coefficients of (1-x)^(1/2) and (1-x)^(-1/2) over b_k = binom(2k, k)/4^k: -1/(2k-1) and 1.

    `(1-x) y' = -p y` gives `(k+1) c_(k+1) = (k-p) c_k`, and `b_(k+1)/b_k = (2k+1)/(2k+2)`; both begin with 1.
    """
    grown = (2 * k + 1) / (2 * k + 2)
    pairs = {}
    for name, p, over in (
        ("root", sp.Rational(1, 2), -1 / (2 * k - 1)),
        ("inverse", -sp.Rational(1, 2), sp.Integer(1)),
    ):
        y = (1 - _x) ** p
        pairs[f"equation of the {name}"] = ((1 - _x) * sp.diff(y, _x), -p * y)
        pairs[f"recurrence of the {name}"] = (
            (k + 1) * over.subs(k, k + 1) * grown,
            (k - p) * over,
        )
    pairs["arcsine"] = (sp.diff(sp.asin(_x), _x), (1 - _x**2) ** -sp.Rational(1, 2))
    return identical(pairs)


def even_coefficients(context: Context) -> Evidence:
    """r_1 = u/2 + ((1-u^2)^(1/2) + 2u arcsin u)/(2 pi), and the coefficient of u^(2k) in it over b_k.

    That of arcsin at u^(2k-1) is b_(k-1)/(2k-1), and b_(k-1) = b_k 2k/(2k-1). With all even coefficients positive,
    c^T K c = 0 means sum c_i p(x_i) = 0 for every even polynomial p (tensor powers). These separate points of which no
    two are equal or opposite, so that c = 0.
    """
    closed = u / 2 + (sp.sqrt(1 - u**2) + 2 * u * (sp.pi / 2 - sp.acos(u))) / (2 * sp.pi)
    derived = (-1 / (2 * k - 1) + 2 * (2 * k / (2 * k - 1)) / (2 * k - 1)) / (2 * sp.pi)
    stated, j = context["even"], sp.Symbol("j", nonnegative=True, integer=True)
    signs = {stated.subs(k, 0).is_positive, sp.factor(stated.subs(k, j + 1)).is_positive}
    positive = False if False in signs else True if signs == {True} else None
    steps = [
        *identical({"closed form": (R_1, closed), "coefficients": (stated, derived)}),
        *_series_steps(),
        Step("positive", positive, "a coefficient is not positive"),
    ]
    note = Note(
        id="limit-definite-without-opposites",
        severity="remark",
        text=(
            "Without opposite points (an open hemisphere, or non-negative inputs such as images) r_1 is strictly "
            "positive definite: its even Taylor coefficients are positive."
        ),
    )
    return conclude(
        steps,
        "every finite set without two equal or opposite points, every dimension",
        "c^T K c",
        "> 0",
        (note,),
    )


# --- more than one layer ---------------------------------------------------------------------------------------------


def deeper_coefficients(context: Context) -> Evidence:
    """Every Taylor coefficient of r_L is positive for L >= 2, so that r_L is strictly definite on the whole sphere.

    k0 = 1/2 + arcsin(u)/pi, with coefficients b_k/((2k+1) pi) > 0, and k1, with k1' = k0 and k1(0) = 1/pi, have none
    below 0; nor have step, factor and term in rho, k0, k1. So all rho_l and R_l have none, and their series converge up
    to |u| = 1. For l >= 1 rho_l has a constant and a linear coefficient > 0, so rho_l^n has all up to u^n, and
    k0(rho_l) has all. R_2 contains a k0(rho_1) R_1 with R_1(0) > 0, and R_(l+1) contains (1 - a) R_l.
    """
    parts = [sp.Poly(RECURSION[name], rho, k0, k1) for name in ("step", "factor", "term")]
    layer = all(c.subs(alpha, scale).is_positive for part in parts for c in part.coeffs())
    depth, floor = int(context["depth"]), context["floor"]
    steps = [
        *identical(
            {
                "k0": (K0_U, sp.Rational(1, 2) + (sp.pi / 2 - sp.acos(u)) / sp.pi),
                "k1": (sp.diff(K1_U, u), K0_U),
                "k1 at 0": (K1_U.subs(u, 0), 1 / sp.pi),
                "R_1 at 0": (R_1.subs(u, 0), 1 / (2 * sp.pi)),
                "odd part of one layer": (_odd(R_1), u),
            }
        ),
        *_series_steps(),
        Step("layer", True if layer else None, "a coefficient may be negative"),
        Step("depth", depth >= 2, "r_1 has no odd coefficient but the first"),
        Step("floor", bool(floor <= 0), "two close points have a smaller eigenvalue"),
    ]
    note = Note(
        id="deeper-kernels-definite",
        severity="remark",
        text=(
            "Every r_L with L >= 2 and alpha > 0 is strictly positive definite on the whole sphere, opposite points "
            "included: all its Taylor coefficients are positive. What fails in the limit r_1 fails at no finite depth "
            "but L = 1."
        ),
    )
    where = "every L >= 2 and alpha > 0, every finite set of distinct points, every dimension"
    return conclude(steps, where, "c^T K c", "> 0", (note,))


DEFINITE = (
    "definite-odd-part",
    "definite-opposite",
    "definite-data",
    "definite-taylor",
    "definite-even",
    "definite-deeper",
)
EVEN = (2 * k + 1) / (2 * k - 1) ** 2 / (2 * sp.pi)
"""Coefficient of u^(2k) in r_1, over binom(2k, k)/4^k."""
definite = assembled(
    id="positive-definite",
    title="Positive definiteness of the limit kernel",
    statement=(
        "The kernel r_1 to which r_L converges for gamma > 1/2 is strictly positive definite on the sphere."
    ),
    source="2403.04545, used for uniform convergence and for kernel regression",
    readings=(
        Reading("stated", "For all sets of distinct points of the whole sphere.", {"kernel": R_1}),
        Reading(
            "no-opposites",
            "For all sets without two opposite points, such as those of an open hemisphere or of non-negative inputs.",
            {"even": EVEN},
        ),
        Reading(
            "deeper",
            "r_L for every L >= 2 and alpha > 0, on the whole sphere: all Taylor coefficients are positive.",
            {"depth": sp.Integer(2), "floor": sp.Integer(0)},
        ),
        Reading("parity", "Lemma: r_1(u) - r_1(-u) = u.", {"odd": u}),
    ),
    checks=(
        Check(DEFINITE[1], Kind.EXACT, opposite_pairs),
        Check(DEFINITE[4], Kind.EXACT, even_coefficients, reading="no-opposites"),
        Check(DEFINITE[0], Kind.EXACT, odd_part, reading="parity"),
        Check(DEFINITE[5], Kind.EXACT, deeper_coefficients, reading="deeper"),
        Check(DEFINITE[2], Kind.CERTIFIED, data_definite, reading="deeper"),
        Check(DEFINITE[3], Kind.CERTIFIED, taylor_signs, reading="deeper"),
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
            (DEFINITE[3], DEFINITE[5]),
            "deeper",
        ),
        PlantedError(
            "definite-floor",
            "constant scaled",
            {"floor": sp.Integer(2)},
            "The diagonal is one, so lambda_min is at most one.",
            (DEFINITE[2], DEFINITE[5]),
            "deeper",
        ),
        PlantedError(
            "definite-even-exponent",
            "exponent off",
            {"even": EVEN * (2 * k - 1)},
            "The coefficients fall like k^(-3/2), as the singularity at u = 1 is a square root.",
            DEFINITE[4:5],
            "no-opposites",
        ),
        PlantedError(
            "definite-even-sign",
            "sign flipped",
            {"even": -EVEN},
            "At k = 0 it is r_1(0) = 1/(2 pi).",
            DEFINITE[4:5],
            "no-opposites",
        ),
        *(
            PlantedError(
                f"definite-{name}",
                "wrong function",
                {"kernel": formula},
                "Its odd part is linear too: three opposite pairs of the circle are a counterexample.",
                DEFINITE[1:2],
            )
            for name, formula in (("k1", K1_U), ("k0-term", u * K0_U))
        ),
    ),
)

CLAIMS = (definite,)
