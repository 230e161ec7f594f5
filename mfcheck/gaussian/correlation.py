"""Correlation maps `F(c) = (weight_var E phi(u) phi(v) + bias_var)/q` at a fixed point q of the variance.

`F(c) = sum_k w_k c^k + const` with `w_k = weight_var a_k^2/q >= 0`, so that F is increasing and convex on [0, 1] and
F(1) = 1. Near c = 1 everything is written in `eps = 1 - c`: `1 - F = sum w_k (1 - (1 - eps)^k)`, a sum of
positive terms, where the tail lies between 0 and `eps sum k w_k`.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import ArrayLike, NDArray

from mfcheck.errors import InputError
from mfcheck.gaussian.expectations import Number, expectation
from mfcheck.gaussian.length import LengthMap
from mfcheck.gaussian.moments import d2phi, dphi, moment, phi
from mfcheck.gaussian.pairs import (
    _masses,
    dyadic,
    hermite_at,
    pair,
    pair_expectation,
    signed_powers,
    spline,
)
from mfcheck.rigor.ball import compare, exact
from mfcheck.rigor.integrate import parity
from mfcheck.rigor.pieces import pieces
from mfcheck.rigor.roots import crossing
from mfcheck.symbolic.activation import Activation, X

Array = NDArray[np.float64]

_COUNTS = (64, 256, 1024)
_SMOOTH_GOAL = 1e-17
_NODES = 64
_ANGLES, _ANGLE_WEIGHTS = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True, slots=True)
class FixedCorrelation:
    """The stable fixed correlation, `eps = 1 - c`, the slope there, and how uniqueness is known."""

    value: arb
    gap: arb
    slope: arb
    statement: str


class CorrelationMap:
    """The map of correlations at the variance `q_star`, as functions of balls and of float arrays.

    Args:
        activation: the activation, or an expression in `X`.
        weight_var: variance of the weights.
        bias_var: variance of the biases.
        q_star: the fixed point of the variance, exact or a ball that holds it.

    Raises:
        InputError: the variance is not positive.
    """

    def __init__(
        self, activation: Activation | sp.Expr, weight_var: Number, bias_var: Number, q_star: Number
    ) -> None:
        self.length = LengthMap(activation, weight_var, bias_var)
        self.expr = self.length.expr
        self.q = q_star
        with ctx.workprec(64):
            if not _ball(q_star) > 0:
                raise InputError("the variance of a correlation map must be positive")
        self.smooth = len(pieces(self.expr)) == 1

    def F(self, c: Number, digits: int = 15) -> arb:
        """Enclose `F(c)`."""
        value = pair_expectation(phi, phi, self.q, self.q, c, digits + 2, self.expr)
        with _precision(digits):
            return (_ball(self.length.weight_var) * value + _ball(self.length.bias_var)) / _ball(
                self.q
            )

    def slope(self, c: Number, digits: int = 15) -> arb:
        """Enclose `F'(c) = weight_var E phi'(u) phi'(v)`.

        Raises:
            InputError: the activation has a jump.
        """
        value = pair_expectation(dphi, dphi, self.q, self.q, c, digits + 2, self.expr)
        with _precision(digits):
            return _ball(self.length.weight_var) * value

    def curvature(self, c: Number, digits: int = 15) -> arb:
        """Enclose `F''(c) = weight_var q E phi''(u) phi''(v)`; kinks of piecewise linear functions count.

        Raises:
            InputError: the activation has kinks and is not piecewise linear, or abs(c) = 1 at a kink.
        """
        if self.smooth:
            value = pair_expectation(d2phi, d2phi, self.q, self.q, c, digits + 2, self.expr)
            with _precision(digits):
                return _ball(self.length.weight_var) * _ball(self.q) * value
        lines = spline(self.expr)
        with _precision(digits):
            at, q = _ball(c), _ball(self.q)
            if lines is None or lines.order != 2 or not abs(at) < 1:
                raise InputError(
                    "the second derivative of the correlation map does not exist here: a kink"
                )
            rest, root = 1 - at * at, q.sqrt()
            total = arb(0)
            for a, b, weight in _masses(lines, lines, [root, root]):
                total += weight * (-(a * a + b * b - 2 * a * b * at) / (2 * rest)).exp()
            return _ball(self.length.weight_var) * total / (2 * arb.pi() * rest.sqrt()) / q

    def gap(self, eps: Number, digits: int = 15) -> arb:
        """Enclose `1 - F(1 - eps)`, to `digits` relative digits for a smooth activation, without cancellation.

        `q_star` is taken to be a fixed point, so that `F(1) = 1`. With a kink the difference is formed with as
        many more digits as eps is small.
        """
        with ctx.workprec(math.ceil((digits + 12) * math.log2(10)) + 64):
            e, q = _ball(eps), _ball(self.q)
            if e.is_zero():
                return arb(0)
            factor = _ball(self.length.weight_var) / q
            if not self.smooth or not q.is_finite():
                return self._difference(e, factor, digits)
            squares, later, rest = self._squares(digits + 4)
            log = (1 - e).log() if e < 1 else None
            total = arb(0)
            for k, square in enumerate(squares):
                if k == 0 or square.is_zero():
                    continue
                total += square * (-(k * log).expm1() if log is not None else 1 - _power(1 - e, k))
            small = _power(abs(1 - e).upper().min(arb(1)), len(squares))
            tail = (later * (1 + arb(0, small.upper()))).nonnegative_part()
            near = arb(0).union((rest * e).upper())
            tail = tail.intersection(near) if tail.overlaps(near) else near
            return factor * (total + tail) + self._drift(e)

    def _difference(self, e: arb, factor: arb, digits: int) -> arb:
        lost = max(0, math.ceil(-1.6 * math.log10(max(float(e.abs_lower()), 1e-300))))
        with ctx.workprec(math.ceil((digits + lost + 12) * math.log2(10)) + 64):
            here = expectation(self.expr**2, self.q, 0, digits + lost)
            there = pair(self.expr, self.expr, self.q, self.q, 1 - e, digits + lost)
            return factor * (here - there)

    def _squares(self, digits: int) -> tuple[list[arb], arb, arb]:
        """Return `a_k^2` at the middle of q, and over the later k, `sum a_k^2` and a bound of `sum k a_k^2`."""
        q = _ball(self.q).mid()
        total = q * self.length_free(dphi**2, q, digits)
        for count in _COUNTS:
            a, later = hermite_at(self.expr, dyadic(q), count, digits)
            squares = [x * x for x in a]
            rest = (
                (total - sum((k * s for k, s in enumerate(squares)), arb(0)))
                .nonnegative_part()
                .upper()
            )
            if rest < total * arb(10) ** -digits:
                break
        return squares, later, rest

    def length_free(self, f: sp.Expr, q: Number, digits: int) -> arb:
        """Enclose `E f` of a generic `f` at a variance, without the factor of the weights."""
        return moment(f, self.expr).enclosed(q, 0, digits + 4)

    def _drift(self, e: arb) -> arb:
        """Bound what the width of q changes in `1 - F(1 - eps)`.

        `E[phi(u)^2] - E[phi(u) phi(v)] = E[(phi(u) - phi(v))^2]/2`; its derivative in q is
        `E[(phi(u) - phi(v)) (u phi'(u) - v phi'(v))]/(2q)`, at most `eps sqrt(E phi'^2 E (x phi')'^2)` by the mean
        value theorem for Hermite series (`E (f(u) - f(v))^2 <= 2 eps q E f'^2`).
        """
        q = _ball(self.q)
        if q.is_exact():
            return arb(0)
        inner = (X * sp.diff(self.expr, X)).diff(X)
        first = self.length_free(dphi**2, q, 4).abs_upper()
        second = self.length_free(inner**2, q, 4).abs_upper()
        bound = (
            e.abs_upper()
            * (first * second).sqrt()
            * q.rad()
            * _ball(self.length.weight_var)
            / q.lower()
        )
        return arb(0, bound.upper())

    def fixed_point(self, digits: int = 15, critical: bool = False) -> FixedCorrelation:
        """Enclose the stable fixed point c* of F on [0, 1].

        With chi_1 = F'(1) <= 1 it is 1 and the only one: F is convex and F(1) = 1. With chi_1 > 1 convexity leaves
        exactly one in [0, 1). `critical` states that chi_1 = 1 exactly, which no enclosure can show.

        Raises:
            InputError: chi_1 is not certain to lie on one side of 1.
        """
        try:
            chi = self.slope(1, digits)
            side = compare(chi, arb(1))
        except InputError:
            chi, side = arb.pos_inf(), ">"
        if side == "<" or (critical and chi.contains(1)):
            return FixedCorrelation(
                arb(1), arb(0), chi, "F is convex, F(1) = 1 and F'(1) <= 1: the only one on [0, 1]"
            )
        if side == "?":
            raise InputError(
                "chi_1 may lie on either side of 1: the fixed correlation is undecided"
            )
        how = "F is convex, F(1) = 1 and F'(1) > 1: exactly one on [0, 1)"
        start = self.F(0, digits)
        if start.contains(0) and self._odd_without_bias():
            return FixedCorrelation(arb(0), arb(1), self.slope(0, digits), how)
        lowest = self._lowest_gap(chi)

        def value(e: arb) -> arb:
            return self.gap(e, digits + 2) - e

        def change(e: arb) -> arb:
            return self.slope(1 - e, 8) - 1

        e = crossing(value, change, (lowest, 1), digits)
        with _precision(digits):
            return FixedCorrelation(1 - e, e, self.slope(1 - e, digits), how)

    def driven_fixed_point(self, loss: Fraction, digits: int = 15) -> arb:
        """Enclose the fixed point on [0, 1] of `F(c) - loss/q`, where a part `loss` of `bias_var` is not shared.

        F is convex and F(1) = 1, so that a positive loss, at most `bias_var`, leaves exactly one. Without a loss it is
        that of `fixed_point`.
        """
        if not loss:
            return self.fixed_point(digits).value
        if loss == self.length.bias_var and parity(self.expr) == -1:
            return arb(0)

        def value(c: arb) -> arb:
            return self.F(c, digits + 6) - exact(loss) / _ball(self.q) - c

        return crossing(value, lambda c: self.slope(c, 8) - 1, (0, 1), digits)

    def _odd_without_bias(self) -> bool:
        return parity(self.expr) == -1 and _ball(self.length.bias_var).is_zero()

    def _lowest_gap(self, chi: arb) -> arb:
        """Return an eps > 0 where `1 - F(1 - eps) > eps`, by convexity below `2 (chi_1 - 1)/F''(1)`."""
        if self.smooth:
            bound = (chi - 1) / self.curvature(1, 6)
            return bound.lower().min(arb(0.5)).mid()
        e = arb(0.25)
        for _ in range(60):
            if self.gap(e, 6) > e:
                return e
            e /= 2
        raise InputError("the fixed correlation lies too close to 1")

    @cached_property
    def _floats(self) -> tuple[Array, float]:
        """Return the weights `w_k`, k >= 1, in doubles, and `F(0)`; empty where a kink makes the series slow."""
        if not self.smooth:
            return np.empty(0), float(self.F(0))
        squares, _, _ = self._squares(18)
        factor = float(_ball(self.length.weight_var)) / float(_ball(self.q))
        return factor * np.array([float(s) for s in squares[1:]]), float(self.F(0))

    @cached_property
    def _table(self) -> Array:
        """Chebyshev coefficients of `(1 - F)/eps` in the angle, from certified values: F of a kink is smooth there."""
        nodes = (np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES) + 1) / 2
        angles = np.pi * nodes
        values = [float(self.gap(arb(float(1 - np.cos(t))), 14)) / (1 - np.cos(t)) for t in angles]
        return np.polynomial.chebyshev.chebfit(2 * nodes - 1, values, _NODES - 1)

    def gaps(self, eps: ArrayLike) -> Array:
        """Return `1 - F(1 - eps)` in doubles for an array of eps in [0, 2], accurate for small eps too."""
        e = np.asarray(eps, dtype=float)
        weights, _ = self._floats
        if len(weights):
            k = np.arange(1, len(weights) + 1)
            used = np.flatnonzero(weights > weights.max() * 1e-18)
            flat = e.reshape(-1)
            c = 1 - flat
            with np.errstate(divide="ignore"):
                logs = np.log1p(-np.minimum(flat, 1.0))
                powers = -np.expm1(np.outer(logs, k[used]))
            negative = c < 0
            if negative.any():
                powers[negative] = 1 - np.power.outer(c[negative], k[used])
            return (powers @ weights[used]).reshape(e.shape)
        if signed_powers(self.expr) is not None and self._relu_like is not None:
            return self._relu_like * _relu_gap(e) + self._linear * e
        angle = 2 * np.arcsin(np.sqrt(np.clip(e / 2, 0, 1)))
        lines = spline(self.expr)
        if lines is not None and lines.order == 2:
            return self._spline_gaps(e, angle)
        smooth = np.polynomial.chebyshev.chebval(2 * angle / np.pi - 1, self._table)
        return np.asarray(smooth * e)

    def _spline_gaps(self, eps: Array, angle: Array) -> Array:
        """Return `chi_1 eps - int_0^t (cos s - cos t) F''(cos s) sin s ds`, t the angle; the integrand is smooth."""
        lines, q = spline(self.expr), float(_ball(self.q))
        assert lines is not None
        places = np.array([float(cut) for cut in lines.cuts]) / math.sqrt(q)
        jumps = np.array([float(weight) for weight in lines.weights])
        s = angle[..., None] * (_ANGLES + 1) / 2
        density = np.zeros(s.shape)
        for a, v in zip(places, jumps, strict=True):
            for b, w in zip(places, jumps, strict=True):
                # a^2 + b^2 - 2ab cos s = (a - b)^2 + 4ab sin^2(s/2)
                with np.errstate(divide="ignore", invalid="ignore"):
                    size = ((a - b) ** 2 + 4 * a * b * np.sin(s / 2) ** 2) / (2 * np.sin(s) ** 2)
                density += v * w * np.exp(-np.where(np.isnan(size), a * a / 4, size))
        weight = float(_ball(self.length.weight_var)) / (2 * math.pi)
        inside = 2 * np.sin((angle[..., None] + s) / 2) * np.sin((angle[..., None] - s) / 2)
        integral = (inside * density) @ _ANGLE_WEIGHTS * angle / 2
        return float(self.slope(1)) * eps - weight * integral

    @cached_property
    def _relu_like(self) -> float | None:
        """For `b x + g |x|`: the weight of `|x|` in `1 - F`; None for other functions."""
        powers = signed_powers(self.expr)
        if powers is None or len(powers) != 1 or powers[0].p != 1:
            return None
        return float(_ball(self.length.weight_var)) * float(powers[0].even) ** 2

    @cached_property
    def _linear(self) -> float:
        powers = signed_powers(self.expr)
        assert powers is not None
        return float(_ball(self.length.weight_var)) * float(powers[0].odd) ** 2

    def values(self, c: ArrayLike) -> Array:
        """Return `F(c)` in doubles for an array of correlations in [-1, 1]."""
        return 1 - self.gaps(1 - np.asarray(c, dtype=float))

    def iterate(self, eps: float, depth: int) -> Array:
        """Return `1 - c` layer by layer, shape (depth + 1,), in doubles; the state is eps, so nothing cancels."""
        states = np.empty(depth + 1)
        states[0] = eps
        for layer in range(depth):
            states[layer + 1] = self.gaps(states[layer])
        return states


def _relu_gap(eps: Array) -> Array:
    """Return `1 - E|u||v|` at variance 1: `eps - (2/pi)(sin t - t cos t)`-like terms, by series where it cancels."""
    e = np.asarray(eps, dtype=float)
    t = 2 * np.arcsin(np.sqrt(np.clip(e / 2, 0, 1)))
    mirrored = np.minimum(t, np.pi - t)
    near, far = e - 2 / np.pi * _sine_gap(t), (2 - e) - 2 / np.pi * _sine_gap(mirrored)
    return np.asarray(np.where(t <= np.pi / 2, near, far))


def _sine_gap(t: Array) -> Array:
    """Return `sin t - t cos t`, by its series below 1/2."""
    series = (
        t**3
        / 3
        * (1 - t**2 / 10 * (1 - t**2 / 28 * (1 - t**2 / 54 * (1 - t**2 / 88 * (1 - t**2 / 130)))))
    )
    return np.asarray(np.where(t < 0.5, series, np.sin(t) - t * np.cos(t)))


def _power(x: arb, n: int) -> arb:
    result = arb(1)
    while n:
        if n & 1:
            result *= x
        n >>= 1
        x = x * x
    return result


def _ball(value: Number) -> arb:
    return value if isinstance(value, arb) else exact(value)


def _precision(digits: int) -> "ctx.workprec":
    return ctx.workprec(math.ceil((digits + 6) * math.log2(10)) + 32)
