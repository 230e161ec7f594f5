"""Replicates, halves and refinements of a simulation as one number with its error.

Noise comes from independent replicates; bias from the same replicates at a coarser step, depth or width, removed by
Richardson's extrapolation or added to the error. Correlated times of one run are no replicates (for those see
`statistics.batch_means`), and an exponent needs three sizes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfcheck.claims.record import Estimate
from mfcheck.statistics import covariance_of, mean_of, variance_of
from mfcheck.statistics.estimates import LEVEL, quantile

Array = NDArray[np.float64]

SAFETY = 2.0
"""What an error that two resolutions suggest is multiplied by where it is not removed."""


@dataclass(frozen=True, eq=False)
class Coarser:
    """The same replicates at a coarser resolution.

    Attributes:
        values: of the first replicates, in the same order, shape (r,); a single one gives a bias without noise.
        order: the error falls like resolution to this power: 1 for Euler steps, for depth, and for 1/width.
        ratio: of the two resolutions.
        remove: extrapolate, so that only the next order counts as bias; needs all replicates.
    """

    values: ArrayLike
    order: float = 1.0
    ratio: float = 2.0
    remove: bool = False


def refined(samples: ArrayLike, *coarser: Coarser) -> Estimate:
    """Return the mean over replicates, with Student's noise and a bias from each comparison.

    With `difference = fine - coarse` and `share = 1 / (ratio^order - 1)` the error of the fine values is
    `share difference` to leading order. Where it is removed, that over `ratio` stays as bias; else `SAFETY` times it.
    The 95 % half-width of the mean difference is added to it, since a difference within noise bounds nothing.

    Two halves of the particles of a replicate, averaged, are `Coarser(halves, remove=True)`: this is the jackknife.

    Args:
        samples: of independent replicates at the finest resolution, shape (R,), two at least.
        coarser: comparisons, one for each source of bias.

    Raises:
        ValueError: a comparison has more values than there are replicates, or too few to be removed.
    """
    fine = np.asarray(samples, dtype=np.float64).ravel()
    corrected, bias = fine.copy(), 0.0
    for comparison in coarser:
        coarse = np.asarray(comparison.values, dtype=np.float64).ravel()
        if not 1 <= len(coarse) <= len(fine) or (comparison.remove and len(coarse) < len(fine)):
            raise ValueError("a comparison takes the replicates themselves, all where it corrects")
        growth = comparison.ratio**comparison.order
        correction = (fine[: len(coarse)] - coarse) / (growth - 1)
        if comparison.remove:
            corrected += correction
            bias += _size(correction) / comparison.ratio
        else:
            bias += SAFETY * _size(correction)
    return mean_of(corrected, bias)


def _size(correction: Array) -> float:
    """Return how large the mean may be, at 95 %."""
    if len(correction) == 1:
        return abs(float(correction[0]))
    mean = mean_of(correction)
    return abs(mean.value) + mean.error


def plateau(samples: ArrayLike, size: float, other: ArrayLike | None = None) -> Estimate:
    """Return `N Var` of replicates, or `N Cov` with `other`, for the question whether it tends to a limit.

    The noise is Wishart's: relative standard error `sqrt(2/(R-1))`, and `sqrt((1 + rho^-2)/(R-1))` off the diagonal;
    or that of the fourth moments where tails are heavier and it is larger.

    Args:
        samples: values of independent replicates, shape (R,), eight at least.
        size: N.
        other: second values of the same replicates, shape (R,).
    """
    first = np.asarray(samples, dtype=np.float64).ravel()
    if other is None:
        second, found = first, variance_of(first)
    else:
        second = np.asarray(other, dtype=np.float64).ravel()
        found = covariance_of(first, second)
    dof = len(first) - 1
    product = float(np.var(first, ddof=1) * np.var(second, ddof=1))
    wishart = quantile(LEVEL, dof) * math.sqrt((product + found.value**2) / dof)
    noise = size * max(wishart, found.noise)
    return Estimate(value=size * found.value, error=noise, dof=dof)


def in_width(sizes: Sequence[float], estimates: Sequence[Estimate]) -> Estimate:
    """Return the limit A of `A + B/N`, fitted by weighted least squares to two or more sizes.

    The bias is what a term `C/N^2` as large as the correction at the smallest size would leave at the largest: the
    correction there, `|B|/N`, times the ratio of both sizes; and biases of the estimates, each with its weight. If
    three or more sizes scatter more than their noise, the noise grows with the scatter.

    Args:
        sizes: different sizes N, the largest at least twice the smallest.
        estimates: independent estimates at these sizes, with noise.
    """
    N = np.asarray(sizes, dtype=np.float64)
    if len(N) < 2 or 2 * N.min() > N.max():
        raise ValueError("a limit in width needs two sizes at least a factor two apart")
    rows, noise, dof = _fit(
        1 / N, [e.value for e in estimates], [_sd(e) for e in estimates], estimates
    )
    values = np.array([e.value for e in estimates])
    limit, slope = float(rows[0] @ values), float(rows[1] @ values)
    bias = abs(slope) / N.max() * N.min() / N.max()
    bias += float(np.abs(rows[0]) @ [e.bias for e in estimates])
    half = quantile(LEVEL, dof) * noise[0]
    return Estimate(value=limit, error=half + bias, bias=bias, dof=dof)


def rate(
    sizes: Sequence[float], estimates: Sequence[Estimate], correction: float = 0.0
) -> Estimate:
    """Return the exponent p of `y = C N^p` by weighted least squares of the logarithms, with its 95 % interval.

    Args:
        sizes: three positive sizes at least.
        estimates: independent positive estimates of y at these sizes, with noise.
        correction: the law is known to hold up to a factor `1 + a/N` with `|a| <= correction`; the exponent's bias.

    Raises:
        ValueError: there are fewer than three sizes, or an estimate is not above its error.
    """
    x = np.log(np.asarray(sizes, dtype=np.float64))
    if len(set(sizes)) < 3:
        raise ValueError("an exponent needs three sizes: two leave no error")
    if any(e.value <= e.error for e in estimates):
        raise ValueError("an estimate is not above its error, so that it has no logarithm")
    logs = [math.log(e.value) for e in estimates]
    rows, noise, dof = _fit(x, logs, [_sd(e) / e.value for e in estimates], estimates)
    weights = rows[1]
    bias = float(np.abs(weights) @ [e.bias / e.value for e in estimates])
    bias += abs(float(weights @ np.log1p(correction / np.asarray(sizes, dtype=np.float64))))
    half = quantile(LEVEL, dof) * noise[1]
    return Estimate(value=float(weights @ logs), error=half + bias, bias=bias, dof=dof)


def _sd(estimate: Estimate) -> float:
    """Return the standard deviation behind the noise of an estimate."""
    return estimate.noise / quantile(estimate.level, estimate.dof)


def _fit(
    x: Array, y: Sequence[float], sd: Sequence[float], estimates: Sequence[Estimate]
) -> tuple[Array, tuple[float, float], float | None]:
    """Return the weights of intercept and slope in the values, both standard deviations, and degrees of freedom."""
    if not len(x) == len(estimates) or min(sd) <= 0:
        raise ValueError("each size needs one estimate with noise")
    w = 1 / np.square(sd)
    centre = float(w @ x / w.sum())
    spread = float(w @ (x - centre) ** 2)
    slope = w * (x - centre) / spread
    intercept = w / w.sum() - centre * slope
    scale = 1.0
    if len(x) > 2:
        residuals = np.asarray(y) - float(intercept @ y) - float(slope @ y) * x
        scale = math.sqrt(max(1.0, float(w @ residuals**2) / (len(x) - 2)))
    noise = (scale * math.sqrt(1 / w.sum() + centre**2 / spread), scale / math.sqrt(spread))
    dofs = [e.dof for e in estimates if e.dof is not None]
    return np.stack([intercept, slope]), noise, min(dofs, default=None)
