"""Zeros of several equations: Krawczyk's operator maps a box into its interior, so that it holds exactly one."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from .formulas import Interval, evaluate, exact, finite, iv
from .inequalities import Box, Known, intervals, read_box
from .kernels import MAX_BITS
from .reading import Bounds, Json, effort, need, number, prove
from .reals import REALS
from .slopes import slope

MAX_UNKNOWNS, LEAST_BITS = 16, 8
Matrix = Sequence[Sequence[Fraction]]


def system(claim: Json, witness: Json, known: Known) -> Mapping[str, Bounds]:
    """One zero of as many equations as unknowns in a box, for all values of the inputs; its bounds by unknown.

    With the middle c of the box X, any matrix Y, and J the bounds of the derivatives on X, the zeros in X lie in
    `c - Y f(c) + (1 - Y J)(X - c)`; if that is in the interior of X, there is exactly one (Krawczyk). What has a value
    at c and slopes with finite bounds on X is defined on X: docs/certificates.md.
    """
    equations, unknowns = claim["equations"], claim["unknowns"]
    box, inputs = read_box(unknowns, {}), read_box(claim["inputs"], known)
    n = len(unknowns)
    need(1 <= n == len(equations) <= MAX_UNKNOWNS, "equations and unknowns, equally many, up to 16")
    need(not set(box) & set(inputs), "an unknown that is an input")
    need(all(low < high for low, high in box.values()), "the box of the unknowns is empty inside")
    bits, coarse = witness["bits"], witness["slope_bits"]
    need(LEAST_BITS <= coarse <= bits <= MAX_BITS, "bits out of range")
    inverse = _matrix(witness["inverse"], n)
    effort.spend(20 * n**3)
    middle = {name: ((low + high) / 2,) * 2 for name, (low, high) in box.items()}
    iv.prec = 2 * bits + 100
    values = _values(equations, {**inputs, **middle})
    iv.prec = 2 * coarse + 100  # bounds of slopes take little accuracy
    slopes = [_values([slope(f, name) for name in box], {**inputs, **box}) for f in equations]
    iv.prec = 2 * bits + 100
    for i, (name, (low, high)) in enumerate(box.items()):
        image = exact(middle[name][0]) - _dot(inverse[i], values)
        for k, (a, b) in enumerate(box.values()):
            rest = exact(Fraction(int(i == k))) - _dot(inverse[i], [row[k] for row in slopes])
            image += rest * exact((b - a) / 2) * iv.mpf([-1, 1])
        inside = exact(low).b < image.a and image.b < exact(high).a
        prove(bool(inside), f"the box is not mapped into itself in {name}")
    return dict(box)


def _values(formulas: Sequence[Any], box: Box) -> list[Interval]:
    names = intervals(box)
    return [iv.mpf(0) if f == "0" else finite(evaluate(f, names, REALS)) for f in formulas]


def _dot(row: Sequence[Fraction], column: Sequence[Interval]) -> Interval:
    return sum((exact(x) * y for x, y in zip(row, column, strict=True)), iv.mpf(0))


def _matrix(rows: Any, n: int) -> Matrix:
    need(len(rows) == n, "the inverse has another size")
    need(all(isinstance(row, list) and len(row) == n for row in rows), "a row of the inverse")
    return [[number(x) for x in row] for row in rows]
