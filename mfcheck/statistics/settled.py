"""Limits in width from two sizes where the sizes may be too small for a correction of order 1/N."""

from collections.abc import Sequence

from mfcheck.claims.record import Estimate
from mfcheck.statistics.estimates import extrapolated

SHARE = 0.4
"""A correction that is larger, in units of the value at the larger size, may be none of order 1/N."""


def settled(sizes: Sequence[float], estimates: Sequence[Estimate]) -> Estimate:
    """Return `extrapolated`, with a bias of the whole difference of both estimates where that is large.

    An extrapolation from a regime that is far from the limit then decides nothing, instead of a false no.

    >>> far = [Estimate(value=9, error=0.1), Estimate(value=3, error=0.1)]
    >>> settled((50, 200), far).bias >= 6
    True
    """
    found = extrapolated(sizes, estimates)
    first, second = estimates
    apart = abs(first.value - second.value)
    if apart <= SHARE * abs(second.value) + first.noise + second.noise:
        return found
    return found.but(error=found.error + 2 * apart, bias=found.bias + 2 * apart)
