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
        terms = sp.Add.make_args(sp.expand(sp.expand(expr), power_exp=False))
        expr = sp.Add(*(_moment(sp.powsimp(term), x) for term in terms))
    return sp.simplify(expr)


def _moment(term: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """E[term] over one standard Gaussian: `c x^k exp(q x)` in closed form, anything else by integration.

    E[x^k exp(q x)] is the k-th derivative in q of E[exp(q x)] = exp(q^2/2).
    """
    constant, rest = term.as_independent(x, as_Add=False)
    power, rate = sp.Integer(0), sp.Integer(0)
    for factor in sp.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if base == x and exponent.is_Integer and exponent >= 0:
            power += exponent
        elif base == sp.E and sp.Poly(exponent, x).degree() == 1:
            linear = sp.Poly(exponent, x)
            rate += linear.coeff_monomial(x)
            constant *= sp.exp(linear.coeff_monomial(1))
        elif factor != 1:
            weight = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
            return sp.integrate(term * weight, (x, -sp.oo, sp.oo), conds="none")
    q = sp.Dummy("q")
    return constant * sp.diff(sp.exp(q**2 / 2), q, power).subs(q, rate)


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
