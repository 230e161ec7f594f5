"""Distances: bounds on both sides, closed forms, planted errors."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.dynamics.resnet import State
from mfcheck.dynamics.resnet.transport import (
    distances,
    exact,
    gelbrich,
    pairing,
    sliced,
    state_distances,
)
from mfcheck.errors import InputError


def clouds(seed: int, D: int, M: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(D, M))
    return A, A + scale * rng.normal(size=(D, M))


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 40), st.sampled_from([0.0, 0.1, 3.0])
)
def test_bounds_on_both_sides(seed: int, D: int, M: int, scale: float) -> None:
    A, B = clouds(seed, D, M, scale)
    w = exact(A, B)
    assert w <= pairing(A, B) + 1e-7
    assert sliced(A, B) <= w + 1e-7
    assert gelbrich(A, B) <= w + 1e-6
    found = distances(A, B)
    assert found.lower <= found.upper
    assert found.exact == pytest.approx(w)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_exact_is_the_best_permutation(seed: int, D: int) -> None:
    A, B = clouds(seed, D, 5, 2.0)
    best = min(pairing(A, B[:, list(order)]) for order in itertools.permutations(range(5)))
    assert exact(A, B) == pytest.approx(best, abs=1e-9)


def test_translation_and_gaussians() -> None:
    A, _ = clouds(0, 3, 300, 0.0)
    shift = np.array([[0.3], [-0.4], [1.2]])
    for bound in (pairing, exact, gelbrich, sliced):
        assert bound(A, A + shift) == pytest.approx(1.3, rel=1e-6)
    # Gaussian to Gaussian with commuting covariances: W2^2 = sum (sqrt a - sqrt b)^2
    stretch = np.array([[2.0], [1.0], [0.5]])
    covariance = np.cov(A, bias=True)
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, A - A.mean(axis=1, keepdims=True))
    assert gelbrich(white, stretch * white) == pytest.approx(np.sqrt(1 + 0 + 0.25), rel=1e-6)
    assert exact(white, stretch * white) == pytest.approx(np.sqrt(1.25), rel=0.02)


def test_a_shuffled_pairing_is_no_distance() -> None:
    A, B = clouds(1, 2, 200, 0.01)
    order = np.random.default_rng(2).permutation(200)
    assert pairing(A, B[:, order]) > 10 * exact(A, B[:, order])
    assert exact(A, B[:, order]) == pytest.approx(exact(A, B))


def test_states() -> None:
    A, B = clouds(0, 4, 16, 0.1)
    C, D = clouds(1, 5, 8, 0.2)
    state, other = State(A, np.stack([C, C])), State(B, np.stack([D, C]))
    tau, nu = state_distances(state, other)
    assert tau.exact == pytest.approx(exact(A, B))
    assert nu[0].exact == pytest.approx(exact(C, D))
    assert nu[1].upper == 0
    with pytest.raises(InputError):
        state_distances(state, State(A, C[None]))


def test_bad_input() -> None:
    A, B = clouds(0, 2, 8, 1.0)
    for bad in (A[:, :4], A[0], A * np.nan, np.empty((2, 0))):
        with pytest.raises(InputError):
            pairing(bad, B)
    with pytest.raises(InputError, match="at most"):
        exact(np.zeros((1, 5000)), np.zeros((1, 5000)))
    large = distances(np.zeros((1, 5000)), np.ones((1, 5000)))
    assert large.exact is None
    assert large.upper == 1
    assert 1 - 1e-12 < large.lower <= 1


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, 10**6),
    st.integers(1, 4),
    st.integers(2, 40),
    st.sampled_from([0.0, 1.0, 1e4, 1e8, 1e12]),
    st.sampled_from([1e-3, 1.0, 1e5]),
)
def test_a_permuted_cloud_is_at_distance_zero(
    seed: int, D: int, M: int, offset: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    A = offset + scale * rng.normal(size=(D, M))
    B = A[:, rng.permutation(M)]
    assert exact(A, B) == 0
    assert distances(A, B).upper == 0
    for bound in (gelbrich, sliced):
        assert bound(A, B) <= 1e-12 * scale
    unassigned = distances(A, B, assignment=False)
    assert unassigned.lower <= 1e-12 * scale <= unassigned.upper + 1e-12 * scale


def test_clouds_far_from_the_origin_keep_their_distance() -> None:
    """A shift of both clouds changes no distance; powers of two make it exact."""
    A, B = clouds(3, 2, 30, 0.5)
    A, B = np.round(A * 2**20) / 2**20, np.round(B * 2**20) / 2**20
    near = exact(A, B)
    for shift in (2.0**10, 2.0**27):
        assert exact(A + shift, B + shift) == pytest.approx(near, rel=1e-12)
        assert gelbrich(A + shift, B + shift) == pytest.approx(gelbrich(A, B), rel=1e-6)
        assert sliced(A + shift, B + shift) == pytest.approx(sliced(A, B), rel=1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_flat_clouds_have_no_distance_from_rounding(seed: int) -> None:
    """Singular covariances: roots of eigenvalues that are zero but for rounding must not add up."""
    rng = np.random.default_rng(seed)
    for D, rank in ((4, 1), (6, 3), (8, 7)):
        flat = rng.normal(size=(D, rank)) @ rng.normal(size=(rank, 50))
        assert gelbrich(flat, flat[:, ::-1]) == 0
