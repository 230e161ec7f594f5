"""Formulas in intervals of mpmath: numbers, pi, names, `+ - * / **` and elementary functions, all rounded outwards."""

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from operator import neg
from typing import Any, TypeAlias

from mpmath.ctx_iv import MPIntervalContext
from mpmath.libmp import (
    finf,
    fnan,
    fninf,
    mpi_add,
    mpi_div,
    mpi_mul,
    mpi_sub,
    to_rational,
)

from .reading import NAME, MalformedError, UnprovedError, effort, need, number, prove

Interval: TypeAlias = Any  # an interval of `iv`
Pair: TypeAlias = tuple[int, int]  # lower and upper bound of a real number, in units of 2^-bits

iv = MPIntervalContext()
_FORMULA = re.compile(r"[0-9A-Za-z_+\-*/()., ]{1,4000}")
_HUGE = 10**6
"""Beyond this, sine and cosine are not reduced."""


def exact(value: Fraction) -> Interval:
    """Enclose a rational number."""
    return _exact(value.numerator, value.denominator, iv.prec)


@lru_cache(maxsize=4096)
def _exact(numerator: int, denominator: int, _: int) -> Interval:
    """The same at a precision: intervals are not changed by what is done with them."""
    return iv.mpf(numerator) / denominator


def finite(x: Interval) -> Interval:
    """Return x if it is bounded and of a size that computing with it can bear."""
    sane = all(end not in (finf, fninf, fnan) and abs(end[2]) < 10**6 for end in x._mpi_)
    prove(sane, "a value is not known to be finite, or of absurd size")
    return x


def fixed(x: Interval, bits: int) -> Pair:
    """Round outwards to multiples of 2^-bits."""
    prove(all(abs(end[2]) < 10**5 for end in finite(x)._mpi_), "a value of absurd size")
    low, high = (Fraction(*map(int, to_rational(end))) for end in x._mpi_)
    return floor(low * 2**bits), ceil(high * 2**bits)


def _safe(name: str) -> Callable[[Interval], Interval]:
    """A function of mpmath, its result widened: the last bits of the result need not be right."""
    limit = {"exp": 10**5, "sin": _HUGE, "cos": _HUGE}.get(name)

    @lru_cache(maxsize=8192)
    def at(ends: Any, _: int) -> Interval:
        x = finite(iv.make_mpf(ends))
        prove(limit is None or abs(x) < limit, f"{name} of too large a number")
        try:
            value = getattr(iv, name)(x)
        except ValueError:
            raise UnprovedError(f"{name} is not known to be real") from None
        value = finite(value * _slack(iv.prec))
        return _clipped(value) if name in ("sin", "cos") else value

    return lambda x: at(x._mpi_, iv.prec)


def _clipped(x: Interval) -> Interval:
    if x.a >= -1 and x.b <= 1:
        return x
    return iv.mpf([max(x.a, iv.mpf(-1)), min(x.b, iv.mpf(1))])


@lru_cache(maxsize=8)
def _slack(prec: int) -> Interval:
    return 1 + iv.mpf([-1, 1]) / 2 ** (prec - 8)


_exp, _log, sqrt, _sin, _cos = map(_safe, ("exp", "log", "sqrt", "sin", "cos"))


def _erf(x: Interval) -> Interval:
    low, high = fixed(x, iv.prec)
    if low < 0 and high <= 0:
        return -_erf(-x)
    if low >= 0 and high - low < 1 << iv.prec // 2:
        return _erf_at(low, high - low)
    ends = [-_erf_at(-end) if end < 0 else _erf_at(end) for end in (low, high)]
    return iv.mpf([ends[0].a, ends[1].b])


def _erf_at(x: int, width: int = 0) -> Interval:
    """Erf from x to x + width >= 0 in units: `2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1)/(2n+1)!!`, or near 1 for large x.

    Terms are rounded down, each by less than a unit. In term n the loss of term j is multiplied by the product of
    `2 x^2/(2i+1)` for j < i <= n, at most `x^(2(n-j))/(n-j)!`: in all by at most `exp(x^2)`. So N terms lose less than
    `N exp(x^2)` units, and what follows the last one, each at most half of the one before, is no more than what it has
    lost. The slope is at most 2/sqrt(pi).
    """
    p, square = iv.prec, 2 * x * x
    if square > p << 2 * p + 1:  # 1 - erf x <= exp(-x^2)
        return 1 - iv.mpf([0, 1]) / 2**p
    n, term, total = 0, x, x
    while term or n << 2 * p < square:  # then each term is at most half of the one before
        n += 1
        term = (term * square >> 2 * p) // (2 * n + 1)
        total += term
    unit, scale = _units(p)
    y = iv.mpf(x) * unit
    return (_exp(-(y * y)) * total + iv.mpf([0, (n + 1 if x else 0) + width])) * scale


@lru_cache(maxsize=8)
def _units(prec: int) -> tuple[Interval, Interval]:
    """`2^-prec`, and `2/sqrt(pi)` of it."""
    unit = iv.mpf(1) / 2**prec
    return unit, 2 / sqrt(iv.pi) * unit


def _atan(x: Interval) -> Interval:
    """Halve the angle six times, then sum the series; its rest is below the last power."""
    for _ in range(6):
        x = x / (1 + sqrt(1 + x**2))
    prove(abs(x) < 0.5, "atan of too wide an interval")
    power = total = x
    for n in range(1, iv.prec // 8 + 2):
        power = -power * x**2
        total += power / (2 * n + 1)
    return 64 * (total + iv.mpf([-1, 1]) * abs(power))


def _step(x: Interval) -> Interval:
    """1 from zero on and 0 below."""
    return iv.mpf([int(x.a >= 0), int(x.b >= 0)])


def _arc0(x: Interval) -> Interval:
    """`1 - acos(x)/pi`, which rises; `acos x = 2 atan(sqrt((1-x)/(1+x)))`."""
    prove(x.a >= -1 and x.b <= 1, "arc0 outside -1 <= x <= 1")
    ends = [_angle_above(iv.mpf(end)) / iv.pi for end in (x.a, x.b)]
    return iv.mpf([max(iv.mpf(0), ends[0].a), min(iv.mpf(1), ends[1].b)])


def _angle_above(x: Interval) -> Interval:
    """`pi - acos x` for one number."""
    if x <= 0:
        return 2 * _atan(sqrt((1 + x) / (1 - x)))
    return iv.pi - 2 * _atan(sqrt((1 - x) / (1 + x)))


def _arc1(x: Interval) -> Interval:
    """`(sqrt(1 - x^2) + (pi - acos x) x)/pi`, which rises with the slope arc0."""
    prove(x.a >= -1 and x.b <= 1, "arc1 outside -1 <= x <= 1")
    ends = [
        (sqrt((1 - y) * (1 + y)) + _angle_above(y) * y) / iv.pi for y in (iv.mpf(x.a), iv.mpf(x.b))
    ]
    return iv.mpf([max(iv.mpf(0), ends[0].a), min(iv.mpf(1), ends[1].b)])


def _power(base: Interval, exponent: Interval) -> Interval:
    low, high = _whole(exponent._mpi_)
    return base**low if low == high else _exp(exponent * _log(base))


@lru_cache(maxsize=512)
def _whole(exponent: Any) -> Pair:
    """The whole numbers around an exponent."""
    value = iv.make_mpf(exponent)
    prove(abs(value) <= 1000, "an exponent beyond 1000")
    return fixed(value, 0)


def _tanh(x: Interval) -> Interval:
    return _ONE - _TWO / (_exp(_TWO * x) + _ONE)


_ONE, _TWO = iv.mpf(1), iv.mpf(2)


FUNCTIONS: Mapping[str, Callable[..., Interval]] = {
    **{"exp": _exp, "log": _log, "sqrt": sqrt, "sin": _sin, "cos": _cos, "erf": _erf},
    **{"atan": _atan, "tanh": _tanh},
    **{"step": _step, "arc0": _arc0, "arc1": _arc1},
    "max": lambda *v: iv.mpf([max(x.a for x in v), max(x.b for x in v)]),
    "min": lambda *v: iv.mpf([min(x.a for x in v), min(x.b for x in v)]),
}


@dataclass(frozen=True)
class Algebra:
    """What a formula is computed in: numbers, operators by node, functions by name, and a check of each result."""

    number: Callable[[Fraction], Any]
    pi: Callable[[], Any]
    operators: Mapping[type, Callable[..., Any]]
    functions: Mapping[str, Callable[..., Any]]
    checked: Callable[[Any], Any]
    binders: Mapping[str, Callable[["Reader", list[ast.expr]], Any]] = field(default_factory=dict)
    """Calls whose first argument is a name that they bind."""


BINDERS = ("normal", "integral", "pair", "series", "sum")


def _direct(operation: Callable[..., Any]) -> Callable[[Interval, Interval], Interval]:
    """An operation of mpmath on two intervals, as its operators do it, without looking for other types."""
    return lambda x, y: iv.make_mpf(operation(x._mpi_, y._mpi_, iv.prec))


_OPERATORS: Mapping[type, Callable[..., Interval]] = {
    **{ast.Add: _direct(mpi_add), ast.Sub: _direct(mpi_sub), ast.Mult: _direct(mpi_mul)},
    **{ast.Div: _direct(mpi_div), ast.Pow: _power, ast.USub: neg},
}
INTERVALS = Algebra(exact, lambda: +iv.pi, _OPERATORS, FUNCTIONS, finite)


@lru_cache(maxsize=512)
def parse(text: str) -> ast.expr:
    """Parse a formula.

    Raises:
        MalformedError: not a formula, or too deeply nested.
    """
    need(bool(_FORMULA.fullmatch(text)), "not a formula")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise MalformedError(f"not a formula: {text[:60]}") from None


@lru_cache(maxsize=512)
def cost(text: str, prec: int) -> int:
    """Steps of about a microsecond that a formula takes in intervals of `prec` bits."""
    return cost_of(parse(text), prec)


def cost_of(tree: ast.expr, prec: int) -> int:
    """As `cost`, for a part of a formula; integrals in it pay for themselves."""
    return sum(step_of(node, prec) for node in ast.walk(tree) if isinstance(node, ast.expr))


def step_of(node: ast.expr, prec: int) -> int:
    """What a node of a formula takes by itself."""
    atan = 200 + 2 * prec
    steps = {"erf": 400 + prec**2 // 60, "atan": atan, "kernel": 2000}
    steps |= {"arc0": 2 * atan, "arc1": 2 * atan}
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return steps.get(name, 60 + prec // 8 if name in FUNCTIONS else steps["kernel"])
        case ast.BinOp(op=ast.Pow()):
            return 200
    return 8


def evaluate(text: Any, names: Mapping[str, Any], algebra: Algebra = INTERVALS) -> Any:
    """Enclose a formula of numbers, pi, `+ - * / **`, functions of the algebra, and `names`."""
    need(isinstance(text, str), "not a formula")
    tree = parse(text)
    effort.spend(cost(text, iv.prec))
    return Reader(text.strip(), {**algebra.functions, **names}, algebra).value(tree)


def calls(text: str, name: str) -> bool:
    """Whether a function is called in a formula."""
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(parse(text)))


def value(text: str, names: Mapping[str, Any]) -> Interval:
    """As `evaluate`, for work that was paid for."""
    return Reader(text, {**FUNCTIONS, **names}, INTERVALS).value(parse(text))


@lru_cache(maxsize=1024)
def _number(text: str) -> Fraction:
    return number(text)


@dataclass(frozen=True)
class Reader:
    """The text of a formula, what its names stand for, and the arithmetic it is computed in."""

    text: str
    names: Mapping[str, Any]
    algebra: Algebra

    def at(self, name: str, x: Any) -> "Reader":
        """Return the reader for which one more name has a value."""
        return replace(self, names={**self.names, name: x})

    def over(self, algebra: Algebra, names: Mapping[str, Any]) -> "Reader":
        """Return the reader of the same text in another arithmetic, with other values."""
        return Reader(self.text, {**algebra.functions, **names}, algebra)

    def written(self, node: ast.expr) -> str:
        """The text of a part; a formula is one line of ASCII."""
        return self.text[node.col_offset : node.end_col_offset]

    def value(self, node: ast.expr) -> Any:
        """Follow the tree of a formula; what the grammar lacks is refused."""
        names, operators = self.names, self.algebra.operators
        match node:
            case ast.Constant():
                return self.algebra.number(_number(self.written(node)))
            case ast.Name(id="pi"):
                return self.algebra.pi()
            case ast.Name(id=name) if name in names and not callable(names[name]):
                return names[name]
            case ast.UnaryOp(op=ast.USub() as op, operand=operand):
                return operators[type(op)](self.value(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in operators:
                return self.algebra.checked(
                    operators[type(op)](self.value(left), self.value(right))
                )
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in BINDERS:
                binders = self.algebra.binders
                prove(name in binders, f"{name} inside of what has to be differentiated or bounded")
                return self.algebra.checked(binders[name](self, args))
            case ast.Call(func=ast.Name(id=name), args=[_, *more] as args, keywords=[]):
                prove(name in names or name not in FUNCTIONS, f"{name} where it is not known")
                need(callable(names.get(name)), f"{name} is not a function")
                need(not more or name in ("max", "min"), f"{name} takes one argument")
                return self.algebra.checked(names[name](*map(self.value, args)))
        raise MalformedError("outside the grammar of formulas")


def variable(reader: Reader, node: ast.expr) -> str:
    """Return the name that an integral binds: a new one."""
    name = node.id if isinstance(node, ast.Name) else ""
    fresh = bool(NAME.fullmatch(name)) and name not in (*reader.names, *BINDERS, "pi")
    need(fresh, "a variable of integration is to be a new name")
    return name
