"""Certified values of the residual and the fully connected kernel, at points and on intervals (2403.04545, Section 3).

Two facts keep the balls small at any depth. The map `rho -> rho + a (k1(rho) - rho)` has slope `1 - a theta/pi`
in [0, 1], so an error of rho never grows. And r_L is a power series in u with coefficients >= 0 (k0 and k1 are,
and sums, products and compositions keep that), so that its even part grows with |u| and its odd part with u.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from flint import arb, arb_series, ctx

from mfcheck.errors import InputError
from mfcheck.kernels import formulas as f
from mfcheck.kernels.rntk import check_depth
from mfcheck.rigor.ball import Exact, exact
from mfcheck.rigor.integrate import check_digits
from mfcheck.rigor.program import program

Number: TypeAlias = arb | Exact


@dataclass(frozen=True)
class Kernel:
    """A normalised residual kernel: depth and `a = alpha^2 / (1 + alpha^2)`, as a ball in [0, 1]."""

    depth: int
    a: arb
    digits: int

    @property
    def prec(self) -> int:
        """Working bits: an error of size e in rho is one of size sqrt(e) in the angle at the ends of [-1, 1]."""
        return int(2 * self.digits * math.log2(10)) + 2 * self.depth.bit_length() + 32

    def __call__(self, u: arb) -> arb:
        """Enclose r_L on a ball of cosines, tight on intervals of any width.

        Raises:
            InputError: the ball does not meet [-1, 1].
        """
        with ctx.workprec(self.prec):
            lower, upper = _ends(u)
            if lower == upper:
                return self.at(1 - lower)
            return _on_interval(lambda x: self.at(1 - x), lower, upper)

    def at(self, v: arb) -> arb:
        """Enclose r_L at `u = 1 - v` for an exact or narrow `v` in [0, 2]."""
        with ctx.workprec(self.prec):
            return _forward(v, self.a, self.depth) / self.depth

    def correlation_gap(self, v: arb) -> arb:
        """Enclose `1 - rho_L` at `u = 1 - v`."""
        with ctx.workprec(self.prec):
            middle, radius = v.mid(), v.rad()
            layer = Layer.here()
            for _ in range(self.depth):
                middle, radius = layer.next(middle, radius, layer.at(middle), self.a)
            return arb(middle, radius)

    def all_layers(self, u: arb) -> arb:
        """Enclose the kernel of a network whose first and last layers are trained too, divided by its value at u = 1.

        It is `(rho_L + u B_1 + 2 a L r_L) / (2 (1 + a L))` with `B_1 = d rho_L/du`, the product of all slopes, at an
        exact or narrow cosine u (Tirer, Bruna, Giryes 2022).
        """
        with ctx.workprec(self.prec):
            layer, middle, radius, product = Layer.here(), (1 - u).mid(), (1 - u).rad(), arb(1)
            for _ in range(self.depth):
                angle = layer.at(middle)
                product *= layer.slope(angle + layer.error(radius), self.a)
                middle, radius = layer.next(middle, radius, angle, self.a)
            rho, clock = 1 - arb(middle, radius), self.a * self.depth
            return (rho + u * product + 2 * clock * self(u)) / (2 * (1 + clock))


def kernel(depth: int, alpha_squared: Number, digits: int = 20) -> Kernel:
    """Return the certified residual kernel of that depth and alpha^2.

    Raises:
        InputError: depth below 1, alpha^2 negative or not finite, or too many digits.
    """
    check_digits(digits)
    depth = check_depth(depth)
    with ctx.workprec(int(2 * digits * math.log2(10)) + 2 * depth.bit_length() + 32):
        square = alpha_squared if isinstance(alpha_squared, arb) else exact(alpha_squared)
        if not (square.is_finite() and square >= 0):
            raise InputError(f"alpha^2 must be a finite number >= 0, got {square.str(8)}")
        return Kernel(depth, square / (1 + square), digits)


def taylor(depth: int, a: arb, count: int) -> list[arb]:
    """Enclose the first `count` Taylor coefficients of r_L at u = 0, at the present working precision.

    Args:
        depth: L >= 1.
        a: alpha^2 / (1 + alpha^2).
        count: how many.
    """
    old = ctx.cap
    ctx.cap = count
    try:
        at, total = arb_series([0, 1]), arb_series([0])
        for _ in range(depth):
            k0 = arb(1) / 2 + at.asin() / arb.pi()
            k1 = at * k0 + (1 - at * at).sqrt() / arb.pi()
            total = (1 - a * (1 - k0)) * total + (k1 + at * k0) / 2
            at = at + a * (k1 - at)
        return [total[i] / depth for i in range(count)]
    finally:
        ctx.cap = old


def enclose_fully_connected(u: arb, depth: int, digits: int = 20) -> arb:
    """Enclose the fully connected kernel of `depth` hidden layers, divided by its value at u = 1; tight on intervals.

    Raises:
        InputError: depth below 1, too many digits, or a ball that does not meet [-1, 1].
    """
    check_digits(digits)
    depth = check_depth(depth)
    with ctx.workprec(int(2 * digits * math.log2(10)) + 2 * depth.bit_length() + 32):
        lower, upper = _ends(u)
        if lower == upper:
            return _fully_connected(lower, depth)
        return _on_interval(lambda x: _fully_connected(x, depth), lower, upper)


@dataclass(frozen=True)
class Layer:
    """The formulas of one layer as ball programs of the present working precision."""

    angle: Callable[[arb], arb]
    gap: Callable[[arb], arb]
    half_term: Callable[[arb], arb]
    slope: Callable[[arb, arb], arb]
    k0: Callable[[arb], arb]
    pi: arb

    @classmethod
    def here(cls) -> "Layer":
        """Compile the formulas."""
        at = (f.theta,)
        return cls(
            program(f.ANGLE, (f.v,)),
            program(f.GAP, at),
            program(f.HALF_TERM, at),
            program(f.SLOPE, (f.theta, f.a)),
            program(f.K0, at),
            arb.pi(),
        )

    def at(self, v: arb) -> arb:
        """Enclose theta at `v`; beyond a right angle from the other end, where the arcsine is smooth."""
        if v <= 1:
            return self.angle(v.max(_ZERO))
        return self.pi - self.angle((2 - v).max(_ZERO))

    def error(self, radius: arb) -> arb:
        """Enclose how far `radius` moves theta: |dv| >= 2 sin^2(d theta/2), so |d theta| <= pi (|dv|/2)^(1/2)."""
        return _ZERO if radius.is_zero() else arb(0, (self.pi * (radius / 2).sqrt()).upper())

    def next(self, middle: arb, radius: arb, angle: arb, a: arb) -> tuple[arb, arb]:
        """Return `v - a GAP` as middle and radius; the exact map is a contraction, so rounding alone adds to it."""
        new = middle - a * self.gap(angle)
        return new.mid(), (radius + new.rad()).upper()


_ZERO = arb(0)


def _forward(v: arb, a: arb, depth: int) -> arb:
    """Enclose `R_L / 2`; the slope of `HALF_TERM` in the angle is at most 2/3, here rounded up to 1."""
    layer, middle, radius, total = Layer.here(), v.mid(), v.rad(), arb(0)
    for _ in range(depth):
        angle, error = layer.at(middle), layer.error(radius)
        total = layer.slope(angle + error, a) * total + layer.half_term(angle) + error
        middle, radius = layer.next(middle, radius, angle, a)
    return total


def _fully_connected(u: arb, depth: int) -> arb:
    layer, middle, radius, total, one = Layer.here(), (1 - u).mid(), (1 - u).rad(), u, arb(1)
    for _ in range(depth):
        angle, error = layer.at(middle), layer.error(radius)
        middle, radius = layer.next(middle, radius, angle, one)
        total = total * layer.k0(angle + error) + 1 - arb(middle, radius)
    return total / (depth + 1)


def _ends(u: arb) -> tuple[arb, arb]:
    unit = arb(0, 1)
    if not u.is_finite() or not u.overlaps(unit):
        raise InputError(f"cosines lie in [-1, 1], not at {u.str(8)}")
    if u.is_exact():
        return u, u
    return u.lower().max(arb(-1)), u.upper().min(arb(1))


def _on_interval(value: Callable[[arb], arb], lower: arb, upper: arb) -> arb:
    """Enclose a power series with coefficients >= 0 on an interval, from values at points."""
    if lower >= 0:
        return value(lower).union(value(upper))
    at_lower, at_upper = _parts(value, lower), _parts(value, upper)
    even = at_lower[0].union(at_upper[0])
    if upper > 0:
        even = even.union(value(arb(0)))
    return even + at_lower[1].union(at_upper[1])


def _parts(value: Callable[[arb], arb], u: arb) -> tuple[arb, arb]:
    plus, minus = value(u), value(-u)
    return (plus + minus) / 2, (plus - minus) / 2
