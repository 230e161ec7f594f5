from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.rigor.roots import (
    Function,
    all_roots,
    crossing,
    largest_at,
    maximum,
    minimiser,
    root,
    stays_below,
)


def test_root_to_many_digits() -> None:
    value = root(lambda x: x * x - 2, lambda x: 2 * x, (1, 2), 60)
    assert value.rad() < arb(10) ** -59
    assert (value * value - 2).contains(0)


def test_refusals() -> None:
    with pytest.raises(InputError, match="more than one"):
        root(lambda x: x * x - 2, lambda x: 2 * x, (-2, 2))
    with pytest.raises(InputError, match="no change of sign"):
        root(lambda x: x - 5, lambda x: arb(1), (1, 2))
    with pytest.raises(InputError, match="open"):
        root(lambda x: x - 1, lambda x: arb(1), (1, 2))
    with pytest.raises(InputError, match="increase"):
        root(lambda x: x, lambda x: arb(1), (1, 1))
    with pytest.raises(InputError):
        all_roots(lambda x: (x - 1) * (x - 1), lambda x: 2 * (x - 1), (0, 3))


@given(st.lists(st.integers(min_value=-30, max_value=30), min_size=1, max_size=4, unique=True))
def test_all_roots_of_a_polynomial(places: list[int]) -> None:
    def f(x: arb) -> arb:
        product = arb(1)
        for place in places:
            product *= x - arb(place) / 7
        return product

    def df(x: arb) -> arb:
        total = arb(0)
        for skipped in places:
            product = arb(1)
            for place in places:
                product *= arb(1) if place == skipped else x - arb(place) / 7
            total += product
        return total

    found = all_roots(f, df, (-5, 5))
    assert len(found.values) == len(places)
    for value, place in zip(found.values, sorted(places), strict=True):
        assert abs(value - arb(place) / 7) < 1e-13
    assert list(found.slopes[-1:]) == [">"]


def test_maximum() -> None:
    value = maximum(lambda x: x.cos(), lambda x: -x.sin(), (1, 2), 30)
    assert value.overlaps(arb.pi() / 2)
    with pytest.raises(InputError, match="concave"):
        maximum(lambda x: x.cos(), lambda x: -x.sin(), (4, 5))


def test_crossing_says_nothing_about_uniqueness() -> None:
    value = crossing(lambda x: x.sin(), lambda x: x.cos(), (1, 10), 20)
    assert value.sin().contains(0)


def test_stays_below() -> None:
    def most(low: arb, high: arb) -> arb:  # x (1 - x), bounded factor by factor
        return high * (1 - low)

    assert stays_below(most, arb("0.2501"), [(0, 1)]) is True
    assert stays_below(most, arb("0.2499"), [(0, 1)]) is False
    assert stays_below(most, arb("0.2499"), [(0, Fraction(2, 5)), (Fraction(3, 5), 1)]) is True
    assert stays_below(most, arb(1) / 4, [(0, 1)], cells=500) is None


def test_minimiser_of_two_wells() -> None:
    """x^4/4 - x^2/2 + c x: the outer root of the slope on the side that c favours; both are equal at c = 0."""

    def well(c: str) -> tuple[Function, Function, Function]:
        def f(x: arb) -> arb:
            return x**4 / 4 - x**2 / 2 + arb(c) * x

        return f, lambda x: x**3 - x + arb(c), lambda x: 3 * x**2 - 1

    for c, chosen in (("0.1", min), ("-0.1", max)):
        found = minimiser(*well(c), (-2, 2), 20)
        assert found.rad() < 1e-19
        assert float(found) == pytest.approx(chosen(np.roots([1, 0, -1, float(c)]).real), rel=1e-14)
    with pytest.raises(InputError, match="equally good"):
        minimiser(*well("0"), (-2, Fraction(21, 10)), 20)


def test_largest_on_the_half_line() -> None:
    """x exp(-x) is largest at 1; with a higher hump farther out it is not, and a lower one does no harm."""

    def humps(height: str) -> bool | None:
        def rise(x: arb) -> arb:  # of 1/(1 + (x - 10)^2) up to 10
            return arb(1) if x > 10 else 1 / (1 + (x - 10) ** 2)

        def fall(x: arb) -> arb:
            return arb(1) if x < 10 else 1 / (1 + (x - 10) ** 2)

        def most(low: arb, high: arb) -> arb:
            return high * (-low).exp() + arb(height) * rise(high).min(fall(low))

        def bent(x: arb) -> arb:
            y = x - 10
            return (x - 2) * (-x).exp() + arb(height) * (6 * y**2 - 2) / (1 + y**2) ** 3

        def slope(x: arb) -> arb:
            y = x - 10
            return (1 - x) * (-x).exp() - arb(height) * 2 * y / (1 + y**2) ** 2

        place = crossing(slope, bent, (Fraction(1, 2), Fraction(3, 2)), 15)
        return largest_at(most, bent, place, lambda r: r * (-r).exp() + arb(height) * fall(r))

    assert humps("0") is True
    assert humps("0.3") is True
    assert humps("0.5") is False


def test_largest_is_open_where_the_function_is_not_concave() -> None:
    """A constant has no strict maximum, and what never falls below the value at the place is not settled."""
    assert largest_at(lambda a, b: arb(1), lambda x: arb(0), arb(1), lambda r: arb(0)) is None
    assert largest_at(lambda a, b: b * (2 - a), lambda x: arb(-2), arb(1), lambda r: arb(1)) is None


POLE = (lambda x: 1 / (x - arb(1) / 3), lambda x: -1 / (x - arb(1) / 3) ** 2, (0, 1))
TANGENT = (lambda x: x.tan() - 1, lambda x: 1 + x.tan() ** 2, (1, 3))
JUMP = (
    lambda x: (x - arb(1) / 3) / abs(x - arb(1) / 3),
    lambda x: (x - arb(1) / 3) * 0 / abs(x - arb(1) / 3),
    (0, 1),
)


@pytest.mark.parametrize(
    ("f", "df", "bracket"), [POLE, TANGENT, JUMP], ids=["pole", "tangent", "jump"]
)
def test_a_change_of_sign_at_a_pole_or_a_jump_is_no_root(
    f: Function, df: Function, bracket: tuple[int, int]
) -> None:
    with pytest.raises(InputError, match="jump or be infinite"):
        crossing(f, df, bracket)


def test_a_root_with_a_vanishing_slope_is_still_one() -> None:
    found = crossing(lambda x: (x - arb(1) / 3) ** 3, lambda x: 3 * (x - arb(1) / 3) ** 2, (0, 1))
    assert found.contains(arb(1) / 3)
