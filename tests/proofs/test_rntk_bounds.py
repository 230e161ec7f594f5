"""The explicit bounds of the derivation, against the recursion in double precision at random settings."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.kernels import (
    correlation,
    cosine,
    from_distance,
    interpolant,
    kernel,
    limit_kernel,
    rntk,
)
from mfcheck.kernels.arccos import Cosine, half_term
from mfcheck.kernels.formulas import L, T, c, kappa, lam, s_0
from mfcheck.kernels.formulas import a as share_symbol
from mfcheck.kernels.matrix import FastKernel
from mfcheck_proofs.rntk_scaling import degeneration as b
from mfcheck_proofs.rntk_scaling.limits import CRITICAL, FAST, REPAIRED

chords = st.one_of(st.floats(1e-6, 2), st.sampled_from([2.0, 1.9999999, 1e-9]))
alphas = st.floats(1e-3, 30)
depths = st.integers(1, 300)

UPPER, LOWER, STEP = (
    sp.lambdify((kappa, lam, s_0), b.UPPER, "math"),
    sp.lambdify((kappa, lam, s_0), b.LOWER, "math"),
    sp.lambdify((kappa, c), b.increment(), "math"),
)
POINT = sp.lambdify(b.theta, FAST["factor"], "math")
UNIFORM = sp.lambdify(T, REPAIRED["bound"], "math")


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
    drift = sp.lambdify((kappa, lam, s_0), b.DRIFT, "math")
    for k in (1e-3, 0.05, 1 / (3 * np.pi)):
        for start in (0.5, 1.0, 20.0):
            s, steps = start, 500
            for j in range(steps):
                s += STEP(k, 1 / (start + k * j))
            assert s - start - k * steps <= drift(k, k * steps, start) * (1 + 1e-12)


# --- the steps of the derivation, one by one -------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(chords, alphas, st.integers(1, 60))
def test_products_of_slopes_lie_between_cubes(chord: float, alpha: float, depth: int) -> None:
    """Step 3: B_(l+1) = d rho_L/d rho_l against (s_l/s_L)^3 and (s_l/s_L)^3 (1 - D (1 + 2 kappa)/t_l)."""
    a, s, slopes = share(alpha), [1 / chord], []
    k, x = a / (3 * np.pi), from_distance([chord])
    for _ in range(depth):
        slopes.append(1 - a * float(x.angle[0]) / np.pi)
        x = correlation(x, 1, alpha)
        s.append(1 / np.sqrt(2 * float(x.v[0])))
    D = float(b.CONSTANTS["slope"])
    for start in range(depth + 1):
        product, cube = np.prod(slopes[start:]), (s[start] / s[-1]) ** 3
        below = cube * (1 - D * (1 + 2 * k) / (s[0] + k * start))
        assert below - 1e-9 <= product <= cube + 1e-9


@settings(deadline=None, max_examples=100)
@given(st.floats(0.5, 1e3), st.floats(1e-4, 1 / (3 * np.pi)), st.integers(1, 2000))
def test_sums_against_integrals(start: float, k: float, depth: int) -> None:
    """Steps 5 and 6: sums over t_l = s_0 + kappa l, l = 1..L, and over the layers before t_l reaches 2/3."""
    t = start + k * np.arange(1, depth + 1)
    end = start + k * depth
    assert np.sum(t**3) >= (end**4 - start**4) / (4 * k) * (1 - 1e-12)
    assert np.sum(t**2) <= (end**3 / (3 * k) + end**2) * (1 + 1e-12)
    assert np.sum(t - k < 2 / 3) <= max(0, 2 / 3 - start) / k + 1
    assert np.sum((1 - k * np.arange(depth) / end) ** 3) <= 1 + end / (4 * k) + 1e-9


@pytest.mark.parametrize("gamma", [0.0, 0.49])
def test_bounds_of_the_degeneration_at_great_depth(gamma: float) -> None:
    """By certified interpolants, whose error is far below the bounds."""
    depth, c_ = 2**16, np.array([0.01, 0.3, 1.0, 1.6, 2.0])
    square = sp.Rational(repr(float(depth) ** (-2 * gamma)))
    found = FastKernel(interpolant(kernel(depth, square)))
    gap = found(1 - c_**2 / 2) - 0.25
    k = float(square / (1 + square)) / (3 * np.pi)
    for chord, distance in zip(c_, gap, strict=True):
        at = (k, k * depth, 1 / chord)
        assert -LOWER(*at) - found.error <= distance <= UPPER(*at) + found.error


# --- the clock -------------------------------------------------------------------------------------------------------

CLOCK = sp.lambdify((share_symbol, T), CRITICAL["clock"], "math")


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(["-1", "-0.99", "-0.5", "0", "0.7", "0.999"]),
    st.floats(0.05, 20),
    st.integers(1, 300),
)
def test_distance_to_the_limit_along_the_clock(u: str, time: float, depth: int) -> None:
    step = time / depth
    if step >= 0.99:
        return
    exact_time = Fraction(time)
    limit = float(limit_kernel(u, exact_time, 12).kernel.mid())
    found = float(rntk(cosine([float(u)]), depth, np.sqrt(step / (1 - step)))[0])
    assert abs(found - limit) <= CLOCK(step, time) + 1e-12


def test_the_bound_at_one_half_is_that_of_the_clock() -> None:
    depth = 1000
    limit = float(limit_kernel("-1", 1, 12).kernel.mid())
    bound = float(CRITICAL["bound"].subs(L, depth))
    assert CLOCK(1 / (depth + 1), depth / (depth + 1)) + 3 / depth == pytest.approx(bound)
    assert abs(float(rntk(cosine([-1.0]), depth, depth**-0.5)[0]) - limit) < bound < 0.1
