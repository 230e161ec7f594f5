"""Constants in double precision, fast enough for a search; nothing rests on them but where it looks."""

from collections.abc import Callable, Mapping

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.claims import Sample
from mfcheck.constants.floats import in_floats
from mfcheck.kernels.two_layer import kernel_float
from mfcheck.rigor.assumption import judge
from mfcheck_proofs.scaled_resnets.constants import CONSTANTS
from mfcheck_proofs.scaled_resnets.setting import PARAMETERS

Array = NDArray[np.float64]
ILL_CONDITIONED = 1e-8
"""lambda_min over the trace up to which a solution in double precision says nothing."""


def kernel(sample: Sample, order: int) -> Array:
    """Return the kernel of order 0 (A), 1 (G2) or 2 (K), shape (n, n)."""
    return kernel_float(sample.activation, sample.X, order)


def smallest(matrix: Array) -> float:
    """Return lambda_min of a symmetric matrix."""
    return float(np.linalg.eigvalsh(matrix)[0])


def resolved(bound: float, matrix: Array) -> tuple[float, float]:
    """Return a bound of lambda_min, and lambda_min: equal if they agree up to rounding, nan if rounding hides them."""
    value, noise = smallest(matrix), 1e-11 * float(np.trace(matrix))
    if abs(bound - value) > noise:
        return bound, value
    return (value, value) if value > 1e3 * noise else (float("nan"), float("nan"))


def largest_cosine(X: Array) -> float:
    """Return the largest inner product of two different rows."""
    gram = X @ X.T
    np.fill_diagonal(gram, -1)
    return float(gram.max())


def _leaves(sample: Sample) -> Mapping[str, Callable[[], float]]:
    """Return the leaves of the graph of constants that formulas of inequalities may need."""
    B = judge(sample.activation)
    return {
        "n": lambda: float(len(sample.y)),
        "d": lambda: float(sample.X.shape[1]),
        "C_max": lambda: largest_cosine(sample.X),
        "y_norm": lambda: float(np.linalg.norm(sample.y)),
        "growth": lambda: float(B.growth.value.mid()),
        "lambda_min_G2": lambda: smallest(kernel(sample, 1)),
        "lambda_min_A": lambda: smallest(kernel(sample, 0)),
        "empirical_ramp": lambda: empirical_ramp(sample),
        "movement_leading": lambda: movement_leading(sample),
        "C_KL_leading": lambda: kl_leading(sample),
        **{f"B_{k}": lambda k=k: float(B.B[k].value.mid()) for k in range(4)},  # type: ignore[misc]
    }


def empirical_ramp(sample: Sample) -> float:
    """Return the mean of max(0, 1 - |y|/gamma)."""
    return float(np.mean(np.maximum(0, 1 - np.abs(sample.y) / sample.values["gamma"])))


def movement_leading(sample: Sample) -> float:
    """Return y^T G2^-1 y; nan where rounding spoils it."""
    return float(sample.y @ solution(sample))


def kl_leading(sample: Sample) -> float:
    """Return (1/2) y^T G2^-1 K G2^-1 y; nan where rounding spoils it."""
    q = solution(sample)
    return float(q @ kernel(sample, 2) @ q / 2)


def solution(sample: Sample) -> Array:
    """Return G2^-1 y, shape (n,); nan where G2 is so ill-conditioned that rounding spoils it."""
    G2 = kernel(sample, 1)
    if smallest(G2) <= ILL_CONDITIONED * float(np.trace(G2)):
        return np.full(len(sample.y), np.nan)
    return np.asarray(np.linalg.solve(G2, sample.y), dtype=np.float64)


def number(formula: sp.Expr, sample: Sample, **given: float) -> float:
    """Return a formula over constants and parameters in double precision; nan where it is not defined."""
    leaves, values = _leaves(sample), {**sample.values, **given}

    def value(name: str) -> float:
        return values[name] if name in values else leaves[name]()

    return in_floats(formula, CONSTANTS, PARAMETERS, value)
