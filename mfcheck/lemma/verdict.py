"""A statement's verdict: what the search found, confirmed on the statement as it was read."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial

from flint import ctx

from mfcheck.claims.verdict import Verdict
from mfcheck.errors import InputError
from mfcheck.lemma import terms
from mfcheck.lemma.answer import UNDEFINED, Answer
from mfcheck.lemma.balls import long_series
from mfcheck.lemma.best import best_constant, with_other_constant
from mfcheck.lemma.certified import certified
from mfcheck.lemma.counterexamples import refuted, tried_out, undefined_between, undefined_first
from mfcheck.lemma.expectations import until
from mfcheck.lemma.formula import FALSE, Formula, Join, atoms, join
from mfcheck.lemma.meaning import expectations_exist, problem_of
from mfcheck.lemma.parity import by_parity
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.proof import claimed
from mfcheck.lemma.prove.budget import Budget, now
from mfcheck.lemma.prove.line import Outcome
from mfcheck.lemma.prove.powers import apart
from mfcheck.lemma.prove.samples import seeded
from mfcheck.lemma.prove.search import decide
from mfcheck.lemma.prove.tight import places
from mfcheck.lemma.prove.whole import decide_whole
from mfcheck.lemma.statement import Statement, read
from mfcheck.lemma.supported import decide_arrays
from mfcheck.lemma.vacuous import is_vacuous

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
            answer = with_other_constant(answer, statement, limit, _decided)
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
        return best_constant(statement, budget, _decided)
    problem = problem_of(statement)
    empty = Answer(
        statement.text, "; ".join(statement.domain), str(statement.conclusion), Verdict.INCONCLUSIVE
    )
    outcome = _outcome(statement, problem, budget)
    if outcome.holds is not True and statement.against is not None:
        opposite = decide(
            problem.with_goals([*problem.goals[:-1], statement.against]), budget.share(0.5)
        )
        if opposite.holds is True and not is_vacuous(problem, budget):
            reason = "the supremum stays below what is said, over the whole range"
            return replace(empty, verdict=Verdict.REFUTED, reason=reason)
    if outcome.holds is False and not statement.exact and statement.has_arrays:
        return replace(
            empty, reason="a counterexample in norms and cosines need not come from vectors"
        )
    if outcome.holds is False and statement.eigenvalues:
        return replace(empty, reason="what is known of the eigenvalues does not suffice")
    nowhere = undefined_first(statement, problem, budget) if outcome.holds is False else None
    if nowhere is not None:
        return nowhere
    if outcome.holds is False and not statement.exact:
        return replace(empty, reason="not shown by the points of the range that were tried")
    if outcome.holds is not None and not expectations_exist(statement, problem):
        return replace(empty, reason="an expectation in it is not seen to exist")
    if outcome.holds is False:
        return refuted(statement, outcome, empty)
    if outcome.holds is None:
        is_known = statement.exact and not statement.eigenvalues
        is_known = is_known and (
            not statement.expectations or expectations_exist(statement, problem)
        )
        wrong = tried_out(statement, empty, budget) if is_known else None
        if wrong is not None:
            return wrong
        where = undefined_between(statement, problem)
        if where is not None:
            return replace(empty, verdict=UNDEFINED, reason=f"undefined near {where}")
        return replace(
            empty, left=tuple(outcome.left[:5]), reason="open at " + "; ".join(outcome.left[:3])
        )
    if problem.hypotheses and is_vacuous(problem, budget):
        return replace(
            empty,
            verdict=Verdict.VACUOUS,
            reason="the hypotheses contradict each other",
            certificate={**claimed(statement, None), "vacuous": True},
        )
    return _established(statement, outcome, empty)


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
