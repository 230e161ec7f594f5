"""Particle solvers for the mean-field gradient flow, with an error for each number.

`simulate` gives every quantity with its error; `integrate` is one run at one resolution, with its
particles; `Flow` is the discrete system itself: loss, velocities, Gram matrices. `transport` bounds
distances of particle measures, `finite` compares networks of finite width and depth with the limit.
"""

from mfcheck.dynamics.resnet.errors import (
    DivergenceError,
    FlowError,
    MemoryLimitError,
    StepCollapseError,
    StepLimitError,
)
from mfcheck.dynamics.resnet.finite import Rate, Sweep, depth_sweep, fit_rate, limit, width_sweep
from mfcheck.dynamics.resnet.flow import Evaluation, Flow
from mfcheck.dynamics.resnet.integrate import integrate, output_times
from mfcheck.dynamics.resnet.memory import memory_estimate
from mfcheck.dynamics.resnet.problem import Numerics, Problem
from mfcheck.dynamics.resnet.simulate import Plan, plan, simulate
from mfcheck.dynamics.resnet.solution import QUANTITIES, Series, Solution, SolutionCost
from mfcheck.dynamics.resnet.state import State, initial_state
from mfcheck.dynamics.resnet.trajectory import Cost, Trajectory
from mfcheck.dynamics.resnet.transport import Distances, distances, state_distances

__all__ = [
    "QUANTITIES",
    "Cost",
    "Distances",
    "DivergenceError",
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
