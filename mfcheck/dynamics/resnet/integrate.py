"""One run of the flow at one resolution, with adaptive steps in the flow's own time."""

import time as clock
from collections.abc import Callable

import numpy as np

from mfcheck.dynamics.resnet.errors import (
    DivergenceError,
    FlowError,
    InterruptedFlowError,
    StepCollapseError,
    StepLimitError,
)
from mfcheck.dynamics.resnet.flow import Flow
from mfcheck.dynamics.resnet.memory import check_memory
from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem
from mfcheck.dynamics.resnet.schemes import ESTIMATE_ORDER
from mfcheck.dynamics.resnet.state import State, initial_state
from mfcheck.dynamics.resnet.stepper import Stepper, floors, typical_sizes
from mfcheck.dynamics.resnet.trajectory import Cost, Trajectory

FIRST_OUTPUT = 0.05  # first output time, in units of the fastest time scale
STAGES = 20.0  # evaluations of a run over the root of (end * fastest rate), measured
ADVICE = "shorten end_time, lower beta"
NOT_FINITE = "the Gram matrix is not finite"
SMALLEST_RATIO = 1e-13  # below this lambda_min / lambda_max is rounding


def output_times(problem: Problem, numerics: Numerics, start: State) -> Array:
    """Return 0 and geometrically spaced times up to the end of the run, `(outputs,)`.

    The end is `numerics.end_time`, or the time at which the slowest mode of the linearised flow,
    of rate `beta^2 lambda_min(G2) / n`, has fallen by `sqrt(loss_factor)`.

    Raises:
        DivergenceError: the Gram matrix is not finite at the start.
        StepLimitError: `lambda_min(G2)` is rounding at the start, or the run would need more than
            `max_evaluations` evaluations to stay stable.
    """
    _, G2 = Flow(problem, numerics, start).gram_matrices(start)
    if not np.isfinite(G2).all():
        raise DivergenceError(NOT_FINITE, 0.0, None)
    low, high = np.linalg.eigvalsh(G2)[[0, -1]]
    rate = problem.beta**2 / problem.n
    end = numerics.end_time
    if end is None:
        if low <= SMALLEST_RATIO * high:
            message = "lambda_min(G2) is 0 up to rounding, so the flow does not converge"
            raise StepLimitError(message, 0.0, None, "give end_time")
        end = float(-0.5 * np.log(numerics.loss_factor) / (rate * low))
    evaluations = STAGES * np.sqrt(end * rate * high)
    if evaluations > numerics.max_evaluations:
        message = (
            f"the run would need about {evaluations:.3g} evaluations and may take "
            f"{numerics.max_evaluations}"
        )
        raise StepLimitError(message, 0.0, None, f"{ADVICE}, or raise max_evaluations")
    first = min(FIRST_OUTPUT / (rate * high), end / numerics.outputs)
    return np.concatenate([[0.0], np.geomspace(first, end, numerics.outputs - 1)])


class _Recorder:
    """Collects observables at output times."""

    def __init__(self, flow: Flow, numerics: Numerics, memory: int) -> None:
        self.flow = flow
        self.numerics = numerics
        self.memory = memory
        self.began = clock.perf_counter()
        self.rows: list[tuple[float, Array, float, Array, Array, float, float]] = []

    def seconds(self) -> float:
        return clock.perf_counter() - self.began

    def record(self, stepper: Stepper) -> bool:
        """Add a row; say whether that was possible: the Gram matrices are finite."""
        G1, G2 = self.flow.gram_matrices(stepper.y.state)
        G = self.flow.problem.alpha**2 * G1 + G2
        if not np.isfinite(G).all():
            return False
        eigenvalues = np.linalg.eigvalsh(G)
        stepper.top = float(eigenvalues[-1])
        self.rows.append(
            (
                stepper.time,
                stepper.evaluation.residual,
                stepper.evaluation.loss,
                stepper.y.KL.copy(),
                stepper.movement(),
                float(eigenvalues[0]),
                float(np.linalg.eigvalsh(G2)[0]),
            )
        )
        return True

    def trajectory(self, stepper: Stepper, steps: int, rejected: int) -> Trajectory:
        time, residuals, loss, KL, movement, low_G, low_G2 = (
            np.array(column) for column in zip(*self.rows, strict=True)
        )
        cost = Cost(steps, rejected, stepper.evaluations, self.seconds(), self.memory)
        return Trajectory(
            self.flow.problem, self.numerics, time, residuals, loss, KL, movement, low_G, low_G2,
            self.flow.start, stepper.y.state.copy(), stepper.switch, cost,
        )  # fmt: skip


def integrate(
    problem: Problem,
    numerics: Numerics,
    progress: Callable[[float], None] | None = None,
    *,
    start: State | None = None,
    times: Array | None = None,
    replicate: int = 0,
    switch: float | None = None,
    parallel: bool = False,
) -> Trajectory:
    """Integrate the coupled flow of decoder and encoder (arXiv 2403.09889, eqs. (2), (3)).

    Args:
        problem: data, activation and scales.
        numerics: resolution; `replicates` is not used here.
        progress: called with the fraction done after each output time.
        start: particles at time 0; None: drawn by `initial_state`.
        times: output times `(T,)` from 0 on; None: `output_times`, cut where the loss has fallen by
            `loss_factor` if `end_time` is None.
        replicate: which draw of the start.
        switch: time from which stabilised steps are taken; None: once stability asks for them.
        parallel: share each layer among numba's threads; the result is the same bits.

    Raises:
        MemoryLimitError: the run does not fit in memory.
        FlowError: divergence, collapse of the step, too many steps, an interruption; holds what was computed.
    """
    memory = check_memory(problem, numerics)
    start = initial_state(problem, numerics, replicate) if start is None else start
    stop_at_loss = times is None and numerics.end_time is None
    times = output_times(problem, numerics, start) if times is None else times
    flow = Flow(problem, numerics, start, parallel=parallel)
    recorder = _Recorder(flow, numerics, memory)
    top = float(np.linalg.eigvalsh(flow.gram_matrices(start)[1])[-1])
    least_loss = 1e-2 * numerics.loss_factor * flow.loss(start)
    sizes = floors(typical_sizes(problem, float(times[-1]), top), numerics.tolerance)
    stepper = Stepper(flow, sizes, least_loss, switch)
    run = _Run(stepper, recorder, numerics, float(times[-1]))
    try:
        run.record()
        for index, target in enumerate(times[1:], start=2):
            run.advance(float(target), float(times[1]))
            run.record()
            if progress is not None:
                progress(index / times.size)
            loss = recorder.rows[-1][2]
            if stop_at_loss and loss <= numerics.loss_factor * recorder.rows[0][2]:
                break
    except KeyboardInterrupt as error:
        raise InterruptedFlowError("interrupted", stepper.time, run.result()) from error
    return recorder.trajectory(stepper, run.steps, run.rejected)


class _Run:
    """Step-size control of one run."""

    def __init__(
        self, stepper: Stepper, recorder: _Recorder, numerics: Numerics, end: float
    ) -> None:
        self.stepper = stepper
        self.recorder = recorder
        self.numerics = numerics
        self.end = end
        self.h: float | None = None
        self.steps = 0
        self.rejected = 0

    def result(self) -> Trajectory | None:
        """Return what was recorded so far, None if that is nothing."""
        if not self.recorder.rows:
            return None
        return self.recorder.trajectory(self.stepper, self.steps, self.rejected)

    def record(self) -> None:
        """Record an output time."""
        if not self.recorder.record(self.stepper):
            raise DivergenceError(NOT_FINITE, self.stepper.time, self.result())

    def advance(self, target: float, first_step: float) -> None:
        """Step to the output time `target`."""
        stepper = self.stepper
        h = first_step if self.h is None else self.h
        while stepper.time < target:
            left = target - stepper.time
            step = left if h > 0.95 * left else min(h, 0.5 * left) if h > 0.5 * left else h
            ratio = stepper.attempt(step, self.numerics.tolerance)
            if ratio <= 1.0:
                self.steps += 1
                if step == left:
                    stepper.time = target
                h = max(h, step * _factor(ratio)) if step < h else step * _factor(ratio)
            else:
                self.rejected += 1
                h = step * (_factor(ratio) if np.isfinite(ratio) else 0.1)
            self._check(h, ratio)
        self.h = h

    def _check(self, h: float, ratio: float) -> None:
        at = self.stepper.time
        if h < 1e-14 * max(at, 1e-3 * self.end):
            kind: type[FlowError] = StepCollapseError if np.isfinite(ratio) else DivergenceError
            what = (
                "the step size fell to rounding level"
                if kind is StepCollapseError
                else ("the flow is not finite")
            )
            raise kind(f"{what}; step {h:.3g}", at, self.result())
        if self.stepper.evaluations >= self.numerics.max_evaluations:
            message = (
                f"{self.stepper.evaluations} evaluations were made without reaching {self.end:.6g}"
            )
            advice = f"{ADVICE}, or raise max_evaluations"
            raise StepLimitError(message, at, self.result(), advice)
        allowed = self.numerics.max_seconds
        if allowed is not None and self.recorder.seconds() > allowed:
            message = f"the seconds allowed have passed without reaching {self.end:.6g}"
            raise StepLimitError(message, at, self.result(), f"{ADVICE}, or raise max_seconds")


def _factor(ratio: float) -> float:
    """Return the factor of the next step."""
    if ratio == 0.0:
        return 5.0
    return float(min(5.0, max(0.2, 0.9 * ratio ** (-1.0 / ESTIMATE_ORDER))))
