"""C2: what the two-step network solves, and its error."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.checks import At, Claim, Context, Note, Reading, Setting, agree, encloses, identity, noted, rate, wrong
from mfcheck.dynamics.enclosed_ode import enclosed_ode
from mfcheck.dynamics.ode import System
from mfcheck.rigor.ball import exact
from mfcheck.statistics import exactly, extrapolated
from mfcheck_proofs.numerical_resnets.scheme import (
    COEFFICIENT,
    END,
    LEAD,
    RATIO,
    SPEED,
    Array,
    T,
    c,
    field,
    flow,
    k,
    lm_error,
    u,
    u0,
    x,
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
