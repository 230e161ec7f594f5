"""The search for a setting in which an inequality is false: random, guided, optimised; then certified."""

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import Bounds, differential_evolution, dual_annealing
from scipy.stats import beta as beta_law

from mfcheck.claims.inequality import Array, Case, Inequality, Sample
from mfcheck.claims.model import Assumption, Budget, Claim, Paper
from mfcheck.errors import InputError
from mfcheck.falsify import space, strategies
from mfcheck.rigor.ball import compare
from mfcheck.symbolic.activation import LIBRARY, Activation

Formulas = Mapping[str, sp.Basic]

NOISE = 1e-7
"""Relative violation below which double precision says nothing."""
NOTHING = -2.0
"""Violation where a side is not defined, or the right side is infinite."""
CONFIDENCE = 0.99
KEPT = 8
"""Candidates that are tried in ball arithmetic, the worst first."""
TYPED = 4
"""Activations typed at random, beside those of the library; each costs a judgement of Assumption 3 by suprema."""
RESTARTS = 4
"""How often the optimiser begins anew if it converges before its evaluations are used up."""
SMALL = 12
"""Dimension up to which differential evolution is used, dual annealing above."""


class Enough(Exception):  # noqa: N818
    """The optimiser has used up its evaluations."""


def violation(lhs: float, rhs: float) -> float:
    """Return `(lhs - rhs)/(|lhs| + |rhs|)`, positive where `lhs <= rhs` is false; NOTHING where undefined."""
    if not (np.isfinite(lhs) and np.isfinite(rhs)):
        return NOTHING
    size = abs(lhs) + abs(rhs)
    return (lhs - rhs) / size if size > 0 else 0.0


@dataclass(frozen=True)
class Sizes:
    """How much a search does."""

    sampled: int
    guided: int
    optimised: int
    max_n: int
    max_d: int

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


@dataclass(frozen=True)
class Target:
    """An inequality of a paper with the formulas under attack."""

    paper: Paper
    claim: Claim
    inequality: Inequality
    formulas: Formulas

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """The assumptions that the claim names."""
        return tuple(a for a in self.paper.assumptions if a.id in self.claim.assumptions)

    def admissible(self, case: Case) -> bool:
        """Return whether the paper speaks of the setting, and all assumptions are decided to hold."""
        try:
            self.paper.validate(case.setting)
        except InputError:
            return False
        return all(_holds(a, case) for a in self.assumptions)

    def fast(self, sample: Sample) -> float:
        """Return the violation in double precision."""
        with np.errstate(all="ignore"), suppress(InputError, np.linalg.LinAlgError):
            return violation(*self.inequality.fast(sample, self.formulas))
        return NOTHING

    def enclosed(self, case: Case) -> tuple[Any, Any] | None:
        """Return rigorous enclosures of both sides; None where they cannot be had."""
        try:
            return self.inequality.enclosed(case, self.formulas)
        except InputError:
            return None

    def refuted(self, case: Case) -> bool:
        """Return whether a case certainly meets the assumptions and certainly violates the inequality."""
        sides = self.enclosed(case) if self.admissible(case) else None
        return sides is not None and compare(*sides) == ">"


def _holds(assumption: Assumption, case: Case) -> bool:
    return assumption.holds(case.setting).met is True


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


@dataclass(frozen=True)
class Found:
    """The outcome of a search; `case` is a certified counterexample if there is one."""

    sampled: Sampled
    tried: Mapping[str, int]
    seconds: Mapping[str, float]
    largest: float
    case: Case | None

    @property
    def rate(self) -> float:
        """Settings tried per second, all ways of search together."""
        return sum(self.tried.values()) / max(sum(self.seconds.values()), 1e-9)


def stream(seed: int, *words: str) -> np.random.Generator:
    """Return a random stream that belongs to these words alone."""
    digest = hashlib.sha256(" ".join(words).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence([seed, *digest[:16]]))


def search(target: Target, sizes: Sizes, seed: int) -> Found:
    """Look for a certified counterexample."""
    best, tried, seconds = Best(), {}, {}
    _warm(target)
    parts: list[tuple[str, Callable[[], Any]]] = [
        ("sampled", lambda: _sample(target, sizes, seed, best)),
        ("guided", lambda: _guide(target, sizes, seed, best)),
        ("optimised", lambda: _optimise(target, sizes, seed, best)),
    ]
    results = []
    for name, part in parts:
        start = time.perf_counter()
        count, result = part()
        seconds[name], tried[name] = time.perf_counter() - start, count
        results.append(result)
    hits = sorted((c for score, c in best.cases if score > NOISE), key=_complexity)
    case = next((case for case in hits if target.refuted(case)), None)
    return Found(results[0], tried, seconds, best.largest, case)


def _complexity(case: Case) -> tuple[int, int]:
    data = case.setting.data
    return data.n * data.d, len(str(data.points))


def _warm(target: Target) -> None:
    """Generate code, and what belongs to the activations of the library alone, before the clock runs."""
    case = _default_case(target)
    for activation in LIBRARY.values() if "activation" in target.inequality.varies else ():
        case = replace(case, setting=replace(case.setting, activation=activation))
        target.fast(case.sample())
        target.admissible(case)


def _default_case(target: Target) -> Case:
    own = tuple((v.name, space.rational(v, space.at(v, 0.5))) for v in target.inequality.own)
    return Case(target.paper.default, own)


def _sample(target: Target, sizes: Sizes, seed: int, best: Best) -> tuple[int, Sampled]:
    rng = stream(seed, "sample", target.inequality.id)
    met = violated = 0
    for _ in range(sizes.sampled):
        case = space.draw(rng, target.paper.default, target.inequality, sizes.max_n, sizes.max_d)
        if not target.admissible(case):
            continue
        score = target.fast(case.sample())
        if score == NOTHING:
            continue
        met += 1
        violated += score > NOISE
        best.add(score, lambda case=case: case)  # type: ignore[misc]
    return sizes.sampled, Sampled(met, violated)


def _guide(target: Target, sizes: Sizes, seed: int, best: Best) -> tuple[int, None]:
    count = 0

    def objective(case: Case) -> float:
        nonlocal count
        count += 1
        score = target.fast(case.sample())
        if score > NOTHING and target.admissible(case):
            best.add(score, lambda: case)
        return score

    some = strategies.typed(stream(seed, "typed", target.inequality.id), TYPED)
    drawn = strategies.cases(target.paper, target.inequality, sizes.max_n, some)
    strategies.explore(drawn, objective, sizes.guided, seed)
    return count, None


def _optimise(target: Target, sizes: Sizes, seed: int, best: Best) -> tuple[int, None]:
    """Maximise the violation over the continuous part, in several spaces, from the worst cases seen."""
    starts = _starts(target, best)
    share, total = sizes.optimised // len(starts), 0
    for number, case in enumerate(starts):
        total += _climb(target, case, share, seed + number, best)
    return total, None


def _starts(target: Target, best: Best) -> list[Case]:
    """Return the worst case of each activation seen, at most four, and the default setting."""
    by_activation: dict[tuple[Activation, int], Case] = {}
    for _, case in best.cases:
        key = (case.setting.activation, case.setting.data.n)
        by_activation.setdefault(key, case)
    return [*list(by_activation.values())[:4], _default_case(target)]


def _climb(target: Target, case: Case, budget: int, seed: int, best: Best) -> int:
    inside = space.space_of(case, target.inequality)
    if inside.size == 0 or not target.admissible(case):
        return 0
    count = 0

    def objective(vector: Array) -> float:
        nonlocal count
        if count == budget:
            raise Enough
        count += 1
        score = target.fast(inside.sample(vector))
        if score > best.largest:
            exact = inside.case(vector)
            if target.admissible(exact):
                best.add(score, lambda: exact)
        return -score

    with suppress(Enough):
        for again in range(RESTARTS):
            _minimise(objective, inside.vector(case), budget, seed + 1000 * again)
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
