"""Particles: their arrays, and how they are drawn at the start."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem


@dataclass(frozen=True, eq=False)
class State:
    """Particles of the decoder and of the encoder.

    Attributes:
        tau: `(d + 2, M_tau)`, rows `a, w_1..w_d, b`.
        nu: `(L, 2 d + 1, M)`, rows `u_1..u_d, w_1..w_d, b`; layer l sits at depth `(l + 1/2) / L` in
            the midpoint scheme, `l / L` in the Euler scheme.
    """

    tau: Array
    nu: Array

    def copy(self) -> "State":
        """Return an independent copy."""
        return State(self.tau.copy(), self.nu.copy())


def _normal(rng: np.random.Generator, rows: int, count: int, sobol: bool) -> Array:
    """Return standard Gaussian draws `(rows, count)`."""
    if not sobol:
        return rng.standard_normal((rows, count))
    points = qmc.Sobol(rows, scramble=True, rng=rng, bits=30).random(count)
    # The sequence may hold an exact 0 after scrambling; half a cell keeps the quantile finite.
    return np.ascontiguousarray(np.asarray(ndtri(points + 2.0**-31), dtype=np.float64).T)


def _draw(rng: np.random.Generator, outer: int, inner: int, count: int, initial: str) -> Array:
    """Return one layer `(outer + inner, count)`; antithetic pairs differ in the sign of `outer`."""
    if initial == "iid":
        return _normal(rng, outer + inner, count, sobol=False)
    half = _normal(rng, outer + inner, count // 2, sobol=initial == "sobol")
    mirror = half.copy()
    mirror[:outer] *= -1.0
    return np.concatenate([half, mirror], axis=1)


def initial_state(problem: Problem, numerics: Numerics, replicate: int = 0) -> State:
    """Draw the standard Gaussian start (arXiv 2403.09889, Assumption 2).

    The draws depend on the seed and on `replicate`, and not on the depth if layers share their draws.
    """
    d, M = problem.d, numerics.particles
    sequence = np.random.SeedSequence(numerics.seed, spawn_key=(replicate,))
    decoder, encoder = (np.random.default_rng(s) for s in sequence.spawn(2))
    tau = _draw(decoder, 1, d + 1, numerics.decoder_size, numerics.initial)
    if numerics.layer_draws == "shared":
        layer = _draw(encoder, d, d + 1, M, numerics.initial)
        nu = np.repeat(layer[None], numerics.depth, axis=0)
    else:
        nu = np.stack(
            [_draw(encoder, d, d + 1, M, numerics.initial) for _ in range(numerics.depth)]
        )
    return State(tau, nu)


def halves(state: State, *, paired: bool) -> tuple[State, State]:
    """Split the particles in two; mirror images stay together if they are `paired`."""

    def part(array: Array, which: int) -> Array:
        M = array.shape[-1]
        index = np.arange(M).reshape((2, 2, M // 4) if paired else (1, 2, M // 2))
        return np.ascontiguousarray(array[..., index[:, which].ravel()])

    first, second = (State(part(state.tau, which), part(state.nu, which)) for which in (0, 1))
    return first, second


def coarsen(state: State, *, merge: bool) -> State:
    """Return the particles of half the depth.

    With `merge`, two neighbouring layers become one with twice the particles, which keeps the noise of
    the mean flux; otherwise every second layer stays (layers that share their draws start equal).
    """
    if not merge:
        return State(state.tau.copy(), np.ascontiguousarray(state.nu[::2]))
    L, rows, M = state.nu.shape
    pairs = state.nu.reshape(L // 2, 2, rows, 2, M // 2)
    return State(
        state.tau.copy(),
        np.ascontiguousarray(pairs.transpose(0, 2, 3, 1, 4)).reshape(-1, rows, 2 * M),
    )
