"""Laws in depth: exponents and limits of sequences on a geometric grid of depths."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck.networks.maps import Array

CORRECTIONS: tuple[float, ...] = (1.0, 0.5, 0.0)
"""Orders of the first correction that are thought possible: `depth^-order`, and 0 for `1 / log depth`."""


@dataclass(frozen=True)
class DepthLimit:
    """The limit of a sequence in depth, or why none can be given.

    Attributes:
        values: the sequence, one value for each depth, shape (k,).
        value: the Richardson value: middle of those of all assumed corrections.
        spread: half the range of these values, with the noise of the sequence.
        drift: change of the Richardson value since it was computed without the last depth.
        reason: why the value is refused; empty if it is not.
    """

    values: Array
    value: float
    spread: float
    drift: float
    reason: str

    def estimate(self) -> Estimate:
        """Return the value; its error, a bias, is spread plus drift.

        Raises:
            InputError: the value drifts more than its spread explains.
        """
        if self.reason:
            raise InputError(self.reason)
        error = self.spread + self.drift
        return Estimate(value=self.value, error=error, bias=error)


def depth_limit(
    depths: ArrayLike,
    values: ArrayLike,
    errors: ArrayLike | None = None,
    corrections: Sequence[float] = CORRECTIONS,
) -> DepthLimit:
    """Return the limit of a sequence whose first correction is of one of the given orders.

    Each order removes its correction with the help of the last two depths. The answer is refused if the value still
    moves by more than the orders differ from one another: then none of them describes the sequence.

    Args:
        depths: geometric grid of at least three depths, shape (k,), all above 1.
        values: the sequence, shape (k,).
        errors: half-widths of its errors, shape (k,).
        corrections: orders of the first correction: `depth^-order`, 0 for `1 / log depth`.

    Raises:
        InputError: depths that are no geometric grid, or too few.
    """
    x, y = _grid(depths, values, 3)
    noise = np.zeros_like(y) if errors is None else np.asarray(errors, dtype=np.float64)
    now, before = (
        _richardson(x, y, noise, corrections),
        _richardson(x[:-1], y[:-1], noise[:-1], corrections),
    )
    drift = abs(now[0] - before[0])
    reason = ""
    if drift > now[1]:
        reason = f"the value drifts by {drift:.2g} with the last depth, more than its spread {now[1]:.2g}"
    return DepthLimit(y, now[0], now[1], drift, reason)


def depth_exponent(
    depths: ArrayLike,
    values: ArrayLike,
    errors: ArrayLike | None = None,
    corrections: Sequence[float] = CORRECTIONS,
) -> DepthLimit:
    """Return the exponent p of `values ~ depth^p`: the limit of the local exponents between neighbouring depths.

    Args:
        depths: geometric grid of at least four depths, shape (k,).
        values: positive values, shape (k,).
        errors: half-widths of their errors, shape (k,).
        corrections: as in `depth_limit`, for the local exponents.

    Raises:
        InputError: a value that is not positive, or depths that are no geometric grid.
    """
    x, y = _grid(depths, values, 4)
    if np.any(y <= 0):
        raise InputError("an exponent needs positive values")
    step = np.diff(np.log(x))
    local = np.diff(np.log(y)) / step
    noise = None
    if errors is not None:
        relative = np.asarray(errors, dtype=np.float64) / y
        noise = (relative[1:] + relative[:-1]) / step
    return depth_limit(np.sqrt(x[1:] * x[:-1]), local, noise, corrections)


def geometric_depths(first: int, last: int, count: int) -> list[int]:
    """Return `count` whole depths whose ratios are equal up to rounding.

    Raises:
        InputError: the grid is too dense for whole numbers.
    """
    depths = [round(float(v)) for v in np.geomspace(first, last, count)]
    if len(set(depths)) < count:
        raise InputError(f"there are no {count} different depths between {first} and {last}")
    return depths


def _richardson(
    x: Array, y: Array, noise: Array, corrections: Sequence[float]
) -> tuple[float, float]:
    """Return middle and half range of the limits that each order gives from the last two values."""
    limits, errors = [], []
    for order in corrections:
        g = x[-2:] ** -order if order else 1 / np.log(x[-2:])
        weight = float(g[1] / (g[0] - g[1]))
        limits.append(float(y[-1] + weight * (y[-1] - y[-2])))
        errors.append(float((1 + weight) * noise[-1] + weight * noise[-2]))
    # One assumed order still has a spread: what it removed times the ratio by which a next order falls.
    removed = [abs(v - float(y[-1])) * float(x[-2] / x[-1]) for v in limits]
    half = max((max(limits) - min(limits)) / 2, min(removed))
    return (max(limits) + min(limits)) / 2, half + max(errors)


def _grid(depths: ArrayLike, values: ArrayLike, least: int) -> tuple[Array, Array]:
    x, y = np.asarray(depths, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1 or len(x) < least:
        raise InputError(f"at least {least} depths are needed, with one value each")
    if np.any(x <= 1) or not np.all(np.isfinite(y)):
        raise InputError("depths are above 1 and values finite")
    ratio = np.log(x[1:] / x[:-1])
    if np.any(ratio <= 0) or np.ptp(ratio) > 0.1 * float(np.mean(ratio)):
        raise InputError("the depths must be a geometric grid: equal ratios")
    return x, y
