"""What `print` shows of records in a Python session: a line or a few, where the record itself fills pages."""

from functools import singledispatch

from mfcheck.claims.record import (
    CheckRecord,
    ClaimRecord,
    ConstantRecord,
    ConstantsRecord,
    FalsifyRecord,
    Finding,
    PowerRecord,
    Review,
    SimulationRecord,
    Value,
)
from mfcheck.report import numbers, view
from mfcheck.report.plain import plain_prose


@singledispatch
def text(shown: object) -> str | None:  # noqa: ARG001
    """Return lines of text of an object, None for a class that has no short form."""
    return None


@text.register
def _(shown: Review) -> str:
    lines = [f"{shown.paper} (budget {shown.budget}, seed {shown.seed}): {view.sentence(shown)}"]
    lines += [f"  {claim.verdict.value:<12} {claim.id}" for claim in shown.claims]
    return "\n".join(lines)


@text.register
def _(shown: ClaimRecord) -> str:
    several = len(shown.readings) > 1
    lines = [f"{shown.id}: {shown.verdict.value}: {plain_prose(shown.title)}"]
    lines += [f"  {r.verdict.value:<12} reading {r.id}" for r in shown.readings if several]
    lines += [f"  {view.answer(check):<12} check {check.id}" for check in shown.checks]
    return "\n".join(lines)


@text.register
def _(shown: CheckRecord) -> str:
    parts = [f"{shown.id} ({shown.kind.value}): {view.answer(shown)}"]
    parts += [f"left {_value(shown.lhs)}"] if shown.lhs is not None else []
    parts += [f"right {_value(shown.rhs)}"] if shown.rhs is not None else []
    parts += [plain_prose(shown.reason)] if shown.reason else []
    return "; ".join(parts)


@text.register
def _(shown: Finding) -> str:
    return f"{shown.severity}, {shown.claim}: {plain_prose(shown.text)}"


@text.register
def _(shown: PowerRecord) -> str:
    end = f"; missed: {', '.join(shown.missed)}" if shown.missed else ""
    return f"{shown.paper}: {shown.caught} of {shown.planted} planted errors caught{end}"


@text.register
def _(shown: ConstantRecord) -> str:
    return f"{shown.id} = {_value(shown.value) if shown.value is not None else shown.reason} ({shown.evidence})"


@text.register
def _(shown: ConstantsRecord) -> str:
    return "\n".join([f"{shown.paper}: constants", *(f"  {text(c)}" for c in shown.constants)])


@text.register
def _(shown: SimulationRecord) -> str:
    lines = [f"  {name} = {_value(value)}" for name, value in shown.final.items()]
    return "\n".join([f"{shown.paper} (seed {shown.seed}): at the end", *lines])


@text.register
def _(shown: FalsifyRecord) -> str:
    found = [a.inequality for a in shown.attacks if a.counterexample is not None]
    said = f"false, certified: {', '.join(found)}" if found else "no counterexample found"
    return f"{shown.paper}:{shown.claim}: {len(shown.attacks)} inequalities attacked; {said}"


def _value(value: Value) -> str:
    return plain_prose(value) if isinstance(value, str) else numbers.show(value).text
