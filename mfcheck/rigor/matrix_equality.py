"""Equality of matrix expressions of symbolic size: scalar factors are compared product by product."""

from collections.abc import Mapping

import sympy as sp
from flint import ctx

from mfcheck.rigor.equality import equal, exact_points
from mfcheck.rigor.values import NotUnderstoodError, Walk, disjoint, is_finite, values_of

_PREC = 256
_EXAMPLES = 4


def equal_matrices(
    lhs: sp.MatrixExpr, rhs: sp.MatrixExpr, sizes: Mapping[sp.Symbol, int]
) -> bool | None:
    """Decide whether two matrix expressions are equal for every size; None if that is open.

    Equal: the difference is a sum of products of matrices whose scalar factors all vanish, and examples agree. Unequal:
    the sides differ for integer matrices of `sizes`, and scalars that meet their assumptions.
    """
    if lhs.has(sp.Float) or rhs.has(sp.Float):
        return None
    agree = 0
    for scalars in exact_points(_scalars(lhs, rhs, sizes), _EXAMPLES):
        found = _differ(lhs, rhs, sizes, scalars, agree)
        if found:
            return False
        agree += found is False
    return True if agree and _vanishes(lhs - rhs) else None


def _scalars(
    lhs: sp.MatrixExpr, rhs: sp.MatrixExpr, sizes: Mapping[sp.Symbol, int]
) -> list[sp.Symbol]:
    free = (lhs.free_symbols | rhs.free_symbols) - set(sizes)
    return sorted((x for x in free if isinstance(x, sp.Symbol)), key=str)


def _vanishes(rest: sp.MatrixExpr) -> bool:
    """Say whether all scalar factors of the products of the difference add up to zero."""
    whole = rest.doit().expand().doit()
    if getattr(whole, "is_ZeroMatrix", False):
        return True
    factors: dict[sp.Basic, sp.Expr] = {}
    for term in whole.args if isinstance(whole, sp.MatAdd) else (whole,):
        scalar, matrix = term.as_coeff_mmul()
        product = matrix.doit()
        extra, product = product.as_coeff_mmul()
        factors[product] = factors.get(product, sp.Integer(0)) + scalar * extra
    return all(equal(factor, sp.Integer(0)).holds is True for factor in factors.values())


def _differ(
    lhs: sp.MatrixExpr,
    rhs: sp.MatrixExpr,
    sizes: Mapping[sp.Symbol, int],
    scalars: Mapping[sp.Basic, sp.Expr],
    turn: int,
) -> bool | None:
    """Say whether the sides differ for one choice of integer matrices; None if they could not be compared."""
    with ctx.workprec(_PREC):
        walk = Walk(values_of(scalars))
        try:
            left, right = (_example(side, sizes, turn) for side in (lhs, rhs))
            pairs = [(walk.value(a), walk.value(b)) for a, b in zip(left, right, strict=True)]
        except NotUnderstoodError:
            return None
    if not all(is_finite(a) and is_finite(b) for a, b in pairs):
        return None
    return any(disjoint(a, b) for a, b in pairs)


def _example(expr: sp.MatrixExpr, sizes: Mapping[sp.Symbol, int], turn: int) -> sp.Matrix:
    sized = expr.subs(dict(sizes))
    values = {}
    for k, symbol in enumerate(sorted(sized.atoms(sp.MatrixSymbol), key=str)):
        rows, columns = symbol.shape
        entries = [
            [(3 * i + 5 * j + 2 * i * j + k + 4 * turn) % 11 - 4 for j in range(columns)]
            for i in range(rows)
        ]
        values[symbol] = sp.ImmutableMatrix(entries)
    return sized.xreplace(values).doit().as_explicit()
