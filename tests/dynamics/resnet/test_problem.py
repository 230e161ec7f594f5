"""Bad problems and numerics are refused with one line."""

from typing import Any

import numpy as np
import pytest

from mfcheck.dynamics.resnet import MemoryLimitError, Numerics, Problem, integrate, memory_estimate
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import LIBRARY

POINTS = np.array([[1.0, 0.0], [0.0, 1.0]])
LABELS = np.array([1.0, -1.0])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"X": POINTS * 2}, "unit length"),
        ({"X": POINTS[0]}, "dimension"),
        ({"X": [["a", "b"]]}, "numbers"),
        ({"X": POINTS * np.nan}, "finite"),
        ({"y": LABELS[:1]}, "2 rows"),
        ({"y": LABELS * np.inf}, "finite"),
        ({"y": LABELS * 0}, "zero"),
        ({"y": []}, "nonempty"),
        ({"alpha": -1.0}, "alpha"),
        ({"alpha": np.nan}, "alpha"),
        ({"beta": 0.0}, "beta"),
        ({"beta": "40"}, "beta"),
        ({"beta": True}, "beta"),
    ],
)
def test_bad_problems(change: dict[str, Any], word: str) -> None:
    good = {"X": POINTS, "y": LABELS, "activation": LIBRARY["tanh"], "alpha": 1.0, "beta": 2.0}
    Problem(**good)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=word):
        Problem(**{**good, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"depth": 0},
        {"depth": 2.5},
        {"particles": 6},
        {"particles": True},
        {"decoder_particles": 2},
        {"initial": "sobol", "particles": 12},
        {"initial": "gauss"},
        {"scheme": "heun"},
        {"layer_draws": "some"},
        {"tolerance": 0.0},
        {"tolerance": 1.0},
        {"loss_factor": 1.0},
        {"end_time": -1.0},
        {"end_time": float("inf")},
        {"replicates": 1},
        {"outputs": 1},
        {"frozen": {"mu"}},
        {"frozen": {"tau", "nu"}},
        {"seed": -1},
        {"max_evaluations": 0},
        {"max_seconds": 0.0},
    ],
)
def test_bad_numerics(change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Numerics(**change)


def test_arrays_are_copied_and_read_only() -> None:
    points = POINTS.copy()
    problem = Problem(points, LABELS, LIBRARY["tanh"], 1.0, 2.0)
    points[0] = 7.0
    assert problem.X[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        problem.X[0, 0] = 2.0


def test_memory_is_stated_and_refused() -> None:
    problem = Problem(POINTS, LABELS, LIBRARY["tanh"], 1.0, 2.0)
    small = Numerics(depth=2, particles=64)
    need = memory_estimate(problem, small)
    with pytest.raises(MemoryLimitError, match="fewer particles"):
        integrate(problem, Numerics(depth=2, particles=64, memory_limit=need - 1))
    huge = Numerics(depth=1024, particles=2**24)
    assert memory_estimate(problem, huge) > 1e12
    with pytest.raises(MemoryLimitError):
        integrate(problem, huge)


def test_memory_estimate_covers_what_a_run_allocates() -> None:
    import tracemalloc

    problem = Problem(POINTS, LABELS, LIBRARY["tanh"], 1.0, 2.0)
    numerics = Numerics(depth=4, particles=4096, decoder_particles=4096, outputs=3, end_time=0.01)
    integrate(problem, numerics)
    tracemalloc.start()
    run = integrate(problem, numerics)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.5 * run.cost.memory < peak < 1.1 * run.cost.memory
