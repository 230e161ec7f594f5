"""The uniform law on the sphere, at a false-alarm rate of 1e-4 with fixed seeds."""

import numpy as np
import pytest
from scipy import stats

from mfcheck.points.sphere import largest_inner, sphere


@pytest.mark.parametrize("d", [1, 2, 3, 5, 50])
def test_norms_and_shape(d: int) -> None:
    points = sphere(np.random.default_rng(0), 7, d)
    assert points.shape == (7, d)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, rtol=1e-14)


@pytest.mark.parametrize("d", [2, 3, 5])
def test_height_along_any_direction(d: int) -> None:
    """`(1 + u . x) / 2` has the law Beta((d-1)/2, (d-1)/2); points of a normalised cube have not."""
    rng = np.random.default_rng(3)
    direction = np.zeros(d)
    direction[:2] = 0.6, 0.8
    law = stats.beta((d - 1) / 2, (d - 1) / 2).cdf
    assert stats.kstest((1 + sphere(rng, 20000, d) @ direction) / 2, law).pvalue > 1e-4
    cube = rng.uniform(-1, 1, (20000, d))
    cube /= np.linalg.norm(cube, axis=1, keepdims=True)
    assert stats.kstest((1 + cube[:, 0]) / 2, law).pvalue < 1e-4


def test_points_are_independent_of_the_number_drawn_before() -> None:
    both = sphere(np.random.default_rng(1), 4, 3)
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(both, np.concatenate([sphere(rng, 2, 3), sphere(rng, 2, 3)]))


def test_the_largest_inner_product_leaves_out_the_diagonal() -> None:
    assert largest_inner(np.array([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]])) == 0.6
    assert largest_inner(np.array([[0.0, 1.0], [0.0, -1.0]])) == -1
