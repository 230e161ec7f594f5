"""The shape of checks of how sharp a sufficient condition is: do its conclusions hold far below its threshold too?

A theorem promises something for every value of a scale from a threshold on, which depends on the size of the problem.
The check tries values along a grid at several sizes, down to a fraction of the threshold, and shows from where on the
conclusions are seen to hold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mfcheck.checks.decide import curve, picture
from mfcheck.claims.model import Check, Context
from mfcheck.claims.record import Evidence, Note, Plot
from mfcheck.claims.verdict import Kind
from mfcheck.statistics import all_hold, exactly
from mfcheck.statistics.compare import SLOPE_RESOLUTION
from mfcheck.statistics.onset import Onset, exponent_between, onset
from mfcheck.statistics.quoting import quoted


@dataclass(frozen=True)
class Row:
    """One size.

    Args:
        size: of the problem.
        threshold: from where on the theorem promises its conclusions.
        cells: by value of the scale, whether the conclusions are seen to hold, with the comparison that decides.
    """

    size: int
    threshold: float
    cells: Mapping[float, Evidence]

    @property
    def onset(self) -> Onset:
        """Return from where on all cells hold."""
        return onset({at: cell.passed for at, cell in self.cells.items()})

    @property
    def factor(self) -> tuple[float, float]:
        """Return bounds of threshold over what is needed; the upper is infinite if no failure was seen."""
        needed = self.onset
        most = self.threshold / needed.failed if needed.failed else float("inf")
        return self.threshold / needed.lowest, most


@dataclass(frozen=True)
class Ladder:
    """What is tried at one size: its threshold, and what tells whether the conclusions hold at a value of the scale.

    `ask` takes the value and the probability with which it may say a false *no*.
    """

    size: int
    threshold: float
    ask: Callable[[float, float], Evidence]

    def climb(self, places: Sequence[float], alarm: float) -> Row:
        """Ask at some values, and at one more between the last that fails and the first from which on all hold."""
        row = Row(
            self.size, self.threshold, {at: self.ask(at, alarm) for at in sorted(set(places))}
        )
        needed = row.onset
        if 0 < needed.below < needed.lowest < float("inf"):
            middle = float(np.sqrt(needed.below * needed.lowest))
            cells = {**row.cells, middle: self.ask(middle, alarm)}
            row = replace(row, cells=dict(sorted(cells.items())))
        return row


def how_sharp(
    id: str,
    tests: Sequence[str],
    ladders: Callable[[Context], Sequence[Ladder]],
    *,
    places: Sequence[float],
    down_to: float,
    scale: str,
    what: Callable[[Context, Sequence[Row]], str],
    note: Callable[[Context, Sequence[Row]], Note],
    kind: Kind = Kind.SIMULATED,
) -> Check:
    """Return the check that conclusions hold from a fraction of their threshold on, at each of several sizes n.

    Args:
        id: short name.
        tests: names of the formulas that enter.
        ladders: `context ->` what is tried, by size in ascending order.
        places: values of the scale that are tried at every size, with the threshold and the fraction of it.
        down_to: the fraction of the threshold down to which the conclusions are stated.
        scale: its symbol, in LaTeX.
        what: was tried, in words, without the sizes and the values.
        note: sentence for the report, kept if the conclusions hold.
        kind: simulated, or sampled.
    """

    def run(context: Context, /) -> Evidence:
        tried = ladders(context)
        # All cells of all sizes together may say a false no as often as one check may.
        alarm = context.alarm / (len(tried) * (len(places) + 3))
        rows = [
            ladder.climb((*places, ladder.threshold * down_to, ladder.threshold), alarm)
            for ladder in tried
        ]
        cells = [(row, at, cell) for row in rows for at, cell in row.cells.items()]
        asked = [found for found in cells if found[1] >= 0.999 * found[0].threshold * down_to]
        passed = all_hold([cell.passed for *_, cell in asked])
        deciding = [found for found in asked if found[2].passed is passed]
        row, at, worst = min(deciding, key=lambda found: found[2].slack or float("inf"))
        told = "fails" if passed is False else "is undecided"
        return worst.but(
            cases=len(cells),
            domain=f"{what(context, rows)}; {_covered(rows, scale)}; seed {context.seed}",
            reason=""
            if passed
            else rf"at $n = {row.size}$, ${scale} = {at:.4g}$ a conclusion {told}",
            notes=(note(context, rows),) if passed else (),
            plots=(_map(rows, scale), _factor(rows, scale)) if passed else (),
        )

    return Check(id, kind, run, tuple(tests))


def _covered(rows: Sequence[Row], scale: str) -> str:
    """Return sizes, values and answers in words."""
    answers = [cell.passed for row in rows for cell in row.cells.values()]
    counts = (
        f"{answers.count(True)} hold, {answers.count(False)} fail, {answers.count(None)} undecided"
    )
    sizes = ", ".join(str(row.size) for row in rows)
    least = min(min(row.cells) for row in rows)
    return rf"$n = {sizes}$, ${scale}$ from {least:g} to the threshold; of {len(answers)} cells {counts}"


def trend(rows: Sequence[Row]) -> str:
    """Say what the sizes tried tell of the growth in n; of what is needed only a range is known."""
    sizes = [row.size for row in rows]
    threshold = exponent_between(sizes, [(row.threshold, row.threshold) for row in rows])
    factor = exponent_between(sizes, [row.factor for row in rows])
    if factor is None or abs(factor.value) <= factor.error:
        gap = "Whether the gap widens with $n$ is not decided by these sizes."
    else:
        gap = (
            rf"The gap {'widens' if factor.value > 0 else 'narrows'} with $n$ over these sizes: fitted exponent "
            rf"{quoted(factor)} of the factor."
        )
    if threshold is None or threshold.error > SLOPE_RESOLUTION:
        return gap
    return rf"{gap} The threshold grows like $n^{{{quoted(threshold)}}}$ here."


def failures(rows: Sequence[Row]) -> list[float]:
    """Return the values at which a conclusion was seen to fail."""
    return [at for row in rows for at, cell in row.cells.items() if cell.passed is False]


def _map(rows: Sequence[Row], scale: str) -> Plot:
    sizes, thresholds = [row.size for row in rows], [row.threshold for row in rows]
    curves = [curve("threshold of the theorem", sizes, thresholds, "bound")]
    labels = {True: "conclusions hold", None: "undecided", False: "a conclusion fails"}
    for holds, label in labels.items():
        seen = [
            (row.size, at) for row in rows for at, cell in row.cells.items() if cell.passed is holds
        ]
        if seen:
            curves.append(curve(label, [n for n, _ in seen], [at for _, at in seen], "points"))
    title = "Where the theorem applies, and where its conclusions are seen to hold"
    return picture("threshold-map", title, "$n$", f"${scale}$", curves, "y")


def _factor(rows: Sequence[Row], scale: str) -> Plot:
    """Threshold over the least value from which on all hold; the bar reaches to the next value tried below it."""
    known = [row for row in rows if row.onset.lowest < float("inf")]
    ends = [(row.factor[0], row.threshold / (row.onset.below or row.onset.lowest)) for row in known]
    ranges = [exactly((low + high) / 2, (high - low) / 2) for low, high in ends]
    label = f"threshold over the least ${scale}$ that suffices"
    title = f"By how much the requirement on ${scale}$ exceeds what is needed"
    drawn = curve(label, [row.size for row in known], ranges, "points")
    return picture("threshold-factor", title, "$n$", "factor", [drawn], "y")
