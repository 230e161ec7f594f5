"""Laws of the samplers, at a false-alarm rate of 1e-4 for each test and with fixed seeds."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mfcheck.errors import InputError
from mfcheck.networks import (
    dense,
    dense_stable,
    gaussian_images,
    haar,
    pairs_of_columns,
    pointwise,
    ring,
    stable_images,
    symmetric_stable,
    unit_row_images,
    unit_rows,
)
from mfcheck.symbolic.activation import activation

Array = NDArray[np.float64]
ALARM = 1e-4


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def has_mean(samples: Array, expected: float, tests: int = 1) -> bool:
    """Whether a mean is as expected: a two-sided z test at the false-alarm rate."""
    error = np.std(samples, ddof=1) / math.sqrt(len(samples))
    return bool(abs(np.mean(samples) - expected) < stats.norm.isf(ALARM / (2 * tests)) * error)


def entries(matrices: Array) -> list[bool]:
    """Moments of a Haar matrix that hold for its first entry, its trace and a product of four entries."""
    n = matrices.shape[-1]
    first = matrices[:, 0, 0]
    trace = np.trace(matrices, axis1=1, axis2=2)
    four = matrices[:, 0, 0] * matrices[:, 1, 1] * matrices[:, 0, 1] * matrices[:, 1, 0]
    cases = [
        (first, 0.0),
        (first**2, 1 / n),
        (first**4, 3 / (n * (n + 2))),
        (trace, 0.0),
        (trace**2, 1.0),
        (four, -1 / (n * (n - 1) * (n + 2))),
        (np.maximum(first, 0) ** 2, 1 / (2 * n)),
    ]
    return [has_mean(values, expected, len(cases)) for values, expected in cases]


def test_haar_moments() -> None:
    draws = haar(rng(1), 20000, 4)
    np.testing.assert_allclose(
        draws @ draws.swapaxes(-1, -2), np.broadcast_to(np.eye(4), draws.shape), atol=1e-13
    )
    assert all(entries(draws))


def test_factor_without_its_signs_is_not_haar() -> None:
    q, _ = np.linalg.qr(rng(1).standard_normal((20000, 4, 4)))
    assert not all(entries(q))


@pytest.mark.parametrize(("rows", "columns"), [(3, 5), (5, 3)])
def test_corners_of_haar_matrices(rows: int, columns: int) -> None:
    draws = haar(rng(2), 20000, rows, columns)
    assert draws.shape == (20000, rows, columns)
    small = min(rows, columns)
    gram = draws @ draws.swapaxes(-1, -2) if rows <= columns else draws.swapaxes(-1, -2) @ draws
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(small), gram.shape), atol=1e-13)
    for i, j in ((0, 0), (rows - 1, columns - 1)):
        law = stats.beta((0.5), (max(rows, columns) - 1) / 2)
        assert stats.kstest(draws[:, i, j] ** 2, law.cdf).pvalue > ALARM
        assert stats.binomtest(int(np.sum(draws[:, i, j] > 0)), 20000).pvalue > ALARM


def test_pairs_of_columns() -> None:
    found = pairs_of_columns(rng(3), 50, 30, 1.7, 0.8, 3)
    assert found.shape == (50, 30, 6)
    gram = found.swapaxes(1, 2) @ found / 30
    expected = 1.7 * np.kron([[1.0, 0.8], [0.8, 1.0]], np.eye(3))
    np.testing.assert_allclose(gram, np.broadcast_to(expected, gram.shape), atol=1e-13)
    signs = np.sign(pairs_of_columns(rng(4), 4000, 5, 1.0, 0.5)).reshape(4000, 10)
    assert all(has_mean(column, 0.0, 10) for column in signs.T)


def test_unit_rows() -> None:
    rows = unit_rows(rng(4), 3, 4, 5)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=-1), 1, rtol=1e-14)
    assert rows.shape == (3, 4, 5)


@pytest.mark.parametrize("alpha", [0.7, 1.0, 1.2, 1.5, 1.9, 2.0])
def test_characteristic_function_of_stable_numbers(alpha: float) -> None:
    draws = symmetric_stable(rng(5), alpha, (100000,))
    times = [0.1, 0.5, 1.0, 2.0]
    for t in times:
        assert has_mean(np.cos(t * draws), math.exp(-(t**alpha)), len(times))
    assert stats.binomtest(int(np.sum(draws > 0)), 100000).pvalue > ALARM


def test_wrong_scale_of_stable_numbers_is_seen() -> None:
    draws = 2 ** (1 / 1.5) * symmetric_stable(rng(5), 1.5, (100000,))
    assert not has_mean(np.cos(draws), math.exp(-1))


@pytest.mark.parametrize("alpha", [0.0, -1.0, 2.1])
def test_impossible_index(alpha: float) -> None:
    with pytest.raises(InputError, match="alpha"):
        symmetric_stable(rng(), alpha, (1,))


@pytest.mark.parametrize("alpha", [1.2, 2.0])
def test_laws_of_stable_layers(alpha: float) -> None:
    layer = dense_stable(rng(6), 200, 20, 40, alpha=alpha, sigma_w=1.3, sigma_b=0.7)
    assert layer.bias is not None
    for values, rate in (
        (layer.weight.ravel(), 1.3**alpha / 40),
        (layer.bias.ravel(), 0.7**alpha / 2),
    ):
        t = (1 / rate) ** (1 / alpha)
        assert has_mean(np.cos(t * values), math.exp(-1))


def test_variances_of_gaussian_layers() -> None:
    layer = dense(rng(7), 10, 50, 80, sigma_w=1.3, sigma_b=0.7)
    assert layer.bias is not None
    assert has_mean(layer.weight.ravel() ** 2, 1.69 / 50)
    assert has_mean(layer.bias.ravel() ** 2, 0.49)
    profile = [0.5, 0.2, 0.3]
    kernel = ring(rng(8), 10, 40, taps=profile, sigma_w=1.3).kernel
    for tap, share in enumerate(profile):
        assert has_mean(kernel[:, :, tap].ravel() ** 2, 1.69 * share / 40)


def test_images_without_a_matrix_have_the_law_of_those_with_one() -> None:
    g = rng(9)
    columns = np.broadcast_to(g.standard_normal((1, 6, 3)), (30000, 6, 3))
    biased = np.array([True, False, True])
    found = gaussian_images(g, columns, sigma_w=1.3, sigma_b=0.7, width=2, biased=biased)
    expected = 1.69 * columns[0].T @ columns[0] / 6 + 0.49 * np.outer(biased, biased)
    for i in range(3):
        for j in range(i, 3):
            products = found[:, 0, i] * found[:, 0, j]
            assert has_mean(products, expected[i, j], 6)
            assert has_mean(found[:, 0, i] * found[:, 1, j], 0.0, 6)


def test_images_keep_small_angles() -> None:
    """A gap 1 - c of 1e-18 is below the resolution of a covariance, and survives the factorisation."""
    g = rng(10)
    x = g.standard_normal((1, 400, 1))
    y = x + 1e-9 * g.standard_normal((1, 400, 1))
    images = gaussian_images(g, np.concatenate([x, y], axis=-1), sigma_w=1.0, width=2000)
    gap = float(np.linalg.norm(images[..., 0] - images[..., 1]) / np.linalg.norm(x - y))
    assert abs(gap / math.sqrt(2000 / 400) - 1) < 0.1


@pytest.mark.parametrize("orthogonal", [False, True])
def test_images_under_unit_rows_have_the_law_of_those_with_a_matrix(orthogonal: bool) -> None:
    """Second and fourth moments, a mixed one, and signs, of three rows in R^5; a square matrix is isometric."""
    g, draws = rng(12), 20_000
    u = unit_row_images(g, draws, 5, 3, orthogonal=orthogonal)
    mixed = 1 / 35 if orthogonal else 1 / 25
    cases = [(u[:, 0] ** 2, 1 / 5), (u[:, 1] ** 4, 3 / 35), (u[:, 0] ** 2 * u[:, 2] ** 2, mixed)]
    cases += [(u[:, 1], 0.0), (u[:, 0] * u[:, 1], 0.0)]
    assert all(has_mean(values, expected, 10) for values, expected in cases)
    whole = unit_row_images(g, 10, 4, 4, orthogonal=True)
    np.testing.assert_allclose((whole**2).sum(axis=1), 1)


def test_stable_images() -> None:
    """The fixed point of the stable length map, tanh, alpha 3/2, sigma_w 1: .1059281747 (sheet heavy-tails)."""
    g, alpha = rng(11), 1.5
    tanh = pointwise(activation("tanh"))
    nets, width, discard = 20, 4000, 40
    h = g.standard_normal((nets, width, 1))
    found = []
    for layer in range(120):
        h = stable_images(g, tanh.forward(h), alpha=alpha, sigma_w=1.0)
        if layer >= discard:
            found.append(np.mean(np.abs(np.tanh(h)) ** alpha, axis=(1, 2)))
    means = np.mean(found, axis=0)
    error = stats.t.isf(ALARM / 2, nets - 1) * means.std(ddof=1) / math.sqrt(nets)
    assert abs(means.mean() - 0.1059281747155) < error + 0.003
    assert error < 0.01
