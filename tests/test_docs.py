"""What docs, README and notebooks name has to exist: commands, options, papers, claims, constants, files."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from mfcheck import commands, load_paper, paper_ids
from mfcheck.new import create

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("notebooks/*.ipynb")])
COMMAND = re.compile(r"(?<![\w./-])mfcheck (?=[a-z]+\b)(?:'[^'\n]*'|[^\n`&|;#'])*")
TARGET = re.compile(r"\b(scaled-resnets|rntk-scaling|my-paper):([a-z0-9][\w.-]*[\w])")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
NAMES_OF_THE_TEMPLATE = {"lemma-1", "lemma-2", "lemma-3"}  # the last one is added by the guide


def text_of(path: Path) -> str:
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the command lines of code: console blocks, indented blocks, and spans in backticks."""
    code = re.findall(r"^(?:    |\$ )(.*)$|`(mfcheck [^`]*)`|^```(?:console|sh|bash)\n", text, re.M)
    for line in filter(None, ("".join(parts) for parts in code)):
        for match in COMMAND.finditer(line):
            yield shlex.split(match[0].replace("'", "'"), comments=True)


@cache
def _click() -> Any:
    return typer.main.get_command(commands.app)


def _known(paper: str) -> set[str]:
    if paper == "my-paper":
        return NAMES_OF_THE_TEMPLATE
    if paper not in paper_ids():
        return set()
    loaded = load_paper(paper)
    return {claim.id for claim in loaded.claims} | {e.id for e in loaded.experiments}


@pytest.mark.parametrize("path", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_and_their_options_exist(path: Path) -> None:
    for words in commands_in(text_of(path)):
        command = _click().commands.get(words[1])
        assert command is not None, words
        options = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
        options |= {"--help", "-h"}
        used = [word.partition("=")[0] for word in words[2:] if word.startswith("--")]
        assert set(used) <= options, words


@pytest.mark.parametrize("path", DOCS, ids=lambda p: str(p.relative_to(ROOT)))
def test_claims_exist(path: Path) -> None:
    for paper, claim in TARGET.findall(text_of(path)):
        assert claim in _known(paper), f"{paper}:{claim}"


@pytest.mark.parametrize("path", [p for p in DOCS if p.suffix == ".md"], ids=lambda p: p.name)
def test_links_lead_to_files(path: Path) -> None:
    for match in LINK.finditer(re.sub(r"```.*?```|`[^`]*`", "", text_of(path), flags=re.S)):
        target = (match[1] or match[2]).partition("#")[0]
        if target and "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), target


def test_the_tests_above_see_what_is_there() -> None:
    text = "Run `mfcheck reveiw x`.\n\n    $ mfcheck check scaled-resnets:lemma-5 --fast\n"
    assert [words[1:] for words in commands_in(text)] == [
        ["reveiw", "x"],
        ["check", "scaled-resnets:lemma-5", "--fast"],
    ]
    assert TARGET.findall(text) == [("scaled-resnets", "lemma-5")]
    found = [words for path in DOCS for words in commands_in(text_of(path))]
    assert len(found) > 20
    assert any(TARGET.search(text_of(path)) for path in DOCS)


def blocks(text: str, title: str) -> list[str]:
    return re.findall(rf'^```python title="{re.escape(title)}"\n(.*?)^```$', text, re.M | re.S)


@pytest.mark.slow
def test_the_guide_leads_to_the_verdicts_that_it_names(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "guide" / "own-lemma.md").read_text(encoding="utf-8")
    create("my-paper", tmp_path / "my-paper")
    lemmas = tmp_path / "my-paper" / "my_paper" / "lemmas.py"
    added = blocks(guide, "my_paper/lemmas.py")
    assert len(added) == 2
    lemmas.write_text(lemmas.read_text(encoding="utf-8") + "\n\n" + "\n\n".join(added))
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    passed = subprocess.run(tests, cwd=lemmas.parents[1], capture_output=True, text=True)
    assert passed.returncode == 0, passed.stdout
    assert "4 passed" in passed.stdout  # one test, three claims
    code = (
        "from mfcheck.run import power, review\n"
        "found = review('my_paper:paper', jobs=1)\n"
        "print({c.id: str(c.verdict) for c in found.claims})\n"
        "print([k.cases for c in found.claims for k in c.checks if k.id == 'lemma-3/stated/cases'])\n"
        "found = power('my_paper:paper', jobs=1)\n"
        "print(found.planted, found.missed)\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=lemmas.parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "{'lemma-1': 'supported', 'lemma-2': 'refuted', 'lemma-3': 'supported'}",
        "[101]",
        "6 ()",
    ]


@pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None and "MFCHECK_EXTRAS" not in os.environ,
    reason="needs the extra `docs`; MFCHECK_EXTRAS=1 makes its absence a failure",
)
def test_the_site_builds_without_warnings_and_asks_no_server(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    pages = {str(p.relative_to(tmp_path)): p.read_text("utf-8") for p in tmp_path.rglob("*.html")}
    for name, page in pages.items():
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(https?:)", page)
        assert loaded == [], name
        assert "XformulaX" not in page, name
    assert "<math" in pages["guide/own-lemma.html"]
    assert 'id="mfcheck.claims.model.Claim"' in pages["reference/claims.html"]
    assert "Usage: mfcheck review [OPTIONS]" in pages["reference/commands.html"]
    assert "ClaimRecord" in pages["reference/json.html"]
    for path in tmp_path.rglob("*.css"):
        assert not re.findall(r"url\([\"']?https?:", path.read_text("utf-8")), path.name
