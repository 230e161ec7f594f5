"""Numbers for people: as many digits as the error allows, every rounding outwards."""

from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    localcontext,
)
from typing import NamedTuple

from mfcheck.claims.record import Estimate, Interval, Value
from mfcheck.report.text import one_line

DIGITS = 7
"""Digits of an enclosure that are shown unless more are asked for."""
_LONGEST = 12
_NARROW = 8
_CONTEXT = Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, DivisionByZero])


class Shown(NamedTuple):
    """A value as it is shown, all its digits, and the width of an enclosure ("" where there is none)."""

    text: str
    full: str
    width: str = ""


def _plain(number: Decimal) -> str:
    """Write a decimal without losing digits: plainly near 1, else with an exponent."""
    if number == 0:
        return "0"
    exponent = number.adjusted()
    if -4 <= exponent < _LONGEST and isinstance(scale := number.as_tuple().exponent, int):
        if scale <= 0:
            return format(number, "f")
        if exponent < DIGITS:
            return format(number.quantize(Decimal(1)), "f")
    digits = "".join(map(str, number.as_tuple().digits))
    sign = "-" if number.is_signed() else ""
    return f"{sign}{digits[0]}{'.' + digits[1:] if digits[1:] else ''}e{exponent}"


def _at(number: Decimal, place: int, rounding: str) -> Decimal:
    return number.quantize(Decimal((0, (1,), place)), rounding=rounding)


def _significant(number: Decimal, digits: int, rounding: str) -> Decimal:
    return number if number == 0 else _at(number, number.adjusted() - digits + 1, rounding)


def _places(error: Decimal) -> int:
    """Return the place of the last digit of an error that is worth showing: two digits below 3, else one."""
    return error.adjusted() - (1 if error.as_tuple().digits[0] < 3 else 0)


def number(value: float | None, digits: int = 4) -> str:
    """Return a number without an error of its own (a slack, seconds), or a dash where there is none.

    >>> number(0.000030001), number(12.0), number(None)
    ('3e-5', '12', '–')
    """
    if value is None:
        return "–"
    text = f"{value:.{digits}g}"
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else text


def at_most(value: float, digits: int = 3) -> str:
    """Return a number of so many digits that is not below a bound from above, so that the bound is true as shown.

    >>> at_most(0.012341)
    '0.0124'
    """
    return _plain(_significant(Decimal(repr(value)), digits, ROUND_CEILING).normalize())


def estimate(value: float, error: float) -> Shown:
    """Return `value ± error`; the error shown covers the rounding of the value.

    >>> estimate(0.251020342, 3e-8).text
    '0.25102034 ± 4e-8'
    """
    with localcontext(_CONTEXT):
        v, e = Decimal(repr(value)), abs(Decimal(repr(error)))
        full = f"{value!r} ± {abs(error)!r}"
        if e == 0:
            return Shown(f"{_plain(v.normalize())} ± 0", full)
        place = _places(e)
        if v and place < v.adjusted() - 16:  # finer than the digits of a double
            return Shown(f"{_plain(v)} ± {_plain(_significant(e, 1, ROUND_UP))}", full)
        rounded = _at(v, place, ROUND_HALF_EVEN)
        bound = _at(e + abs(v - rounded), place, ROUND_UP)
        return Shown(f"{_plain(rounded)} ± {_plain(bound)}", full)


def _last_place(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _outward(lower: Decimal, upper: Decimal, place: int) -> tuple[str, str]:
    return _plain(_at(lower, place, ROUND_FLOOR)), _plain(_at(upper, place, ROUND_CEILING))


def _around(lower: Decimal, upper: Decimal, digits: int) -> str:
    """Write a narrow enclosure whose bounds share no leading digits, as around 1/4 or 0."""
    centre = _significant((lower + upper) / 2, digits, ROUND_HALF_EVEN)
    left = _significant(lower - centre, 2, ROUND_FLOOR)
    right = _significant(upper - centre, 2, ROUND_CEILING)
    return f"{_plain(centre.normalize())} + [{_plain(left)}, {_plain(right)}]"


def _compact(lower: Decimal, upper: Decimal, digits: int) -> str:
    if lower == upper and len(lower.normalize().as_tuple().digits) <= max(_LONGEST, digits):
        return _plain(lower.normalize())
    heads = [_significant(x, digits, ROUND_DOWN) for x in (lower, upper)]
    if heads[0] == heads[1] and lower * upper > 0:
        mantissa, mark, exponent = _plain(heads[0]).partition("e")
        return f"{mantissa}…{mark}{exponent}"
    width = upper - lower
    largest = max(abs(lower), abs(upper)).adjusted()
    if largest - width.adjusted() > max(_NARROW, digits):
        return _around(lower, upper, digits)
    given = min(_last_place(lower), _last_place(upper))
    left, right = _outward(lower, upper, max(width.adjusted() - 1, given))
    return f"[{left}, {right}]"


def interval(lower: str, upper: str, digits: int = DIGITS) -> Shown:
    """Return an enclosure: its common leading digits, else its bounds rounded outwards.

    >>> interval("0.25102034170", "0.25102034171").text
    '0.2510203…'
    >>> interval("0.2510", "0.2523").text
    '[0.2510, 0.2523]'
    """
    full = one_line(f"[{lower}, {upper}]")
    with localcontext(_CONTEXT):
        try:
            low, high = Decimal(lower), Decimal(upper)
            if not low <= high or not (low.is_finite() and high.is_finite()):
                return Shown(full, full)
            width = _plain(_significant(high - low, 1, ROUND_UP))
            return Shown(_compact(low, high, digits), full, width)
        except (InvalidOperation, ValueError):
            return Shown(full, full)


def brief(value: Value, digits: int = 5) -> str:
    """Return one side of a comparison for people in a hurry: no more digits than those, the error covering what is cut.

    >>> brief(Estimate(value=0.4942554125042, error=6e-13)), brief(Estimate(value=-0.5, error=0.0))
    ('0.49426 ± 5e-6', '-0.5')
    >>> brief(Interval(lower="0.199999999999", upper="0.200000000001"))
    '0.2 ± 1e-12'
    """
    if isinstance(value, str):
        return value
    with localcontext(_CONTEXT):
        if isinstance(value, Interval):
            return _brief_interval(value, digits)
        v, e = Decimal(repr(value.value)), abs(Decimal(repr(value.error)))
        if e == 0 and len(v.normalize().as_tuple().digits) <= digits:
            return _plain(v.normalize())
        if not v or not v.is_finite() or (e and _places(e) > v.adjusted() - digits):
            return estimate(value.value, value.error).text
        rounded = _significant(v, digits, ROUND_HALF_EVEN)
        error = _significant(e + abs(v - rounded), 1, ROUND_UP)
        return f"{_plain(rounded)} ± {_plain(error)}"


def _brief_interval(value: Interval, digits: int) -> str:
    shown = interval(value.lower, value.upper, digits).text
    if "[" not in shown or shown.startswith("["):
        return shown
    lower, upper = Decimal(value.lower), Decimal(value.upper)
    centre = _significant((lower + upper) / 2, digits, ROUND_HALF_EVEN)
    error = _significant(max(upper - centre, centre - lower), 1, ROUND_UP)
    return f"{_plain(centre.normalize())} ± {_plain(error)}"


def show(value: Value | None, digits: int = DIGITS) -> Shown:
    """Return one side of a comparison as text; of an enclosure so many digits, if it determines them."""
    if value is None:
        return Shown("–", "")
    if isinstance(value, Interval):
        return interval(value.lower, value.upper, digits)
    if isinstance(value, Estimate):
        return estimate(value.value, value.error)
    return Shown(one_line(value), "")
