"""What a run leaves behind, as plain records: the JSON of the charter is made from these alone."""

from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import Field, StrictBool, field_validator, model_validator

from mfcheck.claims.audit import AssumptionRecord as AssumptionRecord
from mfcheck.claims.audit import AuditRecord as AuditRecord
from mfcheck.claims.base import Record as Record
from mfcheck.claims.verdict import Kind, Known, Question, Scope, Verdict

LATE = "ended by its time limit"
"""How the reason begins why a check gave nothing that ran longer than it may."""


class Interval(Record):
    """A certified enclosure: decimal strings, rounded outwards; infinite where there is no bound."""

    lower: str
    upper: str

    @model_validator(mode="after")
    def _in_order(self) -> "Interval":
        try:
            ordered = Decimal(self.lower) <= Decimal(self.upper)
        except InvalidOperation:
            raise ValueError("the bounds of an enclosure are decimal numbers") from None
        if not ordered:
            raise ValueError("the lower bound of an enclosure is above the upper one")
        return self


class Estimate(Record):
    """A number from a simulation or a sample, with its error (absolute, same unit).

    `error` is the half-width of an interval that holds the truth with probability `level`. It is the sum of noise,
    which more replicates make smaller, and of `bias`, a bound on what they would not. `dof` are the degrees of freedom
    behind the noise, None where it is Gaussian or known.
    """

    value: float
    error: float = Field(ge=0)
    level: float = Field(default=0.95, gt=0, lt=1)
    bias: float = Field(default=0.0, ge=0)
    dof: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _bias_within_error(self) -> "Estimate":
        if self.bias > self.error * (1 + 1e-12):
            raise ValueError("the bias is a part of the error, and cannot exceed it")
        return self

    @property
    def noise(self) -> float:
        """The part of the error that is noise."""
        return max(0.0, self.error - self.bias)


Value = Interval | Estimate | str
"""A side of a comparison: an enclosure, a number with its error, or an expression in words."""


def range_of(side: Interval | Estimate) -> tuple[Decimal, Decimal]:
    """Return the least and the largest number that a side may be, by its error."""
    if isinstance(side, Interval):
        return Decimal(side.lower), Decimal(side.upper)
    return Decimal(side.value) - Decimal(side.error), Decimal(side.value) + Decimal(side.error)


class Curve(Record):
    """Points of one curve; `error` holds half-widths of error bars where there are any."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    error: tuple[float, ...] | None = None
    style: str = "line"
    """line, points, or bound (dashed: a bound from the paper)."""

    @model_validator(mode="after")
    def _points_fit(self) -> "Curve":
        error = self.error
        if len(self.x) != len(self.y) or (error is not None and len(error) != len(self.y)):
            raise ValueError("a curve needs as many x as y, and as many errors if it has any")
        if error is not None and min(error, default=0.0) < 0:
            raise ValueError("the half-width of an error bar cannot be negative")
        return self


class Plot(Record):
    """A picture as data; `report` draws it."""

    id: str
    title: str
    x_label: str
    y_label: str
    x_log: bool = False
    y_log: bool = False
    curves: tuple[Curve, ...]


Severity = Literal["major", "minor", "remark"]


class Note(Record):
    """A sentence for the referee report, as a check states it: what, where, how severe."""

    id: str
    severity: Severity
    text: str


class Evidence(Record):
    """What a check returns.

    `passed` is True or False only where the comparison is decided beyond `error`, else None. `cases` counts the
    settings that met the assumptions: a check without any answers neither yes nor no. `slack`, for an inequality, is
    the side that should be larger over the other, as a factor. `domain` says in words what was covered, `reason` why
    the answer is no or undecided.
    """

    passed: StrictBool | None
    scope: Scope = Scope.CASES
    lhs: Value | None = None
    rhs: Value | None = None
    slack: float | None = None
    error: float | None = Field(default=None, ge=0)
    cases: int = Field(default=1, ge=0)
    domain: str = ""
    reason: str = ""
    notes: tuple[Note, ...] = ()
    plots: tuple[Plot, ...] = ()
    certificate: dict[str, Any] | None = None

    @field_validator("cases", mode="before")
    @classmethod
    def _a_number_of_cases(cls, cases: object) -> object:
        if isinstance(cases, bool | str):
            raise ValueError("the number of cases is a whole number")
        return cases

    @model_validator(mode="after")
    def _needs_cases(self) -> "Evidence":
        if self.passed is not None and self.cases < 1:
            raise ValueError("a check that met no setting can neither pass nor fail")
        return self

    def require_kind(self, kind: Kind) -> "Evidence":
        """Return the evidence if a check of this kind may give it.

        Raises:
            ValueError: a check that samples or simulates speaks of the whole, or a rigorous one rests on noise, or says
                yes although its sides overlap within their errors: that is inconclusive.
        """
        if not kind.rigorous and self.scope is Scope.WHOLE:
            raise ValueError(f"a {kind.value} check covers cases, never the whole")
        if kind.rigorous and self.passed is not None:
            sides = [s for s in (self.lhs, self.rhs) if isinstance(s, Estimate)]
            if any(side.noise > 0 for side in sides):
                raise ValueError(f"{kind.value} evidence cannot rest on a number with noise")
            errors = [self.error, *(side.error for side in sides)]
            if kind is Kind.EXACT and self.passed and any(errors):
                raise ValueError("an exact check that passes has no error")
            if self.passed and self._open:
                raise ValueError(
                    f"{kind.value} evidence whose sides overlap within their errors is inconclusive, not a yes"
                )
        return self

    @property
    def _open(self) -> bool:
        """Whether the numbers on both sides leave open what a yes says: an order, if there is a slack, else equality.

        Sides that overlap are in no certain order, unless both are the same exact number. They count as equal if all
        that they may be is within a hundredth of the larger one, or of a millionth.
        """
        if self.slack is not None and self.slack < 1:
            return True
        sides = [
            range_of(side) for side in (self.lhs, self.rhs) if not isinstance(side, str | None)
        ]
        if len(sides) < 2 or sides[0][1] <= sides[1][0] or sides[1][1] <= sides[0][0]:
            return False
        ends = [end for side in sides for end in side]
        width = max(ends) - min(ends)
        if self.slack is not None or not width.is_finite():
            return width > 0
        return width > max(*map(abs, ends), Decimal("1e-4")) / 100


class CheckRecord(Record):
    """A check that ran: its evidence, and what it cost.

    `certificate` names a file of the run; `states` is what it states, in the words of the checker, cut where it is
    long; `exports` says how much of it can be written for Rocq: whole, part or none.
    """

    id: str
    kind: Kind
    reading: str
    question: Question
    passed: bool | None
    scope: Scope
    lhs: Value | None
    rhs: Value | None
    slack: float | None
    error: float | None
    cases: int
    domain: str
    reason: str
    crashed: bool
    seconds: float
    seed: int
    certificate: str | None
    states: str = ""
    exports: Literal["whole", "part", "none"] = "none"
    plots: tuple[Plot, ...] = ()

    @property
    def late(self) -> bool:
        """Whether it says nothing because its time limit ended it, which is no fault of the check."""
        return self.crashed and self.reason.startswith(LATE)


class ReadingRecord(Record):
    """The verdict of one reading, with the rule that gave it."""

    id: str
    text: str
    verdict: Verdict
    because: str
    known: Known = Known.FROM_MEMORY
    formulas: dict[str, str] = Field(default_factory=dict)
    """LaTeX of each formula of the reading."""
    claimed: bool = True
    """Whether the text may be meant so; an over-reading is judged to show where a claim ends."""


class ClaimRecord(Record):
    """A claim with the verdict of its first reading, which is the text as it stands.

    `known` says how surely the wording of the statement is known.
    """

    id: str
    title: str
    statement: str
    source: str
    known: Known = Known.FROM_MEMORY
    assumptions: tuple[str, ...]
    verdict: Verdict
    readings: tuple[ReadingRecord, ...]
    checks: tuple[CheckRecord, ...]


class Finding(Record):
    """A sentence for the referee report, with the checks behind it and the command that repeats them."""

    id: str
    severity: Severity
    claim: str
    text: str
    evidence: tuple[str, ...]
    reproduce: str


class ConstantRecord(Record):
    """One node of the graph of constants."""

    id: str
    latex: str
    formula: str
    value: Interval | Estimate | None
    """Certified bounds, or a number with its error; None where the constant does not exist in the setting."""
    evidence: str
    depends_on: tuple[str, ...]
    source: str
    reason: str = ""
    """Why there is no value, or none as accurate as was asked for."""
    needs: str = ""
    """What the derivation uses beyond the paper's assumptions."""
    orders: dict[str, str] = Field(default_factory=dict)
    """Symbol to exponent: the constant grows like that power of the symbol, all other leaves fixed; `?` undecided."""


class TwinRecord(Record):
    """Whether two papers give the same number for what is one constant."""

    paper: str
    constant: str
    other_paper: str
    other_constant: str
    where: dict[str, str]
    """Parameters of the other paper."""
    value: Interval | None = None
    other_value: Interval | None = None
    agree: bool | None = None
    """Whether the two enclosures meet; None where one of them does not exist."""
    reason: str = ""
    """Why there is no answer."""


class ConstantsRecord(Record):
    """JSON of `mfcheck constants`."""

    paper: str
    setting: dict[str, Any]
    constants: tuple[ConstantRecord, ...]


class Series(Record):
    """A quantity over time, with its error at each time; `parts` says what the error is made of, by name."""

    value: tuple[float, ...]
    error: tuple[float, ...]
    parts: dict[str, tuple[float, ...]] = Field(default_factory=dict)


class BoundRecord(Record):
    """A bound of the paper over time; `holds` is None where the errors leave it open.

    It promises nothing unless `applies`: the setting meets what the bound needs.
    """

    name: str
    side: Literal["upper", "lower"]
    value: tuple[float, ...]
    applies: bool
    holds: bool | None


class SimulationRecord(Record):
    """JSON of `mfcheck simulate`: each quantity at the end under its own name in `final`, and `series` over `time`.

    What is simulated is the paper's choice; without a time it has neither times nor series.
    """

    paper: str
    setting: dict[str, Any]
    seed: int
    final: dict[str, Estimate]
    end_time: float | None = None
    time: tuple[float, ...] = ()
    series: dict[str, Series] = Field(default_factory=dict)
    bounds: dict[str, BoundRecord] = Field(default_factory=dict)
    """By quantity."""
    options: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()


class StoppedRecord(Record):
    """What a simulation had when it ended early.

    Either the quantities over time of one run, without errors, or the final ones from fewer draws, with theirs.
    """

    paper: str
    setting: dict[str, Any]
    seed: int
    options: dict[str, str]
    reason: str
    reached: float
    time: tuple[float, ...]
    series: dict[str, tuple[float, ...]]
    final: dict[str, Estimate] = Field(default_factory=dict)
    """From as many draws as `reason` says."""


class PointRecord(Record):
    """One point of an experiment: its cell, and each number as the mean over replicates with its standard error."""

    cell: dict[str, float | int | str]
    values: dict[str, Estimate]
    replicates: int


class ExperimentRecord(Record):
    """JSON of `mfcheck experiment`; each error is one standard error over `replicates` seeds."""

    paper: str
    experiment: str
    title: str
    text: str
    seed: int
    options: dict[str, str]
    points: tuple[PointRecord, ...]
    plots: tuple[Plot, ...] = ()


class PlantedRecord(Record):
    """One planted error: which checks had to reject it, which did, and what each answered, in words."""

    id: str
    kind: str
    claim: str
    expected: tuple[str, ...]
    rejected_by: tuple[str, ...]
    caught: bool
    why_false: str
    answers: dict[str, str] = Field(default_factory=dict)


class KindTally(Record):
    """How many planted errors of one kind there were, and how many were caught."""

    kind: str
    planted: int
    caught: int


class PowerRecord(Record):
    """JSON of `mfcheck power`; `unplanted` names the checks that no planted error puts to the test."""

    paper: str
    seed: int
    planted: int
    caught: int
    missed: tuple[str, ...]
    unplanted: tuple[str, ...] = ()
    kinds: tuple[KindTally, ...] = ()
    details: tuple[PlantedRecord, ...]


class CounterexampleRecord(Record):
    """A setting in which an inequality is certainly false although its assumptions certainly hold.

    `own` are variables that belong to no setting; `python` and `command` reproduce it; `certificate` is a certificate
    for `mfcheck verify`, None where no kind of certificate covers the inequality.
    """

    setting: dict[str, Any]
    own: dict[str, str]
    lhs: Interval
    rhs: Interval
    python: str
    command: str
    data: str
    """The data as a CSV file for `--data`."""
    certificate: dict[str, Any] | None = None


class AttackRecord(Record):
    """What the search for a counterexample of one inequality found.

    Of `sampled` independent settings of the stated distribution, `met` met the assumptions, all of them decided, and
    `violated` violated the inequality beyond rounding; `probability_upper` bounds the probability of a violation
    (Clopper-Pearson) at level `confidence`. `largest` is the greatest relative violation `(lhs-rhs)/(|lhs|+|rhs|)`
    seen anywhere, in double precision, None if no setting could be evaluated; `tightest` is the least slack, right over
    left side, where the left side is positive, both enclosed there, and `plots` show it over the parameters.
    """

    inequality: str
    reading: str
    text: str
    distribution: str
    sampled: int
    met: int
    violated: int
    confidence: float
    probability_upper: float
    tried: dict[str, int]
    seconds: dict[str, float]
    per_second: float
    largest: float | None
    tightest: float | None = None
    plots: tuple[Plot, ...] = ()
    counterexample: CounterexampleRecord | None = None


class FalsifyRecord(Record):
    """JSON of `mfcheck falsify`; `planted` names the planted error that was attacked in place of the claim, if any."""

    paper: str
    claim: str
    seed: int
    budget: str
    planted: str | None
    attacks: tuple[AttackRecord, ...]


class Review(Record):
    """JSON of `mfcheck review` and `mfcheck check`."""

    mfcheck: str
    paper: str
    title: str
    source: str
    seed: int
    budget: str
    setting: dict[str, Any]
    versions: dict[str, str]
    complete: bool
    missing: tuple[str, ...] = ()
    """Ids of the checks that had not run when an incomplete review was interrupted."""
    assumptions: tuple[AssumptionRecord, ...]
    claims: tuple[ClaimRecord, ...]
    findings: tuple[Finding, ...]
    constants: tuple[ConstantRecord, ...] = ()
    references: tuple[str, ...] = ()
    audits: tuple[AuditRecord, ...] = ()
    """Can the assumptions be met, each alone and all of a claim together, in the regimes of the claims?"""
    summary: str = ""
    """What the paper claims, in one or two sentences."""

    def __getitem__(self, claim: str) -> ClaimRecord:
        """Return the record of a claim.

        Raises:
            KeyError: the review holds no claim of that id.
        """
        found = {record.id: record for record in self.claims}
        if claim not in found:
            raise KeyError(f"no claim {claim!r}; the review has: {', '.join(found)}")
        return found[claim]
