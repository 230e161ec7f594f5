"""What tests of several kinds of statements share."""

import json

import pytest

from mfcheck.lemma import check
from mfcheck.lemma.certificate import accepts

TRUE = ("certified", "proved")


@pytest.fixture
def decided_by_a_digit():
    """A statement holds with one number and not with another; its certificate is for the first alone.

    Of a certificate whose steps are named otherwise (`renamed`: old name to new) nothing is accepted.
    """

    def judge(text, domain, where, right, wrong, renamed):
        said = [where] if where else []
        answer = check(text.format(right), [domain], where=said, seconds=40, certify=True)
        assert answer.verdict in TRUE
        assert check(text.format(wrong), [domain], where=said, seconds=4).verdict not in TRUE
        if answer.certificate is not None:
            assert accepts(answer.certificate)
            assert not accepts({**answer.certificate, "statement": text.format(wrong)})
            written = json.dumps(answer.certificate)
            for old, new in renamed.items():
                assert old not in written or not accepts(json.loads(written.replace(old, new)))

    return judge
