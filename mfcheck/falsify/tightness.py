"""How sharp a claim's inequalities are: a check that searches settings of many sizes for the least slack."""

from dataclasses import replace

from mfcheck.claims.inequality import Inequality
from mfcheck.claims.model import Budget, Context
from mfcheck.claims.record import Estimate, Evidence
from mfcheck.falsify.search import CONFIDENCE, Found, Sizes, search
from mfcheck.falsify.target import NOISE, Target
from mfcheck.falsify.visits import plots


def measure(context: Context, inequality: Inequality) -> Evidence:
    """Return the evidence of the check that measures an inequality's slack, around the setting under review."""
    if context.paper is None:
        raise ValueError("a search needs to know the paper")
    around = replace(context.paper, default=context.setting)
    claim = next(c for c in around.claims if c.id == context.check.partition("/")[0])
    sizes = Sizes(
        context.budget.pick(60, 300, 2000),
        0,
        context.budget.pick(300, 5000, 40_000),
        context.budget.pick(8, 16, 32),
        context.budget.pick(4, 6, 8),
        every_size=True,
    )
    target = Target(around, claim, inequality, context.formulas)
    found = evidence(target, search(target, sizes, context.seed), context.seed)
    # A few hundred settings leave too few points for a picture.
    return found.but(plots=()) if context.budget is Budget.QUICK else found


def evidence(target: Target, found: Found, seed: int) -> Evidence:
    """Return what a search says of an inequality: the least slack, its plots, and whether it was violated.

    A violation in double precision is a no only if ball arithmetic confirms it in a setting whose assumptions are
    decided to hold; otherwise it is undecided.
    """
    sampled, tightest = found.sampled, found.visits.tightest
    total = sum(found.tried.values())
    slack, lhs, rhs = tightest or (None, None, None)
    passed = None
    if found.case is not None:
        passed = False
    elif sampled.met and found.largest <= NOISE:
        passed = True
    return Evidence(
        passed=passed,
        lhs=None if lhs is None else _rounded(lhs),
        rhs=None if rhs is None else _rounded(rhs),
        slack=slack,
        error=None if lhs is None else NOISE * abs(lhs),
        cases=sampled.met,
        domain=(
            f"{total} settings tried, {sampled.met} of {_asked(found)} sampled ones met the assumptions: a violation "
            f"has a probability below {sampled.upper:.2g} there (confidence {CONFIDENCE:g}); {target.inequality.text}; "
            f"seed {seed}"
        ),
        reason=_reason(found, passed),
        plots=plots(found.visits, target.inequality),
    )


def _asked(found: Found) -> int:
    return found.tried.get("sampled", 0)


def _rounded(value: float) -> Estimate:
    return Estimate(value=value, error=NOISE * abs(value))


def _reason(found: Found, passed: bool | None) -> str:
    if found.case is not None:
        setting = found.case.setting
        own = ", ".join(f"{name} = {value}" for name, value in found.case.own)
        known = f"n = {setting.data.n}, d = {setting.data.d}, {setting.activation.name}"
        return f"certainly false at {own or known}"
    if passed:
        return ""
    return "no setting met the assumptions" if not found.sampled.met else "violated by rounding"
