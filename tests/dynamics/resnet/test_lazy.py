"""What a flow changes: without an encoder, at two scales, and against the kernel of an exact small case."""

import numpy as np

from mfcheck.dynamics.resnet import Numerics, Problem
from mfcheck.dynamics.resnet.lazy import CHANGES, changes, measure
from mfcheck.dynamics.resnet.state import initial_state
from mfcheck.symbolic.activation import LIBRARY

X = np.array([[1.0, 0.0], [0.6, 0.8], [-0.28, 0.96]])
Y = np.array([1.0, -1.0, 0.5])


def test_nothing_of_the_encoder_changes_without_it() -> None:
    sizes = Numerics(depth=2, particles=64, loss_factor=1e-2, outputs=5, tolerance=1e-6)
    problem = Problem(X, Y, LIBRARY["tanh"], 0.0, 5.0)
    values, _ = measure(problem, sizes, initial_state(problem, sizes))
    found = dict(zip(CHANGES, values, strict=True))
    assert found["features"] == 0
    assert found["share_lambda"] == found["share_decay"] == found["share_KL"] == 0
    assert found["kernel"] > 0


def test_a_smaller_beta_changes_more() -> None:
    sizes = Numerics(depth=2, particles=64, loss_factor=1e-2, outputs=5, tolerance=1e-6)
    found = []
    for beta in (80.0, 800.0):
        problem = Problem(X, Y, LIBRARY["tanh"], 1.0, beta)
        found.append(measure(problem, sizes, initial_state(problem, sizes))[0])
    assert np.all(found[0] > 50 * found[1])


def test_errors_in_common_cover_finer_sizes() -> None:
    """Four times the particles and twice the depth move each mean by less than both errors, noise included."""
    problem = Problem(X, Y, LIBRARY["tanh"], 1.0, 20.0)
    sizes = Numerics(
        depth=4, particles=128, loss_factor=1e-2, outputs=5, tolerance=1e-6, replicates=6
    )
    fine = Numerics(
        depth=8, particles=512, loss_factor=1e-2, outputs=5, tolerance=1e-6, replicates=4
    )
    found = [changes(problem, numerics) for numerics in (sizes, fine)]
    means = [samples.mean(axis=0) for samples, _ in found]
    noise = sum(samples.std(axis=0, ddof=1) ** 2 / len(samples) for samples, _ in found) ** 0.5
    assert found[0][0].shape == (6, 6)
    assert np.all(np.abs(means[0] - means[1]) <= found[0][1] + found[1][1] + 4 * noise)
