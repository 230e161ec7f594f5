"""Signs that are seen from the form of a term and the ranges of its variables, open ends included. Trusted."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce

from mfcheck.lemma.formula import Atom, Formula, conjuncts
from mfcheck.lemma.problem import Range, constant_ball
from mfcheck.lemma.signs import ANY, NEGATIVE, POSITIVE, ZERO, of_atom, of_ball
from mfcheck.lemma.terms import (
    NORMAL,
    Term,
    add,
    body_of,
    neg,
    num,
    scale,
    sub,
    substitute,
    var,
)

_INSIDE = frozenset(("tanh", "erf"))
"""Functions with values between -1 and 1, both excluded."""
_WITHIN_ONE = _INSIDE | {"sin", "cos"}
_SAME = frozenset(("sinh", "tanh", "atan", "asinh", "cbrt", "erf", "sign", "asin", "atanh"))


def _base(x: Term) -> Term:
    """Return u for a positive power of u, which is no larger in size than 1 if u is not; else the term."""
    return x.args[0] if x.op == "mul" and len(x.args) == 1 and x.exponents()[0] > 0 else x


def flipped(s: int) -> int:
    """Return the signs of the opposite."""
    return (s & ZERO) | (POSITIVE if s & NEGATIVE else 0) | (NEGATIVE if s & POSITIVE else 0)


def summed(a: int, b: int) -> int:
    """Return the signs that a sum may have."""
    if a == ZERO:
        return b
    if b == ZERO:
        return a
    for one, other in ((POSITIVE, NEGATIVE), (NEGATIVE, POSITIVE)):
        if not (a | b) & other:
            return one if a == one or b == one else one | ZERO
    return ANY


def multiplied(a: int, b: int) -> int:
    """Return the signs that a product may have."""
    result = ZERO if (a | b) & ZERO else 0
    if (a & POSITIVE and b & POSITIVE) or (a & NEGATIVE and b & NEGATIVE):
        result |= POSITIVE
    if (a & POSITIVE and b & NEGATIVE) or (a & NEGATIVE and b & POSITIVE):
        result |= NEGATIVE
    return result


def _averaged(s: int) -> int:
    """Return the signs of an expectation, from those of its integrand."""
    if s in (ZERO, POSITIVE, NEGATIVE):
        return s
    return s if not s & NEGATIVE or not s & POSITIVE else ANY


def of_range(r: Range) -> int:
    """Return the signs of the numbers of a range."""
    possible = ANY
    if r.low is not None:
        s = of_ball(constant_ball(r.low))
        if s in (POSITIVE, ZERO):
            possible &= POSITIVE | (ZERO if r.low_closed and s == ZERO else 0)
    if r.high is not None:
        s = of_ball(constant_ball(r.high))
        if s in (NEGATIVE, ZERO):
            possible &= NEGATIVE | (ZERO if r.high_closed and s == ZERO else 0)
    return possible or ANY


class Plain:
    """Signs over given ranges."""

    def __init__(self, ranges: Mapping[str, Range], hypotheses: Sequence[Formula] = ()) -> None:
        self.variables = {name: of_range(r) for name, r in ranges.items()}
        self.ranges = ranges
        self.known: dict[Term, int] = {}
        self.hypotheses = [
            h
            for whole in hypotheses
            for h in conjuncts(whole)
            if isinstance(h, Atom) and h.relation in (">", ">=")
        ]
        for h in self.hypotheses:
            s = self._signs(h.term) & (POSITIVE if h.relation == ">" else POSITIVE | ZERO)
            if s and h.term.free:
                self.known[h.term], self.known[neg(h.term)] = s, flipped(s)

    def signs(self, t: Term) -> int:
        """Return the possible signs."""
        found = self.known.get(t)
        if found is None:
            found = self.known[t] = self._signs(t)
        return found

    def _signs(self, t: Term) -> int:
        if not t.free:
            return of_ball(constant_ball(t))
        if t.op == "var":
            return self.variables[str(t.data)]
        if t.op == "add":
            c = t.coefficients()
            parts = [
                self.signs(x) if k > 0 else flipped(self.signs(x))
                for k, x in zip(c[1:], t.args, strict=True)
            ]
            first = POSITIVE if c[0] > 0 else NEGATIVE if c[0] < 0 else ZERO
            found = reduce(summed, parts, first)
            return found & self._by_ends(t) & self._by_sizes(t) if found == ANY else found
        if t.op == "mul":
            result = POSITIVE
            for x, e in zip(t.args, t.exponents(), strict=True):
                result = multiplied(
                    result, self._power(self.signs(x), e.numerator, e.denominator, e < 0)
                )
            return result
        if t.op in ("exp", "cosh", "erfc"):
            return POSITIVE
        if t.op == "log" and self.signs(t.args[0]) == POSITIVE:
            return self.signs(sub(t.args[0], num(1)))
        if t.op == "gauss":
            return _averaged(self._mean(t).signs(body_of(t)))
        inner = [self.signs(x) for x in t.args]
        if t.op in _SAME:
            return inner[0]
        if t.op == "abs":
            return (POSITIVE if inner[0] & ~ZERO else 0) | (inner[0] & ZERO)
        return ANY

    def _mean(self, t: Term) -> "Plain":
        """Return the signs of the parts of an integrand; if it is even, for positive values: zero is one point."""
        under = Plain({NORMAL: Range()})
        under.variables |= {f"_p{k}": self.signs(x) for k, x in enumerate(t.args)}
        body = body_of(t)
        if substitute(body, {NORMAL: neg(var(NORMAL))}) is body:
            under.variables[NORMAL] = POSITIVE
        return under

    def _by_ends(self, t: Term) -> int:
        """Return the signs that a sum of multiples of variables may have, by the ends of their ranges."""
        for u, way in ((t, POSITIVE), (neg(t), NEGATIVE)):
            if self._holds_by_ends(Atom(u, ">=")):
                return way if self._holds_by_ends(Atom(u, ">")) else way | ZERO
        return ANY

    def _by_sizes(self, t: Term) -> int:
        """Return the signs that a sum may have, by the sizes of bounded parts: `1 - tanh(x)^2` is positive."""
        for u, way in ((t, POSITIVE), (neg(t), NEGATIVE)):
            c = u.coefficients() if u.op == "add" else (Fraction(0), Fraction(1))
            if len(c) != len(u.args) + 1:
                continue
            least, attained = c[0], True
            for k, x in zip(c[1:], u.args, strict=True):
                bound = self._least(x) if k > 0 else self._greatest(x)
                if bound is None:
                    break
                least, attained = least + k * bound[0], attained and bound[1]
            else:
                if least > 0 or (least == 0 and not attained):
                    return way
                if least == 0:
                    return way | ZERO
        return ANY

    def _least(self, x: Term) -> tuple[int, bool] | None:
        """Return a lower bound of a term, 0 or -1, and whether it may be attained."""
        s = self.signs(x)
        if not s & NEGATIVE:
            return 0, bool(s & ZERO)
        base = _base(x)
        return (-1, base.op not in _INSIDE) if base.op in _WITHIN_ONE else None

    def _greatest(self, x: Term) -> tuple[int, bool] | None:
        """Return an upper bound of a term, 0 or 1, and whether it may be attained."""
        s = self.signs(x)
        if not s & POSITIVE:
            return 0, bool(s & ZERO)
        base = _base(x)
        if base.op in _WITHIN_ONE:
            return 1, base.op not in _INSIDE
        if base.op == "gauss":
            return self._mean(base)._greatest(body_of(base))
        if base.op == "exp" and not self.signs(base.args[0]) & POSITIVE:
            return 1, bool(self.signs(base.args[0]) & ZERO)
        return None

    @staticmethod
    def _power(s: int, n: int, q: int, inverse: bool) -> int:
        if inverse:
            s &= ~ZERO
        if q > 1:
            return (s & (ZERO | POSITIVE)) or ANY
        if n % 2 == 0:
            return ((POSITIVE if s & ~ZERO else 0) | (s & ZERO)) or ANY
        return s or ANY

    def holds(self, goal: Formula) -> bool:
        """Say whether a comparison is seen to hold, if need be by comparing it with one hypothesis."""
        if not isinstance(goal, Atom):
            return False
        if of_atom(goal, self.signs(goal.term)):
            return True
        if goal.relation not in (">", ">="):
            return False
        if self._holds_by_ends(goal):
            return True
        for below in _smaller(goal.term):
            if of_atom(goal, self.signs(below)):
                return True
        for h in self.hypotheses:
            s = self.signs(sub(goal.term, h.term))
            if not s & NEGATIVE and (goal.relation == ">=" or h.relation == ">" or s == POSITIVE):
                return True
        return False

    def _holds_by_ends(self, goal: Atom) -> bool:
        """Say whether a sum of rational multiples of variables is seen to be large enough at the worst ends."""
        t, strict = goal.term, goal.relation == ">"
        if t.op != "add" or any(x.op != "var" for x in t.args):
            return False
        total, attained = num(t.coefficients()[0]), True
        for k, x in zip(t.coefficients()[1:], t.args, strict=True):
            r = self.ranges[str(x.data)]
            end, closed = (r.low, r.low_closed) if k > 0 else (r.high, r.high_closed)
            if end is None:
                return False
            total, attained = add(total, scale(k, end)), attained and closed
        s = of_ball(constant_ball(total))
        return s == POSITIVE or (s in (ZERO, ZERO | POSITIVE) and not (strict and attained))


def _smaller(t: Term) -> Iterator[Term]:
    """Yield terms that are nowhere larger: `|u| >= u`, `|u| >= -u`, `max(a, b) >= a`."""
    if t.op != "add":
        return
    for k, x in zip(t.coefficients()[1:], t.args, strict=True):
        if x.op == "abs" and k > 0:
            options: tuple[Term, ...] = (x.args[0], neg(x.args[0]))
        elif (x.op == "max" and k > 0) or (x.op == "min" and k < 0):
            options = x.args
        else:
            continue
        for other in options:
            yield add(t, scale(k, sub(other, x)))
