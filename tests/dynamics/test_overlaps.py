import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from mfcheck.dynamics.convention import Convention
from mfcheck.dynamics.overlaps import (
    Rule,
    covariance,
    evolve,
    i2,
    i3,
    i4,
    j2,
    one_student,
    overlaps_of,
    risk,
    rule,
    velocity,
    weights,
)
from mfcheck.dynamics.two_layer import Network, one_pass
from mfcheck.errors import InputError
from mfcheck.statistics import mean_of

Array = NDArray[np.float64]

REFERENCE = {
    0: 0.0612152926, 1: 0.0374764319, 2: 0.0234154435, 3: 0.0151774653, 5: 0.0075004966,
    10: 0.0036082684, 20: 0.0032190722, 100: 0.0028542618,
}  # fmt: skip
"""Risk of the official code at these times, all digits that it prints."""


def some(n: int, seed: int) -> Array:
    A = np.random.default_rng(seed).standard_normal((n, n + 1))
    return A @ A.T / (n + 1)


def gauss(C: Array, nodes: int) -> tuple[Array, list[Array]]:
    """Weights and points of a product rule for the centred Gaussian law with covariance C."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    n = len(C)
    z = np.stack([a.ravel() for a in np.meshgrid(*[x] * n, indexing="ij")])
    weight = np.prod(np.meshgrid(*[w] * n, indexing="ij"), axis=0).ravel() / (2 * math.pi) ** (
        n / 2
    )
    return weight, list(np.linalg.cholesky(C) @ z)


def phi(z: Array) -> Array:
    return np.asarray(special.erf(z / math.sqrt(2)))


def slope(z: Array) -> Array:
    return math.sqrt(2 / math.pi) * np.exp(-z * z / 2)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_integrals_equal_quadrature(seed: int) -> None:
    C = 0.4 * some(4, seed)
    weight, (a, b) = gauss(C[:2, :2], 60)
    assert i2(C[:2, :2]) == pytest.approx(weight @ (phi(a) * phi(b)), abs=1e-9)
    assert j2(C[:2, :2]) == pytest.approx(weight @ (slope(a) * slope(b)), abs=1e-9)
    weight, (a, b, c) = gauss(C[:3, :3], 40)
    assert i3(C[:3, :3]) == pytest.approx(weight @ (slope(a) * b * phi(c)), abs=1e-7)
    weight, (a, b, c, d) = gauss(C, 26)
    assert i4(C) == pytest.approx(weight @ (slope(a) * slope(b) * phi(c) * phi(d)), abs=1e-6)


def brute(C: Array, p: int, r: Rule) -> tuple[Array, Array]:
    """The equations as the docstring has them, term by term."""
    n = len(C)
    g = weights(r, p, n - p)

    def at(*units: int) -> Array:
        return C[np.ix_(units, units)]

    Q, M = np.zeros((p, p)), np.zeros((p, n - p))
    for j in range(p):
        for t in range(n - p):
            M[j, t] = -r.first * sum(g[a] * i3(at(j, p + t, a)) for a in range(n))
        for m in range(p):
            pull = sum(g[a] * (i3(at(j, m, a)) + i3(at(m, j, a))) for a in range(n))
            four = sum(g[a] * g[b] * i4(at(j, m, a, b)) for a in range(n) for b in range(n))
            Q[j, m] = -r.first * pull + r.second * four + r.label * j2(at(j, m))
    return Q, M


@pytest.mark.parametrize(("p", "k"), [(1, 1), (2, 1), (3, 2), (5, 4), (7, 2)])
def test_velocity_is_the_sum_of_its_terms(p: int, k: int) -> None:
    C = some(p + k, 10 * p + k)
    r = rule(p, k, 1.7, 0.03)
    Q, M = velocity(C[:p, :p], C[:p, p:], C[p:, p:], r)
    expected = brute(C, p, r)
    assert np.allclose(Q, expected[0], rtol=1e-11, atol=1e-13)
    assert np.allclose(M, expected[1], rtol=1e-11, atol=1e-13)


def test_perfect_alignment_is_stationary() -> None:
    Q, M = velocity(1.3, 1.3, 1.3, rule(1, 1, 1.0, 0.0))
    assert abs(Q[0, 0]) < 1e-14
    assert abs(M[0, 0]) < 1e-14
    assert risk(1.3, 1.3, 1.3, rule(1, 1, 1.0, 0.0)) == pytest.approx(0, abs=1e-15)


def start() -> tuple[Array, Array, Array]:
    rng = np.random.RandomState(0)  # the reference was drawn so
    W = rng.randn(8, 2000)
    W *= math.sqrt(2000) / np.linalg.norm(W, axis=1, keepdims=True)
    return overlaps_of(W, rng.randn(4, 2000))


def test_reference_trajectory_to_all_printed_digits() -> None:
    path = evolve(*start(), rule(8, 4, 8, 1e-3), 1 / 2000, [2000 * t for t in REFERENCE])
    assert [f"{x:.10f}" for x in path.risk] == [f"{x:.10f}" for x in REFERENCE.values()]


def test_scalar_equations_and_both_schemes() -> None:
    full = rule(1, 1, 1.0, 1e-3)
    green = replace(full, second=0.0, label=0.0)
    orange = replace(full, first=0.0)
    path = evolve(1, 0.2, 1, full, 1e-2, [500], "rk4")
    assert path.Q[0, 0, 0] == pytest.approx(0.8428037138620, abs=1e-9)
    assert path.M[0, 0, 0] == pytest.approx(0.8649656646459, abs=1e-9)
    assert path.risk[0] == pytest.approx(0.0203223232940, abs=1e-9)
    assert evolve(1, 0.2, 1, green, 1e-2, [500], "rk4").risk[0] == pytest.approx(
        0.0070966671402, abs=1e-9
    )
    held = evolve(1, 0.2, 1, orange, 1e-2, [500], "rk4")
    assert held.Q[0, 0, 0] == pytest.approx(1.7585066461403, abs=1e-9)
    assert held.M[0, 0, 0] == 0.2
    slow = evolve(1, 0.2, 1, full, 1e-4, [50_000])
    assert slow.risk[0] == pytest.approx(path.risk[0], abs=1e-5)
    assert abs(slow.risk[0] - path.risk[0]) > 1e-9


@pytest.mark.parametrize(
    "planted", [{"label": 1e-3}, {"teachers": 1.0}, {"second": 2.0}, {"first": 2.0}]
)
def test_planted_coefficients_show(planted: dict[str, float]) -> None:
    right = evolve(1, 0.2, 1, rule(1, 1, 0.5, 1e-3), 1e-2, [500], "rk4").risk[0]
    wrong = evolve(1, 0.2, 1, replace(rule(1, 1, 0.5, 1e-3), **planted), 1e-2, [500], "rk4").risk[0]
    assert abs(wrong - right) > 1e-4


def test_stochastic_gradient_descent_follows_the_equations() -> None:
    """The engine of networks against the closed equations, p = 2, k = 1, at dimension 200."""
    p, d, gamma, noise = 2, 200, 1.0, 0.01
    teacher = np.ones(d)
    rate = Convention(
        step=gamma, clock=1 / gamma, clock_dimension_power=1, input_power=0.5, outer_factor=0
    )

    def neurons(rng: np.random.Generator) -> tuple[Array, Array]:
        W = rng.standard_normal((p, d))
        W[:, 0] += 1  # so that both overlaps are generic
        W[1] *= 0.5
        return np.ones(p), W

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        x = rng.standard_normal((n, d))
        field = phi(x @ teacher / math.sqrt(d))
        return x, field + math.sqrt(noise) * rng.standard_normal(n)

    def observe(c: Array, w: Array) -> Array:
        Q = np.einsum("rdi,rdj->rij", w, w) / d
        return np.concatenate([Q.reshape(len(c), -1), np.einsum("rdi->ri", w) / d], axis=1)

    # the clock counts p d / gamma steps in a unit of time
    found = one_pass(
        Network("erf", p, d), rate, neurons, sample, [0, rate.steps(2.0, p, d)], observe,
        replicates=200, seed=4,
    )  # fmt: skip
    mean0 = found[:, 0].mean(axis=0)
    # the equations' time counts d steps a unit for the coefficients gamma/p and its square
    path = evolve(
        mean0[:4].reshape(2, 2), mean0[4:].reshape(2, 1), 1.0, rule(p, 1, gamma, noise), 0.01,
        [round(100 * rate.steps(2.0, p, d) / d)], "rk4",
    )  # fmt: skip
    expected = np.concatenate([path.Q[0].ravel(), path.M[0].ravel()])
    for k, value in enumerate(expected):
        estimate = mean_of(found[:, 1, k])
        assert abs(estimate.value - value) < 2 * estimate.error + 3 / d


def test_refusals() -> None:
    with pytest.raises(InputError):
        covariance(np.eye(2), np.ones((1, 2)), np.eye(2))
    with pytest.raises(InputError):
        evolve(1, 0, 1, rule(1, 1, 1, 0), 0.1, [2, 1])


def test_the_chain_of_overlaps_has_the_law_of_sgd() -> None:
    d, marks, count = 20, [40, 80], 4000
    teacher = np.sqrt(d) * np.eye(d)[0]

    def start(rng: np.random.Generator) -> tuple[Array, Array]:
        return np.ones(1), np.sqrt(d) * (0.2 * np.eye(d)[0] + np.sqrt(0.96) * np.eye(d)[1])[None]

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        x = rng.standard_normal((n, d))
        return x, special.erf(x @ teacher / np.sqrt(2 * d)) + 0.1 * rng.standard_normal(n)

    def observe(c: Array, w: Array) -> Array:
        return np.stack([np.sum(w[:, :, 0] ** 2, axis=1) / d, w[:, :, 0] @ teacher / d], axis=1)

    rule = Convention(step=1.5, outer_factor=0, input_power=0.5)
    network = Network("erf", 1, d)
    full = one_pass(network, rule, start, sample, marks, observe, replicates=count, seed=1)
    chain = one_student(1.0, 0.2, 1.0, d, count, np.random.default_rng(2), marks, 1.5, 0.01)
    for statistic in (lambda v: v, lambda v: v**2):
        a, b = statistic(full), statistic(chain)
        error = np.sqrt(a.var(axis=0) / count + b.var(axis=0) / count)
        assert np.all(np.abs(a.mean(axis=0) - b.mean(axis=0)) < 4.5 * error)


def test_a_chain_needs_room_for_both_vectors() -> None:
    with pytest.raises(InputError, match="d >= 3"):
        one_student(1.0, 0.2, 1.0, 2, 1, np.random.default_rng(0), [1], 1.0, 0.0)
