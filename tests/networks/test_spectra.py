"""Jacobians, their moments and the Gram matrix of gradients against explicit matrices and theory."""

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.networks import (
    BatchNorm,
    Chain,
    Network,
    Residual,
    dense,
    dense_orthogonal,
    fisher_eigenvalues,
    gradient_gram,
    jacobian,
    pointwise,
    probed_moments,
    relative_variance,
    ring,
    ring_delta_orthogonal,
    singular_values,
    spectral_moments,
)
from mfcheck.symbolic.activation import activation

Array = NDArray[np.float64]
tanh = pointwise(activation("tanh"))


def layers(g: np.random.Generator, nets: int, widths: list[int]) -> list[Chain]:
    pairs = pairwise(widths)
    return [Chain([tanh, dense(g, nets, a, b, sigma_w=1.4, sigma_b=0.2)]) for a, b in pairs]


@pytest.mark.parametrize("widths", [[4, 7, 5], [7, 4, 3], [5, 5, 5]])
def test_jacobian_entry_by_entry(widths: list[int]) -> None:
    g = np.random.default_rng(1)
    network = Network(layers(g, 2, widths))
    x = g.standard_normal((2, widths[0], 1))
    found = jacobian(network.run(x))
    assert found.shape == (2, widths[-1], widths[0])
    h = 1e-6
    for j in range(widths[0]):
        step = np.zeros_like(x)
        step[:, j] = h
        column = (network.states(x + step)[-1] - network.states(x - step)[-1]) / (2 * h)
        np.testing.assert_allclose(found[:, :, j], column[..., 0], atol=1e-8)


def test_jacobian_between_inner_states() -> None:
    g = np.random.default_rng(2)
    trace = Network(layers(g, 3, [6, 5, 4, 3])).run(g.standard_normal((3, 6, 1)))
    product = jacobian(trace, 1, 3) @ jacobian(trace, 0, 1)
    np.testing.assert_allclose(jacobian(trace), product, rtol=1e-11)
    with pytest.raises(InputError, match="one input"):
        jacobian(Network([BatchNorm()]).run(g.standard_normal((1, 3, 4))))


def test_moments_are_those_of_the_singular_values() -> None:
    g = np.random.default_rng(3)
    matrix = g.standard_normal((3, 6, 4))
    moments = spectral_moments(matrix, 5)
    s = singular_values(matrix)
    expected = [np.sum(s ** (2 * k), axis=1) / 6 for k in range(1, 6)]
    np.testing.assert_allclose(moments, expected, rtol=1e-11)


def test_probed_moments_are_unbiased() -> None:
    g = np.random.default_rng(4)
    trace = Network(layers(g, 1, [8, 6])).run(g.standard_normal((1, 8, 1)))
    exact = spectral_moments(jacobian(trace))[:, 0]
    draws = np.array([probed_moments(trace, g, 4)[:, 0] for _ in range(3000)])
    deviation = (draws.mean(axis=0) - exact) / (draws.std(axis=0) / math.sqrt(len(draws)))
    assert np.all(np.abs(deviation) < 4.5)  # false alarm 1.4e-5 for the two
    assert np.all(draws.std(axis=0) / math.sqrt(len(draws)) < 0.03 * exact)


@pytest.mark.parametrize(("orthogonal", "theory"), [(True, 0.0213445), (False, 5.0213445)])
def test_spectral_variance_of_deep_networks(orthogonal: bool, theory: float) -> None:
    """L (mu_2/mu_1^2 - 1 - s_1) at the critical point sigma_w^2 = 1.05, q = 0.0259209 (sheet cnn-isometry), L = 5.

    The value is 5 * .004268903 for orthogonal weights, one more per layer for Gaussian ones; relative bias 25/N.
    """
    g = np.random.default_rng(5)
    draw = dense_orthogonal if orthogonal else dense
    nets, width, q, bias = 16, 200, 0.025920948211254186, 2.0105213388267072933e-5
    scales = {"sigma_w": math.sqrt(1.05), "sigma_b": math.sqrt(bias)}
    blocks = [Chain([tanh, draw(g, nets, width, **scales)]) for _ in range(5)]
    trace = Network(blocks).run(math.sqrt(q) * g.standard_normal((nets, width, 1)))
    values = relative_variance(spectral_moments(jacobian(trace)))
    error = 4.5 * values.std(ddof=1) / math.sqrt(nets) + 25 / width * theory
    assert abs(values.mean() - theory) < error
    assert error < 0.5 * theory


def test_delta_orthogonal_convolution_is_an_isometry() -> None:
    g = np.random.default_rng(6)
    trace = Network([ring_delta_orthogonal(g, 2, 8, sigma_w=math.sqrt(1.05))]).run(
        np.zeros((2, 8, 6, 1))
    )
    np.testing.assert_allclose(singular_values(jacobian(trace)), 1.024695076595960, rtol=1e-13)
    spread = singular_values(
        jacobian(
            Network([ring(g, 1, 64, taps=3, sigma_w=math.sqrt(1.05))]).run(np.zeros((1, 64, 6, 1)))
        )
    )
    assert spread.min() < 0.1
    assert spread.max() > 1.8


def parameters_jacobian(network: Network, arrays: list[Array], x: Array) -> Array:
    """Derivatives of all outputs at all inputs with respect to all parameters of net 0, by differences."""
    columns, h = [], 1e-5
    for array in arrays:
        for index in np.ndindex(array.shape[1:]):
            saved = array[(0, *index)]
            array[(0, *index)] = saved + h
            up = network.states(x)[-1][0]
            array[(0, *index)] = saved - h
            down = network.states(x)[-1][0]
            array[(0, *index)] = saved
            columns.append(((up - down) / (2 * h)).reshape(-1, x.shape[-1]).ravel())
    return np.array(columns)


def output_cotangents(shape: tuple[int, ...]) -> list[Array]:
    found = []
    for k in range(shape[1]):
        g = np.zeros(shape)
        g[:, k] = 1
        found.append(g)
    return found


@pytest.mark.parametrize("tied", [False, True])
def test_gram_of_gradients_is_that_of_explicit_ones(tied: bool) -> None:
    g = np.random.default_rng(7)
    first = dense(g, 1, 4, 5, sigma_w=1.3, sigma_b=0.4)
    middle = [dense(g, 1, 5, 5, sigma_w=1.3) for _ in range(1 if tied else 3)] * (3 if tied else 1)
    last = dense(g, 1, 5, 2, sigma_w=1.3, sigma_b=0.4)
    blocks = [first, *[Residual(Chain([tanh, layer])) for layer in middle], Chain([tanh, last])]
    network = Network(blocks)
    x = g.standard_normal((1, 4, 3))
    gram = gradient_gram(network.run(x), output_cotangents((1, 2, 3)))
    arrays = [
        first.weight,
        first.bias,
        *{id(m): m.weight for m in middle}.values(),
        last.weight,
        last.bias,
    ]
    explicit = parameters_jacobian(network, arrays, x)
    np.testing.assert_allclose(gram[0], explicit.T @ explicit, atol=1e-8)
    fisher = np.linalg.eigvalsh(explicit @ explicit.T / 3)[::-1][:6]
    np.testing.assert_allclose(fisher_eigenvalues(gram, 3)[0], fisher, atol=1e-8)


def test_gram_of_a_convolution() -> None:
    g = np.random.default_rng(8)
    a, b = (ring(g, 1, 2, taps=3, sigma_w=1.3, sigma_b=0.4) for _ in range(2))
    network = Network([a, Chain([tanh, b])])
    x = g.standard_normal((1, 2, 4, 3))
    weights = g.standard_normal((2, 4))
    cotangents = [
        np.broadcast_to((c * weights)[None, :, :, None], x.shape).copy() for c in (1.0, 2.0)
    ]
    gram = gradient_gram(network.run(x), cotangents)
    columns = []
    for array in (a.kernel, a.bias, b.kernel, b.bias):
        for index in np.ndindex(array.shape[1:]):
            saved, sides = array[(0, *index)], []
            for h in (1e-5, -1e-5):
                array[(0, *index)] = saved + h
                sides.append(np.einsum("cp,cpb->b", weights, network.states(x)[-1][0]))
            array[(0, *index)] = saved
            columns.append((sides[0] - sides[1]) / 2e-5)
    once = np.array(columns).T @ np.array(columns)
    np.testing.assert_allclose(gram[0], np.kron([[1, 2], [2, 4]], once), atol=1e-7)


def test_fisher_spectrum_of_wide_networks() -> None:
    """Mean eigenvalue and top mean of sheet fisher: tanh, (weight_var, bias_var) = (3, .64), L = 3, M = 250, T = 50."""
    g = np.random.default_rng(9)
    nets, width, samples, outputs = 4, 250, 50, 2
    scales = {"sigma_w": math.sqrt(3), "sigma_b": 0.8}
    dims = [width, width, width, outputs]
    blocks: list = [dense(g, nets, width, width, **scales)]
    blocks += [Chain([tanh, dense(g, nets, a, b, **scales)]) for a, b in pairwise(dims[1:])]
    trace = Network(blocks).run(g.standard_normal((nets, width, samples)))
    values = fisher_eigenvalues(
        gradient_gram(trace, output_cotangents((nets, outputs, samples))), samples
    )
    k1, k2, alpha = 0.955521904182835683, 0.118615372062933408, 2
    top = values[:, :outputs].mean(axis=1)
    top_theory = alpha * ((samples - 1) / samples * k2 + k1 / samples) * width
    total_theory = alpha * k1 * outputs * width
    for found, theory in ((top, top_theory), (values.sum(axis=1), total_theory)):
        error = 4.5 * found.std(ddof=1) / math.sqrt(nets) + 10 / width * theory
        assert abs(found.mean() - theory) < error
        assert error < 0.35 * theory
