"""C1 and C2: the symmetric fixed point, and that of the rectifier."""

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import Claim, Context, Note, Reading, agree, encloses, identity, noted, wrong
from mfcheck.rigor.definite import definite
from mfcheck.symbolic.activation import X
from mfcheck_proofs.batch_norm.gegenbauer import ANGLE, AT_RHO, HALF, MU_STAR, ONE, Q_STAR, B, is_relu, j
from mfcheck_proofs.batch_norm.networks import DRAWN, networks
from mfcheck_proofs.batch_norm.plane import plane

# --- C1 and C2: the fixed point --------------------------------------------------------------------------------------

POWER = (B - 4) / 2


def density_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E z^2 = (B-1)/(2 power + 3) by the beta integral is to be 1: the B coordinates have squares of sum B."""
    power = context["power"]
    return [((B - 1) / (2 * power + 3), ONE)]


def one_coordinate(context: Context) -> arb:
    """E phi(z)^2 with z = sqrt(B-1) sin s, by certified integration over s with the density of the reading."""
    setting, batch = context.setting, context.setting.integer("batch")
    if is_relu(setting):
        return arb(1) / 2
    s = sp.Symbol("s", real=True)
    power = 2 * context["power"].subs(B, batch) + 1
    weight = sp.cos(s) ** power
    norm = sp.sqrt(sp.pi) * sp.gamma((power + 1) / 2) / sp.gamma(power / 2 + 1)
    value = (setting.activation.expr.subs(X, sp.sqrt(batch - 1) * sp.sin(s))) ** 2 * weight / norm
    with ctx.workdps(40):
        half = arb.pi() / 2
        return definite(value, s, -half, half, 14)


def product_of_two(context: Context) -> arb:
    """E phi(z1) phi(z2) in the plane."""
    return plane(context).product


q, mu = Q_STAR.symbol, MU_STAR.symbol
UNIQUE = Note(
    id="fixed-point.attraction",
    severity="minor",
    text="That iterates converge to the symmetric fixed point is assumed in the text: neither uniqueness nor global "
    "stability is shown. Networks are seen to be there.",
)
fixed_point_claim = Claim(
    "fixed-point",
    title="The symmetric fixed point of a batch",
    statement=(
        r"$\Sigma^* = q^*[(1-c^*)I + c^*11^T]$, $q^* = E\phi(z)^2$, $q^*c^* = E\phi(z_1)\phi(z_2)$ for coordinates of the "
        r"sphere of radius $\sqrt B$ in $1^\perp$; $z$ has the density $\propto (B-1-z^2)^{(B-4)/2}$."
    ),
    source="1902.08129, Theorem 4",
    known="text read",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "In the setting: both averages by integration over one and two coordinates, and by Gegenbauer series.",
            {"power": POWER, "q": q, "product": q - mu, "mu": mu},
            checks=[
                identity("density", "power", density_steps, domain="all B", whole=False),
                encloses("one", "q", one_coordinate, digits=10, whole=True, uses=["power"], domain="one coordinate"),
                encloses("two", "product", product_of_two, digits=7, whole=True, domain="two coordinates"),
                noted(agree("networks-q", "q", networks("q"), domain=DRAWN, group="networks"), UNIQUE),
                agree("networks-mu", "mu", networks("mu"), domain=DRAWN, group="networks"),
            ],
            wrong=[
                wrong("exponent", {"power": (B - 3) / 2}, "E z^2 would not be 1.", checks=["density", "one"]),
                wrong("gaussian", {"q": q * B / (B - 1)}, "A batch of 8 is not Gaussian."),
                wrong("independent", {"product": 0 * q + sp.Rational(1, 100)}, "Coordinates have correlation rho."),
                wrong("uncentred", {"mu": q * (1 - 1 / sp.pi)}, "tanh has no mean: c* is negative."),
            ],
        ),
        Reading("attracts", "Every start that is not degenerate converges to it."),
    ],
)


def relu_square(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The printed Gamma form; E max(z, 0)^2 = 1/2 as E z^2 = 1; and E max max by integration over the angle."""
    t, psi = sp.symbols("t psi", positive=True)
    end = sp.pi / 2 - psi
    # In the plane of two coordinates at angles -psi, psi the squared radius has mean 2.
    mean = 2 * sp.integrate((sp.cos(2 * t) + sp.cos(2 * psi)) / 2, (t, -end, end)) / (2 * sp.pi)
    mean = mean.subs(psi, ANGLE / 2)
    gammas = (B - 1) / (2 * sp.sqrt(sp.pi)) * sp.gamma(sp.Rational(3, 2)) / ((B - 1) / 2)
    return [(gammas, context["q"]), (sp.simplify(mean), sp.simplify(context["q"] * context["c"].subs(AT_RHO)))]


relu_point = Claim(
    "relu-fixed-point",
    title="The rectifier: q* = 1/2, c* = J(-1/(B-1))",
    statement=(
        r"$q^* = \frac{B-1}{2\sqrt\pi}\Gamma(\frac32)\Gamma(\frac{B-1}2)/\Gamma(\frac{B+1}2)$, $c^* = J(-1/(B-1))$."
    ),
    source="1902.08129, Theorem 5",
    known="text read",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "For every B; the Gamma functions cancel: Gamma((B+1)/2) = ((B-1)/2) Gamma((B-1)/2).",
            {"q": HALF, "c": j, "mu": (1 - j).subs(AT_RHO) / 2},
            checks=[
                identity("angle", ("q", "c"), relu_square, domain="all B"),
                agree("networks", "mu", networks("mu", "relu"), domain="rectifier; " + DRAWN, group="relu"),
            ],
            wrong=[
                wrong("one", {"q": ONE}, "Half of the sphere is cut."),
                wrong(
                    "rho",
                    {"c": j.subs(j, (sp.sqrt(1 - 1 / B**2) - (sp.pi - sp.acos(-1 / B)) / B) / sp.pi)},
                    "rho is -1/(B-1).",
                ),
                wrong("no-correlation", {"mu": HALF * (1 + 1 / sp.pi)}, "c* is positive."),
            ],
        )
    ],
)
