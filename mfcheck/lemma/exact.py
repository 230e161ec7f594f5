"""Exact numbers or functions of parameters with an enclosure, their terms built only when asked for. Trusted."""

from fractions import Fraction

from flint import arb, fmpq

from mfcheck.lemma import balls, terms
from mfcheck.lemma.constants import expanded
from mfcheck.lemma.terms import Term, num


class Exact:
    """A fraction `q`, or else a sum, product or power of exact numbers, or a term; `ball` encloses it."""

    __slots__ = ("_term", "ball", "parts", "q")

    def __init__(
        self,
        ball: arb,
        q: fmpq | None = None,
        term: Term | None = None,
        parts: tuple["Exact | Fraction | str", ...] = (),
    ) -> None:
        self.ball = ball
        self.q = q
        self._term = term
        self.parts = parts

    def term(self) -> Term:
        """Return it as a term, multiplied out as far as is sensible."""
        if self._term is None:
            self._term = self._built()
        return self._term

    def _built(self) -> Term:
        if self.q is not None:
            return num(Fraction(int(self.q.p), int(self.q.q)))
        kind, a, b = self.parts
        assert isinstance(a, Exact)
        if isinstance(b, Fraction):
            return expanded(terms.power(a.term(), b))
        assert isinstance(b, Exact)
        if kind == "+":
            return terms.add(a.term(), b.term())
        return expanded(terms.mul(a.term(), b.term()))


def rational(q: fmpq | int) -> Exact:
    """Return a fraction."""
    q = fmpq(q)
    return Exact(arb(q), q)


NOUGHT, UNIT = rational(0), rational(1)


def plus(a: Exact, b: Exact) -> Exact:
    """Return the sum."""
    if a.q is not None:
        if b.q is not None:
            return rational(a.q + b.q)
        if a.q == 0:
            return b
    elif b.q is not None and b.q == 0:
        return a
    return Exact(a.ball + b.ball, None, None, ("+", a, b))


def times(a: Exact, b: Exact) -> Exact:
    """Return the product."""
    if a.q is not None:
        if b.q is not None:
            return rational(a.q * b.q)
        if a.q == 0:
            return a
        if a.q == 1:
            return b
    elif b.q is not None:
        if b.q == 0:
            return b
        if b.q == 1:
            return a
    return Exact(a.ball * b.ball, None, None, ("*", a, b))


def raised(a: Exact, e: Fraction) -> Exact:
    """Return a rational power of a number that is not zero (positive if e is fractional)."""
    if a.q is not None and e.denominator == 1:
        return rational(a.q ** int(e))
    if a.q is not None:
        t = terms.power(a.term(), e)
        if t.op == "num":
            return rational(fmpq(t.value().numerator, t.value().denominator))
    return Exact(balls.rational_power(a.ball, e), None, None, ("**", a, e))


def scaled(a: Exact, q: fmpq | int) -> Exact:
    """Return a rational multiple."""
    return times(rational(q), a)
