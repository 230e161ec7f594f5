"""The result of one run at one resolution."""

from dataclasses import dataclass

import numpy as np

from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem
from mfcheck.dynamics.resnet.state import State


@dataclass(frozen=True)
class Cost:
    """What a run took: time steps (accepted, rejected), evaluations, seconds, bytes."""

    steps: int
    rejected: int
    evaluations: int
    seconds: float
    memory: int


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The flow of one discrete network at its output times.

    Attributes:
        problem: what was solved.
        numerics: how finely.
        time: output times `(T,)`, in the flow's own time.
        residuals: `e_i(t) = f(x_i) - y_i`, `(T, n)`.
        loss: `(T,)`.
        KL: relative entropy to the start of the decoder (column 0) and of each encoder layer,
            `(T, 1 + L)`.
        movement: root mean square displacement of particles, an upper bound of W2, same columns.
        lambda_min_G: smallest eigenvalue of `alpha^2 G1 + G2`, `(T,)`.
        lambda_min_G2: smallest eigenvalue of `G2`, `(T,)`.
        start: particles at time 0.
        final: particles at the last output time.
        switch: time from which stabilised steps were taken, None if never.
        cost: steps, evaluations, seconds, memory.
    """

    problem: Problem
    numerics: Numerics
    time: Array
    residuals: Array
    loss: Array
    KL: Array
    movement: Array
    lambda_min_G: Array
    lambda_min_G2: Array
    start: State
    final: State
    switch: float | None
    cost: Cost

    @property
    def KL_tau(self) -> Array:
        """Relative entropy of the decoder, `(T,)`."""
        return self.KL[:, 0]

    @property
    def KL_nu(self) -> Array:
        """Largest relative entropy over encoder layers, `(T,)`."""
        return np.asarray(self.KL[:, 1:].max(axis=1))

    @property
    def movement_tau(self) -> Array:
        """Movement of the decoder, `(T,)`."""
        return self.movement[:, 0]

    @property
    def movement_nu(self) -> Array:
        """Largest movement over encoder layers, `(T,)`."""
        return np.asarray(self.movement[:, 1:].max(axis=1))
