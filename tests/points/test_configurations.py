from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.points import configurations as conf

UNIT = st.fractions(-1, 1, max_denominator=1000)


@given(st.lists(UNIT, min_size=1, max_size=5), st.booleans())
def test_the_inverse_projection_has_norm_one(t: list[Fraction], north: bool) -> None:
    point = conf.sphere_point(t, north)
    assert conf.inner(point, point) == 1
    pole = 1 if north else -1
    assert [v / (1 + pole * point[-1]) for v in point[:-1]] == t


@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_a_near_point_has_norm_one_and_is_near(d: int, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal(d)
    x /= np.linalg.norm(x)
    point = conf.near(x, 10**9)
    assert conf.inner(point, point) == 1
    assert np.allclose([float(v) for v in point], x, atol=1e-8)


@given(st.fractions(Fraction(-99, 100), 1, max_denominator=500))
def test_half_tangent_gives_a_cosine_that_is_not_larger_and_near(cosine: Fraction) -> None:
    found, sine = conf.angle(conf.half_tangent(cosine))
    assert found**2 + sine**2 == 1
    assert cosine - Fraction(1, 10**4) <= found <= cosine


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_the_simplex_has_equal_inner_products(n: int) -> None:
    points = conf.simplex(n)
    assert all(abs(conf.inner(p, p) - 1) < Fraction(1, 10**20) for p in points)
    for x, y in combinations(points, 2):
        product, squares = conf.normalised_inner(x, y)
        assert product < 0
        assert product**2 * (n - 1) ** 2 == squares


@pytest.mark.parametrize("shift", [Fraction(0), Fraction(1, 2), Fraction(3)])
def test_equal_inner_products_are_equal(shift: Fraction) -> None:
    points = conf.equal_inner_products(4, shift)
    values = {conf.normalised_inner(x, y) for x, y in combinations(points, 2)}
    assert len(values) == 1
    assert conf.distinct(points)


def test_the_cross_polytope_and_the_circle() -> None:
    polytope = conf.cross_polytope(3)
    assert sorted(conf.inner(polytope[0], p) for p in polytope) == [-1, 0, 0, 0, 0, 1]
    points = conf.circle(5)
    assert all(conf.inner(p, p) == 1 for p in points)
    largest = max(float(conf.inner(x, y)) for x, y in combinations(points, 2))
    assert largest == pytest.approx(np.cos(2 * np.pi / 5), abs=1e-10)


def test_comparisons_of_directions_are_exact() -> None:
    x, y = (Fraction(1), Fraction(2)), (Fraction(2), Fraction(4))
    assert conf.same_direction(x, y)
    assert not conf.same_direction(x, (Fraction(-1), Fraction(-2)))
    assert not conf.distinct((x, y))
    tiny = (Fraction(1), Fraction(2) + Fraction(1, 10**40))
    assert conf.distinct((x, tiny))
    half = (Fraction(1), Fraction(0)), (Fraction(3, 5), Fraction(4, 5))
    assert not conf.exceeds(*half, Fraction(3, 5))
    assert conf.exceeds(*half, Fraction(3, 5) - Fraction(1, 10**30))
    assert conf.exceeds(*half, Fraction(-1, 2))


@given(st.lists(st.tuples(UNIT), min_size=1, max_size=8), st.fractions(-1, 1, max_denominator=50))
def test_a_separated_choice_is_separated_and_maximal(
    t: list[tuple[Fraction]], cosine: Fraction
) -> None:
    points = [conf.sphere_point(v) for v in t]
    chosen = conf.separated(points, cosine)
    assert not any(conf.exceeds(x, y, cosine) for x, y in combinations(chosen, 2))
    for point in points:
        assert point in chosen or any(conf.exceeds(point, other, cosine) for other in chosen)


@given(UNIT, UNIT)
def test_turning_keeps_the_norm_and_turns_by_the_angle(t: Fraction, s: Fraction) -> None:
    point = conf.sphere_point([t])
    turned = conf.turned(point, s)
    assert conf.inner(turned, turned) == 1
    assert conf.inner(turned, point) == conf.angle(s)[0]


@given(st.integers(2, 6), st.fractions(0, Fraction(19, 20), max_denominator=300))
def test_equiangular_points_have_the_cosine_asked_for(n: int, cosine: Fraction) -> None:
    points = conf.equiangular(n, cosine)
    for x, y in combinations(points, 2):
        product, squares = conf.normalised_inner(x, y)
        assert abs(float(product) / float(squares) ** 0.5 - float(cosine)) < 1e-12
    assert not conf.exceeds(points[0], points[1], cosine + Fraction(1, 10**24))
    assert conf.exceeds(points[0], points[1], cosine - Fraction(1, 10**24))


@given(st.fractions(Fraction(-99, 100), Fraction(999, 1000), max_denominator=10**6))
def test_a_near_pair_is_at_least_as_close_as_asked(cosine: Fraction) -> None:
    x, y = conf.near_pair(cosine)
    assert conf.inner(x, x) == conf.inner(y, y) == 1
    assert cosine <= conf.inner(x, y) < cosine + Fraction(1, 10**20)
