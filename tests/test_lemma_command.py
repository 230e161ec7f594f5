import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mfcheck.commands import main
from mfcheck.lemma.certificate import accepts

Run = Callable[..., tuple[int, str, str]]
NAMES = [
    "statement",
    "domain",
    "verdict",
    "tight",
    "best",
    "counterexample",
    "left",
    "seconds",
    "certificate",
]
TOML = """
[[lemma]]
id = "log"
statement = "log(1 + x) <= x"
for = "x >= 0"
expect = "certified"

[[lemma]]
id = "reciprocal"
statement = "1/x > 0"
for = "x >= 0"

[[lemma]]
id = "square"
statement = "x**2 >= x"
for = "x real"
expect = "certified"
note = "false on (0, 1)"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(("lemma", *arguments))
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    return run


def test_one_statement(run: Run) -> None:
    status, out, err = run("log(1 + x) <= x", "--for", "x >= 0")
    assert (status, err) == (0, "")
    assert out.startswith("certified    ")
    assert max(map(len, out.splitlines())) <= 80


def test_tex_is_shown_as_it_was_read(run: Run) -> None:
    status, out, _ = run(r"\ln(1+x) \ge x - \frac{x^2}{2}", "--for", "x >= 0")
    assert status == 0
    assert re.match(r"read as +log\(1 \+ x\) >= x - x\*\*2/2\ncertified ", out)


def test_json_has_the_names_of_the_charter(run: Run) -> None:
    _, out, _ = run("log(1 + x) <= x", "--for", "x >= 0", "--json", "-", "--seed", "3")
    data = json.loads(out)
    assert list(data)[: len(NAMES)] == NAMES
    assert (data["verdict"], data["domain"], data["seed"]) == ("certified", "x >= 0", 3)
    assert accepts(data["certificate"])


def test_equal_runs_have_equal_json_but_for_the_time(run: Run) -> None:
    texts = [run("x*(1-x) <= 1/4", "--for", "x real", "--json", "-")[1] for _ in range(2)]
    first, second = (json.loads(text) for text in texts)
    first["seconds"] = second["seconds"] = 0
    assert first == second


def test_refuted_with_a_counterexample_that_is_one(run: Run) -> None:
    status, out, _ = run("x**2 >= x", "--for", "x real", "--json", "-", "--fail-on", "refuted")
    data = json.loads(out)
    assert (status, data["verdict"]) == (1, "refuted")
    from fractions import Fraction

    x = Fraction(data["counterexample"]["x"])
    assert x**2 < x


def test_fail_on_other_verdicts_does_nothing(run: Run) -> None:
    assert run("x**2 >= x", "--for", "x real", "--fail-on", "vacuous,gap")[0] == 0


def test_best_constant(run: Run) -> None:
    status, out, _ = run(
        "abs(tanh(x)) <= C*abs(x)", "--for", "x real", "--best", "C", "--json", "-"
    )
    assert status == 0
    assert json.loads(out)["best"].startswith("C = 1 holds")


def test_undefined_is_the_status_2_and_no_verdict(run: Run) -> None:
    status, out, err = run("1/x > 0", "--for", "x >= 0", "--json", "a.json")
    assert status == 2
    assert out.startswith("undefined ")
    assert err == "mfcheck: undefined at x = 0: 1/x\n      1/x > 0\n      ^\n"
    assert json.loads(Path("a.json").read_text())["verdict"] == "undefined"


def test_definitions_hypotheses_and_certificate(run: Run) -> None:
    words = ("f(x) <= x", "--for", "x real", "--where", "x >= 0", "--def", "f(t) = tanh(t)")
    status, out, err = run(*words, "--certificate", "proof.json")
    assert (status, err) == (0, "")
    assert "read as      (tanh(x)) <= x\n" in out
    assert accepts(json.loads(Path("proof.json").read_text()))


def test_verify_takes_certificates_of_statements(
    folder: Path, run: Run, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    run("log(1 + x) <= x", "--for", "x >= 0", "--certificate", "a.json")
    assert main(["verify", "a.json"]) == 0
    assert capfdbinary.readouterr().out.decode() == "accepted: log(1 + x) <= x   for x >= 0\n"
    text = Path("a.json").read_text()
    Path("b.json").write_text(text.replace("log(1 + x) <= x", "log(1 + x) <= x - 1/9"))
    assert main(["verify", "b.json"]) == 1
    Path("c.json").write_text('{"format": "mfcheck-lemma/2"}')
    assert main(["verify", "c.json"]) == 2
    assert main(["verify", "a.json", "b.json"]) == 1


def test_a_picture_of_the_margin(run: Run) -> None:
    assert run("log(1 + x) <= x", "--for", "x >= 0", "--plot", "a.svg", "-q") == (0, "", "")
    assert Path("a.svg").read_text().startswith("<?xml")
    two = ("x*y <= x**2 + y**2", "--for", "x real; y in [0, 1]", "--plot", "b.svg", "-q")
    assert run(*two)[0] == 0
    assert "margin, y = 0.25" in Path("b.svg").read_text()
    _, _, err = run("x*y*z <= 1", "--for", "x, y, z real", "--plot", "c.svg", "-q")
    assert "no picture" in err


def test_the_picture_is_left_minus_right() -> None:
    from mfcheck.lemma.asked import Lemma
    from mfcheck.lemma.margin import margin

    plot = margin(Lemma("a", "log(1 + x) <= x", ("x in [0, 4]",)))
    assert plot is not None
    (curve,) = plot.curves
    import math

    for x, y in zip(curve.x, curve.y, strict=True):
        assert y == pytest.approx(x - math.log1p(x), abs=1e-12)
    assert (curve.x[0], curve.x[-1], len(curve.x)) == (0, 4, 161)


def test_a_file(run: Run, folder: Path) -> None:
    (folder / "a.toml").write_text(TOML)
    status, out, err = run("a.toml", "--json", "a.json", "--certificate", "proofs")
    assert (status, err) == (0, "3 statements, at most 15 s\n")
    rows = out.splitlines()
    assert re.match(r" +2  log +certified ", rows[0])
    assert re.match(r" +8  reciprocal +undefined +undefined at x = 0", rows[1])
    assert re.match(r" +13  square +refuted, expected certified ", rows[2])
    assert rows[3].startswith("3 statements: 1 certified, 1 undefined, 1 refuted, 1 not as exp")
    assert max(map(len, rows)) <= 80
    records = json.loads((folder / "a.json").read_text())["lemmas"]
    assert [(r["id"], r["line"], r["verdict"]) for r in records] == [
        ("log", 2, "certified"),
        ("reciprocal", 8, "undefined"),
        ("square", 13, "refuted"),
    ]
    assert sorted(p.name for p in (folder / "proofs").iterdir()) == ["log.json", "square.json"]
    assert run("a.toml", "--fail-on", "refuted", "-q")[0] == 1


def test_what_cannot_be_read_in_a_file_leaves_the_others(run: Run, folder: Path) -> None:
    (folder / "a.tex").write_text(
        "$\\ln(1+x) \\le x$ % mfcheck: x >= 0\n\n$\\log x y \\le 1$ % mfcheck: x, y > 0\n"
    )
    status, out, err = run("a.tex")
    assert status == 2
    assert re.search(r"^ +1  line-1 +certified", out, re.M)
    assert re.search(r"^ +3  line-3 +unchecked +cannot be read", out, re.M)
    assert "mfcheck: a.tex:3: cannot be read: does this belong" in err
    assert err.splitlines()[-1].strip() == "^"


def test_an_interruption_keeps_what_was_finished(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mfcheck.lemma import asked

    decide = asked.answer

    def interrupted(lemma: asked.Lemma, *options: object) -> object:
        if lemma.id == "square":
            raise KeyboardInterrupt
        return decide(lemma, *options)

    monkeypatch.setattr(asked, "answer", interrupted)
    (folder / "a.toml").write_text(TOML)
    status, out, err = run("a.toml", "--json", "a.json")
    assert status == 130
    assert len(json.loads((folder / "a.json").read_text())["lemmas"]) == 2
    assert out.splitlines()[-1].startswith("2 statements: ")
    assert err.endswith("mfcheck: interrupted after 2 of 3 statements\n")


BAD = [
    (("x + <= 1", "--for", "x real"), "cannot be read"),
    (("y <= x", "--for", "x real"), "y is not declared; declare it, for example --for 'y real'"),
    (("2 + 2",), "no comparison"),
    (("",), "empty"),
    (("x <= 1", "--for", "x"), "say what x is"),
    (("x <= 1", "--for", "x in 1, 2"), "write an interval"),
    (("x <= 1", "--for", "x real; x integer"), "declared twice"),
    (("x <= 1", "--for", "pi real; x real"), "has a meaning already"),
    (("x <= 1", "--for", "x ~ N(0)"), "N(mean, variance)"),
    (("x <= 1", "--for", "x real", "--where", "x +"), "no comparison"),
    (("x/0 <= 1", "--for", "x real"), "division by zero"),
    (("x^ >= 0", "--for", "x real"), "cannot be read"),
    (("(x <= 1", "--for", "x real"), "opened but not closed"),
    (("x) <= 1", "--for", "x real"), "closed but not opened"),
    (("__import__('os') <= x", "--for", "x real"), "outside the grammar"),
    (("x.real <= 1", "--for", "x real"), "only numbers, names"),
    (("foo(x) <= 1", "--for", "x real"), "unknown function 'foo'"),
    (("ReLU(x) <= 1", "--for", "x real"), "unknown function 'ReLU' (did you mean 'relu'?)"),
    (("Max(x, 0) <= 1", "--for", "x real"), "unknown function 'Max' (did you mean 'max'?)"),
    (("exp(x, x) <= 1", "--for", "x real"), "takes 1 argument"),
    (("exp <= x", "--for", "x real"), "needs an argument"),
    ((r"\frac{x}{2 \le 1", "--for", "x real"), "expected"),
    ((r"\left(x \le 1", "--for", "x real"), "expected"),
    ((r"f(x) \le 1\,", "--for", "x real"), "declare f"),
    ((r"\foo \le x", "--for", "x real"), r"\foo cannot be read"),
    (("x <= 1", "--for", "x real", "--def", "f = 2"), "write 'f(x)"),
    (("f(x, x) <= 1", "--for", "x real", "--def", "f(t) = t"), "takes 1 argument"),
    (("x <= 1", "--for", "x real", "--seconds", "0"), "--seconds"),
    (("x <= 1", "--for", "x real", "--budget", "huge"), "unknown budget 'huge'"),
    (("x <= 1", "--for", "x real", "--fail-on", "wrong"), "unknown verdict 'wrong'"),
    (("x <= 1", "--for", "x real", "--json", "no/such/a.json"), "cannot write"),
    (("x <= 1", "--for", "x real", "--seed", "-1"), "--seed"),
    (("no.toml",), "cannot read 'no.toml'"),
    (("no.tex", "--for", "x real"), "are for one statement"),
    (("x" * 30_000 + " <= 1", "--for", "x real"), "too long"),
    (("x <= 1", "--for", "x real", "--certificate", "no/such/a.json"), "cannot write"),
    (("x <= 1", "--for", "x \N{GREEK SMALL LETTER ALPHA} real"), "cannot read the declaration"),
]


@pytest.mark.parametrize(("words", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_one_clear_line_and_its_place(
    run: Run, words: tuple[str, ...], message: str
) -> None:
    status, _, err = run(*words)
    assert status == 2
    first, *place = err.splitlines()
    assert message in first
    assert first.startswith("mfcheck: ")
    assert "Traceback" not in err
    assert len(place) in (0, 2)
    assert all(len(line) <= 80 for line in place)
    if place:
        assert place[1].strip() == "^"


def pytest_on(folder: Path, *words: str, ini: str = "") -> tuple[int, str]:
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_statements_are_tests(folder: Path) -> None:
    (folder / "a.toml").write_text(TOML)
    status, text = pytest_on(folder, "-v", "--mfcheck-lemmas", "a.toml")
    assert status == 1
    assert dict(re.findall(r"^mfcheck:a.toml::(\S+) ([A-Z]+)", text, re.M)) == {
        "log": "PASSED",
        "reciprocal": "FAILED",
        "square": "FAILED",
    }
    assert "a.toml:13: square is refuted: expected to be certified; at x = 1/2" in text
    assert "a.toml:8: reciprocal is undefined: undefined at x = 0" in text
    assert "Traceback" not in text
    kept = TOML.replace('expect = "certified"\nnote', 'expect = "refuted"\nnote')
    (folder / "a.toml").write_text(kept.replace('x >= 0"\n\n', 'x > 0"\n\n'))
    assert pytest_on(folder, "-m", "mfcheck_lemma", ini="mfcheck_lemmas = a.toml\n")[0] == 0


def test_wrong_use_of_the_plugin_is_one_line(folder: Path) -> None:
    (folder / "a.toml").write_text("x = 1")
    for name, message in (("a.toml", "unknown key 'x'"), ("b.toml", "cannot read")):
        status, text = pytest_on(folder, "--mfcheck-lemmas", name)
        assert (status, message in text, "Traceback" in text) == (4, True, False)


PAGE = Path(__file__).parents[1] / "docs" / "lemma.md"
FENCE = re.compile(r"^(`{3,}|~{3,})(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^\1$", re.M | re.S)


def sessions(text: str) -> list[tuple[list[str], list[str]]]:
    """Return the command lines of the page, each with the lines that it shows."""
    found: list[tuple[list[str], list[str]]] = []
    for _, kind, _, body in FENCE.findall(text):
        for line in body.splitlines() if kind == "console" else ():
            if line.startswith("$ "):
                found.append((shlex.split(line[2:]), []))
            else:
                found[-1][1].append(line)
    return found


def gist(line: str) -> list[str]:
    """Return what of a line does not depend on the machine and on how the search went."""
    words = line.partition(";")[0].split()
    if line.startswith("   ") and words[0].isdigit():
        return words[:3]
    return words if words[0] in ("read", "mfcheck:", "3") or line[0] == " " else words[:1]


@pytest.mark.slow
def test_the_examples_of_the_page_say_what_it_shows(run: Run, folder: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for _, _, name, body in FENCE.findall(text):
        if name:
            (folder / name).write_text(body)
    shown = [
        (words[2:], lines) for words, lines in sessions(text) if words[:2] == ["mfcheck", "lemma"]
    ]
    assert len(shown) >= 12
    for words, lines in shown:
        _, out, err = run(*words)
        said = (out or err).splitlines()
        assert [gist(line) for line in lines] == [gist(line) for line in said[: len(lines)]]
    assert run("lemmas.md", "-q")[0] == 0
    assert run("lemmas.toml", "--json", "-")[1].count('"verdict": "refuted"') == 1


def test_the_page_has_every_verdict() -> None:
    from mfcheck.lemma.asked import WORDS

    rows = re.findall(r"^\| (\w+) \|", PAGE.read_text(encoding="utf-8"), re.M)
    assert {*rows, "gap"} - {"word"} == {str(word) for word in WORDS}
