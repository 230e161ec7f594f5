"""First variations: exact functionals, planted factors, and the coverage of the stated errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.dynamics.first_variation import (
    along_mixture,
    check_first_variation,
    check_particle_gradient,
    derivative,
)

X = np.array([-1.5, -0.3, 0.4, 2.0])
Y = np.array([0.3, -0.2, 0.5, 0.1])


def features(points):
    return points[:, :1] * np.tanh(points[:, 1:2] * X)


def risk(points, weights):
    return float(np.mean((weights @ features(points) - Y) ** 2) / 2)


@pytest.fixture
def law():
    rng = np.random.default_rng(3)
    weights = rng.uniform(0.5, 1, 7)
    return rng.normal(size=(7, 2)), weights / weights.sum()


def formula(law, factor=1.0):
    residual = law[1] @ features(law[0]) - Y
    return lambda points: factor * features(points) @ residual / len(X)


def test_square_risk_to_eight_digits(law):
    candidates = np.random.default_rng(4).normal(size=(6, 2))
    found = check_first_variation(risk, formula(law), *law, candidates)
    for one in found:
        assert one.distance <= one.measured.error + one.claimed.error < 1e-11
        assert one.holds(1e-8)


def test_constant_does_not_matter(law):
    g = formula(law)
    found = check_first_variation(risk, lambda p: g(p) + 7, *law, law[0][:2] + 0.3)
    assert all(one.holds(1e-6) for one in found)


@pytest.mark.parametrize("factor", [2.0, 0.5, -1.0, 1.0001])
def test_wrong_factor_is_caught(law, factor):
    found = check_first_variation(risk, formula(law, factor), *law, law[0] + 0.2)
    assert any(one.holds() is False for one in found)


def test_entropy_needs_one_side():
    # F = sum w log w on fixed atoms: derivative towards atom j is log w_j + 1 - sum w (log w + 1).
    atoms = np.arange(3.0)[:, None]
    weights = np.array([0.2, 0.3, 0.5])

    def entropy(points, w):
        mass = np.bincount(points[:, 0].astype(int), w, 3)
        return float(mass @ np.log(mass))

    claimed = np.log(weights) - weights @ np.log(weights)
    for j in range(3):
        found = along_mixture(entropy, atoms, weights, atoms[j], one_sided=True)
        assert abs(found.value - claimed[j]) <= found.error < 1e-6


def test_particle_gradient(law):
    points, _ = law
    weights = np.full(len(points), 1 / len(points))
    residual = weights @ features(points) - Y

    def gradient(p):
        t = np.tanh(p[:, 1:2] * X)
        return np.stack(
            [t @ residual / len(X), (p[:, :1] * (1 - t**2) * X) @ residual / len(X)], axis=1
        )

    found = check_particle_gradient(risk, gradient, points, weights)
    assert len(found) == 6
    assert all(one.distance < 1e-11 and one.holds() for one in found)
    wrong = check_particle_gradient(risk, lambda p: len(p) * gradient(p), points, weights)
    assert all(one.holds() is False for one in wrong)


@settings(max_examples=60, deadline=None)
@given(st.floats(-2, 2), st.floats(0.2, 6), st.booleans())
def test_stated_error_covers(phase, rate, one_sided):
    found = derivative(lambda e: np.sin(phase + rate * e), one_sided=one_sided)
    assert abs(found.value - rate * np.cos(phase)) <= found.error


def test_no_finite_value_is_refused():
    with pytest.raises(ValueError, match="finite"):
        derivative(lambda _: float("nan"))
