"""Spectra of input-output Jacobians: explicit matrices, singular values, moments of `J J^T`, vectors."""

import math

import numpy as np

from mfcheck.errors import InputError
from mfcheck.networks.maps import Array
from mfcheck.networks.network import Trace


def jacobian(trace: Trace, first: int = 0, last: int | None = None) -> Array:
    """Return the Jacobian from one state to a later one at a single input, shape (nets, outputs, inputs).

    States on a ring are flattened, positions fastest. The cheaper side is propagated.

    Args:
        trace: a run with batch 1.
        first: index of the state that is the input.
        last: index of the output state; the last one if None.

    Raises:
        InputError: the run has more than one input.
    """
    last = len(trace.blocks) if last is None else last
    start, end = trace.states[first], trace.states[last]
    if start.shape[-1] != 1:
        raise InputError("a Jacobian is taken at one input at a time")
    fan_in, fan_out = math.prod(start.shape[1:]), math.prod(end.shape[1:])
    blocks = trace.blocks[first:last]
    if fan_in <= fan_out:
        v = _identity(start)
        for block in blocks:
            v = block.jvp(v)
        return np.asarray(v.reshape(len(v), fan_out, fan_in))
    g = _identity(end)
    for block in reversed(blocks):
        g = block.vjp(g)
    return np.asarray(g.reshape(len(g), fan_in, fan_out).swapaxes(-1, -2))


def singular_values(matrix: Array) -> Array:
    """Return the singular values of each net's matrix, falling, shape (nets, rank)."""
    return np.asarray(np.linalg.svd(matrix, compute_uv=False))


def spectral_moments(matrix: Array, count: int = 2) -> Array:
    """Return `m_k = tr (J J^T)^k / outputs` for k = 1..count and each net, shape (count, nets)."""
    gram: Array = matrix @ matrix.swapaxes(-1, -2)
    outputs, powers, found = gram.shape[-1], [gram], []
    for k in range(1, count + 1):
        # tr G^k needs only the powers up to half of k.
        half = (k + 1) // 2
        while len(powers) < half:
            powers.append(powers[-1] @ gram)
        if k == 1:
            found.append(np.einsum("rii->r", gram))
        else:
            found.append(np.einsum("rij,rij->r", powers[half - 1], powers[k - half - 1]))
    return np.asarray(np.stack(found) / outputs)


def relative_variance(moments: Array) -> Array:
    """Return the variance of the spectrum over its squared mean, `m_2 / m_1^2 - 1`, shape (nets,)."""
    return np.asarray(moments[1] / moments[0] ** 2 - 1)


def probed_moments(trace: Trace, rng: np.random.Generator, probes: int = 8) -> Array:
    """Return unbiased estimates of `m_1, m_2` of each net from random probes, without the matrix, shape (2, nets).

    With Gaussian g: `E |J^T g|^2 = tr J J^T` and `E |J J^T g|^2 = tr (J J^T)^2`.

    Args:
        trace: a run with batch 1.
        rng: source of the probes.
        probes: number of probes per net.
    """
    output = trace.output
    if output.shape[-1] != 1:
        raise InputError("a Jacobian is taken at one input at a time")
    g = rng.standard_normal((*output.shape[:-1], probes))
    back = trace.backward(g)[0]
    there = trace.tangents(back)[-1]
    scale = probes * math.prod(output.shape[1:])
    squares = [(x * x).reshape(len(x), -1).sum(axis=1) for x in (back, there)]
    return np.asarray(np.stack(squares) / scale)


def participation(vectors: Array, power: float = 4.0) -> float:
    """Return the mean participation exponent D_2 of normalised columns: `log sum |v|^4 / (-log N)`.

    It is 1 where the entries are equal and 0 where one entry is all; Gaussian vectors have 1 - log 3/log N if real and
    1 - log 2/log N if complex.

    Args:
        vectors: unit columns, shape (N, count).
        power: in place of 4.
    """
    moments = np.sum(np.abs(vectors) ** power, axis=0)
    return float(np.mean(np.log(moments)) / -math.log(len(vectors)))


def _identity(state: Array) -> Array:
    size = math.prod(state.shape[1:])
    eye = np.eye(size).reshape(*state.shape[1:-1], size)
    return np.broadcast_to(eye, (len(state), *eye.shape))
