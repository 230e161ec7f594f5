"""Hermite coefficients of `phi(xi) = s0(sqrt2 xi)` and the tails of their weighted sums.

`phi = sum_r mu_r h_r` with `h_r` the normalised probabilists' Hermite polynomials and `xi ~ N(0, 1)`
(2403.09889, Assumption 3 and Lemma 4). Integration by parts gives `sum r mu_r^2 = E phi'^2` and
`sum r (r-1) mu_r^2 = E phi''^2`, hence the totals of `mu_r^2`, `(1+r) mu_r^2` and `(1+r)^2 mu_r^2`.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from flint import arb, ctx

from mfcheck.errors import InputError
from mfcheck.gaussian.closed_forms import closed_coefficients
from mfcheck.rigor.integrate import (
    check_digits,
    cut_tails,
    expectation_sqrt2_of,
    is_accurate,
    parity,
)
from mfcheck.rigor.pieces import Piece, continuous_derivatives, pieces
from mfcheck.rigor.quadrature import hermite_integrals
from mfcheck.symbolic.activation import Activation, X

MAX_COUNT = 4096
_ATTEMPTS = 4
_LOG2_10 = math.log2(10)


def hermite_coefficients(activation: Activation, count: int, digits: int = 30) -> list[arb]:
    """Enclose `mu_0, ..., mu_{count-1}` with `digits` correct digits each.

    The radius of `mu_r` is at most `10^-digits max(|mu_{r-1}|, |mu_r|, |mu_{r+1}|)`, or `10^(-2 digits)`:
    every second coefficient may vanish.

    Raises:
        InputError: the accuracy is out of reach, or `count` is not between 1 and `MAX_COUNT`.
    """
    check_digits(digits)
    _check_count(count)
    goal = digits + 3
    for _ in range(_ATTEMPTS):
        mu = coefficients(activation, count, goal)
        lost = _lost_digits(mu, digits)
        if lost <= 0:
            return mu
        goal = min(goal + lost + 2, 2 * digits + 6)
    raise InputError(f"{digits} digits of {count} Hermite coefficients are out of reach")


def coefficients(activation: Activation, count: int, digits: int) -> list[arb]:
    """Enclose `mu_r`, `r < count`, with radii of about `10^-digits` (absolute).

    Raises:
        InputError: `s0` grows too fast, or is not understood near some point.
    """
    _check_count(count)
    return list(_coefficients(activation.expr, count, digits))


@lru_cache(maxsize=32)
def _coefficients(expr: sp.Expr, count: int, digits: int) -> tuple[arb, ...]:
    with ctx.workprec(int(digits * _LOG2_10) + 64 + count.bit_length()):
        closed = closed_coefficients(expr, count)
    return tuple(closed if closed is not None else _integrated(expr, count, digits))


def _integrated(expr: sp.Expr, count: int, digits: int) -> list[arb]:
    parts, symmetry = pieces(expr), parity(expr)
    squares = [Piece(part.lower, part.upper, part.expr**2) for part in parts]
    # |E[phi h_r; outside]| <= sqrt(E[phi^2; outside]), since E h_r^2 = 1.
    cutoff, outside = cut_tails(squares, 2 * digits + 2, symmetry != 0)
    mu = hermite_integrals(parts, count, cutoff, digits + 1, symmetry)
    with ctx.workprec(int(digits * _LOG2_10) + 64 + count.bit_length()):
        error = arb(0, outside.abs_upper().sqrt().upper())
        return [
            arb(0) if symmetry == (-1) ** (r + 1) else value + error for r, value in enumerate(mu)
        ]


def _lost_digits(mu: list[arb], digits: int) -> int:
    """Return how many more absolute digits the worst coefficient needs, 0 if all are accurate."""
    lost = 0
    for r, value in enumerate(mu):
        nearby = max((abs(m.mid()) for m in mu[max(0, r - 1) : r + 2]), key=float)
        if is_accurate(value, digits, nearby):
            continue
        goal = max(nearby * arb(10) ** -digits, arb(10) ** (-2 * digits), key=float)
        lost = max(lost, math.ceil(float((value.rad() / goal).log() / arb(10).log())) + 1)
    return lost


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_COUNT:
        raise InputError(
            f"the number of Hermite coefficients must lie between 1 and {MAX_COUNT}, not {count}"
        )


@dataclass(frozen=True, slots=True)
class WeightedSums:
    """Sums of `mu_r^2`, `(1+r) mu_r^2`, `(1+r)^2 mu_r^2` over some range of r; `+inf` if they diverge."""

    plain: arb
    linear: arb
    quadratic: arb

    def minus(self, mu: list[arb]) -> "WeightedSums":
        """Take the first `len(mu)` terms away; what remains is a sum of squares, so never negative."""
        partial = partial_sums(mu)
        return WeightedSums(
            (self.plain - partial.plain).nonnegative_part(),
            (self.linear - partial.linear).nonnegative_part(),
            (self.quadratic - partial.quadratic).nonnegative_part(),
        )


def partial_sums(mu: list[arb]) -> WeightedSums:
    """Sum over the coefficients given, at the working precision."""
    squares = [value * value for value in mu]
    return WeightedSums(
        sum(squares, arb(0)),
        sum(((1 + r) * s for r, s in enumerate(squares)), arb(0)),
        sum(((1 + r) ** 2 * s for r, s in enumerate(squares)), arb(0)),
    )


@lru_cache(maxsize=64)
def totals(activation: Activation, digits: int = 30) -> WeightedSums:
    """Enclose the sums over all r: `E phi^2`, `E[phi^2 + phi'^2]`, `E[phi^2 + 3 phi'^2 + phi''^2]`.

    A sum diverges exactly if `phi` lacks that many square-integrable weak derivatives; a jump has none,
    a kink one.

    Raises:
        InputError: an expectation is not known to be finite, or its accuracy is out of reach.
    """
    parts = pieces(activation.expr)
    smoothness = continuous_derivatives(parts, 1)
    moments = [arb.pos_inf()] * 3
    symmetry = parity(activation.expr)
    with ctx.workprec(int(digits * _LOG2_10) + 32):
        for order in range(min(3, smoothness + 2)):
            squares = [Piece(p.lower, p.upper, sp.diff(p.expr, X, order) ** 2) for p in parts]
            moments[order] = 2**order * expectation_sqrt2_of(squares, digits, abs(symmetry))
        plain, first, second = moments
        return WeightedSums(plain, plain + first, plain + 3 * first + second)


def tail_sums(activation: Activation, start: int, digits: int = 30) -> WeightedSums:
    """Enclose the sums over `r >= start`, with radii of about `10^-digits` times the totals.

    Raises:
        InputError: as for `totals` and `hermite_coefficients`.
    """
    extra = digits + 2 * math.ceil(math.log10(start + 1)) + 3
    mu = coefficients(activation, start, extra) if start else []
    with ctx.workprec(int(extra * _LOG2_10) + 64):
        return totals(activation, extra).minus(mu)
