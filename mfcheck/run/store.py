"""Files of a run: written whole or not at all, and found again by `--resume`."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mfcheck.errors import InputError, reason
from mfcheck.run.tasks import Result, Task

MANIFEST = "run.json"


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    write_pieces(path, [data])


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file whole or not at all, from pieces that are made one after the other."""
    new = path.with_name(f".{path.name[:80]}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            file.writelines(pieces)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Write JSON data whole or not at all."""
    write_text(path, json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def require_folder(path: Path) -> None:
    """Make a folder, if it is not there, and see that files can be written in it.

    Raises:
        InputError: it cannot be made or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except FileExistsError:
        raise InputError(f"cannot write to the folder {str(path)!r}: it is a file") from None
    except OSError as error:
        raise InputError(f"cannot write to the folder {str(path)!r}: {reason(error)}") from None


@dataclass(frozen=True)
class Identity:
    """What two runs must have in common for the results of one to serve the other."""

    mfcheck: str
    """Version, and digest of the code."""
    paper: str
    setting: str
    """Digest of the setting."""
    budget: str
    seed: int
    code: str = ""
    """Digest of the files of the paper."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Versions, Python's among them."""


class Store:
    """The folder of a run: results as they come, certificates, and the identity of the run."""

    def __init__(self, folder: Path, identity: Identity) -> None:
        self.folder = folder
        self._identity = asdict(identity)

    @property
    def _evidence(self) -> Path:
        return self.folder / "evidence"

    def open(self, resume: bool) -> None:
        """Make the folder ready; forget the results of an earlier run unless it is to be resumed.

        Raises:
            InputError: the folder cannot be written to, or holds no run of this identity to resume.
        """
        if resume:
            self._require_same()
        require_folder(self.folder)
        if not resume and (self.folder / MANIFEST).exists():
            for name in ("evidence", "certificates"):
                for old in (self.folder / name).glob("*.json"):
                    old.unlink()
        require_folder(self._evidence)
        write_json(self.folder / MANIFEST, self._identity)

    def _require_same(self) -> None:
        path = self.folder / MANIFEST
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"nothing to resume in {str(self.folder)!r}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(
                f"cannot resume, {str(path)!r} is unreadable: {reason(error)}"
            ) from None
        for name, value in self._identity.items():
            before = found.get(name) if isinstance(found, dict) else None
            if before != value:
                raise InputError(
                    f"cannot resume: the {name} of the run in {str(self.folder)!r} is another "
                    f"({_difference(before, value)})"
                )

    def _path(self, task: Task) -> Path:
        return self._evidence / f"{quote(task.key, safe='')}.json"

    def save(self, result: Result) -> None:
        """Keep a result."""
        write_json(self._path(result.task), {"run": self._identity, **asdict(result)})

    def load(self, tasks: Sequence[Task]) -> list[Result]:
        """Return the kept results among those of the tasks; one that crashed is to run again."""
        found = (self._read(task) for task in tasks)
        return [result for result in found if result is not None and not result.crashed]

    def _read(self, task: Task) -> Result | None:
        try:
            kept = json.loads(self._path(task).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        expected = {"run": self._identity, **asdict(Result(task, 0.0))}
        if not isinstance(kept, dict) or set(kept) != set(expected):
            return None
        if any(kept.pop(name) != expected[name] for name in ("run", "task")):
            return None
        return Result(task, **kept)

    def save_certificate(self, check: str, certificate: dict[str, Any]) -> str:
        """Write a certificate and return its name within the folder."""
        name = f"certificates/{quote(check, safe='')}.json"
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        write_json(path, certificate)
        return name


def _difference(before: Any, now: Any) -> str:
    """Say how two values differ; of two tables, in which entries."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return f"{before}, now {now}"
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return "; ".join(f"{name} {before.get(name)}, now {now.get(name)}" for name in sorted(names))
