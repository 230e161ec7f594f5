"""A statement as the prover sees it: ranges of real variables, hypotheses, and what is to be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

from flint import arb, ctx

from mfcheck.lemma import terms
from mfcheck.lemma.balls import ball
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula, conjuncts, free, join, settle, substitute
from mfcheck.lemma.terms import Term


@dataclass(frozen=True, slots=True)
class Range:
    """An interval with exact ends; None is infinite; an infinite end is open."""

    low: Term | None = None
    high: Term | None = None
    low_closed: bool = False
    high_closed: bool = False

    def is_point(self) -> bool:
        """Say whether it is one point."""
        return (
            self.low is not None and self.low is self.high and self.low_closed and self.high_closed
        )


@dataclass(frozen=True)
class Problem:
    """For all variables in their ranges with the hypotheses true: the goals hold.

    `integers` are the variables that take integer values only; `solution` gives the variables that were replaced, in
    order, by terms in those that are left.
    """

    ranges: Mapping[str, Range]
    hypotheses: tuple[Formula, ...]
    goals: tuple[Formula, ...]
    integers: frozenset[str] = frozenset()
    history: tuple[str, ...] = field(default=())
    solution: tuple[tuple[str, Term], ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, in order."""
        return tuple(self.ranges)

    def with_goals(self, goals: Sequence[Formula]) -> "Problem":
        """Return the problem with other goals."""
        return replace(self, goals=tuple(goals))

    def substituted(self, name: str, value: Term, note: str) -> "Problem":
        """Return the problem with a variable replaced everywhere and dropped."""
        values = {name: value}
        ranges = {k: v for k, v in self.ranges.items() if k != name}
        return replace(
            self,
            ranges=ranges,
            hypotheses=tuple(substitute(h, values) for h in self.hypotheses),
            goals=tuple(substitute(g, values) for g in self.goals),
            history=(*self.history, note),
            solution=(*self.solution, (name, value)),
        )


def constant_ball(t: Term) -> arb:
    """Enclose a term without variables."""
    return ball(t.value()) if t.op == "num" else Program([t], ())(())[0]


def ordered(a: Term, b: Term) -> int | None:
    """Return the sign of `b - a` for exact numbers, None if it is open."""
    if a.op == b.op == "num":
        return (b.value() > a.value()) - (b.value() < a.value())
    gap = terms.sub(b, a)
    if gap.op == "num":
        return (gap.value() > 0) - (gap.value() < 0)
    d = constant_ball(gap)
    return 1 if d > 0 else -1 if d < 0 else None


def linear_in(t: Term, name: str) -> tuple[Term, Term] | None:
    """Return `(a, b)` with `t = a x + b`, both free of x; None if t is not of that form."""
    if name not in t.free:
        return terms.num(0), t
    if t.op == "var":
        return terms.num(1), terms.num(0)
    if _is_linear(t):
        k = t.coefficients()[1 + t.args.index(terms.var(name))]
        return terms.num(k), terms.sub(t, terms.scale(k, terms.var(name)))
    slope = terms.derivative(t, name)
    if name in slope.free:
        return None
    rest = terms.substitute(t, {name: terms.num(0)})
    return slope, rest


def bounded(ranges: Mapping[str, Range], hypotheses: Sequence[Formula]) -> Problem | None:
    """Return a problem without goals whose hypotheses on single variables have become ranges.

    None means that the ranges are contradictory, by exact comparisons.
    """
    found = _bounded(tuple(ranges.items()), tuple(hypotheses), ctx.prec)
    return None if found is None else Problem(dict(found[0]), found[1], ())


@lru_cache(maxsize=256)
def _bounded(
    ranges: tuple[tuple[str, Range], ...], hypotheses: tuple[Formula, ...], precision: int
) -> tuple[dict[str, Range], tuple[Formula, ...]] | None:
    """Return the ranges and what is left of the hypotheses; ends are compared at the precision that is set now."""
    del precision
    found = dict(ranges)
    rest: list[Formula] = []
    for h in [p for whole in hypotheses for p in conjuncts(unfold(settle(whole)))]:
        if not isinstance(h, Atom) or len(h.term.free) != 1 or h.relation == "!=":
            rest.append(h)
            continue
        (name,) = h.term.free
        outcome = _narrow(found[name], h, name)
        if outcome is None:
            rest.append(h)
        elif outcome is False:
            return None
        else:
            assert isinstance(outcome, Range)
            found[name] = outcome
    return found, tuple(rest)


def unfold(h: Formula) -> Formula:
    """Write `|u| <= c` as two hypotheses."""
    if not isinstance(h, Atom) or h.relation not in (">", ">=") or h.term.op != "add":
        return h
    for k, x in zip(h.term.coefficients()[1:], h.term.args, strict=True):
        if x.op == "abs" and k < 0:
            rest = terms.sub(h.term, terms.scale(k, x))
            u = terms.scale(k, x.args[0])
            return join(
                "and", [unfold(Atom(terms.add(rest, v), h.relation)) for v in (u, terms.neg(u))]
            )
    return h


def _narrow(old: Range, h: Atom, name: str) -> Range | bool | None:
    """Return the range cut by one hypothesis; None if the hypothesis is of another form, False if empty."""
    if _is_linear(h.term) and h.relation != "==":
        c = (0, 1) if h.term.op == "var" else h.term.coefficients()
        found = _cut(old, terms.num(-c[0] / Fraction(c[1])), h.relation == ">=", c[1] > 0)
        return False if found is None else found
    parts = None if _is_linear(h.term) else absolute_bound(h, name) or odd_power(h, name)
    new: Range | None = old
    for atom in parts or [h]:
        line = linear_in(atom.term, name)
        if line is None or line[0].free:
            return None
        slope = constant_ball(line[0])
        if not (slope > 0 or slope < 0):
            return None
        end = terms.neg(terms.div(line[1], line[0]))
        ups = [bool(slope > 0)] if atom.relation != "==" else [True, False]
        for up in ups:
            new = _cut(new, end, atom.relation != ">", up)
            if new is None:
                return False
    return new


def _is_linear(t: Term) -> bool:
    return t.op == "var" or (t.op == "add" and all(x.op == "var" for x in t.args))


def absolute_bound(h: Atom, name: str) -> list[Atom] | None:
    """Return `|x| <= c` or `x^2 <= c` as two linear hypotheses."""
    t = h.term
    if h.relation == "==" or t.op != "add":
        return None
    places = [k for k, x in enumerate(t.args) if name in x.free]
    if len(places) != 1:
        return None
    k = places[0]
    c, inner = t.coefficients()[k + 1], t.args[k]
    rest = terms.sub(t, terms.scale(c, inner))
    if c >= 0:
        return None
    if inner is terms.power(terms.var(name), 2) and constant_ball(rest) > 0:
        bound = terms.sqrt(terms.scale(-1 / c, rest))
        rest, u, c = bound, terms.var(name), Fraction(-1)
    elif inner.op == "abs":
        u = inner.args[0]
    else:
        return None
    return [
        Atom(terms.add(rest, terms.scale(c, u)), h.relation),
        Atom(terms.sub(rest, terms.scale(c, u)), h.relation),
    ]


def odd_power(h: Atom, name: str) -> list[Atom] | None:
    """Return `c x^n + r >= 0`, n odd, as a linear hypothesis."""
    c, inner, rest = Fraction(1), h.term, terms.num(0)
    if h.term.op == "add":
        places = [k for k, x in enumerate(h.term.args) if name in x.free]
        if len(places) != 1:
            return None
        c, inner = h.term.coefficients()[places[0] + 1], h.term.args[places[0]]
        rest = terms.sub(h.term, terms.scale(c, inner))
    if inner.op != "mul" or inner.args != (terms.var(name),):
        return None
    (n,) = inner.exponents()
    if n.denominator != 1 or n < 0 or n % 2 == 0:
        return None
    value = terms.scale(-1 / c, rest)
    size = constant_ball(value)
    if value.op == "num" and not value.value():
        root = value
    elif size > 0:
        root = terms.power(value, 1 / n)
    elif size < 0:
        root = terms.neg(terms.power(terms.neg(value), 1 / n))
    else:
        return None
    gap = terms.sub(terms.var(name), root)
    return [Atom(gap if c > 0 else terms.neg(gap), h.relation)]


def _cut(old: Range | None, end: Term, closed: bool, is_low: bool) -> Range | None:
    if old is None:
        return None
    known = old.low if is_low else old.high
    if known is not None:
        s = ordered(known, end) if is_low else ordered(end, known)
        known_closed = old.low_closed if is_low else old.high_closed
        if s is None or s < 0:
            end, closed = known, known_closed
        elif s == 0:
            closed = closed and known_closed
    new = (
        Range(end, old.high, closed, old.high_closed)
        if is_low
        else Range(old.low, end, old.low_closed, closed)
    )
    if new.low is not None and new.high is not None:
        s = ordered(new.low, new.high)
        if s == -1 or (s == 0 and not (new.low_closed and new.high_closed)):
            return None
        if s == 0:
            return replace(new, low=new.low, high=new.low)
    return new


def propagated(
    ranges: Mapping[str, Range], hypotheses: Sequence[Formula]
) -> dict[str, Range] | None:
    """Narrow ranges by hypotheses that are linear, with rational slopes, in several variables; None if one is empty."""
    found = dict(ranges)
    lines = []
    for h in hypotheses:
        if isinstance(h, Atom) and h.relation in (">", ">=") and len(h.term.free) > 1:
            slopes = {n: terms.derivative(h.term, n) for n in h.term.free}
            if all(s.op == "num" and s.value() for s in slopes.values()):
                rest = terms.substitute(h.term, {n: terms.num(0) for n in slopes})
                lines.append((h, {n: s.value() for n, s in slopes.items()}, rest))
    for _ in range(3):
        for h, slopes_of, rest in lines:
            for name in slopes_of:
                new = _by_line(found, name, slopes_of, rest, h.relation == ">")
                if new is None:
                    return None
                found[name] = new
    return found


def _by_line(
    found: Mapping[str, Range], name: str, slopes: Mapping[str, Fraction], rest: Term, strict: bool
) -> Range | None:
    """Return the range of one variable after `sum slopes x + rest >= 0`; None if it is empty."""
    total, closed = rest, not strict
    for other, k in slopes.items():
        if other == name:
            continue
        r = found[other]
        end, end_closed = (r.high, r.high_closed) if k > 0 else (r.low, r.low_closed)
        if end is None:
            return found[name]
        total = terms.add(total, terms.scale(k, end))
        closed = closed and end_closed
    k = slopes[name]
    return _cut(found[name], terms.scale(-1 / k, total), closed, k > 0)


def relevant(problem: Problem) -> Problem:
    """Drop the variables that occur nowhere but in their own range, which must not be empty."""
    used = frozenset[str]().union(*[free(f) for f in (*problem.hypotheses, *problem.goals)])
    return replace(problem, ranges={k: v for k, v in problem.ranges.items() if k in used})
