"""Averages of piecewise linear functions against quadrature."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from flint import arb

from mfcheck.errors import InputError
from mfcheck.gaussian import PiecewiseLinear, chi_rule

RISING = PiecewiseLinear(
    Fraction(-5, 2), ((Fraction(1, 2), Fraction(10)), (Fraction(3, 2), Fraction(-10)))
)
DIPPING = PiecewiseLinear(
    Fraction(-5, 2),
    (
        (Fraction(0), Fraction(-3)),
        (Fraction(1, 2), Fraction(29, 2)),
        (Fraction(3, 2), Fraction(-23, 2)),
    ),
)


def rising(z):
    """The first function."""
    return np.interp(z, (0.5, 1.5), (-2.5, 7.5))


def dipping(z):
    """The second function."""
    return np.interp(z, (0, 0.5, 1.5), (-2.5, -4, 7.5))


def by_quadrature(f, t):
    """E f(t G), kinks at 0, 1/2, 3/2."""
    cuts = [-mp.inf, 0, mp.mpf(1) / 2 / t, mp.mpf(3) / 2 / t, mp.inf]
    return mp.quad(lambda g: mp.mpf(float(f(float(t * g)))) * mp.npdf(g), cuts)


def test_through_points():
    points = ((Fraction(1, 2), Fraction(-5, 2)), (Fraction(3, 2), Fraction(15, 2)))
    assert PiecewiseLinear.through(*points) == RISING
    last = (Fraction(3, 2), Fraction(15, 2))
    assert PiecewiseLinear.through((0, Fraction(-5, 2)), (Fraction(1, 2), -4), last) == DIPPING


@pytest.mark.parametrize("value", [1, -1])
def test_levels_by_quadrature(value):
    for own, f in ((RISING, rising), (DIPPING, dipping)):
        size = own.level(value, 20)
        assert size.rad() < 1e-19
        assert float(by_quadrature(f, float(size))) == pytest.approx(value, abs=1e-7)


@pytest.mark.parametrize("value", [3, -3])
def test_levels_out_of_reach(value):
    """The average of the first function lies between -5/2 and 5/2."""
    with pytest.raises(InputError, match="in reach"):
        RISING.level(value, 15)


@pytest.mark.parametrize("t", [0.3, 1.1, 4.0])
def test_gaussian_averages(t):
    for own, f in ((RISING, rising), (DIPPING, dipping)):
        wanted = float(by_quadrature(f, t))
        assert float(own.mean(arb(t)).mid()) == pytest.approx(wanted, abs=1e-8)
        assert own.means(np.array([t]))[0][0] == pytest.approx(wanted, abs=1e-8)


def test_derivatives_by_differences():
    t, h = 1.3, 1e-4
    for own in (RISING, DIPPING):
        low, here, high = (float(own.mean(arb(t + k * h)).mid()) for k in (-1, 0, 1))
        assert float(own.slope(arb(t)).mid()) == pytest.approx((high - low) / (2 * h), rel=1e-6)
        assert own.means(np.array([t]))[1][0] == pytest.approx((high - low) / (2 * h), rel=1e-6)
        bent = (high - 2 * here + low) / h**2
        assert float(own.curvature(arb(t)).mid()) == pytest.approx(bent, rel=1e-5)


def test_balls_hold_values_between():
    for own in (RISING, DIPPING):
        for f in (own.mean, own.slope, own.curvature):
            wide = f(arb(1.3, 0.2))
            assert all(wide.contains(f(arb(x)).mid()) for x in (1.11, 1.3, 1.49))


def test_knots():
    assert RISING.knots() == ((0.5, 1.5), (-2.5, 7.5))
    assert DIPPING.knots() == ((0.0, 0.5, 1.5), (-2.5, -4.0, 7.5))


@pytest.mark.parametrize("dimension", [3, 8, 41])
def test_spherical_averages(dimension):
    s, w = (np.arange(200_000) + 0.5) / 100_000 - 1, np.full(200_000, 1e-5)
    density = (1 - s**2) ** ((dimension - 3) / 2)
    for t in (0.4, 2.0, 7.0):
        wanted = (w * density) @ rising(t * s) / (w @ density)
        value, slope = (v[0] for v in RISING.sphere_means(np.array([t]), dimension))
        assert value == pytest.approx(wanted, abs=1e-5)
        up, down = (RISING.sphere_means(np.array([t + e]), dimension)[0][0] for e in (1e-5, -1e-5))
        assert slope == pytest.approx((up - down) / 2e-5, abs=1e-4)


def test_a_sphere_under_the_law_of_the_norm_is_a_gaussian():
    """E over R ~ chi_d of E f(t R S) is E f(t G): both closed forms, and the rule, at once."""
    for dimension in (3, 12, 200):
        norms, weights = chi_rule(dimension, 300)
        for t in (0.5, 1.7):
            averaged = weights @ RISING.sphere_means(t * norms, dimension)[0]
            assert averaged == pytest.approx(RISING.means(np.array([t]))[0][0], abs=1e-6)


@pytest.mark.parametrize("dimension", [1, 3, 50, 10_000])
def test_moments_of_the_norm(dimension):
    norms, weights = chi_rule(dimension, 80)
    for power, wanted in ((2, dimension), (4, dimension * (dimension + 2))):
        assert weights @ norms**power == pytest.approx(wanted, rel=1e-10)
