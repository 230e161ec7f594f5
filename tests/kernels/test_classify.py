"""Classes by kernel gradient flow: errors by hand, and a kernel that tells two classes apart."""

import numpy as np
import pytest

from mfcheck.kernels import interpolant, kernel
from mfcheck.kernels.classify import error_on_test, scores, wrong_share
from mfcheck.kernels.matrix import FastKernel
from mfcheck.points.images import Part, Split
from mfcheck.points.sphere import sphere

TIMES = np.geomspace(1, 1e4, 20)


def caps(rng: np.random.Generator, wrong: float = 0.0) -> Split:
    """Two halves of a sphere as classes, a share of the test's labels turned round."""

    def part(n: int) -> Part:
        X = sphere(rng, n, 4)
        return Part(X, (X[:, 0] > 0).astype(np.int64))

    train, held, test = part(200), part(50), part(100)
    turned = test.labels.copy()
    turned[: int(wrong * 100)] ^= 1
    return Split(train, held, Part(test.X, turned), 2, (1, 2, 2))


def test_shares_by_hand() -> None:
    found = np.array([[[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]], [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]])
    assert wrong_share(found, np.array([0, 1, 1])) == pytest.approx([1 / 3, 1 / 3])
    assert wrong_share(found, np.array([0, 0, 0])) == pytest.approx([1 / 3, 1])


def test_classes_of_a_sphere() -> None:
    r = FastKernel(interpolant(kernel(1, 0)))
    plain = error_on_test(r, caps(np.random.default_rng(0)), TIMES)
    turned = error_on_test(r, caps(np.random.default_rng(0), 0.3), TIMES)
    assert plain < 0.1
    assert turned == pytest.approx(0.3, abs=0.1)


def test_scores_are_the_flow_on_one_hot_labels() -> None:
    """At great times they interpolate: on the training points themselves they are the labels, centred."""
    parts = caps(np.random.default_rng(1))
    r = FastKernel(interpolant(kernel(2, 1)))
    same = Split(parts.train, parts.train, parts.test, 2, parts.shape)
    found = scores(r, same, np.array([1e9]))[0][0]
    assert found == pytest.approx(np.eye(2)[parts.train.labels] - 0.5, abs=1e-3)
