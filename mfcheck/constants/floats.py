"""Formulas over constants in double precision, fast enough for a search; nothing rests on them but where it looks."""

from collections.abc import Callable
from functools import lru_cache

import sympy as sp

from mfcheck.claims.inequality import Sample
from mfcheck.claims.model import Constant
from mfcheck.claims.setting import Parameter

Code = Callable[..., float]


def in_floats(
    formula: sp.Expr,
    constants: tuple[Constant, ...],
    parameters: tuple[Parameter, ...],
    sample: Sample,
) -> float:
    """Return a formula in double precision, the formulas of derived constants put in; nan where it is not defined.

    Args:
        formula: over symbols of constants and parameters, and further ones.
        constants: of the paper; those with a formula are worked out, leaves are asked for their `fast` value.
        parameters: of the paper.
        sample: the setting, with values of parameters and of further symbols by name.

    Raises:
        ValueError: a symbol has no value, or it is a leaf that has none in double precision.
    """
    names, code = _expanded(formula, constants, parameters)
    leaves = {c.id: c.fast for c in constants if c.fast is not None}
    if missing := sorted({*names} - {*sample.values} - {*leaves}):
        raise ValueError(f"{', '.join(missing)} has no value in double precision")
    try:
        return code(*(sample.values[n] if n in sample.values else leaves[n](sample) for n in names))
    except (ArithmeticError, ValueError):  # also of a matrix without an inverse
        return float("nan")


@lru_cache(maxsize=256)
def _expanded(
    formula: sp.Expr, constants: tuple[Constant, ...], parameters: tuple[Parameter, ...]
) -> tuple[tuple[str, ...], Code]:
    """Return the names of what is left when derived constants are put in, and float code in their values."""
    derived = {c.symbol: c.formula for c in constants if c.value is None}
    names = {c.symbol: c.id for c in constants} | {p.symbol: p.name for p in parameters}
    steps: dict[sp.Symbol, sp.Expr] = {}

    def need(expr: sp.Expr) -> None:
        for symbol in sorted(expr.free_symbols, key=str):
            if symbol in derived and symbol not in steps:
                need(derived[symbol])
                steps[symbol] = derived[symbol]

    need(formula)
    inputs = {s for e in (formula, *steps.values()) for s in e.free_symbols} - set(steps)
    ordered, known = sorted(inputs, key=str), list(steps)
    each = [sp.lambdify([*ordered, *known[:k]], e, "math") for k, e in enumerate(steps.values())]
    last = sp.lambdify([*ordered, *known], formula, "math")

    def code(*values: float) -> float:
        found = list(values)
        for step in each:
            found.append(step(*found))
        return float(last(*found))

    return tuple(names.get(s, s.name) for s in ordered), code
