"""Exponential fitting: Ornstein-Uhlenbeck exactly, conservation, stationary laws of both readings, entropy, order."""

import time

import numpy as np
import pytest
from scipy import special, stats

from mfcheck.dynamics.fokker_planck import (
    FokkerPlanck,
    bernoulli,
    free_energy,
    relative_entropy,
)
from mfcheck.errors import InputError


def ou(count=801, cut=9.0, rate=1.0, noise=1.0):
    x = np.linspace(-cut, cut, count)
    return FokkerPlanck(x, lambda x, _: -rate * x, lambda x: np.full_like(x, noise))


def gaussian(equation, mean, variance):
    g = stats.norm.pdf(equation.x, mean, np.sqrt(variance))
    return g / (g.sum() * equation.h)


def test_ornstein_uhlenbeck_moments_within_the_stated_error():
    equation = ou(2401)
    times = [0.3, 1.0, 2.5]
    found = equation.evolve_to(gaussian(equation, 1.5, 0.25), times)
    mean, error = found.mean(equation.x)
    square, square_error = found.mean(equation.x**2)
    decay = np.exp(-np.array(times))
    grid = 2 * equation.h**2  # exponential fitting is of second order in the cell
    assert np.all(np.abs(mean - 1.5 * decay) <= error + grid)
    exact = 0.5 + (0.25 - 0.5) * decay**2 + (1.5 * decay) ** 2
    assert np.all(np.abs(square - exact) <= square_error + grid)
    assert error.max() < 1e-5
    assert square_error.max() < 1e-4


def test_first_order_in_the_step():
    equation = ou(401)
    start = gaussian(equation, 1.0, 0.5)
    means = [equation.mean(equation.evolve(start, 1.0, n), equation.x) for n in (40, 80, 160, 320)]
    gaps = np.diff(means)
    assert gaps[:-1] / gaps[1:] == pytest.approx([2, 2], abs=0.06)


def test_mass_is_conserved_at_all_step_sizes():
    equation = ou(2001)
    g = gaussian(equation, 2.0, 0.1)
    mass = g.sum()
    for dt in (1e-3, 1.0, 1e5):
        for _ in range(50):
            g = equation.step(g, dt)
        assert abs(g.sum() / mass - 1) < 1e-13
        assert g.min() >= 0


def test_stationary_law_is_exact_at_the_nodes():
    # tanh drift: g ~ cosh(w x + b)^(2/(nu2 w)), on a coarse grid.
    w, b, nu2 = -1.0, 0.3, 0.5
    x = np.linspace(-8, 8, 65)
    equation = FokkerPlanck(x, lambda x, _: np.tanh(w * x + b), lambda x: np.sqrt(nu2) + 0 * x)
    g = np.exp(2 / (nu2 * w) * np.log(np.cosh(w * x + b)))
    g /= g.sum() * equation.h
    assert np.max(np.abs(equation.equilibrium() / g - 1)) < 1e-12
    assert np.max(np.abs(equation.step(g, 10.0) / g - 1)) < 1e-9
    reached = equation.stationary(np.full_like(x, 1 / (len(x) * equation.h)))
    assert np.max(np.abs(reached - g)) < 1e-11
    assert np.max(np.abs(equation.flux(g))) < 1e-13


def test_tanh_variance_is_the_trigamma_value_in_under_a_second():
    x = np.linspace(-20, 20.6, 2000)
    equation = FokkerPlanck(x, lambda x, _: np.tanh(0.3 - x), lambda x: np.sqrt(0.5) + 0 * x)
    began = time.process_time()
    g = equation.stationary(np.exp(-(x**2)) / np.sqrt(np.pi))
    assert time.process_time() - began < 1.0
    mean = equation.mean(g, x)
    variance = equation.mean(g, (x - mean) ** 2)
    assert mean == pytest.approx(0.3, abs=1e-10)
    assert variance == pytest.approx(special.polygamma(1, 2.0) / 2, abs=1e-9)


def inverse_gamma(reading):
    # dX = (b - x) dt + sqrt(nu2) x dW, b = 1, nu2 = 1/5: shape 11, scale 10, mean 1 (Ito).
    x = np.linspace(0.05, 8.05, 4001)
    return FokkerPlanck(x, lambda x, _: 1 - x, lambda x: np.sqrt(0.2) * x, reading=reading)


def test_multiplicative_noise_is_read_as_ito():
    equation = inverse_gamma("ito")
    g = equation.equilibrium()
    law = stats.invgamma(11, scale=10)
    assert equation.mean(g, equation.x) == pytest.approx(1.0, abs=1e-6)
    assert np.max(np.abs(g - law.pdf(equation.x))) < 1e-6
    start = np.full_like(g, 1 / (len(g) * equation.h))
    assert np.max(np.abs(equation.stationary(start) - g)) < 1e-9


def test_stratonovich_is_told_apart():
    equation = inverse_gamma("stratonovich")
    mean = equation.mean(equation.equilibrium(), equation.x)
    # 10/9 on the half-line; the law is cut at 8, and its tail is heavy.
    law = stats.invgamma(10, scale=10)
    cut = law.expect(lambda x: x, lb=0.05, ub=8.05) / (law.cdf(8.05) - law.cdf(0.05))
    assert cut == pytest.approx(10 / 9, abs=1e-5)
    assert mean == pytest.approx(cut, abs=1e-6)
    assert abs(mean - 1) > 0.1


def test_missing_half_in_the_diffusion_is_caught():
    def variance(noise):
        equation = ou(801, noise=noise)
        return equation.mean(equation.equilibrium(), equation.x**2)

    assert variance(1.0) == pytest.approx(0.5, abs=1e-12)
    assert variance(np.sqrt(2)) == pytest.approx(1.0, abs=1e-12)


def test_centred_scheme_would_fail():
    # |drift| h > nu2: the centred stationary ratio (1 + q)/(1 - q), q = a h/nu2, turns negative.
    x = np.linspace(-4, 4, 9)
    equation = FokkerPlanck(x, lambda x, _: -np.sign(x), lambda x: np.full_like(x, 0.6))
    q = equation.fitted(np.empty(0)) / 2
    centred = np.cumprod((1 + q) / (1 - q))
    assert centred.min() < 0
    assert equation.equilibrium().min() > 0
    g = equation.step(np.eye(9)[0], 0.1)
    assert g.min() >= 0


def test_relative_entropy_falls():
    equation = ou(401)
    g, law = gaussian(equation, 2.0, 0.2), equation.equilibrium()
    values = [relative_entropy(g, law, equation.h)]
    exact = (0.2 / 0.5 - 1 - np.log(0.2 / 0.5) + 2.0**2 / 0.5) / 2
    assert values[0] == pytest.approx(exact, abs=1e-9)
    for _ in range(40):
        g = equation.step(g, 0.1)
        values.append(relative_entropy(g, law, equation.h))
    assert np.all(np.diff(values) < 0)


def test_nonlinear_drift_through_the_mean():
    # dX = -(X - c E X) dt + dW: E X decays at rate 1 - c, the stationary law is centred with variance 1/2.
    c = 0.5
    x = np.linspace(-9, 9, 1601)
    equation = FokkerPlanck(x, lambda x, z: c * z[0] - x, np.ones_like, features=lambda x: x[None])
    found = equation.evolve_to(gaussian(equation, 1.0, 0.5), [1.0, 2.0])
    mean, error = found.mean(x)
    assert np.all(np.abs(mean - np.exp(-(1 - c) * np.array([1.0, 2.0]))) <= error + equation.h**2)
    assert error.max() < 1e-4
    g, energies = gaussian(equation, 2.0, 0.3), []
    for _ in range(30):
        risk = -c / 2 * equation.mean(g, x) ** 2
        energies.append(free_energy(g, equation.h, x**2 / 2, 0.5, risk))
        g = equation.step(g, 0.05)
    assert np.all(np.diff(energies) < 0)
    last = equation.stationary(g)
    assert equation.mean(last, x) == pytest.approx(0, abs=1e-9)


def test_bernoulli_function():
    assert bernoulli(np.array([0.0, 1e-9, 1.0, -1.0, 800.0, -800.0])) == pytest.approx(
        [1, 1 - 5e-10, 1 / (np.e - 1), 1 / (1 - 1 / np.e), 0, 800], rel=1e-13
    )


def test_bad_grids_are_refused():
    with pytest.raises(InputError, match="uniform"):
        FokkerPlanck(np.array([0.0, 1.0, 3.0]), lambda x, _: -x, np.ones_like)
    with pytest.raises(InputError, match="positive"):
        FokkerPlanck(np.linspace(0, 1, 5), lambda x, _: -x, lambda x: x)
