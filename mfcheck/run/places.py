"""Where in its author's files a check failed."""

import re
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

from mfcheck.run.tasks import Result

_FRAME = re.compile(r'^  File "(.+)", line (\d+), in ', re.MULTILINE)
_MFCHECK = Path(__file__).resolve().parents[1]


def located(result: Result) -> Result:
    """Return a result whose reason, if it crashed, names the last line of the paper that was running."""
    place = "" if not result.crashed else place_of(result.traceback)
    return replace(result, reason=f"{result.reason} ({place})") if place else result


def place_of(traceback: str) -> str:
    """Return file and line of the last frame that is neither Python's, a library's nor mfcheck's, "" if there is none.

    The file is named as it is imported, from its folder on the path, so that it reads the same on every machine.
    """
    for file, line in reversed(_FRAME.findall(traceback)):
        path = Path(file)
        if path.is_file() and not any(path.resolve().is_relative_to(f) for f in _foreign()):
            return f"{_short(path.resolve())}, line {line}"
    return ""


def _foreign() -> list[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return [_MFCHECK, *(Path(sysconfig.get_path(name)).resolve() for name in names)]


def _short(path: Path) -> str:
    roots = [Path(entry or ".").resolve() for entry in sys.path]
    inside = [path.relative_to(root) for root in roots if path.is_relative_to(root)]
    return min((p.as_posix() for p in inside), key=len, default=path.name)
