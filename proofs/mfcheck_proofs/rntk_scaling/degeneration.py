"""What Theorems 1 and 2 share: the proof that r_L - 1/4 lies between two explicit functions, and r_L enclosed."""

from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from mfcheck.claims import (
    Context,
    Evidence,
    PlantedError,
)
from mfcheck.rigor.ball import exact
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling.proofs import (
    GRID,
    PREC,
    Step,
    all_below,
    bound_at,
    certified,
    compared,
    identical,
    value,
)
from mfcheck_proofs.rntk_scaling.symbols import kappa, lam, s_0

COSINES = (Fraction(-1), *GRID, Fraction(999, 1000))


def _summation_steps(limit: sp.Expr) -> list[Step]:
    """The sums of steps 5 and 6 as identities: mean of the cube, and both bounds put together from their parts."""
    x = sp.Symbol("x", positive=True)
    s_L, E, ell = sp.symbols("s_L E ell", positive=True)
    integral = sp.integrate((1 - kappa * x / s_L) ** 3, (x, 0, s_L / kappa))
    above = kappa / lam + s_L / (4 * lam) - limit
    cube = sp.integrate((s_0 + kappa * x) ** 3, (x, 0, lam / kappa))
    square = sp.integrate((s_0 + kappa * x) ** 2, (x, -s_0 / kappa, lam / kappa))
    below = sp.Rational(1, 4) - (1 - (3 * ell + E * (sp.Rational(4, 3) + 8 * kappa)) / lam) / 4
    return identical(
        {
            "limit": (limit, b.limit_of(b.CONSTANTS["power"])),
            "integral of the upper bound": (integral, s_L / (4 * kappa)),
            "upper bound": (
                above.subs(s_L, s_0 + lam + b.drift()),
                b.upper(),
            ),
            "integral of the cube": (cube, ((s_0 + lam) ** 4 - s_0**4) / (4 * kappa)),
            "integral of the square": (square, (s_0 + lam) ** 3 / (3 * kappa)),
            "lower bound": (below + (sp.Rational(1, 6) + kappa) / lam, b.lower_from(ell, E)),
        }
    )


def degeneration_steps(context: Context) -> list[Step]:
    """Return all steps from the recursion to the two bounds on r_L - 1/4."""
    steps = certified(b.inequalities()) + compared(b.comparisons())
    return steps + _summation_steps(context["limit"]) + _bounds_match(context)


def _bounds_match(context: Context) -> list[Step]:
    """The stated bounds are those derived; of others the derivation says nothing."""
    pairs = {"above": (context["upper"], b.upper()), "below": (context["lower"], b.lower())}
    return [
        Step(f"bound from {side}", True if stated == derived else None, "not the bound derived")
        for side, (stated, derived) in pairs.items()
    ]


def vanishing(context: Context, exponent: sp.Expr) -> list[Step]:
    """As L grows lambda does, with exponent 1 - 2 gamma > 0, and both bounds tend to zero.

    A symbol in `exponent` stands for any positive number, arbitrarily small ones included.
    """
    both = context["upper"] + context["lower"]
    tends = sp.limit(both, lam, sp.oo) == 0
    least = exponent.subs(dict.fromkeys(exponent.free_symbols, 0))
    grows = True if exponent.is_positive else False if least.is_negative else None
    return [
        Step("bounds vanish as lambda grows", True if tends else None, "the limit is not zero"),
        Step("lambda grows", grows, f"the exponent {exponent} of L is not positive"),
    ]


def enclosed(context: Context, scaling: sp.Expr, exponents: tuple[Fraction, ...]) -> Evidence:
    """Enclose r_L at finite depths against the two explicit bounds."""
    depths = context.budget.pick(
        (100, 10_000), (10, 100, 1000, 10_000), (10, 100, 1000, 10_000, 30_000)
    )
    cases = []
    for exponent in exponents:
        for depth in depths:
            for u in COSINES if depth < 10_000 else (Fraction(1, 2),):
                name = f"L = {depth}, u = {u}, gamma = {exponent}"
                with ctx.workprec(PREC):
                    gap = value(scaling, depth, u, exponent) - exact(context["limit"])
                    above = bound_at(context["upper"], scaling, depth, u, exponent)
                    below = bound_at(context["lower"], scaling, depth, u, exponent)
                cases += [(name, gap, above), (name + ", from below", -gap, below)]
    return all_below(cases, f"L = {', '.join(map(str, depths))}; u from -1 to 0.999")


def largest_distance(limit: sp.Expr, scaling: sp.Expr, depth: int, exponent: Fraction) -> arb:
    """Enclose the largest |r_L(u) - limit| over u in -0.9, 0, 0.5, 0.9."""
    with ctx.workprec(PREC):
        gaps = [abs(value(scaling, depth, u, exponent) - exact(limit)) for u in GRID]
        worst = gaps[0]
        for gap in gaps[1:]:
            worst = worst.max(gap)
        return worst


BOUNDS = {"limit": sp.Rational(1, 4), "upper": b.upper(), "lower": b.lower()}


def planted_errors(claim: str, proof: str, cases: str) -> tuple[PlantedError, ...]:
    """Return the planted errors of both theorems; `proof` and `cases` are the checks that must reject them."""
    return (
        PlantedError(
            f"{claim}-third",
            "constant scaled",
            {"limit": sp.Rational(1, 3)},
            "B falls like the third power of l/L, whose mean is 1/4.",
            (proof, cases),
        ),
        PlantedError(
            f"{claim}-no-start",
            "factor dropped",
            {"upper": b.upper() - s_0 / (4 * lam)},
            "Points close together need more layers: at u = 0.999 the distance from 1/4 is far above.",
            (cases,),
        ),
        PlantedError(
            f"{claim}-upper-squared",
            "exponent off",
            {"upper": b.upper() ** 2},
            "The distance falls like 1/lambda.",
            (cases,),
        ),
        PlantedError(
            f"{claim}-lower-sign",
            "sign flipped",
            {"lower": -b.lower()},
            "r_L is not that far above 1/4.",
            (cases,),
        ),
    )
