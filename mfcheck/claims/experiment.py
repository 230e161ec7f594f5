"""Experiments of a paper: sweeps over cells, each repeated with several seeds, as data that carries code."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mfcheck.claims.record import Curve, Plot, PointRecord

Cell = Mapping[str, float | int | str]
"""One point of a sweep, such as `{"gamma": 0.4, "depth": 20}`."""

Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Option:
    """What a user may choose in an experiment: name, default as text, and what it means."""

    name: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Sweep:
    """The cells of an experiment, and the work of one.

    Args:
        cells: the points.
        work: `(cell, rng) -> numbers` of one replicate; equal replicates of all cells get equal generators, so that
            their differences carry less noise than each of them.
        plots: pictures of the finished points.
        context: what the numbers depend on beside cell and seed, such as a digest of the data.
    """

    cells: tuple[Cell, ...]
    work: Callable[[Cell, np.random.Generator], Numbers]
    plots: Callable[[Sequence[PointRecord]], tuple[Plot, ...]]
    context: str = ""


@dataclass(frozen=True)
class Experiment:
    """A sweep that a user can run again.

    Args:
        id: stable name.
        title: in words.
        text: what is measured, on what data, and what the error bars are.
        source: where the paper proposes it.
        prepare: options as text to the sweep; raises InputError for values that it cannot use.
        options: what may be chosen.
        replicates: seeds for each point, unless the user wants another number.
    """

    id: str
    title: str
    text: str
    source: str
    prepare: Callable[[Mapping[str, str]], Sweep]
    options: tuple[Option, ...] = ()
    replicates: int = 5


def curves_by(
    points: Sequence[PointRecord], x: str, value: str, by: str, label: Callable[[object], str]
) -> tuple[Curve, ...]:
    """Return a curve of a value against an entry `x` of the cells, with two standard errors, for each entry `by`.

    Args:
        points: of a finished sweep.
        x: name of the entry on the axis.
        value: name of the value.
        by: name of the entry that tells the curves apart.
        label: of the curve of such an entry.
    """
    found = []
    for name in dict.fromkeys(p.cell[by] for p in points):
        rows = sorted((float(p.cell[x]), p.values[value]) for p in points if p.cell[by] == name)
        found.append(
            Curve(
                label=label(name),
                x=tuple(at for at, _ in rows),
                y=tuple(v.value for _, v in rows),
                error=tuple(2 * v.error for _, v in rows),
            )
        )
    return tuple(found)
