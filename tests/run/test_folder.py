"""Output folders: one run at a time, and nobody's own files overwritten."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mfcheck.errors import InputError
from mfcheck.run.folder import LOCK, OutFolder, write_output

HOLD = """\
import sys
from pathlib import Path
from mfcheck.run.folder import OutFolder
with OutFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_two_processes_do_not_write_to_one_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(InputError, match="another run is writing"),
            OutFolder(tmp_path).locked(),
        ):
            pass
        other.kill()  # a run that dies leaves no lock
        other.wait()
    with OutFolder(tmp_path).locked():
        assert (tmp_path / LOCK).exists()
    assert not (tmp_path / LOCK).exists()


def test_a_thread_locks_twice_and_another_one_does_not(tmp_path: Path) -> None:
    refused = []

    def other() -> None:
        try:
            with OutFolder(tmp_path).locked():
                pass
        except InputError as error:
            refused.append(error)

    with OutFolder(tmp_path).locked(), OutFolder(tmp_path).locked():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1


def test_a_refused_run_leaves_no_folders(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "a" / "b")
    with pytest.raises(InputError), folder.locked():
        raise InputError("no")
    assert list(tmp_path.iterdir()) == []
    with folder.locked():
        folder.write("c.txt", "kept")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "kept"


def test_a_file_of_the_user_is_not_overwritten(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path)
    folder.write("report.md", "ours")
    folder.write("report.md", "ours again")
    (tmp_path / "report.tex").write_text("theirs")
    with pytest.raises(InputError, match="mfcheck did not write it"):
        folder.write("report.tex", "ours")
    with pytest.raises(InputError, match="mfcheck did not write it"):
        write_output(tmp_path / "report.tex", "ours", named=False)
    assert (tmp_path / "report.tex").read_text() == "theirs"
    write_output(tmp_path / "report.tex", "as asked for", named=True)
    assert (tmp_path / "report.tex").read_text() == "as asked for"


@pytest.mark.parametrize("ledger", ["", "[]", '{"files": 1}', "[" * 10_000])
def test_a_damaged_ledger_owns_nothing(tmp_path: Path, ledger: str) -> None:
    (tmp_path / ".mfcheck.json").write_text(ledger)
    (tmp_path / "a").touch()
    with pytest.raises(InputError):
        OutFolder(tmp_path).require_own(["a"])
