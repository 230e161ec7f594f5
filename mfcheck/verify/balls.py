"""Balls in fixed point, middle and radius as integers in units of 2^-bits: formulas that are evaluated very often.

A formula is turned into a function once. The arc-cosine functions come from sine and cosine of a nearby angle.
"""

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import acos, isqrt
from typing import Any, TypeAlias

from .formulas import FUNCTIONS, Interval, fixed, iv, parse
from .reading import MalformedError, UnprovedError, need, number, prove

Ball: TypeAlias = tuple[int, int]  # middle and radius
Env: TypeAlias = dict[str, Ball]
Code: TypeAlias = Callable[[Env], Ball]
MAX_BITS, _LONGEST = 128, 1024
_SLACK = 64
"""Error of sine and cosine, in units."""


def ball(x: Interval, bits: int) -> Ball:
    """Enclose an interval."""
    low, high = fixed(x, bits)
    return (low + high) // 2, (high - low + 1) // 2


def interval(x: Ball, bits: int) -> Interval:
    """The same as an interval, not rounded inwards."""
    return iv.mpf([x[0] - x[1], x[0] + x[1]]) / 2**bits


def compiled(text: Any, bits: int, names: Collection[str]) -> tuple[Code, int]:
    """Return a formula in names as a function of balls, and what one value costs in steps of about a microsecond."""
    need(isinstance(text, str), "not a formula")
    found = _Compiler(text.strip(), bits, names)
    return found.code(parse(text)), found.price


class _Compiler:
    def __init__(self, text: str, bits: int, names: Collection[str]) -> None:
        self.text, self.bits, self.names, self.price = text, bits, names, 0

    def code(self, node: ast.expr) -> Code:
        self.price += 1
        match node:
            case ast.Constant():
                exact = number(self.text[node.col_offset : node.end_col_offset])
                scaled = exact * 2**self.bits
                value = (round(scaled), int(scaled.denominator != 1))
                return lambda _: value
            case ast.Name(id=name) if name in self.names:
                return lambda env: env[name]
            case ast.Name(id="pi"):
                pi = ball(+iv.pi, self.bits)
                return lambda _: pi
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.code(operand)
                return lambda env: _negative(inner(env))
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant() as right):
                return self._power(self.code(left), right)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                f, g, bits = self.code(left), self.code(right), self.bits
                operator = _OPERATORS[type(op)]
                return lambda env: operator(f(env), g(env), bits)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if (
                name in FUNCTIONS
            ):
                return self._function(name, self.code(argument))
        raise MalformedError("outside the grammar of a step")

    def _power(self, base: Code, node: ast.expr) -> Code:
        exponent = number(self.text[node.col_offset : node.end_col_offset])
        need(exponent.denominator == 1 and 1 <= exponent <= 16, "an exponent of a step: 1 to 16")
        n, bits = int(exponent), self.bits
        self.price += n

        def power(env: Env) -> Ball:
            x = result = base(env)
            for _ in range(n - 1):
                result = _multiply(result, x, bits)
            return result

        return power

    def _function(self, name: str, inner: Code) -> Code:
        bits = self.bits
        if name in ("arc0", "arc1"):
            self.price += 4
            arcs, which = Arcs.of(bits), int(name == "arc1")
            return lambda env: arcs.at(inner(env))[which]
        if name == "sqrt":
            self.price += 3
            return lambda env: _root(inner(env), bits)
        self.price += 500
        return lambda env: ball(FUNCTIONS[name](interval(inner(env), bits)), bits)


def _negative(x: Ball) -> Ball:
    return -x[0], x[1]


def _add(x: Ball, y: Ball, _: int) -> Ball:
    return x[0] + y[0], x[1] + y[1]


def _subtract(x: Ball, y: Ball, _: int) -> Ball:
    return x[0] - y[0], x[1] + y[1]


def _multiply(x: Ball, y: Ball, bits: int) -> Ball:
    (a, r), (b, s) = x, y
    return sane(a * b >> bits, ((abs(a) * s + abs(b) * r + r * s) >> bits) + 2)


def sane(middle: int, radius: int) -> Ball:
    """Refuse what no step of use leads to, before it takes time."""
    if max(middle.bit_length(), radius.bit_length()) > _LONGEST:
        raise UnprovedError("a value of absurd size")
    return middle, radius


def _divide(x: Ball, y: Ball, bits: int) -> Ball:
    """`|X/Y - x/y| <= (r + |x/y| s)/(|y| - s)`."""
    (a, r), (b, s) = x, y
    least = abs(b) - s
    prove(least > 0, "a division by zero is not excluded")
    middle = (a << bits) // b
    return sane(middle, ((r << bits) + (abs(middle) + 1) * s) // least + 2)


def _root(x: Ball, bits: int) -> Ball:
    """`|sqrt X - sqrt x| <= |X - x|/sqrt x`."""
    a, r = x
    prove(a >= r, "a root of what may be negative")
    middle = isqrt(a << bits)
    return middle, (r << bits) // middle + 2 if middle else isqrt(r << bits) + 2


_OPERATORS: Mapping[type, Callable[[Ball, Ball, int], Ball]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
}


# --- arc-cosine functions ---------------------------------------------------------------------------------


@dataclass(eq=False)
class Arcs:
    """`arc0(x) = 1 - acos(x)/pi` and `arc1(x) = (sqrt(1 - x^2) + (pi - acos x) x)/pi`; arc1' = arc0, both from 0 to 1.

    Attributes:
        bits: of the fixed point.
        table: sine and cosine of `k/64`, k = 0..202, each with an error of at most two units.
        pi: in the same units, from below, so that it is less than one unit too small.
    """

    bits: int
    table: list[tuple[int, int]]
    pi: int
    last: tuple[int, tuple[int, int, int]] | None = None

    @staticmethod
    @lru_cache(maxsize=4)
    def of(bits: int) -> "Arcs":
        """Return the functions for so many bits."""
        prec = iv.prec
        iv.prec = bits + 40
        try:
            places = [iv.mpf(k) / 64 for k in range(203)]
            sine, cosine = FUNCTIONS["sin"], FUNCTIONS["cos"]
            table = [(fixed(sine(x), bits)[0], fixed(cosine(x), bits)[0]) for x in places]
            return Arcs(bits, table, fixed(+iv.pi, bits)[0])
        finally:
            iv.prec = prec

    def at(self, x: Ball) -> tuple[Ball, Ball]:
        """Enclose both functions."""
        (a, r), bits = x, self.bits
        room = (1 << bits) - abs(a) - r
        prove(room >= 0, "an arc-cosine function outside -1 <= x <= 1")
        if self.last is None or self.last[0] != a:
            self.last = a, self._middle(a)
        order_0, order_1, error = self.last[1]
        spread = 0
        if r:  # |acos'| = (1 - x^2)^(-1/2) <= room^(-1/2); arc1' <= 1
            prove(room > 0, "an arc-cosine function at an end")
            spread = (r << bits) // isqrt(room << bits) + 1
        return (order_0, (error + spread) // 3 + 4), (order_1, error // 3 + r + 4)

    def _middle(self, a: int) -> tuple[int, int, int]:
        """Both functions of a number, and the error of its angle."""
        bits, one = self.bits, 1 << self.bits
        theta, error = self.angle(a)
        rest, root = self.pi - theta, isqrt((one - a) * (one + a))
        return (rest << bits) // self.pi, ((root << bits) + rest * a) // self.pi, error

    def angle(self, a: int) -> tuple[int, int]:
        """Return acos of a number in [-1, 1], and its error, both in units.

        With c = cos t near x, f = c - x, and s = sin t: for `w >= 2|f|/s` and `w <= s/4`, cosine passes x within w of
        t, since sine is at least s - w there, and `acos x - t` is f over a sine in between: it is within
        `w (w + slack)/s` of f/s, and slack in f adds at most 4/3 slack/s.
        """
        bits = self.bits
        if abs(a) == 1 << bits:
            return (0, 0) if a > 0 else (self.pi, 1)
        guess = int(acos(a / (1 << bits)) * 2**53) << bits - 53
        sine, cosine = self._waves(guess)
        f, s = cosine - a, sine - _SLACK
        prove(s > 0, "an angle too near the end")
        w = (2 * (abs(f) + _SLACK) << bits) // s + 1
        prove(4 * w <= s, "an angle too near the end")
        error = w * (w + _SLACK) // s + (2 * _SLACK << bits) // s + 3
        return guess + (f << bits) // sine, error

    def _waves(self, t: int) -> tuple[int, int]:
        """Sine and cosine of an angle from 0 to pi, each with an error of at most `_SLACK` units.

        Both series for what is left beyond `k/64` have at most 12 terms for 128 bits, each rounded by about a unit.
        """
        bits = self.bits
        k = t >> bits - 6
        sine, cosine = self.table[k]
        x = t - (k << bits - 6)
        square = x * x >> bits
        even, odd = 1 << bits, x
        up, across, n, sign = even, odd, 2, -1
        while up or across:
            up = (up * square >> bits) // (n * (n - 1))
            across = (across * square >> bits) // (n * (n + 1))
            even, odd = even + sign * up, odd + sign * across
            n, sign = n + 2, -sign
        return (sine * even + cosine * odd) >> bits, (cosine * even - sine * odd) >> bits
