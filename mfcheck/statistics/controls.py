"""Less noise in a mean with the help of quantities whose mean is known to be zero."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEAST = 10
"""Replicates for each control."""


def controlled(samples: Array, controls: Sequence[Array]) -> Array:
    """Return replicates less their linear regression on controls of mean zero, for `mean_of`.

    Their mean is the intercept of the regression, unbiased up to a share 1/R of the noise. Residuals are widened, so
    that the error which `mean_of` sees is that of the intercept, with fitted coefficients and means of the controls.

    Args:
        samples: independent replicates, shape (R,).
        controls: arrays of that shape; with fewer than ten replicates for each nothing is changed.
    """
    count, fitted = len(samples), len(controls)
    if not fitted or count < _LEAST * fitted:
        return samples
    columns = np.column_stack([np.ones(count), *controls])
    coefficients, _, rank, _ = np.linalg.lstsq(columns, samples)
    if rank < 1 + fitted:
        return samples
    residuals = samples - columns @ coefficients
    # R times the variance of the intercept in units of that of a residual; 1 if the controls have mean zero exactly.
    wider = count * float(np.linalg.inv(columns.T @ columns)[0, 0])
    factor = math.sqrt(wider * (count - 1) / (count - 1 - fitted))
    return np.asarray(coefficients[0] + factor * residuals)
