import json
import math
from typing import Any

import numpy as np
import pytest
import sympy as sp
from pydantic import ValidationError

from mfcheck.claims import Curve, Estimate, Evidence, Interval, Kind, Note, Review, Scope
from mfcheck.claims.record import CheckRecord, PowerRecord, Record, SimulationRecord


def test_a_check_that_met_no_setting_cannot_pass() -> None:
    for answer in (True, False):
        with pytest.raises(ValidationError, match="met no setting"):
            Evidence(passed=answer, cases=0)
    assert Evidence(passed=None, cases=0).cases == 0


@pytest.mark.parametrize("answer", ["yes", 1, 0, "True"])
def test_an_answer_is_yes_no_or_undecided_and_nothing_else(answer: object) -> None:
    with pytest.raises(ValidationError):
        Evidence(passed=answer)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "field", [{"error": -1.0}, {"error": math.nan}, {"cases": True}, {"cases": "3"}, {"cases": 1.5}]
)
def test_errors_and_numbers_of_cases_are_what_they_say(field: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Evidence(passed=True, **field)


@pytest.mark.parametrize("answer", [np.bool_(True), np.int64(1), 1.0, sp.true])
def test_what_looks_like_an_answer_is_none(answer: Any) -> None:
    with pytest.raises(ValidationError):
        Evidence(passed=answer)


@pytest.mark.parametrize(
    ("lower", "upper"), [("2", "1"), ("nan", "nan"), ("a", "b"), ("1e-400", "0"), ("inf", "-inf")]
)
def test_bounds_of_an_enclosure_are_in_order(lower: str, upper: str) -> None:
    with pytest.raises(ValidationError):
        Interval(lower=lower, upper=upper)
    assert Interval(lower="-inf", upper="1e-400").lower == "-inf"


def test_copies_are_validated() -> None:
    found = Evidence(passed=True)
    assert found.but(slack=2.0).slack == 2.0
    for changes in ({"cases": 0}, {"sure": True}, {"slack": math.nan}, {"error": math.inf}):
        with pytest.raises(ValidationError):
            found.but(**changes)
    with pytest.raises(TypeError, match="but"):
        found.model_copy(update={"cases": 0})


NOISY = Estimate(value=1, error=0.1)
SURE = Estimate(value=1, error=0.1, bias=0.1)


@pytest.mark.parametrize(
    ("kind", "evidence"),
    [
        (Kind.SAMPLED, Evidence(passed=True, scope=Scope.WHOLE)),
        (Kind.SIMULATED, Evidence(passed=False, scope=Scope.WHOLE)),
        (Kind.EXACT, Evidence(passed=True, error=1e300)),
        (Kind.EXACT, Evidence(passed=True, lhs=NOISY, rhs=NOISY)),
        (Kind.EXACT, Evidence(passed=True, lhs=SURE)),
        (Kind.CERTIFIED, Evidence(passed=False, lhs=NOISY)),
    ],
)
def test_evidence_that_its_kind_cannot_have_is_refused(kind: Kind, evidence: Evidence) -> None:
    with pytest.raises(ValueError, match=r"covers cases|rest on|no error"):
        evidence.require_kind(kind)


def between(lower: str, upper: str) -> Interval:
    return Interval(lower=lower, upper=upper)


@pytest.mark.parametrize("kind", [Kind.EXACT, Kind.CERTIFIED])
@pytest.mark.parametrize(
    ("lhs", "rhs", "slack"),
    [
        (between("0", "2"), between("1", "3"), 2.0),
        (between("1", "1.0001"), between("1", "1.0001"), 1.0),
        (between("1", "2.1"), between("2", "3"), 1.5),
        (between("0", "2"), between("1", "3"), None),
        (between("-inf", "inf"), between("1", "1"), None),
        (between("1", "1"), between("2", "2"), 0.5),
        ("a", "b", 0.99),
    ],
)
def test_a_rigorous_yes_whose_sides_overlap_is_inconclusive(
    kind: Kind, lhs: Any, rhs: Any, slack: float | None
) -> None:
    """An order needs sides that are apart, or one exact number; equality that both are narrow."""
    with pytest.raises(ValueError, match="inconclusive"):
        Evidence(passed=True, lhs=lhs, rhs=rhs, slack=slack).require_kind(kind)
    for passed in (None, False):
        assert Evidence(passed=passed, lhs=lhs, rhs=rhs, slack=slack).require_kind(kind)


def test_estimates_without_noise_overlap_within_their_bias() -> None:
    apart = Estimate(value=1.3, error=0.1, bias=0.1)
    assert Evidence(passed=True, lhs=SURE, rhs=apart, slack=1.3).require_kind(Kind.CERTIFIED)
    near = Estimate(value=1.1, error=0.1, bias=0.1)
    with pytest.raises(ValueError, match="inconclusive"):
        Evidence(passed=True, lhs=SURE, rhs=near, slack=1.1).require_kind(Kind.CERTIFIED)
    assert Evidence(passed=True, lhs=SURE, rhs=near, slack=1.1).require_kind(Kind.SIMULATED)


@pytest.mark.parametrize(
    ("lhs", "rhs", "slack"),
    [
        (between("1", "1"), between("1", "1"), 1.0),
        (between("1", "1.5"), between("1.6", "2"), 1.2),
        (between("1.0000001", "1.0000002"), between("1.00000015", "1.0000003"), None),
        (between("-1e-9", "1e-9"), between("0", "0"), None),
        (between("3", "4"), between("1", "2"), None),
        (between("1", "2"), between("2", "3"), 1.5),
        ("x", "y", 1.5),
        (between("0", "9"), None, None),
    ],
)
def test_a_rigorous_yes_that_its_sides_allow_is_kept(
    lhs: Any, rhs: Any, slack: float | None
) -> None:
    evidence = Evidence(passed=True, lhs=lhs, rhs=rhs, slack=slack)
    assert evidence.require_kind(Kind.CERTIFIED) is evidence


def test_evidence_that_its_kind_can_have_is_kept() -> None:
    for kind, evidence in (
        (Kind.CERTIFIED, Evidence(passed=True, lhs=SURE, scope=Scope.WHOLE)),
        (Kind.EXACT, Evidence(passed=True, error=0.0, scope=Scope.WHOLE)),
        (Kind.SIMULATED, Evidence(passed=True, lhs=NOISY)),
    ):
        assert evidence.require_kind(kind) is evidence


def test_a_bias_is_a_part_of_the_error() -> None:
    assert Estimate(value=1, error=0.3, bias=0.1).noise == pytest.approx(0.2)
    with pytest.raises(ValidationError, match="part of the error"):
        Estimate(value=1, error=0.1, bias=0.2)
    with pytest.raises(ValidationError):
        Estimate(value=1, error=-0.1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_are_finite(value: float) -> None:
    with pytest.raises(ValidationError):
        Estimate(value=value, error=0)
    with pytest.raises(ValidationError):
        Evidence(passed=None, slack=value)
    with pytest.raises(ValidationError):
        Curve(label="a", x=(0.0,), y=(value,))


def test_unknown_keys_and_changes_are_refused() -> None:
    with pytest.raises(ValidationError):
        Evidence(passed=True, sure=True)  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Evidence(passed=True).passed = False  # type: ignore[misc]


def test_severities_are_words_of_a_list() -> None:
    with pytest.raises(ValidationError):
        Note(id="a", severity="grave", text="b")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(passed=True, lhs="x", rhs="y"),
        Evidence(passed=False, lhs=Interval(lower="1", upper="2"), rhs=Estimate(value=1, error=0)),
        Evidence(passed=None, certificate={"kind": "toy", "rows": [[1, "2"]]}, reason="é"),
        Evidence(passed=True, notes=(Note(id="a", severity="minor", text="b"),)),
    ],
)
def test_evidence_survives_json(evidence: Evidence) -> None:
    plain = json.loads(evidence.model_dump_json())
    assert Evidence.model_validate(plain) == evidence


@pytest.mark.parametrize(
    ("record", "keys"),
    [
        (Review, "paper seed budget claims findings"),
        (CheckRecord, "id kind passed lhs rhs slack error cases seconds certificate"),
        (PowerRecord, "planted caught missed"),
        (
            SimulationRecord,
            "paper setting seed final end_time time series bounds options plots",
        ),
    ],
)
def test_records_have_the_keys_that_scripts_read(record: type[Record], keys: str) -> None:
    schema: dict[str, Any] = record.model_json_schema()
    assert set(keys.split()) <= set(schema["properties"])
