"""The bounds of the derivation, against displaced measures that have the Gaussian moments the proofs use exactly.

A tensor Gauss-Hermite rule has the independence and the moments up to order five of a Gaussian. The proofs use
nothing else, so every inequality must hold for it without sampling error, whatever the displacement.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from mfcheck.symbolic.activation import X
from mfcheck_proofs.scaled_resnets import bounds
from mfcheck_proofs.scaled_resnets.symbols import B_0, C_1, C_3, alpha, beta, n

Array = NDArray[np.float64]
ROUNDING = 1 + 1e-9


@dataclass(frozen=True)
class Case:
    """An activation with constants of Assumption 3 known by hand."""

    expr: sp.Expr
    C1: float
    C3: float

    def s(self, order: int) -> Any:
        f = sp.lambdify(X, sp.diff(self.expr, X, order), "numpy")
        return lambda p: f(p) + 0.0 * p


# |tanh'| <= 1, |tanh''| <= 0.77, |tanh'''| <= 2; softplus(x)/max(|x|,1) is largest at 1: log(1+e).
CASES = {
    "tanh": Case(sp.tanh(X), 1.0, 2.0),
    "sin": Case(sp.sin(X), 1.0, 1.0),
    "fast sin": Case(sp.sin(12 * X), 144.0, 1728.0),
    "softplus": Case(sp.log(1 + sp.exp(X)), 1.3133, 0.2),
    "identity": Case(X, 1.0, 0.0),
}


def rule(dim: int, size: int = 3) -> tuple[Array, Array]:
    """Nodes (N, dim) and weights (N,) of a tensor Gauss-Hermite rule for the standard Gaussian."""
    x, w = np.polynomial.hermite_e.hermegauss(size)
    w = w / w.sum()
    nodes = np.array(list(itertools.product(x, repeat=dim)))
    weights = np.array([np.prod(v) for v in itertools.product(w, repeat=dim)])
    return nodes, weights


def norm(weights: Array, field: Array) -> float:
    return float(np.sqrt(weights @ (field**2).reshape(len(weights), -1).sum(axis=1)))


def random_field(seed: int, weights: Array, dim: int, size: float) -> Array:
    """A displacement of root-mean-square `size`, spread or concentrated on few rare nodes."""
    rng = np.random.default_rng(seed)
    field = rng.standard_normal((len(weights), dim)) * weights[:, None] ** -rng.uniform(0, 0.6)
    field[rng.random(len(weights)) > rng.uniform(0.02, 1)] = 0
    field[0] += 1e-9
    return field * size / norm(weights, field)


def at(expr: sp.Expr, case: Case, rate: float = 1.0) -> float:
    known = {C_1: case.C1, C_3: case.C3, alpha: rate, n: 1, beta: 1, B_0: 1}
    return float(expr.subs(known).evalf())


def unit(angle: float, d: int) -> Array:
    z = np.zeros(d)
    z[0], z[-1] = np.cos(angle), np.sin(angle) if d > 1 else np.cos(angle)
    return z


sizes = st.floats(1e-3, 2.0)
seeds = st.integers(0, 10**6)
cases = st.sampled_from(sorted(CASES))


# --- Step 7: the slope of the entropy ---------------------------------------------------------------------------------


def entropy_integrand(case: Case, omega: Array, z: Array) -> tuple[Array, Array]:
    """phi(omega) = a k_z(w.z + b), shape (N,), and its gradient, shape (N, d + 2)."""
    a, p, S2 = omega[:, 0], omega[:, 1:-1] @ z + omega[:, -1], z @ z + 1
    s0, s1, s2, s3 = (case.s(k)(p) for k in range(4))
    k, slope = s0 + p * s1 - S2 * s2, 2 * s1 + p * s2 - S2 * s3
    zb = np.append(z, 1.0)
    return a * k, np.column_stack([k, (a * slope)[:, None] * zb])


def entropy_slope(case: Case, rho: float, z: Array) -> float:
    S = sp.Float(np.sqrt(z @ z + 1))
    parts = bounds.entropy_slope_a(sp.Float(rho), S), bounds.entropy_slope_p(S)
    return float(np.hypot(*[at(k, case) for k in parts]))


def entropy_ratio(case: Case, field: Array, omega: Array, weights: Array, z: Array) -> float:
    """|E phi(omega + field) - E phi(omega)| over the bound K |field|."""
    size = norm(weights, field)
    moved, start = (entropy_integrand(case, w, z)[0] for w in (omega + field, omega))
    return abs(weights @ (moved - start)) / (entropy_slope(case, size, z) * size)


@settings(deadline=None, max_examples=150)
@given(cases, seeds, sizes, st.floats(0.5, 2.0), st.integers(1, 2))
def test_entropy_slope_holds_for_every_displacement(
    name: str, seed: int, size: float, length: float, d: int
) -> None:
    omega, weights = rule(d + 2)
    field = random_field(seed, weights, d + 2, size)
    z = length * unit(seed, d)
    assert entropy_ratio(CASES[name], field, omega, weights, z) <= ROUNDING


def test_entropy_slope_loses_less_than_a_factor_two_at_high_frequency() -> None:
    """So the constant halved is false: a displacement along the gradient passes it."""
    case, z = CASES["fast sin"], np.array([1.0])
    omega, weights = rule(3, 40)
    gradient = entropy_integrand(case, omega, z)[1]
    field = 1e-5 * gradient / norm(weights, gradient)
    ratio = entropy_ratio(case, field, omega, weights, z)
    assert 0.5 < ratio <= 1


# --- Steps 3 to 6: displacement of the hidden state, features, Gram diagonal, adjoint ---------------------------------


def encoder(d: int) -> tuple[Array, Array]:
    return rule(2 * d + 1)


def drive(case: Case, theta: Array, weights: Array, z: Array) -> Array:
    """E[u s0(w.z + b)], shape (d,)."""
    d = len(z)
    p = theta[:, d : 2 * d] @ z + theta[:, -1]
    drift: Array = (weights * case.s(0)(p)) @ theta[:, :d]
    return drift


def hidden_states(case: Case, thetas: list[Array], weights: Array, x: Array, rate: float) -> Array:
    """Euler states (L + 1, d): one displaced measure for each layer; the bounds hold for Euler's method too."""
    states = [x]
    for theta in thetas:
        step = rate * drive(case, theta, weights, states[-1]) / len(thetas)
        states.append(states[-1] + step)
    return np.array(states)


def layers(seed: int, theta: Array, weights: Array, size: float, count: int = 3) -> list[Array]:
    dim = theta.shape[1]
    return [theta + random_field(seed + k, weights, dim, size) for k in range(count)]


def sizes_at(case: Case, rho: float, rate: float) -> tuple[float, float]:
    """D and S at radius rho."""
    D = at(bounds.displacement(sp.Float(rho)), case, rate)
    return D, float(np.hypot(1, 1 + D))


SLOW = {"tanh", "sin", "softplus", "identity"}
slow_cases = st.sampled_from(sorted(SLOW))
rates = st.floats(0.05, 1.5)
radii = st.floats(1e-3, 0.6)


@settings(deadline=None, max_examples=80)
@given(slow_cases, seeds, radii, rates, st.integers(1, 2))
def test_displacement_of_the_hidden_state(
    name: str, seed: int, rho: float, rate: float, d: int
) -> None:
    case, x = CASES[name], unit(seed, d)
    theta, weights = encoder(d)
    states = hidden_states(case, layers(seed, theta, weights, rho), weights, x, rate)
    D, S = sizes_at(case, rho, rate)
    assert np.linalg.norm(states - x, axis=1).max() <= D * ROUNDING
    assert np.linalg.norm(np.column_stack([states, np.ones(4)]), axis=1).max() <= S * ROUNDING


def test_displacement_halved_is_false() -> None:
    """s0(x) = x, one dimension, along the gradient of E[u (w z + b)] at z = 1."""
    case, x, rho = CASES["identity"], np.ones(1), 1e-3
    theta, weights = encoder(1)
    u, w, b = theta.T
    field = np.column_stack([w + b, u, u])
    moved = theta + rho * field / norm(weights, field)
    states = hidden_states(case, [moved] * 8, weights, x, 1.0)
    D, _ = sizes_at(case, rho, 1.0)
    assert D / 2 < abs(states[-1, 0] - 1) <= D


@settings(deadline=None, max_examples=80)
@given(slow_cases, seeds, radii, st.floats(0.0, 1.0), st.floats(0.5, 4.0), st.integers(1, 2))
def test_change_of_the_features(
    name: str, seed: int, rho: float, D: float, R: float, d: int
) -> None:
    case, x = CASES[name], unit(seed, d)
    z = x + D * unit(seed + 1, d)
    omega, weights = rule(d + 2)
    moved = omega + random_field(seed, weights, d + 2, rho)
    S = float(np.hypot(1, 1 + D))
    change = features(case, moved, z, R) - features(case, omega, x, R)
    bound = at(bounds.feature_change(*map(sp.Float, (rho, S, D, R))), case)
    assert norm(weights, change) <= bound * ROUNDING
    first = at(bounds.activation_change(*map(sp.Float, (rho, S, D))), case) * case.C1
    assert norm(weights, change[:, 0]) <= first * ROUNDING


def features(case: Case, omega: Array, z: Array, R: float) -> Array:
    """(s0(p), T_R(a) s0'(p) (z, 1)), shape (N, d + 2)."""
    p = omega[:, 1:-1] @ z + omega[:, -1]
    clipped = np.clip(omega[:, 0], -R, R) * case.s(1)(p)
    return np.column_stack([case.s(0)(p), clipped[:, None] * np.append(z, 1.0)])


def test_change_of_the_features_halved_is_false() -> None:
    case, z, rho, R = CASES["identity"], np.ones(1), 1e-3, 2.0
    omega, weights = rule(3)
    field = np.column_stack([0 * omega[:, 0], 1 + 0 * omega[:, 1], 1 + 0 * omega[:, 2]])
    moved = omega + rho * field / norm(weights, field)
    change = norm(weights, (features(case, moved, z, R) - features(case, omega, z, R))[:, 0])
    first = at(bounds.activation_change(*map(sp.Float, (rho, np.sqrt(2), 0.0))), case)
    assert first / 2 < change <= first * ROUNDING


@settings(deadline=None, max_examples=80)
@given(slow_cases, seeds, st.floats(1e-3, 3.0), st.floats(0.5, 2.0), st.integers(1, 2))
def test_gram_diagonal(name: str, seed: int, rho: float, length: float, d: int) -> None:
    case, z = CASES[name], length * unit(seed, d)
    omega, weights = rule(d + 2)
    moved = omega + random_field(seed, weights, d + 2, rho)
    bound = at(bounds.gram_diagonal(sp.Float(rho), sp.Float(np.hypot(length, 1))), case)
    assert norm(weights, features(case, moved, z, np.inf)) ** 2 <= bound * ROUNDING


def test_gram_diagonal_halved_is_false() -> None:
    omega, weights = rule(3)
    actual = norm(weights, features(CASES["identity"], omega, np.ones(1), np.inf)) ** 2
    bound = at(bounds.gram_diagonal(sp.Integer(0), sp.sqrt(2)), CASES["identity"])
    assert bound / 2 < actual <= bound


def adjoint(
    case: Case, omega: Array, tau: Array, thetas: list[Array], nu: Array, x: Array, rate: float
) -> Array:
    """Discrete adjoint states (L + 1, d), the last one at depth 1."""
    d = len(x)
    states = hidden_states(case, thetas, nu, x, rate)
    p = omega[:, 1:-1] @ states[-1] + omega[:, -1]
    found = [(tau * omega[:, 0] * case.s(1)(p)) @ omega[:, 1:-1]]
    for z, theta in zip(states[-2::-1], thetas[::-1], strict=True):
        slope = nu * (theta[:, :d] @ found[-1]) * case.s(1)(theta[:, d : 2 * d] @ z + theta[:, -1])
        found.append(found[-1] + rate / len(thetas) * slope @ theta[:, d : 2 * d])
    return np.array(found[::-1])


@settings(deadline=None, max_examples=80)
@given(slow_cases, seeds, radii, rates, st.integers(1, 2))
def test_adjoint_size(name: str, seed: int, rho: float, rate: float, d: int) -> None:
    case, x = CASES[name], unit(seed, d)
    (omega, tau), (theta, nu) = rule(d + 2), encoder(d)
    moved = omega + random_field(seed, tau, d + 2, rho)
    states = adjoint(case, moved, tau, layers(seed, theta, nu, rho), nu, x, rate)
    _, S = sizes_at(case, rho, rate)
    P = at(bounds.adjoint_size(sp.Float(rho), sp.Float(S)), case, rate)
    assert np.linalg.norm(states, axis=1).max() <= P * ROUNDING


def test_a_quarter_of_the_adjoint_size_is_false() -> None:
    case, rho = CASES["identity"], 1e-3
    (omega, tau), (theta, nu) = rule(3), encoder(1)
    field = np.column_stack([omega[:, 1], omega[:, 0], 0 * omega[:, 0]])
    moved = omega + rho * field / norm(tau, field)
    states = adjoint(case, moved, tau, [theta], nu, np.ones(1), 1.0)
    _, S = sizes_at(case, 0.0, 1.0)
    assert abs(states[-1, 0]) > at(bounds.adjoint_size(sp.Float(rho), sp.Float(S)), case) / 4


@pytest.mark.parametrize("R", [0.5, 1.0, 2.0, 3.5])
def test_truncated_second_moment(R: float) -> None:
    density = np.sqrt(2 / np.pi)
    inner = quad(lambda a: min(a, R) ** 2 * density * np.exp(-(a**2) / 2), 0, 20, points=[R])[0]
    assert float(bounds.truncated_second_moment(sp.Float(R))) == pytest.approx(inner, rel=1e-9)


def test_feature_slope_is_the_limit() -> None:
    rho = sp.Symbol("rho", positive=True)
    D = bounds.displacement(rho)
    ratio = bounds.feature_change(rho, bounds.input_size(D), D, sp.Integer(2)) / rho
    at_small = at(ratio.subs(rho, sp.Float("1e-7")), CASES["softplus"], 0.7)
    assert at_small == pytest.approx(
        at(bounds.feature_slope(sp.Integer(2)), CASES["softplus"], 0.7)
    )


@given(st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0.1, 2))
@settings(deadline=None, max_examples=40)
def test_feature_change_over_radius_increases(a: float, b: float, rate: float) -> None:
    """This is what makes the closed form of r_max valid."""

    def ratio(rho: float) -> float:
        D, S = sizes_at(CASES["tanh"], rho, rate)
        bound = bounds.feature_change(*map(sp.Float, (rho, S, D, 2.0)))
        return at(bound, CASES["tanh"], rate) / rho

    low, high = sorted((a, b))
    assert ratio(low) <= ratio(high) * ROUNDING


# --- Step 10: Rademacher complexity -------------------------------------------------------------------------------

SQUASHED = {"tanh": 1.0, "sin": 1.0}


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(sorted(SQUASHED)), seeds, radii, rates, st.integers(1, 2))
def test_bounded_displacement_of_the_hidden_state(
    name: str, seed: int, rho: float, rate: float, d: int
) -> None:
    case, x = CASES[name], unit(seed, d)
    theta, weights = encoder(d)
    states = hidden_states(case, layers(seed, theta, weights, rho), weights, x, rate)
    D = at(bounds.bounded_displacement(sp.Float(rho)), case, rate)
    assert np.linalg.norm(states - x, axis=1).max() <= D * ROUNDING


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(sorted(SQUASHED)),
    seeds,
    st.floats(1e-4, 1.0),
    st.floats(1e-4, 1.0),
    rates,
    st.integers(1, 2),
)
def test_change_of_the_network_with_the_encoder(
    name: str, seed: int, of_tau: float, of_nu: float, rate: float, d: int
) -> None:
    """Displacements of size sqrt(2 radius), which Talagrand's inequality allows at most."""
    case, x = CASES[name], unit(seed, d)
    rho_tau, rho_nu = float(np.sqrt(2 * of_tau)), float(np.sqrt(2 * of_nu))
    (theta, nu), (omega, tau) = encoder(d), rule(d + 2)
    moved = omega + random_field(seed + 9, tau, d + 2, rho_tau)
    z = hidden_states(case, layers(seed, theta, nu, rho_nu), nu, x, rate)[-1]
    values = [
        tau @ (moved[:, 0] * case.s(0)(moved[:, 1:-1] @ point + moved[:, -1])) for point in (z, x)
    ]
    bound = at(bounds.rademacher_encoder(sp.Float(of_tau), sp.Float(of_nu)), case, rate)
    assert abs(values[0] - values[1]) <= bound * ROUNDING


def dual_infimum(radius: float) -> float:
    """Minimum over u in (0, 1) of (radius - log(1-u^2)/2)/u, the optimal choice in the derivation."""

    def value(v: float) -> float:
        u = 1 / (1 + np.exp(-v))
        return float((radius - np.log1p(-(u**2)) / 2) / u)

    found = minimize_scalar(value, bounds=(-25, 25), method="bounded", options={"xatol": 1e-10})
    return float(found.fun)


@settings(deadline=None, max_examples=60)
@given(st.floats(1e-6, 1e3))
def test_closed_form_of_the_complexity_is_above_and_near_the_optimum(radius: float) -> None:
    closed = at(bounds.rademacher_predictor(sp.Float(radius)), CASES["tanh"])
    assert dual_infimum(radius) <= closed * ROUNDING
    assert closed <= 1.01 * dual_infimum(radius)


def test_complexity_halved_is_false() -> None:
    """s0 = 1: the best tau shifts the mean of a by sqrt(2 radius), so the complexity is known exactly."""
    points, radius = 12, 1e-3
    signs = np.array(list(itertools.product([-1, 1], repeat=points)))
    exact = np.sqrt(2 * radius) * np.abs(signs.sum(axis=1)).mean() / points
    bound = bounds.rademacher_predictor(sp.Float(radius)).subs({beta: 1, B_0: 1, n: points})
    assert float(bound) / 2 < exact <= float(bound)


# --- Step 7 without s0''' ------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=80)
@given(cases, seeds, sizes, st.floats(0.5, 2.0), st.integers(1, 2))
def test_weak_entropy_constant(name: str, seed: int, size: float, length: float, d: int) -> None:
    case, z = CASES[name], length * unit(seed, d)
    omega, weights = rule(d + 2)
    moved = omega + random_field(seed, weights, d + 2, size)
    change = weights @ (entropy_integrand(case, moved, z)[0] - entropy_integrand(case, omega, z)[0])
    # The rule has E|a| = 1/sqrt(3), below that of a Gaussian.
    S = sp.Float(np.sqrt(z @ z + 1))
    bound = at(bounds.weak_entropy_constant(sp.Float(size), S), case) / 2
    assert abs(change) <= bound * ROUNDING
