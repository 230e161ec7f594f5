"""Planted errors made by generators: wrong variants of the formulas of every claim, each known to be false.

Where several checks test a formula, the generated variants go to the cheap ones, which are exact and cover the whole
statement; the hand-written variants beside the claims put the others to the test.
"""

from collections.abc import Mapping

import sympy as sp

from mfcheck.falsify.variants import (
    derivative,
    dropped,
    of_attained,
    of_identity,
    of_order,
    powers,
    scaled,
    shifted,
    sign,
)
from mfcheck.symbolic.generic import s0, s1, s2
from mfcheck_proofs.scaled_resnets import assumption_claims, gram, network, separated_samples
from mfcheck_proofs.scaled_resnets import planted_theorems as theorems
from mfcheck_proofs.scaled_resnets.planted_theorems import FACTORS, HALF, NEAR, STEPS, Errors
from mfcheck_proofs.scaled_resnets.symbols import (
    C_1,
    alpha,
    beta,
    d,
    k,
    n,
)

# --- assumptions, network ------------------------------------------------------------------------

CAP_CHECKS = ("assumption-1-frequency", "assumption-1-closed-forms")
IID: Errors = tuple(
    error
    for variants, checks in (
        (FACTORS, CAP_CHECKS),
        (shifted(d, 1, -1), CAP_CHECKS[1:]),  # in high dimensions pairs do not tell d from d + 1
    )
    for error in of_identity(
        "assumption-1", "cap", separated_samples.CAP, (variants,), checks, "cap-formula"
    )
)

MOMENTS: Errors = tuple(
    error
    for name in ("moment_tau", "moment_nu")
    for error in of_identity(
        "assumption-2",
        name,
        assumption_claims.gaussian[name],
        (FACTORS, sign(), shifted(d, 1, -1), powers(d, *STEPS)),
        ("assumption-2-moments",),
    )
)

CONSTANT: Errors = of_attained(
    "assumption-3",
    "constant",
    C_1,
    (scaled(HALF, sp.Rational(3, 4), NEAR, sp.Rational(99, 100)),),
    ("assumption-3-suprema",),
    "$C_1$ is the least constant that serves.",
)

LIPSCHITZ: Errors = of_attained(
    "ode",
    "lipschitz",
    alpha * C_1 * network.mean_uw,
    (scaled(HALF, NEAR), powers(alpha, -HALF, -1)),
    ("ode-lipschitz",),
    r"One neuron at the steepest point of $\tanh$, $\alpha = 2$, moves at the full rate along $w$.",
)
LAGRANGE: Errors = of_identity(
    "ode", "missing_square", sp.Integer(1), (FACTORS, sign()), ("ode-cauchy-schwarz",)
)
EULER: Errors = of_order(
    "ode-depth",
    "order",
    network.order,
    (*STEPS, -2),
    ("ode-euler-order",),
    "The leading error of explicit Euler steps does not vanish for a field that depends on $s$.",
)

_beta_n = (powers(beta, *STEPS), dropped(n, -1))
TAU: Errors = of_identity(
    "derivative",
    "tau",
    network.summands["tau"],
    (FACTORS, sign(), *_beta_n, derivative("slope", s0, s1)),
    network.TAU_CHECKS[1:],
)
NU: Errors = of_identity(
    "derivative",
    "nu",
    network.summands["nu"],
    (FACTORS, sign(), *_beta_n, powers(alpha, *STEPS), derivative("slope", s0, s1)),
    network.NU_CHECKS[1:],
)
FLOWS: Errors = tuple(
    error
    for name in ("velocity", "pde")
    for error in of_identity(
        "flow", name, network.flow[name], (FACTORS, sign()), ("flow-weak-form",)
    )
)

# --- Gram matrices and kernels -------------------------------------------------------------------

DYNAMICS: Errors = tuple(
    error
    for name, power in (("residual", -1), ("loss", -2))
    for error in of_identity(
        "gram-dynamics",
        name,
        gram.dynamics[name],
        (FACTORS, sign(), powers(beta, *STEPS), dropped(n, power)),
        gram.DYNAMICS[1:],
    )
)
SQUARES: Errors = of_identity(
    "gram-psd", "form", gram.square["form"], (FACTORS, sign()), ("gram-psd-squares",)
)

_inner = gram.w * gram.z + gram.b
START: Errors = tuple(
    theorems.dropped_assumption(
        f"initialisation-{name}-not-centred",
        name,
        variant,
        rf"Without $\mathbb{{E}}[{which}] = 0$ of Assumption 2 this would be the value; under it the mean is zero.",
        ("initialisation-centred",),
    )
    for name, which, variant in (
        ("f", "a", beta * s0(_inner)),
        ("dz", "u", alpha * s0(_inner)),
        ("p", "a", gram.w * s1(_inner)),
    )
)

HERMITE: Errors = of_identity(
    "hermite-gram",
    "weight",
    gram.G2_WEIGHT,
    (FACTORS, sign(), shifted(k, 1, -1), powers(1 + k, 1, -1)),
    ("hermite-gram-mehler",),
)
RATE: Errors = of_identity(
    "kl", "rate", gram.kl_forms["rate"], (FACTORS, sign()), gram.KL_CHECKS[:1]
)
KERNEL: Errors = of_identity(
    "kl",
    "kernel",
    gram.kl_forms["kernel"],
    (
        FACTORS,
        sign(),
        derivative("first-for-second", s2, s1),
        derivative("value-for-first", s1, s0),
        derivative("first-for-value", s0, s1),
    ),
    gram.KL_CHECKS[1:2],
)
WEIGHT: Errors = of_identity(
    "kl",
    "weight",
    gram.kl_forms["weight"],
    (FACTORS, sign(), shifted(k, 1, -1), powers(1 + k, 1, -1)),
    gram.KL_CHECKS[2:],
)

GENERATED: Mapping[str, Errors] = {
    "assumption-1-iid": IID,
    "assumption-2-measures": MOMENTS,
    "assumption-3-activation": CONSTANT,
    "ode-well-posed": LIPSCHITZ + LAGRANGE,
    "ode-depth-discretisation": EULER,
    "functional-derivatives": TAU + NU,
    "gradient-flows": FLOWS,
    "gram-dynamics": DYNAMICS,
    "gram-psd": SQUARES,
    "initialisation": START,
    "hermite-gram": HERMITE,
    "kl-rate": RATE + KERNEL + WEIGHT,
    "lemma-4-first": theorems.EXCESS,
    "lemma-4-second": theorems.STRICT + theorems.GERSHGORIN,
    "theorem-5-loss": theorems.LOSS,
    "theorem-5-kl-tau": theorems.KL_TAU,
    "theorem-5-kl-nu": theorems.KL_NU,
    "theorem-5-movement": theorems.MOVEMENT,
    "theorem-5-spectrum": theorems.SPECTRUM,
    "theorem-6-rademacher": theorems.RADEMACHER,
    "theorem-6-composition": theorems.COMPOSITION,
}
"""By the id of the claim."""
