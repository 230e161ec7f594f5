"""Small systems of differential equations that close a mean-field limit, from SymPy, with an error for each number.

A `System` holds right side and start as expressions in its states and parameters. `with_sensitivity` and
`with_covariance` return larger systems of the same kind, for derivatives in parameters and for the covariance of linear
fluctuations, so that these have the same error control. Each solution is computed three times: at a looser tolerance,
at the tightest, and there with steps at most half as long; what they differ by is the error. It is an estimate, for
*simulated* numbers; `enclosed_ode` certifies.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import integrate

from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck.statistics import exactly

Array = NDArray[np.float64]
Method = Literal["DOP853", "LSODA", "Radau"]
Numbers = Mapping[sp.Symbol, Any]

TIME = sp.Symbol("t")

TIGHT, LOOSE = 1e-13, 1e-10
"""Relative tolerances of the runs; absolute ones are this times the largest start, or one."""
SAFETY = 2.0
SHARE = 0.02
"""Part of the change from the loose to the tight tolerance that counts as error of the tight one."""
ROUNDING = 2e-15
"""Least error over the largest size that the state has had."""
NUDGE = 1e-6
"""Relative change of a state by which its effect on a quantity is measured."""


@dataclass(frozen=True)
class System:
    """`d states / dt = right`, from `start` at time 0.

    Attributes:
        states: symbols of the unknowns (n).
        right: right sides, expressions in states, parameters and `time`.
        start: expressions in parameters.
        time: symbol of the time, where right sides depend on it.
    """

    states: tuple[sp.Symbol, ...]
    right: tuple[sp.Expr, ...]
    start: tuple[sp.Expr, ...]
    time: sp.Symbol = TIME

    def __post_init__(self) -> None:
        """Refuse a system whose parts do not fit.

        Raises:
            InputError: numbers of states, right sides and starts differ, or a start contains a state.
        """
        if not len(self.states) == len(self.right) == len(self.start) > 0:
            raise InputError("each state needs one right side and one start")
        object.__setattr__(self, "right", tuple(sp.sympify(e) for e in self.right))
        object.__setattr__(self, "start", tuple(sp.sympify(e) for e in self.start))
        if any(e.has(*self.states, self.time) for e in self.start):
            raise InputError("a start is an expression in parameters alone")

    @property
    def jacobian(self) -> sp.Matrix:
        """The derivative of the right side in the states, (n, n)."""
        return sp.Matrix(self.right).jacobian(list(self.states))

    def along(self, quantity: sp.Expr) -> sp.Expr:
        """Return the time derivative of a quantity along solutions; a conserved one gives zero after `simplify`."""
        flow = sum(sp.diff(quantity, x) * f for x, f in zip(self.states, self.right, strict=True))
        return sp.diff(quantity, self.time) + flow


def sensitivity(state: sp.Symbol, parameter: sp.Symbol) -> sp.Symbol:
    """Return the symbol of `d state / d parameter` in `with_sensitivity`."""
    return sp.Symbol(f"d[{state}]/d[{parameter}]")


def covariance(first: sp.Symbol, second: sp.Symbol, system: System) -> sp.Symbol:
    """Return the symbol of the covariance of two states in `with_covariance`; the order does not matter."""
    i, j = sorted((system.states.index(first), system.states.index(second)))
    return sp.Symbol(f"cov[{system.states[i]},{system.states[j]}]")


def with_sensitivity(system: System, parameters: Sequence[sp.Symbol]) -> System:
    """Return the system with its variational equations, for derivatives of states in these parameters.

    Starts may depend on the parameters; a derivative in an initial value is one in a parameter that stands for it.
    """
    states, right, start = list(system.states), list(system.right), list(system.start)
    jacobian = system.jacobian
    for parameter in parameters:
        column = sp.Matrix([sensitivity(x, parameter) for x in system.states])
        change = jacobian * column + sp.Matrix([sp.diff(f, parameter) for f in system.right])
        states += list(column)
        right += list(change)
        start += [sp.diff(e, parameter) for e in system.start]
    return System(tuple(states), tuple(right), tuple(start), system.time)


def with_covariance(system: System, diffusion: sp.Matrix, start: sp.Matrix) -> System:
    """Return the system with `C' = J C + C J^T + D`, the covariance of linear fluctuations around it.

    Args:
        system: of the limit, n states.
        diffusion: D (n, n), symmetric, an expression in states and parameters.
        start: C at time 0, (n, n), symmetric, an expression in parameters.

    Raises:
        InputError: a matrix has the wrong shape or is not symmetric.
    """
    n = len(system.states)
    D, C0 = sp.Matrix(diffusion), sp.Matrix(start)
    for matrix in (D, C0):
        if matrix.shape != (n, n) or not all(sp.expand(e) == 0 for e in matrix - matrix.T):
            raise InputError(f"covariances are symmetric matrices of size {n}")
    C = sp.Matrix(n, n, lambda i, j: covariance(system.states[i], system.states[j], system))
    drift = system.jacobian * C
    change = drift + drift.T + D
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    return System(
        (*system.states, *(C[i, j] for i, j in pairs)),
        (*system.right, *(change[i, j] for i, j in pairs)),
        (*system.start, *(C0[i, j] for i, j in pairs)),
        system.time,
    )


@dataclass(frozen=True, eq=False)
class Solution:
    """States at the times asked for, from three runs.

    Attributes:
        system: what was solved.
        parameters: their values.
        times: shape (T,).
        runs: states of the loose, the tight and the halved run, (3, T, n).
        sizes: largest size of each state up to each time, (T, n).
    """

    system: System
    parameters: Mapping[sp.Symbol, float]
    times: Array
    runs: Array
    sizes: Array

    @property
    def states(self) -> Array:
        """States (T, n) of the finest run."""
        return np.asarray(self.runs[2])

    def of(self, quantity: sp.Expr) -> tuple[Array, Array]:
        """Return values (T,) and errors (T,) of an expression in states, time and parameters."""
        symbols = [self.system.time, *self.system.states, *self.parameters]
        code = sp.lambdify(symbols, sp.sympify(quantity), ["scipy", "numpy"], cse=True)
        rest = list(self.parameters.values())

        def at(states: Array) -> Array:
            found = code(self.times, *states.T, *rest)
            return np.broadcast_to(found, self.times.shape).astype(np.float64)

        loose, tight, half = (at(run) for run in self.runs)
        floor = ROUNDING * np.abs(half)
        for k in range(len(self.system.states)):
            moved = self.runs[2].copy()
            moved[:, k] += NUDGE * self.sizes[:, k]
            floor += ROUNDING / NUDGE * np.abs(at(moved) - half)
        return half, _error(loose, tight, half) + floor

    def estimates(self, quantity: sp.Expr) -> tuple[Estimate, ...]:
        """Return an expression in states, time and parameters at each time, as numbers whose error is all bias."""
        values, errors = self.of(quantity)
        return tuple(exactly(float(v), float(e)) for v, e in zip(values, errors, strict=True))

    def final(self, quantity: sp.Expr) -> Estimate:
        """Return an expression in states, time and parameters at the last time."""
        return self.estimates(quantity)[-1]

    def drift(self, quantity: sp.Expr) -> Estimate:
        """Return the largest change of a quantity since the first time; within its error if it is conserved."""
        values, errors = self.of(quantity)
        worst = int(np.argmax(np.abs(values - values[0])))
        return exactly(abs(float(values[worst] - values[0])), float(errors[worst] + errors[0]))


def solve(
    system: System,
    times: Sequence[float],
    parameters: Numbers | None = None,
    method: Method = "DOP853",
) -> Solution:
    """Integrate a system from time 0.

    Args:
        system: right side and start.
        times: not decreasing, from 0 on, where the solution is wanted.
        parameters: a number, also of SymPy, for each parameter.
        method: `DOP853`; for stiff systems `LSODA` or `Radau`.

    Raises:
        InputError: times decrease, a parameter has no value, or the solution ceases to exist or to be a number.
    """
    marks = np.asarray([float(t) for t in times], dtype=np.float64)
    if not len(marks) or marks[0] < 0 or np.any(np.diff(marks) < 0):
        raise InputError("times must not decrease, and start at 0 or later")
    values = {symbol: float(value) for symbol, value in (parameters or {}).items()}
    _refuse_unknown(system, values)
    task = _task(system, values, marks, method)
    loose, _ = task.run(LOOSE)
    tight, longest = task.run(TIGHT)
    half, _ = task.run(TIGHT, longest / 2)
    sizes = np.maximum.accumulate(np.abs(half), axis=0)
    return Solution(system, values, marks, np.stack([loose, tight, half]), sizes)


def _refuse_unknown(system: System, values: Mapping[sp.Symbol, float]) -> None:
    free = set().union(*(e.free_symbols for e in (*system.right, *system.start)))
    missing = free - {*system.states, system.time, *values}
    if missing:
        raise InputError(f"no value for {', '.join(sorted(map(str, missing)))}")


@dataclass(frozen=True, eq=False)
class _Task:
    """One system at fixed parameters, for several tolerances."""

    right: Callable[[float, Array], Array]
    start: Array
    marks: Array
    method: Method

    def run(self, tolerance: float, longest: float = math.inf) -> tuple[Array, float]:
        """Return the states (T, n), and the longest step taken."""
        atol = tolerance * max(1.0, float(np.abs(self.start).max()))
        # a step across all of a short interval would leave nothing to halve
        longest = min(longest, max(float(self.marks[-1]), atol) / 8)
        rows, y, now, used = [], self.start, 0.0, 0.0
        for mark in self.marks:
            if mark > now:
                # restarted at each time, so that no interpolation between steps enters
                found = integrate.solve_ivp(
                    self.right,
                    (now, float(mark)),
                    y,
                    self.method,
                    max_step=longest,
                    rtol=max(tolerance, 3e-14),
                    atol=atol,
                )
                if not found.success or not np.all(np.isfinite(found.y[:, -1])):
                    raise InputError(f"the solution cannot be continued beyond {found.t[-1]:.6g}")
                y, now = found.y[:, -1], float(mark)
                used = max(used, float(np.max(np.diff(found.t))))
            rows.append(y)
        return np.array(rows), used or longest


def _task(system: System, values: Mapping[sp.Symbol, float], marks: Array, method: Method) -> _Task:
    numbers = list(values.values())
    start = sp.lambdify(list(values), list(system.start), ["scipy", "numpy"])(*numbers)
    symbols = [system.time, list(system.states), *values]
    code = sp.lambdify(symbols, list(system.right), ["scipy", "numpy"], cse=True)

    def right(t: float, y: Array) -> Array:
        return np.array(code(t, y, *numbers), dtype=np.float64)

    return _Task(right, np.array([float(v) for v in start]), marks, method)


def _error(loose: Array, tight: Array, half: Array) -> Array:
    """Return the error of the finest run: it cannot be trusted to fall where a difference vanishes by chance."""
    change = np.maximum(np.abs(half - tight), SHARE * np.abs(tight - loose))
    return np.asarray(SAFETY * np.maximum.accumulate(change))
