"""The paper's three assumptions: on independent samples and repeated points, on the initial measures, on the activation."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, ctx
from scipy import stats

from mfcheck.checks import (
    Case,
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    Reading,
    Scope,
    attack,
    bound,
    certifying,
    claim,
    compared,
    custom,
    identity,
    wrong,
)
from mfcheck.checks.attacks import with_activation
from mfcheck.claims import Answer, Assumption, Estimate, Setting, inequality
from mfcheck.errors import InputError
from mfcheck.falsify.variants import merged, of_attained, of_identity, powers, scaled, shifted, sign
from mfcheck.gaussian.exact import expectation
from mfcheck.points.data import random_data
from mfcheck.points.laws import cross, random_law
from mfcheck.points.sphere import sphere
from mfcheck.rigor import certificate
from mfcheck.rigor.assumption import Judgement, judge
from mfcheck.rigor.ball import bounds, compare, decimal_text, enclose, exact, interval
from mfcheck.rigor.certificate import Certificate
from mfcheck.rigor.suprema import Supremum
from mfcheck.statistics import exactly
from mfcheck.statistics.compare import all_hold
from mfcheck.symbolic.activation import LIBRARY, X
from mfcheck.symbolic.generic import s0, s1, s2
from mfcheck_proofs.scaled_resnets.constants import CONSTANTS, NEEDS_B0, NEEDS_C3
from mfcheck_proofs.scaled_resnets.leaves import code_size, cosine_bound
from mfcheck_proofs.scaled_resnets.setting import DEFAULT, validate
from mfcheck_proofs.scaled_resnets.symbols import C_1, C_max, d, n, n_max
from mfcheck_proofs.scaled_resnets.values import REAL, side

# Shared by the paper's claims: what formulas are put off by, and why an identity is not attacked.
HALF, NEAR = sp.Rational(1, 2), sp.Rational(9, 10)
STEPS = (HALF, -HALF, 1, -1)
FACTORS = scaled(2, HALF, sp.Rational(3, 2))
IDENTITY = "it is an identity, which exact checks decide for every setting"

# --- Assumption 1 as a predicate --------------------------------------------------------------------------------------


def data_on_sphere(setting: Setting) -> Answer:
    """Distinct unit points, |y| <= 1: Assumption 1 with C_max the largest inner product of the data."""
    try:
        validate(setting)
    except InputError as error:
        return Answer(False, str(error))
    return Answer(True, rf"$n = {setting.data.n}$ distinct unit points, $C_{{\max}} = {setting.data.C_max:.6g}$")


def random_sphere(rng: np.random.Generator) -> Setting:
    """Independent uniform points of a sphere, labels +1 and -1; coordinates are rounded to 12 digits."""
    return replace(DEFAULT, data=random_data(rng))


# --- the uniform law -------------------------------------------------------------------------------------------------

CAP = sp.betainc_regularized((d - 1) / 2, sp.Rational(1, 2), 0, 1 - C_max**2) / 2


def cap_probability(formula: sp.Expr, dim: int, cosine: Fraction) -> arb:
    """Enclose a formula in `d` and `C_max`; in one dimension a pair is equal or opposite, each with probability 1/2."""
    return enclose(formula.subs(d, dim), {C_max: cosine}, 160)


def _cosine(setting: Setting) -> Fraction:
    """A rational in [0, 1), where the cap formula applies: C_max of the data to six digits, 0 if that is negative."""
    return Fraction(f"{min(max(setting.data.C_max, 0.0), 0.999999):.6f}")


def probability_one(context: Context) -> Evidence:
    """P(<x, x'> > C_max) of two independent uniform points, which "with probability 1" needs to be zero."""
    dim, cosine = context.setting.data.d, _cosine(context.setting)
    value = cap_probability(context["exception"], dim, cosine)
    if compare(value, arb(0)) == "?":
        return Evidence(passed=True if value.is_zero() else None, lhs=interval(value), rhs="0")
    above = rf"; at $C_{{\max}} = {context.setting.data.C_max:.6g}$ of the data at least as often"
    text = (
        r"Independent samples break Assumption 1, that $\langle x_i, x_j\rangle \le C_{\max} < 1$ with probability 1, for "
        r"every $C_{\max}$: if their law has infinite support, two points of the support lie closer, and balls "
        "around them have positive mass. For a law of finitely many atoms a sample repeats with positive probability, and "
        rf"a repeated point makes $G$ singular. For the uniform law at $d = {dim}$ a pair has an inner product above "
        rf"{float(cosine):g} with probability {value.str(6, radius=False)} (certified), and of $n = {_half_life(value)}$ "
        r"samples some pair does with probability at least $1/2$"
        + (above if context.setting.data.C_max < 0 else "")
        + r". If $C_{\max}$ may depend "
        r"on $n$, then so do $\Lambda$ and all constants of Theorems 5 and 6."
    )
    return Evidence(
        passed=False,
        lhs=interval(value),
        rhs="0",
        error=0.0,
        domain=rf"uniform law on the sphere, $d = {dim}$, $C_{{\max}} = {float(cosine):g}$",
        reason="two independent points come closer than that with positive probability",
        notes=(Note(id="assumption-1-fails-iid", severity="major", text=text),),
    )


def _half_life(pair: arb) -> str:
    """Return an n at which some pair violates the assumption with probability at least 1/2, a power of ten if large.

    For the uniform law the events of different pairs are pairwise independent, so that by Chebyshev's inequality
    P(no violation) <= (1 - p) / (p n (n-1) / 2).
    """
    samples = int((1.5 + (0.25 + 4 * (1 - pair) / pair).sqrt()).upper().ceil().unique_fmpz())
    return str(samples) if samples < 10**9 else f"10^{{{len(str(samples))}}}"


def cap_frequency(context: Context) -> Evidence:
    """Observed frequency of close pairs against the formula, within an exact binomial interval.

    The cosine is near d^(-1/2), whatever the data are: at 0 the probability is 1/2 in every dimension, and near 1 no
    pair would be seen.
    """
    dim = context.setting.data.d
    cosine = Fraction(round(1000 / math.sqrt(dim + 1)), 1000)
    rng, pairs = context.rng(), context.budget.pick(20_000, 100_000, 1_000_000)
    most, hits = max(1, 10**7 // dim), 0  # so many at a time fit into the memory
    for size in (min(most, pairs - start) for start in range(0, pairs, most)):
        inner_products = np.sum(sphere(rng, size, dim) * sphere(rng, size, dim), axis=1)
        hits += int(np.sum(inner_products > float(cosine)))
    share, found = (hits / pairs, stats.binomtest(hits, pairs).proportion_ci(1 - context.alarm, "exact"))
    expected = float(cap_probability(context["cap"], dim, cosine).mid())
    inside = bool(found.low <= expected <= found.high)
    return Evidence(
        passed=inside,
        lhs=Estimate(value=share, error=max(found.high - share, share - found.low), level=1 - context.alarm),
        rhs=exactly(expected, 1e-12),
        error=found.high - found.low,
        cases=pairs,
        domain=f"pairs of independent uniform points, $d = {dim}$, $C = {float(cosine):g}$; exact binomial interval",
        reason="" if inside else "the formula lies outside the interval",
    )


def cap_low_dimensions(context: Context) -> list[Case]:
    """On the circle P = arccos(C)/pi, on the 2-sphere P = (1 - C)/2 (Archimedes): at rational C."""
    return [
        Case(
            cap_probability(context["cap"], dim, cosine),
            enclose(known, {C_max: cosine}, 160),
            f"$d = {dim}$, $C = {cosine}$",
        )
        for cosine in map(Fraction, ("0", "1/3", "1/2", "4/5", "99/100"))
        for dim, known in ((2, sp.acos(C_max) / sp.pi), (3, (1 - C_max) / 2))
    ]


EXCEPTION = bound(
    "pair-probability",
    "exception",
    "<=",
    sp.Integer(0),
    over={C_max: (0, "999/1000"), d: (2, 32)},
    integers=["d"],
    text="P(<x, x'> > C_max) <= 0 for two independent uniform points in dimension d",
)
CAP_ABOVE = bound(
    "cap-above",
    "cap",
    "<=",
    (1 - C_max**2) ** ((d - 1) / 2) / 2,
    over={C_max: (0, "999/1000"), d: (2, 32)},
    integers=["d"],
    text="P(<x, x'> > C_max) <= (1 - C_max^2)^((d-1)/2)/2, as I_x(a, 1/2) x^-a grows with x; equal at C_max = 0",
)

# --- every law, and repeated points ----------------------------------------------------------------------------------

# If no n_max + 1 unit vectors have inner products at most C, the graph of separated pairs of m samples has no clique of
# that size. Turan (1941) bounds its edges, Zykov (1949) its cliques of n; expectations, and m -> oo, give both.
PAIR = 1 / n_max
SAMPLE = sp.ff(n_max, n) / n_max**n
G_ii, G_ij, G_jj = sp.symbols("G_ii G_ij G_jj", real=True)
NULL = G_ii - 2 * G_ij + G_jj


def at_most(formula: sp.Expr, bound: int, samples: int = 2) -> Fraction:
    """Return a formula in `n_max` and `n` as an exact number."""
    value = sp.Rational(formula.subs({n_max: bound, n: samples}))
    return Fraction(int(value.p), int(value.q))


def every_law(context: Context) -> Evidence:
    """Exact probabilities of laws of finitely many atoms against both bounds, which some of them attain."""
    rng, number = context.rng(), context.budget.pick(4, 12, 40)
    cosines = (Fraction(0), Fraction(1, 2), Fraction(4, 5))
    laws = [(cross(dim), Fraction(0)) for dim in (2, 3)]
    laws += [(random_law(rng, 2 + k % 2), cosines[k % 3]) for k in range(number)]
    for (law, cosine), samples in product(laws, (2, 3)):
        size, found = code_size(law.dimension, cosine).n_max, law.separated(samples, cosine)
        most = at_most(context["sample"], size, samples)
        if samples == 2:
            most = min(most, 1 - at_most(context["pair"], size))
        if found > most:
            return Evidence(
                passed=False,
                lhs=str(found),
                rhs=str(most),
                error=0.0,
                domain=f"{samples} samples of a law with {len(law.atoms)} atoms, $d = {law.dimension}$, $C = {cosine}$",
                reason="the samples are separated more often than the bound allows",
            )
    return Evidence(
        passed=True,
        cases=2 * len(laws),
        error=0.0,
        domain="2 and 3 samples of laws with finitely many rational atoms; equality on cross-polytopes",
        certificate=certificate.code_bound(code_size(context.setting.data.d, cosine_bound(context.setting))),
    )


def repeated_point(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """With `v = e_i - e_j` and `x_i = x_j`: `v^T G v` vanishes, coordinate by coordinate of the Jacobian."""
    J = sp.Symbol("J", real=True)
    a, b, w, z, p, u = sp.symbols("a b w z p u", real=True)
    outputs = (a * s0(w * z + b), p * u * s0(w * z + b))
    rows = [[sp.diff(f, v) for v in (a, u, w, b)] for f in outputs]
    entries = [J**2, *(sum(v**2 for v in row) for row in rows)]
    return [(context["null"].subs({G_ii: g, G_ij: g, G_jj: g}), sp.Integer(0)) for g in entries]


iid = Claim(
    "assumption-1-iid",
    title="Assumption 1 holds with probability one for independent samples",
    statement=(
        r"For independent $x_i, x_j \sim \mu_X$: $\langle x_i, x_j\rangle \le C_{\max} < 1$ with probability 1."
    ),
    source="arXiv 2403.09889, Assumption 1",
    known="text read",
    readings=[
        Reading(
            "stated",
            r"The probability that a pair exceeds $C_{\max}$ is zero (uniform law on the sphere).",
            {"exception": CAP},
            checks=[custom("probability", "exception", probability_one, kind=Kind.CERTIFIED)],
            wrong=[
                wrong("rare", {"exception": CAP / 10**6}, "A positive probability, however small, is not zero."),
                wrong(
                    "thousandth",
                    {"exception": CAP / 1000},
                    "A positive probability is not zero.",
                    checks=["slack-pair-probability"],
                ),
            ],
            attack=[EXCEPTION],
        ),
        Reading(
            "cap-formula",
            r"$\mathbb{P}(\langle x, x'\rangle > C)$ for the uniform law, $0 \le C < 1$.",
            {"cap": CAP},
            checks=[
                custom("frequency", "cap", cap_frequency, kind=Kind.SAMPLED),
                compared(
                    "closed-forms",
                    "cap",
                    cap_low_dimensions,
                    kind=Kind.CERTIFIED,
                    digits=30,
                    domain="$d = 2$ and $3$, five values of $C$ in $[0, 1)$",
                ),
            ],
            wrong=merged(
                [
                    wrong(
                        "doubled",
                        {"cap": 2 * CAP},
                        "At $C = 0$ the probability is one half exactly.",
                        also=["slack-cap-above"],
                    )
                ],
                of_identity("cap", CAP, FACTORS),
                # In high dimensions pairs do not tell d from d + 1.
                of_identity("cap", CAP, shifted(d, 1, -1), checks=["closed-forms"]),
            ),
            attack=[CAP_ABOVE],
        ),
        Reading(
            "every-law",
            r"For every law $\mu_X$, with $n_{\max}$ a bound on spherical codes: $\mathbb{P}(\langle x, x'\rangle > "
            r"C_{\max}) \ge 1/n_{\max}$, and $n$ samples are separated with a probability of at most "
            r"$\prod_{k < n}(1 - k/n_{\max})$.",
            {"pair": PAIR, "sample": SAMPLE},
            checks=[custom("laws", ["pair", "sample"], every_law, kind=Kind.EXACT)],
            wrong=[
                wrong(name, replaced, "The uniform law on the points $+e_i$, $-e_i$ attains the true bound.", kind=kind)
                for name, kind, replaced in (
                    ("pair-doubled", "constant scaled", {"pair": 2 * PAIR}),
                    ("pair-shifted", "index shifted", {"pair": 1 / (n_max - 1)}),
                    ("sample-halved", "constant scaled", {"sample": SAMPLE / 2}),
                    ("sample-shifted", "index shifted", {"sample": SAMPLE.subs(n, n + 1)}),
                )
            ],
        ),
        Reading(
            "repeated-point",
            r"If a point repeats, $G$ is singular: $v^\top G\,v = 0$ for $v = e_i - e_j$.",
            {"null": NULL},
            checks=[
                identity(
                    "identity",
                    "null",
                    repeated_point,
                    domain="every measure, activation and dimension: equal points have equal rows of the Jacobian",
                )
            ],
            wrong=[
                wrong(
                    "sign",
                    {"null": G_ii + 2 * G_ij + G_jj},
                    "$e_i + e_j$ is no null vector: the form is four times a sum of squares.",
                ),
                wrong("factor", {"null": G_ii - G_ij + G_jj}, "The mixed term enters twice.", kind="factor dropped"),
            ],
        ),
    ],
)

# --- Assumption 2: probability measures with finite second moments ---------------------------------------------------


def second_moments(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E|omega|^2 and E|theta|^2 as sums over coordinates: (a, w, b) with w in R^d, and (u, w, b)."""
    x = sp.Symbol("x", real=True)
    mass, square = expectation(sp.Integer(1), [x]), expectation(x**2, [x])
    moments = [(square * (1 + d + 1), context["moment_tau"]), (square * (d + d + 1), context["moment_nu"])]
    return [(mass, sp.Integer(1)), *moments]


DIMENSIONS = Note(
    id="dimension-typo",
    severity="minor",
    text=(
        r"Assumption 3 as printed takes $u, w \in \mathbb{R}^{k_\nu}$ with $k_\nu = 2d + 1$, and "
        r"$w \in \mathbb{R}^{k_\nu}$ in $\omega$ with $k_\tau = d + 2$. Neither adds up; "
        r"$u, w \in \mathbb{R}^d$ does, and is what is checked here. In Theorem 6 the spaces of $\tau_y$ "
        r"and $\nu_y$ are interchanged."
    ),
)
MOMENTS = {"moment_tau": d + 2, "moment_nu": 2 * d + 1}
initial = claim(
    "assumption-2-measures",
    title=r"The initial measures are probability measures in $\mathcal{P}^2$",
    statement=r"$\tau_0$ and $\nu_0(\cdot, s)$ have mass one, and second moments $k_\tau = d + 2$ and $k_\nu = 2d + 1$.",
    source="arXiv 2403.09889, Assumption 2 and dimensions in Assumption 3",
    known="text read",
    no_inequality=IDENTITY,
    text=r"$\mathbb{E}|\omega|^2$ and $\mathbb{E}|\theta|^2$.",
    formulas=MOMENTS,
    checks=[identity("moments", MOMENTS, second_moments, domain="every $d$", notes=[DIMENSIONS])],
    wrong=merged(
        [
            wrong(
                "printed",
                {"moment_tau": (2 * d + 1) + 2},
                r"$w \in \mathbb{R}^{k_\nu}$ as printed gives another dimension.",
                kind="index shifted",
            ),
            wrong("no-bias", {"moment_nu": 2 * d}, "The bias is a coordinate too."),
        ],
        *(
            of_identity(name, formula, FACTORS, sign(), shifted(d, 1, -1), powers(d, *STEPS))
            for name, formula in MOMENTS.items()
        ),
    ),
)

# --- Assumption 3: the activation ------------------------------------------------------------------------------------


def certified_constant(context: Context) -> Evidence:
    """The stated multiple of the certified least C_1 against the suprema it has to dominate."""
    activation = context.setting.activation
    found, domain = judge(activation), f"{activation.name}, all real $x$"
    if found.answer != "holds":
        reasons = "; ".join(found.reasons) or "the suprema could not be certified"
        text = f"The activation {activation.name} does not meet Assumption 3: {reasons}."
        note = Note(id="activation-fails", severity="major", text=text)
        fails = found.answer == "fails"
        return Evidence(passed=False if fails else None, domain=domain, reason=reasons, notes=(note,) if fails else ())
    suprema = (found.growth, found.B[1], found.B[2])
    needed = dict(zip(("the growth", r"$\sup|\sigma_0'|$", r"$\sup|\sigma_0''|$"), suprema, strict=True))
    factor, stated = context["constant"] / C_1, _stated(context)
    orders = {"<": True, ">": False, "?": None}
    # From a factor of one on it serves, whatever the enclosures: one of the suprema equals the largest.
    answers = {name: factor >= 1 or orders[compare(found.value, stated)] for name, found in needed.items()}
    passed = all_hold(answers.values())
    named = [name for name, answer in answers.items() if answer is passed and not passed]
    return Evidence(
        passed=passed,
        scope=Scope.WHOLE,
        lhs=interval(found.C1),
        rhs=interval(stated),
        slack=None if compare(found.C1, stated) == "?" else float((stated / found.C1).mid()),
        error=float(found.C1.rad()),
        domain=domain,
        reason=f"{'not decided for' if passed is None else 'exceeded by'} {', '.join(named)}" if named else "",
        notes=_third_derivative(found.third_derivative_bounded),
    )


def _stated(context: Context) -> arb:
    with ctx.workprec(120):
        return judge(context.setting.activation).C1 * exact(context["constant"] / C_1)


REACH = 10
"""Beyond it the checker takes the bounds of each derivative from those of its parts."""


def served_everywhere(context: Context) -> dict[str, Certificate]:
    """State all bounds of Assumption 3 with the constant, rounded up, on both half-lines."""
    activation = context.setting.activation
    top = decimal_text(Fraction(bounds(_stated(context), 12)[1]) * (1 + Fraction(1, 10**8)), 12, up=True)
    growth = activation.expr / sp.Max(1, X)
    mirrored = activation.expr.xreplace({X: -X}) / sp.Max(1, X)
    both = [(growth, mirrored)]
    both += [(f, f.xreplace({X: -X})) for f in (activation.derivative(1), activation.derivative(2))]
    return {
        f"order_{k}_{side}": certificate.half_line(f, X.name, 0, REACH, f"-{top}", top, digits=10, bisect=20, order=4)
        for k, pair in enumerate(both)
        for side, f in zip(("right", "left"), pair, strict=True)
    }


def _third_derivative(bounded: bool | None) -> tuple[Note, ...]:
    if bounded is None:
        text = r"The KL bounds of Theorem 5 need a bound on $\sigma_0'''$, which Assumption 3 does not grant."
    else:
        text = (
            r"The KL bounds of Theorem 5 are derived here with a bound on $\sigma_0'''$, which Assumption 3 does not "
            rf"grant; $\sigma_0'''$ {'is' if bounded else 'is not'} bounded for this activation."
        )
    return (Note(id="third-derivative", severity="minor", text=text),)


def sampled_constant(context: Context) -> Evidence:
    """Largest |s0|/max(|x|,1), |s0'|, |s0''| at random points against the stated constant."""
    activation = context.setting.activation
    found = judge(activation)
    if found.answer != "holds":
        return Evidence(passed=None, cases=0, reason="Assumption 3 is not certified to hold")
    rng, count = context.rng(), context.budget.pick(20_000, 100_000, 1_000_000)
    x = np.concatenate([rng.standard_normal(count) * s for s in (0.3, 2.0, 30.0)] + [np.zeros(1)])
    sizes = [np.abs(activation.numpy_function(order)(x)) for order in range(3)]
    worst = float(np.max([sizes[0] / np.maximum(np.abs(x), 1), *sizes[1:]]))
    stated = float((context["constant"] / C_1) * float(found.C1.upper()))
    passed, error = worst <= stated * (1 + 1e-12), 1e-12 * stated
    return Evidence(
        passed=passed,
        lhs=exactly(worst, error),
        rhs=exactly(stated, error),
        slack=stated / worst,
        error=error,
        cases=len(x),
        domain=f"{activation.name} at Gaussian points of three scales",
        reason="" if passed else "a sampled point exceeds the constant",
    )


SIZES = (s0(X) / sp.Max(sp.Abs(X), 1), s1(X), s2(X))
"""What C_1 bounds the absolute values of."""


def derivative_value(case: inequality.Case, _: inequality.Formulas) -> dict[str, Any] | None:
    """State a lower bound of the largest of |s0(x)|/max(|x|,1), |s0'(x)|, |s0''(x)| at the point found."""
    at = {X: sp.Rational(case["x"].numerator, case["x"].denominator)}
    outer = {sp.Max(sp.Abs(X), 1): sp.Max(sp.Abs(at[X]), 1)}
    terms = [with_activation(size.xreplace(outer), case.setting.activation) for size in SIZES]
    values = [enclose(term, {X: case["x"]}, 160) for term in terms]
    best = max(range(3), key=lambda k: float(abs(values[k]).mid()))
    with ctx.workprec(160):
        lower = bounds(abs(values[best]) * (1 - arb(10) ** -12), 15)[0]
    try:
        return certificate.inequality(terms[best] * (1 if values[best] > 0 else -1), {X.name: case["x"]}, lower=lower)
    except InputError:
        return None


LEAST = "$C_1$ is the least constant that serves."
activation_claim = claim(
    "assumption-3-activation",
    title="The activation meets Assumption 3",
    statement=(
        r"$|\sigma_0(x)| \le C_1\max(|x|, 1)$, $|\sigma_0'| \le C_1$, $|\sigma_0''| \le C_1$ on the whole line, "
        "with the $C_1$ used here."
    ),
    source="arXiv 2403.09889, Assumption 3",
    known="text read",
    text="$C_1$ as used in every constant.",
    formulas={"constant": C_1},
    checks=[
        certifying(custom("suprema", "constant", certified_constant, kind=Kind.CERTIFIED), served_everywhere),
        custom("sampled", "constant", sampled_constant, kind=Kind.SAMPLED),
    ],
    wrong=merged(
        [
            wrong("halved", {"constant": C_1 / 2}, LEAST, also=["slack-activation-constant"]),
            wrong("nine-tenths", {"constant": C_1 * NEAR}, LEAST),
        ],
        of_attained(
            "constant", C_1, scaled(HALF, sp.Rational(3, 4), NEAR, sp.Rational(99, 100)), why=LEAST, checks=["suprema"]
        ),
    ),
    attack=[
        attack(
            "activation-constant",
            "max(|s0(x)| / max(|x|, 1), |s0'(x)|, |s0''(x)|) <= C_1",
            side(sp.Max(*map(sp.Abs, SIZES))),
            side(lambda f: f["constant"]),
            varies=("activation",),
            own=(REAL,),
            certificate=derivative_value,
        )
    ],
)

# --- the three assumptions as predicates ------------------------------------------------------------------------------


def gaussian_start(_: Setting) -> Answer:
    """Assumption 2 is about the initial measures, which every setting has by construction."""
    return Answer(True, "the solver and the kernels start from standard Gaussian measures")


def _said(found: Judgement, beside: Sequence[str], instead: Sequence[str]) -> Answer:
    """Answer with the least C_1 and what is said beside it, or with what is said instead."""
    met = {"holds": True, "fails": False}.get(found.answer)
    return Answer(met, "; ".join([rf"$C_1 \le {bounds(found.C1, 8)[1]}$", *beside] if met else instead))


def smooth_activation(setting: Setting) -> Answer:
    """Assumption 3 by certified suprema over the whole line."""
    found = judge(setting.activation)
    return _said(found, found.reasons, found.reasons)


def library_activation(rng: np.random.Generator) -> Setting:
    """The default data with an activation of the library."""
    names = sorted(LIBRARY)
    return replace(DEFAULT, activation=LIBRARY[names[int(rng.integers(len(names)))]])


def library() -> Mapping[str, Answer]:
    """Judge every activation of the library: its least C_1, and what later steps need beyond Assumption 3."""
    answers = {}
    for name, activation in LIBRARY.items():
        found = judge(activation)
        more = (_bound("", found.B[0]), _bound("'''", found.B[3]))
        answers[name] = _said(found, more, (*found.reasons, *more))
    return answers


def _bound(primes: str, found: Supremum) -> str:
    name = rf"\sup|\sigma_0{primes}|"
    if found.state == "finite":
        return rf"${name} \le {bounds(found.value, 8)[1]}$"
    return rf"${name} = \infty$" if found.state == "infinite" else f"${name}$ is {found.state}"


def beyond_assumption_3() -> dict[str, tuple[str, ...]]:
    """Return what is needed of the activation beyond Assumption 3, each with the claims and constants that need it."""
    claims = {
        NEEDS_C3: ("theorem-5-kl-tau", "theorem-5-kl-nu"),
        NEEDS_B0: ("theorem-6-rademacher", "theorem-6-composition"),
    }
    return {
        need: (*ids, *(constant.id for constant in CONSTANTS if need in constant.needs)) for need, ids in claims.items()
    }


ASSUMPTIONS = (
    Assumption(
        "assumption-1",
        "Data on the sphere, separated",
        r"For $x_i \ne x_j$ drawn from $\mu_X$, with probability 1: $|x_i| = 1$, $|y_i| \le 1$, "
        r"$\langle x_i, x_j\rangle \le C_{\max} < 1$.",
        "arXiv 2403.09889, Assumption 1",
        data_on_sphere,
        random_sphere,
        reads=("points", "labels"),
    ),
    Assumption(
        "assumption-2",
        "Gaussian initialisation",
        r"$\tau_0$ and $\nu_0(\cdot, s)$ are standard Gaussian for every $s$.",
        "arXiv 2403.09889, Assumption 2",
        gaussian_start,
        random_sphere,
        reads=(),
    ),
    Assumption(
        "assumption-3",
        "Activation of linear growth, two bounded derivatives",
        r"$|\sigma_0(x)| \le C_1\max(|x|, 1)$, $|\sigma_0'(x)| \le C_1$, $|\sigma_0''(x)| \le C_1$ for all $x$.",
        "arXiv 2403.09889, Assumption 3",
        smooth_activation,
        library_activation,
        reads=("activation",),
        survey=library,
        beyond=beyond_assumption_3(),
    ),
)
