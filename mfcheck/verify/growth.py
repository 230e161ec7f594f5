"""How fast a formula may grow: `|f(x)| <= size (1 + |x|)^power exp(rate |x|)`."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from .formulas import FUNCTIONS, Algebra, Interval, Reader, exact, finite, fixed, iv, variable
from .reading import UnprovedError, need, prove

_exp, _log, _sqrt = (FUNCTIONS[name] for name in ("exp", "log", "sqrt"))
_BITS = 8
_Bound = Interval | None


@dataclass(frozen=True)
class Growth:
    """The bound of the size, and bounds `low <= f <= high` where there are any.

    A formula that has such a bound has a value for every real x.
    """

    size: Interval
    power: Fraction = Fraction(0)
    rate: Fraction = Fraction(0)
    low: _Bound = None
    high: _Bound = None


VARIABLE = Growth(iv.mpf(1), Fraction(1))
"""The variable itself."""


def constant(value: Interval) -> Growth:
    """Return the growth of what does not vary."""
    return Growth(abs(value), low=value.a, high=value.b)


def _between(low: Interval, high: Interval) -> Growth:
    return constant(iv.mpf([low.a, high.b]))


def _sum(x: _Bound, y: _Bound) -> _Bound:
    return None if x is None or y is None else x + y


def _add(f: Growth, g: Growth) -> Growth:
    power, rate = max(f.power, g.power), max(f.rate, g.rate)
    return Growth(f.size + g.size, power, rate, _sum(f.low, g.low), _sum(f.high, g.high))


def _negative(f: Growth) -> Growth:
    low, high = (None if end is None else -end for end in (f.high, f.low))
    return Growth(f.size, f.power, f.rate, low, high)


def _sign(f: Growth) -> int:
    if f.low is not None and f.low.a >= 0:
        return 1
    return -1 if f.high is not None and f.high.b <= 0 else 0


def _least(f: Growth, what: str) -> Interval:
    prove(_sign(f) > 0, f"{what} of what may be negative on the line")
    return f.low


def _above_zero(f: Growth, what: str) -> Interval:
    prove(f.low is not None and f.low.a > 0, f"{what} of what may come near zero on the line")
    return f.low


def _values(f: Growth) -> Interval:
    """All values of what is bounded on both sides."""
    low, high = f.low, f.high
    if low is None or high is None:
        raise UnprovedError("what varies without bound, as an exponent or in a mean")
    return iv.mpf([low.a, high.b])


def _multiply(f: Growth, g: Growth) -> Growth:
    if None not in (f.low, f.high, g.low, g.high):
        return constant(_values(f) * _values(g))
    if _sign(f) < 0:
        return _negative(_multiply(_negative(f), g))
    if _sign(g) < 0:
        return _negative(_multiply(f, _negative(g)))
    low = None
    if f.low is not None and g.low is not None and f.low.a >= 0 and g.low.a >= 0:
        low = f.low.a * g.low.a
    return Growth(f.size * g.size, f.power + g.power, f.rate + g.rate, low)


def _inverse(f: Growth) -> Growth:
    if _sign(f) < 0:
        return _negative(_inverse(_negative(f)))
    low = _above_zero(f, "an inverse")
    return _between(iv.mpf(0) if f.high is None else 1 / f.high, 1 / low)


def _exponential(f: Growth) -> Growth:
    if f.high is not None:
        return _between(iv.mpf(0) if f.low is None else _exp(f.low.a), _exp(f.high.b))
    prove(f.power <= 1 and f.rate == 0, "an exponential of what grows faster than the variable")
    size = fixed(f.size, _BITS)[1]
    return Growth(_exp(f.size.b), rate=Fraction(size, 2**_BITS), low=iv.mpf(0))


def _logarithm(f: Growth) -> Growth:
    low = _log(_above_zero(f, "a logarithm").a)
    size = abs(low) + abs(_log(f.size.b)) + exact(f.power + f.rate)
    return Growth(size, Fraction(1), low=low)


def _power(f: Growth, g: Growth) -> Growth:
    exponent = _values(g)
    prove(abs(exponent) <= 1000, "an exponent beyond 1000")
    low, high = fixed(exponent, 0)
    if low == high:
        return _whole(f, low) if low >= 0 else _inverse(_whole(f, -low))
    _least(f, "a power")
    if exponent.b <= 0:
        return _power(_inverse(f), _negative(g))
    prove(exponent.a > 0, "an exponent of no certain sign")
    top, size = Fraction(high), 1 + f.size
    return Growth(size ** iv.mpf(high), f.power * top, f.rate * top, low=iv.mpf(0))


def _whole(f: Growth, n: int) -> Growth:
    if None not in (f.low, f.high):
        return constant(_values(f) ** n)
    size, power, rate = f.size**n, f.power * n, f.rate * n
    if f.low is not None and f.low.a >= 0:
        return Growth(size, power, rate, low=f.low.a**n)
    return Growth(size, power, rate, low=iv.mpf(0) if n % 2 == 0 else None)


def _root(f: Growth) -> Growth:
    prove(_sign(f) > 0, "a root of what may be negative on the line")
    return Growth(
        1 + f.size, f.power / 2, f.rate / 2, low=iv.mpf(0) if f.low is None else _sqrt(f.low.a)
    )


def _maximum(*values: Growth) -> Growth:
    size = sum((f.size for f in values), iv.mpf(0))
    power, rate = max(f.power for f in values), max(f.rate for f in values)
    lows = [f.low.a for f in values if f.low is not None]
    highs = [f.high.b for f in values if f.high is not None]
    high = max(highs) if len(highs) == len(values) else None
    return Growth(size, power, rate, max(lows) if lows else None, high)


def _bounded(size: Interval) -> Growth:
    return _between(-size, size)


def _rising(name: str, size: Callable[[], Interval]) -> Callable[[Growth], Growth]:
    """A function that rises from -size to size."""

    def function(f: Growth) -> Growth:
        low = -size() if f.low is None else FUNCTIONS[name](f.low.a)
        return _between(low, size() if f.high is None else FUNCTIONS[name](f.high.b))

    return function


def _step(f: Growth) -> Growth:
    low, high = _sign(f) > 0, f.high is None or f.high.b >= 0
    return _between(iv.mpf(int(low)), iv.mpf(int(high)))


def _mean(reader: Reader, args: list[ast.expr]) -> Growth:
    """Return the growth of the mean of what lies between two numbers."""
    need(len(args) == 2, "normal takes a variable and a formula")
    return constant(_values(reader.at(variable(reader, args[0]), VARIABLE).value(args[1])))


def _number(x: Fraction) -> Growth:
    return constant(exact(x))


def _checked(f: Growth) -> Growth:
    finite(f.size)
    return f


GROWTH = Algebra(
    number=_number,
    pi=lambda: constant(+iv.pi),
    operators={
        ast.Add: _add,
        ast.Sub: lambda f, g: _add(f, _negative(g)),
        ast.Mult: _multiply,
        ast.Div: lambda f, g: _multiply(f, _inverse(g)),
        ast.Pow: _power,
        ast.USub: _negative,
    },
    functions={
        "exp": _exponential,
        "log": _logarithm,
        "sqrt": _root,
        "sin": lambda _: _bounded(iv.mpf(1)),
        "cos": lambda _: _bounded(iv.mpf(1)),
        "tanh": _rising("tanh", lambda: iv.mpf(1)),
        "erf": _rising("erf", lambda: iv.mpf(1)),
        "atan": _rising("atan", lambda: iv.pi / 2),
        "step": _step,
        "max": _maximum,
        "min": lambda *v: _negative(_maximum(*map(_negative, v))),
    },
    checked=_checked,
    binders={"normal": _mean},
)


def beyond(f: Growth, bits: int) -> tuple[int, Interval]:
    """Return a place X up to 60, and a bound of `int |f| p` over |x| > X, p the standard normal density.

    With k = power + rate, `(1 + |x|)^power exp(rate |x|) <= exp(k |x|)`, and for X >= k
    `2 int_X^oo exp(k x) p = 2 exp(k^2/2) Q(X - k) <= exp(k X - X^2/2)`.
    """
    return _beyond(f, bits, 2)


def beyond_half(f: Growth, bits: int) -> tuple[int, Interval]:
    """As `beyond`, for `int |f| |h_r| p` and every r, as `|h_r| <= 1.09 exp(x^2/4)` (Cramér).

    With x = sqrt2 u: `2 int_X^oo exp(k x - x^2/4)/sqrt(2 pi) <= sqrt2 exp(k X - X^2/4)` if X >= 2k; 1.09 sqrt2 < 2.
    """
    place, rest = _beyond(f, bits + 1, 4)
    return place, 2 * rest


def _beyond(f: Growth, bits: int, share: int) -> tuple[int, Interval]:
    """The first place X >= share k/2 at which `size exp(k X - X^2/share)` is small enough."""
    k = f.power + f.rate
    for place in range(1, 61):
        if 2 * place >= share * k:
            rest = f.size * _exp(exact(k * place - Fraction(place**2, share)))
            if rest.b <= exact(Fraction(1, 2**bits)).a:
                return place, rest
    raise UnprovedError("the formula may grow too fast for an expectation")
