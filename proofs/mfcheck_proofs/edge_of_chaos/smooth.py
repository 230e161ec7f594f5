"""C4 and C5: smooth activations, and closeness to the identity."""

from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Reading,
    Scope,
    Setting,
    agree,
    bound,
    custom,
    encloses,
    evaluate,
    identities,
    identity,
    monotone,
    number,
    wrong,
)
from mfcheck.gaussian import CorrelationMap, E
from mfcheck.networks import DepthLimit, depth_exponent, depth_limit, geometric_depths
from mfcheck.statistics import exactly
from mfcheck.symbolic.activation import X
from mfcheck_proofs.edge_of_chaos.curve import A1, A2, along, leading, needs_smooth, small
from mfcheck_proofs.edge_of_chaos.edge import F2, F2_EOC, HALF, ONE, SUP, VANISHES, VARIANCE, Array, at_edge, h, k, q, x
from mfcheck_proofs.edge_of_chaos.networks import Net, simulated
from mfcheck_proofs.edge_of_chaos.rectifier import NETWORKS, RELU_MAP

# --- C4: smooth activations ------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def map_on_edge(setting: Setting) -> CorrelationMap:
    """The correlation map on the edge."""
    at = at_edge(setting, 20)
    return CorrelationMap(setting.activation, at.sigma_w**2, setting["sigma_b"] ** 2, at.q)


@lru_cache(maxsize=16)
def edge_gaps(setting: Setting, depth: int) -> Array:
    """1 - c on the edge from c = 0, layer by layer."""
    return map_on_edge(setting).iterate(1.0, depth)


def smooth_depths(context: Context) -> list[int]:
    """A geometric grid of depths, from where the correction log(l)/l is small."""
    first = max(20, round(50 * number(context, F2_EOC.symbol) ** -1 * 2))
    return geometric_depths(first, context.budget.pick(40, 80, 160) * first, 7)


def limit(found: DepthLimit) -> Estimate:
    """The Richardson value; where its spread is refused, the range of the last values counts as error."""
    if not found.reason:
        return found.estimate()
    return exactly(found.value, found.spread + found.drift + float(np.ptp(found.values[-3:])))


def smooth_rate(context: Context) -> Estimate:
    """Limit of (1 - c) l."""
    depths = smooth_depths(context)
    return limit(depth_limit(depths, edge_gaps(context.setting, depths[-1])[depths] * depths))


def smooth_order(context: Context) -> Estimate:
    """Limit of the local exponents."""
    depths = smooth_depths(context)
    return limit(depth_exponent(depths, edge_gaps(context.setting, depths[-1])[depths]))


def smooth_series(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """As e' = e - F e^2/2 + O(e^3), 1/e grows by F/2 in the limit, so that 1/e ~ F l/2 (Stolz); F = f''(1)."""
    F = F2_EOC.symbol
    change = sp.series(1 / (h * (1 - F * h / 2)) - 1 / h, h, 0, 1).removeO()
    return [(1 / change, context["beta"]), (context["order"], -ONE / (2 - 1))]


WIDTH_FIRST = Note(
    id="width-first",
    severity="minor",
    text="The rates are those of infinite width at fixed depth; the other order of limits is not covered.",
)


def smooth_proof(context: Context) -> Evidence:
    """The series, with the order of limits in which it speaks."""
    return identities(smooth_series(context), "every smooth f, f'(1) = 1", Scope.WHOLE, (WIDTH_FIRST,))


def hermite_curvature(context: Context) -> list[At]:
    """Enclose f''(1) by 2 (e - gap)/e^2 at e = 10^-6, short of it by f''' e/3 at a place in [1 - e, 1]."""
    at, chosen = at_edge(context.setting, 25), map_on_edge(context.setting)
    e = arb(10) ** -6
    quotient = 2 * (e - chosen.gap(e, 18)) / e**2
    third = (
        at.q**2
        * at.sigma_w**2
        * evaluate(
            E(sp.diff(context.setting.activation.expr, X, 3) ** 2, variance=q), None, context.setting, {q: at.q}, 6
        )
    )
    return [At(quotient + (third * e / 3) * (arb(1) + arb(0, 1)) / 2, where={q: at.q})]


smooth_claim = Claim(
    "smooth-rate",
    title="Smooth activations: correlations go to 1 like 1/l",
    statement=(
        r"On the edge of chaos of a smooth activation $1 - c^l \sim \beta_q/l$, "
        r"$\beta_q = 2/f''(1) = 2 E_q[{\phi'}^2]/(q E_q[{\phi''}^2])$."
    ),
    source="follow-up 1905.13654, Appendix B, text read; derived here",
    known="follow-up",
    no_inequality="it states an asymptotic equality",
    readings=[
        Reading(
            "stated",
            "From every start in (-1, 1), in infinite width at the fixed variance.",
            {"beta": 2 / F2_EOC.symbol, "F2": F2, "order": -ONE},
            checks=[
                custom("series", ("beta", "order"), smooth_proof, kind=Kind.EXACT),
                encloses(
                    "curvature", "F2", hermite_curvature, digits=5, domain="f by its Hermite series at 1 - c = 10^-6"
                ),
                agree(
                    "recursion", "beta", lambda c: on_its_q(c, smooth_rate), resolution=0.02, domain="map from c = 0"
                ),
                agree("exponent", "order", smooth_order, resolution=0.02, domain="map from c = 0"),
            ],
            wrong=[
                wrong("half", {"beta": 1 / F2_EOC.symbol}, "The Taylor coefficient is f''(1)/2."),
                wrong("first-derivative", {"beta": 2 / q}, "f'' brings phi'', not phi'.", checks=["recursion"]),
                wrong("no-q", {"F2": F2 / q}, "u has variance q, so each derivative in c brings sqrt(q) twice."),
                wrong("like-relu", {"order": -2 * ONE}, "f''(1) is finite."),
            ],
            needs=needs_smooth,
        ),
        Reading(
            "slower",
            "A smooth activation is slower than a rectifier: exponents -1 and -2.",
            {"smooth": -ONE, "rectifier": -2 * ONE},
            checks=[
                identity(
                    "orders",
                    ("smooth", "rectifier"),
                    lambda c: [(c["smooth"], -1 / sp.Integer(2 - 1)), (c["rectifier"], -1 / (sp.Rational(3, 2) - 1))],
                    domain="e' = e - const e^m gives e ~ l^(-1/(m-1)); m = 2 and 3/2",
                )
            ],
            wrong=[wrong("equal", {"rectifier": -ONE}, "m = 3/2 for a kink.")],
        ),
    ],
)


def on_its_q(context: Context, measure) -> list[At]:  # type: ignore[no-untyped-def]
    """A measurement whose formula takes the variance on the edge."""
    return [At(measure(context), where={q: at_edge(context.setting, 20).q}, zeros=VANISHES)]


# --- C5: closeness to the identity -----------------------------------------------------------------------------------


def falling(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """As sum k w_k = f'(1) = 1, f' - 1 = -sum k w_k (1 - x^(k-1)), w_k >= 0: no term is positive on [0, 1]."""
    return [(sp.diff(x**k, x) - sp.diff(x**k, x).subs(x, 1), context["sign"] * k * (1 - x ** (k - 1)))]


FORM = Note(
    id="exact-form",
    severity="remark",
    text="The closeness to the identity has an exact form: on the edge the supremum of f(x) - x over [0, 1] is f(0).",
)


def supremum_at_zero(context: Context) -> Evidence:
    """The same, with what it gives."""
    return identities(falling(context), "every term of the Hermite series, f'(1) = 1", Scope.WHOLE, (FORM,))


def at_zero(context: Context) -> list[At]:
    """f(0) from the pair expectation at correlation 0, without the product of means."""
    return [At(map_on_edge(context.setting).F(0, 15), where={q: at_edge(context.setting, 20).q})]


def one_layer(context: Context) -> Estimate:
    """Correlation after one layer from c = 0 at the variance of the edge."""
    at = at_edge(context.setting, 15)
    net = Net(context.setting.activation, float(at.sigma_w), context.setting.number("sigma_b"), float(at.q), 0.0)
    found = simulated(net, (1,), (250, 1000), context.budget.pick(400, 1500, 6000), context.seed)["gap 1"]
    return found.but(value=1 - found.value)


def vanishing(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """f(0) to first order in q."""
    mean, second, slope = small(2)
    return [(leading((mean**2 + q * slope - second) / (q * slope), 1), context["leading"])]


def map_at_zero(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The rectifier's f(0)."""
    return [(context["f"].subs(x, 0), context["sup"])]


def one_at_edge(context: Context) -> list[At]:
    """The number 1 against a slope on the edge."""
    return on_its_q(context, lambda _: arb(1))


closeness = Claim(
    "closeness",
    title="Near sigma_b = 0 the map is close to the identity",
    statement=r"As $\sigma_b \to 0$ along the edge, $\sup_{[0,1]} |f(x) - x| \to 0$.",
    source="1805.08266, Proposition 4; text read without displayed equations",
    known="text read",
    readings=[
        Reading(
            "stated",
            "For smooth phi with phi(0) = 0 != phi'(0): the supremum is f(0), of order q at most, and q -> 0.",
            {"leading": 2 * A2**2 * q / A1**2, "sign": -ONE, "up": ONE, "sup": SUP},
            checks=[
                identity("small-q", "leading", vanishing, domain="phi with three derivatives of polynomial growth"),
                identity("falling", "sign", falling, domain="every term of the Hermite series, f'(1) = 1"),
                monotone("supremum", "up", along("sup"), uses=["sup"], domain="q = 1/20, ..., 5"),
            ],
            wrong=[
                wrong("constant", {"leading": 2 * A2**2 / A1**2}, "E phi^2 = phi'(0)^2 q to first order."),
                wrong("rising", {"sign": ONE}, "f is convex and f'(1) = 1, so f' <= 1."),
                wrong("grows-back", {"up": -ONE}, "f(0) grows with q for tanh."),
            ],
            needs=needs_smooth,
        ),
        Reading(
            "exact-form",
            "In the setting: the supremum is f(0) = (sigma_w^2 (E phi)^2 + sigma_b^2)/q.",
            {"sup": SUP, "half_curvature": F2 / 2, "sign": -ONE},
            checks=[
                custom("falling", "sign", supremum_at_zero, kind=Kind.EXACT),
                encloses("at-zero", "sup", at_zero, whole=True, domain="in the setting, f(0) by the pair expectation"),
                agree("networks", "sup", lambda c: on_its_q(c, one_layer), resolution=0.1, domain=NETWORKS),
            ],
            wrong=[
                wrong("rising", {"sign": ONE}, "f is convex and f'(1) = 1, so f' <= 1."),
                wrong("no-division", {"sup": SUP * q}, "Correlations are divided by q."),
                wrong("eighth", {"half_curvature": F2 / 8}, "At q = .763: .058 < .118.", checks=["slack-curvature"]),
            ],
            attack=[
                bound(
                    "curvature",
                    "sup",
                    "<=",
                    "half_curvature",
                    over={VARIANCE: ("1/100", 20)},
                    log=["q"],
                    text="f(0) <= f''(1)/2",
                )
            ],
            needs=needs_smooth,
        ),
        Reading(
            "separates",
            "For a rectifier the supremum is fixed, 1/pi: the claim separates the classes.",
            {"sup": 1 / sp.pi, "f": RELU_MAP},
            checks=[identity("rectifier", ("sup", "f"), map_at_zero, domain="the only point of its edge")],
            wrong=[wrong("half", {"sup": HALF}, "f(0) = 1/pi.")],
        ),
    ],
)
