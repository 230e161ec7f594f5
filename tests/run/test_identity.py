"""What a run depends on: a change of any of it ends the claim to be the same run."""

import sys
from pathlib import Path

import pytest

from mfcheck import load_paper
from mfcheck.run.identity import code_of, identify


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "hers/__init__.py": "",
        "hers/one/__init__.py": "from hers.one.lemma import x\n",
        "hers/one/lemma.py": "from ..shared import y\nimport helper\nimport sympy\n",
        "hers/one/points.csv": "x1\n1\n",
        "hers/shared.py": "from . import deep\n",
        "hers/deep.py": "z = 1\n",
        "hers/unrelated.py": "",
        "helper/__init__.py": "from helper.inside import f\n",
        "helper/inside.py": "def f(): import hypothesis\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    code_of.cache_clear()
    return tmp_path


@pytest.mark.parametrize(
    "changed",
    [
        "hers/__init__.py",
        "hers/one/__init__.py",
        "hers/one/lemma.py",
        "hers/one/points.csv",
        "hers/shared.py",
        "hers/deep.py",
        "helper/__init__.py",
        "helper/inside.py",
    ],
)
def test_every_file_that_a_paper_is_made_of_counts(package: Path, changed: str) -> None:
    before = code_of("hers.one")
    code_of.cache_clear()
    assert code_of("hers.one") == before
    code_of.cache_clear()
    path = package / changed
    path.write_text(path.read_text() + "# another\n")
    assert code_of("hers.one")[0] != before[0]
    assert "hers" not in sys.modules


DEPENDS = {
    "data of a module in no package": ({"one.py": "", "one.csv": ""}, "one.csv"),
    "a file that it names": ({"one.py": "read('points.txt')", "points.txt": ""}, "points.txt"),
    "a folder that it names": (
        {"one.py": "p / 'data' / f'{n}.csv'", "data/3.csv": ""},
        "data/3.csv",
    ),
    "data of its package": ({"hers/one.py": "", "hers/data/3.csv": ""}, "hers/data/3.csv"),
    "the start of its package": ({"hers/one.py": "", "hers/__init__.py": ""}, "hers/__init__.py"),
    "what its library of tables holds": (
        {"one.py": "import tables", "tables/__init__.py": "", "tables/a.json": ""},
        "tables/a.json",
    ),
    "a module by its name": (
        {"hers/one.py": "import_module('hers.two')", "hers/two.py": ""},
        "hers/two.py",
    ),
    "a module by a relative name": (
        {"hers/one.py": "importlib.import_module('.two', __package__)", "hers/two.py": ""},
        "hers/two.py",
    ),
    "a module whose name is computed": (
        {"hers/one.py": "import_module(f'hers.{name}')", "hers/two.py": ""},
        "hers/two.py",
    ),
    "a module beside it whose name is computed": (
        {"one.py": "__import__(name)", "two.py": ""},
        "two.py",
    ),
}
DOES_NOT = {
    "another paper": ({"hers/one.py": "", "hers/two.py": ""}, "hers/two.py"),
    "a file that nobody names": ({"one.py": "p / 'data'", "other/3.csv": ""}, "other/3.csv"),
    "the folder of a run": (
        {"one.py": "p / 'data'", "data/out/.mfcheck.json": "", "data/out/run.json": ""},
        "data/out/run.json",
    ),
    "the catalog": ({"hers/one.py": "", "hers/catalog.json": ""}, "hers/catalog.json"),
}


@pytest.mark.parametrize("case", [*DEPENDS, *DOES_NOT])
def test_data_and_modules_by_name_count(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, changed = {**DEPENDS, **DOES_NOT}[case]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    if "hers/one.py" in files:
        (tmp_path / "hers" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    module = next(iter(files)).removesuffix(".py").replace("/", ".")
    code_of.cache_clear()
    before = code_of(module)
    (tmp_path / changed).write_text("# another\n")
    code_of.cache_clear()
    assert (code_of(module) != before) == (case in DEPENDS)


def test_other_papers_of_the_package_do_not_count(package: Path) -> None:
    before = code_of("hers.one")
    code_of.cache_clear()
    (package / "hers" / "unrelated.py").write_text("# another\n")
    assert code_of("hers.one") == before


def test_libraries_count_by_their_versions(package: Path) -> None:
    assert set(code_of("hers.one")[1]) == {"sympy", "hypothesis"}
    paper = load_paper("rntk-scaling")
    found = identify("rntk-scaling", paper, paper.default, "quick", 0)
    assert {"python", "sympy", "numpy", "python-flint"} <= set(found.libraries)
    assert len(found.mfcheck.split()[1]) == len(found.code) == 64
