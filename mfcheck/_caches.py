"""A place for numba's compiled code where the user has none: only the standard library is needed."""

import os
import sys
from functools import cache
from pathlib import Path

VARIABLE, PLOTS = "NUMBA_CACHE_DIR", "MPLCONFIGDIR"


def settle() -> None:
    """Give numba, and matplotlib, a temporary folder where they could write nowhere of their own.

    Without one numba refuses to load what is to be kept, and matplotlib complains. The folder is for this process and
    those that it starts.
    """
    if VARIABLE not in os.environ and not (
        _usable(Path(__file__).parent) or _usable(_user_cache())
    ):
        os.environ[VARIABLE] = _temporary()
    if PLOTS not in os.environ and not _usable(_user_settings()):
        os.environ[PLOTS] = _temporary()


@cache
def _temporary() -> str:
    """Return a folder that is removed when the process ends."""
    import atexit
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="mfcheck-caches-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _user_settings() -> Path:
    """Return where matplotlib keeps what it finds out about fonts."""
    if sys.platform in ("win32", "darwin"):
        return Path("~/.matplotlib").expanduser()
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()


def _user_cache() -> Path:
    """Return where numba keeps compiled code of modules whose folder cannot be written to."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home()))
    if sys.platform == "darwin":
        return Path("~/Library/Caches").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def _usable(folder: Path) -> bool:
    """Whether a folder can be written to, or made."""
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return folder.is_dir() and os.access(folder, os.W_OK)
    except OSError:
        return False
