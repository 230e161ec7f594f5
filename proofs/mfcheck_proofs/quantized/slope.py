"""C1: the slope at 0."""

from collections.abc import Iterable

import sympy as sp
from flint import ctx

from mfcheck.checks import At, Claim, Context, Kind, Reading, Step, ball, encloses, identical, identity, proof, wrong
from mfcheck.symbolic.activation import X
from mfcheck_proofs.quantized.stairs import by_pieces
from mfcheck_proofs.quantized.thresholds import HALF, ONE, S1, S2, N, a, c, density, s, step_opt, sums, t

# --- C1: the slope ---------------------------------------------------------------------------------------------------

rho, kappa = sp.symbols("rho kappa", real=True)


def slope_steps(context: Context) -> Iterable[Step]:
    """E u 1(u > t); the covariance of two indicators; and the least error of a multiple of k."""
    lower, upper = sp.symbols("Psi_min Psi_max", positive=True)
    error = 1 - 2 * kappa * S1 + kappa**2 * S2
    best = sp.solve(sp.diff(error, kappa), kappa)[0]
    return identical(
        {
            "E u 1(u > t) = n(t)": (sp.integrate(X * density(X), (X, t, sp.oo)), density(t)),
            "Cov = (1 - Psi(max)) - product": (
                (1 - upper) - (1 - lower) * (1 - upper),
                context["covariance"].subs({s: lower, t: upper}),
            ),
            "Price: d/dc E f(u) g(v) at c = 0 is E u f(u) E v g(v)": (
                sp.diff(density(X) * density((rho - c * X) / sp.sqrt(1 - c**2)) / sp.sqrt(1 - c**2), c).subs(c, 0),
                X * rho * density(X) * density(rho),
            ),
            "least error": (error.subs(kappa, best), 1 - context["chi"]),
        }
    )


def below_one(context: Context) -> list[At]:
    """Chi in the setting and for many levels, by the sums."""
    found = []
    for levels, step in [(n, step_opt(n)) for n in (2, 3, 4, 8, 64, 1024)]:
        with ctx.workdps(40):
            got = sums(levels - 1, step)
            found.append(At(ball(context, "chi", {S1: got.first, S2: got.second}), f"N = {levels}"))
    return found


def two_levels(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The sign: the quadrant probabilities give M = (2/pi) asin c."""
    return [
        (
            sp.diff(2 / sp.pi * sp.asin(rho), rho).subs(rho, 0),
            context["chi"].subs({S1: density(sp.Integer(0)), S2: HALF**2}),
        )
    ]


def with_bias(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Two equal inputs stay equal: M(1) = 1 with the variance of the reading."""
    return [((sp.Symbol("w") * sp.Symbol("Q") + sp.Symbol("b")) / context["variance"], ONE)]


CHI, COVARIANCE = S1**2 / S2, s * (1 - t)
slope_claim = Claim(
    "slope",
    title="The slope of the correlation map at 0",
    statement=(
        r"$\chi = \left(\sum_k n(g_k)\right)^2 / \sum_{j,k} \Psi(-\max(g_j,g_k))\Psi(\min(g_j,g_k))$, and $\chi < 1$ for "
        r"every finite number of levels."
    ),
    source="1906.00771, official code",
    known="official code",
    no_inequality="chi < 1 is proved for all stairs by a sum of squares",
    readings=[
        Reading(
            "stated",
            "chi = Corr(k(u), u)^2 for every stair, below 1 since a stair is not affine: 1 - chi is the least value of "
            "E (u - kappa k(u))^2, which is not 0.",
            {"chi": CHI, "thresholds": N - 1, "covariance": COVARIANCE, "one": ONE},
            checks=[
                proof("correlation", ("chi", "covariance"), slope_steps, kind=Kind.EXACT, domain="all N, all steps"),
                identity("sign", "chi", two_levels, domain="N = 2", whole=False),
                encloses("pieces", "chi", by_pieces, uses=["thresholds"], digits=18, domain="N from 2 to 16"),
                encloses("below", "one", below_one, relation="<", uses=["chi"], domain="best steps, N up to 1024"),
            ],
            wrong=[
                wrong("not-centred", {"chi": S1**2 / a}, "At N = 4, step 1 it is .2487.", checks=["pieces"]),
                wrong("off-by-one", {"thresholds": N}, "N levels have N - 1 thresholds."),
                wrong(
                    "root",
                    {"chi": sp.sqrt(CHI)},
                    "At N = 2 it is .798 and not 2/pi.",
                    checks=["correlation", "sign", "pieces"],
                ),
                wrong("no-product", {"covariance": 1 - t}, "The product of the means is missing."),
                wrong("smaller-bound", {"one": sp.Rational(9, 10)}, "At N = 8 chi reaches .96."),
            ],
        ),
        Reading(
            "biases",
            "With biases: the variance of pre-activations that normalises the map contains sigma_b^2.",
            {"variance": sp.Symbol("w") * sp.Symbol("Q") + sp.Symbol("b")},
            checks=[identity("equal-inputs", "variance", with_bias, domain="all variances")],
            wrong=[wrong("dropped", {"variance": sp.Symbol("w") * sp.Symbol("Q")}, "M(1) would exceed 1.")],
        ),
    ],
)
