"""A symmetric matrix that the user brings: read exactly, its extreme eigenvalues enclosed."""

import csv
import io
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from mfcheck.claims.setting import read_exact
from mfcheck.errors import InputError
from mfcheck.rigor.ball import compare
from mfcheck.rigor.eigen import largest_eigenvalue, smallest_eigenvalue
from mfcheck.run.inputs import read_bytes

MAX_SIZE = 300
"""Largest n: ball arithmetic takes minutes beyond."""

Rows = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True)
class Extremes:
    """Enclosures of the smallest and the largest eigenvalue, and how often 0 is an eigenvalue, exactly."""

    smallest: arb
    largest: arb
    zeros: int = 0

    @property
    def positive_definite(self) -> bool | None:
        """Whether the smallest eigenvalue is positive; None where its enclosure holds zero inside."""
        if bool(self.smallest.is_exact()) and self.smallest == 0:
            return False
        return {">": True, "<": False, "?": None}[compare(self.smallest, arb(0))]


def read_matrix(path: Path) -> Rows:
    """Return the exact entries of a symmetric matrix in a CSV file without header.

    Raises:
        InputError: the file cannot be read, has an entry that is no number, or holds no symmetric matrix.
    """
    raw = read_bytes(path)
    try:
        lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name}: no table: {error}") from None
    rows = []
    for number, fields in enumerate(lines, 1):
        if any(field.strip() for field in fields):
            rows.append(_row(fields, f"{path.name}: line {number}"))
    _require_symmetric(rows, path.name)
    return tuple(rows)


def _row(fields: list[str], where: str) -> tuple[Fraction, ...]:
    try:
        return tuple(read_exact(field) for field in fields)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _require_symmetric(rows: list[tuple[Fraction, ...]], name: str) -> None:
    n = len(rows)
    if not 1 <= n <= MAX_SIZE:
        raise InputError(f"{name}: a matrix of 1 to {MAX_SIZE} rows is needed, got {n}")
    for i, row in enumerate(rows):
        if len(row) != n:
            raise InputError(f"{name}: row {i + 1} has {len(row)} entries, the matrix {n} rows")
    for i in range(n):
        for j in range(i):
            if rows[i][j] != rows[j][i]:
                raise InputError(
                    f"{name}: not symmetric: row {i + 1} has {rows[i][j]} in column {j + 1}, "
                    f"row {j + 1} has {rows[j][i]} in column {i + 1}"
                )


def extremes(rows: Rows, digits: int) -> Extremes:
    """Enclose the extreme eigenvalues of an exact symmetric matrix, to so many digits where they are not zero.

    The rank is found in rational arithmetic. Where the matrix is singular, one that is nonsingular and has the same
    signs of eigenvalues decides whether 0 is the smallest or the largest one.
    """
    n = len(rows)
    exact = fmpq_mat(n, n, [fmpq(v.numerator, v.denominator) for row in rows for v in row])
    reduced, rank = exact.rref()
    smallest, largest = _enclosed(exact, digits)
    if rank < n and rank > 0:
        part = _independent(exact, reduced, rank)
        low, high = _enclosed(part, digits)
        smallest = arb(0) if low > 0 else smallest
        largest = arb(0) if high < 0 else largest
    if rank == 0:
        smallest = largest = arb(0)
    return Extremes(smallest, largest, n - rank)


def _independent(matrix: fmpq_mat, reduced: fmpq_mat, rank: int) -> fmpq_mat:
    """Return rows and columns that span the others: with `A = [I; X] B [I, X^T]` the signs of B are those of A."""
    n = matrix.nrows()
    pivots = [next(j for j in range(n) if reduced[i, j] != 0) for i in range(rank)]
    return fmpq_mat(rank, rank, [matrix[i, j] for i in pivots for j in pivots])


def _enclosed(matrix: fmpq_mat, digits: int) -> tuple[arb, arb]:
    """Enclose the smallest and the largest eigenvalue."""
    bits = ceil(3.33 * (digits + 2))
    with ctx.workprec(2 * bits + 64):
        n = matrix.nrows()
        balls = arb_mat([[arb(matrix[i, j]) for j in range(n)] for i in range(n)])
        return smallest_eigenvalue(balls, bits), largest_eigenvalue(balls, bits)
