"""Planted errors made by generators for Lemma 4 and Theorems 5 and 6; see `planted`."""

import sympy as sp

from mfcheck.claims import PlantedError
from mfcheck.falsify.variants import (
    ASSUMPTION,
    dropped,
    of_attained,
    of_identity,
    of_order,
    powers,
    scaled,
    sign,
)
from mfcheck_proofs.scaled_resnets import lemma4, rademacher, theorem5, theorem5_steps, theorem6
from mfcheck_proofs.scaled_resnets.symbols import (
    Q_KL,
    C_max,
    Lambda,
    Q_m,
    alpha,
    beta,
    lambda_0,
    n,
    r,
    t,
)

HALF, NEAR = sp.Rational(1, 2), sp.Rational(9, 10)
FACTORS = scaled(2, HALF, sp.Rational(3, 2))
STEPS = (HALF, -HALF, 1, -1)
Errors = tuple[PlantedError, ...]


def dropped_assumption(
    id: str,
    name: str,
    variant: sp.Basic,
    why: str,
    checks: tuple[str, ...],
    reading: str = "stated",
) -> PlantedError:
    """Return a variant that is what would hold without an assumption."""
    return PlantedError(id, ASSUMPTION, {name: variant}, why, checks, reading)


# --- Lemma 4 -------------------------------------------------------------------------------------

EXCESS: Errors = of_identity(
    "lemma-4",
    "excess",
    lemma4.excess["excess"],
    (FACTORS, sign(), powers(alpha, *STEPS)),
    ("lemma-4-excess",),
)
STRICT: Errors = of_attained(
    "lemma-4",
    "floor",
    Lambda,
    (scaled(2, HALF, sp.Rational(1, 100)),),
    ("lemma-4-close-points",),
    r"Two points at a small angle have a $\lambda_{\min}$ below any positive number.",
    "strict",
)

_c = (1 + C_max) / 2


def _term(multiplier: sp.Expr, ratio: sp.Expr) -> sp.Expr:
    return sp.Max(0, 1 - multiplier * ratio)


GERSHGORIN: Errors = tuple(
    PlantedError(
        f"lemma-4-term-{name}",
        kind,
        {"term": variant},
        f"For two points the stated bound is attained, and {why}.",
        ("lemma-4-gershgorin",),
        "charitable",
    )
    for name, kind, variant, why in (
        (
            "doubled",
            "constant scaled",
            2 * lemma4.GERSHGORIN["term"],
            "twice an attained lower bound is too much",
        ),
        (
            "three-halves",
            "constant scaled",
            sp.Rational(3, 2) * lemma4.GERSHGORIN["term"],
            "three halves of an attained lower bound are too much",
        ),
        (
            "half-separation",
            "constant scaled",
            _term((n - 1) / 2, _c**r),
            r"every term with $r \ge 1$ grows when the multiplier is halved",
        ),
        (
            "r-shifted",
            "index shifted",
            _term(n - 1, _c ** (r + 1)),
            r"every term grows with the exponent, as $C_{\max} < 1$",
        ),
        (
            "r-doubled",
            "exponent off",
            _term(n - 1, _c ** (2 * r)),
            r"every term with $r \ge 1$ grows with the exponent, as $C_{\max} < 1$",
        ),
        (
            "no-separation",
            "assumption dropped",
            sp.Integer(1),
            r"without $C_{\max} < 1$ the sum would be the diagonal entry, which exceeds $\lambda_{\min}$",
        ),
    )
)

# --- Theorem 5 -----------------------------------------------------------------------------------

LOSS: Errors = tuple(
    PlantedError(
        f"theorem-5-loss-rate-{factor}",
        "constant scaled",
        {"bound": theorem5.L_0 * sp.exp(-factor * beta**2 * lambda_0 * t / n)},
        r"The slowest mode decays like $\exp(-2\beta^2\lambda_{\min}t/n)$, no faster.",
        ("theorem-5-loss-decay",),
    )
    for factor in (3, 8)
) + tuple(
    PlantedError(
        f"theorem-5-loss-beta-{name}",
        "exponent off",
        {"bound": theorem5.L_0 * sp.exp(-(beta**power) * lambda_0 * t / n)},
        r"Time runs in units of $n/\beta^2$; at large $\beta$ this rate is beyond that of the slowest mode.",
        ("theorem-5-loss-decay",),
    )
    for name, power in (("half-more", sp.Rational(5, 2)), ("one-more", sp.Integer(3)))
)

_below = (scaled(HALF, sp.Rational(1, 10)), powers(beta, -HALF, -1), dropped(n, 1))
KL_TAU: Errors = (
    *of_attained(
        "theorem-5-kl-tau",
        "bound",
        Q_KL / beta**2,
        _below,
        ("theorem-5-kl-tau-bound",),
        r"$\beta^2\,\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$ tends to $Q_{\mathrm{KL}}$, which each factor "
        r"(below one for $n \ge 2$, $\beta > 1$) goes below.",
    ),
    *of_order(
        "theorem-5-kl-tau",
        "order",
        sp.Integer(-2),
        (*STEPS, -2),
        ("theorem-5-kl-tau-slope",),
        r"The leading coefficient of $\beta^{-2}$ is not zero.",
        "leading-order",
    ),
    *of_identity(
        "theorem-5-kl-tau",
        "limit",
        Q_KL,
        (FACTORS, sign()),
        ("theorem-5-kl-tau-limit",),
        "leading-order",
    ),
)
KL_NU: Errors = of_order(
    "theorem-5-kl-nu",
    "order",
    sp.Integer(-4),
    (*STEPS, 2),
    ("theorem-5-kl-nu-slope",),
    r"The leading coefficient of $\beta^{-4}$ is not zero.",
    "sharp-order",
)
MOVEMENT: Errors = (
    *of_attained(
        "theorem-5-movement",
        "PL",
        sp.sqrt(Q_m) / beta,
        _below,
        theorem5_steps.MOVEMENT_CHECKS[:1],
        r"$\beta\,|\omega_\infty - \omega_0|$ tends to $Q_m^{1/2}$, which each factor "
        r"(below one for $n \ge 2$, $\beta > 1$) goes below.",
    ),
    *of_identity(
        "theorem-5-movement",
        "limit",
        sp.sqrt(Q_m),
        (FACTORS, sign()),
        theorem5_steps.MOVEMENT_CHECKS[1:2],
    ),
    *of_order(
        "theorem-5-movement",
        "order",
        sp.Integer(-2),
        STEPS,
        theorem5_steps.MOVEMENT_CHECKS[2:],
        r"The leading coefficient of $\beta^{-2}$ is not zero.",
        "encoder",
    ),
)
SPECTRUM: Errors = of_attained(
    "theorem-5",
    "floor",
    lambda_0,
    (scaled(sp.Rational(3, 2), 2), dropped(n, -1)),
    ("theorem-5-spectral-floor",),
    r"At $t = 0$ the smallest eigenvalue is $\lambda_0$, which each factor (above one for $n \ge 2$) goes beyond.",
)

# --- Theorem 6 -----------------------------------------------------------------------------------

_stated = rademacher.link["bound"]
RADEMACHER: Errors = of_attained(
    "theorem-6-rademacher",
    "bound",
    _stated,
    (
        scaled(sp.Rational(1, 4)),
        powers(beta, -HALF, -1),
        powers(n, -1),
        powers(rademacher.radius, HALF, 1),
    ),
    ("theorem-6-rademacher-link",),
    r"For small $\rho$ the complexity is near $\beta(2\rho\,\mathbb{E}[\sigma_0^2]/n)^{1/2}$, more than half "
    r"of the stated bound; each factor is below one half ($n \ge 4$, $\beta \ge 4$, $\rho \le 1/4$).",
)
COMPOSITION: Errors = (
    *of_order(
        "theorem-6",
        "stated",
        -HALF,
        (-HALF, -1),
        theorem6.CHAIN_CHECKS[1:2],
        "The repaired chain gives this order exactly, and no better one.",
        "repaired",
    ),
    *of_attained(
        "theorem-6-repaired",
        "complexity",
        theorem6.REPAIRED["complexity"],
        (dropped(n, -1),),
        theorem6.CHAIN_CHECKS[1:2],
        "The complexity is of order $n^{-1/2}$ exactly.",
        "repaired",
    ),
    dropped_assumption(
        "theorem-6-unbounded-form",
        "radius",
        theorem6.REPAIRED["radius"] * sp.sqrt(n),
        "Without the hypothesis that the quadratic form stays bounded the rate is lost.",
        theorem6.CHAIN_CHECKS[1:2],
        "repaired",
    ),
)
