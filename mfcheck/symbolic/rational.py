"""Identities between rational formulas, decided by their numerators; faster than SymPy's `cancel` by far."""

import sympy as sp
from sympy.polys.rings import ring


def numerator(expr: sp.Expr) -> sp.Expr:
    """Return the expanded numerator of a rational expression over one common denominator; zero iff the expression is.

    The expression vanishes wherever its denominator does not iff the result is zero. What is not a symbol, such as a
    logarithm, counts as one more variable.

    >>> x, y = sp.symbols("x y")
    >>> numerator(1 / (x - y) + 1 / (x + y) - 2 * x / (x**2 - y**2))
    0
    """
    top = sp.fraction(sp.together(expr))[0]
    symbols = sorted(top.free_symbols, key=str)
    if not symbols or not top.is_polynomial(*symbols):
        return sp.expand(top)
    found: sp.Expr = ring(symbols, sp.QQ)[0].from_expr(top).as_expr()
    return found
