"""The simulated flows that Theorem 5's checks share: two sweeps over beta for each setting, budget and seed.

`sweep` follows the quantities of the theorem around the setting's beta, `over_beta` what training changes (see
`mfcheck.dynamics.resnet.lazy`) from a small beta up to the least that the theorem admits.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from mfcheck.checks import Case, Check, Evidence, Kind, Plot, Standard, curve, custom, decide, picture, rate
from mfcheck.claims import Budget, Context, Estimate, Setting
from mfcheck.dynamics.effort import SECONDS
from mfcheck.dynamics.resnet import Numerics, Problem, Solution, simulate
from mfcheck.dynamics.resnet.cost import within
from mfcheck.dynamics.resnet.lazy import Changes, changes
from mfcheck.errors import InputError
from mfcheck.kernels.flow import LinearFlow
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
SMALL_BETA, LARGE_BETA = 1.0, 1e3
FRACTIONS = (Fraction(1, 64), Fraction(1, 8), Fraction(1))
"""Fractions of the least admissible beta, over which exponents of changes are fitted."""
NO_BETA = r"no finite $\beta$ is known to meet the theorem's requirement"

# --- the linearised flow, and how far flows are followed -------------------------------------------------------------


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


@lru_cache(maxsize=16)
def linear(setting: Setting) -> LinearFlow:
    """Return the linearised flow of the labels, in the time `T = beta^2 t/n`."""
    return LinearFlow.of(linear_kernels(setting)[0], setting.data.y)


def fastest(setting: Setting, budget: Budget) -> tuple[float, bool]:
    """Return the fastest rate times the end of a flow, the same for every beta, and whether it is followed to its end.

    An explicit method needs a number of steps that grows with it; the slowest mode needs `T = 1/lambda_min`.
    """
    eigenvalues = linear(setting).values
    allowed = budget.pick(80.0, 400.0, 4000.0)
    needed = float(np.log(1e4) * eigenvalues[-1] / max(eigenvalues[0], 1e-300))
    return (needed, True) if needed <= allowed else (allowed, False)


def end_time(setting: Setting, budget: Budget, beta: float) -> float | None:
    """Return a time at which to stop, if convergence would take more steps than the budget has."""
    allowed, whole = fastest(setting, budget)
    return None if whole else float(allowed / linear(setting).values[-1]) * setting.data.n / beta**2


CONVERGED = "flows to convergence"


def extent(setting: Setting, budget: Budget) -> str:
    """Say how far flows are followed; the end is the same for every beta in units of `n/beta^2`."""
    end = end_time(setting, budget, 1.0)
    if end is None:
        return CONVERGED
    left = linear(setting).share_left(end / setting.data.n)
    return f"flows cut short, where the linearised loss is {left:.2g} of its start"


def fitted(setting: Setting, budget: Budget, wanted: Numerics, flows: int) -> tuple[Numerics, str]:
    """Return sizes at which so many flows take the time of one check at most, and in words what was taken down for it.

    Raises:
        TooMuchError: the least sizes take longer.
    """
    start = problem(setting, 1.0)
    return within(start, wanted, fastest(setting, budget)[0], SECONDS[budget], flows)


# --- the two sweeps --------------------------------------------------------------------------------------------------


def least_beta(setting: Setting) -> float | None:
    """Return the least beta that Theorem 5 is known to admit; None if there is none."""
    threshold = value_of(setting, "beta_threshold")
    return float(threshold.upper()) * 1.001 if threshold.is_finite() else None


Found = TypeVar("Found", Solution, Changes)


@dataclass(frozen=True)
class Run(Generic[Found]):
    """What was found at one beta, and whether beta is in the regime of Theorem 5."""

    beta: float
    admissible: bool
    found: Found


def solved(setting: Setting, betas: set[float], solve: Callable[[float], Found]) -> tuple[Run[Found], ...]:
    """Return the runs at some beta, ascending."""
    least = least_beta(setting)
    return tuple(Run(beta, least is not None and beta >= least, solve(beta)) for beta in sorted(betas))


def admissible(runs: Iterable[Run[Found]]) -> Run[Found]:
    """Return the run at the least admissible beta.

    Raises:
        InputError: none is known.
    """
    for run in runs:
        if run.admissible:
            return run
    raise InputError(NO_BETA)


def factors(budget: Budget) -> tuple[Fraction, ...]:
    """Return the beta of the flows over that of the setting."""
    return FACTORS[2:] if budget is Budget.QUICK else FACTORS


def sizes(setting: Setting, budget: Budget, seed: int, beta: float) -> tuple[Numerics, str]:
    """Return the solver's sizes for `sweep`, and in words what was taken down for many rows.

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


def sizes_of_changes(setting: Setting, budget: Budget, seed: int, beta: float) -> tuple[Numerics, str]:
    """Return the same for `over_beta`."""
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


@lru_cache(maxsize=4)
def sweep(setting: Setting, budget: Budget, seed: int) -> tuple[Run[Solution], ...]:
    """Solve the flow at several beta around the setting's, and at the least beta that Theorem 5 admits."""
    least = least_beta(setting)
    betas = {float(setting["beta"] * f) for f in factors(budget)} | ({least} if least is not None else set())
    return solved(setting, betas, lambda beta: simulate(problem(setting, beta), sizes(setting, budget, seed, beta)[0]))


@lru_cache(maxsize=4)
def over_beta(setting: Setting, budget: Budget, seed: int) -> tuple[Run[Changes], ...]:
    """Measure a small beta, fractions of the least admissible one, and that one; without it the first only."""
    least = least_beta(setting)
    betas = {SMALL_BETA} | ({least * float(f) for f in FRACTIONS} if least is not None else set())
    return solved(
        setting, betas, lambda beta: changes(problem(setting, beta), sizes_of_changes(setting, budget, seed, beta)[0])
    )


def small(found: Iterable[Run[Changes]]) -> Run[Changes] | None:
    """Return the run at the small beta; None if Theorem 5 admits even that."""
    return next((run for run in found if run.beta == SMALL_BETA and not run.admissible), None)


def runs(context: Context) -> tuple[Run[Solution], ...]:
    """Return the sweep of a check's context."""
    return sweep(context.setting, context.budget, context.seed)


# --- numbers from several flows --------------------------------------------------------------------------------------


def converged_shares(setting: Setting, run: Run[Solution]) -> tuple[float, float]:
    """Return which shares of y^T G2^-1 y and of (1/2) y^T G2^-1 K G2^-1 y the linear flow has at the end of a run."""
    flow, time = linear(setting), run.found.time[-1] * run.beta**2 / setting.data.n
    end, now = flow.weights(), flow.weights(time)
    G2, K = linear_kernels(setting)
    return float((now @ G2 @ now) / (end @ G2 @ end)), float((now @ K @ now) / (end @ K @ end))


def share(run: Run[Solution], part: str, whole: str) -> Estimate:
    """Return the ratio of two quantities at the end of a flow.

    Replicate by replicate, which share their particles: most of the noise of numerator and denominator cancels.
    """
    return mean_of(run.found.samples(part) / run.found.samples(whole))


def remaining(before: float, value: float, betas: tuple[float, float]) -> float:
    """Return how far `value`, at the larger of two beta, may be from the limit of large beta.

    The difference from the limit falls like 1/beta or faster: with `d = before - value` at `b < beta` it is at most
    `|d| b/(beta - b)`, however close the two beta are.
    """
    smaller, larger = betas
    return abs(before - value) * smaller / (larger - smaller)


# --- checks on the flows ---------------------------------------------------------------------------------------------

OUT_OF_REACH = r"no $\beta$ is known to meet the theorem's requirement: a constant behind it is infinite"


def plot_over_time(
    run: Run[Solution], id: str, label: str, pairs: Iterable[tuple[Estimate, Estimate]], *, logarithmic: bool = True
) -> Plot:
    """Return the plot of a quantity and of its bound at all output times."""
    shown = [(t, *pair) for t, pair in zip(run.found.time, pairs, strict=True) if pair[0].value > 0 or not logarithmic]
    time, found, bound = zip(*shown, strict=True)
    curves = (curve(label, time, found), curve("bound", time, [b.value for b in bound], "bound"))
    title = rf"{label} along the flow, $\beta = {run.beta:.6g}$"
    return picture(id, title, "$t$", label, curves, "y" if logarithmic else "")


def bounded(context: Context, pairs: Iterable[tuple[Run[Solution], Estimate, Estimate]], domain: str) -> Evidence:
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


Sizes = Callable[[Setting, Budget, int, float], tuple[Numerics, str]]


def telling(check: Check, sizes: Sizes) -> Check:
    """Return the check with, in its domain, what of its sizes was taken down for many rows: the same at every beta."""

    def run(context: Context, /) -> Evidence:
        evidence = check.run(context)
        _, words = sizes(context.setting, context.budget, context.seed, LARGE_BETA)
        return evidence.but(domain=f"{evidence.domain}; {words}") if words and evidence.domain else evidence

    return replace(check, run=run)


def in_beta(
    id: str,
    quantity: str,
    label: str,
    found: Callable[[Context], Sequence[Run[Any]]] = runs,
    group: str = GROUP,
    sizes: Sizes = sizes,
) -> Check:
    """Return the check of the exponent `order` in beta of a quantity at the end of runs."""

    def grown(context: Context) -> tuple[Array, Array, Array]:
        swept = found(context)
        if len(swept) < 3:
            raise InputError(NO_BETA)
        samples = np.array([run.found.samples(quantity) for run in swept]).T
        return np.array([run.beta for run in swept]), samples, np.array([run.found.shared(quantity) for run in swept])

    def domain(context: Context) -> str:
        return f"{extent(context.setting, context.budget)}, seed {context.seed}"

    return telling(rate(id, "order", grown, x_label=r"$\beta$", y_label=label, domain=domain, group=group), sizes)


def along(id: str, tests: str, run: Callable[[Context], Evidence]) -> Check:
    """Return a check on the flows of `sweep`."""
    return telling(custom(id, tests, run, kind=Kind.SIMULATED, group=GROUP), sizes)
