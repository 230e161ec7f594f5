"""Numbers with errors: one convention for all that is simulated or sampled.

An `Estimate` is a value with the half-width of an interval that holds the truth at its `level` (95 % unless said), and
the part of that half-width which is a bound on a bias and not noise. `mean_of` and its neighbours make them from
replicates; `agrees` and `at_most` compare them, and say *no* only at a false-alarm rate that belongs to the review.
"""

from mfcheck.statistics.compare import agrees, all_hold, at_most, half_width, order_evidence, slope
from mfcheck.statistics.controls import controlled
from mfcheck.statistics.estimates import (
    batch_means,
    combined,
    covariance_of,
    exactly,
    extrapolated,
    mean_of,
    mean_of_deviation,
    proportion_of,
    relative_deviation_of,
    variance_of,
)

__all__ = [
    "agrees",
    "all_hold",
    "at_most",
    "batch_means",
    "combined",
    "controlled",
    "covariance_of",
    "exactly",
    "extrapolated",
    "half_width",
    "mean_of",
    "mean_of_deviation",
    "order_evidence",
    "proportion_of",
    "relative_deviation_of",
    "slope",
    "variance_of",
]
