"""Square roots in one form: factors that are known to be positive leave the root, so that equal roots are seen."""

import sympy as sp


def split_roots(expr: sp.Expr) -> sp.Expr:
    """Return an equal expression in which roots of rational functions are products of roots of irreducible factors.

    A factor leaves a common root only if SymPy knows it to be positive under the assumptions of its symbols; all others
    stay under one root together.

    >>> p = sp.Symbol("p", positive=True)
    >>> split_roots(sp.sqrt(1 + 6 * p + 9 * p**2) - 3 * p)
    1
    """
    result = sp.sympify(expr).replace(_is_root, _split)
    return sp.expand(result)


def _is_root(expr: sp.Basic) -> bool:
    return isinstance(expr, sp.Pow) and expr.exp.is_Rational and expr.exp.q == 2


def _split(power: sp.Pow) -> sp.Expr:
    base, exponent = sp.factor(sp.together(power.base)), power.exp
    outside, inside = sp.Integer(1), sp.Integer(1)
    for factor in sp.Mul.make_args(base):
        root, order = factor.as_base_exp()
        if not order.is_Integer:
            inside *= factor
        elif _is_positive(root):
            outside *= root ** (order * exponent)
        else:
            inside *= factor
    return outside * (sp.Integer(1) if inside == 1 else inside**exponent)


def _is_positive(expr: sp.Expr) -> bool:
    return bool(expr.is_positive or sp.expand(expr).is_positive)
