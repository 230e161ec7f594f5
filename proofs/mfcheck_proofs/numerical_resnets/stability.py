"""C3: which coefficients are stable."""

from fractions import Fraction

import sympy as sp

from mfcheck.checks import At, Claim, Context, Reading, bound, evaluate, identity, monotone, wrong
from mfcheck_proofs.numerical_resnets.modified_equation import COUNTS, short
from mfcheck_proofs.numerical_resnets.scheme import END, k, network

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
    end = evaluate(END, context.paper, setting, {k: weight})
    values = [network(weight, n_, setting["horizon"], setting["u0"], 15) for n_ in COUNTS]
    return [At(abs(v - end), f"N = {n_}", n_) for v, n_ in zip(values, COUNTS, strict=True)]


def leapfrog(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """K = 1 and f' = -damping: xi^2 + h damping xi - 1 has a root below -1, since the product of the roots is -1."""
    step = sp.Symbol("h", positive=True)
    parasite = context["parasite"].subs(slow, step * damping)
    rest = parasite**2 + step * damping * parasite - 1
    excess = sp.series(context["parasite"], slow, 0, 2).removeO()
    return [(sp.expand(rest), sp.Integer(0)), (excess, -1 - slow / 2)]


stability_claim = Claim(
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
