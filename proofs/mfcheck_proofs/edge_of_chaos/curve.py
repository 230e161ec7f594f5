"""C3: the edge as a curve."""

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Curve,
    Evidence,
    Kind,
    Plot,
    Reading,
    Setting,
    Standard,
    ball,
    custom,
    decide,
    encloses,
    identity,
    monotone,
    wrong,
)
from mfcheck.errors import InputError
from mfcheck.gaussian import E, LengthMap, critical_line, dphi, phi
from mfcheck.rigor.pieces import pieces
from mfcheck.symbolic.activation import X, activation
from mfcheck_proofs.edge_of_chaos.edge import BIAS, ONE, VANISHES, WEIGHT, at_edge, k, q, sigma_b

# --- C3: the curve ---------------------------------------------------------------------------------------------------

QS = tuple(sp.Rational(n, 20) for n in (1, 4, 10, 20, 40, 100))


def needs_point(setting: Setting) -> None:
    """Refuse settings without a point of the edge at q > 0."""
    if not at_edge(setting, 10).q > 0:
        raise InputError("at sigma_b = 0 the edge ends in q = 0, where there is no map of correlations")


def bias_on_edge(context: Context) -> list[At]:
    """sigma_b^2 of the formula at the variance that interval Newton finds, and the length map there."""
    at = at_edge(context.setting, 15)
    own = LengthMap(context.setting.activation, ball(context, "weight", {q: at.q}), context.setting["sigma_b"] ** 2)
    return [At(own.chi_1(at.q, 15), "chi_1", where={k: arb(1)}), At(own.V(at.q, 15), "V(q)", where={k: at.q})]


def target(context: Context) -> list[At]:
    """The curve at its own q."""
    at = {q: at_edge(context.setting, 20).q}
    return [At(ball(context, "bias", at), "", None, at, context["bias"], VANISHES)]


def along(name: str):  # type: ignore[no-untyped-def]
    """A coordinate of the curve at rising q."""
    return lambda c: [At(ball(c, name, {q: value}), f"q = {value}") for value in QS]


def phase_diagram(context: Context) -> Plot:
    """The edge of the setting's activation, of Swish and of erf, with the certified point."""
    qs = np.geomspace(1e-3, 60, 60)
    curves: list[Curve] = []
    for chosen in (context.setting.activation, activation("silu"), activation("erf")):
        w, b = critical_line(chosen, qs)
        keep = np.isfinite(b) & (b < 1.5)
        if keep.any() and chosen.name not in [c.label for c in curves]:
            curves.append(Curve(label=chosen.name, x=tuple(map(float, b[keep])), y=tuple(map(float, w[keep]))))
    at = at_edge(context.setting, 10)
    point = Curve(label="certified", x=(context.setting.number("sigma_b"),), y=(float(at.sigma_w),), style="points")
    return Plot(
        id="edge",
        title="Edges of chaos: order below, chaos above",
        x_label="sigma_b",
        y_label="sigma_w",
        curves=(*curves, point),
    )


def on_curve(context: Context) -> Evidence:
    """chi_1 = 1 and V(q) = q by the length map, at the point that the formulas give."""
    cases = [Case(at.value, next(iter(at.where.values())), at.label) for at in bias_on_edge(context)]
    return decide(cases, Standard(digits=10), "in the setting", plot=phase_diagram(context))


def small(order: int) -> list[sp.Expr]:
    """E phi, E phi^2 and E phi'^2 for phi = a1 x + a2 x^2 + a3 x^3, up to the power of q that counts as q -> 0."""
    f = A1 * X + A2 * X**2 + A3 * X**3
    found = []
    for g in (f, f**2, sp.diff(f, X) ** 2):
        terms = sp.Poly(sp.expand(g), X).terms()
        total = sum(number * sp.factorial2(n - 1) * q ** (n // 2) for (n,), number in terms if n % 2 == 0)
        found.append(sum(total.coeff(q, n) * q**n for n in range(order + 1)))
    return found


A1, A2, A3 = sp.symbols("a1 a2 a3", positive=True)


def leading(expr: sp.Expr, order: int) -> sp.Expr:
    """Taylor polynomial in q at 0."""
    return sp.series(sp.together(expr), q, 0, order + 1).removeO()


def small_bias(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """sigma_w^2 and sigma_b^2 to the orders q^0 and q^2 by Taylor's formula for phi."""
    _, second, slope = small(2)
    return [(leading(1 / slope, 0), context["weight"]), (leading(q - second / slope, 2), context["bias"])]


equations = Claim(
    "curve",
    title="The edge of a smooth activation is a curve",
    statement=(
        r"The edge is $\sigma_w^2 = 1/E_q[{\phi'}^2]$, $\sigma_b^2 = q - E_q[\phi^2]/E_q[{\phi'}^2]$, with parameter $q$; "
        r"as $\sigma_b \to 0$: $q \to 0$, $\sigma_w \to 1/|\phi'(0)|$."
    ),
    source="official code of the follow-up 1905.13654, which iterates q <- sigma_b^2 + E phi^2/E phi'^2",
    known="official code",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "In the setting: chi_1 = 1 and V(q) = q at the point of the formulas.",
            {"weight": WEIGHT, "bias": BIAS, "bias_var": sigma_b**2},
            checks=[
                custom("length-map", "weight", on_curve, kind=Kind.CERTIFIED),
                encloses("bias", "bias_var", target, uses=["bias"], whole=True, domain="in the setting"),
            ],
            wrong=[
                wrong("no-square", {"bias_var": sigma_b}, "Variances add, not standard deviations."),
                wrong("mean-slope", {"weight": 1 / E(dphi, variance=q) ** 2}, "chi_1 holds E phi'^2."),
                wrong("no-ratio", {"bias": q - E(phi**2, variance=q)}, "Weights multiply E phi^2."),
            ],
            needs=needs_point,
        ),
        Reading(
            "end",
            "For smooth phi with phi(0) = 0 != phi'(0): sigma_w -> 1/|phi'(0)| and sigma_b -> 0 as q -> 0.",
            {"weight": 1 / A1**2, "bias": A2**2 * q**2 / A1**2},
            checks=[
                identity(
                    "taylor", ("weight", "bias"), small_bias, domain="phi with three derivatives of polynomial growth"
                )
            ],
            wrong=[
                wrong("first-power", {"weight": 1 / A1}, "sigma_w^2 is the square."),
                wrong("first-order", {"bias": A2**2 * q / A1**2}, "E phi^2 is phi'(0)^2 q to first order."),
            ],
        ),
        Reading(
            "monotone",
            "sigma_w and sigma_b grow together along the curve (true of tanh and erf; false of Swish and GELU).",
            {"weight": WEIGHT, "bias": BIAS, "up": ONE},
            checks=[
                monotone("weight", "up", along("weight"), uses=["weight"], domain="q = 1/20, ..., 5"),
                monotone("bias", "up", along("bias"), uses=["bias"], domain="q = 1/20, ..., 5"),
            ],
            wrong=[wrong("down", {"up": -ONE}, "At q = 1/20 and 5 sigma_w^2 is 1.10 and 4.1.")],
        ),
    ],
)


def needs_smooth(setting: Setting) -> None:
    """Refuse kinks, and the end of the edge."""
    if len(pieces(setting.activation.expr)) > 1:
        raise InputError("the activation has a kink: E phi''^2 is infinite, and correlations go to 1 like 1/l^2")
    needs_point(setting)
