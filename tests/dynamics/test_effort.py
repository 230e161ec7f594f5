"""Sizes give way in turn, no further than needed, and what gave way is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.dynamics.effort import Size, TooMuchError, fit

SIZES = {"width": Size("neurons", 64, 8, 4), "depth": Size("layers", 8, 2)}


def product(values: dict[str, int]) -> float:
    return float(values["width"] * values["depth"])


def test_what_is_affordable_is_not_touched() -> None:
    assert fit(SIZES, product, 512, "there are 3 rows") == ({"width": 64, "depth": 8}, "")


def test_sizes_are_halved_in_turn_and_named() -> None:
    values, words = fit(SIZES, product, 130, "there are 300 rows")
    assert values == {"width": 32, "depth": 4}
    assert words == "32 instead of 64 neurons, 4 instead of 8 layers, as there are 300 rows"


def test_a_size_that_saves_nothing_is_kept() -> None:
    values, _ = fit(SIZES, lambda values: float(values["depth"]), 2, "the data are large")
    assert values == {"width": 64, "depth": 2}


def test_the_least_sizes_may_be_too_much() -> None:
    with pytest.raises(TooMuchError) as caught:
        fit(SIZES, product, 15, "there are 9 rows")
    assert caught.value.what == (
        "about 16 s even at the least sizes, as there are 9 rows, where the budget allows 15 s"
    )


@given(st.integers(1, 500), st.integers(1, 500), st.sampled_from([1, 2, 4]), st.floats(1, 1e6))
def test_sizes_stay_between_least_and_wanted(
    wanted: int, least: int, step: int, allowed: float
) -> None:
    wanted, least = step * max(wanted, least), step * min(wanted, least)
    sizes = {"a": Size("a", wanted, least, step), "b": Size("b", 10, 1)}

    def cost(values: dict[str, int]) -> float:
        return float(values["a"] * values["b"])

    try:
        values, words = fit(sizes, cost, allowed, "x")
    except TooMuchError:
        assert (
            2 * least >= allowed
        )  # a size above twice the least could be halved once more, and that would be worth it
        return
    assert cost(values) <= allowed
    assert least <= values["a"] <= wanted
    assert values["a"] % step == 0
    assert (words == "") == (values == {"a": wanted, "b": 10})
