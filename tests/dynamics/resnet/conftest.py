"""Small problems that several tests of the particle solver use."""

from collections.abc import Callable

import numpy as np
import pytest

from mfcheck.dynamics.resnet import Problem
from mfcheck.symbolic.activation import LIBRARY, Activation, X

MakeProblem = Callable[..., Problem]


@pytest.fixture(scope="session")
def make_problem() -> MakeProblem:
    """Return a function that makes a problem with random unit rows and labels."""

    def make(
        n: int = 3,
        d: int = 2,
        activation: str = "tanh",
        alpha: float = 1.0,
        beta: float = 5.0,
        seed: int = 0,
    ) -> Problem:
        rng = np.random.default_rng(seed)
        points = rng.normal(size=(n, d))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        function = Activation("identity", X) if activation == "identity" else LIBRARY[activation]
        return Problem(points, rng.uniform(-1, 1, n), function, alpha, beta)

    return make
