"""Homogeneity with a degree that may be a term, as of `x^a y^(1 - a)`; bounded parts taken for variables. Trusted.

If `t(k x) = k^d t(x)` for k > 0, all variables of a group scaled alike and d free of them, the sign of t does not
change along rays, so that one variable may be put to 1, or the sum of two. `exp(u)` is of degree c if
`u(k x) = u(x) + c log k`.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom, Formula, atoms, conjuncts, free
from mfcheck.lemma.problem import Problem, Range
from mfcheck.lemma.prove.bounds import put
from mfcheck.lemma.prove.reduce import Step, degree
from mfcheck.lemma.terms import Term, mul, num, scale, sub, var

_MOST_NAMES = 5
_POSITIVE = Range(num(0))
_ZERO = num(0)


def degree_of(t: Term, names: frozenset[str]) -> Term | None:
    """Return d with `t(k x) = k^d t(x)`; None if that is not seen."""
    if not t.free & names:
        return _ZERO
    if t.op == "var":
        return num(1)
    if t.op == "exp":
        return shift_of(t.args[0], names)
    inner = [degree_of(a, names) for a in t.args]
    known = [d for d in inner if d is not None]
    if len(known) < len(inner):
        moved = shift_of(t, names) if t.op == "add" else None
        return _ZERO if moved is not None and _all_same([moved, _ZERO]) else None
    if t.op == "mul":
        return _sum(zip(t.exponents(), known, strict=True))
    if t.op == "add":
        c = t.coefficients()[0]
        return known[0] if _all_same(known if not c else [*known, _ZERO]) else None
    if t.op in ("abs", "min", "max"):
        return known[0] if _all_same(known) else None
    if t.op == "cbrt":
        return scale(Fraction(1, 3), known[0])
    if t.op in ("sign", "step"):
        return _ZERO
    return _ZERO if _all_same([*known, _ZERO]) else None


def shift_of(t: Term, names: frozenset[str]) -> Term | None:
    """Return c with `t(k x) = t(x) + c log k`; None if that is not seen."""
    if not t.free & names:
        return _ZERO
    if t.op == "log":
        return degree_of(t.args[0], names)
    if t.op == "add":
        found = [(k, shift_of(x, names)) for k, x in summands(t)]
        known = [(k, c) for k, c in found if c is not None]
        return _sum(known) if len(known) == len(found) else None
    if t.op == "mul":
        moving = [x for x in t.args if x.free & names]
        if len(moving) == 1 and t.exponents()[t.args.index(moving[0])] == 1:
            c = shift_of(moving[0], names)
            return None if c is None else expanded(mul(c, terms.div(t, moving[0])))
    d = degree_of(t, names)
    return _ZERO if d is not None and _all_same([d, _ZERO]) else None


def _sum(parts: "zip[tuple[Fraction, Term]] | Sequence[tuple[Fraction, Term]]") -> Term:
    return expanded(terms.combination(list(parts)))


def _all_same(degrees: Sequence[Term]) -> bool:
    return all(expanded(sub(d, degrees[0])) is _ZERO for d in degrees)


def by_rays(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Put the sum of two positive variables to 1, or one variable, where the goal is of some degree in a group."""
    names = [n for n in sorted(goal.term.free) if problem.ranges[n] == _POSITIVE]
    if len(names) > _MOST_NAMES:
        return
    said = [p for whole in problem.hypotheses for p in conjuncts(whole)]
    for count in range(len(names), 1, -1):
        for chosen in itertools.combinations(names, count):
            group = frozenset(chosen)
            if degree_of(goal.term, group) is None or not all(_is_even(h, group) for h in said):
                continue
            if degree(goal.term, goal.term.free) is None or len(group) < len(goal.term.free):
                yield from _on_rays(problem.with_goals([goal]), chosen)
            return


def _is_even(h: Formula, group: frozenset[str]) -> bool:
    """Say whether a hypothesis is true all along a ray if it is at one point."""
    return not free(h) & group or all(degree_of(a.term, group) is not None for a in atoms(h))


def _on_rays(problem: Problem, chosen: Sequence[str]) -> Iterator[Step]:
    if len(chosen) == 2:
        x, y = chosen
        u = f"{x}__share"
        ranges = {k: v for k, v in problem.ranges.items() if k not in chosen}
        wide = replace(
            problem, ranges={**ranges, u: Range(num(0), num(1)), x: _POSITIVE, y: _POSITIVE}
        )
        moved = wide.substituted(x, var(u), f"{x} = {u}")
        moved = moved.substituted(y, sub(num(1), var(u)), f"{y} = 1 - {u}")
        yield Step(f"{x} + {y} = 1 by homogeneity", (moved,))
    for name in chosen:
        moved = problem.substituted(name, num(1), f"{name} = 1")
        yield Step(f"{name} = 1 along rays", (moved,))


_VALUES = {
    "sin": Range(num(-1), num(1), True, True),
    "cos": Range(num(-1), num(1), True, True),
    "tanh": Range(num(-1), num(1)),
    "erf": Range(num(-1), num(1)),
}


def by_values(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Take `f(x)` for a variable in the range of f, where x occurs in no other way: that says at least as much."""
    said = {n for h in problem.hypotheses for n in free(h)}
    for node in terms.order([goal.term]):
        if node.op not in _VALUES or not node.free or node.free & said:
            continue
        name = "v__" + "_".join(sorted(node.free))
        opened = put(goal.term, {node: var(name)})
        if opened.free & node.free or name in problem.ranges:
            continue
        ranges = {k: v for k, v in problem.ranges.items() if k not in node.free}
        ranges[name] = _VALUES[node.op]
        made = replace(problem, ranges=ranges, goals=(Atom(opened, goal.relation),))
        yield Step(f"{name} = {terms.text(node)}", (made,), True)
