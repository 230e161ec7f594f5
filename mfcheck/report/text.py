"""Text that came from papers, users and files, made safe to show and split into words and TeX."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REPLACEMENT = "\ufffd"
_TEX = re.compile(r"(?<![\\$])\$(?=[^\s$])([^$]{1,2000})(?<=[^\s\\])\$(?![\d$])")


_GREEK = re.findall(
    r"\w+",
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega "
    "Gamma Delta Theta Lambda Sigma Phi Psi Omega",
)
_BELOW = {"max": r"\max", "min": r"\min", "inf": r"\infty", "star": "*"} | {
    name: f"\\{name}" for name in _GREEK
}
_NAME = re.compile(
    rf"(?<![\w\\$^{{}}./`-])(?<!--set )(?<!--over )(eps|{'|'.join(_GREEK)}|[A-Za-z])_([A-Za-z0-9]{{1,6}})(?:\^(\d))?"
    r"(?![\w{}`]|\.\w|[-=]\w)"
)
"""A letter with an index in plain words, as `chi_1`: no part of a path, an id or an option."""


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
    r"""Split prose at `$...$`: as in Pandoc, no blank just inside the signs and no digit after the second.

    A letter with an index that stands in the words, as the codes of papers have it, is a formula too.

    >>> list(pieces("for $n$ points"))
    [Piece(text='for ', tex=False), Piece(text='n', tex=True), Piece(text=' points', tex=False)]
    >>> [piece.text for piece in pieces("chi_1 = 1") if piece.tex]
    ['\\chi_{1}']
    """
    prose = clean(text)
    start = 0
    for match in _TEX.finditer(prose):
        yield from _named(prose[start : match.start()])
        yield Piece(match.group(1), True)
        start = match.end()
    yield from _named(prose[start:])


def _named(words: str) -> Iterator[Piece]:
    """Split words at letters with an index."""
    start = 0
    for match in _NAME.finditer(words):
        if match.start() > start:
            yield Piece(words[start : match.start()], False)
        yield Piece(_symbol(*match.groups()), True)
        start = match.end()
    if start < len(words):
        yield Piece(words[start:], False)


def _symbol(letter: str, index: str, power: str | None) -> str:
    """Return a letter with an index, and its power, as TeX; an index of several letters is a name."""
    stem = r"\epsilon" if letter == "eps" else f"\\{letter}" if letter in _GREEK else letter
    several = len(index) > 1 and not index.isdigit()
    below = _BELOW.get(index, rf"\mathrm{{{index}}}" if several else index)
    return f"{stem}_{{{below}}}" + (f"^{{{power}}}" if power else "")
