"""The flow as a simulation: options to sizes, what is said first and last, and what an early end leaves."""

import re

import numpy as np
import pytest

from mfcheck.claims import Setting
from mfcheck.claims.trial import Stop, Trial
from mfcheck.dynamics.resnet import QUANTITIES, Problem, state_distances
from mfcheck.dynamics.resnet.trial import LABELS, OPTIONS, closing, numerics, recorded, solve
from mfcheck.errors import InputError
from mfcheck.points.data import FOUR
from mfcheck.symbolic.activation import LIBRARY

SETTING = Setting(FOUR, LIBRARY["tanh"], {})
PROBLEM = Problem(FOUR.X, FOUR.y, LIBRARY["tanh"], 1.0, 20.0)


def trial(said: list[str] | None = None, **options: str) -> Trial:
    chosen = {option.name: option.default for option in OPTIONS} | {"replicates": "3"} | options
    say = (lambda _: None) if said is None else said.append
    return Trial(SETTING, 5, chosen, say=say)


def test_options_become_sizes() -> None:
    sizes = numerics(
        trial(frozen="tau", max_memory="2", decoder_particles="64", end_time="0.5"), 4, 32
    )
    assert (sizes.depth, sizes.particles, sizes.decoder_size, sizes.seed) == (4, 32, 64, 5)
    assert (sizes.frozen, sizes.memory_limit) == (frozenset({"tau"}), 2 * 10**9)
    assert (sizes.replicates, sizes.end_time, sizes.max_seconds) == (3, 0.5, None)
    assert numerics(trial(), 4, 32).decoder_size == 8 * 32
    with pytest.raises(InputError, match="frozen may name"):
        numerics(trial(frozen="omega"), 4, 32)


def test_the_work_is_said_first_and_recorded_with_the_parts_of_its_errors() -> None:
    said: list[str] = []
    one = trial(said, tolerance="1e-2")
    found = solve(one, PROBLEM, numerics(one, 2, 32))
    assert len(said) == 1
    assert "2 layers with 32 particles each and 256 of the predictor" in said[0]
    records = recorded(found)
    assert set(records) == set(QUANTITIES) == set(LABELS)
    for name, series in found.series.items():
        assert records[name].value == tuple(series.value)
        assert records[name].parts["depth"] == tuple(series.depth)
        assert records[name].error == tuple(series.error)
        if name.startswith("lambda"):  # others are followed by their logarithms
            parts = sum(np.array(part) for part in records[name].parts.values())
            assert records[name].error == pytest.approx(parts)


def test_the_distance_said_last_holds_the_true_one() -> None:
    one = trial(tolerance="1e-2")
    found = solve(one, PROBLEM, numerics(one, 2, 32))
    distance, cost = closing(found)
    low, high, *_ = map(float, re.findall(r"(?:between|and) ([\d.e-]+\d)", distance))
    run = found.reference
    exact = state_distances(run.start, run.final)[0].exact
    assert exact is not None
    assert 0 < low * 0.99 <= exact <= high * 1.01
    assert cost.startswith(f"{found.cost.runs} runs, {found.cost.evaluations} evaluations")


def test_an_early_end_leaves_what_there_is() -> None:
    one = trial(tolerance="1e-9", max_evaluations="400")
    with pytest.raises(Stop, match="raise max_evaluations") as stopped:
        solve(one, PROBLEM, numerics(one, 2, 64))
    assert 0 < stopped.value.time[-1] <= stopped.value.reached
    assert set(stopped.value.series) == set(QUANTITIES)
    assert all(len(v) == len(stopped.value.time) for v in stopped.value.series.values())
