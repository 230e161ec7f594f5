from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement, permutations, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.claims.verdict import (
    RULES,
    Kind,
    Outcome,
    Question,
    Scope,
    Verdict,
    combine,
    explain,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "verdicts.md"

ANSWERS = [
    (True, False, False), (False, False, False), (None, False, False), (None, True, False), (None, True, True)
]  # fmt: skip
ALL = [
    Outcome(kind, *answer[:1], scope, question, *answer[1:])
    for kind, answer, scope, question in product(Kind, ANSWERS, Scope, Question)
]
POSITIVE = {Verdict.PROVED, Verdict.CERTIFIED, Verdict.SUPPORTED}
Outcomes = tuple[Outcome, ...]
SMALL: list[Outcomes] = [
    outcomes for size in range(3) for outcomes in combinations_with_replacement(ALL, size)
]
"""All multisets of at most two outcomes; any rule depends on at most two at once."""


def triples() -> Iterator[Outcomes]:
    """All multisets of three outcomes of the kinds exact and sampled, which stand for their classes."""
    some = [o for o in ALL if o.kind in (Kind.EXACT, Kind.SAMPLED)]
    return combinations_with_replacement(some, 3)


def any_of(outcomes: Outcomes, test: Callable[[Outcome], bool]) -> bool:
    return any(test(outcome) for outcome in outcomes)


def rigorous_no(question: Question) -> Callable[[Outcome], bool]:
    return lambda o: o.passed is False and o.kind.rigorous and o.question is question


def whole(*kinds: Kind) -> Callable[[Outcome], bool]:
    return lambda o: (
        o.passed is True
        and o.scope is Scope.WHOLE
        and o.question is Question.HOLDS
        and o.kind in kinds
    )


def invariants(outcomes: Outcomes) -> Iterator[tuple[str, bool]]:
    """Yield what must be true of the verdict, each with its name."""
    verdict = combine(outcomes)
    says_no = any_of(outcomes, lambda o: o.passed is False)
    soft_no = any_of(outcomes, lambda o: o.passed is False and not o.kind.rigorous)
    crashed = any_of(outcomes, lambda o: o.crashed)
    refuted = any_of(outcomes, rigorous_no(Question.HOLDS))
    proof = any_of(outcomes, whole(Kind.EXACT))
    enclosure = any_of(outcomes, whole(Kind.CERTIFIED))
    rigorous = any_of(outcomes, lambda o: o.kind.rigorous)
    yield "nothing gives unchecked", bool(outcomes) or verdict is Verdict.UNCHECKED
    yield "a proof needs an exact check of the whole", verdict is not Verdict.PROVED or proof
    yield (
        "a certificate needs a certified check of the whole",
        verdict is not Verdict.CERTIFIED or enclosure,
    )
    yield (
        "no part of a proof is left open",
        verdict not in (Verdict.PROVED, Verdict.CERTIFIED)
        or not any_of(
            outcomes,
            lambda o: (
                o.passed is not True
                and o.scope is Scope.WHOLE
                and o.question is Question.HOLDS
                and o.kind.rigorous
            ),
        ),
    )
    yield "only a rigorous no refutes", verdict is not Verdict.REFUTED or refuted
    yield (
        "a refutation stands unless the whole is established as well",
        not refuted or proof or enclosure or verdict is Verdict.REFUTED,
    )
    yield (
        "contradictory proofs are a defect",
        not (refuted and (proof or enclosure)) or verdict is Verdict.INCONCLUSIVE,
    )
    yield (
        "without rigour nothing is settled",
        rigorous or verdict in (Verdict.SUPPORTED, Verdict.INCONCLUSIVE, Verdict.UNCHECKED),
    )
    yield (
        "a crash leaves only a refutation",
        not crashed or verdict in (Verdict.INCONCLUSIVE, Verdict.REFUTED),
    )
    yield "a no is never outvoted", not says_no or verdict not in POSITIVE | {Verdict.UNCHECKED}
    yield (
        "a no without rigour settles nothing",
        not soft_no
        or verdict in (Verdict.INCONCLUSIVE, Verdict.REFUTED, Verdict.GAP, Verdict.VACUOUS),
    )
    yield (
        "a gap is shown",
        verdict is not Verdict.GAP or any_of(outcomes, rigorous_no(Question.FOLLOWS)),
    )
    yield (
        "vacuity is shown for the whole",
        verdict is not Verdict.VACUOUS
        or any_of(
            outcomes,
            lambda o: rigorous_no(Question.APPLIES)(o) and o.scope is Scope.WHOLE,
        ),
    )
    yield (
        "support needs a yes and no doubt",
        verdict is not Verdict.SUPPORTED
        or (
            any_of(outcomes, lambda o: o.passed is True and o.question is Question.HOLDS)
            and not any_of(outcomes, lambda o: o.passed is not True)
        ),
    )
    yield (
        "unchecked says that nobody asked whether it is true",
        verdict is not Verdict.UNCHECKED
        or not any_of(outcomes, lambda o: o.question is Question.HOLDS),
    )
    yield (
        "an undecided check is told unless it is settled otherwise",
        verdict is not Verdict.SUPPORTED or not any_of(outcomes, lambda o: o.passed is None),
    )


def test_invariants_of_all_small_multisets() -> None:
    for outcomes in SMALL:
        for name, kept in invariants(outcomes):
            assert kept, (name, combine(outcomes), outcomes)


def test_invariants_of_triples() -> None:
    for outcomes in triples():
        for name, kept in invariants(outcomes):
            assert kept, (name, combine(outcomes), outcomes)


def test_every_rule_decides_somewhere() -> None:
    assert {explain(outcomes) for outcomes in SMALL} == {rule.condition for rule in RULES}
    assert {combine(outcomes) for outcomes in SMALL} == set(Verdict)


@given(st.lists(st.sampled_from(ALL), max_size=6), st.randoms(use_true_random=False))
def test_invariants_whatever_the_order(outcomes: list[Outcome], random: object) -> None:
    shuffled = list(outcomes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert combine(outcomes) == combine(shuffled)
    assert combine(outcomes) == combine(outcomes + outcomes)
    assert all(kept for _, kept in invariants(tuple(outcomes)))


def test_the_order_of_pairs_does_not_matter() -> None:
    for pair in combinations_with_replacement(ALL, 2):
        assert len({combine(order) for order in permutations(pair)}) == 1


STRENGTH = [Verdict.PROVED, Verdict.CERTIFIED, Verdict.SUPPORTED]


@given(st.lists(st.sampled_from(ALL), max_size=5), st.sampled_from(ALL))
def test_an_answer_other_than_yes_never_strengthens(outcomes: list[Outcome], more: Outcome) -> None:
    after = combine([*outcomes, more])
    if more.passed is not True and after in STRENGTH:
        before = combine(outcomes)
        assert before in STRENGTH
        assert STRENGTH.index(before) <= STRENGTH.index(after)


EXACT_YES = Outcome(Kind.EXACT, True, Scope.WHOLE)
SAMPLED_YES = Outcome(Kind.SAMPLED, True)
REFUTATION = Outcome(Kind.CERTIFIED, False)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([], "unchecked"),
        ([EXACT_YES], "proved"),
        ([EXACT_YES, SAMPLED_YES], "proved"),
        ([EXACT_YES, Outcome(Kind.SAMPLED, None)], "proved"),
        ([EXACT_YES, Outcome(Kind.CERTIFIED, True, Scope.WHOLE)], "proved"),
        ([EXACT_YES, Outcome(Kind.EXACT, None, Scope.WHOLE)], "inconclusive"),
        ([EXACT_YES, Outcome(Kind.CERTIFIED, None)], "proved"),
        ([EXACT_YES, Outcome(Kind.SAMPLED, None, crashed=True)], "inconclusive"),
        ([EXACT_YES, Outcome(Kind.SAMPLED, False)], "inconclusive"),
        ([EXACT_YES, REFUTATION], "inconclusive"),
        ([EXACT_YES, Outcome(Kind.EXACT, False, question=Question.FOLLOWS)], "gap"),
        # A soft denial beside a proof is a defect of a check, whatever else is found.
        (
            [
                EXACT_YES,
                Outcome(Kind.SIMULATED, False),
                Outcome(Kind.EXACT, False, question=Question.FOLLOWS),
            ],
            "inconclusive",
        ),
        (
            [
                EXACT_YES,
                Outcome(Kind.SAMPLED, False),
                Outcome(Kind.CERTIFIED, False, Scope.WHOLE, Question.APPLIES),
            ],
            "inconclusive",
        ),
        ([Outcome(Kind.EXACT, True)], "supported"),
        ([Outcome(Kind.CERTIFIED, True, Scope.WHOLE)], "certified"),
        ([Outcome(Kind.CERTIFIED, True)], "supported"),
        ([Outcome(Kind.SAMPLED, True, Scope.WHOLE)], "supported"),
        ([Outcome(Kind.SIMULATED, True, Scope.WHOLE)], "supported"),
        ([Outcome(Kind.SIMULATED, False, Scope.WHOLE)], "inconclusive"),
        ([SAMPLED_YES, Outcome(Kind.SIMULATED, None)], "inconclusive"),
        ([SAMPLED_YES, REFUTATION], "refuted"),
        ([REFUTATION, Outcome(Kind.SAMPLED, None, crashed=True)], "refuted"),
        ([Outcome(Kind.EXACT, True, Scope.WHOLE, Question.FOLLOWS)], "unchecked"),
        ([SAMPLED_YES, Outcome(Kind.CERTIFIED, False, Scope.WHOLE, Question.APPLIES)], "vacuous"),
        ([SAMPLED_YES, Outcome(Kind.CERTIFIED, False, question=Question.APPLIES)], "inconclusive"),
        ([SAMPLED_YES, Outcome(Kind.SAMPLED, False, question=Question.APPLIES)], "inconclusive"),
    ],
)
def test_examples(outcomes: list[Outcome], verdict: str) -> None:
    assert combine(outcomes) == verdict


def test_the_documented_table_is_the_rule() -> None:
    rows = "".join(
        f"| {number} | {rule.condition} | {rule.verdict} |\n"
        for number, rule in enumerate(RULES, 1)
    )
    header = "| | condition | verdict |\n|---|---|---|\n"
    assert header + rows + "\n" in DOCUMENT.read_text(encoding="utf-8")


def test_the_document_explains_every_verdict() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert all(f"\n| {verdict} | " in text for verdict in Verdict)


def test_a_crash_and_a_time_limit_are_told_apart() -> None:
    crash = Outcome(Kind.EXACT, None, Scope.CASES, Question.HOLDS, crashed=True)
    assert explain([crash]) == "a check crashed"
    late = Outcome(Kind.EXACT, None, Scope.CASES, Question.HOLDS, crashed=True, late=True)
    assert explain([late]) == "a check was ended by its time limit"
    assert explain([late, crash]) == "a check crashed"
