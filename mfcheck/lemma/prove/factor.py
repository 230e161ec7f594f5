"""Goals made simpler: one fraction, its factors apart, increasing functions cancelled. Every step is an equivalence."""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from flint import fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from mfcheck.lemma import terms
from mfcheck.lemma.prove.exponentials import exponentials_apart
from mfcheck.lemma.terms import Term, num

MAX_TERMS = 3000
_INCREASING = frozenset(
    ["exp", "log", "atan", "sinh", "tanh", "asinh", "cbrt", "erf", "asin", "atanh"]
)


class TooLargeError(Exception):
    """A polynomial grew beyond `MAX_TERMS`."""


def factored(t: Term) -> list[tuple[Term, int]] | None:
    """Return factors and exponents (1, 2, -1, -2: odd or even, above or below) whose product has the sign of t.

    None if t is not made simpler. The sign of the product is that of t wherever t is defined.
    """
    cancelled = without_increasing(t)
    if cancelled is not t:
        return factored(cancelled) or [(cancelled, 1)]
    opened, grown = exponentials_apart(t)
    try:
        ring = _Ring(opened)
        top, bottom = ring.fraction(opened)
        found = ring.factors(top, 1) + ring.factors(bottom, -1)
    except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if len(found) == 1 and found[0][1] == 1 and found[0][0] is opened:
        return None
    return [(terms.substitute(f, grown), e) for f, e in found]


def numerator(t: Term) -> Term:
    """Return the numerator of a term as one fraction of polynomials in its variables and other parts.

    Raises:
        TooLargeError: it grows too large.
        ZeroDivisionError: the denominator is zero.
    """
    ring = _Ring(t)
    return ring.term(ring.fraction(t)[0])


def fraction_of(t: Term) -> tuple[fmpq_mpoly, fmpq_mpoly]:
    """Return numerator and denominator as polynomials, in one variable those of a rational function of it.

    Raises:
        TooLargeError: they grow too large.
        ZeroDivisionError: the denominator is zero.
    """
    return _Ring(t).fraction(t)


@lru_cache(maxsize=64)
def rational_in(
    *parts: Term,
) -> tuple[tuple[Term, ...], tuple[tuple[fmpq_mpoly, fmpq_mpoly], ...]]:
    """Return the variables and what else is no polynomial, and numerators and denominators as polynomials in them.

    Raises:
        TooLargeError: they grow too large.
        ZeroDivisionError: the denominator is zero.
    """
    ring = _Ring(*parts)
    return tuple(ring.generators), tuple(ring.fraction(t) for t in parts)


def factors_of(t: Term) -> tuple[Fraction, list[tuple[Term, int]]]:
    """Return a number and factors with their exponents whose product is the term where it is defined.

    Raises:
        TooLargeError: it grows too large.
    """
    ring = _Ring(t)
    size, found = Fraction(1), list[tuple[Term, int]]()
    for p, way in zip(ring.fraction(t), (1, -1), strict=True):
        constant, parts = p.factor()
        size *= Fraction(int(constant.p), int(constant.q)) ** way
        found += [(ring.term(q), way * int(e)) for q, e in parts]
    return size, found


def without_increasing(t: Term) -> Term:
    """Return `u - v` for `f(u) - f(v)` with f increasing, and the like for equal powers of positive numbers."""
    while t.op == "add" and len(t.args) in (1, 2):
        c = t.coefficients()
        if len(t.args) == 2 and not c[0] and c[1] == -c[2]:
            a, b = t.args
            other = _difference(a, b)
        elif len(t.args) == 1 and c[0]:
            other = _against_constant(t.args[0], -c[0] / c[1])
        else:
            return t
        if other is None:
            return t
        t = terms.scale(1 if c[1] > 0 else -1, other)
    return t


def _difference(a: Term, b: Term) -> Term | None:
    if a.op == b.op and a.op in _INCREASING:
        return terms.sub(a.args[0], b.args[0])
    if a.op == "mul" and b.op == "mul" and len(a.args) == len(b.args) == 1:
        e, f = a.exponents()[0], b.exponents()[0]
        if e == f and e.denominator > 1:
            return terms.scale(1 if e > 0 else -1, terms.sub(a.args[0], b.args[0]))
    return None


def _against_constant(a: Term, value: Fraction) -> Term | None:
    """Return a term with the sign of `a - value`."""
    if a.op == "exp" and value > 0:
        return terms.sub(a.args[0], terms.call("log", num(value)))
    if a.op == "log" and value == 0:
        return terms.sub(a.args[0], num(1))
    if a.op in _INCREASING and value == 0 and a.op not in ("exp", "log"):
        return a.args[0]
    return None


class _Ring:
    """Polynomials over the rationals in the variables and in all parts that are no polynomials."""

    def __init__(self, *parts: Term) -> None:
        self.generators: list[Term] = []
        self.roots: dict[Term, tuple[Term, int]] = {}
        for t in parts:
            self._collect(t)
        names = tuple(f"g{k}" for k in range(max(len(self.generators), 1)))
        self.context = fmpq_mpoly_ctx.get(names, "lex")
        self.gens = self.context.gens()
        self.place: Mapping[Term, int] = {g: k for k, g in enumerate(self.generators)}

    def _collect(self, t: Term) -> None:
        seen: set[Term] = set()
        stack = [t]
        while stack:
            node = stack.pop()
            if node in seen or node.op == "num":
                continue
            seen.add(node)
            if node.op == "add":
                stack.extend(node.args)
            elif node.op == "mul":
                for base, e in zip(node.args, node.exponents(), strict=True):
                    if e.denominator == 1:
                        stack.append(base)
                    else:
                        self._generator(terms.power(base, Fraction(1, e.denominator)))
            else:
                self._generator(node)

    def _generator(self, g: Term) -> None:
        if g not in self.generators:
            self.generators.append(g)

    def fraction(self, t: Term) -> tuple[fmpq_mpoly, fmpq_mpoly]:
        """Return numerator and denominator."""
        one = self.context.constant(1)
        if t.op == "num":
            return self.context.constant(_q(t.value())), one
        if t.op == "add":
            c = t.coefficients()
            top, bottom = self.context.constant(_q(c[0])), one
            for k, x in zip(c[1:], t.args, strict=True):
                p, q = self.fraction(x)
                top, bottom = self._reduced(top * q + p * bottom * _q(k), bottom * q)
            return top, bottom
        if t.op == "mul":
            top, bottom = one, one
            for base, e in zip(t.args, t.exponents(), strict=True):
                if e.denominator == 1:
                    p, q = self.fraction(base)
                else:
                    p, q = self.gens[self.place[terms.power(base, Fraction(1, e.denominator))]], one
                n = abs(e.numerator)
                if n * max(len(p), len(q)) > MAX_TERMS:
                    raise TooLargeError
                p, q = (p**n, q**n) if e > 0 else (q**n, p**n)
                top, bottom = self._reduced(top * p, bottom * q)
            return top, bottom
        return self.gens[self.place[t]], one

    def _reduced(self, top: fmpq_mpoly, bottom: fmpq_mpoly) -> tuple[fmpq_mpoly, fmpq_mpoly]:
        if len(top) > MAX_TERMS or len(bottom) > MAX_TERMS:
            raise TooLargeError
        if len(bottom) <= 1 and len(top) > 60:
            return top, bottom
        g = top.gcd(bottom)
        return (top / g, bottom / g) if not g.is_one() else (top, bottom)

    def factors(self, p: fmpq_mpoly, way: int) -> list[tuple[Term, int]]:
        """Return factors with the parity of their exponents, the sign of the constant first."""
        if p.is_zero():
            return [(num(0), 1)]
        constant, parts = p.factor()
        found = [] if constant > 0 else [(num(-1), 1)]
        for q, e in parts:
            found.append((self.term(q), way * (2 if int(e) % 2 == 0 else 1)))
        return found

    def term(self, p: fmpq_mpoly) -> Term:
        """Return a polynomial as a term."""
        parts = []
        for exponents, c in p.to_dict().items():
            factors = [
                (g, Fraction(int(e))) for g, e in zip(self.generators, exponents, strict=False) if e
            ]
            parts.append((Fraction(int(c.p), int(c.q)), terms.product(factors)))
        return terms.combination(parts)


def _q(v: Fraction) -> fmpq:
    return fmpq(v.numerator, v.denominator)
