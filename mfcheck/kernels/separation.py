"""Lambda: how small lambda_min of a kernel matrix can be for n points with `<x_i, x_j> <= C_max` (2403.09889, Lemma 4).

With `c_ij = (1 + <x_i, x_j>)/2` the kernels are `sum_r w_r C^(r)`, `w_r = (1+r)^k mu_r^2 >= 0`, `C^(r)` the entrywise
power. Lower bound, for every data set with n points:

1. `C = (1 1^T + X X^T)/2` is positive semidefinite, hence so is each `C^(r)` (Schur), and
   `lambda_min(sum_r w_r C^(r)) >= sum_r w_r lambda_min(C^(r))` with each term at least 0 (Weyl).
2. `C^(r)` has diagonal 1 and off-diagonal entries in `[0, q]`, `q = c_max^r`, `c_max = (1+C_max)/2`, because
   `c_ij >= 0`. So `lambda_min(C^(r)) >= 1 - m q` with
   - `m = n-1`: Gershgorin's circles;
   - `m = sqrt(floor(n^2/4)) <= n-1`: for a unit vector x with nonnegative entries on P and negative ones on N,
     `x^T (C^(r) - I) x >= -2 q sum_P |x_i| sum_N |x_j| >= -2 q sqrt(|P||N|) |x_P| |x_N| >= -q sqrt(|P||N|)`
     (G. Constantine, Linear Algebra Appl. 65 (1985) 171-178).

Hence `lambda_min >= sum_r w_r max(0, 1 - m c_max^r)`. It depends on n, C_max and s0, not on d. With the second m it is
attained for n = 2, and for n = 4, C_max = 0 by two orthogonal pairs of opposite points.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.optimize import NonlinearConstraint, minimize

from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel, half_gram
from mfcheck.gaussian.hermite import hermite_coefficients, tail_sums
from mfcheck.kernels.two_layer import TERMS, weights
from mfcheck.rigor.ball import Exact, compare, enclose, exact
from mfcheck.rigor.codes import n_max
from mfcheck.rigor.eigen import SmallestEigenvalue, certified_lambda_min
from mfcheck.symbolic.activation import Activation

FloatArray = NDArray[np.float64]

n, r = sp.symbols("n r", integer=True, nonnegative=True)
c_max = sp.Symbol("c_max", nonnegative=True)
mu, k = sp.IndexedBase("mu"), sp.Symbol("k", integer=True, nonnegative=True)

MULTIPLIERS = MappingProxyType({"gershgorin": n - 1, "bipartite": sp.sqrt(sp.floor(n**2 / 4))})
"""m in `lambda_min(C^(r)) >= 1 - m c_max^r`, as a formula in n."""

MAX_TERMS = 5000
_SEARCH_TERMS = 160


def separation_formula(multiplier: sp.Expr) -> sp.Sum:
    """Return the bound as a series over the Hermite coefficients `mu[r]`, for the kernel of order k."""
    term = (1 + r) ** k * mu[r] ** 2 * sp.Max(0, 1 - multiplier * c_max**r)
    return sp.Sum(term, (r, 0, sp.oo))


def separation_bound(
    activation: Activation,
    size: int,
    C_max: Exact | arb,
    multiplier: sp.Expr = MULTIPLIERS["bipartite"],
    order: int = 1,
    digits: int = 15,
) -> arb:
    """Enclose `sum_r w_r max(0, 1 - m c_max^r)`, a lower bound of lambda_min for `size` points.

    Rewritten as `A_k(1) - m A_k(c) + sum_r w_r max(0, m c^r - 1)`, whose sum is finite, `A_k` the kernel.

    Args:
        activation: the activation s0.
        size: the number of points.
        C_max: the largest inner product of two different points, in [-1, 1).
        multiplier: m, a formula in `n`.
        order: k of the kernel: 0 (A), 1 (G2) or 2 (K).
        digits: working accuracy, relative to the diagonal of the kernel.

    Raises:
        InputError: no points, `C_max` not certainly in [-1, 1), or so near 1 that too many terms are needed.
    """
    if size < 1:
        raise InputError(f"at least one point is needed, not {size}")
    kernel = DualKernel(activation, digits)
    with ctx.workprec(kernel.prec):
        c = (1 + (C_max if isinstance(C_max, arb) else exact(C_max))) / 2
        if compare(c, arb(1)) != "<" or compare(c, arb(0)) == "<":
            raise InputError("C_max must be certain to lie in [-1, 1)")
        m = enclose(multiplier.subs(n, size), prec=kernel.prec)
        total = kernel.total(order)
        if size > 1:
            total += _head(activation, m, c, order, digits) - m * kernel.value(c, order)
        return total


def _head(activation: Activation, m: arb, c: arb, order: int, digits: int) -> arb:
    """Enclose `sum_r (1+r)^order mu_r^2 max(0, m c^r - 1)`."""
    factors: list[arb] = []
    power = m
    while compare(power, arb(1)) != "<":
        if len(factors) >= MAX_TERMS:
            raise InputError(
                f"more than {MAX_TERMS} Hermite coefficients needed: C_max is too near 1"
            )
        factors.append((power - 1).nonnegative_part())
        power *= c
    found = hermite_coefficients(activation, len(factors), digits) if factors else []
    terms = (
        (1 + i) ** order * x**2 * f for i, (x, f) in enumerate(zip(found, factors, strict=True))
    )
    return sum(terms, arb(0))


def weighted(
    activation: Activation,
    factor: sp.Expr,
    values: Mapping[sp.Symbol, Exact | arb],
    terms: int,
    order: int = 1,
    digits: int = 15,
) -> arb:
    """Enclose `sum_r w_r t_r` for factors t_r in [0, 1]: those from `terms` on may be anything there.

    Args:
        activation: the activation s0.
        factor: t_r, a formula in `r`.
        values: of the other symbols of the formula.
        terms: how many are summed.
        order: k of the kernel, 0, 1 or 2.
        digits: of the coefficients, relative to the diagonal of the kernel.

    Raises:
        InputError: as for `hermite_coefficients` and `tail_sums`.
    """
    tail = tail_sums(activation, terms, digits)
    found = hermite_coefficients(activation, terms, digits)
    with ctx.workprec(round(digits * 3.33) + 60):
        factors = [enclose(factor.subs(r, i), values, 160) for i in range(terms)]
        products = ((1 + i) ** order * x**2 * factors[i] for i, x in enumerate(found))
        total = sum(products, arb(0))
        return total + (tail.plain, tail.linear, tail.quadratic)[order] * arb(0.5, 0.5)


def weighted_float(
    activation: Activation, factor: sp.Expr, values: Mapping[sp.Symbol, float], order: int = 1
) -> float:
    """Return what `weighted` encloses in double precision; coefficients from the 160th on are left out."""
    index = np.arange(TERMS, dtype=np.float64)
    factors = _factors(factor, tuple(values))(index, *values.values())
    return float(weights(activation, order) @ np.broadcast_to(factors, index.shape))


@lru_cache(maxsize=64)
def _factors(factor: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., FloatArray]:
    code: Callable[..., FloatArray] = sp.lambdify((r, *symbols), factor, "numpy")
    return code


def equal_inner_products(activation: Activation, C: Exact, order: int = 1, digits: int = 15) -> arb:
    """Enclose lambda_min for two or more points with all inner products C: `A_k(1) - A_k((1+C)/2)`.

    The matrix is `(A_k(1) - A_k(c)) I + A_k(c) 1 1^T`, and `A_k(c) >= 0`.

    Raises:
        InputError: `C` is not in [-1, 1].
    """
    kernel = DualKernel(activation, digits)
    with ctx.workprec(kernel.prec):
        return kernel.total(order) - kernel.value((1 + exact(C)) / 2, order)


# --- the worst configuration that a search finds ----------------------------------------------------


@dataclass(frozen=True)
class WorstCase:
    """Admissible points with a small lambda_min: `eigenvalue.upper` bounds Lambda(n, d, C_max) from above.

    `points` are exact; rows are to be divided by their norms. All inner products are certified to be at most `C_max`.
    """

    points: tuple[tuple[Fraction, ...], ...]
    C_max: Fraction
    order: int
    eigenvalue: SmallestEigenvalue


def worst_case(
    activation: Activation,
    size: int,
    d: int,
    C_max: Exact,
    order: int = 1,
    starts: int = 6,
    seed: int = 0,
) -> WorstCase:
    """Search for `size` unit vectors in `R^d`, inner products at most `C_max`, with the least lambda_min.

    Local minimisation (SLSQP) from several starts; the best point found is rounded to fractions and certified.

    Raises:
        InputError: no such points exist, or none were found, or the problem is too large for the search.
    """
    C = Fraction(C_max)
    if size < 2 or d < 2 or size * d > 600:
        raise InputError(f"the search takes 2 to {600 // max(d, 2)} points in dimension 2 or more")
    most = n_max(d, C)
    if size > most.n_max:
        raise InputError(
            f"at most {most.n_max} points have inner products at most {C} ({most.method})"
        )
    generators = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(starts)]
    for margin in (1e-9, 0.0):  # rigid configurations have no room for a margin
        search = _Search(activation, size, d, float(C) - margin, order)
        local = [search.minimise(search.start(i, rng)) for i, rng in enumerate(generators)]
        for _, points in sorted((x for x in local if x is not None), key=lambda pair: pair[0]):
            found = _certified(activation, points, C, order)
            if found is not None:
                return found
    raise InputError(
        f"the search found no {size} points in dimension {d} with inner products at most {C}"
    )


def _certified(
    activation: Activation, points: FloatArray, C: Fraction, order: int
) -> WorstCase | None:
    """Round the points to fractions; None unless all inner products are then certain to be at most C."""
    turned = points @ np.linalg.qr(points.T, mode="complete")[0]
    for matrix, denominator in ((turned, 60), (points, 10**15)):
        rows = tuple(
            tuple(Fraction(x).limit_denominator(denominator) for x in row)
            for row in matrix.tolist()
        )
        if all(any(row) for row in rows) and _admissible(rows, C):
            return WorstCase(rows, C, order, _enclosed(activation, rows, order))
    return None


def _admissible(rows: tuple[tuple[Fraction, ...], ...], C: Fraction) -> bool:
    half, limit = half_gram(rows), exact((1 + C) / 2)
    return all(half[i, j] <= limit for i, j in combinations(range(len(rows)), 2))


def _enclosed(
    activation: Activation, rows: tuple[tuple[Fraction, ...], ...], order: int
) -> SmallestEigenvalue:
    for digits in (20, 60, 180):
        found = certified_lambda_min(
            DualKernel(activation, digits).value(half_gram(rows, digits), order)
        )
        if found.limit != "entries":
            break
    return found


class _Search:
    """lambda_min as a smooth function of unnormalised points, shape (size, d), and its constraints."""

    def __init__(self, activation: Activation, size: int, d: int, C: float, order: int) -> None:
        coefficients = hermite_coefficients(activation, _SEARCH_TERMS, 16)
        weights = [(1 + i) ** order * float(x) ** 2 for i, x in enumerate(coefficients)]
        self.kernel = Polynomial(weights)
        self.slope = self.kernel.deriv()
        self.size, self.d, self.C = size, d, C
        self.upper = np.triu_indices(size, 1)

    def start(self, index: int, rng: np.random.Generator) -> FloatArray:
        """Alternate an arc of the circle, clusters of several widths, and uniform points."""
        points = rng.standard_normal((self.size, self.d))
        if index == 0:
            angles = np.arccos(np.clip(self.C, -1, 1)) * np.arange(self.size)
            points = 1e-3 * points
            points[:, :2] += np.stack([np.cos(angles), np.sin(angles)], axis=1)
        elif index % 3:
            points = points * (0.3, 1.0)[index % 2]
            points[:, 0] += 1.0
        return points

    def unit(self, flat: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the points on the sphere, shape (size, d), and the norms, shape (size, 1)."""
        points = flat.reshape(self.size, self.d)
        norms = np.linalg.norm(points, axis=1, keepdims=True)
        return points / norms, norms

    def objective(self, flat: FloatArray) -> tuple[float, FloatArray]:
        """Return lambda_min and its gradient."""
        u, norms = self.unit(flat)
        c = (1 + u @ u.T) / 2
        values, vectors = np.linalg.eigh(self.kernel(c))
        v = vectors[:, 0]
        outer = np.outer(v, v) * self.slope(c)
        np.fill_diagonal(outer, 0.0)
        return float(values[0]), self._tangent(outer @ u, u, norms).ravel()

    @staticmethod
    def _tangent(gradient: FloatArray, u: FloatArray, norms: FloatArray) -> FloatArray:
        return np.asarray((gradient - u * (gradient * u).sum(axis=1, keepdims=True)) / norms)

    def gaps(self, flat: FloatArray) -> FloatArray:
        """Return `C - <x_i, x_j>` for i < j."""
        u, _ = self.unit(flat)
        return np.asarray(self.C - (u @ u.T)[self.upper])

    def gaps_jacobian(self, flat: FloatArray) -> FloatArray:
        """Return the derivative of `gaps`, shape (pairs, size d)."""
        u, norms = self.unit(flat)
        pairs = list(zip(*self.upper, strict=True))
        jacobian = np.zeros((len(pairs), self.size, self.d))
        for row, (i, j) in enumerate(pairs):
            dot = float(u[i] @ u[j])
            jacobian[row, i] = -(u[j] - dot * u[i]) / norms[i]
            jacobian[row, j] = -(u[i] - dot * u[j]) / norms[j]
        return jacobian.reshape(len(pairs), -1)

    def minimise(self, start: FloatArray) -> tuple[float, FloatArray] | None:
        """Return the value and the points of a local minimum; None if no admissible points were reached."""
        constraint = NonlinearConstraint(self.gaps, 0.0, np.inf, jac=self.gaps_jacobian)
        both: Any = self.objective  # value and gradient together
        found = minimize(
            both,
            start.ravel(),
            jac=True,
            method="SLSQP",
            constraints=[constraint],
            options={"maxiter": 300, "ftol": 1e-12},
        )
        flat = np.asarray(found.x, dtype=np.float64)
        if not np.isfinite(flat).all() or float(self.gaps(flat).min()) < -9e-10:
            return None
        return float(found.fun), self.unit(flat)[0]
