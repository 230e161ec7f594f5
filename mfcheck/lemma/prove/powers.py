"""Powers with an exponent that varies: where the base is zero they are treated apart, as zero, or one for `0**0`."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula, transform
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, bounded
from mfcheck.lemma.prove.factor import TooLargeError, numerator
from mfcheck.lemma.terms import Term, call, derivative, num, var
from mfcheck.lemma.whole import is_whole

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
    at_zero = _at_zero(problem, goal, least)
    if at_zero is None:
        return [problem]
    sides: list[Formula] = [goal]
    if goal.term.op == "abs":
        u = goal.term.args[0]
        sides = [Atom(u, ">"), Atom(terms.neg(u), ">")]
    return [*at_zero, *(replace(problem, hypotheses=(*problem.hypotheses, h)) for h in sides)]


def _at_zero(problem: Problem, goal: Atom, least: Formula) -> list[Problem] | None:
    """Return problems where a base is zero, with its powers put to zero; their exponents must be positive.

    A whole exponent may be zero too: then the power is one.
    """
    base = goal.term
    exponents: dict[Term, None] = {}
    log = call("log", base)

    def visit(t: Term, flat: frozenset[Term]) -> Term:
        known: dict[Term, Term] = {}
        for node in terms.order([t]):
            args = tuple(known[a] for a in node.args)
            new = node if args == node.args else terms.rebuild(node, args)
            known[node] = new
            if node.op == "exp":
                y = _exponent(node.args[0], log)
                if y is not None:
                    exponents[y] = None
                    rest = call("exp", terms.sub(node.args[0], terms.mul(y, log)))
                    known[node] = rest if y in flat else num(0)
        return known[t]

    def changed(flat: frozenset[Term]) -> Problem:
        goals = [
            transform(least if g == goal else g, lambda t: visit(t, flat)) for g in problem.goals
        ]
        hypotheses = [transform(h, lambda t: visit(t, flat)) for h in problem.hypotheses]
        return replace(problem, hypotheses=tuple(hypotheses), goals=tuple(goals))

    first = changed(frozenset())
    try:
        zero: Formula = Atom(numerator(base.args[0] if base.op == "abs" else base), "==")
    except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    whole = [y for y in exponents if is_whole(y, problem.integers)]
    if len(whole) > _MOST:
        return None
    first = replace(first, hypotheses=(*first.hypotheses, zero))
    needed = [Atom(y, ">=" if y in whole else ">") for y in exponents]
    done = [replace(first, goals=tuple(needed))] if needed else []
    for flat in itertools.chain.from_iterable(
        itertools.combinations(whole, k) for k in range(len(whole) + 1)
    ):
        given = [Atom(y, "==" if y in flat else ">") for y in whole]
        made = changed(frozenset(flat)) if flat else first
        done.append(replace(made, hypotheses=(*made.hypotheses, zero, *given)))
    return done


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
