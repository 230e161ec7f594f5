import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mfcheck.commands import main
from mfcheck.errors import InputError
from mfcheck.new import create

FILES = {
    "README.md",
    "pyproject.toml",
    "her_own/__init__.py",
    "her_own/data.py",
    "her_own/lemmas.py",
    "tests/test_her_own.py",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "her-own"
    create("her-own", folder)
    return folder


@pytest.fixture(scope="module")
def site(package: Path) -> Path:
    """Install the package as pip does, in a folder of its own."""
    folder = package.parent / "site"
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    command = [sys.executable, "-m", "pip", *words, "--target", str(folder), str(package)]
    subprocess.run(command, check=True, capture_output=True, cwd=package.parent)
    return folder


def run(folder: Path, path: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with another one on its path."""
    outer = [] if path is None else [str(path)]
    search = os.pathsep.join([*outer, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_file_is_named_after_the_paper(package: Path) -> None:
    found = {str(p.relative_to(package)) for p in package.rglob("*") if p.is_file()}
    assert found == FILES
    for name in FILES:
        text = (package / name).read_text(encoding="utf-8")
        assert "my_paper" not in text, name
        assert "my-paper" not in text, name
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["mfcheck.papers"] == {"her-own": "her_own:paper"}


def test_its_own_tests_pass_at_once_and_catch_a_changed_lemma(package: Path) -> None:
    done = run(package, None, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout
    lemmas = package / "her_own" / "lemmas.py"
    text = lemmas.read_text(encoding="utf-8")
    lemmas.write_text(text.replace("1 - (n - 1) * rho", "1 - rho"), encoding="utf-8")
    try:
        done = run(package, None, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    finally:
        lemmas.write_text(text, encoding="utf-8")
    assert done.returncode == 1, done.stdout


def test_installed_it_is_reviewed_like_any_paper(site: Path) -> None:
    words = ["review", "her-own", "--budget", "quick", "--json", "-", "--out", "out"]
    done = run(site.parent, site, "-m", "mfcheck", *words)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    verdicts = {r["id"]: r["verdict"] for c in found["claims"] for r in c["readings"]}
    assert {c["id"]: c["verdict"] for c in found["claims"]} == {
        "lemma-1": "supported",
        "lemma-2": "refuted",
    }
    assert verdicts["two-points"] == "proved"
    assert {c["id"] for c in found["constants"]} == {"n", "rho", "floor"}
    assert all(a["met"] for a in found["assumptions"])
    assert not any(check["crashed"] for claim in found["claims"] for check in claim["checks"])
    assert (site.parent / "out" / "report.html").is_file()


def test_falsify_finds_the_false_lemma_and_not_the_true_one(site: Path) -> None:
    for claim, certified in (("lemma-1", False), ("lemma-2", True)):
        words = ["falsify", f"her-own:{claim}", "--budget", "quick", "--json", "-"]
        done = run(site.parent, site, "-m", "mfcheck", *words)
        assert done.returncode == 0, done.stderr
        (attack,) = json.loads(done.stdout)["attacks"]
        assert (attack["counterexample"] is not None) is certified


def test_both_sides_of_the_inequalities_agree(site: Path) -> None:
    code = (
        "import numpy as np\n"
        "from her_own import paper\n"
        "from mfcheck.claims import Case\n"
        "for id, answer in (('lemma-1', '<'), ('lemma-2', '>')):\n"
        "    claim = paper.claim(id)\n"
        "    (inequality,) = claim.inequalities\n"
        "    formulas, case = claim.readings[0].formulas, Case(paper.default)\n"
        "    fast, (lhs, rhs) = inequality.fast(case.sample(), formulas), inequality.enclosed(case, formulas)\n"
        "    assert np.allclose(fast, [float(lhs.mid()), float(rhs.mid())])\n"
        "    assert {'<': lhs < rhs, '>': lhs > rhs}[answer]\n"
        "drawn = paper.assumptions[0].generate(np.random.default_rng(1))\n"
        "assert paper.assumptions[0].holds(drawn).met\n"
    )
    done = run(site.parent, site, "-c", code)
    assert done.returncode == 0, done.stderr


SPELT_WRONG = ("", "My-paper", "my_paper", "-a", "a-", "a--b", "1st", "../a", "a b", "é", "a" * 41)
TAKEN = ("import", "json", "numpy", "scaled-resnets")


@pytest.mark.parametrize("id", [*SPELT_WRONG, *TAKEN])
def test_an_unusable_id_is_refused(id: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        create(id, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    for folder in (tmp_path, tmp_path / "kept.txt"):
        with pytest.raises(InputError, match="exists already"):
            create("her-own", folder)
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "her-own"]) == 0
    assert "pip install -e her-own && mfcheck review her-own" in capsys.readouterr().out
    assert main(["new", "her-own"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["new", "other", "--out", "deep/folder", "--json", "-"]) == 0
    assert len(json.loads(capsys.readouterr().out)["files"]) == len(FILES)
