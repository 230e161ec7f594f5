"""Kernels of two-layer networks on points of the sphere: A, G2 = (cA)', K = (c(cA)')' at c_ij = (1 + <x_i,x_j>)/2.

Neurons `a s0(w.x + b)` have standard Gaussian weights; with `phi(xi) = s0(sqrt2 xi) = sum_r mu_r h_r(xi)` the kernel of
order k is `sum_r (1 + r)^k mu_r^2 c^r`. Order 1 is the tangent kernel. Certified, and in double precision.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, lru_cache

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

from mfcheck import verify
from mfcheck.claims.setting import Point
from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel, half_gram, largest_cosine
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import bounds, exact
from mfcheck.rigor.eigen import SmallestEigenvalue, certified_lambda_min
from mfcheck.symbolic.activation import Activation

Array = NDArray[np.float64]

KERNELS = ("A", "G2", "K")
"""Names of the orders in certificates."""
MAX_DIGITS = 480
ILL_CONDITIONED = 1e-8
"""lambda_min over the trace up to which a solution in double precision says nothing."""
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


def inverse_form(
    points: tuple[Point, ...],
    labels: Sequence[Fraction],
    activation: Activation,
    order: int = 1,
    digits: int = 30,
) -> arb:
    """Enclose y^T G2^-1 M G2^-1 y for labels y, M the matrix of order 1 or 2: y^T G2^-1 y for order 1.

    It is nan where more digits are needed to invert G2.

    Raises:
        InputError: see `kernel_matrix`.
    """
    G2 = kernel_matrix(points, activation, 1, digits + 10)
    with ctx.workdps(digits + 20):
        y = arb_mat([[exact(label)] for label in labels])
        try:
            q = G2.solve(y)
        except ZeroDivisionError:
            return arb.nan()
        if order == 1:
            return (y.transpose() * q)[0, 0]
        return (q.transpose() * kernel_matrix(points, activation, order, digits + 10) * q)[0, 0]


def to_array(matrix: arb_mat) -> Array:
    """Return the midpoints in double precision, same shape."""
    return np.array([[float(x.mid()) for x in row] for row in matrix.tolist()])


# --- certificates ----------------------------------------------------------------------------------------------------


def stated(points: Sequence[Point], activation: Activation) -> bool:
    """Whether a certificate can speak of a kernel of this activation on these points."""
    return certificate.supports(activation.name) and len(points) <= verify.MAX_POINTS


def certified_smallest(
    points: tuple[Point, ...],
    activation: Activation,
    order: int = 1,
    digits: int = certificate.DIGITS,
) -> certificate.Certificate | None:
    """Return the certificate of both bounds of lambda_min, None where it cannot be stated."""
    if not stated(points, activation):
        return None
    found = smallest(points, activation, order)
    return certificate.lambda_min(points, activation.name, found, KERNELS[order], digits=digits)


def certified_below(
    points: tuple[Point, ...],
    activation: Activation,
    candidate: Fraction,
    cosine: Fraction | None = None,
) -> certificate.Certificate | None:
    """Return the certificate that lambda_min(G2) lies below a candidate, None where it cannot be stated.

    Args:
        points: distinct points of the sphere.
        activation: the activation.
        candidate: above lambda_min.
        cosine: a number below 1 that no inner product of two points exceeds; if left out, half-way from the largest.

    Raises:
        InputError: lambda_min is not certain to lie below the candidate.
    """
    if not stated(points, activation):
        return None
    if cosine is None:  # any such number will do: leave the checker room for its own rounding
        cosine = (1 + Fraction(bounds(largest_cosine(points, 60), 30)[1])) / 2
    found = smallest(points, activation)
    return certificate.counterexample(points, activation.name, found, candidate, cosine)


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


def smallest_float(activation: Activation, X: Array, order: int = 1) -> float:
    """Return lambda_min of `kernel_float`."""
    return float(np.linalg.eigvalsh(kernel_float(activation, X, order))[0])


def inverse_form_float(activation: Activation, X: Array, y: Array, order: int = 1) -> float:
    """Return what `inverse_form` encloses; nan where G2 is so ill-conditioned that rounding spoils it."""
    G2 = kernel_float(activation, X, 1)
    if np.linalg.eigvalsh(G2)[0] <= ILL_CONDITIONED * np.trace(G2):
        return float("nan")
    q = np.linalg.solve(G2, y)
    return float(y @ q if order == 1 else q @ kernel_float(activation, X, order) @ q)


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
