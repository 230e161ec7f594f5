"""Mean-field Analysis of Piecewise Linear Solutions for Wide ReLU Networks.

arXiv 2111.02278. Free energy F(rho) = (1/2M) sum_i (yhat(x_i) - y_i)^2 + (lam/2) E|theta|^2 + (1/beta) int rho log rho,
yhat(x) = E a (w x + b)_+, theta = (a, w, b). The untruncated ReLU, whose Gibbs law can be normed exactly where |p_u| < lam.
"""

import math
import random
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache, partial
from itertools import combinations

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Case,
    Check,
    Claim,
    Context,
    Estimate,
    Kind,
    Note,
    Option,
    Paper,
    Plot,
    Question,
    Reading,
    Setting,
    Simulated,
    Step,
    Trial,
    agree,
    ball,
    compared,
    constant,
    curve,
    encloses,
    identical,
    identity,
    monotone,
    noted,
    number,
    parameter,
    proof,
    same_squares,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.checks.decide import Relation
from mfcheck.claims.model import stream
from mfcheck.dynamics.langevin import Langevin, time_averages
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose, exact
from mfcheck.rigor.definite import definite
from mfcheck.rigor.ramp_lasso import RampLasso, enclosed_knots, ramp_lasso
from mfcheck.statistics import combined
from mfcheck_proofs.relu_knots.gibbs import Dual, Minimiser, minimiser

Array = NDArray[np.float64]
Data = tuple[tuple[Fraction, ...], tuple[Fraction, ...]]

MOST = 6
LAM = parameter("lam", "1/5", "ridge penalty lambda", above=0)
BETA = parameter("beta", 20, "inverse temperature", above=0)
POINTS = parameter("points", 4, "number of data M", least=2, most=MOST, integer=True)
XS = tuple(parameter(f"x{k}", v, f"datum {k}") for k, v in enumerate(("-3/2", "-1/2", "2/5", "8/5", "0", "0"), start=1))
YS = tuple(
    parameter(f"y{k}", v, f"label {k}") for k, v in enumerate(("3/5", "-7/10", "9/10", "-1/5", "0", "0"), start=1)
)
AT = parameter("at", -1, "where yhat and its curvature are read")
PARAMETERS = (LAM, BETA, POINTS, *XS, *YS, AT)
DEFAULT = setting_of(PARAMETERS)
lam, beta, M = LAM.symbol, BETA.symbol, POINTS.symbol
DATA = tuple(p.name for p in (POINTS, *XS, *YS))
ALL = ("lam", "beta", *DATA)

C7: Data = (tuple(map(Fraction, ("-2.41", "-1.035", "1.136"))), tuple(map(Fraction, ("1.791", "-1.574", "0.883"))))
C7_LAM = Fraction("0.01168")
PAIR: Data = ((Fraction(-10), Fraction(10)), (Fraction(2), Fraction(2)))


def data(setting: Setting) -> Data:
    """Return the points and labels in use."""
    n = setting.integer("points")
    return tuple(setting[p.name] for p in XS[:n]), tuple(setting[p.name] for p in YS[:n])


def validate(setting: Setting) -> None:
    """Refuse data that coincide."""
    x = data(setting)[0]
    for i, j in combinations(range(len(x)), 2):
        if x[i] == x[j]:
            raise InputError(f"x{i + 1} and x{j + 1} are both {x[i]}: the data must be distinct")


def solved(setting: Setting, digits: int = 20) -> Minimiser:
    """Return the Gibbs minimiser of a setting."""
    validate(setting)
    return minimiser(*data(setting), setting["lam"], setting["beta"], digits)


def cold(setting: Setting, digits: int = 20) -> RampLasso:
    """Return the solution at zero temperature."""
    validate(setting)
    return ramp_lasso(*data(setting), setting["lam"], digits)


def prediction(k: int) -> Callable[[Setting, int], arb]:
    """Return the leaf of the prediction at a datum."""

    def leaf(setting: Setting, digits: int) -> arb:
        x = data(setting)[0]
        if k > len(x):
            raise InputError(f"yhat_{k} does not exist for points = {len(x)}")
        return solved(setting, digits).prediction(x[k - 1])

    return leaf


# --- formulas --------------------------------------------------------------------------------------------------------

q, r, a, p, x, xs, x0, Qs, right, left = sp.symbols("q r a p x x_s x_0 Q p_plus p_minus", real=True)
DUAL, LASSO, A_MOMENT = sp.symbols("dual_value lasso_value a_moment", real=True)
SHIFT = sp.log(2 * sp.pi / (beta * lam)) / 2 - sp.log(beta * lam)
"""log of what integrating a and r leaves beside Q: F = D - SHIFT/beta."""
WEIGHT = 1 / (1 - q)
PULL = -2 * p / (beta * lam**2 * (1 - q) ** 2)
EXCESS = 2 * q / (beta * lam * (1 - q) ** 2)
CURVATURE = (
    -2
    / (beta * lam**2 * Qs)
    * (1 + xs**2) ** sp.Rational(-3, 2)
    * (right / (1 - right**2 / lam**2) ** 2 + left / (1 - left**2 / lam**2) ** 2)
)
PAIR_VALUE = 4 * lam / sp.sqrt(101) - 2 * lam**2 / 101


def bends(setting: Setting, at: arb, digits: int) -> dict[sp.Symbol, arb]:
    """Return what stands in the curvature at a place, or over an interval of places."""
    sure = solved(setting, digits)
    plus, minus = sure.touching(at)
    return {xs: at, right: plus, left: minus, Qs: sure.Q, beta: exact(setting["beta"]), lam: exact(setting["lam"])}


CONSTANTS = (
    *(constant(f"yhat_{k}", prediction(k), f"prediction at x{k}", source="C2", uses=ALL) for k in (1, 2, 3)),
    constant(
        "yhat_at", lambda s, d: solved(s, d).prediction(s["at"]), "prediction at `at`", source="C2", uses=(*ALL, "at")
    ),
    constant(
        "curvature_at",
        lambda s, d: enclose(CURVATURE, bends(s, exact(s["at"]), d)),
        "yhat'' at `at`",
        source="C3",
        uses=(*ALL, "at"),
    ),
    constant("dual_value", lambda s, d: solved(s, d).value, "maximum of the dual D", source="C2", uses=ALL),
    constant("free_energy", DUAL - SHIFT / beta, "F(rho*)", source="C2"),
    constant("a_moment", lambda s, d: solved(s, d).a_moment(), "E a^2", source="C2", uses=ALL),
    constant("second_moment", 2 * A_MOMENT + 1 / (beta * lam), "E|theta|^2", source="C6"),
    constant(
        "lasso_value", lambda s, d: cold(s, d).value, "minimum at beta = infinity", source="C5", uses=("lam", *DATA)
    ),
)

# --- C1: the Gibbs law -----------------------------------------------------------------------------------------------


def duality(context: Context) -> Iterable[Step]:
    """F(rho) - D(u) - const = (1/2M)|yhat - y - M u|^2 + KL(rho, rho_u)/beta: zero at u*, and never negative."""
    misfit, ui, n = sp.symbols("misfit u M", positive=True)
    gap = misfit**2 / (2 * n) - ui * misfit + n * ui**2 / 2
    t, s = sp.symbols("t s", positive=True)
    relative = t * sp.log(t / s) - t + s
    return identical(
        {
            "the gap of the square loss is a square": (
                sp.expand(gap),
                sp.expand((misfit - context["slope"] * ui) ** 2 / (2 * n)).subs(M, n),
            ),
            "relative entropy is least at equal laws": (relative.subs(t, s), sp.Integer(0)),
            "its slope vanishes there": (sp.diff(relative, t).subs(t, s), sp.Integer(0)),
            "and it is convex": (sp.diff(relative, t, 2), 1 / t),
        }
    )


@lru_cache(maxsize=8)
def particles(
    setting: Setting, noise: float, count: int, time: float, seed: int
) -> tuple[list[Estimate], tuple[Estimate, Estimate]]:
    """Predictions at the data, E a^2 and E|theta|^2 of noisy gradient descent, averaged over time."""
    points, labels = data(setting)
    a, w, b = th = sp.symbols("a w b", real=True)
    z = sp.symbols(f"z0:{len(points) + 2}", real=True)
    penalty = sp.Float(setting.number("lam"))
    drift, hidden = [-penalty * coordinate for coordinate in th], []
    for v, label, zi in zip(map(sp.Float, map(float, points)), map(sp.Float, map(float, labels)), z, strict=False):
        rest, on = (zi - label) / len(points), sp.Heaviside(w * v + b, 0)
        hidden.append(sp.Max(w * v + b, 0))
        for k, part in enumerate((hidden[-1], a * on * v, a * on)):
            drift[k] -= rest * part
    features = [*(th[0] * h for h in hidden), th[0] ** 2, th[0] ** 2 + th[1] ** 2 + th[2] ** 2]
    sampler = Langevin.of(th, z, drift, features)
    rng = stream(seed, "particles")
    spread = noise / math.sqrt(2 * setting.number("lam"))
    stiff = setting.number("lam") + spread**2 * (1 + max(float(v) ** 2 for v in points))
    found = time_averages(
        sampler, rng.normal(size=(count, 3)) * spread, noise, 0.05 / max(1.0, stiff), time / setting.number("lam"), rng
    )
    return found[:-2], (found[-2], found[-1])


def langevin(context: Context) -> list[At]:
    """The same at the default setting, over the certified values."""
    setting, count = DEFAULT, context.budget.pick(400, 1500, 6000)
    noise = number(context, "noise", {beta: setting["beta"]})
    yhat, (square, _) = particles(setting, noise, count, 60.0, context.seed)
    sure = solved(setting)
    pairs = {"E a^2": (square, sure.a_moment()), "yhat at x1": (yhat[0], sure.prediction(data(setting)[0][0]))}
    return [At(combined([(1 / float(v.mid()), found)]), name) for name, (found, v) in pairs.items()]


TRUNCATION = Note(
    id="gibbs-form.truncation",
    severity="minor",
    text="Without truncation the Gibbs law can be normed only where |p_u| < lam in every direction, which the minimiser satisfies. "
    "Elsewhere it is the truncation of the activation that norms it: the order in which its two parameters are removed matters.",
)
gibbs = Claim(
    "gibbs-form",
    title="The minimiser is a Gibbs law",
    statement=(
        r"$\rho_* = Z^{-1}\exp(-\beta[\frac1M\sum_i(\hat y_i - y_i)a(wx_i+b)_+ + \frac\lambda2|\theta|^2])$, the only minimiser of "
        r"$F$, is where noisy gradient descent ends."
    ),
    source="2111.02278, Section 3",
    known="from memory",
    no_inequality="it states an equality of laws",
    readings=[
        Reading(
            "stated",
            "By duality: F(rho) - D(u) - const is a square plus a relative entropy; and the averages of particles at the defaults.",
            {"slope": M, "noise": sp.sqrt(2 / beta), "one": sp.Integer(1)},
            checks=[
                noted(
                    proof(
                        "duality", "slope", duality, kind=Kind.EXACT, whole=False, domain="all laws that have a density"
                    ),
                    TRUNCATION,
                ),
                agree(
                    "langevin", "one", langevin, uses=["noise"], domain="noisy gradient descent at the default setting"
                ),
            ],
            wrong=[
                wrong("no-m", {"slope": sp.Integer(1)}, "The loss has 1/(2M): u_i = (yhat_i - y_i)/M."),
                wrong("half-noise", {"noise": sp.sqrt(1 / beta)}, "This is the dynamics at twice beta."),
            ],
        )
    ],
)

# --- C2, C6: the reduction and the virial identity -------------------------------------------------------------------


def integrals(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Integrate a, then r, in polar coordinates of (w, b): total weight, pull and excess of a^2, with Q the angular rest."""
    bb, ll, rr, c = sp.symbols("beta lam r c", positive=True)
    pp, aa = sp.symbols("p a", real=True)
    # exp(-beta (p r a + lam a^2/2)) is a Gaussian of mean -p r/lam and variance 1/(beta lam).
    mean, var = -pp * rr / ll, 1 / (bb * ll)
    density = sp.exp(-((aa - mean) ** 2) / (2 * var)) / sp.sqrt(2 * sp.pi * var)
    total = sp.sqrt(2 * sp.pi * var) * sp.exp(mean**2 / (2 * var))
    exponent = sp.expand(sp.log(total * density).rewrite(sp.log).expand(force=True))
    radial = [sp.integrate(rr**k * sp.exp(-c * rr**2 / 2), (rr, 0, sp.oo)) for k in (1, 3)]
    inverse = bb * ll * (1 - q)
    base, cube = (sp.simplify(v.subs(c, inverse)) for v in radial)
    unit = 1 / (bb * ll)
    values = {beta: bb, lam: ll, p: pp}
    return [
        (exponent, sp.expand(-bb * (pp * rr * aa + ll * aa**2 / 2))),
        (sp.simplify(base / unit), context["weight"]),
        (sp.simplify(-pp / ll * cube / unit), context["pull"].subs(values)),
        (sp.simplify(q * cube / unit), context["excess"].subs(values)),
        (
            sp.expand_log(sp.log(sp.sqrt(2 * sp.pi * var) * unit), force=True),
            sp.expand_log(context["shift"].subs(values), force=True),
        ),
    ]


def quadrature(context: Context) -> list[At]:
    """Q by ball integration over the circle, over its closed form, at u with arcs of both kinds (kappa < 1 and > 1)."""
    points = (Fraction(-3, 2), Fraction(-1, 2), Fraction(2, 5))
    dual = Dual(points, (Fraction(0),) * 3, Fraction(1, 2), Fraction(1))
    phi, found = sp.Symbol("phi", real=True), []
    for u in (
        (Fraction(1, 10), Fraction(-1, 6), Fraction(1, 20)),
        (Fraction(-3, 10), Fraction(6, 25), Fraction(1, 20)),
    ):
        with ctx.workdps(40):
            closed = dual.partition([exact(v) for v in u])
            assert closed is not None
            total = arb(0)
            for sector in dual.ramps.sectors:
                on = sum(
                    sp.Rational(u[i]) * (sp.cos(phi) * sp.Rational(points[i]) + sp.sin(phi)) for i in sector.active
                )
                first, last = (arb.atan2(end[1], end[0]) for end in sector.balls)
                last = last if last > first else last + 2 * arb.pi()
                total = total + definite(context["weight"].subs(q, on**2 * 4), phi, first, last, 20)
            found.append(At(total / closed[0], f"u = {', '.join(map(str, u))}"))
    return found


reduction = Claim(
    "exact-reduction",
    title="The minimiser in closed form, by a concave problem in M variables",
    statement=(
        r"$u = (\hat y - y)/M$ maximises $D(u) = -u\cdot y - \frac M2|u|^2 - \frac1\beta\log Q(u)$, $Q = \int_0^{2\pi}\frac{d\phi}{1 - "
        r"p_u^2/\lambda^2}$, and $F(\rho_*) = D(u_*) - \frac1\beta[\frac12\log\frac{2\pi}{\beta\lambda} - \log\beta\lambda]$."
    ),
    source="derived here",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "a and the length of (w, b) are integrated out by SymPy; the closed form of Q against ball integration.",
            {"weight": WEIGHT, "pull": PULL, "excess": EXCESS, "shift": SHIFT, "one": sp.Integer(1)},
            checks=[
                identity(
                    "integrals", ("weight", "pull", "excess", "shift"), integrals, domain="all |p| < lam, beta, lam"
                ),
                encloses("quadrature", "one", quadrature, uses=["weight"], digits=12, domain="two u, six arcs each"),
            ],
            wrong=[
                wrong("no-gaussian", {"shift": -sp.log(beta * lam)}, "Integrating a leaves a Gaussian factor."),
                wrong("lam-for-half", {"shift": SHIFT.subs(lam, 2 * lam)}, "The penalty is lam/2."),
                wrong("no-two", {"pull": PULL / 2}, "int r^3 exp(-c r^2/2) = 2/c^2."),
                wrong("half-circle", {"weight": WEIGHT / 2}, "Directions of both signs of w count."),
            ],
        )
    ],
)


def virials(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E r^2 - 2/(beta lam) by its angular weight, against that of a^2."""
    radial = 2 / (beta * lam) * (1 / (1 - q) ** 2 - context["share"] / (1 - q))
    return [(sp.simplify(radial), context["excess"])]


def slopes(context: Context) -> list[At]:
    """2 dF/dlam between difference quotients on both sides: F is concave in lam, as a minimum of linear functions."""
    setting, h = DEFAULT, Fraction(1, 10**12)
    with ctx.workdps(60):
        values = []
        for move in (-h, 0 * h, h):
            there = setting.with_values(lam=setting["lam"] + move)
            shift = ball(context, SHIFT / beta, {beta: there["beta"], lam: there["lam"]}, 40)
            values.append(solved(there, 40).value - shift)
        ends = [2 * (values[k + 1] - values[k]) / exact(h) for k in (0, 1)]
        return [
            At(
                ends[0].union(ends[1]),
                "lam = 1/5",
                where={A_MOMENT: solved(setting, 30).a_moment(), beta: 20, lam: setting["lam"]},
            )
        ]


virial = Claim(
    "virial",
    title="Virial identity",
    statement=r"$E a^2 - \frac{1}{\beta\lambda} = E(w^2+b^2) - \frac{2}{\beta\lambda}$ for every $\beta$.",
    source="derived here",
    known="derived here",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "Both sides have the angular weight 2q/(beta lam (1-q)^2); and E|theta|^2 = 2 dF/dlam between certified quotients.",
            {"excess": EXCESS, "share": sp.Integer(1), "second": 2 * A_MOMENT + 1 / (beta * lam)},
            checks=[
                identity("weights", ("excess", "share"), virials, domain="all |p| < lam, beta, lam"),
                encloses("slope", "second", slopes, digits=8, domain="the default setting"),
            ],
            wrong=[
                wrong("no-offset", {"share": sp.Integer(0)}, "At infinite temperature both moments are thermal."),
                wrong("half", {"excess": EXCESS / 2}, "int r^3 exp(-c r^2/2) = 2/c^2."),
                wrong("two", {"second": 2 * A_MOMENT}, "(w, b) has one dimension more than a."),
            ],
        )
    ],
)

# --- C3: curvature ---------------------------------------------------------------------------------------------------


def second_differences(context: Context) -> list[At]:
    """Second differences of certified predictions against the formula over the interval that they span."""
    setting, h = DEFAULT, Fraction(1, 10**10)
    found = []
    with ctx.workdps(80):
        sure = solved(setting, 40)
        for at in (Fraction(-1), Fraction(9, 10), Fraction(3), Fraction(-2)):
            values = [sure.prediction(at + k * h) for k in (-1, 0, 1)]
            quotient = (values[0] - 2 * values[1] + values[2]) / exact(h) ** 2
            where = bends(setting, exact(at) + arb(0, 1) * exact(h), 40)
            found.append(At(quotient, f"x = {at}", float(at), where))
    return found


def kinks(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The density of knots at x is dphi = dx/(1 + x^2), a unit of it bends by sqrt(1 + x^2)|w|: the powers of the formula."""
    w0 = 1 / sp.sqrt(1 + x**2)
    return [
        (sp.simplify(sp.diff(sp.atan(x), x) * w0), context["power"].subs(xs, x)),
        (1 + x**2 - (a - p * x) ** 2 / lam**2, sp.expand((1 + x**2) * (1 - ((a - p * x) ** 2 / (1 + x**2)) / lam**2))),
    ]


CONTINUOUS = Note(
    id="curvature.continuous",
    severity="remark",
    text="The curvature is continuous at the data as well, since both sums are: at positive temperature yhat is twice continuously "
    "differentiable everywhere.",
)
curvature = Claim(
    "curvature",
    title="Curvature of the predictor",
    statement=(
        r"$\hat y''(x) = -\frac{2}{\beta\lambda^2Q}(1+x^2)^{-3/2}\sum_\pm\frac{p_\pm}{(1-p_\pm^2/\lambda^2)^2}$; it vanishes as "
        r"$\beta\to\infty$ where $1 + x^2 - (A-Bx)^2/\lambda^2 > 0$."
    ),
    source="2111.02278, Section 4",
    known="derived here",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "Second differences of certified predictions enclose it at the default setting.",
            {"curvature": CURVATURE, "power": (1 + xs**2) ** sp.Rational(-3, 2)},
            checks=[
                noted(identity("powers", "power", kinks, domain="all x", whole=False), CONTINUOUS),
                encloses(
                    "differences",
                    "curvature",
                    second_differences,
                    digits=6,
                    domain="four places",
                    x_label="x",
                    y_label="yhat''",
                ),
            ],
            wrong=[
                wrong(
                    "bias-free",
                    {"curvature": CURVATURE.subs(1 + xs**2, sp.Integer(1)), "power": 1 / (1 + xs**2)},
                    "b is penalised like w.",
                ),
                wrong("one-side", {"curvature": CURVATURE.subs(left, 0)}, "Both orientations bend."),
                wrong(
                    "unsquared", {"curvature": CURVATURE * (1 - right**2 / lam**2)}, "The pull has the square of 1 - q."
                ),
            ],
        )
    ],
)

# --- C4, C7: knots ---------------------------------------------------------------------------------------------------


def touching(context: Context) -> Iterable[Step]:
    """An affine P with |P| <= lam sqrt(1+x^2) that touches inside at x0 is the tangent there, and touches nowhere else."""
    lifted, tangent = sp.sqrt(1 + x**2), (1 + x * x0) / sp.sqrt(1 + x0**2)
    defect = context["defect"]
    yield from identical(
        {
            "(1+x^2)(1+x0^2) - (1+x x0)^2": (
                sp.expand((1 + x**2) * (1 + x0**2) - (1 + x * x0) ** 2),
                sp.expand(defect),
            ),
            "the tangent has the slope of the root": (sp.diff(tangent, x), sp.diff(sp.sqrt(1 + x0**2), x0)),
            "and its value": (sp.simplify(tangent.subs(x, x0)), sp.sqrt(1 + x0**2)),
        }
    )
    yield from same_squares(
        {"second derivative of the root": (sp.simplify(sp.diff(lifted, x, 2)), (1 + x**2) ** sp.Rational(-3, 2))},
        {x: 0},
    )
    # Each family: one touching inside and no other, or touchings at its two ends only, which are the same two points.
    per_family, ends = [(1, 0), (0, 2)], 2
    inside = max(sum(f[0] for f in pair) for pair in ((f, g) for f in per_family for g in per_family))
    both = max(f[0] + g[0] + (ends if f[1] or g[1] else 0) for f in per_family for g in per_family)
    most = context["most"]
    counts = inside if context["open"] == 1 else both
    yield Step(
        "two families", bool(counts <= most), f"{counts} are possible by this argument, {most} claimed", exact=True
    )


def _problem(rng: random.Random) -> tuple[Data, Fraction]:
    n = rng.randint(2, 5)
    points = tuple(sorted(Fraction(v, 100) for v in rng.sample(range(-300, 301), n)))
    return (points, tuple(Fraction(rng.randint(-200, 200), 100) for _ in points)), Fraction(10) ** -rng.randint(1, 3)


@lru_cache(maxsize=4)
def counted(seed: int, problems: int) -> tuple[list[int], list[int]]:
    """Numbers of knots between neighbouring data of random problems: in closed intervals, and in open ones."""
    rng = random.Random(seed)
    closed, opened = list[int](), list[int]()
    for _ in range(problems):
        (points, labels), penalty = _problem(rng)
        knots = np.array(ramp_lasso(points, labels, penalty, 15).knots())
        for low, high in zip(map(float, points), map(float, points[1:]), strict=False):
            for counts, slack in ((closed, 1e-7), (opened, -1e-7)):
                counts.append(int(np.sum((knots > low - slack) & (knots < high + slack))))
    return closed, opened


def tangents(left: str, right: str) -> Check:
    """Return the proof, with both sides in words."""
    names = ("most", "defect", "open")
    return proof("tangents", names, touching, domain="all data and lam", lhs=left, rhs=right)


def at_random(which: int) -> Check:
    """Return the check of the largest number of knots in a closed interval (0), or an open one (1)."""

    def most(context: Context) -> list[At]:
        found = counted(context.seed, context.budget.pick(60, 400, 4000))[which]
        return [At(arb(max(found)), f"{len(found)} intervals")]

    shown = "random data, 2 to 5 points"
    return agree("random", "most", most, relation="<=", kind=Kind.SAMPLED, group="knots", domain=shown)


def three(context: Context) -> list[At]:
    """The enclosed knots of the example, in its second closed interval."""
    found = enclosed_knots(*C7, C7_LAM)
    low, high = exact(C7[0][1]), exact(C7[0][2])
    inside = [k for k in found.places if not (k < low) and not (k > high)]
    return [At(arb(len(inside)), "x = (-2.41, -1.035, 1.136)")]


ATTAINED = Note(
    id="three-knots.attained",
    severity="remark",
    text="Three knots in one closed interval occur: at -1.035, -0.8802... and 1.136 for the data (-2.41, 1.791), (-1.035, -1.574), "
    "(1.136, 0.883) and lam = 0.01168. Two are at data and one is not; a statement with 'at most two' would have to count open intervals.",
)
knots = Claim(
    "three-knots",
    title="At most three knots between neighbouring data",
    statement=r"At $\beta\to\infty$ the predictor has at most three knots in each $[x_j, x_{j+1}]$.",
    source="2111.02278, main theorem",
    known="from memory",
    no_inequality="it counts points",
    readings=[
        Reading(
            "closed",
            "Closed intervals. Knots sit where P_+ or P_- touches +-lam sqrt(1+x^2); both are affine between data.",
            {"most": sp.Integer(3), "defect": (x - x0) ** 2, "open": sp.Integer(0)},
            checks=[
                tangents("touchings of two affine functions", "3"),
                at_random(0),
                noted(encloses("example", "most", three, domain="the example with three"), ATTAINED),
            ],
            wrong=[
                wrong("two", {"most": sp.Integer(2)}, "The example has three.", checks=["example", "tangents"]),
                wrong(
                    "one", {"most": sp.Integer(1)}, "Two ends can both touch.", checks=["random", "tangents", "example"]
                ),
                wrong(
                    "free-bias",
                    {"defect": sp.Integer(0)},
                    "With an unpenalised bias the tangent would touch everywhere.",
                ),
            ],
        ),
        Reading(
            "open",
            "Open intervals, a different claim: at most two.",
            {"most": sp.Integer(2), "defect": (x - x0) ** 2, "open": sp.Integer(1)},
            checks=[tangents("interior touchings", "2"), at_random(1)],
            wrong=[wrong("none", {"most": sp.Integer(0)}, "Knots off the data occur.")],
        ),
        Reading(
            "two",
            "Over-reading: at most two in the closed interval.",
            {"most": sp.Integer(2)},
            checks=[encloses("example", "most", three, relation="<=", domain="the example with three")],
            wrong=[wrong("one", {"most": sp.Integer(1)}, "The example has three.")],
            claimed=False,
        ),
    ],
)


def off_data(context: Context) -> list[At]:
    """Knots that are certainly not at a datum, in both examples."""
    return [
        At(arb(enclosed_knots(*C7, C7_LAM).off_data), "x = (-2.41, -1.035, 1.136)"),
        At(arb(enclosed_knots(*PAIR, Fraction(1, 5)).off_data), "x = (-10, 10)"),
    ]


def pair_values(context: Context) -> list[At]:
    """The minimum on (-10, 2), (10, 2) between its two bounds."""
    return [
        At(ramp_lasso(*PAIR, value, 20).value, f"lam = {value}", where={lam: value})
        for value in (Fraction(1, 100), Fraction(1, 5), Fraction(2))
    ]


folklore = Claim(
    "knots-at-data",
    title="Folklore: knots lie at data only",
    statement="Every knot of the limit is at a datum. (The paper does not claim it.)",
    source="not claimed in 2111.02278",
    known="derived here",
    no_inequality="it counts points",
    readings=[
        Reading(
            "folklore",
            "The number of knots off the data, enclosed in two examples.",
            {"off": sp.Integer(0)},
            checks=[encloses("examples", "off", off_data, domain="two data sets")],
            wrong=[wrong("ten", {"off": sp.Integer(10)}, "There are one and two.")],
        ),
        Reading(
            "pair",
            "The paper's two data: knots at +-1/10 and the minimum 4 lam/sqrt(101) - 2 lam^2/101.",
            {"value": PAIR_VALUE},
            checks=[encloses("value", "value", pair_values, digits=15, domain="three lam")],
            wrong=[
                wrong("free-bias", {"value": 4 * lam / 10 - 2 * lam**2 / 100}, "The bias is penalised: 101, not 100."),
                wrong("linear", {"value": 4 * lam / sp.sqrt(101)}, "Shrinkage lowers the minimum."),
            ],
        ),
    ],
)

# --- C5: zero temperature --------------------------------------------------------------------------------------------

COLD = tuple(10**k for k in range(2, 7))


def duals(context: Context) -> list[At]:
    """D of the default data at lam = 1/20, at growing beta."""
    setting = DEFAULT.with_values(lam=Fraction(1, 20))
    value = ramp_lasso(*data(setting), setting["lam"], 20).value
    return [
        At(solved(setting.with_values(beta=b)).value, f"beta = {b}", float(b), {beta: b, LASSO: value}) for b in COLD
    ]


def distances(context: Context) -> list[At]:
    """How far the predictions are from those of the limit."""
    setting = DEFAULT.with_values(lam=Fraction(1, 20))
    limit, found = enclosed_knots(*data(setting), setting["lam"]), []
    for b in COLD:
        warm = solved(setting.with_values(beta=b))
        apart = sum((abs(one - other) for one, other in zip(warm.u, limit.u, strict=True)), arb(0))
        found.append(At(apart, f"beta = {b}"))
    return found


def at_setting(context: Context) -> list[Case]:
    """Is the setting under review cold enough for the limit to say something?"""
    here, limit = solved(context.setting).value, cold(context.setting).value
    return [Case(abs(here - limit), ball(context, "share") * abs(limit), "distance of D to the limit")]


def judged(context: Context, words: str) -> Note:
    """Return the sentence on the temperature of the setting."""
    found, limit = solved(context.setting), cold(context.setting).value
    text = (
        f"At this setting D = {float(found.value.mid()):.6g} and the minimum at zero temperature is "
        f"{float(limit.mid()):.6g}; the least gap 1 - p^2/lam^2 is {float(found.least_gap().mid()):.3g}. {words}"
    )
    return Note(id="zero-temperature.setting", severity="minor", text=text)


COLD_ENOUGH = partial(judged, words="The limit describes the setting.")
THERMAL = partial(
    judged,
    words="The solution is thermal and says nothing about the limit: a theorem at low temperature should state the beta that "
    "it needs, which this gap decides.",
)
APPLIES = compared(
    "cold",
    "share",
    at_setting,
    kind=Kind.CERTIFIED,
    relation="<=",
    whole=True,
    question=Question.APPLIES,
    domain="the setting under review",
)


def between(id: str, formula: str, relation: Relation, label: str) -> Check:
    """Return the check of a bound of D from one side."""
    domain = "beta from 100 to 10^6"
    return encloses(id, formula, duals, relation=relation, domain=domain, x_label="beta", y_label=label, log="x")


limit = Claim(
    "zero-temperature",
    title="The limit of zero temperature is a group lasso",
    statement=(
        r"As $\beta\to\infty$ the minimiser tends to that of $\frac1{2M}|f-y|^2 + \lambda\int\sqrt{1+x^2}\,|df'|$, between "
        r"$(1-\frac2\beta)L - \frac1\beta\log 2\pi\beta$ and $L - \frac1\beta\log 2\pi$ for $D$."
    ),
    source="2111.02278, Section 4",
    known="derived here",
    no_inequality="its bounds hold for maxima of D, which a search has no closed form for",
    readings=[
        Reading(
            "stated",
            "D between both bounds, and predictions that approach those of the limit, default data with lam = 1/20.",
            {
                "high": LASSO - sp.log(2 * sp.pi) / beta,
                "low": (1 - 2 / beta) * LASSO - sp.log(2 * sp.pi * beta) / beta,
                "direction": -sp.Integer(1),
            },
            checks=[
                between("above", "high", "<=", "D"),
                between("below", "low", ">=", "dual value"),
                monotone("distance", "direction", distances, domain="beta from 100 to 10^6"),
            ],
            wrong=[
                wrong("free-knots", {"high": LASSO / 2}, "D tends to the minimum of the lasso."),
                wrong("too-high", {"low": 2 * LASSO}, "D tends to the minimum of the lasso."),
                wrong("away", {"direction": sp.Integer(1)}, "Predictions approach the limit."),
            ],
        ),
        Reading(
            "setting",
            "Does the limit describe the setting under review (D within a tenth of it)?",
            {"share": sp.Rational(1, 10)},
            checks=[noted(noted(APPLIES, COLD_ENOUGH), THERMAL, when=False)],
            wrong=[
                wrong(
                    "nothing", {"share": sp.Rational(1, 10**12)}, "At positive temperature D differs.", checks=["cold"]
                )
            ],
        ),
    ],
)

# --- simulation ------------------------------------------------------------------------------------------------------


def simulate(trial: Trial) -> Simulated:
    """Noisy gradient descent of many neurons, averaged over time."""
    setting, count = trial.setting, trial.count("neurons", 100, 20_000)
    validate(setting)
    trial.say(f"{count} neurons, two step sizes")
    yhat, (square, second) = particles(setting, math.sqrt(2 / setting.number("beta")), count, 100.0, trial.seed)
    final = {f"yhat_{k}": e for k, e in enumerate(yhat[:3], start=1)} | {"a_moment": square, "second_moment": second}
    points, labels = data(setting)
    low, high = float(min(points)), float(max(points))
    grid = [Fraction(low + (high - low) * (k - 10) / 40).limit_denominator(10**6) for k in range(61)]
    curves = [
        curve("Gibbs", map(float, grid), map(solved(setting).prediction, grid)),
        curve("zero temperature", map(float, grid), map(cold(setting).prediction, grid)),
        curve("data", map(float, points), map(float, labels), "points"),
    ]
    plot = Plot(id="predictor", title="The predictor", x_label="x", y_label="yhat", curves=tuple(curves))
    return Simulated(final, plots=(plot,))


OPTIONS = (Option("neurons", "2000", "number of neurons"),)
paper = Paper(
    id="relu-knots",
    title="Mean-field Analysis of Piecewise Linear Solutions for Wide ReLU Networks",
    summary=(
        "Wide ReLU networks of one input, trained by noisy SGD with weight decay, tend to piecewise linear "
        "functions with at most three knots between neighbouring data points, and knots need not lie at data."
    ),
    authors=("Alexander Shevchenko", "Vyacheslav Kungurtsev", "Marco Mondelli"),
    source="https://arxiv.org/abs/2111.02278",
    parameters=PARAMETERS,
    default=DEFAULT,
    claims=(gibbs, reduction, curvature, knots, limit, virial, folklore),
    constants=CONSTANTS,
    validate=validate,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "gibbs-form/stated": "supported",
        "exact-reduction/stated": "proved",
        "curvature/stated": "supported",
        "three-knots/closed": "certified",
        "three-knots/open": "certified",
        "three-knots/two": "refuted",
        "zero-temperature/stated": "supported",
        "zero-temperature/setting": "vacuous",
        "virial/stated": "proved",
        "knots-at-data/folklore": "refuted",
        "knots-at-data/pair": "supported",
    },
    references=(
        "Shevchenko, Kungurtsev, Mondelli: Mean-field Analysis of Piecewise Linear Solutions for Wide ReLU Networks. "
        "JMLR 23, 2022, arXiv:2111.02278",
    ),
)
