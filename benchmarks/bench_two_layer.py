"""Speed of the compiled dynamics against the same loops in NumPy: equal results first, then ratios in one run.

    python benchmarks/bench_two_layer.py

Where PyTorch is installed, its loop is measured beside that of NumPy. Times are of one thread
(OPENBLAS_NUM_THREADS=1 is set here). "arithmetic" is the time of the multiplications and additions that a step needs,
at the rate that a plain pass over weights of this size reaches.
"""

import math
import os
import time
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numba import njit
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from mfcheck.dynamics import overlaps
from mfcheck.dynamics.convention import Convention
from mfcheck.dynamics.resnet.simd import fma, load, spread, store
from mfcheck.dynamics.two_layer import Network, one_pass

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

Array = NDArray[np.float64]


def seconds(*functions: Callable[[], object], repeats: int = 5) -> list[float]:
    """Return the best time of each; they take turns, so that a busy machine slows all of them."""
    best = [math.inf] * len(functions)
    for _ in range(repeats):
        for k, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[k] = min(best[k], time.perf_counter() - start)
    return best


def sample(rng: Generator, n: int) -> tuple[Array, Array]:
    x = rng.integers(1, 3, n).astype(float)
    return x, 1.5 * x + 0.5 * (2 * rng.integers(0, 2, n) - 1)


def scalar(N: int = 200, replicates: int = 4000) -> None:
    rule = Convention(step=0.5)
    for activation in ("identity", "tanh", "erf"):
        for threads in (1, 2):

            def run(threads: int = threads, activation: str = activation) -> Array:
                return one_pass(
                    Network(activation, N), rule, lambda rng: (rng.random(N), 2 * rng.random(N)), sample,
                    [N], lambda c, w: np.mean(c * w[:, 0], axis=1), replicates=replicates, seed=1, threads=threads,
                )  # fmt: skip

            (taken,) = seconds(run, repeats=3)
            rate = 60e-9 * N * N * replicates / taken / threads
            print(
                f"{replicates} replicates of N = {N}, {activation}, {threads} threads: {taken:.2f} s, "
                f"{rate:.1f}e9 neuron updates a minute and core"
            )


@njit(error_model="numpy", cache=True)
def needed(w, k, x, z, steps):  # type: ignore[no-untyped-def]
    """Two multiply-adds per weight and nothing else, in one pass: what an update and the next products need."""
    flat, coefficients, sums = w.reshape(-1), k, z
    d, M = w.shape
    for t in range(steps):
        for j in range(0, d, 4):
            a, b = x[t % x.size], x[(t + 1) % x.size]
            r0 = j * M
            r1, r2, r3 = r0 + M, r0 + 2 * M, r0 + 3 * M
            for v in range(0, M, 8):
                q = load(coefficients, v)
                w0, w1 = fma(q, a, load(flat, r0 + v)), fma(q, a, load(flat, r1 + v))
                w2, w3 = fma(q, a, load(flat, r2 + v)), fma(q, a, load(flat, r3 + v))
                store(flat, r0 + v, w0)
                store(flat, r1 + v, w1)
                store(flat, r2 + v, w2)
                store(flat, r3 + v, w3)
                s = fma(w0, b, fma(w1, b, load(sums, v)))
                store(sums, v, fma(w2, b, fma(w3, b, s)))
        if t % 100 == 0:
            for v in range(0, M, 8):
                store(sums, v, spread(0.0))


def wide(N: int = 800, d: int = 40, steps: int = 100_000) -> None:
    """Tanh network in d dimensions, one replicate."""
    rule = Convention(loss_factor=1, step=1e-4, step_power=0, input_power=0.5)
    scale = d**-0.5

    def start(rng: Generator) -> tuple[Array, Array]:
        return rng.standard_normal(N), rng.standard_normal((N, d))

    def data(rng: Generator, n: int) -> tuple[Array, Array]:
        x = rng.standard_normal((n, d))
        return x, np.sin(x[:, 0])

    def compiled(count: int = steps) -> Array:
        return one_pass(
            Network("tanh", N, d), rule, start, data, [count],
            lambda c, w: np.concatenate([c[:, None], w], axis=1).reshape(1, -1), replicates=1, seed=3, threads=1,
        )[0, 0]  # fmt: skip

    def plain(count: int) -> Array:
        rng = np.random.default_rng(SeedSequence(3).spawn(1)[0])
        c, w = start(rng)
        x, y = data(rng, count)
        x = scale * x
        change = np.empty_like(w)
        for t in range(count):
            s = np.tanh(w @ x[t])
            e = 2e-4 * (y[t] - c @ s / N)
            np.multiply.outer(e * c * (1 - s * s), x[t], out=change)
            c = c + e * s
            w += change
        return np.concatenate([c[None], w.T]).ravel()

    def in_torch(count: int) -> Array:
        rng = np.random.default_rng(SeedSequence(3).spawn(1)[0])
        c, w = (torch.from_numpy(part) for part in start(rng))
        x, y = data(rng, count)
        inputs, labels = torch.from_numpy(scale * x), y.tolist()
        with torch.inference_mode():
            for t in range(count):
                s = torch.tanh(torch.mv(w, inputs[t]))
                e = 2e-4 * (labels[t] - float(torch.dot(c, s)) / N)
                w.addr_((e * c).mul_(1 - s * s), inputs[t])
                c.add_(s, alpha=e)
        return np.concatenate([c.numpy()[None], w.numpy().T]).ravel()

    few = steps // 50
    others = {"NumPy": plain} | ({"PyTorch": in_torch} if torch else {})
    gap = max(float(np.max(np.abs(compiled(few) - other(few)))) for other in others.values())
    assert gap < 1e-10, gap
    w, k, z = np.zeros((d, N)), np.full(N, 1e-9), np.zeros(N)
    x = np.random.default_rng(0).standard_normal(64)
    needed(w, k, x, z, 1)
    runs = [partial(other, few) for other in others.values()]
    mine, least, *theirs = seconds(compiled, lambda: needed(w, k, x, z, steps), *runs)
    ratios = "; ".join(
        f"{name} {50 * taken:.1f} s: {50 * taken / mine:.1f} times"
        for name, taken in zip(others, theirs, strict=True)
    )
    print(
        f"N = {N}, d = {d}, {steps} steps (results differ by {gap:.1e}): {mine:.2f} s; {ratios}; "
        f"arithmetic {least:.2f} s: {mine / least:.2f} times that"
    )


def numpy_slope(C: Array, g: Array, p: int, r: overlaps.Rule) -> Array:
    """The order-parameter equations in NumPy, all terms at once."""
    one, A = 1 + np.diag(C), C
    c12, c13 = C[:, :, None], C[:, None, :]
    own = one[:, None, None]
    i3 = 2 / np.pi * (A[None] * own - c12 * c13) / (own * np.sqrt(own * one[None, None] - c13**2))
    pull = i3 @ g
    s = C[:p]
    L4 = (one[:p, None] * one[None, :p] - C[:p, :p] ** 2)[:, :, None]
    u, v, cross = s[:, None, :], s[None, :, :], C[:p, :p, None]
    f, e = one[:p, None, None], one[None, :p, None]
    L1 = L4 * one - v**2 * f - u**2 * e + 2 * cross * u * v
    L0 = (
        L4[..., None] * A - v[..., :, None] * v[..., None, :] * f[..., None]
        - u[..., :, None] * u[..., None, :] * e[..., None]
        + cross[..., None] * (u[..., :, None] * v[..., None, :] + u[..., None, :] * v[..., :, None])
    )  # fmt: skip
    ratio = np.clip(L0 / np.sqrt(L1[..., :, None] * L1[..., None, :]), -1, 1)
    root = np.sqrt(L4[..., 0])
    i4 = 4 / np.pi**2 / root * ((np.arcsin(ratio) @ g) @ g)
    out = np.zeros_like(C)
    out[:p, p:] = -r.first * pull[:p, p:]
    out[p:, :p] = out[:p, p:].T
    inner = pull[:p, :p]
    out[:p, :p] = -r.first * (inner + inner.T) + r.second * i4 + r.label * 2 / np.pi / root
    return out


def order_parameters(p: int = 8, k: int = 4, steps: int = 20_000) -> None:
    rng = np.random.default_rng(0)
    Q, M, P = overlaps.overlaps_of(rng.standard_normal((p, 2000)), rng.standard_normal((k, 2000)))
    r = overlaps.rule(p, k, 8, 1e-3)
    few = steps // 20

    def plain() -> Array:
        C, g = overlaps.covariance(Q, M, P), overlaps.weights(r, p, k)
        for _ in range(few):
            C += numpy_slope(C, g, p, r) / 2000
        return C

    gap = float(np.max(np.abs(plain()[:p, :p] - overlaps.evolve(Q, M, P, r, 1 / 2000, [few]).Q[0])))
    assert gap < 1e-10, gap
    mine, numpys = seconds(lambda: overlaps.evolve(Q, M, P, r, 1 / 2000, [steps]), plain)
    numpys *= 20
    print(
        f"order parameters p = {p}, k = {k}, {steps} Euler steps (results differ by {gap:.1e}): {mine:.2f} s; "
        f"NumPy {numpys:.1f} s: {numpys / mine:.0f} times"
    )


if __name__ == "__main__":
    scalar()
    wide()
    order_parameters()
