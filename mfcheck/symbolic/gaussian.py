"""Exact Gaussian calculus: expectations, and the operator whose quadratic form is the Dirichlet energy."""

from collections.abc import Sequence

import sympy as sp


def expectation(expr: sp.Expr, variables: Sequence[sp.Symbol]) -> sp.Expr:
    """Return E[expr] for independent standard Gaussian `variables`, integrated by SymPy one after the other.

    >>> x = sp.Symbol("x", real=True)
    >>> expectation(x**4, [x])
    3
    """
    for x in variables:
        weight = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
        expr = sp.integrate(sp.expand(expr) * weight, (x, -sp.oo, sp.oo), conds="none")
    return sp.simplify(expr)


def ornstein_uhlenbeck(f: sp.Expr, variables: Sequence[sp.Symbol]) -> sp.Expr:
    """Return `x . grad f - laplace f`, so that E[grad f . grad g] = E[g (x . grad f - laplace f)].

    Its eigenfunctions are products of Hermite polynomials, with the total degree as eigenvalue.
    """
    return sum((x * sp.diff(f, x) - sp.diff(f, x, 2) for x in variables), sp.Integer(0))


def hermite(index: int, x: sp.Expr) -> sp.Expr:
    """Return the normalised probabilists' Hermite polynomial h_index, E[h_r(xi) h_s(xi)] = 1 if r = s else 0."""
    monic = sp.hermite(index, x / sp.sqrt(2)) / sp.sqrt(2) ** index
    return sp.expand(monic / sp.sqrt(sp.factorial(index)))


def correlated(c: sp.Expr, xi: sp.Symbol, zeta: sp.Symbol) -> sp.Expr:
    """Return a standard Gaussian with correlation `c` to `xi`, given an independent `zeta`."""
    return c * xi + sp.sqrt(1 - c**2) * zeta
