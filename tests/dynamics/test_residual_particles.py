"""Blocks that move in depth: the rotation instance, commuting blocks, order, descent, and planted signs."""

import numpy as np
import pytest

from mfcheck.dynamics.residual import SquareLoss
from mfcheck.dynamics.residual_blocks import LinearBlock, Neurons
from mfcheck.dynamics.residual_particles import DepthParticles
from mfcheck.errors import InputError

DIAGONAL = np.array([1.0, 0.0, 0.0, -1.0])
TANH = Neurons(np.tanh, lambda x: 1 - np.tanh(x) ** 2)


def rotation(count, label=0.2):
    # Mean field J: X = (cos t, sin t), phi(diag(1, -1), t) = (cos 1 - y) cos(1 - 2 t).
    loss = SquareLoss(np.array([[label]]), np.array([[1.0, 0.0]]))
    particles = DepthParticles(LinearBlock(2), np.array([[1.0, 0.0]]), loss)
    theta = np.tile(np.array([0.0, -1.0, 1.0, 0.0])[:, None], count)
    return particles, theta, (np.arange(count) + 0.5) / count


def test_rotation_instance_at_first_order_in_the_number_of_blocks():
    e, t, gaps = np.cos(1.0) - 0.2, 0.25, []
    for count in (100, 200, 400):
        particles, theta, depth = rotation(count)
        found = particles.evaluate(theta, depth)
        value = found.first_variation(DIAGONAL[:, None], t)[0]
        slope = found.slope(DIAGONAL, t)
        gaps.append((abs(value - e * np.cos(1 - 2 * t)), abs(slope - 2 * e * np.sin(1 - 2 * t))))
    assert np.all(np.array(gaps[-1]) < 0.01)
    ratios = np.array(gaps[:-1]) / np.array(gaps[1:])
    assert ratios.min() > 1.6
    assert abs(-slope - 2 * e * np.sin(0.5)) > 0.6  # the planted sign


def test_commuting_blocks_do_not_move_in_depth():
    particles, theta, depth = rotation(60)
    found = particles.evaluate(theta, depth)
    assert np.max(np.abs(found.depth_velocity())) < 1e-12


def test_slope_is_the_difference_of_first_variations():
    rng = np.random.default_rng(1)
    count = 600
    depth = (np.arange(count) + 0.5) / count
    base = rng.normal(size=(5, 2))
    theta = base[:, :1] * np.cos(depth) + base[:, 1:] * np.sin(2 * depth)
    loss = SquareLoss(rng.normal(size=(4, 1)), np.array([[1.0, -0.5]]))
    particles = DepthParticles(TANH, rng.normal(size=(4, 2)), loss, window=0.02)
    found, block = particles.evaluate(theta, depth), rng.normal(size=5)
    for t in (0.2, 0.5, 0.8):
        up, down = (found.first_variation(block[:, None], t + h)[0] for h in (0.05, -0.05))
        assert found.slope(block, t) == pytest.approx(
            (up - down) / 0.1, abs=0.01 + 0.02 * abs(up - down) / 0.1
        )


def test_order_of_the_input_does_not_matter():
    rng = np.random.default_rng(2)
    particles, _, _ = rotation(1)
    theta, depth = rng.normal(size=(4, 30)), rng.uniform(size=30)
    shuffled = rng.permutation(30)
    a, b = particles.evaluate(theta, depth), particles.evaluate(theta[:, shuffled], depth[shuffled])
    assert a.run.loss == b.run.loss
    assert np.all(a.depth == np.sort(depth))
    assert np.all(depth[a.order] == a.depth)


def test_training_lowers_the_loss_and_moves_depths():
    rng = np.random.default_rng(3)
    loss = SquareLoss(rng.normal(size=(4, 1)), np.array([[1.0, -0.5]]))
    particles = DepthParticles(TANH, rng.normal(size=(4, 2)), loss, window=0.1)
    theta, depth = rng.normal(size=(5, 80)), rng.uniform(size=80)
    losses, before = [], np.sort(depth)
    for _ in range(80):
        theta, depth, value = particles.step(theta, depth, 0.05)
        losses.append(value)
    assert losses[-1] < 0.5 * losses[0]
    assert np.max(np.abs(depth - before)) > 1e-3
    assert np.all(np.diff(depth) >= 0)
    assert depth.min() >= 0
    assert depth.max() <= 1


def test_random_depths_cost_a_root():
    # d = 1, th(t) = m + a cos 2 pi t: Var k_L exactly, with a^2/2 and not a^2.
    m, a, layers = 0.7, 1.0, 20
    rng = np.random.default_rng(4)
    loss = SquareLoss(np.zeros((1, 1)))
    particles = DepthParticles(LinearBlock(1), np.ones((1, 1)), loss)
    values = []
    for _ in range(1500):
        depth = rng.uniform(size=layers)
        found = particles.evaluate((m + a * np.cos(2 * np.pi * depth))[None], depth)
        values.append(found.run.z[-1, 0, 0])
    exact = ((1 + m / layers) ** 2 + a**2 / (2 * layers**2)) ** layers - (1 + m / layers) ** (
        2 * layers
    )
    error = exact * np.sqrt(2 / 1500)
    assert abs(np.var(values) - exact) < 5 * error
    assert abs(np.var(values) - 2 * exact) > 5 * error


def test_depths_outside_are_refused():
    particles, theta, depth = rotation(3)
    with pytest.raises(InputError, match="0, 1"):
        particles.evaluate(theta, depth + 0.5)
