"""What the results of a run depend on: a run takes over the results of another only if all of it is the same."""

import hashlib
import json
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from mfcheck import __version__
from mfcheck.catalog import digest, entries, find
from mfcheck.claims.model import Paper
from mfcheck.claims.setting import Setting
from mfcheck.run.records import versions
from mfcheck.run.sources import data_in, data_of, files_below, read, root_of
from mfcheck.run.store import Identity

_MFCHECK = Path(__file__).parents[1]
_SHOWS_ONLY = ("commands", "report", "template")
"""Rooms of mfcheck that nothing that computes may import, so that no result depends on them."""


def identify(reference: str, paper: Paper, setting: Setting, budget: str, seed: int) -> Identity:
    """Return the identity of a run.

    Args:
        reference: id of the paper, or `module:attribute`.
        paper: the paper.
        setting: the setting under review.
        budget: of the run.
        seed: of the run.
    """
    module = entries().get(reference, reference).partition(":")[0]
    code, others = code_of(module)
    return Identity(
        mfcheck=f"{__version__} {code_of_mfcheck()}",
        paper=paper.id,
        code=code,
        libraries={**versions(), **others},
        setting=setting.digest(),
        budget=budget,
        seed=seed,
    )


def fingerprint(reference: str) -> dict[str, str]:
    """Return all on which the results of a paper depend in a process: code as digests, versions of libraries.

    Args:
        reference: id of the paper, or `module:attribute`.
    """
    module = entries().get(reference, reference).partition(":")[0]
    code, others = code_of(module)
    own = f"{__version__}, digest {code_of_mfcheck()[:12]}"
    paper = f"digest {code[:12]}" if find(module) is not None else "not there"
    return {"mfcheck": own, f"paper {reference}": paper, **versions(), **others}


def signature(reference: str) -> str:
    """Return a digest of the fingerprint: the same for all processes with the same code and libraries."""
    words = json.dumps(fingerprint(reference), sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


@cache
def code_of_mfcheck() -> str:
    """Return a digest of the files of mfcheck on which results depend."""
    files = (
        f for f in files_below(_MFCHECK) if f.relative_to(_MFCHECK).parts[0] not in _SHOWS_ONLY
    )
    return digest(_MFCHECK, files)


@cache
def code_of(module: str) -> tuple[str, dict[str, str]]:
    """Return a digest of all files that a paper is made of, and the versions of the libraries that it imports.

    The files are those of its package, of every module and package that these import, directly or not, unless it is
    mfcheck's or a library's, and their data: see `mfcheck.run.sources`.
    """
    own = module.partition(".")[0]
    digests: dict[Path, str] = {}
    libraries: set[str] = set()
    roots: set[Path] = set()
    waiting, seen = [module], {module}
    while waiting:
        name = waiting.pop()
        for package, folder, file in _files_of(name, whole=name == module or name != own):
            if file in digests:
                continue
            digests[file] = digest(folder, [file])
            if file.suffix != ".py":
                continue
            source = read(file, package)
            others = [*source.computed, *data_of(file, package, source.texts)]
            root = root_of(file, package)
            if root is not None and root not in roots:
                roots.add(root)
                others += data_in(root)
            digests.update({f: digest(f.parent, [f]) for f in others if f not in digests})
            for imported in source.modules - seen:
                seen.add(imported)
                top = imported.partition(".")[0]
                if top != own and _is_library(top):
                    libraries.add(top)
                else:
                    waiting.append(imported)
    total = hashlib.sha256("".join(sorted(digests.values())).encode())
    return total.hexdigest(), _versions_of(libraries)


def _files_of(module: str, whole: bool) -> Iterator[tuple[str, Path, Path]]:
    """Yield the files of a module: the package it is in, folder and file; of a package all, or `__init__` alone."""
    spec = find(module)
    if spec is None:  # a name inside a module
        return
    places = [Path(place) for place in spec.submodule_search_locations or ()]
    if spec.origin is not None and spec.origin.endswith(".py"):
        origin = Path(spec.origin)
        yield module if places else module.rpartition(".")[0], origin.parent, origin
    for folder in places if whole else ():
        for file in files_below(folder):
            yield ".".join([module, *file.relative_to(folder).parts[:-1]]), folder, file


@cache
def _is_library(top: str) -> bool:
    """Whether a top-level module is mfcheck, or belongs to Python or to an installed library."""
    spec = None if top == "mfcheck" or top in sys.stdlib_module_names else find(top)
    if spec is None:
        return True
    place = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    folders = {sysconfig.get_path(n) for n in ("stdlib", "platstdlib", "purelib", "platlib")}
    return any(Path(place).resolve().is_relative_to(Path(f).resolve()) for f in folders)


def _versions_of(libraries: set[str]) -> dict[str, str]:
    """Return the versions of the distributions that provide top-level modules, Python and mfcheck apart."""
    named = {
        name
        for top in libraries - sys.stdlib_module_names - {"mfcheck"}
        for name in _providers().get(top, ())
    }
    return {name: _version(name) for name in sorted(named)}


@cache
def _providers() -> Mapping[str, Sequence[str]]:
    return packages_distributions()


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
