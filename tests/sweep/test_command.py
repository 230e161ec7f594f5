"""The command `mfcheck sweep`: what it prints, writes and refuses."""

import csv
import io
import json
import re
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from mfcheck.commands import main
from mfcheck.errors import InputError
from mfcheck.report.sweep import csv_text, print_sweep, render_sweep, settings_table, write_parquet
from mfcheck.report.sweep_figure import write_sweep_figures
from mfcheck.report.sweep_pictures import layout
from mfcheck.sweep import sweep
from mfcheck.sweep.record import AxisRecord, SweepRecord

OVER = ["--over", "beta=10,13,17,20,40", "--over", "mode=calm,wild"]
PLOTS = ("slack:bound", "verdict:bound", "double", "rhs:bound/stated/direct")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> SweepRecord:
    """A sweep over two parameters, all claims and constants."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent / "toy"))
        folder = tmp_path_factory.mktemp("sweep")
        return sweep("wide_paper:paper", OVER[1::2], out=folder, jobs=2)


def test_from_the_command_line_to_json_tables_and_pictures(
    wide: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["sweep", wide, *OVER, "--claims", "bound", "--constants", "all", "--out", str(out)]
    plots = [word for what in PLOTS for word in ("--plot", what)]
    assert main([*words, *plots, "--jobs", "1", "--json", str(tmp_path / "found.json")]) == 0
    shown = capsys.readouterr()
    assert "wide: 10 settings, 8 finished, 2 refused by the paper" in shown.out
    assert "certified or better in every one with beta = 40 (2 settings)" in shown.out
    assert "10 settings of wide, 2 tasks each" in shown.err
    record = SweepRecord.model_validate_json((tmp_path / "found.json").read_text())
    assert (record.finished, record.refused, record.left) == (8, 2, 0)
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} == {
        "sweep.sqlite",
        "table.csv",
        "table.md",
        *(
            f"sweep-{what.replace(':', '-').replace('/', '-')}.{form}"
            for what in PLOTS
            for form in ("svg", "png")
        ),
    }
    rows = list(csv.DictReader(io.StringIO((out / "table.csv").read_text())))
    assert [row["bound/stated"] for row in rows if row["beta"] == "20"] == ["certified", "refuted"]
    # Another run of it finds everything there, and `--fail-on` looks at every setting.
    assert main([*words, "--fail-on", "refuted", "-q"]) == 1
    assert main([*words, "--fail-on", "gap", "-q"]) == 0
    assert main(["sweep", "show", str(out), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(
        (tmp_path / "found.json").read_text()
    ) | {"title": "A wide paper"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "nothing to sweep over"),
        (["--over", "bet=1"], "unknown parameter 'bet'"),
        (["--over", "beta="], "beta: no values"),
        (["--over", "beta=1..1000000:1"], "1,000,000 settings: confirm with --yes"),
        (["--over", "beta=1,2", "--set", "beta=3"], "beta is both set and swept"),
        (["--over", "beta=1,2", "--claims", "nothing"], "unknown claim"),
        (
            ["--over", "beta=1,2", "--plot", "nothing"],
            "--plot: 'nothing' is none of slack, verdict",
        ),
        (["--over", "beta=1,2", "--plot", "slack:nothing"], "no claim 'nothing'"),
        (["--over", "beta=1,2", "--plot", "lhs:nothing"], "unknown check 'nothing'"),
        (["--over", "beta=1", "--plot", "double"], "several values, not 0"),
        (["--over", "beta=1,2", "--fail-on", "wrong"], "unknown verdict"),
        (["--over", "beta=1,2", "--cluster", "tcp://127.0.0.1:1"], "127.0.0.1:1"),
        (["another"], "one paper at a time"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    wide: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    assert main(["sweep", wide, *words, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert why in said
    assert not (tmp_path / "out").exists()


def test_ledgers_are_joined_exported_and_shown(
    wide: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, beta in (("a", "10,40"), ("b", "13,40")):
        words = ["sweep", wide, "--over", f"beta={beta}", "--claims", "bound", "-q", "--jobs", "1"]
        assert main([*words, "--out", str(tmp_path / name)]) == 0
    joined = tmp_path / "joined"
    assert (
        main(["sweep", "merge", *map(str, (tmp_path / "a", tmp_path / "b")), "--out", str(joined)])
        == 0
    )
    assert "wide: 3 settings, 2 finished, 1 refused" in capsys.readouterr().out
    assert main(["sweep", "export", str(joined), "--out", str(tmp_path / "t.csv")]) == 0
    assert (tmp_path / "t.csv").read_text() == (joined / "table.csv").read_text()
    assert main(["sweep", "show", str(joined), "--plot", "slack"]) == 0
    assert (joined / "sweep-slack.png").read_bytes().startswith(b"\x89PNG")
    for folder in (joined, tmp_path / "a", tmp_path / "b"):
        assert not list(folder.glob("*-wal")) + list(folder.glob("*-shm"))
    for words, why in (
        (["merge", str(tmp_path / "a"), str(tmp_path / "b")], "needs --out"),
        (
            ["merge", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(joined)],
            "exists already",
        ),
        (["export", str(joined)], "--out FILE.csv, FILE.parquet, or FOLDER"),
        (["show"], "needs one ledger"),
        (["show", str(tmp_path / "t.csv")], "is not the ledger of a sweep"),
        (["show", str(joined), "--over", "beta=1"], "as it is"),
    ):
        assert main(["sweep", *words]) == 2
        assert why in capsys.readouterr().err


def test_the_table_has_a_row_for_each_setting(found: SweepRecord) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert len(rows) == 10
    by_point = {(row["beta"], row["mode"]): row for row in rows}
    assert by_point["13", "calm"]["refused"] == "thirteen is not for us"
    assert by_point["13", "calm"]["bound/stated"] == ""
    wild = by_point["20", "wild"]
    assert wild["bound/stated"] == "refuted"
    assert float(wild["bound/stated slack"]) == pytest.approx(20 / 30)
    assert wild["bound/stated reason"] == "beta is 20, below 30"
    assert Fraction(wild["double lower"]) <= 40 <= Fraction(wild["double upper"])
    assert "nothing at seventeen" in by_point["17", "calm"]["bound/stated reason"]


def test_parquet_holds_the_same_numbers(found: SweepRecord, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(found, tmp_path / "t.parquet")
    table = parquet.read_table(tmp_path / "t.parquet")
    rows = settings_table(found)
    assert table.column("beta (exact)").to_pylist() == [row["beta"] for row in rows]
    assert table.column("beta").to_pylist() == [float(str(row["beta"])) for row in rows]
    assert table.column("bound/stated slack").to_pylist() == [
        row["bound/stated slack"] for row in rows
    ]
    bounds = zip(
        *(table.column(f"half {end}").to_pylist() for end in ("lower", "upper")), strict=True
    )
    for (low, high), row in zip(bounds, rows, strict=True):
        if low is not None:
            assert Fraction(low) <= Fraction(str(row["half lower"]))
            assert Fraction(str(row["half upper"])) <= Fraction(high)


def test_the_terminal_and_markdown_say_the_same(found: SweepRecord) -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    print_sweep(found, console)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    page = render_sweep(found)
    assert "| 20 | wild | refuted (0.6667) | supported" in page
    assert "refused: thirteen is not for us" in page
    for text in ("bound/stated along beta", "Nothing is said of settings that were not tried."):
        assert text in page
        assert any(text in line for line in lines)


def test_the_json_of_many_settings_is_made_one_by_one(found: SweepRecord) -> None:
    whole = found.model_dump_json(indent=1)
    pieces = list(found.json_pieces())
    assert "".join(pieces) == whole
    assert len(pieces) == len(found.settings) + 2
    empty = found.but(settings=())
    assert "".join(empty.json_pieces()) == empty.model_dump_json(indent=1)


def test_pictures_over_one_and_two_parameters(found: SweepRecord, tmp_path: Path) -> None:
    one = found.but(
        settings=tuple(s for s in found.settings if s.point["mode"] == "calm"),
        axes=(found.axes[0], found.axes[1].but(values=("calm",))),
    )
    names = set()
    for record, folder in ((found, tmp_path / "two"), (one, tmp_path / "one")):
        folder.mkdir()
        for what in PLOTS:
            files = write_sweep_figures(record, what, folder)
            names |= {file.name for file in files}
            svg = ElementTree.parse(files[0]).getroot()
            assert svg.tag.endswith("svg")
            assert files[1].read_bytes().startswith(b"\x89PNG")
            again = files[0].read_bytes()
            assert write_sweep_figures(record, what, folder)[0].read_bytes() == again
    assert len(names) == 2 * len(PLOTS)


def test_pictures_of_drawn_settings(wide: str, tmp_path: Path) -> None:
    over = ["beta=1..1000000:log", "mode=calm,wild"]
    drawn = sweep(wide, over, random=12, out=tmp_path, jobs=1, claims=["bound"], constants=["half"])
    assert 2 <= len(drawn.settings) <= 12
    for what in ("half", "verdict"):
        assert len(write_sweep_figures(drawn, what, tmp_path)) == 2


def test_a_picture_without_a_claim_is_one_of_each_claim(wide: str, tmp_path: Path) -> None:
    words = ["sweep", wide, "--over", "beta=20,40", "--plot", "slack", "--plot", "slack:draw", "-q"]
    assert main([*words, "--jobs", "1", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.glob("*.svg")} == {
        "sweep-slack-bound.svg",
        "sweep-slack-draw.svg",
    }
    for path in tmp_path.glob("*.svg"):
        path.unlink()
    assert main(["sweep", "show", str(tmp_path), "--plot", "verdict", "-q"]) == 0
    assert {path.name for path in tmp_path.glob("*.svg")} == {
        "sweep-verdict-bound.svg",
        "sweep-verdict-draw.svg",
    }


def test_a_sweep_ends_in_a_picture_where_one_can_be_drawn(
    wide: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, more in (
        ("verdict", ["--over", "beta=20,40", "--claims", "bound"]),
        ("double", ["--over", "beta=20,40", "--constants", "double"]),
        ("none", ["--over", "beta=20", "--claims", "bound"]),
    ):
        out = tmp_path / name
        assert main(["sweep", wide, *more, "--jobs", "1", "-q", "--out", str(out)]) == 0
        assert [path.stem for path in out.glob("*.svg")] == [f"sweep-{name}"] * (name != "none")
    assert main(["sweep", "show", str(out), "-q"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["sweep", "show", str(out), "--plot", "verdict", "-q"]) == 2
    assert "several values, not 0" in capsys.readouterr().err


def test_a_ledger_that_can_only_be_read_is_shown(
    wide: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["sweep", wide, "--over", "beta=20,40", "--claims", "bound", "--jobs", "1", "-q"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    (tmp_path / "table.csv").unlink()
    monkeypatch.setattr("os.access", lambda *_: False)
    assert main(["sweep", "show", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "certified in each of the 2 settings" in shown.out
    assert "can only be read" in shown.err
    assert not (tmp_path / "table.csv").exists()


def _words(file: Path) -> list[str]:
    """What a picture says: matplotlib writes each text of an SVG into a comment."""
    return re.findall(r"<!-- (.*?) -->", file.read_text())


def test_a_third_parameter_has_panels_and_hatches_are_explained(
    found: SweepRecord, tmp_path: Path
) -> None:
    seeds = AxisRecord(name="gamma", numeric=True, values=("1", "2", "3"))
    settings = [
        s.but(point={**s.point, "gamma": gamma}) for s in found.settings for gamma in seeds.values
    ]
    settings[-1] = settings[-1].but(outcome=None)
    record = found.but(axes=(*found.axes, seeds), settings=settings)
    words = _words(write_sweep_figures(record, "slack:bound", tmp_path)[0])
    for text in ("mode = calm", "mode = wild", "refused by the paper", "not run yet", "no value"):
        assert text in words
    assert {"beta", "gamma", "slack: right side over left side"} <= set(words)
    drawn = [s.outcome.readings[0].slack for s in settings if s.outcome is not None]
    assert words.count("2") >= drawn.count(2.0) > 0
    with pytest.raises(InputError, match="at most 6 values: mode has more"):
        layout([("beta", 9), ("mode", 7), ("gamma", 8)])


def test_numbers_are_written_only_where_they_fit(found: SweepRecord, tmp_path: Path) -> None:
    one = next(s for s in found.settings if s.outcome is not None)
    for columns in (12, 13):
        values = tuple(str(beta) for beta in range(1000, 1000 + columns))
        axes = (found.axes[0].but(values=values), found.axes[1])
        settings = [
            one.but(point={"beta": beta, "mode": mode})
            for beta in values
            for mode in axes[1].values
        ]
        record = found.but(axes=axes, settings=settings)
        words = _words(write_sweep_figures(record, "double", tmp_path)[0])
        assert words.count("20") == (2 * columns if columns == 12 else 0)


def test_certificates_are_written_to_files_that_verify_accepts(
    wide: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, proofs = tmp_path / "out", tmp_path / "proofs"
    words = ["sweep", wide, "--over", "beta=20,40", "--claims", "bound", "--jobs", "1", "-q"]
    assert main([*words, "--out", str(out)]) == 0
    assert main(["sweep", "export", str(out), "--out", str(proofs)]) == 0
    assert f"1 certificates, and of what each is in certificates.csv: mfcheck verify {proofs}" in (
        capsys.readouterr().out
    )
    (file,) = (proofs / "certificates").iterdir()  # both settings have the same one
    rows = list(csv.DictReader(io.StringIO((proofs / "certificates.csv").read_text())))
    assert rows == [
        {
            "beta": beta,
            "task": "check.bound/stated/direct",
            "certificate": f"certificates/{file.name}",
        }
        for beta in ("20", "40")
    ]
    assert main(["verify", str(proofs), "--json", "-"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["certificates"]
    assert found["status"] == "accepted"
    file.write_text(file.read_text().replace('"', "'", 1))
    assert main(["verify", str(proofs)]) == 2
    other = tmp_path / "other"
    words = ["sweep", wide, "--over", "beta=20,40", "--constants", "all", "-q"]
    assert main([*words, "--out", str(other)]) == 0
    capsys.readouterr()
    assert main(["sweep", "export", str(other), "--out", str(tmp_path / "none")]) == 2
    assert "holds no certificates" in capsys.readouterr().err
