"""Averages of polynomials over independent variables, from the moments of each."""

from collections.abc import Mapping, Sequence

import sympy as sp


def average(expr: sp.Expr, moments: Mapping[sp.Symbol, Sequence[sp.Expr]]) -> sp.Expr:
    """Return the mean of a polynomial in independent variables, expanded.

    Args:
        expr: a polynomial in the variables; its coefficients may hold other symbols.
        moments: of each variable `x`: `E x^0 = 1`, `E x`, `E x^2`, ..., up to the highest power that occurs.

    Raises:
        IndexError: a power occurs whose moment is not given.

    >>> u, z, R = sp.symbols("u z R")
    >>> average((u + z) ** 2, {z: (1, 0, R)})
    R + u**2
    """
    poly = sp.Poly(sp.expand(expr), *moments)
    terms = (
        factor * sp.prod(known[k] for known, k in zip(moments.values(), powers, strict=True))
        for powers, factor in poly.terms()
    )
    return sp.expand(sp.Add(*terms))


def gaussian_moments(variance: sp.Expr, highest: int) -> tuple[sp.Expr, ...]:
    """Return `E x^k`, k = 0..highest, of a Gaussian variable of mean zero.

    >>> gaussian_moments(sp.Symbol("q"), 4)
    (1, 0, q, 0, 3*q**2)
    """
    return tuple(
        sp.Integer(0) if k % 2 else sp.factorial2(k - 1) * sp.sympify(variance) ** (k // 2)
        for k in range(highest + 1)
    )
