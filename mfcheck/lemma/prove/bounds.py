"""Logarithms replaced by powers that bound them: `n (1 - u^(-1/n)) <= log u <= n (u^(1/n) - 1)`. Trusted.

This is `1 + v <= exp(v)` at `v = log(u)/n` and at `v = -log(u)/n`. Such a bound may stand for a logarithm in a
goal `F(log u) >= 0` if F does not fall, or does not rise, in that place, whatever number stands there.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded
from mfcheck.lemma.formula import Atom, Formula, free
from mfcheck.lemma.library import nonnegative
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range
from mfcheck.lemma.prove.reduce import Step, needs
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.signs import NEGATIVE, POSITIVE
from mfcheck.lemma.terms import Term, num, power, scale, sub, var

_MOST = 6
_LOG = "_log"


def by_bounds(problem: Problem, goal: Atom, samples: Samples) -> Iterator[Step]:
    """Replace the logarithms of a goal by bounds, those in sums all at once."""
    logs = [n for n in terms.order([goal.term]) if n.op == "log" and n.free]
    if goal.relation not in (">", ">=") or not logs or len(logs) > _MOST:
        return
    for n in (1, 2):
        step = _in_sums(problem, goal, logs, n, samples)
        if step is not None:
            yield step
    for log in logs:
        step = _in_place(problem, goal, log)
        if step is not None:
            yield step


def _in_sums(
    problem: Problem, goal: Atom, logs: list[Term], n: int, samples: Samples
) -> Step | None:
    """Write a goal that is linear in its logarithms as `sum c log(u) + r`, c not negative, and bound each below."""
    names = {log: var(f"{_LOG}{k}") for k, log in enumerate(logs)}
    opened = expanded(put(goal.term, names))
    slopes = {log: terms.derivative(opened, str(names[log].data)) for log in logs}
    inner = {str(v.data) for v in names.values()}
    if any(s.free & inner for s in slopes.values()):
        return None
    rest = terms.substitute(opened, dict.fromkeys(inner, num(0)))
    groups: dict[Term, list[tuple[Term, Fraction]]] = {}
    for log, slope in slopes.items():
        k, c = terms.split_factor(slope)
        if k == 1 and terms.neg(c) in groups:
            k, c = Fraction(-1), terms.neg(c)
        if k:
            groups.setdefault(c, []).append((log.args[0], k))
    total, signs = [rest], list[Formula]()
    for c, parts in groups.items():
        seen = samples.signs(c)
        if len(seen) != 1 and c.free:
            return None
        way = 1 if not c.free or seen == {1} else -1
        size = max(abs(k) for _, k in parts)
        inverse = terms.product([(u, -k * way / size / n) for u, k in parts])
        factor = scale(way * size, c)
        total += [scale(n, factor), scale(-n, terms.mul(factor, inverse))]
        signs.append(nonnegative(factor))
    new = Atom(terms.add(*total), goal.relation)
    made = problem.with_goals([*needs(goal.term), *signs, new])
    return Step(f"logarithms against powers 1/{n}", (made,), True)


def put(t: Term, values: Mapping[Term, Term]) -> Term:
    """Return a term with whole parts of it replaced."""
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        args = tuple(known[a] for a in node.args)
        new = node if args == node.args else terms.rebuild(node, args)
        known[node] = values.get(node, new)
    return known[t]


def slope_signs(opened: Term, name: str, problem: Problem) -> int | None:
    """Return the signs of the slope in one place of a term, whatever number stands there; None if it may jump there."""
    inside = [n for n in terms.order([opened]) if name in n.free]
    kinks = ("abs", "min", "max", "sign", "step", "gauss")
    if not inside or any(n.op in kinks for n in inside):
        return None
    if any(name in free(f) for f in needs(opened)):
        return None
    plain = Plain({**problem.ranges, name: Range()}, problem.hypotheses)
    return plain.signs(terms.derivative(opened, name))


def _in_place(problem: Problem, goal: Atom, log: Term) -> Step | None:
    """Replace one logarithm, in whatever place, if the sign of the slope in that place is seen."""
    opened = put(goal.term, {log: var(_LOG)})
    s = slope_signs(opened, _LOG, problem)
    if s is None or (s & NEGATIVE and s & POSITIVE):
        return None
    u = log.args[0]
    value = sub(u, num(1)) if s & NEGATIVE else sub(num(1), power(u, -1))
    new = Atom(terms.substitute(opened, {_LOG: value}), goal.relation)
    made = problem.with_goals([*needs(goal.term), *needs(new.term), new])
    return Step(f"{terms.text(log)} against {terms.text(value)}", (made,), True)
