r"""The marks of a TeX formula with their places: spaces and sizes left out, `\left` joined to its bracket."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from mfcheck.errors import InputError

Kind = Literal["number", "letter", "command", "mark"]

SHOWN = 72
"""The widest part of a formula that an error shows, in characters."""

MOST = 20_000
DEEPEST = 20

_MARK = re.compile(
    r"(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<letter>[A-Za-z])|(?P<command>\\(?:[A-Za-z]+|.))|(?P<mark>\S)",
    re.DOTALL,
)
_SKIPPED = frozenset(
    (
        r"\,",
        r"\;",
        r"\:",
        r"\!",
        r"\>",
        r"\quad",
        r"\qquad",
        r"\displaystyle",
        r"\textstyle",
        r"\nonumber",
        r"\notag",
        r"\limits",
        r"\thinspace",
        r"~",
        r"&",
        "\\ ",
        "\\\n",
    )
)
_SIZES = frozenset(rf"\{b}{s}" for b in ("big", "Big", "bigg", "Bigg") for s in ("", "l", "r", "m"))
_LEFT = {"|": r"\lvert", r"\vert": r"\lvert", r"\|": r"\lVert", r"\Vert": r"\lVert"}
_RIGHT = {"|": r"\rvert", r"\vert": r"\rvert", r"\|": r"\rVert", r"\Vert": r"\rVert"}
_SAME = {
    r"\vert": "|",
    r"\Vert": r"\|",
    r"\lbrace": r"\{",
    r"\rbrace": r"\}",
    r"\lbrack": "[",
    r"\rbrack": "]",
}


@dataclass(frozen=True)
class Token:
    """One mark: what it is, how it is written, where it starts, and whether it touches the one before."""

    kind: Kind
    text: str
    at: int
    joined: bool = False


@dataclass(frozen=True)
class Macro:
    r"""What `\newcommand` gives a name to: a body with `#1`, `#2`, ... for its arguments."""

    body: str
    arguments: int = 0


def refusal(text: str, reason: str, at: int) -> InputError:
    """Return an error that shows the place."""
    flat = "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)
    start = max(0, min(at - SHOWN // 2, len(flat) - SHOWN))
    shown = flat[start : start + SHOWN].rstrip()
    return InputError(f"{reason}\n  {shown}\n  {' ' * (at - start)}^")


def tokens(text: str, macros: Mapping[str, Macro] | None = None) -> list[Token]:
    """Return the marks of a formula, the macros of its paper put in.

    Raises:
        InputError: macros that do not end, a size without a bracket, too long a text; the message shows the place.
    """
    if len(text) > MOST:
        raise InputError(f"formula too long: {len(text)} characters, at most {MOST}")
    found = _expanded(text, _marks(text), macros or {}, 0)
    return _joined(text, _without_labels(text, found))


def _marks(text: str, base: int | None = None) -> list[Token]:
    found, end = [], -1
    for match in _MARK.finditer(text):
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        at = match.start() if base is None else base
        found.append(Token(kind, match[0], at, match.start() == end))
        end = match.end()
    return found


def _expanded(
    text: str, marks: list[Token], macros: Mapping[str, Macro], depth: int
) -> list[Token]:
    """Return the marks with macros replaced; their parts keep the place of the macro."""
    found: list[Token] = []
    k = 0
    while k < len(marks):
        token = marks[k]
        k += 1
        macro = macros.get(token.text) if token.kind == "command" else None
        if macro is None:
            found.append(token)
            continue
        if depth > DEEPEST or len(found) > MOST:
            raise refusal(text, f"the macro {token.text} does not end", token.at)
        given: list[list[Token]] = []
        for _ in range(macro.arguments):
            part, k = _group(text, marks, k, token)
            given.append(part)
        found += _expanded(text, _put(_marks(macro.body, token.at), given), macros, depth + 1)
    return found


def _group(text: str, marks: list[Token], k: int, owner: Token) -> tuple[list[Token], int]:
    """Return what TeX takes as one argument, and the index behind it."""
    if k >= len(marks):
        raise refusal(text, f"{owner.text} needs an argument", owner.at)
    if marks[k].text != "{":
        return [marks[k]], k + 1
    depth = 0
    for j in range(k, len(marks)):
        depth += (marks[j].text == "{") - (marks[j].text == "}")
        if depth == 0:
            return marks[k + 1 : j], j + 1
    raise refusal(text, "brace opened but not closed", marks[k].at)


def _put(body: list[Token], given: list[list[Token]]) -> list[Token]:
    found: list[Token] = []
    k = 0
    while k < len(body):
        number = body[k + 1].text if body[k].text == "#" and k + 1 < len(body) else ""
        if number.isdigit() and 1 <= int(number) <= len(given):
            found += given[int(number) - 1]
            k += 2
        else:
            found.append(body[k])
            k += 1
    return found


def _without_labels(text: str, marks: list[Token]) -> list[Token]:
    r"""Leave out `\label{...}` and `\tag{...}`."""
    found: list[Token] = []
    k = 0
    while k < len(marks):
        if (
            marks[k].text in (r"\label", r"\tag")
            and k + 1 < len(marks)
            and marks[k + 1].text == "{"
        ):
            _, k = _group(text, marks, k + 1, marks[k])
            continue
        found.append(marks[k])
        k += 1
    return found


def _joined(text: str, marks: list[Token]) -> list[Token]:
    r"""Leave out spaces and sizes; a bracket after `\left` becomes one mark, `L(`, and after `\right`, `R)`."""
    found: list[Token] = []
    size: Token | None = None
    for token in marks:
        if token.text in _SKIPPED:
            continue
        if token.text in _SIZES or token.text in (r"\left", r"\right"):
            size = token
            continue
        found.append(token if size is None else _sized(text, size, token))
        size = None
    if size is not None:
        raise refusal(text, f"{size.text} needs a bracket", size.at)
    return [Token(t.kind, _SAME.get(t.text, t.text), t.at, t.joined) for t in found]


def _sized(text: str, size: Token, token: Token) -> Token:
    shown = _SAME.get(token.text, token.text)
    if shown not in ("(", ")", "[", "]", r"\{", r"\}", "|", r"\|", r"\langle", r"\rangle"):
        if token.text in (r"\lvert", r"\rvert", r"\lVert", r"\rVert"):
            return Token("command", token.text, size.at)
        raise refusal(text, f"{size.text}{token.text} cannot be read", size.at)
    if size.text == r"\left" or size.text.endswith("l"):
        shown = _LEFT.get(shown, shown)
    elif size.text == r"\right" or size.text.endswith("r"):
        shown = _RIGHT.get(shown, shown)
    mark = {r"\left": "L", r"\right": "R"}.get(size.text, "")
    plain = shown in (r"\lvert", r"\rvert", r"\lVert", r"\rVert")
    return Token("mark", shown if plain else mark + shown, size.at)


class Marks:
    """The marks of one formula, taken from left to right, and what is known of its names."""

    def __init__(
        self,
        text: str,
        declared: Collection[str],
        functions: Collection[str],
        macros: Mapping[str, Macro] | None,
    ) -> None:
        self.text = text
        self.declared = frozenset(declared)
        self.functions = frozenset(functions)
        self.marks = tokens(text, macros)
        while self.marks and self.marks[-1].text in (".", ",", ";"):
            self.marks.pop()
        self.k = 0
        self.bars: list[str] = []
        self.bars_seen = False

    def peek(self, ahead: int = 0) -> str:
        """Return a mark that is still to be read; an empty text at the end."""
        k = self.k + ahead
        return self.marks[k].text if k < len(self.marks) else ""

    def token(self) -> Token:
        """Return the next mark."""
        if self.k >= len(self.marks):
            raise self.refuse("something is missing here")
        return self.marks[self.k]

    def take(self) -> Token:
        """Return the next mark and go on."""
        token = self.token()
        self.k += 1
        return token

    def refuse(self, reason: str, token: Token | None = None) -> InputError:
        """Return an error that shows a mark: the next one unless another is given."""
        if token is None and self.k < len(self.marks):
            token = self.marks[self.k]
        return refusal(self.text, reason, len(self.text.rstrip()) if token is None else token.at)

    def close(self, closing: str, opener: Token) -> None:
        """Read a closing bracket."""
        if not self.peek():
            raise self.refuse("bracket opened but not closed", opener)
        if self.peek() != closing:
            wanted = closing.replace("R", r"\right", 1) if closing[0] == "R" else closing
            raise self.refuse(f"{wanted} is expected here")
        self.k += 1
