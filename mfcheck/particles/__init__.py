"""Particle solvers for the mean-field gradient flow, with an error for each number.

`simulate` gives every quantity with its error; `integrate` is one run at one resolution, with its
particles; `Flow` is the discrete system itself: loss, velocities, Gram matrices.
"""

from mfcheck.particles.errors import (
    DivergenceError,
    FlowError,
    MemoryLimitError,
    StepCollapseError,
    StepLimitError,
)
from mfcheck.particles.flow import Evaluation, Flow
from mfcheck.particles.integrate import integrate, output_times
from mfcheck.particles.memory import memory_estimate
from mfcheck.particles.problem import Numerics, Problem
from mfcheck.particles.simulate import simulate
from mfcheck.particles.solution import QUANTITIES, Estimate, Series, Solution, SolutionCost
from mfcheck.particles.state import State, initial_state
from mfcheck.particles.trajectory import Cost, Trajectory

__all__ = [
    "QUANTITIES",
    "Cost",
    "DivergenceError",
    "Estimate",
    "Evaluation",
    "Flow",
    "FlowError",
    "MemoryLimitError",
    "Numerics",
    "Problem",
    "Series",
    "Solution",
    "SolutionCost",
    "State",
    "StepCollapseError",
    "StepLimitError",
    "Trajectory",
    "initial_state",
    "integrate",
    "memory_estimate",
    "output_times",
    "simulate",
]
