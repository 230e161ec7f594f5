import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-P", *arguments]
    done = subprocess.run(
        command, cwd=site.parent, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def test_the_wheel_holds_the_two_packages_and_no_other(installed: Path) -> None:
    names = {path.name for path in installed.iterdir() if path.suffix != ".dist-info"}
    assert names == {"mfcheck", "mfcheck_proofs"}


def test_the_wheel_holds_every_file_of_the_packages(installed: Path) -> None:
    for package in (ROOT / "mfcheck", ROOT / "proofs" / "mfcheck_proofs"):
        for path in package.rglob("*"):
            if path.is_file() and path.suffix not in (".pyc", ".nbi", ".nbc"):
                assert (installed / path.relative_to(package.parent)).is_file(), path


def test_papers_are_found_in_an_installed_wheel(installed: Path) -> None:
    code = "import mfcheck, mfcheck_proofs; print(mfcheck.__file__, mfcheck_proofs.__file__)"
    assert all(path.startswith(str(installed)) for path in run(installed, "-c", code).split())
    found = run(installed, "-m", "mfcheck", "papers", "--json", "-")
    assert "scaled-resnets" in {paper["id"] for paper in json.loads(found)["papers"]}


def test_versions_agree() -> None:
    from mfcheck import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
