"""Recurrent networks in time, with the same weights at all steps (tied) or with fresh ones (untied)."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from mfcheck.gaussian.gated import GatedCell
from mfcheck.networks.conditional import gaussian_images
from mfcheck.networks.gate import Gate
from mfcheck.networks.maps import Array
from mfcheck.networks.pointwise import Function


@dataclass(frozen=True)
class GatedRun:
    """Gated cells in time, net by net.

    Attributes:
        squares: mean of h^2 after each step, shape (steps, nets).
        growth: mean squared singular value of the step, over fresh weights in expectation, shape (steps, nets).
        state: last states h, shape (nets, width, batch).
    """

    squares: Array
    growth: Array
    state: Array


def gated_run(
    rng: np.random.Generator, cell: GatedCell, start: float, nets: int, width: int, steps: int
) -> GatedRun:
    """Run untied gated cells from Gaussian states of standard deviation `start`, by the exact law of the gates.

    Given a state, the arguments of the gates are independent Gaussian numbers; so no matrix is drawn.
    """
    sw, sv, mean, sb, scale = _floats(cell)
    h = start * rng.standard_normal((nets, width))
    squares, growth = [], []
    for _ in range(steps):
        z = scale * rng.standard_normal((nets, width))
        q = sw**2 * np.mean(h**2, axis=1) + sv**2 * np.mean(z**2, axis=1) + sb**2
        u = expit(mean + np.sqrt(q)[:, None] * rng.standard_normal((nets, width)))
        moved = np.mean((u * (1 - u) * (h - z)) ** 2, axis=1)
        growth.append(np.mean(u**2, axis=1) + sw**2 * moved)
        h = z + u * (h - z)
        squares.append(np.mean(h**2, axis=1))
    return GatedRun(np.array(squares), np.array(growth), h[..., None])


def tied_gated_run(
    rng: np.random.Generator,
    cell: GatedCell,
    start: float,
    nets: int,
    width: int,
    steps: int,
    batch: int,
) -> GatedRun:
    """Run tied gated cells, each on a batch of input sequences over which its numbers are averaged.

    Weights are drawn net by net, so that two matrices are held at a time.
    """
    runs = [_tied(rng, cell, start, width, steps, batch) for _ in range(nets)]
    squares, growth = (np.stack([run[k] for run in runs], axis=-1) for k in (0, 1))
    return GatedRun(squares, growth, np.stack([run[2] for run in runs]))


def _tied(
    rng: np.random.Generator, cell: GatedCell, start: float, width: int, steps: int, batch: int
) -> tuple[Array, Array, Array]:
    sw, sv, mean, sb, scale = _floats(cell)
    W = rng.standard_normal((width, width)) * (sw / math.sqrt(width))
    V = rng.standard_normal((width, width)) * (sv / math.sqrt(width))
    bias = mean + sb * rng.standard_normal((width, 1))
    sizes, own = np.einsum("ij,ij->i", W, W)[:, None], np.diag(W)[:, None]
    h = start * rng.standard_normal((width, batch))
    squares, growth = [], []
    for _ in range(steps):
        z = scale * rng.standard_normal((width, batch))
        at = Gate(W, V @ z + bias, z).at(h)
        u, v = at.gate, at.sensitivity
        growth.append(float(np.mean(u**2 + 2 * u * v * own + v**2 * sizes)))
        h = at.value
        squares.append(float(np.mean(h**2)))
    return np.array(squares), np.array(growth), h


def _floats(cell: GatedCell) -> tuple[float, float, float, float, float]:
    sw, sv, mean, sb = map(float, (cell.sigma_w, cell.sigma_v, cell.mean, cell.sigma_b))
    return sw, sv, mean, sb, math.sqrt(cell.input_var)


def simple_run(
    rng: np.random.Generator,
    function: Function,
    start: Array,
    mix: Array,
    steps: int,
    *,
    sigma_w: float,
    sigma_v: float,
    sigma_b: float,
    tied: bool,
) -> Array:
    """Run `h' = f(e)`, `e = W h + V x + b`, on k sequences of inputs that are independent in time.

    Args:
        rng: source of randomness.
        function: f, elementwise.
        start: states h before the first step, shape (nets, width, k).
        mix: shape (k, k); the inputs of a step are Gaussian rows times it.
        steps: number of steps.
        sigma_w: standard deviation of W times the root of the width.
        sigma_v: that of V.
        sigma_b: standard deviation of the bias.
        tied: whether W, V and b stay the same, as matrices; else e is drawn by its exact law.

    Returns:
        Second moments of e between sequences, shape (steps, nets, k, k).
    """
    nets, width, count = start.shape
    weights = rng.standard_normal((2, nets, width, width)) / math.sqrt(width) if tied else None
    bias, h, found = sigma_b * rng.standard_normal((nets, width, 1)), start, []
    for _ in range(steps):
        x = rng.standard_normal((nets, width, count)) @ mix
        if weights is not None:
            e = sigma_w * (weights[0] @ h) + sigma_v * (weights[1] @ x) + bias
        else:
            e = gaussian_images(rng, x, sigma_w=sigma_v, sigma_b=sigma_b)
            e = e + gaussian_images(rng, h, sigma_w=sigma_w)
        h = function(e)
        found.append(np.einsum("rnk,rnl->rkl", e, e) / width)
    return np.array(found)
