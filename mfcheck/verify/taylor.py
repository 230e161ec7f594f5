"""Taylor coefficients of a formula in one input, kept exact where they are rational: an end where two sides meet.

A jet holds the coefficients of h^0 ... h^m of `f(a + h)`. Over an interval of a, its last coefficient encloses the
Lagrange remainder: `f(a + h) = sum_(k<m) c_k(a) h^k + c_m(between) h^m`, and the other coefficients make sure that f is
smooth there.
"""

import ast
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt
from typing import TypeAlias

from .formulas import FUNCTIONS, Algebra, Interval, exact, finite, iv
from .reading import UnprovedError, prove

Coefficient: TypeAlias = Fraction | Interval
Jet: TypeAlias = list[Coefficient]
Choice: TypeAlias = Callable[[Sequence[Jet]], int]

_AT_ZERO = {"exp": 1, "sin": 0, "cos": 1, "erf": 0, "atan": 0, "tanh": 0}
_LONG = 4000
"""Exact numbers of more bits than this become intervals."""


def ball(x: Coefficient) -> Interval:
    """Enclose a coefficient."""
    return exact(x) if isinstance(x, Fraction) else finite(x)


def _kept(x: Coefficient) -> Coefficient:
    long = isinstance(x, Fraction) and max(map(int.bit_length, x.as_integer_ratio())) > _LONG
    return ball(x) if long else x


def plus(x: Coefficient, y: Coefficient) -> Coefficient:
    """Add; exact numbers stay exact."""
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return _kept(x + y)
    return finite(ball(x) + ball(y))


def times(x: Coefficient, y: Coefficient) -> Coefficient:
    """Multiply; exact numbers stay exact, and zero times a finite number is zero."""
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return _kept(x * y)
    if Fraction(0) in [z for z in (x, y) if isinstance(z, Fraction)]:
        return Fraction(0)
    return finite(ball(x) * ball(y))


def _inverse(x: Coefficient) -> Coefficient:
    prove(x != 0 if isinstance(x, Fraction) else 0 not in x, "a division by zero is not excluded")
    return 1 / x if isinstance(x, Fraction) else finite(1 / ball(x))


def _total(terms: list[Coefficient]) -> Coefficient:
    result: Coefficient = Fraction(0)
    for term in terms:
        result = plus(result, term)
    return result


def at(name: str, x: Coefficient) -> Coefficient:
    """Return a function of a coefficient, exactly where its value is known to be rational."""
    if x == 0 and isinstance(x, Fraction) and name in _AT_ZERO:
        return Fraction(_AT_ZERO[name])
    if x == 1 and isinstance(x, Fraction) and name == "log":
        return Fraction(0)
    if name == "sqrt" and isinstance(x, Fraction) and x >= 0:
        roots = [isqrt(part) for part in x.as_integer_ratio()]
        if Fraction(*roots) ** 2 == x:
            return Fraction(*roots)
    return finite(FUNCTIONS[name](ball(x)))


# --- jets ----------------------------------------------------------------------------------------


def _add(f: Jet, g: Jet) -> Jet:
    return [plus(x, y) for x, y in zip(f, g, strict=True)]


def _scaled(f: Jet, factor: Fraction) -> Jet:
    return [times(x, factor) for x in f]


def _negative(f: Jet) -> Jet:
    return _scaled(f, Fraction(-1))


def _multiply(f: Jet, g: Jet) -> Jet:
    return [_total([times(f[j], g[k - j]) for j in range(k + 1)]) for k in range(len(f))]


def _divide(f: Jet, g: Jet) -> Jet:
    result: Jet = []
    inverse = _inverse(g[0])
    for k, top in enumerate(f):
        rest = _total([times(g[j], result[k - j]) for j in range(1, k + 1)])
        result.append(times(plus(top, times(rest, Fraction(-1))), inverse))
    return result


def _constant(x: Coefficient, like: Jet) -> Jet:
    return [x, *[Fraction(0)] * (len(like) - 1)]


def _primitive(first: Coefficient, f: Jet, slope: Callable[[Jet], Jet]) -> Jet:
    """F(f) from its value and `slope`, which makes the jet of F'(f) from the coefficients of F(f) known so far."""
    result: Jet = [first]
    for k in range(1, len(f)):
        known = slope([*result, *[Fraction(0)] * (len(f) - k)])
        terms = [times(times(f[j], known[k - j]), Fraction(j, k)) for j in range(1, k + 1)]
        result.append(_total(terms))
    return result


def _exp(f: Jet) -> Jet:
    return _primitive(at("exp", f[0]), f, lambda result: result)


def _log(f: Jet) -> Jet:
    first, slope = at("log", f[0]), _divide(_constant(Fraction(1), f), f)
    return _primitive(first, f, lambda _: slope)


def _sqrt(f: Jet) -> Jet:
    first = at("sqrt", f[0])
    half = _constant(Fraction(1, 2), f)
    return _primitive(first, f, lambda result: _divide(half, result))


def _sine(f: Jet, shift: int) -> Jet:
    """Sine for shift 0, cosine for shift 1: both series step by step."""
    sine, cosine = [at("sin", f[0])], [at("cos", f[0])]
    for k in range(1, len(f)):
        parts = [times(f[j], Fraction(j, k)) for j in range(1, k + 1)]
        up = _total([times(x, cosine[k - j]) for j, x in enumerate(parts, 1)])
        down = _total([times(x, sine[k - j]) for j, x in enumerate(parts, 1)])
        sine.append(up)
        cosine.append(times(down, Fraction(-1)))
    return (sine, cosine)[shift]


def _tanh(f: Jet) -> Jet:
    one = _constant(Fraction(1), f)
    return _primitive(at("tanh", f[0]), f, lambda y: _add(one, _negative(_multiply(y, y))))


def _erf(f: Jet) -> Jet:
    bell = _exp(_negative(_multiply(f, f)))
    slope = [times(x, 2 / FUNCTIONS["sqrt"](iv.pi)) for x in bell]
    return _primitive(at("erf", f[0]), f, lambda _: slope)


def _atan(f: Jet) -> Jet:
    one = _constant(Fraction(1), f)
    slope = _divide(one, _add(one, _multiply(f, f)))
    return _primitive(at("atan", f[0]), f, lambda _: slope)


def _power(f: Jet, g: Jet) -> Jet:
    n = g[0]
    if any(x != 0 for x in g[1:]) or not isinstance(n, Fraction) or n.denominator != 1:
        return _exp(_multiply(g, _log(f)))
    prove(abs(n) <= 1000, "an exponent beyond 1000")
    result, square, left = _constant(Fraction(1), f), f, abs(n.numerator)
    while left:
        result = _multiply(result, square) if left & 1 else result
        square, left = _multiply(square, square) if left > 1 else square, left >> 1
    if not isinstance(f[0], Fraction):
        result[0] = finite(f[0] ** abs(n.numerator))  # an even power is not negative
    return result if n >= 0 else _divide(_constant(Fraction(1), f), result)


def _step(f: Jet) -> Jet:
    x = ball(f[0])
    prove(x.a > 0 or x.b < 0, "a step is not excluded")
    return _constant(Fraction(int(x.a > 0)), f)


def largest(jets: Sequence[Jet]) -> int:
    """Return which one is the largest wherever their first coefficients are enclosed."""
    for k, f in enumerate(jets):
        if all(ball(f[0]).a >= ball(g[0]).b for g in jets if g is not f):
            return k
    raise UnprovedError("which of two is larger is not decided")


def jets(order: int, choice: Choice = largest) -> Algebra:
    """Return the arithmetic of jets with coefficients up to `order`; a kernel may only be used of constants.

    `choice` says which argument of a maximum is the largest. Where two are equal at one point, it is not enough that
    one is the largest there: a series with a remainder is that of the argument which the remainder is made of.
    """
    return Algebra(
        number=lambda x: [x, *[Fraction(0)] * order],
        pi=lambda: [+iv.pi, *[Fraction(0)] * order],
        operators={
            ast.Add: _add,
            ast.Sub: lambda f, g: _add(f, _negative(g)),
            ast.Mult: _multiply,
            ast.Div: _divide,
            ast.Pow: _power,
            ast.USub: _negative,
        },
        functions={
            "exp": _exp,
            "log": _log,
            "sqrt": _sqrt,
            "sin": lambda f: _sine(f, 0),
            "cos": lambda f: _sine(f, 1),
            "erf": _erf,
            "atan": _atan,
            "tanh": _tanh,
            "step": _step,
            "max": lambda *v: v[choice(v)],
            "min": lambda *v: v[choice([_negative(f) for f in v])],
        },
        checked=lambda f: f,
    )


def of_constants(function: Callable[[Interval], Interval]) -> Callable[[Jet], Jet]:
    """Turn a function of numbers into one of jets that do not vary."""

    def lifted(f: Jet) -> Jet:
        prove(all(x == 0 for x in f[1:]), "a kernel of what varies has no Taylor series here")
        return _constant(finite(function(ball(f[0]))), f)

    return lifted


def not_negative(f: Jet, width: Fraction, side: int) -> bool:
    """Whether `f(h) = sum_k f_k h^k >= 0`, for side 1 on [0, width], for -1 on [-width, 0], for 0 on both.

    Exact zeros at the front are divided out: as `|h|^k` on one side, as `h^2k` on both.
    """
    rest = [times(x, Fraction(side or 1) ** k) for k, x in enumerate(f)]
    step = 1 if side else 2
    while len(rest) > step and all(isinstance(x, Fraction) and x == 0 for x in rest[:step]):
        rest = rest[step:]
    h = iv.mpf([0 if side else -ball(width).b, ball(width).b])
    value = ball(rest[-1])
    for x in reversed(rest[:-1]):
        value = finite(ball(x) + h * value)
    return bool(value.a >= 0)
