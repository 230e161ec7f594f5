"""Polynomials whose coefficients show that they are nowhere negative on a box. Trusted.

Put `x = low + u`, or `x = (low + high u)/(1 + u)` and multiply by `(1 + u)^d`: if no coefficient in these u >= 0 is
negative, nor is the polynomial. One of degree 2 is a sum of squares if its matrix is positive semidefinite.
"""

import itertools
from collections.abc import Sequence

from flint import fmpq, fmpq_mpoly

from mfcheck.lemma.polynomials.box import Box, Side


def by_coefficients(p: fmpq_mpoly, box: Box, strict: bool = False) -> bool:
    """Say whether no coefficient is negative in variables that run from 0 to infinity, or in squares.

    With `strict`, whether in addition at each end that belongs to the box a term is left that is positive there.
    """
    context = p.context()
    gens, degrees = context.gens(), [int(d) for d in p.degrees()]
    used = [k for k, d in enumerate(degrees) if d]
    first, finite = list(gens), list[int]()
    for k in used:
        low, high = box[k].low, box[k].high
        if low is not None and high is not None:
            first[k] = (low - high) * gens[k] + high
            finite.append(k)
        elif low is not None:
            first[k] = gens[k] + low
        elif high is not None:
            first[k] = high - gens[k]
    q = p.compose(*first)
    if finite:
        turned = {
            tuple(degrees[k] - e if k in finite else e for k, e in enumerate(es)): c
            for es, c in q.to_dict().items()
        }
        q = context.from_dict(turned)
        q = q.compose(*[gens[k] + 1 if k in finite else gens[k] for k in range(len(gens))])
    lines = [k for k in used if box[k].low is None and box[k].high is None]
    if any(c < 0 for c in q.coeffs()):
        return False
    monomials = q.monoms()
    if lines and any(e[k] % 2 for e in monomials for k in lines):
        return False
    if not strict:
        return True
    faces = [_faces(box[k], degrees[k]) for k in used]
    return all(
        any(all(n is None or e[k] == n for k, n in zip(used, face, strict=True)) for e in monomials)
        for face in itertools.product(*faces)
    )


def _faces(side: Side, degree: int) -> list[int | None]:
    """Return the exponents that do not vanish at the ends of a side; None if that is all of them."""
    if side.low is None and side.high is None:
        return [0]
    if side.low is None:
        return [0] if side.high_closed else [None]
    closed = [n for n, c in ((0, side.low_closed), (degree, side.high_closed)) if c]
    return [*closed] or [None]


def is_sum_of_squares(p: fmpq_mpoly, used: Sequence[int]) -> bool:
    """Say whether a polynomial of degree 2 is a sum of squares: its matrix is positive semidefinite."""
    n = len(used) + 1
    place = {k: i for i, k in enumerate(used)}
    m = [[fmpq(0)] * n for _ in range(n)]
    for es, c in p.to_dict().items():
        at = [place[k] for k, e in enumerate(es) for _ in range(int(e))]
        i, j = (*at, n - 1, n - 1)[:2]
        m[i][j] += c / 2
        m[j][i] += c / 2
    for i in range(n):
        if m[i][i] < 0 or (m[i][i] == 0 and any(m[i][j] for j in range(i + 1, n))):
            return False
        for j in range(i + 1, n) if m[i][i] else ():
            ratio = m[j][i] / m[i][i]
            for k in range(j, n) if ratio else ():
                m[j][k] -= ratio * m[i][k]
                m[k][j] = m[j][k]
    return True


def has_no_zero(g: fmpq_mpoly, box: Box) -> bool:
    """Say whether a polynomial is plainly positive inside a box."""
    inner = tuple(Side(s.low, s.high) for s in box)
    return by_coefficients(g, inner, strict=True)
