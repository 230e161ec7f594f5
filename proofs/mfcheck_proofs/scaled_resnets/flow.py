"""The simulated flows that Theorem 5's checks share: one sweep over beta for each setting, budget and seed."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims import Budget, Context, Curve, Estimate, Plot, Setting
from mfcheck.dynamics.resnet import Numerics, Problem, Solution, simulate
from mfcheck.errors import InputError
from mfcheck.statistics.compare import half_width
from mfcheck_proofs.scaled_resnets.matrices import kernel_matrix, to_array
from mfcheck_proofs.scaled_resnets.values import value_of

Array = NDArray[np.float64]
FACTORS = (Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4))


def problem(setting: Setting, beta: float) -> Problem:
    """Return the flow of a setting at another beta."""
    return Problem(
        setting.data.X, setting.data.y, setting.activation, setting.number("alpha"), beta
    )


def linear_kernels(setting: Setting) -> tuple[Array, Array]:
    """Return G2 at the start and K in double precision, shape (n, n); K is not finite if s0 has a kink."""
    data, activation = setting.data, setting.activation
    G2 = kernel_matrix(data.points, activation, 1)
    try:
        K = to_array(kernel_matrix(data.points, activation, 2))
    except InputError:
        K = np.full((data.n, data.n), np.nan)
    return to_array(G2), K


def end_time(setting: Setting, budget: Budget, beta: float) -> float | None:
    """Return a time at which to stop, if convergence would take more steps than the budget has.

    An explicit method needs about `lambda_max T beta^2/n` steps; the slowest mode needs `T = n/(beta^2 lambda_min)`.
    """
    eigenvalues = np.linalg.eigvalsh(linear_kernels(setting)[0])
    allowed = budget.pick(80.0, 400.0, 4000.0)
    if np.log(1e4) * eigenvalues[-1] <= allowed * max(eigenvalues[0], 1e-300):
        return None
    return float(allowed / eigenvalues[-1]) * setting.data.n / beta**2


def converged_shares(setting: Setting, run: "Run") -> tuple[float, float]:
    """Return which shares of y^T G2^-1 y and of (1/2) y^T G2^-1 K G2^-1 y the linear flow has at the end of a run."""
    G2, K = linear_kernels(setting)
    values, vectors = np.linalg.eigh(G2)
    time = run.solution.time[-1] * run.beta**2 / setting.data.n
    modes = vectors.T @ setting.data.y / values
    end, now = vectors @ modes, vectors @ (-np.expm1(-values * time) * modes)
    return float((now @ G2 @ now) / (end @ G2 @ end)), float((now @ K @ now) / (end @ K @ end))


def numerics(setting: Setting, budget: Budget, seed: int, beta: float) -> Numerics:
    """Return the solver's sizes: those of the setting, a quarter of the particles for a quick look."""
    depth = int(setting["depth"])
    particles = int(setting["particles"])
    return Numerics(
        end_time=end_time(setting, budget, beta),
        depth=budget.pick(max(2, depth // 4 * 2), depth, 2 * depth),
        particles=budget.pick(max(128, particles // 4), particles, 4 * particles),
        replicates=budget.pick(3, 4, 6),
        seed=seed,
    )


@dataclass(frozen=True)
class Run:
    """One flow of the sweep, and whether beta is in the regime of Theorem 5."""

    beta: float
    admissible: bool
    solution: Solution


@lru_cache(maxsize=4)
def sweep(setting: Setting, budget: Budget, seed: int) -> tuple[Run, ...]:
    """Solve the flow at several beta around the setting's, and at the least beta that Theorem 5 admits."""
    threshold = value_of(setting, "beta_threshold")
    least = float(threshold.upper()) * 1.001 if threshold.is_finite() else None
    factors = FACTORS[2:] if budget is Budget.QUICK else FACTORS
    betas = [float(setting["beta"] * f) for f in factors]
    if least is not None:
        betas.append(least)
    return tuple(
        Run(
            beta,
            least is not None and beta >= least,
            simulate(problem(setting, beta), numerics(setting, budget, seed, beta)),
        )
        for beta in sorted(set(betas))
    )


def runs(context: Context) -> tuple[Run, ...]:
    """Return the sweep of a check's context."""
    return sweep(context.setting, context.budget, context.seed)


def final(run: Run, quantity: str) -> Estimate:
    """Return a quantity at the end of a flow."""
    found = run.solution.final[quantity]
    return Estimate(value=found.value, error=found.error)


def largest(run: Run, quantity: str) -> Estimate:
    """Return the largest value over time, by its upper end."""
    series = run.solution.series[quantity]
    at = int(np.argmax(series.value + series.error))
    return Estimate(value=float(series.value[at]), error=float(series.error[at]))


def smallest_over_time(run: Run, quantity: str) -> Estimate:
    """Return the smallest value over time, by its lower end."""
    series = run.solution.series[quantity]
    at = int(np.argmin(series.value - series.error))
    return Estimate(value=float(series.value[at]), error=float(series.error[at]))


def ratio(top: Array, bottom: Array) -> Estimate:
    """Return the mean of `top / bottom` over replicates, shape (R,) each, with the half-width of its 95 % interval.

    Replicates share their particles, so that most of the noise of numerator and denominator cancels.
    """
    values = top / bottom
    return Estimate(value=float(np.mean(values)), error=float(half_width(values)))


def share(run: Run, part: str, whole: str) -> Estimate:
    """Return the ratio of two quantities at the end of a flow."""
    series = run.solution.series
    return ratio(series[part].samples[:, -1], series[whole].samples[:, -1])


def remaining(before: float, value: float, betas: tuple[float, float]) -> float:
    """Return how far `value`, at the larger of two beta, may be from the limit of large beta.

    The difference from the limit falls like 1/beta or faster: with `d = before - value` at `b < beta` it is at most
    `|d| b/(beta - b)`, however close the two beta are.
    """
    smaller, larger = betas
    return abs(before - value) * smaller / (larger - smaller)


def plot_over_time(
    run: Run,
    quantity: str,
    label: str,
    bound: Callable[[Array], Array] | None,
    *,
    logarithmic: bool = True,
) -> Plot:
    """Return the plot of a quantity over time with its error, and a bound of the paper."""
    solution = run.solution
    series = solution.series[quantity]
    keep = series.value > 0 if logarithmic else np.ones(len(solution.time), dtype=bool)
    time = solution.time[keep]
    curves = [
        Curve(
            label=label,
            x=tuple(map(float, time)),
            y=tuple(map(float, series.value[keep])),
            error=tuple(map(float, series.error[keep])),
        )
    ]
    if bound is not None:
        limit = np.broadcast_to(bound(time), time.shape)
        curves.append(
            Curve(
                label="bound", x=tuple(map(float, time)), y=tuple(map(float, limit)), style="bound"
            )
        )
    return Plot(
        id=f"{quantity}-over-time",
        title=rf"{label} along the flow, $\beta = {run.beta:.6g}$",
        x_label="$t$",
        y_label=label,
        y_log=logarithmic,
        curves=tuple(curves),
    )
