import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.models import OptionInfo

from mfcheck import __version__, commands, load_paper
from mfcheck.claims.experiment import Option
from mfcheck.claims.record import (
    BoundRecord,
    ConstantRecord,
    ConstantsRecord,
    Curve,
    Estimate,
    Interval,
    Plot,
    Series,
    SimulationRecord,
    StoppedRecord,
)
from mfcheck.claims.trial import Simulated, Stop, Trial, simulation
from mfcheck.commands import main
from mfcheck.rigor import certificate
from mfcheck.rigor.codes import n_max

pytestmark = pytest.mark.slow

TOY = Path(__file__).parent / "run" / "toy"
CORPUS = Path(__file__).parent / "certificates" / "reject"
REJECTED = "rejected-bundle-with-a-false-part.json"
DATA = "x1,x2,y\n1,0,1\n0.6,0.8,-0.5\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the toy paper, for workers too, and run in an empty folder."""
    info = tmp_path / "site" / "toy-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[mfcheck.papers]\ntoy = toy_paper:paper\n")
    monkeypatch.syspath_prepend(str(TOY))
    monkeypatch.syspath_prepend(str(info.parent))
    for name in ("TOY_BEHAVIOUR", "TOY_LOG", "MFCHECK_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "points.csv").write_text(DATA)
    return work


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    return run


def refused(result: tuple[int, str, str]) -> str:
    """Return the one line of a refusal, having seen that nothing else was said or left behind."""
    status, out, err = result
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("mfcheck: ")
    assert [path.name for path in Path.cwd().iterdir()] == ["points.csv"]
    return err.removeprefix("mfcheck: ").strip()


def test_help_and_version(run: Run) -> None:
    status, out, err = run("--help")
    assert (status, err) == (0, "")
    names = {command.callback.__name__ for command in commands.app.registered_commands}
    assert names >= {
        "papers",
        "claims",
        "review",
        "check",
        "power",
        "falsify",
        "constants",
        "simulate",
        "verify",
    }
    assert all(f"\n  {command} " in out for command in names)
    assert run("--version") == (0, f"mfcheck {__version__}\n", "")


@pytest.mark.parametrize("command", [c.callback.__name__ for c in commands.app.registered_commands])
def test_each_command_explains_itself_with_an_example(run: Run, command: str) -> None:
    status, out, err = run(command, "--help")
    assert (status, err) == (0, "")
    assert f"Example: mfcheck {command}" in out
    assert "--json" in out


def test_help_needs_no_mathematics() -> None:
    code = (
        "import sys; from mfcheck.commands import main; main(['--help']);"
        "sys.exit(any(m in sys.modules for m in ('sympy', 'numpy', 'matplotlib', 'numba')))"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "Missing command."),
        ("frobnicate", "No such command 'frobnicate'."),
        ("review", "Missing argument 'PAPER'."),
        ("review toy --frob", "No such option: --frob"),
        ("review toy --all", "--all takes neither PAPER nor"),
        ("review --all --set beta=1", "--all takes neither PAPER nor"),
        ("atlas --paper nothing --out .", "unknown paper 'nothing'; installed: "),
        ("review toy --seed x", "Invalid value for '--seed'"),
        ("review toy --seed -1", "Invalid value for '--seed'"),
        ("review toy --seed 4294967296", "Invalid value for '--seed'"),
        ("simulate toy --seed 4294967296", "Invalid value for '--seed'"),
        ("check toy --check-seconds 0", "Invalid value for '--check-seconds'"),
        ("check toy_paper:nothing:square", "cannot load the paper 'toy_paper:nothing'"),
        ("check bare_paper:paper --data points.csv", "bare is not about data: it takes no --data"),
        ("check bare_paper:paper --activation sin", "bare is not about an activation"),
        ("review toy --jobs 0", "Invalid value for '--jobs'"),
        ("review nothing", "unknown paper 'nothing'; installed: "),
        ("review toy:false", "unknown paper 'toy:false'"),
        ("review toy --budget huge", "unknown budget 'huge'"),
        ("review --all --budget huge --out site", "unknown budget 'huge'"),
        ("atlas --budget huge --out site", "unknown budget 'huge'"),
        ("review toy --fail-on bad", "--fail-on: unknown verdict 'bad'; known: proved, certified"),
        ("review toy --set beta=-1", "beta must be > 0, got -1"),
        ("review toy --set gamma=1", "unknown parameter 'gamma'; toy has: alpha, beta"),
        ("review toy --set alhpa=1", "'alhpa' (did you mean 'alpha'?); toy has: alpha, beta"),
        ("claims scaled-resnet", "unknown paper 'scaled-resnet' (did you mean 'scaled-resnets'?)"),
        ("check toy:sqare", "unknown claim 'sqare' (did you mean 'square'?); toy has: "),
        ("review toy --activation tnah", "unknown activation 'tnah' (did you mean 'tanh'?)"),
        ("lemma .", "'.' is a folder: name a file of statements in it"),
        ("review toy --set alpha=11", "beta must be at least alpha"),
        ("review toy --activation __import__('os')", ""),
        ("review toy --activation nothing", "unknown activation 'nothing'"),
        ("review toy --data none.csv", "cannot read 'none.csv': No such file or directory"),
        ("review toy --out points.csv", "cannot write to the folder 'points.csv'"),
        ("review toy --resume", "nothing to resume in"),
        ("review toy --json nowhere/a.json", "cannot write 'nowhere/a.json'"),
        ("review toy --json .", "cannot write '.'"),
        ("check toy:nothing", "unknown claim 'nothing'; toy has: square, false, cited, fragile"),
        ("check toy:", "unknown claim ''"),
        ("check toy --resume", "resuming needs the folder"),
        ("check nothing:square", "unknown paper 'nothing'"),
        ("power toy --budget huge", "unknown budget 'huge'"),
        ("falsify scaled-resnets:", "unknown claim ''; scaled-resnets can be attacked at: "),
        ("falsify scaled-resnets:gram-psd", "gram-psd cannot be attacked: it is an identity"),
        ("falsify scaled-resnets:lemma-4-first --budget huge", "unknown budget 'huge'"),
        ("falsify scaled-resnets:lemma-4-first --seed 4294967296", "Invalid value for '--seed'"),
        ("falsify scaled-resnets:lemma-4-first --planted x", "unknown planted error 'x'"),
        ("claims nothing", "unknown paper 'nothing'"),
        ("constants toy --digits 0", "Invalid value for '--digits'"),
        ("constants toy --set beta=", "beta: '' is not a finite number"),
        ("simulate toy", "toy has nothing to simulate"),
        ("verify nowhere.json", "nowhere.json: "),
        ("verify points.csv", "points.csv: "),
        ("verify points.csv --fail-on gap", "--fail-on: only 'rejected' is possible here"),
    ],
)
def test_wrong_usage_gets_one_line_and_leaves_nothing(
    run: Run, arguments: str, message: str
) -> None:
    assert message in refused(run(*arguments.split()))


def _paths() -> list[tuple[str, str]]:
    """Every option and argument of every command that takes a path, on a line of its command."""
    found = []
    for command in commands.app.registered_commands:
        for parameter in inspect.signature(command.callback).parameters.values():
            kind, *rest = get_args(parameter.annotation) or (None,)
            if rest and Path in (kind, *get_args(kind)):
                option = rest[0].default if isinstance(rest[0], OptionInfo) else ""
                found.append((command.callback.__name__, option))
    return found


@pytest.mark.parametrize(("command", "option"), [*_paths(), ("review", "--json")])
def test_an_empty_path_is_not_the_current_folder(run: Run, command: str, option: str) -> None:
    line = refused(run(command, *(["x", f"{option}="] if option else [""])))
    assert "the name of a file" in line
    assert "is empty" in line


def test_a_path_is_wanted_in_many_places() -> None:
    assert {("review", "--out"), ("review", "--data"), ("sweep", "--out"), ("verify", "")} <= set(
        _paths()
    )


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_statement_gets_one_line(run: Run, text: str) -> None:
    assert refused(run("lemma", text)) == "the statement is empty"


def test_a_bad_data_file_gets_one_line_and_leaves_nothing(run: Run) -> None:
    Path("points.csv").write_text("x1,x2\n1,0\n1,1\n")
    line = refused(run("review", "toy", "--data", "points.csv"))
    assert line.startswith("points.csv: row 2 (line 3): the point is off the unit sphere")


def test_a_paper_can_be_named_as_python_names_it(run: Run) -> None:
    status, out, _ = run("check", "toy_paper:paper:square", "--json", "-")
    assert status == 0
    assert [claim["id"] for claim in json.loads(out)["claims"]] == ["square"]
    assert json.loads(run("claims", "toy_paper:paper", "--json", "-")[1])["paper"] == "toy"
    status, _, err = run("falsify", "toy_paper:paper:square")
    assert (status, "square cannot be attacked" in err) == (2, True)


def test_what_can_be_attacked_is_listed(run: Run) -> None:
    status, out, _ = run("falsify", "scaled-resnets", "--json", "-")
    assert status == 0
    rows = json.loads(out)["attackable"]
    stated = {claim.id for claim in load_paper("scaled-resnets").claims if claim.inequalities}
    assert {row["claim"] for row in rows} == stated
    assert rows[0]["inequality"] in run("falsify", "scaled-resnets")[1]


def test_files_of_the_user_are_left_alone(run: Run, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "report.md").write_text("mine")
    status, out, err = run("review", "toy", "--out", "out")
    assert (status, out) == (2, "")
    assert "report.md' exists already and mfcheck did not write it" in err
    assert [path.name for path in (folder / "out").iterdir()] == ["report.md"]
    assert (folder / "out" / "report.md").read_text() == "mine"
    (folder / "out" / "report.md").unlink()
    for _ in range(2):
        assert run("review", "toy", "--out", "out", "--quiet")[0] == 0


def test_the_traceback_of_a_check_is_shown_on_request(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "raise")
    _, _, err = run("check", "toy:fragile")
    assert "ValueError: a line and another (toy_paper.py, line " in err
    assert "Traceback" not in err
    monkeypatch.setenv("MFCHECK_DEBUG", "1")
    assert "Traceback" in run("check", "toy:fragile")[2]


def test_papers_and_claims(run: Run) -> None:
    status, out, _ = run("claims", "toy", "--json", "-")
    assert status == 0
    described = json.loads(out)
    assert [claim["id"] for claim in described["claims"]] == ["square", "false", "cited", "fragile"]
    assert described["claims"][0]["checks"][0] == {
        "id": "square/stated/square.identity",
        "kind": "exact",
        "reading": "stated",
        "question": "holds",
    }
    status, out, err = run("claims", "toy")
    assert (status, err) == (0, "")
    assert "Binomial square" in out


def test_papers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfcheck.catalog.entries", lambda: {"toy": "toy_paper:paper"})
    expected = {"id": "toy", "title": "A toy paper", "source": "arXiv 0000.00000", "claims": 4}
    assert json.loads(run("papers", "--json", "-")[1]) == {"papers": [expected]}
    assert "A toy paper" in run("papers")[1]


def test_a_review_leaves_reports_and_says_what_it_found(run: Run) -> None:
    status, out, err = run("review", "toy", "--seed", "3", "--data", "points.csv")
    assert status == 0
    left = Path("mfcheck-out/toy")
    review = json.loads((left / "review.json").read_text(encoding="utf-8"))
    assert (review["paper"], review["seed"], review["budget"]) == ("toy", 3, "standard")
    assert review["setting"]["origin"] == "file points.csv"
    assert "refuted" in out
    assert "Two is more than one." in out
    assert f"Reports: {left}" in out
    assert "[11/11] " in err
    assert (left / "report.html").read_text(encoding="utf-8").startswith("<!")
    assert "Two is more than one." in (left / "report.md").read_text(encoding="utf-8")
    page = (left / "review.md").read_text(encoding="utf-8")
    assert "Two is more than one." in page
    assert "## Questions to the authors" in page
    assert "Questions to the authors" in out  # the terminal ends with the same page


def test_a_review_shows_everything_on_request(run: Run) -> None:
    status, out, _ = run("review", "toy", "--verbose")
    assert status == 0
    assert "evidence " in out
    assert "What was not checked" not in out


def test_an_atlas_takes_over_what_is_finished(run: Run) -> None:
    words = ("atlas", "--paper", "toy", "--jobs", "1", "--out", "site")
    status, out, err = run(*words)
    assert status == 0
    assert "[11/11] " in err
    assert "Atlas: site/index.html" in out
    page = Path("site/index.html").read_text(encoding="utf-8")
    assert 'href="toy/report.html"' in page
    assert Path("site/toy/report.html").exists()
    status, out, err = run(*words, "--json", "-")
    assert status == 0
    assert "check.square.identity" not in err  # nothing that was finished runs again
    record = json.loads(out)
    assert record["index"] == "site/index.html"
    assert [paper["paper"] for paper in record["papers"]] == ["toy"]
    assert Path("site/index.html").read_text(encoding="utf-8") == page
    assert run(*words, "--seed", "1")[0] == 0  # another run replaces it


def test_all_papers_are_reviewed_and_a_broken_one_stops_none(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = {"toy": "toy_paper:paper", "lost": "no_such_module:paper"}
    monkeypatch.setattr("mfcheck.catalog.entries", lambda: papers)
    status, out, err = run("review", "--all", "--jobs", "1", "--out", "all")
    assert status == 2
    assert "not reviewed: lost: " in err.splitlines()[-1]
    assert "refuted" in out
    assert Path("all/toy/review.md").exists()


ACCEPTED = Path(__file__).parent / "certificates" / "accept" / "inequality-interval.json"


@pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")
def test_rocq_checks_what_is_accepted(run: Run) -> None:
    status, out, _ = run("verify", str(ACCEPTED), "--rocq")
    assert status == 0
    assert "Rocq: accepted" in out
    record = json.loads(run("verify", str(ACCEPTED), "--rocq", "--json", "-")[1])
    assert record["rocq"]["status"] == "accepted"
    status, out, _ = run("verify", str(CORPUS / REJECTED), "--rocq")
    assert (status, "Rocq" in out) == (1, False)


@pytest.mark.parametrize("words", ["verify", "report", "sweep show", "simulate lln --out"])
def test_a_path_that_the_system_refuses_is_wrong_input(run: Run, words: str) -> None:
    assert "File name too long" in refused(run(*words.split(), "a" * 300))


def test_rocq_is_asked_for_where_it_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfcheck.rocq.export.shutil.which", lambda _: None)
    assert "coqc is not installed" in refused(run("verify", str(ACCEPTED), "--rocq"))


def test_a_certificate_becomes_a_file_of_rocq(run: Run) -> None:
    status, out, _ = run("export", str(ACCEPTED), "--rocq", "out.v")
    assert status == 0
    assert "Written: out.v (claim" in out
    assert "Lemma claim" in Path("out.v").read_text(encoding="utf-8")
    status, _, err = run("export", "points.csv", "--rocq", "two.v")
    assert (status, len(err.splitlines()), Path("two.v").exists()) == (2, 1, False)


def test_json_on_standard_output_is_alone_there(run: Run) -> None:
    status, out, _ = run("check", "toy:false", "--json", "-")
    assert status == 0
    assert json.loads(out)["claims"][0]["verdict"] == "refuted"
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["points.csv"]


def test_json_in_a_file_comes_with_tables(run: Run) -> None:
    status, out, _ = run("check", "toy:square", "--json", "square.json")
    assert status == 0
    assert "square.identity" in out
    assert json.loads(Path("square.json").read_text())["claims"][0]["verdict"] == "proved"


def test_quiet_says_nothing(run: Run) -> None:
    assert run("check", "toy:square", "--quiet") == (0, "", "")
    assert run("review", "toy", "--quiet", "--out", "out") == (0, "", "")
    assert Path("out/report.html").exists()


@pytest.mark.parametrize(
    ("target", "verdicts", "status"),
    [
        ("toy:false", "refuted", 1),
        ("toy:false", "gap, vacuous", 0),
        ("toy", "gap,vacuous", 1),
        ("toy:square", "refuted,gap,vacuous", 0),
        ("toy:square", "proved", 1),
        ("toy:false", "", 0),
        ("toy:square", "supported", 1),  # of its second reading
    ],
)
def test_fail_on(run: Run, target: str, verdicts: str, status: int) -> None:
    assert run("check", target, "--quiet", "--fail-on", verdicts)[0] == status


def test_falsify(run: Run, folder: Path) -> None:
    target = ("falsify", "scaled-resnets:assumption-3-activation", "--budget", "quick")
    planted = ("--planted", "nine-tenths", "--out", "found")
    status, out, err = run(*target, *planted)
    assert status == 0
    assert "false, certified" in out
    inequality = "assumption-3-activation/stated/activation-constant"
    assert f"{inequality}: quick search" in err
    proof = folder / "found" / inequality / "certificate.json"
    assert run("verify", str(proof))[1].startswith("accepted")
    assert run(*target, *planted)[0] == 0  # over what mfcheck wrote itself
    (folder / "theirs").mkdir()
    (folder / "theirs" / "falsify.json").write_text("mine")
    status, out, err = run(*target, "--out", "theirs")
    assert (status, out) == (2, "")
    assert "mfcheck did not write it" in err
    assert (folder / "theirs" / "falsify.json").read_text() == "mine"
    status, out, _ = run(*target, "--json", "-")
    assert (status, json.loads(out)["attacks"][0]["counterexample"]) == (0, None)


def test_power(run: Run) -> None:
    status, out, _ = run("power", "toy", "--json", "-")
    assert status == 0
    record = json.loads(out)
    assert (record["planted"], record["caught"]) == (3, 2)
    assert record["missed"] == ["fragile/stated/fragile.missed"]
    out = run("power", "toy")[1]
    assert "missed fragile/stated/fragile.missed: fragile/stated/fragile.run answers yes" in out


def test_resume_takes_over_what_finished(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Path("../log")
    monkeypatch.setenv("TOY_LOG", str(log.resolve()))
    assert run("check", "toy", "--out", "out", "--quiet")[0] == 0
    before = log.read_text()
    assert run("check", "toy", "--out", "out", "--quiet", "--resume")[0] == 0
    assert log.read_text() == before
    status, _, err = run("check", "toy", "--out", "out", "--resume", "--seed", "1")
    assert status == 2
    assert "cannot resume: the seed of the run" in err


def test_an_internal_failure_leaves_its_traceback_in_a_file(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(id: str) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr("mfcheck.catalog.load", fail)
    status, out, err = run("claims", "toy")
    assert (status, out) == (3, "")
    (line,) = err.splitlines()
    assert line.startswith("mfcheck: internal failure: ZeroDivisionError: two lines (")
    assert re.search(r"\(\S*test_cli\.py, line \d+\) \(traceback in ", line)
    trace = Path(line.split("traceback in ")[1].rstrip(")"))
    assert "ZeroDivisionError" in trace.read_text()
    trace.unlink()
    monkeypatch.setenv("MFCHECK_DEBUG", "1")
    status, _, err = run("claims", "toy")
    assert status == 3
    assert err.startswith("Traceback")


def interrupted(folder: Path, number: signal.Signals, *words: str) -> tuple[int, str]:
    """Run a command that would sleep for minutes, and send it a signal once it does."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TOY_BEHAVIOUR": "sleep",
        "TOY_LOG": str(folder / "log"),
    }
    code = "import sys; from mfcheck.commands import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while "fragile.run" not in ((folder / "log").read_text() if (folder / "log").exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"]
)
def test_an_interrupted_review_says_how_to_go_on(
    run: Run, folder: Path, number: signal.Signals, status: int
) -> None:
    words = ("review", "toy", "--jobs", "1", "--out", "my out")
    code, err = interrupted(folder, number, *words)
    assert code == status
    last = err.splitlines()[-1]
    assert last.startswith("mfcheck: interrupted after ")
    assert last.endswith("continue with: mfcheck review toy --jobs 1 --out 'my out' --resume")
    partial = json.loads(Path("my out/review.json").read_text())
    assert not partial["complete"]
    assert "fragile/stated/fragile.run" in partial["missing"]
    assert not list(Path("my out").glob("report.*"))
    assert run(*words, "--resume")[0] == 0
    assert json.loads(Path("my out/review.json").read_text())["complete"]


def test_an_interrupted_check_says_that_nothing_is_kept(folder: Path) -> None:
    code, err = interrupted(folder, signal.SIGINT, "check", "toy:fragile")
    assert code == 130
    assert err.splitlines()[-1].endswith("nothing was kept, for want of --out")


def test_a_reader_that_goes_away_is_no_failure() -> None:
    code = "import sys; from mfcheck.commands import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "claims", "toy"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


def test_constants_that_are_missing_or_numerical(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {"latex": "C", "formula": "1", "depends_on": (), "source": "Theorem 5"}
    third = "0." + 40 * "3"
    records = (
        ConstantRecord(
            id="a", value=Interval(lower=third, upper=third + "4"), evidence="certified", **shared
        ),
        ConstantRecord(
            id="b", value=Estimate(value=0.123456789, error=2e-4), evidence="numerical", **shared
        ),
        ConstantRecord(
            id="c", value=None, reason="no root", evidence="no value: no root", **shared
        ),
    )
    monkeypatch.setattr("mfcheck.constants.evaluate.evaluate_constants", lambda *_: records)
    _, out, _ = run("constants", "toy", "--json", "-")
    found = {c["id"]: c for c in json.loads(out)["constants"]}
    assert (found["c"]["value"], found["c"]["reason"]) == (None, "no root")
    assert {"value", "error", "level"} <= set(found["b"]["value"])
    lines = {line.split()[0]: line for line in run("constants", "toy")[1].splitlines() if line}
    assert "0.3333333…" in lines["a"]
    assert "0.12346 ± 0.00021" in lines["b"]
    assert "no value: no root" in lines["c"]
    lines = run("constants", "toy", "--digits", "30")[1].splitlines()
    assert any("0." + 30 * "3" + "…" in line for line in lines)


SETTING: dict[str, Any] = {"n": 2}


def test_constants(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluate(paper: Any, setting: Any, digits: int) -> tuple[ConstantRecord, ...]:
        value = Interval(lower=f"-{digits}", upper=str(setting["beta"]))
        return (
            ConstantRecord(
                id="C_KL",
                latex="C",
                formula="1",
                value=value,
                evidence="certified",
                depends_on=(),
                source="Theorem 5",
            ),
        )

    monkeypatch.setattr("mfcheck.constants.evaluate.evaluate_constants", evaluate)
    status, out, _ = run("constants", "toy", "--digits", "7", "--set", "beta=64", "--json", "-")
    assert status == 0
    record = json.loads(out)
    assert ConstantsRecord.model_validate(record).constants[0].value == Interval(
        lower="-10", upper="64"
    )
    assert record["setting"]["parameters"]["beta"] == "64"
    assert "C_KL" in run("constants", "toy")[1]


def simulated(trial: Trial) -> Simulated:
    """A simulation that takes no time; `steps` over 9 stops it, at 0 before it has anything."""
    trial.say("needs 3 MB of memory")
    steps = int(trial.options["steps"])
    if steps > 9 or steps == 0:
        kept = (0.0, 0.5) if steps else ()
        raise Stop("the flow is not finite", 0.75, kept, {"loss": kept})
    trial.progress(0.5)
    trial.progress(1.0)
    parts = {"particles": (0.0, 0.09), "depth": (0.0, 0.01)}
    names = ["loss", "KL_tau", "movement_tau"]
    curve = Curve(label="loss", x=(0.0, 1.0), y=(2.0, 1.0))
    return Simulated(
        time=(0.0, 1.0),
        series={"loss": Series(value=(2.0, 1.0), error=(0.0, 0.1), parts=parts)},
        bounds={
            "loss": BoundRecord(
                name="Theorem 1", side="upper", value=(3.0, 2.0), applies=False, holds=True
            )
        },
        notes=("$\\beta$ is small",),
        plots=(Plot(id="loss", title="Loss", x_label="t", y_label="L", curves=(curve,)),),
        final=dict.fromkeys(names, Estimate(value=1.0, error=0.1)),
    )


@pytest.fixture
def simulating(monkeypatch: pytest.MonkeyPatch) -> None:
    options = (Option("steps", "1", "how many"), Option("scheme", "fast", "which"))
    paper = replace(load_paper("toy"), simulate=simulation(simulated, options))
    monkeypatch.setattr("mfcheck.catalog.load", lambda id: paper)


@pytest.mark.usefixtures("simulating")
def test_simulate(run: Run, folder: Path) -> None:
    status, out, err = run("simulate", "toy", "--seed", "4", "--json", "-")
    assert status == 0
    assert json.loads(out)["seed"] == 4
    assert err.splitlines() == ["needs 3 MB of memory", "simulation: 50%", "simulation: 100%"]
    status, out, _ = run("simulate", "toy", "--option", "steps=2", "--out", "found")
    (line,) = [line for line in out.splitlines() if line.startswith("loss")]
    words = ("2 ± 0", "1.00 ± 0.10", "particles (90%)", "≤ 2", "yes (not promised)")
    assert all(word in line for word in words)
    assert "movement_tau" in out
    assert "β is small" in out
    left = {p.name for p in (folder / "found").iterdir() if not p.name.startswith(".")}
    assert left == {"simulation.json", "loss.svg"}
    record = SimulationRecord.model_validate_json((folder / "found/simulation.json").read_text())
    assert record.final["loss"].error == 0.1
    assert "<svg" in (folder / "found/loss.svg").read_text()
    assert run("simulate", "toy", "--quiet")[1:] == ("", "")


def test_a_simulation_of_which_nothing_was_complete_says_so(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def simulate(_: Trial) -> Simulated:
        raise KeyboardInterrupt

    paper = replace(load_paper("toy"), simulate=simulation(simulate))
    monkeypatch.setattr("mfcheck.catalog.load", lambda id: paper)
    said = "mfcheck: interrupted before any of its numbers was complete; nothing to keep"
    assert run("simulate", "toy") == (130, "", f"{said}\n")
    assert run("simulate", "toy", "--out", "found") == (
        130, "", f"{said} but that, in found/stopped.json\n"
    )  # fmt: skip
    record = StoppedRecord.model_validate_json((folder / "found/stopped.json").read_text())
    assert record.reason == "interrupted before any of its numbers was complete"
    assert record.final == {}


def test_numbers_that_are_complete_are_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def simulate(trial: Trial) -> Simulated:
        trial.complete["loss"] = Estimate(value=2.0, error=0.0)
        raise KeyboardInterrupt

    paper = replace(load_paper("toy"), simulate=simulation(simulate))
    monkeypatch.setattr("mfcheck.catalog.load", lambda id: paper)
    status, out, err = run("simulate", "toy", "--json", "-")
    assert status == 130
    record = StoppedRecord.model_validate_json(out)
    assert record.final == {"loss": Estimate(value=2.0, error=0.0)}
    assert record.paper == paper.id
    assert err == (
        "mfcheck: interrupted before all of its numbers were complete; numbers (1), with the errors "
        "of what was done, are kept in standard output\n"
    )


@pytest.mark.usefixtures("simulating")
def test_simulation_options(run: Run) -> None:
    status, out, _ = run("simulate", "toy", "--option", "list")
    assert status == 0
    assert "how many" in out
    for given, words in (("steps", "NAME=VALUE"), ("speed=1", "toy has: steps, scheme")):
        status, _, err = run("simulate", "toy", "--option", given)
        assert status == 2
        assert words in err


def stopped(words: tuple[str, ...], number: int) -> tuple[int, str]:
    """Start a simulation, send a signal once it is at a tenth, and return its status and its last line."""
    code = "import sys; from mfcheck.commands import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NUMBA_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", code, "simulate", *words],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    while "simulation: 10%" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    return process.returncode, err.splitlines()[-1]


def test_an_interrupted_simulation_keeps_what_it_had(folder: Path) -> None:
    sizes = ("--set", "particles=4096", "--set", "depth=64", "--set", "beta=20")
    words = ("scaled-resnets", *sizes, "--out", "found", "--json", "stop.json")
    status, last = stopped(words, signal.SIGINT)
    assert status == 130
    assert last.startswith("mfcheck: interrupted at time ")
    assert "are kept in found/stopped.json and stop.json" in last
    record = StoppedRecord.model_validate_json((folder / "found/stopped.json").read_text())
    assert record.time[0] == 0.0
    assert len(record.time) == len(record.series["loss"]) > 1


def test_draws_of_a_simulation_that_is_killed_are_those_of_a_shorter_one(
    run: Run, folder: Path
) -> None:
    words = ("fisher", "--option", "nets=300", "--out", "found")
    status, last = stopped(words, signal.SIGTERM)
    assert status == 143
    (count,) = re.findall(
        r"interrupted after (\d+) of 300 networks; numbers \(\d\), with the err", last
    )
    assert 30 <= int(count) < 300
    record = StoppedRecord.model_validate_json((folder / "found/stopped.json").read_text())
    assert record.reason == f"interrupted after {count} of 300 networks"
    shorter = run("simulate", "fisher", "--option", f"nets={count}", "--json", "-")[1]
    whole = SimulationRecord.model_validate_json(shorter).final
    assert record.final.keys() == whole.keys()
    for id, found in record.final.items():  # two processes: BLAS may sum in another order
        assert found.value == pytest.approx(whole[id].value, rel=1e-11)
        assert found.error == pytest.approx(whole[id].error, rel=1e-9)


@pytest.mark.usefixtures("simulating")
def test_a_simulation_that_stops_keeps_what_it_had(run: Run, folder: Path) -> None:
    status, out, err = run(
        "simulate", "toy", "--option", "steps=10", "--out", "found", "--json", "stop.json"
    )
    assert status == 2
    assert out == ""
    line = err.splitlines()[-1]
    for words in (
        "the flow is not finite; stopped at time 0.75",
        "2 output times up to 0.5, of one run and without errors, are kept in found",
        "stop.json",
    ):
        assert words in line
    for path in (folder / "found/stopped.json", folder / "stop.json"):
        assert StoppedRecord.model_validate_json(path.read_text()).series["loss"] == (0.0, 0.5)
    assert not (folder / "found/simulation.json").exists()
    _, out, err = run("simulate", "toy", "--option", "steps=10", "--json", "-")
    assert StoppedRecord.model_validate_json(out).reached == 0.75
    assert err.endswith("are kept in standard output\n")
    assert (
        "not kept, for want of --out or --json" in run("simulate", "toy", "--option", "steps=10")[2]
    )
    assert "nothing to keep" in run("simulate", "toy", "--option", "steps=0")[2]


@pytest.fixture
def bad(folder: Path) -> Path:
    """A folder with a certificate that proves what it says, and one that does not."""
    made = folder / "proofs"
    made.mkdir()
    good = certificate.code_bound(n_max(2, Fraction(1, 2)))
    certificate.write(good, made / "good.json")
    text = (CORPUS / REJECTED).read_text(encoding="utf-8")
    (made / "wrong.json").write_text(text, encoding="utf-8")
    return made


def test_verify_says_what_it_found_by_its_exit_status(run: Run, bad: Path) -> None:
    status, out, err = run("verify", "proofs/good.json", "--json", "-")
    assert (status, err) == (0, "")
    record = json.loads(out)
    assert (record["certificate"], record["status"]) == ("proofs/good.json", "accepted")
    for words in ((), ("--fail-on", "rejected"), ("--quiet",)):
        assert run("verify", "proofs/wrong.json", *words)[0] == 1
    out = run("verify", "proofs/wrong.json")[1]
    assert out.startswith("rejected: ")
    (bad / "broken.json").write_text("{")
    status, out, err = run("verify", "proofs/broken.json")
    assert (status, out, len(err.splitlines())) == (2, "", 1)


def test_verify_takes_several_files_and_folders(run: Run, bad: Path) -> None:
    status, out, err = run("verify", "proofs")
    assert (status, err) == (1, "")
    assert "proofs/good.json: accepted" in out
    assert "proofs/wrong.json: rejected" in out
    status, out, _ = run("verify", "proofs/good.json", "proofs/good.json", "--json", "-")
    assert status == 0
    assert [c["status"] for c in json.loads(out)["certificates"]] == ["accepted", "accepted"]
    (bad / "broken.json").write_text("{")
    status, out, err = run("verify", "proofs")
    assert status == 2
    assert "proofs/good.json: accepted" in out
    assert "proofs/broken.json: " in err
    (bad / "empty").mkdir()
    assert run("verify", "proofs/empty")[0] == 2


def test_verify_of_the_folder_of_a_run_checks_its_certificates_and_nothing_else(
    run: Run, bad: Path
) -> None:
    kept = bad.parent / "out" / "paper"
    (kept / "evidence").mkdir(parents=True)
    (kept / "evidence" / "check.a.json").write_text('{"seconds": 0.5}')
    for name in ("run.json", ".mfcheck.json", "review.json"):
        (kept / name).write_text("{}")
    assert run("verify", "out")[0] == 2
    (kept / "certificates").mkdir()
    shutil.copy(bad / "good.json", kept / "certificates" / "a.json")
    status, out, err = run("verify", "out")
    assert (status, err) == (0, "")
    assert [line.partition(": ")[0] for line in out.splitlines()] == [
        "out/paper/certificates/a.json"
    ]
    shutil.copy(bad / "wrong.json", kept / "certificates" / "b.json")
    assert run("verify", "out")[0] == 1
    (kept / "certificates" / "b.json").write_text("{")
    assert run("verify", "out")[0] == 2
