"""The flow with an error for each number, from several runs that differ in one thing each.

- replicates: independent particles; their spread gives the statistical error;
- each replicate again with either half of its particles: the difference estimates the bias, which
  is removed (jackknife) for independent pairs, whose bias is of order 1/M;
- half the depth, same particles: twice Richardson's estimate of the depth error;
- half the depth at a finer tolerance, with an extra stop between output times: the error of the time
  integration.
"""

import threading
import time as clock
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

import numba
import numpy as np
from scipy import stats

from mfcheck.dynamics.resnet.errors import FlowError, InterruptedFlowError
from mfcheck.dynamics.resnet.integrate import integrate
from mfcheck.dynamics.resnet.memory import check_memory
from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem
from mfcheck.dynamics.resnet.solution import QUANTITIES, Series, Solution, SolutionCost
from mfcheck.dynamics.resnet.state import State, coarsen, halves, initial_state
from mfcheck.dynamics.resnet.stepper import LOSS_SHARE, ROUNDING
from mfcheck.dynamics.resnet.trajectory import Trajectory
from mfcheck.errors import InputError

LARGE = 8_000_000  # activations per evaluation from which a run shares its layers among threads
CONFIDENCE = 0.95
LARGEST_LOGARITHM = 600.0  # an error of e^600 is no number to rely on, but it is one
FINER = 8.0  # tolerance over that of the comparison run
SAFETY = 2.0  # errors of time and depth over what two runs suggest
TIME_SHARE = 5.0  # least relative time error over the tolerance
Progress = Callable[[float], None]


@dataclass(frozen=True)
class _Job:
    """One run: which replicate, which part of its particles, and at which resolution."""

    name: str
    replicate: int
    part: int | None = None
    coarse: bool = False
    finer: bool = False


def _jobs(numerics: Numerics) -> list[_Job]:
    jobs = [_Job("full", r) for r in range(1, numerics.replicates)]
    jobs += [_Job("half", r, part) for r in range(numerics.replicates) for part in (0, 1)]
    jobs += [_Job("depth", 0, coarse=True), _Job("time", 0, coarse=True, finer=True)]
    return jobs


def _start(problem: Problem, numerics: Numerics, job: _Job) -> State:
    state = initial_state(problem, numerics, job.replicate)
    if job.part is not None:
        state = halves(state, paired=numerics.initial != "iid")[job.part]
    return coarsen(state, merge=numerics.layer_draws == "independent") if job.coarse else state


class _CancelledError(Exception):
    """Another run failed, or the user wants to stop."""


class _Progress:
    """Share of the work done by all runs together; safe to call from several threads."""

    def __init__(self, report: Progress | None, weights: float) -> None:
        self._report = report
        self._total = weights
        self._done: dict[object, float] = {}
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Let all runs end at their next output time."""
        self._cancelled.set()

    def of(self, job: object, weight: float) -> Progress:
        """Return the callback of one run, which counts for `weight`."""

        def report(fraction: float) -> None:
            if self._cancelled.is_set():
                raise _CancelledError
            if self._report is None:
                return
            with self._lock:
                self._done[job] = weight * fraction
                self._report(min(1.0, sum(self._done.values()) / self._total))

        return report


@dataclass(frozen=True)
class Plan:
    """What a simulation will take.

    Attributes:
        runs: number of runs.
        at_once: runs at a time.
        threads: threads inside each run.
        memory: bytes that all runs at a time need.
    """

    runs: int
    at_once: int
    threads: int
    memory: int


def plan(problem: Problem, numerics: Numerics, *, threads: int | None = None) -> Plan:
    """Return what `simulate` will take with the same arguments, without starting it.

    Raises:
        InputError: the depth is odd.
        MemoryLimitError: the runs do not fit in memory.
    """
    if numerics.depth % 2:
        raise InputError("depth must be even: half of it gives the depth error")
    threads = numba.get_num_threads() if threads is None else max(1, threads)
    work = problem.n * (2 * numerics.depth * numerics.particles + numerics.decoder_size)
    inside = threads > 1 and work >= LARGE
    jobs = len(_jobs(numerics))
    at_once = 1 if inside else min(threads, jobs)
    memory = check_memory(problem, numerics, at_once)
    return Plan(1 + jobs, at_once, threads if inside else 1, memory)


def simulate(
    problem: Problem,
    numerics: Numerics,
    progress: Progress | None = None,
    *,
    threads: int | None = None,
) -> Solution:
    """Integrate the mean-field flow and estimate the error of every number.

    The result depends on the seed and not on `threads`.

    Args:
        problem: data, activation and scales.
        numerics: resolution and seed.
        progress: called with the fraction of the work done, from any thread.
        threads: runs at a time, or threads inside each run if runs are large; None: as many as numba
            may use.

    Raises:
        InputError: the depth is odd.
        MemoryLimitError: the runs do not fit in memory.
        FlowError: a run diverged, its step collapsed or it needed too many steps. Its trajectory is that
            of the reference, as far as it came.
    """
    began = clock.perf_counter()
    planned = plan(problem, numerics, threads=threads)
    jobs = _jobs(numerics)
    weights = {"full": 1.0, "half": 0.5, "depth": 0.5, "time": 1.0}
    meter = _Progress(progress, 1.0 + sum(weights[job.name] for job in jobs))
    parallel = planned.threads > 1
    with _numba_threads(planned.threads):
        report = meter.of("reference", 1.0)
        reference = integrate(problem, numerics, report, parallel=parallel)
        report(1.0)

        def run(job: _Job) -> Trajectory:
            report = meter.of(job, weights[job.name])
            left = _seconds_left(numerics, clock.perf_counter() - began)
            return _run(problem, left, job, reference, report, parallel=parallel)

        try:
            runs = _all(run, jobs, planned.at_once, meter)
        except FlowError as error:
            what = f"{error.what}, in a run for the errors"
            raise type(error)(what, error.time, reference, error.advice) from error
        except KeyboardInterrupt as error:
            reason, end = "interrupted, in a run for the errors", float(reference.time[-1])
            raise InterruptedFlowError(reason, end, reference) from error
    runs[_Job("full", 0)] = reference
    return _combine(problem, numerics, runs, clock.perf_counter() - began, planned.memory)


def _seconds_left(numerics: Numerics, passed: float) -> Numerics:
    if numerics.max_seconds is None:
        return numerics
    return replace(numerics, max_seconds=max(1e-3, numerics.max_seconds - passed))


def _all(
    run: Callable[[_Job], Trajectory], jobs: list[_Job], at_once: int, meter: _Progress
) -> dict[_Job, Trajectory]:
    """Do all runs; the first that fails ends the others."""
    if at_once == 1:
        return {job: run(job) for job in jobs}
    with ThreadPoolExecutor(at_once) as pool:
        waiting = {pool.submit(run, job): job for job in jobs}
        try:
            return {waiting[done]: done.result() for done in as_completed(waiting)}
        except BaseException:
            meter.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _numba_threads(count: int) -> Iterator[None]:
    """Let numba use that many threads meanwhile."""
    before = numba.get_num_threads()
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    try:
        yield
    finally:
        numba.set_num_threads(before)


def _run(
    problem: Problem,
    numerics: Numerics,
    job: _Job,
    reference: Trajectory,
    report: Progress,
    *,
    parallel: bool,
) -> Trajectory:
    """Do one run besides the reference; its particles are not kept."""
    sizes, times = numerics, reference.time
    if job.finer:
        sizes = replace(numerics, tolerance=max(1e-12, numerics.tolerance / FINER))
        times = np.insert(times, np.arange(1, times.size), 0.5 * (times[1:] + times[:-1]))
    # one switch of scheme for all runs, so that their errors in time are alike
    switch = float("inf") if reference.switch is None else reference.switch
    start = _start(problem, numerics, job)
    result = integrate(
        problem, sizes, report, start=start, times=times, switch=switch, parallel=parallel
    )
    nothing = State(np.empty((0, 0)), np.empty((0, 0, 0)))
    return replace(result, start=nothing, final=nothing)


def _combine(
    problem: Problem,
    numerics: Numerics,
    runs: Mapping[_Job, Trajectory],
    seconds: float,
    memory: int,
) -> Solution:
    reference = runs[_Job("full", 0)]

    def series(
        quantity: Callable[[Trajectory], Array],
        least: float | None = None,
        *,
        order: int = 2,
        rounding: Array | float = 0.0,
    ) -> Series:
        values = {job: quantity(run)[:: 2 if job.finer else 1] for job, run in runs.items()}
        # relative to the values; absolute for the logarithm of the loss
        share = TIME_SHARE * np.abs(values[_Job("full", 0)]) if least is None else least
        share = np.maximum(share, rounding / numerics.tolerance)
        return _series(numerics, values, share, 1 if numerics.scheme == "euler" else order)

    moved, entropy = _rounding(reference)
    # a layer stands for an interval of depth, so its place and the largest of all have order one
    layers = {
        "KL_nu": series(
            lambda run: _per_layer(run.KL, numerics.depth), order=1, rounding=entropy[:, 1:]
        ),
        "movement_nu": series(
            lambda run: _per_layer(run.movement, numerics.depth), order=1, rounding=moved[:, 1:]
        ),
    }
    found = {name: _largest(layer) for name, layer in layers.items()}
    found["loss"] = _from_logarithm(series(lambda run: np.log(run.loss), LOSS_SHARE))
    found["KL_tau"] = series(lambda run: run.KL_tau, rounding=entropy[:, 0])
    found["movement_tau"] = series(lambda run: run.movement_tau, rounding=moved[:, 0])
    for name in QUANTITIES:
        if name not in found:
            found[name] = series(lambda run, name=name: getattr(run, name))  # type: ignore[misc]
    cost = SolutionCost(
        len(runs),
        sum(run.cost.steps for run in runs.values()),
        sum(run.cost.evaluations for run in runs.values()),
        seconds,
        memory,
    )
    return Solution(
        problem, numerics, reference.time,
        MappingProxyType({name: found[name] for name in QUANTITIES}),
        MappingProxyType(layers),
        series(lambda run: run.residuals),
        MappingProxyType({name: found[name].at(-1) for name in QUANTITIES}),
        reference, cost,
    )  # fmt: skip


def _rounding(run: Trajectory) -> tuple[Array, Array]:
    """Return what rounding may do to movements and to entropies, both `(T, 1 + L)`.

    Each step may lose half a unit of rounding of each position, all of it where a particle moves by less in a step. An
    entropy is a mean over particles of their velocity, of either sign, times a position. What is far above rounding
    has an error from the time step that is larger than this; 0 is returned for it.
    """
    lost = ROUNDING * max(1, run.cost.steps)
    seen = run.movement.max(axis=0) > 16 * ROUNDING / run.numerics.tolerance
    moved = np.where(seen, 0.0, np.full_like(run.movement, lost))
    return moved, moved * (2 * run.movement + moved)


def _per_layer(columns: Array, depth: int) -> Array:
    """Return the encoder's columns at `depth` layers; a coarse layer stands for two fine ones."""
    layers = columns[:, 1:]
    return np.repeat(layers, depth // layers.shape[1], axis=1)


def _series(
    numerics: Numerics, values: Mapping[_Job, Array], least: float | Array, order: int
) -> Series:
    replicates = range(numerics.replicates)
    full = np.array([values[_Job("full", r)] for r in replicates])
    half = np.array(
        [0.5 * (values[_Job("half", r, 0)] + values[_Job("half", r, 1)]) for r in replicates]
    )
    bias = full - half
    samples = full if numerics.initial == "sobol" else full + bias
    quantile = float(stats.t.ppf(0.5 + CONFIDENCE / 2, numerics.replicates - 1))
    spread = samples.std(axis=0, ddof=1) * quantile / np.sqrt(numerics.replicates)
    size = np.abs(bias.mean(axis=0))
    if numerics.initial != "sobol":
        size = size / 4
    coarse = values[_Job("depth", 0, coarse=True)]
    depth = SAFETY / (2**order - 1) * np.abs(full[0] - coarse)
    step = SAFETY * np.abs(coarse - values[_Job("time", 0, coarse=True, finer=True)])
    # a difference that changes its sign does not mean that the error vanishes there, and replicates
    # differ: never claim less than what is controlled
    step = np.maximum(np.maximum.accumulate(step, axis=0), least * numerics.tolerance)
    step[0] = 0.0
    error = spread + size + depth + step
    return Series(samples.mean(axis=0), error, spread, size, depth, step, samples)


def _from_logarithm(log: Series) -> Series:
    """Return the series of which `log` is the logarithm.

    The loss falls exponentially, with a rate that varies between replicates: its logarithm is what has
    a symmetric error.
    """
    value = np.exp(log.value)

    def back(part: Array) -> Array:
        return np.asarray(value * np.expm1(np.minimum(part, LARGEST_LOGARITHM)))

    return Series(
        value, back(log.error), back(log.particles), back(log.size), back(log.depth),
        back(log.time), np.exp(log.samples),
    )  # fmt: skip


def _largest(layers: Series) -> Series:
    """Return the largest layer at each time; its error is the largest error of a layer."""

    def largest(part: Array) -> Array:
        return np.asarray(part.max(axis=1))

    return Series(
        largest(layers.value), largest(layers.error), largest(layers.particles),
        largest(layers.size), largest(layers.depth), largest(layers.time),
        np.asarray(layers.samples.max(axis=2)),
    )  # fmt: skip
