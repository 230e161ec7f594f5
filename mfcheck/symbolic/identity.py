"""Exact equality: an identity holds if the difference of its sides simplifies to zero."""

import sympy as sp
from mpmath import mp
from sympy.core.function import AppliedUndef

from mfcheck.symbolic.generic import opaque

Pair = tuple[sp.Expr, sp.Expr]


def difference(lhs: sp.Expr, rhs: sp.Expr) -> sp.Expr:
    """Return zero if the sides are equal after expansion or simplification, else a form of `lhs - rhs`."""
    rest = lhs - rhs
    if sp.expand(opaque(rest)) == 0:
        return sp.Integer(0)
    # Simplification can take minutes: it is for differences that no number tells from zero.
    return rest if differs(rest) else sp.simplify(rest)


_TRIAL = {"s0": mp.sin, "s1": mp.cos, "s2": lambda x: -mp.sin(x), "s3": lambda x: -mp.cos(x)}
"""A definite activation for the generic one: an identity that fails for it is false."""


def differs(expr: sp.Expr) -> bool:
    """Return whether `expr` takes a value away from zero, in 60 digits, at a rational point."""
    concrete = _define(expr)
    free = sorted(concrete.free_symbols, key=str)
    function = sp.lambdify(free, concrete, modules=[_TRIAL, "mpmath"], cse=True)
    with mp.workdps(60):
        size = abs(function(*(mp.mpf(7 + 3 * k) / (11 + 2 * k) for k in range(len(free)))))
        return bool(mp.isfinite(size)) and bool(size > mp.mpf("1e-30"))


def _define(expr: sp.Expr) -> sp.Expr:
    """Put a definite function for each undefined one, and carry out the derivatives."""
    heads = sorted({call.func for call in expr.atoms(AppliedUndef)}, key=str)
    for k, head in enumerate(heads):
        expr = expr.replace(head, lambda x, k=k: 2 + sp.sin(x + k) + x**2 / (k + 2))
    return expr.doit() if heads else expr
