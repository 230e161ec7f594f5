"""What a sweep leaves behind, as plain records: the JSON of `mfcheck sweep`, and what its ledger keeps of a setting."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, NamedTuple, overload

from pydantic import Field, PlainSerializer, ValidatorFunctionWrapHandler, WrapValidator

from mfcheck.claims.base import Record
from mfcheck.claims.record import Estimate, Interval, Value
from mfcheck.claims.verdict import Verdict
from mfcheck.sweep.packing import unpack


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


class Packed(NamedTuple):
    """A point as a ledger holds it: its text, the digest of its setting, why it is refused, and its outcome packed."""

    point: str
    digest: str
    refused: str
    outcome: bytes | None


class Settings(Sequence[SettingRecord]):
    """All points of a sweep, each unpacked when it is looked at: a hundred thousand of them fit in little memory.

    Args:
        packed: the points.
        pattern: with which their outcomes are packed.
    """

    def __init__(self, packed: Iterable[Packed], pattern: bytes) -> None:
        self._packed = tuple(packed)
        self._pattern = pattern

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, index: int) -> SettingRecord: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[SettingRecord, ...]: ...

    def __getitem__(self, index: int | slice) -> SettingRecord | tuple[SettingRecord, ...]:
        if isinstance(index, slice):
            return tuple(map(self._unpacked, self._packed[index]))
        return self._unpacked(self._packed[index])

    def __iter__(self) -> Iterator[SettingRecord]:
        return map(self._unpacked, self._packed)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def points(self) -> Iterator[dict[str, str]]:
        """Yield the points alone."""
        return (json.loads(packed.point) for packed in self._packed)

    def counts(self) -> tuple[int, int]:
        """Return how many are refused, and how many are finished."""
        refused = sum(bool(packed.refused) for packed in self._packed)
        return refused, sum(packed.outcome is not None for packed in self._packed)

    def _unpacked(self, packed: Packed) -> SettingRecord:
        outcome = None
        if packed.outcome is not None:
            outcome = Outcome.model_validate(unpack(packed.outcome, self._pattern))
        return SettingRecord(
            point=json.loads(packed.point),
            digest=packed.digest,
            refused=packed.refused,
            outcome=outcome,
        )


def _as_they_are(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    return value if isinstance(value, Settings) else handler(value)


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
    settings: Annotated[
        Sequence[SettingRecord],
        WrapValidator(_as_they_are),
        PlainSerializer(tuple, return_type=tuple[SettingRecord, ...]),
    ] = Field(repr=False)
    base: dict[str, Any] = Field(default_factory=dict)
    """The setting in which the swept values are put."""

    @property
    def complete(self) -> bool:
        """Whether every setting that the paper does not refuse has run."""
        return self.left == 0

    def json_pieces(self) -> Iterator[str]:
        """Yield the text of `model_dump_json(indent=1)`, setting by setting: all at once they would fill the memory."""
        whole = self.but(settings=()).model_dump_json(indent=1)
        head, found, tail = whole.partition('\n "settings": []')
        if not self.settings:
            yield whole
            return
        yield f"{head}{found[:-1]}\n"
        for number, setting in enumerate(self.settings):
            lines = setting.model_dump_json(indent=1).splitlines()
            yield (",\n" if number else "") + "\n".join(f"  {line}" for line in lines)
        yield f"\n ]{tail}"
