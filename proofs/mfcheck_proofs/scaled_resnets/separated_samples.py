"""Assumption 1 under independent sampling: how likely are separated points, and what does a repeated point do?"""

import math
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx
from scipy import stats

from mfcheck.claims import (
    Check,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Reading,
    Setting,
)
from mfcheck.rigor.ball import compare, exact
from mfcheck_proofs.scaled_resnets.symbols import C_max, d
from mfcheck_proofs.scaled_resnets.values import interval

# --- claim: Assumption 1 holds with probability one under i.i.d. sampling --------------------------------------------

CAP = sp.betainc_regularized((d - 1) / 2, sp.Rational(1, 2), 0, 1 - C_max**2) / 2


def cap_probability(formula: sp.Expr, dim: int, cosine: Fraction) -> arb:
    """Enclose a multiple of a regularised incomplete beta function in `d` and `C_max`."""
    with ctx.workprec(160):
        value = formula.subs({d: dim, C_max: sp.Rational(cosine.numerator, cosine.denominator)})
        total = arb(0)
        for term in sp.Add.make_args(value):
            factor, rest = term.as_independent(sp.betainc_regularized)
            product = exact(Fraction(int(factor.p), int(factor.q)))
            for beta in sp.Mul.make_args(rest):
                if isinstance(beta, sp.betainc_regularized):
                    a, b, _, x = (exact(Fraction(int(v.p), int(v.q))) for v in beta.args)
                    product *= x.beta_lower(a, b, 1)
            total += product
        return total


def _cosine(setting: Setting) -> Fraction:
    """C_max of the data as a rational in [0, 1): the case in which the cap formula applies."""
    return Fraction(f"{min(max(setting.data.C_max, 0.0), 0.999999):.6f}")


def probability_one(context: Context) -> Evidence:
    """P(<x, x'> > C_max) of two independent uniform points, which "with probability 1" needs to be zero."""
    dim, cosine = context.setting.data.d, _cosine(context.setting)
    value = cap_probability(context["exception"], dim, cosine)
    sign = compare(value, arb(0))
    if sign == "?":
        return Evidence(passed=True if value.is_zero() else None, lhs=interval(value), rhs="0")
    threshold = _half_life(value)
    return Evidence(
        passed=False,
        lhs=interval(value),
        rhs="0",
        error=0.0,
        cases=1,
        domain=(
            rf"uniform law on the sphere, $d = {dim}$, $C_{{\max}} = {float(cosine):g}$; any other "
            r"$C_{\max} < 1$ too"
        ),
        reason=r"two independent points come closer than any $C_{\max} < 1$ with positive probability",
        notes=(
            Note(
                id="assumption-1-fails-iid",
                severity="major",
                text=(
                    r"Assumption 1 asks $\langle x_i, x_j\rangle \le C_{\max} < 1$ with probability 1 for "
                    r"independent samples. For a law with infinite support this fails for every $C_{\max} < 1$: two "
                    "points of the support lie closer, and balls around them have positive mass. For a law of "
                    "finitely many atoms a sample repeats with positive probability, and a repeated point makes $G$ "
                    r"singular. For the uniform law at this $d$ and $C_{\max}$ a pair is too close with probability "
                    f"{float(value.mid()):.6g} (certified), and $n = {threshold}$ samples violate the assumption "
                    r"with probability at least $1/2$. If $C_{\max}$ may depend on $n$, then so do $\Lambda$ and all "
                    "constants of Theorems 5 and 6."
                ),
            ),
        ),
    )


def _half_life(pair: arb) -> int:
    """Return an n at which some pair violates the assumption with probability at least 1/2.

    For the uniform law the events of different pairs are pairwise independent, so that by Chebyshev's inequality
    P(no violation) <= (1 - p) / (p n (n-1) / 2).
    """
    p = float(pair.lower())
    n = math.ceil(0.5 + math.sqrt(0.25 + 4 * (1 - p) / p))
    return n + 1


def cap_frequency(context: Context) -> Evidence:
    """Observed frequency of close pairs against the formula, within an exact binomial interval."""
    dim, cosine = context.setting.data.d, _cosine(context.setting)
    rng, pairs = context.rng(), context.budget.pick(20_000, 100_000, 1_000_000)
    x, other = rng.standard_normal((2, pairs, dim))
    inner = np.sum(x * other, axis=1)
    inner /= np.linalg.norm(x, axis=1) * np.linalg.norm(other, axis=1)
    hits = int(np.sum(inner > float(cosine)))
    interval = stats.binomtest(hits, pairs).proportion_ci(1 - 1e-6, "exact")
    expected = float(cap_probability(context["cap"], dim, cosine).mid())
    inside = interval.low <= expected <= interval.high
    return Evidence(
        passed=inside,
        lhs=Estimate(
            value=hits / pairs, error=max(interval.high - hits / pairs, hits / pairs - interval.low)
        ),
        rhs=Estimate(value=expected, error=1e-12),
        error=interval.high - interval.low,
        cases=pairs,
        domain=(
            f"pairs of independent uniform points, $d = {dim}$, $C = {float(cosine):g}$; exact binomial interval, "
            "false-alarm rate $10^{-6}$"
        ),
        reason="" if inside else "the formula lies outside the interval",
    )


def cap_low_dimensions(context: Context) -> Evidence:
    """On the circle P = arccos(C)/pi, on the 2-sphere P = (1 - C)/2 (Archimedes): exact at rational C."""
    cases = 0
    for cosine in (Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(4, 5), Fraction(99, 100)):
        with ctx.workprec(160):
            for dim, known in ((2, exact(cosine).acos() / arb.pi()), (3, (1 - exact(cosine)) / 2)):
                found = cap_probability(context["cap"], dim, cosine)
                if not (found - known).contains(0):
                    return Evidence(
                        passed=False,
                        lhs=interval(found),
                        rhs=interval(known),
                        cases=cases,
                        domain=f"$d = {dim}$, $C = {cosine}$",
                        reason="the closed form of this dimension differs",
                    )
                cases += 1
    return Evidence(
        passed=True,
        cases=cases,
        error=1e-40,
        domain="$d = 2$ and $3$, five values of $C$ in $[0, 1)$",
    )


iid = Claim(
    id="assumption-1-iid",
    title="Assumption 1 holds with probability one for independent samples",
    statement=(
        r"For independent $x_i, x_j \sim \mu_X$: $\langle x_i, x_j\rangle \le C_{\max} < 1$ with probability 1."
    ),
    source="arXiv 2403.09889, Assumption 1",
    readings=(
        Reading(
            "stated",
            r"The probability that a pair exceeds $C_{\max}$ is zero (uniform law on the sphere).",
            {"exception": CAP},
        ),
        Reading(
            "cap-formula",
            r"$\mathbb{P}(\langle x, x'\rangle > C)$ for the uniform law, $0 \le C < 1$.",
            {"cap": CAP},
        ),
    ),
    checks=(
        Check("assumption-1-probability", Kind.CERTIFIED, probability_one),
        Check("assumption-1-frequency", Kind.SAMPLED, cap_frequency, "cap-formula"),
        Check("assumption-1-closed-forms", Kind.CERTIFIED, cap_low_dimensions, "cap-formula"),
    ),
    planted=(
        PlantedError(
            "assumption-1-rare",
            "constant scaled",
            {"exception": CAP / 10**6},
            "A positive probability, however small, is not zero.",
            ("assumption-1-probability",),
        ),
    ),
)

CLAIMS = (iid,)
