import math

import numpy as np
import pytest

from mfcheck.claims.record import Estimate
from mfcheck.dynamics.refine import Coarser, in_width, plateau, rate, refined
from mfcheck.statistics import mean_of, variance_of

REPEATS = 1500


def covers(estimate: Estimate, truth: float) -> bool:
    return abs(estimate.value - truth) <= estimate.error


def share(found: list[bool]) -> float:
    return sum(found) / len(found)


def test_noise_alone_covers_at_its_level() -> None:
    rng = np.random.default_rng(1)
    found = [covers(refined(rng.exponential(size=40)), 1.0) for _ in range(REPEATS)]
    assert 0.91 < share(found) < 0.97


@pytest.mark.parametrize("remove", [False, True])
def test_steps_that_halve(remove: bool) -> None:
    rng = np.random.default_rng(2)
    found, errors = [], []
    for _ in range(REPEATS):
        truth = 1 + 0.1 * rng.standard_normal(20)
        h = 0.05
        fine = truth + 0.8 * h + 0.5 * h**2
        coarse = truth + 0.8 * 2 * h + 0.5 * (2 * h) ** 2
        estimate = refined(fine, Coarser(coarse, remove=remove))
        found.append(covers(estimate, 1.0))
        errors.append(estimate.bias)
    assert share(found) > 0.94
    # removing pays: what is left of the first order is less than the first order
    assert np.mean(errors) == pytest.approx(0.8 * h * (0.5 if remove else 2), rel=0.15)


def test_halves_are_the_jackknife() -> None:
    """The squared mean of M particles has the bias Var/M, which two halves remove exactly."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(REPEATS):
        particles = rng.exponential(size=(30, 16))
        full = particles.mean(axis=1) ** 2
        halves = 0.5 * (particles[:, :8].mean(axis=1) ** 2 + particles[:, 8:].mean(axis=1) ** 2)
        found.append(refined(full, Coarser(halves, remove=True)).value)
    spread = np.std(found) / math.sqrt(REPEATS)
    assert abs(np.mean(found) - 1.0) < 4 * spread
    assert 4 * spread < 1 / 16  # so that the bias without it would have been seen


def test_one_coarse_replicate_bounds_without_noise() -> None:
    estimate = refined([1.0, 1.2, 1.1], Coarser([0.7], order=2), Coarser([1.0 + 0.3]))
    assert estimate.bias == pytest.approx(2 * 0.3 / 3 + 2 * 0.3, rel=1e-12)
    assert estimate.value == pytest.approx(1.1, rel=1e-15)


def test_refined_refuses() -> None:
    for coarser in (Coarser([]), Coarser([1.0, 2.0, 3.0]), Coarser([1.0], remove=True)):
        with pytest.raises(ValueError, match="comparison"):
            refined([1.0, 2.0], coarser)


@pytest.mark.parametrize("rho", [0.1, 0.6, -0.9])
def test_plateau_covers(rho: float) -> None:
    rng = np.random.default_rng(4)
    variance, mixed = [], []
    for _ in range(REPEATS):
        x = rng.standard_normal(400)
        y = rho * x + math.sqrt(1 - rho * rho) * rng.standard_normal(400)
        variance.append(covers(plateau(x / 10, 100), 1.0))
        mixed.append(covers(plateau(x / 10, 100, y / 10), rho))
    assert 0.93 < share(variance) < 0.99
    assert 0.93 < share(mixed) < 0.99


def test_plateau_has_the_error_of_wishart() -> None:
    x = np.random.default_rng(5).standard_normal(4000)
    found = plateau(x, 50)
    assert found.error / found.value == pytest.approx(1.96 * math.sqrt(2 / 4000), rel=0.1)
    y = np.random.default_rng(6).standard_normal(4000)
    weak = plateau(x, 1, 0.1 * x + y)
    rho = np.corrcoef(x, 0.1 * x + y)[0, 1]
    expected = 1.96 * math.sqrt((1 + rho**-2) / 4000)
    assert weak.error / abs(weak.value) == pytest.approx(expected, rel=0.1)


def test_heavy_tails_widen_the_plateau() -> None:
    x = np.random.default_rng(7).standard_t(5, size=4000)
    assert plateau(x, 1).error > 1.2 * 1.96 * math.sqrt(2 / 4000) * plateau(x, 1).value


def _at(rng: np.random.Generator, law: float) -> Estimate:
    return mean_of(law + 0.02 * rng.standard_normal(50))


def test_limit_in_width_covers_where_the_largest_size_does_not() -> None:
    rng = np.random.default_rng(8)
    sizes, limit, plain = (50, 100, 200, 400), [], []
    for _ in range(REPEATS):
        found = [_at(rng, 2 + 5 / N + 30 / N**2) for N in sizes]
        limit.append(covers(in_width(sizes, found), 2.0))
        plain.append(covers(found[-1], 2.0))
    assert share(limit) > 0.93
    assert share(plain) < 0.6


def test_rate_covers_its_exponent_and_not_its_neighbours() -> None:
    rng = np.random.default_rng(9)
    found, wrong, width = [], [], []
    for _ in range(600):
        estimates = [variance_of(rng.standard_normal(500) / math.sqrt(N)) for N in (50, 200, 800)]
        estimate = rate((50, 200, 800), estimates)
        found.append(covers(estimate, -1.0))
        wrong.append(covers(estimate, -0.5))
        width.append(estimate.error)
    assert 0.92 < share(found) < 0.995
    assert share(wrong) == 0
    assert np.mean(width) < 0.1


def test_rate_widens_where_there_is_no_power_law() -> None:
    def law(values: list[float]) -> Estimate:
        return rate((10, 20, 40), [Estimate(value=v, error=0.01 * v) for v in values])

    assert law([1.0, 0.5, 0.4]).error > 5 * law([1.0, 0.5, 0.25]).error
    assert law([1.0, 0.5, 0.25]).value == pytest.approx(-1, abs=1e-12)


def test_rate_knows_a_correction() -> None:
    sizes = (50, 200, 800)
    estimates = [Estimate(value=(1 + 3 / N) / N, error=1e-9 / N) for N in sizes]
    fitted = rate(sizes, [Estimate(value=e.value, error=1e-4 * e.value) for e in estimates])
    assert abs(fitted.value + 1) > 1e-2
    assert covers(rate(sizes, estimates, correction=4.0), -1.0)


@pytest.mark.parametrize("values", [(1.0, 0.5), (1.0, 0.5, 1e-3), (1.0, 0.5, -1.0)])
def test_rate_refuses(values: tuple[float, ...]) -> None:
    estimates = [Estimate(value=v, error=0.01) for v in values]
    with pytest.raises(ValueError, match=r"exponent|logarithm"):
        rate((1, 2, 4)[: len(values)], estimates)
