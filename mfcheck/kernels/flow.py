"""Kernel gradient flow in closed form, from the eigenvalues of the kernel matrix.

Training a network of infinite width by gradient flow is e' = -K e/n for the residuals e = f - y on the n points, with
f = 0 at the start; so e(t) = -exp(-t K/n) y.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from mfcheck.claims.setting import Point
from mfcheck.gaussian.dual import half_gram
from mfcheck.rigor.eigen import FloatMatrix
from mfcheck.rigor.lyapunov import solve_lyapunov

Array = NDArray[np.float64]

_UNIT = 2.0**-52


def gradient_flow(K: Array, y: Array, cross: Array, times: Array) -> Array:
    """Return predictions of kernel gradient flow from zero at each time: f_t = k(x, X) K^-1 (1 - exp(-t K/n)) y.

    Args:
        K: kernel matrix of the n training points, shape (n, n).
        y: labels, shape (n,) or (n, classes).
        cross: kernel between tests and training points, shape (m, n).
        times: shape (times,).

    Returns:
        Shape (times, m) or (times, m, classes).
    """
    values, vectors = np.linalg.eigh(K / len(y))
    values = np.maximum(values, 1e-14)
    projected, across = vectors.T @ y, cross @ vectors / len(y)
    filters = -np.expm1(-np.multiply.outer(times, values)) / values
    if y.ndim == 1:
        return np.asarray((filters * projected) @ across.T)
    return np.stack([(across * row) @ projected for row in filters])


@dataclass(frozen=True, eq=False)
class LinearFlow:
    """The flow e' = -G e from y, with G symmetric and positive definite, up to rounding over its least eigenvalue.

    Attributes:
        values: eigenvalues of G, ascending, shape (n,).
        vectors: its eigenvectors, in columns, shape (n, n).
        y: where it starts, shape (n,).
    """

    values: Array
    vectors: Array
    y: Array

    @classmethod
    def of(cls, G: Array, y: Array) -> "LinearFlow":
        """Return the flow of a matrix, shape (n, n), and a start, shape (n,)."""
        return cls(*np.linalg.eigh(G), y)

    def left(self, time: float) -> Array:
        """Return e = exp(-G time) y, shape (n,)."""
        modes = self.vectors.T @ self.y * np.exp(-self.values * time)
        return np.asarray(self.vectors @ modes)

    def share_left(self, time: float) -> float:
        """Return |e|^2 / |y|^2."""
        e = self.left(time)
        return float(e @ e / (self.y @ self.y))

    def weights(self, time: float = np.inf) -> Array:
        """Return q = G^-1 (1 - exp(-G time)) y, shape (n,), the integral of e."""
        modes = self.vectors.T @ self.y / self.values
        return np.asarray(self.vectors @ (-np.expm1(-self.values * time) * modes))

    def products(self, time: float = np.inf) -> Array:
        """Return the integral of e_i q_j from zero to a time, shape (n, n)."""
        y, rows = self.vectors.T @ self.y, self.values[:, None]
        both = np.add.outer(self.values, self.values)
        integral = -np.expm1(-rows * time) / rows + np.expm1(-both * time) / both
        modes = np.outer(y, y / self.values) * integral
        return np.asarray(self.vectors @ modes @ self.vectors.T)


def enclosed_share_left(G: arb_mat, y: arb_mat, time: arb) -> arb:
    """Enclose `LinearFlow.share_left`; arguments as in `enclosed_products`."""
    e = (G * -time).exp() * y
    return (e.transpose() * e)[0, 0] / (y.transpose() * y)[0, 0]


def enclosed_products(G: arb_mat, y: arb_mat, lowest: arb) -> arb_mat:
    """Enclose `LinearFlow.products` over all time: G^-1 y y^T G^-1 - X G^-1, where G X + X G = y y^T.

    Args:
        G: encloses the matrix, shape (n, n).
        y: encloses the start, shape (n, 1).
        lowest: encloses the smallest eigenvalue of G.

    Raises:
        ZeroDivisionError: G is not certainly invertible.
    """
    w, X = G.solve(y), solve_lyapunov(G, y * y.transpose(), lowest)
    return w * w.transpose() - G.solve(X).transpose()


def gram(points: tuple[Point, ...], k: Callable[[arb], arb], digits: int = 30) -> arb_mat:
    """Enclose the matrix of a kernel of the cosine with k(1) = 1 on the points, shape (n, n).

    The working precision is the caller's; `digits` is that of the cosines.
    """
    half = half_gram(points, digits)
    n = half.nrows()
    below = {(i, j): k(2 * half[i, j] - 1) for i in range(n) for j in range(i)}
    rows = range(n)
    return arb_mat(
        [[arb(1) if i == j else below[max(i, j), min(i, j)] for j in rows] for i in rows]
    )


def expected_risk(
    K: Array, cross: Array, y: Array, truth: Array, noise: float, time: float
) -> float:
    """Return the mean square error of kernel gradient flow from zero, averaged exactly over independent noise.

    Args:
        K: kernel matrix of the n training points, shape (n, n).
        cross: kernel between tests and training points, shape (m, n).
        y: labels without noise, shape (n,).
        truth: labels of the tests without noise, shape (m,).
        noise: standard deviation of the noise of each training label.
        time: at which the flow stops.
    """
    n = len(K)
    values, vectors = np.linalg.eigh(K / n + 1e-14 * np.eye(n))
    filters = -np.expm1(-time * np.maximum(values, 0)) / np.maximum(values, 1e-14)
    smoother = (cross @ vectors * filters) @ vectors.T / n
    bias = np.mean((smoother @ y - truth) ** 2)
    return float(bias + noise**2 * np.sum(smoother**2) / len(truth))


def losses(K: arb_mat | FloatMatrix, y: Array, times: Array) -> tuple[Array, Array]:
    """Return |e|^2/(2n) at each time, and bounds on the errors, shape (times,).

    A change of K by D moves exp(-t K/n) by at most t |D|/n; D is the radius of the enclosure and the backward error of
    the eigenvalues, which LAPACK bounds by a small multiple of n units.
    """
    n = len(y)
    if isinstance(K, FloatMatrix):
        middle, radius = K.mid, float(K.rad.max())
    else:
        middle = np.array([[float(K[i, j].mid()) for j in range(n)] for i in range(n)])
        radius = max(float(entry.rad()) for entry in K.entries()) + _UNIT
    values, vectors = np.linalg.eigh(middle)
    modes = (vectors.T @ y) * np.exp(-np.multiply.outer(times, np.maximum(values, 0)) / n)
    sizes = np.linalg.norm(modes, axis=1)
    moved = times / n * (n * radius + 10 * n * _UNIT * float(values[-1])) + 10 * n * _UNIT
    moved = np.minimum(moved, 1) * np.linalg.norm(y)
    return sizes**2 / (2 * n), (sizes * moved + moved**2 / 2) / n
