"""Sums of terms of known growth on a half-line `[start, inf)`, with enclosed coefficients.

A *germ* is a finite sum of terms `c(x) x^k exp(a x^2 + b x)`. Each coefficient `c(x)` is known only
through a ball that holds all its values for `x >= start`; `a` and `b` may be balls in the same sense.
Exact constants stay exact under addition and multiplication, so that `1 - tanh(x)^2` is seen to decay.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, reduce

import sympy as sp
from flint import arb

from mfcheck.rigor.program import program

MAX_TERMS = 24

ARGUMENT = sp.Dummy("t", real=True)
_ZERO, _ONE = arb(0), arb(1)


class UnknownTailError(Exception):
    """The behaviour on the half-line could not be enclosed; the message says why."""


def evaluate(expr: sp.Expr, value: arb) -> arb:
    """Enclose an expression in `ARGUMENT`.

    Raises:
        UnknownTailError: the expression is not known to be finite there.
    """
    result = program(expr, (ARGUMENT,))(value)
    if not result.is_finite():
        raise UnknownTailError(
            f"{str(expr).replace(str(ARGUMENT), 't')} has no finite enclosure there"
        )
    return result


@lru_cache(maxsize=256)
def _slopes(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Return the first and second derivative of an expression in `ARGUMENT`."""
    first = sp.diff(expr, ARGUMENT)
    return first, sp.diff(first, ARGUMENT)


@dataclass(frozen=True, slots=True)
class Term:
    """`c(x) x^k exp(a x^2 + b x)`."""

    c: arb
    k: sp.Rational = sp.S.Zero
    b: arb = _ZERO
    a: arb = _ZERO

    def times(self, other: "Term") -> "Term":
        """Return the product."""
        return Term(self.c * other.c, self.k + other.k, self.b + other.b, self.a + other.a)

    def scaled(self, factor: arb) -> "Term":
        """Return the term times a number."""
        return Term(self.c * factor, self.k, self.b, self.a)

    def raised(self, q: sp.Rational) -> "Term":
        """Return the q-th power."""
        factor = _ratio(q)
        return Term(evaluate(ARGUMENT**q, self.c), self.k * q, self.b * factor, self.a * factor)

    def has_growth_of(self, other: "Term") -> bool:
        """Say whether both have exactly the same `k`, `b` and `a`."""
        exact = self.b.is_exact() and self.a.is_exact()
        return bool(self.k == other.k and exact and self.b == other.b and self.a == other.a)

    def growth(self) -> int | None:
        """Return 1 if the size tends to infinity, 0 if constant, -1 if it tends to zero, None if open."""
        for exponent in (self.a, self.b, _ratio(self.k)):
            if exponent > 0:
                return 1
            if exponent < 0:
                return -1
            if not exponent.is_zero():
                return None
        return 0

    def largest(self, start: arb) -> arb:
        """Bound `x^k exp(a x^2 + b x)` on the half-line, for a term that does not grow.

        Raises:
            UnknownTailError: it does not decrease from `start` on, as far as can be told.
        """
        a, b, k = self.a.upper(), self.b.upper(), _ratio(self.k)
        slope = 2 * a * start + b + (k / start if k > 0 else 0)
        if self.growth() not in (0, -1) or a > 0 or not slope <= 0:
            raise UnknownTailError("a part grows without bound")
        return (evaluate(ARGUMENT**self.k, start) * ((a * start + b) * start).exp()).upper()

    def smallest(self, start: arb) -> arb:
        """Bound `x^k exp(a x^2 + b x)` from below on the half-line, for a term that increases.

        Raises:
            UnknownTailError: it does not increase from `start` on, as far as can be told.
        """
        a, b = self.a.lower(), self.b.lower()
        if not (a >= 0 and b >= 0 and self.k >= 0):
            raise UnknownTailError("a part is not seen to increase")
        return (evaluate(ARGUMENT**self.k, start) * ((a * start + b) * start).exp()).lower()


@dataclass(frozen=True, slots=True)
class Germ:
    """A sum of terms on `[start, inf)`."""

    start: arb
    terms: tuple[Term, ...]

    def of(self, terms: Iterable[Term]) -> "Germ":
        """Return a germ on the same half-line, equal terms merged, their number bounded."""
        merged: list[Term] = []
        for term in terms:
            for index, known in enumerate(merged):
                if known.has_growth_of(term):
                    merged[index] = Term(known.c + term.c, term.k, term.b, term.a)
                    break
            else:
                merged.append(term)
        kept = tuple(term for term in merged if not term.c.is_zero())
        return Germ(self.start, kept) if len(kept) <= MAX_TERMS else self._shortened(kept)

    def number(self, value: arb) -> "Germ":
        """Return a constant germ."""
        return self.of([Term(value)])

    def plus(self, other: "Germ") -> "Germ":
        """Return the sum."""
        return self.of([*self.terms, *other.terms])

    def times(self, other: "Germ") -> "Germ":
        """Return the product."""
        return self.of([s.times(t) for s in self.terms for t in other.terms])

    def scaled(self, factor: arb) -> "Germ":
        """Return the germ times a number, or times a function with values in a ball."""
        return self.of([term.scaled(factor) for term in self.terms])

    def negated(self) -> "Germ":
        """Return the germ with the opposite sign."""
        return self.scaled(-_ONE)

    def constant(self) -> arb:
        """Return the coefficient of the constant term."""
        return sum((t.c for t in self.terms if t.growth() == 0), _ZERO)

    def rest(self) -> "Germ":
        """Return the germ without its constant term."""
        return Germ(self.start, tuple(t for t in self.terms if t.growth() != 0))

    def is_bounded(self) -> bool:
        """Say whether no term grows.

        Raises:
            UnknownTailError: the growth of a term is open.
        """
        growths = [term.growth() for term in self.terms]
        if None in growths:
            raise UnknownTailError("the growth of a part is open")
        return 1 not in growths

    def range(self) -> arb:
        """Enclose all values on the half-line.

        Raises:
            UnknownTailError: a term grows.
        """
        spans = [
            t.c if t.growth() == 0 else t.c * _ZERO.union(t.largest(self.start)) for t in self.terms
        ]
        return sum(spans, _ZERO)

    def span(self) -> tuple[arb, arb]:
        """Return a lower and an upper bound, sharper than the ball `range` where signs are certain.

        Raises:
            UnknownTailError: a term grows.
        """
        lower, upper = _ZERO, _ZERO
        rest = self.rest()
        for term in rest.terms:
            extreme = term.c * term.largest(self.start)
            lower += extreme.lower().min(_ZERO)
            upper += extreme.upper().max(_ZERO)
        sign = rest.sign()
        lower, upper = (_ZERO if sign in (0, 1) else lower), (_ZERO if sign in (0, -1) else upper)
        constant = self.constant()
        return (constant.lower() + lower).lower(), (constant.upper() + upper).upper()

    def leading(self) -> tuple[Term, "Germ"]:
        """Return the term `T` that outgrows all others, and `rho` with `T (1 + rho)` the germ.

        Raises:
            UnknownTailError: no term is certain to outgrow the others, or its coefficient may vanish.
        """
        for term in self.terms:
            if term.c.contains(0):
                continue
            inverse = Term(_ONE / term.c, -term.k, -term.b, -term.a)
            others = [t.times(inverse) for t in self.terms if t is not term]
            if all(t.growth() == -1 for t in others):
                return term, self.of(others)
        raise UnknownTailError("no part is certain to dominate")

    def sign(self) -> int | None:
        """Return the sign on the whole half-line, None if it is open."""
        if not self.terms:
            return 0
        try:
            term, rho = self.leading()
            certain = _ONE + rho.range() > 0
        except UnknownTailError:
            return None
        return (1 if term.c > 0 else -1) if certain else None

    def lower_bound(self) -> arb:
        """Bound a germ that tends to infinity from below.

        Raises:
            UnknownTailError: its leading term is not seen to increase.
        """
        term, rho = self.leading()
        return (term.c * term.smallest(self.start) * (_ONE + rho.range())).lower()

    def power(self, q: sp.Rational) -> "Germ":
        """Return the q-th power `T^q (1 + rho)^q`, the second factor by `_taylor`.

        Raises:
            UnknownTailError: the base is not seen to keep its sign.
        """
        if q.is_Integer and 0 <= q <= 6:
            return reduce(Germ.times, [self] * int(q), self.number(_ONE))
        term, rho = self.leading()
        return self.of([term.raised(q)]).times(rho._taylor(ARGUMENT**q, _ONE))

    def apply(self, expr: sp.Expr) -> "Germ":
        """Return `expr` (in `ARGUMENT`) of a bounded germ, by `_taylor` about its constant.

        Raises:
            UnknownTailError: the germ is not bounded, or `expr` not finite on its values.
        """
        return self.rest()._taylor(expr, self.constant())

    def _taylor(self, expr: sp.Expr, centre: arb) -> "Germ":
        """Return `f(c + g) = f(c) + f'(c) g + f''(c + theta g) g^2 / 2` for the germ g."""
        first, second = _slopes(expr)
        hull = centre.union(centre + self.range())
        curvature = evaluate(second, hull) / 2
        linear = self.scaled(evaluate(first, centre)).plus(self.number(evaluate(expr, centre)))
        return linear.plus(self.times(self).scaled(curvature))

    def _shortened(self, terms: tuple[Term, ...]) -> "Germ":
        """Put the smallest terms into one: `c_1 m_1 + c_2 m_2 = (c_1 + c_2 m_2/m_1) m_1`."""
        ordered = list(terms)
        while len(ordered) > MAX_TERMS:
            small = _smallest(ordered)
            host = _smallest([t for t in ordered if t is not small])
            ratio = small.times(Term(_ONE, -host.k, -host.b, -host.a))
            spread = ratio.c * _ZERO.union(ratio.largest(self.start))
            ordered = [t for t in ordered if t is not small and t is not host]
            ordered.append(Term(host.c + spread, host.k, host.b, host.a))
        return Germ(self.start, tuple(ordered))


def _smallest(terms: list[Term]) -> Term:
    """Return the term of least growth, judged by the middles of the exponents."""
    return min(terms, key=lambda t: (float(t.a.mid()), float(t.b.mid()), t.k))


def _ratio(q: sp.Rational) -> arb:
    return arb(int(q.p)) / int(q.q)
