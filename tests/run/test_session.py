import importlib
import json
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mfcheck
from mfcheck import __version__, load_paper
from mfcheck.claims import Kind, Review
from mfcheck.errors import InputError
from mfcheck.run import Event, Interrupted, Result, Started, power, read_setting, review
from mfcheck.run.folder import OutFolder
from mfcheck.run.identity import code_of
from mfcheck.run.judge import tasks_of
from mfcheck.run.tasks import What
from mfcheck.symbolic.activation import Activation, activation
from mfcheck.verify import verify

Log = Callable[[], list[str]]


def timeless(record: Any) -> Any:
    """Return JSON data without times."""
    if isinstance(record, dict):
        return {k: timeless(v) for k, v in record.items() if k != "seconds"}
    return [timeless(v) for v in record] if isinstance(record, list) else record


def verdicts(result: Review) -> dict[str, str]:
    return {claim.id: claim.verdict.value for claim in result.claims}


CALM = {"square": "proved", "false": "refuted", "cited": "gap", "fragile": "supported"}


def test_a_review_gives_verdicts_and_findings(toy: str) -> None:
    result = review(toy, jobs=2)
    assert verdicts(result) == CALM
    assert result.complete
    assert result.missing == ()
    found = {f.id: (f.severity, f.claim, f.evidence) for f in result.findings}
    assert found == {
        "toy.false": ("major", "false", ("false/stated/false.witness",)),
        "cited.gap": ("major", "cited", ("cited/stated/cited.step",)),
    }
    assert result.findings[1].text.endswith("cites for it: the cited lemma says less")
    assert result.assumptions[0].reason == "2 points"
    assert result.mfcheck == __version__
    assert {"python", "flint", "sympy", "numba"} <= set(result.versions)
    assert "unknown" not in result.versions.values()
    assert result.references


def test_only_a_claim_named_apart_has_to_fit_the_setting(toy: str) -> None:
    without = read_setting(toy, sets=["alpha=0"])
    with pytest.raises(InputError, match="nothing to follow"):
        review(toy, without, claims=["cited"])
    for chosen in (None, list(CALM)):
        assert verdicts(review(toy, without, claims=chosen)) == {**CALM, "cited": "inconclusive"}


def test_the_number_of_jobs_changes_nothing(toy: str) -> None:
    one, three = (review(toy, seed=5, jobs=jobs).model_dump(mode="json") for jobs in (1, 3))
    assert timeless(one) == timeless(three)


def test_the_seed_changes_random_choices_only(toy: str) -> None:
    draws = {}
    for seed in (0, 1):
        result = review(toy, seed=seed, claims=["square"])
        draws[seed] = {check.id: check.lhs for check in result.claims[0].checks}
    assert draws[0]["square/stated/square.identity"] == draws[1]["square/stated/square.identity"]
    assert draws[0]["square/weak/square.draw"] != draws[1]["square/weak/square.draw"]


@pytest.mark.parametrize("behaviour", ["raise", "exit"])
def test_a_crash_leaves_its_claim_inconclusive_and_the_rest_as_it_was(
    toy: str, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", behaviour)
    result = review(toy, jobs=2)
    assert verdicts(result) == CALM | {"fragile": "inconclusive"}
    assert result.complete
    finding = next(f for f in result.findings if f.claim == "fragile")
    assert finding.id == "fragile/stated/fragile.run.crashed"
    assert finding.evidence == ("fragile/stated/fragile.run",)
    crashed = next(c for c in result.claims[3].checks if c.crashed)
    assert crashed.reason
    assert crashed.reason in finding.text


def test_an_assumption_that_crashes_is_undecided(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "assumption")
    answer = review(toy).assumptions[0]
    assert answer.met is None
    assert answer.reason.startswith("ZeroDivisionError: no answer (toy_paper.py, line ")


def test_constants_are_part_of_a_review(toy: str) -> None:
    found = {constant.id: constant for constant in review(toy).constants}
    assert set(found) == {"two", "four"}
    assert float(found["four"].value.lower) <= 4 <= float(found["four"].value.upper)


def test_a_constant_that_crashes_is_a_finding(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "constant")
    result = review(toy, read_setting(toy, sets=["beta=64"]))
    assert verdicts(result) == CALM
    assert result.constants == ()
    finding = result.findings[-1]
    assert finding.claim == "constants"
    assert "ZeroDivisionError: two has no value here (toy_paper.py, line " in finding.text
    assert finding.reproduce == "mfcheck constants toy_paper:paper --set beta=64"


def test_files_of_a_review(toy: str, tmp_path: Path) -> None:
    result = review(toy, out=tmp_path)
    stored = json.loads((tmp_path / "review.json").read_text(encoding="utf-8"))
    assert Review.model_validate(stored) == result
    witness = next(c for c in result.claims[1].checks)
    assert witness.certificate == "certificates/false%2Fstated%2Ffalse.witness.json"
    assert (
        verify(tmp_path / "certificates/false%2Fstated%2Ffalse.witness.json").status == "accepted"
    )
    assert not list(tmp_path.rglob("*.pkl"))


def test_chosen_claims_only(toy: str) -> None:
    result = review(toy, claims=["cited"])
    assert verdicts(result) == {"cited": "gap"}
    assert result.assumptions == ()
    assert result.constants == ()


def interrupt_after(count: int) -> Callable[[Event, int, int], None]:
    def watch(event: Event, done: int, total: int) -> None:
        if isinstance(event, Result) and done == count:
            raise KeyboardInterrupt

    return watch


def test_an_interrupted_review_keeps_what_finished_and_resumes(
    toy: str, tmp_path: Path, log: Log
) -> None:
    with pytest.raises(Interrupted) as interruption:
        review(toy, out=tmp_path, jobs=1, watch=interrupt_after(8))
    partial = interruption.value.review
    assert not partial.complete
    kept = {check.id for claim in partial.claims for check in claim.checks}
    assert kept
    assert set(partial.missing).isdisjoint(kept)
    assert Review.model_validate_json((tmp_path / "review.json").read_text()) == partial
    for claim in partial.claims:
        assert claim.verdict.value in ("unchecked", "inconclusive", CALM[claim.id])
    before = len(log())
    resumed = review(toy, out=tmp_path, jobs=1, resume=True)
    rerun = log()[before:]
    assert sorted(rerun) == sorted(partial.missing)
    whole = review(toy, jobs=1).model_dump(mode="json")
    assert timeless(_without(resumed.model_dump(mode="json"))) == timeless(_without(whole))


def _without(record: Any) -> Any:
    """Leave out what is said of certificate files, which depends on whether there is a folder."""
    if isinstance(record, dict):
        return {
            k: _without(v)
            for k, v in record.items()
            if k not in ("certificate", "states", "exports")
        }
    return [_without(v) for v in record] if isinstance(record, list) else record


def test_a_claim_with_checks_to_come_is_not_decided(toy: str) -> None:
    def watch(event: Event, done: int, total: int) -> None:
        if isinstance(event, Started) and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as interruption:
        review(toy, jobs=1, claims=["cited"], watch=watch)
    (claim,) = interruption.value.review.claims
    assert claim.verdict.value == "inconclusive"
    assert claim.readings[0].because == "1 of 2 checks did not run"


def test_crashed_checks_run_again_on_resume(
    toy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "raise")
    review(toy, out=tmp_path, claims=["fragile"])
    monkeypatch.setenv("TOY_BEHAVIOUR", "")
    assert verdicts(review(toy, out=tmp_path, resume=True))["fragile"] == "supported"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": "huge"}, "unknown budget 'huge'; choose one of quick, standard, thorough"),
        ({"seed": -1}, "the seed must be >= 0, got -1"),
        ({"seed": 2**32}, "the seed must be <= 4294967295, got 4294967296"),
        ({"check_seconds": 0}, "the seconds for a check must be > 0, got 0"),
        ({"jobs": 0}, "the number of jobs must be >= 1, got 0"),
        ({"claims": ["lemma9"]}, "unknown claim 'lemma9'; toy has: square, false, cited, fragile"),
        ({"resume": True}, "resuming needs the folder"),
    ],
)
def test_unusable_arguments_are_refused(
    toy: str, log: Log, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        review(toy, **arguments)
    assert log() == []


def test_an_unwritable_folder_is_refused_before_any_work(
    toy: str, tmp_path: Path, log: Log
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write to the folder"):
        review(toy, out=tmp_path / "file")
    assert log() == []


def test_an_activation_that_its_name_does_not_give_is_refused(toy: str) -> None:
    setting = read_setting(toy, activation="sin")
    assert review(toy, setting, claims=["square"]).setting["activation"] == "sin"
    false = Activation("sin", activation("tanh").expr)
    with pytest.raises(InputError, match="belongs to another activation"):
        review(toy, replace(setting, activation=false))


def test_findings_can_be_repeated(toy: str) -> None:
    setting = read_setting(toy, activation="sin(x)/2", sets=["beta=64"])
    result = review(toy, setting, seed=3, budget="quick", data_file="my points.csv")
    assert result.findings[0].reproduce == (
        "mfcheck check toy_paper:paper:false --budget quick --seed 3 --data 'my points.csv' "
        "--activation 'sin(x)/2' --set beta=64"
    )


def test_power_counts_what_the_checks_reject(toy: str) -> None:
    result = power(toy, jobs=2)
    assert (result.planted, result.caught, result.missed) == (
        3,
        2,
        ("fragile/stated/fragile.missed",),
    )
    assert set(result.unplanted) == {
        "false/stated/false.witness",
        "cited/stated/cited.step",
        "cited/stated/cited.holds",
        "fragile/stated/fragile.before",
    }
    missed = result.details[-1]
    assert missed.answers == {
        "fragile/stated/fragile.after": "yes",
        "fragile/stated/fragile.run": "yes",
    }


def test_a_check_that_crashes_on_a_planted_error_does_not_catch_it(
    toy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "raise")
    missed = power(toy).details[-1]
    assert missed.rejected_by == ()
    answer = missed.answers["fragile/stated/fragile.run"]
    assert answer.startswith("undecided: ValueError: a line and another (toy_paper.py, line ")


def test_power_resumes_too(toy: str, tmp_path: Path, log: Log) -> None:
    with pytest.raises(KeyboardInterrupt):
        power(toy, out=tmp_path, jobs=1, watch=interrupt_after(2))
    before = len(log())
    result = power(toy, out=tmp_path, jobs=1, resume=True)
    assert result.planted == 3
    assert len(log()[before:]) == 2


def test_the_assumptions_of_a_claim_are_audited(toy: str) -> None:
    [found] = review(toy, seed=3, claims=["square"], budget="quick").audits
    assert (found.id, found.answer, found.claims) == ("one-setting.data", "witness", ("square",))
    assert found.setting == read_setting(toy).describe()
    assert found.reproduce == "mfcheck check toy_paper:paper:square --budget quick --seed 3"


def test_a_claim_about_nothing_is_vacuous_with_a_certificate(toy: str, tmp_path: Path) -> None:
    one, two = (review("empty_paper:paper", jobs=jobs, out=tmp_path / str(jobs)) for jobs in (1, 2))
    assert timeless(one.model_dump(mode="json")) == timeless(two.model_dump(mode="json"))
    assert verdicts(one) == {"nothing": "vacuous"}
    assert one.claims[0].readings[0].because.endswith("at most six such points exist")
    [found] = one.audits
    assert (found.answer, found.kind, found.beyond) == ("none", "certified", 6)
    assert found.certificate is not None
    assert verify(tmp_path / "1" / found.certificate).status == "accepted"
    assert "audit.crowd" in {finding.id for finding in one.findings}


def test_a_review_without_its_audit_decides_nothing(toy: str, tmp_path: Path) -> None:
    def stop(event: Event, done: int, total: int) -> None:
        raise KeyboardInterrupt

    review("empty_paper:paper", jobs=1, out=tmp_path)
    [audit] = (tmp_path / "evidence").glob("audit*")
    audit.unlink()
    with pytest.raises(Interrupted) as caught:
        review("empty_paper:paper", jobs=1, out=tmp_path, resume=True, watch=stop)
    assert verdicts(caught.value.review) == {"nothing": "inconclusive"}
    assert caught.value.review.audits == ()
    resumed = review("empty_paper:paper", jobs=1, out=tmp_path, resume=True)
    assert verdicts(resumed) == {"nothing": "vacuous"}


def test_the_largest_seed_is_one(toy: str) -> None:
    assert verdicts(review(toy, seed=2**32 - 1, jobs=1)) == CALM


PAPER = """\
from dataclasses import replace
from mfcheck.claims import Check, Claim, Evidence, Kind, Question, Reading, Scope
from toy_paper import paper as toy
import sympy as sp

n, rho = sp.symbols("n rho")


def same(context):
    holds = sp.expand(context["floor"] - (1 - (n - 1) * rho)) == 0
    return Evidence(passed=bool(holds), scope=Scope.WHOLE)


def no(context):
    return Evidence(passed=False, scope=Scope.WHOLE, reason="the counterexample")


claim = Claim(
    id="gershgorin",
    title="t",
    statement="s",
    source="q",
    readings=(
        Reading("stated", "As it stands.", {"floor": FORMULA}, (Check("same", Kind.EXACT, same),)),
        OTHER
    ),
)
paper = replace(toy, id="mine", claims=(claim,), constants=())
"""


@pytest.fixture
def mine(toy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Return a function that writes the paper `mine`, with a formula and another reading, and returns its reference."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("sys.dont_write_bytecode", True)

    def write(formula: str, other: str = "") -> str:
        text = PAPER.replace("FORMULA", formula).replace("OTHER", other)
        (tmp_path / "mine_paper.py").write_text(text)
        monkeypatch.delitem(sys.modules, "mine_paper", raising=False)
        importlib.invalidate_caches()
        code_of.cache_clear()
        return "mine_paper:paper"

    return write


def test_a_changed_formula_is_not_proved_by_the_run_of_another(
    mine: Callable[..., str], tmp_path: Path
) -> None:
    right = mine("1 - (n - 1) * rho")
    assert verdicts(review(right, out=tmp_path / "out", jobs=1)) == {"gershgorin": "proved"}
    assert (
        verdicts(review(right, out=tmp_path / "out", jobs=1, resume=True))["gershgorin"] == "proved"
    )
    wrong = mine("1 - (n + 1) * rho")
    with pytest.raises(InputError, match="cannot resume: the code of the run in"):
        review(wrong, out=tmp_path / "out", jobs=1, resume=True)
    assert verdicts(review(wrong, out=tmp_path / "out", jobs=1)) == {"gershgorin": "refuted"}


@pytest.mark.parametrize(
    ("question", "verdict", "words"),
    [
        ("HOLDS", "refuted", "the claim is false: the counterexample"),
        ("FOLLOWS", "gap", "the claim does not follow from what the paper cites for it"),
        ("APPLIES", "vacuous", "the claim says nothing"),
    ],
)
def test_a_reading_that_is_not_the_first_is_heard(
    mine: Callable[..., str], question: str, verdict: str, words: str
) -> None:
    check = f"Check('no', Kind.EXACT, no, question=Question.{question})"
    other = f"Reading('uniform', 'Uniformly in n.', checks=({check},)),"
    result = review(mine("1 - (n - 1) * rho", other), jobs=1)
    assert [reading.verdict.value for reading in result.claims[0].readings] == ["proved", verdict]
    [finding] = result.findings
    assert finding.id == f"gershgorin.uniform.{verdict}"
    assert finding.severity == "minor"
    assert finding.text.startswith("In the reading 'uniform' (Uniformly in n), ")
    assert words in finding.text
    assert finding.evidence == ("gershgorin/uniform/no",)


def test_what_a_check_raises_is_found_in_its_file(mine: Callable[..., str], tmp_path: Path) -> None:
    reference = mine("1 - (n - 1) * rho")
    path = tmp_path / "mine_paper.py"
    text = path.read_text()
    line = next(i for i, words in enumerate(text.splitlines(), 1) if 'context["floor"]' in words)
    path.write_text(text.replace('context["floor"]', 'context["flor"]'))
    [check] = review(reference, jobs=1).claims[0].checks
    assert check.crashed
    assert check.reason == f"KeyError: 'flor' (mine_paper.py, line {line})"


ALTERED = """
import json, math
from mfcheck.claims import Estimate
from mfcheck.rigor import certificate
from mfcheck.rigor.codes import n_max
from fractions import Fraction
GOOD = certificate.code_bound(n_max(2, Fraction(1, 2)))
def changed(made, **fields):
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made
"""
BAD_EVIDENCE = (
    ("Evidence.model_construct(passed='yes', scope=Scope.WHOLE)", "valid boolean"),
    ("Evidence.model_construct(passed=True, cases=0)", "met no setting"),
    ("changed(Evidence(passed=None, cases=0), passed=True)", "met no setting"),
    ("changed(Evidence(passed=True), error=math.nan)", "finite"),
    (
        "Evidence(passed=True, lhs=changed(Estimate(value=1.0, error=0.0), error=-1.0))",
        "validation error",
    ),
    ("Evidence(passed=True, certificate={})", "certificate lacks"),
    ("Evidence(passed=True, certificate={**GOOD, 'note': '1 = 2'})", "to be absent"),
    ("Evidence(passed=True, certificate={**GOOD, 'statement': '1 = 2'})", "does not fit"),
    ("Evidence(passed=None, certificate={**GOOD, 'kind': 'bundle'})", "claim"),
)


def test_altered_evidence_and_certificates_crash_their_check_alone(
    mine: Callable[..., str], tmp_path: Path
) -> None:
    checks = ", ".join(
        f"Check('no{k}', Kind.CERTIFIED, lambda _: {what})"
        for k, (what, _) in enumerate(BAD_EVIDENCE)
    )
    reference = mine("1 - (n - 1) * rho", f"Reading('other', 'Another.', {{}}, ({checks},)),")
    path = tmp_path / "mine_paper.py"
    path.write_text(path.read_text().replace("claim = ", f"{ALTERED}claim = ", 1))
    for resume in (False, True):
        [claim] = review(reference, out=tmp_path / "out", jobs=1, resume=resume).claims
        good, *bad = claim.checks
        assert good.passed
        for check, (_, words) in zip(bad, BAD_EVIDENCE, strict=True):
            assert (check.passed, check.crashed, check.certificate) == (None, True, None)
            assert words in check.reason
        assert [r.verdict.value for r in claim.readings] == ["proved", "inconclusive"]


def test_a_check_that_refuses_the_setting_is_undecided_with_its_words(
    mine: Callable[..., str], tmp_path: Path
) -> None:
    reference = mine("1 - (n - 1) * rho")
    path = tmp_path / "mine_paper.py"
    refusing = path.read_text().replace('context["floor"]', "refuse()")
    words = (
        'from mfcheck.errors import InputError\ndef refuse(): raise InputError("not at n = 3")\n'
    )
    path.write_text(words + refusing)
    [check] = review(reference, jobs=1).claims[0].checks
    assert (check.crashed, check.passed, check.cases) == (False, None, 0)
    assert check.reason == "not at n = 3"
    flow = """\
from mfcheck.dynamics.resnet.errors import StepLimitError
def refuse(): raise StepLimitError("10 steps were made", 0.5, None, "raise max_evaluations")
"""
    path.write_text(flow + refusing)
    [check] = review(reference, jobs=1).claims[0].checks
    assert (check.crashed, check.passed) == (False, None)
    assert check.reason == "too long for this check: 10 steps were made"


def test_when_the_time_is_over_what_is_left_is_named_and_resumed(toy: str, tmp_path: Path) -> None:
    cut = review(toy, jobs=1, out=tmp_path, minutes=1e-9)
    assert not cut.complete
    checks = {check.id for claim in load_paper(toy).claims for check in claim.checks}
    ran = {check.id for claim in cut.claims for check in claim.checks}
    assert set(cut.missing) == checks - ran
    assert len(ran) <= 1
    whole = review(toy, jobs=1, out=tmp_path, resume=True)
    assert whole.complete
    assert verdicts(whole) == CALM
    with pytest.raises(InputError, match="the minutes for a run must be > 0"):
        review(toy, minutes=0)


def test_simulations_are_what_is_left_out() -> None:
    paper = load_paper("scaled-resnets")
    kinds = {c.id: c.kind for claim in paper.claims for c in claim.checks}
    order = [kinds[t.id] for t in tasks_of(paper, paper.claims, True) if t.what is What.CHECK]
    assert order.index(Kind.SIMULATED) == len(order) - order.count(Kind.SIMULATED)


def test_a_check_that_never_ends_does_not_stop_the_review(
    toy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_BEHAVIOUR", "deaf")
    result = review(toy, jobs=2, check_seconds=5)
    assert result.complete
    assert verdicts(result) == CALM | {"fragile": "inconclusive"}
    finding = next(f for f in result.findings if f.claim == "fragile")
    assert finding.text == (
        "The check fragile/stated/fragile.run says nothing: ended by its time limit, 5 s: "
        "--check-seconds gives it more"
    )
    reading = next(claim for claim in result.claims if claim.id == "fragile").readings[0]
    assert reading.because == "a check was ended by its time limit"


def test_the_folder_of_a_run_is_its_own(toy: str, tmp_path: Path) -> None:
    (tmp_path / "review.json").write_text("mine")
    with pytest.raises(InputError, match="mfcheck did not write it"):
        review(toy, out=tmp_path, claims=["square"])
    assert [path.name for path in tmp_path.iterdir()] == ["review.json"]
    review(toy, out=str(tmp_path / "new"), claims=["square"])
    review(toy, out=str(tmp_path / "new"), claims=["square"])
    with (
        OutFolder(tmp_path / "new").locked(),
        ThreadPoolExecutor(1) as pool,
        pytest.raises(InputError, match="another run is writing"),
    ):
        pool.submit(review, toy, out=tmp_path / "new", claims=["square"]).result()


def test_a_review_is_read_by_claims(toy: str) -> None:
    result = mfcheck.review(toy, claims=["square"], jobs=1)
    assert result["square"].verdict.value == "proved"
    with pytest.raises(KeyError, match="no claim 'cube'; the review has: square"):
        result["cube"]
