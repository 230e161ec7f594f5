"""What SymPy makes of a difference: expansion, simplification, and cases of sign and remainder.

A zero from here is a claim. `mfcheck.rigor.equality` holds it against exact points before it counts.
"""

from collections.abc import Iterator
from itertools import product

import sympy as sp

from mfcheck.symbolic.generic import opaque

Pair = tuple[sp.Expr, sp.Expr]

_MAX_MODULUS = 12
_MAX_CASES = 36


def difference(lhs: sp.Expr, rhs: sp.Expr) -> sp.Expr:
    """Return zero if SymPy makes the sides equal, else a form of `lhs - rhs`.

    The difference is expanded, then simplified, then taken apart: a symbol declared negative is minus a positive one,
    and an integer has each remainder in turn.
    """
    rest = lhs - rhs
    if sp.expand(opaque(rest)) == 0:
        return sp.Integer(0)
    simple = sp.simplify(rest)
    if simple == 0 or all(_expands_to_zero(case) for case in _cases(rest)):
        return sp.Integer(0)
    return simple


def _expands_to_zero(expr: sp.Expr) -> bool:
    if sp.expand(expr) == 0 or sp.simplify(sp.expand(expr)) == 0:
        return True
    return any(
        expr.has(*kinds) and sp.simplify(sp.expand(expr.rewrite(kinds, target))) == 0
        for kinds, target in _REWRITES
    )


_REWRITES = (
    ((sp.Max, sp.Min), sp.Abs),
    ((sp.erfc,), sp.erf),
    ((sp.tanh, sp.sinh, sp.cosh, sp.coth), sp.exp),
)
"""Functions that are written in terms of another, where SymPy does not relate them otherwise."""


def _cases(expr: sp.Expr) -> Iterator[sp.Expr]:
    """Put in turn each case of the symbols; together they cover all values that are declared. At least one."""
    choices = [(x, _choices(expr, x)) for x in sorted(expr.free_symbols, key=str)]
    split = [(x, forms) for x, forms in choices if forms]
    count = 1
    for _, forms in split:
        count *= len(forms)
    if not split or count > _MAX_CASES:
        yield expr
        return
    for chosen in product(*(forms for _, forms in split)):
        swap = {x: form for (x, _), form in zip(split, chosen, strict=True)}
        yield expr.subs(swap, simultaneous=True)


def _choices(expr: sp.Expr, x: sp.Symbol) -> list[sp.Expr]:
    """Return forms that together take every value of the symbol; empty where nothing is gained."""
    if x.is_integer:
        modulus = _modulus(expr, x)
        k = sp.Dummy("k", integer=True, nonnegative=x.is_nonnegative or None)
        return [modulus * k + r for r in range(modulus)] if modulus > 1 else []
    if x.is_negative:
        return [-sp.Dummy("p", positive=True)]
    return []


def _modulus(expr: sp.Expr, x: sp.Symbol) -> int:
    """Return a number whose remainders decide the parts of the expression that depend on remainders."""
    modulus = 1
    periodic = expr.atoms(sp.floor, sp.ceiling, sp.sin, sp.cos, sp.tan, sp.Mod)
    alternating = {e for e in expr.atoms(sp.Pow) if e.base.is_negative and e.exp.has(x)}
    for part in periodic | alternating:
        if part.has(x):
            denominators = [int(q.q) for q in part.atoms(sp.Rational)]
            moduli = (
                [int(part.args[1])] if isinstance(part, sp.Mod) and part.args[1].is_Integer else []
            )
            modulus = sp.ilcm(modulus, *denominators, *moduli, 2)
    return int(modulus) if modulus <= _MAX_MODULUS else 1
