"""Enclosures of the same functions in the complex plane, with or without a guarantee of analyticity."""

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import sympy as sp
from flint import acb, arb

from mfcheck.rigor.real_functions import holds

Function = Callable[..., acb]

NAN = acb(arb.nan(), arb.nan())
_ONE = acb(1)


def _natural_power(z: acb, n: int) -> acb:
    result = _ONE
    while n:
        if n & 1:
            result = result * z
        n >>= 1
        if n:
            z = z * z
    return result


def _integer_power(n: int) -> Function:
    if n == 2:
        return lambda z: z * z
    if n < 0:
        return lambda z: _ONE / _natural_power(z, -n)
    return lambda z: _natural_power(z, n)


def _atan(z: acb) -> acb:
    """Answer nan unless the ball avoids the cuts `{iy: |y| >= 1}`."""
    off_axis = z.real > 0 or z.real < 0
    return z.atan() if off_axis or z.imag.abs_upper() < 1 else NAN


def _asinh(analytic: bool) -> Function:
    def enclosure(z: acb) -> acb:
        if z.real < 0:
            return -enclosure(-z)
        return (z + (z * z + _ONE).sqrt(analytic=analytic)).log(analytic=analytic)

    return enclosure


def _piecewise(tests: tuple[str, ...]) -> Function:
    """Return the branch decided by the real parts, nan where none is decided."""

    def enclosure(*operands: acb) -> acb:
        for test, value, difference in zip(tests, operands[::2], operands[1::2], strict=True):
            answer = holds(test, difference.real)
            if answer is True:
                return value
            if answer is None:
                return NAN
        return NAN

    return enclosure


@lru_cache(maxsize=2)
def complex_table(analytic: bool) -> Mapping[Any, Any]:
    """Return the enclosures; with `analytic`, a ball where analyticity is not certain gives nan."""
    return MappingProxyType(
        {
            sp.Add: operator.add,
            sp.Mul: operator.mul,
            sp.exp: acb.exp,
            sp.log: lambda z: z.log(analytic=analytic),
            sp.sin: acb.sin,
            sp.cos: acb.cos,
            sp.tan: acb.tan,
            sp.sinh: acb.sinh,
            sp.cosh: acb.cosh,
            sp.tanh: acb.tanh,
            sp.erf: acb.erf,
            sp.erfc: acb.erfc,
            sp.erfi: acb.erfi,
            sp.atan: _atan if analytic else acb.atan,
            sp.asinh: _asinh(analytic),
            sp.Abs: lambda z: z.real_abs(analytic=analytic),
            sp.sign: lambda z: z.real_sgn(analytic=analytic),
            sp.Heaviside: lambda z, _at_zero: z.real_heaviside(analytic=analytic),
            sp.Max: lambda a, b: a.real_max(b, analytic=analytic),
            sp.Min: lambda a, b: a.real_min(b, analytic=analytic),
            "integer power": _integer_power,
            "root": lambda z: z.sqrt(analytic=analytic),
            "piecewise": _piecewise,
        }
    )
