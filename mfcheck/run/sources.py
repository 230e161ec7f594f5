"""What the source of a paper depends on: the modules that it imports, and the data files that it may read."""

import ast
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path

from mfcheck.catalog import FILE
from mfcheck.run.folder import LEDGER

_NOT_SOURCE = (".pyc", ".pyo", ".nbi", ".nbc")
_LOADERS = ("import_module", "__import__")
_LONGEST = 200
"""Characters of a text that may be the name of a file."""


@dataclass(frozen=True)
class Source:
    """What a Python file says: modules it imports, files among which it computes a module's name, and its texts."""

    modules: frozenset[str]
    computed: tuple[Path, ...]
    texts: frozenset[str]


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder, data too, without what Python and numba make of them, and without runs."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        hidden = [name for name in folders if name.startswith(".") or name == "__pycache__"]
        runs = [name for name in folders if (Path(place) / name / LEDGER).exists()]
        folders[:] = [name for name in folders if name not in hidden and name not in runs]
        found += [Path(place) / name for name in names if not name.startswith(".")]
    return sorted(f for f in found if f.suffix not in _NOT_SOURCE and f.is_file())


def read(file: Path, package: str) -> Source:
    """Return what a file of a package says, anywhere in it; names that are imported may be modules, or inside them."""
    found = {package} if package else set[str]()
    computed: tuple[Path, ...] = ()
    texts: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            stated = "." * node.level + (node.module or "")
            base = resolve_name(stated, package) if node.level else stated
            found.update([base, *(f"{base}.{alias.name}" for alias in node.names)])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.Call) and _called(node) in _LOADERS and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                found |= _resolved(name.value, package)
            else:
                root = root_of(file, package)
                computed = tuple(file.parent.glob("*.py") if root is None else root.rglob("*.py"))
    parents = {p for name in found for p in _parents(name)}
    return Source(frozenset(found | parents), computed, frozenset(texts))


def data_in(folder: Path) -> list[Path]:
    """Return the files of a package, any of which its modules may read, that are no modules."""
    return [f for f in files_below(folder) if _is_data(f) and f.name != FILE]


def data_of(file: Path, package: str, texts: Iterable[str]) -> Iterator[Path]:
    """Yield the data files that a module may read, those of its package apart.

    They are those that one of its texts names, in its folder or in the current one, and all below such a folder beside
    it; for a module that is in no package, also those with its name.
    """
    if not package:
        yield from (f for f in file.parent.glob(f"{file.stem}.*") if _is_data(f))
    for text in texts:
        if not text.strip("./ ") or len(text) > _LONGEST or not text.isprintable():
            continue
        yield from (f for f in (file.parent / text, Path.cwd() / text) if _is_data(f))
        if (file.parent / text).is_dir() and not (Path(text).is_absolute() or ".." in text):
            yield from (f for f in files_below(file.parent / text) if _is_data(f))


def root_of(file: Path, package: str) -> Path | None:
    """Return the folder of the outermost package that a file is in, None where it is in none."""
    return file.parents[package.count(".")] if package else None


def _is_data(file: Path) -> bool:
    return file.is_file() and file.suffix not in (*_NOT_SOURCE, ".py")


def _called(node: ast.Call) -> str:
    called = node.func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _resolved(name: str, package: str) -> set[str]:
    """Return the module of an absolute or relative name, none where the import would fail."""
    try:
        return {resolve_name(name, package)}
    except ImportError:
        return set()


def _parents(name: str) -> Iterator[str]:
    """Yield the packages that a module is in, whose `__init__` runs before it."""
    while name := name.rpartition(".")[0]:
        yield name
