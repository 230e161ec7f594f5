"""Rates of finite networks, and the fit that finds them."""

from collections.abc import Callable

import numpy as np
import pytest

from mfcheck.dynamics.resnet import Numerics, Problem
from mfcheck.dynamics.resnet.finite import depth_sweep, fit_rate, limit, width_sweep
from mfcheck.errors import InputError

MakeProblem = Callable[..., Problem]


def test_fit_covers_the_rate() -> None:
    rng = np.random.default_rng(0)
    sizes = [16, 32, 64, 128]
    hits = []
    for _ in range(200):
        noise = np.exp(0.3 * rng.normal(size=(4, 5)))
        rate = fit_rate(sizes, noise * np.array(sizes)[:, None] ** -0.5)
        hits.append(rate.lower <= -0.5 <= rate.upper)
    assert 0.90 <= np.mean(hits) <= 0.99
    offsets = np.exp(2 * rng.normal(size=5))
    paired = fit_rate(sizes, offsets * noise * np.array(sizes)[:, None] ** -0.5, paired=True)
    loose = fit_rate(sizes, offsets * noise * np.array(sizes)[:, None] ** -0.5)
    assert paired.lower <= -0.5 <= paired.upper
    assert paired.upper - paired.lower < 0.5 * (loose.upper - loose.lower)
    planted = fit_rate(
        sizes, np.exp(0.05 * rng.normal(size=(4, 5))) * np.array(sizes)[:, None] ** -0.3
    )
    assert not planted.lower <= -0.5 <= planted.upper


def test_fit_refuses_what_it_cannot_use() -> None:
    for sizes, errors in (
        ([4], [[1.0, 1.0, 1.0]]),
        ([4, 8], [[1.0], [1.0]]),
        ([4, 8], [[0.0, 1], [1, 1]]),
    ):
        with pytest.raises(InputError):
            fit_rate(sizes, np.array(errors))


def test_width(make_problem: MakeProblem) -> None:
    problem = make_problem(3, 2, beta=4.0)
    fine = Numerics(
        depth=4, particles=512, decoder_particles=2**13, tolerance=1e-3, outputs=9, end_time=1.0
    )
    reference = limit(problem, fine)
    numerics = Numerics(
        depth=4, initial="iid", layer_draws="independent", scheme="euler", replicates=8,
        tolerance=1e-3, seed=5,
    )  # fmt: skip
    sweep = width_sweep(problem, numerics, [32, 128, 512], reference=reference)
    assert sweep.errors["outputs"].shape == (3, 8)
    assert sweep.reference_error["outputs"] < 0.3 * sweep.errors["outputs"].mean(axis=1).min()
    rate = sweep.rates["outputs"]
    assert rate.lower <= -0.5 <= rate.upper
    assert rate.upper < -0.25
    assert not rate.lower <= -1.0 <= rate.upper


@pytest.mark.parametrize(("scheme", "order"), [("euler", 1), ("midpoint", 2)])
def test_depth(make_problem: MakeProblem, scheme: str, order: int) -> None:
    problem = make_problem(3, 2, alpha=2.0, beta=2.0)
    numerics = Numerics(
        particles=32, decoder_particles=32, initial="iid", scheme=scheme, replicates=3,  # type: ignore[arg-type]
        tolerance=1e-6, outputs=5, end_time=0.3,
    )  # fmt: skip
    sweep = depth_sweep(problem, numerics, [4, 8, 16])
    rate = sweep.rates["outputs"]
    assert sweep.reference_error["outputs"] < 0.2 * sweep.errors["outputs"].mean(axis=1).min()
    assert rate.exponent == pytest.approx(-order, abs=0.15 * order)
