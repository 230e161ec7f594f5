"""Which part of the network carries each guarantee."""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.checks.identity import identities
from mfcheck.claims import (
    Budget,
    Check,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Reading,
    Scope,
    Setting,
)
from mfcheck.dynamics.resnet import Solution, simulate
from mfcheck.gaussian.exact import expectation
from mfcheck.rigor.ball import compare, exact, interval
from mfcheck.statistics.compare import all_hold, at_most
from mfcheck.symbolic.generic import s0, s1
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.scaled_resnets.changes import Changes, extent, least_beta, small
from mfcheck_proofs.scaled_resnets.flow import Run, numerics, problem, ratio, runs, share
from mfcheck_proofs.scaled_resnets.regime import (
    GROUP,
    NO_BETA,
    UNDECIDED_OR,
    admissible,
    measured,
    over_beta_plot,
    said,
    tightest,
)
from mfcheck_proofs.scaled_resnets.setting import needs_moving_encoder
from mfcheck_proofs.scaled_resnets.symbols import alpha, beta, lambda_0, n
from mfcheck_proofs.scaled_resnets.theorem5 import L_0, decay
from mfcheck_proofs.scaled_resnets.values import number, quoted, value_of

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
        return NO_BETA
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
    passed = all_hold(decided)
    at = decided.index(passed)
    return Evidence(
        passed=passed,
        lhs=answers[at][1],
        rhs=Estimate(value=answers[at][2], error=0.0),
        slack=answers[at][2] / answers[at][1].value if answers[at][1].value > 0 else None,
        error=answers[at][1].error,
        cases=1,
        domain=rf"encoder frozen, $\beta = {run.beta:.4g}$, all output times, "
        rf"{extent(context.setting, context.budget)}, seed {context.seed}",
        reason=UNDECIDED_OR[passed].format("the loss exceeds the bound"),
        notes=(_carried_by_head(context, run, frozen),) if passed else (),
    )


IDLE = 0.01
"""Largest share of the encoder where it is said to be idle."""


def _carried_by_head(context: Context, run: Run, frozen: Solution) -> Note:
    """How little the encoder adds at the least admissible beta; that it is idle is said where every share is small."""
    # The same particles in both: replicate by replicate most of the noise cancels.
    last = min(len(run.solution.time), len(frozen.time)) - 1
    end, without = (found.series["KL_tau"].samples[:, last] for found in (run.solution, frozen))
    series = run.solution.series
    G2, G = (series[name].samples[:, -1] for name in ("lambda_min_G2", "lambda_min_G"))
    entropy = share(run, "KL_nu", "KL_tau")
    shares = (ratio(np.abs(end - without), without), ratio(G - G2, G), entropy)
    idle = all(at_most(found, Estimate(value=IDLE, error=0.0)) for found in shares)
    loose = runs(context)[0]
    elsewhere = (
        ""
        if loose.admissible
        else rf" and {quoted(share(loose, 'KL_nu', 'KL_tau'))} of it at $\beta = {loose.beta:.4g}$"
    )
    text = (
        r"The head alone carries Theorem 5. With the encoder frozen the same bound on the loss holds at "
        rf"$\beta = {run.beta:.4g}$ ({extent(context.setting, context.budget)}), and $\mathrm{{KL}}(\tau\,\|\,\tau_0)$ "
        rf"at the end of the flow differs by a share of {quoted(shares[0])}; with the head frozen nothing moves "
        r"($p = 0$ for all time, exactly). The encoder's share of $\lambda_{\min}(G)$ is 0 at the start and "
        rf"{quoted(shares[1])} at the end. Its $\mathrm{{KL}}$ is {quoted(entropy)} of the head's there{elsewhere}"
        + (
            rf". At $\beta = {run.beta:.4g}$ all are below {IDLE:g}: depth is nearly idle where the guarantee begins."
            if idle
            else "."
        )
    )
    return Note(id="theorem-5-carried-by-head", severity="major", text=text)


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


def _listed(found: Changes) -> str:
    return "; ".join(f"{label} {said(found[name])}" for name, label in SHARES.items())


def encoder_shares(context: Context) -> Evidence:
    """The encoder's shares at the end of the flow at the least admissible beta; at the start all are 0 exactly.

    At the start p = 0, so that G1 = 0: nothing of lambda_min(G) and of dL/dt comes from the encoder, and both KL are 0.
    """
    found = measured(context)
    large, loose = admissible(found), small(found)
    if large is None:
        return NO_BETA
    limit = Estimate(value=float(context["share"]), error=0.0)
    pairs = [(large[name], limit) for name in SHARES]
    evidence = tightest([at_most(*pair) for pair in pairs], pairs)
    bound = value_of(_at(context.setting, large.beta), "rademacher_encoder")
    whole = value_of(_at(context.setting, large.beta), "rademacher")
    rademacher = (
        " In the computed bound of Theorem 6 its share of the Rademacher complexity is "
        f"{float((bound / whole).mid()):.2g}."
        if whole.is_finite()
        else ""
    )
    followed = extent(context.setting, context.budget)
    elsewhere = (
        rf" For $\beta = {loose.beta:g}$, which the theorem is not known to admit: {_listed(loose)}."
        if loose
        else ""
    )
    text = (
        rf"Share of the encoder, at the start: 0 exactly in Lemma 4 and Theorem 5 ($p = 0$, so $G_1 = 0$). At the end "
        rf"({followed}) for $\beta = {large.beta:.4g}$, the least that Theorem 5 is known to admit: {_listed(large)}."
        rf"{elsewhere}{rademacher}"
    )
    plot = over_beta_plot(
        found, SHARES, "encoder-shares", "Share of the encoder at the end of training"
    )
    return evidence.but(
        domain=rf"$\beta = {large.beta:.4g}$, start and end of the flow; {followed}; seed {context.seed}",
        reason=UNDECIDED_OR[evidence.passed].format("a share exceeds the limit"),
        plots=(plot,),
        notes=(Note(id="encoder-shares", severity="minor", text=text),) if evidence.passed else (),
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
        return Evidence(passed=None, cases=0, reason="no constant is finite and positive here")
    limit = exact(Fraction(int(context["ratio"].p), int(context["ratio"].q)))
    answers = [{"<": True, ">": False, "?": None}[compare(r, limit)] for _, r in ratios]
    passed = all_hold(answers)
    largest = max((r for _, r in ratios), key=lambda r: float(r.mid()))
    shown = (f"{float(r.mid()):.3g}" for _, r in ratios)
    listed = ", ".join(
        f"{label}: {'just below 1' if text == '1' else text}"
        for (label, _), text in zip(ratios, shown, strict=True)
    )
    text = (
        r"The constants do not reward depth. With the encoder removed ($\alpha = 0$: a two-layer network on the "
        "inputs themselves) these constants of Theorems 5 and 6 get smaller, at "
        rf"$\beta = {deep.number('beta'):.4g}$ by these factors: {listed}. Lemma 4 does not change at all, since "
        "$G = G_2$ at the start."
    )
    return Evidence(
        passed=passed,
        lhs=interval(largest, 10),
        rhs=str(context["ratio"]),
        slack=float((limit / largest).mid()) if largest > 0 else None,
        error=float(largest.rad()),
        cases=len(ratios),
        domain=", ".join(label for label, _ in ratios)
        + rf"; the setting's data and activation; $\alpha = 0$ against $\alpha = {setting.number('alpha'):g}$",
        reason={
            True: "",
            False: "a constant does not get smaller by that factor",
            None: "the enclosures do not decide it",
        }[passed],
        notes=(Note(id="depth-not-rewarded", severity="major", text=text),) if passed else (),
    )


ablation = assembled(
    id="theorem-5-ablation",
    title="Theorems 5 and 6: which part of the network carries them",
    statement=(
        r"With the encoder frozen the loss obeys the same bound. With the head frozen the encoder receives no "
        r"gradient, and the loss does not move at all. With the encoder removed ($\alpha = 0$) the "
        r"threshold of $\beta$, both bounds of $\mathrm{KL}$, the Rademacher complexity and the bound of Theorem 6 are "
        "at least as good."
    ),
    source="arXiv 2403.09889, Theorem 5 (ablation)",
    assumptions=ASSUMPTIONS,
    readings=(
        Reading(
            "encoder-frozen",
            "Bound of the loss with $\\nu_t = \\nu_0$.",
            decay,
            needs=needs_moving_encoder,
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
            needs=needs_moving_encoder,
        ),
        Reading(
            "encoder-removed",
            r"Threshold of $\beta$, both bounds of $\mathrm{KL}$, Rademacher complexity and bound of Theorem 6 at "
            r"$\alpha = 0$, each over the same at the setting's $\alpha$.",
            {"ratio": sp.Integer(1)},
            needs=needs_moving_encoder,
        ),
    ),
    checks=(
        Check(
            "ablation-encoder-frozen",
            Kind.SIMULATED,
            encoder_frozen,
            reading="encoder-frozen",
            group="flow",
        ),
        Check("ablation-head-frozen", Kind.EXACT, head_frozen, reading="head-frozen"),
        Check("ablation-shares", Kind.SIMULATED, encoder_shares, reading="shares", group=GROUP),
        Check(
            "ablation-encoder-removed", Kind.CERTIFIED, encoder_removed, reading="encoder-removed"
        ),
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
