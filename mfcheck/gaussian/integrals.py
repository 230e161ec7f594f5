"""Gaussian and spherical integrals in closed form: SymPy formulas, balls by evaluation, doubles where it pays."""

import math
from typing import Any

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import ArrayLike, NDArray
from scipy import special

from mfcheck.errors import InputError

Array = NDArray[np.float64]

_T, _C = sp.symbols("t c", real=True)
J = (sp.sqrt(1 - _C**2) + (sp.pi - sp.acos(_C)) * _C) / sp.pi
"""`2 E relu(u) relu(v)` at variance 1 and correlation c; `J' = (pi - acos c)/pi`."""


def ramp(t: sp.Expr, c: sp.Expr) -> sp.Expr:
    """Return `E max(t G - c, 0) = t exp(-c^2/(2 t^2))/sqrt(2 pi) - c erfc(c/(sqrt2 t))/2`, t > 0, G ~ N(0, 1)."""
    ratio = sp.sympify(c) / t
    return t * sp.exp(-(ratio**2) / 2) / sp.sqrt(2 * sp.pi) - c * sp.erfc(ratio / sp.sqrt(2)) / 2


def arc_cosine(c: arb) -> arb:
    """Enclose `J(c)`, abs(c) <= 1, in the angle, so that nothing cancels at c = -1."""
    opposite = _opposite(c)
    return (opposite.sin() - opposite * opposite.cos()) / arb.pi()


def arc_cosine_slope(c: arb) -> arb:
    """Enclose `J'(c) = (pi - acos c)/pi`."""
    return _opposite(c) / arb.pi()


def _opposite(c: arb) -> arb:
    """Enclose the angle `pi - acos c`, from the half that is small."""
    if c < 0:
        return 2 * ((1 + c) / 2).nonnegative_part().sqrt().asin()
    return arb.pi() - 2 * ((1 - c) / 2).nonnegative_part().sqrt().min(arb(1)).asin()


def sphere_marginal(dimension: int, x: arb) -> arb:
    """Enclose the probability that a coordinate of a uniform point of the unit sphere in R^d is at most x.

    It is `1/2 + sign(x) I(x^2; 1/2, (d-1)/2)/2`, I the regularised incomplete beta function.

    Raises:
        InputError: d < 2.
    """
    _check_dimension(dimension)
    if x >= 1:
        return arb(1)
    if x <= -1:
        return arb(0)
    if x < 0:
        return 1 - sphere_marginal(dimension, -x)
    return (1 + (x * x).beta_lower(arb(1) / 2, arb(dimension - 1) / 2, True)) / 2


def sphere_marginals(dimension: int, x: ArrayLike) -> Array:
    """Return the same in doubles for an array.

    Raises:
        InputError: d < 2.
    """
    _check_dimension(dimension)
    points = np.clip(np.asarray(x, dtype=float), -1, 1)
    half = special.betainc(0.5, (dimension - 1) / 2, points**2) / 2
    return np.asarray(0.5 + np.sign(points) * half)


def sphere_area(d: sp.Expr) -> sp.Expr:
    """Return the area of the unit sphere in R^d, as a formula."""
    return 2 * sp.pi ** (d / 2) / sp.gamma(d / 2)


def sphere_moment(d: sp.Expr, *powers: int) -> sp.Expr:
    """Return `E prod u_i^(p_i)` of a uniform point u of the unit sphere in R^d, as a formula.

    By the beta integrals of Dirichlet; p_i are even, one for each of the coordinates that enter.
    """
    half = sp.Rational(1, 2)
    top = sp.prod(sp.gamma(sp.Rational(p + 1, 2)) / sp.gamma(half) for p in powers)
    return sp.gammasimp(top * sp.gamma(d / 2) / sp.gamma(d / 2 + sp.Rational(sum(powers), 2)))


def chi_rule(dimension: int, count: int) -> tuple[Array, Array]:
    """Return nodes and weights, shape (count,) each, for the norm of a standard Gaussian vector in R^d.

    Gauss-Legendre nodes between the quantiles of 1e-18 from both ends; the weights add up to 1.
    """
    quantiles = special.gammaincinv, special.gammainccinv
    low, high = (math.sqrt(2 * q(dimension / 2, 1e-18)) for q in quantiles)
    nodes, weights = np.polynomial.legendre.leggauss(count)
    r = low + (nodes + 1) / 2 * (high - low)
    scale = (dimension / 2 - 1) * math.log(2) + math.lgamma(dimension / 2)
    w = weights * np.exp((dimension - 1) * np.log(r) - r**2 / 2 - scale)
    return r, w / w.sum()


def _check_dimension(dimension: int) -> None:
    if dimension < 2:
        raise InputError("a sphere needs at least two dimensions")


def erf_I2(k: Any) -> sp.Expr:
    """Return `E g(u) g(v)`, `g(x) = erf(x/sqrt2)`, for centred Gaussians of covariance `k`, shape (2, 2)."""
    return 2 * sp.asin(k[0, 1] / sp.sqrt((1 + k[0, 0]) * (1 + k[1, 1]))) / sp.pi


def erf_J2(k: Any) -> sp.Expr:
    """Return `E g'(u) g'(v)` of the same function."""
    return 2 / (sp.pi * sp.sqrt((1 + k[0, 0]) * (1 + k[1, 1]) - k[0, 1] ** 2))


def erf_I3(k: Any) -> sp.Expr:
    """Return `E g'(u) v g(w)` of the same function, shape (3, 3)."""
    wide = (1 + k[0, 0]) * (1 + k[2, 2]) - k[0, 2] ** 2
    return (
        2 * (k[1, 2] * (1 + k[0, 0]) - k[0, 1] * k[0, 2]) / (sp.pi * sp.sqrt(wide) * (1 + k[0, 0]))
    )


def erf_I4(k: Any) -> sp.Expr:
    """Return `E g'(u) g'(v) g(w) g(z)` of the same function, shape (4, 4)."""
    first, second, wide, mixed = _erf_parts(k)
    return 4 * sp.asin(mixed / sp.sqrt(first * second)) / (sp.pi**2 * sp.sqrt(wide))


def _erf_parts(k: Any) -> tuple[Any, Any, Any, Any]:
    a, b, c = 1 + k[0, 0], 1 + k[1, 1], k[0, 1]
    wide = a * b - c**2

    def form(i: int, j: int) -> Any:
        cross = c * (k[0, i] * k[1, j] + k[0, j] * k[1, i])
        return wide * k[i, j] - k[1, i] * k[1, j] * a - k[0, i] * k[0, j] * b + cross

    return wide + form(2, 2), wide + form(3, 3), wide, form(2, 3)


def erf_I4_float(k: NDArray[np.float64]) -> float:
    """Return `erf_I4` in double precision; a sine that rounding puts outside [-1, 1] is clipped."""
    first, second, wide, mixed = _erf_parts(k)
    sine = np.clip(mixed / np.sqrt(first * second), -1, 1)
    return float(4 * np.arcsin(sine) / (np.pi**2 * np.sqrt(wide)))
