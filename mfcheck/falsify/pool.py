"""Units of a search in other processes: the same results, sooner."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from types import TracebackType

from mfcheck.catalog import load
from mfcheck.falsify.search import Part, Perform, Sizes, Unit, work
from mfcheck.falsify.target import Target

PAYS = 10_000
"""Settings to try from which it pays to start processes: each needs some seconds to get ready."""


@dataclass(frozen=True)
class Reference:
    """Names a target of an installed paper, for a process that has to load it."""

    paper: str
    claim: str
    inequality: str
    planted: str | None = None

    def target(self) -> Target:
        """Load the target.

        Raises:
            KeyError: there is no such claim, inequality or planted error.
        """
        paper = load(self.paper)
        claim = paper.claim(self.claim)
        if claim is None:
            raise KeyError(self.claim)
        inequality = {q.id: q for q in claim.inequalities}[self.inequality]
        formulas = dict(claim.reading(inequality.reading).formulas)
        if self.planted is not None:
            formulas |= {e.id: e for e in claim.planted}[self.planted].replace
        return Target(paper, claim, inequality, formulas)


@lru_cache(maxsize=1)
def _ready(reference: Reference) -> Target:
    target = reference.target()
    target.warm()
    return target


def _do(reference: Reference, sizes: Sizes, seed: int, unit: Unit) -> Part:
    return work(_ready(reference), sizes, seed, unit)


class Pool:
    """Processes that share the units of searches; none is started before the first search that is worth it."""

    def __init__(self, jobs: int) -> None:
        """Prepare at most `jobs` processes."""
        self._jobs = jobs
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Pool":
        """Return the pool itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the processes; units that have not begun are dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=kind is None, cancel_futures=True)

    def perform(self, reference: Reference, sizes: Sizes, seed: int) -> Perform | None:
        """Return what does the units of a search, None where they are better done here."""
        if self._jobs < 2 or sizes.sampled + sizes.guided + sizes.optimised < PAYS:
            return None
        if self._executor is None:
            self._executor = ProcessPoolExecutor(self._jobs, mp_context=get_context("spawn"))
        executor = self._executor

        def perform(units: Sequence[Unit]) -> list[Part]:
            futures = [executor.submit(_do, reference, sizes, seed, unit) for unit in units]
            return [future.result() for future in futures]

        return perform
