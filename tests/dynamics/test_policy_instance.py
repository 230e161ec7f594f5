"""The two-state decision process of the policy-gradient sheet: three tools of this room against each other."""

import numpy as np
import pytest

from mfcheck.dynamics.first_variation import check_first_variation
from mfcheck.dynamics.fokker_planck import FokkerPlanck, free_energy
from mfcheck.dynamics.gibbs import Gibbs, line

P = np.array([[[0.7, 0.3], [0.2, 0.8]], [[0.4, 0.6], [0.9, 0.1]]])
R = np.array([[1, 0], [0.2, 0.6]])
PHI, PSI = np.array([[1, -1], [0.5, 1.5]]), np.array([[0.2, -0.1], [0, 0.3]])
GAMMA, TAU, SIGMA = 0.8, 0.3, 1.0


def features(theta):
    return np.tanh(PHI.ravel()[:, None] * theta + PSI.ravel()[:, None])


def solve(z):
    """Value from the uniform start, and the coefficients of f in the first variation, both at averages z (4,)."""
    w = np.exp(z.reshape(2, 2))
    pi = w / w.sum(axis=1, keepdims=True)
    cost = R - TAU * np.log(2 * pi)
    kernel = np.einsum("sa,sat->st", pi, P)
    V = np.linalg.solve(np.eye(2) - GAMMA * kernel, np.sum(pi * cost, axis=1))
    d = (1 - GAMMA) * np.linalg.solve(np.eye(2) - GAMMA * kernel.T, np.full(2, 0.5))
    Q = cost + GAMMA * P @ V
    advantage = Q - np.sum(pi * Q, axis=1, keepdims=True)
    return V.mean(), (d[:, None] * pi * advantage / (1 - GAMMA)).ravel()


def slopes(z):
    """dc/dz by central differences: Newton's method needs no more."""
    columns = [(solve(z + h)[1] - solve(z - h)[1]) / 2e-5 for h in 1e-5 * np.eye(4)]
    return -np.stack(columns, axis=1)


@pytest.fixture(scope="module")
def optimum():
    x, log_base = line(10, 2001)
    return x, Gibbs(
        log_base - x**2 / 2 - np.log(2 * np.pi) / 2, 0 * x, features(x), lambda z: -solve(z)[1], slopes,
        SIGMA**2 / 2, lambda z: -solve(z)[0],
    ).solve()  # fmt: skip


def test_policy_gradient_in_measure_space():
    x, log_weights = line(10, 801)
    weights = np.exp(log_weights - x**2 / 2)
    weights /= weights.sum()
    found = check_first_variation(
        lambda p, w: solve(features(p[:, 0]) @ w)[0],
        lambda p: solve(features(x) @ weights)[1] @ features(p[:, 0]),
        x[:, None], weights, np.array([[0.7], [-1.0]]),
    )  # fmt: skip
    assert all(one.holds(1e-8) for one in found)
    assert found[0].claimed.value == pytest.approx(0.898873331335026, abs=1e-12)


def test_optimum(optimum):
    x, law = optimum
    value, mean = solve(law.z)[0], law.mean(x)
    assert value == pytest.approx(3.032881185468972, abs=1e-12)
    assert -law.free_energy == pytest.approx(2.841396092733072, abs=1e-12)
    assert law.relative_entropy == pytest.approx(0.382970185471800, abs=1e-12)
    assert mean.value == pytest.approx(0.795035147867237, abs=1e-12)


def test_flow_reaches_the_optimum(optimum):
    nodes, law = optimum
    x = np.linspace(-9, 9, 1201)

    def drift(x, z):
        c = solve(z)[1].reshape(4, *(1 for _ in range(x.ndim)))
        shape = PHI.reshape(4, *(1 for _ in range(x.ndim)))
        inner = shape * x + PSI.reshape(shape.shape)
        return np.sum(c * shape * (1 - np.tanh(inner) ** 2), axis=0) - SIGMA**2 / 2 * x

    equation = FokkerPlanck(x, drift, lambda x: np.full_like(x, SIGMA), features)
    start = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    found = equation.evolve_to(start, [0.5, 1.0, 2.0, 4.0], steps=25)
    mean, error = found.mean(x)
    # Values of the sheet, to the 2e-4 that it states.
    assert np.all(np.abs(mean - [0.3374, 0.5254, 0.6951, 0.7796]) < 2e-4 + error)
    assert error.max() < 1e-4
    potential = SIGMA**2 / 2 * (x**2 / 2 + np.log(2 * np.pi) / 2)
    energies = [
        -free_energy(g, equation.h, potential, SIGMA**2 / 2, -solve(equation.averages(g))[0])
        for g in (start, *found.raw)
    ]
    assert np.all(np.diff(energies) > 0)
    last = equation.stationary(start)
    assert equation.mean(last, x) == pytest.approx(law.mean(nodes).value, abs=1e-9)
