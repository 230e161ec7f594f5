"""Draws of a simulation: all of them, or as many as there are when the user interrupts."""

import pytest

from mfcheck.claims.model import Simulated, SimulationStopped, Trial, simulation
from mfcheck.claims.setting import setting_of
from mfcheck.statistics import mean_of


def test_draws_are_all_there_and_progress_is_told() -> None:
    told: list[float] = []
    trial = Trial(setting_of(()), 0, progress=told.append)
    assert trial.draws("runs", 4, lambda k: k * k) == [0, 1, 4, 9]
    assert told == [0.25, 0.5, 0.75, 1.0]
    assert trial.cut == []


def interrupted_at(number: int) -> tuple[Trial, list[int]]:
    trial = Trial(setting_of(()), 0)

    def draw(k: int) -> int:
        if k == number:
            raise KeyboardInterrupt
        return k

    return trial, trial.draws("runs", 9, draw)


def test_an_interruption_leaves_the_draws_so_far() -> None:
    trial, found = interrupted_at(5)
    assert found == [0, 1, 2, 3, 4]
    assert trial.cut == ["5 of 9 runs"]


def test_too_few_draws_are_none() -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_at(1)


def test_what_is_kept_is_no_whole_simulation() -> None:
    """Three draws 0, 1, 2 of 9: mean 1, standard deviation 1."""

    def run(trial: Trial) -> Simulated:
        def draw(k: int) -> float:
            if k == 3:
                raise KeyboardInterrupt
            return float(k)

        return Simulated({"mean": mean_of(trial.draws("runs", 9, draw))})

    with pytest.raises(SimulationStopped) as stopped:
        simulation("toy", run)(setting_of(()), 7)
    record = stopped.value.record
    assert str(stopped.value) == record.reason == "interrupted after 3 of 9 runs"
    assert isinstance(stopped.value.__cause__, KeyboardInterrupt)
    assert (record.paper, record.seed, record.time) == ("toy", 7, ())
    assert record.final["mean"].value == 1.0
    assert record.final["mean"].dof == 2
