"""Errors are made of their parts; results do not depend on threads; progress is told."""

import sys
import time as clock
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mfcheck.dynamics.resnet import (
    QUANTITIES,
    DivergenceError,
    Flow,
    MemoryLimitError,
    Numerics,
    Problem,
    StepLimitError,
    initial_state,
    integrate,
    memory_estimate,
    plan,
    simulate,
)
from mfcheck.dynamics.resnet.simulate import simulate as direct
from mfcheck.dynamics.resnet.stepper import Stepper
from mfcheck.errors import InputError

MakeProblem = Callable[..., Problem]
QUICK = Numerics(
    depth=2, particles=64, decoder_particles=128, outputs=6, tolerance=1e-3, replicates=3
)


def test_result_does_not_depend_on_threads(make_problem: MakeProblem) -> None:
    problem = make_problem()
    one, two = (simulate(problem, QUICK, threads=threads) for threads in (1, 2))
    for name in QUANTITIES:
        assert np.array_equal(one.series[name].value, two.series[name].value)
        assert np.array_equal(one.series[name].error, two.series[name].error)
    other = simulate(problem, replace(QUICK, seed=1), threads=1)
    assert other.final["KL_tau"].value != one.final["KL_tau"].value
    assert one.seed == 0


@pytest.mark.slow
def test_large_runs_share_their_layers(
    make_problem: MakeProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = make_problem()
    alone = simulate(problem, QUICK, threads=1)
    monkeypatch.setattr(sys.modules[direct.__module__], "LARGE", 1)
    shared = simulate(problem, QUICK, threads=2)
    for name in QUANTITIES:
        assert np.array_equal(alone.series[name].value, shared.series[name].value)


def test_parts_of_the_error(make_problem: MakeProblem) -> None:
    solution = simulate(make_problem(), QUICK)
    assert set(solution.series) == set(solution.final) == set(QUANTITIES)
    for name, series in solution.series.items():
        parts = series.particles + series.size + series.depth + series.time
        assert np.allclose(series.error, parts) or name in ("KL_nu", "movement_nu", "loss")
        assert series.error[-1] > 0
        assert solution.final[name].value == series.value[-1]
        assert series.value.shape == solution.time.shape
        share = 1 - series.particles[-1] / parts[-1]
        assert solution.final[name].error == series.error[-1]
        assert solution.final[name].bias == pytest.approx(series.error[-1] * share)
        assert solution.final[name].dof == QUICK.replicates - 1
        assert series.at(2, 3.0).value == 3 * series.value[2]
    for name in ("KL_tau", "KL_nu", "movement_tau", "movement_nu"):
        assert solution.series[name].value[0] == 0
        assert solution.series[name].error[0] == 0
    assert solution.residuals.value.shape == (solution.time.size, 3)
    assert solution.layers["KL_nu"].value.shape == (solution.time.size, 2)
    assert solution.cost.runs == 3 + 6 + 2


def test_errors_shrink_with_effort(make_problem: MakeProblem) -> None:
    problem = make_problem(alpha=1.5, beta=3.0)
    coarse = simulate(problem, replace(QUICK, initial="iid", tolerance=1e-2))
    fine = simulate(
        problem, replace(QUICK, particles=256, decoder_particles=4096, depth=8, tolerance=1e-4)
    )
    for name in QUANTITIES:
        if name != "loss":
            assert fine.final[name].error < 0.5 * coarse.final[name].error, name


def test_a_coarse_time_integration_shows(make_problem: MakeProblem) -> None:
    """What a coarse tolerance changes, its reported time error covers."""
    problem = make_problem(beta=10.0)
    fine = simulate(problem, replace(QUICK, tolerance=1e-7, end_time=0.2))
    rough = simulate(problem, replace(QUICK, tolerance=1e-2, end_time=0.2))
    for name in ("KL_tau", "KL_nu", "movement_tau", "movement_nu", "lambda_min_G"):
        off = np.abs(rough.series[name].value - fine.series[name].value)
        claimed = rough.series[name].time + 1e-6 * fine.series[name].value
        assert np.all(off[1:] <= claimed[1:]), name
    assert rough.series["KL_tau"].time.max() > 100 * fine.series["KL_tau"].time.max()


def test_frozen_parts_and_no_encoder(make_problem: MakeProblem) -> None:
    problem = make_problem(beta=3.0)
    fixed = simulate(problem, replace(QUICK, frozen=frozenset({"nu"})))
    assert fixed.final["KL_nu"].value == fixed.final["movement_nu"].value == 0
    assert fixed.final["KL_tau"].value > 0
    none = simulate(replace(problem, alpha=0.0), QUICK)
    assert none.final["movement_nu"].value == 0
    assert none.final["lambda_min_G"] == none.final["lambda_min_G2"]
    still = simulate(problem, replace(QUICK, frozen=frozenset({"tau"}), end_time=0.1))
    assert still.final["movement_tau"].value == 0
    assert still.final["loss"].value == pytest.approx(float(problem.y @ problem.y) / 6)


def test_progress_runs_to_one(make_problem: MakeProblem) -> None:
    seen: list[float] = []
    simulate(make_problem(), QUICK, seen.append, threads=1)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)
    assert len(seen) > 20


def test_odd_depth_is_refused(make_problem: MakeProblem) -> None:
    with pytest.raises(InputError, match="even"):
        direct(make_problem(), replace(QUICK, depth=3))


@pytest.mark.parametrize("n", [1, 3, 17])
@pytest.mark.parametrize("d", [1, 3, 9])
def test_threads_inside_a_layer_give_the_same_bits(
    make_problem: MakeProblem, n: int, d: int
) -> None:
    problem = make_problem(n, d)
    numerics = replace(QUICK, particles=1212, initial="iid")
    state = initial_state(problem, numerics)
    alone = Flow(problem, numerics, state).evaluate(state)
    shared = Flow(problem, numerics, state, parallel=True).evaluate(state)
    assert np.array_equal(alone.d_tau, shared.d_tau)
    assert np.array_equal(alone.d_nu, shared.d_nu)
    assert np.array_equal(alone.entropy_rates, shared.entropy_rates)
    assert np.array_equal(alone.residual, shared.residual)


def test_depth_errors_cover_a_deep_network(make_problem: MakeProblem) -> None:
    """Also of the largest layer, whose place on the grid makes it first order."""
    for alpha, beta in ((1.0, 10.0), (2.0, 3.0)):
        problem = make_problem(4, 3, alpha=alpha, beta=beta)
        choice = replace(
            QUICK, depth=4, decoder_particles=64, tolerance=1e-5, end_time=6 / beta**2, replicates=2
        )
        solution = simulate(problem, choice)
        deep = integrate(problem, replace(choice, depth=128), times=solution.time)
        for name in QUANTITIES:
            off = abs(float(getattr(deep, name)[-1] - getattr(solution.reference, name)[-1]))
            series = solution.series[name]
            assert off <= series.depth[-1] + series.time[-1], name
            if name in ("KL_nu", "movement_nu", "lambda_min_G"):
                assert series.depth[-1] < 5 * off + series.time[-1], name


def test_an_explicit_euler_sum_of_the_entropy_shows(
    make_problem: MakeProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted integrator: entropies by left sums over the steps, everything else as it is."""
    problem = make_problem(beta=3.0)
    choice = replace(QUICK, tolerance=0.05, end_time=1.0)
    good = simulate(problem, replace(choice, tolerance=1e-6))
    attempt = Stepper.attempt

    def euler(self: Stepper, h: float, tolerance: float) -> float:
        before, rate = self.y.KL.copy(), self._rows[self._slopes[0]].KL.copy()
        ratio = attempt(self, h, tolerance)
        if ratio <= 1:
            self.y.KL[:] = before + h * rate
        return ratio

    monkeypatch.setattr(Stepper, "attempt", euler)
    bad = simulate(problem, choice)
    exact, found = good.series["KL_tau"].value[-1], bad.series["KL_tau"]
    assert abs(found.value[-1] / exact - 1) > 0.05
    assert abs(found.value[-1] - exact) <= found.error[-1]
    assert found.time[-1] > 0.05 * exact
    assert found.time[-1] > 10 * good.series["KL_tau"].time[-1]


def test_plan_says_what_comes(make_problem: MakeProblem) -> None:
    problem = make_problem()
    planned = plan(problem, QUICK, threads=2)
    solution = simulate(problem, QUICK, threads=2)
    assert planned.runs == solution.cost.runs
    assert planned.memory == solution.cost.memory == 2 * memory_estimate(problem, QUICK)
    with pytest.raises(MemoryLimitError, match="fewer threads"):
        plan(problem, replace(QUICK, memory_limit=planned.memory - 1), threads=2)
    with pytest.raises(InputError, match="even"):
        plan(problem, replace(QUICK, depth=3))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_run_for_the_errors_that_fails_leaves_the_reference(
    make_problem: MakeProblem, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    module = sys.modules[direct.__module__]
    original = module._run  # type: ignore[attr-defined]
    began = []

    def failing(problem: Problem, numerics: Numerics, job: Any, *rest: Any, **more: Any) -> Any:
        began.append(job.name)
        if job.name == "half":
            raise DivergenceError("the flow is not finite", 0.125, None, "lower beta")
        return original(problem, numerics, job, *rest, **more)

    monkeypatch.setattr(module, "_run", failing)
    with pytest.raises(
        DivergenceError, match=r"in a run for the errors: lower beta .reached time 0.125"
    ) as got:
        simulate(make_problem(), QUICK, threads=threads)
    assert got.value.what == "the flow is not finite, in a run for the errors"
    kept = got.value.trajectory
    assert kept is not None
    assert kept.time.size > 2
    assert kept.final.tau.size > 0
    assert threads == 2 or len(began) < 8


def test_time_allowed_is_for_all_runs_together(make_problem: MakeProblem) -> None:
    problem = make_problem(8, 3, beta=20.0)
    slow = replace(QUICK, particles=1024, decoder_particles=8192, tolerance=1e-9, max_seconds=0.3)
    began = clock.perf_counter()
    with pytest.raises(
        StepLimitError, match=r"seconds allowed have passed.*raise max_seconds"
    ) as stopped:
        simulate(problem, slow, threads=1)
    assert clock.perf_counter() - began < 10
    assert stopped.value.trajectory is not None


def test_an_interruption_ends_all_runs(make_problem: MakeProblem) -> None:
    def interrupt(fraction: float) -> None:
        if fraction > 0.2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(make_problem(), QUICK, interrupt, threads=2)


def test_the_end_of_each_replicate_and_what_all_have_in_common(make_problem: MakeProblem) -> None:
    found = simulate(make_problem(), QUICK)
    for name in ("KL_tau", "lambda_min_G"):
        samples, end = found.samples(name), found.final[name]
        assert samples.shape == (3,)
        assert samples.mean() == pytest.approx(end.value)
        assert found.shared(name) == pytest.approx(end.bias)
