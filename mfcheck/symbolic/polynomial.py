"""Polynomials in the variable of an activation."""

import operator
from functools import reduce

import sympy as sp

from mfcheck.symbolic.activation import X


def as_polynomial(expr: sp.Expr) -> sp.Poly:
    """Multiply a polynomial expression out, power by power (SymPy's own expansion may take minutes)."""
    if isinstance(expr, sp.Add | sp.Mul):
        return reduce(operator.add if expr.is_Add else operator.mul, map(as_polynomial, expr.args))
    if isinstance(expr, sp.Pow) and expr.has(X):
        return as_polynomial(expr.base) ** int(expr.exp)
    return sp.Poly(expr, X)
