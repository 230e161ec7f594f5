import json
from pathlib import Path

import pytest

from mfcheck.claims.record import PowerRecord, Review
from mfcheck.commands import main
from mfcheck.report.files import REPORTS, read_review, render


@pytest.fixture
def run(review: Review, power: PowerRecord, tmp_path: Path) -> Path:
    (tmp_path / "review.json").write_text(review.model_dump_json(), encoding="utf-8")
    (tmp_path / "power.json").write_text(power.model_dump_json(), encoding="utf-8")
    return tmp_path


def test_each_format_is_made_again_from_the_record(run: Path, review: Review) -> None:
    for form, name in REPORTS.items():
        assert main(["report", str(run), "--format", form, "-q"]) == 0
        assert (run / name).read_text(encoding="utf-8") == render(review, form)
    assert main(["report", str(run / "review.json"), "--format", "json", "-q"]) == 0
    assert read_review(run) == review


def test_options(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = run / "deep" / "page.html"
    words = ["report", str(run), "--out", str(file), "--power", str(run / "power.json")]
    assert main([*words, "--json", "-"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["format"], said["file"]) == ("html", str(file))
    assert '<h2 id="power">' in file.read_text(encoding="utf-8")
    assert main(["report", str(run), "--format", "openreview", "--out", "-"]) == 0
    assert capsys.readouterr().out.startswith("# Review of ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{run}", "--format", "pdf"], "unknown format 'pdf'"),
        (["{run}/nothing"], "cannot read"),
        (["{run}/power.json"], "is no Review of this version"),
        (["{run}/broken.json"], "is no Review of this version"),
        (["{run}", "--out", "{run}"], "is a folder"),
        (["{run}", "--format", "latex", "--power", "{run}/power.json"], "html only"),
        (["{run}", "--power", "{run}/review.json"], "is no PowerRecord"),
        (["{run}", "--power", "{run}/other.json"], "the planted errors are of 'other'"),
    ],
)
def test_wrong_use_is_one_line(
    run: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "broken.json").write_text('{"paper": ')
    other = json.loads((run / "power.json").read_text(encoding="utf-8")) | {"paper": "other"}
    (run / "other.json").write_text(json.dumps(other))
    assert main(["report", *(word.format(run=run) for word in words)]) == 2
    found = capsys.readouterr()
    assert message in found.err
    assert len(found.err.splitlines()) == 1
