"""Estimates against formulas of the textbooks, and against what they are to cover."""

import math

import numpy as np
import pytest
from scipy import stats

from mfcheck.claims.record import Estimate
from mfcheck.statistics.estimates import (
    combined,
    exactly,
    extrapolated,
    margin,
    mean_of,
    mean_of_deviation,
    quantile,
    relative_deviation_of,
)


@pytest.mark.parametrize("alarm", [0.05, 1e-3, 1e-6])
@pytest.mark.parametrize("dof", [None, 3, 30])
def test_the_margin_leaves_both_tails(alarm: float, dof: float | None) -> None:
    estimate = Estimate(value=0.0, error=1.0, dof=dof)
    law = stats.norm() if dof is None else stats.t(dof)
    far = law.isf(alarm / 2) / law.isf(0.025)
    assert margin(estimate, alarm) == pytest.approx(far, rel=1e-9)
    biased = Estimate(value=0.0, error=1.5, bias=0.5, dof=dof)
    assert margin(biased, alarm) == pytest.approx(0.5 + far, rel=1e-9)
    assert margin(exactly(1.0, 0.25), alarm) == 0.25


def test_the_margin_covers_in_a_simulation() -> None:
    rng = np.random.default_rng(0)
    missed = 0
    for _ in range(4000):
        found = mean_of(rng.standard_normal(6))
        missed += abs(found.value) > margin(found, 0.01)
    assert 15 <= missed <= 70  # 40 are expected, with a standard deviation of 6.3


def test_the_bias_of_a_limit_is_what_was_removed_times_the_ratio() -> None:
    """`3 + 5/N` at N = 10 and 40: 1/8 is removed at the larger size, a quarter of it is the bias."""
    first, second = (exactly(3 + 5 / n, 0.01) for n in (10, 40))
    found = extrapolated((10, 40), (first, second))
    assert found.noise == pytest.approx(0, abs=1e-15)
    assert found.bias == pytest.approx(5 / 40 / 4 + 4 / 3 * 0.01 + 1 / 3 * 0.01)


def test_the_limit_of_the_first_order_is_exact() -> None:
    first, second = (exactly(3 + 5 / n) for n in (10, 30))
    assert extrapolated((10, 30), (first, second)).value == pytest.approx(3, abs=1e-12)
    with pytest.raises(ValueError, match="twice"):
        extrapolated((10, 15), (first, second))


def test_biases_do_not_cancel_and_noises_add_in_quadrature() -> None:
    one = Estimate(value=1.0, error=0.5, bias=0.2)
    two = Estimate(value=1.0, error=0.6, bias=0.2, dof=4)
    found = combined([(1.0, one), (-1.0, two)])
    assert found.value == 0
    assert found.bias == pytest.approx(0.4)
    assert found.noise == pytest.approx(math.hypot(0.3, 0.4))
    assert found.dof == 4


def test_quantiles() -> None:
    assert quantile(0.95) == pytest.approx(stats.norm.ppf(0.975))
    assert quantile(0.9, 5) == pytest.approx(stats.t.ppf(0.95, 5))


def test_a_known_deviation_is_the_least_error() -> None:
    samples = [1.0, 3.0, 2.0, 2.5]
    assert mean_of_deviation(samples, 1e-3) == mean_of(samples)
    found = mean_of_deviation(samples, 10.0)
    assert found.value == mean_of(samples).value
    assert found.error == pytest.approx(stats.t.ppf(0.975, 3) * 10 / 2)


def test_a_mean_of_products_is_covered_with_their_deviation_and_not_without() -> None:
    """Lognormal numbers of mean 1: exp(s z - s^2/2) has the variance exp(s^2) - 1."""
    rng, s = np.random.default_rng(0), 3.0
    samples = np.exp(s * rng.standard_normal((200, 100)) - s * s / 2)
    known = [mean_of_deviation(row, math.sqrt(math.expm1(s * s))) for row in samples]
    assert sum(abs(e.value - 1) <= e.error for e in known) >= 190
    assert sum(abs(mean_of(row).value - 1) <= mean_of(row).error for row in samples) < 150


def test_relative_deviation_of_sums_of_squares_covers() -> None:
    rng, covered = np.random.default_rng(1), 0
    for _ in range(300):
        found = relative_deviation_of((rng.standard_normal((80, 6)) ** 2).sum(axis=1))
        covered += abs(found.value - math.sqrt(2 / 6)) <= found.error
    assert covered >= 275
