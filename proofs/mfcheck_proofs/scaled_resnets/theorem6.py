"""Theorem 6: from KL to generalisation, link by link; which targets its rate is true of; and what it is worth."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray
from scipy import stats
from scipy.special import logsumexp

from mfcheck.checks import (
    Case,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Plot,
    Question,
    Reading,
    Scope,
    Setting,
    Side,
    Standard,
    attack,
    curve,
    custom,
    decide,
    wrong,
)
from mfcheck.claims import Variable, inequality
from mfcheck.constants.orders import order, orders
from mfcheck.dynamics.resnet import Flow, Numerics, Trajectory, integrate
from mfcheck.errors import InputError
from mfcheck.falsify.variants import dropped, merged, of_attained, of_order, powers, scaled
from mfcheck.kernels.two_layer import divergences, full_kernel, kernel_matrix, totals
from mfcheck.points.configurations import circle
from mfcheck.points.data import rounded
from mfcheck.points.sphere import sphere
from mfcheck.points.targets import TARGETS
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import bounds, compare, exact, interval
from mfcheck.rigor.codes import n_max
from mfcheck.statistics import exactly, half_width, mean_of, slope
from mfcheck.statistics.entropy import largest_mean
from mfcheck.statistics.quoting import quoted
from mfcheck.symbolic.activation import Activation
from mfcheck_proofs.scaled_resnets import bounds as formulas
from mfcheck_proofs.scaled_resnets.assumptions import HALF
from mfcheck_proofs.scaled_resnets.constants import C_KL, CONSTANTS
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS, problem
from mfcheck_proofs.scaled_resnets.regimes import ABOVE, BOUNDED, FIXED, INDEPENDENT, SHRINKING
from mfcheck_proofs.scaled_resnets.setting import needs_smooth_activation
from mfcheck_proofs.scaled_resnets.symbols import B_0, Q_KL, Lambda, beta, delta, n, r_max, y_norm
from mfcheck_proofs.scaled_resnets.values import (
    BETA,
    FIRST,
    RATIO,
    TRAINED,
    exactly_of,
    finite,
    growth,
    k,
    kernel,
    number,
    side,
    stated,
    value_of,
)

Array = NDArray[np.float64]
SOURCE = "arXiv 2403.09889, Theorem 6"

# --- the Rademacher complexity of a KL ball --------------------------------------------------------------------------

radius = sp.Symbol("rho", positive=True)
LINK = formulas.rademacher_predictor(radius)
RADII = (0.003, 0.03, 0.3, 3.0)


def rademacher_link(context: Context) -> Evidence:
    """Rademacher complexity of {KL(tau|tau_0) <= rho}, nu = nu_0, by exact duality and Monte Carlo, against the bound.

    The supremum of E_tau[a V] over the ball is a one-dimensional infimum; the Gaussian a is integrated exactly, (w, b)
    and the signs are sampled, in independent batches.
    """
    setting, rng = context.setting, context.rng()
    finite(setting, "B_0", "the activation is not bounded, as the link needs")
    X, scale = setting.data.X, setting.number("beta")
    draws, batches = context.budget.pick(1000, 4000, 20_000), 48
    activate = setting.activation.numpy_function(0)
    values = np.empty((len(RADII), batches))
    for batch in range(batches):
        w = rng.standard_normal((draws, X.shape[1]))
        features = activate(w @ X.T + rng.standard_normal((draws, 1)))
        signs = rng.choice([-1.0, 1.0], size=X.shape[0])
        squares = (scale / X.shape[0] * features @ signs) ** 2

        def cumulant(x: float, squares: Array = squares) -> float:
            """Log of the mean of exp(x a V)."""
            return float(logsumexp(x**2 * squares / 2) - np.log(draws))

        deviation = float(np.sqrt(np.mean(squares)))
        values[:, batch] = [largest_mean(cumulant, rho, deviation) for rho in RADII]
    cases = [
        Case(mean_of(found), stated(number(context, context["bound"], rho=rho)), f"radius {rho}")
        for rho, found in zip(RADII, values, strict=True)
    ]
    domain = f"the given data, radii {', '.join(map(str, RADII))}; seed {context.seed}"
    return decide(cases, Standard("<=", alarm=context.alarm), domain).but(cases=batches * len(RADII))


def _shift_fast(sample: inequality.Sample, _: inequality.Formulas) -> float:
    A = kernel(sample, 0)
    trace = np.trace(A)
    rest = 2 * float(np.sum(A**2) - np.sum(np.diag(A) ** 2))
    mean = float(trace**1.5 / np.sqrt(trace**2 + rest)) / len(A)
    return float(np.sqrt(2 * sample.values["rho"])) * sample.values["beta"] * mean


def _shift_enclosed(case: inequality.Case, _: inequality.Formulas) -> arb:
    n_points, size = case.setting.data.n, range(case.setting.data.n)
    A = kernel_matrix(case.setting.data.points, case.setting.activation, 0)
    trace = sum((A[i, i] for i in size), arb(0))
    square = trace**2 + 4 * sum((A[i, j] ** 2 for i in size for j in range(i)), arb(0))
    scale = (2 * exactly_of(case, "rho")).sqrt() * exactly_of(case, "beta")
    return scale * trace**1.5 / square.sqrt() / n_points


SHIFT = attack(
    "rademacher-shift",
    "a lower bound of the complexity over {KL <= rho} <= the bound: the shift a -> a + c V(w, b) has "
    "KL = c^2 E V^2/2 and gains (2 rho E V^2)^(1/2), E V^2 = (beta/n)^2 e^T A e for signs e, whose root has a mean of at "
    "least (tr A)^(3/2) / ((tr A)^2 + 2 sum_(i != j) A_ij^2)^(1/2) by Hoelder's inequality",
    Side(_shift_fast, _shift_enclosed),
    side(lambda f: f["bound"]),
    varies=("points", "activation", "beta"),
    own=(Variable(radius.name, Fraction(1, 10**6), Fraction(10), log=True),),
    ranges=(BETA,),
)
SMALL_RADIUS = r"For small $\rho$ the complexity is "
NEAR = SMALL_RADIUS + r"near $\beta\sqrt{2\rho\,\mathbb{E}[\sigma_0^2]/n}$, more than half of the bound."
ROOT = SMALL_RADIUS + r"of order $\rho^{1/2}$."
rademacher = Claim(
    "theorem-6-rademacher",
    title=r"Theorem 6, link: Rademacher complexity of a $\mathrm{KL}$ ball",
    statement=(
        r"For $|\sigma_0| \le B_0$ and $\nu = \nu_0$, the Rademacher complexity over "
        r"$\{\mathrm{KL}(\tau\,\|\,\tau_0) \le \rho\}$ is at most "
        r"$\beta B_0\,n^{-1/2}\sqrt{\frac{1 + 2\rho}{2\rho}}\,(\rho + \frac12\log(1 + 2\rho))$, "
        r"which is near $\beta B_0\sqrt{2\rho/n}$."
    ),
    source=SOURCE + r" (Rademacher complexity and $\mathrm{KL}$)",
    known="derived here",
    assumptions=("assumption-2",),
    readings=[
        Reading(
            "stated",
            "Bound of the complexity.",
            {"bound": LINK},
            checks=[custom("link", "bound", rademacher_link, kind=Kind.SAMPLED)],
            wrong=merged(
                [
                    wrong("halved", {"bound": LINK / 2}, NEAR),
                    wrong(
                        "n",
                        {"bound": LINK / n},
                        r"The complexity falls like $n^{-1/2}$; for small $\rho$ it is more than half of the bound.",
                    ),
                    wrong("linear", {"bound": beta * B_0 * radius / sp.sqrt(n)}, ROOT, kind="exponent off"),
                    wrong("root", {"bound": LINK * sp.sqrt(radius)}, ROOT, checks=["link", "slack-rademacher-shift"]),
                ],
                of_attained(
                    "bound",
                    LINK,
                    scaled(sp.Rational(1, 4)),
                    powers(beta, -HALF, -1),
                    powers(n, -1),
                    powers(radius, HALF, 1),
                    why=(
                        r"For small $\rho$ the complexity is near $\beta(2\rho\,\mathbb{E}[\sigma_0^2]/n)^{1/2}$, more than "
                        r"half of the stated bound; each factor is below one half ($n \ge 4$, $\beta \ge 4$, "
                        r"$\rho \le 1/4$)."
                    ),
                ),
            ),
            attack=[SHIFT],
        )
    ],
)

# --- exponents of n: the composed rate, and the choice of beta --------------------------------------------------------

CHAIN = {
    "complexity": beta * B_0 * sp.sqrt(2 * radius / n),
    "radius": C_KL * n**2 / (Lambda**2 * beta**2),
    "stated": sp.Rational(-1, 2),
}
REPAIRED = {**CHAIN, "radius": Q_KL / beta**2}
CHOICE, REQUIRED = sp.sqrt(n), 4 * n * sp.sqrt(C_KL) / (Lambda * r_max)


@cache
def orders_in_n() -> Mapping[str, sp.Rational | None]:
    """Return the order in n of each constant that depends on n, leaves of data and activation fixed; None: unknown."""
    return {id: row[n] for id, row in orders(CONSTANTS, (n,)).items() if n in row}


def compared_orders(small: sp.Expr, large: sp.Expr, domain: str, reason: Callable[[sp.Expr, sp.Expr], str]) -> Evidence:
    """Return the evidence that the first formula grows with n no faster than the second, exactly."""
    first, second = order(small, n), order(large, n)
    if first is None or second is None:
        raise InputError("an order could not be derived")
    passed = bool(first <= second)
    return Evidence(
        passed=passed,
        scope=Scope.WHOLE,
        lhs=f"$n^{{{first}}}$: ${sp.latex(small)}$",
        rhs=f"$n^{{{second}}}$",
        error=0.0,
        domain=domain,
        reason="" if passed else reason(first, second),
    )


def composed_order(context: Context) -> Evidence:
    """Put the KL bound in for the radius and read off the exponent of n."""
    rate = sp.simplify(context["complexity"].subs(radius, context["radius"]))
    found = compared_orders(
        rate,
        n ** context["stated"],
        r"constants $C_{\mathrm{KL}}$, $\Lambda$, $B_0$ independent of $n$, as the paper has them; every $\beta$",
        lambda composed, _: f"the composed rate is $n^{{{composed}}}$",
    )
    return found if found.passed else found.but(notes=_chain_notes(context["complexity"], rate))


def polyak_radius() -> sp.Expr | None:
    """Return the bound of KL(tau) from the Polyak-Lojasiewicz length for |y_i| = 1; None if K depends on n."""
    formula = next(c.formula for c in CONSTANTS if c.id == "KL_bound_tau")
    return formula.subs(y_norm, sp.sqrt(n)) if orders_in_n()["K"] == 0 else None


def _chain_notes(complexity: sp.Expr, rate: sp.Expr) -> tuple[Note, ...]:
    """Return the note on the composed rate, with the orders of the two other radii."""
    polyak = polyak_radius()
    if polyak is None:
        return ()
    other, leading = (order(complexity.subs(radius, formula), n) for formula in (polyak, REPAIRED["radius"]))
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


def scaling_orders(context: Context) -> Evidence:
    """Compare the exponents of n in the choice of beta and in what Theorem 5 requires."""
    found = compared_orders(
        context["required"],
        context["choice"],
        r"$C_{\mathrm{KL}}$, $\Lambda$ and $r_{\max}$ independent of $n$, as the paper has them",
        lambda *_: "for large $n$ the choice does not meet the requirement",
    )
    if found.passed:
        return found
    required, choice = (order(context[name], n) for name in ("required", "choice"))
    radius_order = orders_in_n()["r_max"]
    text = (
        r"Theorem 6 sets $\beta > \Omega(\sqrt{n})$, but Theorem 5, which it uses, requires $\beta > n$ times a "
        rf"constant: $n^{{{choice}}}$ against $n^{{{required}}}$. "
        r"That is so even if $C_{\mathrm{KL}}$, $\Lambda$ and $r_{\max}$ did not depend on $n$."
    )
    if radius_order is not None:
        text += (
            rf" In the derivation here $r_{{\max}}$ is of order $n^{{{radius_order}}}$, which makes the requirement "
            rf"$n^{{{order(context['required'].subs(r_max, r_max * n**radius_order), n)}}}$."
        )
    return found.but(notes=(Note(id="theorem-6-scaling", severity="major", text=text),))


scaling = Claim(
    "theorem-6-scaling",
    title=r"Theorem 6, link: the choice of $\beta$ meets Theorem 5",
    statement=(
        r"$\beta > \Omega(\sqrt{n})$ is enough for Theorem 5, which requires "
        r"$\bar\beta = \beta/n > \frac{4\sqrt{C_{\mathrm{KL}}}}{\Lambda r_{\max}}$."
    ),
    source=SOURCE + " and Theorem 5",
    known="text read",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            "Order in $n$ of the choice and of the requirement.",
            {"choice": CHOICE, "required": REQUIRED},
            checks=[
                custom("orders", ["choice", "required"], scaling_orders, kind=Kind.EXACT, question=Question.FOLLOWS)
            ],
            wrong=[
                wrong(
                    "quarter", {"choice": n ** sp.Rational(1, 4)}, "A slower choice meets the requirement even less."
                ),
                wrong("squared", {"required": REQUIRED * n}, "A stronger requirement is met even less."),
                wrong(
                    "three-quarters",
                    {"choice": n ** sp.Rational(3, 4)},
                    "The requirement grows like $n$.",
                    checks=["slack-scaling-choice"],
                ),
            ],
            attack=[
                attack(
                    "scaling-choice",
                    "from n_1 to k n_1 points the required beta grows by no more than the choice of beta does",
                    side(lambda f: growth(f["required"])),
                    side(lambda f: growth(f["choice"])),
                    own=(FIRST, RATIO),
                )
            ],
            regimes=[FIXED, SHRINKING],
        )
    ],
)

# --- targets whose quadratic form y^T G2^-1 K G2^-1 y stays bounded as n grows: the hypothesis that repairs the chain --

DIMENSION, RESOLUTION = 10, 0.1
TEACHERS = TARGETS
"""The first three are of the form that Theorem 6 assumes, the linear one since `E[w s0(w.x + b)]` is along x, with the
same factor for every unit x.
"""


def complexities(context: Context, sizes: Array, repeats: int) -> Array:
    """Return (2 Q/n)^(1/2), Q the quadratic form, shape (repeats, teachers, sizes): beta cancels."""
    rng, s0 = context.rng(), context.setting.activation.numpy_function(0)
    found = np.empty((repeats, len(TEACHERS), len(sizes)))
    for i in range(repeats):
        X = sphere(rng, int(sizes[-1]), DIMENSION)
        Y = np.array([teacher(X, s0, rng) for teacher in TEACHERS.values()]).T
        for j, size in enumerate(map(int, sizes)):
            found[i, :, j] = np.sqrt(2 * divergences(context.setting.activation, X[:size], Y[:size]) / size)
    return found


def teacher_rate(context: Context) -> Evidence:
    """Fitted exponent in n of the leading order of the complexity, for a linear teacher; other targets beside it."""
    if not math.isfinite(totals(context.setting.activation)[2]):
        raise InputError(r"$K$ is infinite: $\sigma_0''$ is not square-integrable")
    sizes = np.array([32.0, 64, 128, 256, 512, 1024][: context.budget.pick(3, 5, 6)])
    repeats = context.budget.pick(8, 8, 16)
    found = complexities(context, sizes, repeats)
    fitted, expected = _fit(sizes, found[:, 0]), float(context["rate"])
    means = [[mean_of(column) for column in found[:, j].T] for j in range(len(TEACHERS))]
    guide = means[0][-1].value * (sizes / sizes[-1]) ** expected
    curves = [curve(name, sizes, values, "points") for name, values in zip(TEACHERS, means, strict=True)]
    plot = Plot(
        id="teacher-rate",
        title="leading order of the Rademacher complexity against $n$",
        x_label="$n$",
        y_label="leading order of the Rademacher complexity",
        x_log=True,
        y_log=True,
        curves=(*curves, curve(f"slope {expected:g}", sizes, guide, "bound")),
    )
    domain = rf"linear teacher, {repeats} draws of uniform points, $d = {DIMENSION}$, seed {context.seed}"
    # At finite n an exponent is known to a tenth at best.
    case = Case(fitted, exactly(expected + RESOLUTION))
    evidence = decide([case], Standard("<=", alarm=context.alarm), domain, plot=plot)
    notes = (_note(context.setting.activation, sizes, found),) if evidence.passed else ()
    return evidence.but(rhs=exactly(expected), cases=len(sizes), notes=notes)


def _fit(sizes: Array, found: Array) -> Estimate:
    """Return the exponent in n of values of shape (draws, sizes)."""
    mean = found.mean(axis=0)
    return slope(sizes, mean, half_width(found / found[:, -1:]) * mean, found)


STEEPNESS = np.arange(1.0, 200.0)
SHARES = STEEPNESS**-3.2 / np.sum(STEEPNESS**-3.2)
CIRCLE = (16, 24, 32, 40)


def circle_forms(activation: Activation) -> tuple[list[int], Array]:
    """Return sizes n, and the quadratic forms on n equispaced points of the circle, shape (sizes, 2).

    Of one neuron `s0(2 x_1 + 1/2)`, and of `sum_k p_k s0(k x_1)` with `p_k` like `k^-3.2`, whose second moment is
    finite. Sizes at which the smallest eigenvalue of G2 comes near rounding are left out.
    """
    s0 = activation.numpy_function(0)
    sizes, forms = [], []
    for size in CIRCLE:
        X = np.array([[float(v) for v in point] for point in circle(size)])
        values = np.linalg.eigvalsh(full_kernel(activation, X, 1))
        if values[0] < 1e-9 * values[-1]:
            break
        x = X[:, 0]
        sizes.append(size)
        Y = np.array([s0(2 * x + 0.5), s0(np.multiply.outer(x, STEEPNESS)) @ SHARES]).T
        forms.append(divergences(activation, X, Y))
    return sizes, np.array(forms).reshape(-1, 2)


def _on_the_circle(activation: Activation) -> tuple[str, bool]:
    """Return a sentence on the quadratic forms on the circle, and whether one of them grows ever faster."""
    counts, forms = circle_forms(activation)
    if not counts:
        return "", False
    one, many = (", ".join(f"{float(f'{v:.2g}'):g}" for v in column) for column in forms.T)
    ratios = forms[1:, 1] / forms[:-1, 1]
    grows = len(ratios) > 1 and ratios[0] > 1 and bool(np.all(np.diff(ratios) > 0))
    text = (
        rf" On equispaced points of the circle, $n = {', '.join(map(str, counts))}$ (double precision), the quadratic "
        rf"form of one neuron, $y = \sigma_0(2x_1 + \frac12)$, is {one}; that of neurons $\sigma_0(kx_1)$, $k \ge 1$, "
        rf"of probabilities proportional to $k^{{-3.2}}$, a $\tau_y$ with a finite second moment, is {many}."
    )
    if grows:
        text += (
            " It grows, and ever faster: as far as these sizes show, not all targets that Theorem 6 assumes meet the "
            "extra hypothesis."
        )
    return text, bool(grows)


def _note(activation: Activation, sizes: Array, found: Array) -> Note:
    """What was found of other targets; that the hypothesis fails is said only of a form that grows."""
    exponents = [f"{name} {quoted(_fit(sizes, found[:, j]))}" for j, name in enumerate(TEACHERS)]
    circle_text, grows = _on_the_circle(activation)
    text = (
        r"With the leading order of the $\mathrm{KL}$ as radius, the exponent of $n$ that is fitted to the "
        rf"complexity depends on the target (uniform points, $d = {DIMENSION}$, $n \le {int(sizes[-1])}$): "
        rf"{'; '.join(exponents)}. An exponent fitted at these $n$ need not be the limit.{circle_text}"
    )
    return Note(id="theorem-6-teachers", severity="major" if grows else "remark", text=text)


def _rate_attack(id: str) -> inequality.Inequality:
    return attack(
        id,
        "the complexity at k n_1 points over that at n_1 is at most k^(stated order), constants as n-free",
        side(lambda f: growth(sp.simplify(f["complexity"].subs(radius, f["radius"])))),
        # Equal exponents make both sides the same power: rounding must not decide.
        side(lambda f: k ** f["stated"]),
        own=(FIRST, RATIO),
    )


composes = custom("order", list(CHAIN), composed_order, kind=Kind.EXACT, question=Question.FOLLOWS)
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
            checks=[composes],
            wrong=[
                wrong("radius-cubed", {"radius": CHAIN["radius"] * n}, "A larger radius gives a slower rate still."),
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
            checks=[composes, custom("teacher", "rate", teacher_rate, kind=Kind.SAMPLED)],
            wrong=merged(
                [
                    wrong(
                        "radius-n",
                        {"radius": REPAIRED["radius"] * n},
                        "A quadratic form that grows with $n$ loses the rate.",
                        kind="assumption dropped",
                        also=["slack-repaired-rate"],
                    ),
                    wrong(
                        "unbounded-form",
                        {"radius": REPAIRED["radius"] * sp.sqrt(n)},
                        "Without the hypothesis that the quadratic form stays bounded the rate is lost.",
                        kind="assumption dropped",
                    ),
                    wrong(
                        "teacher-three-quarters",
                        {"rate": sp.Rational(-3, 4)},
                        "The form of a linear teacher does not fall as n grows.",
                    ),
                    wrong("teacher-linear", {"rate": sp.Integer(-1)}, "The form does not fall as $n$ grows."),
                ],
                of_order(
                    "stated", -HALF, -HALF, -1, why="The repaired chain gives this order exactly, and no better one."
                ),
                of_attained(
                    "complexity",
                    REPAIRED["complexity"],
                    dropped(n, -1),
                    why="The complexity is of order $n^{-1/2}$ exactly.",
                ),
            ),
            attack=[_rate_attack("repaired-rate")],
            regimes=[BOUNDED],
        ),
    ],
)

# --- the final bound -------------------------------------------------------------------------------------------------

CONFIDENCE = 6 * sp.sqrt(sp.log(2 / delta) / (2 * n))
NEEDED = CONFIDENCE / 2


def confidence_term(context: Context) -> Evidence:
    """The stated confidence term against what bounded differences give for a loss in [0, 1]."""
    ratio = sp.simplify(context["confidence"] / NEEDED)
    decided = ratio.is_number
    return Evidence(
        passed=bool(ratio >= 1) if decided else None,
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
    most = int(finite(setting, "n_max", "no bound on the number of points is known").unique_fmpz())
    asked = context["samples"]
    possible = bool(asked <= most)
    text = (
        rf"With $C_{{\max}}$ fixed, Assumption 1 allows at most {most} points at this $d$ and $C_{{\max}}$ (spherical "
        r"codes). A rate in $n$ whose constant may depend on $d$ and $\alpha$ then says nothing: every classifier has "
        rf"error at most $1 \le {most}^{{1/2}} n^{{-1/2}}$. If $C_{{\max}}$ may tend to 1 with $n$, $\Lambda$ tends to "
        "0 and the constant is not one."
    )
    code = n_max(setting.data.d, Fraction(bounds(value_of(setting, "C_max"), 20)[1]))
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
        certificate=certificate.code_bound(code) if code.n_max == most else None,
    )


def least_bound(setting: Setting) -> arb:
    """Enclose a number that the bound with explicit constants exceeds at every beta.

    `R_n >= beta B_0 (2 rho/n)^(1/2)`, since `((1+x)/x)^(1/2) (x + log(1+x))/2 >= x^(1/2)` (x = 2 rho; from
    `log(1+x) >= 2x/(2+x)`), and `rho >= KL_tau`, of order beta^-2: beta cancels.
    """
    ids = ("rademacher_PL", "confidence", "empirical_ramp")
    complexity, confidence, ramp = (value_of(setting, id) for id in ids)
    with ctx.workprec(128):
        return 2 * complexity / exact(setting["gamma"]) + 3 * (confidence / (2 * setting.data.n)).sqrt() + ramp


NO_THRESHOLD = r"no finite $\beta$ is known to be admissible"
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
    threshold = finite(setting, "beta_threshold", NO_THRESHOLD)
    beta_used = max(setting["beta"], Fraction(bounds(threshold, 6)[1]))
    nothing = "a constant of the bound has no finite value in this setting"
    value = finite(setting.with_values(beta=beta_used), "generalization_bound", nothing)
    least = least_bound(setting)
    if not least.is_finite():
        raise InputError(nothing)
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
            wrong=[wrong("impossible", {"informative": sp.Rational(1, 10**6)}, "The confidence term alone is larger.")],
            regimes=[ABOVE],
        ),
    ],
)

# --- measured: the test error of the trained flow against the bound --------------------------------------------------

SPACE, TESTS = 5, 4000
"""Dimension of the points, and number of test points."""
SIZES = Numerics(depth=4, particles=256, loss_factor=1e-4)
COARSER = (replace(SIZES, depth=2), replace(SIZES, particles=128), replace(SIZES, tolerance=8 * SIZES.tolerance))
"""Half the depth, half the particles, a coarser time step: each difference enters the error."""
DRAWS = 16
"""As many as it takes to tell an error of a quarter from none at the false-alarm rate of a review."""


@dataclass(frozen=True)
class Measured:
    """At one number of points: the mean test error over draws of the data, the bounds of these draws, their beta."""

    size: int
    error: Estimate
    bounds: tuple[float, ...]
    betas: tuple[float, ...]

    @property
    def bound(self) -> Estimate:
        """The bounds of all draws as one number: what is below holds with each of them, what is above with none."""
        least, largest = min(self.bounds), max(self.bounds)
        return exactly((least + largest) / 2, (largest - least) / 2 + 1e-12 * largest)


def wrong_signs(run: Trajectory, X: Array, y: Array) -> float:
    """Return the share of unit rows X whose sign a trained network gets wrong; a score of zero is wrong."""
    probe = Flow(replace(run.problem, X=X, y=y), run.numerics, run.final)
    return float(np.mean((probe.residual(run.final) + y) * y <= 0))


def labels_of(x: Array) -> Array:
    """Return the teacher's labels of unit rows: the sign of the first coordinate.

    The law of the points and of the weights at the start is invariant under rotations, so that every linear teacher
    gives the same law of the test error: no draw of a teacher is missing from the error.
    """
    return np.where(x[:, 0] >= 0, 1.0, -1.0)


def draws(setting: Setting, size: int, rng: np.random.Generator) -> list[Setting]:
    """Return the setting with independent samples of labelled points, beta just above the threshold of each.

    Raises:
        InputError: no finite beta is known to be admissible for one of them.
    """
    found = []
    for _ in range(DRAWS):
        x = sphere(rng, size, SPACE)
        drawn = replace(setting, data=rounded(x, labels_of(x), "uniform points, sign of a linear map", digits=9))
        threshold = finite(drawn, "beta_threshold", NO_THRESHOLD)
        found.append(drawn.with_values(beta=int(float(threshold.upper())) + 1))
    return found


def mean_error(settings: Sequence[Setting], seed: int, x: Array) -> Estimate:
    """Return the probability of a wrong sign, on average over the draws of the data and of the start.

    Its noise is that of both draws together, its bias covers test points, depth, particles and time step.
    """

    def share(setting: Setting, sizes: Numerics, seed: int) -> float:
        run = integrate(problem(setting, setting.number("beta")), replace(sizes, seed=seed))
        return wrong_signs(run, x, labels_of(x))

    shares = [share(setting, SIZES, seed + j) for j, setting in enumerate(settings)]
    mean = float(np.mean(shares))
    interval = stats.binomtest(round(mean * len(x)), len(x)).proportion_ci(0.999, "exact")
    resolution = sum(abs(share(settings[0], sizes, seed) - shares[0]) for sizes in COARSER)
    return mean_of(shares, bias=float(max(interval.high - mean, mean - interval.low) + resolution))


def _measure(context: Context, size: int, rng: np.random.Generator, x_test: Array) -> Measured:
    """Measure at one number of points.

    Raises:
        InputError: no finite bound, or no admissible beta, is known for this activation.
    """
    settings = draws(context.setting, size, rng)
    found = tuple(number(replace(context, setting=s), context["bound"]) for s in settings)
    if not np.isfinite(found).all():
        raise InputError(
            "the bound is infinite or not known: Theorem 6 needs a bounded activation with a bounded third derivative"
        )
    betas = tuple(s.number("beta") for s in settings)
    return Measured(size, mean_error(settings, context.seed, x_test), found, betas)


def measured_error(context: Context) -> Evidence:
    """Test error of the trained flow for the sign of a linear map, against the bound with explicit constants."""
    rng = context.rng()
    x_test = sphere(rng, TESTS, SPACE)
    sizes = context.budget.pick((4, 8), (4, 8, 16), (4, 8, 16, 32))
    found = [_measure(context, size, rng, x_test) for size in sizes]
    listed = ", ".join(rf"$n = {f.size}$: {quoted(f.error)} against {min(f.bounds):.3g}" for f in found)
    text = (
        rf"Test error of the trained flow (teacher: the sign of a linear map, uniform points, $d = {SPACE}$; mean "
        rf"over {DRAWS} draws of data and start, whose spread is in the error) against the bound of Theorem 6 with "
        f"explicit constants, the least over the draws: {listed}.{_looseness(found)}"
    )
    plot = Plot(
        id="measured-error",
        title="Test error of the trained flow, and the bound",
        x_label="$n$",
        y_label="probability of a wrong sign",
        x_log=True,
        y_log=True,
        curves=(
            curve("measured", sizes, [f.error for f in found], "points"),
            curve("bound with explicit constants", sizes, [min(f.bounds) for f in found], "bound"),
        ),
    )
    betas = ", ".join(f"{min(f.betas):.4g} to {max(f.betas):.4g}" for f in found)
    domain = (
        rf"sign of a linear map, $n = {', '.join(map(str, sizes))}$ with $\beta$ from {betas}, {TESTS} test points, "
        rf"{DRAWS} draws of data and start, seed {context.seed}"
    )
    cases = [Case(f.error, f.bound, f"n = {f.size}") for f in found]
    note = Note(id="theorem-6-measured", severity="minor", text=text)
    return decide(cases, Standard("<=", alarm=context.alarm), domain, plot=plot, notes=(note,))


def _looseness(found: Sequence[Measured]) -> str:
    """Say by how much the bounds exceed the errors at least, each error at its upper end; nothing if one does not."""
    least = [min(f.bounds) for f in found]
    factor = min(bound / (f.error.value + f.error.error) for f, bound in zip(found, least, strict=True))
    vacuous = " All bounds are above one and say nothing." if min(least) > 1 else ""
    if factor <= 1:
        return vacuous
    return f"{vacuous} The bounds exceed the measured error by a factor of {math.floor(factor)} at least."


bound_symbol = sp.Symbol("B_gen", nonnegative=True)
measured = Claim(
    "theorem-6-measured",
    title="Theorem 6, measured: test error against the bound",
    statement="The test error of the trained network is at most the bound of Theorem 6 with explicit constants.",
    source=SOURCE,
    known="derived here",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            "The bound, for independent uniform samples.",
            {"bound": bound_symbol},
            checks=[custom("test-error", "bound", measured_error, kind=Kind.SIMULATED)],
            wrong=[
                wrong(
                    "tiny",
                    {"bound": bound_symbol / 10**7},
                    "With few points on the sphere a wrong sign has a probability of several percent, and no bound of "
                    "this kind is below its confidence term.",
                    also=["slack-bound-above-confidence"],
                )
            ],
            attack=[
                attack(
                    "bound-above-confidence",
                    "the confidence term, below which no bound of this kind can be, <= the bound with explicit constants",
                    side(NEEDED),
                    side(lambda f: f["bound"]),
                    varies=TRAINED,
                    ranges=(BETA,),
                )
            ],
            needs=needs_smooth_activation,
            regimes=[ABOVE],
        )
    ],
)
