"""Points of the domain of a problem, to see what may be true before it is proved."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flint import arb

from mfcheck.lemma import terms
from mfcheck.lemma.balls import fraction
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.pieces import Box, holds
from mfcheck.lemma.problem import Problem, constant_ball
from mfcheck.lemma.prove.budget import uncounted
from mfcheck.lemma.terms import Term

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WANTED = 24
_TRIES = 240
_FEW = 8
"""How many points are enough for an expectation, which takes a hundred times as long."""
_DESCENTS = 4
_OUTSIDE = 1e30
_LARGEST = 1e300
"""Ends of ranges beyond that are taken for this; what lies further out is not sampled."""


_SEED = [0]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw all samples inside with this seed."""
    before = _SEED[0]
    _SEED[0] = seed
    try:
        yield
    finally:
        _SEED[0] = before


def current_seed() -> int:
    """Return the seed of the search."""
    return _SEED[0]


class Samples:
    """Points that satisfy the hypotheses, drawn with the seed of the search."""

    def __init__(self, problem: Problem) -> None:
        self.names = problem.names
        self.programs: dict[tuple[Term, int], Program] = {}
        draw = random.Random(_SEED[0] + 1)
        self.points: list[list[arb]] = []
        ends = [self._ends(problem, n) for n in self.names]
        for _ in range(_TRIES):
            if len(self.points) >= WANTED:
                break
            point = [self._coordinate(draw, *e) for e in ends]
            if len(point) > 1 and draw.random() < 0.2:
                point = [point[0]] * len(point)
            box = Box(self.names, point, point, self.programs)
            inside = all(
                (low is None or x > low) and (high is None or x < high)
                for x, (low, high) in zip(point, ends, strict=True)
            )
            if inside and all(holds(h, box) for h in problem.hypotheses):
                self.points.append(point)

    def _ends(self, problem: Problem, name: str) -> tuple[float | None, float | None]:
        r = problem.ranges[name]
        return (
            None if r.low is None else _number(r.low),
            None if r.high is None else _number(r.high),
        )

    @staticmethod
    def _coordinate(draw: random.Random, low: float | None, high: float | None) -> arb:
        if low is not None and high is not None:
            u = draw.random()
            u = u * u if draw.random() < 0.25 else 1 - u * u if draw.random() < 0.3 else u
            x = low + (high - low) * (0.001 + 0.998 * u)
        elif low is not None:
            x = low + 10 ** draw.uniform(-2, 1.5)
        elif high is not None:
            x = high - 10 ** draw.uniform(-2, 1.5)
        else:
            x = draw.choice((-1, 1)) * 10 ** draw.uniform(-1.5, 1.2)
        return arb(int(x * 2**20)) / 2**20 if abs(x) > 1e-3 else arb(x)

    def signs(self, t: Term) -> set[int]:
        """Return the signs that a term certainly takes at the points."""
        found: set[int] = set()
        code = Program([t], self.names)
        slow = any(n.op == "gauss" for n in terms.order([t]))
        for point in self.points[:_FEW] if slow else self.points:
            v = code(point)[0]
            if v > 0:
                found.add(1)
            elif v < 0:
                found.add(-1)
        return found

    def descents(self, problem: Problem, t: Term) -> Iterator[list[arb]]:
        """Yield points where a term is small: downhill from the samples, and from nearly equal coordinates."""
        starts = [*self.points, *(_nearly_equal(p) for p in self.points[:6] if len(p) > 1)]
        code = Program([t], self.names)
        rated = sorted(((_size(code(p)[0]), k) for k, p in enumerate(starts)), key=lambda r: r[0])
        ends = [self._ends(problem, n) for n in self.names]

        with uncounted():  # takes as long to load as many statements to decide
            from scipy.optimize import minimize

        def value(x: "NDArray[np.float64]") -> float:
            point = [arb(float(v)) for v in x]
            return _size(code(point)[0]) if self._is_inside(problem, point, ends) else _OUTSIDE

        for _, k in rated[:_DESCENTS]:
            start = [float(v) for v in starts[k]]
            found = minimize(
                value, start, method="Nelder-Mead", options={"maxiter": 60 * len(start)}
            )
            point = [arb(float(v)) for v in found.x]
            if self._is_inside(problem, point, ends):
                yield point

    def _is_inside(
        self,
        problem: Problem,
        point: Sequence[arb],
        ends: Sequence[tuple[float | None, float | None]],
    ) -> bool:
        box = Box(self.names, list(point), list(point), self.programs)
        return all(
            (low is None or x > low) and (high is None or x < high)
            for x, (low, high) in zip(point, ends, strict=True)
        ) and all(holds(h, box) for h in problem.hypotheses)

    def exact(self, point: Sequence[arb]) -> dict[str, Term]:
        """Return a point as exact numbers."""
        values = {}
        for name, x in zip(self.names, point, strict=True):
            value = fraction(x)
            assert value is not None, "points are drawn as floats"
            values[name] = terms.num(value)
        return values


def _nearly_equal(point: Sequence[arb]) -> list[arb]:
    return [point[0] * (1 + arb(k) / 64) for k in range(len(point))]


def _number(end: Term) -> float:
    return max(-_LARGEST, min(float(constant_ball(end)), _LARGEST))


def _size(v: arb) -> float:
    return max(-_OUTSIDE, min(float(v.mid()), _OUTSIDE)) if v.is_finite() else _OUTSIDE
