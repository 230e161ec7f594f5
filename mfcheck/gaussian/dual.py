"""Dual kernels of an activation, enclosed: `A(c) = sum mu_r^2 c^r` and what `D: F -> (cF)'` makes of it.

For unit inputs with `c_ij = (1 + <x_i, x_j>)/2` and standard Gaussian weights (2403.09889, Lemma 4):
`E[s0(g_i) s0(g_j)] = A(c_ij)`, `(G2)_ij = A1(c_ij)` with `A1 = DA = sum (1+r) mu_r^2 c^r`, and the kernel of
the KL divergence is `A2 = DDA = sum (1+r)^2 mu_r^2 c^r`.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, lru_cache

import sympy as sp
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from mfcheck.errors import InputError
from mfcheck.gaussian.closed_forms import C, closed_dual
from mfcheck.gaussian.series import DualSeries, dual_series
from mfcheck.rigor.ball import Exact, rational
from mfcheck.rigor.integrate import check_digits
from mfcheck.rigor.program import Program, program
from mfcheck.symbolic.activation import Activation

_GUARD_DIGITS = 8
_NARROW = 24
"""Balls with fewer accurate bits are treated as intervals, by monotonicity."""


class DualKernel:
    """Encloses `A`, `A1` and `A2` of one activation on [-1, 1].

    The radius, beyond what the argument's own radius causes, is at most about `10^-digits` times the value
    at 1 (the value at |c| where that is infinite). Arguments are balls or matrices of them; a wide ball is
    read as an interval.

    Args:
        activation: the activation `s0`.
        digits: digits asked for, relative to the diagonal of the kernel.

    Raises:
        InputError: an argument outside [-1, 1]; too many terms needed; `E phi^2` not known to be finite.
    """

    def __init__(self, activation: Activation, digits: int = 30) -> None:
        check_digits(digits)
        self.activation = activation
        self.digits = digits
        self.prec = int((digits + _GUARD_DIGITS) * math.log2(10)) + 64
        self._closed = closed_dual(activation.expr)

    def A(self, c: arb | arb_mat) -> arb | arb_mat:
        """Enclose `A(c) = sum mu_r^2 c^r`."""
        return self.value(c, 0)

    def A1(self, c: arb | arb_mat) -> arb | arb_mat:
        """Enclose `A1(c) = (cA)' = sum (1+r) mu_r^2 c^r`."""
        return self.value(c, 1)

    def A2(self, c: arb | arb_mat) -> arb | arb_mat:
        """Enclose `A2(c) = (cA1)' = sum (1+r)^2 mu_r^2 c^r`."""
        return self.value(c, 2)

    def value(self, c: arb | arb_mat, order: int) -> arb | arb_mat:
        """Enclose the kernel of order 0, 1 or 2 at a ball, or at each entry of a matrix."""
        with ctx.workprec(self.prec):
            if isinstance(c, arb_mat):
                return self._on_matrix(c, order)
            return self._on_interval(_within(c), order)

    def total(self, order: int) -> arb:
        """Enclose the kernel at c = 1; a kink makes order 2 infinite, a jump orders 1 and 2."""
        return self.series.total(order)

    @cached_property
    def series(self) -> DualSeries:
        """The power series of the kernel."""
        return dual_series(self.activation, self.digits)

    def _on_matrix(self, c: arb_mat, order: int) -> arb_mat:
        known: dict[str, arb] = {}
        entries = []
        for entry in c.entries():
            key = entry.repr()
            if key not in known:
                known[key] = self._on_interval(_within(entry), order)
            entries.append(known[key])
        return arb_mat(c.nrows(), c.ncols(), entries)

    def _on_interval(self, c: arb, order: int) -> arb:
        if c.is_exact() or (c < 1 and c.rel_one_accuracy_bits() >= _NARROW):
            return self._at(c, order)
        lower, upper = c.lower().max(arb(-1)), c.upper().min(arb(1))
        if lower >= 0:
            return self._at(lower, order).union(self._at(upper, order))
        return self._across_zero(lower, upper, order)

    def _across_zero(self, lower: arb, upper: arb, order: int) -> arb:
        """Use that the even part of the series increases with |c| and the odd part with c."""
        (even_l, odd_l), (even_u, odd_u) = self._parts(lower, order), self._parts(upper, order)
        even = even_l.union(even_u)
        return (even.union(self._at(arb(0), order)) if upper > 0 else even) + odd_l.union(odd_u)

    def _parts(self, c: arb, order: int) -> tuple[arb, arb]:
        plus, minus = self._at(c, order), self._at(-c, order)
        return (plus + minus) / 2, (plus - minus) / 2

    def _at(self, c: arb, order: int) -> arb:
        if c == 1:
            return self.total(order)
        if self._closed is not None:
            value = _closed_program(self._closed, order, self.prec)(c)
            if value.is_finite():
                return value
        return self.series.value(c, order)


@lru_cache(maxsize=64)
def _closed_program(dual: sp.Expr, order: int, prec: int) -> Program:
    with ctx.workprec(prec):
        return program(apply_D(dual, order), (C,))


def apply_D(dual: sp.Expr, times: int) -> sp.Expr:
    """Apply `D: F -> (cF)'` to an expression in `C`."""
    for _ in range(times):
        dual = sp.diff(C * dual, C)
    return dual


def _within(c: arb) -> arb:
    """Intersect with [-1, 1].

    Raises:
        InputError: the ball lies outside, or is not finite.
    """
    unit = arb(0, 1)
    if not c.is_finite() or not c.overlaps(unit):
        raise InputError(f"the dual kernel is defined on [-1, 1], not at {c.str(8)}")
    return c if unit.contains(c) else c.intersection(unit)


def half_gram(points: Sequence[Sequence[Exact]], digits: int = 30) -> arb_mat:
    """Enclose `c_ij = (1 + <x_i, x_j>)/2` for points given exactly and put on the unit sphere, shape (n, n).

    Coincident points give exactly 1, so `c_ii = 1`; antipodal ones exactly 0.

    Raises:
        InputError: no points, rows of different length, a zero row, or an entry that is not a number.
    """
    check_digits(digits)
    rows = exact_rows(points)
    x = fmpq_mat([[fmpq(v.numerator, v.denominator) for v in row] for row in rows])
    inner = (x * x.transpose()).tolist()
    with ctx.workprec(int(digits * math.log2(10)) + 32):
        inverse = [1 / arb(inner[i][i]).sqrt() for i in range(len(rows))]
        half = [
            [_half_cosine(inner, inverse, min(i, j), max(i, j)) for j in range(len(rows))]
            for i in range(len(rows))
        ]
        return arb_mat(half)


def largest_cosine(points: Sequence[Sequence[Exact]], digits: int = 30) -> arb:
    """Enclose the largest inner product of two different points, put on the unit sphere; -1 for a single point.

    Raises:
        InputError: as for `half_gram`.
    """
    half, best = half_gram(points, digits), arb(-1)
    with ctx.workprec(int(digits * math.log2(10)) + 32):
        for i in range(half.nrows()):
            for j in range(i):
                best = best.max(2 * half[i, j] - 1)
        return best


def exact_rows(points: Sequence[Sequence[Exact]]) -> list[list[Fraction]]:
    """Read points exactly.

    Raises:
        InputError: no points, rows of different length, a zero row, or an entry that is not a number.
    """
    rows = [[rational(entry) for entry in row] for row in points]
    if not rows or len({len(row) for row in rows}) != 1 or not rows[0]:
        raise InputError("points must be rows of the same length, at least one of them")
    if any(not any(row) for row in rows):
        raise InputError("a point is zero, so it has no direction")
    return rows


def _half_cosine(inner: list[list[fmpq]], inverse: list[arb], i: int, j: int) -> arb:
    cosine = arb(inner[i][j]) * inverse[i] * inverse[j]
    if not abs(cosine) < 1 and inner[i][j] ** 2 == inner[i][i] * inner[j][j]:
        return arb(1 if inner[i][j] > 0 else 0)
    return (1 + cosine) / 2
