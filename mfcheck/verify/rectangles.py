"""Formulas in rectangles of the complex plane: bounds of analytic functions, for the error of a quadrature.

A formula that has a value here is analytic on the rectangle, and the continuation of the real function that it is on
a part of the real line in it; where that is not certain, it is refused. On that part, not on the whole rectangle, it
is decided which argument of a maximum is the largest: see `decided`.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from .formulas import (
    FUNCTIONS,
    INTERVALS,
    Algebra,
    Interval,
    Reader,
    cost_of,
    exact,
    finite,
    fixed,
    iv,
    sqrt,
    variable,
)
from .reading import UnprovedError, effort, need, prove
from .remembering import Remembering, Settled

_exp, _log, _sin, _cos, _erf, _atan = (
    FUNCTIONS[name] for name in ("exp", "log", "sin", "cos", "erf", "atan")
)


_ZERO = iv.mpf(0)


@dataclass(frozen=True)
class Rectangle:
    """All x + iy with x in `re`, y in `im`."""

    re: Interval
    im: Interval

    def size(self) -> Interval:
        """Bound |z|."""
        return sqrt(self.re**2 + self.im**2).b


def real(x: Interval) -> Rectangle:
    """Return a part of the real line."""
    return Rectangle(x, _ZERO)


def _disc(middle: Interval, radius: Interval) -> Rectangle:
    around = iv.mpf([-radius.b, radius.b])
    return Rectangle(middle + around, around)


def _add(z: Rectangle, w: Rectangle) -> Rectangle:
    return Rectangle(z.re + w.re, z.im + w.im)


def _negative(z: Rectangle) -> Rectangle:
    return Rectangle(-z.re, -z.im)


def _is_real(z: Rectangle) -> bool:
    return bool(z.im._mpi_ == _ZERO._mpi_)


def _multiply(z: Rectangle, w: Rectangle) -> Rectangle:
    if _is_real(w):
        z, w = w, z
    if _is_real(z):
        return Rectangle(z.re * w.re, w.im if _is_real(w) else z.re * w.im)
    return Rectangle(z.re * w.re - z.im * w.im, z.re * w.im + z.im * w.re)


def _inverse(z: Rectangle) -> Rectangle:
    square = z.re**2 + z.im**2
    prove(square.a > 0, "a division by zero is not excluded")
    return Rectangle(z.re / square, -z.im / square)


def _exponential(z: Rectangle) -> Rectangle:
    size = _exp(z.re)
    return Rectangle(size * _cos(z.im), size * _sin(z.im))


def _logarithm(z: Rectangle) -> Rectangle:
    """On the right half plane."""
    prove(z.re.a > 0, "a logarithm of what may not be positive")
    return Rectangle(_log(z.re**2 + z.im**2) / 2, _atan(z.im / z.re))


def _root(z: Rectangle) -> Rectangle:
    return _exponential(_multiply(_logarithm(z), real(iv.mpf(0.5))))


def _sine(z: Rectangle) -> Rectangle:
    up, down = _exp(z.im), _exp(-z.im)
    return Rectangle(_sin(z.re) * (up + down) / 2, _cos(z.re) * (up - down) / 2)


def _cosine(z: Rectangle) -> Rectangle:
    up, down = _exp(z.im), _exp(-z.im)
    return Rectangle(_cos(z.re) * (up + down) / 2, -_sin(z.re) * (up - down) / 2)


def _tanh(z: Rectangle) -> Rectangle:
    """`|tanh(x+iy)|^2 = (sinh(x)^2 + sin(y)^2)/(sinh(x)^2 + cos(y)^2)`; it falls in x if it is above 1."""
    prove(abs(z.im) < 1.57, "a pole of tanh is not excluded")
    low = abs(z.re).a if 0 not in z.re else iv.mpf(0)
    square = ((_exp(low) - _exp(-low)) / 2) ** 2
    y = abs(z.im).b
    size = (square + _sin(y) ** 2) / (square + _cos(y) ** 2)
    return _disc(iv.mpf(0), sqrt(iv.mpf([1, max(1, size.b)])))


def _error_function(z: Rectangle) -> Rectangle:
    """`|erf(x+iy) - erf(x)| <= 2/sqrt(pi) |y| exp(y^2 - x^2)`, along the segment from x."""
    near = abs(z.re).a if 0 not in z.re else iv.mpf(0)
    y = abs(z.im).b
    return _disc(_erf(z.re), 2 / sqrt(iv.pi) * y * _exp(y**2 - near**2))


def _arctangent(z: Rectangle) -> Rectangle:
    """`(log(1+iz) - log(1-iz))/(2i)` for |Im z| < 1."""
    prove(abs(z.im) < 1, "a branch point of atan is not excluded")
    one = iv.mpf(1)
    up, down = (_logarithm(Rectangle(one - s * z.im, s * z.re)) for s in (1, -1))
    return Rectangle((up.im - down.im) / 2, (down.re - up.re) / 2)


def _power(z: Rectangle, w: Rectangle) -> Rectangle:
    prove(w.im == 0 and abs(w.re) <= 1000, "an exponent beyond 1000, or one that is not real")
    low, high = fixed(w.re, 0)
    if low < high:
        return _exponential(_multiply(w, _logarithm(z)))
    return _whole(z, low) if low >= 0 else _inverse(_whole(z, -low))


def _whole(z: Rectangle, n: int) -> Rectangle:
    if n == 0:
        return real(iv.mpf(1))
    if n % 2:
        return _multiply(z, _whole(z, n - 1))
    w = _whole(z, n // 2)
    return Rectangle(w.re**2 - w.im**2, 2 * w.re * w.im)


def _checked(z: Rectangle) -> Rectangle:
    return Rectangle(finite(z.re), finite(z.im))


def _unless_real(
    name: str, function: Callable[[Rectangle], Rectangle]
) -> Callable[[Rectangle], Rectangle]:
    """On a part of the line itself the function is the real one; but a root is analytic beyond zero alone."""

    def found(z: Rectangle) -> Rectangle:
        if _is_real(z) and (name != "sqrt" or z.re.a > 0):
            return real(FUNCTIONS[name](z.re))
        return function(z)

    return found


_FUNCTIONS: Mapping[str, Callable[..., Rectangle]] = {
    name: _unless_real(name, function)
    for name, function in (
        ("exp", _exponential),
        ("log", _logarithm),
        ("sqrt", _root),
        ("sin", _sine),
        ("cos", _cosine),
        ("tanh", _tanh),
        ("erf", _error_function),
        ("atan", _arctangent),
    )
}


def _number(x: Fraction) -> Rectangle:
    return real(exact(x))


_PARTS = 16
"""Into how many parts the line of an inner integral is cut, so that its bounds are of use."""


def _inner(lift: Callable[[Interval], Any]) -> Callable[[Reader, list[ast.expr]], Any]:
    """An integral that depends on the point z, as the mean over t in [0, 1] of its integrand at low + (high - low) t.

    For each t this is analytic in z on the rectangle; so is the mean, by Morera and Fubini, as the integrand is bounded
    there; on each part of [0, 1] it lies in the rectangle, which is convex, of the integrand.
    """

    def integral(reader: Reader, args: list[ast.expr]) -> Any:
        need(len(args) == 4, "integral takes a variable, two ends and a formula")
        name, algebra = variable(reader, args[0]), reader.algebra
        add, sub, mul = (algebra.operators[op] for op in (ast.Add, ast.Sub, ast.Mult))
        low, high = (reader.value(end) for end in args[1:3])
        width, total = sub(high, low), algebra.number(Fraction(0))
        effort.spend(3 * _PARTS * (cost_of(args[3], iv.prec) + 20))
        settled = Settled.of(args[3], name)
        for k in range(_PARTS):
            place = add(low, mul(width, lift(iv.mpf([k, k + 1]) / _PARTS)))
            names = {**reader.names, name: place}
            here = Remembering(reader.text, names, algebra, {}, settled)
            total = add(total, here.value(args[3]))
        return mul(mul(total, algebra.number(Fraction(1, _PARTS))), width)

    return integral


def decided(chosen: list[int]) -> Algebra:
    """Return the arithmetic of intervals that notes, in turn, which argument of a maximum is the largest everywhere.

    A step is noted as its value. What is not decided is refused.
    """

    def largest(*values: Interval) -> Interval:
        for k, x in enumerate(values):
            if all(x.a >= y.b for j, y in enumerate(values) if j != k):
                chosen.append(k)
                return x
        raise UnprovedError("which of two is larger is not decided")

    def step(x: Interval) -> Interval:
        prove(x.a >= 0 or x.b < 0, "a step is not excluded")
        chosen.append(int(x.a >= 0))
        return iv.mpf(chosen[-1])

    own: Mapping[str, Callable[..., Interval]] = {
        "max": largest,
        "min": lambda *v: -largest(*[-x for x in v]),
        "step": step,
    }
    binders = {"integral": _inner(lambda x: x)}
    return replace(INTERVALS, functions={**FUNCTIONS, **own}, binders=binders)


def rectangles(chosen: Iterator[int]) -> Algebra:
    """Return the arithmetic of rectangles, with the arguments of maxima, and steps, that were noted."""
    own: Mapping[str, Callable[..., Rectangle]] = {
        "max": lambda *v: v[next(chosen)],
        "min": lambda *v: v[next(chosen)],
        "step": lambda _: real(iv.mpf(next(chosen))),
    }
    return replace(_RECTANGLES, functions={**_FUNCTIONS, **own}, binders={"integral": _inner(real)})


_RECTANGLES = Algebra(
    number=_number,
    pi=lambda: real(+iv.pi),
    operators={
        ast.Add: _add,
        ast.Sub: lambda z, w: _add(z, _negative(w)),
        ast.Mult: _multiply,
        ast.Div: lambda z, w: _multiply(z, _inverse(w)),
        ast.Pow: _power,
        ast.USub: _negative,
    },
    functions=_FUNCTIONS,
    checked=_checked,
)
times, exponential = _multiply, _exponential
