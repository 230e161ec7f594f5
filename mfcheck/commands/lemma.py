"""The command `lemma`: one statement, or the statements of a file, to a verdict each."""

import os
import re
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mfcheck.commands.console import VERDICT_GIVEN, WRONG_INPUT, Output, say
from mfcheck.commands.options import BudgetName, command, dump
from mfcheck.errors import InputError

if TYPE_CHECKING:
    from mfcheck.lemma import Answer
    from mfcheck.lemma.asked import Lemma

WIDTH = 80
LONG = 2.0
"""Seconds of search after which a terminal shows it, and a statement of a file gets a line."""

ANNOUNCED = 10.0
"""A search for one statement that may take longer than this is announced where no terminal shows it."""

SECONDS = {"quick": 2.0, "standard": 5.0, "thorough": 60.0}
"""The longest search for one statement, by budget."""


@dataclass(frozen=True)
class Declared:
    """What belongs to one statement on the command line."""

    domain: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="DECLARATIONS", help="What the names are; repeatable."),
    ] = None
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="FORMULA", help="A further hypothesis; repeatable."),
    ] = None
    definitions: Annotated[
        list[str] | None,
        typer.Option("--def", metavar="'f(x) = ...'", help="A function; repeatable."),
    ] = None
    best: Annotated[
        str | None,
        typer.Option("--best", metavar="NAME", help="Find the least constant of this name."),
    ] = None
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draw the margin.")
    ] = None

    def lemma(self, statement: str) -> "Lemma":
        """Return the statement with what is declared for it."""
        from mfcheck.lemma.asked import Lemma

        return Lemma(
            "statement",
            statement,
            tuple(self.domain or ()),
            tuple(self.where or ()),
            tuple(self.definitions or ()),
            best=self.best,
        )

    def refuse_any(self) -> None:
        """Refuse what only one statement can have."""
        if any((self.domain, self.where, self.definitions, self.best, self.plot)):
            raise InputError("--for, --where, --def, --best and --plot are for one statement")


@dataclass(frozen=True)
class Search:
    """How long is searched, and what happens with what is found."""

    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=0.01,
            max=86400,
            help="Longest search for one statement.  [default: 2, 5 or 60, by budget]",
        ),
    ] = None
    budget: BudgetName = "standard"
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", help="Write the certificate here; for a file, a folder."),
    ] = None
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="VERDICT,...", help="Exit with 1 on such a verdict.")
    ] = ""
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, help="Seed of the points that lead the search."),
    ] = 0

    def __post_init__(self) -> None:
        """Refuse, before any work, a verdict or a budget that does not exist."""
        if self.budget not in SECONDS:
            raise InputError(f"unknown budget {self.budget[:60]!r}; known: {', '.join(SECONDS)}")
        if self.fail_on:
            from mfcheck.lemma.asked import WORDS

            if unknown := sorted(self.verdicts - set(WORDS)):
                raise InputError(
                    f"--fail-on: unknown verdict {unknown[0][:60]!r}; known: {', '.join(WORDS)}"
                )

    @property
    def verdicts(self) -> frozenset[str]:
        """The verdicts that `--fail-on` lists."""
        return frozenset(name.strip() for name in self.fail_on.split(",") if name.strip())

    @property
    def most(self) -> float:
        """The longest search for one statement, in seconds."""
        return SECONDS[self.budget] if self.seconds is None else self.seconds

    def end(self, found: "Sequence[Answer]") -> None:
        """End with status 1 if an answer has such a verdict."""
        if {answer.verdict for answer in found} & self.verdicts:
            raise typer.Exit(VERDICT_GIVEN)


@command("mfcheck lemma 'log(1 + x) >= x - x**2/2' --for 'x >= 0'")
def lemma(
    statement: Annotated[
        str,
        typer.Argument(
            metavar="STATEMENT|FILE",
            help="A statement, in TeX too; or a file .toml, .md or .tex with statements.",
        ),
    ],
    declared: Declared,
    search: Search,
    output: Output,
) -> None:
    """Decide statements: the verdict, where it is tight, the best constant, a counterexample."""
    from mfcheck.lemma.files import is_file_of_lemmas

    if is_file_of_lemmas(statement):
        declared.refuse_any()
        _of_file(Path(statement), search, output)
    else:
        _refuse_path(statement)
        _of_statement(declared.lemma(statement), declared.plot, search, output)


def _refuse_path(text: str) -> None:
    """Refuse what is no statement but the name of a folder, or of a file with another ending."""
    from mfcheck.lemma.files import SUFFIXES

    endings = ", ".join(SUFFIXES)
    if os.path.isdir(text):  # noqa: PTH112 - any text is allowed, one too long for a name too
        raise InputError(f"{text!r} is a folder: name a file of statements in it ({endings})")
    if os.path.isfile(text):  # noqa: PTH113
        raise InputError(f"{text!r} is a file, but no file of statements: {endings}")


def _of_statement(one: "Lemma", plot: Path | None, search: Search, output: Output) -> None:
    """Decide one statement."""
    for path in (plot, search.certificate):
        _see_writable(path)
    answer = _single(one, search, output)
    _certify(answer, search.certificate, "")
    if plot is not None:
        _draw(one, plot)
    record = {**_record(answer), "seed": search.seed}
    output.give(
        dump(record),
        lambda console: console.print(_shown(answer), markup=False, soft_wrap=True),
    )
    if answer.verdict == "undefined":
        _complain(_with_place(answer))
        raise typer.Exit(WRONG_INPUT)
    search.end([answer])


def _of_file(path: Path, search: Search, output: Output) -> None:
    """Decide the statements of a file; after an interruption, give what is there."""
    from mfcheck.lemma.files import read_lemmas

    asked = read_lemmas(path)
    found = _answers(asked, search, output)
    done = asked[: len(found)]
    for one, answer in zip(done, found, strict=True):
        _certify(answer, search.certificate, f"{one.id}.json")
    if found:
        _give_file(done, found, search.seed, output)
    if len(found) < len(asked):
        raise KeyboardInterrupt(f"after {len(found)} of {len(asked)} statements")
    unread = [
        (one, answer)
        for one, answer in zip(asked, found, strict=True)
        if answer.verdict == "unchecked"
    ]
    for one, answer in unread:
        _complain(f"{path.name}:{one.line}: {answer.reason}")
    if unread:
        raise typer.Exit(WRONG_INPUT)
    search.end(found)


def _single(one: "Lemma", search: Search, output: Output) -> "Answer":
    """Decide one statement; what cannot be read ends with the place shown and status 2."""
    from mfcheck.lemma.asked import answer, question

    seconds, certify = search.most, _is_to_certify(search, output)
    try:
        asked = question(one)
        if asked.text != one.statement and not output.quiet and output.json != "-":
            said = "; ".join(" ".join(d.split()) for d in asked.domain)
            where = f"   for {said}" if asked.domain != one.domain else ""
            words = f"read as      {asked.text}{where}"
            output.console().print(words, markup=False, soft_wrap=True)
        console = output.console(stderr=True)
        if console.is_terminal and seconds > LONG:
            with console.status(f"searching, at most {seconds:g} s"):
                return answer(one, seconds, certify, search.seed)
        if seconds > ANNOUNCED and not output.quiet:
            say(f"searching, at most {seconds:g} s")
        return answer(one, seconds, certify, search.seed)
    except InputError as error:
        _complain(str(error))
        raise typer.Exit(WRONG_INPUT) from None


def _is_to_certify(search: Search, output: Output) -> bool:
    """Say whether certificates are asked for."""
    return search.certificate is not None or bool(output.json)


def _answers(asked: "Sequence[Lemma]", search: Search, output: Output) -> "list[Answer]":
    """Decide the lemmas of a file one by one, with progress on standard error."""
    from mfcheck.lemma.asked import answer, unreadable

    seconds, certify = search.most, _is_to_certify(search, output)
    console = output.console(stderr=True)
    if not output.quiet:
        most = len(asked) * seconds
        console.print(
            f"{len(asked)} statements, at most {most:.0f} s", markup=False, soft_wrap=True
        )
    found = []
    for k, one in enumerate(asked, 1):
        with console.status(f"[{k}/{len(asked)}] {one.id}".replace("[", r"\[")):
            try:
                found.append(answer(one, seconds, certify, search.seed))
            except InputError as error:
                found.append(unreadable(one, error))
            except KeyboardInterrupt:
                break
        last = found[-1]
        if console.is_terminal is False and last.seconds > LONG:
            words = f"[{k}/{len(asked)}] {one.id}: {last.verdict}, {last.seconds:.1f} s"
            console.print(words, markup=False, soft_wrap=True)
    return found


def _complain(message: str) -> None:
    """Write an error to standard error, below it the place that it shows."""
    first, *place = _narrow(message)
    say(first)
    sys.stderr.write("".join(f"{line}\n" for line in place))


def _with_place(answer: "Answer") -> str:
    """Return why a statement is undefined, below it the part that is."""
    text = " ".join(answer.statement.split())
    at = text.find(answer.place) if answer.place else -1
    return answer.reason if at < 0 else f"{answer.reason}\n  {text}\n  {' ' * at}^"


def _narrow(message: str) -> list[str]:
    """Return an error and the place that it shows, at most 80 columns wide."""
    first, *rest = message.splitlines()
    if len(rest) == 2 and rest[1].strip() == "^":
        at = rest[1].index("^")
        start = max(0, min(at - 36, len(rest[0]) - WIDTH + 4))
        cut = rest[0][start : start + WIDTH - 4].rstrip()
        return [first, f"    {cut}".rstrip(), " " * (4 + at - start) + "^"]
    return [first, *rest]


def _record(answer: "Answer") -> dict[str, Any]:
    """Return an answer as JSON data, the names of the charter first."""
    data = answer.to_json()
    names = [
        "statement",
        "domain",
        "verdict",
        "tight",
        "best",
        "counterexample",
        "left",
        "seconds",
        "certificate",
    ]
    first = {name: data[name] for name in names}
    return {**first, **{name: data[name] for name in data if name not in names}}


def _see_writable(path: Path | None) -> None:
    """Refuse, before any work, a file that cannot be written."""
    if path is not None and (path.is_dir() or not os.access(path.parent, os.W_OK)):
        raise InputError(f"cannot write {str(path)!r}")


def _certify(answer: "Answer", path: Path | None, name: str) -> None:
    """Write the certificate of an answer, where there is one; `name` is for a folder."""
    if path is None:
        return
    if answer.certificate is None:
        if not name:
            say(f"no certificate: {answer.uncovered or f'the statement is {answer.verdict}'}")
        return
    from mfcheck.run.store import write_text

    target = path / re.sub(r"[^\w.+-]", "_", name) if name else path
    try:
        if name:
            path.mkdir(parents=True, exist_ok=True)
        write_text(target, dump(answer.certificate) + "\n")
    except OSError as error:
        raise InputError(f"cannot write {str(target)!r}: {error.strerror}") from None


def _draw(one: "Lemma", path: Path) -> None:
    from mfcheck.lemma.margin import margin
    from mfcheck.report.figures import write_figure

    picture = margin(one)
    if picture is None:
        say("no picture: only comparisons in one or two real variables are drawn")
        return
    try:
        write_figure(picture, path)
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {error.strerror}") from None


def _shown(answer: "Answer") -> str:
    """Return the verdict and what supports it, in lines of 80 columns."""
    words = (
        f"{answer.reason}; {answer.seconds:.1f} s" if answer.reason else f"{answer.seconds:.1f} s"
    )
    lines = textwrap.wrap(
        " ".join(words.split()),
        WIDTH - 13,
        break_long_words=True,
        break_on_hyphens=False,
    )
    return f"{answer.verdict:<12} " + f"\n{' ' * 13}".join(lines)


def _give_file(
    asked: "Sequence[Lemma]", found: "Sequence[Answer]", seed: int, output: Output
) -> None:
    records = [
        {"id": one.id, "line": one.line, "expect": one.expect, "note": one.note, **_record(answer)}
        for one, answer in zip(asked, found, strict=True)
    ]

    def show(console: Any) -> None:
        width = max(len(one.id) for one in asked)
        for one, answer in zip(asked, found, strict=True):
            console.print(_row(one, answer, min(width, 24)), markup=False, soft_wrap=True)
        console.print(_summary(asked, found), markup=False, soft_wrap=True)

    output.give(dump({"lemmas": records, "seed": seed}), show)


def _row(one: "Lemma", answer: "Answer", width: int) -> str:
    """Return one line: the line in the file, the id, the verdict, the reason as far as there is room."""
    verdict: str = answer.verdict
    if one.expect is not None and one.expect != verdict:
        verdict = f"{verdict}, expected {one.expect}"
    head = f"{one.line:>5}  {one.id[:width]:<{width}}  {verdict:<12}"
    reason = answer.reason.partition("\n")[0]
    room = WIDTH - len(head) - 2
    if len(reason) > room:
        reason = reason[: max(room - 3, 0)].rstrip() + "..." if room > 8 else ""
    return f"{head}  {reason}".rstrip()


def _summary(asked: "Sequence[Lemma]", found: "Sequence[Answer]") -> str:
    counts: dict[str, int] = {}
    for answer in found:
        counts[answer.verdict] = counts.get(answer.verdict, 0) + 1
    parts = [f"{count} {verdict}" for verdict, count in counts.items()]
    against = sum(
        one.expect is not None and one.expect != answer.verdict
        for one, answer in zip(asked, found, strict=True)
    )
    if against:
        parts.append(f"{against} not as expected")
    total = sum(answer.seconds for answer in found)
    return f"{len(found)} statements: {', '.join(parts)}; {total:.1f} s"
