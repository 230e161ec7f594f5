"""Finite networks: the fast sampler has the law of the slow one, which is the gradient of the network."""

import numpy as np
import pytest
from scipy import stats

from mfcheck.kernels import cosine, rntk
from mfcheck.kernels.empirical import empirical_kernel, empirical_kernels


@pytest.mark.parametrize(
    ("width", "depth", "alpha", "u"), [(12, 4, 0.35, 0.5), (6, 3, 1.0, -0.3), (20, 2, 2.0, 0.9)]
)
def test_both_samplers_have_one_law(width: int, depth: int, alpha: float, u: float) -> None:
    rng = np.random.default_rng(0)
    slow = [empirical_kernel(rng, width, depth, alpha, u) for _ in range(3000)]
    fast = empirical_kernels(rng, 20_000, width, depth, alpha, u)
    assert stats.ks_2samp(slow, fast).pvalue > 1e-3
    wrong = empirical_kernels(rng, 20_000, width, depth, alpha, u - 0.2)
    assert stats.ks_2samp(slow, wrong).pvalue < 1e-3


def test_equal_inputs_and_the_mean() -> None:
    """At u = 1 the columns are equal; the mean over networks is one at every width."""
    found = empirical_kernels(np.random.default_rng(1), 20_000, 16, 4, 0.5, 1.0)
    error = 4 * found.std() / np.sqrt(len(found))
    assert found.mean() == pytest.approx(1, abs=error)
    assert error < 0.05


def test_wide_networks_are_near_the_kernel() -> None:
    found = empirical_kernels(np.random.default_rng(2), 200, 1024, 8, 8**-0.5, 0.5)
    limit = float(rntk(cosine([0.5]), 8, 8**-0.5)[0])
    assert found.mean() == pytest.approx(limit, abs=4 * found.std() / np.sqrt(200))


def test_batches_do_not_change_the_count() -> None:
    assert empirical_kernels(np.random.default_rng(3), 7, 2**12, 1, 1.0, 0.5).shape == (7,)
