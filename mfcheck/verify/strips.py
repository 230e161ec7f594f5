"""How large a formula is on a strip around the real line: for sums over nodes on the whole line.

A formula that has a bound here is analytic for |Im z| <= a, and `|f(x+iy)| <= size (1 + |x|)^power exp(rate |x|)`
there. What may be otherwise is refused.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from .formulas import FUNCTIONS, INTERVALS, Algebra, Interval, exact, finite, fixed, iv
from .reading import UnprovedError, prove

_exp, _sin, _cos = (FUNCTIONS[name] for name in ("exp", "sin", "cos"))
_power = INTERVALS.operators[ast.Pow]
_BITS, _MOST = 8, 64


@dataclass(frozen=True)
class Strip:
    """Bounds of a function f = u + iv on the strip.

    Attributes:
        size: of |f|, in units of `(1 + |x|)^power exp(rate |x|)`.
        along: of |u|, in the same units.
        power: as above.
        rate: as above.
        across: of |v|, None if there is none.
        low: of u from below, None if there is none.
        high: of u from above.
        value: of a constant, which is real.
    """

    size: Interval
    along: Interval
    power: Fraction = Fraction(0)
    rate: Fraction = Fraction(0)
    across: Interval | None = None
    low: Interval | None = None
    high: Interval | None = None
    value: Interval | None = None


def constant(x: Interval) -> Strip:
    """Return the bounds of what does not vary."""
    size = abs(finite(x)).b
    return Strip(size, size, across=iv.mpf(0), low=x.a, high=x.b, value=x)


def variable_of(a: Fraction) -> Strip:
    """Return the bounds of the variable for |Im z| <= a: `|z| <= |x| + a`."""
    across = exact(a).b
    return Strip(exact(max(a, Fraction(1))).b, iv.mpf(1), Fraction(1), across=across)


def _bounded(size: Interval, across: Interval | None = None) -> Strip:
    return Strip(size, size, across=size if across is None else across, low=-size, high=size)


def _sum(x: Interval | None, y: Interval | None) -> Interval | None:
    return None if x is None or y is None else x + y


def _add(f: Strip, g: Strip) -> Strip:
    return Strip(
        f.size + g.size,
        f.along + g.along,
        max(f.power, g.power),
        max(f.rate, g.rate),
        _sum(f.across, g.across),
        _sum(f.low, g.low),
        _sum(f.high, g.high),
        _sum(f.value, g.value),
    )


def _scaled(f: Strip, x: Interval) -> Strip:
    """A function times a constant of certain sign; without one it has no bounds from one side alone."""
    size = abs(x).b
    low, high = f.low, f.high
    if x.a < 0:
        low, high = (high, low) if x.b <= 0 else (None, None)
    if low is not None:
        low = (low * x).a
    if high is not None:
        high = (high * x).b
    across = None if f.across is None else f.across * size
    value = None if f.value is None else f.value * x
    return Strip(f.size * size, f.along * size, f.power, f.rate, across, low, high, value)


def _negative(f: Strip) -> Strip:
    return _scaled(f, iv.mpf(-1))


def _multiply(f: Strip, g: Strip) -> Strip:
    if g.value is not None:
        return _scaled(f, g.value)
    if f.value is not None:
        return _scaled(g, f.value)
    size, power, rate = f.size * g.size, f.power + g.power, f.rate + g.rate
    return _bounded(size) if power == rate == 0 else Strip(size, size, power, rate)


def _divide(f: Strip, g: Strip) -> Strip:
    if g.value is None:
        raise UnprovedError("a division by what varies, on a strip")
    prove(0 not in g.value, "a division by zero is not excluded")
    return _scaled(f, 1 / g.value)


def _raise(f: Strip, g: Strip) -> Strip:
    if g.value is None:
        raise UnprovedError("an exponent that varies, on a strip")
    if f.value is not None:
        return constant(_power(f.value, g.value))
    n, high = fixed(finite(g.value), 0)
    prove(1 <= n == high <= _MOST, "an exponent that is no small whole number, on a strip")
    found = f
    for _ in range(n - 1):
        found = _multiply(found, f)
    if n != 2 or f.across is None:
        return found
    return replace(found, low=-(f.across**2))  # Re (u+iv)^2 >= -v^2


def _exponential(f: Strip) -> Strip:
    if f.high is not None:
        return _bounded(_exp(f.high).b)
    prove(f.power <= 1 and f.rate == 0, "an exponential of what grows faster than the variable")
    size = _exp(f.along).b
    return Strip(size, size, rate=Fraction(fixed(f.along, _BITS)[1], 2**_BITS))


def _across(f: Strip, below: float) -> Interval:
    prove(f.across is not None and f.across < below, "a singularity in the strip is not excluded")
    return f.across


def _tanh(f: Strip) -> Strip:
    """`|tanh(u+iv)|^2 = (sinh(u)^2 + sin(v)^2)/(sinh(u)^2 + cos(v)^2)`, at most 1 or tan(v)^2."""
    v = _across(f, 1.5)
    return _bounded(iv.mpf(max(iv.mpf(1), (_sin(v) / _cos(v)).b)))


def _wave(f: Strip) -> Strip:
    """`|sin|, |cos| <= cosh(v)`."""
    v = _across(f, 50)
    return _bounded(((_exp(v) + _exp(-v)) / 2).b)


def _error_function(f: Strip) -> Strip:
    """`|erf(u+iv) - erf(u)| <= 2/sqrt(pi) |v| exp(v^2)`."""
    v = _across(f, 5)
    rest = (2 / FUNCTIONS["sqrt"](iv.pi) * v * _exp(v**2)).b
    return _bounded(1 + rest, rest)


_FUNCTIONS: Mapping[str, Callable[[Strip], Strip]] = {
    "exp": _exponential,
    "sin": _wave,
    "cos": _wave,
    "tanh": _tanh,
    "erf": _error_function,
}


def _function(name: str) -> Callable[..., Strip]:
    def function(*f: Strip) -> Strip:
        values = [x.value for x in f]
        if None not in values:
            return constant(FUNCTIONS[name](*values))
        prove(name in _FUNCTIONS, f"{name} of what varies, on a strip")
        return _FUNCTIONS[name](*f)

    return function


def _checked(f: Strip) -> Strip:
    finite(f.size)
    return f


STRIPS = Algebra(
    number=lambda x: constant(exact(x)),
    pi=lambda: constant(+iv.pi),
    operators={
        ast.Add: _add,
        ast.Sub: lambda f, g: _add(f, _negative(g)),
        ast.Mult: _multiply,
        ast.Div: _divide,
        ast.Pow: _raise,
        ast.USub: _negative,
    },
    functions={name: _function(name) for name in FUNCTIONS},
    checked=_checked,
)
