"""What training changes: kernel, features, distance to the linearised flow, and the encoder's shares, with errors."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims import Budget, Context, Estimate, Setting
from mfcheck.dynamics.resnet import Flow, Numerics, Problem, Trajectory, integrate
from mfcheck.dynamics.resnet.state import State, coarsen, halves, initial_state
from mfcheck.statistics.compare import half_width
from mfcheck_proofs.scaled_resnets.flow import REPLICATES, end_time, fitted, linear_kernels, problem
from mfcheck_proofs.scaled_resnets.values import value_of

Array = NDArray[np.float64]
QUANTITIES = ("kernel", "features", "trajectory", "share_lambda", "share_decay", "share_KL")
"""`|G(T) - G(0)| / |G(0)|` in the Frobenius norm; `max_i |Z(x_i,1) - x_i|`; `max_t |e - e_lin| / |y|` with
`e_lin = -exp(-beta^2 G(0) t/n) y`; the encoder's share of lambda_min(G), of the decay of the loss, and of the KL
of both measures (largest over depth), at the end."""

CONVERGED = "flows to convergence"
SMALL_BETA, LARGE_BETA = 1.0, 1e3
FRACTIONS = (Fraction(1, 64), Fraction(1, 8), Fraction(1))
"""Fractions of the least admissible beta, over which exponents are fitted."""


@dataclass(frozen=True)
class Changes:
    """One beta: the quantities with their errors, and each replicate's value.

    Attributes:
        beta: scale of the predictor.
        admissible: whether Theorem 5 speaks of this beta.
        values: mean over replicates, by quantity.
        errors: half-width of the 95 % interval of the mean, plus what depth, particles and time step add.
        common: that addition alone, by quantity.
        samples: shape (replicates, quantities).
    """

    beta: float
    admissible: bool
    values: Array
    errors: Array
    common: Array
    samples: Array

    def __getitem__(self, quantity: str) -> Estimate:
        """Return a quantity with its error."""
        at = QUANTITIES.index(quantity)
        value, error, bias = (float(x[at]) for x in (self.values, self.errors, self.common))
        return Estimate(value=value, error=error, bias=bias, dof=len(self.samples) - 1)

    def column(self, quantity: str) -> Array:
        """Return the value of each replicate."""
        column: Array = self.samples[:, QUANTITIES.index(quantity)]
        return column


def measure(start: Problem, sizes: Numerics, state: State) -> tuple[Array, Array]:
    """Run one flow and return the quantities, and what rounding may do to each, shape (6,) both."""
    run = integrate(start, sizes, start=state)
    flow = Flow(start, sizes, state)
    before, after = _gram(flow, state), _gram(flow, run.final)
    kernel = np.linalg.norm(after[0] - before[0]) / np.linalg.norm(before[0])
    moved = flow.features(run.final) - flow.features(state)
    values, vectors = np.linalg.eigh(before[0])
    rates = np.multiply.outer(run.time, values * start.beta**2 / start.n)
    linear = (np.exp(-rates) * (run.residuals[0] @ vectors)) @ vectors.T
    away = np.linalg.norm(run.residuals - linear, axis=1).max() / np.linalg.norm(start.y)
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
    return np.array([8 * unit, lost, 4 * unit * run.problem.beta, 8 * unit * condition, 8 * unit, entropy])


def _gram(flow: Flow, state: State) -> tuple[Array, Array]:
    """Return G and the encoder's part alpha^2 G1."""
    G1, G2 = flow.gram_matrices(state)
    part: Array = flow.problem.alpha**2 * G1
    return part + G2, part


def sizes(setting: Setting, budget: Budget, seed: int, beta: float) -> tuple[Numerics, str]:
    """Return the solver's sizes, and in words what was taken down for many rows."""
    wanted = Numerics(
        depth=budget.pick(4, 4, 8),
        particles=budget.pick(96, 160, 1024),
        decoder_particles=budget.pick(1024, 3072, 32768),
        seed=seed,
        tolerance=1e-6 if beta < 50 else 1e-7,
        loss_factor=1e-4,
        outputs=17,
        end_time=end_time(setting, budget, beta),
        replicates=REPLICATES,
    )
    return fitted(setting, budget, wanted, len(FRACTIONS) + 1)


def cut(context: Context) -> str:
    """Say what of the sizes was taken down for many rows; nothing if nothing was."""
    return sizes(context.setting, context.budget, context.seed, LARGE_BETA)[1]


@lru_cache(maxsize=64)
def changes(setting: Setting, budget: Budget, seed: int, beta: float, admissible: bool) -> Changes:
    """Measure one beta from several runs: replicates, their halves, half the depth, a coarser time step."""
    start = problem(setting, beta)
    used, _ = sizes(setting, budget, seed, beta)
    states = [initial_state(start, used, k) for k in range(REPLICATES)]
    found, rounding = zip(*(measure(start, used, state) for state in states), strict=True)
    samples, first = np.array(found), states[0]
    parts = [part for state in states for part in halves(state, paired=True)]
    half = np.mean([measure(start, used, part)[0] for part in parts], axis=0)
    shallow, _ = measure(start, used, coarsen(first, merge=False))
    rough, _ = measure(start, replace(used, tolerance=8 * used.tolerance), first)
    common = np.abs(samples.mean(axis=0) - half) + np.abs(samples[0] - shallow) / 3
    common += np.abs(samples[0] - rough) + np.maximum(1e-12, np.max(rounding, axis=0))
    error = half_width(samples) + common
    return Changes(beta, admissible, samples.mean(axis=0), error, common, samples)


def least_beta(setting: Setting) -> float | None:
    """Return the least beta that Theorem 5 is known to admit; None if there is none."""
    threshold = value_of(setting, "beta_threshold")
    return float(threshold.upper()) * 1.001 if threshold.is_finite() else None


def over_beta(setting: Setting, budget: Budget, seed: int) -> tuple[Changes, ...]:
    """Measure a small beta, fractions of the least admissible one, and that one; without it the first only."""
    least = least_beta(setting)
    betas = {SMALL_BETA}
    if least is not None:
        betas |= {least * float(f) for f in FRACTIONS}
    return tuple(changes(setting, budget, seed, beta, least is not None and beta >= least) for beta in sorted(betas))


def small(found: tuple[Changes, ...]) -> Changes | None:
    """Return the flow at the small beta; None if Theorem 5 admits even that."""
    return next((c for c in found if c.beta == SMALL_BETA and not c.admissible), None)


def extent(setting: Setting, budget: Budget) -> str:
    """Say how far flows are followed; the end is the same for every beta in units of `n/beta^2`."""
    end = end_time(setting, budget, 1.0)
    if end is None:
        return CONVERGED
    values, vectors = np.linalg.eigh(linear_kernels(setting)[0])
    modes = vectors.T @ setting.data.y * np.exp(-values * end / setting.data.n)
    left = float(modes @ modes / (setting.data.y @ setting.data.y))
    return f"flows cut short, where the linearised loss is {left:.2g} of its start"
