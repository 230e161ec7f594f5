"""A mean field theory of batch normalization (arXiv 1902.08129).

z' = W phi(BN(z)) for a batch of B inputs at infinite width. At the permutation symmetric fixed point BN(z) is uniform on the
sphere of radius sqrt(B) in the hyperplane of mean zero: one coordinate has a Gegenbauer weight, two have the correlation
rho = -1/(B-1). Squared gradients grow by `rate` > 1 in every layer.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx, fmpq
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Estimate,
    Note,
    Option,
    Paper,
    Reading,
    Setting,
    Simulated,
    Trial,
    agree,
    bound,
    certifying,
    constant,
    encloses,
    identity,
    monotone,
    noted,
    parameter,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import arc_cosine, arc_cosine_slope
from mfcheck.networks import (
    BatchNorm,
    Chain,
    Network,
    at_widths,
    chunked,
    covariances,
    dense,
    limits,
    log_gradient_norms,
    pointwise,
)
from mfcheck.rigor.definite import definite
from mfcheck.rigor.ellipse import Ellipse, ellipse
from mfcheck.rigor.pieces import pieces
from mfcheck.rigor.program import program
from mfcheck.statistics import mean_of
from mfcheck.symbolic.activation import Activation, X, activation
from mfcheck.verify import MAX_WORK
from mfcheck_proofs.batch_norm import averages
from mfcheck_proofs.batch_norm.averages import polynomials

Array = NDArray[np.float64]

BATCH = parameter("batch", 8, "inputs B of the batch", least=4, most=10**6, integer=True)
WIDTH = parameter("width", 512, "units of a layer in simulate", least=16, most=4096, integer=True)
DEPTH = parameter("depth", 40, "layers in simulate", least=8, most=400, integer=True)
INDEX = parameter("index", 3, "index k of c_k", least=1, most=2000, integer=True)
PARAMETERS = (BATCH, WIDTH, DEPTH, INDEX)
B = BATCH.symbol
HALF, ONE = sp.Rational(1, 2), sp.Integer(1)
RHO = -1 / (B - 1)

# --- Gegenbauer expansions with their remainders ---------------------------------------------------------------------

LARGEST = 1024
"""Largest batch for which series are summed."""


@lru_cache(maxsize=64)
def analytic(expr: sp.Expr, batch: int) -> Ellipse:
    """Return an ellipse around the values of x = z/sqrt(B-1).

    Raises:
        InputError: the activation is not seen to be analytic near them.
    """
    if len(pieces(expr)) > 1:
        raise InputError("q_star, c_star, mu_star and rate need an analytic activation, or relu: this one has a kink")
    return ellipse(expr, arb(batch - 1).sqrt())


def nodes(batch: int, exact: int) -> tuple[list[arb], list[arb]]:
    """Return the positive nodes and weights of a symmetric rule, exact for E p(x) up to a degree, x = z/sqrt(B-1)."""
    p = arb(batch - 4) / 2
    norm = arb.pi().sqrt() * (p + 1).gamma() / (p + arb(3) / 2).gamma()
    if batch % 2:
        count = (exact + batch - 4) // 2 + 1
        count += count % 2
        angles = [arb.pi() * j / (count + 1) for j in range(1, count // 2 + 1)]
        return [t.cos() for t in angles], [arb.pi() / (count + 1) * t.sin() ** (batch - 3) / norm for t in angles]
    count = (exact + batch - 3) // 2 + 1
    count += count % 2
    pairs = [arb.legendre_p_root(count, j, True) for j in range(count // 2)]
    return [x for x, _ in pairs], [w * (1 - x * x) ** ((batch - 4) // 2) / norm for x, w in pairs]


def ratios(batch: int, count: int) -> list[fmpq]:
    """Return C_k(rho)/C_k(1) for k = 0..count, exactly."""
    found: list[fmpq] = polynomials(fmpq(-1, batch - 1), batch, count)
    return found


@dataclass(frozen=True)
class Symmetric:
    """At the symmetric fixed point: q*, mu* = q* (1 - c*), the rate of squared gradients, and E (B-1-z^2) phi'(z)^2."""

    q: arb
    mu: arb
    rate: arb
    slopes: arb


@dataclass(frozen=True)
class Expansion:
    """a_k = E phi(z) h_k(z), h_k orthonormal, for k = 0, ..., and bounds of what the sums over later k leave out."""

    coefficients: list[arb]
    rest: arb
    slope_rest: arb


@lru_cache(maxsize=128)
def expansion(expr: sp.Expr, batch: int, digits: int) -> Expansion:
    """Enclose the expansion for sums to so many digits.

    A rule with positive weights that is exact up to degree D + K gives a_k, k <= K, up to twice |f - p_D|. Beyond K the
    sums of a_k^2 and k(k+B-3) a_k^2 are at most the squares of |f - p_K| and |sqrt(1-x^2) (f - p_K)'|.
    """
    if batch > LARGEST:
        raise InputError(f"the series is summed for batch <= {LARGEST}, got {batch}")
    around = analytic(expr, batch)
    with ctx.workprec(64):
        goal = arb(10) ** -(digits + 8)
        many = around.degree(goal, around.rest)
        few = around.degree(goal.sqrt(), around.slope_rest)
    with ctx.workprec(_bits(digits, few)):
        x, weights = nodes(batch, many + few)
        code, root = program(expr, (X,)), arb(batch - 1).sqrt()
        right, left = ([w * code(sign * root * at) for at, w in zip(x, weights, strict=True)] for sign in (1, -1))
        parts = [[a + s * b for a, b in zip(right, left, strict=True)] for s in (1, -1)]
        found = _coefficients(x, parts, batch, few, 2 * around.rest(many))
        return Expansion(found, *(r(few) ** 2 for r in (around.rest, around.slope_rest)))


def _bits(digits: int, count: int) -> int:
    return math.ceil(3.33 * (digits + 12) + 1.35 * count) + 64


def _coefficients(x: list[arb], values: list[list[arb]], batch: int, count: int, error: arb) -> list[arb]:
    """Return a_0, ..., a_count from even and odd part of the weighted values at the positive nodes."""
    before, here, norm, found = [arb(0)] * len(x), [arb(1)] * len(x), arb(1), []
    for k in range(count + 1):
        total = sum((v * r for v, r in zip(values[k % 2], here, strict=True)), arb(0))
        # E R_k^2 = (B-3) k!/((2k + B-3) (B-3)_k)
        found.append(total / (norm * (batch - 3) / (2 * k + batch - 3)).sqrt() + arb(0, error.upper()))
        norm = norm * (k + 1) / (k + batch - 3)
        rows = zip(x, here, before, strict=True)
        new = [((2 * k + batch - 3) * at * r - k * s) / (k + batch - 3) for at, r, s in rows]
        here, before = new, here
    return found


@lru_cache(maxsize=128)
def by_series(expr: sp.Expr, batch: int, digits: int) -> Symmetric:
    """Enclose the sums over a_k^2, with their remainders."""
    found = expansion(expr, batch, digits)
    with ctx.workprec(_bits(digits, len(found.coefficients))):
        squares = [a * a for a in found.coefficients]
        return _sums(squares, batch, arb(0).union(found.rest.upper()), arb(0).union(2 * found.slope_rest.upper()))


def _sums(squares: list[arb], batch: int, rest: arb, slope_rest: arb) -> Symmetric:
    r = ratios(batch, len(squares) - 1)
    q = sum(squares, rest)
    weighted = [(1 - arb(r[k])) * s for k, s in enumerate(squares)]
    mu = sum(weighted[1:], 2 * rest)
    top = sum((k * (k + batch - 3) * w for k, w in enumerate(weighted)), slope_rest)
    if not mu > 0:
        raise InputError("mu_star > 0 is needed: the activation is constant where the normalised signal is")
    slopes = sum((k * (k + batch - 3) * s for k, s in enumerate(squares)), slope_rest)
    return Symmetric(q, mu, top / ((batch - 3) * mu), slopes)


def is_relu(setting: Setting) -> bool:
    """Whether the activation is the rectifier, for which there are closed forms."""
    return bool(setting.activation.expr == activation("relu").expr)


def relu_rate_at(batch: int) -> arb:
    """Enclose the rate of the rectifier, at the working precision."""
    J, slope = (f(arb(-1) / (batch - 1)) for f in (arc_cosine, arc_cosine_slope))
    return (slope + batch - 1) / ((batch - 3) * (1 - J)) - arb(1) / (batch - 3)


def fixed(setting: Setting, digits: int) -> Symmetric:
    """Enclose q*, mu* and the rate in a setting."""
    batch = setting.integer("batch")
    if is_relu(setting):
        with ctx.workdps(digits + 15):
            mu = (1 - arc_cosine(arb(-1) / (batch - 1))) / 2
            return Symmetric(arb(1) / 2, mu, relu_rate_at(batch), arb(batch - 2) / 2)
    return by_series(setting.activation.expr, batch, digits)


def c_index(setting: Setting, _: int) -> arb:
    """Return c_k = 1 - C_k(rho)/C_k(1)."""
    k = setting.integer("index")
    return arb(1 - ratios(setting.integer("batch"), k)[k])


ANGLE = sp.acos(RHO)
J_RHO, SLOPE_RHO = (sp.sqrt(1 - RHO**2) + (sp.pi - ANGLE) * RHO) / sp.pi, (sp.pi - ANGLE) / sp.pi
j, p = sp.symbols("J J_prime", positive=True)
"""J(rho) and J'(rho)."""
AT_RHO = {j: J_RHO, p: SLOPE_RHO}
RATE = (p + B - 1) / ((B - 3) * (1 - j)) - 1 / (B - 3)
LAMBDA_M = B * p / ((B + 1) * (1 - j))
LAMBDA_L = ((B - 2) * (1 - j) + B / (B - 1) * p) / ((B + 1) * (1 - j))
BOUND = (B - 2) / (B - 3)
USES = ("batch", "activation")
Q_STAR = constant("q_star", lambda s, d: fixed(s, d).q, "second moment of the activation", source="C2", uses=USES)
MU_STAR = constant("mu_star", lambda s, d: fixed(s, d).mu, "q* (1 - c*)", source="C2", uses=USES)
C_STAR = constant("c_star", 1 - MU_STAR.symbol / Q_STAR.symbol, "correlation within the batch", source="C2")
RATE_STAR = constant("rate", lambda s, d: fixed(s, d).rate, "growth of squared gradients", source="C4", uses=USES)
CONSTANTS = (
    Q_STAR,
    C_STAR,
    MU_STAR,
    RATE_STAR,
    constant("rate_lower_bound", BOUND, "least rate of all activations", source="C5"),
    constant("rate_relu", RATE.subs(AT_RHO), "rate of the rectifier", source="C6"),
    constant("rate_relu_limit", sp.pi / (sp.pi - 1), "its limit for large batches", source="C6"),
    constant("c_star_relu", J_RHO, "c* of the rectifier", source="C1"),
    constant("lambda_M_relu", LAMBDA_M.subs(AT_RHO), "forward eigenvalue, off the diagonal", source="C7"),
    constant("lambda_L_relu", LAMBDA_L.subs(AT_RHO), "forward eigenvalue, on the diagonal", source="C7"),
    constant("c_index", c_index, "c_k at k = index", source="C4", uses=("batch", "index")),
)


# --- the plane of two coordinates ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planar:
    """E phi(z1) phi(z2) and E [(B-1-z1^2) phi'(z1)^2 + (1 + z1 z2) phi'(z1) phi'(z2)], by integration over the plane."""

    product: arb
    gradient: arb


@lru_cache(maxsize=16)
def by_plane(expr: sp.Expr, batch: int) -> Planar:
    """Enclose both averages by a rule with positive weights on the plane of (z1, z2).

    (z1 + z2)/sqrt2 = sqrt(B-2) r cos t, (z1 - z2)/sqrt2 = sqrt(B) r sin t, t uniform, w = sqrt(1 - r^2) of density
    (B-3) w^(B-4). The rule is exact for the Chebyshev truncation p of degree D; what is left is a bilinear form in f - p,
    bounded by Cauchy and Schwarz for the integral and for the rule: (1 + z1 z2)^2 <= (B-1-z1^2)(B-1-z2^2).
    """
    around = analytic(expr, batch)
    with ctx.workprec(96):
        degree = around.degree(arb(10) ** -9, lambda n: 8 * around.slope_rest(n) * around.slope_rest(0))
        turns, count = 2 * degree + 1, (2 * degree + batch - 3) // 2 + 1
        f, df = (program(sp.diff(expr, X, k), (X,)) for k in (0, 1))
        directions = [(turn.cos_pi(), turn.sin_pi()) for turn in (arb(2 * k) / turns for k in range(turns))]
        product = gradient = arb(0)
        wide, narrow = (arb(batch) / 2).sqrt(), (arb(batch - 2) / 2).sqrt()
        for k in range(count):
            x, weight = arb.legendre_p_root(count, k, True)
            w = (1 + x) / 2
            share = weight / 2 * (batch - 3) * w ** (batch - 4) / turns
            r = (1 - w * w).sqrt()
            for c, s in directions:
                u, v = narrow * r * c, wide * r * s
                z1, z2 = u + v, u - v
                d1, d2 = df(z1), df(z2)
                product += share * f(z1) * f(z2)
                gradient += share * ((batch - 1 - z1 * z1) * d1 * d1 + (1 + z1 * z2) * d1 * d2)
        value, slope, total = around.rest(degree), around.slope_rest(degree), around.slope_rest(0)
        return Planar(
            product + arb(0, (2 * (2 * around.rest(-1) * value + value * value)).upper()),
            gradient + arb(0, (4 * (2 * total * slope + slope * slope)).upper()),
        )


def plane(context: Context) -> Planar:
    """Both averages in the setting."""
    if is_relu(context.setting):
        raise InputError("the rectifier has closed forms: see relu-rate")
    return by_plane(context.setting.activation.expr, context.setting.integer("batch"))


def certified(context: Context) -> averages.Averages:
    """What certificates say of the setting."""
    if is_relu(context.setting):
        raise InputError("the rectifier has closed forms: see relu-rate")
    return averages_of(context.setting.activation.expr, context.setting.integer("batch"))


@lru_cache(maxsize=8)
def averages_of(expr: sp.Expr, batch: int) -> averages.Averages:
    """The same for an activation: three certificates share what it has worked out."""
    if batch > 64:
        raise InputError("certificates are written for up to 64 inputs")
    found, both = by_series(expr, batch, 15), by_plane(expr, batch)
    with ctx.workdps(40):
        values = (found.q, found.slopes, both.gradient - found.slopes, both.product)
    known = dict(zip(averages.NAMES, values, strict=True))
    return averages.Averages(expr, batch, expansion(expr, batch, 15).coefficients, known)


# --- random networks -------------------------------------------------------------------------------------------------


def trained(act: Activation, batch: int, depth: int) -> Callable[[int, np.random.Generator, int], Mapping[str, Array]]:
    """Return the measurement of q, mu and of the rate over the middle layers, from a width, a generator and a number."""
    first, last = max(3, depth // 5), depth - max(2, depth // 10)

    def measure(width: int, rng: np.random.Generator, nets: int) -> dict[str, Array]:
        def block() -> Chain:
            return Chain([BatchNorm(), pointwise(act), dense(rng, nets, width, sigma_w=1.0)])

        trace = Network([block() for _ in range(depth)]).run(rng.standard_normal((nets, width, batch)))
        logs = log_gradient_norms(trace, rng.standard_normal((nets, width, batch)), whole_batch=True)
        inside = np.arange(first, last + 1)
        slope = np.polyfit(inside, logs[inside], 1)[0]
        late = covariances(trace.states[first:]).mean(axis=0)
        q = np.trace(late, axis1=1, axis2=2) / batch
        off = (late.sum(axis=(1, 2)) - batch * q) / (batch * (batch - 1))
        return {"q": q, "mu": q - off, "rate": np.exp(-slope)}

    return chunked(measure, 4)


@lru_cache(maxsize=8)
def simulated(act: Activation, batch: int, seed: int, nets: int) -> dict[str, Estimate]:
    """Q, mu and rate from networks of widths 80 and 200, 20 layers."""
    return at_widths(trained(act, batch, 20), (80, 200), nets, stream(seed, f"networks {act.name} {batch}"))


def networks(name: str, act: str = "") -> Callable[[Context], Estimate]:
    """One of these numbers, in the setting or for another activation."""

    def measure(context: Context) -> Estimate:
        chosen = activation(act) if act else context.setting.activation
        if context.setting.integer("batch") > 64:
            raise InputError("networks are drawn for batch <= 64")
        nets = context.budget.pick(24, 60, 240)
        return simulated(chosen, context.setting.integer("batch"), context.seed, nets)[name]

    return measure


DRAWN = "random networks of widths 80 and 200, 20 layers, the correction 1/N removed"


# --- C1 and C2: the fixed point --------------------------------------------------------------------------------------

POWER = (B - 4) / 2


def density_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E z^2 = (B-1)/(2 power + 3) by the beta integral is to be 1: the B coordinates have squares of sum B."""
    power = context["power"]
    return [((B - 1) / (2 * power + 3), ONE)]


def one_coordinate(context: Context) -> arb:
    """E phi(z)^2 with z = sqrt(B-1) sin s, by certified integration over s with the density of the reading."""
    setting, batch = context.setting, context.setting.integer("batch")
    if is_relu(setting):
        return arb(1) / 2
    s = sp.Symbol("s", real=True)
    power = 2 * context["power"].subs(B, batch) + 1
    weight = sp.cos(s) ** power
    norm = sp.sqrt(sp.pi) * sp.gamma((power + 1) / 2) / sp.gamma(power / 2 + 1)
    value = (setting.activation.expr.subs(X, sp.sqrt(batch - 1) * sp.sin(s))) ** 2 * weight / norm
    with ctx.workdps(40):
        return definite(value, s, -arb.pi() / 2, arb.pi() / 2, 14)


q, mu = Q_STAR.symbol, MU_STAR.symbol
UNIQUE = Note(
    id="fixed-point.attraction",
    severity="minor",
    text="That iterates converge to the symmetric fixed point is assumed in the text: neither uniqueness nor global "
    "stability is shown. Networks are seen to be there.",
)
fixed_point_claim = Claim(
    "fixed-point",
    title="The symmetric fixed point of a batch",
    statement=(
        r"$\Sigma^* = q^*[(1-c^*)I + c^*11^T]$, $q^* = E\phi(z)^2$, $q^*c^* = E\phi(z_1)\phi(z_2)$ for coordinates of the "
        r"sphere of radius $\sqrt B$ in $1^\perp$; $z$ has the density $\propto (B-1-z^2)^{(B-4)/2}$."
    ),
    source="1902.08129, Theorem 4",
    known="text read",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "In the setting: both averages by integration over one and two coordinates, and by Gegenbauer series.",
            {"power": POWER, "q": q, "product": q - mu, "mu": mu},
            checks=[
                identity("density", "power", density_steps, domain="all B", whole=False),
                certifying(
                    encloses(
                        "one", "q", one_coordinate, digits=10, whole=True, uses=["power"], domain="one coordinate"
                    ),
                    lambda context: averages.one(certified(context)),
                ),
                certifying(
                    encloses(
                        "two", "product", lambda k: plane(k).product, digits=7, whole=True, domain="two coordinates"
                    ),
                    lambda context: averages.two(certified(context)),
                    work=MAX_WORK,
                ),
                noted(agree("networks-q", "q", networks("q"), domain=DRAWN, group="networks"), UNIQUE),
                agree("networks-mu", "mu", networks("mu"), domain=DRAWN, group="networks"),
            ],
            wrong=[
                wrong("exponent", {"power": (B - 3) / 2}, "E z^2 would not be 1.", checks=["density", "one"]),
                wrong("gaussian", {"q": q * B / (B - 1)}, "A batch of 8 is not Gaussian."),
                wrong("independent", {"product": 0 * q + sp.Rational(1, 100)}, "Coordinates have correlation rho."),
                wrong("uncentred", {"mu": q * (1 - 1 / sp.pi)}, "tanh has no mean: c* is negative."),
            ],
        ),
        Reading("attracts", "Every start that is not degenerate converges to it."),
    ],
)


def relu_square(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The printed Gamma form; E max(z, 0)^2 = 1/2 as E z^2 = 1; and E max max by integration over the angle."""
    t, psi = sp.symbols("t psi", positive=True)
    end = sp.pi / 2 - psi
    # In the plane of two coordinates at angles -psi, psi the squared radius has mean 2.
    mean = 2 * sp.integrate((sp.cos(2 * t) + sp.cos(2 * psi)) / 2, (t, -end, end)) / (2 * sp.pi)
    mean = mean.subs(psi, ANGLE / 2)
    gammas = (B - 1) / (2 * sp.sqrt(sp.pi)) * sp.gamma(sp.Rational(3, 2)) / ((B - 1) / 2)
    return [(gammas, context["q"]), (sp.simplify(mean), sp.simplify(context["q"] * context["c"].subs(AT_RHO)))]


relu_point = Claim(
    "relu-fixed-point",
    title="The rectifier: q* = 1/2, c* = J(-1/(B-1))",
    statement=(
        r"$q^* = \frac{B-1}{2\sqrt\pi}\Gamma(\frac32)\Gamma(\frac{B-1}2)/\Gamma(\frac{B+1}2)$, $c^* = J(-1/(B-1))$."
    ),
    source="1902.08129, Theorem 5",
    known="text read",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "For every B; the Gamma functions cancel: Gamma((B+1)/2) = ((B-1)/2) Gamma((B-1)/2).",
            {"q": HALF, "c": j, "mu": (1 - j).subs(AT_RHO) / 2},
            checks=[
                identity("angle", ("q", "c"), relu_square, domain="all B"),
                agree("networks", "mu", networks("mu", "relu"), domain="rectifier; " + DRAWN, group="relu"),
            ],
            wrong=[
                wrong("one", {"q": ONE}, "Half of the sphere is cut."),
                wrong("rho", {"c": J_RHO.subs(B, B + 1)}, "rho is -1/(B-1)."),
                wrong("no-correlation", {"mu": HALF * (1 + 1 / sp.pi)}, "c* is positive."),
            ],
        )
    ],
)


# --- C3 to C5: the rate ----------------------------------------------------------------------------------------------


own, other, z1, z2 = sp.symbols("d11 d12 z1 z2")
TRACE = ((B - 1 - z1**2) * own + (1 + z1 * z2) * other) / (B - 3)


def backward_trace(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The trace of (G - nn') D G D over the batch, n = z/sqrt(B), and E 1/|g|^2 = 1/((B-3) mu) for a Gaussian g in B-1 dims.

    On the diagonal G is (B-1)/B and G - nn' (B-1-z^2)/B; off it -1/B and -(1 + z1 z2)/B.
    """
    diagonal = B * (B - 1) / B * (B - 1 - z1**2) / B * own
    rest = B * (B - 1) * (1 + z1 * z2) / B**2 * other
    per_layer = B / ((B - 3) * (B - 1)) * (diagonal + rest)
    return [(sp.expand(per_layer), sp.expand(context["trace"]))]


def plane_rate(context: Context) -> arb:
    """The rate by the integral in the plane."""
    batch = context.setting.integer("batch")
    found, whole = plane(context), by_series(context.setting.activation.expr, batch, 15)
    with ctx.workprec(96):
        return found.gradient / ((batch - 3) * (whole.q - found.product))


Moments = Callable[[int, int], Fraction]


def plane_moments(batch: int) -> Moments:
    """E z1^i z2^k, exactly: through a Gaussian in B-1 dimensions, whose pair has covariance (1, rho)."""

    def gaussian(i: int, k: int) -> Fraction:
        if i < 0 or k < 0 or (i + k) % 2:
            return Fraction(0)
        if i == 0:
            return Fraction(math.prod(range(1, k, 2)))
        rho = Fraction(-1, batch - 1)
        return (i - 1) * gaussian(i - 2, k) + rho * k * gaussian(i - 1, k - 1)

    def moment(i: int, k: int) -> Fraction:
        scale = math.prod(range(batch - 1, batch - 1 + i + k, 2))
        return gaussian(i, k) * Fraction(batch - 1) ** ((i + k) // 2) / scale

    return moment


POLYNOMIALS = ((0, 1), (1, 1), (0, 0, 1), (0, 1, 0, 2), (1, -2, 3, 1), (0, 0, 0, 0, 1), (2, 1, -1, 0, 1, 1))


def exact_rate(batch: int, c: tuple[int, ...]) -> Fraction:
    """The rate of a polynomial sum c_n z^n by the integral, from moments."""
    E = plane_moments(batch)
    d = [n * a for n, a in enumerate(c)][1:]
    top = mu = Fraction(0)
    for i, a in enumerate(d):
        for k, b in enumerate(d):
            top += a * b * ((batch - 1) * E(i + k, 0) - E(i + k + 2, 0) + E(i, k) + E(i + 1, k + 1))
    for i, a in enumerate(c):
        for k, b in enumerate(c):
            mu += a * b * (E(i + k, 0) - E(i, k))
    return top / ((batch - 3) * mu)


def series_pairs(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The series of each polynomial, its coefficients from exact moments, with the weight of the reading."""
    pairs = []
    for b in range(4, 10):
        E, r = plane_moments(b), ratios(b, 8)
        # In z, up to the root of B-1 that odd ones share: x^2 = z^2/(B-1).
        rows = [
            {e: Fraction(int(a.p), int(a.q)) / (b - 1) ** (e // 2) for (e,), a in sp.Poly(row, X).terms()}
            for row in polynomials(X, b, 5)
        ]
        for c in POLYNOMIALS:
            top = below = sp.Integer(0)
            for n in range(1, len(c)):
                inner = sum((a * x * E(i + e, 0) for i, a in enumerate(c) for e, x in rows[n].items()), Fraction(0))
                norm = sum((x * y * E(i + e, 0) for i, x in rows[n].items() for e, y in rows[n].items()), Fraction(0))
                share = sp.Rational(*(inner**2 / norm).as_integer_ratio()) * (1 - sp.Rational(int(r[n].p), int(r[n].q)))
                top += context["weight"].subs({B: b, k: n}) * share
                below += share
            pairs.append((sp.Rational(*exact_rate(b, c).as_integer_ratio()), top / below))
    return pairs


k = sp.Symbol("k", positive=True)
WEIGHT = k * (B - 3 + k) / (B - 3)
rate = RATE_STAR.symbol
SCOPE = Note(
    id="rate.scope",
    severity="remark",
    text="The rate is that of initialisation with epsilon = 0 and without skip connections. The later theorem that makes such "
    "computations rigorous (1902.04760) covers the forward kernel, and explicitly not the gradient through batch "
    "normalisation, whose Jacobian is singular.",
)
rate_claim = Claim(
    "rate",
    title="The rate of squared gradients, by integral and by series",
    statement=(
        r"$\lambda = \frac{1}{(B-3)\mu^*}E[(B-1-z_1^2)\phi'(z_1)^2 + (1+z_1z_2)\phi'(z_1)\phi'(z_2)] = "
        r"\sum_k \frac{k(B-3+k)}{B-3}c_ka_k^2 / \sum_k c_ka_k^2$."
    ),
    source="1902.08129, Theorems 7 and 9",
    known="text read",
    no_inequality="it states equalities; its lower bound is attacked in explosion",
    readings=[
        Reading(
            "stated",
            "In the setting: the series is the integral. The integrand is the trace of the backward map, and for polynomials "
            "both are compared in exact arithmetic.",
            {"trace": TRACE, "weight": WEIGHT, "rate": rate},
            checks=[
                identity("trace", "trace", backward_trace, domain="all B", whole=False),
                identity("polynomials", "weight", series_pairs, domain="B = 4..9, seven polynomials", whole=False),
                certifying(
                    encloses("plane", "rate", plane_rate, digits=6, whole=True, domain="two coordinates"),
                    lambda context: averages.rate(certified(context), plane_rate(context)),
                    work=MAX_WORK,
                ),
                noted(agree("networks", "rate", networks("rate"), domain=DRAWN, group="networks"), SCOPE),
            ],
            wrong=[
                wrong("norm", {"rate": sp.sqrt(rate)}, "It is the growth of the squared norm."),
                wrong("weight", {"weight": k}, "The sphere has k(k+B-3): tanh would give 1.0841, less than 6/5."),
                wrong("no-deviation", {"trace": ((B - 1) * own + other) / (B - 3)}, "The deviation has a derivative."),
                wrong("sign", {"trace": TRACE.subs(other, -other)}, "Both matrices are negative off the diagonal."),
                wrong("rectifier", {"rate": RATE.subs(AT_RHO)}, "tanh has a rate of its own."),
            ],
        )
    ],
)


place, turn = sp.symbols("x s", real=True)


def explosion_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Weight minus bound has the factors k-1 >= 0; |C_k/C_k(1)| < 1: a mean of powers of a number of modulus below 1."""
    modulus = place**2 + (1 - place**2) * sp.cos(turn) ** 2
    return [
        (sp.factor(context["weight"] - context["bound"]), sp.factor((k - 1) * (k + B - 2) / (B - 3))),
        (sp.simplify(1 - modulus - context["room"]), sp.Integer(0)),
    ]


STEP = sp.Symbol("e", nonnegative=True)


def laplace(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """C_k(x)/C_k(1) = E (x + i sqrt(1-x^2) cos s)^k for k <= 6, s of density sin^(B-4): moments (2i-1)!!/((B-2)(B)...)."""
    x, b = sp.symbols("x b", positive=True)
    found = []
    for n, row in enumerate(polynomials(x, b, 6)):
        total = sum(
            sp.binomial(n, 2 * i)
            * x ** (n - 2 * i)
            * (x**2 - 1) ** i
            * sp.prod(context["ladder"].subs({STEP: e, B: b}) for e in range(i))
            for i in range(n // 2 + 1)
        )
        found.append((sp.expand(sp.cancel(row)), sp.expand(sp.cancel(total))))
    return found


def affine(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The rate of phi = 1 + z against the bound: equal, and 1 + z is not linear; `excess` is what the reading expects."""
    return [
        (sp.Rational(*exact_rate(b, (1, 1)).as_integer_ratio()) - BOUND.subs(B, b), context["excess"]) for b in (5, 8)
    ]


LITERAL = Note(
    id="explosion.affine",
    severity="minor",
    text="'Equality iff phi is linear' should read 'iff phi is affine on [-sqrt(B-1), sqrt(B-1)]': a constant drops out, and "
    "what phi does beyond is never seen.",
)
MILD = Note(
    id="explosion.mild",
    severity="remark",
    text="For large batches the bound is 1 + 1/(B-3): 'explodes for every activation' is then a statement about a rate "
    "close to 1. The rectifier costs pi/(pi-1) at any batch size.",
)
explosion = Claim(
    "explosion",
    title="Gradients explode for every activation",
    statement=r"$\lambda \ge (B-2)/(B-3) > 1$, with equality iff $\phi$ is linear.",
    source="1902.08129, Theorem 9",
    known="text read",
    readings=[
        Reading(
            "strict",
            "Equality for linear phi only: phi = 1 + z has more than the bound.",
            {"excess": sp.Rational(1, 1000)},
            checks=[noted(identity("affine", "excess", affine, domain="phi = 1 + z, B = 5, 8"), LITERAL, when=False)],
            wrong=[wrong("less", {"excess": -sp.Rational(1, 1000)}, "The excess of phi = 1 + z is zero.")],
        ),
        Reading(
            "charitable",
            "A bound for every phi that is not constant, with equality iff a_k = 0 for k >= 2: the weights increase in k "
            "and c_k > 0.",
            {
                "weight": WEIGHT,
                "bound": BOUND,
                "room": (1 - place**2) * sp.sin(turn) ** 2,
                "excess": sp.Integer(0),
                "ladder": (2 * STEP + 1) / (B - 2 + 2 * STEP),
            },
            checks=[
                noted(
                    identity("weights", ("weight", "bound", "room"), explosion_steps, domain="all B >= 4, k >= 1"), MILD
                ),
                identity("laplace", "ladder", laplace, domain="k <= 6", whole=False),
                identity("affine", "excess", affine, domain="phi = 1 + z", whole=False),
            ],
            wrong=[
                wrong("weight", {"weight": k}, "With k alone the bound would be 1.", also=["slack-bound"]),
                wrong("larger", {"bound": BOUND + 1 / (B - 3)}, "Linear phi attains the bound.", also=["slack-bound"]),
                wrong("modulus", {"room": ONE}, "The modulus is 1 at s = 0.", checks=["weights"]),
                wrong("ladder", {"ladder": (2 * STEP + 1) / (B - 1 + 2 * STEP)}, "E cos^2 s = 1/(B-2)."),
                wrong("excess", {"excess": ONE}, "phi = 1 + z attains the bound."),
            ],
            attack=[
                bound(
                    "bound",
                    "bound",
                    "<=",
                    "weight",
                    over={BATCH: (4, 1000), k: (1, 100)},
                    integers=["batch", "k"],
                    log=["batch", "k"],
                    text="(B-2)/(B-3) <= k (B-3+k)/(B-3)",
                )
            ],
        ),
    ],
)


# --- C6 and C7: the rectifier ----------------------------------------------------------------------------------------


def relu_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E (B-1-z^2) 1 = (B-2)/2; E (1 + z1 z2) 1 1 = J'/2 + J/2; mu* = (1-J)/2. Both halves by integration over the angle."""
    t, psi = sp.symbols("t psi", positive=True)
    end = sp.pi / 2 - psi
    both = sp.integrate(ONE, (t, -end, end)) / (2 * sp.pi)
    integral = ((B - 2) / 2 + p / 2 + j / 2) / ((B - 3) * (1 - j) / 2)
    limit = sp.limit(context["rate"].subs(AT_RHO), B, sp.oo)
    return [
        (sp.simplify(both.subs(psi, ANGLE / 2)), sp.simplify(SLOPE_RHO / 2)),
        (sp.cancel(integral), sp.cancel(context["rate"])),
        (sp.simplify(limit), context["limit"]),
    ]


def falling(_: Context) -> list[At]:
    """Rates from B = 4 to 65536."""
    with ctx.workprec(128):
        return [At(relu_rate_at(2**e), f"B = {2**e}", 2**e) for e in range(2, 17)]


NEITHER = (B - 1) / ((B - 3) * (1 - J_RHO)) + sp.Rational(1, 5)
relu_rate = Claim(
    "relu-rate",
    title="The rate of the rectifier",
    statement=r"$\lambda = \frac{1}{B-3}\left(\frac{B-1+J'(\rho)}{1-J(\rho)} - 1\right)$, which falls to $\pi/(\pi-1)$.",
    source="1902.08129, Theorem 8",
    known="text read",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "The rate of squared norms, from the integral, for every B.",
            {"rate": RATE, "limit": sp.pi / (sp.pi - 1), "down": -ONE, "networks": RATE.subs(AT_RHO)},
            checks=[
                identity("angles", ("rate", "limit"), relu_steps, domain="all B"),
                monotone(
                    "falls", "down", falling, domain="B = 4, 8, ..., 65536", x_label="batch B", y_label="rate", log="x"
                ),
                agree("networks", "networks", networks("rate", "relu"), domain="rectifier; " + DRAWN, group="relu"),
            ],
            wrong=[
                wrong("norm", {"networks": sp.sqrt(sp.pi / (sp.pi - 1))}, "Squared norms grow by 1.788 at B = 8."),
                wrong("no-deviation", {"rate": RATE + 1 / (B - 3)}, "Without the derivative of the deviation: 1.988."),
                wrong("no-mean", {"networks": NEITHER}, "Mean and deviation depend on the batch: without both 2.1."),
                wrong("grows", {"down": ONE}, "3.08 at B = 4, 1.79 at B = 8."),
                wrong("limit", {"limit": sp.pi / (sp.pi + 1)}, "It is above 1."),
            ],
        )
    ],
)


COSINE = sp.Symbol("rho", real=True)
EVEN, DOUBLE = j / 4, (p + COSINE * j - p * COSINE**2) / 8
"""Averages over the angle of cos(t - s) cos(t + s) on its support, alone and times cos 2t; rho = cos 2s."""


def planar_average(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """E max(z1, 0) max(z2, 0) u'Du for a trace-free form D with `first`, `second` on the bisectors of the plane.

    u is uniform in d = B-1 dimensions; in the plane it has radius R and an angle t. Over the other directions the form
    averages to minus its trace in the plane over d-2.
    """
    d = B - 1
    square, fourth = 2 / d, 8 / (d * (d + 2))
    even, second_harmonic = EVEN, DOUBLE.subs(COSINE, RHO)
    inside = fourth * (even * (first + second) / 2 + second_harmonic * (first - second) / 2)
    return (B - 1) * (inside - (first + second) / (d - 2) * (square - fourth) * even)


def harmonics(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Both averages by integration."""
    t, psi = sp.symbols("t psi", positive=True)
    end, r = sp.pi / 2 - psi, sp.cos(2 * psi)
    f = (sp.cos(2 * t) + r) / 2
    at = {j: (sp.sin(2 * psi) + (sp.pi - 2 * psi) * r) / sp.pi, p: (sp.pi - 2 * psi) / sp.pi, COSINE: r}
    means = (sp.integrate(sp.expand(g), (t, -end, end)) / (2 * sp.pi) for g in (f, f * sp.cos(2 * t)))
    return [
        (sp.simplify(sp.expand_trig(mean - context[name].subs(at))), sp.Integer(0))
        for name, mean in zip(("even", "double"), means, strict=True)
    ]


def eigenvalue_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The derivative E f (u'Du) (B-1)/(2 mu) of the covariance, on both spaces.

    Off the diagonal: D_ii = 0, D_12 = 1. For GDG with D diagonal of trace 0 the output is s D + t (D 1 1' + 1 1' D) off the
    diagonal, of which G keeps s - 2t.
    """
    scale = (B - 1) / (2 * context["mu"])
    unit = B / (B - 1)
    off = planar_average(unit / (1 + RHO), -unit / (1 - RHO)) * scale
    pairs = planar_average((B - 4) / (2 * (B - 2)), HALF) * scale
    d = B - 1
    # E z^2 1(z > 0) (d x^2 - 1)/(d - 1), x = z/sqrt(B-1): E x^2 = 1/d, E x^4 = 3/(d (d+2))
    single = (B - 1) / 2 * (d * 3 / (d * (d + 2)) - 1 / d) / (d - 1) * (B - 2) / (B - 1) * scale
    return [(sp.cancel(off), sp.cancel(context["M"])), (sp.cancel(single - 2 * pairs), sp.cancel(context["L"]))]


def perturbed(which: str) -> Callable[[Context], list[At]]:
    """The map of covariances at B = 4 and 8, differentiated by common random numbers: 8e5 Gaussians."""
    return lambda context: [At(differences(context.seed, b)[which], f"B = {b}", where={B: b}) for b in (4, 8)]


@lru_cache(maxsize=8)
def differences(seed: int, b: int) -> dict[str, Estimate]:
    """Both eigenvalues by the weighted average E f (g'Dg/mu - tr D)/(2 mu), with z of unit mu."""
    rng, centre = stream(seed, f"forward {b}"), np.eye(b) - 1 / b
    D = np.zeros((b, b))
    D[0, 1] = D[1, 0] = D[2, 3] = D[3, 2] = 1
    D[0, 2] = D[2, 0] = D[1, 3] = D[3, 1] = -1
    E = centre @ np.diag([1, -1] + [0] * (b - 2)) @ centre
    batches: dict[str, list[float]] = {"M": [], "L": []}
    mu = float((1 - arc_cosine(arb(-1) / (b - 1))) / 2)
    for _ in range(40):
        g = rng.standard_normal((20_000, b)) @ centre
        z = np.sqrt(b) * g / np.linalg.norm(g, axis=1, keepdims=True)
        f = np.maximum(z, 0)
        for name, form in (("M", D), ("L", E)):
            tilt = (np.einsum("si,ij,sj->s", g, form, g) - np.trace(form)) / (2 * mu)
            image = centre @ (f.T @ (f * tilt[:, None]) / len(f)) @ centre
            batches[name].append(float(np.sum(image * form) / np.sum(form * form)))
    return {name: mean_of(v) for name, v in batches.items()}


SYMBOL = Note(
    id="eigenvalues.denominator",
    severity="major",
    text="The denominator decides stability: with mu* = q*(1-c*) both eigenvalues are below 1, with nu* = q* c*, as a scan "
    "prints it, both exceed 1 (1.61 and 2.23 at B = 8), and the fixed point would be unstable. mu* is right.",
)
MU, NU = (1 - j) / 2, j / 2
EIGENVALUES = {"M": LAMBDA_M, "L": LAMBDA_L, "mu": MU}
eigenvalues = Claim(
    "forward-eigenvalues",
    title="The fixed point of the rectifier attracts",
    statement=(
        r"$\lambda_M = BKJ'(\rho)/\mu^*$, $\lambda_L = \frac{K}{\mu^*}[(B-2)(1-J(\rho)) + \frac{B}{B-1}J'(\rho)]$, "
        r"$K = \Gamma(\frac32)\Gamma(\frac{B+1}2)/(2\sqrt\pi\,\Gamma(\frac{B+3}2)) = \frac{1}{2(B+1)}$."
    ),
    source="1902.08129, Theorem 6",
    known="text read",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "With mu* in the denominator, for every B >= 4: eigenvalues of the derivative of the map of covariances.",
            EIGENVALUES | {"M8": LAMBDA_M.subs(AT_RHO), "L8": LAMBDA_L.subs(AT_RHO), "even": EVEN, "double": DOUBLE},
            checks=[
                noted(identity("derivative", ("M", "L", "mu"), eigenvalue_steps, domain="all B"), SYMBOL),
                identity("harmonics", ("even", "double"), harmonics, domain="all angles", whole=False),
                agree("random-M", "M8", perturbed("M"), domain="8e5 Gaussians, B = 4, 8", group="forward"),
                agree("random-L", "L8", perturbed("L"), domain="8e5 Gaussians, B = 4, 8", group="forward"),
            ],
            wrong=[
                wrong("nu", {"mu": NU}, "Perturbations are measured by mu*, the variance on the hyperplane."),
                wrong("nu-M", {"M8": (LAMBDA_M * MU / NU).subs(AT_RHO)}, "1.61 at B = 8, where differences give 0.54."),
                wrong("nu-L", {"L8": (LAMBDA_L * MU / NU).subs(AT_RHO)}, "2.23 at B = 8, where differences give 0.74."),
                wrong("no-harmonic", {"double": EVEN * COSINE}, "The support is not the whole circle."),
                wrong("quarter", {"even": EVEN * 2}, "The mean square of a coordinate is 1/2.", checks=["harmonics"]),
                wrong("swapped", {"M": LAMBDA_L, "L": LAMBDA_M}, "They differ by the diagonal."),
            ],
        ),
        Reading(
            "as-scanned",
            "With nu* = q* c* in the denominator, as in a scan.",
            {"M": LAMBDA_M * MU / NU, "L": LAMBDA_L * MU / NU, "mu": MU},
            checks=[
                noted(identity("derivative", ("M", "L", "mu"), eigenvalue_steps, domain="all B"), SYMBOL, when=False)
            ],
            wrong=[wrong("sum", {"M": LAMBDA_M * MU / (MU + NU)}, "Nor is it q*.")],
        ),
    ],
)


# --- the paper -------------------------------------------------------------------------------------------------------


def simulate(trial: Trial) -> Simulated:
    """Random networks of the setting, with exact gradients through mean and deviation of the batch."""
    setting = trial.setting
    width, depth, batch = (setting.integer(n) for n in ("width", "depth", "batch"))
    if batch > LARGEST:
        raise InputError(f"networks are drawn for batch <= {LARGEST}, got {batch}")
    nets = trial.count("replicates", 2, 1000)
    trial.say(f"{nets} networks of width {width} and of {width // 2}, {depth} layers, batch {batch}")
    measure = trained(setting.activation, batch, depth)
    found = limits(trial.at_sizes("networks of width", (width // 2, width), nets, measure))
    first, last = max(3, depth // 5), depth - max(2, depth // 10)
    note = f"The rate is the slope of log squared gradient norms from layer {first} to {last}; the correction 1/N is removed."
    return Simulated(found, notes=(note,))


OPTIONS = (Option("replicates", "8", "networks at each width"),)
paper = Paper(
    id="batch-norm",
    title="A mean field theory of batch normalization",
    summary=(
        "Batch normalisation gives wide random networks a symmetric fixed point, at which gradients grow "
        "exponentially with depth whatever the activation is, least for a linear one; the rates are given."
    ),
    authors=("Greg Yang", "Jeffrey Pennington", "Vinay Rao", "Jascha Sohl-Dickstein", "Samuel S. Schoenholz"),
    source="https://arxiv.org/abs/1902.08129",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(fixed_point_claim, relu_point, rate_claim, explosion, relu_rate, eigenvalues),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "fixed-point/stated": "certified",
        "fixed-point/attracts": "unchecked",
        "relu-fixed-point/stated": "proved",
        "rate/stated": "certified",
        "explosion/strict": "refuted",
        "explosion/charitable": "proved",
        "relu-rate/stated": "proved",
        "forward-eigenvalues/stated": "proved",
        "forward-eigenvalues/as-scanned": "refuted",
    },
    references=(
        "Yang, Pennington, Rao, Sohl-Dickstein, Schoenholz: A mean field theory of batch normalization. ICLR 2019, "
        "arXiv:1902.08129",
        "Yang: Scaling limits of wide neural networks with weight sharing. arXiv:1902.04760",
    ),
)
