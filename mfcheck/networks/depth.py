"""Laws in depth: exponents and limits of sequences on a geometric grid of depths."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck.networks.maps import Array
from mfcheck.statistics import exactly

CORRECTIONS: tuple[float, ...] = (1.0, 0.5, 0.0)
"""Orders of the first correction that are thought possible: `depth^-order`, and 0 for `1 / log depth`."""

SAME = 1e-3
"""Difference below which two orders are the same."""

ROUNDING = 1e-13
"""Relative size below which differences of the values are rounding."""


@dataclass(frozen=True)
class DepthLimit:
    """The limit of a sequence in depth, or why none can be given.

    Attributes:
        values: the sequence, one value for each depth, shape (k,).
        value: the Richardson value: middle of those of the corrections that fit.
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
            InputError: the value drifts more than its spreads explain.
        """
        if self.reason:
            raise InputError(self.reason)
        return exactly(self.value, self.spread + self.drift)

    def in_any_case(self) -> Estimate:
        """Return the value even where it is refused: the range of the last three values then adds to its error."""
        error = self.spread + self.drift + (float(np.ptp(self.values[-3:])) if self.reason else 0.0)
        return exactly(self.value, error)


def depth_limit(
    depths: ArrayLike,
    values: ArrayLike,
    errors: ArrayLike | None = None,
    corrections: Sequence[float] = CORRECTIONS,
) -> DepthLimit:
    """Return the limit of a sequence whose first correction is of one of the given orders.

    The last values show an order, and whether it rises or falls with depth; it and the next assumed order on that side
    each remove their correction with the help of the last two depths. The answer is refused if the sequence converges
    more slowly than all assumed orders, or if the last depth moves the value by more than the spreads allow.
    Not seen are two corrections of opposite signs that nearly cancel at all these depths.

    Args:
        depths: geometric grid of at least four depths, shape (k,), all above 1.
        values: the sequence, shape (k,).
        errors: half-widths of its errors, shape (k,).
        corrections: orders of the first correction: `depth^-order`, 0 for `1 / log depth`.

    Raises:
        InputError: depths that are no geometric grid, or too few.
    """
    x, y = _grid(depths, values, 4)
    noise = np.zeros_like(y) if errors is None else np.asarray(errors, dtype=np.float64)
    now = _richardson(x, y, noise, corrections)
    before = _richardson(x[:-1], y[:-1], noise[:-1], corrections)
    drift = abs(now[0] - before[0])
    return DepthLimit(
        y, now[0], now[1], drift, _refusal(x, y, noise, corrections, now[1] + before[1], drift)
    )


def depth_exponent(
    depths: ArrayLike,
    values: ArrayLike,
    errors: ArrayLike | None = None,
    corrections: Sequence[float] = CORRECTIONS,
) -> DepthLimit:
    """Return the exponent p of `values ~ depth^p`: the limit of the local exponents between neighbouring depths.

    Args:
        depths: geometric grid of at least five depths, shape (k,).
        values: positive values, shape (k,).
        errors: half-widths of their errors, shape (k,).
        corrections: as in `depth_limit`, for the local exponents.

    Raises:
        InputError: a value that is not positive, or depths that are no geometric grid.
    """
    x, y = _grid(depths, values, 5)
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


def _refusal(
    x: Array, y: Array, noise: Array, corrections: Sequence[float], spreads: float, drift: float
) -> str:
    """Return why the last values show no limit; empty if they do."""
    order = _observed_order(x, y, noise)
    slowest = min(_effective_order(x, s) for s in corrections)
    if order is not None and order < slowest - 0.02:
        return f"the sequence converges more slowly (order {order:.2g}) than the corrections thought of"
    if drift > spreads:
        return f"the value drifts by {drift:.2g} with the last depth, beyond both spreads {spreads:.2g}"
    return ""


def _richardson(
    x: Array, y: Array, noise: Array, corrections: Sequence[float]
) -> tuple[float, float]:
    """Return middle and half range of the limits that the orders around the observed one give."""
    limits, errors = [], []
    for order in _around(x, y, noise, corrections):
        g = _correction(x[-2:], order)
        weight = float(g[1] / (g[0] - g[1]))
        limits.append(float(y[-1] + weight * (y[-1] - y[-2])))
        errors.append(float((1 + weight) * noise[-1] + weight * noise[-2]))
    half = (max(limits) - min(limits)) / 2
    if len(limits) == 1:
        # A single order still has a spread: what it removed times the ratio by which a next order falls.
        half = abs(limits[0] - float(y[-1])) * float(x[-2] / x[-1])
    rounding = ROUNDING * max(1.0, float(np.max(np.abs(y))))
    return (max(limits) + min(limits)) / 2, half + max(errors) + rounding


def _around(x: Array, y: Array, noise: Array, corrections: Sequence[float]) -> list[float]:
    """Return the orders whose corrections are removed: all assumed ones if noise hides the observed one.

    The observed order moves, with depth, towards the true one: it and the next assumed order on that side enclose the
    rest of the sequence. Where the side is not known the assumed orders on both sides count.
    """
    observed = _observed_order(x, y, noise)
    if observed is None:
        return list(corrections)
    effective = {s: _effective_order(x, s) for s in corrections}
    nearest = min(corrections, key=lambda s: abs(effective[s] - observed))
    if abs(effective[nearest] - observed) <= SAME:
        return [observed, nearest]
    below = [s for s in corrections if effective[s] <= observed]
    above = [s for s in corrections if effective[s] > observed]
    ends = [max(below, key=effective.__getitem__)] if below else []
    ends += [min(above, key=effective.__getitem__)] if above else [observed]
    before = _observed_order(x[:-1], y[:-1], noise[:-1]) if len(x) > 3 else None
    if before is None or len(ends) < 2 or abs(observed - before) <= SAME:
        return ends
    return [observed, ends[0] if observed < before else ends[1]]


def _observed_order(x: Array, y: Array, noise: Array) -> float | None:
    """Return the order at which the last differences fall; None if noise hides it, or they change sign."""
    before, last = float(y[-2] - y[-3]), float(y[-1] - y[-2])
    hidden = 3 * float(np.max(noise[-3:])) + 10 * ROUNDING * max(1.0, float(np.max(np.abs(y))))
    if min(abs(before), abs(last)) <= hidden or before * last < 0:
        return None
    return -math.log(last / before) / math.log(float(x[-1] / x[-2]))


def _effective_order(x: Array, order: float) -> float:
    """Return the order at which the differences of a correction fall at these depths."""
    if order:
        return order
    g = _correction(x[-3:], order)
    return -math.log(float((g[2] - g[1]) / (g[1] - g[0]))) / math.log(float(x[-1] / x[-2]))


def _correction(x: Array, order: float) -> Array:
    return np.asarray(x**-order if order else 1 / np.log(x))


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
