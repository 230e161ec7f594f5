"""Papers, assumptions, claims, checks and planted errors: the words of the charter as data that carries code."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import numpy as np
import sympy as sp

from mfcheck.claims.display import Displayed
from mfcheck.claims.experiment import Experiment, Option
from mfcheck.claims.inequality import Inequality
from mfcheck.claims.record import Evidence, SimulationRecord, StoppedRecord
from mfcheck.claims.setting import Parameter, Setting
from mfcheck.claims.verdict import Kind, Question
from mfcheck.errors import InputError

Formulas = Mapping[str, sp.Basic]
T = TypeVar("T")


class Budget(StrEnum):
    """How much work a check may do."""

    QUICK = "quick"
    STANDARD = "standard"
    THOROUGH = "thorough"

    def pick(self, quick: T, standard: T, thorough: T) -> T:
        """Return the choice that belongs to this budget."""
        return {"quick": quick, "standard": standard, "thorough": thorough}[self.value]


@dataclass(frozen=True)
class Context:
    """All that a check may depend on; two runs with equal contexts give equal evidence."""

    setting: Setting
    budget: Budget
    seed: int
    check: str
    formulas: Formulas = field(default_factory=dict)

    def rng(self) -> np.random.Generator:
        """Return the check's own random stream, independent of every other check's."""
        digest = hashlib.sha256(self.check.encode()).digest()
        words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
        return np.random.default_rng(np.random.SeedSequence([self.seed, *words]))

    def __getitem__(self, name: str) -> Any:
        """Return a formula of the reading under test."""
        return self.formulas[name]


class Run(Protocol):
    """The work of a check."""

    def __call__(self, context: Context, /) -> Evidence:
        """Test the formulas of the context and return the evidence."""
        ...


@dataclass(frozen=True)
class Answer:
    """Whether a setting meets an assumption, with the reason; None where it could not be decided."""

    met: bool | None
    reason: str


@dataclass(frozen=True)
class Assumption:
    """A predicate on settings, with a way to generate settings that satisfy it.

    Args:
        id: stable name.
        title: short name for people.
        statement: what it asks, in the words of the paper.
        source: where the paper states it.
        holds: decides it for one setting, in exact or ball arithmetic; None where it cannot.
        generate: a random setting that meets it.
        reads: the parts of a setting that `holds` depends on (`points`, `labels`, `activation`, or the name of a
            parameter); None if that is not known.
        survey: things the user may choose, by name, each judged by itself.
        beyond: what the paper or its derivation needs more than the assumption grants, with the claims and constants
            that need it.
    """

    id: str
    title: str
    statement: str
    source: str
    holds: Callable[[Setting], Answer]
    generate: Callable[[np.random.Generator], Setting]
    reads: tuple[str, ...] | None = None
    survey: Callable[[], Mapping[str, Answer]] | None = None
    beyond: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """An argument for all settings of a regime at once; it counts only if what it rests on is checked again.

    Args:
        text: how the claim follows from what is checked, in words.
        assumptions: those it is about: shown to be met, or shown not to be met together.
        certificate: accepted by `mfcheck.verify`, or the proof does not count.
        identities: pairs of equal expressions; proved by SymPy, or the proof does not count.
        beyond: where nothing meets the assumptions: the largest index at which that is still possible.
    """

    text: str
    assumptions: tuple[str, ...]
    certificate: dict[str, Any] | None = None
    identities: tuple[tuple[sp.Expr, sp.Expr], ...] = ()
    beyond: int | None = None

    def __post_init__(self) -> None:
        """Refuse an argument of words alone."""
        if self.certificate is None and not self.identities:
            raise ValueError("a proof needs a certificate or identities that can be checked")

    @property
    def kind(self) -> Kind:
        """How strong the argument is."""
        return Kind.EXACT if self.certificate is None else Kind.CERTIFIED


@dataclass(frozen=True)
class Regime:
    """The settings that a reading speaks about, with what decides whether its assumptions can be met there.

    Where the reading speaks of an index that grows, finitely many witnesses answer nothing: it takes `every`, or
    assumptions that do not read what the index changes.

    Args:
        id: stable name; equal ids must be the same regime.
        text: the regime in words.
        index: symbol of what grows, such as `n`; empty if one setting answers.
        indices: values of the index at which a witness is tried.
        varies: the parts of a setting that `witness` changes with the index.
        holds: `(setting under review, candidate) -> Answer`, what the regime asks beyond the assumptions.
        witness: `(setting under review, index) -> Setting`; may raise `InputError` where it knows none.
        every: a proof that `witness` meets the named assumptions, and `holds`, at every index.
        empty: a proof that the named assumptions cannot be met; None where there is none.
        lawlike: assumptions that speak of a law here, which no one setting can show to be met.
        checks: checks of the paper that ask the same; their findings are not repeated.
    """

    id: str
    text: str
    index: str = ""
    indices: tuple[int, ...] = (2, 4, 8)
    varies: tuple[str, ...] = ()
    holds: Callable[[Setting, Setting], Answer] | None = None
    witness: Callable[[Setting, int], Setting] | None = None
    every: Callable[[Setting], Proof | None] | None = None
    empty: Callable[[Setting], Proof | None] | None = None
    lawlike: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


ONE_SETTING = Regime("one-setting", "one setting")
"""The regime of a reading that names no other."""


@dataclass(frozen=True)
class Check:
    """One test of one reading.

    Checks of one `group` run one after the other in the same process, so that they share memoised work.
    """

    id: str
    kind: Kind
    run: Run
    reading: str = "stated"
    question: Question = Question.HOLDS
    group: str = ""


@dataclass(frozen=True)
class Reading:
    """One precise meaning of a claim: words for people, formulas for everything else."""

    id: str
    text: str
    formulas: Formulas = field(default_factory=dict)
    needs: Callable[[Setting], None] | None = None
    """Raises InputError for a setting of which this reading says nothing."""
    regimes: tuple[Regime, ...] = (ONE_SETTING,)
    """What it speaks about; where the text allows several, each is audited."""


@dataclass(frozen=True)
class PlantedError:
    """A wrong variant of a reading, known to be false, that the named checks must reject."""

    id: str
    kind: str
    replace: Formulas
    why_false: str
    rejected_by: tuple[str, ...]
    reading: str = "stated"


@dataclass(frozen=True)
class Claim(Displayed):
    """A statement of the paper. Its first reading is the text as it stands and gives the claim's verdict."""

    id: str
    title: str
    statement: str
    source: str
    readings: tuple[Reading, ...]
    checks: tuple[Check, ...]
    planted: tuple[PlantedError, ...] = ()
    assumptions: tuple[str, ...] = ()
    inequalities: tuple[Inequality, ...] = ()
    """What a search for counterexamples can attack."""
    no_inequality: str = ""
    """Where there is nothing to attack: why, in words that end a sentence."""

    def __post_init__(self) -> None:
        """Refuse a claim whose parts do not fit together."""
        readings = {r.id: r for r in self.readings}
        checks = {c.id: c for c in self.checks}
        if len(readings) < len(self.readings) or len(checks) < len(self.checks) or not readings:
            raise ValueError(
                f"{self.id}: reading and check ids must be unique, with one reading at least"
            )
        for check in self.checks:
            if check.reading not in readings:
                raise ValueError(f"{self.id}: check {check.id} tests no reading")
        for inequality in self.inequalities:
            if inequality.reading not in readings:
                raise ValueError(f"{self.id}: inequality {inequality.id} belongs to no reading")
        for error in self.planted:
            self._fits(error, readings, checks)
        if not all(reading.regimes for reading in self.readings):
            raise ValueError(f"{self.id}: a reading needs a regime")

    def _fits(
        self, error: PlantedError, readings: Mapping[str, Reading], checks: Mapping[str, Check]
    ) -> None:
        known = error.reading in readings and set(error.rejected_by) <= set(checks)
        if not known or not error.rejected_by or not error.replace:
            raise ValueError(f"{self.id}: planted error {error.id} names no reading or no check")
        if not set(error.replace) <= set(readings[error.reading].formulas):
            raise ValueError(f"{self.id}: planted error {error.id} replaces an unknown formula")
        if any(checks[c].reading != error.reading for c in error.rejected_by):
            raise ValueError(
                f"{self.id}: planted error {error.id} names a check of another reading"
            )

    def reading(self, id: str) -> Reading:
        """Return the reading of that id."""
        return next(r for r in self.readings if r.id == id)


@dataclass(frozen=True)
class Constant(Displayed):
    """A named quantity: a formula over other constants and parameters, or a leaf with its own rigorous value.

    Args:
        id: stable name, used in JSON and on the command line.
        symbol: how other formulas refer to it.
        formula: over the symbols of other constants and of parameters; for a leaf, what it denotes.
        source: where the paper introduces it, or where the derivation is given.
        value: leaf only: `(setting, digits) -> arb`, a rigorous enclosure.
        depends_on: leaf only: ids of what its value comes from.
        needs: what the derivation uses beyond the paper's assumptions.
        certify: leaf only: `(setting, digits) -> certificate or None`, a proof of the value for `mfcheck verify`.
    """

    id: str
    symbol: sp.Symbol
    formula: sp.Basic
    source: str
    value: Callable[[Setting, int], Any] | None = None
    depends_on: tuple[str, ...] = ()
    needs: str = ""
    certify: Callable[[Setting, int], dict[str, Any] | None] | None = None


class SimulationStopped(InputError):  # noqa: N818
    """A simulation ended early; `record` holds what it had."""

    def __init__(self, record: StoppedRecord) -> None:
        super().__init__(f"{record.reason}; stopped at time {record.reached:.6g}")
        self.record = record


class Simulate(Protocol):
    """A paper's own simulation, for `mfcheck simulate`."""

    def __call__(
        self,
        setting: Setting,
        seed: int,
        progress: Callable[[float], None] | None = None,
        options: Mapping[str, str] = MappingProxyType({}),
        say: Callable[[str], None] | None = None,
    ) -> SimulationRecord:
        """Run it; raises SimulationStopped if it cannot be completed.

        Args:
            setting: the setting.
            seed: of every random choice.
            progress: is called with the fraction done.
            options: as text, by the names of `Paper.simulation_options`; defaults for those left out.
            say: is called with a sentence before the work begins: what it will take.
        """
        ...


@dataclass(frozen=True)
class Paper(Displayed):
    """A set of assumptions and claims."""

    id: str
    title: str
    authors: tuple[str, ...]
    source: str
    parameters: tuple[Parameter, ...]
    default: Setting
    assumptions: tuple[Assumption, ...]
    claims: tuple[Claim, ...]
    validate: Callable[[Setting], None]
    """Raises InputError for a setting that the paper cannot speak about."""
    constants: tuple[Constant, ...] = ()
    simulate: Simulate | None = None
    simulation_options: tuple[Option, ...] = ()
    references: tuple[str, ...] = field(default=())
    experiments: tuple[Experiment, ...] = ()
    """Sweeps that the paper proposes, for `mfcheck experiment`."""

    def __post_init__(self) -> None:
        """Refuse a paper with clashing ids."""
        for what, ids in (
            ("claims", [c.id for c in self.claims]),
            ("checks", [k.id for c in self.claims for k in c.checks]),
            ("planted errors", [e.id for c in self.claims for e in c.planted]),
            ("inequalities", [q.id for c in self.claims for q in c.inequalities]),
            ("constants", [c.id for c in self.constants]),
            ("experiments", [e.id for e in self.experiments]),
        ):
            if len(set(ids)) < len(ids):
                raise ValueError(f"{self.id}: two {what} share an id")
        known = {a.id for a in self.assumptions}
        for claim in self.claims:
            if not set(claim.assumptions) <= known:
                raise ValueError(f"{self.id}: {claim.id} names an unknown assumption")
        self._require_regimes()

    def _require_regimes(self) -> None:
        regimes = {g for c in self.claims for reading in c.readings for g in reading.regimes}
        if len({regime.id for regime in regimes}) < len(regimes):
            raise ValueError(f"{self.id}: two regimes share an id")
        checks = {check.id for claim in self.claims for check in claim.checks}
        for regime in regimes:
            if not set(regime.checks) <= checks:
                raise ValueError(f"{self.id}: the regime {regime.id} names an unknown check")

    def claim(self, id: str) -> Claim | None:
        """Return the claim of that id, if there is one."""
        return next((c for c in self.claims if c.id == id), None)
