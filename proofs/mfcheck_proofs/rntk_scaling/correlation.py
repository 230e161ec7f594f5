"""The step to Theorem 1: correlations of hidden states tend to one, with both bounds for each layer."""

from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from mfcheck.claims import (
    Check,
    Context,
    Evidence,
    Kind,
    PlantedError,
    Reading,
)
from mfcheck.rigor.ball import enclose, exact
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling.degeneration import COSINES
from mfcheck_proofs.rntk_scaling.proofs import (
    PREC,
    all_below,
    certified,
    compared,
    conclude,
    residual,
)
from mfcheck_proofs.rntk_scaling.symbols import c, kappa

ALPHAS = (sp.Rational(1, 10), sp.Rational(1, 2), sp.Integer(1), sp.Integer(3))
LEMMA_CHECKS = ("correlation-proof", "correlation-enclosed")


def correlation_proof(context: Context) -> Evidence:
    """Steps 1 and 2 of the derivation: inequalities in the angle, then comparisons of numbers."""
    constants = {name: context[name] for name in b.CONSTANTS}
    steps = certified(b.inequalities(constants)) + compared(b.comparisons(constants))
    return conclude(
        steps, "every alpha, every pair of points, every layer", "s+ - s", "kappa (1 + ...)"
    )


def _increments(context: Context) -> list[tuple[str, arb, arb]]:
    """One step of the recursion at many alphas and distances, against the bound and from below."""
    cases = []
    for alpha in (sp.Rational(1, 1000), *ALPHAS):
        for u in (*COSINES, Fraction(10**6 - 1, 10**6)):
            with ctx.workprec(PREC):
                k = residual(alpha, 1)
                start = 1 - exact(u)
                before, after = (1 / (2 * v).sqrt() for v in (start, k.correlation_gap(start)))
                size = {kappa: k.a / (3 * arb.pi()), c: 1 / before}
                bound = enclose(b.increment(context.formulas), size, PREC)
                name = f"alpha = {alpha}, u = {u}"
                cases += [
                    (name, after - before, bound),
                    (name + ", from below", size[kappa] * (1 - arb(2) ** -60), after - before),
                ]
    return cases


def correlation_enclosed(context: Context) -> Evidence:
    """The increment of s = 1/|x_l - x_l'| in one layer, enclosed."""
    return all_below(_increments(context), "alpha in 0.001..3, u from -1 to 1 - 1e-6")


correlation = assembled(
    id="correlation-to-one",
    title="Distances of hidden states shrink like 1/l",
    statement=(
        "With s = 1/|x - x'| for the normalised hidden states and kappa = alpha^2/(3 pi (1 + alpha^2)), each layer "
        "adds "
        "between kappa and kappa (1 + (3/2) kappa |x-x'| + |x-x'|^2/4) to s; so 1 - rho_l <= 1/(2 (s_0 + kappa l)^2)."
    ),
    source="2403.04545, the step to Theorem 1",
    readings=(Reading("stated", "The constants of the derivation.", {**b.CONSTANTS}),),
    checks=(
        Check(LEMMA_CHECKS[0], Kind.CERTIFIED, correlation_proof),
        Check(LEMMA_CHECKS[1], Kind.CERTIFIED, correlation_enclosed),
    ),
    planted=(
        PlantedError(
            "correlation-shape-small",
            "constant scaled",
            {"shape": sp.Rational(1, 50)},
            "Near c = 0 the excess is c^2/40.",
            LEMMA_CHECKS[:1],
        ),
        PlantedError(
            "correlation-term-small",
            "constant scaled",
            {"term": sp.Rational(5, 16)},
            "At a right angle (1 - H)/c is above 0.59.",
            LEMMA_CHECKS[:1],
        ),
        PlantedError(
            "correlation-no-curvature",
            "factor dropped",
            {"increment": sp.Integer(0)},
            "For small alpha and opposite points the step is 18 percent above kappa.",
            LEMMA_CHECKS[1:],
        ),
        PlantedError(
            "correlation-leading-sign",
            "sign flipped",
            {"leading": -sp.Rational(3, 2)},
            "The step grows with kappa.",
            LEMMA_CHECKS[1:],
        ),
    ),
)

CLAIMS = (correlation,)
