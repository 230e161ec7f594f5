"""The Gram matrix of gradients with respect to all weights: dual of the empirical Fisher matrix."""

from collections.abc import Sequence

import numpy as np

from mfcheck.networks.maps import Array, Use
from mfcheck.networks.network import Trace


def gradient_gram(trace: Trace, cotangents: Sequence[Array]) -> Array:
    """Return inner products of parameter gradients, shape (nets, C * T, C * T), the input index running fastest.

    Row `k * T + t` stands for the gradient of `sum_i cotangents[k][i, t] output_i(x_t)` with respect to all weights and
    biases; weights that are used several times count once. No gradient is formed: a layer contributes
    `(delta . delta') (x . x' + 1)`.

    Args:
        trace: a run on T inputs, in which no map mixes inputs.
        cotangents: C cotangents of the output, each of its shape.
    """
    owners: dict[int, list[list[Use]]] = {}
    for number, g in enumerate(cotangents):
        uses: list[Use] = []
        trace.backward(g, uses)
        for use in uses:
            kept = owners.setdefault(id(use.owner), [[] for _ in cotangents])
            kept[number].append(use)
    return np.asarray(sum(_of_one_owner(kept) for kept in owners.values()))


def fisher_eigenvalues(gram: Array, samples: int) -> Array:
    """Return the nonzero eigenvalues of the Fisher matrix `(1/T) sum_t sum_k grad grad^T`, falling, shape (nets, C T).

    They are those of the dual matrix `gram / T`.
    """
    return np.asarray(np.linalg.eigvalsh(gram / samples)[:, ::-1])


def _of_one_owner(kept: list[list[Use]]) -> Array:
    times = range(len(kept[0]))
    return np.asarray(
        sum(_pair([k[s] for k in kept], [k[t] for k in kept]) for s in times for t in times)
    )


def _pair(first: list[Use], second: list[Use]) -> Array:
    """Return the contribution of one use against another, summed over positions."""
    nets, _, positions, batch = first[0].inputs.shape
    inputs = _flat(first[0].inputs).swapaxes(-1, -2) @ _flat(second[0].inputs)
    inputs += first[0].bias
    left = np.stack([_flat(use.deltas).swapaxes(-1, -2) for use in first], axis=1)
    right = np.stack([_flat(use.deltas) for use in second], axis=1)
    deltas = left[:, :, None] @ right[:, None]
    product = deltas * inputs[:, None, None]
    count = len(first)
    shape = (nets, count, count, positions, batch, positions, batch)
    blocks = product.reshape(shape).sum(axis=(3, 5))
    return np.asarray(blocks.swapaxes(2, 3).reshape(nets, count * batch, count * batch))


def _flat(x: Array) -> Array:
    return x.reshape(*x.shape[:2], -1)
