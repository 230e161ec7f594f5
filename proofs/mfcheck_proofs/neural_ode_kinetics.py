"""Mean-Field and Kinetic Descriptions of Neural Differential Equations (arXiv 2001.04294).

Layers of a residual network of one neuron per coordinate, as depth time: x' = sigma(w x + b). The law g of the data is
transported; with noise K(x) dW in every layer, read in the sense of Ito, d_t g + d_x(sigma(w x + b) g) is half of
d_xx(K^2 g). Stationary laws are symmetric in u = |w| x - b and have density proportional to exp(-c Phi(u)), where
Phi' = sigma, c = 2/(nu2 |w|), where K^2 = nu2.
"""

import math
from collections.abc import Callable, Iterable
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
    Evidence,
    Kind,
    Note,
    Option,
    Paper,
    Reading,
    Setting,
    Simulated,
    Step,
    Trial,
    agree,
    bound,
    constant,
    custom,
    encloses,
    evaluate,
    identical,
    identity,
    monotone,
    noted,
    parameter,
    proof,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.dynamics.fokker_planck import FokkerPlanck, relative_entropy
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose, exact
from mfcheck.rigor.definite import definite
from mfcheck.rigor.pieces import pieces
from mfcheck.statistics import exactly, mean_of, variance_of
from mfcheck.symbolic.activation import X, activation

Array = NDArray[np.float64]

W = parameter("w", -1, "weight of the stationary part", below=0)
B = parameter("b", "3/10", "bias of the stationary part")
NU2 = parameter("nu2", "1/2", "squared noise K^2", above=0)
W0 = parameter("w0", -1, "constant part of w(t)", least=-1000, most=1000)
W1 = parameter("w1", "1/2", "w(t) = w0 + w1 sin t", least=-1000, most=1000)
B0 = parameter("b0", "3/10", "constant part of b(t)")
B1 = parameter("b1", "1/10", "b(t) = b0 + b1 cos 2t")
M0 = parameter("m0", 2, "mean at the start")
V0 = parameter("v0", 2, "variance at the start", least=0)
HORIZON = parameter("horizon", 2, "depth time", least=0, most=1000)
PARAMETERS = (W, B, NU2, W0, W1, B0, B1, M0, V0, HORIZON)
w, b, nu2, w0, w1, b0, b1, m0, v0, T = (p.symbol for p in PARAMETERS)
t, s, x, u = sp.symbols("t s x u", real=True)

# --- moments ---------------------------------------------------------------------------------------------------------

INTEGRAL = w0 * t + w1 * (1 - sp.cos(t))
"""int_0^t w."""
BIAS = b0 + b1 * sp.cos(2 * t)


@lru_cache(maxsize=64)
def mean_at_horizon(setting: Setting, digits: int) -> arb:
    """Enclose e^W (m0 + int_0^T e^-W b)."""
    known = {p.symbol: sp.Rational(*setting[p.name].as_integer_ratio()) for p in PARAMETERS}
    inside = (sp.exp(-INTEGRAL) * BIAS).xreplace(known)
    with ctx.workdps(digits + 20):
        grown = enclose(sp.exp(INTEGRAL).xreplace(known | {t: known[T]}), {}, ctx.prec)
        return grown * (exact(setting["m0"]) + definite(inside, t, 0, setting["horizon"], digits + 10))


# --- stationary laws -------------------------------------------------------------------------------------------------

POTENTIALS = {
    sp.tanh(X): sp.log(sp.cosh(X)),
    sp.erf(X): X * sp.erf(X) + (sp.exp(-(X**2)) - 1) / sp.sqrt(sp.pi),
    sp.atan(X): X * sp.atan(X) - sp.log(1 + X**2) / 2,
    X: X**2 / 2,
}
"""Phi for the odd, nondecreasing activations that do not vanish at infinity."""


def potential(setting: Setting) -> sp.Expr:
    """Return Phi for a f(k x), a, k > 0, with f one of the four."""
    a, k = sp.Wild("a", exclude=[X, 0]), sp.Wild("k", exclude=[X, 0])
    for known, phi in POTENTIALS.items():
        found = setting.activation.expr.match(a * known.subs(X, k * X) if known != X else a * X)
        if found and all(value.is_positive for value in found.values()):
            scale = found.get(k, sp.Integer(1))
            return found[a] / scale * phi.subs(X, scale * X)
    raise InputError("stationary laws are known for odd, nondecreasing activations: tanh, erf, arctan, and x")


def _weight(setting: Setting) -> sp.Rational:
    """Return c = 2/(nu2 |w|), the strength of the potential."""
    return sp.Rational(*(2 / (setting["nu2"] * -setting["w"])).as_integer_ratio())


def _unit(setting: Setting) -> sp.Rational:
    """Return a unit of u in which the law is about one wide: about 1/sqrt c for a strong potential, 1/c for a weak one."""
    c = _weight(setting)
    return sp.Rational(1, math.isqrt(math.ceil(c))) if c >= 1 else sp.ceiling(1 / c)


def _log_cosh(log: sp.Expr) -> sp.Expr:
    """Return log cosh y as y + log((1 + exp(-2y))/2), whose powers stay on one branch far out to the right."""
    y = log.args[0].args[0]
    return y + sp.log((1 + sp.exp(-2 * y)) / 2)


@lru_cache(maxsize=64)
def even_moment(setting: Setting, order: int, digits: int) -> arb:
    """Enclose int_0^oo v^order exp(-c Phi(unit v)) dv; beyond R convexity bounds Phi by its tangent."""
    c, phi = _weight(setting), potential(setting).subs(X, _unit(setting) * X)
    decaying = phi.replace(lambda e: e.func == sp.log and e.args[0].func == sp.cosh, _log_cosh)
    f = X**order * sp.exp(-c * decaying)
    with ctx.workdps(digits + 15):
        R = arb(8)
        while True:
            rate_ = enclose(c * sp.diff(phi, X), {X: R})
            # int_R^oo v^k e^(-rate (v - R)) dv <= (R + k/rate)^k k!/rate for k = 0, 2.
            tail = enclose(sp.exp(-c * phi), {X: R}) * (R + order / rate_) ** order * (1 + order) / rate_
            if tail < arb(10) ** -(digits + 5):
                break
            R = R * 3 / 2
        return definite(f, X, 0, R, digits + 8) + arb(0, tail.upper())


def fp_variance(setting: Setting, digits: int) -> arb:
    """Enclose the variance of the stationary law with K^2 = nu2."""
    ratio = even_moment(setting, 2, digits) / even_moment(setting, 0, digits)
    unit = _unit(setting)
    return ratio * fmpq(int(unit.p), int(unit.q)) ** 2 / exact(setting["w"]) ** 2


def fp_mean(setting: Setting, digits: int) -> arb:
    """Return the mean, the centre of symmetry."""
    del digits
    potential(setting)
    return exact(-setting["b"] / setting["w"])


def slope_at_zero(setting: Setting, digits: int) -> arb:
    """Enclose |w sigma'(0)|."""
    if any(part.upper == 0 for part in pieces(setting.activation.expr)):
        raise InputError("sigma'(0) does not exist: the activation has a kink or a jump at 0")
    slope = setting.activation.derivative(1).subs(X, 0)
    return abs(exact(setting["w"]) * enclose(slope, {}, int(4 * digits)))


def _positive_bias(setting: Setting) -> None:
    if setting["b"] <= 0:
        raise InputError("the inverse gamma law needs b > 0")


def _inverse_gamma(formula: sp.Expr, second: bool = False) -> Callable[[Setting, int], arb]:
    """Return the value of a formula in settings where the inverse gamma law, or its variance, exists."""

    def value(setting: Setting, digits: int) -> arb:
        _positive_bias(setting)
        if second and 2 * -setting["w"] <= setting["nu2"]:
            raise InputError("the variance of the inverse gamma law is infinite: it needs 2 |w| > nu2")
        return evaluate(formula, None, setting, {p.symbol: setting[p.name] for p in PARAMETERS}, digits)

    return value


SHAPE, SCALE = 1 - 2 * w / nu2, 2 * b / nu2
TANH_VAR = sp.polygamma(1, -1 / (nu2 * w)) / (2 * w**2)


def tanh_variance(setting: Setting, digits: int) -> arb:
    """Enclose psi_1(1/(nu2 |w|))/(2 w^2): Hurwitz's zeta function of order 2."""
    with ctx.workdps(digits + 10):
        at = exact(-1 / (setting["nu2"] * setting["w"]))
        return arb(2).zeta(at) / (2 * exact(setting["w"]) ** 2)


LAW = ("w", "b", "nu2", "activation")
FP_VAR = constant("fp_var", fp_variance, "variance of the stationary law", source="C3", uses=LAW)
CONSTANTS = (
    constant(
        "mean_t", mean_at_horizon, "mean at the horizon", source="C1", uses=("w0", "w1", "b0", "b1", "m0", "horizon")
    ),
    constant("var_t", v0 * sp.exp(2 * INTEGRAL.subs(t, T)), "variance at the horizon", source="C1"),
    constant("steady_point", -b / w, "where the data aggregate", source="C2"),
    constant("linear_rate", slope_at_zero, "rate at which they do", source="C2", uses=("w", "activation")),
    constant("fp_mean", fp_mean, "mean of the stationary law, K^2 = nu2", source="C3", uses=LAW),
    FP_VAR,
    constant("tanh_var", tanh_variance, "its variance for tanh", source="C3", uses=("w", "nu2")),
    constant("invgamma_shape", _inverse_gamma(SHAPE), "shape for K = nu x", source="C3", uses=LAW[:3]),
    constant("invgamma_mean", _inverse_gamma(-b / w), "mean for K = nu x", source="C3", uses=LAW[:3]),
    constant(
        "invgamma_var",
        _inverse_gamma((b / w) ** 2 / (SHAPE - 2), True),
        "variance for K = nu x",
        source="C3",
        uses=LAW[:3],
    ),
)

# --- C1: moments -----------------------------------------------------------------------------------------------------

w_t, b_t = sp.Function("w", real=True)(t), sp.Function("b", real=True)(t)
A, I_w = sp.symbols("A W", real=True)
m_1, m_2 = sp.symbols("m_1 m_2", real=True)


def moment_steps(context: Context) -> Iterable[Step]:
    """d/dt int x^k g = int k x^(k-1) (w x + b) g by parts; then V' for V = m_2 - m_1^2, and its solution."""
    velocity = w_t * x + b_t
    first, second = (sp.expand(sp.diff(x**k, x) * velocity) for k in (1, 2))
    averages = {x**2: m_2, x: m_1}
    slopes = [sp.expand(e).subs(x**2, m_2).subs(x, m_1) for e in (first, second)]
    del averages
    spread = sp.expand(slopes[1] - 2 * m_1 * slopes[0]).subs(m_2, A + m_1**2)
    solution = context["variance"]
    return identical(
        {
            "m1' = w m1 + b": (slopes[0], context["first"]),
            "m2' = 2 w m2 + 2 b m1": (slopes[1], context["second"]),
            "V' = 2 w V": (sp.expand(spread), 2 * w_t * A),
            "the stated V solves it": (sp.diff(solution, I_w), 2 * solution),
            "V starts at v0": (solution.subs(I_w, 0), v0),
        }
    )


def variance_by_data(context: Context) -> list[At]:
    """Two points a standard deviation beside the mean have the variance of any law: the flow is affine."""
    setting = context.setting
    spread = mean_at_horizon(setting.with_values(m0=1), 20) - mean_at_horizon(setting.with_values(m0=0), 20)
    return [At(exact(setting["v0"]) * spread**2)]


moments = Claim(
    "moments",
    title="Closed equations for mean and variance",
    statement=(
        r"For $\sigma = \mathrm{id}$: $m_1' = w m_1 + b$, $m_2' = 2 w m_2 + 2 b m_1$, "
        r"$V(t) = v_0 e^{2\int_0^t w}$."
    ),
    source="2001.04294, moment model",
    known="from memory",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "For all weights and biases that depend on depth time, by parts; and at the horizon of the setting.",
            {
                "first": w_t * m_1 + b_t,
                "second": 2 * w_t * m_2 + 2 * b_t * m_1,
                "variance": v0 * sp.exp(2 * I_w),
                "at_horizon": v0 * sp.exp(2 * INTEGRAL.subs(t, T)),
            },
            checks=[
                proof(
                    "by-parts", ("first", "second", "variance"), moment_steps, kind=Kind.EXACT, domain="all w(t), b(t)"
                ),
                encloses("transported", "at_horizon", variance_by_data, digits=12, domain="two transported points"),
            ],
            wrong=[
                wrong("no-two", {"second": w_t * m_2 + 2 * b_t * m_1}, "d(x^2) = 2 x dx."),
                wrong(
                    "rate",
                    {"variance": v0 * sp.exp(I_w), "at_horizon": v0 * sp.exp(INTEGRAL.subs(t, T))},
                    "It is a square.",
                ),
            ],
        )
    ],
)


def counterexample(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """W = -1/(1+t)^2 is negative for all t, and int_0^oo w = -1."""
    end = sp.integrate(-1 / (1 + s) ** 2, (s, 0, sp.oo))
    return [(v0 * sp.exp(2 * end), context["limit"])]


def aggregation_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """V -> 0 exactly where the integral of w goes to minus infinity: log V = log v0 + 2 W."""
    return [(sp.limit(v0 * sp.exp(2 * I_w), I_w, -sp.oo), context["limit"]), (sp.log(sp.exp(2 * I_w)), context["log"])]


INTEGRAL_DECIDES = Note(
    id="aggregation.integral",
    severity="minor",
    text="Aggregation depends on the integral of w alone: w < 0 for all t is neither needed nor enough. With "
    "w = -1/(1+t)^2 the variance tends to v0 e^-2.",
)
aggregation = Claim(
    "aggregation",
    title="Data aggregate for negative weights",
    statement="If $w(t) < 0$ for all $t$ the data aggregate: $V(t) \\to 0$.",
    source="2001.04294, long-time behaviour",
    known="from memory",
    no_inequality="its counterexample is a function of time",
    readings=[
        Reading(
            "strict",
            "w < 0 for all t implies V -> 0.",
            {"limit": sp.Integer(0)},
            checks=[
                noted(
                    identity("slow-weights", "limit", counterexample, domain="w = -1/(1+t)^2", whole=False),
                    INTEGRAL_DECIDES,
                    when=False,
                )
            ],
            wrong=[wrong("half", {"limit": v0 * sp.exp(-1)}, "The variance carries the square: v0 e^-2.")],
        ),
        Reading(
            "charitable",
            "V -> 0 iff the integral of w goes to minus infinity.",
            {"limit": sp.Integer(0), "log": 2 * I_w},
            checks=[identity("integral", ("limit", "log"), aggregation_steps, domain="all w(t)")],
            wrong=[wrong("stays", {"limit": v0}, "exp(-oo) = 0."), wrong("once", {"log": I_w}, "V is a square.")],
        ),
    ],
)

# --- C2: steady states -----------------------------------------------------------------------------------------------


d_sigma = sp.Symbol("d", real=True)


def steady_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The drift vanishes at x*, where sigma is near d_sigma times its argument, and has the slope w d_sigma."""
    at, nearby = context["point"], d_sigma * (w * x + b)
    return [(w * at + b, sp.Integer(0)), (sp.diff(nearby, x), context["slope"])]


def rate_of_flow(context: Context) -> list[At]:
    """Slope of the drift at x* by a symmetric difference, with its error from the third derivative's size."""
    setting, h = context.setting, Fraction(1, 10**6)
    f = setting.activation.expr
    at, weight = -setting["b"] / setting["w"], setting["w"]
    values = [enclose(f, {X: weight * (at + sign * h) + setting["b"]}) for sign in (1, -1)]
    third = enclose(sp.diff(f, X, 3), {X: arb(0, abs(float(weight)) * 1e-6)})
    slope = (values[0] - values[1]) / (2 * exact(h)) + arb(0, 1) * abs(third) * exact(abs(weight) ** 3 * h**2)
    return [At(slope, where={d_sigma: enclose(f.diff(X).subs(X, 0), {})})]


def relu_points(context: Context) -> Evidence:
    """For ReLU with w = -1, b = 0 both x = 1 and x = 2 are stationary."""
    points = [Fraction(1), Fraction(2)]
    still = [point for point in points if max(-point, Fraction(0)) == 0]
    unique = int(context["count"]) >= len(still)
    return Evidence(
        passed=unique,
        lhs=f"{len(still)} stationary points: x = 1, 2",
        rhs=str(context["count"]),
        error=0.0,
        domain="sigma = ReLU, w = -1, b = 0",
        reason="" if unique else "max(0, w x + b) vanishes at x = 1 and at x = 2",
    )


CONTINUUM = Note(
    id="steady-states.relu",
    severity="minor",
    text="For ReLU every x with w x + b <= 0 is stationary: there is a continuum, and the steady state is not unique.",
)
ORDERED = Note(
    id="steady-states.order",
    severity="remark",
    text="All data share one weight, and the flow on the line is monotone: it never changes the order of two points, "
    "so that what it classifies are quantiles.",
)
steady = Claim(
    "steady-states",
    title="Steady states of the transport equation",
    statement=r"Dirac masses at $x^* = -b/w$, stable iff $w\sigma'(0) < 0$, with local rate $|w\sigma'(0)|$.",
    source="2001.04294, steady states",
    known="from memory",
    no_inequality="it is about a derivative at a point",
    readings=[
        Reading(
            "stated",
            "For sigma with the only zero 0: the drift vanishes at x*, and has slope w sigma'(0) there.",
            {"point": -b / w, "slope": w * d_sigma, "rate": w * d_sigma},
            checks=[
                noted(identity("root", ("point", "slope"), steady_steps, domain="all sigma, w, b"), ORDERED),
                encloses("slope-here", "rate", rate_of_flow, digits=8, domain="the activation of the setting"),
            ],
            wrong=[
                wrong("sign", {"slope": -w * d_sigma, "rate": -w * d_sigma}, "w < 0 and sigma' > 0 attract."),
                wrong("root", {"point": b / w}, "w x + b vanishes at -b/w."),
            ],
        ),
        Reading(
            "every-activation",
            "The steady state is unique for every activation with sigma(0) = 0.",
            {"count": sp.Integer(1)},
            checks=[noted(custom("relu", "count", relu_points, kind=Kind.EXACT), CONTINUUM, when=False)],
            wrong=[wrong("none", {"count": sp.Integer(0)}, "x = 1 is stationary.")],
        ),
    ],
)

# --- C3: stationary laws ---------------------------------------------------------------------------------------------

y = sp.symbols("y", positive=True)


def flux_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """No flux: sigma g = (K^2 g)'/2, that is (log g)' = (2 sigma - (K^2)')/K^2."""
    laws = (
        (context["gauss"], x, w * x + b, nu2),
        (context["tanh"], x, sp.tanh(w * x + b), nu2),
        (context["invgamma"], y, w * y + b, nu2 * y**2),
    )
    return [(sp.diff(log_g, at), (2 * drift - sp.diff(K2, at)) / K2) for log_g, at, drift, K2 in laws]


def trigamma(context: Context) -> list[At]:
    """Variance of exp(-c log cosh u)/w^2 by quadrature, for the setting and two other noises."""
    found = []
    for noise in (context.setting["nu2"], Fraction(1, 5), Fraction(3)):
        there = context.setting.with_values(nu2=noise)
        value = fp_variance(Setting(there.data, activation("tanh"), there.values), 12)
        found.append(At(value, f"nu2 = {noise}", float(noise), {nu2: noise}))
    return found


def inverse_gamma_moments(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Ratios of gamma functions: int x^k x^(-a-1) e^(-s/x) = s^(k-a) Gamma(a-k)."""
    a = sp.Symbol("a", positive=True)
    shape, scale = context["shape"], context["scale"]
    mean = sp.gammasimp(sp.gamma(a - 1) / sp.gamma(a)).subs(a, shape) * scale
    square = sp.gammasimp(sp.gamma(a - 2) / sp.gamma(a)).subs(a, shape) * scale**2
    return [(mean, context["mean"]), (sp.simplify(square - mean**2), context["variance"])]


GAUSS, TANH = w * (x + b / w) ** 2 / nu2, 2 / (nu2 * w) * sp.log(sp.cosh(w * x + b))
LOG_GAMMA = -(SHAPE + 1) * sp.log(y) - SCALE / y
ITO = Note(
    id="stationary-laws.convention",
    severity="major",
    text="The convention of the noise decides the stationary law of multiplicative noise: Ito gives shape "
    "1 + 2|w|/nu2, Stratonovich 2|w|/nu2, with another mean. The text does not say which is meant (as we remember it).",
)
NO_HALF = {"gauss": GAUSS / 2, "tanh": TANH / 2}
laws = Claim(
    "stationary-laws",
    title="Stationary laws of the Fokker-Planck equation",
    statement=(
        r"$g_\infty \propto K^{-2}\exp(\int 2\sigma(wx+b)/K^2)$: Gaussian of variance $\nu^2/(2|w|)$ for the "
        r"identity; $\psi_1(1/(\nu^2|w|))/(2w^2)$ for tanh; inverse gamma of shape $1 + 2|w|/\nu^2$, scale "
        r"$2b/\nu^2$ for $K = \nu x$."
    ),
    source="2001.04294, Fokker-Planck limit",
    known="from memory",
    readings=[
        Reading(
            "stated",
            "With noise in the sense of Ito, and the factor 1/2: no flux, and the moments.",
            {
                "gauss": GAUSS,
                "tanh": TANH,
                "invgamma": LOG_GAMMA,
                "shape": SHAPE,
                "scale": SCALE,
                "mean": -b / w,
                "variance": (b / w) ** 2 / (SHAPE - 2),
                "tanh_var": TANH_VAR,
                "zero": sp.Integer(0),
                "log_tanh": TANH.subs(b, 0),
            },
            checks=[
                noted(identity("no-flux", ("gauss", "tanh", "invgamma"), flux_steps, domain="all w < 0, b, nu2"), ITO),
                encloses(
                    "trigamma",
                    "tanh_var",
                    trigamma,
                    digits=9,
                    domain="quadrature with a bound of the tails",
                    x_label="nu2",
                ),
                identity(
                    "moments", ("shape", "scale", "mean", "variance"), inverse_gamma_moments, domain="2|w| > nu2, b > 0"
                ),
            ],
            wrong=[
                wrong("no-half", NO_HALF, "With d_xx(K^2 g) in place of half of it the variance doubles."),
                wrong(
                    "exponent",
                    {"tanh": TANH / 2, "tanh_var": sp.polygamma(1, -1 / (2 * nu2 * w)) / (2 * w**2)},
                    "The drift enters with 2/K^2.",
                ),
                wrong(
                    "stratonovich", {"invgamma": LOG_GAMMA + sp.log(y), "shape": SHAPE - 1}, "That is another equation."
                ),
                wrong(
                    "no-prefactor", {"invgamma": LOG_GAMMA + 2 * sp.log(y), "shape": SHAPE - 2}, "K^-2 = 1/(nu2 x^2)."
                ),
                wrong(
                    "growing", {"log_tanh": -TANH.subs(b, 0)}, "It would not be integrable.", checks=["slack-confined"]
                ),
            ],
            attack=[
                bound(
                    "confined",
                    "log_tanh",
                    "<=",
                    "zero",
                    over={W: (-5, "-1/10"), NU2: ("1/10", 5), x: (-10, 10)},
                    text="log of the density is largest at the centre",
                )
            ],
        )
    ],
)

# --- C4: convergence -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def evolution(setting: Setting, noise: float, cells: int) -> tuple[Array, tuple[Estimate, Estimate], Array]:
    """Relative entropy at t = 0, 1, 2, 4; mean and variance at t = 40 with errors; by exponential fitting."""
    f = setting.activation.numpy_function()
    weight, bias = setting.number("w"), setting.number("b")
    centre, reach = -bias / weight, 24 * max(1.0, noise) / abs(weight)
    grid = np.linspace(centre - reach, centre + reach, cells)
    equation = FokkerPlanck(grid, lambda z, _: f(weight * z + bias), lambda z: np.full_like(z, np.sqrt(noise)))
    start = np.exp(-((grid - centre - 1.5) ** 2)) / np.sqrt(np.pi)
    start /= start.sum() * equation.h
    rest = equation.equilibrium()
    path = equation.evolve_to(start, [1.0, 2.0, 4.0, 40.0])
    entropy = [relative_entropy(g, rest, equation.h) for g in (start, *path.density[:3])]
    mean, error = path.mean(grid)
    square, rough = path.mean((grid - centre) ** 2)
    cell = equation.h**2
    found = exactly(float(mean[-1]), float(error[-1]) + cell), exactly(float(square[-1]), float(rough[-1]) + cell)
    return np.array([0.0, 1.0, 2.0, 4.0]), found, np.array(entropy)


def entropies(context: Context) -> list[At]:
    """Relative entropy to the stationary law, which falls."""
    times, _, values = evolution(
        context.setting, float(context["noise"].subs(nu2, context.setting.number("nu2"))), 1201
    )
    return [At(exactly(float(v), 1e-6), f"t = {k:g}", float(k)) for k, v in zip(times, values, strict=True)]


def late_variance(context: Context) -> list[At]:
    """Variance at t = 40 against that of the stationary law."""
    noise = float(context["noise"].subs(nu2, context.setting.number("nu2")))
    return [At(evolution(context.setting, noise, context.budget.pick(1201, 2401, 4801))[1][1])]


convergence = Claim(
    "convergence",
    title="Convergence to the stationary law",
    statement="For confining activations the law tends to $g_\\infty$: the relative entropy falls.",
    source="2001.04294, long-time behaviour",
    known="from memory",
    no_inequality="it is about a solution in time",
    readings=[
        Reading(
            "charitable",
            "From one start, for the activation of the setting, by exponential fitting on a grid.",
            {"down": -sp.Integer(1), "noise": nu2, "variance": FP_VAR.symbol},
            checks=[
                monotone("entropy", "down", entropies, kind=Kind.SIMULATED, uses=["noise"], domain="t = 0, 1, 2, 4"),
                agree("variance", "variance", late_variance, resolution=0.05, uses=["noise"], domain="t = 40"),
            ],
            wrong=[
                wrong("up", {"down": sp.Integer(1)}, "It falls, by the entropy inequality.", checks=["entropy"]),
                wrong(
                    "no-half",
                    {"noise": 2 * nu2},
                    "Without the factor 1/2 the noise is twice as large.",
                    checks=["variance"],
                ),
            ],
        )
    ],
)

# --- C5: sensitivity and depth ---------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def end_points(setting: Setting) -> tuple[Array, Array, float, float]:
    """End of x' = sigma(w x + b) from x = 2 over the horizon by Euler's layers, and a fine value and sensitivity."""
    f, df = setting.activation.numpy_function(), setting.activation.numpy_function(1)
    weight, bias, end = setting.number("w"), setting.number("b"), 2.0

    def run(layers: int) -> tuple[float, float]:
        z, log_slope, dt = 2.0, 0.0, end / layers
        for _ in range(layers):
            at = np.array([weight * z + bias])
            log_slope += np.log1p(dt * weight * float(df(at)[0]))
            z += dt * float(f(at)[0])
        return z, log_slope

    sizes = np.array([16, 32, 64, 128])
    found = np.array([run(int(n)) for n in sizes])
    fine = [run(n) for n in (1024, 2048, 4096)]
    twice = [2 * fine[k + 1][0] - fine[k][0] for k in (0, 1)]
    slopes = [2 * fine[k + 1][1] - fine[k][1] for k in (0, 1)]
    return sizes.astype(float), found[:, 0], (4 * twice[1] - twice[0]) / 3, (4 * slopes[1] - slopes[0]) / 3


def euler_errors(context: Context) -> tuple[Array, Array, Array]:
    """Errors of Euler's layers at depths 16 to 128."""
    sizes, values, fine, _ = end_points(context.setting)
    return sizes, np.abs(values - fine), np.full(len(sizes), 1e-9)


DERIVATIVE = sp.Symbol("D", real=True)


def sensitivity_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Y = dx(t)/dx(0) obeys Y' = (slope of the drift) Y, so that its logarithm has that slope as derivative."""
    Y = sp.Function("Y", positive=True)(t)
    slope = sp.diff(DERIVATIVE * (w * x + b), x)
    return [(sp.diff(sp.log(Y), t).subs(sp.diff(Y, t), slope * Y), context["exponent"])]


sensitivity = Claim(
    "sensitivity",
    title="Sensitivity to the data, and the error of depth",
    statement=r"$dx(T)/dx(0) = \exp(\int_0^T w\,\sigma'(wx+b))$; explicit layers have error $O(\Delta t)$.",
    source="derived here",
    known="derived here",
    no_inequality="it states an equality and an order",
    readings=[
        Reading(
            "stated",
            "Order one of Euler's layers at the setting's activation; the exponent by the chain rule.",
            {"order": -sp.Integer(1), "exponent": w * DERIVATIVE},
            checks=[
                identity("chain-rule", "exponent", sensitivity_steps, domain="all sigma", whole=False),
                rate(
                    "layers",
                    "order",
                    euler_errors,
                    x_label="layers",
                    y_label="error at T = 2",
                    domain="16 to 128 layers",
                ),
            ],
            wrong=[
                wrong("two", {"order": -sp.Integer(2)}, "Euler's method has order one."),
                wrong("no-w", {"exponent": DERIVATIVE}, "The inner derivative is w."),
            ],
        )
    ],
)


def clock(setting: Setting) -> tuple[float, int]:
    """Time at which paths have forgotten their start, and a number of steps on the way there.

    Near the steady point they forget at the rate |w sigma'(0)|, far from it at sigma(inf)^2/(2 nu2): the spectral gap of
    the Langevin equation in a quadratic potential, and in one that grows linearly.

    Raises:
        InputError: sigma'(0) is not positive.
    """
    below, above, far = map(float, setting.activation.numpy_function()(np.array([-1e-6, 1e-6, 1e6])))
    near = abs(setting.number("w")) * (above - below) / 2e-6
    if not near > 0:
        raise InputError("simulate needs an activation that rises at 0")
    slowest = min(near, far**2 / (2 * setting.number("nu2")))
    return 20 / slowest, int(np.ceil(20 / slowest / min(0.02 / np.sqrt(near * slowest), 0.5 / near)))


def simulate(trial: Trial) -> Simulated:
    """Paths of dX = sigma(w X + b) dt + nu dW by Euler and Maruyama, until they forget their start, at two steps."""
    setting, paths = trial.setting, trial.count("paths", 100, 1_000_000)
    f, weight, bias = setting.activation.numpy_function(), setting.number("w"), setting.number("b")
    root, (end, few) = np.sqrt(setting.number("nu2")), clock(setting)
    if 3 * few * paths > 3e9:
        raise InputError(
            f"{paths} paths of {3 * few} steps are too many: strong noise is forgotten slowly, lower paths"
        )
    trial.say(f"{paths} paths to t = {end:g}, {few} and {2 * few} steps")

    def walk(steps: int, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        z, dt = np.full(count, -bias / weight), end / steps
        for _ in range(steps):
            z += dt * f(weight * z + bias) + root * np.sqrt(dt) * rng.standard_normal(count)
        return z

    ends = list(trial.at_sizes("paths by steps", (few, 2 * few), paths, walk, least=8).values())
    bias_mean = abs(float(ends[0].mean() - ends[1].mean())) / 2
    bias_var = abs(float(ends[0].var() - ends[1].var()))
    final = {"fp_mean": mean_of(ends[1], bias_mean), "fp_var": variance_of(ends[1], bias_var)}
    return Simulated(final, notes=(f"The error covers paths and the step; t = {end:g} stands for infinity.",))


OPTIONS = (Option("paths", "40000", "number of paths"),)
paper = Paper(
    id="neural-ode-kinetics",
    title="Mean-Field and Kinetic Descriptions of Neural Differential Equations",
    summary=(
        "A residual network acts on the law of its data by a transport equation, or by a Fokker-Planck "
        "equation if noise is added; moments, steady states and the convergence to them are given, and with "
        "them what such a network can cluster and classify."
    ),
    authors=("Michael Herty", "Torsten Trimborn", "Giuseppe Visconti"),
    source="https://arxiv.org/abs/2001.04294",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(moments, aggregation, steady, laws, convergence, sensitivity),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "moments/stated": "proved",
        "aggregation/strict": "refuted",
        "aggregation/charitable": "proved",
        "steady-states/stated": "proved",
        "steady-states/every-activation": "refuted",
        "stationary-laws/stated": "proved",
        "convergence/charitable": "supported",
        "sensitivity/stated": "supported",
    },
    references=(
        "Herty, Trimborn, Visconti: Mean-Field and Kinetic Descriptions of Neural Differential Equations. "
        "arXiv:2001.04294",
    ),
)
