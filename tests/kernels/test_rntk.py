"""Residual and fully connected kernels in double precision, against the definition in 40 digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.kernels import correlation, cosine, fully_connected, rntk, rntk_at_depths

mpmath.mp.dps = 40


def k0(u: mpmath.mpf) -> mpmath.mpf:
    return (mpmath.pi - mpmath.acos(u)) / mpmath.pi


def k1(u: mpmath.mpf) -> mpmath.mpf:
    return (u * (mpmath.pi - mpmath.acos(u)) + mpmath.sqrt(1 - u * u)) / mpmath.pi


def by_definition(u: float, depth: int, alpha: float) -> mpmath.mpf:
    """The sum over layers with backward products, as the paper writes it."""
    a2 = mpmath.mpf(alpha) ** 2
    rho = [mpmath.mpf(u)]
    for _ in range(depth):
        rho.append((rho[-1] + a2 * k1(rho[-1])) / (1 + a2))
    B = [mpmath.mpf(1)]
    for level in range(depth, 0, -1):
        B.append(B[-1] * (1 + a2 * k0(rho[level - 1])) / (1 + a2))
    B = B[::-1]  # B[l - 1] = B_l, l = 1..L+1
    terms = [
        B[level] * (k1(rho[level - 1]) + rho[level - 1] * k0(rho[level - 1]))
        for level in range(1, depth + 1)
    ]
    return mpmath.fsum(terms) / (2 * depth)


near = st.floats(0, 1e-6)
cosines = st.one_of(st.floats(-1, 1), near.map(lambda v: 1 - v), near.map(lambda v: v - 1))


@settings(deadline=None, max_examples=40)
@given(cosines, st.integers(1, 60), st.floats(0.01, 5))
def test_last_digits(u: float, depth: int, alpha: float) -> None:
    found = float(rntk(cosine([u]), depth, alpha)[0])
    assert abs(found - by_definition(u, depth, alpha)) <= 2e-15


@given(st.integers(1, 200), st.floats(0, 5))
def test_normalised(depth: int, alpha: float) -> None:
    assert rntk(cosine([1.0]), depth, alpha)[0] == 1


def test_alpha_zero_is_one_layer() -> None:
    u = np.linspace(-1, 1, 11)
    assert rntk(cosine(u), 7, 0.0) == pytest.approx(fully_connected(cosine(u), 1), abs=1e-15)


def test_fully_connected_by_definition() -> None:
    for u in (-0.7, 0.0, 0.3, 0.99):
        sigma = theta = mpmath.mpf(u)
        for depth in range(1, 8):
            theta, sigma = theta * k0(sigma) + k1(sigma), k1(sigma)
            found = float(fully_connected(cosine([u]), depth)[0])
            assert found == pytest.approx(float(theta / (depth + 1)), abs=1e-15)


@given(cosines, st.floats(0.01, 5))
def test_correlation_grows_towards_one(u: float, alpha: float) -> None:
    v = [float(correlation(cosine([u]), depth, alpha).v[0]) for depth in (1, 2, 5)]
    assert 0 <= v[2] <= v[1] <= v[0] <= 1 - u + 1e-15


@pytest.mark.parametrize(
    ("depth", "alpha", "message"),
    [
        (0, 1.0, "depth"),
        (-3, 1.0, "depth"),
        (2, -1.0, "alpha"),
        (2, float("nan"), "alpha"),
        (2, float("inf"), "alpha"),
    ],
)
def test_bad_input(depth: int, alpha: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rntk(cosine([0.5]), depth, alpha)


def test_several_depths_in_one_pass() -> None:
    at = cosine([-1.0, -0.3, 0.999])
    found = rntk_at_depths(at, (1, 2, 7), 0.8)
    for row, depth in zip(found, (1, 2, 7), strict=True):
        assert np.array_equal(row, rntk(at, depth, 0.8))
    with pytest.raises(InputError, match="increasing"):
        rntk_at_depths(at, (2, 2), 0.8)
