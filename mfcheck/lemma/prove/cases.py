"""Reductions that cut the domain: by the sides of kinks, at ends where a part has no value, by one sign of a slope."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range
from mfcheck.lemma.prove.reduce import Step, degree, needs
from mfcheck.lemma.prove.rewrite import logarithmic, replaced, with_ranges
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.signs import ANY, NEGATIVE, POSITIVE
from mfcheck.lemma.terms import Term, num, sub, var


def by_sides(problem: Problem, goal: Atom) -> Step | None:
    """Cut the domain where the inside of a kink changes its sign, or one factor of it."""
    plain = Plain(problem.ranges, problem.hypotheses)
    for u in _insides(goal.term):
        s = plain.signs(u)
        if not (s & NEGATIVE and s & POSITIVE):
            continue
        parts = [with_ranges(problem, (Atom(terms.scale(k, u), ">="),)) for k in (1, -1)]
        return Step(f"sides of {terms.text(u)}", tuple(p for p in parts if p is not None), True)
    return None


def _insides(t: Term) -> Iterator[Term]:
    for node in terms.order([t]):
        if node.op in ("abs", "sign", "step"):
            yield from _moving_factors(node.args[0])
        elif node.op in ("max", "min"):
            for a, b in itertools.combinations(node.args, 2):
                yield from _moving_factors(sub(a, b))


def _moving_factors(u: Term) -> list[Term]:
    if u.op == "add" and len(u.args) == 1 and not u.coefficients()[0]:
        u = u.args[0]
    if u.op != "mul":
        return [u]
    return [x for x, e in zip(u.args, u.exponents(), strict=True) if e.numerator % 2]


def by_ends(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Take an end of a closed range apart, if a part of the goal is not seen to be continuous there."""
    for name in sorted(goal.term.free):
        r = problem.ranges[name]
        for end, closed in ((r.low, r.low_closed), (r.high, r.high_closed)):
            if end is None or not closed or r.is_point():
                continue
            at_end = {name: end}
            if not any(_fails(f, at_end) for f in needs(goal.term)):
                continue
            low = end is r.low
            cut = replace(r, low_closed=False) if low else replace(r, high_closed=False)
            inner = replace(problem, ranges={**problem.ranges, name: cut})
            there = replaced(problem, name, end)
            parts = (inner,) if there is None else (there, inner)
            yield Step(f"{name} = {terms.text(end)} apart", parts)


def _fails(f: Formula, values: dict[str, Term]) -> bool:
    """Say whether a comparison of one variable fails, or a product in it is zero, at an end."""
    if not isinstance(f, Atom):
        return False
    at = Atom(terms.substitute(f.term, values), f.relation)
    return not at.term.free and holds(at, Point({})) is not True


def by_exponent(problem: Problem, goal: Atom) -> Step | None:
    """Write `exp(b) - a >= 0` as `b - log(a) >= 0`, for a sum a of exponentials that is positive."""
    if goal.relation not in (">", ">=") or goal.term.op != "add":
        return None
    parts = summands(goal.term)
    if len(parts) == 2:
        log = logarithmic(goal, Plain(problem.ranges, problem.hypotheses))
        if log is not None:
            return Step("logarithms of both sides", (problem.with_goals([log]),), True)
    tops = [(k, x) for k, x in parts if k > 0 and x.op == "exp"]
    if len(tops) != 1 or len(parts) < 3 or not goal.term.free:
        return None
    k, top = tops[0]
    rest = sub(terms.scale(k, top), goal.term)
    if not any(_has_exponential(x) for _, x in summands(rest)):
        return None
    new = sub(terms.add(top.args[0], terms.call("log", num(k))), terms.call("log", rest))
    return Step(
        "logarithms of both sides",
        (problem.with_goals([Atom(rest, ">"), Atom(new, goal.relation)]),),
        True,
    )


def by_one_exponent(problem: Problem, goal: Atom, samples: Samples) -> Step | None:
    """Compare logarithms in `a + b exp(u) >= 0`, where one of a and b is positive and the other negative.

    Where the positive one stays so, what is left is to be shown where the other is negative.
    """
    if goal.relation not in (">", ">="):
        return None
    groups: dict[Term | None, list[tuple[Fraction, Term]]] = {}
    for k, x in summands(goal.term):
        grown = _exponential_of(x)
        groups.setdefault(grown, []).append((k, x if grown is None else terms.div(x, grown)))
    if len(groups) != 2 or not any(g is not None and g.free for g in groups):
        return None
    (first, a), (second, b) = ((g, terms.combination(p)) for g, p in groups.items())
    u = sub(_exponent_of(second), _exponent_of(first))
    for above, below, way in ((b, a, 1), (a, b, -1)):
        if samples.signs(above) != {1} or samples.signs(below) == {1}:
            continue
        negative = terms.neg(below)
        logs = sub(_log_of(above, problem), _log_of(negative, problem))
        new = Atom(terms.add(terms.scale(way, u), logs), goal.relation)
        inner = with_ranges(problem, (Atom(negative, ">"),))
        parts = [problem.with_goals([Atom(above, ">")])]
        if inner is not None:
            parts.append(inner.with_goals([new]))
        return Step(f"logarithms, {terms.text(negative)} positive", tuple(parts), True)
    return None


def _exponential_of(t: Term) -> Term | None:
    """Return the factor of a product that is an exponential which varies."""
    if t.op == "exp" and t.free:
        return t
    if t.op == "mul":
        found = [x for x, e in zip(t.args, t.exponents(), strict=True) if x.op == "exp" and e == 1]
        return found[0] if len(found) == 1 and found[0].free else None
    return None


def _exponent_of(grown: Term | None) -> Term:
    return num(0) if grown is None else grown.args[0]


def _log_of(t: Term, problem: Problem) -> Term:
    """Return the logarithm of a positive term, as a sum where its factors are seen to be positive."""
    plain = Plain(problem.ranges, problem.hypotheses)
    k, x = terms.split_factor(t)
    if k <= 0:
        return terms.call("log", t)
    factors = zip(x.args, x.exponents(), strict=True) if x.op == "mul" else [(x, Fraction(1))]
    logs, rest = [terms.call("log", num(k))], list[tuple[Term, Fraction]]()
    for f, e in factors:
        if plain.holds(Atom(f, ">")):
            logs.append(terms.scale(e, terms.call("log", f)))
        else:
            rest.append((f, e))
    return terms.add(*logs, terms.call("log", terms.product(rest)))


def _has_exponential(t: Term) -> bool:
    return t.op == "exp" or (t.op == "mul" and any(x.op == "exp" for x in t.args))


def by_cone(problem: Problem, goal: Atom) -> Step | None:
    """Put one positive variable to 1 where the goal is homogeneous; of bounds only signs are kept."""
    used = goal.term.free
    if len(used) < 2 or degree(goal.term, used) is None:
        return None
    plain = Plain(problem.ranges)
    kept = [
        h
        for h in problem.hypotheses
        if isinstance(h, Atom) and h.term.free <= used and degree(h.term, used) is not None
    ]
    ranges: dict[str, Range] = {}
    for n in used:
        s = plain.variables[n]
        if s == ANY:
            ranges[n] = Range()
        elif s & NEGATIVE:
            ranges[n] = Range(None, num(0), False, s != NEGATIVE)
        else:
            ranges[n] = Range(num(0), None, s != POSITIVE, False)
    if all(problem.ranges[n] == ranges[n] for n in used):
        return None
    for name in sorted(used):
        if ranges[name] == Range(num(0)):
            new = replace(problem.with_goals([goal]), ranges=ranges, hypotheses=tuple(kept))
            return Step(
                f"{name} = 1 by homogeneity", (new.substituted(name, num(1), f"{name} = 1"),)
            )
    return None


_MARGIN = Fraction(1, 10**9)
"""By how much a form that is positive stays above zero: less is left to others."""


def by_form(goal: Atom) -> Step | None:
    """Recognise a quadratic form without negative values, by squares one after the other."""
    names = sorted(goal.term.free)
    if goal.relation not in (">", ">=") or not 2 <= len(names) <= 8:
        return None
    matrix = _matrix(goal.term, names)
    if matrix is None or not _has_no_negative_value(matrix):
        return None
    if goal.relation == ">":
        matrix[-1][-1] -= _MARGIN
        if not _has_no_negative_value(matrix):
            return None
    return Step("a sum of squares", (), True)


def _matrix(t: Term, names: list[str]) -> list[list[Fraction]] | None:
    """Return the symmetric matrix of a polynomial of degree two, made homogeneous by a last variable."""
    place = {var(n): k for k, n in enumerate(names)}
    n = len(names)
    matrix = [[Fraction(0)] * (n + 1) for _ in range(n + 1)]
    for k, x in summands(expanded(t)):
        factors = (
            list(zip(x.args, x.exponents(), strict=True)) if x.op == "mul" else [(x, Fraction(1))]
        )
        if x.op == "num":
            factors, k = [], k * x.value()
        if (
            any(f not in place or e not in (1, 2) for f, e in factors)
            or sum(e for _, e in factors) > 2
        ):
            return None
        where = [place[f] for f, e in factors for _ in range(int(e))]
        i, j = [*where, n, n][:2]
        matrix[i][j] += k / 2
        matrix[j][i] += k / 2
    return matrix


def _has_no_negative_value(matrix: list[list[Fraction]]) -> bool:
    """Say whether a symmetric matrix is positive semidefinite, by exact elimination."""
    m = [row[:] for row in matrix]
    left = list(range(len(m)))
    while left:
        p = next((k for k in left if m[k][k] > 0), None)
        if any(m[k][k] < 0 for k in left):
            return False
        if p is None:
            return all(not m[i][j] for i in left for j in left)
        left.remove(p)
        for i in left:
            for j in left:
                m[i][j] -= m[i][p] * m[p][j] / m[p][p]
    return True
