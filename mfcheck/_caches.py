"""A place for numba's compiled code where the user has none: only the standard library is needed."""

import os
import sys
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"


def settle() -> None:
    """Give numba a temporary folder if it could write neither beside the modules nor to the user's cache.

    Without one it refuses to load what is to be kept. The folder is for this process and those that it starts.
    """
    if VARIABLE in os.environ or _usable(Path(__file__).parent) or _usable(_user_cache()):
        return
    import atexit
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="mfcheck-numba-")
    os.environ[VARIABLE] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


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
