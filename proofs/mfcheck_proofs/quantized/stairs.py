"""Stairs by other means: quadrature, and the definition."""

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import At, Context, number
from mfcheck.gaussian import expectation
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import X
from mfcheck_proofs.quantized.thresholds import HALF, S1, S2, N, a, sums

# --- stairs by other means -------------------------------------------------------------------------------------------


def stair_expression(levels: int, step: sp.Expr) -> sp.Expr:
    """Return the odd stair of height 1 in X."""
    jumps = [sp.Heaviside(X - step * (k - sp.Rational(levels, 2)), HALF) for k in range(1, levels)]
    return sp.Add(*jumps) - sp.Rational(levels - 1, 2)


SHAPES = ((2, "1"), (3, "1"), (4, "1"), (4, "1/2"), (5, "4/5"), (8, "1/2"), (16, "3/10"))


def shapes(context: Context) -> list[tuple[int, sp.Rational]]:
    """Levels and steps that are compared; those of the setting as well where the house's pieces reach."""
    own = (context.setting.integer("levels"), str(context.setting["step"]))
    return [(n, sp.Rational(step)) for n, step in dict.fromkeys((*SHAPES, *([own] if own[0] <= 30 else [])))]


def label(levels: int, step: sp.Expr) -> str:
    """The case in words."""
    return f"N = {levels}, step {step}"


def known(context: Context, levels: int, step: sp.Rational) -> dict[sp.Symbol, arb]:
    """Return S1, S2 and the uncentred double sum, with as many thresholds as the reading says."""
    count = round(number(context, "thresholds", {N: levels}))
    with ctx.workdps(40):
        height = exact(step)
        found = sums(count, height)
        tails = [(height * (2 * k - count - 1) / 2 / arb(2).sqrt()).erfc() / 2 for k in range(1, count + 1)]
        raw = sum(((2 * k - 1) * tail for k, tail in enumerate(tails, 1)), arb(0))
        return {S1: found.first, S2: found.second, a: raw}


def by_pieces(context: Context) -> list[At]:
    """Corr(k(u), u)^2 by integration of the stair over its pieces."""
    found = []
    for levels, step in shapes(context):
        k = stair_expression(levels, step)
        correlation = expectation(X * k, 1, 0, 25) ** 2 / expectation(k**2, 1, 0, 25)
        found.append(At(correlation, label(levels, step), where=known(context, levels, step)))
    return found
