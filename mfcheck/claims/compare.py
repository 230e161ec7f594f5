"""Comparisons of numbers that carry an error: yes, no, or undecided."""

import math

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims.record import Curve, Estimate, Evidence, Plot

Array = NDArray[np.float64]

SLOPE_RESOLUTION = 0.2
"""A fitted exponent whose error is larger cannot tell neighbouring half-integers apart: undecided."""


def at_most(lhs: Estimate, rhs: Estimate) -> bool | None:
    """Return whether `lhs <= rhs`; None where the margin does not exceed the errors.

    >>> at_most(Estimate(value=1, error=0.1), Estimate(value=2, error=0.1))
    True
    >>> at_most(Estimate(value=2, error=0.1), Estimate(value=1, error=0.1))
    False
    >>> at_most(Estimate(value=1, error=0.1), Estimate(value=1.05, error=0.1))
    """
    margin, error = rhs.value - lhs.value, lhs.error + rhs.error
    return True if margin >= error else False if margin < -error else None


def agrees(lhs: Estimate, rhs: Estimate, resolution: float) -> bool | None:
    """Return whether two numbers are equal within their errors.

    Agreement counts only if the errors together are below `resolution` times the right side: a coarse number agrees
    with everything, and that is undecided. Numbers that differ by more than their errors are unequal.

    >>> agrees(Estimate(value=1.001, error=0.002), Estimate(value=1, error=0), 0.01)
    True
    >>> agrees(Estimate(value=1.3, error=0.5), Estimate(value=1, error=0), 0.01)
    """
    error = lhs.error + rhs.error
    if abs(lhs.value - rhs.value) > error:
        return False
    return True if error <= resolution * abs(rhs.value) else None


def slope(x: Array, y: Array, error: Array) -> Estimate:
    """Return the exponent of a power law by regression, with an error for all that is not one.

    The errors of `y` may all have the sign that hurts most (they are correlated: the same particles at each `x`).
    Twice the change of the exponent when the lower half of the points is left out stands for corrections to the law.

    Args:
        x: at least three positive abscissae, increasing, shape (k,).
        y: positive values, shape (k,).
        error: half-widths of the values' errors, shape (k,).
    """
    if len(x) < 3 or np.any(y <= 0):
        raise ValueError("an exponent needs three positive values at least")
    whole, noise = _regression(x, y, error)
    upper, _ = _regression(x[len(x) // 2 :], y[len(x) // 2 :], error[len(x) // 2 :])
    return Estimate(value=whole, error=noise + 2 * abs(whole - upper) + 1e-9)


def _regression(x: Array, y: Array, error: Array) -> tuple[float, float]:
    """Return the least-squares slope of log y against log x, and the most that the errors can move it."""
    centred = np.log(x) - np.mean(np.log(x))
    weights = centred / np.sum(centred**2)
    return float(weights @ np.log(y)), float(np.abs(weights) @ (error / y))


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
) -> Evidence:
    """Return the evidence that `y` falls (or grows) like `x ** expected`, with the log-log plot."""
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
    fitted = slope(x, y, error)
    distance = abs(fitted.value - expected)
    passed = False if distance > fitted.error else fitted.error <= SLOPE_RESOLUTION or None
    return Evidence(
        passed=passed,
        lhs=fitted,
        rhs=Estimate(value=expected, error=0.0),
        error=fitted.error,
        cases=len(x),
        domain=domain,
        reason=""
        if passed
        else f"fitted exponent {fitted.value:.4g} +- {fitted.error:.2g} against {expected:g}",
        plots=(plot,),
    )


def worst(estimates: list[Estimate]) -> Estimate:
    """Return the estimate with the largest upper end."""
    return max(estimates, key=lambda e: e.value + e.error)


def finite(value: float) -> float | None:
    """Return the value, or None where JSON has no number for it."""
    return value if math.isfinite(value) else None
