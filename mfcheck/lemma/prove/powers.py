"""Powers with an exponent that varies: where the base is zero they are treated apart, as zero."""

from collections.abc import Mapping
from dataclasses import replace

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula, transform
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, bounded
from mfcheck.lemma.prove.factor import TooLargeError, numerator
from mfcheck.lemma.terms import Term, call, derivative, num, var

_MOST = 3
_LOG = "_log"


def apart(problem: Problem, least: Mapping[Formula, Formula]) -> list[Problem]:
    """Return problems that together imply the given one: each base is positive, or zero, and never negative.

    Inside the problem a power is `exp(y log(base))`, which has no value at zero although the power has one for y > 0.
    Where a base is negative that form says nothing of the power.
    `least` gives, for goals `base > 0`, what the powers of that base need at the very least.
    """
    cut = bounded(problem.ranges, problem.hypotheses)
    if cut is None:
        return [problem]
    plain = Plain(cut.ranges, cut.hypotheses)
    open_goals = [g for g in least if isinstance(g, Atom) and not plain.holds(g)]
    if len(open_goals) > _MOST:
        return [problem]
    done = [problem]
    for goal in open_goals:
        done = [new for p in done for new in _split(p, goal, least[goal])]
        not_below = Atom(goal.term, ">=")
        if not plain.holds(not_below):
            done.append(problem.with_goals([not_below]))
    return done


def _split(problem: Problem, goal: Atom, least: Formula) -> list[Problem]:
    above = replace(problem, hypotheses=(*problem.hypotheses, goal))
    at_zero = _at_zero(problem, goal, least)
    return [problem] if at_zero is None else [at_zero, above]


def _at_zero(problem: Problem, goal: Atom, least: Formula) -> Problem | None:
    """Return the problem where a base is zero, with its powers put to zero; their exponents must be positive."""
    base = goal.term
    exponents: dict[Term, None] = {}
    log = call("log", base)

    def visit(t: Term) -> Term:
        known: dict[Term, Term] = {}
        for node in terms.order([t]):
            args = tuple(known[a] for a in node.args)
            new = node if args == node.args else terms.rebuild(node, args)
            known[node] = new
            if node.op == "exp":
                y = _exponent(node.args[0], log)
                if y is not None:
                    exponents[y] = None
                    known[node] = num(0)
        return known[t]

    goals = [transform(least if g == goal else g, visit) for g in problem.goals]
    hypotheses = [transform(h, visit) for h in problem.hypotheses]
    try:
        zero = Atom(numerator(base), "==")
    except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    positive: list[Formula] = [Atom(y, ">") for y in exponents]
    return replace(problem, hypotheses=(*hypotheses, zero), goals=(*positive, *goals))


def _exponent(t: Term, log: Term) -> Term | None:
    """Return y for a term `y log + rest`."""
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        if node is log:
            known[node] = var(_LOG)
        else:
            args = tuple(known[a] for a in node.args)
            known[node] = node if args == node.args else terms.rebuild(node, args)
    y = derivative(known[t], _LOG) if _LOG in known[t].free else None
    return None if y is None or _LOG in y.free else y
