"""Certified kernels: they contain the values in double precision, and ball arithmetic at two precisions overlaps."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.kernels import cosine, enclose_fully_connected, fully_connected, kernel, rntk

cosines = st.one_of(st.floats(-1, 1), st.floats(0, 1e-9).map(lambda v: 1 - v))


@settings(deadline=None, max_examples=30)
@given(cosines, st.integers(1, 80), st.fractions(0, 9))
def test_contains_the_value(u: float, depth: int, square: Fraction) -> None:
    ball = kernel(depth, square, 20)(arb(u))
    assert ball.rad() < 1e-15
    assert abs(float(ball.mid()) - rntk(cosine([u]), depth, float(square) ** 0.5)[0]) < 1e-14
    assert ball.overlaps(kernel(depth, square, 40)(arb(u)))


@settings(deadline=None, max_examples=30)
@given(st.floats(-1, 1), st.floats(-1, 1), st.integers(1, 30), st.floats(0, 1))
def test_intervals_contain_points(a: float, b: float, depth: int, at: float) -> None:
    low, high = min(a, b), max(a, b)
    wide = arb(low).union(arb(high))
    inside = min(max(low + at * (high - low), low), high)
    for whole, point in (
        (kernel(depth, 1)(wide), kernel(depth, 1)(arb(inside))),
        (enclose_fully_connected(wide, depth), enclose_fully_connected(arb(inside), depth)),
    ):
        assert whole.lower() <= point.upper()
        assert point.lower() <= whole.upper()


def test_intervals_are_tight() -> None:
    k = kernel(50, 1)
    wide = k(arb(0.25, 0.25))
    assert wide.lower() >= k(arb(0)).lower() - 1e-9
    assert wide.upper() <= k(arb(0.5)).upper() + 1e-9


def test_deep_kernels_stay_accurate() -> None:
    ball = kernel(3000, 1, 30)(arb(0.9))
    assert ball.rad() < 1e-28


def test_slope_of_the_term() -> None:
    """The radius of a term grows with slope 2/3 < 1 in the angle."""
    theta = np.linspace(0, np.pi, 2001)
    r = fully_connected(cosine(np.clip(np.cos(theta), -1, 1)), 1)
    assert np.abs(np.diff(r) / np.diff(theta)).max() < 0.67


@pytest.mark.parametrize(("depth", "square"), [(0, 1), (5, -1)])
def test_bad_input(depth: int, square: int) -> None:
    with pytest.raises(InputError):
        kernel(depth, square)


@pytest.mark.parametrize("u", [arb(2), arb.nan(), arb(-1.5, 0.1)])
def test_off_the_sphere(u: arb) -> None:
    with pytest.raises(InputError, match="cosines"):
        kernel(3, 1)(u)
