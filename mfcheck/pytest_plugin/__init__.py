"""A plugin of pytest that collects the claims of a paper as tests: `pytest --mfcheck-paper scaled-resnets`.

Statements of files are collected by `--mfcheck-lemmas FILE`, see `mfcheck.pytest_plugin.lemmas`.

A claim fails on a verdict that speaks against it, or against another reading that the text allows, unless that verdict
is the expected one. Settings in `[tool.pytest.ini_options]`: `mfcheck_papers` lists papers that are always collected,
`mfcheck_expect` lists `CLAIM VERDICT`, or `CLAIM/READING VERDICT` for a reading that is not the first, where another
verdict than a good one has to be kept; `PAPER:` may stand before.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mfcheck.pytest_plugin import lemmas

if TYPE_CHECKING:
    from mfcheck.claims.model import Claim, Paper
    from mfcheck.claims.record import ClaimRecord, Review

AGAINST = ("refuted", "gap", "vacuous", "inconclusive")
"""The verdicts on which a claim fails unless it is expected to have them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("mfcheck", "claims of papers (mfcheck)")
    group.addoption(
        "--mfcheck-paper",
        action="append",
        default=[],
        metavar="PAPER",
        help="collect the claims of this paper (an id, or module:attribute); repeatable",
    )
    group.addoption(
        "--mfcheck-budget",
        default="quick",
        choices=("quick", "standard", "thorough"),
        help="how much work each check may do (default: quick)",
    )
    group.addoption(
        "--mfcheck-seed",
        type=int,
        default=0,
        metavar="SEED",
        help="seed of every random choice (default: 0)",
    )
    lemmas.add_options(parser, group)
    parser.addini("mfcheck_papers", "papers whose claims are collected", "linelist", [])
    parser.addini(
        "mfcheck_expect", "verdicts to be kept: [PAPER:]CLAIM[/READING] VERDICT", "linelist", []
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Append the claims and statements, before options such as -k choose among the tests."""
    items.extend(lemmas.collected(session))
    named = [*config.getini("mfcheck_papers"), *config.getoption("--mfcheck-paper")]
    if not named:
        return
    from mfcheck.catalog import load
    from mfcheck.errors import InputError

    try:
        papers = [(reference, load(reference)) for reference in dict.fromkeys(named)]
        expected = _expected(config.getini("mfcheck_expect"), [paper for _, paper in papers])
    except InputError as error:
        raise pytest.UsageError(f"mfcheck: {error}") from None
    for reference, paper in papers:
        node = PaperNode.from_parent(
            session, name=paper.id, nodeid=f"mfcheck:{paper.id}", reference=reference, paper=paper
        )
        node.expected = {
            id: verdict for (owner, id), verdict in expected.items() if owner == paper.id
        }
        items.extend(node.collect())


def _expected(lines: Iterable[str], papers: "list[Paper]") -> dict[tuple[str, str], str]:
    """Return the expected verdicts by paper, and claim or `claim/reading`; a line names the first paper that fits."""
    from mfcheck.claims.verdict import Verdict
    from mfcheck.errors import InputError

    found = {}
    for line in lines:
        words = line.split()
        if len(words) != 2 or words[1] not in tuple(Verdict):
            raise InputError(f"mfcheck_expect: {line!r} is not '[PAPER:]CLAIM[/READING] VERDICT'")
        owner, _, claim = words[0].rpartition(":")
        fits = [p for p in papers if p.id == (owner or p.id) and claim in _judged(p)]
        if not fits:
            raise InputError(f"mfcheck_expect: no collected paper has a claim {words[0]!r}")
        found[fits[0].id, claim] = words[1]
    return found


def _judged(paper: "Paper") -> set[str]:
    """Return what can be expected of a paper: its claims, and `claim/reading` for readings that are not the first."""
    later = {f"{claim.id}/{reading.id}" for claim in paper.claims for reading in claim.readings[1:]}
    return later | {claim.id for claim in paper.claims}


class PaperNode(pytest.Collector):
    """A paper, whose tests are its claims."""

    def __init__(self, *, reference: str, paper: "Paper", **others: Any) -> None:
        super().__init__(**others)
        self.reference = reference
        self.paper = paper
        self.expected: Mapping[str, str] = {}

    def collect(self) -> "list[ClaimItem]":
        """Return one test for each claim, in the order of the paper."""
        return [
            ClaimItem.from_parent(self, name=claim.id, claim=claim, expected=self.expected)
            for claim in self.paper.claims
        ]


class WrongVerdictError(Exception):
    """A claim has a verdict that it must not have; the message is the report."""


class ClaimItem(pytest.Item):
    """A claim: passes, unless its verdict speaks against it or is not the expected one."""

    def __init__(self, *, claim: "Claim", expected: Mapping[str, str], **others: Any) -> None:
        super().__init__(**others)
        self.claim = claim
        self.expected = expected
        self.add_marker("mfcheck_claim")

    def runtest(self) -> None:
        """Run the checks of the claim as `mfcheck check` does, in a process of their own."""
        from mfcheck.run import review

        node = self.getparent(PaperNode)
        assert node is not None
        found = review(
            node.reference,
            budget=self.config.getoption("--mfcheck-budget"),
            seed=self.config.getoption("--mfcheck-seed"),
            jobs=1,
            claims=[self.claim.id],
        )
        (record,) = found.claims
        self.user_properties.append(("verdict", record.verdict.value))
        _judge(record, found, self.expected)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what speaks against the claim, in words."""
        if isinstance(excinfo.value, WrongVerdictError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where the claim stands: in a paper, not in a file."""
        return self.path, None, f"mfcheck: {self.claim.id}"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of all claims and statements, so that `-m mfcheck_claim` selects them."""
    config.addinivalue_line("markers", "mfcheck_claim: a claim of a paper, collected by mfcheck")
    config.addinivalue_line("markers", "mfcheck_lemma: a statement, collected by mfcheck")


def _judge(record: "ClaimRecord", review: "Review", expected: Mapping[str, str]) -> None:
    """Fail or skip a claim; `expected` are verdicts by claim and `claim/reading`, those of other claims too.

    Raises:
        WrongVerdictError: a verdict is not the expected one, or speaks against the claim in a reading of its text.
    """
    stated, *others = record.readings
    named = [(record.id, "", stated)]
    named += [(f"{record.id}/{other.id}", f"reading {other.id}: ", other) for other in others]
    for name, where, reading in named:
        verdict, wanted = reading.verdict.value, expected.get(name)
        if wanted is not None and verdict != wanted:
            why = f"{where}{verdict}, " if where else ""
            raise WrongVerdictError(_report(record, review, f"{why}expected to be {wanted}"))
        if wanted is None and verdict in AGAINST and reading.claimed:
            why = f"{where}{verdict}: " if where else ""
            raise WrongVerdictError(_report(record, review, f"{why}{reading.because}"))
    if stated.verdict.value == "unchecked" and record.id not in expected:
        pytest.skip(f"unchecked: {stated.because}")


def _report(record: "ClaimRecord", review: "Review", why: str) -> str:
    from mfcheck.report import numbers
    from mfcheck.report.plain import plain_prose
    from mfcheck.report.text import one_line
    from mfcheck.report.view import answer

    said = []
    for check in record.checks:
        lhs, rhs = (numbers.show(side).text for side in (check.lhs, check.rhs))
        words = f"{answer(check)} {check.id} ({check.kind.value}): {lhs} against {rhs}"
        said.append(words + (f"; {check.reason}" if check.reason else ""))
    said += [f"{finding.severity}: {finding.text}" for finding in review.findings]
    head = f"{record.title} ({record.source}) is {record.verdict.value}: {why}"
    commands = sorted({one_line(finding.reproduce) for finding in review.findings})
    return "\n  ".join([plain_prose(head), *map(plain_prose, said), *commands])
