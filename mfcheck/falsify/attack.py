"""Falsification of a claim: search, shrink, certify, and write down what anyone can repeat."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from mfcheck.catalog import load
from mfcheck.claims.inequality import Case, Inequality
from mfcheck.claims.model import Budget, Claim, Paper
from mfcheck.claims.record import AttackRecord, CounterexampleRecord, FalsifyRecord
from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError, meant
from mfcheck.falsify import space
from mfcheck.falsify.pool import Pool, Reference
from mfcheck.falsify.search import CONFIDENCE, Found, Perform, Sizes, search
from mfcheck.falsify.shrink import shrink
from mfcheck.falsify.target import NOISE, NOTHING, Target
from mfcheck.falsify.tightness import tightest
from mfcheck.falsify.visits import plots
from mfcheck.rigor.ball import interval

Watch = Callable[[str], None]
RECORD, DATA = "falsify.json", "data.csv"


def falsify(
    paper: str,
    claim: str,
    *,
    budget: str = "standard",
    seed: int = 0,
    planted: str | None = None,
    out: Path | str | None = None,
    jobs: int = 1,
    watch: Watch = lambda _: None,
) -> FalsifyRecord:
    """Search for settings in which a claim is false.

    Args:
        paper: id of an installed paper, or `module:attribute`.
        claim: id of one of its claims.
        budget: quick, standard or thorough.
        seed: the same seed gives the same record, times apart.
        planted: id of a planted error of the claim, or the last part of it, to be attacked in place of its reading.
        out: folder for the record, and for each counterexample its data, a script, and its certificate.
        jobs: processes to search in; the record does not depend on it, times apart.
        watch: told of each inequality before it is attacked.

    Raises:
        InputError: unknown names, a claim without inequalities to attack, or an unusable folder.
    """
    if budget not in tuple(Budget):
        raise InputError(f"unknown budget {budget[:60]!r}; choose one of {', '.join(Budget)}")
    if not 0 <= seed < 2**32:
        raise InputError(f"the seed must be from 0 to {2**32 - 1}, got {seed}")
    loaded = load(paper)
    found = _claim(loaded, claim)
    planted = None if planted is None else _full_id(found, planted)
    folder = None if out is None else Path(out)
    if folder is not None:
        _require_folder(folder)
    attacks = []
    sizes = Sizes.of(Budget(budget))
    with Pool(jobs) as pool:
        for inequality in _inequalities(found, planted):
            watch(f"{inequality.id}: {budget} search")
            reference = Reference(paper, claim, inequality.id, planted)
            perform = pool.perform(reference, sizes, seed)
            attacks.append(attack(reference.target(), sizes, seed, perform, Named(paper, folder)))
    record = FalsifyRecord(
        paper=paper,
        claim=claim,
        seed=seed,
        budget=budget,
        planted=planted,
        attacks=tuple(attacks),
    )
    if folder is not None:
        _write(folder, record)
    return record


def _claim(paper: Paper, id: str) -> Claim:
    found = paper.claim(id)
    able = ", ".join(c.id for c in paper.claims if c.inequalities)
    if found is None:
        near = meant(id, [c.id for c in paper.claims])
        raise InputError(f"unknown claim {id[:60]!r}{near}; {paper.id} can be attacked at: {able}")
    if not found.inequalities:
        reason = found.no_inequality or "it states no inequality about one setting"
        raise InputError(f"{id} cannot be attacked: {reason}; those that can: {able}")
    return found


def _full_id(claim: Claim, planted: str) -> str:
    """Return the id of a planted error that is named by it, or by its last part if no other shares that."""
    ids = [error.id for error in claim.planted]
    found = [id for id in ids if planted in (id, id.rpartition("/")[2])]
    if len(found) != 1:
        raise InputError(
            f"unknown planted error {planted[:60]!r}; {claim.id} has: {', '.join(ids)}"
        )
    return found[0]


def _inequalities(claim: Claim, planted: str | None) -> tuple[Inequality, ...]:
    if planted is None:
        return claim.inequalities
    reading = next(e.reading for e in claim.planted if e.id == planted)
    found = tuple(q for q in claim.inequalities if q.reading == reading)
    if not found:
        raise InputError(f"no inequality of {claim.id} belongs to the reading {reading!r}")
    return found


@dataclass(frozen=True)
class Named:
    """How a command names the paper, and where the files of a counterexample are kept, if they are."""

    paper: str
    folder: Path | None = None

    def data(self, inequality: str) -> str:
        """Return the path of the data of a counterexample; without a folder a name to save them under."""
        return DATA if self.folder is None else str(self.folder / inequality / DATA)


def attack(
    target: Target,
    sizes: Sizes,
    seed: int,
    perform: Perform | None = None,
    named: Named | None = None,
) -> AttackRecord:
    """Search for a counterexample of one inequality, and shrink it; `perform` does the units of the search."""
    found = search(target, sizes, seed, perform)
    named = named or Named(target.paper.id)
    example = None if found.case is None else _example(target, found.case, named)
    return _record(target, sizes, found, example)


def _example(target: Target, case: Case, named: Named) -> CounterexampleRecord:
    simplest = shrink(
        case,
        target.paper.default,
        target.inequality,
        lambda c: target.admissible(c) and target.fast(c.sample()) > NOISE,
        target.refuted,
    )
    return counterexample(target, simplest, named)


def counterexample(target: Target, case: Case, named: Named) -> CounterexampleRecord:
    """Return the record of a refuted case, with a command that checks the claim there.

    Raises:
        ValueError: the case is not certainly refuted.
    """
    sides = target.enclosed(case)
    if sides is None or not target.refuted(case):
        raise ValueError("the case is not certified to violate the inequality")
    lhs, rhs = (interval(side, 20) for side in sides)
    make = target.inequality.certificate
    return CounterexampleRecord(
        setting=case.setting.describe(),
        own={name: str(value) for name, value in case.own},
        lhs=lhs,
        rhs=rhs,
        python=script(target, case, named.paper),
        command=_command(target, case.setting, named),
        data=csv(case.setting) if case.setting.has_data else "",
        certificate=None if make is None else make(case, target.formulas),
    )


def _record(
    target: Target, sizes: Sizes, found: Found, example: CounterexampleRecord | None
) -> AttackRecord:
    inequality, sampled = target.inequality, found.sampled
    shown = tightest(target, found.visits)
    return AttackRecord(
        inequality=inequality.id,
        reading=inequality.reading,
        text=inequality.text,
        distribution=space.DISTRIBUTION.format(max_n=sizes.max_n, max_d=sizes.max_d),
        sampled=sizes.sampled,
        met=sampled.met,
        violated=sampled.violated,
        confidence=CONFIDENCE,
        probability_upper=sampled.upper,
        tried=dict(found.tried),
        seconds=dict(found.seconds),
        per_second=found.rate,
        largest=None if found.largest == NOTHING else found.largest,
        tightest=None if shown is None else shown.slack,
        plots=plots(found.visits, inequality),
        counterexample=example,
    )


# --- what anyone can repeat ------------------------------------------------------------------------------------------


def csv(setting: Setting) -> str:
    """Return the data as a CSV file of exact fractions, rows of norm one as far as the reader asks."""
    data = setting.data
    head = ",".join([*(f"x{i + 1}" for i in range(data.d)), "y"])
    rows = [",".join(map(str, (*row, y))) for row, y in zip(data.points, data.labels, strict=True)]
    return "\n".join([head, *rows]) + "\n"


def _command(target: Target, setting: Setting, named: Named) -> str:
    words = ["mfcheck", "check", f"{named.paper}:{target.claim.id}"]
    if setting.has_data:
        words += ["--data", named.data(target.inequality.id)]
    if setting.has_activation:
        words += ["--activation", setting.activation.name]
    for name, value in setting.departures(target.paper.default).items():
        words += ["--set", f"{name}={value}"]
    return shlex.join(words)


SCRIPT = """\
from dataclasses import replace
from fractions import Fraction

from mfcheck.catalog import load
from mfcheck.claims import Case, Data
from mfcheck.symbolic.activation import activation

paper = load({paper!r})
claim = paper.claim({claim!r})
inequality = next(q for q in claim.inequalities if q.id == {inequality!r})
formulas = {formulas}
setting = paper.default
{chosen}setting = setting.with_values({values})
lhs, rhs = inequality.enclosed(Case(setting, {own}), formulas)
print(lhs, "<=", rhs, "is false")
assert lhs > rhs
"""
_DATA = """\
points = {points}
labels = {labels}
setting = replace(setting, data=Data(points, labels))
"""
_ACTIVATION = """\
setting = replace(setting, activation=activation({activation!r}))
"""


def script(target: Target, case: Case, paper: str) -> str:
    """Return Python that evaluates both sides again, with guaranteed error bounds.

    Args:
        target: the inequality.
        case: where it is false.
        paper: as `mfcheck.catalog.load` takes it.
    """
    setting = case.setting
    values = setting.departures(target.paper.default)
    own = ", ".join(f"({name!r}, {_exact(v)})" for name, v in case.own)
    chosen = ""
    if setting.has_data:
        points, labels = _rows(setting.data.points), _tuple(setting.data.labels)
        chosen += _DATA.format(points=points, labels=labels)
    if setting.has_activation:
        chosen += _ACTIVATION.format(activation=setting.activation.name)
    return SCRIPT.format(
        paper=paper,
        claim=target.claim.id,
        inequality=target.inequality.id,
        formulas=_source_of(target),
        chosen=chosen,
        values=", ".join(f"{name}={_exact(v)}" for name, v in values.items()),
        own=f"({own},)" if own else "()",
    )


def _source_of(target: Target) -> str:
    reading = f"dict(claim.reading({target.inequality.reading!r}).formulas)"
    planted = next((e for e in target.claim.planted if _is_under(target, e.replace)), None)
    if planted is None:
        return reading
    return f"{reading} | dict(next(e for e in claim.planted if e.id == {planted.id!r}).replace)"


def _is_under(target: Target, replaced: Mapping[str, Any]) -> bool:
    stated = target.claim.reading(target.inequality.reading).formulas
    return dict(target.formulas) != dict(stated) and {**stated, **replaced} == dict(target.formulas)


def _exact(value: Fraction | str) -> str:
    if isinstance(value, str):
        return repr(value)
    return f"Fraction({value.numerator}, {value.denominator})"


def _tuple(values: tuple[Fraction, ...]) -> str:
    return f"({', '.join(map(_exact, values))},)"


def _rows(points: tuple[tuple[Fraction, ...], ...]) -> str:
    return "(" + "".join(f"\n    {_tuple(row)}," for row in points) + "\n)"


def _require_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to the folder {str(path)!r}: {error.strerror}") from None


def _write(folder: Path, record: FalsifyRecord) -> None:
    (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
    for attack in record.attacks:
        found = attack.counterexample
        if found is None:
            continue
        own = folder / attack.inequality
        own.mkdir(parents=True, exist_ok=True)
        if found.data:
            (own / DATA).write_text(found.data, encoding="utf-8")
        (own / "example.py").write_text(found.python, encoding="utf-8")
        if found.certificate is not None:
            text = json.dumps(found.certificate, indent=1) + "\n"
            (own / "certificate.json").write_text(text, encoding="utf-8")
