"""C5: what of it carries over to practice."""

import sympy as sp

from mfcheck.checks import Claim, Context, Note, Reading, bound, identity, noted, wrong
from mfcheck_proofs.numerical_resnets.scheme import COEFFICIENT, f, k, p, x

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
practice_claim = Claim(
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
