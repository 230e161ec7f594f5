"""What training changes: kernel, features, distance to the linearised flow, and the encoder's shares, with errors."""

from dataclasses import dataclass, replace

import numpy as np

from mfcheck.claims.record import Estimate
from mfcheck.dynamics.resnet.flow import Flow
from mfcheck.dynamics.resnet.integrate import integrate
from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem
from mfcheck.dynamics.resnet.state import State, coarsen, halves, initial_state
from mfcheck.dynamics.resnet.trajectory import Trajectory
from mfcheck.statistics import mean_of

CHANGES = ("kernel", "features", "trajectory", "share_lambda", "share_decay", "share_KL")
"""`|G(T) - G(0)| / |G(0)|` in the Frobenius norm; `max_i |Z(x_i,1) - x_i|`; `max_t |e - e_lin| / |y|` with
`e_lin = -exp(-beta^2 G(0) t/n) y`; the encoder's share of lambda_min(G), of the decay of the loss, and of the KL
of both measures (largest over depth), at the end."""


@dataclass(frozen=True, eq=False)
class Changes:
    """What training changed in several replicates.

    Attributes:
        values: the quantities of `CHANGES` of each replicate, shape (R, 6).
        common: what fewer particles, half the depth, a coarser tolerance and rounding change, shape (6,): an error that
            all replicates have in common.
    """

    values: Array
    common: Array

    def samples(self, quantity: str) -> Array:
        """Return what each replicate has, shape (R,)."""
        column: Array = self.values[:, CHANGES.index(quantity)]
        return column

    def shared(self, quantity: str) -> float:
        """Return the error that all replicates have in common."""
        return float(self.common[CHANGES.index(quantity)])

    def __getitem__(self, quantity: str) -> Estimate:
        """Return the mean over replicates, with its error."""
        return mean_of(self.samples(quantity), bias=self.shared(quantity))


def changes(problem: Problem, numerics: Numerics) -> Changes:
    """Measure several runs: replicates, their halves, half the depth, a coarser time step.

    Raises:
        FlowError: a run failed.
    """
    states = [initial_state(problem, numerics, k) for k in range(numerics.replicates)]
    found, rounding = zip(*(measure(problem, numerics, state) for state in states), strict=True)
    samples, first = np.array(found), states[0]
    parts = [part for state in states for part in halves(state, paired=True)]
    half = np.mean([measure(problem, numerics, part)[0] for part in parts], axis=0)
    shallow, _ = measure(problem, numerics, coarsen(first, merge=False))
    rough, _ = measure(problem, replace(numerics, tolerance=8 * numerics.tolerance), first)
    common = np.abs(samples.mean(axis=0) - half) + np.abs(samples[0] - shallow) / 3
    common += np.abs(samples[0] - rough) + np.maximum(1e-12, np.max(rounding, axis=0))
    return Changes(samples, common)


def measure(problem: Problem, numerics: Numerics, state: State) -> tuple[Array, Array]:
    """Run one flow and return the quantities of `CHANGES`, and what rounding may do to each, shape (6,) both."""
    run = integrate(problem, numerics, start=state)
    flow = Flow(problem, numerics, state)
    before, after = _gram(flow, state), _gram(flow, run.final)
    kernel = np.linalg.norm(after[0] - before[0]) / np.linalg.norm(before[0])
    moved = flow.features(run.final) - flow.features(state)
    values, vectors = np.linalg.eigh(before[0])
    rates = np.multiply.outer(run.time, values * problem.beta**2 / problem.n)
    linear = (np.exp(-rates) * (run.residuals[0] @ vectors)) @ vectors.T
    away = np.linalg.norm(run.residuals - linear, axis=1).max() / np.linalg.norm(problem.y)
    e = run.residuals[-1]
    decay = (e @ after[1] @ e) / (e @ after[0] @ e)
    lowest = 1 - run.lambda_min_G2[-1] / run.lambda_min_G[-1]
    entropy = run.KL_nu[-1] / (run.KL_nu[-1] + run.KL_tau[-1])
    found = [kernel, np.linalg.norm(moved, axis=1).max(), away, lowest, decay, entropy]
    return np.array(found, dtype=float), _rounding(run, values)


def _rounding(run: Trajectory, values: Array) -> Array:
    """Return what rounding may do to the quantities of a run, shape (6,); `values` are the eigenvalues at its start.

    A position of order one loses half a unit of rounding a step at most; the residuals are beta times such numbers.
    """
    unit = float(np.finfo(np.float64).eps)
    lost, moved = unit * max(1, run.cost.steps), float(run.movement_nu[-1])
    condition = values[-1] / values[0] if values[0] > 0 else np.inf
    entropy = lost * (2 * moved + lost) / max(float(run.KL_tau[-1]), 1e-300)
    return np.array(
        [8 * unit, lost, 4 * unit * run.problem.beta, 8 * unit * condition, 8 * unit, entropy]
    )


def _gram(flow: Flow, state: State) -> tuple[Array, Array]:
    """Return G and the encoder's part alpha^2 G1."""
    G1, G2 = flow.gram_matrices(state)
    part: Array = flow.problem.alpha**2 * G1
    return part + G2, part
