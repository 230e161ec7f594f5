"""Papers, assumptions, claims, checks and planted errors: the words of the charter as data that carries code."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import numpy as np
import sympy as sp

from mfcheck.claims.display import Displayed
from mfcheck.claims.experiment import Experiment
from mfcheck.claims.inequality import Inequality, Sample
from mfcheck.claims.mistakes import kind_of
from mfcheck.claims.randomness import stream as stream
from mfcheck.claims.record import Evidence
from mfcheck.claims.setting import Parameter, Setting
from mfcheck.claims.trial import Simulation
from mfcheck.claims.verdict import Kind, Known, Question, Verdict

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


FALSE_ALARM = 1e-3
"""Probability that a whole review of true claims shows a false *no*, at most."""


def _shielded(formulas: Formulas) -> Formulas:
    """Return formulas that nobody can change: a matrix is copied, as a check could write to its entries."""
    fixed = {
        name: formula.as_immutable() if isinstance(formula, sp.MatrixBase) else formula
        for name, formula in formulas.items()
    }
    return MappingProxyType(fixed)


@dataclass(frozen=True)
class Context:
    """All that a check may depend on; two runs with equal contexts give equal evidence.

    Args:
        setting: under review.
        budget: how much work to do.
        seed: of every random choice.
        check: id of the check.
        formulas: of the reading under test, or of a planted error of it.
        paper: whose check it is, for its constants and parameters; None in tests of a check by itself.
        alarm: probability with which a simulated or sampled check may say a false *no*: its share of `FALSE_ALARM`.
    """

    setting: Setting
    budget: Budget
    seed: int
    check: str
    formulas: Formulas = field(default_factory=dict)
    paper: "Paper | None" = None
    alarm: float = FALSE_ALARM / 100

    def __post_init__(self) -> None:
        """Shield the formulas: a check cannot change what later ones test."""
        object.__setattr__(self, "formulas", _shielded(self.formulas))

    def rng(self, name: str = "") -> np.random.Generator:
        """Return the check's own random stream, or one that checks share by its name."""
        return stream(self.seed, name or self.check)

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
        checks: names of checks of the paper that ask the same; their findings are not repeated.
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

    Args:
        id: short name within the reading; the claim makes it `claim/reading/name`.
        kind: how it reaches its answer.
        run: the work.
        tests: names of the formulas that it tests; None for all of its reading.
        question: what it asks.
        group: of checks that share work.
        reading: id of its reading; the claim fills it in.
    """

    id: str
    kind: Kind
    run: Run
    tests: tuple[str, ...] | None = None
    question: Question = Question.HOLDS
    group: str = ""
    reading: str = ""


@dataclass(frozen=True)
class PlantedError:
    """A wrong variant of a reading, known to be false, that checks must reject.

    Args:
        id: short name within the reading; the claim makes it `claim/reading/name`.
        kind: of mistake, in words; if empty, the claim derives it from the formulas.
        replace: the formulas that are wrong.
        why_false: a reason that a reader can check.
        rejected_by: names of checks of the reading; if empty, all that test a formula which is replaced, and ask
            whether the reading holds, or where none asks that, whatever they ask.
        reading: id of its reading; the claim fills it in.
        also: names of further checks that must reject it, such as `slack-NAME` of an attack.
    """

    id: str
    kind: str
    replace: Formulas
    why_false: str
    rejected_by: tuple[str, ...] = ()
    reading: str = ""
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Shield the formulas from changes."""
        object.__setattr__(self, "replace", _shielded(self.replace))


SEARCH = "mfcheck.falsify.tightness"
"""Named and not imported: searches stand above this room."""


@dataclass(frozen=True)
class _Slack:
    """The work of a check that measures the slack of an inequality."""

    inequality: Inequality

    def __call__(self, context: Context, /) -> Evidence:
        """Search settings of many sizes."""
        evidence: Evidence = import_module(SEARCH).measure(context, self.inequality)
        return evidence


@dataclass(frozen=True)
class Reading:
    """One precise meaning of a claim: words for people, formulas for everything else, and what tests them.

    Args:
        id: short name.
        text: the meaning in words.
        formulas: by name.
        checks: what tests them.
        wrong: planted errors, each of which must be rejected.
        attack: inequalities in which a search for counterexamples looks.
        needs: raises InputError for a setting of which this reading says nothing.
        regimes: what it speaks about; where the text allows several, each is audited; those of its claim if left out.
        claimed: whether the text may be meant so. An over-reading, judged to show where a claim ends, is none of the
            authors': they are asked nothing about it.
    """

    id: str
    text: str
    formulas: Formulas = field(default_factory=dict)
    checks: Sequence[Check] = ()
    wrong: Sequence[PlantedError] = ()
    attack: Sequence[Inequality] = ()
    needs: Callable[[Setting], None] | None = None
    regimes: Sequence[Regime] = ()
    claimed: bool = True

    def __post_init__(self) -> None:
        """Accept lists, and shield the formulas from changes."""
        object.__setattr__(self, "formulas", _shielded(self.formulas))
        for name in ("checks", "wrong", "attack", "regimes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def rejecting(self, error: PlantedError) -> tuple[str, ...]:
        """Return the names of the checks that must reject a planted error of this reading."""
        replaced = set(error.replace)
        testing = [c for c in self.checks if c.tests is None or set(c.tests) & replaced]
        asked = [c for c in testing if c.question is Question.HOLDS] or testing
        return (*(error.rejected_by or (c.id for c in asked)), *error.also)

    @property
    def slack_checks(self) -> tuple[Check, ...]:
        """A check for each attack: it searches settings of many sizes for the least slack."""
        return tuple(
            Check(f"slack-{q.id}", Kind.SAMPLED, _Slack(q), group="slack") for q in self.attack
        )

    def validate(self, claim: str) -> None:
        """Refuse parts that do not fit together.

        Raises:
            ValueError: ids that are not unique, a check or an error that names an unknown formula or check, or an
                error that no check could reject.
        """
        where = f"{claim}/{self.id}"
        names = {c.id for c in (*self.checks, *self.slack_checks)}
        for parts in (self.checks, self.wrong, self.attack):
            ids = [part.id for part in parts]
            if len(set(ids)) < len(ids):
                raise ValueError(f"{where}: two parts share an id: {', '.join(ids)}")
        for check in self.checks:
            if unknown := set(check.tests or ()) - set(self.formulas):
                raise ValueError(f"{where}: check {check.id} tests no formula {sorted(unknown)}")
        for error in self.wrong:
            if not error.replace or set(error.replace) - set(self.formulas):
                raise ValueError(f"{where}: planted error {error.id} replaces an unknown formula")
            rejecting = self.rejecting(error)
            if not rejecting or set(rejecting) - names:
                raise ValueError(f"{where}: planted error {error.id} has no check to reject it")
        if not self.regimes:
            raise ValueError(f"{where}: a reading needs a regime")


def _first_change(reading: Reading, error: PlantedError) -> tuple[str, sp.Basic, sp.Basic]:
    name, wrong = next(iter(error.replace.items()))
    return name, reading.formulas[name], wrong


@dataclass(frozen=True)
class Claim(Displayed):
    """A statement of the paper. Its first reading is the text as it stands and gives the claim's verdict.

    Args:
        id: stable name.
        title: short name for people.
        statement: in the words of the paper, mathematics as TeX between dollar signs.
        source: where it stands.
        readings: its meanings; each owns its checks, planted errors, regimes and attacks.
        known: how surely the wording of the statement is known.
        assumptions: ids of what it assumes.
        no_inequality: where there is nothing to attack: why, in words that end a sentence.
        regimes: what the readings speak about that name none themselves.
    """

    id: str
    title: str
    statement: str
    source: str
    readings: Sequence[Reading]
    known: str = Known.FROM_MEMORY
    assumptions: Sequence[str] = ()
    no_inequality: str = ""
    regimes: Sequence[Regime] = (ONE_SETTING,)

    def __post_init__(self) -> None:
        """Refuse a claim whose parts do not fit together."""
        regimes = {r.id: tuple(r.regimes or self.regimes) for r in self.readings}
        readings = tuple(replace(r, regimes=regimes[r.id]) for r in self.readings)
        object.__setattr__(self, "readings", readings)
        object.__setattr__(self, "assumptions", tuple(self.assumptions))
        object.__setattr__(self, "known", Known(self.known))
        ids = [r.id for r in self.readings]
        if not ids or len(set(ids)) < len(ids):
            raise ValueError(f"{self.id}: reading ids must be unique, with one reading at least")
        for reading in self.readings:
            reading.validate(self.id)

    def _full(self, reading: str, name: str) -> str:
        return f"{self.id}/{reading}/{name}"

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """The checks of all readings, with full ids; those of the slack of their attacks included."""
        return tuple(
            replace(c, id=self._full(r.id, c.id), reading=r.id)
            for r in self.readings
            for c in (*r.checks, *r.slack_checks)
        )

    @cached_property
    def planted(self) -> tuple[PlantedError, ...]:
        """The planted errors of all readings, with full ids of themselves and of the checks that must reject them."""
        return tuple(
            replace(
                e,
                id=self._full(r.id, e.id),
                kind=e.kind or kind_of(*_first_change(r, e)),
                reading=r.id,
                rejected_by=tuple(self._full(r.id, name) for name in r.rejecting(e)),
            )
            for r in self.readings
            for e in r.wrong
        )

    @cached_property
    def inequalities(self) -> tuple[Inequality, ...]:
        """What a search for counterexamples can attack, with full ids."""
        return tuple(
            replace(q, id=self._full(r.id, q.id), reading=r.id)
            for r in self.readings
            for q in r.attack
        )

    def reading(self, id: str) -> Reading:
        """Return the reading of that id."""
        return next(r for r in self.readings if r.id == id)


@dataclass(frozen=True)
class Constant(Displayed):
    """A named quantity: a formula over other constants and parameters, or a leaf with a value of its own.

    Args:
        id: stable name, used in JSON and on the command line.
        symbol: how other formulas refer to it.
        formula: over the symbols of other constants and of parameters; for a leaf, what it denotes.
        source: where the paper introduces it, or where the derivation is given.
        value: leaf only: `(setting, digits) -> arb`, a rigorous enclosure, or an `Estimate` where none is in reach;
            raises InputError, with the condition, in a setting where the constant does not exist.
        depends_on: leaf only: ids of what its value comes from.
        needs: what the derivation uses beyond the paper's assumptions.
        certify: leaf only: `(setting, digits) -> certificate or None`, a proof of the value for `mfcheck verify`.
        meaning: what it is, in words.
        fast: leaf only: `sample -> float`, the value in double precision for searches; nan where it is not defined.
    """

    id: str
    symbol: sp.Symbol
    formula: sp.Basic
    source: str
    value: Callable[[Setting, int], Any] | None = None
    depends_on: tuple[str, ...] = ()
    needs: str = ""
    certify: Callable[[Setting, int], dict[str, Any] | None] | None = None
    meaning: str = ""
    fast: Callable[[Sample], float] | None = None


@dataclass(frozen=True)
class Twin:
    """A constant that another paper has too, under its own name: both must give the same number.

    Args:
        constant: id of the constant in this paper.
        paper: id of the other paper.
        other: id of the constant there.
        where: values of the other paper's parameters: exact formulas in those of this one, or named choices; its other
            parameters keep their defaults.
    """

    constant: str
    paper: str
    other: str
    where: Mapping[str, sp.Expr | int | str] = field(default_factory=dict)


def constant(
    id: str,
    value: sp.Expr | Callable[[Setting, int], Any],
    meaning: str,
    *,
    source: str = "",
    latex: str = "",
    uses: Sequence[str] = (),
    needs: str = "",
    certify: Callable[[Setting, int], dict[str, Any] | None] | None = None,
) -> Constant:
    """Return a constant: a formula, or a leaf given by `(setting, digits) -> arb or Estimate`.

    Its symbol is real and named `latex`, or as the constant is; `uses` names what a leaf depends on: parameters,
    constants, `data`, `activation`; `certify` proves a leaf, such as `mfcheck.checks.zero_of`.
    """
    symbol = sp.Symbol(latex or id, real=True)
    if isinstance(value, sp.Basic):
        return Constant(id, symbol, value, source, needs=needs, meaning=meaning)
    return Constant(
        id, symbol, symbol, source, value, tuple(uses), needs, meaning=meaning, certify=certify
    )


def _no_condition(_: Setting) -> None:
    """Refuse no setting."""


@dataclass(frozen=True)
class Paper(Displayed):
    """A set of assumptions and claims.

    `verdicts` is the table of what its readings come to in the default setting, by `claim/reading`; the conformance
    suite holds every installed paper to its own.
    """

    id: str
    title: str
    authors: tuple[str, ...]
    source: str
    parameters: tuple[Parameter, ...]
    default: Setting
    claims: tuple[Claim, ...]
    assumptions: tuple[Assumption, ...] = ()
    validate: Callable[[Setting], None] = _no_condition
    """Raises InputError for a setting that the paper cannot speak about."""
    verdicts: Mapping[str, Verdict | str] = field(default_factory=dict)
    constants: tuple[Constant, ...] = ()
    simulate: Simulation | None = None
    references: tuple[str, ...] = field(default=())
    experiments: tuple[Experiment, ...] = ()
    """Sweeps that the paper proposes, for `mfcheck experiment`."""
    twins: tuple[Twin, ...] = ()
    """Constants that other papers have too."""
    summary: str = ""
    """What the paper claims, in one or two sentences, for the top of a review."""

    def __post_init__(self) -> None:
        """Refuse a paper with clashing ids."""
        for name in ("claims", "constants", "parameters", "assumptions", "authors", "references"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.simulate is not None:
            object.__setattr__(self, "simulate", replace(self.simulate, paper=self.id))
        table = {id: Verdict(v) for id, v in self.verdicts.items()}
        object.__setattr__(self, "verdicts", MappingProxyType(table))
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
        known = {c.id for c in self.constants}
        if unknown := [t.constant for t in self.twins if t.constant not in known]:
            raise ValueError(f"{self.id}: a twin names an unknown constant {unknown[0]!r}")
        known = {a.id for a in self.assumptions}
        for claim in self.claims:
            if not set(claim.assumptions) <= known:
                raise ValueError(f"{self.id}: {claim.id} names an unknown assumption")
        self._require_regimes()

    def _require_regimes(self) -> None:
        regimes = {g for c in self.claims for reading in c.readings for g in reading.regimes}
        if len({regime.id for regime in regimes}) < len(regimes):
            raise ValueError(f"{self.id}: two regimes share an id")
        for regime in regimes:
            if len(self.check_ids(regime.checks)) < len(regime.checks):
                raise ValueError(f"{self.id}: the regime {regime.id} names an unknown check")

    def check_ids(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the full ids of checks given by full id or by name."""
        wanted = set(names)
        ids = (c.id for claim in self.claims for c in claim.checks)
        return tuple(id for id in ids if {id, id.rpartition("/")[2]} & wanted)

    @cached_property
    def alarm(self) -> float:
        """The share of one simulated or sampled check in the false alarms of a whole review."""
        soft = sum(not check.kind.rigorous for claim in self.claims for check in claim.checks)
        return FALSE_ALARM / max(1, soft)

    def claim(self, id: str) -> Claim | None:
        """Return the claim of that id, if there is one."""
        return next((c for c in self.claims if c.id == id), None)
