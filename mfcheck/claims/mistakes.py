"""What kind of mistake turns one formula into another, for planted errors that do not say so themselves."""

import sympy as sp

SCALED, SIGN, EXPONENT = "constant scaled", "sign flipped", "exponent off"
DROPPED, VALUE, OTHER = "factor dropped", "value changed", "formula replaced"
_ORDERS = ("order", "rate", "exponent", "power", "threshold", "time")


def kind_of(name: str, stated: sp.Basic, wrong: sp.Basic) -> str:
    """Return the kind of mistake in words, by cheap structural comparison.

    >>> x = sp.Symbol("x", positive=True)
    >>> [kind_of("bound", x**2, f) for f in (2 * x**2, -(x**2), x**3, sp.Integer(1), x + 1)]
    ['constant scaled', 'sign flipped', 'exponent off', 'factor dropped', 'formula replaced']
    >>> [kind_of("bound", 1 + 2 * x, f) for f in (1 + x, 2 * x, 1 - 2 * x, 2 + 4 * x)]
    ['constant scaled', 'term dropped', 'sign flipped', 'constant scaled']
    """
    if any(word in name for word in _ORDERS):
        return EXPONENT
    if isinstance(stated, sp.Tuple):
        return VALUE
    if not (isinstance(stated, sp.Expr) and isinstance(wrong, sp.Expr)):
        return OTHER
    return _of_expressions(stated, wrong)


def _of_expressions(stated: sp.Expr, wrong: sp.Expr) -> str:
    if stated.is_zero or wrong.is_zero:
        return DROPPED if wrong.is_zero else OTHER
    if wrong + stated == 0:
        return SIGN
    if wrong.is_Pow and wrong.base == stated:
        return EXPONENT
    if stated.is_Add or wrong.is_Add:
        return _of_sums(stated, wrong)
    ratio = wrong / stated
    if ratio.is_number:
        return SCALED
    if not all(base.is_Symbol or base.is_number for base in ratio.as_powers_dict()):
        return OTHER
    return EXPONENT if all(wrong.has(s) for s in ratio.free_symbols) else DROPPED


def _of_sums(stated: sp.Expr, wrong: sp.Expr) -> str:
    if stated.is_commutative and stated.primitive()[1] == wrong.primitive()[1]:
        return SCALED
    before, after = (set(sp.Add.make_args(side)) for side in (stated, wrong))
    lost, new = before - after, after - before
    if len(lost) == 1 and not new:
        return "term dropped"
    if len(lost) == len(new) == 1 and before & after:
        return _of_expressions(lost.pop(), new.pop())
    return OTHER
