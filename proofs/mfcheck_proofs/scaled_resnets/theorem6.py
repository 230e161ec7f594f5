"""Theorem 6: from KL to generalisation, link by link."""

from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import Claim, Context, Evidence, Kind, Note, Question, Reading, Scope, Setting, custom, wrong
from mfcheck.claims import Variable
from mfcheck.constants.orders import order
from mfcheck.falsify.variants import dropped, merged, of_attained, of_order
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import bounds, compare, exact, interval
from mfcheck.rigor.codes import n_max
from mfcheck_proofs.scaled_resnets.assumption23 import HALF
from mfcheck_proofs.scaled_resnets.attacks import FIRST, RATIO, attack, growth, k, side
from mfcheck_proofs.scaled_resnets.constants import C_KL, CONSTANTS
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS
from mfcheck_proofs.scaled_resnets.regimes import ABOVE, BOUNDED, FIXED, INDEPENDENT, SHRINKING
from mfcheck_proofs.scaled_resnets.symbols import B_0, Q_KL, Lambda, beta, delta, n, y_norm
from mfcheck_proofs.scaled_resnets.theorem6_choice import orders_in_n
from mfcheck_proofs.scaled_resnets.theorem6_rademacher import SOURCE, radius
from mfcheck_proofs.scaled_resnets.theorem6_teachers import teacher_rate
from mfcheck_proofs.scaled_resnets.values import value_of

# --- composition -----------------------------------------------------------------------------------------------------

CHAIN = {
    "complexity": beta * B_0 * sp.sqrt(2 * radius / n),
    "radius": C_KL * n**2 / (Lambda**2 * beta**2),
    "stated": sp.Rational(-1, 2),
}
REPAIRED = {**CHAIN, "radius": Q_KL / beta**2}


def composed_order(context: Context) -> Evidence:
    """Put the KL bound in for the radius and read off the exponent of n, exactly."""
    rate = sp.simplify(context["complexity"].subs(radius, context["radius"]))
    found = order(rate, n)
    stated = context["stated"]
    passed = None if found is None else bool(found <= stated)
    return Evidence(
        passed=passed,
        scope=Scope.WHOLE,
        lhs=f"$n^{{{found}}}$: ${sp.latex(rate)}$",
        rhs=f"$n^{{{stated}}}$",
        error=0.0,
        domain=(
            r"constants $C_{\mathrm{KL}}$, $\Lambda$, $B_0$ independent of $n$, as the paper has them; every $\beta$"
        ),
        reason="" if passed else f"the composed rate is $n^{{{found}}}$",
        notes=_chain_notes(context["complexity"], rate) if passed is False else (),
    )


def polyak_radius() -> sp.Expr | None:
    """Return the bound of KL(tau) from the Polyak-Lojasiewicz length for |y_i| = 1; None if K depends on n."""
    formula = next(c.formula for c in CONSTANTS if c.id == "KL_bound_tau")
    return formula.subs(y_norm, sp.sqrt(n)) if orders_in_n()["K"] == 0 else None


def _chain_notes(complexity: sp.Expr, rate: sp.Expr) -> tuple[Note, ...]:
    """Return the note on the composed rate, with the orders of the two other radii."""
    polyak = polyak_radius()
    radii = (polyak, REPAIRED["radius"])
    if polyak is None:
        return ()
    other, leading = (order(complexity.subs(radius, formula), n) for formula in radii)
    cancels = "" if rate.has(beta) else r"$\beta$ cancels and "
    text = (
        r"The stated chain does not give the stated rate. With the $\mathrm{KL}$ bound of Theorem 5 in the Rademacher "
        rf"bound, {cancels}the complexity is of order $n^{{{order(rate, n)}}}$, not $n^{{{CHAIN['stated']}}}$. With "
        rf"the Polyak-Lojasiewicz length instead ($\mathrm{{KL}} \le C n^{{{order(polyak, n)}}}/\beta^2$) the "
        rf"predictor's part is $n^{{{other}}}$. The leading order $\mathrm{{KL}} \sim \frac{{1}}{{2\beta^2}}\,y^\top "
        rf"G_2^{{-1}} K G_2^{{-1}} y$ gives $n^{{{leading}}}$ if that quadratic form stays bounded as $n$ grows: a "
        "hypothesis on the target that the theorem would have to state."
    )
    return (Note(id="theorem-6-chain", severity="major", text=text),)


def _rate_attack(id: str) -> Any:
    return attack(
        id,
        "the complexity at k n_1 points over that at n_1 is at most k^(stated order), constants as n-free",
        side(lambda f: growth(sp.simplify(f["complexity"].subs(radius, f["radius"])))),
        # Equal exponents make both sides the same power: rounding must not decide.
        side(lambda f: k ** f["stated"]),
        own=(FIRST, RATIO),
    )


ENTERS = ["complexity", "radius", "stated"]
composition = Claim(
    "theorem-6-composition",
    title="Theorem 6, link: the composed rate",
    statement=(
        r"With the $\mathrm{KL}$ bound of Theorem 5 and $\beta > \Omega(\sqrt{n})$, the complexity is of order "
        "$n^{-1/2}$."
    ),
    source=SOURCE,
    known="text read",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            "The Rademacher bound with the radius of Theorem 5, as a power of $n$.",
            CHAIN,
            checks=[custom("order", ENTERS, composed_order, kind=Kind.EXACT, question=Question.FOLLOWS)],
            wrong=[
                wrong(
                    "radius-cubed",
                    {"radius": CHAIN["radius"] * n},
                    "A larger radius gives a slower rate still.",
                    checks=["order"],
                ),
                wrong(
                    "bounded",
                    {"stated": sp.Integer(0)},
                    r"The composed rate is $n^{1/2}$: it is not bounded either.",
                    kind="exponent off",
                    checks=["slack-composed-rate"],
                ),
            ],
            attack=[_rate_attack("composed-rate")],
            regimes=[FIXED, SHRINKING],
        ),
        Reading(
            "repaired",
            r"Extra hypothesis: $y^\top G_2^{-1} K G_2^{-1} y$ stays bounded as $n$ grows; radius of the leading order "
            r"in $\beta$.",
            {**REPAIRED, "rate": -HALF},
            checks=[
                custom("order", ENTERS, composed_order, kind=Kind.EXACT, question=Question.FOLLOWS),
                custom("teacher", "rate", teacher_rate, kind=Kind.SAMPLED),
            ],
            wrong=merged(
                [
                    wrong(
                        "radius-n",
                        {"radius": REPAIRED["radius"] * n},
                        "A quadratic form that grows with $n$ loses the rate.",
                        kind="assumption dropped",
                        checks=["order", "slack-repaired-rate"],
                    ),
                    wrong(
                        "unbounded-form",
                        {"radius": REPAIRED["radius"] * sp.sqrt(n)},
                        "Without the hypothesis that the quadratic form stays bounded the rate is lost.",
                        kind="assumption dropped",
                        checks=["order"],
                    ),
                    wrong(
                        "teacher-three-quarters",
                        {"rate": sp.Rational(-3, 4)},
                        "The form of a linear teacher does not fall as n grows.",
                    ),
                    wrong("teacher-linear", {"rate": sp.Integer(-1)}, "The form does not fall as $n$ grows."),
                ],
                of_order(
                    "stated",
                    -HALF,
                    -HALF,
                    -1,
                    why="The repaired chain gives this order exactly, and no better one.",
                    checks=["order"],
                ),
                of_attained(
                    "complexity",
                    REPAIRED["complexity"],
                    dropped(n, -1),
                    why="The complexity is of order $n^{-1/2}$ exactly.",
                    checks=["order"],
                ),
            ),
            attack=[_rate_attack("repaired-rate")],
            regimes=[BOUNDED],
        ),
    ],
)

# --- the final bound -------------------------------------------------------------------------------------------------

CONFIDENCE = 6 * sp.sqrt(sp.log(2 / delta) / (2 * n))
NEEDED = 3 * sp.sqrt(sp.log(2 / delta) / (2 * n))


def confidence_term(context: Context) -> Evidence:
    """The stated confidence term against what bounded differences give for a loss in [0, 1]."""
    ratio = sp.simplify(context["confidence"] / NEEDED)
    decided = ratio.is_number
    return Evidence(
        passed=bool(ratio >= 1) if decided else None,
        scope=Scope.CASES,
        lhs=f"${sp.latex(NEEDED)}$",
        rhs=f"${sp.latex(context['confidence'])}$",
        slack=float(ratio) if decided else None,
        error=0.0,
        domain=r"every $n$ and $\delta$",
        reason="" if decided and ratio >= 1 else "the confidence term is smaller than the inequality gives",
    )


def bounded_samples(context: Context) -> Evidence:
    """Assumption 1 bounds n by a spherical code: does the statement speak of an n that can occur?"""
    setting = context.setting
    size = value_of(setting, "n_max")
    if not size.is_finite():
        return Evidence(passed=None, reason="no bound on the number of points is known")
    most, asked = int(size.unique_fmpz()), context["samples"]
    possible = bool(asked <= most)
    text = (
        rf"With $C_{{\max}}$ fixed, Assumption 1 allows at most {most} points at this $d$ and $C_{{\max}}$ (spherical "
        r"codes). A rate in $n$ whose constant may depend on $d$ and $\alpha$ then says nothing: every classifier has "
        rf"error at most $1 \le {most}^{{1/2}} n^{{-1/2}}$. If $C_{{\max}}$ may tend to 1 with $n$, $\Lambda$ tends to "
        "0 and the constant is not one."
    )
    return Evidence(
        passed=possible,
        scope=Scope.WHOLE,
        lhs=rf"$n \to {sp.latex(asked)}$",
        rhs=rf"$n \le {most}$",
        error=0.0,
        domain=(
            rf"all data sets that satisfy Assumption 1 with $d = {setting.data.d}$ and the $C_{{\max}}$ of the setting"
        ),
        reason="" if possible else f"no data set of more than {most} points satisfies Assumption 1",
        notes=() if possible else (Note(id="theorem-6-bounded-n", severity="major", text=text),),
        certificate=_code_certificate(setting.data.d, value_of(setting, "C_max"), most),
    )


def _code_certificate(dim: int, cosine: arb, most: int) -> dict[str, Any] | None:
    found = n_max(dim, Fraction(bounds(cosine, 20)[1]))
    return certificate.code_bound(found) if found.n_max == most else None


def least_bound(setting: Setting) -> arb:
    """Enclose a number that the bound with explicit constants exceeds at every beta.

    `R_n >= beta B_0 (2 rho/n)^(1/2)`, since `((1+x)/x)^(1/2) (x + log(1+x))/2 >= x^(1/2)` (x = 2 rho; from
    `log(1+x) >= 2x/(2+x)`), and `rho >= KL_tau`, of order beta^-2: beta cancels.
    """
    ids = ("rademacher_PL", "confidence", "empirical_ramp")
    complexity, confidence, ramp = (value_of(setting, id) for id in ids)
    with ctx.workprec(128):
        return 2 * complexity / exact(setting["gamma"]) + 3 * (confidence / (2 * setting.data.n)).sqrt() + ramp


SAID = {
    True: "less than one.",
    False: (
        r"more than one, and at least {least:.4g} whatever $\beta$, so it says nothing about a probability of error."
    ),
    None: r"not certainly below one, nor above it at every larger $\beta$.",
}


def numerical_value(context: Context) -> Evidence:
    """The bound as a number, at the least beta that Theorem 5 admits or at the setting's if that is larger.

    It says nothing only if it is too large at every beta, by a lower bound that does not depend on beta.
    """
    setting, needed = context.setting, Fraction(str(context["informative"]))
    threshold = value_of(setting, "beta_threshold")
    if not threshold.is_finite():
        return Evidence(passed=None, cases=0, reason=r"no finite $\beta$ is known to be admissible")
    beta_used = max(setting["beta"], Fraction(bounds(threshold, 6)[1]))
    value = value_of(setting.with_values(beta=beta_used), "generalization_bound")
    least = least_bound(setting)
    if not value.is_finite() or not least.is_finite():
        return Evidence(passed=None, cases=0, reason="a constant of the bound has no finite value in this setting")
    small, large = compare(value, exact(needed)) == "<", compare(least, exact(needed)) == ">"
    passed = True if small else False if large else None
    text = (
        rf"At $n = {setting.data.n}$ and $\beta = {float(beta_used):g}$ (at least the threshold of Theorem 5) the "
        f"bound of Theorem 6 with explicit constants is {float(value.mid()):.4g}: "
        + SAID[passed].format(least=float(least.lower()))
    )
    return Evidence(
        passed=passed,
        scope=Scope.WHOLE,
        lhs=interval(value, 10),
        rhs=str(needed),
        error=0.0,
        domain=(
            r"the setting's data, activation, $\alpha$ and $\delta$; "
            rf"$\beta = {float(beta_used):g}$" + ("" if small else r" and, from below, every $\beta$")
        ),
        reason="" if small else "the bound is not below one",
        notes=(Note(id="theorem-6-value", severity="minor", text=text),),
    )


_own = {n: sp.Symbol("n_", positive=True), delta: sp.Symbol("delta_", positive=True)}
final = Claim(
    "theorem-6-final",
    title="Theorem 6: the generalisation bound",
    statement=(
        r"With probability $1 - \delta$: $\mathbb{E}[\ell_{0\text{-}1}(f, y)] \lesssim n^{-1/2} "
        r"+ 6\sqrt{\frac{\log(2/\delta)}{2n}}$ as $n$ grows."
    ),
    source=SOURCE,
    known="text read",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            "Confidence term, and the sample sizes of which the rate speaks.",
            {"confidence": CONFIDENCE, "samples": sp.oo},
            checks=[
                custom("confidence", "confidence", confidence_term, kind=Kind.EXACT),
                custom("samples", "samples", bounded_samples, kind=Kind.CERTIFIED, question=Question.APPLIES),
            ],
            wrong=[
                wrong(
                    "confidence-one",
                    {"confidence": CONFIDENCE / 6},
                    "Symmetrisation and two applications of bounded differences cost a factor three.",
                    also=["slack-confidence-term"],
                ),
                wrong("confidence-sign", {"confidence": -CONFIDENCE}, "A confidence term is added."),
                wrong(
                    "many-samples",
                    {"samples": sp.Integer(10**9)},
                    r"So many points do not fit on the sphere at this $C_{\max}$.",
                    kind="assumption dropped",
                    checks=["samples"],
                ),
            ],
            attack=[
                attack(
                    "confidence-term",
                    "3 (log(2/delta)/(2n))^(1/2), which bounded differences give, <= the stated confidence term",
                    side(NEEDED.subs(_own)),
                    side(lambda f: f["confidence"].subs(_own)),
                    own=(
                        Variable("n_", Fraction(1), Fraction(10**6), log=True, integer=True),
                        Variable("delta_", Fraction(1, 10**6), Fraction(999, 1000), log=True),
                    ),
                )
            ],
            regimes=[FIXED, INDEPENDENT],
        ),
        Reading(
            "explicit",
            r"For the given data and some admissible $\beta$ the empirical ramp loss plus "
            r"$2R_n/\gamma + 3\sqrt{\frac{\log(2/\delta)}{2n}}$ with explicit constants is below one.",
            {"informative": sp.Integer(1)},
            checks=[custom("value", "informative", numerical_value, kind=Kind.CERTIFIED, question=Question.APPLIES)],
            wrong=[
                wrong(
                    "impossible",
                    {"informative": sp.Rational(1, 10**6)},
                    "The confidence term alone is larger.",
                    checks=["value"],
                )
            ],
            regimes=[ABOVE],
        ),
    ],
)
