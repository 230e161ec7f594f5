import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from mfcheck.dynamics.convention import Convention
from mfcheck.dynamics.two_layer import NUMPY, Network, children, full_batch, one_pass
from mfcheck.errors import InputError
from mfcheck.statistics import mean_of, variance_of

Array = NDArray[np.float64]

KNOTS = ((0.0, 0.5, 1.5), (-2.5, -4.0, 7.5))
SLOPES = {
    "identity": np.ones_like,
    "relu": lambda z: (z > 0).astype(float),
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "sigmoid": lambda z: 1 / (2 + 2 * np.cosh(z)),
    "sin": np.cos,
    "arctan": lambda z: 1 / (1 + z * z),
    "erf": lambda z: math.sqrt(2 / math.pi) * np.exp(-z * z / 2),
    "piecewise": lambda z: np.where((z > 0) & (z < 0.5), -3.0, np.where((z > 0.5) & (z < 1.5), 11.5, 0.0)),
}  # fmt: skip


def everything(c: Array, w: Array) -> Array:
    return np.concatenate([c[:, None, :], w], axis=1).reshape(len(c), -1)


def draws(rng: Generator, count: int, d: int) -> tuple[Array, Array]:
    x = rng.standard_normal((count, d))
    return x, np.cos(x[:, 0]) + 0.1 * rng.standard_normal(count)


def loop(
    network: Network, rule: Convention, c: Array, w: Array, x: Array, y: Array, schedule: Array
) -> Array:
    """The same training in plain NumPy, w (N, d), from the formula in the docstring of the convention."""
    slope, N, d = SLOPES[network.activation], network.width, network.dimension
    x = x * d**-rule.input_power
    for k in range(len(y)):
        s = rule.step * N**-rule.step_power * d**-rule.step_dimension_power * schedule[k]
        z = w @ x[k]
        e = y[k] - N**-rule.output_power * np.sum(c * network.sigma(z))
        rate = 2 * rule.loss_factor * rule.gradient_factor * s * e
        keep = 1 - 2 * rule.decay * s
        keep_c = keep if rule.outer_factor else 1
        new = keep_c * c + rule.outer_factor * rate * network.sigma(z)
        outer = new if rule.order == "gauss-seidel" else c
        w = keep * w + rule.hidden_factor * rate * np.outer(outer * slope(z), x[k])
        c = new
    return np.concatenate([c[None], w.T]).ravel()


RULES = {
    "plain": Convention(step=0.1),
    "decay": Convention(decay=0.3, loss_factor=1, step_power=0, step=0.01),
    "order": Convention(order="gauss-seidel", step=0.1),
    "frozen": Convention(outer_factor=0, input_power=0.5, step_dimension_power=0.25, decay=0.1),
}


@pytest.mark.parametrize("activation", [*NUMPY, "piecewise"])
@pytest.mark.parametrize("rule", RULES)
def test_equals_the_loop_in_numpy(activation: str, rule: str) -> None:
    for N, d in ((1, 1), (21, 3), (40, 9)):
        network = Network(activation, N, d, KNOTS if activation == "piecewise" else None)
        schedule = np.linspace(1, 2, 57)

        def start(rng: Generator, N: int = N, d: int = d) -> tuple[Array, Array]:
            return rng.standard_normal(N), rng.standard_normal((N, d))

        found = one_pass(
            network, RULES[rule], start, lambda rng, n, d=d: draws(rng, n, d), [0, 57], everything,
            replicates=3, seed=5, schedule=schedule,
        )  # fmt: skip
        for r, seed in enumerate(SeedSequence(5).spawn(3)):
            rng = np.random.default_rng(seed)
            c, w = start(rng)
            x, y = draws(rng, 57, d)
            assert np.array_equal(found[r, 0], np.concatenate([c[None], w.T]).ravel())
            expected = loop(network, RULES[rule], c, w, x, y, schedule)
            assert np.allclose(found[r, 1], expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("activation", [*NUMPY, "piecewise"])
@pytest.mark.parametrize("order", ["simultaneous", "gauss-seidel"])
def test_full_batch_is_gradient_descent(activation: str, order: str) -> None:
    N, d, n = 21, 3, 5
    network = Network(activation, N, d, KNOTS if activation == "piecewise" else None)
    rule = Convention(step=0.7, decay=0.2, order=order)  # type: ignore[arg-type]
    weights = np.linspace(0.5, 1, n)

    def start(rng: Generator) -> tuple[Array, Array]:
        return rng.standard_normal(N), rng.standard_normal((N, d))

    found = full_batch(
        network, rule, start, lambda rng: draws(rng, n, d), [31], everything,
        replicates=2, seed=5, weights=weights,
    )  # fmt: skip
    for r, seed in enumerate(SeedSequence(5).spawn(2)):
        rng = np.random.default_rng(seed)
        c, w = start(rng)
        x, y = draws(rng, n, d)
        for _ in range(31):
            z = w @ x.T
            e = weights * (y - c @ network.sigma(z) / N)
            keep, rate = 1 - 2 * 0.2 * 0.7 / N, 0.7 / N
            new = keep * c + rate * network.sigma(z) @ e
            outer = new if order == "gauss-seidel" else c
            w = keep * w + rate * (outer[:, None] * SLOPES[activation](z) * e) @ x
            c = new
        assert np.allclose(
            found[r, 0], np.concatenate([c[None], w.T]).ravel(), rtol=1e-11, atol=1e-11
        )


def test_results_do_not_depend_on_threads_marks_or_other_replicates() -> None:
    network, rule = Network("tanh", 30, 2), Convention(noise_factor=0.1)

    def run(threads: int, steps: list[int], replicates: int = 300) -> Array:
        return one_pass(
            network, rule, lambda rng: (rng.random(30), rng.random((30, 2))),
            lambda rng, n: draws(rng, n, 2), steps, lambda c, w: np.mean(c * w[:, 0], axis=1),
            replicates=replicates, seed=SeedSequence(3), threads=threads,
        )  # fmt: skip

    whole = run(1, [40])
    assert np.array_equal(whole, run(2, [40]))
    assert np.array_equal(whole, run(3, [40]))
    assert len(np.unique(whole)) == 300


def test_samples_do_not_depend_on_marks() -> None:
    def run(steps: list[int]) -> Array:
        return one_pass(
            Network("sin", 9), Convention(), lambda rng: (rng.random(9), rng.random(9)),
            lambda rng, n: draws(rng, n, 1), steps, everything, replicates=7, seed=1,
        )  # fmt: skip

    assert np.array_equal(run([50])[:, -1], run([3, 3, 20, 49, 50])[:, -1])


# --- the exactly solvable instance: identity activation, x uniform on {1, 2}, y = 3x/2 +- 1/2 ---
ALPHA, SLOPE, C_MAX, W_MAX, Q = 0.5, 1.5, 1.0, 2.0, 2.5
C_MM = 0.2144199578199923564
"""Limit of N Var m, by the quadrature of closed forms on the sheet."""


def riccati(time: float, alpha: float = ALPHA) -> tuple[float, float, float]:
    """E c^2, E cw, E w^2 of the limit, in closed form."""
    P = C_MAX**2 / 3 + W_MAX**2 / 3 + C_MAX * W_MAX / 2
    M = C_MAX**2 / 3 + W_MAX**2 / 3 - C_MAX * W_MAX / 2
    S = math.sqrt(4 * SLOPE**2 + P * M)
    up, low = (2 * SLOPE + S) / P, (2 * SLOPE - S) / P
    U = (1 - up) / (1 - low) * math.exp(-alpha * Q * S * time)
    Z = (up - low * U) / (1 - U)
    total, gap = (P * Z + M / Z) / 2, (C_MAX**2 - W_MAX**2) / 3
    return (total + gap) / 2, (P * Z - M / Z) / 4, (total - gap) / 2


def sample(rng: Generator, n: int) -> tuple[Array, Array]:
    x = rng.integers(1, 3, n).astype(float)
    return x, SLOPE * x + 0.5 * (2 * rng.integers(0, 2, n) - 1)


def moments(c: Array, w: Array) -> Array:
    v = w[:, 0]
    return np.stack([np.mean(c * c, 1), np.mean(c * v, 1), np.mean(v * v, 1)], axis=1)


def train(rule: Convention, N: int, replicates: int, time: float = 1.0) -> Array:
    return one_pass(
        Network("identity", N), rule, lambda rng: (C_MAX * rng.random(N), W_MAX * rng.random(N)),
        sample, [rule.steps(time, N)], moments, replicates=replicates, seed=20,
    )[:, 0]  # fmt: skip


def test_limit_and_plateau_of_the_solvable_instance() -> None:
    N = 200
    found = train(Convention(step=ALPHA), N, 4000)
    for k, expected in enumerate(riccati(1.0)):
        # four standard errors, and a bias of order 1/N
        mean = mean_of(found[:, k])
        assert abs(mean.value - expected) < 2 * mean.error + 1 / N
    plateau = variance_of(found[:, 1])
    assert abs(N * plateau.value - C_MM) < 2 * N * plateau.error + 2 / N


def test_conserved_difference_of_moments() -> None:
    found = train(Convention(step=ALPHA), 100, 400)
    start = train(Convention(step=ALPHA), 100, 400, time=0.0)
    drift = (found - start)[:, 0] - (found - start)[:, 2]
    assert np.max(np.abs(drift)) < 0.1
    assert np.max(np.abs(found[:, 1] - start[:, 1])) > 0.5


@pytest.mark.parametrize(
    ("planted", "level"),
    [
        ({"step_power": 2}, 0.5),
        ({"loss_factor": 1}, None),
        ({"clock_power": 0}, 0.5),
    ],
)
def test_planted_factors_show(planted: dict[str, float], level: float | None) -> None:
    wrong = mean_of(train(replace(Convention(step=ALPHA), **planted), 200, 500)[:, 1])  # type: ignore[arg-type]
    assert abs(wrong.value - riccati(1.0)[1]) > 2 * wrong.error + 1 / 200
    # where the wrong rule ends up is known too: at the start, or where twice the step does
    expected = riccati(1.0, 2 * ALPHA)[1] if level is None else level
    assert abs(wrong.value - expected) < 2 * wrong.error + 0.03


def test_sign_error_in_the_hidden_layer_conserves_the_other_invariant() -> None:
    rule = Convention(step=ALPHA, hidden_factor=-1)
    change = train(rule, 200, 50) - train(rule, 200, 50, time=0.0)
    assert np.max(np.abs(change[:, 0] + change[:, 2])) < 0.05
    assert np.min(np.abs(change[:, 0] - change[:, 2])) > 0.1


def test_gauss_seidel_is_no_error() -> None:
    found = mean_of(train(Convention(step=ALPHA, order="gauss-seidel"), 200, 2000)[:, 1])
    assert abs(found.value - riccati(1.0)[1]) < 2 * found.error + 1 / 200


@pytest.mark.parametrize(("factor", "variance"), [(4.0, 0.5), (2.0, 0.25)])
def test_langevin_variance(factor: float, variance: float) -> None:
    """The ridge term alone: a linear chain of stationary variance `c / (4 lam beta (1 - lam s))`."""
    lam, beta, s = 0.5, 4.0, 0.05
    rule = Convention(
        step=s, step_power=0, decay=lam, noise_factor=factor, beta=beta, outer_factor=0, loss_factor=1
    )  # fmt: skip
    found = one_pass(
        Network("identity", 64, 2), rule, lambda rng: (np.zeros(64), rng.standard_normal((64, 2))),
        lambda rng, n: (np.zeros((n, 2)), np.zeros(n)), [300], lambda c, w: np.mean(w**2, axis=(1, 2)),
        replicates=200, seed=8,
    )[:, 0, 0]  # fmt: skip
    estimate = mean_of(found)
    assert estimate.error < 0.01
    assert abs(estimate.value - variance / (1 - lam * s)) < 2 * estimate.error


def test_outputs() -> None:
    rng, rule = np.random.default_rng(0), Convention(input_power=0.5)
    c, w, x = rng.random((2, 5)), rng.random((2, 3, 5)), rng.random((4, 3))
    found = Network("erf", 5, 3).outputs(rule, c, w, x)
    for r in range(2):
        for n in range(4):
            z = [sum(x[n, j] * w[r, j, i] for j in range(3)) / math.sqrt(3) for i in range(5)]
            expected = sum(c[r, i] * math.erf(z[i] / math.sqrt(2)) for i in range(5)) / 5
            assert found[r, n] == pytest.approx(expected, rel=1e-14)


def test_refusals() -> None:
    for arguments in (("swish", 3), ("tanh", 0), ("piecewise", 3), ("tanh", 3, 1, KNOTS),
                      ("piecewise", 3, 1, ((0.0, 0.0), (1.0, 2.0)))):  # fmt: skip
        with pytest.raises(InputError):
            Network(*arguments)  # type: ignore[arg-type]

    def run(steps: list[int], labels: int) -> None:
        one_pass(
            Network("tanh", 3, 2), Convention(), lambda rng: (rng.random(3), rng.random((3, 2))),
            lambda rng, n: (np.zeros((n, 2)), np.zeros(n + labels)), steps, moments,
            replicates=2, seed=0,
        )  # fmt: skip

    for steps, labels in (([], 0), ([3, 2], 0), ([-1], 0), ([5], 1)):
        with pytest.raises(InputError):
            run(steps, labels)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("outer", [0, 1])
def test_noisy_steps_equal_the_loop_in_numpy(batch: bool, outer: int) -> None:
    """Every coordinate that is trained gets its own normal, with variance c s xi / beta; the others stay."""
    N, d, n = 5, 2, 6
    rule = Convention(
        loss_factor=1, step=0.1, step_power=0, noise_factor=3, beta=2, decay=0.4, outer_factor=outer
    )
    schedule = np.linspace(0.5, 1, n)

    def start(rng: Generator) -> tuple[Array, Array]:
        return rng.standard_normal(N), rng.standard_normal((N, d))

    common = {"replicates": 1, "seed": 9, "schedule": schedule}
    network = Network("tanh", N, d)
    if batch:
        found = full_batch(
            network, rule, start, lambda rng: draws(rng, 1, d), [n], everything, **common  # type: ignore[arg-type]
        )  # fmt: skip
    else:
        found = one_pass(
            network, rule, start, lambda rng, k: draws(rng, k, d), [n], everything, **common  # type: ignore[arg-type]
        )  # fmt: skip
    (child,) = SeedSequence(9).spawn(1)
    rng = np.random.default_rng(child)
    normals = np.random.default_rng(child.spawn(1)[0]).standard_normal((n, 1 + d, 8))[:, :, :N]
    c, w = start(rng)
    x, y = draws(rng, 1 if batch else n, d)
    for k in range(n):
        s = 0.1 * schedule[k]
        at = x[0 if batch else k]
        h = np.tanh(w @ at)
        e = 2 * s * (y[0 if batch else k] - c @ h / N)
        spread = math.sqrt(3 * s / 2)
        w = (1 - 0.8 * s) * w + e * np.outer(c * (1 - h * h), at) + spread * normals[k, 1:].T
        if outer:
            c = (1 - 0.8 * s) * c + e * h + spread * normals[k, 0]
    assert np.allclose(found[0, 0], np.concatenate([c[None], w.T]).ravel(), rtol=1e-12, atol=1e-12)


def test_a_generator_gives_new_replicates_at_each_call() -> None:
    rng = np.random.default_rng(1)
    first, second = ([s.generate_state(2).tolist() for s in children(rng, 2)] for _ in range(2))
    assert first != second
    assert first == [s.generate_state(2).tolist() for s in children(np.random.default_rng(1), 2)]
    again = SeedSequence(4)
    assert children(again, 1)[0].spawn_key == children(again, 1)[0].spawn_key
