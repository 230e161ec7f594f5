"""Certified Gaussian expectations `E f(m + sqrt(q) z)`, z ~ N(0, 1), with balls for the variance q and the mean m.

Three engines: closed forms of the pieces of `x^p exp(a x)`; the trapezoidal rule with a bound from a strip of
analyticity (`_strip`); adaptive integration of pieces (`acb.integral`) for what remains.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import sympy as sp
from flint import acb, arb, ctx, fmpq

from mfcheck.errors import InputError
from mfcheck.gaussian._incomplete import Term, closed_terms, piece_expectation
from mfcheck.gaussian._strip import NoStripError, strip_expectation, tail_mass
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.germs import UnknownTailError
from mfcheck.rigor.integrate import check_digits, parity
from mfcheck.rigor.pieces import Piece, pieces
from mfcheck.rigor.program import program
from mfcheck.symbolic.activation import X, in_x

Number: TypeAlias = arb | int | Fraction | sp.Rational
"""A ball, or a rational number given exactly."""

_GUARD = 4
_EVALUATIONS = 100_000
_LOG2_10 = math.log2(10)


def expectation(f: sp.Expr, variance: Number, mean: Number = 0, digits: int = 15) -> arb:
    """Enclose `E f(mean + sqrt(variance) z)`, z ~ N(0, 1), for an expression `f` in `X`.

    For exact arguments the radius is at most `10^-digits` times the value, or `10^(-2 digits)`. Balls are
    allowed: the answer holds the expectation for every variance and mean in them, at a radius of the order of
    theirs. Variance 0 gives `f(mean)`. Results are kept.

    Raises:
        InputError: the expectation does not exist or is not known to (a kink differentiated twice, a pole,
            growth beyond the Gaussian weight), the variance may be negative, the digits are out of reach, or `f` has
            several variables.
    """
    check_digits(digits)
    function = in_x(sp.sympify(f))
    return expectation_of(pieces(function), variance, mean, digits, function)


def expectation_of(
    parts: Sequence[Piece],
    variance: Number,
    mean: Number = 0,
    digits: int = 15,
    whole: sp.Expr | None = None,
) -> arb:
    """Enclose the same for a function given in pieces; `whole` is its one expression, used at variance 0."""
    key_q, key_m = _key(variance), _key(mean)
    return _kept(tuple(parts), whole, key_q, key_m, digits)


Key: TypeAlias = tuple[object, ...]


def _key(value: Number) -> Key:
    """Return a number that can be looked up: exact ones as fractions, balls by their bits."""
    if isinstance(value, arb):
        if not value.is_finite():
            raise InputError("the variance and the mean of a Gaussian must be finite")
        (a, s), (b, t) = value.mid().man_exp(), value.rad().man_exp()
        return int(a), int(s), int(b), int(t)
    number = (
        Fraction(int(value.p), int(value.q)) if isinstance(value, sp.Rational) else Fraction(value)
    )
    return (number,)


def _number(key: Key) -> arb:
    match key:
        case (Fraction() as value,):
            return arb(fmpq(value.numerator, value.denominator))
        case (int(a), int(s), int(b), int(t)):
            middle = arb((a, s))
            return middle if b == 0 else arb(middle, arb((b, t)))
    raise TypeError(key)


@lru_cache(maxsize=8192)
def _kept(parts: tuple[Piece, ...], whole: sp.Expr | None, q: Key, m: Key, digits: int) -> arb:
    with ctx.workprec(64):
        if _number(q) < 0:
            raise InputError("the variance of a Gaussian must not be negative")
        if _number(q).is_zero():
            return _at_mean(parts, whole, m, digits)
    goal, extra, tried = float(digits + _GUARD), 0, 0
    exact_arguments = len(q) == 1 and len(m) == 1
    wide = _number(q).rel_accuracy_bits() < digits * _LOG2_10
    while True:
        prec = int((goal + extra) * _LOG2_10) + 40
        with ctx.workprec(prec):
            value, error = _once(parts, _number(q).nonnegative_part(), _number(m), goal)
            unit = arb(10) ** -digits
            allowed = (unit * abs(value.mid())).max(unit * unit)
            tried += 1
            if value.is_finite() and value.rad() + error <= allowed:
                return value + arb(0, error.upper())
            blurred = value.is_finite() and value.rad() > 8 * error and (wide or tried > 1)
            if not exact_arguments and (blurred or tried > 4):
                return value + arb(0, error.upper())
            if tried > 5:
                break
            goal += _lost(value, error, allowed, digits)
            extra += 4
    raise InputError(f"{digits} digits of a Gaussian expectation are out of reach")


def _lost(value: arb, error: arb, allowed: arb, digits: int) -> float:
    """Return how many more digits to work with."""
    if not value.is_finite():
        return float(digits)
    lost = float(((value.rad() + error) / allowed).log().upper()) / math.log(10)
    return max(2.0, min(lost + 1.5, 2.0 * digits + 20))


def _at_mean(parts: tuple[Piece, ...], whole: sp.Expr | None, m: Key, digits: int) -> arb:
    with ctx.workprec(int(digits * _LOG2_10) + 64):
        place = _number(m)
        values = [
            program(part.expr, (X,))(place)
            for part in parts
            if not (part.lower != -sp.oo and enclose(part.lower, prec=ctx.prec) > place)
            and not (part.upper != sp.oo and enclose(part.upper, prec=ctx.prec) < place)
        ]
        value = program(whole, (X,))(place) if whole is not None else values[0]
        for other in values if whole is None else []:
            value = value.union(other)
    if not value.is_finite():
        raise InputError("the function is not finite at the mean, and the variance is zero")
    return value


def _once(parts: tuple[Piece, ...], q: arb, m: arb, digits: float) -> tuple[arb, arb]:
    """Return an enclosure but for an error, and a bound of that error."""
    closed = _closed(parts, q, m)
    if closed is not None:
        return closed, arb(0)
    try:
        if len(parts) == 1:
            symmetry = parity(parts[0].expr) if m.is_zero() else 0
            try:
                value, error = strip_expectation(parts[0].expr, q, m, digits, symmetry == 1)
            except NoStripError:
                value, error = _adaptive(parts, q, m, digits)
            return (arb(0), arb(0)) if symmetry == -1 else (value, error)
        return _adaptive(parts, q, m, digits)
    except UnknownTailError as error_:
        raise InputError(
            f"E[{str(parts[-1].expr)[:60]}] is not known to be finite: {error_}"
        ) from None


@lru_cache(maxsize=1024)
def _closed_pieces(
    parts: tuple[Piece, ...],
) -> tuple[tuple[Piece, tuple[Term, ...], bool], ...] | None:
    """Return each piece with its terms, mirrored where that makes powers of `-x` powers of `x`."""
    found = []
    for part in parts:
        flipped = part.upper != sp.oo and bool(part.upper.is_nonpositive)
        piece = Piece(-part.upper, -part.lower, part.expr.subs(X, -X)) if flipped else part
        terms = closed_terms(piece.expr)
        if terms is None:
            return None
        found.append((piece, tuple(terms), flipped))
    return tuple(found)


def _closed(parts: tuple[Piece, ...], q: arb, m: arb) -> arb | None:
    closed = _closed_pieces(parts)
    if closed is None:
        return None
    if not q > 0 and not all(part.upper in (0, sp.oo) and m.is_zero() for part in parts):
        return None
    total = arb(0)
    for piece, terms, flipped in closed:
        value = piece_expectation(piece, terms, q, -m if flipped else m)
        if value is None:
            return None
        total += value
    return total


def _adaptive(parts: tuple[Piece, ...], q: arb, m: arb, digits: float) -> tuple[arb, arb]:
    """Integrate the pieces at the middle of the balls, and bound what their width can change."""
    if not q > 0:
        raise InputError(
            "the variance may be zero here, and the function has a kink or no strip of analyticity"
        )
    q0, m0 = q.mid(), m.mid()
    root, shift = q0.sqrt(), float(abs(m0))
    radius = max(
        math.sqrt(2 * digits * math.log(10)) + 0.25, (9 + shift + _farthest(parts)) / float(root)
    )
    for _ in range(40):
        mass = tail_mass(parts[0].expr, parts[-1].expr, q0, m0, arb(radius))
        if mass < arb(10) ** -arb(digits):
            break
        radius *= 1.06
    value = sum((_integral(part, root, m0, radius, digits) for part in parts), arb(0))
    if not value.is_finite():
        raise InputError(
            f"E[{str(parts[-1].expr)[:60]}] is not known to exist: no finite enclosure of its integral"
        )
    return value, mass + _drift(parts, q, m)


def _farthest(parts: Sequence[Piece]) -> float:
    return max((float(enclose(part.upper).abs_upper()) for part in parts[:-1]), default=0.0)


def _integral(part: Piece, root: arb, m: arb, radius: float, digits: float) -> arb:
    ends = []
    for end, limit in ((part.lower, -radius), (part.upper, radius)):
        infinite = end in (-sp.oo, sp.oo)
        ends.append(arb(limit) if infinite else (enclose(end, prec=ctx.prec) - m) / root)
    plain, analytic = program(part.expr, (X,), "complex"), program(part.expr, (X,), "analytic")
    scale = 1 / (2 * arb.pi()).sqrt()

    def integrand(z: acb, must_be_analytic: bool) -> acb:
        code = analytic if must_be_analytic else plain
        return code(m + root * z) * (-z * z / 2).exp() * scale

    unit = arb(10) ** -arb(digits)
    result = acb.integral(
        integrand, acb(ends[0]), acb(ends[1]), abs_tol=unit, rel_tol=unit, eval_limit=_EVALUATIONS
    )
    return result.real


def _drift(parts: tuple[Piece, ...], q: arb, m: arb) -> arb:
    """Bound the change of `E f` between the middles of the balls and any other values in them.

    With p the density, `dE/dq = E[f (z^2 - 1)]/(2q)` and `dE/dm = E[f z]/sqrt(q)`; Cauchy and Schwarz give
    `sqrt(E f^2) sqrt(2)/(2q)` and `sqrt(E f^2)/sqrt(q)`. For all q' in the ball `[q1, q2]` and m' in that of m,
    `p <= sqrt(2 q2/q1) exp(d^2/(2 q1)) times` the density of variance 2 q2 at the middle, d the radius of m.
    """
    if q.is_exact() and m.is_exact():
        return arb(0)
    low, high, off = q.lower(), q.upper(), m.rad()
    square = sum(
        (
            _moment_bound(Piece(part.lower, part.upper, part.expr**2), (2 * high).upper(), m.mid())
            for part in parts
        ),
        arb(0),
    )
    square *= (2 * high / low).sqrt() * (off * off / (2 * low)).exp()
    size = square.abs_upper().sqrt()
    return (size * (q.rad() / (arb(2).sqrt() * low) + off / low.sqrt())).upper()


def _moment_bound(part: Piece, q: arb, m: arb) -> arb:
    nothing = sp.Integer(0)
    around = [part]
    if part.lower != -sp.oo:
        around.insert(0, Piece(-sp.oo, part.lower, nothing))
    if part.upper != sp.oo:
        around.append(Piece(part.upper, sp.oo, nothing))
    return expectation_of(around, q, m, 4)
