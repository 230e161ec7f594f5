"""Arc-cosine functions and the residual recursion, once, in the angle between two inputs (2403.04545, Section 3).

In `theta = arccos u` all of them are entire, and the one difference that cancels near u = 1 is `GAP = k1 - u`.
Everything else follows from it: `k1(u) = GAP(pi - theta)`. The chord `c = |x - x'| = 2 sin(theta/2)` is the
distance of the inputs, and `v = 1 - u = c^2 / 2`.
"""

import sympy as sp

u = sp.Symbol("u", real=True)
theta = sp.Symbol("theta", nonnegative=True)
v = sp.Symbol("v", nonnegative=True)
a = sp.Symbol("a", nonnegative=True)
"""Share alpha^2 / (1 + alpha^2) of the residual branch."""

L = sp.Symbol("L", positive=True, integer=True)
"""Depth."""
c, s_0 = sp.symbols("c s_0", positive=True)
"""Distance of the inputs, and its inverse, which grows by about `kappa = a/(3 pi)` in a layer."""
kappa, lam = sp.Symbol("kappa", positive=True), sp.Symbol("lambda", positive=True)
"""That growth, and `kappa L`."""
T = sp.Symbol("T", positive=True)
"""The clock `a L`."""

K0_U = (sp.pi - sp.acos(u)) / sp.pi
"""k0(u) = 2 E[1(g > 0) 1(g' > 0)] for standard Gaussians g, g' of correlation u."""

K1_U = (u * (sp.pi - sp.acos(u)) + sp.sqrt(1 - u**2)) / sp.pi
"""k1(u) = 2 E[relu(g) relu(g')]."""

K0 = 1 - theta / sp.pi
"""k0 at u = cos(theta)."""

GAP = (sp.sin(theta) - theta * sp.cos(theta)) / sp.pi
"""k1 - u at u = cos(theta): never negative, of order theta^3."""

HALF_TERM = (GAP + sp.cos(theta) + sp.cos(theta) * K0) / 2
"""(k1 + u k0) / 2 at u = cos(theta): the kernel r_1 of one hidden layer."""

SLOPE = 1 - a * theta / sp.pi
"""Derivative of rho + a (k1(rho) - rho) in rho, since k1' = k0; a = alpha^2 / (1 + alpha^2)."""

ANGLE = 2 * sp.asin(sp.sqrt(v / 2))
"""theta from v = 1 - u."""


def gap_series(terms: int) -> tuple[sp.Rational, ...]:
    """Return the coefficients of theta^3, theta^5, ... in `pi GAP`.

    >>> gap_series(2)
    (1/3, -1/30)
    """
    series = sp.series(sp.pi * GAP, theta, 0, 2 * terms + 3).removeO()
    return tuple(sp.Rational(series.coeff(theta, 2 * k + 3)) for k in range(terms))
