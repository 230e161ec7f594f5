"""Which part of the network carries each guarantee."""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.claims import (
    Budget,
    Check,
    Claim,
    Context,
    Estimate,
    Evidence,
    Interval,
    Kind,
    Note,
    PlantedError,
    Reading,
    Scope,
    Setting,
)
from mfcheck.claims.compare import at_most
from mfcheck.particles import Solution, simulate
from mfcheck.rigor.ball import bounds, compare, exact
from mfcheck.symbolic.gaussian import expectation
from mfcheck.symbolic.generic import s0, s1
from mfcheck.symbolic.identity import identities
from mfcheck_proofs.scaled_resnets.changes import least_beta
from mfcheck_proofs.scaled_resnets.flow import final, numerics, problem, runs
from mfcheck_proofs.scaled_resnets.regime import (
    GROUP,
    NO_BETA,
    admissible,
    measured,
    over_beta_plot,
    said,
    tightest,
)
from mfcheck_proofs.scaled_resnets.setting import needs_encoder, needs_smooth_activation
from mfcheck_proofs.scaled_resnets.symbols import alpha, beta, lambda_0, n
from mfcheck_proofs.scaled_resnets.theorem5 import L_0, decay
from mfcheck_proofs.scaled_resnets.values import number, value_of

Array = NDArray[np.float64]
ASSUMPTIONS = ("assumption-1", "assumption-2", "assumption-3")


@lru_cache(maxsize=8)
def _frozen_encoder(setting: Setting, budget: Budget, seed: int, at: float) -> Solution:
    sizes = replace(numerics(setting, budget, seed, at), frozen=frozenset({"nu"}))
    return simulate(problem(setting, at), sizes)


def encoder_frozen(context: Context) -> Evidence:
    """The loss against its bound with the encoder frozen, at the least admissible beta; and what the encoder adds."""
    run = next((run for run in runs(context) if run.admissible), None)
    if run is None:
        return Evidence(passed=None, cases=0, reason="no finite beta is known to be admissible")
    frozen = _frozen_encoder(context.setting, context.budget, context.seed, run.beta)
    loss = frozen.series["loss"]
    answers = []
    for k, time in list(enumerate(frozen.time))[1:]:
        bound = number(
            context, context["bound"], t=float(time), beta=run.beta, L_0=float(loss.value[0])
        )
        lhs = Estimate(value=float(loss.value[k]), error=float(loss.error[k]))
        answers.append((at_most(lhs, Estimate(value=bound, error=0.0)), lhs, bound))
    decided = [answer for answer, _, _ in answers]
    passed = False if False in decided else None if None in decided else True
    at = decided.index(passed)
    # The same particles in both: replicate by replicate most of the noise cancels.
    ratio = run.solution.series["KL_tau"].samples[:, -1] / frozen.series["KL_tau"].samples[:, -1]
    change, error = abs(float(ratio.mean()) - 1), 2 * float(ratio.std(ddof=1))
    share = 1 - final(run, "lambda_min_G2").value / final(run, "lambda_min_G").value
    loose = runs(context)[0]
    shares = [final(r, "KL_nu").value / final(r, "KL_tau").value for r in (loose, run)]
    text = (
        r"The head alone carries Theorem 5. With the encoder frozen the same bound on the loss holds at "
        rf"$\beta = {run.beta:.4g}$, and $\mathrm{{KL}}(\tau_\infty\|\tau_0)$ changes by a share of {change:.1g} "
        rf"(error {error:.1g}); with the head frozen nothing moves ($p = 0$ for all time, exactly). The encoder's "
        rf"share of $\lambda_{{\min}}(G)$ is 0 at the start and {share:.1g} at the end. Its KL is {shares[0]:.2g} of "
        rf"the head's at $\beta = {loose.beta:.4g}$ and {shares[1]:.2g} here: the guarantee speaks of a regime in "
        r"which depth is idle."
    )
    return Evidence(
        passed=passed,
        lhs=answers[at][1],
        rhs=Estimate(value=answers[at][2], error=0.0),
        slack=answers[at][2] / answers[at][1].value if answers[at][1].value > 0 else None,
        error=answers[at][1].error,
        cases=1,
        domain=rf"encoder frozen, $\beta = {run.beta:.4g}$, all output times, seed {context.seed}",
        reason="" if passed else "the loss exceeds the bound",
        notes=(Note(id="theorem-5-carried-by-head", severity="major", text=text),)
        if passed
        else (),
    )


def head_frozen(context: Context) -> Evidence:
    """With tau = tau_0 the adjoint is E[a] E[...] = 0 at every feature, so no encoder particle has a velocity."""
    a, u, w, b, z = sp.symbols("a u w b z", real=True)
    residual = sp.Symbol("e", real=True)
    adjoint = expectation(a * s1(w * z + b) * w, [a])
    potential = alpha * beta / n * residual * adjoint * u * s0(w * z + b)
    return identities(
        [(sp.diff(potential, x), context["velocity"]) for x in (u, w, b)],
        "every $s_0$, data set, depth, $\\alpha$, $\\beta$ and encoder measure",
        Scope.WHOLE,
    )


SHARES = {
    "share_lambda": r"of $\lambda_{\min}(G)$",
    "share_decay": "of the decay of the loss",
    "share_KL": r"of both $\mathrm{KL}$",
}


def encoder_shares(context: Context) -> Evidence:
    """The encoder's shares at the end of the flow at the least admissible beta; at the start all are 0 exactly.

    At the start p = 0, so that G1 = 0: nothing of lambda_min(G) and of dL/dt comes from the encoder, and both KL are 0.
    """
    found = measured(context)
    large, small = admissible(found), found[0]
    if large is None:
        return NO_BETA
    limit = Estimate(value=float(context["share"]), error=0.0)
    pairs = [(large[name], limit) for name in SHARES]
    evidence = tightest([at_most(*pair) for pair in pairs], pairs)
    at_large, at_small = (
        "; ".join(f"{label} {said(c[name])}" for name, label in SHARES.items())
        for c in (large, small)
    )
    bound = value_of(_at(context.setting, large.beta), "rademacher_encoder")
    whole = value_of(_at(context.setting, large.beta), "rademacher")
    rademacher = (
        " In the computed bound of Theorem 6 its share of the Rademacher complexity is "
        f"{float((bound / whole).mid()):.2g}."
        if whole.is_finite()
        else ""
    )
    text = (
        rf"Share of the encoder, at the start: 0 exactly in Lemma 4 and Theorem 5 ($p = 0$, so $G_1 = 0$). At the end "
        rf"for $\beta = {large.beta:.4g}$, the least that Theorem 5 is known to admit: {at_large}. For "
        rf"$\beta = {small.beta:g}$, where the theorem does not apply: {at_small}.{rademacher}"
    )
    plot = over_beta_plot(
        found, SHARES, "encoder-shares", "Share of the encoder at the end of training"
    )
    return evidence.model_copy(
        update={
            "domain": rf"$\beta = {large.beta:.4g}$, start and end of the flow; seed {context.seed}",
            "reason": "" if evidence.passed else "a share exceeds the limit, or its error does",
            "plots": (plot,),
            "notes": (Note(id="encoder-shares", severity="minor", text=text),)
            if evidence.passed
            else (),
        }
    )


def _at(setting: Setting, beta_used: float) -> Setting:
    return setting.with_values(beta=Fraction(f"{beta_used:.12g}"))


REMOVED = (
    ("beta_threshold", r"threshold of $\beta$"),
    ("KL_bound_tau", r"bound of $\mathrm{KL}(\tau_t\,\|\,\tau_0)$"),
    ("KL_bound_nu", r"bound of $\mathrm{KL}(\nu_t\,\|\,\nu_0)$"),
    ("rademacher", "Rademacher complexity"),
    ("generalization_bound", "bound of Theorem 6"),
)
"""Constants that bound something from above: the smaller, the better."""


def encoder_removed(context: Context) -> Evidence:
    """Each constant with alpha = 0, where the network is a two-layer one, over the same with the setting's alpha."""
    setting = context.setting
    least = least_beta(setting)
    if least is None:
        return NO_BETA
    deep = _at(setting, max(least, setting.number("beta")))
    shallow = deep.with_values(alpha=0)
    ratios = []
    for id, label in REMOVED:
        whole, rest = value_of(deep, id), value_of(shallow, id)
        if whole.is_finite() and rest.is_finite() and whole > 0:
            ratios.append((label, rest / whole))
    if not ratios:
        return Evidence(passed=None, cases=0, reason="no constant is finite for this activation")
    limit = exact(Fraction(int(context["ratio"].p), int(context["ratio"].q)))
    answers = [{"<": True, ">": False, "?": None}[compare(r, limit)] for _, r in ratios]
    passed = False if False in answers else None if None in answers else True
    largest = max((r for _, r in ratios), key=lambda r: float(r.mid()))
    lower, upper = bounds(largest, 10)
    listed = ", ".join(f"{label}: {float(r.mid()):.3g}" for label, r in ratios)
    text = (
        r"The constants do not reward depth. With the encoder removed ($\alpha = 0$: a two-layer network on the "
        "inputs themselves) every explicit constant of Theorems 5 and 6 gets smaller, "
        rf"at $\beta = {deep.number('beta'):.4g}$ by these factors: {listed}. Lemma 4 does not change at all, since "
        "$G = G_2$ at the start."
    )
    return Evidence(
        passed=passed,
        lhs=Interval(lower=lower, upper=upper),
        rhs=str(context["ratio"]),
        slack=float((limit / largest).mid()) if largest > 0 else None,
        error=float(largest.rad()),
        cases=len(ratios),
        domain=rf"the setting's data and activation; $\alpha = 0$ against $\alpha = {setting.number('alpha'):g}$",
        reason="" if passed else "a constant does not get smaller by that factor",
        notes=(Note(id="depth-not-rewarded", severity="major", text=text),) if passed else (),
    )


ablation = Claim(
    id="theorem-5-ablation",
    title="Theorems 5 and 6: which part of the network carries them",
    statement=(
        r"With the encoder frozen the loss obeys the same bound. With the head frozen the encoder receives no "
        r"gradient, and the loss does not move at all. With the encoder removed ($\alpha = 0$) every constant is at "
        "least as good."
    ),
    source="arXiv 2403.09889, Theorem 5 (ablation)",
    assumptions=ASSUMPTIONS,
    readings=(
        Reading(
            "encoder-frozen",
            "Bound of the loss with $\\nu_t = \\nu_0$.",
            decay,
            needs_smooth_activation,
        ),
        Reading(
            "head-frozen",
            "Velocity of an encoder particle with $\\tau_t = \\tau_0$.",
            {"velocity": sp.Integer(0)},
        ),
        Reading(
            "shares",
            r"Largest share of the encoder at the least admissible $\beta$: of $\lambda_{\min}(G)$, of the decay of "
            r"the loss, of the $\mathrm{KL}$.",
            {"share": sp.Rational(1, 100)},
            needs_encoder,
        ),
        Reading(
            "encoder-removed",
            r"Each explicit constant at $\alpha = 0$ over the same at the setting's $\alpha$.",
            {"ratio": sp.Integer(1)},
            needs_encoder,
        ),
    ),
    checks=(
        Check(
            "ablation-encoder-frozen",
            Kind.SIMULATED,
            encoder_frozen,
            "encoder-frozen",
            group="flow",
        ),
        Check("ablation-head-frozen", Kind.EXACT, head_frozen, "head-frozen"),
        Check("ablation-shares", Kind.SIMULATED, encoder_shares, "shares", group=GROUP),
        Check("ablation-encoder-removed", Kind.CERTIFIED, encoder_removed, "encoder-removed"),
    ),
    planted=(
        PlantedError(
            "ablation-loss-rate",
            "constant scaled",
            {"bound": L_0 * sp.exp(-4 * beta**2 * lambda_0 * sp.Symbol("t", nonnegative=True) / n)},
            "The slowest mode decays half as fast.",
            ("ablation-encoder-frozen",),
            "encoder-frozen",
        ),
        PlantedError(
            "ablation-moving-encoder",
            "factor dropped",
            {"velocity": alpha * beta},
            "The adjoint vanishes while the head is at its start.",
            ("ablation-head-frozen",),
            "head-frozen",
        ),
        PlantedError(
            "ablation-no-share",
            "constant scaled",
            {"share": sp.Rational(1, 10**9)},
            r"At the default setting the share of $\lambda_{\min}(G)$ is near $3\cdot 10^{-6}$.",
            ("ablation-shares",),
            "shares",
        ),
        PlantedError(
            "ablation-removed-tenth",
            "constant scaled",
            {"ratio": sp.Rational(1, 10**6)},
            r"The bound of Theorem 6 keeps its confidence term when $\alpha = 0$.",
            ("ablation-encoder-removed",),
            "encoder-removed",
        ),
    ),
)

CLAIMS = (ablation,)
