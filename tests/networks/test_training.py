"""Networks that are trained: their formulas, their budgets, and that they learn; PyTorch is an extra."""

import importlib.util
import os

import numpy as np
import pytest

from mfcheck.errors import InputError
from mfcheck.networks.convolutional import build, dense
from mfcheck.networks.convolutional import residual as residual_blocks
from mfcheck.networks.training import convolutional, pytorch, residual, train
from mfcheck.points.images import Images, split

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None and "MFCHECK_EXTRAS" not in os.environ,
    reason="needs PyTorch",
)
FAMILIES = {
    "residual": residual_blocks(9, 1.0),
    "small branches": residual_blocks(9, 0.2),
    "dense": dense(18, 5),
    "shallow": residual_blocks(3, 1.0),
}


def easy_images(n: int = 700) -> Images:
    """Two classes: bright above, or bright below."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, n)
    pixels = rng.integers(1, 60, (n, 4, 4)).astype(np.uint8)
    pixels[labels == 0, :2] += 120
    pixels[labels == 1, 2:] += 120
    return Images(pixels, labels)


@pytest.mark.parametrize("name", list(FAMILIES))
def test_blocks_keep_the_budget(name: str) -> None:
    weights, _ = build(None, FAMILIES[name], (1, 8, 8), 10, 42_000)
    total = sum(int(np.prod(shape)) for shape, _ in weights)
    assert abs(total - 42_000) <= 0.05 * 42_000
    with pytest.raises(InputError, match="no width"):
        build(None, FAMILIES[name], (1, 8, 8), 10, 20)


@needs_torch
@pytest.mark.parametrize("name", list(FAMILIES))
def test_blocks_start_with_moderate_scores_and_learn(name: str) -> None:
    rng = np.random.default_rng(0)
    parts = split(easy_images(), 100, rng)
    network = convolutional(parts.shape, parts.classes, FAMILIES[name], 42_000, rng)
    X = pytorch().from_numpy(parts.train.X.astype(np.float32))
    scores = network.forward(network.parameters, X)
    assert 0.1 < float(scores.square().mean()) ** 0.5 < 10
    assert train(network, parts, 30, rng)[0] < 0.05


@needs_torch
def test_the_residual_network_is_its_formula() -> None:
    """With the factors 1/sqrt(m) and sqrt(2/m) of the tangent kernel, in NumPy."""
    parts = split(easy_images(), 60, np.random.default_rng(0))
    width, depth, scale = 8, 3, 0.7
    network = residual(16, 2, width, depth, scale, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    A = rng.standard_normal((16, width), dtype=np.float32)
    v = rng.standard_normal((width, 2), dtype=np.float32)
    W = rng.standard_normal((depth, width, width), dtype=np.float32)
    V = rng.standard_normal((depth, width, width), dtype=np.float32)
    x = parts.train.X @ A / np.sqrt(width)
    for W_l, V_l in zip(W, V, strict=True):
        phi = np.maximum(np.sqrt(2 / width) * x @ W_l, 0)
        x = x + scale * phi @ V_l / np.sqrt(width)
    expected = x @ v / (1 + scale**2) ** (depth / 2)
    X = pytorch().from_numpy(parts.train.X.astype(np.float32))
    found = network.forward(network.parameters, X).numpy()
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-4)


@needs_torch
def test_a_residual_network_learns_and_one_that_overflows_is_a_guess() -> None:
    rng = np.random.default_rng(0)
    parts = split(easy_images(), 100, rng)
    assert train(residual(16, 2, 32, 10, 0.3, rng), parts, 30, rng)[0] < 0.05
    wild = residual(16, 2, 16, 10, 1e6, rng)
    assert train(wild, parts, 2, rng)[0] == pytest.approx(0.5, abs=0.2)


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed")
def test_without_pytorch_there_is_one_line() -> None:
    with pytest.raises(InputError, match="needs PyTorch: pip install"):
        pytorch()
