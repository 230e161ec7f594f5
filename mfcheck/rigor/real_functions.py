"""Enclosures of real functions on intervals of any width, tight where the function is monotone."""

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sympy as sp
from flint import arb

Function = Callable[..., arb]

NAN = arb.nan()
_ZERO, _ONE = arb(0), arb(1)
_NARROW = 20
"""Bits of accuracy beyond which a plain ball evaluation is tight enough."""


def monotone(function: Callable[[arb], arb]) -> Function:
    """Return an enclosure of a monotone function that is tight on wide intervals."""

    def enclosure(x: arb) -> arb:
        if x.rel_one_accuracy_bits() > _NARROW or not x.is_finite():
            return function(x)
        return function(x.lower()).union(function(x.upper()))

    return enclosure


def _even(function: Callable[[arb], arb]) -> Function:
    """Return an enclosure of an even function that increases on [0, inf)."""

    def enclosure(x: arb) -> arb:
        if x.rel_one_accuracy_bits() > _NARROW or not x.is_finite():
            return function(x)
        return function(x.abs_lower()).union(function(x.abs_upper()))

    return enclosure


def natural_power(x: arb, n: int) -> arb:
    """Return `x**n` for n >= 0 by repeated squaring (`arb.__pow__` fails on balls around zero)."""
    result = _ONE
    while n:
        if n & 1:
            result = result * x
        n >>= 1
        if n:
            x = x * x
    return result


def integer_power(n: int) -> Function:
    """Return the enclosure of `x -> x**n` for an integer n of either sign."""
    if n < 0:
        positive = integer_power(-n)
        return lambda x: _ONE / positive(x)
    shape = _even if n % 2 == 0 else monotone
    return shape(lambda x: natural_power(x, n))


def heaviside(x: arb, at_zero: arb) -> arb:
    """Enclose the step with the stated value at zero."""
    if x > 0:
        return _ONE
    if x < 0:
        return _ZERO
    return at_zero if x.is_zero() else _ZERO.union(_ONE).union(at_zero)


def sign(x: arb) -> arb:
    """Enclose the sign of a number."""
    return x.sgn() if x.is_finite() else NAN


def piecewise(tests: tuple[str, ...]) -> Function:
    """Return the union of all branches that may apply; operands are value, difference, value, ..."""

    def enclosure(*operands: arb) -> arb:
        result: arb | None = None
        for test, value, difference in zip(tests, operands[::2], operands[1::2], strict=True):
            answer = holds(test, difference)
            if answer is not False:
                result = value if result is None else result.union(value)
            if answer is True:
                return result
        return NAN

    return enclosure


def holds(test: str, difference: arb) -> bool | None:
    """Say whether `difference test 0` is certain, certainly false, or undecided (None)."""
    below, above, zero = difference < 0, difference > 0, difference.is_zero()
    true, false = {
        "always": (True, False),
        "<": (below, above or zero),
        "<=": (below or zero, above),
        ">": (above, below or zero),
        ">=": (above or zero, below),
        "==": (zero, below or above),
        "!=": (below or above, zero),
    }[test]
    return True if true else False if false else None


def _beta_regularized(a: arb, b: arb, lower: arb, upper: arb) -> arb:
    """Enclose the mass that the beta law has between two points; for a = 0 the limit of the law, all mass at zero."""
    if a.is_zero() and lower.is_zero() and upper > 0:
        return arb(1)
    return upper.beta_lower(a, b, True) - lower.beta_lower(a, b, True)


def polygamma(order: arb, x: arb) -> arb:
    """Enclose the polygamma function for a whole order n >= 1 and x > 0: `(-1)^(n+1) n! zeta(n+1, x)`."""
    n = order.unique_fmpz()
    if n is None or n < 1 or not x > 0:
        return NAN
    value = order.fac() * (order + 1).zeta(x)
    return value if int(n) % 2 else -value


TABLE: Mapping[Any, Any] = MappingProxyType(
    {
        sp.polygamma: polygamma,
        sp.Add: operator.add,
        sp.Mul: operator.mul,
        sp.exp: monotone(arb.exp),
        sp.log: monotone(arb.log),
        sp.sin: arb.sin,
        sp.cos: arb.cos,
        sp.tan: arb.tan,
        sp.asin: monotone(arb.asin),
        sp.acos: monotone(arb.acos),
        sp.atan: monotone(arb.atan),
        sp.sinh: monotone(arb.sinh),
        sp.cosh: _even(arb.cosh),
        sp.tanh: monotone(arb.tanh),
        sp.asinh: monotone(arb.asinh),
        sp.acosh: monotone(arb.acosh),
        sp.atanh: monotone(arb.atanh),
        sp.erf: monotone(arb.erf),
        sp.erfc: monotone(arb.erfc),
        sp.erfi: monotone(arb.erfi),
        sp.gamma: arb.gamma,
        sp.loggamma: arb.lgamma,
        sp.factorial: lambda x: (x + 1).gamma(),
        sp.betainc_regularized: _beta_regularized,
        sp.Abs: abs,
        sp.sign: sign,
        sp.Heaviside: heaviside,
        sp.Max: arb.max,
        sp.Min: arb.min,
        "integer power": integer_power,
        "root": monotone(arb.sqrt),
        "piecewise": piecewise,
    }
)
"""SymPy class (or internal key) to enclosure."""
