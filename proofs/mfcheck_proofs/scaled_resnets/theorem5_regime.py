"""Theorem 5, its regime: does anything but the output change at the beta that it requires, which part of the network
carries the guarantee, and how far from sharp is the requirement?
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.checks import (
    Case,
    Check,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Plot,
    Reading,
    Standard,
    curve,
    custom,
    decide,
    identity,
    wrong,
)
from mfcheck.claims import Budget, Data, Setting
from mfcheck.dynamics.resnet import Numerics, Solution, simulate
from mfcheck.errors import InputError
from mfcheck.gaussian.exact import expectation
from mfcheck.points.data import rounded
from mfcheck.points.sphere import sphere
from mfcheck.rigor.ball import exact
from mfcheck.statistics import all_hold, at_most, exactly
from mfcheck.statistics.compare import SLOPE_RESOLUTION
from mfcheck.statistics.onset import Onset, exponent_between, onset
from mfcheck.statistics.quoting import quoted, quoted_tex
from mfcheck.symbolic.generic import s0, s1, s2
from mfcheck_proofs.scaled_resnets import changes, flow
from mfcheck_proofs.scaled_resnets.changes import SMALL_BETA, Changes, extent
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS, Run, along, runs, share
from mfcheck_proofs.scaled_resnets.regimes import ABOVE, BELOW, LARGE_BETA
from mfcheck_proofs.scaled_resnets.setting import needs_flow, needs_moving_encoder
from mfcheck_proofs.scaled_resnets.symbols import alpha, beta, lambda_0, n, t
from mfcheck_proofs.scaled_resnets.theorem5 import (
    DECAY,
    KL_BOUND,
    SLOWEST,
    at_times,
    decay_attack,
    faster,
    floor_attack,
    in_beta,
)
from mfcheck_proofs.scaled_resnets.values import finite, value_of

Array = NDArray[np.float64]

# --- what training changes besides the output ------------------------------------------------------------------------

GROUP = "changes"
CHANGES = {
    "kernel": r"$|G(T) - G(0)|/|G(0)|$",
    "features": r"$\max_i |Z(x_i, 1) - x_i|$",
    "trajectory": r"$\max_t |e(t) - e_{\mathrm{lin}}(t)|/|y|$",
}
LEARNED = sp.Rational(1, 20)
"""Relative change from which on features are called learned."""
NO_BETA = r"no finite $\beta$ is known to meet the theorem's requirement"


def measured(context: Context) -> tuple[Changes, ...]:
    """Return what flows of the context's setting change, by beta."""
    return changes.over_beta(context.setting, context.budget, context.seed)


def admissible(found: tuple[Changes, ...]) -> Changes:
    """Return the flow at the least admissible beta.

    Raises:
        InputError: none is known.
    """
    large = next((c for c in found if c.admissible), None)
    if large is None:
        raise InputError(NO_BETA)
    return large


def measuring(id: str, tests: str, run: Callable[[Context], Evidence]) -> Check:
    """Return a check on the flows that `measured` shares."""
    return flow.telling(custom(id, tests, run, kind=Kind.SIMULATED, group=GROUP), changes.cut)


def over_beta_plot(found: tuple[Changes, ...], labels: dict[str, str], id: str, title: str) -> Plot:
    """Return the plot of some quantities over beta, log-log, with their errors."""
    curves = [curve(label, [c.beta for c in found], [c[name] for c in found]) for name, label in labels.items()]
    return Plot(
        id=id, title=title, x_label=r"$\beta$", y_label="relative", x_log=True, y_log=True, curves=tuple(curves)
    )


def all_below(context: Context, pairs: Iterable[tuple[Estimate, Estimate]], domain: str) -> Evidence:
    """Return the evidence that all pairs of one flow are in order, with the pair that decides as its sides."""
    return decide([Case(*pair) for pair in pairs], Standard("<=", alarm=context.alarm), domain).but(cases=1)


def _at_small_beta(found: Changes | None) -> str:
    """Return the sentence on a small beta; features are called learned only if they certainly change."""
    if found is None:
        return ""
    learned = all(at_most(exactly(float(LEARNED)), found[name]) for name in CHANGES)
    return (
        rf" At $\beta = {found.beta:g}$, which the theorem is not known to admit, the same numbers are "
        rf"{quoted_tex(found['kernel'])}, {quoted_tex(found['features'])} and {quoted_tex(found['trajectory'])}"
        + (": there features are learned." if learned else ".")
    )


def lazy(context: Context) -> Evidence:
    """Each relative change at the least admissible beta against the tolerance; the note compares with small beta."""
    found = measured(context)
    large = admissible(found)
    limit, followed = exactly(float(context["tolerance"])), extent(context.setting, context.budget)
    domain = rf"$\beta = {large.beta:.4g}$; kernel, features, trajectory; {followed}, seed {context.seed}"
    evidence = all_below(context, [(large[name], limit) for name in CHANGES], domain)
    verdict = "lazy" if evidence.passed else "not lazy"
    far = "" if followed == changes.CONVERGED else ", as far as flows were followed"
    text = (
        rf"The regime of the guarantee is {verdict}{far}. At $\beta = {large.beta:.4g}$, the least that Theorem 5 is "
        rf"known to admit, training ({followed}) changes the kernel $G$ by {quoted_tex(large['kernel'])} of its size "
        rf"and the features by {quoted_tex(large['features'])}, and the residuals stay "
        rf"within {quoted_tex(large['trajectory'])} of those of the linearised flow (relative to $|y|$)."
        + ("" if context.setting["alpha"] else r" There is no encoder ($\alpha = 0$).")
        + _at_small_beta(changes.small(found))
    )
    plot = over_beta_plot(found, CHANGES, "regime", "What training changes besides the output")
    note = Note(id="theorem-5-lazy", severity="major", text=text)
    return evidence.but(plots=(plot,), notes=(note,) if evidence.passed is not None else ())


def learning(context: Context) -> Evidence:
    """Each relative change at a small beta is at least the stated one."""
    found = changes.small(measured(context))
    if found is None:
        raise InputError(rf"the theorem admits $\beta = {SMALL_BETA:g}$ here: no smaller one is tried")
    pairs = [(exactly(float(context["change"])), found[name]) for name in CHANGES]
    domain = rf"$\beta = {found.beta:g}$; kernel, features, trajectory; seed {context.seed}"
    return all_below(context, pairs, domain)


def law(name: str) -> Check:
    """Return the check of the exponent of a change in beta."""

    def grown(context: Context) -> tuple[Array, Array, Array]:
        found = [c for c in measured(context) if c.beta != SMALL_BETA]
        if len(found) < 3:
            raise InputError(NO_BETA)
        samples = np.array([c.column(name) for c in found]).T
        return np.array([c.beta for c in found]), samples, np.array([c[name].bias for c in found])

    return in_beta("law", CHANGES[name], grown, GROUP, changes.cut)


a, p_i, p_k, p_j, g_ij, g_ik, g_jk = sp.symbols("a p_i p_k p_j g_ij g_ik g_jk", real=True)


def first_order(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The first variation of an entry of G2 when each particle moves along the gradient of one h(x_j, .).

    With g_ij = <x_i, x_j> + 1 a step moves a by s0(p_j) and p_i by a s0'(p_j) g_ij. The mean over a, given (w, b),
    vanishes since every term is odd in a. The adjoint vanishes at the start, so that G1 and the encoder's velocity
    begin at the first order of the predictor's displacement, and G1 at the second.
    """
    step = sp.Symbol("epsilon", real=True)
    head = a + step * s0(p_j)
    at_i, at_k = (p + step * a * s1(p_j) * g for p, g in ((p_i, g_ij), (p_k, g_jk)))
    entry = s0(at_i) * s0(at_k) + head**2 * s1(at_i) * s1(at_k) * g_ik
    change = sp.diff(entry, step).subs(step, 0).doit()
    return [(expectation(sp.expand(change), [a]), context["first"])]


regime = Claim(
    "theorem-5-regime",
    title="Theorem 5: the regime in which it holds",
    statement=(
        r"At every $\beta$ that the theorem admits, training changes the kernel and the features by less than one "
        r"percent, and follows the linearised flow to one percent: all three go like $\beta^{-2}$."
    ),
    source="arXiv 2403.09889, Theorem 5 (regime)",
    known="derived here",
    assumptions=ASSUMPTIONS,
    no_inequality="it speaks of the flow at finite beta, which no kernel at the start bounds from below",
    readings=[
        Reading(
            "stated",
            r"Largest relative change at the least admissible $\beta$ (larger $\beta$ change less).",
            {"tolerance": sp.Rational(1, 100)},
            checks=[measuring("lazy", "tolerance", lazy)],
            wrong=[
                wrong(
                    "tiny",
                    {"tolerance": sp.Rational(1, 10**9)},
                    r"At the default setting the kernel changes by about $4\cdot 10^{-6}$ at the least admissible $\beta$.",
                )
            ],
            needs=needs_flow,
            regimes=[ABOVE],
        ),
        Reading(
            "symmetry",
            r"The predictor's first-order displacement does not change $G_2$: every term is odd in $a$.",
            {"first": sp.Integer(0)},
            checks=[
                identity(
                    "first-order",
                    "first",
                    first_order,
                    domain=r"every $\sigma_0$, data set and depth: the predictor's first order, one sample at a time",
                    whole=False,
                )
            ],
            wrong=[
                wrong(
                    "not-centred",
                    {"first": 2 * s0(p_j) * s1(p_i) * s1(p_k) * g_ik},
                    r"This would be the part of the moving $a$ if $\mathbb{E}[a]$ were 1; Assumption 2 has it 0.",
                    kind="assumption dropped",
                ),
                wrong(
                    "curvature",
                    {"first": g_ik * g_ij * s2(p_i) * s1(p_j) * s1(p_k)},
                    r"The term with $\sigma_0''$ carries $a^3$, whose mean is zero.",
                    kind="s0' for s0''",
                ),
            ],
        ),
        *(
            Reading(
                name,
                f"Exponent of {label} in $\\beta$.",
                {"order": sp.Integer(-2)},
                checks=[law(name)],
                wrong=[
                    wrong(
                        f"off-{word}", {"order": step - 2}, "The first order vanishes by symmetry, the second does not."
                    )
                    for word, step in (("one", sp.Integer(1)), ("half", sp.Rational(-1, 2)), ("two", sp.Integer(-2)))
                ],
                needs=needs_moving_encoder if name == "features" else needs_flow,
                regimes=[LARGE_BETA],
            )
            for name, label in CHANGES.items()
        ),
        Reading(
            "small-beta",
            r"Least relative change at $\beta = 1$, below the threshold: features are learned there.",
            {"change": LEARNED},
            checks=[measuring("learning", "change", learning)],
            wrong=[
                wrong(
                    "ten",
                    {"change": sp.Integer(10)},
                    r"At $\beta = 1$ the kernel of the default setting changes by less than its own size.",
                )
            ],
            needs=needs_moving_encoder,
            regimes=[BELOW],
        ),
    ],
)

# --- which part of the network carries the guarantee -------------------------------------------------------------------


@lru_cache(maxsize=8)
def _frozen_encoder(setting: Setting, budget: Budget, seed: int, at: float) -> Solution:
    sizes = replace(flow.numerics(setting, budget, seed, at), frozen=frozenset({"nu"}))
    return simulate(flow.problem(setting, at), sizes)


def encoder_frozen(context: Context) -> Evidence:
    """The loss against its bound with the encoder frozen, at the least admissible beta; and what the encoder adds."""
    run = next((run for run in runs(context) if run.admissible), None)
    if run is None:
        raise InputError(NO_BETA)
    frozen = _frozen_encoder(context.setting, context.budget, context.seed, run.beta)
    cases = [Case(*pair) for pair in at_times(context, context["bound"], frozen, run.beta, "loss", 1)]
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
    shares = (flow.ratio(np.abs(end - without), without), flow.ratio(G - G2, G), entropy)
    idle = all(at_most(found, exactly(IDLE)) for found in shares)
    loose = runs(context)[0]
    elsewhere = rf" and {quoted(share(loose, 'KL_nu', 'KL_tau'))} of it at $\beta = {loose.beta:.4g}$"
    text = (
        r"The head alone carries Theorem 5. With the encoder frozen the same bound on the loss holds at "
        rf"$\beta = {run.beta:.4g}$ ({extent(context.setting, context.budget)}), and $\mathrm{{KL}}(\tau\,\|\,\tau_0)$ "
        rf"at the end of the flow differs by a share of {quoted(shares[0])}; with the head frozen nothing moves "
        r"($p = 0$ for all time, exactly). The encoder's share of $\lambda_{\min}(G)$ is 0 at the start and "
        rf"{quoted(shares[1])} at the end. Its $\mathrm{{KL}}$ is {quoted(entropy)} of the head's there"
        + ("" if loose.admissible else elsewhere)
        + (
            rf". At $\beta = {run.beta:.4g}$ all are below {IDLE:g}: depth is nearly idle where the guarantee begins."
            if idle
            else "."
        )
    )
    return Note(id="theorem-5-carried-by-head", severity="major", text=text)


def head_frozen(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """With tau = tau_0 the adjoint is E[a] E[...] = 0 at every feature, so no encoder particle has a velocity."""
    u, w, b, z, residual = sp.symbols("u w b z e", real=True)
    adjoint = expectation(a * s1(w * z + b) * w, [a])
    potential = alpha * beta / n * residual * adjoint * u * s0(w * z + b)
    return [(sp.diff(potential, x), context["velocity"]) for x in (u, w, b)]


SHARES = {
    "share_lambda": r"of $\lambda_{\min}(G)$",
    "share_decay": "of the decay of the loss",
    "share_KL": r"of both $\mathrm{KL}$",
}


def _listed(found: Changes) -> str:
    return "; ".join(f"{label} {quoted_tex(found[name])}" for name, label in SHARES.items())


def encoder_shares(context: Context) -> Evidence:
    """The encoder's shares at the end of the flow at the least admissible beta; at the start all are 0 exactly.

    At the start p = 0, so that G1 = 0: nothing of lambda_min(G) and of dL/dt comes from the encoder, and both KL are 0.
    """
    found = measured(context)
    large, loose = admissible(found), changes.small(found)
    limit, followed = exactly(float(context["share"])), extent(context.setting, context.budget)
    domain = rf"$\beta = {large.beta:.4g}$, start and end of the flow; {followed}; seed {context.seed}"
    evidence = all_below(context, [(large[name], limit) for name in SHARES], domain)
    part, whole = (value_of(_at(context.setting, large.beta), id) for id in ("rademacher_encoder", "rademacher"))
    text = (
        rf"Share of the encoder, at the start: 0 exactly in Lemma 4 and Theorem 5 ($p = 0$, so $G_1 = 0$). At the end "
        rf"({followed}) for $\beta = {large.beta:.4g}$, the least that Theorem 5 is known to admit: {_listed(large)}."
    )
    if loose:
        text += rf" For $\beta = {loose.beta:g}$, which the theorem is not known to admit: {_listed(loose)}."
    if whole.is_finite():
        text += (
            " In the computed bound of Theorem 6 its share of the Rademacher complexity is "
            f"{float((part / whole).mid()):.2g}."
        )
    plot = over_beta_plot(found, SHARES, "encoder-shares", "Share of the encoder at the end of training")
    note = Note(id="encoder-shares", severity="minor", text=text)
    return evidence.but(plots=(plot,), notes=(note,) if evidence.passed else ())


def _at(setting: Setting, beta_used: float) -> Setting:
    return setting.with_values(beta=Fraction(f"{beta_used:.12g}"))


REMOVED = {
    "beta_threshold": r"threshold of $\beta$",
    "KL_bound_tau": r"bound of $\mathrm{KL}(\tau_t\,\|\,\tau_0)$",
    "KL_bound_nu": r"bound of $\mathrm{KL}(\nu_t\,\|\,\nu_0)$",
    "rademacher": "Rademacher complexity",
    "generalization_bound": "bound of Theorem 6",
}
"""Constants that bound something from above: the smaller, the better."""


def encoder_removed(context: Context) -> Evidence:
    """Each constant with alpha = 0, where the network is a two-layer one, over the same with the setting's alpha."""
    setting = context.setting
    least = flow.least_beta(setting)
    if least is None:
        raise InputError(NO_BETA)
    deep = _at(setting, max(least, setting.number("beta")))
    shallow = deep.with_values(alpha=0)
    values = {label: (value_of(deep, id), value_of(shallow, id)) for id, label in REMOVED.items()}
    ratios = {
        label: rest / whole
        for label, (whole, rest) in values.items()
        if whole.is_finite() and rest.is_finite() and whole > 0
    }
    shown = {label: f"{float(found.mid()):.3g}" for label, found in ratios.items()}
    listed = ", ".join(f"{label}: {'just below 1' if text == '1' else text}" for label, text in shown.items())
    text = (
        r"The constants do not reward depth. With the encoder removed ($\alpha = 0$: a two-layer network on the "
        "inputs themselves) these constants of Theorems 5 and 6 get smaller, at "
        rf"$\beta = {deep.number('beta'):.4g}$ by these factors: {listed}. Lemma 4 does not change at all, since "
        "$G = G_2$ at the start."
    )
    where = rf"; the setting's data and activation; $\alpha = 0$ against $\alpha = {setting.number('alpha'):g}$"
    notes = (Note(id="depth-not-rewarded", severity="major", text=text),)
    cases = [Case(found, exact(context["ratio"]), label) for label, found in ratios.items()]
    return decide(cases, Standard("<"), ", ".join(ratios) + where, notes=notes)


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

# --- how sharp the requirement on beta is ------------------------------------------------------------------------------

SIZES = (2, 3, 4, 6, 8, 16, 32)
BETAS, FAR = (0.25, 1.0, 4.0), 0.01
"""Scales that are tried, and the fraction of the threshold down to which the claim asks for the conclusions."""
FALLEN, LARGE, DIMENSION = 0.9, 10.0, 10


@dataclass(frozen=True)
class Cell:
    """One flow: whether the conclusions hold at this n and beta (None: undecided), and the comparison that decides."""

    n: int
    beta: float
    holds: bool | None
    lhs: Estimate
    rhs: Estimate

    @property
    def slack(self) -> float:
        """Return the right side over the left one."""
        return self.rhs.value / self.lhs.value if self.lhs.value > 0 else float("inf")


@dataclass(frozen=True)
class Row:
    """All cells of one n, beta ascending, and the least beta that the theorem admits."""

    threshold: float
    cells: tuple[Cell, ...]

    @property
    def onset(self) -> Onset:
        """Return from which beta on all cells hold."""
        return onset({cell.beta: cell.holds for cell in self.cells})

    @property
    def factor(self) -> tuple[float, float]:
        """Return bounds of threshold over needed beta; the upper is infinite if no failure was seen."""
        needed = self.onset
        return self.threshold / needed.lowest, self.threshold / needed.failed if needed.failed else float("inf")


def family(context: Context) -> tuple[Data, tuple[int, ...], str]:
    """Return nested data, the sizes to take of it, and what it is: the user's own if it has eight points at least."""
    most = context.budget.pick(4, 16, 32)
    own = context.setting.data
    if own.n >= 8:
        labelled = next(k for k, label in enumerate(own.labels, 1) if label)
        sizes = tuple(k for k in SIZES if labelled <= k <= min(most, own.n))
        if sizes:  # the first points alone may have labels that are all zero
            return own, sizes, "first $n$ points of the data"
    rng = context.rng()
    drawn = rounded(sphere(rng, most, DIMENSION), rng.choice([-1, 1], size=most), "uniform", digits=9)
    return (drawn, tuple(k for k in SIZES if k <= most), rf"uniform points, $d = {DIMENSION}$, random signs")


def _flow(setting: Setting, budget: Budget, seed: int, at: float) -> Solution:
    """Solve one flow; where beta is large and little happens to G2, half the predictor's particles are enough."""
    heads = budget.pick(512, 2048, 16_384)
    sizes = Numerics(
        depth=4,
        particles=budget.pick(32, 32, 256),
        decoder_particles=heads // 2 if at > LARGE else heads,
        replicates=flow.REPLICATES,
        outputs=13,
        seed=seed,
        tolerance=1e-3,
        loss_factor=1e-3,
        end_time=flow.end_time(setting, budget, at),
    )
    return simulate(flow.problem(setting, at), sizes)


def _cell(context: Context, at: float) -> Cell:
    """Solve one flow and compare lambda_min(G2), both KL, and the loss with their bounds at the output times.

    The loss is compared from the time on at which its bound has fallen by a tenth; until then the bound follows from
    that of lambda_min(G2), since dL/dt <= -(2 beta^2/n) lambda_min(G) L.
    """
    found = _flow(context.setting, context.budget, context.seed, at)
    compared = (("floor", "lambda_min_G2"), ("KL", "KL_tau"), ("KL", "KL_nu"), ("loss", "loss"))
    floor, *entropies, loss = (at_times(context, context[name], found, at, quantity) for name, quantity in compared)
    fallen = FALLEN * loss[0][0].value
    pairs = [(bound, value) for value, bound in floor]
    pairs += [pair for part in entropies for pair in part] + [pair for pair in loss if pair[1].value <= fallen]
    size = context.setting.data.n
    cells = [Cell(size, at, at_most(*pair, context.alarm / len(pairs)), *pair) for pair in pairs]
    holds = all_hold([cell.holds for cell in cells])
    return min((cell for cell in cells if cell.holds is holds), key=lambda cell: cell.slack)


def _row(context: Context, threshold: float) -> Row:
    """Solve the flows of one n: a fixed grid, then one more between the last that fails and the first that holds."""
    betas = {*BETAS, threshold * FAR, threshold}
    row = Row(threshold, tuple(_cell(context, at) for at in sorted(betas)))
    needed = row.onset
    if 0 < needed.below < needed.lowest < float("inf"):
        middle = _cell(context, float(np.sqrt(needed.below * needed.lowest)))
        row = Row(threshold, tuple(sorted((*row.cells, middle), key=lambda c: c.beta)))
    return row


def threshold_map(context: Context) -> Evidence:
    """Where the theorem applies, and where its conclusions hold in simulation, over beta and n."""
    data, sizes, what = family(context)
    rows, short = [], []
    for size in sizes:
        setting = replace(context.setting, data=Data(data.points[:size], data.labels[:size], data.origin))
        threshold = finite(setting, "beta_threshold", "no finite beta is known to be admissible")
        rows.append(_row(replace(context, setting=setting), float(threshold.upper())))
        if flow.end_time(setting, context.budget, 1.0) is not None:
            short.append(size)
    cells = [cell for row in rows for cell in row.cells]
    asked = [c for row in rows for c in row.cells if c.beta >= 0.999 * row.threshold * FAR]
    passed = all_hold([cell.holds for cell in asked])
    worst = min((c for c in asked if c.holds is passed), key=lambda c: c.slack)
    answers = [cell.holds for cell in cells]
    counts = f"{answers.count(True)} hold, {answers.count(False)} fail, {answers.count(None)} undecided"
    told = "fails" if passed is False else "is undecided"
    return Evidence(
        passed=passed,
        lhs=worst.lhs,
        rhs=worst.rhs,
        slack=worst.slack,
        error=worst.lhs.error + worst.rhs.error,
        cases=len(cells),
        domain=(
            rf"{what}; $n = {', '.join(map(str, sizes))}$, $\beta$ from {BETAS[0]:g} to the threshold; of "
            f"{len(cells)} cells {counts}; seed {context.seed}"
            + (f"; flows cut short at $n = {', '.join(map(str, short))}$" if short else "")
        ),
        reason="" if passed else rf"at $n = {worst.n}$, $\beta = {worst.beta:.4g}$ a conclusion {told}",
        notes=(_note(rows, sizes, what),) if passed else (),
        plots=(_map(rows, sizes), _factor(rows, sizes)) if passed else (),
    )


def _round(value: float) -> str:
    """Return a number to two digits, without an exponent."""
    return f"{float(f'{value:.2g}'):.0f}"


def _trend(sizes: tuple[int, ...], rows: list[Row]) -> str:
    """Say what the sizes tried tell of the growth in n; of the needed beta only a range is known."""
    threshold = exponent_between(sizes, [(row.threshold, row.threshold) for row in rows])
    factor = exponent_between(sizes, [row.factor for row in rows])
    if factor is None or abs(factor.value) <= factor.error:
        gap = "Whether the gap widens with $n$ is not decided by these sizes."
    else:
        gap = (
            rf"The gap {'widens' if factor.value > 0 else 'narrows'} with $n$ over these sizes: fitted exponent "
            rf"{quoted(factor)} of the factor."
        )
    if threshold is None or threshold.error > SLOPE_RESOLUTION:
        return gap
    return rf"{gap} The threshold grows like $n^{{{quoted(threshold)}}}$ here."


def _note(rows: list[Row], sizes: tuple[int, ...], what: str) -> Note:
    factors = [row.factor[0] for row in rows]
    listed = ", ".join(
        f"$n = {size}$: {row.threshold:{'.0f' if row.threshold >= 100 else '.3g'}} against {row.onset.lowest:.2g} "
        f"({_round(factor)} times)"
        for size, row, factor in zip(sizes, rows, factors, strict=True)
    )
    bad = [cell.beta for row in rows for cell in row.cells if cell.holds is False]
    ends = (
        rf"The largest $\beta$ at which a failure was seen is {max(bad):.2g}." if bad else "No failure was seen at all."
    )
    text = (
        rf"The threshold of Theorem 5 is far from sharp: by a factor of {_round(min(factors))} to "
        rf"{_round(max(factors))} at the least. Smallest $\beta$ that the theorem is known to admit against the "
        r"smallest tried from which on loss bound, $\lambda_{\min}(G_2) \ge \lambda_0/2$ and both $\mathrm{KL}$ "
        rf"bounds are seen to hold in simulation ({what}): {listed}. {ends} {_trend(sizes, rows)}"
    )
    return Note(id="theorem-5-threshold-loose", severity="minor", text=text)


def _map(rows: list[Row], sizes: tuple[int, ...]) -> Plot:
    cells = [cell for row in rows for cell in row.cells]
    curves = [curve("threshold of the theorem", sizes, [row.threshold for row in rows], "bound")]
    for holds, label in ((True, "conclusions hold"), (None, "undecided"), (False, "a conclusion fails")):
        if at := [c for c in cells if c.holds is holds]:
            curves.append(curve(label, [c.n for c in at], [c.beta for c in at], "points"))
    return Plot(
        id="threshold-map",
        title="Where Theorem 5 applies, and where its conclusions hold in simulation",
        x_label="$n$",
        y_label=r"$\beta$",
        y_log=True,
        curves=tuple(curves),
    )


def _factor(rows: list[Row], sizes: tuple[int, ...]) -> Plot:
    """Threshold over the least beta that holds; the bar reaches to the next beta tried below it."""
    known = [(size, row.threshold, row.onset) for size, row in zip(sizes, rows, strict=True)]
    known = [(size, threshold, needed) for size, threshold, needed in known if needed.lowest < float("inf")]
    ends = [(threshold / o.lowest, threshold / (o.below or o.lowest)) for _, threshold, o in known]
    ranges = [exactly((low + high) / 2, (high - low) / 2) for low, high in ends]
    return Plot(
        id="threshold-factor",
        title=r"By how much the requirement on $\beta$ exceeds what is needed",
        x_label="$n$",
        y_label="factor",
        y_log=True,
        curves=(curve("threshold over the least beta that suffices", [size for size, *_ in known], ranges, "points"),),
    )


CONCLUSIONS = {"floor": lambda_0 / 2, "loss": DECAY, "KL": KL_BOUND}
sharpness = Claim(
    "theorem-5-threshold",
    title=r"Theorem 5: how sharp the requirement on $\beta$ is",
    statement=(
        r"Far below the threshold too, down to a hundredth of it: $\lambda_{\min}(G_2(\tau_t, \nu_t)) \ge "
        r"\lambda_0/2$, the bound of the loss, and both $\mathrm{KL}$ bounds, for all $t$."
    ),
    source="arXiv 2403.09889, Theorem 5 (sharpness)",
    known="derived here",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            r"Floor of $\lambda_{\min}(G_2)$, bounds of loss and $\mathrm{KL}$ along flows whose $\beta$ is a "
            "fraction of the threshold.",
            CONCLUSIONS,
            checks=[custom("map", CONCLUSIONS, threshold_map, kind=Kind.SIMULATED)],
            wrong=[
                wrong(
                    "floor-doubled",
                    {"floor": 2 * lambda_0},
                    r"At the start the smallest eigenvalue is $\lambda_0$.",
                    also=["slack-threshold-floor-start"],
                ),
                wrong("loss-rate", {"loss": DECAY.subs(t, 4 * t)}, f"{SLOWEST}.", kind="constant scaled"),
                wrong(
                    "KL-sixth",
                    {"KL": KL_BOUND / beta**4},
                    r"$\mathrm{KL}(\tau_t\,\|\,\tau_0)$ is of order $\beta^{-2}$ exactly.",
                ),
            ],
            attack=[floor_attack("threshold-floor-start", "the floor along every flow <= lambda_min(G2) at t = 0")],
            needs=needs_flow,
            regimes=[BELOW],
        )
    ],
)
