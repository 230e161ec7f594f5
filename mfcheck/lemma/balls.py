"""Enclosures of the functions of terms on intervals of any width, and of their Taylor series.

Trusted. A function that is undefined on a part of an interval is enclosed over the rest: that a statement is defined
wherever it is said to hold is proved apart, from the obligations that its reader records. What cannot be enclosed is
nan or the whole line, which decides nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from flint import arb, arb_series, ctx, fmpq

ZERO, ONE = arb(0), arb(1)
NAN = arb.nan()
LINE = arb(0, arb.pos_inf())
_MOST_BITS: Final = 1 << 16
_NARROW: Final = 24
"""Bits of accuracy beyond which a plain ball evaluation is tight enough."""


def ball(value: Fraction) -> arb:
    """Enclose a fraction at the working precision."""
    return arb(fmpq(value.numerator, value.denominator))


def fraction(x: arb) -> Fraction | None:
    """Return the middle of a ball; None if it is no number, or its digits would fill the memory: `2^(10^10)`."""
    if not x.is_finite():
        return None
    digits, power = (int(k) for k in x.mid().man_exp())
    return None if abs(power) > _MOST_BITS else digits * Fraction(2) ** power


def whole(x: arb) -> int | None:
    """Return the one whole number of a ball; None if there is not one, or its digits would fill the memory."""
    if not x.is_finite() or abs(x).upper() > arb(2) ** _MOST_BITS:
        return None
    found = x.unique_fmpz()
    return None if found is None else int(found)


def _wide(x: arb) -> bool:
    return not x.is_exact() and x.rel_one_accuracy_bits() < _NARROW


def _increasing(f: Callable[[arb], arb]) -> Callable[[arb], arb]:
    def enclosure(x: arb) -> arb:
        if _wide(x) and x.is_finite():
            return f(x.lower()).union(f(x.upper()))
        return f(x)

    return enclosure


def _even(f: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """Enclose an even function that increases on [0, inf)."""

    def enclosure(x: arb) -> arb:
        if _wide(x) and x.is_finite():
            return f(x.abs_lower()).union(f(x.abs_upper()))
        return f(x)

    return enclosure


def natural_power(x: arb, n: int) -> arb:
    """Enclose `x**n` for n >= 1, tight on wide intervals."""
    if _wide(x) and x.is_finite():
        if n % 2:
            return _repeated(x.lower(), n).union(_repeated(x.upper(), n))
        return _repeated(x.abs_lower(), n).union(_repeated(x.abs_upper(), n))
    return _repeated(x, n)


def _repeated(x: arb, n: int) -> arb:
    result = ONE
    while True:
        if n & 1:
            result = result * x
        n >>= 1
        if not n:
            return result
        x = x * x


def _sine(x: arb, shift: int) -> arb:
    """Enclose sin (shift 1) or cos (shift 0) by end points and the extrema between them."""
    f = arb.sin if shift else arb.cos
    if not x.is_finite():
        return arb(0, 1)
    if not _wide(x):
        return f(x)
    turns = x / arb.pi() - (arb(0.5) if shift else ZERO)
    first, last = whole(turns.lower().ceil()), whole(turns.upper().floor())
    if first is None or last is None:
        return arb(0, 1)
    result = f(x.lower()).union(f(x.upper()))
    for k in range(int(first), min(int(last), int(first) + 1) + 1):
        result = result.union(ONE if k % 2 == 0 else -ONE)
    return result


def _tangent(x: arb) -> arb:
    c = _sine(x, 0)
    if not (c > 0 or c < 0):
        return LINE
    return x.lower().tan().union(x.upper().tan()) if _wide(x) else x.tan()


def _clamped(f: Callable[[arb], arb], low: arb | None, high: arb | None) -> Callable[[arb], arb]:
    """Enclose an increasing (or decreasing) function over the part of an interval where it is defined."""

    def enclosure(x: arb) -> arb:
        if x.is_nan():
            return NAN
        if low is not None and not x.lower() >= low:
            if x < low:
                return NAN
            x = x.upper().union(low) if not x.lower() >= low else x
            lower = low
        else:
            lower = x.lower()
        upper = x.upper()
        if high is not None and not upper <= high:
            if x > high:
                return NAN
            upper = high
        return f(lower).union(f(upper))

    return enclosure


def square_root(x: arb) -> arb:
    """Enclose the square root over the nonnegative part."""
    if x > 0:
        return x.lower().sqrt().union(x.upper().sqrt()) if _wide(x) else x.sqrt()
    if x.upper() >= 0 and x.is_finite():
        return ZERO.union(x.upper().sqrt())
    return NAN


def _logarithm(x: arb) -> arb:
    if x.lower() > 0 and x.is_finite():
        return x.lower().log().union(x.upper().log()) if _wide(x) else x.log()
    return LINE


def rational_power(x: arb, e: Fraction) -> arb:
    """Enclose `x**e` over the part where it is defined."""
    n, q = e.numerator, e.denominator
    if q == 1:
        return natural_power(x, n) if n > 0 else inverse(natural_power(x, -n))
    root = square_root(x) if q == 2 else _root(x, q)
    return natural_power(root, n) if n > 0 else inverse(natural_power(root, -n))


def _root(x: arb, q: int) -> arb:
    if not x.is_finite() or x < 0:
        return NAN
    lower = x.lower()
    return (lower.root(q) if lower > 0 else ZERO).union(
        x.upper().root(q) if x.upper() > 0 else ZERO
    )


def cube_root(x: arb) -> arb:
    """Enclose the real cube root."""
    if not x.is_finite():
        return NAN
    return _signed_root(x.lower()).union(_signed_root(x.upper()))


def _signed_root(x: arb) -> arb:
    if x > 0:
        return x.root(3)
    if x < 0:
        return -((-x).root(3))
    if x.is_zero():
        return ZERO
    top = x.abs_upper().root(3)
    return (-top).union(top)


def inverse(x: arb) -> arb:
    """Enclose `1/x` where x is not zero."""
    if not (x > 0 or x < 0):
        return LINE
    return (ONE / x.lower()).union(ONE / x.upper()) if _wide(x) else ONE / x


def absolute(x: arb) -> arb:
    """Enclose the absolute value."""
    if x >= 0:
        return x
    if x <= 0:
        return -x
    return ZERO.union(x.abs_upper())


def sign(x: arb) -> arb:
    """Enclose the sign."""
    return ONE if x > 0 else -ONE if x < 0 else ZERO if x.is_zero() else arb(0, 1)


def step(x: arb) -> arb:
    """Enclose the step that is 0 at 0."""
    return ONE if x > 0 else ZERO if x <= 0 else ZERO.union(ONE)


def _lgamma(x: arb) -> arb:
    """Enclose log gamma by its monotone branches, between 1 and 2 by its smallest value."""
    if not x > 0 or not x.is_finite():
        return LINE
    if not _wide(x):
        return x.lgamma()
    ends = x.lower().lgamma().union(x.upper().lgamma())
    return ends if x > 1.4616322 or x < 1.461632 else ends.union(arb("-0.1214862906"))


FUNCTIONS: Final[Mapping[str, Callable[[arb], arb]]] = MappingProxyType(
    {
        "exp": _increasing(arb.exp),
        "log": _logarithm,
        "sin": lambda x: _sine(x, 1),
        "cos": lambda x: _sine(x, 0),
        "tan": _tangent,
        "asin": _clamped(arb.asin, -ONE, ONE),
        "acos": _clamped(arb.acos, -ONE, ONE),
        "atan": _increasing(arb.atan),
        "sinh": _increasing(arb.sinh),
        "cosh": _even(arb.cosh),
        "tanh": _increasing(arb.tanh),
        "asinh": _increasing(arb.asinh),
        "atanh": lambda x: _increasing(arb.atanh)(x) if x > -1 and x < 1 else LINE,
        "erf": _increasing(arb.erf),
        "erfc": _increasing(arb.erfc),
        "abs": absolute,
        "sign": sign,
        "step": step,
        "cbrt": cube_root,
        "lgamma": _lgamma,
    }
)
"""Enclosures of the functions of one argument."""


# Taylor series: each takes the series of the argument and an enclosure of the value at its constant term.


def _without_constant(u: arb_series) -> arb_series:
    c = u.coeffs()
    if c:
        c[0] = ZERO
    return arb_series(c, u.prec)


MAX_ORDER: Final = 80
"""Longest series; `flint` cuts series silently at `ctx.cap`, see `long_series`."""


@contextmanager
def long_series() -> Iterator[None]:
    """Let series be as long as `MAX_ORDER` for a while."""
    known = ctx.cap
    ctx.cap = MAX_ORDER
    try:
        yield
    finally:
        ctx.cap = known


def coefficients(u: arb_series, length: int) -> list[arb]:
    """Return the first coefficients; those that the series does not know are nan."""
    c = list(u.coeffs())
    certain = min(length, u.prec)
    c += [ZERO] * (certain - len(c))
    return c[:certain] + [NAN] * (length - certain)


def unknown(u: arb_series, value: arb) -> arb_series:
    """Return a series of which only the constant term is known."""
    return arb_series([value] + [NAN] * (u.prec - 1), u.prec)


def _reciprocal(u: arb_series, value: arb) -> arb_series:
    """Return `1/u`, where `value` encloses the inverse of the constant term."""
    if not value.is_finite():
        return unknown(u, value)
    return (1 / (_without_constant(u) * value + 1)) * value


def with_constant(u: arb_series, value: arb) -> arb_series:
    """Return the series with another constant term."""
    c = u.coeffs()
    if c:
        c[0] = value
    else:
        c = [value]
    return arb_series(c, u.prec)


def _exp(u: arb_series, value: arb) -> arb_series:
    return _without_constant(u).exp() * value


def _log(u: arb_series, value: arb) -> arb_series:
    if not u[0] > 0:
        return unknown(u, value)
    return with_constant((_without_constant(u) * inverse(u[0]) + 1).log(), value)


def _trig(u: arb_series) -> tuple[arb, arb, arb_series, arb_series]:
    v = _without_constant(u)
    return _sine(u[0], 1), _sine(u[0], 0), v.sin(), v.cos()


def _sin(u: arb_series, _: arb) -> arb_series:
    s, c, sv, cv = _trig(u)
    return cv * s + sv * c


def _cos(u: arb_series, _: arb) -> arb_series:
    s, c, sv, cv = _trig(u)
    return cv * c - sv * s


def _tan(u: arb_series, value: arb) -> arb_series:
    if not value.is_finite():
        return unknown(u, value)
    t = _without_constant(u).tan()
    return (t + value) / (1 - t * value)


def _square_reciprocal(u: arb_series, sign: int) -> arb_series:
    """Return `1/(1 + u^2)` or `1/(1 - u^2)`."""
    inside = ONE + sign * natural_power(u[0], 2)
    return _reciprocal(u * u * sign + 1, inverse(inside))


def _atan(u: arb_series, value: arb) -> arb_series:
    slope = _square_reciprocal(u, 1)
    return with_constant((u.derivative() * slope).integral(), value)


def _arcsine(u: arb_series, value: arb) -> arb_series:
    inside = ONE - natural_power(u[0], 2)
    root = series_power(with_constant(1 - u * u, inside), Fraction(-1, 2))
    return with_constant((u.derivative() * root).integral(), value)


def _arccosine(u: arb_series, value: arb) -> arb_series:
    return with_constant(-_arcsine(u, ZERO), value)


def _hyperbolic(u: arb_series) -> tuple[arb, arb, arb_series, arb_series]:
    e = _without_constant(u).exp()
    inv = 1 / e
    half = arb(0.5)
    return FUNCTIONS["sinh"](u[0]), FUNCTIONS["cosh"](u[0]), (e - inv) * half, (e + inv) * half


def _sinh(u: arb_series, _: arb) -> arb_series:
    s, c, sv, cv = _hyperbolic(u)
    return cv * s + sv * c


def _cosh(u: arb_series, _: arb) -> arb_series:
    s, c, sv, cv = _hyperbolic(u)
    return cv * c + sv * s


def _tanh(u: arb_series, value: arb) -> arb_series:
    e = (_without_constant(u) * 2).exp()
    t = (e - 1) / (e + 1)
    return (t + value) / (1 + t * value)


def _asinh(u: arb_series, value: arb) -> arb_series:
    root = series_power(with_constant(1 + u * u, ONE + natural_power(u[0], 2)), Fraction(-1, 2))
    return with_constant((u.derivative() * root).integral(), value)


def _atanh(u: arb_series, value: arb) -> arb_series:
    slope = _square_reciprocal(u, -1)
    return with_constant((u.derivative() * slope).integral(), value)


def _erf(u: arb_series, value: arb) -> arb_series:
    square = with_constant(u * u, natural_power(u[0], 2))
    slope = _exp(-square, FUNCTIONS["exp"](-square[0])) * (2 / arb.pi().sqrt())
    return with_constant((u.derivative() * slope).integral(), value)


def _erfc(u: arb_series, value: arb) -> arb_series:
    return with_constant(-_erf(u, ZERO), value)


def _abs(u: arb_series, value: arb) -> arb_series:
    if u[0] > 0:
        return u
    if u[0] < 0:
        return -u
    return unknown(u, value)


def _constant_away(u: arb_series, value: arb) -> arb_series:
    if u[0] > 0 or u[0] < 0:
        return arb_series([value], u.prec)
    return unknown(u, value)


def _cbrt(u: arb_series, value: arb) -> arb_series:
    if not (u[0] > 0 or u[0] < 0):
        return unknown(u, value)
    grown = (_without_constant(u) * inverse(u[0]) + 1).log() / 3
    return grown.exp() * value


def _lgamma_series(u: arb_series, value: arb) -> arb_series:
    return with_constant(u.lgamma(), value)


def series_power(u: arb_series, e: Fraction) -> arb_series:
    """Return the series of a rational power."""
    n, q = e.numerator, e.denominator
    value = rational_power(u[0], e)
    if q == 1 and n > 0:
        return with_constant(_repeated_series(u, n), value)
    if q == 1 and n == -1:
        return _reciprocal(u, value)
    if not (u[0] > 0 or (q == 1 and u[0] < 0)):
        return unknown(u, value)
    base = _without_constant(u) * inverse(u[0]) + 1
    return (base.log() * ball(e)).exp() * value


def _repeated_series(u: arb_series, n: int) -> arb_series:
    if n == 1:
        return u
    half = _repeated_series(with_constant(u * u, natural_power(u[0], 2)), n // 2)
    return half * u if n % 2 else half


SERIES: Final[Mapping[str, Callable[[arb_series, arb], arb_series]]] = MappingProxyType(
    {
        "exp": _exp,
        "log": _log,
        "sin": _sin,
        "cos": _cos,
        "tan": _tan,
        "asin": _arcsine,
        "acos": _arccosine,
        "atan": _atan,
        "sinh": _sinh,
        "cosh": _cosh,
        "tanh": _tanh,
        "asinh": _asinh,
        "atanh": _atanh,
        "erf": _erf,
        "erfc": _erfc,
        "abs": _abs,
        "sign": _constant_away,
        "step": _constant_away,
        "cbrt": _cbrt,
        "lgamma": _lgamma_series,
    }
)
"""Taylor series of the functions of one argument."""
