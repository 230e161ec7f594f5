"""What a statement says: as a problem, at a point, and with its constant put in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import balls, terms
from mfcheck.lemma.formula import (
    join,
    negate,
    substitute,
)
from mfcheck.lemma.growth import exists
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.problem import Problem, Range, bounded, constant_ball
from mfcheck.lemma.prove.rewrite import range_formulas
from mfcheck.lemma.statement import Statement
from mfcheck.lemma.terms import Term
from mfcheck.lemma.whole import weakened


def problem_of(statement: Statement) -> Problem:
    """Return the problem of a statement on numbers; what it needs to be defined comes first among the goals."""
    goals = [join("or", [*map(negate, o.guards), o.needs]) for o in statement.obligations]
    ranges = {v.name: Range() for v in statement.variables}
    integers = frozenset(statement.names("integer"))
    known = (*statement.hypotheses, *statement.facts)
    conclusion = statement.conclusion
    if statement.floors:
        conclusion = weakened(conclusion, integers)
    return Problem(ranges, known, (*goals, conclusion), integers)


def expectations_exist(statement: Statement, problem: Problem) -> bool:
    """Say whether all integrands are seen to be integrable, also those that cancelled when the text was read."""
    cut = bounded(problem.ranges, problem.hypotheses)
    if cut is None:
        return True
    return all(exists(body, cut.ranges) for body in statement.expectations)


def fails(statement: Statement, point: Mapping[str, Term]) -> str | None:
    """Return "false" or the part that is undefined, if the statement surely fails at a point of its domain."""
    values = completed(statement, point)
    if values is None:
        return None
    place = Point(values)
    if not all(holds(h, place) is True for h in statement.hypotheses):
        return None
    for name in statement.names("integer"):
        if values[name].op != "num" or values[name].value().denominator != 1:
            return None
    for o in statement.obligations:
        if all(holds(g, place) is True for g in o.guards):
            answer = holds(o.needs, place)
            if answer is False and (o.least is None or holds(o.least, place) is False):
                return o.place
            if answer is not True:
                return None
    return "false" if holds(statement.conclusion, place) is False else None


def completed(statement: Statement, point: Mapping[str, Term]) -> dict[str, Term] | None:
    """Return values of all numbers, those of floors worked out; None if one stays open."""
    usual = dict(statement.values)
    missing = [v.name for v in statement.variables if v.name not in {*point, *usual}]
    usual |= _inner(statement, missing) if missing else {}
    values = {v.name: point.get(v.name) or usual[v.name] for v in statement.variables}
    for name, inner in statement.floors:
        whole = _floor(terms.substitute(inner, values))
        if whole is None:
            return None
        values[name] = whole
    return values


def _inner(statement: Statement, names: Sequence[str]) -> dict[str, Term]:
    """Return a number inside the range of each name: 1 if it is in there."""
    cut = bounded({v.name: Range() for v in statement.variables}, statement.hypotheses)
    found = {}
    for name in names:
        r = Range() if cut is None else cut.ranges[name]
        whole = name in statement.names("integer")
        inside = range_formulas(name, r)
        tried = [terms.num(1), *_between(r, whole)]
        good = (t for t in tried if all(holds(h, Point({name: t})) is True for h in inside))
        found[name] = next(good, terms.num(1))
    return found


def _between(r: Range, whole: bool) -> list[Term]:
    low = terms.num(0) if r.low is None else r.low
    high = terms.num(0) if r.high is None else r.high
    if whole:
        ends = [t.value() for t in (low, high) if t.op == "num"]
        return [terms.num(e.numerator // e.denominator + k) for e in ends for k in (-1, 0, 1, 2)]
    middle = terms.scale(Fraction(1, 2), terms.add(low, high))
    return [middle, terms.add(low, terms.num(1)), terms.sub(high, terms.num(1))]


def _floor(t: Term) -> Term | None:
    """Return the largest whole number up to a number; None if that is open."""
    if t.op == "num":
        return terms.num(t.value().numerator // t.value().denominator)
    found = balls.whole(constant_ball(t).floor())
    return None if found is None else terms.num(found)


def with_value(statement: Statement, name: str, value: Fraction) -> Statement:
    """Return the statement with its constant replaced by a number."""
    put = {name: terms.num(value)}
    return replace(
        statement,
        conclusion=substitute(statement.conclusion, put),
        hypotheses=tuple(substitute(h, put) for h in statement.hypotheses),
        obligations=tuple(
            replace(
                o,
                needs=substitute(o.needs, put),
                guards=tuple(substitute(g, put) for g in o.guards),
                least=None if o.least is None else substitute(o.least, put),
            )
            for o in statement.obligations
        ),
        variables=tuple(v for v in statement.variables if v.name != name),
        expectations=tuple(terms.substitute(b, put) for b in statement.expectations),
        sides=tuple(
            (terms.substitute(a, put), r, terms.substitute(b, put)) for a, r, b in statement.sides
        ),
        best=None,
    )
