"""Comparisons of numbers that carry an error: yes, no, or undecided."""

import math
from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from mfcheck.claims.record import Curve, Estimate, Evidence, Plot
from mfcheck.statistics.estimates import margin

Array = NDArray[np.float64]

SLOPE_RESOLUTION = 0.2
"""A fitted exponent whose error is larger cannot tell neighbouring half-integers apart: undecided."""


ALARM = 1e-5
"""Probability of a false *no* of one comparison, where the caller has none from its review."""


def all_hold(answers: Collection[bool | None]) -> bool | None:
    """Return whether all are yes: a no decides, and without one an undecided answer leaves it open.

    >>> all_hold([True, True]), all_hold([True, None]), all_hold([None, False])
    (True, None, False)
    """
    return False if False in answers else None if None in answers else True


def at_most(lhs: Estimate, rhs: Estimate, alarm: float = ALARM) -> bool | None:
    """Return whether `lhs <= rhs`; None where the margin does not exceed the errors.

    A *yes* needs the stated errors; a *no* needs a distance that noise reaches with probability `alarm` at most.

    >>> at_most(Estimate(value=1, error=0.1), Estimate(value=2, error=0.1))
    True
    >>> at_most(Estimate(value=2, error=0.1), Estimate(value=1, error=0.1))
    False
    >>> at_most(Estimate(value=1, error=0.1), Estimate(value=1.05, error=0.1))
    """
    room = rhs.value - lhs.value
    if room >= lhs.error + rhs.error:
        return True
    return False if -room > _distance(lhs, rhs, alarm) else None


def agrees(lhs: Estimate, rhs: Estimate, resolution: float, alarm: float = ALARM) -> bool | None:
    """Return whether two numbers are equal within their errors.

    Agreement counts only if the errors together, and the distance, are below `resolution` times the right side: a
    coarse number agrees with everything, and that is undecided. Numbers are unequal if they differ by more than noise
    does with probability `alarm`, biases added.

    >>> agrees(Estimate(value=1.001, error=0.002), Estimate(value=1, error=0), 0.01)
    True
    >>> agrees(Estimate(value=1.3, error=0.5), Estimate(value=1, error=0), 0.01)
    """
    apart = abs(lhs.value - rhs.value)
    if apart > _distance(lhs, rhs, alarm):
        return False
    return True if max(apart, lhs.error + rhs.error) <= resolution * abs(rhs.value) else None


def _distance(lhs: Estimate, rhs: Estimate, alarm: float) -> float:
    """Return the distance of two equal numbers that noise exceeds with probability `alarm` at most."""
    noisy = sum(e.noise > 0 for e in (lhs, rhs))
    return sum(margin(e, alarm / max(1, noisy)) for e in (lhs, rhs))


def slope(x: Array, y: Array, error: Array, samples: Array | None = None) -> Estimate:
    """Return the exponent of a power law by regression, with an error for all that is not one.

    Without `samples` the errors of `y` may all have the sign that hurts most. With them the statistical error is that
    of the exponents of the replicates (95 %), and `error` holds what they have in common: of that only the part that
    changes with `x` can move the exponent. The change of the exponent when the lower half of the points is left out
    stands for corrections to the law: it counts twice, or as often as it takes to cover a relative correction of 1/x.

    Args:
        x: at least three positive abscissae, increasing, shape (k,).
        y: positive values, shape (k,).
        error: half-widths of the values' errors, shape (k,).
        samples: values of the same replicates at each `x`, positive, shape (R, k).
    """
    if len(x) < 3 or np.any(y <= 0):
        raise ValueError("an exponent needs three positive values at least")
    weights = _weights(x)
    whole, relative = float(weights @ np.log(y)), error / y
    upper = len(x) // 2
    drift = abs(whole - float(_weights(x[upper:]) @ np.log(y[upper:])))
    bias = float(weights @ (1 / x))
    times = max(2.0, 1.25 * bias / (bias - float(_weights(x[upper:]) @ (1 / x[upper:]))))
    common, noise, dof = times * drift + 1e-9, 0.0, None
    if samples is None:
        common += float(np.abs(weights) @ relative)
    else:
        noise, dof = float(half_width(np.log(samples) @ weights)), len(samples) - 1
        common += float(np.abs(weights) @ np.abs(relative - np.mean(relative)))
    return Estimate(value=whole, error=noise + common, bias=common, dof=dof)


def _weights(x: Array) -> Array:
    """Return the weights with which logarithms of values enter the least-squares slope against log x."""
    centred: Array = np.log(x) - np.mean(np.log(x))
    return centred / float(np.sum(centred**2))


def half_width(values: Array) -> Array:
    """Return the half-widths of the 95 % intervals of the means of independent values, shape (R, ...), over R."""
    quantile = float(stats.t.ppf(0.975, len(values) - 1))
    return np.asarray(quantile * np.std(values, axis=0, ddof=1) / math.sqrt(len(values)))


def order_evidence(
    x: Array,
    y: Array,
    error: Array,
    expected: float,
    *,
    id: str,
    x_label: str,
    y_label: str,
    domain: str,
    samples: Array | None = None,
    common: Array | None = None,
    relation: Literal["==", "<="] = "==",
    alarm: float = ALARM,
) -> Evidence:
    """Return the evidence that `y` falls (or grows) like `x ** expected`, with the log-log plot.

    With the relation `<=` an exponent below the expected one agrees too, by more than its error however large that is.

    `error` is shown, and decides unless `samples` are given; then `common` is their common error (see `slope`). A *no*
    needs a distance that noise reaches with probability `alarm` at most.
    """
    lines = [Curve(label="measured", x=tuple(x), y=tuple(y), error=tuple(error), style="points")]
    guide = y[-1] * (x / x[-1]) ** expected
    lines.append(
        Curve(label=f"slope {expected:g}", x=tuple(x), y=tuple(map(float, guide)), style="bound")
    )
    plot = Plot(
        id=id,
        title=f"{y_label} against {x_label}",
        x_label=x_label,
        y_label=y_label,
        x_log=True,
        y_log=True,
        curves=tuple(lines),
    )
    if len(x) < 3 or np.any(y <= error):
        return Evidence(
            passed=None,
            cases=len(x),
            domain=domain,
            reason="a value is not above its error, so that no exponent can be read off",
            plots=(plot,),
        )
    fitted = slope(x, y, error if common is None else common, samples)
    beyond = fitted.value - expected
    distance = abs(beyond) if relation == "==" else max(0.0, beyond)
    # With few replicates noise may carry an exponent far: within reach of noise is not yet a yes.
    below = relation == "<=" and beyond + fitted.error <= 0
    passed: bool | None = below or max(fitted.error, distance) <= SLOPE_RESOLUTION or None
    if distance > margin(fitted, alarm):
        passed = False
    return Evidence(
        passed=passed,
        lhs=fitted,
        rhs=Estimate(value=expected, error=0.0),
        error=fitted.error,
        cases=len(x),
        domain=domain,
        reason=""
        if passed
        else f"the fitted exponent is {distance:.2g} away from {expected:g}, with an error of {fitted.error:.2g}",
        plots=(plot,),
    )


def worst(estimates: list[Estimate]) -> Estimate:
    """Return the estimate with the largest upper end."""
    return max(estimates, key=lambda e: e.value + e.error)


def finite(value: float) -> float | None:
    """Return the value, or None where JSON has no number for it."""
    return value if math.isfinite(value) else None
