"""The output folder of a command: one run at a time writes to it, and only over files that mfcheck wrote there."""

import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mfcheck.errors import InputError
from mfcheck.run.store import require_folder, write_json, write_text

LOCK = ".mfcheck.lock"
LEDGER = ".mfcheck.json"
"""Names the files of the folder that mfcheck wrote, which it may write again."""

_held: dict[tuple[Path, int], int] = {}
"""How often each folder is locked, by folder and thread: a command locks what the review that it runs locks too."""


class OutFolder:
    """A folder to write results to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def require_own(self, names: Iterable[str]) -> None:
        """Refuse, before any work, a folder that holds a file of such a name that mfcheck did not write.

        Raises:
            InputError: there is one.
        """
        known = self._ledger()
        for name in names:
            if name not in known and (self.path / name).exists():
                raise InputError(
                    f"{str(self.path / name)!r} exists already and mfcheck did not write it: "
                    "move it, or choose another folder"
                )

    def write(self, name: str, text: str) -> None:
        """Write a file whole or not at all.

        Raises:
            InputError: a file of that name is there, and mfcheck did not write it.
        """
        self.own([name])
        write_text(self.path / name, text)

    def own(self, names: Iterable[str]) -> None:
        """Enter files, before they are written, among those that mfcheck wrote; errors as in `require_own`."""
        wanted = list(names)
        self.require_own(wanted)
        known = self._ledger()
        if not known.issuperset(wanted):
            write_json(self.path / LEDGER, {"files": sorted(known.union(wanted))})

    def _ledger(self) -> frozenset[str]:
        try:
            found = json.loads((self.path / LEDGER).read_text(encoding="utf-8"))["files"]
            return frozenset(name for name in found if isinstance(name, str))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return frozenset()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder, and keep other runs out of it meanwhile, other threads and processes alike.

        Raises:
            InputError: it cannot be made or written to, or another run is writing there.
        """
        key = self.path.resolve(), threading.get_ident()
        if key in _held:
            _held[key] += 1
            try:
                yield
            finally:
                _held[key] -= 1
            return
        new = [p for p in (self.path, *self.path.parents) if not p.exists()]
        require_folder(self.path)
        try:
            with _lock(self.path / LOCK):
                _held[key] = 1
                try:
                    yield
                finally:
                    del _held[key]
        finally:
            with suppress(OSError):  # a run that was refused leaves no empty folders
                for made in new:
                    made.rmdir()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which the system lets go when the process ends, however that happens."""
    while True:
        file = path.open("a", encoding="utf-8")
        if not _try(file):
            file.close()
            raise InputError(
                f"another run is writing to {str(path.parent)!r}: wait for it, or choose another folder"
            )
        if _same(file, path):
            break
        file.close()  # its holder removed the file between opening and locking
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        file.close()


def _try(file: IO[str]) -> bool:
    """Lock an open file; return whether that was possible at once."""
    try:
        import fcntl
    except ImportError:  # Windows
        return _try_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _try_windows(file: IO[str]) -> bool:
    import msvcrt

    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


def _same(file: IO[str], path: Path) -> bool:
    """Whether the open file is still the one of that path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def write_output(file: Path, text: str, *, named: bool) -> None:
    """Write a file: one that the user named, whatever is there, or else only over one that mfcheck wrote.

    Raises:
        InputError: the folder cannot be written to, or a file that the user did not name is not mfcheck's.
    """
    require_folder(file.parent)
    if named:
        write_text(file, text)
    else:
        OutFolder(file.parent).write(file.name, text)
