import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from mfcheck.dynamics import wasserstein
from mfcheck.errors import InputError

POINTS = st.lists(st.floats(-10, 10, allow_subnormal=False), min_size=1, max_size=7)


def transported(x, y, u, v, p):
    """Wp from the linear programme."""
    n, m = len(x), len(y)
    cost = np.abs(np.subtract.outer(x, y)) ** p
    rows = np.zeros((n + m, n, m))
    for i in range(n):
        rows[i, i, :] = 1
    for j in range(m):
        rows[n + j, :, j] = 1
    found = optimize.linprog(
        cost.ravel(), A_eq=rows.reshape(n + m, -1), b_eq=np.concatenate([u, v])
    )
    return found.fun ** (1 / p)


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0])
def test_equals_the_linear_programme(p: float) -> None:
    rng = np.random.default_rng(3)
    for n, m in ((1, 1), (4, 4), (5, 3), (2, 7)):
        x, y = rng.standard_normal(n), rng.standard_normal(m)
        u, v = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        expected = transported(x, y, u, v, p)
        assert wasserstein.distance(x, y, u, v, p) == pytest.approx(expected, rel=1e-7)


@given(POINTS, POINTS)
def test_first_distance_two_ways_and_monotone_in_p(x: list[float], y: list[float]) -> None:
    one = wasserstein.first(x, y)
    assert wasserstein.distance(x, y, p=1) == pytest.approx(one, rel=1e-9, abs=1e-9)
    assert wasserstein.distance(x, y, p=2) >= one * (1 - 1e-9) - 1e-9


@given(POINTS, st.floats(-5, 5), st.floats(1, 4))
def test_a_shift_costs_itself(x: list[float], shift: float, p: float) -> None:
    found = wasserstein.distance(x, np.array(x) + shift, p=p)
    assert found == pytest.approx(abs(shift), rel=1e-6, abs=1e-9)


def test_gaussians() -> None:
    n = 200_000
    z = special.ndtri((np.arange(n) + 0.5) / n)
    found = wasserstein.distance(1 + 2 * z, -0.5 + 0.5 * z)
    assert found == pytest.approx(math.sqrt(1.5**2 + 1.5**2), rel=1e-4)


def test_weights_are_multiplicities() -> None:
    assert wasserstein.distance([0, 1], [5], [3, 1]) == pytest.approx(
        wasserstein.distance([0, 0, 0, 1], [5]), rel=1e-14
    )
    mass, left, right = wasserstein.coupling([1, 0], [5], [1, 3])
    assert mass.sum() == pytest.approx(1, rel=1e-14)
    assert (mass @ left, mass @ right) == (0.25, 5.0)


@pytest.mark.parametrize(
    "wrong", [([], [1.0], None, None, 2.0), ([1.0], [1.0], [-1.0], None, 2.0), ([1.0], [1.0], None, None, 0.5),
              ([1.0], [1.0], [1.0, 2.0], None, 2.0), ([1.0], [1.0], [0.0], None, 2.0)],
)  # fmt: skip
def test_refusals(wrong: tuple[object, ...]) -> None:
    with pytest.raises(InputError):
        wasserstein.distance(*wrong)  # type: ignore[arg-type]
