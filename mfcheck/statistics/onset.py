"""From where on something holds along a grid, where each answer is yes, no or undecided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mfcheck.claims.record import Estimate
from mfcheck.statistics.compare import slope


@dataclass(frozen=True)
class Onset:
    """Where it begins to hold.

    Args:
        lowest: the place from which on every answer is yes; infinite if the last is not.
        below: the largest place below `lowest`; 0 if there is none.
        failed: the largest place with the answer no; 0 if there is none.
    """

    lowest: float
    below: float
    failed: float


def onset(answers: Mapping[float, bool | None]) -> Onset:
    """Return where answers by positive place begin to be yes.

    >>> onset({1: True, 2: False, 4: None, 8: True, 16: True})
    Onset(lowest=8, below=4, failed=2)
    """
    lowest = float("inf")
    for place in sorted(answers, reverse=True):
        if not answers[place]:
            break
        lowest = place
    below = max((place for place in answers if place < lowest), default=0.0)
    failed = max((place for place, holds in answers.items() if holds is False), default=0.0)
    return Onset(lowest, below, failed)


def exponent_between(x: Sequence[float], ranges: Iterable[tuple[float, float]]) -> Estimate | None:
    """Return the exponent in x of numbers that are known between two bounds; its error covers all numbers between them.

    None with fewer than three places, or with bounds that are not positive and finite.
    """
    lower, upper = np.array(list(ranges), dtype=float).reshape(-1, 2).T
    if len(x) < 3 or not (np.all(np.isfinite([lower, upper])) and np.all(lower > 0)):
        return None
    middle = np.sqrt(lower * upper)  # its logarithm is as far from that of either bound
    return slope(np.array(x, dtype=float), middle, middle * np.log(upper / lower) / 2)
