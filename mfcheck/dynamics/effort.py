"""How much a check may work: one rule that takes sizes down where the data are large, and says what it took down.

A check states what its work costs as a function of its sizes, and which sizes may give way, down to what. As long as
the cost is above what the budget allows, the sizes are halved in turn. Costs are nominal seconds,
counted from the sizes, not measured: the same setting gives the same sizes on every machine. What was cut makes the
error of a result grow, since errors come from the spread of replicates and from runs at half of each size.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mfcheck.claims.model import Budget
from mfcheck.errors import LimitError

SECONDS: Mapping[Budget, float] = {
    Budget.QUICK: 60.0,
    Budget.STANDARD: 450.0,
    Budget.THOROUGH: 3600.0,
}
"""Nominal seconds for one check, by budget: half of the time after which a check is ended."""


WORTH = 0.05
"""A size is taken down where that saves at least this share of the cost."""


class TooMuchError(LimitError):
    """Even the least sizes take longer than the budget allows."""

    def __init__(self, needed: float, allowed: float, why: str) -> None:
        self.what = f"about {needed:.0f} s even at the least sizes, {why}, where the budget allows {allowed:.0f} s"
        super().__init__(self.what)


@dataclass(frozen=True)
class Size:
    """One size of a check: how it is called, what is wanted, what is the least, and what it is a multiple of."""

    words: str
    wanted: int
    least: int
    step: int = 1

    def halved(self, value: int) -> int:
        """Return half of a value, as a multiple of the step, and not below the least."""
        half = value // (2 * self.step) * self.step
        return min(value, max(half, self.least))


def fit(
    sizes: Mapping[str, Size], cost: Callable[[Mapping[str, int]], float], seconds: float, why: str
) -> tuple[dict[str, int], str]:
    """Return sizes whose cost is within the seconds, and in words what was taken down; no words if nothing was.

    Args:
        sizes: by name, in the order in which they give way.
        cost: nominal seconds, of values by name.
        seconds: what is allowed.
        why: what makes the work large, as `there are 300 rows`.

    Raises:
        TooMuchError: the least sizes cost more than is allowed.
    """
    values = {name: size.wanted for name, size in sizes.items()}
    turns = dict.fromkeys(sizes, 0)
    while (now := cost(values)) > seconds:
        tried = {name: {**values, name: size.halved(values[name])} for name, size in sizes.items()}
        saving = [name for name in sizes if cost(tried[name]) <= (1 - WORTH) * now]
        if not saving:
            raise TooMuchError(now, seconds, f"as {why}")
        next_one = min(saving, key=turns.__getitem__)
        turns[next_one] += 1
        values = tried[next_one]
    cut = _said(sizes, values)
    return values, f"{', '.join(cut)}, as {why}" if cut else ""


def _said(sizes: Mapping[str, Size], values: Mapping[str, int]) -> Sequence[str]:
    return [
        f"{values[name]} instead of {size.wanted} {size.words}"
        for name, size in sizes.items()
        if values[name] != size.wanted
    ]
