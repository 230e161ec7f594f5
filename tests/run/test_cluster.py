"""A cluster of two workers, one of which is killed now and then: the results are those of one process, each once."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from mfcheck import load_paper
from mfcheck.errors import InputError
from mfcheck.run import review
from mfcheck.run.engine import Processes
from mfcheck.run.executor import Executor, Unit
from mfcheck.run.executors import executor_of
from mfcheck.run.tasks import Job, Result, Started, Task, What, units

distributed = pytest.importorskip("distributed")


pytestmark = pytest.mark.xdist_group("cluster")

TOY = "toy_paper:paper"
SHAKY = [f"fragile/stated/fragile.{name}" for name in ("before", "run", "after")]
DRAW = "square/weak/square.draw"


class Workers:
    """A cluster of two Dask workers, whose misbehaviour can be set."""

    def __init__(self, folder: Path) -> None:
        self._behaviour = folder / "behaviour"
        self._log = folder / "log"
        self._marker = folder / "marker"
        os.environ["TOY_BEHAVIOUR"] = f"@{self._behaviour}"
        os.environ["TOY_LOG"] = str(self._log)
        os.environ["TOY_MARKER"] = str(self._marker)
        self.made = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        )

    @property
    def address(self) -> str:
        return str(self.made.scheduler_address)

    def behave(self, how: str) -> None:
        self._behaviour.write_text(how)
        self._log.unlink(missing_ok=True)
        self._marker.unlink(missing_ok=True)

    def marked(self) -> str:
        return self._marker.read_text() if self._marker.exists() else ""

    def log(self) -> list[str]:
        return self._log.read_text().split() if self._log.exists() else []


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    with pytest.MonkeyPatch.context() as patch, patch_failures():
        patch.syspath_prepend(str(Path(__file__).parent / "toy"))
        for name in ("TOY_BEHAVIOUR", "TOY_LOG", "TOY_MARKER"):
            patch.setenv(name, "")
        found = Workers(tmp_path_factory.mktemp("cluster"))
        yield found
        found.made.close()


def patch_failures() -> Any:
    """A task of which one retry killed its worker as well has failed, as documented for a scheduler of one's own."""
    import dask

    return dask.config.set({"distributed.scheduler.allowed-failures": 1})


def make_job(seed: int = 0) -> Job:
    return Job(TOY, load_paper(TOY).default.describe(), "quick", seed)


def work(ids: list[str], seeds: int = 1) -> list[Unit]:
    groups = {c.id: c.group for claim in load_paper(TOY).claims for c in claim.checks}
    tasks = units([Task(What.CHECK, id, group=groups[id]) for id in ids])
    return [Unit(make_job(seed), unit, f"{seed}") for seed in range(seeds) for unit in tasks]


def run(executor: Executor, todo: list[Unit], seconds: float = 100.0) -> dict[str, Result]:
    """Return the results by seed and check; each task must start once and end once."""
    started: list[tuple[str, Task]] = []
    found: dict[str, Result] = {}
    for unit, event in executor.run(iter(todo), seconds):
        if isinstance(event, Started):
            started.append((unit.mark, event.task))
        else:
            key = f"{unit.job.seed} {event.task.id}"
            assert key not in found
            assert (unit.mark, event.task) in started
            found[key] = event
    assert len(set(started)) == len(started) == len(found) == sum(len(u.tasks) for u in todo)
    return found


def values(found: dict[str, Result]) -> dict[str, str]:
    return {key: json.dumps([result.value, result.reason]) for key, result in found.items()}


ALL = [*SHAKY, DRAW, "false/stated/false.witness"]
SEEDS = 8


@pytest.fixture(scope="module")
def expected(workers: Workers) -> dict[str, str]:
    """What one process of this machine gives for all checks and seeds."""
    workers.behave("")
    found = values(run(Processes(1), work(ALL, SEEDS)))
    assert len({value for key, value in found.items() if DRAW in key}) == SEEDS
    return found


def test_results_are_the_same_whoever_does_the_work(
    workers: Workers, expected: dict[str, str]
) -> None:
    workers.behave("")
    assert values(run(executor_of(cluster=workers.address), work(ALL, SEEDS))) == expected


@pytest.mark.slow
def test_results_are_the_same_on_a_cluster_in_this_process(
    workers: Workers, expected: dict[str, str]
) -> None:
    workers.behave("")
    assert values(run(executor_of(2, "auto"), work(ALL, SEEDS))) == expected
    assert values(run(Processes(2), work(ALL, SEEDS))) == expected


def test_a_worker_that_is_killed_costs_nothing(workers: Workers, expected: dict[str, str]) -> None:
    """The check kills the Dask worker that runs it, once, amid others."""
    workers.behave("kill-parent-once")
    assert values(run(executor_of(cluster=workers.address), work(ALL, SEEDS))) == expected
    assert workers.log().count(SHAKY[1]) > SEEDS


@pytest.mark.slow
def test_a_check_that_kills_every_worker_crashes_alone(workers: Workers) -> None:
    workers.behave("kill-parent")
    found = run(executor_of(cluster=workers.address), work([*SHAKY, DRAW]))
    assert [key for key, result in found.items() if result.crashed] == [f"0 {SHAKY[1]}"]
    assert found[f"0 {SHAKY[1]}"].reason == "the workers of the cluster that ran it died"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("segfault", "the worker process was killed by SIGSEGV"),
        ("raise", "ValueError: a line and another"),
        ("die-once", ""),
    ],
)
def test_a_check_whose_process_dies_is_tried_once_more(
    workers: Workers, behaviour: str, reason: str
) -> None:
    workers.behave(behaviour)
    found = run(executor_of(cluster=workers.address), work(SHAKY))
    assert found[f"0 {SHAKY[1]}"].reason == reason
    assert [r.crashed for r in found.values()].count(True) == bool(reason)
    assert workers.log().count(SHAKY[1]) == (1 if behaviour == "raise" else 2)


@pytest.mark.parametrize("behaviour", ["loop", "deaf"])
def test_a_check_that_never_ends_is_ended(workers: Workers, behaviour: str) -> None:
    workers.behave(behaviour)
    found = run(executor_of(cluster=workers.address), work(SHAKY), seconds=2.0)
    late = found[f"0 {SHAKY[1]}"]
    assert late.reason == "ended by its time limit, 2 s: --check-seconds gives it more"
    assert 2.0 <= late.seconds < 30.0
    assert workers.log() == SHAKY


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_leaving_early_leaves_nothing_running(workers: Workers) -> None:
    workers.behave("sleep")
    with closing(executor_of(cluster=workers.address).run(work(SHAKY), 100.0)) as events:
        assert [next(events)[1].task.id for _ in range(2)] == SHAKY[:2]
        until(lambda: bool(workers.marked()))
        assert alive(int(workers.marked()))
    until(lambda: not alive(int(workers.marked())))
    assert workers.log() == SHAKY[:2]


@pytest.fixture
def scheduler(workers: Workers, tmp_path: Path) -> Iterator["Scheduler"]:
    workers.behave("")
    found = Scheduler(tmp_path)
    try:
        found.start()
        yield found
    finally:
        found.stop()


class Scheduler:
    """A scheduler in a process of its own, with one worker, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        common = ("--scheduler-file", str(self.file), "--no-dashboard")
        place = ("--host", "127.0.0.1", "--port", str(self.port))
        self._run("dask_scheduler", *common, *place)
        until(self.file.exists)
        self._run("dask_worker", *common, "--no-nanny", "--nthreads", "1")

    def _run(self, name: str, *options: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.{name}", *options]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self._processes.append(
            subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes.clear()


@pytest.mark.slow
def test_a_scheduler_that_restarts_loses_nothing(
    expected: dict[str, str], scheduler: Scheduler
) -> None:
    executor = executor_of(cluster=str(scheduler.file))
    found: dict[str, Result] = {}
    for unit, event in executor.run(iter(work(ALL, SEEDS)), 100.0):
        if isinstance(event, Result):
            key = f"{unit.job.seed} {event.task.id}"
            assert key not in found
            found[key] = event
            if len(found) == 10:
                scheduler.stop()
                scheduler.start()
    assert values(found) == expected


@pytest.mark.slow
def test_another_version_is_refused_in_one_line(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any work, by every worker; and also by one that only shows once the work has been sent."""
    monkeypatch.setattr("mfcheck.run.identity.__version__", "7.7.7")
    line = r"the worker tcp://\S+ of the cluster at tcp://\S+ has another mfcheck \(0.1.0, \S+ \S+, here 7.7.7, .*"
    with pytest.raises(InputError, match=line):
        executor_of(cluster=workers.address).require(TOY)
    with pytest.raises(InputError, match=r"a worker of the cluster at \S+ has another mfcheck"):
        run(executor_of(cluster=workers.address), work(SHAKY))


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("tcp://127.0.0.1:1", "cannot reach a Dask scheduler at tcp://127.0.0.1:1: "),
        ("tcp://127.0.0.1", "cannot reach a Dask scheduler at tcp://127.0.0.1: missing port"),
        ("ftp://here:1", "cannot reach a Dask scheduler at ftp://here:1: unknown address scheme"),
        ("none.json", "cannot read the scheduler file 'none.json': No such file"),
        (__file__, "is not the file of a Dask scheduler"),
    ],
)
def test_an_unreachable_scheduler_is_refused_in_seconds(where: str, line: str) -> None:
    start = time.monotonic()
    with pytest.raises(InputError) as refused:
        executor_of(cluster=where).require(TOY)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    assert time.monotonic() - start < 20


def test_a_web_server_is_no_scheduler() -> None:
    """Its first eight bytes would be the length of a message of Dask's."""

    def answer(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                with server.accept()[0] as client:
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(InputError, match="cannot reach a Dask scheduler") as refused:
            executor_of(None, address).require("toy")
    assert "allocate" not in str(refused.value)


def test_a_worker_is_no_scheduler(workers: Workers) -> None:
    worker = next(iter(workers.made.scheduler_info["workers"]))
    with pytest.raises(InputError, match="a Dask worker answers there"):
        executor_of(cluster=worker).require(TOY)


def test_without_dask_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfcheck.run.link.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'mfcheck\[cluster\]'"):
        executor_of(cluster="auto")


def test_jobs_are_not_for_a_cluster_elsewhere() -> None:
    with pytest.raises(InputError, match="--jobs is for this machine"):
        executor_of(2, "tcp://127.0.0.1:1")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_command_that_is_stopped_leaves_nothing_running(
    workers: Workers, number: int, status: int, tmp_path: Path
) -> None:
    workers.behave("sleep")
    words = ["check", f"{TOY}:fragile", "--cluster", workers.address]
    code = "import sys; from mfcheck.commands import main; sys.exit(main())"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = subprocess.Popen(
        [sys.executable, "-c", code, *words], env=env, cwd=tmp_path, stderr=subprocess.PIPE
    )
    until(lambda: bool(workers.marked()), 60)
    command.send_signal(number)
    _, written = command.communicate(timeout=30)
    assert command.returncode == status
    if status > 0:
        assert written.decode().splitlines()[-1].startswith("mfcheck: interrupted after ")
    assert "Traceback" not in written.decode()
    until(lambda: not alive(int(workers.marked())))


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_review_is_the_same_on_a_cluster(workers: Workers, tmp_path: Path) -> None:
    workers.behave("")
    here = review(TOY, budget="quick", jobs=1, out=tmp_path / "here")
    there = review(TOY, budget="quick", cluster=workers.address, out=tmp_path / "there")
    assert timeless(there.model_dump(mode="json")) == timeless(here.model_dump(mode="json"))


def timeless(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: timeless(value) for key, value in data.items() if key != "seconds"}
    return [timeless(value) for value in data] if isinstance(data, list) else data
