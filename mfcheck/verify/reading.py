"""Reading what nobody vouches for: JSON without surprises, exact numbers, and a bound on the work."""

import json
import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, TypeAlias

MAX_SIZE, MAX_DEPTH = 4_000_000, 64
MAX_WORK = 30_000_000
"""Steps of about a microsecond each that one file may ask for."""

Json: TypeAlias = dict[str, Any]
Bounds: TypeAlias = tuple[Fraction | None, Fraction | None]

_NUMBER = re.compile(
    r"[+-]?[0-9]{1,400}((\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?|/0*[1-9][0-9]{0,400})"
)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")


class MalformedError(Exception):
    """The text is not a certificate, or asks for too much work."""


class UnprovedError(Exception):
    """The certificate does not prove its claim."""


def need(condition: bool, message: str) -> None:
    """Require something of the form of a certificate.

    Raises:
        MalformedError: the condition is false.
    """
    if not condition:
        raise MalformedError(message)


def prove(condition: bool, message: str) -> None:
    """Require something of the claim.

    Raises:
        UnprovedError: the condition is false.
    """
    if not condition:
        raise UnprovedError(message)


class Effort:
    """What the file at hand may still cost; each piece of work is paid for before it is done."""

    def __init__(self) -> None:
        self.file = 0
        self.start()

    def start(self, work: int = MAX_WORK) -> None:
        """Begin a new file, which may cost so much."""
        self.left, self.paid = min(work, MAX_WORK), set[Hashable]()
        self.file += 1

    def spend(self, steps: float, once: Hashable = None) -> None:
        """Pay for work; what has a name is done, hence paid, once in a file.

        Raises:
            MalformedError: the file asks for more than `MAX_WORK` steps.
        """
        if once is None or once not in self.paid:
            self.paid.add(once)
            self.left -= round(steps)
            need(self.left >= 0, f"too much work: more than {MAX_WORK // 10**6} million steps")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within, nothing counts that was paid or computed before, and afterwards nothing of what is within."""
        paid, self.paid = self.paid, set()
        self.file += 1
        try:
            yield
        finally:
            self.paid = paid
            self.file += 1


effort = Effort()


def printable(text: str) -> str:
    """Return the text with everything that a terminal could obey, or hide, written as an escape."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def parse_json(text: str, floats: Callable[[str], Any] = float) -> Any:
    """Read JSON in which no key occurs twice and nothing is nested deeper than `MAX_DEPTH`.

    Args:
        text: of any origin.
        floats: what to make of a number that is no integer, of NaN and of Infinity.

    Raises:
        MalformedError: too deep, a key twice, or a number that `floats` refuses.
        ValueError: not JSON.
    """
    depth = 0
    for mark in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{\]}]', text, re.DOTALL):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark.group(), 0)
        need(depth <= MAX_DEPTH, f"nested deeper than {MAX_DEPTH}")
    hooks: Json = {"parse_float": floats, "parse_constant": floats}
    return json.loads(text, object_pairs_hook=_object, **hooks)


def _object(pairs: list[tuple[str, Any]]) -> Json:
    need(len(dict(pairs)) == len(pairs), "a key occurs twice")
    return dict(pairs)


def no_floats(text: str) -> None:
    """Refuse a number that is no integer."""
    raise MalformedError(f"{text[:30]} is not allowed: numbers are strings or integers")


def fields(data: Any, where: str, schema: str) -> None:
    """Require exactly the keys in `schema`: `name` for a string, `name:type`; `name?` may be left out."""
    need(isinstance(data, dict), f"{where} is not an object")
    types = {word.split(":")[0]: (word + ":str").split(":")[1] for word in schema.split()}
    lacking = [key for key in types if not key.endswith("?") and key not in data]
    need(not lacking, f"{where} lacks {', '.join(lacking)}")
    for key, value in data.items():
        expected = types.get(key, types.get(key + "?", "absent"))
        need(type(value).__name__ == expected, f"{where}: {key[:40]!r} is to be {expected}")


def number(text: Any) -> Fraction:
    """Return an exact number from its text."""
    need(isinstance(text, str) and bool(_NUMBER.fullmatch(text)), "not an exact number")
    return Fraction(text)


def bounds(claim: Json) -> Bounds:
    """Return the bounds that a claim states; there is at least one."""
    lower, upper = (number(claim[key]) if key in claim else None for key in ("lower", "upper"))
    need(lower is not None or upper is not None, "the claim has neither lower nor upper")
    return lower, upper
