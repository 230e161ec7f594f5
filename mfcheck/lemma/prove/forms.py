"""Reductions to a form that others know: products of variables, roots of squares, one fraction. Trusted."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom, conjuncts, free, transform
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range
from mfcheck.lemma.prove.factor import TooLargeError, factors_of
from mfcheck.lemma.prove.reduce import Step
from mfcheck.lemma.terms import Term, call, num, scale, var

_POSITIVE = Range(num(0))
_NOT_NEGATIVE = Range(num(0), None, True, False)


def by_product(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Put `p = x y`, y > 0 and x > 0 or x >= 0, where both occur in all that is said by their product alone."""
    names = [n for n in sorted(goal.term.free) if problem.ranges[n] in (_POSITIVE, _NOT_NEGATIVE)]
    if any(n.op == "gauss" for n in terms.order([goal.term])):
        return
    said = [p for whole in problem.hypotheses for p in conjuncts(whole)]
    for x, y in itertools.permutations(names, 2):
        if problem.ranges[y] != _POSITIVE:
            continue
        new = f"{x}__times_{y}"
        put = {x: terms.div(var(new), var(y))}

        def changed(t: Term, put: dict[str, Term] = put) -> Term:
            return expanded(terms.substitute(t, put))

        moved = Atom(changed(goal.term), goal.relation)
        if y in moved.term.free:
            continue
        kept = [transform(h, changed) if free(h) & {x, y} else h for h in said]
        if any(y in free(h) for h in kept):
            continue
        ranges = {k: v for k, v in problem.ranges.items() if k not in (x, y)}
        made = replace(problem, ranges={**ranges, new: problem.ranges[x]}, hypotheses=tuple(kept))
        yield Step(f"{new} = {x}*{y}", (made.with_goals([moved]),), True)


def by_roots(problem: Problem, goal: Atom) -> Step | None:
    """Write `a u^2 >= b v^2` as `sqrt(a) |u| >= sqrt(b) |v|`, a and b positive numbers."""
    parts = summands(goal.term)
    if goal.relation not in (">", ">=") or len(parts) != 2:
        return None
    roots: list[tuple[Fraction, Term]] = []
    for k, x in parts:
        pairs = list(zip(x.args, x.exponents(), strict=True)) if x.op == "mul" else []
        if not pairs or any(e % 2 for _, e in pairs):
            return None
        root = terms.product([(call("abs", b), e / 2) for b, e in pairs])
        size = terms.sqrt(num(abs(k)))
        roots.append((Fraction(1 if k > 0 else -1), terms.mul(size, root)))
    if roots[0][0] == roots[1][0]:
        return None
    new = Atom(terms.combination(roots), goal.relation)
    return Step("roots of squares", (problem.with_goals([new]),), True)


def by_log(problem: Problem, goal: Atom) -> Step | None:
    """Write `log(a) >= b` as `a >= exp(b)`, b linear in the variables, and a positive."""
    logs = [(k, x) for k, x in summands(goal.term) if x.op == "log" and x.free]
    if goal.relation not in (">", ">=") or len(logs) != 1:
        return None
    k, log = logs[0]
    rest = terms.scale(-1 / k, terms.sub(goal.term, terms.scale(k, log)))
    if any(terms.derivative(rest, n).free for n in rest.free) or not _is_sum(log.args[0]):
        return None
    gap = scale(1 if k > 0 else -1, terms.sub(log.args[0], call("exp", rest)))
    goals = [Atom(log.args[0], ">"), Atom(expanded(gap), goal.relation)]
    return Step("exponentials of both sides", (problem.with_goals(goals),), True)


def _is_sum(t: Term) -> bool:
    """Say whether a term is a sum of exponentials."""
    return t.op == "add" and any(
        x.op == "exp" or (x.op == "mul" and any(b.op == "exp" for b in x.args)) for x in t.args
    )


def by_fraction(problem: Problem, goal: Atom) -> Step | None:
    """Put the rational summands of a goal with different denominators together, in factors."""
    parts = summands(goal.term)
    plain = [(k, x) for k, x in parts if _is_rational(x)]
    bottoms = {frozenset(_below(x)) for _, x in plain}
    if len(plain) in (0, 1) or len(bottoms) < 2:
        return None
    below = {b for group in bottoms for b in group}
    signs = Plain(problem.ranges, problem.hypotheses)
    if any(
        not signs.holds(Atom(b, ">")) and not signs.holds(Atom(scale(-1, b), ">")) for b in below
    ):
        return None
    try:
        size, factors = factors_of(terms.combination(plain))
    except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    whole = scale(size, terms.product([(f, Fraction(e)) for f, e in factors]))
    rest = terms.combination([p for p in parts if p not in plain])
    new = Atom(terms.add(rest, whole), goal.relation)
    if new.term is goal.term or terms.size(new.term) > terms.size(goal.term) + 6:
        return None
    return Step("one fraction", (problem.with_goals([new]),), True)


def _is_rational(t: Term) -> bool:
    return all(
        n.op in ("num", "var", "add")
        or (n.op == "mul" and all(e.denominator == 1 for e in n.exponents()))
        for n in terms.order([t])
    )


def _below(t: Term) -> Iterator[Term]:
    if t.op == "mul":
        yield from (b for b, e in zip(t.args, t.exponents(), strict=True) if e < 0)
