"""Tangent kernels of random networks of finite width: by the weights themselves, and faster with the same law."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_BATCH = 2**14
"""Numbers in one array of a batch of networks: few enough to stay in the cache."""


def empirical_kernel(
    rng: np.random.Generator, width: int, depth: int, alpha: float, u: float
) -> float:
    """Return the tangent kernel of V and W of one random network over its mean at u = 1, for inputs of cosine u.

    <grad f(x), grad f(x')> = (alpha^2/m) sum_l <delta_l, delta_l'> <phi_l, phi_l'>
    + (2 alpha^2/m^2) sum_l <1 V^T delta_l, 1' V^T delta_l'> <x_(l-1), x_(l-1)'>, delta_L = v.
    """
    x = rng.standard_normal((width, 2)) @ np.array([[1, u], [0, np.sqrt(1 - u**2)]])
    x /= np.sqrt(width)
    states, layers = [x], []
    for _ in range(depth):
        W, V = rng.standard_normal((2, width, width), dtype=np.float32)
        preactivation = np.sqrt(2 / width) * W @ states[-1]
        layers.append((W, V, preactivation))
        states.append(states[-1] + alpha / np.sqrt(width) * V @ np.maximum(preactivation, 0))
    delta = np.repeat(rng.standard_normal((width, 1)), 2, axis=1)
    total = 0.0
    for (W, V, preactivation), below in zip(layers[::-1], states[-2::-1], strict=True):
        phi, back = np.maximum(preactivation, 0), (preactivation > 0) * (V.T @ delta)
        total += alpha**2 / width * (delta[:, 0] @ delta[:, 1]) * (phi[:, 0] @ phi[:, 1])
        total += 2 * alpha**2 / width**2 * (back[:, 0] @ back[:, 1]) * (below[:, 0] @ below[:, 1])
        delta = delta + alpha * np.sqrt(2) / width * W.T @ back
    return float(total / (2 * depth * alpha**2 * (1 + alpha**2) ** (depth - 1)))


def squared_norms(
    rng: np.random.Generator, count: int, width: int, depth: int, alpha: float
) -> Array:
    """Return |x_L|^2 of random networks for an input with |x_0| = 1, shape (count,)."""
    x = np.zeros((count, width))
    x[:, 0] = 1.0
    for _ in range(depth):
        W, V = rng.standard_normal((2, count, width, width))
        phi = np.maximum(np.sqrt(2 / width) * np.einsum("nij,nj->ni", W, x), 0)
        x = x + alpha / np.sqrt(width) * np.einsum("nij,nj->ni", V, phi)
    return np.asarray(np.einsum("ni,ni->n", x, x))


def empirical_kernels(
    rng: np.random.Generator, count: int, width: int, depth: int, alpha: float, u: float
) -> Array:
    """Return that kernel for `count` independent networks, at a cost of order m and not m^2 for each layer.

    A Gaussian matrix W meets the two inputs X = Q R once and the two adjoints B once. Given W X = G R, G = W Q,
    its transpose acts as `W^T B = Q G^T B + (1 - Q Q^T) W'^T B` with an independent copy W'; and `W' Q`, `W'^T B`
    are, up to 2 x 2 factors, m x 2 arrays of independent standard Gaussians. So no matrix is ever needed.
    """
    size = max(1, _BATCH // (2 * width))
    parts = [
        _batch(rng, min(size, count - start), width, depth, alpha, u)
        for start in range(0, count, size)
    ]
    return np.concatenate(parts) / (2 * depth * alpha**2 * (1 + alpha**2) ** (depth - 1))


def _batch(
    rng: np.random.Generator, count: int, width: int, depth: int, alpha: float, u: float
) -> Array:
    def gaussian() -> Array:
        return rng.standard_normal((count, width, 2))

    x = gaussian() @ np.array([[1, u], [0, np.sqrt(1 - u**2)]]) / np.sqrt(width)
    layers = []
    for _ in range(depth):
        Q, R = _orthonormal(x)
        G = gaussian()
        preactivation = np.sqrt(2 / width) * G @ R
        P, S = _orthonormal(np.maximum(preactivation, 0))
        H = gaussian()
        layers.append((x, preactivation, (Q, G), (P, H)))
        x = x + alpha / np.sqrt(width) * H @ S
    delta = np.repeat(rng.standard_normal((count, width, 1)), 2, axis=2)
    total = np.zeros(count)
    for below, preactivation, inputs, outputs in layers[::-1]:
        phi = np.maximum(preactivation, 0)
        back = (preactivation > 0) * _transposed(*outputs, delta, gaussian())
        total += alpha**2 / width * _inner(delta) * _inner(phi)
        total += 2 * alpha**2 / width**2 * _inner(back) * _inner(below)
        delta = delta + alpha * np.sqrt(2) / width * _transposed(*inputs, back, gaussian())
    return total


def _transposed(Q: Array, G: Array, B: Array, fresh: Array) -> Array:
    """Return W^T B for a Gaussian W of which W Q = G is known; `fresh` are independent standard Gaussians."""
    other = fresh @ _orthonormal(B)[1]
    return np.asarray(other + Q @ (_transpose(G) @ B - _transpose(Q) @ other))


def _orthonormal(X: Array) -> tuple[Array, Array]:
    """Return Q, R with X = Q R for pairs of columns, shape (count, m, 2); a dependent column gives a zero one in Q."""
    first, second = X[..., 0], X[..., 1]
    norm = np.sqrt(np.einsum("nm,nm->n", first, first))
    q = first * _inverse(norm)[:, None]
    along = np.einsum("nm,nm->n", q, second)
    rest = second - along[:, None] * q
    left = np.sqrt(np.einsum("nm,nm->n", rest, rest))
    left = np.where(left > 1e-12 * norm, left, 0.0)
    R = np.zeros((len(X), 2, 2))
    R[:, 0, 0], R[:, 0, 1], R[:, 1, 1] = norm, along, left
    return np.stack([q, rest * _inverse(left)[:, None]], axis=-1), R


def _inverse(x: Array) -> Array:
    return np.divide(1.0, x, out=np.zeros_like(x), where=x > 0)


def _inner(X: Array) -> Array:
    return np.asarray(np.einsum("nm,nm->n", X[..., 0], X[..., 1]))


def _transpose(X: Array) -> Array:
    return np.swapaxes(X, -1, -2)
