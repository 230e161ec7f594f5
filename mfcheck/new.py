"""`mfcheck new`: a small paper package to start from, with a true lemma, a false one, and their tests."""

import keyword
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from mfcheck.catalog import paper_ids
from mfcheck.errors import InputError

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
_SUFFIX = ".in"


def create(id: str, folder: Path) -> tuple[Path, ...]:
    """Write the package of a new paper and return its files.

    Args:
        id: id of the paper, such as `my-paper`; the Python package is named `my_paper`.
        folder: new or empty folder to write to.

    Raises:
        InputError: an unusable or taken id, or a folder that cannot be used.
    """
    module = _module(id)
    _require_empty(folder)
    written = []
    try:
        for name, text in _template():
            path = folder / _named(name, id, module)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_named(text, id, module), encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise InputError(f"cannot write to {str(folder)!r}: {error.strerror or error}") from None
    return tuple(written)


def _module(id: str) -> str:
    """Return the name of the Python package of a paper."""
    if not _ID.fullmatch(id) or len(id) > _LONGEST:
        raise InputError(
            f"{id[:60]!r} is no id of a paper: at most {_LONGEST} small letters and digits in words joined by '-', "
            "such as my-paper"
        )
    module = id.replace("-", "_")
    if id in paper_ids():
        raise InputError(f"a paper {id!r} is installed already")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names or find_spec(module):
        raise InputError(f"a Python module {module!r} exists already; choose another id")
    return module


def _require_empty(folder: Path) -> None:
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{str(folder)!r} exists already and is not an empty folder")
    except OSError as error:
        raise InputError(f"cannot use {str(folder)!r}: {error.strerror or error}") from None


def _template() -> Iterator[tuple[str, str]]:
    """Yield name and text of each file of the template."""

    def visit(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
        for entry in sorted(folder.iterdir(), key=lambda e: e.name):
            if entry.is_dir():
                yield from visit(entry, f"{prefix}{entry.name}/")
            elif entry.name.endswith(_SUFFIX):
                yield prefix + entry.name.removesuffix(_SUFFIX), entry.read_text(encoding="utf-8")

    yield from visit(files("mfcheck") / "template", "")


def _named(text: str, id: str, module: str) -> str:
    title = id.replace("-", " ").capitalize()
    for placeholder, value in (("my-paper", id), ("my_paper", module), ("My paper", title)):
        text = text.replace(placeholder, value)
    return text
