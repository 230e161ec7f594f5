"""The process of one sample and descent with absorbed labels against descent on labelled data; steps by hand."""

import numpy as np
import pytest

from mfcheck.dynamics.dmft import Descent, drawn_descent, logistic, sample_process, square

RULE = Descent(ratio=1.5, spread=0.8, ridge=0.2, step=0.4, start=0.3)


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


@pytest.mark.parametrize("loss", [square, logistic])
def test_labels_can_be_absorbed(loss):
    """In the mean: m, C and the loss after four steps, with labels and without."""
    rng = np.random.default_rng(6)
    runs = np.array([descent(loss, 4, 300, rng) for _ in range(60)])
    found = np.array([drawn_descent(RULE, loss, 300, (4,), rng)[:, 0] for _ in range(60)])
    spread = np.sqrt((runs.var(axis=0, ddof=1) + found.var(axis=0, ddof=1)) / 60)
    assert np.all(np.abs(runs.mean(axis=0) - found.mean(axis=0)) < 4 * spread + 2 / 300)
    assert np.all(spread < 0.02)


def test_one_descent_by_hand():
    """Batches by a loop over samples, from the same draws."""
    found = drawn_descent(RULE, square, 20, (0, 2), np.random.default_rng(8), batch=0.4)
    rng = np.random.default_rng(8)
    z, w = rng.standard_normal((30, 20)), rng.standard_normal(20)
    w[0] = 0
    w *= np.sqrt(0.3 * 20) / np.linalg.norm(w)
    for _ in range(2):
        taken, push = rng.random(30) < 0.4, 0.2 * w
        for row in np.flatnonzero(taken):
            x = np.sqrt(0.8) * z[row] + np.eye(20)[0]
            push = push + (x @ w / np.sqrt(20) - 1) * x / np.sqrt(20)
        w = w - 0.4 * push
    assert found[:2, 0] == pytest.approx([0, 0.3])
    assert found[0, 1] == pytest.approx(w[0] / np.sqrt(20))
    assert found[1, 1] == pytest.approx(w @ w / 20)


def test_slopes_of_losses():
    r, step = np.array([-30.0, -1.0, 0.0, 2.0, 30.0]), 1e-5
    for loss in (square, logistic):
        _, slope, curve = loss(r)
        for order, exact in ((0, slope), (1, curve)):
            above, below = loss(r + step)[order], loss(r - step)[order]
            assert exact == pytest.approx((above - below) / (2 * step), abs=1e-6)
    assert logistic(r)[0] == pytest.approx(np.log1p(np.exp(-r)))


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
