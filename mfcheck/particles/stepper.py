"""Embedded Runge-Kutta steps (Bogacki-Shampine 3(2)) of particles and entropies together."""

from dataclasses import dataclass

import numpy as np

from mfcheck.particles.flow import Evaluation, Flow
from mfcheck.particles.problem import Array, Problem
from mfcheck.particles.state import State

ORDER = 3
ERROR_ORDER = 2
NODES = ((0.5,), (0.0, 0.75), (2 / 9, 1 / 3, 4 / 9))
ERROR_WEIGHTS = (-5 / 72, 1 / 12, 1 / 9, -1 / 8)
LOSS_SHARE = 30.0  # relative tolerance of the loss over that of everything else
STABILITY = 2.5  # length of the real stability interval


def typical_sizes(problem: Problem, end: float, top: float) -> Array:
    """Return the expected sizes of both displacements and both entropies at the end, `(4,)`.

    Leading orders in `1/beta`: the decoder moves by `m >= |y| / (beta sqrt(lambda_max(G2)))`, the
    encoder by about `alpha m^2`, and an entropy is about the square of a displacement.

    Args:
        problem: data and scales.
        end: last time of the run.
        top: `lambda_max(G2)` at the start.
    """
    reached = -np.expm1(-end * problem.beta**2 / problem.n * top)
    m = reached * float(np.linalg.norm(problem.y)) / (problem.beta * np.sqrt(top))
    nu = 0.1 * max(problem.alpha, 1e-300) * m**2
    return np.array([m, nu, m**2, nu**2])


@dataclass(frozen=True, eq=False)
class Vector:
    """Particles and entropies as one flat array, with views of its parts."""

    flat: Array
    state: State
    KL: Array

    @classmethod
    def over(cls, flat: Array, like: State) -> "Vector":
        """Return views of a flat array for particles of these shapes."""
        tau, nu = like.tau.size, like.nu.size
        state = State(
            flat[:tau].reshape(like.tau.shape), flat[tau : tau + nu].reshape(like.nu.shape)
        )
        return cls(flat, state, flat[tau + nu :])


class Stepper:
    """State of the time integration; all arrays are allocated once."""

    def __init__(self, flow: Flow, floor: Array, least_loss: float) -> None:
        """Start at time 0.

        Args:
            flow: what to integrate.
            floor: sizes below which the errors of particles and entropies are not relative, `(4,)`.
            least_loss: the same for the loss.
        """
        self.flow = flow
        start = flow.start
        L, _, M = start.nu.shape
        size = start.tau.size + start.nu.size + 1 + L
        self.counts = np.array([start.tau.shape[1]] + [M] * L, dtype=np.float64)
        self._segments = start.tau.size + start.nu[0].size * np.arange(-1, L + 1)
        self._segments[0] = 0
        vectors = np.zeros((3, size))
        self.start, self.y, self._new = (Vector.over(v, start) for v in vectors)
        self._all_slopes = np.zeros(4 * size)
        self._slopes = [Vector.over(v, start) for v in self._all_slopes.reshape(4, size)]
        self._order = np.arange(4)
        self._sums = np.zeros((1 + L, 6))
        self.start.state.tau[:], self.start.state.nu[:] = start.tau, start.nu
        self.y.flat[:] = self.start.flat
        self.time = 0.0
        self.evaluations = 0
        self.evaluation = self._slope(self.y, 0)
        self._largest = floor.copy()
        self._least_loss = least_loss

    def _slope(self, at: Vector, place: int) -> Evaluation:
        out = self._slopes[self._order[place]]
        evaluation = self.flow.evaluate(at.state, out.state.tau, out.state.nu)
        out.KL[:] = evaluation.entropy_rates
        self.evaluations += 1
        return evaluation

    def attempt(self, h: float, tolerance: float) -> float:
        """Try a step of length `h`; return its error over the tolerance (accept below 1).

        The error of particles is relative to their displacement since the start, that of an
        entropy to its own size (to the floor while these are smaller): a position would be the
        wrong scale, since everything reported is made of displacements.
        """
        evaluation = self.evaluation
        combine = self.flow.kernels.combine
        for stage, weights in enumerate(NODES):
            scaled = h * np.array(weights)
            combine(self.y.flat, self._all_slopes, self._order, scaled, scaled.size, self._new.flat)
            evaluation = self._slope(self._new, stage + 1)
        ratio, sizes = self._error(h, tolerance)
        if not np.isfinite(evaluation.loss):
            return float("nan")
        if ratio <= 1.0:
            self._largest = np.maximum(self._largest, sizes)
            self.time += h
            self.y, self._new = self._new, self.y
            self._order[[0, 3]] = self._order[[3, 0]]
            self.evaluation = evaluation
        return ratio

    def _error(self, h: float, tolerance: float) -> tuple[float, Array]:
        """Return the error over the tolerance, and the sizes that errors are relative to."""
        weights = h * np.array(ERROR_WEIGHTS)
        self._measure(self._new, weights)
        moved, error = (
            np.sqrt(self._sums[:, 0] / self.counts),
            np.sqrt(self._sums[:, 1] / self.counts),
        )
        KL = self._new.KL
        KL_error = np.abs(
            sum(w * self._slopes[j].KL for w, j in zip(weights, self._order, strict=True))
        )
        sizes = np.array([moved[0], moved[1:].max(), abs(KL[0]), np.abs(KL[1:]).max()])
        errors = np.array([error[0], error[1:].max(), KL_error[0], KL_error[1:].max()])
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.where(errors == 0.0, 0.0, errors / np.maximum(self._largest, sizes))
        loss = max(self.evaluation.loss, self._least_loss)
        loss_error = abs(float(weights @ self._dissipation())) / (LOSS_SHARE * loss)
        return float(np.append(ratios, loss_error).max()) / tolerance, sizes

    def _measure(self, at: Vector, weights: Array) -> None:
        self.flow.kernels.squares(
            at.flat, self.start.flat, self._all_slopes, self._order, weights, self._segments,
            self._sums,
        )  # fmt: skip

    def _dissipation(self) -> Array:
        """Return `-dL/dt = E|velocity|^2`, of the decoder and averaged over depth, at each slope."""
        means = self._sums[:, 2:] / self.counts[:, None]
        return np.asarray(means[0] + means[1:].mean(axis=0))

    def movement(self) -> Array:
        """Return the root mean square displacement of the decoder and of each layer, `(1 + L,)`."""
        self._measure(self.y, np.zeros(4))
        return np.asarray(np.sqrt(self._sums[:, 0] / self.counts))
