"""Certified `E f(u) g(v)` for centred Gaussians of variances q1, q2 and correlation c.

Closed: signed powers `|x|^p`, `sign(x) |x|^p` (so relu and its powers, leaky relu, sign, steps at 0, polynomials);
erf(a x) with x and with exp(-a^2 x^2). By one integral over c: functions that are constant, or linear and
continuous, between cuts (stairs, hard tanh). Everything else by Hermite coefficients
`a_k = E f(sqrt(q) z) h_k(z)`: `E f g = sum a_k b_k c^k`, whose tail from n on is at most
`|c|^n sqrt((E f^2 - sum a_k^2)(E g^2 - sum b_k^2))`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import sympy as sp
from flint import acb, arb, arb_poly, ctx

from mfcheck.errors import InputError
from mfcheck.gaussian._incomplete import closed_terms
from mfcheck.gaussian._strip import tail_mass
from mfcheck.gaussian.expectations import Number, expectation
from mfcheck.gaussian.hermite import MAX_COUNT
from mfcheck.gaussian.moments import specialised
from mfcheck.rigor.ball import enclose, exact
from mfcheck.rigor.germs import UnknownTailError
from mfcheck.rigor.integrate import check_digits, parity
from mfcheck.rigor.pieces import Piece, differs_from_zero, pieces
from mfcheck.rigor.quadrature import hermite_integrals
from mfcheck.symbolic.activation import Activation, X

_COUNTS = (64, 256, 1024, MAX_COUNT)
_LOG2_10 = math.log2(10)
_EVALUATIONS = 100_000


def pair(f: sp.Expr, g: sp.Expr, q1: Number, q2: Number, c: Number, digits: int = 15) -> arb:
    """Enclose `E f(u) g(v)`, the radius about `10^-digits sqrt(E f^2 E g^2)` for exact arguments.

    Arguments may be balls; a kinked function without a closed form may reach fewer digits near abs(c) = 1.

    Raises:
        InputError: abs(c) > 1, a negative variance, or a second moment that is not known to be finite.
    """
    check_digits(digits)
    f, g = sp.sympify(f), sp.sympify(g)
    with ctx.workprec(math.ceil((digits + 8) * _LOG2_10) + 48):
        variances = [_ball(q1), _ball(q2)]
        correlation = _within(_ball(c))
        if any(q < 0 for q in variances):
            raise InputError("the variance of a Gaussian must not be negative")
        if f == g and q1 is q2 and correlation == 1:
            return expectation(f**2, q1, 0, digits)
        if any(q.is_zero() for q in variances) or correlation.is_zero():
            return expectation(f, q1, 0, digits + 2) * expectation(g, q2, 0, digits + 2)
        for method in (_signed_powers, _error_functions, _splines):
            value = method(f, g, variances, correlation, digits)
            if value is not None and value.is_finite():
                return value
        return _by_series(f, g, variances, correlation, digits)


def _ball(value: Number) -> arb:
    return value if isinstance(value, arb) else exact(value)


def _within(c: arb) -> arb:
    unit = arb(0, 1)
    if not c.is_finite() or not c.overlaps(unit):
        raise InputError(f"a correlation lies in [-1, 1], not at {c.str(8)}")
    return c if unit.contains(c) else c.intersection(unit)


@dataclass(frozen=True, slots=True)
class _Power:
    """`even |x|^p + odd sign(x) |x|^p`."""

    p: sp.Rational
    even: sp.Expr
    odd: sp.Expr


@lru_cache(maxsize=256)
def signed_powers(f: sp.Expr) -> tuple[_Power, ...] | None:
    """Read a function as a sum of signed powers, None if it is not one."""
    parts = pieces(f)
    if len(parts) > 2 or (len(parts) == 2 and parts[0].upper != 0):
        return None
    right = closed_terms(parts[-1].expr)
    left = closed_terms(parts[0].expr.subs(X, -X))
    if left is None or right is None or any(rate != 0 for _, _, rate in (*left, *right)):
        return None
    sides: list[dict[sp.Rational, sp.Expr]] = [{}, {}]
    for side, terms in zip(sides, (left, right), strict=True):
        for number, power, _ in terms:
            side[power] = side.get(power, sp.Integer(0)) + number
    powers = sorted(set(sides[0]) | set(sides[1]))
    if any(not 2 * p > -1 for p in powers):
        raise InputError("the second moment of the function is infinite")
    zero = sp.Integer(0)
    return tuple(
        _Power(
            p,
            (sides[1].get(p, zero) + sides[0].get(p, zero)) / 2,
            (sides[1].get(p, zero) - sides[0].get(p, zero)) / 2,
        )
        for p in powers
    )


def _signed_powers(f: sp.Expr, g: sp.Expr, q: list[arb], c: arb, _digits: int) -> arb | None:
    """Use `E |u|^a |v|^b = m_a m_b F(-a/2, -b/2; 1/2; c^2)` and
    `E sign(uv) |u|^a |v|^b = c m_(a+1) m_(b+1) F((1-a)/2, (1-b)/2; 3/2; c^2)` at variance 1.
    """
    first, second = signed_powers(f), signed_powers(g)
    if first is None or second is None:
        return None
    total = arb(0)
    for s in first:
        for t in second:
            scale = _power_of(q[0], s.p / 2) * _power_of(q[1], t.p / 2)
            if (even := s.even * t.even) != 0:
                total += enclose(even, prec=ctx.prec) * scale * even_powers(s.p, t.p, c)
            if (odd := s.odd * t.odd) != 0:
                total += enclose(odd, prec=ctx.prec) * scale * odd_powers(s.p, t.p, c)
    return total


def _power_of(q: arb, p: sp.Rational) -> arb:
    if p.is_Integer:
        result = arb(1)
        for _ in range(int(p)):
            result *= q
        return result
    return (q.log() * enclose(p, prec=ctx.prec)).exp()


def absolute_moment(p: sp.Rational) -> arb:
    """Enclose `E |z|^p = 2^(p/2) Gamma((p+1)/2) / sqrt(pi)`, p > -1, at the working precision."""
    half = enclose(p, prec=ctx.prec) / 2
    return (half * arb(2).log()).exp() * (half + arb(1) / 2).gamma() / arb.pi().sqrt()


def even_powers(a: sp.Rational, b: sp.Rational, c: arb) -> arb:
    """Enclose `E |u|^a |v|^b` at variance 1 and correlation c."""
    size = absolute_moment(a) * absolute_moment(b)
    return size * _hypergeometric(-a / 2, -b / 2, sp.Rational(1, 2), c)


def odd_powers(a: sp.Rational, b: sp.Rational, c: arb) -> arb:
    """Enclose `E sign(uv) |u|^a |v|^b` at variance 1 and correlation c."""
    size = absolute_moment(a + 1) * absolute_moment(b + 1)
    return c * size * _hypergeometric((1 - a) / 2, (1 - b) / 2, sp.Rational(3, 2), c)


def _hypergeometric(a: sp.Rational, b: sp.Rational, d: sp.Rational, c: arb) -> arb:
    if a == 0 or b == 0:
        return arb(1)
    numbers = [enclose(number, prec=ctx.prec) for number in (a, b, d)]
    square = c * c
    if square.is_exact() or (square < 1 and square.rad() < arb(2) ** -20):
        return square.hypgeom_2f1(*numbers)
    # F is monotone in c^2, as its derivative (ab/d) F(a+1, b+1; d+1) has one sign for these a = b.
    if a != b:
        return square.hypgeom_2f1(*numbers)
    ends = [square.abs_lower(), square.abs_upper().min(arb(1))]
    return ends[0].hypgeom_2f1(*numbers).union(ends[1].hypgeom_2f1(*numbers))


def _error_functions(f: sp.Expr, g: sp.Expr, q: list[arb], c: arb, _digits: int) -> arb | None:
    first, second = _erf_kind(f), _erf_kind(g)
    if first is None or second is None:
        return None
    (n1, kind1, a), (n2, kind2, b) = first, second
    scale = enclose(n1 * n2, prec=ctx.prec)
    a2, b2 = enclose(a, prec=ctx.prec), enclose(b, prec=ctx.prec)
    covariance = c * (q[0] * q[1]).sqrt()
    wide = [1 + 2 * a2 * a2 * q[0], 1 + 2 * b2 * b2 * q[1]]
    if kind1 == kind2 == "erf":
        argument = 2 * a2 * b2 * covariance / (wide[0] * wide[1]).sqrt()
        return scale * 2 / arb.pi() * argument.asin()
    if kind1 == kind2 == "exp":
        return scale / (wide[0] * wide[1] - (2 * a2 * b2 * covariance) ** 2).sqrt()
    if kind1 != kind2 and "exp" not in (kind1, kind2):
        slope, spread = (a2, wide[0]) if kind1 == "erf" else (b2, wide[1])
        return scale * 2 * slope * covariance / (arb.pi() * spread).sqrt()
    return arb(0) if {kind1, kind2} != {"exp"} else None


def _erf_kind(f: sp.Expr) -> tuple[sp.Expr, str, sp.Expr] | None:
    """Read `n erf(a x)`, `n exp(-a^2 x^2)` or `n x`."""
    number, rest = f.as_independent(X, as_Add=False)
    if rest == X:
        return number, "x", sp.Integer(0)
    if isinstance(rest, sp.erf) and (rest.args[0] / X).is_constant(X):
        return number, "erf", rest.args[0] / X
    if isinstance(rest, sp.exp) and (rest.args[0] / X**2).is_constant(X):
        rate = -rest.args[0] / X**2
        return (number, "exp", sp.sqrt(rate)) if rate.is_positive else None
    return None


@dataclass(frozen=True, slots=True)
class Spline:
    """A function whose derivative of order `order` (1 or 2) is a sum of point masses."""

    order: int
    cuts: tuple[sp.Expr, ...]
    weights: tuple[sp.Expr, ...]


@lru_cache(maxsize=256)
def spline(f: sp.Expr) -> Spline | None:
    """Read a function constant between cuts (order 1), or linear and continuous (order 2), else None."""
    parts = pieces(f)
    slopes = [sp.simplify(sp.diff(part.expr, X)) for part in parts]
    if len(parts) == 1 or any(slope.free_symbols for slope in slopes):
        return None
    jumps = [
        sp.simplify((right.expr - left.expr).subs(X, left.upper)) for left, right in pairwise(parts)
    ]
    cuts = tuple(part.upper for part in parts[:-1])
    if all(slope == 0 for slope in slopes):
        return Spline(1, cuts, tuple(jumps))
    if any(differs_from_zero(jump) for jump in jumps):
        return None
    changes = tuple(right - left for left, right in pairwise(slopes))
    return Spline(2, cuts, changes)


def _splines(f: sp.Expr, g: sp.Expr, q: list[arb], c: arb, digits: int) -> arb | None:
    """Integrate `d^k/dC^k E f g = sum w_i w_j n(g_i, g_j; t)`, the density of the pair, from 0 to c."""
    first, second = spline(f), spline(g)
    if first is None or second is None or first.order != second.order or not abs(c) < 1:
        return None
    roots = [value.sqrt() for value in q]
    masses = _masses(first, second, roots)
    means = [expectation(h, value, 0, digits + 4) for h, value in ((f, q[0]), (g, q[1]))]
    total = means[0] * means[1]
    order = first.order
    if order == 2:
        total += (
            c * roots[0] * roots[1] * _mean_slope(f, q[0], digits) * _mean_slope(g, q[1], digits)
        )

    def integrand(t: acb, _analytic: bool) -> acb:
        rest = 1 - t * t
        if not rest.real > 0:
            return acb(arb.nan())
        value = acb(0)
        for a, b, weight in masses:
            value += weight * (-(a * a + b * b - 2 * a * b * t) / (2 * rest)).exp()
        value *= rest.rsqrt() / (2 * arb.pi())
        return value * (c - t) if order == 2 else value

    unit = arb(10) ** -(digits + 4)
    result = acb.integral(
        integrand, acb(0), acb(c), abs_tol=unit, rel_tol=unit, eval_limit=_EVALUATIONS
    )
    return total + result.real


def _masses(first: Spline, second: Spline, roots: list[arb]) -> list[tuple[arb, arb, arb]]:
    """Return the places and weights of all pairs of point masses, in units of the deviations."""
    sides = []
    for part, root in zip((first, second), roots, strict=True):
        scale = root if part.order == 2 else arb(1)
        sides.append(
            [
                (enclose(cut, prec=ctx.prec) / root, enclose(weight, prec=ctx.prec) * scale)
                for cut, weight in zip(part.cuts, part.weights, strict=True)
            ]
        )
    return [(a, b, v * w) for a, v in sides[0] for b, w in sides[1]]


def _mean_slope(f: sp.Expr, q: arb, digits: int) -> arb:
    return expectation(sp.expand(X * f), q, 0, digits + 4) / q


@dataclass(frozen=True, slots=True)
class HermiteSeries:
    """The products `a_k b_k`, k < count, and bounds of the later `sum |a_k b_k|`, `sum k |a_k b_k|`."""

    products: arb_poly
    count: int
    tail: arb

    def value(self, c: arb) -> arb:
        """Enclose the sum at a correlation, by the mean value form on wide balls."""
        middle = c.mid()
        value = self.products(middle)
        if not c.is_exact():
            value += self.products.derivative()(c) * (c - middle)
        size = c.abs_upper().min(arb(1))
        return value + arb(0, (self.tail * _natural(size, self.count)).upper())


def _natural(x: arb, n: int) -> arb:
    result = arb(1)
    while n:
        if n & 1:
            result *= x
        n >>= 1
        x = x * x
    return result


@lru_cache(maxsize=256)
def series(
    f: sp.Expr, g: sp.Expr, q1: sp.Rational, q2: sp.Rational, count: int, digits: int
) -> HermiteSeries:
    """Return the Hermite series of a pair of functions at exact variances."""
    a, left = hermite_at(f, q1, count, digits)
    b, right = (a, left) if (f, q1) == (g, q2) else hermite_at(g, q2, count, digits)
    products = arb_poly([x * y for x, y in zip(a, b, strict=True)])
    return HermiteSeries(products, count, (left.upper() * right.upper()).sqrt().upper())


@lru_cache(maxsize=256)
def hermite_at(f: sp.Expr, q: sp.Rational, count: int, digits: int) -> tuple[list[arb], arb]:
    """Return `a_k = E f(sqrt(q) z) h_k(z)`, k < count, at an exact variance, and the later `sum a_k^2`.

    Radii are about `10^-digits`.

    Raises:
        InputError: `E f^2` is not known to be finite, or the function varies too fast.
    """
    scale, symmetry = sp.sqrt(q / 2), parity(f)
    parts = [Piece(p.lower / scale, p.upper / scale, p.expr.subs(X, X * scale)) for p in pieces(f)]
    with ctx.workprec(math.ceil((2 * digits + 12) * _LOG2_10) + count.bit_length()):
        variance = enclose(q, prec=ctx.prec)
        cutoff, outside = _cutoff(f, variance, digits)
        a = hermite_integrals(parts, count, cutoff, digits + 2, symmetry)
        error = arb(0, outside.sqrt().upper())
        a = [arb(0) if symmetry == (-1) ** (k + 1) else x + error for k, x in enumerate(a)]
        total = expectation(f**2, q, 0, min(2 * digits, 900))
        return a, (total - sum((x * x for x in a), arb(0))).nonnegative_part()


def _cutoff(f: sp.Expr, q: arb, digits: int) -> tuple[int, arb]:
    """Return R, and a bound below `10^(-2 digits)` of `E[f^2; sqrt2 |z| > R]`, of which `a_k` misses the root."""
    ends = [part.expr**2 for part in pieces(f)]
    farthest = max((float(enclose(p.upper).abs_upper()) for p in pieces(f)[:-1]), default=0.0)
    beyond = (max(9.0, farthest) + 0.5) / float(q.sqrt())
    radius = max(beyond, math.sqrt(4 * (digits + 1) * math.log(10)))
    for _ in range(60):
        cutoff = math.ceil(radius * math.sqrt(2))
        try:
            mass = tail_mass(ends[0], ends[-1], q, arb(0), cutoff / arb(2).sqrt())
        except UnknownTailError as error:
            raise InputError(
                f"the second moment of {str(f)[:60]} is not known to be finite: {error}"
            ) from None
        if mass < arb(10) ** (-2 * digits):
            return cutoff, mass.upper()
        radius *= 1.06
    raise InputError(f"no bound on the Gaussian tail of {str(f)[:60]} is found")


def _by_series(f: sp.Expr, g: sp.Expr, q: list[arb], c: arb, digits: int) -> arb:
    exact_q = [dyadic(value.mid()) for value in q]
    size = [
        expectation(h**2, value, 0, 5).abs_upper().sqrt()
        for h, value in ((f, exact_q[0]), (g, exact_q[1]))
    ]
    allowed = arb(10) ** -digits * size[0] * size[1]
    drift = _drift(f, g, q, size)
    if parity(f) * parity(g) == -1:
        return arb(0)
    value = arb(0)
    for count in _COUNTS:
        found = series(f, g, exact_q[0], exact_q[1], count, digits + 2)
        value = found.value(c)
        if value.rad() <= allowed or value.rad() <= 2 * c.rad() * size[0] * size[1]:
            break
    return value + arb(0, drift.upper())


def dyadic(x: arb) -> sp.Rational:
    """Return the exact value of a ball without radius."""
    mantissa, shift = (int(part) for part in x.man_exp())
    return sp.Integer(mantissa) * sp.Integer(2) ** shift


def _drift(f: sp.Expr, g: sp.Expr, q: list[arb], size: Sequence[arb]) -> arb:
    """Bound what the width of the variances changes: `d/dq E f g = E[x f' g]/(2q)`, by Cauchy and Schwarz.

    Raises:
        InputError: a function with a jump, whose derivative is no function.
    """
    total = arb(0)
    for h, other, value in ((f, 1, q[0]), (g, 0, q[1])):
        if value.is_exact():
            continue
        slope = sp.diff(h, X)
        if slope.has(sp.DiracDelta):
            raise InputError("a function with a jump needs an exact variance here")
        moved = expectation((X * slope) ** 2, value, 0, 5).abs_upper().sqrt()
        partner = expectation((f, g)[other] ** 2, q[other], 0, 5).abs_upper().sqrt()
        total += value.rad() * moved * partner.max(size[other]) / (2 * value.lower())
    return total.upper()


def pair_expectation(
    f: sp.Expr,
    g: sp.Expr,
    q1: Number,
    q2: Number,
    c: Number,
    digits: int,
    activation: Activation | sp.Expr | None = None,
) -> arb:
    """Enclose `E f(u) g(v)` with the generic activation in `f` and `g` replaced.

    Raises:
        InputError: as for `pair`; or a derivative of a kink that is no function.
    """
    return pair(specialised(f, activation), specialised(g, activation), q1, q2, c, digits)


def pair_number(
    f: sp.Expr,
    g: sp.Expr,
    q1: float,
    q2: float,
    c: float,
    activation: Activation | sp.Expr | None = None,
) -> float:
    """Return the same in double precision, to about 12 digits."""
    return float(pair_expectation(f, g, arb(q1), arb(q2), arb(c), 12, activation).mid())
