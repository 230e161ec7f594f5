"""Statements in several variables made smaller: what a reduction is, factors, scales, other variables. Trusted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, linearised, summands
from mfcheck.lemma.formula import Atom, Formula, atoms, conjuncts, free
from mfcheck.lemma.library import nonnegative, nonzero, positive
from mfcheck.lemma.problem import Problem, Range, constant_ball
from mfcheck.lemma.prove.factor import factored
from mfcheck.lemma.prove.rewrite import replaced, squared
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.terms import Term, num, power, scale, sub, var


@dataclass(frozen=True)
class Step:
    """A reduction: the goal holds if all these problems do."""

    note: str
    parts: tuple[Problem, ...]
    cheap: bool = False
    """Whether it only tidies, and does not count towards the depth of the search."""


def needs(t: Term) -> list[Formula]:
    """Return what must hold for a term to be defined and continuous."""
    found: list[Formula] = []
    for node in terms.order([t]):
        if not node.free:
            continue
        if node.op == "mul":
            for base, e in zip(node.args, node.exponents(), strict=True):
                if e.denominator > 1:
                    found.append(positive(base) if e < 0 else nonnegative(base))
                elif e < 0:
                    found.append(nonzero(base))
        elif node.op == "log" or node.op == "lgamma":
            found.append(positive(node.args[0]))
        elif node.op == "tan":
            found.append(nonzero(terms.call("cos", node.args[0])))
        elif node.op in ("asin", "acos"):
            found.append(nonnegative(terms.add(num(1), node.args[0])))
            found.append(nonnegative(sub(num(1), node.args[0])))
        elif node.op == "atanh":
            found.append(positive(terms.add(num(1), node.args[0])))
            found.append(positive(sub(num(1), node.args[0])))
    return list(dict.fromkeys(found))


def smooth(t: Term) -> bool:
    """Say whether a term has a derivative wherever its needs hold with room."""
    kinks = ("abs", "min", "max")
    return not terms.jumps(t) and all(n.op not in kinks for n in terms.order([t]))


def is_undefined(t: Term) -> bool:
    """Say whether a number under a reciprocal or a logarithm makes a term plainly undefined."""
    for node in terms.order([t]):
        if node.op == "mul" and any(
            b.op == "num" and not b.value() and e < 0
            for b, e in zip(node.args, node.exponents(), strict=True)
        ):
            return True
        if node.op == "log" and node.args[0].op == "num" and node.args[0].value() <= 0:
            return True
    return False


def split_goals(problem: Problem) -> list[Problem]:
    """Return one problem for each goal."""
    goals = [g for whole in problem.goals for g in conjuncts(whole)]
    return [problem.with_goals([g]) for g in goals]


# Factors, scales and shifts.


def by_factors(problem: Problem, goal: Atom, samples: Samples) -> Step | None:
    """Replace a goal by the signs of its factors, as the samples suggest them."""
    if goal.relation not in (">", ">="):
        return None
    parts = factored(goal.term)
    if parts is None:
        return None
    goals: list[Formula] = []
    total = 1
    strict = goal.relation == ">"
    for factor, e in parts:
        if factor.op == "num":
            total *= (factor.value() > 0) - (factor.value() < 0)
            continue
        if e == 2 or e == -2:
            if strict and e > 0:
                goals.append(nonzero(factor))
            continue
        seen = samples.signs(factor)
        if len(seen) != 1:
            return None
        (s,) = seen
        total *= s
        goals.append(Atom(terms.scale(s, factor), ">" if strict or e < 0 else ">="))
    if total < 0 or (total == 0 and strict):
        return None
    if goals == [goal] or (len(goals) == 1 and _is_multiple(goals[0], goal)):
        return None
    return Step("factors", (problem.with_goals(goals),), True)


def _is_multiple(f: Formula, goal: Atom) -> bool:
    """Say whether a comparison is the given one but for a positive factor."""
    if not isinstance(f, Atom) or f.relation != goal.relation:
        return False
    one, other = f.term, goal.term
    if one.op != "add" or other.op != "add" or one.args != other.args:
        return False
    ratio = one.coefficients()[1] / other.coefficients()[1]
    return ratio > 0 and scale(ratio, other) is one


def by_scale(problem: Problem, goal: Atom) -> Step | None:
    """Put one positive variable to 1 where all that is said is homogeneous in the variables."""
    used = goal.term.free
    if len(used) < 2 or degree(goal.term, used) is None:
        return None
    kept: list[Formula] = []
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if not free(h) & used:
            continue
        if any(degree(a.term, used) is None for a in atoms(h)):
            return None
        kept.append(h)
    ends = [e for n in used for e in (problem.ranges[n].low, problem.ranges[n].high)]
    if any(e is not None and not (e.op == "num" and not e.value()) for e in ends):
        return None
    for name in sorted(used):
        r = problem.ranges[name]
        if r.low is not None and not r.low_closed:
            new = replace(problem.with_goals([goal]), hypotheses=tuple(kept))
            return Step(
                f"{name} = 1 by homogeneity", (new.substituted(name, num(1), f"{name} = 1"),)
            )
    return None


def by_shift(problem: Problem, goal: Atom) -> Step | None:
    """Put one variable to 0 where nothing changes when all are moved alike: the slopes add up to zero."""
    used = sorted(goal.term.free)
    if problem.hypotheses or len(used) < 2 or any(problem.ranges[n] != Range() for n in used):
        return None
    if terms.jumps(goal.term):
        return None
    total = terms.add(*[terms.derivative(goal.term, n) for n in used])
    if not (total.op == "num" and not total.value()):
        parts = factored(total)
        if parts is None or parts[0][0].op != "num" or parts[0][0].value():
            return None
    name = used[0]
    new = problem.with_goals([goal]).substituted(name, num(0), f"{name} = 0")
    return Step(f"{name} = 0 by translation", (new,))


def degree(t: Term, names: frozenset[str]) -> Fraction | None:
    """Return d with `t(k x) = k^d t(x)` for k > 0, all the named variables scaled alike; None if not seen."""
    if not t.free & names:
        return Fraction(0)
    if t.op == "var":
        return Fraction(1)
    inner = [degree(a, names) for a in t.args]
    known = [d for d in inner if d is not None]
    if len(known) < len(inner):
        return None
    if t.op == "mul":
        return sum((d * e for d, e in zip(known, t.exponents(), strict=True)), Fraction(0))
    same = all(d == known[0] for d in known)
    if t.op == "add":
        return known[0] if same and (not t.coefficients()[0] or known[0] == 0) else None
    if t.op in ("abs", "min", "max"):
        return known[0] if same else None
    if t.op == "cbrt":
        return known[0] / 3
    if t.op in ("sign", "step"):
        return Fraction(0)
    return Fraction(0) if all(d == 0 for d in known) else None


# Other variables.


def by_logarithm(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Put `x = exp(l)` for a positive variable that occurs under a logarithm."""
    under = {
        str(n.args[0].data)
        for n in terms.order([goal.term])
        if n.op == "log" and n.args[0].op == "var"
    }
    for name in sorted(under):
        r = problem.ranges[name]
        if r.low is None or not constant_ball(r.low) >= 0:
            continue
        new = f"log__{name}"
        zero = r.low.op == "num" and not r.low.value()
        if zero and r.low_closed:
            continue
        low = None if zero else terms.call("log", r.low)
        high = None if r.high is None else terms.call("log", r.high)
        ranges = {k: v for k, v in problem.ranges.items() if k != name}
        ranges[new] = Range(low, high, low is not None and r.low_closed, r.high_closed)
        moved = problem.substituted(name, terms.call("exp", var(new)), f"{name} = exp({new})")
        yield Step(f"{name} = exp({new})", (replace(moved, ranges=ranges),))


def by_waves(problem: Problem, goal: Atom) -> Step | None:
    """Write products of sines and cosines as sums."""
    waves = [n for n in terms.order([goal.term]) if n.op in ("sin", "cos")]
    if len(waves) < 2:
        return None
    new = without_products(goal.term)
    if new is goal.term or terms.size(new) > terms.size(goal.term) + 2:
        return None
    return Step("sums of waves", (problem.with_goals([Atom(new, goal.relation)]),))


def without_products(t: Term) -> Term:
    """Return the shorter of the term and its form without products of waves; angle sums are opened first."""
    new = linearised(t)
    return new if terms.size(new) < terms.size(t) else t


def by_combination(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Put `u = a x + b y`, known from a hypothesis, where the goal depends on u alone."""
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if not isinstance(h, Atom) or len(h.term.free) != 2 or not h.term.free <= goal.term.free:
            continue
        x, y = sorted(h.term.free)
        kx, ky = (terms.derivative(h.term, n) for n in (x, y))
        if kx.op != "num" or ky.op != "num" or not kx.value() or not ky.value():
            continue
        u = f"{x}__and_{y}"
        k = kx.value() / ky.value()
        value = sub(var(u), terms.scale(k, var(x)))
        new = replaced(replace(problem, ranges={**problem.ranges, u: Range()}), y, value)
        if new is None:
            continue
        (moved,) = new.goals
        if isinstance(moved, Atom):
            wide = expanded(linearised(moved.term)) if x in moved.term.free else moved.term
            if x not in wide.free:
                yield Step(f"{u} = {y} + {k}*{x}", (new.with_goals([Atom(wide, goal.relation)]),))


def by_squares(problem: Problem, goal: Atom) -> Step | None:
    """Remove a square root from a goal, and put `p = x^2` for variables that occur as squares alone."""
    roots = squared(goal)
    hypotheses = [h for whole in problem.hypotheses for h in conjuncts(whole)]
    extra = [g for h in hypotheses for g in squared(h)]
    if roots:
        new = replace(problem, hypotheses=(*hypotheses, *extra))
        return Step("squared", (new.with_goals(roots),))
    kept = [h for h in hypotheses if not squared(h)] + extra
    for name in sorted(goal.term.free):
        if problem.ranges[name] != Range():
            continue
        p = f"{name}__squared"
        changed = [_in_square(f, name, var(p)) for f in (*kept, goal)]
        if all(f is not None for f in changed):
            made = [f for f in changed if f is not None]
            ranges = {k: v for k, v in problem.ranges.items() if k != name}
            ranges[p] = Range(num(0), None, True, False)
            new = replace(problem, ranges=ranges, hypotheses=tuple(made[:-1]))
            return Step(f"{p} = {name}**2", (new.with_goals(made[-1:]),))
    return None


def _in_square(f: Formula, name: str, p: Term) -> Formula | None:
    """Return a comparison of polynomials with `x^2` replaced; None if x occurs in another way."""
    if name not in free(f):
        return f
    if not isinstance(f, Atom):
        return None
    parts = []
    for k, part in summands(expanded(f.term)):
        if name not in part.free:
            parts.append((k, part))
            continue
        if part.op != "mul" or var(name) not in part.args:
            return None
        e = part.exponents()[part.args.index(var(name))]
        other = terms.mul(part, power(var(name), -e))
        if e % 2 or e < 0 or name in other.free:
            return None
        parts.append((k, terms.mul(other, power(p, e / 2))))
    return Atom(terms.combination(parts), f.relation)
