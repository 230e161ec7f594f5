"""How many certified verdicts carry a certificate: counted on records made by hand."""

from typing import Any

import pytest

from mfcheck.claims.coverage import coverage
from mfcheck.claims.record import CheckRecord, ClaimRecord, ReadingRecord
from mfcheck.claims.verdict import Kind, Question, Scope, Verdict


def check(id: str, certificate: str | None, **changes: Any) -> CheckRecord:
    values: dict[str, Any] = {
        "id": id,
        "kind": Kind.CERTIFIED,
        "reading": "main",
        "question": Question.HOLDS,
        "passed": True,
        "scope": Scope.WHOLE,
        "lhs": None,
        "rhs": None,
        "slack": None,
        "error": None,
        "cases": 1,
        "domain": "",
        "reason": "",
        "crashed": False,
        "seconds": 0.0,
        "seed": 0,
        "certificate": certificate,
    }
    return CheckRecord(**{**values, **changes})


def claim(id: str, verdict: Verdict, *checks: CheckRecord) -> ClaimRecord:
    readings = tuple(
        ReadingRecord(id=name, text="", verdict=verdict if name == "main" else other, because="")
        for name, other in (("main", verdict), ("fast", Verdict.SUPPORTED))
    )
    return ClaimRecord(
        id=id,
        title="",
        statement="",
        source="",
        assumptions=(),
        verdict=verdict,
        readings=readings,
        checks=checks,
    )


CERTIFIED = Verdict.CERTIFIED


@pytest.mark.parametrize(
    ("checks", "files"),
    [
        ([check("a", "a.json")], ("a.json",)),
        ([check("a", None)], ()),
        ([check("a", "a.json"), check("b", None)], ()),
        ([check("a", "a.json"), check("b", "b.json")], ("a.json", "b.json")),
        ([check("a", "a.json"), check("b", None, reading="fast")], ("a.json",)),
        ([check("a", "a.json"), check("b", None, kind=Kind.SIMULATED)], ("a.json",)),
        ([check("a", "a.json"), check("b", None, question=Question.APPLIES)], ("a.json",)),
        ([check("a", "a.json"), check("b", None, scope=Scope.CASES)], ("a.json",)),
        ([check("a", None), check("b", "b.json", passed=None)], ()),
        ([check("a", None), check("b", "b.json", scope=Scope.CASES)], ()),
    ],
)
def test_every_check_behind_the_verdict_needs_a_certificate(
    checks: list[CheckRecord], files: tuple[str, ...]
) -> None:
    (found,) = coverage([claim("lemma", CERTIFIED, *checks)]).readings
    assert found.certificates == files
    assert not found.formal


def test_shares_of_certified_readings() -> None:
    claims = [
        claim("one", CERTIFIED, check("a", "a.json")),
        claim("two", CERTIFIED, check("b", "b.json"), check("c", "c.json")),
        claim("three", CERTIFIED, check("d", None)),
        claim("four", Verdict.PROVED, check("e", "e.json")),
        claim("five", CERTIFIED, check("f", "a.json")),
    ]
    found = coverage(claims, formal={"a.json", "b.json"}.__contains__)
    assert [r.claim for r in found.readings] == ["one", "two", "three", "five"]
    assert [r.claim for r in found.with_certificate] == ["one", "two", "five"]
    assert [r.claim for r in found.formal] == ["one", "five"]
    assert (found.share, found.formal_share) == (0.75, 0.5)
    assert found.without == ("three, reading main",)
    assert found.sentence() == (
        "Of 4 certified verdicts 3 have certificates; Rocq accepts 2 of these. "
        "Without: three, reading main."
    )


def test_what_can_be_exported_is_told_without_asking() -> None:
    claims = [
        claim("one", CERTIFIED, check("a", "a.json", exports="whole")),
        claim(
            "two",
            CERTIFIED,
            check("b", "b.json", exports="part"),
            check("c", "c.json", exports="whole"),
        ),
        claim("three", CERTIFIED, check("d", None)),
        claim("four", CERTIFIED, check("e", "e.json")),
    ]
    found = coverage(claims)
    assert [r.exports for r in found.readings] == [("whole",), ("part", "whole"), (), ("none",)]
    assert [r.claim for r in found.exported] == ["one", "two"]
    assert found.sentence() == (
        "Of 4 certified verdicts 3 have certificates; mfcheck verify --rocq can put 2 of these to Rocq, "
        "1 with every step. Without: three, reading main."
    )
    only = coverage([claim("three", CERTIFIED, check("d", None))])
    assert only.sentence() == (
        "The one certified verdict has no certificate. Without: three, reading main."
    )


def test_nothing_certified() -> None:
    found = coverage([claim("one", Verdict.SUPPORTED, check("a", "a.json"))])
    assert (found.share, found.formal_share) == (None, None)
    assert found.sentence() == "No verdict is certified."
    assert "Without" not in coverage([claim("one", CERTIFIED, check("a", "a"))]).sentence()


WHOLE, PART = "whole", "part"


@pytest.mark.parametrize(
    ("exports", "asked", "sentence"),
    [
        ([WHOLE], True, "The one certified verdict has a certificate; Rocq accepts it."),
        (
            [WHOLE, WHOLE],
            True,
            "All 2 certified verdicts have certificates; Rocq accepts all of these.",
        ),
        (
            [WHOLE],
            False,
            "The one certified verdict has a certificate; mfcheck verify --rocq can put it to Rocq, "
            "with every step.",
        ),
        (
            [PART, "none"],
            False,
            "All 2 certified verdicts have certificates; mfcheck verify --rocq can put 1 of these to Rocq, "
            "in part.",
        ),
        (
            ["none", "none"],
            False,
            "All 2 certified verdicts have certificates; none of these can be put to Rocq.",
        ),
        (
            [None, WHOLE],
            True,
            "Of 2 certified verdicts 1 has a certificate; Rocq accepts it. Without: claim-0, reading main.",
        ),
        (
            [None, None],
            False,
            "None of the 2 certified verdicts has a certificate. "
            "Without: claim-0, reading main; claim-1, reading main.",
        ),
    ],
)
def test_the_sentence_reads_as_english(
    exports: list[str | None], asked: bool, sentence: str
) -> None:
    claims = [
        claim(f"claim-{i}", CERTIFIED, check("a", kind and f"{i}.json", exports=kind or "none"))
        for i, kind in enumerate(exports)
    ]
    assert coverage(claims, (lambda _: True) if asked else None).sentence() == sentence
