"""Smallest eigenvalues of kernel matrices: of given points, and of all points that are well apart."""

from fractions import Fraction
from math import ceil, isqrt
from operator import mul
from typing import Any

from .formulas import Interval, Pair, evaluate, finite, fixed, sqrt
from .kernels import Kernel, kernel, order
from .reading import Bounds, Json, bounds, effort, need, number, prove

MAX_POINTS = 256


def lambda_min(claim: Json, witness: Json) -> Bounds:
    """The points, divided by their norms, give `c_ij = (1 + <x_i, x_j>)/2` and `c_ii = 1`."""
    (lower, upper), rows = bounds(claim), claim["points"]
    c_max = (1 + number(claim.get("C_max", "3"))) / 2
    need(c_max < 1 or "C_max" not in claim, "C_max is not below 1")
    need(1 <= len(rows) <= MAX_POINTS, f"not between 1 and {MAX_POINTS} points")
    need(claim["dimension"] >= 1, "a dimension below 1")
    need(all(isinstance(x, list) and len(x) == claim["dimension"] for x in rows), "dimension")
    function, bits = kernel(claim, witness, order(claim)), witness["bits"]
    effort.spend(
        len(rows) ** 2 * (10 * claim["dimension"] + len(function.weights) + len(rows) + 50)
    )
    matrix = gram(rows, function, c_max)
    if lower is not None:
        _prove_lower(matrix, bits, lower)
    if upper is not None:
        _prove_upper(matrix, bits, [number(x) for x in witness.get("vector", [])], upper)
    return lower, upper


def gram(points: list[list[Any]], function: Kernel, c_max: Fraction) -> list[list[Pair]]:
    """Enclose the lower triangle of the kernel matrix; the inner products are proved to stay below `c_max`."""
    rows: list[list[Interval]] = [[evaluate(entry, {}) for entry in x] for x in points]
    norms = [sqrt(sum(entry**2 for entry in x)) for x in rows]
    prove(all(norm.a > 0 for norm in norms), "a point is not known to differ from zero")
    matrix: list[list[Pair]] = []
    one = 1 << function.bits
    for i, x in enumerate(rows):
        matrix.append([])
        for j in range(i):
            cosine = finite(sum(map(mul, x, rows[j])) / (norms[i] * norms[j]))
            low, high = fixed((1 + cosine) / 2, function.bits)
            prove(high <= c_max * one, "C_max is not proved")
            matrix[i].append(function.at((max(0, low), min(one, high))))
        matrix[i].append(function.total)
    return matrix


def _prove_lower(gram: list[list[Pair]], bits: int, lower: Fraction) -> None:
    """Prove lambda_min >= lower: `middle - shift I = L L^T + R`, `shift >= lower + radius + |R|`.

    Row i of `gram` has i+1 entries. `R` holds what integer division and square root leave over.
    """
    n, middle = len(gram), [[(low + high) // 2 for low, high in row] for row in gram]
    radius = n * max(high - low for row in gram for low, high in row)
    largest = max(row[-1] for row in middle) + abs(ceil(lower * 2**bits))
    slack = n * (2 * isqrt(largest >> bits) + 4)
    shift = ceil(lower * 2**bits) + radius + slack
    factor: list[list[int]] = []
    rests = [0] * n
    for i, row in enumerate(middle):
        new: list[int] = []
        for j in range(i):
            entry, rest = divmod((row[j] << bits) - sum(map(mul, new, factor[j])), factor[j][j])
            new.append(entry)
            rests[i] += rest
            rests[j] += rest
        pivot = (row[i] - shift << bits) - sum(map(mul, new, new))
        prove(pivot > 0, "the lower bound of lambda_min is not proved")
        factor.append([*new, isqrt(pivot)])
        rests[i] += pivot - isqrt(pivot) ** 2
    prove(max(rests) <= slack << bits, "rounding hides the lower bound of lambda_min")


def _prove_upper(gram: list[list[Pair]], bits: int, v: list[Fraction], upper: Fraction) -> None:
    """Prove lambda_min < upper by the Rayleigh quotient of `v`, a vector of integers."""
    need(len(v) == len(gram), "the vector does not fit the points")
    need(all(x.denominator == 1 for x in v), "the vector is not one of integers")
    total = 0
    for i, row in enumerate(gram):
        for j, (low, high) in enumerate(row):
            weight = (v[i] * v[j]).numerator * (1 if i == j else 2)
            total += weight * (high if weight > 0 else low)
    prove(total < upper * sum(x * x for x in v) * 2**bits, "the upper bound is not proved")


def separation(claim: Json, witness: Json) -> Bounds:
    """Schur, Weyl: `sum_r (1+r)^k mu_r^2 max(0, 1 - m c^r)`, `c = (1+C_max)/2`, `m = sqrt(floor(n^2/4))`."""
    n, lower, c = claim["n"], number(claim["lower"]), (1 + number(claim["C_max"])) / 2
    need(1 <= n < 10**9 and 0 <= c < 1, "n or C_max out of range")
    function, bits, total = kernel(claim, witness, order(claim)), witness["bits"], 0
    effort.spend(100 * len(function.weights))
    power = isqrt((n * n // 4) << 2 * bits) + 1 if n > 1 else 0  # of m c^r, from above
    for low, _high in [*function.weights, function.rest]:
        total += max(0, (1 << bits) - power) * low >> bits
        power = ceil(power * c)
    prove(lower * 2**bits <= total, "the separation bound is not proved")
    return lower, None
