"""The same integrals for two coordinates, as integrals over an angle."""

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import Context
from mfcheck.errors import InputError
from mfcheck.rigor.program import program
from mfcheck.symbolic.activation import X
from mfcheck_proofs.batch_norm.gegenbauer import ellipse, is_relu

# --- the plane of two coordinates ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planar:
    """E phi(z1) phi(z2) and E [(B-1-z1^2) phi'(z1)^2 + (1 + z1 z2) phi'(z1) phi'(z2)], by integration over the plane."""

    product: arb
    gradient: arb


@lru_cache(maxsize=16)
def by_plane(expr: sp.Expr, batch: int) -> Planar:
    """Enclose both averages by a rule with positive weights on the plane of (z1, z2).

    (z1 + z2)/sqrt2 = sqrt(B-2) r cos t, (z1 - z2)/sqrt2 = sqrt(B) r sin t, t uniform, w = sqrt(1 - r^2) of density
    (B-3) w^(B-4). The rule is exact for the Chebyshev truncation p of degree D; what is left is a bilinear form in f - p,
    bounded by Cauchy and Schwarz for the integral and for the rule: (1 + z1 z2)^2 <= (B-1-z1^2)(B-1-z2^2).
    """
    around = ellipse(expr, batch)
    with ctx.workprec(96):
        degree = around.degree(arb(10) ** -9, lambda n: 8 * around.slope_rest(n) * around.slope_rest(0))
        turns, count = 2 * degree + 1, (2 * degree + batch - 3) // 2 + 1
        f, df = (program(sp.diff(expr, X, k), (X,)) for k in (0, 1))
        directions = (
            [(arb(2 * k) / turns).cos_pi() for k in range(turns)],
            [(arb(2 * k) / turns).sin_pi() for k in range(turns)],
        )
        product = gradient = arb(0)
        wide, narrow = (arb(batch) / 2).sqrt(), (arb(batch - 2) / 2).sqrt()
        for k in range(count):
            x, weight = arb.legendre_p_root(count, k, True)
            w = (1 + x) / 2
            share = weight / 2 * (batch - 3) * w ** (batch - 4) / turns
            r = (1 - w * w).sqrt()
            for c, s in zip(*directions, strict=True):
                u, v = narrow * r * c, wide * r * s
                z1, z2 = u + v, u - v
                d1, d2 = df(z1), df(z2)
                product += share * f(z1) * f(z2)
                gradient += share * ((batch - 1 - z1 * z1) * d1 * d1 + (1 + z1 * z2) * d1 * d2)
        value, slope = around.rest(degree), around.slope_rest(degree)
        total = around.slope_rest(0)
        values = 2 * around.size * around.r / (around.r - 1)
        return Planar(
            product + arb(0, (2 * (2 * values * value + value * value)).upper()),
            gradient + arb(0, (4 * (2 * total * slope + slope * slope)).upper()),
        )


def plane(context: Context) -> Planar:
    """Both averages in the setting."""
    setting = context.setting
    if is_relu(setting):
        raise InputError("the rectifier has closed forms: see relu-rate")
    return by_plane(setting.activation.expr, setting.integer("batch"))
