"""Plant each bug of `mutants` in a copy of the repository and run the tests that must catch it.

Usage: `python tests/mutation/run.py [part of a name ...]`. Exit status 0 if all are caught. Nightly, not in the default
run: pytest collects no file of this folder.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from mutants import MUTANTS, Mutant  # noqa: E402

PARTS = ("mfcheck", "proofs", "tests", "docs", "pyproject.toml", "README.md")
SECONDS = 300


def copy(target: Path) -> None:
    """Copy what the tests need."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, target / part)


def passes(target: Path, tests: Sequence[str]) -> bool:
    """Run the tests in the copy; a hang counts as a failure."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (target, target / "proofs"))),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command, cwd=target, env=environment, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def answer(target: Path, mutant: Mutant) -> str:
    """Return caught, ALIVE, or what is wrong with the entry."""
    path = target / mutant.file
    original = path.read_text(encoding="utf-8")
    if original.count(mutant.old) != 1:
        return f"STALE: the text occurs {original.count(mutant.old)} times"
    path.write_text(original.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return "ALIVE" if passes(target, mutant.tests) else "caught"
    finally:
        path.write_text(original, encoding="utf-8")


def main(wanted: Sequence[str]) -> int:
    """Run the mutants whose names hold one of the words; all without words."""
    chosen = [m for m in MUTANTS if not wanted or any(word in m.name for word in wanted)]
    if not chosen:
        sys.stdout.write(f"no planted bug has {' or '.join(wanted)} in its name\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        copy(target)
        bad, sound = 0, cache(lambda tests: passes(target, tests))
        for mutant in chosen:
            if not sound(mutant.tests):
                sys.stdout.write(f"without any mutant they fail: {' '.join(mutant.tests)}\n")
                return 2
            found = answer(target, mutant)
            bad += found != "caught"
            sys.stdout.write(f"{found:8} {mutant.name} ({mutant.file})\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - bad} of {len(chosen)} caught\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
