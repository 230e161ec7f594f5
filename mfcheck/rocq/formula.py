"""Formulas of certificates in the language of Rocq's real numbers."""

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction
from operator import add, mul, sub, truediv

from mfcheck.errors import InputError
from mfcheck.verify.formulas import parse

_NAMES = {"exp": "exp", "log": "ln", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "atan": "atan"}
"""Functions that the tactic `interval` knows; `tanh`, `max` and `min` are rewritten by lemmas."""
_REWRITTEN = {"tanh": "tanh", "max": "Rmax", "min": "Rmin"}
_DOMAINS = {"log": "0 < {}", "sqrt": "0 <= {}"}
_EXACT: Mapping[type, Callable[..., Fraction]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: truediv,
}
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}

Abstract = Callable[[str], str]
"""Gives a name to a call, as written, that the tactic does not know."""


def rational(value: Fraction) -> str:
    """Return a rational number as a real of Rocq."""
    top = f"({value.numerator})" if value < 0 else str(value.numerator)
    return top if value.denominator == 1 else f"({top} / {value.denominator})"


def translate(
    text: str, names: Mapping[str, str], abstract: Abstract, by_exp: bool = False
) -> tuple[str, list[str]]:
    """Return a formula as a term of Rocq, and what has to hold for it to be defined.

    Rocq's functions are total: a logarithm of -1 is some number there, so that the conditions are goals of their own.

    Args:
        text: a formula in the grammar of the checker.
        names: the term for each input.
        abstract: what to write for a call of a function that Rocq's library or the tactic lacks.
        by_exp: write tanh by exp.
    """
    text = text.strip()
    writer = _Writer(text, names, abstract, by_exp)
    return writer.write(parse(text)), writer.needs


class _Writer:
    def __init__(
        self, text: str, names: Mapping[str, str], abstract: Abstract, by_exp: bool
    ) -> None:
        self.text, self.names, self.abstract, self.by_exp = text, names, abstract, by_exp
        self.needs: list[str] = []

    def write(self, node: ast.expr) -> str:
        match node:
            case ast.Constant():
                return rational(Fraction(self._source(node)))
            case ast.Name(id="pi"):
                return "PI"
            case ast.Name(id=name):
                return self.names[name]
            case ast.UnaryOp(operand=operand):
                return f"(- {self.write(operand)})"
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self._power(left, right)
            case ast.BinOp(left=left, op=op, right=right):
                sides = self.write(left), self.write(right)
                if isinstance(op, ast.Div) and not self._constant(right):
                    self.needs.append(f"{sides[1]} <> 0")
                return f"({sides[0]} {_OPERATORS[type(op)]} {sides[1]})"
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(node, name, args)
        raise InputError("a formula outside the grammar of certificates")

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def _call(self, node: ast.expr, name: str, args: list[ast.expr]) -> str:
        if name in _NAMES:
            written = self.write(args[0])
            if name in _DOMAINS:
                self.needs.append(_DOMAINS[name].format(written))
            return f"({_NAMES[name]} {written})"
        if name not in _REWRITTEN:
            return self.abstract(self._source(node))
        first, *rest = map(self.write, args)
        if name == "tanh":
            return f"(1 - 2 / (exp (2 * {first}) + 1))" if self.by_exp else f"(tanh {first})"
        for other in rest:
            first = f"({_REWRITTEN[name]} {first} {other})"
        return first

    def _power(self, base: ast.expr, exponent: ast.expr) -> str:
        written, value = self.write(base), self._constant(exponent)
        if value is None or value.denominator != 1:
            self.needs.append(f"0 < {written}")
            return f"(exp ({self.write(exponent)} * ln {written}))"
        power = f"({written} ^ {abs(value.numerator)})"
        if value >= 0:
            return power
        self.needs.append(f"{written} <> 0")
        return f"(/ {power})"

    def _constant(self, node: ast.expr) -> Fraction | None:
        """The value of an expression of numbers alone."""
        match node:
            case ast.Constant():
                return Fraction(self._source(node))
            case ast.UnaryOp(operand=operand):
                value = self._constant(operand)
                return None if value is None else -value
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _EXACT:
                sides = self._constant(left), self._constant(right)
                if None in sides or (isinstance(op, ast.Div) and sides[1] == 0):
                    return None
                return _EXACT[type(op)](*sides)
        return None
