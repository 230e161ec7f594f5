"""Collects the statements of files as tests: `pytest --mfcheck-lemmas lemmas.toml`; a part of `mfcheck.pytest_plugin`.

A statement fails if its verdict is not the one that its file expects; where none is expected, if it is neither *proved*
nor *certified* nor *supported*.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mfcheck.lemma import Answer
    from mfcheck.lemma.asked import Lemma

GOOD = ("proved", "certified", "supported")
"""The verdicts with which a statement passes if its file expects none."""


def add_options(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add the options for statements."""
    group.addoption(
        "--mfcheck-lemmas",
        action="append",
        default=[],
        metavar="FILE",
        help="collect the statements of this file (.toml, .md, .tex); repeatable",
    )
    group.addoption(
        "--mfcheck-seconds",
        type=float,
        default=5.0,
        metavar="S",
        help="longest search for one statement (default: 5)",
    )
    parser.addini("mfcheck_lemmas", "files whose statements are collected", "linelist", [])


def collected(session: pytest.Session) -> "Iterator[LemmaItem]":
    """Yield a test for each statement of the files that are named, settings first.

    Raises:
        UsageError: a file cannot be read.
    """
    config = session.config
    kept = [config.rootpath / name for name in config.getini("mfcheck_lemmas")]
    given = [config.invocation_params.dir / name for name in config.getoption("--mfcheck-lemmas")]
    if not kept and not given:
        return
    from mfcheck.errors import InputError
    from mfcheck.lemma.files import read_lemmas

    if config.getoption("--mfcheck-seconds") <= 0:
        raise pytest.UsageError("mfcheck: --mfcheck-seconds must be positive")
    for path in dict.fromkeys([*kept, *given]):
        try:
            lemmas = read_lemmas(path)
        except InputError as error:
            raise pytest.UsageError(f"mfcheck: {error}") from None
        node = LemmaFile.from_parent(
            session, name=path.name, nodeid=f"mfcheck:{path.name}", lemmas=lemmas, file=path
        )
        yield from node.collect()


class LemmaFile(pytest.Collector):
    """A file, whose tests are its statements."""

    def __init__(self, *, lemmas: "tuple[Lemma, ...]", file: Path, **others: Any) -> None:
        super().__init__(**others)
        self.lemmas = lemmas
        self.file = file

    def collect(self) -> "list[LemmaItem]":
        """Return one test for each statement, in the order of the file."""
        return [
            LemmaItem.from_parent(self, name=one.id, lemma=one, file=self.file)
            for one in self.lemmas
        ]


class UnexpectedVerdictError(Exception):
    """A statement has a verdict that it must not have; the message is the report."""


class LemmaItem(pytest.Item):
    """A statement: passes with the verdict that its file expects."""

    def __init__(self, *, lemma: "Lemma", file: Path, **others: Any) -> None:
        super().__init__(**others)
        self.lemma = lemma
        self.file = file
        self.add_marker("mfcheck_lemma")

    def runtest(self) -> None:
        """Decide the statement as `mfcheck lemma` does."""
        from mfcheck.errors import InputError
        from mfcheck.lemma.asked import answer

        try:
            found = answer(self.lemma, self.config.getoption("--mfcheck-seconds"))
        except InputError as error:
            raise UnexpectedVerdictError(f"{self.where()}: cannot be read: {error}") from None
        verdict: str = found.verdict
        self.user_properties.append(("verdict", str(verdict)))
        expected = self.lemma.expect
        if verdict != expected if expected is not None else verdict not in GOOD:
            raise UnexpectedVerdictError(self.report(found))

    def where(self) -> str:
        """Return the file and the line of the statement."""
        return f"{self.file.name}:{self.lemma.line}"

    def report(self, found: "Answer") -> str:
        """Return what was found, in words."""
        verdict: str = found.verdict
        wanted = f"expected to be {self.lemma.expect}; " if self.lemma.expect else ""
        lines = [f"{self.where()}: {self.lemma.id} is {verdict}: {wanted}{found.reason}"]
        lines.append(f"  statement: {' '.join(found.statement.split())}")
        if found.domain:
            lines.append(f"  for: {found.domain}")
        if found.reading:
            lines.append(f"  read as: {found.reading}")
        return "\n".join(lines)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what speaks against the statement, in words."""
        if isinstance(excinfo.value, UnexpectedVerdictError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the statement stands."""
        return self.file, max(self.lemma.line - 1, 0), f"mfcheck: {self.lemma.id}"
