"""Laws in depth on sequences with known limits; recursions against plain loops, mpmath and sheets."""

import math
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.networks import (
    depth_exponent,
    depth_limit,
    geometric_depths,
    iterate,
    iterate_balls,
    relu_gap,
)

Array = NDArray[np.float64]
DEPTHS = [2.0**k for k in range(8, 15)]


@given(
    limit=st.floats(-5, 5),
    size=st.floats(-2, 2),
    order=st.sampled_from([0.5, 0.75, 1.0, 1.5]),
)
def test_limit_with_a_power_correction(limit: float, size: float, order: float) -> None:
    values = [limit + size * d**-order for d in DEPTHS]
    found = depth_limit(DEPTHS, values)
    assert not found.reason
    estimate = found.estimate()
    assert abs(estimate.value - limit) <= estimate.error + 1e-12
    assert estimate.error <= 4 * abs(size) * DEPTHS[-1] ** -order + 1e-11


@given(limit=st.floats(-5, 5), size=st.floats(-2, 2))
def test_limit_with_a_logarithmic_correction(limit: float, size: float) -> None:
    found = depth_limit(DEPTHS, [limit + size / math.log(d) for d in DEPTHS]).estimate()
    assert abs(found.value - limit) <= found.error + 1e-12


def test_a_known_correction_gives_more_digits() -> None:
    values = [1 + 1 / d + 1 / d**2 for d in DEPTHS]
    sharp = depth_limit(DEPTHS, values, corrections=(1.0,))
    assert abs(sharp.value - 1) < 1e-7
    assert abs(sharp.value - 1) <= sharp.spread + sharp.drift
    wrong = depth_limit(DEPTHS, values, corrections=(0.5,))
    assert abs(wrong.value - 1) > 100 * abs(sharp.value - 1)
    assert abs(wrong.value - 1) <= wrong.spread + wrong.drift


@given(
    limit=st.floats(-5, 5),
    size=st.floats(0.25, 2),
    order=st.sampled_from([0.5, 1.0]),
    next=st.floats(0, 2),
)
def test_limit_with_two_corrections(limit: float, size: float, order: float, next: float) -> None:
    """Half a power apart, or a logarithm on top: the interval holds the limit, or the answer is refused."""
    second = [next * d ** -(order + 0.5) for d in DEPTHS]
    logarithm = [next * math.log(d) * d**-order for d in DEPTHS]
    for more in (second, logarithm):
        values = [limit + size * d**-order + e for d, e in zip(DEPTHS, more, strict=True)]
        found = depth_limit(DEPTHS, values)
        assert found.reason or abs(found.value - limit) <= found.spread + found.drift


def test_a_sequence_without_a_limit_is_refused() -> None:
    found = depth_limit(DEPTHS, [math.sin(3 * math.log(d)) for d in DEPTHS])
    assert "drifts" in found.reason
    with pytest.raises(InputError, match="drifts"):
        found.estimate()
    assert depth_limit(DEPTHS, [d**0.5 for d in DEPTHS], corrections=(1.0,)).reason


def test_a_refused_value_can_be_had_with_a_larger_error() -> None:
    values = [math.log(math.log(d)) for d in DEPTHS]
    found = depth_limit(DEPTHS, values)
    assert found.reason
    assert found.in_any_case().error >= values[-1] - values[-3]
    settled = depth_limit(DEPTHS, [1 + 1 / d for d in DEPTHS])
    assert settled.in_any_case() == settled.estimate()


def test_noise_widens_the_spread() -> None:
    values = [1 + 1 / d for d in DEPTHS]
    quiet, noisy = depth_limit(DEPTHS, values), depth_limit(DEPTHS, values, [0.01] * len(values))
    assert noisy.spread > quiet.spread + 0.01


@given(
    exponent=st.floats(-3, 3),
    size=st.floats(0.0, 0.5),
    order=st.sampled_from([0.5, 1.0]),
)
def test_exponent(exponent: float, size: float, order: float) -> None:
    values = [2 * d**exponent * (1 + size * d**-order) for d in DEPTHS]
    found = depth_exponent(DEPTHS, values)
    local = [math.log(b / a) / math.log(2) for a, b in pairwise(values)]
    np.testing.assert_allclose(found.values, local, atol=1e-9)
    error = found.spread + found.drift + 1e-9
    assert abs(found.value - exponent) <= error
    assert error < 0.05


def test_exponential_decay_is_no_power() -> None:
    assert depth_exponent(DEPTHS[:5], [math.exp(-d / 500) for d in DEPTHS[:5]]).reason


@pytest.mark.parametrize(
    ("depths", "values", "match"),
    [
        ([2, 4, 8], [1, 1, 1], "at least"),
        ([2, 4, 6, 8], [1, 1, 1, 1], "geometric"),
        ([1, 2, 4, 8], [1, 1, 1, 1], "above 1"),
        ([2, 4, 8, 16], [1, 1, 1, math.nan], "finite"),
        ([2, 4, 8, 16], [1, 1, 1], "one value each"),
    ],
)
def test_unusable_grids(depths: list[float], values: list[float], match: str) -> None:
    with pytest.raises(InputError, match=match):
        depth_limit(depths, values)


def test_negative_values_have_no_exponent() -> None:
    with pytest.raises(InputError, match="positive"):
        depth_exponent([2, 4, 8, 16, 32], [1, 1, -1, 1, 1])


def test_grid_of_depths() -> None:
    assert geometric_depths(10, 10000, 4) == [10, 100, 1000, 10000]
    with pytest.raises(InputError, match="different depths"):
        geometric_depths(1, 3, 10)


def growth(state: Array, layer: int) -> None:
    """Two numbers: the sum of the first layers, and a geometric sequence."""
    state[0] += layer
    state[1] *= 0.5


def test_recursion_of_two_numbers() -> None:
    found = iterate(growth, [0.0, 1.0], [0, 1, 2, 2, 100])
    np.testing.assert_array_equal(found[:, 0], [0, 1, 3, 3, 5050])
    np.testing.assert_array_equal(found[:, 1], [1, 0.5, 0.25, 0.25, 0.5**100])
    with pytest.raises(InputError, match="rise"):
        iterate(growth, [0.0, 1.0], [2, 1])


GAPS = {  # sheet edge-of-chaos, relu_gap from correlation 0
    1: 0.6816901138162093,
    2: 0.5062689097996285,
    10: 0.12846448397848,
    100: 0.00357685331605239,
    1000: 4.312973254921e-5,
    10000: 4.42519273598e-7,
}


def test_gap_of_the_rectifier() -> None:
    found = iterate(relu_gap, 1.0, list(GAPS))[:, 0]
    np.testing.assert_allclose(found, list(GAPS.values()), rtol=2e-12)
    million = iterate(relu_gap, 1.0, [10**6])[0, 0] * 1e12
    assert abs(million - 44.411) < 5e-4


def gap_mp(e: mp.mpf) -> mp.mpf:
    t = 2 * mp.asin(mp.sqrt(e / 2))
    return e - (mp.sin(t) - t * mp.cos(t)) / mp.pi


def gap_ball(e: arb) -> arb:
    t = 2 * (e / 2).sqrt().asin()
    return e - (t.sin() - t * t.cos()) / arb.pi()


@pytest.mark.parametrize("e", ["1.9", "1e-2", "1.25e-3", "1.249e-3", "1e-7", "1e-12"])
def test_one_step_on_both_sides_of_the_series(e: str) -> None:
    with mp.workdps(60):
        expected = float(mp.mpf(e) - gap_mp(mp.mpf(e)))
    drop = float(e) - iterate(relu_gap, float(e), [1])[0, 0]
    # The gap itself is exact to rounding: what it lost is known to its last digits only.
    assert abs(drop - expected) <= 4e-16 * float(e)


def test_gap_of_the_rectifier_beside_a_skip_connection() -> None:
    """E of the mean `(c + B J(c))/(1 + B)` in mpmath, on both sides of the series."""
    for start, extra in ((1.3, 0.5), (1e-3, 2.0)):
        with mp.workdps(40):
            c = 1 - mp.mpf(start)
            for _ in range(3):
                J = (mp.sqrt(1 - c * c) + (mp.pi - mp.acos(c)) * c) / mp.pi
                c = (c + extra * J) / (1 + extra)
            expected = float(1 - c)
        share = extra / (1 + extra)
        found = iterate(relu_gap, [start, share], [3])[0]
        assert found[0] == pytest.approx(expected, rel=1e-13)
        assert found[1] == share


def test_gap_of_the_rectifier_in_balls() -> None:
    with ctx.workprec(120):
        found = iterate_balls(gap_ball, arb(1), [0, *GAPS])
    assert found[0] == 1
    for ball, value in zip(found[1:], GAPS.values(), strict=True):
        assert float(ball.rad()) < 1e-20 * value
        assert abs(float(ball.mid()) / value - 1) < 1e-11


def test_enclosures_hold_a_whole_interval_of_starts() -> None:
    with ctx.workprec(80):
        (found,) = iterate_balls(gap_ball, arb(0.5, 0.01), [50])
    ends = iterate(relu_gap, 0.49, [50])[0, 0], iterate(relu_gap, 0.51, [50])[0, 0]
    low, high = float(found.lower()), float(found.upper())
    assert low == pytest.approx(ends[0], rel=1e-11)
    assert high == pytest.approx(ends[1], rel=1e-11)
    with pytest.raises(InputError, match="rise"):
        iterate_balls(gap_ball, arb(1), [3, 2])


def test_law_of_the_rectifier() -> None:
    """The exponent -2 and the constant 9 pi^2 / 2, whose correction is log(l) / l."""
    depths = geometric_depths(1000, 1024000, 11)
    gaps = iterate(relu_gap, 1.0, depths)[:, 0]
    exponent = depth_exponent(depths, gaps).estimate()
    assert abs(exponent.value + 2) <= exponent.error
    assert exponent.error < 1e-3
    constant = depth_limit(depths, gaps * np.square(depths, dtype=float)).estimate()
    assert abs(constant.value - 4.5 * math.pi**2) <= constant.error
    assert constant.error < 0.02
