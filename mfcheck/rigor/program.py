"""SymPy expressions as straight-line programs of ball operations, real or complex."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial, reduce
from typing import Any, Literal

import sympy as sp
from flint import acb, arb, ctx, fmpq

from mfcheck.errors import InputError
from mfcheck.rigor import real_functions as real
from mfcheck.rigor.complex_functions import complex_table

Field = Literal["real", "complex", "analytic"]
"""`complex` encloses values; `analytic` answers nan wherever analyticity is not certain."""

Ball = Any
"""An `arb` in a real program, an `acb` in a complex one."""

_CONSTANTS: dict[sp.Expr, Callable[[], arb]] = {
    sp.pi: arb.pi,
    sp.E: arb.const_e,
    sp.EulerGamma: arb.const_euler,
    sp.Catalan: arb.const_catalan,
    sp.GoldenRatio: lambda: (1 + arb(5).sqrt()) / 2,
}


_CHAINED = (sp.Add, sp.Mul, sp.Max, sp.Min)
"""Functions of any number of arguments, computed two by two."""


@dataclass(frozen=True, slots=True)
class Program:
    """`steps[k] = (function, operands)`; operands index the inputs, then constants, then earlier steps."""

    constants: tuple[Ball, ...]
    steps: tuple[tuple[Callable[..., Ball], tuple[int, ...]], ...]
    result: int

    def __call__(self, *inputs: Ball) -> Ball:
        """Enclose the value at one ball per variable."""
        values = [*inputs, *self.constants]
        for function, operands in self.steps:
            match operands:
                case (a,):
                    values.append(function(values[a]))
                case (a, b):
                    values.append(function(values[a], values[b]))
                case _:
                    values.append(function(*[values[k] for k in operands]))
        return values[self.result]


def program(expr: sp.Expr, variables: Sequence[sp.Symbol], kind: Field = "real") -> Program:
    """Compile `expr` for the present working precision; the program takes one ball per variable.

    Raises:
        InputError: the expression has a symbol without a value, or a function without an enclosure.
    """
    return _compiled(sp.sympify(expr), tuple(variables), kind, ctx.prec)


@lru_cache(maxsize=1024)
def _compiled(expr: sp.Expr, variables: tuple[sp.Symbol, ...], kind: Field, prec: int) -> Program:
    with ctx.workprec(prec):
        return _Compiler(variables, kind).run(expr)


@dataclass
class _Compiler:
    """Numbers are folded; equal subexpressions are computed once."""

    variables: tuple[sp.Symbol, ...]
    kind: Field
    known: dict[Any, int] = field(default_factory=dict)
    numbers: dict[int, Ball] = field(default_factory=dict)
    steps: list[tuple[int, Callable[..., Ball], tuple[int, ...]]] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        self.table = real.TABLE if self.kind == "real" else complex_table(self.kind == "analytic")
        for variable in self.variables:
            self.known[variable] = self.slot()

    def slot(self) -> int:
        self.size += 1
        return self.size - 1

    def run(self, expr: sp.Expr) -> Program:
        result = self.visit(expr)
        inputs = range(len(self.variables))
        order = [*inputs, *self.numbers, *(slot for slot, _, _ in self.steps)]
        place = {slot: index for index, slot in enumerate(order)}
        steps = tuple((call, tuple(place[k] for k in args)) for _, call, args in self.steps)
        return Program(tuple(self.numbers.values()), steps, place[result])

    def visit(self, expr: sp.Expr) -> int:
        if expr not in self.known:
            self.known[expr] = self.translate(expr)
        return self.known[expr]

    def translate(self, expr: sp.Expr) -> int:
        if expr.is_Rational:
            return self.constant(arb(fmpq(int(expr.p), int(expr.q))))
        if expr.is_Float:
            raise InputError(f"{expr} is a float, not an exact number: write it as a fraction")
        if expr in (sp.nan, sp.zoo, sp.oo, -sp.oo):
            raise InputError(f"a part of the formula is {expr}, where a number is needed")
        if expr in _CONSTANTS:
            return self.constant(_CONSTANTS[expr]())
        if expr.is_Symbol:
            raise InputError(f"no value for {expr}")
        if isinstance(expr, sp.Pow):
            return self.power(expr.base, expr.exp)
        if isinstance(expr, sp.Piecewise):
            return self.piecewise(expr)
        if type(expr) in _CHAINED:
            return reduce(partial(self.apply, self.table[type(expr)]), map(self.visit, expr.args))
        if type(expr) not in self.table:
            raise InputError(f"no enclosure is known for {expr.func.__name__}")
        return self.apply(self.table[type(expr)], *map(self.visit, expr.args))

    def constant(self, value: arb) -> int:
        slot = self.slot()
        self.numbers[slot] = value if self.kind == "real" else acb(value)
        return slot

    def apply(self, function: Callable[..., Ball], *operands: int) -> int:
        slot = self.slot()
        if all(k in self.numbers for k in operands):
            self.numbers[slot] = function(*[self.numbers[k] for k in operands])
        else:
            self.steps.append((slot, function, operands))
        return slot

    def power(self, base: sp.Expr, exponent: sp.Expr) -> int:
        if exponent.is_Integer:
            return self.apply(self.table["integer power"](int(exponent)), self.visit(base))
        if exponent.is_Rational and exponent.q == 2:
            root = self.apply(self.table["root"], self.visit(base))
            return self.apply(self.table["integer power"](int(exponent.p)), root)
        if exponent.is_integer and self.kind == "real":
            return self.apply(_whole_power, self.visit(base), self.visit(exponent))
        return self.visit(sp.exp(exponent * sp.log(base), evaluate=False))

    def piecewise(self, expr: sp.Piecewise) -> int:
        tests, operands = [], []
        for value, condition in expr.args:
            operands.append(self.visit(value))
            if condition in (True, sp.true):
                tests.append("always")
                operands.append(operands[-1])
            elif isinstance(condition, sp.core.relational.Relational):
                tests.append(condition.rel_op)
                operands.append(self.visit(condition.lhs - condition.rhs))
            else:
                raise InputError(f"no enclosure is known for the condition {condition}")
        return self.apply(self.table["piecewise"](tuple(tests)), *operands)


def _whole_power(base: arb, exponent: arb) -> arb:
    """Return `base**exponent` for an exponent that stands for an integer; the logarithm needs a positive base."""
    if not base > 0 and exponent.is_integer():
        return real.integer_power(int(exponent.fmpz()))(base)
    return (exponent * base.log()).exp()
