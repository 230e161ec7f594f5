"""Residual blocks `f(z, theta)`: their means over particles and their adjoints.

A layer of M particles is an array `(k, M)`, one row for each parameter; data are `(n, d)`. All blocks but
`CompiledNeurons` work on complex arrays too, for the complex step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.dynamics.resnet.blocks import group_count, part_size, scratch_size
from mfcheck.dynamics.resnet.codegen import kernels
from mfcheck.dynamics.resnet.flow import aligned
from mfcheck.symbolic.activation import Activation

Array = NDArray[Any]
"""Real, or complex in a complex step."""


class Block(Protocol):
    """What a residual network needs of its blocks; `weights (M,)` sum to one, None means `1/M` each."""

    def mean(self, z: Array, theta: Array, weights: Array | None = None) -> Array:
        """Return `sum_m w_m f(z_i, theta_m)`, `(n, d)`."""
        ...

    def adjoint(
        self,
        z: Array,
        theta: Array,
        p: Array,
        weights: Array | None = None,
        out: Array | None = None,
    ) -> tuple[Array, Array]:
        """Return `sum_m w_m (d_z f)^T p_i`, `(n, d)`, and `grad_theta sum_i p_i . f(z_i, theta_m)`, `(k, M)`.

        The latter is written to `out` if that is given (contiguous, real).
        """
        ...

    def values(self, z: Array, theta: Array, p: Array) -> Array:
        """Return `sum_i p_i . f(z_i, theta_m)` for each particle, `(M,)`."""
        ...


def _share(theta: Array, weights: Array | None) -> Array:
    return np.full(theta.shape[1], 1 / theta.shape[1]) if weights is None else weights


@dataclass(frozen=True)
class LinearBlock:
    """`f(z, A) = A z` with a full matrix: the parameters are the `d^2` entries of A, row by row."""

    dimension: int

    def mean(self, z: Array, theta: Array, weights: Array | None = None) -> Array:
        """Return the mean matrix applied to each datum, `(n, d)`."""
        return np.asarray(z @ self._matrix(theta, weights).T)

    def adjoint(
        self,
        z: Array,
        theta: Array,
        p: Array,
        weights: Array | None = None,
        out: Array | None = None,
    ) -> tuple[Array, Array]:
        """Return `A^T p` and the gradients, which are the same for all particles."""
        target = np.empty(theta.shape, np.result_type(z, p)) if out is None else out
        target[:] = (p.T @ z).reshape(-1, 1)
        return p @ self._matrix(theta, weights), target

    def values(self, z: Array, theta: Array, p: Array) -> Array:
        """Return `sum_i p_i . A_m z_i`, `(M,)`."""
        return np.asarray((p.T @ z).ravel() @ theta)

    def _matrix(self, theta: Array, weights: Array | None) -> Array:
        mean = theta @ _share(theta, weights)
        return np.asarray(mean.reshape(self.dimension, self.dimension))


@dataclass(frozen=True)
class Neurons:
    """`f(z, (u, w, b)) = u s(w . z + b)`: rows `u_1..u_d, w_1..w_d, b`; products by BLAS.

    Attributes:
        value: `s`, elementwise.
        slope: `s'`, elementwise.
    """

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]

    @classmethod
    def of(cls, activation: Activation) -> "Neurons":
        """Return the block with this activation; kinks are allowed."""
        return cls(activation.numpy_function(0), activation.numpy_function(1))

    def mean(self, z: Array, theta: Array, weights: Array | None = None) -> Array:
        """Return `sum_m w_m u_m s(w_m . z_i + b_m)`, `(n, d)`."""
        d = z.shape[1]
        return np.asarray(
            self.value(self._inputs(z, theta)) @ (theta[:d] * _share(theta, weights)).T
        )

    def adjoint(
        self,
        z: Array,
        theta: Array,
        p: Array,
        weights: Array | None = None,
        out: Array | None = None,
    ) -> tuple[Array, Array]:
        """Return the pulled back `p` and the gradients of all particles."""
        d = z.shape[1]
        inputs = self._inputs(z, theta)
        back = (p @ theta[:d]) * self.slope(inputs)
        pulled = back @ (theta[d : 2 * d] * _share(theta, weights)).T
        rows = [p.T @ self.value(inputs), z.T @ back, back.sum(axis=0, keepdims=True)]
        return np.asarray(pulled), np.concatenate(rows, out=out)

    def values(self, z: Array, theta: Array, p: Array) -> Array:
        """Return `sum_i (p_i . u_m) s(w_m . z_i + b_m)`, `(M,)`."""
        d = z.shape[1]
        return np.asarray(np.sum((p @ theta[:d]) * self.value(self._inputs(z, theta)), axis=0))

    @staticmethod
    def _inputs(z: Array, theta: Array) -> Array:
        d = z.shape[1]
        return np.asarray(z @ theta[d : 2 * d] + theta[2 * d])


@dataclass(eq=False)
class CompiledNeurons:
    """`Neurons` with the compiled kernels of the particle solver: smooth activations, real arrays.

    The kernels take equal weights and a multiple of four particles; all else goes through `Neurons`. Holds work arrays,
    so that it is not re-entrant.
    """

    activation: Activation
    parallel: bool = False
    _kernels: Any = field(init=False, repr=False)
    _plain: Neurons = field(init=False, repr=False)
    _work: dict[tuple[int, int, int], tuple[Array, ...]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self._kernels = kernels(self.activation, self.parallel)
        self._plain = Neurons.of(self.activation)

    def mean(self, z: Array, theta: Array, weights: Array | None = None) -> Array:
        """Return `sum_m u_m s(w_m . z_i + b_m) / M`, `(n, d)`."""
        if weights is not None or theta.shape[1] % 4:
            return self._plain.mean(z, theta, weights)
        n, d = z.shape
        work, parts, _, tau, f = self._arrays(n, d, theta.shape[1])
        flux = np.empty((n, d))
        ends = np.empty((1, 1, n, d + 1))
        self._kernels.forward(
            tau,
            np.ascontiguousarray(theta)[None],
            _with_ones(z),
            1.0,
            1,
            ends,
            work,
            parts,
            flux,
            f,
        )
        return flux

    def adjoint(
        self,
        z: Array,
        theta: Array,
        p: Array,
        weights: Array | None = None,
        out: Array | None = None,
    ) -> tuple[Array, Array]:
        """Return the pulled back `p` and the gradients of all particles."""
        if weights is not None or theta.shape[1] % 4:
            return self._plain.adjoint(z, theta, p, weights, out)
        n, d = z.shape
        work, parts, entropies, _, _ = self._arrays(n, d, theta.shape[1])
        pulled, gradient = np.empty((n, d)), np.empty(theta.shape) if out is None else out
        self._kernels.neurons_adjoint(
            np.ascontiguousarray(theta), d, _with_ones(z), np.negative(p, order="C"), work, parts,
            entropies, pulled, gradient, False,
        )  # fmt: skip
        return -pulled, gradient  # the kernel writes minus the gradient: it was given -p

    def values(self, z: Array, theta: Array, p: Array) -> Array:
        """Return `sum_i (p_i . u_m) s(w_m . z_i + b_m)`, `(M,)`."""
        return self._plain.values(z, theta, p)

    def through(self, x: Array, theta: Array) -> Array:
        """Return the features behind all layers `theta (L, k, M)` of the Euler network, `(L + 1, n, d)`, M by fours."""
        (n, d), layers = x.shape, len(theta)
        work, parts, _, tau, f = self._arrays(n, d, theta.shape[2])
        z = np.empty((layers + 1, 1, n, d + 1))
        end, flux = _with_ones(x), np.empty((n, d))
        self._kernels.forward(tau, theta, end, 1.0, 1, z[:-1], work, parts, flux, f)
        z[-1, 0] = end
        return np.ascontiguousarray(z[:, 0, :, :-1])

    def _arrays(self, n: int, d: int, particles: int) -> tuple[Array, ...]:
        key = (n, d, particles)
        if key not in self._work:
            groups = group_count(particles)
            self._work[key] = (
                aligned(groups, scratch_size(d, d)), aligned(groups, part_size(n, d)),
                aligned(groups, 8), np.zeros((d + 2, 4)), np.empty((n, 1)),
            )  # fmt: skip
        return self._work[key]


def _with_ones(z: Array) -> Array:
    joined = np.ones((z.shape[0], z.shape[1] + 1))
    joined[:, :-1] = z
    return joined


class SymbolicBlock:
    """A block given by expressions; its derivatives are SymPy's, its code is NumPy's."""

    def __init__(
        self, f: Sequence[sp.Expr], z: Sequence[sp.Symbol], theta: Sequence[sp.Symbol]
    ) -> None:
        """Prepare the block.

        Args:
            f: `d` components.
            z: `d` symbols of the features.
            theta: `k` symbols of the parameters.

        Raises:
            ValueError: a component has another symbol, or there are not `d` of them.
        """
        unknown = set().union(*(sp.sympify(c).free_symbols for c in f)) - {*z, *theta}
        if unknown or len(f) != len(z):
            raise ValueError(f"{len(f)} components in {len(z)} features; unknown: {unknown}")
        p = sp.symbols(f"p:{len(z)}", cls=sp.Dummy)
        total = sp.Add(*(a * b for a, b in zip(p, f, strict=True)))
        slopes = [sp.diff(total, s) for s in (*z, *theta)]
        self._f = sp.lambdify([*z, *theta], list(f), "numpy", cse=True)
        self._total = sp.lambdify([*z, *theta, *p], total, "numpy", cse=True)
        self._slopes = sp.lambdify([*z, *theta, *p], slopes, "numpy", cse=True)

    def mean(self, z: Array, theta: Array, weights: Array | None = None) -> Array:
        """Return `sum_m w_m f(z_i, theta_m)`, `(n, d)`."""
        shape, share = (len(z), theta.shape[1]), _share(theta, weights)
        parts = self._f(*_columns(z), *theta)
        return np.stack([np.broadcast_to(c, shape) @ share for c in parts], axis=1)

    def adjoint(
        self,
        z: Array,
        theta: Array,
        p: Array,
        weights: Array | None = None,
        out: Array | None = None,
    ) -> tuple[Array, Array]:
        """Return the pulled back `p` and the gradients of all particles."""
        shape, share, d = (len(z), theta.shape[1]), _share(theta, weights), z.shape[1]
        slopes = [
            np.broadcast_to(c, shape) for c in self._slopes(*_columns(z), *theta, *_columns(p))
        ]
        pulled = np.stack([c @ share for c in slopes[:d]], axis=1)
        return pulled, np.stack([c.sum(axis=0) for c in slopes[d:]], out=out)

    def values(self, z: Array, theta: Array, p: Array) -> Array:
        """Return `sum_i p_i . f(z_i, theta_m)`, `(M,)`."""
        total = self._total(*_columns(z), *theta, *_columns(p))
        return np.asarray(np.broadcast_to(total, (len(z), theta.shape[1])).sum(axis=0))


def _columns(z: Array) -> list[Array]:
    return [z[:, c : c + 1] for c in range(z.shape[1])]
