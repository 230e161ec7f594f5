import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOY = Path(__file__).parent / "run" / "toy"
PASSING = "def test_of_the_author():\n    pass\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_author.py").write_text(PASSING)
    return tmp_path


def run(folder: Path, *words: str, ini: str = "", **environment: str) -> tuple[int, str]:
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": _path(), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _path() -> str:
    return os.pathsep.join([str(TOY), *filter(None, [os.environ.get("PYTHONPATH")])])


def outcomes(text: str) -> dict[str, str]:
    return dict(re.findall(r"^mfcheck:toy::(\S+) ([A-Z]+)", text, re.MULTILINE))


def test_claims_are_tests_beside_those_of_the_author(folder: Path) -> None:
    status, text = run(folder, "-v", "--mfcheck-paper", "toy_paper:paper")
    assert status == 1
    assert "test_author.py::test_of_the_author PASSED" in text
    assert outcomes(text) == {
        "square": "PASSED",
        "false": "FAILED",
        "cited": "FAILED",
        "fragile": "PASSED",
    }
    assert "\nOne is the largest (Theorem 2) is refuted: " in text
    assert "\n  no false/stated/false.witness (certified): 2 against 1; 2 > 1" in text
    assert "major: Two is more than one." in text
    assert "mfcheck check toy_paper:paper:false --budget quick --seed 0" in text
    assert "Traceback" not in text


def test_a_check_that_crashes_fails_its_claim_alone(folder: Path) -> None:
    words = ("-v", "--mfcheck-paper", "toy_paper:paper", "-k", "fragile or square")
    status, text = run(folder, *words, TOY_BEHAVIOUR="segfault")
    assert status == 1
    assert outcomes(text) == {"square": "PASSED", "fragile": "FAILED"}
    assert "is inconclusive: a check crashed" in text


@pytest.mark.slow
def test_expected_verdicts_have_to_be_kept(folder: Path) -> None:
    ini = "mfcheck_papers = toy_paper:paper\nmfcheck_expect =\n  false refuted\n  toy:cited gap\n"
    assert run(folder, ini=ini)[0] == 0
    status, text = run(folder, "-v", ini=ini.replace("false refuted", "false proved"))
    assert status == 1
    assert outcomes(text)["false"] == "FAILED"
    assert "is refuted: expected to be proved" in text


READINGS = """\
from dataclasses import replace
from toy_paper import paper as toy
from mfcheck.claims import Check, Claim, Evidence, Kind, Question, Reading, Scope

def reading(id, passed, question=Question.HOLDS, claimed=True):
    found = Evidence(passed=passed, scope=Scope.WHOLE, reason="" if passed else "at n = 3")
    check = Check("c", Kind.EXACT, lambda _: found, question=question)
    return Reading(id, "As it is meant.", checks=(check,), claimed=claimed)

good = reading("stated", True)
claims = {
    "good": (good, reading("two", True)),
    "second": (good, reading("two", False)),
    "third": (good, reading("two", True), reading("three", False)),
    "step": (good, reading("two", False, Question.FOLLOWS)),
    "empty": (good, reading("two", True), reading("three", False, Question.APPLIES)),
    "beyond": (good, reading("two", False, claimed=False)),
}
claims = tuple(Claim(id, "Title", "s", "q", readings) for id, readings in claims.items())
paper = replace(toy, claims=claims, constants=())
"""


@pytest.mark.slow
def test_a_claim_fails_on_each_reading_that_the_text_allows(folder: Path) -> None:
    (folder / "readings_paper.py").write_text(READINGS)
    words = ("-v", "--mfcheck-paper", "readings_paper:paper")
    status, text = run(folder, *words)
    assert status == 1
    assert {id for id, found in outcomes(text).items() if found == "PASSED"} == {"good", "beyond"}
    assert "reading three: refuted: " in text
    kept = {"second/two": "refuted", "third/three": "refuted", "step/two": "gap"}
    lines = [f"  {name} {verdict}" for name, verdict in {**kept, "empty/three": "vacuous"}.items()]
    ini = "mfcheck_expect =\n" + "\n".join(lines) + "\n"
    assert run(folder, *words, ini=ini)[0] == 0
    status, text = run(folder, *words, ini=ini.replace("step/two gap", "step/two proved"))
    assert status == 1
    assert "reading two: gap, expected to be proved" in text


@pytest.mark.slow
def test_options_of_pytest_choose_among_the_claims(folder: Path) -> None:
    paper = ("--mfcheck-paper", "toy_paper:paper")
    _, text = run(folder, "--collect-only", "-q", "-m", "mfcheck_claim", *paper)
    assert re.findall(r"^mfcheck:toy::(\S+)", text, re.MULTILINE) == [
        "square",
        "false",
        "cited",
        "fragile",
    ]
    assert "test_author" not in text
    status, text = run(folder, "-n", "2", "-k", "square", "--strict-markers", *paper)
    assert (status, "1 passed" in text) == (0, True)


def test_budget_seed_and_junit(folder: Path) -> None:
    words = ("-k", "false", "--mfcheck-paper", "toy_paper:paper", "--junitxml", "out.xml")
    _, text = run(folder, *words, "--mfcheck-budget", "standard", "--mfcheck-seed", "7")
    assert "mfcheck check toy_paper:paper:false --budget standard --seed 7" in text
    assert 'name="verdict" value="refuted"' in (folder / "out.xml").read_text()


@pytest.mark.parametrize(
    ("words", "ini", "message"),
    [
        (("--mfcheck-paper", "nothing"), "", "unknown paper 'nothing'"),
        (("--mfcheck-paper", "toy_paper:nothing"), "", "cannot load the paper"),
        (("--mfcheck-paper", "no_such_module:paper"), "", "cannot load the paper"),
        (("--mfcheck-paper", "toy_paper:paper"), "mfcheck_expect = false", "is not"),
        (("--mfcheck-paper", "toy_paper:paper"), "mfcheck_expect = x gap", "has a claim 'x'"),
    ],
)
def test_wrong_use_is_one_line(
    folder: Path, words: tuple[str, ...], ini: str, message: str
) -> None:
    status, text = run(folder, *words, ini=ini)
    assert status == 4
    assert message in text
    assert "Traceback" not in text


def test_without_its_options_the_plugin_does_nothing(folder: Path) -> None:
    code = (
        "import sys, mfcheck.pytest_plugin; print('sympy' in sys.modules, 'flint' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
    status, text = run(folder, "--markers")
    assert status == 0
    assert "mfcheck_claim" in text
    assert "1 passed" in run(folder)[1]
