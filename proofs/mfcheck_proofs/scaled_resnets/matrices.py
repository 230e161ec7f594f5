"""Certified kernel matrices of given points: A, G2 = (cA)' and K = (c(cA)')' at c_ij = (1 + <x_i,x_j>)/2."""

from functools import lru_cache

import numpy as np
from flint import arb_mat
from numpy.typing import NDArray

from mfcheck.claims.setting import Point
from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel, half_gram
from mfcheck.rigor.eigen import SmallestEigenvalue, certified_lambda_min
from mfcheck.symbolic.activation import Activation

MAX_DIGITS = 480


@lru_cache(maxsize=64)
def kernel_matrix(
    points: tuple[Point, ...], activation: Activation, order: int, digits: int = 30
) -> arb_mat:
    """Enclose the matrix of order 0 (A), 1 (G2) or 2 (K), shape (n, n).

    Raises:
        InputError: the kernel is infinite on the diagonal, or the points are unusable.
    """
    matrix = DualKernel(activation, digits).value(half_gram(points, digits), order)
    if not all(entry.is_finite() for entry in matrix.entries()):
        raise InputError(f"the kernel of order {order} of {activation.name} is not finite")
    return matrix


def to_array(matrix: arb_mat) -> NDArray[np.float64]:
    """Return the midpoints in double precision, same shape."""
    return np.array([[float(x.mid()) for x in row] for row in matrix.tolist()])


@lru_cache(maxsize=256)
def smallest(
    points: tuple[Point, ...], activation: Activation, order: int = 1, digits: int = 30
) -> SmallestEigenvalue:
    """Enclose lambda_min, with more digits in the entries as long as their radii are what limits it.

    Raises:
        InputError: see `kernel_matrix`.
    """
    found = certified_lambda_min(kernel_matrix(points, activation, order, digits))
    if found.limit != "entries" or digits >= MAX_DIGITS:
        return found
    return smallest(points, activation, order, 2 * digits)
