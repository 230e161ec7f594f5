"""Certified values of the paper's constants, for the checks that compare with them."""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, lru_cache

import sympy as sp
from flint import arb

from mfcheck.claims import Context, Estimate, Setting
from mfcheck.constants.evaluate import enclose_constant
from mfcheck.constants.graph import ConstantGraph
from mfcheck.errors import InputError
from mfcheck.statistics import exactly
from mfcheck_proofs.scaled_resnets.constants import CONSTANTS
from mfcheck_proofs.scaled_resnets.setting import PARAMETERS

DIGITS = 12


@cache
def _graph() -> ConstantGraph:
    return ConstantGraph(CONSTANTS, PARAMETERS)


@lru_cache(maxsize=512)
def value_of(setting: Setting, id: str) -> arb:
    """Return a certified enclosure of a constant in a setting; not finite where it has no value there."""
    try:
        return enclose_constant(_graph(), setting, id, DIGITS)
    except InputError:  # an infinite constant enters, or a bound is out of reach
        return arb.nan()


def finite(setting: Setting, id: str, reason: str) -> arb:
    """Return `value_of`.

    Raises:
        InputError: it is not finite: with that reason.
    """
    value = value_of(setting, id)
    if not value.is_finite():
        raise InputError(reason)
    return value


def values_in(
    setting: Setting, formula: sp.Basic, given: Mapping[str, arb | Fraction]
) -> dict[sp.Symbol, arb | Fraction]:
    """Return the values of a formula's symbols: constants enclosed, parameters exact, `given` by name before both."""
    graph = _graph()
    parameters = {p.symbol: p.name for p in graph.parameters}
    values: dict[sp.Symbol, arb | Fraction] = {}
    for symbol in formula.free_symbols:
        if symbol.name in given:
            values[symbol] = given[symbol.name]
        elif symbol in parameters:
            values[symbol] = setting[parameters[symbol]]
        else:
            values[symbol] = value_of(setting, graph.by_symbol[symbol].id)
    return values


def number(context: Context, formula: sp.Basic, **given: float) -> float:
    """Return a formula as a number, its constants taken from the setting.

    Enclosures are 12 digits wide at most, far below the error of any simulation they are compared with.

    Args:
        context: whose setting gives the constants and parameters.
        formula: over symbols of constants, of parameters, and of `given`.
        given: values by symbol name, before all others.
    """
    exact = values_in(context.setting, formula, {name: arb(value) for name, value in given.items()})
    values = {s: float(v.mid()) if isinstance(v, arb) else float(v) for s, v in exact.items()}
    return float(_code(formula, tuple(values))(*values.values()))


@lru_cache(maxsize=512)
def _code(formula: sp.Basic, symbols: tuple[sp.Symbol, ...]) -> Callable[..., float]:
    code: Callable[..., float] = sp.lambdify(symbols, formula, "math")
    return code


def stated(value: float) -> Estimate:
    """Return a number that a formula gave, with its rounding.

    Raises:
        InputError: a constant of the formula has no finite value in the setting.
    """
    if not math.isfinite(value):
        raise InputError("a constant of the bound has no finite value in this setting")
    return exactly(value, 1e-12 * abs(value))
