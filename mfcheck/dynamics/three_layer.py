"""Three-layer networks under mean-field scaling, trained on all samples at once, many replicates, compiled.

`f(x) = N2^-output_power sum_j a_j phi2(N1^-inner_power sum_i W_ij phi1(w_i . x))`. Gradients of the loss
`loss_factor sum_m weights_m (y_m - f(x_m))^2` are multiplied by N1 for w, N1 N2 for W and N2 for a, and by a factor for
each layer; with both powers 1 every single weight moves at speed of order one. All layers move together.
"""

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from mfcheck.dynamics.two_layer import NUMPY, Seed, children
from mfcheck.errors import InputError

Array = NDArray[np.float64]
Layers = tuple[Array, Array, Array]
"""Weights w (N1, d), W (N1, N2) and a (N2,) of one network."""

KINDS = {"identity": 0, "tanh": 1}
EXACT = {"reassoc", "nsz", "contract"}
"""What sums may be rearranged to; the order is fixed at compilation, so that results repeat."""


@dataclass(frozen=True)
class ThreeLayer:
    """A three-layer network and the factors of its training; a planted error replaces one.

    Attributes:
        widths: N1 and N2.
        dimension: inputs d.
        activations: phi1 and phi2, each `identity` or `tanh`.
        inner_power: sums over the first layer are divided by `N1^inner_power`.
        output_power: sums over the second layer are divided by `N2^output_power`.
        loss_factor: of the squared error.
        first: factor of the gradient in w.
        middle: factor of the gradient in W; `1/(N1 N2)` forgets the layer's mean-field rate.
        last: factor of the gradient in a.
    """

    widths: tuple[int, int]
    dimension: int = 1
    activations: tuple[str, str] = ("identity", "identity")
    inner_power: float = 1.0
    output_power: float = 1.0
    loss_factor: float = 0.5
    first: float = 1.0
    middle: float = 1.0
    last: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no network.

        Raises:
            InputError: an activation is unknown, or a size is not positive.
        """
        if any(name not in KINDS for name in self.activations):
            raise InputError(f"activations of three layers are {' or '.join(KINDS)}")
        if min(*self.widths, self.dimension) < 1:
            raise InputError("widths and dimension must be positive")

    def outputs(self, layers: Layers, x: Array) -> Array:
        """Return the outputs (n,) at inputs x (n, d), by NumPy."""
        w, W, a = layers
        first, second = (NUMPY[name] for name in self.activations)
        inner = first(x.reshape(-1, self.dimension) @ w.T) @ W * self.widths[0] ** -self.inner_power
        return np.asarray(second(inner) @ a * self.widths[1] ** -self.output_power)

    @property
    def rates(self) -> tuple[float, float, float, float, float]:
        """Both scales of sums, and what gradients with respect to the sums' terms are multiplied by."""
        N1, N2 = self.widths
        inner, output = N1**-self.inner_power, N2**-self.output_power
        base = 2 * self.loss_factor
        return (
            float(inner),
            float(output),
            float(base * self.first * N1 * output * inner),
            float(base * self.middle * N1 * N2 * output * inner),
            float(base * self.last * N2 * output),
        )


def train(
    network: ThreeLayer,
    start: Callable[[Generator], Layers],
    data: tuple[Array, Array],
    times: Sequence[float],
    observe: Callable[[Layers], Sequence[float] | Array],
    *,
    replicates: int,
    seed: Seed,
    step: float = 0.02,
    scheme: Literal["rk4", "euler"] = "rk4",
    weights: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Train replicates on the same data, and return statistics (replicates, len(times), q).

    Args:
        network: sizes and factors.
        start: draws the weights of a replicate.
        data: inputs (n, d), or (n,) where d = 1, and labels (n,).
        times: not decreasing, from 0 on.
        observe: reads q statistics off the weights of one replicate.
        replicates: number of independent runs.
        seed: of all runs.
        step: longest step; times are hit exactly. Euler steps of this length are gradient descent.
        scheme: `rk4` for continuous time, or `euler`.
        weights: of the samples, (n,); 1/n each if None.
        threads: replicates at a time; None: one per core.

    Raises:
        InputError: times decrease, or arrays have wrong shapes.
    """
    marks = [float(t) for t in times]
    if not marks or marks[0] < 0 or marks != sorted(marks):
        raise InputError("times must not decrease, and not be negative")
    y = np.asarray(data[1], dtype=np.float64)
    x = np.ascontiguousarray(data[0], dtype=np.float64).reshape(-1, network.dimension)
    shares = np.full(len(y), 1 / len(y)) if weights is None else np.asarray(weights, dtype=float)
    if not len(x) == len(y) == len(shares):
        raise InputError("each sample needs an input, a label and a weight")
    kinds = [KINDS[name] for name in network.activations]

    def run(child: SeedSequence) -> Array:
        w, W, a = (np.array(p, dtype=float) for p in start(np.random.default_rng(child)))
        shape = network.widths[0], network.dimension
        if w.size != math.prod(shape) or W.shape != network.widths or a.shape != W.shape[1:]:
            raise InputError("weights need shapes (N1, d), (N1, N2) and (N2,)")
        w, found, now = w.reshape(shape), [], 0.0
        for mark in marks:
            count = math.ceil((mark - now) / step * (1 - 1e-12))
            if count:
                h = (mark - now) / count
                _steps(
                    w,
                    W,
                    a,
                    x,
                    y,
                    shares,
                    np.array(network.rates),
                    *kinds,
                    h,
                    count,
                    scheme == "rk4",
                )
            now = mark
            found.append(np.asarray(observe((w, W, a)), dtype=float).ravel())
        return np.array(found)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        return np.array(list(pool.map(run, children(seed, replicates))))


@njit(error_model="numpy", cache=True, fastmath=EXACT)
def _slopes(w, W, a, x, y, shares, rates, kind1, kind2, dw, dW, da, h, H, g):  # type: ignore[no-untyped-def]
    """Write the velocities of all weights; h (N1,), H (N2,), g (N2,) are scratch."""
    N1, N2 = W.shape
    dw[:], dW[:], da[:] = 0.0, 0.0, 0.0
    for m in range(x.shape[0]):
        H[:] = 0.0
        for i in range(N1):
            z = 0.0
            for k in range(x.shape[1]):
                z += w[i, k] * x[m, k]
            h[i] = math.tanh(z) if kind1 else z
            scaled = rates[0] * h[i]
            for j in range(N2):
                H[j] += W[i, j] * scaled
        total = 0.0
        for j in range(N2):
            if kind2:
                H[j] = math.tanh(H[j])
            total += a[j] * H[j]
            g[j] = a[j] * (1 - H[j] * H[j]) if kind2 else a[j]
        e = shares[m] * (y[m] - rates[1] * total)
        for j in range(N2):
            da[j] += rates[4] * e * H[j]
        for i in range(N1):
            back, push = 0.0, rates[3] * e * h[i]
            for j in range(N2):
                back += W[i, j] * g[j]
                dW[i, j] += push * g[j]
            back *= rates[2] * e * (1 - h[i] * h[i] if kind1 else 1.0)
            for k in range(x.shape[1]):
                dw[i, k] += back * x[m, k]


@njit(error_model="numpy", cache=True)
def _set(out, base, factor, change):  # type: ignore[no-untyped-def]
    """Write `base + factor change` to `out`, all flat."""
    for k in range(out.size):
        out[k] = base[k] + factor * change[k]


@njit(error_model="numpy", cache=True, nogil=True)
def _steps(w, W, a, x, y, shares, rates, kind1, kind2, step, count, fourth):  # type: ignore[no-untyped-def]
    """Take steps of the classical scheme of order four, or Euler steps, in place."""
    N1, N2, d = W.shape[0], W.shape[1], w.shape[1]
    h, H, g = np.empty(N1), np.empty(N2), np.empty(N2)
    # all layers in one row: now, at the stage, the sum of stages, and the velocity
    first, second = N1 * d, N1 * d + N1 * N2
    size = second + N2
    now, at, new, slope = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    now[:first], now[first:second], now[second:] = w.reshape(-1), W.reshape(-1), a
    for _ in range(count):
        _set(at, now, 0.0, now)
        _set(new, now, 0.0, now)
        for stage in range(4 if fourth else 1):
            _slopes(
                at[:first].reshape(N1, d), at[first:second].reshape(N1, N2), at[second:], x, y, shares, rates,
                kind1, kind2, slope[:first].reshape(N1, d), slope[first:second].reshape(N1, N2), slope[second:],
                h, H, g,
            )  # fmt: skip
            share = 1.0 if not fourth else 1 / 6 if stage in (0, 3) else 1 / 3
            _set(new, new, step * share, slope)
            _set(at, now, step if stage == 2 else step / 2, slope)
        _set(now, new, 0.0, new)
    w.reshape(-1)[:] = now[:first]
    W.reshape(-1)[:] = now[first:second]
    a[:] = now[second:]
