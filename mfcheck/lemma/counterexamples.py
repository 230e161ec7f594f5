"""Counterexamples, confirmed on the statement as it was read; places at which it has no meaning."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial

from flint import arb, fmpq

from mfcheck.claims.verdict import Verdict
from mfcheck.lemma import terms
from mfcheck.lemma.answer import UNDEFINED, Answer
from mfcheck.lemma.formula import atoms, free
from mfcheck.lemma.meaning import completed, fails
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.problem import Problem, constant_ball
from mfcheck.lemma.proof import refuting
from mfcheck.lemma.prove.budget import Budget
from mfcheck.lemma.prove.equations import eliminated
from mfcheck.lemma.prove.line import Outcome
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.prove.search import decide
from mfcheck.lemma.sides import failing_sides
from mfcheck.lemma.statement import Statement
from mfcheck.lemma.terms import Term

_TRIED: tuple[Fraction | int, ...] = (
    0,
    1,
    -1,
    2,
    -2,
    Fraction(1, 2),
    Fraction(-1, 2),
    3,
    10,
    -10,
    100,
    10**4,
    -(10**4),
    10**8,
    10**16,
)


_BETWEEN = (Fraction(3, 4), Fraction(-3, 4), Fraction(9, 10), Fraction(1, 10))
"""Numbers that are tried too where floors occur."""


_SMALL = (Fraction(1, 4), Fraction(1, 16), 1, 2, 0, Fraction(-1, 4), Fraction(-1, 16), -1, -2, 8)
"""Numbers that are tried where there are expectations, which take longer, and are often equal at 0."""


def refuted(statement: Statement, outcome: Outcome, empty: Answer) -> Answer:
    """Confirm a counterexample on the statement itself, in simple numbers if some do."""
    point = _back(outcome)
    for candidate in itertools.chain(_simpler(point), [point], _nearby(point, statement)):
        kind = fails(statement, candidate)
        if kind is None:
            continue
        values = completed(statement, candidate) or {}
        shown = _shown(statement, candidate, values)
        places = ", ".join(f"{k} = {v}" for k, v in shown.items())
        if kind != "false":
            reason = f"undefined at {places}: {kind}" if places else f"undefined: {kind}"
            return replace(
                empty, verdict=UNDEFINED, counterexample=shown, reason=reason, place=kind
            )
        sides = failing_sides(statement.sides, partial(_enclosed_at, values))
        reason = f"at {places}" if places else "false as it stands"
        return replace(
            empty,
            verdict=Verdict.REFUTED,
            counterexample=shown,
            reason=reason if sides is None else f"{reason}: {sides.words}",
            sides=None if sides is None else {"left": sides.left, "right": sides.right},
            certificate=refuting(statement, {k: terms.text(v) for k, v in values.items()}),
        )
    reason = "a counterexample of a changed form was found, and not confirmed"
    return replace(empty, reason=_doubt(statement, point) or reason)


def tried_out(statement: Statement, empty: Answer, budget: Budget) -> Answer | None:
    """Look for a counterexample among a few plain numbers, far ones too, when the search has left the question open."""
    floors = {n for n, _ in statement.floors}
    names = [v.name for v in statement.variables if v.name not in floors]
    names = [n for n in names if n not in statement.names("gaussian")]
    if not names:
        return None
    values = (*_TRIED, *_BETWEEN) if statement.floors else _TRIED
    values = (
        _SMALL
        if statement.expectations
        else values
        if len(names) == 1
        else _TRIED[:10]
        if len(names) == 2
        else (0, 1, Fraction(1, 2), 2, -1)
        if len(names) == 3
        else _TRIED[:4]
    )
    points = itertools.islice(itertools.product(values, repeat=len(names)), 128)
    for numbers in points:
        point = {n: terms.num(v) for n, v in zip(names, numbers, strict=True)}
        if fails(statement, point) is not None:
            return refuted(statement, Outcome(False, point), empty)
        if budget.left() <= -1.0:
            break
    return None


def _doubt(statement: Statement, point: Mapping[str, Term]) -> str | None:
    """Return which part is not seen to be defined at a point, though it may be."""
    place = Point({v.name: point.get(v.name, terms.num(1)) for v in statement.variables})
    for o in statement.obligations:
        if all(holds(g, place) is True for g in o.guards) and holds(o.needs, place) is False:
            where = ", ".join(f"{k} = {terms.text(v)}" for k, v in point.items())
            return f"{o.place} is not seen to be defined at {where}: leave it out by --where"
    return None


def _shown(
    statement: Statement, candidate: Mapping[str, Term], values: Mapping[str, Term]
) -> dict[str, str]:
    """Return the numbers of a counterexample: those that were found, and all others of which the statement speaks."""
    hidden = {n for n, _ in (*statement.floors, *statement.values)}
    names = {v.name for v in statement.variables} - hidden
    tied = [h for h in statement.hypotheses if len(free(h)) > 1]
    more = set().union(*map(free, (statement.conclusion, *tied))) - hidden if values else set()
    shown = {k: v for k, v in candidate.items() if k in names}
    shown |= {k: v for k, v in values.items() if k in more and k not in shown}
    return {k: terms.text(v) for k, v in shown.items()}


def _back(outcome: Outcome) -> dict[str, Term]:
    """Return the values of all variables, undoing the changes of the problem."""
    point = dict(outcome.point or {})
    solution = outcome.case.solution if outcome.case is not None else ()
    for name, value in reversed(solution):
        missing = {n: terms.num(1) for n in value.free if n not in point}
        point[name] = terms.substitute(value, {**missing, **point})
        point.update(missing)
    return point


def _enclosed_at(values: Mapping[str, Term], t: Term) -> arb:
    return constant_ball(terms.substitute(t, values))


def _simpler(point: Mapping[str, Term]) -> Iterator[dict[str, Term]]:
    """Yield points of short numbers near a point."""
    if any(v.op != "num" for v in point.values()) or len(point) > 4:
        return
    last: dict[str, Term] = {}
    for bound in (1, 2, 5, 10, 50, 100, 1000, 10_000, 10**6):
        new = {k: terms.num(v.value().limit_denominator(bound)) for k, v in point.items()}
        if new != last:
            yield new
        last = new


def _nearby(point: Mapping[str, Term], statement: Statement) -> Iterator[dict[str, Term]]:
    """Yield points near one where a power of zero, which is not enclosed, may stand: numbers moved up and down."""
    whole = statement.names("integer")
    names = [k for k, v in point.items() if v.op == "num" and k not in whole][:3]
    for step in (Fraction(1, 100), Fraction(1, 10**6)):
        for ways in itertools.product((1, -1, 0), repeat=len(names)):
            if any(ways):
                moved = {
                    k: terms.num(point[k].value() + w * step)
                    for k, w in zip(names, ways, strict=True)
                }
                yield {**point, **moved}


def undefined_first(statement: Statement, problem: Problem, budget: Budget) -> Answer | None:
    """Return the answer *undefined* if the statement has no meaning somewhere: then it is neither true nor false."""
    needs = problem.goals[:-1]
    if not needs:
        return None
    outcome = decide(problem.with_goals(needs), budget.share(0.5))
    empty = Answer(
        statement.text, "; ".join(statement.domain), str(statement.conclusion), Verdict.INCONCLUSIVE
    )
    if outcome.holds is not False:
        return None
    found = refuted(statement, outcome, empty)
    return found if found.verdict == UNDEFINED else None


def undefined_between(statement: Statement, problem: Problem) -> str | None:
    """Return a place in a single interval where something that must not vanish changes its sign."""
    if len(problem.ranges) != 1:
        return None
    (name,) = problem.ranges
    for case in eliminated(problem.with_goals([o.needs for o in statement.obligations])):
        if tuple(case.ranges) != (name,) or case.hypotheses:
            continue
        points = sorted(Samples(case).points, key=lambda p: float(p[0]))
        for o in statement.obligations:
            for atom in atoms(o.needs):
                if atom.relation == "!=" and not o.guards and o.least is None:
                    found = _sign_change(atom.term, name, points)
                    if found is not None:
                        return found
    return None


def _sign_change(t: Term, name: str, points: Sequence[Sequence[arb]]) -> str | None:
    """Return where a polynomial in continuous functions changes its sign between two points."""
    if terms.jumps(t) or any(n.op == "tan" for n in terms.order([t])):
        return None
    if any(e < 0 for n in terms.order([t]) if n.op == "mul" for e in n.exponents()):
        return None
    last: tuple[int, arb] | None = None
    for (x,) in points:
        s = Point({name: _number(x)}).signs(t)
        sign = {1: -1, 4: 1}.get(s)
        if sign is None:
            continue
        if last is not None and last[0] != sign:
            return f"{name} = {((last[1] + x) / 2).str(4, radius=False)}"
        last = (sign, x)
    return None


def _number(x: arb) -> Term:
    q: fmpq = x.mid().fmpq()
    return terms.num(Fraction(int(q.p), int(q.q)))
