"""Velocities are exact gradients, Gram matrices give the exact law of residuals."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.dynamics.resnet import Flow, Numerics, Problem, State, initial_state
from mfcheck.dynamics.resnet.flow import MANY
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import LIBRARY, X, activation

MakeProblem = Callable[..., Problem]
numerics = st.builds(
    Numerics,
    depth=st.integers(1, 3),
    particles=st.sampled_from([4, 8]),
    decoder_particles=st.sampled_from([4, 12]),
    initial=st.sampled_from(["iid", "antithetic"]),
    scheme=st.sampled_from(["midpoint", "euler"]),
    layer_draws=st.sampled_from(["shared", "independent"]),
    seed=st.integers(0, 10**6),
)


def displaced(problem: Problem, choice: Numerics) -> State:
    """Return particles away from the symmetric start."""
    state = initial_state(problem, choice)
    rng = np.random.default_rng(choice.seed)
    state.tau[:] += 0.3 * rng.normal(size=state.tau.shape)
    state.nu[:] += 0.3 * rng.normal(size=state.nu.shape)
    return state


def numerical_velocities(
    flow: Flow, state: State, h: float = 1e-5
) -> tuple[np.ndarray, np.ndarray]:
    """Return minus the scaled gradient of the discrete loss by central differences."""
    scales = (state.tau.shape[1], state.nu.shape[0] * state.nu.shape[2])
    result = []
    for array, scale in zip((state.tau, state.nu), scales, strict=True):
        velocity = np.empty_like(array)
        for index in np.ndindex(array.shape):
            centre = array[index]
            array[index] = centre + h
            above = flow.loss(state)
            array[index] = centre - h
            below = flow.loss(state)
            array[index] = centre
            velocity[index] = -scale * (above - below) / (2 * h)
        result.append(velocity)
    return result[0], result[1]


def agree(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.abs(a - b).max() <= 1e-7 * (1 + np.abs(b).max()))


@settings(deadline=None, max_examples=12)
@given(
    numerics,
    st.sampled_from(["tanh", "gelu"]),
    st.sampled_from([0.0, 0.7, 2.0]),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_velocities_are_the_gradient_of_the_discrete_loss(
    make_problem: MakeProblem, choice: Numerics, name: str, alpha: float, n: int, d: int
) -> None:
    problem = make_problem(n, d, name, alpha, 3.0, seed=choice.seed)
    state = displaced(problem, choice)
    flow = Flow(problem, choice, state.copy())
    evaluation = flow.evaluate(state)
    expected_tau, expected_nu = numerical_velocities(flow, state)
    assert agree(evaluation.d_tau, expected_tau)
    assert agree(evaluation.d_nu, expected_nu)


@pytest.mark.parametrize("name", list(LIBRARY))
def test_any_activation_of_the_library(make_problem: MakeProblem, name: str) -> None:
    problem = make_problem(2, 2, name, 1.3, 2.0)
    choice = Numerics(depth=2, particles=4, decoder_particles=4, initial="iid")
    state = displaced(problem, choice)
    flow = Flow(problem, choice, state.copy())
    evaluation = flow.evaluate(state)
    expected_tau, expected_nu = numerical_velocities(flow, state)
    assert agree(evaluation.d_tau, expected_tau)
    assert agree(evaluation.d_nu, expected_nu)


def test_a_kink_is_refused(make_problem: MakeProblem) -> None:
    problem = replace(make_problem(), activation=activation("relu"))
    choice = Numerics(depth=2, particles=4, decoder_particles=4)
    with pytest.raises(InputError, match="has no second derivative"):
        Flow(problem, choice, initial_state(problem, choice))


def test_a_velocity_of_another_scheme_is_noticed(make_problem: MakeProblem) -> None:
    problem = make_problem(alpha=1.0)
    choice = Numerics(depth=2, particles=8, initial="iid")
    state = displaced(problem, choice)
    flow = Flow(problem, choice, state.copy())
    expected_tau, expected_nu = numerical_velocities(flow, state)
    euler = Flow(
        problem, Numerics(depth=2, particles=8, initial="iid", scheme="euler"), state.copy()
    )
    planted = euler.evaluate(state)
    assert not agree(planted.d_nu, expected_nu)
    assert not agree(-flow.evaluate(state).d_tau, expected_tau)


@settings(deadline=None, max_examples=10)
@given(numerics, st.sampled_from([0.0, 0.7, 2.0]))
def test_residuals_and_loss_follow_the_gram_matrix(
    make_problem: MakeProblem, choice: Numerics, alpha: float
) -> None:
    problem = make_problem(3, 2, "tanh", alpha, 3.0, seed=choice.seed)
    state = displaced(problem, choice)
    flow = Flow(problem, choice, state.copy())
    v = flow.evaluate(state)
    G1, G2 = flow.gram_matrices(state)
    G = alpha**2 * G1 + G2
    h = 1e-5
    ahead = State(state.tau + h * v.d_tau, state.nu + h * v.d_nu)
    behind = State(state.tau - h * v.d_tau, state.nu - h * v.d_nu)
    rate = problem.beta**2 / problem.n
    measured = (flow.residual(ahead) - flow.residual(behind)) / (2 * h)
    assert agree(measured, -rate * G @ v.residual)
    slope = (flow.loss(ahead) - flow.loss(behind)) / (2 * h)
    assert slope == pytest.approx(
        -rate / problem.n * v.residual @ G @ v.residual, rel=1e-6, abs=1e-9
    )
    assert not agree(measured, -rate * (2 * G) @ v.residual)


@pytest.mark.parametrize("scheme", ["midpoint", "euler"])
def test_against_the_network_written_in_symbols(make_problem: MakeProblem, scheme: str) -> None:
    problem = make_problem(2, 1, "tanh", 1.3, 2.0)
    choice = Numerics(depth=1, particles=4, decoder_particles=4, scheme=scheme, initial="iid")  # type: ignore[arg-type]
    state = displaced(problem, choice)
    tau = sp.Matrix(3, 4, lambda i, j: sp.Symbol(f"t{i}{j}"))
    nu = [sp.Matrix(3, 4, lambda i, j, s=s: sp.Symbol(f"n{s}{i}{j}")) for s in range(1)]

    def neurons(P: sp.Matrix, z: sp.Expr) -> sp.Expr:
        return sum(P[0, k] * sp.tanh(P[1, k] * z + P[2, k]) for k in range(4)) / 4

    loss = sp.Integer(0)
    for x, y in zip(problem.X[:, 0], problem.y, strict=True):
        z = sp.Float(x)
        for layer in nu:
            step = sp.Float(problem.alpha)
            inner = z + step / 2 * neurons(layer, z) if scheme == "midpoint" else z
            z = z + step * neurons(layer, inner)
        loss += (problem.beta * neurons(tau, z) - sp.Float(y)) ** 2 / (2 * problem.n)
    symbols = [*tau, *nu[0]]
    values = [*state.tau.ravel(), *state.nu.ravel()]
    gradient = sp.lambdify(symbols, [sp.diff(loss, s) for s in symbols], "math", cse=True)(*values)
    evaluation = Flow(problem, choice, state.copy()).evaluate(state)
    expected = -np.array(gradient) * np.repeat([4, 4], [12, 12])
    found = np.concatenate([evaluation.d_tau.ravel(), evaluation.d_nu.ravel()])
    assert np.allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("initial", ["antithetic", "sobol"])
@pytest.mark.parametrize("particles", [4, 256, 512, 1024])
def test_paired_starts_are_exactly_the_identity(
    make_problem: MakeProblem, initial: str, particles: int
) -> None:
    problem = make_problem(3, 3, "gelu")
    choice = Numerics(depth=2, particles=particles, initial=initial)  # type: ignore[arg-type]
    state = initial_state(problem, choice)
    flow = Flow(problem, choice, state)
    evaluation = flow.evaluate(state)
    assert np.array_equal(flow.features(state), problem.X)
    assert np.array_equal(evaluation.residual, -problem.y)
    assert not evaluation.d_nu.any()
    assert not flow.gram_matrices(state)[0].any()


def test_independent_starts_are_not(make_problem: MakeProblem) -> None:
    problem = make_problem()
    choice = Numerics(depth=2, particles=64, initial="iid")
    state = initial_state(problem, choice)
    assert np.abs(Flow(problem, choice, state).residual(state) + problem.y).min() > 1e-3


def test_gram_matrix_of_the_start_tends_to_its_hermite_series(make_problem: MakeProblem) -> None:
    problem = make_problem(3, 2, "gelu")
    samples = []
    for seed in range(8):
        choice = Numerics(depth=1, particles=4, decoder_particles=2**12, initial="sobol", seed=seed)
        state = initial_state(problem, choice)
        samples.append(Flow(problem, choice, state).gram_matrices(state)[1])
    c = (1 + problem.X @ problem.X.T) / 2
    # Hermite coefficients of s0(sqrt(2) xi) by Gauss-Hermite quadrature
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    s0 = sp.lambdify(X, LIBRARY["gelu"].expr, "scipy")(np.sqrt(2) * nodes)
    exact, hermite = np.zeros_like(c), [np.ones_like(nodes), nodes]
    for r in range(30):
        mu = weights @ (s0 * hermite[r]) / weights.sum()
        exact += (1 + r) * mu**2 * c**r
        hermite.append((nodes * hermite[-1] - np.sqrt(r + 1) * hermite[-2]) / np.sqrt(r + 2))
    error = 4.5 * np.std(samples, axis=0, ddof=1) / np.sqrt(8)
    assert error.max() < 0.02 * exact.max()
    assert np.all(np.abs(np.mean(samples, axis=0) - exact) < error)
    assert not np.all(np.abs(np.mean(samples, axis=0) - exact * c) < error)


def test_frozen_parts_stay(make_problem: MakeProblem) -> None:
    problem = make_problem()
    for part in ("tau", "nu"):
        choice = Numerics(depth=2, particles=16, initial="iid", frozen=frozenset({part}))
        state = initial_state(problem, choice)
        evaluation = Flow(problem, choice, state).evaluate(state)
        still, moving = (evaluation.d_tau, evaluation.d_nu)[:: 1 if part == "tau" else -1]
        assert not still.any()
        assert moving.any()


@pytest.mark.parametrize("name", ["tanh", "gelu"])
def test_entropy_rate_is_the_divergence_of_the_velocity(
    make_problem: MakeProblem, name: str
) -> None:
    """`d/dt KL = E[theta . v - div v]`, with the divergence at a fixed field by differences."""
    problem = make_problem(2, 2, name)
    choice = Numerics(depth=1, particles=8, decoder_particles=8)
    state = displaced(problem, choice)
    flow = Flow(problem, choice, initial_state(problem, choice))
    evaluation = flow.evaluate(state)
    z = flow.features(state)
    eps = problem.beta / problem.n * evaluation.residual
    s0 = sp.lambdify(X, LIBRARY[name].expr, ["scipy", "numpy"])

    def potential(omega: np.ndarray) -> np.ndarray:
        a, w, b = omega[0], omega[1:-1], omega[-1]
        return np.asarray(eps @ (a * s0(z @ w + b)))

    h = 1e-3
    divergence = np.zeros(8)
    for row in range(4):
        e = np.zeros((4, 1))
        e[row] = h
        divergence -= potential(state.tau + e) - 2 * potential(state.tau) + potential(state.tau - e)
    rate = np.mean((state.tau * evaluation.d_tau).sum(axis=0) - divergence / h**2)
    assert evaluation.entropy_rates[0] == pytest.approx(rate, rel=1e-4, abs=1e-5)


def test_gram_matrices_of_many_rows_are_those_of_their_pairs() -> None:
    """An entry belongs to two rows: blocks of few rows, taken by other code, must agree."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(MANY + 6, 3))
    X /= np.linalg.norm(X, axis=1)[:, None]
    y = rng.choice([-1.0, 1.0], size=len(X))
    choice = Numerics(depth=2, particles=8, decoder_particles=12, seed=5)
    whole = Problem(X, y, LIBRARY["tanh"], 0.7, 3.0)
    state = displaced(whole, choice)
    many = Flow(whole, choice, state).gram_matrices(state)
    rows = np.array([0, 5, 17, MANY, MANY + 5])
    part = Problem(X[rows], y[rows], LIBRARY["tanh"], 0.7, 3.0)
    few = Flow(part, choice, state).gram_matrices(state)
    for large, small in zip(many, few, strict=True):
        assert np.abs(small).max() > 0.01
        assert large[np.ix_(rows, rows)] == pytest.approx(small, rel=1e-12, abs=1e-14)
