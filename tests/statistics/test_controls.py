"""Controls take noise away, and the error that remains is the one that is stated."""

import numpy as np

from mfcheck.statistics import controlled, mean_of


def test_coverage_and_gain() -> None:
    """Two controls explain nine tenths of the variance, nonlinearly in part: 95 % of the intervals hold the mean."""
    rng, held, widths = np.random.default_rng(0), [], []
    for _ in range(3000):
        a, b, noise = rng.standard_normal((3, 24))
        samples = 5 + 2 * a - b + 0.6 * noise + 0.2 * (a * b)
        found = mean_of(controlled(samples, [a, b]))
        held.append(abs(found.value - 5) < found.error)
        widths.append(found.error / mean_of(samples).error)
    assert 0.935 < np.mean(held) < 0.965
    assert np.mean(widths) < 0.35


def test_useless_controls_cost_little() -> None:
    rng = np.random.default_rng(1)
    samples, control = rng.standard_normal((2, 200))
    assert mean_of(controlled(samples, [control])).error < 1.05 * mean_of(samples).error


def test_too_few_replicates_or_controls_that_repeat_change_nothing() -> None:
    rng = np.random.default_rng(2)
    samples, control = rng.standard_normal((2, 30))
    assert controlled(samples, []) is samples
    np.testing.assert_array_equal(controlled(samples[:9], [control[:9]]), samples[:9])
    np.testing.assert_array_equal(controlled(samples, [control, 2 * control]), samples)
