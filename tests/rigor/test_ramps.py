"""Sums of ramps against a fine grid of directions."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mfcheck.rigor.ramps import Ramps, length, within

X = (Fraction(-3, 2), Fraction(-1, 2), Fraction(2, 5), Fraction(8, 5))
PHI = np.linspace(-np.pi, np.pi, 40_000, endpoint=False)


def on_grid(x: tuple[Fraction, ...], u: list[float]) -> NDArray[np.float64]:
    """Return |p| at the directions of the grid."""
    ramps = np.maximum(np.cos(PHI)[:, None] * np.array(x, float) + np.sin(PHI)[:, None], 0)
    return np.abs(ramps[:, : len(u)] @ np.array(u))


def test_sectors_close_the_circle() -> None:
    sectors = Ramps(X).sectors
    assert all(a.last == b.first for a, b in zip(sectors, (*sectors[1:], sectors[0]), strict=True))
    assert all(sector.sine > 0 for sector in sectors)


def test_active_ramps_are_those_above_zero_within_the_sector() -> None:
    x = (Fraction(1, 3), Fraction(-2), Fraction(5, 4))
    for sector in Ramps(x).sectors:
        a, b = (sum(pair) for pair in zip(sector.first, sector.last, strict=True))
        assert set(sector.active) == {i for i, p in enumerate(x) if a * p + b > 0}


@settings(max_examples=60, deadline=None)
@given(
    x=st.lists(st.integers(-30, 30), min_size=1, max_size=5, unique=True),
    weights=st.lists(st.integers(-20, 20), min_size=1, max_size=5),
)
def test_largest_value_against_the_grid(x: list[int], weights: list[int]) -> None:
    points, u = tuple(Fraction(v, 10) for v in x), [w / 10 for w in weights[: len(x)]]
    seen = float(np.max(on_grid(points, u)))
    found = Ramps(points).largest([arb(w) for w in u])
    assert float(found.upper()) >= seen - 1e-12
    assert float(found.upper()) <= seen * (1 + 1e-3) + 1e-12
    assert float(found.lower()) <= seen + 1e-3 * seen + 1e-12


def test_largest_value_of_a_box_holds_those_of_its_points() -> None:
    middle = [0.3, -0.2, 0.1, 0.4]
    box = Ramps(X).largest([arb(w, 0.05) for w in middle])
    rng = np.random.default_rng(0)
    for _ in range(50):
        u = [w + 0.05 * (2 * rng.random() - 1) for w in middle]
        assert float(box.lower()) <= float(np.max(on_grid(X, u))) * (1 + 1e-6)
        assert float(box.upper()) >= float(np.max(on_grid(X, u)))


@pytest.mark.parametrize("bound", ["0.05", "0.2", "0.3", "0.6"])
def test_places_that_reach_a_bound_are_the_peaks_of_the_grid(bound: str) -> None:
    u = [0.3, -0.4, 0.2, 0.1]
    ramps = Ramps(X)
    places = ramps.reaching([arb(w) for w in u], arb(bound))
    directions = [ramps.direction(place, [arb(w) for w in u]) for place in places]
    found = [np.arctan2(float(b.mid()), float(a.mid())) for a, b in directions]
    values = on_grid(X, u)
    peaks = (values > np.roll(values, 1)) & (values >= np.roll(values, -1))
    for phi in PHI[peaks & (values >= float(arb(bound)))]:
        assert any(abs(np.angle(np.exp(1j * (phi - other)))) < 1e-3 for other in found)
    for phi in found:
        assert np.interp(phi, PHI, values) >= float(arb(bound)) - 1e-4


def test_signs_are_those_of_the_sum() -> None:
    # One ramp of weight -2 has its peak at the direction (3, 4)/5, where it is negative.
    ramps = Ramps((Fraction(3, 4),))
    (place,) = ramps.reaching([arb(-2)], arb(1))
    assert place.inside
    assert place.sign == -1
    a, b = ramps.direction(place, [arb(-2)])
    assert abs(a - arb("0.6")) < 1e-12
    assert abs(b - arb("0.8")) < 1e-12


@pytest.mark.parametrize(
    ("v", "side"), [((1, 1), 1), ((-1, -1), -1), ((1, -1), 0), ((-1, 1), 0), ((2, 0), None)]
)
def test_side_of_a_vector(v: tuple[int, int], side: int | None) -> None:
    quadrant = ((1.0, 0.0), (0.0, 1.0))
    assert within(quadrant, (float(v[0]), float(v[1]))) == side
    balls = ((arb(1), arb(0)), (arb(0), arb(1)))
    assert within(balls, (arb(v[0]), arb(v[1]))) == side
    assert within(balls, (arb(1), arb(0, 1))) is None


def test_length_of_a_ball_around_zero() -> None:
    found = length((arb(0, 1), arb(0, 1)))
    assert found.contains(0)
    assert found.contains(arb(2).sqrt())
