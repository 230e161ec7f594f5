"""Langevin sampling: declared variances, the exact bias of the scheme, coverage, planted noise factors."""

import numpy as np
import pytest
import sympy as sp

from mfcheck.dynamics.langevin import Langevin, correlated_mean, self_test, time_averages
from mfcheck.errors import InputError
from mfcheck.statistics import agrees, exactly

X, V, A = sp.symbols("x v a")


@pytest.fixture(scope="module")
def quadratic():
    # U = x^2/2 + (a mean)^2 type interaction is off: features x and x^2.
    return Langevin.of([X], [A, V], [-X], [X, X**2])


def test_quadratic_potential_returns_the_declared_variance():
    found, declared = self_test(np.random.default_rng(1), noise=0.8, stiffness=1.3)
    assert declared == pytest.approx(0.8**2 / 2.6)
    assert agrees(found, exactly(declared), 0.05)


@pytest.mark.parametrize("factor", [1 / np.sqrt(2), np.sqrt(2)])
def test_wrong_noise_factor_is_caught(quadratic, factor):
    # Temperature T = 1/2 asks for noise sqrt(2 T) = 1.
    start = np.zeros((64, 1))
    found = time_averages(quadratic, start, factor, 0.05, 400, np.random.default_rng(2))[1]
    assert agrees(found, exactly(0.5), 0.05) is False
    assert agrees(found, exactly(factor**2 / 2), 0.05)


def test_bias_of_the_scheme_is_the_exact_one(quadratic):
    # Euler-Maruyama: variance noise^2/(2 - h), far from 1/2 at h = 1/2.
    rng = np.random.default_rng(3)
    raw = time_averages(quadratic, np.zeros((256, 1)), 1.0, 0.5, 2000, rng, extrapolate=False)[1]
    assert agrees(raw, exactly(1 / 1.5), 0.02)
    assert agrees(raw, exactly(0.5), 0.02) is False


def test_stated_errors_cover(quadratic):
    inside = 0
    for seed in range(100):
        rng = np.random.default_rng([5, seed])
        start = rng.normal(size=(4, 1)) * np.sqrt(0.5)
        mean, square = time_averages(quadratic, start, 1.0, 0.05, 100, rng)
        inside += (abs(mean.value) <= mean.error) + (abs(square.value - 0.5) <= square.error)
    # 95 % of 200, less four standard errors of a binomial with correlated pairs.
    assert inside >= 172


def test_mean_field_interaction():
    # drift -(x - c z), z = mean: the mean of M particles has variance noise^2/(2 (1 - c) M), each about noise^2/2.
    c, count = sp.Rational(1, 2), 20
    sampler = Langevin.of([X], [A, V], [-(X - c * A)], [X, X**2])
    rng = np.random.default_rng(7)
    records, last = sampler.series(np.zeros((count, 1)), 1.0, 0.02, 400_000, rng, 10)
    square = correlated_mean(records[2000:, 0] ** 2)
    # exact for the scheme: the mean is an AR(1) of rate 1 - c
    exact = 0.02 / count / (1 - (1 - 0.02 * 0.5) ** 2)
    assert agrees(square, exactly(exact), 0.2)
    assert last.shape == (count, 1)


def test_two_dimensions_and_a_double_well():
    y = sp.symbols("y")
    sampler = Langevin.of([X, y], [A, V], [X - X**3, -2 * y], [X**2, y**2])
    rng = np.random.default_rng(8)
    start = rng.choice([-1.0, 1.0], size=(128, 2))
    well, square = time_averages(sampler, start, 1.0, 0.02, 200, rng)
    grid = np.linspace(-5, 5, 4001)
    weight = np.exp(-2 * (grid**4 / 4 - grid**2 / 2))
    assert agrees(well, exactly(float(grid**2 @ weight / weight.sum())), 0.05)
    assert agrees(square, exactly(0.25), 0.05)


def test_correlated_mean_covers_an_autoregression():
    inside, tries = 0, 300
    for seed in range(tries):
        rng = np.random.default_rng([9, seed])
        noise, series = rng.normal(size=6000), np.empty(6000)
        series[0] = noise[0] / np.sqrt(1 - 0.95**2)
        for k in range(1, 6000):
            series[k] = 0.95 * series[k - 1] + noise[k]
        found = correlated_mean(series)
        inside += abs(found.value) <= found.error
    assert inside / tries > 0.95 - 4 * np.sqrt(0.95 * 0.05 / tries)
    naive = 1.96 * series.std() / np.sqrt(6000)
    assert found.error > 3 * naive


def test_bad_input_is_refused(quadratic):
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="coordinates"):
        quadratic.series(np.zeros((3, 2)), 1.0, 0.1, 1, rng)
    with pytest.raises(InputError, match="positive"):
        quadratic.series(np.zeros((3, 1)), 1.0, 0.0, 1, rng)
    with pytest.raises(InputError, match="unknown"):
        Langevin.of([X], [A], [sp.Symbol("q")], [X])
    with pytest.raises(InputError, match="one drift"):
        Langevin.of([X], [A], [X, X], [X])
    with pytest.raises(ValueError, match="too long"):
        quadratic.series(np.ones((3, 1)), 1.0, 4.0, 4000, rng)
    with pytest.raises(ValueError, match="too short"):
        correlated_mean(np.arange(5000.0))
