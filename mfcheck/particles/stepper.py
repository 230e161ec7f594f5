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


@dataclass(eq=False)
class Vector:
    """Particles and entropies as one flat array, with views of its parts."""

    flat: Array
    tau: Array
    nu: Array
    KL: Array

    @classmethod
    def like(cls, state: State) -> "Vector":
        """Return an uninitialised vector for particles of these shapes."""
        tau, nu = state.tau.size, state.nu.size
        flat = np.empty(tau + nu + 1 + state.nu.shape[0])
        return cls(
            flat,
            flat[:tau].reshape(state.tau.shape),
            flat[tau : tau + nu].reshape(state.nu.shape),
            flat[tau + nu :],
        )

    @property
    def state(self) -> State:
        """The particles, as views."""
        return State(self.tau, self.nu)


def _mean_square(a: Array, scratch: Array) -> Array:
    """Return `E_k |a_k|^2` over the last axis; the row axis before it holds components."""
    np.multiply(a, a, out=scratch)
    return np.asarray(scratch.sum(axis=(-2, -1)) / a.shape[-1])


class Stepper:
    """State of the time integration; all arrays are allocated once."""

    def __init__(self, flow: Flow, floor: Array) -> None:
        """Start at time 0; `floor (4,)` are the sizes below which errors are not relative."""
        self.flow = flow
        start = flow.start
        self.start, self.y, self.new = (Vector.like(start) for _ in range(3))
        self.scratch, self.spare = (Vector.like(start) for _ in range(2))
        self.slopes = [Vector.like(start) for _ in range(4)]
        self.start.tau[:], self.start.nu[:], self.start.KL[:] = start.tau, start.nu, 0.0
        self.y.flat[:] = self.start.flat
        self.time = 0.0
        self.evaluations = 0
        self.evaluation = self._slope(self.y, self.slopes[0])
        self._largest = floor.copy()

    def _slope(self, at: Vector, out: Vector) -> Evaluation:
        evaluation = self.flow.evaluate(at.state, out.tau, out.nu)
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
        for stage, weights in enumerate(NODES):
            np.copyto(self.new.flat, self.y.flat)
            for weight, slope in zip(weights, self.slopes, strict=False):
                if weight:
                    np.multiply(slope.flat, h * weight, out=self.scratch.flat)
                    self.new.flat += self.scratch.flat
            evaluation = self._slope(self.new, self.slopes[stage + 1])
        ratio, sizes = self._error(h, tolerance)
        if not np.isfinite(evaluation.loss):
            return float("nan")
        if ratio <= 1.0:
            self._largest = np.maximum(self._largest, sizes)
            self.time += h
            self.y, self.new = self.new, self.y
            self.slopes[0], self.slopes[3] = self.slopes[3], self.slopes[0]
            self.evaluation = evaluation
        return ratio

    def _error(self, h: float, tolerance: float) -> tuple[float, Array]:
        sizes = self._sizes(self.new, self.start)
        error = self._embedded(h)
        scale = np.maximum(self._largest, sizes)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.where(error == 0.0, 0.0, error / (tolerance * scale))
        return float(ratios.max()), sizes

    def _embedded(self, h: float) -> Array:
        """Return the embedded error estimate of the last attempt, as four sizes."""
        total = self.scratch
        np.multiply(self.slopes[0].flat, h * ERROR_WEIGHTS[0], out=total.flat)
        spare = self.spare
        for weight, slope in zip(ERROR_WEIGHTS[1:], self.slopes[1:], strict=True):
            np.multiply(slope.flat, h * weight, out=spare.flat)
            total.flat += spare.flat
        return self._norms(total, spare)

    def _sizes(self, a: Vector, b: Vector) -> Array:
        np.subtract(a.flat, b.flat, out=self.scratch.flat)
        return self._norms(self.scratch, self.spare)

    def _norms(self, v: Vector, spare: Vector) -> Array:
        """Return sizes of decoder, encoder (root mean squares) and of both entropies."""
        return np.array(
            [
                np.sqrt(_mean_square(v.tau, spare.tau)),
                np.sqrt(_mean_square(v.nu, spare.nu).max()),
                abs(v.KL[0]),
                np.abs(v.KL[1:]).max(),
            ]
        )

    def movement(self) -> Array:
        """Return the root mean square displacement of the decoder and of each layer, `(1 + L,)`."""
        np.subtract(self.y.flat, self.start.flat, out=self.scratch.flat)
        spare = self.spare
        squares = [
            _mean_square(self.scratch.tau, spare.tau)[None],
            _mean_square(self.scratch.nu, spare.nu),
        ]
        return np.asarray(np.sqrt(np.concatenate(squares)))
