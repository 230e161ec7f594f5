"""The best constant of a statement, between a certified and a refuted value."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from mfcheck.claims.verdict import Verdict
from mfcheck.lemma import terms
from mfcheck.lemma.answer import Answer
from mfcheck.lemma.formula import compare
from mfcheck.lemma.meaning import problem_of, with_value
from mfcheck.lemma.prove.budget import Budget
from mfcheck.lemma.statement import Statement
from mfcheck.lemma.variables import Variable
from mfcheck.rigor.decimals import decimal_text, endpoints

if TYPE_CHECKING:
    from mfcheck.lemma.prove.constant import Guess


Decided: TypeAlias = Callable[[Statement, Budget], Answer]
"""What decides a statement without a constant that is asked for."""

_OTHER = "C__other"


_TURNED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<"}


def best_constant(statement: Statement, budget: Budget, decided: Decided) -> Answer:
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
        answer = decided(with_value(statement, name, value), budget.share(0.5))
        if answer.verdict in (Verdict.CERTIFIED, Verdict.PROVED):
            return _with_best(answer, name, value, guess)
        tried = answer
        if budget.left() <= 0:
            break
    bound = (guess.way * guess.seen).str(10, radius=False)
    limit = f"at least {bound} is needed" if guess.way > 0 else f"at most {bound} is possible"
    reason = f"no {name} was certified; {limit}"
    return replace(tried or empty, verdict=Verdict.INCONCLUSIVE, reason=reason, counterexample=None)


def with_other_constant(
    answer: Answer, statement: Statement, budget: Budget, decided: Decided
) -> Answer:
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
        found = best_constant(asks, budget.share(0.4), decided)
        if found.best is None:
            return answer
        words = f"the best constant in place of {terms.text(terms.num(number))}: {found.best}"
        words = words.replace(f"{_OTHER} = ", "")
        return replace(answer, best=words, reason=f"{answer.reason}; {words}")
    return answer


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
