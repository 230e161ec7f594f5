"""What `import mfcheck` gives: little to load, names for people, and a home for compiled code."""

import json
import os
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import mfcheck
from mfcheck import _caches
from mfcheck.claims.record import Review

SAMPLE = Path(__file__).parent / "report" / "sample.json"


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
    for name in (_caches.VARIABLE, _caches.PLOTS):
        monkeypatch.delenv(name, raising=False)
    _caches.settle()
    assert _caches.VARIABLE not in os.environ
    monkeypatch.setattr(_caches, "_usable", lambda folder: False)
    monkeypatch.setattr("atexit.register", lambda *_, **__: None)
    _caches._temporary.cache_clear()
    _caches.settle()
    made = Path(os.environ[_caches.VARIABLE])
    assert made.is_dir()
    assert os.environ[_caches.PLOTS] == str(made)
    monkeypatch.setenv(_caches.PLOTS, "")
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


def test_a_review_prints_in_a_line_and_one_for_each_claim() -> None:
    review = Review.model_validate(json.loads(SAMPLE.read_text(encoding="utf-8"))["review"])
    lines = str(review).splitlines()
    assert len(lines) == 1 + len(review.claims)
    for line, claim in zip(lines[1:], review.claims, strict=True):
        assert line.split() == [claim.verdict.value, claim.id]
        assert str(claim).startswith(f"{claim.id}: {claim.verdict.value}: ")
        assert f"{claim.verdict}" == claim.verdict.value
    assert repr(review).count("\n") == 0
    assert max(map(len, (repr(review), *lines))) < 300
    assert str(review.findings[0]).startswith(review.findings[0].severity)


def test_completion_offers_fields_and_none_of_the_names_of_the_library_behind() -> None:
    review = Review.model_validate(json.loads(SAMPLE.read_text(encoding="utf-8"))["review"])
    for record in (review, review.claims[0], review.findings[0]):
        offered = set(dir(record))
        assert set(type(record).model_fields) | {"but"} == offered
        assert all(hasattr(record, name) for name in offered)


def test_a_setting_prints_in_a_line() -> None:
    setting = mfcheck.read_setting("scaled-resnets", sets=["beta=64"])
    assert str(setting).startswith("4 points in dimension 3 (built in), tanh, alpha = 1, beta = 64")
