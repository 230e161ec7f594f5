"""Checks of Theorem 5 that share one form: a bound along the flow, an exponent in beta."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims import (
    Claim,
    Context,
    Estimate,
    Evidence,
    Setting,
)
from mfcheck.statistics.compare import all_hold, at_most, order_evidence
from mfcheck_proofs.scaled_resnets.flow import (
    Run,
    runs,
)
from mfcheck_proofs.scaled_resnets.setting import needs_flow

Array = NDArray[np.float64]
SOURCE = "arXiv 2403.09889, Theorem 5"
ASSUMPTIONS = ("assumption-1", "assumption-2", "assumption-3")
GROUP = "flow"


def shown_run(context: Context) -> Run:
    """The flow at the setting's own beta."""
    wanted = context.setting.number("beta")
    return min(runs(context), key=lambda run: abs(run.beta - wanted))


def in_regime(check: Callable[[Context], Evidence]) -> Callable[[Context], Evidence]:
    """Let a check of a bound answer only where the theorem's requirement on beta is finite and met."""

    def guarded(context: Context) -> Evidence:
        if any(run.admissible for run in runs(context)):
            return check(context)
        return Evidence(
            passed=None,
            cases=0,
            domain=rf"$\beta = {', '.join(f'{run.beta:.4g}' for run in runs(context))}$",
            reason=r"no $\beta$ is known to meet the theorem's requirement: a constant behind it is infinite",
        )

    return guarded


def compare_admissible(pairs: list[tuple[Run, Estimate, Estimate]], domain: str) -> Evidence:
    """Return the evidence that each left side is at most its right side, at the admissible beta.

    Flows below the theorem's threshold are solved and shown too, but only admissible ones decide and count.
    """
    counted = [(lhs, rhs) for run, lhs, rhs in pairs if run.admissible]
    answers = [at_most(lhs, rhs) for lhs, rhs in counted]
    passed = all_hold(answers)
    at = answers.index(passed) if passed is not True else _tightest(counted)
    lhs, rhs = counted[at]
    betas = sorted({run.beta for run, _, _ in pairs if run.admissible})
    return Evidence(
        passed=passed,
        lhs=lhs,
        rhs=rhs,
        slack=rhs.value / lhs.value if lhs.value > 0 else None,
        error=lhs.error + rhs.error,
        cases=len(betas),
        domain=rf"{domain}; $\beta = {', '.join(f'{b:.4g}' for b in betas)}$ (admissible)",
        reason={
            True: "",
            False: "the left side exceeds the right by more than the error",
            None: "the margin is below the error",
        }[passed],
    )


def _tightest(pairs: list[tuple[Estimate, Estimate]]) -> int:
    ratios = [rhs.value / lhs.value if lhs.value > 0 else np.inf for lhs, rhs in pairs]
    return int(np.argmin(ratios))


def _extent(swept: tuple[Run, ...]) -> str:
    """Say how far flows were followed; the end time is the same for all of them in units of `n/beta^2`."""
    if all(run.solution.numerics.end_time is None for run in swept):
        return "flows to convergence"
    reached = max(
        float(r.solution.series["loss"].value[-1] / r.solution.series["loss"].value[0])
        for r in swept
    )
    return f"flows cut short, where the loss is {reached:.2g} of its start or less"


def slope(quantity: str, label: str, id: str) -> Callable[[Context], Evidence]:
    """Return the check that the final value of a quantity goes like the stated power of beta."""

    def check(context: Context) -> Evidence:
        swept = runs(context)
        series = [run.solution.series[quantity] for run in swept]
        last = [(s.value[-1], s.error[-1], s.size[-1] + s.depth[-1] + s.time[-1]) for s in series]
        value, error, common = np.array(last).T
        return order_evidence(
            np.array([run.beta for run in swept]),
            value,
            error,
            float(context["order"]),
            id=id,
            x_label=r"$\beta$",
            y_label=label,
            domain=f"{_extent(swept)}, seed {context.seed}",
            samples=np.array([s.samples[:, -1] for s in series]).T,
            common=common,
        )

    return check


def with_needs(claim: Claim) -> Claim:
    """Let every reading of a claim about the flow refuse a setting without one (see `needs_flow`)."""

    def needs(own: Callable[[Setting], None] | None) -> Callable[[Setting], None]:
        def check(setting: Setting) -> None:
            needs_flow(setting)
            if own is not None:
                own(setting)

        return check

    readings = tuple(replace(reading, needs=needs(reading.needs)) for reading in claim.readings)
    return replace(claim, readings=readings)
