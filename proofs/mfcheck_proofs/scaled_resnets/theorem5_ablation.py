"""Which part of the network carries each guarantee."""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.checks import (
    Case,
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    Reading,
    Standard,
    custom,
    decide,
    identity,
    wrong,
)
from mfcheck.claims import Budget, Setting
from mfcheck.dynamics.resnet import Solution, simulate
from mfcheck.gaussian.exact import expectation
from mfcheck.rigor.ball import exact
from mfcheck.statistics import at_most, exactly
from mfcheck.symbolic.generic import s0, s1
from mfcheck_proofs.scaled_resnets.changes import Changes, extent, least_beta, small
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS, Run, along, estimate, numerics, problem, ratio, runs, share
from mfcheck_proofs.scaled_resnets.regimes import ABOVE
from mfcheck_proofs.scaled_resnets.setting import needs_moving_encoder
from mfcheck_proofs.scaled_resnets.symbols import alpha, beta, n
from mfcheck_proofs.scaled_resnets.theorem5 import DECAY, decay_attack, faster
from mfcheck_proofs.scaled_resnets.theorem5_regime import (
    NO_BETA,
    admissible,
    all_below,
    measured,
    measuring,
    over_beta_plot,
    said,
)
from mfcheck_proofs.scaled_resnets.values import number, quoted, stated, value_of


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
    start, cases = float(loss.value[0]), []
    for k, time in list(enumerate(frozen.time))[1:]:
        bound = number(context, context["bound"], t=float(time), beta=run.beta, L_0=start)
        cases.append(Case(estimate(loss, k), stated(bound)))
    followed = extent(context.setting, context.budget)
    domain = rf"encoder frozen, $\beta = {run.beta:.4g}$, all output times, {followed}, seed {context.seed}"
    evidence = decide(cases, Standard("<=", alarm=context.alarm), domain).but(cases=1)
    return evidence.but(notes=(_carried_by_head(context, run, frozen),)) if evidence.passed else evidence


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
    idle = all(at_most(found, exactly(IDLE)) for found in shares)
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


def head_frozen(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """With tau = tau_0 the adjoint is E[a] E[...] = 0 at every feature, so no encoder particle has a velocity."""
    a, u, w, b, z = sp.symbols("a u w b z", real=True)
    residual = sp.Symbol("e", real=True)
    adjoint = expectation(a * s1(w * z + b) * w, [a])
    potential = alpha * beta / n * residual * adjoint * u * s0(w * z + b)
    return [(sp.diff(potential, x), context["velocity"]) for x in (u, w, b)]


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
    limit, followed = exactly(float(context["share"])), extent(context.setting, context.budget)
    domain = rf"$\beta = {large.beta:.4g}$, start and end of the flow; {followed}; seed {context.seed}"
    evidence = all_below(context, [(large[name], limit) for name in SHARES], domain)
    bound = value_of(_at(context.setting, large.beta), "rademacher_encoder")
    whole = value_of(_at(context.setting, large.beta), "rademacher")
    rademacher = (
        " In the computed bound of Theorem 6 its share of the Rademacher complexity is "
        f"{float((bound / whole).mid()):.2g}."
        if whole.is_finite()
        else ""
    )
    elsewhere = (
        rf" For $\beta = {loose.beta:g}$, which the theorem is not known to admit: {_listed(loose)}." if loose else ""
    )
    text = (
        rf"Share of the encoder, at the start: 0 exactly in Lemma 4 and Theorem 5 ($p = 0$, so $G_1 = 0$). At the end "
        rf"({followed}) for $\beta = {large.beta:.4g}$, the least that Theorem 5 is known to admit: {_listed(large)}."
        rf"{elsewhere}{rademacher}"
    )
    plot = over_beta_plot(found, SHARES, "encoder-shares", "Share of the encoder at the end of training")
    note = Note(id="encoder-shares", severity="minor", text=text)
    return evidence.but(plots=(plot,), notes=(note,) if evidence.passed else ())


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
    ratios: list[tuple[str, arb]] = []
    for id, label in REMOVED:
        whole, rest = value_of(deep, id), value_of(shallow, id)
        if whole.is_finite() and rest.is_finite() and whole > 0:
            ratios.append((label, rest / whole))
    if not ratios:
        return Evidence(passed=None, cases=0, reason="no constant is finite and positive here")
    limit = exact(context["ratio"])
    shown = (f"{float(r.mid()):.3g}" for _, r in ratios)
    listed = ", ".join(
        f"{label}: {'just below 1' if text == '1' else text}" for (label, _), text in zip(ratios, shown, strict=True)
    )
    text = (
        r"The constants do not reward depth. With the encoder removed ($\alpha = 0$: a two-layer network on the "
        "inputs themselves) these constants of Theorems 5 and 6 get smaller, at "
        rf"$\beta = {deep.number('beta'):.4g}$ by these factors: {listed}. Lemma 4 does not change at all, since "
        "$G = G_2$ at the start."
    )
    where = rf"; the setting's data and activation; $\alpha = 0$ against $\alpha = {setting.number('alpha'):g}$"
    domain = ", ".join(label for label, _ in ratios) + where
    notes = (Note(id="depth-not-rewarded", severity="major", text=text),)
    return decide([Case(r, limit, label) for label, r in ratios], Standard("<"), domain, notes=notes)


ablation = Claim(
    "theorem-5-ablation",
    title="Theorems 5 and 6: which part of the network carries them",
    statement=(
        r"With the encoder frozen the loss obeys the same bound. With the head frozen the encoder receives no "
        r"gradient, and the loss does not move at all. With the encoder removed ($\alpha = 0$) the "
        r"threshold of $\beta$, both bounds of $\mathrm{KL}$, the Rademacher complexity and the bound of Theorem 6 are "
        "at least as good."
    ),
    source="arXiv 2403.09889, Theorem 5 (ablation)",
    known="derived here",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "encoder-frozen",
            r"Bound of the loss with $\nu_t = \nu_0$.",
            {"bound": DECAY},
            checks=[along("loss", "bound", encoder_frozen)],
            wrong=[faster("loss", "slack-frozen-loss-limit")],
            attack=[decay_attack("frozen-loss-limit", "for large beta with nu_t = nu_0,")],
            needs=needs_moving_encoder,
            regimes=[ABOVE],
        ),
        Reading(
            "head-frozen",
            r"Velocity of an encoder particle with $\tau_t = \tau_0$.",
            {"velocity": sp.Integer(0)},
            checks=[
                identity(
                    "velocity",
                    "velocity",
                    head_frozen,
                    domain=r"every $s_0$, data set, depth, $\alpha$, $\beta$ and encoder measure",
                )
            ],
            wrong=[
                wrong(
                    "moving-encoder",
                    {"velocity": alpha * beta},
                    "The adjoint vanishes while the head is at its start.",
                    kind="factor dropped",
                )
            ],
        ),
        Reading(
            "shares",
            r"Largest share of the encoder at the least admissible $\beta$: of $\lambda_{\min}(G)$, of the decay of "
            r"the loss, of the $\mathrm{KL}$.",
            {"share": sp.Rational(1, 100)},
            checks=[measuring("shares", "share", encoder_shares)],
            wrong=[
                wrong(
                    "none",
                    {"share": sp.Rational(1, 10**9)},
                    r"At the default setting the share of $\lambda_{\min}(G)$ is near $3\cdot 10^{-6}$.",
                )
            ],
            needs=needs_moving_encoder,
            regimes=[ABOVE],
        ),
        Reading(
            "encoder-removed",
            r"Threshold of $\beta$, both bounds of $\mathrm{KL}$, Rademacher complexity and bound of Theorem 6 at "
            r"$\alpha = 0$, each over the same at the setting's $\alpha$.",
            {"ratio": sp.Integer(1)},
            checks=[custom("constants", "ratio", encoder_removed, kind=Kind.CERTIFIED)],
            wrong=[
                wrong(
                    "millionth",
                    {"ratio": sp.Rational(1, 10**6)},
                    r"The bound of Theorem 6 keeps its confidence term when $\alpha = 0$.",
                )
            ],
            needs=needs_moving_encoder,
        ),
    ],
)
