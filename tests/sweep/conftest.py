from pathlib import Path

import pytest

collect_ignore = ["toy"]  # a paper, which the fixture makes importable

REFERENCE = "wide_paper:paper"
FOLDER = Path(__file__).parent / "toy"


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the wide paper importable, in workers too, and return its reference."""
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in ("WIDE_LOG", "WIDE_SLEEP"):
        monkeypatch.delenv(name, raising=False)
    return REFERENCE
