"""Statements on vectors and matrices: by norms and cosines, by their entries, by draws."""

from collections.abc import Callable
from dataclasses import replace

from flint import arb

from mfcheck.claims.verdict import Verdict
from mfcheck.errors import InputError
from mfcheck.lemma import draws
from mfcheck.lemma.answer import UNDEFINED, Answer
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.proof import refuting
from mfcheck.lemma.prove.budget import Budget
from mfcheck.lemma.prove.samples import current_seed
from mfcheck.lemma.sides import failing_sides
from mfcheck.lemma.statement import Statement
from mfcheck.lemma.terms import Term

ENOUGH = 100
"""With fewer draws inside the hypotheses nothing is said."""

_PROVABLE = 8
"""The most numbers with which the prover is tried on entries."""

_ESTABLISHED = (Verdict.PROVED, Verdict.CERTIFIED, Verdict.VACUOUS)
Decide = Callable[[Statement, Budget], Answer]


def decide_arrays(
    statement: Statement, by_entries: Callable[[], Statement], budget: Budget, decide: Decide
) -> Answer:
    """Decide a statement with arrays: a proof where one is found, else draws.

    `by_entries` reads the statement anew, in the entries of its arrays.
    """
    answer = None
    if not statement.layouts:
        answer = decide(statement, budget.share(0.4))
        if answer.verdict != Verdict.INCONCLUSIVE:
            return answer
        try:
            statement = by_entries()
        except InputError:
            return answer
    if statement.best is not None:
        return answer or decide(statement, budget)
    if statement.eigenvalues:
        proof = decide(statement, budget.share(0.2))
        if proof.verdict in _ESTABLISHED:
            return proof
    quick = draws.search(statement, budget.left() * 0.6, current_seed())
    if quick.point is None and len(statement.variables) <= _PROVABLE:
        proof = decide(statement, budget.share(0.9))
        if proof.verdict in _ESTABLISHED:
            return proof
    return by_draws(statement, quick)


def by_draws(statement: Statement, found: draws.Search) -> Answer:
    """Return the answer that draws give."""
    empty = Answer(
        statement.text, "; ".join(statement.domain), str(statement.conclusion), Verdict.INCONCLUSIVE
    )
    if found.point is not None:
        point = draws.shown(statement, found.point)
        where = ", ".join(f"{k} = {v}" for k, v in point.items())
        if found.undefined:
            reason = f"undefined at {where}: {found.undefined}"
            return replace(
                empty,
                verdict=UNDEFINED,
                counterexample=point,
                reason=reason,
                place=found.undefined,
            )
        sides = failing_sides(statement.sides, _enclosed(statement, found.point))
        words = f"at {where}" + (f": {sides.words}" if sides is not None else "")
        return replace(
            empty,
            verdict=Verdict.REFUTED,
            counterexample=point,
            reason=words,
            sides=None if sides is None else {"left": sides.left, "right": sides.right},
            certificate=refuting(statement, {n: str(q) for n, q in found.point.items()}),
        )
    total = found.counts.get("true", 0) + found.counts.get("touch", 0)
    left = found.counts.get("open", 0)
    if total < ENOUGH or left > total // 100:
        reason = f"only {total} draws were decided, {left} stayed open"
        return replace(empty, reason=reason)
    return replace(empty, verdict=Verdict.SUPPORTED, reason=draws.confidence_words(found))


def _enclosed(statement: Statement, point: draws.Exact) -> Callable[[Term], arb]:
    judge = draws.Judge(statement)

    def enclose(t: Term) -> arb:
        values = judge.values(point)
        return Program([t], list(values))(list(values.values()))[0]

    return enclose
