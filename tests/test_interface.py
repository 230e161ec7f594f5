"""What `import mfcheck` gives: little to load, names for people, and a home for compiled code."""

import os
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import mfcheck
from mfcheck import _caches


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, mfcheck; print([m for m in ('numpy', 'sympy', 'pydantic', 'typer')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_names_are_there_and_explained() -> None:
    assert set(mfcheck.__all__) <= set(dir(mfcheck))
    for name in mfcheck.__all__:
        assert getattr(mfcheck, name).__doc__
    assert "scaled-resnets" in mfcheck.paper_ids()
    assert mfcheck.load_paper("scaled-resnets").id == "scaled-resnets"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mfcheck.nothing  # noqa: B018
    text = pydoc.plain(pydoc.render_doc(mfcheck))
    assert 'review = mfcheck.review("scaled-resnets"' in text
    assert "read_setting" in text


def test_without_a_home_compiled_code_goes_to_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    assert not _caches._usable(tmp_path / "file" / "below")
    assert _caches._usable(tmp_path / "new" / "below")
    monkeypatch.delenv(_caches.VARIABLE, raising=False)
    _caches.settle()
    assert _caches.VARIABLE not in os.environ
    monkeypatch.setattr(_caches, "_usable", lambda folder: False)
    monkeypatch.setattr("atexit.register", lambda *_, **__: None)
    _caches.settle()
    made = Path(os.environ[_caches.VARIABLE])
    assert made.is_dir()
    monkeypatch.setenv(_caches.VARIABLE, str(tmp_path))
    made.rmdir()
    _caches.settle()
    assert os.environ[_caches.VARIABLE] == str(tmp_path)


def test_a_search_leaves_nothing_in_the_current_folder(tmp_path: Path) -> None:
    words = ["falsify", "scaled-resnets:assumption-3-activation", "--budget", "quick", "--quiet"]
    path = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("HYPOTHESIS_STORAGE_DIRECTORY", None)
    work = tmp_path / "work"
    work.mkdir()
    subprocess.run([sys.executable, "-m", "mfcheck", *words], cwd=work, env=environment, check=True)
    assert list(work.iterdir()) == []
