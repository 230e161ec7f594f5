"""Random networks against PyTorch on one thread: one run, equal results first, times as ratios.

Run: `OPENBLAS_NUM_THREADS=1 python benchmarks/bench_networks.py`, in an environment that also has torch (2.13.0 was
used). Settings, tanh in float64, 2 inputs: 4 nets of width 500 and depth 40; 1000 nets of width 50 and depth 10;
Jacobians of 4 nets of width 500 and depth 20.
"""

import math
import os
from collections.abc import Callable
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from mfcheck.networks import (
    Chain,
    Network,
    dense,
    jacobian,
    pointwise,
    spectral_moments,
)
from mfcheck.symbolic.activation import activation

Array = NDArray[np.float64]
NETS, WIDTH, SHALLOW, BATCH = 4, 500, 20, 2
SIGMA_W, SIGMA_B, REPEATS = 2.5, 0.3, 7
TANH = pointwise(activation("tanh"))


def drawn(nets: int, width: int, depth: int) -> Network:
    rng = np.random.default_rng(0)
    layers = [dense(rng, nets, width, sigma_w=SIGMA_W, sigma_b=SIGMA_B) for _ in range(depth)]
    return Network([Chain([TANH, layer]) for layer in layers])


def ours(network: Network, x: Array, g: Array) -> tuple[Array, Array]:
    """Squared norms of states and gradients at every layer."""
    trace = network.run(x)
    gradients = trace.backward(g)
    return squares(trace.states), squares(gradients)


def squares(vectors: list[Array]) -> Array:
    return np.array([np.einsum("rnb,rnb->rb", v, v) for v in vectors])


Tensors = list[torch.Tensor]


def torch_drawn(nets: int, width: int, depth: int) -> tuple[Tensors, Tensors]:
    def normal(columns: int, scale: float) -> torch.Tensor:
        return torch.randn((nets, width, columns), dtype=torch.float64).mul_(scale)

    weights = [normal(width, SIGMA_W / math.sqrt(width)) for _ in range(depth)]
    return weights, [normal(1, SIGMA_B) for _ in range(depth)]


def shared(network: Network) -> tuple[Tensors, Tensors]:
    """The same weights and biases as tensors."""
    layers = [block.parts[1] for block in network.blocks]
    return [torch.from_numpy(a.weight) for a in layers], [torch.from_numpy(a.bias) for a in layers]


def torch_run(
    weights: Tensors, biases: Tensors, x: torch.Tensor, g: torch.Tensor
) -> tuple[Array, Array]:
    h = x.clone().requires_grad_()
    states = [h]
    for weight, bias in zip(weights, biases, strict=True):
        h = torch.baddbmm(bias, weight, torch.tanh(h))
        h.retain_grad()
        states.append(h)
    h.backward(g)
    return (
        np.array([(h.detach() ** 2).sum(dim=1).numpy() for h in states]),
        np.array([(h.grad**2).sum(dim=1).numpy() for h in states]),
    )


def torch_moments(weights: Tensors, biases: Tensors, x: torch.Tensor) -> Array:
    with torch.no_grad():
        h, product = x, None
        for weight, bias in zip(weights, biases, strict=True):
            a = torch.tanh(h)
            factor = weight * (1 - a * a).transpose(1, 2)
            product = factor if product is None else torch.bmm(factor, product)
            h = torch.baddbmm(bias, weight, a)
        gram = torch.bmm(product, product.transpose(1, 2))
        first = torch.diagonal(gram, dim1=1, dim2=2).sum(dim=1)
        return (torch.stack([first, (gram * gram).sum(dim=(1, 2))]) / WIDTH).numpy()


def times(functions: list[Callable[[], object]], repeats: int = REPEATS) -> list[float]:
    """Return the shortest time of each function, all called in turn."""
    rows = []
    for _ in range(repeats):
        row = []
        for function in functions:
            start = perf_counter()
            function()
            row.append(perf_counter() - start)
        rows.append(row)
    return [min(column) for column in zip(*rows, strict=True)]


def check(first: Array, second: Array) -> None:
    if not np.allclose(first, second, rtol=1e-8):
        raise SystemExit("the two sides disagree; no time is reported")


def report(label: str, seconds: list[float]) -> None:
    mine, theirs = seconds
    print(
        f"{label}: {mine:.3f} s, torch {theirs:.3f} s, torch / mfcheck = {theirs / mine:.2f}",
        flush=True,
    )


def bench_passes(nets: int, width: int, depth: int) -> None:
    rng = np.random.default_rng(1)
    x, g = rng.standard_normal((2, nets, width, BATCH))
    tx, tg = torch.from_numpy(x), torch.from_numpy(g)
    network = drawn(nets, width, depth)
    tensors = shared(network)
    for mine, theirs in zip(ours(network, x, g), torch_run(*tensors, tx, tg), strict=True):
        check(mine, theirs)
    label = f"{nets} nets, width {width}, depth {depth}: forward and backward"
    report(
        f"{label}, weights given",
        times([lambda: ours(network, x, g), lambda: torch_run(*tensors, tx, tg)]),
    )
    size = nets, width, depth
    mine = lambda: ours(drawn(*size), x, g)  # noqa: E731
    report(
        f"{label}, weights drawn", times([mine, lambda: torch_run(*torch_drawn(*size), tx, tg)], 4)
    )


def bench_jacobians() -> None:
    x = np.random.default_rng(2).standard_normal((NETS, WIDTH, 1))
    network = drawn(NETS, WIDTH, SHALLOW)
    tensors = shared(network)

    def moments() -> Array:
        return spectral_moments(jacobian(network.run(x)))

    check(moments(), torch_moments(*tensors, torch.from_numpy(x)))
    report(
        f"{NETS} nets, width {WIDTH}, depth {SHALLOW}: moments of J J^T",
        times([moments, lambda: torch_moments(*tensors, torch.from_numpy(x))], 4),
    )


if __name__ == "__main__":
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        raise SystemExit("set OPENBLAS_NUM_THREADS=1: both sides get one thread")
    torch.set_num_threads(1)
    bench_passes(4, 500, 40)
    bench_passes(1000, 50, 10)
    bench_jacobians()
