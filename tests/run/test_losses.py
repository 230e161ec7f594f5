"""What a run on a cluster makes of answers that are late, lost or double; the cluster is played by a script."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mfcheck.errors import InputError
from mfcheck.run.cluster import LOSSES, _Run
from mfcheck.run.executor import Unit
from mfcheck.run.link import Lost
from mfcheck.run.process import Death
from mfcheck.run.remote import Done, OtherCode, Unwanted
from mfcheck.run.tasks import Event, Job, Result, Started, Task, What

distributed = pytest.importorskip("distributed")

JOB = Job("none:none", {}, "quick", 0)
A, B = Task(What.CHECK, "a", group="g"), Task(What.CHECK, "b", group="g")
Answer = Done | BaseException | None


class Future:
    """Calls back as soon as somebody listens, and more than once if told so."""

    def __init__(self, key: str, times: int) -> None:
        self.key, self._times = key, times

    def add_done_callback(self, call: Callable[[Any], None]) -> None:
        for _ in range(self._times):
            call(self)


class Played:
    """A link whose answers come from a function of the number of the submission and its tasks."""

    name = "the cluster"

    def __init__(self, answer: Callable[[int, tuple[Task, ...]], Answer], times: int = 1) -> None:
        self._answer = answer
        self._times = times
        self._given: dict[str, tuple[int, tuple[Task, ...]]] = {}
        self.sent: list[tuple[Task, ...]] = []
        self.fresh: list[bool] = []
        self.broken = 0
        self.renewed = 0

    def listen(self, hear: Callable[[str, int], None]) -> None:
        self.hear = hear

    def threads(self) -> int:
        return 2

    def renew(self) -> None:
        self.renewed += 1

    def submit(self, function: Any, *given: Any) -> tuple[str, Future]:
        _, tasks, _, _, fresh = given
        key = str(len(self.sent))
        self._given[key] = (len(self.sent), tasks)
        self.sent.append(tasks)
        self.fresh.append(fresh)
        self.hear(key, 0)
        return key, Future(key, self._times)

    def gather(self, futures: list[Future]) -> list[Answer]:
        if self.broken and futures:
            self.broken -= 1
            raise Lost
        return [self._answer(*self._given[future.key]) for future in futures]


def done(tasks: tuple[Task, ...]) -> Done:
    return Done(tuple(Result(task, 1.0, value=task.id) for task in tasks), None)


def run(link: Played, monkeypatch: pytest.MonkeyPatch, *units: tuple[Task, ...]) -> list[Event]:
    """Return the events; each task starts and ends once, in this order."""
    monkeypatch.setattr("mfcheck.run.cluster.fingerprint", lambda paper: {})
    todo: Iterator[Unit] = (Unit(JOB, tasks) for tasks in units)
    events = [event for _, event in _Run(link, todo, 9.0).events()]  # type: ignore[arg-type]
    for task in {task for unit in units for task in unit}:
        kinds = [type(event) for event in events if event.task == task]
        assert kinds == [Started, Result]
    return events


def results(events: list[Event]) -> dict[str, Result]:
    return {event.task.id: event for event in events if isinstance(event, Result)}


def test_an_answer_that_comes_twice_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = results(run(Played(lambda _, tasks: done(tasks), times=3), monkeypatch, (A, B)))
    assert [found[id].value for id in "ab"] == ["a", "b"]


def test_what_is_lost_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Played(lambda number, tasks: Unwanted() if number < 3 else done(tasks))
    found = results(run(link, monkeypatch, (A,)))
    assert found["a"].value == "a"
    assert len(link.sent) == 4


def test_what_is_always_lost_has_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Played(lambda *_: Unwanted())
    found = results(run(link, monkeypatch, (A,)))
    assert found["a"].reason == f"the cluster lost it {LOSSES} times"
    assert len(link.sent) == LOSSES


def test_after_a_broken_connection_everything_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = Played(lambda _, tasks: done(tasks))
    link.broken = 2
    found = results(run(link, monkeypatch, (A,), (B,)))
    assert {id: result.value for id, result in found.items()} == {"a": "a", "b": "b"}
    assert link.renewed == 2
    assert len(link.sent) == 6


def killed() -> BaseException:
    error: BaseException = distributed.KilledWorker("key", None, 1)
    return error


def test_only_what_runs_when_nothing_else_does_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """B kills whatever runs it; A shares its unit, and once its worker."""

    def answer(_: int, tasks: tuple[Task, ...]) -> Answer:
        return killed() if B in tasks else done(tasks)

    link = Played(answer)
    found = results(run(link, monkeypatch, (A, B)))
    assert found["a"].value == "a"
    assert found["b"].reason == "the workers of the cluster that ran it died"
    assert link.sent == [(A, B), (A, B), (A,), (B,)]


def test_a_task_whose_process_dies_twice_has_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_: int, tasks: tuple[Task, ...]) -> Answer:
        death = Death(tasks[tasks.index(A) :], 2.0, "killed", "words") if A in tasks else None
        before = tasks if death is None else tasks[: tasks.index(A)]
        return Done(done(before).results, death)

    link = Played(answer)
    found = results(run(link, monkeypatch, (A, B)))
    assert (found["a"].reason, found["a"].traceback, found["a"].seconds) == ("killed", "words", 2.0)
    assert found["b"].value == "b"
    assert link.sent == [(A, B), (A,), (B,)]
    assert link.fresh == [False, True, True]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OtherCode("has another numpy (1, here 2)"), "a worker of the cluster has another numpy"),
        (ModuleNotFoundError("No module named 'mfcheck'"), "cannot run mfcheck: No module"),
    ],
)
def test_a_worker_that_cannot_do_it_ends_the_run_in_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, line: str
) -> None:
    with pytest.raises(InputError, match=line):
        run(Played(lambda *_: error), monkeypatch, (A,))


def test_a_cluster_without_workers_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfcheck.run.cluster.DESERTED", 0.0)
    monkeypatch.setattr("mfcheck.run.cluster._BEAT", 0.0)
    link = Played(lambda *_: None, times=0)
    monkeypatch.setattr(link, "threads", lambda: 0)
    with pytest.raises(InputError, match="the cluster has had no worker for 0 s"):
        run(link, monkeypatch, (A,))
