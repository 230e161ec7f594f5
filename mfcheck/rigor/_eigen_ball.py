"""lambda_min of a symmetric ball matrix at a given precision.

For any `L` and `s`, `A - sI = L L^T + R` gives `lambda_min(A) >= s - |R|_inf`. So only the residual `R` needs
ball arithmetic; the factor `L`, the shift `s` and the eigenvector are found by heuristics.
"""

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

Rows: TypeAlias = list[list[arb]]

_MAX_STEPS = 200


@dataclass(frozen=True)
class Enclosure:
    """`lower <= lambda_min <= upper`, and the test vector of the upper bound (exact numbers)."""

    lower: arb
    upper: arb
    vector: tuple[arb, ...]


def enclose_balls(matrix: arb_mat, radii: arb, rel_bits: int, prec: int) -> Enclosure:
    """Enclose lambda_min of every symmetric matrix in `matrix`, shape (n, n), with `prec` bits.

    `radii` bounds the row sums of the radii of the entries. The enclosure is refined until it is narrower than
    `2^-rel_bits |lambda_min|`, or than radii or precision allow; it is valid in each case.
    """
    with ctx.workprec(prec):
        return _Search(matrix, radii, rel_bits).run()


def row_sum_norm(matrix: arb_mat) -> arb:
    """An upper bound of the spectral norm of every symmetric matrix in `matrix`, shape (n, n)."""
    n = matrix.nrows()
    sums = (sum((matrix[i, j].abs_upper() for j in range(n)), arb(0)).upper() for i in range(n))
    return largest(sums)


def largest(values: Iterable[arb]) -> arb:
    """The largest of some exact numbers."""
    return reduce(lambda a, b: b if bool(b > a) else a, values)


def smallest_estimate(matrix: NDArray[np.float64]) -> float | None:
    """Approximate lambda_min in doubles, shape (n, n); None if the library's iteration does not converge."""
    try:
        return float(np.linalg.eigvalsh(matrix)[0])
    except np.linalg.LinAlgError:
        return None


class _Search:
    """Alternates inverse iteration (vector, upper bound) and shifts towards it (lower bound)."""

    def __init__(self, matrix: arb_mat, radii: arb, rel_bits: int) -> None:
        n = matrix.nrows()
        self.matrix, self.radii, self.rel_bits = matrix, radii, rel_bits
        self.rows = [[matrix[max(i, j), min(i, j)].mid() for j in range(n)] for i in range(n)]
        self.mid = arb_mat(self.rows)
        self.norm = row_sum_norm(self.mid)
        self.noise = (self.norm * n * arb(2) ** (4 - ctx.prec)).upper()
        self.vector = [arb(16 + 7 * i % 11) / 16 for i in range(n)]
        self.upper, self.best = rayleigh_upper(matrix, self.vector), self.vector
        self.lower, self.factor = -self.norm, Rows()

    def run(self) -> Enclosure:
        """Refine until the target width is reached or nothing more can be gained."""
        top = self._start() if bool(self.norm > 0) else self.norm
        worked = True
        for _ in range(_MAX_STEPS if bool(self.norm > 0) else 0):
            quotient, residual = self._improve_vector()
            target = self._target(quotient)
            gap = quotient - self.lower
            top = quotient if bool(quotient < top) else top
            if bool(gap <= target) or bool(top - self.lower <= self.noise):
                break
            shift = quotient - 2 * residual - target / 4
            if not (worked and bool(shift > self.lower + gap / 8) and bool(shift < top)):
                shift = (self.lower + top) / 2
            worked = self._factorised(shift.mid())
            if not worked:
                top = shift.mid()
        return Enclosure((self.lower - self.radii).lower(), self.upper, tuple(self.best))

    def _target(self, quotient: arb) -> arb:
        """The width below which further refinement gains nothing."""
        wanted = (abs(quotient) * arb(2) ** -self.rel_bits / 2).mid()
        return largest([wanted, (self.radii / 2).mid(), 8 * self.noise])

    def _start(self) -> arb:
        """Find a shift below lambda_min, from its double approximation where there is one."""
        scaled = np.array([[float(x / self.norm) for x in row] for row in self.rows])
        estimate = smallest_estimate(scaled)
        shift = -2.0 if estimate is None else estimate - 2.0**-50 * len(self.rows)
        if not self._factorised((shift * self.norm).mid()):
            self._factorised((-2 * self.norm).mid())
        return self.norm

    def _factorised(self, shift: arb) -> bool:
        """Try to prove `lambda_min(mid) >= shift` up to rounding; keep bound and factor if it works."""
        factor = cholesky(self.rows, shift)
        if factor is None:
            return False
        self.factor = factor
        self.lower = largest([self.lower, residual_bound(self.mid, shift, factor)])
        return True

    def _improve_vector(self) -> tuple[arb, arb]:
        """Two steps of inverse iteration; return the Rayleigh quotient and the residual norm (approximate)."""
        for _ in range(2):
            vector = solve(self.factor, self.vector)
            size = largest(abs(x) for x in vector)
            self.vector = [(x / size).mid() for x in vector]
        upper = rayleigh_upper(self.matrix, self.vector)
        if bool(upper < self.upper):
            self.upper, self.best = upper, self.vector
        column = arb_mat([[x] for x in self.vector])
        image = self.mid * column
        square = (column.transpose() * column)[0, 0]
        quotient = (column.transpose() * image)[0, 0] / square
        rest = (image - column * quotient).entries()
        return quotient.mid(), (sum((x * x for x in rest), arb(0)) / square).mid().sqrt().mid()


def rayleigh_upper(matrix: arb_mat, vector: list[arb]) -> arb:
    """An upper bound of `v^T A v / v^T v`, hence of lambda_min(A), for every `A` in `matrix`."""
    column = arb_mat([[x] for x in vector])
    row = column.transpose()
    return ((row * (matrix * column))[0, 0] / (row * column)[0, 0]).upper()


def residual_bound(mid: arb_mat, shift: arb, factor: Rows) -> arb:
    """A lower bound of lambda_min(mid): `s - |mid - sI - L L^T|_inf`, for any lower triangular `L`."""
    n = len(factor)
    L = arb_mat([row + [arb(0)] * (n - len(row)) for row in factor])
    identity = arb_mat([[int(i == j) for j in range(n)] for i in range(n)])
    return (shift - row_sum_norm(mid - identity * shift - L * L.transpose())).lower()


def cholesky(rows: Rows, shift: arb) -> Rows | None:
    """Approximate the Cholesky factor of `rows - shift I`; row i has length i+1. None if a pivot fails."""
    factor: Rows = []
    inverse: list[arb] = []
    for i, source in enumerate(rows):
        row: list[arb] = []
        for j in range(i):
            known = sum(map(operator.mul, row, factor[j]), arb(0))
            row.append(((source[j] - known) * inverse[j]).mid())
        pivot = (source[i] - shift - sum(map(operator.mul, row, row), arb(0))).mid()
        if not bool(pivot > 0):
            return None
        row.append(pivot.sqrt().mid())
        inverse.append((1 / row[i]).mid())
        factor.append(row)
    return factor


def solve(factor: Rows, right: list[arb]) -> list[arb]:
    """Approximate the solution of `L L^T x = right`."""
    n = len(factor)
    half: list[arb] = []
    for i, row in enumerate(factor):
        known = sum(map(operator.mul, row, half), arb(0))
        half.append(((right[i] - known) / row[i]).mid())
    for i in reversed(range(n)):
        half[i] = (half[i] / factor[i][i]).mid()
        for j in range(i):
            half[j] = (half[j] - factor[i][j] * half[i]).mid()
    return half
