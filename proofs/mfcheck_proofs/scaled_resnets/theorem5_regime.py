"""Theorem 5, its regime: at the beta that it requires, does anything change but the output?"""

from collections.abc import Callable, Iterable

import numpy as np
import sympy as sp

from mfcheck.checks import (
    Case,
    Check,
    Claim,
    Context,
    Curve,
    Estimate,
    Evidence,
    Kind,
    Note,
    Plot,
    Reading,
    Standard,
    custom,
    decide,
    identity,
    wrong,
)
from mfcheck.gaussian.exact import expectation
from mfcheck.statistics import at_most, exactly
from mfcheck.statistics.compare import order_evidence
from mfcheck.symbolic.generic import s0, s1, s2
from mfcheck_proofs.scaled_resnets.changes import CONVERGED, SMALL_BETA, Changes, cut, extent, over_beta, small
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS, telling
from mfcheck_proofs.scaled_resnets.regimes import ABOVE, BELOW, LARGE_BETA
from mfcheck_proofs.scaled_resnets.setting import needs_flow, needs_moving_encoder

GROUP = "changes"
CHANGES = {
    "kernel": r"$|G(T) - G(0)|/|G(0)|$",
    "features": r"$\max_i |Z(x_i, 1) - x_i|$",
    "trajectory": r"$\max_t |e(t) - e_{\mathrm{lin}}(t)|/|y|$",
}
LEARNED = sp.Rational(1, 20)
"""Relative change from which on features are called learned."""
NO_BETA = Evidence(passed=None, cases=0, reason=r"no finite $\beta$ is known to meet the theorem's requirement")


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
        Curve(label=label, x=betas, y=tuple(c[name].value for c in found), error=tuple(c[name].error for c in found))
        for name, label in labels.items()
    )
    return Plot(id=id, title=title, x_label=r"$\beta$", y_label="relative", x_log=True, y_log=True, curves=curves)


def said(value: Estimate) -> str:
    """Return a number with its error, as TeX."""
    if value.value == 0:
        return "$0$"
    power = int(np.floor(np.log10(abs(value.value))))
    if power >= -2:
        return rf"${value.value:.2g} \pm {value.error:.1g}$"
    scale = 10.0**-power
    return rf"$({value.value * scale:.1f} \pm {value.error * scale:.1f}) \cdot 10^{{{power}}}$"


def all_below(context: Context, pairs: Iterable[tuple[Estimate, Estimate]], domain: str) -> Evidence:
    """Return the evidence that all pairs of one flow are in order, with the pair that decides as its sides."""
    return decide([Case(*pair) for pair in pairs], Standard("<=", alarm=context.alarm), domain).but(cases=1)


def _at_small_beta(found: Changes | None) -> str:
    """Return the sentence on a small beta; features are called learned only if they certainly change."""
    if found is None:
        return ""
    least = exactly(float(LEARNED))
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
    limit, followed = exactly(float(context["tolerance"])), extent(context.setting, context.budget)
    domain = rf"$\beta = {large.beta:.4g}$; kernel, features, trajectory; {followed}, seed {context.seed}"
    evidence = all_below(context, [(large[name], limit) for name in CHANGES], domain)
    plot = over_beta_plot(found, CHANGES, "regime", "What training changes besides the output")
    verdict = "lazy" if evidence.passed else "not lazy"
    far = "" if followed == CONVERGED else ", as far as flows were followed"
    text = (
        rf"The regime of the guarantee is {verdict}{far}. At $\beta = {large.beta:.4g}$, the least that Theorem 5 is "
        rf"known to admit, training ({followed}) changes the kernel $G$ by {said(large['kernel'])} of its size "
        rf"and the features by {said(large['features'])}, and the residuals stay "
        rf"within {said(large['trajectory'])} of those of the linearised flow (relative to $|y|$)."
        + ("" if context.setting["alpha"] else r" There is no encoder ($\alpha = 0$).")
        + _at_small_beta(small(found))
    )
    note = Note(id="theorem-5-lazy", severity="major", text=text)
    return evidence.but(plots=(plot,), notes=(note,) if evidence.passed is not None else ())


def learning(context: Context) -> Evidence:
    """Each relative change at a small beta is at least the stated one."""
    found = small(measured(context))
    if found is None:
        return Evidence(
            passed=None, cases=0, reason=rf"the theorem admits $\beta = {SMALL_BETA:g}$ here: no smaller one is tried"
        )
    pairs = [(exactly(float(context["change"])), found[name]) for name in CHANGES]
    domain = rf"$\beta = {found.beta:g}$; kernel, features, trajectory; seed {context.seed}"
    return all_below(context, pairs, domain)


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
            alarm=context.alarm,
        )

    return check


# --- why the first order vanishes ------------------------------------------------------------------------------------

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


def measuring(id: str, tests: str, run: Callable[[Context], Evidence]) -> Check:
    """Return a check on the flows that `measured` shares."""
    return custom(id, tests, telling(run, cut), kind=Kind.SIMULATED, group=GROUP)


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
                    domain=(r"every $\sigma_0$, data set and depth: the predictor's first order, one sample at a time"),
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
                checks=[measuring("law", "order", law(name))],
                wrong=[
                    wrong(
                        f"off-{word}",
                        {"order": sp.Integer(-2) + step},
                        "The first order vanishes by symmetry, the second does not.",
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
