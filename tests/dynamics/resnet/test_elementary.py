"""Elementary functions of eight doubles against 40-digit arithmetic."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from numba import njit

from mfcheck.dynamics.resnet import elementary
from mfcheck.dynamics.resnet.simd import load, store

# function, units in the last place allowed, arguments are positive
CASES = {
    "tanh": (2.5, False),
    "exp": (1.5, False),
    "sin": (1.5, False),
    "cos": (1.5, False),
    "erf": (3.0, False),
    "atan": (3.0, False),
    "log": (2.0, True),
    "asinh": (2.0, False),
}


def apply(function: Any, x: np.ndarray) -> np.ndarray:
    @njit(error_model="numpy")
    def run(x: np.ndarray, out: np.ndarray) -> None:
        for at in range(0, x.size, 8):
            store(out, at, function(load(x, at)))

    out = np.empty_like(x)
    run(x, out)
    return out


def arguments(positive: bool) -> np.ndarray:
    rng = np.random.default_rng(0)
    wide = 10.0 ** rng.uniform(-12, 1.5, 512) * rng.choice([-1.0, 1.0], 512)
    x = np.concatenate([3 * rng.normal(size=1024), wide])
    return np.abs(x) if positive else x


def worst(values: np.ndarray, x: np.ndarray, exact: Callable[[mpmath.mpf], mpmath.mpf]) -> float:
    """Return the largest error in units in the last place."""
    with mpmath.workdps(40):
        truth = [exact(mpmath.mpf(float(a))) for a in x]
        errors = [
            abs(mpmath.mpf(float(v)) - t) / mpmath.mpf(float(np.spacing(abs(float(t)))))
            for v, t in zip(values, truth, strict=True)
        ]
    return float(max(errors))


@pytest.mark.parametrize("name", list(CASES))
def test_within_few_units_in_the_last_place(name: str) -> None:
    allowed, positive = CASES[name]
    x = arguments(positive)
    values = apply(getattr(elementary, name), x)
    assert worst(values, x, getattr(mpmath, name)) <= allowed
    assert worst(values * (1 + 1e-15), x, getattr(mpmath, name)) > allowed


def test_ends_of_the_range() -> None:
    x = np.array([0.0, -0.0, 40.0, -800.0, 1e4, np.inf, -np.inf, np.nan])
    assert np.array_equal(apply(elementary.tanh, x), np.tanh(x), equal_nan=True)
    assert np.array_equal(apply(elementary.erf, x)[:7], [0, 0, 1, -1, 1, 1, -1])
    assert np.isnan(apply(elementary.erf, x)[7])
    found = apply(elementary.exp, np.array([0.0, 1.0, -800.0, 709.0, -1e6, -np.inf, -700.0, 700.0]))
    assert found[2] == found[4] == found[5] == 0.0
    assert found[0] == 1.0
    assert np.allclose(found[[1, 3, 6, 7]], np.exp([1, 709.0, -700, 700]), rtol=1e-15)
    found = apply(elementary.log, np.array([1.0, 0.0, -1.0, 2.0, 0.5, 1e300, 1e-300, 4.0]))
    assert found[0] == 0.0
    assert found[1] == -np.inf
    assert np.isnan(found[2])
