"""The simulated flows that Theorem 5's checks share: one sweep over beta for each setting, budget and seed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mfcheck.checks import Case, Check, Evidence, Kind, Plot, Standard, curve, custom, decide
from mfcheck.claims import Budget, Context, Estimate, Setting
from mfcheck.dynamics.effort import SECONDS
from mfcheck.dynamics.resnet import Numerics, Problem, Solution, simulate
from mfcheck.dynamics.resnet.cost import within
from mfcheck.errors import InputError
from mfcheck.kernels.two_layer import kernel_matrix, to_array
from mfcheck.statistics import mean_of
from mfcheck_proofs.scaled_resnets.values import value_of

SOURCE = "arXiv 2403.09889, Theorem 5"
ASSUMPTIONS = ("assumption-1", "assumption-2", "assumption-3")
GROUP = "flow"
REPLICATES = 8
"""Fewer have Student tails so heavy that no error could be told from noise at the false-alarm rate of a review."""
Array = NDArray[np.float64]
FACTORS = (Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4))


def problem(setting: Setting, beta: float) -> Problem:
    """Return the flow of a setting at another beta."""
    return Problem(setting.data.X, setting.data.y, setting.activation, setting.number("alpha"), beta)


@lru_cache(maxsize=16)
def linear_kernels(setting: Setting) -> tuple[Array, Array]:
    """Return G2 at the start and K in double precision, shape (n, n); K is not finite if s0 has a kink."""
    data, activation = setting.data, setting.activation
    G2 = kernel_matrix(data.points, activation, 1)
    try:
        K = to_array(kernel_matrix(data.points, activation, 2))
    except InputError:
        K = np.full((data.n, data.n), np.nan)
    return to_array(G2), K


def fastest(setting: Setting, budget: Budget) -> tuple[float, bool]:
    """Return the fastest rate times the end of a flow, the same for every beta, and whether it is followed to its end.

    An explicit method needs a number of steps that grows with it; the slowest mode needs `T = n/(beta^2 lambda_min)`.
    """
    eigenvalues = np.linalg.eigvalsh(linear_kernels(setting)[0])
    allowed = budget.pick(80.0, 400.0, 4000.0)
    needed = float(np.log(1e4) * eigenvalues[-1] / max(eigenvalues[0], 1e-300))
    return (needed, True) if needed <= allowed else (allowed, False)


def end_time(setting: Setting, budget: Budget, beta: float) -> float | None:
    """Return a time at which to stop, if convergence would take more steps than the budget has."""
    allowed, whole = fastest(setting, budget)
    if whole:
        return None
    top = np.linalg.eigvalsh(linear_kernels(setting)[0])[-1]
    return float(allowed / top) * setting.data.n / beta**2


def fitted(setting: Setting, budget: Budget, wanted: Numerics, flows: int) -> tuple[Numerics, str]:
    """Return sizes at which so many flows take the time of one check at most, and in words what was taken down for it.

    Raises:
        TooMuchError: the least sizes take longer.
    """
    start = problem(setting, 1.0)
    return within(start, wanted, fastest(setting, budget)[0], SECONDS[budget], flows)


def converged_shares(setting: Setting, run: "Run") -> tuple[float, float]:
    """Return which shares of y^T G2^-1 y and of (1/2) y^T G2^-1 K G2^-1 y the linear flow has at the end of a run."""
    G2, K = linear_kernels(setting)
    values, vectors = np.linalg.eigh(G2)
    time = run.solution.time[-1] * run.beta**2 / setting.data.n
    modes = vectors.T @ setting.data.y / values
    end, now = vectors @ modes, vectors @ (-np.expm1(-values * time) * modes)
    return float((now @ G2 @ now) / (end @ G2 @ end)), float((now @ K @ now) / (end @ K @ end))


def sizes(setting: Setting, budget: Budget, seed: int, beta: float) -> tuple[Numerics, str]:
    """Return the solver's sizes, and in words what was taken down for many rows.

    Wanted are half of the setting's particles, an eighth for a quick look.
    """
    depth, particles = setting.integer("depth"), setting.integer("particles")
    wanted = Numerics(
        end_time=end_time(setting, budget, beta),
        depth=budget.pick(max(2, depth // 4 * 2), depth, 2 * depth),
        particles=budget.pick(max(128, particles // 8), max(128, particles // 2), 3 * particles),
        replicates=REPLICATES,
        seed=seed,
    )
    return fitted(setting, budget, wanted, len(factors(budget)) + 1)


def numerics(setting: Setting, budget: Budget, seed: int, beta: float) -> Numerics:
    """Return the solver's sizes."""
    return sizes(setting, budget, seed, beta)[0]


def factors(budget: Budget) -> tuple[Fraction, ...]:
    """Return the beta of the flows over that of the setting."""
    return FACTORS[2:] if budget is Budget.QUICK else FACTORS


def least_beta(setting: Setting) -> float | None:
    """Return the least beta that Theorem 5 is known to admit; None if there is none."""
    threshold = value_of(setting, "beta_threshold")
    return float(threshold.upper()) * 1.001 if threshold.is_finite() else None


@dataclass(frozen=True)
class Run:
    """One flow of the sweep, and whether beta is in the regime of Theorem 5."""

    beta: float
    admissible: bool
    solution: Solution


@lru_cache(maxsize=4)
def sweep(setting: Setting, budget: Budget, seed: int) -> tuple[Run, ...]:
    """Solve the flow at several beta around the setting's, and at the least beta that Theorem 5 admits."""
    least = least_beta(setting)
    betas = {float(setting["beta"] * f) for f in factors(budget)} | ({least} if least is not None else set())
    return tuple(
        Run(
            beta,
            least is not None and beta >= least,
            simulate(problem(setting, beta), numerics(setting, budget, seed, beta)),
        )
        for beta in sorted(betas)
    )


def runs(context: Context) -> tuple[Run, ...]:
    """Return the sweep of a check's context."""
    return sweep(context.setting, context.budget, context.seed)


def shown_run(context: Context) -> Run:
    """The flow at the setting's own beta."""
    wanted = context.setting.number("beta")
    return min(runs(context), key=lambda run: abs(run.beta - wanted))


def ratio(top: Array, bottom: Array) -> Estimate:
    """Return the mean of `top / bottom` over replicates, shape (R,) each.

    Replicates share their particles, so that most of the noise of numerator and denominator cancels.
    """
    return mean_of(top / bottom)


def share(run: Run, part: str, whole: str) -> Estimate:
    """Return the ratio of two quantities at the end of a flow."""
    ends = (run.solution.series[quantity].samples[:, -1] for quantity in (part, whole))
    return ratio(*ends)


def remaining(before: float, value: float, betas: tuple[float, float]) -> float:
    """Return how far `value`, at the larger of two beta, may be from the limit of large beta.

    The difference from the limit falls like 1/beta or faster: with `d = before - value` at `b < beta` it is at most
    `|d| b/(beta - b)`, however close the two beta are.
    """
    smaller, larger = betas
    return abs(before - value) * smaller / (larger - smaller)


def plot_over_time(
    run: Run, quantity: str, label: str, bound: Callable[[Array], Array] | None, *, logarithmic: bool = True
) -> Plot:
    """Return the plot of a quantity over time with its error, and a bound of the paper."""
    series = run.solution.series[quantity]
    shown = [k for k in range(len(run.solution.time)) if series.value[k] > 0 or not logarithmic]
    time = run.solution.time[shown]
    curves = [curve(label, time, [series.at(k) for k in shown])]
    if bound is not None:
        curves.append(curve("bound", time, np.broadcast_to(bound(time), time.shape), "bound"))
    return Plot(
        id=f"{quantity}-over-time",
        title=rf"{label} along the flow, $\beta = {run.beta:.6g}$",
        x_label="$t$",
        y_label=label,
        y_log=logarithmic,
        curves=tuple(curves),
    )


# --- checks of one form: a bound along the flow ---------------------------------------------------------------------

OUT_OF_REACH = r"no $\beta$ is known to meet the theorem's requirement: a constant behind it is infinite"


def bounded(context: Context, pairs: Iterable[tuple[Run, Estimate, Estimate]], domain: str) -> Evidence:
    """Return the evidence that each left side is at most its right side, at the admissible beta.

    Flows below the theorem's threshold are solved and shown too, but only admissible ones decide and count.
    """
    counted = [(run, Case(lhs, rhs)) for run, lhs, rhs in pairs if run.admissible]
    betas = sorted({run.beta for run, _ in counted})
    if not betas:
        tried = ", ".join(f"{run.beta:.4g}" for run in runs(context))
        return Evidence(passed=None, cases=0, domain=rf"$\beta = {tried}$", reason=OUT_OF_REACH)
    where = rf"{domain}; $\beta = {', '.join(f'{b:.4g}' for b in betas)}$ (admissible)"
    found = decide([case for _, case in counted], Standard("<=", alarm=context.alarm), where)
    return found.but(cases=len(betas))


def along(id: str, tests: str, run: Callable[[Context], Evidence]) -> Check:
    """Return a check on the shared flows."""
    return telling(custom(id, tests, run, kind=Kind.SIMULATED, group=GROUP), cut)


def telling(check: Check, cut: Callable[[Context], str]) -> Check:
    """Return the check with, in its domain, what was taken down for many rows."""

    def run(context: Context, /) -> Evidence:
        evidence, words = check.run(context), cut(context)
        return evidence.but(domain=f"{evidence.domain}; {words}") if words and evidence.domain else evidence

    return replace(check, run=run)


def cut(context: Context) -> str:
    """Say what of the sizes was taken down for many rows; nothing if nothing was."""
    return sizes(context.setting, context.budget, context.seed, context.setting.number("beta"))[1]
