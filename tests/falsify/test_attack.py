import json
import shlex
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from mfcheck import load_paper
from mfcheck.claims import Case, Setting
from mfcheck.claims.record import AttackRecord, FalsifyRecord
from mfcheck.errors import InputError
from mfcheck.falsify.attack import Named, attack, counterexample, falsify
from mfcheck.falsify.search import Sizes
from mfcheck.falsify.target import Target
from mfcheck.run import build_setting
from mfcheck.symbolic.activation import activation
from mfcheck.verify import verify

PAPER = load_paper("scaled-resnets")
CLT = load_paper("clt")
SMALL = Sizes(sampled=40, guided=15, optimised=400, max_n=5, max_d=3)
FALSE = (
    ("assumption-3-activation", "stated/constant-attained-times-99-over-100"),
    ("ode-well-posed", "stated/lipschitz-attained-times-9-over-10"),
    ("lemma-4-second", "strict/floor-attained-times-1-over-100"),
    ("lemma-4-second", "charitable/index-shifted"),
    ("lemma-4-second", "charitable/cosine-for-c"),
    ("lemma-4-second", "charitable/term-r-shifted"),
    ("lemma-4-second", "charitable/term-half-separation"),
    ("theorem-5-loss", "stated/rate-3"),
    ("theorem-5-loss", "stated/no-n"),
    ("theorem-5-kl-tau", "stated/fourth"),
    ("theorem-5-movement", "stated/beta"),
    ("theorem-6-rademacher", "stated/halved"),
    ("theorem-6-rademacher", "stated/linear"),
    *(
        (claim.id, error.id.removeprefix(f"{claim.id}/"))
        for claim in PAPER.claims
        for error in claim.planted
        if any("/slack-" in check for check in error.rejected_by)
    ),
)
"""Claims with false variants, at least one for each inequality."""


def attacks(claim: str, planted: str | None = None, sizes: Sizes = SMALL) -> list[AttackRecord]:
    found = PAPER.claim(claim)
    assert found is not None
    error = next((e for e in found.planted if e.id == f"{claim}/{planted}"), None)
    records = []
    for inequality in found.inequalities:
        if error is not None and error.reading != inequality.reading:
            continue
        formulas = dict(found.reading(inequality.reading).formulas)
        formulas |= dict(error.replace) if error is not None else {}
        records.append(attack(Target(PAPER, found, inequality, formulas), sizes, 0))
    assert records
    return records


@pytest.mark.parametrize(("claim", "planted"), FALSE)
def test_a_false_variant_is_falsified(claim: str, planted: str) -> None:
    error = next(e for c in PAPER.claims for e in c.planted if e.id == f"{claim}/{planted}")
    aimed = {name.replace("/slack-", "/") for name in error.rejected_by}
    records = attacks(claim, planted)
    named = [r for r in records if r.inequality in aimed] or records
    for record in named:
        found = record.counterexample
        assert found is not None, planted
        assert Fraction(found.lhs.lower) > Fraction(found.rhs.upper)


def test_each_inequality_of_the_paper_has_a_false_variant_that_is_falsified() -> None:
    attacked = {(c.id, q.id) for c in PAPER.claims for q in c.inequalities}
    tested = set()
    for claim, planted in FALSE:
        found = PAPER.claim(claim)
        assert found is not None
        error = next(e for e in found.planted if e.id == f"{claim}/{planted}")
        aimed = {name.replace("/slack-", "/") for name in error.rejected_by}
        tested |= {(claim, q.id) for q in found.inequalities if q.id in aimed}
    assert tested == attacked


REFUTED = {"floor-of-dimension", "pair-probability", "composed-rate", "scaling-choice"}
"""Inequalities that are false as stated, or do not follow from what is cited."""


@pytest.mark.parametrize("claim", sorted(c.id for c in PAPER.claims if c.inequalities))
def test_a_true_inequality_gets_a_sampled_statement(claim: str) -> None:
    for record in attacks(claim):
        if record.inequality.rpartition("/")[2] in REFUTED:
            assert record.counterexample is not None
            continue
        assert record.counterexample is None
        assert record.violated == 0
        assert record.met > 0
        assert record.probability_upper == pytest.approx(1 - 0.01 ** (1 / record.met))
        assert record.tightest is None or record.tightest > 1 - 1e-6


def test_the_strict_reading_of_lemma_4_falls_with_a_certificate(tmp_path: Path) -> None:
    strict, charitable = attacks("lemma-4-second")
    assert charitable.counterexample is None
    found = strict.counterexample
    assert found is not None
    assert found.certificate is not None
    verdict = verify(json.dumps(found.certificate))
    assert verdict.status == "accepted", verdict.reason
    assert verdict.kind == "counterexample"
    data = tmp_path / "data.csv"
    data.write_text(found.data)
    setting = Setting.restore(found.setting, activation(str(found.setting["activation"])))
    again = build_setting(PAPER, data, setting.activation.name)
    assert again.data.points == setting.data.points
    assert setting.data.n == 2
    script = tmp_path / "example.py"
    script.write_text(found.python)
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "is false" in ran.stdout


def test_the_script_of_a_planted_error_shows_the_planted_error(tmp_path: Path) -> None:
    (record,) = attacks("theorem-6-rademacher", "stated/halved")
    assert record.counterexample is not None
    assert "'theorem-6-rademacher/stated/halved'" in record.counterexample.python
    script = tmp_path / "example.py"
    script.write_text(record.counterexample.python)
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_a_case_that_is_not_refuted_gets_no_record() -> None:
    claim = PAPER.claim("theorem-5-spectrum")
    assert claim is not None
    (inequality,) = claim.inequalities
    target = Target(PAPER, claim, inequality, claim.reading("stated").formulas)
    with pytest.raises(ValueError, match="not certified"):
        counterexample(target, Case(PAPER.default), Named("scaled-resnets"))


def test_everything_is_written(tmp_path: Path) -> None:
    said: list[str] = []
    record = falsify(
        "scaled-resnets",
        "assumption-3-activation",
        planted="assumption-3-activation/stated/nine-tenths",
        budget="quick",
        out=tmp_path / "new" / "folder",
        watch=said.append,
    )
    folder = tmp_path / "new" / "folder"
    inequality = "assumption-3-activation/stated/activation-constant"
    assert said == [f"{inequality}: quick search"]
    kept = FalsifyRecord.model_validate_json((folder / "falsify.json").read_text())
    assert kept == record
    names = {path.name for path in (folder / inequality).iterdir()}
    assert names == {"data.csv", "example.py", "certificate.json"}
    assert verify(folder / inequality / "certificate.json").status == "accepted"
    (found,) = [a.counterexample for a in record.attacks if a.counterexample is not None]
    words = shlex.split(found.command)
    assert Path(words[words.index("--data") + 1]).read_text() == found.data


def test_the_same_seed_gives_the_same_record() -> None:
    def run() -> FalsifyRecord:
        found = falsify("scaled-resnets", "theorem-5-spectrum", budget="quick", seed=4)
        timeless = [a.but(seconds={}, per_second=0.0) for a in found.attacks]
        return found.but(attacks=tuple(timeless))

    assert run() == run()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("scaled-resnets", ""), "unknown claim ''; scaled-resnets can be attacked at: "),
        (("scaled-resnets", "gram-dynamics"), "gram-dynamics cannot be attacked: "),
        (("nothing", "x"), "unknown paper 'nothing'"),
    ],
)
def test_unknown_names_are_refused(arguments: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        falsify(*arguments)


def test_unusable_options_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for options, message in (
        ({"budget": "huge"}, "unknown budget 'huge'"),
        ({"planted": "nothing"}, "unknown planted error 'nothing'"),
        ({"out": file}, "cannot write to the folder"),
    ):
        with pytest.raises(InputError, match=message):
            falsify("scaled-resnets", "lemma-4-first", **options)  # type: ignore[arg-type]


def test_a_paper_that_is_not_installed_is_named_as_it_was_and_without_data_there_are_none(
    tmp_path: Path,
) -> None:
    claim = CLT.claim("clt")
    assert claim is not None
    (inequality,) = claim.inequalities
    wrong = next(e for e in claim.planted if e.id.endswith("/uncorrelated-parts"))
    formulas = {**claim.reading(inequality.reading).formulas, **wrong.replace}
    target = Target(CLT, claim, inequality, formulas)
    record = attack(target, Sizes(40, 0, 0, 2, 2), 0, None, Named("mfcheck_proofs.clt:paper"))
    found = record.counterexample
    assert found is not None
    assert found.data == ""
    words = shlex.split(found.command)
    assert words[:3] == ["mfcheck", "check", "mfcheck_proofs.clt:paper:clt"]
    assert "--data" not in words
    script = tmp_path / "example.py"
    script.write_text(found.python)
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "is false" in ran.stdout
