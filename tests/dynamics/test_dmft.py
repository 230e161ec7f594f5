"""The process of one sample against descent on drawn data, and its first step by hand."""

import numpy as np
import pytest
from scipy import special

from mfcheck.dynamics.dmft import Array, Descent, sample_process

RULE = Descent(ratio=1.5, spread=0.8, ridge=0.2, step=0.4, start=0.3)


def square(r: Array) -> tuple[Array, Array, Array]:
    """(1 - r)^2/2."""
    return (r - 1) ** 2 / 2, r - 1, np.ones_like(r)


def logistic(r: Array) -> tuple[Array, Array, Array]:
    """log(1 + exp(-r))."""
    share = special.expit(-r)
    return np.log1p(np.exp(-r)), -share, share * (1 - share)


def descent(loss, steps, d, rng):
    """Draw the data with labels, take the steps, and return m, C and the mean loss."""
    n = round(RULE.ratio * d)
    c, v = rng.choice([-1.0, 1.0], n), rng.standard_normal(d)
    x = c[:, None] * v / np.sqrt(d) + np.sqrt(RULE.spread) * rng.standard_normal((n, d))
    w = rng.standard_normal(d)
    w -= v * (w @ v) / (v @ v)
    w *= np.sqrt(RULE.start * d) / np.linalg.norm(w)
    for _ in range(steps):
        slope = loss(c * (x @ w) / np.sqrt(d))[1]
        w = w - RULE.step * (RULE.ridge * w + (c * slope) @ x / np.sqrt(d))
    return w @ v / d, w @ w / d, np.mean(loss(c * (x @ w) / np.sqrt(d))[0])


@pytest.mark.parametrize("loss", [square, logistic])
def test_against_drawn_data(loss):
    rng, steps = np.random.default_rng(5), 5
    runs = np.array([descent(loss, steps, 500, rng) for _ in range(40)])
    found = np.array([sample_process(RULE, loss, steps, 4000, rng)[:, -1] for _ in range(10)])
    spread = np.sqrt(runs.var(axis=0, ddof=1) / 40 + found.var(axis=0, ddof=1) / 10)
    # 2/d is left for the finite dimension
    assert np.all(np.abs(runs.mean(axis=0) - found.mean(axis=0)) < 4 * spread + 2 / 500)
    assert np.all(spread < 0.03)


def test_first_step_by_hand():
    # Of the square loss: m(1) = step ratio, from a mean residual of -1 at the start.
    found = sample_process(RULE, square, 1, 200_000, np.random.default_rng(3))
    assert found[0] == pytest.approx([0, RULE.step * RULE.ratio], abs=0.01)
    assert found[1, 0] == pytest.approx(RULE.start)
    assert found[2, 0] == pytest.approx((1 + RULE.spread * RULE.start) / 2, rel=0.01)


def test_what_is_left_out_shows():
    """Without memory or what a sample does to itself the loss after five steps is another."""
    rng = np.random.default_rng(9)
    right = sample_process(RULE, square, 5, 20_000, rng)[2, -1]
    for name in ("memory", "own"):
        other = Descent(**{**vars(RULE), name: 0.0})
        assert abs(sample_process(other, square, 5, 20_000, rng)[2, -1] - right) > 0.05 * right
