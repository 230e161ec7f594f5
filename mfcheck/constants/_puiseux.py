"""Truncated series `sum_k c_k t**e_k + O(t**end)`, t to 0 from above, with rational exponents.

Used by `orders` where leading terms cancel. All symbols are positive.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

MAX_SIMPLIFY = 80
"""Operations beyond which a coefficient is not simplified to see whether it is zero."""


class UndecidedError(Exception):
    """The leading term cannot be derived."""


def sign(value: sp.Expr) -> int:
    """Return 1 or -1 if that is certain, else 0."""
    if value.is_positive:
        return 1
    if value.is_negative:
        return -1
    growth = {e: 1 + sp.Dummy(positive=True) for e in value.atoms(sp.exp) if e.exp.is_positive}
    larger = sp.expand(value.xreplace(growth))
    return 1 if larger.is_positive else -1 if larger.is_negative else 0


def is_zero(value: sp.Expr) -> bool:
    """Whether an expression was found to vanish identically; False proves nothing."""
    expanded = sp.expand(value)
    if expanded == 0 or sign(expanded) != 0:
        return bool(expanded == 0)
    return bool(expanded.count_ops() < MAX_SIMPLIFY and sp.simplify(expanded) == 0)


@dataclass(frozen=True)
class Puiseux:
    """A series with at most `size` terms: pairs (exponent, coefficient) by rising exponent, and `end`."""

    terms: tuple[tuple[sp.Rational, sp.Expr], ...]
    end: sp.Expr
    size: int

    @classmethod
    def collect(
        cls, pairs: list[tuple[sp.Rational, sp.Expr]], end: sp.Expr, size: int
    ) -> "Puiseux":
        """Add up equal exponents, drop what vanishes or lies beyond the end, keep `size` terms."""
        sums: dict[sp.Rational, sp.Expr] = {}
        for exponent, coefficient in pairs:
            if exponent < end:
                sums[exponent] = sums.get(exponent, sp.S.Zero) + coefficient
        kept = [(e, sums[e]) for e in sorted(sums) if not is_zero(sums[e])]
        if len(kept) > size:
            end = kept[size][0]
        return cls(tuple(kept[:size]), end, size)

    @classmethod
    def monomial(cls, coefficient: sp.Expr, exponent: sp.Rational, size: int) -> "Puiseux":
        """Return `coefficient * t**exponent`, exactly."""
        return cls.collect([(exponent, coefficient)], sp.oo, size)

    @property
    def start(self) -> sp.Expr:
        """The least exponent that may occur."""
        return self.terms[0][0] if self.terms else self.end

    def __add__(self, other: "Puiseux") -> "Puiseux":
        end = sp.Min(self.end, other.end)
        return self.collect([*self.terms, *other.terms], end, self.size)

    def __mul__(self, other: "Puiseux") -> "Puiseux":
        if sp.oo in (self.start, other.start):
            return Puiseux((), sp.oo, self.size)
        end = sp.Min(self.start + other.end, other.start + self.end)
        pairs = [(e + f, a * b) for e, a in self.terms for f, b in other.terms]
        return self.collect(pairs, end, self.size)

    def power(self, exponent: sp.Rational) -> "Puiseux":
        """Return the series to a rational power, by the binomial series.

        Raises:
            UndecidedError: the sign of the leading coefficient is not certain, or does not allow that power.
        """
        if not self.terms:
            raise UndecidedError
        start, lead = self.terms[0]
        side = sign(lead)
        if side == 0 or (side < 0 and not exponent.is_Integer):
            raise UndecidedError
        rest = Puiseux(
            tuple((e - start, c / lead) for e, c in self.terms[1:]), self.end - start, self.size
        )
        head = self.monomial(lead**exponent, start * exponent, self.size)
        return head * rest.taylor(lambda k: sp.binomial(exponent, k))

    def taylor(self, coefficient: Callable[[int], sp.Expr]) -> "Puiseux":
        """Return `sum_k coefficient(k) * self**k` for a series that tends to zero."""
        if self.start <= 0:
            raise UndecidedError
        total = self.monomial(coefficient(0), sp.S.Zero, self.size)
        power = self.monomial(sp.S.One, sp.S.Zero, self.size)
        for k in range(1, self.size + 1):
            power = power * self
            total = total + power * self.monomial(coefficient(k), sp.S.Zero, self.size)
        return total + Puiseux((), self.start * (self.size + 1), self.size)

    def apply(self, function: type[sp.Function]) -> "Puiseux":
        """Return the value of an analytic function of one argument.

        Raises:
            UndecidedError: the series does not tend to a limit where the function is analytic.
        """
        limit = dict(self.terms).get(sp.S.Zero, sp.S.Zero)
        rest = Puiseux(tuple(t for t in self.terms if t[0] != 0), self.end, self.size)
        u = sp.Dummy("u")
        derivatives = [function(u)]
        for _ in range(self.size):
            derivatives.append(derivatives[-1].diff(u))
        values = [g.subs(u, limit) / sp.factorial(k) for k, g in enumerate(derivatives)]
        if any(v.has(sp.nan, sp.zoo, sp.oo, sp.Derivative, sp.Subs, sp.DiracDelta) for v in values):
            raise UndecidedError
        return rest.taylor(lambda k: values[k])
