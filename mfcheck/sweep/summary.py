"""Where does it hold? What the settings that were tried say, and nothing about those that were not."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from mfcheck import __version__
from mfcheck.claims.verdict import Verdict
from mfcheck.sweep.ledger import Ledger
from mfcheck.sweep.outcome import AGAINST, POSITIVE
from mfcheck.sweep.record import (
    AxisRecord,
    Doubt,
    FirstFailure,
    ReadingSummary,
    SettingRecord,
    Slice,
    SweepRecord,
)

LISTED = 6
"""Values of an axis that a sentence lists one by one."""


class Seen(NamedTuple):
    """What a setting says of one reading, and why."""

    claim: str
    reading: str
    verdict: Verdict
    slack: float | None
    why: str


class Tried(NamedTuple):
    """A finished setting, with what it says of one reading."""

    point: Mapping[str, str]
    at: Seen


def summarise(ledger: Ledger, title: str, more: int = 0) -> SweepRecord:
    """Return the record of all points in a ledger, finished or not, and of so many more that are to come."""
    terms, base = ledger.meta("terms"), ledger.meta("base")
    settings = ledger.settings()
    axes = axes_of(terms["axes"], settings.points())
    refused, finished = settings.counts()
    readings, seconds = summaries(axes, settings, refused)
    return SweepRecord(
        mfcheck=__version__,
        paper=terms["paper"],
        title=title,
        seed=terms["seed"],
        budget=terms["budget"],
        versions=terms["libraries"],
        ledger=str(ledger.path),
        base=base,
        axes=axes,
        claims=tuple(terms["claims"]),
        constants=tuple(terms["constants"]),
        refused=refused,
        finished=finished,
        left=len(settings) - refused - finished + more,
        seconds=seconds,
        readings=tuple(readings),
        settings=settings,
    )


def axes_of(names: Sequence[str], points: Iterable[Mapping[str, str]]) -> tuple[AxisRecord, ...]:
    """Return the axes with the values that occur: numbers in order of size, others as they came."""
    values: dict[str, dict[str, None]] = {name: {} for name in names}
    for point in points:
        for name in names:
            values[name][point[name]] = None
    return tuple(_axis(name, found) for name, found in values.items())


def _axis(name: str, values: Iterable[str]) -> AxisRecord:
    found = list(values)
    try:
        found.sort(key=Fraction)
    except ValueError:
        return AxisRecord(name=name, numeric=False, values=tuple(found))
    return AxisRecord(name=name, numeric=True, values=tuple(found))


def summaries(
    axes: Sequence[AxisRecord], settings: Iterable[SettingRecord], refused: int
) -> tuple[list[ReadingSummary], float]:
    """Return what the finished settings say of each reading, in the order of the paper, and the seconds of all."""
    tried: dict[tuple[str, str], list[Tried]] = {}
    words: dict[str, str] = {}
    seconds = []
    for setting in settings:
        if setting.outcome is None:
            continue
        seconds.append(setting.outcome.seconds)
        point = {name: words.setdefault(value, value) for name, value in setting.point.items()}
        for at in setting.outcome.readings:
            why = at.reason or at.because
            seen = Seen(at.claim, at.reading, at.verdict, at.slack, words.setdefault(why, why))
            tried.setdefault((at.claim, at.reading), []).append(Tried(point, seen))
    return list(_summaries(axes, tried, refused)), sum(seconds)


def _summaries(
    axes: Sequence[AxisRecord], tried: Mapping[tuple[str, str], list["Tried"]], refused: int
) -> Iterable[ReadingSummary]:
    for (claim, reading), found in tried.items():
        least = _least(found)
        yield ReadingSummary(
            claim=claim,
            reading=reading,
            tried=len(found),
            verdicts=_counts(found),
            slack=None if least is None else least.at.slack,
            point=None if least is None else dict(least.point),
            failures=tuple(f for axis in axes for f in _first_failure(axis, found)),
            doubt=_doubt(found),
            slices=tuple(part for axis in axes for part in _slices(axis, found)),
            sentence=sentence(axes, found, refused),
        )


def _counts(tried: Iterable[Tried]) -> dict[str, int]:
    """Return how often each verdict occurs, in the order of the verdicts."""
    counts = Counter(one.at.verdict for one in tried)
    return {verdict.value: counts[verdict] for verdict in Verdict if counts[verdict]}


def _least(tried: Iterable[Tried]) -> Tried | None:
    measured = [one for one in tried if one.at.slack is not None]
    return min(measured, key=lambda one: one.at.slack or 0.0, default=None)


def _by_value(axis: AxisRecord, tried: Sequence[Tried]) -> dict[str, list[Tried]]:
    """Return the settings by their value of an axis, in its order."""
    groups: dict[str, list[Tried]] = {value: [] for value in axis.values}
    for one in tried:
        groups[one.point[axis.name]].append(one)
    return {value: group for value, group in groups.items() if group}


def _slices(axis: AxisRecord, tried: Sequence[Tried]) -> Iterable[Slice]:
    for value, group in _by_value(axis, tried).items():
        least = _least(group)
        yield Slice(
            axis=axis.name,
            value=value,
            settings=len(group),
            verdicts=_counts(group),
            slack=None if least is None else least.at.slack,
            point=None if least is None else dict(least.point),
        )


def _first_failure(axis: AxisRecord, tried: Sequence[Tried]) -> Iterable[FirstFailure]:
    for value, group in _by_value(axis, tried).items():
        for one in group:
            if one.at.verdict in AGAINST:
                yield FirstFailure(
                    axis=axis.name,
                    value=value,
                    verdict=one.at.verdict,
                    point=dict(one.point),
                    reason=one.at.why,
                )
                return


def _doubt(tried: Iterable[Tried]) -> Doubt | None:
    for one in tried:
        if one.at.verdict is Verdict.INCONCLUSIVE:
            return Doubt(point=dict(one.point), reason=one.at.why)
    return None


def sentence(axes: Sequence[AxisRecord], tried: Sequence[Tried], refused: int) -> str:
    """Say where a reading holds: how often each verdict was given, and the values at which no other was.

    It speaks of the settings that were tried and of no others, and never says more than their verdicts.
    """
    total, counts = len(tried), _counts(tried)
    text = f"{tried[0].at.claim} ({tried[0].at.reading}): "
    if len(counts) == 1:
        where = "the one setting" if total == 1 else f"each of the {total} settings"
        text += f"{tried[0].at.verdict} in {where} tried"
    else:
        words = _listed([f"{verdict} in {n}" for verdict, n in counts.items()])
        text += f"{words} of the {total} settings tried"
    good = [one for one in tried if one.at.verdict in POSITIVE]
    if good and len(good) < total:
        parts = [part for axis in axes for part in _where(axis, tried)]
        worst = max((one.at.verdict for one in good), key=list(Verdict).index)
        better = worst.value if worst is Verdict.PROVED else f"{worst} or better"
        text += (
            f"; {better} in every one with {', and in every one with '.join(parts)}"
            if parts
            else ""
        )
    if refused:
        text += f"; the paper refuses {refused} more"
    return f"{text}."


def _where(axis: AxisRecord, tried: Sequence[Tried]) -> Iterable[str]:
    """Yield words for the values of an axis at which every setting that was tried speaks for the reading."""
    groups = _by_value(axis, tried)
    good = [all(one.at.verdict in POSITIVE for one in group) for group in groups.values()]
    values = list(groups)
    if not any(good) or all(good):
        return
    if not axis.numeric:
        chosen = [value for value, fine in zip(values, good, strict=True) if fine]
        if len(chosen) <= LISTED:
            yield _words(axis.name, f"is {_listed(chosen, 'or')}", groups, chosen)
        return
    for start, stop in _runs(good):
        chosen = values[start:stop]
        if stop - start == 1:
            part = f"= {chosen[0]}"
        elif stop == len(values):
            part = f">= {chosen[0]}"
        elif start == 0:
            part = f"<= {chosen[-1]}"
        else:
            part = f"is from {chosen[0]} to {chosen[-1]}"
        yield _words(axis.name, part, groups, chosen)


def _words(
    name: str, part: str, groups: Mapping[str, Sequence[Tried]], chosen: Sequence[str]
) -> str:
    return f"{name} {part} ({_settings(sum(len(groups[value]) for value in chosen))})"


def _runs(good: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the runs of neighbours that are good, as half-open ranges; of many the longest three.

    >>> _runs([True, False, True, True])
    [(0, 1), (2, 4)]
    """
    runs: list[tuple[int, int]] = []
    for index, fine in enumerate(good):
        if fine and runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        elif fine:
            runs.append((index, index + 1))
    by_length: Callable[[tuple[int, int]], int] = lambda run: run[0] - run[1]  # noqa: E731
    return sorted(sorted(runs, key=by_length)[:3])


def _settings(count: int) -> str:
    return f"{count} setting{'' if count == 1 else 's'}"


def _listed(words: Sequence[str], last: str = "and") -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
