"""Whether a polynomial in several variables is nowhere negative on a box, or where it is: exactly. Trusted.

Beside coefficients, squares and cells (the modules of these names): a variable that occurs in powers of `x^k` alone is
replaced by `u = x^k`. Where f is linear in x, the ends of x suffice. Where f is homogeneous and all multiples of the
points of the box are in question, one variable is 1. Irreducible factors are different: a product keeps its sign only
if each factor of odd exponent does.
"""

from collections.abc import Sequence
from math import gcd

from flint import arb, ctx, fmpq, fmpq_mpoly

from mfcheck.lemma.polynomials.box import (
    Box,
    Found,
    OpenError,
    Point,
    Side,
    at,
    corners,
    is_inside,
    middle,
    moved_inside,
    occurring,
    short,
)
from mfcheck.lemma.polynomials.cells import Condition, by_cells
from mfcheck.lemma.polynomials.coefficients import by_coefficients, is_sum_of_squares

_MOST_TERMS = 120


_MOST_DEPTH = 12
_PREC = 128


def nonnegative(p: fmpq_mpoly, box: Box, conditions: Sequence[Condition] = ()) -> bool:
    """Say whether a polynomial is seen to be nowhere negative on a box, where all conditions hold."""
    return decided(p, box, conditions) is True


def decided(p: fmpq_mpoly, box: Box, conditions: Sequence[Condition] = ()) -> Found | None:
    """Return True if a polynomial is nowhere negative on a box where all conditions hold, or a point where it is.

    None if it takes more work than is allowed, whoever asks.
    """
    with ctx.workprec(_PREC):
        try:
            found = _least(p, box, 0)
            point = None if found is True else moved_inside(p, found, box)
            if found is True:
                return True
            if point is not None and all(g.holds(point) for g in conditions):
                return point
        except OpenError:
            pass
        try:
            return by_cells(p, box, conditions) if conditions else None
        except OpenError:
            return None


def positive(p: fmpq_mpoly, box: Box, conditions: Sequence[Condition] = ()) -> bool:
    """Say whether a polynomial is seen to be positive on a box, closed ends included, where all conditions hold."""
    if p.is_constant():
        return bool(p.leading_coefficient() > 0) if not p.is_zero() else False
    if by_coefficients(p, box, strict=True):
        return True
    points = [middle(box), *corners(box, occurring(p))]
    values = [p(*q) for q in points if all(g.holds(q) for g in conditions)]
    least = min(values, default=fmpq(1))
    return bool(least > 0) and any(nonnegative(p - least / k, box, conditions) for k in (2, 512))


def _least(p: fmpq_mpoly, box: Box, depth: int) -> Found:
    if p.is_constant():
        return True if p.is_zero() or p.leading_coefficient() > 0 else middle(box)
    if depth > _MOST_DEPTH or len(p) > _MOST_TERMS:
        raise OpenError
    used = occurring(p)
    for q in (middle(box), *corners(box, used)):
        if p(*q) < 0:
            return q
    if by_coefficients(p, box):
        return True
    if p.total_degree() <= 2 and is_sum_of_squares(p, used):
        return True
    constant, factors = p.factor()
    odd = [f for f, e in factors if int(e) % 2]
    sign = 1 if constant > 0 else -1
    if len(odd) != 1 or len(factors) > 1:
        return _by_factors(p, odd, sign, box, depth)
    f = sign * odd[0]
    for way in (_in_powers, _in_ends, _in_ratios):
        found = way(f, box, used, depth)
        if found is not None:
            return found
    return by_cells(f, box)


def _by_factors(p: fmpq_mpoly, odd: Sequence[fmpq_mpoly], sign: int, box: Box, depth: int) -> Found:
    points: list[Point] = []
    for f in odd:
        s = sign if len(odd) == 1 else _likely_sign(f, box)
        found = _least(s * f, box, depth + 1)
        sign *= s
        if found is not True:
            points.append(found)
    if not points and sign > 0:
        return True
    for q in points or [middle(box)]:
        if p(*q) < 0:
            return q
    raise OpenError


def _likely_sign(f: fmpq_mpoly, box: Box) -> int:
    values = (f(*q) for q in (middle(box), *corners(box, occurring(f))))
    return 1 if next((v for v in values if v), 1) > 0 else -1


def _in_powers(f: fmpq_mpoly, box: Box, used: Sequence[int], depth: int) -> Found | None:
    powers = f.to_dict()
    strides = [gcd(*(int(e[k]) for e in powers)) or 1 for k in range(len(box))]
    if all(n == 1 for n in strides):
        return None
    new = list(box)
    for k in used:
        if strides[k] > 1:
            new[k] = _power_of(box[k], strides[k])
    fewer = {
        tuple(int(e) // n for e, n in zip(es, strides, strict=True)): c for es, c in powers.items()
    }
    found = _least(f.context().from_dict(fewer), tuple(new), depth + 1)
    if found is True:
        return True
    return [_root_in(v, s, side) for v, s, side in zip(found, strides, box, strict=True)]


def _power_of(side: Side, n: int) -> Side:
    """Return the values of `x^n`, its ends open or closed."""
    if n % 2 or (side.low is not None and side.low >= 0):
        return Side(_raised(side.low, n), _raised(side.high, n))
    if side.high is not None and side.high <= 0:
        return Side(_raised(side.high, n), _raised(side.low, n))
    if side.low is None or side.high is None:
        return Side(fmpq(0), None)
    return Side(fmpq(0), max(side.low**n, side.high**n))


def _raised(v: fmpq | None, n: int) -> fmpq | None:
    return None if v is None else v**n


def _root_in(v: fmpq, n: int, side: Side) -> fmpq:
    if n == 1:
        return v
    size = short((arb(abs(v))).root(n).mid())
    root = -size if v < 0 else size
    return root if is_inside(root, side) or n % 2 else -root


def _in_ends(f: fmpq_mpoly, box: Box, used: Sequence[int], depth: int) -> Found | None:
    for k in used:
        side = box[k]
        if f.degrees()[k] != 1 or (side.low is None and side.high is None):
            continue
        end = side.low if side.low is not None else side.high
        other = None if side.low is None else side.high
        slope = f.derivative(k)
        for value in (end, other):
            if value is None:
                away = slope if side.high is None else -slope
                found = _least(away, box, depth + 1)
                if found is not True:
                    rest = list(found)
                    rest[k] = fmpq(0)
                    zero = -f(*rest) / slope(*found)
                    found[k] = zero + (1 if side.high is None else -1)
            else:
                found = _least(at(f, k, value), box, depth + 1)
                if found is not True:
                    found[k] = value
            if found is not True:
                return found
        return True
    return None


def _in_ratios(f: fmpq_mpoly, box: Box, used: Sequence[int], depth: int) -> Found | None:
    """Put one variable to 1 where f is homogeneous and the box is a neighbourhood of zero in lines and half-lines."""
    degree = f.total_degree()
    if any(sum(e) != degree for e in f.monoms()):
        return None
    cone: list[Side] = list(box)
    exact = True
    for k in used:
        low, high = box[k].low, box[k].high
        if (low is None or low < 0) and (high is None or high > 0):
            cone[k] = Side()
        elif low is not None and low >= 0:
            cone[k], exact = Side(fmpq(0)), exact and low == 0
        else:
            return None
    halves = [k for k in used if cone[k].low is not None]
    if not exact and len(halves) < len(used):
        return None
    k = max(halves or used, key=lambda j: (f.degrees()[j], j))
    for sign in (1, -1) if not halves and degree % 2 else (1,):
        found = _least(at(f, k, fmpq(sign)), tuple(cone), depth + 1)
        if found is True:
            continue
        if not exact:
            return None
        found[k] = fmpq(sign)
        return _scaled_into(found, box, used)
    return True


def _scaled_into(point: Point, box: Box, used: Sequence[int]) -> Point:
    for _ in range(60):
        if all(is_inside(point[j], box[j]) for j in used):
            break
        point = [v / 2 if j in used else v for j, v in enumerate(point)]
    return point
