"""The constants and parameters of a paper, for formulas over them: in balls, in numbers, and for a search."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache

import sympy as sp
from flint import arb

from mfcheck.claims.inequality import Sample
from mfcheck.claims.model import Constant
from mfcheck.claims.setting import Parameter, Setting
from mfcheck.constants.evaluate import enclose_constant
from mfcheck.constants.floats import in_floats
from mfcheck.constants.graph import ConstantGraph
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose

PREC = 160


class Known:
    """Values of constants in a setting, worked out once, and of formulas over them.

    Args:
        constants: of the paper, all certified; see `Constant.fast` for `quick`.
        parameters: of the paper.
        digits: relative accuracy of the enclosures.
    """

    def __init__(
        self, constants: Sequence[Constant], parameters: Sequence[Parameter], digits: int = 12
    ) -> None:
        self.constants, self.parameters, self.digits = tuple(constants), tuple(parameters), digits
        self.value: Callable[[Setting, str], arb] = lru_cache(maxsize=512)(self._value)

    @cached_property
    def graph(self) -> ConstantGraph:
        """The checked graph; raises ValueError where there is none, as `ConstantGraph` does."""
        return ConstantGraph(self.constants, self.parameters)

    def _value(self, setting: Setting, id: str) -> arb:
        """Enclose a constant; not finite where it has no value in the setting."""
        try:
            return enclose_constant(self.graph, setting, id, self.digits)
        except InputError:  # an infinite constant enters, or a bound is out of reach
            return arb.nan()

    def finite(self, setting: Setting, id: str, reason: str) -> arb:
        """Return `value`.

        Raises:
            InputError: it is not finite: with that reason.
        """
        value = self.value(setting, id)
        if not value.is_finite():
            raise InputError(reason)
        return value

    def values(
        self, setting: Setting, formula: sp.Basic, given: Mapping[str, arb | Fraction]
    ) -> dict[sp.Symbol, arb | Fraction]:
        """Return what the symbols of a formula stand for: `given` by name, else parameters, exact, and constants."""
        names = {p.symbol: p.name for p in self.parameters}
        found: dict[sp.Symbol, arb | Fraction] = {}
        for symbol in formula.free_symbols:
            if symbol.name in given:
                found[symbol] = given[symbol.name]
            elif symbol in names:
                found[symbol] = setting[names[symbol]]
            else:
                found[symbol] = self.value(setting, self.graph.by_symbol[symbol].id)
        return found

    def ball(
        self,
        setting: Setting,
        formula: sp.Expr,
        given: Mapping[str, arb | Fraction],
        prec: int = PREC,
    ) -> arb:
        """Enclose a formula; not finite where a constant of it is not."""
        return enclose(formula, self.values(setting, formula, given), prec)

    def number(self, setting: Setting, formula: sp.Basic, **given: float) -> float:
        """Return a formula in double precision, from the middles of the enclosures of its constants."""
        exact = self.values(setting, formula, {name: arb(x) for name, x in given.items()})
        values = {s: float(v.mid()) if isinstance(v, arb) else float(v) for s, v in exact.items()}
        return float(_code(formula, tuple(values))(*values.values()))

    def quick(self, sample: Sample, formula: sp.Expr) -> float:
        """Return a formula for a search; see `in_floats`."""
        return in_floats(formula, self.constants, self.parameters, sample)


@lru_cache(maxsize=512)
def _code(formula: sp.Basic, symbols: tuple[sp.Symbol, ...]) -> Callable[..., float]:
    code: Callable[..., float] = sp.lambdify(symbols, formula, "math")
    return code
