"""Estimates from replicates: means, variances, proportions, limits in width; each with a 95 % half-width."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from mfcheck.claims.record import Estimate

Array = NDArray[np.float64]

LEVEL = 0.95
"""The level of every error unless another is said."""


def quantile(level: float, dof: float | None = None) -> float:
    """Return the two-sided quantile: a standardised mean lies within it with probability `level`.

    Args:
        level: probability between 0 and 1.
        dof: degrees of freedom of Student's law; None for the Gaussian one.

    >>> round(quantile(0.95), 3), round(quantile(0.95, 9), 3)
    (1.96, 2.262)
    """
    share = (1 + level) / 2
    return float(special.ndtri(share) if dof is None else special.stdtrit(dof, share))


def margin(estimate: Estimate, alarm: float) -> float:
    """Return the half-width within which the truth lies except with probability `alarm`; the bias stays as it is."""
    if estimate.noise == 0:
        return estimate.bias
    # 1 - alarm would lose a small alarm rate to rounding.
    tail = alarm / 2
    far = special.ndtri(tail) if estimate.dof is None else special.stdtrit(estimate.dof, tail)
    return estimate.bias + estimate.noise * float(-far) / quantile(estimate.level, estimate.dof)


def exactly(value: float, bias: float = 0.0) -> Estimate:
    """Return a number without noise, known up to `bias`."""
    return Estimate(value=value, error=bias, bias=bias)


def mean_of(samples: ArrayLike, bias: float = 0.0) -> Estimate:
    """Return the mean of independent replicates, with Student's half-width at 95 %.

    Args:
        samples: at least two values, shape (R,).
        bias: bound on what the mean of infinitely many replicates would be off by.

    Raises:
        ValueError: fewer than two values, or one that is not finite.
    """
    values = _checked(samples)
    dof = len(values) - 1
    noise = quantile(LEVEL, dof) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Estimate(value=float(np.mean(values)), error=noise + bias, bias=bias, dof=dof)


def mean_of_deviation(samples: ArrayLike, deviation: float) -> Estimate:
    """Return the mean of replicates whose standard deviation is known; the error is at least that of this deviation.

    Where rare large values carry the mean, as for products of many factors, samples seldom show them, and their own
    spread says too little.
    """
    found = mean_of(samples)
    least = quantile(found.level, found.dof) * deviation / math.sqrt(np.size(samples))
    return found.but(error=max(found.error, least))


def relative_deviation_of(samples: ArrayLike) -> Estimate:
    """Return standard deviation over mean of positive replicates; its error is that of the variance alone.

    That of the mean, which is left out, makes it smaller where the skewness exceeds the ratio, as for sums of squares.
    """
    spread = variance_of(samples)
    value = math.sqrt(spread.value) / mean_of(samples).value
    return Estimate(value=value, error=value * spread.error / (2 * spread.value), dof=spread.dof)


def variance_of(samples: ArrayLike, bias: float = 0.0) -> Estimate:
    """Return the variance of independent values; its noise comes from their fourth moment (jackknife).

    For Gaussian values the relative standard error is `sqrt(2/(R-1))`; heavier tails have a larger one.
    """
    values = _checked(samples, least=8)
    count = len(values)
    centred = (values - np.mean(values)) ** 2
    total, dof = float(np.sum(centred)), count - 1
    without = (total - centred * count / (count - 1)) / (count - 2)
    spread = math.sqrt((count - 1) / count * float(np.sum((without - np.mean(without)) ** 2)))
    noise = quantile(LEVEL, dof) * spread
    return Estimate(value=total / dof, error=noise + bias, bias=bias, dof=dof)


def covariance_of(first: ArrayLike, second: ArrayLike, bias: float = 0.0) -> Estimate:
    """Return the covariance of independent pairs, shapes (R,); its noise is that of the products."""
    x, y = _checked(first, least=8), _checked(second, least=8)
    products = (x - np.mean(x)) * (y - np.mean(y))
    found = mean_of(products)
    scale = len(x) / (len(x) - 1)
    noise = found.error * scale
    return Estimate(value=found.value * scale, error=noise + bias, bias=bias, dof=found.dof)


def proportion_of(successes: int, trials: int) -> Estimate:
    """Return a frequency with its Wilson half-width at 95 %, centred where that interval is."""
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"{successes} of {trials} is no frequency")
    z = quantile(LEVEL)
    share, weight = successes / trials, z * z / trials
    centre = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / trials + weight / (4 * trials)) / (1 + weight)
    return Estimate(value=centre, error=half)


def batch_means(series: ArrayLike, batches: int = 20, bias: float = 0.0) -> Estimate:
    """Return the time average of one correlated series, its error from the means of consecutive batches.

    Valid where a batch is long against the correlation time; `batches` of them leave `batches - 1` degrees of freedom.
    """
    values = np.asarray(series, dtype=np.float64)
    length = len(values) // batches
    if length < 2:
        raise ValueError(f"{len(values)} values are too few for {batches} batches")
    return mean_of(values[: length * batches].reshape(batches, length).mean(axis=1), bias)


def extrapolated(sizes: Sequence[float], estimates: Sequence[Estimate]) -> Estimate:
    """Return the limit of `A + B/N` from estimates at two sizes, with what the next order may leave as its bias.

    The correction `B/N` is removed; the bias is the removed correction at the larger size times `N1/N2`. A next term
    `C/N^2` leaves `C/(N1 N2)`: that is covered where the term is at most `N1/N2` of `B/N` at the smaller size. A
    correction that is `C/N^2` alone is not covered whole: three quarters of what it leaves are, at `N2 = 2 N1`.

    Args:
        sizes: two sizes N1 < N2, at least a factor 2 apart.
        estimates: independent estimates at these sizes.
    """
    (small, large), (first, second) = sizes, estimates
    if not 0 < 2 * small <= large:
        raise ValueError("two sizes are needed, the second at least twice the first")
    weight = large / (large - small)
    value = weight * second.value - (weight - 1) * first.value
    noise = math.hypot(weight * second.noise, (weight - 1) * first.noise)
    removed = abs(value - second.value)
    bias = removed * small / large + weight * second.bias + (weight - 1) * first.bias
    dofs = [e.dof for e in estimates if e.dof is not None]
    return Estimate(value=value, error=noise + bias, bias=bias, dof=min(dofs, default=None))


def combined(terms: Sequence[tuple[float, Estimate]]) -> Estimate:
    """Return a linear combination of independent estimates: noises add in quadrature, biases in size."""
    value = sum(weight * e.value for weight, e in terms)
    noise = math.hypot(*(weight * e.noise for weight, e in terms))
    bias = sum(abs(weight) * e.bias for weight, e in terms)
    dofs = [e.dof for _, e in terms if e.dof is not None]
    return Estimate(value=value, error=noise + bias, bias=bias, dof=min(dofs, default=None))


def _checked(samples: ArrayLike, least: int = 2) -> Array:
    values = np.asarray(samples, dtype=np.float64).ravel()
    if len(values) < least:
        raise ValueError(f"at least {least} replicates are needed, got {len(values)}")
    if not np.all(np.isfinite(values)):
        raise ValueError("a replicate is not a finite number")
    return values
