"""The ledger of a sweep: one SQLite file that several processes may write at once, whole whatever happens to them.

What is committed stays, so that a process that is killed loses what was running and nothing else. A setting is worked
on by the process that holds its lease; the lease of a process that has died, or has not been heard of for `LEASE`
seconds, is taken over. Two processes that do the same work all the same write the same results: the first stays.
"""

import json
import os
import socket
import sqlite3
import time
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from mfcheck.errors import InputError
from mfcheck.run.tasks import Result, Task
from mfcheck.sweep.entries import Item, Kept, New
from mfcheck.sweep.packing import Packer
from mfcheck.sweep.points import Point
from mfcheck.sweep.record import Packed, Settings
from mfcheck.sweep.terms import Terms, another

FILE = "sweep.sqlite"
FORMAT = 1
LEASE = 60.0
"""Seconds after which work is taken over from a process of which nothing is heard."""
BUSY = 60.0
"""Longest wait, in seconds, for another process that is writing."""
_TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE patterns(name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE tasks(id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL);
CREATE TABLE settings(id INTEGER PRIMARY KEY, digest BLOB UNIQUE NOT NULL, described BLOB NOT NULL,
    owner TEXT, expires REAL, outcome BLOB);
CREATE INDEX unfinished ON settings(id) WHERE outcome IS NULL;
CREATE TABLE points(id INTEGER PRIMARY KEY, point TEXT UNIQUE NOT NULL, setting INTEGER, refused TEXT);
CREATE TABLE results(setting INTEGER, task INTEGER, seconds REAL NOT NULL, value BLOB, reason TEXT NOT NULL,
    traceback TEXT NOT NULL, PRIMARY KEY(setting, task)) WITHOUT ROWID;
CREATE TABLE certificates(digest TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""


class LedgerError(InputError):
    """The file of a ledger cannot be read or written."""


class Ledger:
    """An open ledger; a context manager. Used by one thread.

    Raises:
        InputError: from every method, in one line, if the file cannot be read or written; what was kept stays.
    """

    def __init__(self, path: Path, *, write: bool = True) -> None:
        self.path = path
        self._tasks: dict[str, int] = {}
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        sealed = not write and not os.access(path.resolve().parent, os.W_OK)
        # One that only reads must be able to write: the last to close the file removes what SQLite puts beside it.
        mode = "rwc" if write else "ro&immutable=1" if sealed else "rw"
        where = f"{path.resolve().as_uri()}?mode={mode}"
        with self._told():
            self._base = sqlite3.connect(where, uri=True, timeout=BUSY, isolation_level=None)
            try:
                self._base.execute("PRAGMA synchronous=NORMAL" if write else "PRAGMA query_only=1")
                self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except BaseException:
                self._base.close()
                raise
        self._packer = Packer(self._base)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(sqlite3.Error):
            self._base.execute(
                "UPDATE settings SET owner=NULL, expires=NULL WHERE owner=?", [self.owner]
            )
        self.close()

    def close(self) -> None:
        """Close the file; leases stay."""
        self._base.close()

    # --- terms -----------------------------------------------------------------------------------

    def start(self, terms: Terms, base: dict[str, Any]) -> None:
        """Make a new ledger ready for a sweep, or see that this one is of the same sweep.

        Args:
            terms: of the sweep.
            base: the setting in which the swept values are put, described.

        Raises:
            InputError: it is of another one; the message says in what they differ.
        """
        entries = {"format": FORMAT, "terms": terms.plain(), "reference": terms.reference}
        self._prepare({**entries, "base": base})
        terms.require_same(self.meta("terms"), self.path)

    def adopt(self, source: "Ledger") -> None:
        """Make a new ledger ready for the sweep of another one, or see that both are of the same.

        Raises:
            InputError: they are of different sweeps.
        """
        entries = {key: source.meta(key) for key in ("format", "terms", "reference", "base")}
        self._prepare(entries)
        for name, value in self.meta("terms").items():
            if entries["terms"].get(name) != value:
                raise another(source.path, name, entries["terms"].get(name), value)

    def _prepare(self, entries: Mapping[str, Any]) -> None:
        with self._told():
            if self._base.execute("SELECT 1 FROM sqlite_master").fetchone():
                return
            self._base.execute("PRAGMA journal_mode=WAL")
        with self._told(), self._transaction():
            if not self._base.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in filter(str.strip, _TABLES.split(";")):
                    self._base.execute(statement)
                self._base.executemany(
                    "INSERT INTO meta VALUES (?, ?)",
                    [(key, json.dumps(value)) for key, value in entries.items()],
                )

    def meta(self, key: str) -> Any:
        """Return an entry: `terms`, `reference`, `base` or `format`.

        Raises:
            InputError: this is no ledger, or one of another format.
        """
        with self._told():
            try:
                rows = self._base.execute("SELECT key, value FROM meta").fetchall()
                found = {name: json.loads(value) for name, value in rows}
            except (sqlite3.OperationalError, ValueError):
                found = {}
        if not {"format", "terms", "reference", "base"} <= set(found):
            raise InputError(f"{str(self.path)!r} is not the ledger of a sweep")
        if found["format"] != FORMAT:
            raise InputError(
                f"the ledger {str(self.path)!r} has format {found['format']}, this is {FORMAT}"
            )
        return found[key]

    # --- settings --------------------------------------------------------------------------------

    def unknown(self, points: Sequence[Point]) -> list[Point]:
        """Return those points that the ledger does not have yet."""
        with self._told():
            find = "SELECT 1 FROM points WHERE point=?"
            return [p for p in points if not self._base.execute(find, [_text(p)]).fetchone()]

    def digest_of(self, point: Point) -> str:
        """Return the digest of the setting of a point, "" if there is none."""
        with self._told():
            find = (
                "SELECT hex(digest) FROM points JOIN settings ON settings.id=setting WHERE point=?"
            )
            row = self._base.execute(find, [_text(point)]).fetchone()
            return "" if row is None else str(row[0]).lower()

    def add(self, points: Sequence[New]) -> None:
        """Enter points with their settings; what is there stays."""
        with self._told(), self._transaction():
            for new in points:
                setting = None if new.described is None else self._setting(new)
                self._base.execute(
                    "INSERT OR IGNORE INTO points(point, setting, refused) VALUES (?, ?, ?)",
                    [_text(new.point), setting, new.refused or None],
                )

    def _setting(self, new: New) -> int:
        digest = bytes.fromhex(new.digest)
        self._base.execute(
            "INSERT OR IGNORE INTO settings(digest, described) VALUES (?, ?)",
            [digest, self._packer.pack("setting", new.described)],
        )
        return self._number("SELECT id FROM settings WHERE digest=?", digest)

    def take(self) -> Item | None:
        """Return a setting that nobody works on, now leased to this process; None if there is none."""
        with self._told(), self._transaction():
            now = time.time()
            rows = self._base.execute(
                "SELECT id, owner, expires, described FROM settings WHERE outcome IS NULL ORDER BY id"
            )
            for id, owner, expires, described in rows:
                if owner is None or expires < now or _is_dead(owner):
                    rows.close()
                    self._base.execute(
                        "UPDATE settings SET owner=?, expires=? WHERE id=?",
                        [self.owner, now + LEASE, id],
                    )
                    return Item(id, self._packer.unpack("setting", described))
        return None

    def renew(self, owner: str) -> None:
        """Say that a process is alive."""
        with self._told():
            self._base.execute(
                "UPDATE settings SET expires=? WHERE outcome IS NULL AND owner=?",
                [time.time() + LEASE, owner],
            )

    def finish(self, id: int, outcome: dict[str, Any] | None) -> None:
        """Enter what all results of a setting come to; None has it worked out again."""
        with self._told(), self._transaction():
            packed = None if outcome is None else self._packer.pack("outcome", outcome)
            self._base.execute(
                "UPDATE settings SET outcome=?, owner=NULL, expires=NULL WHERE id=?", [packed, id]
            )

    # --- results ---------------------------------------------------------------------------------

    def save(self, id: int, key: str, kept: Kept) -> None:
        """Keep what a task gave; what is there stays, but that it crashed."""
        with self._told(), self._transaction():
            value = None if kept.value is None else self._packer.pack_value(key, kept.value)
            self._base.execute(
                "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " seconds=excluded.seconds, value=excluded.value, reason=excluded.reason,"
                " traceback=excluded.traceback WHERE value IS NULL AND excluded.value IS NOT NULL",
                [id, self._task(key), kept.seconds, value, kept.reason, kept.traceback],
            )

    def results(self, id: int, tasks: Sequence[Task]) -> list[Result]:
        """Return the kept results of a setting among those of the tasks."""
        kept = self.kept(id)
        return [Result(task, *kept[task.key]) for task in tasks if task.key in kept]

    def kept(self, id: int) -> dict[str, Kept]:
        """Return what is kept of a setting, by key of the task."""
        with self._told():
            rows = self._base.execute(
                "SELECT key, seconds, value, reason, traceback FROM results JOIN tasks ON tasks.id=task"
                " WHERE setting=?",
                [id],
            ).fetchall()
            return {
                key: Kept(seconds, self._packer.value(key, value), reason, traceback)
                for key, seconds, value, reason, traceback in rows
            }

    def forget_crashes(self) -> int:
        """Forget the results that say why there is none, so that they are worked out again; return their number."""
        with self._told(), self._transaction():
            self._base.execute(
                "UPDATE settings SET outcome=NULL WHERE id IN (SELECT setting FROM results WHERE value IS NULL)"
            )
            return self._base.execute("DELETE FROM results WHERE value IS NULL").rowcount

    # --- reading ---------------------------------------------------------------------------------

    def settings(self) -> Settings:
        """Return all points in the order in which they came."""
        with self._told():
            rows = self._base.execute(
                "SELECT point, hex(digest), refused, outcome FROM points"
                " LEFT JOIN settings ON settings.id=setting ORDER BY points.id"
            )
            packed = [
                Packed(point, digest.lower(), refused or "", outcome)
                for point, digest, refused, outcome in rows
            ]
            return Settings(packed, self._packer.pattern("outcome"))

    def entries(self) -> Iterator[tuple[New, int | None]]:
        """Yield all points as they were entered, each with the number of its setting if it has one."""
        with self._told():
            rows = self._base.execute(
                "SELECT point, refused, settings.id, hex(digest), described FROM points"
                " LEFT JOIN settings ON settings.id=setting ORDER BY points.id"
            )
            for point, refused, id, digest, packed in rows:
                described = None if id is None else self._packer.unpack("setting", packed)
                yield New(json.loads(point), (digest or "").lower(), described, refused or ""), id

    def place_of(self, digest: str) -> tuple[int, dict[str, Any] | None]:
        """Return the number of a setting, and its outcome if it has one."""
        with self._told():
            find = "SELECT id, outcome FROM settings WHERE digest=?"
            id, packed = self._base.execute(find, [bytes.fromhex(digest)]).fetchone()
            return id, None if packed is None else self._packer.unpack("outcome", packed)

    def left(self) -> int:
        """Return the number of settings that are not finished."""
        with self._told():
            return self._number("SELECT count(*) FROM settings WHERE outcome IS NULL")

    def counts(self) -> tuple[int, int, int]:
        """Return the numbers of points, of points that the paper refuses, and of finished settings."""
        with self._told():
            return (
                self._number("SELECT count(*) FROM points"),
                self._number("SELECT count(*) FROM points WHERE refused IS NOT NULL"),
                self._number("SELECT count(*) FROM settings") - self.left(),
            )

    def cost(self) -> float:
        """Return the seconds of all results together."""
        with self._told():
            return float(self._base.execute("SELECT total(seconds) FROM results").fetchone()[0])

    def certificates(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the certificates by their digest."""
        with self._told():
            yield from self._packer.certificates()

    def uses(self) -> Iterator[tuple[Point, str, str]]:
        """Yield each certificate that a result has: the point, the key of the task, and the certificate's digest."""
        with self._told():
            rows = self._base.execute(
                "SELECT point, key, value FROM points JOIN results ON results.setting=points.setting"
                " JOIN tasks ON tasks.id=task WHERE value IS NOT NULL ORDER BY points.id, tasks.id"
            )
            for point, key, value in rows:
                for digest in self._packer.digests(key, value):
                    yield json.loads(point), key, digest

    # --- inside ----------------------------------------------------------------------------------

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in one line what is wrong with the file."""
        try:
            yield
        except (sqlite3.Error, zlib.error, OSError) as error:
            words = str(error)
            if "not a database" in words or "malformed" in words:
                raise InputError(
                    f"{str(self.path)!r} is not the ledger of a sweep: {words}"
                ) from None
            full = " (is the disk full?)" if "I/O" in words else ""
            raise LedgerError(
                f"cannot use the ledger {str(self.path)!r}: {words}{full}; what it holds is kept"
            ) from None

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Write all of what is written inside, or nothing."""
        with self._told(), self._transaction():
            yield

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._base.in_transaction:
            yield
            return
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._base.execute("COMMIT")
        except BaseException:
            self._packer.patterns.clear()  # what was entered with this transaction is gone
            self._tasks.clear()
            with suppress(sqlite3.Error):
                self._base.execute("ROLLBACK")
            raise

    def _number(self, query: str, *values: Any) -> int:
        return int(self._base.execute(query, values).fetchone()[0])

    def _task(self, key: str) -> int:
        if key not in self._tasks:
            self._base.execute("INSERT OR IGNORE INTO tasks(key) VALUES (?)", [key])
            self._tasks[key] = self._number("SELECT id FROM tasks WHERE key=?", key)
        return self._tasks[key]


def _text(point: Point) -> str:
    return json.dumps(point, separators=(",", ":"))


def _is_dead(owner: str) -> bool:
    """Whether a lease was of a process of this machine that is no more."""
    host, pid, _ = owner.rsplit(":", 2)
    if host != socket.gethostname() or os.name != "posix":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
