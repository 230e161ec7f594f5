"""Inequalities on boxes that Rocq cuts in halves, with slopes: what is true is built, what is false or forged not."""

from pathlib import Path
from typing import Any

import pytest

from mfcheck import rocq, verify
from mfcheck.rigor import certificate as make

pytestmark = pytest.mark.slow
needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
LIBRARIES = ("scalars", "series", "areas", "means", "erf", "values", "cuts")
PRELUDE = """
Require Import FunctionalExtensionality Reals ZArith Bool Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Specific_bigint Specific_ops Float_full Xreal Interval Tactic.
Require Import libraries.
Import Erf Values.
Open Scope R_scope.
"""


def lemmas(data: dict[str, Any]) -> str:
    """The lemmas of a certificate, without the libraries."""
    text = rocq.to_rocq(data).text
    return text[text.rindex(f"\n(* {data['statement'][:30]}") :]


def accepted(folder: Path, text: str) -> bool:
    (folder / "certificate.v").write_text(PRELUDE + text, encoding="utf-8")
    return rocq.run_coqc(folder / "certificate.v", 600).returncode == 0


def inequality(
    text: str, lower: str | None, upper: str | None, **inputs: tuple[str, str]
) -> dict[str, Any]:
    return make.inequality(text, inputs, lower=lower, upper=upper, bisect=14)


X, UNIT = {"x": ("0", "1")}, {"x": ("0", "1"), "y": ("0", "1")}
TRUE = [
    # The sides meet at 0, where the slope is 2/sqrt(pi) - 1/2; at 0 again, for a difference with a sign of its own.
    ("erf(x) - x/2", "0", None, X),
    ("exp(-x**2) - (1 - erf(x))", "0", None, {"x": ("0", "3")}),
    # erf(1/2) + erf(1/3) is 0.520499878 + 0.362648112, and less than erf(5/6) + 1/3.
    ("erf(x) + erf(y)", "883147989/1000000000", None, {"x": ("1/2", "1"), "y": ("1/3", "1")}),
    ("erf(x)*log(1 + x)/sqrt(1 + x**2) - atan(y)*tanh(x)", None, "1/2", UNIT),
    ("x - sum(k, 1, 3, erf(k*x))", "-2", "1/10", X),
    # Corners: (0, 0) and the edges x = 1 and y = 1.
    ("x + y - x*y", "0", "1", UNIT),
]


@needs_coqc
def test_true_bounds_are_built() -> None:
    """All in one bundle, from the libraries to the axioms below everything."""
    parts = {
        f"part_{k}": inequality(text, lower, upper, **box)
        for k, (text, lower, upper, box) in enumerate(TRUE)
    }
    for part in parts.values():
        assert verify.verify(make.dumps(part)).status == "accepted"
    data = make.bundle(parts)
    assert make.exports(data) == "whole"
    assert rocq.to_rocq(data).text.count("Cuts.cut_right") == len(parts)
    found = rocq.check_rocq(data, timeout=900)
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason


MEETS = ("exp(-x**2) - (1 - erf(x))", "0", None)
BOTH = ("erf(x)*log(1 + x)/sqrt(1 + x**2) - atan(y)*tanh(x)", None, "1/2")


def meeting() -> str:
    return lemmas(inequality(*MEETS, x=("0", "3")))


def of_both() -> str:
    return lemmas(inequality(*BOTH, x=("0", "1"), y=("0", "1")))


@needs_coqc
def test_the_same_with_what_is_true(libraries: Path) -> None:
    """Those that are forged are rejected for what they say, not for how they are put to Rocq here."""
    assert accepted(libraries, meeting())
    assert accepted(libraries, of_both())


FORGED = [
    # A bound that is too high, in both places; beyond the box; more than is proved, in one place.
    (meeting, {"0 <= (": "1 / 1000000 <= (", "(GInt (0))": "(GDiv (GInt 1) (GInt 1000000))"}),
    (meeting, {"0 <= v_x <= 3": "-1 <= v_x <= 3", "(0, 3, 1)": "(-1, 3, 1)"}),
    (meeting, {"0 <= v_x <= 3": "-1 <= v_x <= 3"}),
    (meeting, {"0 <= (": "1 / 100000 <= ("}),
    # Other formulas: of the statement, of the proof, of both.
    (meeting, {"(erf v_x)": "(erf (2 * v_x))"}),
    (meeting, {"(GErf (GVar 0))": "(GErf (GMul (GInt 2) (GVar 0)))"}),
    (meeting, {"(erf v_x)": "(tanh v_x)", "(GErf (GVar 0))": "(GTanh (GVar 0))"}),
    # Other pieces: too few, turned around, with no denominator; no depth; another value for the input.
    (meeting, {"(0, 3, 1)": "(0, 2, 1)"}),
    (meeting, {"(0, 3, 1)": "(3, 0, 1)"}),
    (meeting, {"(0, 3, 1)": "(0, 3, 0)"}),
    (meeting, {"(v_x :: nil)": "(0 :: nil)"}),
    # Too few terms of the series of erf.
    (meeting, {"%nat, ((1, ": "%nat, ((10000, 3%nat) :: (1, "}),
    # The least upper bound is 0.41303; a logarithm and a divisor that may be zero; inputs that are exchanged.
    (
        of_both,
        {"(1 / 2)": "(413 / 1000)", "(GDiv (GInt (1)) (GInt 2))": "(GDiv (GInt 413) (GInt 1000))"},
    ),
    (
        of_both,
        {
            "0 < (1 + v_x)": "0 < v_x",
            "(Positive (GAdd (GInt (1)) (GVar 0)))": "(Positive (GVar 0))",
        },
    ),
    (of_both, {"(v_x :: v_y :: nil)": "(v_y :: v_x :: nil)"}),
]


@needs_coqc
@pytest.mark.parametrize(
    ("source", "changes"),
    [*FORGED[:2], *(pytest.param(*x, marks=pytest.mark.nightly) for x in FORGED[2:])],
)
def test_forged_texts_are_not_built(libraries: Path, source: Any, changes: dict[str, str]) -> None:
    text = source()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    assert not accepted(libraries, text)


@pytest.mark.parametrize(
    ("text", "lower"), [("2*x/sqrt(pi) - erf(x)", "1/10"), ("erf(x) - x", "1/1000")]
)
def test_what_halves_do_not_show_is_left_to_others(text: str, lower: str) -> None:
    data = inequality(text, lower, None, x=("0", "1"))
    assert "Cuts.cut_right" not in rocq.to_rocq(data).text


def test_a_few_numbers_of_one_input_stay_with_the_tactic() -> None:
    data = inequality("x - sin(x)", "0", None, x=("0", "1"))
    assert "Cuts.cut_right" not in rocq.to_rocq(data).text
