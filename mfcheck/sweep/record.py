"""What a sweep leaves behind, as plain records: the JSON of `mfcheck sweep`, and what its ledger keeps of a setting."""

from typing import Any

from pydantic import Field

from mfcheck.claims.base import Record
from mfcheck.claims.record import Estimate, Interval, Value
from mfcheck.claims.verdict import Verdict


class ReadingAt(Record):
    """The verdict of one reading in one setting.

    `slack` is the least among its checks, right side over left side, and `check` the one that has it; `reason` says
    why a check does not say yes.
    """

    claim: str
    reading: str
    verdict: Verdict
    because: str
    reason: str = ""
    slack: float | None = None
    check: str = ""


class CheckAt(Record):
    """The answer of one check in one setting."""

    id: str
    passed: bool | None
    lhs: Value | None
    rhs: Value | None
    slack: float | None
    crashed: bool


class ConstantAt(Record):
    """A constant in one setting: certified bounds, a number with its error, or the reason why there is neither."""

    id: str
    value: Interval | Estimate | None
    reason: str = ""


class Outcome(Record):
    """What all tasks of a setting come to. `unmet` names the assumptions that certainly do not hold in it."""

    readings: tuple[ReadingAt, ...]
    checks: tuple[CheckAt, ...]
    constants: tuple[ConstantAt, ...]
    unmet: tuple[str, ...] = ()
    seconds: float


class SettingRecord(Record):
    """One point of a sweep.

    `refused` says why the paper cannot speak about it; `outcome` is None where it is refused or has not run yet.
    """

    point: dict[str, str]
    digest: str
    refused: str = ""
    outcome: Outcome | None = None


class Slice(Record):
    """The settings that share one value of an axis, for one reading."""

    axis: str
    value: str
    settings: int
    verdicts: dict[str, int]
    slack: float | None = None
    """The least."""
    point: dict[str, str] | None = None
    """Where it is the least."""


class FirstFailure(Record):
    """The first value along an axis, in its order, at which a setting speaks against the reading."""

    axis: str
    value: str
    verdict: Verdict
    point: dict[str, str]
    reason: str


class Doubt(Record):
    """The first setting, in the order of the sweep, that leaves a reading inconclusive, and why."""

    point: dict[str, str]
    reason: str


class ReadingSummary(Record):
    """What a sweep says of one reading: of the settings that were tried, and of no others."""

    claim: str
    reading: str
    tried: int
    verdicts: dict[str, int]
    slack: float | None
    """The least."""
    point: dict[str, str] | None
    """Where it is the least."""
    failures: tuple[FirstFailure, ...]
    doubt: Doubt | None = None
    slices: tuple[Slice, ...]
    sentence: str
    """Where does it hold?"""


class AxisRecord(Record):
    """What was swept: a name, and its values in order."""

    name: str
    numeric: bool
    values: tuple[str, ...]


class SweepRecord(Record):
    """JSON of `mfcheck sweep`. `seconds` is the time of all checks together; `left` settings have not run yet."""

    mfcheck: str
    paper: str
    title: str
    seed: int
    budget: str
    versions: dict[str, str]
    ledger: str
    axes: tuple[AxisRecord, ...]
    claims: tuple[str, ...]
    constants: tuple[str, ...]
    refused: int
    finished: int
    left: int
    seconds: float
    readings: tuple[ReadingSummary, ...]
    settings: tuple[SettingRecord, ...] = Field(repr=False)
    base: dict[str, Any] = Field(default_factory=dict)
    """The setting in which the swept values are put."""

    @property
    def complete(self) -> bool:
        """Whether every setting that the paper does not refuse has run."""
        return self.left == 0
