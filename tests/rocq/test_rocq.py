"""The formal checker: the corpus of certificates through `coqc`, and what its texts say."""

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck import rocq, verify
from mfcheck.errors import InputError
from mfcheck.rigor import certificate as make
from mfcheck.rocq import exact, export, formula

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "certificates"
ACCEPT = sorted((FOLDER / "accept").glob("*.json"))
REJECT = sorted((FOLDER / "reject").glob("rejected-*.json"))
needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
NOT_OF_ROCQ = {"lambda_min-C_max-too-small", "lambda_min-coincident-points"}
"""What is false in these is a step that Rocq takes for granted: `C_max`, and the entries."""
SLOPES_OF_THE_CHECKER = {"recursion-slope", "recursion-leaves"}
"""The claims are true, by hints that Rocq does not use."""
HINTS_OF_THE_CHECKER = {"lambda_min-too-few-bits", "lambda_min-too-few-terms"}


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@needs_coqc
@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.stem)
def test_true_certificates_are_built(path: Path) -> None:
    verdict = rocq.check_rocq(load(path))
    none = make.exports(load(path)) == "none"
    assert verdict.status == ("uncovered" if none else "accepted"), verdict.reason


@needs_coqc
@pytest.mark.parametrize(
    "path",
    [
        path
        for path in REJECT
        if path.stem.removeprefix("rejected-") not in NOT_OF_ROCQ | SLOPES_OF_THE_CHECKER
    ],
    ids=lambda path: path.stem,
)
def test_false_certificates_are_not_built(path: Path) -> None:
    verdict = rocq.check_rocq(load(path))
    assert verdict.status in ("rejected", "uncovered"), verdict.reason
    assert verdict.reason


@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.stem)
def test_what_can_be_exported_is_known_from_the_form(path: Path) -> None:
    """The word in a review agrees with what is written."""
    found = make.exports(load(path))
    if found == "none":
        with pytest.raises(InputError):
            rocq.to_rocq(load(path))
    else:
        assert found == ("part" if rocq.to_rocq(load(path)).uncovered else "whole")


@needs_coqc
def test_a_zero_needs_two_signs() -> None:
    """Both values are above zero: one of the lemmas is false, whatever else is taken for granted."""
    claim = {"formula": "x**2 - 2", "variable": "x", "inputs": {}, "lower": "3/2", "upper": "2"}
    found = rocq.check_rocq(make.make("root", claim, {"bits": 40}))
    assert found.status == "rejected"
    found = rocq.check_rocq(make.make("root", {**claim, "lower": "1"}, {"bits": 40}))
    assert found.status == "accepted", found.reason
    assert found.uncovered == ()


FALSE_MEANS = [
    # The mean of tanh(x)^2 is 0.394294486..., that of x^2 is 1, of max(x, 0) 0.39894228...,
    # of x tanh(x) 0.605705513...
    ("normal(x, tanh(x)**2)", "0.39430", "0.4"),
    ("normal(x, tanh(x)**2)", "0.39", "0.39428"),
    ("normal(x, x**2)", "1.0001", "1.1"),
    ("normal(x, max(x, 0))", "0.39895", "0.4"),
    ("normal(x, max(x, 0))", "0.39", "0.39893"),
    ("normal(x, min(x, 0))", "-0.39893", "0"),
    ("normal(x, x*tanh(x))", "0.6058", "0.61"),
    ("normal(x, tanh(x))", "0.0001", "1"),
    ("normal(x, 1 - tanh(x)**2)", "0.6", "0.6057"),
]


@needs_coqc
@pytest.mark.parametrize(("text", "lower", "upper"), FALSE_MEANS)
def test_false_bounds_of_means_are_not_built(text: str, lower: str, upper: str) -> None:
    claim = {"formula": text, "inputs": {}, "lower": lower, "upper": upper}
    assert rocq.check_rocq(make.make("inequality", claim, {"bits": 16})).status == "rejected"


@needs_coqc
def test_true_bounds_of_means_are_built() -> None:
    """Both the mean of a formula, and that its integral exists, are stated for all values of the input."""
    claim = {"formula": "normal(x, tanh(a*x)**2)", "inputs": {"a": ["1", "1.001"]}}
    data = make.make("inequality", {**claim, "lower": "0.394", "upper": "0.395"}, {"bits": 32})
    assert make.exports(data) == "whole"
    found = rocq.check_rocq(data)
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason
    text = rocq.to_rocq(data).text
    assert "has_mean (fun u_x => ((tanh (v_a * u_x)) ^ 2))" in text


OVER_RANGES = [
    # Between the checker's bounds of the mean the formula is at least 0.3942, or -0.1428, and no more.
    ("x*normal(t, tanh(x*t)**2)", ["1", "6/5"], "3/8"),
    ("2 - x*normal(t, tanh(x*t)**2) - normal(t, tanh(t)**2)", ["1/2", "5/2"], "-1/3"),
]


@needs_coqc
@pytest.mark.parametrize(("text", "ends", "lower"), OVER_RANGES)
def test_a_mean_over_a_range_has_the_room_that_the_formula_leaves(
    text: str, ends: list[str], lower: str
) -> None:
    claim = {"formula": text, "inputs": {"x": ends}, "lower": lower}
    found = rocq.check_rocq(make.make("inequality", claim, {"bits": 32}))
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason


def test_a_mean_without_room_is_a_step_that_is_left_out() -> None:
    """Its bounds cannot be widened by what the formula leaves: nothing is said against the certificate."""
    claim = {"formula": "x*normal(t, tanh(x*t)**2)", "inputs": {"x": ["1", "6/5"]}}
    data = make.make("inequality", {**claim, "lower": "0.39429"}, {"bits": 32})
    assert verify.verify(make.dumps(data)).status == "accepted"
    (step,) = rocq.to_rocq(data).uncovered
    assert step.startswith("normal(t, tanh(x*t)**2) is between ")


FALSE_ROOTS = [
    ("x**2 - 2", "3/2", "2"),
    ("x**2 - 2", "1", "7/5"),
    ("exp(-x) - x", "3/5", "1"),
    ("log(x) + x", "3/5", "1"),
    ("tanh(x) - x/2", "1", "3/2"),
    ("1/x", "-1", "1"),
]


@needs_coqc
@pytest.mark.parametrize(("text", "low", "high"), FALSE_ROOTS)
def test_false_zeros_are_not_built(text: str, low: str, high: str) -> None:
    claim = {"formula": text, "variable": "x", "inputs": {}, "lower": low, "upper": high}
    assert rocq.check_rocq(make.make("root", claim, {"bits": 40})).status == "rejected"


@needs_coqc
def test_what_is_assumed_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lemma that rests on an axiom of its own is rejected, although `coqc` builds the file."""
    forged = rocq.Exported(
        "Axiom no : False.\nLemma claim : 0 = 1.\nProof. destruct no. Qed.\n", ("claim",), ()
    )
    monkeypatch.setattr(export, "to_rocq", lambda _: forged)
    found = rocq.check_rocq(load(ACCEPT[0]))
    assert (found.status, found.reason) == ("rejected", "it rests on no")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("normal(x, exp(-x**2))", "normal(x, exp(-x**2)) is between"),
        ("normal(x, 1/(1 + x**2))", "is between"),
        ("normal(x, step(x - 1/3))", "is between"),
    ],
)
def test_means_outside_the_language_stay_a_step(text: str, words: str) -> None:
    claim = {"formula": text, "inputs": {}, "lower": "0", "upper": "1"}
    data = make.make("inequality", claim, {"bits": 32})
    assert words in rocq.to_rocq(data).uncovered[0]
    assert make.exports(data) == "part"


TIGHT: list[tuple[str, tuple[str, str], str | None, str | None]] = [
    ("x - sin(x)", ("0", "1"), "0", None),
    ("log(1 + x) - x + x**2/2", ("0", "1"), "0", None),
    ("exp(x) - 1 - x", ("0", "1"), "0", None),
    ("tanh(x) - x", ("0", "1/2"), None, "0"),
    ("atan(x)", ("-1", "0"), None, "0"),
    ("1 - cos(x)", ("-1", "0"), "0", None),
    # The derivative that decides at the end has another sign further on.
    ("sin(x) - x/2", ("0", "3/2"), "0", None),
    ("x/2 + sin(x)", ("-3/2", "0"), None, "0"),
    ("sin(x/2)/cos(x/2) - x/2 - x**3/1250", ("0", "3/2"), "0", None),
]


@needs_coqc
@pytest.mark.parametrize(("text", "ends", "lower", "upper"), TIGHT)
def test_equality_at_an_end(
    text: str, ends: tuple[str, str], lower: str | None, upper: str | None
) -> None:
    data = make.inequality(text, {"x": ends}, lower, upper, bisect=12)
    verdict = rocq.check_rocq(data)
    assert verdict.status == "accepted", verdict.reason
    assert verdict.uncovered == ()


@needs_coqc
@pytest.mark.parametrize(
    ("text", "ends", "lower"),
    [
        ("x - sin(x)", ("-1/10", "1"), "0"),
        ("x - sin(x) - x**3/6", ("0", "1"), "0"),
        ("sin(x) - x/2", ("0", "2"), "0"),
        ("sqrt(x)", ("-2", "-1"), "0"),
        ("x/x", ("-1", "1"), "0"),
        ("log(x) - log(x)", ("-2", "-1"), "0"),
        ("x**(-2)*x**2", ("-1", "1"), "0"),
        ("max(x, -x)", ("-1", "1"), "1/10"),
    ],
)
def test_false_or_undefined_inequalities_are_not_built(
    text: str, ends: tuple[str, str], lower: str
) -> None:
    """Rocq's functions are total: without goals of its own, `x/x >= 0` would hold at 0."""
    assert rocq.check_rocq(make.inequality(text, {"x": ends}, lower)).status == "rejected"


@needs_coqc
def test_lemmas_rest_on_no_axiom_of_their_own(tmp_path: Path) -> None:
    """The libraries admit nothing: what `Print Assumptions` lists are the axioms of Rocq's real numbers."""
    for name in ("code_bound-kissing-8", "lambda_min-sin-rational", "separation-cos-3"):
        exported = rocq.to_rocq(load(FOLDER / "accept" / f"{name}.json"))
        shown = "".join(f"Print Assumptions {lemma}.\n" for lemma in exported.lemmas)
        file = tmp_path / "all.v"
        file.write_text(exported.text + shown, encoding="utf-8")
        done = rocq.run_coqc(file, 600)
        assert done.returncode == 0, done.stderr
        axioms = {line.split()[0] for line in done.stdout.splitlines() if line[:1].isalpha()}
        assert axioms <= {
            "Axioms:",
            "ClassicalDedekindReals.sig_not_dec",
            "ClassicalDedekindReals.sig_forall_dec",
            "FunctionalExtensionality.functional_extensionality_dep",
            "functional_extensionality_dep",
        }


def test_no_library_admits_anything() -> None:
    folder = Path(export.__file__).parent
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.v")}
    assert set(texts) == {name for name, _ in export._LIBRARIES}
    for text in texts.values():
        assert not {"Admitted.", "admit.", "Axiom", "Parameter", "Abort."} & set(text.split())


# --- what the texts say ---------------------------------------------------------------------------


def test_what_is_taken_for_granted_is_said() -> None:
    expected = {
        "lambda_min-sin-rational": ["the entries of G2", "all inner products are at most 2/5"],
        "separation-cos-3": ["the weights of G2", "lambda_min is at least the sum"],
        "code_bound-kissing-8": [],
        "code_bound-kissing-2": ["on a circle"],
        "code_bound-rankin": ["Rankin"],
        "code_bound-volume": ["caps"],
        "inequality-interval": [],
        "inequality-equal-inner-products": ["A1(1) is between", "A1((1 + C)/2) is between"],
        "bundle-chain": ["the entries of G2"],
    }
    for name, words in expected.items():
        exported = rocq.to_rocq(load(FOLDER / "accept" / f"{name}.json"))
        assert len(exported.uncovered) == len(words), name
        for step, word in zip(exported.uncovered, words, strict=True):
            assert word in step
            assert step.split(" and ")[0][:40] in exported.text
        assert exported.lemmas


def test_export_writes_a_file(tmp_path: Path) -> None:
    source, out = FOLDER / "accept" / "inequality-interval.json", tmp_path / "out.v"
    exported = rocq.export_rocq(source, out)
    assert out.read_text(encoding="utf-8") == exported.text
    assert exported.lemmas == ("claim",)
    (lemma,) = re.findall(r"^Lemma claim : (.*?)\.\nProof", exported.text, re.M | re.S)
    for needed in ("0 <= v_y /\\", "(8 / 5) <=", "<= (42 / 25)"):
        assert needed in lemma
    with pytest.raises(InputError, match="cannot read"):
        rocq.export_rocq(tmp_path / "none.json", out)
    with pytest.raises(InputError):
        rocq.export_rocq(source, tmp_path / "no" / "folder.v")


@pytest.mark.parametrize(
    "data", [{}, {"kind": "x", "claim": {}, "witness": {}, "statement": ""}, [], {"kind": "bundle"}]
)
def test_what_is_no_certificate_is_refused(data: Any) -> None:
    with pytest.raises(InputError):
        rocq.to_rocq(data)


def test_without_a_compiler_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export.shutil, "which", lambda _: None)
    verdict = rocq.check_rocq(load(ACCEPT[0]))
    assert verdict.status == "absent"


@needs_coqc
def test_too_long_a_proof_is_neither_accepted_nor_rejected() -> None:
    verdict = rocq.check_rocq(load(FOLDER / "accept" / "code_bound-kissing-8.json"), timeout=0.01)
    assert (verdict.status, "not built" in verdict.reason) == ("undecided", True)


def test_texts_cannot_leave_their_comments() -> None:
    for text in ("*) Admitted. (*", '"', "(* (*", "**)", "(*)", "\n*)"):
        comment = f"(* {export._comment(text)} *)"
        assert comment.count("(*") == comment.count("*)") == 1
        assert '"' not in comment


SENTENCE = "x : True. Axiom no : False. Lemma y"


@pytest.mark.parametrize(
    ("name", "part", "key", "value"),
    [
        ("inequality-interval", "claim", "inputs", {SENTENCE: "1"}),
        ("inequality-interval", "claim", "inputs", {"x": SENTENCE}),
        ("inequality-interval", "claim", "lower", SENTENCE),
        ("inequality-interval", "claim", "formula", SENTENCE),
        ("inequality-interval", "witness", "bits", SENTENCE),
        ("code_bound-kissing-8", "claim", "dimension", SENTENCE),
        ("code_bound-kissing-8", "witness", "ends", [SENTENCE, 0]),
        ("code_bound-kissing-8", "witness", "rest", [SENTENCE]),
        ("code_bound-kissing-8", "claim", SENTENCE, "1"),
        ("lambda_min-sin-rational", "witness", "vector", [SENTENCE, "1", "1"]),
        ("lambda_min-sin-rational", "claim", "kernel", SENTENCE),
        ("separation-cos-3", "claim", "n", SENTENCE),
        ("bundle-chain", "claim", "parts", [{"name": SENTENCE, "certificate": {}}]),
    ],
)
def test_nothing_in_a_certificate_becomes_a_sentence_of_rocq(
    name: str, part: str, key: str, value: Any
) -> None:
    data = load(FOLDER / "accept" / f"{name}.json")
    data[part][key] = value
    with pytest.raises(InputError):
        rocq.to_rocq(data)
    data = load(FOLDER / "accept" / f"{name}.json")
    data["statement"] = f"*) {SENTENCE} (*"
    with pytest.raises(InputError, match="statement"):
        rocq.to_rocq(data)


NAMES = {"x": "v_x", "y": "v_y"}


@pytest.mark.parametrize(
    ("text", "term", "needs"),
    [
        ("x + 1/3", "(v_x + (1 / 3))", []),
        ("-x*2.5", "((- v_x) * (5 / 2))", []),
        ("x**3", "(v_x ^ 3)", []),
        ("x**(-2)", "(/ (v_x ^ 2))", ["v_x <> 0"]),
        ("x**0.5", "(exp ((1 / 2) * ln v_x))", ["0 < v_x"]),
        ("x/y", "(v_x / v_y)", ["v_y <> 0"]),
        ("x**(1/0)", "(exp ((1 / 0) * ln v_x))", ["1 / 0"]),
        ("log(sqrt(x))", "(ln (sqrt v_x))", ["0 <= v_x", "0 < (sqrt v_x)"]),
        ("max(x, y, pi)", "(Rmax (Rmax v_x v_y) PI)", []),
        ("tanh(min(x, 1))", "(tanh (Rmin v_x 1))", []),
        ("erf(x)", "[erf(x)]", []),
    ],
)
def test_formulas(text: str, term: str, needs: list[str]) -> None:
    found, conditions = formula.translate(text, NAMES, lambda call: f"[{call}]")
    assert found.replace(" ", "") == term.replace(" ", "") or "1/0" in text
    if needs == ["1 / 0"]:
        assert any("<> 0" in condition for condition in conditions)
    else:
        assert conditions == needs


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.fractions(-3, 3, max_denominator=8), min_size=1, max_size=5),
    st.fractions(-1, 0, max_denominator=5),
    st.fractions(0, 1, max_denominator=5),
    st.fractions(0, 1, max_denominator=9),
)
def test_pieces_are_the_polynomial(
    f: list[Fraction], low: Fraction, high: Fraction, part: Fraction
) -> None:
    if low == high:
        high += 1
    end = low
    for start, stop, scale, b in exact._pieces(f, low, high):
        assert start == end
        t, n = end + (stop - end) * part, len(f) - 1
        value = sum(c * (t - end) ** k * (stop - t) ** (n - k) for k, c in enumerate(b))
        assert value == scale * sum(c * t**k for k, c in enumerate(f))
        assert scale > 0
        end = stop
    assert end == high


def test_too_many_points_are_not_put_to_rocq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "MAX_POINTS", 2)
    verdict = rocq.check_rocq(load(FOLDER / "accept" / "lambda_min-sin-rational.json"))
    assert verdict.status in ("uncovered", "absent")
    bundle = rocq.to_rocq(load(FOLDER / "accept" / "bundle-chain.json"))
    assert "lambda_0: Rocq gets at most 2 points" in bundle.uncovered[0]
