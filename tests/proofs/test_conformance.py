"""Every installed paper keeps what a paper has to keep."""

from collections.abc import Iterator

import pytest

from mfcheck import load_paper, paper_ids
from mfcheck.run.conformance import faults_in_words, missed_errors, wrong_verdicts

pytestmark = pytest.mark.slow


def _claims() -> Iterator[object]:
    for id in paper_ids():
        for claim in load_paper(id).claims:
            mark = pytest.mark.xdist_group(f"conformance-{id}")
            yield pytest.param(id, claim.id, id=f"{id}:{claim.id}", marks=mark)


@pytest.mark.parametrize("id", paper_ids())
def test_statements_are_complete(id: str) -> None:
    assert faults_in_words(load_paper(id)) == []


@pytest.mark.parametrize(("id", "claim"), list(_claims()))
def test_verdicts_are_those_of_the_table(id: str, claim: str) -> None:
    paper = load_paper(id)
    found = paper.claim(claim)
    assert found is not None
    assert wrong_verdicts(paper, found) == []


@pytest.mark.parametrize(("id", "claim"), list(_claims()))
def test_every_planted_error_is_rejected(id: str, claim: str) -> None:
    paper = load_paper(id)
    found = paper.claim(claim)
    assert found is not None
    assert missed_errors(paper, found) == []
