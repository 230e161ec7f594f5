"""Exponents of power laws whose relative correction falls slowly, with a known power."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims.record import Estimate, Evidence
from mfcheck.statistics.compare import SLOPE_RESOLUTION, order_evidence
from mfcheck.statistics.estimates import exactly

Array = NDArray[np.float64]

_SAFETY = 8.0
"""The error is that multiple of the spread of the exponents that other fits give."""


def corrected_order(
    x: Array,
    y: Array,
    error: Array,
    expected: float,
    correction: float,
    *,
    id: str,
    x_label: str,
    y_label: str,
    domain: str,
) -> Evidence:
    """Return the evidence that `y ~ x^expected`, where the relative correction to the law falls like `x^correction`.

    A straight line through logarithms would carry a bias of that size; here the correction is fitted too. Values have
    no noise, and errors `error`; other arguments as in `order_evidence`; at least five points.
    """
    found = order_evidence(
        x, y, error, expected, id=id, x_label=x_label, y_label=y_label, domain=domain
    )
    if found.lhs is None:
        return found
    # One change alone may vanish by chance; four fits do not meet unless the correction is small.
    fits = [_exponent(x[k:], y[k:], correction) for k in range(3)]
    fits.append(_exponent(x, y, correction, 2 * correction))
    whole, noise = fits[0], float(np.max(error / y))
    fitted = exactly(whole, _SAFETY * (float(np.ptp(fits)) + noise) + 1e-9)
    differs = abs(whole - expected) > fitted.error
    passed = False if differs else True if fitted.error <= SLOPE_RESOLUTION else None
    reason = f"fitted exponent {whole:.4g} +- {fitted.error:.2g} against {expected:g}"
    return found.but(passed=passed, lhs=fitted, error=fitted.error, reason="" if passed else reason)


def _exponent(x: Array, y: Array, *corrections: float) -> float:
    columns = np.column_stack([np.log(x), np.ones(len(x)), *(x**power for power in corrections)])
    return float(np.linalg.lstsq(columns, np.log(y), rcond=None)[0][0])


def coefficient(y: Array, columns: Sequence[Array], safety: float = 6.0) -> Estimate:
    """Return the coefficient of the first column in a least-squares fit of values without noise.

    The error stands for what the columns leave out: a multiple of the change when the first place is left out, where
    corrections are largest.

    Args:
        y: values, places in order of growing accuracy of the law, shape (k,).
        columns: the leading term and its corrections at these places, fewer than k - 1, each of shape (k,).
        safety: that multiple.
    """
    table = np.column_stack(columns)
    whole, rest = (float(np.linalg.lstsq(table[k:], y[k:], rcond=None)[0][0]) for k in (0, 1))
    return exactly(whole, safety * abs(whole - rest))
