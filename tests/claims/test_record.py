import json
import math
from typing import Any

import pytest
from pydantic import ValidationError

from mfcheck.claims import Curve, Estimate, Evidence, Interval, Note, Review
from mfcheck.claims.record import CheckRecord, PowerRecord, Record, SimulationRecord


def test_a_check_that_met_no_setting_cannot_pass() -> None:
    with pytest.raises(ValidationError, match="met no setting"):
        Evidence(passed=True, cases=0)
    assert Evidence(passed=None, cases=0).cases == 0
    assert Evidence(passed=False, cases=0).passed is False


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
            "paper setting seed end_time time series bounds options plots",
        ),
    ],
)
def test_records_have_the_keys_that_scripts_read(record: type[Record], keys: str) -> None:
    schema: dict[str, Any] = record.model_json_schema()
    assert set(keys.split()) <= set(schema["properties"])
