"""Definitions of functions, `f(x) = x*exp(-x)`, put into statements as text before these are read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mfcheck.errors import InputError
from mfcheck.lemma.library import FUNCTIONS
from mfcheck.lemma.tex.words import OPERATORS

MOST = 20_000
"""The longest text, in characters, that definitions may make of a statement."""

_HEAD = re.compile(r"\s*([A-Za-z]\w*)\s*\(([^()]*)\)\s*=(?!=)(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z]\w*")
_BOUND = re.compile(r"\b(?:sum|sup|int)\s*\(")


@dataclass(frozen=True)
class Definition:
    """A function of the user: its name, its parameters, its text."""

    name: str
    parameters: tuple[str, ...]
    body: str


def read_definitions(texts: Sequence[str]) -> Mapping[str, Definition]:
    """Read definitions; each may use those before it.

    Raises:
        InputError: one cannot be read, or gives a meaning to a name that has one.
    """
    found: dict[str, Definition] = {}
    for text in texts:
        match = _HEAD.fullmatch(text)
        if match is None:
            raise InputError(f"cannot read the definition {text[:60]!r}: write 'f(x) = expression'")
        name, parameters = match[1], tuple(p.strip() for p in match[2].split(","))
        if name in FUNCTIONS or name in OPERATORS or name in ("pi", "e") or name in found:
            raise InputError(f"cannot define {name}: it has a meaning already")
        if not all(_NAME.fullmatch(p) for p in parameters) or len(set(parameters)) < len(
            parameters
        ):
            raise InputError(f"cannot read the definition {text[:60]!r}: parameters are names")
        if not match[3].strip():
            raise InputError(f"cannot read the definition {text[:60]!r}: there is nothing behind =")
        if re.search(rf"\b{name}\b", match[3]):
            raise InputError(f"cannot define {name} by itself")
        found[name] = Definition(name, parameters, expanded(match[3].strip(), found))
    return found


def expanded(text: str, definitions: Mapping[str, Definition]) -> str:
    """Return a text with every defined function replaced by what it stands for.

    Raises:
        InputError: a function is used with another number of arguments, or what it makes is too long.
    """
    if not definitions:
        return text
    use = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, definitions))})\s*\(")
    done = 0
    while (match := use.search(text, done)) is not None:
        definition = definitions[match[1]]
        arguments, end = _arguments(text, match.end() - 1)
        arguments = [expanded(a, definitions) for a in arguments]
        value = f"({_value(definition, arguments)})"
        text = text[: match.start()] + value + text[end:]
        done = match.start() + len(value)
        if len(text) > MOST:
            raise InputError(f"definitions make a text of more than {MOST} characters")
    return text


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """Return the arguments in the brackets that open at a place, and the place behind them."""
    depth, begin, found = 0, start + 1, []
    for k in range(start, len(text)):
        depth += (text[k] in "([") - (text[k] in ")]")
        if depth == 0 or (depth == 1 and text[k] == ","):
            found.append(text[begin:k].strip())
            begin = k + 1
        if depth == 0:
            return found, k + 1
    raise InputError(f"bracket opened but not closed: {text[start : start + 40]}")


def _value(definition: Definition, arguments: Sequence[str]) -> str:
    wanted = len(definition.parameters)
    if len(arguments) != wanted or not all(arguments):
        raise InputError(f"{definition.name} takes {wanted} argument{'s' * (wanted != 1)}")
    if _BOUND.search(definition.body) and any(
        set(_NAME.findall(a)) & (set(_NAME.findall(definition.body)) - set(definition.parameters))
        for a in arguments
    ):
        raise InputError(f"{definition.name} binds a name that occurs in its argument: rename it")
    put = dict(zip(definition.parameters, arguments, strict=True))
    return _NAME.sub(
        lambda m: (a if _NAME.fullmatch(a) else f"({a})") if (a := put.get(m[0])) else m[0],
        definition.body,
    )
