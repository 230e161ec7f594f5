"""The shapes of checks of exponents: quantities that go like a power of another, formulas compared by their orders."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.checks.values import Where, number
from mfcheck.claims.model import Check, Context
from mfcheck.claims.record import Curve, Estimate, Evidence
from mfcheck.claims.verdict import Kind, Question, Scope
from mfcheck.constants.orders import order
from mfcheck.errors import InputError
from mfcheck.statistics.compare import half_width, order_evidence
from mfcheck.statistics.corrections import corrected_order
from mfcheck.statistics.estimates import mean_of

Array = NDArray[np.float64]
Words: TypeAlias = str | Callable[[Context], str]
"""Words, with names of formulas in braces for the formulas, or what says them for a budget and a setting."""


@dataclass(frozen=True)
class Growth:
    """One quantity at several places.

    Args:
        x: at least three places, increasing, shape (k,).
        values: the quantity there, shape (k,), or in replicates, shape (R, k).
        errors: half-widths of the values, shape (k,); of replicates, what all of one place have in common, with one
            sign at all places: of errors as large everywhere but of any signs the exponent would need more.
        label: which quantity it is, where there are several.
        where: values of symbols of the exponent.
    """

    x: Array
    values: Array
    errors: Array | None = None
    label: str = ""
    where: Where = field(default_factory=dict)


Growing: TypeAlias = tuple[Array, Array] | tuple[Array, Array, Array] | Iterable[Growth]


def said(words: Words, context: Context) -> str:
    """Return the words for a context; braces around other words than names of its formulas stay."""
    text, formulas = words if isinstance(words, str) else words(context), context.formulas
    return re.sub(
        r"\{([\w-]+)\}", lambda m: str(formulas[m[1]]) if m[1] in formulas else m[0], text
    )


def rate(
    id: str,
    formula: str,
    measure: Callable[[Context], Growing],
    *,
    x_label: str,
    y_label: str,
    domain: Words = "",
    kind: Kind = Kind.SIMULATED,
    relation: Literal["==", "<="] = "==",
    where: Mapping[sp.Symbol, Any] | None = None,
    correction: float | None = None,
    typical: bool = False,
    uses: Sequence[str] = (),
    group: str = "",
) -> Check:
    """Return the check that a quantity goes like a power, the exponent of which the formula states.

    Of several quantities the one that is farthest from a yes decides, and all are drawn.

    Args:
        id: short name.
        formula: name of the exponent.
        measure: `context -> (x, samples)` with values of replicates, shape (R, k), at k >= 3 abscissae, or
            `(x, values, errors)` without replicates, or what makes a `Growth`, or several of them.
        x_label: of the picture.
        y_label: of the picture.
        domain: what was covered, in words.
        kind: simulated, or sampled.
        relation: of the fitted to the stated exponent; with `<=` a smaller one agrees too.
        where: values of symbols of the exponent.
        correction: exponent of a relative correction to the law that falls slowly, which is fitted too; for values
            without replicates, at least five.
        typical: draw and fit geometric means of replicates, where their tails are heavy.
        uses: names of further formulas, which `measure` takes from the context.
        group: of checks that share memoised work.
    """

    def run(context: Context, /) -> Evidence:
        growths = _growths(measure(context), where or {})
        words: dict[str, Any] = {
            "id": id,
            "x_label": x_label,
            "y_label": y_label,
            "domain": said(domain, context),
        }
        alarm = context.alarm / max(1, len(growths))
        found = [
            _evidence(
                growth,
                number(context, formula, growth.where),
                relation,
                correction,
                typical,
                alarm,
                words,
            )
            for growth in growths
        ]
        return _together(growths, found)

    return Check(id, kind, run, (formula, *uses), group=group)


def no_faster(
    id: str,
    tests: Iterable[str],
    sides: Callable[[Context], tuple[sp.Expr, sp.Expr]],
    symbol: sp.Symbol,
    *,
    domain: str,
    reason: str,
    question: Question = Question.HOLDS,
) -> Check:
    """Return the exact check that a formula is of no larger order in a symbol, as it grows, than another.

    Args:
        id: short name.
        tests: names of the formulas that enter.
        sides: `context ->` both formulas; all other symbols count as constants.
        symbol: which grows.
        domain: what the other symbols stand for, in words.
        reason: what it means if the first is of larger order, with `{}` for its order.
        question: what the check asks.
    """

    def run(context: Context, /) -> Evidence:
        small, large = sides(context)
        first, second = order(small, symbol), order(large, symbol)
        if first is None or second is None:
            raise InputError("an order could not be derived")
        passed = bool(first <= second)
        return Evidence(
            passed=passed,
            scope=Scope.WHOLE,
            lhs=f"${symbol}^{{{first}}}$: ${sp.latex(small)}$",
            rhs=f"${symbol}^{{{second}}}$",
            error=0.0,
            domain=domain,
            reason="" if passed else reason.format(f"${symbol}^{{{first}}}$"),
        )

    return Check(id, Kind.EXACT, run, tuple(tests), question)


def _growths(found: Growing, where: Where) -> list[Growth]:
    if isinstance(found, tuple) and not isinstance(found[0], Growth):
        return [Growth(*found, where=where)]  # type: ignore[misc]
    return list(found)  # type: ignore[arg-type]


def _evidence(
    growth: Growth,
    expected: float,
    relation: Literal["==", "<="],
    correction: float | None,
    typical: bool,
    alarm: float,
    words: dict[str, Any],
) -> Evidence:
    """Return the evidence of one quantity."""
    x, values = (np.asarray(part, dtype=np.float64) for part in (growth.x, growth.values))
    common = np.zeros(len(x)) if growth.errors is None else np.asarray(growth.errors, dtype=float)
    refused = _refused(x, values, typical, words)
    if refused is not None:
        return refused
    if values.ndim == 1:
        if correction is not None:
            return corrected_order(x, values, common, expected, correction, **words)
        return order_evidence(x, values, common, expected, relation=relation, alarm=alarm, **words)
    if correction is not None:
        raise InputError("a slow correction is fitted to values without replicates")
    if typical:
        logs = np.log(values)
        y = np.exp(logs.mean(axis=0))
        errors = y * half_width(logs)
    else:
        means = [mean_of(column) for column in values.T]
        y, errors = np.array([e.value for e in means]), np.array([e.error for e in means])
    shared = {"samples": values, "common": common, "relation": relation, "alarm": alarm}
    return order_evidence(x, y, errors + common, expected, **shared, **words)  # type: ignore[arg-type]


def _refused(x: Array, values: Array, typical: bool, words: Mapping[str, Any]) -> Evidence | None:
    """Return evidence that decides nothing where a value has no logarithm that could be drawn or fitted."""
    table = np.atleast_2d(values)
    fits = np.isfinite(table) & ((table > 0) | (not typical))
    bad = np.flatnonzero(~fits.all(axis=0))
    if not len(bad):
        return None
    place = f"{words['x_label']} = {x[bad[0]]:g}"
    reason = f"{words['y_label']} is not a finite {'positive ' if typical else ''}number at {place}"
    return Evidence(passed=None, cases=len(x), domain=words["domain"], reason=reason)


def _together(growths: Sequence[Growth], found: Sequence[Evidence]) -> Evidence:
    """Return the evidence of the quantity that decides, with the curves of all in one picture."""
    if not found:
        return Evidence(passed=None, cases=0, reason="there was nothing to compare")
    decisive = min(found, key=lambda e: ((False, None, True).index(e.passed), -_distance(e)))
    if len(found) == 1:
        return decisive
    curves = [
        _named(curve, growth.label)
        for growth, evidence in zip(growths, found, strict=True)
        for drawn in evidence.plots
        for curve in drawn.curves
    ]
    pictures = [plot for evidence in found for plot in evidence.plots][:1]
    plots = tuple(plot.but(curves=tuple(curves)) for plot in pictures)
    label = growths[list(found).index(decisive)].label
    reason = f"{label}: {decisive.reason}" if label and decisive.reason else decisive.reason
    return decisive.but(plots=plots, cases=sum(e.cases for e in found), reason=reason)


def _named(curve: Curve, label: str) -> Curve:
    return curve.but(label=f"{label}: {curve.label}") if label else curve


def _distance(evidence: Evidence) -> float:
    """Return how far the fitted exponent is from the stated one."""
    lhs, rhs = evidence.lhs, evidence.rhs
    numbers = isinstance(lhs, Estimate) and isinstance(rhs, Estimate)
    return abs(lhs.value - rhs.value) if numbers else 0.0  # type: ignore[union-attr]
