"""SymPy expressions in one variable as source code on eight doubles at once."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import sympy as sp

from mfcheck.errors import InputError

DIGITS = 25
FUNCTIONS: Mapping[type[sp.Expr], str] = MappingProxyType(
    {
        sp.tanh: "tanh({0})",
        sp.exp: "exp({0})",
        sp.log: "log({0})",
        sp.sin: "sin({0})",
        sp.cos: "cos({0})",
        sp.tan: "(sin({0}) / cos({0}))",
        sp.sinh: "(0.5 * (exp({0}) - exp(-{0})))",
        sp.cosh: "(0.5 * (exp({0}) + exp(-{0})))",
        sp.sech: "(2.0 / (exp({0}) + exp(-{0})))",
        sp.erf: "erf({0})",
        sp.erfc: "(1.0 - erf({0}))",
        sp.atan: "atan({0})",
        sp.asinh: "asinh({0})",
    }
)
"""Functions that have code; `{0}` is the argument."""


def _number(value: sp.Expr) -> str:
    number = float(value.evalf(DIGITS))
    return f"({number!r})" if number < 0 else repr(number)


def _sum(expr: sp.Expr) -> str:
    numeric, rest = expr.as_independent(*expr.free_symbols, as_Add=True)
    terms = [emit(term) for term in sp.Add.make_args(rest)]
    if numeric != 0:
        terms.append(_number(numeric))
    return f"({' + '.join(terms)})"


def _product(expr: sp.Expr) -> str:
    numeric, rest = expr.as_independent(*expr.free_symbols, as_Add=False)
    above: list[str] = []
    below: list[str] = []
    for factor in sp.Mul.make_args(rest):
        _base, power = factor.as_base_exp()
        inverse = power.is_number and power.is_negative
        (below if inverse else above).append(emit(1 / factor if inverse else factor))
    if numeric not in (1, -1) or not above:
        above.insert(0, _number(numeric))
    product = " * ".join(above)
    if numeric == -1 and above[0] != "(-1.0)":
        product = f"-({product})"
    return f"({product} / ({' * '.join(below)}))" if below else f"({product})"


def _power(expr: sp.Expr) -> str:
    base, power = expr.as_base_exp()
    if base == sp.E:
        return f"exp({emit(power)})"
    if not power.is_number:
        return f"exp({emit(power)} * log({emit(base)}))"
    if power.is_negative:
        return f"(1.0 / {emit(base**-power)})"
    whole, fraction = divmod(power, 1)
    factors = [emit(base)] * int(whole)
    if fraction == sp.Rational(1, 2):
        factors.append(f"root({emit(base)})")
    elif fraction != 0:
        factors.append(f"exp({_number(fraction)} * log({emit(base)}))")
    return f"({' * '.join(factors)})"


_NODES: Mapping[type[sp.Expr], Callable[[sp.Expr], str]] = MappingProxyType(
    {sp.Add: _sum, sp.Mul: _product, sp.Pow: _power, sp.exp: _power}
)


def emit(expr: sp.Expr) -> str:
    """Return source code for an expression; a constant becomes a float.

    Raises:
        InputError: a part of the expression has no code.
    """
    if not expr.free_symbols:
        return _number(expr)
    if expr.is_Symbol:
        return str(expr.name)
    for kind, node in _NODES.items():
        if isinstance(expr, kind):
            return node(expr)
    pattern = FUNCTIONS.get(type(expr))
    if pattern is None:
        raise InputError(f"the activation needs {type(expr).__name__}, which has no numerical code")
    return pattern.format(emit(expr.args[0]))


def function(name: str, arguments: str, outputs: list[sp.Expr]) -> str:
    """Return the source of a function of eight doubles with these outputs, common parts first."""
    shared, reduced = sp.cse(outputs, symbols=sp.numbered_symbols("t"))
    lines = [f"    {symbol} = {emit(expr)}" for symbol, expr in shared]
    results = [emit(e) if e.free_symbols else f"spread({_number(e)})" for e in reduced]
    head = f"@internal\ndef {name}({arguments}):\n"
    return head + "\n".join([*lines, f"    return {', '.join(results)}"]) + "\n\n\n"
