"""The page about the particle flow: its examples run, and it names every option and quantity."""

import re
from pathlib import Path
from typing import Any

import pytest

from mfcheck import load_paper
from mfcheck.dynamics.resnet import QUANTITIES

PAGE = (Path(__file__).parents[3] / "docs" / "particles.md").read_text(encoding="utf-8")


def test_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    assert len(blocks) >= 5
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/particles.md", "exec"), names)  # noqa: S102
    out = capsys.readouterr().out
    assert "evaluations were made" in out
    rate = names["sweep"].rates["outputs"]
    assert rate.lower < -0.5 < rate.upper


def test_options_and_quantities_are_named() -> None:
    options = load_paper("scaled-resnets").simulate.options
    for option in options:
        rows = [r for r in PAGE.splitlines() if r.startswith("|") and f"`{option.name}`" in r]
        assert any(f"`{option.default}`" in row for row in rows), option.name
    for name in QUANTITIES:
        assert f"`{name}`" in PAGE
