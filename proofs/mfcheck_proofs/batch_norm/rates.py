"""C3 to C5: growth of squared gradients, by series and by integral, and its least value."""

import math
from collections.abc import Callable
from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import Claim, Context, Note, Reading, agree, bound, encloses, identity, noted, wrong
from mfcheck_proofs.batch_norm.gegenbauer import AT_RHO, BATCH, BOUND, ONE, RATE, RATE_STAR, B, by_series, ratios
from mfcheck_proofs.batch_norm.networks import DRAWN, networks
from mfcheck_proofs.batch_norm.plane import plane

# --- C3 to C5: the rate ----------------------------------------------------------------------------------------------


def backward_trace(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The trace of (G - nn') D G D over the batch, n = z/sqrt(B), and E 1/|g|^2 = 1/((B-3) mu) for a Gaussian g in B-1 dims.

    On the diagonal G is (B-1)/B and G - nn' (B-1-z^2)/B; off it -1/B and -(1 + z1 z2)/B.
    """
    own, other, z1, z2 = sp.symbols("d11 d12 z1 z2")
    diagonal = B * (B - 1) / B * (B - 1 - z1**2) / B * own
    rest = B * (B - 1) * (1 + z1 * z2) / B**2 * other
    per_layer = B / ((B - 3) * (B - 1)) * (diagonal + rest)
    return [(sp.expand(per_layer), sp.expand(context["trace"]))]


own, other, z1, z2 = sp.symbols("d11 d12 z1 z2")
TRACE = ((B - 1 - z1**2) * own + (1 + z1 * z2) * other) / (B - 3)


def plane_rate(context: Context) -> arb:
    """The rate by the integral in the plane."""
    batch = context.setting.integer("batch")
    found, whole = plane(context), by_series(context.setting.activation.expr, batch, 15)
    with ctx.workprec(96):
        return found.gradient / ((batch - 3) * (whole.q - found.product))


Moments = Callable[[int, int], Fraction]


def plane_moments(batch: int) -> Moments:
    """E z1^i z2^k, exactly: through a Gaussian in B-1 dimensions, whose pair has covariance (1, rho)."""

    def gaussian(i: int, k: int) -> Fraction:
        if i < 0 or k < 0 or (i + k) % 2:
            return Fraction(0)
        if i == 0:
            return Fraction(math.prod(range(1, k, 2)))
        rho = Fraction(-1, batch - 1)
        return (i - 1) * gaussian(i - 2, k) + rho * k * gaussian(i - 1, k - 1)

    def moment(i: int, k: int) -> Fraction:
        scale = math.prod(range(batch - 1, batch - 1 + i + k, 2))
        return gaussian(i, k) * Fraction(batch - 1) ** ((i + k) // 2) / scale

    return moment


POLYNOMIALS = ((0, 1), (1, 1), (0, 0, 1), (0, 1, 0, 2), (1, -2, 3, 1), (0, 0, 0, 0, 1), (2, 1, -1, 0, 1, 1))


def exact_rate(batch: int, c: tuple[int, ...]) -> Fraction:
    """The rate of a polynomial sum c_n z^n by the integral, from moments."""
    E = plane_moments(batch)
    d = [n * a for n, a in enumerate(c)][1:]
    top = mu = Fraction(0)
    for i, a in enumerate(d):
        for k, b in enumerate(d):
            top += a * b * ((batch - 1) * E(i + k, 0) - E(i + k + 2, 0) + E(i, k) + E(i + 1, k + 1))
    for i, a in enumerate(c):
        for k, b in enumerate(c):
            mu += a * b * (E(i + k, 0) - E(i, k))
    return top / ((batch - 3) * mu)


def series_pairs(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The series of each polynomial, its coefficients from exact moments, with the weight of the reading."""
    pairs = []
    for b in range(4, 10):
        E, r = plane_moments(b), ratios(b, 8)
        rows = orthogonal(b, 6)
        for c in POLYNOMIALS:
            top = below = sp.Integer(0)
            for n in range(1, len(c)):
                inner = sum((a * x * E(i + e, 0) for i, a in enumerate(c) for e, x in enumerate(rows[n])), Fraction(0))
                norm = sum(
                    (x * y * E(i + e, 0) for i, x in enumerate(rows[n]) for e, y in enumerate(rows[n])), Fraction(0)
                )
                share = sp.Rational(*(inner**2 / norm).as_integer_ratio()) * (1 - sp.Rational(int(r[n].p), int(r[n].q)))
                top += context["weight"].subs({B: b, k: n}) * share
                below += share
            pairs.append((sp.Rational(*exact_rate(b, c).as_integer_ratio()), top / below))
    return pairs


def orthogonal(batch: int, count: int) -> list[list[Fraction]]:
    """Return the coefficients in z of C_n(z/sqrt(B-1))/C_n(1) times sqrt(B-1)^(n mod 2), n = 0..count-1."""
    rows = [[Fraction(1)], [Fraction(0), Fraction(1)]]
    for k in range(1, count - 1):
        # z R_k with the root split off: x^2 = z^2/(B-1)
        scale = Fraction(1) if k % 2 == 0 else Fraction(1, batch - 1)
        up = [Fraction(0), *(scale * a for a in rows[k])]
        down = rows[k - 1] + [Fraction(0)] * (len(up) - len(rows[k - 1]))
        rows.append([((2 * k + batch - 3) * a - k * b) / (k + batch - 3) for a, b in zip(up, down, strict=True)])
    return rows


k = sp.Symbol("k", positive=True)
WEIGHT = k * (B - 3 + k) / (B - 3)
rate = RATE_STAR.symbol
SCOPE = Note(
    id="rate.scope",
    severity="remark",
    text="The rate is that of initialisation with epsilon = 0 and without skip connections. The later theorem that makes such "
    "computations rigorous (1902.04760) covers the forward kernel, and explicitly not the gradient through batch "
    "normalisation, whose Jacobian is singular.",
)
rate_claim = Claim(
    "rate",
    title="The rate of squared gradients, by integral and by series",
    statement=(
        r"$\lambda = \frac{1}{(B-3)\mu^*}E[(B-1-z_1^2)\phi'(z_1)^2 + (1+z_1z_2)\phi'(z_1)\phi'(z_2)] = "
        r"\sum_k \frac{k(B-3+k)}{B-3}c_ka_k^2 / \sum_k c_ka_k^2$."
    ),
    source="1902.08129, Theorems 7 and 9",
    known="text read",
    no_inequality="it states equalities; its lower bound is attacked in explosion",
    readings=[
        Reading(
            "stated",
            "In the setting: the series is the integral. The integrand is the trace of the backward map, and for polynomials "
            "both are compared in exact arithmetic.",
            {"trace": TRACE, "weight": WEIGHT, "rate": rate},
            checks=[
                identity("trace", "trace", backward_trace, domain="all B", whole=False),
                identity("polynomials", "weight", series_pairs, domain="B = 4..9, seven polynomials", whole=False),
                encloses("plane", "rate", plane_rate, digits=6, whole=True, domain="two coordinates"),
                noted(agree("networks", "rate", networks("rate"), domain=DRAWN, group="networks"), SCOPE),
            ],
            wrong=[
                wrong("norm", {"rate": sp.sqrt(rate)}, "It is the growth of the squared norm."),
                wrong(
                    "weight", {"weight": k}, "The eigenvalue of the sphere is k(k+B-3): tanh would give 1.0841 < 6/5."
                ),
                wrong(
                    "no-deviation",
                    {"trace": ((B - 1) * own + other) / (B - 3)},
                    "The batch standard deviation is differentiated too.",
                ),
                wrong("sign", {"trace": TRACE.subs(other, -other)}, "Both matrices are negative off the diagonal."),
                wrong("rectifier", {"rate": RATE.subs(AT_RHO)}, "tanh has a rate of its own."),
            ],
        )
    ],
)


def explosion_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Weight minus bound has the factors k-1 >= 0; |C_k/C_k(1)| < 1: a mean of powers of a number of modulus below 1."""
    x, s = sp.symbols("x s", real=True)
    modulus = x**2 + (1 - x**2) * sp.cos(s) ** 2
    return [
        (sp.factor(context["weight"] - context["bound"]), sp.factor((k - 1) * (k + B - 2) / (B - 3))),
        (sp.simplify(1 - modulus - context["room"].subs({sp.Symbol("x"): x, sp.Symbol("s"): s})), sp.Integer(0)),
    ]


STEP = sp.Symbol("e", nonnegative=True)


def laplace(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """C_k(x)/C_k(1) = E (x + i sqrt(1-x^2) cos s)^k for k <= 6, s of density sin^(B-4): moments (2i-1)!!/((B-2)(B)...)."""
    x, b = sp.symbols("x b", positive=True)
    rows = [ONE, x]
    for n in range(1, 6):
        rows.append(sp.cancel(((2 * n + b - 3) * x * rows[n] - n * rows[n - 1]) / (n + b - 3)))
    found = []
    for n, row in enumerate(rows):
        total = sum(
            sp.binomial(n, 2 * i)
            * x ** (n - 2 * i)
            * (x**2 - 1) ** i
            * sp.prod(context["ladder"].subs({STEP: e, B: b}) for e in range(i))
            for i in range(n // 2 + 1)
        )
        found.append((sp.expand(sp.cancel(row)), sp.expand(sp.cancel(total))))
    return found


def affine(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The rate of phi = 1 + z against the bound: equal, and 1 + z is not linear; `excess` is what the reading expects."""
    return [
        (sp.Rational(*exact_rate(b, (1, 1)).as_integer_ratio()) - BOUND.subs(B, b), context["excess"]) for b in (5, 8)
    ]


LITERAL = Note(
    id="explosion.affine",
    severity="minor",
    text="'Equality iff phi is linear' should read 'iff phi is affine on [-sqrt(B-1), sqrt(B-1)]': a constant drops out, and "
    "what phi does beyond is never seen.",
)
MILD = Note(
    id="explosion.mild",
    severity="remark",
    text="For large batches the bound is 1 + 1/(B-3): 'explodes for every activation' is then a statement about a rate "
    "close to 1. The rectifier costs pi/(pi-1) at any batch size.",
)
explosion = Claim(
    "explosion",
    title="Gradients explode for every activation",
    statement=r"$\lambda \ge (B-2)/(B-3) > 1$, with equality iff $\phi$ is linear.",
    source="1902.08129, Theorem 9",
    known="text read",
    readings=[
        Reading(
            "strict",
            "Equality for linear phi only: phi = 1 + z has more than the bound.",
            {"excess": sp.Rational(1, 1000)},
            checks=[noted(identity("affine", "excess", affine, domain="phi = 1 + z, B = 5, 8"), LITERAL, when=False)],
            wrong=[wrong("less", {"excess": -sp.Rational(1, 1000)}, "The excess of phi = 1 + z is zero.")],
        ),
        Reading(
            "charitable",
            "A bound for every phi that is not constant, with equality iff a_k = 0 for k >= 2: the weights increase in k "
            "and c_k > 0.",
            {
                "weight": WEIGHT,
                "bound": BOUND,
                "room": (1 - sp.Symbol("x") ** 2) * sp.sin(sp.Symbol("s")) ** 2,
                "excess": sp.Integer(0),
                "ladder": (2 * STEP + 1) / (B - 2 + 2 * STEP),
            },
            checks=[
                noted(
                    identity("weights", ("weight", "bound", "room"), explosion_steps, domain="all B >= 4, k >= 1"), MILD
                ),
                identity("laplace", "ladder", laplace, domain="k <= 6", whole=False),
                identity("affine", "excess", affine, domain="phi = 1 + z", whole=False),
            ],
            wrong=[
                wrong("weight", {"weight": k}, "With k alone the bound would be 1.", also=["slack-bound"]),
                wrong(
                    "larger", {"bound": BOUND + 1 / (B - 3)}, "Linear phi attains (B-2)/(B-3).", also=["slack-bound"]
                ),
                wrong("modulus", {"room": 0 * sp.Symbol("x") + ONE}, "The modulus is 1 at s = 0.", checks=["weights"]),
                wrong("ladder", {"ladder": (2 * STEP + 1) / (B - 1 + 2 * STEP)}, "E cos^2 s = 1/(B-2)."),
                wrong("excess", {"excess": ONE}, "phi = 1 + z attains the bound."),
            ],
            attack=[
                bound(
                    "bound",
                    "bound",
                    "<=",
                    "weight",
                    over={BATCH: (4, 1000), k: (1, 100)},
                    integers=["batch", "k"],
                    log=["batch", "k"],
                    text="(B-2)/(B-3) <= k (B-3+k)/(B-3)",
                )
            ],
        ),
    ],
)
