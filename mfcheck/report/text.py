"""Text that came from papers, users and files, made safe to show and split into words and TeX."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REPLACEMENT = "\ufffd"
_TEX = re.compile(r"(?<![\\$])\$(?=[^\s$])([^$]{1,2000})(?<=[^\s\\])\$(?![\d$])")


class Piece(NamedTuple):
    """A stretch of words, or the TeX between two dollar signs."""

    text: str
    tex: bool


def _shown(char: str) -> str:
    if char in "\n\t":
        return char
    hidden = unicodedata.category(char) in ("Cc", "Cs") or char in _BIDI
    return _REPLACEMENT if hidden or (ord(char) & 0xFFFE) == 0xFFFE else char


def clean(text: object) -> str:
    """Return the text with all that cannot be shown replaced by U+FFFD.

    Control characters could drive a terminal, bidirectional overrides could show one word for another, and
    lone surrogates (from file names that are not UTF-8) cannot be written at all.
    """
    return "".join(map(_shown, str(text)))


def one_line(text: object) -> str:
    """Return the cleaned text with every run of white space as one blank."""
    return " ".join(clean(text).split())


def pieces(text: object) -> Iterator[Piece]:
    """Split prose at `$...$`: as in Pandoc, no blank just inside the signs and no digit after the second.

    >>> list(pieces("for $n$ points"))
    [Piece(text='for ', tex=False), Piece(text='n', tex=True), Piece(text=' points', tex=False)]
    """
    prose = clean(text)
    start = 0
    for match in _TEX.finditer(prose):
        if match.start() > start:
            yield Piece(prose[start : match.start()], False)
        yield Piece(match.group(1), True)
        start = match.end()
    if start < len(prose):
        yield Piece(prose[start:], False)
