"""Errors of trained networks on other points, against scores written out in NumPy and against a larger sample."""

import numpy as np
import pytest

from mfcheck.dynamics.resnet import Numerics, Problem, integrate
from mfcheck.dynamics.resnet.classify import mean_wrong_signs, wrong_signs
from mfcheck.points.sphere import sphere
from mfcheck.symbolic.activation import LIBRARY

SIZES = Numerics(depth=4, particles=64, loss_factor=1e-2, tolerance=1e-3)


def labels(x: np.ndarray) -> np.ndarray:
    return np.where(x[:, 0] >= 0, 1.0, -1.0)


def problem(rng: np.random.Generator, n: int = 4) -> Problem:
    x = sphere(rng, n, 3)
    return Problem(x, labels(x), LIBRARY["tanh"], 1.0, 20.0)


def test_without_an_encoder_the_scores_are_those_of_two_layers() -> None:
    rng = np.random.default_rng(0)
    one = problem(rng)
    run = integrate(Problem(one.X, one.y, one.activation, 0.0, one.beta), SIZES)
    x, y = sphere(rng, 200, 3), rng.choice([-1.0, 1.0], size=200)
    a, *w, b = run.final.tau
    scores = np.tanh(x @ np.array(w) + b[None, :]) @ a
    assert wrong_signs(run, x, y) == np.mean(scores * y <= 0)
    assert wrong_signs(run, x, np.sign(scores)) == 0


def test_the_mean_over_draws_is_that_of_a_larger_sample() -> None:
    rng = np.random.default_rng(1)
    x = sphere(rng, 1000, 3)
    few = mean_wrong_signs([problem(rng) for _ in range(12)], SIZES, x, labels(x))
    other = sphere(rng, 4000, 3)
    runs = [integrate(problem(rng), SIZES) for _ in range(48)]
    many = np.mean([wrong_signs(run, other, labels(other)) for run in runs])
    assert abs(few.value - many) < 1.5 * few.error
    assert few.error < 0.2
    # Test points alone: 1000 of them leave about 3.3 standard deviations open.
    assert few.bias > 3 * np.sqrt(few.value * (1 - few.value) / 1000)
    assert few.dof == 11


def test_each_draw_has_a_start_of_its_own() -> None:
    """Equal problems differ by their starts alone, those of the seeds that follow."""
    rng = np.random.default_rng(2)
    one, x = problem(rng, 3), sphere(rng, 500, 3)
    found = mean_wrong_signs([one] * 3, SIZES, x, labels(x))
    starts = [integrate(one, Numerics(**{**SIZES.__dict__, "seed": seed})) for seed in range(3)]
    shares = [wrong_signs(run, x, labels(x)) for run in starts]
    assert found.value == pytest.approx(np.mean(shares))
