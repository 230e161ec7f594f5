"""The Gaussian sequence model of kernel regression: risks over the unit ball of the kernel's space, in closed form.

Regression of n noisy labels on a space with eigenvalues mu_j is, to leading order, the estimation of coefficients f_j
with sum f_j^2/mu_j <= 1 from independent Gaussians of mean f_j and variance noise^2/n (Brown, Low 1996).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import brentq

from mfcheck.kernels.sphere import eigenvalue, multiplicity

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SequenceModel:
    """Eigenvalues of a kernel with their multiplicities, shapes (k,), and the standard deviation of the noise."""

    values: Array
    counts: Array
    noise: float

    def flow_risk(self, n: float, time: float) -> float:
        """Return the risk of gradient flow stopped at a time: worst bias over the unit ball, plus variance."""
        bias = float(np.max(self.values * np.exp(-2 * time * self.values)))
        return bias + self.noise**2 / n * float(self.counts @ np.expm1(-time * self.values) ** 2)

    def minimax_risk(self, n: float) -> float:
        """Return the minimax risk of linear estimators over the unit ball (Pinsker's theorem).

        With semi-axes 1/a_j the filters are 1 - kappa a_j where that is positive, and kappa solves
        sigma^2 sum a_j (1 - kappa a_j) = kappa. No estimator at all has less than 1/1.25 of this risk (Donoho, Liu,
        MacGibbon 1990).
        """
        axes, variance = self.values**-0.5, self.noise**2 / n

        def missing(kappa: float) -> float:
            return kappa - variance * float(self.counts @ (axes * np.maximum(1 - kappa * axes, 0)))

        kappa = brentq(missing, 0, 1 / axes.min(), xtol=1e-14)
        return variance * float(self.counts @ np.maximum(1 - kappa * axes, 0))


def on_sphere(
    kernel: sp.Expr, d: int, degrees: Sequence[int], power: float, noise: float, known: int = 64
) -> SequenceModel:
    """Return the model of a kernel of the angle on the unit sphere of R^d, over degrees of spherical harmonics.

    Args:
        kernel: over `mfcheck.kernels.formulas.theta`, as for `eigenvalue`.
        d: dimension of the space.
        degrees: those whose eigenvalues are not zero, in order, `known` among them.
        power: beyond the degree `known` eigenvalues go on like (k + d/2 - 1)^power.
        noise: standard deviation of the noise of a label.
        known: largest degree whose eigenvalue is enclosed, and not continued.
    """
    shift = d / 2 - 1
    exact = {k: float(eigenvalue(kernel, d, k).mid()) for k in degrees if k <= known}
    values = [
        exact[k] if k <= known else exact[known] * ((k + shift) / (known + shift)) ** power
        for k in degrees
    ]
    counts = np.array([multiplicity(d, k) for k in degrees], dtype=float)
    return SequenceModel(np.array(values), counts, noise)
