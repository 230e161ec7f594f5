"""Changes of a problem that keep its truth: definitions solved for a variable, and other forms of the same statement.

Each returns problems whose truth implies that of the given one; the search chooses among them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from math import gcd

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom, Formula, atoms, conjuncts, join, transform
from mfcheck.lemma.linear import contradictory
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range, bounded, constant_ball, propagated
from mfcheck.lemma.terms import Term, num, power, var


def with_ranges(problem: Problem, extra: tuple[Formula, ...] = ()) -> Problem | None:
    """Return the problem with hypotheses on single variables made ranges; None if they are contradictory."""
    cut = bounded(problem.ranges, (*problem.hypotheses, *extra))
    if cut is None:
        return None
    ranges = propagated(cut.ranges, cut.hypotheses)
    if ranges is None:
        return None
    ties = [h for h in cut.hypotheses if isinstance(h, Atom) and len(h.term.free) > 1]
    if len(ties) > 1:
        single = [f for n, r in cut.ranges.items() for f in range_formulas(n, r)]
        if contradictory([*ties, *single]):
            return None
    return replace(problem, ranges=ranges, hypotheses=cut.hypotheses)


def squared(h: Formula) -> list[Formula]:
    """Return what follows from `c - k sqrt(u) >= 0` without the root."""
    if not isinstance(h, Atom) or h.relation not in (">", ">=") or h.term.op != "add":
        return []
    for k, x in zip(h.term.coefficients()[1:], h.term.args, strict=True):
        if k < 0 and x.op == "mul" and x.exponents() == (Fraction(1, 2),):
            rest = terms.scale(-1 / k, terms.sub(h.term, terms.scale(k, x)))
            return [
                Atom(expanded(terms.sub(power(rest, 2), x.args[0])), h.relation),
                Atom(rest, h.relation),
            ]
    return []


def range_formulas(name: str, r: Range) -> list[Formula]:
    """Return a range as hypotheses."""
    x, found = var(name), list[Formula]()
    if r.low is not None:
        found.append(Atom(terms.sub(x, r.low), ">=" if r.low_closed else ">"))
    if r.high is not None:
        found.append(Atom(terms.sub(r.high, x), ">=" if r.high_closed else ">"))
    return found


def replaced(
    problem: Problem, name: str, value: Term, extra: tuple[Formula, ...] = ()
) -> Problem | None:
    """Return the problem with a variable replaced, its range kept as hypotheses on the value."""
    outer = tuple(range_formulas(name, problem.ranges[name]))
    whole = replace(problem, hypotheses=(*problem.hypotheses, *outer, *extra))
    new = whole.substituted(name, value, f"{name} = {terms.text(value)}")
    return with_ranges(new)


def line_parts(t: Term, name: str) -> tuple[Term | None, Term | None]:
    """Return slope and value at zero of a term that is linear in a variable, else nothing."""
    slope = terms.derivative(t, name)
    if name in slope.free:
        return None, None
    return slope, terms.substitute(t, {name: num(0)})


def exponential_form(problem: Problem, name: str) -> Problem | None:
    """Put `y = exp(g x)` if x occurs in exponentials alone, g the largest for which all are powers of y."""
    new = f"exp__{name}"
    seen: set[Fraction] = set()
    for f in (*problem.hypotheses, *problem.goals):
        if _transformed(f, lambda t: _in_exponential(t, name, var(new), seen)) is None:
            return None
    unit = gcd(*(int(k) for k in seen)) or 1
    steps: set[Fraction] = set()

    def changed(t: Term) -> Term | None:
        return _in_exponential(t, name, var(new), steps, unit)

    parts: list[list[Formula]] = []
    for group in (problem.hypotheses, problem.goals):
        made = []
        for f in group:
            g = _transformed(f, changed)
            if g is None:
                return None
            made.append(g)
        parts.append(made)
    if not steps:
        return None
    r = problem.ranges[name]
    low = terms.call("exp", terms.scale(unit, r.low)) if r.low is not None else num(0)
    high = terms.call("exp", terms.scale(unit, r.high)) if r.high is not None else None
    ranges = {k: v for k, v in problem.ranges.items() if k != name}
    ranges[new] = Range(low, high, r.low_closed and r.low is not None, r.high_closed)
    return Problem(
        ranges,
        tuple(parts[0]),
        tuple(parts[1]),
        problem.integers,
        (*problem.history, f"{new} = exp({unit}*{name})"),
        (*problem.solution, (name, terms.scale(Fraction(1, unit), terms.call("log", var(new))))),
    )


def root_form(problem: Problem, name: str) -> Problem | None:
    """Put `x = s^2`, s >= 0, where an expectation depends on the root of x; None if none does."""
    r = problem.ranges[name]
    nodes = [n for g in problem.goals for a in atoms(g) for n in terms.order([a.term])]
    if not any(_has_root(_opened(n), name) for n in nodes if n.op == "gauss"):
        return None
    if r.low is None or not constant_ball(r.low) >= 0:
        return None
    new = f"root__{name}"

    def changed(t: Term) -> Term:
        known: dict[Term, Term] = {}
        for node in terms.order([t]):
            args = tuple(known[a] for a in node.args)
            if node is var(name):
                known[node] = power(var(new), 2)
            elif node.op == "gauss" and name in node.free:
                inner = changed(_opened(node))
                known[node] = terms.expectation(inner, sorted(inner.free - {terms.NORMAL}))
            elif node.op == "mul" and var(name) in node.args:
                pairs = zip(node.args, args, node.exponents(), strict=True)
                known[node] = terms.product(
                    [(var(new), 2 * e) if x is var(name) else (y, e) for x, y, e in pairs]
                )
            else:
                known[node] = node if args == node.args else terms.rebuild(node, args)
        return known[t]

    ranges = {k: v for k, v in problem.ranges.items() if k != name}
    high = None if r.high is None else terms.sqrt(r.high)
    ranges[new] = Range(terms.sqrt(r.low), high, r.low_closed, r.high_closed)
    return replace(
        problem,
        ranges=ranges,
        hypotheses=tuple(transform(h, changed) for h in problem.hypotheses),
        goals=tuple(transform(g, changed) for g in problem.goals),
        history=(*problem.history, "roots"),
        solution=(*problem.solution, (name, power(var(new), 2))),
    )


def _opened(t: Term) -> Term:
    """Return the integrand of an expectation in the names outside."""
    return terms.substitute(terms.body_of(t), {f"_p{k}": a for k, a in enumerate(t.args)})


def _has_root(t: Term, name: str) -> bool:
    return any(
        b is var(name) and e.denominator == 2
        for n in terms.order([t])
        if n.op == "mul"
        for b, e in zip(n.args, n.exponents(), strict=True)
    )


def logarithmic_form(problem: Problem) -> Problem | None:
    """Compare logarithms where two positive products are compared and exponentials occur; None if nowhere."""
    plain = Plain(problem.ranges, problem.hypotheses)
    goals = [g for whole in problem.goals for g in conjuncts(whole)]
    changed = [logarithmic(g, plain) if isinstance(g, Atom) else None for g in goals]
    if not any(changed):
        return None
    new = tuple(b or a for a, b in zip(goals, changed, strict=True))
    return replace(problem, goals=new, history=(*problem.history, "logarithms"))


def logarithmic(goal: Atom, plain: Plain) -> Atom | None:
    """Return `log a - log b` in place of `a - b`, both products of what is seen to be positive, one an exponential."""
    parts = summands(goal.term)
    if goal.relation not in (">", ">=") or len(parts) != 2 or parts[0][0] * parts[1][0] >= 0:
        return None
    logs = []
    grows = False
    for k, x in parts:
        factors = _factors(x)
        grows = grows or any(f.op == "exp" and f.free for f, _ in factors)
        if not all(f.op in ("exp", "pi") or plain.holds(Atom(f, ">")) for f, _ in factors):
            return None
        way = 1 if k > 0 else -1
        size = terms.call("log", num(abs(k)))
        log = terms.add(size, *[terms.scale(e, terms.call("log", f)) for f, e in factors])
        logs.append(terms.scale(way, log))
    return Atom(terms.add(*logs), goal.relation) if grows else None


def _factors(t: Term) -> list[tuple[Term, Fraction]]:
    return list(zip(t.args, t.exponents(), strict=True)) if t.op == "mul" else [(t, Fraction(1))]


def _transformed(f: Formula, change: object) -> Formula | None:
    assert callable(change)
    if isinstance(f, Atom):
        t = change(f.term)
        return None if t is None else Atom(t, f.relation)
    parts = [_transformed(p, change) for p in f.parts]
    if any(p is None for p in parts):
        return None
    return join(f.connective, [p for p in parts if p is not None])


def _in_exponential(
    t: Term, name: str, y: Term, steps: set[Fraction], unit: int = 1
) -> Term | None:
    if name not in t.free:
        return t
    if t.op == "var":
        return None
    if t.op in ("exp", "tanh", "sinh", "cosh"):
        line = line_parts(t.args[0], name)
        if line[0] is None or line[1] is None or line[0].op != "num":
            return None
        twice = 2 if t.op == "tanh" else 1
        k = twice * line[0].value()
        if k.denominator != 1:
            return None
        steps.add(k)
        grown = terms.mul(power(y, k / unit), terms.call("exp", terms.scale(twice, line[1])))
        return _HYPERBOLIC[t.op](grown)
    inner = [_in_exponential(a, name, y, steps, unit) for a in t.args]
    if any(a is None for a in inner):
        return None
    return terms.rebuild(t, tuple(a for a in inner if a is not None))


# By the exponential of the argument, for tanh of twice the argument.
_HYPERBOLIC: Mapping[str, Callable[[Term], Term]] = {
    "exp": lambda g: g,
    "tanh": lambda g: terms.div(terms.sub(g, num(1)), terms.add(g, num(1))),
    "sinh": lambda g: terms.scale(Fraction(1, 2), terms.sub(g, power(g, -1))),
    "cosh": lambda g: terms.scale(Fraction(1, 2), terms.add(g, power(g, -1))),
}
