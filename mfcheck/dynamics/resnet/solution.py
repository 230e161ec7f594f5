"""The result of a simulation: every number with its error."""

from collections.abc import Mapping
from dataclasses import dataclass

from mfcheck.claims.record import Estimate
from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem
from mfcheck.dynamics.resnet.trajectory import Trajectory

QUANTITIES = (
    "loss",
    "KL_tau",
    "KL_nu",
    "movement_tau",
    "movement_nu",
    "lambda_min_G",
    "lambda_min_G2",
)
"""Keys of `Solution.series` and `Solution.final`."""


@dataclass(frozen=True, eq=False)
class Series:
    """A quantity over time, with the contributions to its error.

    Attributes:
        value: `(T,)`, or `(T, k)` for a quantity with k entries.
        error: sum of the four contributions below (of their logarithms for the loss), same shape.
        particles: half-width of the 95 % interval of the mean over replicates.
        size: what halving the number of particles suggests for the remaining bias.
        depth: from half the depth.
        time: from a finer tolerance.
        samples: the value of each replicate, one axis more in front. The replicates of two runs with
            the same seed share their particles, so that differences and exponents can be compared replicate
            by replicate.
    """

    value: Array
    error: Array
    particles: Array
    size: Array
    depth: Array
    time: Array
    samples: Array

    def at(self, index: int, scale: float = 1.0) -> Estimate:
        """Return the number at an output time, times `scale`; what is not the spread of the replicates is bias."""
        value, error = (scale * float(x[index]) for x in (self.value, self.error))
        spread, *rest = (
            float(x[index]) for x in (self.particles, self.size, self.depth, self.time)
        )
        whole = spread + sum(rest)
        bias = min(error * sum(rest) / whole, error) if whole > 0 else error
        return Estimate(value=value, error=error, bias=bias, dof=len(self.samples) - 1)


@dataclass(frozen=True)
class SolutionCost:
    """What a simulation took: runs, time steps, evaluations, seconds, bytes."""

    runs: int
    steps: int
    evaluations: int
    seconds: float
    memory: int


@dataclass(frozen=True, eq=False)
class Solution:
    """The mean-field flow, estimated from several runs.

    Attributes:
        problem: what was solved.
        numerics: how finely, with the seed.
        time: output times `(T,)`.
        series: the quantities of `QUANTITIES` over time. `KL_nu` and `movement_nu` are the largest
            over depth, as the theorem speaks of every depth.
        layers: `KL_nu` and `movement_nu` of each encoder layer, `(T, L)`.
        residuals: `e_i(t)`, `(T, n)`.
        final: the quantities at the last output time.
        reference: the first replicate at full resolution, with its particles.
        cost: runs, steps, evaluations, seconds, memory.
    """

    problem: Problem
    numerics: Numerics
    time: Array
    series: Mapping[str, Series]
    layers: Mapping[str, Series]
    residuals: Series
    final: Mapping[str, Estimate]
    reference: Trajectory
    cost: SolutionCost

    def samples(self, quantity: str) -> Array:
        """Return what each replicate has at the end, shape (R,), of a quantity with one entry."""
        ends: Array = self.series[quantity].samples[:, -1]
        return ends

    def shared(self, quantity: str) -> float:
        """Return the error at the end that all replicates have in common: from particles, depth and time steps."""
        found = self.series[quantity]
        return float(found.size[-1] + found.depth[-1] + found.time[-1])

    @property
    def seed(self) -> int:
        """Seed of all draws."""
        return self.numerics.seed
