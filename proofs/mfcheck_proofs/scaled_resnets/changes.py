"""What training changes, at several beta: see `mfcheck.dynamics.resnet.lazy`."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims import Budget, Context, Estimate, Setting
from mfcheck.dynamics.resnet import Numerics, lazy
from mfcheck.dynamics.resnet.lazy import CHANGES as QUANTITIES
from mfcheck.statistics.compare import half_width
from mfcheck_proofs.scaled_resnets.flow import REPLICATES, end_time, fitted, linear_kernels, problem
from mfcheck_proofs.scaled_resnets.flow import least_beta as least_beta

Array = NDArray[np.float64]
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
    samples, common = lazy.changes(problem(setting, beta), sizes(setting, budget, seed, beta)[0])
    return Changes(beta, admissible, samples.mean(axis=0), half_width(samples) + common, common, samples)


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
