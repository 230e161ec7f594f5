"""Papers are found through the entry-point group `mfcheck.papers`."""

from importlib.metadata import EntryPoint, entry_points

from mfcheck.claims.model import Paper
from mfcheck.errors import InputError, meant

GROUP = "mfcheck.papers"


def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def paper_ids() -> tuple[str, ...]:
    """Return the ids of all installed papers, sorted."""
    return tuple(sorted(_entries()))


def load_paper(id: str) -> Paper:
    """Return an installed paper.

    Raises:
        InputError: no paper of that id is installed.
        TypeError: the entry point does not name a Paper of that id.
    """
    entries = _entries()
    if id not in entries:
        installed = ", ".join(sorted(entries)) or "none"
        raise InputError(f"unknown paper {id!r}{meant(id, entries)}; installed: {installed}")
    paper = entries[id].load()
    if not isinstance(paper, Paper) or paper.id != id:
        raise TypeError(f"entry point {id!r} does not name a paper of that id")
    return paper
