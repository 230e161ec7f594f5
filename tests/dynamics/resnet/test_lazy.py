"""What a flow changes: without an encoder, at two scales, and against the kernel of an exact small case."""

import numpy as np
import pytest

from mfcheck.dynamics.resnet import Numerics, Problem
from mfcheck.dynamics.resnet.lazy import CHANGES, Changes, changes, measure
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
    means = [one.values.mean(axis=0) for one in found]
    noise = sum(one.values.std(axis=0, ddof=1) ** 2 / len(one.values) for one in found) ** 0.5
    assert found[0].values.shape == (6, 6)
    allowed = found[0].common + found[1].common + 4 * noise
    assert np.all(np.abs(means[0] - means[1]) <= allowed)


def test_a_change_is_the_mean_over_replicates_with_both_errors() -> None:
    values = np.arange(18.0).reshape(3, 6)
    found = Changes(values, np.full(6, 0.5))["features"]
    assert found.value == 7
    # Student's quantile with two degrees of freedom, times 6/3^(1/2)
    assert found.noise == pytest.approx(4.302653 * 6 / 3**0.5, rel=1e-6)
    assert found.bias == 0.5
    assert found.dof == 2
