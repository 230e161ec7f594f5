"""Statements on boxes in another arithmetic, and in Rocq."""

import copy
import json

import pytest
import sympy as sp

from mfcheck import rocq, verify
from mfcheck.commands.lemma_certificates import exported, judged, rocq_verdict
from mfcheck.errors import InputError
from mfcheck.lemma import check, terms
from mfcheck.lemma.independent import as_bundle, formula
from mfcheck.lemma.statement import read

BOXES = [
    ("x*exp(-y) <= x + y**2 + 1/10", ["x in [0, 2]; y in [0, 2]"]),
    ("sin(x) <= x", ["x in [0, 1]"]),
    ("abs(tanh(x)) <= 0.97", ["x in [-2, 2]"]),
    ("0 <= sigmoid(x) < 1", ["x in [-5, 5]"]),
    ("cosh(x) <= exp(x**2/2)", ["x in [0, 2]"]),
    ("sqrt(1 + x) <= 1 + x/2", ["x in [0, 3]"]),
]
needs_coqc = pytest.mark.skipif(rocq.coqc() is None, reason="coqc is not installed")


def certificate_of(text, domain):
    return json.loads(json.dumps(check(text, domain, certify=True, seconds=10).certificate))


@pytest.mark.parametrize(("text", "domain"), BOXES)
def test_boxes_are_proved_in_intervals_of_mpmath_too(text, domain):
    certificate = certificate_of(text, domain)
    assert verify.verify(json.dumps(as_bundle(certificate))).status == "accepted"
    assert "mpmath" in judged(certificate).reason


@pytest.mark.parametrize(
    ("text", "false"),
    [
        ("sin(x) <= x", "sin(x) <= 0.9*x"),
        ("cosh(x) <= exp(x**2/2)", "cosh(x) <= exp(x**2/2.1)"),
    ],
)
def test_what_is_false_is_not_proved_there(text, false):
    certificate = certificate_of(text, ["x in [0, 1]"])
    changed = {**copy.deepcopy(certificate), "statement": false}
    assert verify.verify(json.dumps(as_bundle(changed))).status == "rejected"


@pytest.mark.parametrize(
    "text",
    ["x**(3/2) - 2/x", "sinh(x)*cosh(x) - tan(x/4)", "erfc(x) + asinh(x)", "atanh(x/4) + abs(1 - x)",
     "sqrt(x)**3/(1 + x)**2", "max(x, 1, x**2) - min(x, 2)"],
)  # fmt: skip
def test_the_other_text_means_the_same(text):
    statement = read(f"{text} >= 0", ["x > 0"])
    written = formula(statement.conclusion.term)
    names = {"max": sp.Max, "min": sp.Min, "abs": sp.Abs}
    for x in ("3/10", "1", "27/10"):
        given, other = (
            sp.sympify(t, locals=names).subs("x", sp.Rational(x)).evalf(30) for t in (text, written)
        )
        assert abs(given - other) < 1e-25 * (1 + abs(given))


@pytest.mark.parametrize(
    ("text", "domain", "said"),
    [
        ("log(x) <= x - 1", ["x > 0"], "rational ends"),
        ("asin(x) >= x", ["x in [0, 1]"], "asin is not in the grammar"),
        ("E[tanh(s*z)] <= 1", ["s in [0, 1]; z ~ N(0,1)"], "expectation"),
        ("x*y <= 1", ["x in [0, 1]; y in [0, 1]; x <= y"], "no box"),
        ("x < x", ["x > 1; x < 0"], "no inequality"),
        ("x = x + 0*x", ["x in [0, 1]"], "only comparisons|comparisons"),
    ],
)
def test_what_is_no_inequality_on_a_box_is_said(text, domain, said):
    with pytest.raises(InputError, match=said):
        as_bundle(certificate_of(text, domain))


@needs_coqc
@pytest.mark.slow
@pytest.mark.parametrize(("text", "domain"), BOXES[:4])
def test_rocq_builds_boxes(text, domain, tmp_path):
    file = tmp_path / "a.json"
    file.write_text(json.dumps(certificate_of(text, domain)))
    found = rocq_verdict(file)
    assert found.status == "accepted", found.reason
    assert bool(found.uncovered) == ("<" in text.replace("<=", ""))


@needs_coqc
@pytest.mark.slow
def test_rocq_does_not_build_what_is_false(tmp_path):
    file = tmp_path / "a.json"
    certificate = {**certificate_of("sin(x) <= x", ["x in [0, 1]"]), "statement": "sin(x) <= 0.9*x"}
    file.write_text(json.dumps(certificate))
    assert rocq_verdict(file).status == "uncovered"


def test_a_file_for_rocq_holds_the_statement(tmp_path):
    file, out = tmp_path / "a.json", tmp_path / "a.v"
    file.write_text(json.dumps(certificate_of(*BOXES[0])))
    found = exported(file, out)
    text = out.read_text()
    (name,) = found.lemmas
    assert name.endswith("goal_1")
    assert "forall v_x, 0 <= v_x <= 2 -> forall v_y, 0 <= v_y <= 2 ->" in text
    assert "From Interval Require Import Tactic." in text


def test_no_text_of_a_statement_becomes_a_sentence_of_rocq(tmp_path):
    statement = read("x <= 1 + Qed_Admitted", ["x in [0, 1]; Qed_Admitted in [0, 1]"])
    assert terms.text(statement.conclusion.term)
    certificate = certificate_of("x <= 1 + Qed", ["x in [0, 1]; Qed in [0, 1]"])
    file, out = tmp_path / "a.json", tmp_path / "a.v"
    file.write_text(json.dumps(certificate))
    exported(file, out)
    assert "v_Qed" in out.read_text()
