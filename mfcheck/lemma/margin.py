"""A picture of the margin of a statement, left minus right: data that `mfcheck.report` draws. It is no proof."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from flint import arb, ctx

from mfcheck.claims.record import Curve, Plot
from mfcheck.lemma import terms
from mfcheck.lemma.asked import Lemma, question
from mfcheck.lemma.balls import long_series
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula, atoms
from mfcheck.lemma.meaning import problem_of
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.problem import Problem, Range, bounded, constant_ball
from mfcheck.lemma.statement import Statement, read
from mfcheck.lemma.terms import Term

POINTS = 161
SLICES = 5
FAR = 10.0
"""Where an unbounded range is cut in the picture."""

_SLACK = 2.0**-40


def margin(lemma: Lemma) -> Plot | None:
    """Return the margin over the domain, None for statements with other than one or two real variables.

    Over two variables, curves in the first for values of the second. What is not finite at a point is left out.

    Raises:
        InputError: the statement cannot be read.
    """
    asked = question(lemma)
    with ctx.workprec(96), long_series():
        statement = read(asked.text, asked.domain, asked.where, lemma.best)
        problem = problem_of(statement)
        cut = bounded(problem.ranges, problem.hypotheses)
        shown = [a for a in atoms(statement.conclusion) if a.term.free]
        names = sorted({n for a in shown for n in a.term.free})
        if cut is None or not 1 <= len(names) <= 2 or _is_other(statement, names):
            return None
        curves = tuple(_curves(problem, cut, shown, names))
    return Plot(
        id="margin",
        title="Margin of the statement: it holds where this is not below 0",
        x_label=names[0],
        y_label="margin",
        curves=curves,
    )


def _is_other(statement: Statement, names: Sequence[str]) -> bool:
    """Say whether more names, or whole numbers, take part."""
    known = set(statement.names("real"))
    return statement.best is not None or not set(names) <= known


def _curves(
    problem: Problem, cut: Problem, shown: Sequence[Atom], names: Sequence[str]
) -> Iterator[Curve]:
    xs = _grid(cut.ranges[names[0]], POINTS)
    others = _grid(cut.ranges[names[1]], SLICES) if len(names) == 2 else [None]
    for k, atom in enumerate(shown):
        code = Program([atom.term], names)
        for other in others:
            found = [
                (x, y)
                for x in xs
                if (y := _value(code, problem.hypotheses, names, x, other)) is not None
            ]
            label = "margin" if len(shown) == 1 else f"margin {k + 1}"
            label += "" if other is None else f", {names[1]} = {other:.3g}"
            yield Curve(label=label, x=tuple(x for x, _ in found), y=tuple(y for _, y in found))


def _grid(r: Range, count: int) -> list[float]:
    low, high = _end(r.low), _end(r.high)
    if low is None and high is None:
        low, high = -FAR, FAR
    elif low is None and high is not None:
        low = high - FAR
    elif high is None and low is not None:
        high = low + FAR
    assert low is not None
    assert high is not None
    step = (high - low) / (count - 1)
    return [low + step * k for k in range(count)]


def _end(t: Term | None) -> float | None:
    return None if t is None else float(constant_ball(t))


def _value(
    code: Program,
    hypotheses: Sequence[Formula],
    names: Sequence[str],
    x: float,
    other: float | None,
) -> float | None:
    """Return the margin at a point of the domain, None elsewhere."""
    values = [x] if other is None else [x, other]
    point = Point({n: terms.num(Fraction(v)) for n, v in zip(names, values, strict=True)})
    if not all(holds(h, point) for h in hypotheses if _speaks_of(h, names)):
        return None
    y = code([arb(v) for v in values])[0]
    middle = float(y.mid()) if y.is_finite() else math.nan
    exact = math.isfinite(middle) and float(y.rad()) <= _SLACK * max(1.0, abs(middle))
    return middle if exact else None


def _speaks_of(h: Formula, names: Sequence[str]) -> bool:
    return all(set(a.term.free) <= set(names) for a in atoms(h))
