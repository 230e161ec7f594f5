"""What the paper asserts in its Assumptions 2 and 3, as claims: the initial measures, the activation."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import Context, Evidence, Kind, Note, Scope, Side, attack, claim, custom, identity, wrong
from mfcheck.checks.certify import WORK
from mfcheck.claims import Answer, Assumption, Case, Sample, Setting
from mfcheck.claims.inequality import Formulas
from mfcheck.errors import InputError
from mfcheck.falsify.variants import merged, of_attained, of_identity, powers, scaled, shifted, sign
from mfcheck.gaussian.exact import expectation
from mfcheck.rigor import certificate
from mfcheck.rigor.assumption import Judgement, judge
from mfcheck.rigor.ball import bounds, compare, decimal_text, enclose, exact, interval
from mfcheck.rigor.certificate import Certificate
from mfcheck.rigor.suprema import Supremum
from mfcheck.statistics import exactly
from mfcheck.statistics.compare import all_hold
from mfcheck.symbolic.activation import LIBRARY, Activation, X
from mfcheck_proofs.scaled_resnets.assumption1 import FACTORS, data_on_sphere, random_sphere
from mfcheck_proofs.scaled_resnets.constants import CONSTANTS, NEEDS_B0, NEEDS_C3
from mfcheck_proofs.scaled_resnets.setting import DEFAULT
from mfcheck_proofs.scaled_resnets.symbols import C_1, d
from mfcheck_proofs.scaled_resnets.values import REAL, side

HALF, NEAR = sp.Rational(1, 2), sp.Rational(9, 10)
STEPS = (HALF, -HALF, 1, -1)
IDENTITY = "it is an identity, which exact checks decide for every setting"

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
            domain=f"{context.setting.activation.name}, all real $x$",
            reason=reasons or "the suprema could not be certified",
            notes=(note,) if fails else (),
        )
    needed = {
        "the growth": found.growth.value,
        r"$\sup|\sigma_0'|$": found.B[1].value,
        r"$\sup|\sigma_0''|$": found.B[2].value,
    }
    factor = context["constant"] / C_1
    with ctx.workprec(120):
        stated = found.C1 * exact(factor)
    orders = {"<": True, ">": False, "?": None}
    # From a factor of one on it serves, whatever the enclosures: one of the suprema equals the largest.
    answers = {name: factor >= 1 or orders[compare(value, stated)] for name, value in needed.items()}
    passed = all_hold(answers.values())
    named = [name for name, answer in answers.items() if answer is passed and not passed]
    return Evidence(
        passed=passed,
        scope=Scope.WHOLE,
        lhs=interval(found.C1),
        rhs=interval(stated),
        slack=float((stated / found.C1).mid()),
        error=float(found.C1.rad()),
        domain=f"{context.setting.activation.name}, all real $x$",
        reason=f"{'not decided for' if passed is None else 'exceeded by'} {', '.join(named)}" if named else "",
        notes=_third_derivative(found.third_derivative_bounded),
        certificate=None if named else serves_everywhere(context.setting.activation, stated),
    )


REACH = 10
"""Beyond it the checker takes the bounds of each derivative from those of its parts."""


def serves_everywhere(activation: Activation, stated: arb) -> Certificate | None:
    """State all bounds of Assumption 3 with the constant, rounded up, on both half-lines."""
    top = decimal_text(Fraction(bounds(stated, 12)[1]) * (1 + Fraction(1, 10**8)), 12, up=True)
    growth = activation.expr / sp.Max(1, X)
    mirrored = activation.expr.xreplace({X: -X}) / sp.Max(1, X)
    both = [(growth, mirrored)]
    both += [(f, f.xreplace({X: -X})) for f in (activation.derivative(1), activation.derivative(2))]
    try:
        parts = {
            f"order_{k}_{side}": certificate.half_line(
                f, X.name, 0, REACH, f"-{top}", top, digits=10, bisect=20, order=4
            )
            for k, pair in enumerate(both)
            for side, f in zip(("right", "left"), pair, strict=True)
        }
        found = certificate.bundle(parts)
        certificate.require_accepted(found, WORK)
    except (InputError, certificate.CertificateError):
        return None
    return found


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
    found = judge(context.setting.activation)
    if found.answer != "holds":
        return Evidence(passed=None, cases=0, reason="Assumption 3 is not certified to hold")
    rng, count = context.rng(), context.budget.pick(20_000, 100_000, 1_000_000)
    x = np.concatenate([rng.standard_normal(count) * s for s in (0.3, 2.0, 30.0)] + [np.zeros(1)])
    activation = context.setting.activation
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


def _constant_fast(sample: Sample, _: Formulas) -> float:
    x = np.array([sample.values["x"]])
    values = [abs(float(sample.activation.numpy_function(k)(x)[0])) for k in range(3)]
    return max(values[0] / max(1.0, abs(sample.values["x"])), *values[1:])


def _constant_enclosed(case: Case, _: Formulas) -> arb:
    values = [abs(enclose(case.setting.activation.derivative(k), {X: case["x"]}, 160)) for k in range(3)]
    return (values[0] / exact(max(Fraction(1), abs(case["x"])))).max(values[1]).max(values[2])


def derivative_value(case: Case, _: Formulas) -> dict[str, Any] | None:
    """State a lower bound of the largest of |s0(x)|/max(|x|,1), |s0'(x)|, |s0''(x)| at the point found."""
    activation, x = case.setting.activation, case["x"]
    scale = max(Fraction(1), abs(x))
    terms = [activation.expr / sp.Rational(scale.numerator, scale.denominator)]
    terms += [activation.derivative(k) for k in (1, 2)]
    values = [enclose(sp.Abs(term), {X: x}, 160) for term in terms]
    best = max(range(3), key=lambda k: float(values[k].mid()))
    with ctx.workprec(160):
        positive = enclose(terms[best], {X: x}, 160) > 0
        lower = bounds(values[best] * (1 - arb(10) ** -12), 15)[0]
    try:
        return certificate.inequality(terms[best] if positive else -terms[best], {X.name: x}, lower=lower)
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
        custom("suprema", "constant", certified_constant, kind=Kind.CERTIFIED),
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
            Side(_constant_fast, _constant_enclosed),
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
    return Setting(DEFAULT.data, LIBRARY[names[int(rng.integers(len(names)))]], DEFAULT.values)


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
