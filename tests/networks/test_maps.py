"""Derivatives of every layer kind against differences of the forward pass alone, and against one another."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.networks import (
    BatchNorm,
    Chain,
    Gate,
    Map,
    Network,
    Residual,
    dense,
    dense_orthogonal,
    dense_stable,
    log_gradient_norms,
    pointwise,
    redrawn,
    ring,
    ring_delta_orthogonal,
    squared_norms,
    stair,
    weight_norm,
)
from mfcheck.symbolic.activation import activation

Array = NDArray[np.float64]
R, N, B, P = 2, 5, 4, 6
tanh = pointwise(activation("tanh"))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def gate(g: np.random.Generator) -> Map:
    drive, z = g.standard_normal((2, R, N, B))
    return Gate(g.standard_normal((R, N, N)), drive, z)


KINDS: dict[str, Callable[[np.random.Generator], Map]] = {
    "tanh": lambda g: tanh,
    "softplus": lambda g: pointwise(activation("softplus")),
    "dense": lambda g: dense(g, R, N, 3, sigma_w=1.3, sigma_b=0.2),
    "orthogonal": lambda g: dense_orthogonal(g, R, N, 7, sigma_w=1.3, sigma_b=0.2),
    "stable": lambda g: dense_stable(g, R, N, alpha=1.5, sigma_w=1.0, sigma_b=0.3),
    "weight norm": lambda g: weight_norm(g, R, N, 3, gain=1.4),
    "batch norm": lambda g: BatchNorm(),
    "regularised batch norm": lambda g: BatchNorm(0.3),
    "gate": gate,
    "chain": lambda g: Chain([tanh, dense(g, R, N, sigma_w=1.0, sigma_b=0.1), BatchNorm()]),
    "reduced residual": lambda g: Residual(Chain([dense(g, R, N, sigma_w=1.0), tanh])),
    "full residual": lambda g: Residual(
        Chain([dense(g, R, N, sigma_w=1.0), tanh, dense(g, R, N, sigma_w=0.7, sigma_b=0.1)])
    ),
    "redrawn": lambda g: redrawn(g, lambda h: Chain([dense(h, R, N, sigma_w=1.0), tanh])),
}
RINGS: dict[str, Callable[[np.random.Generator], Map]] = {
    "ring": lambda g: ring(g, R, N, 3, taps=3, sigma_w=1.1, sigma_b=0.2),
    "uneven ring": lambda g: ring(g, R, N, taps=[0.1, 0.2, 0.4, 0.3, 0.0], sigma_w=1.1),
    "delta ring": lambda g: ring_delta_orthogonal(g, R, N, sigma_w=1.1, sigma_b=0.2),
}
CASES = [(kind, make, (R, N, B)) for kind, make in KINDS.items()]
CASES += [(kind, make, (R, N, P, B)) for kind, make in RINGS.items()]


def differences(layer: Map, x: Array, v: Array, a: Array) -> tuple[Array, Array]:
    """First and second derivative of t -> layer(x + t v + t^2 a / 2) at 0 by Richardson's central differences."""

    def image(t: float) -> Array:
        return layer.forward(x + t * v + t * t * a / 2)

    h = 1e-2
    middle = image(0.0)
    first = [(image(s) - image(-s)) / (2 * s) for s in (h, h / 2, h / 4)]
    second = [(image(s) - 2 * middle + image(-s)) / s**2 for s in (h, h / 2, h / 4)]
    return refined(first), refined(second)


def refined(values: list[Array]) -> Array:
    once = [(4 * fine - coarse) / 3 for coarse, fine in pairwise(values)]
    return (16 * once[1] - once[0]) / 15


@pytest.mark.parametrize(("kind", "make", "shape"), CASES, ids=[case[0] for case in CASES])
def test_derivatives_of_a_layer(
    kind: str, make: Callable[[np.random.Generator], Map], shape: tuple[int, ...]
) -> None:
    g = rng(3)
    layer = make(g)
    x, v, a = g.standard_normal((3, *shape))
    here = layer.at(x)
    np.testing.assert_array_equal(here.value, layer.forward(x))
    first, second = differences(layer, x, v, a)
    np.testing.assert_allclose(here.jvp(v), first, atol=2e-9 * (1 + np.abs(first).max()))
    along, bent = here.curve(v, a)
    np.testing.assert_allclose(along, here.jvp(v), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(bent, second, atol=2e-7 * (1 + np.abs(second).max()))
    w = g.standard_normal(here.value.shape)
    np.testing.assert_allclose(np.sum(w * along), np.sum(here.vjp(w) * v), rtol=1e-11)


def test_dropping_the_derivative_of_the_deviation_would_be_seen() -> None:
    """The check above is sharp: backpropagation through the mean alone is off by more than its tolerance."""
    g = rng(3)
    x, v = g.standard_normal((2, R, N, B))
    first, _ = differences(BatchNorm(), x, v, v)
    shortened = (v - v.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)
    assert np.abs(shortened - first).max() > 0.1


def dense_weight_gradient(network: Network, x: Array, g: Array, index: int) -> Array:
    """Derivative of sum(g * output) with respect to each weight of one layer, one weight at a time."""
    layer = network.blocks[index].parts[1]  # type: ignore[attr-defined]
    found = np.empty_like(layer.weight)
    h = 1e-5
    for i in np.ndindex(layer.weight.shape[1:]):
        at = (slice(None), *i)
        saved = layer.weight[at].copy()
        sides = []
        for sign in (1, -1):
            layer.weight[at] = saved + sign * h
            sides.append((g * network.states(x)[-1]).sum(axis=(1, 2)))
        layer.weight[at] = saved
        found[at] = (sides[0] - sides[1]) / (2 * h)
    return found


def test_gradients_of_weights_and_biases() -> None:
    g = rng(5)
    network = Network([Chain([tanh, dense(g, R, N, sigma_w=1.5, sigma_b=0.3)]) for _ in range(3)])
    x, out = g.standard_normal((2, R, N, B))
    uses: list = []
    network.run(x).backward(out, uses)
    for number, use in enumerate(reversed(uses)):
        expected = dense_weight_gradient(network, x, out, number)
        np.testing.assert_allclose(use.weight_gradient(), expected, atol=1e-8)
    layer = network.blocks[1].parts[1]  # type: ignore[attr-defined]
    h = 1e-5
    layer.bias[:, 2] += h
    up = (out * network.states(x)[-1]).sum(axis=(1, 2))
    layer.bias[:, 2] -= 2 * h
    down = (out * network.states(x)[-1]).sum(axis=(1, 2))
    np.testing.assert_allclose(uses[1].bias_gradient()[:, 2], (up - down) / (2 * h), atol=1e-8)


def test_lists_of_a_trace() -> None:
    g = rng(6)
    network = Network([Chain([tanh, dense(g, R, N, sigma_w=1.5)]) for _ in range(4)])
    x, v, a, out = g.standard_normal((4, R, N, B))
    trace = network.run(x)
    np.testing.assert_array_equal(trace.output, network.states(x)[-1])
    cotangents, tangents = trace.backward(out), trace.tangents(v)
    assert len(cotangents) == len(tangents) == len(trace.states) == 5
    products = [np.sum(c * t) for c, t in zip(cotangents, tangents, strict=True)]
    np.testing.assert_allclose(products, products[0], rtol=1e-11)
    first, second = trace.curves(v, a)
    np.testing.assert_allclose(first[-1], tangents[-1], rtol=1e-12, atol=1e-14)
    whole = Chain(network.blocks)
    np.testing.assert_allclose(second[-1], differences(whole, x, v, a)[1], atol=1e-6)
    logs = log_gradient_norms(trace, out)
    np.testing.assert_allclose(np.exp(logs), squared_norms(cotangents), rtol=1e-12)
    total = log_gradient_norms(trace, out, whole_batch=True)
    np.testing.assert_allclose(np.exp(total), squared_norms(cotangents).sum(axis=-1), rtol=1e-12)


def test_gradients_beyond_the_range_of_numbers_have_logarithms() -> None:
    g = rng(7)
    network = Network([dense(g, R, N, sigma_w=1e9) for _ in range(60)])
    trace = network.run(1e-300 * g.standard_normal((R, N, 1)))
    logs = log_gradient_norms(trace, np.ones((R, N, 1)))
    assert np.all(np.isfinite(logs))
    assert np.min(logs[0]) > 59 * 2 * np.log(1e9) - 400


def test_tied_weights_are_the_same_array_at_every_step() -> None:
    g = rng(8)
    step = Chain([tanh, dense(g, R, N, sigma_w=1.5)])
    network = Network([step] * 5)
    uses: list = []
    network.run(g.standard_normal((R, N, B))).backward(np.ones((R, N, B)), uses)
    assert len({id(use.owner) for use in uses}) == 1


def test_many_cotangents_at_one_input() -> None:
    g = rng(9)
    layer = Chain([tanh, dense(g, R, N, sigma_w=1.5)])
    x = g.standard_normal((R, N, 1))
    many = g.standard_normal((R, N, 3))
    columns = [layer.at(x).vjp(many[..., [i]]) for i in range(3)]
    np.testing.assert_allclose(layer.at(x).vjp(many), np.concatenate(columns, axis=-1), rtol=1e-12)


def test_stair_values_and_surrogate() -> None:
    x = np.array([-9.0, -1.01, -0.99, -0.01, 0.01, 0.99, 1.01, 9.0])
    four, five = stair(4, 1.0, height=2.0, clip=1.0, slope=0.5), stair(5, 1.0)
    thresholds = np.array([-1.0, 0.0, 1.0])
    by_count = 2.0 * ((x[:, None] > thresholds).sum(axis=1) - 1.5)
    np.testing.assert_array_equal(four.forward(x), by_count)
    np.testing.assert_array_equal(five.forward(np.array([-0.49, 0.0, 0.49, 0.51])), [0, 0, 0, 1])
    np.testing.assert_array_equal(four.slope(x), [0, 0, 0.5, 0.5, 0.5, 0.5, 0, 0])


def test_wrong_layers_are_refused() -> None:
    with pytest.raises(InputError, match="two levels"):
        stair(1, 1.0)
    with pytest.raises(InputError, match="odd number"):
        ring(rng(), 1, 3, taps=2, sigma_w=1.0)
    with pytest.raises(InputError, match="orthogonal rows"):
        weight_norm(rng(), 1, 3, 4, gain=1.0, orthogonal=True)
    with pytest.raises(InputError, match="second derivative"):
        stair(3, 1.0).at(np.ones((1, 1, 1))).curve(np.ones((1, 1, 1)), np.ones((1, 1, 1)))
    kinked = pointwise(activation("relu"))
    with pytest.raises(InputError, match="kink"):
        kinked.at(np.ones((1, 1, 1))).curve(np.ones((1, 1, 1)), np.ones((1, 1, 1)))
