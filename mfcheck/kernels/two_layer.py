"""Kernels of two-layer networks on points of the sphere: A, G2 = (cA)', K = (c(cA)')' at c_ij = (1 + <x_i,x_j>)/2.

Neurons `a s0(w.x + b)` have standard Gaussian weights; with `phi(xi) = s0(sqrt2 xi) = sum_r mu_r h_r(xi)` the kernel of
order k is `sum_r (1 + r)^k mu_r^2 c^r`. Order 1 is the tangent kernel. Certified, and in double precision.
"""

from functools import cache, lru_cache

import numpy as np
from flint import arb_mat
from numpy.typing import NDArray

from mfcheck.claims.setting import Point
from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel, half_gram
from mfcheck.rigor.eigen import SmallestEigenvalue, certified_lambda_min
from mfcheck.symbolic.activation import Activation

Array = NDArray[np.float64]

MAX_DIGITS = 480
TERMS, BLOCK = 160, 16
"""Hermite coefficients of kernels in double precision, and powers that are evaluated at a time."""
_STEP, _REACH = 1 / 16, 14.0

# --- certified -------------------------------------------------------------------------------------------------------


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


def to_array(matrix: arb_mat) -> Array:
    """Return the midpoints in double precision, same shape."""
    return np.array([[float(x.mid()) for x in row] for row in matrix.tolist()])


# --- in double precision ---------------------------------------------------------------------------------------------


@cache
def _hermite_table() -> tuple[Array, Array]:
    """Nodes x, shape (m,), and h_r(x) times weight, shape (TERMS, m): the trapezoidal rule for E[. h_r]."""
    x = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    table = np.empty((TERMS, len(x)))
    # h_r exp(-x^2/4) stays bounded, so that no intermediate value overflows.
    table[0] = np.exp(-(x**2) / 4)
    table[1] = x * table[0]
    for r in range(1, TERMS - 1):
        table[r + 1] = (x * table[r] - np.sqrt(r) * table[r - 1]) / np.sqrt(r + 1)
    return x, table * np.exp(-(x**2) / 4) * _STEP / np.sqrt(2 * np.pi)


@lru_cache(maxsize=256)
def coefficients(activation: Activation) -> Array:
    """Return mu_r for r < TERMS, shape (TERMS,)."""
    x, table = _hermite_table()
    mu: Array = table @ activation.numpy_function()(np.sqrt(2) * x)
    return mu


@lru_cache(maxsize=1024)
def weights(activation: Activation, order: int = 0) -> Array:
    """Return (1 + r)^order mu_r^2 for r < TERMS, shape (TERMS,)."""
    squares: Array = coefficients(activation) ** 2 * (1 + np.arange(TERMS)) ** order
    return squares


def half_cosines(X: Array) -> Array:
    """Return c_ij = (1 + <x_i, x_j>)/2 of unit rows, shape (n, n), with ones on the diagonal."""
    c: Array = np.clip((1 + X @ X.T) / 2, 0, 1)
    np.fill_diagonal(c, 1)
    return c


def kernel_float(activation: Activation, X: Array, order: int) -> Array:
    """Return the matrix of that order on unit rows, shape (n, n); coefficients from the 160th on are left out.

    The polynomial is evaluated in blocks of powers, by Horner's rule from block to block.
    """
    c = half_cosines(X)
    powers = np.empty((BLOCK, c.size))
    powers[0] = 1
    for k in range(1, BLOCK):
        powers[k] = powers[k - 1] * c.ravel()
    parts = weights(activation, order).reshape(-1, BLOCK) @ powers
    step, value = powers[-1] * c.ravel(), parts[-1]
    for part in parts[-2::-1]:
        value = value * step + part
    result: Array = value.reshape(c.shape)
    return result


@lru_cache(maxsize=64)
def totals(activation: Activation) -> tuple[float, float, float]:
    """Return the diagonals of the orders 0, 1 and 2: sums of (1 + r)^order mu_r^2 over all r, which may be infinite."""
    kernel = DualKernel(activation, 15)
    first, second, third = (float(kernel.total(order).mid()) for order in range(3))
    return first, second, third


def full_kernel(activation: Activation, X: Array, order: int) -> Array:
    """Return `kernel_float` with the diagonal of all coefficients, shape (n, n)."""
    matrix = kernel_float(activation, X, order)
    np.fill_diagonal(matrix, totals(activation)[order])
    return matrix


def divergences(activation: Activation, X: Array, Y: Array) -> Array:
    """Return (1/2) y^T G2^-1 K G2^-1 y of each column y of Y, shape (n, k), in double precision, shape (k,).

    A network `beta E[a s0(w.x + b)]` that gradient flow trains to the labels y on unit rows X moves its law of
    (a, w, b) by this relative entropy, over beta^2, as beta grows.
    """
    Q = np.linalg.solve(full_kernel(activation, X, 1), Y)
    forms: Array = np.sum(Q * (full_kernel(activation, X, 2) @ Q), axis=0) / 2
    return forms
