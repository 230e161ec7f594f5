from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.claims.record import Estimate, Interval
from mfcheck.report.numbers import at_most, estimate, interval, number, show

FINITE = st.floats(allow_nan=False, allow_infinity=False)
WIDE = Context(prec=1400)


def enclosed(text: str) -> tuple[Decimal, Decimal]:
    """The numbers that a text about an enclosure allows, whatever its notation."""
    centre, plus, rest = text.partition(" + ")
    if plus:
        low, high = rest.strip("[]").split(", ")
        return Decimal(centre) + Decimal(low), Decimal(centre) + Decimal(high)
    if text.startswith("["):
        low, high = text.strip("[]").split(", ")
        return Decimal(low), Decimal(high)
    if "…" in text:
        digits, exponent = text.split("…")
        head = Decimal(digits + exponent)
        unit = Decimal(1).scaleb(int(exponent[1:] or 0) - len(digits.partition(".")[2]))
        return (head - unit, head) if head < 0 else (head, head + unit)
    return Decimal(text), Decimal(text)


@given(FINITE, FINITE)
@settings(deadline=None, max_examples=400)
def test_a_shown_estimate_contains_every_number_that_the_estimate_allows(
    value: float, error: float
) -> None:
    with localcontext(WIDE):
        shown, _, bound = estimate(value, error).text.partition(" ± ")
        off = abs(Decimal(repr(value)) - Decimal(shown))
        assert off + abs(Decimal(repr(error))) <= Decimal(bound)


@given(FINITE, st.floats(min_value=1e-12, max_value=0.5))
@settings(deadline=None, max_examples=200)
def test_the_shown_error_is_not_much_larger(value: float, relative: float) -> None:
    error = abs(value) * relative
    if error < 1e-290 or error > 1e300:
        return
    with localcontext(WIDE):
        bound = Decimal(estimate(value, error).text.partition(" ± ")[2])
        assert bound <= 2 * Decimal(repr(error))


@given(FINITE, st.integers(0, 10**6), st.integers(-60, 20))
@settings(deadline=None, max_examples=400)
def test_a_shown_enclosure_contains_its_bounds(centre: float, width: int, scale: int) -> None:
    with localcontext(WIDE):
        low = Decimal(repr(centre))
        high = low + Decimal(width).scaleb(scale)
        left, right = enclosed(interval(str(low), str(high)).text)
        assert left <= low
        assert high <= right


def test_a_shown_enclosure_tells_its_width() -> None:
    assert interval("0.25102034170", "0.25102034173").width == "3e-11"
    assert interval("1", "1.0021").width == "0.003"


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        ("0.25102034170", "0.25102034171", "0.2510203…"),
        ("-0.25102034171", "-0.25102034170", "-0.2510203…"),
        ("0.25102", "0.25103", "[0.25102, 0.25103]"),
        ("0.2510234", "0.2519871", "[0.25102, 0.25199]"),
        ("5.72112811111e-5", "5.72112811112e-5", "5.721128…e-5"),
        ("0.24999999999999999999", "0.25000000000000000001", "0.25 + [-1.0e-20, 1.0e-20]"),
        ("-1e-40", "1e-40", "[-1e-40, 1e-40]"),
        ("4", "4", "4"),
        ("0.125", "0.1250", "0.125"),
        ("0.3333333333333333333", "0.3333333333333333333", "0.3333333…"),
        ("0", "0", "0"),
    ],
)
def test_notation_of_an_enclosure(lower: str, upper: str, text: str) -> None:
    assert interval(lower, upper).text == text


@pytest.mark.parametrize(
    ("lower", "upper"),
    [("inf", "inf"), ("-inf", "inf"), ("nan", "nan"), ("2", "1"), ("x", "1"), ("", "")],
)
def test_what_is_no_bounded_enclosure_is_shown_as_it_is(lower: str, upper: str) -> None:
    assert interval(lower, upper).text == f"[{lower}, {upper}]"


@given(st.text(max_size=40), st.text(max_size=40))
@settings(deadline=None)
def test_any_strings_are_shown(lower: str, upper: str) -> None:
    assert interval(lower, upper).full.startswith("[")


def test_notation_of_an_estimate() -> None:
    assert estimate(0.2510203, 3e-8).text == "0.25102030 ± 3e-8"
    assert estimate(2.351, 0.04).text == "2.35 ± 0.05"
    assert estimate(0.5, 0.0).text == "0.5 ± 0"
    assert estimate(0.2510203, 3e-8).full == "0.2510203 ± 3e-08"


@pytest.mark.parametrize("value", [0.012341, 0.0183, 1.0, 0.99951, 3.2000001e-7, 12345.6, 0.1])
def test_a_bound_from_above_is_true_as_shown(value: float) -> None:
    said, true = Decimal(at_most(value)), Decimal(repr(value))
    assert true <= said <= true * Decimal("1.01")
    assert len(said.normalize().as_tuple().digits) <= 3


def test_show_knows_each_kind_of_value() -> None:
    assert show(None).text == "–"
    assert show("order\n-1/2").text == "order -1/2"
    assert show(Estimate(value=1.0, error=0.25)).text == "1.00 ± 0.25"
    assert show(Interval(lower="1", upper="1")).text == "1"


def test_plain_numbers() -> None:
    assert number(None) == "–"
    assert number(123456.0) == "1.235e5"
    assert number(1e-10) == "1e-10"
    assert number(2.0) == "2"
