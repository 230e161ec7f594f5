"""Runs a sweep: settings are drawn from the ledger, worked on, and given back with what they come to."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from mfcheck.catalog import load
from mfcheck.claims.model import Budget, Claim, Paper
from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError, unknown
from mfcheck.run.executor import Executor, Unit, cores
from mfcheck.run.executors import executor_of
from mfcheck.run.identity import identify, signature
from mfcheck.run.judge import choose
from mfcheck.run.places import located
from mfcheck.run.session import SECONDS, require_work
from mfcheck.run.store import require_folder
from mfcheck.run.tasks import Job, Result, Started, units
from mfcheck.run.worker import reason
from mfcheck.sweep.entries import Item, Kept, New
from mfcheck.sweep.grid import Grid, read_grid
from mfcheck.sweep.ledger import FILE, LEASE, Ledger, LedgerError
from mfcheck.sweep.outcome import outcome_of, slim, sweep_tasks
from mfcheck.sweep.points import DATA, Point, Settings
from mfcheck.sweep.progress import Progress, Say, Watch, duration
from mfcheck.sweep.record import Outcome, SweepRecord
from mfcheck.sweep.summary import summarise
from mfcheck.sweep.terms import Terms

CHUNK = 200
"""Points that are entered at once."""
PAUSE = 0.5
"""Seconds between two looks at work that another process has."""
LATE = 10.0
"""Seconds after which the rest is estimated from the first settings."""
PER_WORKER = 8
"""With fewer settings than this for each worker, the tasks of a setting go to several workers."""


class Interrupted(KeyboardInterrupt):
    """A sweep was interrupted; what had finished is in its ledger."""


def sweep(
    paper: str,
    over: Sequence[str],
    *,
    out: Path | str,
    setting: Setting | None = None,
    claims: Sequence[str] | None = None,
    constants: Sequence[str] | None = None,
    random: int | None = None,
    many: bool = False,
    taken: Sequence[str] = (),
    budget: str = "standard",
    seed: int = 0,
    jobs: int | None = None,
    cluster: str | None = None,
    check_seconds: float | None = None,
    minutes: float | None = None,
    retry: bool = False,
    watch: Watch | None = None,
    say: Say | None = None,
) -> SweepRecord:
    """Run the checks of a paper, and its constants, over many settings; go on where the ledger in the folder ends.

    Several processes may run the same sweep in one folder: they share the work.

    Args:
        paper: id of an installed paper, or `module:attribute`.
        over: what is swept, as `NAME=VALUES`; see `mfcheck.sweep.grid`.
        out: folder of the ledger, `sweep.sqlite`.
        setting: the setting in which the swept values are put; the paper's default if left out.
        claims: ids of claims; with both left out, all claims and all constants.
        constants: ids of constants.
        random: number of points to draw; all combinations if left out.
        many: accept more than 100,000 settings.
        taken: names that were set in `setting` on purpose, which cannot be swept too.
        budget: quick, standard or thorough.
        seed: of every random choice.
        jobs: number of worker processes; the number of cores if left out.
        cluster: `auto`, the address of a Dask scheduler, or its file, in the place of processes of this machine.
        check_seconds: longest time for one check; by budget if left out.
        minutes: time after which it ends, with what has finished by then; no limit if left out.
        retry: run again what crashed, or took too long, in an earlier run.
        watch: told of the progress.
        say: told in a sentence what it will take.

    Raises:
        InputError: unusable arguments, the ledger of another sweep, or one that cannot be read or written.
        Interrupted: interrupted from the keyboard; what had finished is kept.
    """
    require_work(budget, seed, check_seconds, minutes)
    loaded = load(paper)
    base = loaded.default if setting is None else setting
    grid = read_grid(loaded, base, over, taken=taken, random=random, seed=seed, many=many)
    every = claims is None and constants is None
    chosen = choose(loaded, None if every else claims or ())
    terms = Terms(
        identify(paper, loaded, base, budget, seed),
        paper,
        tuple(axis.name for axis in grid.axes),
        tuple(claim.id for claim in chosen),
        choose_constants(loaded, None if every else constants or ()),
    )
    executor = executor_of(jobs, cluster)
    executor.require(paper)
    folder = Path(out)
    require_folder(folder)
    with Ledger(folder / FILE) as ledger:
        ledger.start(terms, base.describe())
        if retry:
            ledger.forget_crashes()
        seconds = check_seconds or SECONDS[Budget(budget)]
        workers = 64 if cluster else jobs or cores()
        made = _Sweep(loaded, base, terms, chosen, grid, ledger, executor, seconds, workers)
        with _Heart(ledger):
            try:
                made.run(watch or (lambda _: None), say or (lambda _: None), minutes)
            except KeyboardInterrupt:
                raise Interrupted(made.words()) from None
            except LedgerError:
                raise
            except InputError as error:  # the cluster has gone
                raise InputError(f"{error}; {made.words()}") from None
        return summarise(ledger, loaded.title, made.to_enter())


def choose_constants(paper: Paper, ids: Sequence[str] | None) -> tuple[str, ...]:
    """Return the ids of constants in the order of the paper, all of them for None.

    Raises:
        InputError: there is no such constant.
    """
    known = [constant.id for constant in paper.constants]
    for id in ids or ():
        if id not in known:
            raise unknown("constant", id, known, f"{paper.id} has")
    return tuple(id for id in known if ids is None or id in ids)


@dataclass
class _Open:
    """A setting that is being worked on: which tasks are left, and what has come."""

    item: Item
    left: set[str]
    found: dict[str, Result]


class _Sweep:
    """One process's part in a sweep."""

    def __init__(
        self,
        paper: Paper,
        base: Setting,
        terms: Terms,
        claims: Sequence[Claim],
        grid: Grid,
        ledger: Ledger,
        executor: Executor,
        seconds: float,
        workers: int,
    ) -> None:
        self._paper = paper
        self._settings = Settings(paper, base)
        self._terms = terms
        self._claims = claims
        self._tasks = sweep_tasks(paper, claims, terms.constants)
        self._chunks = grid.chunks(CHUNK)
        self._ledger = ledger
        self._executor = executor
        self._seconds = seconds
        self._whole = grid.count >= PER_WORKER * workers
        self._workers = workers
        self._open: dict[str, _Open] = {}
        self._grid = grid
        self._progress = Progress(grid.count)
        self._looked = 0.0
        self._warm = False
        self._told = False
        self._entered = False
        self._end = float("inf")
        self._signature = signature(terms.reference)

    def run(self, watch: Watch, say: Say, minutes: float | None) -> None:
        """Work until every setting is finished, here or by another process, or until the time is over."""
        self._announce(say)
        if minutes is not None:
            self._end = time.monotonic() + 60 * minutes
        while True:
            self._work(watch, say)
            if time.monotonic() > self._end or not self._ledger.left():
                return
            time.sleep(PAUSE)  # another process has the rest, or leaves it when it dies

    def to_enter(self) -> int:
        """Return how many points are not in the ledger yet, because the time was over."""
        return 0 if self._entered else max(0, self._grid.count - self._ledger.counts()[0])

    def words(self) -> str:
        """Say how far it came."""
        _, refused, finished = self._ledger.counts()
        done = f"after {refused + finished} of {self._progress.total} settings"
        return f"{done}; what finished is kept, and the same command goes on from there"

    def _announce(self, say: Say) -> None:
        """Say beforehand what it will take, as far as the ledger knows."""
        known, refused, finished = self._ledger.counts()
        total = max(known, self._grid.count)
        self._progress = Progress(total, refused, finished, kept=finished)
        left = self._progress.left
        text = (
            f"{total} setting{'' if total == 1 else 's'} of {self._paper.id}, "
            f"{len(self._tasks)} task{'' if len(self._tasks) == 1 else 's'} each, "
            f"budget {self._terms.identity.budget}"
        )
        if finished:
            mean = self._ledger.cost() / finished
            text += (
                f"; {finished} are finished, at {mean:.2g} s each: about "
                f"{duration(mean * left / min(self._workers, max(1, left)))} for the {left} that are left"
            )
        else:
            text += "; how long that takes is said once some have finished"
        say(f"{text}. An interrupted sweep goes on when it is started again.")

    def _work(self, watch: Watch, say: Say) -> None:
        with closing(self._executor.run(self._units(watch), self._seconds)) as events:
            for unit, event in events:
                if isinstance(event, Started):
                    self._progress.running = event.task.key
                    self._progress.since = self._progress.since or time.monotonic()
                    continue
                self._keep(unit.mark, located(event))
                self._look(watch)
                self._estimate(say)
                if time.monotonic() > self._end:
                    return
        if self._open:
            raise RuntimeError(f"{len(self._open)} settings were lost by the executor")
        self._look(watch, at_once=True)

    def _estimate(self, say: Say) -> None:
        """Say once what the rest takes: the first setting of each worker is slow, and counts if there is no other."""
        progress = self._progress
        if self._told or progress.since is None:
            return
        if progress.finished - progress.kept > self._workers and not self._warm:
            self._warm = True
            progress.kept, progress.since = progress.finished, time.monotonic()
        late = time.monotonic() - progress.since > LATE
        if progress.rest is not None and progress.left and (self._warm or late):
            self._told = True
            others = "setting" if progress.left == 1 else "settings"
            say(f"about {duration(progress.rest)} for {progress.left} other {others}")

    def _look(self, watch: Watch, at_once: bool = False) -> None:
        """Tell of the progress; the ledger, in which other processes write too, is asked once a second."""
        now = time.monotonic()
        if at_once or now - self._looked > 1:
            self._looked = now
            known, self._progress.refused, self._progress.finished = self._ledger.counts()
            self._progress.total = known if self._entered else max(known, self._grid.count)
        watch(self._progress)

    def _keep(self, mark: str, result: Result) -> None:
        """Keep a result, and with the last one of a setting what all of them come to."""
        key = result.task.key
        opened = self._open.get(mark)
        if opened is None or key not in opened.left:
            return  # it came twice
        opened.found[key] = result
        opened.left.discard(key)
        kept = Kept(result.seconds, slim(result), result.reason, result.traceback)
        outcome = None if opened.left else self._outcome(opened)
        with self._ledger.at_once():
            self._ledger.save(opened.item.id, key, kept)
            if outcome is not None:
                self._finish(opened, outcome)

    def _outcome(self, opened: _Open) -> Outcome:
        """Return what all results of a setting come to, the same in whatever order they came."""
        ordered = {t.key: opened.found[t.key] for t in self._tasks}
        return outcome_of(self._paper, self._claims, ordered, self._terms.identity.seed)

    def _finish(self, opened: _Open, outcome: Outcome) -> None:
        self._ledger.finish(opened.item.id, outcome.model_dump(mode="json"))
        self._open.pop(str(opened.item.id), None)
        self._progress.finished += 1

    def _units(self, watch: Watch) -> Iterator[Unit]:
        """Yield work as long as there is some that nobody else has; the points are entered on the way."""
        while True:
            item = self._ledger.take()
            if item is None:
                chunk = next(self._chunks, None)
                if chunk is None:
                    self._entered = True
                    return
                self._enter(chunk)
                self._look(watch)
                continue
            yield from self._units_of(item)

    def _units_of(self, item: Item) -> Iterator[Unit]:
        """Yield what is left to do for a setting."""
        found = {r.task.key: r for r in self._ledger.results(item.id, self._tasks)}
        todo = [task for task in self._tasks if task.key not in found]
        opened = _Open(item, {task.key for task in todo}, found)
        if not todo:
            self._finish(opened, self._outcome(opened))
            return
        self._open[str(item.id)] = opened
        identity = self._terms.identity
        job = Job(
            self._terms.reference, item.described, identity.budget, identity.seed, self._signature
        )
        for part in [tuple(todo)] if self._whole else units(todo):
            yield Unit(job, part, str(item.id))

    def _enter(self, chunk: Sequence[Point]) -> None:
        if DATA in self._terms.axes:
            self._require_same_files(chunk)
        self._ledger.add([self._made(point) for point in self._ledger.unknown(chunk)])

    def _require_same_files(self, chunk: Sequence[Point]) -> None:
        """Refuse a data file that has changed since its results were kept: all else is in the point and the terms."""
        for point in chunk:
            known = self._ledger.digest_of(point)
            if known and known != self._made(point).digest:
                raise InputError(
                    f"the file {point[DATA]!r} is not what it was when this sweep began: choose another folder"
                )

    def _made(self, point: Point) -> New:
        """Return a point with its setting, or with the reason why the paper refuses it."""
        try:
            setting = self._settings.at(point)
        except InputError as error:
            return New(point, "", None, str(error))
        except Exception as error:  # the paper's own code; it must not end the sweep
            return New(point, "", None, reason(error))
        return New(point, setting.digest(), setting.describe(), "")


class _Heart:
    """Keeps the leases of a process alive while it works."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(LEASE / 4):
            with suppress(InputError), closing(Ledger(self._ledger.path)) as own:
                own.renew(self._ledger.owner)
