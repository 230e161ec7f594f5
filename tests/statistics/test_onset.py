"""From where on something holds, and how such places grow."""

import numpy as np
import pytest

from mfcheck.statistics.onset import Onset, exponent_between, onset

INF = float("inf")


def test_the_lowest_place_is_below_no_failure() -> None:
    assert onset({1: True, 2: False, 4: True, 100: True}) == Onset(4, 2, 2)
    assert onset({1: None, 4: True, 100: True}) == Onset(4, 1, 0)
    assert onset({1: True, 100: None}) == Onset(INF, 100, 0)
    assert onset({1: True, 100: True}) == Onset(1, 0, 0)
    assert onset({100: True, 1: False, 10: True}) == Onset(10, 1, 1)


def test_an_exponent_covers_all_numbers_between_the_bounds() -> None:
    x = np.array([2.0, 4.0, 8.0, 16.0])
    found = exponent_between(x, [(v, 1.2 * v) for v in x**1.5])
    assert found is not None
    rng = np.random.default_rng(0)
    for _ in range(50):
        y = x**1.5 * rng.uniform(1, 1.2, 4)
        assert abs(np.polyfit(np.log(x), np.log(y), 1)[0] - found.value) <= found.error
    assert found.value == pytest.approx(1.5, abs=0.01)
    assert found.error < 0.3


@pytest.mark.parametrize("factor", [1.2, 3.0, 100.0])
def test_the_steepest_and_the_flattest_line_between_the_bounds_are_covered(factor: float) -> None:
    """At the outer places one bound each, which is where a line through three is steepest."""
    x = np.array([1.0, 2.0, 4.0])
    found = exponent_between(x, [(1.0, factor)] * 3)
    assert found is not None
    for first, last in ((1.0, factor), (factor, 1.0)):
        steepest = np.polyfit(np.log(x), np.log([first, 1.0, last]), 1)[0]
        assert abs(steepest - found.value) <= found.error


def test_too_little_is_known() -> None:
    assert exponent_between([], []) is None
    assert exponent_between([1, 2, 4], [(0, 1), (2, 4), (4, 5)]) is None
    assert exponent_between([1, 2], [(1, 2), (2, 4)]) is None
    assert exponent_between([1, 2, 4], [(1, 2), (2, 4), (4, INF)]) is None
