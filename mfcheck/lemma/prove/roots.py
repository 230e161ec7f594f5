"""Reductions by roots, sums of variables and the triangle inequality. Trusted."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import lcm

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom, conjuncts, free, substitute
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range
from mfcheck.lemma.prove.reduce import Step, needs
from mfcheck.lemma.prove.rewrite import with_ranges
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.signs import NEGATIVE
from mfcheck.lemma.terms import Term, call, num, scale, var

_MOST_ROOT = 6
_MOST_SIZES = 4


def by_square(problem: Problem, goal: Atom, samples: Samples) -> Step | None:
    """Square both sides of a goal where that is not seen to say too much."""
    found = _squared(goal)
    if found is None or samples.signs(found[0]) == {-1}:
        return None
    return Step("squares of both sides", (problem.with_goals([found[1]]),), True)


def square_form(problem: Problem) -> Problem | None:
    """Square both sides of all goals that have one root, so that they say more; None if there are none."""
    goals = [g for whole in problem.goals for g in conjuncts(whole)]
    found = [_squared(g) if isinstance(g, Atom) else None for g in goals]
    if not any(found):
        return None
    new = tuple(f[1] if f else g for f, g in zip(found, goals, strict=True))
    return replace(problem, goals=new, history=(*problem.history, "squares"))


def _squared(goal: Atom) -> tuple[Term, Atom] | None:
    """Write `k sqrt(u) >= v`, k > 0, as `k^2 u >= v^2`, which says more where v is negative; return v and that."""
    roots = [(k, x) for k, x in summands(goal.term) if k > 0 and _is_root(x)]
    if goal.relation not in (">", ">=") or len(roots) != 1:
        return None
    k, root = roots[0]
    rest = terms.sub(scale(k, root), goal.term)
    if any(_is_root(x) for _, x in summands(rest)):
        return None
    c, size = terms.split_factor(rest)
    square = scale(c * c, terms.power(size.args[0] if size.op == "abs" else size, 2))
    new = terms.sub(scale(k * k, terms.power(root, 2)), square)
    return rest, Atom(new, goal.relation)


def _is_root(t: Term) -> bool:
    return t.op == "mul" and bool(t.free) and all(e == Fraction(1, 2) for e in t.exponents())


def by_root_variables(problem: Problem, goal: Atom) -> Step | None:
    """Put `x = u^n` for variables that are not negative and occur under roots of products."""
    plain = Plain(problem.ranges, problem.hypotheses)
    opened = _with_open_roots(goal.term, plain)
    found: dict[str, int] = {}
    for node in terms.order([opened]):
        for b, e in zip(node.args, node.exponents(), strict=True) if node.op == "mul" else ():
            if b.op == "var" and e.denominator > 1:
                found[str(b.data)] = lcm(found.get(str(b.data), 1), e.denominator)
    bound = {n for whole in problem.hypotheses for n in free(whole)}
    ranges = dict(problem.ranges)
    for name in [*found]:
        r = problem.ranges[name]
        if name in bound or r.low is not num(0) or found[name] > _MOST_ROOT:
            del found[name]
            continue
        high = None if r.high is None else terms.power(r.high, Fraction(1, found[name]))
        del ranges[name]
        ranges[f"{name}__root"] = Range(r.low, high, r.low_closed, r.high_closed)
    if not found or any(n.op == "gauss" for n in terms.order([opened])):
        return None
    new = Atom(_in_roots(opened, found), goal.relation)
    made = replace(problem, ranges=ranges, goals=(new,))
    names = ", ".join(f"{n} = u**{k}" for n, k in sorted(found.items()))
    return Step(f"roots as variables: {names}", (made,), True)


def _with_open_roots(t: Term, plain: Plain) -> Term:
    """Return a term with roots of products, all factors not negative, as products of roots."""
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        args = tuple(known[a] for a in node.args)
        new = node if args == node.args else terms.rebuild(node, args)
        if new.op == "cbrt" and not plain.signs(new.args[0]) & NEGATIVE:
            new = terms.power(new.args[0], Fraction(1, 3))
        if new.op == "mul":
            new = terms.product(f for p in _pairs(new) for f in _opened(*p, plain))
        known[node] = new
    return known[t]


def _pairs(t: Term) -> list[tuple[Term, Fraction]]:
    return list(zip(t.args, t.exponents(), strict=True)) if t.op == "mul" else [(t, Fraction(1))]


def _opened(base: Term, e: Fraction, plain: Plain) -> list[tuple[Term, Fraction]]:
    c, inner = terms.split_factor(base)
    factors = _pairs(inner)
    if e.denominator == 1 or c <= 0 or any(plain.signs(f) & NEGATIVE for f, _ in factors):
        return [(base, e)]
    return [(num(c), e), *((f, k * e) for f, k in factors)]


def _in_roots(t: Term, roots: dict[str, int]) -> Term:
    """Return a term with `x = u^n` put in, powers of x as powers of u."""
    new = {n: (var(f"{n}__root"), k) for n, k in roots.items()}
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        args = tuple(known[a] for a in node.args)
        if node.op == "var" and node.data in new:
            known[node] = terms.power(*new[str(node.data)])
        elif node.op == "mul":
            parts = []
            for b, a, e in zip(node.args, args, node.exponents(), strict=True):
                u, k = new.get(str(b.data), (a, 1)) if b.op == "var" else (a, 1)
                parts.append((u, e * k))
            known[node] = terms.product(parts)
        else:
            known[node] = node if args == node.args else terms.rebuild(node, args)
    return known[t]


def by_level(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Put `y = 0` where the goal depends on `x + y` or `x - y` alone, and `x` takes all values of that."""
    bound = {n for whole in problem.hypotheses for n in free(whole)}
    if terms.jumps(goal.term):
        return
    names = [n for n in sorted(goal.term.free - bound) if _is_wide(problem.ranges[n])]
    slopes = {n: terms.derivative(goal.term, n) for n in names}
    for x, y in itertools.permutations(names, 2):
        lines = problem.ranges[x] == Range() == problem.ranges[y]
        halves = problem.ranges[x].low is num(0) and problem.ranges[y].low is num(0)
        for k in (1, -1):
            if not (lines or (halves and k > 0)):
                continue
            gap = terms.sub(slopes[y], scale(k, slopes[x]))
            if gap.op != "num" or gap.value():
                continue
            closed = replace(problem.ranges[y], low_closed=halves)
            whole = replace(problem, ranges={**problem.ranges, y: closed})
            at = problem.with_goals([goal]).substituted(y, num(0), f"{y} = 0")
            parts = [whole.with_goals(needs(goal.term)), at]
            yield Step(
                f"{y} = 0, as {x} and {y} occur together", tuple(p for p in parts if p.goals)
            )


def _is_wide(r: Range) -> bool:
    return r.high is None and (r.low is None or r.low is num(0))


def by_triangle(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Replace `|a| + |b|` by `|a + b|` or `|a - b|`, which are not larger, where a variable less is left then."""
    sizes = [(k, x) for k, x in summands(goal.term) if x.op == "abs" and k > 0]
    if goal.relation not in (">", ">=") or len(sizes) > _MOST_SIZES:
        return
    for (k, a), (m, b) in itertools.combinations(sizes, 2):
        if k != m:
            continue
        for way in (1, -1):
            one = call("abs", terms.add(a.args[0], scale(way, b.args[0])))
            new = terms.add(goal.term, scale(-k, a), scale(-k, b), scale(k, one))
            after = Atom(new, goal.relation)
            made = problem.with_goals([after])
            if next(by_level(made, after), None) is None:
                continue
            yield Step(f"triangle: {terms.text(one)}", (made,), True)


def by_symmetry(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Put `x = m + h`, `y = m - h` where nothing changes when x and y change places, so that h = 0 is critical."""
    names = [n for n in sorted(goal.term.free) if problem.ranges[n] == Range()]
    for x, y in itertools.combinations(names, 2):
        swap = {x: var(y), y: var(x)}
        said = [*problem.hypotheses, goal]
        if any(substitute(f, swap) != f for f in said if free(f) & swap.keys()):
            continue
        m, h = f"{x}__middle", f"{x}__half_gap"
        ranges = {**problem.ranges, m: Range(), h: Range()}
        made = replace(problem.with_goals([goal]), ranges=ranges)
        made = made.substituted(x, terms.add(var(m), var(h)), f"{x} = {m} + {h}")
        made = made.substituted(y, terms.sub(var(m), var(h)), f"{y} = {m} - {h}")
        cut = with_ranges(made)
        if cut is not None:
            (new,) = cut.goals
            wide = Atom(expanded(new.term), goal.relation) if isinstance(new, Atom) else new
            yield Step(f"{x}, {y} = {m} + {h}, {m} - {h}", (cut.with_goals([wide]),))
