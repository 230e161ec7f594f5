"""A paper's own simulation: what it may depend on, what it gives, and what an interruption leaves of it.

A paper says what one draw is, and what follows from many; `Trial.samples` draws them part by part, each part from a
random stream of its own, so that those that are there when the user interrupts give the numbers with their errors.
"""

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims.experiment import Option
from mfcheck.claims.randomness import stream
from mfcheck.claims.record import (
    BoundRecord,
    Estimate,
    Plot,
    Series,
    SimulationRecord,
    StoppedRecord,
)
from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)
Samples = TypeVar("Samples", bound=NDArray[Any] | Mapping[str, NDArray[Any]])
PARTS = 20
"""Parts in which draws are made after the first few: an interruption loses the part that runs."""


class SimulationStopped(InputError):  # noqa: N818
    """A simulation ended early; `record` holds what it had."""

    def __init__(self, record: StoppedRecord) -> None:
        when = f"; stopped at time {record.reached:.6g}" if record.reached else ""
        super().__init__(f"{record.reason}{when}")
        self.record = record


@dataclass(frozen=True)
class Simulated:
    """What a paper's simulation found: each quantity with its error, and where there is a time, the way there."""

    final: Mapping[str, Estimate]
    time: Sequence[float] = ()
    series: Mapping[str, Series] = field(default_factory=dict)
    plots: tuple[Plot, ...] = ()
    notes: tuple[str, ...] = ()
    bounds: Mapping[str, BoundRecord] = field(default_factory=dict)


@dataclass(frozen=True)
class Draws(Generic[Samples]):
    """Independent draws of one kind.

    Args:
        count: how many are wanted.
        draw: `(rng, count)` to so many of them: an array, or arrays by name, with the draws along the first axis.
        least: with fewer, nothing can be said; they are drawn at once.
    """

    count: int
    draw: Callable[[np.random.Generator, int], Samples]
    least: int = 2


@dataclass(frozen=True)
class Trial:
    """What a paper's simulation may depend on.

    Args:
        setting: the setting.
        seed: of every random choice.
        options: as text, by the names of the paper's options, all of them.
        progress: is called with the fraction done.
        say: is called with a sentence before the work begins: what it will take.
        cut: what an interruption has left out so far, in words; see `samples`.
        complete: numbers that are complete, for a simulation without draws: an interruption keeps them.
    """

    setting: Setting
    seed: int
    options: Mapping[str, str] = field(default_factory=dict)
    progress: Callable[[float], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None
    cut: list[str] = field(default_factory=list)
    complete: dict[str, Estimate] = field(default_factory=dict)

    def samples(self, kinds: Mapping[str, Draws[Samples]]) -> dict[str, Samples]:
        """Return draws of several kinds, made side by side in parts; all of them, or those before an interruption.

        Args:
            kinds: by name, in the plural; an interruption with fewer than the least number of any is passed on.
        """
        done: dict[str, list[tuple[int, Samples]]] = {name: [] for name in kinds}
        try:
            for number, sizes in enumerate(_parts(list(kinds.values()))):
                for (name, kind), size in zip(kinds.items(), sizes, strict=True):
                    if size:
                        rng = stream(self.seed, f"{name} {number}")
                        done[name].append((size, kind.draw(rng, size)))
                made = sum(size for parts in done.values() for size, _ in parts)
                self.progress(made / max(1, sum(kind.count for kind in kinds.values())))
        except KeyboardInterrupt:
            counts = {name: sum(size for size, _ in parts) for name, parts in done.items()}
            if any(counts[name] < kind.least for name, kind in kinds.items()):
                raise
            self.cut.extend(
                f"{counts[name]} of {kind.count} {name}" for name, kind in kinds.items()
            )
        return {name: joined([part for _, part in parts]) for name, parts in done.items() if parts}

    def at_sizes(
        self,
        name: str,
        sizes: Sequence[Key],
        count: int,
        measure: Callable[[Key, np.random.Generator, int], Samples],
        least: int = 2,
    ) -> dict[Key, Samples]:
        """Return draws at several sizes, widths or depths: `samples` of `measure(size, rng, count)` at each.

        Args:
            name: of the draws at a size, in the plural, such as `networks of width`.
            sizes: at which to draw.
            count: number of draws at each.
            measure: makes draws at a size.
            least: with fewer the interruption is passed on.
        """
        kinds = {f"{name} {size}": Draws(count, partial(measure, size), least) for size in sizes}
        found = self.samples(kinds)
        return {size: found[f"{name} {size}"] for size in sizes if f"{name} {size}" in found}

    def draws(self, name: str, count: int, draw: Callable[[int], T], least: int = 2) -> list[T]:
        """Return independent draws made one by one; all of them, or those before an interruption.

        Args:
            name: of the draws, in the plural.
            count: how many are wanted.
            draw: gives the draw of each number from 0 on.
            least: with fewer the interruption is passed on.
        """
        found: list[T] = []
        try:
            for number in range(count):
                found.append(draw(number))
                self.progress((number + 1) / count)
        except KeyboardInterrupt:
            if len(found) < least:
                raise
            self.cut.append(f"{len(found)} of {count} {name}")
        return found

    def rng(self, name: str = "simulate") -> np.random.Generator:
        """Return a random stream of that name."""
        return stream(self.seed, name)

    def count(self, name: str, least: int = 1, most: int = 10**7) -> int:
        """Return an option that is a whole number.

        Raises:
            InputError: it is none, or out of range.
        """
        text = self.options[name]
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise InputError(
                f"{name} must be a whole number from {least} to {most}, got {text[:60]!r}"
            )
        return int(text)

    def real(self, name: str) -> float | None:
        """Return an option that is a finite number, None where it is `none`.

        Raises:
            InputError: it is neither.
        """
        text = self.options[name]
        try:
            found = None if text == "none" else float(text)
        except ValueError:
            found = math.nan
        if found is not None and not math.isfinite(found):
            raise InputError(f"option {name}: {text[:60]!r} is not a finite number")
        return found

    def whole(self, name: str) -> int | None:
        """Return an option that is a whole number, None where it is `none`.

        Raises:
            InputError: it is neither.
        """
        found = self.real(name)
        if found is not None and not found.is_integer():
            raise InputError(f"option {name}: {self.options[name][:60]!r} is not a whole number")
        return None if found is None else int(found)


def joined(parts: Sequence[Samples]) -> Samples:
    """Return draws that were made in parts as one: arrays, or arrays by name.

    >>> joined([{"q": np.array([1.0])}, {"q": np.array([2.0, 3.0])}])
    {'q': array([1., 2., 3.])}
    """
    whole: Any = list(parts)
    found: Any = (
        {name: np.concatenate([part[name] for part in whole]) for name in whole[0]}
        if isinstance(whole[0], Mapping)
        else np.concatenate(whole)
    )
    return found  # type: ignore[no-any-return]


def _parts(kinds: Sequence[Draws[Any]]) -> Iterator[list[int]]:
    """Yield how many of each kind to draw: the least numbers first, then all kinds in proportion."""
    first = [min(kind.least, kind.count) for kind in kinds]
    yield first
    rest = [kind.count - made for kind, made in zip(kinds, first, strict=True)]
    parts = min(PARTS, max(rest, default=0))
    for number in range(parts):
        yield [left * (number + 1) // parts - left * number // parts for left in rest]


@dataclass(frozen=True)
class Simulation:
    """A paper's simulation, for `mfcheck simulate`: made by `simulation`, and told by its paper whose it is."""

    run: Callable[[Trial], Simulated]
    options: tuple[Option, ...] = ()
    paper: str = ""

    def __call__(
        self,
        setting: Setting,
        seed: int,
        progress: Callable[[float], None] | None = None,
        options: Mapping[str, str] = MappingProxyType({}),
        say: Callable[[str], None] | None = None,
    ) -> SimulationRecord:
        """Run it; arguments as in `Trial`, options that are left out take their defaults.

        Raises:
            SimulationStopped: it could not be completed, or was interrupted; with what it had.
        """
        chosen = {**{option.name: option.default for option in self.options}, **options}
        quiet: Callable[[Any], None] = lambda _: None  # noqa: E731
        trial = Trial(setting, seed, chosen, progress or quiet, say or quiet)
        start = {
            "paper": self.paper,
            "setting": setting.describe(),
            "seed": seed,
            "options": chosen,
        }
        try:
            found = self.run(trial)
        except Stop as stop:
            part = _part(
                start, stop.reason, reached=stop.reached, time=stop.time, series=stop.series
            )
            raise SimulationStopped(part) from stop.__cause__
        except KeyboardInterrupt:
            missing = "all of its numbers were" if trial.complete else "any of its numbers was"
            part = _part(start, f"interrupted before {missing} complete", final=trial.complete)
            raise SimulationStopped(part) from KeyboardInterrupt()
        except (InputError, ValueError) as error:
            if not trial.cut:
                raise
            part = _part(start, f"{_interrupted(trial)}, too few for its numbers: {error}")
            raise SimulationStopped(part) from KeyboardInterrupt()
        if trial.cut:
            part = _part(start, _interrupted(trial), final=found.final)
            raise SimulationStopped(part) from KeyboardInterrupt()
        return SimulationRecord(
            **start,
            final=dict(found.final),
            end_time=float(found.time[-1]) if len(found.time) else None,
            time=tuple(map(float, found.time)),
            series=dict(found.series),
            bounds=dict(found.bounds),
            notes=found.notes,
            plots=found.plots,
        )


def _interrupted(trial: Trial) -> str:
    return f"interrupted after {', '.join(trial.cut)}"


def simulation(run: Callable[[Trial], Simulated], options: Sequence[Option] = ()) -> Simulation:
    """Return the simulation whose work is `run`, with the options that the user may set."""
    return Simulation(run, tuple(options))


class Stop(Exception):  # noqa: N818
    """A simulation along a time cannot go on; what it had is kept, without errors.

    Args:
        reason: in words.
        reached: the time.
        time: output times before.
        series: by quantity, its values then.
    """

    def __init__(
        self,
        reason: str,
        reached: float,
        time: tuple[float, ...],
        series: Mapping[str, tuple[float, ...]],
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reached = reached
        self.time = time
        self.series = series


def _part(
    start: Mapping[str, Any],
    reason: str,
    *,
    reached: float = 0.0,
    time: tuple[float, ...] = (),
    series: Mapping[str, tuple[float, ...]] = MappingProxyType({}),
    final: Mapping[str, Estimate] = MappingProxyType({}),
) -> StoppedRecord:
    """Return the record of a simulation that ended early, with what there is of it."""
    return StoppedRecord(
        **start, reason=reason, reached=reached, time=time, series=dict(series), final=dict(final)
    )
