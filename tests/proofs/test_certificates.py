"""Certified verdicts of all installed papers: those without a certificate are listed here by name, and no others."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from mfcheck import load_paper, paper_ids, rocq, verify
from mfcheck.claims.model import Budget, Check, Context, Paper
from mfcheck.claims.verdict import Kind, Question, Scope, Verdict
from mfcheck.rigor.certificate import dumps, exports

pytestmark = pytest.mark.slow

NIGHTLY = os.environ.get("MFCHECK_PROFILE") == "nightly"
"""Rocq takes a quarter of an hour of processor time for all of them; one in six is seen on each change."""

WITHOUT: dict[str, str] = {}
"""Why, by paper, claim and reading."""
IN_PART: dict[str, str] = {}
"""What Rocq takes for granted, by paper, claim and reading."""


def certified() -> Iterator[tuple[Paper, str]]:
    for id in paper_ids():
        paper = load_paper(id)
        for name, verdict in paper.verdicts.items():
            if verdict is Verdict.CERTIFIED:
                yield paper, name


READINGS = [pytest.param(paper, name, id=f"{paper.id}:{name}") for paper, name in certified()]


def behind(paper: Paper, name: str) -> list[Check]:
    claim, reading = name.split("/")
    (found,) = [c for c in paper.claims if c.id == claim]
    return [
        check
        for check in found.checks
        if (check.reading, check.kind, check.question) == (reading, Kind.CERTIFIED, Question.HOLDS)
    ]


def certificates_of(paper: Paper, name: str) -> list[dict[str, Any] | None]:
    """Return the certificates of the checks behind a reading that cover all of it."""
    claim, reading = name.split("/")
    formulas = next(c for c in paper.claims if c.id == claim).reading(reading).formulas
    found = []
    for check in behind(paper, name):
        context = Context(paper.default, Budget.QUICK, 0, check.id, formulas, paper, paper.alarm)
        evidence = check.run(context)
        assert evidence.passed is True
        if evidence.scope is Scope.WHOLE:
            found.append(evidence.certificate)
    return found


@pytest.mark.parametrize(("paper", "name"), READINGS)
def test_each_certified_reading_has_certificates_or_is_listed(paper: Paper, name: str) -> None:
    certificates = certificates_of(paper, name)
    assert certificates
    assert all(certificates) == (f"{paper.id}:{name}" not in WITHOUT)
    for certificate in filter(None, certificates):
        assert verify.verify(dumps(certificate)).status == "accepted"
        assert exports(certificate) != "none"
    whole = all(certificate and exports(certificate) == "whole" for certificate in certificates)
    assert whole == (f"{paper.id}:{name}" not in IN_PART)


@pytest.mark.skipif(not rocq.coqc(), reason="Rocq is not installed")
@pytest.mark.parametrize(("paper", "name"), READINGS if NIGHTLY else READINGS[::6])
def test_rocq_accepts_each_certificate_of_a_reading(paper: Paper, name: str) -> None:
    for certificate in filter(None, certificates_of(paper, name)):
        found = rocq.check_rocq(certificate, timeout=600)
        assert found.status == "accepted", found.reason
        if f"{paper.id}:{name}" not in IN_PART:
            assert not found.uncovered


def test_what_is_listed_is_certified() -> None:
    names = {f"{paper.id}:{name}" for paper, name in certified()}
    assert set(WITHOUT) | set(IN_PART) <= names
    assert len(names) - len(WITHOUT) >= 35
    assert 10 * len(IN_PART) <= len(names)
