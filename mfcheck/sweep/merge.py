"""Ledgers of one sweep that was run in several places, joined into one."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from mfcheck.errors import InputError
from mfcheck.sweep.entries import Kept
from mfcheck.sweep.ledger import FILE, Ledger


def ledger_file(path: Path) -> Path:
    """Return the file of a ledger that is named by its folder or by itself.

    Raises:
        InputError: there is none.
    """
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"no ledger of a sweep at {str(path)!r}")
    return file


def merge(sources: Sequence[Path], target: Path) -> int:
    """Write what several ledgers hold into a new one; return how many results differ in their digits.

    Of two results of the same task in the same setting the first is kept, unless it crashed and the other did not.
    Machines of different kinds may differ in last digits; an answer that differs is refused.

    Args:
        sources: two ledgers or more of the same sweep: files, or folders that hold one.
        target: the new file.

    Raises:
        InputError: no ledgers, ledgers of different sweeps, the same answer given differently, or the target exists.
    """
    files = [ledger_file(path) for path in sources]
    if len(files) < 2:
        raise InputError("merge needs two ledgers or more")
    if target.exists():
        raise InputError(f"{str(target)!r} exists already: choose another folder")
    new = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with Ledger(new) as made:
            differing = sum(_absorb(made, file) for file in files)
        new.replace(target)
    finally:
        for left in (new, *(new.with_name(f"{new.name}{end}") for end in ("-wal", "-shm"))):
            with suppress(OSError):
                left.unlink()
    return differing


def _absorb(made: Ledger, file: Path) -> int:
    """Enter what a ledger holds; return how many of its results differ from those that are there."""
    differing = 0
    with Ledger(file, write=False) as source:
        made.adopt(source)
        with made.at_once():
            for new, id in source.entries():
                made.add([new])
                if id is not None:
                    differing += _setting(made, source, new.digest, id)
    return differing


def _setting(made: Ledger, source: Ledger, digest: str, id: int) -> int:
    """Enter the results of one setting; return how many differ from those that are there."""
    here, outcome = made.place_of(digest)
    _, other = source.place_of(digest)
    before, more = made.kept(here), source.kept(id)
    for key, kept in more.items():
        made.save(here, key, kept)
    if outcome is None or _crashed(before) - _crashed(more):
        # With crashes that only the other one has, neither outcome is that of all results.
        made.finish(here, None if _crashed(more) - _crashed(before) and before else other)
    both = [
        key
        for key in before.keys() & more.keys()
        if None not in (before[key].value, more[key].value)
    ]
    return sum(_differs(source.path, key, before[key], more[key]) for key in both)


def _crashed(results: dict[str, Kept]) -> set[str]:
    return {key for key, kept in results.items() if kept.value is None}


def _differs(path: Path, key: str, one: Kept, other: Kept) -> bool:
    """Return whether two results differ; refuse two answers to one question.

    Raises:
        InputError: one check says yes where the other says no, or cannot decide.
    """
    answers = [
        kept.value.get("passed") if isinstance(kept.value, dict) else None for kept in (one, other)
    ]
    if answers[0] != answers[1]:
        raise InputError(
            f"the ledger {str(path)!r} answers {key} otherwise than another one: one of them is wrong"
        )
    return bool(one.value != other.value)
