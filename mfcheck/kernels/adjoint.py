"""What the first movement of a two-layer network does to its gradient in the inputs, on points of the sphere.

A network `f(x) = E[a s0(w.x + b)]` of standard Gaussian weights starts at zero, as does its gradient in x. Let all
`(a, w, b)` move along the gradient of `a s0(w.x_j + b)`. By Stein's identity the gradient of f at x_i then moves by

`P_ij = x_j (A' + c A''/2)(c_ij) + x_i (c B)'(c_ij)`, `B(c) = (1/2) sum_r ((r+1)(r+2))^(1/2) mu_r mu_(r+2) c^r`,

with `c_ij = (1 + <x_i,x_j>)/2`, `B = E[s0''(p_i) s0(p_j)]`, and A and `mu_r` as in `mfcheck.kernels.two_layer`.
`gradients` returns `sum_j M_ij P_ij` in double precision, `enclosed_gradients` as balls.

Put a residual block `z' = E[u s0(w.z + b)]` of standard Gaussian weights in front, and train both by gradient flow
with `beta f` at the end and labels y. Such gradients are all that reaches the block, whose laws at each depth move
alike. As beta grows, their relative entropy to the start is `Q/beta^4`, `Q = (1/2) sum_ij <m_i, m_j> K_ij`, with m the
gradients of the matrix M that integrates `e_i q_j` along `e' = -G2 e` from y, `q' = e` from 0: `block_divergence`.
"""

from functools import lru_cache

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

from mfcheck.claims.setting import Point
from mfcheck.errors import InputError
from mfcheck.gaussian.dual import half_gram
from mfcheck.gaussian.hermite import hermite_coefficients, tail_sums
from mfcheck.kernels.flow import LinearFlow, enclosed_products
from mfcheck.kernels.two_layer import (
    ILL_CONDITIONED,
    coefficients,
    half_cosines,
    kernel_float,
    kernel_matrix,
    smallest,
    weights,
)
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import Activation

Array = NDArray[np.float64]
TERMS, PREC = 96, 160


@lru_cache(maxsize=256)
def _series(activation: Activation) -> tuple[Array, Array]:
    """Return the coefficients of A' + c A''/2 and of (c B)'."""
    mu, squares = coefficients(activation), weights(activation)
    r = np.arange(len(mu) - 2)
    mixed: Array = (r + 1) * np.sqrt((r + 1.0) * (r + 2)) * mu[:-2] * mu[2:] / 2
    s = np.arange(1, len(squares))
    return squares[1:] * s * (s + 1) / 2, mixed


def gradients(M: Array, activation: Activation, X: Array) -> Array:
    """Return `sum_j M_ij P_ij` for unit rows X, shape (n, d), and M, shape (n, n); shape (n, d)."""
    c = half_cosines(X)
    along, across = (np.polynomial.polynomial.polyval(c, series) for series in _series(activation))
    found: Array = (M * along) @ X + (M * across).sum(axis=1)[:, None] * X
    return found


def enclosed_gradients(
    M: arb_mat, activation: Activation, points: tuple[Point, ...], digits: int = 30
) -> arb_mat:
    """Enclose `sum_j M_ij P_ij` for points of the sphere and M, shape (n, n); shape (n, d).

    `A' + c A''/2 = (K - G2)/(2c)`, and `mu_1^2` at c = 0.

    Raises:
        InputError: a kernel is infinite on the diagonal, or the points are unusable.
    """
    G2, K = (kernel_matrix(points, activation, order, digits) for order in (1, 2))
    across, c = _enclosed_mixed(activation, points, digits), half_gram(points, digits)
    at_zero = hermite_coefficients(activation, TERMS + 2, digits)[1] ** 2
    size = range(len(points))
    with ctx.workprec(PREC):
        X = arb_mat([_unit_row(point) for point in points])
        along = [
            [at_zero if c[i, j].is_zero() else (K[i, j] - G2[i, j]) / (2 * c[i, j]) for j in size]
            for i in size
        ]
        P = arb_mat([[M[i, j] * along[i][j] for j in size] for i in size]) * X
        own = [sum((M[i, j] * across[i, j] for j in size), arb(0)) for i in size]
        return P + arb_mat([[own[i] * x for x in row] for i, row in enumerate(X.tolist())])


def block_divergence(activation: Activation, X: Array, y: Array, time: float = np.inf) -> float:
    """Return Q for unit rows X, shape (n, d), and labels y, shape (n,), in double precision, or what it is at a time.

    nan where rounding spoils it.
    """
    flow = LinearFlow.of(kernel_float(activation, X, 1), y)
    if flow.values[0] <= ILL_CONDITIONED * flow.values.sum():
        return float("nan")
    m = gradients(flow.products(time), activation, X)
    return float(np.sum((m @ m.T) * kernel_float(activation, X, 2)) / 2)


@lru_cache(maxsize=64)
def enclosed_block_divergence(
    activation: Activation, points: tuple[Point, ...], labels: Point
) -> arb:
    """Enclose Q over all time; not finite where a kernel is not, or where G2 is not certainly invertible."""
    try:
        G2, K = (kernel_matrix(points, activation, order) for order in (1, 2))
        with ctx.workprec(PREC):
            y = arb_mat([[exact(label)] for label in labels])
            M = enclosed_products(G2, y, smallest(points, activation).value)
            m = enclosed_gradients(M, activation, points)
            inner = (m * m.transpose()).entries()
            return sum((a * b for a, b in zip(inner, K.entries(), strict=True)), arb(0)) / 2
    except (InputError, ZeroDivisionError):
        return arb.nan()


def _enclosed_mixed(activation: Activation, points: tuple[Point, ...], digits: int) -> arb_mat:
    """Enclose (c B)' at c_ij.

    As `2 |mu_r mu_(r+2)| <= mu_r^2 + mu_(r+2)^2`, its coefficients from r = TERMS on sum to at most 3/4 of the tail of
    `sum (1+r)^2 mu_r^2`.
    """
    mu = hermite_coefficients(activation, TERMS + 2, digits)
    tail = tail_sums(activation, TERMS, digits).quadratic
    with ctx.workprec(PREC):
        series = [
            (r + 1) * arb((r + 1) * (r + 2)).sqrt() * mu[r] * mu[r + 2] / 2 for r in range(TERMS)
        ]

        def at(x: arb) -> arb:
            value = arb(0)
            for weight in reversed(series):
                value = value * x + weight
            return value + arb(0, (3 * tail * abs(x) ** TERMS / 4).upper())

        return arb_mat([[at(x) for x in row] for row in half_gram(points, digits).tolist()])


def _unit_row(point: Point) -> list[arb]:
    norm = sum((exact(v) ** 2 for v in point), arb(0)).sqrt()
    return [exact(v) / norm for v in point]
