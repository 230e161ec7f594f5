"""Certified values of constants that were worked out before, by this process or another, kept in one file a paper.

An entry counts only for the same code of the paper and of mfcheck, the same versions of libraries, the same kind of
machine, the same setting, constant and digits. Each carries a digest of itself: a damaged one, or one that is not
what its key says, is ignored, and that is said. Where the file cannot be read or written there is no memo, and
nothing else changes: a value goes through the text of an entry whether it is kept or not, so that both are the same.
"""

import hashlib
import json
import logging
import os
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from flint import arb, ctx

from mfcheck.claims.model import Constant

FOLDER, OFF = "MFCHECK_MEMO", "off"
"""The variable of the environment that names another folder, or says that there is to be no memo."""
WORTH = 0.01
"""Seconds that a value must have taken to be kept: writing it takes a few thousandths."""
LARGEST = 2**28
"""Bytes of a file, of about a million values, beyond which it begins anew."""
_LONGEST_EXPONENT = 10**6
_say = logging.getLogger("mfcheck").warning


def text_of(value: arb) -> str:
    """Return a finite ball as text: whole numbers m, e, r, f, for m 2^e with radius r 2^f."""
    return " ".join(str(int(n)) for part in (value.mid(), value.rad()) for n in part.man_exp())


def ball_of(text: str) -> arb:
    """Return the ball of a text, or one that holds it.

    Raises:
        ValueError: it is none.
    """
    middle, exponent, radius, of_radius = map(int, text.split(" "))
    if radius < 0 or max(abs(exponent), abs(of_radius)) > _LONGEST_EXPONENT:
        raise ValueError("no ball")
    with ctx.workprec(max(64, middle.bit_length() + 1)):
        centre = arb(middle) * arb(2) ** exponent
        if not radius:
            return centre
        return arb(centre, arb(radius) * arb(2) ** of_radius)


class Memo:
    """The file of a paper.

    Args:
        folder: of the files.
        identity: of all that values depend on beside setting, constant and digits.
        constants: of the paper.
    """

    def __init__(self, folder: Path, identity: str, constants: tuple[Constant, ...]) -> None:
        self.constants = constants
        self._identity = f"{identity} {platform.machine()}"
        self._path = folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:16]}.sqlite"
        self._base: sqlite3.Connection | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > LARGEST:
                self._path.unlink()
            self._open()
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def _open(self) -> None:
        self._base = sqlite3.connect(
            self._path, timeout=5.0, isolation_level=None, check_same_thread=False
        )
        self._base.execute("PRAGMA synchronous=OFF")
        self._base.execute(
            "CREATE TABLE IF NOT EXISTS memo(key TEXT PRIMARY KEY, value TEXT, digest TEXT) WITHOUT ROWID"
        )

    def _give_up(self, error: Exception) -> None:
        """Go on without; a file that is no memo is removed, so that the next process has one."""
        if self._base is not None:
            self._base.close()
        self._base = None
        damaged = isinstance(error, sqlite3.DatabaseError)
        if damaged and not isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
            _say(
                f"the memo of constants {str(self._path)!r} is damaged: it is ignored and begins anew"
            )
            self._path.unlink(missing_ok=True)

    def find(self, setting: str, constant: str, digits: int) -> arb | None:
        """Return the value that is kept for a setting, named by its digest; None if there is none that counts."""
        if self._base is None:
            return None
        key = self._key(setting, constant, digits)
        try:
            rows = self._base.execute("SELECT value, digest FROM memo WHERE key=?", [key])
            row = rows.fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        if row is None:
            return None
        try:
            if row[1] != _digest(key, row[0]):
                raise ValueError("its digest is wrong")
            return ball_of(row[0])
        except (ValueError, TypeError, AttributeError):
            _say(
                f"an entry of the memo of constants {str(self._path)!r} is damaged and ignored: {constant}"
            )
            return None

    def keep(self, setting: str, constant: str, digits: int, text: str) -> None:
        """Keep a value, in the place of what is there."""
        if self._base is None:
            return
        key = self._key(setting, constant, digits)
        try:
            self._base.execute(
                "INSERT OR REPLACE INTO memo VALUES (?, ?, ?)", [key, text, _digest(key, text)]
            )
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file."""
        if self._base is not None:
            self._base.close()
            self._base = None

    def _key(self, setting: str, constant: str, digits: int) -> str:
        return json.dumps([self._identity, setting, constant, digits])


def _digest(key: str, text: str) -> str:
    return hashlib.sha256(f"{key}\n{text}".encode()).hexdigest()


_current: Memo | None = None


def use(paper: str, identity: str, constants: tuple[Constant, ...]) -> None:
    """Let this process look up and keep the constants of a paper; those of one paper at a time.

    Args:
        paper: its id, a folder of its own for each.
        identity: of all that its values depend on beside setting, constant and digits; none if empty.
        constants: of the paper.
    """
    global _current
    if _current is not None:
        _current.close()
    _current = None
    folder = os.environ.get(FOLDER) or str(
        Path(platformdirs.user_cache_dir("mfcheck", appauthor=False)) / "constants"
    )
    if identity and folder != OFF:
        name = "".join(char if char.isalnum() or char in "-_" else "-" for char in paper)
        place = Path(folder) / name
        _current = Memo(place, identity, constants)
        _forget(place)


KEPT = 4
"""Files of a paper, of its last versions, that stay."""


def _forget(folder: Path) -> None:
    """Remove the files of versions that nobody has used for longest."""
    try:
        files = sorted(folder.glob("*.sqlite"), key=lambda file: -file.stat().st_mtime)
        for file in files[KEPT:]:
            file.unlink(missing_ok=True)
    except OSError:
        return


def of(constants: tuple[Constant, ...]) -> Memo | None:
    """Return the memo of these constants, if they are those of the paper at hand."""
    here = _current is not None and _current.constants == constants
    return _current if here else None


@contextmanager
def used(paper: str, identity: str, constants: tuple[Constant, ...]) -> Iterator[None]:
    """Use a memo meanwhile; see `use`."""
    use(paper, identity, constants)
    try:
        yield
    finally:
        use(paper, "", constants)
