"""Moments of descent on spiked least squares: by descent on drawn matrices, two steps by hand, one eigenvalue."""

from fractions import Fraction

import numpy as np
import pytest

from mfcheck.dynamics.spiked_descent import SpikedDescent
from mfcheck.errors import InputError


def drawn(rule: SpikedDescent, along: float, steps: int, d: int, rng: np.random.Generator):
    """Draw rows of a mean with |mu|^2 = along and take the steps; return u.w, |w|^2 and the mean square, per d."""
    ratio, spread, ridge, step, start, _, batch, _, scale = (
        float(Fraction(x)) for x in vars(rule).values()
    )
    n = round(ratio * d)
    A = rng.standard_normal((n, d)) * np.sqrt(spread / d)
    A[:, -1] += np.sqrt(along / d)
    u = A.sum(axis=0) / np.sqrt(n)
    w = rng.standard_normal(d)
    w -= u * (w @ u) / (u @ u)
    w *= np.sqrt(start * d) / np.linalg.norm(w)
    for _ in range(steps):
        kept = rng.random(n) < batch
        w = w - step * (ridge * w + scale * A.T @ (kept * (A @ w - 1)))
    return u @ w / np.sqrt(d), w @ w / d, np.mean((A @ w - 1) ** 2)


@pytest.mark.parametrize(
    ("batch", "scale", "along"), [("1", "1", 2), ("1/2", "1", 1), ("1/3", "3/2", 1)]
)
def test_against_drawn_matrices(batch, scale, along):
    ratio, spread, b = Fraction(3, 2), Fraction(1, 2), Fraction(batch)
    spike = ratio * along + spread
    rule = SpikedDescent(ratio, spread, "1/10", "1/5", "1/4", spike, b, b * (1 - b), scale)
    last = rule.run(6, 15)[-1]
    rng = np.random.default_rng(5)
    runs = np.array([drawn(rule, along, 6, 400, rng) for _ in range(40)])
    stated = np.array([float(x) for x in (last.along, last.norm, last.residual)])
    error = runs.std(axis=0, ddof=1) / np.sqrt(40)
    assert np.all(np.abs(runs.mean(axis=0) - stated) < 4 * error + 4 / 400)
    assert np.all(error < 0.01)


def test_first_step_by_hand():
    """Along u the first step is `step batch scale spike sqrt(ratio)`, since the start is orthogonal to it."""
    rule = SpikedDescent(4, "1/3", 0, "1/7", "2/5", 5, "1/2", "1/4", "1/3")
    start, first = rule.run(1, 30)
    assert start.along == 0
    assert float(start.norm) == pytest.approx(0.4)
    assert float(first.along) == pytest.approx(5 * 2 / (7 * 2 * 3), rel=1e-14)
    # The residuals of the start have the mean square 1 + spread start.
    assert float(start.residual) == pytest.approx(1 + 2 / 15)


def test_all_rows_alike():
    """Without spread there is one eigenvalue, that of u, and the part of the start outside decays by the ridge."""
    rule = SpikedDescent(2, 0, "1/5", "1/10", 1, 2)
    for t, found in enumerate(rule.run(40, 20)):
        kept = 1 - 0.1 * (0.2 + 2)
        settled = 2 / (2 + 0.2)
        assert float(found.along) == pytest.approx(2**0.5 * settled * (1 - kept**t), abs=1e-14)
        outside, inside = 0.98 ** (2 * t), float(found.along) ** 2 / 2
        assert float(found.norm) == pytest.approx(outside + inside)


def test_many_steps_are_as_accurate_as_asked_for():
    last = SpikedDescent(2, "1/2", "1/10", "1/10", "1/4", "5/2").run(800, 25)[-1]
    for value in (last.along, last.norm, last.residual):
        assert value.rad() < 1e-24


def test_floats_are_refused():
    with pytest.raises(InputError, match="not an exact number"):
        SpikedDescent(2, 0.5, 0, "1/10", 1, 1).run(1, 15)
