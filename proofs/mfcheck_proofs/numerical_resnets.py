"""Beyond finite layer neural networks: architectures as numerical schemes (arXiv 1710.10121).

The instance is `f(u) = 3/10 - sin u` on the line, whose flow has a closed form: `tan((u - u0)/2)` solves a Riccati
equation. The two-step network is `u_(n+1) = (1-k) u_n + k u_(n-1) + h f(u_n)` with `h = T/N` and an exact `u_1`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Curve,
    Estimate,
    Evidence,
    Kind,
    Note,
    Option,
    Paper,
    Plot,
    Question,
    Reading,
    Setting,
    Simulated,
    Trial,
    agree,
    bound,
    constant,
    custom,
    encloses,
    evaluate,
    identity,
    matrix_identities,
    monotone,
    noted,
    parameter,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.enclosed_ode import enclosed_ode
from mfcheck.dynamics.ode import System
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose, exact
from mfcheck.statistics import exactly, extrapolated, variance_of

Array = NDArray[np.float64]

K = parameter("k", "1/2", "weight k of the layer before last", above=-1, most=1)
STEPS = parameter("steps", 100, "number N of layers", least=2, most=100_000, integer=True)
HORIZON = parameter("horizon", 1, "time T of all layers together", above=0, most=1000)
U0 = parameter("u0", "6/5", "input u(0)")
SURVIVAL = parameter("p", "7/10", "probability that a layer is kept", above=0, below=1)
PARAMETERS = (K, STEPS, HORIZON, U0, SURVIVAL)
k, N, T, u0, p = (x.symbol for x in PARAMETERS)
a, r = sp.Rational(3, 10), sp.sqrt(sp.Rational(91, 100))
"""The constant of f, and sqrt(1 - a^2)."""
u, h, c, s, x, y = sp.symbols("u h c s x y", real=True)
f = sp.Function("f")


def field(at: sp.Expr) -> sp.Expr:
    """The instance's f."""
    return a - sp.sin(at)


def turned(start: sp.Expr, angle: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The half-angle vector, turned and stretched by a linear flow: its parts along the start and across."""
    return r * sp.cosh(angle) + sp.cos(start) * sp.sinh(angle), field(start) * sp.sinh(angle)


def flow(start: sp.Expr, time: sp.Expr, speed: sp.Expr) -> sp.Expr:
    """u(time) of `u' = speed f(u)`: the start and twice the angle."""
    along, across = turned(start, speed * r * time / 2)
    return start + 4 * sp.atan(across / (along + sp.sqrt(along**2 + across**2)))


def shrunk(start: sp.Expr, time: sp.Expr, speed: sp.Expr) -> sp.Expr:
    """f(u(time))/f(u(0)), accurate near a fixed point too."""
    along, across = turned(start, speed * r * time / 2)
    return r**2 / (along**2 + across**2)


SPEED = 1 / (1 + k)
COEFFICIENT = (1 - k) / (2 * (1 + k))
END, RATIO = flow(u0, T, SPEED), shrunk(u0, T, SPEED)
LEAD = -T * COEFFICIENT * SPEED * field(u0) * RATIO * sp.log(RATIO)
VARIANCE = p * (1 - p) * T**2 * (field(u0) * shrunk(u0, T, p)) ** 2
F = sp.Matrix([[3, -10], [8, -2]]) / 10
CUBE = sp.sqrt(sum(entry**2 for entry in F**3))

# --- the two-step network in ball arithmetic -------------------------------------------------------------------------

_MOST_BITS = 200_000


@lru_cache(maxsize=512)
def network(weight: Fraction, steps: int, horizon: Fraction, start: Fraction, digits: int) -> arb:
    """Enclose u_N to that many digits, from an exact u_1; any weight but -1.

    Raises:
        InputError: the recursion loses too many digits.
    """
    growth = 1.45 * float(horizon / abs(1 + weight)) + (1.45 * steps * max(0.0, math.log(abs(weight) or 1)))
    bits = int(3.33 * digits + growth) + 64
    while bits < _MOST_BITS:
        with ctx.workprec(bits):
            found = _network(weight, steps, horizon, start)
            if found.rad() <= arb(10) ** -digits * max(abs(found), arb(10) ** -digits):
                return found
        bits *= 2
    raise InputError("so many layers over so long a time lose too many digits: lower horizon/(1 + k)")


def _network(weight: Fraction, steps: int, horizon: Fraction, start: Fraction) -> arb:
    """The recursion in increments for k < 0, in values for k >= 0: whichever lets the radius grow less."""
    step, kept, const = exact(horizon / steps), exact(weight), exact(Fraction(3, 10))
    before = exact(start)
    now = enclose(END, {k: weight, T: horizon / steps, u0: start}, ctx.prec)
    if weight < 0:
        change = now - before
        for _ in range(steps - 1):
            change = step * (const - now.sin()) - kept * change
            now = now + change
        return now
    stay = 1 - kept
    for _ in range(steps - 1):
        before, now = now, stay * now + kept * before + step * (const - now.sin())
    return now


def lm_value(setting: Setting, digits: int) -> arb:
    """Enclose u_N."""
    return network(setting["k"], setting.integer("steps"), setting["horizon"], setting["u0"], digits)


def lm_error(setting: Setting, digits: int) -> arb:
    """Enclose u_N - u(T), with as many more digits as the difference loses."""
    given = {k: setting["k"], T: setting["horizon"], u0: setting["u0"]}
    for more in (10, 30, 90, 270, 810):
        with ctx.workdps(digits + more + 15):
            found = lm_value(setting, digits + more) - enclose(END, given, ctx.prec)
            if found.rad() <= arb(10) ** -digits * abs(found):
                break
    return found


CONSTANTS = (
    constant("speed", SPEED, "effective time factor", source="C2"),
    constant("error_coeff", COEFFICIENT, "coefficient of h u'' in v-form", source="C2"),
    constant("parasitic_root", -k, "second root", source="C3"),
    constant("lm_value", lm_value, "u_N", source="C2", uses=("k", "steps", "horizon", "u0")),
    constant("lm_exact", END, "u(T) of u' = f/(1+k)", source="C2"),
    constant("lm_error", lm_error, "u_N - u(T)", source="C2", uses=("k", "steps", "horizon", "u0")),
    constant("lead_constant", LEAD, "limit of N (u_N - u(T))", source="C2"),
    constant("stoch_var", VARIANCE, "limit of N Var X_N of stochastic depth", source="C4"),
    constant("polynet_const", CUBE, "Frobenius norm of F^3", source="C1"),
)

# --- C1: the dictionary ----------------------------------------------------------------------------------------------

n = sp.Symbol("n", integer=True, positive=True)
MF, ID = sp.MatrixSymbol("F", n, n), sp.Identity(n)
b1, b2, inner = sp.symbols("b1 b2 inner", real=True)


def polynet(context: Context) -> Evidence:
    """(I - hF) times backward Euler minus PolyNet."""
    module = ID + h * MF + context["second"] * MF * MF
    pairs = [(ID - (ID - h * MF) * module, context["rest"] * MF * MF * MF)]
    return matrix_identities(pairs, "every matrix F and step h for which I - hF is invertible", {n: 2})


def polynet_size(_: Context) -> list[At]:
    """The difference over h^3 for the matrix of the table, as h falls: norm of F^3 (I - hF)^-1, extrapolated to 0."""
    sizes, own = (64, 256), []
    for size in sizes:
        step = sp.Rational(1, size)
        gap = (sp.eye(2) - step * F).inv() - (sp.eye(2) + step * F + step**2 * F**2)
        own.append(exactly(float(gap.norm()) * size**3))
    return [At(extrapolated(sizes, own))]


MA, MB, MAT, MBT = (sp.MatrixSymbol(name, n, n) for name in ("A", "B", "A^T", "B^T"))
"""Jacobians of f1 and f2, and their transposes: the Jacobian of RevNet is [[I, A], [B, I + BA]]."""
f1, f2, X = sp.Function("f1"), sp.Function("f2"), sp.Symbol("X", real=True)


def revnet(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """X + f1(Y), then Y + f2 of the new X: the inverse undoes the second half, then the first."""
    new_x = x + f1(y)
    back_y = y + f2(new_x) - context["undo"].subs(X, new_x)
    return [(back_y, y), (new_x - f1(back_y), x)]


def volume(context: Context) -> Evidence:
    """The Schur complement of the upper left block is the identity."""
    pairs = [(ID + MB * MA - MB * MA, context["determinant"] * ID)]
    return matrix_identities(pairs, "all f1 and f2, in every dimension", {n: 2})


def symplectic(context: Context) -> Evidence:
    """The blocks of J^T Omega J = Omega, for Jacobians with these transposes."""
    blocks = (ID + MB * MA - MBT * MA, MAT + MAT * MB * MA - MA - MAT * MBT * MA)
    allowed = dict(context["transposes"])
    pairs = [(block.subs(allowed), other) for block, other in zip(blocks, (ID, 0 * ID), strict=True)]
    return matrix_identities(pairs, "Jacobians of f1 and f2 in every dimension", {n: 2})


def fractal(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Two branches, u + b1 h f(u) + b2 h f(u + inner h f(u)), against the flow, in powers of h."""
    weights = dict(context["weights"])
    module = u + h * b1 * f(u) + h * b2 * f(u + h * inner * f(u))
    first = sp.diff(module, h).subs(h, 0).doit()
    second = sp.diff(module, h, 2).subs(h, 0).doit() / 2
    slope = sp.diff(f(u), u)
    return [(first.subs(weights), f(u)), (sp.simplify(second.subs(weights)), f(u) * slope / 2)]


HALF = sp.Rational(1, 2)


def weights_of(first: sp.Expr, second: sp.Expr, at: sp.Expr) -> sp.Dict:
    """The weights of both branches, and that within the second."""
    return sp.Dict({b1: first, b2: second, inner: at})


LIST = (
    "Of the dictionary three entries are identities: ResNet is forward Euler, PolyNet the Neumann series of backward "
    "Euler up to h^3 F^3 (I - hF)^-1, RevNet an invertible composition of two shears. FractalNet is an analogy: its "
    "weights need not even make it consistent."
)
GRADIENTS = (
    "RevNet preserves volume for all f1 and f2; it is symplectic only if both are gradients, which layers of a network "
    "are not in general."
)
TEXT, IDENTITIES = "1710.10121, Section 2", "it states identities"
fractalnet = Claim(
    "fractalnet",
    title="FractalNet is a Runge-Kutta scheme",
    statement="A FractalNet block, the mean of branches of different depth, is a step of a Runge-Kutta scheme.",
    source=TEXT,
    no_inequality=IDENTITIES,
    readings=[
        Reading(
            "stated",
            "Two branches are a scheme of order two, whatever their weights are.",
            {"weights": sp.Dict({})},
            checks=[
                noted(
                    replace(identity("order", "weights", fractal, domain="all weights"), question=Question.FOLLOWS),
                    Note(id="dictionary", severity="minor", text=LIST),
                    when=False,
                )
            ],
            wrong=[wrong("halves", {"weights": weights_of(HALF, HALF, HALF)}, "h^2 f f' gets 1/4.", checks=["order"])],
        ),
        Reading(
            "conditions",
            "They are under the order conditions, here with the weights of Heun's method.",
            {"weights": weights_of(HALF, HALF, sp.Integer(1))},
            checks=[identity("order", "weights", fractal, domain="these weights, every smooth f: terms in h and h^2")],
            wrong=[wrong("unit", {"weights": weights_of(1, 1, 1)}, "The weights must add up to one.")],
        ),
    ],
)
polynet_claim = Claim(
    "polynet",
    title="PolyNet truncates backward Euler",
    statement=r"PolyNet-2 is $I + hF + h^2F^2 = (I - hF)^{-1} - h^3F^3(I - hF)^{-1}$, backward Euler for linear $F$.",
    source=TEXT,
    no_inequality=IDENTITIES,
    readings=[
        Reading(
            "stated",
            "The difference is h^3 F^3 (I - hF)^-1 exactly.",
            {"second": h**2, "rest": h**3, "size": CUBE},
            checks=[
                custom("neumann", ("second", "rest"), polynet, kind=Kind.EXACT),
                agree("example", "size", polynet_size, resolution=0.01, domain="F of the constants, h = 1/64, 1/256"),
            ],
            wrong=[
                wrong("no-square", {"second": sp.Integer(0)}, "The difference is of order h^2 without it."),
                wrong("order", {"rest": h**2}, "The geometric series cancels up to h^3."),
                wrong("square", {"size": sp.sqrt(sum(e**2 for e in F**2))}, "The first term left out is F^3."),
            ],
        )
    ],
)
revnet_claim = Claim(
    "revnet",
    title="RevNet is a splitting",
    statement=r"$X \leftarrow X + f_1(Y)$, $Y \leftarrow Y + f_2(X)$ is a symplectic splitting, exactly invertible.",
    source=TEXT,
    no_inequality=IDENTITIES,
    readings=[
        Reading(
            "invertible",
            "It is exactly invertible, and its Jacobian determinant is 1.",
            {"undo": f2(X), "determinant": sp.Integer(1)},
            checks=[
                identity("inverse", "undo", revnet, domain="all f1 and f2"),
                custom("volume", "determinant", volume, kind=Kind.EXACT),
            ],
            wrong=[
                wrong("old-x", {"undo": f2(X - 1)}, "The second half sees the new X."),
                wrong("determinant", {"determinant": sp.Integer(2)}, "Both shears have determinant 1."),
            ],
        ),
        Reading(
            "symplectic",
            "It is symplectic, whatever f1 and f2 are.",
            {"transposes": sp.Dict({})},
            checks=[
                noted(
                    custom("form", "transposes", symplectic, kind=Kind.EXACT),
                    Note(id="symplectic", severity="minor", text=GRADIENTS),
                    when=False,
                )
            ],
            wrong=[wrong("one", {"transposes": sp.Dict({MAT: MA})}, "Both have to be gradients.")],
        ),
        Reading(
            "gradients",
            "It is symplectic if f1 and f2 are gradients.",
            {"transposes": sp.Dict({MAT: MA, MBT: MB})},
            checks=[custom("form", "transposes", symplectic, kind=Kind.EXACT)],
            wrong=[wrong("any", {"transposes": sp.Dict({})}, "A shear with a rotation does not keep the form.")],
        ),
    ],
)

# --- C2: the modified equation ---------------------------------------------------------------------------------------

z = sp.Symbol("z", real=True)
"""h d/dt, on smooth functions."""


def modified(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """u(t + h) - (1-k) u(t) - k u(t - h) in powers of h d/dt."""
    left = sp.series(sp.exp(z) - (1 - k) - k * sp.exp(-z), z, 0, 4).removeO()
    terms = [sp.expand(left).coeff(z, m) for m in (0, 1, 2, 3)]
    stated = [sp.Integer(0), context["slope"], context["second"], context["third"]]
    return list(zip(terms, stated, strict=True))


def leading(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """U + h e: e' = v'(u) e - coefficient u'' along u' = v(u), and e of the reading solves that; it starts at 0."""
    v, start = sp.Function("v")(u), sp.Symbol("v0", positive=True)
    error = -context["coefficient"] * v * sp.log(v / start)
    slope, along = sp.diff(v, u), v * sp.diff(error, u)
    second = (1 - k) / 2 * slope * v
    return [(sp.expand(along), sp.expand(slope * error - second / (1 + k))), (error.subs(v, start), sp.Integer(0))]


def closed_flow(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Tau = tan((u - u0)/2) of the closed form solves 2 tau' = speed (1 + tau^2) f(u), in rational coordinates.

    m gives a = (1-m^2)/(1+m^2), w gives sin and cos of u0, and E is exp(speed r t/2).
    """
    m, w, big = sp.symbols("m w E", positive=True)
    const, root = (1 - m**2) / (1 + m**2), 2 * m / (1 + m**2)
    sine, cosine = 2 * w / (1 + w**2), (1 - w**2) / (1 + w**2)
    up, over = (big - 1 / big) / 2, (big + 1 / big) / 2
    along, across = root * over + cosine * up, (const - sine) * up
    tau = across / along
    rate_of = sp.diff(tau, big) * context["rate"].subs(c, root) * big
    right = const * (1 + tau**2) - sine * (1 - tau**2) - 2 * tau * cosine
    ratio = root**2 / (along**2 + across**2)
    pairs = [(2 * rate_of, right), (right / (1 + tau**2), (const - sine) * ratio), (tau.subs(big, 1), sp.Integer(0))]
    return [(sp.cancel(sp.together(one)), sp.cancel(sp.together(other))) for one, other in pairs]


def by_taylor(context: Context) -> list[At]:
    """u(T) by a certified Taylor series of the differential equation, over at most 20 of its times."""
    setting = context.setting
    horizon, system = min(setting["horizon"], 20 * (1 + setting["k"])), System((u,), (c * field(u),), (x,))
    given = {c: exact(1 / (1 + setting["k"])), x: setting["u0"]}
    return [At(enclosed_ode(system, [horizon], given)[0][0], where={T: horizon})]


WEIGHTS = (Fraction(-1, 2), Fraction(0), Fraction(1, 2))
COUNTS = (50, 100, 200, 400)


def short(context: Context) -> Setting:
    """The setting over a time of 2 at most: over longer ones so few layers are far from the limit."""
    return context.setting.with_values(horizon=min(context.setting["horizon"], Fraction(2)))


def errors(weight: Fraction, context: Context) -> list[arb]:
    """u_N - u(T) at the counts of layers, from the setting's start and time."""
    setting = short(context).with_values(k=weight)
    return [lm_error(setting.with_values(steps=count), 15) for count in COUNTS]


def order_at(weights: Sequence[Fraction]) -> Callable[[Context], tuple[Array, Array, Array]]:
    """Sizes of errors, the geometric mean over weights."""

    def measure(context: Context) -> tuple[Array, Array, Array]:
        values = np.array([[abs(float(e.mid())) for e in errors(w, context)] for w in weights])
        found = np.exp(np.log(values).mean(axis=0))
        return np.array(COUNTS, float), found, found * 1e-12

    return measure


def lead_cases(context: Context) -> list[At]:
    """N (u_N - u(T)) at N = 200 and 400, the correction 1/N removed."""
    cases, horizon = [], short(context)["horizon"]
    for weight in WEIGHTS:
        scaled = [
            exactly(float((e * count).mid()), 1e-13) for e, count in zip(errors(weight, context), COUNTS, strict=True)
        ]
        cases.append(At(extrapolated(COUNTS[2:], scaled[2:]), f"k = {weight}", float(weight), {k: weight, T: horizon}))
    return cases


RESCALES = Note(
    id="time",
    severity="major",
    text=(
        "The two-step network is consistent with u' = f(u)/(1+k), not with u' = f: a trained k rescales the time that "
        "N layers cover as well as the order. Comparing networks at equal depth compares different horizons."
    ),
)
BOUNDARY = "Only k = 1 gains an order (leapfrog), and it sits on the boundary of stability; all other k have order one."
lm = Claim(
    "lm-resnet",
    title="What equation LM-ResNet solves",
    statement=(
        r"$u_{n+1} = (1-k)u_n + k u_{n-1} + h f(u_n)$ has the modified equation "
        r"$(1+k)u' + (1-k)\frac h2 u'' + (1+k)\frac{h^2}{6}u''' + \dots = f(u)$."
    ),
    source="1710.10121, Equation (1) and Section 3",
    known="text read",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "strict",
            "LM-ResNet solves u' = f(u), as ResNet does.",
            {"slope": sp.Integer(1), "second": (1 - k) / 2, "third": (1 + k) / 6},
            checks=[
                noted(
                    identity("consistency", "slope", lambda q: modified(q)[1:2], domain="all k"), RESCALES, when=False
                )
            ],
            wrong=[wrong("other-way", {"slope": 1 - k}, "u(t - h) enters with -k, and its slope with +k.")],
        ),
        Reading(
            "rescaled",
            "LM-ResNet solves u' = f(u)/(1+k): all coefficients, the flow of the instance in closed form.",
            {"slope": 1 + k, "second": (1 - k) / 2, "third": (1 + k) / 6, "rate": c / 2, "end": END},
            checks=[
                noted(
                    identity("coefficients", ("slope", "second", "third"), modified, domain="all k, terms up to h^3"),
                    RESCALES,
                ),
                identity("closed-form", "rate", closed_flow, domain="all starts, times and a < 1"),
                encloses(
                    "taylor", "end", by_taylor, digits=12, domain="u(T) in the setting, by Taylor series in balls"
                ),
            ],
            wrong=[
                wrong(
                    "time",
                    {"end": flow(u0, T, sp.Integer(1)), "slope": sp.Integer(1)},
                    "The time factor 1/(1+k) is forgotten.",
                    checks=["taylor", "coefficients"],
                ),
                wrong("second", {"second": (1 + k) / 2}, "The two second derivatives enter with 1 and -k."),
                wrong("third", {"third": (1 - k) / 6}, "Odd derivatives enter with 1 and +k."),
                wrong("rate", {"rate": c}, "The half-angle moves at half the rate."),
            ],
        ),
    ],
)
error_claim = Claim(
    "lm-error",
    title="The error of LM-ResNet",
    statement=r"$N(u_N - u(T))$ has a limit; the order is 1 for $k \ne 1$ and 2 for $k = 1$.",
    source="derived from the modified equation",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "leading-error",
            "N (u_N - u(T)) tends to -T error_coeff v(u(T)) log(v(u(T))/v(u0)), v = f/(1+k); first order for k != 1.",
            {"coefficient": COEFFICIENT, "lead": LEAD, "order": sp.Integer(-1)},
            checks=[
                noted(
                    identity(
                        "error-equation",
                        "coefficient",
                        leading,
                        domain="all smooth v without a zero on the path",
                        whole=False,
                    ),
                    Note(id="order", severity="minor", text=BOUNDARY),
                ),
                agree(
                    "limit",
                    "lead",
                    lead_cases,
                    resolution=0.02,
                    domain="N = 200 and 400, enclosed, k = -1/2, 0, 1/2, T at most 2",
                    x_label="k",
                    y_label="N times error",
                    group="lm",
                ),
                rate(
                    "order",
                    "order",
                    order_at(WEIGHTS),
                    x_label="layers N",
                    y_label="error",
                    domain="k = -1/2, 0, 1/2, N = 50 to 400, T at most 2",
                    group="lm",
                ),
            ],
            wrong=[
                wrong("upside-down", {"coefficient": (1 + k) / (2 * (1 - k))}, "It vanishes at k = 1."),
                wrong("sign", {"lead": -LEAD}, "Forward Euler lags behind on this path."),
                wrong(
                    "no-log",
                    {"lead": -T * COEFFICIENT * SPEED * field(u0) * RATIO},
                    "The integral of v'/v is a logarithm.",
                ),
                wrong("two", {"order": sp.Integer(-2)}, "The term h u'' is there for k != 1."),
            ],
        ),
        Reading(
            "leapfrog",
            "At k = 1 the order is two.",
            {"order": sp.Integer(-2), "coefficient": COEFFICIENT.subs(k, 1)},
            checks=[
                rate(
                    "order",
                    "order",
                    order_at((Fraction(1),)),
                    x_label="layers N",
                    y_label="error",
                    domain="k = 1, N = 50 to 400, T at most 2",
                    group="lm",
                ),
                identity(
                    "coefficient",
                    "coefficient",
                    lambda q: [(sp.limit(COEFFICIENT, k, 1), q["coefficient"])],
                    domain="k = 1",
                    whole=False,
                ),
            ],
            wrong=[
                wrong("one", {"order": sp.Integer(-1)}, "The term h u'' vanishes."),
                wrong("half", {"coefficient": sp.Rational(1, 2)}, "That is the coefficient of ResNet."),
            ],
        ),
    ],
)

# --- C3: stability ---------------------------------------------------------------------------------------------------

xi, slow, damping, share = sp.symbols("xi slow damping share", positive=True)
layer = sp.Symbol("layer", integer=True, positive=True)


def powers(limit: sp.Expr) -> sp.Expr:
    """Size of a power of the second root, for |k| up to the limit."""
    return (limit * share) ** layer


def root_condition(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The characteristic polynomial; the second root at both ends of the range: on the circle and simple, or double."""
    symbol, second = xi**2 - (1 - k) * xi - k, context["second"]
    upper, lower = context["upper"], context["lower"]
    return [
        (sp.expand((xi - 1) * (xi - second)), sp.expand(symbol)),
        (second.subs(k, upper), -sp.Integer(1)),
        (sp.diff(symbol, xi).subs({xi: 1, k: lower}), sp.Integer(0)),
        (sp.diff(symbol, xi).subs({xi: -1, k: upper}), -sp.Integer(2)),
    ]


def growth(context: Context) -> list[At]:
    """Distance of the network at k = 11/10 from the flow, more layers over the same time."""
    weight, setting = Fraction(11, 10), short(context)
    end = evaluate(END, paper, setting, {k: weight})
    values = [network(weight, n_, setting["horizon"], setting["u0"], 15) for n_ in COUNTS]
    return [At(abs(v - end), f"N = {n_}", n_) for v, n_ in zip(values, COUNTS, strict=True)]


def leapfrog(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """K = 1 and f' = -damping: xi^2 + h damping xi - 1 has a root below -1, since the product of the roots is -1."""
    step = sp.Symbol("h", positive=True)
    parasite = context["parasite"].subs(slow, step * damping)
    rest = parasite**2 + step * damping * parasite - 1
    excess = sp.series(context["parasite"], slow, 0, 2).removeO()
    return [(sp.expand(rest), sp.Integer(0)), (excess, -1 - slow / 2)]


stability = Claim(
    "zero-stability",
    title="LM-ResNet is stable iff -1 < k <= 1",
    statement=r"$\xi^2 - (1-k)\xi - k = (\xi-1)(\xi+k)$: stable iff $-1 < k \le 1$.",
    source="1710.10121, Section 3",
    known="from memory",
    readings=[
        Reading(
            "stated",
            "The root condition: the second root is -k; at k = 1 it is simple, at k = -1 the root 1 is double.",
            {
                "second": -k,
                "upper": sp.Integer(1),
                "lower": sp.Integer(-1),
                "direction": sp.Integer(1),
                "powers": powers(sp.Integer(1)),
            },
            checks=[
                identity("root-condition", ("second", "upper", "lower"), root_condition, domain="all k"),
                monotone(
                    "grows", "direction", growth, domain="error at k = 11/10, N = 50 to 400, enclosed", group="lm"
                ),
            ],
            wrong=[
                wrong("k", {"second": k}, "The product of the roots is -k."),
                wrong(
                    "beyond",
                    {"upper": sp.Rational(11, 10), "powers": powers(sp.Rational(11, 10))},
                    "At k = 1.1 the second root is outside the circle.",
                    also=["slack-powers"],
                ),
                wrong(
                    "two",
                    {"upper": sp.Integer(2), "lower": sp.Integer(-2), "powers": powers(sp.Integer(2))},
                    "|k| < 2 allows roots up to 2.",
                    also=["slack-powers"],
                ),
                wrong(
                    "falls", {"direction": sp.Integer(-1)}, "At k = 1.1 more layers make it worse.", checks=["grows"]
                ),
            ],
            attack=[
                bound(
                    "powers",
                    "powers",
                    "<=",
                    sp.Integer(1),
                    over={share: ("1/100", 1), layer: (1, 60)},
                    integers=["layer"],
                    text="|k|^n <= 1: powers of the second root stay bounded",
                )
            ],
        ),
        Reading(
            "weak-instability",
            "At k = 1 damping makes the second root leave the circle: -(hq/2) - sqrt(1 + (hq/2)^2), q = -f'.",
            {"parasite": -slow / 2 - sp.sqrt(1 + slow**2 / 4)},
            checks=[identity("leapfrog", "parasite", leapfrog, domain="all h and q > 0")],
            wrong=[
                wrong(
                    "other",
                    {"parasite": -slow / 2 + sp.sqrt(1 + slow**2 / 4)},
                    "That is the root of the solution itself.",
                )
            ],
        ),
    ],
)

# --- C4: stochastic depth --------------------------------------------------------------------------------------------

g = sp.Function("g")


def one_step(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Mean of a smooth g after one step, to first order in h; mean and variance of the step itself."""
    after = p * g(x + h * f(x)) + (1 - p) * g(x)
    generator = context["drift"] * sp.diff(g(x), x) + context["diffusion"] / 2 * sp.diff(g(x), x, 2)
    return [
        (sp.diff(after, h).subs(h, 0).doit(), generator.subs(h, 0)),
        (p * h * f(x), h * context["drift"]),
        (sp.expand(p * (h * f(x)) ** 2 - (p * h * f(x)) ** 2), sp.expand(h * context["diffusion"])),
    ]


def lyapunov(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """V' = 2 p f' V + p (1-p) f^2 along u' = p f(u), where Var X = h V + O(h^2); V = per_step s f(u)^2, from 0."""
    V = context["per_step"] * s * f(u) ** 2
    along = sp.diff(V, s) + p * f(u) * sp.diff(V, u)
    wanted = 2 * p * sp.diff(f(u), u) * V + p * (1 - p) * f(u) ** 2
    return [(sp.expand(along), sp.expand(wanted)), (V.subs(s, 0), sp.Integer(0))]


def all_paths(setting: Setting, layers: int) -> float:
    """N Var X_N over all 2^N choices of layers, with their probabilities."""
    keep, step = setting.number("p"), setting.number("horizon") / layers
    where, weight = np.array([setting.number("u0")]), np.array([1.0])
    for _ in range(layers):
        where = np.concatenate([where, where + step * (float(a) - np.sin(where))])
        weight = np.concatenate([(1 - keep) * weight, keep * weight])
    mean = weight @ where
    return float(layers * (weight @ (where - mean) ** 2))


def enumerated(context: Context) -> list[At]:
    """All paths of 8 and 16 layers, the correction 1/N removed."""
    setting = short(context)
    found = [exactly(all_paths(setting, size), 1e-11) for size in (8, 16)]
    return [At(extrapolated((8, 16), found), where={T: setting["horizon"]})]


@lru_cache(maxsize=8)
def sampled(setting: Setting, seed: int, layers: int, paths: int) -> Estimate:
    """N Var X_N of random depth."""
    rng, step, keep = stream(seed, f"depth {layers}"), setting.number("horizon") / layers, setting.number("p")
    where = np.full(paths, setting.number("u0"))
    for _ in range(layers):
        where += step * (rng.random(paths) < keep) * (float(a) - np.sin(where))
    return variance_of(where * math.sqrt(layers))


def paths(context: Context) -> list[At]:
    """Random paths of 30 and 90 layers, the correction 1/N removed."""
    count = context.budget.pick(100_000, 400_000, 2_000_000)
    setting = short(context)
    found = [sampled(setting, context.seed, size, count) for size in (30, 90)]
    return [At(extrapolated((30, 90), found), where={T: setting["horizon"]})]


def linear_mean(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """f(u) = -u, u0 = 1: N (E X_N - E X_T) for the mean (1 - pT/N)^N of the network and exp(-pT) of the equation."""
    q, b = sp.symbols("q b", positive=True)
    exponent = sp.series(sp.log(1 - b * q) / q, q, 0, 2).removeO()
    gap = sp.diff(sp.exp(exponent), q).subs(q, 0)
    return [(gap.subs(b, p * T), context["mean_gap"])]


TRIVIAL = Note(
    id="weak-order",
    severity="minor",
    text=(
        "Weak order one as h tends to 0 is trivial here: network and equation both tend to X' = p f, with the noise or "
        "without. The content is the term of order h in the variance."
    ),
)
MEAN = Note(
    id="mean",
    severity="minor",
    text=(
        "The stochastic equation has the right variance to order h but not the right mean: the Euler error "
        "-(h/2) p^2 f f' is of the same order and missing. A drift corrected by it would be needed."
    ),
)
depth = Claim(
    "stochastic-depth",
    title="Stochastic depth is a stochastic differential equation",
    statement=r"$X_{n+1} = X_n + h\eta_n f(X_n)$ tends weakly to $dX = p f\,dt + \sqrt{h\,p(1-p)}\,f\,dW$.",
    source="1710.10121, Section 4",
    known="from memory",
    readings=[
        Reading(
            "weak-order",
            "Weak approximation of order one: equal to first order in h in every step, and in the variance of a step.",
            {"drift": p * f(x), "diffusion": h * p * (1 - p) * f(x) ** 2},
            checks=[
                noted(
                    identity("one-step", ("drift", "diffusion"), one_step, domain="all smooth f and g: local terms"),
                    TRIVIAL,
                )
            ],
            wrong=[
                wrong("survival", {"diffusion": h * p * f(x) ** 2}, "The variance of a coin is p (1-p)."),
                wrong("square", {"diffusion": h * p**2 * f(x) ** 2}, "It vanishes at p = 1."),
                wrong("mean-f", {"drift": f(x)}, "Nothing is divided by p here."),
            ],
        ),
        Reading(
            "variance",
            "N Var X_N tends to p (1-p) T^2 f(X_T)^2 with X' = p f: the term of order h in the variance agrees.",
            {"per_step": p * (1 - p), "variance": VARIANCE},
            checks=[
                identity(
                    "lyapunov",
                    "per_step",
                    lyapunov,
                    domain="all scalar smooth f: the equation of the variance to order h",
                    whole=False,
                ),
                agree(
                    "all-paths",
                    "variance",
                    enumerated,
                    resolution=0.1,
                    domain="every path of 8 and of 16 layers, T at most 2",
                ),
                agree(
                    "random-paths",
                    "variance",
                    paths,
                    resolution=0.1,
                    domain="random paths of 30 and 90 layers, T at most 2",
                    group="depth",
                ),
            ],
            wrong=[
                wrong(
                    "survival",
                    {"per_step": p, "variance": VARIANCE / (1 - p)},
                    "The factor 1-p is forgotten.",
                    also=["slack-coin"],
                ),
                wrong(
                    "square",
                    {"per_step": p**2, "variance": VARIANCE * p / (1 - p)},
                    "At p = 1 nothing is random.",
                    also=["slack-coin"],
                ),
                wrong(
                    "divided",
                    {"per_step": (1 - p) / p, "variance": VARIANCE / p**2},
                    "That is the variance where the output is divided by p.",
                    also=["slack-coin"],
                ),
            ],
            attack=[
                bound(
                    "coin",
                    "per_step",
                    "<=",
                    sp.Rational(1, 4),
                    over={SURVIVAL: ("1/100", "99/100")},
                    text="p (1-p) <= 1/4",
                )
            ],
        ),
        Reading(
            "all-first-order-terms",
            "All terms of order h agree, those of the mean included: f(u) = -u is a counterexample.",
            {"mean_gap": sp.Integer(0)},
            checks=[
                noted(identity("linear", "mean_gap", linear_mean, domain="f(u) = -u, all p and T"), MEAN, when=False)
            ],
            wrong=[
                wrong("noise", {"mean_gap": p * (1 - p) * T}, "The mean of a linear equation does not see the noise.")
            ],
        ),
    ],
)

# --- C5: practice ----------------------------------------------------------------------------------------------------

ks, residual, last, drop, final, index = sp.symbols("ks residual last drop final index", real=True)
near = sp.Symbol("near", real=True)


def code_form(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The code's output with ks = 1 - k; its range; the mean and variance of eta f/p; the rate at the last layer."""
    output = ks * residual + (1 - ks) * last
    return [
        (sp.expand(output.subs(ks, context["weight"])), sp.expand((1 - k) * residual + k * last)),
        (1 - sp.Rational(11, 10), context["lowest"]),
        (p * f(x) / p, context["mean"] * f(x)),
        (sp.expand(p * (f(x) / p) ** 2 - f(x) ** 2), sp.expand(context["spread"] * f(x) ** 2)),
        ((index / (sp.Symbol("layers") - 1) * (1 - final)).subs(index, sp.Symbol("layers") - 1), 1 - final),
    ]


START = Note(
    id="start",
    severity="minor",
    text=(
        "In the code k starts in [-0.1, 0]. There LM-ResNet is of first order, with a leading coefficient "
        "(1-k)/(2(1+k)) between 1/2 and 0.611: at least that of ResNet. What it gains is not accuracy."
    ),
)
DIVIDED = Note(
    id="division",
    severity="minor",
    text=(
        "The code divides the output by the survival probability, the stochastic equation does not: in practice the "
        "drift is f and the variance per step (1-p)/p f^2, not p f and p (1-p) f^2."
    ),
)
practice = Claim(
    "practice",
    title="What the code does",
    statement=(
        r"Output $b(x) + k_s\,\mathrm{res} + (1-k_s)\,\mathrm{last}$ with $k_s \sim U(1, 1.1)$; layer $i$ is dropped "
        r"with probability $\frac{i}{n-1}(1-p_L)$, and the output divided by the survival probability."
    ),
    source="1710.10121, official code",
    known="official code",
    readings=[
        Reading(
            "stated",
            "In the terms of the claims: k = 1 - ks in [-1/10, 0]; drift f and variance (1-p)/p f^2 per step.",
            {
                "weight": 1 - k,
                "lowest": -sp.Rational(1, 10),
                "mean": sp.Integer(1),
                "spread": (1 - p) / p,
                "coefficient": COEFFICIENT.subs(k, near),
            },
            checks=[
                noted(
                    identity("form", ("weight", "lowest", "mean", "spread"), code_form, domain="all k and p"),
                    START,
                    DIVIDED,
                )
            ],
            wrong=[
                wrong("plus", {"weight": 1 + k}, "The weight of the last residual is k."),
                wrong("positive", {"lowest": sp.Rational(1, 10)}, "ks exceeds one."),
                wrong("undivided", {"mean": p, "spread": p * (1 - p)}, "The code divides by p."),
                wrong(
                    "upside-down",
                    {"coefficient": ((1 + k) / (2 * (1 - k))).subs(k, near)},
                    "It falls with k.",
                    checks=["slack-no-gain"],
                ),
            ],
            attack=[
                bound(
                    "no-gain",
                    "coefficient",
                    ">=",
                    sp.Rational(1, 2),
                    over={near: ("-1/10", 0)},
                    text="(1-k)/(2(1+k)) >= 1/2 for the k at which training starts",
                )
            ],
        )
    ],
)

# --- simulation ------------------------------------------------------------------------------------------------------


def simulate(trial: Trial) -> Simulated:
    """Stochastic depth at two depths; N Var X_N with its correction removed, and the way there in N."""
    count, small = trial.count("paths", 100, 10**7), trial.count("layers", 2, 10_000)
    found = {}
    for done, size in enumerate((small, 2 * small, 4 * small)):
        found[size] = sampled(trial.setting, trial.seed, size, count)
        trial.progress((done + 1) / 3)
    limit = extrapolated((2 * small, 4 * small), [found[2 * small], found[4 * small]])
    picture = Plot(
        id="depth",
        title="Variance of stochastic depth",
        x_label="layers N",
        y_label="N Var X_N",
        x_log=True,
        curves=(
            Curve(
                label="paths",
                x=tuple(map(float, found)),
                y=tuple(e.value for e in found.values()),
                error=tuple(e.error for e in found.values()),
                style="points",
            ),
            Curve(
                label="limit",
                x=tuple(map(float, found)),
                y=(float(evaluate(VARIANCE, paper, trial.setting)),) * 3,
                style="bound",
            ),
        ),
    )
    return Simulated(
        {"stoch_var": limit}, plots=(picture,), notes=("The correction 1/N is removed from the two deeper networks.",)
    )


OPTIONS = (
    Option("paths", "200000", "random choices of layers"),
    Option("layers", "30", "layers of the shallowest network"),
)
paper = Paper(
    id="numerical-resnets",
    title="Beyond Finite Layer Neural Networks: Bridging Deep Architectures and Numerical Differential Equations",
    authors=("Yiping Lu", "Aoxiao Zhong", "Quanzheng Li", "Bin Dong"),
    source="https://arxiv.org/abs/1710.10121",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(polynet_claim, revnet_claim, fractalnet, lm, error_claim, stability, depth, practice),
    constants=CONSTANTS,
    simulate=simulation("numerical-resnets", simulate, OPTIONS),
    simulation_options=OPTIONS,
    verdicts={
        "fractalnet/stated": "gap",
        "fractalnet/conditions": "proved",
        "polynet/stated": "proved",
        "revnet/invertible": "proved",
        "revnet/symplectic": "refuted",
        "revnet/gradients": "proved",
        "lm-resnet/strict": "refuted",
        "lm-resnet/rescaled": "proved",
        "lm-error/leading-error": "supported",
        "lm-error/leapfrog": "supported",
        "zero-stability/stated": "proved",
        "zero-stability/weak-instability": "proved",
        "stochastic-depth/weak-order": "proved",
        "stochastic-depth/variance": "supported",
        "stochastic-depth/all-first-order-terms": "refuted",
        "practice/stated": "proved",
    },
    references=(
        "Lu, Zhong, Li, Dong: Beyond Finite Layer Neural Networks. ICML 2018, arXiv:1710.10121",
        "Hairer, Norsett, Wanner: Solving Ordinary Differential Equations I. Springer 1993",
        "Li, Tai, E: Stochastic modified equations and adaptive stochastic gradient algorithms. ICML 2017",
    ),
)
