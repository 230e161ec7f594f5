from collections.abc import Callable
from pathlib import Path

import pytest

collect_ignore = ["toy"]  # papers, which the fixtures make importable

REFERENCE = "toy_paper:paper"

Installed = Callable[[], None]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the toy paper importable, in workers too, and return its reference."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "toy"))
    for name in ("TOY_BEHAVIOUR", "TOY_LOG", "TOY_MARKER"):
        monkeypatch.delenv(name, raising=False)
    return REFERENCE


@pytest.fixture
def log(toy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Return a function that lists the toy checks that ran, in order of time."""
    path = tmp_path / "toy.log"
    monkeypatch.setenv("TOY_LOG", str(path))
    return lambda: path.read_text().split() if path.exists() else []
