"""Errors are made of their parts; results do not depend on threads; progress is told."""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mfcheck.errors import InputError
from mfcheck.particles import QUANTITIES, Flow, Numerics, Problem, initial_state, simulate
from mfcheck.particles.simulate import simulate as direct

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
