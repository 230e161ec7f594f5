"""What is read off the states and gradients of networks: second moments, correlations, growth of norms."""

from collections.abc import Sequence

import numpy as np

from mfcheck.networks.maps import Array
from mfcheck.networks.network import Trace


def second_moments(states: Sequence[Array]) -> Array:
    """Return `q = mean over units of h^2` of each layer, net and input, shape (layers, nets, batch).

    On a ring the shape is (layers, nets, positions, batch).
    """
    return np.stack([np.einsum("rn...,rn...->r...", h, h) / h.shape[1] for h in states])


def covariances(states: Sequence[Array]) -> Array:
    """Return `mean over units of h h'` for all pairs of columns, shape (layers, nets, columns, columns).

    A state on a ring has positions times batch columns, the batch running fastest.
    """
    flat = [h.reshape(*h.shape[:2], -1) for h in states]
    return np.stack([h.swapaxes(-1, -2) @ h / h.shape[1] for h in flat])


def cross_covariances(first: Array, second: Array) -> Array:
    """Return `mean over units of h h'` between two layers of one width, shape (nets, batch, batch)."""
    product: Array = first.swapaxes(-1, -2) @ second
    return np.asarray(product / first.shape[1])


def correlations(states: Sequence[Array]) -> Array:
    """Return the (uncentred) correlations of all pairs of columns, shape (layers, nets, columns, columns)."""
    covariance = covariances(states)
    scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    return np.asarray(covariance / (scale[..., :, None] * scale[..., None, :]))


def correlation_gap(first: Array, second: Array) -> Array:
    """Return `1 - c` of two sets of columns without cancellation, shape (nets, ...): half the squared chord.

    Args:
        first: states, shape (nets, width, ...).
        second: states of the same shape.
    """
    unit = first / np.linalg.norm(first, axis=1, keepdims=True)
    unit = unit - second / np.linalg.norm(second, axis=1, keepdims=True)
    return np.asarray(np.einsum("rn...,rn...->r...", unit, unit) / 2)


def squared_norms(vectors: Sequence[Array]) -> Array:
    """Return squared norms over the units of cotangents or tangents, shape (layers, nets, ...)."""
    return np.stack([np.einsum("rn...,rn...->r...", v, v) for v in vectors])


def log_gradient_norms(trace: Trace, g: Array, *, whole_batch: bool = False) -> Array:
    """Return logarithms of the squared gradient norms at every state, rescaled on the way so that none overflows.

    Args:
        trace: a run of the network.
        g: gradient at the output, shape of the output.
        whole_batch: sum over positions and batch too: shape (layers, nets); otherwise (layers, nets, ...).
    """
    rows, offset = [], np.zeros(g.shape[0])
    for block in (*trace.blocks[::-1], None):
        largest = np.max(np.abs(g), axis=tuple(range(1, g.ndim)))
        scale = np.where(largest > 0, largest, 1.0)
        g = g / scale.reshape(-1, *[1] * (g.ndim - 1))
        offset = offset + 2 * np.log(scale)
        rows.append(_log_norms(g, offset, whole_batch))
        if block is not None:
            g = block.vjp(g)
    return np.stack(rows[::-1])


def _log_norms(g: Array, offset: Array, whole_batch: bool) -> Array:
    norms = np.einsum("rn...,rn...->r...", g, g)
    if whole_batch:
        norms = norms.reshape(len(norms), -1).sum(axis=1)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(norms) + offset.reshape(-1, *[1] * (norms.ndim - 1)))
