"""The simulation of every installed paper, interrupted early: its numbers are those of the draws that were made.

The draws that the record names are made once more, by a trial that knows nothing of interruptions, and must give the
same numbers and errors.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import pytest

from mfcheck import load_paper, paper_ids
from mfcheck.claims.randomness import stream
from mfcheck.claims.record import StoppedRecord
from mfcheck.claims.trial import Draws, SimulationStopped, Trial

pytestmark = pytest.mark.slow

T = TypeVar("T")
SINGLE = {"landscape", "policy-gradient", "relu-knots", "rntk-scaling", "scaled-resnets"}
"""Papers whose numbers come from single runs, or from runs that are all needed."""
SIMULATED = [id for id in paper_ids() if load_paper(id).simulate is not None]


class Shorter(Trial):
    """A trial that makes so many draws of each kind and no more, in the parts in which the whole would make them."""

    made: Mapping[str, int]

    def samples(self, kinds: Mapping[str, Draws[Any]]) -> dict[str, Any]:
        found = {}
        for name, kind in kinds.items():
            parts, left, number = [], self.made.get(name, 0), 0
            for number, size in enumerate(_sizes(kinds, name)):
                if left and size:
                    parts.append(kind.draw(stream(self.seed, f"{name} {number}"), size))
                    left -= size
            assert left == 0
            if parts and isinstance(parts[0], Mapping):
                found[name] = {key: np.concatenate([p[key] for p in parts]) for key in parts[0]}
            elif parts:
                found[name] = np.concatenate(parts)
        return found

    def draws(self, name: str, count: int, draw: Callable[[int], T], least: int = 2) -> list[T]:
        return [draw(k) for k in range(min(count, self.made.get(name, 0)))]


def _sizes(kinds: Mapping[str, Draws[Any]], name: str) -> list[int]:
    """The parts of one kind: its least number, then twenty shares, or as many as the largest rest has draws."""
    rests = {n: kind.count - min(kind.least, kind.count) for n, kind in kinds.items()}
    parts = min(20, max(rests.values()))
    edges = [rests[name] * k // parts for k in range(parts + 1)] if parts else [0]
    return [kinds[name].count - rests[name], *np.diff(edges).tolist()]


def interrupted(id: str, after: int) -> StoppedRecord:
    """Run the simulation of a paper and interrupt it when it has told of its progress so often."""
    told = 0

    def stop(_: float) -> None:
        nonlocal told
        told += 1
        if told == after:
            raise KeyboardInterrupt

    paper = load_paper(id)
    assert paper.simulate is not None
    with pytest.raises(SimulationStopped) as stopped:
        paper.simulate(paper.default, 11, stop)
    assert isinstance(stopped.value.__cause__, KeyboardInterrupt)
    return stopped.value.record


@pytest.mark.parametrize("id", [id for id in SIMULATED if id not in SINGLE])
def test_an_interruption_leaves_the_numbers_of_the_draws_so_far(id: str) -> None:
    record, paper = interrupted(id, 3), load_paper(id)
    made = re.findall(r"(?:after |, )(\d+) of (\d+) ((?:[^,0-9]|\d+(?! of))+)", record.reason)
    assert record.reason == "interrupted after " + ", ".join(f"{k} of {n} {x}" for k, n, x in made)
    assert any(int(k) < int(n) for k, n, _ in made)
    assert record.final
    assert paper.simulate is not None
    trial = Shorter(paper.default, 11, record.options)
    object.__setattr__(trial, "made", {name: int(k) for k, _, name in made})
    again = paper.simulate.run(trial).final
    assert record.final.keys() == again.keys()
    for name, found in record.final.items():
        assert np.isfinite([found.value, found.error]).all()
        assert found.error > 0
        assert found.value == pytest.approx(again[name].value, rel=1e-9, abs=1e-12)
        assert found.error == pytest.approx(again[name].error, rel=1e-7)
        # Fewer draws than the largest number that was made leave fewer degrees of freedom.
        assert found.dof is not None
        assert found.dof < max(int(k) for k, _, _ in made)


@pytest.mark.parametrize("id", sorted(SINGLE & set(SIMULATED)))
def test_of_a_single_run_nothing_is_complete(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interruption comes as it begins; it says that no number is complete."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    paper = load_paper(id)
    assert paper.simulate is not None
    monkeypatch.setattr(Trial, "say", stop, raising=False)
    with pytest.raises(SimulationStopped) as stopped:
        paper.simulate(paper.default, 0, stop, say=stop)
    record = stopped.value.record
    assert "complete" in record.reason or record.time
    assert all(
        found.dof is None for found in record.final.values()
    )  # what is complete has no noise
