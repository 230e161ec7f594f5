"""The audit believes nothing: what it may answer, on a small paper made for each case."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

from mfcheck.claims import (
    Answer,
    Assumption,
    Check,
    Claim,
    Data,
    Evidence,
    Kind,
    Paper,
    Parameter,
    Proof,
    Reading,
    Regime,
    Setting,
    Verdict,
)
from mfcheck.claims.audit import AuditRecord
from mfcheck.claims.record import CheckRecord, ClaimRecord
from mfcheck.claims.verdict import Question, Scope
from mfcheck.errors import InputError
from mfcheck.rigor import certificate
from mfcheck.rigor.codes import n_max
from mfcheck.run import audits, findings
from mfcheck.run.audit import audit, questions, regimes, rejection
from mfcheck.run.records import PENDING, claim_record
from mfcheck.run.tasks import Result, Task, What
from mfcheck.symbolic.activation import activation

x, k = sp.symbols("x k")
TRUE = ((x + 1) ** 2, x**2 + 2 * x + 1)
FALSE = ((x + 1) ** 2, x**2 + x + 1)
CODE = certificate.code_bound(n_max(2, Fraction(1, 2)))
SETTING = Setting(
    Data(((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1))), (Fraction(1), Fraction(-1))),
    activation("tanh"),
    (("beta", Fraction(10)), ("depth", Fraction(4))),
)


FULL = "claim/stated/check"
PROOF = Check("check", Kind.EXACT, lambda _: Evidence(passed=True, scope=Scope.WHOLE))


def assumption(id: str, holds: Callable[[Setting], bool | None], *reads: str) -> Assumption:
    def decide(setting: Setting) -> Answer:
        return Answer(holds(setting), f"{id} at beta = {setting['beta']}")

    return Assumption(id, id, "s", "q", decide, lambda _: SETTING, reads=reads)


LARGE = assumption("large", lambda s: s["beta"] > 20, "beta")
SMALL = assumption("small", lambda s: s["beta"] < 5, "beta")
SMOOTH = assumption("smooth", lambda s: s.activation.name == "tanh", "activation")
UNKNOWN = assumption("open", lambda s: None, "beta")


def paper(regime: Regime, *assumed: Assumption, more: tuple[Regime, ...] = ()) -> Paper:
    reading = Reading("stated", "as it stands", checks=(PROOF,), regimes=(regime, *more))
    claim = Claim("claim", "t", "s", "q", (reading,), assumptions=tuple(a.id for a in assumed))
    symbols = [sp.Symbol(name, positive=True) for name in ("beta", "depth")]
    return Paper(
        id="small",
        title="t",
        authors=(),
        source="q",
        parameters=tuple(
            Parameter(s.name, s, Fraction(1), "m", Fraction(0), Fraction(10**6)) for s in symbols
        ),
        default=SETTING,
        assumptions=assumed,
        claims=(claim,),
        validate=lambda _: None,
    )


def joint(regime: Regime, *assumed: Assumption) -> AuditRecord:
    answers = audit(paper(regime, *assumed), regime, SETTING, 0)
    return next(a.record for a in answers if a.record.joint)


def at(beta: int) -> Callable[[Setting, int], Setting]:
    return lambda setting, _: setting.with_values(beta=beta)


def growing(setting: Setting, depth: int) -> Setting:
    return setting.with_values(depth=depth)


def no_setting(*about: str, **proof: Any) -> Callable[[Setting], Proof]:
    return lambda _: Proof("beta is not both", about, **proof)


# --- one setting -----------------------------------------------------------------------------------------------------


def test_a_setting_that_meets_all_is_a_witness() -> None:
    found = joint(Regime("r", "t", witness=at(30)), LARGE, SMOOTH)
    assert (found.answer, found.kind) == ("witness", Kind.CERTIFIED)
    assert found.setting is not None
    assert found.setting["parameters"]["beta"] == "30"
    assert "large at beta = 30" in found.reason


def test_the_setting_under_review_is_tried_first() -> None:
    found = joint(Regime("r", "t", witness=at(30)), SMOOTH)
    assert found.setting == SETTING.describe()


@pytest.mark.parametrize("other", [LARGE, UNKNOWN])
def test_a_witness_that_a_predicate_does_not_accept_is_rejected(other: Assumption) -> None:
    found = joint(Regime("r", "t", witness=at(7)), SMOOTH, other)
    assert (found.answer, found.setting) == ("unknown", None)
    assert other.id in found.reason


def test_a_witness_that_the_paper_or_a_parameter_refuses_is_rejected() -> None:
    assert joint(Regime("r", "t", witness=at(10**6)), LARGE).answer == "witness"
    found = joint(Regime("r", "t", witness=at(10**7)), LARGE)
    assert found.answer == "unknown"
    assert "beta must be <=" in found.reason
    refusing = replace(paper(Regime("r", "t", witness=at(30)), LARGE), validate=refuse)
    answers = audit(refusing, refusing.claims[0].readings[0].regimes[0], SETTING, 0)
    assert [a.record.answer for a in answers] == ["unknown"]


def never_at_ten(_: Setting, candidate: Setting) -> Answer:
    return Answer(candidate["beta"] != 10, "beta is ten")


def refuse(_: Setting) -> None:
    raise InputError("nothing pleases")


def test_a_regime_asks_on_its_own() -> None:
    regime = Regime("r", "t", holds=never_at_ten)
    assert joint(regime, SMOOTH).answer == "unknown"
    assert joint(replace(regime, witness=at(11)), SMOOTH).answer == "witness"


def test_an_assumption_about_a_law_has_no_witness_in_a_setting() -> None:
    found = joint(Regime("r", "t", lawlike=("smooth",)), SMOOTH)
    assert found.answer == "unknown"
    assert "law" in found.reason


# --- no setting ------------------------------------------------------------------------------------------------------


def test_assumptions_that_contradict_each_other_are_unknown_without_a_proof() -> None:
    assert joint(Regime("r", "t"), LARGE, SMALL).answer == "unknown"


def test_a_proof_has_more_than_words() -> None:
    with pytest.raises(ValueError, match="certificate or identities"):
        Proof("believe me", ("large",))


@pytest.mark.parametrize(
    ("proof", "answer", "kind"),
    [
        ({"identities": (TRUE,)}, "none", Kind.EXACT),
        ({"certificate": CODE}, "none", Kind.CERTIFIED),
        ({"certificate": CODE, "identities": (TRUE,)}, "none", Kind.CERTIFIED),
        ({"identities": (FALSE,)}, "unknown", None),
        ({"certificate": {**CODE, "sha256": "0" * 64}}, "unknown", None),
        ({"certificate": {**CODE, "witness": {"method": "rankin"}}}, "unknown", None),
        ({"certificate": CODE, "identities": (FALSE,)}, "unknown", None),
    ],
)
def test_only_a_proof_that_is_checked_again_shows_that_there_is_none(
    proof: dict[str, Any], answer: str, kind: Kind | None
) -> None:
    found = joint(Regime("r", "t", empty=no_setting("large", "small", **proof)), LARGE, SMALL)
    assert (found.answer, found.kind) == (answer, kind)
    assert ("does not count" in found.reason) == (answer == "unknown")


def test_a_claimed_bound_that_is_too_small_is_rejected() -> None:
    claim = {**CODE["claim"], "upper": "5"}
    forged = certificate.make("code_bound", claim, CODE["witness"])
    assert "rejected" in rejection(Proof("t", ("large",), forged))
    assert not rejection(Proof("t", ("large",), CODE))


def test_a_proof_about_two_assumptions_says_nothing_of_one() -> None:
    regime = Regime(
        "r", "t", empty=no_setting("large", "small", identities=(TRUE,)), witness=at(30)
    )
    answers = {
        a.record.assumptions: a.record.answer
        for a in audit(paper(regime, LARGE, SMALL), regime, SETTING, 0)
    }
    assert answers == {("large",): "witness", ("small",): "unknown", ("large", "small"): "none"}


def test_a_witness_against_a_proof_is_a_defect() -> None:
    regime = Regime("r", "t", empty=no_setting("large", identities=(TRUE,)), witness=at(30))
    found = joint(regime, LARGE)
    assert (found.answer, found.defect) == ("unknown", True)
    [finding] = findings.collect("small", (), {}, (), (found,))
    assert finding.id == "audit.r.defect"


# --- what grows ------------------------------------------------------------------------------------------------------

DEPTH = Regime("r", "t", "L", (1, 2, 4), ("depth",), witness=growing)


def deep(beyond: int) -> Assumption:
    return assumption("deep", lambda s: s["depth"] <= beyond, "depth")


def test_finitely_many_witnesses_do_not_answer_for_every_index() -> None:
    found = joint(DEPTH, deep(100))
    assert (found.answer, found.met_at) == ("unknown", (1, 2, 4))
    assert "says nothing of every" in found.reason


def test_a_proof_for_every_index_does() -> None:
    every = no_setting("deep", identities=(TRUE,))
    found = joint(replace(DEPTH, every=every), deep(100), SMOOTH)
    assert (found.answer, found.kind, found.met_at) == ("witness", Kind.EXACT, (1, 2, 4))


@pytest.mark.parametrize(
    "every",
    [
        no_setting("smooth", identities=(TRUE,)),
        no_setting("deep", identities=(FALSE,)),
        lambda _: None,
    ],
)
def test_a_proof_about_something_else_or_a_false_one_does_not(
    every: Callable[[Setting], Proof | None],
) -> None:
    assert joint(replace(DEPTH, every=every), deep(100)).answer == "unknown"


def test_a_proof_for_every_index_needs_its_witnesses() -> None:
    every = no_setting("deep", identities=(TRUE,))
    found = joint(replace(DEPTH, every=every), deep(2))
    assert (found.answer, found.met_at) == ("unknown", (1, 2))


def test_one_witness_serves_where_nothing_reads_what_changes() -> None:
    assert joint(DEPTH, SMOOTH).answer == "witness"
    blind = replace(SMOOTH, reads=None)
    assert joint(DEPTH, blind).answer == "unknown"


def test_a_family_that_changes_more_than_it_says_is_not_believed() -> None:
    def other(setting: Setting, depth: int) -> Setting:
        return setting.with_values(depth=depth, beta=10 + depth)

    assert joint(replace(DEPTH, witness=other), SMOOTH).answer == "unknown"


def test_one_index_is_no_family() -> None:
    assert joint(replace(DEPTH, indices=(4,)), SMOOTH).answer == "unknown"


def test_a_proof_of_none_says_from_where_on() -> None:
    found = joint(replace(DEPTH, empty=no_setting("deep", identities=(TRUE,), beyond=2)), deep(2))
    assert (found.answer, found.beyond, found.met_at, found.defect) == ("none", 2, (1, 2), False)
    found = joint(replace(DEPTH, empty=no_setting("deep", identities=(TRUE,), beyond=1)), deep(2))
    assert (found.answer, found.defect) == ("unknown", True)


# --- from answers to verdicts ----------------------------------------------------------------------------------------


def ran() -> dict[str, CheckRecord]:
    return {
        FULL: CheckRecord(
            id=FULL,
            kind=Kind.EXACT,
            reading="stated",
            question=Question.HOLDS,
            passed=True,
            scope=Scope.WHOLE,
            lhs=None,
            rhs=None,
            slack=None,
            error=0.0,
            cases=1,
            domain="",
            reason="",
            crashed=False,
            seconds=0.0,
            seed=0,
            certificate=None,
        )
    }


def reviewed(tested: Paper, *regimes_run: Regime) -> Verdict:
    claim = tested.claims[0]
    results = {
        audits.task(g.id).key: Result(
            audits.task(g.id),
            0.0,
            [
                (a.record.model_dump(mode="json"), a.certificate)
                for a in audit(tested, g, SETTING, 0)
            ],
        )
        for g in regimes_run
    }
    found = audits.records(tested, (claim,), results, lambda *_: None, lambda c: f"check {c}")
    reading = claim.readings[0]
    if audits.pending(claim, reading, results):
        return claim_record(claim, ran(), {"stated": PENDING}).verdict
    return claim_record(claim, ran(), {"stated": audits.void(claim, reading, found)}).verdict


EMPTY = Regime("r", "t", empty=no_setting("large", "small", identities=(TRUE,)))


def test_a_claim_about_nothing_is_vacuous() -> None:
    assert reviewed(paper(EMPTY, LARGE, SMALL), EMPTY) is Verdict.VACUOUS


def test_a_proof_that_does_not_count_leaves_the_verdict() -> None:
    regime = replace(EMPTY, empty=no_setting("large", "small", identities=(FALSE,)))
    assert reviewed(paper(regime, LARGE, SMALL), regime) is Verdict.PROVED


def test_a_claim_with_another_regime_is_not_vacuous() -> None:
    other = Regime("other", "t")
    assert reviewed(paper(EMPTY, LARGE, SMALL, more=(other,)), EMPTY, other) is Verdict.PROVED


def test_an_audit_still_to_come_leaves_a_reading_undecided() -> None:
    assert reviewed(paper(EMPTY, LARGE, SMALL)) is Verdict.INCONCLUSIVE


def test_a_finding_names_the_claims_and_where_they_can_be_met() -> None:
    other = Regime("other", "elsewhere", witness=at(30))
    tested = paper(EMPTY, LARGE, SMALL, more=(other,))
    empty = joint(EMPTY, LARGE, SMALL)
    met = empty.but(regime="other", text="elsewhere", answer="witness")
    [finding] = findings.collect("small", (), {}, (), (empty, met))
    assert finding.id == "audit.r"
    assert "claim" in finding.text
    assert "can be met in another regime: elsewhere" in finding.text
    assert finding.severity == "minor"
    assert list(regimes(tested.claims)) == ["r", "other"]


def test_what_a_check_has_found_is_only_remarked() -> None:
    regime = replace(EMPTY, checks=("check",))
    found = joint(regime, LARGE, SMALL)
    passed = claim_record(paper(regime, LARGE, SMALL).claims[0], ran())
    denying = {FULL: ran()[FULL].but(passed=False)}
    denied = claim_record(paper(regime, LARGE, SMALL).claims[0], denying)
    assert severity(passed, found) == "minor"
    assert severity(denied, found) == "remark"


def severity(claim: ClaimRecord, found: AuditRecord) -> str:
    collected = findings.collect("small", (claim,), {}, (), (found,))
    return next(f.severity for f in collected if f.id == "audit.r")


def test_an_audit_that_crashes_is_unknown_and_found() -> None:
    tested = paper(EMPTY, LARGE, SMALL)
    task = Task(What.AUDIT, "r", group=audits.GROUP)
    results = {task.key: Result(task, 0.0, reason="ZeroDivisionError: no")}
    found = audits.records(tested, tested.claims, results, lambda *_: None, str)
    assert {a.answer for a in found} == {"unknown"}
    assert all("ZeroDivisionError" in f.text for f in findings.collect("p", (), {}, (), found))


def test_sets_of_assumptions_are_asked_once() -> None:
    found = questions(paper(EMPTY, LARGE, SMALL, SMOOTH), EMPTY)
    assert list(found) == [("large",), ("small",), ("smooth",), ("large", "small", "smooth")]
    assert [whole for whole, _ in found.values()] == [False, False, False, True]
