"""Whether a formula is even (1) or odd (-1) in one variable, as far as its form tells (else 0)."""

import ast
from dataclasses import dataclass
from fractions import Fraction

from .formulas import Algebra


@dataclass(frozen=True)
class Parity:
    """The sign that the formula takes when the variable changes its own, and its value if it is a whole number."""

    sign: int
    whole: Fraction | None = None


VARIABLE, EVEN, UNKNOWN = Parity(-1), Parity(1), Parity(0)


def _sum(f: Parity, g: Parity) -> Parity:
    return Parity(f.sign if f.sign == g.sign else 0)


def _product(f: Parity, g: Parity) -> Parity:
    return Parity(f.sign * g.sign)


def _negative(f: Parity) -> Parity:
    return Parity(f.sign, None if f.whole is None else -f.whole)


def _power(f: Parity, g: Parity) -> Parity:
    if f.sign == g.sign == 1:
        return EVEN
    if f.sign == -1 and g.whole is not None and g.whole.denominator == 1:
        return VARIABLE if g.whole % 2 else EVEN
    return UNKNOWN


def _of_even(f: Parity) -> Parity:
    return EVEN if f.sign == 1 else UNKNOWN


def _odd(f: Parity) -> Parity:
    return Parity(f.sign)


def _even(f: Parity) -> Parity:
    return EVEN if f.sign else UNKNOWN


def _all_even(*values: Parity) -> Parity:
    return EVEN if all(f.sign == 1 for f in values) else UNKNOWN


PARITY = Algebra(
    number=lambda x: Parity(1, x),
    pi=lambda: EVEN,
    operators={
        ast.Add: _sum,
        ast.Sub: _sum,
        ast.Mult: _product,
        ast.Div: _product,
        ast.Pow: _power,
        ast.USub: _negative,
    },
    functions={
        **dict.fromkeys(("sin", "tanh", "erf", "atan"), _odd),
        **dict.fromkeys(("exp", "log", "sqrt", "step"), _of_even),
        "cos": _even,
        "max": _all_even,
        "min": _all_even,
    },
    checked=lambda f: f,
)
