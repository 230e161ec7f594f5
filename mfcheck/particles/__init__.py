"""Particle solvers for the mean-field gradient flow, with an error for each number.

`simulate` gives every quantity with its error; `integrate` is one run at one resolution, with its
particles; `Flow` is the discrete system itself: loss, velocities, Gram matrices. `transport` bounds
distances of particle measures, `finite` compares networks of finite width and depth with the limit.
"""

from mfcheck.particles.errors import (
    DivergenceError,
    FlowError,
    MemoryLimitError,
    StepCollapseError,
    StepLimitError,
)
from mfcheck.particles.finite import Rate, Sweep, depth_sweep, fit_rate, limit, width_sweep
from mfcheck.particles.flow import Evaluation, Flow
from mfcheck.particles.integrate import integrate, output_times
from mfcheck.particles.memory import memory_estimate
from mfcheck.particles.problem import Numerics, Problem
from mfcheck.particles.simulate import Plan, plan, simulate
from mfcheck.particles.solution import QUANTITIES, Estimate, Series, Solution, SolutionCost
from mfcheck.particles.state import State, initial_state
from mfcheck.particles.trajectory import Cost, Trajectory
from mfcheck.particles.transport import Distances, distances, state_distances

__all__ = [
    "QUANTITIES",
    "Cost",
    "Distances",
    "DivergenceError",
    "Estimate",
    "Evaluation",
    "Flow",
    "FlowError",
    "MemoryLimitError",
    "Numerics",
    "Plan",
    "Problem",
    "Rate",
    "Series",
    "Solution",
    "SolutionCost",
    "State",
    "StepCollapseError",
    "StepLimitError",
    "Sweep",
    "Trajectory",
    "depth_sweep",
    "distances",
    "fit_rate",
    "initial_state",
    "integrate",
    "limit",
    "memory_estimate",
    "output_times",
    "plan",
    "simulate",
    "state_distances",
    "width_sweep",
]
