"""What the tests of the checker share: precision and work are left as they were, and forgeries are sealed."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mfcheck import verify
from mfcheck.verify.formulas import iv
from mfcheck.verify.reading import effort

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Begin with all the work that is allowed; leave neither precision nor work to other tests."""
    before = iv.prec
    effort.start()
    yield
    iv.prec = before
    effort.start()


@pytest.fixture
def forgeries() -> Callable[[Json, dict[str, Callable[[Json], Any]], str], None]:
    """Edit a true certificate, say what it says now, seal it again, and see what becomes of it."""

    def run(true: Json, edits: dict[str, Callable[[Json], Any]], status: str) -> None:
        for name, edit in edits.items():
            data = copy.deepcopy(true)
            edit(data)
            try:
                data["statement"] = verify.statement(data["kind"], data["claim"])
            except verify.MalformedError:
                assert status == "malformed"
            data["sha256"] = verify.digest(data)
            found = verify.verify(json.dumps(data))
            assert found.status == status, (name, found)

    return run
