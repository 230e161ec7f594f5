"""Expressions typed by a user: read through Python's syntax tree, never evaluated as Python."""

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from fractions import Fraction
from types import MappingProxyType

import sympy as sp

from mfcheck.errors import InputError

MAX_LENGTH = 1000
MAX_NODES = 150
MAX_NESTING = 8
"""Greatest number of calls and powers inside one another; derivatives grow with its cube."""
MAX_EXPONENT = 100
MAX_BITS = 4096
"""Largest size of a numerator or denominator."""
MAX_CONSTANT = 10**300

_ALPHABET = re.compile(r"[0-9A-Za-z_+\-*/()., \t]*")
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


def _sigmoid(u: sp.Expr) -> sp.Expr:
    return (1 + sp.tanh(u / 2)) / 2


FUNCTIONS: Mapping[str, Callable[[sp.Expr], sp.Expr]] = MappingProxyType(
    {
        "exp": sp.exp,
        "log": sp.log,
        "ln": sp.log,
        "sqrt": sp.sqrt,
        "sin": sp.sin,
        "cos": sp.cos,
        "tan": sp.tan,
        "sinh": sp.sinh,
        "cosh": sp.cosh,
        "tanh": sp.tanh,
        "atan": sp.atan,
        "arctan": sp.atan,
        "asinh": sp.asinh,
        "arcsinh": sp.asinh,
        "erf": sp.erf,
        "erfc": sp.erfc,
        "sigmoid": _sigmoid,
        "softplus": lambda u: sp.log(1 + sp.exp(u)),
        "gelu": lambda u: u * (1 + sp.erf(u / sp.sqrt(2))) / 2,
        "silu": lambda u: u * _sigmoid(u),
        "abs": sp.Abs,
        "sign": sp.sign,
        "step": sp.Heaviside,
        "relu": lambda u: sp.Max(0, u),
        "hardtanh": lambda u: sp.Max(-1, sp.Min(1, u)),
        "elu": lambda u: sp.Max(0, u) + sp.exp(sp.Min(0, u)) - 1,
        "swish": lambda u: u * _sigmoid(u),
    }
)
"""The functions of the grammar, each of one argument."""

TWO_ARGUMENTS: Mapping[str, Callable[[sp.Expr, sp.Expr], sp.Expr]] = MappingProxyType(
    {
        "max": lambda u, v: sp.Max(u, v),
        "min": lambda u, v: sp.Min(u, v),
        "leakyrelu": lambda u, a: sp.Max(0, u) + a * sp.Min(0, u),
        "swish": lambda u, b: u * _sigmoid(b * u),
    }
)
"""The functions of two arguments; `leakyrelu(x, a)` is `a x` for negative x."""

CONSTANTS: Mapping[str, sp.Expr] = MappingProxyType({"pi": sp.pi, "e": sp.E, "E": sp.E})


def plain_name(name: str) -> str:
    """Return the name of a function as the grammar spells it: `ReLU` is `relu`, `leaky_relu` is `leakyrelu`."""
    return name.replace("_", "").lower()


def _takes(name: str) -> str:
    """Say how many arguments a function takes."""
    known = plain_name(name)
    if known not in TWO_ARGUMENTS:
        return "one argument"
    return f"two arguments, as in {known}({'0, x' if known in ('max', 'min') else 'x, 0.01'})"


def _meant(name: str) -> str:
    """Return a question after a name that is close to a known one."""
    close = get_close_matches(name, [*FUNCTIONS, *TWO_ARGUMENTS], n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def parse(text: str, variables: Iterable[str] = ("x",)) -> sp.Expr:
    """Read a real expression: numbers, variables, `+ - * / **`, parentheses, `CONSTANTS`, `FUNCTIONS`.

    Decimal numbers are read as exact rationals; each variable becomes a real SymPy symbol.

    Raises:
        InputError: the text is not in the grammar, too large, or has a part that is not real.

    >>> parse("tanh(x) + 0.1*x**2")
    x**2/10 + tanh(x)
    """
    if len(text) > MAX_LENGTH:
        raise InputError(f"expression too long: {len(text)} characters, at most {MAX_LENGTH}")
    symbols = {name: sp.Symbol(name, real=True) for name in variables}
    return _Reader(text.strip(), symbols).read()


class _Reader:
    """One walk over the syntax tree of one text."""

    def __init__(self, text: str, symbols: Mapping[str, sp.Symbol]) -> None:
        self.text = text
        self.names: dict[str, sp.Expr] = {**CONSTANTS, **symbols}

    def refuse(self, reason: str) -> InputError:
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        return InputError(f"cannot read expression {shown!r}: {reason}")

    def read(self) -> sp.Expr:
        body = self.tree()
        if sum(isinstance(node, ast.expr) for node in ast.walk(body)) > MAX_NODES:
            raise self.refuse(f"more than {MAX_NODES} parts")
        try:
            return self.build(body, 0)
        except (ArithmeticError, RecursionError, MemoryError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise self.refuse("it cannot be formed") from None

    def tree(self) -> ast.expr:
        if "^" in self.text:
            raise self.refuse("write powers as **")
        if self.text.startswith("lambda"):
            raise self.refuse("write the expression in x alone, without lambda")
        if not _ALPHABET.fullmatch(self.text):
            raise self.refuse("character outside the grammar")
        try:
            with warnings.catch_warnings(action="ignore"):
                return ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self.refuse("syntax error") from None

    def build(self, node: ast.expr, nesting: int) -> sp.Expr:
        if nesting > MAX_NESTING:
            raise self.refuse(f"more than {MAX_NESTING} calls or powers inside one another")
        match node:
            case ast.Constant():
                value = self.number(node)
            case ast.Name(id=name):
                value = self.named(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = -self.build(operand, nesting)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                value = self.build(operand, nesting)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                value = self.power(self.build(left, nesting + 1), self.build(right, nesting + 1))
            case ast.BinOp(left=left, op=op, right=right):
                value = self.combine(self.build(left, nesting), op, self.build(right, nesting))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
                value = self.call(name, self.build(argument, nesting + 1))
            case ast.Call(func=ast.Name(id=name), args=[first, second], keywords=[]) if (
                plain_name(name) in TWO_ARGUMENTS
            ):
                both = self.build(first, nesting + 1), self.build(second, nesting + 1)
                value = TWO_ARGUMENTS[plain_name(name)](*both)
            case ast.Call(func=ast.Name(id=name)):
                known = plain_name(name) in {*FUNCTIONS, *TWO_ARGUMENTS}
                words = f"{name} takes {_takes(name)}"
                raise self.refuse(words if known else f"unknown function {name!r}{_meant(name)}")
            case ast.Call(func=ast.Attribute(attr=name)) | ast.Attribute(attr=name) if plain_name(
                name
            ) in {*FUNCTIONS, *TWO_ARGUMENTS}:
                raise self.refuse(f"write {plain_name(name)}(...), without a module before it")
            case _:
                raise self.refuse("only numbers, variables, + - * / ** and calls are read")
        return self.checked(value)

    def number(self, node: ast.Constant) -> sp.Expr:
        source = self.text[node.col_offset : node.end_col_offset]
        if not _NUMBER.fullmatch(source):
            raise self.refuse(f"{source!r} is not a decimal number")
        value = Fraction(source)
        return sp.Rational(value.numerator, value.denominator)

    def named(self, name: str) -> sp.Expr:
        if name in self.names:
            return self.names[name]
        if name in FUNCTIONS:
            raise self.refuse(f"{name} needs an argument")
        raise self.refuse(f"unknown name {name!r}")

    def combine(self, left: sp.Expr, op: ast.operator, right: sp.Expr) -> sp.Expr:
        match op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div() if right.is_zero:
                raise self.refuse("division by zero")
            case ast.Div():
                return left / right
            case _:
                raise self.refuse("unknown operator")

    def power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        self.check_exponent(exponent)
        if base is sp.E:
            return self.call("exp", exponent)
        if base.is_zero and not exponent.is_positive:
            raise self.refuse("zero to a power that is not positive")
        return base**exponent

    def check_exponent(self, exponent: sp.Expr) -> None:
        """Bound every number in an exponent: SymPy works powers of numbers out in full."""
        if any(abs(number) > MAX_EXPONENT for number in exponent.atoms(sp.Rational)):
            raise self.refuse(f"exponent beyond {MAX_EXPONENT}")

    def call(self, name: str, argument: sp.Expr) -> sp.Expr:
        if name not in FUNCTIONS:
            name = plain_name(name)
        if name in TWO_ARGUMENTS and name not in FUNCTIONS:
            raise self.refuse(f"{name} takes {_takes(name)}")
        if name not in FUNCTIONS:
            raise self.refuse(f"unknown function {name!r}{_meant(name)}")
        # SymPy turns exp(n log m) into the number m**n.
        if argument.has(sp.log):
            self.check_exponent(argument)
        return FUNCTIONS[name](argument)

    def checked(self, value: sp.Expr) -> sp.Expr:
        if value.has(sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I) or value.is_extended_real is False:
            raise self.refuse("a part of it is not a real number")
        for number in value.atoms(sp.Rational):
            if max(abs(number.p).bit_length(), number.q.bit_length()) > MAX_BITS:
                raise self.refuse("a number in it is too large")
        for factor in value.atoms(sp.Pow):
            if factor.exp.is_Rational and abs(factor.exp) > MAX_EXPONENT:
                raise self.refuse(f"exponent beyond {MAX_EXPONENT}")
        if not value.free_symbols and not abs(value.evalf(15)) < MAX_CONSTANT:
            raise self.refuse("a constant in it is too large")
        return value
