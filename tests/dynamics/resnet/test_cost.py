"""Nominal costs follow the sizes; many rows take sizes down, few never do."""

from dataclasses import replace

import numpy as np
import pytest

from mfcheck.dynamics.effort import TooMuchError
from mfcheck.dynamics.resnet import Numerics, Problem, integrate, simulate
from mfcheck.dynamics.resnet.cost import EACH, FEW, seconds, whole, within
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import LIBRARY


def problem(rows: int, beta: float = 40.0, dimension: int = 5) -> Problem:
    rng = np.random.default_rng(rows)
    X = rng.normal(size=(rows, dimension))
    X /= np.linalg.norm(X, axis=1)[:, None]
    return Problem(X, rng.choice([-1.0, 1.0], size=rows), LIBRARY["tanh"], 1.0, beta)


WANTED = Numerics(depth=8, particles=512, replicates=8)


def test_few_rows_keep_their_sizes_whatever_the_limit() -> None:
    assert within(problem(FEW), WANTED, 400.0, 1e-9) == (WANTED, "")


def test_many_rows_stay_within_the_limit_and_are_named() -> None:
    found, words = within(problem(300), WANTED, 400.0, 60.0)
    assert whole(300, 5, found, 400.0) <= 60 < whole(300, 5, WANTED, 400.0)
    assert found.decoder_size >= EACH * 300
    assert f"{found.depth} instead of 8 layers" in words
    assert words.endswith("as there are 300 rows")


def test_what_nobody_can_wait_for_is_refused() -> None:
    with pytest.raises(TooMuchError, match=r"even at the least sizes, as there are 2000 rows"):
        within(problem(2000), WANTED, 400.0, 60.0)


def test_the_cost_is_that_of_both_parts() -> None:
    """Evaluations are linear in the rows, Gram matrices quadratic, eigenvalues cubic."""
    quiet = replace(WANTED, outputs=2)
    flow = seconds(10, 5, quiet, 1e6)
    assert seconds(20, 5, quiet, 1e6) == pytest.approx(2 * flow, rel=0.05)
    still = replace(WANTED, outputs=1000)
    assert seconds(2000, 5, still, 1e-9) > 3.9 * seconds(1000, 5, still, 1e-9)


def test_a_flow_whose_movement_is_below_rounding_ends_with_an_error_that_says_so() -> None:
    """The encoder moves like 1/beta^2, an entropy like 1/beta^4: known from a beta at which both are resolved."""
    sizes = Numerics(depth=2, particles=32, decoder_particles=128, replicates=3, outputs=5)
    end = 2.0
    known, lost = (
        simulate(problem(6, beta, 3), replace(sizes, end_time=end / beta**2)) for beta in (1e3, 1e9)
    )
    for name, power in (("movement_nu", 2), ("KL_nu", 4), ("movement_tau", 1), ("KL_tau", 2)):
        expected = known.series[name].value[-1] * (1e3 / 1e9) ** power
        found = lost.series[name]
        assert abs(found.value[-1] - expected) <= found.error[-1], name
    assert lost.series["movement_nu"].error[-1] > lost.series["movement_nu"].value[-1]
    assert lost.series["movement_tau"].error[-1] < 0.5 * lost.series["movement_tau"].value[-1]
    assert lost.reference.cost.steps < 1000


def test_rounding_does_not_stop_a_finer_tolerance() -> None:
    found = integrate(
        problem(6, 1e9, 3),
        Numerics(depth=2, particles=32, decoder_particles=128, tolerance=1e-7, end_time=2e-18),
    )
    assert found.cost.rejected < found.cost.steps


@pytest.mark.parametrize("name", ["replicates", "outputs", "particles", "depth"])
def test_no_size_is_astronomic(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} must be at most"):
        Numerics(**{name: 4 * 10**299})  # type: ignore[arg-type]
