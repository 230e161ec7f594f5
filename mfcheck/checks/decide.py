"""From numbers to evidence: each case is decided, the one that decides is shown, and all are drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from flint import arb

from mfcheck.checks.certify import WORK, NotStatedError, Sides, comparison
from mfcheck.claims.model import Context
from mfcheck.claims.record import Curve, Estimate, Evidence, Interval, Note, Plot
from mfcheck.claims.verdict import Scope
from mfcheck.rigor.ball import compare, interval
from mfcheck.statistics.compare import agrees, all_hold, at_most

Side: TypeAlias = arb | Estimate
Relation = Literal["==", "<=", "<", ">=", ">"]


@dataclass(frozen=True)
class Case:
    """Both sides of a comparison in one case: balls, or numbers with errors.

    Args:
        lhs: what was found.
        rhs: what the formula says.
        label: the case in words, such as `N = 256`.
        x: where it is drawn, None if it is not.
        sides: both sides as formulas, for a certificate.
    """

    lhs: Side
    rhs: Side
    label: str = ""
    x: float | None = None
    sides: Sides | None = None


@dataclass(frozen=True)
class Standard:
    """What it takes to decide.

    Args:
        relation: of left to right side.
        digits: two balls count as equal if they overlap and are this accurate, relative to the right side.
        resolution: two numbers count as equal if their errors are below this share of the right side.
        alarm: probability of a false *no* over all cases together.
    """

    relation: Relation = "=="
    digits: float = 10
    resolution: float = 0.1
    alarm: float = 1e-5


def decide(
    cases: Sequence[Case],
    standard: Standard,
    domain: str = "",
    scope: Scope = Scope.CASES,
    plot: Plot | None = None,
    notes: tuple[Note, ...] = (),
) -> Evidence:
    """Return the evidence that every case stands in the relation; without a case it is undecided."""
    if not cases:
        return Evidence(passed=None, cases=0, domain=domain, reason="there was no case to compare")
    each = Standard(
        standard.relation, standard.digits, standard.resolution, standard.alarm / len(cases)
    )
    answers = [holds(case, each) for case in cases]
    passed = all_hold(answers)
    shown = cases[_telling(cases, answers, passed, standard.relation)]
    lhs, rhs = as_record(shown.lhs), as_record(shown.rhs)
    return Evidence(
        passed=passed,
        scope=scope,
        lhs=lhs,
        rhs=rhs,
        slack=slack(shown, standard.relation),
        error=_finite(radius(shown.lhs) + radius(shown.rhs)),
        cases=len(cases),
        domain=domain,
        reason="" if passed else _reason(shown, passed, standard),
        plots=() if plot is None else (plot,),
        notes=notes if passed else (),
    )


MOST_CASES = 16
"""Comparisons of more cases get no certificate by themselves."""


def certified(
    evidence: Evidence, context: Context, cases: Sequence[Case], standard: Standard
) -> Evidence:
    """Return the evidence of comparisons that hold with a certificate, if all sides are formulas that it can state."""
    if not evidence.passed or evidence.certificate is not None or len(cases) > MOST_CASES:
        return evidence
    balls = [
        (case.lhs, case.rhs, case.sides)
        for case in cases
        if isinstance(case.lhs, arb) and isinstance(case.rhs, arb)
    ]
    if len(balls) < len(cases):
        return evidence
    try:
        work = WORK if evidence.scope is Scope.WHOLE else WORK // 8
        found = comparison(context, balls, standard.relation, standard.digits, work)
    except NotStatedError:
        return evidence
    return evidence.but(certificate=found)


def holds(case: Case, standard: Standard) -> bool | None:
    """Return whether a case stands in the relation; None where that is open."""
    lhs, rhs = case.lhs, case.rhs
    if standard.relation in (">=", ">"):
        lhs, rhs = rhs, lhs
    if isinstance(lhs, arb) and isinstance(rhs, arb):
        return _certain(lhs, rhs, standard)
    a, b = as_estimate(lhs), as_estimate(rhs)
    if a is None or b is None:
        return None
    if standard.relation == "==":
        return agrees(a, b, standard.resolution, standard.alarm)
    return at_most(a, b, standard.alarm)


def _certain(lhs: arb, rhs: arb, standard: Standard) -> bool | None:
    order = compare(lhs, rhs)
    if standard.relation == "==":
        if order != "?":
            return False
        close = arb(10) ** -int(standard.digits)
        narrow = lhs.rad() + rhs.rad() <= close * abs(rhs) or lhs.rad() + rhs.rad() <= close * close
        return True if narrow else None
    if order == "?" and standard.relation in ("<=", ">=") and _same(lhs, rhs):
        return True
    return {"<": True, ">": False, "?": None}[order]


def _same(lhs: arb, rhs: arb) -> bool:
    return bool(lhs.is_exact() and rhs.is_exact() and lhs == rhs)


def as_estimate(side: Side) -> Estimate | None:
    """Return a side as a number with an error; None where a ball is not finite."""
    if isinstance(side, Estimate):
        return side
    if not side.is_finite():
        return None
    middle = float(side.mid())
    error = float(side.rad()) + 2.0**-52 * abs(middle)
    return Estimate(value=middle, error=error, bias=error)


def as_record(side: Side) -> Interval | Estimate:
    """Return a side as it is stored."""
    return side if isinstance(side, Estimate) else interval(side)


def middle(side: Side) -> float:
    """Return the number that stands for a side."""
    return side.value if isinstance(side, Estimate) else float(side.mid())


def radius(side: Side) -> float:
    """Return the error of a side."""
    return side.error if isinstance(side, Estimate) else float(side.rad())


def slack(case: Case, relation: Relation) -> float | None:
    """Return larger over smaller side as a factor; None for an equality, or where a side is not positive."""
    if relation == "==":
        return None
    small, large = middle(case.lhs), middle(case.rhs)
    if relation in (">=", ">"):
        small, large = large, small
    return _finite(large / small) if small > 0 and np.isfinite(small) else None


def _telling(
    cases: Sequence[Case], answers: Sequence[bool | None], passed: bool | None, relation: Relation
) -> int:
    """Return the case that decides: the first that does not hold, else the tightest."""
    if not passed:
        return list(answers).index(passed)
    if relation == "==":
        return int(np.argmax([_apart(case) for case in cases]))
    return int(np.argmin([slack(case, relation) or np.inf for case in cases]))


def _apart(case: Case) -> float:
    """Return the distance of two equal sides in units of the right one."""
    lhs, rhs = middle(case.lhs), middle(case.rhs)
    apart = abs(lhs - rhs) / abs(rhs) if rhs else abs(lhs)
    return apart if np.isfinite(apart) else np.inf


_STATED = {"==": "equality", "<=": "at most", "<": "less", ">=": "at least", ">": "more"}


def _reason(case: Case, passed: bool | None, standard: Standard) -> str:
    where = f"{case.label}: " if case.label else ""
    sides = f"{_text(case.lhs)} against {_text(case.rhs)}"
    if passed is False:
        return f"{where}{sides}, where {_STATED[standard.relation]} was stated"
    return f"{where}{sides}: too close or too coarse to tell"


def _text(side: Side) -> str:
    """Return a side in few digits: of a narrow ball those that are certain, of a wide one its radius as well."""
    if isinstance(side, Estimate):
        return f"{side.value:.6g} ± {side.error:.2g}"
    if side.rel_accuracy_bits() < 20 and not side.is_exact():
        return str(side.str(8))
    digits = str(side.str(8, radius=False))
    mantissa, mark, power = digits.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + mark + power


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def against(
    cases: Sequence[Case], id: str, title: str, x_label: str, y_label: str, log: str = ""
) -> Plot | None:
    """Return the picture of found (points with errors) against stated (dashed); None without two places.

    `log` names the logarithmic axes: `x`, `y`, `xy` or none; one that values do not allow is left linear.
    """
    placed = sorted((c for c in cases if c.x is not None), key=lambda c: c.x or 0.0)
    if len(placed) < 2:
        return None
    x = tuple(float(c.x or 0.0) for c in placed)
    found, stated = (tuple(middle(s) for s in side) for side in _sides(placed))
    if not np.all(np.isfinite([*found, *stated])):
        return None
    error = tuple(radius(c.lhs) for c in placed)
    curves = (
        Curve(label="found", x=x, y=found, error=error, style="points"),
        Curve(label="stated", x=x, y=stated, style="bound"),
    )
    return picture(id, title, x_label, y_label, curves, _where_positive(log, curves))


def picture(
    id: str, title: str, x_label: str, y_label: str, curves: Iterable[Curve], log: str = ""
) -> Plot:
    """Return the picture of curves.

    Args:
        id: short name.
        title: in words.
        x_label: of the axis.
        y_label: of the axis.
        curves: see `curve`.
        log: names of the logarithmic axes: `x`, `y`, `xy` or none; a point that has no place there is left out.
    """
    return Plot(
        id=id,
        title=title,
        x_label=x_label,
        y_label=y_label,
        x_log="x" in log,
        y_log="y" in log,
        curves=tuple(curves),
    )


def _where_positive(log: str, curves: Sequence[Curve]) -> str:
    """Return the logarithmic axes on which every point has a place."""
    least = {"x": min(min(c.x) for c in curves), "y": min(min(c.y) for c in curves)}
    return "".join(axis for axis in log if least[axis] > 0)


def curve(
    label: str,
    x: Iterable[float],
    found: Iterable[Side | float],
    style: str = "line",
) -> Curve:
    """Return the curve of numbers, with error bars if there is an estimate among them; styles as in `Curve`."""
    found = list(found)
    bars = any(isinstance(value, Estimate) for value in found)
    sides = [
        (middle(v), radius(v)) if isinstance(v, arb | Estimate) else (float(v), 0.0) for v in found
    ]
    return Curve(
        label=label,
        x=tuple(map(float, x)),
        y=tuple(value for value, _ in sides),
        error=tuple(error for _, error in sides) if bars else None,
        style=style,
    )


def course(
    found: Sequence[tuple[float | None, Side]], id: str, x_label: str, y_label: str, log: str = ""
) -> Plot | None:
    """Return the picture of values with their errors; None without two places. Arguments as in `against`."""
    placed = sorted((float(x), middle(value), radius(value)) for x, value in found if x is not None)
    if len(placed) < 2 or not np.all(np.isfinite(placed)):
        return None
    x, y, error = (tuple(column) for column in zip(*placed, strict=True))
    curves = (Curve(label="found", x=x, y=y, error=error),)
    title = f"{y_label} against {x_label}"
    return picture(id, title, x_label, y_label, curves, _where_positive(log, curves))


def _sides(cases: Sequence[Case]) -> tuple[list[Side], list[Side]]:
    return [c.lhs for c in cases], [c.rhs for c in cases]
