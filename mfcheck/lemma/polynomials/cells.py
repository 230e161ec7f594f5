"""Whether a polynomial is nowhere negative on a box, at one point of each cell. Trusted.

Let A be irreducible polynomials. Where no leading coefficient in the last variable, no discriminant, no value at its
ends and no resultant of two of them vanishes, their real zeros in it are continuous, simple and apart, so that over a
connected open set the order of zeros and ends stays as it is, and between two of them all signs do. The same is asked
of those polynomials, in one variable less. The points left out have no inner point, and a polynomial is continuous:
one point of each cell tells whether it is negative anywhere.

With conditions `g > 0`, whose factors are among A, only the cells count where they hold. That is enough also for closed
conditions `g >= 0` with g concave: the domain that they cut out of the box is convex, and all of it is near inner
points, if it has one.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flint import acb, arb, fmpq, fmpq_mpoly, fmpq_poly, fmpz_poly

from mfcheck.lemma.polynomials.box import Box, Found, OpenError, Point, Side, at, middle, simplest
from mfcheck.lemma.polynomials.coefficients import has_no_zero

MOST_VARIABLES = 6


_MOST_CELLS = 400


_MOST_TERMS = 120


_MOST_DEGREE = 30


@dataclass(frozen=True)
class Condition:
    """`polynomial > 0`; or `>= 0` if closed, then the polynomial is concave."""

    polynomial: fmpq_mpoly
    closed: bool = False

    def holds(self, point: Point) -> bool:
        """Say whether a point satisfies it."""
        v = self.polynomial(*point)
        return bool(v >= 0 if self.closed else v > 0)


def by_cells(f: fmpq_mpoly, box: Box, conditions: Sequence[Condition] = ()) -> Found:
    """Decide a polynomial, on the points of the box that satisfy all conditions.

    Raises:
        OpenError: it takes too much work, or the conditions that are closed have no inner point.
    """
    constant, factors = f.factor()
    parts = [p for p, e in factors if int(e) % 2]
    odd = f.context().constant(
        constant
    )  # has the sign of f where that is not zero, and no zero at the samples
    for p in parts:
        odd *= p
    for g in conditions:
        parts += [p for p, _ in g.polynomial.factor()[1] if p not in parts]
    used = [k for k in range(len(box)) if any(p.degrees()[k] for p in parts)]
    if not used or len(used) > MOST_VARIABLES:
        raise OpenError
    order, levels = list[int](), list[list[fmpq_mpoly]]()
    polynomials, left = parts, list(used)
    while len(left) > 1:
        k = min(left, key=lambda j: _cost(polynomials, j))
        order.insert(0, k)
        levels.insert(0, [g for g in polynomials if g.degrees()[k]])
        polynomials = _projected(polynomials, k, box)
        left.remove(k)
    order.insert(0, left[0])
    levels.insert(0, polynomials)
    has_inner = not any(g.closed for g in conditions)
    for count, point in enumerate(_samples(order, levels, box, middle(box))):
        signs = [g.polynomial(*point) > 0 for g in conditions]
        if odd(*point) < 0 and all(signs):
            if f(*point) < 0:
                return point
            raise OpenError
        has_inner = has_inner or all(s for s, g in zip(signs, conditions, strict=True) if g.closed)
        if count > _MOST_CELLS:
            raise OpenError
    if not has_inner:
        raise OpenError
    return True


def _cost(polynomials: Sequence[fmpq_mpoly], k: int) -> tuple[int, int, int]:
    degrees = [int(g.degrees()[k]) for g in polynomials]
    size = sum(len(g) for g, d in zip(polynomials, degrees, strict=True) if d)
    return max(degrees, default=0), size, k


def _projected(polynomials: Sequence[fmpq_mpoly], k: int, box: Box) -> list[fmpq_mpoly]:
    """Return irreducible polynomials in the other variables: off their zeros none in this one appears or meets."""
    found: list[fmpq_mpoly] = []
    seen = [g for g in polynomials if g.degrees()[k]]
    made = [g for g in polynomials if not g.degrees()[k]]
    for g in seen:
        degree = int(g.degrees()[k])
        if degree > _MOST_DEGREE or len(g) > _MOST_TERMS:
            raise OpenError
        made.append(_leading(g, k, degree))
        if degree > 1:
            made.append(g.discriminant(k))
        made += [at(g, k, end) for end in (box[k].low, box[k].high) if end is not None]
    made += [a.resultant(b, k) for a, b in itertools.combinations(seen, 2)]
    for g in made:
        if g.is_zero() or g.total_degree() > 4 * _MOST_DEGREE or len(g) > 4 * _MOST_TERMS:
            raise OpenError
        for h, _ in g.factor()[1]:
            if h not in found and not any(has_no_zero(s * h, box) for s in (1, -1)):
                found.append(h)
    return found


def _leading(g: fmpq_mpoly, k: int, degree: int) -> fmpq_mpoly:
    parts = {
        tuple(0 if j == k else int(e) for j, e in enumerate(es)): c
        for es, c in g.to_dict().items()
        if es[k] == degree
    }
    return g.context().from_dict(parts)


def _samples(
    order: Sequence[int], levels: Sequence[Sequence[fmpq_mpoly]], box: Box, start: Point
) -> Iterator[Point]:
    """Yield a point of each cell."""
    if not order:
        yield start
        return
    k = order[0]
    for value in _between(_zeros(levels[0], k, start), box[k]):
        point = list(start)
        point[k] = value
        yield from _samples(order[1:], levels[1:], box, point)


def _zeros(polynomials: Sequence[fmpq_mpoly], k: int, point: Point) -> list[arb]:
    """Return the real zeros of polynomials in one variable, the others at a point, in order."""
    found: list[arb] = []
    for g in polynomials:
        coefficients: dict[int, fmpq] = {}
        for es, c in g.to_dict().items():
            value = c
            for j, e in enumerate(es):
                if e and j != k:
                    value *= point[j] ** int(e)
            n = int(es[k])
            coefficients[n] = coefficients.get(n, fmpq(0)) + value
        found += real_zeros([coefficients.get(n, fmpq(0)) for n in range(max(coefficients) + 1)])
    found.sort(key=lambda x: x.mid().fmpq())
    for a, b in itertools.pairwise(found):
        if not a < b:
            raise OpenError
    return found


def real_zeros(coefficients: Sequence[fmpq]) -> list[arb]:
    """Return the real zeros, apart from each other, of a polynomial in one variable."""
    whole = fmpz_poly(list(fmpq_poly(list(coefficients)).numer()))
    if whole.degree() > 2 * _MOST_DEGREE:
        raise OpenError
    if whole.degree() == 1:
        return [arb(fmpq(-whole[0], whole[1]))]
    found = []
    for root, _ in whole.complex_roots() if whole.degree() > 0 else ():
        z = acb(root)
        if z.imag.is_zero():
            found.append(z.real)
        elif z.imag.contains(0):
            raise OpenError
    return found


def _between(zeros: Sequence[arb], side: Side) -> Iterator[fmpq]:
    """Yield a short number in each gap that zeros leave in a side."""
    inside = []
    for z in zeros:
        if (side.low is not None and z < side.low) or (side.high is not None and z > side.high):
            continue
        if not ((side.low is None or z > side.low) and (side.high is None or z < side.high)):
            raise OpenError
        inside.append(z)
    ends = [side.low, *inside, side.high]
    for a, b in itertools.pairwise(ends):
        low = a if a is None or isinstance(a, fmpq) else a.upper().fmpq()
        high = b if b is None or isinstance(b, fmpq) else b.lower().fmpq()
        yield simplest(low, high)
