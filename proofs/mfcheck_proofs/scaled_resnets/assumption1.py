"""Assumption 1 under independent sampling: how likely are separated points, and what does a repeated point do?"""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from math import isqrt, prod

import numpy as np
import sympy as sp
from flint import arb
from scipy import stats

from mfcheck.checks import Case, Claim, Context, Evidence, Kind, Note, Reading, bound, compared, custom, identity, wrong
from mfcheck.claims import Answer, Estimate, Setting
from mfcheck.claims.setting import Point
from mfcheck.errors import InputError
from mfcheck.falsify.variants import merged, of_identity, scaled, shifted
from mfcheck.points.configurations import cross_polytope, inner, sphere_point
from mfcheck.points.data import random_data
from mfcheck.points.sphere import sphere
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import compare, enclose, interval
from mfcheck.symbolic.generic import s0
from mfcheck_proofs.scaled_resnets.leaves import code_size, cosine_bound
from mfcheck_proofs.scaled_resnets.setting import DEFAULT, validate
from mfcheck_proofs.scaled_resnets.symbols import C_max, d, n, n_max

# --- the assumption as a predicate -----------------------------------------------------------------------------------


def data_on_sphere(setting: Setting) -> Answer:
    """Distinct unit points, |y| <= 1: Assumption 1 with C_max the largest inner product of the data."""
    try:
        validate(setting)
    except InputError as error:
        return Answer(False, str(error))
    if setting.data.repeated is not None:
        i, j = setting.data.repeated
        return Answer(False, f"rows {i + 1} and {j + 1} are the same point, and $G$ is singular")
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
        rhs=Estimate(value=expected, error=1e-12, bias=1e-12),
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

Law = tuple[int, Fraction, tuple[Point, ...], tuple[Fraction, ...]]
"""Dimension, C, atoms on the unit sphere, weights."""


def at_most(formula: sp.Expr, bound: int, samples: int = 2) -> Fraction:
    """Return a formula in `n_max` and `n` as an exact number."""
    value = sp.Rational(formula.subs({n_max: bound, n: samples}))
    return Fraction(int(value.p), int(value.q))


_EXACTLY = 10_000
"""Code bounds up to which the least number of samples is found, not only a sufficient one."""


def rarely_separated(bound: int) -> int:
    """Return an n of which independent samples of any law are separated with a probability below 1/2.

    It is the least that the bound gives; for a large code one from `prod (1 - k/N) <= exp(-n (n-1)/(2N))`, which is
    hardly larger.
    """
    if bound > _EXACTLY:
        return 2 + isqrt(2 * bound * 694 // 1000)  # log 2 < 0.694
    samples, share = 1, Fraction(1)
    while share >= Fraction(1, 2):
        share *= 1 - Fraction(samples, bound)
        samples += 1
    return samples


def _cross(dim: int) -> Law:
    """The uniform law on the points +e_i, -e_i: both bounds are attained at C = 0."""
    return dim, Fraction(0), cross_polytope(dim), (Fraction(1, 2 * dim),) * (2 * dim)


def _random_law(rng: np.random.Generator, dim: int, cosine: Fraction) -> Law:
    """Six rational points of the sphere, by stereographic projection, with random weights."""
    rows = tuple(sphere_point([Fraction(int(v), 4) for v in row]) for row in rng.integers(-8, 9, size=(6, dim - 1)))
    weights = [Fraction(int(w)) for w in rng.integers(1, 9, size=6)]
    return dim, cosine, rows, tuple(w / sum(weights, Fraction(0)) for w in weights)


def _separated(law: Law, samples: int) -> Fraction:
    """The exact probability that independent samples have pairwise inner products at most C."""
    _, cosine, atoms, weights = law
    size = range(len(atoms))
    near = [[inner(atoms[i], atoms[j]) > cosine for j in size] for i in size]
    total = Fraction(0)
    for chosen in product(size, repeat=samples):
        if not any(near[i][j] for i, j in combinations(chosen, 2)):
            total += prod((weights[i] for i in chosen), start=Fraction(1))
    return total


def every_law(context: Context) -> Evidence:
    """Exact probabilities of laws of finitely many atoms against both bounds, which some of them attain."""
    rng, number = context.rng(), context.budget.pick(4, 12, 40)
    cosines = (Fraction(0), Fraction(1, 2), Fraction(4, 5))
    laws = [_cross(dim) for dim in (2, 3)]
    laws += [_random_law(rng, 2 + k % 2, cosines[k % 3]) for k in range(number)]
    for law, samples in product(laws, (2, 3)):
        size, found = code_size(law[0], law[1]).n_max, _separated(law, samples)
        most = at_most(context["sample"], size, samples)
        if samples == 2:
            most = min(most, 1 - at_most(context["pair"], size))
        if found > most:
            return Evidence(
                passed=False,
                lhs=str(found),
                rhs=str(most),
                error=0.0,
                domain=f"{samples} samples of a law with {len(law[2])} atoms, $d = {law[0]}$, $C = {law[1]}$",
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


FACTORS = scaled(2, sp.Rational(1, 2), sp.Rational(3, 2))
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
