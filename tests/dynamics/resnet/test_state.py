"""Draws: antithetic pairs, seeds, halves, coarser depths."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from mfcheck.dynamics.resnet import Numerics, Problem, initial_state
from mfcheck.dynamics.resnet.state import coarsen, halves

MakeProblem = Callable[..., Problem]


@pytest.mark.parametrize("initial", ["antithetic", "sobol"])
def test_pairs_differ_in_the_sign_of_the_outer_weights(
    make_problem: MakeProblem, initial: str
) -> None:
    problem = make_problem(d=3)
    state = initial_state(problem, Numerics(depth=2, particles=64, initial=initial))  # type: ignore[arg-type]
    for layer, outer in ((state.tau, 1), (state.nu[0], 3), (state.nu[1], 3)):
        first, second = np.split(layer, 2, axis=1)
        assert np.array_equal(first[:outer], -second[:outer])
        assert np.array_equal(first[outer:], second[outer:])


@pytest.mark.parametrize("initial", ["antithetic", "sobol", "iid"])
def test_draws_are_standard_gaussian_and_seeded(make_problem: MakeProblem, initial: str) -> None:
    problem = make_problem(d=2)
    numerics = Numerics(depth=2, particles=2**10, decoder_particles=2**12, initial=initial)  # type: ignore[arg-type]
    state = initial_state(problem, numerics)
    half = state.tau[:, : 2**11]
    assert all(stats.kstest(row, "norm").pvalue > 1e-4 for row in half)
    assert np.abs(np.corrcoef(half) - np.eye(4)).max() < 5 / np.sqrt(2**11)
    again = initial_state(problem, numerics)
    assert np.array_equal(state.tau, again.tau)
    assert np.array_equal(state.nu, again.nu)
    assert not np.array_equal(state.tau, initial_state(problem, numerics, replicate=1).tau)


def test_layers_share_their_draws_or_not(make_problem: MakeProblem) -> None:
    problem = make_problem()
    shared = initial_state(problem, Numerics(depth=4, particles=8))
    assert np.array_equal(shared.nu[0], shared.nu[3])
    deeper = initial_state(problem, Numerics(depth=8, particles=8))
    assert np.array_equal(shared.nu[0], deeper.nu[0])
    apart = initial_state(problem, Numerics(depth=4, particles=8, layer_draws="independent"))
    assert not np.array_equal(apart.nu[0], apart.nu[1])


def test_halves_keep_pairs_together(make_problem: MakeProblem) -> None:
    state = initial_state(make_problem(), Numerics(depth=2, particles=16))
    parts = halves(state, paired=True)
    together = np.sort(np.concatenate([p.tau for p in parts], axis=1))
    assert np.array_equal(together, np.sort(state.tau))
    for part in parts:
        first, second = np.split(part.tau, 2, axis=1)
        assert np.array_equal(first[:1], -second[:1])
        assert np.array_equal(first[1:], second[1:])
        assert part.nu.shape == (2, 5, 8)


def test_coarser_depth(make_problem: MakeProblem) -> None:
    state = initial_state(make_problem(), Numerics(depth=4, particles=8, layer_draws="independent"))
    merged = coarsen(state, merge=True)
    assert merged.nu.shape == (2, 5, 16)
    assert np.array_equal(
        np.sort(merged.nu[1]), np.sort(np.concatenate([state.nu[2], state.nu[3]], axis=1))
    )
    first, second = np.split(merged.nu[0], 2, axis=1)
    assert np.array_equal(first[:2], -second[:2])
    assert np.array_equal(coarsen(state, merge=False).nu, state.nu[::2])
