"""Coefficients of both schemes: consistency, order, stability on the negative axis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.dynamics.resnet.schemes import (
    ERROR_WEIGHTS,
    NODES,
    STABILITY,
    chebyshev,
    stage_count,
)


def amplification(stages: int, z: np.ndarray) -> np.ndarray:
    """Return the factor by which `y' = (z/h) y` grows in a Chebyshev step."""
    older, previous = np.ones_like(z), np.ones_like(z)
    for stage in chebyshev(stages):
        new = stage.a + stage.b * previous + stage.c * older + z * (stage.d * previous + stage.e)
        older, previous = previous, new
    return previous


@settings(deadline=None, max_examples=30)
@given(st.floats(0.1, 1e6))
def test_stable_for_the_stated_product(product: float) -> None:
    z = -np.linspace(0, product, 2001)
    assert np.abs(amplification(stage_count(product), z)).max() <= 1 + 1e-9
    assert stage_count(product) <= 2 + 1.25 * product**0.5


def test_fewer_stages_are_not_stable() -> None:
    z = -np.linspace(0, 1000.0, 2001)
    assert np.abs(amplification(stage_count(1000.0) // 2, z)).max() > 10


@pytest.mark.parametrize("stages", [2, 3, 5, 20, 100])
def test_second_order(stages: int) -> None:
    h = np.array([1e-2, 2e-2, 4e-2])
    errors = np.abs(amplification(stages, -h) - np.exp(-h))
    assert np.polyfit(np.log(h), np.log(errors), 1)[0] == pytest.approx(3, abs=0.1)


def test_bogacki_shampine() -> None:
    first, second, new = NODES
    c = [0.0, sum(first), sum(second)]
    assert [sum(new), np.dot(new, c), np.dot(new, np.square(c))] == pytest.approx([1, 1 / 2, 1 / 3])
    assert new[2] * second[1] * c[1] == pytest.approx(1 / 6)
    lower = np.append(new, 0) - ERROR_WEIGHTS
    assert [lower.sum(), np.dot(lower, [*c, 1.0])] == pytest.approx([1, 1 / 2])
    z = -np.linspace(0, STABILITY, 1001)
    assert np.abs(1 + z + z**2 / 2 + z**3 / 6).max() <= 1
