"""Sums of k E[f h_k]^2 over Hermite polynomials in Rocq: what is true is built, what is false or forged is not."""

from pathlib import Path
from typing import Any

import pytest

from mfcheck import rocq
from mfcheck.errors import InputError
from mfcheck.rigor import certificate as make
from mfcheck.rocq.hermite import read_hermite

pytestmark = pytest.mark.slow
needs_coqc = pytest.mark.skipif(
    rocq.coqc() is None, reason="coqc is not installed (Debian: coq, libcoq-interval)"
)
LIBRARIES = ("scalars", "series", "areas", "means", "pairs", "hermite")
PRELUDE = """
Require Import FunctionalExtensionality Reals ZArith Bool Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Specific_bigint Specific_ops Float_full Xreal Interval Tactic.
Require Import libraries.
Open Scope R_scope.
"""


def lemmas(data: dict[str, Any]) -> str:
    """The lemmas of a certificate, without the libraries."""
    text = rocq.to_rocq(data).text
    return text[text.rindex(f"\n(* {data['statement'][:30]}") :]


def accepted(folder: Path, text: str) -> bool:
    (folder / "certificate.v").write_text(PRELUDE + text, encoding="utf-8")
    return rocq.run_coqc(folder / "certificate.v", 600).returncode == 0


def inequality(text: str, lower: str, upper: str, **inputs: list[str]) -> dict[str, Any]:
    claim = {"formula": text, "inputs": inputs, "lower": lower, "upper": upper}
    return make.make("inequality", claim, {"bits": 32})


TRUE = [
    # 900 coefficients by the trapezoidal rule: 0.464402902448268, 0.300203812004188, 0.517929406531317.
    ("series(x, tanh(x))", "0.4644029024", "0.4644029025"),
    ("series(x, tanh(x)**2)", "0.3002038119", "0.3002038121"),
    ("series(x, x*tanh(x/2))", "0.5179294065", "0.5179294066"),
    ("series(x, 7)", "-0.00001", "0.00001"),
    # x^3 = h_3 sqrt(6) + 3 h_1: 3 * 6 + 9.
    ("series(x, 1 - x**3)", "26.99999", "27.00001"),
]


@needs_coqc
def test_true_bounds_are_built() -> None:
    """All in one bundle, from the libraries to the axioms below everything."""
    data = make.bundle({f"part_{k}": inequality(*bounds) for k, bounds in enumerate(TRUE)})
    assert make.exports(data) == "whole"
    found = rocq.check_rocq(data, timeout=900)
    assert (found.status, found.uncovered) == ("accepted", ()), found.reason


FALSE = [
    # A digit.
    ("series(x, tanh(x))", "0.4644029025", "0.4644029026"),
    ("series(x, tanh(x))", "0.4644029023", "0.4644029024"),
    ("series(x, tanh(x)**2)", "0.3002038121", "0.3002038123"),
    # Another function: its sign does not matter, a factor and a shift of the variable do.
    ("series(x, 2*tanh(x))", "0.4644029024", "0.4644029025"),
    ("series(x, tanh(1001*x/1000))", "0.4644029024", "0.4644029025"),
    ("series(x, tanh(x + 1/100))", "0.4644029024", "0.4644029025"),
    ("series(x, x**3)", "14.99999", "15.00001"),
    # The sums of E[f h_k]^2, of k (k-1) E[f h_k]^2 and of k^2 E[f h_k]^2, and E f'.
    ("series(x, tanh(x))", "0.3942944864", "0.3942944865"),
    ("series(x, x**3)", "35.99999", "36.00001"),
    ("series(x, x**2)", "1.99999", "2.00001"),
    ("series(x, x**2)", "7.99999", "8.00001"),
    ("series(x, tanh(x))", "0.6057055", "0.6057056"),
]


@pytest.mark.nightly
@needs_coqc
@pytest.mark.parametrize(("text", "lower", "upper"), FALSE)
def test_false_bounds_are_not_built(libraries: Path, text: str, lower: str, upper: str) -> None:
    assert not accepted(libraries, lemmas(inequality(text, lower, upper)))


FORGED = [
    # Another formula in the statement than in the proof: the function, its parameter, an input.
    ("Hermite (fun u_x => (tanh (v_a * u_x))) <=", "Hermite (fun u_x => (tanh (u_x))) <="),
    ("has_hermite (fun u_x => (tanh (v_a * u_x)))", "has_hermite (fun u_x => (exp (v_a * u_x)))"),
    ("Hermite (fun u_x => (tanh (v_a * u_x))) <=", "Mean (fun u_x => (tanh (v_a * u_x))) <="),
    ("(Tanh (Mul (Par 0) Var))", "(Tanh (Mul Var Var))"),
    ("(Tanh (Mul (Par 0) Var))", "(Mul (Par 0) Var)"),
    ("(v_a :: nil)", "((v_a + 1) :: nil)"),
    # Closer bounds than those that are checked, in the lemma, in its hint, or in both.
    ("<= Hermite", "<= -1 + Hermite"),
    ("(233, 500)%Z", "(232, 500)%Z"),
    ("233", "232"),
    # A box that leaves out values of the input; too short a range, or one that is not even; too low a degree.
    ("<= v_a <= (10001 / 10000)", "<= v_a <= (10002 / 10000)"),
    ("72057594037927935, 72057594037927936", "72057594037927937, 72057594037927936"),
    (" 16 4\n", " 16 16\n"),
    (":: (32)%Z :: nil", ":: nil"),
    (" 16 4\n", " 2 4\n"),
]


def moving() -> dict[str, Any]:
    return inequality("series(x, tanh(a*x))", "58/125", "233/500", a=["1", "1.0001"])


@needs_coqc
def test_inputs_between_bounds(libraries: Path) -> None:
    """The statement is about all values of the input."""
    data = moving()
    assert make.exports(data) == "whole"
    assert rocq.to_rocq(data).uncovered == ()
    text = lemmas(data)
    assert "has_hermite (fun u_x => (tanh (v_a * u_x)))" in text
    assert accepted(libraries, text)
    wider = inequality("series(x, tanh(a*x))", "58/125", "233/500", a=["1", "1.1"])
    assert not accepted(libraries, lemmas(wider))


@needs_coqc
@pytest.mark.parametrize(
    ("old", "new"),
    [*FORGED[:2], *(pytest.param(*x, marks=pytest.mark.nightly) for x in FORGED[2:])],
)
def test_forged_texts_are_not_built(libraries: Path, old: str, new: str) -> None:
    text = lemmas(moving())
    assert old in text
    assert not accepted(libraries, text.replace(old, new))


@needs_coqc
def test_a_zero_of_a_formula_with_a_sum(libraries: Path) -> None:
    """What does not vary may stand in a root: x^2 = 4, the sum for x^2."""
    claim = {"formula": "x**2 - series(t, t**2)", "variable": "x", "inputs": {}}
    data = make.make("root", claim | {"lower": "3/2", "upper": "5/2"}, {"bits": 32})
    assert make.exports(data) == "whole"
    assert rocq.to_rocq(data).uncovered == ()
    text = rocq.to_rocq(data).text
    (libraries / "whole.v").write_text(text, encoding="utf-8")
    assert rocq.run_coqc(libraries / "whole.v", 600).returncode == 0


@pytest.mark.parametrize("text", ["max(x, 0)", "erf(x)", "exp(x)", "1/(1 + x**2)"])
def test_what_is_outside_the_language_stays_a_step(text: str) -> None:
    try:
        data = inequality(f"series(x, {text})", "-9", "9")
        found = rocq.to_rocq(data)
    except InputError:
        return  # there is no such sum for the checker either
    assert make.exports(data) == "part"
    assert "is between" in found.uncovered[0]


def test_only_sums_are_read() -> None:
    for text in ("normal(x, tanh(x))", "1 + series(x, x)", "series_(x)"):
        with pytest.raises(InputError):
            read_hermite(text, {})
