import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mfcheck import load_paper
from mfcheck.run import process
from mfcheck.run.engine import Processes
from mfcheck.run.executor import Unit, cores
from mfcheck.run.judge import tasks_of as tasks_for
from mfcheck.run.process import Worker, WorkerError, worker_environment
from mfcheck.run.records import check_record, evidence_of
from mfcheck.run.tasks import (
    SEPARATE,
    Event,
    Job,
    Result,
    Started,
    Task,
    What,
    units,
)

Log = Callable[[], list[str]]


def make_job(reference: str) -> Job:
    return Job(reference, load_paper(reference).default.describe(), "quick", 0)


def run_tasks(job: Job, tasks: list[Task], jobs: int, seconds: float = 3600.0) -> Generator[Event]:
    with closing(Processes(jobs).run((Unit(job, u) for u in units(tasks)), seconds)) as events:
        for unit, event in events:
            assert event.task in unit.tasks
            yield event


def run(reference: str, ids: list[str], jobs: int = 1) -> dict[str, Result]:
    tasks = tasks_of(reference, ids)
    events = run_tasks(make_job(reference), tasks, jobs)
    results = [event for event in events if isinstance(event, Result)]
    assert sorted(r.task.id for r in results) == sorted(ids)
    return {result.task.id: result for result in results}


def tasks_of(reference: str, ids: list[str]) -> list[Task]:
    groups = {c.id: c.group for claim in load_paper(reference).claims for c in claim.checks}
    return [Task(What.CHECK, id, group=groups[id]) for id in ids]


SHAKY = [
    "fragile/stated/fragile.before",
    "fragile/stated/fragile.run",
    "fragile/stated/fragile.after",
]


def test_every_task_starts_and_ends_once(toy: str) -> None:
    events = list(run_tasks(make_job(toy), tasks_of(toy, [*SHAKY, "square/weak/square.draw"]), 2))
    started = [event.task.id for event in events if isinstance(event, Started)]
    ended = [event.task.id for event in events if isinstance(event, Result)]
    assert sorted(started) == sorted(ended) == sorted([*SHAKY, "square/weak/square.draw"])
    assert [id for id in ended if id in SHAKY] == SHAKY


def test_a_group_shares_a_process_and_no_tasks_need_none(toy: str) -> None:
    assert run(toy, []) == {}
    assert {r.value["passed"] for r in run(toy, SHAKY, jobs=8).values()} == {True}


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("raise", "ValueError: a line and another"),
        ("sys.exit", "SystemExit: 3"),
        ("interrupt", "KeyboardInterrupt"),
        ("wrong type", "TypeError: the check returned NoneType, not Evidence"),
        ("not finite", "ValueError: the certificate of the check is malformed: no JSON"),
        ("other", "ValueError: the certificate of the check is about something else"),
    ],
)
def test_a_failing_check_crashes_alone(
    toy: str, log: Log, monkeypatch: pytest.MonkeyPatch, behaviour: str, reason: str
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", behaviour)
    results = run(toy, SHAKY)
    assert [id for id in SHAKY if results[id].crashed] == ["fragile/stated/fragile.run"]
    assert results["fragile/stated/fragile.run"].reason.startswith(reason)
    assert "Traceback" in results["fragile/stated/fragile.run"].traceback
    assert log() == SHAKY


def test_a_certificate_about_a_side_counts_and_its_statement_is_kept(
    toy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "related")
    (result,) = run(toy, SHAKY[1:2]).values()
    assert not result.crashed
    check = next(k for c in load_paper(toy).claims for k in c.checks if k.id == SHAKY[1])
    kept = check_record(check, evidence_of(result), result, 0, "file.json")
    assert kept.states == "1.414 <= sqrt(2) <= 1.415"
    assert check_record(check, evidence_of(result), result, 0, None).states == ""


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("exit", "the worker process exited with status 7"),
        ("segfault", "the worker process was killed by SIGSEGV"),
        ("memory", "the worker process was killed by SIGKILL (out of memory?)"),
    ],
)
def test_a_check_that_kills_its_process_crashes_alone(
    toy: str, log: Log, monkeypatch: pytest.MonkeyPatch, behaviour: str, reason: str
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", behaviour)
    results = run(toy, SHAKY)
    assert [id for id in SHAKY if results[id].crashed] == ["fragile/stated/fragile.run"]
    assert results["fragile/stated/fragile.run"].reason == reason
    assert log() == [
        "fragile/stated/fragile.before",
        "fragile/stated/fragile.run",
        "fragile/stated/fragile.run",
        "fragile/stated/fragile.after",
    ]


def test_a_check_that_dies_by_bad_luck_gets_another_chance(
    toy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "die-once")
    monkeypatch.setenv("TOY_MARKER", str(tmp_path / "died"))
    results = run(toy, SHAKY)
    assert (tmp_path / "died").exists()
    assert not any(result.crashed for result in results.values())


@pytest.mark.parametrize("behaviour", ["loop", "deaf"])
def test_a_check_that_never_ends_is_ended(
    toy: str, log: Log, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", behaviour)
    events = list(run_tasks(make_job(toy), tasks_of(toy, SHAKY), 1, seconds=2.0))
    results = {event.task.id: event for event in events if isinstance(event, Result)}
    assert sorted(results) == sorted(SHAKY)
    late = results["fragile/stated/fragile.run"]
    assert late.reason == "ended by its time limit, 2 s: --check-seconds gives it more"
    assert 2.0 <= late.seconds < 30.0
    assert [id for id in SHAKY if results[id].crashed] == ["fragile/stated/fragile.run"]
    assert log() == SHAKY  # it is not tried again


def test_work_that_took_too_long_is_not_begun_by_each_of_its_group(
    toy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "all sleep")
    monkeypatch.setattr(process, "LEAST", 0.2)
    results = {
        event.task.id: event
        for event in run_tasks(make_job(toy), tasks_of(toy, SHAKY), 1, seconds=4.0)
        if isinstance(event, Result)
    }
    first, *others = (results[id] for id in SHAKY)
    assert first.reason == "ended by its time limit, 4 s: --check-seconds gives it more"
    for late in others:
        assert late.reason == (
            "ended by its time limit, 0.4 s, less than others have, as fragile/stated/fragile.before of its group "
            "had been ended: --check-seconds gives it more"
        )


@pytest.mark.parametrize("group", sorted(SEPARATE))
def test_what_shares_no_work_keeps_the_whole_limit(
    toy: str, monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "all sleep")
    monkeypatch.setattr(process, "LEAST", 0.1)
    tasks = [replace(task, group=group) for task in tasks_of(toy, SHAKY[:2])]
    events = run_tasks(make_job(toy), tasks, 1, seconds=1.0)
    assert {e.reason for e in events if isinstance(e, Result)} == {
        "ended by its time limit, 1 s: --check-seconds gives it more"
    }


def test_groups_that_share_no_work_are_named_where_they_are_made() -> None:
    paper = load_paper("scaled-resnets")
    tasks = tasks_for(paper, paper.claims, constants=True)
    groups = {task.group for task in tasks if task.what is not What.CHECK and task.group}
    groups |= {c.group for claim in paper.claims for c in claim.checks if "/slack-" in c.id}
    assert groups == SEPARATE


def test_what_a_check_prints_does_not_disturb(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "print")
    assert not run(toy, SHAKY)["fragile/stated/fragile.run"].crashed


def test_leaving_early_kills_the_workers_at_once(
    toy: str, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "sleep")
    start = time.monotonic()
    with closing(run_tasks(make_job(toy), tasks_of(toy, SHAKY), 1)) as events:
        for event in events:
            if isinstance(event, Started) and event.task.id == "fragile/stated/fragile.run":
                break
    assert time.monotonic() - start < 60
    assert "fragile/stated/fragile.after" not in log()


def test_a_paper_that_workers_cannot_load_is_an_internal_failure(toy: str) -> None:
    job = Job("toy_paper:nothing", load_paper(toy).default.describe(), "quick", 0)
    with pytest.raises(WorkerError, match="AttributeError") as failure:
        list(run_tasks(job, tasks_of(toy, SHAKY), 1))
    assert "Traceback" in failure.value.__notes__[0]


def test_a_process_serves_many_jobs_but_not_for_ever(
    toy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five jobs, of which a process takes two: three processes, and the results of five."""
    started = []

    class Counted(Worker):
        def __init__(self, environment: Mapping[str, str]) -> None:
            started.append(self)
            super().__init__(environment)

    monkeypatch.setattr("mfcheck.run.process.Worker", Counted)
    monkeypatch.setattr("mfcheck.run.process.JOBS", 2)
    tasks = tuple(tasks_of(toy, ["square/weak/square.draw"]))
    todo = [Unit(replace(make_job(toy), seed=seed), tasks, str(seed)) for seed in range(5)]
    found = [(u.mark, e) for u, e in Processes(1).run(todo, 100.0) if isinstance(e, Result)]
    assert [mark for mark, _ in found] == ["0", "1", "2", "3", "4"]
    assert len({result.value["slack"] for _, result in found}) == 5
    assert len(started) == 3


def test_units_are_drawn_as_they_are_needed(toy: str) -> None:
    """Of a hundred units few are drawn ahead, in the thread of the caller, and none once the events are closed."""
    drawn = []

    def draw() -> Generator[Unit]:
        for seed in range(100):
            assert threading.current_thread() is threading.main_thread()
            drawn.append(seed)
            yield Unit(replace(make_job(toy), seed=seed), tuple(tasks_of(toy, SHAKY[:1])))

    with closing(Processes(2).run(draw(), 100.0)) as events:
        ended = 0
        for _, event in events:
            ended += isinstance(event, Result)
            assert len(drawn) <= ended + 2 * 3
            if ended == 10:
                break
    assert len(drawn) < 20


def test_planted_errors_reach_the_check(toy: str) -> None:
    task = Task(
        What.CHECK, "square/stated/square.identity", planted="square/stated/square.coefficient"
    )
    results = [e for e in run_tasks(make_job(toy), [task], 1) if isinstance(e, Result)]
    assert results[0].value["passed"] is False


def test_threads_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfcheck.run.process.cores", lambda: 8)
    environment = worker_environment(3, {"HOME": "/home/user"})
    assert environment["NUMBA_NUM_THREADS"] == "2"
    assert environment["OPENBLAS_NUM_THREADS"] == "1"
    assert environment["HOME"] == "/home/user"
    assert worker_environment(9, {})["NUMBA_NUM_THREADS"] == "1"
    assert worker_environment(1, {"NUMBA_NUM_THREADS": "5"})["NUMBA_NUM_THREADS"] == "5"


def test_there_is_a_core() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_workers_do_not_outlive_their_parent(
    toy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent is killed over a check that would sleep for minutes; its worker must be gone soon."""
    monkeypatch.setenv("TOY_BEHAVIOUR", "sleep")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    code = (
        "from mfcheck.run import review, Started\n"
        "import os\n"
        "def watch(event, done, total):\n"
        "    if isinstance(event, Started) and event.task.id == 'fragile/stated/fragile.run':\n"
        "        os.system('ps -eo pid,ppid > ' + os.environ['TOY_PS'])\n"
        "        os.kill(os.getpid(), 9)\n"
        f"review({toy!r}, claims=['fragile'], watch=watch)\n"
    )
    monkeypatch.setenv("TOY_PS", str(tmp_path / "ps"))
    parent = subprocess.Popen([sys.executable, "-c", code])
    parent.wait(timeout=60)
    rows = [line.split() for line in (tmp_path / "ps").read_text().splitlines()[1:]]
    children = [int(pid) for pid, ppid in rows if int(ppid) == parent.pid]
    assert children
    deadline = time.monotonic() + 30
    while any(alive(pid) for pid in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def processes_of(executor: Processes) -> list[int]:
    return [place._worker._process.pid for place in executor._idle if place._worker is not None]


def one_task(executor: Processes, job: Job, tasks: list[Task]) -> list[Result]:
    found = executor.run((Unit(job, (task,)) for task in tasks), 3600.0)
    return [event for _, event in found if isinstance(event, Result)]


def test_warm_processes_stay_from_one_run_to_the_next_and_end_at_last(
    toy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, tasks = make_job(toy), tasks_of(toy, SHAKY[:1])
    with closing(Processes(1, warm=True)) as executor:
        first = one_task(executor, job, tasks)
        (pid,) = processes_of(executor)
        assert [r.value for r in one_task(executor, job, tasks)] == [r.value for r in first]
        assert processes_of(executor) == [pid]
        monkeypatch.setenv("TOY_BEHAVIOUR", "another")  # in another environment there are others
        one_task(executor, job, tasks)
        (other,) = processes_of(executor)
        assert other != pid
    for ended in (pid, other):
        with pytest.raises(ProcessLookupError):
            os.kill(ended, 0)


def test_a_warm_process_ends_after_some_papers(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfcheck.run.process.PAPERS", 1)
    job, tasks = make_job(toy), tasks_of(toy, SHAKY[:1])
    with closing(Processes(1, warm=True)) as executor:
        one_task(executor, job, tasks)
        first = processes_of(executor)
        one_task(executor, job, tasks)
        assert processes_of(executor) == first  # it is the same paper
        executor._idle[0]._worker.papers.add("another")  # type: ignore[union-attr]
        executor._idle[0]._worker.papers.discard(job.paper)  # type: ignore[union-attr]
        one_task(executor, job, tasks)
        assert processes_of(executor) != first


def test_a_warm_run_that_is_left_early_keeps_no_process(toy: str) -> None:
    job, tasks = make_job(toy), tasks_of(toy, SHAKY)
    with closing(Processes(1, warm=True)) as executor:
        with closing(executor.run((Unit(job, (task,)) for task in tasks), 3600.0)) as events:
            next(events)
        assert processes_of(executor) == []
        assert len(one_task(executor, job, tasks)) == len(tasks)
