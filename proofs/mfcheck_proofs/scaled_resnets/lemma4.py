"""Lemma 4: `lambda_min(G(tau_0,nu_0)) >= lambda_min(G2(tau_0,nu_0)) >= Lambda(d)`."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import (
    Case,
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    Plot,
    Reading,
    Scope,
    Side,
    Standard,
    attack,
    certifying,
    claim,
    curve,
    custom,
    decide,
    identity,
    wrong,
)
from mfcheck.claims import Sample, inequality
from mfcheck.claims.inequality import Formulas
from mfcheck.claims.setting import Point, Setting
from mfcheck.falsify.variants import (
    ASSUMPTION,
    EXPONENT,
    INDEX,
    SCALED,
    merged,
    of_attained,
    of_identity,
    powers,
    scaled,
    sign,
)
from mfcheck.gaussian.dual import DualKernel, largest_cosine
from mfcheck.kernels.separation import weighted, weighted_float
from mfcheck.kernels.two_layer import certified_below, certified_smallest, smallest, smallest_float
from mfcheck.points.configurations import circle, equiangular, near_pair
from mfcheck.points.sphere import largest_inner
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import bounds, compare, enclose, exact, interval
from mfcheck.rigor.codes import n_max
from mfcheck.symbolic.activation import Activation, X
from mfcheck_proofs.scaled_resnets.assumptions import FACTORS, HALF, STEPS
from mfcheck_proofs.scaled_resnets.leaves import cosine_bound
from mfcheck_proofs.scaled_resnets.regimes import SHRINKING
from mfcheck_proofs.scaled_resnets.symbols import C_max, Lambda, alpha, n, r
from mfcheck_proofs.scaled_resnets.values import ALPHA, DATA, rounding, side, value_of

Array = NDArray[np.float64]
Points = tuple[Point, ...]
SOURCE = "arXiv 2403.09889, Lemma 4"
DIGITS = 30


# --- first inequality ------------------------------------------------------------------------------------------------

width = sp.Symbol("K", positive=True, integer=True)
J1, J2 = sp.MatrixSymbol("J1", n, width), sp.MatrixSymbol("J2", n, width)
v = sp.MatrixSymbol("v", n, 1)
EXCESS = alpha**2 * (J1.T * v).T * (J1.T * v)


def excess_is_square(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """v^T G v - v^T G2 v against alpha^2 |J1^T v|^2, one particle; take v an eigenvector of G."""
    G1, G2 = J1 * J1.T, J2 * J2.T
    lhs = (v.T * (alpha**2 * G1 + G2) * v - v.T * G2 * v).expand().doit()
    return [(lhs, context["excess"].doit())]


# One layer of three neurons under a predictor of three; the same code in double precision and in balls.


def _particles(seed: int, width: int) -> list[list[Fraction]]:
    """Coordinates of three particles: small fractions, no two particles alike."""
    return [[Fraction((7 * i + 5 * j + 3 * seed) % 11 - 5, 4) for j in range(width)] for i in range(3)]


def _jacobian(x: Any, scale: Any, call: Callable[[int, Any], Any], numbers: Callable[[Any], Any]) -> Any:
    """J1 of the layer: rows p^T grad_theta sigma, shape (n, 3 (2d+1))."""
    d, mean = x.shape[1], numbers([Fraction(1, 3)])
    encoder, head = numbers(_particles(1, 2 * d + 1)), numbers(_particles(2, d + 2))
    u, w, b = encoder[:, :d], encoder[:, d : 2 * d], encoder[:, -1]
    inner = x @ w.T + b
    features = x + call(0, inner) @ u * (scale * mean)
    p = (call(1, features @ head[:, 1:-1].T + head[:, -1]) * head[:, 0]) @ head[:, 1:-1] * mean
    values, slopes = call(0, inner), call(1, inner) * (p @ u.T)
    blocks = [p[:, None, :] * values[:, :, None], x[:, None, :] * slopes[:, :, None]]
    return np.concatenate([*(part.reshape(len(x), -1) for part in blocks), slopes], axis=1)


@lru_cache(maxsize=64)
def _excess(formula: sp.Basic) -> Callable[..., Any]:
    code: Callable[..., Any] = sp.lambdify((J1, v, alpha), formula.doit(), "numpy")
    return code


def _excess_fast(sample: Sample, formulas: Formulas) -> float:
    scale = sample.values["alpha"]
    floats = partial(np.array, dtype=np.float64)
    J = _jacobian(sample.X, scale, lambda order, x: sample.activation.numpy_function(order)(x), floats)
    return float(_excess(formulas["excess"])(J, sample.y[:, None], scale).item())


def _excess_enclosed(case: inequality.Case, formulas: Formulas) -> arb:
    data, activation, scale = case.setting.data, case.setting.activation, exact(case.setting["alpha"])
    balls, roots = np.frompyfunc(exact, 1, 1), np.frompyfunc(arb.sqrt, 1, 1)

    def call(order: int, x: Any) -> Any:
        return np.frompyfunc(lambda entry: enclose(activation.derivative(order), {X: entry}, 160), 1, 1)(x)

    rows, labels = balls(data.points), balls(data.labels)
    J = _jacobian(rows / roots(np.sum(rows**2, axis=1, keepdims=True)), scale, call, balls)
    found: arb = _excess(formulas["excess"])(J, labels[:, None], scale).item()
    return found


first = claim(
    "lemma-4-first",
    title="Lemma 4, first inequality",
    statement=r"$\lambda_{\min}(G) \ge \lambda_{\min}(G_2)$, since $G - G_2 = \alpha^2 G_1$ is positive semi-definite.",
    source=SOURCE,
    known="text read",
    text=r"$v^\top(G - G_2)\,v$ as a sum of squares.",
    formulas={"excess": EXCESS},
    checks=[
        identity(
            "excess",
            "excess",
            excess_is_square,
            domain=r"every $n$, $d$, $\alpha$, and (by taking means) every measure $\tau$, $\nu$",
            sizes={n: 2, width: 3},
        )
    ],
    wrong=merged(
        [wrong("negated", {"excess": -EXCESS}, "A sum of squares is not negative.", also=["slack-gram-excess"])],
        of_identity("excess", EXCESS, FACTORS, sign(), powers(alpha, *STEPS)),
    ),
    attack=[
        attack(
            "gram-excess",
            "0 <= y^T (G - G2) y for one layer of three neurons under a predictor of three",
            side(sp.Integer(0)),
            Side(_excess_fast, _excess_enclosed),
            varies=("points", "labels", "activation", "alpha"),
            ranges=(ALPHA,),
        )
    ],
)

# --- strict reading --------------------------------------------------------------------------------------------------

CANDIDATES = tuple(Fraction(1, 10**k) for k in range(1, 7))


def close_points(context: Context) -> Evidence:
    """Two points at an angle that tends to zero: lambda_min = A1(1) - A1(c), and A1 is continuous at 1.

    A1 is a power series with non-negative coefficients whose sum A1(1) is certified to be finite, so that it is
    continuous on [0, 1] (Abel). A positive floor is therefore undercut by a pair that is close enough; for each
    candidate such a pair is built and its lambda_min certified.
    """
    activation = context.setting.activation
    if context["floor"].is_zero:
        return Evidence(
            passed=True,
            scope=Scope.WHOLE,
            lhs="0",
            rhs=r"$\lambda_{\min}(G_2)$",
            domain=r"$\lambda_{\min}$ of a mean of matrices $J J^\top$ is not negative",
        )
    if not DualKernel(activation, DIGITS).total(1).is_finite():
        return Evidence(passed=None, cases=0, reason=r"$G_2$ is infinite: $\sigma_0'$ is not square-integrable")
    found = [_close_pair(activation, candidate) for candidate in CANDIDATES]
    last = found[-1]
    if last is None or None in found:
        return Evidence(passed=None, reason="no pair is close enough within 40 digits")
    listed = ", ".join(f"{float(c):g}" for c in CANDIDATES)
    text = (
        r"The bound of Lemma 4 cannot depend on $d$ alone: the smallest eigenvalue tends to 0 with the angle $\theta$ "
        r"of two data points. It is $A_1(1) - A_1(\frac{1 + \cos\theta}{2})$ with "
        r"$A_1(c) = \frac{\mathrm{d}}{\mathrm{d}c}(c A(c))$, "
        rf"and for each candidate {listed} a pair with a certified smaller "
        r"$\lambda_{\min}$ is given. The constant must depend on $C_{\max}$; and on the activation, since $G_2$ is "
        r"quadratic in $\sigma_0$: half of $\sigma_0$ has a quarter of $\lambda_{\min}$."
    )
    return Evidence(
        passed=False,
        lhs=interval(smallest(last, activation).value),
        rhs=f"any positive constant, for instance {float(CANDIDATES[-1]):g}",
        error=0.0,
        cases=len(CANDIDATES),
        domain=rf"pairs of unit vectors in any dimension $d \ge 2$, {activation.name}",
        reason=(
            r"no positive constant depends on $d$ alone: $\lambda_{\min}$ of two points tends to 0 with their angle"
        ),
        notes=(Note(id="lemma-4-needs-C_max", severity="major", text=text),),
        certificate=certified_below(last, activation, CANDIDATES[-1]),
    )


def _close_pair(activation: Activation, candidate: Fraction) -> Points | None:
    """Return a pair whose certified lambda_min is below the candidate."""
    for exponent in range(1, 40, 2):
        found = near_pair(1 - Fraction(1, 10**exponent))
        if compare(smallest(found, activation).value, exact(candidate)) == "<":
            return found
    return None


@lru_cache(maxsize=64)
def _floor(formula: sp.Expr, candidate: Fraction = Fraction(1, 100)) -> Fraction:
    """Return the stated multiple of a candidate for the constant of d alone."""
    stated = formula.subs(Lambda, sp.Rational(candidate.numerator, candidate.denominator))
    return Fraction(int(stated.p), int(stated.q))


CIRCLE_SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32)


def circle_witness(context: Context) -> Evidence:
    """Equispaced points of the circle: certified lambda_min against n, below any candidate as n grows.

    By interlacing lambda_min is at most that of two neighbours, which tends to 0 with their angle (`close_points`).
    """
    activation, floor = context.setting.activation, _floor(context["floor"])
    values = [smallest(circle(size), activation).value for size in CIRCLE_SIZES]
    orders = [compare(value, exact(floor)) for value in values]
    undercut = [size for size, order in zip(CIRCLE_SIZES, orders, strict=True) if order == "<"]
    plot = Plot(
        id="circle-witness",
        title=r"$\lambda_{\min}(G_2)$ of $n$ equispaced points on the circle",
        x_label="$n$",
        y_label=r"$\lambda_{\min}(G_2)$",
        y_log=True,
        curves=(curve("certified", CIRCLE_SIZES, values, "points"),),
    )
    return Evidence(
        passed=False if undercut else True if set(orders) == {">"} else None,
        lhs=interval(values[-1]),
        rhs=interval(exact(floor)),
        error=float(values[-1].rad()),
        cases=len(CIRCLE_SIZES),
        domain=f"$d = 2$, {activation.name}, $n = {', '.join(map(str, CIRCLE_SIZES))}$ equispaced points",
        reason=(
            rf"$\lambda_{{\min}}$ is below the candidate at $n = {', '.join(map(str, undercut))}$, and tends to 0 "
            "as neighbours come closer (interlacing)"
            if undercut
            else ""
        ),
        plots=(plot,),
        certificate=certified_below(circle(undercut[0]), activation, floor) if undercut else None,
    )


# --- charitable reading ----------------------------------------------------------------------------------------------

_c = (1 + C_max) / 2


def _term(multiplier: sp.Expr, ratio: sp.Expr) -> sp.Expr:
    return sp.Max(0, 1 - multiplier * ratio)


TERM = _term(n - 1, _c**r)
MAX_TERMS = 400


def hermite_bound(term: sp.Expr, size: int, largest: arb, activation: Activation) -> arb:
    """Enclose `sum_r (1+r) mu_r^2 term(r)` for n = size and C_max = largest; terms lie in [0, 1].

    Enough of them are summed to reach those whose factor is near one.
    """
    base = min(0.999, max(0.001, (1 + float(largest.mid())) / 2))  # zero for antipodal points
    terms = min(MAX_TERMS, 40 + math.ceil(math.log(2 * size) / -math.log(base)))
    return weighted(activation, term, {n: Fraction(size), C_max: largest}, terms, digits=DIGITS)


def _configurations(setting: Setting) -> list[tuple[str, tuple[Point, ...], float]]:
    """Data sets, and by how much the C_max of the bound exceeds theirs (two points would give equality)."""
    given = setting.data
    above = (1 - given.C_max) / 20 if given.n == 2 else 0.0
    name = rf"the given data under $C_{{\max}} + {above:.4g}$" if above else "the given data"
    return [
        (name, given.points, above),
        (r"two points with inner product 0.3 under $C_{\max} = 0.35$", near_pair(Fraction(3, 10)), 0.05),
        ("three points, all inner products $1/2$", equiangular(3, Fraction(1, 2)), 0.0),
        ("five points, all inner products $1/10$", equiangular(5, Fraction(1, 10)), 0.0),
        ("4 on the circle", circle(4), 0.0),
        ("8 on the circle", circle(8), 0.0),
    ]


def gershgorin(context: Context) -> Evidence:
    """The explicit bound (Schur products and Gershgorin) against certified lambda_min of several data sets."""
    given, activation, cases = context.setting.data, context.setting.activation, []
    for name, points, margin in _configurations(context.setting):
        bound = hermite_bound(context["term"], len(points), largest_cosine(points, 60) + margin, activation)
        cases.append(Case(bound, smallest(points, activation).value, name))
    found = decide(cases, Standard("<="))
    shown = next(case.label for case in cases if interval(case.lhs) == found.lhs)
    domain = "; ".join(case.label for case in cases) + f"; {activation.name}; shown: {shown}"
    return found.but(domain=domain, certificate=certified_smallest(given.points, activation) if found.passed else None)


def positive_floor(context: Context) -> Evidence:
    """With C_max and s0 fixed, n is bounded by a spherical code, and the bound at that n is positive.

    It bounds lambda_min of each data set with that C_max. The entries `c_ij = (1 + <x_i, x_j>)/2` lie in [0, c], with
    c = (1 + C_max)/2, off a diagonal of ones, and the matrix is positive semi-definite; so are its entrywise powers
    (Schur), whose lambda_min is at least `1 - (n-1) c^r` (Gershgorin) and at least 0. The smallest eigenvalue of a sum
    is at least the sum of the smallest ones, the weights `(1+r) mu_r^2` are not negative, and each term falls with n.
    """
    setting = context.setting
    size = value_of(setting, "n_max")
    if not size.is_finite():
        return Evidence(passed=None, cases=1, reason="no bound on the number of points is known")
    most = int(size.unique_fmpz())
    bound = hermite_bound(context["term"], most, largest_cosine(setting.data.points, 60), setting.activation)
    where = (
        rf"all data sets with $d = {setting.data.d}$ and $C_{{\max}}$ of the setting; at most {most} points "
        f"exist; {setting.activation.name}"
    )
    found = decide([Case(arb(0), bound)], Standard("<"), where, Scope.WHOLE).but(error=0.0)
    if found.passed:
        return found
    near = r"the enclosure of the bound contains zero: $C_{\max}$ is too close to 1 for the terms summed"
    return found.but(reason="the bound is negative" if found.passed is False else near)


def floor_parts(context: Context) -> dict[str, certificate.Certificate]:
    """Return certificates of the bound on n and of the bound on lambda_min at that n."""
    data, activation = context.setting.data, context.setting.activation
    largest = Fraction(bounds(largest_cosine(data.points, 60), 20)[1])
    size = n_max(data.d, largest)
    floor = hermite_bound(context["term"], size.n_max, exact(largest), activation)
    floor_proved = certificate.separation(activation.name, size.n_max, largest, floor)
    return {"n_max": certificate.code_bound(size), "Lambda": floor_proved}


# --- attacks ---------------------------------------------------------------------------------------------------------

CANDIDATE = CANDIDATES[-1]


SMALLEST = Side(
    lambda sample, _: smallest_float(sample.activation, sample.X),
    lambda case, _: smallest(case.setting.data.points, case.setting.activation).value,
)
"""lambda_min(G2) of the points."""


def small_eigenvalue(case: inequality.Case, formulas: Formulas) -> dict[str, Any] | None:
    """State that lambda_min(G2) of the points lies below the floor; None without a known activation."""
    floor, setting = _floor(formulas["floor"], CANDIDATE), case.setting
    return certified_below(setting.data.points, setting.activation, floor, cosine_bound(setting))


STRICT = attack(
    "floor-of-dimension",
    f"Lambda <= lambda_min(G2), with the candidate Lambda = {float(CANDIDATE):g} for a constant of d alone",
    side(lambda f: f["floor"].subs(Lambda, sp.Rational(CANDIDATE.numerator, CANDIDATE.denominator))),
    SMALLEST,
    varies=DATA,
    certificate=small_eigenvalue,
)


def _separated_fast(sample: Sample, formulas: Formulas) -> float:
    values = {n: len(sample.X), C_max: largest_inner(sample.X)}
    return weighted_float(sample.activation, formulas["term"], values)


def _separated_enclosed(case: inequality.Case, formulas: Formulas) -> arb:
    setting = case.setting
    return hermite_bound(formulas["term"], setting.data.n, largest_cosine(setting.data.points, 40), setting.activation)


# --- the claim -------------------------------------------------------------------------------------------------------

ANGLE = r"Two points at a small angle have a $\lambda_{\min}$ below any positive number."
GROWS = r"every term with $r \ge 1$ grows"
PLANTED = (
    ("index-shifted", INDEX, _term(n - 2, _c**r), r"For $n = 2$ it gives the trace, which exceeds $\lambda_{\min}$."),
    (
        "cosine-for-c",
        "factor dropped",
        _term(n - 1, C_max**r),
        r"For two points $\lambda_{\min} = A_1(1) - A_1(\frac{1 + C_{\max}}{2})$, which is smaller.",
    ),
    *(
        (f"term-{name}", kind, variant, f"For two points the stated bound is attained, and {why}.")
        for name, kind, variant, why in (
            ("doubled", SCALED, 2 * TERM, "twice an attained lower bound is too much"),
            ("three-halves", SCALED, 3 * TERM / 2, "three halves of an attained lower bound are too much"),
            ("half-separation", SCALED, _term((n - 1) / 2, _c**r), f"{GROWS} when the multiplier is halved"),
            ("r-shifted", INDEX, _term(n - 1, _c ** (r + 1)), r"every term grows with the exponent, as $C_{\max} < 1$"),
            ("r-doubled", EXPONENT, _term(n - 1, _c ** (2 * r)), rf"{GROWS} with the exponent, as $C_{{\max}} < 1$"),
        )
    ),
)
"""False terms that `gershgorin` rejects: name, kind, term, and why it is false."""
second = Claim(
    "lemma-4-second",
    title="Lemma 4, second inequality",
    statement=(
        r"There is a constant $\Lambda = \Lambda(d)$, only depending on the dimension $d$, with "
        r"$\lambda_{\min}(G_2(\tau_0, \nu_0)) \ge \Lambda(d) > 0$."
    ),
    source=SOURCE,
    known="text read",
    assumptions=("assumption-1", "assumption-2", "assumption-3"),
    readings=[
        Reading(
            "strict",
            r"One positive constant for every $n$, every data set on the sphere in $\mathbb{R}^d$, every "
            r"$C_{\max} < 1$.",
            {"floor": Lambda},
            checks=[
                custom("close-points", "floor", close_points, kind=Kind.CERTIFIED),
                custom("circle", "floor", circle_witness, kind=Kind.CERTIFIED),
            ],
            wrong=[
                wrong(
                    "small",
                    {"floor": Lambda / 1000},
                    "A positive multiple of a constant that does not exist does not exist either.",
                ),
                wrong("doubled", {"floor": 2 * Lambda}, ANGLE, checks=["close-points", "slack-floor-of-dimension"]),
                *of_attained("floor", Lambda, scaled(HALF, sp.Rational(1, 100)), why=ANGLE, checks=["close-points"]),
            ],
            attack=[STRICT],
            regimes=[SHRINKING],
        ),
        Reading(
            "charitable",
            r"With $C_{\max}$ and the activation fixed: $n$ is then bounded by a spherical code, and "
            r"$\Lambda = \sum_r (1 + r)\,\mu_r^2\max(0, 1 - (n - 1)(\frac{1 + C_{\max}}{2})^r)$ at the largest $n$ is "
            "positive.",
            {"term": TERM},
            checks=[
                custom("gershgorin", "term", gershgorin, kind=Kind.CERTIFIED),
                certifying(custom("code-bound", "term", positive_floor, kind=Kind.CERTIFIED), floor_parts),
            ],
            wrong=[
                *(wrong(id, {"term": term}, why, kind=kind, checks=["gershgorin"]) for id, kind, term, why in PLANTED),
                wrong(
                    "sign",
                    {"term": sp.Min(0, 1 - (n - 1) * _c**r)},
                    "The terms that Gershgorin cannot use are dropped, not subtracted; the bound would not be positive.",
                    kind="sign flipped",
                    checks=["code-bound"],
                ),
                wrong(
                    "no-separation",
                    {"term": sp.Integer(1)},
                    r"Without $C_{\max} < 1$ this is the diagonal entry, which exceeds $\lambda_{\min}$.",
                    kind=ASSUMPTION,
                    checks=["gershgorin", "slack-hermite-gershgorin"],
                ),
            ],
            attack=[
                attack(
                    "hermite-gershgorin",
                    "sum_r (1+r) mu_r^2 term(r) <= lambda_min(G2), with C_max the largest inner product of the data",
                    Side(_separated_fast, _separated_enclosed),
                    SMALLEST,
                    varies=DATA,
                    noise=rounding,
                )
            ],
        ),
    ],
)
