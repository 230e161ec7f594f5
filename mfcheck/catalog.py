"""Which papers are installed and what they state, known without importing them; only the standard library is needed.

A package of papers ships `catalog.json` beside its modules: for each paper what it states, and a digest of its source.
A paper that is not in such a file, or has changed since, is imported instead. `python -m mfcheck.catalog PACKAGE`
writes the file anew.
"""

import hashlib
import json
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfcheck.errors import InputError, unknown

if TYPE_CHECKING:
    from mfcheck.claims.model import Claim, Paper

GROUP = "mfcheck.papers"
FILE = "catalog.json"
_OWN = Path(__file__).parent


def entries() -> dict[str, str]:
    """Return the installed papers: by id, the `module:attribute` that holds the paper."""
    return dict(_entries(tuple(sys.path)))


def paper_ids() -> tuple[str, ...]:
    """Return the ids of all installed papers, sorted."""
    return tuple(sorted(entries()))


def described(reference: str) -> Mapping[str, Any]:
    """Return what a paper states, as JSON data: id, title, authors, source, and its claims with their parts.

    Args:
        reference: as in `load`.

    Raises:
        InputError: as in `load`.
    """
    kept = _kept(reference)
    if kept is not None:
        return kept
    return describe(load(reference))


def describe(paper: "Paper") -> dict[str, Any]:
    """Return the claims of a paper with their readings, checks and planted errors, as JSON data."""
    return {
        "paper": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "source": paper.source,
        "summary": paper.summary,
        "claims": [_claim(claim) for claim in paper.claims],
    }


def load(reference: str) -> "Paper":
    """Import a paper.

    Args:
        reference: id of an installed paper, or `module:attribute`, of a module in the current folder too.

    Raises:
        InputError: there is none, or its code fails; the message names file and line.
    """
    module, colon, attribute = (reference if ":" in reference else _entry(reference)).partition(":")
    if ":" in reference:
        if module in entries():
            raise _unknown(reference)
        _look_here(module)
    try:
        found = import_module(module)
        for name in attribute.split(".") if colon else ():
            found = getattr(found, name)
    except (Exception, SystemExit) as error:
        raise InputError(f"cannot load the paper {reference!r}: {_failure(error)}") from error
    from mfcheck.claims.model import Paper

    if not isinstance(found, Paper):
        raise InputError(f"cannot load the paper {reference!r}: it is no Paper")
    if ":" not in reference and found.id != reference:
        raise InputError(f"cannot load the paper {reference!r}: it calls itself {found.id!r}")
    return found


def split(target: str) -> tuple[str, str | None]:
    """Return the paper, as `load` takes it, and the rest of `PAPER[:REST]`, None if there is no rest."""
    head, colon, rest = target.partition(":")
    if not colon:
        return target, None
    if head not in entries():
        attribute, more, last = rest.partition(":")
        _look_here(head)
        if find(head) is not None:
            return f"{head}:{attribute}", last if more else None
    return head, rest


def find(module: str) -> ModuleSpec | None:
    """Return where a module is, without importing the packages that it is in."""
    where: Sequence[str] | None = None
    found: ModuleSpec | None = None
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        found = next(filter(None, (_find(finder, name, where) for finder in sys.meta_path)), None)
        if found is None:
            return None
        where = found.submodule_search_locations or ()
    return found


def sources(module: str) -> tuple[Path, tuple[Path, ...]]:
    """Return the folder and the Python files of a module, or of all modules of a package, importing nothing.

    Raises:
        InputError: there is no such module, or it has no source.
    """
    spec = find(module)
    if spec is None:
        raise InputError(f"there is no module {module!r}")
    if spec.submodule_search_locations:
        folder = Path(next(iter(spec.submodule_search_locations)))
        return folder, tuple(sorted(folder.rglob("*.py")))
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise InputError(f"the module {module!r} has no source")
    file = Path(spec.origin)
    return file.parent, (file,)


def digest(folder: Path, files: Iterable[Path]) -> str:
    """Return a SHA-256 over names, within the folder, and contents of files."""
    found = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        name = file.relative_to(folder).as_posix()
        found.update(f"{len(name)} {name} {len(content)} ".encode())
        found.update(content)
    return found.hexdigest()


def make(package: str) -> str:
    """Return the text of the catalog of a package, whose papers are imported for it.

    Args:
        package: top-level name of the package.

    Raises:
        InputError: it has no papers, or one of them cannot be loaded.
    """
    papers = {}
    for id, reference in sorted(entries().items()):
        module = reference.partition(":")[0]
        if module.partition(".")[0] == package:
            papers[id] = {"sha256": digest(*sources(module)), "paper": describe(load(id))}
    if not papers:
        raise InputError(f"no installed paper is in the package {package!r}")
    return json.dumps({"papers": papers}, indent=1, ensure_ascii=False) + "\n"


def path(package: str) -> Path:
    """Return where the catalog of a package stands.

    Raises:
        InputError: there is no such package.
    """
    spec = find(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"there is no package {package!r}")
    return Path(next(iter(spec.submodule_search_locations))) / FILE


def _claim(claim: "Claim") -> dict[str, Any]:
    return {
        "id": claim.id,
        "title": claim.title,
        "statement": claim.statement,
        "source": claim.source,
        "known": claim.known,
        "assumptions": list(claim.assumptions),
        "readings": [{"id": r.id, "text": r.text} for r in claim.readings],
        "checks": [
            {"id": c.id, "kind": c.kind, "reading": c.reading, "question": c.question}
            for c in claim.checks
        ],
        "planted": [
            {"id": e.id, "kind": e.kind, "rejected_by": list(e.rejected_by)} for e in claim.planted
        ],
    }


@cache
def _entries(path: tuple[str, ...]) -> Mapping[str, str]:  # noqa: ARG001
    """Return the papers that are installed on a path, the one of the process; reading all packages takes a while."""
    return {entry.name: entry.value for entry in entry_points(group=GROUP)}


def _entry(id: str) -> str:
    found = entries().get(id)
    if found is None:
        raise _unknown(id)
    return found


def _unknown(reference: str) -> InputError:
    return unknown("paper", reference, sorted(entries()), "installed")


def _look_here(module: str) -> None:
    """Let Python look for a module in the current folder too, if it finds none of that name elsewhere."""
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path and find(module.partition(".")[0]) is None:
        sys.path.append(here)
        if find(module.partition(".")[0]) is None:
            sys.path.remove(here)


def _find(finder: Any, name: str, where: Sequence[str] | None) -> ModuleSpec | None:
    find = getattr(finder, "find_spec", None)
    if find is None or not name:
        return None
    try:
        found: ModuleSpec | None = find(name, where, None)
    except (
        KeyError
    ):  # a package without __init__.py in another one, which has to be imported to know its folders
        found = ModuleSpec(name, None, is_package=True)
        last = name.rpartition(".")[2]
        inner = (Path(folder, last) for folder in where or ())
        found.submodule_search_locations = [str(folder) for folder in inner if folder.is_dir()]
    return found


def _kept(id: str) -> Mapping[str, Any] | None:
    """Return what the catalog says of a paper, None if it has nothing, or nothing of this source."""
    module = entries().get(id, "").partition(":")[0]
    try:
        found = _read(path(module.partition(".")[0])).get(id)
        fresh = found is not None and found["sha256"] == digest(*sources(module))
        return found["paper"] if found is not None and fresh else None
    except (InputError, OSError, KeyError, TypeError):
        return None


@cache
def _read(file: Path) -> dict[str, Any]:
    """Return the papers of a catalog; none where it is missing or damaged."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["papers"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _failure(error: BaseException) -> str:
    """Say in one line what was raised, and where in the author's files."""
    text = " ".join(str(getattr(error, "msg", None) or error).split())[:300]
    words = f"{type(error).__name__}: {text}" if text else type(error).__name__
    place = _place(error)
    return f"{place}: {words}" if place else words


def _place(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [f for f in frames if not f.filename.startswith(("<", str(_OWN)))]
    theirs = [f for f in theirs if "importlib" not in Path(f.filename).parts]
    return f"{theirs[-1].filename}, line {theirs[-1].lineno}" if theirs else ""


def main(packages: Sequence[str]) -> int:
    """Write the catalogs of packages, a package all or not at all; return the exit status."""
    try:
        for package in packages:
            path(package).write_text(make(package), encoding="utf-8")
    except InputError as error:
        sys.stderr.write(f"mfcheck: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
