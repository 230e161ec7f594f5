"""Eigenvalues of a kernel of the cosine on the unit sphere: the formula of Funk and Hecke, enclosed."""

import math
from functools import lru_cache

import sympy as sp
from flint import acb, arb, ctx

from mfcheck.kernels.formulas import theta
from mfcheck.rigor.program import program

PREC = 128


@lru_cache(maxsize=1024)
def eigenvalue(kernel: sp.Expr, d: int, degree: int) -> arb:
    """Enclose the eigenvalue of that degree on the unit sphere of R^d, d >= 2, for the uniform probability measure.

    mu_k = int f P_k sin^(d-2) / int sin^(d-2) over the angle, P_k the Gegenbauer polynomial with P_k(1) = 1; on the
    circle P_k(cos z) = cos(k z).

    Args:
        kernel: over `mfcheck.kernels.formulas.theta`, the angle; analytic on [0, pi].
        d: dimension of the space.
        degree: of the spherical harmonics.
    """
    with ctx.workprec(PREC + 8 * degree):
        order = acb(d - 2) / 2
        code = program(kernel, (theta,), "complex")
        top = acb(1) if d == 2 else acb(1).gegenbauer_c(acb(degree), order)

        def polynomial(z: acb) -> acb:
            return (degree * z).cos() if d == 2 else z.cos().gegenbauer_c(acb(degree), order)

        def integrand(z: acb, _analytic: bool) -> acb:
            return code(z) * polynomial(z) * z.sin() ** (d - 2)

        whole = acb.integral(lambda z, _a: z.sin() ** (d - 2), acb(0), acb.pi())
        return (acb.integral(integrand, acb(0), acb.pi()) / top / whole).real


def multiplicity(d: int, degree: int) -> int:
    """Return the dimension of spherical harmonics of that degree in R^d.

    >>> [multiplicity(3, k) for k in range(4)]
    [1, 3, 5, 7]
    """
    if degree < 2:
        return 1 if degree == 0 else d
    return math.comb(degree + d - 1, degree) - math.comb(degree + d - 3, degree - 2)
