"""Orders in time and depth, output times, and how runs fail."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mfcheck.dynamics.resnet import (
    DivergenceError,
    Flow,
    Numerics,
    Problem,
    StepCollapseError,
    StepLimitError,
    initial_state,
    integrate,
    output_times,
)
from mfcheck.dynamics.resnet.stepper import Stepper

MakeProblem = Callable[..., Problem]
SMALL = Numerics(depth=2, particles=32, decoder_particles=64, end_time=0.3, outputs=4)


def slope(sizes: list[int], errors: list[float]) -> float:
    return float(-np.polyfit(np.log(sizes), np.log(errors), 1)[0])


def fixed_steps(problem: Problem, numerics: Numerics, count: int) -> np.ndarray:
    """Return particles and entropies after `count` equal steps."""
    start = initial_state(problem, numerics)
    stepper = Stepper(Flow(problem, numerics, start), np.full(4, 1e30), 1e30)
    for _ in range(count):
        assert stepper.attempt(0.2 / count, 0.1) <= 1
    return stepper.y.flat.copy()


@pytest.mark.parametrize("stiff", [False, True])
def test_steps_allocate_nothing_of_the_size_of_the_particles(
    make_problem: MakeProblem, stiff: bool
) -> None:
    numerics = replace(SMALL, depth=8, particles=2048, decoder_particles=2048)
    start = initial_state(make_problem(), numerics)
    flow = Flow(make_problem(), numerics, start)
    stepper = Stepper(flow, np.full(4, 1e30), 1e30, 0.0 if stiff else None)
    stepper.attempt(1e-4, 0.1)
    tracemalloc.start()
    for _ in range(4):
        stepper.attempt(1e-4, 0.1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.02 * (start.tau.nbytes + start.nu.nbytes)
    assert stepper.stiff == stiff


def test_steps_are_of_third_order(make_problem: MakeProblem) -> None:
    problem = make_problem(beta=2.0)
    exact = fixed_steps(problem, SMALL, 512)
    counts = [8, 16, 32, 64]
    runs = [fixed_steps(problem, SMALL, count) for count in counts]
    particles = [float(np.linalg.norm((run - exact)[:-3])) for run in runs]
    entropies = [float(np.linalg.norm((run - exact)[-3:])) for run in runs]
    assert slope(counts, particles) == pytest.approx(3, abs=0.2)
    assert slope(counts, entropies) == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize(("scheme", "order"), [("midpoint", 2), ("euler", 1)])
def test_order_in_depth(make_problem: MakeProblem, scheme: str, order: int) -> None:
    problem = make_problem(alpha=2.0, beta=2.0)
    # independent draws: features move by O(1) from the start
    base = replace(SMALL, scheme=scheme, tolerance=1e-7, initial="iid")  # type: ignore[arg-type]
    fine = integrate(problem, replace(base, depth=128, scheme="midpoint"))
    depths = [8, 16, 32]
    quantities = {
        "loss": lambda run: run.loss[-1],
        "KL_tau": lambda run: run.KL_tau[-1],
        "mean of KL_nu over depth": lambda run: run.KL[-1, 1:].mean(),
        "lambda_min_G": lambda run: run.lambda_min_G[-1],
    }
    runs = [integrate(problem, replace(base, depth=L)) for L in depths]
    for name, quantity in quantities.items():
        errors = [abs(quantity(run) - quantity(fine)) for run in runs]
        assert slope(depths, errors) == pytest.approx(order, abs=0.25), name


def test_default_end_is_convergence(make_problem: MakeProblem) -> None:
    problem = make_problem()
    run = integrate(problem, Numerics(depth=2, particles=64, loss_factor=1e-6))
    assert run.loss[-1] <= 1e-6 * run.loss[0] or run.time.size == 33
    assert np.all(np.diff(run.loss) < 0)
    assert run.KL_tau[0] == run.KL_nu[0] == run.movement_tau[0] == run.movement_nu[0] == 0
    assert np.all(np.diff(run.KL_tau) > 0)
    assert np.all(run.KL_nu[1:] > 0)


def test_given_end_and_given_times(make_problem: MakeProblem) -> None:
    problem = make_problem()
    run = integrate(problem, SMALL)
    assert run.time[0] == 0
    assert run.time[-1] == SMALL.end_time
    times = np.array([0.0, 0.1, 0.3])
    again = integrate(problem, SMALL, times=times)
    assert np.array_equal(again.time, times)
    assert again.loss[-1] == pytest.approx(run.loss[-1], rel=1e-3)


def test_energy_balance_along_the_run(make_problem: MakeProblem) -> None:
    """`dL/dt = -(beta^2/n^2) e^T G e`, integrated along the run, gives the loss that was lost."""
    problem = make_problem(beta=3.0)
    times = np.linspace(0, 0.2, 41)
    start = initial_state(problem, SMALL)
    run = integrate(problem, replace(SMALL, tolerance=1e-6), times=times)
    rates = []
    for t, e in zip(times, run.residuals, strict=True):
        part = integrate(
            problem, replace(SMALL, tolerance=1e-6), times=np.array([0.0, max(t, 1e-9)])
        )
        G1, G2 = Flow(problem, SMALL, start).gram_matrices(part.final)
        rates.append(-((problem.beta / problem.n) ** 2) * e @ (problem.alpha**2 * G1 + G2) @ e)
    weights = np.full(41, 2.0)
    weights[1::2], weights[[0, -1]] = 4.0, 1.0
    lost = weights @ np.array(rates) * (times[1] / 3)
    assert run.loss[-1] - run.loss[0] == pytest.approx(lost, rel=1e-4)


def test_plain_start_keeps_entropy_positive(make_problem: MakeProblem) -> None:
    numerics = replace(SMALL, initial="iid", particles=512, decoder_particles=4096)
    run = integrate(make_problem(), numerics)
    assert run.KL_tau[-1] > 0
    assert run.KL_nu[-1] > 0


def test_too_many_steps(make_problem: MakeProblem) -> None:
    problem = make_problem(beta=1e6)
    with pytest.raises(StepLimitError, match="shorten end_time, lower beta") as refused:
        integrate(problem, SMALL)
    assert refused.value.trajectory is None
    with pytest.raises(StepLimitError, match="evaluations were made") as stopped:
        integrate(make_problem(beta=2.0), replace(SMALL, max_evaluations=60, tolerance=1e-9))
    kept = stopped.value.trajectory
    assert kept is not None
    assert kept.time[-1] <= stopped.value.time
    assert np.isfinite(kept.loss).all()


def test_a_kernel_that_overflows_is_divergence_at_time_zero() -> None:
    from mfcheck.symbolic.activation import Activation, X

    points = np.array([[1.0, 0.0], [0.0, 1.0]])
    problem = Problem(points, np.array([1.0, -1.0]), Activation("square", X**100), 1.0, 2.0)
    wild = replace(SMALL, particles=1024, decoder_particles=2**14, initial="iid")
    with pytest.raises(DivergenceError, match=r"Gram matrix is not finite .reached time 0"):
        integrate(problem, wild)
    with pytest.raises(DivergenceError) as failed:
        integrate(problem, wild, times=np.array([0.0, 0.1]))
    assert failed.value.trajectory is None


def test_time_allowed(make_problem: MakeProblem) -> None:
    slow = replace(SMALL, tolerance=1e-10, max_seconds=1e-3)
    with pytest.raises(StepLimitError, match="seconds allowed have passed") as stopped:
        integrate(make_problem(), slow)
    assert stopped.value.trajectory is not None


def test_a_singular_start_needs_an_end_time() -> None:
    from mfcheck.symbolic.activation import LIBRARY

    points = np.array([[1.0, 0.0], [1.0, 0.0]])
    problem = Problem(points, np.array([1.0, -1.0]), LIBRARY["tanh"], 1.0, 2.0)
    with pytest.raises(StepLimitError, match="give end_time"):
        output_times(problem, replace(SMALL, end_time=None), initial_state(problem, SMALL))
    assert integrate(problem, SMALL).time[-1] == SMALL.end_time


def test_divergence_says_when_and_keeps_the_past(
    make_problem: MakeProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = make_problem()
    original = Flow.evaluate

    def broken(self: Flow, *args: object) -> object:
        evaluation = original(self, *args)  # type: ignore[arg-type]
        if evaluation.loss < 0.03:
            evaluation.d_tau[:] = np.nan
        return evaluation

    monkeypatch.setattr(Flow, "evaluate", broken)
    with pytest.raises(DivergenceError, match="not finite") as failed:
        integrate(problem, replace(SMALL, outputs=8))
    kept = failed.value.trajectory
    assert kept is not None
    assert kept.time.size > 1
    assert 0 < kept.time[-1] <= failed.value.time
    assert np.isfinite(kept.final.tau).all()


def test_a_jump_collapses_the_step(
    make_problem: MakeProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Flow.evaluate
    calls = iter(range(10**9))

    def noisy(self: Flow, *args: object) -> object:
        evaluation = original(self, *args)  # type: ignore[arg-type]
        evaluation.d_tau[0] *= 1 + next(calls) % 7
        return evaluation

    monkeypatch.setattr(Flow, "evaluate", noisy)
    with pytest.raises((StepCollapseError, StepLimitError)):
        integrate(make_problem(), replace(SMALL, tolerance=1e-12, max_evaluations=6000))


def test_nearly_singular_data_take_few_evaluations() -> None:
    """16 points on the circle: lambda_max / lambda_min(G2) = 3000."""
    from mfcheck.symbolic.activation import LIBRARY

    angles = 2 * np.pi * np.arange(16) / 16
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels = np.sign(np.cos(3.1 * angles + 0.2))
    problem = Problem(points, labels, LIBRARY["tanh"], 1.0, 200.0)
    numerics = Numerics(depth=2, particles=128, decoder_particles=1024, tolerance=1e-3)
    run = integrate(problem, numerics)
    assert run.loss[-1] < 1e-3 * run.loss[0]
    assert run.cost.evaluations < 6000
    fine = integrate(problem, replace(numerics, tolerance=1e-5), times=run.time)
    assert run.KL_tau == pytest.approx(fine.KL_tau, rel=5e-3, abs=1e-12)
    assert run.movement_nu == pytest.approx(fine.movement_nu, rel=5e-3, abs=1e-12)
