"""Time steps of particles and entropies together, each with an estimate of its error."""

from dataclasses import dataclass

import numpy as np

from mfcheck.dynamics.resnet.flow import Evaluation, Flow, aligned
from mfcheck.dynamics.resnet.problem import Array, Problem
from mfcheck.dynamics.resnet.schemes import (
    ERROR_WEIGHTS,
    MOST_STAGES,
    NODES,
    STABILITY,
    chebyshev,
    stage_count,
)
from mfcheck.dynamics.resnet.state import State

LOSS_SHARE = 30.0  # relative tolerance of the loss over that of everything else
ROUNDING = float(np.finfo(np.float64).eps)
CURVATURE = 6.0  # typical |second derivatives| of `a s0(w.z + b)` over all but rare particles


def floors(sizes: Array, tolerance: float) -> Array:
    """Return the sizes to which errors are relative at least, `(4,)`: rounding may take the tolerance of them.

    Positions are of order one, so that a displacement is known to a few units of rounding at best, and an entropy to
    that times the displacement. A step that had to keep smaller errors would shrink for ever.

    Args:
        sizes: those that `typical_sizes` expects.
        tolerance: relative tolerance of the time integration.
    """
    least = 4 * ROUNDING / tolerance
    return np.maximum(sizes, least * np.append(np.ones(2), sizes[:2]))


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


START, Y, NEW, OTHER = 0, 1, 2, 3
SLOPES = (4, 5, 6, 7)


class Stepper:
    """State of the time integration; all arrays are allocated once.

    Rows of the work array: the start, the current state, the new one, one more for three-term
    recurrences, and four slopes, of which `self._slopes[0]` is that of the current state.
    """

    def __init__(
        self, flow: Flow, floor: Array, least_loss: float, switch: float | None = None
    ) -> None:
        """Start at time 0.

        Args:
            flow: what to integrate.
            floor: sizes below which the errors of particles and entropies are not relative, `(4,)`.
            least_loss: the same for the loss.
            switch: time from which Chebyshev steps are taken; None: once a step needs them.
        """
        self.flow = flow
        self.switch = switch
        start = flow.start
        L, _, M = start.nu.shape
        self._size = start.tau.size + start.nu.size + 1 + L
        rows = aligned(8, self._size)
        self._stride = rows.shape[1]
        self._flat = rows.reshape(-1)
        self._rows = [Vector.over(row[: self._size], start) for row in rows]
        self.counts = np.array([start.tau.shape[1]] + [M] * L, dtype=np.float64)
        self._segments = start.tau.size + start.nu[0].size * np.arange(-1, L + 1)
        self._segments[0] = 0
        self._sums = np.zeros((1 + L, 6))
        self._state, self._new, self._other = Y, NEW, OTHER
        self._slopes = list(SLOPES)
        self._rows[START].state.tau[:], self._rows[START].state.nu[:] = start.tau, start.nu
        self.y.flat[:] = self._rows[START].flat
        self.time = 0.0
        self.evaluations = 0
        self.evaluation = self._slope(Y, self._slopes[0])
        self._largest = floor.copy()
        self._least_loss = least_loss
        self._radius_factor = 1.1
        self.top = 0.0

    @property
    def y(self) -> Vector:
        """The current state."""
        return self._rows[self._state]

    @property
    def stiff(self) -> bool:
        """Whether Chebyshev steps are taken at the current time."""
        return self.switch is not None and self.time >= self.switch

    def radius(self) -> float:
        """Return an upper estimate of the spectral radius of the Jacobian.

        `beta^2 lambda_max(G) / n` (from `self.top = lambda_max(G)`), and the curvature of single
        particles, which falls with the residuals.
        """
        problem, e = self.flow.problem, self.evaluation.residual
        curvature = CURVATURE * problem.beta / problem.n * float(np.abs(e).sum())
        return self._radius_factor * problem.beta**2 / problem.n * self.top + curvature

    def _slope(self, row: int, out: int) -> Evaluation:
        target = self._rows[out]
        evaluation = self.flow.evaluate(self._rows[row].state, target.state.tau, target.state.nu)
        target.KL[:] = evaluation.entropy_rates
        self.evaluations += 1
        return evaluation

    def _combine(self, order: list[int], weights: list[float], target: int) -> None:
        self.flow.kernels.combine(
            self._flat, self._stride, np.array(order), np.array(weights), target
        )
        for part in self.flow.frozen:  # weights that add up to 1 would leave rounding errors
            getattr(self._rows[target].state, part)[:] = getattr(self.flow.start, part)

    def attempt(self, h: float, tolerance: float) -> float:
        """Try a step of length `h`; return its error over the tolerance (accept below 1).

        The error of particles is relative to their displacement since the start, that of an
        entropy to its own size (to the floor while these are smaller): a position would be the
        wrong scale, since everything reported is made of displacements.
        """
        if self.switch is None and h * self.radius() > STABILITY:
            self.switch = self.time
        evaluation, order, weights = self._chebyshev(h) if self.stiff else self._classical(h)
        ratio, sizes = self._error(evaluation, order, weights, tolerance)
        if not np.isfinite(evaluation.loss):
            return float("nan")
        if ratio <= 1.0:
            self._largest = np.maximum(self._largest, sizes)
            self.time += h
            self._state, self._new = self._new, self._state
            self._slopes[0], self._slopes[3] = self._slopes[3], self._slopes[0]
            self.evaluation = evaluation
            self._radius_factor = max(1.1, 0.95 * self._radius_factor)
        elif self.stiff:
            self._radius_factor = min(10.0, 1.2 * self._radius_factor)
        return ratio

    def _classical(self, h: float) -> tuple[Evaluation, list[int], list[float]]:
        """Do a Bogacki-Shampine step; return the rows and weights that make up its error."""
        evaluation = self.evaluation
        for stage, weights in enumerate(NODES):
            order = [self._state, *self._slopes[: len(weights)]]
            self._combine(order, [1.0, *(h * w for w in weights)], self._new)
            evaluation = self._slope(self._new, self._slopes[stage + 1])
        return evaluation, list(self._slopes), [h * w for w in ERROR_WEIGHTS]

    def _chebyshev(self, h: float) -> tuple[Evaluation, list[int], list[float]]:
        """Do a Runge-Kutta-Chebyshev step; return the rows and weights that make up its error."""
        first, last = self._slopes[0], self._slopes[3]
        stages = chebyshev(min(MOST_STAGES, stage_count(h * self.radius())))
        evaluation, previous = self.evaluation, self._state
        for j, stage in enumerate(stages, start=1):
            target = self._new if j % 2 else self._other
            order, weights = [self._state, first], [1.0, h * stage.e]
            if j > 1:
                order += [previous, self._state if j == 2 else target, last]
                weights = [stage.a, h * stage.e, stage.b, stage.c, h * stage.d]
            self._combine(order, weights, target)
            evaluation, previous = self._slope(target, last), target
        if previous != self._new:
            self._new, self._other = self._other, self._new
        return evaluation, [self._state, self._new, first, last], [0.8, -0.8, 0.4 * h, 0.4 * h]

    def _error(
        self, evaluation: Evaluation, order: list[int], weights: list[float], tolerance: float
    ) -> tuple[float, Array]:
        """Return the error over the tolerance, and the sizes that errors are relative to."""
        self._measure(self._new, order, weights)
        moved, error = np.sqrt(self._sums[:, :2] / self.counts[:, None]).T
        KL = self._rows[self._new].KL
        KL_error = np.abs(
            sum(w * self._rows[row].KL for w, row in zip(weights, order, strict=True))
        )
        sizes = np.array([moved[0], moved[1:].max(), abs(KL[0]), np.abs(KL[1:]).max()])
        errors = np.array([error[0], error[1:].max(), KL_error[0], KL_error[1:].max()])
        errors[[part in self.flow.frozen for part in ("tau", "nu", "tau", "nu")]] = 0.0
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.where(errors == 0.0, 0.0, errors / np.maximum(self._largest, sizes))
        loss_error = self._loss_error(evaluation, weights)
        return float(np.append(ratios, loss_error).max()) / tolerance, sizes

    def _loss_error(self, evaluation: Evaluation, weights: list[float]) -> float:
        """Return the error of the loss, relative to it, over its share of the tolerance."""
        rates = -self._dissipation()
        if self.stiff:
            fall = self.evaluation.loss - evaluation.loss
            error = weights[0] * fall + weights[2] * (rates[2] + rates[3])
        else:
            error = float(np.array(weights) @ rates)
        return float(abs(error)) / (LOSS_SHARE * max(self.evaluation.loss, self._least_loss))

    def _measure(self, row: int, order: list[int], weights: list[float]) -> None:
        self.flow.kernels.squares(
            self._flat, self._stride, row, START, np.array(order), np.array(weights),
            self._segments, self._sums,
        )  # fmt: skip

    def _dissipation(self) -> Array:
        """Return `-dL/dt = E|velocity|^2`, of the decoder and averaged over depth, at each slope."""
        means = self._sums[:, 2:] / self.counts[:, None]
        return np.asarray(means[0] + means[1:].mean(axis=0))

    def movement(self) -> Array:
        """Return the root mean square displacement of the decoder and of each layer, `(1 + L,)`."""
        self._measure(self._state, [START] * 4, [0.0] * 4)
        return np.asarray(np.sqrt(self._sums[:, 0] / self.counts))
