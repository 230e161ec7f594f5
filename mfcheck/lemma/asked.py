"""A lemma as a user writes it, in the grammar or in TeX, with its declarations; and its verdict."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mfcheck.claims.verdict import Verdict
from mfcheck.errors import InputError
from mfcheck.lemma.answer import UNDEFINED, Answer
from mfcheck.lemma.definitions import Definition, expanded, read_definitions
from mfcheck.lemma.library import FUNCTIONS
from mfcheck.lemma.tex.ranges import plain_declaration
from mfcheck.lemma.tex.tokens import Macro
from mfcheck.lemma.tex.translate import is_tex, reading_and_declarations
from mfcheck.lemma.verdict import check

WORDS = (*Verdict, UNDEFINED)
"""What an answer may be, and what may be expected."""

SECONDS = 5.0
"""The longest search for one statement unless the user says otherwise."""

_NAME = re.compile(r"[A-Za-z]\w*")
_NO_NAMES = frozenset(("real", "integer", "vector", "unit", "symmetric", "in", "inf", "oo", "N"))
_SOME = re.compile(r"\s*for\s+some\s+([A-Za-z]\w*)\s*:")


@dataclass(frozen=True)
class Lemma:
    """One free-standing statement as it stands in a file or on a command line.

    `domain`, `where` and `definitions` are declarations, further hypotheses and functions, each a line of text; `line`
    is the one in its file, from 1; `macros` are those of its TeX file.
    """

    id: str
    statement: str
    domain: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    expect: str | None = None
    note: str = ""
    line: int = 0
    tex: bool = False
    best: str | None = None
    macros: Mapping[str, Macro] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Question:
    """A lemma in the grammar of statements, nothing of TeX left in it."""

    text: str
    domain: tuple[str, ...]
    where: tuple[str, ...]


def question(lemma: Lemma) -> Question:
    """Return a lemma in the grammar.

    Raises:
        InputError: its TeX cannot be read without guessing, or a definition cannot be read.
    """
    definitions = read_definitions([with_powers(d) for d in lemma.definitions])
    domain = tuple(plain_declaration(d) if _has_tex(d) else with_powers(d) for d in lemma.domain)
    known = _declared(lemma, domain)
    read = [_in_grammar(t, lemma, known, definitions) for t in (lemma.statement, *lemma.where)]
    said = dict.fromkeys(d for _, found in read for d in found)
    domain = (*domain, *(d for d in said if d not in domain))
    text, *where = (t for t, _ in read)
    return Question(text, tuple(expanded(d, definitions) for d in domain), tuple(where))


def answer(lemma: Lemma, seconds: float = SECONDS, certify: bool = False, seed: int = 0) -> Answer:
    """Decide a lemma, the search led by points of this seed.

    With `certify`, write down a certificate that is accepted, or say why there is none.

    Raises:
        InputError: it cannot be read; the message shows the place.
    """
    asked = question(lemma)
    found = check(
        asked.text,
        asked.domain,
        where=asked.where,
        seconds=seconds,
        best=lemma.best,
        certify=certify,
        seed=seed,
    )
    is_changed = asked.text != lemma.statement
    return replace(
        found,
        statement=lemma.statement,
        reading=asked.text if is_changed else found.reading,
    )


def unreadable(lemma: Lemma, error: InputError) -> Answer:
    """Return the answer on a lemma that cannot be read: *unchecked*, with the reason."""
    reason = f"cannot be read: {error}"
    return Answer(lemma.statement, "; ".join(lemma.domain), "", Verdict.UNCHECKED, reason=reason)


def with_powers(text: str) -> str:
    """Return a text that is no TeX with `^` as the power that it stands for; the reading shows it."""
    return text.replace("^", "**")


def _has_tex(text: str) -> bool:
    return is_tex(text) or "_{" in text


def _in_grammar(
    text: str, lemma: Lemma, known: frozenset[str], definitions: Mapping[str, Definition]
) -> tuple[str, tuple[str, ...]]:
    """Return a text in the grammar, and what it declares itself."""
    said: tuple[str, ...] = ()
    if lemma.tex or is_tex(text):
        text, said = reading_and_declarations(text, known, tuple(definitions), lemma.macros)
    else:
        text = with_powers(text)
    return expanded(text, definitions), said


def _declared(lemma: Lemma, domain: Sequence[str]) -> frozenset[str]:
    """Return the names that the declarations speak of."""
    found = {name for d in domain for name in _NAME.findall(d)} - _NO_NAMES - set(FUNCTIONS)
    some = _SOME.match(lemma.statement)
    extra = {some[1]} if some else set()
    return frozenset(found | extra | ({lemma.best} if lemma.best else set()))
