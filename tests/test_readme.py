"""The commands of the README work as they stand, one after the other, in a folder of a user."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINE = re.compile(r"^    (?:pip install[^&]*&& )?mfcheck (.*)$", re.M)
QUICK = ("review", "check", "power", "falsify")
DATA = "x1,x2,x3,y\n1,0,0,1\n0,1,0,-1\n0,0,1,1/2\n3/5,4/5,0,0\n"


def commands() -> list[list[str]]:
    """Return the arguments of each command, with the small budget where none is named, and one paper of an atlas."""
    found = []
    for line in LINE.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        words = shlex.split(line, comments=True)
        if words[0] in QUICK and "--budget" not in words:
            words += ["--budget", "quick"]
        if words[0] == "atlas":
            words += ["--paper", "lln"]
        if "--rocq" in words:  # tests/rocq has Rocq, certificate by certificate
            words.remove("--rocq")
        found.append(words)
    return found


@pytest.mark.slow
def test_the_commands_of_the_readme_work(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(DATA)
    (tmp_path / "paper.tex").write_text("$\\tanh(x) \\le x$ % mfcheck: x >= 0\n")
    assert len(commands()) > 12
    for words in commands():
        done = subprocess.run(
            [sys.executable, "-m", "mfcheck", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, (words, done.stderr[-1000:])
        assert "Traceback" not in done.stderr, words
