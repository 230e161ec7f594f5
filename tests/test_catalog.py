"""Listing without importing: what the catalog of the papers says is what they state, and nothing heavy is loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mfcheck import catalog
from mfcheck.catalog import describe, described, digest, entries, find, load, make, sources, split
from mfcheck.errors import InputError

HEAVY = (
    *("numba", "scipy", "numpy", "sympy", "flint", "matplotlib"),
    *("mfcheck.claims", "mfcheck.run", "mfcheck_proofs"),
)
"""What listing does not load. (Pydantic is not in the list: typer uses it for its options.)"""
PAPER = """\
from dataclasses import replace
from mfcheck.catalog import load
paper = replace(load("scaled-resnets"), id="other", title="{title}")
"""


def test_the_catalog_is_up_to_date() -> None:
    kept = catalog.path("mfcheck_proofs").read_text(encoding="utf-8")
    made = make("mfcheck_proofs")
    assert kept == made, "stale: run `python -m mfcheck.catalog mfcheck_proofs`"


@pytest.fixture
def thirty(tmp_path: Path) -> Path:
    """A package of thirty papers, each as long as a real one, with their catalog; none of them can be imported."""
    folder = tmp_path / "thirty"
    folder.mkdir()
    (folder / "__init__.py").touch()
    stated = describe(load("scaled-resnets"))
    papers = {}
    for number in range(30):
        module = folder / f"paper{number}.py"
        module.write_text("raise SystemExit\n" + "# a line of a paper\n" * 400)
        papers[f"paper{number}"] = {"sha256": digest(folder, [module]), "paper": stated}
    (folder / "catalog.json").write_text(json.dumps({"papers": papers}, indent=1))
    return folder


@pytest.mark.parametrize("words", [["papers"], ["claims", "paper7"]])
def test_listing_thirty_papers_loads_nothing_heavy(thirty: Path, words: list[str]) -> None:
    code = (
        "import sys, time, mfcheck.catalog as catalog\n"
        f"sys.path.insert(0, {str(thirty.parent)!r})\n"
        "entries = catalog.entries\n"
        "papers = {f'paper{n}': f'thirty.paper{n}:paper' for n in range(30)}\n"
        "catalog.entries = lambda: entries() and papers\n"
        "from mfcheck.commands import main\n"
        f"status = main({words})\n"
        f"print([m for m in {HEAVY} if m in sys.modules], time.process_time(), file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules, seconds = done.stderr.rsplit(" ", 1)
    assert modules == "[]"
    assert float(seconds) < 0.5
    assert len(done.stdout.splitlines()) > 20


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `her_papers` with the paper `other`, installed."""
    folder = tmp_path / "her_papers"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "other.py").write_text(PAPER.format(title="One"))
    info = tmp_path / "her-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: her\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[mfcheck.papers]\nother = her_papers.other:paper\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("her_papers", "her_papers.other"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    catalog._read.cache_clear()
    return folder


def run(package: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(package.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "mfcheck", *words]
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "200"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_catalog_is_used_until_the_paper_changes(package: Path) -> None:
    assert described("other")["title"] == "One"  # there is no catalog yet
    text = make("her_papers").replace('"One"', '"Kept"')
    catalog.path("her_papers").write_text(text, encoding="utf-8")
    catalog._read.cache_clear()
    assert described("other")["title"] == "Kept"
    (package / "other.py").write_text(PAPER.format(title="Two"))
    for name in ("her_papers", "her_papers.other"):
        sys.modules.pop(name, None)
    assert described("other")["title"] == "Two"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"papers": []}', "[" * 10_000])
def test_a_damaged_catalog_counts_for_nothing(package: Path, text: str) -> None:
    catalog.path("her_papers").write_text(text, encoding="utf-8")
    assert described("other")["title"] == "One"


def test_a_broken_paper_blocks_no_other(package: Path) -> None:
    (package / "other.py").write_text("x = 1\nif x\n    pass\n")
    done = run(package, "papers", "--json", "-")
    assert done.returncode == 0
    assert "scaled-resnets" in {paper["id"] for paper in json.loads(done.stdout)["papers"]}
    (line,) = [line for line in done.stderr.splitlines() if "'other'" in line]
    assert line.startswith("mfcheck: cannot load the paper 'other': ")
    assert "other.py, line 2: SyntaxError: " in line
    done = run(package, "claims", "other")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "Traceback" in run(package, "--debug", "claims", "other").stderr


def test_no_catalog_is_written_without_a_paper(package: Path) -> None:
    kept = make("her_papers")
    catalog.path("her_papers").write_text(kept, encoding="utf-8")
    (package / "other.py").write_text("raise ValueError\n")
    for name in ("her_papers", "her_papers.other"):
        sys.modules.pop(name, None)
    assert catalog.main(["her_papers"]) == 2
    assert catalog.path("her_papers").read_text(encoding="utf-8") == kept


def test_an_error_of_a_paper_names_its_line(package: Path) -> None:
    (package / "other.py").write_text("def f():\n    return {}['key']\n\n\nf()\n")
    with pytest.raises(InputError, match=r"other.py, line 2: KeyError: 'key'"):
        load("other")


def test_what_is_no_paper_is_refused(package: Path) -> None:
    (package / "other.py").write_text("paper = 1\n")
    with pytest.raises(InputError, match="it is no Paper"):
        load("other")
    with pytest.raises(InputError, match="AttributeError"):
        load("her_papers.other:nothing")
    with pytest.raises(InputError, match="unknown paper 'nothing'; installed: "):
        load("nothing")


def test_ids_are_sorted_and_listed_where_one_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_entries", lambda _: {"b": "x:y", "a": "x:y"})
    assert catalog.paper_ids() == ("a", "b")
    with pytest.raises(InputError, match="unknown paper 'c'; installed: a, b"):
        load("c")
    monkeypatch.setattr(catalog, "_entries", lambda _: {})
    with pytest.raises(InputError, match="installed: none"):
        load("c")


def test_a_paper_must_have_the_id_that_it_is_installed_under(package: Path) -> None:
    (package / "other.py").write_text(PAPER.format(title="One").replace('"other"', '"another"'))
    with pytest.raises(InputError, match="calls itself 'another'"):
        load("other")


def test_a_paper_may_be_called_as_its_module_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plainly.py").write_text(PAPER.format(title="P").replace('"other"', '"plainly"'))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(catalog, "entries", lambda: {**entries(), "plainly": "plainly:paper"})
    assert load("plainly").title == "P"
    with pytest.raises(InputError, match="unknown paper 'plainly:paper'"):
        load("plainly:paper")


def test_a_module_of_the_current_folder_is_a_paper(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(package)
    (package / "mine.py").write_text(PAPER.format(title="Mine"))
    done = run(package, "claims", "mine:paper", "--json", "-")
    assert json.loads(done.stdout)["title"] == "Mine"


def test_targets_are_split_at_the_paper() -> None:
    assert split("scaled-resnets") == ("scaled-resnets", None)
    assert split("scaled-resnets:gram-psd") == ("scaled-resnets", "gram-psd")
    assert split("mfcheck_proofs.scaled_resnets:paper") == (
        "mfcheck_proofs.scaled_resnets:paper",
        None,
    )
    assert split("mfcheck_proofs.scaled_resnets:paper:gram-psd")[1] == "gram-psd"
    assert split("nothing:square") == ("nothing", "square")


def test_modules_are_found_without_importing_them(package: Path) -> None:
    folder, files = sources("her_papers.other")
    assert [file.name for file in files] == ["other.py"]
    assert sources("her_papers")[1] == (package / "__init__.py", package / "other.py")
    assert "her_papers" not in sys.modules
    assert find("her_papers.nothing.below") is None
    before = digest(folder, files)
    (package / "other.py").write_text("")
    assert digest(folder, files) != before
    assert entries()["other"] == "her_papers.other:paper"


def test_a_module_in_folders_without_init_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "outer_part" / "middle_part" / "inner_part"
    inner.mkdir(parents=True)
    (inner / "lemma.py").write_text("broken, and not imported")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert sources("outer_part.middle_part.inner_part.lemma") == (inner, (inner / "lemma.py",))
    assert find("outer_part.middle_part.other_part") is None
    assert "outer_part" not in sys.modules
