"""Finite sums inside formulas: `sum(k, a, b, f)`, that of f over the whole numbers k from a to b."""

import ast
from fractions import Fraction
from typing import Any

from .formulas import Reader, cost_of, iv, variable
from .reading import effort, need, number

MAX_TERMS = 2000
_LARGEST = 10**6


def total(reader: Reader, args: list[ast.expr]) -> Any:
    """Add up the values of the last argument."""
    need(len(args) == 4, "sum takes a variable, two whole numbers and a formula")
    name, algebra = variable(reader, args[0]), reader.algebra
    first, last = (_whole(reader, end) for end in args[1:3])
    need(0 <= last - first < MAX_TERMS, f"a sum has 1 to {MAX_TERMS} terms")
    effort.spend((last - first + 1) * (cost_of(args[3], iv.prec) + 10))
    add, found = algebra.operators[ast.Add], algebra.number(Fraction(0))
    for k in range(first, last + 1):
        found = add(found, reader.at(name, algebra.number(Fraction(k))).value(args[3]))
    return found


def _whole(reader: Reader, node: ast.expr) -> int:
    need(isinstance(node, ast.Constant), "the ends of a sum are whole numbers")
    value = number(reader.written(node))
    need(value.denominator == 1 and abs(value) <= _LARGEST, "the ends of a sum are whole numbers")
    return int(value)
