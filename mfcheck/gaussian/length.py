"""Length maps `V(q) = weight_var E_q phi^2 + bias_var`: slopes, fixed points with certificates, critical points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.gaussian.expectations import Number
from mfcheck.gaussian.moments import Moment, d2phi, d3phi, dphi, moment, phi
from mfcheck.rigor.ball import Order, compare, exact
from mfcheck.rigor.pieces import pieces
from mfcheck.rigor.roots import all_roots, crossing
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.symbolic.activation import Activation, X

_LARGEST = 1e6


class LengthMap:
    """The map of variances from one layer to the next, as functions of balls.

    Args:
        activation: the activation, or an expression in `X`.
        weight_var: variance of the weights (times their number), a ball or exact.
        bias_var: variance of the biases, a ball or exact.

    Raises:
        InputError: a variance is negative.
    """

    def __init__(
        self, activation: Activation | sp.Expr, weight_var: Number, bias_var: Number
    ) -> None:
        self.expr = (
            activation.expr if isinstance(activation, Activation) else sp.sympify(activation)
        )
        self.weight_var, self.bias_var = weight_var, bias_var
        with ctx.workprec(64):
            if _ball(weight_var) < 0 or _ball(bias_var) < 0:
                raise InputError("variances must not be negative")

    def V(self, q: Number, digits: int = 15) -> arb:
        """Enclose `V(q)`."""
        return self._scaled(phi**2, q, digits, self.bias_var)

    def slope(self, q: Number, digits: int = 15) -> arb:
        """Enclose `V'(q) = weight_var E[phi'^2 + phi phi'']`; point masses of `phi''` at kinks count.

        Raises:
            InputError: the activation has a jump (the map is then not differentiable at 0), or `q` may be 0 and
                the activation has a kink away from 0.
        """
        return self._scaled(dphi**2 + phi * d2phi, q, digits)

    def chi_1(self, q: Number, digits: int = 15) -> arb:
        """Enclose `weight_var E phi'^2`, the slope of the correlation map at 1.

        Raises:
            InputError: the activation has a jump.
        """
        return self._scaled(dphi**2, q, digits)

    def chi_2(self, q: Number, digits: int = 15) -> arb:
        """Enclose `weight_var E phi''^2`.

        Raises:
            InputError: the activation has a kink or a jump: the expectation is infinite.
        """
        return self._scaled(d2phi**2, q, digits)

    def _scaled(self, f: sp.Expr, q: Number, digits: int, shift: Number = 0) -> arb:
        value = moment(f, self.expr).enclosed(q, 0, digits + 2)
        with ctx.workprec(math.ceil((digits + 4) * math.log2(10)) + 16):
            return _ball(self.weight_var) * value + _ball(shift)

    @cached_property
    def bound(self) -> arb | None:
        """A bound of `V` over all q, if the activation is bounded."""
        try:
            largest = derivative_supremum(Activation("", self.expr), 0, 3)
        except InputError:
            return None
        if largest.state != "finite":
            return None
        with ctx.workprec(64):
            return (_ball(self.weight_var) * largest.value**2 + _ball(self.bias_var)).upper()


def length_map(activation: Activation | sp.Expr, weight_var: Number, bias_var: Number) -> LengthMap:
    """Return the length map of an activation."""
    return LengthMap(activation, weight_var, bias_var)


def slopes(
    activation: Activation | sp.Expr, weight_var: Number, q: Number, digits: int = 15
) -> tuple[arb, arb]:
    """Enclose `chi_1 = weight_var E_q phi'^2` and `chi_2 = weight_var E_q phi''^2`.

    Raises:
        InputError: the activation has a kink; ask `LengthMap.chi_1` for the first alone.
    """
    chosen = LengthMap(activation, weight_var, 0)
    return chosen.chi_1(q, digits), chosen.chi_2(q, digits)


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """A fixed point, the slope of the map there, and whether it attracts: `<` 1 stable, `>` unstable, `?` open."""

    value: arb
    slope: arb
    order: Order

    @property
    def stability(self) -> str:
        """The same in a word."""
        return {"<": "stable", ">": "unstable", "?": "undecided"}[self.order]


@dataclass(frozen=True, slots=True)
class FixedPoints:
    """All fixed points on `[lower, upper]`, and in words how far that reaches and how it is known."""

    points: tuple[FixedPoint, ...]
    lower: arb
    upper: arb
    statement: str


def fixed_points(chosen: LengthMap, digits: int = 15, upper: Number | None = None) -> FixedPoints:
    """Enclose all fixed points of a length map between `bias_var` (below it there is none) and `upper`.

    For a bounded activation the default `upper` is the largest value of `V`, so that there are no others at all;
    else it is at least 16, and so large that `V(upper) < upper` if such a place is found below 10^6.

    Raises:
        InputError: the fixed points could not be separated (a double one, or every q is fixed).
    """
    with ctx.workprec(64):
        lower = _ball(chosen.bias_var).lower()
        top, reach = _upper_end(chosen, upper)
    points: list[FixedPoint] = []
    start = lower
    if not lower > 0:
        points, start = _at_zero(chosen, top)
    else:
        start = (lower * (1 - arb(2) ** -20)).mid()
    value, slope = _gap_functions(chosen, digits)
    found = all_roots(value, slope, (start, top), digits, geometric=True)
    for q in found.values:
        at = chosen.slope(q, digits)
        points.append(FixedPoint(q, at, compare(at, arb(1))))
    how = f"interval Newton and exclusion on [{lower.str(6, radius=False)}, {top.str(6, radius=False)}]; {reach}"
    return FixedPoints(tuple(points), lower, top, how)


def fixed_point(
    chosen: LengthMap, digits: int = 15, upper: Number | None = None, stable: bool = True
) -> FixedPoint:
    """Return the largest stable fixed point, or the largest unstable one.

    Raises:
        InputError: there is none on the bracket of `fixed_points`, or stability is undecided.
    """
    found = fixed_points(chosen, digits, upper)
    wanted = [p for p in found.points if p.order == ("<" if stable else ">")]
    if wanted:
        return wanted[-1]
    kind = "stable" if stable else "unstable"
    if any(p.order == "?" for p in found.points):
        raise InputError(
            "the stability of the fixed point of the variance is undecided: its slope encloses 1"
        )
    raise InputError(f"the length map has no {kind} fixed point ({found.statement})")


def _gap_functions(chosen: LengthMap, digits: int) -> tuple["_Gap", "_Gap"]:
    return _Gap(chosen, False, digits), _Gap(chosen, True, digits)


@dataclass(frozen=True, slots=True)
class _Gap:
    """`V(q) - q` or its derivative, to as many digits as the argument bears."""

    chosen: LengthMap
    derivative: bool
    digits: int

    def __call__(self, q: arb) -> arb:
        wide = q.rel_one_accuracy_bits() < 40 and not q.is_exact()
        few = 4 if wide else min(self.digits, int(ctx.prec / 3.33)) + 3
        if self.derivative:
            return self.chosen.slope(q, 4 if wide or not q.is_exact() else few) - 1
        value = self.chosen.V(q, few) - q
        if not wide:
            return value
        # The mean value form is sharper on a wide ball.
        middle = q.mid()
        slope = self.chosen.slope(q, 4) - 1
        if not slope.is_finite():
            return value
        centred = self.chosen.V(middle, 6) - middle + slope * (q - middle)
        return value.intersection(centred) if value.overlaps(centred) else value


def _upper_end(chosen: LengthMap, upper: Number | None) -> tuple[arb, str]:
    if upper is not None:
        return _ball(upper).upper(), "fixed points beyond are not excluded"
    bound = chosen.bound
    if bound is not None:
        return (
            bound * (1 + arb(2) ** -10)
        ).upper(), "V never exceeds the upper end, so there are no others"
    top = arb(16)
    while top < _LARGEST and not chosen.V(top.mid(), 6) < top:
        top *= 4
    top = top if top < _LARGEST else arb(16)
    return top, "fixed points beyond are not excluded"


def _at_zero(chosen: LengthMap, top: arb) -> tuple[list[FixedPoint], arb]:
    """Settle the neighbourhood of q = 0 for bias_var = 0; return the fixed point there, and where to go on.

    On `(0, d]` there is no fixed point if `V'` stays on one side of 1, as V(q) - q = q (V'(s) - 1) for V(0) = 0; if
    `V'(0) = 1` the same follows from a sign of `V''`.
    """
    if not _ball(chosen.bias_var).is_zero():
        raise InputError("the variance of the biases may be zero or not: give it exactly")
    if not chosen.V(0, 15).contains(0):
        return [], arb(2) ** -30
    at_zero = chosen.slope(0, 15)
    for exponent in range(1, 40, 2):
        end = (top * arb(2) ** -exponent).mid()
        near = arb(0).union(end)
        side = compare(chosen.slope(near, 6), arb(1))
        if side == "?" and compare(at_zero, arb(1)) == "?":
            side = compare(_curvature(chosen, near), arb(0))
        if side != "?":
            return [FixedPoint(arb(0), at_zero, side)], end
    raise InputError("fixed points near q = 0 could not be excluded")


def _curvature(chosen: LengthMap, q: arb) -> arb:
    """Enclose `V''(q) = weight_var E (phi^2)''''/4` for a smooth activation."""
    parts = pieces(chosen.expr)
    if len(parts) > 1:
        raise InputError("the slope at q = 0 is 1, and the activation has a kink: undecided")
    fourth = sp.diff(chosen.expr**2, X, 4)
    return _ball(chosen.weight_var) * moment(fourth).enclosed(q, 0, 6) / 4


def depth_scale(slope: arb) -> arb:
    """Enclose `-1/log |slope|`, the number of layers over which deviations shrink by e.

    Raises:
        InputError: the slope is 0, or not certainly below 1 in size.
    """
    size = abs(slope)
    if not size < 1:
        raise InputError("there is no depth scale: the slope is not below 1")
    if not size > 0:
        raise InputError("there is no depth scale: the slope may be zero")
    return -1 / size.log()


@dataclass(frozen=True, slots=True)
class CriticalPoint:
    """The point of the critical line `chi_1 = 1` at one bias variance: q, sigma_w, and what is known of others."""

    q: arb
    sigma_w: arb
    slope: arb
    statement: str


def critical_point(
    activation: Activation | sp.Expr,
    bias_var: Number,
    digits: int = 15,
    upper: Number | None = None,
    near: tuple[Number, Number] | None = None,
) -> CriticalPoint:
    """Enclose the sigma_w at which `chi_1 = 1` at the fixed point of the variance, for a given bias variance.

    The line is parametrised by q: `weight_var = 1/E_q phi'^2` and `bias_var = q - E_q phi^2/E_q phi'^2`; the second
    equation is solved by interval Newton on `[bias_var, upper]` with all roots there. `slope` is V'(q).
    With `near`, a bracket in q with a change of sign, the point there is enclosed, and others are not excluded, which
    is much faster at large q.

    Raises:
        InputError: there is no point, or more than one, on the bracket; or `E phi'^2` does not exist.
    """
    expr = activation.expr if isinstance(activation, Activation) else sp.sympify(activation)
    line = EdgeEquation(expr, bias_var)
    with ctx.workprec(64):
        lower = _ball(bias_var)
        if lower.is_zero():
            return _critical_at_zero(expr, digits)
        if near is not None:
            q = crossing(line.value, line.slope, near, digits)
            return _at(expr, line, q, digits, "a root on its bracket; others are not excluded")
        top = _beyond(line, 4 * lower.upper() + 4) if upper is None else _ball(upper).upper()
    start = (lower.lower() * (1 - arb(2) ** -20)).mid()
    found = all_roots(line.value, line.slope, (start, top), digits, geometric=True).values
    if len(found) != 1:
        raise InputError(
            f"the critical line has {len(found)} points at this bias variance for q up to {top.str(6)}"
        )
    how = f"the only q on [bias_var, {top.str(6, radius=False)}]"
    return _at(expr, line, found[0], digits, how)


def _at(expr: sp.Expr, line: "EdgeEquation", q: arb, digits: int, how: str) -> CriticalPoint:
    with ctx.workprec(math.ceil((digits + 8) * math.log2(10)) + 16):
        weight = 1 / line.second.enclosed(q, 0, digits + 4)
        at = LengthMap(expr, weight, line.bias_var).slope(q, digits)
        return CriticalPoint(q, weight.sqrt(), at, how)


def _critical_at_zero(expr: sp.Expr, digits: int) -> CriticalPoint:
    """Return the end of the line: q -> 0, `weight_var = 1/phi'(0)^2`, the mean of both sides at a kink."""
    parts = pieces(expr)
    sides = [p for p in parts if p.lower <= 0 and p.upper >= 0]
    squares = [sp.diff(p.expr, X).subs(X, 0) ** 2 for p in sides]
    mean = sp.Add(*squares) / len(squares)
    if expr.subs(X, 0) != 0 or not mean.is_finite or sp.simplify(mean) == 0:
        raise InputError(
            "the critical line has no point with zero bias variance at q -> 0: phi(0) = 0 != phi'(0) fails"
        )
    value = moment(sp.sympify(mean)).enclosed(1, 0, digits + 2)
    with ctx.workprec(math.ceil((digits + 4) * math.log2(10)) + 16):
        return CriticalPoint(
            arb(0), 1 / value.sqrt(), arb(1), "the end q -> 0 of the critical line"
        )


def _beyond(line: "EdgeEquation", top: arb) -> arb:
    while top < _LARGEST:
        if line.value(top.mid()) > 0:
            return top.mid()
        top *= 2
    raise InputError(
        "no critical point: q - E phi^2/E phi'^2 stays below the bias variance for q up to 10^6"
    )


class EdgeEquation:
    """`q E phi'^2 - E phi^2 - bias_var E phi'^2`, zero on the edge, and its derivative, as functions of balls."""

    def __init__(self, expr: sp.Expr, bias_var: Number) -> None:
        self.bias_var = bias_var
        self.first, self.second = moment(phi**2, expr), moment(dphi**2, expr)
        self.first_slope = moment(dphi**2 + phi * d2phi, expr)
        self.smooth = len(pieces(expr)) == 1
        self.second_slope = moment(d2phi**2 + dphi * d3phi if self.smooth else X**2 * dphi**2, expr)

    def value(self, q: arb) -> arb:
        """Enclose the left side."""
        digits = _digits_for(q)
        second = self.second.enclosed(q, 0, digits)
        value = (q - _ball(self.bias_var)) * second - self.first.enclosed(q, 0, digits)
        if q.is_exact() or q.rel_one_accuracy_bits() > 40:
            return value
        centred = self.value(q.mid()) + self.slope(q) * (q - q.mid())
        return (
            value.intersection(centred)
            if centred.is_finite() and value.overlaps(centred)
            else value
        )

    def slope(self, q: arb) -> arb:
        """Enclose its derivative."""
        digits = 6
        return (
            self.second.enclosed(q, 0, digits)
            + (q - _ball(self.bias_var)) * self.second_change(q, digits)
            - self.first_slope.enclosed(q, 0, digits)
        )

    def second_change(self, q: arb, digits: int = 6) -> arb:
        """Enclose the derivative of `E_q phi'^2` in q; with kinks, q must not be 0."""
        change = self.second_slope.enclosed(q, 0, digits)
        if self.smooth:
            return change
        return (change / q - self.second.enclosed(q, 0, digits)) / (2 * q)


def _digits_for(q: arb) -> int:
    if q.is_exact():
        return max(6, int(ctx.prec / 3.33))
    return max(4, min(int(ctx.prec / 3.33), int(q.rel_one_accuracy_bits() / 3.33) + 3))


def critical_line(
    activation: Activation | sp.Expr, qs: Sequence[float] | NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return `sigma_w` and `sigma_b` along the critical line at the variances `qs`, in double precision, for plots.

    Where `bias_var = q - E phi^2/E phi'^2` is negative there is no such network, and `sigma_b` is nan.
    """
    first, second = moment(phi**2, activation), moment(dphi**2, activation)
    values = np.array([(_both(first, second, float(q))) for q in qs])
    ratio = np.asarray(qs) - values[:, 0] / values[:, 1]
    biases = np.sqrt(np.where(ratio >= 0, ratio, np.nan))
    return 1 / np.sqrt(values[:, 1]), biases


def _both(first: Moment, second: Moment, q: float) -> tuple[float, float]:
    return first.number(q), second.number(q)


def _ball(value: Number) -> arb:
    return value if isinstance(value, arb) else exact(value)
