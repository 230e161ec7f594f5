"""Theorem 5, its regime: at the beta that it requires, does anything change but the output?"""

from collections.abc import Callable

import numpy as np
import sympy as sp

from mfcheck.checks.identity import identities
from mfcheck.claims import (
    Check,
    Context,
    Curve,
    Estimate,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Plot,
    Reading,
    Scope,
)
from mfcheck.gaussian.exact import expectation
from mfcheck.statistics.compare import all_hold, at_most, order_evidence
from mfcheck.symbolic.generic import s0, s1, s2
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.scaled_resnets.changes import (
    CONVERGED,
    SMALL_BETA,
    Changes,
    extent,
    over_beta,
    small,
)
from mfcheck_proofs.scaled_resnets.setting import needs_flow, needs_moving_encoder

GROUP = "changes"
ASSUMPTIONS = ("assumption-1", "assumption-2", "assumption-3")
CHANGES = {
    "kernel": r"$|G(T) - G(0)|/|G(0)|$",
    "features": r"$\max_i |Z(x_i, 1) - x_i|$",
    "trajectory": r"$\max_t |e(t) - e_{\mathrm{lin}}(t)|/|y|$",
}
LEARNED = sp.Rational(1, 20)
"""Relative change from which on features are called learned."""
NO_BETA = Evidence(
    passed=None, cases=0, reason=r"no finite $\beta$ is known to meet the theorem's requirement"
)

UNDECIDED_OR = {True: "", False: "{}", None: "the margin is below the error"}
"""The reason of an answer; for a *no* the words that say what is violated."""


def measured(context: Context) -> tuple[Changes, ...]:
    """Return what flows of the context's setting change, by beta."""
    return over_beta(context.setting, context.budget, context.seed)


def admissible(found: tuple[Changes, ...]) -> Changes | None:
    """Return the flow at the least admissible beta."""
    return next((c for c in found if c.admissible), None)


def over_beta_plot(found: tuple[Changes, ...], labels: dict[str, str], id: str, title: str) -> Plot:
    """Return the plot of some quantities over beta, log-log, with their errors."""
    betas = tuple(c.beta for c in found)
    curves = tuple(
        Curve(
            label=label,
            x=betas,
            y=tuple(c[name].value for c in found),
            error=tuple(c[name].error for c in found),
        )
        for name, label in labels.items()
    )
    return Plot(
        id=id,
        title=title,
        x_label=r"$\beta$",
        y_label="relative",
        x_log=True,
        y_log=True,
        curves=curves,
    )


def said(value: Estimate) -> str:
    """Return a number with its error, as TeX."""
    if value.value == 0:
        return "$0$"
    power = int(np.floor(np.log10(abs(value.value))))
    if power >= -2:
        return rf"${value.value:.2g} \pm {value.error:.1g}$"
    scale = 10.0**-power
    return rf"$({value.value * scale:.1f} \pm {value.error * scale:.1f}) \cdot 10^{{{power}}}$"


def tightest(answers: list[bool | None], pairs: list[tuple[Estimate, Estimate]]) -> Evidence:
    """Return the evidence that all pairs are in order, with the pair that decides as its sides."""
    passed = all_hold(answers)
    ratios = [rhs.value / lhs.value if lhs.value > 0 else np.inf for lhs, rhs in pairs]
    at = answers.index(passed) if not passed else int(np.argmin(ratios))
    lhs, rhs = pairs[at]
    return Evidence(
        passed=passed,
        lhs=lhs,
        rhs=rhs,
        slack=float(ratios[at]) if np.isfinite(ratios[at]) else None,
        error=lhs.error + rhs.error,
        cases=1,
    )


def _at_small_beta(found: Changes | None) -> str:
    """Return the sentence on a small beta; features are called learned only if they certainly change."""
    if found is None:
        return ""
    least = Estimate(value=float(LEARNED), error=0.0)
    learned = all(at_most(least, found[name]) for name in CHANGES)
    return (
        rf" At $\beta = {found.beta:g}$, which the theorem is not known to admit, the same numbers are "
        rf"{said(found['kernel'])}, {said(found['features'])} and {said(found['trajectory'])}"
        + (": there features are learned." if learned else ".")
    )


def lazy(context: Context) -> Evidence:
    """Each relative change at the least admissible beta against the tolerance; the note compares with small beta."""
    found = measured(context)
    large = admissible(found)
    if large is None:
        return NO_BETA
    limit = Estimate(value=float(context["tolerance"]), error=0.0)
    pairs = [(large[name], limit) for name in CHANGES]
    evidence = tightest([at_most(*pair) for pair in pairs], pairs)
    plot = over_beta_plot(found, CHANGES, "regime", "What training changes besides the output")
    verdict = "lazy" if evidence.passed else "not lazy"
    followed = extent(context.setting, context.budget)
    far = "" if followed == CONVERGED else ", as far as flows were followed"
    text = (
        rf"The regime of the guarantee is {verdict}{far}. At $\beta = {large.beta:.4g}$, the least that Theorem 5 is "
        rf"known to admit, training ({followed}) changes the kernel $G$ by {said(large['kernel'])} of its size "
        rf"and the features by {said(large['features'])}, and the residuals stay "
        rf"within {said(large['trajectory'])} of those of the linearised flow (relative to $|y|$)."
        + ("" if context.setting["alpha"] else r" There is no encoder ($\alpha = 0$).")
        + _at_small_beta(small(found))
    )
    return evidence.but(
        domain=rf"$\beta = {large.beta:.4g}$; kernel, features, trajectory; "
        f"{followed}, seed {context.seed}",
        reason=UNDECIDED_OR[evidence.passed].format("a change exceeds the tolerance"),
        plots=(plot,),
        notes=(Note(id="theorem-5-lazy", severity="major", text=text),)
        if evidence.passed is not None
        else (),
    )


def learning(context: Context) -> Evidence:
    """Each relative change at a small beta is at least the stated one."""
    found = small(measured(context))
    if found is None:
        return Evidence(
            passed=None,
            cases=0,
            reason=rf"the theorem admits $\beta = {SMALL_BETA:g}$ here: no smaller one is tried",
        )
    least = Estimate(value=float(context["change"]), error=0.0)
    pairs = [(least, found[name]) for name in CHANGES]
    evidence = tightest([at_most(*pair) for pair in pairs], pairs)
    return evidence.but(
        domain=rf"$\beta = {found.beta:g}$; kernel, features, trajectory; seed {context.seed}",
        reason=UNDECIDED_OR[evidence.passed].format("a change is smaller"),
    )


def law(name: str) -> Callable[[Context], Evidence]:
    """Return the check of the exponent of a change in beta."""

    def check(context: Context) -> Evidence:
        found = [c for c in measured(context) if c.beta != SMALL_BETA]
        if len(found) < 3:
            return NO_BETA
        return order_evidence(
            np.array([c.beta for c in found]),
            np.array([c[name].value for c in found]),
            np.array([c[name].error for c in found]),
            float(context["order"]),
            id=f"regime-{name}",
            x_label=r"$\beta$",
            y_label=CHANGES[name],
            domain=f"{extent(context.setting, context.budget)}, seed {context.seed}",
            samples=np.array([c.column(name) for c in found]).T,
            common=np.array([c.common[list(CHANGES).index(name)] for c in found]),
        )

    return check


# --- why the first order vanishes ------------------------------------------------------------------------------------

a, p_i, p_k, p_j, g_ij, g_ik, g_jk = sp.symbols("a p_i p_k p_j g_ij g_ik g_jk", real=True)


def first_order(context: Context) -> Evidence:
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
    return identities(
        [(expectation(sp.expand(change), [a]), context["first"])],
        r"every $\sigma_0$, data set and depth: the predictor's first order, one sample at a time",
        Scope.CASES,
    )


CHECKS = (
    "regime-lazy",
    "regime-first-order",
    *(f"regime-law-{name}" for name in CHANGES),
    "regime-small-beta",
)
LAW = {"order": sp.Integer(-2)}
regime = assembled(
    id="theorem-5-regime",
    title="Theorem 5: the regime in which it holds",
    statement=(
        r"At every $\beta$ that the theorem admits, training changes the kernel and the features by less than one "
        r"percent, and follows the linearised flow to one percent: all three go like $\beta^{-2}$."
    ),
    source="arXiv 2403.09889, Theorem 5 (regime)",
    assumptions=ASSUMPTIONS,
    readings=(
        Reading(
            "stated",
            r"Largest relative change at the least admissible $\beta$ (larger $\beta$ change less).",
            {"tolerance": sp.Rational(1, 100)},
            needs=needs_flow,
        ),
        Reading(
            "symmetry",
            r"The predictor's first-order displacement does not change $G_2$: every term is odd in $a$.",
            {"first": sp.Integer(0)},
        ),
        *(
            Reading(name, f"Exponent of {label} in $\\beta$.", LAW, needs=needs)
            for name, label, needs in (
                ("kernel", CHANGES["kernel"], needs_flow),
                ("features", CHANGES["features"], needs_moving_encoder),
                ("trajectory", CHANGES["trajectory"], needs_flow),
            )
        ),
        Reading(
            "small-beta",
            r"Least relative change at $\beta = 1$, below the threshold: features are learned there.",
            {"change": LEARNED},
            needs=needs_moving_encoder,
        ),
    ),
    checks=(
        Check(CHECKS[0], Kind.SIMULATED, lazy, group=GROUP),
        Check(CHECKS[1], Kind.EXACT, first_order, reading="symmetry"),
        *(
            Check(f"regime-law-{name}", Kind.SIMULATED, law(name), reading=name, group=GROUP)
            for name in CHANGES
        ),
        Check(CHECKS[5], Kind.SIMULATED, learning, reading="small-beta", group=GROUP),
    ),
    planted=(
        PlantedError(
            "regime-tolerance",
            "constant scaled",
            {"tolerance": sp.Rational(1, 10**9)},
            r"At the default setting the kernel changes by about $4\cdot 10^{-6}$ at the least admissible $\beta$.",
            CHECKS[:1],
        ),
        PlantedError(
            "regime-not-centred",
            "assumption dropped",
            {"first": 2 * s0(p_j) * s1(p_i) * s1(p_k) * g_ik},
            r"This would be the part of the moving $a$ if $\mathbb{E}[a]$ were 1; Assumption 2 has it 0.",
            CHECKS[1:2],
            "symmetry",
        ),
        PlantedError(
            "regime-curvature",
            "s0' for s0''",
            {"first": g_ik * g_ij * s2(p_i) * s1(p_j) * s1(p_k)},
            r"The term with $\sigma_0''$ carries $a^3$, whose mean is zero.",
            CHECKS[1:2],
            "symmetry",
        ),
        *(
            PlantedError(
                f"regime-{name}-off-{word}",
                "exponent off",
                {"order": LAW["order"] + step},
                r"The first order vanishes by symmetry, the second does not.",
                (f"regime-law-{name}",),
                name,
            )
            for name in CHANGES
            for word, step in (
                ("one", sp.Integer(1)),
                ("half", sp.Rational(-1, 2)),
                ("two", sp.Integer(-2)),
            )
        ),
        PlantedError(
            "regime-small-beta-frozen",
            "constant scaled",
            {"change": sp.Integer(10)},
            r"At $\beta = 1$ the kernel of the default setting changes by less than its own size.",
            CHECKS[5:],
            "small-beta",
        ),
    ),
    no_inequality=(
        "it speaks of the flow at finite beta, which no kernel at the start bounds from below"
    ),
)

CLAIMS = (regime,)
