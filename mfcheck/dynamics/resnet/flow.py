"""The discrete network and its gradient flow: loss, residuals, velocities, Gram matrices.

Everything here belongs to one discrete system (L depth steps, M particles per layer), and is exact for
it: velocities are `-M` (decoder) and `-M L` (encoder) times the gradient of the discrete loss, and
`de/dt = -(beta^2/n) (alpha^2 G1 + G2) e` holds up to rounding.
"""

from dataclasses import dataclass

import numpy as np

from mfcheck.dynamics.resnet.blocks import group_count, part_size, scratch_size
from mfcheck.dynamics.resnet.codegen import kernels
from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem
from mfcheck.dynamics.resnet.state import State

MANY = 64
"""Rows from which on Gram matrices are products of whole matrices."""
COLUMNS = 4096
"""Particles of such a product at a time, which bounds its memory."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One evaluation of the flow.

    Attributes:
        residual: `e_i = f(x_i) - y_i`, `(n,)`.
        loss: `sum_i e_i^2 / (2 n)`.
        d_tau: velocities of the decoder, shaped as `State.tau`.
        d_nu: velocities of the encoder, shaped as `State.nu`.
        entropy_rates: `d/dt KL` of the decoder and of each encoder layer, `(1 + L,)`.
    """

    residual: Array
    loss: float
    d_tau: Array
    d_nu: Array
    entropy_rates: Array


def aligned(rows: int, columns: int) -> Array:
    """Return an array `(rows, columns)` of zeros whose rows start at multiples of 64 bytes."""
    width = -(-columns // 8) * 8
    flat = np.zeros(rows * width + 8)
    skip = -flat.ctypes.data // 8 % 8
    return flat[skip : skip + rows * width].reshape(rows, width)


class Flow:
    """The gradient flow of one discrete network; holds the work arrays, so it is not re-entrant."""

    def __init__(
        self, problem: Problem, numerics: Numerics, start: State, *, parallel: bool = False
    ) -> None:
        """Prepare the flow from `start`.

        Args:
            problem: data and scales.
            numerics: scheme, frozen parts and kind of draws are used; sizes are those of `start`.
            start: the particles at time 0, kept by reference.
            parallel: share each layer among numba's threads; results are the same bits.
        """
        self.problem = problem
        self.start = start
        self.frozen = numerics.frozen | ({"nu"} if problem.alpha == 0 else set())
        self.stein = numerics.initial == "iid"
        self.stages = 2 if numerics.scheme == "midpoint" else 1
        self.kernels = kernels(problem.activation, parallel)
        self._value, self._derivative = map(problem.activation.numpy_function, (0, 1))
        n, d = problem.X.shape
        L, _, M = start.nu.shape
        groups = max(group_count(M), group_count(start.tau.shape[-1]))
        self._work = aligned(groups, scratch_size(d, d))
        self._parts = aligned(groups, part_size(n, d))
        self._entropies = aligned(groups, 8)
        self._Z = np.empty((L, self.stages, n, d + 1))
        self._G = np.empty((L, self.stages, n, d))
        self._flux = np.empty((n, d))
        self._p, self._mu = np.empty((n, d)), np.empty((n, d))
        self._one = np.ones((n, 1))
        self._f = np.empty((n, 1))
        self._unused = np.empty(0)

    def features(self, state: State) -> Array:
        """Return the features `Z_nu(x_i, 1)`, `(n, d)`."""
        return self._forward(state)[:, :-1]

    def _forward(self, state: State) -> Array:
        """Return the features at depth 1 with a last column of ones, `(n, d + 1)`."""
        z = np.ones((self.problem.n, self.problem.d + 1))
        z[:, :-1] = self.problem.X
        self.kernels.forward(
            state.tau, state.nu, z, self.problem.alpha, self.stages,
            self._Z, self._work, self._parts, self._flux, self._f,
        )  # fmt: skip
        return z

    def residual(self, state: State) -> Array:
        """Return `e_i = f(x_i) - y_i`, `(n,)`."""
        self._forward(state)
        return self.problem.beta * self._f[:, 0] - self.problem.y

    def loss(self, state: State) -> float:
        """Return `sum_i e_i^2 / (2 n)`."""
        return self._loss_of(self.residual(state))

    def velocities(self, state: State) -> State:
        """Return the velocities of all particles, as a state."""
        evaluation = self.evaluate(state)
        return State(evaluation.d_tau, evaluation.d_nu)

    def evaluate(
        self, state: State, d_tau: Array | None = None, d_nu: Array | None = None
    ) -> Evaluation:
        """Return residual, loss, velocities and entropy rates; velocities go to the arrays given."""
        d_tau = np.empty_like(state.tau) if d_tau is None else d_tau
        d_nu = np.empty_like(state.nu) if d_nu is None else d_nu
        z_end = self._forward(state)
        e = self.problem.beta * self._f[:, 0] - self.problem.y
        weights = (self.problem.beta / self.problem.n * e)[:, None]
        rates = self._adjoint(state, z_end, weights, self.problem.alpha or 1.0, d_tau, d_nu)
        if self.stein:
            rates -= self._baseline(z_end, weights)
        if "tau" in self.frozen:
            d_tau[:] = 0.0
            rates[0] = 0.0
        if "nu" in self.frozen:
            d_nu[:] = 0.0
            rates[1:] = 0.0
        return Evaluation(e, self._loss_of(e), d_tau, d_nu, rates)

    def _loss_of(self, e: Array) -> float:
        with np.errstate(over="ignore", invalid="ignore"):  # not finite: the step is refused
            return float(e @ e) / (2 * self.problem.n)

    def _adjoint(
        self, state: State, z_end: Array, weights: Array, scale: float, d_tau: Array, d_nu: Array
    ) -> Array:
        """Run the adjoint of `sum_i weights_i f_i / beta`; return the entropy rates."""
        rates = np.empty(1 + state.nu.shape[0])
        self.kernels.backward(
            state.tau, state.nu, z_end, weights, self.problem.alpha / state.nu.shape[0], scale,
            self.stages, self._Z, self._work, self._parts, self._entropies, self._G, self._p,
            self._mu, d_tau, d_nu, rates,
        )  # fmt: skip
        return rates

    def _baseline(self, z_end: Array, weights: Array) -> Array:
        """Return `E[g_t(omega_0)]`, 0 in the limit by Stein's identity, for the decoder and layers."""
        rates = np.zeros(1 + self.start.nu.shape[0])
        rates[0] = self._entropy_rate(self.start.tau, z_end, weights)
        for layer, P in enumerate(self.start.nu):
            for stage in range(self.stages):
                z, g = self._Z[layer, stage], self._G[layer, stage]
                rates[1 + layer] += self._entropy_rate(P, z, g)
        return rates

    def _entropy_rate(self, P: Array, z: Array, g: Array) -> float:
        if self._unused.size < P.size:
            self._unused = np.empty(P.size)
        V = self._unused[: P.size].reshape(P.shape)
        return float(
            self.kernels.neurons_adjoint(
                P, g.shape[1], z, g, self._work, self._parts, self._entropies, self._mu, V, False
            )
        )

    def gram_matrices(self, state: State) -> tuple[Array, Array]:
        """Return `G1` and `G2`, each `(n, n)` (arXiv 2403.09889, section on Gram matrices).

        `G1` is the integral over depth; stages of one layer belong to the same particle, so their
        cross terms are part of it.
        """
        z_end = self._forward(state)
        n, d = self.problem.X.shape
        G2 = np.empty((n, n))
        self._gram(state.tau, 1, z_end, self._one, G2)
        d_tau, d_nu = np.empty_like(state.tau), np.empty_like(state.nu)
        self._adjoint(state, z_end, self._one, 1.0, d_tau, d_nu)
        G1 = np.zeros((n, n))
        block = np.empty((self.stages * n, self.stages * n))
        for layer, P in enumerate(state.nu):
            z, g = self._Z[layer].reshape(-1, d + 1), self._G[layer].reshape(-1, d)
            self._gram(P, d, z, g, block)
            G1 += block.reshape(self.stages, n, self.stages, n).sum(axis=(0, 2))
        return G1 / state.nu.shape[0], G2

    def _gram(self, P: Array, m: int, z: Array, g: Array, out: Array) -> None:
        """Write the Gram matrix of one layer, `(N, N)` for features `z (N, d + 1)` and weights `g (N, m)`."""
        if len(z) < MANY:
            self.kernels.gram(P, m, z, g, self._work, out)
            return
        both, slopes = np.zeros_like(out), np.zeros_like(out)
        for at in range(0, P.shape[1], COLUMNS):
            part = P[:, at : at + COLUMNS]
            inner = z @ part[m:]
            values, changes = self._value(inner), (g @ part[:m]) * self._derivative(inner)
            both += values @ values.T
            slopes += changes @ changes.T
        out[:] = ((g @ g.T) * both + (z @ z.T) * slopes) / P.shape[1]
