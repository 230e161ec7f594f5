from dataclasses import replace

import numpy as np
import pytest
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from mfcheck.dynamics.refine import plateau
from mfcheck.dynamics.three_layer import Layers, ThreeLayer, train
from mfcheck.errors import InputError
from mfcheck.statistics import mean_of

Array = NDArray[np.float64]
ONE = (np.array([1.0]), np.array([1.0]))


def uniform(N: int, spread: float = 0.0):
    """The instance of the sheet: a ~ U(0, 2), w ~ U(0, 1), entries of mean 1/2."""

    def start(rng: Generator) -> Layers:
        W = 0.5 + spread * rng.standard_normal((N, N))
        return rng.random((N, 1)), W, 2 * rng.random(N)

    return start


def output(layers: Layers) -> list[float]:
    w, W, a = layers
    return [float(w[:, 0] @ W @ a) / W.size, float(a @ a / len(a) - np.sum(W**2) / W.size)]


@pytest.mark.parametrize(
    "activations", [("identity", "identity"), ("tanh", "tanh"), ("tanh", "identity")]
)
def test_euler_steps_are_gradient_descent(activations: tuple[str, str]) -> None:
    """Against central differences of the loss, with the factors of the layers."""
    network = ThreeLayer((4, 3), 2, activations, inner_power=0.7, first=0.5, middle=2.0, last=3.0)
    x, y = np.random.default_rng(1).standard_normal((5, 2)), np.arange(5.0)

    def start(rng: Generator) -> Layers:
        return rng.standard_normal((4, 2)), rng.standard_normal((4, 3)), rng.standard_normal(3)

    def flat(layers: Layers) -> Array:
        return np.concatenate([part.ravel() for part in layers])

    found = train(
        network, start, (x, y), [0, 0.01], flat, replicates=2, seed=4, step=0.01, scheme="euler"
    )
    for r, child in enumerate(SeedSequence(4).spawn(2)):
        theta = flat(start(np.random.default_rng(child)))
        assert np.array_equal(found[r, 0], theta)

        def loss(v: Array) -> float:
            layers = v[:8].reshape(4, 2), v[8:20].reshape(4, 3), v[20:]
            return 0.5 * float(np.mean((y - network.outputs(layers, x)) ** 2))

        slope = [(loss(theta + 1e-5 * e) - loss(theta - 1e-5 * e)) / 2e-5 for e in np.eye(23)]
        factor = np.concatenate([np.full(8, 0.5 * 4), np.full(12, 2.0 * 12), np.full(3, 3.0 * 3)])
        assert np.allclose(found[r, 1], theta - 0.01 * factor * slope, atol=1e-9)


def test_mean_and_plateau_of_the_solvable_instance() -> None:
    N, R = 80, 1500
    for spread in (0.0, 1.0):
        found = train(
            ThreeLayer((N, N)), uniform(N, spread), ONE, [1.0], output, replicates=R, seed=5
        )[:, 0, 0]
        mean, spread_of = mean_of(found), plateau(found, N)
        assert abs(mean.value - 0.8768083064048) < 2 * mean.error + 1 / N
        assert abs(spread_of.value - 0.0394433315886) < 2 * spread_of.error + 0.3 / N
        assert spread_of.error < 0.1 * spread_of.value


def test_conserved_difference_and_order_of_the_scheme() -> None:
    found = train(ThreeLayer((20, 20)), uniform(20), ONE, [0, 2], output, replicates=3, seed=5)
    assert np.allclose(found[:, 0, 1], found[:, 1, 1], atol=1e-8)
    rough, fine, finest = (
        train(ThreeLayer((20, 20)), uniform(20), ONE, [1.0], output, replicates=1, seed=5, step=h)[0, 0, 0]
        for h in (0.1, 0.05, 0.0125)
    )  # fmt: skip
    assert 12 < (rough - finest) / (fine - finest) < 20


def test_planted_factors_show() -> None:
    N = 60
    forgotten = ThreeLayer((N, N), middle=1 / N**2)
    found = mean_of(
        train(forgotten, uniform(N), ONE, [1.0], output, replicates=200, seed=6)[:, 0, 0]
    )
    # frozen middle layer: the value of the sheet
    assert abs(found.value - 0.50806) < 2 * found.error + 1 / N
    twice = replace(ThreeLayer((N, N)), loss_factor=1.0)
    fast = train(twice, uniform(N), ONE, [0.5], output, replicates=3, seed=6)
    slow = train(ThreeLayer((N, N)), uniform(N), ONE, [1.0], output, replicates=3, seed=6)
    assert np.allclose(fast, slow, atol=1e-6)
    # kernel scaling: the spread of the output does not fall with the width
    kernel = [
        np.var(train(ThreeLayer((n, n), inner_power=0.5), uniform(n, 1.0), ONE, [0.0],
                     lambda v, n=n: [output(v)[0] * n**0.5], replicates=300, seed=7)) for n in (20, 80)
    ]  # fmt: skip
    assert kernel[1] > 0.5 * kernel[0]


def test_results_do_not_depend_on_threads() -> None:
    runs = [
        train(ThreeLayer((9, 9)), uniform(9), ONE, [0.5], output, replicates=20, seed=8, threads=k)
        for k in (1, 3)
    ]
    assert np.array_equal(*runs)


def test_refusals() -> None:
    for wrong in ({"widths": (0, 1)}, {"widths": (1, 1), "activations": ("relu", "tanh")}):
        with pytest.raises(InputError):
            ThreeLayer(**wrong)  # type: ignore[arg-type]
    net = ThreeLayer((3, 3))
    for start, data, times in (
        (uniform(4), ONE, [1.0]),
        (uniform(3), (np.ones(2), np.ones(1)), [1.0]),
        (uniform(3), ONE, [1.0, 0.5]),
    ):
        with pytest.raises(InputError):
            train(net, start, data, times, output, replicates=1, seed=0)
