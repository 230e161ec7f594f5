from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from flint import arb

from mfcheck.errors import InputError
from mfcheck.gaussian import integrals as it
from mfcheck.gaussian.marchenko_pastur import (
    moment_polynomial,
    mp_average,
    mp_expectation,
    mp_multiplied,
    mp_power_means,
    mp_resolvent,
    spiked_edge,
)
from mfcheck.rigor.ball import enclose
from mfcheck.symbolic.activation import X


def test_ramp() -> None:
    reference = mp.quad(lambda g: (2 * g - mp.mpf(1) / 2) * mp.npdf(g), [0.25, 2, 6, 14])
    assert abs(float(it.ramp(sp.Integer(2), sp.Rational(1, 2))) - reference) < 1e-14


@pytest.mark.parametrize("c", [-1, -0.9999999, 0, 0.5, 1])
def test_arc_cosine(c: float) -> None:
    with mp.workdps(40):
        m = mp.mpf(c)
        reference = (mp.sqrt(1 - m * m) + (mp.pi - mp.acos(m)) * m) / mp.pi
        slope = (mp.pi - mp.acos(m)) / mp.pi
    assert abs(float(it.arc_cosine(arb(c)).mid()) - reference) < 1e-15
    assert abs(float(it.arc_cosine_slope(arb(c)).mid()) - slope) < 1e-14


def test_sphere_marginal_in_three_dimensions_is_uniform() -> None:
    for x in (-0.5, 0.25):
        assert it.sphere_marginal(3, arb(x)).overlaps(arb((1 + x) / 2, 1e-14))
    np.testing.assert_allclose(it.sphere_marginals(3, [-1, -0.5, 0.25, 2]), [0, 0.25, 0.625, 1])
    with pytest.raises(InputError):
        it.sphere_marginal(1, arb(0))


def test_moments_and_area_of_the_sphere() -> None:
    """Moments over the circle and the sphere by quadrature of angles; the area by shells of a Gaussian."""
    angle = 2 * np.pi * (np.arange(64) + 0.5) / 64
    c, s = np.cos(angle), np.sin(angle)
    assert float(it.sphere_moment(sp.Integer(2), 4)) == pytest.approx(np.mean(c**4))
    assert float(it.sphere_moment(sp.Integer(2), 2, 4)) == pytest.approx(np.mean(c**2 * s**4))
    z, w = np.polynomial.legendre.leggauss(20)
    mean = np.sum(w * z**4 * (1 - z * z)) / 2 * np.mean(c**2)
    assert float(it.sphere_moment(sp.Integer(3), 4, 2)) == pytest.approx(mean)
    for d in (1, 2, 3, 7):
        shell = mp.quad(lambda r, d=d: r ** (d - 1) * mp.exp(-r * r / 2), [0, 2, 6, 20])
        expected = (2 * mp.pi) ** (mp.mpf(d) / 2) / shell
        assert float(it.sphere_area(sp.Integer(d))) == pytest.approx(float(expected))


def test_erf_family_by_sampling() -> None:
    """One million draws of four correlated Gaussians, five standard errors."""
    rng = np.random.default_rng(7)
    root = rng.normal(size=(4, 4)) / 2
    k = root @ root.T
    u = rng.normal(size=(10**6, 4)) @ root.T
    from scipy.special import erf

    g, d = erf(u / np.sqrt(2)), np.sqrt(2 / np.pi) * np.exp(-(u**2) / 2)
    samples = {
        it.erf_I2: g[:, 0] * g[:, 1],
        it.erf_J2: d[:, 0] * d[:, 1],
        it.erf_I3: d[:, 0] * u[:, 1] * g[:, 2],
        it.erf_I4: d[:, 0] * d[:, 1] * g[:, 2] * g[:, 3],
    }
    matrix = sp.Matrix(k)
    for formula, drawn in samples.items():
        assert abs(float(formula(matrix)) - drawn.mean()) < 5 * drawn.std() / 1000
    assert abs(it.erf_I4_float(k) - float(it.erf_I4(matrix))) < 1e-13
    # Certified from an exact covariance.
    exact = sp.Matrix(2, 2, [1, sp.Rational(1, 2), sp.Rational(1, 2), 1])
    assert enclose(it.erf_I2(exact)).overlaps(2 / arb.pi() * (arb(1) / 4).asin())


@pytest.mark.parametrize("ratio", [Fraction(1, 2), Fraction(1), Fraction(3)])
def test_marchenko_pastur_moments(ratio: Fraction) -> None:
    for order in range(5):
        expected = moment_polynomial(order, sp.Rational(ratio.numerator, ratio.denominator))
        value = mp_expectation(X**order, ratio)
        assert abs(value - enclose(expected)) < 1e-13
        assert abs(mp_average(X**order, float(ratio)) - float(expected)) < 1e-11


def test_marchenko_pastur_resolvent() -> None:
    """E 1/(x + 1) at ratio 2 from the quadratic equation: m = (sqrt(8) - 2)/2, by hand: z m^2 + (z + a - 1) m = 1."""
    value = mp_expectation(1 / (X + 1), 2)
    assert abs(value - (arb(2).sqrt() - 1)) < 1e-13


@pytest.mark.parametrize(
    ("f", "ratio"), [(1 / X, Fraction(1, 2)), (X, 0), (X, arb(1, 0.1)), (1 / (X - 1), 1)]
)
def test_marchenko_pastur_refusals(f: sp.Expr, ratio: Fraction) -> None:
    with pytest.raises(InputError):
        mp_expectation(f, ratio)


@pytest.mark.parametrize("ratio", [Fraction(2, 5), Fraction(3)])
def test_resolvent_of_the_law(ratio: Fraction) -> None:
    own = sp.Rational(ratio.numerator, ratio.denominator)
    for y in (sp.Rational(1, 5), sp.Integer(2)):
        stated = float(mp_resolvent(y, own))
        assert stated == pytest.approx(mp_average(1 / (X + y), float(ratio)), rel=1e-10)


@pytest.mark.parametrize("ratio", [0.3, 1.0, 4.0])
def test_average_with_a_pole_at_the_edge(ratio: float) -> None:
    """At the upper edge z, `z m^2 + (ratio - 1 - z) m + 1 = 0` for the average m of 1/(z - x) has a double root."""
    edge = (1 + np.sqrt(ratio)) ** 2
    stated = (edge + 1 - ratio) / (2 * edge)
    assert mp_average(1 / (edge - X), ratio) == pytest.approx(stated, rel=1e-6)


def test_means_of_powers() -> None:
    half, third = sp.Rational(1, 2), sp.Rational(-1, 3)
    for times in (0, 1):
        found = mp_power_means(half, third, 5, sp.Rational(3, 5), times)
        for j, value in enumerate(found):
            f = X**times * (half + third * X) ** j
            assert float(value) == pytest.approx(mp_average(f, 0.6), abs=1e-10)


@pytest.mark.parametrize("ratio", [Fraction(2, 5), Fraction(3)])
def test_multiplication_in_the_orthonormal_polynomials(ratio: Fraction) -> None:
    """The average of x^(i + j) is the product of the vectors of x^i and x^j."""
    own = arb(ratio.numerator) / ratio.denominator
    powers = [[arb(1)]]
    for _ in range(4):
        powers.append(mp_multiplied(powers[-1], own, own.sqrt()))
    for i, v in enumerate(powers):
        for j, w in enumerate(powers):
            product = sum((a * b for a, b in zip(v, w, strict=False)), arb(0))
            wanted = moment_polynomial(i + j, sp.Rational(ratio.numerator, ratio.denominator))
            assert float(product) == pytest.approx(float(wanted), rel=1e-12)


@pytest.mark.parametrize(("ratio", "variance"), [(2.0, 0.5), (3.0, 0.05), (0.3, 2.0)])
def test_edge_with_a_spike(ratio: float, variance: float) -> None:
    rng, d = np.random.default_rng(7), 500
    for spike in (0.1 * variance, ratio + variance):
        tops = []
        for _ in range(4):
            G = rng.standard_normal((round(ratio * d), d)) * np.sqrt(variance / d)
            u = rng.standard_normal(d)
            u *= np.sqrt(spike) / np.linalg.norm(u)
            tops.append(np.linalg.norm(np.vstack([G, u]), 2) ** 2)
        assert np.mean(tops) == pytest.approx(spiked_edge(ratio, variance, spike), rel=0.04)
