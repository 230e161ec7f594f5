"""The answer to one statement."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html import escape

UNDEFINED = "undefined"


@dataclass(frozen=True)
class Answer:
    """The verdict on one statement, with what supports it.

    `verdict` is a word of the charter, or *undefined*: somewhere in its domain the statement has no meaning.
    """

    statement: str
    domain: str
    reading: str
    verdict: str
    tight: tuple[str, ...] = ()
    best: str | None = None
    counterexample: Mapping[str, str] | None = None
    left: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    reason: str = ""
    seconds: float = 0.0
    certificate: Mapping[str, object] | None = field(default=None, repr=False)
    uncovered: str = ""
    """Why there is no certificate although the statement is established; nothing where none was asked for."""
    sides: Mapping[str, tuple[str, str]] | None = None
    """Bounds of both sides at a counterexample."""
    place: str = ""
    """The part of the statement that is undefined."""

    def to_json(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return asdict(self)

    def _repr_html_(self) -> str:
        """Return the answer for a notebook: the statement, its verdict, and what supports it."""
        rows = [("for", self.domain), ("because", self.reason), ("best", self.best or "")]
        body = "".join(f"<tr><td>{k}</td><td>{escape(v)}</td></tr>" for k, v in rows if v)
        head = f"<b>{escape(str(self.verdict))}</b> <code>{escape(self.statement)}</code>"
        return f"<div>{head}<table>{body}</table></div>"

    def __str__(self) -> str:
        tail = f"    {self.reason}" if self.reason else ""
        return f"{self.verdict}{tail}"
