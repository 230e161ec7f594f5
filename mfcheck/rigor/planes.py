"""Integrals of polynomials and tanh in sine and cosine from 0 to pi/2, one or one inside another, read from formulas.

One integral over s is read in the coordinates x = sin s, y = cos s, and one over t inside it in x = sin s cos t,
y = sin s sin t: a formula is then a polynomial in x, y, and tanh(a x + b y), on the disc x^2 + y^2 <= 1.
"""

import ast
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from mfcheck.errors import InputError
from mfcheck.verify.formulas import parse

Term: TypeAlias = tuple[Any, ...]
"""`("C", source)`, `("N", whole)`, `("X",)`, `("Y",)`, `("Add" | "Sub" | "Mul", f, g)`, `("Div", f, whole)`,
`("Pow", f, whole)`, and `("T" | "S", a, b, source)` for tanh(a x + b y) and 1 - tanh(a x + b y)^2, a and b sources."""
Monomial: TypeAlias = tuple[tuple[str, int], ...]
Polynomial: TypeAlias = dict[Monomial, Fraction]
_NODES: Mapping[type, str] = {ast.Add: "Add", ast.Sub: "Sub", ast.Mult: "Mul"}
_MOST = 80
"""Of exponents."""


@dataclass(frozen=True)
class Line:
    """An integral over one variable: its name, the formula inside, and that as a term."""

    variable: str
    source: str
    term: Term


@dataclass(frozen=True)
class Plane:
    """An integral over s of `weight`, a formula in s, times an integral over t, with all as terms."""

    variables: tuple[str, str]
    weight: Line
    inner: Line


def read_planar(call: str) -> Line | Plane:
    """Return the integral that a call `integral(s, 0, pi/2, f)` stands for.

    Raises:
        InputError: it has other ends, or f is no such formula.
    """
    call = call.strip()
    s, body = _quarter(call, parse(call))
    match body:
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Call(func=ast.Name(id="integral"))):
            t, inside = _quarter(call, body.right)
            weight = Line(s, _source(call, left), _Reader(call, (s,)).of(left))
            inner = Line(t, _source(call, inside), _Reader(call, (s, t)).of(inside))
            return Plane((s, t), weight, inner)
    return Line(s, _source(call, body), _Reader(call, (s,)).of(body))


def is_planar(call: str) -> bool:
    """Whether a call is such an integral."""
    try:
        read_planar(call)
    except InputError:
        return False
    return True


def _quarter(call: str, node: ast.AST) -> tuple[str, ast.expr]:
    """The variable of an integral from 0 to pi/2, and what is inside."""
    match node:
        case ast.Call(func=ast.Name(id="integral"), args=[ast.Name(id=name), low, high, body]):
            ends = [_source(call, end).replace(" ", "").strip("()") for end in (low, high)]
            if ends == ["0", "pi/2"]:
                return name, body
    raise InputError(f"{call[:60]}: no integral from 0 to pi/2")


def _source(call: str, node: ast.AST) -> str:
    return ast.get_source_segment(call, node) or ""


@dataclass(frozen=True)
class _Reader:
    """Reads formulas in s, or in s and t."""

    text: str
    variables: tuple[str, ...]

    def of(self, node: ast.expr) -> Term:
        """A formula as a term."""
        if not self._varies(node):
            return self._constant(node)
        if len(self.variables) == 2 and not _has_tanh(node):
            return self._polynomial(self.expand(node))
        match node:
            case ast.UnaryOp(operand=operand):
                return ("Sub", ("N", 0), self.of(operand))
            case ast.BinOp(
                left=ast.Constant(value=1),
                op=ast.Sub(),
                right=ast.BinOp(
                    left=ast.Call(func=ast.Name(id="tanh"), args=[argument]),
                    op=ast.Pow(),
                    right=ast.Constant(value=2),
                ),
            ):
                return ("S", *self._linear(argument), _source(self.text, argument))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return ("Pow", self.of(left), self._whole(right))
            case ast.BinOp(left=left, op=ast.Div(), right=right) if not self._varies(right):
                value = _rational(self.text, right)
                if value is None or value.denominator != 1 or value <= 0:
                    inverse = ("C", f"1/({_source(self.text, right)})")
                    return ("Mul", self.of(left), inverse)
                return ("Div", self.of(left), int(value))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _NODES:
                return (_NODES[type(op)], self.of(left), self.of(right))
            case ast.Call(func=ast.Name(id="tanh"), args=[argument]):
                return ("T", *self._linear(argument), _source(self.text, argument))
            case ast.Call(func=ast.Name(id="sin" | "cos" as name), args=[ast.Name()]):
                return ("X",) if name == "sin" else ("Y",)
        raise InputError(f"{_source(self.text, node)[:60]}: no polynomial, nor tanh, in the disc")

    def expand(self, node: ast.expr) -> Polynomial:
        """A formula without tanh as a polynomial in sines and cosines, and in what does not vary."""
        if not self._varies(node):
            value = _rational(self.text, node)
            if value is not None:
                return {(): value}
            return {((f"({_source(self.text, node)})", 1),): Fraction(1)}
        match node:
            case ast.UnaryOp(operand=operand):
                return _times({(): Fraction(-1)}, self.expand(operand))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _plus(self.expand(left), self.expand(right))
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return _plus(self.expand(left), _times({(): Fraction(-1)}, self.expand(right)))
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return _times(self.expand(left), self.expand(right))
            case ast.BinOp(left=left, op=ast.Div(), right=right) if not self._varies(right):
                value = _rational(self.text, right)
                inverse: Polynomial = {((f"(1/({_source(self.text, right)}))", 1),): Fraction(1)}
                if value:
                    inverse = {(): 1 / value}
                return _times(self.expand(left), inverse)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                found: Polynomial = {(): Fraction(1)}
                for _ in range(self._whole(right)):
                    found = _times(found, self.expand(left))
                return found
            case ast.Call(func=ast.Name(id="sin" | "cos" as name), args=[ast.Name(id=variable)]):
                return {((f"{name} {variable}", 1),): Fraction(1)}
        raise InputError(f"{_source(self.text, node)[:60]}: no polynomial in sine and cosine")

    def _constant(self, node: ast.expr) -> Term:
        value = _rational(self.text, node)
        if value is not None:
            whole: Term = ("N", value.numerator)
            return whole if value.denominator == 1 else ("Div", whole, value.denominator)
        return ("C", _source(self.text, node))

    def _linear(self, node: ast.expr) -> tuple[str, str]:
        """The sources of a and b in a x + b y."""
        parts: dict[tuple[int, int], list[str]] = {(1, 0): [], (0, 1): []}
        for monomial, factor in self.expand(node).items():
            place, others = self._place(monomial)
            if place not in parts:
                raise InputError(f"{_source(self.text, node)[:60]}: not linear in the disc")
            parts[place].append(_product(factor, others))
        first, second = (" + ".join(found) or "0" for found in parts.values())
        return first, second

    def _polynomial(self, polynomial: Polynomial) -> Term:
        terms = []
        for monomial, factor in polynomial.items():
            (i, j), others = self._place(monomial)
            term: Term = ("N", factor.numerator)
            if factor.denominator != 1:
                term = ("Div", term, factor.denominator)
            for source, power in others:
                term = ("Mul", term, ("Pow", ("C", source), power))
            for name, power in (("X", i), ("Y", j)):
                if power:
                    term = ("Mul", term, ("Pow", (name,), power))
            terms.append(term)
        total: Term = terms[0] if terms else ("N", 0)
        for term in terms[1:]:
            total = ("Add", total, term)
        return total

    def _place(self, monomial: Monomial) -> tuple[tuple[int, int], Monomial]:
        """The powers of x and y in a monomial, and what else is in it."""
        powers = dict(monomial)
        s, *rest = self.variables
        if not rest:
            found = powers.pop(f"sin {s}", 0), powers.pop(f"cos {s}", 0)
        else:
            found = powers.pop(f"cos {rest[0]}", 0), powers.pop(f"sin {rest[0]}", 0)
            if powers.pop(f"sin {s}", 0) != sum(found) or f"cos {s}" in powers:
                raise InputError(f"{self.text[:60]}: no formula in sin s cos t and sin s sin t")
        return found, tuple(powers.items())

    def _whole(self, node: ast.expr) -> int:
        value = _rational(self.text, node)
        if value is None or value.denominator != 1 or not 0 <= value <= _MOST:
            raise InputError(f"{_source(self.text, node)[:60]}: not a whole exponent")
        return int(value)

    def _varies(self, node: ast.AST) -> bool:
        return any(isinstance(n, ast.Name) and n.id in self.variables for n in ast.walk(node))


def _has_tanh(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "tanh" for n in ast.walk(node))


def _rational(text: str, node: ast.expr) -> Fraction | None:
    """The value of an expression of numbers alone, without powers."""
    match node:
        case ast.Constant():
            return Fraction(_source(text, node))
        case ast.UnaryOp(operand=operand):
            value = _rational(text, operand)
            return None if value is None else -value
        case ast.BinOp(left=left, op=op, right=right):
            sides = _rational(text, left), _rational(text, right)
            return _combined(op, *sides)
    return None


def _combined(op: ast.operator, x: Fraction | None, y: Fraction | None) -> Fraction | None:
    if x is None or y is None:
        return None
    rules: dict[type, Callable[[], Fraction | None]] = {
        ast.Add: lambda: x + y,
        ast.Sub: lambda: x - y,
        ast.Mult: lambda: x * y,
        ast.Div: lambda: x / y if y else None,
    }
    rule = rules.get(type(op))
    return rule() if rule else None


def _product(factor: Fraction, others: Monomial) -> str:
    sign = f"({factor})" if factor < 0 else str(factor)
    if not others:
        return sign
    return "*".join([sign, *(f"{source}**{power}" for source, power in others)])


def _plus(f: Polynomial, g: Polynomial) -> Polynomial:
    found = dict(f)
    for monomial, factor in g.items():
        found[monomial] = found.get(monomial, Fraction(0)) + factor
    return {monomial: factor for monomial, factor in found.items() if factor}


def _times(f: Polynomial, g: Polynomial) -> Polynomial:
    found: Polynomial = {}
    for p, x in f.items():
        for q, y in g.items():
            powers = Counter(dict(p))
            powers.update(dict(q))
            monomial = tuple(sorted(powers.items()))
            found[monomial] = found.get(monomial, Fraction(0)) + x * y
    return {monomial: factor for monomial, factor in found.items() if factor}
