"""Kernel matrices: certified interpolants against neural-tangents (run that half in its own environment).

    python benchmarks/bench_kernels.py                # writes the matrix and its times to bench_kernels.npz
    PYTHON_WITH_NT benchmarks/bench_kernels.py nt     # needs jax 0.4.30, numpy<2, neural-tangents; compares

Setting: 500 points of the sphere of R^10, 100 residual blocks, alpha = 1; the kernel of V and W, over its diagonal.
"""

import sys
import time
from pathlib import Path

import numpy as np

POINTS, DIMENSION, DEPTH, LARGE = 500, 10, 100, 5000
FILE = Path("bench_kernels.npz")


def points(count: int) -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((count, DIMENSION))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def best(work, repeats: int = 7) -> float:  # type: ignore[no-untyped-def]
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def with_first_layer(K: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return the kernel with the gradient of A too, over its diagonal: that adds u d rho_L/du to the 2 L a r_L."""
    from mfcheck.kernels.arccos import Cosine, gap

    u = np.clip(X @ X.T, -1, 1)
    np.fill_diagonal(u, 1.0)
    x, slope = Cosine(1 - u, 1 + u), np.ones_like(u)
    for _ in range(DEPTH):
        slope *= 1 - 0.5 * x.angle / np.pi
        step = 0.5 * gap(x)
        x = Cosine(x.v - step, x.w + step)
    return (u * slope + DEPTH * K) / (1 + DEPTH)


def ours() -> None:
    from mfcheck.kernels import interpolant, kernel
    from mfcheck.kernels.matrix import FastKernel

    for depth, count in ((DEPTH, POINTS), (1000, LARGE)):
        start = time.perf_counter()
        r = FastKernel(interpolant(kernel(depth, 1)))
        built, X = time.perf_counter() - start, points(count)
        K = r.matrix(X)
        warm = best(lambda r=r, X=X: r.matrix(X))
        print(
            f"n = {count}, L = {depth}: built in {built:.2f} s, warm {warm:.4f} s, certified error {r.error:.1e}"
        )
        if count == POINTS:
            np.savez(FILE, K=with_first_layer(K, X), warm=warm)


def theirs() -> None:
    import jax
    from neural_tangents import stax

    jax.config.update("jax_enable_x64", True)
    block = stax.serial(
        stax.FanOut(2),
        stax.parallel(
            stax.Identity(),
            stax.serial(stax.Dense(DIMENSION, W_std=2**0.5), stax.Relu(), stax.Dense(DIMENSION)),
        ),
        stax.FanInSum(),
    )
    _, _, kernel_fn = stax.serial(stax.Dense(DIMENSION), *[block] * DEPTH)
    run = jax.jit(lambda x: kernel_fn(x, None, "ntk"))
    X = jax.numpy.asarray(points(POINTS) * DIMENSION**0.5)
    start = time.perf_counter()
    K = np.asarray(run(X).block_until_ready())
    print(f"neural-tangents: compiled and run in {time.perf_counter() - start:.1f} s")
    warm = best(lambda: run(X).block_until_ready(), 3)
    mine = np.load(FILE)
    K = K / np.sqrt(np.outer(np.diag(K), np.diag(K)))
    ratio, gap = warm / float(mine["warm"]), np.abs(K - mine["K"]).max()
    print(f"warm {warm:.3f} s, {ratio:.0f} times ours; largest difference {gap:.1e}")


if __name__ == "__main__":
    theirs() if "nt" in sys.argv[1:] else ours()
