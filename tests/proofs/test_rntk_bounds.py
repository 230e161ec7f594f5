"""The explicit bounds of the derivation, against the recursion in double precision at random settings."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.kernels import correlation, from_distance, rntk
from mfcheck.kernels.arccos import Cosine, half_term
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling.symbols import T, c, kappa, lam, s_0

chords = st.one_of(st.floats(1e-6, 2), st.sampled_from([2.0, 1.9999999, 1e-9]))
alphas = st.floats(1e-3, 30)
depths = st.integers(1, 300)

UPPER, LOWER, STEP = (
    sp.lambdify((kappa, lam, s_0), b.upper(), "math"),
    sp.lambdify((kappa, lam, s_0), b.lower(), "math"),
    sp.lambdify((kappa, c), b.increment(), "math"),
)
POINT = sp.lambdify(b.theta, b.fast_pointwise(), "math")
UNIFORM = sp.lambdify(T, b.fast_uniform(), "math")


def share(alpha: float) -> float:
    return alpha**2 / (1 + alpha**2)


@settings(deadline=None, max_examples=200)
@given(chords, alphas)
def test_increment_of_the_inverse_distance(chord: float, alpha: float) -> None:
    after = correlation(from_distance([chord]), 1, alpha)
    grown = 1 / np.sqrt(2 * after.v[0]) - 1 / chord
    k = share(alpha) / (3 * np.pi)
    rounding = 1e-15 / chord
    assert k - rounding <= grown <= STEP(k, chord) + rounding


@settings(deadline=None, max_examples=200)
@given(chords, alphas, depths)
def test_both_bounds_of_the_degeneration(chord: float, alpha: float, depth: int) -> None:
    k = share(alpha) / (3 * np.pi)
    gap = float(rntk(from_distance([chord]), depth, alpha)[0]) - 0.25
    at = (k, k * depth, 1 / chord)
    assert -LOWER(*at) - 1e-13 <= gap <= UPPER(*at) + 1e-13


def test_the_upper_bound_is_sharp_for_close_points() -> None:
    """So the bound without its first term, or halved, is false."""
    depth, chord = 2000, 0.05
    k = 0.5 / (3 * np.pi)
    gap = float(rntk(from_distance([chord]), depth, 1.0)[0]) - 0.25
    assert UPPER(k, k * depth, 1 / chord) / 2 < gap


@settings(deadline=None, max_examples=200)
@given(chords, st.floats(1e-4, 3), depths)
def test_distance_to_one_layer(chord: float, alpha: float, depth: int) -> None:
    x = from_distance([chord])
    gap = abs(float((rntk(x, depth, alpha) - half_term(x))[0]))
    clock = share(alpha) * depth
    assert gap <= UNIFORM(clock) + 1e-14
    if chord < 2:
        assert gap <= clock * POINT(float(x.angle[0])) + 1e-14


def test_opposite_points_have_the_square_root() -> None:
    """r_L(-1) ~ -(2 a L)^(1/2)/(3 pi)."""
    for clock in (1e-4, 1e-6):
        alpha = np.sqrt(clock / 1000)
        found = float(rntk(Cosine(np.array([2.0]), np.array([0.0])), 1000, alpha)[0])
        assert found == pytest.approx(-np.sqrt(2 * clock) / (3 * np.pi), rel=0.02)


def test_drift_contains_the_sum() -> None:
    """The closed form bounds the sum of the increments it was derived from."""
    drift = sp.lambdify((kappa, lam, s_0), b.drift(), "math")
    for k in (1e-3, 0.05, 1 / (3 * np.pi)):
        for start in (0.5, 1.0, 20.0):
            s, steps = start, 500
            for j in range(steps):
                s += STEP(k, 1 / (start + k * j))
            assert s - start - k * steps <= drift(k, k * steps, start) * (1 + 1e-12)
