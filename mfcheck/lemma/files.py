"""Files of lemmas: TOML tables `[[lemma]]`, Markdown with fences that begin with `lemma`, TeX with comments.

A TOML file holds tables with the keys `statement`, and where wanted `id`, `for`, `where`, `def`, `expect`, `note`. A
fence in Markdown holds the statement, and lines that begin with one of these words and a colon. For TeX see
`mfcheck.lemma.tex.source`.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from mfcheck.errors import InputError
from mfcheck.lemma.asked import WORDS, Lemma
from mfcheck.lemma.tex.source import macros, marked

SUFFIXES = (".toml", ".md", ".markdown", ".tex")
KEYS = ("id", "statement", "for", "where", "def", "expect", "note")
MANY = ("for", "where", "def")
"""The keys that may be given several times, or as a list."""

LARGEST = 5_000_000

_FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[ \t]*lemma\b[ \t]*(?P<id>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_OPEN_FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*lemma\b", re.MULTILINE)
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z_-]*)\s*:(?!=)(.*)", re.DOTALL)
_TABLE = re.compile(r"^[ \t]*\[\[[ \t]*lemma[ \t]*\]\]", re.MULTILINE)


def is_file_of_lemmas(text: str) -> bool:
    """Say whether an argument names a file, by its ending, and is no statement."""
    return text.lower().endswith(SUFFIXES) and "\n" not in text


def read_lemmas(path: Path) -> tuple[Lemma, ...]:
    """Return the lemmas of a file, each with its line.

    Raises:
        InputError: the file cannot be read, holds no lemma, an unknown key, an id twice; the message names the line.
    """
    text = _text(path)
    name = path.name
    suffix = path.suffix.lower()
    if suffix == ".toml":
        found = list(_from_toml(text, name))
    elif suffix == ".tex":
        found = list(_from_tex(text, name))
    elif suffix in SUFFIXES:
        found = list(_from_markdown(text, name))
    else:
        raise InputError(f"{name}: files of lemmas end with {', '.join(SUFFIXES)}")
    if not found:
        raise InputError(f"{name}: no lemma in it; {_WANTED[suffix]}")
    seen: dict[str, int] = {}
    for lemma in found:
        if lemma.id in seen:
            _refuse(name, lemma.line, f"the id {lemma.id!r} is that of line {seen[lemma.id]}")
        seen[lemma.id] = lemma.line
    return tuple(found)


_WANTED = {
    ".toml": "write tables [[lemma]] with a statement",
    ".tex": "write a comment '% mfcheck: x >= 0' behind a formula",
    ".md": "write it between ```lemma and ```",
    ".markdown": "write it between ```lemma and ```",
}


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path.name}: larger than {LARGEST // 10**6} MB")
        return path.read_text(encoding="utf-8").replace("\r\n", "\n").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise InputError(f"{path.name}: is not UTF-8 text") from None
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror}") from None


def _refuse(name: str, line: int, reason: str) -> NoReturn:
    raise InputError(f"{name}:{line}: {reason}")


def _lemma(given: dict[str, Any], name: str, line: int, **more: Any) -> Lemma:
    """Return a lemma of the values for its keys: texts, lists of texts for some."""
    for key, value in given.items():
        if key not in KEYS:
            _refuse(name, line, f"unknown key {key[:40]!r}; known: {', '.join(KEYS)}")
        several = isinstance(value, list) and key in MANY and all(isinstance(v, str) for v in value)
        if not (isinstance(value, str) or several):
            _refuse(name, line, f"{key} must be a text" + (", or a list of texts" * (key in MANY)))
    statement = given.get("statement", "").strip()
    if not statement:
        _refuse(name, line, "there is no statement")
    expect = given.get("expect")
    if expect is not None and expect not in WORDS:
        _refuse(name, line, f"expect: unknown verdict {expect[:40]!r}; known: {', '.join(WORDS)}")
    id = given.get("id", "").strip() or f"line-{line}"
    if not re.fullmatch(r"[\w.:+/-]{1,80}", id):
        _refuse(
            name, line, f"the id {id[:40]!r} has other signs than letters, digits and . : + / -"
        )
    domain, where, definitions = (_several(given.get(key, [])) for key in MANY)
    return Lemma(
        id, statement, domain, where, definitions, expect, given.get("note", ""), line, **more
    )


def _several(value: str | Sequence[str]) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    return tuple(t.strip() for t in texts if t.strip())


def _from_toml(text: str, name: str) -> Iterator[Lemma]:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{name}: not TOML: {error}") from None
    if unknown := sorted(set(data) - {"lemma"}):
        raise InputError(f"{name}: unknown key {unknown[0][:40]!r}; known: lemma, as [[lemma]]")
    tables = data.get("lemma", [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise InputError(f"{name}: write [[lemma]], with two brackets")
    lines = [text.count("\n", 0, m.start()) + 1 for m in _TABLE.finditer(text)]
    if len(lines) != len(tables):  # a text of several lines that looks like a table
        lines = [0] * len(tables)
    for k, (table, line) in enumerate(zip(tables, lines, strict=True), 1):
        yield _lemma({"id": f"lemma-{k}", **table}, name, line)


def _from_markdown(text: str, name: str) -> Iterator[Lemma]:
    end = 0
    for match in _FENCE.finditer(text):
        end = match.end()
        line = text.count("\n", 0, match.start()) + 1
        given = _of_fence(match["body"], name, line)
        if match["id"].strip():
            if "id" in given:
                _refuse(name, line, "the id is given twice")
            given["id"] = match["id"].strip()
        yield _lemma(given, name, line)
    left = _OPEN_FENCE.search(text, end)
    if left is not None:
        _refuse(name, text.count("\n", 0, left.start()) + 1, "this fence is not closed")


def _of_fence(body: str, name: str, line: int) -> dict[str, Any]:
    """Return the values for keys in a fence; what has no key is the statement."""
    given: dict[str, Any] = {}
    free: list[str] = []
    for k, text in enumerate(body.splitlines(), 1):
        match = _KEY.fullmatch(text)
        if match is None or (match[1] == "for" and text.split()[:2] == ["for", "some"]):
            free.append(text)
            continue
        key, value = match[1], match[2].strip()
        if key not in KEYS:
            _refuse(name, line + k, f"unknown key {key[:40]!r}; known: {', '.join(KEYS)}")
        if key in MANY:
            given.setdefault(key, []).append(value)
        elif key in given:
            _refuse(name, line + k, f"{key} is given twice")
        else:
            given[key] = value
    said = "\n".join(free).strip()
    if said and "statement" in given:
        _refuse(name, line, "the statement is given twice")
    return {**given, "statement": said} if said else given


def _from_tex(text: str, name: str) -> Iterator[Lemma]:
    try:
        found, known = marked(text), macros(text)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    for one in found:
        given: dict[str, Any] = {"statement": one.formula}
        if one.label:
            given["id"] = one.label
        for part in _parts(one.comment):
            key, value = "for", part
            if (match := _KEY.fullmatch(part)) is not None:
                key, value = match[1], match[2].strip()
            if key in MANY:
                given.setdefault(key, []).append(value)
            else:
                given[key] = value
        yield _lemma(given, name, one.line, tex=True, macros=known)


def _parts(text: str) -> list[str]:
    """Split at semicolons outside brackets."""
    found, depth = [""], 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == ";" and depth <= 0:
            found.append("")
        else:
            found[-1] += c
    return [part.strip() for part in found if part.strip()]
