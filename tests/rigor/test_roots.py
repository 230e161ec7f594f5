from fractions import Fraction

import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.rigor.roots import Function, all_roots, crossing, maximum, root, stays_below


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
