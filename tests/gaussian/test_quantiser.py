"""Uniform quantisers against quadrature over their cells, a grid of steps, and themselves with more digits."""

import math
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx
from mpmath import mp
from scipy.stats import norm

from mfcheck.gaussian.quantiser import (
    best_quantiser,
    quantiser_error,
    stair_sums,
    stationary_steps,
    step_equation,
    written_sums,
)
from mfcheck.rigor.ball import enclose, exact
from mfcheck.verify.formulas import evaluate, iv
from mfcheck.verify.reals import REALS


@pytest.mark.parametrize(("levels", "step"), [(2, 1), (3, 2), (5, 0.5), (12, 0.25)])
def test_error_and_sums_by_quadrature(levels: int, step: float) -> None:
    def level(u: float) -> float:
        return min(max(math.floor(u / step + levels / 2), 0), levels - 1) - (levels - 1) / 2

    def mean(f) -> float:  # type: ignore[no-untyped-def]
        cuts = [-mp.inf, *(step * (k - levels / 2) for k in range(1, levels)), mp.inf]
        return float(mp.quad(lambda u: f(u, level(u)) * mp.npdf(u), cuts))

    found = stair_sums(levels, arb(step))
    assert float(found.first) == pytest.approx(mean(lambda u, k: u * k), rel=1e-12)
    assert float(found.second) == pytest.approx(mean(lambda _, k: k * k), rel=1e-12)
    places = [k - levels / 2 for k in range(1, levels)]
    bend = sum(m**2 * norm.pdf(m * step) for m in places)
    assert float(found.bend) == pytest.approx(bend, rel=1e-12, abs=1e-300)
    error = float(quantiser_error(levels, arb(step)))
    assert error == pytest.approx(mean(lambda u, k: (u - step * k) ** 2), rel=1e-12)


@pytest.mark.parametrize("levels", [2, 3, 6, 31])
def test_the_best_step_is_the_best_of_a_grid(levels: int) -> None:
    best = best_quantiser(levels, 15)
    errors = [
        float(quantiser_error(levels, best.step * float(r))) for r in np.linspace(0.3, 3, 301)
    ]
    assert min(errors) >= float(best.error) - 1e-15
    with ctx.workdps(40):
        assert quantiser_error(levels, best_quantiser(levels, 30).step).overlaps(best.error)


def test_an_enclosure_holds_the_finer_one() -> None:
    for levels in (2, 5, 8, 300):
        coarse, fine = (best_quantiser(levels, digits) for digits in (8, 30))
        assert coarse.step.contains(fine.step)
        assert coarse.error.contains(fine.error)
        assert fine.error.rad() < 1e-30 * fine.error
        assert fine.step.rad() < 1e-30 * fine.step


@pytest.mark.parametrize("levels", [2, 3, 6, 9])
def test_the_equation_of_the_best_step_is_that_of_the_sums(levels: int) -> None:
    D = sp.Symbol("D", positive=True)
    for step in ("1/3", "3/2"):
        found = stair_sums(levels, exact(step))
        written = enclose(step_equation(levels, D), {D: exact(step)})
        assert written.overlaps(exact(step) * found.second - found.first)
        assert written.rad() < 1e-12


def test_the_error_turns_once() -> None:
    for levels in (3, 4, 7):
        steps = stationary_steps(levels)
        assert len(steps) == 1
        assert steps[0].overlaps(best_quantiser(levels, 12).step)


@pytest.mark.parametrize("levels", [3, 4, 7, 20])
def test_the_sums_in_certificates_are_the_means_of_the_stair(levels: int) -> None:
    """E u k by the density at each jump, and E k^2 by the probability of each level."""
    step, iv.prec = 0.4, 164
    jumps = [step * (k - levels / 2) for k in range(1, levels)]
    ends = [-math.inf, *jumps, math.inf]
    second = sum(
        (k - (levels - 1) / 2) ** 2 * (norm.cdf(b) - norm.cdf(a))
        for k, (a, b) in enumerate(pairwise(ends))
    )
    values = (sum(norm.pdf(t) for t in jumps), second)
    for text, value in zip(written_sums(levels, "D"), values, strict=True):
        found = evaluate(text, {"D": iv.mpf("0.4")}, REALS)
        assert float(found.mid) == pytest.approx(value, rel=1e-12)
