"""Tab completion, as bash asks for it: in a real bash that has read the script of `--show-completion`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mfcheck.catalog import described, entries

BASH = shutil.which("bash")
ASK = """
eval "$(mfcheck --show-completion bash)"
COMP_WORDS=({words}); COMP_CWORD={place}
_mfcheck_completion mfcheck
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def asked(folder: Path, words: str) -> list[str]:
    """Return what a Tab behind these words offers; bash itself takes them apart at colons."""
    command = folder / "mfcheck"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mfcheck "$@"\n')
    command.chmod(0o755)
    split = [word or "''" for word in words.replace(":", " : ").split(" ")]
    if words.endswith(":"):
        split.pop()
    script = ASK.format(words=" ".join(split), place=len(split) - 1)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(BASH), "-c", script],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(BASH is None, reason="needs bash")
def test_commands_papers_and_claims_are_completed(tmp_path: Path) -> None:
    assert asked(tmp_path, "mfcheck re") == ["review", "report"]
    for command in ("claims", "review", "constants", "check", "falsify", "experiment", "sweep"):
        found = asked(tmp_path, f"mfcheck {command} rn")
        assert found == sorted(id for id in entries() if id.startswith("rn")), command
    ids = [claim["id"] for claim in described("rntk-scaling")["claims"]]
    assert asked(tmp_path, "mfcheck check rntk-scaling:") == ids
    assert asked(tmp_path, "mfcheck falsify rntk-scaling:theorem") == [
        id for id in ids if id.startswith("theorem")
    ]
    assert asked(tmp_path, "mfcheck check rntk-scaling:nothing") == []
    assert asked(tmp_path, "mfcheck check nothing:") == []


def test_fish_gets_whole_words() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mfcheck"],
        env={
            **os.environ,
            "_MFCHECK_COMPLETE": "complete_fish",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_TYPER_COMPLETE_ARGS": "mfcheck check rntk-scaling:arc",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["rntk-scaling:arc-cosine"]
