"""The search for a setting in which an inequality is false: random, guided, optimised; then certified.

A search is made of units, each with random streams of its own: what they find does not depend on where they run.
"""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, differential_evolution, dual_annealing
from scipy.stats import beta as beta_law

from mfcheck.claims.inequality import Array, Case, Sample
from mfcheck.claims.model import Budget
from mfcheck.falsify import space
from mfcheck.falsify.target import NOISE, NOTHING, Target, violation
from mfcheck.falsify.visits import Visits
from mfcheck.symbolic.activation import Activation

CONFIDENCE = 0.99
KEPT = 8
"""Candidates that are tried in ball arithmetic, the worst first."""
TYPED = 4
"""Activations typed at random, beside those of the library; each costs a judgement of Assumption 3 by suprema."""
RESTARTS = 4
"""How often the optimiser begins anew if it converges before its evaluations are used up."""
SMALL = 12
"""Dimension up to which differential evolution is used, dual annealing above."""
STREAMS = 4
"""Independent parts of the sampled and of the guided search; a fixed number, so that results do not depend on jobs."""


class Enough(Exception):  # noqa: N818
    """The optimiser has used up its evaluations."""


@dataclass(frozen=True)
class Sizes:
    """How much a search does."""

    sampled: int
    guided: int
    optimised: int
    max_n: int
    max_d: int
    every_size: bool = False
    """Whether to spend half of the optimiser on the worst setting of each number of points."""

    @classmethod
    def of(cls, budget: Budget) -> "Sizes":
        """Return the sizes that belong to a budget."""
        return cls(
            budget.pick(300, 2000, 20_000),
            budget.pick(100, 400, 4000),
            budget.pick(3000, 20_000, 200_000),
            budget.pick(8, 16, 32),
            budget.pick(4, 6, 8),
        )


@dataclass
class Best:
    """The worst cases seen so far, worst first; at most KEPT."""

    cases: list[tuple[float, Case]] = field(default_factory=list)
    largest: float = NOTHING

    def add(self, score: float, case: Callable[[], Case]) -> None:
        """Keep a case if it is among the worst; it is built only then."""
        self.largest = max(self.largest, score)
        full = len(self.cases) == KEPT
        if score <= NOTHING or (full and score <= self.cases[-1][0]):
            return
        self.cases = sorted([*self.cases, (score, case())], key=lambda pair: -pair[0])[:KEPT]

    def merge(self, other: "Best") -> None:
        """Add what another search kept."""
        for score, case in other.cases:
            self.add(score, lambda case=case: case)  # type: ignore[misc]


@dataclass(frozen=True)
class Sampled:
    """What independent settings of a fixed distribution showed."""

    met: int
    violated: int

    @property
    def upper(self) -> float:
        """Clopper-Pearson upper bound of the probability of a violation, at level CONFIDENCE."""
        if self.violated == self.met:
            return 1.0
        return float(beta_law.ppf(CONFIDENCE, self.violated + 1, self.met - self.violated))

    def __add__(self, other: "Sampled") -> "Sampled":
        """Return the counts of both."""
        return Sampled(self.met + other.met, self.violated + other.violated)


@dataclass(frozen=True)
class Unit:
    """A piece of a search: a stream of sampled and guided settings, or a climb from a case."""

    number: int
    start: Case | None = None
    share: int = 0


@dataclass
class Part:
    """What a unit found, and how long each way of searching took it, in a process of that name."""

    best: Best = field(default_factory=Best)
    by_size: dict[int, tuple[float, Case]] = field(default_factory=dict)
    """The worst sampled case of each number of points, with its violation."""
    visits: Visits = field(default_factory=Visits)
    sampled: Sampled = field(default_factory=lambda: Sampled(0, 0))
    tried: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    process: int = 0

    def merge(self, other: "Part") -> None:
        """Add what another unit found."""
        self.best.merge(other.best)
        for score, case in other.by_size.values():
            self.keep(score, case)
        self.visits.merge(other.visits)
        self.sampled += other.sampled
        self.tried += other.tried
        for way, seconds in other.seconds.items():
            self.seconds[way] = self.seconds.get(way, 0.0) + seconds

    def keep(self, score: float, case: Case) -> None:
        """Remember a sampled case, if it is the worst of its size."""
        size = case.setting.data.n
        if size not in self.by_size or score > self.by_size[size][0]:
            self.by_size[size] = score, case


@dataclass(frozen=True)
class Found:
    """The outcome of a search; `case` is a certified counterexample if there is one, `busy` the longest process."""

    sampled: Sampled
    tried: Mapping[str, int]
    seconds: Mapping[str, float]
    largest: float
    case: Case | None
    visits: Visits = field(default_factory=Visits)
    busy: float = 0.0

    @property
    def rate(self) -> float:
        """Settings tried per second, all ways of search together."""
        return sum(self.tried.values()) / max(self.busy or sum(self.seconds.values()), 1e-9)


def stream(seed: int, *words: str) -> np.random.Generator:
    """Return a random stream that belongs to these words alone."""
    digest = hashlib.sha256(" ".join(words).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence([seed, *digest[:16]]))


Perform = Callable[[Sequence[Unit]], Sequence[Part]]
"""Does units somewhere, and returns their parts in the same order."""


def search(target: Target, sizes: Sizes, seed: int, perform: Perform | None = None) -> Found:
    """Look for a certified counterexample.

    Args:
        target: what to attack.
        sizes: how much to do.
        seed: the same seed gives the same result, wherever the units are done.
        perform: does the units; None: here, one after the other.
    """
    if perform is None:
        target.warm()
        perform = lambda units: [work(target, sizes, seed, unit) for unit in units]  # noqa: E731
    whole, busy = Part(), Counter[int]()
    for units in (_streams, lambda: _climbs(target, sizes, whole)):
        for part in perform(units()):
            busy[part.process] += sum(part.seconds.values())  # type: ignore[assignment]
            whole.merge(part)
    hits = sorted((c for score, c in whole.best.cases if score > NOISE), key=_complexity)
    case = next((case for case in hits if target.refuted(case)), None)
    return Found(
        whole.sampled,
        dict(whole.tried),
        whole.seconds,
        whole.best.largest,
        case,
        whole.visits,
        max(busy.values(), default=0.0),
    )


def _streams() -> list[Unit]:
    return [Unit(number) for number in range(STREAMS)]


def _climbs(target: Target, sizes: Sizes, found: Part) -> list[Unit]:
    """Return the climbs: from the default, the worst cases of four kinds, and on request those of each size."""
    by_kind: dict[tuple[Activation, int], Case] = {}
    for _, case in found.best.cases:
        by_kind.setdefault((case.setting.activation, case.setting.data.n), case)
    starts = [*list(by_kind.values())[:4], target.default_case()]
    sizes_too = sizes.every_size and "points" in target.inequality.varies
    spread = [found.by_size[n][1] for n in sorted(found.by_size)] if sizes_too else []
    total = sizes.optimised // 2 if spread else sizes.optimised
    shares = [total // len(starts)] * len(starts) + [total // max(1, len(spread))] * len(spread)
    return [
        Unit(k, case, share)
        for k, (case, share) in enumerate(zip([*starts, *spread], shares, strict=True))
    ]


def work(target: Target, sizes: Sizes, seed: int, unit: Unit) -> Part:
    """Do one unit."""
    part = Part(process=os.getpid())
    ways: list[tuple[str, Callable[[], int]]] = [
        ("optimised", lambda: _climb(target, unit, seed + unit.number, part))
    ]
    if unit.start is None:
        ways = [
            ("sampled", lambda: _sample(target, sizes, seed, unit.number, part)),
            ("guided", lambda: _guide(target, sizes, seed, unit.number, part)),
        ]
    for way, do in ways:
        start = time.perf_counter()
        part.tried[way] = do()
        part.seconds[way] = time.perf_counter() - start
    return part


def _share(total: int, number: int) -> int:
    """Return how many of a total belong to a stream."""
    return total // STREAMS + (number < total % STREAMS)


def _score(target: Target, sample: Sample, visits: Visits, case: Callable[[], Case]) -> float:
    """Return the violation, and count the setting, which `case` makes exactly."""
    sides = target.sides(sample)
    if sides is None or not np.isfinite(sides).all():
        return NOTHING
    visits.add(target.inequality, sample, *sides, case)
    return violation(*sides)


def _complexity(case: Case) -> tuple[int, int]:
    data = case.setting.data
    return data.n * data.d, len(str(data.points))


def _sample(target: Target, sizes: Sizes, seed: int, number: int, part: Part) -> int:
    rng = stream(seed, "sample", target.inequality.id, str(number))
    met = violated = 0
    for _ in range(_share(sizes.sampled, number)):
        case = space.draw(rng, target.paper.default, target.inequality, sizes.max_n, sizes.max_d)
        if not target.admissible(case):
            continue
        score = _score(target, case.sample(), part.visits, lambda case=case: case)  # type: ignore[misc]
        if score == NOTHING:
            continue
        met += 1
        violated += score > NOISE
        part.best.add(score, lambda case=case: case)  # type: ignore[misc]
        part.keep(score, case)
    part.sampled = Sampled(met, violated)
    return _share(sizes.sampled, number)


def _guide(target: Target, sizes: Sizes, seed: int, number: int, part: Part) -> int:
    from mfcheck.falsify import strategies  # a review searches without Hypothesis

    count = 0

    def objective(case: Case) -> float:
        nonlocal count
        count += 1
        score = target.fast(case.sample())
        if score > NOTHING and target.admissible(case):
            _score(target, case.sample(), part.visits, lambda: case)
            part.best.add(score, lambda: case)
        return score

    examples = _share(sizes.guided, number)
    if not examples:
        return 0
    some = strategies.typed(stream(seed, "typed", target.inequality.id), TYPED)
    drawn = strategies.cases(target.paper, target.inequality, sizes.max_n, some)
    strategies.explore(drawn, objective, examples, seed * STREAMS + number)
    return count


def _climb(target: Target, unit: Unit, seed: int, part: Part) -> int:
    """Maximise the violation over the continuous part of the unit's case."""
    case = unit.start
    assert case is not None
    inside = space.space_of(case, target.inequality)
    if inside.size == 0 or not target.admissible(case):
        return 0
    count, best = 0, part.best

    def objective(vector: Array) -> float:
        nonlocal count
        if count == unit.share:
            raise Enough
        count += 1
        score = _score(target, inside.sample(vector), part.visits, lambda: inside.case(vector))
        if score > best.largest:
            exact = inside.case(vector)
            if target.admissible(exact):
                best.add(score, lambda: exact)
        return -score

    with suppress(Enough):
        for again in range(RESTARTS):
            _minimise(objective, inside.vector(case), unit.share, seed + 1000 * again)
    return count


def _minimise(objective: Callable[[Array], float], start: Array, budget: int, seed: int) -> None:
    bounds = Bounds(np.zeros(len(start)), np.ones(len(start)))
    begin = np.clip(start, 0, 1)
    if len(start) <= SMALL:
        differential_evolution(
            objective, bounds, x0=begin, seed=seed, maxiter=budget, tol=0, polish=False
        )
        return
    dual_annealing(objective, bounds, x0=begin, seed=seed, maxiter=budget, maxfun=2 * budget)
