"""Tab completion in a shell: the papers that are installed and their claims, read from the catalog alone."""

import contextlib
import io
import os
import sys

import typer

VARIABLE = "_MFCHECK_COMPLETE"
"""Set by the script that `mfcheck --show-completion` prints, when a shell asks for words."""
_WORDS, _PLACE = "COMP_WORDS", "COMP_CWORD"


def papers(incomplete: str) -> list[str]:
    """Return the ids of the installed papers that begin so."""
    from mfcheck.catalog import entries

    return [id for id in sorted(entries()) if id.startswith(incomplete)]


def claims(incomplete: str) -> list[str]:
    """Return what begins so: ids of papers, and PAPER:CLAIM once a paper and a colon stand there."""
    from mfcheck.catalog import described, entries

    paper, colon, claim = incomplete.partition(":")
    if not colon or paper not in entries():
        return papers(incomplete)
    ids = [found["id"] for found in described(paper)["claims"]]
    return [f"{paper}:{id}" for id in ids if id.startswith(claim)]


def answer(app: typer.Typer) -> None:
    """Print the words that a shell asks for; bash gets what follows the last colon, where it begins a word."""
    joined = _rejoined(os.environ.get(_WORDS, "").split("\n"), os.environ.get(_PLACE, ""))
    if joined is not None:
        words, place = joined
        os.environ[_WORDS], os.environ[_PLACE] = "\n".join(words), str(place)
        head = words[place].rpartition(":")
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        app(prog_name="mfcheck")
    text = said.getvalue()
    if joined is not None and head[1]:
        text = "".join(line.removeprefix(f"{head[0]}:") for line in text.splitlines(keepends=True))
    sys.stdout.write(text)


def _rejoined(words: list[str], place: str) -> tuple[list[str], int] | None:
    """Return the words of bash, which takes them apart at colons, and the one at the cursor; None without bash."""
    if not place.isdecimal() or int(place) >= len(words):
        return None
    joined: list[str] = []
    current = int(place)
    for i, word in enumerate(words):
        if joined and ":" in (word, words[i - 1]):
            joined[-1] += word
            current -= i <= int(place)
        else:
            joined.append(word)
    return joined, current
