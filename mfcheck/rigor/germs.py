"""Sums of terms of known growth on a half-line `[start, inf)`, with enclosed coefficients.

A *germ* is a finite sum of terms `c(x) x^k exp(a x^2 + b x)`. Each coefficient `c(x)` is known only
through a ball that holds all its values for `x >= start`; `a` and `b` may be balls in the same sense.
Constants and growth rates that are rational, algebraic or closed forms of these stay exact beside their balls under
addition, multiplication and powers, so that `1/3 - tanh(x/3)^2/3` is seen to decay.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, reduce

import sympy as sp
from flint import arb

from mfcheck.rigor.closed_numbers import Closed, add, closed, multiply, of_ball, raise_to, same
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
    """`c(x) x^k exp(a x^2 + b x)`.

    `exact_c`, `exact_b`, `exact_a` are the numbers that the balls hold, where those are constants known exactly: a
    ball of radius zero is its own. They decide whether two terms grow alike, and whether coefficients cancel.
    """

    c: arb
    k: sp.Rational = sp.S.Zero
    b: arb = _ZERO
    a: arb = _ZERO
    exact_c: Closed = None
    exact_b: Closed = None
    exact_a: Closed = None

    def __post_init__(self) -> None:
        for name in ("c", "b", "a"):
            if getattr(self, f"exact_{name}") is None:
                object.__setattr__(self, f"exact_{name}", of_ball(getattr(self, name)))

    def times(self, other: "Term") -> "Term":
        """Return the product."""
        return Term(
            self.c * other.c,
            self.k + other.k,
            self.b + other.b,
            self.a + other.a,
            multiply(self.exact_c, other.exact_c),
            add(self.exact_b, other.exact_b),
            add(self.exact_a, other.exact_a),
        )

    def scaled(self, factor: arb, exact: Closed = None) -> "Term":
        """Return the term times a number."""
        exact = of_ball(factor) if exact is None else exact
        return self.with_coefficient(self.c * factor, multiply(self.exact_c, exact))

    def with_coefficient(self, c: arb, exact: Closed = None) -> "Term":
        """Return a term of the same growth."""
        return Term(c, self.k, self.b, self.a, exact, self.exact_b, self.exact_a)

    def raised(self, q: sp.Rational) -> "Term":
        """Return the q-th power."""
        factor = _ratio(q)
        return Term(
            evaluate(ARGUMENT**q, self.c),
            self.k * q,
            self.b * factor,
            self.a * factor,
            raise_to(self.exact_c, q),
            multiply(self.exact_b, q),
            multiply(self.exact_a, q),
        )

    def inverse(self) -> "Term":
        """Return one over the term."""
        return self.raised(sp.S.NegativeOne)

    def is_zero(self) -> bool:
        """Say whether the coefficient is known to vanish."""
        return bool(self.c.is_zero() or self.exact_c == 0)

    def has_growth_of(self, other: "Term") -> bool:
        """Say whether both are known to have exactly the same `k`, `b` and `a`."""
        return (
            self.k == other.k
            and same(self.exact_b, other.exact_b)
            and same(self.exact_a, other.exact_a)
        )

    def growth(self) -> int | None:
        """Return 1 if the size tends to infinity, 0 if constant, -1 if it tends to zero, None if open."""
        exponents = ((self.a, self.exact_a), (self.b, self.exact_b), (_ratio(self.k), self.k))
        for exponent, exact in exponents:
            if exact == 0 or exponent.is_zero():
                continue
            if exponent > 0:
                return 1
            if exponent < 0:
                return -1
            return None
        return 0

    def largest(self, start: arb) -> arb:
        """Bound `x^k exp(a x^2 + b x)` on the half-line, for a term that does not grow.

        It rises with a and b. Its greatest value is at the start, or at the greater zero of `2 a x^2 + b x + k`.

        Raises:
            UnknownTailError: it grows, or that is open.
        """
        k = _ratio(self.k)
        a = _ZERO if self.exact_a == 0 else self.a.upper()
        b = _ZERO if self.exact_b == 0 else self.b.upper()
        if self.growth() not in (0, -1) or not a <= 0:
            raise UnknownTailError("a part grows without bound")
        places = [start]
        if not 2 * a * start + b + (k / start if k > 0 else 0) <= 0:
            peak = _peak(a, b, k)
            if not (peak.is_finite() and peak > 0):
                raise UnknownTailError("a part is not seen to decrease")
            places.append(peak.max(start))
        values = [evaluate(ARGUMENT**self.k, x) * ((a * x + b) * x).exp() for x in places]
        return reduce(arb.max, values).upper()

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
                    exact = add(known.exact_c, term.exact_c)
                    merged[index] = known.with_coefficient(known.c + term.c, exact)
                    break
            else:
                merged.append(term)
        kept = tuple(term for term in merged if not term.is_zero())
        return Germ(self.start, kept) if len(kept) <= MAX_TERMS else self._shortened(kept)

    def number(self, value: arb, exact: Closed = None) -> "Germ":
        """Return a constant germ; `exact` is its value where that is known."""
        return self.of([Term(value, exact_c=exact)])

    def plus(self, other: "Germ") -> "Germ":
        """Return the sum."""
        return self.of([*self.terms, *other.terms])

    def times(self, other: "Germ") -> "Germ":
        """Return the product."""
        return self.of([s.times(t) for s in self.terms for t in other.terms])

    def scaled(self, factor: arb, exact: Closed = None) -> "Germ":
        """Return the germ times a number, or times a function with values in a ball."""
        return self.of([term.scaled(factor, exact) for term in self.terms])

    def negated(self) -> "Germ":
        """Return the germ with the opposite sign."""
        return self.scaled(-_ONE)

    def constant(self) -> arb:
        """Return the coefficient of the constant term."""
        return sum((t.c for t in self.terms if t.growth() == 0), _ZERO)

    def exact_constant(self) -> Closed:
        """Return the coefficient of the constant term where it is known exactly."""
        found: Closed = sp.S.Zero
        for term in self.terms:
            if term.growth() == 0:
                found = add(found, term.exact_c)
        return found

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
            inverse = term.inverse()
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
        return self.of([term.raised(q)]).times(rho._taylor(ARGUMENT**q, _ONE, sp.S.One))

    def apply(self, expr: sp.Expr) -> "Germ":
        """Return `expr` (in `ARGUMENT`) of a bounded germ, by `_taylor` about its constant.

        Raises:
            UnknownTailError: the germ is not bounded, or `expr` not finite on its values.
        """
        return self.rest()._taylor(expr, self.constant(), self.exact_constant())

    def _taylor(self, expr: sp.Expr, centre: arb, exact: Closed) -> "Germ":
        """Return `f(c + g) = f(c) + f'(c) g + f''(c + theta g) g^2 / 2` for the germ g."""
        first, second = _slopes(expr)
        hull = centre.union(centre + self.range())
        curvature = evaluate(second, hull) / 2
        slope, value = _at(first, exact), _at(expr, exact)
        linear = self.scaled(evaluate(first, centre), slope)
        linear = linear.plus(self.number(evaluate(expr, centre), value))
        return linear.plus(self.times(self).scaled(curvature))

    def _shortened(self, terms: tuple[Term, ...]) -> "Germ":
        """Put the smallest terms into one: `c_1 m_1 + c_2 m_2 = (c_1 + c_2 m_2/m_1) m_1`."""
        ordered = list(terms)
        while len(ordered) > MAX_TERMS:
            small = _smallest(ordered)
            host = _smallest([t for t in ordered if t is not small])
            ratio = small.times(host.with_coefficient(_ONE).inverse())
            spread = ratio.c * _ZERO.union(ratio.largest(self.start))
            ordered = [t for t in ordered if t is not small and t is not host]
            ordered.append(host.with_coefficient(host.c + spread))
        return Germ(self.start, tuple(ordered))


def _smallest(terms: list[Term]) -> Term:
    """Return the term of least growth, judged by the middles of the exponents."""
    return min(terms, key=lambda t: (float(t.a.mid()), float(t.b.mid()), t.k))


def _peak(a: arb, b: arb, k: arb) -> arb:
    """Return the positive zero of `2 a x^2 + b x + k`, for a < 0, or a = 0 > b."""
    if a.is_zero():
        return -k / b
    return (b + (b * b - 8 * a * k).sqrt()) / (-4 * a)


def _at(expr: sp.Expr, exact: Closed) -> Closed:
    """Return the exact value of an expression in `ARGUMENT`."""
    return None if exact is None else closed(expr.subs(ARGUMENT, exact))


def _ratio(q: sp.Rational) -> arb:
    return arb(int(q.p)) / int(q.q)
