"""Classes by kernel gradient flow on one-hot labels, stopped at the time that validation chooses."""

import numpy as np
from numpy.typing import NDArray

from mfcheck.kernels.flow import gradient_flow
from mfcheck.kernels.matrix import FastKernel
from mfcheck.points.images import Labels, Split

Array = NDArray[np.float64]


def scores(r: FastKernel, parts: Split, times: Array) -> tuple[Array, Array]:
    """Return class scores along the flow: validation and test, shape (times, n, classes)."""
    X = parts.train.X
    onehot = np.eye(parts.classes)[parts.train.labels] - 1 / parts.classes
    both = np.vstack([parts.validation.X, parts.test.X])
    found = gradient_flow(r.matrix(X), onehot, r.matrix(both, X), times)
    held = len(parts.validation.labels)
    return found[:, :held], found[:, held:]


def wrong_share(found: Array, labels: Labels) -> Array:
    """Return the share of wrong classes at each time, shape (times,)."""
    return np.asarray((found.argmax(axis=-1) != labels).mean(axis=-1))


def error_on_test(r: FastKernel, parts: Split, times: Array) -> float:
    """Return the share of wrong classes of the test at the time with the fewest in validation."""
    held, test = scores(r, parts, times)
    chosen = int(np.argmin(wrong_share(held, parts.validation.labels)))
    return float(wrong_share(test, parts.test.labels)[chosen])
