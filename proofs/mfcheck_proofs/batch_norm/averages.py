"""Averages over coordinates of the sphere of a batch as integrals, and certificates of them, for `batch_norm`.

With z = sqrt(B-1) sin s one coordinate has the density cos(s)^(B-3); two are z = sin s (sqrt((B-2)/2) cos t +- sqrt(B/2)
sin t) with the density cos(s)^(B-4) sin s, t uniform. A series sum w_k a_k^2 over all k, a_k = E phi R_k/|R_k|, is the sum
over some k and at most the largest |w_k| times what these leave of sum a_k^2 = E phi^2, or of sum k(k+B-3) a_k^2 =
E (B-1-z^2) phi'^2.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy as sp
from flint import arb, ctx

from mfcheck.checks.certify import ends_of
from mfcheck.rigor import certificate
from mfcheck.rigor.certificate import Certificate, Ends
from mfcheck.symbolic.activation import X

Parts = dict[str, Certificate]
Squares = Mapping[int, sp.Expr]
s, t = sp.symbols("s t", real=True)
Z1, Z2 = sp.symbols("Z1 Z2", real=True)
NAMES = SQUARE, OWN, OTHER, PRODUCT = sp.symbols("square own other product", real=True)
LEFT, MORE = sp.symbols("left more", real=True)
"""Shares of what the terms leave."""
DIGITS, RATE_DIGITS = 7, 6
"""In which integral and series are compared: averages, and the rate."""


def polynomials(x: Any, b: Any, count: int) -> list[Any]:
    """Return R_k = C_k(x)/C_k(1) for k = 0..count, in numbers or symbols: R_0 = 1, R_1 = x."""
    found = [x**0, x]
    for k in range(1, count):
        found.append(((2 * k + b - 3) * x * found[k] - k * found[k - 1]) / (k + b - 3))
    return found[: count + 1]


@dataclass(frozen=True)
class Averages:
    """Averages for an activation that is analytic near the values: formulas, coefficients a_k, and values by name."""

    expr: sp.Expr
    batch: int
    coefficients: Sequence[arb] = ()
    values: Mapping[sp.Symbol, arb] = field(default_factory=dict)

    @cached_property
    def symmetric(self) -> bool:
        """Whether the activation is even or odd: half of each interval of angles is enough."""
        return self.expr.subs(X, -X) in (self.expr, -self.expr)

    def line(self, body: sp.Expr) -> sp.Expr:
        """E f(z), f even if the activation is symmetric."""
        power = self.batch - 3
        norm = sp.sqrt(sp.pi) * sp.gamma(sp.Rational(power + 1, 2)) / sp.gamma(sp.Rational(power, 2) + 1)
        inside = body.subs(X, sp.sqrt(self.batch - 1) * sp.sin(s)) * sp.cos(s) ** power
        start, share = (0, 2) if self.symmetric else (-sp.pi / 2, 1)
        return share * sp.Integral(inside, (s, start, sp.pi / 2)) / norm

    def plane(self, body: sp.Expr) -> sp.Expr:
        """E f(z1, z2), f symmetric: the angles t and -t exchange z1 and z2, and pi - t changes both signs as well."""
        u, v = sp.sqrt(sp.Rational(self.batch - 2, 2)) * sp.cos(t), sp.sqrt(sp.Rational(self.batch, 2)) * sp.sin(t)
        at = {Z1: sp.sin(s) * (u + v), Z2: sp.sin(s) * (u - v)}
        end = sp.pi / 2 if self.symmetric else sp.pi
        density = (self.batch - 3) * sp.cos(s) ** (self.batch - 4) * sp.sin(s)
        return sp.Integral(density * sp.Integral(body.subs(at), (t, 0, end)), (s, 0, sp.pi / 2)) / end

    def formula(self, name: sp.Symbol) -> sp.Expr:
        """E phi^2; E (B-1-z^2) phi'^2; E phi phi and E (1 + z1 z2) phi' phi' of two coordinates."""
        f, df = self.expr, sp.diff(self.expr, X)
        if name in (SQUARE, OWN):
            return self.line(f**2 if name == SQUARE else (self.batch - 1 - X**2) * df**2)
        g, weight = (f, 1) if name == PRODUCT else (df, 1 + Z1 * Z2)
        return self.plane(weight * g.subs(X, Z1) * g.subs(X, Z2))

    def sum(self, squares: Squares, weight: Callable[[int, sp.Rational], sp.Expr | int]) -> sp.Expr:
        """Sum weight(k, r_k) a_k^2 over the given k, r_k = C_k(rho)/C_k(1)."""
        r = polynomials(sp.Rational(-1, self.batch - 1), self.batch, max(squares))
        return sum((weight(k, r[k]) * a for k, a in squares.items()), sp.Integer(0))

    @property
    def unit(self) -> arb:
        """The last digit in which averages are compared."""
        return min(abs(self.values[name]).lower() for name in (SQUARE, PRODUCT)) * arb(10) ** -DIGITS

    @cached_property
    def _stated(self) -> Parts:
        rooms = {x: share * self.unit for x, share in {SQUARE: 0.05, OWN: 0.05, PRODUCT: 0.5}.items()}
        rooms[OTHER] = 0.2 * arb(10) ** -RATE_DIGITS * self.values[OWN]  # it is in the rate alone
        with ctx.workdps(40):
            return {x.name: stated(self.formula(x), self.values[x], room) for x, room in rooms.items()}

    def parts(self, *names: sp.Symbol) -> Parts:
        """Parts that bound averages."""
        return {x.name: self._stated[x.name] for x in names}

    def degrees(self) -> list[int]:
        """Return the k that count."""
        most, most_slopes = 0.35 * float(self.unit), 0.25 * 10**-RATE_DIGITS * float(self.values[OWN])
        sizes = [float(abs(a).upper()) ** 2 for a in self.coefficients]
        last, left, slopes = len(sizes), 0.0, 0.0
        while last and left <= most and slopes <= most_slopes:
            last -= 1
            left, slopes = left + sizes[last], slopes + last * (last + self.batch - 3) * sizes[last]
        return [k for k, size in enumerate(sizes[: last + 1]) if (k * k + 1) * size > most / 20]

    def squares(self) -> tuple[Parts, Squares]:
        """Parts that bound E phi R_k, and a_k^2 in terms of them, for all k that count."""
        parts, found = self._squares
        return dict(parts), found

    @cached_property
    def _squares(self) -> tuple[Parts, Squares]:
        with ctx.workdps(40):
            return self._written()

    def _written(self) -> tuple[Parts, Squares]:
        parts, found = {}, {}
        for k in self.degrees():
            a = self.coefficients[k]
            # R_k = C_k(x)/C_k(1), and C_k(1) = (B-3)_k/k!; E R_k^2 = (B-3) k!/((2k+B-3) (B-3)_k)
            scale = sp.factorial(k) / sp.rf(self.batch - 3, k)
            row = sp.polys.orthopolys.gegenbauer_poly(k, sp.Rational(self.batch - 3, 2), X) * scale
            row = sp.horner(sp.expand(row)).subs(X, X / sp.sqrt(self.batch - 1))
            size = sp.Rational(self.batch - 3, 2 * k + self.batch - 3) * scale
            name, root = sp.Symbol(f"c_{k}", real=True), (arb(int(size.p)) / int(size.q)).sqrt()
            room = 0.04 * self.unit * root / (2 * abs(a) * (k * k + 1))
            parts[name.name] = stated(self.line(self.expr * row), a * root, room)
            found[k] = name**2 / size
        return parts, found


def stated(formula: sp.Expr, value: arb, room: arb) -> Certificate:
    """Return the certificate that a formula has this value, give or take some room."""
    digits = -math.ceil(math.log10(float(room)))
    return certificate.inequality(formula, {}, *ends_of(value + arb(0, room), digits), digits=digits)


def same(parts: Parts, sides: Mapping[str, sp.Expr], value: arb, digits: int, shares: Mapping[str, Ends]) -> Parts:
    """Add the parts that both sides lie between the same bounds, for all shares of what is left over."""
    with ctx.workdps(40):
        ends = ends_of(value, digits)
        for name, side in sides.items():
            names = {x.name for x in side.free_symbols}
            inputs = {x: shares.get(x, x) for x in sorted(names)}
            parts[name] = certificate.inequality(side, inputs, *ends, digits=digits + 3)
    return parts


def one(averages: Averages) -> Parts:
    """E phi^2 and the sum of a_k^2, which is between the sum over some k and E phi^2."""
    parts, squares = averages.squares()
    parts |= averages.parts(SQUARE)
    sides = {"integral": SQUARE, "series": sum(squares.values())}
    return same(parts, sides, averages.values[SQUARE], DIGITS, {})


def two(averages: Averages) -> Parts:
    """E phi(z1) phi(z2), and the sum of r_k a_k^2: |r_k| <= 1."""
    parts, squares = averages.squares()
    parts |= averages.parts(SQUARE, PRODUCT)
    series = averages.sum(squares, lambda _, r: r) + LEFT * (SQUARE - averages.sum(squares, lambda *_: 1))
    sides = {"integral": PRODUCT, "series": series}
    return same(parts, sides, averages.values[PRODUCT], DIGITS, {"left": ("-1", "1")})


def rate(averages: Averages, found: arb) -> Parts:
    """The rate: (own + other)/((B-3) (square - product)), and by series, as 0 <= 1 - r_k <= 2."""

    def degree(k: int, _: sp.Rational) -> sp.Expr:
        return sp.Integer(k * (k + averages.batch - 3))

    parts, squares = averages.squares()
    parts |= averages.parts(*NAMES)
    top = averages.sum(squares, lambda k, r: degree(k, r) * (1 - r)) + MORE * (OWN - averages.sum(squares, degree))
    below = averages.sum(squares, lambda _, r: 1 - r) + LEFT * (SQUARE - averages.sum(squares, lambda *_: 1))
    size = averages.batch - 3
    sides = {"integral": (OWN + OTHER) / (size * (SQUARE - PRODUCT)), "series": top / (size * below)}
    return same(parts, sides, found, RATE_DIGITS, {"left": ("0", "2"), "more": ("0", "2")})
