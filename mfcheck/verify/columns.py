"""Formulas at many numbers at once: columns of balls in fixed point, middles and radii as integers in units of 2^-bits.

For rules of integration, whose nodes are many: a formula is followed once, and each operation is done for all nodes.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from .balls import ball, interval
from .formulas import FUNCTIONS, INTERVALS, Interval, Reader, finite, fixed, iv, step_of
from .reading import UnprovedError, effort, number, prove

Column: TypeAlias = tuple[list[int], list[int]]  # middles and radii
_LONGEST, _FAR = 4096, 1 << 20
"""Bits of a middle or a radius; the largest number of which an exponential is taken, up to its sign."""
_OPERATION, _EXPONENTIAL = 2, 16
"""Prices for each number, in steps of about a microsecond."""
_NARROW = 2.0**-20


def columns(values: Sequence[Interval], bits: int) -> Column:
    """Enclose intervals."""
    balls = [ball(x, bits) for x in values]
    return [m for m, _ in balls], [r for _, r in balls]


def constant(value: Interval, size: int, bits: int) -> Column:
    """Return the column of one number."""
    middle, radius = ball(value, bits)
    return [middle] * size, [radius] * size


def negative(x: Column) -> Column:
    """Change the signs."""
    return [-m for m in x[0]], x[1]


def plus(x: Column, y: Column) -> Column:
    """Add number by number."""
    (a, r), (b, s) = x, y
    return [m + n for m, n in zip(a, b, strict=True)], [m + n for m, n in zip(r, s, strict=True)]


def times(x: Column, y: Column, bits: int) -> Column:
    """`|XY - xy| <= |x| s + |y| r + r s`; the product loses less than a unit, and so does the radius."""
    (a, r), (b, s) = x, y
    middles = [m * n >> bits for m, n in zip(a, b, strict=True)]
    rows = zip(a, r, b, s, strict=True)
    return _sane(middles, [(abs(m) * w + (abs(n) + w) * v >> bits) + 2 for m, v, n, w in rows])


def _sane(middles: list[int], radii: list[int]) -> Column:
    """Refuse what no formula of use leads to, before it takes time."""
    longest = max(max(map(abs, middles)).bit_length(), max(radii).bit_length())
    prove(longest <= _LONGEST, "a value of absurd size")
    return middles, radii


def over(x: Column, y: Column, bits: int) -> Column:
    """`|X/Y - x/y| <= (r + |x/y| s)/(|y| - s)`."""
    (a, r), (b, s) = x, y
    least = [abs(n) - w for n, w in zip(b, s, strict=True)]
    prove(min(least) > 0, "a division by zero is not excluded")
    middles = [(m << bits) // n for m, n in zip(a, b, strict=True)]
    rows = zip(middles, r, s, least, strict=True)
    return _sane(middles, [((v << bits) + (abs(m) + 1) * w) // low + 2 for m, v, w, low in rows])


def whole(x: Column, n: int, bits: int) -> Column:
    """A power with a whole exponent from 1 on."""
    result, square, left = None, x, n
    while left:
        if left & 1:
            result = square if result is None else times(result, square, bits)
        left >>= 1
        square = times(square, square, bits) if left else square
    assert result is not None
    return result


# --- exponentials ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Powers:
    """`exp(k/64)` for k = 0..45 and log 2, in units of 2^-bits, each less than a unit too small."""

    table: Sequence[int]
    log2: int

    @staticmethod
    @lru_cache(maxsize=16)
    def of(bits: int) -> "_Powers":
        prec = iv.prec
        iv.prec = bits + 40
        try:
            exp, two = FUNCTIONS["exp"], FUNCTIONS["log"](iv.mpf(2))
            table = [fixed(exp(iv.mpf(k) / 64), bits)[0] for k in range(46)]
            return _Powers(table, fixed(two, bits)[0])
        finally:
            iv.prec = prec


def _exp_at(x: int, bits: int, known: _Powers) -> tuple[int, int]:
    """Return `exp` of a number and a bound of the error, in units.

    `x = q log 2 + k/64 + y` with 0 <= y < 1/64, q log 2 known to less than |q| + 1 units. Each term of the series of
    exp(y) is rounded down, by less than a unit and what the term before lost, divided by 64: by less than 2 units; the
    terms left out sum to less than one. So N terms lose less than 2N + 1 units, less than 4N + 2 times exp(k/64) <= 2,
    and 3 more for that factor and the product; that of q adds (|q| + 1) exp(k/64 + y), less than 3 (|q| + 1).
    """
    q, rest = divmod(x, known.log2)
    k = rest >> bits - 6
    y = rest - (k << bits - 6)
    total = term = 1 << bits
    n = 0
    while term:
        n += 1
        term = (term * y >> bits) // n
        total += term
    value, error = known.table[k] * total >> bits, 5 * n + 6 + 3 * (abs(q) + 1)
    if q >= 0:
        return value << q, error << q
    return value >> -q, (error >> -q) + 2


def exponential(x: Column, bits: int) -> Column:
    """`|exp X - exp x| <= exp(x) (exp(r) - 1) <= 2 r exp(x)` for r <= 1."""
    a, r = x
    prove(max(map(abs, a)) < _FAR << bits and max(r) <= 1 << bits, "exp of too large a number")
    prove(max(a) < _LONGEST << bits - 1, "exp of too large a number")
    known = _Powers.of(bits)
    found = [_exp_at(m, bits, known) for m in a]
    rows = zip(found, r, strict=True)
    return [m for m, _ in found], [e + (2 * v * (m + e) >> bits) + 1 for (m, e), v in rows]


def tangent(x: Column, bits: int) -> Column:
    """Tanh: `(1 - e)/(1 + e)` with `e = exp(-2|x|)`, the slope of that in e at most 2, of tanh at most 1."""
    a, r = x
    one, known = 1 << bits, _Powers.of(bits)
    prove(max(map(abs, a)) < _FAR << bits - 1, "tanh of too large a number")
    middles, radii = [], []
    for m, v in zip(a, r, strict=True):
        e, error = _exp_at(-2 * abs(m), bits, known)
        value = (one - e << bits) // (one + e)
        middles.append(value if m >= 0 else -value)
        radii.append(v + 2 * error + 2)
    return middles, radii


# --- sine and cosine --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Waves:
    """Sine and cosine of `k/64` for k = 0..100 and pi/2, in units of 2^-bits, each less than a unit too small."""

    table: Sequence[tuple[int, int]]
    quarter: int

    @staticmethod
    @lru_cache(maxsize=16)
    def of(bits: int) -> "_Waves":
        prec = iv.prec
        iv.prec = bits + 40
        try:
            functions, places = (
                (FUNCTIONS["sin"], FUNCTIONS["cos"]),
                [iv.mpf(k) / 64 for k in range(101)],
            )
            table = [tuple(fixed(f(x), bits)[0] for f in functions) for x in places]
            return _Waves(table, fixed(iv.pi / 2, bits)[0])  # type: ignore[arg-type]
        finally:
            iv.prec = prec


def _waves_at(x: int, bits: int, known: _Waves) -> tuple[int, int, int]:
    """Return sine and cosine of a number and a bound of the error of each, in units.

    `x = q pi/2 + k/64 + z` with 0 <= z < 1/64, q pi/2 known to less than |q| + 1 units. Each term of both series loses
    less than 2 units, with what the one before lost and the square, and those left out sum to less than 3: so n/2 terms
    lose less than n + 3. Both series and the tables are at most 1: 2 (n + 3) and 4 more for the sum of two products.
    """
    q, rest = divmod(x, known.quarter)
    k = rest >> bits - 6
    z = rest - (k << bits - 6)
    square = z * z >> bits
    even, odd = 1 << bits, z
    up, across, n, sign = even, odd, 0, -1
    while up or across:
        n += 2
        up = (up * square >> bits) // (n * (n - 1))
        across = (across * square >> bits) // (n * (n + 1))
        even, odd, sign = even + sign * up, odd + sign * across, -sign
    s, c = known.table[k]
    sine, cosine = (s * even + c * odd) >> bits, (c * even - s * odd) >> bits
    for _ in range(q % 4):
        sine, cosine = cosine, -sine
    return sine, cosine, 2 * n + 16 + abs(q)


def wave(x: Column, bits: int, shift: int) -> Column:
    """Sine for shift 0, cosine for shift 1; their slopes are at most 1."""
    prove(max(map(abs, x[0])) < _FAR << bits, "sine or cosine of too large a number")
    known = _Waves.of(bits)
    found = [_waves_at(m, bits, known) for m in x[0]]
    return [f[shift] for f in found], [f[2] + r for f, r in zip(found, x[1], strict=True)]


_NATIVE: Mapping[str, Callable[[Column, int], Column]] = {
    "exp": exponential,
    "tanh": tangent,
    "sin": lambda x, bits: wave(x, bits, 0),
    "cos": lambda x, bits: wave(x, bits, 1),
}


# --- formulas -------------------------------------------------------------------------------------------


def varying(body: ast.expr, name: str) -> set[int]:
    """Return the parts of a body, by identity, that depend on a name."""
    found: set[int] = set()

    def sort(node: ast.AST) -> bool:
        inner = [sort(part) for part in ast.iter_child_nodes(node)]
        varies = any(inner) or (isinstance(node, ast.Name) and node.id == name)
        if varies:
            found.add(id(node))
        return varies

    sort(body)
    return found


def wide(reader: Reader, body: ast.expr) -> bool:
    """Whether an input varies so much that balls, which do not see that a function rises, are too large."""
    used = {n.id for n in ast.walk(body) if isinstance(n, ast.Name)}
    numbers = (x for name, x in reader.names.items() if name in used and not callable(x))
    return any(is_wide(x) for x in numbers)


def is_wide(x: Interval) -> bool:
    """Whether a number is too wide for balls."""
    return bool(x.delta.b > _NARROW)


Binder: TypeAlias = Callable[["Columns", list[ast.expr]], Column]


@dataclass(eq=False)
class Columns:
    """A place for formulas in which a name takes many values at once; parts that were met are kept by their text.

    Attributes:
        reader: of the text, with the values of all names; an interval around them for what varies.
        bits: of the fixed point.
        name: what varies.
        values: the column of it.
        binders: calls that bind a name, in columns.
        outer: a place of which each number is repeated so many `times` here, where another name varies.
        times: as above.
        kept: columns by text.
    """

    reader: Reader
    bits: int
    name: str
    values: Column
    binders: Mapping[str, Binder] = field(default_factory=dict)
    outer: "Columns | None" = None
    times: int = 1
    kept: dict[str, Column] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.values[0])

    def of(self, body: ast.expr) -> Column:
        """Return a part of the formula at all places."""
        return self.value(body, varying(body, self.name))

    def value(self, node: ast.expr, varies: set[int]) -> Column:
        """Follow the tree of a formula, whose parts that vary are known."""
        text = self.reader.written(node)
        if text not in self.kept:
            self.kept[text] = (
                self._made(node, varies) if id(node) in varies else self._settled(node)
            )
        return self.kept[text]

    def _settled(self, node: ast.expr) -> Column:
        if self.outer is None:
            value = Reader(self.reader.text, self.reader.names, self.reader.algebra).value(node)
            return constant(value, self.size, self.bits)
        return repeated(self.outer.of(node), self.times)

    def _made(self, node: ast.expr, varies: set[int]) -> Column:
        bits = self.bits
        effort.spend(_OPERATION * self.size)
        match node:
            case ast.Name():
                return self.values
            case ast.UnaryOp(operand=operand):
                return negative(self.value(operand, varies))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self._power(node, left, right, varies)
            case ast.BinOp(left=left, op=op, right=right):
                x, y = self.value(left, varies), self.value(right, varies)
                if isinstance(op, ast.Div):
                    return over(x, y, bits)
                if isinstance(op, ast.Mult):
                    return times(x, y, bits)
                return plus(x, negative(y) if isinstance(op, ast.Sub) else y)
            case ast.Call(func=ast.Name(id=name), args=args) if name in self.binders:
                return self.binders[name](self, args)
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _NATIVE:
                effort.spend(_EXPONENTIAL * self.size)
                return _NATIVE[name](self.value(argument, varies), bits)
            case ast.Call(func=ast.Name(id=name), args=args) if name in FUNCTIONS:
                effort.spend(step_of(node, iv.prec) * self.size)
                return self._one_by_one(FUNCTIONS[name], [self.value(x, varies) for x in args])
        raise UnprovedError("no formula for many numbers at once")

    def _power(self, node: ast.expr, left: ast.expr, right: ast.expr, varies: set[int]) -> Column:
        base = self.value(left, varies)
        if isinstance(right, ast.Constant):
            n = number(self.reader.written(right))
            if n.denominator == 1 and 1 <= n <= 64:
                return whole(base, int(n), self.bits)
        effort.spend(step_of(node, iv.prec) * self.size)
        return self._one_by_one(INTERVALS.operators[ast.Pow], [base, self.value(right, varies)])

    def _one_by_one(self, function: Callable[..., Interval], arguments: list[Column]) -> Column:
        """A function in intervals, number by number; where an inner integral repeats them, each once."""
        rows = list(zip(*(zip(*argument, strict=True) for argument in arguments), strict=True))
        found = {
            row: ball(finite(function(*(interval(x, self.bits) for x in row))), self.bits)
            for row in set(rows)
        }
        return [found[row][0] for row in rows], [found[row][1] for row in rows]


def repeated(x: Column, times: int) -> Column:
    """Repeat each number so often in a row."""
    middles, radii = ([n for n in part for _ in range(times)] for part in x)
    return middles, radii


def dot(weights: Column, values: Column, bits: int) -> Interval:
    """Return the sum of products, the sum itself exact up to a unit."""
    rows = list(zip(*weights, *values, strict=True))
    total = sum(w * x for w, _, x, _ in rows)
    spread = sum(abs(w) * r + (abs(x) + r) * v for w, v, x, r in rows)
    return interval((total, spread), 2 * bits)


def hull(x: Column, bits: int) -> Interval:
    """Return an interval around all numbers."""
    ends = [[m + side * r for m, r in zip(*x, strict=True)] for side in (-1, 1)]
    return iv.mpf([min(ends[0]), max(ends[1])]) / 2**bits
