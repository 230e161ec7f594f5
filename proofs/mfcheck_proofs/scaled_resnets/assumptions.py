"""Assumptions 1 to 3: as predicates on settings, and as claims of their own where the paper asserts something."""

import math
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx
from scipy import stats

from mfcheck.claims import (
    Answer,
    Assumption,
    Check,
    Claim,
    Context,
    Data,
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
from mfcheck.errors import InputError
from mfcheck.rigor.assumption import judge
from mfcheck.rigor.ball import bounds, compare, exact
from mfcheck.symbolic.activation import LIBRARY
from mfcheck.symbolic.gaussian import expectation
from mfcheck.symbolic.identity import identities
from mfcheck_proofs.scaled_resnets.setting import DEFAULT, validate
from mfcheck_proofs.scaled_resnets.symbols import C_1, C_max, d

# --- Assumption 1 ----------------------------------------------------------------------------------------------------


def data_on_sphere(setting: Setting) -> Answer:
    """Unit rows, distinct points, |y| <= 1: Assumption 1 with C_max the largest inner product of the data."""
    try:
        validate(setting)
    except InputError as error:
        return Answer(False, str(error))
    return Answer(
        True,
        rf"$n = {setting.data.n}$ distinct unit points, $C_{{\max}} = {setting.data.C_max:.6g}$",
    )


def random_sphere(rng: np.random.Generator) -> Setting:
    """Independent uniform points of a sphere, labels +1 and -1; coordinates are rounded to 12 digits."""
    n, dim = int(rng.integers(2, 9)), int(rng.integers(2, 7))
    raw = rng.standard_normal((n, dim))
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    points = tuple(tuple(Fraction(f"{x:.12f}") for x in row) for row in raw)
    labels = tuple(Fraction(int(s)) for s in rng.choice([-1, 1], size=n))
    data = Data(points, labels, origin="random sphere")
    return Setting(data, DEFAULT.activation, DEFAULT.values)


def gaussian_start(_: Setting) -> Answer:
    """Assumption 2 is about the initial measures, which every setting has by construction."""
    return Answer(True, "the solver and the kernels start from standard Gaussian measures")


def smooth_activation(setting: Setting) -> Answer:
    """Assumption 3 by certified suprema over the whole line."""
    found = judge(setting.activation)
    reasons = "; ".join(found.reasons)
    if found.answer == "holds":
        return Answer(
            True, f"$C_1 = {bounds(found.C1, 8)[1]}$" + (f"; {reasons}" if reasons else "")
        )
    return Answer(False if found.answer == "fails" else None, reasons)


def library_activation(rng: np.random.Generator) -> Setting:
    """The default data with an activation of the library."""
    names = sorted(LIBRARY)
    return Setting(DEFAULT.data, LIBRARY[names[int(rng.integers(len(names)))]], DEFAULT.values)


ASSUMPTIONS = (
    Assumption(
        "assumption-1",
        "Data on the sphere, separated",
        r"For $x_i \ne x_j$ drawn from $\mu_X$, with probability 1: $|x_i| = 1$, $|y_i| \le 1$, "
        r"$\langle x_i, x_j\rangle \le C_{\max} < 1$.",
        "arXiv 2403.09889, Assumption 1",
        data_on_sphere,
        random_sphere,
    ),
    Assumption(
        "assumption-2",
        "Gaussian initialisation",
        r"$\tau_0$ and $\nu_0(\cdot, s)$ are standard Gaussian for every $s$.",
        "arXiv 2403.09889, Assumption 2",
        gaussian_start,
        random_sphere,
    ),
    Assumption(
        "assumption-3",
        "Activation of linear growth, two bounded derivatives",
        r"$|\sigma_0(x)| \le C_1\max(|x|, 1)$, $|\sigma_0'(x)| \le C_1$, $|\sigma_0''(x)| \le C_1$ for all $x$.",
        "arXiv 2403.09889, Assumption 3",
        smooth_activation,
        library_activation,
    ),
)

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


def _interval(value: arb, digits: int = 12) -> Interval:
    lower, upper = bounds(value, digits)
    return Interval(lower=lower, upper=upper)


def _cosine(setting: Setting) -> Fraction:
    """C_max of the data as a rational in [0, 1): the case in which the cap formula applies."""
    return Fraction(f"{min(max(setting.data.C_max, 0.0), 0.999999):.6f}")


def probability_one(context: Context) -> Evidence:
    """P(<x, x'> > C_max) of two independent uniform points, which "with probability 1" needs to be zero."""
    dim, cosine = context.setting.data.d, _cosine(context.setting)
    value = cap_probability(context["exception"], dim, cosine)
    sign = compare(value, arb(0))
    if sign == "?":
        return Evidence(passed=True if value.is_zero() else None, lhs=_interval(value), rhs="0")
    threshold = _half_life(value)
    return Evidence(
        passed=False,
        lhs=_interval(value),
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
                        lhs=_interval(found),
                        rhs=_interval(known),
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


initial = Claim(
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
    with ctx.workprec(120):
        factor = context["constant"] / C_1
        stated = found.C1 * exact(Fraction(int(factor.p), int(factor.q)))
    broken = [name for name, value in needed.items() if compare(value, stated) == ">"]
    # The least constant equals one of the suprema: the enclosures overlap there, which is agreement.
    return Evidence(
        passed=not broken,
        scope=Scope.WHOLE,
        lhs=_interval(found.C1),
        rhs=_interval(stated),
        slack=float((stated / found.C1).mid()),
        error=float(found.C1.rad()),
        cases=1,
        domain=f"{context.setting.activation.name}, all real $x$",
        reason=f"exceeded by {', '.join(broken)}" if broken else "",
        notes=_third_derivative(found.third_derivative_bounded),
    )


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


activation_claim = Claim(
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

CLAIMS = (iid, initial, activation_claim)
