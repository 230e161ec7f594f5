"""How sharp a claim's inequalities are: a check that searches settings of many sizes for the least slack."""

from dataclasses import dataclass, replace

from flint import arb

from mfcheck.claims.inequality import Case, Inequality
from mfcheck.claims.model import Budget, Context
from mfcheck.claims.record import Evidence, Interval
from mfcheck.falsify.search import CONFIDENCE, Found, Sizes, search
from mfcheck.falsify.target import NOISE, Target
from mfcheck.falsify.visits import Visits, plots
from mfcheck.rigor.ball import compare, from_on, interval


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


@dataclass(frozen=True)
class Sides:
    """Both sides of an inequality, enclosed, with their quotient and the error of their difference.

    The quotient `slack` is None where the left side is not certainly positive.
    """

    lhs: Interval
    rhs: Interval
    slack: float | None
    error: float


def sides_at(target: Target, case: Case | None) -> Sides | None:
    """Enclose both sides in a setting; None without a setting, or where no enclosure can be had.

    A search works in double precision, where a side near zero may be all rounding: what is shown is enclosed.
    """
    found = None if case is None else target.enclosed(case)
    if found is None or not all(side.is_finite() for side in found):
        return None
    lhs, rhs = found
    positive = compare(lhs, arb(0)) == ">"
    slack = max(0.0, float((rhs / lhs).mid())) if positive else None
    return Sides(interval(lhs), interval(rhs), slack, float(lhs.rad() + rhs.rad()))


def tightest(target: Target, visits: Visits) -> Sides | None:
    """Enclose both sides where a search found the least slack."""
    return sides_at(target, None if visits.tightest is None else visits.tightest.case)


def evidence(target: Target, found: Found, seed: int) -> Evidence:
    """Return what a search says of an inequality: the least slack, its plots, and whether it was violated.

    Both sides are shown where the inequality is certainly false, else where the search found it to be tightest.

    A violation in double precision is a no only if ball arithmetic confirms it in a setting whose assumptions are
    decided to hold; otherwise it is undecided.
    """
    sampled = found.sampled
    shown = sides_at(target, found.case) or tightest(target, found.visits)
    total = sum(found.tried.values())
    passed = None
    if found.case is not None:
        passed = False
    elif sampled.met and found.largest <= NOISE:
        passed = True
    return Evidence(
        passed=passed,
        lhs=None if shown is None else shown.lhs,
        rhs=None if shown is None else shown.rhs,
        slack=None if shown is None else shown.slack,
        error=None if shown is None else shown.error,
        cases=sampled.met,
        domain=(
            f"{total} settings tried, {sampled.met} of {_asked(found)} sampled ones met the assumptions: a violation "
            f"has a probability of at most {from_on(sampled.upper, 2)} there (confidence {CONFIDENCE:g}); "
            f"{target.inequality.text}; seed {seed}"
        ),
        reason=_reason(found, passed),
        plots=plots(found.visits, target.inequality),
    )


def _asked(found: Found) -> int:
    return found.tried.get("sampled", 0)


def _reason(found: Found, passed: bool | None) -> str:
    if found.case is not None:
        setting = found.case.setting
        own = ", ".join(f"{name} = {value}" for name, value in found.case.own)
        known = f"n = {setting.data.n}, d = {setting.data.d}, {setting.activation.name}"
        return f"certainly false at {own or known}"
    if passed:
        return ""
    return "no setting met the assumptions" if not found.sampled.met else "violated by rounding"
