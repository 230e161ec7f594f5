"""Draws of a simulation: all of them, or as many as there are when the user interrupts."""

from collections.abc import Callable

import numpy as np
import pytest

from mfcheck.claims.setting import setting_of
from mfcheck.claims.trial import (
    Draws,
    Simulated,
    Simulation,
    SimulationStopped,
    Trial,
    joined,
    simulation,
)
from mfcheck.errors import InputError
from mfcheck.statistics import mean_of, variance_of


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
        Simulation(run, paper="toy")(setting_of(()), 7)
    record = stopped.value.record
    assert str(stopped.value) == record.reason == "interrupted after 3 of 9 runs"
    assert isinstance(stopped.value.__cause__, KeyboardInterrupt)
    assert (record.paper, record.seed, record.time) == ("toy", 7, ())
    assert record.final["mean"].value == 1.0
    assert record.final["mean"].dof == 2


# --- draws in parts --------------------------------------------------------------------------------------------------


def numbers(sizes: list[int]) -> Callable[[np.random.Generator, int], dict[str, np.ndarray]]:
    """Draws of a uniform number, which tell how many are asked for at once."""

    def draw(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
        sizes.append(count)
        return {"u": rng.random(count)}

    return draw


@pytest.mark.parametrize("count", [1, 2, 7, 22, 23, 1000])
def test_all_are_drawn_first_the_least_then_equal_parts(count: int) -> None:
    sizes: list[int] = []
    found = Trial(setting_of(()), 5).samples({"runs": Draws(count, numbers(sizes))})
    assert len(found["runs"]["u"]) == sum(sizes) == count
    assert len(set(found["runs"]["u"])) == count  # no stream is used twice
    assert sizes[0] == min(2, count)
    assert len(sizes) <= 21
    assert all(size > 0 for size in sizes)
    assert max(sizes[1:], default=0) - min(sizes[1:], default=0) <= 1


def test_kinds_are_drawn_side_by_side_and_each_from_streams_of_its_own() -> None:
    told: list[float] = []
    trial = Trial(setting_of(()), 0, progress=told.append)
    sizes: dict[str, list[int]] = {"many": [], "few": []}
    found = trial.samples(
        {"many": Draws(402, numbers(sizes["many"])), "few": Draws(12, numbers(sizes["few"]))}
    )
    assert sizes["many"] == [2] + 20 * [20]
    assert sum(sizes["few"]) == 12
    assert np.cumsum(sizes["few"])[-2] < 12  # none is finished long before the other
    assert told == sorted(told)
    assert told[-1] == 1.0
    alone = Trial(setting_of(()), 0).samples({"few": Draws(12, numbers([]))})
    assert np.array_equal(found["few"]["u"], alone["few"]["u"]) is (sizes["few"] == 12 * [1])


def test_draws_are_those_of_the_seed() -> None:
    one, same, other = (
        Trial(setting_of(()), seed).samples({"runs": Draws(9, lambda rng, n: rng.random(n))})[
            "runs"
        ]
        for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same)
    assert not np.any(one == other)


def interrupted_in(part: int, least: int = 2) -> tuple[Trial, dict[str, np.ndarray]]:
    """40 runs and 20 networks, interrupted when so many parts of the networks were drawn."""
    trial, parts = Trial(setting_of(()), 3), []

    def networks(rng: np.random.Generator, count: int) -> np.ndarray:
        if len(parts) == part:
            raise KeyboardInterrupt
        parts.append(count)
        return rng.random(count)

    kinds = {
        "runs": Draws(42, lambda rng, n: rng.random(n)),
        "networks": Draws(20, networks, least),
    }
    return trial, trial.samples(kinds)


def test_an_interruption_leaves_the_parts_so_far_of_all_kinds() -> None:
    trial, found = interrupted_in(3)
    whole = Trial(setting_of(()), 3).samples({"runs": Draws(42, lambda rng, n: rng.random(n))})
    assert {name: len(values) for name, values in found.items()} == {"runs": 10, "networks": 4}
    assert np.array_equal(found["runs"], whole["runs"][:10])
    assert trial.cut == ["10 of 42 runs", "4 of 20 networks"]


def test_an_interruption_before_the_least_number_is_passed_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_in(0)
    with pytest.raises(KeyboardInterrupt):
        interrupted_in(0, least=8)
    trial, found = interrupted_in(0, least=0)  # these are not needed
    assert trial.cut == ["4 of 42 runs", "0 of 20 networks"]
    assert set(found) == {"runs"}


def test_sizes_are_kinds_of_their_own() -> None:
    found = Trial(setting_of(()), 0).at_sizes(
        "networks of width", (4, 8), 3, lambda n, rng, count: n + rng.random(count)
    )
    assert {n: values.astype(int).tolist() for n, values in found.items()} == {
        4: [4, 4, 4],
        8: [8, 8, 8],
    }
    assert not np.any(found[4] % 1 == found[8] % 1)


def test_parts_are_joined() -> None:
    assert joined([np.zeros((1, 2)), np.ones((2, 2))]).shape == (3, 2)
    found = joined([{"a": np.array([1.0])}, {"a": np.array([2.0])}])
    assert found["a"].tolist() == [1.0, 2.0]


def test_too_few_draws_for_the_numbers_are_said() -> None:
    """Eight are needed for a variance; the user stops after two."""

    def run(trial: Trial) -> Simulated:
        def draw(rng: np.random.Generator, count: int) -> np.ndarray:
            if count == 1:
                raise KeyboardInterrupt
            return rng.random(count)

        return Simulated({"variance": variance_of(trial.samples({"runs": Draws(9, draw)})["runs"])})

    with pytest.raises(SimulationStopped) as stopped:
        simulation(run)(setting_of(()), 0)
    assert stopped.value.record.final == {}
    assert "interrupted after 2 of 9 runs, too few for its numbers" in str(stopped.value)


def test_an_error_without_an_interruption_is_an_error() -> None:
    def run(trial: Trial) -> Simulated:
        return Simulated({"variance": variance_of(trial.samples({"u": Draws(3, _uniform)})["u"])})

    with pytest.raises(ValueError, match="at least 8"):
        simulation(run)(setting_of(()), 0)


def _uniform(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.random(count)


def test_numbers_among_the_options() -> None:
    options = {
        "end": "0.5",
        "size": "12",
        "limit": "none",
        "half": "2.5",
        "far": "inf",
        "word": "x",
    }
    trial = Trial(setting_of(()), 0, options)
    assert trial.real("end") == 0.5
    assert trial.whole("size") == 12
    assert trial.real("limit") is trial.whole("limit") is None
    for name in ("far", "word"):
        with pytest.raises(InputError, match="is not a finite number"):
            trial.real(name)
    with pytest.raises(InputError, match=r"option half: '2.5' is not a whole number"):
        trial.whole("half")
