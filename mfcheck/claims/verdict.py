"""Verdicts, and the one rule that combines evidence into a verdict."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mfcheck.claims.display import Displayed


class Verdict(Displayed, StrEnum):
    """What the evidence says of a claim; never more than that."""

    PROVED = "proved"
    CERTIFIED = "certified"
    SUPPORTED = "supported"
    INCONCLUSIVE = "inconclusive"
    REFUTED = "refuted"
    GAP = "gap"
    VACUOUS = "vacuous"
    UNCHECKED = "unchecked"


class Kind(StrEnum):
    """How a check reaches its answer, strongest first."""

    EXACT = "exact"
    CERTIFIED = "certified"
    SIMULATED = "simulated"
    SAMPLED = "sampled"

    @property
    def rigorous(self) -> bool:
        """Whether a *no* from such a check is a proof of the opposite."""
        return self in (Kind.EXACT, Kind.CERTIFIED)


class Question(StrEnum):
    """What a check asks of a reading."""

    HOLDS = "holds"
    """Is the statement true?"""
    FOLLOWS = "follows"
    """Does it follow from what the paper cites for it?"""
    APPLIES = "applies"
    """Can its assumptions be met, and does it say anything where they are?"""


class Known(StrEnum):
    """How surely the wording of a statement is known."""

    TEXT_READ = "text read"
    OFFICIAL_CODE = "official code"
    FOLLOW_UP = "follow-up"
    FROM_MEMORY = "from memory"
    DERIVED_HERE = "derived here"


class Scope(StrEnum):
    """How much of what the reading quantifies over a check covers."""

    WHOLE = "whole"
    CASES = "cases"


@dataclass(frozen=True)
class Outcome:
    """A check's answer, stripped to what the verdict depends on.

    `passed` is None where the comparison could not be decided; `crashed` says that the check itself failed, and
    `late` that this was because its time was over.
    """

    kind: Kind
    passed: bool | None
    scope: Scope = Scope.CASES
    question: Question = Question.HOLDS
    crashed: bool = False
    late: bool = False


Outcomes = Sequence[Outcome]


def _no(outcomes: Outcomes, question: Question) -> bool:
    return any(o.passed is False and o.question is question and o.kind.rigorous for o in outcomes)


def _empty(outcomes: Outcomes, scope: Scope) -> bool:
    return _no([o for o in outcomes if o.scope is scope], Question.APPLIES)


def _soft_no(outcomes: Outcomes) -> bool:
    soft = any(o.passed is False and not o.kind.rigorous for o in outcomes)
    return soft or _empty(outcomes, Scope.CASES)


def _denied(outcomes: Outcomes) -> bool:
    return any(o.passed is False and o.question is Question.HOLDS for o in outcomes)


def _of_the_whole(outcomes: Outcomes) -> Outcomes:
    """Return the rigorous outcomes about the truth of the whole reading."""
    return [
        o
        for o in outcomes
        if o.question is Question.HOLDS and o.scope is Scope.WHOLE and o.kind.rigorous
    ]


def _established(outcomes: Outcomes, kind: Kind) -> bool:
    """Whether every rigorous check of the whole passed, one of them of this kind: each may cover a part of it."""
    whole = _of_the_whole(outcomes)
    return all(o.passed is True for o in whole) and any(o.kind is kind for o in whole)


def _yes(outcomes: Outcomes) -> bool:
    return any(o.passed is True and o.question is Question.HOLDS for o in outcomes)


def _rigorous_whole(outcomes: Outcomes) -> bool:
    return any(o.passed is True for o in _of_the_whole(outcomes))


@dataclass(frozen=True)
class Rule:
    """One line of the truth table: the first rule whose condition is met gives the verdict."""

    condition: str
    verdict: Verdict
    met: Callable[[Outcomes], bool]


RULES: tuple[Rule, ...] = (
    Rule("no check ran", Verdict.UNCHECKED, lambda o: not o),
    Rule(
        "a rigorous check of the whole reading passed, and another check says that it is false (a defect in a check)",
        Verdict.INCONCLUSIVE,
        lambda o: _rigorous_whole(o) and _denied(o),
    ),
    Rule(
        "an exact or certified check found a counterexample",
        Verdict.REFUTED,
        lambda o: _no(o, Question.HOLDS),
    ),
    Rule(
        "a check crashed",
        Verdict.INCONCLUSIVE,
        lambda o: any(x.crashed and not x.late for x in o),
    ),
    Rule(
        "a check was ended by its time limit",
        Verdict.INCONCLUSIVE,
        lambda o: any(x.crashed for x in o),
    ),
    Rule(
        "an exact or certified check of the whole reading shows that the assumptions cannot be met, or that the bound "
        "says nothing",
        Verdict.VACUOUS,
        lambda o: _empty(o, Scope.WHOLE),
    ),
    Rule(
        "an exact or certified check shows that it does not follow from what is cited",
        Verdict.GAP,
        lambda o: _no(o, Question.FOLLOWS),
    ),
    Rule(
        "a simulated or sampled check says no, or one of some cases that they are empty (no more than doubt)",
        Verdict.INCONCLUSIVE,
        _soft_no,
    ),
    Rule(
        "every rigorous check of the whole reading passed, and one is exact",
        Verdict.PROVED,
        lambda o: _established(o, Kind.EXACT),
    ),
    Rule(
        "every rigorous check of the whole reading passed, and one is certified",
        Verdict.CERTIFIED,
        lambda o: _established(o, Kind.CERTIFIED),
    ),
    Rule(
        "a check could not decide",
        Verdict.INCONCLUSIVE,
        lambda o: any(x.passed is None for x in o),
    ),
    Rule("some check of its truth passed", Verdict.SUPPORTED, _yes),
    Rule("only its assumptions or its derivation were checked", Verdict.UNCHECKED, lambda _: True),
)
"""The truth table, in order of precedence."""


def combine(outcomes: Iterable[Outcome]) -> Verdict:
    """Return the verdict of one reading from the outcomes of its checks."""
    seen = tuple(outcomes)
    return next(rule.verdict for rule in RULES if rule.met(seen))


def explain(outcomes: Iterable[Outcome]) -> str:
    """Return the condition of the rule that decided, in words."""
    seen = tuple(outcomes)
    return next(rule.condition for rule in RULES if rule.met(seen))
