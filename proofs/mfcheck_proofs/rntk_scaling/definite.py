"""The limit kernel r_1 on the sphere: parity and positive definiteness."""

from collections.abc import Callable

import sympy as sp
from flint import arb, arb_mat, arb_series, ctx

from mfcheck.claims import (
    Check,
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Reading,
    Scope,
)
from mfcheck.claims.setting import Point
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.formulas import K0_U, K1_U, u
from mfcheck.rigor.dual import half_gram
from mfcheck.rigor.eigen import smallest_eigenvalue
from mfcheck.symbolic.identity import identities
from mfcheck_proofs.rntk_scaling.proofs import PREC, Step, conclude, identical, interval

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
            "gamma > 1/2 cannot cover targets with such parts. Without opposite points (an open hemisphere, or "
            "non-negative inputs such as images) it is strictly positive definite: the even Taylor coefficients are "
            "positive. The paper should state its domain. The kernels r_L with L >= 2 are not affected as far as "
            "their coefficients were enclosed."
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
            found[name] = smallest_eigenvalue(gram(rows, k))
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


def gram(points: tuple[Point, ...], k: Callable[[arb], arb]) -> arb_mat:
    """Enclose the matrix of a kernel with k(1) = 1 on the points, shape (n, n)."""
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


# --- no two opposite points ------------------------------------------------------------------------------------------

k = sp.Symbol("k", nonnegative=True)
_x = sp.Symbol("x", real=True)


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
    positive = bool(stated.subs(k, 0) > 0) and bool(sp.factor(stated.subs(k, j + 1)).is_positive)
    steps = [
        *identical({"closed form": (R_1, closed), "coefficients": (stated, derived)}),
        *_series_steps(),
        Step("positive", positive, "a coefficient is not positive"),
    ]
    return conclude(
        steps,
        "every finite set without two equal or opposite points, every dimension",
        "c^T K c",
        "> 0",
    )


DEFINITE = (
    "definite-odd-part",
    "definite-opposite",
    "definite-data",
    "definite-taylor",
    "definite-even",
)
EVEN = (2 * k + 1) / (2 * k - 1) ** 2 / (2 * sp.pi)
"""Coefficient of u^(2k) in r_1, over binom(2k, k)/4^k."""
definite = Claim(
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
            "r_L for L >= 2: all Taylor coefficients are positive; and both kernels on the setting's data.",
            {"depth": sp.Integer(2), "floor": sp.Integer(0)},
        ),
        Reading("parity", "Lemma: r_1(u) - r_1(-u) = u.", {"odd": u}),
    ),
    checks=(
        Check(DEFINITE[1], Kind.EXACT, opposite_pairs),
        Check(DEFINITE[4], Kind.EXACT, even_coefficients, "no-opposites"),
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
            DEFINITE[3:4],
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
            "definite-even-exponent",
            "exponent off",
            {"even": EVEN * (2 * k - 1)},
            "The coefficients fall like k^(-3/2), as the singularity at u = 1 is a square root.",
            DEFINITE[4:],
            "no-opposites",
        ),
        PlantedError(
            "definite-even-sign",
            "sign flipped",
            {"even": -EVEN},
            "At k = 0 it is r_1(0) = 1/(2 pi).",
            DEFINITE[4:],
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
