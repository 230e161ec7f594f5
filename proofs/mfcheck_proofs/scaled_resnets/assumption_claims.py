"""What the paper asserts in its Assumptions 2 and 3, as claims: the initial measures, the activation."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks.identity import identities
from mfcheck.claims import (
    Check,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Reading,
    Scope,
)
from mfcheck.gaussian.exact import expectation
from mfcheck.rigor.assumption import judge
from mfcheck.rigor.ball import compare, exact, interval
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.scaled_resnets.symbols import C_1, d

# --- claim: Assumption 2 defines probability measures with finite second moments -------------------------------------

gaussian = {"moment_tau": d + 2, "moment_nu": 2 * d + 1}


def second_moments(context: Context) -> Evidence:
    """E|omega|^2 and E|theta|^2 as sums over coordinates: (a, w, b) with w in R^d, and (u, w, b)."""
    x = sp.Symbol("x", real=True)
    mass, square = expectation(sp.Integer(1), [x]), expectation(x**2, [x])
    return identities(
        [
            (mass, sp.Integer(1)),
            (square * (1 + d + 1), context["moment_tau"]),
            (square * (d + d + 1), context["moment_nu"]),
        ],
        "every $d$",
        Scope.WHOLE,
        (
            Note(
                id="dimension-typo",
                severity="minor",
                text=(
                    r"Assumption 3 as printed takes $u, w \in \mathbb{R}^{k_\nu}$ with $k_\nu = 2d + 1$, and "
                    r"$w \in \mathbb{R}^{k_\nu}$ in $\omega$ with $k_\tau = d + 2$. Neither adds up; "
                    r"$u, w \in \mathbb{R}^d$ does, and is what is checked here. In Theorem 6 the spaces of $\tau_y$ "
                    r"and $\nu_y$ are interchanged."
                ),
            ),
        ),
    )


initial = assembled(
    id="assumption-2-measures",
    title=r"The initial measures are probability measures in $\mathcal{P}^2$",
    statement=(
        r"$\tau_0$ and $\nu_0(\cdot, s)$ have mass one, and second moments $k_\tau = d + 2$ and $k_\nu = 2d + 1$."
    ),
    source="arXiv 2403.09889, Assumption 2 and dimensions in Assumption 3",
    readings=(Reading("stated", r"$\mathbb{E}|\omega|^2$ and $\mathbb{E}|\theta|^2$.", gaussian),),
    checks=(Check("assumption-2-moments", Kind.EXACT, second_moments),),
    planted=(
        PlantedError(
            "assumption-2-printed",
            "index shifted",
            {"moment_tau": (2 * d + 1) + 2},
            r"$w \in \mathbb{R}^{k_\nu}$ as printed gives another dimension.",
            ("assumption-2-moments",),
        ),
        PlantedError(
            "assumption-2-no-bias",
            "factor dropped",
            {"moment_nu": 2 * d},
            "The bias is a coordinate too.",
            ("assumption-2-moments",),
        ),
    ),
)

# --- claim: the activation meets Assumption 3 with the constant used -------------------------------------------------


def certified_constant(context: Context) -> Evidence:
    """The stated multiple of the certified least C_1 against the suprema it has to dominate."""
    found = judge(context.setting.activation)
    reasons = "; ".join(found.reasons)
    if found.answer != "holds":
        fails = found.answer == "fails"
        note = Note(
            id="activation-fails",
            severity="major",
            text=f"The activation {context.setting.activation.name} does not meet Assumption 3: {reasons}.",
        )
        return Evidence(
            passed=False if fails else None,
            cases=1,
            domain=f"{context.setting.activation.name}, all real $x$",
            reason=reasons or "the suprema could not be certified",
            notes=(note,) if fails else (),
        )
    needed = {
        "the growth": found.growth.value,
        r"$\sup|\sigma_0'|$": found.B[1].value,
        r"$\sup|\sigma_0''|$": found.B[2].value,
    }
    ratio = context["constant"] / C_1
    factor = Fraction(int(ratio.p), int(ratio.q))
    with ctx.workprec(120):
        stated = found.C1 * exact(factor)
    answers = {name: _serves(value, stated, factor) for name, value in needed.items()}
    broken = [name for name, answer in answers.items() if answer is False]
    named = broken or [name for name, answer in answers.items() if answer is None]
    return Evidence(
        passed=False if broken else None if named else True,
        scope=Scope.WHOLE,
        lhs=interval(found.C1),
        rhs=interval(stated),
        slack=float((stated / found.C1).mid()),
        error=float(found.C1.rad()),
        cases=1,
        domain=f"{context.setting.activation.name}, all real $x$",
        reason=f"{'exceeded by' if broken else 'not decided for'} {', '.join(named)}"
        if named
        else "",
        notes=_third_derivative(found.third_derivative_bounded),
    )


def _serves(value: arb, stated: arb, factor: Fraction) -> bool | None:
    """Return whether a supremum is at most `factor` times the largest of them; None where enclosures overlap.

    From a factor of one on it is, whatever the enclosures: one of the suprema equals the largest.
    """
    if factor >= 1:
        return True
    return {"<": True, ">": False, "?": None}[compare(value, stated)]


def _third_derivative(bounded: bool | None) -> tuple[Note, ...]:
    known = {True: "is bounded for this activation", False: "is not bounded for this activation"}
    return (
        Note(
            id="third-derivative",
            severity="minor",
            text=(
                r"The KL bounds of Theorem 5 are derived here with a bound on $\sigma_0'''$, which Assumption 3 does "
                rf"not grant; $\sigma_0'''$ {known.get(bounded, 'is not known to be bounded for this activation')}."
                if bounded is not None
                else (
                    r"The KL bounds of Theorem 5 need a bound on $\sigma_0'''$, which Assumption 3 does not grant."
                )
            ),
        ),
    )


def sampled_constant(context: Context) -> Evidence:
    """Largest |s0|/max(|x|,1), |s0'|, |s0''| at random points against the stated constant."""
    found = judge(context.setting.activation)
    if found.answer != "holds":
        return Evidence(passed=None, cases=0, reason="Assumption 3 is not certified to hold")
    rng, count = context.rng(), context.budget.pick(20_000, 100_000, 1_000_000)
    x = np.concatenate([rng.standard_normal(count) * s for s in (0.3, 2.0, 30.0)] + [np.zeros(1)])
    activation = context.setting.activation
    worst = 0.0
    for order in range(3):
        values = np.abs(activation.numpy_function(order)(x))
        values = values / np.maximum(np.abs(x), 1) if order == 0 else values
        worst = max(worst, float(values.max()))
    stated = float((context["constant"] / C_1) * float(found.C1.upper()))
    error = 1e-12 * stated
    return Evidence(
        passed=worst <= stated + error,
        lhs=Estimate(value=worst, error=error),
        rhs=Estimate(value=stated, error=error),
        slack=stated / worst,
        error=error,
        cases=len(x),
        domain=f"{activation.name} at Gaussian points of three scales",
        reason="" if worst <= stated + error else "a sampled point exceeds the constant",
    )


activation_claim = assembled(
    id="assumption-3-activation",
    title="The activation meets Assumption 3",
    statement=(
        r"$|\sigma_0(x)| \le C_1\max(|x|, 1)$, $|\sigma_0'| \le C_1$, $|\sigma_0''| \le C_1$ on the whole line, "
        "with the $C_1$ used here."
    ),
    source="arXiv 2403.09889, Assumption 3",
    readings=(Reading("stated", "$C_1$ as used in every constant.", {"constant": C_1}),),
    checks=(
        Check("assumption-3-suprema", Kind.CERTIFIED, certified_constant),
        Check("assumption-3-sampled", Kind.SAMPLED, sampled_constant),
    ),
    planted=(
        PlantedError(
            "assumption-3-halved",
            "constant scaled",
            {"constant": C_1 / 2},
            "$C_1$ is the least constant that serves.",
            ("assumption-3-suprema", "assumption-3-sampled"),
        ),
        PlantedError(
            "assumption-3-nine-tenths",
            "constant scaled",
            {"constant": C_1 * sp.Rational(9, 10)},
            "$C_1$ is the least constant that serves.",
            ("assumption-3-suprema", "assumption-3-sampled"),
        ),
    ),
)

CLAIMS = (initial, activation_claim)
