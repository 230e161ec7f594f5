"""A statement's verdict: what the search found, confirmed on the statement as it was read."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from flint import arb, ctx, fmpq

from mfcheck.claims.verdict import Verdict
from mfcheck.errors import InputError
from mfcheck.lemma import balls, terms
from mfcheck.lemma.answer import UNDEFINED, Answer
from mfcheck.lemma.balls import long_series
from mfcheck.lemma.certified import certified
from mfcheck.lemma.expectations import until
from mfcheck.lemma.formula import (
    FALSE,
    Formula,
    Join,
    atoms,
    compare,
    conjuncts,
    join,
)
from mfcheck.lemma.meaning import completed, expectations_exist, fails, problem_of, with_value
from mfcheck.lemma.parity import by_parity
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.problem import Problem, constant_ball
from mfcheck.lemma.proof import claimed, refuting
from mfcheck.lemma.prove.budget import Budget, now
from mfcheck.lemma.prove.line import Outcome
from mfcheck.lemma.prove.powers import apart
from mfcheck.lemma.prove.rewrite import eliminated, range_formulas
from mfcheck.lemma.prove.samples import Samples, seeded
from mfcheck.lemma.prove.search import decide
from mfcheck.lemma.prove.tight import places
from mfcheck.lemma.prove.whole import decide_whole
from mfcheck.lemma.sides import failing_sides
from mfcheck.lemma.statement import Statement, read
from mfcheck.lemma.supported import decide_arrays
from mfcheck.lemma.terms import Term
from mfcheck.lemma.variables import Variable
from mfcheck.rigor.ball import decimal_text, endpoints

if TYPE_CHECKING:
    from mfcheck.lemma.prove.constant import Guess

PREC = 96


def check(
    text: str,
    declarations: Sequence[str] = (),
    *,
    where: Sequence[str] = (),
    seconds: float = 5.0,
    budget: int | None = None,
    best: str | None = None,
    certify: bool = False,
    seed: int = 0,
) -> Answer:
    """Decide a statement.

    `declarations` say what the names are (`"x >= 0"`, `"n integer >= 2"`), `where` gives further hypotheses; the search
    stops after `seconds`, or after `budget` boxes. With `certify` an established answer carries a certificate that is
    accepted, or says why there is none, after at most as many seconds more; without, only what costs nothing is there.
    `seed` is that of the points by which the search is led.

    Raises:
        InputError: something cannot be read; the message shows the place.
    """
    start = now()
    if terms.table_size() > 200_000:
        terms.forget()
    with ctx.workprec(PREC), long_series(), until(start + seconds), seeded(seed):
        statement = read(text, declarations, where, best)
        limit = Budget(seconds, budget or 10**9, start=start)
        if statement.has_arrays:
            by_entries = partial(read, text, declarations, where, best, entries=True)
            answer = decide_arrays(statement, by_entries, limit, _decided)
        elif statement.counts:
            answer = _by_induction(statement, limit)
        else:
            answer = _decided(statement, limit)
        if answer.verdict == Verdict.REFUTED and answer.best is None:
            answer = _with_other_constant(answer, statement, limit)
        if certify:
            with seeded(0), until(now() + seconds):  # the seed of whoever verifies it
                answer = certified(answer, Budget(seconds, memory=limit.memory))
        elif answer.certificate is not None and answer.certificate["proof"] is None:
            answer = replace(answer, certificate=None)
    return replace(answer, seconds=now() - start)


def _by_induction(statement: Statement, budget: Budget) -> Answer:
    """Decide a statement on sums up to n: by induction, else by single values of n, which can only refute it."""
    answer = _decided(statement, budget.share(0.6))
    if answer.verdict in (Verdict.CERTIFIED, Verdict.PROVED):
        used = (*answer.used, "induction over " + ", ".join(statement.counts))
        return replace(answer, used=used, verdict=Verdict.CERTIFIED)
    if answer.verdict in (UNDEFINED, Verdict.VACUOUS):
        return answer
    (n, *others) = statement.counts
    for value in _COUNTS if not others else ():
        put = {n: Fraction(value)}
        try:
            again = read(statement.text, statement.domain, statement.where, fixed=put)
        except InputError:
            continue
        if any(h == FALSE for h in again.hypotheses) or again.counts:
            continue
        wrong = _decided(again, budget.share(0.1))
        if wrong.verdict in (Verdict.REFUTED, UNDEFINED):
            point = {n: str(value), **(wrong.counterexample or {})}
            certificate = wrong.certificate and {**wrong.certificate, "counterexample": point}
            reason = f"{n} = {value}: {wrong.reason}"
            return replace(wrong, counterexample=point, reason=reason, certificate=certificate)
    reason = answer.reason if statement.exact else "the induction step was not proved"
    return replace(answer, verdict=Verdict.INCONCLUSIVE, reason=reason, counterexample=None)


_COUNTS = (*range(13), 20, 50, 100)
"""The values of n that are tried for a counterexample."""


def _decided(statement: Statement, budget: Budget) -> Answer:
    if statement.best is not None:
        return best_constant(statement, budget)
    problem = problem_of(statement)
    empty = Answer(
        statement.text, "; ".join(statement.domain), str(statement.conclusion), Verdict.INCONCLUSIVE
    )
    outcome = _outcome(statement, problem, budget)
    if outcome.holds is not True and statement.against is not None:
        opposite = decide(
            problem.with_goals([*problem.goals[:-1], statement.against]), budget.share(0.5)
        )
        if opposite.holds is True and not _is_vacuous(problem, budget):
            reason = "the supremum stays below what is said, over the whole range"
            return replace(empty, verdict=Verdict.REFUTED, reason=reason)
    if outcome.holds is False and not statement.exact and statement.has_arrays:
        return replace(
            empty, reason="a counterexample in norms and cosines need not come from vectors"
        )
    if outcome.holds is False and statement.eigenvalues:
        return replace(empty, reason="what is known of the eigenvalues does not suffice")
    nowhere = _undefined_first(statement, problem, budget) if outcome.holds is False else None
    if nowhere is not None:
        return nowhere
    if outcome.holds is False and not statement.exact:
        return replace(empty, reason="not shown by the points of the range that were tried")
    if outcome.holds is not None and not expectations_exist(statement, problem):
        return replace(empty, reason="an expectation in it is not seen to exist")
    if outcome.holds is False:
        return _refuted(statement, outcome, empty)
    if outcome.holds is None:
        is_known = statement.exact and not statement.eigenvalues
        is_known = is_known and (
            not statement.expectations or expectations_exist(statement, problem)
        )
        wrong = _tried(statement, empty, budget) if is_known else None
        if wrong is not None:
            return wrong
        where = _undefined_between(statement, problem)
        if where is not None:
            return replace(empty, verdict=UNDEFINED, reason=f"undefined near {where}")
        return replace(
            empty, left=tuple(outcome.left[:5]), reason="open at " + "; ".join(outcome.left[:3])
        )
    if problem.hypotheses and _is_vacuous(problem, budget):
        return replace(
            empty,
            verdict=Verdict.VACUOUS,
            reason="the hypotheses contradict each other",
            certificate={**claimed(statement, None), "vacuous": True},
        )
    return _established(statement, outcome, empty)


def _undefined_first(statement: Statement, problem: Problem, budget: Budget) -> Answer | None:
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
    found = _refuted(statement, outcome, empty)
    return found if found.verdict == UNDEFINED else None


def _established(statement: Statement, outcome: Outcome, empty: Answer) -> Answer:
    exact = all(p.kind == "point" for p in outcome.pieces)
    verdict = Verdict.PROVED if exact and _is_identity(statement) else Verdict.CERTIFIED
    count = len(outcome.pieces)
    tight = places(problem_of(statement), statement.conclusion, outcome.pieces)
    if statement.counts:
        tight = ()
    notes = [f"tight at {t}" for t in tight]
    notes.append(f"{count} part{'s' * (count != 1)}")
    used = tuple(dict.fromkeys(p.detail for p in outcome.pieces if p.kind == "reduction"))
    certificate = claimed(statement, outcome.pieces)
    return replace(
        empty,
        verdict=verdict,
        tight=tight,
        used=used,
        reason="; ".join(notes),
        certificate=certificate,
    )


def _is_identity(statement: Statement) -> bool:
    return all(a.relation == "==" for a in atoms(statement.conclusion))


def _is_vacuous(problem: Problem, budget: Budget) -> bool:
    """Say whether no point satisfies the hypotheses: tried only if none is found at once."""
    cases = eliminated(replace(problem, goals=(*problem.goals,)))
    if any(_has_point(p) for p in cases):
        return False
    if cases and all(len(p.ranges) == 1 and p.integers & p.ranges.keys() for p in cases):
        return True
    outcome = decide(problem.with_goals([FALSE]), Budget(min(2.0, max(budget.left(), 0.5))))
    return outcome.holds is True


def _has_point(problem: Problem) -> bool:
    if not problem.ranges and not problem.hypotheses:
        return True
    whole = problem.integers & problem.ranges.keys()
    if whole:
        return len(problem.ranges) > 1 or _has_integer(problem)
    if Samples(problem).points:
        return True
    return any(all(holds(h, Point(p)) for h in problem.hypotheses) for p in _corners(problem))


def _has_integer(problem: Problem) -> bool:
    """Say whether a whole number may satisfy everything in one variable; of long ranges that is assumed."""
    ((name, r),) = problem.ranges.items()
    if r.low is None or r.high is None:
        return True
    first = balls.whole(constant_ball(r.low).lower().ceil())
    last = balls.whole(constant_ball(r.high).upper().floor())
    if first is None or last is None or last - first >= 1000:
        return True
    inside = conjuncts(join("and", [*range_formulas(name, r), *problem.hypotheses]))
    return any(
        all(holds(h, Point({name: terms.num(n)})) is not False for h in inside)
        for n in range(first, last + 1)
    )


def _corners(problem: Problem) -> Iterator[dict[str, Term]]:
    """Yield a few exact points of the ranges: closed ends, and middles."""
    for pick in ("low", "high"):
        point: dict[str, Term] = {}
        for name, r in problem.ranges.items():
            end = r.low if pick == "low" else r.high
            other = r.high if pick == "low" else r.low
            value = end if end is not None else other
            point[name] = value if value is not None else terms.num(0)
        yield point


# Counterexamples.


def _refuted(statement: Statement, outcome: Outcome, empty: Answer) -> Answer:
    """Confirm a counterexample on the statement itself, in simple numbers if some do."""
    point = _back(outcome)
    for candidate in (*_simpler(point, statement), point, *_nearby(point, statement)):
        kind = fails(statement, candidate)
        if kind is None:
            continue
        names = {v.name for v in statement.variables} - {n for n, _ in statement.floors}
        shown = {k: terms.text(v) for k, v in candidate.items() if k in names}
        places = ", ".join(f"{k} = {v}" for k, v in shown.items())
        if kind != "false":
            reason = f"undefined at {places}: {kind}" if places else f"undefined: {kind}"
            return replace(
                empty, verdict=UNDEFINED, counterexample=shown, reason=reason, place=kind
            )
        values = completed(statement, candidate) or {}
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


def _tried(statement: Statement, empty: Answer, budget: Budget) -> Answer | None:
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
            return _refuted(statement, Outcome(False, point), empty)
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


def _simpler(point: Mapping[str, Term], statement: Statement) -> Iterator[dict[str, Term]]:
    """Yield points of short numbers near a point."""
    if any(v.op != "num" for v in point.values()) or len(point) > 4:
        return
    del statement
    for bound in (1, 2, 5, 10, 50, 100, 1000, 10_000, 10**6):
        yield {k: terms.num(v.value().limit_denominator(bound)) for k, v in point.items()}


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


def _undefined_between(statement: Statement, problem: Problem) -> str | None:
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


# The best constant.


def best_constant(statement: Statement, budget: Budget) -> Answer:
    """Find the least constant for which the statement holds, between a certified and a refuted value."""
    from mfcheck.lemma.prove.constant import estimate

    name = statement.best or ""
    guess = estimate(problem_of(statement), name)
    empty = Answer(
        statement.text, "; ".join(statement.domain), str(statement.conclusion), Verdict.INCONCLUSIVE
    )
    if guess is None:
        return replace(
            empty,
            reason=f"{name} must occur linearly in comparisons, with one sign of its coefficient",
        )
    tried: Answer | None = None
    for value in guess.candidates():
        answer = _decided(with_value(statement, name, value), budget.share(0.5))
        if answer.verdict in (Verdict.CERTIFIED, Verdict.PROVED):
            return _with_best(answer, name, value, guess)
        tried = answer
        if budget.left() <= 0:
            break
    bound = (guess.way * guess.seen).str(10, radius=False)
    limit = f"at least {bound} is needed" if guess.way > 0 else f"at most {bound} is possible"
    reason = f"no {name} was certified; {limit}"
    return replace(tried or empty, verdict=Verdict.INCONCLUSIVE, reason=reason, counterexample=None)


def _with_other_constant(answer: Answer, statement: Statement, budget: Budget) -> Answer:
    """Say with which number in place of the one that is a side of it, or its factor, a false statement is true."""
    asked = statement.best is not None or statement.has_arrays or statement.counts
    if asked or len(statement.sides) != 1 or statement.floors:
        return answer
    ((left, relation, right),) = statement.sides
    for side, other, way in ((right, left, relation), (left, right, _TURNED.get(relation, ""))):
        number, rest = terms.split_factor(side)
        if way not in _TURNED or not number or (number == 1 and side.op != "num"):
            continue
        new = compare(other, f"{way[0]}=", terms.mul(terms.var(_OTHER), rest))
        asks = replace(
            statement,
            best=_OTHER,
            conclusion=new,
            sides=(),
            variables=(*statement.variables, Variable(_OTHER)),
        )
        found = best_constant(asks, budget.share(0.4))
        if found.best is None:
            return answer
        words = f"the best constant in place of {terms.text(terms.num(number))}: {found.best}"
        words = words.replace(f"{_OTHER} = ", "")
        return replace(answer, best=words, reason=f"{answer.reason}; {words}")
    return answer


_OTHER = "C__other"
_TURNED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<"}


def _with_best(answer: Answer, name: str, value: Fraction, guess: "Guess") -> Answer:
    ends = endpoints(guess.way * guess.seen)
    shown = decimal_text(value, 12, up=guess.way > 0)
    exact = str(value) if value.denominator <= 1000 else shown
    if guess.way > 0:
        lower = decimal_text(ends[0], 12, up=False) if ends is not None else "-inf"
        word, between = "least", f"[{lower}, {shown}]"
    else:
        upper = decimal_text(ends[1], 12, up=True) if ends is not None else "inf"
        word, between = "greatest", f"[{shown}, {upper}]"
    best = f"{name} = {exact} holds; the {word} one is in {between}, approached {guess.where}"
    claim = {**(answer.certificate or {}), "best": name, "constant": str(value)}
    certificate = claim if answer.certificate is not None else None
    return replace(answer, best=best, reason=f"{best}; {answer.reason}", certificate=certificate)


# Whole numbers and powers.


def _outcome(statement: Statement, problem: Problem, budget: Budget) -> Outcome:
    """Decide the problem: bases of powers that may be zero apart, whole numbers by their values where need be."""
    total = Outcome(True)
    by_halves = by_parity(problem, statement.floors, _least_needs(statement))
    cases = [q for p, least in by_halves for q in apart(p, least)]
    for k, case in enumerate(cases):
        part = budget.share(1 / (len(cases) - k)) if k + 1 < len(cases) else budget
        outcome = decide_whole(case, part) if case.integers else decide(case, part)
        if outcome.holds is False:
            outcome.case = outcome.case or case
            return outcome
        if outcome.holds is None:
            total.holds = None
            total.left += outcome.left
        total.pieces += outcome.pieces
        total.tight += outcome.tight
    return total


def _least_needs(statement: Statement) -> dict[Formula, Formula]:
    """Return what powers need at the very least, by what is asked for; not where something else asks for the same."""
    found: dict[Formula, list[Formula]] = {}
    strict: set[Formula] = set()
    for o in statement.obligations:
        if isinstance(o.least, Join) and o.least.connective == "or" and o.least.parts:
            found.setdefault(o.needs, []).append(o.least)
        else:
            strict.add(o.needs)
        if o.guards:
            strict.add(o.needs)
    return {needs: join("and", parts) for needs, parts in found.items() if needs not in strict}
